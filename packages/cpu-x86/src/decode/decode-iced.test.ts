/**
 * Compares the decoder with an independent one, iced-x86: length, mnemonic and every operand. `LONGMODE_FULL=1` runs a
 * million random byte strings a mode and every ModR/M byte of every opcode, instead of a sample.
 */
import {
  Code,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  Instruction as IcedInstruction,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
} from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { ENCODINGS } from '../opcodes/opcodes.ts';
import type { Row } from '../opcodes/row.ts';
import { defaultSegment } from './address.ts';
import { decode } from './decode.ts';
import { BASE_RIP, type CodeSize, type Instruction, NO_REGISTER, type Operand } from './instruction.ts';

const MODES: readonly CodeSize[] = [16, 32, 64];
const IS_FULL = process.env.LONGMODE_FULL === '1';
const RANDOM_COUNT = IS_FULL ? 1_000_000 : 20_000;
/** Bytes of each string: one more than the longest instruction. */
const STRIDE = 16;
const BATCH = 4096;
const IP = 0x4000n;

type Names = Readonly<Record<number, string>>;
const codeNames = Code as unknown as Names;
const mnemonicNames = Mnemonic as unknown as Names;
const featureNames = CpuidFeature as unknown as Names;
const registerNumbers = Register as unknown as Readonly<Record<string, number>>;

/** What this processor has, by the oracle's names. Anything else that the oracle decodes must be undefined here. */
const FEATURES: ReadonlySet<string> = new Set([
  ...['INTEL8086', 'INTEL186', 'INTEL286', 'INTEL386', 'INTEL486', 'X64', 'FPU', 'FPU287', 'FPU387'],
  ...['CPUID', 'TSC', 'MSR', 'RDPMC', 'RDTSCP', 'CX8', 'CMPXCHG16B', 'CMOV', 'SEP', 'SYSCALL', 'SMM', 'PAUSE'],
  ...['MULTIBYTENOP', 'POPCNT', 'MOVBE', 'MONITOR', 'FSGSBASE', 'INVPCID', 'PKU', 'SMAP', 'RDRAND', 'RDSEED'],
  ...['FXSR', 'XSAVE', 'XSAVEC', 'XSAVEOPT', 'XSAVES', 'CLFSH', 'CLFLUSHOPT', 'CLWB', 'PREFETCHW', 'PREFETCHWT1'],
  ...['MMX', 'SSE', 'SSE2', 'SSE3', 'SSSE3', 'SSE4_1', 'SSE4_2', 'AES', 'PCLMULQDQ'],
]);

/** Names that the manuals spell differently. */
const MNEMONICS: Readonly<Record<string, string>> = {
  WAIT: 'FWAIT',
  RESERVEDNOP: 'NOP',
  SYSEXITQ: 'SYSEXIT', // REX.W + SYSEXIT
  SYSRETQ: 'SYSRET', // REX.W + SYSRET
  PCMPESTRI64: 'PCMPESTRI', // REX.W + PCMPESTRI
  PCMPESTRM64: 'PCMPESTRM',
};

/**
 * Hints of newer extensions, which are NOPs here: "0F 18 to 0F 1F are reserved NOPs" (SDM Vol. 2D Appendix A, Table A-3
 * and its note on hint instructions). The oracle decodes those bytes a second time without the extension.
 */
const NEWER_HINTS: ReadonlySet<string> = new Set([
  ...['Cldemote_m8', 'Prefetchit0_m8', 'Prefetchit1_m8', 'Endbr32', 'Endbr64', 'Rdsspd_r32', 'Rdsspq_r64'],
]);

interface Exception {
  /** Names of the oracle's codes. */
  readonly code: RegExp;
  readonly modes?: readonly CodeSize[];
  readonly applies?: (ours: Instruction | undefined) => boolean;
  /** Operands as the oracle would have them, from ours. Absent: the oracle is not followed at all. */
  readonly operands?: (ours: readonly string[], theirs: readonly string[]) => readonly string[];
}

