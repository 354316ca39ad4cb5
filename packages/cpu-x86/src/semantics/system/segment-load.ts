import { joinWords, lowWord } from '@longmode/mmu';
import { CS, SS } from '../../decode/instruction.ts';
import { VECTOR_GP, VECTOR_NP, VECTOR_SS } from '../../state/exceptions.ts';
import type { SystemCpu } from './context.ts';
import {
  type Descriptor,
  describeDescriptor,
  describeSelector,
  dplOf,
  isCode,
  isConforming,
  isDefault32,
  isLong,
  isNullSelector,
  isPresent,
  isReadable,
  isWritableData,
  markAccessed,
  readDescriptor,
} from './descriptor.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { hasParagraphSegments, is64BitMode, isCanonicalAddress, isLongMode, segmentOf } from './processor-mode.ts';

/** Attributes of every segment in virtual-8086 mode: present, DPL 3, writable data, accessed. */
const ATTRIBUTES_VIRTUAL_8086 = 0xf3;

/** What a segment register will hold; `descriptor` is absent for a null selector. */
export interface SegmentValue {
  readonly selector: number;
  readonly descriptor?: Descriptor;
}

/** Loads a checked value into a segment register. */
export function commitSegment(cpu: SystemCpu, index: number, value: SegmentValue): void {
  const register = segmentOf(cpu.state, index);
  const d = value.descriptor;
  if (d === undefined) register.loadNull(value.selector);
  else register.load(value.selector, d.base, d.limit, d.attributes);
}

/** Loads a segment register as virtual-8086 mode has it. */
export function loadVirtual8086Segment(cpu: SystemCpu, index: number, selector: number): void {
  const base = BigInt((selector & 0xffff) << 4);
  segmentOf(cpu.state, index).load(selector, base, 0xffff, ATTRIBUTES_VIRTUAL_8086);
}

/**
 * Checks a selector for ES, DS, FS or GS in protected or IA-32e mode.
 *
 * @returns undefined after #GP or #NP with the selector
 * @source SDM Vol. 2B "MOV—Move", SDM Vol. 3A "Privilege Level Checking When Accessing Data Segments"
 */
export function checkDataSegment(cpu: SystemCpu, selector: number): SegmentValue | undefined {
  if (isNullSelector(selector)) return { selector };
  const d = readDescriptor(cpu, selector);
  if (d === undefined) return undefined;
  const code = selectorError(selector);
  const name = (): string => describeSelector(selector);
  if (!isReadable(d)) {
    const what = isCode(d) ? 'an execute-only code segment' : describeDescriptor(d);
    return refuse(cpu, VECTOR_GP, code, `${name()} is ${what}, not a readable segment`);
  }
  const rpl = selector & 3;
  if (!(isCode(d) && isConforming(d)) && (rpl > dplOf(d) || cpu.state.cpl > dplOf(d))) {
    return refuse(cpu, VECTOR_GP, code, `${name()} has DPL ${dplOf(d)}, below CPL ${cpu.state.cpl} or RPL ${rpl}`);
  }
  if (!isPresent(d)) return refuse(cpu, VECTOR_NP, code, `${name()} is not present`);
  const descriptor = markAccessed(cpu, d);
  return descriptor === undefined ? undefined : { selector, descriptor };
}

/** How a stack segment is being loaded, where it is not a MOV, POP or LSS. */
export interface StackSegmentRules {
  /** Privilege level that RPL and DPL must have. */
  readonly privilege: number;
  /** #GP, or #TS where the selector comes from a TSS. */
  readonly vector: number;
  readonly ext: number;
  /** A null selector is good, its RPL being right: 64-bit code at CPL < 3. */
  readonly allowsNull: boolean;
}

/**
 * Checks a selector for SS in protected or IA-32e mode.
 *
 * @returns undefined after #GP or #TS with the selector (0 for a null selector), or #SS for a segment not present
 * @source SDM Vol. 2B "MOV—Move"; SDM Vol. 2A "IRET", "CALL"
 */
