import type { Instruction } from '../../decode/instruction.ts';
import { RIP_BASE } from '../../state/layout.ts';
import { MODE_BITS } from '../../state/mode.ts';
import type { Block } from '../code-pages.ts';
import type { HandlerRegistry } from '../interpreter/handler-registry.ts';
import {
  RECORD_DISPLACEMENT,
  RECORD_ENTRY,
  RECORD_HANDLER,
  RECORD_SIZE_BYTES,
  RECORD_USES_LEFT,
} from '../interpreter/record.ts';
import { HANDLER_HEAD } from '../interpreter/run-function.ts';
import { CPU_BASE, TARGET_TABLE_COUNT, TARGET_TABLE_SIZE_BYTES, TARGET_TABLES } from '../memory-plan.ts';
import { JitProfile, type UnitProfile } from './profile.ts';
import { type BasicBlock, isWithin, pageOfOffset, type Region, RegionBuilder } from './region.ts';
import { entriesOf } from './unit-entries.ts';
import { type UnitLink, UnitLinks } from './unit-links.ts';
import { generateUnitModule } from './unit-module.ts';

/** What the compiler sees of the code cache. */
export interface CompilableCode {
  /** @returns the block with a head at this address */
  blockOf(head: number): Block | undefined;
  /** @returns the block of a page that begins at an offset, decoded under a key's mode, within one page */
  blockAt(page: number, offset: number, mode: number): Block | undefined;
  /** @returns the page in which code was last fetched from a linear address, or -1 if that is not known */
  knownPageAt(low: number, high: number): number;
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
  /** Pages that a unit may reach into. */
  readonly pageLimit: number;
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
  instructionLimit: 300,
  pageLimit: 8,
  unitLimit: 1000,
  isProfiling: false,
  now: () => 0,
};

/** One compiled region. */
interface Unit {
  readonly region: Region;
  /** RIP of the region's offset 0 when it was compiled. */
  readonly ripBase: bigint;
  /** If there are several pages. */
  readonly link: UnitLink | undefined;
  readonly page: number;
  readonly handler: number;
  /** Offsets that it was asked for, and heads that lead into it. */
  readonly roots: readonly number[];
  readonly heads: number[];
  /** Heads of the interpreter's blocks that it was made from: with any of them it goes. */
  readonly sources: readonly number[];
  readonly targetTable: number | undefined;
  readonly profileSlot: number | undefined;
  /** How many times units were joined to make this one. */
  readonly generation: number;
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

function addTo(units: Map<number, Set<Unit>>, key: number, unit: Unit): void {
  const known = units.get(key);
  if (known) known.add(unit);
  else units.set(key, new Set([unit]));
}
function removeFrom(units: Map<number, Set<Unit>>, key: number, unit: Unit): void {
  const known = units.get(key);
  known?.delete(unit);
  if (known?.size === 0) units.delete(key);
}

const entryKey = (page: number, key: number): number => page * 2 ** 20 + key;
const modeOfKey = (key: number): number => key & ((1 << MODE_BITS) - 1);

/** So often a unit takes the place of others that it goes on from or that are part of it; then they stay apart. */
const GENERATION_MAX = 8;
/** Blocks that have had the rest of the uses that the threshold asks for are likely targets of indirect branches. */
const WARM_USES_LEFT = 0.95;
/** The part of the threshold after which what a jump of a unit may lead to is compiled too. */
const TARGET_USES = 0.1;
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
  readonly #links: UnitLinks;
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
    this.#links = new UnitLinks(this.#view, (low, high) => parts.code.knownPageAt(low, high));
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
    if (this.#units.size >= this.#options.unitLimit) this.clear();
    const start = this.#options.now();
    this.#compile(block);
    this.statistics.milliseconds += this.#options.now() - start;
  }

  /** Makes a block run compiled code if there is some that begins where it does. */
  adopt(block: Block): void {
    const entry = this.#entries.get(entryKey(block.page, block.key));
    if (entry === undefined || block.secondPage >= 0) return;
    entry.unit.heads.push(block.records);
    this.#view.setUint16(block.records + RECORD_HANDLER, entry.unit.handler, true);
    this.#view.setUint16(block.records + RECORD_ENTRY, entry.id, true);
    const { offset } = entry.unit.region.blocks[entry.id] as BasicBlock;
    this.#view.setBigInt64(block.records + RECORD_DISPLACEMENT, BigInt(pageOfOffset(offset) * 0x1000), true);
  }

  /** Execution has been looked up in a page. */
  passBy(page: number): void {
    this.#links.passBy(page);
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

  #compile(block: Block): void {
    const ripBase = this.#view.getBigUint64(CPU_BASE + RIP_BASE, true);
    const alone = this.#explore(block, ripBase, [block.first]);
    const joined = this.#unitsToJoin(block, ripBase, alone.region);
    const roots = [...new Set([block.first, ...joined.flatMap((unit) => unit.roots)])].sort((a, b) => a - b);
    const together = joined.length > 0 ? this.#explore(block, ripBase, roots) : alone;
    if (together.region.isCut) {
      this.#install(block, ripBase, alone, [block.first], 0);
      return;
    }
    for (const unit of joined) this.#drop(unit);
    this.#install(block, ripBase, together, roots, Math.max(0, ...joined.map(({ generation }) => generation + 1)));
  }

