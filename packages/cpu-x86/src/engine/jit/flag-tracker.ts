import { Emitter, type Value, type Width } from '../../semantics/language.ts';
import { FLAGS_KIND, FLAGS_X, FLAGS_Y } from '../../state/layout.ts';
import {
  KIND_DEC,
  KIND_EXPLICIT,
  KIND_INC,
  KIND_LOGIC,
  KIND_RESULT,
  KIND_SHL,
  KIND_SUB,
  KIND_WIDTH_BITS,
} from '../../state/rflags.ts';
import { log2Size } from '../engine-stage.ts';
import { carryOf, combineFlags, conditionOfFlags, FLAG_RULES } from '../flag-rules.ts';
import { CPU_BASE } from '../memory-plan.ts';
import type { FlagForm } from './flag-analysis.ts';
import type { Local, UnitFrame } from './unit-frame.ts';

/** Kinds whose x is made of flag bits, an i32 whatever the operand's width. */
const HAS_BITS: ReadonlySet<number> = new Set([KIND_EXPLICIT, KIND_RESULT, KIND_INC, KIND_DEC]);

/**
 * The arithmetic flags while a unit is written. In a known form (kind and width) they are two variables that cost nothing
 * until somebody asks; in dynamic form three variables mirror the state's fields.
 */
export class FlagTracker {
  form: FlagForm = 'dynamic';
  readonly #e: Emitter;
  readonly #frame: UnitFrame;
  readonly #x: { readonly i32: Local; readonly i64: Local };
  readonly #y: { readonly i32: Local; readonly i64: Local };
  readonly #kind: Local;
  readonly #dynamicX: Local;
  readonly #dynamicY: Local;

  constructor(frame: UnitFrame) {
    this.#frame = frame;
    this.#e = new Emitter(frame.code, frame.locals);
    const pair = () => ({ i32: frame.variable('i32'), i64: frame.variable('i64') });
    this.#x = pair();
    this.#y = pair();
    this.#kind = frame.variable('i32');
    this.#dynamicX = frame.variable('i64');
    this.#dynamicY = frame.variable('i64');
  }

