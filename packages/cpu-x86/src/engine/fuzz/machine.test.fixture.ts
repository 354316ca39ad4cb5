/** Machines for random programs, in every mode. Exceptions go on where the program wants: at the address in R15 or EDI. */
import { PAGING_32_BIT } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';
import type { Cpu, CpuOptions } from '../../cpu.ts';
import { CS, DS, ES, FS, GS, SS } from '../../decode/instruction.ts';
import type { AccessWidth } from '../../host.ts';
import {
  fromHex,
  longModeMachine,
  place,
  protectedModeMachine,
  RSP,
  realModeMachine,
} from '../../machines.test.fixture.ts';
import {
  CR0_PG,
  CR0_WP,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PGE,
  CR4_PSE,
  EFER_SCE,
} from '../../state/control-registers.ts';
import {
  CR0,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
  TR_INDEX,
} from '../../state/layout.ts';
import { FLAG_DF, FLAG_IF } from '../../state/rflags.ts';
import type { SegmentRegister } from '../../state/segment-register.ts';
import * as places from './places.test.fixture.ts';

/** A mode in which programs run. */
export interface Form {
  readonly name: string;
  readonly codeSize: 16 | 32 | 64;
  /** Size of the code of handlers, and of gates. */
  readonly handlerSize: 16 | 32 | 64;
  readonly paging: 'none' | '32-bit' | '4-level';
  readonly cpl: 0 | 3;
  /** Data segments with bases and limits. */
  readonly isSegmented: boolean;
  /** Programs with vectors. */
  readonly hasVectors: boolean;
}

const form = (name: string, codeSize: Form['codeSize'], rest: Partial<Form> = {}): Form => {
  return {
    name,
    codeSize,
    handlerSize: codeSize,
    paging: 'none',
    cpl: 0,
    isSegmented: false,
    hasVectors: false,
    ...rest,
  };
};
export const FORMS: readonly Form[] = [
  form('64-bit mode', 64, { paging: '4-level' }),
  form('64-bit mode, unprivileged', 64, { paging: '4-level', cpl: 3 }),
  form('compatibility mode', 32, { paging: '4-level', handlerSize: 64 }),
  form('protected mode with paging', 32, { paging: '32-bit' }),
  form('protected mode', 32),
  form('protected mode with segments', 32, { isSegmented: true }),
  form('16-bit protected mode', 16, { handlerSize: 32 }),
  form('real mode', 16),
  form('64-bit mode with vectors', 64, { paging: '4-level', hasVectors: true }),
  form('64-bit mode with vectors, unprivileged', 64, { paging: '4-level', cpl: 3, hasVectors: true }),
  form('protected mode with segments and vectors', 32, { isSegmented: true, hasVectors: true }),
  form('real mode with vectors', 16, { hasVectors: true }),
];

/** What pushes an error code. */
const ERROR_CODES: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);
const RAM_SIZE_BYTES = 0x20_0000;
const TABLES = 0x1c_0000;
const FLAT = 0xffff_ffff;
/** Attributes of segments: present, accessed, readable or writable. */
const CODE_SEGMENT = { 16: 0x009b, 32: 0xc09b, 64: 0xa09b } as const;
const DATA_SEGMENT = 0xc093;
/** Selectors: code of handlers, data, data and code of privilege level 3, code of programs. */
const HANDLER_CODE = 0x08;
const PLAIN_DATA = 0x10;
const USER_DATA = 0x20;
const USER_CODE = 0x28;
const PROGRAM_CODE = 0x30;

/** Ports and device memory that answer by what has happened so far, the instruction counts included. */
class Devices {
  hash = 0x811c9dc5;
  cpu: Cpu | undefined;

  #note(...words: number[]): void {
    for (const word of [...words, this.cpu?.instructionCount ?? 0]) this.hash = Math.imul(this.hash ^ word, 0x01000193);
  }
  read(address: number, width: AccessWidth): number {
    this.#note(1, address, width);
    const value = (this.hash >>> 7) ^ this.hash;
    return width === 32 ? value >>> 0 : value & ((1 << width) - 1);
  }
  write(address: number, width: AccessWidth, value: number): void {
    this.#note(2, address, width, value);
    if ((value & 7) === 5) this.cpu?.setInterruptLine(true);
    if ((value & 0x1f) === 6) this.cpu?.raiseNmi();
  }
  acknowledge(): number {
    this.#note(3);
    this.cpu?.setInterruptLine(false);
    return places.INTERRUPT;
  }
}

/** Physical addresses of page-table entries that programs change. */
export interface ToggleEntries {
  readonly data: number;
  readonly code: number;
}

/** A machine that is ready for a program at `CODE`. */
export interface FuzzMachine {
  readonly cpu: Cpu;
  readonly devices: Devices;
  /** Where there is paging: physical addresses of the page-table entries of `TOGGLE` and `TOGGLE_CODE`. */
  readonly entries: ToggleEntries | undefined;
}

