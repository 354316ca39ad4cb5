import { describe, expect, it } from 'vitest';
import { SerialLog } from './serial-log.ts';

function log(text: string, limitBytes?: number): SerialLog {
  const made = new SerialLog(limitBytes);
  for (const byte of new TextEncoder().encode(text)) made.add(byte);
  return made;
}

describe('SerialLog', () => {
  it('gives UTF-8 text back', () => expect(log('größer ✓\r\n').text).toBe('größer ✓\r\n'));
  it('survives bytes that are no UTF-8', () => {
    const made = new SerialLog();
    for (const byte of [0x41, 0xff, 0x42]) made.add(byte);
    expect(made.text).toBe('A\ufffdB');
    expect([...made.bytes]).toEqual([0x41, 0xff, 0x42]);
  });
  it('gives the last bytes', () => expect(log('abcdef').tail(3)).toBe('def'));

  it('keeps the end of a lot, at least the limit and at most twice as much', () => {
    const made = log('0123456789'.repeat(10_000), 10_000);
    expect(made.bytes.length).toBeGreaterThanOrEqual(10_000);
    expect(made.bytes.length).toBeLessThanOrEqual(20_000);
    expect(made.droppedBytes + made.bytes.length).toBe(100_000);
    expect(made.totalBytes).toBe(100_000);
    expect(made.text.endsWith('0123456789')).toBe(true);
  });
});
