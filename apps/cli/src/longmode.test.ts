import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildElf } from '@longmode/elf/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WRITER } from '../test/boot-sectors.ts';
import { type Ended, kernel, longmode } from '../test/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, contents: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const oneLine = (ended: Ended): string => {
  expect(ended.stderr).toMatch(/^longmode: [^\n]*\n$/);
  return ended.stderr;
};

describe('--strict', () => {
  /** mov dx, 0x2f8; in al, dx; mov al, 0x10; out 0xf4, al: COM2 is not there. */
  const asker = (): string => {
    const sector = new Uint8Array(512);
    sector.set([0xba, 0xf8, 0x02, 0xec, 0xb0, 0x10, 0xe6, 0xf4, 0xf4]);
    sector.set([0x55, 0xaa], 510);
    return file('asker.img', sector);
  };

  it('is content with a guest that does nothing amiss', () => {
    const ended = longmode(['run', '--strict', '--success-code', '33', kernel('hello.elf')]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('fails a guest that asks ports without a part', () => {
    expect(longmode(['run', asker()])).toMatchObject({ code: 33, stderr: '' });
    const ended = longmode(['run', '--strict', '--success-code', '33', asker()]);
    expect(ended.code).toBe(106);
    expect(ended.stderr).toMatch(/^longmode: --strict: [^\n]*\n {2}no part answers at port 0x2f8, which was read\n$/);
  });

  it('leaves the code of a guest that failed', () => {
    expect(longmode(['run', '--strict', '--success-code', '35', asker()]).code).toBe(33);
  });
});

describe('a script of keys', () => {
  const keyboardKernel = kernel('chapter-10.elf');
  it('is typed when the kernel is ready, and ends the run', () => {
    const ended = longmode([
      'run',
      keyboardKernel,
      ...['--keys', 'wait:"of the heap used"', '--type', 'ok', '--keys', 'wait:ok quit', '--screen', '--quiet'],
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('ok');
  });

  it('is told of when it has not come to its end', () => {
    const ended = longmode(['run', kernel('hello.elf'), '--keys', 'wait:Goodbye a b']);
    expect(ended.code).toBe(33);
    expect(oneLine(ended)).toBe('longmode: 3 steps of --keys are left, from wait:"Goodbye" on\n');
  });

  it('is refused before anything runs', () => {
    const ended = longmode(['run', kernel('hello.elf'), '--keys', 'a shift-B']);
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(oneLine(ended)).toContain('there is no key named "B" at offset 2');
  });
});

describe('a kernel that succeeds', () => {
  it.each([
    'hello.elf',
    'hello-bios.img',
    'hello-bootsector.img',
    'hello-mb1-elf32.elf',
    'hello-mb1-elf64.elf',
    'hello-mb1-address.bin',
  ])('%s says so on standard output, and leaves with its own code', (name) => {
    expect(longmode(['run', kernel(name)])).toMatchObject({ code: 33, stdout: 'Hello World!\r\n', stderr: '' });
  });

  it.each(['interpreter', 'jit', 'check'])('says the same with the engine %s', (engine) => {
    const ended = longmode(['run', kernel('hello.elf'), '--engine', engine]);
    expect(ended).toMatchObject({ code: 33, stdout: 'Hello World!\r\n', stderr: '' });
  });

  it('leaves with 0 when its code is the success code', () => {
    expect(longmode([kernel('hello.elf'), '--success-code', '33'])).toMatchObject({ code: 0, stderr: '' });
    expect(longmode([kernel('hello.elf'), '--success-code=35']).code).toBe(33);
  });

  it('runs with the spellings of QEMU, as a test runner gives them', () => {
    const drive = ['-drive', `format=raw,file=${kernel('hello-bios.img')}`];
    const device = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];
    const ended = longmode([...drive, '-no-reboot', ...device, '-serial', 'stdio', '-display', 'none', '-m', '64M']);
    expect(ended).toMatchObject({ code: 33, stdout: 'Hello World!\r\n', stderr: '' });
  });

  it('comes from standard input too', () => {
    const ended = longmode(['run', '-'], { input: readFileSync(kernel('hello.elf')) });
    expect(ended).toMatchObject({ code: 33, stdout: 'Hello World!\r\n' });
  });

  it('has its screen printed after the run', () => {
    const { stdout } = longmode(['run', kernel('hello.elf'), '--screen', '--serial', 'none']);
    const expected = readFileSync(new URL('../../../kernels/hello/expected/screen.txt', import.meta.url), 'utf8');
    expect(stdout).toBe(expected);
  });

  it('has its screen in PNG files: at the end, and after numbers of instructions', () => {
    const at = (name: string): string => join(folder, name);
    const shots = [at('end.png'), `${at('begin.png')}@1k`, `${at('never.png')}@1G`];
    const flags = shots.flatMap((shot) => ['--screenshot', shot]);
    const { code, stderr } = longmode(['run', kernel('hello.elf'), '--serial', 'none', ...flags]);
    expect([code, stderr]).toEqual([
      33,
      expect.stringMatching(/ended before it was time for \S+never\.png, after \d+ in/),
    ]);
    const [end, begin] = ['end.png', 'begin.png'].map((name) => readFileSync(at(name)));
    for (const file of [end, begin]) {
      expect(file?.toString('latin1', 1, 4)).toBe('PNG');
      expect([file?.readUInt32BE(16), file?.readUInt32BE(20)]).toEqual([720, 400]);
    }
    expect(end?.equals(begin as Buffer)).toBe(false);
    expect(() => readFileSync(at('never.png'))).toThrow('ENOENT');
  });

  it('does not begin when a picture cannot be written', () => {
    const ended = longmode(['run', kernel('hello.elf'), '--screenshot', join(folder, 'nowhere', 'x.png')]);
    expect(ended).toMatchObject({ code: 74, stdout: '' });
  });

  it('has its serial text in a file', () => {
    const path = join(folder, 'serial.txt');
    expect(longmode(['run', kernel('hello.elf'), '--serial', `file:${path}`]).stdout).toBe('');
    expect(readFileSync(path, 'utf8')).toBe('Hello World!\r\n');
  });

  it('is told where it ran, by function', () => {
    const { code, stderr } = longmode(['run', kernel('bench-fibonacci.elf'), '--profile', '--serial', 'none']);
    expect(code).toBe(33);
    expect(stderr).toMatch(/^\d{9} instructions: 9\d\.\d % in compiled code/);
    expect(stderr).toMatch(/ 0x20[0-9a-f]{4} .*\n +fibonacci/);
  });

  it('has a report', () => {
    const path = join(folder, 'report.json');
    longmode(['run', kernel('hello.elf'), '--report', path, '--success-code', '33']);
    const report = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    expect(report).toMatchObject({ outcome: 'debug-exit', exitCode: 0, serial: 'Hello World!\r\n' });
    expect((report.screen as string[]).length).toBe(25);
    expect(report.registers).toMatchObject({ efer: '0xd00' });
  });
});

describe('a kernel that dies', () => {
  it('leaves with 100 and the chain of exceptions in words', () => {
    const { code, stderr, stdout } = longmode(['run', kernel('fault-page-fault.elf')]);
    expect(code).toBe(100);
    expect(stdout).toBe('page-fault: writing to 0xdeadbeef\r\n');
    expect(stderr).toMatch(/^longmode: triple fault/);
    expect(stderr).toMatch(
      /#PF.*0x20_1148 in page_fault::write_to_nowhere\+0x5.*CR2 0xdead_beef[\s\S]*#DF[\s\S]*triple fault/,
    );
  });

  it.each([
    ['fault-halt-forever.elf', [], 102, /HLT with interrupts off at RIP \S+ in faults::halt/],
    ['fault-reset-cf9.elf', ['--no-reboot'], 104, /asked for a reset at RIP \S+ in reset_cf9::reset/],
    ['fault-reset-keyboard.elf', ['-no-reboot'], 104, /asked for a reset/],
    ['fault-panic.elf', [], 35, /^$/],
    [
      'fault-endless-loop.elf',
      ['--max-instructions', '1M'],
      124,
      /limit of 1000000 instructions.*in endless_loop::spin/,
    ],
    [
      'fault-deadlock.elf',
      ['--max-time', '0.001'],
      124,
      /limit of 0.001 s of virtual time.*in deadlock::take_the_lock/,
    ],
    ['fault-endless-loop.elf', ['--timeout', '0.3'], 124, /limit of 0.3 s is reached/],
  ])('%s %j leaves with %i and says where', (name, args, expected, words) => {
    const { code, stderr } = longmode(['run', kernel(name), ...args]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(words);
  });

  it.each(['one file', 'two files'])('begins a line of its own, when COM1 and messages go to %s', (places) => {
    const [output, messages] = [join(folder, 'output'), join(folder, 'messages')];
    const disk = file(
      'dots.img',
      Uint8Array.from({ length: 128 * 512 }, (_, index) => WRITER[index] ?? 0),
    );
    const out = openSync(output, 'w');
    const err = places === 'one file' ? out : openSync(messages, 'w');
    longmode([disk, '--max-instructions', '100k'], { stdio: ['ignore', out, err] });
    closeSync(out);
    if (err !== out) closeSync(err);
    const text = readFileSync(output, 'utf8');
    if (places === 'one file') expect(text).toMatch(/^\.+\nlongmode: the limit/);
    else
      expect([text, readFileSync(messages, 'utf8')]).toEqual([
        expect.stringMatching(/^\.+$/),
        expect.stringMatching(/^longmode: /),
      ]);
  });

  it('takes values of several lines', () => {
    const { code, stderr } = longmode([
      kernel('chapter-07.elf'),
      '--keys',
      'wait:Hello\n+1ms\nquit',
      '--timeout',
      '20',
    ]);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('reaches a limit of instructions exactly', () => {
    const path = join(folder, 'limit.json');
    longmode(['run', kernel('fault-endless-loop.elf'), '--max-instructions', '123456', '--report', path]);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      outcome: 'limit',
      exitCode: 124,
      instructions: 123456,
    });
  });

  it('does not boot over and over', () => {
    const { code, stdout, stderr } = longmode(['run', kernel('fault-reset-cf9.elf')]);
    expect(code).toBe(104);
    expect(stdout.match(/resetting/g)?.length).toBe(5);
    expect(stderr).toMatch(
      /boot 2 begins[\s\S]*boot loop: 5 resets.*--no-reboot|boot 2 begins[\s\S]*boot loop: 5 resets/,
    );
  });

  it('is known to sleep for ever when no interrupt can wake it', () => {
    // mov al, 0xff; out 0x21, al; out 0xa1, al; sti; hlt; jmp -3
    const sector = new Uint8Array(512);
    sector.set([0xb0, 0xff, 0xe6, 0x21, 0xe6, 0xa1, 0xfb, 0xf4, 0xeb, 0xfd]);
    sector.set([0x55, 0xaa], 510);
    const { code, stderr } = longmode(['run', file('asleep.img', sector)]);
    expect(code).toBe(102);
    expect(stderr).toMatch(/halted for ever: HLT with every interrupt masked that could come at 0x0000:0x7c07/);
  });
});

describe('an image is refused with one line, at once, and in little memory', () => {
  const code = { type: 1, flags: 5, virtualAddress: 0x200000, data: [0xf4] };
  const elf = (segment: object, rest: object = {}): Uint8Array => {
    return buildElf({ entry: 0x200000, segments: [{ ...code, ...segment }], ...rest });
  };
  const multiboot = (...fields: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(512).fill(0x90);
    bytes.set(new Uint8Array(Uint32Array.from(fields.map((field) => field >>> 0)).buffer));
    return bytes;
  };
  const MAGIC = 0x1badb002;
  const MAGIC2 = 0xe85250d6;
  const hello = readFileSync(kernel('hello.elf'));

  it.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /empty file; check the path/],
    ['garbage', Uint8Array.from({ length: 70_000 }, (_, at) => (at * 167 + (at >> 5)) & 0xff), /no known kind/],
    ['truncated', hello.subarray(0, 1000), /0x[0-9a-f]+.*damaged/],
    ['truncated-header', hello.subarray(0, 20), /file offset 0x/],
    ['aarch64', elf({}, { machine: 183 }), /AArch64.*x86_64.*file offset 0x12/],
    ['beyond-memory', elf({ virtualAddress: 0x1_0000_0000n, memorySize: 2n ** 33n }), /memory.*file offset 0x/],
    ['wrapping', elf({ virtualAddress: 2n ** 64n - 4096n, memorySize: 8192 }), /file offset 0x/],
    [
      'overlapping',
      buildElf({ entry: 0x200000, segments: [code, code] }),
      /overlap.*file offset 0x|segment.*file offset 0x/,
    ],
    ['file-size', elf({ data: new Uint8Array(100), memorySize: 10 }), /file offset 0x/],
    ['huge-bss', elf({ memorySize: 2n ** 63n }), /file offset 0x/],
    [
      'unknown-flag',
      multiboot(MAGIC, 0x1_0040, -(MAGIC + 0x1_0040), 0x100000, 0x100000, 0, 0, 0x100000),
      /file offset 0x/,
    ],
    [
      'load-end',
      multiboot(MAGIC, 0x10000, -(MAGIC + 0x10000), 0x100000, 0x100000, 0x100100, 0x100080, 0x100000),
      /file offset 0x/,
    ],
    [
      'graphics-only',
      // The framebuffer tag is required, and wants 32 bits per pixel.
      multiboot(MAGIC2, 0, 48, -(MAGIC2 + 48), 5, 20, 1024, 768, 32, 0, 0, 8),
      /framebuffer.*1024 by 768.*file offset 0x20/,
    ],
    ['no-signature', new Uint8Array(4096).fill(0x90), /55 aa/],
    ['gzip', Uint8Array.from([0x1f, 0x8b, ...new Array<number>(600).fill(1)]), /gzip.*unpack/],
  ])('%s', (name, bytes, words) => {
    const path = file(name, bytes);
    const ended = longmode(['run', path]);
    expect(ended.code).toBe(68);
    expect(ended.stdout).toBe('');
    const line = oneLine(ended);
    expect(line).toContain(path);
    expect(line).toMatch(words);
    expect(ended.cpuTimeMs).toBeLessThan(2000);
    expect(ended.maxMemoryBytes).toBeLessThan(200e6);
  });

  it.each([
    ['of a terabyte of zeros', new Uint8Array(), 2 ** 40, /\d+ zero bytes|no known kind/],
    ['that begins like a kernel and is a terabyte', hello, 2 ** 40, /at most 536870912 bytes/],
  ])('a file %s', (_what, head, size, words) => {
    const path = file('sparse', head);
    const handle = openSync(path, 'r+');
    ftruncateSync(handle, size);
    closeSync(handle);
    const ended = longmode(['run', path]);
    expect(ended.code).toBe(68);
    expect(oneLine(ended)).toMatch(words);
    expect(ended.maxMemoryBytes).toBeLessThan(200e6);
  });

  it('and the report says so', () => {
    const path = join(folder, 'rejected.json');
    longmode(['run', file('text.txt', 'hello\n'), '--report', path]);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ outcome: 'rejected', exitCode: 68 });
  });

  it('a CD that the firmware finds nothing on', () => {
    const cd = new Uint8Array(0x9000);
    cd.set(new TextEncoder().encode('\u0001CD001\u0001'), 0x8000);
    const { code, stderr } = longmode(['run', file('empty.iso', cd)]);
    expect(code).toBe(68);
    expect(stderr).toMatch(/the firmware finds nothing to boot\n {2}drive e0h: /);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['missing', () => join(folder, 'missing'), /no such file/],
    ['a directory', () => folder, /is a directory/],
    ['a device', () => '/dev/zero', /is a device/],
    ['below a file', () => join(file('plain', 'x'), 'x'), /no such file/],
  ])('%s', (_what, path, words) => {
    const ended = longmode(['run', path()]);
    expect(ended.code).toBe(66);
    expect(oneLine(ended)).toMatch(words);
  });

  it('forbidden', () => {
    const path = file('forbidden', 'x');
    chmodSync(path, 0);
    // Nothing is forbidden to root.
    const isRoot = process.getuid?.() === 0;
    const ended = longmode(['run', path], isRoot ? { uid: 65534, gid: 65534 } : {});
    expect(ended.code).toBe(66);
    expect(oneLine(ended)).toMatch(/permission denied/);
  });

  it('a module', () => {
    const args = ['-kernel', kernel('hello-mb1-elf32.elf'), '-initrd', join(folder, 'missing')];
    expect(longmode(args).code).toBe(66);
  });
});

