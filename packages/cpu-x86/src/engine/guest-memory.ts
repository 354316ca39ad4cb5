import type { PhysicalMemory } from '@longmode/mmu';
import type { MemoryIo } from '../host.ts';
import { GUEST_BASE, WASM_PAGE_SIZE_BYTES } from './memory-plan.ts';

const PAGE_SHIFT = 12;
const PAGE_SIZE_BYTES = 1 << PAGE_SHIFT;
const A20 = 0x100000;

/** What a range of physical addresses is. RAM is the default below the RAM's size, `device` above it. */
export type RegionKind = 'ram' | 'rom' | 'device';

const PAGE_DEVICE = 1;
const PAGE_ROM = 2;
const PAGE_CODE = 4;

/** Largest RAM in bytes: state, records, RAM and device memory share one memory of at most 4 GiB. */
export const RAM_SIZE_MAX_BYTES = 0xe000_0000;
/** Largest device memory in bytes. */
export const DEVICE_MEMORY_SIZE_MAX_BYTES = 0x1000_0000;

/** Told before bytes of a page that holds decoded code change. */
export type CodeWriteListener = (page: number, first: number, last: number) => void;

/** What guest memory is made of. */
export interface GuestMemoryOptions {
  /** A multiple of 4096, from 1 MiB to `RAM_SIZE_MAX_BYTES`. */
  readonly ramSizeBytes: number;
  /** A multiple of 4096, at most `DEVICE_MEMORY_SIZE_MAX_BYTES`; none unless told. */
  readonly deviceMemorySizeBytes?: number;
  readonly io: MemoryIo;
}

/**
 * Guest physical memory: RAM, ROM and memory of devices (a frame buffer) inside the WebAssembly memory, everything else
 * through `MemoryIo`. The only way in for TypeScript; whoever writes here keeps decoded code right.
 */
export class GuestMemory implements PhysicalMemory {
  readonly ramSizeBytes: number;
  /** The memory that generated code works on. */
  readonly wasm: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  /** Memory of a device that guest code reaches without asking the device, where {@link mapDeviceMemory} puts it. */
  readonly deviceMemory: Uint8Array;
  readonly #ramPageCount: number;
  /** First page of the addresses that show device memory; where no page is while they show none. */
  #windowPage = Number.POSITIVE_INFINITY;
  readonly #view: DataView;
  readonly #io: MemoryIo;
  readonly #pages: Uint8Array;
  /** Pages above RAM that show a page of RAM or ROM: page number to page number. */
  readonly #aliases = new Map<number, number>();
  #a20Mask = -1;
  /** Set by the code cache. */
  onCodeWrite: CodeWriteListener = () => {};

  /** @throws RangeError for a size outside its limits */
  constructor(options: GuestMemoryOptions) {
    const { ramSizeBytes, deviceMemorySizeBytes = 0 } = options;
    if (!(ramSizeBytes >= A20 && ramSizeBytes <= RAM_SIZE_MAX_BYTES) || ramSizeBytes % PAGE_SIZE_BYTES !== 0) {
      throw new RangeError(
        `RAM of ${ramSizeBytes} bytes: give a multiple of 4096 from ${A20} to ${RAM_SIZE_MAX_BYTES}`,
      );
    }
    const isDeviceSizeRight = deviceMemorySizeBytes >= 0 && deviceMemorySizeBytes <= DEVICE_MEMORY_SIZE_MAX_BYTES;
    if (!isDeviceSizeRight || deviceMemorySizeBytes % PAGE_SIZE_BYTES !== 0) {
      throw new RangeError(
        `device memory of ${deviceMemorySizeBytes} bytes: give a multiple of 4096 up to ${DEVICE_MEMORY_SIZE_MAX_BYTES}`,
      );
    }
    const sizeBytes = ramSizeBytes + deviceMemorySizeBytes;
    const pages = Math.ceil((GUEST_BASE + sizeBytes) / WASM_PAGE_SIZE_BYTES);
    this.ramSizeBytes = ramSizeBytes;
    this.wasm = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.bytes = new Uint8Array(this.wasm.buffer);
    this.#view = new DataView(this.wasm.buffer);
    this.#io = options.io;
    this.#ramPageCount = ramSizeBytes / PAGE_SIZE_BYTES;
    this.#pages = new Uint8Array(sizeBytes / PAGE_SIZE_BYTES);
    this.deviceMemory = this.bytes.subarray(GUEST_BASE + ramSizeBytes, GUEST_BASE + sizeBytes);
  }