  /** Gathers what a block leads to. @returns the region, and the physical page of each of its pages */
  #explore(block: Block, ripBase: bigint, roots: readonly number[]): { region: Region; pages: Map<number, number> } {
    const code = this.#code;
    const { page } = block;
    const mode = modeOfKey(block.key);
    const pages = new Map([[0, page]]);
    const physicalPage = (number: number): number => {
      const known = pages.get(number);
      if (known !== undefined) return known;
      const found = this.#links.pageAt(ripBase, number);
      if (found >= 0) pages.set(number, found);
      return found;
    };
    const builder = new RegionBuilder({
      records: {
        blockAt: (offset) => {
          const found = code.blockAt(physicalPage(pageOfOffset(offset)), offset & 0xfff, mode);
          return found ? found.records + RECORD_SIZE_BYTES : 0;
        },
        instructionOf: (record) => code.compilable(record),
        offsetOf: (record) => code.offsetOf(record),
        countOf: (record) => code.countOf(record),
      },
      mode,
      recordSize: RECORD_SIZE_BYTES,
      instructionLimit: this.#options.instructionLimit,
      pageLimit: this.#links.areLeft ? this.#options.pageLimit : 1,
    });
    const usesLeft = this.thresholdOf(page) * WARM_USES_LEFT;
    const region = builder.build(roots, () => code.warmOffsets(page, mode, usesLeft));
    for (const number of pages.keys()) if (!region.pages.includes(number)) pages.delete(number);
    return { region, pages };
  }

  /**
   * Units of the same function: the block goes on into their roots, or they into the block. What is only called from one or
   * the other stays by itself, since a small unit is entered and left faster.
   */
  #unitsToJoin(block: Block, ripBase: bigint, region: Region): Unit[] {
    const near = new Set<Unit>();
    for (const source of region.sources) {
      for (const unit of this.#unitsOf.get(source - RECORD_SIZE_BYTES) ?? []) near.add(unit);
    }
    return [...near].filter(
      (unit) =>
        unit.page === block.page &&
        unit.ripBase === ripBase &&
        unit.region.mode === region.mode &&
        unit.generation < GENERATION_MAX &&
        (unit.region.own.has(block.first) || unit.roots.every((root) => region.own.has(root))),
    );
  }

  #install(
    block: Block,
    ripBase: bigint,
    { region, pages }: { region: Region; pages: Map<number, number> },
    roots: readonly number[],
    generation: number,
  ): void {
    const code = this.#code;
    const { page } = block;
    // The first unit of a function is made of an inner loop, before the interpreter has been everywhere: a loop around it
    // that runs often as well is the occasion to look again.
    const entries = entriesOf(region, roots, { withLoops: generation > 0 });
    if (entries.roots.length === 0) return;
    const targetTable = this.#makeTargetTable(region);
    const link = pages.size > 1 ? this.#links.open(ripBase, pages) : undefined;
    const profileSlot = this.#profile?.open(ripBase + BigInt(block.first), region.instructionCount);
    const bytes = generateUnitModule(
      { region, ...entries, targetTable, profileSlot, link: link?.address },
      this.#memoryPages,
    );
    const handler = this.#registry.install(new WebAssembly.Module(bytes), 'unit');
    const sources = [...region.sources].map((record) => record - RECORD_SIZE_BYTES);
    const heads: number[] = [];
    const parts = { region, ripBase, link, page, handler, roots, heads, sources };
    const unit: Unit = { ...parts, targetTable, profileSlot, generation };
    this.#units.add(unit);
    for (const id of [...entries.roots, ...entries.passed]) {
      const { offset } = region.blocks[id] as BasicBlock;
      const entryPage = pages.get(pageOfOffset(offset)) as number;
      const key = entryKey(entryPage, ((offset & 0xfff) << MODE_BITS) | region.mode);
      // A called function's own unit is left sooner.
      if (!region.own.has(offset) && this.#entries.has(key)) continue;
      this.#entries.set(key, { unit, id });
      const at = code.blockAt(entryPage, offset & 0xfff, region.mode);
      if (at !== undefined) this.adopt(at);
    }
    for (const source of sources) {
      addTo(this.#unitsOf, source, unit);
      this.#countAnew(source, page);
    }
    this.#awaitTargets(region, page);
    this.statistics.compiled++;
    this.statistics.live++;
    this.statistics.instructions += region.instructionCount;
    this.statistics.bytes += bytes.length;
  }

  /** What a jump to a computed target may lead to, but did not yet, joins sooner: until then it leaves the unit each time. */
  #awaitTargets({ jumpRange, blockAt, mode }: Region, page: number): void {
    if (jumpRange === undefined) return;
    const uses = Math.ceil(this.thresholdOf(page) * TARGET_USES);
    for (const offset of this.#code.warmOffsets(page, mode, NEVER)) {
      if (!isWithin(jumpRange, offset) || blockAt.has(offset)) continue;
      const head = this.#code.blockAt(page, offset, mode)?.records;
      if (head !== undefined && this.#usesLeft(head) > uses) this.#count(head, uses);
    }
  }

  /** What a unit has taken over runs less often: the count of before says nothing. */
  #countAnew(head: number, page: number): void {
    const uses = this.thresholdOf(page);
    if (this.#usesLeft(head) < uses) this.#count(head, uses);
  }
  /** @returns the runs after which a head's block is to be compiled, NaN if it does not count */
  #usesLeft(head: number): number {
    if (this.#view.getUint16(head + RECORD_HANDLER, true) !== HANDLER_HEAD) return Number.NaN;
    const uses = this.#view.getInt32(head + RECORD_USES_LEFT, true);
    return uses === NEVER ? Number.NaN : uses;
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
    for (const source of unit.sources) removeFrom(this.#unitsOf, source, unit);
    if (unit.link !== undefined) this.#links.close(unit.link);
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
