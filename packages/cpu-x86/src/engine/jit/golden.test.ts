/**
 * The WebAssembly that small guests become, as text beside this file, to be read when it changes: `vitest -u` writes it
 * anew. Every file begins with the guest's instructions, as the decoder sees them.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import loadWabt from 'wabt';
import { decode } from '../../decode/decode.ts';
import { formatInstruction } from '../../decode/format.ts';
import type { CodeSize, Instruction } from '../../decode/instruction.ts';
import { fromHex } from '../../machines.test.fixture.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64, MODE_FLAT, MODE_STACK_32 } from '../../state/mode.ts';
import { TARGET_TABLES, UNIT_LINKS } from '../memory-plan.ts';
import { type RecordSource, RegionBuilder, registersOf } from './region.ts';
import { entriesOf } from './unit-entries.ts';
import { generateUnitModule } from './unit-module.ts';

const RECORD_SIZE = 32;
const FIRST_RECORD = 0x20_0000;
const MODES: Readonly<Record<CodeSize, number>> = {
  16: MODE_CODE_16,
  32: MODE_CODE_32 | MODE_STACK_32 | MODE_FLAT,
  64: MODE_CODE_64,
};

interface Guest {
  readonly code: string;
  /** Code at the beginning of the next page. */
  readonly nextPage?: string;
  readonly codeSize?: CodeSize;
  /** Offsets at which it is entered, beside 0. */
  readonly entries?: readonly number[];
  /** Whether it is entered at the beginning of every loop. */
  readonly withLoops?: boolean;
}

const GUESTS: Readonly<Record<string, Guest>> = {
  'register-arithmetic': { code: '4801d8 4829d1 4831f6 c3' },
  '32-bit-results-clear-the-upper-half': { code: '01d8 89c1 c3' },
  '8-and-16-bit-results-keep-the-rest': { code: '00d8 6601d9 00fc c3' },
  'load-and-store': { code: '488b0424 48894308 c3' },
  'scaled-index': { code: '488b44cb10 c3' },
  'read-modify-write': { code: '480103 f0480fc10b c3' },
  'push-and-pop': { code: '50 5b c3' },
  'loop-with-a-fused-comparison': { code: '4883c001 4839d8 75f7 c3' },
  'loop-that-counts-down': { code: 'ffc9 75fc c3' },
  'nested-loops': { code: '4883c101 4839d9 75f7 4883c201 4839da 75ee c3' },
  'nested-loops-entered-at-each': { code: '31d2 4883c201 4839da 75f7 4883c101 4839d9 75ec c3', withLoops: true },
  'flags-dead-and-alive': { code: '4801d8 4829d1 730348ffc0 c3' },
  'carry-chain': { code: '4801c8 4811da c3' },
  'increment-keeps-carry': { code: '4801d8 48ffc1 0f92c0 c3' },
  'set-and-move-on-condition': { code: '4839d8 0f9cc1 480f4fd0 c3' },
  'shift-by-register': { code: '48d3e0 7202ffc0 c3' },
  'multiply-and-divide': { code: '48f7e3 48f7f1 c3' },
  'sign-and-zero-extension': { code: '0fb6c3 480fbfc8 4863d0 c3' },
  'bit-tests': { code: '480fbae007 7203 480fbdc8 c3' },
  'call-and-return-within-the-page': { code: 'e806000000 ffc0 ebf7 9090 ffc1 c3' },
  'jump-through-a-register': { code: 'ffc0 ffe3 ffc1 ffe3', entries: [4] },
  'two-ways-into-a-loop': { code: 'ffc0 ffc1 4839c8 75f7 c3', entries: [2] },
  'repeated-store': { code: 'f348ab c3' },
  'repeated-comparison': { code: 'f3a6 7402ffc0 c3' },
  'instruction-left-to-the-interpreter': { code: 'ffc0 0fa2 ffc0 ebf8' },
  'vector-load-and-store': { code: '0f1006 0f2907 f30f6f4610 660f7f4710 c3' },
  'integer-vectors': { code: '660ffec1 660fefd2 660f70c81b 660fd7c1 c3' },
  'scalar-arithmetic': { code: 'f20f58c1 f20f5906 c3' },
  'packed-division': { code: '0f5ec1 c3' },
  'conversion-and-comparison': { code: 'f20f2cc0 f20f2ac8 660f2fc1 77f2 c3' },
  'call-into-another-page': { code: 'e8fb0f0000 ffc0 ebf7', nextPage: 'ffc1 c3' },
  'changes-of-the-interrupt-flag': { code: '9c fa fb 9d c3' },
  'system-call': { code: '0f01f8 0f05' },
  'return-from-a-system-call': { code: '480f07' },
  '32-bit-code': { code: '8b450889c3 0345fc 40 75f4 c3', codeSize: 32 },
  '16-bit-code-with-segmentation': { code: '8b4702 268907 c3', codeSize: 16 },
};

