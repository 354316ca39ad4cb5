import { CODE_PAGES, localSelector, USER_CODE_32, USER_CODE_64, USER_DATA } from './environment.ts';
import { Random } from './random.ts';
import { STATE } from './state.ts';
import { type Lanes, putExtended, putInteger, putVector } from './values.ts';

/** Bits of the code that a case is in. */
export type CodeSize = 16 | 32 | 64;

/** What the starting state of a group's cases depends on. */
export interface BaseOptions {
  readonly codeSize: CodeSize;
  /** Numbers in the x87, MMX and XMM registers; with `none`, these registers are as after a reset. */
  readonly vectors: Lanes | 'none';
}

const ARITHMETIC_FLAGS = 0x8d5;
const FLAG_DF = 0x400;
/** IF, and the bit that is always 1. */
const FLAGS_ALWAYS = 0x202;
const FCW_RESET = 0x37f;
const MXCSR_RESET = 0x1f80;
/** PC field of the control word: single, double, double extended. */
const PRECISIONS: readonly number[] = [0x300, 0x300, 0x200, 0x000];

/** Selectors that DS, ES, FS and GS hold, by code size. */
const local = (...indexes: number[]): number[] => indexes.map(localSelector);
const DATA_SELECTORS: Readonly<Record<CodeSize, readonly number[]>> = {
  64: [USER_DATA, USER_DATA, 0, ...local(8, 10, 13, 15)],
  32: [USER_DATA, ...local(8, 8, 8, 11, 11, 20, 25, 15, 12, 13, 18, 10), 0],
  16: [...local(10, 10, 10, 11, 14, 12, 13, 16, 18, 21, 24, 24, 8), 0],
};
const STACK_SELECTORS: Readonly<Record<CodeSize, readonly number[]>> = {
  64: [USER_DATA, USER_DATA, USER_DATA, ...local(8, 10)],
  32: [USER_DATA, ...local(8, 8, 11, 11, 25, 15, 10, 20)],
  16: [...local(10, 10, 10, 24, 14, 12, 21, 11, 8)],
};
const CODE_SELECTORS: Readonly<Record<CodeSize, readonly number[]>> = {
  64: [USER_CODE_64],
  32: [USER_CODE_32, ...local(1, 2, 2, 3, 7)],
  16: local(4, 4, 4, 5, 6),
};
/** Bases of FS and GS in 64-bit mode, low word and high word. */
const BASES: readonly (readonly [number, number])[] = [
  [0, 0],
  [0x2000_0000, 0],
  [0x1fff_f000, 0],
  [0xffff_0000, 0xffff_ffff],
  [0x1234_5008, 0x5a5a],
];

const ES = 0;
const CS = 1;
const SS = 2;

/** Linear bases of the code segments in `CODE_SELECTORS`, as a low word. */
export function codeBaseOf(selector: number): number {
  const isBased = (selector & 4) !== 0 && selector !== localSelector(1) && selector !== localSelector(7);
  return isBased ? CODE_PAGES : 0;
}

/**
 * Writes the state that a case has before what its file says of it. RIP stays 0.
 *
 * @param words the state as 148 words
 * @param seed of the case: see `seedOfCase`
 */
export function putBaseState(words: Uint32Array, seed: number, { codeSize, vectors }: BaseOptions): void {
  const random = new Random(seed);
  words.fill(0);
  const registerCount = codeSize === 64 ? 16 : 8;
  for (let i = 0; i < registerCount; i++) {
    putInteger(words, 2 * i, random);
    if (codeSize !== 64) words[2 * i + 1] = 0;
  }
  words[STATE.RFLAGS >> 2] = FLAGS_ALWAYS | (random.next() & ARITHMETIC_FLAGS) | (random.below(8) === 0 ? FLAG_DF : 0);
  words[STATE.MXCSR >> 2] = MXCSR_RESET;
  const selectors = new Uint16Array(words.buffer, words.byteOffset + STATE.SELECTORS, 6);
  for (let i = 0; i < 6; i++) {
    const list = i === CS ? CODE_SELECTORS : i === SS ? STACK_SELECTORS : DATA_SELECTORS;
    selectors[i] = pick(list[codeSize], random);
  }
  if (codeSize === 64) {
    for (const at of [STATE.FS_BASE >> 2, STATE.GS_BASE >> 2]) {
      const [low, high] = pick(BASES, random);
      words[at] = low;
      words[at + 1] = high;
    }
  } else if (random.below(4) === 0) selectors[ES] = USER_DATA;
  const control = new Uint16Array(words.buffer, words.byteOffset + STATE.FCW, 4);
  control[0] = FCW_RESET;
  if (vectors !== 'none') putVectorState(words, control, random, vectors, registerCount);
}

