/** @source SDM Vol. 2B "RDRAND", "RDSEED" */
import type { Instruction, RegisterOperand } from '../../decode/instruction.ts';
import { ENTROPY } from '../../state/layout.ts';
import { FLAG_CF, FLAGS_ARITHMETIC } from '../../state/rflags.ts';
import { OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import type { CpuFeature } from './cpu-model.ts';
import { undefinedOpcode } from './fault.ts';

const MASK = (1n << 64n) - 1n;

/** The next number of a sequence that begins with the seed: SplitMix64 (Steele, Lea, Flood 2014). */
function nextNumber(cpu: SystemCpu): bigint {
  const next = (cpu.state.wideField(ENTROPY) + 0x9e3779b97f4a7c15n) & MASK;
  cpu.state.setWideField(ENTROPY, next);
  const first = ((next ^ (next >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  const second = ((first ^ (first >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return second ^ (second >> 31n);
}

/** There is always a number: CF is set, the other flags are cleared. */
function giveRandom(cpu: SystemCpu, instruction: Instruction, feature: CpuFeature): Outcome {
  const { state } = cpu;
  if (!cpu.model.features.has(feature)) {
    return undefinedOpcode(cpu, `${instruction.mnemonic} is not a feature of this processor`);
  }
  const { index, width } = instruction.operands[0] as RegisterOperand;
  state.writeGpr(index, width, BigInt.asUintN(width, nextNumber(cpu)));
  state.rflags = (state.rflags & ~FLAGS_ARITHMETIC) | FLAG_CF;
  return OUTCOME_NEXT;
}

export const RDRAND: SystemOperation = (cpu, instruction) => giveRandom(cpu, instruction, 'RDRAND');
export const RDSEED: SystemOperation = (cpu, instruction) => giveRandom(cpu, instruction, 'RDSEED');
