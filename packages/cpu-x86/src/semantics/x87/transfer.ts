/**
 * Loads, stores, constants, and moves within the stack.
 *
 * @source SDM Vol. 2A, each instruction under its name
 */
import type { Instruction } from '../../decode/instruction.ts';
import { FLAG_DENORMAL, FLAG_INVALID, ROUND_DOWN, ROUND_UP, ROUND_ZERO } from '../../float/extended/environment.ts';
import { CLASS_SNAN, classOf, QUIET_BIT } from '../../float/extended/extended-float.ts';
import { fromDecimal, toDecimal, toInteger } from '../../float/extended/integer.ts';
import { toDouble, toSingle } from '../../float/extended/narrow.ts';
import type { SystemCpu, SystemOperation } from '../system/context.ts';
import { memoryOperand } from '../system/operand.ts';
import {
  READ_DENORMAL,
  READ_FAULT,
  readInteger,
  readReal,
  readTenBytes,
  writeTenBytes,
  writeWords,
} from './memory-operand.ts';
import { numeric, stackRegister } from './operation.ts';
import type { X87Unit } from './x87-unit.ts';

const words = { high: 0, low: 0 };
const tenBytes = new Uint8Array(10);

// ---- loads ----------------------------------------------------------------------------------------------------------

/** FLD: of a register; or of memory, where only 80 bits are taken as they are. */
export const FLD: SystemOperation = numeric((fpu, cpu, instruction) => {
  const { a } = fpu;
  if (instruction.operands[0]?.kind === 'register') {
    fpu.begin();
    const source = stackRegister(instruction, 0);
    if (fpu.isEmpty(source)) {
      // An empty source goes before a full stack.
      if (!fpu.underflowStack()) return true;
      a.setIndefinite();
      fpu.top -= 1;
      fpu.write(0, a);
      return true;
    }
    fpu.read(source, a);
    fpu.push(a);
    return true;
  }
  const kind = readReal(cpu, instruction, a);
  if (kind === READ_FAULT) return false;
  const environment = fpu.begin();
  if (memoryOperand(instruction).width !== 80 && classOf(a) === CLASS_SNAN) {
    environment.flags |= FLAG_INVALID;
    a.high |= QUIET_BIT;
  }
  const isPushed = fpu.push(a);
  // A denormal is loaded even where the exception is not masked.
  if (isPushed && kind === READ_DENORMAL) fpu.status |= FLAG_DENORMAL;
  return true;
});

export const FILD: SystemOperation = numeric((fpu, cpu, instruction) => {
  if (!readInteger(cpu, instruction, fpu.a)) return false;
  fpu.begin();
  fpu.push(fpu.a);
  return true;
});

export const FBLD: SystemOperation = numeric((fpu, cpu, instruction) => {
  if (!readTenBytes(cpu, instruction, tenBytes)) return false;
  fpu.begin();
  fromDecimal(tenBytes, fpu.a);
  fpu.push(fpu.a);
  return true;
});

/** A constant: the words below and above it, and which of them is nearer. */
function constant(exponent: number, high: number, low: number, isRoundedUp: boolean): SystemOperation {
  return numeric((fpu) => {
    const { rounding } = fpu.begin();
    let step = 0;
    if (exponent !== 0) {
      if (isRoundedUp && (rounding === ROUND_DOWN || rounding === ROUND_ZERO)) step = -1;
      else if (!isRoundedUp && rounding === ROUND_UP) step = 1;
    }
    fpu.a.set(0, exponent, high | 0, (low + step) | 0);
    fpu.push(fpu.a);
    return true;
  });
}

/** An exact constant. */
function exactConstant(exponent: number, high: number): SystemOperation {
  return numeric((fpu) => {
    fpu.begin();
    fpu.a.set(0, exponent, high | 0, 0);
    fpu.push(fpu.a);
    return true;
  });
}

export const FLDZ: SystemOperation = exactConstant(0, 0);
export const FLD1: SystemOperation = exactConstant(0x3fff, 0x8000_0000);
/** log2 10, log2 e, π, log10 2 and ln 2: significands rounded to nearest, and whether that made them larger. */
export const FLDL2T: SystemOperation = constant(0x4000, 0xd49a_784b, 0xcd1b_8afe, false);
export const FLDL2E: SystemOperation = constant(0x3fff, 0xb8aa_3b29, 0x5c17_f0bc, true);
export const FLDPI: SystemOperation = constant(0x4000, 0xc90f_daa2, 0x2168_c235, true);
export const FLDLG2: SystemOperation = constant(0x3ffd, 0x9a20_9a84, 0xfbcf_f799, true);
export const FLDLN2: SystemOperation = constant(0x3ffe, 0xb172_17f7, 0xd1cf_79ac, true);

// ---- stores ---------------------------------------------------------------------------------------------------------

/** Converts `fpu.a` for memory, and stores it. */
interface Conversion {
  /** Computes what to store; the environment tells what went wrong. */
  convert(fpu: X87Unit, width: number): void;
  /** @returns false after a fault */
  write(cpu: SystemCpu, instruction: Instruction): boolean;
}

