import { TLB_SUPERVISOR_READ, TLB_TABLE_SIZE_BYTES, TLB_USER_READ } from '@longmode/mmu';
import type { CodeBuilder } from '@longmode/wasm-encoder';
import type { LocalPool, Value, ValueType, Width } from '../semantics/language.ts';
import {
  type Alignment,
  type ModeChange,
  type SegmentChoice,
  Semantics,
  type StringBlock,
  type StringStep,
} from '../semantics/stage.ts';
import { STATUS_SUMMARY } from '../semantics/x87/x87-unit.ts';
import { CR0_EM, CR0_TS } from '../state/control-registers.ts';
import { VECTOR_GP } from '../state/exceptions.ts';
import {
  ASSIST_COMPUTE,
  ASSIST_MISALIGNED,
  ASSIST_REASON,
  ASSIST_SOURCE,
  ASSIST_UNAVAILABLE,
  CANONICAL_SHIFT,
  CPL,
  CR0,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  FPU_STATUS,
  JUMP_TAG,
  JUMP_TAG_USER,
  REPEAT_UNFINISHED,
  SEGMENT_BASE,
  SEGMENT_HIGH,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  SSE_UNAVAILABLE,
  SYSTEM_FLAGS,
  TLB_READ,
} from '../state/layout.ts';
import { type CoreFunctions, STATUS_BRANCH, STATUS_EXIT, STATUS_MODE_CHANGED } from './interpreter/core-functions.ts';
import type { Shape } from './interpreter/shape.ts';
import { CPU_BASE, TLB_BASE } from './memory-plan.ts';
import { emitStringBlock } from './string-block.ts';
import { ACCESS_INFO_WRITE, emitTlbProbe, type TlbProbe } from './tlb-probe.ts';

const widthOfType = (type: ValueType): Width => (type === 'v128' ? 128 : type === 'i64' ? 64 : 32);

/** log2 of the bytes of a guest value. */
export const log2Size = (width: Width): number => Math.log2(width / 8);

/** An access to memory: its linear address (i64) is fixed. */
export interface MemoryReference {
  readonly segment: SegmentChoice;
  readonly linear: Value;
  readonly width: Width;
}

/**
 * What both engines' stagings have in common: memory with its inline TLB probe, segmentation, faults, the flags that live in
 * the state, and the loop of repeated string instructions.
 */
export abstract class EngineStage extends Semantics {
  readonly width: Width;
  readonly addressWidth: 16 | 32 | 64;
  readonly stackWidth: 16 | 32 | 64;
  readonly is64BitMode: boolean;
  readonly conditionCode: number;
  readonly repeat: 0 | 0xf2 | 0xf3;
  readonly shape: Shape;
  protected readonly core: CoreFunctions;
  /** Address 0: the state lies at constant offsets. */
  protected readonly base: Value;
  #undo: (() => void) | undefined;

  constructor(
    place: { readonly code: CodeBuilder; readonly locals: LocalPool },
    handler: { readonly shape: Shape; readonly core: CoreFunctions },
  ) {
    super(place.code, place.locals);
    const { shape } = handler;
    this.shape = shape;
    this.core = handler.core;
    this.base = this.i32(0);
    this.width = shape.width;
    this.addressWidth = shape.addressWidth;
    this.stackWidth = shape.stackWidth;
    this.is64BitMode = shape.is64BitMode;
    this.conditionCode = shape.conditionCode;
    this.repeat = shape.repeat;
  }

  // ---- what an engine adds ----------------------------------------------------------------------------------------

  /** Address of the read TLB table in use (i32). */
  protected abstract tlbTable(): Value;
  /** Number of the memory operand's segment (i32). */
  protected abstract operandSegment(): Value;
  /** Ends the instruction with the exception that the state holds. */
  protected abstract leaveByFault(): void;
  /** Ends the instruction: execution goes on at a RIP (i64), by way of a `STATUS_*` (i32). */
  protected abstract leaveBy(target: Value, status: Value): void;
  /** Host address (i32, fixed) for a read; leaves if there is none. */
  protected abstract hostForRead(access: MemoryReference): Value;
  /** Host address (i32, fixed) for a read-modify-write, to be followed by `commit`; leaves if there is none. */
  protected abstract hostForUpdate(access: MemoryReference): Value;
  protected abstract commit(host: Value): void;
  /** Ends the instruction by its operation in TypeScript. */
  protected abstract leaveToTypeScript(): void;
  /** Stores a fixed value, or leaves. */
  protected abstract storeAt(access: MemoryReference, value: Value): void;
  /** Further iterations of a repeated instruction that there is time for (i32, signed). */
  abstract timeForIterations(): Value;
  /** Takes the time of further iterations. */
  abstract takeTimeFor(iterations: Value): void;
  /** Leaves a repeated instruction between two iterations, to run on at another time. */
  protected abstract leaveUnfinished(): void;

