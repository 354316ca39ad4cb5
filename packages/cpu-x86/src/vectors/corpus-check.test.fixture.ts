import {
  CODE_SIZE_BYTES,
  DATA_SIZE_BYTES,
  dataPattern,
  FIELDS,
  type MemoryPiece,
  SLOT_COUNT,
  SLOT_PAGE,
  SLOT_SIZE_BYTES,
  STATE,
  STATE_SIZE_BYTES,
  USER_CODE_64,
  type VectorCase,
  type VectorFile,
  type VectorGroup,
} from '@longmode/x86-vectors';
import type { CpuOptions } from '../cpu.ts';
import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import {
  ACTIVITY,
  ACTIVITY_ACTIVE,
  CR2,
  FPR,
  FPU_CONTROL,
  FPU_DATA_POINTER,
  FPU_INSTRUCTION_POINTER,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
  GPR,
  MXCSR,
  PKRU,
  XMM,
} from '../state/layout.ts';
import { segmentBaseField } from '../state/segment-register.ts';
import { type Accuracy, accuracyOf, caseExclusion } from './corpus-exclusions.test.fixture.ts';
import { RecordedProcess } from './recorded-process.test.fixture.ts';

/** A case with states of its own, as batches need it. */
type KeptCase = Omit<VectorCase, 'number'> & { readonly number: number };

