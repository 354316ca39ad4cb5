import {
  createPagingRegisters,
  type PagingRegisters,
  TLB_SUPERVISOR_READ,
  TLB_TABLE_SIZE_BYTES,
  TLB_USER_READ,
} from '@longmode/mmu';
import { type Instruction, SS } from './decode/instruction.ts';
import { guardImports } from './engine/check/replay.ts';
import { type CheckStatistics, UnitChecker } from './engine/check/unit-checker.ts';
import { CodeCache, type Undecodable } from './engine/code-cache.ts';
import { GuestMemory, type RegionKind } from './engine/guest-memory.ts';
import type { CoreImports } from './engine/interpreter/core-module.ts';
import { HandlerRegistry } from './engine/interpreter/handler-registry.ts';
import { interpreterModules } from './engine/interpreter/modules.ts';
import { BLOCK_LENGTH_MAX } from './engine/interpreter/record.ts';
import { RUN_FAULT, RUN_LOOKUP, RUN_OUTSIDE } from './engine/interpreter/run-function.ts';
import { memoryOperand, type Shape } from './engine/interpreter/shape.ts';
import { JIT_OPTIONS, type JitOptions, type JitStatistics } from './engine/jit/jit.ts';
import type { UnitProfile } from './engine/jit/profile.ts';
import { MemoryAccess } from './engine/memory-access.ts';
import { CPU_BASE, EMPTY_TLB, EMPTY_TLB_SIZE_BYTES, TLB_BASE, WASM_PAGE_SIZE_BYTES } from './engine/memory-plan.ts';
import { takeBackBranch } from './engine/relative-branch.ts';
import { EngineSystemCpu } from './engine/system-cpu.ts';
import type { InterruptSource, LocalApic, MemoryIo, PortIo } from './host.ts';
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
import { deliverEvent, explainOperandFault, REFUSALS, SYSTEM_SEMANTICS } from './semantics/system/index.ts';
import { NOT_IN_MODEL } from './semantics/system/processor-control.ts';
import { checksAlignment } from './semantics/system/processor-mode.ts';
import { hasInstruction } from './semantics/system/required-feature.ts';
import { hasVirtualInterrupts } from './semantics/system/virtual-interrupt.ts';
import { loadState, saveState } from './state/architectural-state.ts';
import { CR0_NE } from './state/control-registers.ts';
import { CpuState } from './state/cpu-state.ts';
import { updateMode, updatePaging } from './state/derived.ts';
import { VECTOR_DB, VECTOR_GP, VECTOR_MF, VECTOR_NMI, VECTOR_SS, VECTOR_UD } from './state/exceptions.ts';
import {
  ACTIVITY,
  ACTIVITY_ACTIVE,
  ACTIVITY_HALTED,
  ACTIVITY_SHUTDOWN,
  BUDGET,
  CANONICAL_SHIFT,
  CR0,
  DR,
  ENTROPY,
  FAULT_ERROR_CODE,
  FAULT_VECTOR,
  INTERRUPT_REQUEST,
  INTERRUPT_SHADOW,
  MONITOR,
  MONITOR_NONE,
  MONITOR_WAITING,
  NO_FAULT,
  PDPTES,
  RECORD,
  RIP,
  RIP_BASE,
  STEP_PENDING,
  SYSTEM_FLAGS,
  TLB_READ,
  TSC_OFFSET,
} from './state/layout.ts';
import { resetState } from './state/reset.ts';
import { FLAG_AC, FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VIF, FLAG_VIP, FLAG_VM } from './state/rflags.ts';
import { type CpuSnapshot, checkSnapshot } from './state/snapshot.ts';

/** Why `run` returned. */
export type StopReason =
  /** The limit is reached. */
  | 'limit'
  /** HLT, and nothing deliverable is pending. */
  | 'halted'
  /** Triple fault. */
  | 'shutdown'
  /** `requestStop` was called. */
  | 'stopped';

/**
 * What runs the code: the interpreter alone, or also compiled code for what runs often. The results are the same. `check`
 * compares them: whatever compiled code does, the interpreter does again, and `run` throws where they differ.
 */
