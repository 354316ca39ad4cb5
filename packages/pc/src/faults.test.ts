import { describe, expect, it } from 'vitest';
import { readExpected, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';

interface ExpectedException {
  readonly vector: number;
  readonly errorCode: string;
  readonly rip: string;
  readonly rsp: string;
  readonly cr2?: string;
  readonly symbol?: string;
}
interface Expected {
  readonly serial: string;
  readonly exceptionCount: number;
  readonly exceptions: readonly ExpectedException[];
  readonly lastExceptions?: readonly ExpectedException[];
  readonly end: 'triple fault' | 'running' | 'halted' | 'reset' | 'exit';
  readonly status?: number;
  readonly symbol?: string;
}
type Entry = Pc['cpu']['exceptionLog']['entries'][number];

const RUN_LIMIT = 5_000_000;
const LOG_SIZE = 64;
const record = readExpected('faults/expected.json');
const expectedGuests = Object.entries(JSON.parse(record) as Record<string, Expected>);
const OUTCOMES = {
  'triple fault': 'triple-fault',
  running: 'limit',
  halted: 'halted',
  reset: 'reset',
  exit: 'debug-exit',
};
const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The record does not have those that became a double fault, or a shutdown, before they were delivered. */
const isRaised = (entry: Entry): boolean => entry.fate !== 'merged';

// The record was made in QEMU under the real loader, as `kernels/README.md` tells.
describe.each(expectedGuests)('fault-%s', (name, expected) => {
  let serial = '';
  const onSerial = (byte: number): void => {
    serial += String.fromCharCode(byte);
  };
  const { pc, plan } = loadImage(
    readImage(`fault-${name}.elf`),
    { ramSizeBytes: 16 * 2 ** 20 },
    { events: { onSerial } },
  );
  // The log keeps the last entries only: where more come, run in small steps until the first ones have come.
  const first: Entry[] = [];
  const isOverflowing = expected.exceptionCount > LOG_SIZE / 2;
  while (isOverflowing && first.length < expected.exceptions.length && pc.cpu.instructionCount < RUN_LIMIT) {
    pc.run({ instructions: LOG_SIZE / 2 });
    first.push(...pc.cpu.exceptionLog.entries.filter(({ sequence }) => sequence > (first.at(-1)?.sequence ?? 0)));
  }
  const outcome = pc.run({ instructions: RUN_LIMIT });
  if (!isOverflowing) first.push(...pc.cpu.exceptionLog.entries);

  /** An entry of the log in the words of the record. */
  const recorded = (entry: Entry): ExpectedException => {
    // The record has the address of INT3 itself; the log, like the stack, that of the instruction after it.
    const rip = entry.kind === 'software-exception' ? entry.rip - 1n : entry.rip;
    const symbol = plan.places.lookup(rip)?.symbol;
    return {
      vector: entry.vector,
      errorCode: `0x${Math.max(0, entry.errorCode).toString(16)}`,
      rip: hex(rip),
      rsp: hex(entry.rsp),
      ...(entry.cr2 === undefined ? {} : { cr2: hex(entry.cr2) }),
      ...(symbol === undefined || symbol === null ? {} : { symbol }),
    };
  };

  it('says the same on COM1', () => expect(serial).toBe(expected.serial));
  it('ends the same way', () => {
    expect(outcome.kind).toBe(OUTCOMES[expected.end]);
    if (outcome.kind === 'debug-exit') expect((outcome.value << 1) | 1).toBe(expected.status);
  });
  it('raises as many exceptions', () => {
    const { entries, total } = pc.cpu.exceptionLog;
    expect(total - entries.filter((entry) => !isRaised(entry)).length).toBe(expected.exceptionCount);
  });
  it('raises the same exceptions first', () => {
    const found = first.filter(isRaised).slice(0, expected.exceptions.length).map(recorded);
    expect(found).toMatchObject(expected.exceptions);
  });
  it('raises the same exceptions last', () => {
    const last = pc.cpu.exceptionLog.entries.filter(isRaised).slice(-4).map(recorded);
    expect(last).toMatchObject(expected.lastExceptions ?? expected.exceptions.slice(-4));
  });
  it.runIf(expected.end === 'triple fault')('tells the chain of its end', () => {
    const chain = outcome.kind === 'triple-fault' ? outcome.chain : [];
    expect(chain.at(-1)?.isShutdown).toBe(true);
    expect(chain).toEqual(pc.cpu.exceptionLog.lastChain);
  });
  it.runIf(expected.symbol !== undefined)('stands in the same function', () => {
    expect(plan.places.lookup(pc.cpu.state.rip)?.symbol).toBe(expected.symbol);
  });
});
