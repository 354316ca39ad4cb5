/**
 * The state that a case begins and ends with: one block of bytes, all numbers little-endian.
 *
 * General registers 8 bytes each in encoding order; XMM registers 16; x87 registers 10 and six zeros. MMX registers are the
 * low 8 bytes of the x87 registers, in physical order of the stack positions as FXSAVE stores them.
 */
export const STATE_SIZE_BYTES = 592;

/** Byte offsets in a state. */
export const STATE = {
  GPR: 0,
  RIP: 128,
  RFLAGS: 136,
  MXCSR: 140,
  /** ES, CS, SS, DS, FS, GS: 2 bytes each. */
  SELECTORS: 144,
  FS_BASE: 160,
  GS_BASE: 168,
  FCW: 176,
  FSW: 178,
  /** The abridged tag word of FXSAVE: a bit for each physical register that is not empty. */
  FTW: 180,
  FOP: 182,
  FIP: 184,
  FDP: 192,
  ST: 208,
  XMM: 336,
} as const;

/** A piece of the state that a file can say something about: it is named by its place in `FIELDS`. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

const GPR_NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];
const fieldsOf = (names: readonly string[], offset: number, sizeBytes: number, spacing = sizeBytes): Field[] =>
  names.map((name, i) => ({ name, offset: offset + i * spacing, sizeBytes }));
const numbered = (prefix: string, first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${first + i}`);

/** All fields; files number them in this order. */
export const FIELDS: readonly Field[] = [
  ...fieldsOf([...GPR_NAMES, ...numbered('r', 8, 8)], STATE.GPR, 8),
  ...fieldsOf(['rip'], STATE.RIP, 8),
  ...fieldsOf(['rflags', 'mxcsr'], STATE.RFLAGS, 4),
  ...fieldsOf(['es', 'cs', 'ss', 'ds', 'fs', 'gs'], STATE.SELECTORS, 2),
  ...fieldsOf(['fs.base', 'gs.base'], STATE.FS_BASE, 8),
  ...fieldsOf(['fcw', 'fsw'], STATE.FCW, 2),
  ...fieldsOf(['ftw'], STATE.FTW, 1),
  ...fieldsOf(['fop'], STATE.FOP, 2),
  ...fieldsOf(['fip', 'fdp'], STATE.FIP, 8),
  ...fieldsOf(numbered('st', 0, 8), STATE.ST, 10, 16),
  ...fieldsOf(numbered('xmm', 0, 16), STATE.XMM, 16),
];
