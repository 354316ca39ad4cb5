import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ECHO, HELLO } from '../test/boot-sectors.ts';
import { kernel } from '../test/command.ts';
import { ScreenUser } from '../test/screen.ts';

let folder = '';
let hello = '';
let echo = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-'));
  hello = join(folder, 'hello.img');
  echo = join(folder, 'echo.img');
  writeFileSync(hello, HELLO);
  writeFileSync(echo, ECHO);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LEAVE = '\x1d';

function expectRestored(user: ScreenUser): void {
  expect(user.isAlternate).toBe(false);
  expect(user.isWrapping).toBe(true);
  expect(user.isCursorShown).toBe(true);
}

describe('the live screen', () => {
  it('shows the guest’s cells in their colours, its cursor, COM1 below, and how to leave', async () => {
    const user = new ScreenUser(['run', hello]);
    await user.until((seen) => seen.lines[0] === 'Hello World!', 'shown');
    await user.until((seen) => seen.lines.includes('serial'), 'heard of COM1');
    expect(user.isAlternate).toBe(true);
    expect(user.cell(0, 0)).toEqual({ text: 'H', foreground: 0xffff55, background: 0x0000aa });
    expect(user.cell(0, 11)).toEqual({ text: '!', foreground: 0xffff55, background: 0x0000aa });
    expect(user.cell(1, 0)).toMatchObject({ foreground: 0xaaaaaa, background: 0x000000 });
    expect(user.cell(24, 79).background).toBe(0x000000);
    expect(user.cell(0, 80).background).toBeNull();
    expect(user.lines[25]).toMatch(/^── COM1 ─+$/);
    expect(user.lines[26]).toBe('serial');
    expect(user.lines.at(-1)).toMatch(/Ctrl\+\].*Ctrl\+C twice.*hello\.img/);
    await user.until((seen) => seen.cursor.row === 0 && seen.cursor.column === 13, 'the cursor in its place');
    expect(user.isCursorShown).toBe(true);
    user.type(LEAVE);
    expect(await user.ended()).toMatchObject({ exitCode: 0 });
    expectRestored(user);
    // What the screen showed last stays in the scrollback.
    const after = user.lines.join('\n');
    expect(after).toMatch(/Hello World![\s\S]*COM1:\nserial/);
  });

  it('is printed where it stays when the guest is done', async () => {
    const user = new ScreenUser(['run', kernel('hello.elf')]);
    expect(await user.ended()).toMatchObject({ exitCode: 33 });
    expectRestored(user);
    const lines = user.lines;
    const row = lines.indexOf('Hello World!');
    expect(row).toBeGreaterThan(0);
    expect(user.cell(row, 0)).toMatchObject({ text: 'H', foreground: 0xffff55, background: 0x000000 });
    expect(lines.join('\n')).toMatch(/an ELF64 image[\s\S]*COM1:\nHello World!\nlongmode: the guest wrote 0x10/);
  });

  it('goes away before the account of a death', async () => {
    const user = new ScreenUser(['run', kernel('fault-page-fault.elf')], { columns: 200 });
    expect(await user.ended()).toMatchObject({ exitCode: 100 });
    expectRestored(user);
    expect(user.lines.join('\n')).toMatch(/triple fault[\s\S]*page_fault::write_to_nowhere/);
  });

  it('shows the rows in use where the terminal is smaller, and follows its size', async () => {
    const user = new ScreenUser(['run', hello], { columns: 40, rows: 10 });
    await user.until((seen) => seen.lines[0] === 'Hello World!', 'shown');
    expect(user.lines[9]).toMatch(/^ longmode/);
    user.resize(100, 40);
    await user.until((seen) => /^ longmode/.test(seen.lines[39] ?? ''), 'redrawn');
    expect(user.lines[0]).toBe('Hello World!');
    await user.until((seen) => seen.lines[26] === 'serial', 'COM1 below');
    expect(user.lines.filter((line) => line.startsWith(' longmode')).length).toBe(1);
    user.type(LEAVE);
    await user.ended();
  });

  it('has no colours with NO_COLOR', async () => {
    const user = new ScreenUser(['run', hello], { env: { NO_COLOR: '1' } });
    await user.until((seen) => seen.lines[0] === 'Hello World!', 'shown');
    user.type(LEAVE);
    await user.ended();
    const styles = user.sent.split('\x1b[').map((part) => /^([0-9;]*)m/.exec(part)?.[1] ?? '0');
    expect(new Set(styles)).toEqual(new Set(['0']));
  });

  it('is not shown where it is not wanted, nor in a terminal that cannot', async () => {
    for (const [args, env] of [
      [['--display', 'none'], {}],
      [[], { TERM: 'dumb' }],
    ] as const) {
      const user = new ScreenUser(['run', kernel('hello.elf'), ...args], { env });
      expect(await user.ended()).toMatchObject({ exitCode: 33 });
      expect(user.sent).not.toContain('\x1b[?1049h');
      expect(user.sent).toContain('Hello World!');
    }
  });
});