/** Every difference from the oracle, with its reason. */
const EXCEPTIONS: readonly Exception[] = [
  {
    // SDM Vol. 2B "SYSCALL", "SYSRET": invalid outside 64-bit mode; the oracle follows AMD's processors there
    code: /^(Syscall|Sysretd)$/,
    modes: [16, 32],
    applies: (ours) => ours === undefined,
  },
  {
    // SDM Vol. 2D "XCHG": REX.B makes opcode 90 an exchange with R8, also after F3 (processors agree)
    code: /^Pause$/,
    modes: [64],
    applies: (ours) => ours?.mnemonic === 'XCHG',
  },
  {
    // Appendix A has Ew (and Gw) where only 16 bits are read; the oracle prints the register at the operand size
    code: /^(Arpl_r32m16|Lar_r\d\d_|Lsl_r\d\d_|Lldt_r|Lmsw_r|Ltr_r|Verr_r|Verw_r|Mov_Sreg_r)/,
    operands: (ours, theirs) =>
      ours.map((operand, i) =>
        /^gpr\d+:16$/.test(operand) ? operand.replace(/16$/, width(theirs[i]) ?? '16') : operand,
      ),
  },
  {
    // the contract gives the address without AL, which is no register of the address size
    code: /^Xlat_m8$/,
    operands: ([memory]) => [`${memory}`.replace(' - ', ' gpr0:8 ')],
  },
  {
    // explicit operands first, as the manual prints them; the oracle begins with the implicit address
    code: /^Maskmov/,
    operands: ([destination, mask, memory]) => [`${memory}`, `${destination}`, `${mask}`],
  },
  {
    // rAX is an operand here because a segment prefix overrides its segment (SDM Vol. 2B "MONITOR")
    code: /^Monitor[wdq]$/,
    operands: () => [],
  },
];

function width(operand: string | undefined): string | undefined {
  return operand?.match(/^gpr\d+:(\d+)$/)?.[1];
}

const REGISTERS: ReadonlyMap<number, string> = (() => {
  const names = new Map<number, string>();
  const add = (list: readonly string[], text: (index: number) => string): void => {
    for (const [i, name] of list.entries()) names.set(registerNumbers[name] ?? -1, text(i));
  };
  const legacy = ['AX', 'CX', 'DX', 'BX', 'SP', 'BP', 'SI', 'DI'];
  const numbered = (prefix: string, count: number, suffix = ''): string[] =>
    Array.from({ length: count }, (_, i) => `${prefix}${i}${suffix}`);
  const extended = (suffix: string): string[] => numbered('R', 16, suffix).slice(8);
  add(['AL', 'CL', 'DL', 'BL', 'SPL', 'BPL', 'SIL', 'DIL', ...extended('L')], (i) => `gpr${i}:8`);
  add(['AH', 'CH', 'DH', 'BH'], (i) => `gpr8high${i}:8`);
  add([...legacy, ...extended('W')], (i) => `gpr${i}:16`);
  add([...legacy.map((name) => `E${name}`), ...extended('D')], (i) => `gpr${i}:32`);
  add([...legacy.map((name) => `R${name}`), ...extended('')], (i) => `gpr${i}:64`);
  add(['ES', 'CS', 'SS', 'DS', 'FS', 'GS'], (i) => `segment${i}:16`);
  add(numbered('ST', 8), (i) => `st${i}:80`);
  add(numbered('MM', 8), (i) => `mmx${i}:64`);
  add(numbered('XMM', 16), (i) => `xmm${i}:128`);
  add(numbered('CR', 16), (i) => `control${i}`);
  add(numbered('DR', 16), (i) => `debug${i}`);
  return names.set(Register.RIP, 'rip:64').set(Register.EIP, 'rip:32').set(Register.None, '-');
})();
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'].map((name) => registerNumbers[name]);

/** Register number and address size of the oracle's string operands. */
const STRING_OPERANDS: ReadonlyMap<number, string> = new Map([
  [OpKind.MemorySegSI, 'gpr6:16'],
  [OpKind.MemorySegESI, 'gpr6:32'],
  [OpKind.MemorySegRSI, 'gpr6:64'],
  [OpKind.MemorySegDI, 'gpr7:16'],
  [OpKind.MemorySegEDI, 'gpr7:32'],
  [OpKind.MemorySegRDI, 'gpr7:64'],
  [OpKind.MemoryESDI, 'gpr7:16'],
  [OpKind.MemoryESEDI, 'gpr7:32'],
  [OpKind.MemoryESRDI, 'gpr7:64'],
]);

const IMMEDIATE_WIDTHS: ReadonlyMap<number, number> = new Map([
  [OpKind.Immediate8, 8],
  [OpKind.Immediate8_2nd, 8],
  [OpKind.Immediate16, 16],
  [OpKind.Immediate8to16, 16],
  [OpKind.Immediate32, 32],
  [OpKind.Immediate8to32, 32],
  [OpKind.Immediate64, 64],
  [OpKind.Immediate8to64, 64],
  [OpKind.Immediate32to64, 64],
]);

function immediate(bits: number, value: bigint): string {
  return `immediate:${bits} ${BigInt.asUintN(bits, value).toString(16)}`;
}

