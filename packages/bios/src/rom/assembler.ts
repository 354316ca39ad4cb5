/**
 * An assembler for the few real-mode instructions that the ROM needs: labels, an origin, and 16-bit relative fix-ups.
 *
 * @source Intel SDM Vol. 2 "Instruction Set Reference" (opcodes), for the 16-bit operand-size attribute
 */
export class RomAssembler {
  readonly bytes: Uint8Array;
  readonly #labels = new Map<string, number>();
  readonly #fixups: { readonly at: number; readonly size: 1 | 2; readonly label: string }[] = [];
  #position = 0;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Continues at `offset`. Two pieces of code that overlap are a mistake of the caller's layout; `emit` refuses it. */
  org(offset: number): this {
    this.#position = offset;
    return this;
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} twice`);
    this.#labels.set(name, this.#position);
    return this;
  }

  /** @returns the offset of a label that was placed */
  offsetOf(name: string): number {
    const offset = this.#labels.get(name);
    if (offset === undefined) throw new Error(`no label ${name}`);
    return offset;
  }

  emit(...bytes: readonly number[]): this {
    for (const byte of bytes) {
      if (this.bytes[this.#position] !== 0) throw new Error(`overlap at ${this.#position.toString(16)}`);
      this.bytes[this.#position++] = byte;
    }
    return this;
  }

  /** Near call, E8 cw. */
  call(label: string): this {
    return this.emit(0xe8).#relative(label, 2);
  }

  /** Near jump, E9 cw. */
  jmp(label: string): this {
    return this.emit(0xe9).#relative(label, 2);
  }

  /** Short jump if CF is clear, 73 cb. */
  jnc(label: string): this {
    return this.emit(0x73).#relative(label, 1);
  }

  /** Far jump, EA cd. */
  jmpFar(segment: number, offset: number): this {
    return this.emit(0xea, offset & 0xff, offset >> 8, segment & 0xff, segment >> 8);
  }

  int(vector: number): this {
    return this.emit(0xcd, vector);
  }

  iret(): this {
    return this.emit(0xcf);
  }

  ret(): this {
    return this.emit(0xc3);
  }

  sti(): this {
    return this.emit(0xfb);
  }

  cli(): this {
    return this.emit(0xfa);
  }

  cld(): this {
    return this.emit(0xfc);
  }

  stc(): this {
    return this.emit(0xf9);
  }

  hlt(): this {
    return this.emit(0xf4);
  }

  pushAx(): this {
    return this.emit(0x50);
  }

  popAx(): this {
    return this.emit(0x58);
  }

  pushDx(): this {
    return this.emit(0x52);
  }

  popDx(): this {
    return this.emit(0x5a);
  }

  /** MOV AH, imm8. */
  movAh(value: number): this {
    return this.emit(0xb4, value);
  }

  /** XOR AX, AX. */
  clearAx(): this {
    return this.emit(0x31, 0xc0);
  }

  /** MOV sreg, AX; the register's number is the SDM's: ES 0, CS 1, SS 2, DS 3, FS 4, GS 5. */
  movSegmentAx(register: number): this {
    return this.emit(0x8e, 0xc0 | (register << 3));
  }

  /** MOV SP, imm16. */
  movSp(value: number): this {
    return this.emit(0xbc, value & 0xff, value >> 8);
  }

  /** OUT imm8, AL. */
  outAl(port: number): this {
    return this.emit(0xe6, port);
  }

  /** Fills in the relative offsets. Call once, at the end. */
  link(): this {
    for (const { at, size, label } of this.#fixups) {
      const distance = this.offsetOf(label) - (at + size);
      if (size === 1 && (distance < -128 || distance > 127)) throw new Error(`${label} is too far`);
      this.bytes[at] = distance & 0xff;
      if (size === 2) this.bytes[at + 1] = (distance >> 8) & 0xff;
    }
    return this;
  }

  #relative(label: string, size: 1 | 2): this {
    this.#fixups.push({ at: this.#position, size, label });
    this.#position += size;
    return this;
  }
}
