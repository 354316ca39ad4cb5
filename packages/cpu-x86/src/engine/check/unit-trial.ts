import { TLB_SUPERVISOR_WRITE, TLB_USER_WRITE } from '@longmode/mmu';
import { CpuState } from '../../state/cpu-state.ts';
import {
  BUDGET,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  INTERRUPT_SHADOW,
  NO_FAULT,
  RECORD,
  RIP_BASE,
  STATE_SIZE_BYTES,
} from '../../state/layout.ts';
import type { CodeCache } from '../code-cache.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { STATUS_FAULT, STATUS_NEXT, STATUS_TAKEN } from '../interpreter/core-functions.ts';
import type { InstalledFunction } from '../interpreter/handler-registry.ts';
import { RECORD_DISPLACEMENT, RECORD_SCALE, RECORD_SIZE_BYTES } from '../interpreter/record.ts';
import type { MemoryAccess } from '../memory-access.ts';
import { CPU_BASE } from '../memory-plan.ts';
import type { ByteDifference, FieldDifference } from './divergence.ts';
import { PageCopies } from './page-copies.ts';
import { Replay, type ReplayEnd } from './replay.ts';
import { compareStates, isSameState } from './state-comparison.ts';

/** Where a unit is entered: the head of the block, RIP and the budget. */
export interface UnitEntry {
  readonly head: number;
  readonly rip: bigint;
  readonly budget: number;
}

/** How a unit was left: what it returned, instructions that it ran, RIP, and the exception that the next one raises. */
export interface UnitExit {
  readonly status: number;
  readonly retired: number;
  readonly rip: bigint;
  readonly fault: Exception | undefined;
}

interface Exception {
  readonly vector: number;
  readonly errorCode: number;
}

/** What a trial works on. */
export interface TrialParts {
  readonly state: CpuState;
  readonly memory: GuestMemory;
  readonly access: MemoryAccess;
  readonly cache: CodeCache;
  /** The interpreter. */
  run(record: number, budget: number): number;
}

const NO_EXCEPTION: Exception = { vector: 0, errorCode: 0 };

/**
 * Runs compiled code and then, from the same state on, the interpreter for as many instructions. Compiled code changes
 * registers, flags and RAM that the TLB lets it write; all else it leaves to the interpreter, so that it can be taken back.
 */
export class UnitTrial {
  readonly replay: Replay;
  readonly #state: CpuState;
  readonly #cache: CodeCache;
  readonly #view: DataView;
  readonly #page: Uint32Array;
  readonly #before: Uint32Array = new Uint32Array(STATE_SIZE_BYTES / 4);
  readonly #after: Uint32Array = new Uint32Array(STATE_SIZE_BYTES / 4);
  readonly #compiled: CpuState;
  readonly #pages: PageCopies;
  #end: ReplayEnd = 'done';

  constructor(parts: TrialParts) {
    this.#state = parts.state;
    this.#cache = parts.cache;
    const { buffer } = parts.memory.wasm;
    this.#view = new DataView(buffer);
    this.#page = new Uint32Array(buffer, CPU_BASE, STATE_SIZE_BYTES / 4);
    this.#compiled = new CpuState(this.#after.buffer, 0);
    this.#pages = new PageCopies({ memory: parts.memory, tlb: parts.access.tlb });
    this.replay = new Replay(parts);
  }