export type Engine = 'interpreter' | 'jit' | 'check';

/** What a CPU is made of. */
export interface CpuOptions {
  /** Bytes of RAM from physical address 0: a multiple of 4096, at least 1 MiB. */
  readonly ramSizeBytes: number;
  /** Bytes of `memory.deviceMemory`, a multiple of 4096; none unless told. */
  readonly deviceMemorySizeBytes?: number;
  readonly ports?: PortIo;
  readonly memoryIo?: MemoryIo;
  readonly interrupts?: InterruptSource;
  /** Without one, CPUID offers none, and CR8 has no effect. */
  readonly localApic?: LocalApic;
  /**
   * FERR#: an instruction has found an x87 exception to report while CR0.NE is clear. It begins again until an interrupt's
   * handler has taken the exception away. Without this, such exceptions are #MF as with CR0.NE set.
   */
  readonly onCoprocessorError?: () => void;
  readonly model?: CpuModel;
  /** What runs the code; the results are the same. `interpreter` unless told. */
  readonly engine?: Engine;
  /** How eagerly the compiler works, and how much it may hold. */
  readonly jit?: Partial<JitOptions>;
  /** Where the random numbers of RDRAND and RDSEED begin, 64 bits; 0 unless told. The same seed gives the same numbers. */
  readonly entropySeed?: bigint;
  /** Ticks of the time-stamp counter for each instruction; 1 unless told. */
  readonly ticksPerInstruction?: number;
}

const OPEN_PORTS: PortIo = {
  readPort: (_, width) => (width === 32 ? 0xffffffff : (1 << width) - 1),
  writePort: () => {},
};
const OPEN_MEMORY: MemoryIo = {
  readMemory: (_, width) => (width === 32 ? 0xffffffff : (1 << width) - 1),
  writeMemory: () => {},
};
/**
 * Instructions handed to generated code at once at most. A WebAssembly engine replaces a function by its optimized form only
 * when it is called again, so generated code must come back now and then.
 */
const SLICE_MAX = 0x10_0000;

