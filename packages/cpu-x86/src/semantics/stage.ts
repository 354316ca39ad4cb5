import type { RegisterFile, SegmentIndex } from '../decode/instruction.ts';
import { Emitter, type Value, type Width } from './language.ts';

/**
 * An operand, lazily: nothing is computed until it is read, written or opened. `open` resolves a memory operand's address
 * once, checked for writing, so that a read-modify-write does address and translation a single time.
 */
export interface Operand {
  readonly width: Width;
  readonly isMemory: boolean;
  readonly isImmediate: boolean;
  /** Where a register operand stands; undefined for others. */
  readonly file: RegisterFile | undefined;
  /** The value, zero-extended, fixed now. A memory operand may fault here. */
  read(alignment?: Alignment): Value;
  /** Writes; the value may have junk above `width` for registers and memory narrower than its wasm type. */
  write(value: Value, alignment?: Alignment): void;
  /** Makes the operand ready for `read` and then `write`; all faults of the write happen here. */
  open(): void;
  /** The offset within the segment (effective address) of a memory operand. */
  address(): Value;
}

/** Of memory operands of 16 bytes, `'aligned'` says that they must lie at multiples of 16, else #GP(0). */
export type Alignment = 'aligned' | 'unaligned';

/** A segment by number, or `'operand'`: the segment in effect for the instruction's memory operand or string source. */
export type SegmentChoice = SegmentIndex | 'operand';

/**
 * The seam between what an instruction means and who runs it. Semantic functions are written against this class only;
 * each engine extends it. Control flow is four primitives (`jump`, `jumpIf`, `jumpIndirect`, `exit`); flags are a declared
 * sink, so an engine may store them, track them at compile time, or drop dead ones.
 */
export abstract class Semantics extends Emitter {
  /** Operand-size attribute; 8 for the byte forms. */
  abstract readonly width: Width;
  abstract readonly addressWidth: 16 | 32 | 64;
  /** Width of the stack pointer in use. */
  abstract readonly stackWidth: 16 | 32 | 64;
  abstract readonly is64BitMode: boolean;
  /** Condition code of Jcc, SETcc, CMOVcc: low nibble of the opcode. */
  abstract readonly conditionCode: number;
  /** 0, 0xF3 (REP, REPE) or 0xF2 (REPNE). */
  abstract readonly repeat: 0 | 0xf2 | 0xf3;
  /** The instruction's operands in the manual's order. */
  abstract readonly operands: readonly Operand[];

  /** A general register by number. Values are zero-extended and fixed now. */
  abstract readGpr(index: number, width: Width): Value;
  /** Writes as the processor does: 32 bits clear the upper half, 8 and 16 bits keep the rest. */
  abstract writeGpr(index: number, width: Width, value: Value): void;
  /** AH, CH, DH, BH by number 0 to 3. */
  abstract readHighByte(index: number): Value;
  abstract writeHighByte(index: number, value: Value): void;

  /** Loads from memory at an offset within a segment; the offset has the address's width. May fault. */
  abstract load(segment: SegmentChoice, offset: Value, width: Width, alignment?: Alignment): Value;
  /** Stores to memory at an offset within a segment. May fault. */
  abstract store(segment: SegmentChoice, offset: Value, width: Width, value: Value, alignment?: Alignment): void;
  /** Resolves a location for read-modify-write; all faults happen here. */
  abstract openMemory(
    segment: SegmentChoice,
    offset: Value,
    width: Width,
    alignment?: Alignment,
  ): { read(): Value; write(value: Value): void };

