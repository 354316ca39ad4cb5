/**
 * A PS/2 keyboard: its sixteen-byte buffer, typematic repeat, and the commands of the host.
 *
 * **Not emulated**: the self-test at power-on (it is over before time begins); the extra shift codes around navigation
 * keys while Num Lock or a shift is active; locked keys other than by the host.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)", commands from the system
 */
import type { Alarm, Clock } from '@longmode/device';
import { defaultKeyTypes, KEY_REPEATS, KEY_SENDS_BREAK } from './key-types.ts';
import { copyKeyboardState, type KeyboardState, resetKeyboardState } from './keyboard-state.ts';
import { type KeyName, type ScanCodeSet, set3Code } from './keys.ts';
import { type Modifiers, scanCodes } from './scan-codes.ts';

/** Bytes of keystrokes that the keyboard holds while the host does not take them. */
export const KEYBOARD_BUFFER_SIZE = 16;
/** Bytes that answer commands and wait for the host. */
const RESPONSE_BUFFER_SIZE = 16;
/** Time in ticks that the self-test takes: a millisecond, where a real keyboard takes half a second. */
const SELF_TEST_TICKS = 1_000_000;

const ACKNOWLEDGE = 0xfa;
const RESEND = 0xfe;
const SELF_TEST_PASSED = 0xaa;
const IDENTITY = [0xab, 0x83];

const SET_LEDS = 0xed;
const ECHO = 0xee;
const SCAN_CODE_SET = 0xf0;
const IDENTIFY = 0xf2;
const SET_TYPEMATIC = 0xf3;
const ENABLE = 0xf4;
const DEFAULT_DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const ALL_REPEAT = 0xf7;
const ALL_BREAK = 0xf8;
const ALL_MAKE_ONLY = 0xf9;
const ALL_REPEAT_BREAK = 0xfa;
const KEY_REPEAT = 0xfb;
const KEY_BREAK = 0xfc;
const KEY_MAKE_ONLY = 0xfd;
const RESEND_LAST = 0xfe;
const RESET = 0xff;

/** What a {@link Keyboard} is wired to. */
export interface KeyboardDependencies {
  /** Prefix of the alarms' names. */
  name: string;
  clock: Clock;
  /** Called when the keyboard may have a byte to send. */
  onOutput: () => void;
}

/** The keyboard at the other end of the controller's cable. */
export class Keyboard {
  readonly #clock: Clock;
  readonly #onOutput: () => void;
  readonly #repeat: Alarm;
  readonly #selfTest: Alarm;
  #state: KeyboardState = resetKeyboardState();

  constructor(dependencies: KeyboardDependencies) {
    this.#clock = dependencies.clock;
    this.#onOutput = dependencies.onOutput;
    this.#repeat = dependencies.clock.alarm(`${dependencies.name}.typematic`, () => this.#sendRepeat());
    this.#selfTest = dependencies.clock.alarm(`${dependencies.name}.self-test`, () => this.#respond(SELF_TEST_PASSED));
  }

  reset(): void {
    this.#state = resetKeyboardState();
    this.#repeat.cancel();
    this.#selfTest.cancel();
  }

