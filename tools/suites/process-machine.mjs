// A processor of ours with what a user process of an operating system sees: paging, user segments, and a kernel of a few
// bytes that stops the processor wherever it is entered. What the kernel then does is somebody else's: linux-process.mjs.
import { Cpu, CS, DS, ES, FIELD, FS, GS, SS } from '@longmode/cpu-x86';
import { PAGING_4_LEVEL } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';

const PAGE = 0x1000;
const RAM_SIZE_BYTES = 0x1000_0000;
/** Physical places: the kernel's own pages, page tables, frames for the process. */
const KERNEL_AT = 0x10_0000;
const KERNEL_SIZE_BYTES = 0x2_0000;
const TABLES_AT = 0x20_0000;
const FRAMES_AT = 0xa0_0000;

const KERNEL = 0xffff_8000_0000_0000n;
/** Offsets in the kernel's pages. */
const GDT = 0x0000;
const TSS = 0x0200;
const IDT = 0x1000;
const HANDLERS = 0x2000;
const SYSCALL_ENTRY = 0x3000;
const RETURN = 0x3010;
const STUB = 0x3020;
const FX_IMAGE = 0x3800;
const STACK_TOP = 0x6000;
const LDT = 0x1_0000;

const LDTR = 6;
const TR = 7;
const HANDLER_SPACING = 16;
const HLT = 0xf4;
const RSP = 4;
const FRAME_SIZE_BYTES = 40;
const WITH_ERROR_CODE = new Set([8, 10, 11, 12, 13, 14, 17, 21]);

export const USER_CODE_32 = 0x23;
export const USER_DATA = 0x2b;
export const USER_CODE_64 = 0x33;
/** Entries of the GDT that Linux lends to 32-bit processes for thread-local storage. */
export const TLS_ENTRY = 12;
const TLS_ENTRY_COUNT = 3;

/** Protections of pages. */
export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;

export class ProcessMachine {
  #frame = FRAMES_AT;
  /** Linear page number to where it is and what may be done there. @type {Map<number, { at: number, protection: number }>} */
  #pages = new Map();

