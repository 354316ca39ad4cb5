import { ACCESS_IMPLICIT, ACCESS_USER, joinWords, lowWord } from '@longmode/mmu';
import { SS } from '../../decode/instruction.ts';
import { VECTOR_SS } from '../../state/exceptions.ts';
import { ATTRIBUTE_DB } from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import { boundsOf, type Descriptor, isDefault32, isLong } from './descriptor.ts';
import { hex, refuse } from './fault.ts';
import { isAlignedAccess } from './linear-address.ts';
import { probeWrite, readLinear, writeLinear } from './operand.ts';
import {
  dataAccess,
  isCanonicalAddress,
  isCanonicalRange,
  isLongMode,
  segmentOf,
  stackWidth,
} from './processor-mode.ts';

/** Encodings. */
export const RSP = 4;
export const RBP = 5;

/** Where a stack is. */
export interface StackPlace {
  readonly base: bigint;
  /** First and last valid offset; not looked at for 64-bit stacks. */
  readonly low: number;
  readonly high: number;
  /** Stack-address size in bits. */
  readonly width: 16 | 32 | 64;
  readonly pointer: bigint;
  /** `ACCESS_*` bits of pushes and pops. */
  readonly access: number;
  /** Error code of #SS when there is no room. */
  readonly errorCode: number;
}

/**
 * A stack being pushed to or popped from. The processor's stack pointer changes in `commit` only, so that a fault
 * leaves it alone.
 *
 * @source SDM Vol. 1 "Procedure Stack"
 */
export class Stack {
  readonly #cpu: SystemCpu;
  readonly #place: StackPlace;
  #pointer: bigint;

  constructor(cpu: SystemCpu, place: StackPlace) {
    this.#cpu = cpu;
    this.#place = place;
    this.#pointer = wrap(place.pointer, place.width);
  }

  /** The stack of SS:RSP at the current privilege level. */
  static current(cpu: SystemCpu, errorCode = 0): Stack {
    return Stack.#ofWidth(cpu, stackWidth(cpu.state), errorCode);
  }

  /** The stack of SS:RSP as code of a descriptor will see it: flat and of 64 bits, or through SS. */
  static seenBy(cpu: SystemCpu, code: Descriptor): Stack {
    const segmentWidth = (segmentOf(cpu.state, SS).attributes & ATTRIBUTE_DB) !== 0 ? 32 : 16;
    return Stack.#ofWidth(cpu, isLongMode(cpu.state) && isLong(code) ? 64 : segmentWidth, 0);
  }

