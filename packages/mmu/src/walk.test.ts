import { describe, expect, it } from 'vitest';
import { MemoryImage } from './memory.ts';
import { CR0_PG, CR4_PAE, createPagingRegisters, EFER_LMA } from './paging-mode.ts';
import { PageWalker, WALK_OK, WALK_PAGE_FAULT } from './walk.ts';

describe('PageWalker', () => {
  it('translates a linear address to itself without paging', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0) });
    const walker = new PageWalker({ memory, registers: createPagingRegisters() });
    expect(walker.walk(-1, 0, 0)).toBe(WALK_OK);
    expect(walker.physical).toBe(0xffff_ffff);
  });

  it('follows four levels of 4-level paging and sets accessed flags', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0x5000) });
    for (const table of [0, 1, 2, 3]) memory.write32(table * 0x1000 + 8, (table + 1) * 0x1000 + 3);
    const registers = createPagingRegisters({ cr0: CR0_PG, cr4: CR4_PAE, efer: EFER_LMA });
    const walker = new PageWalker({ memory, registers });
    expect(walker.walk(0x4020_1abc, 0x80, 0)).toBe(WALK_OK);
    expect(walker.physical).toBe(0x4abc);
    for (const table of [0, 1, 2, 3]) expect(memory.read32(table * 0x1000 + 8)).toBe((table + 1) * 0x1000 + 0x23);
    expect(walker.walk(0, 0, 0)).toBe(WALK_PAGE_FAULT);
    expect(walker.errorCode).toBe(0);
  });
});
