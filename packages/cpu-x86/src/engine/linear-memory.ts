import { ACCESS_AC, ACCESS_IMPLICIT, ACCESS_WRITE, highWord, joinWords, lowWord } from '@longmode/mmu';
import type { LinearMemory } from '../semantics/system/context.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { FAULT_VECTOR, NO_FAULT, SYSTEM_FLAGS } from '../state/layout.ts';
import { FLAG_AC } from '../state/rflags.ts';
import type { GuestMemory } from './guest-memory.ts';
import { HOST_FAULT, type MemoryAccess } from './memory-access.ts';

/** Memory by linear address for system operations: translated by the TLB, split at page ends. */
export class EngineLinearMemory implements LinearMemory {
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #memory: GuestMemory;
  readonly #view: DataView;

  constructor(parts: { state: CpuState; access: MemoryAccess; memory: GuestMemory }) {
    this.#state = parts.state;
    this.#access = parts.access;
    this.#memory = parts.memory;
    this.#view = new DataView(parts.memory.wasm.buffer);
  }

  get failed(): boolean {
    return this.#state.field(FAULT_VECTOR) !== NO_FAULT;
  }

  read8(linear: bigint, access: number): number {
    const host = this.#translate(linear, access, 1);
    if (host >= 0) return this.#view.getUint8(host);
    return host === HOST_FAULT ? 0 : this.#memory.read8(this.#access.walker.physical);
  }
  read16(linear: bigint, access: number): number {
    if (isSplit(linear, 2)) {
      if (!this.#isAligned(linear, access, 2)) return 0;
      const low = this.read8(linear, access);
      return this.failed ? 0 : low | (this.read8(linear + 1n, access) << 8);
    }
    const host = this.#translate(linear, access, 2);
    if (host >= 0) return this.#view.getUint16(host, true);
    return host === HOST_FAULT ? 0 : this.#memory.read16(this.#access.walker.physical);
  }
  read32(linear: bigint, access: number): number {
    if (isSplit(linear, 4)) {
      if (!this.#isAligned(linear, access, 4)) return 0;
      const low = this.read16(linear, access);
      return this.failed ? 0 : (low | (this.read16(linear + 2n, access) << 16)) >>> 0;
    }
    const host = this.#translate(linear, access, 4);
    if (host >= 0) return this.#view.getUint32(host, true);
    return host === HOST_FAULT ? 0 : this.#memory.read32(this.#access.walker.physical);
  }
  read64(linear: bigint, access: number): bigint {
    if (isSplit(linear, 8)) {
      if (!this.#isAligned(linear, access, 8)) return 0n;
      const low = this.read32(linear, access);
      return this.failed ? 0n : joinWords(low, this.read32(linear + 4n, access));
    }
    const host = this.#translate(linear, access, 8);
    if (host >= 0) return this.#view.getBigUint64(host, true);
    if (host === HOST_FAULT) return 0n;
    const { physical } = this.#access.walker;
    return joinWords(this.#memory.read32(physical), this.#memory.read32(physical + 4));
  }

  write8(linear: bigint, value: number, access: number): boolean {
    const host = this.#translate(linear, access | ACCESS_WRITE, 1);
    if (host >= 0) this.#view.setUint8(host, value);
    else if (host === HOST_FAULT) return false;
    else this.#memory.write8(this.#access.walker.physical, value & 0xff);
    return true;
  }
  write16(linear: bigint, value: number, access: number): boolean {
    if (isSplit(linear, 2)) return this.#writeSplit(linear, value, 0, 2, access);
    const host = this.#translate(linear, access | ACCESS_WRITE, 2);
    if (host >= 0) this.#view.setUint16(host, value, true);
    else if (host === HOST_FAULT) return false;
    else this.#memory.write16(this.#access.walker.physical, value & 0xffff);
    return true;
  }
  write32(linear: bigint, value: number, access: number): boolean {
    if (isSplit(linear, 4)) return this.#writeSplit(linear, value, 0, 4, access);
    const host = this.#translate(linear, access | ACCESS_WRITE, 4);
    if (host >= 0) this.#view.setUint32(host, value, true);
    else if (host === HOST_FAULT) return false;
    else this.#memory.write32(this.#access.walker.physical, value >>> 0);
    return true;
  }
  write64(linear: bigint, value: bigint, access: number): boolean {
    if (isSplit(linear, 8)) return this.#writeSplit(linear, lowWord(value), highWord(value), 8, access);
    const host = this.#translate(linear, access | ACCESS_WRITE, 8);
    if (host >= 0) this.#view.setBigUint64(host, value, true);
    else if (host === HOST_FAULT) return false;
    else {
      const { physical } = this.#access.walker;
      this.#memory.write32(physical, lowWord(value));
      this.#memory.write32(physical + 4, highWord(value));
    }
    return true;
  }

  readItems(linear: bigint, count: number, width: number, access: number): bigint[] | undefined {
    const size = width / 8;
    const host = this.#translate(linear, access, count * size, size);
    if (host === HOST_FAULT) return undefined;
    const items: bigint[] = [];
    for (let i = 0; i < count; i++) {
      if (host < 0) items.push(this.#readItem(linear + BigInt(i * size), width, access));
      else if (width === 64) items.push(this.#view.getBigUint64(host + i * size, true));
      else if (width === 32) items.push(joinWords(this.#view.getUint32(host + i * size, true), 0));
      else items.push(joinWords(this.#view.getUint16(host + i * size, true), 0));
    }
    return items;
  }
  #readItem(linear: bigint, width: number, access: number): bigint {
    if (width === 64) return this.read64(linear, access);
    return BigInt(width === 32 ? this.read32(linear, access) : this.read16(linear, access));
  }

  writeItems(linear: bigint, items: readonly bigint[], width: number, access: number): boolean {
    const size = width / 8;
    const host = this.#translate(linear, access | ACCESS_WRITE, items.length * size, size);
    if (host === HOST_FAULT) return false;
    let offset = items.length * size;
    for (const item of items) {
      offset -= size;
      if (host < 0) this.#writeItem(linear + BigInt(offset), item, width, access);
      else if (width === 64) this.#view.setBigUint64(host + offset, item, true);
      else if (width === 32) this.#view.setUint32(host + offset, lowWord(item), true);
      else this.#view.setUint16(host + offset, lowWord(item), true);
    }
    return true;
  }
  #writeItem(linear: bigint, item: bigint, width: number, access: number): void {
    if (width === 64) this.write64(linear, item, access);
    else if (width === 32) this.write32(linear, lowWord(item), access);
    else this.write16(linear, lowWord(item), access);
  }

  probeWrite(linear: bigint, sizeBytes: number, access: number): boolean {
    if (!isSplit(linear, sizeBytes)) return this.#translate(linear, access | ACCESS_WRITE, 0) !== HOST_FAULT;
    for (let at = linear; at < linear + BigInt(sizeBytes); at = (at & ~0xfffn) + 0x1000n) {
      if (this.#translate(at, access | ACCESS_WRITE, 0) === HOST_FAULT) return false;
    }
    return true;
  }

  /** Writes across a page's end, byte by byte. All pages are checked before the first byte changes. */
  #writeSplit(linear: bigint, low: number, high: number, sizeBytes: number, access: number): boolean {
    if (!this.#isAligned(linear, access, sizeBytes) || !this.probeWrite(linear, sizeBytes, access)) return false;
    for (let i = 0; i < sizeBytes; i++) {
      this.write8(linear + BigInt(i), ((i < 4 ? low : high) >>> (8 * (i & 3))) & 0xff, access);
    }
    return true;
  }

  #isAligned(linear: bigint, access: number, sizeBytes: number): boolean {
    return (access & ACCESS_IMPLICIT) !== 0 || this.#access.checkAlignment(lowWord(linear), sizeBytes);
  }
  /**
   * @param sizeBytes 0 where nothing is read or written yet
   * @param alignment bytes to whose multiples user accesses are aligned where that is checked
   * @returns what `MemoryAccess.hostFor` returns
   */
  #translate(linear: bigint, access: number, sizeBytes: number, alignment: number = sizeBytes): number {
    const { breakpoints } = this.#access;
    if (!this.#isAligned(linear, access, alignment)) return HOST_FAULT;
    if (sizeBytes > 0)
      breakpoints.noteAccess(lowWord(linear), highWord(linear), sizeBytes, (access & ACCESS_WRITE) !== 0);
    const isExempt = (access & ACCESS_IMPLICIT) === 0 && (this.#state.field(SYSTEM_FLAGS) & FLAG_AC) !== 0;
    return this.#access.hostFor(lowWord(linear), highWord(linear), isExempt ? access | ACCESS_AC : access);
  }
}

/** Whether an access reaches into the next page. */
const isSplit = (linear: bigint, sizeBytes: number): boolean => (lowWord(linear) & 0xfff) + sizeBytes > 0x1000;
