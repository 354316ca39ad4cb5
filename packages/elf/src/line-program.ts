import type { ByteCursor } from './byte-cursor.ts';
import type { StringTable } from './string-table.ts';

/** Receives what a line number program says. */
export interface LineSink {
  /** A source file of the unit; returns a number by which rows name it. */
  file(path: string): number;
  /** From an address on, the code is of a line. Addresses of one sequence do not fall. */
  row(address: bigint, file: number, line: number, column: number): void;
  /** The sequence ends before an address. */
  end(address: bigint): void;
}

/** String sections that version 5 refers to. */
export interface LineStrings {
  /** `.debug_str`, null if the file has none. */
  readonly general: StringTable | null;
  /** `.debug_line_str`, null if the file has none. */
  readonly line: StringTable | null;
}

interface UnitHeader {
  readonly version: number;
  readonly offsetSize: 4 | 8;
  readonly minimumLength: bigint;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operandCounts: readonly number[];
}

const DW_LNCT_PATH = 1n;
const DW_LNCT_DIRECTORY_INDEX = 2n;

/**
 * Runs the line number program of one unit, versions 2 to 5.
 *
 * @param cursor at the unit's length; moved to the next unit
 * @param makeCursor makes a cursor over a range of the file
 * @param strings that file names may lie in
 * @param sink what to tell
 * @throws ElfError `bad-line-table`, `bad-string`, `too-large`
 * @source DWARF 5, section 6.2 "Line Number Information"
 */
export function runLineProgram(
  cursor: ByteCursor,
  makeCursor: (start: number, end: number) => ByteCursor,
  strings: LineStrings,
  sink: LineSink,
): void {
  let length = BigInt(cursor.u32());
  const offsetSize = length === 0xffffffffn ? 8 : 4;
  if (offsetSize === 8) length = cursor.unsigned(8);
  if (length > BigInt(cursor.end - cursor.at)) {
    throw cursor.error('a unit that ends in its section', `one of ${length} bytes`);
  }
  const start = cursor.skip(Number(length));
  const unit = makeCursor(start, start + Number(length));
  const version = unit.u16();
  // A unit of a later version can be passed over, because its length is known.
  if (version < 2 || version > 5) return;
  if (version === 5) unit.skip(2); // address size, segment selector size
  const headerLength = unit.unsigned(offsetSize);
  if (headerLength > BigInt(unit.end - unit.at))
    throw unit.error('a header that ends in its unit', String(headerLength));
  const program = makeCursor(unit.at + Number(headerLength), unit.end);
  const minimumLength = BigInt(unit.u8());
  if (version >= 4) unit.skip(1); // operations of an instruction: always 1 on the machines here
  unit.skip(1); // whether rows begin statements
  const lineBase = (unit.u8() << 24) >> 24;
  const lineRange = unit.u8();
  const opcodeBase = unit.u8();
  const operandCounts = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => unit.u8());
  const header = { version, offsetSize, minimumLength, lineBase, lineRange, opcodeBase, operandCounts } as const;
  const files = version === 5 ? readTables(unit, header, strings, sink) : readOldTables(unit, sink);
  run(program, header, files, sink);
}

/** Versions 2 to 4: names in place, each table ended by an empty one. Directory 0 is the unit's, which is not known here. */
function readOldTables(unit: ByteCursor, sink: LineSink): number[] {
  const directories = [''];
  for (let name = unit.text(); name !== ''; name = unit.text()) directories.push(name);
  const files = [sink.file('')];
  for (let name = unit.text(); name !== ''; name = unit.text()) {
    const directory = directories[Number(unit.uleb())] ?? '';
    unit.uleb(); // time of change
    unit.uleb(); // size
    files.push(sink.file(join(directory, name)));
  }
  return files;
}

/** Version 5: tables that describe their own entries. */
function readTables(unit: ByteCursor, header: UnitHeader, strings: LineStrings, sink: LineSink): number[] {
  const directories = readTable(unit, header, strings).map(({ path }) => path);
  const root = directories[0] ?? '';
  return readTable(unit, header, strings).map(({ path, directory }) =>
    sink.file(join(join(root, directories[directory] ?? ''), path)),
  );
}

