/**
 * What a keyboard sends for a key: its make and break sequences in each scan code set, with the exceptions of the Print
 * Screen and Pause keys.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)", scan code sets
 */
import { type KeyName, type ScanCodeSet, set2Code, set3Code } from './keys.ts';
import { BREAK_PREFIX, translate } from './translation.ts';

/** Which of the keys that change other keys' codes are down. */
export interface Modifiers {
  isShifted: boolean;
  isControlled: boolean;
  isAlternate: boolean;
}

/** Print Screen in set 2: with Alt it is SysRq; alone it wraps itself in a shift. */
function printSequence(isMake: boolean, modifiers: Modifiers): number[] {
  if (modifiers.isAlternate) return isMake ? [0x84] : [BREAK_PREFIX, 0x84];
  const bare = modifiers.isShifted || modifiers.isControlled;
  if (isMake) return bare ? [0xe0, 0x7c] : [0xe0, 0x12, 0xe0, 0x7c];
  const release = [0xe0, BREAK_PREFIX, 0x7c];
  return bare ? release : [...release, 0xe0, BREAK_PREFIX, 0x12];
}

/** Pause in set 2: make and break at once; with Ctrl it is Break. */
function pauseSequence(isMake: boolean, modifiers: Modifiers): number[] {
  if (!isMake) return [];
  if (modifiers.isControlled) return [0xe0, 0x7e, 0xe0, BREAK_PREFIX, 0x7e];
  return [0xe1, 0x14, 0x77, 0xe1, BREAK_PREFIX, 0x14, BREAK_PREFIX, 0x77];
}

function set2Sequence(key: KeyName, isMake: boolean, modifiers: Modifiers): number[] {
  if (key === 'print' || key === 'sysrq') return printSequence(isMake, modifiers);
  if (key === 'pause') return pauseSequence(isMake, modifiers);
  const code = set2Code(key);
  if (code === 0) return [];
  const prefix = code > 0xff ? [code >> 8] : [];
  return isMake ? [...prefix, code & 0xff] : [...prefix, BREAK_PREFIX, code & 0xff];
}

/** Set 2 as set 1: each code translated, with the break prefix folded into bit 7. */
function toSet1(sequence: readonly number[]): number[] {
  const bytes: number[] = [];
  let breakBit = 0;
  for (const byte of sequence) {
    if (byte === BREAK_PREFIX) breakBit = 0x80;
    else {
      bytes.push(translate(byte) | breakBit);
      breakBit = 0;
    }
  }
  return bytes;
}

/** @returns the bytes of a key going down or up; empty when the key has no code in the set */
export function scanCodes(set: ScanCodeSet, key: KeyName, isMake: boolean, modifiers: Modifiers): number[] {
  if (set === 3) {
    const code = set3Code(key);
    if (code === 0) return [];
    return isMake ? [code] : [BREAK_PREFIX, code];
  }
  const sequence = set2Sequence(key, isMake, modifiers);
  return set === 1 ? toSet1(sequence) : sequence;
}
