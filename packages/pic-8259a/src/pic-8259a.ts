/**
 * Intel 8259A programmable interrupt controller.
 *
 * Offset 0, command port: writes ICW1 (bit 4 set), OCW2 (bits 4-3 clear), OCW3 (bits 4-3 = 01); reads the interrupt request
 * or in-service register. Offset 1, data port: writes ICW2 to ICW4 in their sequence, then OCW1; reads the mask. After a
 * poll command the next read of either port is the poll.
 *
 * Not emulated: the three-byte CALL of an 8080 or 8085 (ICW4.uPM = 0) – the vector is given as in 8086 mode, its address
 * fields in ICW1 and ICW2 are kept but unused; the pins of buffered mode – ICW4.BUF and M/S are kept, the role comes from the
 * wiring. The 8259A's power-on state is undefined; this one requests nothing before ICW1.
 *
 * @source Intel 8259A data sheet (order number 231468); edge/level control register: Intel 82371AB data sheet,
 * "ELCR1 – Edge/Level Control Register"
 */
import type { AccessWidth, Component, InterruptLine, PortDevice } from '@longmode/device';
import { checkedState, Pic8259aError, type Pic8259aState, POWER_ON } from './pic-state.ts';
import { highestRank, inputOfRank } from './priority.ts';

const ICW1_IC4 = 0x01;
const ICW1_SNGL = 0x02;
const ICW1_LTIM = 0x08;
const ICW1_SELECT = 0x10;
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
const OCW3_SELECT = 0x08;
const OCW3_RIS = 0x01;
const OCW3_RR = 0x02;
const OCW3_POLL = 0x04;
const OCW3_SMM = 0x20;
const OCW3_ESMM = 0x40;
const OCW2_EOI = 1;
const OCW2_SL = 2;
const OCW2_R = 4;
const POLL_REQUEST = 0x80;
/** What the processor reads when nobody drives the bus. */
const OPEN_BUS = 0xff;

/** A controller on an input of a master, as the master sees it: `Pic8259a` is one. */
export interface CascadedPic {
  /** @param cascade the input that the master announces on the CAS lines; @returns the vector, 8 bits */
  acknowledge(cascade: number): number;
}

/** What one 8259A is wired to. */
export interface Pic8259aDependencies {
  /** Unique in the machine, such as `pic-master`. */
  name: string;
  /** INT: to the processor, or to an input of the master. */
  interrupt: InterruptLine;
  /** The SP pin; a master unless told. */
  role?: 'master' | 'slave';
  /** On a master: the slaves by the input that each is wired to. */
  slaves?: Readonly<Record<number, CascadedPic>>;
  /** Inputs that the edge/level control register can change, such as 0xf8 on a PC's master; none unless told. */
  elcrMask?: number;
}

/**
 * One 8259A. In edge mode an input must stay high until it is acknowledged, as on the chip: one that falls earlier takes its
 * request away with it.
 */
export class Pic8259a implements Component<Pic8259aState>, PortDevice, CascadedPic {
  readonly name: string;
  /** The edge/level control register of this controller, offset 0: a set bit makes that input level triggered. */
  readonly elcr: PortDevice;
  readonly #interrupt: InterruptLine;
  readonly #isMaster: boolean;
  readonly #slaves: Readonly<Record<number, CascadedPic>>;
  #s: Pic8259aState = { ...POWER_ON };
  /** The level of INT: a function of the state, kept so that the line is driven at its edges only. */
  #isRequesting = false;

  constructor(dependencies: Pic8259aDependencies) {
    this.name = dependencies.name;
    this.#interrupt = dependencies.interrupt;
    this.#isMaster = dependencies.role !== 'slave';
    this.#slaves = dependencies.slaves ?? {};
    const writable = dependencies.elcrMask ?? 0;
    this.elcr = {
      readPort: () => this.#s.elcr,
      writePort: (_offset, _width, value) => this.#writeElcr(value & writable),
    };
  }

  /** Whether INT is high. */
  get isRequesting(): boolean {
    return this.#isRequesting;
  }

  /** The vector of input 0; those of the others follow. */
  get vectorBase(): number {
    return this.#s.icw2 & 0xf8;
  }

