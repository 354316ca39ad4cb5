import {
  ACCESS_AC,
  ACCESS_USER,
  ACCESS_WRITE,
  isCanonical,
  isUserAccess,
  PageWalker,
  type PagingRegisters,
  SoftwareTlb,
  TLB_FLAG_GLOBAL,
  TLB_FLAG_SMAP,
  TLB_SUPERVISOR_READ,
  TLB_SUPERVISOR_WRITE,
  TLB_TABLE_SIZE_BYTES,
  TLB_USER_READ,
  TLB_USER_WRITE,
  WALK_OK,
} from '@longmode/mmu';
import { checksAlignment } from '../semantics/system/processor-mode.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_AC, VECTOR_GP, VECTOR_PF, VECTOR_SS } from '../state/exceptions.ts';
import { BOUNCE, CR2, FAULT_ERROR_CODE, FAULT_VECTOR, MODE, SYSTEM_FLAGS, TLB_READ } from '../state/layout.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import { FLAG_AC } from '../state/rflags.ts';
import { Breakpoints } from './breakpoints.ts';
import type { GuestMemory } from './guest-memory.ts';
import { CPU_BASE, EMPTY_TLB, TLB_BASE } from './memory-plan.ts';
import { ACCESS_INFO_STACK } from './tlb-probe.ts';

const BOUNCE_ADDRESS = CPU_BASE + BOUNCE;

/** What `hostFor` returns when the access faults, and where there is memory without a host page for it. */
export const HOST_FAULT = -2;
export const HOST_NONE = -1;

/**
 * The TLB's miss path and everything else that turns linear addresses into bytes. Accesses that no host page serves –
 * device memory, page crossings, ROM, pages with decoded code that must be told – go through the bounce buffer.
 */
export class MemoryAccess {
  readonly tlb: SoftwareTlb;
  readonly walker: PageWalker;
  readonly breakpoints: Breakpoints;
  /** CR0.AM, RFLAGS.AC and CPL 3: accesses that are not aligned fault. */
  isAlignmentChecked = false;
  readonly #memory: GuestMemory;
  readonly #state: CpuState;
  readonly #bounce: DataView;
  readonly #device = new DevicePages();
  /** The last slow write: physical address of its first byte, of the part in the next page, and sizes. */
  #commitPhysical = 0;
  #commitSecond = 0;
  #commitSize = 0;
  #commitFirstSize = 0;
  /** Segment register of the record's memory operand, for the choice between #SS and #GP. */
  isStackOperand: () => boolean = () => false;

  constructor(parts: { memory: GuestMemory; state: CpuState; paging: PagingRegisters }) {
    this.#memory = parts.memory;
    this.#state = parts.state;
    this.#bounce = new DataView(parts.memory.wasm.buffer, BOUNCE_ADDRESS, 16);
    this.tlb = new SoftwareTlb({ buffer: parts.memory.wasm.buffer, byteOffset: TLB_BASE });
    this.breakpoints = new Breakpoints(parts.state);
    this.walker = new PageWalker({ memory: parts.memory, registers: parts.paging });
  }

