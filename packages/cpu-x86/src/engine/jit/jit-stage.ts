import { BASE_RIP, type Operand as DecodedOperand, type MemoryOperand, NO_REGISTER } from '../../decode/instruction.ts';
import type { Value, Width } from '../../semantics/language.ts';
import { lowQuadword } from '../../semantics/simd/vector.ts';
import type { Alignment, Operand } from '../../semantics/stage.ts';
import { FPR, FPR_EXPONENT, FPR_SIZE_BYTES, MMX_EXPONENT, XMM, XMM_SIZE_BYTES } from '../../state/layout.ts';
import { KIND_EXPLICIT, KIND_LOGIC, KIND_RESULT } from '../../state/rflags.ts';
import { EngineStage, type MemoryReference } from '../engine-stage.ts';
import { explicitOperands, memoryOperand } from '../interpreter/shape.ts';
import { registersWrittenBy } from './flag-analysis.ts';
import type { FlagTracker } from './flag-tracker.ts';
import type { RegionInstruction } from './region.ts';
import type { UnitFrame } from './unit-frame.ts';

/** Where an instruction's control flow goes; each call ends the path that is being written. */
export interface UnitExits {
  /** Leaves before the instruction, whose effects are undone: with the recorded exception, or to the interpreter, which
   * executes it. */
  leaveBefore(how: 'fault' | 'interpreter'): void;
  taken(): void;
  indirect(target: Value): void;
  /** A repeated string instruction is unfinished. */
  again(): void;
  /** Out of the unit to a RIP, with a `STATUS_*` (i32) for the core. */
  transfer(target: Value, status: Value): void;
}

/**
 * The compiler's staging of the semantics: operands are constants and local variables, flags are tracked while code is
 * written.
 */
export class JitStage extends EngineStage {
  readonly operands: readonly Operand[];
  readonly #item: RegionInstruction;
  readonly #frame: UnitFrame;
  readonly #flags: FlagTracker;
  readonly #exits: UnitExits;
  /** Registers that the instruction may write: reading them makes a copy. */
  readonly #written: number;

  constructor(frame: UnitFrame, flags: FlagTracker, item: RegionInstruction, exits: UnitExits) {
    super(frame, { shape: item.shape, core: frame.core });
    this.#item = item;
    this.#frame = frame;
    this.#flags = flags;
    this.#exits = exits;
    this.#written = registersWrittenBy(item);
    this.operands = explicitOperands(item.instruction).map((operand, index) =>
      this.#operand(operand, (item.shape.operands[index] as { width: Width }).width),
    );
  }

  // ---- registers --------------------------------------------------------------------------------------------------

