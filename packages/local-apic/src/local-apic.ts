/**
 * The local APIC of a processor, as xAPIC and x2APIC.
 *
 * Memory, 4 KiB from FEE00000H on: a register every 16 bytes, read and written by 32 bits. In x2APIC mode: MSRs 800H to 83FH.
 * IA32_APIC_BASE and IA32_TSC_DEADLINE.
 *
 * **Not emulated**: registers at another address than FEE00000H (IA32_APIC_BASE keeps what is written), SMI and INIT, other
 * processors (interrupts for them, INIT and start-up IPIs among them, are lost), the APIC bus and its arbitration, remote
 * reads, suppression of EOI broadcasts; nothing raises the thermal and the performance-counter interrupt.
 *
 * @source SDM Vol. 3A "Advanced Programmable Interrupt Controller (APIC)"
 */
import type { AccessWidth, Clock, Component, InterruptLine, MemoryDevice } from '@longmode/device';
import { ApicCore } from './core.ts';
import { checkedState, LocalApicError, type LocalApicState } from './local-apic-state.ts';
import type { InterruptMessage } from './message.ts';
import * as register from './registers.ts';
import { ApicTimer } from './timer.ts';
import { highestVector } from './vector-set.ts';
import { isX2apicReadable, x2apicRefusal } from './x2apic.ts';

/** Where the registers are. */
export const LOCAL_APIC_ADDRESS = 0xfee0_0000;
export const LOCAL_APIC_SIZE_BYTES = 0x1000;

const WORD = 0xffff_ffffn;
const SHORT_ID_MAX = 0xfe;

/** What a local APIC is wired to. */
export interface LocalApicDependencies {
  /** The timer counts its ticks, divided as the guest says: at a tick of one nanosecond it runs at 1 GHz. */
  clock: Clock;
  /** INTR of the processor core. */
  interrupt: InterruptLine;
  /** A non-maskable interrupt for the processor core. */
  nmi: () => void;
  /** The acknowledge cycles of an 8259A behind LINT0. @returns its vector, 8 bits */
  acknowledgeExternal: () => number;
  /** Tells the I/O APICs of the end of a level-triggered interrupt. */
  endOfInterrupt?: (vector: number) => void;
  /** The time-stamp counter, one count for each tick of the clock; without it there is no TSC-deadline mode. */
  timeStampCounter?: () => bigint;
  /** The APIC ID, 0 to 254; 0 unless told. */
  id?: number;
  /** Whether there is an x2APIC mode; there is unless told. */
  hasX2apic?: boolean;
  /** Whether the APIC is enabled by the reset, as the Pentium's pin APICEN says; it is unless told. */
  isEnabledByReset?: boolean;
  /** Whether this is the bootstrap processor; it is unless told. */
  isBootstrapProcessor?: boolean;
  /** Unique in the machine; `local-apic` unless told. */
  name?: string;
}

/** See the file header. */
export class LocalApic implements Component<LocalApicState>, MemoryDevice {
  readonly name: string;
  readonly #core: ApicCore;
  readonly #id: number;
  readonly #resetBase: number;
  readonly #hasX2apic: boolean;
  readonly #hasTscDeadline: boolean;

