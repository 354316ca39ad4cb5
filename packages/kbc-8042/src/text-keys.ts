import { KbcError } from './kbc-error.ts';
import type { KeyName } from './keys.ts';

/** One key going down or up. */
export interface KeyEvent {
  key: KeyName;
  isPressed: boolean;
}

// biome-ignore format: a table
const UNSHIFTED: Readonly<Record<string, KeyName>> = {
  '\n': 'ret', '\r': 'ret', '\t': 'tab', '\b': 'backspace', '\u007f': 'backspace', '\u001b': 'esc', ' ': 'spc',
  '`': 'grave_accent', '-': 'minus', '=': 'equal', '[': 'bracket_left', ']': 'bracket_right', '\\': 'backslash',
  ';': 'semicolon', "'": 'apostrophe', ',': 'comma', '.': 'dot', '/': 'slash',
};

// biome-ignore format: a table
const SHIFTED: Readonly<Record<string, KeyName>> = {
  '~': 'grave_accent', '!': '1', '@': '2', '#': '3', $: '4', '%': '5', '^': '6', '&': '7', '*': '8', '(': '9', ')': '0',
  _: 'minus', '+': 'equal', '{': 'bracket_left', '}': 'bracket_right', '|': 'backslash', ':': 'semicolon',
  '"': 'apostrophe', '<': 'comma', '>': 'dot', '?': 'slash',
};

function keyFor(character: string): { key: KeyName; isShifted: boolean } | undefined {
  if (/^[a-z0-9]$/.test(character)) return { key: character as KeyName, isShifted: false };
  if (/^[A-Z]$/.test(character)) return { key: character.toLowerCase() as KeyName, isShifted: true };
  const shifted = Object.hasOwn(SHIFTED, character) ? SHIFTED[character] : undefined;
  if (shifted !== undefined) return { key: shifted, isShifted: true };
  const key = Object.hasOwn(UNSHIFTED, character) ? UNSHIFTED[character] : undefined;
  return key === undefined ? undefined : { key, isShifted: false };
}

/**
 * The keys that type a text on a US keyboard, each pressed and released, with the left shift key around those that need
 * it. A carriage return followed by a line feed is one Enter.
 *
 * @throws {KbcError} `no-key` with the offset of the first character that no key of the layout types
 */
export function keysForText(text: string): KeyEvent[] {
  const events: KeyEvent[] = [];
  for (let offset = 0; offset < text.length; offset++) {
    const character = text.charAt(offset);
    if (character === '\n' && text.charAt(offset - 1) === '\r') continue;
    const found = keyFor(character);
    if (found === undefined) {
      throw new KbcError('no-key', `no key of the US layout types ${JSON.stringify(character)} at offset ${offset}`);
    }
    const { key, isShifted } = found;
    if (isShifted) events.push({ key: 'shift', isPressed: true });
    events.push({ key, isPressed: true }, { key, isPressed: false });
    if (isShifted) events.push({ key: 'shift', isPressed: false });
  }
  return events;
}
