import { type Instruction, NO_REGISTER } from '../../decode/instruction.ts';
import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../../state/mode.ts';
import { type Shape, shapeOf } from '../interpreter/shape.ts';

/** An instruction of a region, with the interpreter's record of it: where execution goes on if it must leave here. */
export interface RegionInstruction {
  readonly instruction: Instruction;
  readonly shape: Shape;
  /** Distance from the beginning of the region's first page. */
  readonly offset: number;
  readonly record: number;
  /** Instructions of the record's block up to and including this one. */
  readonly count: number;
}

/** How a basic block ends. */
export type Ending =
  /** Falls into the next instruction. */
  | 'fall'
  /** A conditional branch: to the target or on. */
  | 'branch'
  /** A jump or call to a known target. */
  | 'jump'
  /** A jump or call to a computed target. */
  | 'indirect'
  /** A return, perhaps to an instruction after a call within the region. */
  | 'return'
  /** A system call or the return from one. */
  | 'transfer'
  /** What follows is left to the interpreter. */
  | 'leave';

/** Endings behind which the next instruction is not the one in sequence. */
export const ENDS_WAY: ReadonlySet<Ending> = new Set(['jump', 'indirect', 'return', 'transfer']);

export interface BasicBlock {
  readonly id: number;
  readonly offset: number;
  readonly instructions: readonly RegionInstruction[];
  readonly ending: Ending;
  /** Block of the branch's target within the region. */
  readonly taken: number | undefined;
  /** Block that follows within the region. */
  readonly next: number | undefined;
  /** Record with which the interpreter goes on behind the block, where it falls out of the region. */
  readonly nextRecord: number;
  /** The instruction after a call: where a return of the region may lead. */
  readonly isReturnSite: boolean;
  /** The block before may have used up any budget. */
  readonly followsRepeat: boolean;
}

/** Offsets of the first page, both ends included. */
export type OffsetRange = readonly [first: number, last: number];
export const isWithin = ([first, last]: OffsetRange, offset: number): boolean => offset >= first && offset <= last;

/** Number of the page in which an offset lies, counted from the region's first page. */
export const pageOfOffset = (offset: number): number => offset >> 12;

/** Connected basic blocks of one page or some, under one decode key. */
export interface Region {
  readonly mode: number;
  readonly blocks: readonly BasicBlock[];
  readonly blockAt: ReadonlyMap<number, number>;
  readonly instructionCount: number;
  /** Addresses of the interpreter's blocks that the region was made from. */
  readonly sources: ReadonlySet<number>;
  /** Blocks that indirect branches of the region may lead to, and returns too if there are many sites for them. */
  readonly targets: readonly number[];
  /** Return sites that are told apart by comparisons, beside the targets. */
  readonly comparedSites: readonly number[];
  /** Pages in which it has blocks, 0 being that of the first root. */
  readonly pages: readonly number[];
  /** Offsets of the instructions that are reached from the roots without a call. */
  readonly own: ReadonlySet<number>;
  /** Offsets within which a jump of the region to a computed target most likely leads, if there is one. */
  readonly jumpRange: OffsetRange | undefined;
  /** Whether there was more to find than the limit allows. */
  readonly isCut: boolean;
}

/** Blocks that control may come to from a block within the region. */
export function successorsOf(block: BasicBlock, { targets, comparedSites }: Region): readonly number[] {
  const to: number[] = [];
  if (block.taken !== undefined) to.push(block.taken);
  if (block.next !== undefined) to.push(block.next);
  if (block.ending === 'indirect' || block.ending === 'return') to.push(...targets);
  if (block.ending === 'return') to.push(...comparedSites);
  return to;
}

/** So many return sites are told apart by comparisons; more are targets, but for those of further pages, of which some are. */
const COMPARED_SITES_MAX = 3;
const FAR_SITES_MAX = 6;

/** What the builder sees of the interpreter's records. */
export interface RecordSource {
  /** @returns the first record of the block that begins at an offset, perhaps in another page, or 0 if none is known */
  blockAt(offset: number): number;
  /** @returns the instruction of a record, or undefined for the end of a block and for what only the interpreter runs */
  instructionOf(record: number): Instruction | undefined;
  offsetOf(record: number): number;
  countOf(record: number): number;
}

