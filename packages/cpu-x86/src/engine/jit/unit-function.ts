import type { CodeBuilder, Label } from '@longmode/wasm-encoder';
import { EMITTED_SEMANTICS, type EmittedSemanticsKey } from '../../semantics/index.ts';
import { Emitter, type Value } from '../../semantics/language.ts';
import { JUMP_TAG } from '../../state/layout.ts';
import { MODE_CODE_16, MODE_CODE_64, MODE_CODE_MASK } from '../../state/mode.ts';
import { type CoreFunctions, STATUS_NEXT, STATUS_TAKEN } from '../interpreter/core-functions.ts';
import { BLOCK_LENGTH_MAX, RECORD_DISPLACEMENT, RECORD_ENTRY, RECORD_SIZE_BYTES } from '../interpreter/record.ts';
import { CPU_BASE } from '../memory-plan.ts';
import { analyzeFlags, type FlagAnalysis } from './flag-analysis.ts';
import { FlagTracker } from './flag-tracker.ts';
import { JitStage } from './jit-stage.ts';
import {
  type BasicBlock,
  ENDS_WAY,
  pageOfOffset,
  type Region,
  type RegionInstruction,
  registersOf,
  successorsOf,
} from './region.ts';
import { type Component, headersOf, type LoopComponent, structureOf } from './structure.ts';
import { UnitExits } from './unit-exits.ts';
import { type Local, UnitFrame } from './unit-frame.ts';

/** What to compile, and how it is entered. */
export interface Unit {
  readonly region: Region;
  /** Blocks by which the unit is entered, and where loops that they are part of begin. */
  readonly roots: readonly number[];
  /** Blocks by which it is entered too. */
  readonly passed: readonly number[];
  /** Address of its target table, for regions with targets; indirect branches leave the unit without one. */
  readonly targetTable: number | undefined;
  /** Address of its counters, if it counts. */
  readonly profileSlot: number | undefined;
  /** Address of its link, for regions of several pages. */
  readonly link: number | undefined;
}

/** Where a branch to a block goes: a label, behind a dispatch if `next` must say which of several blocks is meant. */
interface Target {
  readonly label: Label;
  readonly isDispatched: boolean;
}

const entriesOf = ({ headers, passed }: LoopComponent): number[] => [...headers, ...passed];
/** Whether `next` must say where a loop begins. */
const isDispatchedLoop = (loop: LoopComponent): boolean => entriesOf(loop).length > 1;

/**
 * Writes one unit: a region of guest code as a function `(record) -> STATUS_*`, called as an out-of-line handler for the
 * record at the head of one of its entries. It leaves as a handler does, with the record at which it left, so that the
 * interpreter, links and the jump cache go on from there without knowing.
 */
export class UnitWriter {
  readonly #region: Region;
  readonly #entries: readonly number[];
  readonly #targetTable: number | undefined;
  readonly #link: number | undefined;
  /** Whether the region's pages lie where they did when it was compiled; without, none is reached from another. */
  readonly #isLinked: Local | undefined;
  readonly #frame: UnitFrame;
  readonly #flags: FlagTracker;
  readonly #analysis: FlagAnalysis;
  readonly #e: Emitter;
  readonly #code: CodeBuilder;
  readonly #loopHeaders: ReadonlySet<number>;
  readonly #targets = new Map<number, Target>();
  readonly #exits: UnitExits;
  readonly #next: Local;

