// One case under construction: its starting state, its code, and what of memory it changes beforehand.
import {
  CODE_PAGES,
  codeBaseOf,
  DATA_ALIAS,
  DATA_PAGES,
  DATA_SIZE_BYTES,
  DATA_WRITABLE_SIZE_BYTES,
  GLOBAL_DESCRIPTORS,
  LOCAL_DESCRIPTORS,
  localSelector,
  putBaseState,
  putInteger,
  STATE,
  STATE_SIZE_BYTES,
  USER_DATA,
} from '@longmode/x86-vectors';

export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI] = [0, 1, 2, 3, 4, 5, 6, 7];

const DATA = BigInt(DATA_PAGES);
const WRITABLE = BigInt(DATA_WRITABLE_SIZE_BYTES);
/** Entries of the local table that make good operands of 16-bit and 32-bit code. */
const GOOD_LOCAL = { 16: [10, 11, 24], 32: [8, 10, 11, 25] };
const FAR_OFF = [0x8000_0000_0000n, 0x1234_5678_9abc_def0n, 0xffff_7fff_ffff_fff8n, 0x7fff_ffff_ffffn - 3n];

/** @param {bigint} value @param {number} size */
export const bytesOf = (value, size) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));

/** The descriptor that a selector names, or undefined. */
export function descriptorOf(selector) {
  if ((selector & 0xfffc) === 0) return undefined;
  return ((selector & 4) !== 0 ? LOCAL_DESCRIPTORS : GLOBAL_DESCRIPTORS)[(selector >> 3) - 1];
}

export class CaseBuilder {
  /** Registers whose values have a meaning already. */
  pinned = new Set();
  /** @type {{ offset: number, bytes: number[] }[]} */
  patches = [];
  #words = new Uint32Array(STATE_SIZE_BYTES / 4);
  #scratch = new Uint32Array(2);

