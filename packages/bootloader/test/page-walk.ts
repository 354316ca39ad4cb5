import type { TestMemory } from './test-memory.ts';

/** Where a linear address leads, and what all levels together permit. */
export interface Walked {
  readonly physical: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
  readonly pageSize: number;
}

/** Walks 4-level paging structures from scratch, sharing nothing with the code that builds them. */
export function walk(memory: TestMemory, cr3: bigint, linear: bigint): Walked | null {
  const shifts = [39n, 30n, 21n, 12n];
  let table = Number(cr3 & 0x000ffffffffff000n);
  let isWritable = true;
  let isExecutable = true;
  for (const shift of shifts) {
    const index = Number((linear >> shift) & 0x1ffn);
    const entry = memory.u64(table + 8 * index);
    if ((entry & 1n) === 0n) return null;
    if ((entry & 4n) !== 0n) throw new Error('a kernel page must not be a user page');
    isWritable &&= (entry & 2n) !== 0n;
    isExecutable &&= entry >> 63n === 0n;
    const isLarge = shift !== 39n && shift !== 12n && (entry & 0x80n) !== 0n;
    if (shift === 12n || isLarge) {
      const pageSize = 1n << shift;
      const frame = entry & 0x000ffffffffff000n;
      if (frame % pageSize !== 0n) throw new Error('a frame is not aligned to its size');
      const physical = Number(frame | (linear & (pageSize - 1n)));
      return { physical, isWritable, isExecutable, pageSize: Number(pageSize) };
    }
    table = Number(entry & 0x000ffffffffff000n);
  }
  return null;
}

/** Every page that is mapped, ascending by its 48-bit address. */
export function* mappedPages(memory: TestMemory, cr3: bigint): Generator<[address: bigint, page: Walked]> {
  function* below(table: number, level: number, base: bigint): Generator<bigint> {
    const shift = BigInt(12 + 9 * (level - 1));
    for (let index = 0; index < 512; index++) {
      const entry = memory.u64(table + 8 * index);
      if ((entry & 1n) === 0n) continue;
      const address = base + (BigInt(index) << shift);
      if (level === 1 || (level <= 3 && (entry & 0x80n) !== 0n)) yield address;
      else yield* below(Number(entry & 0x000ffffffffff000n), level - 1, address);
    }
  }
  for (const address of below(Number(cr3), 4, 0n)) {
    const page = walk(memory, cr3, address);
    if (page === null) throw new Error('listed but not mapped');
    yield [address, page];
  }
}
