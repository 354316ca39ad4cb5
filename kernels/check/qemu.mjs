// QEMU as the machine that the expectations are recorded on.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TEXT_BUFFER = 0xb8000;
const TEXT_BUFFER_BYTES = 80 * 25 * 2;
const FIXED = ['-display', 'none', '-nodefaults', '-vga', 'std', '-accel', 'tcg', '-m', '128M', '-no-reboot'];
const EXIT_DEVICE = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];

/** QEMU's arguments that boot an image: a disk by its BIOS, anything else by its Multiboot loader. */
export const bootArguments = (file, isDisk) => (isDisk ? ['-drive', `format=raw,file=${file}`] : ['-kernel', file]);

function inTemporaryFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  return work(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

function start(args) {
  const child = spawn('qemu-system-x86_64', [...FIXED, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, errors }));
  });
  return { child, ended };
}

const read = (file, encoding) => {
  try {
    return readFileSync(file, encoding);
  } catch {
    return '';
  }
};

/**
 * Runs to the guest's own end, or until `limitMs` have passed.
 *
 * `status` is QEMU's exit status: 33 and 35 are the guest's 0x10 and 0x11, 0 is a reset, null the time limit; `signal` ended
 * QEMU itself.
 * `log` holds what `-d` was asked for.
 */
export const runToEnd = (boot, { limitMs = 60_000, log = '' } = {}) =>
  inTemporaryFolder(async (folder) => {
    const serialFile = join(folder, 'serial');
    const logFile = join(folder, 'log');
    const logging = log === '' ? [] : ['-d', log, '-D', logFile];
    const { child, ended } = start([...boot, ...EXIT_DEVICE, ...logging, '-serial', `file:${serialFile}`]);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill();
    }, limitMs);
    const result = await ended;
    clearTimeout(timer);
    const { errors, signal } = result;
    const status = isLate ? null : result.status;
    return {
      status,
      signal: isLate ? null : signal,
      errors,
      serial: read(serialFile, 'latin1'),
      log: read(logFile, 'latin1'),
    };
  });

/** Starts a guest, hands `work` a way to ask QEMU's monitor, and ends the guest. */
async function withMonitor(args, work) {
  const { child, ended } = start([...args, '-qmp', 'stdio']);
  const nextReply = readLines(child.stdout);
  const ask = async (execute, parameters = {}) => {
    child.stdin.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    for (;;) {
      const reply = await nextReply();
      if ('error' in reply) throw new Error(`${execute}: ${reply.error.desc}`);
      if ('return' in reply) return reply.return;
    }
  };
  try {
    await ask('qmp_capabilities');
    return await work(ask);
  } finally {
    child.kill();
    await ended;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function waitForText(file, text) {
  const giveUpAt = Date.now() + 30_000;
  while (!read(file, 'latin1').includes(text)) {
    if (Date.now() > giveUpAt) throw new Error('COM1 stayed silent');
    await pause(20);
  }
  await pause(200);
}

/**
 * Runs without an exit device until COM1 has said `text` and the guest stands still, and reads the VGA text buffer.
 * Returns its 4000 bytes: 25 rows of 80 cells, character then attribute.
 */
export const readScreen = (boot, text) =>
  inTemporaryFolder((folder) => {
    const serialFile = join(folder, 'serial');
    const screenFile = join(folder, 'screen');
    return withMonitor([...boot, '-serial', `file:${serialFile}`], async (ask) => {
      await waitForText(serialFile, text);
      await ask('pmemsave', { val: TEXT_BUFFER, size: TEXT_BUFFER_BYTES, filename: screenFile });
      return readFileSync(screenFile);
    });
  });

/** What a guest that does not end is doing once COM1 has said `text`: 'halted' or 'running', where, and all that it said. */
export const lookAt = (boot, text) =>
  inTemporaryFolder((folder) => {
    const serialFile = join(folder, 'serial');
    return withMonitor([...boot, '-serial', `file:${serialFile}`], async (ask) => {
      await waitForText(serialFile, text);
      const registers = await ask('human-monitor-command', { 'command-line': 'info registers' });
      const end = registers.includes('HLT=1') ? 'halted' : 'running';
      return { end, rip: `0x${registers.match(/[RE]IP=0*(\w+)/)[1]}`, serial: read(serialFile, 'latin1') };
    });
  });

const REGISTER_IF = 0x200;

/** What the processor does: executes, waits in HLT for an interrupt, or halted with interrupts off. */
async function activity(ask) {
  // A guest that waits is running now and then: in the handler of a timer.
  for (let look = 0; look < 20; look += 1) {
    const registers = await ask('human-monitor-command', { 'command-line': 'info registers' });
    const isHalted = registers.includes('HLT=1');
    if (isHalted) return Number.parseInt(registers.match(/RFL=(\w+)/)[1], 16) & REGISTER_IF ? 'waiting' : 'halted';
    await pause(25);
  }
  return 'running';
}

/**
 * Runs without an exit device and looks at the screen all the time: until `isReady` likes it, then types `keys` (each a
 * list of QEMU's key codes, pressed together), then until `isDone` likes it.
 * Returns the last screen as `readScreen` does, what COM1 said, and what the processor is doing.
 */
export const watchScreen = (boot, { isReady, keys = [], isDone = isReady }) =>
  inTemporaryFolder((folder) => {
    const screenFile = join(folder, 'screen');
    const serialFile = join(folder, 'serial');
    return withMonitor([...boot, '-serial', `file:${serialFile}`], async (ask) => {
      const look = async () => {
        await ask('pmemsave', { val: TEXT_BUFFER, size: TEXT_BUFFER_BYTES, filename: screenFile });
        return { screen: readFileSync(screenFile), serial: read(serialFile, 'latin1') };
      };
      const wait = async (isGood) => {
        const giveUpAt = Date.now() + 60_000;
        while (Date.now() < giveUpAt && !isGood(await look())) await pause(50);
        await pause(500);
      };
      await wait(isReady);
      for (const codes of keys) {
        const held = codes.map((data) => ({ type: 'qcode', data }));
        await ask('send-key', { keys: held, 'hold-time': 20 });
        await pause(60);
      }
      await wait(isDone);
      return { ...(await look()), end: await activity(ask) };
    });
  });

/** The JSON lines of a stream, one per call. */
function readLines(stream) {
  const lines = [];
  let rest = '';
  let wake = () => {};
  let closed = false;
  stream.setEncoding('utf8').on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    lines.push(...parts.filter((line) => line.trim() !== ''));
    wake();
  });
  stream.on('close', () => {
    closed = true;
    wake();
  });
  return async () => {
    while (lines.length === 0) {
      if (closed) throw new Error('QEMU ended early');
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    return JSON.parse(lines.shift());
  };
}

/** Runs without an exit device until COM1 has said `text`, and returns the picture as the monitor's `screendump` has it, a PPM. */
export const dumpScreen = (boot, text) =>
  inTemporaryFolder((folder) => {
    const serialFile = join(folder, 'serial');
    const pictureFile = join(folder, 'picture.ppm');
    return withMonitor([...boot, '-serial', `file:${serialFile}`], async (ask) => {
      await waitForText(serialFile, text);
      await ask('screendump', { filename: pictureFile });
      return readFileSync(pictureFile);
    });
  });
