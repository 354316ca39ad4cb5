import type { Instruction } from '../decode/instruction.ts';
import { hasVirtualInterrupts } from '../semantics/system/virtual-interrupt.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_GP } from '../state/exceptions.ts';
import {
  ACTIVITY,
  ACTIVITY_HALTED,
  ACTIVITY_SHUTDOWN,
  BUDGET,
  FAULT_VECTOR,
  INTERRUPT_SHADOW,
  NO_FAULT,
  RECORD,
  REPEAT_UNFINISHED,
  RIP_BASE,
  SHADOW_BEFORE,
  SHADOW_STACK,
  STEP_PENDING,
  SYSTEM_FLAGS,
} from '../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VIF, FLAG_VIP, FLAG_VM } from '../state/rflags.ts';
import type { CodeCache } from './code-cache.ts';
import type { Undecodable } from './interpreter/block-writer.ts';
import { BLOCK_LENGTH_MAX } from './interpreter/record.ts';
import { RUN_FAULT, RUN_LOOKUP, RUN_OUTSIDE } from './interpreter/run-function.ts';
import type { MemoryAccess } from './memory-access.ts';
import type { StopReason } from './options.ts';
import type { PendingEvents } from './pending-events.ts';
import { takeBackBranch } from './relative-branch.ts';

/**
 * Instructions handed to generated code at once at most. A WebAssembly engine replaces a function by its optimized form only
 * when it is called again, so generated code must come back now and then.
 */
const SLICE_MAX = 0x10_0000;

/** In virtual-8086 mode with its extensions: the program takes interrupts, and the system holds one back. #GP(0) then. */
const VIRTUAL_INTERRUPT_DUE = FLAG_VM | FLAG_VIF | FLAG_VIP;
/** Single step. */
const DR6_BS = 0x4000;

/** What the loop runs. */
export interface LoopParts {
  readonly state: CpuState;
  readonly cache: CodeCache;
  readonly access: MemoryAccess;
  readonly events: PendingEvents;
  /** The interpreter: `(record, budget) -> RUN_*`. */
  run(record: number, budget: number): number;
}

/**
 * Runs code in slices, between which events are looked at. Whatever cannot wait ends the slice that runs (`attention`), so
 * that where slices end changes no result.
 */
export class SliceLoop {
  /** Something has happened that the loop must look at behind the instruction that executes. */
  attention = false;
  isStopRequested = false;
  /** Between two blocks: the record is still that of the one before. */
  #isLookingUp = false;
  /** Instructions retired before the current slice. */
  retired = 0;
  #sliceSize = 0;
  /** Instructions retired when RF was last set. */
  #resumeFlagSetAt = 0;
  readonly #state: CpuState;
  readonly #cache: CodeCache;
  readonly #access: MemoryAccess;
  readonly #events: PendingEvents;
  readonly #run: LoopParts['run'];

  constructor(parts: LoopParts) {
    this.#state = parts.state;
    this.#cache = parts.cache;
    this.#access = parts.access;
    this.#events = parts.events;
    this.#run = parts.run;
  }

  /** Takes the place of the running slice, if there is one: so many instructions have retired. */
  begin(retired: number): void {
    this.retired = retired;
    this.#sliceSize = 0;
  }

