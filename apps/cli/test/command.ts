import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command as it is published. */
export const COMMAND: string = fileURLToPath(new URL('../bin/longmode.js', import.meta.url));

/** What a run of the command came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the process, in milliseconds and bytes. */
  readonly cpuTimeMs: number;
  readonly maxMemoryBytes: number;
}

const ACCOUNT = /<account (\d+) (\d+)>/;
const REPORTER = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeSync(2, '<account ' + (userCPUTime + systemCPUTime) + ' ' + maxRSS + '>');
  });
`)}`;

/** A kernel of `kernels/images`. */
export function kernel(name: string): string {
  return fileURLToPath(new URL(`../../../kernels/images/${name}`, import.meta.url));
}

/** Runs `longmode` to its end, without a terminal. */
export function longmode(args: readonly string[], options: SpawnSyncOptions = {}): Ended {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', REPORTER, COMMAND, ...args], {
    timeout: 50_000,
    maxBuffer: 2 ** 28,
    ...options,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  const account = ACCOUNT.exec(stderr ?? '');
  return {
    code: status,
    stdout,
    stderr: (stderr ?? '').replace(ACCOUNT, ''),
    cpuTimeMs: Number(account?.[1] ?? 0) / 1000,
    maxMemoryBytes: Number(account?.[2] ?? 0) * 1024,
  };
}
