/**
 * INT 09h: from scan codes to the keyboard buffer and the shift states.
 *
 * **Not emulated**: the keyboard's lamps (40:97 is kept, no command is sent), the beep of a full buffer, layouts other than US.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 09h"
 */
import {
  BDA_ALT_NUMBER,
  BDA_BREAK,
  BDA_KEY_TAIL,
  BDA_KEYBOARD_LEDS,
  BDA_RESET_FLAG,
  BDA_SHIFT_FLAGS_1,
  BDA_SHIFT_FLAGS_2,
  BDA_SHIFT_FLAGS_3,
} from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory } from '../host.ts';
import { PORT_KBC_COMMAND, PORT_KBC_DATA } from '../ports.ts';
import type { Continuation } from '../rom/stubs.ts';
import { clearKeys, pushKey } from './key-buffer.ts';
import { EXTENDED_KEY_CODES, isLetterKey, isNumericPadKey, KEY_CODES, numericPadDigit } from './key-codes.ts';
import {
  SHIFT_1_ALT,
  SHIFT_1_CAPS,
  SHIFT_1_CONTROL,
  SHIFT_1_INSERT,
  SHIFT_1_LEFT,
  SHIFT_1_NUM,
  SHIFT_1_RIGHT,
  SHIFT_1_SCROLL,
  SHIFT_2_LEFT_ALT,
  SHIFT_2_LEFT_CONTROL,
  SHIFT_2_PAUSE,
  SHIFT_2_SYSTEM,
  SHIFT_3_E0,
  SHIFT_3_E1,
  SHIFT_3_RIGHT_ALT,
  SHIFT_3_RIGHT_CONTROL,
} from './shift-states.ts';

const STATUS_OUTPUT_FULL = 0x01;
const STATUS_AUXILIARY = 0x20;
const RELEASE = 0x80;
const KEY_CONTROL = 0x1d;
const KEY_LEFT_SHIFT = 0x2a;
const KEY_RIGHT_SHIFT = 0x36;
const KEY_PRINT = 0x37;
const KEY_ALT = 0x38;
const KEY_CAPS = 0x3a;
const KEY_NUM = 0x45;
const KEY_SCROLL = 0x46;
const KEY_INSERT = 0x52;
const KEY_DELETE = 0x53;
const KEY_SYSTEM = 0x54;
/** Bytes that are no scan codes: overrun, acknowledge, resend, self-test passed or failed. */
const NOT_SCAN_CODES = [0x00, 0xee, 0xfa, 0xfc, 0xfe, 0xff];
const CODE_INSERT = 0x5200;
const CODE_GREY_INSERT = 0x52e0;
const WARM_START = 0x1234;
const KBC_PULSE_RESET = 0xfe;

/** Lock keys: the state bit in 40:17 has the same number as the "is down" bit in 40:18. */
const LOCKS: ReadonlyMap<number, number> = new Map([
  [KEY_CAPS, SHIFT_1_CAPS],
  [KEY_NUM, SHIFT_1_NUM],
  [KEY_SCROLL, SHIFT_1_SCROLL],
]);

/** First trap of INT 09h: takes the byte from the controller into AL, which the stub has saved. */
export function keyRead({ ports }: Firmware, call: ServiceCall): Continuation | undefined {
  const status = ports.readPort(PORT_KBC_COMMAND, 8);
  if ((status & (STATUS_OUTPUT_FULL | STATUS_AUXILIARY)) !== STATUS_OUTPUT_FULL) return 'keyIrq.done';
  call.al = ports.readPort(PORT_KBC_DATA, 8);
}

/** Second trap, after the intercept of INT 15h AH=4Fh: AL is the scan code, possibly a replaced one. */
export function keyProcess(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const { memory } = firmware;
  const code = call.al;
  const flags3 = memory.read8(BDA_SHIFT_FLAGS_3);
  if (code === 0xe0 || code === 0xe1) {
    memory.write8(BDA_SHIFT_FLAGS_3, flags3 | (code === 0xe0 ? SHIFT_3_E0 : SHIFT_3_E1));
    return;
  }
  if ((flags3 & SHIFT_3_E1) !== 0) {
    // Pause sends E1 1D 45 E1 9D C5 at once and nothing on release.
    if ((code & 0x7f) === KEY_CONTROL) return;
    memory.write8(BDA_SHIFT_FLAGS_3, flags3 & ~SHIFT_3_E1);
    return code === KEY_NUM ? pause(memory) : undefined;
  }
  memory.write8(BDA_SHIFT_FLAGS_3, flags3 & ~SHIFT_3_E0);
  if (NOT_SCAN_CODES.includes(code)) return;
  const isExtended = (flags3 & SHIFT_3_E0) !== 0;
  const scan = code & 0x7f;
  const tail = memory.read16(BDA_KEY_TAIL);
  const continuation =
    (code & RELEASE) !== 0 ? release(memory, call, scan, isExtended) : press(firmware, call, scan, isExtended);
  if (memory.read16(BDA_KEY_TAIL) !== tail) firmware.onKeyBuffer('stored');
  return continuation;
}