/** Arithmetic flags, TF, IF, DF, IOPL, NT, RF, AC and ID: all that CPL 3 can tell. */
const FLAGS_COMPARED = 0x257fd5;
const VECTOR_BP = 3;
const VECTOR_PF = 14;
const INSTRUCTIONS_MAX = 30_000;
const INT3 = 0xcc;
const RSP = 4;
const R8 = 8;
/** Vectors that push an error code. */
const ERROR_CODES: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);
const ST_SIZE_BYTES = 10;
const TOP_SHIFT = 11;

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
  /** How often a batch runs: compiled code comes the second time. */
  readonly #rounds: number;
  #process: RecordedProcess;
  #pattern: Uint8Array = new Uint8Array(DATA_SIZE_BYTES);
  #slots: Uint8Array = new Uint8Array(0);
  #dataSeed: number | undefined;
  readonly #expected = new Uint8Array(DATA_SIZE_BYTES);

  constructor(options: Partial<CpuOptions>) {
    this.#options = options;
    this.#rounds = options.engine === undefined || options.engine === 'interpreter' ? 1 : 2;
    this.#process = new RecordedProcess(options);
  }

  /** Units of compiled code that were made. */
  get compiledCount(): number {
    return this.#process.cpu.jitStatistics?.compiled ?? 0;
  }

  /** Checks the first `limit` cases of a group. */
  checkGroup(file: VectorFile, index: number, limit?: number): CheckResult {
    const group = file.header.groups[index] as VectorGroup;
    this.#prepareData(file.header.dataSeed);
    const mismatches: string[] = [];
    let mismatchCount = 0;
    let count = 0;
    let maskedCount = 0;
    const excluded = new Map<string, number>();
    const note = (test: KeptCase, differences: readonly string[]): void => {
      mismatchCount++;
      if (mismatches.length < 8) mismatches.push(`${title(group, file, test)}: ${differences.join('; ')}`);
    };
    let batch: KeptCase[] = [];
    let first = 0;
    for (let i = 0; i < index; i++) first += (file.header.groups[i] as VectorGroup).count;
    const flush = (): void => {
      if (batch.length === 0) return;
      this.#checkBatch(batch, file.header.codeSize, group.vectors !== 'none', accuracyOf(group), note);
      batch = [];
    };
    for (const test of file.cases(index)) {
      if (test.number - first === limit) break;
      // Every slot once in a batch.
      if ((test.number - first) % SLOT_COUNT === 0) flush();
      const reason = caseExclusion(test, group);
      if (reason !== undefined) {
        excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
        continue;
      }
      count++;
      if (hasUndefinedParts(test.undefinedParts)) maskedCount++;
      batch.push({ ...test, before: test.before.slice(), after: test.after.slice() });
    }
    flush();
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

  #checkBatch(
    batch: readonly KeptCase[],
    codeSize: number,
    hasVectors: boolean,
    accuracy: Accuracy,
    note: (test: KeptCase, differences: readonly string[]) => void,
  ): void {
    const code = new Uint8Array(SLOT_COUNT * SLOT_SIZE_BYTES).fill(INT3);
    const isInSlot = ({ place }: KeptCase): boolean => place < SLOT_PAGE + code.length;
    for (const test of batch) if (isInSlot(test)) code.set(test.code, test.place - SLOT_PAGE);
    this.#slots = code;
    this.#process.placeCode(code, SLOT_PAGE);
    const failed = new Set<KeptCase>();
    for (let round = 0; round < this.#rounds; round++) {
      for (const test of batch) {
        if (!isInSlot(test)) this.#placeAtEnd(test, test.code);
        const differences = this.#run(test, codeSize, hasVectors, accuracy);
        if (!isInSlot(test)) this.#placeAtEnd(test, new Uint8Array(test.code.length).fill(INT3));
        if (differences.length === 0 || failed.has(test)) continue;
        failed.add(test);
        note(test, differences);
      }
    }
  }

  #placeAtEnd(test: KeptCase, code: Uint8Array): void {
    this.#process.placeCode(code.subarray(0, CODE_SIZE_BYTES - test.place), test.place);
  }

  #run(test: KeptCase, codeSize: number, hasVectors: boolean, accuracy: Accuracy): string[] {
    const process = this.#process;
    const { cpu } = process;
    const { state } = cpu;
    for (const { offset, bytes } of test.patches) {
      process.writeData(offset, bytes);
      this.#expected.set(bytes, offset);
    }
    this.#load(test, codeSize, hasVectors);
    cpu.run(1);
    // IRET to a 16-bit stack segment leaves the upper half of ESP as it was: operating systems mend that, somehow.
    state.setGpr(RSP, new DataView(test.before.buffer, test.before.byteOffset).getBigUint64(STATE.GPR + 8 * RSP, true));
    const stop = cpu.run(INSTRUCTIONS_MAX);
    let differences: string[];
    if (stop === 'halted' && process.vector >= 0) {
      state.setField(ACTIVITY, ACTIVITY_ACTIVE);
      differences = new Comparison(process, test, codeSize, hasVectors, accuracy).differences();
    } else {
      differences = [`the processor is in '${stop}'`];
      this.#restart();
    }
    this.#compareMemory(test, differences);
    return differences;
  }

  #load(test: KeptCase, codeSize: number, hasVectors: boolean): void {
    const { state } = this.#process.cpu;
    const words = new Uint32Array(test.before.buffer, test.before.byteOffset, STATE_SIZE_BYTES / 4);
    const view = new DataView(test.before.buffer, test.before.byteOffset, STATE_SIZE_BYTES);
    state.u32.set(words.subarray(0, 32), GPR >> 2);
    const selector = (index: number): number => view.getUint16(STATE.SELECTORS + 2 * index, true);
    state.setField(PKRU, 0);
    for (const index of [ES, DS, FS, GS]) this.#process.loadSegment(index, selector(index));
    if (codeSize === 64) {
      state.setWideField(segmentBaseField(FS), view.getBigUint64(STATE.FS_BASE, true));
      state.setWideField(segmentBaseField(GS), view.getBigUint64(STATE.GS_BASE, true));
    }
    if (hasVectors) loadVectors(this.#process, view, test.before);
    this.#process.prepareEntry({
      rip: view.getBigUint64(STATE.RIP, true),
      cs: selector(CS),
      rflags: view.getUint32(STATE.RFLAGS, true),
      rsp: view.getBigUint64(STATE.GPR + 8 * RSP, true),
      ss: selector(SS),
    });
  }

  /** Compares the data pages, and makes them what they are between cases. */
  #compareMemory(test: KeptCase, differences: string[]): void {
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
    const restore = (offset: number, sizeBytes: number): void => {
      const bytes = this.#pattern.subarray(offset, offset + sizeBytes);
      expected.set(bytes, offset);
      this.#process.writeData(offset, bytes);
    };
    for (const { offset, bytes } of [...test.patches, ...test.changes]) restore(offset, bytes.length);
    for (const { offset, sizeBytes } of test.undefinedParts.memory) restore(offset, sizeBytes);
  }
}

function loadVectors({ cpu }: RecordedProcess, view: DataView, before: Uint8Array): void {
  const { state } = cpu;
  const status = view.getUint16(STATE.FSW, true);
  state.setField(FPU_CONTROL, view.getUint16(STATE.FCW, true));
  state.setField(FPU_STATUS, status);
  state.setField(FPU_TAG, view.getUint8(STATE.FTW));
  state.setField(FPU_OPCODE, view.getUint16(STATE.FOP, true));
  state.setWideField(FPU_INSTRUCTION_POINTER, view.getBigUint64(STATE.FIP, true));
  state.setWideField(FPU_DATA_POINTER, view.getBigUint64(STATE.FDP, true));
  const words = new Uint32Array(before.buffer, before.byteOffset, STATE_SIZE_BYTES / 4);
  for (let i = 0; i < 8; i++) {
    const register = (i + (status >> TOP_SHIFT)) & 7;
    state.u32.set(words.subarray((STATE.ST >> 2) + 4 * i, (STATE.ST >> 2) + 4 * i + 3), (FPR >> 2) + 4 * register);
  }
  state.setField(MXCSR, view.getUint32(STATE.MXCSR, true));
  state.u32.set(words.subarray(STATE.XMM >> 2, (STATE.XMM >> 2) + 64), XMM >> 2);
}

