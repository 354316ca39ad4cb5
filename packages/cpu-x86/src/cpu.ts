import { createPagingRegisters, type PagingRegisters } from '@longmode/mmu';
import { type Instruction, SS } from './decode/instruction.ts';
import { guardImports } from './engine/check/replay.ts';
import { type CheckStatistics, UnitChecker } from './engine/check/unit-checker.ts';
import { CodeCache } from './engine/code-cache.ts';
import { GuestMemory, type RegionKind } from './engine/guest-memory.ts';
import type { Undecodable } from './engine/interpreter/block-writer.ts';
import type { CoreImports } from './engine/interpreter/core-module.ts';
import { HandlerRegistry } from './engine/interpreter/handler-registry.ts';
import { interpreterModules } from './engine/interpreter/modules.ts';
import { memoryOperand, type Shape } from './engine/interpreter/shape.ts';
import { JIT_OPTIONS, type JitStatistics } from './engine/jit/jit.ts';
import type { UnitProfile } from './engine/jit/profile.ts';
import { MemoryAccess } from './engine/memory-access.ts';
import { CPU_BASE, EMPTY_TLB, EMPTY_TLB_SIZE_BYTES, WASM_PAGE_SIZE_BYTES } from './engine/memory-plan.ts';
import { type CpuOptions, OPEN_MEMORY, OPEN_PORTS, type StopReason } from './engine/options.ts';
import { PendingEvents } from './engine/pending-events.ts';
import { SliceLoop } from './engine/slice-loop.ts';
import { EngineSystemCpu } from './engine/system-cpu.ts';
import { ENCODINGS } from './opcodes/opcodes.ts';
import type { Row } from './opcodes/row.ts';
import { EMITTED_SEMANTICS } from './semantics/index.ts';
import { SIMD_OPERATIONS } from './semantics/simd/index.ts';
import {
  NO_ERROR_CODE,
  OUTCOME_BRANCH,
  OUTCOME_EXIT,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemOperation,
} from './semantics/system/context.ts';
import { type CpuModel, DEFAULT_CPU_MODEL } from './semantics/system/cpu-model.ts';
import { ExceptionLog } from './semantics/system/exception-log.ts';
import { REFUSALS, SYSTEM_SEMANTICS } from './semantics/system/index.ts';
import { NOT_IN_MODEL } from './semantics/system/processor-control.ts';
import { hasInstruction } from './semantics/system/required-feature.ts';
import { loadState, saveState } from './state/architectural-state.ts';
import { CpuState } from './state/cpu-state.ts';
import { updateMode, updatePaging, updateSegmentRights } from './state/derived.ts';
import { VECTOR_UD } from './state/exceptions.ts';
import {
  CANONICAL_SHIFT,
  ENTROPY,
  INTERRUPT_REQUEST,
  INTERRUPT_SHADOW,
  PDPTES,
  RECORD,
  SYSTEM_FLAGS,
  TSC_OFFSET,
} from './state/layout.ts';
import { resetState } from './state/reset.ts';
import { FLAG_RF } from './state/rflags.ts';
import { type CpuSnapshot, checkSnapshot } from './state/snapshot.ts';

export type { CpuOptions, Engine, StopReason } from './engine/options.ts';

/** For every system instruction that executes: a map finds its operation sooner than an object of that size. */
const SYSTEM_OPERATIONS: ReadonlyMap<string, SystemOperation> = new Map([
  ...Object.entries({ ...SYSTEM_SEMANTICS, ...REFUSALS }),
  ...SIMD_OPERATIONS,
]);

/**
 * One x86-64 processor with its memory. Deterministic: the same state and the same inputs at the same instruction counts
 * give the same run. Guest behaviour never throws.
 */
export class Cpu {
  readonly name = 'cpu';
  readonly state: CpuState;
  readonly memory: GuestMemory;
  readonly exceptionLog: ExceptionLog;
  readonly model: CpuModel;
  readonly #options: CpuOptions;
  /** Instructions that the model does not have. The default has all. */
  readonly #withheld: ReadonlySet<Row> = new Set();
  readonly #paging: PagingRegisters;
  readonly #access: MemoryAccess;
  readonly #cache: CodeCache;
  readonly #context: EngineSystemCpu;
  readonly #registry: HandlerRegistry;
  readonly #checker: UnitChecker | undefined;
  readonly #events: PendingEvents;
  readonly #loop: SliceLoop;
  /** Ticks of the time-stamp counter since reset that no instruction took. */
  #idleTicks = 0;

