/**
 * IN, OUT, INS, OUTS.
 *
 * @source SDM Vol. 1 "Protected-Mode I/O"; SDM Vol. 2A "IN", "INS"; SDM Vol. 2B "OUT", "OUTS"
 */
import { ACCESS_IMPLICIT } from '@longmode/mmu';
import { DS, ES, type Instruction, type Operand } from '../../decode/instruction.ts';
import type { AccessWidth } from '../../host.ts';
import { SYSTEM_FLAGS, TR_INDEX } from '../../state/layout.ts';
import { FLAG_DF, FLAG_RF } from '../../state/rflags.ts';
import {
  OUTCOME_BRANCH,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
  type SystemOperation,
} from './context.ts';
import { tableAddress } from './descriptor.ts';
import { generalProtection, hex } from './fault.ts';
import { linearAddress } from './linear-address.ts';
import { operandAt, probeWrite, readLinear, writeLinear } from './operand.ts';
import { dataAccess, ioPrivilegeLevel, isProtectedMode, isVirtual8086Mode, segmentOf } from './processor-mode.ts';
import { isTss16 } from './task-state-segment.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;
const TSS_IO_MAP_BASE = 0x66;

/**
 * Tests the right to use a port: CPL at most IOPL, or clear bits in the TSS's I/O permission bit map. Raises #GP(0)
 * and gives false where there is none.
 */
export function mayUsePort(cpu: SystemCpu, port: number, width: number): boolean {
  const { state, memory } = cpu;
  if (!isProtectedMode(state)) return true;
  if (state.cpl <= ioPrivilegeLevel(state) && !isVirtual8086Mode(state)) return true;
  const tr = segmentOf(state, TR_INDEX);
  const refuse = (why: string): false => {
    generalProtection(cpu, `port ${hex(port)} at CPL ${state.cpl} with IOPL ${ioPrivilegeLevel(state)}: ${why}`);
    return false;
  };
  if (!tr.isPresent || isTss16(cpu) || TSS_IO_MAP_BASE + 1 > tr.limit) return refuse('the TSS has no I/O bit map');
  const base = memory.read16(tableAddress(cpu, tr.base, TSS_IO_MAP_BASE), ACCESS_IMPLICIT);
  if (memory.failed) return false;
  // Two bytes are always read: the bits of one access may lie in both.
  const at = base + (port >> 3);
  if (at + 1 > tr.limit) return refuse('it is beyond the I/O bit map of the TSS');
  const bits = memory.read16(tableAddress(cpu, tr.base, at), ACCESS_IMPLICIT);
  if (memory.failed) return false;
  const wanted = ((1 << (width / 8)) - 1) << (port & 7);
  return (bits & wanted) === 0 || refuse('the I/O bit map of the TSS forbids it');
}

/** A port number: an immediate byte or DX. */
function portOf(cpu: SystemCpu, operand: Operand): number {
  if (operand.kind === 'register') return cpu.state.gpr32(RDX) & 0xffff;
  return operand.kind === 'immediate' ? operand.low & 0xff : 0;
}

const accessWidth = (operand: Operand): AccessWidth => {
  const width = operand.kind === 'register' || operand.kind === 'memory' ? operand.width : 8;
  return width === 8 ? 8 : width === 16 ? 16 : 32;
};

const lowBits = (value: number, width: AccessWidth): number => (width === 32 ? value : value & ((1 << width) - 1));

/** IN AL/AX/EAX, imm8 or DX. */
export const IN: SystemOperation = (cpu, instruction) => {
  const width = accessWidth(operandAt(instruction, 0));
  const port = portOf(cpu, operandAt(instruction, 1));
  if (!mayUsePort(cpu, port, width)) return OUTCOME_FAULT;
  cpu.state.writeGprNumber(RAX, width, cpu.ports.readPort(port, width));
  return OUTCOME_NEXT;
};

