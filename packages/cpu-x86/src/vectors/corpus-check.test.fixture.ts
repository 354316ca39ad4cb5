import {
  CODE_SIZE_BYTES,
  DATA_SIZE_BYTES,
  dataPattern,
  type MemoryPiece,
  SLOT_COUNT,
  SLOT_PAGE,
  SLOT_SIZE_BYTES,
  type VectorCase,
  type VectorFile,
  type VectorGroup,
} from '@longmode/x86-vectors';
import type { CpuOptions } from '../cpu.ts';
import { Comparison, toHex } from './corpus-comparison.test.fixture.ts';
import { type Accuracy, accuracyOf, caseExclusion } from './corpus-exclusions.test.fixture.ts';
import { loadCase, mendStackPointer } from './corpus-load.test.fixture.ts';
import { compileTogether, modeOf } from './corpus-warm-up.test.fixture.ts';
import { RecordedProcess } from './recorded-process.test.fixture.ts';

const INT3 = 0xcc;
const MISMATCHES_TOLD = 8;

/** Which cases of a group to run: all of them, unless told. */
export interface CaseSelection {
  /** Whether to take a batch, by its number: the cases that have their code in one page, each slot once. */
  readonly takesBatch?: (batch: number) => boolean;
  /** So many of the first ones at most. */
  readonly limit?: number;
}

/** Cases of a group with states of their own, in batches. */
export interface GroupCases {
  readonly group: VectorGroup;
  readonly batches: ReadonlyMap<number, readonly VectorCase[]>;
}

/** Reads cases of a group, so that several engines may run them. */
export function readCases(file: VectorFile, index: number, { takesBatch, limit }: CaseSelection = {}): GroupCases {
  const group = file.header.groups[index] as VectorGroup;
  const batches = new Map<number, VectorCase[]>();
  let i = 0;
  for (const test of file.cases(index)) {
    if (i === limit) break;
    const number = Math.floor(i++ / SLOT_COUNT);
    if (takesBatch?.(number) === false) continue;
    const batch = batches.get(number) ?? [];
    batch.push({ ...test, before: test.before.slice(), after: test.after.slice() });
    batches.set(number, batch);
  }
  return { group, batches };
}

/** What is the same for all cases of a group. */
interface GroupTraits {
  readonly codeSize: number;
  readonly hasVectors: boolean;
  readonly accuracy: Accuracy;
  readonly note: (test: VectorCase, differences: readonly string[]) => void;
}

/** What one engine made of some cases. */
export interface CheckResult {
  /** Cases that ran. */
  readonly count: number;
  /** Cases that did not, by the reason. */
  readonly excluded: ReadonlyMap<string, number>;
  /** Cases with undefined parts. */
  readonly maskedCount: number;
  /** Cases that came out otherwise, in words; the first ones of a group. */
  readonly mismatches: readonly string[];
  readonly mismatchCount: number;
}

/** Runs cases of the corpus on one engine, 64 at a time in one page. */
export class CorpusChecker {
  readonly #options: Partial<CpuOptions>;
  /** Whether cases run before they are compared, so as to be compiled. */
  readonly #compiles: boolean;
  #process: RecordedProcess;
  #pattern: Uint8Array = new Uint8Array(DATA_SIZE_BYTES);
  #slots: Uint8Array = new Uint8Array(0);
  #dataSeed: number | undefined;
  readonly #expected = new Uint8Array(DATA_SIZE_BYTES);

  constructor(options: Partial<CpuOptions>) {
    this.#options = options;
    this.#compiles = options.engine !== undefined && options.engine !== 'interpreter';
    this.#process = new RecordedProcess(options);
  }

  /** Units of compiled code that were made. */
  get compiledCount(): number {
    return this.#process.cpu.jitStatistics?.compiled ?? 0;
  }

  /** How often compiled code has run and was repeated, in the engine `check`. */
  get checkedRuns(): number {
    return this.#process.cpu.checkStatistics?.runs ?? 0;
  }

  /** Checks cases of a group. */
  checkGroup(file: VectorFile, index: number, selection?: CaseSelection): CheckResult {
    return this.checkCases(file, readCases(file, index, selection));
  }

  /** Checks what `readCases` has read, or some batches of it. */
  checkCases(file: VectorFile, { group, batches }: GroupCases, { takesBatch }: CaseSelection = {}): CheckResult {
    this.#prepareData(file.header.dataSeed);
    const mismatches: string[] = [];
    let mismatchCount = 0;
    let count = 0;
    let maskedCount = 0;
    const excluded = new Map<string, number>();
    const note = (test: VectorCase, differences: readonly string[]): void => {
      mismatchCount++;
      if (mismatches.length < MISMATCHES_TOLD) {
        mismatches.push(`${title(group, file, test)}: ${differences.join('; ')}`);
      }
    };
    const { codeSize } = file.header;
    const traits: GroupTraits = { codeSize, hasVectors: group.vectors !== 'none', accuracy: accuracyOf(group), note };
    for (const [number, cases] of batches) {
      if (takesBatch?.(number) === false) continue;
      const batch = cases.filter((test) => {
        const reason = caseExclusion(test, group);
        if (reason !== undefined) excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
        return reason === undefined;
      });
      count += batch.length;
      maskedCount += batch.filter(({ undefinedParts }) => hasUndefinedParts(undefinedParts)).length;
      if (batch.length > 0) this.#checkBatch(batch, traits);
    }
    return { count, excluded, maskedCount, mismatches, mismatchCount };
  }

