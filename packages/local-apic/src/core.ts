import type { InterruptLine } from '@longmode/device';
import { copyOf, type LocalApicState, powerOn } from './local-apic-state.ts';
import type { InterruptMessage } from './message.ts';
import * as register from './registers.ts';
import type { ApicTimer, TimerMode } from './timer.ts';
import { addVector, hasVector, highestVector, removeVector } from './vector-set.ts';

/** What the core of a local APIC is wired to. */
export interface CoreWiring {
  readonly id: number;
  readonly interrupt: InterruptLine;
  readonly nmi: () => void;
  readonly acknowledgeExternal: () => number;
  readonly endOfInterrupt: (vector: number) => void;
}

const DELIVERY_MODE_SHIFT = 8;
const TIMER = 0;
const LINT = 3;
const ERROR = 5;
const ID_BROADCAST = 0xff;
const CLUSTERS_ALL = 0x0f;
const FORMAT_FLAT = 0x0f;

const deliveryModeOf = (entry: number): number => (entry >> DELIVERY_MODE_SHIFT) & 7;

/**
 * What a local APIC does, whichever way its registers are reached: it accepts interrupts, holds the less urgent ones back, and
 * hands the others to the processor.
 */
export class ApicCore {
  readonly #wiring: CoreWiring;
  readonly timer: ApicTimer;
  #s: LocalApicState;
  /** The level of INTR: a function of the state, kept so that the line is driven at its edges only. */
  #isRequesting = false;

