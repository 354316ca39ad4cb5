import { describe, expect, it } from 'vitest';
import { readDynamic } from './dynamic.ts';
import { fileOffsetOf, findSection, parseElf, sectionBytes, segmentBytes } from './elf.ts';
import { ElfError } from './error.ts';
import { readBuildId, readNotes, readNotesIn } from './note.ts';
import { applyRelativeRelocations, relativeRelocations } from './relative.ts';
import { readDynamicRelocations, readRelocations, readRelr } from './relocation.ts';
import { readBestSymbols, readSymbols } from './symbol.ts';
import { buildElf, type ImageSpec } from './testing/image.ts';
import { buildSample, buildSymbols, LAYOUTS } from './testing/sample.ts';

function need<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('expected a value');
  return value;
}

function errorOf(action: () => unknown): ElfError {
  try {
    action();
  } catch (error) {
    if (error instanceof ElfError) return error;
    throw error;
  }
  throw new Error('expected an ElfError');
}

describe.each(LAYOUTS)('an ELF$width image, little-endian $isLittleEndian', (layout) => {
  const elf = parseElf(buildSample(layout));

  it('has its class, byte order and header', () => {
    expect(elf.identification).toEqual({ ...layout, version: 1, osAbi: 0, abiVersion: 0 });
    expect(elf.header).toMatchObject({
      type: 2,
      machine: layout.width === 64 ? 62 : 3,
      entry: 0x10000n,
      programHeaderCount: 4,
      sectionHeaderCount: 10,
      sectionNameIndex: 9,
    });
  });

  it('has segments with virtual and physical addresses, and their bytes', () => {
    const [code, data] = elf.segments;
    expect(code).toMatchObject({
      type: 1,
      flags: 5,
      virtualAddress: 0x10000n,
      physicalAddress: 0x90000n,
      fileSize: 3n,
      memorySize: 0x40n,
      alignment: 16n,
    });
    expect([...segmentBytes(elf, need(elf.segments[0]))]).toEqual([0xf4, 0xeb, 0xfd]);
    expect(data).toMatchObject({ flags: 6, virtualAddress: 0x20000n, memorySize: 0x3000n });
  });

  it('has sections by name', () => {
    expect(elf.sections.map((section) => section.name)).toEqual([
      '',
      '.text',
      '.data',
      '.bss',
      '.note.gnu',
      '.symtab',
      '.strtab',
      '.rela.text',
      '.rel.text',
      '.shstrtab',
    ]);
    expect(findSection(elf, '.bss')).toMatchObject({ type: 8, size: 0x2000n, address: 0x21000n, alignment: 0x1000n });
    expect(sectionBytes(elf, need(findSection(elf, '.bss')))).toHaveLength(0);
    expect(findSection(elf, '.none')).toBeNull();
  });

  it('has symbols with names in UTF-8', () => {
    const symbols = readSymbols(elf, need(findSection(elf, '.symtab')));
    expect(symbols.map((symbol) => symbol.name)).toEqual(['', 'file.c', 'local', '_start', 'größe', 'missing']);
    expect(symbols[4]).toEqual({
      index: 4,
      name: 'größe',
      value: 0x20000n,
      size: 8n,
      binding: 2,
      type: 1,
      visibility: 2,
      other: 2,
      place: 'section',
      sectionIndex: 2,
    });
    expect(symbols[1]).toMatchObject({ place: 'absolute', sectionIndex: 0xfff1 });
    expect(symbols[5]).toMatchObject({ place: 'undefined' });
    expect(readBestSymbols(elf)).toEqual(symbols);
  });

  it('has notes, from the segment and from the section', () => {
    const [note] = readNotes(elf);
    expect(note).toMatchObject({ name: 'GNU', type: 3, descriptor: Uint8Array.of(1, 2, 3, 4, 5) });
    expect(readNotesIn(elf, need(findSection(elf, '.note.gnu')))).toMatchObject([{ name: 'GNU', type: 3 }]);
    expect(readBuildId(elf)).toBe('0102030405');
  });

  it('has a dynamic table with names', () => {
    const entries = readDynamic(elf);
    expect(entries).toHaveLength(12);
    expect(entries[0]).toEqual({ tag: 1n, value: 1n, name: 'libx.so' });
  });

  it('has relocations with and without addends', () => {
    expect(readRelocations(elf, need(findSection(elf, '.rela.text')))).toMatchObject([
      { offset: 0x20000n, type: 8, symbolIndex: 0, addend: -16n },
    ]);
    expect(readRelocations(elf, need(findSection(elf, '.rel.text')))).toMatchObject([
      { offset: 0x20008n, addend: null },
    ]);
  });

  it('expands compressed relative relocations', () => {
    const word = BigInt(layout.width / 8);
    const { entries, relr } = readDynamicRelocations(elf);
    expect([...entries]).toHaveLength(2);
    // An address, then a bitmap with bits 1 and 3: the words 0 and 2 after it.
    expect([...relr]).toEqual([0x20010n, 0x20010n + word, 0x20010n + 3n * word]);
  });

  it('applies relative relocations of all three forms', () => {
    const memory = new Map<bigint, bigint>();
    const bias = 0x100000n;
    const count = applyRelativeRelocations(elf, bias, {
      readWord: (address) => memory.get(address) ?? 5n,
      writeWord: (address, value) => memory.set(address, value),
    });
    expect(count).toBe(5);
    expect(memory.get(0x120000n)).toBe(bias - 16n);
    expect(memory.get(0x120008n)).toBe(bias + 5n);
    expect(memory.get(0x120010n)).toBe(bias + 5n);
  });

  it('translates addresses to file offsets', () => {
    const offset = fileOffsetOf(elf, 0x10001n, 2n);
    expect(elf.bytes[need(offset)]).toBe(0xeb);
    expect(fileOffsetOf(elf, 0x10001n, 3n)).toBeNull();
    expect(fileOffsetOf(elf, 0xffffn, 1n)).toBeNull();
  });

  it('keeps its tables when the counts are in section 0', () => {
    const spec: ImageSpec = {
      ...layout,
      segments: [{ type: 1, data: [1, 2, 3] }],
      sections: [{ name: '.a', type: 1, data: [1] }],
    };
    const plain = parseElf(buildElf(spec));
    const extended = parseElf(buildElf({ ...spec, hasExtendedCounts: true }));
    expect(extended.header).toEqual(plain.header);
    expect(extended.segments).toEqual(plain.segments);
    expect(extended.sections.slice(1)).toEqual(plain.sections.slice(1));
  });

  it('resolves extended section indices of symbols', () => {
    const { entries, names } = buildSymbols(layout, [{ name: 'far', sectionIndex: 0xffff }]);
    const indices = layout.isLittleEndian ? [0, 0, 0, 0, 0x45, 0x23, 1, 0] : [0, 0, 0, 0, 0, 1, 0x23, 0x45];
    const image = parseElf(
      buildElf({
        ...layout,
        sections: [
          { name: '.symtab', type: 2, link: 2, data: entries, entrySize: layout.width === 64 ? 24 : 16 },
          { name: '.strtab', type: 3, data: names },
          { name: '.symtab_shndx', type: 18, link: 1, data: indices, entrySize: 4 },
        ],
      }),
    );
    expect(readBestSymbols(image)[1]).toMatchObject({ name: 'far', place: 'section', sectionIndex: 0x12345 });
  });

  it('is refused with one line if any part of its end is missing', () => {
    const bytes = buildSample(layout);
    for (let length = 0; length < bytes.length; length++) {
      const error = errorOf(() => parseElf(bytes.subarray(0, length)));
      expect(error.message).not.toContain('\n');
    }
  });

  it('parses from a view into a larger buffer', () => {
    const bytes = buildSample(layout);
    const larger = new Uint8Array(bytes.length + 100).fill(0xff);
    larger.set(bytes, 33);
    const shifted = parseElf(larger.subarray(33, 33 + bytes.length));
    expect(readBestSymbols(shifted)).toEqual(readBestSymbols(elf));
    expect([...relativeRelocations(shifted)]).toEqual([...relativeRelocations(elf)]);
    expect(readNotes(shifted)[0]?.offset).toBe(readNotes(elf)[0]?.offset);
  });
});

