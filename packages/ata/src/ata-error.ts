/** Why an {@link AtaError} was thrown. */
export type AtaErrorCode =
  /** Drives that cannot be: a medium with other sectors than its kind of drive has. */
  | 'bad-configuration'
  /** A snapshot that is damaged or of other drives. */
  | 'bad-state';

/** The one error of this package: misuse while wiring, or a snapshot that cannot be taken. */
export class AtaError extends Error {
  override readonly name = 'AtaError';
  readonly code: AtaErrorCode;

  constructor(code: AtaErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