  /** @param {Partial<import('@longmode/cpu-x86').CpuOptions>} options */
  constructor(options) {
    this.cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES, ...options });
    const { memory, state } = this.cpu;
    this.tables = new PageTableBuilder({
      memory,
      mode: PAGING_4_LEVEL,
      tables: { start: TABLES_AT, end: FRAMES_AT },
    });
    this.tables.map(KERNEL, KERNEL_AT, KERNEL_SIZE_BYTES);
    this.view = new DataView(memory.bytes.buffer, memory.hostOfPage(KERNEL_AT / PAGE), KERNEL_SIZE_BYTES);
    this.#install();
    state.setField(FIELD.CR0, 0x8005_0033);
    // FSGSBASE, OSXSAVE, OSXMMEXCPT, OSFXSR, PGE, PAE.
    state.setField(FIELD.CR4, 0x5_06a0);
    state.setWideField(FIELD.CR3, BigInt(this.tables.root));
    state.setWideField(FIELD.MSR_EFER, 0xd01n);
    state.setWideField(FIELD.MSR_STAR, (0x23n << 48n) | (0x10n << 32n));
    state.setWideField(FIELD.MSR_LSTAR, KERNEL + BigInt(SYSCALL_ENTRY));
    state.setWideField(FIELD.MSR_FMASK, 0x4_7700n);
    state.setWideField(FIELD.GDTR_BASE, KERNEL + BigInt(GDT));
    state.setField(FIELD.GDTR_LIMIT, 0x7f);
    state.setWideField(FIELD.IDTR_BASE, KERNEL + BigInt(IDT));
    state.setField(FIELD.IDTR_LIMIT, 0xfff);
    state.segments[CS].load(0x10, 0n, 0xffff_ffff, 0xa09b);
    for (const index of [SS, DS, ES, FS, GS]) state.segments[index].loadNull(0);
    state.segments[LDTR].load(0x50, KERNEL + BigInt(LDT), 0xffff, 0x82);
    state.segments[TR].load(0x40, KERNEL + BigInt(TSS), 0x67, 0x8b);
    this.cpu.synchronize();
    // XSETBV: x87 and SSE.
    state.setGpr(0, 3n);
    state.setGpr(1, 0n);
    state.setGpr(2, 0n);
    this.runStub([0x0f, 0x01, 0xd1]);
    this.#withImageIn([0x48, 0x0f, 0xae, 0x0f]);
    for (let i = 0; i < 16; i++) state.setGpr(i, 0n);
  }

  #install() {
    const { view } = this;
    const user = [
      [USER_CODE_32, 0x00cf_fb00_0000_ffffn],
      [USER_DATA, 0x00cf_f300_0000_ffffn],
      [USER_CODE_64, 0x00af_fb00_0000_ffffn],
      [0x10, 0x00af_9b00_0000_ffffn],
      [0x18, 0x00cf_9300_0000_ffffn],
    ];
    for (const [selector, descriptor] of user) view.setBigUint64(GDT + (selector & ~7), descriptor, true);
    for (let vector = 0; vector < 256; vector++) {
      const handler = KERNEL + BigInt(HANDLERS + HANDLER_SPACING * vector);
      const rights = [3, 4, 0x80].includes(vector) ? 0xee00n : 0x8e00n;
      view.setBigUint64(
        IDT + 16 * vector,
        (handler & 0xffffn) | (0x10n << 16n) | (rights << 32n) | (((handler >> 16n) & 0xffffn) << 48n),
        true,
      );
      view.setBigUint64(IDT + 16 * vector + 8, handler >> 32n, true);
      view.setUint8(HANDLERS + HANDLER_SPACING * vector, HLT);
    }
    view.setBigUint64(TSS + 4, KERNEL + BigInt(STACK_TOP), true);
    view.setUint16(TSS + 0x66, 0x68, true);
    view.setUint8(SYSCALL_ENTRY, HLT);
    // IRETQ
    view.setUint16(RETURN, 0xcf48, true);
    // FXSAVE's image of a processor that has just begun.
    view.setUint16(FX_IMAGE, 0x37f, true);
    view.setUint32(FX_IMAGE + 24, 0x1f80, true);
  }

  /** Runs some bytes at CPL 0, with the registers as they are. @returns {boolean} whether they ran to their end */
  runStub(bytes) {
    const { cpu } = this;
    const { state } = cpu;
    const rip = KERNEL + BigInt(STUB);
    cpu.memory.write(KERNEL_AT + STUB, Uint8Array.of(...bytes, HLT));
    state.rip = rip;
    state.setField(FIELD.ACTIVITY, 0);
    state.setGpr(RSP, KERNEL + BigInt(STACK_TOP - 0x1000));
    cpu.run(100);
    return state.rip === rip + BigInt(bytes.length + 1);
  }

  /** Loads a segment register as MOV does; what cannot be loaded becomes null. */
  loadSegment(index, selector) {
    const { state } = this.cpu;
    const rax = state.gpr(0);
    const modrm = 0xc0 | (index << 3);
    state.setGpr(0, BigInt(selector));
    if (!this.runStub([0x8e, modrm])) {
      state.setGpr(0, 0n);
      this.runStub([0x8e, modrm]);
    }
    state.setGpr(0, rax);
  }

  /** The 512 bytes of FXSAVE64. */
  saveFloatingPoint() {
    this.#withImageIn([0x48, 0x0f, 0xae, 0x07]);
    return new Uint8Array(this.view.buffer, this.view.byteOffset + FX_IMAGE, 512).slice();
  }
  loadFloatingPoint(image) {
    new Uint8Array(this.view.buffer, this.view.byteOffset + FX_IMAGE, 512).set(image);
    this.#withImageIn([0x48, 0x0f, 0xae, 0x0f]);
  }
  #withImageIn(bytes) {
    const { state } = this.cpu;
    const rdi = state.gpr(7);
    state.setGpr(7, KERNEL + BigInt(FX_IMAGE));
    this.runStub(bytes);
    state.setGpr(7, rdi);
  }

  /** An entry of the LDT, or one of those of the GDT that are the process's. @returns {boolean} */
  setDescriptor(table, entry, descriptor) {
    if (table === 'gdt' && (entry < TLS_ENTRY || entry >= TLS_ENTRY + TLS_ENTRY_COUNT)) return false;
    if (entry < 0 || entry >= 8192) return false;
    this.view.setBigUint64((table === 'gdt' ? GDT : LDT) + 8 * entry, descriptor, true);
    return true;
  }

  /**
   * Lets the process run until it enters the kernel.
   *
   * @param {{ rip: bigint, cs: number, rflags: number, rsp: bigint, ss: number }} frame
   * @param {number} limit instructions
   * @returns {{ kind: 'syscall' | 'vector', vector: number, errorCode: number, rip: bigint, cs: number, rflags: number,
   *   rsp: bigint, ss: number } | undefined} undefined at the limit, and where the processor shuts down
   */
  enter(frame, limit) {
    const { cpu, view } = this;
    const { state } = cpu;
    const at = STACK_TOP - FRAME_SIZE_BYTES;
    view.setBigUint64(at, frame.rip, true);
    view.setBigUint64(at + 8, BigInt(frame.cs), true);
    view.setBigUint64(at + 16, BigInt(frame.rflags), true);
    view.setBigUint64(at + 24, frame.rsp, true);
    view.setBigUint64(at + 32, BigInt(frame.ss), true);
    state.rip = KERNEL + BigInt(RETURN);
    state.setGpr(RSP, KERNEL + BigInt(at));
    state.setField(FIELD.ACTIVITY, 0);
    if (cpu.run(limit) !== 'halted') return undefined;
    const offset = Number(state.rip - KERNEL) - 1;
    if (offset === SYSCALL_ENTRY) {
      return {
        kind: 'syscall',
        vector: -1,
        errorCode: 0,
        rip: state.gpr(1),
        cs: USER_CODE_64,
        rflags: Number(state.gpr(11)),
        rsp: state.gpr(RSP),
        ss: USER_DATA,
      };
    }
    const vector = (offset - HANDLERS) / HANDLER_SPACING;
    return {
      kind: 'vector',
      vector,
      errorCode: WITH_ERROR_CODE.has(vector) ? view.getUint32(at - 8, true) : 0,
      rip: view.getBigUint64(at, true),
      cs: view.getUint16(at + 8, true),
      rflags: view.getUint32(at + 16, true),
      rsp: view.getBigUint64(at + 24, true),
      ss: view.getUint16(at + 32, true),
    };
  }

  /** Address of the last page fault. */
  get faultAddress() {
    return this.cpu.state.wideField(FIELD.CR2);
  }

  /** Gives pages of zeros, or changes what may be done with those that are there. */
  map(start, end, protection) {
    let isChanged = false;
    for (let address = start; address < end; address += PAGE) {
      const known = this.#pages.get(address / PAGE);
      const at = known?.at ?? this.#frame;
      if (known === undefined) {
        if (at >= RAM_SIZE_BYTES) throw new Error('no memory for the process');
        this.#frame += PAGE;
        this.cpu.memory.fill(at, PAGE, 0);
      } else isChanged ||= known.protection !== protection;
      this.#pages.set(address / PAGE, { at, protection });
      this.tables.map(BigInt(address), at, PAGE, {
        user: true,
        writable: (protection & WRITE) !== 0,
        executable: (protection & EXECUTE) !== 0,
      });
      if (protection === 0) this.tables.changeEntry(BigInt(address), 1, { clear: 1n });
    }
    if (isChanged) this.cpu.synchronize();
  }
  unmap(start, end) {
    for (let address = start; address < end; address += PAGE) {
      if (!this.#pages.delete(address / PAGE)) continue;
      this.tables.changeEntry(BigInt(address), 1, { clear: 1n });
    }
    this.cpu.synchronize();
  }
  isMapped(address) {
    return this.#pages.has(Math.floor(address / PAGE));
  }

  /** Bytes of the process, or undefined where a page is missing. */
  read(address, length) {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const place = this.#place(address + done);
      if (place === undefined) return undefined;
      const count = Math.min(length - done, PAGE - ((address + done) % PAGE));
      bytes.set(this.cpu.memory.bytes.subarray(place, place + count), done);
      done += count;
    }
    return bytes;
  }
  /** @returns {boolean} whether every page was there */
  write(address, bytes) {
    for (let done = 0; done < bytes.length; ) {
      const page = this.#pages.get(Math.floor((address + done) / PAGE));
      if (page === undefined) return false;
      const offset = (address + done) % PAGE;
      const count = Math.min(bytes.length - done, PAGE - offset);
      this.cpu.memory.write(page.at + offset, bytes.subarray(done, done + count));
      done += count;
    }
    return true;
  }
  #place(address) {
    const page = this.#pages.get(Math.floor(address / PAGE));
    return page === undefined ? undefined : this.cpu.memory.hostOfPage(page.at / PAGE) + (address % PAGE);
  }
}
