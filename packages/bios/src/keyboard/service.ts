/**
 * INT 16h: keys from the buffer.
 *
 * **Not emulated**: the typematic rate (AH=03h is accepted), the click (AH=04h).
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 16h"; RBIL INT 16
 */
import { BDA_SHIFT_FLAGS_1, BDA_SHIFT_FLAGS_2, BDA_SHIFT_FLAGS_3 } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory } from '../host.ts';
import type { Continuation } from '../rom/stubs.ts';
import { dropKey, peekKey, pushKey } from './key-buffer.ts';
import { SHIFT_2_SYSTEM, SHIFT_3_RIGHT_ALT, SHIFT_3_RIGHT_CONTROL } from './shift-states.ts';

/** The two-byte identification of a 101-key keyboard with translation. */
const KEYBOARD_ID = 0x41ab;
/** AH=09h: AH=0Ah and AH=10h-12h exist. */
const FUNCTIONALITY = 0x30;

/** INT 16h. Reading waits in the stub, with interrupts enabled. */
export function keyboard(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const { memory } = firmware;
  switch (call.ah) {
    case 0x00:
      return read(firmware, call, false);
    case 0x10:
      return read(firmware, call, true);
    case 0x01:
      return peek(firmware, call, false);
    case 0x11:
      return peek(firmware, call, true);
    case 0x02:
      call.al = memory.read8(BDA_SHIFT_FLAGS_1);
      return;
    case 0x12:
      call.al = memory.read8(BDA_SHIFT_FLAGS_1);
      call.ah = extendedShiftStates(memory);
      return;
    case 0x03:
    case 0x04:
      return;
    case 0x05:
      call.al = pushKey(memory, call.cx) ? 0 : 1;
      return;
    case 0x09:
      call.al = FUNCTIONALITY;
      return;
    case 0x0a:
      call.bx = KEYBOARD_ID;
      return;
    case 0x92: // how programs ask whether AH=10h-12h exist: AH must not stay 92h
      call.ah = 0x80;
      return;
    case 0xa2: // and whether AH=20h-22h exist: unchanged, they do not
      return;
    default:
      firmware.unsupported(call);
  }
}

function read(firmware: Firmware, call: ServiceCall, isEnhanced: boolean): Continuation | undefined {
  const { memory } = firmware;
  const code = peekKey(memory);
  if (code === undefined) {
    firmware.onKeyBuffer('wanted');
    return 'keyboard.halt';
  }
  dropKey(memory);
  call.ax = isEnhanced ? enhancedCode(code) : classicCode(code);
}

function peek(firmware: Firmware, call: ServiceCall, isEnhanced: boolean): undefined {
  const code = peekKey(firmware.memory);
  if (code === undefined) firmware.onKeyBuffer('wanted');
  call.zero = code === undefined;
  if (code !== undefined) call.ax = isEnhanced ? enhancedCode(code) : classicCode(code);
}

/** F0h in the low byte marks codes that only the enhanced functions see; for them it is 0. */
function enhancedCode(code: number): number {
  return (code & 0xff) === 0xf0 && code > 0xff ? code & 0xff00 : code;
}

/** Without the marks of the enhanced keyboard: grey keys look like those of the numeric pad. */
function classicCode(code: number): number {
  const scan = code >> 8;
  const character = code & 0xff;
  if (scan === 0xe0) return character === 0x2f ? 0x352f : 0x1c00 | character;
  return scan !== 0 && (character === 0xe0 || character === 0xf0) ? code & 0xff00 : code;
}

function extendedShiftStates(memory: FirmwareMemory): number {
  const flags2 = memory.read8(BDA_SHIFT_FLAGS_2);
  const right = memory.read8(BDA_SHIFT_FLAGS_3) & (SHIFT_3_RIGHT_ALT | SHIFT_3_RIGHT_CONTROL);
  return (flags2 & 0x73) | right | ((flags2 & SHIFT_2_SYSTEM) !== 0 ? 0x80 : 0);
}