  constructor(code: CodeBuilder, core: CoreFunctions, unit: Unit) {
    this.#code = code;
    this.#targetTable = unit.targetTable;
    this.#link = unit.link;
    this.#region = unit.region;
    this.#entries = [...unit.roots, ...unit.passed];
    const { blocks } = unit.region;
    const components = structureOf(
      blocks.map((block) => successorsOf(block, unit.region)),
      unit.roots,
      unit.passed,
    );
    this.#loopHeaders = new Set(headersOf(components));
    this.#analysis = analyzeFlags(unit.region, (id) => this.#isOpen(id));
    let registers = this.#analysis.registers;
    for (const { instructions } of blocks) for (const item of instructions) registers |= registersOf(item.instruction);
    this.#frame = new UnitFrame(code, core, registers);
    const exit = this.#frame.variable('i32');
    this.#next = this.#frame.variable('i32');
    this.#isLinked = this.#link === undefined ? undefined : this.#frame.variable('i32');
    this.#flags = new FlagTracker(this.#frame);
    this.#e = new Emitter(code, this.#frame.locals);
    const hasPages = unit.link !== undefined;
    const { profileSlot } = unit;
    const { forms } = this.#analysis;
    const parts = { code, emitter: this.#e, frame: this.#frame, flags: this.#flags, forms, profileSlot, hasPages };
    this.#exits = new UnitExits(parts, exit);
    this.#write(components);
  }

  /** Whether a block may be entered from outside, or left before its first instruction. */
  #isOpen(id: number): boolean {
    const block = this.#region.blocks[id] as BasicBlock;
    return this.#entries.includes(id) || this.#loopHeaders.has(id) || block.followsRepeat;
  }
  /** Budget with which the longest way without a test, and a block of the interpreter behind it, are safe. */
  get #budgetNeeded(): number {
    return this.#region.instructionCount + BLOCK_LENGTH_MAX;
  }

  #write(components: readonly Component[]): void {
    const e = this.#e;
    const code = this.#code;
    const record = e.local('i32', 0);
    this.#frame.load(e);
    this.#writeLinking();
    // With little time left, or where RIP would wrap round within the page, the interpreter runs the block.
    let declines = e.ltS(this.#frame.budget, e.i32(this.#budgetNeeded));
    const codeSize = this.#region.mode & MODE_CODE_MASK;
    if (codeSize !== MODE_CODE_64) {
      const highest = codeSize === MODE_CODE_16 ? 0xf000 : 0xffff_f000;
      declines = e.or(declines, e.gtU(this.#frame.ripBase, e.i64(highest)));
    }
    e.if(declines, () => this.#exits.decline());
    this.#flags.load(e);
    e.push(e.loadFrom(record, RECORD_ENTRY, 16, 1));
    code.localSet(this.#next.index);
    this.#exits.around(() => this.#writeSequence(components, this.#entries));
  }

  /** Takes a head in a further page back to the region's first, and asks whether the pages lie as they did. */
  #writeLinking(): void {
    if (this.#isLinked === undefined || this.#link === undefined) return;
    const e = this.#e;
    const { ripBase } = this.#frame;
    e.assign(ripBase, e.sub(ripBase, e.loadFrom(e.local('i32', 0), RECORD_DISPLACEMENT, 64, 3)));
    const isHere = e.eq(e.loadFrom(e.i32(0), this.#link, 64, 3), ripBase);
    const tag = e.loadFrom(e.i32(0), this.#link + 8, 32, 2);
    e.assign(this.#isLinked, e.and(isHere, e.eq(tag, e.loadFrom(e.i32(0), CPU_BASE + JUMP_TAG, 32, 2))));
  }

  /** @param dispatched blocks that `next` may name when the sequence is entered; its first component otherwise */
  #writeSequence(components: readonly Component[], dispatched: readonly number[]): void {
    const code = this.#code;
    const labels = new Map<Component, Label>();
    for (const component of [...components].reverse()) {
      const label = code.block();
      labels.set(component, label);
      if (component.kind === 'node') {
        if (!this.#targets.has(component.node)) this.#targets.set(component.node, { label, isDispatched: false });
      } else {
        const isDispatched = isDispatchedLoop(component);
        for (const header of component.headers) this.#targets.set(header, { label, isDispatched });
      }
    }
    this.#writeDispatch(components, labels, dispatched);
    for (const component of components) {
      code.end();
      if (component.kind === 'node') this.#writeBlock(this.#region.blocks[component.node] as BasicBlock);
      else this.#writeLoop(component);
    }
  }

  #writeDispatch(
    components: readonly Component[],
    labels: ReadonlyMap<Component, Label>,
    dispatched: readonly number[],
  ): void {
    const labelOf = (id: number): Label => {
      const home = components.find((component) =>
        component.kind === 'node' ? component.node === id : entriesOf(component).includes(id),
      );
      const label = home && labels.get(home);
      if (label === undefined) throw new Error(`block ${id} cannot be entered`);
      return label;
    };
    const [only] = dispatched as [number];
    if (dispatched.length === 1) {
      this.#code.br(labelOf(only));
      return;
    }
    const first = labelOf(only);
    const table = this.#region.blocks.map(({ id }) => (dispatched.includes(id) ? labelOf(id) : first));
    this.#e.push(this.#next);
    this.#code.brTable(table, first);
  }

  #writeLoop(loop: LoopComponent): void {
    const code = this.#code;
    const label = code.loop();
    const outer = loop.headers.map((header) => this.#targets.get(header));
    for (const header of loop.headers) this.#targets.set(header, { label, isDispatched: isDispatchedLoop(loop) });
    this.#writeSequence(loop.body, entriesOf(loop));
    code.op('unreachable').end();
    loop.headers.forEach((header, index) => {
      const target = outer[index];
      if (target) this.#targets.set(header, target);
    });
  }

  #writeBlock(block: BasicBlock): void {
    const e = this.#e;
    const frame = this.#frame;
    frame.locals.release();
    frame.position = 0;
    frame.isSseChecked = false;
    this.#flags.form = this.#analysis.formAt[block.id] as FlagAnalysis['formAt'][number];
    if (this.#loopHeaders.has(block.id) || block.followsRepeat) {
      e.if(e.ltS(frame.budget, e.i32(this.#budgetNeeded)), () => this.#exits.leaveAt(block));
    }
    block.instructions.forEach((item, index) => {
      frame.position = index;
      frame.locals.release();
      const stage = new JitStage(frame, this.#flags, item, {
        leaveBefore: (how) => this.#exits.leaveBefore(item, how),
        taken: () => this.#take(block, item),
        indirect: (target) => this.#goIndirect(block, item, target),
        again: () => this.#exits.leaveWithRip('time', item, e.add(frame.ripBase, e.i64(item.offset))),
        transfer: (target, status) => this.#exits.leaveWithRip('transfer', item, target, status),
      });
      EMITTED_SEMANTICS[item.shape.semantics as EmittedSemanticsKey](stage);
    });
    if (ENDS_WAY.has(block.ending)) return;
    const last = block.instructions.at(-1) as RegionInstruction;
    if (block.next !== undefined) {
      this.#goOn(block, last, block.next);
      return;
    }
    this.#exits.leave('uncompiled', last, block.nextRecord - RECORD_SIZE_BYTES, e.i32(STATUS_NEXT));
  }

  // ---- ways on; each leaves the tracked flags as they were, for the way beside it -----------------------------------

  /** Goes to a block of the region, from the end of another; out of the unit, where that is another page and not linked. */
  #goOn(block: BasicBlock, item: RegionInstruction, id: number): void {
    const e = this.#e;
    const { offset } = this.#region.blocks[id] as BasicBlock;
    if (this.#isLinked && this.#isFar(block, id)) {
      e.if(e.eqz(this.#isLinked), () =>
        this.#exits.leaveWithRip('branch', item, e.add(this.#frame.ripBase, e.i64(offset))),
      );
    }
    this.#passInstructionsOf(block);
    this.#branch(id);
  }
  #isFar(block: BasicBlock, id: number): boolean {
    return pageOfOffset(block.offset) !== pageOfOffset((this.#region.blocks[id] as BasicBlock).offset);
  }

  /** Goes to a block of the region. */
  #branch(id: number): void {
    const e = this.#e;
    const { form } = this.#flags;
    if (this.#needsDynamicFlags(id)) this.#flags.makeDynamic();
    const target = this.#targetOf(id);
    if (target.isDispatched) e.assign(this.#next, e.i32(id));
    this.#code.br(target.label);
    this.#flags.form = form;
  }

  #needsDynamicFlags(id: number): boolean {
    return this.#analysis.formAt[id] === 'dynamic' && this.#analysis.liveAt[id] === true;
  }
  #targetOf(id: number): Target {
    const target = this.#targets.get(id);
    if (target === undefined) throw new Error(`no way to block ${id}`);
    return target;
  }

  #take(block: BasicBlock, item: RegionInstruction): void {
    if (block.taken === undefined) {
      this.#exits.leave('branch', item, item.record, this.#e.i32(STATUS_TAKEN));
      return;
    }
    this.#goOn(block, item, block.taken);
  }

  /** Returns and jumps within the region stay in it. */
  #goIndirect(block: BasicBlock, item: RegionInstruction, target: Value): void {
    const e = this.#e;
    const { ripBase } = this.#frame;
    const { targets, comparedSites, blocks } = this.#region;
    if (successorsOf(block, this.#region).length > 0) {
      const distance = e.let(e.sub(target, ripBase));
      if (targets.length > 0) this.#goByTable(block, distance, targets);
      for (const id of block.ending === 'return' ? comparedSites : []) {
        const isSite = e.eq(distance, e.i64((blocks[id] as BasicBlock).offset));
        e.if(this.#isLinked && this.#isFar(block, id) ? e.and(isSite, this.#isLinked) : isSite, () => {
          this.#passInstructionsOf(block);
          this.#branch(id);
        });
      }
    }
    this.#exits.leaveWithRip('indirect', item, target);
  }

  /** Goes where the target table says, if it knows the offset `distance` (i64). */
  #goByTable(block: BasicBlock, distance: Value, targets: readonly number[]): void {
    if (this.#targetTable === undefined) return;
    const e = this.#e;
    const table = this.#targetTable;
    const isNear = e.ltU(distance, e.i64(0x1000));
    const isFar = pageOfOffset(block.offset) !== 0;
    e.if(this.#isLinked && isFar ? e.and(isNear, this.#isLinked) : isNear, () => {
      const found = e.loadFrom(e.shl(e.wrap(distance), e.i32(1)), table, 16, 1);
      e.if(found, () => {
        this.#passInstructionsOf(block);
        const { form } = this.#flags;
        if (targets.some((id) => this.#needsDynamicFlags(id))) this.#flags.makeDynamic();
        e.assign(this.#next, e.sub(found, e.i32(1)));
        const labels = targets.map((id) => this.#targetOf(id).label);
        const [only] = labels as [Label];
        if (labels.every((label) => label === only)) this.#code.br(only);
        else {
          const byBlock = new Map(targets.map((id, index) => [id, labels[index] as Label]));
          e.push(this.#next);
          this.#code.brTable(
            this.#region.blocks.map(({ id }) => byBlock.get(id) ?? only),
            only,
          );
        }
        this.#flags.form = form;
      });
    });
  }
  #passInstructionsOf(block: BasicBlock): void {
    const { budget } = this.#frame;
    this.#e.assign(budget, this.#e.sub(budget, this.#e.i32(block.instructions.length)));
  }
}