  // ---- memory -----------------------------------------------------------------------------------------------------

  load(segment: SegmentChoice, offset: Value, width: Width, alignment: Alignment = 'unaligned'): Value {
    const linear = this.#linear(segment, offset, width, 0, alignment);
    return this.loadFrom(this.hostForRead({ segment, linear, width }), 0, width);
  }

  store(segment: SegmentChoice, offset: Value, width: Width, value: Value, alignment: Alignment = 'unaligned'): void {
    const fixed = this.let(value);
    const linear = this.#linear(segment, offset, width, ACCESS_INFO_WRITE, alignment);
    this.storeAt({ segment, linear, width }, fixed);
  }

  openMemory(
    segment: SegmentChoice,
    offset: Value,
    width: Width,
    alignment: Alignment = 'unaligned',
  ): { read(): Value; write(value: Value): void } {
    const linear = this.#linear(segment, offset, width, ACCESS_INFO_WRITE, alignment);
    const host = this.hostForUpdate({ segment, linear, width });
    return {
      read: () => this.loadFrom(host, 0, width),
      write: (value) => {
        this.storeTo(host, 0, width, value);
        this.commit(host);
      },
    };
  }

  /** Finds an access's host address without more than asking the TLB. */
  probe({ linear, width }: MemoryReference, write: boolean): TlbProbe {
    return emitTlbProbe(this, this.tlbTable(), linear, width, write);
  }

  #requireAligned(linear: Value, width: Width, alignment: Alignment): void {
    if (alignment !== 'aligned') return;
    const low = this.and(this.wrap(linear), this.i32(width / 8 - 1));
    this.choose(low, () => this.#assist(ASSIST_MISALIGNED));
  }

