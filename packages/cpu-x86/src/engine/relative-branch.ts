import type { Instruction } from '../decode/instruction.ts';
import { stackWidth } from '../semantics/system/processor-mode.ts';
import type { CpuState } from '../state/cpu-state.ts';

const RCX = 1;
const RSP = 4;

/**
 * Takes back what a relative branch has done beside branching, where its target is outside the code segment or not
 * canonical: it faults then, and not its target. What CALL has written below the stack pointer stays, as on hardware.
 *
 * @source SDM Vol. 2 "CALL", "Jcc", "JMP", "LOOP/LOOPcc" (#GP(0)); recorded processors for the return address in memory
 */
export function takeBackBranch(state: CpuState, { encoding, operandSize, addressSize }: Instruction): void {
  const add = (register: number, width: 16 | 32 | 64, amount: number): void =>
    state.writeGpr(register, width, BigInt.asUintN(width, state.gpr(register) + BigInt(amount)));
  const { semantics } = encoding;
  if (semantics === 'CALL') add(RSP, stackWidth(state), operandSize / 8);
  else if (semantics.startsWith('LOOP')) add(RCX, addressSize, 1);
}
