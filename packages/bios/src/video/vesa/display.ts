/**
 * The display interface of Bochs as the firmware programs it: an index and a data port of 16 bits.
 *
 * @source Bochs, "VBE Display API" (the documentation of its display interface)
 */
import type { Firmware } from '../../firmware.ts';
import type { FirmwarePorts } from '../../host.ts';
import {
  hasPci,
  PCI_BASE_ADDRESSES,
  PCI_CLASS_REVISION,
  PCI_COMMAND,
  pciFunctions,
  readPci,
} from '../../pci/configuration.ts';
import { PORT_DISPI_DATA, PORT_DISPI_INDEX } from '../../ports.ts';
import { VESA_MODES, type VesaMode } from './modes.ts';

export const DISPI_ID = 0;
export const DISPI_XRES = 1;
export const DISPI_YRES = 2;
export const DISPI_BPP = 3;
export const DISPI_ENABLE = 4;
export const DISPI_BANK = 5;
export const DISPI_VIRT_WIDTH = 6;
export const DISPI_VIRT_HEIGHT = 7;
export const DISPI_X_OFFSET = 8;
export const DISPI_Y_OFFSET = 9;
const DISPI_VIDEO_MEMORY_64K = 10;

export const ENABLE_ENABLED = 0x01;
export const ENABLE_8BIT_DAC = 0x20;
export const ENABLE_LFB = 0x40;
export const ENABLE_NO_CLEAR = 0x80;

/** The first identifier whose interface can tell how much memory there is. */
const ID_WITH_MEMORY_SIZE = 0xb0c5;
const BANK_SIZE_BYTES = 0x10000;
/** Class and subclass of a PCI function. */
const CLASS_VGA = 0x0300;
const COMMAND_MEMORY = 0x0002;
const BASE_IS_IO = 0x01;

/** A display that has the interface. */
export interface Display {
  readonly memorySizeBytes: number;
  /** Physical address of the frame buffer; undefined when it is nowhere. */
  readonly framebufferBase: number | undefined;
}

export function readDispi(ports: FirmwarePorts, index: number): number {
  ports.writePort(PORT_DISPI_INDEX, 16, index);
  return ports.readPort(PORT_DISPI_DATA, 16) & 0xffff;
}

export function writeDispi(ports: FirmwarePorts, index: number, value: number): void {
  ports.writePort(PORT_DISPI_INDEX, 16, index);
  ports.writePort(PORT_DISPI_DATA, 16, value);
}

export function hasDisplayInterface(ports: FirmwarePorts): boolean {
  return readDispi(ports, DISPI_ID) === ID_WITH_MEMORY_SIZE;
}

/** @returns the display, or undefined when the adapter has no such interface */
export function findDisplay({ ports }: Firmware): Display | undefined {
  if (!hasDisplayInterface(ports)) return undefined;
  const memorySizeBytes = readDispi(ports, DISPI_VIDEO_MEMORY_64K) * BANK_SIZE_BYTES;
  return { memorySizeBytes, framebufferBase: findFramebuffer(ports) };
}

/** The frame buffer is behind base address 0 of the first display function, if that answers there. */
function findFramebuffer(ports: FirmwarePorts): number | undefined {
  if (!hasPci(ports)) return undefined;
  for (const place of pciFunctions(ports)) {
    if (readPci(ports, place, PCI_CLASS_REVISION, 32) >>> 16 !== CLASS_VGA) continue;
    const base = readPci(ports, place, PCI_BASE_ADDRESSES, 32);
    const isEnabled = (readPci(ports, place, PCI_COMMAND, 16) & COMMAND_MEMORY) !== 0;
    return isEnabled && (base & BASE_IS_IO) === 0 ? (base & 0xffff_fff0) >>> 0 : undefined;
  }
  return undefined;
}

/** An extended mode that is on, as its registers say. */
export interface CurrentMode {
  readonly mode: VesaMode;
  /** Bits of DISPI_ENABLE. */
  readonly enable: number;
}

/** @returns the VESA mode that is on, or undefined: one of the VGA's, or one that has no number */
export function currentVesaMode({ ports }: Firmware): CurrentMode | undefined {
  const enable = readDispi(ports, DISPI_ENABLE);
  if ((enable & ENABLE_ENABLED) === 0) return undefined;
  const [width, height, bitsPerPixel] = [DISPI_XRES, DISPI_YRES, DISPI_BPP].map((index) => readDispi(ports, index));
  const mode = VESA_MODES.find(
    (known) => known.width === width && known.height === height && known.bitsPerPixel === bitsPerPixel,
  );
  return mode === undefined ? undefined : { mode, enable };
}

/** Gives the screen back to the VGA. */
export function switchOff(ports: FirmwarePorts): void {
  writeDispi(ports, DISPI_ENABLE, 0);
}
