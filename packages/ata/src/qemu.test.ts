import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import results from '../test/fixtures/qemu-results.json' with { type: 'json' };
import { CD_SECTORS, DISK_SECTORS, type Operation, STEPS } from '../test/fixtures/qemu-steps.mjs';
import { Host, NumberedMedium } from '../test/host.ts';

const short = (text: string): string => (text.length <= 80 ? text : createHash('sha256').update(text).digest('hex'));
const hex = (bytes: Uint8Array | readonly number[]): string => Buffer.from(bytes).toString('hex');

function perform(host: Host, [kind, first, ...rest]: Operation): string | undefined {
  switch (kind) {
    case 'out':
      host.out8(first, ...(rest as number[]));
      return undefined;
    case 'in':
      return hex(([first, ...rest] as number[]).map((offset) => host.in8(offset)));
    case 'ready': {
      host.ready();
      host.wait(100_000);
      return hex([host.ready()]);
    }
    case 'take':
      return short(hex(host.take(2 * first)));
    case 'give':
      for (let i = 0; i < first; i++) host.channel.writePort(0, 16, (rest[0] as number) + i);
      return undefined;
    case 'packet':
      host.give(Uint8Array.from({ length: 12 }, (_, i) => [first, ...rest][i] ?? 0));
      return undefined;
    case 'poke':
      for (const [i, value] of rest.entries()) new DataView(host.memory.buffer).setUint32(first + 4 * i, value, true);
      return undefined;
    case 'peek':
      return short(hex(host.memory.subarray(first, first + (rest[0] as number))));
    case 'dma':
      host.out8(16, 0);
      host.out8(18, 6);
      host.channel.writePort(20, 32, rest[0] as number);
      host.out8(16, first & 8, first);
      return undefined;
  }
}

describe('the same accesses to QEMU’s drives have the same results', () => {
  const hosts = [
    new Host([{ kind: 'disk', medium: new NumberedMedium(DISK_SECTORS) }]),
    new Host([{ kind: 'cd-rom', medium: new NumberedMedium(CD_SECTORS, { sectorSizeBytes: 2048, isReadOnly: true }) }]),
  ] as const;
  STEPS.forEach(({ name, channel, operations, differs = {} }, index) => {
    it(`${name} (step ${index})`, () => {
      const found = operations
        .map((operation) => perform(hosts[channel], operation))
        .filter((result) => result !== undefined);
      const recorded = results[index] as string[];
      expect(found).toHaveLength(recorded.length);
      for (const number of Object.keys(differs).map(Number)) {
        expect(found[number], differs[number]).not.toBe(recorded[number]);
        recorded[number] = found[number] as string;
      }
      expect(found).toEqual(recorded);
    });
  });
});