  /** Declares what a range below the RAM's size is. @param start, end multiples of 4096, `end` exclusive */
  setRegion(start: number, end: number, kind: RegionKind): void {
    const value = kind === 'device' ? PAGE_DEVICE : kind === 'rom' ? PAGE_ROM : 0;
    this.#pages.fill(value, start >>> PAGE_SHIFT, end >>> PAGE_SHIFT);
  }

  /** Lets a range above RAM show another one, read-only: the firmware below 4 GiB. */
  setAlias(start: number, sizeBytes: number, target: number): void {
    for (let offset = 0; offset < sizeBytes; offset += PAGE_SIZE_BYTES) {
      this.#aliases.set(Math.floor((start + offset) / PAGE_SIZE_BYTES), (target + offset) >>> PAGE_SHIFT);
    }
  }

  /** Shows device memory from a physical address above RAM on, or nowhere. The caller flushes the TLB. */
  mapDeviceMemory(start: number | null): void {
    this.#windowPage = start === null ? Number.POSITIVE_INFINITY : Math.floor(start / PAGE_SIZE_BYTES);
  }

  /** Opens or closes the A20 gate: while closed, address bit 20 is zero. The caller flushes the TLB. */
  set isA20Enabled(enabled: boolean) {
    this.#a20Mask = enabled ? -1 : ~(A20 >>> PAGE_SHIFT);
  }
  get isA20Enabled(): boolean {
    return this.#a20Mask === -1;
  }

