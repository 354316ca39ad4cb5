import { ByteWriter } from './byte-writer.ts';
import { MEMORY_OPCODE, type MemoryOpcode, OPCODE, type Opcode, VECTOR_OPCODE, type VectorOpcode } from './opcodes.ts';
import { VALTYPE_BYTE, type ValType } from './types.ts';

/** The target of a branch: a `block`, `loop` or `if` that is open. */
export interface Label {
  /** Nesting depth of the construct: 1 for one directly in the function body. */
  readonly depth: number;
}

/** Type of a block: no result, one result, or the index of a function type. */
export type BlockType = ValType | number | undefined;

/**
 * The body of one function: locals and instructions, written in order. Methods carry the text format's instruction
 * names; branch targets are labels, so that nobody counts depths. Nothing is checked here: the engine validates.
 *
 * @source WebAssembly Core Specification 2.0, "Binary Format: Instructions" and "Code Section"
 */
export class CodeBuilder {
  readonly #code: ByteWriter;
  readonly #paramCount: number;
  readonly #locals: ValType[] = [];
  #depth = 0;

  constructor(params: readonly ValType[], initialCapacity = 128) {
    this.#paramCount = params.length;
    this.#code = new ByteWriter(initialCapacity);
  }

  /** Bytes of instructions so far. */
  get length(): number {
    return this.#code.length;
  }

  /** Declares a local variable; @returns its index */
  addLocal(type: ValType): number {
    this.#locals.push(type);
    return this.#paramCount + this.#locals.length - 1;
  }

  /** An instruction without immediates. */
  op(name: Opcode): this {
    this.#code.byte(OPCODE[name]);
    return this;
  }

  localGet(index: number): this {
    this.#code.byte(0x20).u32(index);
    return this;
  }
  localSet(index: number): this {
    this.#code.byte(0x21).u32(index);
    return this;
  }
  localTee(index: number): this {
    this.#code.byte(0x22).u32(index);
    return this;
  }
  globalGet(index: number): this {
    this.#code.byte(0x23).u32(index);
    return this;
  }
  globalSet(index: number): this {
    this.#code.byte(0x24).u32(index);
    return this;
  }

  i32Const(value: number): this {
    this.#code.byte(0x41).s32(value);
    return this;
  }
  /** @param value a bigint, or a number that is an integer */
  i64Const(value: number | bigint): this {
    this.#code.byte(0x42).s64(value);
    return this;
  }

  /** A load or store with its natural alignment as the hint unless `alignLog2` says otherwise. */
  memory(name: MemoryOpcode, offset: number, alignLog2?: number): this {
    const packed = MEMORY_OPCODE[name];
    if (packed > 0xffff) this.#code.byte(0xfd).u32(packed & 0xff);
    else this.#code.byte(packed);
    this.#code.u32(alignLog2 ?? (packed >>> 8) & 0xff).u32(offset);
    return this;
  }
  /**
   * A vector instruction.
   *
   * @param immediates the lane's number; the 16 lanes of `i8x16.shuffle`; the 16 bytes of `v128.const`
   */
  vector(name: VectorOpcode, immediates: readonly number[] = []): this {
    this.#code.byte(0xfd).u32(VECTOR_OPCODE[name]);
    for (const value of immediates) this.#code.byte(value);
    return this;
  }
  memoryCopy(): this {
    this.#code.byte(0xfc).u32(10).byte(0).byte(0);
    return this;
  }
  memoryFill(): this {
    this.#code.byte(0xfc).u32(11).byte(0);
    return this;
  }

  block(type?: BlockType): Label {
    return this.#open(0x02, type);
  }
  loop(type?: BlockType): Label {
    return this.#open(0x03, type);
  }
  if(type?: BlockType): Label {
    return this.#open(0x04, type);
  }
  else(): this {
    this.#code.byte(0x05);
    return this;
  }
  end(): this {
    this.#depth--;
    this.#code.byte(0x0b);
    return this;
  }
  br(target: Label): this {
    this.#code.byte(0x0c).u32(this.#depth - target.depth);
    return this;
  }
  brIf(target: Label): this {
    this.#code.byte(0x0d).u32(this.#depth - target.depth);
    return this;
  }
  brTable(targets: readonly Label[], defaultTarget: Label): this {
    this.#code.byte(0x0e).u32(targets.length);
    for (const target of targets) this.#code.u32(this.#depth - target.depth);
    this.#code.u32(this.#depth - defaultTarget.depth);
    return this;
  }
  call(functionIndex: number): this {
    this.#code.byte(0x10).u32(functionIndex);
    return this;
  }
  callIndirect(typeIndex: number, tableIndex = 0): this {
    this.#code.byte(0x11).u32(typeIndex).u32(tableIndex);
    return this;
  }

  /** Writes the function's entry of the code section: size, locals in runs, instructions, `end`. */
  writeTo(out: ByteWriter): void {
    const head = new ByteWriter(16);
    const runs: [ValType, number][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last && last[0] === type) last[1]++;
      else runs.push([type, 1]);
    }
    head.u32(runs.length);
    for (const [type, count] of runs) head.u32(count).byte(VALTYPE_BYTE[type]);
    out.u32(head.length + this.#code.length + 1);
    out.append(head.view()).append(this.#code.view()).byte(0x0b);
  }

  #open(opcode: number, type: BlockType): Label {
    this.#code.byte(opcode);
    if (type === undefined) this.#code.byte(0x40);
    else if (typeof type === 'number') this.#code.s32(type);
    else this.#code.byte(VALTYPE_BYTE[type]);
    return { depth: ++this.#depth };
  }
}
