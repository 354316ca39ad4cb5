import { describe, expect, it } from 'vitest';
import { Host, NumberedMedium } from '../test/host.ts';

const READY = 0x50;
const DATA = 0x58;
const FAILED = 0x51;
const SECTORS = 5000;

function bench(): { host: Host; medium: NumberedMedium } {
  const medium = new NumberedMedium(SECTORS, { sectorSizeBytes: 2048, isReadOnly: true });
  return { host: new Host([{ kind: 'cd-rom', medium, model: 'Maker Model' }]), medium };
}
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);
const answer = (host: Host, packet: readonly number[]): number[] => {
  expect(host.packet(packet)).toBe(DATA);
  return [...host.takeAll().bytes];
};
const sense = (host: Host): number[] => {
  const data = answer(host, [0x03, 0, 0, 0, 18]);
  return [data[2] as number, data[12] as number, data[13] as number];
};

describe('the packet protocol', () => {
  it('asks for the packet without an interrupt, tells the end with one', () => {
    const { host } = bench();
    host.out8(7, 0xa0);
    expect([host.ready(), host.in8(2), host.irq]).toEqual([DATA, 0x01, false]);
    host.give(new Uint8Array(12));
    expect([host.ready(), host.in8(2), host.irq]).toEqual([READY, 0x03, true]);
  });

  it.each([
    [2048, 3, [2048, 2048, 2048]],
    [0xfffe, 3, [6144]],
    [0, 2, [4096]],
    [0xffff, 1, [2048]],
    [3000, 2, [3000, 1096]],
    [1001, 1, [1000, 1000, 48]],
    [0xfffe, 40, [65534, 81920 - 65534]],
  ])('hands over data in blocks of at most %i bytes: %i sectors', (limit, count, blocks) => {
    const { host, medium } = bench();
    host.packet([0x28, 0, 0, 0, 0x10, 0x00, 0, 0, count], { limit });
    expect([host.in8(2), host.irq]).toEqual([0x02, true]);
    host.irqs = 1;
    const found = host.takeAll();
    expect([found.blocks, same(found.bytes, medium.read(0x1000, count))]).toEqual([blocks, true]);
    expect([host.in8(8), host.in8(2), host.irq]).toEqual([READY, 0x03, true]);
  });

  it('hands over data by bus master', () => {
    const { host, medium } = bench();
    host.startDma('in', [
      [0x1_0000, 0x10000],
      [0x2_0000, 0x10000],
      [0x3_0000, 9 * 2048],
    ]);
    host.packet([0xa8, 0, 0, 0, 0, 7, 0, 0, 0, 73], { isDma: true });
    host.wait(1_000_000);
    expect([host.in8(8), host.in8(2), host.irq, host.channel.readPort(18, 8)]).toEqual([READY, 0x03, true, 0x04]);
    expect(same(host.memory.subarray(0x1_0000, 0x1_0000 + 73 * 2048), medium.read(7, 73))).toBe(true);
  });

  it('cuts answers to the allocation length, and an odd one leaves a byte out of the last word', () => {
    const { host } = bench();
    expect(answer(host, [0x12, 0, 0, 0, 5])).toEqual([0x05, 0x80, 0x00, 0x21, 31]);
    expect(host.packet([0x12, 0, 0, 0, 0])).toBe(READY);
  });

  it('DEVICE RESET ends whatever is under way', () => {
    const { host } = bench();
    host.packet([0x28, 0, 0, 0, 0, 0, 0, 0, 9]);
    host.out8(7, 0x08);
    expect([host.ready(), host.in8(4), host.in8(5)]).toEqual([0x00, 0x14, 0xeb]);
  });

  it.each([0xec, 0x20])('command %i of disks is aborted, with the signature', (command) => {
    const { host } = bench();
    expect([host.command(command), host.in8(1), host.in8(4), host.in8(5)]).toEqual([FAILED, 0x04, 0x14, 0xeb]);
  });
});

