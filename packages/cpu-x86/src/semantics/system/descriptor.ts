import { ACCESS_IMPLICIT, highWord, joinWords, lowWord } from '@longmode/mmu';
import { VECTOR_GP } from '../../state/exceptions.ts';
import { GDTR_BASE, GDTR_LIMIT, LDTR_INDEX } from '../../state/layout.ts';
import {
  ATTRIBUTE_ACCESSED,
  ATTRIBUTE_CODE,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_DB,
  ATTRIBUTE_DPL_SHIFT,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_G,
  ATTRIBUTE_L,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_READABLE,
  ATTRIBUTE_S,
  ATTRIBUTE_TYPE,
  ATTRIBUTE_WRITABLE,
} from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { isCanonicalAddress, isLongMode, segmentOf } from './processor-mode.ts';

/** System-segment and gate types. @source SDM Vol. 3A "System Descriptor Types" */
export const TYPE_TSS_16 = 1;
export const TYPE_LDT = 2;
export const TYPE_TSS_16_BUSY = 3;
export const TYPE_CALL_GATE_16 = 4;
export const TYPE_TASK_GATE = 5;
export const TYPE_INTERRUPT_GATE_16 = 6;
export const TYPE_TRAP_GATE_16 = 7;
/** Also the 64-bit TSS of IA-32e mode. */
export const TYPE_TSS_32 = 9;
export const TYPE_TSS_32_BUSY = 11;
/** Also the 64-bit call gate of IA-32e mode. */
export const TYPE_CALL_GATE_32 = 12;
export const TYPE_INTERRUPT_GATE_32 = 14;
export const TYPE_TRAP_GATE_32 = 15;
const TYPE_BUSY = 2;

/** A segment or gate descriptor as read from a table. Plain data. */
export interface Descriptor {
  readonly selector: number;
  /** Linear address of its first byte. */
  readonly address: bigint;
  /** Its words, the upper half of 16-byte descriptors left out. */
  readonly low: number;
  readonly high: number;
  /** As `SegmentRegister` holds them; meaningless for gates. */
  readonly base: bigint;
  readonly limit: number;
  readonly attributes: number;
}

/** Whether a selector is one of the four null selectors. */
export function isNullSelector(selector: number): boolean {
  return (selector & 0xfffc) === 0;
}

/** Splits the two words of a descriptor. */
export function parseDescriptor(selector: number, address: bigint, low: number, high: number): Descriptor {
  const attributes = (high >>> 8) & 0xf0ff;
  const limit = (high & 0xf0000) | (low & 0xffff);
  return {
    selector,
    address,
    low,
    high,
    base: joinWords((high & 0xff000000) | ((high & 0xff) << 16) | (low >>> 16), 0),
    limit: (attributes & ATTRIBUTE_G) !== 0 ? ((limit << 12) | 0xfff) >>> 0 : limit,
    attributes,
  };
}

/** Type field, S aside. */
export const typeOf = (d: Descriptor): number => d.attributes & ATTRIBUTE_TYPE;
export const dplOf = (d: Descriptor): number => (d.attributes >> ATTRIBUTE_DPL_SHIFT) & 3;
export const isPresent = (d: Descriptor): boolean => (d.attributes & ATTRIBUTE_PRESENT) !== 0;
/** S is clear: an LDT, a TSS or a gate. */
export const isSystem = (d: Descriptor): boolean => (d.attributes & ATTRIBUTE_S) === 0;
export const isCode = (d: Descriptor): boolean => !isSystem(d) && (d.attributes & ATTRIBUTE_CODE) !== 0;
export const isConforming = (d: Descriptor): boolean => (d.attributes & ATTRIBUTE_CONFORMING) !== 0;
/** A 64-bit code segment, in IA-32e mode. */
export const isLong = (d: Descriptor): boolean => (d.attributes & ATTRIBUTE_L) !== 0;
export const isDefault32 = (d: Descriptor): boolean => (d.attributes & ATTRIBUTE_DB) !== 0;

/** A data segment or a readable code segment. */
export function isReadable(d: Descriptor): boolean {
  return !isSystem(d) && ((d.attributes & ATTRIBUTE_CODE) === 0 || (d.attributes & ATTRIBUTE_READABLE) !== 0);
}

/** A data segment that can be written. */
export function isWritableData(d: Descriptor): boolean {
  return !isSystem(d) && (d.attributes & ATTRIBUTE_CODE) === 0 && (d.attributes & ATTRIBUTE_WRITABLE) !== 0;
}

/** First and last valid offset of a data segment; the first is above the last when there is none. */
export function boundsOf(d: Descriptor): { readonly low: number; readonly high: number } {
  if (isSystem(d) || isCode(d) || (d.attributes & ATTRIBUTE_EXPAND_DOWN) === 0) return { low: 0, high: d.limit };
  return { low: d.limit + 1, high: isDefault32(d) ? 0xffffffff : 0xffff };
}

/** `selector 0x1b (GDT entry 3)`. */
export function describeSelector(selector: number): string {
  return `selector ${hex(selector)} (${(selector & 4) !== 0 ? 'LDT' : 'GDT'} entry ${selector >> 3})`;
}

/** What a descriptor is, in words, for the reasons of faults. */
export function describeDescriptor(d: Descriptor): string {
  if (!isSystem(d)) {
    if (isCode(d)) return `a ${isConforming(d) ? 'conforming ' : ''}code segment`;
    return isWritableData(d) ? 'a writable data segment' : 'a read-only data segment';
  }
  return SYSTEM_TYPE_NAMES[typeOf(d)] as string;
}

