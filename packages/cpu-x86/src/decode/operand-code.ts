import type { CodeSize } from './instruction.ts';

/** Where an operand's value comes from. */
export const METHOD = {
  /** E, R, M: general register or memory by ModR/M.rm. */
  RM_GENERAL: 0,
  /** G: general register by ModR/M.reg. */
  REG_GENERAL: 1,
  /** Z: general register by the low three bits of the opcode. */
  OPCODE_GENERAL: 2,
  /** W, U: XMM register or memory by ModR/M.rm. */
  RM_XMM: 3,
  /** V: XMM register by ModR/M.reg. */
  REG_XMM: 4,
  /** Q, N: MMX register or memory by ModR/M.rm. */
  RM_MMX: 5,
  /** P: MMX register by ModR/M.reg. */
  REG_MMX: 6,
  /** S: segment register by ModR/M.reg. */
  REG_SEGMENT: 7,
  /** C: control register by ModR/M.reg. */
  REG_CONTROL: 8,
  /** D: debug register by ModR/M.reg. */
  REG_DEBUG: 9,
  /** STi: x87 register by ModR/M.rm. */
  RM_ST: 10,
  /** I with type b or w: unsigned immediate. */
  IMMEDIATE: 11,
  /** I with type bs, z or v: immediate, sign-extended to `width`. */
  SIGNED_IMMEDIATE: 12,
  /** J: branch displacement. */
  RELATIVE: 13,
  /** A: far pointer. */
  FAR_POINTER: 14,
  /** O: absolute memory offset. */
  ABSOLUTE: 15,
  /** X, Y, BA, BB, BD: memory at the register `fixed`. */
  IMPLICIT_MEMORY: 16,
  /** The general register with number `fixed`. */
  FIXED_GENERAL: 17,
  /** The segment register with number `fixed`. */
  FIXED_SEGMENT: 18,
  /** ST: the top of the x87 stack. */
  FIXED_ST: 19,
  /** The constant 1. */
  ONE: 20,
} as const;

/** One of the values of `METHOD`. */
export type Method = (typeof METHOD)[keyof typeof METHOD];

/** A quantity for the operand sizes of 16, 32 and 64 bits. */
export type BySize = readonly [number, number, number];

/** An operand code, parsed. */
export interface OperandShape {
  readonly method: Method;
  /** Bits of the operand; of the register form if it may be memory too. */
  readonly width: BySize;
  /** Bits of the memory form. */
  readonly memoryWidth: BySize;
  /** Bytes that the operand occupies after ModR/M and displacement. Not counted: absolute offsets (the address size). */
  readonly encodedBytes: BySize;
  /** Register number of the `FIXED` and implicit methods. */
  readonly fixed: number;
  /** Implicit memory that is always in ES (Y). */
  readonly alwaysEs: boolean;
}

const NONE: BySize = [0, 0, 0];
const BY_V: BySize = [16, 32, 64];
const BY_Z: BySize = [16, 32, 32];

const same = (width: number): BySize => [width, width, width];

/** Bits by the type letters of SDM Vol. 2D "Codes for Operand Type", plus those that it leaves to prose (x87, FXSAVE). */
const TYPE_WIDTHS: Readonly<Record<string, BySize>> = {
  b: same(8),
  w: same(16),
  d: same(32),
  q: same(64),
  dq: same(128),
  v: BY_V,
  z: BY_Z,
  y: [32, 32, 64],
  p: [32, 48, 80], // selector and offset
  a: [32, 64, 64], // two operands for BOUND
  pi: same(64),
  ps: same(128),
  pd: same(128),
  ss: same(32),
  sd: same(64),
  t: same(80), // extended real, packed BCD
  e: [14 * 8, 28 * 8, 28 * 8], // x87 environment
  st: [94 * 8, 108 * 8, 108 * 8], // x87 state
  fx: same(512 * 8), // x87, MMX and SSE state
  '': NONE, // address only, or an area of variable size (XSAVE)
};

