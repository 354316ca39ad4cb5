import { COMPARED_EQUAL, COMPARED_LESS, COMPARED_UNORDERED } from '../../float/extended/compare.ts';
import {
  FLAG_DENORMAL,
  FLAG_INVALID,
  FLAG_OVERFLOW,
  FLAG_UNDERFLOW,
  FLAG_ZERO_DIVIDE,
  FloatEnvironment,
  type Precision,
} from '../../float/extended/environment.ts';
import { ExtendedFloat } from '../../float/extended/extended-float.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import {
  FPR,
  FPR_EXPONENT,
  FPR_SIGNIFICAND,
  FPR_SIZE_BYTES,
  FPU_CONTROL,
  FPU_DATA_POINTER,
  FPU_INSTRUCTION_POINTER,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
} from '../../state/layout.ts';

/** Bits of the status word beside the exception flags. @source SDM Vol. 1 "x87 FPU Status Register" */
export const STATUS_STACK_FAULT = 0x0040;
export const STATUS_SUMMARY = 0x0080;
export const STATUS_C0 = 0x0100;
export const STATUS_C1 = 0x0200;
export const STATUS_C2 = 0x0400;
export const STATUS_TOP_SHIFT = 11;
export const STATUS_TOP = 0x3800;
export const STATUS_C3 = 0x4000;
export const STATUS_BUSY = 0x8000;
/** The six exceptions, in the status word and as masks in the control word. */
export const EXCEPTIONS = 0x3f;

const CONTROL_PRECISION_SHIFT = 8;
const CONTROL_ROUNDING_SHIFT = 10;
/** Bits of the control word that exist; bit 6 reads as one. @source SDM Vol. 1 "x87 FPU Control Word" */
const CONTROL_BITS = 0x1f3f;
const CONTROL_RESERVED_1 = 0x0040;
/** What FNINIT loads: all exceptions masked, 64 bits, to nearest. */
const CONTROL_INITIAL = 0x037f;
const PRECISIONS: readonly Precision[] = [24, 64, 53, 64];

/** Exceptions found before the result: it is not even computed where they are not masked. */
const EARLY = FLAG_INVALID | FLAG_DENORMAL | FLAG_ZERO_DIVIDE;
/** Exceptions for which nothing can be stored in memory where they are not masked. */
const NOT_STORABLE = EARLY | FLAG_OVERFLOW | FLAG_UNDERFLOW;

/**
 * The x87 register stack, control, status and tags, in the CPU's state. Instructions `begin`, compute in `environment`,
 * and `finish`: the exceptions that have occurred go into the status word, and whether there is a result is their answer.
 *
 * @source SDM Vol. 1 "Programming with the x87 FPU"
 */
export class X87Unit {
  /** Rounding, precision and masks of the control word, and the exceptions of the instruction that executes. */
  readonly environment: FloatEnvironment = new FloatEnvironment();
  /** Operands and results of the instruction that executes. */
  readonly a: ExtendedFloat = new ExtendedFloat();
  readonly b: ExtendedFloat = new ExtendedFloat();
  readonly result: ExtendedFloat = new ExtendedFloat();
  readonly #words: Int32Array;

  constructor(state: CpuState) {
    this.#words = new Int32Array(state.u32.buffer, state.u32.byteOffset, state.u32.length);
  }

