import { COMMAND_BYTE_AUX_DISABLE, COMMAND_BYTE_KEYBOARD_DISABLE } from './kbc-registers.ts';
import { checkKeyboardState, isInteger, type KeyboardState, requireState } from './keyboard-state.ts';

/** The state of the controller without its keyboard. */
export interface KbcControllerState {
  /** 32 bytes; the first is the command byte. */
  memory: Uint8Array;
  outputPort: number;
  /** The output buffer's byte, which stays readable after it was read. */
  output: number;
  isFull: boolean;
  isAuxOutput: boolean;
  isTimeout: boolean;
  /** An answer of the controller that waits for the output buffer, or `null`. */
  answer: { byte: number; isAux: boolean; isTimeout: boolean } | null;
  /** A command that waits for its byte at the data port, or `null`. */
  command: number | null;
  isCommandLast: boolean;
  /** Translation has seen a break prefix; the next byte gets bit 7. */
  hasBreakPrefix: boolean;
  /** How often the host has read in vain since the last byte came to it or from it; at most {@link VAIN_READS_MAX}. */
  vainReads: number;
}

/** Where the count of reads in vain stands still. */
export const VAIN_READS_MAX = 0xffff;

/** The whole state; plain data. */
export interface KbcState extends KbcControllerState {
  keyboard: KeyboardState;
}

/** Power-on state: both interfaces off, no interrupts, no translation, address line 20 let through. */
export function resetKbcState(): KbcControllerState {
  const memory = new Uint8Array(32);
  memory[0] = COMMAND_BYTE_KEYBOARD_DISABLE | COMMAND_BYTE_AUX_DISABLE;
  return {
    memory,
    outputPort: 0xcf,
    output: 0,
    isFull: false,
    isAuxOutput: false,
    isTimeout: false,
    answer: null,
    command: null,
    isCommandLast: false,
    hasBreakPrefix: false,
    vainReads: 0,
  };
}

/** A copy that shares nothing with the original, and leaves the keyboard out. */
export function copyKbcState(from: KbcControllerState): KbcControllerState {
  return {
    memory: from.memory.slice(),
    outputPort: from.outputPort,
    output: from.output,
    isFull: from.isFull,
    isAuxOutput: from.isAuxOutput,
    isTimeout: from.isTimeout,
    answer: from.answer === null ? null : { ...from.answer },
    command: from.command,
    isCommandLast: from.isCommandLast,
    hasBreakPrefix: from.hasBreakPrefix,
    vainReads: from.vainReads,
  };
}

function isAnswer(value: KbcControllerState['answer']): boolean {
  if (value === null) return true;
  return (
    typeof value === 'object' &&
    isInteger(value.byte, 0xff) &&
    typeof value.isAux === 'boolean' &&
    typeof value.isTimeout === 'boolean'
  );
}

/** @throws {KbcError} `bad-state` naming the first field that is missing or out of range */
export function checkKbcState(state: KbcState): void {
  requireState('', typeof state === 'object' && state !== null);
  requireState('memory', state.memory instanceof Uint8Array && state.memory.length === 32);
  for (const field of ['outputPort', 'output'] as const) requireState(field, isInteger(state[field], 0xff));
  for (const field of ['isFull', 'isAuxOutput', 'isTimeout', 'isCommandLast', 'hasBreakPrefix'] as const) {
    requireState(field, typeof state[field] === 'boolean');
  }
  requireState('answer', isAnswer(state.answer));
  requireState('vainReads', isInteger(state.vainReads, VAIN_READS_MAX));
  requireState('command', state.command === null || isInteger(state.command, 0xff));
  checkKeyboardState(state.keyboard);
}
