import { FIELDS, STATE, STATE_SIZE_BYTES, USER_CODE_64, type VectorCase } from '@longmode/x86-vectors';
import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import {
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
  XMM,
} from '../state/layout.ts';
import type { Accuracy } from './corpus-exclusions.test.fixture.ts';
import type { RecordedProcess } from './recorded-process.test.fixture.ts';

/** Arithmetic flags, TF, IF, DF, IOPL, NT, RF, AC and ID: all that CPL 3 can tell. */
const FLAGS_COMPARED = 0x257fd5;
const VECTOR_BP = 3;
const VECTOR_PF = 14;
const RSP = 4;
const R8 = 8;
/** Vectors that push an error code. */
const ERROR_CODES: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);
const ST_SIZE_BYTES = 10;
const TOP_SHIFT = 11;

/** What the processor has when it has stopped, beside what hardware had. */
export class Comparison {
  readonly #process: RecordedProcess;
  readonly #test: VectorCase;
  readonly #view: DataView;
  readonly #codeSize: number;
  readonly #hasVectors: boolean;
  readonly #accuracy: Accuracy;
  readonly #found: string[] = [];

  constructor(process: RecordedProcess, test: VectorCase, codeSize: number, hasVectors: boolean, accuracy: Accuracy) {
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
      undefinedParts.fields.length > 0 &&
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
      const at = FPR + 16 * ((i + top) & 7);
      const from = STATE.ST + 16 * i;
      if (areEqual(bytes, at, after, from, ST_SIZE_BYTES) || isUndefined(`st${i}`)) continue;
      this.#compareRegister(`ST${i}`, bytes.subarray(at, at + ST_SIZE_BYTES), after.subarray(from));
    }
    const count = this.#codeSize === 64 ? 16 : 8;
    for (let i = 0; i < count; i++) {
      const at = XMM + 16 * i;
      const from = STATE.XMM + 16 * i;
      if (areEqual(bytes, at, after, from, 16)) continue;
      this.#compareRegister(`XMM${i}`, bytes.subarray(at, at + 16), after.subarray(from));
    }
  }

  #compareRegister(name: string, found: Uint8Array, rest: Uint8Array): void {
    const wanted = rest.subarray(0, found.length);
    if (found.length === ST_SIZE_BYTES && ulpsBetween(found, wanted) <= this.#accuracy.ulps) return;
    this.#found.push(`${name} is ${toHex(found.toReversed())}, hardware has ${toHex(wanted.toReversed())}`);
  }
}

/** Whether bytes from two places on are the same. */
function areEqual(a: Uint8Array, atA: number, b: Uint8Array, atB: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

const FIELD_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Units in the last place between two double-extended numbers of one sign. */
function ulpsBetween(a: Uint8Array, b: Uint8Array): number {
  const [left, right] = [a, b].map((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // The significand's integer bit is set in both, so that the next exponent follows on the last significand.
    return (BigInt(view.getUint16(8, true)) << 63n) + (view.getBigUint64(0, true) & ~(1n << 63n));
  }) as [bigint, bigint];
  return Number(left > right ? left - right : right - left);
}