  static #ofWidth(cpu: SystemCpu, width: 16 | 32 | 64, errorCode: number): Stack {
    const ss = segmentOf(cpu.state, SS);
    return new Stack(cpu, {
      base: width === 64 ? 0n : ss.base,
      low: ss.low,
      high: ss.high,
      width,
      pointer: cpu.state.gpr(RSP),
      access: dataAccess(cpu.state),
      errorCode,
    });
  }

  /** The stack that a checked stack-segment descriptor and a stack pointer describe, for the given privilege level. */
  static inSegment(cpu: SystemCpu, d: Descriptor, pointer: bigint, privilege: number, errorCode: number): Stack {
    const { low, high } = boundsOf(d);
    return new Stack(cpu, {
      base: d.base,
      low,
      high,
      width: isDefault32(d) ? 32 : 16,
      pointer,
      access: privilegeAccess(cpu, privilege),
      errorCode,
    });
  }

  /** A flat 64-bit stack, for the given privilege level. */
  static flat(cpu: SystemCpu, pointer: bigint, privilege: number, errorCode: number): Stack {
    const access = privilegeAccess(cpu, privilege);
    return new Stack(cpu, { base: 0n, low: 0, high: 0, width: 64, pointer, access, errorCode });
  }

  /** The stack pointer as it will be, in the stack's width. */
  get pointer(): bigint {
    return this.#pointer;
  }

  /** Moves the pointer up, as RET's immediate does; down for a negative size. */
  skip(sizeBytes: number): void {
    this.#pointer = wrap(this.#pointer + BigInt(sizeBytes), this.#place.width);
  }

  /** Aligns the pointer down to 16 bytes, as IA-32e mode does before it pushes a return frame. */
  align16(): void {
    this.#pointer &= ~15n;
  }

  /** Tests that `count` values can be pushed, so that a frame is written whole or not at all. @returns false after a fault */
  reserve(count: number, width: number): boolean {
    const size = width / 8;
    const step = sizeOf(width);
    let pointer = this.#pointer;
    const whole = this.#whole(this.#below(count, width), count * size);
    if (whole !== undefined && this.#isFit(whole, count * size, size)) return true;
    // Item by item, so that a fault is that of the first that fails.
    for (let i = 0; i < count; i += 1) {
      pointer = wrap(pointer - step, this.#place.width);
      const linear = this.#linear(pointer, size);
      if (linear === undefined || !this.#isFit(linear, size, size)) return false;
    }
    return true;
  }

  /** Tests that a value at the pointer can be written. @returns false after a fault */
  probe(width: number): boolean {
    const size = width / 8;
    const linear = this.#linear(this.#pointer, size);
    return linear !== undefined && this.#isFit(linear, size, size);
  }

  /** Whether items of `size` bytes at an address are aligned, as far as that is checked, and can be written. */
  #isFit(linear: bigint, sizeBytes: number, size: number): boolean {
    return this.#isAligned(linear, size) && probeWrite(this.#cpu, linear, sizeBytes, this.#place.access);
  }

  #isAligned(linear: bigint, size: number): boolean {
    return (this.#place.access & ACCESS_IMPLICIT) !== 0 || isAlignedAccess(this.#cpu, linear, size);
  }

  /** Pushes a value. @returns false after a fault */
  push(value: bigint, width: number): boolean {
    const pointer = wrap(this.#pointer - sizeOf(width), this.#place.width);
    const linear = this.#linear(pointer, width / 8);
    if (linear === undefined || !writeLinear(this.#cpu, linear, width, value, this.#place.access)) return false;
    this.#pointer = pointer;
    return true;
  }

  /** Pushes an item of 32 bits of which only the low 16 are written. @returns false after a fault */
  pushLowHalf(value: bigint): boolean {
    const pointer = wrap(this.#pointer - 4n, this.#place.width);
    const linear = this.#linear(pointer, 2);
    if (linear === undefined || !writeLinear(this.#cpu, linear, 16, value, this.#place.access)) return false;
    this.#pointer = pointer;
    return true;
  }

  /** Pushes values one after the other. @returns false after a fault, with some of them written unless `reserve` found room */
  pushAll(items: readonly bigint[], width: number): boolean {
    const pointer = this.#below(items.length, width);
    const whole = this.#whole(pointer, (items.length * width) / 8);
    if (whole === undefined) return items.every((item) => this.push(item, width));
    if (!this.#cpu.memory.writeItems(whole, items, width, this.#place.access)) return false;
    this.#pointer = pointer;
    return true;
  }

  /** Pops values one after the other. @returns undefined after a fault */
  popAll(count: number, width: number): readonly bigint[] | undefined {
    const size = (count * width) / 8;
    const whole = this.#whole(this.#pointer, size);
    if (whole !== undefined) {
      const items = this.#cpu.memory.readItems(whole, count, width, this.#place.access);
      if (items !== undefined) {
        this.#pointer = wrap(this.#pointer + joinWords(size, 0), this.#place.width);
        return items;
      }
    }
    // The last one first, which is the order of recorded processors: it decides about CR2.
    const items: bigint[] = [];
    for (let i = count - 1; i >= 0; i--) {
      const item = this.peek((i * width) / 8, width);
      if (item === undefined) return undefined;
      items.unshift(item);
    }
    this.skip((count * width) / 8);
    return items;
  }

  /** Pops an offset and a selector as far returns do: of the selector's item, 16 bits are read, and first. */
  popFarPointer(width: number): { readonly offset: bigint; readonly selector: number } | undefined {
    const size = width / 8;
    const selector = this.peek(size, 16);
    const offset = selector === undefined ? undefined : this.peek(0, width);
    if (selector === undefined || offset === undefined) return undefined;
    this.skip(2 * size);
    return { offset, selector: lowWord(selector) };
  }

  /** Pops a value. @returns undefined after a fault */
  pop(width: number): bigint | undefined {
    const value = this.peek(0, width);
    if (value !== undefined) this.#pointer = wrap(this.#pointer + sizeOf(width), this.#place.width);
    return value;
  }

  /** Reads a value above the pointer. @returns undefined after a fault */
  peek(offsetBytes: number, width: number): bigint | undefined {
    const pointer = offsetBytes === 0 ? this.#pointer : wrap(this.#pointer + BigInt(offsetBytes), this.#place.width);
    const linear = this.#linear(pointer, width / 8);
    return linear === undefined ? undefined : readLinear(this.#cpu, linear, width, this.#place.access);
  }

  /** Makes the pointer the processor's: SP, ESP or RSP by the stack's width. */
  commit(): void {
    this.#cpu.state.writeGpr(RSP, this.#place.width, this.#pointer);
  }

  /** The pointer after `count` pushes. */
  #below(count: number, width: number): bigint {
    return wrap(this.#pointer - joinWords((count * width) / 8, 0), this.#place.width);
  }

  /** The linear address of bytes that all lie in the stack and in one page; undefined where items must be looked at singly. */
  #whole(pointer: bigint, sizeBytes: number): bigint | undefined {
    const { width, base, low, high } = this.#place;
    let linear = pointer;
    if (width === 64) {
      if (!isCanonicalRange(this.#cpu, pointer, sizeBytes)) return undefined;
    } else {
      const first = lowWord(pointer);
      const last = first + sizeBytes - 1;
      if (first < low || last > high || (width === 16 && last > 0xffff)) return undefined;
      linear = joinWords(lowWord(base) + first, 0);
    }
    return (lowWord(linear) & 0xfff) + sizeBytes <= 0x1000 ? linear : undefined;
  }

  #linear(pointer: bigint, size: number): bigint | undefined {
    const place = this.#place;
    if (place.width === 64) {
      if (isCanonicalRange(this.#cpu, pointer, size)) return pointer;
      // Alignment comes before the last byte.
      if (isCanonicalAddress(this.#cpu, pointer) && !this.#isAligned(pointer, size)) return undefined;
      return refuse(this.#cpu, VECTOR_SS, place.errorCode, `the stack pointer ${hex(pointer)} is not canonical`);
    }
    const first = lowWord(pointer);
    if (isWithin(place, first, size)) return joinWords(lowWord(place.base) + first, 0);
    const range = place.low > place.high ? 'no valid offset' : `${hex(place.low)} to ${hex(place.high)}`;
    return refuse(
      this.#cpu,
      VECTOR_SS,
      place.errorCode,
      `the stack at offset ${hex(pointer)} is outside its segment (${range})`,
    );
  }
}

/** Whether bytes are between the bounds. In a flat segment of 4 GiB offsets wrap: see `linearAddress`. */
function isWithin({ base, low, high }: StackPlace, first: number, size: number): boolean {
  return first >= low && (first + size - 1 <= high || (base === 0n && low === 0 && high === 0xffffffff));
}

/** Bytes of a stack item. */
const sizeOf = (width: number): bigint => (width === 64 ? 8n : width === 32 ? 4n : 2n);

/** A stack pointer in the width of stack addresses. */
function wrap(pointer: bigint, width: number): bigint {
  if (width === 64) return BigInt.asUintN(64, pointer);
  return joinWords(width === 32 ? lowWord(pointer) : lowWord(pointer) & 0xffff, 0);
}

/** Access bits on a stack of a given privilege level. EFLAGS.AC exempts from SMAP what supervisor code does itself. */
function privilegeAccess(cpu: SystemCpu, privilege: number): number {
  if (privilege === 3) return ACCESS_USER;
  return cpu.state.cpl === 3 ? 0 : dataAccess(cpu.state);
}
