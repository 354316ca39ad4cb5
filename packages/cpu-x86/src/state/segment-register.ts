import type { CpuState } from './cpu-state.ts';
import {
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_LIMIT,
  SEGMENT_LOW,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from './layout.ts';

/** Attribute bits of a descriptor, as `SegmentRegister.attributes` holds them (descriptor bits 40 and up). */
export const ATTRIBUTE_TYPE = 0x000f;
export const ATTRIBUTE_ACCESSED = 0x0001;
/** Data: writable. Code: readable. */
export const ATTRIBUTE_WRITABLE = 0x0002;
export const ATTRIBUTE_READABLE = 0x0002;
/** Data: expand-down. Code: conforming. */
export const ATTRIBUTE_EXPAND_DOWN = 0x0004;
export const ATTRIBUTE_CONFORMING = 0x0004;
export const ATTRIBUTE_CODE = 0x0008;
/** S: clear for system descriptors. */
export const ATTRIBUTE_S = 0x0010;
export const ATTRIBUTE_DPL_SHIFT = 5;
export const ATTRIBUTE_PRESENT = 0x0080;
export const ATTRIBUTE_AVL = 0x1000;
export const ATTRIBUTE_L = 0x2000;
/** D/B: default size of a code segment, stack-pointer size or upper bound of a data segment. */
export const ATTRIBUTE_DB = 0x4000;
export const ATTRIBUTE_G = 0x8000;

/** `SEGMENT_RIGHTS` bits. */
export const RIGHT_READ = 1;
export const RIGHT_WRITE = 2;

/** Present, writable data, accessed: what reset leaves in a segment register. */
const REAL_MODE_ATTRIBUTES = ATTRIBUTE_PRESENT | ATTRIBUTE_S | ATTRIBUTE_WRITABLE | ATTRIBUTE_ACCESSED;

/** The data accesses that a segment of these attributes allows in protected mode. */
export function rightsOf(attributes: number): number {
  if ((attributes & ATTRIBUTE_PRESENT) === 0) return 0;
  if ((attributes & ATTRIBUTE_CODE) !== 0) return (attributes & ATTRIBUTE_READABLE) !== 0 ? RIGHT_READ : 0;
  return (attributes & ATTRIBUTE_WRITABLE) !== 0 ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
}

/** A flat segment of code or data, as SYSCALL and its relatives load it. */
export const FLAT_CODE: number = ATTRIBUTE_PRESENT | ATTRIBUTE_S | ATTRIBUTE_G | ATTRIBUTE_CODE | 0x3;
export const FLAT_DATA: number = ATTRIBUTE_PRESENT | ATTRIBUTE_S | ATTRIBUTE_G | ATTRIBUTE_DB | 0x3;

/** @param isLong whether code is 64-bit code; else it is 32-bit code */
export function flatAttributes(kind: number, cpl: number, isLong: boolean): number {
  const size = kind === FLAT_CODE ? (isLong ? ATTRIBUTE_L : ATTRIBUTE_DB) : 0;
  return kind | size | (cpl << ATTRIBUTE_DPL_SHIFT);
}

/** The field of the state that holds the base of a segment register. @param index ES, CS and so on */
export function segmentBaseField(index: number): number {
  return SEGMENTS + index * SEGMENT_SIZE_BYTES + SEGMENT_BASE;
}

/** The field that holds its last valid offset. */
export function segmentHighField(index: number): number {
  return SEGMENTS + index * SEGMENT_SIZE_BYTES + SEGMENT_HIGH;
}

/** The visible and hidden parts of one segment register, kept in the state memory. */
export class SegmentRegister {
  readonly #state: CpuState;
  readonly #offset: number;

  constructor(state: CpuState, offset: number) {
    this.#state = state;
    this.#offset = offset;
  }

  get selector(): number {
    return this.#state.field(this.#offset + SEGMENT_SELECTOR);
  }
  set selector(value: number) {
    this.#state.setField(this.#offset + SEGMENT_SELECTOR, value & 0xffff);
  }
  get base(): bigint {
    return this.#state.wideField(this.#offset + SEGMENT_BASE);
  }
  set base(value: bigint) {
    this.#state.setWideField(this.#offset + SEGMENT_BASE, value);
  }
  get hasBaseZero(): boolean {
    return this.#state.isZero(this.#offset + SEGMENT_BASE);
  }
  /** Bytes, granularity applied, inclusive. */
  get limit(): number {
    return this.#state.field(this.#offset + SEGMENT_LIMIT);
  }
  get attributes(): number {
    return this.#state.field(this.#offset + SEGMENT_ATTRIBUTES);
  }
  get dpl(): number {
    return (this.attributes >> ATTRIBUTE_DPL_SHIFT) & 3;
  }
  get isPresent(): boolean {
    return (this.attributes & ATTRIBUTE_PRESENT) !== 0;
  }
  /** First and last valid offset, and the rights of data accesses. */
  get low(): number {
    return this.#state.field(this.#offset + SEGMENT_LOW);
  }
  get high(): number {
    return this.#state.field(this.#offset + SEGMENT_HIGH);
  }
  get rights(): number {
    return this.#state.field(this.#offset + SEGMENT_RIGHTS);
  }

  /** Loads the hidden part and derives the bounds and rights that address checks use. */
  load(selector: number, base: bigint, limit: number, attributes: number): void {
    this.selector = selector;
    this.base = base;
    this.setBounds(limit, attributes);
  }

  /** Loads a flat segment: base 0, all of 4 GiB. @param attributes present, not expanding down */
  loadFlat(selector: number, attributes: number): void {
    const words = this.#state.u32;
    const at = this.#offset >> 2;
    words[at + (SEGMENT_BASE >> 2)] = 0;
    words[at + (SEGMENT_BASE >> 2) + 1] = 0;
    words[at + (SEGMENT_LOW >> 2)] = 0;
    words[at + (SEGMENT_HIGH >> 2)] = 0xffffffff;
    words[at + (SEGMENT_SELECTOR >> 2)] = selector;
    words[at + (SEGMENT_ATTRIBUTES >> 2)] = attributes;
    words[at + (SEGMENT_LIMIT >> 2)] = 0xffffffff;
    words[at + (SEGMENT_RIGHTS >> 2)] = rightsOf(attributes);
  }

  /**
   * Real-mode load: selector and base change, limit and attributes stay (which is what makes "unreal" mode work). A
   * register that a null selector had made unusable is usable again, with the limit that it had before.
   */
  loadRealMode(selector: number): void {
    this.selector = selector;
    this.base = BigInt((selector & 0xffff) << 4);
    if (!this.isPresent) this.setBounds(this.limit, REAL_MODE_ATTRIBUTES);
    this.updateRights(true);
  }

  /** Loads a null selector: every access through the register faults. Only the limit is kept, for real mode. */
  loadNull(selector: number): void {
    this.load(selector, 0n, this.limit, 0);
  }

  /** Makes the register null as a return to less privilege does: only the selector changes, and that accesses fault. */
  invalidate(): void {
    this.load(0, this.base, this.limit, 0);
  }

  /** Real mode checks limits only: code may be written, whatever type protected mode had left in the register. */
  updateRights(isRealMode: boolean): void {
    const rights = isRealMode ? RIGHT_READ | RIGHT_WRITE : rightsOf(this.attributes);
    this.#state.setField(this.#offset + SEGMENT_RIGHTS, rights);
  }

  setBounds(limit: number, attributes: number): void {
    const state = this.#state;
    const isCode = (attributes & ATTRIBUTE_CODE) !== 0;
    const isUsable = (attributes & ATTRIBUTE_PRESENT) !== 0;
    const expandsDown = !isCode && (attributes & ATTRIBUTE_EXPAND_DOWN) !== 0 && (attributes & ATTRIBUTE_S) !== 0;
    let low = 0;
    let high = limit >>> 0;
    if (!isUsable) {
      low = 1;
      high = 0;
    } else if (expandsDown) {
      low = high + 1;
      high = (attributes & ATTRIBUTE_DB) !== 0 ? 0xffffffff : 0xffff;
      if (low > high) {
        low = 1;
        high = 0;
      }
    }
    state.setField(this.#offset + SEGMENT_LIMIT, limit);
    state.setField(this.#offset + SEGMENT_ATTRIBUTES, attributes);
    state.setField(this.#offset + SEGMENT_LOW, low);
    state.setField(this.#offset + SEGMENT_HIGH, high);
    state.setField(this.#offset + SEGMENT_RIGHTS, rightsOf(attributes));
  }
}
