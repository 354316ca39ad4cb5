// The guests that die: what they said, every exception that was raised, and how it ended.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { diskOf, imagesFolder, kernelsFolder } from '../manifest.mjs';
import { bootArguments, lookAt, runToEnd } from './qemu.mjs';

const expectedFile = join(kernelsFolder, 'faults', 'expected.json');
/** The loader's stack lies above this address; the firmware's and the loader's own exceptions lie below. */
const LOADER_STACK = 0x100_0000_0000n;
const SHOWN_EXCEPTIONS = 4;
const EXCEPTION = /v=(\w\w) e=(\w{4}) .* IP=\w+:(\w+) .* SP=\w+:(\w+)(?: CR2=(\w+))?/;

const NON_CANONICAL = '0x800000000000';
const JUMPER = 'non_canonical_jump::jump_out_of_the_address_space';

const hex = (digits) => `0x${BigInt(`0x${digits}`).toString(16)}`;

/** The functions of an image, by address. */
function symbolsOf(image) {
  const lines = execFileSync('nm', ['-nC', join(imagesFolder, image)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => line.match(/^(\w+) [tT] (.*)$/)).filter((match) => match !== null);
}

function symbolAt(symbols, rip) {
  const last = symbols.findLast(([, address]) => BigInt(`0x${address}`) <= BigInt(rip));
  return last === undefined || BigInt(rip) - BigInt(`0x${last[1]}`) > 0x1000n ? null : last[2];
}

/** The exceptions of QEMU's `-d int` log that the guest raised, in order. */
function exceptionsOf(log, symbols) {
  const matches = log.split('\n').map((line) => line.match(EXCEPTION));
  return matches
    .filter((match) => match !== null && BigInt(`0x${match[4]}`) >= LOADER_STACK)
    .map((match) => {
      const [, vector, errorCode, rip, rsp, cr2] = match;
      const exception = {
        vector: Number.parseInt(vector, 16),
        errorCode: hex(errorCode),
        rip: hex(rip),
        rsp: hex(rsp),
      };
      const symbol = symbolAt(symbols, exception.rip);
      return { ...exception, ...(cr2 === undefined ? {} : { cr2: hex(cr2) }), ...(symbol === null ? {} : { symbol }) };
    });
}

/** Where a function jumps through a register. */
function indirectJumpIn(image, symbol) {
  const listing = execFileSync('objdump', ['-dC', '-M', 'intel', join(imagesFolder, image)], { encoding: 'utf8' });
  const body = listing.split('\n\n').find((part) => part.includes(`<${symbol}>:`)) ?? '';
  return hex(body.match(/^ +(\w+):.*\bjmp +r\w+$/m)[1]);
}

/**
 * The error code of a failed delivery. In 64-bit mode QEMU names the gate by 16 times the vector and leaves out that the
 * event came from outside the program; processors name it by 8 times the vector and set EXT (SDM Vol. 3A "Error Code").
 *
 * @param {string} recorded
 */
function idtErrorCode(recorded) {
  const value = BigInt(recorded);
  return (((value & ~7n) / 2n) & ~7n) | (value & 7n) | 1n;
}

/**
 * Where QEMU's own translator differs from the processor that the SDM describes, the record has what the SDM says:
 * - an error code's EXT bit is set when an exception could not be delivered (Vol. 3A "Error Code"); QEMU clears it
 * - a jump to a non-canonical address faults at the jump (Vol. 2A "JMP"); QEMU faults at the target
 */
function asDocumented(image, exceptions) {
  for (const [index, exception] of exceptions.entries()) {
    const previous = exceptions[index - 1];
    const isUndelivered = exception.vector === 13 && previous?.rip === exception.rip && exception.errorCode !== '0x0';
    if (isUndelivered) exception.errorCode = hex(idtErrorCode(exception.errorCode).toString(16));
    if (exception.rip === NON_CANONICAL) {
      exception.symbol = JUMPER;
      exception.rip = indirectJumpIn(image, JUMPER);
    }
  }
  return exceptions;
}

async function observe(image, disk) {
  const boot = bootArguments(disk, true);
  const { status, serial, log } = await runToEnd(boot, { limitMs: 8000, log: 'int,cpu_reset' });
  const symbols = symbolsOf(image);
  const exceptions = asDocumented(image, exceptionsOf(log, symbols));
  const seen = { serial, exceptionCount: exceptions.length, exceptions: exceptions.slice(0, SHOWN_EXCEPTIONS) };
  if (exceptions.length > SHOWN_EXCEPTIONS) seen.lastExceptions = exceptions.slice(-SHOWN_EXCEPTIONS);
  if (status === 0) return { ...seen, end: log.includes('Triple fault') ? 'triple fault' : 'reset' };
  if (status !== null) return { ...seen, end: 'exit', status };
  const { end, rip } = await lookAt(boot, serial.trimEnd());
  return { ...seen, end, symbol: symbolAt(symbols, rip) };
}

/** Compares one guest with its record, or records it. Returns what is wrong, '' if nothing, null without its disk. */
export async function checkFault(image, record) {
  const disk = diskOf(image);
  if (disk === null) return null;
  const [, name] = image.match(/^fault-(.*)\.elf$/);
  const found = await observe(image, disk);
  const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, 'utf8')) : {};
  if (!record) return isDeepStrictEqual(found, expected[name]) ? '' : JSON.stringify(found);
  const all = Object.entries({ ...expected, [name]: found }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(expectedFile, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
  return '';
}
