import type { OpcodeMap } from '../opcodes/encoding.ts';
import { ENCODINGS } from '../opcodes/opcodes.ts';
import type { Row } from '../opcodes/row.ts';

/** An instruction on XMM1, XMM2, RAX, RDX and memory, as `simdProgram` takes it. */
export interface SimdForm {
  readonly name: string;
  /** Hexadecimal. */
  readonly code: string;
}

const MAP_BYTES: Readonly<Record<OpcodeMap, readonly number[]>> = {
  'one-byte': [],
  '0f': [0x0f],
  '0f38': [0x0f, 0x38],
  '0f3a': [0x0f, 0x3a],
};
/** Rows of general registers that belong to the same generations. */
const GENERAL: ReadonlySet<string> = new Set(['POPCNT', 'CRC32', 'MOVBE']);
/** Displacements of the memory operands that are written and read: see `SIMD_RECORD_FIELDS`. */
const WRITTEN_AT = 96;
const READ_AT = 48;
const RSI = 6;
const RDI = 7;

/** Whether a row's instruction computes with XMM registers, or belongs to them. */
export function isSimdRow(row: Row): boolean {
  const codes = row.operands.split(',');
  return (
    GENERAL.has(row.mnemonic) ||
    (codes.some((code) => /^[VUW]/.test(code)) && !codes.some((code) => /^[PQN]/.test(code)))
  );
}

function formsOf(row: Row, immediate: number): SimdForm[] {
  const codes = row.operands.split(',');
  const hasImmediate = codes.includes('Ib');
  const isWritten = /^[EWMR]/.test(codes[0] ?? '');
  const isVector = codes.some((code) => /^[WU]/.test(code));
  const reg = row.reg ?? (codes.some((code) => /^V/.test(code)) ? 1 : 0);
  // A shift by an immediate names its only register in ModR/M.rm.
  const register = isVector ? (row.reg === undefined ? 2 : 1) : isWritten ? 0 : 2;
  const hasWideForm = row.rexW === undefined && codes.some((code) => /^[GERM][vy]/.test(code));
  const wide = hasWideForm ? [0, 1] : [row.rexW ?? 0];
  const places = [
    ...(row.mod === 'memory' ? [] : ['register']),
    ...(row.mod === 'register' || !codes.some((code) => /^[WERM]/.test(code)) ? [] : ['memory']),
  ];
  return places.flatMap((place) =>
    wide.map((w) => {
      const isMemory = place === 'memory';
      const rm = isMemory ? 0x40 | (isWritten ? RDI : RSI) : 0xc0 | register;
      const bytes = [
        ...(typeof row.prefix === 'number' ? [row.prefix] : []),
        ...(w ? [0x48] : []),
        ...MAP_BYTES[row.map],
        row.opcode,
        rm | (reg << 3),
        ...(isMemory ? [isWritten ? WRITTEN_AT : READ_AT] : []),
        ...(hasImmediate ? [immediate] : []),
      ];
      return {
        name: `${row.mnemonic} ${row.operands} ${place}${w ? ' W' : ''}${hasImmediate ? ` ${immediate}` : ''}`,
        code: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      };
    }),
  );
}

/** The forms of all rows. @param immediatesOf values of the immediate byte that a row is tried with */
export const simdForms = (immediatesOf: (row: Row) => readonly number[]): SimdForm[] =>
  ENCODINGS.filter(isSimdRow).flatMap((row) =>
    (row.operands.includes('Ib') ? immediatesOf(row) : [0]).flatMap((immediate) => formsOf(row, immediate)),
  );
