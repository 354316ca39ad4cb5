import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeys, unescapeText } from './parse-keys.ts';
import { describeStep, TypingError } from './step.ts';

describe('a script of keys', () => {
  it.each([
    ['', []],
    [
      'h e',
      [
        { kind: 'keys', keys: ['h'] },
        { kind: 'keys', keys: ['e'] },
      ],
    ],
    [' shift-l\n', [{ kind: 'keys', keys: ['shift', 'l'] }]],
    ['ctrl-alt-delete', [{ kind: 'keys', keys: ['ctrl', 'alt', 'delete'] }]],
    ['left:500ms', [{ kind: 'keys', keys: ['left'], holdTicks: 5e8 }]],
    ['@2s', [{ kind: 'at-tick', tick: 2e9 }]],
    ['@1.5us', [{ kind: 'at-tick', tick: 1500 }]],
    ['@10M', [{ kind: 'at-instruction', count: 1e7 }]],
    ['@12', [{ kind: 'at-instruction', count: 12 }]],
    ['+500ms', [{ kind: 'pause', ticks: 5e8 }]],
    ['quit', [{ kind: 'quit' }]],
    ['wait:boot:', [{ kind: 'wait', text: 'boot:' }]],
    [
      'wait:"GNU GRUB" ret',
      [
        { kind: 'wait', text: 'GNU GRUB' },
        { kind: 'keys', keys: ['ret'] },
      ],
    ],
    ['type:"say \\"hi\\"\\n"', [{ kind: 'text', text: 'say "hi"\n' }]],
    ["type:'a \\n'", [{ kind: 'text', text: 'a \\n' }]],
    ['type:a" b"\'c d\'', [{ kind: 'text', text: 'a bc d' }]],
  ])('%j', (script, steps) => expect(parseKeys(script)).toEqual(steps));

  it.each([
    ['a nokey', 'unknown-key', 2],
    ['A', 'unknown-key', 0],
    ['shift--a', 'unknown-key', 0],
    ['a  @2x', 'bad-step', 3],
    ['@', 'bad-step', 0],
    ['+5', 'bad-step', 0],
    ['left:5', 'bad-step', 0],
    ['wait:', 'bad-step', 0],
    ['a type:"b', 'bad-step', 2],
    ['type:"\\x"', 'bad-step', 0],
    ['type:ä', 'no-key', 0],
    ['a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q', 'bad-step', 0],
    [`wait:${'x'.repeat(1001)}`, 'too-long', 0],
    ['x'.repeat(1_000_001), 'too-long', null],
    [`"${'x'.repeat(999_000)}"`, 'unknown-key', 0],
  ])('%.20j is refused', (script, code, offset) => {
    expect(() => parseKeys(script)).toThrow(expect.objectContaining({ name: 'TypingError', code, offset }));
  });

  it('is never refused by another error', () => {
    const words = fc.constantFrom('a', '-', ':', '"', "'", '\\', '@', '+', '1', 's', 'M', 'wait:', 'type:', ' ', 'ret');
    fc.assert(
      fc.property(fc.array(words), (pieces) => {
        try {
          parseKeys(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(TypingError);
        }
      }),
    );
  });

  it('is what its steps are described as', () => {
    const script = 'shift-a @2s @10000000 +0.5s wait:"GNU \\"GRUB\\"" type:"a\\nb" quit';
    const words = parseKeys(script).map(describeStep);
    expect(words.join(' ')).toBe(script);
  });
});

it('escapes in a text', () => {
  expect(unescapeText('a\\n\\t\\\\n\\e\\"')).toBe('a\n\t\\n\u001b"');
  expect(() => unescapeText('\\')).toThrow(TypingError);
});