  /** The slow path of a read; see `CoreImports.translateRead`. */
  translateRead(low: number, high: number, info: number): number {
    const size = info & 0xff;
    if (!this.#checkAddress(low, high, size, info)) return 0;
    this.breakpoints.noteAccess(low, high, size, false);
    const access = this.#dataAccess();
    if ((low & 0xfff) + size <= 0x1000) {
      let physical = this.#device.find(low, high, access);
      if (physical < 0) {
        if (!this.#walk(low, high, access)) return 0;
        physical = this.walker.physical;
        const page = this.#memory.pageOf(physical);
        if (page >= 0) {
          this.#fill(low, high, access, page, false);
          return this.#memory.hostOfPage(page) + (low & 0xfff);
        }
        if (!this.walker.smapGuarded) this.#device.remember(low, high, access, physical);
      }
      this.#fillBounce(0, physical, size);
      return BOUNCE_ADDRESS;
    }
    const first = 0x1000 - (low & 0xfff);
    if (!this.#walk(low, high, access)) return 0;
    const physical = this.walker.physical;
    if (!this.#walkNextPage(low, high, access)) return 0;
    this.#fillBounce(0, physical, first);
    this.#fillBounce(first, this.walker.physical, size - first);
    return BOUNCE_ADDRESS;
  }

  /** The slow path of a store; see `CoreImports.translateWrite`. */
  translateWrite(low: number, high: number, info: number): number {
    const size = info & 0xff;
    if (!this.#checkAddress(low, high, size, info)) return 0;
    this.breakpoints.noteAccess(low, high, size, true);
    const access = this.#dataAccess() | ACCESS_WRITE;
    this.#commitSize = size;
    if ((low & 0xfff) + size <= 0x1000) {
      this.#commitFirstSize = size;
      const known = this.#device.find(low, high, access);
      if (known >= 0) {
        this.#commitPhysical = known;
        return BOUNCE_ADDRESS;
      }
      if (!this.#walk(low, high, access)) return 0;
      const physical = this.walker.physical;
      const page = this.#memory.pageOf(physical);
      this.#commitPhysical = physical;
      if (page < 0 && !this.walker.smapGuarded) this.#device.remember(low, high, access, physical);
      if (page < 0 || this.#memory.isRomPage(page)) return BOUNCE_ADDRESS;
      const offset = low & 0xfff;
      if (this.#memory.isPlainPage(page)) this.#fill(low, high, access, page, true);
      else this.#memory.announceWrite(page, offset, offset + size - 1);
      return this.#memory.hostOfPage(page) + offset;
    }
    const first = 0x1000 - (low & 0xfff);
    if (!this.#walk(low, high, access)) return 0;
    this.#commitPhysical = this.walker.physical;
    this.#commitFirstSize = first;
    if (!this.#walkNextPage(low, high, access)) return 0;
    this.#commitSecond = this.walker.physical;
    return BOUNCE_ADDRESS;
  }

  /** The slow path of a read-modify-write. */
  translateOpen(low: number, high: number, info: number): number {
    const host = this.translateWrite(low, high, info);
    if (host === BOUNCE_ADDRESS) {
      this.#fillBounce(0, this.#commitPhysical, this.#commitFirstSize);
      this.#fillBounce(this.#commitFirstSize, this.#commitSecond, this.#commitSize - this.#commitFirstSize);
    }
    return host;
  }

  /** Writes the bounce buffer to where the last slow write belongs. */
  commit(): void {
    const first = this.#commitFirstSize;
    this.#drainBounce(0, this.#commitPhysical, first);
    this.#drainBounce(first, this.#commitSecond, this.#commitSize - first);
  }

  /** Privilege, CR0.AM or RFLAGS.AC may have changed: which tables generated code probes, and what they may hold. */
  followMode(): void {
    const state = this.#state;
    const table = TLB_BASE + (state.cpl === 3 ? TLB_USER_READ : TLB_SUPERVISOR_READ) * TLB_TABLE_SIZE_BYTES;
    this.isAlignmentChecked = checksAlignment(state);
    state.setField(TLB_READ, this.isAlignmentChecked ? EMPTY_TLB : table);
    // Entries that SMAP guards hold only while RFLAGS.AC = 1.
    if ((state.field(SYSTEM_FLAGS) & FLAG_AC) === 0) this.tlb.dropSmapEntries();
  }

  /** Drops cached translations: all, all but global ones, or those of one page. */
  flush(): void {
    this.tlb.flushAll();
    this.#device.forget();
  }
  flushNonGlobal(): void {
    this.tlb.flushNonGlobal();
    this.#device.forget();
  }
  invalidatePage(low: number, high: number): void {
    this.tlb.invalidatePage(low, high);
    this.#device.forget();
  }

  /** Walks for one access of TypeScript's. @returns false with #PF recorded; else `walker` holds the result */
  walkFor(low: number, high: number, access: number): boolean {
    return this.#walk(low, high, access);
  }

  /**
   * The translation of an access that TypeScript makes within a page, by the TLB where that has it.
   *
   * @returns the host address; `HOST_NONE` for device memory, ROM and pages with code that are to be written, whose
   * physical address `walker` holds; `HOST_FAULT` with #PF recorded
   */
  hostFor(low: number, high: number, access: number): number {
    const isWrite = (access & ACCESS_WRITE) !== 0;
    const known = this.tlb.find(tableOf(access, isWrite), low, high, (access & ACCESS_AC) !== 0);
    if (known >= 0) return known;
    if (!this.#walk(low, high, access)) return HOST_FAULT;
    const page = this.#memory.pageOf(this.walker.physical);
    if (page < 0 || (isWrite && !this.#memory.isPlainPage(page))) return HOST_NONE;
    this.#fill(low, high, access, page, isWrite);
    return this.#memory.hostOfPage(page) + (low & 0xfff);
  }

  /**
   * An access of 2, 4, 8 or 10 bytes that is not aligned is #AC(0), while that is asked for; larger ones have their own rules.
   *
   * @returns false with the exception recorded
   * @source SDM Vol. 3A "Interrupt 17—Alignment Check Exception (#AC)"
   */
  checkAlignment(low: number, sizeBytes: number): boolean {
    if (!this.isAlignmentChecked || sizeBytes < 2 || sizeBytes > 10) return true;
    if ((low & (Math.min(sizeBytes, 8) - 1)) === 0) return true;
    this.recordFault(VECTOR_AC, 0);
    return false;
  }

  #dataAccess(): number {
    const user = this.#state.cpl === 3 ? ACCESS_USER : 0;
    return (this.#state.field(SYSTEM_FLAGS) & FLAG_AC) !== 0 ? user | ACCESS_AC : user;
  }

  /** A non-canonical address is #SS(0) through SS and #GP(0) otherwise; alignment comes before the last byte. */
  #checkAddress(low: number, high: number, size: number, info: number): boolean {
    if ((this.#state.field(MODE) & MODE_CODE_MASK) !== MODE_CODE_64) return this.checkAlignment(low, size);
    const bits = this.linearAddressBits;
    if (this.isAlignmentChecked && isCanonical(low, high, bits) && !this.checkAlignment(low, size)) return false;
    const lastLow = (low + size - 1) | 0;
    const lastHigh = lastLow >>> 0 < low >>> 0 ? high + 1 : high;
    if (isCanonical(low, high, bits) && isCanonical(lastLow, lastHigh, bits)) return true;
    const isStack = (info & ACCESS_INFO_STACK) !== 0 || this.isStackOperand();
    this.recordFault(isStack ? VECTOR_SS : VECTOR_GP, 0);
    return false;
  }

  /** Width of linear addresses in effect. */
  linearAddressBits = 48;

  recordFault(vector: number, errorCode: number): void {
    this.#state.setField(FAULT_VECTOR, vector);
    this.#state.setField(FAULT_ERROR_CODE, errorCode);
  }

  #walk(low: number, high: number, access: number): boolean {
    if (this.walker.walk(low, high, access) === WALK_OK) return true;
    this.#state.setWideField(CR2, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    this.recordFault(VECTOR_PF, this.walker.errorCode);
    return false;
  }
  #walkNextPage(low: number, high: number, access: number): boolean {
    const nextLow = ((low & ~0xfff) + 0x1000) | 0;
    const is64 = (this.#state.field(MODE) & MODE_CODE_MASK) === MODE_CODE_64;
    return this.#walk(nextLow, nextLow === 0 && is64 ? high + 1 : high, access);
  }

  /** Enters the translation that was walked; for the other of reads and writes as well, where that would change no flag. */
  #fill(low: number, high: number, access: number, page: number, write: boolean): void {
    const { walker } = this;
    if (this.breakpoints.watches(low, high)) return;
    let flags = walker.pageShift;
    if (walker.global) flags |= TLB_FLAG_GLOBAL;
    if (walker.smapGuarded && !isUserAccess(access)) flags |= TLB_FLAG_SMAP;
    const host = this.#memory.hostOfPage(page);
    this.tlb.fill(tableOf(access, write), low, high, host, flags);
    const isForBoth = write || (walker.writable && walker.dirty && this.#memory.isPlainPage(page));
    if (isForBoth) this.tlb.fill(tableOf(access, !write), low, high, host, flags);
  }

  #fillBounce(offset: number, physical: number, count: number): void {
    const memory = this.#memory;
    for (let done = 0; done < count; ) {
      const at = physical + done;
      const to = offset + done;
      const left = count - done;
      if (left >= 4) {
        this.#bounce.setUint32(to, memory.read32(at), true);
        done += 4;
      } else if (left >= 2) {
        this.#bounce.setUint16(to, memory.read16(at), true);
        done += 2;
      } else {
        this.#bounce.setUint8(to, memory.read8(at));
        done += 1;
      }
    }
  }
  #drainBounce(offset: number, physical: number, count: number): void {
    const memory = this.#memory;
    for (let done = 0; done < count; ) {
      const at = physical + done;
      const from = offset + done;
      const left = count - done;
      if (left >= 4) {
        memory.write32(at, this.#bounce.getUint32(from, true));
        done += 4;
      } else if (left >= 2) {
        memory.write16(at, this.#bounce.getUint16(from, true));
        done += 2;
      } else {
        memory.write8(at, this.#bounce.getUint8(from));
        done += 1;
      }
    }
  }
}

/** The table of the TLB that serves an access. */
function tableOf(access: number, write: boolean): number {
  if (isUserAccess(access)) return write ? TLB_USER_WRITE : TLB_USER_READ;
  return write ? TLB_SUPERVISOR_WRITE : TLB_SUPERVISOR_READ;
}

/** The last page of device memory for each kind of access: guests write screens one cell after the other. */
class DevicePages {
  readonly #low = new Int32Array(4);
  readonly #high = new Int32Array(4);
  readonly #physical = new Float64Array(4).fill(-1);

  /** @returns the physical address behind a linear one, or -1 */
  find(low: number, high: number, access: number): number {
    const kind = access & (ACCESS_WRITE | ACCESS_USER);
    const page = this.#physical[kind] as number;
    return page >= 0 && this.#low[kind] === (low & ~0xfff) && this.#high[kind] === high ? page + (low & 0xfff) : -1;
  }
  remember(low: number, high: number, access: number, physical: number): void {
    const kind = access & (ACCESS_WRITE | ACCESS_USER);
    this.#low[kind] = low & ~0xfff;
    this.#high[kind] = high;
    this.#physical[kind] = physical - (low & 0xfff);
  }
  forget(): void {
    this.#physical.fill(-1);
  }
}
