/** A small machine that tells which events reached the guest, in order, with what their handlers find. */
import type { Cpu, CpuOptions, Engine } from '../cpu.ts';
import { SS } from '../decode/instruction.ts';
import {
  HANDLER_SPACING,
  installGdt,
  installIdt,
  longModeMachine,
  place,
  protectedModeMachine,
  RSP,
} from '../machines.test.fixture.ts';
import { VECTOR_DB } from '../state/exceptions.ts';
import { DR, MSR_EFER, TR_INDEX } from '../state/layout.ts';
import { FLAG_RF, FLAG_TF } from '../state/rflags.ts';

/** Where the code is whose events are told; RIP counts from here. */
export const CODE = 0x1000;
/** Vector of the external interrupt. */
export const INTERRUPT = 0x20;
const GDT = 0x8000;
const IDT = 0x9000;
export const HANDLERS = 0x1_0000;
const TSS = 0x7000;
const IST1 = 0x24;
const INTERRUPT_STACK = 0x6_0000;
const DATA_SELECTOR = 0x10;
const TSS_SELECTOR = 0x18;
const DR6 = DR + 8 * 6;
const DR7 = DR + 8 * 7;
const DR6_RESET = 0xffff_0ff0n;
const DR6_BITS: readonly (readonly [bigint, string])[] = [
  [1n, 'B0'],
  [2n, 'B1'],
  [4n, 'B2'],
  [8n, 'B3'],
  [0x2000n, 'BD'],
  [0x4000n, 'BS'],
  [0x8000n, 'BT'],
];
const WITH_ERROR_CODE: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);

/** A breakpoint of DR0 to DR3, by R/W: on execution, on writes, on ports, on accesses. */
export interface Breakpoint {
  readonly at: number;
  readonly on?: 'execution' | 'write' | 'port' | 'access';
  readonly sizeBytes?: 1 | 2 | 4 | 8;
}
const KINDS = { execution: 0, write: 1, port: 2, access: 3 } as const;
const LENGTHS = { 1: 0, 2: 1, 4: 3, 8: 2 } as const;

/** What a handler does beside returning: called at its first instruction, when the frame is on the stack. */
export type Handler = (machine: TracedMachine) => void;

/** A handler of #DB that goes on as debuggers do: RF gets past the breakpoint, and no more steps are wanted. */
export const resume: Handler = (machine) => {
  const flags = machine.frame(VECTOR_DB, 2);
  machine.cpu.memory.write32(flags.at, (flags.value | FLAG_RF) & ~FLAG_TF);
};

/** See the file header. */
export class TracedMachine {
  readonly cpu: Cpu;
  readonly events: string[] = [];
  readonly isLong: boolean;
  /** By vector. */
  readonly handlers: Map<number, Handler> = new Map();
  /** Called when the code writes to port 80h. */
  onPort: () => void = () => {};

