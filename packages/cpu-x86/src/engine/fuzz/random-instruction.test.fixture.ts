import { decode } from '../../decode/decode.ts';
import type { CodeSize, Instruction } from '../../decode/instruction.ts';
import type { OpcodeMap } from '../../opcodes/encoding.ts';
import { ENCODINGS } from '../../opcodes/opcodes.ts';
import type { Row } from '../../opcodes/row.ts';
import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { EMITTED_SEMANTICS } from '../../semantics/index.ts';
import { SIMD_SEMANTICS } from '../../semantics/simd/index.ts';
import { DATA } from './places.test.fixture.ts';
import type { Random } from './random.test.fixture.ts';

const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;
const R12 = 12;
const R13 = 13;
const R14 = 14;
const R15 = 15;

/** Registers that have a meaning in programs of a code size. */
export interface Roles {
  /** Points into the data. */
  readonly pointer: number;
  /** Counts rounds of loops. */
  readonly counter: number;
  /** Where exceptions go on. */
  readonly resume: number;
  readonly reserved: ReadonlySet<number>;
}
export function rolesOf(codeSize: CodeSize): Roles {
  return codeSize === 64
    ? { pointer: R13, counter: R14, resume: R15, reserved: new Set([RSP, R12, R13, R14, R15]) }
    : { pointer: RSI, counter: RBP, resume: RDI, reserved: new Set([RSP, RBP, RSI, RDI]) };
}

/** These are generated on purpose, or would take the program apart. */
const EXCLUDED: ReadonlySet<string> = new Set<SemanticsKey>([
  'JMP',
  'CALL',
  'RET',
  'Jcc',
  'LOOP',
  'LOOPE',
  'LOOPNE',
  'JCXZ',
  'ENTER',
  'LEAVE',
  'POPA',
  'PUSHA',
  'POPF',
  'MOVS',
  'STOS',
  'LODS',
  'CMPS',
  'SCAS',
]);
const STACK_KEYS: ReadonlySet<string> = new Set<SemanticsKey>(['PUSH', 'POP', 'PUSHF']);

const VECTOR_ROWS: readonly Row[] = ENCODINGS.filter(({ semantics }) => semantics in SIMD_SEMANTICS);
/** Vector instructions whose memory operands may lie anywhere: the others mostly fault. */
const UNALIGNED_ROWS: readonly Row[] = VECTOR_ROWS.filter(
  ({ semantics, operands }) => semantics === 'MOVUPS' || /S[SD]|Mq|Wq|E/.test(operands),
);
const MAP_BYTES: Readonly<Record<OpcodeMap, readonly number[]>> = {
  'one-byte': [],
  '0f': [0x0f],
  '0f38': [0x0f, 0x38],
  '0f3a': [0x0f, 0x3a],
};

/** A memory operand: what comes before the opcode, and ModR/M (without reg), SIB and displacement. */
interface MemoryForm {
  readonly prefixes: readonly number[];
  /** REX.X and REX.B. */
  readonly rex: number;
  readonly bytes: readonly number[];
  /** Displacement relative to the end of the instruction. */
  readonly isRipRelative?: boolean;
  /** Code that makes an index small. */
  readonly before?: readonly number[];
}

const le = (value: number, sizeBytes: number): number[] =>
  Array.from({ length: sizeBytes }, (_, i) => (value >> (8 * i)) & 0xff);

/** Chooses instructions that random programs are made of. */
export class InstructionChooser {
  readonly #random: Random;
  readonly #codeSize: CodeSize;
  readonly #roles: Roles;

  constructor(random: Random, codeSize: CodeSize) {
    this.#random = random;
    this.#codeSize = codeSize;
    this.#roles = rolesOf(codeSize);
  }

