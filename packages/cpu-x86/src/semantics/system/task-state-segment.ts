import { ACCESS_IMPLICIT, joinWords } from '@longmode/mmu';
import { VECTOR_SS, VECTOR_TS } from '../../state/exceptions.ts';
import { TR_INDEX } from '../../state/layout.ts';
import { ATTRIBUTE_TYPE } from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import { TYPE_TSS_16, TYPE_TSS_16_BUSY, tableAddress } from './descriptor.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { isCanonicalAddress, isLongMode, segmentOf } from './processor-mode.ts';
import { checkStackSegment, type SegmentValue } from './segment-load.ts';
import { Stack } from './stack.ts';

/** A stack that a privilege change or an IST entry switches to, with the SS that goes with it. */
export interface SwitchedStack {
  readonly stack: Stack;
  readonly ss: SegmentValue;
}

/** Whether TR holds a 16-bit TSS. */
export function isTss16(cpu: SystemCpu): boolean {
  const type = segmentOf(cpu.state, TR_INDEX).attributes & ATTRIBUTE_TYPE;
  return type === TYPE_TSS_16 || type === TYPE_TSS_16_BUSY;
}

/**
 * The stack of a more privileged level, from the TSS: SSn:ESPn, or RSPn in IA-32e mode.
 *
 * @param ext the EXT bit of error codes
 * @returns undefined after #TS with the TSS's or the stack's selector, or #SS with the stack's
 * @source SDM Vol. 3A "Stack Switching", "Stack Switching in IA-32e Mode"
 */
export function stackOfPrivilege(cpu: SystemCpu, privilege: number, ext = 0): SwitchedStack | undefined {
  if (isLongMode(cpu.state)) return longStack(cpu, 4 + 8 * privilege, privilege, ext, `RSP${privilege}`);
  const tr = segmentOf(cpu.state, TR_INDEX);
  const is16 = isTss16(cpu);
  const offset = is16 ? 2 + 4 * privilege : 4 + 8 * privilege;
  if (offset + (is16 ? 3 : 5) > tr.limit) return refuseTss(cpu, ext, `SS${privilege}:ESP${privilege}`);
  const at = tableAddress(cpu, tr.base, offset);
  const pointer = is16 ? cpu.memory.read16(at, ACCESS_IMPLICIT) : cpu.memory.read32(at, ACCESS_IMPLICIT);
  const selectorAt = tableAddress(cpu, tr.base, offset + (is16 ? 2 : 4));
  const selector = cpu.memory.failed ? 0 : cpu.memory.read16(selectorAt, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return undefined;
  const ss = checkStackSegment(cpu, selector, { privilege, vector: VECTOR_TS, ext, allowsNull: false });
  if (ss?.descriptor === undefined) return undefined;
  const error = selectorError(selector, ext);
  return { stack: Stack.inSegment(cpu, ss.descriptor, joinWords(pointer, 0), privilege, error), ss };
}

/**
 * The stack of an IST entry.
 *
 * @param index 1 to 7
 * @param privilege of the handler
 */
export function stackOfInterrupt(
  cpu: SystemCpu,
  index: number,
  privilege: number,
  ext: number,
): SwitchedStack | undefined {
  return longStack(cpu, 28 + 8 * index, privilege, ext, `IST${index}`);
}

function longStack(
  cpu: SystemCpu,
  offset: number,
  privilege: number,
  ext: number,
  name: string,
): SwitchedStack | undefined {
  const tr = segmentOf(cpu.state, TR_INDEX);
  if (offset + 7 > tr.limit) return refuseTss(cpu, ext, name);
  const pointer = cpu.memory.read64(tableAddress(cpu, tr.base, offset), ACCESS_IMPLICIT);
  if (cpu.memory.failed) return undefined;
  // SS becomes a null selector with the new CPL; error codes show it as 0.
  if (!isCanonicalAddress(cpu, pointer)) {
    return refuse(cpu, VECTOR_SS, ext, `${name} of the TSS, ${hex(pointer)}, is not canonical`);
  }
  return { stack: Stack.flat(cpu, pointer, privilege, ext), ss: { selector: privilege } };
}

function refuseTss(cpu: SystemCpu, ext: number, name: string): undefined {
  const tr = segmentOf(cpu.state, TR_INDEX);
  const where = `TR ${hex(tr.selector)}, limit ${hex(tr.limit)}`;
  return refuse(cpu, VECTOR_TS, selectorError(tr.selector, ext), `${name} is outside the TSS (${where})`);
}