  /** The interrupt mask register: a set bit holds its input back. */
  get mask(): number {
    return this.#s.imr;
  }

  /** The in-service register: inputs that were acknowledged and not ended yet. */
  get inService(): number {
    return this.#s.isr;
  }

  /** The interrupt request register, whatever the mask says. */
  get requests(): number {
    const s = this.#s;
    const level = s.icw1 & ICW1_LTIM ? 0xff : s.elcr;
    return (s.lines & level) | (s.latched & ~level);
  }

  reset(): void {
    this.#s = { ...POWER_ON };
    this.#isRequesting = false;
  }

  snapshot(): Pic8259aState {
    return { ...this.#s };
  }

  /** @throws {Pic8259aError} `bad-state` */
  restore(state: Pic8259aState): void {
    this.#s = checkedState(state);
    this.#isRequesting = this.#acceptedInput() !== null;
  }

  /**
   * Sets the level of one input.
   *
   * @param input 0 to 7
   * @throws {Pic8259aError} `bad-input`
   */
  setInput(input: number, level: boolean): void {
    if (!(Number.isInteger(input) && input >= 0 && input <= 7)) {
      throw new Pic8259aError('bad-input', `${this.name}: expected an input from 0 to 7, found ${input}`);
    }
    const s = this.#s;
    const bit = 1 << input;
    if (((s.lines & bit) !== 0) === level) return;
    s.lines ^= bit;
    if (level) s.latched |= bit;
    else s.latched &= ~bit;
    this.#update();
  }

  /**
   * @param input 0 to 7
   * @returns the line into that input
   * @throws {Pic8259aError} `bad-input`
   */
  input(input: number): InterruptLine {
    if (!(Number.isInteger(input) && input >= 0 && input <= 7)) {
      throw new Pic8259aError('bad-input', `${this.name}: expected an input from 0 to 7, found ${input}`);
    }
    return { set: (level) => this.setInput(input, level) };
  }

  /**
   * Both interrupt acknowledge cycles: the request of highest priority goes into service. With no request left, the vector
   * is that of IR7 and nothing goes into service.
   *
   * @param cascade on a slave: what the master announces; a slave of another identity does not answer
   * @returns the vector, 8 bits; all ones when no controller answers
   * @source 8259A data sheet, "Interrupt Sequence" and "Cascade Mode"
   */
  acknowledge(cascade?: number): number {
    const s = this.#s;
    if (cascade !== undefined && cascade !== (s.icw3 & 7)) return OPEN_BUS;
    const input = this.#acceptedInput();
    if (input === null) return (s.icw2 & 0xf8) | 7;
    this.#takeIntoService(input);
    // The slave answers after the request has left this chip, so that its next edge is not lost.
    const vector = this.#hasSlave(input)
      ? (this.#slaves[input]?.acknowledge(input) ?? OPEN_BUS)
      : (s.icw2 & 0xf8) | input;
    this.#endAutomatically(input);
    return vector & 0xff;
  }

  readPort(offset: number, _width: AccessWidth): number {
    const s = this.#s;
    if (offset > 1) return OPEN_BUS;
    if (s.isPolled) return this.#poll();
    if (offset === 1) return s.imr;
    return s.readsIsr ? s.isr : this.requests;
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    const byte = value & 0xff;
    if (offset === 1) this.#writeData(byte);
    else if (offset !== 0) return;
    else if (byte & ICW1_SELECT) this.#initialize(byte);
    else if (byte & OCW3_SELECT) this.#writeOcw3(byte);
    else this.#writeOcw2(byte);
    this.#update();
  }

  #initialize(icw1: number): void {
    const { lines, elcr } = this.#s;
    // The edge detectors are cleared: an input that is high already must fall and rise to be seen.
    this.#s = { ...POWER_ON, lines, elcr, icw1, isInitialized: true, expects: 'icw2', icw3: this.#isMaster ? 0 : 7 };
  }

  #writeData(byte: number): void {
    const s = this.#s;
    switch (s.expects) {
      case 'icw2':
        s.icw2 = byte;
        s.expects = (s.icw1 & ICW1_SNGL) === 0 ? 'icw3' : this.#afterIcw3();
        break;
      case 'icw3':
        s.icw3 = byte;
        s.expects = this.#afterIcw3();
        break;
      case 'icw4':
        s.icw4 = byte;
        s.expects = 'ocw1';
        break;
      case 'ocw1':
        s.imr = byte;
        break;
    }
  }

