/**
 * The 8042 keyboard controller of a PC, with a PS/2 keyboard on its cable and nothing at its auxiliary (mouse) port.
 *
 * Ports, as offsets: 0 data (60h): output buffer, input buffer; 1 status and command (64h).
 *
 * The controller answers a command at once, so that the input buffer is never seen full; the keyboard's bytes come
 * {@link KEYBOARD_BYTE_TICKS} after one another. A controller's answer waits for the host to read the output buffer,
 * and goes before the keyboard's bytes; a second answer replaces one that still waits.
 *
 * **Not emulated**: the password (A4h says that there is none); the key lock; polling the input port into the status
 * (C1h, C2h) and the diagnostic dump (ACh); pulsing output lines other than the reset line; parity errors; a mouse. A
 * byte sent to the auxiliary port is answered as a controller does whose device stays silent: FEh, with time-out in the
 * status.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller"
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import { KbcError } from './kbc-error.ts';
import {
  COMMAND_BYTE_AUX_DISABLE,
  COMMAND_BYTE_AUX_IRQ,
  COMMAND_BYTE_KEYBOARD_DISABLE,
  COMMAND_BYTE_KEYBOARD_IRQ,
  COMMAND_BYTE_SYSTEM_FLAG,
  COMMAND_BYTE_TRANSLATE,
  DISABLE_A20,
  DISABLE_AUX,
  DISABLE_KEYBOARD,
  ENABLE_A20,
  ENABLE_AUX,
  ENABLE_KEYBOARD,
  INPUT_PORT,
  KBC_DATA,
  KBC_STATUS,
  LOAD_PASSWORD,
  NO_DEVICE,
  OUTPUT_PORT_A20,
  OUTPUT_PORT_AUX_FULL,
  OUTPUT_PORT_KEYBOARD_FULL,
  OUTPUT_PORT_NOT_RESET,
  PASSWORD_NOT_INSTALLED,
  READ_INPUT_PORT,
  READ_OUTPUT_PORT,
  READ_TEST_INPUTS,
  SELF_TEST,
  SELF_TEST_PASSED,
  STATUS_AUX_OUTPUT_FULL,
  STATUS_COMMAND,
  STATUS_NOT_LOCKED,
  STATUS_OUTPUT_FULL,
  STATUS_SYSTEM_FLAG,
  STATUS_TIMEOUT,
  TEST_AUX,
  TEST_INPUTS,
  TEST_KEYBOARD,
  TEST_PASSED,
  TEST_PASSWORD,
  WRITE_AUX,
  WRITE_AUX_OUTPUT,
  WRITE_COMMAND_BYTE,
  WRITE_KEYBOARD_OUTPUT,
  WRITE_OUTPUT_PORT,
} from './kbc-registers.ts';
import {
  checkKbcState,
  copyKbcState,
  type KbcControllerState,
  type KbcState,
  resetKbcState,
  VAIN_READS_MAX,
} from './kbc-state.ts';
import { Keyboard } from './keyboard.ts';
import { isKeyName, type KeyName } from './keys.ts';
import { BREAK_PREFIX, translate } from './translation.ts';

/** Time in ticks from one byte of the keyboard to the next: ten microseconds, where a real one takes a millisecond. */
export const KEYBOARD_BYTE_TICKS = 10_000;

/** What a {@link Kbc8042} is wired to. */
export interface Kbc8042Dependencies {
  clock: Clock;
  /** Rises with each byte for the host, falls when it is read: IRQ 1. */
  keyboardIrq: InterruptLine;
  /** The same for bytes of the auxiliary port: IRQ 12. */
  auxIrq?: InterruptLine;
  /** Gate of address line 20: high lets it through. High at power-on, which is not driven. */
  a20?: InterruptLine;
  /** Pulls the processor's reset line. Called inside of the port write; the embedder resets after the instruction. */
  systemReset?: () => void;
  /** Unique in the machine; `kbc-8042` when left out. */
  name?: string;
}

