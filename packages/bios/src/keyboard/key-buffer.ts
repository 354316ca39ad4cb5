/** The ring of key codes in the BIOS data area. */
import { BDA_KEY_BUFFER_END, BDA_KEY_BUFFER_START, BDA_KEY_HEAD, BDA_KEY_TAIL } from '../bda.ts';
import type { FirmwareMemory } from '../host.ts';

const BDA_SEGMENT_BASE = 0x400;

function next(memory: FirmwareMemory, offset: number): number {
  const following = (offset + 2) & 0xffff;
  return following === memory.read16(BDA_KEY_BUFFER_END) ? memory.read16(BDA_KEY_BUFFER_START) : following;
}

/** Appends a key code. @returns false when the buffer is full: the key is lost */
export function pushKey(memory: FirmwareMemory, code: number): boolean {
  const tail = memory.read16(BDA_KEY_TAIL);
  const following = next(memory, tail);
  if (following === memory.read16(BDA_KEY_HEAD)) return false;
  memory.write16(BDA_SEGMENT_BASE + tail, code);
  memory.write16(BDA_KEY_TAIL, following);
  return true;
}

/** @returns the oldest key code without taking it, or undefined */
export function peekKey(memory: FirmwareMemory): number | undefined {
  const head = memory.read16(BDA_KEY_HEAD);
  return head === memory.read16(BDA_KEY_TAIL) ? undefined : memory.read16(BDA_SEGMENT_BASE + head);
}

/** Takes the oldest key code. */
export function dropKey(memory: FirmwareMemory): void {
  memory.write16(BDA_KEY_HEAD, next(memory, memory.read16(BDA_KEY_HEAD)));
}

/** Empties the buffer. */
export function clearKeys(memory: FirmwareMemory): void {
  const start = memory.read16(BDA_KEY_BUFFER_START);
  memory.write16(BDA_KEY_HEAD, start);
  memory.write16(BDA_KEY_TAIL, start);
}
