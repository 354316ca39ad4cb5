/**
 * INT 10h AH=1Ch and AX=4F04h: the state of the display in a buffer of the caller's, and back.
 *
 * The buffer holds what CX asks for, one part after the other: bit 0 the registers, bit 1 the BIOS data area, bit 2 the DAC,
 * bit 3 the display interface.
 *
 * @source RBIL INT 10/AH=1Ch "Save/Restore Video State"; VESA BIOS Extension (VBE) Core Functions 2.0, "Save/Restore State"
 */
import { BDA_CRTC_PORT, BDA_DISPLAY_COMBINATION, BDA_VIDEO_MODE, BDA_VIDEO_ROWS } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import {
  PORT_VGA_ATTRIBUTE,
  PORT_VGA_ATTRIBUTE_READ,
  PORT_VGA_DAC_DATA,
  PORT_VGA_DAC_MASK,
  PORT_VGA_DAC_READ_INDEX,
  PORT_VGA_DAC_WRITE_INDEX,
  PORT_VGA_GRAPHICS,
  PORT_VGA_MISC_READ,
  PORT_VGA_MISC_WRITE,
  PORT_VGA_SEQUENCER,
} from '../ports.ts';
import {
  DISPI_BANK,
  DISPI_BPP,
  DISPI_ENABLE,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  ENABLE_NO_CLEAR,
  readDispi,
  writeDispi,
} from './vesa/display.ts';
import { resetAttributeFlipFlop, writeAttribute, writeIndexed } from './vga.ts';

const BLOCK_SIZE_BYTES = 64;
const SEQUENCER_COUNT = 5;
const CRTC_COUNT = 25;
const GRAPHICS_COUNT = 9;
const ATTRIBUTE_COUNT = 21;
const CRTC_RETRACE_END = 0x11;
const CRTC_PROTECT = 0x80;
/** Bytes of the BIOS data area from the video mode on, and from the number of rows on. */
const BDA_RANGES = [
  [BDA_VIDEO_MODE, 30],
  [BDA_VIDEO_ROWS, BDA_DISPLAY_COMBINATION + 1 - BDA_VIDEO_ROWS],
] as const;
/** Vectors of the graphics character generators. */
const VECTORS = [4 * 0x1f, 4 * 0x43];
/** In the order in which they have to be written back: the mode is switched on last but for what then can be moved. */
const DISPI_SAVED = [
  DISPI_ENABLE,
  DISPI_XRES,
  DISPI_YRES,
  DISPI_BPP,
  DISPI_VIRT_WIDTH,
  DISPI_X_OFFSET,
  DISPI_Y_OFFSET,
  DISPI_BANK,
];

/** One part of the state: how to tell it as bytes, and how to take those back. */
interface Part {
  save(firmware: Firmware): number[];
  restore(firmware: Firmware, bytes: readonly number[]): void;
}

function readIndexed(ports: FirmwarePorts, port: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    ports.writePort(port, 8, index);
    return ports.readPort(port + 1, 8) & 0xff;
  });
}

const REGISTERS: Part = {
  save({ ports, memory }) {
    const misc = ports.readPort(PORT_VGA_MISC_READ, 8) & 0xff;
    const attribute = Array.from({ length: ATTRIBUTE_COUNT }, (_, index) => {
      resetAttributeFlipFlop(ports);
      ports.writePort(PORT_VGA_ATTRIBUTE, 8, index | 0x20);
      return ports.readPort(PORT_VGA_ATTRIBUTE_READ, 8) & 0xff;
    });
    resetAttributeFlipFlop(ports);
    return [
      misc,
      ...readIndexed(ports, PORT_VGA_SEQUENCER, SEQUENCER_COUNT),
      ...readIndexed(ports, memory.read16(BDA_CRTC_PORT), CRTC_COUNT),
      ...readIndexed(ports, PORT_VGA_GRAPHICS, GRAPHICS_COUNT),
      ...attribute,
    ];
  },
  restore({ ports, memory }, bytes) {
    const values = [...bytes];
    ports.writePort(PORT_VGA_MISC_WRITE, 8, values.shift() ?? 0);
    const write = (port: number, count: number): void => {
      values.splice(0, count).forEach((value, index) => {
        writeIndexed(ports, port, index, value);
      });
    };
    write(PORT_VGA_SEQUENCER, SEQUENCER_COUNT);
    const crtc = memory.read16(BDA_CRTC_PORT);
    writeIndexed(ports, crtc, CRTC_RETRACE_END, (values[CRTC_RETRACE_END] ?? 0) & ~CRTC_PROTECT);
    write(crtc, CRTC_COUNT);
    write(PORT_VGA_GRAPHICS, GRAPHICS_COUNT);
    values.forEach((value, index) => {
      writeAttribute(ports, index, value);
    });
  },
};

