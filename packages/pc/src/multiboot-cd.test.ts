import { buildMultibootCd } from '@longmode/bootloader';
import { describe, expect, it } from 'vitest';
import { imageNames, readExpected, readImage } from '../test/images.ts';
import { type LoadOptions, loadImage, type Pc } from './index.ts';

interface Ran {
  readonly pc: Pc;
  readonly lines: string[];
  readonly end: ReturnType<Pc['run']>;
}

function run(image: Uint8Array, options: LoadOptions = {}): Ran {
  let said = '';
  const onSerial = (byte: number): void => {
    said += String.fromCharCode(byte);
  };
  const { pc } = loadImage(image, { ramSizeBytes: 128 * 2 ** 20, ...options }, { events: { onSerial } });
  const end = pc.run({ instructions: 50_000_000 });
  return { pc, lines: said.split(/\r?\n/), end };
}

const HAND_OVER = {
  commandLine: 'guest a=1 b',
  modules: ['the first module', ''].map((text) => ({ text: `a ${text}`, bytes: new TextEncoder().encode(text) })),
};

describe('a CD with a Multiboot kernel', () => {
  const images = imageNames().filter((name) => name.startsWith('multiboot2-'));

  it.each(images)('hands over what direct booting does, and the drive: %s', (image) => {
    const cd = run(buildMultibootCd(readImage(image), HAND_OVER));
    const direct = run(readImage(image), HAND_OVER);
    expect(cd.end).toEqual({ kind: 'debug-exit', value: 0x10 });
    const drive = /^tag 5, size 20: boot device 0x000000e0,/;
    expect(cd.lines.filter((line) => drive.test(line)).length).toBe(1);
    const withoutSize = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace(/bytes of information \d+/, 'bytes'));
    expect(withoutSize(cd.lines.filter((line) => !drive.test(line)))).toEqual(withoutSize(direct.lines));
    expect(direct.lines.length).toBeGreaterThan(15);
  });

  it.each(['hello-mb1-elf32.elf', 'hello-mb1-elf64.elf', 'hello-mb1-address.bin'])('boots %s', (image) => {
    const { pc, lines, end } = run(buildMultibootCd(readImage(image)));
    expect(end).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(lines).toEqual(['Hello World!', '']);
    const screen = pc.vga.toStrings().map((row) => `${row.trimEnd()}\n`);
    expect(screen.join('')).toBe(readExpected('hello/expected/screen.txt'));
  });

  it('says why the kernel does not start where memory is missing', () => {
    const { pc, lines, end } = run(buildMultibootCd(readImage('hello-mb1-elf32.elf')), { ramSizeBytes: 2 ** 20 });
    expect(end.kind).toBe('halted');
    expect(lines[0]).toBe('Boot failed: the kernel needs memory that this machine does not have, or not free');
    expect(pc.vga.toStrings().join('')).toContain(lines[0]);
  });

  it('says that it ends early', () => {
    const image = buildMultibootCd(readImage('hello-mb1-elf32.elf'));
    expect(run(image.slice(0, 27 * 2048)).lines[0]).toBe('Boot failed: the drive cannot be read');
  });
});