const METHOD_BY_LETTER: Readonly<Record<string, Method>> = {
  E: METHOD.RM_GENERAL,
  R: METHOD.RM_GENERAL,
  M: METHOD.RM_GENERAL,
  G: METHOD.REG_GENERAL,
  Z: METHOD.OPCODE_GENERAL,
  W: METHOD.RM_XMM,
  U: METHOD.RM_XMM,
  V: METHOD.REG_XMM,
  Q: METHOD.RM_MMX,
  N: METHOD.RM_MMX,
  P: METHOD.REG_MMX,
  S: METHOD.REG_SEGMENT,
  C: METHOD.REG_CONTROL,
  D: METHOD.REG_DEBUG,
  O: METHOD.ABSOLUTE,
};

type ShapeRest = Partial<Omit<OperandShape, 'method' | 'width'>>;

function shape(method: Method, width: BySize, rest: ShapeRest = {}): OperandShape {
  return { method, width, memoryWidth: width, encodedBytes: NONE, fixed: 0, alwaysEs: false, ...rest };
}

/** Codes that stand for themselves. */
const FIXED_CODES: Readonly<Record<string, OperandShape>> = {
  '1': shape(METHOD.ONE, same(8)),
  AL: shape(METHOD.FIXED_GENERAL, same(8)),
  CL: shape(METHOD.FIXED_GENERAL, same(8), { fixed: 1 }),
  AX: shape(METHOD.FIXED_GENERAL, same(16)),
  DX: shape(METHOD.FIXED_GENERAL, same(16), { fixed: 2 }),
  eAX: shape(METHOD.FIXED_GENERAL, BY_Z),
  rAX: shape(METHOD.FIXED_GENERAL, BY_V),
  ES: shape(METHOD.FIXED_SEGMENT, same(16)),
  CS: shape(METHOD.FIXED_SEGMENT, same(16), { fixed: 1 }),
  SS: shape(METHOD.FIXED_SEGMENT, same(16), { fixed: 2 }),
  DS: shape(METHOD.FIXED_SEGMENT, same(16), { fixed: 3 }),
  FS: shape(METHOD.FIXED_SEGMENT, same(16), { fixed: 4 }),
  GS: shape(METHOD.FIXED_SEGMENT, same(16), { fixed: 5 }),
  ST: shape(METHOD.FIXED_ST, same(80)),
  STi: shape(METHOD.RM_ST, same(80)),
  Ib: shape(METHOD.IMMEDIATE, same(8), { encodedBytes: [1, 1, 1] }),
  Iw: shape(METHOD.IMMEDIATE, same(16), { encodedBytes: [2, 2, 2] }),
  Ibs: shape(METHOD.SIGNED_IMMEDIATE, BY_V, { encodedBytes: [1, 1, 1] }),
  Iz: shape(METHOD.SIGNED_IMMEDIATE, BY_V, { encodedBytes: [2, 4, 4] }),
  Iv: shape(METHOD.SIGNED_IMMEDIATE, BY_V, { encodedBytes: [2, 4, 8] }),
  Jb: shape(METHOD.RELATIVE, NONE, { encodedBytes: [1, 1, 1] }),
  Jz: shape(METHOD.RELATIVE, NONE, { encodedBytes: [2, 4, 4] }),
  Ap: shape(METHOD.FAR_POINTER, NONE, { encodedBytes: [4, 6, 6] }),
};

/** Implicit memory operands: prefix of the code, register number, whether ES whatever the override. */
const IMPLICIT_MEMORY_CODES: readonly (readonly [string, number, boolean])[] = [
  ['BA', 0, false],
  ['BB', 3, false],
  ['BD', 7, false],
  ['X', 6, false],
  ['Y', 7, true],
];