let wabt: Awaited<ReturnType<typeof loadWabt>>;
beforeAll(async () => {
  wabt = await loadWabt();
});

const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];

function compile(guest: Guest): string {
  const { code, nextPage = '', codeSize = 64, entries = [] } = guest;
  const instructions: Instruction[] = [];
  const starts: number[] = [];
  const lines: string[] = [];
  for (const [base, bytes] of [
    [0, fromHex(code)],
    [0x1000, fromHex(nextPage)],
  ] as const) {
    for (let at = 0; at < bytes.length; ) {
      const instruction = decode(bytes, at, bytes.length, codeSize);
      if (instruction.kind !== 'instruction') throw new Error(`no instruction at ${at}`);
      starts.push(base + at);
      instructions.push(instruction);
      const hex = Buffer.from(bytes.subarray(at, at + instruction.length)).toString('hex');
      const offset = (base + at).toString(16).padStart(2, '0');
      lines.push(`;; ${offset}  ${hex.padEnd(16)} ${formatInstruction(instruction)}`);
      at += instruction.length;
    }
  }
  const indexOf = (record: number): number => (record - FIRST_RECORD) / RECORD_SIZE;
  const isSystem = (instruction: Instruction): boolean => instruction.encoding.semantics === 'CPUID';
  const records: RecordSource = {
    blockAt: (offset) => (starts.includes(offset) ? FIRST_RECORD + RECORD_SIZE * starts.indexOf(offset) : 0),
    instructionOf: (record) => {
      const found = instructions[indexOf(record)];
      return found && !isSystem(found) ? found : undefined;
    },
    offsetOf: (record) => starts[indexOf(record)] ?? 0,
    countOf: (record) => indexOf(record) + 1,
  };
  const builder = new RegionBuilder({
    records,
    mode: MODES[codeSize],
    recordSize: RECORD_SIZE,
    instructionLimit: 100,
    pageLimit: 2,
  });
  const roots = [0, ...entries];
  const region = builder.build(roots, () => entries);
  const unit = {
    region,
    ...entriesOf(region, roots, { withLoops: guest.withLoops ?? false }),
    targetTable: region.targets.length > 0 ? TARGET_TABLES : undefined,
    profileSlot: undefined,
    link: region.pages.length > 1 ? UNIT_LINKS : undefined,
  };
  const module = wabt.readWasm(generateUnitModule(unit, 1), { readDebugNames: true });
  const text = module.toText({ foldExprs: true, inlineExport: false });
  module.destroy();
  const named = instructions.reduce((mask, instruction) => mask | registersOf(instruction), 0);
  const registers = REGISTERS.filter((_, i) => (named >> i) & 1);
  return `${lines.join('\n')}\n;; registers named: ${registers.join(' ')}\n${text.slice(text.indexOf('  (func $unit'))}`;
}

describe('compiled code', () => {
  it.each(Object.entries(GUESTS))('%s', async (name, guest) => {
    await expect(compile(guest)).toMatchFileSnapshot(join(import.meta.dirname, 'golden', `${name}.wat`));
  });
});
