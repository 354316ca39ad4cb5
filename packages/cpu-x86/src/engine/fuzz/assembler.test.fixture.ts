import type { CodeSize } from '../../decode/instruction.ts';

/** A place in the code, perhaps not known yet. */
export interface Label {
  offset: number | undefined;
  readonly uses: { readonly at: number; readonly sizeBytes: number; readonly addend: number | undefined }[];
}

/** Code as bytes with labels, for all code sizes. */
export class Assembler {
  readonly bytes: number[] = [];
  readonly codeSize: CodeSize;
  readonly base: number;

  constructor(codeSize: CodeSize, base: number) {
    this.codeSize = codeSize;
    this.base = base;
  }

  /** Address of the next byte. */
  get here(): number {
    return this.base + this.bytes.length;
  }
  /** Bytes of a displacement or immediate in the mode's size. */
  get wordSize(): 2 | 4 {
    return this.codeSize === 16 ? 2 : 4;
  }
  get is64(): boolean {
    return this.codeSize === 64;
  }

  emit(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }
  /** A number in the mode's size, or another one, low byte first. */
  word(value: number, sizeBytes: number = this.wordSize): void {
    for (let i = 0; i < sizeBytes; i++) this.emit(i < 4 ? (value >>> (8 * i)) & 0xff : 0);
  }

  label(): Label {
    return { offset: undefined, uses: [] };
  }
  bind(label: Label): void {
    label.offset = this.bytes.length;
    for (const use of label.uses) this.#fill(label.offset, use);
  }
  /** A distance from the end of the field, in the mode's size or in a byte. */
  relative(label: Label, sizeBytes: number = this.wordSize): void {
    this.#refer(label, sizeBytes, undefined);
  }
  /** The address itself, or one at a distance. */
  address(label: Label, sizeBytes: number = this.wordSize, addend = 0): void {
    this.#refer(label, sizeBytes, addend);
  }
  #refer(label: Label, sizeBytes: number, addend: number | undefined): void {
    const use = { at: this.bytes.length, sizeBytes, addend };
    this.word(0, sizeBytes);
    if (label.offset === undefined) label.uses.push(use);
    else this.#fill(label.offset, use);
  }
  #fill(offset: number, { at, sizeBytes, addend }: Label['uses'][number]): void {
    const value = addend === undefined ? offset - (at + sizeBytes) : this.base + offset + addend;
    if (sizeBytes === 1 && (value > 127 || value < -128)) throw new Error('a label out of reach of a byte');
    for (let i = 0; i < Math.min(sizeBytes, 4); i++) this.bytes[at + i] = (value >>> (8 * i)) & 0xff;
  }

  /** A ModR/M byte and displacement of an absolute address, or of a label's. */
  absolute(reg: number, address: number | Label, addend = 0): void {
    if (this.is64) this.emit((reg << 3) | 4, 0x25);
    else this.emit((reg << 3) | (this.codeSize === 16 ? 6 : 5));
    if (typeof address === 'number') this.word(address + addend);
    else this.address(address, this.wordSize, addend);
  }
  /** `mov register, constant` of the mode's operand size: 32 bits in 64-bit code. */
  load(register: number, value: number): void {
    if (register >= 8) this.emit(0x41);
    this.emit(0xb8 + (register & 7));
    this.word(value);
  }
  /** The same, all 64 bits in 64-bit code. */
  loadWide(register: number, value: bigint): void {
    this.emit(register >= 8 ? 0x49 : 0x48, 0xb8 + (register & 7));
    this.word(Number(value & 0xffffffffn), 4);
    this.word(Number((value >> 32n) & 0xffffffffn), 4);
  }
  /** Puts the address of a label, soon to come, into a register. */
  loadAddress(register: number, label: Label): void {
    if (this.is64) {
      // lea register, [rip + distance]
      this.emit(register >= 8 ? 0x4c : 0x48, 0x8d, 0x05 | ((register & 7) << 3));
      this.relative(label);
    } else {
      this.emit(0xb8 + register);
      this.address(label);
    }
  }
}
