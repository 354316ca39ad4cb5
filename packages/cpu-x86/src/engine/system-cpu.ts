import { highWord, joinWords, lowWord } from '@longmode/mmu';
import type { CoprocessorErrorPins, LocalApic, PortIo } from '../host.ts';
import { NO_ERROR_CODE, OUTCOME_FAULT, type Outcome, type SystemCpu } from '../semantics/system/context.ts';
import type { CpuModel } from '../semantics/system/cpu-model.ts';
import type { ExceptionLog } from '../semantics/system/exception-log.ts';
import { X87Unit } from '../semantics/x87/x87-unit.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { FAULT_ERROR_CODE, FAULT_VECTOR, MODE, NO_FAULT, RIP_BASE } from '../state/layout.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import type { GuestMemory } from './guest-memory.ts';
import { EngineLinearMemory } from './linear-memory.ts';
import type { MemoryAccess } from './memory-access.ts';

/** The engine's side of the seam that system operations are written against. */
export class EngineSystemCpu implements SystemCpu {
  readonly state: CpuState;
  readonly x87: X87Unit;
  readonly memory: EngineLinearMemory;
  readonly physicalMemory: GuestMemory;
  readonly ports: PortIo;
  readonly localApic: LocalApic | undefined;
  readonly coprocessorError: CoprocessorErrorPins | undefined;
  readonly model: CpuModel;
  readonly exceptionLog: ExceptionLog;
  /** The instruction, from which RIP is computed when asked for: most operations never do. */
  #offset = 0;
  #length = 0;
  #is64 = false;
  /** The RIP to be saved, while an event is delivered. */
  #isEvent = false;
  #eventRip = 0n;
  readonly #engine: EngineHooks;

  constructor(engine: EngineHooks) {
    this.#engine = engine;
    this.state = engine.state;
    this.x87 = new X87Unit(engine.state);
    this.ports = engine.ports;
    this.localApic = engine.localApic;
    this.coprocessorError = engine.coprocessorError;
    this.model = engine.model;
    this.exceptionLog = engine.exceptionLog;
    this.physicalMemory = engine.guestMemory;
    this.memory = new EngineLinearMemory({ state: engine.state, access: engine.access, memory: engine.guestMemory });
  }

  /** Begins the operation of the instruction at RIP_BASE + `offset`. */
  begin(offset: number, length: number): void {
    this.#isEvent = false;
    this.#offset = offset;
    this.#length = length;
    this.#is64 = (this.state.field(MODE) & MODE_CODE_MASK) === MODE_CODE_64;
    this.state.setField(FAULT_VECTOR, NO_FAULT);
  }
  /** Begins the delivery of an event: the RIP to be saved is the state's. */
  beginEvent(): void {
    this.begin(0, 0);
    this.#isEvent = true;
    this.#eventRip = this.state.rip;
  }
  get rip(): bigint {
    return this.#isEvent ? this.#eventRip : this.#ripAfter(this.#offset);
  }
  get nextRip(): bigint {
    if (this.#isEvent) return this.#eventRip;
    const next = this.#ripAfter(this.#offset + this.#length);
    return this.#is64 ? next : joinWords(lowWord(next), 0);
  }
  /** RIP at an offset of the page that executes. RIP_BASE stays what it was until the engine looks up the next block. */
  #ripAfter(offset: number): bigint {
    const low = this.state.field(RIP_BASE) + offset;
    const carry = low > 0xffffffff ? 1 : 0;
    return joinWords(low, this.state.field(RIP_BASE + 4) + carry);
  }
  get instructionCount(): number {
    return this.#engine.instructionCount();
  }
  get linearAddressBits(): number {
    return this.#engine.access.linearAddressBits;
  }
  get maxPhyAddr(): number {
    return MAX_PHY_ADDR;
  }
  timeStampCounter(): bigint {
    return this.#engine.timeStampCounter();
  }
  raise(vector: number, errorCode: number = NO_ERROR_CODE): Outcome {
    this.#engine.access.recordFault(vector, errorCode);
    return OUTCOME_FAULT;
  }
  takeRaised(): { readonly vector: number; readonly errorCode: number } | undefined {
    const vector = this.state.field(FAULT_VECTOR);
    if (vector === NO_FAULT) return undefined;
    this.state.setField(FAULT_VECTOR, NO_FAULT);
    return { vector, errorCode: this.state.field(FAULT_ERROR_CODE) | 0 };
  }
  pagingChanged(options: { readonly keepGlobal: boolean }): void {
    this.#engine.pagingChanged(options.keepGlobal);
  }
  invalidatePage(linear: bigint): void {
    this.#engine.invalidatePage(lowWord(linear) | 0, highWord(linear) | 0);
  }
  modeChanged(): void {
    this.#engine.modeChanged();
  }
  debugRegistersChanged(): void {
    this.#engine.debugRegistersChanged();
  }
  requestAttention(): void {
    this.#engine.requestAttention();
  }
}

/** What a change of the processor means for the engine. */
export interface EngineHooks {
  readonly state: CpuState;
  readonly guestMemory: GuestMemory;
  readonly model: CpuModel;
  readonly exceptionLog: ExceptionLog;
  instructionCount(): number;
  timeStampCounter(): bigint;
  readonly access: MemoryAccess;
  readonly ports: PortIo;
  readonly localApic: LocalApic | undefined;
  readonly coprocessorError: CoprocessorErrorPins | undefined;
  pagingChanged(keepGlobal: boolean): void;
  invalidatePage(low: number, high: number): void;
  modeChanged(): void;
  debugRegistersChanged(): void;
  requestAttention(): void;
}

/** Physical-address width in bits. */
const MAX_PHY_ADDR = 40;
