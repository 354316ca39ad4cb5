/**
 * Why an instruction raised #GP or #SS by an operand, for the exception log: generated code faults without saying so. Looks
 * only, at the state that the fault found.
 *
 * @source SDM Vol. 3A "Limit Checking", "Type Checking"; Vol. 1 "Canonical Addressing"
 */
import { formatHex } from '@longmode/mmu';
import { CS, type Instruction, SS } from '../../decode/instruction.ts';
import { VECTOR_SS } from '../../state/exceptions.ts';
import type { SystemCpu } from './context.ts';
import { effectiveAddress, refusalOf } from './linear-address.ts';
import { is64BitMode, segmentOf } from './processor-mode.ts';
import { RSP } from './stack.ts';

const BRANCHES: ReadonlySet<string> = new Set(['JMP', 'Jcc', 'CALL', 'RET', 'LOOP', 'LOOPE', 'LOOPNE', 'JCXZ']);

/**
 * @param instruction that faulted, at RIP; `nextRip` is that behind it
 * @param vector #GP or #SS
 * @returns a clause, or undefined where no operand explains it
 */
export function explainOperandFault(cpu: SystemCpu, instruction: Instruction, vector: number): string | undefined {
  for (const operand of instruction.operands) {
    if (operand.kind !== 'memory' || operand.width === 0) continue;
    const offset = effectiveAddress(cpu, instruction, operand);
    const refused = (isWrite: boolean) => refusalOf(cpu, operand.segment, offset, operand.width >> 3, isWrite);
    const refusal = refused(false) ?? refused(true);
    if (refusal?.vector === vector) return refusal.reason;
  }
  return vector === VECTOR_SS ? explainStack(cpu) : explainCode(cpu, instruction);
}

/** Operands of the stack that no encoding names. */
function explainStack(cpu: SystemCpu): string | undefined {
  const pointer = cpu.state.gpr(RSP);
  if (is64BitMode(cpu.state)) return refusalOf(cpu, SS, BigInt.asUintN(64, pointer - 1n), 2, true)?.reason;
  const { low, high } = segmentOf(cpu.state, SS);
  const bounds = `which goes from ${formatHex(low)} to ${formatHex(high)}`;
  return `the stack pointer ${formatHex(BigInt.asUintN(32, pointer))} leads out of SS, ${bounds}`;
}

/** An instruction that reaches out of the code segment, or a branch out of it. */
function explainCode(cpu: SystemCpu, { encoding, length, operands }: Instruction): string | undefined {
  const { state } = cpu;
  const is64 = is64BitMode(state);
  const limit = segmentOf(state, CS).high;
  const beyond = `beyond the limit ${formatHex(limit)} of the code segment`;
  if (!is64 && state.rip + BigInt(length) - 1n > BigInt(limit)) return `the instruction ends ${beyond}`;
  if (!BRANCHES.has(encoding.semantics)) return undefined;
  const [target] = operands;
  const value = target?.kind === 'register' ? ` ${formatHex(state.gpr(target.index))}` : '';
  return `the target${value} is ${is64 ? 'not canonical' : beyond}`;
}
