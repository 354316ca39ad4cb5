/** Random guest programs that run for long, get compiled, fault, branch, call and change their own code. */
import { decode } from '../../decode/decode.ts';
import type { CodeSize, Instruction } from '../../decode/instruction.ts';
import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { EMITTED_SEMANTICS } from '../../semantics/index.ts';

/** A reproducible sequence of numbers (xorshift32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
  /** 0 to limit - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Where programs keep things. */
export const CODE = 0x1000;
export const DATA = 0x1_0080;
export const COUNTER = 0x1_f000;
export const STACK = 0x8_0000;
/** A linear alias of the code page and the data page, where the machine has paging. */
export const ALIAS = 0x10_0000;

const RSP = 4;
const RSI = 6;
const RDI = 7;

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
const STRINGS = [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf] as const;

/** Writes one program. */
export class ProgramWriter {
  readonly bytes: number[] = [];
  readonly #random: Random;
  readonly #codeSize: CodeSize;
  readonly #reserved: ReadonlySet<number>;
  readonly #pointer: number;

  constructor(random: Random, codeSize: CodeSize) {
    this.#random = random;
    this.#codeSize = codeSize;
    this.#reserved = new Set(codeSize === 64 ? [RSP, 12, 13, 14, 15] : [RSP, 5, RSI, RDI]);
    this.#pointer = codeSize === 64 ? 13 : RSI;
  }