  constructor(options: CpuOptions) {
    this.#options = options;
    this.model = options.model ?? DEFAULT_CPU_MODEL;
    if (this.model !== DEFAULT_CPU_MODEL) {
      this.#withheld = new Set(ENCODINGS.filter((row) => !hasInstruction(this.model, row)));
    }
    this.memory = new GuestMemory({
      ramSizeBytes: options.ramSizeBytes,
      deviceMemorySizeBytes: options.deviceMemorySizeBytes ?? 0,
      io: options.memoryIo ?? OPEN_MEMORY,
    });
    const { wasm } = this.memory;
    this.state = new CpuState(wasm.buffer, CPU_BASE);
    this.exceptionLog = new ExceptionLog();
    const pdptes = new Uint32Array(wasm.buffer, CPU_BASE + PDPTES, 8);
    this.#paging = createPagingRegisters({ pdptes });
    this.#access = new MemoryAccess({ memory: this.memory, state: this.state, paging: this.#paging });
    new Uint8Array(wasm.buffer, EMPTY_TLB, EMPTY_TLB_SIZE_BYTES).fill(0xff);
    const modules = interpreterModules(wasm.buffer.byteLength / WASM_PAGE_SIZE_BYTES);
    const host: CoreImports = {
      translateRead: (low, high, info) => {
        const host = this.#access.translateRead(low, high, info);
        if (this.#loop.attention) this.#loop.cutSlice();
        return host;
      },
      translateWrite: (low, high, info) => {
        const host = this.#access.translateWrite(low, high, info);
        this.#loop.stopIfOverwritten();
        if (this.#loop.attention) this.#loop.cutSlice();
        return host;
      },
      translateOpen: (low, high, info) => {
        const host = this.#access.translateOpen(low, high, info);
        if (this.#loop.attention) this.#loop.cutSlice();
        return host;
      },
      commit: () => {
        this.#access.commit();
        this.#loop.stopIfOverwritten();
        if (this.#loop.attention) this.#loop.cutSlice();
      },
      system: (record) => this.#system(record),
      lookup: () => this.#loop.lookup(),
      modeChanged: () => this.#modeChanged(),
      hot: (head) => {
        this.#cache.jit?.compile(head, this.#loop.retiredBeforeBlock);
      },
    };
    const isChecking = options.engine === 'check';
    const imports = isChecking ? guardImports(host, () => this.#checker?.activeReplay) : host;
    const instance = new WebAssembly.Instance(modules.core, { host: { ...imports, memory: wasm } });
    this.state.evaluateFlags = instance.exports.flags as () => number;
    this.#registry = new HandlerRegistry({
      memory: wasm,
      coreExports: instance.exports,
      inlineKeys: modules.inlineKeys,
      ...(modules.prebuilt === undefined ? {} : { prebuilt: modules.prebuilt }),
      ...(isChecking ? { intercept: (head, unit) => (this.#checker as UnitChecker).check(head, unit) } : {}),
    });
    this.#cache = new CodeCache({
      memory: this.memory,
      state: this.state,
      access: this.#access,
      registry: this.#registry,
      isEmitted: ({ encoding }) => encoding.semantics in EMITTED_SEMANTICS && !this.#withheld.has(encoding),
      ...(options.engine === 'jit' || isChecking ? { jit: { ...JIT_OPTIONS, ...options.jit } } : {}),
    });
    this.#access.isStackOperand = () => {
      const instruction = this.#cache.instructionOf(this.state.field(RECORD));
      return 'operands' in instruction && memoryOperand(instruction)?.segment === SS;
    };
    this.#context = new EngineSystemCpu({
      state: this.state,
      guestMemory: this.memory,
      model: this.model,
      exceptionLog: this.exceptionLog,
      instructionCount: () => this.instructionCount,
      timeStampCounter: () => this.timeStampCounter,
      access: this.#access,
      ports: this.#access.breakpoints.watchPorts(options.ports ?? OPEN_PORTS),
      localApic: options.localApic,
      coprocessorError: options.coprocessorError,
      pagingChanged: (keepGlobal) => this.#pagingChanged(keepGlobal),
      invalidatePage: (low, high) => {
        this.#access.invalidatePage(low, high);
        this.#cache.flushTranslations();
      },
      modeChanged: () => this.#modeChanged(),
      debugRegistersChanged: () => this.#debugRegistersChanged(),
      requestAttention: () => {
        this.#loop.attention = true;
      },
    });
    this.#events = new PendingEvents({
      state: this.state,
      cache: this.#cache,
      context: this.#context,
      exceptionLog: this.exceptionLog,
      interrupts: options.interrupts,
      coprocessorError: options.coprocessorError,
      count: () => {
        this.#loop.retired += 1;
      },
    });
    const run = instance.exports.run as (record: number, budget: number) => number;
    this.#loop = new SliceLoop({
      state: this.state,
      cache: this.#cache,
      access: this.#access,
      events: this.#events,
      run,
    });
    this.#access.breakpoints.onHit = () => {
      this.#loop.attention = true;
    };
    if (isChecking) this.#checker = this.#createChecker(run);
    this.reset();
  }

  #createChecker(run: (record: number, budget: number) => number): UnitChecker {
    const { state, memory } = this;
    return new UnitChecker({
      state,
      memory,
      access: this.#access,
      cache: this.#cache,
      registry: this.#registry,
      run,
      retired: () => this.#loop.retiredBeforeBlock,
      endSlice: (retired) => {
        this.#loop.begin(retired);
        this.#cache.passStop();
      },
    });
  }

  /** Power-on state: real mode, CS:IP F000:FFF0 with base FFFF0000. Memory keeps its contents. */
  reset(): void {
    resetState(this.state, this.model);
    this.state.setWideField(ENTROPY, BigInt.asUintN(64, this.#options.entropySeed ?? 0n));
    this.#events.reset();
    this.#loop.begin(0);
    this.#idleTicks = 0;
    this.exceptionLog.clear();
    this.synchronize();
  }

  /** Derived state is made anew after the state, or memory behind the CPU's back, was written from outside. */
  synchronize(): void {
    this.#debugRegistersChanged();
    updateSegmentRights(this.state);
    this.#pagingChanged(false);
    this.#modeChanged();
    this.#cache.flush();
  }

  /** Shapes of instructions whose handlers this CPU made on demand, for the build. */
  get shapesMade(): readonly Shape[] {
    return this.#registry.made;
  }

  /** What ran in compiled code since the CPU was made, by unit, if `jit.isProfiling` asked for it. */
  get jitProfile(): readonly UnitProfile[] | undefined {
    return this.#cache.jit?.profile;
  }
  /** How much was compared, where the engine is `check`. */
  get checkStatistics(): CheckStatistics | undefined {
    return this.#checker?.statistics;
  }
  /** Counters of the compiler, where the engine has one. */
  get jitStatistics(): JitStatistics | undefined {
    return this.#cache.jit?.statistics;
  }

  /** Instructions retired since reset; exact whenever a port or memory access is served. */
  get instructionCount(): number {
    return this.#loop.instructionCount;
  }

  /** The interrupt request pin (INTR). */
  setInterruptLine(level: boolean): void {
    this.state.setField(INTERRUPT_REQUEST, level ? 1 : 0);
    if (level) this.#loop.attention = true;
  }
  /** An edge on the non-maskable interrupt pin. */
  raiseNmi(): void {
    this.#events.isNmiPending = true;
    this.#loop.attention = true;
  }
  /** The A20 gate. */
  set isA20Enabled(enabled: boolean) {
    if (enabled === this.memory.isA20Enabled) return;
    this.memory.isA20Enabled = enabled;
    this.#access.flush();
    this.#cache.flushTranslations();
    this.#loop.attention = true;
  }
  /**
   * Shows `memory.deviceMemory` from a physical address on, or nowhere: a frame buffer behind a base address register.
   * Guest code then works on it as on RAM. Not part of the state: the device that is moved about remembers where it is.
   *
   * @param start a multiple of 4096 at or above the RAM's size; RAM wins where they overlap
   */
  mapDeviceMemory(start: number | null): void {
    this.memory.mapDeviceMemory(start);
    this.#access.flush();
    this.#cache.flushTranslations();
    this.#loop.attention = true;
  }
  /** Declares what a range below the RAM's size is, also while guest code runs. Arguments as of `memory.setRegion`. */
  setMemoryRegion(start: number, end: number, kind: RegionKind): void {
    this.memory.setRegion(start, end, kind);
    this.#access.flush();
    this.#cache.flushTranslations();
    this.#loop.attention = true;
  }
  /** Makes `run` return after the instruction that executes. */
  requestStop(): void {
    this.#loop.isStopRequested = true;
    this.#loop.attention = true;
  }

  /**
   * Runs until `limit` more instructions have retired or something stops the processor. Events that are pending are
   * delivered at the first instruction boundary that allows them; a delivery counts as one instruction, so that guests
   * which only fault make time pass too.
   *
   * @throws {EngineDivergenceError} with the engine `check`, where compiled code is wrong
   */
  run(limit: number): StopReason {
    return this.#loop.run(limit);
  }

  /** Runs the system operation of a record, called by generated code. */
  #system(record: number): number {
    const { state } = this;
    const item: Instruction | Undecodable = this.#cache.instructionOf(record);
    if ('vector' in item) {
      this.#access.recordFault(item.vector, item.vector === VECTOR_UD ? NO_ERROR_CODE : 0);
      return OUTCOME_FAULT;
    }
    this.#context.begin(this.#cache.offsetOf(record), this.#cache.lengthOf(record));
    // What an earlier instruction of the slice left of RF, which software interrupts would push.
    state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~FLAG_RF);
    const operation = this.#withheld.has(item.encoding)
      ? NOT_IN_MODEL
      : (SYSTEM_OPERATIONS.get(item.encoding.semantics) as SystemOperation);
    const outcome: Outcome = operation(this.#context, item);
    if ((state.field(SYSTEM_FLAGS) & FLAG_RF) !== 0) this.#loop.noteResumeFlag();
    // An IRET ends the blocking of NMIs, whether or not it returns from their handler, and even if it faults.
    if (this.#events.isNmiBlocked && item.encoding.semantics === 'IRET') {
      this.#events.isNmiBlocked = false;
      this.#loop.attention = true;
    }
    if (outcome === OUTCOME_NEXT && (this.#loop.attention || state.field(INTERRUPT_SHADOW) !== 0)) {
      state.rip = this.#context.nextRip;
      return OUTCOME_EXIT;
    }
    return outcome === OUTCOME_BRANCH && (this.#loop.attention || state.field(INTERRUPT_SHADOW) !== 0)
      ? OUTCOME_EXIT
      : outcome;
  }

  #pagingChanged(keepGlobal: boolean): void {
    updatePaging(this.state, this.#paging);
    this.#access.linearAddressBits = 64 - this.state.field(CANONICAL_SHIFT);
    if (keepGlobal) this.#access.flushNonGlobal();
    else this.#access.flush();
    this.#cache.flushTranslations();
  }

  #debugRegistersChanged(): void {
    if (this.#access.breakpoints.update()) this.#access.flush();
    this.#loop.attention = true;
  }

  #modeChanged(): void {
    updateMode(this.state);
    this.#access.followMode();
    this.#cache.updateJumpTag();
  }

  /** Lets time pass for the time-stamp counter while the processor halts. @param ticks an integer, not negative */
  passIdleTime(ticks: number): void {
    this.#idleTicks += ticks;
  }

  /** The time-stamp counter: it goes on at one rate, whether instructions execute or not. */
  get timeStampCounter(): bigint {
    const ticks = this.instructionCount * (this.#options.ticksPerInstruction ?? 1) + this.#idleTicks;
    return BigInt.asUintN(64, BigInt(ticks) + this.state.wideField(TSC_OFFSET));
  }

  /** A copy of the architectural state; RAM is separate, and translations and decoded code are made anew. */
  snapshot(): CpuSnapshot {
    return {
      state: saveState(this.state),
      retired: this.#loop.retired,
      idleTicks: this.#idleTicks,
      nmiPending: this.#events.isNmiPending,
      isNmiBlocked: this.#events.isNmiBlocked,
      heldBreakpoints: this.#events.heldHits,
    };
  }

  /** @throws {CpuStateError} for what is no snapshot, with the processor as it was */
  restore(snapshot: unknown): void {
    checkSnapshot(snapshot);
    loadState(this.state, snapshot.state);
    this.#loop.begin(snapshot.retired);
    this.#idleTicks = snapshot.idleTicks;
    this.#events.isNmiPending = snapshot.nmiPending;
    this.#events.isNmiBlocked = snapshot.isNmiBlocked;
    this.#events.heldHits = snapshot.heldBreakpoints;
    this.synchronize();
  }
}
