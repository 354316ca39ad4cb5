import { MAX_INSTRUCTION_LENGTH } from '../../decode/decode.ts';
import type { Instruction } from '../../decode/instruction.ts';
import type { VECTOR_GP, VECTOR_UD } from '../../state/exceptions.ts';
import type { Decoded, Place } from '../block-decoder.ts';
import type { Block } from '../code-pages.ts';
import { areFlagsDead } from './flag-liveness.ts';
import { conditionFormAfter, fusedKey } from './fusion.ts';
import type { HandlerRegistry } from './handler-registry.ts';
import { RECORD_NO_LINK, RECORD_SIZE_BYTES, RECORD_USES_LEFT } from './record.ts';
import { RecordWriter } from './record-writer.ts';
import { HANDLER_END, HANDLER_HEAD } from './run-function.ts';
import type { Shape } from './shape.ts';
import { ShapeTable } from './shape-table.ts';

/** Bytes that are no instruction, where execution reached them. */
export interface Undecodable {
  readonly vector: typeof VECTOR_UD | typeof VECTOR_GP;
}

/** Makes the records of decoded blocks, and remembers by number what each was made from. */
export class BlockWriter {
  readonly #registry: HandlerRegistry;
  readonly #shapes = new ShapeTable();
  readonly #isEmitted: (instruction: Instruction) => boolean;
  readonly #usesOf: (page: number) => number;
  readonly #view: DataView;
  readonly #records: RecordWriter;
  #items: (Instruction | Undecodable)[] = [];

  /**
   * @param parts `isEmitted` tells whether generated code executes an instruction, rather than an operation of the system;
   * `usesOf` how often a block of a page runs before it is compiled
   */
  constructor(parts: {
    buffer: ArrayBufferLike;
    registry: HandlerRegistry;
    isEmitted: (instruction: Instruction) => boolean;
    usesOf: (page: number) => number;
  }) {
    this.#registry = parts.registry;
    this.#isEmitted = parts.isEmitted;
    this.#usesOf = parts.usesOf;
    this.#view = new DataView(parts.buffer);
    this.#records = new RecordWriter(parts.buffer);
  }

  /** How many items are remembered. */
  get itemCount(): number {
    return this.#items.length;
  }
  /** What a record was made from, by the number in it. */
  itemOf(number: number): Instruction | Undecodable {
    return this.#items[number] as Instruction | Undecodable;
  }
  /** Forgets all items: no record counts any more. */
  clear(): void {
    this.#items = [];
  }

  /** The handler of an instruction of a block, by what follows it there. */
  handlerOf(instructions: readonly Instruction[], index: number, mode: number): number {
    const instruction = instructions[index] as Instruction;
    if (!this.#isEmitted(instruction)) return this.#registry.systemHandler;
    const shape = this.#shapes.shapeOf(instruction, mode, areFlagsDead(instructions, index));
    return this.#fusedHandler(shape, instructions[index + 1]) ?? this.#registry.numberOf(shape);
  }

  /** The handler of an instruction together with the conditional branch behind it, if there is one. */
  #fusedHandler(shape: Shape, next: Instruction | undefined): number | undefined {
    if (next === undefined || next.encoding.semantics !== 'Jcc') return undefined;
    const form = conditionFormAfter(shape.semantics, next.encoding.opcode & 15);
    return form && this.#registry.fusedNumberOf(fusedKey(shape, form));
  }

  /** Writes the record that counts how often a block runs. */
  writeHead(at: number, { page, offset }: Place, flags = 0): void {
    this.#records.writePlace(at, { handler: HANDLER_HEAD, offset, count: 0, flags, number: 0 }, 0);
    this.#view.setInt32(at + RECORD_USES_LEFT, this.#usesOf(page), true);
  }

  /**
   * Writes a block's records.
   *
   * @param records address of the first
   * @param key the block's key
   * @param hasHead whether the first is to count how often the block runs
   */
  write(records: number, place: Place, decoded: Decoded, key: number, hasHead: boolean): Block {
    const { page, offset, mode } = place;
    const { instructions, bad, secondPage } = decoded;
    const flags = secondPage >= 0 ? RECORD_NO_LINK : 0;
    let at = records;
    if (hasHead) {
      this.writeHead(at, place, flags);
      at += RECORD_SIZE_BYTES;
    }
    let pageOffset = offset;
    instructions.forEach((instruction, index) => {
      const number = this.#items.push(instruction) - 1;
      const handler = this.handlerOf(instructions, index, mode);
      const recordPlace = { handler, offset: pageOffset, count: index + 1, flags, number };
      if (handler !== this.#registry.systemHandler) this.#records.write(at, instruction, recordPlace);
      else this.#records.writePlace(at, recordPlace, instruction.length);
      at += RECORD_SIZE_BYTES;
      pageOffset += instruction.length;
    });
    if (bad !== 0) {
      const number = this.#items.push({ vector: bad }) - 1;
      this.#records.writePlace(at, { handler: this.#registry.systemHandler, offset, count: 1, flags, number }, 0);
    } else {
      const end = { handler: HANDLER_END, offset: pageOffset, count: instructions.length, flags, number: 0 };
      this.#records.writePlace(at, end, 0);
    }
    at += RECORD_SIZE_BYTES;
    this.#registry.compile();
    // An undecodable instruction may be any number of bytes: to be safe, all that it could be.
    const last = bad !== 0 ? offset + MAX_INSTRUCTION_LENGTH : pageOffset - 1;
    return { records, recordCount: (at - records) / RECORD_SIZE_BYTES, page, key, first: offset, last, secondPage };
  }
}
