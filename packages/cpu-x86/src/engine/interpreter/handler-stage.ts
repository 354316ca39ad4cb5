import { SS } from '../../decode/instruction.ts';
import type { Emitter, LocalPool, Value, Width } from '../../semantics/language.ts';
import { type Operand, type SegmentChoice, Semantics, type StringStep } from '../../semantics/stage.ts';
import { VECTOR_GP } from '../../state/exceptions.ts';
import {
  BOUNCE,
  BUDGET,
  CANONICAL_SHIFT,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  FLAGS_KIND,
  FLAGS_X,
  FLAGS_Y,
  GPR,
  RIP,
  RIP_BASE,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  SYSTEM_FLAGS,
  TLB_READ,
} from '../../state/layout.ts';
import { KIND_ADD, KIND_EXPLICIT, KIND_LOGIC, KIND_RESULT, KIND_SUB, KIND_WIDTH_BITS } from '../../state/rflags.ts';
import { CPU_BASE } from '../memory-plan.ts';
import { ACCESS_INFO_STACK, ACCESS_INFO_WRITE, emitTlbProbe } from '../tlb-probe.ts';
import type { CoreFunctions } from './core-functions.ts';
import type { ConditionForm } from './fusion.ts';
import {
  RECORD_A,
  RECORD_B,
  RECORD_BASE,
  RECORD_COUNT,
  RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_NEGATION,
  RECORD_OFFSET,
  RECORD_SCALE,
  RECORD_SEGMENT,
  RECORD_TRUTH,
} from './record.ts';
import type { OperandShape, Shape } from './shape.ts';

/** How a handler ends: what differs between a case of the dispatch loop and a function of its own. */
export interface HandlerExits {
  /** Leaves with an exception recorded in the state. */
  fault(): void;
  /** The relative target is where execution goes on. */
  taken(): void;
  /** Execution goes on at a RIP (i64). */
  indirect(target: Value): void;
  /** The instruction stays unfinished and runs again: its RIP is stored already. */
  again(): void;
  /** Before TypeScript is called for a memory access: the state says which record executes, and the budget. */
  locate(): void;
}

/** Flags that the first half of a fused handler has set, for its branch. */
export interface KnownFlags {
  readonly kind: number;
  readonly width: Width;
  /** Fixed values, as `setFlags` took them. */
  readonly x: Value;
  readonly y: Value;
}

const REGISTER_SLOTS = [RECORD_A, RECORD_B, RECORD_BASE] as const;
const log2Size = (width: Width): number => Math.log2(width / 8);

/**
 * The interpreter's staging of the semantics: operands come from the record of the instruction, registers and flags live
 * in the state, and a handler is either a case of the dispatch loop or a function.
 */
export class HandlerStage extends Semantics {
  readonly width: Width;
  readonly addressWidth: 16 | 32 | 64;
  readonly stackWidth: 16 | 32 | 64;
  readonly is64BitMode: boolean;
  readonly conditionCode: number;
  readonly repeat: 0 | 0xf2 | 0xf3;
  readonly operands: readonly Operand[];
  readonly #shape: Shape;
  readonly #core: CoreFunctions;
  readonly #exits: HandlerExits;
  readonly #record: Value;
  readonly #base: Value;
  #undo: (() => void) | undefined;
  /** What the last `setFlags` set. */
  lastFlags: KnownFlags | undefined;
  /** Set in the branch half of a fused handler. */
  readonly #known: { readonly flags: KnownFlags; readonly form: ConditionForm } | undefined;

