/**
 * Control word, status word, environment and the whole state.
 *
 * @source SDM Vol. 2A, each instruction under its name; SDM Vol. 1 "Saving the x87 FPU's State with FSTENV/FNSTENV and
 * FSAVE/FNSAVE"
 */
import type { Instruction } from '../../decode/instruction.ts';
import { CR0_MP, CR0_TS } from '../../state/control-registers.ts';
import { CR0 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from '../system/context.ts';
import { deviceNotAvailable } from '../system/fault.ts';
import { addressOfPieces } from '../system/linear-address.ts';
import { memoryOperand, operandAt, readOperand, writeOperand } from '../system/operand.ts';
import { dataAccess } from '../system/processor-mode.ts';
import {
  ENVIRONMENT_SIZES,
  environmentFormat,
  REGISTER_SIZE_BYTES,
  readEnvironment,
  writeEnvironment,
} from './environment-image.ts';
import { control, isClear, unchecked } from './operation.ts';
import { EXCEPTIONS, STATUS_BUSY, STATUS_STACK_FAULT, STATUS_SUMMARY, type X87Unit } from './x87-unit.ts';

export const FLDCW: SystemOperation = control((fpu, cpu, instruction) => {
  const value = readOperand(cpu, instruction, operandAt(instruction, 0));
  if (value === undefined) return false;
  fpu.control = Number(value);
  return true;
});
export const FNSTCW: SystemOperation = unchecked((fpu, cpu, instruction) =>
  writeOperand(cpu, instruction, operandAt(instruction, 0), 16, BigInt(fpu.control)),
);
export const FNSTSW: SystemOperation = unchecked((fpu, cpu, instruction) =>
  writeOperand(cpu, instruction, operandAt(instruction, 0), 16, BigInt(fpu.status)),
);

export const FNCLEX: SystemOperation = unchecked((fpu) => {
  fpu.status &= ~(EXCEPTIONS | STATUS_STACK_FAULT | STATUS_SUMMARY | STATUS_BUSY);
  return true;
});
export const FNINIT: SystemOperation = unchecked((fpu) => {
  fpu.initialize();
  return true;
});
/** FNENI, FNDISI and FNSETPM: of the 8087 and the 80287; nothing since. */
export const FNOP_UNCHECKED: SystemOperation = unchecked(() => true);

/** FWAIT: reports a pending exception; #NM where the x87 FPU is another task's and CR0.MP says to look. */
export const FWAIT: SystemOperation = (cpu, instruction) => {
  const cr0 = cpu.state.field(CR0);
  if ((cr0 & (CR0_MP | CR0_TS)) === (CR0_MP | CR0_TS)) {
    return deviceNotAvailable(cpu, 'FWAIT with CR0.MP and CR0.TS set');
  }
  return isClear(cpu, instruction) ? OUTCOME_NEXT : OUTCOME_FAULT;
};

/** Masks all exceptions once the environment is stored. */
export const FNSTENV: SystemOperation = unchecked((fpu, cpu, instruction) => {
  const size = ENVIRONMENT_SIZES[environmentFormat(cpu, instruction)];
  const image = new Uint8Array(size);
  writeEnvironment(cpu, instruction, image);
  if (!writeImage(cpu, instruction, image)) return false;
  fpu.control |= EXCEPTIONS;
  return true;
});

export const FLDENV: SystemOperation = control((_fpu, cpu, instruction) => {
  const image = readImage(cpu, instruction, ENVIRONMENT_SIZES[environmentFormat(cpu, instruction)]);
  if (image === undefined) return false;
  readEnvironment(cpu, instruction, image);
  return true;
});

/** The environment and the registers ST(0) to ST(7); then FNINIT. */
export const FNSAVE: SystemOperation = unchecked((fpu, cpu, instruction) => {
  const size = ENVIRONMENT_SIZES[environmentFormat(cpu, instruction)];
  const image = new Uint8Array(size + 8 * REGISTER_SIZE_BYTES);
  writeEnvironment(cpu, instruction, image);
  const view = new DataView(image.buffer);
  for (let i = 0; i < 8; i++) writeRegister(fpu, i, view, size + i * REGISTER_SIZE_BYTES);
  if (!writeImage(cpu, instruction, image)) return false;
  fpu.initialize();
  return true;
});

export const FRSTOR: SystemOperation = control((fpu, cpu, instruction) => {
  const size = ENVIRONMENT_SIZES[environmentFormat(cpu, instruction)];
  const image = readImage(cpu, instruction, size + 8 * REGISTER_SIZE_BYTES);
  if (image === undefined) return false;
  readEnvironment(cpu, instruction, image);
  const view = new DataView(image.buffer);
  for (let i = 0; i < 8; i++) readRegister(fpu, i, view, size + i * REGISTER_SIZE_BYTES);
  return true;
});

/** Stores ST(i) as 10 bytes. */
export function writeRegister(fpu: X87Unit, i: number, view: DataView, at: number): void {
  const { a } = fpu;
  fpu.read(i, a);
  view.setInt32(at, a.low, true);
  view.setInt32(at + 4, a.high, true);
  view.setUint16(at + 8, (a.sign << 15) | a.exponent, true);
}
/** Loads ST(i) from 10 bytes; its tag stays. */
export function readRegister(fpu: X87Unit, i: number, view: DataView, at: number): void {
  const signExponent = view.getUint16(at + 8, true);
  fpu.a.set(signExponent >> 15, signExponent & 0x7fff, view.getInt32(at + 4, true), view.getInt32(at, true));
  fpu.writePhysical((fpu.top + i) & 7, fpu.a);
}

/** An image is accessed in pieces as wide as the operand size; nothing is written unless all of it can be. */
function writeImage(cpu: SystemCpu, instruction: Instruction, image: Uint8Array): boolean {
  const pieceSizeBytes = environmentFormat(cpu, instruction) / 8;
  const parts = { sizeBytes: image.length, pieceSizeBytes, isWrite: true };
  const linear = addressOfPieces(cpu, instruction, memoryOperand(instruction), parts);
  if (linear === undefined) return false;
  const access = dataAccess(cpu.state);
  if (!cpu.memory.probeWrite(linear, image.length, access)) return false;
  const view = new DataView(image.buffer);
  let at = 0;
  if (pieceSizeBytes === 4) {
    for (; at + 4 <= image.length; at += 4) cpu.memory.write32(linear + BigInt(at), view.getUint32(at, true), access);
  }
  for (; at < image.length; at += 2) cpu.memory.write16(linear + BigInt(at), view.getUint16(at, true), access);
  return true;
}

function readImage(cpu: SystemCpu, instruction: Instruction, size: number): Uint8Array<ArrayBuffer> | undefined {
  const pieceSizeBytes = environmentFormat(cpu, instruction) / 8;
  const parts = { sizeBytes: size, pieceSizeBytes, isWrite: false };
  const linear = addressOfPieces(cpu, instruction, memoryOperand(instruction), parts);
  if (linear === undefined) return undefined;
  const access = dataAccess(cpu.state);
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  let at = 0;
  if (pieceSizeBytes === 4) {
    for (; at + 4 <= size; at += 4) view.setUint32(at, cpu.memory.read32(linear + BigInt(at), access), true);
  }
  for (; at < size; at += 2) view.setUint16(at, cpu.memory.read16(linear + BigInt(at), access), true);
  return cpu.memory.failed ? undefined : image;
}