/** What the processor has when it has stopped, beside what hardware had. */
class Comparison {
  readonly #process: RecordedProcess;
  readonly #test: KeptCase;
  readonly #view: DataView;
  readonly #codeSize: number;
  readonly #hasVectors: boolean;
  readonly #accuracy: Accuracy;
  readonly #found: string[] = [];

  constructor(process: RecordedProcess, test: KeptCase, codeSize: number, hasVectors: boolean, accuracy: Accuracy) {
    this.#process = process;
    this.#test = test;
    this.#view = new DataView(test.after.buffer, test.after.byteOffset, STATE_SIZE_BYTES);
    this.#codeSize = codeSize;
    this.#hasVectors = hasVectors;
    this.#accuracy = accuracy;
  }

  differences(): string[] {
    this.#compareException();
    if (this.#found.length > 0) return this.#found;
    this.#compareRegisters();
    if (this.#hasVectors) this.#compareVectors();
    return this.#found;
  }

  #check(name: string, found: number | bigint, wanted: number | bigint): void {
    if (found !== wanted) this.#found.push(`${name} is ${found.toString(16)}, hardware has ${wanted.toString(16)}`);
  }

  #compareException(): void {
    const { vector, cpu, pushed } = this.#process;
    const { exception } = this.#test;
    // The next instruction is INT3.
    this.#check('vector', vector, exception?.vector ?? VECTOR_BP);
    if (this.#found.length > 0) return;
    if (ERROR_CODES.has(vector)) this.#check('error code', pushed.getUint32(0, true), exception?.errorCode ?? 0);
    if (vector === VECTOR_PF && !this.#test.undefinedParts.cr2)
      this.#check('CR2', cpu.state.wideField(CR2), exception?.cr2 ?? 0n);
    const cs = pushed.getUint16(16, true);
    const bits = this.#codeSize === 64 && cs === USER_CODE_64 ? 64 : 32;
    const rip = pushed.getBigUint64(8, true) - (exception === undefined ? 1n : 0n);
    this.#check('RIP', BigInt.asUintN(bits, rip), BigInt.asUintN(bits, this.#view.getBigUint64(STATE.RIP, true)));
    this.#check('CS', cs, this.#view.getUint16(STATE.SELECTORS + 2 * CS, true));
  }

  #compareRegisters(): void {
    const { cpu, pushed } = this.#process;
    const { state } = cpu;
    const { undefinedParts, after } = this.#test;
    const view = this.#view;
    const flags = FLAGS_COMPARED & ~undefinedParts.flags;
    this.#check('RFLAGS', pushed.getUint32(24, true) & flags, view.getUint32(STATE.RFLAGS, true) & flags);
    const isWide = this.#codeSize === 64 && view.getUint16(STATE.SELECTORS + 2 * CS, true) === USER_CODE_64;
    const words = new Uint32Array(after.buffer, after.byteOffset, 32);
    for (let i = 0; i < (isWide ? 16 : R8); i++) {
      if (undefinedParts.fields.includes(i)) continue;
      const low = i === RSP ? pushed.getUint32(32, true) : (state.u32[(GPR >> 2) + 2 * i] as number);
      const high = i === RSP ? pushed.getUint32(36, true) : (state.u32[(GPR >> 2) + 2 * i + 1] as number);
      const isHalf = !isWide || undefinedParts.upperHalves.includes(i);
      if (low === words[2 * i] && (isHalf || high === words[2 * i + 1])) continue;
      const name = (FIELDS[i] as (typeof FIELDS)[number]).name;
      this.#check(name, (BigInt(isWide ? high : 0) << 32n) | BigInt(low), view.getBigUint64(8 * i, true));
    }
    this.#check('SS', pushed.getUint16(40, true), view.getUint16(STATE.SELECTORS + 2 * SS, true));
    for (const index of [ES, DS, FS, GS]) {
      const { selector } = this.#process.segment(index);
      // IRET makes null selectors of any RPL 0, which the recorder cannot tell apart.
      const found = selector < 4 ? 0 : selector;
      this.#check(FIELD_NAMES[index] as string, found, view.getUint16(STATE.SELECTORS + 2 * index, true));
    }
    if (!isWide) return;
    this.#check('FS.base', this.#process.segment(FS).base, view.getBigUint64(STATE.FS_BASE, true));
    this.#check('GS.base', this.#process.segment(GS).base, view.getBigUint64(STATE.GS_BASE, true));
  }

  #compareVectors(): void {
    const { state } = this.#process.cpu;
    const view = this.#view;
    const { undefinedParts, after } = this.#test;
    const isUndefined = (name: string): boolean =>
      undefinedParts.fields.some((id) => (FIELDS[id] as (typeof FIELDS)[number]).name === name);
    const fsw = 0xffff & ~(undefinedParts.fsw | this.#accuracy.fsw);
    this.#check('FCW', state.field(FPU_CONTROL), view.getUint16(STATE.FCW, true));
    this.#check('FSW', state.field(FPU_STATUS) & fsw, view.getUint16(STATE.FSW, true) & fsw);
    if (!isUndefined('ftw')) this.#check('FTW', state.field(FPU_TAG), view.getUint8(STATE.FTW));
    this.#check('MXCSR', state.field(MXCSR), view.getUint32(STATE.MXCSR, true));
    if (!isUndefined('fop')) this.#check('FOP', state.field(FPU_OPCODE), view.getUint16(STATE.FOP, true));
    if (!isUndefined('fip')) {
      this.#check(
        'FIP',
        state.wideField(FPU_INSTRUCTION_POINTER) & 0xffff_ffffn,
        view.getBigUint64(STATE.FIP, true) & 0xffff_ffffn,
      );
    }
    if (!isUndefined('fdp'))
      this.#check(
        'FDP',
        state.wideField(FPU_DATA_POINTER) & 0xffff_ffffn,
        view.getBigUint64(STATE.FDP, true) & 0xffff_ffffn,
      );
    const bytes = new Uint8Array(state.u32.buffer, state.u32.byteOffset);
    const top = view.getUint16(STATE.FSW, true) >> TOP_SHIFT;
    for (let i = 0; i < 8; i++) {
      if (isUndefined(`st${i}`)) continue;
      const at = FPR + 16 * ((i + top) & 7);
      const from = STATE.ST + 16 * i;
      this.#compareBytes(`ST${i}`, bytes.subarray(at, at + ST_SIZE_BYTES), after.subarray(from, from + ST_SIZE_BYTES));
    }
    const count = this.#codeSize === 64 ? 16 : 8;
    for (let i = 0; i < count; i++) {
      const at = XMM + 16 * i;
      const from = STATE.XMM + 16 * i;
      this.#compareBytes(`XMM${i}`, bytes.subarray(at, at + 16), after.subarray(from, from + 16));
    }
  }

  #compareBytes(name: string, found: Uint8Array, wanted: Uint8Array): void {
    if (found.every((byte, i) => byte === wanted[i])) return;
    if (found.length === ST_SIZE_BYTES && ulpsBetween(found, wanted) <= this.#accuracy.ulps) return;
    this.#found.push(`${name} is ${toHex(found.toReversed())}, hardware has ${toHex(wanted.toReversed())}`);
  }
}

