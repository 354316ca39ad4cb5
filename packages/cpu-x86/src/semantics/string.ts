/** @source SDM Vol. 2, "MOVS", "CMPS", "STOS", "LODS", "SCAS", "REP/REPE/REPZ/REPNE/REPNZ" */
import { ES } from '../decode/instruction.ts';
import { FLAG_DF, KIND_SUB } from '../state/rflags.ts';
import type { Value } from './language.ts';
import type { Semantics, SemanticsFn, StringStep } from './stage.ts';

const RSI = 6;
const RDI = 7;
const REPE = 0xf3;

/** Moves index registers by one element, up or down by DF. */
const advance = (s: Semantics, ...registers: readonly number[]): void => {
  const size = s.width / 8;
  const width = s.addressWidth;
  const delta = s.let(s.select(s.readSystemFlag(FLAG_DF), s.constant(width, -size), s.constant(width, size)));
  for (const register of registers) {
    s.writeGpr(register, width, s.truncate(s.add(s.readGpr(register, width), delta), width));
  }
};

/** REPE stops at the first difference, REPNE at the first match; what ends a repetition sets the flags. */
const comparison = (s: Semantics, a: Value, b: Value): StringStep => ({
  stop: s.let(s.repeat === REPE ? s.ne(a, b) : s.eq(a, b)),
  finish: () => s.setFlags(KIND_SUB, s.width, a, b),
});

export const MOVS: SemanticsFn = (s) =>
  s.repeatString(() => {
    const value = s.load('operand', s.readGpr(RSI, s.addressWidth), s.width);
    s.store(ES, s.readGpr(RDI, s.addressWidth), s.width, value);
    advance(s, RSI, RDI);
    return {};
  }, 'copy');

export const STOS: SemanticsFn = (s) =>
  s.repeatString(() => {
    s.store(ES, s.readGpr(RDI, s.addressWidth), s.width, s.readGpr(0, s.width));
    advance(s, RDI);
    return {};
  }, 'fill');

export const LODS: SemanticsFn = (s) =>
  s.repeatString(() => {
    const value = s.load('operand', s.readGpr(RSI, s.addressWidth), s.width);
    s.writeGpr(0, s.width, value);
    advance(s, RSI);
    return {};
  });

export const CMPS: SemanticsFn = (s) =>
  s.repeatString(() => {
    const b = s.load(ES, s.readGpr(RDI, s.addressWidth), s.width);
    const a = s.load('operand', s.readGpr(RSI, s.addressWidth), s.width);
    advance(s, RSI, RDI);
    return comparison(s, a, b);
  });

export const SCAS: SemanticsFn = (s) =>
  s.repeatString(() => {
    const a = s.readGpr(0, s.width);
    const b = s.load(ES, s.readGpr(RDI, s.addressWidth), s.width);
    advance(s, RDI);
    return comparison(s, a, b);
  });