/** The controller and its keyboard: ports to the host, keys to the user. */
export class Kbc8042 implements Component<KbcState>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #keyboardIrq: InterruptLine;
  readonly #auxIrq: InterruptLine | undefined;
  readonly #a20: InterruptLine | undefined;
  readonly #systemReset: (() => void) | undefined;
  readonly #nextByte: Alarm;
  readonly #keyboard: Keyboard;
  #state: KbcControllerState = resetKbcState();

  constructor(dependencies: Kbc8042Dependencies) {
    this.name = dependencies.name ?? 'kbc-8042';
    this.#clock = dependencies.clock;
    this.#keyboardIrq = dependencies.keyboardIrq;
    this.#auxIrq = dependencies.auxIrq;
    this.#a20 = dependencies.a20;
    this.#systemReset = dependencies.systemReset;
    this.#nextByte = dependencies.clock.alarm(`${this.name}.byte`, () => this.#receiveByte());
    this.#keyboard = new Keyboard({
      name: `${this.name}.keyboard`,
      clock: dependencies.clock,
      onOutput: () => this.#pump(),
    });
  }

  reset(): void {
    this.#state = resetKbcState();
    this.#keyboard.reset();
    this.#nextByte.cancel();
  }

  snapshot(): KbcState {
    return { ...copyKbcState(this.#state), keyboard: this.#keyboard.snapshot() };
  }

  /** @throws {KbcError} `bad-state` when the state is not one that the controller can be in; nothing is taken then */
  restore(state: KbcState): void {
    checkKbcState(state);
    this.#state = copyKbcState(state);
    this.#keyboard.restore(state.keyboard);
  }

  /** Whether the output port lets address line 20 through. */
  get isA20Enabled(): boolean {
    return (this.#state.outputPort & OUTPUT_PORT_A20) !== 0;
  }

  /** The keyboard's lights: bit 0 Scroll Lock, bit 1 Num Lock, bit 2 Caps Lock. */
  get leds(): number {
    return this.#keyboard.leds;
  }

  /** How many bytes of keystrokes the keyboard can take before it overruns; a key takes up to nine. */
  get freeKeystrokeBytes(): number {
    return this.#keyboard.freeBytes;
  }

  /** Whether bytes of the controller or the keyboard are on their way to the host. */
  get hasOutput(): boolean {
    return this.#state.isFull || this.#state.answer !== null || this.#keyboard.hasOutput;
  }

  /** Whether a byte of the keyboard would reach the host, and raise IRQ 1. */
  get isInterrupting(): boolean {
    return (
      (this.#commandByte & (COMMAND_BYTE_KEYBOARD_DISABLE | COMMAND_BYTE_KEYBOARD_IRQ)) === COMMAND_BYTE_KEYBOARD_IRQ
    );
  }

  /**
   * How often the host has looked for a byte in vain – read the status or an empty output buffer – since it last wrote to
   * the controller or got a byte. A host that polls for keys makes it grow.
   */
  get vainReads(): number {
    return this.#state.vainReads;
  }

  /**
   * A key goes down, and repeats by itself until it is released or another goes down.
   *
   * @throws {KbcError} `unknown-key`
   */
  press(key: KeyName): void {
    this.#keyboard.press(checkKey(key));
  }

  /**
   * A key goes up; nothing happens when it was not down.
   *
   * @throws {KbcError} `unknown-key`
   */
  release(key: KeyName): void {
    this.#keyboard.release(checkKey(key));
  }

  /**
   * Sends bytes as the keyboard would send one keystroke: in its own scan code set, before the controller translates.
   */
  sendScanCodes(bytes: readonly number[]): void {
    this.#keyboard.sendRaw(bytes.map((byte) => byte & 0xff));
  }

  readPort(offset: number, width: AccessWidth): number {
    if (this.#state.isFull) this.#state.vainReads = 0;
    else if (this.#state.vainReads < VAIN_READS_MAX) this.#state.vainReads += 1;
    const value = offset === KBC_DATA ? this.#readData() : offset === KBC_STATUS ? this.#status() : 0xff;
    return width === 8 ? value : (value | (width === 16 ? 0xff00 : 0xffffff00)) >>> 0;
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    const byte = value & 0xff;
    this.#state.vainReads = 0;
    if (offset === KBC_DATA) {
      this.#state.isCommandLast = false;
      this.#writeData(byte);
    } else if (offset === KBC_STATUS) {
      this.#state.isCommandLast = true;
      this.#writeCommand(byte);
    }
  }

  #status(): number {
    const { isFull, isAuxOutput, isTimeout, isCommandLast } = this.#state;
    return (
      STATUS_NOT_LOCKED |
      (isFull ? STATUS_OUTPUT_FULL : 0) |
      ((this.#commandByte & COMMAND_BYTE_SYSTEM_FLAG) !== 0 ? STATUS_SYSTEM_FLAG : 0) |
      (isCommandLast ? STATUS_COMMAND : 0) |
      (isFull && isAuxOutput ? STATUS_AUX_OUTPUT_FULL : 0) |
      (isTimeout ? STATUS_TIMEOUT : 0)
    );
  }

  /** Reading empties the output buffer; what waits comes next. */
  #readData(): number {
    const byte = this.#state.output;
    if (this.#state.isFull) {
      this.#state.isFull = false;
      this.#state.isTimeout = false;
      this.#updateLines();
      this.#pump();
    }
    return byte;
  }

  #writeCommand(command: number): void {
    this.#state.command = null;
    const answer = this.#answerTo(command);
    if (answer !== null) this.#answer(answer);
    else if (TAKES_DATA.has(command) || (command >= 0x60 && command < 0x80)) this.#state.command = command;
    else this.#obey(command);
  }

  /** @returns what a command that asks for something gets, or `null` for any other command */
  #answerTo(command: number): number | null {
    if (command >= 0x20 && command < 0x40) return this.#state.memory[command & 0x1f] as number;
    switch (command) {
      case TEST_PASSWORD:
        return PASSWORD_NOT_INSTALLED;
      case TEST_AUX:
      case TEST_KEYBOARD:
        return TEST_PASSED;
      case SELF_TEST:
        this.#setCommandByte(this.#commandByte | COMMAND_BYTE_SYSTEM_FLAG);
        return SELF_TEST_PASSED;
      case READ_INPUT_PORT:
        return INPUT_PORT;
      case READ_OUTPUT_PORT:
        return this.#outputPort();
      case READ_TEST_INPUTS:
        return TEST_INPUTS;
      default:
        return null;
    }
  }

  #obey(command: number): void {
    switch (command) {
      case DISABLE_AUX:
        this.#setCommandByte(this.#commandByte | COMMAND_BYTE_AUX_DISABLE);
        break;
      case ENABLE_AUX:
        this.#setCommandByte(this.#commandByte & ~COMMAND_BYTE_AUX_DISABLE);
        break;
      case DISABLE_KEYBOARD:
        this.#setCommandByte(this.#commandByte | COMMAND_BYTE_KEYBOARD_DISABLE);
        break;
      case ENABLE_KEYBOARD:
        this.#setCommandByte(this.#commandByte & ~COMMAND_BYTE_KEYBOARD_DISABLE);
        break;
      case DISABLE_A20:
        this.#setOutputPort(this.#state.outputPort & ~OUTPUT_PORT_A20);
        break;
      case ENABLE_A20:
        this.#setOutputPort(this.#state.outputPort | OUTPUT_PORT_A20);
        break;
      default:
        // F0h to FFh pull those output lines low for a moment whose bits 3–0 are clear.
        if (command >= 0xf0 && (command & OUTPUT_PORT_NOT_RESET) === 0) this.#systemReset?.();
    }
  }

  #writeData(byte: number): void {
    const { command, memory } = this.#state;
    if (command === LOAD_PASSWORD && byte !== 0) return; // the password goes on to its zero
    this.#state.command = null;
    switch (command) {
      case null:
        this.#writeKeyboard(byte);
        break;
      case WRITE_COMMAND_BYTE:
        this.#setCommandByte(byte);
        break;
      case WRITE_OUTPUT_PORT:
        this.#setOutputPort(byte);
        break;
      case WRITE_KEYBOARD_OUTPUT:
        this.#answer(byte);
        break;
      case WRITE_AUX_OUTPUT:
        this.#answer(byte, { isAux: true });
        break;
      case WRITE_AUX:
        this.#answer(NO_DEVICE, { isAux: true, isTimeout: true });
        break;
      default:
        if (command < 0x80) memory[command & 0x1f] = byte;
    }
  }

  /** Sending a byte to the keyboard enables its interface. */
  #writeKeyboard(byte: number): void {
    this.#setCommandByte(this.#commandByte & ~COMMAND_BYTE_KEYBOARD_DISABLE);
    this.#keyboard.write(byte);
  }

  get #commandByte(): number {
    return this.#state.memory[0] as number;
  }

  #setCommandByte(value: number): void {
    this.#state.memory[0] = value;
    if ((value & COMMAND_BYTE_KEYBOARD_DISABLE) !== 0) this.#nextByte.cancel();
    this.#updateLines();
    this.#pump();
  }

  #outputPort(): number {
    const { outputPort, isFull, isAuxOutput } = this.#state;
    const full = isFull ? (isAuxOutput ? OUTPUT_PORT_AUX_FULL : OUTPUT_PORT_KEYBOARD_FULL) : 0;
    return (outputPort & ~(OUTPUT_PORT_KEYBOARD_FULL | OUTPUT_PORT_AUX_FULL)) | full;
  }

  #setOutputPort(value: number): void {
    this.#state.outputPort = value;
    this.#a20?.set((value & OUTPUT_PORT_A20) !== 0);
    if ((value & OUTPUT_PORT_NOT_RESET) === 0) this.#systemReset?.();
  }

  #answer(byte: number, { isAux = false, isTimeout = false }: { isAux?: boolean; isTimeout?: boolean } = {}): void {
    this.#state.answer = { byte, isAux, isTimeout };
    this.#pump();
  }

  /** Moves what waits towards the empty output buffer: an answer at once, a keyboard's byte when its time has come. */
  #pump(): void {
    const { isFull, answer } = this.#state;
    if (isFull) return;
    if (answer !== null) {
      this.#state.answer = null;
      this.#nextByte.cancel();
      this.#fill(answer.byte, answer.isAux, answer.isTimeout);
    } else if (this.#isKeyboardReady() && this.#nextByte.deadline === null) {
      this.#nextByte.scheduleAt(this.#clock.now + KEYBOARD_BYTE_TICKS);
    }
  }

  #isKeyboardReady(): boolean {
    return (this.#commandByte & COMMAND_BYTE_KEYBOARD_DISABLE) === 0 && this.#keyboard.hasOutput;
  }

  /** A byte has come over the keyboard's cable. With translation a break prefix only marks the byte after it. */
  #receiveByte(): void {
    if (this.#state.isFull || !this.#isKeyboardReady()) return;
    const byte = this.#keyboard.take();
    if ((this.#commandByte & COMMAND_BYTE_TRANSLATE) === 0) {
      this.#fill(byte, false, false);
    } else if (byte === BREAK_PREFIX) {
      this.#state.hasBreakPrefix = true;
      this.#pump();
    } else {
      const translated = translate(byte) | (this.#state.hasBreakPrefix ? 0x80 : 0);
      this.#state.hasBreakPrefix = false;
      this.#fill(translated, false, false);
    }
  }

  #fill(byte: number, isAux: boolean, isTimeout: boolean): void {
    this.#state.output = byte;
    this.#state.isFull = true;
    this.#state.isAuxOutput = isAux;
    this.#state.isTimeout = isTimeout;
    this.#updateLines();
  }

  #updateLines(): void {
    const { isFull, isAuxOutput } = this.#state;
    const enabled = this.#commandByte;
    this.#keyboardIrq.set(isFull && !isAuxOutput && (enabled & COMMAND_BYTE_KEYBOARD_IRQ) !== 0);
    this.#auxIrq?.set(isFull && isAuxOutput && (enabled & COMMAND_BYTE_AUX_IRQ) !== 0);
  }
}

/** Commands from A0h that take a byte from the data port. */
const TAKES_DATA: ReadonlySet<number> = new Set([
  LOAD_PASSWORD,
  WRITE_OUTPUT_PORT,
  WRITE_KEYBOARD_OUTPUT,
  WRITE_AUX_OUTPUT,
  WRITE_AUX,
]);

function checkKey(key: string): KeyName {
  if (isKeyName(key)) return key;
  throw new KbcError('unknown-key', `there is no key named ${JSON.stringify(key)}`);
}
