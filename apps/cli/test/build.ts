import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds the command as it is published: the tests run that. */
export function setup(): void {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  execFileSync('npx', ['tsc', '-b', 'apps/cli/tsconfig.lib.json'], { cwd, stdio: ['ignore', 'inherit', 'ignore'] });
  execFileSync(process.execPath, ['tools/bundle-cli.mjs'], { cwd, stdio: 'inherit' });
}
