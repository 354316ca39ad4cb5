/** Returning to code of the same or an outer privilege level: what RET and IRET have in common. */
import { DS, ES, FS, GS, SS } from '../../decode/instruction.ts';
import { VECTOR_GP } from '../../state/exceptions.ts';
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_DB,
  type SegmentRegister,
} from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import {
  type Descriptor,
  describeDescriptor,
  describeSelector,
  dplOf,
  isCode,
  isConforming,
  isLong,
  markAccessed,
} from './descriptor.ts';
import { refuse, selectorError } from './fault.ts';
import { isLongMode, segmentOf } from './processor-mode.ts';
import {
  checkCodeSegment,
  checkStackSegment,
  commitSegment,
  readCodeDescriptor,
  type SegmentValue,
} from './segment-load.ts';
import { RSP } from './stack.ts';

/**
 * Checks the CS selector that a return popped.
 *
 * @returns the descriptor with its accessed flag set; undefined after #GP(0) for a null selector, else #GP or #NP with it
 * @source SDM Vol. 2B "RET—Return From Procedure", SDM Vol. 2A "IRET/IRETD/IRETQ—Interrupt Return"
 */
export function checkReturnSegment(cpu: SystemCpu, selector: number): Descriptor | undefined {
  const d = readCodeDescriptor(cpu, selector);
  if (d === undefined) return undefined;
  const code = selectorError(selector);
  const name = (): string => `${describeSelector(selector)} for CS`;
  const rpl = selector & 3;
  if (!isCode(d)) return refuse(cpu, VECTOR_GP, code, `${name()} is ${describeDescriptor(d)}`);
  if (rpl < cpu.state.cpl) {
    return refuse(
      cpu,
      VECTOR_GP,
      code,
      `${name()} has RPL ${rpl}: a return cannot go to more privilege (CPL ${cpu.state.cpl})`,
    );
  }
  const allowed = isConforming(d) ? dplOf(d) <= rpl : dplOf(d) === rpl;
  if (!allowed) return refuse(cpu, VECTOR_GP, code, `${name()} has DPL ${dplOf(d)} and RPL ${rpl}`);
  return checkCodeSegment(cpu, d) ? markAccessed(cpu, d) : undefined;
}

/** Checks the SS selector that a return popped, for the code segment that it returns to. */
export function checkReturnStack(cpu: SystemCpu, selector: number, code: Descriptor): SegmentValue | undefined {
  const privilege = code.selector & 3;
  const allowsNull = isLongMode(cpu.state) && isLong(code) && privilege < 3;
  return checkStackSegment(cpu, selector, { privilege, vector: VECTOR_GP, ext: 0, allowsNull });
}

/** Loads SS and the stack pointer popped by a return to `code`: as many bits as the stack will have. */
export function commitReturnStack(cpu: SystemCpu, ss: SegmentValue, pointer: bigint, code: Descriptor): void {
  commitSegment(cpu, SS, ss);
  let width = 64;
  if (!(isLongMode(cpu.state) && isLong(code))) {
    width = ((ss.descriptor?.attributes ?? 0) & ATTRIBUTE_DB) !== 0 ? 32 : 16;
  }
  cpu.state.writeGpr(RSP, width, pointer);
}

const isOutOfReach = (register: SegmentRegister, cpl: number): boolean => {
  const type = register.attributes & (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING);
  return type !== (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING) && register.dpl < cpl;
};

/**
 * Nulls the data-segment registers that the new CPL may not use. Their bases stay, which FS and GS go on using in 64-bit
 * mode.
 */
export function clearInnerSegments(cpu: SystemCpu): void {
  for (const index of [ES, DS, FS, GS]) {
    const register = segmentOf(cpu.state, index);
    if (register.isPresent && isOutOfReach(register, cpu.state.cpl)) register.invalidate();
  }
}
