import type { VectorCase, VectorGroup } from '@longmode/x86-vectors';
import { ENCODINGS, type Row } from '../decode/index.ts';

const ROW_FIELDS = ['map', 'opcode', 'prefix', 'reg', 'rm', 'mod', 'rexW', 'rexB', 'mnemonic', 'operands'] as const;
const keyOf = (row: VectorGroup['row'] | Row): string => ROW_FIELDS.map((name) => row[name] ?? '').join();
const ROWS: ReadonlyMap<string, Row> = new Map(ENCODINGS.map((row) => [keyOf(row), row]));

/** @returns the row of our tables that a group recorded, if there still is one */
export function rowOf(group: VectorGroup): Row | undefined {
  return ROWS.get(keyOf(group.row));
}

/** @returns why a row's cases are not run, or undefined */
export function rowExclusion(group: VectorGroup): string | undefined {
  return rowOf(group) === undefined ? 'the tables have no such row' : undefined;
}

const VECTOR_PF = 14;
const RECORDER_START = 0x40_0000n;
const RECORDER_END = 0x50_0000n;

interface CaseRule {
  readonly reason: string;
  readonly covers: (test: VectorCase, group: VectorGroup) => boolean;
}

/** What a case may differ in without a fault of ours. */
export const CASE_RULES: readonly CaseRule[] = [
  {
    reason: "page faults where the recorder's own program is mapped, from 400000 on: the error code tells of it",
    covers: ({ exception }) =>
      exception?.vector === VECTOR_PF && exception.cr2 >= RECORDER_START && exception.cr2 < RECORDER_END,
  },
];

/** @returns the known difference that a case shows, or undefined */
export function caseExclusion(test: VectorCase, group: VectorGroup): string | undefined {
  return CASE_RULES.find(({ covers }) => covers(test, group))?.reason;
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
