import type { Instruction } from '../../decode/instruction.ts';
import { RIP_BASE } from '../../state/layout.ts';
import { MODE_BITS } from '../../state/mode.ts';
import type { Block } from '../code-pages.ts';
import type { HandlerRegistry } from '../interpreter/handler-registry.ts';
import { RECORD_ENTRY, RECORD_HANDLER, RECORD_SIZE_BYTES, RECORD_USES_LEFT } from '../interpreter/record.ts';
import { HANDLER_HEAD } from '../interpreter/run-function.ts';
import { CPU_BASE, TARGET_TABLE_COUNT, TARGET_TABLE_SIZE_BYTES, TARGET_TABLES } from '../memory-plan.ts';
import { JitProfile, type UnitProfile } from './profile.ts';
import { type BasicBlock, type Region, RegionBuilder } from './region.ts';
import { generateUnitModule } from './unit-module.ts';

/** What the compiler sees of the code cache. */
export interface CompilableCode {
  /** @returns the block with a head at this address */
  blockOf(head: number): Block | undefined;
  /** @returns the block of a page that begins at an offset, decoded under a key's mode, within one page */
  blockAt(page: number, offset: number, mode: number): Block | undefined;
  /** @returns offsets of a page's blocks, under a key's mode, that are compiled or have fewer than `usesLeft` uses left */
  warmOffsets(page: number, mode: number, usesLeft: number): number[];
  /** @returns the instruction of a record if its meaning can be compiled */
  compilable(record: number): Instruction | undefined;
  offsetOf(record: number): number;
  countOf(record: number): number;
}

/** How eagerly, and how much. */
export interface JitOptions {
  /** Runs of a block before it is compiled. */
  readonly threshold: number;
  /** Instructions that the processor retires before anything is compiled: short runs end sooner without. */
  readonly warmUp: number;
  /** Instructions in a unit at most. */
  readonly instructionLimit: number;
  /** Live units at most; one more, and all are dropped. */
  readonly unitLimit: number;
  /** Compiled code counts what it does, for `Jit.profile`. */
  readonly isProfiling: boolean;
  /** A clock in milliseconds, to tell how long compiling takes. Nothing else looks at it. */
  readonly now: () => number;
}

export const JIT_OPTIONS: JitOptions = {
  threshold: 8000,
  warmUp: 1_000_000,
  instructionLimit: 400,
  unitLimit: 1000,
  isProfiling: false,
  now: () => 0,
};

/** One compiled region. */
interface Unit {
  readonly region: Region;
  readonly page: number;
  readonly handler: number;
  /** Offsets that it was asked for, and heads that lead into it. */
  readonly roots: readonly number[];
  readonly heads: number[];
  /** Heads of the interpreter's blocks that it was made from: with any of them it goes. */
  readonly sources: readonly number[];
  readonly targetTable: number | undefined;
  readonly profileSlot: number | undefined;
}

/** Counters of the compiler's work. */
export interface JitStatistics {
  compiled: number;
  dropped: number;
  live: number;
  /** Guest instructions and bytes of WebAssembly in all units ever compiled. */
  instructions: number;
  bytes: number;
  /** Time spent, by the clock of the options. */
  milliseconds: number;
}

const entryKey = (page: number, key: number): number => page * 2 ** 20 + key;

/**
 * Units that a block may be part of. A loop that is entered at its top alone makes the best code, so that another way in
 * gets a unit of its own; beyond this number, one unit with many entries takes the place of all.
 */
const UNITS_PER_BLOCK_MAX = 4;
/** Blocks that have had the rest of the uses that the threshold asks for are likely targets of indirect branches. */
const WARM_USES_LEFT = 0.95;
/** Never again within any run: heads that are not worth counting. */
const NEVER = 0x7fff_ffff;

/**
 * The second engine: compiles blocks that the interpreter has run often, with all that is connected to them, and puts the
 * result in the place of their heads. Dropping any of it at any time changes no result.
 */
