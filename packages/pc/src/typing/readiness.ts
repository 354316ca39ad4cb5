/**
 * Whether a guest is ready for a key, judged from what can be seen of it. A guest that takes keys does one of these:
 *
 * 1. It asks INT 16h, and there is no key.
 * 2. It polls the keyboard controller.
 * 3. It halts with IRQ 1 open, in a handler of its own or in protected mode.
 * 4. It computes with IRQ 1 open: for a while, unless keys have been taken in this way before.
 *
 * A key that the firmware has stored and nobody has asked for since says that the guest is busy.
 */

/** What can be seen of a guest. */
export interface GuestEars {
  /** Whether the processor is in HLT. */
  readonly isHalted: () => boolean;
  /** Whether a byte of the keyboard would interrupt the processor at once. */
  readonly isInterruptible: () => boolean;
  /** Whether the interrupt would be the firmware's INT 09h, in real mode. */
  readonly isFirmwareHandling: () => boolean;
}

/** What is remembered of a guest. */
export interface GuestReadiness {
  /** INT 16h was asked in vain since the last keystroke. */
  isAsked: boolean;
  /** INT 09h has stored a key, and INT 16h has not been asked in vain since. */
  isStored: boolean;
  /** A keystroke was taken by the guest's own handler. */
  isProven: boolean;
  /** Since when IRQ 1 has been open whenever it was looked at, in ticks. */
  openSince: number | null;
}

/** So many reads in vain are a loop that polls for keys; initialization takes a dozen. */
const VAIN_READS_POLLING = 64;
/** A guest that computes with IRQ 1 open is taken for ready after a tenth of a second. */
const SETTLE_TICKS = 100_000_000;
/** And after a second if the firmware still holds a key for it: it does not use the firmware any more. */
const FORGOTTEN_TICKS = 1_000_000_000;

/** What is known of a guest that has just started. */
export function unknownReadiness(): GuestReadiness {
  return { isAsked: false, isStored: false, isProven: false, openSince: null };
}

/** Whether keys interrupt code of the guest's own. */
export function isListening(guest: GuestEars): boolean {
  return guest.isInterruptible() && !guest.isFirmwareHandling();
}

/** Looks at the guest, and remembers what it sees. @returns whether a key can be sent */
export function isReady(known: GuestReadiness, guest: GuestEars, vainReads: number, now: number): boolean {
  const listens = isListening(guest);
  known.openSince = listens ? (known.openSince ?? now) : null;
  if (known.isAsked || vainReads >= VAIN_READS_POLLING) return true;
  if (known.openSince === null) return false;
  const openTicks = now - known.openSince;
  if (known.isStored) return openTicks >= FORGOTTEN_TICKS;
  return guest.isHalted() || known.isProven || openTicks >= SETTLE_TICKS;
}
