import { ACCESS_FETCH, ACCESS_USER, isCanonical } from '@longmode/mmu';
import { decode, MAX_INSTRUCTION_LENGTH } from '../decode/decode.ts';
import { type CodeSize, CS, type Instruction } from '../decode/instruction.ts';
import type { SemanticsKey } from '../opcodes/semantics-key.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { VECTOR_GP, VECTOR_UD } from '../state/exceptions.ts';
import { JUMP_TAG, MODE, RIP_BASE } from '../state/layout.ts';
import { MODE_BITS, MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import type { SegmentRegister } from '../state/segment-register.ts';
import type { GuestMemory } from './guest-memory.ts';
import { areFlagsDead } from './interpreter/flag-liveness.ts';
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
import { shapeOf } from './interpreter/shape.ts';
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
  /** Key in the page's map, or -1 for a scratch block. */
  readonly key: number;
  /** First and last byte, as offsets in the page that lists the block. */
  readonly first: number;
  readonly last: number;
  /** Page that the last instruction reaches into, or -1. */
  readonly secondPage: number;
}

interface CodePage {
  readonly blocks: Map<number, Block>;
  /** Blocks with bytes in this page, those of the page before included. */
  readonly covering: Set<Block>;
}

/** After these nothing is worth decoding: execution goes elsewhere. */
const BLOCK_ENDS: ReadonlySet<string> = new Set<SemanticsKey>([
  'JMP', 'CALL', 'RET', 'JMP_FAR', 'CALL_FAR', 'RET_FAR', 'IRET', 'INT', 'INT3', 'INT1', 'SYSCALL', 'SYSRET', 'SYSENTER',
  'SYSEXIT', 'HLT', 'UD0', 'UD1', 'UD2',
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
  readonly #writer: RecordWriter;
  readonly #codeSegment: SegmentRegister;
  readonly #pages = new Map<number, CodePage>();
  #instructions: (Instruction | Undecodable)[] = [];
  #arena = RECORDS;
  #generation = 1;
  #scratch: { page: number; block: Block } | undefined;
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
    this.#codeSegment = parts.state.segments[CS] as SegmentRegister;
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
    const mode = state.field(MODE);
    const is64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
    const rip = state.rip;
    const linear = is64 ? rip : BigInt.asUintN(32, this.#codeSegment.base + rip);
    const low = Number(linear & 0xffffffffn) | 0;
    const high = Number(linear >> 32n) | 0;
    const isOutside = is64 ? !isCanonical(low, high, this.#access.linearAddressBits) : rip > BigInt(this.#codeSegment.high);
    if (isOutside) {
      this.#access.recordFault(VECTOR_GP, 0);
      return 0;
    }
    const page = this.#fetch(low, high);
    if (page === FETCH_FAULT) return 0;
    const offset = low & 0xfff;
    const ripBase = rip - BigInt(offset);
    // A page that the code segment's limit cuts is decoded afresh every time, instruction by instruction.
    const isCut = !is64 && ripBase + 0xfffn > BigInt(this.#codeSegment.high);
    const key = (offset << MODE_BITS) | mode;
    let record: number;
    if (limit < BLOCK_LENGTH_MAX || isCut || page < 0) {
      record = this.#decodeScratch({ page, low, high, offset, mode, ripBase }, page < 0 || isCut ? 1 : limit);
    } else {
      const known = this.#pages.get(page)?.blocks.get(key);
      record = known && known.secondPage < 0 ? known.records : this.#decodeCached(page, low, high, offset, mode, ripBase);
      if (record !== 0) this.#remember(rip, record);
    }
    if (record !== 0) state.setWideField(RIP_BASE, BigInt.asUintN(64, ripBase));
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

  #remember(rip: bigint, record: number): void {
    const low = Number(rip & 0xffffffffn);
    const shifted = Number((rip >> 12n) & 0xffffffffn);
    const slot = (low ^ shifted) & (JUMP_CACHE_ENTRY_COUNT - 1);
    const at = JUMP_CACHE + slot * JUMP_CACHE_ENTRY_SIZE_BYTES;
    this.#view.setBigUint64(at, rip, true);
    this.#view.setUint32(at + 8, this.#state.field(JUMP_TAG), true);
    this.#view.setUint32(at + 12, record, true);
  }

  #decodeCached(page: number, low: number, high: number, offset: number, mode: number, ripBase: bigint): number {
    const spaceNeeded = (BLOCK_LENGTH_MAX + 1) * RECORD_SIZE_BYTES;
    if (this.#arena + spaceNeeded > GUEST_BASE) this.flush();
    const known = this.#pages.get(page)?.blocks.get((offset << MODE_BITS) | mode);
    if (known && known.secondPage >= 0) {
      // Reaches into another page: still the same one?
      const second = this.#fetchSecond(low, high);
      if (second === FETCH_FAULT) return 0;
      if (second === known.secondPage) return known.records;
      this.#drop(known, page);
    }
    const decoded = this.#decodeBytes({ page, low, high, offset, mode, ripBase }, BLOCK_LENGTH_MAX);
    if (decoded === undefined) return 0;
    const block = this.#write(this.#arena, offset, mode, decoded, (offset << MODE_BITS) | mode);
    this.#arena += block.recordCount * RECORD_SIZE_BYTES;
    this.#list(page, block).blocks.set(block.key, block);
    if (block.secondPage >= 0) this.#list(block.secondPage, block);
    return block.records;
  }

  #decodeScratch(place: Place, limit: number): number {
    if (this.#scratch) this.#drop(this.#scratch.block, this.#scratch.page);
    this.#scratch = undefined;
    if (this.#instructions.length > INSTRUCTIONS_MAX) this.flush();
    const decoded = this.#decodeBytes(place, limit);
    if (decoded === undefined) return 0;
    const block = this.#write(SCRATCH_RECORDS, place.offset, place.mode, decoded, -1);
    if (place.page >= 0) {
      this.#list(place.page, block);
      if (block.secondPage >= 0) this.#list(block.secondPage, block);
      this.#scratch = { page: place.page, block };
    }
    return block.records;
  }

  #list(page: number, block: Block): CodePage {
    let code = this.#pages.get(page);
    if (code === undefined) {
      code = { blocks: new Map(), covering: new Set() };
      this.#pages.set(page, code);
      this.#memory.setCodePage(page, true);
      this.#access.tlb.dropHostPage(this.#memory.hostOfPage(page), WRITE_TABLES);
    }
    code.covering.add(block);
    return code;
  }

  #drop(block: Block, page: number): void {
    for (let i = 0; i < block.recordCount; i++) {
      const at = block.records + i * RECORD_SIZE_BYTES;
      if (this.#view.getUint16(at + RECORD_HANDLER, true) !== HANDLER_END) {
        this.#view.setUint16(at + RECORD_HANDLER, HANDLER_STALE, true);
      }
    }
    const code = this.#pages.get(page);
    code?.covering.delete(block);
    if (block.key >= 0) code?.blocks.delete(block.key);
    if (block.secondPage >= 0) this.#pages.get(block.secondPage)?.covering.delete(block);
    if (this.#scratch?.block === block) this.#scratch = undefined;
  }

  #invalidate(page: number, first: number, last: number): void {
    const code = this.#pages.get(page);
    if (code === undefined) return;
    let hit = false;
    for (const block of code.covering) {
      const isSecond = block.secondPage === page && !(block.key >= 0 && code.blocks.get(block.key) === block);
      const from = isSecond ? 0 : block.first;
      const to = isSecond ? block.last - 0x1000 : Math.min(block.last, 0xfff);
      if (first > to || last < from) continue;
      this.#drop(block, isSecond ? this.#firstPageOf(block) : page);
      hit = true;
    }
    if (hit) this.#forgetJumps();
    if (code.covering.size === 0) {
      this.#pages.delete(page);
      this.#memory.setCodePage(page, false);
    }
  }

  #firstPageOf(block: Block): number {
    for (const [page, code] of this.#pages) if (block.key >= 0 && code.blocks.get(block.key) === block) return page;
    return this.#scratch?.block === block ? this.#scratch.page : block.secondPage;
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
        if (result.kind === 'invalid-opcode') return { instructions, bad: result.reason === '#UD' ? VECTOR_UD : VECTOR_GP, secondPage: -1 };
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
    if ((place.mode & MODE_CODE_MASK) === MODE_CODE_64) return false;
    return place.ripBase + BigInt(end - 1) > BigInt(this.#codeSegment.high);
  }

  #write(records: number, offset: number, mode: number, decoded: Decoded, key: number): Block {
    const { instructions, bad, secondPage } = decoded;
    const flags = secondPage >= 0 ? RECORD_NO_LINK : 0;
    let at = records;
    let pageOffset = offset;
    instructions.forEach((instruction, index) => {
      const number = this.#instructions.push(instruction) - 1;
      const isEmitted = this.#isEmitted(instruction.encoding.semantics);
      const handler = isEmitted
        ? this.#registry.numberOf(shapeOf(instruction, mode, areFlagsDead(instructions, index)))
        : this.#registry.systemHandler;
      const place = { handler, offset: pageOffset, count: index + 1, flags, number };
      if (isEmitted) this.#writer.write(at, instruction, place);
      else this.#writer.writePlace(at, place, instruction.length);
      at += RECORD_SIZE_BYTES;
      pageOffset += instruction.length;
    });
    if (bad !== 0) {
      const number = this.#instructions.push({ vector: bad }) - 1;
      this.#writer.writePlace(at, { handler: this.#registry.systemHandler, offset, count: 1, flags, number }, 0);
    } else {
      const place = { handler: HANDLER_END, offset: pageOffset, count: instructions.length, flags, number: 0 };
      this.#writer.writePlace(at, place, 0);
    }
    at += RECORD_SIZE_BYTES;
    this.#registry.compile();
    // An undecodable instruction may be any number of bytes: to be safe, all that it could be.
    const last = bad !== 0 ? offset + MAX_INSTRUCTION_LENGTH : pageOffset - 1;
    return { records, recordCount: (at - records) / RECORD_SIZE_BYTES, key, first: offset, last, secondPage };
  }
}

interface Place {
  readonly page: number;
  readonly low: number;
  readonly high: number;
  readonly offset: number;
  readonly mode: number;
  readonly ripBase: bigint;
}

interface Decoded {
  readonly instructions: readonly Instruction[];
  /** Vector of the exception that the bytes raise, or 0. */
  readonly bad: 0 | typeof VECTOR_UD | typeof VECTOR_GP;
  readonly secondPage: number;
}

const FETCH_FAULT = -3;
const WRITE_TABLES = 0b1010;
const INSTRUCTIONS_MAX = 1 << 20;
