import { ACCESS_FETCH, ACCESS_USER, isCanonical, TLB_WRITE_TABLES } from '@longmode/mmu';
import { decode, MAX_INSTRUCTION_LENGTH } from '../decode/decode.ts';
import { type CodeSize, CS, type Instruction } from '../decode/instruction.ts';
import type { SemanticsKey } from '../opcodes/semantics-key.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_GP, VECTOR_UD } from '../state/exceptions.ts';
import {
  JUMP_TAG,
  MODE,
  RIP,
  RIP_BASE,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../state/layout.ts';
import { MODE_BITS, MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import type { GuestMemory } from './guest-memory.ts';
import { areFlagsDead } from './interpreter/flag-liveness.ts';
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
} from './interpreter/record.ts';
import { RecordWriter } from './interpreter/record-writer.ts';
import { HANDLER_END, HANDLER_STALE } from './interpreter/run-function.ts';
import { type Shape, shapeOf } from './interpreter/shape.ts';
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

/** A decoded run of instructions within one page (or one instruction that reaches into the next). */
interface Block {
  readonly records: number;
  readonly recordCount: number;
  /** Page of its first byte. */
  readonly page: number;
  /** Key in the page's map, or -1 for a scratch block. */
  readonly key: number;
  /** First and last byte, as offsets in its page. */
  readonly first: number;
  readonly last: number;
  /** Page that the last instruction reaches into, or -1. */
  readonly secondPage: number;
}

interface CodePage {
  /** Blocks that may be found again, by offset and decode key. */
  readonly blocks: Map<number, Block>;
  /** Blocks that begin in this page, and those of the page before that reach into it. */
  readonly covering: Set<Block>;
  readonly reachedInto: Set<Block>;
  /** Blocks by the 64 bytes that they touch: stores to the rest of the page need no search. */
  readonly granules: Uint16Array;
}

const GRANULE_SHIFT = 6;
const GRANULE_COUNT = 0x1000 >> GRANULE_SHIFT;

function countGranules(code: CodePage, first: number, last: number, delta: number): void {
  for (let i = first >> GRANULE_SHIFT; i <= last >> GRANULE_SHIFT; i++)
    code.granules[i] = (code.granules[i] as number) + delta;
}
function touchesGranules(code: CodePage, first: number, last: number): boolean {
  for (let i = first >> GRANULE_SHIFT; i <= last >> GRANULE_SHIFT; i++) if (code.granules[i] !== 0) return true;
  return false;
}

/** After these nothing is worth decoding: execution goes elsewhere. */
const BLOCK_ENDS: ReadonlySet<string> = new Set<SemanticsKey>([
  'JMP',
  'CALL',
  'RET',
  'JMP_FAR',
  'CALL_FAR',
  'RET_FAR',
  'IRET',
  'INT',
  'INT3',
  'INT1',
  'SYSCALL',
  'SYSRET',
  'SYSENTER',
  'SYSEXIT',
  'HLT',
  'UD0',
  'UD1',
  'UD2',
]);
const REPEATED: ReadonlySet<string> = new Set<SemanticsKey>(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS']);

const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];
const FETCH_CACHE_SIZE = 64;

/**
 * Decoded code by physical page and decode key: makes records, finds them by RIP, and forgets them when their bytes
 * change. Nothing here is architectural state: dropping all of it at any block boundary changes no result.
 */
export class CodeCache {
  readonly #memory: GuestMemory;
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #registry: HandlerRegistry;
  readonly #isEmitted: (key: string) => boolean;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #writer: RecordWriter;
  readonly #pages = new Map<number, CodePage>();
  #instructions: (Instruction | Undecodable)[] = [];
  #arena = RECORDS;
  #generation = 1;
  #scratch: Block | undefined;
  readonly #window = new Uint8Array(2 * MAX_INSTRUCTION_LENGTH + 2);
  /** Fetch translations: linear page (low, high and privilege) to physical page. */
  readonly #fetchLow = new Int32Array(FETCH_CACHE_SIZE);
  readonly #fetchHigh = new Int32Array(FETCH_CACHE_SIZE);
  readonly #fetchPage = new Int32Array(FETCH_CACHE_SIZE).fill(-2);

  constructor(parts: {
    memory: GuestMemory;
    state: CpuState;
    access: MemoryAccess;
    registry: HandlerRegistry;
    isEmitted: (key: string) => boolean;
  }) {
    this.#memory = parts.memory;
    this.#state = parts.state;
    this.#access = parts.access;
    this.#registry = parts.registry;
    this.#isEmitted = parts.isEmitted;
    this.#view = new DataView(parts.memory.wasm.buffer);
    this.#writer = new RecordWriter(parts.memory.wasm.buffer);
    this.#words = new Uint32Array(parts.memory.wasm.buffer);
    parts.memory.onCodeWrite = (page, first, last) => this.#invalidate(page, first, last);
  }

  /** What a record was made from. */
  instructionOf(record: number): Instruction | Undecodable {
    return this.#instructions[this.#view.getInt32(record + RECORD_INSTRUCTION, true)] as Instruction;
  }
  offsetOf(record: number): number {
    return this.#view.getUint16(record + RECORD_OFFSET, true);
  }
  lengthOf(record: number): number {
    return this.#view.getUint8(record + RECORD_LENGTH);
  }
  /** Instructions of its block up to and including the record's. */
  countOf(record: number): number {
    return this.#view.getUint8(record + RECORD_COUNT);
  }

  /** Translations have changed: nothing found by linear address counts any more. */
  flushTranslations(): void {
    this.#fetchPage.fill(-2);
    this.#generation = (this.#generation + 1) & 0xffffff;
    if (this.#generation === 0) {
      this.#clearJumpCache();
      this.#generation = 1;
    }
    this.updateJumpTag();
  }

  /** The mode or the privilege has changed. */
  updateJumpTag(): void {
    const user = this.#state.cpl === 3 ? 1 : 0;
    const tag = (this.#generation << 8) | (user << MODE_BITS) | this.#state.field(MODE);
    this.#state.setField(JUMP_TAG, tag);
  }

  /** Forgets everything that was decoded. */
  flush(): void {
    for (const page of this.#pages.keys()) this.#memory.setCodePage(page, false);
    this.#pages.clear();
    this.#instructions = [];
    this.#arena = RECORDS;
    this.#scratch = undefined;
    this.flushTranslations();
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
    const state = this.#state;
    const words = state.u32;
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
    const page = this.#fetch(low, high);
    if (page === FETCH_FAULT) return 0;
    const offset = low & 0xfff;
    // A page that the code segment's limit cuts is decoded afresh every time, instruction by instruction.
    const isCut = !is64 && ripLow - offset + 0xfff > limitHigh;
    const place = { page, low, high, offset, mode, rip: ripLow, limit: is64 ? Number.POSITIVE_INFINITY : limitHigh };
    let record: number;
    if (limit < BLOCK_LENGTH_MAX || isCut || page < 0) {
      record = this.#decodeScratch(place, page < 0 || isCut ? 1 : limit);
    } else {
      const known = this.#pages.get(page)?.blocks.get((offset << MODE_BITS) | mode);
      record = known && known.secondPage < 0 ? known.records : this.#decodeCached(place);
      if (record !== 0) this.#remember(ripLow, ripHigh, record);
    }
    if (record !== 0) {
      words[RIP_BASE >> 2] = ripLow - offset;
      words[(RIP_BASE >> 2) + 1] = ripHigh - (ripLow < offset ? 1 : 0);
    }
    return record;
  }

  /** Physical page of an instruction fetch; -1 for device memory, `FETCH_FAULT` with the exception recorded. */
  #fetch(low: number, high: number): number {
    const isUser = this.#state.cpl === 3;
    const slot = ((low >>> 12) ^ (low >>> 18)) & (FETCH_CACHE_SIZE - 1);
    const tag = (low & ~0xfff) | (isUser ? 1 : 0);
    if (this.#fetchLow[slot] === tag && this.#fetchHigh[slot] === high && (this.#fetchPage[slot] as number) > -2) {
      return this.#fetchPage[slot] as number;
    }
    if (!this.#access.walkFor(low, high, isUser ? ACCESS_FETCH | ACCESS_USER : ACCESS_FETCH)) return FETCH_FAULT;
    const page = this.#memory.pageOf(this.#access.walker.physical);
    this.#fetchLow[slot] = tag;
    this.#fetchHigh[slot] = high;
    this.#fetchPage[slot] = page;
    return page;
  }

  #remember(ripLow: number, ripHigh: number, record: number): void {
    const slot = (ripLow ^ ((ripLow >>> 12) | (ripHigh << 20))) & (JUMP_CACHE_ENTRY_COUNT - 1);
    const at = (JUMP_CACHE + slot * JUMP_CACHE_ENTRY_SIZE_BYTES) >> 2;
    const words = this.#words;
    words[at] = ripLow;
    words[at + 1] = ripHigh;
    words[at + 2] = this.#state.field(JUMP_TAG);
    words[at + 3] = record;
  }

  #decodeCached(place: Place): number {
    const { page, low, high, offset, mode } = place;
    const key = (offset << MODE_BITS) | mode;
    const spaceNeeded = (BLOCK_LENGTH_MAX + 1) * RECORD_SIZE_BYTES;
    if (this.#arena + spaceNeeded > GUEST_BASE) this.flush();
    const known = this.#pages.get(page)?.blocks.get(key);
    if (known && known.secondPage >= 0) {
      // Reaches into another page: still the same one?
      const second = this.#fetchSecond(low, high);
      if (second === FETCH_FAULT) return 0;
      if (second === known.secondPage) return known.records;
      this.#drop(known);
    }
    const decoded = this.#decodeBytes(place, BLOCK_LENGTH_MAX);
    if (decoded === undefined) return 0;
    const block = this.#write(this.#arena, place, decoded, key);
    this.#arena += block.recordCount * RECORD_SIZE_BYTES;
    this.#list(block);
    return block.records;
  }

  #decodeScratch(place: Place, limit: number): number {
    if (this.#scratch) this.#drop(this.#scratch);
    if (this.#instructions.length > INSTRUCTIONS_MAX) this.flush();
    const decoded = this.#decodeBytes(place, limit);
    if (decoded === undefined) return 0;
    const block = this.#write(SCRATCH_RECORDS, place, decoded, -1);
    if (place.page >= 0) {
      this.#list(block);
      this.#scratch = block;
    }
    return block.records;
  }

  /** Enters a block into the lists of the pages that its bytes lie in. */
  #list(block: Block): void {
    const code = this.#codePage(block.page);
    code.covering.add(block);
    if (block.key >= 0) code.blocks.set(block.key, block);
    countGranules(code, block.first, Math.min(block.last, 0xfff), 1);
    if (block.secondPage < 0) return;
    const second = this.#codePage(block.secondPage);
    second.reachedInto.add(block);
    countGranules(second, 0, block.last - 0x1000, 1);
  }
  #codePage(page: number): CodePage {
    let code = this.#pages.get(page);
    if (code === undefined) {
      code = {
        blocks: new Map(),
        covering: new Set(),
        reachedInto: new Set(),
        granules: new Uint16Array(GRANULE_COUNT),
      };
      this.#pages.set(page, code);
      this.#memory.setCodePage(page, true);
      this.#access.tlb.dropHostPage(this.#memory.hostOfPage(page), TLB_WRITE_TABLES);
    }
    return code;
  }

  /** Takes a block out of the lists and makes its records look their RIPs up again. */
  #drop(block: Block): void {
    for (let i = 0; i < block.recordCount; i++) {
      const at = block.records + i * RECORD_SIZE_BYTES;
      if (this.#view.getUint16(at + RECORD_HANDLER, true) !== HANDLER_END) {
        this.#view.setUint16(at + RECORD_HANDLER, HANDLER_STALE, true);
      }
    }
    const code = this.#pages.get(block.page);
    if (code?.covering.delete(block)) {
      if (block.key >= 0) code.blocks.delete(block.key);
      countGranules(code, block.first, Math.min(block.last, 0xfff), -1);
    }
    const second = this.#pages.get(block.secondPage);
    if (second?.reachedInto.delete(block)) countGranules(second, 0, block.last - 0x1000, -1);
    if (this.#scratch === block) this.#scratch = undefined;
  }

  #invalidate(page: number, first: number, last: number): void {
    const code = this.#pages.get(page);
    if (code === undefined || !touchesGranules(code, first, last)) return;
    let hit = false;
    for (const block of code.covering) {
      if (first > Math.min(block.last, 0xfff) || last < block.first) continue;
      this.#drop(block);
      hit = true;
    }
    for (const block of code.reachedInto) {
      if (first > block.last - 0x1000) continue;
      this.#drop(block);
      hit = true;
    }
    if (hit) this.#forgetJumps();
    if (code.covering.size === 0 && code.reachedInto.size === 0) {
      this.#pages.delete(page);
      this.#memory.setCodePage(page, false);
    }
  }

  /** Jump-cache entries may lead to stale records: new generation. */
  #forgetJumps(): void {
    this.#generation = (this.#generation + 1) & 0xffffff;
    if (this.#generation === 0) this.#clearJumpCache();
    this.updateJumpTag();
  }
  #clearJumpCache(): void {
    const end = JUMP_CACHE + JUMP_CACHE_ENTRY_COUNT * JUMP_CACHE_ENTRY_SIZE_BYTES;
    this.#memory.bytes.fill(0, JUMP_CACHE, end);
  }

  /** Decodes from a place up to a block's end. @returns undefined with an exception recorded if not even one is there */
  #decodeBytes(place: Place, limit: number): Decoded | undefined {
    const { page, offset, mode } = place;
    const codeSize = CODE_SIZES[mode & MODE_CODE_MASK] as CodeSize;
    const bytes = this.#memory.bytes;
    const pageHost = page >= 0 ? this.#memory.hostOfPage(page) : 0;
    const instructions: Instruction[] = [];
    let at = offset;
    while (instructions.length < limit && at < 0x1000 && page >= 0) {
      const result = decode(bytes, pageHost + at, pageHost + 0x1000, codeSize);
      if (result.kind !== 'instruction') {
        if (instructions.length > 0) break;
        if (result.kind === 'invalid-opcode')
          return { instructions, bad: result.reason === '#UD' ? VECTOR_UD : VECTOR_GP, secondPage: -1 };
        return this.#decodeAcross(place, codeSize);
      }
      if (this.#exceedsLimit(place, at + result.length)) {
        if (instructions.length > 0) break;
        this.#access.recordFault(VECTOR_GP, 0);
        return undefined;
      }
      instructions.push(result);
      at += result.length;
      const key = result.encoding.semantics;
      if (BLOCK_ENDS.has(key) || (result.repeat !== 0 && REPEATED.has(key))) break;
    }
    return page < 0 ? this.#decodeAcross(place, codeSize) : { instructions, bad: 0, secondPage: -1 };
  }

  /** Decodes one instruction that lies in device memory or reaches into the next page. */
  #decodeAcross(place: Place, codeSize: CodeSize): Decoded | undefined {
    const { page, low, high, offset } = place;
    const window = this.#window;
    const inFirst = Math.min(0x1000 - offset, MAX_INSTRUCTION_LENGTH);
    const physical = page >= 0 ? page * 0x1000 + offset : this.#physicalOf(low, high);
    for (let i = 0; i < inFirst; i++) window[i] = this.#memory.read8(physical + i);
    let result = decode(window, 0, inFirst, codeSize);
    let secondPage = -1;
    if (result.kind === 'need-more-bytes') {
      const second = this.#fetchSecond(low, high);
      if (second === FETCH_FAULT) return undefined;
      const secondPhysical = this.#access.walker.physical & ~0xfff;
      for (let i = inFirst; i < MAX_INSTRUCTION_LENGTH + 1; i++) {
        const at = i - inFirst;
        window[i] = this.#memory.read8(second >= 0 ? second * 0x1000 + at : secondPhysical + at);
      }
      secondPage = second;
      result = decode(window, 0, MAX_INSTRUCTION_LENGTH + 1, codeSize);
    }
    if (result.kind !== 'instruction') {
      const isUndefined = result.kind === 'invalid-opcode' && result.reason === '#UD';
      return { instructions: [], bad: isUndefined ? VECTOR_UD : VECTOR_GP, secondPage };
    }
    if (this.#exceedsLimit(place, offset + result.length)) {
      this.#access.recordFault(VECTOR_GP, 0);
      return undefined;
    }
    return { instructions: [result], bad: 0, secondPage };
  }

  #physicalOf(low: number, high: number): number {
    this.#access.walkFor(low, high, ACCESS_FETCH);
    return this.#access.walker.physical;
  }

  #fetchSecond(low: number, high: number): number {
    const nextLow = ((low & ~0xfff) + 0x1000) | 0;
    const is64 = (this.#state.field(MODE) & MODE_CODE_MASK) === MODE_CODE_64;
    return this.#fetch(nextLow, nextLow === 0 && is64 ? high + 1 : high);
  }

  #exceedsLimit(place: Place, end: number): boolean {
    return place.rip - place.offset + end - 1 > place.limit;
  }

  /** The handler of an instruction together with the conditional branch behind it, if there is one. */
  #fusedHandler(shape: Shape, next: Instruction | undefined): number | undefined {
    if (next === undefined || next.encoding.semantics !== 'Jcc') return undefined;
    const form = conditionFormAfter(shape.semantics, next.encoding.opcode & 15);
    return form && this.#registry.fusedNumberOf(fusedKey(shape, form));
  }

  #write(records: number, place: Place, decoded: Decoded, key: number): Block {
    const { page, offset, mode } = place;
    const { instructions, bad, secondPage } = decoded;
    const flags = secondPage >= 0 ? RECORD_NO_LINK : 0;
    let at = records;
    let pageOffset = offset;
    instructions.forEach((instruction, index) => {
      const number = this.#instructions.push(instruction) - 1;
      const isEmitted = this.#isEmitted(instruction.encoding.semantics);
      let handler = this.#registry.systemHandler;
      if (isEmitted) {
        const shape = shapeOf(instruction, mode, areFlagsDead(instructions, index));
        handler = this.#fusedHandler(shape, instructions[index + 1]) ?? this.#registry.numberOf(shape);
      }
      const recordPlace = { handler, offset: pageOffset, count: index + 1, flags, number };
      if (isEmitted) this.#writer.write(at, instruction, recordPlace);
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

interface Place {
  readonly page: number;
  readonly low: number;
  readonly high: number;
  readonly offset: number;
  readonly mode: number;
  /** Bits 31..0 of RIP, and the highest that the code segment allows. */
  readonly rip: number;
  readonly limit: number;
}

interface Decoded {
  readonly instructions: readonly Instruction[];
  /** Vector of the exception that the bytes raise, or 0. */
  readonly bad: 0 | typeof VECTOR_UD | typeof VECTOR_GP;
  readonly secondPage: number;
}

const FETCH_FAULT = -3;
const CODE_BASE = SEGMENTS + CS * SEGMENT_SIZE_BYTES + SEGMENT_BASE;
const CODE_HIGH = SEGMENTS + CS * SEGMENT_SIZE_BYTES + SEGMENT_HIGH;
const INSTRUCTIONS_MAX = 1 << 20;
