import { isCanonical } from '@longmode/mmu';
import { CS, type Instruction } from '../decode/instruction.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_GP } from '../state/exceptions.ts';
import { CODE_BASE, MODE, RIP, RIP_BASE } from '../state/layout.ts';
import { MODE_BITS, MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import { segmentHighField } from '../state/segment-register.ts';
import { BlockDecoder, type Place } from './block-decoder.ts';
import { type Block, CodePages } from './code-pages.ts';
import { DroppedBlocks } from './dropped-blocks.ts';
import type { GuestMemory } from './guest-memory.ts';
import { FETCH_FAULT, InstructionFetch } from './instruction-fetch.ts';
import { BlockWriter, type Undecodable } from './interpreter/block-writer.ts';
import { settlesFlags } from './interpreter/flag-liveness.ts';
import type { HandlerRegistry } from './interpreter/handler-registry.ts';
import {
  BLOCK_LENGTH_MAX,
  RECORD_COUNT,
  RECORD_HANDLER,
  RECORD_INSTRUCTION,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_SIZE_BYTES,
  RECORD_USES_LEFT,
} from './interpreter/record.ts';
import { RecordStops } from './interpreter/record-stops.ts';
import { HANDLER_END, HANDLER_HEAD, HANDLER_STALE } from './interpreter/run-function.ts';
import { type CompilableCode, Jit, type JitOptions } from './jit/jit.ts';
import { JumpCache } from './jump-cache.ts';
import type { MemoryAccess } from './memory-access.ts';
import { GUEST_BASE, RECORDS, SCRATCH_RECORDS } from './memory-plan.ts';

/**
 * Decoded code by physical page and decode key: makes records, finds them by RIP, and forgets them when their bytes
 * change. Nothing here is architectural state: dropping all of it at any block boundary changes no result.
 */
export class CodeCache implements CompilableCode {
  readonly #memory: GuestMemory;
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #registry: HandlerRegistry;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #writer: BlockWriter;
  readonly #jumps: JumpCache;
  readonly #stops: RecordStops;
  readonly #pages: CodePages;
  readonly #dropped: DroppedBlocks;
  readonly #fetch: InstructionFetch;
  readonly #decoder: BlockDecoder;
  #arena = RECORDS;
  #scratch: Block | undefined;
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
    const { buffer } = parts.memory.wasm;
    this.#view = new DataView(buffer);
    this.#words = new Uint32Array(buffer);
    this.#halves = new Uint16Array(buffer);
    const { registry, isEmitted } = parts;
    this.#writer = new BlockWriter({ buffer, registry, isEmitted, usesOf: (page) => this.jit?.thresholdOf(page) ?? 0 });
    this.#jumps = new JumpCache(parts.state, this.#words);
    this.#stops = new RecordStops(this.#view);
    this.#pages = new CodePages({
      memory: parts.memory,
      tlb: parts.access.tlb,
      onDrop: (block) => this.#makeStale(block),
    });
    this.#dropped = new DroppedBlocks(parts.memory);
    this.#fetch = new InstructionFetch(parts);
    this.#decoder = new BlockDecoder({ memory: parts.memory, fetch: this.#fetch });
    if (parts.jit) {
      this.jit = new Jit({ code: this, registry, memory: parts.memory.wasm, options: parts.jit });
    }
    parts.memory.onCodeWrite = (page, first, last) => {
      if (this.#pages.invalidate(page, first, last)) this.#jumps.forget();
    };
  }

  /** What a record was made from. */
  instructionOf(record: number): Instruction | Undecodable {
    return this.#writer.itemOf(this.#words[(record + RECORD_INSTRUCTION) >> 2] as number);
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
    this.#stops.stopAfter(record);
  }
  passStop(): void {
    this.#stops.pass();
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
      const handler = this.#writer.handlerOf(instructions, index, mode);
      this.#stops.replaceHandler(first + index * RECORD_SIZE_BYTES, handler);
      if (settlesFlags(instructions[index] as Instruction)) break;
    }
    this.#registry.compile();
    this.stopAfter(last);
    return first;
  }

  /** Translations have changed: what was found by linear address counts if all of it would be found again. */
  flushTranslations(): void {
    if (!this.#fetch.revalidate()) this.#jumps.forget();
  }

  /** The mode or the privilege has changed. */
  updateJumpTag(): void {
    this.#jumps.updateTag();
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
    this.#writer.clear();
    this.#arena = RECORDS;
    this.#scratch = undefined;
    this.#stops.clear();
    this.#jumps.forget();
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
    else if (block.key >= 0) this.#jumps.remember(low, high, record);
    words[RIP_BASE >> 2] = ripLow - offset;
    words[(RIP_BASE >> 2) + 1] = ripHigh - (ripLow < offset ? 1 : 0);
    return record;
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
      block = this.#writer.write(this.#arena, place, decoded, key, this.jit !== undefined);
      this.#arena += block.recordCount * RECORD_SIZE_BYTES;
    } else if (this.jit) this.#writer.writeHead(block.records, place);
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
    if (this.#writer.itemCount > INSTRUCTIONS_MAX) this.flush();
    const decoded = this.#decoder.decode(place, 1);
    if (decoded === 'fault') return undefined;
    const block = this.#writer.write(SCRATCH_RECORDS, place, decoded, -1, false);
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
    this.#stops.passWithin(block.records, end);
    this.#dropped.keep(block);
    const first = this.#heads.delete(block.records) ? 1 : 0;
    for (let at = block.records + first * RECORD_SIZE_BYTES; at < end; at += RECORD_SIZE_BYTES) {
      if (this.#view.getUint16(at + RECORD_HANDLER, true) !== HANDLER_END) {
        this.#view.setUint16(at + RECORD_HANDLER, HANDLER_STALE, true);
      }
    }
    if (this.#scratch === block) this.#scratch = undefined;
  }
}

const CODE_HIGH = segmentHighField(CS);
const INSTRUCTIONS_MAX = 1 << 20;
