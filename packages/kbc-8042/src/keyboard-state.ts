import { KbcError } from './kbc-error.ts';
import { defaultKeyTypes } from './key-types.ts';
import { isKeyName, type KeyName, type ScanCodeSet } from './keys.ts';

/** The whole state of the keyboard; plain data. */
export interface KeyboardState {
  set: ScanCodeSet;
  /** Whether keys are scanned: not after command F5h. */
  isEnabled: boolean;
  /** Bit 0 Scroll Lock, bit 1 Num Lock, bit 2 Caps Lock. */
  leds: number;
  /** Bits 6–5 delay, bits 4–0 rate, as command F3h takes them. */
  typematic: number;
  /** A command that waits for its option, or `null`. */
  command: number | null;
  /** Answers to commands, and keystrokes, that the host has not taken yet. */
  responses: number[];
  keystrokes: number[];
  /** What command FEh sends again. */
  lastSent: number;
  /** Keys that are down, in the order in which they were pressed. */
  pressed: KeyName[];
  /** The key whose repeat is pending, or `null`. */
  repeating: KeyName | null;
  /** Behaviour of each key in set 3, by its code. */
  keyTypes: Uint8Array;
}

/** Power-on state: set 2, 10.9 characters a second after half a second, scanning. */
export function resetKeyboardState(): KeyboardState {
  return {
    set: 2,
    isEnabled: true,
    leds: 0,
    typematic: 0x2b,
    command: null,
    responses: [],
    keystrokes: [],
    lastSent: 0,
    pressed: [],
    repeating: null,
    keyTypes: defaultKeyTypes(),
  };
}

/** A copy that shares nothing with the original. */
export function copyKeyboardState(from: KeyboardState): KeyboardState {
  return {
    set: from.set,
    isEnabled: from.isEnabled,
    leds: from.leds,
    typematic: from.typematic,
    command: from.command,
    responses: [...from.responses],
    keystrokes: [...from.keystrokes],
    lastSent: from.lastSent,
    pressed: [...from.pressed],
    repeating: from.repeating,
    keyTypes: from.keyTypes.slice(),
  };
}

/** @throws {KbcError} `bad-state` unless `isValid` */
export function requireState(field: string, isValid: boolean): void {
  if (!isValid)
    throw new KbcError('bad-state', `keyboard controller state: field '${field}' is missing or out of range`);
}

/** Whether a value is an integer from 0 to `max`. */
export function isInteger(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

function isByteList(value: unknown, maxLength: number): boolean {
  return Array.isArray(value) && value.length <= maxLength && value.every((byte) => isInteger(byte, 0xff));
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' && isKeyName(value);
}

/** @throws {KbcError} `bad-state` naming the first field that is missing or out of range */
export function checkKeyboardState(state: KeyboardState): void {
  requireState('keyboard', typeof state === 'object' && state !== null);
  requireState('set', state.set === 1 || state.set === 2 || state.set === 3);
  requireState('isEnabled', typeof state.isEnabled === 'boolean');
  requireState('leds', isInteger(state.leds, 7));
  requireState('typematic', isInteger(state.typematic, 0x7f));
  requireState('command', state.command === null || isInteger(state.command, 0xff));
  requireState('responses', isByteList(state.responses, 16));
  requireState('keystrokes', isByteList(state.keystrokes, 17));
  requireState('lastSent', isInteger(state.lastSent, 0xff));
  const { pressed } = state;
  requireState('pressed', Array.isArray(pressed) && pressed.every(isKey) && new Set(pressed).size === pressed.length);
  requireState('repeating', state.repeating === null || isKey(state.repeating));
  const types = state.keyTypes;
  requireState('keyTypes', types instanceof Uint8Array && types.length === 256 && types.every((type) => type <= 3));
}
