import { ACCESS_AC, ACCESS_IMPLICIT, ACCESS_WRITE } from '@longmode/mmu';
import type { LinearMemory } from '../semantics/system/context.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { FAULT_VECTOR, NO_FAULT, SYSTEM_FLAGS } from '../state/layout.ts';
import { FLAG_AC } from '../state/rflags.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { MemoryAccess } from './memory-access.ts';

/** Memory by linear address for system operations: translated afresh at every access, split at page ends. */
export class EngineLinearMemory implements LinearMemory {
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #memory: GuestMemory;

  constructor(parts: { state: CpuState; access: MemoryAccess; memory: GuestMemory }) {
    this.#state = parts.state;
    this.#access = parts.access;
    this.#memory = parts.memory;
  }

  get failed(): boolean {
    return this.#state.field(FAULT_VECTOR) !== NO_FAULT;
  }

  read8(linear: bigint, access: number): number {
    const physical = this.#translate(linear, access);
    return physical < 0 ? 0 : this.#memory.read8(physical);
  }
  read16(linear: bigint, access: number): number {
    if ((linear & 0xfffn) > 0xffen) {
      const low = this.read8(linear, access);
      return this.failed ? 0 : low | (this.read8(linear + 1n, access) << 8);
    }
    const physical = this.#translate(linear, access);
    return physical < 0 ? 0 : this.#memory.read16(physical);
  }
  read32(linear: bigint, access: number): number {
    if ((linear & 0xfffn) > 0xffcn) {
      const low = this.read16(linear, access);
      return this.failed ? 0 : (low | (this.read16(linear + 2n, access) << 16)) >>> 0;
    }
    const physical = this.#translate(linear, access);
    return physical < 0 ? 0 : this.#memory.read32(physical);
  }
  read64(linear: bigint, access: number): bigint {
    const low = this.read32(linear, access);
    if (this.failed) return 0n;
    return BigInt(low) | (BigInt(this.read32(linear + 4n, access)) << 32n);
  }

  write8(linear: bigint, value: number, access: number): boolean {
    return this.#write(linear, BigInt(value), 1, access);
  }
  write16(linear: bigint, value: number, access: number): boolean {
    return this.#write(linear, BigInt(value), 2, access);
  }
  write32(linear: bigint, value: number, access: number): boolean {
    return this.#write(linear, BigInt(value), 4, access);
  }
  write64(linear: bigint, value: bigint, access: number): boolean {
    return this.#write(linear, value, 8, access);
  }

  probeWrite(linear: bigint, sizeBytes: number, access: number): boolean {
    for (let at = linear; at < linear + BigInt(sizeBytes); at = (at & ~0xfffn) + 0x1000n) {
      if (this.#translate(at, access | ACCESS_WRITE) < 0) return false;
    }
    return true;
  }

  /** All pages are checked before the first byte changes. */
  #write(linear: bigint, value: bigint, sizeBytes: number, access: number): boolean {
    const isSplit = (linear & 0xfffn) + BigInt(sizeBytes) > 0x1000n;
    if (isSplit && !this.probeWrite(linear, sizeBytes, access)) return false;
    const physical = this.#translate(linear, access | ACCESS_WRITE);
    if (physical < 0) return false;
    if (isSplit) {
      for (let i = 0; i < sizeBytes; i++) {
        const at = this.#translate(linear + BigInt(i), access | ACCESS_WRITE);
        this.#memory.write8(at, Number((value >> BigInt(8 * i)) & 0xffn));
      }
    } else if (sizeBytes === 1) this.#memory.write8(physical, Number(value & 0xffn));
    else if (sizeBytes === 2) this.#memory.write16(physical, Number(value & 0xffffn));
    else {
      this.#memory.write32(physical, Number(value & 0xffffffffn));
      if (sizeBytes === 8) this.#memory.write32(physical + 4, Number((value >> 32n) & 0xffffffffn));
    }
    return true;
  }

  /** Physical address, or -1 with #PF recorded. */
  #translate(linear: bigint, access: number): number {
    const low = Number(linear & 0xffffffffn) | 0;
    const high = Number((linear >> 32n) & 0xffffffffn) | 0;
    const explicit = (access & ACCESS_IMPLICIT) === 0 && (this.#state.field(SYSTEM_FLAGS) & FLAG_AC) !== 0;
    if (!this.#access.walkFor(low, high, explicit ? access | ACCESS_AC : access)) return -1;
    return this.#access.walker.physical;
  }
}
