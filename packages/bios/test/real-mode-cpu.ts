/** A processor for tests: the real-mode instructions that the ROM and the tests' handlers are made of, over a flat memory. */
import type { FirmwareCpu, FirmwareMemory, FirmwareSegment } from '../src/index.ts';

const FLAG_CF = 0x0001;
const FLAG_IF = 0x0200;
const MAX_STEPS = 2_000_000;

type Register = 'eax' | 'ecx' | 'edx' | 'ebx' | 'esp' | 'ebp' | 'esi' | 'edi';
type Segment = 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs';
const REGISTERS: readonly Register[] = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
const SEGMENTS: readonly Segment[] = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

/** What surrounds the processor. */
export interface Surroundings {
  readonly memory: FirmwareMemory;
  out(port: number, value: number): void;
  in(port: number): number;
  /** Called while halted with interrupts enabled; returns the vector that wakes the processor, or null to stop the run. */
  halt(isInterruptEnabled: boolean): number | null;
  /** Called before every instruction; a vector is taken if interrupts are enabled. */
  pending?(): number | null;
}

/** Registers are plain fields, so that tests can set and compare them. */
export class RealModeCpu implements FirmwareCpu {
  eax = 0;
  ecx = 0;
  edx = 0;
  ebx = 0;
  esp = 0x1000;
  ebp = 0;
  esi = 0;
  edi = 0;
  cs = 0xf000;
  ip = 0xfff0;
  ss = 0;
  ds = 0;
  es = 0;
  fs = 0;
  gs = 0;
  flags = 0x0002;
  cr0 = 0x6000_0010;
  idtr = { base: 0, limit: 0xffff };
  /** How often segment registers were loaded by instructions. */
  segmentLoads = 0;
  readonly executed = new Set<number>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  segmentBase(segment: FirmwareSegment): number {
    return this[segment] * 16;
  }

  /** Enters an interrupt as the processor does. */
  interrupt(vector: number): void {
    const { memory } = this.#around;
    this.push(this.flags);
    this.push(this.cs);
    this.push(this.ip);
    this.flags &= ~FLAG_IF;
    this.ip = memory.read16(4 * vector);
    this.cs = memory.read16(4 * vector + 2);
  }

  push(value: number): void {
    this.esp = ((this.esp & 0xffff_0000) | ((this.esp - 2) & 0xffff)) >>> 0;
    this.#around.memory.write16(this.ss * 16 + (this.esp & 0xffff), value & 0xffff);
  }

  pop(): number {
    const value = this.#around.memory.read16(this.ss * 16 + (this.esp & 0xffff));
    this.esp = ((this.esp & 0xffff_0000) | ((this.esp + 2) & 0xffff)) >>> 0;
    return value;
  }

  /** Runs until CS:IP is `cs:ip`, until the surroundings end a halt with null, or fails after too many steps. */
  runUntil(cs: number, ip: number): 'reached' | 'stopped' {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      if (this.cs === cs && this.ip === ip) return 'reached';
      const vector = (this.flags & FLAG_IF) !== 0 ? (this.#around.pending?.() ?? null) : null;
      if (vector !== null) this.interrupt(vector);
      if (!this.#step()) return 'stopped';
    }
    throw new Error(`no end at ${this.cs.toString(16)}:${this.ip.toString(16)}`);
  }

  #fetch(): number {
    const byte = this.#around.memory.read8(this.cs * 16 + this.ip);
    this.ip = (this.ip + 1) & 0xffff;
    return byte;
  }

  #fetch16(): number {
    const low = this.#fetch();
    return low | (this.#fetch() << 8);
  }

