/** A processor without an engine, for tests: flat memory, identity-mapped, with pages that can be made to fault. */
import { ACCESS_USER, ACCESS_WRITE, isUserAccess, MemoryImage } from '@longmode/mmu';
import { decode } from '../../decode/decode.ts';
import { type CodeSize, CS, DS, ES, FS, GS, type Instruction, SS } from '../../decode/instruction.ts';
import type { CoprocessorErrorPins, LocalApic } from '../../host.ts';
import { CR0_ET, CR0_PE, CR0_PG, CR4_PAE, EFER_LMA, EFER_LME } from '../../state/control-registers.ts';
import { CpuState } from '../../state/cpu-state.ts';
import {
  CR0,
  CR2,
  CR4,
  DR,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  STATE_SIZE_BYTES,
  SYSTEM_FLAGS,
  TR_INDEX,
} from '../../state/layout.ts';
import { FLAG_VM } from '../../state/rflags.ts';
import { X87Unit } from '../x87/x87-unit.ts';
import {
  type LinearMemory,
  NO_ERROR_CODE,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
} from './context.ts';
import { type CpuModel, DEFAULT_CPU_MODEL } from './cpu-model.ts';
import { ExceptionLog } from './exception-log.ts';
import { SYSTEM_SEMANTICS } from './index.ts';

export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;

/** Where the test world is. */
export const GDT = 0x1000;
export const IDT = 0x2000;
export const TSS = 0x3000;
export const LDT = 0x3800;
export const CODE = 0x4000;
export const HANDLER = 0x5000;
export const STACK0 = 0x8000;
export const STACK3 = 0xa000;
export const IST1 = 0xc000;
const MEMORY_SIZE = 0x40000;

/** Selectors of the test GDT. */
export const CODE32 = 0x08;
export const DATA32 = 0x10;
export const USER_CODE32 = 0x1b;
export const USER_DATA32 = 0x23;
export const CODE64 = 0x28;
export const USER_CODE64 = 0x33;
export const CODE16 = 0x38;
export const DATA16 = 0x40;
export const TSS_SELECTOR = 0x48; // 16 bytes
export const LDT_SELECTOR = 0x58; // 16 bytes
/** Entries that tests fill: 0x68 and up. */
export const FREE = 0x68;
const GDT_LIMIT = 0xff;

/** Access bytes. */
export const PRESENT = 0x80;
export const dpl = (level: number): number => level << 5;

/** The eight bytes of a segment descriptor; `flags` is the nibble G D/B L AVL. */
export function segmentDescriptor(base: number, limit: number, access: number, flags: number): bigint {
  const low = (limit & 0xffff) | (base << 16);
  const high = ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (flags << 20) | ((base & 0xff000000) >>> 0);
  return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
}

/** The eight bytes of a gate; the upper half of 64-bit gates is separate. */
export function gateDescriptor(selector: number, offset: number, access: number, count = 0): bigint {
  const low = (offset & 0xffff) | (selector << 16);
  const high = (offset & 0xffff0000) | (access << 8) | count;
  return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
}

export type FakeMode = 'real' | 'virtual-8086' | 'protected' | 'protected-16' | 'compatibility' | '64-bit';

export class FakeCpu implements SystemCpu {
  readonly state: CpuState = new CpuState(new ArrayBuffer(STATE_SIZE_BYTES), 0);
  readonly x87: X87Unit = new X87Unit(this.state);
  readonly bytes: Uint8Array = new Uint8Array(MEMORY_SIZE);
  readonly view: DataView = new DataView(this.bytes.buffer);
  readonly physicalMemory: MemoryImage = new MemoryImage({ bytes: this.bytes });
  readonly memory: LinearMemory = new FakeMemory(this);
  model: CpuModel = DEFAULT_CPU_MODEL;
  localApic: LocalApic | undefined;
  coprocessorError: CoprocessorErrorPins | undefined;
  readonly exceptionLog: ExceptionLog = new ExceptionLog();
  linearAddressBits = 48;
  maxPhyAddr = 40;
  rip = 0n;
  nextRip = 0n;
  tsc = 0x1122334455667788n;
  raised: { vector: number; errorCode: number } | undefined;
  /** Pages (numbers) that are not present, read-only, or supervisor-only. */
  readonly absent: Set<number> = new Set();
  readonly readOnly: Set<number> = new Set();
  readonly pagingChanges: boolean[] = [];
  readonly invalidated: bigint[] = [];
  modeChanges = 0;
  attention = 0;
  readonly portLog: string[] = [];
  portValue = 0;
  readonly ports = {
    readPort: (port: number, width: number): number => {
      this.portLog.push(`in ${width} ${port.toString(16)}`);
      return this.portValue;
    },
    writePort: (port: number, width: number, value: number): void => {
      this.portLog.push(`out ${width} ${port.toString(16)} ${value.toString(16)}`);
    },
  };

