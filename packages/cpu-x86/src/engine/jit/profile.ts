import { PROFILE_SLOT_COUNT, PROFILE_SLOT_SIZE_BYTES, PROFILE_SLOTS } from '../memory-plan.ts';

/** Why compiled code was left. */
export const EXIT_REASONS = [
  /** At once: too little time was left for it, or RIP would have wrapped. */
  'declined',
  /** An exception. */
  'fault',
  /** A page that the TLB does not know, device memory, or an access that crosses pages. */
  'memory',
  /** Time was up. */
  'time',
  /** A branch or call to a known target outside of the region. */
  'branch',
  /** A return, jump or call to a computed target outside of the region. */
  'indirect',
  /** A system call, the return from one, or an instruction behind which an event may not wait. */
  'transfer',
  /** An instruction that only the interpreter runs, or none that has run before. */
  'uncompiled',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** Fields of a slot: u64 each. */
const SLOT_INSTRUCTIONS = 0;
const SLOT_EXITS = 8;
/** Offset of an exit's counter in a slot. */
export const slotOfExit = (reason: ExitReason): number => SLOT_EXITS + 8 * EXIT_REASONS.indexOf(reason);
export { SLOT_INSTRUCTIONS };

/** What is known of the units that began at one address. */
export interface UnitProfile {
  /** Linear address at which the unit was first entered. */
  readonly address: bigint;
  /** Guest instructions in it when it was last compiled. */
  readonly size: number;
  /** How often it was compiled. */
  readonly compilations: number;
  /** Guest instructions that ran in it, and how often it was left, by reason. */
  readonly instructions: number;
  readonly exits: Readonly<Record<ExitReason, number>>;
}

interface Account {
  size: number;
  compilations: number;
  instructions: number;
  readonly exits: number[];
}

/** Counts what compiled code does, where somebody wants to know: units count only if they were given a slot. */
export class JitProfile {
  readonly #words: BigUint64Array;
  readonly #free: number[] = Array.from(
    { length: PROFILE_SLOT_COUNT },
    (_, i) => PROFILE_SLOTS + i * PROFILE_SLOT_SIZE_BYTES,
  );
  readonly #accounts = new Map<bigint, Account>();
  readonly #owners = new Map<number, Account>();

  constructor(memory: WebAssembly.Memory) {
    this.#words = new BigUint64Array(memory.buffer);
  }

  /** @returns the address of counters for a new unit, or undefined when there are no more */
  open(address: bigint, size: number): number | undefined {
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    const account = this.#accounts.get(address) ?? {
      size,
      compilations: 0,
      instructions: 0,
      exits: EXIT_REASONS.map(() => 0),
    };
    account.size = size;
    account.compilations++;
    this.#accounts.set(address, account);
    this.#owners.set(slot, account);
    return slot;
  }

  /** Books what a slot holds to its account. */
  #settle(slot: number, account: Account): void {
    const take = (offset: number): number => {
      const index = (slot + offset) / 8;
      const count = Number(this.#words[index]);
      this.#words[index] = 0n;
      return count;
    };
    account.instructions += take(SLOT_INSTRUCTIONS);
    EXIT_REASONS.forEach((reason, i) => {
      account.exits[i] = (account.exits[i] as number) + take(slotOfExit(reason));
    });
  }

  close(slot: number): void {
    this.#settle(slot, this.#owners.get(slot) as Account);
    this.#owners.delete(slot);
    this.#free.push(slot);
  }

  /** All units so far, those that ran most first. */
  report(): UnitProfile[] {
    for (const [slot, account] of this.#owners) this.#settle(slot, account);
    return [...this.#accounts]
      .map(([address, { size, compilations, instructions, exits }]) => ({
        address,
        size,
        compilations,
        instructions,
        exits: Object.fromEntries(EXIT_REASONS.map((reason, i) => [reason, exits[i]])) as Record<ExitReason, number>,
      }))
      .sort((a, b) => b.instructions - a.instructions || (a.address < b.address ? -1 : 1));
  }
}