  /** @throws {LocalApicError} `bad-option` for an ID that an xAPIC cannot have */
  constructor(dependencies: LocalApicDependencies) {
    const { clock, interrupt, nmi, acknowledgeExternal, timeStampCounter, id = 0 } = dependencies;
    if (!(Number.isInteger(id) && id >= 0 && id <= SHORT_ID_MAX)) {
      throw new LocalApicError('bad-option', `expected an APIC ID from 0 to ${SHORT_ID_MAX}, found ${id}`);
    }
    const name = dependencies.name ?? 'local-apic';
    this.name = name;
    this.#id = id;
    this.#hasX2apic = dependencies.hasX2apic ?? true;
    this.#hasTscDeadline = timeStampCounter !== undefined;
    this.#resetBase =
      LOCAL_APIC_ADDRESS +
      (dependencies.isEnabledByReset === false ? 0 : register.APIC_BASE_EN) +
      (dependencies.isBootstrapProcessor === false ? 0 : register.APIC_BASE_BSP);
    const endOfInterrupt = dependencies.endOfInterrupt ?? ((): void => {});
    this.#core = new ApicCore(
      { id, interrupt, nmi, acknowledgeExternal, endOfInterrupt },
      this.#resetBase,
      (onExpire) => new ApicTimer({ clock, alarmName: `${name}.timer`, onExpire, timeStampCounter }),
    );
  }

  reset(): void {
    this.#core.reset(this.#resetBase);
  }
  snapshot(): LocalApicState {
    return this.#core.snapshot();
  }
  /** @throws {LocalApicError} `bad-state` */
  restore(state: LocalApicState): void {
    this.#core.restore(checkedState(state));
  }

  // ---- wires -------------------------------------------------------------------------------------------------------

  /** The pins. Without the APIC, or with it disabled, they are INTR and NMI of the processor. */
  readonly lint0: InterruptLine = { set: (level) => this.#core.setLine(0, level) };
  readonly lint1: InterruptLine = { set: (level) => this.#core.setLine(1, level) };

  /** Takes an interrupt from an I/O APIC. @returns false when it was not for this APIC */
  receive(message: InterruptMessage): boolean {
    return this.#core.receive(message);
  }

  /** Whether INTR is high. */
  get isRequesting(): boolean {
    return this.#core.isRequesting;
  }

  /**
   * The processor takes an interrupt: the most urgent one goes into service.
   *
   * @returns its vector, 8 bits; that of the spurious-interrupt register when none may be served
   */
  acknowledge(): number {
    return this.#core.acknowledge() & 0xff;
  }

  /** The vector of highest priority that was acknowledged and not ended yet; undefined if there is none. */
  get inService(): number | undefined {
    const vector = highestVector(this.#core.state.isr);
    return vector < 0 ? undefined : vector;
  }

  /** Whether the next acknowledge goes to the external controller. */
  get isExternalRequested(): boolean {
    return this.#core.isExternalPending;
  }

  /** Whether requests at LINT0 reach the processor as they come from an 8259A: virtual wire mode, or the APIC is disabled. */
  get passesExternalInterrupts(): boolean {
    if (!this.#core.isEnabled) return true;
    const entry = this.#core.state.lvt[register.LVT_LINT0 - register.LVT_TIMER] as number;
    return (entry & register.LVT_MASKED) === 0 && ((entry >> 8) & 7) === register.EXT_INT;
  }

  // ---- the processor's instructions --------------------------------------------------------------------------------

  /** Whether IA32_APIC_BASE enables it, which CPUID tells. */
  get isEnabled(): boolean {
    return this.#core.isEnabled;
  }

  /** Bits 7:4 of the task-priority register, 0 to 15: CR8. */
  get taskPriorityClass(): number {
    return this.#core.state.taskPriority >> 4;
  }
  set taskPriorityClass(value: number) {
    this.#core.taskPriority = (value & 15) << 4;
  }

  /** The time-stamp counter was written. */
  timeStampCounterChanged(): void {
    this.#core.timer.timeStampCounterChanged();
  }

  /** @returns the MSR's value; undefined for one that is not there, or cannot be read */
  readMsr(index: number): bigint | undefined {
    if (index === register.IA32_APIC_BASE) return BigInt(this.#core.state.apicBase);
    if (index === register.IA32_TSC_DEADLINE) return this.#hasTscDeadline ? this.#core.timer.deadline : undefined;
    const number = index - register.X2APIC_FIRST;
    if (!this.#core.isX2apic || !isX2apicReadable(number)) return undefined;
    if (number === register.ID) return BigInt(this.#id);
    const low = BigInt(this.#readRegister(number) ?? 0);
    if (number !== register.INTERRUPT_COMMAND) return low;
    return (BigInt(this.#core.state.commandHigh) << 32n) | low;
  }

  /**
   * Writes an MSR.
   *
   * @param value 64 bits
   * @returns why it was refused, as a clause that follows "the value", or undefined when it has been written
   */
  writeMsr(index: number, value: bigint): string | undefined {
    if (index === register.IA32_APIC_BASE) return this.#writeApicBase(value);
    if (index === register.IA32_TSC_DEADLINE && this.#hasTscDeadline) {
      this.#core.timer.deadline = value;
      return undefined;
    }
    const number = index - register.X2APIC_FIRST;
    const refusal = this.#core.isX2apic ? x2apicRefusal(number, value) : 'is for an APIC that is not in x2APIC mode';
    if (refusal !== undefined) return refusal;
    if (number === register.INTERRUPT_COMMAND) this.#core.state.commandHigh = Number(value >> 32n);
    if (number === register.SELF_IPI) this.#core.sendToSelf(Number(value));
    else this.#writeRegister(number, Number(value & WORD));
    return undefined;
  }

  /** @source SDM Vol. 3A "x2APIC State Transitions" */
  #writeApicBase(value: bigint): string | undefined {
    const isEnabled = (value & BigInt(register.APIC_BASE_EN)) !== 0n;
    const isExtended = (value & BigInt(register.APIC_BASE_EXTD)) !== 0n;
    if (isExtended && !this.#hasX2apic) return 'sets EXTD, and there is no x2APIC mode';
    if (isExtended && !isEnabled) return 'sets EXTD without EN';
    if (isExtended && !this.#core.isEnabled) return 'goes from the disabled state to x2APIC mode at once';
    if (!isExtended && isEnabled && this.#core.isX2apic) return 'goes from x2APIC mode to xAPIC mode at once';
    const bootstrap = this.#core.state.apicBase & register.APIC_BASE_BSP;
    this.#core.changeMode(Number(value & ~BigInt(register.APIC_BASE_BSP)) + bootstrap);
    return undefined;
  }

  // ---- memory ------------------------------------------------------------------------------------------------------

  get #isInMemory(): boolean {
    return this.#core.isEnabled && !this.#core.isX2apic;
  }

  readMemory(offset: number, width: AccessWidth): number {
    const mask = 2 ** width - 1;
    if (!this.#isInMemory) return mask;
    const shift = (offset & 15) * 8;
    if (shift > 24) return 0;
    const number = offset >> 4;
    const value = this.#readRegister(number);
    if (value === undefined) this.#core.noteIllegalRegister();
    return (((value ?? 0) >>> shift) & mask) >>> 0;
  }

  /** Registers are written whole: narrower accesses, and such between registers, do nothing. */
  writeMemory(offset: number, width: AccessWidth, value: number): void {
    if (!this.#isInMemory || width !== 32 || (offset & 15) !== 0) return;
    if (!this.#writeRegister(offset >> 4, value >>> 0)) this.#core.noteIllegalRegister();
  }

  /** @returns undefined for a register that is not there */
  #readRegister(number: number): number | undefined {
    const core = this.#core;
    const s = core.state;
    switch (number) {
      case register.ID:
        return (this.#id << 24) >>> 0;
      case register.VERSION:
        return register.VERSION_VALUE;
      case register.TASK_PRIORITY:
        return s.taskPriority;
      case register.ARBITRATION_PRIORITY:
        return core.arbitrationPriority;
      case register.PROCESSOR_PRIORITY:
        return core.processorPriority;
      case register.END_OF_INTERRUPT:
      case register.REMOTE_READ:
        return 0;
      case register.LOGICAL_DESTINATION:
        return core.logicalDestination;
      case register.DESTINATION_FORMAT:
        return s.destinationFormat;
      case register.SPURIOUS_VECTOR:
        return s.spuriousVector;
      case register.ERROR_STATUS:
        return s.errorStatus;
      case register.INTERRUPT_COMMAND:
        return s.command;
      case register.INTERRUPT_COMMAND_HIGH:
        return s.commandHigh;
      case register.INITIAL_COUNT:
        return core.timer.initialCount;
      case register.CURRENT_COUNT:
        return core.timer.currentCount;
      case register.DIVIDE_CONFIGURATION:
        return core.timer.divideConfiguration;
    }
    if (number >= register.LVT_TIMER && number <= register.LVT_ERROR) return s.lvt[number - register.LVT_TIMER];
    if (number >= register.IN_SERVICE && number < register.TRIGGER_MODE) return s.isr[number & 7];
    if (number >= register.TRIGGER_MODE && number < register.INTERRUPT_REQUEST) return s.tmr[number & 7];
    if (number >= register.INTERRUPT_REQUEST && number < register.ERROR_STATUS) return s.irr[number & 7];
    return undefined;
  }

  /** @returns false for a register that is not there */
  #writeRegister(number: number, value: number): boolean {
    const core = this.#core;
    const s = core.state;
    switch (number) {
      case register.TASK_PRIORITY:
        core.taskPriority = value & 0xff;
        return true;
      case register.END_OF_INTERRUPT:
        core.endInterrupt();
        return true;
      case register.LOGICAL_DESTINATION:
        s.logicalDestination = (value & 0xff00_0000) >>> 0;
        return true;
      case register.DESTINATION_FORMAT:
        s.destinationFormat = (value | 0x0fff_ffff) >>> 0;
        return true;
      case register.SPURIOUS_VECTOR:
        core.spuriousVector = value;
        return true;
      case register.ERROR_STATUS:
        core.latchErrors();
        return true;
      case register.INTERRUPT_COMMAND:
        s.command = value & register.COMMAND_MASK;
        core.sendCommand();
        return true;
      case register.INTERRUPT_COMMAND_HIGH:
        s.commandHigh = (value & 0xff00_0000) >>> 0;
        return true;
      case register.INITIAL_COUNT:
        core.timer.initialCount = value;
        return true;
      case register.DIVIDE_CONFIGURATION:
        core.timer.divideConfiguration = value;
        return true;
    }
    if (number >= register.LVT_TIMER && number <= register.LVT_ERROR) {
      core.writeLvt(number - register.LVT_TIMER, value);
      return true;
    }
    return this.#readRegister(number) !== undefined; // registers that are only read take writes without effect
  }
}