  /** @param makeTimer gives it what is to happen when it expires */
  constructor(wiring: CoreWiring, apicBase: number, makeTimer: (onExpire: () => void) => ApicTimer) {
    this.#wiring = wiring;
    this.#s = powerOn(apicBase);
    this.timer = makeTimer(() => this.#raise(TIMER));
  }

  get state(): LocalApicState {
    return this.#s;
  }
  get isRequesting(): boolean {
    return this.#isRequesting;
  }
  get isEnabled(): boolean {
    return (this.#s.apicBase & register.APIC_BASE_EN) !== 0;
  }
  get isX2apic(): boolean {
    return (this.#s.apicBase & register.APIC_BASE_EXTD) !== 0;
  }
  get isSoftwareEnabled(): boolean {
    return this.isEnabled && (this.#s.spuriousVector & register.SPURIOUS_ENABLE) !== 0;
  }

  reset(apicBase: number): void {
    this.#s = powerOn(apicBase);
    this.timer.reset();
    this.#isRequesting = false;
  }
  snapshot(): LocalApicState {
    return copyOf({ ...this.#s, timer: this.timer.snapshot() });
  }
  restore(state: LocalApicState): void {
    this.#s = copyOf(state);
    this.timer.restore(state.timer, this.#timerMode, this.#isTimerWatched);
    this.#isRequesting = this.#requests();
  }

  /** What the registers are in another mode. Without the APIC, its pins are the processor's, and its registers are gone. */
  changeMode(apicBase: number): void {
    const { lines } = this.#s;
    const wasEnabled = this.isEnabled;
    if ((apicBase & register.APIC_BASE_EN) === 0 && wasEnabled) {
      this.#s = { ...powerOn(apicBase), lines };
      this.timer.reset();
    }
    if ((apicBase & register.APIC_BASE_EXTD) !== 0 && !this.isX2apic) {
      this.#s.logicalDestination = 0;
      this.#s.commandHigh = 0;
    }
    this.#s.apicBase = apicBase;
    this.#update();
  }

  // ---- what comes in -----------------------------------------------------------------------------------------------

  /** @param line 0 or 1 */
  setLine(line: number, level: boolean): void {
    const s = this.#s;
    const bit = 1 << line;
    if (((s.lines & bit) !== 0) === level) return;
    const wasAsserted = this.#isAsserted(line);
    s.lines ^= bit;
    if (!this.isEnabled) {
      if (line === 1 && level) this.#wiring.nmi();
    } else if (!wasAsserted && this.#isAsserted(line)) {
      const entry = s.lvt[LINT + line] as number;
      const isEdge = deliveryModeOf(entry) === register.NMI || (entry & register.LVT_LEVEL) === 0;
      if (isEdge) this.#raise(LINT + line);
    }
    this.#sampleLevel(line);
    this.#update();
  }

  /** @returns whether it was for this APIC, which took it */
  receive(message: InterruptMessage): boolean {
    const { destination, isLogical, deliveryMode, vector, isLevelTriggered } = message;
    if (!this.isEnabled || !this.#isAddressed(destination, isLogical, ID_BROADCAST)) return false;
    switch (deliveryMode) {
      case register.FIXED:
      case register.LOWEST_PRIORITY:
        if (!this.isSoftwareEnabled) return false;
        this.#accept(vector, isLevelTriggered);
        return true;
      case register.NMI:
        this.#wiring.nmi();
        return true;
      case register.EXT_INT:
        this.#s.isExternalRequested = true;
        this.#update();
        return true;
      default:
        return true; // SMI, INIT: taken, and without effect
    }
  }

  // ---- what goes out -----------------------------------------------------------------------------------------------

  /** @returns the vector that the processor serves now */
  acknowledge(): number {
    const s = this.#s;
    if (this.isExternalPending) {
      s.isExternalRequested = false;
      const vector = this.#wiring.acknowledgeExternal();
      this.#update();
      return vector;
    }
    const vector = this.#deliverable;
    if (vector < 0) return s.spuriousVector & 0xff;
    removeVector(s.irr, vector);
    addVector(s.isr, vector);
    this.#update();
    return vector;
  }

  endInterrupt(): void {
    const s = this.#s;
    const vector = highestVector(s.isr);
    if (vector < 0) return;
    removeVector(s.isr, vector);
    if (hasVector(s.tmr, vector)) {
      for (const line of [0, 1]) {
        const entry = s.lvt[LINT + line] as number;
        if ((entry & 0xff) !== vector || (entry & register.LVT_REMOTE_IRR) === 0) continue;
        s.lvt[LINT + line] = entry & ~register.LVT_REMOTE_IRR;
        this.#sampleLevel(line);
      }
      this.#wiring.endOfInterrupt(vector);
    }
    this.#update();
  }

  /** The interrupt command register was written. Interrupts for processors that are not there are lost. */
  sendCommand(): void {
    const { command, commandHigh } = this.#s;
    const vector = command & 0xff;
    const mode = deliveryModeOf(command);
    const shorthand = command >>> register.COMMAND_SHORTHAND_SHIFT;
    const isFixed =
      mode === register.FIXED || (mode === register.LOWEST_PRIORITY && shorthand === register.TO_DESTINATION);
    const isSelf =
      shorthand === register.TO_DESTINATION
        ? this.#isCommandForSelf(command, commandHigh)
        : shorthand === register.TO_SELF || shorthand === register.TO_ALL;
    if (isFixed && vector < register.FIRST_LEGAL_VECTOR) this.#noteError(register.ERROR_SEND_ILLEGAL_VECTOR);
    if (!isSelf) return;
    if (isFixed) this.#accept(vector, false);
    else if (mode === register.NMI && shorthand === register.TO_DESTINATION) this.#wiring.nmi();
  }

  /** The self-IPI register of an x2APIC. */
  sendToSelf(vector: number): void {
    if (vector < register.FIRST_LEGAL_VECTOR) this.#noteError(register.ERROR_SEND_ILLEGAL_VECTOR);
    this.#accept(vector, false);
  }

  // ---- registers with consequences ---------------------------------------------------------------------------------

  set taskPriority(value: number) {
    this.#s.taskPriority = value;
    this.#update();
  }

  /** @source SDM Vol. 3A "Task and Processor Priorities" */
  get processorPriority(): number {
    const { taskPriority, isr } = this.#s;
    const inService = Math.max(highestVector(isr), 0) & 0xf0;
    return (taskPriority & 0xf0) >= inService ? taskPriority : inService;
  }

  get arbitrationPriority(): number {
    const { taskPriority, isr, irr } = this.#s;
    const requested = Math.max(highestVector(irr), 0) & 0xf0;
    const inService = Math.max(highestVector(isr), 0) & 0xf0;
    const task = taskPriority & 0xf0;
    return task >= requested && task > inService ? taskPriority : Math.max(task & inService, requested);
  }

  set spuriousVector(value: number) {
    const s = this.#s;
    s.spuriousVector = value & register.SPURIOUS_MASK;
    if (!this.isSoftwareEnabled) s.lvt = s.lvt.map((entry) => entry | register.LVT_MASKED);
    this.#update();
  }

  get logicalDestination(): number {
    if (!this.isX2apic) return this.#s.logicalDestination;
    const { id } = this.#wiring;
    return (((id >>> 4) << 16) | (1 << (id & 15))) >>> 0;
  }

  /** @param index of the entry */
  writeLvt(index: number, value: number): void {
    const s = this.#s;
    const kept = (s.lvt[index] as number) & register.LVT_REMOTE_IRR;
    const forced = this.isSoftwareEnabled ? 0 : register.LVT_MASKED;
    const entry = (value & (register.LVT_WRITABLE[index] as number)) | forced;
    const isLevelFixed = (entry & register.LVT_LEVEL) !== 0 && deliveryModeOf(entry) === register.FIXED;
    s.lvt[index] = entry | (isLevelFixed ? kept : 0);
    if (index === TIMER) this.timer.mode = this.#timerMode;
    if (index === LINT || index === LINT + 1) this.#sampleLevel(index - LINT);
    this.#update();
  }

  /** A write shows what has come since the last one, and lets the next error make an interrupt again. */
  latchErrors(): void {
    const s = this.#s;
    s.errorStatus = s.pendingErrors;
    s.pendingErrors = 0;
    s.isErrorArmed = true;
  }

  noteIllegalRegister(): void {
    this.#noteError(register.ERROR_ILLEGAL_REGISTER);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  get #timerMode(): TimerMode {
    const entry = this.#s.lvt[TIMER] as number;
    if ((entry & register.LVT_TSC_DEADLINE) !== 0) return 'tsc-deadline';
    return (entry & register.LVT_PERIODIC) !== 0 ? 'periodic' : 'one-shot';
  }

  get #isTimerWatched(): boolean {
    const entry = this.#s.lvt[TIMER] as number;
    return (entry & register.LVT_MASKED) === 0 && !hasVector(this.#s.irr, entry & 0xff);
  }

  /** Does what an entry of the local vector table says, for something that has happened once. */
  #raise(index: number): void {
    const entry = this.#s.lvt[index] as number;
    if ((entry & register.LVT_MASKED) !== 0) return;
    const mode = deliveryModeOf(entry);
    if (mode === register.FIXED) this.#accept(entry & 0xff, false);
    else if (mode === register.NMI) this.#wiring.nmi();
  }

  #noteError(error: number): void {
    const s = this.#s;
    s.pendingErrors |= error;
    if (!s.isErrorArmed) return;
    s.isErrorArmed = false;
    this.#raise(ERROR);
  }

  #accept(vector: number, isLevelTriggered: boolean): void {
    if (!this.isSoftwareEnabled) return;
    if (vector < register.FIRST_LEGAL_VECTOR) {
      this.#noteError(register.ERROR_RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    const { irr, tmr } = this.#s;
    addVector(irr, vector);
    if (isLevelTriggered) addVector(tmr, vector);
    else removeVector(tmr, vector);
    this.#update();
  }

  #isAsserted(line: number): boolean {
    const isLow = ((this.#s.lvt[LINT + line] as number) & register.LVT_POLARITY) !== 0;
    return ((this.#s.lines & (1 << line)) !== 0) !== isLow;
  }

  /** A level-triggered fixed interrupt is asked for as long as the pin is asserted, once for each end of interrupt. */
  #sampleLevel(line: number): void {
    const entry = this.#s.lvt[LINT + line] as number;
    const isLevelFixed = (entry & register.LVT_LEVEL) !== 0 && deliveryModeOf(entry) === register.FIXED;
    if (!isLevelFixed || (entry & (register.LVT_MASKED | register.LVT_REMOTE_IRR)) !== 0) return;
    if (!this.isEnabled || !this.#isAsserted(line)) return;
    this.#s.lvt[LINT + line] = entry | register.LVT_REMOTE_IRR;
    this.#accept(entry & 0xff, true);
  }

  /** Whether the external controller's vector is asked for. */
  get isExternalPending(): boolean {
    const { lines, lvt, isExternalRequested } = this.#s;
    if (!this.isEnabled) return (lines & 1) !== 0;
    if (isExternalRequested) return true;
    for (const line of [0, 1]) {
      const entry = lvt[LINT + line] as number;
      const isOpen = (entry & register.LVT_MASKED) === 0 && deliveryModeOf(entry) === register.EXT_INT;
      if (isOpen && this.#isAsserted(line)) return true;
    }
    return false;
  }

  /** The request that may be served now, or -1. */
  get #deliverable(): number {
    if (!this.isEnabled) return -1;
    const vector = highestVector(this.#s.irr);
    return vector >= 0 && vector >> 4 > this.processorPriority >> 4 ? vector : -1;
  }

  #requests(): boolean {
    return this.isExternalPending || this.#deliverable >= 0;
  }

  #update(): void {
    this.timer.watch(this.#isTimerWatched);
    const level = this.#requests();
    if (level === this.#isRequesting) return;
    this.#isRequesting = level;
    this.#wiring.interrupt.set(level);
  }

  #isCommandForSelf(command: number, commandHigh: number): boolean {
    const isLogical = (command & register.COMMAND_LOGICAL) !== 0;
    return this.isX2apic
      ? this.#isAddressed(commandHigh, isLogical, 0xffff_ffff)
      : this.#isAddressed(commandHigh >>> 24, isLogical, ID_BROADCAST);
  }

  /** @source SDM Vol. 3A "Determining IPI Destination", "Logical Destination Mode in x2APIC Mode" */
  #isAddressed(destination: number, isLogical: boolean, broadcast: number): boolean {
    if (destination === broadcast) return true;
    if (!isLogical) return destination === this.#wiring.id;
    if (this.isX2apic) {
      const own = this.logicalDestination;
      return destination >>> 16 === own >>> 16 && (destination & own & 0xffff) !== 0;
    }
    const own = this.#s.logicalDestination >>> 24;
    if (this.#s.destinationFormat >>> 28 === FORMAT_FLAT) return (destination & own) !== 0;
    const cluster = destination >>> 4;
    return (cluster === CLUSTERS_ALL || cluster === own >>> 4) && (destination & own & 0x0f) !== 0;
  }
}