function readTable(unit: ByteCursor, header: UnitHeader, strings: LineStrings): { path: string; directory: number }[] {
  const formats = Array.from({ length: unit.u8() }, () => ({ content: unit.uleb(), form: Number(unit.uleb()) }));
  const count = unit.uleb();
  // Every form takes a byte at least, so that entries with a format are bounded by the unit's size.
  if (formats.length === 0 && count > 0n) throw unit.error('a format for the entries', 'none');
  const entries: { path: string; directory: number }[] = [];
  for (let index = 0n; index < count; index++) {
    let path = '';
    let directory = 0;
    for (const { content, form } of formats) {
      const value = readForm(unit, form, header.offsetSize, strings);
      if (content === DW_LNCT_PATH && typeof value === 'string') path = value;
      if (content === DW_LNCT_DIRECTORY_INDEX && typeof value === 'bigint') directory = Number(value);
    }
    entries.push({ path, directory });
  }
  return entries;
}

/** The forms that the specification permits in these tables. @source DWARF 5, section 7.5.6 "Form Encodings" */
function readForm(unit: ByteCursor, form: number, offsetSize: 4 | 8, strings: LineStrings): string | bigint | null {
  const at = unit.at;
  const stringIn = (table: StringTable | null): string => {
    const offset = unit.unsigned(offsetSize);
    if (table === null) throw unit.error('the section of strings that a name refers to', 'none');
    return table.name(offset > 0xffffffffn ? 0xffffffff : Number(offset), at);
  };
  switch (form) {
    case 0x08: // string
      return unit.text();
    case 0x0e: // strp
      return stringIn(strings.general);
    case 0x1f: // line_strp
      return stringIn(strings.line);
    case 0x0b: // data1
      return unit.unsigned(1);
    case 0x05: // data2
      return unit.unsigned(2);
    case 0x06: // data4
      return unit.unsigned(4);
    case 0x07: // data8
      return unit.unsigned(8);
    case 0x0f: // udata
      return unit.uleb();
    case 0x1e: // data16, a digest
      unit.skip(16);
      return null;
    case 0x09: {
      // block
      const size = unit.uleb();
      unit.skip(size > BigInt(unit.end) ? unit.end : Number(size));
      return null;
    }
    default:
      throw unit.error('a form that file tables may have', `0x${form.toString(16)}`);
  }
}

function run(program: ByteCursor, header: UnitHeader, files: readonly number[], sink: LineSink): void {
  const { minimumLength, lineBase, lineRange, opcodeBase } = header;
  let address = 0n;
  let file = 1;
  let line = 1;
  let column = 0;
  const advance = (operations: bigint | number): void => {
    address = BigInt.asUintN(64, address + BigInt(operations) * minimumLength);
  };
  const row = (): void => sink.row(address, files[file] ?? -1, line, column);
  while (program.at < program.end) {
    const opcode = program.u8();
    if (opcode >= opcodeBase) {
      if (lineRange === 0) throw program.error('a line range above 0 for special opcodes', '0');
      advance(Math.floor((opcode - opcodeBase) / lineRange));
      line = (line + lineBase + ((opcode - opcodeBase) % lineRange)) >>> 0;
      row();
      continue;
    }
    switch (opcode) {
      case 0: {
        const size = program.uleb();
        if (size === 0n) break;
        const start = program.skip(size > BigInt(program.end) ? program.end : Number(size));
        const next = program.at;
        program.at = start;
        const extended = program.u8();
        if (extended === 1) {
          sink.end(address);
          address = 0n;
          file = 1;
          line = 1;
          column = 0;
        } else if (extended === 2) {
          address = program.unsigned(next - start - 1);
        } else if (extended === 3) {
          program.text(); // a file that the unit's table lacks: obsolete, no compiler makes it
        }
        program.at = next;
        break;
      }
      case 1:
        row();
        break;
      case 2:
        advance(program.uleb());
        break;
      case 3:
        line = Number(BigInt.asUintN(32, BigInt(line) + program.sleb()));
        break;
      case 4:
        file = Number(BigInt.asUintN(32, program.uleb()));
        break;
      case 5:
        column = Number(BigInt.asUintN(32, program.uleb()));
        break;
      case 8:
        if (lineRange === 0) throw program.error('a line range above 0 for special opcodes', '0');
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case 9:
        // The one operand that is neither LEB128 nor a multiple of the instruction length.
        address = BigInt.asUintN(64, address + BigInt(program.u16()));
        break;
      default:
        // 6, 7, 10 to 12 and later ones say nothing of lines; the header tells how many operands they have.
        for (let count = header.operandCounts[opcode - 1] ?? 0; count > 0; count--) program.uleb();
    }
  }
}

function join(directory: string, name: string): string {
  if (directory === '' || name.startsWith('/') || /^[A-Za-z]:[\\/]/.test(name)) return name;
  if (name === '') return directory;
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`;
}