/** In 64-bit mode ES, CS, SS and DS overrides are ignored (SDM Vol. 2A "Instruction Prefixes"); the oracle reports them. */
function effectiveSegment(number: number, base: number, codeSize: CodeSize): number {
  return codeSize === 64 && number < 4 ? defaultSegment(base) : number;
}

function theirMemory(iced: IcedInstruction, kind: OpKind, codeSize: CodeSize): string {
  const bits = MemorySizeExt.size(iced.memorySize) * 8;
  const segment = SEGMENTS.indexOf(iced.memorySegment);
  const register = STRING_OPERANDS.get(kind);
  if (register !== undefined) {
    const isAlwaysEs = kind === OpKind.MemoryESDI || kind === OpKind.MemoryESEDI || kind === OpKind.MemoryESRDI;
    return `memory:${bits} ${isAlwaysEs ? 0 : effectiveSegment(segment, NO_REGISTER, codeSize)} ${register} - 1 0`;
  }
  const base = REGISTERS.get(iced.memoryBase) ?? '?';
  const index = REGISTERS.get(iced.memoryIndex) ?? '?';
  const baseNumber = Number(/^gpr(\d+)/.exec(base)?.[1] ?? NO_REGISTER);
  const sized = [base, index].find((name) => name !== '-' && !name.endsWith(':8'));
  const addressSize = sized ? Number(sized.split(':')[1]) : iced.memoryDisplSize * 8;
  const scale = index === '-' ? 1 : iced.memoryIndexScale;
  const displacement = BigInt.asUintN(addressSize, iced.memoryDisplacement).toString(16);
  return `memory:${bits} ${effectiveSegment(segment, baseNumber, codeSize)} ${base} ${index} ${scale} ${displacement}`;
}

function theirOperand(iced: IcedInstruction, i: number, codeSize: CodeSize): string {
  const kind = iced.opKind(i);
  const bits = IMMEDIATE_WIDTHS.get(kind);
  if (bits !== undefined) return immediate(bits, iced.immediate(i));
  switch (kind) {
    case OpKind.Register:
      return REGISTERS.get(iced.opRegister(i)) ?? '?';
    case OpKind.NearBranch16:
    case OpKind.NearBranch32:
    case OpKind.NearBranch64:
      return `branch ${iced.nearBranchTarget.toString(16)}`;
    case OpKind.FarBranch16:
      return `far ${iced.farBranchSelector}:${iced.farBranch16}`;
    case OpKind.FarBranch32:
      return `far ${iced.farBranchSelector}:${iced.farBranch32}`;
    default:
      return theirMemory(iced, kind, codeSize);
  }
}