  /** Keeps everything as it is at a block's head, or elsewhere in its page. */
  enter(head: number, rip: bigint = this.#ripOf(head)): UnitEntry {
    this.#before.set(this.#page);
    this.#pages.save(this.#state.cpl === 3 ? TLB_USER_WRITE : TLB_SUPERVISOR_WRITE);
    return { head, rip, budget: this.#state.field(BUDGET) | 0 };
  }

  /** Makes everything what it was at the entry. */
  restore(): void {
    this.#page.set(this.#before);
    this.#pages.restore();
    this.#cache.updateJumpTag();
  }

  /** After an attempt that came to the same: makes the state what the unit left, as the core expects it. */
  accept(): void {
    this.#page.set(this.#after);
    this.#cache.updateJumpTag();
  }

  /** From the entry on, whose state is there, runs a unit, keeps what it did, takes it back, and runs the interpreter. */
  attempt(entry: UnitEntry, unit: InstalledFunction, budget: number = entry.budget): UnitExit {
    const state = this.#state;
    state.setField(BUDGET, budget);
    state.setField(RECORD, entry.head);
    state.setField(FAULT_VECTOR, NO_FAULT);
    const exit = this.#exitOf(unit(entry.head), budget);
    this.#after.set(this.#page);
    this.#pages.saveResult();
    this.restore();
    this.interpret(entry, exit.retired, exit.fault !== undefined);
    // The interpreter has come to a stop behind an STI; whether the processor does, only the unit can know.
    const shadow = this.#compiled.field(INTERRUPT_SHADOW);
    if (shadow === 0) state.setField(INTERRUPT_SHADOW, 0);
    return exit;
  }

  /** From the entry on, whose state is there, runs the interpreter for some instructions, and then one that faults. */
  interpret(entry: UnitEntry, count: number, faults: boolean): void {
    this.#state.rip = entry.rip;
    this.#end = this.replay.run(count);
    if (faults && this.#end === 'done') this.#end = this.replay.run(1);
  }

  /** Whether both came to the same. */
  isSame(exit: UnitExit): boolean {
    const { fault } = exit;
    const raised = this.#raised ?? NO_EXCEPTION;
    if (this.#end !== (fault ? 'fault' : 'done') || this.replay.strayed !== undefined) return false;
    if (fault && (fault.vector !== raised.vector || fault.errorCode !== raised.errorCode)) return false;
    return this.#rip === exit.rip && isSameState(this.#compiled, this.#state) && this.#pages.isResult;
  }

  /** The fields that are not the same. */
  fieldDifferences(exit: UnitExit): FieldDifference[] {
    const found = compareStates(this.#compiled, this.#state);
    const add = (name: string, compiled: bigint | number, interpreted: bigint | number): void => {
      if (compiled !== interpreted)
        found.unshift({ name, compiled: BigInt(compiled), interpreted: BigInt(interpreted) });
    };
    const ours = exit.fault ?? NO_EXCEPTION;
    const theirs = this.#raised ?? NO_EXCEPTION;
    add('error code', BigInt.asUintN(32, BigInt(ours.errorCode)), BigInt.asUintN(32, BigInt(theirs.errorCode)));
    add('vector', ours.vector, theirs.vector);
    add('rip', exit.rip, this.#rip);
    return found;
  }

  /** The first bytes that are not the same. */
  byteDifferences(limit: number): ByteDifference[] {
    return this.#pages.differences(limit);
  }

  /** The exception that the interpreter ended with. */
  get #raised(): Exception | undefined {
    if (this.#end !== 'fault' || this.replay.strayed !== undefined) return undefined;
    const state = this.#state;
    return { vector: state.field(FAULT_VECTOR), errorCode: state.field(FAULT_ERROR_CODE) | 0 };
  }
  /** Where the interpreter is. */
  get #rip(): bigint {
    return this.#end === 'fault' ? this.#ripOf(this.#state.field(RECORD)) : this.#state.rip;
  }
  #ripOf(record: number): bigint {
    return BigInt.asUintN(64, this.#state.wideField(RIP_BASE) + BigInt(this.#cache.offsetOf(record)));
  }

  /** Reads off the state how a unit was left, as the interpreter's loop would go on from there. */
  #exitOf(status: number, budget: number): UnitExit {
    const state = this.#state;
    const record = state.field(RECORD);
    const retired = budget - (state.field(BUDGET) | 0) + this.#cache.countOf(record);
    switch (status) {
      case STATUS_NEXT:
        return { status, retired, rip: this.#ripOf(record + RECORD_SIZE_BYTES), fault: undefined };
      case STATUS_TAKEN: {
        const displacement = this.#view.getBigInt64(record + RECORD_DISPLACEMENT, true);
        const width = 64 - this.#view.getUint8(record + RECORD_SCALE);
        const rip = BigInt.asUintN(width, state.wideField(RIP_BASE) + displacement);
        return { status, retired, rip, fault: undefined };
      }
      case STATUS_FAULT: {
        const fault = { vector: state.field(FAULT_VECTOR), errorCode: state.field(FAULT_ERROR_CODE) | 0 };
        return { status, retired: retired - 1, rip: this.#ripOf(record), fault };
      }
      default:
        return { status, retired, rip: state.rip, fault: undefined };
    }
  }
}
