import { describe, expect, it } from 'vitest';
import { Cpu } from '../cpu.ts';
import { FLAGS_KIND, FLAGS_X, FLAGS_Y } from './layout.ts';
import { materializeArithmeticFlags } from './lazy-flags.ts';
import {
  FLAGS_ARITHMETIC,
  KIND_ADD,
  KIND_DEC,
  KIND_EXPLICIT,
  KIND_INC,
  KIND_LOGIC,
  KIND_RESULT,
  KIND_SHL,
  KIND_SHR,
  KIND_SUB,
  KIND_WIDTH_BITS,
} from './rflags.ts';

/** Kinds by name, and whether x is an operand, of the operand's width. */
const KINDS: readonly (readonly [name: string, kind: number, isOperand: boolean])[] = [
  ['SUB', KIND_SUB, true],
  ['ADD', KIND_ADD, true],
  ['LOGIC', KIND_LOGIC, true],
  ['RESULT', KIND_RESULT, false],
  ['INC', KIND_INC, false],
  ['DEC', KIND_DEC, false],
  ['SHL', KIND_SHL, true],
  ['SHR', KIND_SHR, true],
];
const EDGES = [0n, 1n, 0xfn, 0x10n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fff_ffffn, 0x8000_0000n, 2n ** 63n, -1n];

describe('lazy flags', () => {
  const { state } = new Cpu({ ramSizeBytes: 2 ** 20 });

  it.each(KINDS)('%s means the same to generated code as to TypeScript, at the edges of every width', (_, kind, is) => {
    for (const log2 of [0, 1, 2, 3]) {
      state.setField(FLAGS_KIND, (kind << KIND_WIDTH_BITS) | log2);
      const width = 8 << log2;
      for (const x of is ? EDGES : [0n, 1n, BigInt(FLAGS_ARITHMETIC)]) {
        for (const y of EDGES) {
          state.setWideField(
            FLAGS_X,
            BigInt.asUintN(64, is ? BigInt.asIntN(width, x) : kind === KIND_RESULT ? x : x & 1n),
          );
          state.setWideField(FLAGS_Y, BigInt.asUintN(64, BigInt.asIntN(width, y)));
          expect([width, x, y, state.evaluateFlags()]).toEqual([width, x, y, materializeArithmeticFlags(state)]);
        }
      }
    }
  });

  it('gives the flags that were set explicitly', () => {
    for (const flags of [0x246, 0xed7, 0x202]) {
      state.rflags = flags;
      expect(state.field(FLAGS_KIND) >> KIND_WIDTH_BITS).toBe(KIND_EXPLICIT);
      expect(state.rflags).toBe(flags);
      expect(state.evaluateFlags()).toBe(flags & FLAGS_ARITHMETIC);
    }
  });
});
