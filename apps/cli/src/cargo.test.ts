import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernel, longmode } from '../test/command.ts';
import { findCargoSettings } from './cargo.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'longmode-cargo-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let projects = 0;
/** A cargo project with a built kernel. @returns its folder and the kernel's path */
function project(manifest: string, image: { name?: string; isTest?: boolean } = {}): { folder: string; path: string } {
  const folder = join(root, `project-${projects++}`);
  const target = join(folder, 'target');
  const path = join(target, 'x86_64-kernel/debug', image.isTest ? 'deps/kernel-0123456789abcdef' : 'kernel');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(join(target, '.rustc_info.json'), '{}');
  writeFileSync(join(folder, 'Cargo.toml'), manifest);
  copyFileSync(kernel(image.name ?? 'hello.elf'), path);
  return { folder, path };
}

const BOOTLOADER = '[dependencies]\nbootloader = { version = "0.9", features = ["map_physical_memory"] }\n';
const BOOTIMAGE = '[package.metadata.bootimage]\n';

describe('the manifest', () => {
  it('says with which features and addresses the kernel was built', () => {
    const addresses =
      '[package.metadata.bootloader]\nkernel-stack-size = 128\nphysical-memory-offset = "0x0000_f000_0000_0000"\n';
    const { path } = project(BOOTLOADER + addresses);
    expect(findCargoSettings(path, {})?.direct64).toEqual({
      mapPhysicalMemory: true,
      recursivePageTable: false,
      sse: false,
      vga320x200: false,
      kernelStackSizePages: 128,
      physicalMemoryOffset: 0xf000_0000_0000n,
    });
  });

  it.each([
    ['bootloader = "0.9.35"', true],
    ['bootloader = "=0.9.35"', true],
    ['bootloader = "0.11"', false],
    ['spin = "0.5"', false],
  ])('is of the bootloader crate 0.9 or not: %s', (dependency, isKnown) => {
    const { path } = project(`[dependencies]\n${dependency}\n`);
    expect(findCargoSettings(path, {})?.direct64 !== undefined).toBe(isKnown);
  });

  it('may have the dependency from its workspace', () => {
    const { folder, path } = project('[workspace.dependencies]\nbootloader = { version = "0.9" }\n');
    const member = join(folder, 'kernel');
    mkdirSync(member);
    const inherited = 'bootloader = { workspace = true, features = ["recursive_page_table"] }';
    writeFileSync(join(member, 'Cargo.toml'), `[dependencies]\n${inherited}\n`);
    const found = findCargoSettings(path, { CARGO_MANIFEST_DIR: member });
    expect(found?.direct64).toMatchObject({ mapPhysicalMemory: false, recursivePageTable: true });
  });

  it('does not count for images that cargo has not built', () => {
    expect(findCargoSettings(kernel('hello.elf'), {})).toBeUndefined();
    expect(findCargoSettings(join(root, 'missing.elf'), {})).toBeUndefined();
  });

  it.each([
    ['[package', /line 1/i],
    [`${BOOTIMAGE}test-timeout = "long"`, /test-timeout: expected a number from 0 up, found "long"/],
    [`${BOOTIMAGE}run-args = "-m 512M"`, /run-args: expected a list of strings/],
    [
      `${BOOTLOADER}[package.metadata.bootloader]\nboot-info-address = "here"`,
      /boot-info-address: expected an address/,
    ],
  ])('that is wrong is named, with the key: %j', (manifest, message) => {
    const { path } = project(manifest, { isTest: true });
    const { code, stderr } = longmode(['run', manifest.includes('run-args') ? path.replace(/deps.*/, 'x') : path]);
    expect([code, stderr.split('\n').length]).toEqual([64, 2]);
    expect(stderr).toMatch(/Cargo\.toml: /);
    expect(stderr).toMatch(message);
  });
});

describe('cargo run', () => {
  it('takes run-args, and options of its own over them', () => {
    const { path } = project(`${BOOTIMAGE}run-args = ["-serial", "none", "-display", "none"]\n`);
    expect(longmode(['run', path])).toMatchObject({ code: 33, stdout: '' });
    expect(longmode(['run', path, '--serial', 'stdio'])).toMatchObject({ code: 33, stdout: 'Hello World!\r\n' });
  });
});

describe('cargo test', () => {
  const settings = `${BOOTIMAGE}test-args = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-serial", "stdio"]\n`;
  const success = 'test-success-exit-code = 33\n';

  it('passes with the success code, which becomes 0', () => {
    const { path } = project(settings + success, { isTest: true });
    expect(longmode(['run', path])).toMatchObject({ code: 0, stdout: 'Hello World!\r\n', stderr: '' });
  });

  it('has its own code without one', () => {
    const { path } = project(settings, { isTest: true });
    expect(longmode(['run', path]).code).toBe(33);
  });

  it.each([
    ['panics', 'fault-panic.elf', 35, /^$/],
    ['overflows its stack', 'fault-stack-overflow.elf', 100, /guard page|stack/],
    ['triple-faults', 'fault-null-call.elf', 100, /triple fault/],
    ['resets', 'fault-reset-cf9.elf', 104, /reset/],
    ['halts for ever', 'fault-halt-forever.elf', 102, /halted for ever: HLT with interrupts off/],
  ])('fails, and says why, when the test %s', (_, name, code, why) => {
    const { path } = project(settings + success, { isTest: true, name });
    const ended = longmode(['run', path]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(why);
  });

  it('fails when the test hangs, after the time that the manifest gives', () => {
    const { path } = project(`${settings}${success}test-timeout = 1\n`, {
      isTest: true,
      name: 'fault-endless-loop.elf',
    });
    const ended = longmode(['run', path]);
    expect(ended.code).toBe(124);
    expect(ended.stderr).toMatch(/the test has not ended within 1 s/);
  });
});