function hasUndefinedParts({ flags, fsw, fields, upperHalves, cr2, memory }: VectorCase['undefinedParts']): boolean {
  return flags !== 0 || fsw !== 0 || cr2 || fields.length + upperHalves.length + memory.length > 0;
}

const FIELD_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Units in the last place between two double-extended numbers of one sign. */
function ulpsBetween(a: Uint8Array, b: Uint8Array): number {
  const [left, right] = [a, b].map((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // The significand's integer bit is set in both, so that the next exponent follows on the last significand.
    return (BigInt(view.getUint16(8, true)) << 63n) + (view.getBigUint64(0, true) & ~(1n << 63n));
  }) as [bigint, bigint];
  return Number(left > right ? left - right : right - left);
}

/** The first place where two arrays of equal length, a multiple of 4, differ; or -1. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const wordsA = new Uint32Array(a.buffer, a.byteOffset, a.length / 4);
  const wordsB = new Uint32Array(b.buffer, b.byteOffset, b.length / 4);
  for (let i = 0; i < wordsA.length; i++) {
    if (wordsA[i] === wordsB[i]) continue;
    let at = 4 * i;
    while (a[at] === b[at]) at++;
    return at;
  }
  return -1;
}

function title({ row }: VectorGroup, file: VectorFile, test: KeptCase): string {
  return `${row.mnemonic} ${row.operands} in ${file.header.codeSize}-bit code [${toHex(test.code)}] #${test.number}`;
}
