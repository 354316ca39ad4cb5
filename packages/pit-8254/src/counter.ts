/**
 * One counter of an 8254 without its registers: the counting element, GATE and OUT. Nothing happens at each CLK pulse; the
 * state says what was true at one pulse, and `advance` works out any later one directly.
 *
 * @source Intel 82C54 data sheet (order number 231244), "Mode Definitions" and "Operation Common to All Modes"
 */

/** 0 interrupt on terminal count, 1 one-shot, 2 rate generator, 3 square wave, 4 software strobe, 5 hardware strobe. */
export type PitMode = 0 | 1 | 2 | 3 | 4 | 5;

/** The counting part of one counter. Counts are numbers, whatever their coding; 65,536 or 10,000 is written and read as 0. */
export interface CounterState {
  /** The CLK pulse at which the rest is true. */
  at: number;
  mode: PitMode;
  isBcd: boolean;
  /** The count register, or `null` when none was written since the control word. */
  reload: number | null;
  /** The counting element. */
  count: number;
  /** The value that was loaded into it last. */
  loaded: number;
  /** Whether a count was ever loaded since the control word. */
  isCounting: boolean;
  /** Whether the next CLK pulse loads the counting element. */
  isLoadPending: boolean;
  /** Modes 0, 1, 4 and 5: whether reaching zero will show at OUT. */
  isArmed: boolean;
  /** Mode 0: counting stops between the two bytes of a new count. */
  isHalfWritten: boolean;
  /** NULL COUNT: the count register was written and not yet loaded. */
  isNull: boolean;
  gate: boolean;
  out: boolean;
}

/** @returns 65,536, or 10,000 for a counter of four decades */
export function countLimit(s: CounterState): number {
  return s.isBcd ? 10_000 : 0x1_0000;
}

/** Brings a counter to a later CLK pulse; an earlier one changes nothing. */
export function advance(s: CounterState, cycle: number): void {
  let pulses = cycle - s.at;
  if (pulses <= 0) return;
  s.at = cycle;
  if (s.mode >= 4) s.out = true; // a strobe lasts one pulse
  if (s.isLoadPending) {
    load(s);
    pulses--;
  }
  if (pulses === 0 || !s.isCounting || isInhibited(s)) return;
  if (s.mode === 2) advanceRate(s, pulses);
  else if (s.mode === 3) advanceSquare(s, pulses);
  else advanceOnce(s, pulses);
}

/** @returns the first CLK pulse at which OUT changes if nothing is written and GATE stays, or `null` when there is none */
export function nextEdge(s: CounterState): number | null {
  const later = { ...s };
  // A load or a reload may leave OUT as it is; the event after that is an edge or there is none.
  for (let events = 0; events < 4; events++) {
    const pulses = pulsesToEvent(later);
    if (pulses === null) return null;
    advance(later, later.at + pulses);
    if (later.out !== s.out) return later.at;
  }
  return null;
}

/** The mode part of a control word: counting stops until a count is written, and OUT takes its initial level. */
export function setMode(s: CounterState, mode: PitMode, isBcd: boolean): void {
  s.mode = mode;
  s.isBcd = isBcd;
  s.reload = null;
  s.isCounting = false;
  s.isLoadPending = false;
  s.isArmed = false;
  s.isHalfWritten = false;
  s.isNull = true;
  s.out = mode !== 0;
}

/** The first byte of two has been written. */
export function beginCount(s: CounterState): void {
  if (s.mode !== 0) return;
  s.isHalfWritten = true;
  s.isArmed = false;
  s.out = false;
}

/** @param count 1 to the counter's limit */
export function setCount(s: CounterState, count: number): void {
  s.reload = count;
  s.isHalfWritten = false;
  s.isNull = true;
  if (s.mode === 0) {
    s.out = false;
    s.isArmed = false;
  }
  // Modes 0 and 4 begin anew with each count; 2 and 3 only with the first; 1 and 5 wait for their trigger.
  if (s.mode === 0 || s.mode === 4 || ((s.mode === 2 || s.mode === 3) && !s.isCounting)) s.isLoadPending = true;
}

/** Sets GATE; a rising edge is a trigger in the modes that have one. */
export function setGate(s: CounterState, level: boolean): void {
  if (s.gate === level) return;
  s.gate = level;
  if (s.mode === 0 || s.mode === 4) return;
  if (level && s.reload !== null) s.isLoadPending = true;
  if (!level && (s.mode === 2 || s.mode === 3)) s.out = true;
}

function isInhibited(s: CounterState): boolean {
  return (!s.gate && s.mode !== 1 && s.mode !== 5) || s.isHalfWritten;
}

function load(s: CounterState): void {
  s.isLoadPending = false;
  s.isCounting = true;
  reload(s);
  s.isArmed = true;
  if (s.mode !== 0) s.out = s.mode !== 1;
}

/** Count register to counting element. A square wave counts even numbers only. */
function reload(s: CounterState): void {
  s.loaded = s.reload ?? countLimit(s);
  s.count = s.mode === 3 ? s.loaded - (s.loaded % 2) : s.loaded;
  s.isNull = false;
}

/** Modes 0, 1, 4 and 5: down to zero, which shows once, and round for ever. */
function advanceOnce(s: CounterState, pulses: number): void {
  if (s.isArmed && pulses >= s.count) {
    s.isArmed = false;
    s.out = s.mode < 4 || pulses > s.count;
  }
  const limit = countLimit(s);
  s.count = (((s.count - pulses) % limit) + limit) % limit;
}

/** Mode 2: OUT is low while the count is 1, and the next pulse reloads. */
function advanceRate(s: CounterState, pulses: number): void {
  if (pulses < s.count) {
    s.count -= pulses;
  } else {
    const since = pulses - s.count;
    reload(s);
    s.count = s.loaded - (since % s.loaded);
  }
  s.out = s.loaded === 1 || s.count !== 1;
}

/** Mode 3: by twos; each half ends with a reload. An odd count makes the high half one pulse longer. */
function advanceSquare(s: CounterState, pulses: number): void {
  let left = pulses;
  for (;;) {
    const toEnd = pulsesToHalfEnd(s);
    if (left < toEnd) {
      s.count -= 2 * left;
      return;
    }
    left -= toEnd;
    reload(s);
    s.out = s.loaded === 1 || !s.out;
    if (s.loaded === 1) return;
    left %= s.loaded;
  }
}

function pulsesToHalfEnd(s: CounterState): number {
  const isOdd = s.loaded % 2 === 1;
  return s.count / 2 + (isOdd && s.out ? 1 : 0);
}

/** @returns pulses until something may happen at OUT, or `null` */
function pulsesToEvent(s: CounterState): number | null {
  if (s.isLoadPending || (s.mode >= 4 && !s.out)) return 1;
  if (!s.isCounting || isInhibited(s)) return null;
  if (s.mode === 3) return s.loaded === 1 && s.reload === 1 ? null : pulsesToHalfEnd(s);
  if (s.mode !== 2) return s.isArmed ? s.count : null;
  if (s.loaded === 1) return s.reload === 1 ? null : 1;
  return s.count > 1 ? s.count - 1 : 1;
}