// biome-ignore format: by type number
const SYSTEM_TYPE_NAMES = [
  'an empty entry (type 0)', 'a 16-bit TSS', 'an LDT', 'a busy 16-bit TSS', 'a 16-bit call gate', 'a task gate',
  'a 16-bit interrupt gate', 'a 16-bit trap gate', 'a reserved type (8)', 'a TSS', 'a reserved type (10)', 'a busy TSS',
  'a call gate', 'a reserved type (13)', 'an interrupt gate', 'a trap gate',
];

/** Wraps the address of a system table to the width of linear addresses in the current mode. */
export function tableAddress(cpu: SystemCpu, base: bigint, offset: number): bigint {
  if (isLongMode(cpu.state)) return BigInt.asUintN(64, base + joinWords(offset, 0));
  return joinWords(lowWord(base) + offset, 0);
}

/**
 * The linear address of the entry that a selector names, after the limit check.
 *
 * @param sizeBytes 8 or 16
 * @returns undefined when the entry is outside its table, or there is no LDT
 */
export function descriptorAddress(cpu: SystemCpu, selector: number, sizeBytes: number): bigint | undefined {
  const state = cpu.state;
  const offset = selector & 0xfff8;
  if ((selector & 4) === 0) {
    const fits = offset + sizeBytes - 1 <= state.field(GDTR_LIMIT);
    return fits ? tableAddress(cpu, state.wideField(GDTR_BASE), offset) : undefined;
  }
  const ldtr = segmentOf(state, LDTR_INDEX);
  if (isNullSelector(ldtr.selector) || !ldtr.isPresent || offset + sizeBytes - 1 > ldtr.limit) return undefined;
  return tableAddress(cpu, ldtr.base, offset);
}

/** The table that a selector is of, for the reasons of faults. */
function describeTable(cpu: SystemCpu, selector: number): string {
  if ((selector & 4) === 0) return `the GDT (limit ${hex(cpu.state.field(GDTR_LIMIT))})`;
  const ldtr = segmentOf(cpu.state, LDTR_INDEX);
  return isNullSelector(ldtr.selector) ? 'the LDT: none is loaded' : `the LDT (limit ${hex(ldtr.limit)})`;
}

/**
 * Reads the descriptor that a selector names. The selector is not null.
 *
 * @param vector #GP or #TS, raised with the selector when it is outside its table
 * @param ext the EXT bit of error codes
 * @returns undefined after a fault
 * @source SDM Vol. 3A "Segment Selectors", "Segment Descriptor Tables"
 */
export function readDescriptor(
  cpu: SystemCpu,
  selector: number,
  vector: number = VECTOR_GP,
  ext = 0,
): Descriptor | undefined {
  const address = descriptorAddress(cpu, selector, 8);
  if (address === undefined) {
    const reason = `${describeSelector(selector)} is outside ${describeTable(cpu, selector)}`;
    return refuse(cpu, vector, selectorError(selector, ext), reason);
  }
  const quad = cpu.memory.read64(address, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return undefined;
  return parseDescriptor(selector, address, lowWord(quad), highWord(quad));
}

/**
 * Reads the rest of an LDT or TSS descriptor: in IA-32e mode, where they take 16 bytes, the upper half of the base.
 *
 * @returns the descriptor with its whole base; undefined after a fault
 * @source SDM Vol. 3A "Segment Descriptor Tables in IA-32e Mode"
 */
export function readSystemBase(cpu: SystemCpu, d: Descriptor): Descriptor | undefined {
  if (!isLongMode(cpu.state)) return d;
  const upper = readUpperHalf(cpu, d);
  if (upper === undefined) return undefined;
  const base = d.base | ((upper & 0xffffffffn) << 32n);
  if (isCanonicalAddress(cpu, base)) return { ...d, base };
  const code = selectorError(d.selector);
  return refuse(cpu, VECTOR_GP, code, `${describeSelector(d.selector)} has the base ${hex(base)}, not canonical`);
}

/** Bits 127:64 of a 16-byte descriptor, whose type field must be 0; undefined after a fault. */
export function readUpperHalf(cpu: SystemCpu, d: Descriptor): bigint | undefined {
  const code = selectorError(d.selector);
  if (descriptorAddress(cpu, d.selector, 16) === undefined) {
    return refuse(cpu, VECTOR_GP, code, `${describeSelector(d.selector)}: its upper 8 bytes are outside the table`);
  }
  const upper = cpu.memory.read64(d.address + 8n, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return undefined;
  if ((upper & (0x1fn << 40n)) === 0n) return upper;
  return refuse(cpu, VECTOR_GP, code, `${describeSelector(d.selector)}: the type of its upper half is not 0`);
}

/** Sets the accessed flag of a segment descriptor, in memory too. @returns undefined after a fault */
export function markAccessed(cpu: SystemCpu, d: Descriptor): Descriptor | undefined {
  if ((d.attributes & ATTRIBUTE_ACCESSED) !== 0) return d;
  const attributes = d.attributes | ATTRIBUTE_ACCESSED;
  return cpu.memory.write8(d.address + 5n, attributes & 0xff, ACCESS_IMPLICIT) ? { ...d, attributes } : undefined;
}

/** Sets or clears the busy flag of a TSS descriptor in memory. @returns false after a fault */
export function writeBusy(cpu: SystemCpu, d: Descriptor, isBusy: boolean): boolean {
  const attributes = isBusy ? d.attributes | TYPE_BUSY : d.attributes & ~TYPE_BUSY;
  return cpu.memory.write8(d.address + 5n, attributes & 0xff, ACCESS_IMPLICIT);
}