const AS_REAL: Conversion = {
  convert: ({ environment, a }, width) => {
    if (width === 32) toSingle(environment, a, words);
    else toDouble(environment, a, words);
  },
  write: (cpu, instruction) => writeWords(cpu, instruction, words),
};
const asInteger = (truncates: boolean): Conversion => ({
  convert: ({ environment, a }, width) =>
    toInteger(environment, a, width as 16 | 32 | 64, truncates ? ROUND_ZERO : environment.rounding, words),
  write: (cpu, instruction) => writeWords(cpu, instruction, words),
});
const AS_DECIMAL: Conversion = {
  convert: ({ environment, a }) => toDecimal(environment, a, tenBytes),
  write: (cpu, instruction) => {
    const view = new DataView(tenBytes.buffer);
    const high = view.getInt32(4, true);
    return writeTenBytes(cpu, instruction, high, view.getInt32(0, true), view.getUint16(8, true));
  },
};
/** 80 bits, as they are. */
function writeExtended(fpu: X87Unit, cpu: SystemCpu, instruction: Instruction): boolean {
  const { sign, exponent, high, low } = fpu.a;
  return writeTenBytes(cpu, instruction, high, low, (sign << 15) | exponent);
}

/** Stores ST(0). @returns false after a fault */
function store(
  fpu: X87Unit,
  cpu: SystemCpu,
  instruction: Instruction,
  conversion: Conversion | undefined,
  pops: boolean,
): boolean {
  fpu.begin();
  const isEmpty = fpu.isEmpty(0);
  if (isEmpty) {
    if (!fpu.isInvalidMasked) {
      fpu.underflowStack();
      return true;
    }
    fpu.a.setIndefinite();
  } else fpu.read(0, fpu.a);
  conversion?.convert(fpu, memoryOperand(instruction).width);
  if (fpu.isStorable) {
    const isWritten = conversion ? conversion.write(cpu, instruction) : writeExtended(fpu, cpu, instruction);
    if (!isWritten) return false;
    if (isEmpty) fpu.underflowStack();
    else fpu.finishStore();
    if (pops) fpu.pop();
  } else fpu.finishStore();
  return true;
}

/** FST and FSTP to memory or a register. */
function storeReal(pops: boolean): SystemOperation {
  return numeric((fpu, cpu, instruction) => {
    if (instruction.operands[0]?.kind === 'memory') {
      const { width } = memoryOperand(instruction);
      return store(fpu, cpu, instruction, width === 80 ? undefined : AS_REAL, pops);
    }
    fpu.begin();
    const { a } = fpu;
    if (fpu.isEmpty(0)) {
      if (!fpu.underflowStack()) return true;
      a.setIndefinite();
    } else {
      fpu.read(0, a);
      fpu.complete();
    }
    fpu.write(stackRegister(instruction, 0), a);
    if (pops) fpu.pop();
    return true;
  });
}
export const FST: SystemOperation = storeReal(false);
export const FSTP: SystemOperation = storeReal(true);

/** As FSTP of a register, but an empty ST(0) is only popped. */
export const FSTPNCE: SystemOperation = numeric((fpu, _cpu, instruction) => {
  if (!fpu.isEmpty(0)) {
    fpu.read(0, fpu.a);
    fpu.write(stackRegister(instruction, 0), fpu.a);
  }
  fpu.pop();
  fpu.complete();
  return true;
});

function storeInteger(truncates: boolean, pops: boolean): SystemOperation {
  const conversion = asInteger(truncates);
  return numeric((fpu, cpu, instruction) => store(fpu, cpu, instruction, conversion, pops));
}
export const FIST: SystemOperation = storeInteger(false, false);
export const FISTP: SystemOperation = storeInteger(false, true);
export const FISTTP: SystemOperation = storeInteger(true, true);
export const FBSTP: SystemOperation = numeric((fpu, cpu, instruction) =>
  store(fpu, cpu, instruction, AS_DECIMAL, true),
);

// ---- within the stack -----------------------------------------------------------------------------------------------

/** FXCH: an empty register takes part with the indefinite value. */
export const FXCH: SystemOperation = numeric((fpu, _cpu, instruction) => {
  fpu.begin();
  const other = stackRegister(instruction, 1);
  const { a, b } = fpu;
  const isEmpty = [fpu.isEmpty(0), fpu.isEmpty(other)];
  fpu.read(0, a);
  fpu.read(other, b);
  if (isEmpty[0] || isEmpty[1]) {
    if (!fpu.underflowStack()) return true;
    if (isEmpty[0]) a.setIndefinite();
    if (isEmpty[1]) b.setIndefinite();
  } else fpu.complete();
  fpu.write(0, b);
  fpu.write(other, a);
  return true;
});

export const FINCSTP: SystemOperation = numeric((fpu) => {
  fpu.top += 1;
  fpu.complete();
  return true;
});
export const FDECSTP: SystemOperation = numeric((fpu) => {
  fpu.top -= 1;
  fpu.complete();
  return true;
});
export const FFREE: SystemOperation = numeric((fpu, _cpu, instruction) => {
  fpu.free(stackRegister(instruction, 0));
  fpu.complete();
  return true;
});
export const FFREEP: SystemOperation = numeric((fpu, _cpu, instruction) => {
  fpu.free(stackRegister(instruction, 0));
  fpu.pop();
  fpu.complete();
  return true;
});
export const FNOP: SystemOperation = numeric(() => true);
