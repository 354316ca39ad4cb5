/** What a {@link KbcError} is about. */
export type KbcErrorCode = 'bad-state' | 'unknown-key' | 'no-key';

/** The one error of this package: a snapshot that cannot be, a key that is none, a character that no key types. */
export class KbcError extends Error {
  readonly code: KbcErrorCode;
  constructor(code: KbcErrorCode, message: string) {
    super(message);
    this.name = 'KbcError';
    this.code = code;
  }
}