  /** Sets the flags; what a kind does not use is undefined. */
  set(form: { readonly kind: number; readonly width: Width }, x: Value | undefined, y: Value | undefined): void {
    const e = this.#e;
    const fixedX = x && e.fix(x);
    const fixedY = y && e.fix(y);
    if (fixedX) e.assign(this.#x[fixedX.type as 'i32' | 'i64'], fixedX);
    if (fixedY) e.assign(this.#y[fixedY.type as 'i32' | 'i64'], fixedY);
    this.form = form;
  }

  #known(form: { readonly kind: number; readonly width: Width }): { x: Local; y: Local } {
    const type = form.width === 64 ? 'i64' : 'i32';
    return { x: this.#x[HAS_BITS.has(form.kind) ? 'i32' : type], y: this.#y[type] };
  }
  /** x and y as the state holds them. */
  #extended(form: { readonly kind: number; readonly width: Width }): { x: Value; y: Value } {
    const e = this.#e;
    const { x, y } = this.#known(form);
    return {
      x: HAS_BITS.has(form.kind) ? e.zeroExtend64(x) : e.toSigned64(x, form.width),
      y: e.toSigned64(y, form.width),
    };
  }

  /** Brings the flags into dynamic form. */
  makeDynamic(): void {
    const { form } = this;
    if (form === 'dynamic') return;
    const e = this.#e;
    const { x, y } = this.#extended(form);
    e.assign(this.#kind, e.i32((form.kind << KIND_WIDTH_BITS) | log2Size(form.width)));
    if (form.kind !== KIND_LOGIC) e.assign(this.#dynamicX, x);
    if (form.kind !== KIND_EXPLICIT) e.assign(this.#dynamicY, y);
    this.form = 'dynamic';
  }

  /** From the state, and back. */
  load(e: Emitter): void {
    const fetch = (local: Local, field: number): void => {
      e.code.i32Const(0).memory(local.type === 'i64' ? 'i64.load' : 'i32.load', CPU_BASE + field);
      e.code.localSet(local.index);
    };
    fetch(this.#kind, FLAGS_KIND);
    fetch(this.#dynamicX, FLAGS_X);
    fetch(this.#dynamicY, FLAGS_Y);
  }
  store(e: Emitter): void {
    e.storeTo(e.i32(0), CPU_BASE + FLAGS_KIND, 32, this.#kind, 2);
    e.storeTo(e.i32(0), CPU_BASE + FLAGS_X, 64, this.#dynamicX, 3);
    e.storeTo(e.i32(0), CPU_BASE + FLAGS_Y, 64, this.#dynamicY, 3);
  }

  /** All six flags in place (i32), fixed. */
  all(): Value {
    const e = this.#e;
    const { form } = this;
    if (form === 'dynamic') {
      this.store(e);
      return e.callFor(this.#frame.core.flags, 'i32');
    }
    const extended = this.#extended(form);
    if (form.kind === KIND_EXPLICIT) return e.let(e.wrap(extended.x));
    const x = e.let(extended.x);
    const y = e.let(extended.y);
    const top = e.i32(form.width - 1);
    const rule = FLAG_RULES[form.kind];
    if (rule === undefined) throw new Error(`no rule for flags of kind ${form.kind}`);
    return e.let(combineFlags(e, { result: y, isZero: e.eqz(y), ...rule(e, x, y, top) }, top));
  }

  /** CF as 0 or 1 (i32), fixed. */
  carry(): Value {
    const e = this.#e;
    if (this.form === 'dynamic') {
      this.store(e);
      return e.callFor(this.#frame.core.carry, 'i32');
    }
    const { kind } = this.form;
    const { x, y } = kind === KIND_SHL ? this.#extended(this.form) : this.#known(this.form);
    return e.let(carryOf(e, kind, x, y));
  }

  /** A condition by its code as 0 or 1 (i32), to be used before flags are set. */
  condition(code: number): Value {
    const e = this.#e;
    const { form } = this;
    if (form === 'dynamic') {
      this.store(e);
      return e.callFor(this.#frame.core.condition, 'i32', e.i32(code));
    }
    const found = this.#directCondition(form, code >> 1);
    if (found === undefined) return e.let(conditionOfFlags(e, code, this.all()));
    return (code & 1) !== 0 ? e.eqz(found) : found;
  }

  /** The condition (by code >> 1) as a comparison, where the form allows one. */
  #directCondition(form: { readonly kind: number; readonly width: Width }, group: number): Value | undefined {
    const e = this.#e;
    const { kind, width } = form;
    if (kind === KIND_EXPLICIT) return undefined;
    const { x, y } = this.#known(form);
    const signed = (value: Value): Value => e.signExtend(value, width);
    const isSub = kind === KIND_SUB;
    switch (group) {
      case CONDITION_B:
        return this.carry();
      case CONDITION_Z:
        return isSub ? e.eq(x, y) : e.eqz(y);
      case CONDITION_BE:
        if (isSub) return e.leU(x, y);
        return kind === KIND_LOGIC ? e.eqz(y) : e.or(this.carry(), e.eqz(y));
      case CONDITION_S:
        return e.signBit(isSub ? e.truncate(e.sub(x, y), width) : y, width);
      case CONDITION_L:
        if (isSub) return e.ltS(signed(x), signed(y));
        return kind === KIND_LOGIC ? e.signBit(y, width) : undefined;
      case CONDITION_LE:
        if (isSub) return e.leS(signed(x), signed(y));
        return kind === KIND_LOGIC ? e.leS(signed(y), e.like(y, 0)) : undefined;
      default:
        return undefined;
    }
  }
}

const CONDITION_B = 1;
const CONDITION_Z = 2;
const CONDITION_BE = 3;
const CONDITION_S = 4;
const CONDITION_L = 6;
const CONDITION_LE = 7;
