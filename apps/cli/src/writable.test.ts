import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WRITER } from '../test/boot-sectors.ts';
import { COMMAND, longmode } from '../test/command.ts';

const SECTORS = 128;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-writable-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A disk that boots the writer; its other sectors are zeros. */
function writerDisk(name: string, sizeBytes = SECTORS * 512): string {
  const path = join(folder, name);
  const image = new Uint8Array(sizeBytes);
  image.set(WRITER);
  writeFileSync(path, image);
  return path;
}

/** The number that each sector behind the first is full of; NaN for one that is torn. */
function numbers(path: string): number[] {
  const image = new Uint8Array(readFileSync(path));
  return Array.from({ length: SECTORS - 1 }, (_, i) => {
    const words = new Uint32Array(image.slice((i + 1) * 512, (i + 2) * 512).buffer);
    return words.every((word) => word === words[0]) ? (words[0] as number) : Number.NaN;
  });
}

/** Runs the command until it has said so many bytes and a moment more, and kills it. */
async function runAndKill(
  args: readonly string[],
  { bytes, delayMs }: { bytes: number; delayMs: number },
): Promise<string> {
  const child = spawn(process.execPath, [COMMAND, ...args, '--serial', 'stdio'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  let said = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.length >= bytes) resolve();
    });
    child.on('close', () => resolve());
  });
  await wait(delayMs);
  child.kill('SIGKILL');
  await ended;
  return said;
}

describe('with --writable', () => {
  it('a process that is killed in the middle of writes leaves whole sectors', async () => {
    const path = writerDisk('killed.img');
    let last = 0;
    for (const delayMs of [0, 2, 7, 15]) {
      const said = await runAndKill([path, '--writable'], { bytes: 20, delayMs });
      expect(said).toMatch(/^\.+$/);
      const found = numbers(path);
      expect(found.some(Number.isNaN)).toBe(false);
      // Every write is begun after the one before is complete, so that two numbers can be there at most.
      expect(new Set(found).size).toBeLessThanOrEqual(2);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(19);
      last = Math.max(...found);
    }
    expect(last).toBeGreaterThan(20);
  }, 60_000);

  it('the file is what the guest has written, and no longer than before', () => {
    const path = writerDisk('kept.img');
    const { code, stdout, stderr } = longmode([path, '--writable', '--max-instructions', '1M']);
    expect([code, stderr.includes('not kept'), statSync(path).size]).toEqual([124, false, SECTORS * 512]);
    expect(numbers(path)).toEqual(new Array<number>(SECTORS - 1).fill(stdout.length));
  });

  it('a last sector that is not whole is made whole when it is written', () => {
    const path = writerDisk('odd.img', SECTORS * 512 - 100);
    longmode([path, '--writable', '--max-instructions', '100k']);
    expect(statSync(path).size).toBe(SECTORS * 512);
    expect(numbers(path).some(Number.isNaN)).toBe(false);
  });

  it.each([
    ['-snapshot', (path: string) => [path, '-snapshot']],
    ['-drive', (path: string) => ['-drive', `file=${path},format=raw,snapshot=on`]],
    ['--discard', (path: string) => [path, '--discard', 'image']],
  ])('nothing is kept of what a guest writes to a disk with %s', (_option, args) => {
    const path = writerDisk('temporary.img');
    const before = readFileSync(path);
    const { code, stdout, stderr } = longmode(['--writable', '--max-instructions', '1M', ...args(path)]);
    expect([code, stderr.includes('not kept')]).toEqual([124, false]);
    expect(stdout).toMatch(/^\.{20}/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a disk with readonly=on refuses to be written', () => {
    const path = writerDisk('protected.img');
    const before = readFileSync(path);
    for (const args of [
      ['-drive', `file=${path},readonly=on`],
      [path, '--read-only', 'image'],
    ]) {
      const { stdout } = longmode(['--writable', '--max-instructions', '1M', ...args]);
      expect(stdout).toMatch(/^!{20}/);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('names of drives that are not there are mistakes', () => {
    const { code, stderr } = longmode([writerDisk('named.img'), '--writable', '--discard', 'hda']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('--discard=hda: there is no such drive')]);
  });

  it('a disk is attached once, and standard input is not written', () => {
    const path = writerDisk('twice.img');
    const twice = longmode(['--hda', path, '--hdb', path, '--writable']);
    expect([twice.code, twice.stderr]).toEqual([64, expect.stringContaining('attached twice')]);
    const piped = longmode(['--hda', '-', '--writable'], { input: readFileSync(path) });
    expect([piped.code, piped.stderr]).toEqual([64, expect.stringContaining('standard input cannot be written')]);
  });
});

describe('without it', () => {
  it('the file never changes, and what is lost is told', async () => {
    const path = writerDisk('kept-as-it-was.img');
    const before = readFileSync(path);
    await runAndKill([path], { bytes: 20, delayMs: 5 });
    const { code, stdout, stderr } = longmode([path, '--max-instructions', '1M']);
    expect([code, stdout.length > 20]).toEqual([124, true]);
    expect(stderr).toContain('what the guest wrote to it (64 KiB) is not kept; with --writable it would be');
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