function putVectorState(
  words: Uint32Array,
  control: Uint16Array,
  random: Random,
  lanes: Lanes,
  registerCount: number,
): void {
  // Control word: rounding, precision, and one time in four some exceptions unmasked.
  const masks = random.below(4) === 0 ? random.next() & 0x3f : 0x3f;
  control[0] = 0x40 | (random.below(4) << 10) | pick(PRECISIONS, random) | masks;
  // Status word: top, condition codes, and one time in four exceptions; ES and B say whether one of them is not masked.
  const exceptions = random.below(4) === 0 ? random.next() & 0x7f : 0;
  const summary = (exceptions & ~masks & 0x3f) !== 0 ? 0x8080 : 0;
  control[1] = (random.next() & 0x7f00) | exceptions | summary;
  const fill = random.below(3);
  control[2] = fill === 0 ? 0xff : fill === 1 ? random.next() & 0xff : (random.next() | random.next()) & 0xff;
  control[3] = random.next() & 0x7ff;
  words[STATE.FIP >> 2] = random.next();
  words[STATE.FDP >> 2] = random.next();
  for (let i = 0; i < 8; i++) putExtended(words, (STATE.ST >> 2) + 4 * i, random);
  if (lanes === 'integer' && random.below(2) === 0) {
    // Contents of MMX registers.
    for (let i = 0; i < 8; i++) {
      const at = (STATE.ST >> 2) + 4 * i;
      putVector(words, at, lanes, random);
      words[at + 2] = 0xffff;
      words[at + 3] = 0;
    }
  }
  const sseMasks = random.below(4) === 0 ? random.next() & 0x1f80 : 0x1f80;
  const modes = (random.below(4) << 13) | (random.below(4) === 0 ? 0x8000 : 0) | (random.below(4) === 0 ? 0x40 : 0);
  words[STATE.MXCSR >> 2] = sseMasks | modes | (random.below(2) === 0 ? 0 : random.next() & 0x3f);
  for (let i = 0; i < registerCount; i++) putVector(words, (STATE.XMM >> 2) + 4 * i, lanes, random);
}

const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)] as T;

/** The contents of the data pages before every case of a file. */
export function dataPattern(seed: number, sizeBytes: number): Uint8Array {
  const random = new Random(seed);
  const words = new Uint32Array(sizeBytes / 4);
  for (let at = 0; at < words.length; at += 4) {
    const kind = random.below(8);
    if (kind < 2) putVector(words, at, 'integer', random);
    else if (kind < 4) putVector(words, at, 'single', random);
    else if (kind < 6) putVector(words, at, 'double', random);
    else if (kind === 6) putExtended(words, at, random);
    else {
      // Packed decimal: 18 digits and a sign, mostly right.
      for (let i = 0; i < 3; i++) words[at + i] = decimalDigits(random);
      words[at + 2] = ((words[at + 2] as number) & 0x80ff) | (random.next() << 16);
      words[at + 3] = random.next();
    }
  }
  return new Uint8Array(words.buffer);
}

function decimalDigits(random: Random): number {
  let word = 0;
  for (let i = 0; i < 32; i += 4) word |= random.below(10) << i;
  return random.below(16) === 0 ? random.next() : word >>> 0;
}
