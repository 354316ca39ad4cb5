// readelf of GNU binutils as an independent reader of the same files.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHT_DYNSYM, SHT_NOTE, SHT_REL, SHT_RELA, SHT_RELR, SHT_SYMTAB } from './constants.ts';
import { readDynamic } from './dynamic.ts';
import { type Elf, parseElf } from './elf.ts';
import { readNotesIn } from './note.ts';
import { readRelocations, readRelr } from './relocation.ts';
import { readDynamicSymbols, readSymbols } from './symbol.ts';
import { buildElf } from './testing/image.ts';
import { buildSample, LAYOUTS } from './testing/sample.ts';

function runs(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const hasReadelf = runs('readelf');
const hasGcc = runs('gcc');
const SYSTEM_FILES = ['/bin/ls', '/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2', '/usr/bin/gcc'];
const C_SOURCE = `static int x; int *p = &x; int **q[40] = { &p, 0, &p, [39] = &p };
__attribute__((section(".far"))) int far = 3; const char text[] = "text";
void _start(void) { *p = far; for (;;); }`;
const BUILDS: readonly (readonly [name: string, flags: string])[] = [
  ['gcc -m64 -c', '-c'],
  ['gcc -m32 -c', '-m32 -c'],
  ['gcc -static', '-nostdlib -static -no-pie'],
  ['gcc -m32 -static', '-m32 -nostdlib -static -no-pie'],
  ['gcc -static-pie', '-nostdlib -static-pie -fPIE'],
  ['gcc -static-pie with DT_RELR', '-nostdlib -static-pie -fPIE -Wl,-z,pack-relative-relocs'],
  ['gcc -shared', '-nostdlib -shared -fPIC -Wl,-soname,libtest.so.1 -Wl,--hash-style=both'],
  ['gcc -g', '-nostdlib -static -no-pie -g'],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-elf-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readelf(file: string, ...flags: string[]): string[] {
  const env = { ...process.env, LC_ALL: 'C' };
  const options = { encoding: 'utf8', env, maxBuffer: 1 << 28, stdio: 'pipe' } as const;
  return execFileSync('readelf', ['-W', ...flags, file], options).split('\n');
}

/** The fields of all lines that match. */
function rows(lines: readonly string[], pattern: RegExp): string[][] {
  return lines.flatMap((line) => {
    const match = pattern.exec(line);
    return match === null ? [] : [match.slice(1).map((field) => field ?? '')];
  });
}

const hex = (value: bigint | number): string => value.toString(16);
const unpad = (digits: string): string => BigInt(`0x${digits}`).toString(16);

function compareHeader(elf: Elf, file: string): void {
  const field = (name: string): string => {
    const line = readelf(file, '-h').find((candidate) => candidate.trim().startsWith(`${name}:`)) ?? '';
    return line.slice(line.indexOf(':') + 1).trim();
  };
  const { header, identification } = elf;
  expect(field('Class')).toBe(`ELF${identification.width}`);
  expect(field('Data')).toContain(identification.isLittleEndian ? 'little' : 'big');
  expect(field('Entry point address')).toBe(`0x${hex(header.entry)}`);
  expect(field('Start of program headers')).toMatch(new RegExp(`^${header.programHeaderOffset} `));
  expect(field('Start of section headers')).toMatch(new RegExp(`^${header.sectionHeaderOffset} `));
  expect(field('Flags')).toMatch(new RegExp(`^0x${hex(header.flags)}`));
  expect(field('Size of this header')).toBe(`${header.headerSize} (bytes)`);
  const counts = [header.programHeaderCount, header.sectionHeaderCount, header.sectionNameIndex];
  const names = ['Number of program headers', 'Number of section headers', 'Section header string table index'];
  // A count that section 0 holds is printed in brackets after the header's own.
  expect(names.map((name) => Number(/(\d+)\)?$/.exec(field(name))?.[1]))).toEqual(counts);
}

function compareSegments(elf: Elf, file: string): void {
  const pattern = /^ {2}\S.* (0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) ([R ][W ][E ]) (0x\w+|0)$/;
  const expected = rows(readelf(file, '-l'), pattern).map((row) =>
    row.map((field, index) => (index === 5 ? field : BigInt(field))),
  );
  const found = elf.segments.map((segment) => {
    const flags = `${segment.flags & 4 ? 'R' : ' '}${segment.flags & 2 ? 'W' : ' '}${segment.flags & 1 ? 'E' : ' '}`;
    const { offset, virtualAddress, physicalAddress, fileSize, memorySize, alignment } = segment;
    return [offset, virtualAddress, physicalAddress, fileSize, memorySize, flags, alignment];
  });
  expect(found).toEqual(expected);
}

function compareSections(elf: Elf, file: string): void {
  const pattern = /^ {2}\[ *(\d+)\] (.{17,}?) *\S+ +(\w+) (\w+) (\w+) (\w\w+) +[A-Za-z]* +(\d+) +(\d+) +(\d+)$/;
  const expected = rows(readelf(file, '-S'), pattern).map(([index, name, address, offset, size, entry, ...rest]) => [
    Number(index),
    (name ?? '').trim().split(' ')[0],
    ...[address, offset, size, entry].map((digits) => BigInt(`0x${digits}`)),
    ...rest.map(BigInt),
  ]);
  const found = elf.sections.map((section) => {
    const { index, name, address, offset, size, entrySize, link, info, alignment } = section;
    return [index, name, address, offset, size, entrySize, BigInt(link), BigInt(info), alignment];
  });
  expect(expected).toHaveLength(found.length);
  expect(found).toEqual(expected);
}

const TYPES = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE', 'COMMON', 'TLS'];
const BINDINGS = ['LOCAL', 'GLOBAL', 'WEAK'];
const VISIBILITIES = ['DEFAULT', 'INTERNAL', 'HIDDEN', 'PROTECTED'];

function compareSymbols(elf: Elf, file: string): void {
  const pattern = /^ *(\d+): (\w+) +(\w+) (\w+) +(\w+) +(\w+)(?: \[.*?\])? +(\w+)(?: (.*))?$/;
  const expected = rows(readelf(file, '-s'), pattern).map(([index, value, size, type, ...rest]) => {
    const [binding, visibility, place, name] = rest as [string, string, string, string];
    // readelf gives a section's symbol the section's name, and appends versions.
    const shown = type === 'SECTION' ? '' : name.replace(/@.*$/, '');
    return [Number(index), BigInt(`0x${value}`), BigInt(size ?? 0), type, binding, visibility, place, shown].join(' ');
  });
  const tables = elf.sections.filter((section) => section.type === SHT_SYMTAB || section.type === SHT_DYNSYM);
  const found = tables.flatMap((table) =>
    readSymbols(elf, table).map((symbol) => {
      const { index, value, size, type, binding, visibility, place, sectionIndex } = symbol;
      const placed = {
        undefined: 'UND',
        absolute: 'ABS',
        common: 'COM',
        section: String(sectionIndex),
        reserved: 'RSV',
      };
      const typeName = type === 10 ? 'IFUNC' : (TYPES[type] ?? '');
      const bindingName = BINDINGS[binding] ?? 'UNIQUE';
      const shown = type === 3 ? '' : symbol.name.replace(/@.*$/, '');
      return [index, value, size, typeName, bindingName, VISIBILITIES[visibility], placed[place], shown].join(' ');
    }),
  );
  expect(found).toEqual(expected);
}

function compareDynamic(elf: Elf, file: string): void {
  const expected = rows(readelf(file, '-d'), /^ 0x(\w+) \(\w+\) +(.*)$/);
  const found = readDynamic(elf);
  // readelf shows the end mark.
  expect(found.map((entry) => hex(entry.tag))).toEqual(expected.slice(0, -1).map(([tag]) => unpad(tag ?? '0')));
  found.forEach((entry, index) => {
    const shown = expected[index]?.[1] ?? '';
    if (entry.name !== null) expect(shown).toContain(`[${entry.name}]`);
    else if (shown.startsWith('0x')) expect(shown).toBe(`0x${hex(entry.value)}`);
    else if (shown.endsWith('(bytes)')) expect(shown).toBe(`${entry.value} (bytes)`);
  });
}

function compareRelocations(elf: Elf, file: string): void {
  const lines = readelf(file, '-r');
  const expected = rows(lines, /^(\w{8,16}) +(\w{8,16}) R_/).map((row) => row.map(unpad).join(' '));
  const word = elf.identification.width === 64 ? 32n : 8n;
  const found = elf.sections
    .filter((section) => section.type === SHT_REL || section.type === SHT_RELA)
    .flatMap((section) => readRelocations(elf, section))
    .map(({ offset, symbolIndex, type }) => `${hex(offset)} ${hex((BigInt(symbolIndex) << word) | BigInt(type))}`);
  expect(found).toEqual(expected);
  const addends = rows(lines, /^\w+ +\w+ R_X86_64_RELATIVE +(-?\w+)$/).map(([addend]) => addend);
  const relative = elf.sections
    .filter((section) => section.type === SHT_RELA)
    .flatMap((section) => readRelocations(elf, section))
    .filter(({ type }) => type === 8 && elf.header.machine === 62);
  if (elf.header.machine === 62) expect(relative.map(({ addend }) => hex(addend ?? 0n))).toEqual(addends);
  const words = rows(lines, /^(\w{16}|\w{8})$/).map(([address]) => unpad(address ?? '0'));
  const relr = elf.sections
    .filter((section) => section.type === SHT_RELR)
    .flatMap((section) => [...readRelr(elf, section)]);
  expect(relr.map(hex)).toEqual(words);
}

function compareNotes(elf: Elf, file: string): void {
  const expected = rows(readelf(file, '-n'), /^ {2}(\S+) +0x(\w{8})/).map(
    ([name, size]) => `${name} ${unpad(size ?? '0')}`,
  );
  const found = elf.sections
    .filter((section) => section.type === SHT_NOTE)
    .flatMap((section) => readNotesIn(elf, section))
    .map((note) => `${note.name} ${hex(note.descriptor.length)}`);
  expect(found).toEqual(expected);
}

function compareAll(bytes: Uint8Array, file: string): void {
  const elf = parseElf(bytes);
  compareHeader(elf, file);
  compareSegments(elf, file);
  compareSections(elf, file);
  compareSymbols(elf, file);
  compareDynamic(elf, file);
  compareRelocations(elf, file);
  compareNotes(elf, file);
}

describe.skipIf(!hasReadelf)('reads what readelf reads', { timeout: 60_000 }, () => {
  it.each(LAYOUTS)('from an ELF$width sample, little-endian $isLittleEndian', (layout) => {
    const file = join(folder, 'sample');
    const bytes = buildSample(layout);
    writeFileSync(file, bytes);
    compareAll(bytes, file);
  });

  it.each(LAYOUTS)('from ELF$width counts in section 0, little-endian $isLittleEndian', (layout) => {
    const file = join(folder, 'extended');
    const segments = [{ type: 1, data: [1, 2, 3] }];
    const bytes = buildElf({ ...layout, hasExtendedCounts: true, segments, sections: [{ name: '.a', type: 1 }] });
    writeFileSync(file, bytes);
    const elf = parseElf(bytes);
    compareHeader(elf, file);
    compareSegments(elf, file);
  });

  it.each(SYSTEM_FILES)('from %s', (file) => {
    if (existsSync(file)) compareAll(readFileSync(file), file);
  });

  it.skipIf(!hasGcc).each(BUILDS)('from %s', (_name, flags) => {
    const source = join(folder, 'source.c');
    const file = join(folder, 'built');
    writeFileSync(source, C_SOURCE);
    const common = ['-fno-stack-protector', '-o', file, source];
    execFileSync('gcc', [...flags.split(' '), ...common], { stdio: 'pipe' });
    const bytes = readFileSync(file);
    compareAll(bytes, file);
    // The dynamic symbols must be the same where only the dynamic table tells of them.
    const elf = parseElf(bytes);
    const bare: Elf = { ...elf, sections: [] };
    expect(readDynamicSymbols(bare)).toEqual(readDynamicSymbols(elf));
  });
});