export function createMachine(made: Form, options: Partial<CpuOptions>): FuzzMachine {
  const devices = new Devices();
  const given: Partial<CpuOptions> = {
    ...options,
    ports: {
      readPort: (port, width) => devices.read(port, width),
      writePort: (port, width, value) => devices.write(port, width, value),
    },
    memoryIo: {
      readMemory: (address, width) => devices.read(address, width),
      writeMemory: (address, width, value) => devices.write(address, width, value),
    },
    interrupts: devices,
  };
  const { cpu, tables } = createCpu(made, given);
  devices.cpu = cpu;
  if (tables) mapPages(tables, made.cpl === 3);
  else cpu.memory.setRegion(places.LOW_DEVICE, places.LOW_DEVICE + 0x1000, 'device');
  if (made.handlerSize === 16) installVectors(cpu);
  else {
    installDescriptors(cpu, made);
    installHandlers(cpu, made);
  }
  if (made.codeSize === 64) installSystemCall(cpu, made.cpl);
  loadSegments(cpu, made);
  if (made.hasVectors) cpu.state.setField(CR4, cpu.state.field(CR4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
  cpu.state.setGpr(RSP, BigInt(places.STACK));
  cpu.state.rip = BigInt(places.CODE);
  cpu.state.rflags |= FLAG_IF;
  cpu.synchronize();
  const entryOf = (page: number): number => tables?.entryAddress(page, 1) ?? 0;
  const entries = tables && { data: entryOf(places.TOGGLE), code: entryOf(places.TOGGLE_CODE) };
  return { cpu, devices, entries };
}

function createCpu(made: Form, options: Partial<CpuOptions>): { cpu: Cpu; tables?: PageTableBuilder } {
  if (made.paging === '4-level') {
    return longModeMachine({ ...options, codeSize: made.codeSize === 64 ? 64 : 32, cpl: made.cpl });
  }
  if (made.handlerSize === 16) return { cpu: realModeMachine(options) };
  const cpu = protectedModeMachine({ ...options, codeSize: made.codeSize === 16 ? 16 : 32 });
  if (made.paging === 'none') return { cpu };
  const tables = new PageTableBuilder({
    memory: cpu.memory,
    mode: PAGING_32_BIT,
    tables: { start: TABLES, end: RAM_SIZE_BYTES },
  });
  tables.map(0, 0, RAM_SIZE_BYTES);
  cpu.state.setField(CR0, (cpu.state.field(CR0) | CR0_PG | CR0_WP) >>> 0);
  cpu.state.setField(CR4, CR4_PSE | CR4_PGE);
  cpu.state.setWideField(CR3, BigInt(tables.root));
  return { cpu, tables };
}

function mapPages(tables: PageTableBuilder, user: boolean): void {
  tables.map(places.ALIAS, 0, 0x1_0000, { user });
  tables.map(places.TOGGLE, places.SPARE, 0x1000, { user });
  tables.map(places.READ_ONLY, places.DATA + 0x1000, 0x1000, { user, writable: false });
  tables.map(places.PRIVILEGED, places.DATA, 0x1000);
  tables.map(places.TOGGLE_CODE, places.TOGGLED_PAGES[0], 0x1000, { user });
  tables.map(places.DEVICE, places.DEVICE, 0x1000, { user });
}

function installDescriptors(cpu: Cpu, made: Form): void {
  const describe = (selector: number, attributes: number): void => {
    cpu.memory.write32(places.GDT + selector, 0x0000ffff);
    cpu.memory.write32(places.GDT + selector + 4, (((attributes & 0xf0ff) << 8) | 0x000f0000) >>> 0);
  };
  describe(HANDLER_CODE, CODE_SEGMENT[made.handlerSize]);
  describe(PLAIN_DATA, DATA_SEGMENT);
  describe(USER_DATA, DATA_SEGMENT | 0x60);
  describe(USER_CODE, CODE_SEGMENT[made.codeSize] | 0x60);
  describe(PROGRAM_CODE, CODE_SEGMENT[made.codeSize]);
  cpu.state.setWideField(GDTR_BASE, BigInt(places.GDT));
  cpu.state.setField(GDTR_LIMIT, PROGRAM_CODE + 7);
}

/**
 * Handlers add what they find on the stack to `FRAME_SUM`. Those of interrupts return; those of exceptions take the error code
 * off, put R15 or EDI in the place of the saved RIP, and return there.
 */
function installHandlers(cpu: Cpu, { handlerSize, codeSize }: Form): void {
  const isLong = handlerSize === 64;
  const resume = codeSize === 64 ? '4c893c24' : isLong ? '48893c24' : '893c24';
  const drop = isLong ? '4883c408' : '83c404';
  const end = isLong ? '48cf' : 'cf';
  // push eax; mov eax, [esp + distance]; add [sum], eax; pop eax
  const add = (words: number): string => {
    const distance = ((isLong ? 8 : 4) * words).toString(16).padStart(2, '0');
    return `50 8b4424${distance} ${isLong ? '010425' : '0105'}007c0000 58`;
  };
  const withErrorCode = fromHex(`${add(1)} ${drop}`);
  const ends = { interrupt: places.HANDLER_ENDS, error: places.HANDLER_ENDS + 0x20, exception: 0 };
  ends.exception = ends.error + withErrorCode.length;
  place(cpu, ends.interrupt, `${add(3)} ${end}`);
  cpu.memory.write(ends.error, withErrorCode);
  place(cpu, ends.exception, `${add(3)} ${resume} ${end}`);
  for (let vector = 0; vector < 256; vector++) {
    const at = places.HANDLERS + 16 * vector;
    const gate = places.IDT + (isLong ? 16 : 8) * vector;
    const isCounted = vector === places.INTERRUPT || vector === 2;
    const target = isCounted ? ends.interrupt : ERROR_CODES.has(vector) ? ends.error : ends.exception;
    cpu.memory.write8(at, 0xe9);
    cpu.memory.write32(at + 1, (target - (at + 5)) >>> 0);
    cpu.memory.write32(gate, ((HANDLER_CODE << 16) | at) >>> 0);
    // The first stack of the interrupt stack table, in IA-32e mode.
    cpu.memory.write32(gate + 4, 0x8e00 | (isLong ? 1 : 0));
  }
  cpu.state.setWideField(IDTR_BASE, BigInt(places.IDT));
  cpu.state.setField(IDTR_LIMIT, 256 * (isLong ? 16 : 8) - 1);
  if (!isLong) return;
  cpu.memory.write32(places.TSS + 4, places.HANDLER_STACK);
  cpu.memory.write32(places.TSS + 36, places.HANDLER_STACK);
  segment(cpu, TR_INDEX).load(0x18, BigInt(places.TSS), 0x67, 0x8b);
}

/** A system call exchanges the bases of GS, adds the flags to `FRAME_SUM`, and returns to the level that it came from. */
function installSystemCall(cpu: Cpu, cpl: 0 | 3): void {
  // swapgs; add [sum], r11d; then sysretq, or push r11; popf; jmp rcx
  place(cpu, places.SYSTEM_CALL, `0f01f8 44011c25007c0000 ${cpl === 3 ? '480f07' : '4153 9d ffe1'}`);
  const { state } = cpu;
  state.setField(MSR_EFER, state.field(MSR_EFER) | EFER_SCE);
  state.setWideField(MSR_STAR, BigInt(HANDLER_CODE | ((USER_DATA - 8) << 16)) << 32n);
  state.setWideField(MSR_LSTAR, BigInt(places.SYSTEM_CALL));
  state.setWideField(MSR_FMASK, BigInt(FLAG_IF | FLAG_DF));
  state.setWideField(MSR_KERNEL_GS_BASE, BigInt(places.DATA + 0x800));
}

function installVectors(cpu: Cpu): void {
  for (let vector = 0; vector < 256; vector++) {
    const isCounted = vector === places.INTERRUPT || vector === 2;
    cpu.memory.write32(4 * vector, places.HANDLERS + (isCounted ? 16 : 0));
  }
  // mov bp, sp; mov [bp], di; iret: BP counts rounds of loops, and is kept.
  cpu.memory.write(places.HANDLERS, fromHex('55 89e5 897e02 5d cf'));
  // push bp; mov bp, sp; push ax; mov ax, [bp+6]; add [7c00h], ax; pop ax; pop bp; iret
  cpu.memory.write(places.HANDLERS + 16, fromHex('55 89e5 50 8b4606 0106007c 58 5d cf'));
}

function loadSegments(cpu: Cpu, made: Form): void {
  if (made.handlerSize === 16) return;
  const dpl = made.cpl << 5;
  const code = made.cpl === 3 ? USER_CODE | 3 : PROGRAM_CODE;
  segment(cpu, CS).load(code, 0n, FLAT, CODE_SEGMENT[made.codeSize] | dpl);
  const selector = made.cpl === 3 ? USER_DATA | 3 : PLAIN_DATA;
  for (const index of [ES, SS, DS, FS, GS]) segment(cpu, index).load(selector, 0n, FLAT, DATA_SEGMENT | dpl);
  segment(cpu, FS).load(selector, BigInt(places.DATA), FLAT, DATA_SEGMENT | dpl);
  segment(cpu, GS).load(selector, BigInt(places.DATA + 0xff0), FLAT, DATA_SEGMENT | dpl);
  if (!made.isSegmented) return;
  // Bases that cancel out but for a little, and limits that the wilder accesses exceed.
  segment(cpu, DS).load(selector, 0x20n, 0xbfff, 0x4093);
  segment(cpu, ES).load(selector, 0n, 0xffff, 0x4093);
  segment(cpu, FS).load(selector, BigInt(places.DATA), 0xfff, 0x4091);
}

const segment = (cpu: Cpu, index: number): SegmentRegister => cpu.state.segments[index] as SegmentRegister;
