import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyDecoder, type TerminalInput } from './keys.ts';

/** `+key` down, `-key` up. */
function say(inputs: readonly TerminalInput[]): string {
  return inputs
    .map((input) => {
      if (input.kind === 'leave') return 'leave';
      const text = input.events.map(({ key, isPressed }) => `${isPressed ? '+' : '-'}${key}`).join(' ');
      return input.kind === 'interrupt' ? `interrupt ${text}` : text;
    })
    .join(' | ');
}

describe('keys from a terminal', () => {
  it.each([
    ['a', '+a -a'],
    ['A', '+shift +a -a -shift'],
    ['{', '+shift +bracket_left -bracket_left -shift'],
    ['\r', '+ret -ret'],
    ['\n', '+ret -ret'],
    ['\x7f', '+backspace -backspace'],
    ['\b', '+backspace -backspace'],
    ['\t', '+tab -tab'],
    ['\x01', '+ctrl +a -a -ctrl'],
    ['\x1a', '+ctrl +z -z -ctrl'],
    ['\0', '+ctrl +spc -spc -ctrl'],
    ['\x03', 'interrupt +ctrl +c -c -ctrl'],
    ['\x1d', 'leave'],
    ['a\x1db', '+a -a | leave | +b -b'],
    ['\x1b[A', '+up -up'],
    ['\x1bOB', '+down -down'],
    ['\x1b[1;5C', '+ctrl +right -right -ctrl'],
    ['\x1b[1;4D', '+shift +alt +left -left -alt -shift'],
    ['\x1bOP', '+f1 -f1'],
    ['\x1b[[E', '+f5 -f5'],
    ['\x1b[15~', '+f5 -f5'],
    ['\x1b[24~', '+f12 -f12'],
    ['\x1b[3~', '+delete -delete'],
    ['\x1b[5;2~', '+shift +pgup -pgup -shift'],
    ['\x1b[H\x1b[F', '+home -home | +end -end'],
    ['\x1b[Z', '+shift +tab -tab -shift'],
    ['\x1bx', '+alt +x -x -alt'],
    ['\x1b\x1b[A', '+esc -esc | +up -up'],
    ['\x1b[I\x1b[<0;1;1M\x1b[?1;2c', ''],
    ['\xc3\xa4', ''],
    ['\x1b[200~a', '+a -a'],
  ])('%j', (bytes, expected) => {
    expect(say(new KeyDecoder().push(bytes))).toBe(expected);
  });

  it('come together whatever the pieces', () => {
    const text = 'ab\x1b[1;5A\x1bOP\x03x\x1b[15~\x1by';
    const whole = say(new KeyDecoder().push(text));
    for (let cut = 1; cut < text.length; cut++) {
      const decoder = new KeyDecoder();
      expect(say([...decoder.push(text.slice(0, cut)), ...decoder.push(text.slice(cut))])).toBe(whole);
    }
  });

  it('take an Escape for the key when nothing follows', () => {
    const decoder = new KeyDecoder();
    expect(decoder.push('\x1b')).toEqual([]);
    expect(decoder.isPending).toBe(true);
    expect(say(decoder.flush())).toBe('+esc -esc');
    expect(decoder.isPending).toBe(false);
    expect(say([...decoder.push('\x1b['), ...decoder.flush()])).toBe('+esc -esc | +bracket_left -bracket_left');
  });

  it('release every key that they press, and never hold input back for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'\x1b[O0123;~AzP\x01\x7f\xff') })), (pieces) => {
        const decoder = new KeyDecoder();
        const inputs = [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.flush()];
        const held = new Set<string>();
        for (const { key, isPressed } of inputs.flatMap((input) => (input.kind === 'leave' ? [] : input.events))) {
          if (isPressed) held.add(key);
          else expect(held.delete(key)).toBe(true);
        }
        expect(held.size).toBe(0);
        expect(decoder.isPending).toBe(false);
      }),
    );
  });
});
