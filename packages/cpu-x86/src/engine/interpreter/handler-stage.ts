import type { CodeBuilder } from '@longmode/wasm-encoder';
import type { RegisterFile } from '../../decode/instruction.ts';
import { SS } from '../../decode/instruction.ts';
import type { Emitter, LocalPool, Value, Width } from '../../semantics/language.ts';
import { lowQuadword } from '../../semantics/simd/vector.ts';
import type { Alignment, Operand } from '../../semantics/stage.ts';
import {
  BOUNCE,
  BUDGET,
  FLAGS_KIND,
  FLAGS_X,
  FLAGS_Y,
  FPR_EXPONENT,
  GPR,
  MMX_EXPONENT,
  RIP,
  RIP_BASE,
  TLB_READ,
} from '../../state/layout.ts';
import { KIND_ADD, KIND_EXPLICIT, KIND_LOGIC, KIND_RESULT, KIND_SUB, KIND_WIDTH_BITS } from '../../state/rflags.ts';
import { EngineStage, log2Size, type MemoryReference } from '../engine-stage.ts';
import { CPU_BASE } from '../memory-plan.ts';
import { ACCESS_INFO_STACK, ACCESS_INFO_WRITE } from '../tlb-probe.ts';
import type { CoreFunctions } from './core-functions.ts';
import type { ConditionForm } from './fusion.ts';
import {
  BLOCK_LENGTH_MAX,
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
  /** As `indirect`, with a `STATUS_*` (i32) that says what else there is to do. */
  transfer(target: Value, status: Value): void;
  /** Before TypeScript is called for a memory access: the state says which record executes, and the budget. */
  locate(): void;
  /** Ends the instruction by its twin in TypeScript. */
  assist(): void;
  /** After such a call: device memory may have cut the budget, so that nothing follows this instruction. */
  relocate(): void;
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

/**
 * The interpreter's staging of the semantics: operands come from the record of the instruction, registers and flags live
 * in the state, and a handler is either a case of the dispatch loop or a function.
 */
export class HandlerStage extends EngineStage {
  readonly operands: readonly Operand[];
  readonly #exits: HandlerExits;
  readonly #record: Value;
  /** What the last `setFlags` set. */
  lastFlags: KnownFlags | undefined;
  /** Set in the branch half of a fused handler. */
  readonly #known: { readonly flags: KnownFlags; readonly form: ConditionForm } | undefined;

  constructor(
    place: { readonly code: CodeBuilder; readonly locals: LocalPool },
    handler: {
      shape: Shape;
      core: CoreFunctions;
      exits: HandlerExits;
      recordLocal: number;
      known?: { readonly flags: KnownFlags; readonly form: ConditionForm };
    },
  ) {
    super(place, handler);
    this.#exits = handler.exits;
    this.#record = this.local('i32', handler.recordLocal);
    this.#known = handler.known;
    this.operands = handler.shape.operands.map((operand) => this.#operand(operand));
  }

  // ---- registers --------------------------------------------------------------------------------------------------

  readGpr(index: number, width: Width): Value {
    return this.loadFrom(this.base, CPU_BASE + GPR + 8 * index, width, log2Size(width));
  }
  writeGpr(index: number, width: Width, value: Value): void {
    this.#writeRegister(this.base, CPU_BASE + GPR + 8 * index, width, value);
  }
  readHighByte(index: number): Value {
    return this.loadFrom(this.base, CPU_BASE + GPR + 8 * index + 1, 8);
  }
  writeHighByte(index: number, value: Value): void {
    this.storeTo(this.base, CPU_BASE + GPR + 8 * index + 1, 8, value);
  }
  #writeRegister(slot: Value, offset: number, width: Width, value: Value): void {
    if (width === 32) this.storeTo(slot, offset, 64, this.zeroExtend64(value), 3);
    else this.storeTo(slot, offset, width, value, log2Size(width));
  }

  // ---- operands ---------------------------------------------------------------------------------------------------

  #operand(shape: OperandShape): Operand {
    switch (shape.kind) {
      case 'register':
        return this.#registerOperand(REGISTER_SLOTS[shape.slot], shape.width, shape.file);
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
    return {
      width,
      isMemory: false,
      isImmediate: true,
      file: undefined,
      read,
      write: misuse,
      open: misuse,
      address: misuse,
    };
  }
  #registerOperand(field: number, width: Width, file: RegisterFile): Operand {
    const slot = (): Value => this.#recordHalf(field);
    return {
      width,
      isMemory: false,
      isImmediate: false,
      file,
      read: () => this.loadFrom(slot(), CPU_BASE, width, 0),
      write: (value) => {
        if (file === 'mmx') this.#writeMmx(slot(), value);
        else this.#writeRegister(slot(), CPU_BASE, width, value);
      },
      open: () => {},
      address: () => {
        throw new Error('a register has no address');
      },
    };
  }
  #writeMmx(slot: Value, value: Value): void {
    this.storeTo(slot, CPU_BASE, 64, value.type === 'v128' ? lowQuadword(value) : value);
    this.storeTo(slot, CPU_BASE + FPR_EXPONENT, 32, this.i32(MMX_EXPONENT));
  }
  #memoryOperand(width: Width): Operand {
    let opened: { read(): Value; write(value: Value): void } | undefined;
    const address = (): Value => this.let(this.#effectiveAddress());
    return {
      width,
      isMemory: true,
      isImmediate: false,
      file: undefined,
      address,
      open: () => {
        opened = this.openMemory('operand', address(), width);
      },
      read: (alignment?: Alignment) => (opened ? opened.read() : this.load('operand', address(), width, alignment)),
      write: (value, alignment?: Alignment) => {
        if (opened) opened.write(value);
        else this.store('operand', address(), width, value, alignment);
      },
    };
  }

  /** The offset of the memory operand: i64 for 64-bit addresses, else i32. */
  #effectiveAddress(): Value {
    const addressing = this.shape.addressing;
    if (addressing === undefined) throw new Error(`${this.shape.key} has no memory operand`);
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

  // ---- what the engine adds to the staging ------------------------------------------------------------------------

  protected tlbTable(): Value {
    return this.loadFrom(this.base, CPU_BASE + TLB_READ, 32, 2);
  }
  protected operandSegment(): Value {
    return this.and(this.#recordByte(RECORD_SEGMENT), this.i32(7));
  }
  protected leaveByFault(): void {
    this.#exits.fault();
  }

  protected leaveToTypeScript(): void {
    this.#exits.assist();
  }

  protected hostForRead(access: MemoryReference): Value {
    return this.#hostFor(access, false, this.core.readSlow);
  }
  protected hostForUpdate(access: MemoryReference): Value {
    return this.#hostFor(access, true, this.core.openSlow);
  }
  #hostFor(access: MemoryReference, write: boolean, slow: number): Value {
    const probe = this.probe(access, write);
    const host = this.variable(probe.host);
    this.choose(this.eqz(probe.hit), () => {
      this.#exits.locate();
      this.assign(host, this.callFor(slow, 'i32', access.linear, this.#infoOf(access, write)));
      this.#exits.relocate();
      this.choose(this.eqz(host), () => this.fault());
    });
    return host;
  }
  /** Writes the bounce buffer through, if that is where a read-modify-write went. */
  protected commit(host: Value): void {
    this.choose(this.eq(host, this.i32(CPU_BASE + BOUNCE)), () => {
      this.code.call(this.core.commit);
      this.#exits.relocate();
    });
  }
  protected storeAt(access: MemoryReference, value: Value): void {
    const { linear, width } = access;
    const { hit, host } = this.probe(access, true);
    this.choose(
      hit,
      () => this.storeTo(host, 0, width, value),
      () => {
        this.#exits.locate();
        const info = this.#infoOf(access, true);
        const failed =
          width === 128
            ? this.callFor(this.core.writeVectorSlow, 'i32', linear, info, value)
            : this.callFor(this.core.writeSlow, 'i32', linear, info, this.zeroExtend64(value));
        this.#exits.relocate();
        this.choose(failed, () => this.fault());
      },
    );
  }
  #infoOf({ segment, width }: MemoryReference, write: boolean): Value {
    // For a memory operand the slow path finds the segment by the instruction, if it needs to know.
    const stack = segment === SS ? ACCESS_INFO_STACK : 0;
    return this.i32((width / 8) | (write ? ACCESS_INFO_WRITE : 0) | stack);
  }

  mayStopNext(): Value {
    return this.ltS(this.timeForIterations(), this.i32(BLOCK_LENGTH_MAX));
  }
  timeForIterations(): Value {
    return this.let(this.sub(this.loadFrom(this.base, CPU_BASE + BUDGET, 32, 2), this.#recordByte(RECORD_COUNT)));
  }
  takeTimeFor(iterations: Value): void {
    const budget = this.loadFrom(this.base, CPU_BASE + BUDGET, 32, 2);
    this.storeTo(this.base, CPU_BASE + BUDGET, 32, this.sub(budget, iterations), 2);
  }
  protected leaveUnfinished(): void {
    const base = this.loadFrom(this.base, CPU_BASE + RIP_BASE, 64, 3);
    const rip = this.add(base, this.zeroExtend64(this.#recordHalf(RECORD_OFFSET)));
    this.storeTo(this.base, CPU_BASE + RIP, 64, rip, 3);
    this.#exits.again();
  }

  // ---- flags ------------------------------------------------------------------------------------------------------

  setFlags(kind: number, width: Width, x: Value, y: Value): void {
    this.lastFlags = { kind, width, x, y };
    if (this.shape.flagsDead) return;
    this.#storeKind(kind, width);
    if (kind !== KIND_LOGIC) this.storeTo(this.base, CPU_BASE + FLAGS_X, 64, this.toSigned64(x, width), 3);
    this.storeTo(this.base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(y, width), 3);
  }
  setFlagsKeepingCarry(kind: number, width: Width, result: Value): void {
    if (this.shape.flagsDead) return;
    const carry = this.readCarry();
    this.#storeKind(kind, width);
    this.storeTo(this.base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(carry), 3);
    this.storeTo(this.base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(result, width), 3);
  }
  setResultFlags(bits: Value, width: Width, result: Value): void {
    if (this.shape.flagsDead) return;
    this.#storeKind(KIND_RESULT, width);
    this.storeTo(this.base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(bits), 3);
    this.storeTo(this.base, CPU_BASE + FLAGS_Y, 64, this.toSigned64(result, width), 3);
  }
  setExplicitFlags(bits: Value): void {
    if (this.shape.flagsDead) return;
    const fixed = this.let(bits);
    this.#storeKind(KIND_EXPLICIT, 8);
    this.storeTo(this.base, CPU_BASE + FLAGS_X, 64, this.zeroExtend64(fixed), 3);
  }
  #storeKind(kind: number, width: Width): void {
    const packed = (kind << KIND_WIDTH_BITS) | log2Size(width);
    this.storeTo(this.base, CPU_BASE + FLAGS_KIND, 32, this.i32(packed), 2);
  }

  readFlags(): Value {
    return this.callFor(this.core.flags, 'i32');
  }
  readCarry(): Value {
    return this.callFor(this.core.carry, 'i32');
  }

  /** After a comparison the conditions that compilers use most are one wasm comparison; the rest is a call. */
  readCondition(code: number): Value {
    if (this.#known) return this.#readKnownCondition(this.#known.flags, this.#known.form);
    const result = this.variable(this.i32(0));
    const kind = this.shrU(this.loadFrom(this.base, CPU_BASE + FLAGS_KIND, 32, 2), this.i32(KIND_WIDTH_BITS));
    const x = (): Value => this.loadFrom(this.base, CPU_BASE + FLAGS_X, 64, 3);
    const y = (): Value => this.loadFrom(this.base, CPU_BASE + FLAGS_Y, 64, 3);
    const general = (): void => this.assign(result, this.callFor(this.core.condition, 'i32', this.i32(code)));
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

  // ---- control flow -----------------------------------------------------------------------------------------------

  nextRip(): Value {
    const base = this.loadFrom(this.base, CPU_BASE + RIP_BASE, 64, 3);
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
  protected leaveBy(target: Value, status: Value): void {
    this.#exits.transfer(target, status);
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
