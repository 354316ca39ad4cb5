import { PAGING_4_LEVEL } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';
import {
  CODE_PAGES,
  CODE_SIZE_BYTES,
  DATA_ALIAS,
  DATA_PAGES,
  DATA_SIZE_BYTES,
  DATA_WRITABLE_SIZE_BYTES,
  GLOBAL_DESCRIPTORS,
  LOCAL_DESCRIPTORS,
  type LocalDescriptor,
  USER_GATES,
} from '@longmode/x86-vectors';
import { Cpu, type CpuOptions } from '../cpu.ts';
import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import { CPU_FEATURES, type CpuFeature, type CpuModel, DEFAULT_CPU_MODEL } from '../semantics/system/cpu-model.ts';
import {
  CR0_AM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_FSGSBASE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PGE,
  CR4_PKE,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
} from '../state/control-registers.ts';
import {
  ACTIVITY,
  ACTIVITY_ACTIVE,
  CR0,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  LDTR_INDEX,
  MSR_EFER,
  TR_INDEX,
  XCR0,
} from '../state/layout.ts';
import type { SegmentRegister } from '../state/segment-register.ts';

/** A processor with everything, as the recorded ones have it. */
const EVERY_FEATURE: CpuModel = {
  ...DEFAULT_CPU_MODEL,
  features: new Set(Object.keys(CPU_FEATURES) as CpuFeature[]),
};

/** Physical places. */
const CODE_AT = 0x10_0000;
const DATA_AT = 0x11_0000;
const SYSTEM_AT = 0x12_0000;
const SYSTEM_SIZE_BYTES = 0x8000;
const TABLES = 0x1c_0000;
const RAM_SIZE_BYTES = 0x20_0000;

/** What the operating system has of its own, where no case looks: offsets from here. */
const SYSTEM = 0xffff_a7a3_5000_0000n;
const GDT = 0x0000;
const LDT = 0x1000;
const TSS = 0x2000;
const IDT = 0x3000;
const HANDLERS = 0x4000;
const HANDLER_SPACING = 16;
/** The instruction that enters a case, and the frame that it pops. */
const ENTRY = 0x5800;
const FRAME = 0x5900;
const STACK_TOP = 0x7000;

/** A repeated string instruction may take many. */
const INSTRUCTIONS_MAX = 30_000;
const XCR0_X87_AND_SSE = 3;
const SYSTEM_CODE = 0x10;
const GDT_COUNT = 16;
const HLT = 0xf4;
const CODE_64 = 0xa09b;
const LDT_ATTRIBUTES = 0x82;
const TSS_ATTRIBUTES = 0x8b;

const u64 = (address: number): bigint => SYSTEM + BigInt(address);

/** The words of a descriptor. */
function descriptorWords({ base, limit, attributes }: LocalDescriptor): readonly [number, number] {
  const units = (attributes & 0x8000) !== 0 ? Math.floor(limit / 0x1000) : limit;
  const low = ((base & 0xffff) << 16) | (units & 0xffff);
  const high =
    (base & 0xff00_0000) | ((base >>> 16) & 0xff) | ((attributes & 0xf0ff) << 8) | (((units >>> 16) & 0xf) << 16);
  return [low >>> 0, high >>> 0];
}

/**
 * A process as the corpus describes it, on a processor of ours, with an operating system that stops at every exception.
 */
export class RecordedProcess {
  readonly cpu: Cpu;

