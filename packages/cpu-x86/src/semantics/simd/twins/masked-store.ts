import type { Instruction, MemoryOperand } from '../../../decode/instruction.ts';
import type { SystemCpu } from '../../system/context.ts';
import { effectiveAddress, isAlignedAccess, linearAddress } from '../../system/linear-address.ts';
import { dataAccess, is64BitMode } from '../../system/processor-mode.ts';

/**
 * The linear address of 8 bytes of a masked store's operand, found writable whatever the mask says: the manual leaves that
 * to the processor.
 *
 * @returns undefined after a fault
 * @source SDM Vol. 2B "MASKMOVDQU", "MASKMOVQ"; recorded
 */
export function maskedStoreAddress(cpu: SystemCpu, instruction: Instruction, at: 0 | 8): bigint | undefined {
  const operand = instruction.operands[2] as MemoryOperand;
  const sum = effectiveAddress(cpu, instruction, operand) + BigInt(at);
  const offset = BigInt.asUintN(instruction.addressSize, sum);
  const linear = linearAddress(cpu, operand.segment, offset, 8, true);
  if (linear === undefined || !isAlignedAccess(cpu, linear, 8)) return undefined;
  return cpu.memory.probeWrite(linear, 8, dataAccess(cpu.state)) ? linear : undefined;
}

/** Stores those of the first 8 bytes whose mask has bit 7 set, at an address that has been found writable. */
export function storeMasked(cpu: SystemCpu, linear: bigint, data: Uint8Array, mask: Uint8Array): void {
  const bits = is64BitMode(cpu.state) ? 64 : 32;
  for (let i = 0; i < 8; i++) {
    if ((mask[i] as number) < 0x80) continue;
    cpu.memory.write8(BigInt.asUintN(bits, linear + BigInt(i)), data[i] as number, dataAccess(cpu.state));
  }
}
