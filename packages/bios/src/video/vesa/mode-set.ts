/**
 * INT 10h AX=4F02h and 4F03h.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0, "Set VBE Mode", "Return Current VBE Mode"
 */
import { BDA_VIDEO_MODE } from '../../bda.ts';
import type { Firmware } from '../../firmware.ts';
import { PORT_VGA_DAC_MASK } from '../../ports.ts';
import { setVideoMode } from '../mode-set.ts';
import { paletteOf } from '../palettes.ts';
import { writeDac } from '../vga.ts';
import {
  currentVesaMode,
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_XRES,
  DISPI_YRES,
  type Display,
  ENABLE_ENABLED,
  ENABLE_LFB,
  ENABLE_NO_CLEAR,
  switchOff,
  writeDispi,
} from './display.ts';
import { modesOf } from './modes.ts';

const REQUEST_LINEAR = 0x4000;
const REQUEST_KEEP_MEMORY = 0x8000;
const REQUEST_MODE = 0x01ff;
const FIRST_VESA_MODE = 0x100;
const KEEP_MEMORY = 0x80;
/** The VGA mode under the modes with planes. */
const PLANAR_MODE = 0x12;

/**
 * Sets a VESA mode, or one of the VGA's below 100h.
 *
 * @param request BX of the call
 * @returns false when there is no such mode, or no frame buffer though it was asked for: nothing was changed
 */
export function setVesaMode(firmware: Firmware, request: number, display: Display): boolean {
  const number = request & REQUEST_MODE;
  const keepsMemory = (request & REQUEST_KEEP_MEMORY) !== 0;
  const isLinear = (request & REQUEST_LINEAR) !== 0;
  if (number < FIRST_VESA_MODE) {
    return (
      !isLinear &&
      number < KEEP_MEMORY &&
      setVideoMode(firmware, number | (keepsMemory ? KEEP_MEMORY : 0)) !== undefined
    );
  }
  const mode = modesOf(display).find((known) => known.number === number);
  if (mode === undefined) return false;
  const isPlanar = mode.bitsPerPixel === 4;
  if (isLinear && (display.framebufferBase === undefined || isPlanar)) return false;
  const { ports } = firmware;
  switchOff(ports);
  if (isPlanar) setVideoMode(firmware, PLANAR_MODE | KEEP_MEMORY);
  writeDispi(ports, DISPI_XRES, mode.width);
  writeDispi(ports, DISPI_YRES, mode.height);
  writeDispi(ports, DISPI_BPP, mode.bitsPerPixel);
  writeDispi(ports, DISPI_ENABLE, ENABLE_ENABLED | (isLinear ? ENABLE_LFB : 0) | (keepsMemory ? ENABLE_NO_CLEAR : 0));
  if (mode.bitsPerPixel === 8) {
    ports.writePort(PORT_VGA_DAC_MASK, 8, 0xff);
    writeDac(ports, 0, paletteOf('vga256'));
  }
  return true;
}

/** @returns BX: the mode's number, whether it is linear, and whether memory was kept */
export function currentModeNumber(firmware: Firmware): number {
  const current = currentVesaMode(firmware);
  if (current === undefined) return firmware.memory.read8(BDA_VIDEO_MODE) & 0x7f;
  const { mode, enable } = current;
  return (
    mode.number |
    ((enable & ENABLE_LFB) !== 0 ? REQUEST_LINEAR : 0) |
    ((enable & ENABLE_NO_CLEAR) !== 0 ? REQUEST_KEEP_MEMORY : 0)
  );
}