  constructor(options: Partial<CpuOptions>) {
    const cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES, model: EVERY_FEATURE, ...options });
    this.cpu = cpu;
    const tables = new PageTableBuilder({
      memory: cpu.memory,
      mode: PAGING_4_LEVEL,
      tables: { start: TABLES, end: RAM_SIZE_BYTES },
    });
    const data = { user: true, executable: false };
    tables.map(CODE_PAGES, CODE_AT, CODE_SIZE_BYTES, { user: true, writable: false });
    for (const start of [BigInt(DATA_PAGES), DATA_ALIAS]) {
      const readable = DATA_SIZE_BYTES - DATA_WRITABLE_SIZE_BYTES;
      const end = BigInt(DATA_WRITABLE_SIZE_BYTES);
      tables.map(start, DATA_AT, DATA_WRITABLE_SIZE_BYTES, data);
      tables.map(start + end, DATA_AT + DATA_WRITABLE_SIZE_BYTES, readable, { ...data, writable: false });
    }
    tables.map(SYSTEM, SYSTEM_AT, SYSTEM_SIZE_BYTES);
    const { state } = cpu;
    state.setField(CR0, (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG) >>> 0);
    state.setField(CR4, CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE | CR4_PKE);
    state.setWideField(CR3, BigInt(tables.root));
    state.setField(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE);
    state.setField(XCR0, XCR0_X87_AND_SSE);
    this.#installTables();
    for (const index of [ES, SS, DS, FS, GS]) this.segment(index).loadNull(0);
    this.segment(CS).load(SYSTEM_CODE, 0n, 0xffff_ffff, CODE_64);
    cpu.memory.fill(CODE_AT, CODE_SIZE_BYTES, 0xcc);
    cpu.synchronize();
  }

  segment(index: number): SegmentRegister {
    return this.cpu.state.segments[index] as SegmentRegister;
  }

  #installTables(): void {
    const { cpu } = this;
    const put = (at: number, descriptor: LocalDescriptor): void => {
      const [low, high] = descriptorWords(descriptor);
      cpu.memory.write32(SYSTEM_AT + at, low);
      cpu.memory.write32(SYSTEM_AT + at + 4, high);
    };
    GLOBAL_DESCRIPTORS.forEach((descriptor, i) => {
      put(GDT + 8 * (i + 1), descriptor);
    });
    LOCAL_DESCRIPTORS.forEach((descriptor, i) => {
      put(LDT + 8 * (i + 1), descriptor);
    });
    for (let vector = 0; vector < 256; vector++) {
      const handler = u64(HANDLERS + HANDLER_SPACING * vector);
      const low = Number(handler & 0xffff_ffffn);
      const dpl = USER_GATES.includes(vector) ? 3 : 0;
      const gate = SYSTEM_AT + IDT + 16 * vector;
      cpu.memory.write32(gate, ((SYSTEM_CODE << 16) | (low & 0xffff)) >>> 0);
      cpu.memory.write32(gate + 4, ((low & 0xffff_0000) | 0x8e01 | (dpl << 13)) >>> 0);
      cpu.memory.write32(gate + 8, Number(handler >> 32n));
      cpu.memory.write8(SYSTEM_AT + HANDLERS + HANDLER_SPACING * vector, HLT);
    }
    // IRETQ
    cpu.memory.write(SYSTEM_AT + ENTRY, Uint8Array.of(0x48, 0xcf));
    // The first stack of the interrupt stack table.
    cpu.memory.write32(SYSTEM_AT + TSS + 36, Number(u64(STACK_TOP) & 0xffff_ffffn));
    cpu.memory.write32(SYSTEM_AT + TSS + 40, Number(u64(STACK_TOP) >> 32n));
    // No I/O permissions.
    cpu.memory.write16(SYSTEM_AT + TSS + 0x66, 0x68);
    const { state } = cpu;
    state.setWideField(GDTR_BASE, u64(GDT));
    state.setField(GDTR_LIMIT, 8 * GDT_COUNT - 1);
    state.setWideField(IDTR_BASE, u64(IDT));
    state.setField(IDTR_LIMIT, 256 * 16 - 1);
    this.segment(LDTR_INDEX).load(0x50, u64(LDT), 8 * (LOCAL_DESCRIPTORS.length + 1) - 1, LDT_ATTRIBUTES);
    this.segment(TR_INDEX).load(0x40, u64(TSS), 0x67, TSS_ATTRIBUTES);
  }

  /** Puts other code in the code pages. Nothing of what was there is remembered. @param slots a page of it */
  placeCode(slots: Uint8Array, offset: number): void {
    this.cpu.synchronize();
    this.cpu.memory.write(CODE_AT + offset, slots);
  }
  /** Puts code where none has run yet, and keeps what is known of the rest. */
  writeCode(code: Uint8Array, offset: number): void {
    this.cpu.memory.write(CODE_AT + offset, code);
  }
  /** Bytes of the data pages, to look at. */
  get data(): Uint8Array {
    const { memory } = this.cpu;
    const start = memory.hostOfPage(DATA_AT >>> 12);
    return memory.bytes.subarray(start, start + DATA_SIZE_BYTES);
  }
  writeData(offset: number, bytes: Uint8Array): void {
    this.cpu.memory.write(DATA_AT + offset, bytes);
  }

  /** Loads a data segment register as software would have. */
  loadSegment(index: number, selector: number): void {
    const table = (selector & 4) !== 0 ? LOCAL_DESCRIPTORS : GLOBAL_DESCRIPTORS;
    const descriptor = (selector & 0xfffc) === 0 ? undefined : table[(selector >> 3) - 1];
    if (descriptor === undefined) this.segment(index).loadNull(selector);
    else this.segment(index).load(selector, BigInt(descriptor.base), descriptor.limit, descriptor.attributes);
  }

  /** Makes the next instruction the return to a case. */
  prepareEntry(frame: { rip: bigint; cs: number; rflags: number; rsp: bigint; ss: number }): void {
    const { memory, state } = this.cpu;
    const view = new DataView(memory.bytes.buffer, memory.hostOfPage((SYSTEM_AT + FRAME) >>> 12) + (FRAME & 0xfff), 40);
    view.setBigUint64(0, frame.rip, true);
    view.setUint32(8, frame.cs, true);
    view.setUint32(16, frame.rflags, true);
    view.setBigUint64(24, frame.rsp, true);
    view.setUint32(32, frame.ss, true);
    state.setGpr(4, u64(FRAME));
    state.rip = u64(ENTRY);
    state.rflags = 2;
  }

  /** Executes the return to a case, what it leads to, and the first exception. @returns whether that has stopped */
  run(): boolean {
    const { cpu } = this;
    const stop = cpu.run(INSTRUCTIONS_MAX);
    if (stop !== 'halted' || this.vector < 0) return false;
    cpu.state.setField(ACTIVITY, ACTIVITY_ACTIVE);
    return true;
  }

  /** The vector whose handler has stopped, or -1. */
  get vector(): number {
    const offset = this.cpu.state.rip - u64(HANDLERS) - 1n;
    return offset >= 0n && offset < 4096n ? Number(offset) / HANDLER_SPACING : -1;
  }
  /** What the processor has pushed: SS is last. */
  get pushed(): DataView {
    const { memory } = this.cpu;
    return new DataView(
      memory.bytes.buffer,
      memory.hostOfPage((SYSTEM_AT + STACK_TOP - 0x1000) >>> 12) + 0x1000 - 48,
      48,
    );
  }
}