const CODE_SIZES = [16, 32, 64];
const CONDITIONAL: ReadonlySet<string> = new Set<SemanticsKey>(['Jcc', 'LOOP', 'LOOPE', 'LOOPNE', 'JCXZ']);
const STRING: ReadonlySet<string> = new Set<SemanticsKey>(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS']);

/** How an instruction ends a block, if it does. */
function endingOf(instruction: Instruction): Ending | undefined {
  const key = instruction.encoding.semantics;
  if (CONDITIONAL.has(key)) return 'branch';
  if (key === 'JMP' || key === 'CALL') return instruction.operands[0]?.kind === 'relative' ? 'jump' : 'indirect';
  if (key === 'RET') return 'return';
  if (key === 'SYSCALL' || key === 'SYSRET') return 'transfer';
  return STRING.has(key) && instruction.repeat !== 0 ? 'fall' : undefined;
}

/** A block to be explored. */
type Pending = [offset: number, record: number, source: number, isCalled: boolean];
/** Jumps to computed targets are those of `switch`: they stay in their function, a small part of a page. */
const JUMP_DISTANCE_MAX = 512;
/** With more of the limit in use, no further function that is called joins the region, but for small ones that call nobody. */
const SHARE_BEFORE_CALLS = 0.35;
const LEAF_INSTRUCTIONS_MAX = 40;

interface BuilderOptions {
  readonly records: RecordSource;
  readonly mode: number;
  readonly recordSize: number;
  readonly instructionLimit: number;
  /** Pages that it may reach into; more than one only in 64-bit mode, 1 unless told. */
  readonly pageLimit?: number;
  /** Whether functions that are called may join, which they may unless told. */
  readonly followsCalls?: boolean;
}

interface Found {
  readonly instruction: Instruction;
  readonly record: number;
  readonly source: number;
  readonly isCalled: boolean;
}

/**
 * Gathers the basic blocks that are reachable from some offsets of a page by direct branches, as far as the interpreter has
 * been there: what has never run stays out, and is left to the interpreter if it is ever reached.
 */
export class RegionBuilder {
  readonly #options: BuilderOptions;
  readonly #records: RecordSource;
  readonly #mode: number;
  readonly #recordSize: number;
  readonly #limit: number;
  readonly #pageLimit: number;
  readonly #pages = new Set([0]);
  readonly #found = new Map<number, Found>();
  readonly #leaders = new Set<number>();
  readonly #returnSites = new Set<number>();
  readonly #afterRepeat = new Set<number>();
  readonly #pending: Pending[] = [];
  /** Functions that are called: explored when the callers' own code is known, while there is room. */
  readonly #called: Pending[] = [];
  /** Offset of a jump to a computed target, if there is one. */
  #indirectJump: number | undefined;

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#records = options.records;
    this.#mode = options.mode;
    this.#recordSize = options.recordSize;
    this.#limit = options.instructionLimit;
    this.#pageLimit = (options.mode & MODE_CODE_MASK) === MODE_CODE_64 ? (options.pageLimit ?? 1) : 1;
  }

  /** @param targets offsets that indirect branches are likely to lead to, for regions that have some */
  build(roots: readonly number[], targets: () => readonly number[]): Region {
    for (const root of roots) this.#lead(root);
    this.#exploreAll();
    const range = this.#jumpRange;
    const near = range === undefined ? [] : targets().filter((offset) => isWithin(range, offset));
    const led = near.filter((offset) => this.#lead(offset));
    this.#exploreAll();
    return this.#cut([...roots, ...led]);
  }

  get #jumpRange(): OffsetRange | undefined {
    const at = this.#indirectJump;
    return at === undefined ? undefined : [at - JUMP_DISTANCE_MAX, at + JUMP_DISTANCE_MAX];
  }

  #exploreAll(): void {
    for (;;) {
      const next = this.#pending.shift() ?? this.#nextCalled();
      if (next === undefined) return;
      if (this.#found.size < this.#limit) this.#explore(...next);
    }
  }
  /** @returns the next function to join */
  #nextCalled(): Pending | undefined {
    if (this.#options.followsCalls === false) return undefined;
    for (let next = this.#called.shift(); next !== undefined; next = this.#called.shift()) {
      if (this.#found.size < this.#limit * SHARE_BEFORE_CALLS || this.#isLeaf(next[0])) return next;
    }
    return undefined;
  }
  /** Whether a function is small and calls nobody. */
  #isLeaf(offset: number): boolean {
    const builder = new RegionBuilder({
      ...this.#options,
      instructionLimit: LEAF_INSTRUCTIONS_MAX,
      followsCalls: false,
    });
    const { isCut, blocks } = builder.build([offset], () => []);
    return !isCut && blocks.every(({ isReturnSite }) => !isReturnSite);
  }

  /** Makes an offset the beginning of a block, if the interpreter knows it. */
  #lead(offset: number, isCalled = false, pending = this.#pending): boolean {
    const page = pageOfOffset(offset);
    if (!this.#pages.has(page) && this.#pages.size >= this.#pageLimit) return false;
    const record = this.#records.blockAt(offset);
    if (record === 0) return false;
    this.#pages.add(page);
    this.#leaders.add(offset);
    pending.push([offset, record, record, isCalled]);
    return true;
  }

  /** Follows the records of a block until it meets what is known already. */
  #explore(start: number, first: number, source: number, isCalled: boolean): void {
    let record = first;
    let offset = start;
    while (!this.#found.has(offset)) {
      const instruction = this.#records.instructionOf(record);
      if (instruction === undefined) {
        // The end of the interpreter's block, or something that only the interpreter runs.
        return;
      }
      this.#found.set(offset, { instruction, record, source, isCalled });
      const next = offset + instruction.length;
      const ending = endingOf(instruction);
      const isCall = instruction.encoding.semantics === 'CALL';
      // A jump to a computed target mostly stays in its function; a call leaves it.
      if (ending === 'indirect' && !isCall) this.#indirectJump = offset;
      if (ending === 'branch' || ending === 'jump') {
        const target = this.targetOf(instruction, next);
        if (target !== undefined) this.#lead(target, isCalled || isCall, isCall ? this.#called : this.#pending);
      }
      if (isCall && this.#lead(next, isCalled)) this.#returnSites.add(next);
      if (ending !== undefined && ENDS_WAY.has(ending)) return;
      if (ending === 'fall') {
        this.#afterRepeat.add(next);
        this.#lead(next, isCalled);
        return;
      }
      record += this.#recordSize;
      if (ending === 'branch') {
        if (this.#records.instructionOf(record) === undefined) this.#lead(next, isCalled);
        else {
          this.#leaders.add(next);
          this.#pending.push([next, record, source, isCalled]);
        }
        return;
      }
      offset = next;
      if (this.#records.instructionOf(record) === undefined) this.#lead(offset, isCalled);
    }
    // What was found before goes on from here: that is where a block begins.
    this.#leaders.add(offset);
  }

  /** @returns the offset of a relative branch's target if it lies in the same page, or in another one that may be reached */
  targetOf(instruction: Instruction, next: number): number | undefined {
    const operand = instruction.operands[0];
    if (operand?.kind !== 'relative') return undefined;
    // Another operand size than the mode's cuts RIP elsewhere.
    const isWhole = instruction.operandSize === CODE_SIZES[this.#mode & MODE_CODE_MASK];
    const target = next + operand.displacement;
    if (!isWhole || Math.abs(target) >= 2 ** 31) return undefined;
    return this.#pageLimit > 1 || pageOfOffset(target) === 0 ? target : undefined;
  }

  /** @param entered offsets that indirect branches may lead to, beside return sites */
  #cut(entered: readonly number[]): Region {
    const starts = [...this.#leaders].filter((offset) => this.#found.has(offset)).sort((a, b) => a - b);
    const blockAt = new Map(starts.map((offset, id) => [offset, id]));
    const sources = new Set<number>();
    const blocks = starts.map((offset, id) => this.#block(id, offset, blockAt, sources));
    const hasManySites =
      this.#returnSites.size > COMPARED_SITES_MAX && blocks.some(({ ending }) => ending === 'return');
    const offsets =
      this.#indirectJump !== undefined
        ? [...this.#returnSites, ...entered]
        : hasManySites
          ? [...this.#returnSites]
          : [];
    const targets = [...new Set(offsets)]
      .filter((offset) => pageOfOffset(offset) === 0)
      .flatMap((offset) => blockAt.get(offset) ?? []);
    const comparedSites = [...this.#returnSites]
      .filter((offset) => targets.length === 0 || pageOfOffset(offset) !== 0)
      .flatMap((offset) => blockAt.get(offset) ?? [])
      .slice(0, FAR_SITES_MAX);
    const pages = [...new Set(blocks.map(({ offset }) => pageOfOffset(offset)))];
    const own = new Set([...this.#found].filter(([, { isCalled }]) => !isCalled).map(([offset]) => offset));
    return {
      mode: this.#mode,
      blocks,
      blockAt,
      instructionCount: this.#found.size,
      sources,
      targets,
      comparedSites,
      pages,
      own,
      jumpRange: this.#jumpRange,
      isCut: this.#found.size >= this.#limit,
    };
  }

  #block(id: number, start: number, blockAt: ReadonlyMap<number, number>, sources: Set<number>): BasicBlock {
    const instructions: RegionInstruction[] = [];
    let ending: Ending | undefined;
    let taken: number | undefined;
    let offset = start;
    let last = this.#found.get(start) as Found;
    while (ending === undefined) {
      const found = this.#found.get(offset);
      if (found === undefined || (offset !== start && blockAt.has(offset))) break;
      last = found;
      const { instruction, record } = found;
      sources.add(found.source);
      const shape = shapeOf(instruction, this.#mode, false);
      instructions.push({ instruction, shape, offset, record, count: this.#records.countOf(record) });
      offset += instruction.length;
      ending = endingOf(instruction);
      const target = this.targetOf(instruction, offset);
      if (target !== undefined) taken = blockAt.get(target);
    }
    const next = ending !== undefined && ENDS_WAY.has(ending) ? undefined : blockAt.get(offset);
    const nextRecord = last.record + this.#recordSize;
    return {
      id,
      offset: start,
      instructions,
      ending: ending ?? (next === undefined ? 'leave' : 'fall'),
      taken,
      next,
      nextRecord,
      isReturnSite: this.#returnSites.has(start),
      followsRepeat: this.#afterRepeat.has(start),
    };
  }
}

/** @returns mask of the general registers that an instruction's explicit operands name */
export function registersOf(instruction: Instruction): number {
  let mask = 0;
  for (const operand of instruction.operands) {
    if (operand.kind === 'register') {
      if (operand.file === 'gpr' || operand.file === 'gpr8high') mask |= 1 << operand.index;
    } else if (operand.kind === 'memory') {
      if (operand.base !== NO_REGISTER && operand.base < 16) mask |= 1 << operand.base;
      if (operand.index !== NO_REGISTER) mask |= 1 << operand.index;
    }
  }
  return mask;
}
