/** Exit codes that longmode itself chooses. They are even: odd ones belong to the guest. The first four are sysexits.h's. */
export const EXIT_USAGE = 64;
export const EXIT_UNREADABLE = 66;
export const EXIT_REJECTED = 68;
export const EXIT_BUG = 70;
/** A file could not be written, or standard output was closed. */
export const EXIT_UNWRITABLE = 74;

/** With `--strict`: the guest ended well, but not everything that it did was right. */
export const EXIT_NOT_STRICT = 106;

/** Ends the program with a message of one line and an exit code, without a stack trace. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Wrong arguments. */
export function usageError(message: string): CliError {
  return new CliError(EXIT_USAGE, message);
}
