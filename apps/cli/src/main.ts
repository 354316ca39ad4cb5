import { writeSync } from 'node:fs';
import { runApplication } from './application.ts';
import { CliError, EXIT_BUG } from './exit-code.ts';

/** @returns the message for an error, and the exit code */
function complaint(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof CliError) return { text: `longmode: ${error.message}\n`, exitCode: error.exitCode };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `longmode: internal error, please report it: ${text}\n`, exitCode: EXIT_BUG };
}

process.on('uncaughtException', (error) => {
  const { text, exitCode } = complaint(error);
  // After whoever holds the terminal has given it back, which happens at the exit too.
  process.on('exit', () => writeSync(2, text));
  process.exit(exitCode);
});
runApplication(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const { text, exitCode } = complaint(error);
    process.stderr.write(text);
    process.exitCode = exitCode;
  },
);
