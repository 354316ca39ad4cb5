/**
 * The way of one byte between the processor and the four planes: window decoding, plane and address selection, the read
 * latches, and the graphics controller's rotate, set/reset, logic and bit-mask stages.
 *
 * A 32-bit word holds one byte of each plane, plane 0 in bits 7–0, so that each stage is one operation on all planes.
 *
 * @source IBM VGA technical reference, "Graphics Controller Registers" and "Sequencer Registers"
 */
import {
  GC_BIT_MASK,
  GC_COLOR_COMPARE,
  GC_COLOR_DONT_CARE,
  GC_DATA_ROTATE,
  GC_ENABLE_SET_RESET,
  GC_MISC_CHAIN_ODD_EVEN,
  GC_MISCELLANEOUS,
  GC_MODE,
  GC_MODE_ODD_EVEN,
  GC_MODE_READ_COMPARE,
  GC_MODE_WRITE_MODE,
  GC_READ_MAP_SELECT,
  GC_SET_RESET,
  MISC_ENABLE_RAM,
  SEQ_MAP_MASK,
  SEQ_MEMORY_CHAIN_4,
  SEQ_MEMORY_MODE,
  SEQ_MEMORY_SEQUENTIAL,
} from './registers.ts';
import type { VgaRegisters } from './state.ts';

/** Start of the window that Memory Map Select chooses, from A0000h, and its size; both in bytes. */
const WINDOWS = [
  [0x00000, 0x20000],
  [0x00000, 0x10000],
  [0x10000, 0x08000],
  [0x18000, 0x08000],
] as const;

/** For each set of planes (bit per plane), ones in the bytes of those planes. */
const PLANE_BYTES = Uint32Array.from({ length: 16 }, (_, set) =>
  [0, 1, 2, 3].reduce((word, plane) => word + ((set >> plane) & 1 ? 0xff * 2 ** (8 * plane) : 0), 0),
);

const ALL_ADDRESS_BITS = 0xffff;

function planeBytes(set: number): number {
  return PLANE_BYTES[set & 0xf] as number;
}

function inAllPlanes(byte: number): number {
  return Math.imul(byte, 0x01010101);
}

/** @returns the address inside the selected window, or −1 when the adapter does not answer there */
function windowAddress(registers: VgaRegisters, offset: number): number {
  if ((registers.miscOutput & MISC_ENABLE_RAM) === 0 || (registers.videoEnable & 1) === 0) return -1;
  const [start, size] = WINDOWS[
    ((registers.graphics[GC_MISCELLANEOUS] as number) >> 2) & 3
  ] as (typeof WINDOWS)[number];
  const address = offset - start;
  return address >= 0 && address < size ? address : -1;
}

/**
 * Address inside each plane. With chain 4 the two low address bits only select a plane and are zero here; with chained
 * odd and even maps address bit 0 is replaced by bit 16, which is zero unless the window is 128 KiB.
 */
function planeOffset(registers: VgaRegisters, address: number): number {
  const mask = addressMask(registers);
  return (address & mask) | (mask === ALL_ADDRESS_BITS ? 0 : address >> 16);
}

/** The address bits that count inside a plane: all 16, or those that do not select planes. */
function addressMask(registers: VgaRegisters): number {
  if (((registers.sequencer[SEQ_MEMORY_MODE] as number) & SEQ_MEMORY_CHAIN_4) !== 0) return 0xfffc;
  return ((registers.graphics[GC_MISCELLANEOUS] as number) & GC_MISC_CHAIN_ODD_EVEN) !== 0 ? 0xfffe : ALL_ADDRESS_BITS;
}

/**
 * Reads one byte through the latches.
 *
 * @param planes 65,536 words or more, one per plane offset
 * @param offset bytes from A0000h
 * @returns the byte, or FFh (open bus) outside the selected window
 */
export function readMemoryByte(registers: VgaRegisters, planes: Uint32Array, offset: number): number {
  const address = windowAddress(registers, offset);
  if (address < 0) return 0xff;
  const { graphics, sequencer } = registers;
  const latches = planes[planeOffset(registers, address)] as number;
  registers.latches = latches;
  const mode = graphics[GC_MODE] as number;
  if ((mode & GC_MODE_READ_COMPARE) !== 0) {
    const difference = latches ^ planeBytes(graphics[GC_COLOR_COMPARE] as number);
    const cared = difference & planeBytes(graphics[GC_COLOR_DONT_CARE] as number);
    return ~(cared | (cared >>> 8) | (cared >>> 16) | (cared >>> 24)) & 0xff;
  }
  let plane = graphics[GC_READ_MAP_SELECT] as number;
  if (((sequencer[SEQ_MEMORY_MODE] as number) & SEQ_MEMORY_CHAIN_4) !== 0) plane = address & 3;
  else if ((mode & GC_MODE_ODD_EVEN) !== 0) plane = (plane & 2) | (address & 1);
  return (latches >>> (8 * plane)) & 0xff;
}

/** The planes that the sequencer lets one address write, a bit each. */
function writablePlanes(registers: VgaRegisters, address: number): number {
  const { sequencer } = registers;
  const memoryMode = sequencer[SEQ_MEMORY_MODE] as number;
  const mask = sequencer[SEQ_MAP_MASK] as number;
  if ((memoryMode & SEQ_MEMORY_CHAIN_4) !== 0) return mask & (1 << (address & 3));
  if ((memoryMode & SEQ_MEMORY_SEQUENTIAL) === 0) return mask & ((address & 1) === 0 ? 0b0101 : 0b1010);
  return mask;
}

