import type { CoprocessorErrorPins, InterruptSource } from '../host.ts';
import { NO_ERROR_CODE } from '../semantics/system/context.ts';
import type { ExceptionLog } from '../semantics/system/exception-log.ts';
import { deliverEvent, type ExceptionEvent, explainOperandFault } from '../semantics/system/index.ts';
import { CR0_NE } from '../state/control-registers.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_DB, VECTOR_GP, VECTOR_MF, VECTOR_NMI, VECTOR_SS } from '../state/exceptions.ts';
import {
  ACTIVITY,
  ACTIVITY_ACTIVE,
  ACTIVITY_HALTED,
  CR0,
  DR,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  INTERRUPT_REQUEST,
  MONITOR,
  MONITOR_NONE,
  MONITOR_WAITING,
  NO_FAULT,
  RIP,
  RIP_BASE,
} from '../state/layout.ts';
import type { CodeCache } from './code-cache.ts';
import type { EngineSystemCpu } from './system-cpu.ts';

const DR6 = DR + 8 * 6;
/** B0 to B3. */
const DR6_BREAKPOINTS = 0xfn;

/** What events need of the processor. */
export interface EventParts {
  readonly state: CpuState;
  readonly cache: CodeCache;
  readonly context: EngineSystemCpu;
  readonly exceptionLog: ExceptionLog;
  readonly interrupts: InterruptSource | undefined;
  readonly coprocessorError: CoprocessorErrorPins | undefined;
  /** A delivery takes the time of an instruction: called before it. */
  readonly count: () => void;
}

/** Interrupts and exceptions: which are due at an instruction boundary, and their way into the guest. */
export class PendingEvents {
  isNmiPending = false;
  isNmiBlocked = false;
  /** Breakpoints on data that a load of SS has met, as bits of DR6, until the next instruction is done. */
  heldHits = 0;
  readonly #parts: EventParts;
  readonly #state: CpuState;

  constructor(parts: EventParts) {
    this.#parts = parts;
    this.#state = parts.state;
  }

  reset(): void {
    this.isNmiPending = false;
    this.isNmiBlocked = false;
    this.heldHits = 0;
  }

  /**
   * Breakpoints on data that a load of SS has met are reported behind the next instruction; a #DB of that instruction's own
   * reports them with it.
   *
   * @returns what is to be reported behind the instruction of a record
   * @source SDM Vol. 3A "Masking Exceptions and Interrupts When Switching Stacks"
   */
  releaseHeldHits(record: number): number {
    const held = this.heldHits;
    if (held === 0) return 0;
    this.heldHits = 0;
    const item = this.#parts.cache.instructionOf(record);
    if (!('encoding' in item) || item.encoding.semantics !== 'INT1') return held;
    this.#state.setWideField(DR6, this.#state.wideField(DR6) | BigInt(held));
    return 0;
  }

  /**
   * #DB for what the bits of DR6 say, before the instruction at RIP. The processor clears bits of breakpoints that were not
   * met, and leaves all others to software.
   *
   * @source SDM Vol. 3B "Debug Status Register (DR6)"
   */
  deliverDebug(bits: number): void {
    const state = this.#state;
    state.setWideField(DR6, (state.wideField(DR6) & ~DR6_BREAKPOINTS) | BigInt(bits));
    this.#deliver({ vector: VECTOR_DB, kind: 'exception', errorCode: NO_ERROR_CODE, rip: state.rip });
  }

  /** The exception that the state holds, of the instruction at a RIP. */
  deliverFault(rip: bigint): void {
    const state = this.#state;
    const vector = state.field(FAULT_VECTOR);
    const errorCode = state.field(FAULT_ERROR_CODE) | 0;
    state.setField(FAULT_VECTOR, NO_FAULT);
    state.rip = rip;
    const { coprocessorError } = this.#parts;
    if (vector === VECTOR_MF && coprocessorError && (state.field(CR0) & CR0_NE) === 0) {
      coprocessorError.signal();
      return;
    }
    if (vector === VECTOR_GP || vector === VECTOR_SS) {
      this.#parts.exceptionLog.explainIfUntold(vector, errorCode, () => this.#explainOperand(vector));
    }
    this.#deliver({ vector, kind: 'exception', errorCode, rip });
  }

  /** Why the instruction at RIP faulted by an operand of it, as far as a look without consequences tells. */
  #explainOperand(vector: number): string | undefined {
    const instruction = this.#parts.cache.peek();
    if (instruction === undefined) return undefined;
    this.#parts.context.begin(this.#state.field(RIP) - this.#state.field(RIP_BASE), instruction.length);
    return explainOperandFault(this.#parts.context, instruction, vector);
  }

  /** An NMI or an external interrupt, if one is pending and nothing holds it back. @returns whether there was one */
  deliverInterrupt(interruptsEnabled: boolean): boolean {
    const { count } = this.#parts;
    if (this.isNmiPending && !this.isNmiBlocked) {
      this.isNmiPending = false;
      this.isNmiBlocked = true;
      this.#wake();
      count();
      this.#deliver({ vector: VECTOR_NMI, kind: 'nmi', errorCode: NO_ERROR_CODE, rip: this.#state.rip });
      return true;
    }
    const source = this.#parts.interrupts;
    const isRequested = this.#state.field(INTERRUPT_REQUEST) !== 0;
    if (!isRequested || !interruptsEnabled || source === undefined) return false;
    this.#wake();
    count();
    this.#deliver({
      vector: source.acknowledge() & 0xff,
      kind: 'external',
      errorCode: NO_ERROR_CODE,
      rip: this.#state.rip,
    });
    return true;
  }

  /** Ends an MWAIT that an interrupt request ends although it is not taken. @returns whether it did */
  endsWait(): boolean {
    const state = this.#state;
    if (state.field(MONITOR) !== MONITOR_WAITING || state.field(INTERRUPT_REQUEST) === 0) return false;
    state.setField(MONITOR, MONITOR_NONE);
    this.#wake();
    return true;
  }

  #wake(): void {
    if (this.#state.field(ACTIVITY) === ACTIVITY_HALTED) this.#state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  }

  #deliver(event: ExceptionEvent): void {
    this.#parts.context.beginEvent();
    deliverEvent(this.#parts.context, event);
    this.#state.setField(FAULT_VECTOR, NO_FAULT);
  }
}