  get control(): number {
    return this.#words[FPU_CONTROL >> 2] as number;
  }
  /** Loads the control word; an exception that is pending and no longer masked is reported by the next instruction. */
  set control(value: number) {
    this.#words[FPU_CONTROL >> 2] = (value & CONTROL_BITS) | CONTROL_RESERVED_1;
    this.#setStatus(this.status);
  }
  get status(): number {
    return this.#words[FPU_STATUS >> 2] as number;
  }
  /** Loads the status word; its summary follows from the exceptions and their masks. */
  set status(value: number) {
    this.#setStatus(value);
  }
  #setStatus(value: number): void {
    const isPending = (value & ~this.control & EXCEPTIONS) !== 0;
    const others = value & ~(STATUS_SUMMARY | STATUS_BUSY);
    this.#words[FPU_STATUS >> 2] = isPending ? others | STATUS_SUMMARY | STATUS_BUSY : others;
  }
  get top(): number {
    return (this.status & STATUS_TOP) >> STATUS_TOP_SHIFT;
  }
  set top(value: number) {
    this.#words[FPU_STATUS >> 2] = (this.status & ~STATUS_TOP) | ((value & 7) << STATUS_TOP_SHIFT);
  }
  /** Bit i is set where Ri is not empty. */
  get tags(): number {
    return this.#words[FPU_TAG >> 2] as number;
  }
  set tags(value: number) {
    this.#words[FPU_TAG >> 2] = value & 0xff;
  }

  /** FNINIT: the registers keep their contents, the pointers do not. */
  initialize(): void {
    this.#words[FPU_STATUS >> 2] = 0;
    this.control = CONTROL_INITIAL;
    this.tags = 0;
    this.#words[FPU_OPCODE >> 2] = 0;
    for (const pointer of [FPU_INSTRUCTION_POINTER, FPU_DATA_POINTER])
      this.#words.fill(0, pointer >> 2, (pointer >> 2) + 2);
  }

  // ---- the register stack -----------------------------------------------------------------------------------------

  /** Whether ST(i) is empty. */
  isEmpty(i: number): boolean {
    return ((this.tags >> ((this.top + i) & 7)) & 1) === 0;
  }
  /** Copies ST(i). */
  read(i: number, into: ExtendedFloat): void {
    this.readPhysical((this.top + i) & 7, into);
  }
  /** Copies Ri. */
  readPhysical(i: number, into: ExtendedFloat): void {
    const at = (FPR + i * FPR_SIZE_BYTES) >> 2;
    const words = this.#words;
    const signExponent = words[at + (FPR_EXPONENT >> 2)] as number;
    into.sign = signExponent >> 15;
    into.exponent = signExponent & 0x7fff;
    into.high = words[at + (FPR_SIGNIFICAND >> 2) + 1] as number;
    into.low = words[at + (FPR_SIGNIFICAND >> 2)] as number;
  }
  /** Sets ST(i), which is not empty then. */
  write(i: number, from: ExtendedFloat): void {
    const physical = (this.top + i) & 7;
    this.writePhysical(physical, from);
    this.#words[FPU_TAG >> 2] = this.tags | (1 << physical);
  }
  /** Sets Ri, without its tag. */
  writePhysical(i: number, from: ExtendedFloat): void {
    const at = (FPR + i * FPR_SIZE_BYTES) >> 2;
    const words = this.#words;
    words[at + (FPR_EXPONENT >> 2)] = (from.sign << 15) | from.exponent;
    words[at + (FPR_SIGNIFICAND >> 2) + 1] = from.high;
    words[at + (FPR_SIGNIFICAND >> 2)] = from.low;
  }
  /** Makes ST(i) empty. */
  free(i: number): void {
    this.#words[FPU_TAG >> 2] = this.tags & ~(1 << ((this.top + i) & 7));
  }
  pop(): void {
    this.free(0);
    this.top += 1;
  }

  // ---- exceptions -------------------------------------------------------------------------------------------------

  /** Begins an instruction: none of its exceptions has occurred. Nothing of the state changes before it finishes. */
  begin(): FloatEnvironment {
    const { environment, control } = this;
    environment.flags = 0;
    environment.isRoundedUp = false;
    environment.unmasked = ~control & EXCEPTIONS;
    environment.precision = PRECISIONS[(control >> CONTROL_PRECISION_SHIFT) & 3] as Precision;
    environment.rounding = (control >> CONTROL_ROUNDING_SHIFT) & 3;
    return environment;
  }

  /** Ends an instruction without exceptions: C1 is clear. */
  complete(): void {
    this.#words[FPU_STATUS >> 2] = this.status & ~STATUS_C1;
  }
  /** Ends the computation of a result for a register. @returns whether to write it */
  finish(): boolean {
    return this.#finish(EARLY);
  }
  /** Whether a result can be stored in memory, to be followed by {@link finishStore}. */
  get isStorable(): boolean {
    const { flags, unmasked } = this.environment;
    return (flags & unmasked & NOT_STORABLE) === 0;
  }
  /** Ends the computation of a result for memory. */
  finishStore(): void {
    this.#finish(NOT_STORABLE);
  }
  #finish(preventing: number): boolean {
    const { unmasked, flags, isRoundedUp } = this.environment;
    const isPrevented = (flags & unmasked & preventing) !== 0;
    // What is found early leaves no result for the rest to be about.
    const raised = (flags & unmasked & EARLY) !== 0 ? flags & EARLY : flags;
    const c1 = isRoundedUp && !isPrevented ? STATUS_C1 : 0;
    this.status = (this.status & ~STATUS_C1) | raised | c1;
    return !isPrevented;
  }
  /** Whether an invalid operation has a masked response. */
  get isInvalidMasked(): boolean {
    return (this.environment.unmasked & FLAG_INVALID) === 0;
  }
  /** An operand's register is empty. @returns whether to give the indefinite value as result: the exception is masked */
  underflowStack(): boolean {
    this.status = (this.status & ~STATUS_C1) | STATUS_STACK_FAULT | FLAG_INVALID;
    return this.isInvalidMasked;
  }
  /** A register to be pushed to is not empty. @returns as {@link underflowStack} */
  overflowStack(): boolean {
    this.status |= STATUS_STACK_FAULT | STATUS_C1 | FLAG_INVALID;
    return this.isInvalidMasked;
  }

  /** Pushes a value, with the exceptions that finding it had. @returns whether it is on the stack now */
  push(value: ExtendedFloat): boolean {
    const isFull = !this.isEmpty(-1);
    if (!(isFull ? this.overflowStack() : this.finish())) return false;
    if (isFull) value.setIndefinite();
    this.top -= 1;
    this.write(0, value);
    return !isFull;
  }

  // ---- condition codes --------------------------------------------------------------------------------------------

  setConditions(mask: number, value: number): void {
    this.#words[FPU_STATUS >> 2] = (this.status & ~mask) | value;
  }
  /** Sets C3, C2 and C0 from a `COMPARED_*`. */
  setComparison(relation: number): void {
    this.setConditions(STATUS_C3 | STATUS_C2 | STATUS_C0, comparisonBits(relation));
  }
}

function comparisonBits(relation: number): number {
  switch (relation) {
    case COMPARED_LESS:
      return STATUS_C0;
    case COMPARED_EQUAL:
      return STATUS_C3;
    case COMPARED_UNORDERED:
      return STATUS_C3 | STATUS_C2 | STATUS_C0;
    default:
      return 0;
  }
}