  /** Instructions retired up to the beginning of the block that executes. */
  get retiredBeforeBlock(): number {
    return this.retired + this.#sliceSize - (this.#state.field(BUDGET) | 0);
  }
  /** Instructions retired; exact whenever a port or memory access is served. */
  get instructionCount(): number {
    if (this.#sliceSize === 0) return this.retired;
    if (this.#isLookingUp) return this.retiredBeforeBlock;
    return this.retiredBeforeBlock + this.#cache.countOf(this.#state.field(RECORD)) - 1;
  }
  /** The instruction that executes has set RF. */
  noteResumeFlag(): void {
    this.#resumeFlagSetAt = this.instructionCount + 1;
  }

  /**
   * Runs until `limit` more instructions have retired or something stops the processor. Events that are pending are
   * delivered at the first instruction boundary that allows them; a delivery counts as one instruction, so that guests
   * which only fault make time pass too.
   *
   * @throws {EngineDivergenceError} with the engine `check`, where compiled code is wrong
   */
  run(limit: number): StopReason {
    const state = this.#state;
    const end = this.retired + limit;
    for (;;) {
      if (state.field(ACTIVITY) === ACTIVITY_SHUTDOWN) return 'shutdown';
      if (this.isStopRequested) {
        this.isStopRequested = false;
        return 'stopped';
      }
      if (this.retired >= end) return 'limit';
      this.attention = false;
      const flags = state.field(SYSTEM_FLAGS);
      const shadow = state.field(INTERRUPT_SHADOW);
      if (shadow === 0 && this.#events.deliverInterrupt((flags & FLAG_IF) !== 0)) continue;
      if (state.field(ACTIVITY) === ACTIVITY_HALTED && !this.#events.endsWait()) return 'halted';
      if ((flags & VIRTUAL_INTERRUPT_DUE) === VIRTUAL_INTERRUPT_DUE && hasVirtualInterrupts(state)) {
        this.retired += 1;
        this.#access.recordFault(VECTOR_GP, 0);
        this.#events.deliverFault(state.rip);
        continue;
      }
      const { breakpoints } = this.#access;
      if (breakpoints.hasExecution && shadow !== SHADOW_STACK && (flags & FLAG_RF) === 0) {
        const met = breakpoints.atRip();
        if (met !== 0) {
          this.retired += 1;
          this.#events.deliverDebug(met);
          continue;
        }
      }
      const remaining = Math.min(end - this.retired, SLICE_MAX);
      const isStepping = shadow !== 0 || (flags & FLAG_TF) !== 0 || breakpoints.hasExecution;
      this.#runSlice(isStepping ? 1 : remaining, (flags & FLAG_TF) !== 0);
    }
  }

  #runSlice(budget: number, isTracing: boolean): void {
    const state = this.#state;
    state.setField(BUDGET, budget);
    state.setField(FAULT_VECTOR, NO_FAULT);
    state.setField(SHADOW_BEFORE, state.field(INTERRUPT_SHADOW));
    state.setField(INTERRUPT_SHADOW, 0);
    state.setField(REPEAT_UNFINISHED, 0);
    state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~FLAG_RF);
    const record = budget < BLOCK_LENGTH_MAX ? this.#cache.lookupShort(budget) : this.#cache.lookup();
    if (record === 0) {
      this.retired += 1;
      this.#events.deliverFault(state.rip);
      return;
    }
    const held = this.#events.releaseHeldHits(record);
    const traced = isTracing ? this.#cache.instructionOf(record) : undefined;
    this.#sliceSize = budget;
    const reason = this.#run(record, budget);
    const used = this.#sliceSize - (state.field(BUDGET) | 0);
    this.#sliceSize = 0;
    this.#cache.passStop();
    this.#settleResumeFlag(this.retired + used);
    // An instruction that faults meets no breakpoint on data.
    const hits = this.#access.breakpoints.takeHits();
    if (reason === RUN_FAULT) {
      this.retired += used + this.#cache.countOf(state.field(RECORD));
      this.#events.deliverFault(this.#ripOfRecord);
      return;
    }
    this.retired += used;
    if (reason === RUN_OUTSIDE) {
      takeBackBranch(state, this.#cache.instructionOf(state.field(RECORD)) as Instruction);
      this.#access.recordFault(VECTOR_GP, 0);
      this.#events.deliverFault(this.#ripOfRecord);
      return;
    }
    if (reason === RUN_LOOKUP) {
      this.retired += 1;
      this.#events.deliverFault(state.rip);
      return;
    }
    const isTrapped = this.#takePendingStep() || (traced !== undefined && this.#trapsAfter(traced));
    // Of the instructions that hold interrupts back, only loads of SS access memory.
    if (hits !== 0 && state.field(INTERRUPT_SHADOW) === SHADOW_STACK) {
      this.#events.heldHits = hits;
      return;
    }
    const met = held | hits;
    if (isTrapped) this.#events.deliverDebug(met | DR6_BS);
    else if (met !== 0) this.#events.deliverDebug(met | this.#metAtRip());
  }

  /**
   * A trap on data also tells of a breakpoint on the instruction that comes next, but where each instruction is stepped: as
   * recorded.
   */
  #metAtRip(): number {
    return (this.#state.field(SYSTEM_FLAGS) & FLAG_RF) === 0 ? this.#access.breakpoints.atRip() : 0;
  }

  /** RIP of the record that executes. */
  get #ripOfRecord(): bigint {
    const offset = this.#cache.offsetOf(this.#state.field(RECORD));
    return BigInt.asUintN(64, this.#state.wideField(RIP_BASE) + BigInt(offset));
  }

  /**
   * RF lasts for one instruction: behind the one that set it, it is still there. Between two iterations of a string
   * instruction it is set, so that the instruction goes on without its breakpoint.
   *
   * @source SDM Vol. 3B "Instruction-Breakpoint Exception Condition"
   */
  #settleResumeFlag(retired: number): void {
    const state = this.#state;
    const flags = state.field(SYSTEM_FLAGS);
    const isSet = retired === this.#resumeFlagSetAt ? (flags & FLAG_RF) !== 0 : state.field(REPEAT_UNFINISHED) !== 0;
    state.setField(SYSTEM_FLAGS, isSet ? flags | FLAG_RF : flags & ~FLAG_RF);
  }

  /** Looks the state's RIP up while generated code runs. @returns as `CodeCache.lookup` does */
  lookup(): number {
    this.#isLookingUp = true;
    const record = this.#cache.lookup();
    this.#isLookingUp = false;
    if (this.attention && record !== 0) this.#endAfter(record);
    return record;
  }

  /** Ends the slice after the instruction that executes: device memory has raised something that may not wait. */
  cutSlice(): void {
    this.#endAfter(this.#state.field(RECORD));
  }
  #endAfter(record: number): void {
    const state = this.#state;
    const needed = this.#cache.countOf(record);
    this.#sliceSize -= (state.field(BUDGET) | 0) - needed;
    state.setField(BUDGET, needed);
    this.#cache.stopAfter(record);
  }

  /** Ends the slice after an iteration in which a repeated instruction overwrites itself: as if slices ended everywhere. */
  stopIfOverwritten(): void {
    const record = this.#state.field(RECORD);
    if (!this.#cache.isStale(record)) return;
    const item = this.#cache.instructionOf(record);
    if ('repeat' in item && item.repeat !== 0) this.cutSlice();
  }

  /**
   * Whether a single-step trap follows an instruction that began with TF set: not where the instruction takes TF away to
   * enter a handler, nor after a load of SS, which holds the trap back.
   *
   * @source SDM Vol. 3B "Single-Step Exception Condition"; SDM Vol. 3A "Masking Exceptions and Interrupts When Switching Stacks"
   */
  #trapsAfter(item: Instruction | Undecodable): boolean {
    const key = 'encoding' in item ? item.encoding.semantics : '';
    if (key === 'POPF' || key === 'IRET') return true;
    const isHeldBack = this.#state.field(INTERRUPT_SHADOW) === SHADOW_STACK;
    return !isHeldBack && (this.#state.field(SYSTEM_FLAGS) & FLAG_TF) !== 0;
  }

  #takePendingStep(): boolean {
    const isPending = this.#state.field(STEP_PENDING) !== 0;
    if (isPending) this.#state.setField(STEP_PENDING, 0);
    return isPending;
  }
}