  /** Linear address (i64) of an offset within a segment, after the checks that the mode asks for. */
  #linear(
    segment: SegmentChoice,
    offset: Value,
    width: Width,
    flags: number,
    alignment: Alignment = 'unaligned',
  ): Value {
    const segmentation =
      segment === 'operand' ? (this.shape.addressing?.segmentation ?? 'none') : this.shape.implicitSegmentation;
    const wide = this.zeroExtend64(offset);
    if (segmentation === 'none') {
      const linear = this.let(wide);
      this.#requireAligned(linear, width, alignment);
      return linear;
    }
    const index = segment === 'operand' ? this.let(this.operandSegment()) : this.i32(segment);
    if (segmentation === 'base' || alignment === 'aligned') {
      const at = this.shl(index, this.i32(Math.log2(SEGMENT_SIZE_BYTES)));
      const linear = this.let(this.add(wide, this.loadFrom(at, CPU_BASE + SEGMENTS + SEGMENT_BASE, 64, 3)));
      // Alignment comes before the segment's limit.
      this.#requireAligned(linear, width, alignment);
      if (segmentation === 'base') return linear;
    }
    const info = this.i32((width / 8) | flags);
    const linear = this.callFor(this.core.segment, 'i64', wide, info, index);
    this.choose(this.eq(linear, this.i64(-1)), () => this.fault());
    return linear;
  }

  // ---- what is left to TypeScript, and the rest of the state --------------------------------------------------------

  readField(field: number, width: Width): Value {
    return this.loadFrom(this.base, CPU_BASE + field, width, log2Size(width));
  }
  writeField(field: number, width: Width, value: Value): void {
    this.storeTo(this.base, CPU_BASE + field, width, value, log2Size(width));
  }
  requireSse(): void {
    this.choose(this.readField(SSE_UNAVAILABLE, 32), () => this.#assist(ASSIST_UNAVAILABLE));
  }
  requireMmx(): void {
    const withheld = this.and(this.readField(CR0, 32), this.i32(CR0_EM | CR0_TS));
    const pending = this.and(this.readField(FPU_STATUS, 32), this.i32(STATUS_SUMMARY));
    this.choose(this.or(withheld, pending), () => this.#assist(ASSIST_UNAVAILABLE));
  }
  assistIf(condition: Value, source?: Value): void {
    this.choose(condition, () => this.#assist(ASSIST_COMPUTE, source));
  }
  #assist(reason: number, source?: Value): void {
    this.describeAssist(reason, source);
    this.leaveToTypeScript();
  }
  /** Tells the twin in TypeScript why it is called, and with what source operand. */
  protected describeAssist(reason: number, source: Value | undefined): void {
    this.writeField(ASSIST_REASON, 32, this.i32(reason));
    if (source) this.storeTo(this.base, CPU_BASE + ASSIST_SOURCE, widthOfType(source.type), source, 0);
  }

  // ---- flags in the state -----------------------------------------------------------------------------------------

  readSystemFlag(mask: number): Value {
    return this.let(this.and(this.loadFrom(this.base, CPU_BASE + SYSTEM_FLAGS, 32, 2), this.i32(mask)));
  }
  writeSystemFlag(mask: number, isSet: boolean): void {
    const flags = this.loadFrom(this.base, CPU_BASE + SYSTEM_FLAGS, 32, 2);
    const next = isSet ? this.or(flags, this.i32(mask)) : this.and(flags, this.i32(~mask));
    this.storeTo(this.base, CPU_BASE + SYSTEM_FLAGS, 32, next, 2);
  }

  // ---- faults and control flow ------------------------------------------------------------------------------------

  checkTarget(target: Value): void {
    if (this.is64BitMode) {
      const shift = this.loadFrom(this.base, CPU_BASE + CANONICAL_SHIFT, 32, 2);
      this.faultIf(this.ne(this.shrS(this.shl(target, shift), shift), target), VECTOR_GP);
      return;
    }
    const high = this.loadFrom(this.base, CPU_BASE + SEGMENTS + SEGMENT_SIZE_BYTES + SEGMENT_HIGH, 32, 2);
    this.faultIf(this.gtU(this.wrap(target), high), VECTOR_GP);
  }
  transfer(target: Value, { cpl, changesMode, isAttended }: ModeChange = {}): void {
    if (cpl !== undefined) this.#enterPrivilegeLevel(cpl);
    let status: Value = this.i32(STATUS_BRANCH);
    if (isAttended) status = this.select(isAttended, this.i32(STATUS_EXIT), status);
    if (changesMode) status = this.or(status, this.select(changesMode, this.i32(STATUS_MODE_CHANGED), this.i32(0)));
    this.leaveBy(target, this.let(status));
  }
  /** What depends on the privilege level alone; see `Cpu.#modeChanged` and `CodeCache.updateJumpTag`. */
  #enterPrivilegeLevel(cpl: 0 | 3): void {
    const table = cpl === 3 ? TLB_USER_READ : TLB_SUPERVISOR_READ;
    this.writeField(CPL, 32, this.i32(cpl));
    this.writeField(TLB_READ, 32, this.i32(TLB_BASE + table * TLB_TABLE_SIZE_BYTES));
    const tag = this.and(this.readField(JUMP_TAG, 32), this.i32(~JUMP_TAG_USER));
    this.writeField(JUMP_TAG, 32, this.or(tag, this.i32(cpl === 3 ? JUMP_TAG_USER : 0)));
  }

  refuseIf(condition: Value): void {
    this.choose(condition, () => this.leaveToTypeScript());
  }
  faultIf(condition: Value, vector: number): void {
    this.choose(condition, () => {
      this.storeTo(this.base, CPU_BASE + FAULT_VECTOR, 32, this.i32(vector), 2);
      this.storeTo(this.base, CPU_BASE + FAULT_ERROR_CODE, 32, this.i32(vector === VECTOR_GP ? 0 : -1), 2);
      this.fault();
    });
  }
  undoOnFault(undo: () => void, body: () => void): void {
    this.#undo = undo;
    body();
    this.#undo = undefined;
  }
  /** Takes back what `undoOnFault` says, before the instruction is left. */
  protected undo(): void {
    this.#undo?.();
  }
  protected fault(): void {
    this.undo();
    this.leaveByFault();
  }

  /**
   * Iterations count as instructions: the first is the instruction itself, each further one takes from the budget; when
   * that is used up, the instruction stays unfinished at its own RIP.
   */
  repeatString(body: () => StringStep, together?: StringBlock): void {
    if (this.repeat === 0) {
      body().finish?.();
      return;
    }
    const width = this.addressWidth;
    const counter = 1;
    this.if(this.isNonZero(this.readGpr(counter, width)), () => {
      const done = this.code.block();
      const again = this.code.loop();
      if (together) emitStringBlock(this, together);
      const { stop, finish } = body();
      const left = this.readGpr(counter, width);
      const next = this.let(this.truncate(this.sub(left, this.like(left, 1)), width));
      this.writeGpr(counter, width, next);
      if (stop) {
        this.push(stop);
        this.code.brIf(done);
      }
      this.push(this.eqz(next));
      this.code.brIf(done);
      this.choose(this.leS(this.timeForIterations(), this.i32(0)), () => {
        this.writeField(REPEAT_UNFINISHED, 32, this.i32(1));
        this.leaveUnfinished();
      });
      this.takeTimeFor(this.i32(1));
      this.code.br(again);
      this.code.end();
      this.code.end();
      finish?.();
    });
  }

  /** A conditional of the engine's own, in which nothing that the engine tracks at compile time changes. */
  choose(condition: Value, then: () => void, otherwise?: () => void): void {
    super.if(condition, then, otherwise);
  }
}
