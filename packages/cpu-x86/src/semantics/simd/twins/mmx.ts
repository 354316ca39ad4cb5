import { fromInteger, toInteger } from '../../../float/binary-convert.ts';
import { type BinaryFormat, DOUBLE, ROUND_ZERO, SINGLE } from '../../../float/binary-float.ts';
import { FPR, FPR_EXPONENT, FPR_SIZE_BYTES } from '../../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu } from '../../system/context.ts';
import { maskedStoreAddress, storeMasked } from './masked-store.ts';
import {
  computeElements,
  environmentOf,
  raiseExceptions,
  registerNumber,
  sourceOf,
  type Twin,
  VectorView,
} from './twin.ts';

/** An MMX register by number. */
const mmx = ({ state }: SystemCpu, index: number): VectorView => new VectorView(state, FPR + FPR_SIZE_BYTES * index);

/** What every MMX instruction does to the x87 registers: none is empty, and the top is register 0. */
function enterMmx({ x87 }: SystemCpu): void {
  x87.tags = 0xff;
  x87.top = 0;
}

/** Two doublewords to the low elements of an XMM register. */
const fromMmx =
  (format: BinaryFormat): Twin =>
  (cpu, instruction) => {
    const source = sourceOf(cpu);
    const outcome = computeElements(cpu, instruction, format.width, 2, (env, i) =>
      fromInteger(env, format, BigInt.asIntN(32, source.get(32, i))),
    );
    // A memory operand leaves the x87 registers alone.
    if (outcome === OUTCOME_NEXT && instruction.operands[1]?.kind === 'register') enterMmx(cpu);
    return outcome;
  };

/** Two elements of the source to doublewords. */
const toMmx =
  (format: BinaryFormat, truncates: boolean): Twin =>
  (cpu, instruction) => {
    const env = environmentOf(cpu);
    const source = sourceOf(cpu);
    const rounding = truncates ? ROUND_ZERO : env.rounding;
    const values = [0, 1].map((i) => toInteger(env, format, source.get(format.width, i), 32, rounding));
    const outcome = raiseExceptions(cpu, instruction, env);
    if (outcome !== OUTCOME_NEXT) return outcome;
    const index = registerNumber(instruction);
    values.forEach((value, i) => {
      mmx(cpu, index).set(32, i, BigInt.asUintN(32, value));
    });
    cpu.state.setField(FPR + FPR_SIZE_BYTES * index + FPR_EXPONENT, 0xffff);
    enterMmx(cpu);
    return OUTCOME_NEXT;
  };

/** Stores the bytes whose mask has bit 7 set. */
const MASKMOVQ: Twin = (cpu, instruction) => {
  const linear = maskedStoreAddress(cpu, instruction, 0);
  if (linear === undefined) return OUTCOME_FAULT;
  storeMasked(cpu, linear, mmx(cpu, registerNumber(instruction)).bytes, mmx(cpu, registerNumber(instruction, 1)).bytes);
  enterMmx(cpu);
  return OUTCOME_NEXT;
};

export const MMX_TWINS: Readonly<Record<string, Twin>> = {
  CVTPI2PS: fromMmx(SINGLE),
  CVTPI2PD: fromMmx(DOUBLE),
  CVTPS2PI: toMmx(SINGLE, false),
  CVTPD2PI: toMmx(DOUBLE, false),
  CVTTPS2PI: toMmx(SINGLE, true),
  CVTTPD2PI: toMmx(DOUBLE, true),
  MASKMOVQ,
};