  /**
   * Number of the page behind a physical address, or -1 for a device and for nothing. The pages of device memory follow
   * those of RAM.
   */
  pageOf(physical: number): number {
    const page = Math.floor(physical / PAGE_SIZE_BYTES);
    if (page >= this.#ramPageCount) {
      const target = this.#ramPageCount + page - this.#windowPage;
      if (target >= this.#ramPageCount && target < this.#pages.length) return target;
      return this.#aliases.get(page) ?? -1;
    }
    const gated = page & this.#a20Mask;
    return ((this.#pages[gated] as number) & PAGE_DEVICE) !== 0 ? -1 : gated;
  }

  /**
   * As {@link pageOf}, for code that is to be kept decoded: -1 for device memory too, since the device that owns it changes
   * it without telling.
   */
  codePageOf(physical: number): number {
    const page = this.pageOf(physical);
    return page < this.#ramPageCount ? page : -1;
  }

  /** Host address of the first byte of a page. */
  hostOfPage(page: number): number {
    return GUEST_BASE + page * PAGE_SIZE_BYTES;
  }

  /** Stores to this page need no look: plain RAM without decoded code. */
  isPlainPage(page: number): boolean {
    return this.#pages[page] === 0;
  }
  isRomPage(page: number): boolean {
    return ((this.#pages[page] as number) & PAGE_ROM) !== 0;
  }
  isCodePage(page: number): boolean {
    return ((this.#pages[page] as number) & PAGE_CODE) !== 0;
  }
  setCodePage(page: number, holdsCode: boolean): void {
    const flags = this.#pages[page] as number;
    this.#pages[page] = holdsCode ? flags | PAGE_CODE : flags & ~PAGE_CODE;
  }

  /** Announces a write to a page that may hold code. @param first, last offsets of the first and last byte in the page */
  announceWrite(page: number, first: number, last: number): void {
    if (this.isCodePage(page)) this.onCodeWrite(page, first, last);
  }

  read8(address: number): number {
    const page = this.pageOf(address);
    if (page < 0) return this.#io.readMemory(this.#busAddress(address), 8);
    return this.bytes[this.hostOfPage(page) + (address & 0xfff)] as number;
  }
  write8(address: number, value: number): void {
    const page = this.pageOf(address);
    if (page < 0) {
      this.#io.writeMemory(this.#busAddress(address), 8, value & 0xff);
      return;
    }
    if (this.isRomPage(page)) return;
    this.announceWrite(page, address & 0xfff, address & 0xfff);
    this.bytes[this.hostOfPage(page) + (address & 0xfff)] = value;
  }

  read16(address: number): number {
    const page = this.pageOf(address);
    if ((address & 0xfff) > 0xffe) return this.read8(address) | (this.read8(address + 1) << 8);
    if (page < 0) return this.#io.readMemory(this.#busAddress(address), 16);
    return this.#view.getUint16(this.hostOfPage(page) + (address & 0xfff), true);
  }
  write16(address: number, value: number): void {
    const page = this.pageOf(address);
    if ((address & 0xfff) > 0xffe) {
      this.write8(address, value);
      this.write8(address + 1, value >>> 8);
    } else if (page < 0) this.#io.writeMemory(this.#busAddress(address), 16, value & 0xffff);
    else if (!this.isRomPage(page)) {
      this.announceWrite(page, address & 0xfff, (address & 0xfff) + 1);
      this.#view.setUint16(this.hostOfPage(page) + (address & 0xfff), value, true);
    }
  }

  /** @returns the word as an unsigned number */
  read32(address: number): number {
    if ((address & 0xfff) > 0xffc) return (this.read16(address) | (this.read16(address + 2) << 16)) >>> 0;
    const page = this.pageOf(address);
    if (page < 0) return this.#io.readMemory(this.#busAddress(address), 32) >>> 0;
    return this.#view.getUint32(this.hostOfPage(page) + (address & 0xfff), true);
  }
  write32(address: number, value: number): void {
    if ((address & 0xfff) > 0xffc) {
      this.write16(address, value);
      this.write16(address + 2, value >>> 16);
      return;
    }
    const page = this.pageOf(address);
    if (page < 0) this.#io.writeMemory(this.#busAddress(address), 32, value >>> 0);
    else if (!this.isRomPage(page)) {
      this.announceWrite(page, address & 0xfff, (address & 0xfff) + 3);
      this.#view.setUint32(this.hostOfPage(page) + (address & 0xfff), value, true);
    }
  }

  /** Copies bytes out. Device memory is read byte by byte. */
  read(address: number, length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + done;
      const count = Math.min(length - done, PAGE_SIZE_BYTES - (at & 0xfff));
      const page = this.pageOf(at);
      if (page >= 0) {
        const host = this.hostOfPage(page) + (at & 0xfff);
        out.set(this.bytes.subarray(host, host + count), done);
      } else for (let i = 0; i < count; i++) out[done + i] = this.read8(at + i);
      done += count;
    }
    return out;
  }

  /** Copies bytes in; ROM keeps its contents. */
  write(address: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const at = address + done;
      const count = Math.min(source.length - done, PAGE_SIZE_BYTES - (at & 0xfff));
      const page = this.pageOf(at);
      if (page < 0) for (let i = 0; i < count; i++) this.write8(at + i, source[done + i] as number);
      else if (!this.isRomPage(page)) {
        this.announceWrite(page, at & 0xfff, (at & 0xfff) + count - 1);
        this.bytes.set(source.subarray(done, done + count), this.hostOfPage(page) + (at & 0xfff));
      }
      done += count;
    }
  }

  /** Fills a range of RAM with one byte value, page by page. */
  fill(address: number, length: number, value: number): void {
    for (let done = 0; done < length; ) {
      const at = address + done;
      const count = Math.min(length - done, PAGE_SIZE_BYTES - (at & 0xfff));
      const page = this.pageOf(at);
      if (page >= 0 && !this.isRomPage(page)) {
        this.announceWrite(page, at & 0xfff, (at & 0xfff) + count - 1);
        const host = this.hostOfPage(page) + (at & 0xfff);
        this.bytes.fill(value, host, host + count);
      }
      done += count;
    }
  }

  /** Writes ROM contents: what firmware is made of. */
  loadRom(address: number, source: Uint8Array): void {
    const host = GUEST_BASE + address;
    this.bytes.set(source, host);
    const end = address + source.length;
    for (let page = address >>> PAGE_SHIFT; page < Math.ceil(end / PAGE_SIZE_BYTES); page++)
      this.announceWrite(page, 0, 0xfff);
  }

  #busAddress(address: number): number {
    return this.#a20Mask === -1 || (address & A20) === 0 ? address : address - A20;
  }
}
