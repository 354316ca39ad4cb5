import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernel, longmode } from '../test/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-build-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('longmode build', () => {
  it('makes a disk that boots', () => {
    const disk = join(folder, 'hello.img');
    const built = longmode(['build', kernel('hello.elf'), '-o', disk]);
    expect(built).toMatchObject({ code: 0, stdout: '' });
    expect(built.stderr).toContain('a disk of 504 KiB');
    expect(longmode(['run', disk])).toMatchObject({ code: 33, stdout: 'Hello World!\r\n' });
  });

  it('takes features and addresses from the manifest of a cargo project', () => {
    const target = join(folder, 'project/target/x86_64-kernel/debug');
    mkdirSync(target, { recursive: true });
    writeFileSync(join(folder, 'project/target/.rustc_info.json'), '{}');
    const manifest = [
      '[dependencies]',
      'bootloader = { version = "0.9", features = ["recursive_page_table", "vga_320x200"] }',
      '[package.metadata.bootloader]',
      'kernel-stack-size = 128',
      'boot-info-address = "0xf0000000000"',
    ];
    writeFileSync(join(folder, 'project/Cargo.toml'), manifest.join('\n'));
    copyFileSync(kernel('hello.elf'), join(target, 'hello'));
    const disk = join(folder, 'project.img');
    expect(longmode(['build', join(target, 'hello'), '--output', disk, '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    const parameters = readFileSync(disk).subarray(520);
    expect(parameters.readBigUInt64LE(32)).toBe(0xf0000000000n);
    expect([parameters.readUInt32LE(40), parameters.readUInt32LE(44)]).toEqual([128, 0x02 | 0x08 | 0x40]);
  });

  it('makes a CD of a Multiboot kernel, with its modules', () => {
    const cd = join(folder, 'guest.iso');
    const module = join(folder, 'module.txt');
    writeFileSync(module, 'in the module');
    const image = kernel('multiboot2-elf64.elf');
    const handOver = ['--append', 'x=1', '--initrd', `${module} a b`];
    const built = longmode(['build', image, '--format', 'multiboot-iso', '-o', cd, ...handOver]);
    expect(built).toMatchObject({ code: 0, stdout: '' });
    expect(built.stderr).toContain('a CD of 66 KiB; try it: longmode run');
    const { code, stdout } = longmode(['run', cd]);
    expect(code).toBe(33);
    expect(stdout).toContain(`command line "${image} x=1"`);
    expect(stdout).toContain(`bytes 13: "${module} a b": 69 6e 20 74`);
  });

  const AS_CD = ['--format', 'multiboot-iso', '-o', 'OUT'];

  it.each([
    [
      68,
      'without a boot protocol header; make a disk of it (longmode build without --format)',
      [kernel('hello.elf'), ...AS_CD],
    ],
    [68, "make its disk with that crate's BiosBoot, or boot it directly", [kernel('api-plain.elf'), '-o', 'OUT']],
    [68, 'for the bootloader crate 0.11; make its disk with that', [kernel('api-plain.elf'), ...AS_CD]],
    [66, '/nowhere: no such file', [kernel('hello-mb1-elf32.elf'), ...AS_CD, '--initrd', '/nowhere']],
    [64, 'only with --format multiboot-iso', [kernel('hello.elf'), '-o', 'OUT', '--append', 'x']],
    [64, 'not with --format multiboot-iso', [kernel('hello-mb1-elf32.elf'), ...AS_CD, '--boot-features', 'sse']],
    [64, 'expected input for flag --output', [kernel('hello.elf')]],
    [66, '/nowhere: no such file', ['/nowhere', '-o', 'OUT']],
    [
      68,
      'with a Multiboot 1 header; put it on a CD (longmode build --format multiboot-iso)',
      [kernel('hello-mb1-elf32.elf'), '-o', 'OUT'],
    ],
    [68, 'found a disk image with a boot sector', [kernel('hello-bios.img'), '-o', 'OUT']],
    [64, 'expected some of map_physical_memory', [kernel('hello.elf'), '-o', 'OUT', '--boot-features', 'fast']],
    [74, 'cannot be written', [kernel('hello.elf'), '-o', '/nowhere/disk.img']],
    [64, 'that is the kernel itself', [kernel('hello.elf'), '-o', kernel('hello.elf')]],
  ])('ends with %i: %s', (code, message, args) => {
    const output = join(folder, 'none.img');
    const ended = longmode(['build', ...args.map((arg) => (arg === 'OUT' ? output : arg))]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(message);
    expect(existsSync(output)).toBe(false);
  });
});