/** While paused: goes on waiting until a key has ended the pause. */
export function pauseCheck({ memory }: Firmware): Continuation | undefined {
  return (memory.read8(BDA_SHIFT_FLAGS_2) & SHIFT_2_PAUSE) !== 0 ? 'pause.wait' : undefined;
}

function pause(memory: FirmwareMemory): Continuation | undefined {
  const flags = memory.read8(BDA_SHIFT_FLAGS_2);
  if ((flags & SHIFT_2_PAUSE) !== 0) return undefined;
  memory.write8(BDA_SHIFT_FLAGS_2, flags | SHIFT_2_PAUSE);
  return 'keyIrq.pause';
}

function press(firmware: Firmware, call: ServiceCall, scan: number, isExtended: boolean): Continuation | undefined {
  const { memory } = firmware;
  if (pressShift(memory, scan, isExtended)) return undefined;
  const flags1 = memory.read8(BDA_SHIFT_FLAGS_1);
  const hasControl = (flags1 & SHIFT_1_CONTROL) !== 0;
  const hasAlt = (flags1 & SHIFT_1_ALT) !== 0;
  const flags2 = memory.read8(BDA_SHIFT_FLAGS_2);
  if (scan === KEY_DELETE && hasControl && hasAlt) return reset(firmware);
  if ((flags2 & SHIFT_2_PAUSE) !== 0) {
    memory.write8(BDA_SHIFT_FLAGS_2, flags2 & ~SHIFT_2_PAUSE);
    return undefined;
  }
  if (scan === KEY_SYSTEM || (isExtended && scan === KEY_PRINT && hasAlt)) return systemKey(memory, call, true);
  if (isExtended && scan === KEY_PRINT) return 'keyIrq.print';
  if (hasControl && scan === KEY_SCROLL) return controlBreak(memory);
  if (hasControl && !isExtended && scan === KEY_NUM) return pause(memory);
  if (pressLock(memory, scan, isExtended)) return undefined;
  pressKey(memory, flags1, scan, isExtended);
  return undefined;
}

/** @returns true when the key is Shift, Ctrl or Alt */
function pressShift(memory: FirmwareMemory, scan: number, isExtended: boolean): boolean {
  const set = (address: number, mask: number): void => memory.write8(address, memory.read8(address) | mask);
  switch (scan) {
    case KEY_LEFT_SHIFT:
    case KEY_RIGHT_SHIFT:
      // With the prefix these are the shifts that the keyboard invents around grey keys.
      if (!isExtended) set(BDA_SHIFT_FLAGS_1, scan === KEY_LEFT_SHIFT ? SHIFT_1_LEFT : SHIFT_1_RIGHT);
      return true;
    case KEY_CONTROL:
      set(BDA_SHIFT_FLAGS_1, SHIFT_1_CONTROL);
      if (isExtended) set(BDA_SHIFT_FLAGS_3, SHIFT_3_RIGHT_CONTROL);
      else set(BDA_SHIFT_FLAGS_2, SHIFT_2_LEFT_CONTROL);
      return true;
    case KEY_ALT:
      set(BDA_SHIFT_FLAGS_1, SHIFT_1_ALT);
      if (isExtended) set(BDA_SHIFT_FLAGS_3, SHIFT_3_RIGHT_ALT);
      else set(BDA_SHIFT_FLAGS_2, SHIFT_2_LEFT_ALT);
      return true;
    default:
      return false;
  }
}

/** Lock keys toggle once for each press; repeats are ignored. Insert toggles too, but is also a key. */
function pressLock(memory: FirmwareMemory, scan: number, isExtended: boolean): boolean {
  const mask = isExtended ? undefined : LOCKS.get(scan);
  if (mask === undefined) return false;
  const flags2 = memory.read8(BDA_SHIFT_FLAGS_2);
  if ((flags2 & mask) !== 0) return true;
  memory.write8(BDA_SHIFT_FLAGS_2, flags2 | mask);
  const flags1 = memory.read8(BDA_SHIFT_FLAGS_1) ^ mask;
  memory.write8(BDA_SHIFT_FLAGS_1, flags1);
  memory.write8(BDA_KEYBOARD_LEDS, (memory.read8(BDA_KEYBOARD_LEDS) & ~0x07) | ((flags1 >> 4) & 0x07));
  return true;
}

function pressKey(memory: FirmwareMemory, flags1: number, scan: number, isExtended: boolean): void {
  const hasShift = (flags1 & (SHIFT_1_LEFT | SHIFT_1_RIGHT)) !== 0;
  if ((flags1 & SHIFT_1_ALT) !== 0 && !isExtended) {
    const digit = numericPadDigit(scan);
    if (digit !== undefined) {
      memory.write8(BDA_ALT_NUMBER, (memory.read8(BDA_ALT_NUMBER) * 10 + digit) & 0xff);
      return;
    }
  }
  const codes = (isExtended ? EXTENDED_KEY_CODES : KEY_CODES).get(scan);
  if (codes === undefined) return;
  const lock = isLetterKey(scan) ? SHIFT_1_CAPS : isNumericPadKey(scan) ? SHIFT_1_NUM : 0;
  const isShifted = isExtended ? hasShift : hasShift !== ((flags1 & lock) !== 0);
  const column = (flags1 & SHIFT_1_ALT) !== 0 ? 3 : (flags1 & SHIFT_1_CONTROL) !== 0 ? 2 : isShifted ? 1 : 0;
  const code = codes[column];
  if (code === CODE_INSERT || code === CODE_GREY_INSERT) toggleInsert(memory);
  if (code !== 0) pushKey(memory, code);
}

