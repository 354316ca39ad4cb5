import * as register from './registers.ts';

/** Bits that may be written, by register; those that read only do are not in here. */
const WRITABLE: ReadonlyMap<number, number> = new Map([
  [register.TASK_PRIORITY, 0xff],
  [register.END_OF_INTERRUPT, 0],
  [register.SPURIOUS_VECTOR, register.SPURIOUS_MASK],
  [register.ERROR_STATUS, 0],
  [register.INTERRUPT_COMMAND, register.COMMAND_MASK],
  ...register.LVT_WRITABLE.map((bits, index): [number, number] => {
    return [register.LVT_TIMER + index, bits | register.LVT_STATUS | register.LVT_REMOTE_IRR];
  }),
  [register.INITIAL_COUNT, 0xffff_ffff],
  [register.DIVIDE_CONFIGURATION, 0x0b],
  [register.SELF_IPI, 0xff],
]);

const READ_ONLY: ReadonlySet<number> = new Set([
  register.ID,
  register.VERSION,
  register.PROCESSOR_PRIORITY,
  register.LOGICAL_DESTINATION,
  register.CURRENT_COUNT,
]);

const isVectorSet = (number: number): boolean => number >= register.IN_SERVICE && number < register.ERROR_STATUS;

/** Whether a register has an MSR that can be read. @source SDM Vol. 3A "x2APIC Register Address Space" */
export function isX2apicReadable(number: number): boolean {
  if (number === register.END_OF_INTERRUPT || number === register.SELF_IPI) return false;
  return WRITABLE.has(number) || READ_ONLY.has(number) || isVectorSet(number);
}

/**
 * Why a register's MSR may not take a value, or undefined when it may.
 *
 * @source SDM Vol. 3A "Reserved Bit Checking"
 */
export function x2apicRefusal(number: number, value: bigint): string | undefined {
  const bits = WRITABLE.get(number);
  if (bits === undefined) return 'is for an MSR that does not exist or cannot be written';
  if (number === register.INTERRUPT_COMMAND) {
    return (value & 0xffff_ffffn & ~BigInt(bits)) === 0n ? undefined : 'has reserved bits set';
  }
  return (value & ~BigInt(bits)) === 0n ? undefined : 'has reserved bits set';
}
