import { CodeBuilder } from '@longmode/wasm-encoder';
import { EMITTED_SEMANTICS, type EmittedSemanticsKey } from '../../semantics/index.ts';
import { LocalPool, typeOfWidth, type Value, type Width } from '../../semantics/language.ts';
import { type Operand, Semantics, type StringStep } from '../../semantics/stage.ts';
import { KIND_EXPLICIT, KIND_RESULT } from '../../state/rflags.ts';
import type { OperandShape, Shape } from '../interpreter/shape.ts';

/** What an instruction does to the arithmetic flags, and which registers it uses without naming them. */
export interface InstructionEffects {
  /** Reads a flag, or may show all of them to an exception handler. */
  readonly readsFlags: boolean;
  /** The lazy kind that it leaves in any case; undefined where it leaves the flags alone or sets them only sometimes. */
  readonly leaves: { readonly kind: number; readonly width: Width } | undefined;
  readonly mayChangeFlags: boolean;
  readonly registers: number;
  /** Which registers it may write without naming them, and which of its operands, by position; masks. */
  readonly writtenRegisters: number;
  readonly writtenOperands: number;
}

/**
 * Learns the effects of an instruction by staging it for nobody: no knowledge of instructions is needed beside the
 * semantics themselves.
 */
class EffectsStage extends Semantics {
  readonly width: Width;
  readonly addressWidth: 16 | 32 | 64;
  readonly stackWidth: 16 | 32 | 64;
  readonly is64BitMode: boolean;
  readonly conditionCode: number;
  readonly repeat: 0 | 0xf2 | 0xf3;
  readonly operands: readonly Operand[];
  readsFlags = false;
  leaves: InstructionEffects['leaves'];
  mayChangeFlags = false;
  registers = 0;
  writtenRegisters = 0;
  writtenOperands = 0;
  #conditionals = 0;

  constructor(shape: Shape, immediate: number | undefined) {
    const code = new CodeBuilder([]);
    super(code, new LocalPool(code));
    this.width = shape.width;
    this.addressWidth = shape.addressWidth;
    this.stackWidth = shape.stackWidth;
    this.is64BitMode = shape.is64BitMode;
    this.conditionCode = shape.conditionCode;
    this.repeat = shape.repeat;
    this.operands = shape.operands.map((operand, position) => this.#operand(operand, position, immediate));
  }

  override if(condition: Value, then: () => void, otherwise?: () => void): void {
    if (condition.kind === 'const') {
      if (Number(condition.value) !== 0) then();
      else otherwise?.();
      return;
    }
    this.#conditionals++;
    super.if(condition, then, otherwise);
    this.#conditionals--;
  }

  #some(width: Width): Value {
    return this.local(typeOfWidth(width), this.locals.take(typeOfWidth(width)));
  }
  #operand(shape: OperandShape, position: number, immediate: number | undefined): Operand {
    const { width } = shape;
    const isMemory = shape.kind === 'memory';
    const isImmediate = shape.kind === 'immediate' || shape.kind === 'immediate64';
    const touch = (): void => {
      if (isMemory) this.#mayFault();
    };
    return {
      width,
      isMemory,
      isImmediate,
      file: shape.kind === 'register' ? shape.file : undefined,
      read: () => {
        touch();
        return isImmediate && immediate !== undefined ? this.constant(width, immediate) : this.#some(width);
      },
      write: () => {
        touch();
        this.writtenOperands |= 1 << position;
      },
      open: touch,
      address: () => this.#some(this.addressWidth === 64 ? 64 : 32),
    };
  }
  #mayFault(): void {
    this.readsFlags = true;
  }
  #set(kind: number, width: Width): void {
    this.mayChangeFlags = true;
    this.leaves = this.#conditionals === 0 ? { kind, width } : undefined;
  }

  readGpr(index: number, width: Width): Value {
    this.registers |= 1 << index;
    return this.#some(width);
  }
  writeGpr(index: number): void {
    this.registers |= 1 << index;
    this.writtenRegisters |= 1 << index;
  }
  readHighByte(index: number): Value {
    return this.readGpr(index, 8);
  }
  writeHighByte(index: number): void {
    this.writeGpr(index);
  }
  load(_segment: unknown, _offset: Value, width: Width): Value {
    this.#mayFault();
    return this.#some(width);
  }
  store(): void {
    this.#mayFault();
  }
  openMemory(_segment: unknown, _offset: Value, width: Width): { read(): Value; write(value: Value): void } {
    this.#mayFault();
    return { read: () => this.#some(width), write: () => {} };
  }
  setFlags(kind: number, width: Width): void {
    this.#set(kind, width);
  }
  setFlagsKeepingCarry(kind: number, width: Width): void {
    this.readsFlags = true;
    this.#set(kind, width);
  }
  setResultFlags(_bits: Value, width: Width): void {
    this.#set(KIND_RESULT, width);
  }
  setExplicitFlags(): void {
    this.#set(KIND_EXPLICIT, 8);
  }
  #read(): Value {
    this.readsFlags = true;
    return this.#some(32);
  }
  readFlags(): Value {
    return this.#read();
  }
  readCarry(): Value {
    return this.#read();
  }
  readCondition(): Value {
    return this.#read();
  }
  readSystemFlag(): Value {
    return this.#some(32);
  }
  writeSystemFlag(): void {}
  readField(_field: number, width: Width): Value {
    return this.#some(width);
  }
  writeField(): void {}
  requireSse(): void {
    this.#mayFault();
  }
  requireMmx(): void {
    this.#mayFault();
  }
  assistIf(): void {
    this.#mayFault();
  }
  transfer(): void {
    this.readsFlags = true;
  }
  mayStopNext(): Value {
    return this.#some(32);
  }
  refuseIf(): void {
    this.#mayFault();
  }
  nextRip(): Value {
    return this.#some(64);
  }
  jump(): void {}
  jumpIf(): void {}
  checkTarget(): void {
    this.#mayFault();
  }
  jumpIndirect(): void {}
  faultIf(): void {
    this.#mayFault();
  }
  undoOnFault(undo: () => void, body: () => void): void {
    undo();
    body();
  }
  repeatString(body: () => StringStep): void {
    if (this.repeat !== 0) this.readGpr(1, this.addressWidth);
    // Without iterations nothing is set.
    this.#conditionals++;
    body().finish?.();
    this.#conditionals--;
  }
}

const known = new Map<string, InstructionEffects>();

/** @param immediate the value of an immediate operand of 8 bits, on which flags may depend: shifts by zero set none */
export function effectsOf(shape: Shape, immediate: number | undefined): InstructionEffects {
  const key = immediate === undefined ? shape.key : `${shape.key}#${immediate & 0x3f}`;
  let found = known.get(key);
  if (found === undefined) {
    const stage = new EffectsStage(shape, immediate === undefined ? undefined : immediate & 0x3f);
    EMITTED_SEMANTICS[shape.semantics as EmittedSemanticsKey](stage);
    const { readsFlags, leaves, mayChangeFlags, registers, writtenRegisters, writtenOperands } = stage;
    found = { readsFlags, leaves, mayChangeFlags, registers, writtenRegisters, writtenOperands };
    known.set(key, found);
  }
  return found;
}