  readGpr(index: number, width: Width): Value {
    const register = this.#frame.gpr(index);
    const value = width === 64 ? register : this.truncate(this.wrap(register), width);
    return (this.#written >> index) & 1 ? this.let(value) : this.fix(value);
  }
  writeGpr(index: number, width: Width, value: Value): void {
    const register = this.#frame.gpr(index);
    if (width === 64) this.assign(register, value);
    else if (width === 32) this.assign(register, this.zeroExtend64(value));
    else this.#insert(index, width === 16 ? 0xffffn : 0xffn, 0, value);
  }
  readHighByte(index: number): Value {
    return this.let(this.and(this.shrU(this.wrap(this.#frame.gpr(index)), this.i32(8)), this.i32(0xff)));
  }
  writeHighByte(index: number, value: Value): void {
    this.#insert(index, 0xffn, 8, value);
  }
  #insert(index: number, mask: bigint, shift: number, value: Value): void {
    const register = this.#frame.gpr(index);
    const bits = this.and(this.zeroExtend64(value), this.i64(mask));
    const placed = shift === 0 ? bits : this.shl(bits, this.i64(shift));
    this.assign(register, this.or(this.and(register, this.i64(BigInt.asIntN(64, ~(mask << BigInt(shift))))), placed));
  }

  // ---- operands ---------------------------------------------------------------------------------------------------

  #operand(operand: DecodedOperand, width: Width): Operand {
    const misuse = (): never => {
      throw new Error(`${this.shape.key}: not possible with this operand`);
    };
    switch (operand.kind) {
      case 'register': {
        const { file, index } = operand;
        if (file === 'xmm' || file === 'mmx') return this.#vectorOperand(file, index);
        const isHigh = operand.file === 'gpr8high';
        return {
          width,
          isMemory: false,
          isImmediate: false,
          file,
          read: () => (isHigh ? this.readHighByte(index) : this.readGpr(index, width)),
          write: (value) => (isHigh ? this.writeHighByte(index, value) : this.writeGpr(index, width, value)),
          open: () => {},
          address: misuse,
        };
      }
      case 'immediate': {
        const { low, high } = operand;
        const value =
          width === 64
            ? this.i64(high === low >> 31 ? low : (BigInt(high) << 32n) | BigInt(low >>> 0))
            : this.i32(width === 32 ? low : low & ((1 << width) - 1));
        return {
          width,
          isMemory: false,
          isImmediate: true,
          file: undefined,
          read: () => value,
          write: misuse,
          open: misuse,
          address: misuse,
        };
      }
      case 'memory':
        return this.#memoryOperand(operand, width);
      default:
        throw new Error(`${this.shape.key}: unexpected operand ${operand.kind}`);
    }
  }
  /** Vector registers stay in the state. */
  #vectorOperand(file: 'xmm' | 'mmx', index: number): Operand {
    const field = file === 'xmm' ? XMM + XMM_SIZE_BYTES * index : FPR + FPR_SIZE_BYTES * index;
    const width = file === 'xmm' ? 128 : 64;
    return {
      width,
      isMemory: false,
      isImmediate: false,
      file,
      read: () => this.readField(field, width),
      write: (value) => {
        this.writeField(field, width, file === 'mmx' && value.type === 'v128' ? lowQuadword(value) : value);
        if (file === 'mmx') this.writeField(field + FPR_EXPONENT, 32, this.i32(MMX_EXPONENT));
      },
      open: () => {},
      address: () => {
        throw new Error('a register has no address');
      },
    };
  }
  #memoryOperand(operand: MemoryOperand, width: Width): Operand {
    let opened: { read(): Value; write(value: Value): void } | undefined;
    const address = (): Value => this.let(this.#effectiveAddress(operand));
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
  #effectiveAddress(operand: MemoryOperand): Value {
    const is64 = this.#item.instruction.addressSize === 64;
    const register = (index: number): Value => (is64 ? this.#frame.gpr(index) : this.wrap(this.#frame.gpr(index)));
    const { base, index, scale, displacement, displacementHigh } = operand;
    if (base === BASE_RIP) {
      const { instruction, offset } = this.#item;
      const target = this.add(this.#frame.ripBase, this.i64(offset + instruction.length + displacement));
      return is64 ? target : this.wrap(target);
    }
    const constant = is64
      ? this.i64(displacementHigh === displacement >> 31 ? displacement : wide(displacementHigh, displacement))
      : this.i32(displacement);
    let sum: Value | undefined = base === NO_REGISTER ? undefined : register(base);
    if (index !== NO_REGISTER) {
      const scaled = scale === 1 ? register(index) : this.shl(register(index), this.like(constant, Math.log2(scale)));
      sum = sum ? this.add(sum, scaled) : scaled;
    }
    const offset = sum ? this.add(sum, constant) : constant;
    return this.#item.instruction.addressSize === 16 ? this.and(offset, this.i32(0xffff)) : offset;
  }

  // ---- what the engine adds to the staging ------------------------------------------------------------------------

  protected tlbTable(): Value {
    return this.#frame.tlbTable;
  }
  protected operandSegment(): Value {
    return this.i32(memoryOperand(this.#item.instruction)?.segment ?? 0);
  }
  protected leaveByFault(): void {
    this.#exits.leaveBefore('fault');
  }

  protected leaveToTypeScript(): void {
    this.undo();
    this.#exits.leaveBefore('interpreter');
  }
  /** The interpreter does all of the instruction. */
  protected override describeAssist(): void {}
  /** Nothing within a basic block changes what its first instruction of SSE has found. */
  override requireSse(): void {
    if (this.#frame.isSseChecked) return;
    super.requireSse();
    this.#frame.isSseChecked = true;
  }

  // What the TLB does not know is left to the interpreter: no way through a unit comes back from a call, so that the
  // compiler of WebAssembly can keep guest registers in the host's.
  protected hostForRead(access: MemoryReference): Value {
    return this.#hostFor(access, false);
  }
  protected hostForUpdate(access: MemoryReference): Value {
    return this.#hostFor(access, true);
  }
  protected commit(): void {
    // Only RAM is written here.
  }
  protected storeAt(access: MemoryReference, value: Value): void {
    this.storeTo(this.#hostFor(access, true), 0, access.width, value);
  }
  #hostFor(access: MemoryReference, write: boolean): Value {
    const { hit, host } = this.probe(access, write);
    this.choose(this.eqz(hit), () => {
      this.undo();
      this.#exits.leaveBefore('interpreter');
    });
    return this.let(host);
  }

  /** Whoever leaves the unit has time left for a block of the interpreter. */
  mayStopNext(): Value {
    return this.i32(0);
  }
  timeForIterations(): Value {
    return this.let(this.sub(this.#frame.budget, this.i32(this.#frame.position + 1)));
  }
  takeTimeFor(iterations: Value): void {
    this.assign(this.#frame.budget, this.sub(this.#frame.budget, iterations));
  }
  protected leaveUnfinished(): void {
    this.#exits.again();
  }

  // ---- flags ------------------------------------------------------------------------------------------------------

  setFlags(kind: number, width: Width, x: Value, y: Value): void {
    this.#flags.set({ kind, width }, kind === KIND_LOGIC ? undefined : x, y);
  }
  setFlagsKeepingCarry(kind: number, width: Width, result: Value): void {
    this.#flags.set({ kind, width }, this.readCarry(), result);
  }
  setResultFlags(bits: Value, width: Width, result: Value): void {
    this.#flags.set({ kind: KIND_RESULT, width }, bits, result);
  }
  setExplicitFlags(bits: Value): void {
    this.#flags.set({ kind: KIND_EXPLICIT, width: 8 }, bits, undefined);
  }
  readFlags(): Value {
    return this.#flags.all();
  }
  readCarry(): Value {
    return this.#flags.carry();
  }
  readCondition(code: number): Value {
    return this.#flags.condition(code);
  }
  /** Where only one way round sets flags, both ways must leave them in the same form. */
  override if(condition: Value, then: () => void, otherwise?: () => void): void {
    if (condition.kind === 'const') {
      if (Number(condition.value) !== 0) then();
      else otherwise?.();
      return;
    }
    this.push(condition);
    this.code.if();
    const before = this.#flags.form;
    then();
    const after = this.#flags.form;
    const changed = after !== before;
    if (changed) this.#flags.makeDynamic();
    if (otherwise || changed) {
      this.code.else();
      this.#flags.form = before;
      otherwise?.();
      if (this.#flags.form !== before) throw new Error(`${this.shape.key}: flags set where a condition does not hold`);
      if (changed) this.#flags.makeDynamic();
    }
    this.code.end();
  }

  // ---- control flow -----------------------------------------------------------------------------------------------

  /** A target in the page that executes needs no check. */
  override checkTarget(target: Value): void {
    if (!this.is64BitMode) {
      super.checkTarget(target);
      return;
    }
    const isElsewhere = this.gtU(this.sub(target, this.#frame.ripBase), this.i64(0xfff));
    this.choose(isElsewhere, () => super.checkTarget(target));
  }

  nextRip(): Value {
    const { instruction, offset } = this.#item;
    return this.let(this.add(this.#frame.ripBase, this.i64(offset + instruction.length)));
  }
  jump(): void {
    this.#exits.taken();
  }
  jumpIf(condition: Value): void {
    this.choose(condition, () => this.#exits.taken());
  }
  jumpIndirect(target: Value): void {
    this.#exits.indirect(target);
  }
  protected leaveBy(target: Value, status: Value): void {
    this.#exits.transfer(target, status);
  }
}

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);
