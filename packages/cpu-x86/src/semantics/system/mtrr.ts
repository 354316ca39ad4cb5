/**
 * Memory-type range registers: kept and checked, without effect, as nothing here is cached.
 *
 * @source SDM Vol. 3A "Memory Type Range Registers (MTRRs)"
 */
import { MSR_MTRR_DEF_TYPE, MSR_MTRR_FIXED, MSR_MTRR_VARIABLE } from '../../state/layout.ts';

const VARIABLE_FIRST = 0x200;
const VARIABLE_COUNT = 8;
const VARIABLE_LAST = VARIABLE_FIRST + 2 * VARIABLE_COUNT - 1;
const DEF_TYPE = 0x2ff;
/** The 11 fixed-range registers in the order in which the state keeps them. */
const FIXED = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];

/** IA32_MTRRCAP: 8 variable ranges, fixed ranges, write combining. */
export const MTRR_CAPABILITIES: bigint = BigInt(VARIABLE_COUNT | 0x100 | 0x400);

/** UC, WC, WT, WP or WB. */
export function isMemoryType(type: number): boolean {
  return type === 0 || type === 1 || (type >= 4 && type <= 6);
}

/** Whether an MSR number is that of an MTRR (MTRRCAP aside). */
export function isMtrr(index: number): boolean {
  return (index >= VARIABLE_FIRST && index <= VARIABLE_LAST) || index === DEF_TYPE || FIXED.includes(index);
}

/** The state field of an MTRR. */
export function mtrrField(index: number): number {
  if (index === DEF_TYPE) return MSR_MTRR_DEF_TYPE;
  if (index <= VARIABLE_LAST) return MSR_MTRR_VARIABLE + 8 * (index - VARIABLE_FIRST);
  return MSR_MTRR_FIXED + 8 * FIXED.indexOf(index);
}

/** Why a value may not be written to an MTRR, or undefined when it may. */
export function mtrrRefusal(index: number, value: bigint, maxPhyAddr: number): string | undefined {
  const type = Number(value & 0xffn);
  if (index === DEF_TYPE) {
    if ((value & ~0xcffn) !== 0n) return 'has reserved bits set';
    return isMemoryType(type) ? undefined : `has the reserved memory type ${type}`;
  }
  if (index > VARIABLE_LAST) {
    for (let i = 0n; i < 64n; i += 8n) {
      if (!isMemoryType(Number((value >> i) & 0xffn))) return 'has a reserved memory type';
    }
    return undefined;
  }
  const isMask = (index & 1) !== 0;
  if ((value & (isMask ? 0x7ffn : 0xf00n)) !== 0n || value >> BigInt(maxPhyAddr) !== 0n) return 'has reserved bits set';
  return isMask || isMemoryType(type) ? undefined : `has the reserved memory type ${type}`;
}