describe('packets', () => {
  it('INQUIRY', () => {
    const data = answer(bench().host, [0x12, 0, 0, 0, 36]);
    expect(String.fromCharCode(...data.slice(8))).toBe('Maker   Model           1.0 ');
  });

  it('READ CAPACITY', () => {
    expect(answer(bench().host, [0x25])).toEqual([0, 0, 0x13, 0x87, 0, 0, 8, 0]);
  });

  it.each([
    [
      'the track and the lead-out',
      [0x43, 0, 0, 0, 0, 0, 0, 0, 50],
      [0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0x13, 0x88],
    ],
    ['in minutes, seconds, frames', [0x43, 2, 0, 0, 0, 0, 0xaa, 0, 50], [0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 1, 8, 50]],
    ['the session', [0x43, 0, 1, 0, 0, 0, 0, 0, 12], [0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]],
    [
      'the session, asked for the old way',
      [0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40],
      [0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0],
    ],
    ['cut', [0x43, 0, 0, 0, 0, 0, 0, 0, 4], [0, 18, 1, 1]],
  ])('READ TOC: %s', (_, packet, expected) => {
    expect(answer(bench().host, packet)).toEqual(expected);
  });

  it('READ TOC: the lead-in', () => {
    const data = answer(bench().host, [0x43, 0, 2, 0, 0, 0, 0, 0x01, 0]);
    expect([data.length, data[1], ...data.slice(4 + 2 * 11, 4 + 3 * 11)]).toEqual([
      48, 46, 1, 0x14, 0, 0xa2, 0, 0, 0, 0, 1, 8, 50,
    ]);
  });

  it('GET CONFIGURATION', () => {
    const data = answer(bench().host, [0x46, 0, 0, 0, 0, 0, 0, 0, 100]);
    expect(data.slice(0, 20)).toEqual([0, 0, 0, data.length - 4, 0, 0, 0, 8, 0, 0, 3, 8, 0, 0x10, 0, 0, 0, 8, 1, 0]);
    expect(answer(bench().host, [0x46, 2, 0, 3, 0, 0, 0, 0, 100]).slice(8)).toEqual([0, 3, 3, 4, 0x29, 0, 0, 0]);
  });

  it('MODE SENSE', () => {
    expect(answer(bench().host, [0x5a, 0, 0x01, 0, 0, 0, 0, 0, 100])).toEqual([
      0, 14, 1, 0, 0, 0, 0, 0, 1, 6, 0, 5, 0, 0, 0, 0,
    ]);
    expect(answer(bench().host, [0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 100])).toHaveLength(36);
  });

  it('READ CD gives user data', () => {
    const { host, medium } = bench();
    host.packet([0xbe, 0, 0, 0, 0, 9, 0, 0, 1, 0x10]);
    expect(same(host.takeAll().bytes, medium.sector(9))).toBe(true);
    expect(host.packet([0xbe, 0, 0, 0, 0, 9, 0, 0, 1, 0xf8])).toBe(FAILED);
  });

  it.each([
    ['an unknown operation', [0xff], [5, 0x20, 0]],
    ['a read beyond the end', [0x28, 0, 0, 0, 0x13, 0x88, 0, 0, 1], [5, 0x21, 0]],
    ['a read across the end', [0xa8, 0, 0, 0, 0x13, 0x87, 0, 0, 0, 2], [5, 0x21, 0]],
    ['a seek beyond the end', [0x2b, 0, 0, 0, 0x13, 0x88], [5, 0x21, 0]],
    ['vital product data', [0x12, 1, 0x80, 0, 36], [5, 0x24, 0]],
    ['an unknown mode page', [0x5a, 0, 0x05, 0, 0, 0, 0, 0, 100], [5, 0x24, 0]],
    ['saved mode pages', [0x5a, 0, 0xea, 0, 0, 0, 0, 0, 100], [5, 0x39, 0]],
    ['asynchronous events', [0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8], [5, 0x24, 0]],
    ['an unknown table of contents', [0x43, 0, 5, 0, 0, 0, 0, 0, 8], [5, 0x24, 0]],
  ])('fail by CHECK CONDITION: %s', (_, packet, expected) => {
    const { host } = bench();
    expect([host.packet(packet), host.in8(1), host.in8(2), host.irq]).toEqual([FAILED, 0x54, 0x03, true]);
    expect(sense(host)).toEqual(expected);
    expect(sense(host)).toEqual([0, 0, 0]);
  });

  it('a bad sector is a medium error', () => {
    const { host, medium } = bench();
    medium.badFrom = 100;
    host.packet([0x28, 0, 0, 0, 0, 98, 0, 0, 4], { limit: 2048 });
    expect([host.takeAll().blocks, host.in8(8), host.in8(1)]).toEqual([[2048, 2048], FAILED, 0x30]);
    expect(sense(host)).toEqual([3, 0x11, 0]);
  });
});

it('the tray opens unless locked, is empty to the host then, and tells that a disc came in', () => {
  const { host } = bench();
  const events = () => answer(host, [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]).slice(4, 6);
  expect(events()).toEqual([0, 2]);
  host.packet([0x1e, 0, 0, 0, 1]);
  expect([host.packet([0x1b, 0, 0, 0, 2]), ...sense(host)]).toEqual([FAILED, 5, 0x53, 2]);
  host.packet([0x1e, 0, 0, 0, 0]);
  expect([host.packet([0x1b, 0, 0, 0, 2]), host.packet([0x25]), ...sense(host)]).toEqual([READY, FAILED, 2, 0x3a, 0]);
  expect(events()).toEqual([0, 1]);
  expect([host.packet([0x1b, 0, 0, 0, 3]), ...events(), host.packet([0x00]), ...sense(host)]).toEqual([
    READY,
    2,
    2,
    FAILED,
    6,
    0x28,
    0,
  ]);
  expect([host.packet([0x00]), ...events()]).toEqual([READY, 0, 2]);
});