describe('wrong arguments', () => {
  it.each([
    [[], /give an image/],
    [['run', 'a', 'b'], /too many arguments/],
    [['run', 'a', '--memmory', '1G'], /did you mean --memory\?/],
    [['run', 'a', '-dsiplay', 'none'], /did you mean --display\?/],
    [['run', 'a', '--memory', 'lots'], /--memory=lots: expected a size/],
    [['run', 'a', '--display', 'vga'], /terminal|none/],
    [['run', kernel('hello.elf'), '-m', '1T'], /memory size.*choose another/],
    [['run', kernel('hello.elf'), '--append', 'x'], /the command line.*Multiboot/],
    [['run', kernel('hello.elf'), '-kernel', 'x'], /--kernel names an image already/],
    [['run', '--boot', 'floppy', '--hda', kernel('hello-bios.img')], /there is no such drive/],
    [['-device', 'e1000', 'x'], /e1000 is not emulated/],
    [['run', '-bios', kernel('hello.elf')], /the firmware ROM: expected a multiple of 64 KiB/],
  ])('%j', (args, words) => {
    const ended = longmode(args);
    expect(ended.code).toBe(64);
    expect(oneLine(ended)).toMatch(words);
  });
});

describe('besides', () => {
  it('a file that cannot be written ends the run before it begins', () => {
    const ended = longmode(['run', kernel('hello.elf'), '--report', join(folder, 'none/report.json')]);
    expect(ended).toMatchObject({ code: 74, stdout: '' });
    expect(oneLine(ended)).toMatch(/cannot be written/);
  });

  it('help and version', () => {
    expect(longmode(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const help = longmode(['run', '--help']);
    expect(help.code).toBe(0);
    for (const word of ['--memory', '--no-reboot', 'Exit codes', '-drive']) expect(help.stdout).toContain(word);
    expect(help.stdout).not.toContain('\x1b');
  });

  it('completion', () => {
    expect(longmode(['completion', 'bash']).stdout).toMatch(/complete .*longmode/);
    expect(longmode(['--complete', 'run', '--mem']).stdout).toBe('--memory\n');
    expect(longmode(['completion', 'tcsh']).code).toBe(64);
  });

  it('modules and command line reach a Multiboot kernel, whose drives are there too', () => {
    const args = ['-kernel', kernel('hello-mb1-elf32.elf'), '-append', '-v x', '-initrd', kernel('hello.elf')];
    expect(longmode([...args, '-hda', kernel('hello-bios.img')])).toMatchObject({ code: 33, stderr: '' });
  });

  it('modules and command line reach a Multiboot 2 kernel', () => {
    const module = file('module.txt', 'the module');
    const image = kernel('multiboot2-elf64.elf');
    const { code, stdout, stderr } = longmode(['run', image, '-append', '-v x', '-initrd', `${module} a b`]);
    expect([code, stderr]).toEqual([33, '']);
    expect(stdout).toContain(`: command line "${image} -v x"\n`);
    expect(stdout).toContain(`, bytes 10: "${module} a b": 74 68 65 20 6d 6f 64 75 6c 65\n`);
    expect(stdout).toMatch(/tag 0, size 8: end\n$/);
  });

  it('standard input reaches COM1', () => {
    // Sends back what it receives plus one, until a newline; then leaves with 0x10.
    const sector = new Uint8Array(512);
    // prettier-ignore
    sector.set([
      0xba,
      0xfd,
      0x03, // wait: mov dx, 0x3fd
      0xec,
      0xa8,
      0x01,
      0x74,
      0xfb, // in al, dx; test al, 1; jz -5
      0xba,
      0xf8,
      0x03,
      0xec, // mov dx, 0x3f8; in al, dx
      0x3c,
      0x0a,
      0x74,
      0x05, // cmp al, 10; je +5
      0xfe,
      0xc0,
      0xee,
      0xeb,
      0xeb, // inc al; out dx, al; jmp wait
      0xb0,
      0x10,
      0xe6,
      0xf4, // mov al, 0x10; out 0xf4, al
    ]);
    sector.set([0x55, 0xaa], 510);
    const path = file('echo.img', sector);
    expect(longmode(['run', path, '--serial', 'stdio'], { input: 'HAL\n' })).toMatchObject({ code: 33, stdout: 'IBM' });
  });

  it('a writable copy of a disk leaves the file as it was', () => {
    const path = file('copy.img', readFileSync(kernel('hello-bios.img')));
    longmode(['run', path]);
    expect(readFileSync(path).equals(readFileSync(kernel('hello-bios.img')))).toBe(true);
  });
});