export class Jit {
  readonly statistics: JitStatistics = { compiled: 0, dropped: 0, live: 0, instructions: 0, bytes: 0, milliseconds: 0 };
  readonly #code: CompilableCode;
  readonly #registry: HandlerRegistry;
  readonly #memoryPages: number;
  readonly #view: DataView;
  readonly #freeTargetTables = Array.from(
    { length: TARGET_TABLE_COUNT },
    (_, i) => TARGET_TABLES + i * TARGET_TABLE_SIZE_BYTES,
  );
  readonly #options: JitOptions;
  readonly #profile: JitProfile | undefined;
  readonly #units = new Set<Unit>();
  readonly #unitsOf = new Map<number, Set<Unit>>();
  /** Where compiled code may be entered. */
  readonly #entries = new Map<number, { readonly unit: Unit; readonly id: number }>();
  /** Units lost by page: code that changes all the time is not compiled over and over. */
  readonly #losses = new Map<number, number>();

  constructor(parts: {
    code: CompilableCode;
    registry: HandlerRegistry;
    memory: WebAssembly.Memory;
    options: JitOptions;
  }) {
    this.#code = parts.code;
    this.#registry = parts.registry;
    this.#memoryPages = parts.memory.buffer.byteLength >>> 16;
    this.#view = new DataView(parts.memory.buffer);
    this.#options = parts.options;
    this.#profile = parts.options.isProfiling ? new JitProfile(parts.memory) : undefined;
  }

  /** What ran in compiled code, if it counts. */
  get profile(): UnitProfile[] | undefined {
    return this.#profile?.report();
  }

  /** Uses after which a new block of a page is compiled. */
  thresholdOf(page: number): number {
    return Math.min(this.#options.threshold * 2 ** Math.min(this.#losses.get(page) ?? 0, 20), NEVER);
  }

  /** A head has run often. Compiles what it leads to. @param retired instructions that the processor has retired */
  compile(head: number, retired: number): void {
    const block = this.#code.blockOf(head);
    if (block !== undefined && retired < this.#options.warmUp) {
      this.#count(head, this.thresholdOf(block.page));
      return;
    }
    this.#count(head, NEVER);
    if (block === undefined || block.secondPage >= 0) return;
    const roots = new Set([block.first]);
    const others = this.#unitsOf.get(head);
    if (others !== undefined && others.size >= UNITS_PER_BLOCK_MAX) {
      for (const unit of [...others]) {
        for (const root of unit.roots) roots.add(root);
        this.#drop(unit);
      }
    }
    if (this.#units.size >= this.#options.unitLimit) this.clear();
    const start = this.#options.now();
    this.#compile(block, [...roots]);
    this.statistics.milliseconds += this.#options.now() - start;
  }

  /** Makes a block run compiled code if there is some that begins where it does. */
  adopt(block: Block): void {
    const entry = this.#entries.get(entryKey(block.page, block.key));
    if (entry === undefined || block.secondPage >= 0) return;
    entry.unit.heads.push(block.records);
    this.#view.setUint16(block.records + RECORD_HANDLER, entry.unit.handler, true);
    this.#view.setUint16(block.records + RECORD_ENTRY, entry.id, true);
  }

  /** A block's code has changed: all that was compiled from it goes. */
  invalidate(block: Block): void {
    const units = this.#unitsOf.get(block.records);
    if (units === undefined) return;
    this.#losses.set(block.page, (this.#losses.get(block.page) ?? 0) + 1);
    for (const unit of [...units]) this.#drop(unit);
  }

  /** Drops everything. */
  clear(): void {
    for (const unit of [...this.#units]) this.#drop(unit);
  }

  #compile(block: Block, roots: readonly number[]): void {
    const code = this.#code;
    const { page } = block;
    const mode = block.key & ((1 << MODE_BITS) - 1);
    const builder = new RegionBuilder({
      records: {
        blockAt: (offset) => {
          const found = code.blockAt(page, offset, mode);
          return found ? found.records + RECORD_SIZE_BYTES : 0;
        },
        instructionOf: (record) => code.compilable(record),
        offsetOf: (record) => code.offsetOf(record),
        countOf: (record) => code.countOf(record),
      },
      mode,
      recordSize: RECORD_SIZE_BYTES,
      instructionLimit: this.#options.instructionLimit,
    });
    const usesLeft = this.thresholdOf(page) * WARM_USES_LEFT;
    const region = builder.build(roots, () => code.warmOffsets(page, mode, usesLeft));
    const entries = region.blocks
      .filter(({ id, offset, isReturnSite }) => isReturnSite || region.targets.includes(id) || roots.includes(offset))
      .map(({ id }) => id);
    if (entries.length === 0) return;
    const targetTable = this.#makeTargetTable(region);
    const ripBase = this.#view.getBigUint64(CPU_BASE + RIP_BASE, true);
    const profileSlot = this.#profile?.open(ripBase + BigInt(block.first), region.instructionCount);
    const bytes = generateUnitModule({ region, entries, targetTable, profileSlot }, this.#memoryPages);
    const handler = this.#registry.install(new WebAssembly.Module(bytes), 'unit');
    const sources = [...region.sources].map((record) => record - RECORD_SIZE_BYTES);
    const unit: Unit = { region, page, handler, roots, heads: [], sources, targetTable, profileSlot };
    this.#units.add(unit);
    for (const id of entries) {
      const { offset } = region.blocks[id] as Region['blocks'][number];
      this.#entries.set(entryKey(page, (offset << MODE_BITS) | mode), { unit, id });
      const at = code.blockAt(page, offset, mode);
      if (at !== undefined) this.adopt(at);
    }
    for (const source of sources) {
      const units = this.#unitsOf.get(source);
      if (units) units.add(unit);
      else this.#unitsOf.set(source, new Set([unit]));
    }
    this.statistics.compiled++;
    this.statistics.live++;
    this.statistics.instructions += region.instructionCount;
    this.statistics.bytes += bytes.length;
  }

  /** The table by which indirect branches find their blocks, for a region that wants one, while there are any. */
  #makeTargetTable({ targets, blocks }: Region): number | undefined {
    const table = targets.length > 0 ? this.#freeTargetTables.pop() : undefined;
    if (table === undefined) return undefined;
    const entries = new Uint16Array(this.#view.buffer, table, TARGET_TABLE_SIZE_BYTES / 2).fill(0);
    for (const id of targets) entries[(blocks[id] as BasicBlock).offset] = id + 1;
    return table;
  }

  #drop(unit: Unit): void {
    this.#units.delete(unit);
    if (unit.profileSlot !== undefined) this.#profile?.close(unit.profileSlot);
    if (unit.targetTable !== undefined) this.#freeTargetTables.push(unit.targetTable);
    for (const [key, entry] of this.#entries) if (entry.unit === unit) this.#entries.delete(key);
    for (const source of unit.sources) {
      const units = this.#unitsOf.get(source);
      units?.delete(unit);
      if (units?.size === 0) this.#unitsOf.delete(source);
    }
    for (const head of unit.heads) {
      if (this.#view.getUint16(head + RECORD_HANDLER, true) === unit.handler) {
        this.#count(head, this.thresholdOf(unit.page));
      }
    }
    this.#registry.uninstall(unit.handler);
    this.statistics.dropped++;
    this.statistics.live--;
  }

  /** Makes a head count. */
  #count(head: number, uses: number): void {
    this.#view.setUint16(head + RECORD_HANDLER, HANDLER_HEAD, true);
    this.#view.setInt32(head + RECORD_USES_LEFT, uses, true);
  }
}
