// @ts-check
// Puts the command-line app with every package that it uses into one file, apps/cli/dist/longmode.js: Node starts from one
// module several times faster than from three hundred.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'apps/cli/dist');
const file = join(dist, 'longmode.js');

const bundle = await rolldown({
  input: join(dist, 'main.js'),
  platform: 'node',
  logLevel: 'warn',
  // The published packages, as an embedder has them: not the sources.
  resolve: { conditionNames: ['import', 'default'] },
});
await bundle.write({
  file,
  format: 'esm',
  codeSplitting: false,
  minify: { compress: true, mangle: false, codegen: true },
  comments: false,
});
await bundle.close();

const text = readFileSync(file, 'utf8');
if (!text.startsWith('#!')) writeFileSync(file, `#!/usr/bin/env node\n${text}`);
