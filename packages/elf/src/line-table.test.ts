import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSection, parseElf } from './elf.ts';
import { ElfError } from './error.ts';
import { createLineTable, type LineTable } from './line-table.ts';
import { ByteWriter } from './testing/byte-writer.ts';
import { buildElf } from './testing/image.ts';
import { LAYOUTS } from './testing/sample.ts';

const text = (value: string): number[] => [...new TextEncoder().encode(`${value}\0`)];
const STANDARD_OPERANDS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

interface UnitSpec {
  readonly version?: number;
  readonly is64?: boolean;
  readonly isLittleEndian?: boolean;
  readonly lineRange?: number;
  readonly tables?: readonly number[];
  readonly program: (writer: ByteWriter) => ByteWriter;
}

/** One unit of `.debug_line`. Versions up to 4 have the directory `dir` and the files `a.c` and `dir/b.c`. */
function unit({ version = 4, is64 = false, isLittleEndian = true, lineRange = 14, ...spec }: UnitSpec): Uint8Array {
  const writer = (): ByteWriter => new ByteWriter(isLittleEndian);
  const offsetSize = is64 ? 8 : 4;
  const old = [...text('dir'), 0, ...text('a.c'), 0, 0, 0, ...text('b.c'), 1, 0, 0, 0];
  const rest = writer().integer(1, 1);
  if (version >= 4) rest.integer(1, 1);
  rest.integer(1, 1).integer(-5, 1).integer(lineRange, 1).integer(13, 1).raw(STANDARD_OPERANDS);
  rest.raw(spec.tables ?? old);
  const body = writer().integer(version, 2);
  if (version === 5) body.integer(8, 1).integer(0, 1);
  body.integer(rest.length, offsetSize).raw(rest.bytes()).raw(spec.program(writer()).bytes());
  const head = is64 ? writer().integer(0xffffffff, 4).integer(body.length, 8) : writer().integer(body.length, 4);
  return head.raw(body.bytes()).bytes();
}

/** Line 10 of file 1 from 0x1000, line 11 from 0x1003, line 7 column 5 of file 2 from 0x1010, end at 0x1020. */
const program =
  (width: 32 | 64 = 64) =>
  (writer: ByteWriter): ByteWriter =>
    writer
      .raw([0, width / 8 + 1, 2])
      .integer(0x1000, width / 8)
      .raw([3, 9, 1]) // advance line by 9, copy
      .raw([13 + 14 * 3 + 6]) // special: address + 3, line + 1
      .raw([4, 2, 5, 5, 3, 0x7c, 2, 13, 1]) // file 2, column 5, line - 4, address + 13, copy
      .raw([10, 11, 12, 3, 6, 7]) // nothing about lines
      .raw([2, 16, 0, 1, 1]);

function tableOf(
  bytes: Iterable<number>,
  layout: { width: 32 | 64; isLittleEndian: boolean } = { width: 64, isLittleEndian: true },
  strings: readonly number[] = [],
): LineTable {
  const sections = [
    { name: '.debug_line', type: 1, data: bytes },
    { name: '.debug_line_str', type: 1, data: strings },
  ];
  const segments = [{ type: 1, flags: 5, virtualAddress: 0x1000, memorySize: 0x1000 }];
  return createLineTable(parseElf(buildElf({ ...layout, segments, sections })));
}

function lineAt(table: LineTable, address: number): string | null {
  const location = table.lookup(BigInt(address));
  return location === null ? null : `${location.file}:${location.line}:${location.column}`;
}

const EXPECTED: readonly (readonly [number, string | null])[] = [
  [0xfff, null],
  [0x1000, 'a.c:10:0'],
  [0x1002, 'a.c:10:0'],
  [0x1003, 'a.c:11:0'],
  [0x100f, 'a.c:11:0'],
  [0x1010, 'dir/b.c:7:5'],
  [0x101f, 'dir/b.c:7:5'],
  [0x1020, null],
];

