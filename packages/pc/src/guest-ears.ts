import { ROM_BASE } from '@longmode/bios';
import { FIELD } from '@longmode/cpu-x86';
import type { Board } from './board.ts';
import type { GuestEars } from './typing/readiness.ts';
import { isInterruptible, isWaiting } from './wake.ts';

const CR0_PE = 1;
const KEYBOARD_IRQ = 1;

/** What the parts of a PC show of its guest's readiness for keys. */
export function guestEars(pc: Board): GuestEars {
  return {
    isHalted: () => isWaiting(pc),
    isInterruptible: () =>
      isInterruptible(pc) && (pc.openIrqs & (1 << KEYBOARD_IRQ)) !== 0 && pc.keyboard.isInterrupting,
    isFirmwareHandling: () => {
      if ((pc.cpu.state.field(FIELD.CR0) & CR0_PE) !== 0) return false;
      const vector = 4 * (pc.picMaster.vectorBase + KEYBOARD_IRQ);
      const { memory } = pc.cpu;
      return memory.read16(vector + 2) * 16 + memory.read16(vector) >= ROM_BASE;
    },
  };
}
