/**
 * What a terminal sends for keys, turned into keys of a PC keyboard.
 *
 * @source ECMA-48; xterm "Control Sequences", "PC-Style Function Keys"
 */
import { type KeyEvent, type KeyName, keysForText } from '@longmode/pc';

/** What came from the terminal. */
export type TerminalInput =
  | { readonly kind: 'keys'; readonly events: readonly KeyEvent[] }
  /** Ctrl+C, which is a key too. */
  | { readonly kind: 'interrupt'; readonly events: readonly KeyEvent[] }
  /** Ctrl+]. */
  | { readonly kind: 'leave' };

const SEQUENCE_LENGTH_MAX = 32;

// biome-ignore format: a table
const FINAL_KEYS: Readonly<Record<string, KeyName>> = {
  A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', P: 'f1', Q: 'f2', R: 'f3', S: 'f4', E: 'kp_5', M: 'kp_enter',
};

// biome-ignore format: a table
const TILDE_KEYS: Readonly<Record<number, KeyName>> = {
  1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'pgup', 6: 'pgdn', 7: 'home', 8: 'end', 11: 'f1', 12: 'f2', 13: 'f3',
  14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12',
};

// biome-ignore format: a table
const LINUX_KEYS: Readonly<Record<string, KeyName>> = { A: 'f1', B: 'f2', C: 'f3', D: 'f4', E: 'f5' };

/** Control characters that are keys of their own, not Ctrl and a letter. */
const CONTROL_KEYS: Readonly<Record<number, KeyName>> = {
  8: 'backspace',
  9: 'tab',
  10: 'ret',
  13: 'ret',
  127: 'backspace',
};
/** Ctrl with keys that are no letters, by the control character. */
const CONTROL_SYMBOLS: Readonly<Record<number, KeyName>> = { 0: 'spc', 28: 'backslash', 30: '6', 31: 'minus' };

const INTERRUPT = 3;
const ESCAPE = 27;
const LEAVE = 29;

/** Decodes the bytes of one terminal; a sequence may come in pieces. */
export class KeyDecoder {
  #pending = '';

  /** Whether an escape sequence has begun: after a short while without more, call {@link flush}. */
  get isPending(): boolean {
    return this.#pending !== '';
  }

  /** Takes bytes as they come, one character each (Latin-1). */
  push(bytes: string): TerminalInput[] {
    this.#pending += bytes;
    const result: TerminalInput[] = [];
    while (this.#pending !== '') {
      const taken = take(this.#pending);
      if (taken === null) break;
      this.#pending = this.#pending.slice(taken.length);
      if (taken.input !== null) result.push(taken.input);
    }
    return result;
  }

  /** Nothing more came: an Escape that waits for the rest of a sequence is the key. */
  flush(): TerminalInput[] {
    const rest = this.#pending.slice(1);
    const isEscape = this.#pending.charCodeAt(0) === ESCAPE;
    this.#pending = '';
    if (!isEscape) return [];
    return [keys(pressed('esc', [])), ...this.push(rest)];
  }
}

interface Taken {
  /** Characters used up. */
  readonly length: number;
  /** Null for what no key sends. */
  readonly input: TerminalInput | null;
}

/** @returns the first input of a text, or null if the text may be the beginning of a longer sequence */
function take(text: string): Taken | null {
  const code = text.charCodeAt(0);
  if (code === ESCAPE) return takeEscape(text);
  if (code === LEAVE) return { length: 1, input: { kind: 'leave' } };
  if (code === INTERRUPT) return { length: 1, input: { kind: 'interrupt', events: pressed('c', ['ctrl']) } };
  return { length: 1, input: character(code, []) };
}

function takeEscape(text: string): Taken | null {
  const rest = text.slice(1);
  const second = rest[0];
  if (second === undefined) return null;
  const escapeKey: Taken = { length: 1, input: keys(pressed('esc', [])) };
  if (rest.charCodeAt(0) === ESCAPE) return escapeKey;
  if (second !== '[' && second !== 'O') return { length: 2, input: character(rest.charCodeAt(0), ['alt']) };
  const linux = /^\[\[(.)/.exec(rest);
  if (linux !== null) return { length: 4, input: named(LINUX_KEYS[linux[1] as string], 1) };
  const match = second === '[' ? /^\[([0-9;:?<>=]*)[ -/]*([@-~])/.exec(rest) : /^O([0-9;]*)([@-~])/.exec(rest);
  if (match !== null) {
    return { length: 1 + match[0].length, input: sequence(match[1] as string, match[2] as string) };
  }
  const isBegun = text.length < SEQUENCE_LENGTH_MAX && /^(?:\[[0-9;:?<>=]*[ -/]*\[?|O[0-9;]*)$/.test(rest);
  return isBegun ? null : escapeKey;
}

function sequence(parameters: string, final: string): TerminalInput | null {
  // Reports of the mouse and of the terminal itself.
  if (/^[<=>?]/.test(parameters)) return null;
  const numbers = parameters.split(';').map(Number);
  if (final === '~') return named(TILDE_KEYS[numbers[0] ?? 0], numbers[1] ?? 1);
  if (final === 'Z') return keys(pressed('tab', ['shift']));
  return named(FINAL_KEYS[final], numbers[1] ?? 1);
}

/** @param modifiers as xterm counts them: 1 and the sum of 1 for Shift, 2 for Alt, 4 for Ctrl */
function named(key: KeyName | undefined, modifiers: number): TerminalInput | null {
  if (key === undefined) return null;
  const bits = Number.isInteger(modifiers) && modifiers > 0 ? modifiers - 1 : 0;
  const held: KeyName[] = [];
  if ((bits & 1) !== 0) held.push('shift');
  if ((bits & 2) !== 0) held.push('alt');
  if ((bits & 4) !== 0) held.push('ctrl');
  return keys(pressed(key, held));
}

function character(code: number, held: readonly KeyName[]): TerminalInput | null {
  const control = CONTROL_KEYS[code];
  if (control !== undefined) return keys(pressed(control, held));
  const symbol = CONTROL_SYMBOLS[code];
  if (symbol !== undefined) return keys(pressed(symbol, [...held, 'ctrl']));
  if (code < 27) return keys(pressed(String.fromCharCode(code + 96) as KeyName, [...held, 'ctrl']));
  // A US keyboard has no key for the rest, and letters beyond ASCII come as several bytes.
  if (code < 32 || code > 126) return null;
  return keys(around(keysForText(String.fromCharCode(code)), held));
}

function pressed(key: KeyName, held: readonly KeyName[]): KeyEvent[] {
  return around(
    [
      { key, isPressed: true },
      { key, isPressed: false },
    ],
    held,
  );
}

function around(events: readonly KeyEvent[], held: readonly KeyName[]): KeyEvent[] {
  return [
    ...held.map((key) => ({ key, isPressed: true })),
    ...events,
    ...held.toReversed().map((key) => ({ key, isPressed: false })),
  ];
}

function keys(events: readonly KeyEvent[]): TerminalInput {
  return { kind: 'keys', events };
}
