/** Why a {@link PciError} was thrown. */
export type PciErrorCode =
  /** A function that cannot be: its place is taken or does not exist, or a register does not fit. */
  | 'bad-function'
  /** A snapshot that is damaged or of other functions. */
  | 'bad-state';

/** The one error of this package: misuse while wiring, or a snapshot that cannot be taken. */
export class PciError extends Error {
  override readonly name = 'PciError';
  readonly code: PciErrorCode;

  constructor(code: PciErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
