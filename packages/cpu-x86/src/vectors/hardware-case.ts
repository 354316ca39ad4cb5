import type { Cpu } from '../cpu.ts';
import { ACTIVITY, ACTIVITY_ACTIVE, CR2, INTERRUPT_SHADOW } from '../state/layout.ts';
import { FLAG_DF, FLAG_IF, FLAGS_ARITHMETIC } from '../state/rflags.ts';
import { isResultUndefined, type PerformedInstruction, undefinedFlagsOf } from './undefined-results.ts';

/** Linear addresses that the cases use: code from `CODE_PAGES` with the instruction at `CODE_START`, data from `DATA`. */
export const CODE_PAGES = 0x10000000;
export const CODE_START = 0x10001800;
export const DATA = 0x20000000;
/** Three pages each; the third of the data pages is read-only. */
export const PAGES_SIZE_BYTES = 0x3000;

/**
 * An instruction that ran on hardware. A line is: name, width, shift count or -1, 64 or 32 (code), code, registers, flags,
 * memory; and after the instruction registers, flags, RIP, vector, error code, CR2, memory. Registers are [number, value]; those
 * not named hold `unsetRegister`, and after the instruction what they held before. Memory is [offset, value, size] in the data
 * pages before, and [offset, bytes] where bytes changed. Numbers of 64 bits are hexadecimal.
 */
export interface HardwareCase extends PerformedInstruction {
  readonly codeSize: 32 | 64;
  readonly code: string;
  readonly gprs: readonly bigint[];
  readonly flags: number;
  readonly memory: readonly (readonly [offset: number, value: bigint, sizeBytes: number])[];
  readonly after: {
    readonly gprs: readonly bigint[];
    readonly flags: number;
    /** Relative to the instruction. */
    readonly rip: number;
    /** Vector of the exception, or -1. */
    readonly vector: number;
    readonly errorCode: number;
    readonly cr2: bigint;
    readonly memory: readonly (readonly [offset: number, bytes: string])[];
  };
}

type Registers = readonly (readonly [number, string])[];
type Line = readonly [
  name: string,
  width: number,
  count: number,
  codeSize: 32 | 64,
  code: string,
  registers: Registers,
  flags: number,
  memory: readonly (readonly [number, string, number])[],
  after: readonly [Registers, number, number, number, number, string, readonly (readonly [number, string])[]],
];

const number64 = (hex: string): bigint => BigInt(`0x${hex}`);
/** What registers hold that a line does not name. */
const unsetRegister = (index: number, codeSize: 32 | 64): bigint =>
  BigInt.asUintN(codeSize === 64 ? 64 : 31, 0x1010101010101010n * BigInt(index + 1) + 7n);

/** Reads one line of a recording. */
export function parseHardwareCase(line: string): HardwareCase {
  const [name, width, count, codeSize, code, registers, flags, memory, after] = JSON.parse(line) as Line;
  const gprs = Array.from({ length: 16 }, (_, i) => unsetRegister(i, codeSize));
  for (const [index, value] of registers) gprs[index] = number64(value);
  const gprsAfter = [...gprs];
  const [changed, flagsAfter, rip, vector, errorCode, cr2, memoryAfter] = after;
  for (const [index, value] of changed) gprsAfter[index] = number64(value);
  return {
    name,
    width,
    count,
    codeSize,
    code,
    gprs,
    flags,
    memory: memory.map(([offset, value, size]) => [offset, number64(value), size]),
    after: { gprs: gprsAfter, flags: flagsAfter, rip, vector, errorCode, cr2: number64(cr2), memory: memoryAfter },
  };
}

/** Physical places of the code and data pages. */
export interface HardwarePages {
  readonly code: number;
  readonly data: number;
}

const patternAt = (offset: number): number => (offset * 37 + (offset >> 8) * 11 + 5) & 0xff;
const PATTERN = Uint8Array.from({ length: PAGES_SIZE_BYTES }, (_, i) => patternAt(i));
const INT3 = 0xcc;
const FLAGS_COMPARED = FLAGS_ARITHMETIC | FLAG_DF | FLAG_IF;
/** A repeated string instruction may take as many runs as it has elements. */
const RUNS_MAX = 20_000;
const NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];

