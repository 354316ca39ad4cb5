import type { CodeBuilder, Label } from '@longmode/wasm-encoder';
import type { Emitter, Value } from '../../semantics/language.ts';
import { RECORD, RIP, RIP_BASE } from '../../state/layout.ts';
import { STATUS_BRANCH, STATUS_FAULT, STATUS_NEXT } from '../interpreter/core-functions.ts';
import { RECORD_SIZE_BYTES } from '../interpreter/record.ts';
import { CPU_BASE } from '../memory-plan.ts';
import { type FlagAnalysis, keyOfForm } from './flag-analysis.ts';
import type { FlagTracker } from './flag-tracker.ts';
import { type ExitReason, SLOT_INSTRUCTIONS, slotOfExit } from './profile.ts';
import { type BasicBlock, pageOfOffset, type RegionInstruction } from './region.ts';
import type { Local, UnitFrame } from './unit-frame.ts';

/** What the ways out of a unit need of it. */
interface UnitParts {
  readonly code: CodeBuilder;
  readonly emitter: Emitter;
  readonly frame: UnitFrame;
  readonly flags: FlagTracker;
  readonly forms: FlagAnalysis['forms'];
  /** Address of the unit's counters, if it counts. */
  readonly profileSlot: number | undefined;
  /** Whether RIP may be in another page than when the unit was entered. */
  readonly hasPages: boolean;
}

/**
 * The ways out of a unit: each names the record and the status with which the interpreter goes on, and leads to one
 * epilogue that stores the state. All leave the tracked flags as they were, for the way beside them.
 */
export class UnitExits {
  readonly #code: CodeBuilder;
  readonly #e: Emitter;
  readonly #frame: UnitFrame;
  readonly #flags: FlagTracker;
  readonly #forms: FlagAnalysis['forms'];
  readonly #profileSlot: number | undefined;
  readonly #hasPages: boolean;
  /** Address of the record with which the unit is left, and the status in the bits that it leaves free. */
  readonly #exit: Local;
  /** The budget with which the unit was entered, where it counts. */
  readonly #firstBudget: Local | undefined;
  #epilogue: Label | undefined;
  /** Where exits go whose flags are in a form that is known, to be made dynamic on the way. */
  readonly #formEpilogues = new Map<number, Label>();

  /** @param exit a variable of its own, an i32 */
  constructor({ code, emitter, frame, flags, forms, profileSlot, hasPages }: UnitParts, exit: Local) {
    this.#code = code;
    this.#e = emitter;
    this.#frame = frame;
    this.#flags = flags;
    this.#forms = forms;
    this.#profileSlot = profileSlot;
    this.#hasPages = hasPages;
    this.#exit = exit;
    this.#firstBudget = profileSlot === undefined ? undefined : frame.variable('i32');
  }

  /** Leaves at once, where nothing is loaded yet: the interpreter runs the block. */
  decline(): void {
    this.#count(slotOfExit('declined'), this.#e.i64(1));
    this.#code.i32Const(STATUS_NEXT).op('return');
  }

  /** Writes what the ways out lead out of, and the epilogue behind it. */
  around(write: () => void): void {
    const e = this.#e;
    const code = this.#code;
    if (this.#firstBudget) e.assign(this.#firstBudget, this.#frame.budget);
    this.#epilogue = code.block();
    for (const key of this.#forms.keys()) this.#formEpilogues.set(key, code.block());
    write();
    code.op('unreachable');
    for (const form of [...this.#forms.values()].reverse()) {
      code.end();
      this.#flags.form = form;
      this.#flags.makeDynamic();
      code.br(this.#epilogue);
    }
    code.end();
    this.#frame.store(e);
    this.#flags.store(e);
    e.storeTo(e.i32(0), CPU_BASE + RECORD, 32, e.and(this.#exit, e.i32(-RECORD_SIZE_BYTES)), 2);
    e.push(e.and(this.#exit, e.i32(RECORD_SIZE_BYTES - 1)));
  }

  /** Leaves before an instruction that faults, or that the interpreter is to run. */
  leaveBefore(item: RegionInstruction, how: 'fault' | 'interpreter'): void {
    // The core goes on behind the record that it finds.
    const e = this.#e;
    if (how === 'interpreter') this.leave('memory', item, item.record - RECORD_SIZE_BYTES, e.i32(STATUS_NEXT));
    else this.leave('fault', item, item.record, e.i32(STATUS_FAULT));
  }

  /** Leaves behind an instruction that has decided where to go on. */
  leaveWithRip(
    reason: ExitReason,
    item: RegionInstruction,
    rip: Value,
    status: Value = this.#e.i32(STATUS_BRANCH),
  ): void {
    const e = this.#e;
    e.storeTo(e.i32(0), CPU_BASE + RIP, 64, rip, 3);
    this.leave(reason, item, item.record, status);
  }

  /** Leaves before a block's first instruction, for want of time. */
  leaveAt(block: BasicBlock): void {
    const e = this.#e;
    const { budget, ripBase } = this.#frame;
    const first = block.instructions[0] as RegionInstruction;
    e.storeTo(e.i32(0), CPU_BASE + RIP, 64, e.add(ripBase, e.i64(block.offset)), 3);
    this.#countExit('time', 0);
    // The core takes the record's count off the budget.
    e.assign(budget, e.add(budget, e.i32(first.count)));
    this.#finish(first.offset, first.record, e.i32(STATUS_BRANCH));
  }

  /** Leaves with an instruction's record; the budget becomes that of the beginning of the record's block. */
  leave(reason: ExitReason, item: RegionInstruction, record: number, status: Value): void {
    const e = this.#e;
    const { budget, position } = this.#frame;
    this.#countExit(reason, reason === 'fault' || reason === 'memory' ? position : position + 1);
    e.assign(budget, e.add(budget, e.i32(item.count - position - 1)));
    this.#finish(item.offset, record, status);
  }
  #countExit(reason: ExitReason, ranOfBlock: number): void {
    const e = this.#e;
    if (this.#firstBudget === undefined) return;
    const ran = e.add(e.sub(this.#firstBudget, this.#frame.budget), e.i32(ranOfBlock));
    this.#count(SLOT_INSTRUCTIONS, e.signExtend64(ran));
    this.#count(slotOfExit(reason), e.i64(1));
  }
  #count(field: number, amount: Value): void {
    const e = this.#e;
    if (this.#profileSlot === undefined) return;
    const at = this.#profileSlot + field;
    e.storeTo(e.i32(0), at, 64, e.add(e.loadFrom(e.i32(0), at, 64, 3), amount), 3);
  }
  /** @param offset of an instruction in the record's page */
  #finish(offset: number, record: number, status: Value): void {
    const e = this.#e;
    const { form } = this.#flags;
    if (this.#hasPages) {
      const page = e.add(this.#frame.ripBase, e.i64(pageOfOffset(offset) * 0x1000));
      e.storeTo(e.i32(0), CPU_BASE + RIP_BASE, 64, page, 3);
    }
    this.#e.assign(this.#exit, this.#e.or(this.#e.i32(record), status));
    const known = form === 'dynamic' ? undefined : this.#formEpilogues.get(keyOfForm(form));
    if (known === undefined) this.#flags.makeDynamic();
    this.#code.br(known ?? (this.#epilogue as Label));
    this.#flags.form = form;
  }
}