  constructor(engine: Engine, code: string, options: Partial<CpuOptions> & { mode?: 'long' | 'protected' } = {}) {
    const { mode = 'long', ...others } = options;
    const parts: Partial<CpuOptions> = {
      engine,
      jit: { threshold: 1, warmUp: 0 },
      interrupts: {
        acknowledge: () => {
          this.cpu.setInterruptLine(false);
          return INTERRUPT;
        },
      },
      ports: { readPort: () => 0xff, writePort: (port, width, value) => this.#write(port, width, value) },
      ...others,
    };
    this.cpu = mode === 'long' ? longModeMachine(parts).cpu : protectedModeMachine(parts);
    this.isLong = (this.cpu.state.field(MSR_EFER) & 0x400) !== 0;
    installGdt(this.cpu, GDT);
    installIdt(this.cpu, { idt: IDT, handlers: HANDLERS });
    for (let vector = 0; vector < 0x40; vector++) {
      // out vector, al; [add esp, 4 or add rsp, 8;] iret
      const drop = WITH_ERROR_CODE.has(vector) ? (this.isLong ? '4883c408' : '83c404') : '';
      place(this.cpu, this.handlerOf(vector), `e6${hex2(vector)}${drop}${this.isLong ? '48' : ''}cf`);
    }
    place(this.cpu, CODE, code);
    this.cpu.state.segments[SS]?.load(DATA_SELECTOR, 0n, 0xffff_ffff, 0xc093);
    this.cpu.synchronize();
  }

  handlerOf(vector: number): number {
    return HANDLERS + HANDLER_SPACING * vector;
  }

  /** Gives the handlers of a long-mode machine a stack of their own, so that their frames meet no breakpoint on the code's. */
  useInterruptStack(): void {
    const { state, memory } = this.cpu;
    state.segments[TR_INDEX]?.load(TSS_SELECTOR, BigInt(TSS), 0x67, 0x8b);
    memory.write32(TSS + IST1, INTERRUPT_STACK);
    for (let vector = 0; vector < 0x40; vector++) memory.write8(IDT + 16 * vector + 4, 1);
  }

  /** Sets breakpoints, of DR0 on, all of them enabled globally. */
  breakpoints(...list: readonly Breakpoint[]): this {
    let dr7 = 0x400;
    list.forEach(({ at, on = 'execution', sizeBytes = 1 }, i) => {
      this.cpu.state.setWideField(DR + 8 * i, BigInt(at));
      dr7 |= (2 << (2 * i)) | ((KINDS[on] | (LENGTHS[sizeBytes] << 2)) << (16 + 4 * i));
    });
    this.cpu.state.setWideField(DR7, BigInt(dr7 >>> 0));
    this.cpu.synchronize();
    return this;
  }

  /** Sets flags beside bit 1. */
  flags(flags: number): this {
    this.cpu.state.rflags = 2 | flags;
    this.cpu.synchronize();
    return this;
  }

  /** The item of the frame that a handler finds: 0 RIP, 1 CS, 2 flags, and the error code before, where there is one. */
  frame(vector: number, item: number): { at: number; value: number } {
    const size = this.isLong ? 8 : 4;
    const at = Number(this.cpu.state.gpr(RSP)) + size * (item + (WITH_ERROR_CODE.has(vector) ? 1 : 0));
    return { at, value: this.cpu.memory.read32(at) };
  }

  /** Runs to HLT, a shutdown, or so many instructions. @returns what happened, and how it ended */
  run(instructions = 1000): string[] {
    const reason = this.cpu.run(instructions);
    return [...this.events, reason];
  }

  #write(port: number, width: number, _value: number): void {
    if (width !== 8 || port >= 0x40) {
      this.onPort();
      return;
    }
    const text = [`${NAMES[port] ?? port}@${place16(this.frame(port, 0).value)}`];
    if (WITH_ERROR_CODE.has(port)) text.push(`(${this.frame(port, -1).value.toString(16)})`);
    const { state } = this.cpu;
    if (port === VECTOR_DB) {
      const dr6 = state.wideField(DR6);
      text.push(...DR6_BITS.filter(([bit]) => (dr6 & bit) !== 0n).map(([, name]) => name));
      state.setWideField(DR6, DR6_RESET);
    }
    const flags = this.frame(port, 2).value;
    if ((flags & FLAG_RF) !== 0) text.push('RF');
    if ((flags & FLAG_TF) !== 0) text.push('TF');
    this.events.push(text.join(' '));
    this.handlers.get(port)?.(this);
  }
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'DE',
  1: 'DB',
  2: 'NMI',
  3: 'BP',
  4: 'OF',
  5: 'BR',
  6: 'UD',
  7: 'NM',
  8: 'DF',
  10: 'TS',
  11: 'NP',
  12: 'SS',
  13: 'GP',
  14: 'PF',
  [INTERRUPT]: 'INTR',
};

const hex2 = (value: number): string => value.toString(16).padStart(2, '0');

/** Places in the code count from its beginning, others are absolute. */
const place16 = (rip: number): string =>
  rip >= CODE && rip < CODE + 0x1000 ? (rip - CODE).toString(16) : `${rip.toString(16)}h`;