const DATA_AREA: Part = {
  save({ memory }) {
    const vectors = VECTORS.flatMap((at) => [...memory.readBytes(at, 4)]);
    return [...BDA_RANGES.flatMap(([at, count]) => [...memory.readBytes(at, count)]), ...vectors];
  },
  restore({ memory }, bytes) {
    let from = 0;
    for (const [at, count] of [...BDA_RANGES, ...VECTORS.map((vector) => [vector, 4] as const)]) {
      memory.writeBytes(at, Uint8Array.from(bytes.slice(from, from + count)));
      from += count;
    }
  },
};

const DAC: Part = {
  save({ ports }) {
    const mask = ports.readPort(PORT_VGA_DAC_MASK, 8) & 0xff;
    ports.writePort(PORT_VGA_DAC_READ_INDEX, 8, 0);
    return [mask, ...Array.from({ length: 768 }, () => ports.readPort(PORT_VGA_DAC_DATA, 8) & 0xff)];
  },
  restore({ ports }, [mask = 0xff, ...levels]) {
    ports.writePort(PORT_VGA_DAC_MASK, 8, mask);
    ports.writePort(PORT_VGA_DAC_WRITE_INDEX, 8, 0);
    for (const level of levels) ports.writePort(PORT_VGA_DAC_DATA, 8, level);
  },
};

const DISPLAY_INTERFACE: Part = {
  save({ ports }) {
    return DISPI_SAVED.map((index) => readDispi(ports, index)).flatMap((word) => [word & 0xff, word >> 8]);
  },
  restore({ ports }, bytes) {
    const words = DISPI_SAVED.map((index, i) => [index, (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8)] as const);
    const [[, enable], ...others] = words as [readonly [number, number], ...(readonly [number, number])[]];
    writeDispi(ports, DISPI_ENABLE, 0);
    for (const [index, value] of others.slice(0, 3)) writeDispi(ports, index, value);
    if (enable === 0) return;
    writeDispi(ports, DISPI_ENABLE, enable | ENABLE_NO_CLEAR);
    for (const [index, value] of others.slice(3)) writeDispi(ports, index, value);
  },
};

/** By bit of CX; the DAC comes last, because the interface says how wide it is. */
const PARTS: readonly (readonly [bit: number, part: Part])[] = [
  [0x08, DISPLAY_INTERFACE],
  [0x02, DATA_AREA],
  [0x01, REGISTERS],
  [0x04, DAC],
];

/**
 * @param action 0 returns the size of the buffer in BX, in units of 64 bytes; 1 saves to ES:BX, 2 restores from there
 * @returns false for another action, with nothing done
 */
export function videoState(firmware: Firmware, call: ServiceCall, action: number): boolean {
  const { memory } = firmware;
  if (action > 2) return false;
  let at = call.bx;
  let size = 0;
  for (const [bit, part] of PARTS) {
    if ((call.cx & bit) === 0) continue;
    const saved = part.save(firmware);
    const bytes = saved.map((_, index) => call.address('es', at + index));
    if (action === 2) {
      const stored = bytes.map((address) => memory.read8(address));
      part.restore(firmware, stored);
    }
    for (let i = 0; action === 1 && i < saved.length; i++) memory.write8(bytes[i] ?? 0, saved[i] ?? 0);
    at += saved.length;
    size += saved.length;
  }
  if (action === 0) call.bx = Math.ceil(size / BLOCK_SIZE_BYTES);
  return true;
}
