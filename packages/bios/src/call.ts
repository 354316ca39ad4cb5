/** One trapped call: the caller's registers by their 8- and 16-bit names, and the FLAGS image that IRET will restore. */
import type { FirmwareCpu, FirmwareMemory, FirmwareSegment } from './host.ts';
import type { TrapEntry } from './rom/stubs.ts';

/** Carry flag in a FLAGS image. @source SDM Vol. 1 "EFLAGS Register" */
export const FLAGS_CF = 0x0001;
/** Zero flag. */
export const FLAGS_ZF = 0x0040;
/** Interrupt enable flag. */
export const FLAGS_IF = 0x0200;

/** Bytes between the stack pointer at the trap and the interrupt frame: the return address of `call trap`. */
const RETURN_ADDRESS_BYTES = 2;

/**
 * The view that a service has of its caller. Writing an 8- or 16-bit name keeps the rest of the 32-bit register. The stack is
 * addressed with a 16-bit stack pointer, as in real mode.
 */
export class ServiceCall {
  readonly cpu: FirmwareCpu;
  readonly vector: number;
  /** True when a waiting path of the stub asks again; registers are as the first call left them. */
  readonly isRetry: boolean;
  readonly #memory: FirmwareMemory;
  readonly #frameOffset: number;

  constructor(cpu: FirmwareCpu, memory: FirmwareMemory, entry: TrapEntry) {
    this.cpu = cpu;
    this.vector = entry.vector;
    this.isRetry = entry.isRetry;
    this.#memory = memory;
    this.#frameOffset = RETURN_ADDRESS_BYTES + entry.pushedBytes;
  }

  get ax(): number {
    return this.cpu.eax & 0xffff;
  }
  set ax(value: number) {
    this.cpu.eax = withLow16(this.cpu.eax, value);
  }
  get al(): number {
    return this.cpu.eax & 0xff;
  }
  set al(value: number) {
    this.cpu.eax = withLow8(this.cpu.eax, value);
  }
  get ah(): number {
    return (this.cpu.eax >>> 8) & 0xff;
  }
  set ah(value: number) {
    this.cpu.eax = withHigh8(this.cpu.eax, value);
  }
  get bx(): number {
    return this.cpu.ebx & 0xffff;
  }
  set bx(value: number) {
    this.cpu.ebx = withLow16(this.cpu.ebx, value);
  }
  get bl(): number {
    return this.cpu.ebx & 0xff;
  }
  set bl(value: number) {
    this.cpu.ebx = withLow8(this.cpu.ebx, value);
  }
  get bh(): number {
    return (this.cpu.ebx >>> 8) & 0xff;
  }
  set bh(value: number) {
    this.cpu.ebx = withHigh8(this.cpu.ebx, value);
  }
  get cx(): number {
    return this.cpu.ecx & 0xffff;
  }
  set cx(value: number) {
    this.cpu.ecx = withLow16(this.cpu.ecx, value);
  }
  get cl(): number {
    return this.cpu.ecx & 0xff;
  }
  set cl(value: number) {
    this.cpu.ecx = withLow8(this.cpu.ecx, value);
  }
  get ch(): number {
    return (this.cpu.ecx >>> 8) & 0xff;
  }
  set ch(value: number) {
    this.cpu.ecx = withHigh8(this.cpu.ecx, value);
  }
  get dx(): number {
    return this.cpu.edx & 0xffff;
  }
  set dx(value: number) {
    this.cpu.edx = withLow16(this.cpu.edx, value);
  }
  get dl(): number {
    return this.cpu.edx & 0xff;
  }
  set dl(value: number) {
    this.cpu.edx = withLow8(this.cpu.edx, value);
  }
  get dh(): number {
    return (this.cpu.edx >>> 8) & 0xff;
  }
  set dh(value: number) {
    this.cpu.edx = withHigh8(this.cpu.edx, value);
  }
  get si(): number {
    return this.cpu.esi & 0xffff;
  }
  get di(): number {
    return this.cpu.edi & 0xffff;
  }
  set di(value: number) {
    this.cpu.edi = withLow16(this.cpu.edi, value);
  }
  get bp(): number {
    return this.cpu.ebp & 0xffff;
  }
  set bp(value: number) {
    this.cpu.ebp = withLow16(this.cpu.ebp, value);
  }

  /** @returns the physical address of `segment:offset` (the offset is taken modulo 64 KiB) */
  address(segment: FirmwareSegment, offset: number): number {
    return (this.cpu.segmentBase(segment) + (offset & 0xffff)) >>> 0;
  }

  get returnIp(): number {
    return this.#memory.read16(this.#frame(0));
  }
  get returnCs(): number {
    return this.#memory.read16(this.#frame(2));
  }
  get flags(): number {
    return this.#memory.read16(this.#frame(4));
  }
  set flags(value: number) {
    this.#memory.write16(this.#frame(4), value & 0xffff);
  }
  get carry(): boolean {
    return (this.flags & FLAGS_CF) !== 0;
  }
  set carry(value: boolean) {
    this.#setFlag(FLAGS_CF, value);
  }
  set zero(value: boolean) {
    this.#setFlag(FLAGS_ZF, value);
  }

  /** Replaces the interrupt frame: IRET will go to `cs:ip`. */
  setFrame(cs: number, ip: number, flags: number): void {
    this.#memory.write16(this.#frame(0), ip);
    this.#memory.write16(this.#frame(2), cs);
    this.#memory.write16(this.#frame(4), flags);
  }

  #setFlag(mask: number, value: boolean): void {
    const flags = this.flags;
    this.flags = value ? flags | mask : flags & ~mask;
  }

  #frame(offset: number): number {
    return this.address('ss', this.cpu.esp + this.#frameOffset + offset);
  }
}

function withLow16(register: number, value: number): number {
  return ((register & 0xffff_0000) | (value & 0xffff)) >>> 0;
}

function withLow8(register: number, value: number): number {
  return ((register & 0xffff_ff00) | (value & 0xff)) >>> 0;
}

function withHigh8(register: number, value: number): number {
  return ((register & 0xffff_00ff) | ((value & 0xff) << 8)) >>> 0;
}