  constructor(mode: FakeMode = '64-bit', cpl = 0) {
    this.buildTables(mode === '64-bit' || mode === 'compatibility');
    this.enter(mode, cpl);
  }

  buildTables(inLongMode: boolean): void {
    const entries: ReadonlyArray<readonly [number, bigint]> = [
      [CODE32, segmentDescriptor(0, 0xfffff, 0x9b, 0xc)],
      [DATA32, segmentDescriptor(0, 0xfffff, 0x93, 0xc)],
      [USER_CODE32, segmentDescriptor(0, 0xfffff, 0xfb, 0xc)],
      [USER_DATA32, segmentDescriptor(0, 0xfffff, 0xf3, 0xc)],
      [CODE64, segmentDescriptor(0, 0xfffff, 0x9b, 0xa)],
      [USER_CODE64, segmentDescriptor(0, 0xfffff, 0xfb, 0xa)],
      [CODE16, segmentDescriptor(0, 0xffff, 0x9b, 0)],
      [DATA16, segmentDescriptor(0, 0xffff, 0x93, 0)],
      [TSS_SELECTOR, segmentDescriptor(TSS, 0x67, 0x89, 0)],
      [LDT_SELECTOR, segmentDescriptor(LDT, 0x3f, 0x82, 0)],
    ];
    for (const [selector, value] of entries) this.setDescriptor(selector, value);
    const { state } = this;
    state.setWideField(GDTR_BASE, BigInt(GDT));
    state.setField(GDTR_LIMIT, GDT_LIMIT);
    state.setWideField(IDTR_BASE, BigInt(IDT));
    state.setField(IDTR_LIMIT, inLongMode ? 0xfff : 0x7ff);
    if (inLongMode) {
      this.view.setBigUint64(TSS + 4, BigInt(STACK0), true);
      this.view.setBigUint64(TSS + 0x24, BigInt(IST1), true);
    } else {
      this.view.setUint32(TSS + 4, STACK0, true);
      this.view.setUint16(TSS + 8, DATA32, true);
    }
    this.view.setUint16(TSS + 0x66, 0x68, true);
    state.segments[TR_INDEX]?.load(TSS_SELECTOR, BigInt(TSS), 0x67, 0x8b);
    state.setWideField(DR + 48, 0xffff0ff0n);
    state.setWideField(DR + 56, 0x400n);
  }

  /** Puts the processor into a mode, with flat segments and a stack of its privilege level. */
  enter(mode: FakeMode, cpl: number): void {
    const { state } = this;
    state.setField(CR0, CR0_ET);
    state.rflags = 2;
    state.rip = BigInt(CODE);
    state.setGpr(RSP, BigInt(cpl === 3 ? STACK3 : STACK0 - 0x100));
    state.cpl = mode === 'virtual-8086' ? 3 : mode === 'real' ? 0 : cpl;
    if (mode === 'real' || mode === 'virtual-8086') {
      const attributes = mode === 'real' ? 0x93 : 0xf3;
      for (const index of [ES, CS, SS, DS, FS, GS]) state.segments[index]?.load(0, 0n, 0xffff, attributes);
      if (mode === 'real') {
        state.setWideField(IDTR_BASE, 0n);
        state.setField(IDTR_LIMIT, 0x3ff);
        return;
      }
      state.setField(CR0, CR0_ET | CR0_PE);
      state.setField(SYSTEM_FLAGS, FLAG_VM);
      state.setGpr(RSP, 0xa000n);
      return;
    }
    const inLongMode = mode === '64-bit' || mode === 'compatibility';
    state.setField(CR0, (CR0_ET | CR0_PE | (inLongMode ? CR0_PG : 0)) >>> 0);
    if (inLongMode) {
      state.setField(CR4, CR4_PAE);
      state.setWideField(MSR_EFER, BigInt(EFER_LME | EFER_LMA));
    }
    const user = cpl === 3;
    let code = user ? USER_CODE32 : CODE32;
    if (mode === '64-bit') code = user ? USER_CODE64 : CODE64;
    if (mode === 'protected-16') code = CODE16;
    const data = mode === 'protected-16' ? DATA16 : user ? USER_DATA32 : DATA32;
    this.loadFromTable(CS, code);
    for (const index of [ES, SS, DS, FS, GS]) this.loadFromTable(index, data);
  }