  #step(): boolean {
    this.executed.add(this.cs * 16 + this.ip);
    const opcode = this.#fetch();
    switch (opcode) {
      case 0x0f: {
        const modRm = (this.#fetch() << 8) | this.#fetch();
        if (modRm === 0x20c0) this.eax = this.cr0;
        else if (modRm === 0x22c0) this.cr0 = this.eax;
        else throw new Error('only mov eax, cr0 and mov cr0, eax');
        return true;
      }
      case 0x2e: {
        if (this.#fetch() !== 0x0f || this.#fetch() !== 0x01 || this.#fetch() !== 0x1e) throw new Error('only lidt');
        const at = this.cs * 16 + this.#fetch16();
        const read16 = (offset: number): number => this.#around.memory.read16(at + offset);
        this.idtr = { limit: read16(0), base: read16(2) + read16(4) * 0x10000 };
        return true;
      }
      case 0x66:
        if (this.#fetch() !== 0x25) throw new Error('only and eax, imm32');
        this.eax = (this.eax & (this.#fetch16() | (this.#fetch16() << 16))) >>> 0;
        return true;
      case 0x31:
        if (this.#fetch() !== 0xc0) throw new Error('only xor ax, ax');
        this.eax = (this.eax & 0xffff_0000) >>> 0;
        return true;
      case 0x50:
      case 0x52:
        this.push(this[REGISTERS[opcode - 0x50] as Register]);
        return true;
      case 0x58:
      case 0x5a: {
        const register = REGISTERS[opcode - 0x58] as Register;
        this[register] = ((this[register] & 0xffff_0000) | this.pop()) >>> 0;
        return true;
      }
      case 0x73: {
        const distance = (this.#fetch() << 24) >> 24;
        if ((this.flags & FLAG_CF) === 0) this.ip = (this.ip + distance) & 0xffff;
        return true;
      }
      case 0x8e: {
        const modRm = this.#fetch();
        if ((modRm & 0xc7) !== 0xc0) throw new Error('only mov sreg, ax');
        this[SEGMENTS[(modRm >> 3) & 7] as Segment] = this.eax & 0xffff;
        this.segmentLoads++;
        return true;
      }
      case 0xb4:
        this.eax = ((this.eax & 0xffff_00ff) | (this.#fetch() << 8)) >>> 0;
        return true;
      case 0xbc:
        this.esp = ((this.esp & 0xffff_0000) | this.#fetch16()) >>> 0;
        return true;
      case 0xc3:
        this.ip = this.pop();
        return true;
      case 0xca: {
        const count = this.#fetch16();
        this.ip = this.pop();
        this.cs = this.pop();
        this.esp += count;
        return true;
      }
      case 0xcd:
        this.interrupt(this.#fetch());
        return true;
      case 0xcf:
        this.ip = this.pop();
        this.cs = this.pop();
        this.flags = this.pop();
        return true;
      case 0xe6:
        this.#around.out(this.#fetch(), this.eax & 0xff);
        return true;
      case 0xe8: {
        const distance = this.#fetch16();
        this.push(this.ip);
        this.ip = (this.ip + distance) & 0xffff;
        return true;
      }
      case 0xe9: {
        const distance = this.#fetch16();
        this.ip = (this.ip + distance) & 0xffff;
        return true;
      }
      case 0xea: {
        const ip = this.#fetch16();
        this.cs = this.#fetch16();
        this.ip = ip;
        return true;
      }
      case 0xf4: {
        const vector = this.#around.halt((this.flags & FLAG_IF) !== 0);
        if (vector === null) return false;
        this.interrupt(vector);
        return true;
      }
      case 0xf8:
        this.flags &= ~FLAG_CF;
        return true;
      case 0xf9:
        this.flags |= FLAG_CF;
        return true;
      case 0xfa:
        this.flags &= ~FLAG_IF;
        return true;
      case 0xfb:
        this.flags |= FLAG_IF;
        return true;
      case 0xfc:
        return true;
      case 0xfe:
        if (this.#fetch() !== 0xc0) throw new Error('only inc al');
        this.eax = ((this.eax & 0xffff_ff00) | ((this.eax + 1) & 0xff)) >>> 0;
        return true;
      default:
        throw new Error(`opcode ${opcode.toString(16)} at ${this.cs.toString(16)}:${(this.ip - 1).toString(16)}`);
    }
  }
}
