import {
  CPL,
  FLAGS_KIND,
  FLAGS_X,
  GPR,
  RIP,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  STATE_SIZE_BYTES,
  SYSTEM_FLAGS,
} from './layout.ts';
import { materializeArithmeticFlags } from './lazy-flags.ts';
import { FLAG_RESERVED_1, FLAGS_ARITHMETIC, KIND_EXPLICIT, KIND_WIDTH_BITS } from './rflags.ts';
import { SegmentRegister } from './segment-register.ts';

/**
 * Typed access to one CPU's state in the memory that generated code works on. Nothing is cached here: every read sees
 * what generated code last wrote. 64-bit registers are unsigned bigints.
 */
export class CpuState {
  /** Words of the state, for fields that are addressed as `u32[FIELD >> 2]`. */
  readonly u32: Uint32Array;
  /** Quadwords of the state, for fields that are addressed as `u64[FIELD >> 3]`. */
  readonly u64: BigUint64Array;
  /** ES, CS, SS, DS, FS, GS, LDTR, TR. */
  readonly segments: readonly SegmentRegister[];

  /** Evaluates lazy flags without changing them. An engine whose generated code knows how sets its own function here. */
  evaluateFlags: () => number = () => materializeArithmeticFlags(this);

  /** @param base byte offset of the state in `buffer`, a multiple of 8 */
  constructor(buffer: ArrayBufferLike, base: number) {
    this.u32 = new Uint32Array(buffer, base, STATE_SIZE_BYTES / 4);
    this.u64 = new BigUint64Array(buffer, base, STATE_SIZE_BYTES / 8);
    this.segments = Array.from({ length: 8 }, (_, i) => new SegmentRegister(this, SEGMENTS + i * SEGMENT_SIZE_BYTES));
  }

  get rip(): bigint {
    return this.u64[RIP >> 3] as bigint;
  }
  set rip(value: bigint) {
    this.u64[RIP >> 3] = value;
  }

  get cpl(): number {
    return this.u32[CPL >> 2] as number;
  }
  set cpl(value: number) {
    this.u32[CPL >> 2] = value;
  }

  /** A whole general register. @param index 0 to 15 in encoding order */
  gpr(index: number): bigint {
    return this.u64[(GPR >> 3) + index] as bigint;
  }
  setGpr(index: number, value: bigint): void {
    this.u64[(GPR >> 3) + index] = value;
  }

  /** The low 32 bits of a general register. */
  gpr32(index: number): number {
    return this.u32[(GPR >> 2) + 2 * index] as number;
  }

  /** Writes the low `width` bits as the processor does: 8 and 16 bits keep the rest, 32 bits clear the upper half. */
  writeGpr(index: number, width: number, value: bigint): void {
    const slot = (GPR >> 3) + index;
    if (width === 64) this.u64[slot] = value;
    else this.writeGprNumber(index, width as 8 | 16 | 32, Number(value & 0xffffffffn));
  }

  /** As `writeGpr`, for a value of at most 32 bits. */
  writeGprNumber(index: number, width: 8 | 16 | 32, value: number): void {
    const word = (GPR >> 2) + 2 * index;
    if (width === 32) {
      this.u32[word] = value;
      this.u32[word + 1] = 0;
      return;
    }
    const mask = width === 8 ? 0xff : 0xffff;
    this.u32[word] = ((this.u32[word] as number) & ~mask) | (value & mask);
  }

  /** A u32 field of the layout table. */
  field(offset: number): number {
    return this.u32[offset >> 2] as number;
  }
  setField(offset: number, value: number): void {
    this.u32[offset >> 2] = value;
  }

  /** A u64 field of the layout table. */
  wideField(offset: number): bigint {
    return this.u64[offset >> 3] as bigint;
  }
  setWideField(offset: number, value: bigint): void {
    this.u64[offset >> 3] = value;
  }

  /** Whether a u64 field is zero. */
  isZero(offset: number): boolean {
    return this.u32[offset >> 2] === 0 && this.u32[(offset >> 2) + 1] === 0;
  }
  /** Copies a u64 field. */
  copyWide(to: number, from: number): void {
    this.u32[to >> 2] = this.u32[from >> 2] as number;
    this.u32[(to >> 2) + 1] = this.u32[(from >> 2) + 1] as number;
  }

  /** Exchanges two u64 fields. */
  exchangeWide(a: number, b: number): void {
    const low = this.field(a);
    const high = this.field(a + 4);
    this.copyWide(a, b);
    this.setField(b, low);
    this.setField(b + 4, high);
  }

  /** RFLAGS, lazy flags evaluated. */
  get rflags(): number {
    const isExplicit = (this.u32[FLAGS_KIND >> 2] as number) >> KIND_WIDTH_BITS === KIND_EXPLICIT;
    const arithmetic = isExplicit ? (this.u32[FLAGS_X >> 2] as number) & FLAGS_ARITHMETIC : this.evaluateFlags();
    return ((this.u32[SYSTEM_FLAGS >> 2] as number) | FLAG_RESERVED_1 | arithmetic) >>> 0;
  }
  /** Sets every flag as given; the caller has decided which bits may change. */
  set rflags(value: number) {
    this.u32[SYSTEM_FLAGS >> 2] = value & ~(FLAGS_ARITHMETIC | FLAG_RESERVED_1);
    this.u32[FLAGS_KIND >> 2] = KIND_EXPLICIT;
    this.u32[FLAGS_X >> 2] = value & FLAGS_ARITHMETIC;
    this.u32[(FLAGS_X >> 2) + 1] = 0;
  }
}