/** Data Rotate bits 4–3: what the written data does with the latches. */
function combine(logic: number, data: number, latches: number): number {
  switch (logic) {
    case 1:
      return data & latches;
    case 2:
      return data | latches;
    case 3:
      return data ^ latches;
    default:
      return data;
  }
}

/** Whether written bytes go to the planes as they are: in text and chain-4 modes all the time. */
function isPlain({ graphics }: VgaRegisters): boolean {
  return (
    ((graphics[GC_MODE] as number) & GC_MODE_WRITE_MODE) === 0 &&
    graphics[GC_DATA_ROTATE] === 0 &&
    graphics[GC_ENABLE_SET_RESET] === 0 &&
    graphics[GC_BIT_MASK] === 0xff
  );
}

/** What the graphics controller presents to all planes for one written byte, before the map mask. */
function graphicsData(registers: VgaRegisters, value: number): number {
  if (isPlain(registers)) return inAllPlanes(value);
  const { graphics, latches } = registers;
  const writeMode = (graphics[GC_MODE] as number) & GC_MODE_WRITE_MODE;
  if (writeMode === 1) return latches;
  const rotate = graphics[GC_DATA_ROTATE] as number;
  const rotated = ((value >> (rotate & 7)) | (value << (8 - (rotate & 7)))) & 0xff;
  const setReset = planeBytes(graphics[GC_SET_RESET] as number);
  let bitMask = graphics[GC_BIT_MASK] as number;
  let data: number;
  if (writeMode === 0) {
    const fromSetReset = planeBytes(graphics[GC_ENABLE_SET_RESET] as number);
    data = (inAllPlanes(rotated) & ~fromSetReset) | (setReset & fromSetReset);
  } else if (writeMode === 2) {
    data = planeBytes(value);
  } else {
    data = setReset;
    bitMask &= rotated;
  }
  const bits = inAllPlanes(bitMask);
  return (combine(rotate >> 3, data, latches) & bits) | (latches & ~bits);
}

/**
 * Writes one byte through the graphics controller and the map mask.
 *
 * @param planes 65,536 words or more, one per plane offset
 * @param offset bytes from A0000h
 * @returns whether the memory changed
 */
export function writeMemoryByte(registers: VgaRegisters, planes: Uint32Array, offset: number, value: number): boolean {
  const address = windowAddress(registers, offset);
  if (address < 0) return false;
  const at = planeOffset(registers, address);
  const writable = planeBytes(writablePlanes(registers, address));
  const old = planes[at] as number;
  const next = ((graphicsData(registers, value) & writable) | (old & ~writable)) >>> 0;
  planes[at] = next;
  return next !== old;
}

/**
 * Writes two bytes, the first at an even offset: in text modes a character and its attribute, which share a word.
 *
 * @returns whether the memory changed
 */
export function writeMemoryPair(registers: VgaRegisters, planes: Uint32Array, offset: number, value: number): boolean {
  const { graphics, sequencer } = registers;
  const memoryMode = sequencer[SEQ_MEMORY_MODE] as number;
  const isOddEven =
    (memoryMode & (SEQ_MEMORY_CHAIN_4 | SEQ_MEMORY_SEQUENTIAL)) === 0 &&
    ((graphics[GC_MISCELLANEOUS] as number) & GC_MISC_CHAIN_ODD_EVEN) !== 0;
  if (!isOddEven || !isPlain(registers)) {
    const first = writeMemoryByte(registers, planes, offset, value & 0xff);
    return writeMemoryByte(registers, planes, offset + 1, value >>> 8) || first;
  }
  const address = windowAddress(registers, offset);
  if (address < 0) return false;
  const at = planeOffset(registers, address);
  const writable = planeBytes(sequencer[SEQ_MAP_MASK] as number);
  const old = planes[at] as number;
  const next = (((value | (value << 16)) & writable) | (old & ~writable)) >>> 0;
  planes[at] = next;
  return next !== old;
}

/** Sets of one plane, in the order of the planes. */
const SINGLE_PLANES = [0b0001, 0b0010, 0b0100, 0b1000];

/**
 * Writes consecutive bytes as {@link writeMemoryByte} does one by one. Those that go to one plane each, as they are, are put
 * there without asking the registers again: texts, fonts and chained pixels.
 *
 * @param offset bytes from A0000h of the first one
 */
export function writeMemoryRun(registers: VgaRegisters, planes: Uint32Array, offset: number, bytes: Uint8Array): void {
  const { length } = bytes;
  const lanes = [0, 1, 2, 3].map((address) => SINGLE_PLANES.indexOf(writablePlanes(registers, address)));
  const isInWindow = windowAddress(registers, offset + length - 1) >= length - 1;
  if (!isInWindow || !isPlain(registers) || lanes.includes(-1)) {
    for (let i = 0; i < length; i++) writeMemoryByte(registers, planes, offset + i, bytes[i] as number);
    return;
  }
  const bytesOfPlanes = new Uint8Array(planes.buffer, planes.byteOffset, planes.byteLength);
  const mask = addressMask(registers);
  const highBit = mask === ALL_ADDRESS_BITS ? 0 : 1;
  let address = windowAddress(registers, offset);
  for (let i = 0; i < length; i++, address++) {
    const at = (address & mask) | ((address >> 16) & highBit);
    bytesOfPlanes[4 * at + (lanes[address & 3] as number)] = bytes[i] as number;
  }
}
