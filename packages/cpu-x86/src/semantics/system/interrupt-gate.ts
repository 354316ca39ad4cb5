import { ACCESS_IMPLICIT, highWord, joinWords, lowWord } from '@longmode/mmu';
import { VECTOR_GP, VECTOR_NP } from '../../state/exceptions.ts';
import { IDTR_BASE, IDTR_LIMIT } from '../../state/layout.ts';
import type { SystemCpu } from './context.ts';
import {
  type Descriptor,
  describeDescriptor,
  dplOf,
  isPresent,
  isSystem,
  parseDescriptor,
  TYPE_INTERRUPT_GATE_16,
  TYPE_INTERRUPT_GATE_32,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE_16,
  TYPE_TRAP_GATE_32,
  tableAddress,
  typeOf,
} from './descriptor.ts';
import { hex, refuse } from './fault.ts';
import { isLongMode } from './processor-mode.ts';

/** An entry of the IDT in protected or IA-32e mode. */
export interface InterruptGate {
  /** Of the code segment, or of the TSS in a task gate. */
  readonly selector: number;
  readonly offset: bigint;
  /** Size of the items of the return frame, in bits. */
  readonly width: 16 | 32 | 64;
  /** An interrupt gate clears IF, a trap gate does not. */
  readonly clearsInterruptFlag: boolean;
  readonly isTaskGate: boolean;
  /** IA-32e mode: entry of the interrupt-stack table, 0 for none. */
  readonly stackIndex: number;
}

/** The error code that names an IDT entry. @source SDM Vol. 3A "Error Code" */
export function gateError(vector: number, ext: number): number {
  return vector * 8 + 2 + ext;
}

/**
 * Reads and checks the IDT entry of a vector: limit, type, DPL for software interrupts, presence.
 *
 * @param isSoftware INT n, INT3 or INTO: the gate's DPL must not be below CPL
 * @returns undefined after #GP or #NP with the entry's error code, or a page fault
 * @source SDM Vol. 2A "INT n/INTO/INT3/INT1—Call to Interrupt Procedure"
 */
export function readInterruptGate(
  cpu: SystemCpu,
  vector: number,
  isSoftware: boolean,
  ext: number,
): InterruptGate | undefined {
  const { state, memory } = cpu;
  const inLongMode = isLongMode(state);
  const size = inLongMode ? 16 : 8;
  const offset = vector * size;
  const limit = state.field(IDTR_LIMIT);
  if (offset + size - 1 > limit) {
    const reason = `the IDT limit ${hex(limit)} holds no gate for vector ${vector}`;
    return refuse(cpu, VECTOR_GP, gateError(vector, ext), reason);
  }
  const address = tableAddress(cpu, state.wideField(IDTR_BASE), offset);
  const quad = memory.read64(address, ACCESS_IMPLICIT);
  if (memory.failed) return undefined;
  const upper = inLongMode ? memory.read64(address + 8n, ACCESS_IMPLICIT) : 0n;
  if (memory.failed) return undefined;
  const gate = parseDescriptor(0, address, lowWord(quad), highWord(quad));
  const width = gateWidth(gate, inLongMode);
  if (width === undefined) {
    return refuse(cpu, VECTOR_GP, gateError(vector, ext), describeBadGate(gate, vector, inLongMode));
  }
  if (isSoftware && dplOf(gate) < state.cpl) {
    const reason = `IDT entry ${vector} has DPL ${dplOf(gate)}, below CPL ${state.cpl}`;
    return refuse(cpu, VECTOR_GP, gateError(vector, 0), reason);
  }
  if (!isPresent(gate)) {
    return refuse(cpu, VECTOR_NP, gateError(vector, ext), `IDT entry ${vector} is not present`);
  }
  const low = width === 16 ? gate.low & 0xffff : (gate.high & 0xffff0000) | (gate.low & 0xffff);
  return {
    selector: gate.low >>> 16,
    offset: joinWords(low, lowWord(upper)),
    width,
    clearsInterruptFlag: typeOf(gate) === TYPE_INTERRUPT_GATE_16 || typeOf(gate) === TYPE_INTERRUPT_GATE_32,
    isTaskGate: typeOf(gate) === TYPE_TASK_GATE,
    stackIndex: inLongMode ? gate.high & 7 : 0,
  };
}

/** The frame size of a gate, or undefined when the descriptor may not stand in the IDT. */
function gateWidth(gate: Descriptor, inLongMode: boolean): 16 | 32 | 64 | undefined {
  if (!isSystem(gate)) return undefined;
  switch (typeOf(gate)) {
    case TYPE_INTERRUPT_GATE_32:
    case TYPE_TRAP_GATE_32:
      return inLongMode ? 64 : 32;
    case TYPE_INTERRUPT_GATE_16:
    case TYPE_TRAP_GATE_16:
      return inLongMode ? undefined : 16;
    case TYPE_TASK_GATE:
      return inLongMode ? undefined : 32;
    default:
      return undefined;
  }
}

function describeBadGate(gate: Descriptor, vector: number, inLongMode: boolean): string {
  if (gate.low === 0 && gate.high === 0) return `IDT entry ${vector} is empty (all zero, not present)`;
  const wanted = inLongMode ? 'a 64-bit interrupt or trap gate' : 'an interrupt, trap or task gate';
  return `IDT entry ${vector} holds ${describeDescriptor(gate)}, not ${wanted}`;
}
