/**
 * National Semiconductor 16550A universal asynchronous receiver/transmitter, as a PC's serial port.
 *
 * Offset 0: receiver buffer (read), transmitter holding (write); 1: interrupt enable; with LCR bit 7 set, 0 and 1 are the
 * divisor latch. 2: interrupt identification (read), FIFO control (write); 3: line control; 4: modem control; 5: line status
 * (read); 6: modem status (read); 7: scratch.
 *
 * Not emulated: the bits on the line. All eight bits of a character pass whatever the word length is, there are no parity
 * errors, and both ends always agree on the speed; word length, parity and stop bits only count for the time that a character
 * takes. DMA mode (FCR bit 3) is kept without effect; writes to line and modem status are ignored.
 *
 * @source National Semiconductor PC16550D data sheet (June 1995); gating of the interrupt by OUT2: IBM Personal Computer AT
 * Technical Reference, "Serial/Parallel Adapter"
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import type { Uart16550Dependencies } from './dependencies.ts';
import { InputQueue } from './input-queue.ts';
import { type ModemInputs, type ModemOutputs, modemBits, modemLines, modemOutputs, noteModemChange } from './modem.ts';
import {
  characterTicks,
  FCR_ENABLE,
  FCR_KEPT,
  FCR_RESET_RECEIVER,
  FCR_RESET_TRANSMITTER,
  IER_THRE,
  IIR_FIFOS,
  IIR_THRE,
  LCR_BREAK,
  LCR_DLAB,
  LSR_BI,
  LSR_FE,
  LSR_OE,
  MCR_LOOP,
  MCR_RTS,
} from './registers.ts';
import { fifoSize, hasFifos, interruptCause, lineStatus, wantsInterrupt } from './status.ts';
import {
  BREAK,
  checkedState,
  powerOnRegisters,
  Uart16550Error,
  type Uart16550State,
  type UartRegisters,
} from './uart-state.ts';

const OPEN_BUS = 0xff;

/** A 16550A: two FIFOs of 16 bytes, one interrupt, and a queue in front of the receiver so that no input is lost. */
export class Uart16550 implements Component<Uart16550State>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #interrupt: InterruptLine;
  readonly #onTransmit: (byte: number) => void;
  readonly #isInstant: boolean;
  readonly #holdsForRts: boolean;
  readonly #inputLimit: number;
  readonly #powerOnInputs: number;
  readonly #transmitAlarm: Alarm;
  readonly #receiveAlarm: Alarm;
  readonly #timeoutAlarm: Alarm;
  readonly #input = new InputQueue();
  #s: UartRegisters;
  /** The level of the interrupt line: a function of the state, kept so that the line is driven at its edges only. */
  #isInterrupting = false;

  /** @throws {Uart16550Error} `bad-option` for a limit that is no positive integer */
  constructor(dependencies: Uart16550Dependencies) {
    const { clock, name, interrupt, inputLimit = 0x1_0000 } = dependencies;
    if (!(Number.isInteger(inputLimit) && inputLimit > 0)) {
      throw new Uart16550Error('bad-option', `${name}: expected a positive inputLimit, found ${inputLimit}`);
    }
    this.name = name;
    this.#clock = clock;
    this.#interrupt = interrupt;
    this.#onTransmit = dependencies.onTransmit ?? (() => {});
    this.#isInstant = dependencies.timing !== 'baud';
    this.#holdsForRts = dependencies.flowControl === 'rts';
    this.#inputLimit = inputLimit;
    this.#powerOnInputs = modemBits({ cts: true, dsr: true, ri: false, dcd: true, ...dependencies.modemInputs });
    this.#transmitAlarm = clock.alarm(`${name}.transmit`, () => this.#finishCharacter());
    this.#receiveAlarm = clock.alarm(`${name}.receive`, () => this.#takeInput());
    this.#timeoutAlarm = clock.alarm(`${name}.timeout`, () => this.#timeOut());
    this.#s = powerOnRegisters(this.#powerOnInputs);
  }

  reset(): void {
    this.#s = powerOnRegisters(this.#powerOnInputs);
    this.#input.replace([]);
    this.#isInterrupting = false;
    for (const alarm of [this.#transmitAlarm, this.#receiveAlarm, this.#timeoutAlarm]) alarm.cancel();
  }

  snapshot(): Uart16550State {
    const { received, receivedErrors, transmitting } = this.#s;
    return {
      ...this.#s,
      received: [...received],
      receivedErrors: [...receivedErrors],
      transmitting: [...transmitting],
      input: this.#input.toArray(),
    };
  }

  /** @throws {Uart16550Error} `bad-state` */
  restore(state: Uart16550State): void {
    const { input, ...rest } = checkedState(state, this.#inputLimit);
    this.#s = rest;
    this.#input.replace(input);
    this.#isInterrupting = wantsInterrupt(this.#s);
  }

  /** How many bytes and breaks the other end has sent and the receiver has not taken yet. */
  get pendingInputCount(): number {
    return this.#input.length;
  }

  /** What the guest drives. */
  get modemOutputs(): ModemOutputs {
    return modemOutputs(this.#s);
  }

  /**
   * The other end sends a byte. It arrives one character time later, or when the receiver has room; nothing is lost.
   *
   * @param byte only the low eight bits count
   * @returns whether there was room in the queue
   */
  receive(byte: number): boolean {
    return this.#send(byte & 0xff);
  }

  /** The other end sends a break. @returns whether there was room in the queue */
  receiveBreak(): boolean {
    return this.#send(BREAK);
  }

  /** Changes levels at the modem inputs; those not given stay. */
  setModemInputs(inputs: Partial<ModemInputs>): void {
    const before = modemLines(this.#s);
    this.#s.modemInputs = modemBits(inputs, this.#s.modemInputs);
    noteModemChange(this.#s, before);
    this.#update();
  }

  readPort(offset: number, _width: AccessWidth): number {
    const s = this.#s;
    const isDivisor = (s.lcr & LCR_DLAB) !== 0;
    switch (offset) {
      case 0:
        return isDivisor ? s.divisor & 0xff : this.#readReceiver();
      case 1:
        return isDivisor ? s.divisor >> 8 : s.ier;
      case 2:
        return this.#readIdentification();
      case 3:
        return s.lcr;
      case 4:
        return s.mcr;
      case 5:
        return this.#readLineStatus();
      case 6:
        return this.#readModemStatus();
      case 7:
        return s.scratch;
      default:
        return OPEN_BUS;
    }
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    const s = this.#s;
    const byte = value & 0xff;
    const isDivisor = (s.lcr & LCR_DLAB) !== 0;
    switch (offset) {
      case 0:
        if (isDivisor) s.divisor = (s.divisor & 0xff00) | byte;
        else this.#writeTransmitter(byte);
        break;
      case 1:
        if (isDivisor) s.divisor = (s.divisor & 0xff) | (byte << 8);
        else this.#writeInterruptEnable(byte & 0x0f);
        break;
      case 2:
        this.#writeFifoControl(byte);
        break;
      case 3:
        this.#writeLineControl(byte);
        break;
      case 4:
        this.#writeModemControl(byte & 0x1f);
        break;
      case 7:
        s.scratch = byte;
        break;
    }
    this.#update();
  }

  // Transmitter

  #writeTransmitter(byte: number): void {
    const s = this.#s;
    s.isThrePending = false;
    this.#update(); // the interrupt falls with the write, even if the transmitter is empty again at once
    if (this.#isInstant) {
      this.#transmit(byte);
      s.isThrePending = true;
    } else if (s.shifting === null) {
      this.#beginCharacter(byte);
      s.isThrePending = true;
    } else if (s.transmitting.length < fifoSize(this.#s)) {
      s.transmitting.push(byte);
    } else if (!hasFifos(this.#s)) {
      s.transmitting[0] = byte; // the holding register takes the newer one
    }
  }

  #beginCharacter(byte: number): void {
    this.#s.shifting = byte;
    this.#transmitAlarm.scheduleAt(this.#clock.now + this.#characterTicks());
  }

  #finishCharacter(): void {
    const s = this.#s;
    const byte = s.shifting;
    if (byte === null) return;
    s.shifting = null;
    this.#transmit(byte);
    const next = s.transmitting.shift();
    if (next !== undefined) {
      this.#beginCharacter(next);
      if (s.transmitting.length === 0) s.isThrePending = true;
    }
    this.#update();
  }

  #transmit(byte: number): void {
    if (this.#s.mcr & MCR_LOOP) this.#arrive(byte, 0);
    else this.#onTransmit(byte);
  }

  // Receiver

  #send(item: number): boolean {
    if (this.#input.length >= this.#inputLimit) return false;
    this.#input.push(item);
    this.#expectInput();
    return true;
  }

  /** Starts the next character of the other end, unless one is under way or held back. */
  #expectInput(): void {
    if (this.#receiveAlarm.deadline === null && this.#canTakeInput()) {
      this.#receiveAlarm.scheduleAt(this.#clock.now + this.#characterTicks());
    }
  }

  #canTakeInput(): boolean {
    const { received, mcr } = this.#s;
    if (this.#input.length === 0 || received.length >= fifoSize(this.#s) || (mcr & MCR_LOOP) !== 0) return false;
    return !this.#holdsForRts || (mcr & MCR_RTS) !== 0;
  }

  #takeInput(): void {
    if (!this.#canTakeInput()) return; // held back in the meantime: begins again when there is room
    const item = this.#input.shift() ?? 0;
    if (item === BREAK) this.#arrive(0, LSR_BI | LSR_FE);
    else this.#arrive(item, 0);
    this.#expectInput();
    this.#update();
  }

  /** A character has come in whole, from the line or from the own transmitter. */
  #arrive(byte: number, errors: number): void {
    const s = this.#s;
    if (s.received.length >= fifoSize(this.#s)) {
      s.lineErrors |= LSR_OE;
      if (hasFifos(this.#s)) return; // a full FIFO keeps what it has
      s.received.length = s.receivedErrors.length = 0;
    }
    s.received.push(byte);
    s.receivedErrors.push(errors);
    if (s.received.length === 1) s.lineErrors |= errors; // errors show when their character is the next to be read
    this.#restartTimeout();
  }

  #readReceiver(): number {
    const s = this.#s;
    const byte = s.received.shift() ?? 0;
    s.receivedErrors.shift();
    s.lineErrors |= s.receivedErrors[0] ?? 0;
    s.isTimedOut = false;
    this.#restartTimeout();
    this.#expectInput();
    this.#update();
    return byte;
  }

  #clearReceiver(): void {
    const s = this.#s;
    s.received.length = s.receivedErrors.length = 0;
    s.isTimedOut = false;
    this.#timeoutAlarm.cancel();
    this.#expectInput();
  }

  #restartTimeout(): void {
    if (!hasFifos(this.#s) || this.#s.received.length === 0) this.#timeoutAlarm.cancel();
    else this.#timeoutAlarm.scheduleAt(this.#clock.now + 4 * this.#characterTicks());
  }

  #timeOut(): void {
    this.#s.isTimedOut = hasFifos(this.#s) && this.#s.received.length > 0;
    this.#update();
  }

  // Registers

  #writeInterruptEnable(ier: number): void {
    const s = this.#s;
    if (ier & ~s.ier & IER_THRE && s.transmitting.length === 0) s.isThrePending = true;
    s.ier = ier;
  }

  #readIdentification(): number {
    const cause = interruptCause(this.#s);
    if (cause === IIR_THRE) {
      this.#s.isThrePending = false;
      this.#update();
    }
    return cause | (hasFifos(this.#s) ? IIR_FIFOS : 0);
  }

  #writeFifoControl(byte: number): void {
    const s = this.#s;
    const isSwitched = ((s.fcr ^ byte) & FCR_ENABLE) !== 0;
    s.fcr = byte & FCR_ENABLE ? byte & FCR_KEPT : 0;
    const resets = byte & FCR_ENABLE ? byte : 0;
    if (isSwitched || resets & FCR_RESET_RECEIVER) this.#clearReceiver();
    const isCleared = (resets & FCR_RESET_TRANSMITTER) !== 0 && s.transmitting.length > 0;
    if (isSwitched || isCleared) {
      s.transmitting.length = 0;
      s.isThrePending = true; // after a change of FCR0 the first transmitter interrupt is immediate
    }
  }

  #writeLineControl(byte: number): void {
    const s = this.#s;
    const beginsBreak = (byte & ~s.lcr & LCR_BREAK) !== 0;
    s.lcr = byte;
    if (beginsBreak && s.mcr & MCR_LOOP) this.#arrive(0, LSR_BI | LSR_FE);
  }

  #writeModemControl(mcr: number): void {
    const before = modemLines(this.#s);
    this.#s.mcr = mcr;
    noteModemChange(this.#s, before);
    this.#expectInput();
  }

  #readLineStatus(): number {
    const s = this.#s;
    const status = lineStatus(s);
    s.lineErrors = 0;
    if (s.receivedErrors.length > 0) s.receivedErrors[0] = 0;
    this.#update();
    return status;
  }

  #readModemStatus(): number {
    const status = modemLines(this.#s) | this.#s.modemDeltas;
    this.#s.modemDeltas = 0;
    this.#update();
    return status;
  }

  #update(): void {
    const level = wantsInterrupt(this.#s);
    if (level === this.#isInterrupting) return;
    this.#isInterrupting = level;
    this.#interrupt.set(level);
  }

  #characterTicks(): number {
    return characterTicks(this.#s.lcr, this.#s.divisor);
  }
}
