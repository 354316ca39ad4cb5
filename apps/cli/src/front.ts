import type { Pc } from '@longmode/pc';

/** Where a guest meets its user: takes what COM1 sends, shows the screen, hands over keys. */
export interface Front {
  /** A byte left COM1. */
  takeByte(byte: number): void;
  /** The machine is about to run. */
  start(pc: Pc, control: FrontControl): void;
  /** The firmware's self test is over: from now on keys reach the guest, those typed meanwhile too. */
  onBoot(): void;
  /** Between two slices of the run. */
  onSlice(): void | Promise<void>;
  /** Whether input may still come. */
  hasInput(): boolean;
  /** The run is over: shows what is left to show and gives everything back. */
  finish(): void | Promise<void>;
  /** Whether COM1's text ends within a line, at the place where messages go on. */
  readonly isMidLine: boolean;
}

/** What a front can do to the run, and ask of it. */
export interface FrontControl {
  /** The user leaves. */
  leave(why: 'leave' | 'interrupt'): void;
  /** Instructions of all boots. */
  instructions(): number;
}