  constructor({ random, row, codeSize, vectors, seed, place, pattern }) {
    this.random = random;
    this.row = row;
    this.codeSize = codeSize;
    this.is64 = codeSize === 64;
    this.place = place;
    this.pattern = pattern;
    this.bits = this.is64 ? 64 : 32;
    putBaseState(this.#words, seed, { codeSize, vectors });
    this.before = new Uint8Array(this.#words.buffer);
    this.view = new DataView(this.#words.buffer);
  }

  oneIn(count) {
    return this.random.below(count) === 0;
  }
  between(first, last) {
    return first + this.random.below(last - first + 1);
  }
  pick(list) {
    return list[this.random.below(list.length)];
  }
  /** A 64-bit integer, mostly an edge. */
  value() {
    putInteger(this.#scratch, 0, this.random);
    return BigInt(this.#scratch[0]) | (BigInt(this.#scratch[1]) << 32n);
  }

  gpr(index) {
    return this.view.getBigUint64(8 * index, true);
  }
  setGpr(index, value) {
    this.view.setBigUint64(8 * index, BigInt.asUintN(this.bits, value), true);
    this.pinned.add(index);
  }
  /** Sets the low bits of a register, and keeps the others. */
  setLow(index, width, value) {
    const mask = (1n << BigInt(width)) - 1n;
    this.setGpr(index, (this.gpr(index) & ~mask) | (BigInt.asUintN(width, value) & mask));
  }
  get flags() {
    return this.view.getUint32(STATE.RFLAGS, true);
  }
  set flags(value) {
    this.view.setUint32(STATE.RFLAGS, value, true);
  }
  selector(segment) {
    return this.view.getUint16(STATE.SELECTORS + 2 * segment, true);
  }
  setSelector(segment, selector) {
    this.view.setUint16(STATE.SELECTORS + 2 * segment, selector, true);
  }
  /** RIP of the instruction. */
  get rip() {
    return (CODE_PAGES + this.place - codeBaseOf(this.selector(CS))) >>> 0;
  }

  /** The operating system's return cannot enter code behind its segment's limit. */
  keepStartInLimit() {
    const selector = this.selector(CS);
    if (!this.is64 && this.rip > (descriptorOf(selector)?.limit ?? 0)) {
      this.setSelector(CS, localSelector(this.codeSize === 32 ? 2 : 4));
    }
  }
  /** Whether an access is near the slots, where other cases have code. */
  isAmongCode(segment, address) {
    const linear = BigInt.asUintN(this.is64 ? 64 : 32, address + this.baseOf(segment)) - BigInt(CODE_PAGES + 0x1000);
    return linear > -0x300n && linear < 0x1300n;
  }

  /** The base of a segment, in effect. */
  baseOf(segment) {
    if (this.is64) {
      if (segment === FS) return this.view.getBigUint64(STATE.FS_BASE, true);
      return segment === GS ? this.view.getBigUint64(STATE.GS_BASE, true) : 0n;
    }
    return BigInt(descriptorOf(this.selector(segment))?.base ?? 0);
  }

  /** Offset from the start of the data pages, mostly in their middle, sometimes where an access meets an end. */
  #dataOffset(size, alignment) {
    switch (this.random.below(24)) {
      case 0:
        return 0x1000 - this.between(0, size);
      case 1:
        return 0x2000 - this.between(0, size);
      case 2:
        return 0x3000 - this.between(0, size);
      case 3:
        return -this.between(0, size);
      case 4:
        return 0x2000 + this.random.below(0xd00);
    }
    const at = this.between(0x40, 0x1fc0 - Math.min(size, 0x400));
    if (alignment > 1) return this.oneIn(16) ? at : at & -alignment;
    return this.oneIn(2) ? at & -16 : at;
  }

  /**
   * An effective address for an access of `size` bytes.
   *
   * @returns the address, cut to the address size
   */
  address({ segment, size, addressSize, alignment = 1 }) {
    const mask = (1n << BigInt(addressSize)) - 1n;
    if (!this.is64) {
      this.#improveSegment(segment, addressSize);
      const descriptor = descriptorOf(this.selector(segment));
      if (descriptor !== undefined && this.oneIn(16)) {
        // Where the segment ends, or begins.
        const isDown = (descriptor.attributes & 0xc) === 4;
        const edge = descriptor.limit + 1 - (isDown ? 0 : size) + this.between(-1, 1);
        return BigInt(edge) & mask;
      }
    } else if (this.oneIn(48)) {
      return this.pick([...FAR_OFF, 0x3000_0000n, 8n]) & mask;
    }
    const start = this.is64 && addressSize === 64 && this.oneIn(6) ? DATA_ALIAS : DATA;
    for (let i = 0; ; i++) {
      const linear = start + BigInt(this.#dataOffset(size, alignment));
      const address = BigInt.asUintN(this.is64 ? 64 : 32, linear - this.baseOf(segment));
      if (address <= mask || i === 8) return address & mask;
    }
  }

  /** Mostly replaces a segment that cannot reach the data pages. */
  #improveSegment(segment, addressSize) {
    const descriptor = descriptorOf(this.selector(segment));
    const base = descriptor?.base;
    const isFar = base === undefined || (addressSize === 16 && (base < DATA_PAGES - 0xf000 || base > DATA_PAGES));
    const isCode = descriptor !== undefined && (descriptor.attributes & 8) !== 0;
    if (segment === CS || !(isFar || isCode) || this.oneIn(12)) return;
    const isStack32 = addressSize === 32 && segment === SS;
    this.setSelector(
      segment,
      localSelector(this.pick(addressSize === 16 ? GOOD_LOCAL[16] : isStack32 ? [8, 25] : GOOD_LOCAL[32])),
    );
  }

  /** The offset in the data pages of an effective address, or undefined. */
  offsetOf(segment, address) {
    let linear = address + this.baseOf(segment);
    linear = BigInt.asUintN(this.is64 ? 64 : 32, linear);
    if (linear >= DATA_ALIAS && linear < DATA_ALIAS + 0x3000n) linear += DATA - DATA_ALIAS;
    const offset = linear - DATA;
    return offset >= 0n && offset < BigInt(DATA_SIZE_BYTES) ? Number(offset) : undefined;
  }

  /** Puts bytes in memory before the instruction runs, as far as they are in a page that can be written. */
  patch(segment, address, bytes) {
    const offset = this.offsetOf(segment, address);
    if (offset === undefined || offset + bytes.length > DATA_WRITABLE_SIZE_BYTES) return;
    this.patches.push({ offset, bytes });
  }
  patchNumber(segment, address, value, size) {
    this.patch(segment, address, bytesOf(BigInt.asUintN(64, value), size));
  }
  /** What an access reads at first, or undefined. */
  read(segment, address, size) {
    const offset = this.offsetOf(segment, address);
    if (offset === undefined || offset + size > DATA_SIZE_BYTES) return undefined;
    const bytes = Array.from(this.pattern.subarray(offset, offset + size));
    for (const patch of this.patches) {
      patch.bytes.forEach((byte, i) => {
        const at = patch.offset + i - offset;
        if (at >= 0 && at < size) bytes[at] = byte;
      });
    }
    return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  /** Bits of the stack pointer that count. */
  get stackWidth() {
    if (this.is64) return 64;
    return ((descriptorOf(this.selector(SS))?.attributes ?? 0) & 0x4000) !== 0 ? 32 : 16;
  }
  /** Puts a stack pointer (or frame pointer) where `size` bytes below or above it are data. @returns the lowest address */
  stack(size, { isPush = false, register = RSP } = {}) {
    if (!this.is64 && this.stackWidth === 16) this.#improveSegment(SS, 16);
    else if (!this.is64) this.#improveSegment(SS, 32);
    const width = this.stackWidth;
    const address = this.address({
      segment: SS,
      size,
      addressSize: width,
      alignment: this.oneIn(4) ? 1 : Math.min(size, 8) & -size || 1,
    });
    this.setLow(register, this.stackWidth, isPush ? address + BigInt(size) : address);
    return address;
  }

  /** Whether a place in the code pages holds INT3 whatever other cases are there. */
  isLanding(place) {
    if (place < 0 || place >= 0x3000) return true;
    const inOwn = place >= this.place && place < this.place + 16;
    return !inOwn && (place < 0x1000 || place >= 0x2000 || (place & 63) >= 16);
  }
  /** A place in the code pages to branch to, or far from them. */
  landing() {
    for (;;) {
      const place = this.oneIn(12) ? this.pick([0x3000, 0x2fff, 0, -1, 0x5000]) : this.random.below(0x3000);
      if (this.isLanding(place)) return place;
    }
  }
  /** As an offset in a code segment with a base. */
  landingAddress(base = codeBaseOf(this.selector(CS))) {
    if (this.oneIn(20))
      return this.is64 ? this.pick(FAR_OFF) : BigInt(this.pick([0x10000, 0xffff, 0x3000_0000, 0xffff_ffff]));
    return BigInt.asUintN(32, BigInt(CODE_PAGES + this.landing() - base));
  }

  /** Any selector that cases may name: good and bad ones. */
  anySelector() {
    switch (this.random.below(8)) {
      case 0:
        return this.random.below(4);
      case 1:
        return this.pick([0x23, 0x2b, 0x33, USER_DATA, 0x2b & ~3, 0x28, 0x18, 0x1b, 0x10, 0x13]);
      case 2:
        return this.pick([localSelector(0), localSelector(40), localSelector(8191), 0xfff8, 0x203, 0x1000]);
      case 3:
        return (localSelector(this.between(1, LOCAL_DESCRIPTORS.length)) & ~3) | this.random.below(4);
      default:
        return localSelector(this.between(1, LOCAL_DESCRIPTORS.length));
    }
  }
  /** A code selector, and an offset in it where there is INT3. Mostly. */
  farTarget() {
    const selector = this.oneIn(8)
      ? this.anySelector()
      : this.pick([0x33, 0x23, ...[1, 2, 3, 4, 5, 6, 7].map(localSelector)]);
    const descriptor = descriptorOf(selector);
    return { selector, offset: this.landingAddress(descriptor?.base ?? 0) };
  }
}
export const isWritable = (offset) => offset >= 0n && offset < WRITABLE;