  #prepareData(seed: number): void {
    if (seed === this.#dataSeed) return;
    this.#dataSeed = seed;
    this.#pattern = dataPattern(seed, DATA_SIZE_BYTES);
    this.#expected.set(this.#pattern);
    this.#process.writeData(0, this.#pattern);
  }

  #restart(): void {
    this.#process = new RecordedProcess(this.#options);
    this.#process.writeData(0, this.#pattern);
    this.#process.placeCode(this.#slots, SLOT_PAGE);
  }

  #checkBatch(batch: readonly VectorCase[], traits: GroupTraits): void {
    const code = new Uint8Array(SLOT_COUNT * SLOT_SIZE_BYTES).fill(INT3);
    const isInSlot = ({ place }: VectorCase): boolean => place < SLOT_PAGE + code.length;
    const inSlots = batch.filter(isInSlot);
    for (const test of inSlots) code.set(test.code, test.place - SLOT_PAGE);
    this.#slots = code;
    this.#process.placeCode(code, SLOT_PAGE);
    if (this.#compiles) {
      const modes = inSlots.map((test) => this.#runOnce(test, traits));
      compileTogether(this.#process, inSlots, modes, traits);
    }
    for (const test of inSlots) this.#check(test, traits);
    for (const test of batch) {
      if (isInSlot(test)) continue;
      // What stands at the end of the code pages stands there alone.
      const room = CODE_SIZE_BYTES - test.place;
      const end = new Uint8Array(SLOT_SIZE_BYTES).fill(INT3);
      end.set(test.code.subarray(0, room), SLOT_SIZE_BYTES - room);
      this.#process.placeCode(end, CODE_SIZE_BYTES - SLOT_SIZE_BYTES);
      if (this.#compiles) this.#runOnce(test, traits);
      this.#check(test, traits);
    }
    if (inSlots.length < batch.length) {
      this.#process.placeCode(new Uint8Array(SLOT_SIZE_BYTES).fill(INT3), CODE_SIZE_BYTES - SLOT_SIZE_BYTES);
    }
  }

  #enter(test: VectorCase, traits: GroupTraits): number {
    const process = this.#process;
    for (const { offset, bytes } of test.patches) {
      process.writeData(offset, bytes);
      this.#expected.set(bytes, offset);
    }
    loadCase(process, test, traits);
    process.cpu.run(1);
    mendStackPointer(process, test);
    return modeOf(process);
  }

  /** So that there is something to compile. @returns the mode of the case's code */
  #runOnce(test: VectorCase, traits: GroupTraits): number {
    const mode = this.#enter(test, traits);
    if (!this.#process.run()) this.#restart();
    this.#restoreMemory(test);
    return mode;
  }

  #check(test: VectorCase, traits: GroupTraits): void {
    this.#enter(test, traits);
    const { codeSize, hasVectors, accuracy, note } = traits;
    let differences: string[];
    if (this.#process.run()) {
      differences = new Comparison(this.#process, test, codeSize, hasVectors, accuracy).differences();
    } else {
      differences = ['the processor goes on'];
      this.#restart();
    }
    this.#compareMemory(test, differences);
    if (differences.length > 0) note(test, differences);
  }

  /** Compares the data pages, and makes them what they are between cases. */
  #compareMemory(test: VectorCase, differences: string[]): void {
    const expected = this.#expected;
    const { data } = this.#process;
    const apply = ({ offset, bytes }: MemoryPiece): void => expected.set(bytes, offset);
    for (const piece of test.changes) apply(piece);
    for (const { offset, sizeBytes } of test.undefinedParts.memory) {
      expected.set(data.subarray(offset, offset + sizeBytes), offset);
    }
    const at = firstDifference(data, expected);
    if (at >= 0) {
      const hex = (bytes: Uint8Array): string => toHex(bytes.subarray(at, at + 16));
      differences.push(`memory at ${at.toString(16)} is ${hex(data)}, hardware has ${hex(expected)}`);
      this.#process.writeData(0, this.#pattern);
      expected.set(this.#pattern);
      return;
    }
    this.#restoreMemory(test);
  }

  /** Makes of the memory that a case changes what it is between cases. */
  #restoreMemory(test: VectorCase): void {
    const restore = (offset: number, sizeBytes: number): void => {
      const bytes = this.#pattern.subarray(offset, offset + sizeBytes);
      this.#expected.set(bytes, offset);
      this.#process.writeData(offset, bytes);
    };
    for (const { offset, bytes } of test.patches) restore(offset, bytes.length);
    for (const { offset, bytes } of test.changes) restore(offset, bytes.length);
    for (const { offset, sizeBytes } of test.undefinedParts.memory) restore(offset, sizeBytes);
  }
}

function hasUndefinedParts({ flags, fsw, fields, upperHalves, cr2, memory }: VectorCase['undefinedParts']): boolean {
  return flags !== 0 || fsw !== 0 || cr2 || fields.length + upperHalves.length + memory.length > 0;
}

/** The first place where two arrays of equal length, a multiple of 16, differ; or -1. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const left = new Int32Array(a.buffer, a.byteOffset, a.length / 4);
  const right = new Int32Array(b.buffer, b.byteOffset, b.length / 4);
  const differs = (i: number): number => (left[i] as number) ^ (right[i] as number);
  for (let i = 0; i < left.length; i += 4) {
    if ((differs(i) | differs(i + 1) | differs(i + 2) | differs(i + 3)) === 0) continue;
    let at = 4 * i;
    while (a[at] === b[at]) at++;
    return at;
  }
  return -1;
}

function title({ row }: VectorGroup, file: VectorFile, test: VectorCase): string {
  return `${row.mnemonic} ${row.operands} in ${file.header.codeSize}-bit code [${toHex(test.code)}] #${test.number}`;
}
