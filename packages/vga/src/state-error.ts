/** The adapter's error: `bad-state` for a snapshot that it cannot be in, `bad-memory` for memory that it cannot use. */
export class VgaError extends Error {
  readonly code: 'bad-state' | 'bad-memory';
  /** What is wrong; empty when a state is no record at all. */
  readonly field: string;

  constructor(field: string, expected: string, code: 'bad-state' | 'bad-memory' = 'bad-state') {
    const subject = code === 'bad-memory' ? field : `state: ${field === '' ? 'it' : `field '${field}'`}`;
    super(`VGA ${subject} must be ${expected}`);
    this.name = 'VgaError';
    this.code = code;
    this.field = field;
  }
}