  #afterIcw3(): 'icw4' | 'ocw1' {
    return (this.#s.icw1 & ICW1_IC4) !== 0 ? 'icw4' : 'ocw1';
  }

  /** End of interrupt and rotation: bits 7-5 are R, SL, EOI; bits 2-0 name an input. */
  #writeOcw2(byte: number): void {
    const s = this.#s;
    const command = byte >>> 5;
    const named = byte & 7;
    switch (command) {
      case 0:
      case OCW2_R:
        s.rotatesOnAutoEoi = command === OCW2_R;
        break;
      case OCW2_EOI:
      case OCW2_R | OCW2_EOI: {
        // In special mask mode a masked input is not ended by an unspecific command.
        const rank = highestRank(s.isSpecialMask ? s.isr & ~s.imr : s.isr, s.lowest);
        if (rank > 7) break;
        const input = inputOfRank(rank, s.lowest);
        s.isr &= ~(1 << input);
        if (command & OCW2_R) s.lowest = input;
        break;
      }
      case OCW2_SL | OCW2_EOI:
      case OCW2_R | OCW2_SL | OCW2_EOI:
        s.isr &= ~(1 << named);
        if (command & OCW2_R) s.lowest = named;
        break;
      case OCW2_R | OCW2_SL:
        s.lowest = named;
        break;
      // SL alone is no operation.
    }
  }

  #writeOcw3(byte: number): void {
    const s = this.#s;
    if (byte & OCW3_ESMM) s.isSpecialMask = (byte & OCW3_SMM) !== 0;
    if (byte & OCW3_RR) s.readsIsr = (byte & OCW3_RIS) !== 0;
    s.isPolled = (byte & OCW3_POLL) !== 0;
  }

  #writeElcr(value: number): void {
    const s = this.#s;
    s.latched &= ~(s.elcr ^ value);
    s.elcr = value;
    this.#update();
  }

  /** A read that acknowledges: bit 7 says whether there was a request, bits 2-0 which. */
  #poll(): number {
    this.#s.isPolled = false;
    const input = this.#acceptedInput();
    if (input === null) return 0;
    this.#takeIntoService(input);
    this.#endAutomatically(input);
    return POLL_REQUEST | input;
  }

  #takeIntoService(input: number): void {
    this.#s.isr |= 1 << input;
    this.#s.latched &= ~(1 << input);
    // INT falls with every acknowledge, even if the next request is waiting: a master in edge mode must see it rise again.
    this.#drive(false);
  }

  #endAutomatically(input: number): void {
    const s = this.#s;
    if (s.icw4 & ICW4_AEOI) {
      s.isr &= ~(1 << input);
      if (s.rotatesOnAutoEoi) s.lowest = input;
    }
    this.#update();
  }

  #hasSlave(input: number): boolean {
    return this.#isMaster && (this.#s.icw1 & ICW1_SNGL) === 0 && (this.#s.icw3 & (1 << input)) !== 0;
  }

  /** @returns the input that the next acknowledge would serve, or `null` */
  #acceptedInput(): number | null {
    const s = this.#s;
    if (!s.isInitialized || s.expects !== 'ocw1') return null;
    const rank = highestRank(this.requests & ~s.imr, s.lowest);
    if (rank > 7) return null;
    const inService = highestRank(s.isSpecialMask ? s.isr & ~s.imr : s.isr, s.lowest);
    const input = inputOfRank(rank, s.lowest);
    if (rank < inService) return input;
    // Special fully nested mode: a slave in service may ask again, because its own priorities decide.
    if (rank === inService && s.icw4 & ICW4_SFNM && this.#hasSlave(input)) return input;
    return null;
  }

  #update(): void {
    this.#drive(this.#acceptedInput() !== null);
  }

  #drive(level: boolean): void {
    if (level === this.#isRequesting) return;
    this.#isRequesting = level;
    this.#interrupt.set(level);
  }
}
