import { inflateSync } from 'node:zlib';
import type { Frame } from '@longmode/vga';
import { describe, expect, it } from 'vitest';
import { hideImage, imageProtocolOf, showImage } from './images.ts';

describe('the image protocol', () => {
  it.each([
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-ghostty', TERM_PROGRAM: 'ghostty' }, 'kitty'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
    [{ TERM: 'xterm-256color', LC_TERMINAL: 'iTerm2' }, 'iterm2'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }, 'iterm2'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'Apple_Terminal' }, null],
    [{ TERM: 'tmux-256color', KITTY_WINDOW_ID: '1' }, null],
    [{ TERM: 'xterm-kitty', TMUX: '/tmp/x' }, null],
    [{ TERM: 'xterm-kitty', LONGMODE_IMAGES: 'none' }, null],
    [{ TERM: 'xterm-256color', LONGMODE_IMAGES: 'iterm2' }, 'iterm2'],
    [{}, null],
  ])('of %j is %s', (environment, protocol) => expect(imageProtocolOf(environment)).toBe(protocol));
});

describe('a picture', () => {
  const rgba = new Uint8ClampedArray(100 * 50 * 4).map((_, at) => Math.imul(at ^ (at >>> 7), 0x9e3779b1) >>> 24);
  const frame: Frame = { width: 100, height: 50, pixelWidth: 1, pixelHeight: 1, rgba };

  function expectPng(base64: string): void {
    const file = Buffer.from(base64, 'base64');
    expect([file.toString('latin1', 1, 4), file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual(['PNG', 100, 50]);
    expect(inflateSync(file.subarray(41, -16)).length).toBe(50 * 301);
  }

  it('goes to kitty in chunks, of which the first says where', () => {
    const sequences = showImage(frame, 'kitty', { columns: 40, rows: 10 })
      .replaceAll('\x1b', '␛')
      .split('␛\\')
      .slice(0, -1);
    const chunks = sequences.map((sequence) => /^␛_G([^;]*);([\w+/=]*)$/.exec(sequence)?.slice(1) ?? []);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks[0]?.[0]).toBe('a=T,f=100,i=1,p=1,c=40,r=10,C=1,q=2,m=1');
    expect(chunks.slice(1).map(([keys]) => keys)).toEqual(
      chunks.slice(1).map((_, i) => `m=${i < chunks.length - 2 ? 1 : 0}`),
    );
    expect(chunks.every(([, data = '']) => data.length <= 4096 && data.length % 4 === 0)).toBe(true);
    expectPng(chunks.map(([, data]) => data).join(''));
    expect(hideImage('kitty')).toBe('\x1b_Ga=d,d=I,i=1,q=2\x1b\\');
  });

  it('goes to iTerm2 in one piece, and leaves the cursor where it was', () => {
    const sequence = showImage(frame, 'iterm2', { columns: 40, rows: 10 })
      .replaceAll('\x1b', '␛')
      .replaceAll('\x07', '␇');
    const [, keys, data = ''] = /^␛7␛\]1337;File=([^:]*):([\w+/=]*)␇␛8$/.exec(sequence) ?? [];
    expect(keys).toBe('inline=1;doNotMoveCursor=1;width=40;height=10;preserveAspectRatio=0');
    expectPng(data);
  });
});