  /** Loads a segment register with a descriptor of the test GDT, without any check. */
  loadFromTable(index: number, selector: number): void {
    const high = this.view.getUint32(GDT + (selector & 0xfff8) + 4, true);
    const low = this.view.getUint32(GDT + (selector & 0xfff8), true);
    const limit = (high & 0xf0000) | (low & 0xffff);
    const base = BigInt(((high & 0xff000000) | ((high & 0xff) << 16) | (low >>> 16)) >>> 0);
    const attributes = (high >>> 8) & 0xf0ff;
    const bytes = (high & 0x800000) !== 0 ? ((limit << 12) | 0xfff) >>> 0 : limit;
    this.state.segments[index]?.load(selector, base, bytes, attributes);
  }

  setDescriptor(selector: number, value: bigint): void {
    this.view.setBigUint64(GDT + (selector & 0xfff8), value, true);
  }

  /** An IDT entry of protected mode. */
  setGate(vector: number, selector: number, offset: number, access: number): void {
    this.view.setBigUint64(IDT + vector * 8, gateDescriptor(selector, offset, access), true);
  }

  /** An IDT entry of IA-32e mode. */
  setLongGate(vector: number, selector: number, offset: bigint, access: number, ist = 0): void {
    const low = gateDescriptor(selector, Number(offset & 0xffffffffn), access, ist);
    this.view.setBigUint64(IDT + vector * 16, low, true);
    this.view.setBigUint64(IDT + vector * 16 + 8, offset >> 32n, true);
  }

  get codeSize(): CodeSize {
    const cs = this.state.segments[CS];
    const inLongMode = (this.state.wideField(MSR_EFER) & BigInt(EFER_LMA)) !== 0n;
    if (inLongMode && ((cs?.attributes ?? 0) & 0x2000) !== 0) return 64;
    const isVirtual = (this.state.field(SYSTEM_FLAGS) & FLAG_VM) !== 0;
    return !isVirtual && ((cs?.attributes ?? 0) & 0x4000) !== 0 ? 32 : 16;
  }

  /** Decodes one instruction and runs it at RIP. RIP advances as the engine would do it. */
  run(...bytes: number[]): Outcome {
    const decoded = decode(Uint8Array.from(bytes), 0, bytes.length, this.codeSize);
    if (!('operands' in decoded)) {
      if (decoded.kind === 'need-more-bytes') throw new Error('not a whole instruction');
      return this.raise(decoded.reason === '#UD' ? 6 : 13, decoded.reason === '#UD' ? NO_ERROR_CODE : 0);
    }
    return this.execute(decoded);
  }

  execute(instruction: Instruction): Outcome {
    const operation = (SYSTEM_SEMANTICS as Record<string, (typeof SYSTEM_SEMANTICS)['HLT']>)[
      instruction.encoding.semantics
    ];
    if (operation === undefined) throw new Error(`no system operation: ${instruction.encoding.semantics}`);
    this.rip = this.state.rip;
    this.nextRip = BigInt.asUintN(this.codeSize === 64 ? 64 : 32, this.rip + BigInt(instruction.length));
    this.raised = undefined;
    const outcome = operation(this, instruction);
    if (outcome === OUTCOME_NEXT) this.state.rip = this.nextRip;
    return outcome;
  }

  timeStampCounter(): bigint {
    return this.tsc;
  }
  raise(vector: number, errorCode: number = NO_ERROR_CODE): Outcome {
    this.raised = { vector, errorCode };
    return OUTCOME_FAULT;
  }
  takeRaised(): { readonly vector: number; readonly errorCode: number } | undefined {
    const raised = this.raised;
    this.raised = undefined;
    return raised;
  }
  pagingChanged(options: { readonly keepGlobal: boolean }): void {
    this.pagingChanges.push(options.keepGlobal);
  }
  invalidatePage(linear: bigint): void {
    this.invalidated.push(linear);
  }
  modeChanged(): void {
    this.modeChanges += 1;
  }
  debugRegistersChanged(): void {}
  requestAttention(): void {
    this.attention += 1;
  }
}

class FakeMemory implements LinearMemory {
  readonly #cpu: FakeCpu;
  constructor(cpu: FakeCpu) {
    this.#cpu = cpu;
  }

