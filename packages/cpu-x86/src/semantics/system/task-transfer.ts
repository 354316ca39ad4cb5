/**
 * Task switches as instructions ask for them: JMP, CALL and IRET. The switch itself knows no delivery of events; what
 * its new task raises is delivered here.
 *
 * @source SDM Vol. 3A "Task Switching", "Task-Gate Descriptor"
 */
import { VECTOR_NP } from '../../state/exceptions.ts';
import { OUTCOME_BRANCH, OUTCOME_FAULT, type Outcome, type SystemCpu } from './context.ts';
import { type Descriptor, describeSelector, isPresent } from './descriptor.ts';
import { deliverRaised } from './event.ts';
import { refuse, selectorError } from './fault.ts';
import { raiseTaskTrap, type SwitchResult, switchTask } from './task-switch.ts';

/** Completes a switch that an instruction made: what the new task raises is delivered in the new task. */
export function finishSwitch(cpu: SystemCpu, result: SwitchResult): Outcome {
  if (result === 'old') return OUTCOME_FAULT;
  if (result === 'switched') return OUTCOME_BRANCH;
  if (result === 'trapped') raiseTaskTrap(cpu);
  return deliverRaised(cpu);
}

/** JMP or CALL to a TSS descriptor, whose DPL has been checked. */
export function switchToDescriptor(cpu: SystemCpu, d: Descriptor, cause: 'jump' | 'call'): Outcome {
  return finishSwitch(cpu, switchTask(cpu, d.selector, cause, cpu.nextRip, 0));
}

/** JMP or CALL to a task gate, whose DPL has been checked. */
export function switchThroughGate(cpu: SystemCpu, gate: Descriptor, cause: 'jump' | 'call'): Outcome {
  if (!isPresent(gate)) {
    refuse(
      cpu,
      VECTOR_NP,
      selectorError(gate.selector),
      `the task gate of ${describeSelector(gate.selector)} is not present`,
    );
    return OUTCOME_FAULT;
  }
  return finishSwitch(cpu, switchTask(cpu, gate.low >>> 16, cause, cpu.nextRip, 0));
}
