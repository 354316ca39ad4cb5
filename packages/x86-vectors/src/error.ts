/** What is wrong with a file of vectors. */
export type VectorErrorCode = 'not-vectors' | 'unknown-format' | 'bad-header' | 'truncated' | 'bad-case';

/** A file of vectors that cannot be read. */
export class VectorFileError extends Error {
  override readonly name = 'VectorFileError';
  readonly code: VectorErrorCode;

  constructor(code: VectorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
