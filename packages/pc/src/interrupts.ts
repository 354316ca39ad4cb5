import type { Cpu, InterruptSource, LocalApic as ProcessorLocalApic } from '@longmode/cpu-x86';
import type { InterruptLine } from '@longmode/device';
import { Hpet } from '@longmode/hpet';
import { IoApic82093aa } from '@longmode/io-apic-82093aa';
import { LocalApic } from '@longmode/local-apic';
import { DISCONNECTED, fanOut, type VirtualClock } from '@longmode/machine';
import { Pic8259a } from '@longmode/pic-8259a';

/** Where the I/O APIC and the timers are in every PC. */
export const IO_APIC_ADDRESS = 0xfec0_0000;
export const IO_APIC_VERSION = 0x20;
export const HPET_ADDRESS = 0xfed0_0000;
/** Inputs of the I/O APIC that no IRQ has: the timers can be routed to them. */
export const HPET_INPUTS: readonly number[] = [20, 21, 22, 23];
/** The input of the I/O APIC that has IRQ 0, because that of the 8259A's cascade is free. */
export const IRQ0_INPUT = 2;

const CASCADE = 2;
const SPURIOUS_VECTOR_REGISTER = 0x0f0;
const LVT_LINT0 = 0x350;
const LVT_LINT1 = 0x360;
const ENABLED_WITH_VECTOR_FF = 0x1ff;
const EXT_INT_LEVEL = 0x8700;
const NMI_LEVEL = 0x8400;

/**
 * The interrupt controllers of a PC: two 8259A in front of the processor's LINT0, and an I/O APIC beside them that sees the same
 * lines. The high precision timers are here because IRQ 0 and 8 go through them.
 */
export class Interrupts {
  readonly picMaster: Pic8259a;
  readonly picSlave: Pic8259a;
  readonly localApic: LocalApic;
  readonly ioApic: IoApic82093aa;
  readonly hpet: Hpet;

  /** Without an APIC in the processor's model, the 8259A drive its pins. */
  constructor(dependencies: { clock: VirtualClock; cpu: Cpu }) {
    const { clock, cpu } = dependencies;
    const { features } = cpu.model;
    this.picSlave = new Pic8259a({
      name: 'pic-slave',
      role: 'slave',
      interrupt: { set: (level) => this.picMaster.setInput(CASCADE, level) },
      elcrMask: 0xde,
    });
    this.picMaster = new Pic8259a({
      name: 'pic-master',
      interrupt: { set: (level) => this.localApic.lint0.set(level) },
      slaves: { [CASCADE]: this.picSlave },
      elcrMask: 0xf8,
    });
    this.localApic = new LocalApic({
      clock,
      interrupt: { set: (level) => cpu.setInterruptLine(level) },
      nmi: () => cpu.raiseNmi(),
      acknowledgeExternal: () => this.picMaster.acknowledge(),
      endOfInterrupt: (vector) => this.ioApic.endOfInterrupt(vector),
      isEnabledByReset: features.has('APIC'),
      hasX2apic: features.has('X2APIC'),
      ...(features.has('TSC_DEADLINE') ? { timeStampCounter: () => cpu.timeStampCounter } : {}),
    });
    this.ioApic = new IoApic82093aa({
      bus: { send: (message) => this.localApic.receive(message) },
      version: IO_APIC_VERSION,
    });
    this.hpet = new Hpet({
      clock,
      irq0: this.#line(0),
      irq8: this.#line(8),
      routes: Object.fromEntries(HPET_INPUTS.map((input) => [input, this.ioApic.input(input)])),
    });
  }

  get parts(): readonly (Pic8259a | LocalApic | IoApic82093aa | Hpet)[] {
    return [this.picMaster, this.picSlave, this.localApic, this.ioApic, this.hpet];
  }

  /**
   * The line of one of the 16 IRQs, into both kinds of controllers.
   *
   * @param irq 0 to 15; 2 leads nowhere
   * @throws {Pic8259aError} `bad-input`
   */
  irq(irq: number): InterruptLine {
    if (irq === 0) return this.hpet.pit;
    return irq === 8 ? this.hpet.rtc : this.#line(irq);
  }

  #line(irq: number): InterruptLine {
    if (irq === CASCADE) return DISCONNECTED;
    const pic = irq < 8 ? this.picMaster.input(irq) : this.picSlave.input(irq - 8);
    return fanOut(pic, this.ioApic.input(irq === 0 ? IRQ0_INPUT : irq));
  }

  /**
   * After a reset: the 8259A reach the processor through its local APIC, as every firmware sets it up before anything else.
   *
   * @source MultiProcessor Specification 1.4, "Virtual Wire Mode"
   */
  enterVirtualWireMode(): void {
    this.localApic.writeMemory(SPURIOUS_VECTOR_REGISTER, 32, ENABLED_WITH_VECTOR_FF);
    this.localApic.writeMemory(LVT_LINT0, 32, EXT_INT_LEVEL);
    this.localApic.writeMemory(LVT_LINT1, 32, NMI_LEVEL);
  }

  /**
   * IRQs that can reach the processor, bit n for IRQ n, and from bit 16 on inputs of the I/O APIC that have none. What the local
   * APIC holds back for its priority counts as open: that can change.
   */
  get open(): number {
    const inputs = this.ioApic.openInputs;
    const irq0 = (inputs >> IRQ0_INPUT) & 1;
    const open = (inputs & ~((1 << IRQ0_INPUT) | 1)) | irq0;
    if (!this.localApic.passesExternalInterrupts) return open;
    const master = ~this.picMaster.mask & 0xff;
    return open | master | ((master & (1 << CASCADE)) !== 0 ? (~this.picSlave.mask & 0xff) << 8 : 0);
  }
}

/** What brings time up to date for the processor's own accesses to its local APIC. */
export interface TimeKeeper {
  /** Before. */
  synchronizeClock(): void;
  /** After: something may have been scheduled. */
  checkDeadline(): void;
}

/** The local APIC as the processor sees it. */
export function localApicOfProcessor(interrupts: () => Interrupts, time: TimeKeeper): ProcessorLocalApic {
  const timed = <T>(access: (apic: LocalApic) => T): T => {
    time.synchronizeClock();
    const value = access(interrupts().localApic);
    time.checkDeadline();
    return value;
  };
  return {
    get isEnabled() {
      return interrupts().localApic.isEnabled;
    },
    get taskPriorityClass() {
      return interrupts().localApic.taskPriorityClass;
    },
    set taskPriorityClass(value) {
      interrupts().localApic.taskPriorityClass = value;
    },
    readMsr: (index) => timed((apic) => apic.readMsr(index)),
    writeMsr: (index, value) => timed((apic) => apic.writeMsr(index, value)),
    timeStampCounterChanged: () => timed((apic) => apic.timeStampCounterChanged()),
  };
}

/** Who answers the processor's acknowledge cycles. A timer whose interrupt is taken may be due again soon. */
export function interruptSource(interrupts: () => Interrupts, time: TimeKeeper): InterruptSource {
  return {
    acknowledge: () => {
      const { localApic } = interrupts();
      if (localApic.isExternalRequested) return localApic.acknowledge();
      time.synchronizeClock();
      const vector = localApic.acknowledge();
      time.checkDeadline();
      return vector;
    },
  };
}