function toggleInsert(memory: FirmwareMemory): void {
  const flags2 = memory.read8(BDA_SHIFT_FLAGS_2);
  if ((flags2 & SHIFT_1_INSERT) !== 0) return;
  memory.write8(BDA_SHIFT_FLAGS_2, flags2 | SHIFT_1_INSERT);
  memory.write8(BDA_SHIFT_FLAGS_1, memory.read8(BDA_SHIFT_FLAGS_1) ^ SHIFT_1_INSERT);
}

function release(
  memory: FirmwareMemory,
  call: ServiceCall,
  scan: number,
  isExtended: boolean,
): Continuation | undefined {
  const clear = (address: number, mask: number): void => memory.write8(address, memory.read8(address) & ~mask);
  switch (scan) {
    case KEY_LEFT_SHIFT:
    case KEY_RIGHT_SHIFT:
      if (!isExtended) clear(BDA_SHIFT_FLAGS_1, scan === KEY_LEFT_SHIFT ? SHIFT_1_LEFT : SHIFT_1_RIGHT);
      return;
    case KEY_CONTROL: {
      if (isExtended) clear(BDA_SHIFT_FLAGS_3, SHIFT_3_RIGHT_CONTROL);
      else clear(BDA_SHIFT_FLAGS_2, SHIFT_2_LEFT_CONTROL);
      const isLeftDown = (memory.read8(BDA_SHIFT_FLAGS_2) & SHIFT_2_LEFT_CONTROL) !== 0;
      const isRightDown = (memory.read8(BDA_SHIFT_FLAGS_3) & SHIFT_3_RIGHT_CONTROL) !== 0;
      if (!isLeftDown && !isRightDown) clear(BDA_SHIFT_FLAGS_1, SHIFT_1_CONTROL);
      return;
    }
    case KEY_ALT: {
      if (isExtended) clear(BDA_SHIFT_FLAGS_3, SHIFT_3_RIGHT_ALT);
      else clear(BDA_SHIFT_FLAGS_2, SHIFT_2_LEFT_ALT);
      const isLeftDown = (memory.read8(BDA_SHIFT_FLAGS_2) & SHIFT_2_LEFT_ALT) !== 0;
      const isRightDown = (memory.read8(BDA_SHIFT_FLAGS_3) & SHIFT_3_RIGHT_ALT) !== 0;
      if (!isLeftDown && !isRightDown) releaseAlt(memory);
      return;
    }
    case KEY_INSERT:
      clear(BDA_SHIFT_FLAGS_2, SHIFT_1_INSERT);
      return;
    case KEY_SYSTEM:
      return systemKey(memory, call, false);
    case KEY_PRINT:
      return (memory.read8(BDA_SHIFT_FLAGS_2) & SHIFT_2_SYSTEM) !== 0 ? systemKey(memory, call, false) : undefined;
    default:
      clear(BDA_SHIFT_FLAGS_2, LOCKS.get(scan) ?? 0);
      return;
  }
}

/** A number typed on the numeric pad becomes a key without a scan code when Alt goes up. */
function releaseAlt(memory: FirmwareMemory): void {
  memory.write8(BDA_SHIFT_FLAGS_1, memory.read8(BDA_SHIFT_FLAGS_1) & ~SHIFT_1_ALT);
  const number = memory.read8(BDA_ALT_NUMBER);
  memory.write8(BDA_ALT_NUMBER, 0);
  if (number !== 0) pushKey(memory, number);
}

/** System request: INT 15h AH=85h with AL = 0 on press, 1 on release. */
function systemKey(memory: FirmwareMemory, call: ServiceCall, isDown: boolean): Continuation | undefined {
  const flags2 = memory.read8(BDA_SHIFT_FLAGS_2);
  if (((flags2 & SHIFT_2_SYSTEM) !== 0) === isDown) return undefined;
  memory.write8(BDA_SHIFT_FLAGS_2, flags2 ^ SHIFT_2_SYSTEM);
  call.ax = isDown ? 0x8500 : 0x8501;
  return 'keyIrq.sysReq';
}

function controlBreak(memory: FirmwareMemory): Continuation {
  clearKeys(memory);
  memory.write8(BDA_BREAK, memory.read8(BDA_BREAK) | 0x80);
  pushKey(memory, 0x0000);
  return 'keyIrq.break';
}

/** Ctrl-Alt-Del: a warm start through the keyboard controller; where that resets nothing, the stub jumps to the reset vector. */
function reset({ memory, ports }: Firmware): Continuation {
  memory.write16(BDA_RESET_FLAG, WARM_START);
  ports.writePort(PORT_KBC_COMMAND, 8, KBC_PULSE_RESET);
  return 'keyIrq.reset';
}