function widthOfType(type: string, codeSize: CodeSize): BySize {
  // s: descriptor-table limit and base
  const width = type === 's' ? same(codeSize === 64 ? 80 : 48) : TYPE_WIDTHS[type];
  if (width === undefined) throw new Error(`unknown operand type '${type}'`);
  return width;
}

function parseCode(code: string, codeSize: CodeSize): OperandShape {
  const fixed = FIXED_CODES[code];
  if (fixed) return fixed;
  for (const [prefix, register, alwaysEs] of IMPLICIT_MEMORY_CODES) {
    if (!code.startsWith(prefix)) continue;
    const width = widthOfType(code.slice(prefix.length), codeSize);
    return shape(METHOD.IMPLICIT_MEMORY, width, { fixed: register, alwaysEs });
  }
  const slash = code.indexOf('/');
  const method = METHOD_BY_LETTER[code.charAt(0)];
  if (method === undefined) throw new Error(`unknown operand code '${code}'`);
  const width = widthOfType(code.slice(1, slash < 0 ? undefined : slash), codeSize);
  return slash < 0
    ? shape(method, width)
    : shape(method, width, { memoryWidth: widthOfType(code.slice(slash + 2), codeSize) });
}

/** A row's operands, and what follows from them for all rows that have the same. */
export interface OperandList {
  readonly shapes: readonly OperandShape[];
  readonly usesModrm: boolean;
  /** The instruction takes ModR/M.mod as 11B whatever it is (moves to and from control and debug registers). */
  readonly ignoresMod: boolean;
  /** Bytes of immediate data by operand size, without absolute offsets. */
  readonly immediateBytes: BySize;
  readonly hasAbsoluteOffset: boolean;
}

const lists: readonly Map<string, OperandList>[] = [new Map(), new Map()];

/**
 * Parses a row's operand codes. They are those of SDM Vol. 2D Appendix A, and beyond it: `Z` (register in the opcode's low
 * three bits), `Ibs` (byte, sign-extended to the first operand's width, or to the operand size if there is no other
 * operand), `STi`, the implicit addresses `BA` (rAX), `BB` (rBX + AL) and `BD` (rDI), `Rv/Mw` (register form and memory form
 * of different width), and the types `t`, `e`, `st` and `fx` for the x87 and SSE memory images. An `M` without a type is
 * an address only.
 *
 * @param operands comma-separated codes
 * @throws Error if the row has a code that does not exist: a mistake in the tables, which their test finds
 * @source SDM Vol. 2D Appendix A "Key to Abbreviations"
 */
export function parseOperands(operands: string, codeSize: CodeSize): OperandList {
  const known = lists[codeSize >> 6];
  const found = known?.get(operands);
  if (found !== undefined) return found;
  const list = makeList(operands, codeSize);
  known?.set(operands, list);
  return list;
}

function makeList(operands: string, codeSize: CodeSize): OperandList {
  const codes = operands === '' ? [] : operands.split(',');
  const shapes: OperandShape[] = [];
  let usesModrm = false;
  let ignoresMod = false;
  let hasAbsoluteOffset = false;
  const immediateBytes: [number, number, number] = [0, 0, 0];
  for (const code of codes) {
    const parsed = parseCode(code, codeSize);
    const [first] = shapes;
    const operand = code === 'Ibs' && first !== undefined ? { ...parsed, width: first.width } : parsed;
    shapes.push(operand);
    const { method, encodedBytes } = operand;
    if (method <= METHOD.RM_ST && method !== METHOD.OPCODE_GENERAL) usesModrm = true;
    if (method === METHOD.REG_CONTROL || method === METHOD.REG_DEBUG) ignoresMod = true;
    if (method === METHOD.ABSOLUTE) hasAbsoluteOffset = true;
    immediateBytes[0] += encodedBytes[0];
    immediateBytes[1] += encodedBytes[1];
    immediateBytes[2] += encodedBytes[2];
  }
  return { shapes, usesModrm, ignoresMod, immediateBytes, hasAbsoluteOffset };
}