  constructor(
    place: Pick<Emitter, 'code'> & { readonly locals: LocalPool },
    handler: {
      shape: Shape;
      core: CoreFunctions;
      exits: HandlerExits;
      recordLocal: number;
      known?: { readonly flags: KnownFlags; readonly form: ConditionForm };
    },
  ) {
    super(place.code, place.locals);
    const { shape } = handler;
    this.#shape = shape;
    this.#core = handler.core;
    this.#exits = handler.exits;
    this.#record = this.local('i32', handler.recordLocal);
    this.#base = this.i32(0);
    this.#known = handler.known;
    this.width = shape.width;
    this.addressWidth = shape.addressWidth;
    this.stackWidth = shape.stackWidth;
    this.is64BitMode = shape.is64BitMode;
    this.conditionCode = shape.conditionCode;
    this.repeat = shape.repeat;
    this.operands = shape.operands.map((operand) => this.#operand(operand));
  }

  // ---- registers --------------------------------------------------------------------------------------------------

  readGpr(index: number, width: Width): Value {
    return this.loadFrom(this.#base, CPU_BASE + GPR + 8 * index, width, log2Size(width));
  }
  writeGpr(index: number, width: Width, value: Value): void {
    this.#writeRegister(this.#base, CPU_BASE + GPR + 8 * index, width, value);
  }
  readHighByte(index: number): Value {
    return this.loadFrom(this.#base, CPU_BASE + GPR + 8 * index + 1, 8);
  }
  writeHighByte(index: number, value: Value): void {
    this.storeTo(this.#base, CPU_BASE + GPR + 8 * index + 1, 8, value);
  }
  #writeRegister(slot: Value, offset: number, width: Width, value: Value): void {
    if (width === 32) this.storeTo(slot, offset, 64, this.zeroExtend64(value), 3);
    else this.storeTo(slot, offset, width, value, log2Size(width));
  }

  // ---- operands ---------------------------------------------------------------------------------------------------

  #operand(shape: OperandShape): Operand {
    switch (shape.kind) {
      case 'register':
        return this.#registerOperand(REGISTER_SLOTS[shape.slot], shape.width);
      case 'memory':
        return this.#memoryOperand(shape.width);
      case 'immediate': {
        const read = (): Value =>
          shape.width === 64
            ? this.let(this.signExtend64(this.loadFrom(this.#record, RECORD_IMMEDIATE, 32, 2)))
            : this.loadFrom(this.#record, RECORD_IMMEDIATE, 32, 2);
        return this.#immediateOperand(shape.width, read);
      }
      case 'immediate64':
        return this.#immediateOperand(shape.width, () => this.loadFrom(this.#record, RECORD_DISPLACEMENT, 64, 3));
    }
  }
  #immediateOperand(width: Width, read: () => Value): Operand {
    const misuse = (): never => {
      throw new Error('an immediate cannot be written');
    };
    return { width, isMemory: false, isImmediate: true, read, write: misuse, open: misuse, address: misuse };
  }
  #registerOperand(field: number, width: Width): Operand {
    const slot = (): Value => this.#recordHalf(field);
    return {
      width,
      isMemory: false,
      isImmediate: false,
      read: () => this.loadFrom(slot(), CPU_BASE, width, 0),
      write: (value) => this.#writeRegister(slot(), CPU_BASE, width, value),
      open: () => {},
      address: () => {
        throw new Error('a register has no address');
      },
    };
  }
  #memoryOperand(width: Width): Operand {
    let opened: { read(): Value; write(value: Value): void } | undefined;
    const address = (): Value => this.let(this.#effectiveAddress());
    return {
      width,
      isMemory: true,
      isImmediate: false,
      address,
      open: () => {
        opened = this.openMemory('operand', address(), width);
      },
      read: () => (opened ? opened.read() : this.load('operand', address(), width)),
      write: (value) => {
        if (opened) opened.write(value);
        else this.store('operand', address(), width, value);
      },
    };
  }

  /** The offset of the memory operand: i64 for 64-bit addresses, else i32. */
  #effectiveAddress(): Value {
    const addressing = this.#shape.addressing;
    if (addressing === undefined) throw new Error(`${this.#shape.key} has no memory operand`);
    const width = addressing.width === 64 ? 64 : 32;
    let offset = this.loadFrom(this.#recordHalf(RECORD_BASE), CPU_BASE, width, 0);
    if (addressing.hasIndex) {
      const index = this.loadFrom(this.#recordHalf(RECORD_INDEX), CPU_BASE, width, 0);
      offset = this.add(offset, this.shl(index, this.#recordByte(RECORD_SCALE)));
    }
    offset = this.add(offset, this.loadFrom(this.#record, RECORD_DISPLACEMENT, width, 2));
    return addressing.width === 16 ? this.and(offset, this.i32(0xffff)) : offset;
  }
  #recordByte(field: number): Value {
    return this.loadFrom(this.#record, field, 8);
  }
  #recordHalf(field: number): Value {
    return this.loadFrom(this.#record, field, 16, 1);
  }

  // ---- memory -----------------------------------------------------------------------------------------------------

  load(segment: SegmentChoice, offset: Value, width: Width): Value {
    const linear = this.#linear(segment, offset, width, 0);
    return this.loadFrom(this.#probe(segment, linear, width, false, this.#core.readSlow), 0, width);
  }

  store(segment: SegmentChoice, offset: Value, width: Width, value: Value): void {
    const fixed = this.let(value);
    const linear = this.#linear(segment, offset, width, ACCESS_INFO_WRITE);
    const info = this.#info(segment, width, ACCESS_INFO_WRITE);
    const { hit, host } = emitTlbProbe(this, this.#tlbTable(), linear, width, true);
    this.if(
      hit,
      () => this.storeTo(host, 0, width, fixed),
      () => {
        this.#exits.locate();
        this.push(linear);
        this.push(info);
        this.push(this.zeroExtend64(fixed));
        this.code.call(this.#core.writeSlow);
        this.code.if();
        this.#fault();
        this.code.end();
      },
    );
  }

  openMemory(segment: SegmentChoice, offset: Value, width: Width): { read(): Value; write(value: Value): void } {
    const linear = this.#linear(segment, offset, width, ACCESS_INFO_WRITE);
    const host = this.#probe(segment, linear, width, true, this.#core.openSlow);
    return {
      read: () => this.loadFrom(host, 0, width),
      write: (value) => {
        this.storeTo(host, 0, width, value);
        this.if(this.eq(host, this.i32(CPU_BASE + BOUNCE)), () => {
          this.code.call(this.#core.commit);
        });
      },
    };
  }

  #probe(segment: SegmentChoice, linear: Value, width: Width, write: boolean, slow: number): Value {
    const info = this.#info(segment, width, write ? ACCESS_INFO_WRITE : 0);
    const probe = emitTlbProbe(this, this.#tlbTable(), linear, width, write);
    const host = this.variable(probe.host);
    this.if(this.eqz(probe.hit), () => {
      this.#exits.locate();
      this.assign(host, this.callFor(slow, 'i32', linear, info));
      this.if(this.eqz(host), () => this.#fault());
    });
    return host;
  }
  #tlbTable(): Value {
    return this.loadFrom(this.#base, CPU_BASE + TLB_READ, 32, 2);
  }
  #info(segment: SegmentChoice, width: Width, flags: number): Value {
    const constant = (width / 8) | flags;
    // For a memory operand the slow path finds the segment in the record, if it needs to know.
    return this.i32(constant | (segment === SS ? ACCESS_INFO_STACK : 0));
  }

  /** Linear address (i64) of an offset within a segment, after the checks that the mode asks for. */
  #linear(segment: SegmentChoice, offset: Value, width: Width, flags: number): Value {
    const segmentation =
      segment === 'operand' ? (this.#shape.addressing?.segmentation ?? 'none') : this.#shape.implicitSegmentation;
    const wide = this.zeroExtend64(offset);
    if (segmentation === 'none') return this.let(wide);
    const index =
      segment === 'operand' ? this.let(this.and(this.#recordByte(RECORD_SEGMENT), this.i32(7))) : this.i32(segment);
    if (segmentation === 'base') {
      const at = this.shl(index, this.i32(Math.log2(SEGMENT_SIZE_BYTES)));
      return this.let(this.add(wide, this.loadFrom(at, CPU_BASE + SEGMENTS + SEGMENT_BASE, 64, 3)));
    }
    const info = this.i32((width / 8) | flags);
    const linear = this.callFor(this.#core.segment, 'i64', wide, info, index);
    this.if(this.eq(linear, this.i64(-1)), () => this.#fault());
    return linear;
  }

  // ---- flags ------------------------------------------------------------------------------------------------------

  setFlags(kind: number, width: Width, x: Value, y: Value): void {
    this.lastFlags = { kind, width, x, y };
    if (this.#shape.flagsDead) return;
    this.#storeKind(kind, width);
    if (kind !== KIND_LOGIC) this.storeTo(this.#base, CPU_BASE + FLAGS_X, 64, this.toSigned64(x, width), 3);
    this.storeTo(this.#base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(y, width), 3);
  }
  setFlagsKeepingCarry(kind: number, width: Width, result: Value): void {
    if (this.#shape.flagsDead) return;
    const carry = this.readCarry();
    this.#storeKind(kind, width);
    this.storeTo(this.#base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(carry), 3);
    this.storeTo(this.#base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(result, width), 3);
  }
  setResultFlags(bits: Value, width: Width, result: Value): void {
    if (this.#shape.flagsDead) return;
    this.#storeKind(KIND_RESULT, width);
    this.storeTo(this.#base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(bits), 3);
    this.storeTo(this.#base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(result, width), 3);
  }
  setExplicitFlags(bits: Value): void {
    if (this.#shape.flagsDead) return;
    const fixed = this.let(bits);
    this.#storeKind(KIND_EXPLICIT, 8);
    this.storeTo(this.#base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(fixed), 3);
  }
  #storeKind(kind: number, width: Width): void {
    const packed = (kind << KIND_WIDTH_BITS) | log2Size(width);
    this.storeTo(this.#base, CPU_BASE + FLAGS_KIND, 32, this.i32(packed), 2);
  }

  readFlags(): Value {
    return this.callFor(this.#core.flags, 'i32');
  }
  readCarry(): Value {
    return this.callFor(this.#core.carry, 'i32');
  }

  /** After a comparison the conditions that compilers use most are one wasm comparison; the rest is a call. */
  readCondition(code: number): Value {
    if (this.#known) return this.#readKnownCondition(this.#known.flags, this.#known.form);
    const result = this.variable(this.i32(0));
    const kind = this.shrU(this.loadFrom(this.#base, CPU_BASE + FLAGS_KIND, 32, 2), this.i32(KIND_WIDTH_BITS));
    const x = (): Value => this.loadFrom(this.#base, CPU_BASE + FLAGS_X, 64, 3);
    const y = (): Value => this.loadFrom(this.#base, CPU_BASE + FLAGS_Y, 64, 3);
    const general = (): void => this.assign(result, this.callFor(this.#core.condition, 'i32', this.i32(code)));
    const afterCompare = COMPARE[code >> 1];
    const isNegated = (code & 1) !== 0;
    const negate = (value: Value): Value => (isNegated ? this.eqz(value) : value);
    if (afterCompare === undefined) {
      general();
      return result;
    }
    const fixedKind = this.let(kind);
    const compare = (): void => this.assign(result, negate(afterCompare(this, x(), y())));
    if (code >> 1 !== CONDITION_ZERO) {
      this.if(this.eq(fixedKind, this.i32(KIND_SUB)), compare, general);
      return result;
    }
    // ZF of every other lazy kind is "the result is zero".
    this.if(this.eq(fixedKind, this.i32(KIND_SUB)), compare, () =>
      this.if(this.geU(fixedKind, this.i32(KIND_ADD)), () => this.assign(result, negate(this.eqz(y()))), general),
    );
    return result;
  }

  /** The branch's condition from flags that this handler has set; which condition it is, the record says. */
  #readKnownCondition(flags: KnownFlags, form: ConditionForm): Value {
    const { kind, width, x, y } = flags;
    const isCompare = kind === KIND_SUB;
    if (form === 'equality') {
      const isEqual = isCompare ? this.eq(x, y) : this.eqz(y);
      return this.xor(isEqual, this.#recordByte(RECORD_NEGATION));
    }
    const signed = (value: Value): Value => this.signExtend(value, width);
    const zero = this.like(y, 0);
    const below = isCompare ? this.ltU(x, y) : kind === KIND_ADD ? this.ltU(y, x) : this.i32(0);
    const equal = isCompare ? this.eq(x, y) : this.eqz(y);
    const less = isCompare ? this.ltS(signed(x), signed(y)) : this.ltS(signed(y), zero);
    const order = this.add(this.add(below, this.shl(equal, this.i32(1))), this.shl(less, this.i32(2)));
    return this.and(this.shrU(this.#recordByte(RECORD_TRUTH), order), this.i32(1));
  }

  readSystemFlag(mask: number): Value {
    return this.let(this.and(this.loadFrom(this.#base, CPU_BASE + SYSTEM_FLAGS, 32, 2), this.i32(mask)));
  }
  writeSystemFlag(mask: number, isSet: boolean): void {
    const flags = this.loadFrom(this.#base, CPU_BASE + SYSTEM_FLAGS, 32, 2);
    const next = isSet ? this.or(flags, this.i32(mask)) : this.and(flags, this.i32(~mask));
    this.storeTo(this.#base, CPU_BASE + SYSTEM_FLAGS, 32, next, 2);
  }

  // ---- control flow -----------------------------------------------------------------------------------------------

  nextRip(): Value {
    const base = this.loadFrom(this.#base, CPU_BASE + RIP_BASE, 64, 3);
    const offset = this.add(this.#recordHalf(RECORD_OFFSET), this.#recordByte(RECORD_LENGTH));
    return this.let(this.add(base, this.zeroExtend64(offset)));
  }
  jump(): void {
    this.#exits.taken();
  }
  jumpIf(condition: Value): void {
    this.if(condition, () => this.#exits.taken());
  }
  jumpIndirect(target: Value): void {
    this.#exits.indirect(target);
  }
  checkTarget(target: Value): void {
    if (this.is64BitMode) {
      const shift = this.loadFrom(this.#base, CPU_BASE + CANONICAL_SHIFT, 32, 2);
      this.faultIf(this.ne(this.shrS(this.shl(target, shift), shift), target), VECTOR_GP);
      return;
    }
    const high = this.loadFrom(this.#base, CPU_BASE + SEGMENTS + SEGMENT_SIZE_BYTES + SEGMENT_HIGH, 32, 2);
    this.faultIf(this.gtU(this.wrap(target), high), VECTOR_GP);
  }
  checkRelativeTarget(): void {
    // A relative target outside the code segment or the canonical range is found when it is fetched.
  }

  faultIf(condition: Value, vector: number): void {
    this.if(condition, () => {
      this.storeTo(this.#base, CPU_BASE + FAULT_VECTOR, 32, this.i32(vector), 2);
      this.storeTo(this.#base, CPU_BASE + FAULT_ERROR_CODE, 32, this.i32(vector === VECTOR_GP ? 0 : -1), 2);
      this.#fault();
    });
  }
  undoOnFault(undo: () => void, body: () => void): void {
    this.#undo = undo;
    body();
    this.#undo = undefined;
  }
  #fault(): void {
    this.#undo?.();
    this.#exits.fault();
  }
  /**
   * Iterations count as instructions: the first is the instruction itself, each further one takes from the budget; when
   * that is used up, the instruction stays unfinished at its own RIP.
   */
  repeatString(body: () => StringStep): void {
    if (this.repeat === 0) {
      body();
      return;
    }
    const width = this.addressWidth;
    const counter = 1;
    const done = this.code.block();
    this.push(this.eqz(this.readGpr(counter, width)));
    this.code.brIf(done);
    const again = this.code.loop();
    const { stop } = body();
    const left = this.readGpr(counter, width);
    const next = this.let(this.truncate(this.sub(left, this.like(left, 1)), width));
    this.writeGpr(counter, width, next);
    if (stop) {
      this.push(stop);
      this.code.brIf(done);
    }
    this.push(this.eqz(next));
    this.code.brIf(done);
    const budget = this.loadFrom(this.#base, CPU_BASE + BUDGET, 32, 2);
    const count = this.#recordByte(RECORD_COUNT);
    this.if(this.leS(budget, count), () => {
      const base = this.loadFrom(this.#base, CPU_BASE + RIP_BASE, 64, 3);
      const rip = this.add(base, this.zeroExtend64(this.#recordHalf(RECORD_OFFSET)));
      this.storeTo(this.#base, CPU_BASE + RIP, 64, rip, 3);
      this.#exits.again();
    });
    this.storeTo(this.#base, CPU_BASE + BUDGET, 32, this.sub(budget, this.i32(1)), 2);
    this.code.br(again);
    this.code.end();
    this.code.end();
  }
}

const CONDITION_ZERO = 2;
/** Conditions by code >> 1, as comparisons of minuend and subtrahend; absent where a result or parity is needed. */
const COMPARE: readonly (((e: Emitter, x: Value, y: Value) => Value) | undefined)[] = [
  undefined,
  (e, x, y) => e.ltU(x, y),
  (e, x, y) => e.eq(x, y),
  (e, x, y) => e.leU(x, y),
  undefined,
  undefined,
  (e, x, y) => e.ltS(x, y),
  (e, x, y) => e.leS(x, y),
];