export function checkStackSegment(
  cpu: SystemCpu,
  selector: number,
  rules: StackSegmentRules,
): SegmentValue | undefined {
  const { privilege, vector, ext } = rules;
  const rpl = selector & 3;
  if (isNullSelector(selector)) {
    if (rules.allowsNull && rpl === privilege) return { selector };
    return refuse(cpu, vector, ext, `the null selector ${hex(selector)} for SS`);
  }
  const d = readDescriptor(cpu, selector, vector, ext);
  if (d === undefined) return undefined;
  const code = selectorError(selector, ext);
  const name = (): string => `${describeSelector(selector)} for SS`;
  if (rpl !== privilege) return refuse(cpu, vector, code, `${name()} has RPL ${rpl}, not ${privilege}`);
  if (!isWritableData(d)) return refuse(cpu, vector, code, `${name()} is ${describeDescriptor(d)}`);
  if (dplOf(d) !== privilege) return refuse(cpu, vector, code, `${name()} has DPL ${dplOf(d)}, not ${privilege}`);
  if (!isPresent(d)) return refuse(cpu, VECTOR_SS, code, `${name()} is not present`);
  const descriptor = markAccessed(cpu, d);
  return descriptor === undefined ? undefined : { selector, descriptor };
}

/**
 * Loads ES, SS, DS, FS or GS as MOV, POP and LDS do, in any mode.
 *
 * @returns false after a fault, with the register unchanged
 */
export function loadSegment(cpu: SystemCpu, index: number, selector: number): boolean {
  if (hasParagraphSegments(cpu.state)) {
    segmentOf(cpu.state, index).loadRealMode(selector);
    return true;
  }
  const privilege = cpu.state.cpl;
  const allowsNull = is64BitMode(cpu.state) && privilege < 3;
  const value =
    index === SS
      ? checkStackSegment(cpu, selector, { privilege, vector: VECTOR_GP, ext: 0, allowsNull })
      : checkDataSegment(cpu, selector);
  if (value === undefined) return false;
  commitSegment(cpu, index, value);
  return true;
}

/** Reads the descriptor of a code segment to transfer to; a null selector raises #GP(EXT). */
export function readCodeDescriptor(cpu: SystemCpu, selector: number, ext = 0): Descriptor | undefined {
  if (isNullSelector(selector)) return refuse(cpu, VECTOR_GP, ext, `the null selector ${hex(selector)} for CS`);
  return readDescriptor(cpu, selector, VECTOR_GP, ext);
}

/** Tests that a code segment does not have both L and D in IA-32e mode, and that it is present. */
export function checkCodeSegment(cpu: SystemCpu, d: Descriptor, ext = 0): boolean {
  const code = selectorError(d.selector, ext);
  if (isLongMode(cpu.state) && isLong(d) && isDefault32(d)) {
    refuse(cpu, VECTOR_GP, code, `${describeSelector(d.selector)} has both L and D set`);
    return false;
  }
  if (isPresent(d)) return true;
  refuse(cpu, VECTOR_NP, code, `${describeSelector(d.selector)} is not present`);
  return false;
}

/** Tests that an instruction pointer is inside a code segment, or canonical for 64-bit code; else #GP(EXT). */
export function checkTarget(cpu: SystemCpu, d: Descriptor, rip: bigint, ext = 0): boolean {
  if (isLongMode(cpu.state) && isLong(d)) {
    if (isCanonicalAddress(cpu, rip)) return true;
    refuse(cpu, VECTOR_GP, ext, `the target RIP ${hex(rip)} is not canonical`);
    return false;
  }
  // Of a 64-bit offset, code that is not 64-bit code has the low half.
  if (lowWord(rip) <= d.limit) return true;
  refuse(cpu, VECTOR_GP, ext, `the target EIP ${hex(rip)} is beyond the limit ${hex(d.limit)} of the code segment`);
  return false;
}

/** RIP for a checked target: code that is not 64-bit code has the low half of a 64-bit offset. */
export function targetRip(cpu: SystemCpu, d: Descriptor, rip: bigint): bigint {
  return isLongMode(cpu.state) && isLong(d) ? rip : joinWords(lowWord(rip), 0);
}

/** Loads CS and CPL with a checked code segment. */
export function loadCodeSegment(cpu: SystemCpu, d: Descriptor, privilege: number): void {
  segmentOf(cpu.state, CS).load((d.selector & 0xfffc) | privilege, d.base, d.limit, d.attributes);
  cpu.state.cpl = privilege;
}
