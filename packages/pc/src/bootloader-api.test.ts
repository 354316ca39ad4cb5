import type { Frame } from '@longmode/vga';
import { describe, expect, it } from 'vitest';
import { imageNames, readExpected, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';

/** What each kernel says under the crate's own loader, in QEMU. */
const saidUnderBios = JSON.parse(readExpected('bootloader-api/expected.json')) as Record<string, readonly string[]>;
const images = imageNames().filter((name) => name.startsWith('api-'));
const ramdisk = new TextEncoder().encode(readExpected('bootloader-api/ramdisk.txt'));

function boot(image: string): { lines: string[]; frame: Frame } {
  let said = '';
  const onSerial = (byte: number): void => {
    said += String.fromCharCode(byte);
  };
  const options = image.includes('fixed') ? { modules: [{ bytes: ramdisk, text: 'ramdisk' }] } : {};
  const { pc, plan } = loadImage(readImage(image), options, { engine: 'jit', events: { onSerial } });
  expect(plan.method).toBe('bootloader-api');
  expect(pc.run({ instructions: 100_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
  return { lines: said.trimEnd().split('\n'), frame: pc.vga.renderFrame() };
}

/** What depends on where a loader puts things in physical memory, or on the machine: memory above 1 MiB. */
const common = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/^region 0x(?!0 |9fc00 |f0000 |100000 )/.test(line));

describe('a kernel for the bootloader crate 0.11', () => {
  it('is there in each form, with what it says under that loader', () => {
    expect(images).toEqual(['api-fixed.elf', 'api-offset.elf', 'api-plain.elf', 'api-recursive.elf']);
    expect(Object.keys(saidUnderBios)).toEqual(images);
  });

  it.each(images)('finds the same without it: %s', (image) => {
    const { lines, frame } = boot(image);
    expect(common(lines)).toEqual(common(saidUnderBios[image] as readonly string[]));
    const regions = lines.filter((line) => line.startsWith('region'));
    // The end of the memory is ACPI's.
    expect(regions.at(-1)).toBe('region 0x7fff000 to 0x8000000 UnknownBios(4)');
    // The picture that the kernel drew: blue, green, red in memory.
    expect([frame.width, frame.height]).toEqual([1280, 720]);
    const pixel = (x: number, y: number): number[] => [
      ...frame.rgba.subarray((y * 1280 + x) * 4, (y * 1280 + x) * 4 + 3),
    ];
    expect(pixel(300, 100)).toEqual([0x48, 0x64, 0x2c]);
    expect([pixel(0, 300), pixel(1279, 719)]).toEqual([
      [255, 255, 255],
      [255, 255, 255],
    ]);
  });

  it('takes one file, and no command line', () => {
    const module = { bytes: ramdisk, text: '' };
    expect(() => loadImage(readImage('api-plain.elf'), { modules: [module, module] })).toThrow(
      /one file, the RAM disk/,
    );
    expect(() => loadImage(readImage('api-plain.elf'), { commandLine: 'quiet' })).toThrow(/the command line: expected/);
  });

  it('needs memory at 16 MiB', () => {
    expect(() => loadImage(readImage('api-plain.elf'), { ramSizeBytes: 16 << 20 })).toThrow(
      /give the machine more memory/,
    );
  });
});
