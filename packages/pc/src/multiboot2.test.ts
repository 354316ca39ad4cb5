import { describe, expect, it } from 'vitest';
import { imageNames, readExpected, readImage } from '../test/images.ts';
import { type LoadOptions, loadImage } from './load.ts';

interface Scenario {
  readonly commandLine: string;
  readonly modules: readonly { readonly name: string; readonly arguments: string; readonly content: string }[];
}

const scenario = JSON.parse(readExpected('multiboot2/scenario.json')) as Scenario;
/** What the guest says when GRUB has loaded it, in QEMU. */
const saidUnderGrub = JSON.parse(readExpected('multiboot2/expected.json')) as Record<string, readonly string[]>;
const images = imageNames().filter((name) => name.startsWith('multiboot2-'));

const options: LoadOptions = {
  ramSizeBytes: 128 * 2 ** 20,
  commandLine: scenario.commandLine,
  modules: scenario.modules.map(({ name, arguments: words, content }) => ({
    text: `${name} ${words}`.trimEnd(),
    bytes: new TextEncoder().encode(content),
  })),
};

function say(image: string): { lines: string[]; screen: string[] } {
  let said = '';
  const onSerial = (byte: number): void => {
    said += String.fromCharCode(byte);
  };
  const { pc, plan } = loadImage(readImage(image), options, { events: { onSerial } });
  expect(plan.method).toBe('multiboot2');
  expect(pc.run({ instructions: 10_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
  return { lines: said.trimEnd().split('\n'), screen: pc.vga.toStrings().map((row) => row.trimEnd()) };
}

/** What does not depend on the machine or on where a loader puts things. */
function common(lines: readonly string[], isRelocatable: boolean): string[] {
  return lines.flatMap((line) => {
    // The loader's name, the boot device, the APM BIOS, the ACPI root pointer.
    if (/^tag (2|5|10|14|15),/.test(line)) return [];
    // GRUB says where every image is, the specification wants it for those that may be moved.
    if (/^tag 21,/.test(line)) return isRelocatable ? [line] : [];
    const region = line.match(/^ {2}0x(\w{16})/)?.[1];
    if (region !== undefined && Number.parseInt(region, 16) > 0x100000) return [];
    return line
      .replace(/, bytes of information \d+$/, '')
      .replace(/module at 0x\w{8}/, 'module')
      .replace(/^tag 6, size \d+/, 'tag 6')
      .replace(/(memory KiB \d+) and \d+/, '$1')
      .replace(/^( {2}0x0000000000100000) 0x\w{16}/, '$1');
  });
}

describe('a Multiboot 2 kernel', () => {
  it('is there in each form, with what it says under GRUB', () => {
    expect(images).toEqual(['multiboot2-elf32.elf', 'multiboot2-elf64.elf', 'multiboot2-relocatable.elf']);
    expect(Object.keys(saidUnderGrub)).toEqual(images);
  });

  it.each(images)('is handed what GRUB hands it: %s', (image) => {
    const isRelocatable = image.includes('relocatable');
    const found = common(say(image).lines, isRelocatable);
    expect(found).toEqual(common(saidUnderGrub[image] ?? [], isRelocatable));
    expect(found.length).toBeGreaterThan(12);
  });

  it('says all of it', () => {
    const { lines, screen } = say('multiboot2-elf32.elf');
    expect(lines).toEqual([
      'magic 0x36d76289, bytes of information 752',
      'tag 1, size 20: command line "guest a=1 b"',
      'tag 2, size 17: loader "longmode"',
      'tag 3, size 30: module at 0x00106000, bytes 17: "one.txt first": 74 68 65 20 66 69 72 73 74 20 6d 6f 64 75 6c 65',
      'tag 3, size 24: module at 0x00107000, bytes 57: "two.txt": 61 6e 64 20 61 6e 6f 74 68 65 72 2c 20 77 68 69',
      'tag 3, size 32: module at 0x00108000, bytes 0: "empty.txt third":',
      'tag 6, size 160: memory map, entry size 24, version 0',
      '  0x0000000000000000 0x000000000009fc00 type 1',
      '  0x000000000009fc00 0x0000000000000400 type 2',
      '  0x00000000000f0000 0x0000000000010000 type 2',
      '  0x0000000000100000 0x0000000007efc000 type 1',
      '  0x0000000007ffc000 0x0000000000003000 type 3',
      '  0x0000000007fff000 0x0000000000001000 type 4',
      'tag 9, size 340: sections 8, entry size 40, names in 7: .text .rodata .data .bss .symtab .strtab .shstrtab, in memory 7',
      'tag 4, size 16: memory KiB 639 and 130032',
      'tag 8, size 32: framebuffer at 0x000b8000, pitch 160, 80 by 25, bits 16, type 2',
      'tag 15, size 44: ACPI root pointer, revision 2',
      'tag 0, size 8: end',
    ]);
    expect(screen.slice(-1 - lines.length)).toEqual([...lines.map((line) => line.slice(0, 80).trimEnd()), '']);
  });

  it('that may be moved lies where it wishes, and its functions are found there', () => {
    const { pc, plan } = loadImage(readImage('multiboot2-relocatable.elf'), options);
    expect(plan.loadPlan?.loadBias).toBe(0xff0000n - 0x100000n);
    pc.run({ instructions: 1 }); // lea esp, [ebx + 8]
    expect(plan.places.lookup(pc.cpu.state.rip)).toMatchObject({ symbol: '_start', offset: 3 });
  });
});