/** OUT imm8 or DX, AL/AX/EAX. */
export const OUT: SystemOperation = (cpu, instruction) => {
  const width = accessWidth(operandAt(instruction, 1));
  const port = portOf(cpu, operandAt(instruction, 0));
  if (!mayUsePort(cpu, port, width)) return OUTCOME_FAULT;
  cpu.ports.writePort(port, width, lowBits(cpu.state.gpr32(RAX), width));
  return OUTCOME_NEXT;
};

/** Adds to an index register within the address size. */
function advance(cpu: SystemCpu, index: number, instruction: Instruction, sizeBytes: number): void {
  const isDown = (cpu.state.field(SYSTEM_FLAGS) & FLAG_DF) !== 0;
  const sum = cpu.state.gpr(index) + BigInt(isDown ? -sizeBytes : sizeBytes);
  cpu.state.writeGpr(index, instruction.addressSize, BigInt.asUintN(instruction.addressSize, sum));
}

const count = (cpu: SystemCpu, instruction: Instruction): bigint =>
  BigInt.asUintN(instruction.addressSize, cpu.state.gpr(RCX));

/** After one iteration: the count goes down, and the instruction runs again until it is used up. */
function finishIteration(cpu: SystemCpu, instruction: Instruction): Outcome {
  if (instruction.repeat === 0) return OUTCOME_NEXT;
  const left = count(cpu, instruction) - 1n;
  cpu.state.writeGpr(RCX, instruction.addressSize, left);
  if (left === 0n) return OUTCOME_NEXT;
  // Whatever comes between two iterations saves RF set.
  cpu.state.setField(SYSTEM_FLAGS, cpu.state.field(SYSTEM_FLAGS) | FLAG_RF);
  cpu.state.rip = cpu.rip;
  return OUTCOME_BRANCH;
}

/** INS: from port DX to ES:RDI. The destination is tested first, so that a fault reads nothing from the device. */
export const INS: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const width = stringWidth(instruction);
  const port = state.gpr32(RDX) & 0xffff;
  // The right to use the port is tested first, even if nothing is to be moved.
  if (!mayUsePort(cpu, port, width)) return OUTCOME_FAULT;
  if (instruction.repeat !== 0 && count(cpu, instruction) === 0n) return OUTCOME_NEXT;
  const offset = BigInt.asUintN(instruction.addressSize, state.gpr(RDI));
  const linear = linearAddress(cpu, ES, offset, width / 8, true);
  const access = dataAccess(state);
  if (linear === undefined || !probeWrite(cpu, linear, width / 8, access)) return OUTCOME_FAULT;
  const value = BigInt(cpu.ports.readPort(port, width) >>> 0);
  if (!writeLinear(cpu, linear, width, value, access)) return OUTCOME_FAULT;
  advance(cpu, RDI, instruction, width / 8);
  return finishIteration(cpu, instruction);
};

/** OUTS: from DS:RSI, or another segment, to port DX. */
export const OUTS: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const width = stringWidth(instruction);
  const port = state.gpr32(RDX) & 0xffff;
  // The right to use the port is tested first, even if nothing is to be moved.
  if (!mayUsePort(cpu, port, width)) return OUTCOME_FAULT;
  if (instruction.repeat !== 0 && count(cpu, instruction) === 0n) return OUTCOME_NEXT;
  const source = instruction.operands.find((operand) => operand.kind === 'memory');
  const offset = BigInt.asUintN(instruction.addressSize, state.gpr(RSI));
  const linear = linearAddress(cpu, source?.segment ?? DS, offset, width / 8, false);
  const value = linear === undefined ? undefined : readLinear(cpu, linear, width, dataAccess(state));
  if (value === undefined) return OUTCOME_FAULT;
  cpu.ports.writePort(port, width, Number(value));
  advance(cpu, RSI, instruction, width / 8);
  return finishIteration(cpu, instruction);
};

/** Bits of one item: 8 for INSB and OUTSB, else the operand size, of which 64 means 32. */
function stringWidth(instruction: Instruction): AccessWidth {
  const operand = instruction.operands.find(({ kind }) => kind === 'memory');
  if (operand !== undefined) return accessWidth(operand);
  if ((instruction.encoding.opcode & 1) === 0) return 8;
  return instruction.operandSize === 16 ? 16 : 32;
}