function patched(patches: Readonly<Record<number, number | bigint>>, size = 2): Uint8Array {
  const bytes = buildSample({ width: 64, isLittleEndian: true });
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of Object.entries(patches)) {
    if (size === 8) view.setBigUint64(Number(offset), BigInt(value), true);
    else if (size === 4) view.setUint32(Number(offset), Number(value), true);
    else if (size === 2) view.setUint16(Number(offset), Number(value), true);
    else view.setUint8(Number(offset), Number(value));
  }
  return bytes;
}

describe('a wrong image', () => {
  it.each([
    ['an empty file', new Uint8Array(), 'not-elf', 0],
    ['text', new TextEncoder().encode('#!/bin/sh\n'), 'not-elf', 0],
    ['magic alone', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), 'truncated', 0],
    ['class 3', patched({ 4: 3 }, 1), 'unsupported', 4],
    ['byte order 0', patched({ 5: 0 }, 1), 'unsupported', 5],
    ['identification version 2', patched({ 6: 2 }, 1), 'unsupported', 6],
    ['e_version 0', patched({ 20: 0 }, 4), 'unsupported', 20],
    ['program headers of 55 bytes', patched({ 54: 55 }), 'bad-entry-size', 54],
    ['section headers of 0 bytes', patched({ 58: 0 }), 'bad-entry-size', 58],
    ['program headers past the end', patched({ 32: 1n << 40n }, 8), 'truncated', 32],
    ['program headers at 2^64-1', patched({ 32: (1n << 64n) - 1n }, 8), 'truncated', 32],
    ['section headers past the end', patched({ 60: 0xfeff }), 'truncated', 40],
    ['program headers inside the ELF header', patched({ 32: 16n }, 8), 'tables-overlap', 32],
    ['section headers inside the program headers', patched({ 40: 72n, 60: 2n }, 8), 'tables-overlap', 40],
    ['a name table index past the sections', patched({ 62: 10 }), 'bad-index', 62],
    ['a name table that is code', patched({ 62: 1 }), 'bad-index', undefined],
    ['sections without a section header table', patched({ 40: 0n }, 8), 'bad-index', 60],
  ] as const)('with %s is refused', (_what, bytes, code, offset) => {
    const error = errorOf(() => parseElf(bytes));
    expect(error.code).toBe(code);
    if (offset !== undefined) expect(error.offset).toBe(offset);
    expect(error.message).toContain(error.expected);
    expect(error.message).toContain(error.found);
  });

  it.each([
    ['2^32 sections', 1n << 32n],
    ['2^64-1 sections', (1n << 64n) - 1n],
    ['as many sections as bytes', 2000n],
  ])('that claims %s is refused at once', (_what, count) => {
    const bytes = buildElf({ sections: [{ name: '.a', type: 1 }], hasExtendedCounts: true });
    const view = new DataView(bytes.buffer);
    view.setBigUint64(Number(view.getBigUint64(40, true)) + 32, count, true);
    expect(errorOf(() => parseElf(bytes)).code).toBe('truncated');
  });

  it('that claims 2^32-1 segments is refused at once', () => {
    const bytes = buildElf({ segments: [{ type: 1 }], hasExtendedCounts: true });
    const view = new DataView(bytes.buffer);
    view.setUint32(Number(view.getBigUint64(40, true)) + 44, 0xffffffff, true);
    expect(errorOf(() => parseElf(bytes)).code).toBe('truncated');
  });

  const bad = (spec: ImageSpec): ReturnType<typeof parseElf> => parseElf(buildElf(spec));

  it('whose segment lies outside the file parses, but has no bytes', () => {
    const elf = bad({ segments: [{ type: 1, offset: 0xffffffffffffffffn, fileSize: 2 }] });
    expect(errorOf(() => segmentBytes(elf, need(elf.segments[0]))).code).toBe('truncated');
  });

  it('whose section lies outside the file parses, but has no bytes', () => {
    const elf = bad({ sections: [{ name: '.a', type: 1, offset: 16, size: 1n << 63n }] });
    expect(errorOf(() => sectionBytes(elf, need(elf.sections[1]))).code).toBe('truncated');
  });

  it.each([
    ['an entry size of 0', { entrySize: 0 }, 'bad-entry-size'],
    ['an entry size of 2^63', { entrySize: 1n << 63n }, 'bad-entry-size'],
    ['half an entry at its end', { data: new Uint8Array(36) }, 'bad-entry-size'],
    ['a link to no section', { link: 77 }, 'bad-index'],
    ['a name outside the string table', { data: [...new Uint8Array(24), 99, ...new Uint8Array(23)] }, 'bad-string'],
    ['a name that does not end', { data: [2, ...new Uint8Array(23)] }, 'bad-string'],
    [
      'an extended index without a table of them',
      { data: [0, 0, 0, 0, 0, 0, 0xff, 0xff, ...new Uint8Array(16)] },
      'bad-index',
    ],
  ] as const)('whose symbol table has %s is refused', (_what, change, code) => {
    const elf = bad({
      sections: [
        { name: '.symtab', type: 2, link: 2, data: new Uint8Array(24), entrySize: 24, ...change },
        { name: '.strtab', type: 3, data: [0, 0x61, 0x62] },
      ],
    });
    expect(errorOf(() => readBestSymbols(elf)).code).toBe(code);
  });

  it('whose symbols all share one long tail is refused instead of read for minutes', () => {
    const count = 20_000;
    const names = new Uint8Array(count + 2).fill(0x61);
    names[0] = names[count + 1] = 0;
    const entries = new DataView(new ArrayBuffer(24 * count));
    for (let index = 0; index < count; index++) entries.setUint32(24 * index, index + 1, true);
    const elf = bad({
      sections: [
        { name: '.symtab', type: 2, link: 2, data: new Uint8Array(entries.buffer), entrySize: 24 },
        { name: '.strtab', type: 3, data: names },
      ],
    });
    expect(errorOf(() => readBestSymbols(elf)).code).toBe('too-large');
  });

  it.each([
    ['a header of 11 bytes', Array.from({ length: 11 }, () => 0)],
    ['a name past the end', [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a descriptor past the end', [0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
  ])('whose note has %s is refused', (_what, data) => {
    const elf = bad({ segments: [{ type: 4, data }] });
    expect(errorOf(() => readNotes(elf)).code).toBe('bad-note');
  });

  it('whose many note segments are all the whole file is refused', () => {
    const elf = bad({ segments: Array.from({ length: 100 }, () => ({ type: 4, offset: 64, fileSize: 5600 })) });
    expect(['too-large', 'bad-note']).toContain(errorOf(() => readNotes(elf)).code);
  });

  it('whose compressed relocations begin with a bitmap is refused', () => {
    const elf = bad({ sections: [{ name: '.relr.dyn', type: 19, data: [3, 0, 0, 0, 0, 0, 0, 0] }] });
    expect(errorOf(() => [...readRelr(elf, need(elf.sections[1]))]).code).toBe('bad-relocation');
    expect(errorOf(() => readRelocations(elf, need(elf.sections[1]))).code).toBe('bad-relocation');
  });

  it('with a relocation that needs a dynamic linker is refused, naming the word', () => {
    const bytes = buildSample({ width: 64, isLittleEndian: true });
    const elf = parseElf(bytes);
    const at = need(fileOffsetOf(elf, 0x20200n, 24n));
    expect(bytes[at + 8]).toBe(8);
    bytes[at + 8] = 6;
    const error = errorOf(() => [...relativeRelocations(elf)]);
    expect(error).toMatchObject({ code: 'bad-relocation', offset: at, found: 'type 6' });
    expect(error.message).toContain('0x20000');
  });

  it('whose dynamic table points outside the segments is refused', () => {
    const data = new BigUint64Array([7n, 0xdead0000n, 8n, 24n, 0n, 0n]);
    const elf = bad({ segments: [{ type: 2, data: new Uint8Array(data.buffer) }] });
    expect(errorOf(() => readDynamicRelocations(elf)).code).toBe('bad-dynamic');
  });
});
