/** What a {@link Dma8237aError} is about. */
export type Dma8237aErrorCode = 'bad-state' | 'bad-channel';

/** The one error of this package: a snapshot that cannot be, or a channel that the chip does not have. */
export class Dma8237aError extends Error {
  readonly code: Dma8237aErrorCode;
  constructor(code: Dma8237aErrorCode, message: string) {
    super(message);
    this.name = 'Dma8237aError';
    this.code = code;
  }
}