  snapshot(): KeyboardState {
    return copyKeyboardState(this.#state);
  }

  /** @param state one that `checkKeyboardState` has let through */
  restore(state: KeyboardState): void {
    this.#state = copyKeyboardState(state);
  }

  /** The lights: bit 0 Scroll Lock, bit 1 Num Lock, bit 2 Caps Lock. */
  get leds(): number {
    return this.#state.leds;
  }

  /** How many bytes of keystrokes fit before the buffer overruns. */
  get freeBytes(): number {
    return Math.max(0, KEYBOARD_BUFFER_SIZE - this.#state.keystrokes.length);
  }

  get hasOutput(): boolean {
    return this.#state.responses.length > 0 || this.#state.keystrokes.length > 0;
  }

  /** Takes the next byte on its way to the host: answers to commands first. */
  take(): number {
    const byte = this.#state.responses.shift() ?? this.#state.keystrokes.shift() ?? 0;
    this.#state.lastSent = byte;
    return byte;
  }

  /** A key goes down. Pressing a key that is down sends its make code again. */
  press(key: KeyName): void {
    const { pressed, set, typematic, keyTypes } = this.#state;
    const modifiers = this.#modifiers();
    if (!pressed.includes(key)) pressed.push(key);
    this.#stopRepeating();
    if (!this.#isScanning()) return;
    this.#sendKeystroke(scanCodes(set, key, true, modifiers));
    const repeats = set === 3 ? ((keyTypes[set3Code(key)] as number) & KEY_REPEATS) !== 0 : key !== 'pause';
    if (!repeats) return;
    this.#state.repeating = key;
    this.#repeat.scheduleAt(this.#clock.now + 250_000_000 * (1 + ((typematic >> 5) & 3)));
  }

  /** A key goes up; nothing happens when it was not down. */
  release(key: KeyName): void {
    const { pressed, set, keyTypes } = this.#state;
    const at = pressed.indexOf(key);
    if (at < 0) return;
    pressed.splice(at, 1);
    if (this.#state.repeating === key) this.#stopRepeating();
    if (!this.#isScanning()) return;
    if (set === 3 && ((keyTypes[set3Code(key)] as number) & KEY_SENDS_BREAK) === 0) return;
    this.#sendKeystroke(scanCodes(set, key, false, this.#modifiers()));
  }

  /** Puts bytes into the buffer as one keystroke: they fit whole, or the buffer overruns. */
  sendRaw(bytes: readonly number[]): void {
    if (this.#isScanning()) this.#sendKeystroke(bytes);
  }

  /** Takes a byte from the host. */
  write(byte: number): void {
    const command = this.#state.command;
    if (command !== null && byte < SET_LEDS) this.#takeOption(command, byte);
    else this.#takeCommand(byte);
    this.#onOutput();
  }

  #takeCommand(byte: number): void {
    this.#state.command = null;
    switch (byte) {
      case SET_LEDS:
      case SET_TYPEMATIC:
      case SCAN_CODE_SET:
      case KEY_REPEAT:
      case KEY_BREAK:
      case KEY_MAKE_ONLY:
        this.#state.command = byte;
        this.#respond(ACKNOWLEDGE);
        break;
      case ECHO:
        this.#respond(ECHO);
        break;
      case IDENTIFY:
        this.#respond(ACKNOWLEDGE, ...IDENTITY);
        break;
      case ENABLE:
        this.#forgetKeystrokes();
        this.#state.isEnabled = true;
        this.#respond(ACKNOWLEDGE);
        break;
      case DEFAULT_DISABLE:
      case SET_DEFAULT:
        this.#setDefaults();
        this.#state.isEnabled = byte === SET_DEFAULT;
        this.#respond(ACKNOWLEDGE);
        break;
      case ALL_REPEAT:
      case ALL_BREAK:
      case ALL_MAKE_ONLY:
      case ALL_REPEAT_BREAK:
        this.#forgetKeystrokes();
        this.#state.keyTypes.fill(keyTypeOf(byte));
        this.#respond(ACKNOWLEDGE);
        break;
      case RESEND_LAST:
        this.#respond(this.#state.lastSent);
        break;
      case RESET:
        this.#setDefaults();
        this.#state.leds = 0;
        this.#state.isEnabled = true;
        this.#respond(ACKNOWLEDGE);
        this.#selfTest.scheduleAt(this.#clock.now + SELF_TEST_TICKS);
        break;
      default:
        this.#respond(RESEND);
    }
  }

  #takeOption(command: number, byte: number): void {
    const state = this.#state;
    if (command === KEY_REPEAT || command === KEY_BREAK || command === KEY_MAKE_ONLY) {
      state.keyTypes[byte] = keyTypeOf(command - KEY_REPEAT + ALL_REPEAT); // a list of keys, up to the next command
      this.#respond(ACKNOWLEDGE);
      return;
    }
    state.command = null;
    if (command === SET_LEDS && byte < 0x08) {
      state.leds = byte;
      this.#respond(ACKNOWLEDGE);
    } else if (command === SET_TYPEMATIC && byte < 0x80) {
      state.typematic = byte;
      this.#respond(ACKNOWLEDGE);
    } else if (command === SCAN_CODE_SET && byte === 0) {
      this.#respond(ACKNOWLEDGE, state.set);
    } else if (command === SCAN_CODE_SET && byte <= 3) {
      this.#forgetKeystrokes();
      state.set = byte as ScanCodeSet;
      this.#respond(ACKNOWLEDGE);
    } else {
      this.#respond(RESEND);
    }
  }

  /** Typematic rate, key types and scan code set as at power-on; the lights stay as they are. */
  #setDefaults(): void {
    const defaults = resetKeyboardState();
    this.#forgetKeystrokes();
    this.#state.set = defaults.set;
    this.#state.typematic = defaults.typematic;
    this.#state.keyTypes = defaultKeyTypes();
  }

  #forgetKeystrokes(): void {
    this.#state.keystrokes.length = 0;
    this.#stopRepeating();
  }

  #stopRepeating(): void {
    this.#state.repeating = null;
    this.#repeat.cancel();
  }

  /** A host that never reads cannot make the answers grow: what does not fit is lost. */
  #respond(...bytes: number[]): void {
    const { responses } = this.#state;
    responses.push(...bytes.slice(0, RESPONSE_BUFFER_SIZE - responses.length));
    this.#onOutput();
  }

  /** Keys are not scanned while disabled, during the self-test, and between a command and its option. */
  #isScanning(): boolean {
    return this.#state.isEnabled && this.#selfTest.deadline === null && this.#state.command === null;
  }

  /** A keystroke that does not fit whole leaves the overrun code in the seventeenth place instead. */
  #sendKeystroke(bytes: readonly number[]): void {
    const { keystrokes, set } = this.#state;
    const overrun = set === 1 ? 0xff : 0x00;
    if (keystrokes.length + bytes.length <= KEYBOARD_BUFFER_SIZE) keystrokes.push(...bytes);
    else if (keystrokes.at(-1) !== overrun && keystrokes.length <= KEYBOARD_BUFFER_SIZE) keystrokes.push(overrun);
    this.#onOutput();
  }

  #sendRepeat(): void {
    const { repeating, set, typematic } = this.#state;
    if (repeating === null || !this.#isScanning()) return;
    this.#sendKeystroke(scanCodes(set, repeating, true, this.#modifiers()));
    const periodTicks = (8 + (typematic & 7)) * (1 << ((typematic >> 3) & 3)) * 4_170_000;
    this.#repeat.scheduleAt(this.#clock.now + periodTicks);
  }

  #modifiers(): Modifiers {
    const { pressed } = this.#state;
    return {
      isShifted: pressed.includes('shift') || pressed.includes('shift_r'),
      isControlled: pressed.includes('ctrl') || pressed.includes('ctrl_r'),
      isAlternate: pressed.includes('alt') || pressed.includes('alt_r'),
    };
  }
}

/** The key type that commands F7h to FAh give to all keys. */
function keyTypeOf(command: number): number {
  switch (command) {
    case ALL_REPEAT:
      return KEY_REPEATS;
    case ALL_BREAK:
      return KEY_SENDS_BREAK;
    case ALL_MAKE_ONLY:
      return 0;
    default:
      return KEY_REPEATS | KEY_SENDS_BREAK;
  }
}
