/** A device broke its contract. The message says which rule, where, and how to run the same trace again. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
  /** The rule that was broken, such as `same inputs, same run`. */
  readonly rule: string;

  constructor(rule: string, detail: string, options?: { cause?: unknown }) {
    super(`${rule}: ${detail}`, options);
    this.rule = rule;
  }
}
