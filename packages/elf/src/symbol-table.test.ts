import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseElf } from './elf.ts';
import { createSymbolTable, type SymbolTable } from './symbol-table.ts';
import { buildElf } from './testing/image.ts';
import { buildSymbols, type SymbolSpec } from './testing/sample.ts';

const FUNC = 0x12;
const LABEL = 0x00;

function tableOf(symbols: readonly SymbolSpec[], type = 2): SymbolTable {
  const { entries, names } = buildSymbols({ width: 64, isLittleEndian: true }, symbols);
  return createSymbolTable(
    parseElf(
      buildElf({
        type,
        sections: [
          { name: '.text', type: 1, address: 0x1000, data: new Uint8Array(0x200) },
          { name: '.symtab', type: 2, link: 3, data: entries, entrySize: 24 },
          { name: '.strtab', type: 3, data: names },
        ],
      }),
    ),
  );
}

function nameAt(table: SymbolTable, address: number): string | null {
  const match = table.lookup(BigInt(address));
  return match === null ? null : `${match.name}+${match.offset}`;
}

describe('a symbol table', () => {
  it('finds the function that holds an address', () => {
    const table = tableOf([
      { name: 'b', value: 0x1010, size: 0x10, info: FUNC, sectionIndex: 1 },
      { name: 'a', value: 0x1000, size: 0x10, info: FUNC, sectionIndex: 1 },
    ]);
    expect([0xfff, 0x1000, 0x100f, 0x1010, 0x101f, 0x1020].map((at) => nameAt(table, at))).toEqual([
      null,
      'a+0',
      'a+15',
      'b+0',
      'b+15',
      null,
    ]);
    expect(table.count).toBe(2);
  });

  it('lets a label without a size reach to the next symbol or the end of its section', () => {
    const table = tableOf([
      { name: 'start', value: 0x1000, info: LABEL, sectionIndex: 1 },
      { name: 'loop', value: 0x1004, info: LABEL, sectionIndex: 1 },
    ]);
    expect([0x1003, 0x1004, 0x11ff, 0x1200].map((at) => nameAt(table, at))).toEqual([
      'start+3',
      'loop+0',
      'loop+507',
      null,
    ]);
  });

  it('returns to the outer function after an inner one', () => {
    const table = tableOf([
      { name: 'outer', value: 0x1000, size: 0x100, info: FUNC, sectionIndex: 1 },
      { name: 'inner', value: 0x1010, size: 0x10, info: FUNC, sectionIndex: 1 },
    ]);
    expect([0x100f, 0x1010, 0x101f, 0x1020, 0x10ff, 0x1100].map((at) => nameAt(table, at))).toEqual([
      'outer+15',
      'inner+0',
      'inner+15',
      'outer+32',
      'outer+255',
      null,
    ]);
  });

  it('prefers functions with sizes and global names among aliases', () => {
    const table = tableOf([
      { name: 'label', value: 0x1000, info: LABEL, sectionIndex: 1 },
      { name: 'local', value: 0x1000, size: 4, info: 0x02, sectionIndex: 1 },
      { name: 'global', value: 0x1000, size: 4, info: FUNC, sectionIndex: 1 },
    ]);
    expect(nameAt(table, 0x1001)).toBe('global+1');
  });

  it('leaves out files, sections, thread-local offsets, undefined symbols and bare numbers', () => {
    const table = tableOf([
      { name: 'file', value: 0x1000, info: 4, sectionIndex: 0xfff1 },
      { name: 'section', value: 0x1000, info: 3, sectionIndex: 1 },
      { name: 'tls', value: 0x1000, info: 6, sectionIndex: 1 },
      { name: 'undefined', value: 0x1000, info: FUNC },
      { name: 'STACK_SIZE', value: 0x1000, info: 0x10, sectionIndex: 0xfff1 },
    ]);
    expect(table.count).toBe(0);
    expect(table.lookup(0x1000n)).toBeNull();
  });

  it('finds a symbol by name, a global one before a local one', () => {
    const table = tableOf([
      { name: 'x', value: 0x1004, info: 0x02, sectionIndex: 1 },
      { name: 'x', value: 0x1008, info: FUNC, sectionIndex: 1 },
    ]);
    expect(table.find('x')?.value).toBe(0x1008n);
    expect(table.find('y')).toBeNull();
  });

  it('is empty for a relocatable object and for a stripped file', () => {
    expect(tableOf([{ name: 'a', value: 0, size: 8, info: FUNC, sectionIndex: 1 }], 1).count).toBe(0);
    expect(createSymbolTable(parseElf(buildElf({}))).lookup(0n)).toBeNull();
  });

  it('gives a byte to the symbol with a size that started last and has not ended', () => {
    const symbols = fc.uniqueArray(fc.record({ start: fc.nat(63), size: fc.integer({ min: 1, max: 64 }) }), {
      selector: (symbol) => symbol.start,
      maxLength: 20,
    });
    fc.assert(
      fc.property(symbols, (list) => {
        const table = tableOf(
          list.map(({ start, size }) => ({
            name: `f${start}`,
            value: 0x1000 + start,
            size,
            info: FUNC,
            sectionIndex: 1,
          })),
        );
        for (let at = 0; at < 130; at++) {
          const holders = list.filter(({ start, size }) => start <= at && at < start + size);
          const last = holders.reduce((start, symbol) => Math.max(start, symbol.start), -1);
          expect(nameAt(table, 0x1000 + at)).toBe(last < 0 ? null : `f${last}+${at - last}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});
