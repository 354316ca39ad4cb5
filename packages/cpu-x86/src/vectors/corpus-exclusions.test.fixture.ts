import { STATE, type VectorCase, type VectorFile, type VectorGroup } from '@longmode/x86-vectors';
import { ENCODINGS, type Row } from '../decode/index.ts';
import { FLAG_AC } from '../state/rflags.ts';

const ROW_FIELDS = ['map', 'opcode', 'prefix', 'reg', 'rm', 'mod', 'rexW', 'rexB', 'mnemonic', 'operands'] as const;
const keyOf = (row: VectorGroup['row'] | Row): string => ROW_FIELDS.map((name) => row[name] ?? '').join();
const ROWS: ReadonlyMap<string, Row> = new Map(ENCODINGS.map((row) => [keyOf(row), row]));

/** @returns the row of our tables that a group recorded, if there still is one */
export function rowOf(group: VectorGroup): Row | undefined {
  return ROWS.get(keyOf(group.row));
}

/** @returns why a row's cases are not run, or undefined */
export function rowExclusion(group: VectorGroup): string | undefined {
  const row = rowOf(group);
  if (row === undefined) return 'the tables have no such row';
  if (row.semantics === 'NOT_EMULATED') return 'not emulated';
  if (row.semantics === 'INVPCID') return 'no feature of our processor: #UD before #GP';
  return undefined;
}

const VECTOR_GP = 13;
const VECTOR_PF = 14;
const RECORDER_START = 0x40_0000n;
const RECORDER_END = 0x50_0000n;
const REPEAT_PREFIXES = [0xf2, 0xf3];
const SELF_COMPARING = /^(CMPS|SCAS)/;
const LARGE_OPERAND = /^(F?XSAVE|F?XRSTOR|FNSAVE|FRSTOR|FLDENV|FNSTENV)/;
const NEAR_RELATIVE = /^J[bz]$/;

const viewOf = (state: Uint8Array): DataView => new DataView(state.buffer, state.byteOffset, state.byteLength);

interface CaseRule {
  readonly reason: string;
  readonly covers: (test: VectorCase, group: VectorGroup, file: VectorFile) => boolean;
}

/** Known differences. Those with FIXME are faults of ours, and go when they are mended. */
export const CASE_RULES: readonly CaseRule[] = [
  {
    reason: 'FIXME: alignment checks of ENTER with levels, MASKMOVQ and x87 environments',
    covers: ({ before }, { row }) =>
      (viewOf(before).getUint32(STATE.RFLAGS, true) & FLAG_AC) !== 0 &&
      (LARGE_OPERAND.test(row.mnemonic) || /^(ENTER|MASKMOV)/.test(row.mnemonic)),
  },
  {
    reason:
      'FIXME: REP CMPS and SCAS show the flags of the last iteration when they are left in the middle; the manual restores them',
    covers: ({ code, exception, before, after }, { row }) =>
      exception !== undefined &&
      SELF_COMPARING.test(row.mnemonic) &&
      code.some((byte) => REPEAT_PREFIXES.includes(byte)) &&
      viewOf(before).getUint32(STATE.RIP, true) === viewOf(after).getUint32(STATE.RIP, true),
  },
  {
    reason: 'FIXME: a relative branch beyond the limit of CS faults at its target, not at itself',
    covers: ({ exception, before, after }, { row }, { header }) =>
      header.codeSize !== 64 &&
      exception?.vector === VECTOR_GP &&
      NEAR_RELATIVE.test(row.operands) &&
      viewOf(before).getUint32(STATE.RIP, true) === viewOf(after).getUint32(STATE.RIP, true),
  },
  {
    reason: 'FIXME: which exception comes first where a large operand meets the end of a segment or of pages',
    covers: ({ exception, before, after }, { row }) =>
      (LARGE_OPERAND.test(row.mnemonic) || row.operands === 'Mt') &&
      exception !== undefined &&
      viewOf(before).getUint32(STATE.RIP, true) === viewOf(after).getUint32(STATE.RIP, true),
  },
  {
    reason:
      "page faults of MASKMOVQ and MASKMOVDQU with a mask of zeros are the processor's choice (SDM Vol. 2, their pages)",
    covers: ({ exception }, { row }) => row.mnemonic.startsWith('MASKMOV') && exception?.vector === VECTOR_PF,
  },
  {
    reason: "page faults where the recorder's own program is mapped, from 400000 on: the error code tells of it",
    covers: ({ exception }) =>
      exception?.vector === VECTOR_PF && exception.cr2 >= RECORDER_START && exception.cr2 < RECORDER_END,
  },
];

/** @returns the known difference that a case shows, or undefined */
export function caseExclusion(test: VectorCase, group: VectorGroup, file: VectorFile): string | undefined {
  return CASE_RULES.find(({ covers }) => covers(test, group, file))?.reason;
}

/** What an instruction's results may differ in, because the manuals ask for an accuracy and not for a value. */
export interface Accuracy {
  /** Units in the last place of the x87 registers. */
  readonly ulps: number;
  /** Bits of the x87 status word that follow from the last digit: C1, whether it was rounded up. */
  readonly fsw: number;
}
const EXACT: Accuracy = { ulps: 0, fsw: 0 };
const WITHIN_AN_ULP: Accuracy = { ulps: 1, fsw: 0x200 };

/** @source SDM Vol. 1 "Transcendental Instruction Accuracy" */
export function accuracyOf({ row }: VectorGroup): Accuracy {
  return /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/.test(row.mnemonic) ? WITHIN_AN_ULP : EXACT;
}
