/**
 * Delivery of interrupts and exceptions: what follows when delivery itself fails, up to the double fault and shutdown.
 *
 * Not emulated: shadow stacks.
 */

import { CS } from '../../decode/instruction.ts';
import { VECTOR_DE, VECTOR_DF, VECTOR_GP, VECTOR_NP, VECTOR_PF, VECTOR_SS, VECTOR_TS } from '../../state/exceptions.ts';
import { ACTIVITY, ACTIVITY_SHUTDOWN, CR2 } from '../../state/layout.ts';
import { NO_ERROR_CODE, OUTCOME_BRANCH, OUTCOME_EXIT, OUTCOME_FAULT, type Outcome, type SystemCpu } from './context.ts';
import { attemptDelivery, createDelivery } from './event-delivery.ts';
import { type EventFate, type EventKind, type ExceptionDraft, type Explanation, UNEXPLAINED } from './exception-log.ts';
import { processorMode, segmentOf } from './processor-mode.ts';
import { RSP } from './stack.ts';

/** An interrupt or exception to deliver. */
export interface ExceptionEvent {
  readonly vector: number;
  readonly kind: EventKind;
  /** `NO_ERROR_CODE` or absent for events that push none. */
  readonly errorCode?: number;
  /** RIP to save: of the instruction for faults, of the next one for traps and interrupts. */
  readonly rip: bigint;
}

/** Classes of exceptions that decide about double faults. */
type ExceptionClass = 'benign' | 'contributory' | 'page-fault' | 'double-fault';

const CONTRIBUTORY: ReadonlySet<number> = new Set([VECTOR_DE, VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, 21]);

/** @source SDM Vol. 3A "Interrupt 8—Double Fault Exception (#DF)", table of interrupt and exception classes */
function classOf(event: { readonly vector: number; readonly kind: EventKind }): ExceptionClass {
  if (event.kind !== 'exception') return 'benign';
  if (event.vector === VECTOR_DF) return 'double-fault';
  if (event.vector === VECTOR_PF || event.vector === 20) return 'page-fault';
  return CONTRIBUTORY.has(event.vector) ? 'contributory' : 'benign';
}

/** What becomes of a second exception: it is handled by itself, or both become a double fault, or the processor shuts down. */
function combine(first: ExceptionClass, second: ExceptionClass): 'serial' | 'double-fault' | 'shutdown' {
  if (second === 'benign' || first === 'benign') return 'serial';
  if (first === 'double-fault') return 'shutdown';
  if (first === 'contributory') return second === 'contributory' ? 'double-fault' : 'serial';
  return 'double-fault';
}

/**
 * Delivers an event: the processor is at the handler's first instruction afterwards, or in shutdown. Exceptions that
 * occur on the way are delivered in its place; all of them are recorded in the exception log.
 *
 * @returns `shutdown` after a triple fault, with `ACTIVITY` set
 * @source SDM Vol. 3A "Interrupt and Exception Handling"
 */
export function deliverEvent(cpu: SystemCpu, event: ExceptionEvent): 'delivered' | 'shutdown' {
  const log = cpu.exceptionLog;
  log.beginChain();
  let current = event;
  let explanation = UNEXPLAINED;
  if (event.kind === 'exception') explanation = log.takeExplanation(event.vector, event.errorCode ?? NO_ERROR_CODE);
  for (;;) {
    const found = isRecorded(current.kind) ? observe(cpu, current, 'delivered', explanation) : undefined;
    const delivery = createDelivery(current);
    if (attemptDelivery(cpu, delivery)) {
      if (found !== undefined) log.record(found);
      return 'delivered';
    }
    const failed = found ?? observe(cpu, current, 'failed', explanation);
    failed.fate = 'failed';
    log.record(failed);
    // A failure leaves its record; memory that fails without one is treated as #GP(0).
    const raised = cpu.takeRaised() ?? { vector: VECTOR_GP, errorCode: 0 };
    explanation = {
      ...log.takeExplanation(raised.vector, raised.errorCode),
      during: { vector: current.vector, kind: current.kind, step: delivery.step },
    };
    // A task switch may have gone through before the fault, which then is one of the new task.
    const rip = delivery.hasSwitchedTask ? cpu.state.rip : current.rip;
    const next: ExceptionEvent = { ...raised, kind: 'exception', rip };
    const outcome = combine(classOf(current), classOf(next));
    if (outcome === 'serial') {
      current = next;
      continue;
    }
    const merged = observe(cpu, next, 'merged', explanation);
    if (outcome === 'shutdown') {
      merged.isShutdown = true;
      log.record(merged);
      cpu.state.setField(ACTIVITY, ACTIVITY_SHUTDOWN);
      return 'shutdown';
    }
    log.record(merged);
    current = { vector: VECTOR_DF, kind: 'exception', errorCode: 0, rip };
    explanation = UNEXPLAINED;
  }
}

/** INT n, INT3, INTO and INT1, whose failed delivery is a fault of the instruction, or of the task that it has switched to. */
export function deliverSoftwareInterrupt(cpu: SystemCpu, vector: number, kind: EventKind): Outcome {
  const event: ExceptionEvent = { vector, kind, rip: cpu.nextRip };
  const delivery = createDelivery(event);
  const found = isRecorded(kind) ? observe(cpu, event, 'delivered', UNEXPLAINED) : undefined;
  if (!attemptDelivery(cpu, delivery)) {
    cpu.exceptionLog.interrupted({ vector, kind, step: delivery.step });
    return delivery.hasSwitchedTask ? deliverRaised(cpu) : OUTCOME_FAULT;
  }
  if (found !== undefined) {
    cpu.exceptionLog.beginChain();
    cpu.exceptionLog.record(found);
  }
  return OUTCOME_BRANCH;
}

/** Delivers what a new task has raised, before its first instruction. */
export function deliverRaised(cpu: SystemCpu): Outcome {
  const raised = cpu.takeRaised();
  if (raised === undefined) return OUTCOME_BRANCH;
  const isDelivered = deliverEvent(cpu, { ...raised, kind: 'exception', rip: cpu.state.rip }) === 'delivered';
  return isDelivered ? OUTCOME_BRANCH : OUTCOME_EXIT;
}

/** Successful external interrupts and INT n would flood the log. */
const isRecorded = (kind: EventKind): boolean => kind !== 'external' && kind !== 'software';

/** What the log keeps of the processor as an event found it. */
function observe(cpu: SystemCpu, event: ExceptionEvent, fate: EventFate, explanation: Explanation): ExceptionDraft {
  const { state } = cpu;
  const entry: ExceptionDraft = {
    sequence: 0,
    chain: 0,
    vector: event.vector,
    kind: event.kind,
    errorCode: event.errorCode ?? NO_ERROR_CODE,
    rip: event.rip,
    selector: segmentOf(state, CS).selector,
    rsp: state.gpr(RSP),
    cpl: state.cpl,
    mode: processorMode(state),
    fate,
  };
  if (event.vector === VECTOR_PF && event.kind === 'exception') entry.cr2 = state.wideField(CR2);
  const { instructionCount } = cpu;
  if (instructionCount !== undefined) entry.instructionCount = instructionCount;
  if (explanation.reason !== undefined) entry.reason = explanation.reason;
  if (explanation.during !== undefined) entry.during = explanation.during;
  return entry;
}
