import { ByteWriter } from './byte-writer.ts';
import { buildElf, type SectionSpec } from './image.ts';

/** The four kinds of image. */
export const LAYOUTS: readonly { readonly width: 32 | 64; readonly isLittleEndian: boolean }[] = [
  { width: 32, isLittleEndian: true },
  { width: 32, isLittleEndian: false },
  { width: 64, isLittleEndian: true },
  { width: 64, isLittleEndian: false },
];

/** A symbol to put into a table. */
export interface SymbolSpec {
  readonly name: string;
  readonly value?: bigint | number;
  readonly size?: bigint | number;
  readonly info?: number;
  readonly other?: number;
  readonly sectionIndex?: number;
}

/**
 * Builds the bytes of a symbol table and of its string table. The empty symbol 0 is added.
 *
 * @param layout class and byte order
 * @param symbols the entries from 1 on
 * @returns the two tables' bytes
 */
export function buildSymbols(
  layout: { readonly width: 32 | 64; readonly isLittleEndian: boolean },
  symbols: readonly SymbolSpec[],
): { entries: Uint8Array; names: Uint8Array } {
  const names = new ByteWriter(true).raw([0]);
  const entries = new ByteWriter(layout.isLittleEndian);
  const encoder = new TextEncoder();
  for (const symbol of [{ name: '' }, ...symbols] as readonly SymbolSpec[]) {
    const { name, value = 0, size = 0, info = 0, other = 0, sectionIndex = 0 } = symbol;
    const nameOffset = name === '' ? 0 : names.length;
    if (name !== '') names.raw(encoder.encode(`${name}\0`));
    entries.integer(nameOffset, 4);
    if (layout.width === 32) entries.integer(value, 4).integer(size, 4);
    entries.integer(info, 1).integer(other, 1).integer(sectionIndex, 2);
    if (layout.width === 64) entries.integer(value, 8).integer(size, 8);
  }
  return { entries: entries.bytes(), names: names.bytes() };
}

/**
 * Builds a small executable with one of everything: code, data, zeroed memory, symbols, notes, a dynamic table and
 * relocations of all three forms. Virtual addresses begin at 0x10000, physical ones at 0x90000.
 *
 * @param layout class and byte order
 * @returns the file, about two kilobytes
 */
export function buildSample(layout: { readonly width: 32 | 64; readonly isLittleEndian: boolean }): Uint8Array {
  const { width, isLittleEndian } = layout;
  const word = width / 8;
  const writer = (): ByteWriter => new ByteWriter(isLittleEndian);
  const note = writer()
    .integer(4, 4)
    .integer(5, 4)
    .integer(3, 4)
    .raw([0x47, 0x4e, 0x55, 0])
    .raw([1, 2, 3, 4, 5, 0, 0, 0]);
  const { entries, names } = buildSymbols(layout, [
    { name: 'file.c', info: 4, sectionIndex: 0xfff1 },
    { name: 'local', value: 0x10010, size: 4, info: 0x02, sectionIndex: 1 },
    { name: '_start', value: 0x10000, size: 0x10, info: 0x12, sectionIndex: 1 },
    { name: 'größe', value: 0x20000, size: 8, info: 0x21, other: 2, sectionIndex: 2 },
    { name: 'missing', info: 0x10 },
  ]);
  // The data segment in memory: the dynamic table at 0x20100, the tables that it names after it.
  const relocationInfo = width === 64 ? 8n : 8;
  const rela = writer().integer(0x20000, word).integer(relocationInfo, word).integer(-16, word).bytes();
  const rel = writer().integer(0x20008, word).integer(relocationInfo, word).bytes();
  const relr = writer().integer(0x20010, word).integer(0b1011, word).bytes();
  const strings = [0, ...new TextEncoder().encode('libx.so\0')];
  const base = 0x20100 + 16 * 2 * word;
  const relAt = base + rela.length;
  const relrAt = relAt + rel.length;
  const stringsAt = relrAt + relr.length;
  const tags: readonly (readonly [number, number])[] = [
    [1, 1],
    [5, stringsAt],
    [10, strings.length],
    [7, base],
    [8, rela.length],
    [9, 3 * word],
    [17, relAt],
    [18, rel.length],
    [19, 2 * word],
    [36, relrAt],
    [35, relr.length],
    [37, word],
    [0, 0],
  ];
  const data = writer();
  for (let index = 0; index < 8; index++) data.integer(0x1000 + index, word);
  data.padTo(0x100);
  for (const [tag, value] of tags) data.integer(tag, word).integer(value, word);
  data
    .padTo(base - 0x20000)
    .raw(rela)
    .raw(rel)
    .raw(relr)
    .raw(strings);
  const sections: SectionSpec[] = [
    { name: '.text', type: 1, flags: 6, address: 0x10000, data: [0xf4, 0xeb, 0xfd], alignment: 16 },
    { name: '.data', type: 1, flags: 3, address: 0x20000, data: data.bytes(), alignment: 8 },
    { name: '.bss', type: 8, flags: 3, address: 0x21000, size: 0x2000, alignment: 0x1000 },
    { name: '.note.gnu', type: 7, data: note.bytes(), alignment: 4 },
    { name: '.symtab', type: 2, link: 6, info: 3, data: entries, entrySize: width === 64 ? 24 : 16, alignment: 8 },
    { name: '.strtab', type: 3, data: names, alignment: 1 },
    { name: '.rela.text', type: 4, link: 5, info: 1, data: rela, entrySize: 3 * word, alignment: 8 },
    { name: '.rel.text', type: 9, link: 5, info: 1, data: rel, entrySize: 2 * word, alignment: 8 },
  ];
  return buildElf({
    width,
    isLittleEndian,
    entry: 0x10000,
    segments: [
      {
        type: 1,
        flags: 5,
        virtualAddress: 0x10000,
        physicalAddress: 0x90000,
        data: [0xf4, 0xeb, 0xfd],
        memorySize: 0x40,
        alignment: 16,
      },
      {
        type: 1,
        flags: 6,
        virtualAddress: 0x20000,
        physicalAddress: 0xa0000,
        data: data.bytes(),
        memorySize: 0x3000,
        alignment: 16,
      },
      { type: 4, flags: 4, data: note.bytes(), alignment: 4 },
      // The dynamic table inside the data segment, whose offset is the first multiple of 16 after the code.
      dynamicSegment(width, 13 * 2 * word),
    ],
    sections,
  });
}

function dynamicSegment(width: 32 | 64, size: number): { type: number } & Record<string, number> {
  const headers = width === 64 ? 64 + 4 * 56 : 52 + 4 * 32;
  const code = Math.ceil(headers / 16) * 16;
  const data = Math.ceil((code + 3) / 16) * 16;
  return { type: 2, flags: 6, virtualAddress: 0x20100, offset: data + 0x100, fileSize: size, memorySize: size };
}
