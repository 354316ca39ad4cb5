import { describe, expect, it } from 'vitest';
import {
  CR0_PG,
  CR4_LA57,
  CR4_PAE,
  CR4_PSE,
  createPagingRegisters,
  EFER_LMA,
  linearAddressBitsOf,
  PAGING_MODE_NAMES,
  pagingModeOf,
} from './paging-mode.ts';

describe('pagingModeOf', () => {
  it.each<[cr0: number, cr4: number, efer: number, name: string, bits: number]>([
    [0, 0, 0, 'no paging', 32],
    [1, CR4_PAE | CR4_LA57, EFER_LMA, 'no paging', 32],
    [CR0_PG, 0, 0, '32-bit paging', 32],
    [CR0_PG, CR4_PSE, 0, '32-bit paging', 32],
    [CR0_PG, CR4_PAE, 0, 'PAE paging', 32],
    [CR0_PG, CR4_PAE | CR4_LA57, 0, 'PAE paging', 32],
    [CR0_PG, CR4_PAE, EFER_LMA, '4-level paging', 48],
    [CR0_PG, CR4_PAE | CR4_LA57, EFER_LMA, '5-level paging', 57],
    [0x8000_0001, CR4_PAE, 0x500, '4-level paging', 48],
  ])('CR0 %i, CR4 %i, EFER %i: %s', (cr0, cr4, efer, name, bits) => {
    const mode = pagingModeOf(createPagingRegisters({ cr0, cr4, efer }));
    expect([PAGING_MODE_NAMES[mode], linearAddressBitsOf(mode)]).toEqual([name, bits]);
  });
});
