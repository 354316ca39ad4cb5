/** Small machines in every mode, for tests: a processor with RAM, set up as software would have left it. */
import { PAGING_4_LEVEL } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';
import { Cpu, type CpuOptions } from './cpu.ts';
import { CS, DS, ES, FS, GS, SS } from './decode/instruction.ts';
import {
  CR0_ET,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
} from './state/control-registers.ts';
import { CR0, CR3, CR4, GDTR_BASE, GDTR_LIMIT, IDTR_BASE, IDTR_LIMIT, MSR_EFER } from './state/layout.ts';
import type { SegmentRegister } from './state/segment-register.ts';

/** General registers by number. */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;

/** Segment attributes: present, accessed, writable data or readable code, flat. */
const DATA_32 = 0xc093;
const CODE_16 = 0x009b;
const CODE_32 = 0xc09b;
const CODE_64 = 0xa09b;
const FLAT = 0xffffffff;

/** Where long-mode machines keep their tables: the last 256 KiB of 2 MiB. */
const TABLES = 0x1c_0000;
const RAM_SIZE_BYTES = 0x20_0000;

export interface LongMachine {
  readonly cpu: Cpu;
  /** All of RAM is mapped to itself, page by page; tests change it here and call `cpu.synchronize()`. */
  readonly tables: PageTableBuilder;
}

const segment = (cpu: Cpu, index: number): SegmentRegister => cpu.state.segments[index] as SegmentRegister;

/** Loads flat data segments and a code segment of these attributes. */
function loadFlatSegments(cpu: Cpu, codeAttributes: number, cpl: 0 | 3): void {
  const dpl = cpl << 5;
  segment(cpu, CS).load(0x08 | cpl, 0n, FLAT, codeAttributes | dpl);
  for (const index of [ES, SS, DS, FS, GS]) segment(cpu, index).load(0x10 | cpl, 0n, FLAT, DATA_32 | dpl);
  cpu.state.cpl = cpl;
}

/** A processor in real mode with all segments at base 0 and SP at 8000h. */
export function realModeMachine(options: Partial<CpuOptions> = {}): Cpu {
  const cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES, ...options });
  for (const index of [ES, CS, SS, DS, FS, GS]) segment(cpu, index).load(0, 0n, 0xffff, 0x93);
  cpu.state.setGpr(RSP, 0x8000n);
  cpu.state.rip = 0x1000n;
  cpu.synchronize();
  return cpu;
}

/** A processor in protected mode without paging: flat segments, ESP at 80000h, no IDT. `codeSize` is CS.D. */
export function protectedModeMachine(options: Partial<CpuOptions> & { readonly codeSize?: 16 | 32 } = {}): Cpu {
  const cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES, ...options });
  cpu.state.setField(CR0, CR0_PE | CR0_ET | CR0_NE);
  loadFlatSegments(cpu, options.codeSize === 16 ? CODE_16 : CODE_32, 0);
  cpu.state.setField(IDTR_LIMIT, 0);
  cpu.state.setGpr(RSP, 0x80000n);
  cpu.state.rip = 0x1000n;
  cpu.synchronize();
  return cpu;
}

/**
 * A processor in IA-32e mode: RAM mapped to itself, flat segments, RSP at 80000h, no IDT (so that exceptions end in a
 * shutdown with the registers as they were). `codeSize` 32 is compatibility mode; `cpl` 3 also makes all pages user pages.
 */
export function longModeMachine(
  options: Partial<CpuOptions> & { readonly codeSize?: 32 | 64; readonly cpl?: 0 | 3 } = {},
): LongMachine {
  const { codeSize = 64, cpl = 0 } = options;
  const cpu = new Cpu({ ramSizeBytes: RAM_SIZE_BYTES, ...options });
  const end = options.ramSizeBytes ?? RAM_SIZE_BYTES;
  const tables = new PageTableBuilder({ memory: cpu.memory, mode: PAGING_4_LEVEL, tables: { start: TABLES, end } });
  tables.map(0, 0, RAM_SIZE_BYTES, { user: cpl === 3 });
  cpu.state.setField(CR0, (CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG) >>> 0);
  cpu.state.setField(CR4, CR4_PAE | CR4_PGE);
  cpu.state.setWideField(CR3, BigInt(tables.root));
  cpu.state.setField(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE);
  loadFlatSegments(cpu, codeSize === 64 ? CODE_64 : CODE_32, cpl);
  cpu.state.setField(IDTR_LIMIT, 0);
  cpu.state.setGpr(RSP, 0x80000n);
  cpu.state.rip = 0x1000n;
  cpu.synchronize();
  return { cpu, tables };
}

/** Bytes from hexadecimal; blanks count for nothing. */
export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** Puts code or data, in hexadecimal, at a physical address. */
export function place(cpu: Cpu, address: number, bytes: string): void {
  cpu.memory.write(address, fromHex(bytes));
}

/** Handlers of an IDT made by `installIdt` are this far apart: vector n is at `handlers + 16 * n`. */
export const HANDLER_SPACING = 16;

/**
 * Gives a protected-mode or long-mode machine an IDT of 256 interrupt gates to its own code segment. Every handler is HLT
 * until a test puts other code there.
 */
export function installIdt(cpu: Cpu, parts: { idt: number; handlers: number }): void {
  const isLong = (cpu.state.field(MSR_EFER) & EFER_LMA) !== 0;
  const selector = segment(cpu, CS).selector & ~3;
  for (let vector = 0; vector < 256; vector++) {
    const offset = parts.handlers + HANDLER_SPACING * vector;
    const at = parts.idt + (isLong ? 16 : 8) * vector;
    cpu.memory.write32(at, ((selector << 16) | (offset & 0xffff)) >>> 0);
    cpu.memory.write32(at + 4, ((offset & 0xffff0000) | 0x8e00) >>> 0);
    cpu.memory.write8(offset, 0xf4);
  }
  cpu.state.setWideField(IDTR_BASE, BigInt(parts.idt));
  cpu.state.setField(IDTR_LIMIT, 256 * (isLong ? 16 : 8) - 1);
}

/** Gives a protected-mode or long-mode machine a GDT that describes the segments that it has loaded. */
export function installGdt(cpu: Cpu, gdt: number): void {
  const describe = (at: number, attributes: number): void => {
    cpu.memory.write32(at, 0x0000ffff);
    cpu.memory.write32(at + 4, (((attributes & 0xf0ff) << 8) | 0x000f0000) >>> 0);
  };
  cpu.memory.fill(gdt, 8, 0);
  describe(gdt + 8, segment(cpu, CS).attributes);
  describe(gdt + 16, segment(cpu, DS).attributes);
  cpu.state.setWideField(GDTR_BASE, BigInt(gdt));
  cpu.state.setField(GDTR_LIMIT, 23);
}

/** A number that two machines share only if their registers, flags, RIP and RAM are equal (FNV-1a of 32 bits). */
export function stateHash(cpu: Cpu): string {
  let hash = 0x811c9dc5;
  const words = new Uint32Array(cpu.memory.bytes.buffer, cpu.memory.hostOfPage(0), cpu.memory.ramSizeBytes / 4);
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  const registers = Array.from({ length: 16 }, (_, i) => cpu.state.gpr(i).toString(16));
  return `${(hash >>> 0).toString(16)} ${cpu.state.rip.toString(16)} ${cpu.state.rflags.toString(16)} ${registers.join()}`;
}
