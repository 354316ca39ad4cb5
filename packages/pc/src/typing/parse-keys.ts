/** Scripts of keys as text: `wait:"boot:" m e m ret +500ms shift-a left:2s quit`. */
import type { KeyName } from '@longmode/kbc-8042';
import { checkStep, TYPING_TEXT_MAX, TypingError, type TypingStep } from './step.ts';

const TIME_UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  e: '\u001b',
  '\\': '\\',
  '"': '"',
};

/** A word: anything without white space, in which quoted parts may have some. */
const WORD = /(?:"(?:[^"\\]|\\[\s\S])*"|'[^']*'|[^\s"'])+/y;

/**
 * Understands a script of keys. Its words, between white space:
 *
 * - `a`, `ret`, `shift-l`, `ctrl-alt-delete`: keys by the names of QEMU's `sendkey`, held together; `left:500ms` holds
 *   them longer
 * - `type:TEXT` types a text on a US keyboard
 * - `wait:TEXT` waits until the text is on the screen, or comes from COM1
 * - `@2s` waits for the instant two seconds after power-on, `@10M` for the instruction; `+500ms` waits so long. Units:
 *   `s`, `ms`, `us`, `ns`; `k`, `M`, `G` or none for instructions
 * - `quit` ends the run
 *
 * Keystrokes go out when the guest is ready for them; those after an instant at once. A text with spaces is quoted:
 * `"…"` with the escapes of {@link unescapeText}, or `'…'` as it is.
 *
 * @throws {TypingError} with the offset of the word that is not understood
 */
export function parseKeys(script: string): TypingStep[] {
  if (script.length > TYPING_TEXT_MAX) throw new TypingError('too-long', 'a script of more than a million characters');
  const steps: TypingStep[] = [];
  let offset = 0;
  for (;;) {
    while (/\s/.test(script.charAt(offset))) offset += 1;
    if (offset >= script.length) return steps;
    WORD.lastIndex = offset;
    const word = WORD.exec(script)?.[0];
    if (word === undefined || /["']/.test(script.charAt(offset + word.length)))
      throw new TypingError('bad-step', `a quote is not closed at offset ${offset}`, offset);
    try {
      const step = parseWord(word);
      checkStep(step);
      steps.push(step);
    } catch (error) {
      if (!(error instanceof TypingError)) throw error;
      throw new TypingError(error.code, `${error.message} at offset ${offset}`, offset);
    }
    offset += word.length;
  }
}

/**
 * Replaces `\n` (Enter), `\t`, `\b`, `\e` (Escape), `\r`, `\"` and `\\` in a text.
 *
 * @throws {TypingError} `bad-step` for another letter after a backslash
 */
export function unescapeText(text: string): string {
  return text.replaceAll(/\\([\s\S]?)/g, (sequence, letter: string) => {
    const character = ESCAPES[letter];
    if (character === undefined) {
      throw new TypingError('bad-step', `'${sequence}' is no escape: use \\n, \\t, \\b, \\e or \\\\`);
    }
    return character;
  });
}

function parseWord(word: string): TypingStep {
  if (word === 'quit') return { kind: 'quit' };
  const text = /^(type|wait):([\s\S]*)$/.exec(word);
  if (text !== null) {
    return { kind: text[1] === 'type' ? 'text' : 'wait', text: unquote(text[2] as string) };
  }
  if (word.startsWith('@')) {
    const tick = parseTime(word.slice(1));
    return tick === null ? { kind: 'at-instruction', count: parseCount(word) } : { kind: 'at-tick', tick };
  }
  if (word.startsWith('+')) {
    const ticks = parseTime(word.slice(1));
    if (ticks === null) throw new TypingError('bad-step', `'${word}' is no pause such as +500ms or +2s`);
    return { kind: 'pause', ticks };
  }
  const [names, hold] = splitOnce(word, ':');
  const keys = names.split('-') as KeyName[];
  if (hold === undefined) return { kind: 'keys', keys };
  const holdTicks = parseTime(hold);
  if (holdTicks === null) throw new TypingError('bad-step', `'${word}' holds keys for no time such as 500ms or 2s`);
  return { kind: 'keys', keys, holdTicks };
}

/** @returns ticks, or null for what is no time with a unit */
function parseTime(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(s|ms|us|ns)$/.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * (TIME_UNITS[match[2] as string] as number));
}

function parseCount(word: string): number {
  const match = /^@(\d{1,15}(?:\.\d{1,9})?)([kMG]?)$/.exec(word);
  if (match === null) throw new TypingError('bad-step', `'${word}' is no instant such as @2s, @500ms or @10M`);
  return Math.round(Number(match[1]) * (COUNT_UNITS[match[2] as string] as number));
}

/** Puts a word's quoted and bare parts together. */
function unquote(word: string): string {
  return word.replaceAll(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, (_, double?: string, single?: string) =>
    double === undefined ? (single ?? '') : unescapeText(double),
  );
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