const DR6 = DR + 8 * 6;
/** In virtual-8086 mode with its extensions: the program takes interrupts, and the system holds one back. #GP(0) then. */
const VIRTUAL_INTERRUPT_DUE = FLAG_VM | FLAG_VIF | FLAG_VIP;
/** Single step. */
const DR6_BS = 0x4000;
/** B0 to B3. */
const DR6_BREAKPOINTS = 0xfn;

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
  readonly #run: (record: number, budget: number) => number;
  readonly #checker: UnitChecker | undefined;
  #nmiPending = false;
  #isNmiBlocked = false;
  /** Breakpoints on data that a load of SS has met, as bits of DR6, until the next instruction is done. */
  #heldHits = 0;
  #attention = false;
  #stopRequested = false;
  /** Instructions retired before the current slice. */
  #retired = 0;
  #sliceSize = 0;
  /** Instructions retired when RF was last set. */
  #resumeFlagSetAt = 0;
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
        if (this.#attention) this.#cutSlice();
        return host;
      },
      translateWrite: (low, high, info) => {
        const host = this.#access.translateWrite(low, high, info);
        this.#stopIfOverwritten();
        if (this.#attention) this.#cutSlice();
        return host;
      },
      translateOpen: (low, high, info) => {
        const host = this.#access.translateOpen(low, high, info);
        if (this.#attention) this.#cutSlice();
        return host;
      },
      commit: () => {
        this.#access.commit();
        this.#stopIfOverwritten();
        if (this.#attention) this.#cutSlice();
      },
      system: (record) => this.#system(record),
      lookup: () => this.#cache.lookup(),
      modeChanged: () => this.#modeChanged(),
      hot: (head) => {
        const retired = this.#retired + this.#sliceSize - (this.state.field(BUDGET) | 0);
        this.#cache.jit?.compile(head, retired);
      },
    };
    const isChecking = options.engine === 'check';
    const imports = isChecking ? guardImports(host, () => this.#checker?.activeReplay) : host;
    const instance = new WebAssembly.Instance(modules.core, { host: { ...imports, memory: wasm } });
    this.#run = instance.exports.run as (record: number, budget: number) => number;
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
      pagingChanged: (keepGlobal) => this.#pagingChanged(keepGlobal),
      invalidatePage: (low, high) => {
        this.#access.invalidatePage(low, high);
        this.#cache.flushTranslations();
      },
      modeChanged: () => this.#modeChanged(),
      debugRegistersChanged: () => this.#debugRegistersChanged(),
      requestAttention: () => {
        this.#attention = true;
      },
    });
    this.#access.breakpoints.onHit = () => {
      this.#attention = true;
    };
    if (isChecking) this.#checker = this.#createChecker();
    this.reset();
  }

  #createChecker(): UnitChecker {
    const { state, memory } = this;
    return new UnitChecker({
      state,
      memory,
      access: this.#access,
      cache: this.#cache,
      registry: this.#registry,
      run: this.#run,
      retired: () => this.#retired + this.#sliceSize - (state.field(BUDGET) | 0),
      endSlice: (retired) => {
        this.#retired = retired;
        this.#sliceSize = 0;
        this.#cache.passStop();
      },
    });
  }

  /** Power-on state: real mode, CS:IP F000:FFF0 with base FFFF0000. Memory keeps its contents. */
  reset(): void {
    resetState(this.state, this.model);
    this.state.setWideField(ENTROPY, BigInt.asUintN(64, this.#options.entropySeed ?? 0n));
    this.#nmiPending = false;
    this.#isNmiBlocked = false;
    this.#heldHits = 0;
    this.#retired = 0;
    this.#sliceSize = 0;
    this.#idleTicks = 0;
    this.exceptionLog.clear();
    this.synchronize();
  }

  /** Derived state is made anew after the state, or memory behind the CPU's back, was written from outside. */
  synchronize(): void {
    this.#debugRegistersChanged();
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
    if (this.#sliceSize === 0) return this.#retired;
    const done = this.#cache.countOf(this.state.field(RECORD)) - 1;
    return this.#retired + this.#sliceSize - (this.state.field(BUDGET) | 0) + done;
  }

  /** The interrupt request pin (INTR). */
  setInterruptLine(level: boolean): void {
    this.state.setField(INTERRUPT_REQUEST, level ? 1 : 0);
    if (level) this.#attention = true;
  }
  /** An edge on the non-maskable interrupt pin. */
  raiseNmi(): void {
    this.#nmiPending = true;
    this.#attention = true;
  }
  /** The A20 gate. */
  set isA20Enabled(enabled: boolean) {
    if (enabled === this.memory.isA20Enabled) return;
    this.memory.isA20Enabled = enabled;
    this.#access.flush();
    this.#cache.flushTranslations();
    this.#attention = true;
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
    this.#attention = true;
  }
  /** Declares what a range below the RAM's size is, also while guest code runs. Arguments as of `memory.setRegion`. */
  setMemoryRegion(start: number, end: number, kind: RegionKind): void {
    this.memory.setRegion(start, end, kind);
    this.#access.flush();
    this.#cache.flushTranslations();
    this.#attention = true;
  }
  /** Makes `run` return after the instruction that executes. */
  requestStop(): void {
    this.#stopRequested = true;
    this.#attention = true;
  }

  /**
   * Runs until `limit` more instructions have retired or something stops the processor. Events that are pending are
   * delivered at the first instruction boundary that allows them; a delivery counts as one instruction, so that guests
   * which only fault make time pass too.
   *
   * @throws {EngineDivergenceError} with the engine `check`, where compiled code is wrong
   */
  run(limit: number): StopReason {
    const { state } = this;
    const end = this.#retired + limit;
    for (;;) {
      if (state.field(ACTIVITY) === ACTIVITY_SHUTDOWN) return 'shutdown';
      if (this.#stopRequested) {
        this.#stopRequested = false;
        return 'stopped';
      }
      if (this.#retired >= end) return 'limit';
      this.#attention = false;
      const flags = state.field(SYSTEM_FLAGS);
      const isShadowed = state.field(INTERRUPT_SHADOW) !== 0;
      if (!isShadowed && this.#deliverPending((flags & FLAG_IF) !== 0)) continue;
      if (state.field(ACTIVITY) === ACTIVITY_HALTED && !this.#endsWait()) return 'halted';
      if ((flags & VIRTUAL_INTERRUPT_DUE) === VIRTUAL_INTERRUPT_DUE && hasVirtualInterrupts(state)) {
        this.#retired += 1;
        this.#access.recordFault(VECTOR_GP, 0);
        this.#deliverFault(state.rip);
        continue;
      }
      const { breakpoints } = this.#access;
      if (breakpoints.hasExecution && !isShadowed && (flags & FLAG_RF) === 0) {
        const met = breakpoints.atRip();
        if (met !== 0) {
          this.#retired += 1;
          this.#deliverDebug(met);
          continue;
        }
      }
      const remaining = Math.min(end - this.#retired, SLICE_MAX);
      const isStepping = isShadowed || (flags & (FLAG_TF | FLAG_RF)) !== 0 || breakpoints.hasExecution;
      this.#runSlice(isStepping ? 1 : remaining, (flags & FLAG_TF) !== 0);
    }
  }

  #runSlice(budget: number, isTracing: boolean): void {
    const { state } = this;
    state.setField(BUDGET, budget);
    state.setField(FAULT_VECTOR, NO_FAULT);
    state.setField(INTERRUPT_SHADOW, 0);
    state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~FLAG_RF);
    const record = budget < BLOCK_LENGTH_MAX ? this.#cache.lookupShort(budget) : this.#cache.lookup();
    if (record === 0) {
      this.#retired += 1;
      this.#deliverFault(state.rip);
      return;
    }
    const held = this.#releaseHeldHits(record);
    const traced = isTracing ? this.#cache.instructionOf(record) : undefined;
    const start = isTracing ? state.rip : 0n;
    this.#sliceSize = budget;
    const reason = this.#run(record, budget);
    const used = this.#sliceSize - (state.field(BUDGET) | 0);
    this.#sliceSize = 0;
    this.#cache.passStop();
    this.#endResumeFlag(this.#retired + used);
    // An instruction that faults meets no breakpoint on data.
    const hits = this.#access.breakpoints.takeHits();
    if (reason === RUN_FAULT) {
      this.#retired += used + this.#cache.countOf(state.field(RECORD));
      this.#deliverFault(this.#ripOfRecord);
      return;
    }
    this.#retired += used;
    if (reason === RUN_OUTSIDE) {
      takeBackBranch(state, this.#cache.instructionOf(state.field(RECORD)) as Instruction);
      this.#access.recordFault(VECTOR_GP, 0);
      this.#deliverFault(this.#ripOfRecord);
      return;
    }
    if (reason === RUN_LOOKUP) {
      this.#retired += 1;
      this.#deliverFault(state.rip);
      return;
    }
    const isTrapped = this.#takePendingStep() || (traced !== undefined && this.#trapsAfter(traced));
    // Of the instructions that hold interrupts back, only loads of SS access memory.
    if (hits !== 0 && state.field(INTERRUPT_SHADOW) !== 0) {
      this.#heldHits = hits;
      return;
    }
    const met = held | hits;
    if (!isTrapped && met === 0) return;
    const resume = traced !== undefined && 'repeat' in traced && traced.repeat !== 0 && state.rip === start;
    this.#deliverDebug(met | (isTrapped ? DR6_BS : 0), resume);
  }

  /** RIP of the record that executes. */
  get #ripOfRecord(): bigint {
    const offset = this.#cache.offsetOf(this.state.field(RECORD));
    return BigInt.asUintN(64, this.state.wideField(RIP_BASE) + BigInt(offset));
  }

  /**
   * Breakpoints on data that a load of SS has met are reported behind the next instruction; a #DB of that instruction's own
   * reports them with it.
   *
   * @returns what is to be reported behind the instruction of a record
   * @source SDM Vol. 3A "Masking Exceptions and Interrupts When Switching Stacks"
   */
  #releaseHeldHits(record: number): number {
    const held = this.#heldHits;
    if (held === 0) return 0;
    this.#heldHits = 0;
    const item = this.#cache.instructionOf(record);
    if (!('encoding' in item) || item.encoding.semantics !== 'INT1') return held;
    this.state.setWideField(DR6, this.state.wideField(DR6) | BigInt(held));
    return 0;
  }

  /**
   * #DB for what the bits of DR6 say, before the instruction at RIP. The processor clears bits of breakpoints that were not
   * met, and leaves all others to software.
   *
   * @source SDM Vol. 3B "Debug Status Register (DR6)"
   */
  #deliverDebug(bits: number, resume = false): void {
    const { state } = this;
    state.setWideField(DR6, (state.wideField(DR6) & ~DR6_BREAKPOINTS) | BigInt(bits));
    this.#deliver({ vector: VECTOR_DB, kind: 'exception', errorCode: NO_ERROR_CODE, rip: state.rip, resume });
  }

  /** RF lasts for one instruction: behind the one that set it, it is still there. */
  #endResumeFlag(retired: number): void {
    const { state } = this;
    const flags = state.field(SYSTEM_FLAGS);
    if ((flags & FLAG_RF) !== 0 && retired !== this.#resumeFlagSetAt) state.setField(SYSTEM_FLAGS, flags & ~FLAG_RF);
  }

  /** Ends the slice after the instruction that executes: device memory has raised something that may not wait. */
  #cutSlice(): void {
    const { state } = this;
    const record = state.field(RECORD);
    const needed = this.#cache.countOf(record);
    this.#sliceSize -= (state.field(BUDGET) | 0) - needed;
    state.setField(BUDGET, needed);
    this.#cache.stopAfter(record);
  }

  /** Ends the slice after an iteration in which a repeated instruction overwrites itself: as if slices ended everywhere. */
  #stopIfOverwritten(): void {
    const record = this.state.field(RECORD);
    if (!this.#cache.isStale(record)) return;
    const item = this.#cache.instructionOf(record);
    if ('repeat' in item && item.repeat !== 0) this.#cutSlice();
  }

  /**
   * Whether a single-step trap follows an instruction that began with TF set: not where the instruction takes TF away to
   * enter a handler, nor after a load of SS, which holds the trap back.
   *
   * @source SDM Vol. 3B "Single-Step Exception Condition"; SDM Vol. 3A "Masking Exceptions and Interrupts When Switching Stacks"
   */
  #trapsAfter(item: Instruction | Undecodable): boolean {
    const key = 'encoding' in item ? item.encoding.semantics : '';
    if (key === 'POPF' || key === 'IRET') return true;
    const isHeldBack = this.state.field(INTERRUPT_SHADOW) !== 0 && key !== 'STI';
    return !isHeldBack && (this.state.field(SYSTEM_FLAGS) & FLAG_TF) !== 0;
  }

  #takePendingStep(): boolean {
    const isPending = this.state.field(STEP_PENDING) !== 0;
    if (isPending) this.state.setField(STEP_PENDING, 0);
    return isPending;
  }

  #deliverFault(rip: bigint): void {
    const { state } = this;
    const vector = state.field(FAULT_VECTOR);
    const errorCode = state.field(FAULT_ERROR_CODE) | 0;
    state.setField(FAULT_VECTOR, NO_FAULT);
    state.rip = rip;
    const { onCoprocessorError } = this.#options;
    if (vector === VECTOR_MF && onCoprocessorError && (state.field(CR0) & CR0_NE) === 0) {
      onCoprocessorError();
      return;
    }
    if (vector === VECTOR_GP || vector === VECTOR_SS) {
      this.exceptionLog.explainIfUntold(vector, errorCode, () => this.#explainOperand(vector));
    }
    this.#deliver({ vector, kind: 'exception', errorCode, rip });
  }

  /** Why the instruction at RIP faulted by an operand of it, as far as a look without consequences tells. */
  #explainOperand(vector: number): string | undefined {
    const instruction = this.#cache.peek();
    if (instruction === undefined) return undefined;
    this.#context.begin(this.state.field(RIP) - this.state.field(RIP_BASE), instruction.length);
    return explainOperandFault(this.#context, instruction, vector);
  }

  /** @returns whether an event was delivered */
  #deliverPending(interruptsEnabled: boolean): boolean {
    if (this.#nmiPending && !this.#isNmiBlocked) {
      this.#nmiPending = false;
      this.#isNmiBlocked = true;
      this.#wake();
      this.#retired += 1;
      this.#deliver({ vector: VECTOR_NMI, kind: 'nmi', errorCode: NO_ERROR_CODE, rip: this.state.rip });
      return true;
    }
    const source = this.#options.interrupts;
    const isRequested = this.state.field(INTERRUPT_REQUEST) !== 0;
    if (!isRequested || !interruptsEnabled || source === undefined) return false;
    this.#wake();
    this.#retired += 1;
    this.#deliver({
      vector: source.acknowledge() & 0xff,
      kind: 'external',
      errorCode: NO_ERROR_CODE,
      rip: this.state.rip,
    });
    return true;
  }

  /** Ends an MWAIT that an interrupt request ends although it is not taken. @returns whether it did */
  #endsWait(): boolean {
    const { state } = this;
    if (state.field(MONITOR) !== MONITOR_WAITING || state.field(INTERRUPT_REQUEST) === 0) return false;
    state.setField(MONITOR, MONITOR_NONE);
    this.#wake();
    return true;
  }

  #wake(): void {
    if (this.state.field(ACTIVITY) === ACTIVITY_HALTED) this.state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  }

  #deliver(event: Parameters<typeof deliverEvent>[1]): void {
    this.#context.beginEvent();
    deliverEvent(this.#context, event);
    this.state.setField(FAULT_VECTOR, NO_FAULT);
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
    if ((state.field(SYSTEM_FLAGS) & FLAG_RF) !== 0) this.#resumeFlagSetAt = this.instructionCount + 1;
    // An IRET ends the blocking of NMIs, whether or not it returns from their handler.
    if (this.#isNmiBlocked && item.encoding.semantics === 'IRET' && outcome !== OUTCOME_FAULT) {
      this.#isNmiBlocked = false;
      this.#attention = true;
    }
    if (outcome === OUTCOME_NEXT && (this.#attention || state.field(INTERRUPT_SHADOW) !== 0)) {
      state.rip = this.#context.nextRip;
      return OUTCOME_EXIT;
    }
    return outcome === OUTCOME_BRANCH && (this.#attention || state.field(INTERRUPT_SHADOW) !== 0)
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
    this.#attention = true;
  }

  #modeChanged(): void {
    updateMode(this.state);
    const isUser = this.state.cpl === 3;
    const table = TLB_BASE + (isUser ? TLB_USER_READ : TLB_SUPERVISOR_READ) * TLB_TABLE_SIZE_BYTES;
    const isAlignmentChecked = checksAlignment(this.state);
    this.#access.isAlignmentChecked = isAlignmentChecked;
    this.state.setField(TLB_READ, isAlignmentChecked ? EMPTY_TLB : table);
    // Entries that SMAP guards hold only while RFLAGS.AC = 1.
    if ((this.state.field(SYSTEM_FLAGS) & FLAG_AC) === 0) this.#access.tlb.dropSmapEntries();
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
      retired: this.#retired,
      idleTicks: this.#idleTicks,
      nmiPending: this.#nmiPending,
      isNmiBlocked: this.#isNmiBlocked,
      heldBreakpoints: this.#heldHits,
    };
  }

  /** @throws {CpuStateError} for what is no snapshot, with the processor as it was */
  restore(snapshot: unknown): void {
    checkSnapshot(snapshot);
    loadState(this.state, snapshot.state);
    this.#retired = snapshot.retired;
    this.#idleTicks = snapshot.idleTicks;
    this.#nmiPending = snapshot.nmiPending;
    this.#isNmiBlocked = snapshot.isNmiBlocked;
    this.#heldHits = snapshot.heldBreakpoints;
    this.synchronize();
  }
}
