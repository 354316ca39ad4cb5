import type { CommandContext } from '@stricli/core';
import type { CargoSettings } from './cargo.ts';

/** What commands get: where to write, and where to leave their exit code. */
export interface LongmodeContext extends CommandContext {
  finish(exitCode: number): void;
  /** What the normalization of the arguments left out. */
  readonly notes: readonly string[];
  /** What cargo knows of the image, if it has built it. */
  readonly cargo: CargoSettings | undefined;
}
