/** What an {@link RtcError} is about. */
export type RtcErrorCode = 'bad-time' | 'bad-size' | 'bad-cmos' | 'bad-state';

/** The one error of this package: a date, a memory size, CMOS contents or a snapshot that cannot be. */
export class RtcError extends Error {
  readonly code: RtcErrorCode;
  constructor(code: RtcErrorCode, message: string) {
    super(message);
    this.name = 'RtcError';
    this.code = code;
  }
}
