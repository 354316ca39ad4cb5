/** How fast a machine runs, over the last half second. */
const WINDOW_MS = 500;

export class Rate {
  #since = 0;
  #count = 0;
  #perSecond = 0;

  /** @param count instructions so far @param now wall time in milliseconds @returns instructions a second */
  update(count: number, now: number): number {
    if (now - this.#since >= WINDOW_MS) {
      this.#perSecond = (Math.max(0, count - this.#count) / (now - this.#since)) * 1000;
      this.#since = now;
      this.#count = count;
    }
    return this.#perSecond;
  }
}

/** `12.3 M`, `450 k`: a number in at most three digits and a unit. */
export function inUnits(value: number): string {
  for (const [unit, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= factor) return `${(value / factor).toPrecision(3)} ${unit}`;
  }
  return `${Math.round(value)}`;
}