function joinWords(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function ourOperand(ours: Instruction, operand: Operand): string {
  switch (operand.kind) {
    case 'register': {
      const hasWidth = operand.file !== 'control' && operand.file !== 'debug';
      return `${operand.file}${operand.index}${hasWidth ? `:${operand.width}` : ''}`;
    }
    case 'immediate':
      return immediate(operand.width, joinWords(operand.low, operand.high));
    case 'relative': {
      const target = IP + BigInt(ours.length + operand.displacement);
      return `branch ${BigInt.asUintN(ours.operandSize, target).toString(16)}`;
    }
    case 'far-pointer':
      return `far ${operand.selector}:${operand.offset}`;
    case 'memory': {
      const { base, index, scale, segment } = operand;
      const name = (register: number): string =>
        register === NO_REGISTER ? '-' : `${register === BASE_RIP ? 'rip' : `gpr${register}`}:${ours.addressSize}`;
      const origin = base === BASE_RIP ? IP + BigInt(ours.length) : 0n;
      const displacement = origin + joinWords(operand.displacement, operand.displacementHigh);
      const shown = BigInt.asUintN(ours.addressSize, displacement).toString(16);
      return `memory:${operand.width} ${segment} ${name(base)} ${name(index)} ${scale} ${shown}`;
    }
  }
}

const OPTIONS = DecoderOptions.NoWbnoinvd | DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD;

/** Two decoders over one buffer of byte strings. */
class Comparison {
  readonly buffer = new Uint8Array(BATCH * STRIDE + STRIDE);
  readonly differences: string[] = [];
  readonly reached = new Set<unknown>();
  decoded = 0;
  compared = 0;
  readonly #codeSize: CodeSize;
  readonly #iced = new IcedInstruction();

  constructor(codeSize: CodeSize) {
    this.#codeSize = codeSize;
  }

  /** Compares `count` strings; each fills its 16 bytes. */
  run(count: number, fill: (bytes: Uint8Array, i: number) => void): void {
    for (let done = 0; done < count; done += BATCH) {
      const size = Math.min(BATCH, count - done);
      for (let i = 0; i < size; i++) fill(this.buffer.subarray(i * STRIDE, (i + 1) * STRIDE), done + i);
      // the decoders copy their input
      const decoder = new Decoder(this.#codeSize, this.buffer, OPTIONS);
      const withoutHints = new Decoder(this.#codeSize, this.buffer, OPTIONS | DecoderOptions.ForceReservedNop);
      for (let i = 0; i < size; i++) {
        const difference = this.#compare(decoder, withoutHints, i * STRIDE);
        if (difference && this.differences.length < 20) this.differences.push(difference);
      }
      decoder.free();
      withoutHints.free();
    }
  }

  #decodeTheirs(decoder: Decoder, at: number): string {
    decoder.position = at;
    decoder.ip = IP;
    decoder.decodeOut(this.#iced);
    return codeNames[this.#iced.code] ?? '?';
  }

  #compare(decoder: Decoder, withoutHints: Decoder, at: number): string | undefined {
    const codeSize = this.#codeSize;
    const iced = this.#iced;
    const result = decode(this.buffer, at, at + STRIDE, codeSize);
    const ours = result.kind === 'instruction' ? result : undefined;
    let code = this.#decodeTheirs(decoder, at);
    if (NEWER_HINTS.has(code)) code = this.#decodeTheirs(withoutHints, at);
    const differ = (what: string): string => `${hex(this.buffer.subarray(at, at + STRIDE))} ${code}: ${what}`;
    this.compared++;

    if (result.kind === 'need-more-bytes') return differ('more than 15 bytes asked for');
    const exception = EXCEPTIONS.find(
      (entry) => entry.code.test(code) && (entry.modes?.includes(codeSize) ?? true) && (entry.applies?.(ours) ?? true),
    );
    if (exception && !exception.operands) return undefined;
    const hasFeatures = [...iced.cpuidFeatures()].every((feature) => FEATURES.has(featureNames[feature] ?? '?'));
    const isDefined = iced.code !== Code.INVALID && hasFeatures;
    if (ours === undefined) return isDefined ? differ('undefined here') : undefined;
    if (!isDefined) return differ(`${ours.mnemonic} here`);

    this.decoded++;
    this.reached.add(ours.encoding);
    const mnemonic = (mnemonicNames[iced.mnemonic] ?? '?').toUpperCase();
    if ((MNEMONICS[mnemonic] ?? mnemonic) !== ours.mnemonic) return differ(`mnemonic ${ours.mnemonic}`);
    if (iced.length !== ours.length) return differ(`length ${ours.length}, not ${iced.length}`);
    if (iced.hasLockPrefix !== ours.lock) return differ(`lock ${ours.lock}`);
    // hints access no memory here, whatever size their operand has
    const withoutWidth = (text: string): string =>
      ours.encoding.semantics === 'NOP' ? text.replace(/^memory:\d+/, 'memory:0') : text;
    const theirs = Array.from({ length: iced.opCount }, (_, i) => withoutWidth(theirOperand(iced, i, codeSize)));
    const own = ours.operands.map((operand) => ourOperand(ours, operand));
    const comparable = exception?.operands ? exception.operands(own, theirs) : own;
    return comparable.join() === theirs.join() ? undefined : differ(`${comparable.join()}, not ${theirs.join()}`);
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Mulberry32: 32 random bits a call. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const LEGACY_PREFIXES = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];
const MANDATORY_PREFIXES: readonly (readonly number[])[] = [[], [0x66], [0xf3], [0xf2], [0x66, 0xf3], [0xf2, 0x66]];
const ESCAPES: Readonly<Record<string, readonly number[]>> = {
  'one-byte': [],
  '0f': [0x0f],
  '0f38': [0x0f, 0x38],
  '0f3a': [0x0f, 0x3a],
};

/** One string in four is pure noise; the others have some prefixes, most have an opcode of the tables, then noise. */
function fillAtRandom(codeSize: CodeSize, next: () => number): (bytes: Uint8Array, i: number) => void {
  const pick = <T>(list: readonly T[]): T => list[next() % list.length] as T;
  return (bytes, i) => {
    for (let at = 0; at < STRIDE; at++) bytes[at] = next() >>> 11;
    if (i % 4 === 0) return;
    const head: number[] = [];
    const prefixCount = next() % 256 === 0 ? 8 + (next() % 6) : pick([0, 0, 0, 0, 1, 1, 2, 3]);
    for (let n = 0; n < prefixCount; n++) head.push(next() % 16 === 0 ? 0x40 | (next() & 15) : pick(LEGACY_PREFIXES));
    if (codeSize === 64 && next() & 1) head.push(0x40 | (next() & 15));
    const row = pick(ENCODINGS);
    head.push(...(ESCAPES[row.map] ?? []), next() & 7 ? row.opcode : next() & 0xff);
    bytes.set(head.slice(0, STRIDE));
  };
}

/** ModR/M bytes tried with each opcode and each combination of prefixes; random ones unless all of them. */
const MODRM_COUNT = IS_FULL ? 256 : 4;

function isValidIn(row: Row, codeSize: CodeSize): boolean {
  return codeSize === 64 ? !row.invalid64 : !row.only64 && row.rexW !== 1 && row.rexB !== 1;
}

/** Byte strings that begin with a row's opcode: every form of ModR/M that selects the row, with ordinary prefixes. */
function* stringsFor(row: Row, codeSize: CodeSize, next: () => number): Generator<readonly number[]> {
  const mandatory = typeof row.prefix === 'number' ? [row.prefix] : [];
  const ordinary = [
    [0x67],
    [0x64],
    [0x3e],
    [0xf0],
    ...(row.prefix === undefined ? [[0x66], [0xf2], [0xf3, 0x66]] : []),
  ];
  const rexes = codeSize !== 64 ? [[]] : [[], [next() & 15], [next() & 15, next() & 15]];
  const head = [...(ESCAPES[row.map] ?? []), row.opcode];
  for (let form = 0; form < 32; form++) {
    const mod = form >> 3;
    const modrm = (mod << 6) | ((row.reg ?? next() & 7) << 3) | (row.rm ?? form & 7);
    if (row.mod !== undefined && (row.mod === 'register') !== (mod === 3)) continue;
    for (const prefixes of [[], ordinary[next() % ordinary.length] ?? []]) {
      for (const bits of rexes) {
        // REX.W and REX.B as the row wants them; two bytes: only the last one counts
        const rex = bits.map((bit) => {
          const w = row.rexW === undefined ? bit & 8 : row.rexW << 3;
          return 0x40 | (bit & 6) | w | (row.rexB ?? bit & 1);
        });
        if (rex.length === 0 && (row.rexW === 1 || row.rexB === 1)) continue;
        yield [...mandatory, ...prefixes, ...rex, ...head, modrm];
      }
    }
  }
}

describe.each(MODES)('decode in %i-bit code, compared with iced-x86', (codeSize) => {
  it(`agrees on ${RANDOM_COUNT} random byte strings`, { timeout: 300_000 }, () => {
    const comparison = new Comparison(codeSize);
    comparison.run(RANDOM_COUNT, fillAtRandom(codeSize, random(0x86 + codeSize)));
    expect(comparison.differences).toEqual([]);
    expect(comparison.compared).toBe(RANDOM_COUNT);
    expect(comparison.decoded).toBeGreaterThan(RANDOM_COUNT / 2);
  });

  it('agrees on every row of the tables, and reaches it', { timeout: 300_000 }, () => {
    const comparison = new Comparison(codeSize);
    const next = random(codeSize);
    const rows = ENCODINGS.filter((row) => isValidIn(row, codeSize));
    const strings = rows.flatMap((row) => [...stringsFor(row, codeSize, next)]);
    comparison.run(strings.length, (bytes, i) => {
      for (let at = 0; at < STRIDE; at++) bytes[at] = next() >>> 11;
      bytes.set(strings[i] ?? []);
    });
    expect(comparison.differences).toEqual([]);
    expect(rows.filter((row) => !comparison.reached.has(row))).toEqual([]);
  });

  it(`agrees on all opcodes with all mandatory prefixes and ${MODRM_COUNT} ModR/M bytes`, { timeout: 300_000 }, () => {
    const comparison = new Comparison(codeSize);
    const next = random(codeSize + 1);
    const rexes = codeSize === 64 ? [[], [0x48], [0x47]] : [[]];
    for (const map of Object.values(ESCAPES)) {
      for (const prefixes of MANDATORY_PREFIXES) {
        for (const rex of rexes) {
          const head = [...prefixes, ...rex, ...map];
          comparison.run(256 * MODRM_COUNT, (bytes, i) => {
            for (let at = 0; at < STRIDE; at++) bytes[at] = next() >>> 11;
            bytes.set([...head, i & 0xff]);
            if (IS_FULL) bytes[head.length + 1] = i >> 8;
          });
        }
      }
    }
    expect(comparison.differences).toEqual([]);
  });
});