describe('a graphics mode', () => {
  it('is shown in half blocks, as large as the terminal allows, and stays in the scrollback', async () => {
    const user = new ScreenUser(['run', kernel('video-vga-13.img')], { columns: 80, rows: 25 });
    const { exitCode } = await user.ended();
    expect(exitCode).toBe(102);
    const rows = user.history.filter((line) => /^▀{64}$/.test(line));
    expect(rows.length).toBeGreaterThan(20);
    const top = user.lines.indexOf(rows[0] as string);
    const cell = user.cell(top + 10, 30);
    expect(cell.foreground).not.toBeNull();
    expect(cell.foreground).not.toBe(user.cell(top, 0).foreground);
  });

  it('is sent as a picture to terminals that take pictures, once as long as nothing changes', async () => {
    const user = new ScreenUser(['run', kernel('video-vesa-640x480.img')], { env: { TERM: 'xterm-kitty' } });
    expect(await user.ended()).toMatchObject({ exitCode: 102 });
    const starts = user.sent.split('\x1b_Ga=T').slice(1);
    expect(starts.length).toBeGreaterThan(0);
    expect(starts.at(-1)).toMatch(/^,f=100,i=1,p=1,c=88,r=33,C=1,q=2,m=1;iVBORw0KGgo/);
    expect(user.sent.lastIndexOf('\x1b_Ga=d')).toBeGreaterThan(user.sent.lastIndexOf('\x1b_Ga=T'));
  });
});

describe('keys', () => {
  it('reach the guest’s keyboard', async () => {
    const user = new ScreenUser(['run', echo]);
    await user.until((seen) => seen.isAlternate, 'taken');
    user.type('Hello, {World}|~ 42');
    await user.until((seen) => seen.lines[0] === 'Hello, {World}|~ 42', 'echoed');
    // Up, Left, Right, Down: their scan codes 48, 4B, 4D, 50 as letters.
    user.type('\x1b[A\x1b[D\x1bOC\x1b[B');
    await user.until((seen) => seen.lines[0]?.endsWith('42adfi') === true, 'arrows');
    user.type('x\x7fy');
    await user.until((seen) => seen.lines[0]?.endsWith('42adfiy') === true, 'rubbed out');
    user.type('\r#');
    await user.until((seen) => seen.lines[0]?.startsWith('#ello') === true, 'at the beginning of the line');
    user.type(LEAVE);
    expect(await user.ended()).toMatchObject({ exitCode: 0 });
  });

  it('are not lost when they come fast', async () => {
    const user = new ScreenUser(['run', echo]);
    await user.until((seen) => seen.isAlternate, 'taken');
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(5);
    user.type(text);
    const expected = text.slice(0, 160);
    await user.until((seen) => seen.lines.slice(0, 2).join('').startsWith(expected.slice(0, 79)), 'begun');
    await user.until(
      (seen) =>
        seen.lines
          .slice(0, 3)
          .map((line) => line.padEnd(80))
          .join('')
          .startsWith(text.trimEnd()),
      'all there',
    );
    user.type(LEAVE);
    await user.ended();
  });

  it('Ctrl+C is a key once and leaves twice', async () => {
    const user = new ScreenUser(['run', echo]);
    await user.until((seen) => seen.isAlternate, 'taken');
    user.type('\x03');
    await user.until((seen) => seen.lines[0] === '♥', 'echoed');
    await user.until((seen) => /Ctrl\+C again leaves/.test(seen.lines.at(-1) ?? ''), 'said');
    user.type('\x03');
    expect(await user.ended()).toMatchObject({ exitCode: 130 });
    expectRestored(user);
  });

  it('go to COM1 when that is in the terminal', async () => {
    const image = join(folder, 'serial.img');
    const bytes = new Uint8Array(512);
    // wait: mov dx, 0x3fd; in al, dx; test al, 1; jz wait; mov dx, 0x3f8; in al, dx; inc al; out dx, al; jmp wait
    bytes.set([0xba, 0xfd, 3, 0xec, 0xa8, 1, 0x74, 0xf8, 0xba, 0xf8, 3, 0xec, 0xfe, 0xc0, 0xee, 0xeb, 0xef]);
    bytes.set([0x55, 0xaa], 510);
    writeFileSync(image, bytes);
    const user = new ScreenUser(['run', image, '-nographic']);
    await user.until((seen) => seen.lines.join('').includes('first hard disk'), 'begun');
    user.type('HAL');
    await user.until((seen) => seen.lines.join('').includes('IBM'), 'answered');
    user.type(LEAVE);
    expect(await user.ended()).toMatchObject({ exitCode: 0 });
  });
});

describe('the terminal is given back', () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('after %s, of which the process then dies', async (signal) => {
    const user = new ScreenUser(['run', hello]);
    await user.until((seen) => seen.lines[0] === 'Hello World!', 'shown');
    user.kill(signal);
    const { signal: number } = await user.ended();
    expect(number).toBe(signal === 'SIGTERM' ? 15 : 1);
    expectRestored(user);
  });

  it('after SIGINT', async () => {
    const user = new ScreenUser(['run', hello]);
    await user.until((seen) => seen.lines[0] === 'Hello World!', 'shown');
    user.kill('SIGINT');
    expect(await user.ended()).toMatchObject({ exitCode: 130 });
    expectRestored(user);
  });

  it('after a crash of the command itself', async () => {
    const crash = 'setInterval(() => { if (process.stdin.isRaw) throw new Error("boom") }, 20)';
    const options = `--import data:text/javascript,${encodeURIComponent(crash)}`;
    const user = new ScreenUser(['run', hello], { env: { NODE_OPTIONS: options } });
    expect(await user.ended()).toMatchObject({ exitCode: 70 });
    expectRestored(user);
    expect(user.lines.join('\n')).toMatch(/internal error, please report it: Error: boom/);
  });
});

describe('long work', () => {
  it('shows how far it is, and clears that away', async () => {
    const user = new ScreenUser(['run', kernel('fault-endless-loop.elf'), '--display', 'none', '--timeout', '3']);
    await user.until((seen) => seen.lines.some((line) => /^longmode: .* instructions, .* a second/.test(line)), 'told');
    expect(await user.ended()).toMatchObject({ exitCode: 124 });
    expect(user.lines.some((line) => / a second/.test(line))).toBe(false);
  });
});