  get #here(): number {
    return CODE + this.bytes.length;
  }
  #emit(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }
  #word(value: number): void {
    const size = this.#codeSize === 16 ? 2 : 4;
    for (let i = 0; i < size; i++) this.#emit((value >>> (8 * i)) & 0xff);
  }
  /** A ModR/M byte and displacement of an absolute address. */
  #absolute(reg: number, address: number): void {
    if (this.#codeSize === 64) this.#emit((reg << 3) | 4, 0x25);
    else this.#emit((reg << 3) | (this.#codeSize === 16 ? 6 : 5));
    this.#word(address);
  }
  /** mov register, constant: of the operand size. */
  #load(register: number, value: number): void {
    if (register >= 8) this.#emit(0x41);
    this.#emit(0xb8 + (register & 7));
    this.#word(value);
  }

  write(): Uint8Array {
    const random = this.#random;
    const functions: number[] = [];
    const calls: [at: number, index: number][] = [];
    const functionCount = random.below(3);
    // The counter was set by who placed the program.
    const top = this.#here;
    this.#load(RSP, STACK);
    this.#load(this.#pointer, DATA + random.below(64));
    const blockCount = 3 + random.below(10);
    const starts: number[] = [];
    const jumps: [at: number, from: number][] = [];
    for (let block = 0; block < blockCount; block++) {
      starts.push(this.bytes.length);
      const isLoop = random.chance(25);
      if (isLoop) this.#load(this.#codeSize === 64 ? 14 : 5, 1 + random.below(12));
      const loopStart = this.bytes.length;
      for (let i = random.below(9); i >= 0; i--) this.#writeOne();
      if (isLoop) {
        // dec counter; jnz loopStart
        if (this.#codeSize === 64) this.#emit(0x41, 0xff, 0xce);
        else this.#emit(0x4d);
        this.#emit(0x0f, 0x85);
        const size = this.#codeSize === 16 ? 2 : 4;
        this.#word(loopStart - (this.bytes.length + size));
      }
      const end = random.below(10);
      if (end < 5) {
        this.#emit(0x0f, 0x80 + random.below(16));
        jumps.push([this.bytes.length, block]);
        this.#word(0);
      } else if (end < 6) {
        this.#emit(0xe9);
        jumps.push([this.bytes.length, block]);
        this.#word(0);
      } else if (end < 8 && functionCount > 0) {
        this.#emit(0xe8);
        calls.push([this.bytes.length, random.below(functionCount)]);
        this.#word(0);
      } else if (end === 8) this.#writeString();
      else if (random.chance(40)) this.#writePatch();
    }
    starts.push(this.bytes.length);
    // dec counter in memory; jnz top; hlt; jmp $-3
    this.#emit(0xff);
    this.#absolute(1, COUNTER);
    this.#emit(0x0f, 0x85);
    const size = this.#codeSize === 16 ? 2 : 4;
    this.#word(top - (this.#here + size));
    this.#emit(0xf4, 0xeb, 0xfd);
    for (let i = 0; i < functionCount; i++) {
      functions.push(this.bytes.length);
      for (let n = random.below(6); n >= 0; n--) this.#writeOne(true);
      this.#emit(0xc3);
    }
    for (const [at, from] of jumps) {
      this.#patch(at, starts[from + 1 + random.below(starts.length - from - 1)] as number);
    }
    for (const [at, index] of calls) this.#patch(at, functions[index] as number);
    return Uint8Array.from(this.bytes);
  }

  #patch(at: number, target: number): void {
    const size = this.#codeSize === 16 ? 2 : 4;
    const distance = target - (at + size);
    for (let i = 0; i < size; i++) this.bytes[at + i] = (distance >>> (8 * i)) & 0xff;
  }

  /** A random instruction, behind one that says where to go on if it faults. */
  #writeOne(inFunction = false): void {
    const random = this.#random;
    if (random.chance(12)) {
      // Flags of equal or near operands, and who looks at them: setcc.
      this.#emit(random.pick([0x39, 0x29, 0x85, 0x01, 0x38, 0x28]), 0xc0 | (random.below(4) * 9));
      this.#emit(0x0f, 0x90 + random.below(16), 0xc0 + random.below(4));
      return;
    }
    // pop [wild] takes the stack pointer back when it faults.
    const isWildPop = !inFunction && random.chance(2);
    const instruction = isWildPop ? [0x8f, 0x00 + random.pick([0, 1, 2, 3])] : this.#randomInstruction(inFunction);
    if (this.#codeSize === 64) {
      // lea r15, [rip + length]
      this.#emit(0x4c, 0x8d, 0x3d);
      this.#word(instruction.length);
    } else {
      const size = this.#codeSize === 16 ? 2 : 4;
      this.#load(RDI, this.#here + 1 + size + instruction.length);
    }
    this.#emit(...instruction);
  }

  #randomInstruction(inFunction: boolean): number[] {
    const random = this.#random;
    const codeSize = this.#codeSize;
    for (;;) {
      const bytes: number[] = [];
      if (random.chance(12)) bytes.push(0x66);
      if (random.chance(3)) bytes.push(0xf0);
      const isMemory = random.chance(45);
      let rex = random.chance(50) ? random.below(16) : -1;
      if (isMemory) rex = rex < 0 ? 1 : rex | 1;
      if (codeSize === 64 && rex >= 0) bytes.push(0x40 | rex);
      if (random.chance(35)) bytes.push(0x0f);
      bytes.push(random.below(256));
      if (!isMemory) bytes.push(0xc0 | random.below(64));
      else if (random.chance(90))
        bytes.push(0x40 | (random.below(8) << 3) | (codeSize === 64 ? 5 : codeSize === 32 ? 6 : 4));
      else bytes.push(random.below(256));
      for (let i = 0; i < 10; i++)
        bytes.push(random.chance(30) ? random.pick([0, 1, 0xff, 0x80, 0x7f]) : random.below(256));
      const result = decode(Uint8Array.from(bytes), 0, bytes.length, codeSize);
      if (result.kind === 'instruction' && this.#isWanted(result, inFunction)) return bytes.slice(0, result.length);
    }
  }

  #isWanted(instruction: Instruction, inFunction: boolean): boolean {
    const key = instruction.encoding.semantics;
    if (!(key in EMITTED_SEMANTICS) || EXCLUDED.has(key)) return false;
    if (inFunction && (key === 'PUSH' || key === 'POP' || key === 'PUSHF')) return false;
    for (const operand of instruction.operands) {
      if (operand.kind === 'register') {
        if (operand.file !== 'gpr' && operand.file !== 'gpr8high') return false;
        if (operand.file === 'gpr' && this.#reserved.has(operand.index)) return false;
      }
      if (operand.kind === 'memory' && operand.base !== this.#pointer && !this.#random.chance(4)) return false;
    }
    return true;
  }

  /** A string instruction, repeated or not, with pointers that mostly are good. */
  #writeString(): void {
    const random = this.#random;
    this.#load(1, random.chance(20) ? 0 : random.chance(70) ? random.below(40) : random.below(900));
    this.#load(RSI, DATA + random.below(0x300));
    this.#load(RDI, random.chance(5) ? 0x70_0000 : DATA + 0x400 + random.below(0x300));
    if (random.chance(25)) this.#emit(0xfd);
    const resume = (length: number): void => {
      if (this.#codeSize !== 64) return;
      this.#emit(0x4c, 0x8d, 0x3d);
      this.#word(length);
    };
    resume(2);
    this.#emit(random.pick([0xf3, 0xf2, 0x90]), random.pick(STRINGS));
    this.#emit(0xfc);
    if (this.#codeSize !== 64) this.#load(RSI, DATA);
  }

  /** Once in a while, changes an instruction that lies ahead or behind. */
  #writePatch(): void {
    const random = this.#random;
    const size = this.#codeSize === 16 ? 2 : this.#codeSize === 64 ? 5 : 4;
    const lengthOfStore = 2 + size;
    // test byte [counter], mask; jnz over the store
    this.#emit(0xf6);
    this.#absolute(0, COUNTER);
    this.#emit(random.pick([0x07, 0x0f, 0x1f, 0]));
    this.#emit(0x75, lengthOfStore);
    const isAhead = random.chance(50);
    const target = isAhead ? this.#here + lengthOfStore + 1 : this.#here - 1;
    const alias = this.#codeSize === 64 && random.chance(30) ? ALIAS : 0;
    if (!isAhead) {
      // The byte before the store is the jump's distance: leave that alone and change a constant of its own.
      this.#emit(0x88);
      this.#absolute(1, target + 2 + size + 2 + alias);
      this.#emit(0x90, 0xb0, 0x11);
      return;
    }
    this.#emit(0x88);
    this.#absolute(1, target + alias);
    this.#emit(0xb0, 0x22);
  }
}
