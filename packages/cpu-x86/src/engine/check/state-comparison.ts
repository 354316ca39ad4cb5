import { saveState } from '../../state/architectural-state.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { BUDGET, FPR, RIP, SYSTEM_FLAGS, XMM, XMM_SIZE_BYTES } from '../../state/layout.ts';
import { FLAG_AF, FLAG_CF, FLAG_OF, FLAG_PF, FLAG_SF, FLAG_ZF, FLAGS_ARITHMETIC } from '../../state/rflags.ts';
import type { FieldDifference } from './divergence.ts';

const FLAG_NAMES: readonly (readonly [name: string, mask: number])[] = [
  ['CF', FLAG_CF],
  ['PF', FLAG_PF],
  ['AF', FLAG_AF],
  ['ZF', FLAG_ZF],
  ['SF', FLAG_SF],
  ['OF', FLAG_OF],
];
// biome-ignore format: one row of the encoding
const GPR_NAMES = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
];

/** The x87 and SSE state ends with the last XMM register. */
const VECTORS_END = XMM + 16 * XMM_SIZE_BYTES;

/** Whether two states, RIP apart, mean the same: lazy flags count for what they stand for. */
export function isSameState(a: CpuState, b: CpuState): boolean {
  const x = a.u32;
  const y = b.u32;
  for (let i = 0; i < RIP >> 2; i++) if (x[i] !== y[i]) return false;
  for (let i = SYSTEM_FLAGS >> 2; i < BUDGET >> 2; i++) if (x[i] !== y[i]) return false;
  for (let i = FPR >> 2; i < VECTORS_END >> 2; i++) if (x[i] !== y[i]) return false;
  return a.rflags === b.rflags;
}

/** The fields of the architecture, RIP apart, in which two states differ. */
export function compareStates(compiled: CpuState, interpreted: CpuState): FieldDifference[] {
  const found: FieldDifference[] = [];
  const add = (name: string, a: bigint | number, b: bigint | number): void => {
    if (a !== b) found.push({ name, compiled: BigInt(a), interpreted: BigInt(b) });
  };
  GPR_NAMES.forEach((name, index) => {
    add(name, compiled.gpr(index), interpreted.gpr(index));
  });
  const [x, y] = [compiled.rflags, interpreted.rflags];
  for (const [name, mask] of FLAG_NAMES) add(name, (x & mask) === 0 ? 0 : 1, (y & mask) === 0 ? 0 : 1);
  add('rflags', (x & ~FLAGS_ARITHMETIC) >>> 0, (y & ~FLAGS_ARITHMETIC) >>> 0);
  const [a, b] = [numbersOf(saveState(compiled)), numbersOf(saveState(interpreted))];
  for (const [name, value] of a) add(name, value, b.get(name) ?? 0n);
  return found;
}

/** Registers beside the general ones by name. */
function numbersOf({ cpl, interruptShadow, segments, registers }: ReturnType<typeof saveState>): Map<string, bigint> {
  const numbers = new Map<string, bigint>(Object.entries(registers));
  numbers.set('cpl', BigInt(cpl));
  numbers.set('interrupt shadow', interruptShadow === 'none' ? 0n : 1n);
  for (const [name, segment] of Object.entries(segments)) {
    for (const [part, value] of Object.entries(segment)) numbers.set(`${name}.${part}`, BigInt(value));
  }
  return numbers;
}