  /** Sets the arithmetic flags from a declared operation: `KIND_*` with its two values (unextended, `width` bits). */
  abstract setFlags(kind: number, width: Width, x: Value, y: Value): void;
  /** Sets the arithmetic flags but CF: `KIND_INC` or `KIND_DEC` with its result. */
  abstract setFlagsKeepingCarry(kind: number, width: Width, result: Value): void;
  /** Sets CF, OF and AF from bits in place, and ZF, SF and PF from a result. */
  abstract setResultFlags(bits: Value, width: Width, result: Value): void;
  /** Sets all six arithmetic flags from bits in place. */
  abstract setExplicitFlags(bits: Value): void;
  /** All six arithmetic flags in place (i32). */
  abstract readFlags(): Value;
  /** CF as 0 or 1 (i32). */
  abstract readCarry(): Value;
  /** A condition by its code, as 0 or 1 (i32). */
  abstract readCondition(code: number): Value;
  /** A bit of RFLAGS outside the arithmetic flags: zero or not (i32). */
  abstract readSystemFlag(mask: number): Value;
  abstract writeSystemFlag(mask: number, isSet: boolean): void;

  /** A field of the state beside the general registers and flags, by its offset in the layout table; fixed now. */
  abstract readField(field: number, width: Width): Value;
  abstract writeField(field: number, width: Width, value: Value): void;
  /** Faults with #UD or #NM where the control registers withhold SSE. */
  abstract requireSse(): void;
  /** Faults with #UD, #NM or #MF where the control registers or a pending x87 exception withhold MMX. */
  abstract requireMmx(): void;
  /**
   * If the condition holds, ends the instruction by its twin in TypeScript, which does all of it. Before any write.
   *
   * @param source the source operand, if it has been read: device memory is to be read once
   */
  abstract assistIf(condition: Value, source?: Value): void;

  /** RIP of the next instruction (i64). */
  abstract nextRip(): Value;
  /** To the instruction's relative target. Ends the instruction. */
  abstract jump(): void;
  /** To the relative target if the condition holds, else to the next instruction. Ends the instruction. */
  abstract jumpIf(condition: Value): void;
  /** Checks a target for canonical form or the code-segment limit; faults with #GP(0). Before any write. */
  abstract checkTarget(target: Value): void;
  /** To a computed RIP (i64, already truncated to the operand size and checked). Ends the instruction. */
  abstract jumpIndirect(target: Value): void;
  /**
   * To a RIP (i64) that needs no check, with what the engine keeps of the processor's mode brought up to date. Ends the
   * instruction.
   */
  abstract transfer(target: Value, change?: ModeChange): void;
  /** Whether execution may stop right behind this instruction, for want of time (i32). */
  abstract mayStopNext(): Value;
  /** If the condition holds, the instruction is not allowed as it is: the operation of its name in `REFUSALS` goes on. */
  abstract refuseIf(condition: Value): void;
  /** Raises a fault if the condition holds. */
  abstract faultIf(condition: Value, vector: number): void;
  /** Runs `body`; wherever a fault leaves it, `undo` runs first. */
  abstract undoOnFault(undo: () => void, body: () => void): void;
  /**
   * Runs iterations of a string instruction; see `string.ts`.
   *
   * @param together what iterations upwards in memory come to, where an engine may do many of them at once
   */
  abstract repeatString(body: () => StringStep, together?: StringBlock): void;
}

/** What an instruction that ends with `transfer` changes of the processor. */
export interface ModeChange {
  /** The new privilege level. */
  readonly cpl?: 0 | 3;
  /** Whether code size, segments or RFLAGS.AC may have changed, or the privilege with SMAP enabled (i32). */
  readonly changesMode?: Value;
  /** Whether an event may have become deliverable, or RFLAGS.TF is set (i32). */
  readonly isAttended?: Value;
}

/** Many elements at once: copied from [RSI] to [RDI], or RAX stored to [RDI]. Nothing but the registers changes beside. */
export type StringBlock = 'copy' | 'fill';

/** What one iteration of a repeated string instruction reports. */
export interface StringStep {
  /** Stop after this iteration although the count is not exhausted (REPE, REPNE); absent for MOVS, STOS, LODS. */
  readonly stop?: Value;
  /**
   * What is done once, behind the last iteration. Whoever leaves a repetition in the middle does without: recorded
   * processors show the flags from before the instruction then.
   */
  readonly finish?: () => void;
}

/** The meaning of an instruction. */
export type SemanticsFn = (s: Semantics) => void;
