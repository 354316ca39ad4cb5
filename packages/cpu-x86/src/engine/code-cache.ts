import { isCanonical } from '@longmode/mmu';
import { MAX_INSTRUCTION_LENGTH } from '../decode/decode.ts';
import { CS, type Instruction } from '../decode/instruction.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_GP, type VECTOR_UD } from '../state/exceptions.ts';
import {
  CODE_BASE,
  JUMP_TAG,
  JUMP_TAG_USER,
  MODE,
  RIP,
  RIP_BASE,
  SEGMENT_HIGH,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../state/layout.ts';
import { MODE_BITS, MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import { BlockDecoder, type Decoded, type Place } from './block-decoder.ts';
import { type Block, CodePages } from './code-pages.ts';
import { DroppedBlocks } from './dropped-blocks.ts';
import type { GuestMemory } from './guest-memory.ts';
import { FETCH_FAULT, InstructionFetch } from './instruction-fetch.ts';
import { areFlagsDead, settlesFlags } from './interpreter/flag-liveness.ts';
import { conditionFormAfter, fusedKey } from './interpreter/fusion.ts';
import type { HandlerRegistry } from './interpreter/handler-registry.ts';
import {
  BLOCK_LENGTH_MAX,
  RECORD_COUNT,
  RECORD_HANDLER,
  RECORD_INSTRUCTION,
  RECORD_LENGTH,
  RECORD_NO_LINK,
  RECORD_OFFSET,
  RECORD_SIZE_BYTES,
  RECORD_USES_LEFT,
} from './interpreter/record.ts';
import { RecordWriter } from './interpreter/record-writer.ts';
import { HANDLER_END, HANDLER_HEAD, HANDLER_STALE } from './interpreter/run-function.ts';
import { type Shape, shapeOf } from './interpreter/shape.ts';
import { type CompilableCode, Jit, type JitOptions } from './jit/jit.ts';
import type { MemoryAccess } from './memory-access.ts';
import {
  GUEST_BASE,
  JUMP_CACHE,
  JUMP_CACHE_ENTRY_COUNT,
  JUMP_CACHE_ENTRY_SIZE_BYTES,
  RECORDS,
  SCRATCH_RECORDS,
} from './memory-plan.ts';

/** Bytes that are no instruction, where execution reached them. */
export interface Undecodable {
  readonly vector: typeof VECTOR_UD | typeof VECTOR_GP;
}

/**
 * Decoded code by physical page and decode key: makes records, finds them by RIP, and forgets them when their bytes
 * change. Nothing here is architectural state: dropping all of it at any block boundary changes no result.
 */
export class CodeCache implements CompilableCode {
  readonly #memory: GuestMemory;
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #registry: HandlerRegistry;
  readonly #isEmitted: (instruction: Instruction) => boolean;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #writer: RecordWriter;
  readonly #pages: CodePages;
  readonly #dropped: DroppedBlocks;
  readonly #fetch: InstructionFetch;
  readonly #decoder: BlockDecoder;
  #instructions: (Instruction | Undecodable)[] = [];
  #arena = RECORDS;
  #generation = 1;
  /** By decode key: the limit of CS under which the jumps of this generation were found. */
  readonly #limits: Uint32Array = new Uint32Array(1 << MODE_BITS);
  #scratch: Block | undefined;
  /** Handlers that others stand in for until `passStop`, the last one last, so that execution stops in the middle of a block. */
  readonly #replaced: { readonly record: number; readonly handler: number }[] = [];
  /** The compiler, where there is one: then blocks have a head that counts how often they run. */
  readonly jit: Jit | undefined;
  readonly #heads = new Map<number, Block>();
  #flushCount = 0;

  constructor(parts: {
    memory: GuestMemory;
    state: CpuState;
    access: MemoryAccess;
    registry: HandlerRegistry;
    isEmitted: (instruction: Instruction) => boolean;
    jit?: JitOptions;
  }) {
    this.#memory = parts.memory;
    this.#state = parts.state;
    this.#access = parts.access;
    this.#registry = parts.registry;
    this.#isEmitted = parts.isEmitted;
    this.#view = new DataView(parts.memory.wasm.buffer);
    this.#writer = new RecordWriter(parts.memory.wasm.buffer);
    this.#words = new Uint32Array(parts.memory.wasm.buffer);
    this.#halves = new Uint16Array(parts.memory.wasm.buffer);
    this.#pages = new CodePages({
      memory: parts.memory,
      tlb: parts.access.tlb,
      onDrop: (block) => this.#makeStale(block),
    });
    this.#dropped = new DroppedBlocks(parts.memory);
    this.#fetch = new InstructionFetch(parts);
    this.#decoder = new BlockDecoder({ memory: parts.memory, fetch: this.#fetch });
    if (parts.jit) {
      const { registry, memory } = parts;
      this.jit = new Jit({ code: this, registry, memory: memory.wasm, options: parts.jit });
    }
    parts.memory.onCodeWrite = (page, first, last) => {
      if (this.#pages.invalidate(page, first, last)) this.#forgetJumps();
    };
  }

  /** What a record was made from. */
  instructionOf(record: number): Instruction | Undecodable {
    return this.#instructions[this.#words[(record + RECORD_INSTRUCTION) >> 2] as number] as Instruction;
  }
  offsetOf(record: number): number {
    return this.#halves[(record + RECORD_OFFSET) >> 1] as number;
  }
  lengthOf(record: number): number {
    return this.#memory.bytes[record + RECORD_LENGTH] as number;
  }
  /** Whether the code that a record was made from has changed since. */
  isStale(record: number): boolean {
    return this.#view.getUint16(record + RECORD_HANDLER, true) === HANDLER_STALE;
  }
  /** Instructions of its block up to and including the record's. */
  countOf(record: number): number {
    return this.#memory.bytes[record + RECORD_COUNT] as number;
  }

  // ---- for the compiler ---------------------------------------------------------------------------------------------

  blockOf(head: number): Block | undefined {
    return this.#heads.get(head);
  }
  blockAt(page: number, offset: number, mode: number): Block | undefined {
    const block = this.#pages.find(page, (offset << MODE_BITS) | mode);
    return block && block.secondPage < 0 ? block : undefined;
  }
  knownPageAt(low: number, high: number): number {
    return this.#fetch.knownPageAt(low, high);
  }
  warmOffsets(page: number, mode: number, usesLeft: number): number[] {
    const offsets: number[] = [];
    for (const { records, key, first } of this.#pages.blocksOf(page)) {
      if ((key & ((1 << MODE_BITS) - 1)) !== mode || !this.#heads.has(records)) continue;
      const isCompiled = this.#view.getUint16(records + RECORD_HANDLER, true) !== HANDLER_HEAD;
      if (isCompiled || this.#view.getInt32(records + RECORD_USES_LEFT, true) < usesLeft) offsets.push(first);
    }
    return offsets;
  }
  compilable(record: number): Instruction | undefined {
    const handler = this.#view.getUint16(record + RECORD_HANDLER, true);
    if (handler === HANDLER_END || handler === HANDLER_STALE || handler === this.#registry.systemHandler)
      return undefined;
    const item = this.instructionOf(record);
    return 'encoding' in item ? item : undefined;
  }

  /** Makes execution look its RIP up behind a record, until `passStop`. With too little budget for a block, it stops there. */
  stopAfter(record: number): void {
    const next = record + RECORD_SIZE_BYTES;
    if (this.#view.getUint16(next + RECORD_HANDLER, true) !== HANDLER_END) this.#replaceHandler(next, HANDLER_STALE);
  }
  passStop(): void {
    for (let replaced = this.#replaced.pop(); replaced; replaced = this.#replaced.pop()) {
      this.#view.setUint16(replaced.record + RECORD_HANDLER, replaced.handler, true);
    }
  }
  #replaceHandler(record: number, handler: number): void {
    const before = this.#view.getUint16(record + RECORD_HANDLER, true);
    if (before === handler) return;
    this.#replaced.push({ record, handler: before });
    this.#view.setUint16(record + RECORD_HANDLER, handler, true);
  }

  /**
   * Makes a block stop behind its first `count` instructions, until `passStop`. Their flags are seen then, and the last one
   * must not take a branch behind it along.
   *
   * @returns the record of the block's first instruction
   */
  #stopWithin(block: Block, mode: number, count: number): number {
    const first = block.records + (this.#heads.has(block.records) ? RECORD_SIZE_BYTES : 0);
    const end = block.records + block.recordCount * RECORD_SIZE_BYTES;
    const last = first + (count - 1) * RECORD_SIZE_BYTES;
    if (last + RECORD_SIZE_BYTES >= end - RECORD_SIZE_BYTES) return first;
    const instructions: Instruction[] = [];
    for (let at = first; at <= last; at += RECORD_SIZE_BYTES) instructions.push(this.instructionOf(at) as Instruction);
    for (let index = count - 1; index >= 0; index--) {
      this.#replaceHandler(first + index * RECORD_SIZE_BYTES, this.#handlerOf(instructions, index, mode));
      if (settlesFlags(instructions[index] as Instruction)) break;
    }
    this.#registry.compile();
    this.stopAfter(last);
    return first;
  }

  /** Translations have changed: what was found by linear address counts if all of it would be found again. */
  flushTranslations(): void {
    if (!this.#fetch.revalidate()) this.#forgetJumps();
  }

  /** The mode or the privilege has changed. */
  updateJumpTag(): void {
    const user = this.#state.cpl === 3 ? JUMP_TAG_USER : 0;
    const mode = this.#state.field(MODE);
    const limit = this.#state.field(CODE_HIGH);
    // What was found under a higher limit may lie beyond the new one.
    if (limit < (this.#limits[mode] as number) && (mode & MODE_CODE_MASK) !== MODE_CODE_64) this.#advanceGeneration();
    this.#limits[mode] = limit;
    const tag = (this.#generation << 8) | user | mode;
    this.#state.setField(JUMP_TAG, tag);
  }

  /** How often everything was forgotten: addresses of records count until it next happens. */
  get flushCount(): number {
    return this.#flushCount;
  }

  /** Forgets everything that was decoded. */
  flush(): void {
    this.#flushCount++;
    this.jit?.clear();
    this.#heads.clear();
    this.#pages.clear();
    this.#dropped.clear();
    this.#instructions = [];
    this.#arena = RECORDS;
    this.#scratch = undefined;
    this.#replaced.length = 0;
    this.#forgetJumps();
  }

  /** @returns the instruction at the state's RIP, if its bytes are one; nothing else happens */
  peek(): Instruction | undefined {
    return this.#fetch.peek();
  }

  /** @returns the record for the state's RIP, or 0 with the exception of its fetch recorded */
  lookup(): number {
    return this.#find(BLOCK_LENGTH_MAX);
  }

  /** @returns a record for the state's RIP that leads to at most `count` instructions, or 0 with an exception recorded */
  lookupShort(count: number): number {
    return this.#find(Math.min(count, BLOCK_LENGTH_MAX - 1));
  }

  #find(limit: number): number {
    this.passStop();
    const words = this.#state.u32;
    const mode = words[MODE >> 2] as number;
    const is64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
    const ripLow = words[RIP >> 2] as number;
    const ripHigh = words[(RIP >> 2) + 1] as number;
    let low = ripLow | 0;
    let high = 0;
    let limitHigh = 0xffffffff;
    let isOutside: boolean;
    if (is64) {
      high = ripHigh | 0;
      isOutside = !isCanonical(low, high, this.#access.linearAddressBits);
    } else {
      low = (ripLow + (words[CODE_BASE >> 2] as number)) | 0;
      limitHigh = words[CODE_HIGH >> 2] as number;
      isOutside = ripHigh !== 0 || ripLow > limitHigh;
    }
    if (isOutside) {
      this.#access.recordFault(VECTOR_GP, 0);
      return 0;
    }
    const page = this.#fetch.pageAt(low, high);
    if (page === FETCH_FAULT) return 0;
    const offset = low & 0xfff;
    // A page that the code segment's limit cuts is decoded afresh every time, instruction by instruction.
    const isCut = !is64 && ripLow - offset + 0xfff > limitHigh;
    let block = isCut || page < 0 ? undefined : this.#pages.find(page, (offset << MODE_BITS) | mode);
    if (block === undefined || block.secondPage >= 0) {
      const highest = is64 ? Number.POSITIVE_INFINITY : limitHigh;
      const place = { page, low, high, offset, mode, rip: ripLow, limit: highest };
      block = isCut || page < 0 ? this.#decodeScratch(place) : this.#decodeCached(place);
    }
    if (block === undefined) return 0;
    this.jit?.passBy(page);
    let record = block.records;
    if (limit < BLOCK_LENGTH_MAX) record = this.#stopWithin(block, mode, limit);
    else if (block.key >= 0) this.#remember(low, high, record);
    words[RIP_BASE >> 2] = ripLow - offset;
    words[(RIP_BASE >> 2) + 1] = ripHigh - (ripLow < offset ? 1 : 0);
    return record;
  }

  #remember(low: number, high: number, record: number): void {
    const slot = (low ^ ((low >>> 12) | (high << 20))) & (JUMP_CACHE_ENTRY_COUNT - 1);
    const at = (JUMP_CACHE + slot * JUMP_CACHE_ENTRY_SIZE_BYTES) >> 2;
    const words = this.#words;
    words[at] = low;
    words[at + 1] = high;
    words[at + 2] = this.#state.field(JUMP_TAG);
    words[at + 3] = record;
  }

  /** @returns undefined with #PF recorded, where the first instruction reaches into a page that faults */
  #decodeCached(place: Place): Block | undefined {
    const { page, low, high, offset, mode } = place;
    const key = (offset << MODE_BITS) | mode;
    const spaceNeeded = (BLOCK_LENGTH_MAX + 2) * RECORD_SIZE_BYTES;
    if (this.#arena + spaceNeeded > GUEST_BASE) this.flush();
    const known = this.#pages.find(page, key);
    if (known && known.secondPage >= 0) {
      // Reaches into another page: still the same one?
      const second = this.#fetch.nextPageAt(low, high);
      if (second === FETCH_FAULT) return undefined;
      if (second === known.secondPage) return known;
      this.#pages.drop(known);
    }
    let block = this.#dropped.revive(page, key);
    if (block === undefined) {
      const decoded = this.#decoder.decode(place, BLOCK_LENGTH_MAX);
      if (decoded === 'fault') return undefined;
      block = this.#write(this.#arena, place, decoded, key);
      this.#arena += block.recordCount * RECORD_SIZE_BYTES;
    } else if (this.jit) this.#writeHead(block.records, place);
    this.#pages.add(block);
    if (this.jit) {
      this.#heads.set(block.records, block);
      this.jit.adopt(block);
    }
    return block;
  }

  /** A block of one instruction that is used once; undefined as in `#decodeCached`. */
  #decodeScratch(place: Place): Block | undefined {
    if (this.#scratch) this.#pages.drop(this.#scratch);
    if (this.#instructions.length > INSTRUCTIONS_MAX) this.flush();
    const decoded = this.#decoder.decode(place, 1);
    if (decoded === 'fault') return undefined;
    const block = this.#write(SCRATCH_RECORDS, place, decoded, -1);
    if (place.page >= 0) {
      this.#pages.add(block);
      this.#scratch = block;
    }
    return block;
  }

  /** Makes a block's records look their RIPs up again. */
  #makeStale(block: Block): void {
    this.jit?.invalidate(block);
    const end = block.records + block.recordCount * RECORD_SIZE_BYTES;
    for (let i = this.#replaced.length - 1; i >= 0; i--) {
      const { record, handler } = this.#replaced[i] as { readonly record: number; readonly handler: number };
      if (record < block.records || record >= end) continue;
      this.#view.setUint16(record + RECORD_HANDLER, handler, true);
      this.#replaced.splice(i, 1);
    }
    this.#dropped.keep(block);
    const first = this.#heads.delete(block.records) ? 1 : 0;
    for (let at = block.records + first * RECORD_SIZE_BYTES; at < end; at += RECORD_SIZE_BYTES) {
      if (this.#view.getUint16(at + RECORD_HANDLER, true) !== HANDLER_END) {
        this.#view.setUint16(at + RECORD_HANDLER, HANDLER_STALE, true);
      }
    }
    if (this.#scratch === block) this.#scratch = undefined;
  }

  /** What the jump cache holds is no longer true: new generation. */
  #forgetJumps(): void {
    this.#advanceGeneration();
    this.updateJumpTag();
  }
  #advanceGeneration(): void {
    this.#limits.fill(0);
    this.#generation = (this.#generation + 1) & 0xffffff;
    if (this.#generation !== 0) return;
    this.#clearJumpCache();
    this.#generation = 1;
  }
  #clearJumpCache(): void {
    const end = JUMP_CACHE + JUMP_CACHE_ENTRY_COUNT * JUMP_CACHE_ENTRY_SIZE_BYTES;
    this.#memory.bytes.fill(0, JUMP_CACHE, end);
  }

  /** The handler of an instruction of a block, by what follows it there. */
  #handlerOf(instructions: readonly Instruction[], index: number, mode: number): number {
    const instruction = instructions[index] as Instruction;
    if (!this.#isEmitted(instruction)) return this.#registry.systemHandler;
    const shape = shapeOf(instruction, mode, areFlagsDead(instructions, index));
    return this.#fusedHandler(shape, instructions[index + 1]) ?? this.#registry.numberOf(shape);
  }

  /** The handler of an instruction together with the conditional branch behind it, if there is one. */
  #fusedHandler(shape: Shape, next: Instruction | undefined): number | undefined {
    if (next === undefined || next.encoding.semantics !== 'Jcc') return undefined;
    const form = conditionFormAfter(shape.semantics, next.encoding.opcode & 15);
    return form && this.#registry.fusedNumberOf(fusedKey(shape, form));
  }

  #writeHead(at: number, { page, offset }: Place, flags = 0): void {
    this.#writer.writePlace(at, { handler: HANDLER_HEAD, offset, count: 0, flags, number: 0 }, 0);
    this.#view.setInt32(at + RECORD_USES_LEFT, this.jit?.thresholdOf(page) ?? 0, true);
  }

  #write(records: number, place: Place, decoded: Decoded, key: number): Block {
    const { page, offset, mode } = place;
    const { instructions, bad, secondPage } = decoded;
    const flags = secondPage >= 0 ? RECORD_NO_LINK : 0;
    let at = records;
    if (this.jit && key >= 0) {
      this.#writeHead(at, place, flags);
      at += RECORD_SIZE_BYTES;
    }
    let pageOffset = offset;
    instructions.forEach((instruction, index) => {
      const number = this.#instructions.push(instruction) - 1;
      const handler = this.#handlerOf(instructions, index, mode);
      const recordPlace = { handler, offset: pageOffset, count: index + 1, flags, number };
      if (handler !== this.#registry.systemHandler) this.#writer.write(at, instruction, recordPlace);
      else this.#writer.writePlace(at, recordPlace, instruction.length);
      at += RECORD_SIZE_BYTES;
      pageOffset += instruction.length;
    });
    if (bad !== 0) {
      const number = this.#instructions.push({ vector: bad }) - 1;
      this.#writer.writePlace(at, { handler: this.#registry.systemHandler, offset, count: 1, flags, number }, 0);
    } else {
      const end = { handler: HANDLER_END, offset: pageOffset, count: instructions.length, flags, number: 0 };
      this.#writer.writePlace(at, end, 0);
    }
    at += RECORD_SIZE_BYTES;
    this.#registry.compile();
    // An undecodable instruction may be any number of bytes: to be safe, all that it could be.
    const last = bad !== 0 ? offset + MAX_INSTRUCTION_LENGTH : pageOffset - 1;
    return { records, recordCount: (at - records) / RECORD_SIZE_BYTES, page, key, first: offset, last, secondPage };
  }
}

const CODE_HIGH = SEGMENTS + CS * SEGMENT_SIZE_BYTES + SEGMENT_HIGH;
const INSTRUCTIONS_MAX = 1 << 20;