  /** @returns the bytes of one, and of another one that may have to go before it */
  choose(options: { isInFunction: boolean; address: number }): { before: readonly number[]; bytes: number[] } {
    const random = this.#random;
    for (;;) {
      const isMemory = random.chance(45);
      const isWild = isMemory && random.chance(6);
      const form = isMemory && !isWild ? this.#memoryForm() : undefined;
      const bytes = [...(form?.prefixes ?? [])];
      if (random.chance(12)) bytes.push(0x66);
      if (random.chance(3)) bytes.push(0xf0);
      if (random.chance(2)) bytes.push(random.pick([0x26, 0x2e, 0x36, 0x3e, 0xf2, 0xf3]));
      let rex = (form?.rex ?? 0) | (random.chance(50) ? 0x40 | (random.below(4) << 2) : 0);
      if (!isMemory && rex !== 0) rex |= random.below(2);
      if (this.#codeSize === 64 && rex !== 0) bytes.push(0x40 | rex);
      if (random.chance(35)) bytes.push(0x0f);
      bytes.push(random.below(256));
      if (form) {
        const [modrm, ...rest] = form.bytes as [number, ...number[]];
        bytes.push(modrm | (random.below(8) << 3), ...rest);
      } else bytes.push(isMemory ? random.below(0xc0) : 0xc0 | random.below(64));
      const end = bytes.length;
      for (let i = 0; i < 10; i++) {
        bytes.push(random.chance(30) ? random.pick([0, 1, 0xff, 0x80, 0x7f]) : random.below(256));
      }
      const result = decode(Uint8Array.from(bytes), 0, Math.min(bytes.length, 15), this.#codeSize);
      if (result.kind !== 'instruction' || result.length < end) continue;
      if (!this.#isWanted(result, options.isInFunction)) continue;
      if (form?.isRipRelative) {
        const before = form.before?.length ?? 0;
        const target = DATA + 0x40 + random.below(0x200) - (options.address + before + result.length);
        le(target, 4).forEach((byte, index) => {
          bytes[end - 4 + index] = byte;
        });
      }
      return { before: form?.before ?? [], bytes: bytes.slice(0, result.length) };
    }
  }

  /** As `choose`, of the instructions on vectors. */
  chooseVector(address: number): { before: readonly number[]; bytes: number[] } {
    const random = this.#random;
    for (;;) {
      const isMemory = random.chance(40);
      const row = random.pick(isMemory && random.chance(70) ? UNALIGNED_ROWS : VECTOR_ROWS);
      const form = isMemory ? this.#memoryForm() : undefined;
      const bytes = [...(form?.prefixes ?? [])];
      if (typeof row.prefix === 'number') bytes.push(row.prefix);
      let rex = (form?.rex ?? 0) | (random.chance(40) ? 0x40 | (random.below(4) << 2) : 0);
      if (!isMemory && rex !== 0) rex |= random.below(2);
      if (row.rexW === 1) rex |= 0x48;
      if (this.#codeSize === 64 && rex !== 0) bytes.push(0x40 | rex);
      bytes.push(...MAP_BYTES[row.map], row.opcode);
      const [modrm, ...rest] = (form?.bytes ?? [0xc0 | random.below(8)]) as [number, ...number[]];
      bytes.push(modrm | ((row.reg ?? random.below(8)) << 3), ...rest);
      const end = bytes.length;
      if (row.operands.includes('Ib')) bytes.push(random.below(256));
      const result = decode(Uint8Array.from(bytes), 0, bytes.length, this.#codeSize);
      if (result.kind !== 'instruction' || result.encoding !== row || result.length !== bytes.length) continue;
      const { reserved } = this.#roles;
      const isHarmless = result.operands.every(
        (operand) => operand.kind !== 'register' || operand.file === 'xmm' || !reserved.has(operand.index),
      );
      // MASKMOVDQU writes wherever RDI points.
      if (!isHarmless || row.semantics === 'MASKMOVDQU') continue;
      if (form?.isRipRelative) {
        const target = DATA + 0x40 + random.below(0x200) - (address + (form.before?.length ?? 0) + result.length);
        le(target, 4).forEach((byte, index) => {
          bytes[end - 4 + index] = byte;
        });
      }
      return { before: form?.before ?? [], bytes };
    }
  }

  #isWanted(instruction: Instruction, isInFunction: boolean): boolean {
    const key = instruction.encoding.semantics;
    if (!(key in EMITTED_SEMANTICS) || EXCLUDED.has(key)) return false;
    if (isInFunction && STACK_KEYS.has(key)) return false;
    const { reserved } = this.#roles;
    return instruction.operands.every((operand) => {
      if (operand.kind !== 'register') return true;
      return operand.file === 'gpr8high' || (operand.file === 'gpr' && !reserved.has(operand.index));
    });
  }

  #memoryForm(): MemoryForm {
    if (this.#codeSize === 16) return this.#random.chance(25) ? this.#prefixed(this.#form32()) : this.#form16();
    if (this.#codeSize === 32) return this.#random.chance(10) ? this.#prefixed(this.#form16()) : this.#form32();
    return this.#random.chance(5) ? this.#prefixed(this.#form64()) : this.#form64();
  }
  #prefixed(form: MemoryForm): MemoryForm {
    return { ...form, prefixes: [0x67, ...form.prefixes] };
  }

  /** An index register, and code that leaves few bits of it. */
  #index(): { index: number; before: number[] } {
    const index = this.#random.pick([0, 1, 2, 3]);
    const keeps = this.#random.chance(90);
    return { index, before: keeps ? [0x83, 0xe0 | index, this.#random.pick([0x3f, 0x0f, 0x7f])] : [] };
  }
  #near(): number {
    return DATA + this.#random.pick([0, 0x10, 0x100, 0xff0, 0xffc, 0xfff, 0x1000, 0x1f00]) + this.#random.below(0x20);
  }

  #form64(): MemoryForm {
    const random = this.#random;
    const displacement = random.below(128);
    const { index, before } = this.#index();
    const scale = random.below(4) << 6;
    switch (random.below(9)) {
      case 0:
      case 1: // [r13 + disp8]
        return { prefixes: [], rex: 0x41, bytes: [0x45, displacement] };
      case 2: // [r13 + disp32]
        return { prefixes: [], rex: 0x41, bytes: [0x85, ...le(random.between(-64, 0x300), 4)] };
      case 3: // [r13 + index * scale + disp8]
        return { prefixes: [], rex: 0x41, bytes: [0x44, scale | (index << 3) | 5, displacement], before };
      case 4: // [r12]
        return { prefixes: [], rex: 0x41, bytes: [0x04, 0x24] };
      case 5: // [rip + disp32]
        return { prefixes: [], rex: 0, bytes: [0x05, 0, 0, 0, 0], isRipRelative: true };
      case 6: // [disp32]
        return { prefixes: [], rex: 0, bytes: [0x04, 0x25, ...le(this.#near(), 4)] };
      case 7: // [index * scale + disp32]
        return { prefixes: [], rex: 0, bytes: [0x04, scale | (index << 3) | 5, ...le(DATA + displacement, 4)], before };
      default: // fs:[disp32], gs:[disp32]
        return { prefixes: [random.pick([0x64, 0x65])], rex: 0, bytes: [0x04, 0x25, ...le(random.below(0x100), 4)] };
    }
  }
  #form32(): MemoryForm {
    const random = this.#random;
    const displacement = random.below(128);
    const { index, before } = this.#index();
    const scale = random.below(4) << 6;
    switch (random.below(7)) {
      case 0:
      case 1: // [esi + disp8]
        return { prefixes: [], rex: 0, bytes: [0x46, displacement] };
      case 2: // [esi + disp32]
        return { prefixes: [], rex: 0, bytes: [0x86, ...le(random.between(-64, 0x300), 4)] };
      case 3: // [esi + index * scale + disp8]
        return { prefixes: [], rex: 0, bytes: [0x44, scale | (index << 3) | 6, displacement], before };
      case 4: // [disp32]
        return { prefixes: [], rex: 0, bytes: [0x05, ...le(this.#near(), 4)] };
      case 5: // [index * scale + disp32]
        return { prefixes: [], rex: 0, bytes: [0x04, scale | (index << 3) | 5, ...le(DATA + displacement, 4)], before };
      default: // fs:[disp32], gs:[disp32], es:[esi + disp8]
        return random.chance(50)
          ? { prefixes: [random.pick([0x64, 0x65])], rex: 0, bytes: [0x05, ...le(random.below(0x100), 4)] }
          : { prefixes: [0x26], rex: 0, bytes: [0x46, displacement] };
    }
  }
  #form16(): MemoryForm {
    const random = this.#random;
    const before = random.chance(90) ? [0x83, 0xe3, random.pick([0x3f, 0x0f, 0x7f])] : [];
    switch (random.below(6)) {
      case 0:
      case 1: // [si + disp8]
        return { prefixes: [], rex: 0, bytes: [0x44, random.below(128)] };
      case 2: // [bx + si + disp8]
        return { prefixes: [], rex: 0, bytes: [0x40, random.below(128)], before };
      case 3: // [bp + si + disp16]
        return { prefixes: [], rex: 0, bytes: [0x82, ...le(random.below(0x100), 2)] };
      case 4: // [disp16]
        return { prefixes: [], rex: 0, bytes: [0x06, ...le(this.#near(), 2)] };
      default: // es:[si]
        return { prefixes: [0x26], rex: 0, bytes: [0x04] };
    }
  }
}
