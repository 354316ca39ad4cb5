/** Which wiring mistake a {@link BiosError} reports. */
export type BiosErrorCode = 'bad-configuration' | 'bad-snapshot';

/** The only error of this package. It is thrown while wiring or restoring, never while a guest runs. */
export class BiosError extends Error {
  readonly code: BiosErrorCode;

  constructor(code: BiosErrorCode, message: string) {
    super(message);
    this.name = 'BiosError';
    this.code = code;
  }
}