  get failed(): boolean {
    return this.#cpu.raised !== undefined;
  }

  #translate(linear: bigint, size: number, access: number): number {
    const cpu = this.#cpu;
    for (const at of [linear, linear + BigInt(size - 1)]) {
      const page = Number(at >> 12n);
      const isPresent = at < BigInt(MEMORY_SIZE) && !cpu.absent.has(page);
      const isWrite = (access & ACCESS_WRITE) !== 0;
      if (isPresent && !(isWrite && cpu.readOnly.has(page))) continue;
      cpu.state.setWideField(CR2, at);
      cpu.raise(14, (isPresent ? 1 : 0) | (isWrite ? 2 : 0) | (isUserAccess(access) ? ACCESS_USER << 1 : 0));
      return -1;
    }
    return Number(linear);
  }

  read8(linear: bigint, access: number): number {
    const at = this.#translate(linear, 1, access);
    return at < 0 ? 0 : this.#cpu.view.getUint8(at);
  }
  read16(linear: bigint, access: number): number {
    const at = this.#translate(linear, 2, access);
    return at < 0 ? 0 : this.#cpu.view.getUint16(at, true);
  }
  read32(linear: bigint, access: number): number {
    const at = this.#translate(linear, 4, access);
    return at < 0 ? 0 : this.#cpu.view.getUint32(at, true);
  }
  read64(linear: bigint, access: number): bigint {
    const at = this.#translate(linear, 8, access);
    return at < 0 ? 0n : this.#cpu.view.getBigUint64(at, true);
  }
  write8(linear: bigint, value: number, access: number): boolean {
    const at = this.#translate(linear, 1, access | ACCESS_WRITE);
    if (at >= 0) this.#cpu.view.setUint8(at, value);
    return at >= 0;
  }
  write16(linear: bigint, value: number, access: number): boolean {
    const at = this.#translate(linear, 2, access | ACCESS_WRITE);
    if (at >= 0) this.#cpu.view.setUint16(at, value, true);
    return at >= 0;
  }
  write32(linear: bigint, value: number, access: number): boolean {
    const at = this.#translate(linear, 4, access | ACCESS_WRITE);
    if (at >= 0) this.#cpu.view.setUint32(at, value, true);
    return at >= 0;
  }
  write64(linear: bigint, value: bigint, access: number): boolean {
    const at = this.#translate(linear, 8, access | ACCESS_WRITE);
    if (at >= 0) this.#cpu.view.setBigUint64(at, value, true);
    return at >= 0;
  }
  readItems(linear: bigint, count: number, width: number, access: number): bigint[] | undefined {
    const items: bigint[] = [];
    for (let at = linear; items.length < count; at += BigInt(width / 8)) {
      if (width === 64) items.push(this.read64(at, access));
      else items.push(BigInt(width === 32 ? this.read32(at, access) : this.read16(at, access)));
      if (this.failed) return undefined;
    }
    return items;
  }
  writeItems(linear: bigint, items: readonly bigint[], width: number, access: number): boolean {
    return items.toReversed().every((item, i) => {
      const at = linear + BigInt((i * width) / 8);
      if (width === 64) return this.write64(at, item, access);
      return width === 32 ? this.write32(at, Number(item), access) : this.write16(at, Number(item), access);
    });
  }
  probeWrite(linear: bigint, sizeBytes: number, access: number): boolean {
    return this.#translate(linear, sizeBytes, access | ACCESS_WRITE) >= 0;
  }
}

/** What an instruction raised: `[vector, errorCode]`; fails unless it faulted and left all registers alone. */
export function faultOf(cpu: FakeCpu, ...bytes: number[]): readonly [number, number] {
  const before = cpu.state.u32.slice();
  const outcome = cpu.run(...bytes);
  if (outcome !== OUTCOME_FAULT) throw new Error(`no fault: outcome ${outcome}`);
  const changed: number[] = [];
  cpu.state.u32.forEach((value, i) => {
    // CR2 is part of a page fault, DR6 of a debug fault.
    if (value !== before[i] && i * 4 !== CR2 && i * 4 !== CR2 + 4 && i * 4 !== DR + 48) changed.push(i * 4);
  });
  if (changed.length > 0) throw new Error(`state changed at ${changed.map((i) => i.toString(16)).join(', ')}`);
  const raised = cpu.takeRaised();
  if (raised === undefined) throw new Error('no record of the fault');
  return [raised.vector, raised.errorCode];
}
