#!/usr/bin/env node
import { CliError, EXIT_BUG } from './exit-code.ts';

async function main(argv: readonly string[]): Promise<number> {
  const { runApplication } = await import('./application.ts');
  return runApplication(argv);
}

function complain(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`longmode: ${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`longmode: internal error, please report it: ${text}\n`);
  return EXIT_BUG;
}

// Whoever holds the terminal gives it back when the process exits.
process.on('uncaughtException', (error) => process.exit(complain(error)));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = complain(error);
}