/** Writes the pages as they are before every case. */
export function preparePages(cpu: Cpu, pages: HardwarePages): void {
  cpu.memory.fill(pages.code, PAGES_SIZE_BYTES, INT3);
  cpu.memory.write(pages.data, PATTERN);
}

/**
 * Runs one case on a CPU whose code size, privilege and pages suit it.
 *
 * @returns the differences to what hardware did, in words
 */
export function runHardwareCase(cpu: Cpu, pages: HardwarePages, test: HardwareCase): string[] {
  const { state, memory } = cpu;
  const start = pages.code + CODE_START - CODE_PAGES;
  const code = Uint8Array.from(test.code.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  memory.write(start, code);
  for (const [offset, value, size] of test.memory) {
    for (let i = 0; i < size; i++) memory.write8(pages.data + offset + i, Number((value >> BigInt(8 * i)) & 0xffn));
  }
  test.gprs.forEach((value, index) => {
    state.setGpr(index, value);
  });
  state.rip = BigInt(CODE_START);
  state.rflags = test.flags;
  state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  state.setField(INTERRUPT_SHADOW, 0);
  cpu.exceptionLog.clear();
  const isActive = (): boolean => state.field(ACTIVITY) === ACTIVITY_ACTIVE;
  let runs = 0;
  do cpu.run(1);
  while (state.rip === BigInt(CODE_START) && isActive() && ++runs < RUNS_MAX);
  // Hardware has fetched the INT3 behind the instruction or at the target, or failed to.
  if (isActive() && state.rip >> 12n !== BigInt(CODE_START >> 12)) cpu.run(1);
  const differences = compare(cpu, pages, test);
  memory.fill(start, code.length, INT3);
  memory.write(pages.data, PATTERN);
  return differences;
}

function compare(cpu: Cpu, pages: HardwarePages, test: HardwareCase): string[] {
  const { state, memory } = cpu;
  const { after } = test;
  const differences: string[] = [];
  const check = (name: string, found: bigint | number | string, wanted: bigint | number | string): void => {
    if (found === wanted) return;
    const text = (value: typeof found): string => (typeof value === 'string' ? value : value.toString(16));
    differences.push(`${name} is ${text(found)}, hardware has ${text(wanted)}`);
  };
  const exception = cpu.exceptionLog.entries[0];
  const vector = exception?.vector ?? -1;
  check('vector', vector, after.vector);
  if (differences.length > 0) return differences;
  const hasCompleted = vector < 0;
  // After the instruction, or where the exception says that it was.
  check('rip', Number((exception?.rip ?? state.rip) - BigInt(CODE_START)), after.rip);
  if (exception !== undefined && vector === 14) {
    check('cr2', state.wideField(CR2), after.cr2);
    check('error code', exception.errorCode, after.errorCode);
  }
  const isUndefined = hasCompleted && isResultUndefined(test);
  const mask = FLAGS_COMPARED & ~(hasCompleted ? undefinedFlagsOf(test) : 0);
  check('flags', state.rflags & mask, after.flags & mask);
  if (isUndefined) return differences;
  const bits = test.codeSize === 64 ? 64 : 32;
  for (let i = 0; i < bits / 4; i++) {
    const found = BigInt.asUintN(bits, state.gpr(i));
    check(NAMES[i] ?? `r${i}`, found, after.gprs[i] as bigint);
    if (i === 7 && test.codeSize === 32) break;
  }
  const wanted = PATTERN.slice();
  for (const [offset, value, size] of test.memory) {
    for (let i = 0; i < size; i++) wanted[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
  for (const [offset, bytes] of after.memory) {
    bytes.match(/../g)?.forEach((byte, i) => {
      wanted[offset + i] = Number.parseInt(byte, 16);
    });
  }
  const found = memory.read(pages.data, PAGES_SIZE_BYTES);
  for (let i = 0; i < PAGES_SIZE_BYTES; i++) {
    if (found[i] === wanted[i]) continue;
    check(`byte ${i.toString(16)}`, found[i] as number, wanted[i] as number);
    if (differences.length > 8) break;
  }
  return differences;
}
