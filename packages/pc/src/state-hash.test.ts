import { describe, expect, it } from 'vitest';
import { readImage } from '../test/images.ts';
import { loadImage } from './load.ts';
import { hashMachine, hashMemory, hashProcessor, StateHash } from './state-hash.ts';

function digestOf(data: unknown): string {
  const hash = new StateHash();
  hash.addData(data);
  return hash.digest;
}

describe('a state hash', () => {
  it('is 16 hexadecimal digits, the same on every host', () => {
    expect(new StateHash().digest).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf({ a: 1, b: [true, null, 'x'], c: Uint8Array.of(1, 2) })).toMatchInlineSnapshot(
      `"cf5f387303e1ea13"`,
    );
  });

  it('ignores the order of keys and nothing else', () => {
    expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
    const different = [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
      { a: 1, c: 2 },
      { a: 1 },
      [1, 2],
      [2, 1],
      [[1], 2],
      [[1, 2]],
      '12',
      12,
    ];
    const data = [
      ...different,
      '',
      null,
      false,
      0,
      -1,
      2 ** 40,
      2 ** 41,
      Uint8Array.of(12),
      Uint8Array.of(0, 12),
      Uint8Array.of(),
    ];
    expect(new Set(data.map(digestOf)).size).toBe(data.length);
  });

  it('differs for every single bit of its input', () => {
    const words = new Uint32Array(64);
    const digests = new Set<string>();
    for (let bit = 0; bit < 64 * 32; bit++) {
      words.fill(0);
      words[bit >> 5] = 1 << (bit & 31);
      const hash = new StateHash();
      hash.addWords(words);
      digests.add(hash.digest);
    }
    expect(digests.size).toBe(64 * 32);
  });

  it('takes words one by one or all at once', () => {
    const words = Uint32Array.of(1, 0xffffffff, 0, 0x80000000);
    const [one, all] = [new StateHash(), new StateHash()];
    for (const word of words) one.add(word);
    all.addWords(words);
    expect(one.digest).toBe(all.digest);
  });
});

describe('the hash of a machine', () => {
  const make = (): ReturnType<typeof loadImage>['pc'] =>
    loadImage(readImage('hello.elf'), { ramSizeBytes: 2 ** 23 }).pc;

  it('is the same for two machines that were made alike', () => {
    expect(hashMachine(make())).toBe(hashMachine(make()));
  });

  it('sees every general register, and flags by value', () => {
    const pc = make();
    const digests = new Set([hashProcessor(pc.cpu)]);
    for (let index = 0; index < 16; index++) {
      pc.cpu.state.setGpr(index, pc.cpu.state.gpr(index) ^ 0x8000000000000000n);
      digests.add(hashProcessor(pc.cpu));
    }
    expect(digests.size).toBe(17);
    const before = hashProcessor(pc.cpu);
    const flags = pc.cpu.state.rflags;
    pc.cpu.state.rflags = flags ^ 0x1;
    expect(hashProcessor(pc.cpu)).not.toBe(before);
    pc.cpu.state.rflags = flags;
    expect(hashProcessor(pc.cpu)).toBe(before);
  });

  it('sees the last byte of memory', () => {
    const { memory } = make().cpu;
    const before = hashMemory(memory);
    memory.write8(memory.ramSizeBytes - 1, 1);
    expect(hashMemory(memory)).not.toBe(before);
  });

  it('sees where bytes are', () => {
    const [one, other] = [make().cpu.memory, make().cpu.memory];
    one.write8(0x700000, 1);
    other.write8(0x701000, 1);
    expect(hashMemory(one)).not.toBe(hashMemory(other));
  });

  it('sees the parts', () => {
    const pc = make();
    const before = hashMachine(pc);
    pc.ports.write(0x3ff, 8, 0x5a);
    expect(hashMachine(pc)).not.toBe(before);
  });
});