describe('a line table', () => {
  it.each(LAYOUTS)('of an ELF$width image, little-endian $isLittleEndian, finds lines', (layout) => {
    const { width, isLittleEndian } = layout;
    const table = tableOf(unit({ isLittleEndian, program: program(width) }), layout);
    for (const [address, expected] of EXPECTED) expect(lineAt(table, address)).toBe(expected);
    expect(table.count).toBe(3);
  });

  it.each([2, 3, 4])('of version %i, and of its 64-bit form, finds lines', (version) => {
    for (const is64 of [false, true]) {
      const table = tableOf(unit({ version, is64, program: program() }));
      for (const [address, expected] of EXPECTED) expect(lineAt(table, address)).toBe(expected);
    }
  });

  it('of version 5 finds lines, and names in place or in the table of strings', () => {
    const strings = [...text('/work'), ...text('sub'), ...text('a.c')];
    const offset = (value: number): number[] => [value, 0, 0, 0];
    const directories = [1, 1, 0x1f, 2, ...offset(0), ...offset(6)];
    // Path in place, directory in LEB128, and a digest to pass over.
    const digest = new Uint8Array(16).fill(1);
    const files = [3, 1, 0x08, 2, 0x0f, 5, 0x1e, 3];
    const entries = [...text('x.c'), 0, ...digest, ...text('b.c'), 1, ...digest, ...text('/abs/c.c'), 1, ...digest];
    const tables = [...directories, ...files, ...entries];
    const table = tableOf(unit({ version: 5, tables, program: program() }), undefined, strings);
    expect(lineAt(table, 0x1000)).toBe('/work/sub/b.c:10:0');
    expect(lineAt(table, 0x1010)).toBe('/abs/c.c:7:5');
  });

  it('of several units and sequences finds lines in all, in whatever order they are', () => {
    const at =
      (start: number) =>
      (writer: ByteWriter): ByteWriter =>
        writer.raw([0, 9, 2]).integer(start, 8).raw([1, 9, 4, 0, 0, 1, 1]);
    const both = (writer: ByteWriter): ByteWriter => at(0x1200)(at(0x1400)(writer));
    const table = tableOf([
      ...unit({ program: both }),
      ...unit({ version: 9, program: both }),
      ...unit({ program: at(0x1100) }),
    ]);
    expect([0x1100, 0x1103, 0x1104, 0x1200, 0x1400].map((address) => lineAt(table, address))).toEqual([
      'a.c:1:0',
      'a.c:1:0',
      null,
      'a.c:1:0',
      'a.c:1:0',
    ]);
  });

  it('leaves out code that the linker dropped', () => {
    const dropped = (writer: ByteWriter): ByteWriter => writer.raw([1, 2, 0x80, 0x40, 0, 1, 1]);
    expect(lineAt(tableOf(unit({ program: dropped })), 0x1000)).toBeNull();
  });

  it('is empty without debug information, and for a relocatable object', () => {
    expect(createLineTable(parseElf(buildElf({})))).toMatchObject({ count: 0 });
    const sections = [{ name: '.debug_line', type: 1, data: [1, 2, 3] }];
    expect(createLineTable(parseElf(buildElf({ type: 1, sections }))).lookup(0n)).toBeNull();
  });

  it.each([
    ['a length that is cut off', [1, 0, 0]],
    ['a unit past its section', [0xff, 0, 0, 0, 4, 0]],
    ['a header past its unit', [8, 0, 0, 0, 4, 0, 0xff, 0, 0, 0, 0, 0]],
    ['a line range of 0', unit({ lineRange: 0, program: (writer) => writer.raw([200]) })],
    ['a number that does not end', unit({ program: (writer) => writer.raw([2, 0x80, 0x80]) })],
    ['an instruction past its end', unit({ program: (writer) => writer.raw([0, 200, 2]) })],
    ['an address of 3 bytes', unit({ program: (writer) => writer.raw([0, 4, 2, 1, 2, 3]) })],
    ['a file name that does not end', unit({ tables: [0x61, 0x62], program: (writer) => writer })],
    [
      '2^63 directories of no size',
      unit({ version: 5, tables: [0, ...Array.from({ length: 9 }, () => 0xff), 1], program: (writer) => writer }),
    ],
    [
      '2^63 directories that are not there',
      unit({ version: 5, tables: [1, 1, 8, ...Array.from({ length: 9 }, () => 0xff), 1], program: (writer) => writer }),
    ],
    ['a form that names cannot have', unit({ version: 5, tables: [1, 1, 0x19, 1], program: (writer) => writer })],
    [
      'a name in a table that is not there',
      unit({ version: 5, tables: [1, 1, 0x0e, 1, 0, 0, 0, 0], program: (writer) => writer }),
    ],
  ])('with %s is refused', (_what, bytes) => {
    expect(() => tableOf(bytes)).toThrow(ElfError);
  });

  it('gives only ElfErrors for mutated units', () => {
    const samples = [
      unit({ program: program() }),
      unit({ version: 5, tables: [1, 1, 0x1f, 1, 0, 0, 0, 0, 2, 1, 8, 2, 0x0b, 1, 0x61, 0, 0], program: program() }),
    ];
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(fc.nat(1), fc.array(change, { minLength: 1, maxLength: 6 }), (sample, changes) => {
        const bytes = (samples[sample] as Uint8Array).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          tableOf(bytes, undefined, text('/work')).lookup(0x1005n);
        } catch (error) {
          expect(error).toBeInstanceOf(ElfError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const C_SOURCE = `int square(int x) { return x * x; }
#line 100 "other/place.c"
int cube(int x) {
  int result = square(x);

  return result * x; }
int main(void) { return cube(3) - 27; }
`;

function runs(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!runs('gcc') || !runs('addr2line'))('finds the lines that addr2line finds', () => {
  it.each([
    '-gdwarf-2',
    '-gdwarf-3',
    '-gdwarf-4',
    '-gdwarf-5',
    '-gdwarf-5 -O2',
    '-gdwarf-4 -gdwarf64',
    '-g -static-pie -fPIE',
  ])('in the output of gcc %s', { timeout: 20_000 }, (flags) => {
    const folder = mkdtempSync(join(tmpdir(), 'longmode-lines-'));
    try {
      const [source, file] = [join(folder, 'source.c'), join(folder, 'built')];
      writeFileSync(source, C_SOURCE);
      execFileSync('gcc', [...flags.split(' '), '-o', file, source], { stdio: 'pipe' });
      const elf = parseElf(readFileSync(file));
      const table = createLineTable(elf);
      const code = findSection(elf, '.text');
      const start = code?.address ?? 0n;
      const addresses = Array.from(
        { length: Math.min(Number(code?.size), 0x800) },
        (_, index) => start + BigInt(index),
      );
      const input = addresses.map((address) => address.toString(16)).join('\n');
      const output = execFileSync('addr2line', ['-e', file], { input, encoding: 'utf8' }).trim().split('\n');
      const found = addresses.map((address) => {
        const location = table.lookup(address);
        return location === null || location.line === 0 ? '??' : `${location.file.split('/').pop()}:${location.line}`;
      });
      const expected = output.map((line) => /([^/]+:\d+)(?: \(.*)?$/.exec(line)?.[1] ?? '??');
      expect(found).toEqual(expected.map((line) => (line.startsWith('??') ? '??' : line)));
      expect(new Set(found).size).toBeGreaterThan(3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
