// @ts-check
// Puts the command-line app with every package that it uses into one file, apps/cli/dist/longmode.cjs: Node starts from one
// module several times faster than from three hundred, and from a CommonJS module faster than from any other.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'apps/cli/dist');
const file = join(dist, 'longmode.cjs');

const bundle = await rolldown({
  input: join(dist, 'main.js'),
  platform: 'node',
  logLevel: 'warn',
  // The published packages, as an embedder has them: not the sources.
  resolve: { conditionNames: ['import', 'default'] },
});
const { output } = await bundle.write({
  file,
  format: 'cjs',
  codeSplitting: false,
  minify: { compress: true, mangle: true, codegen: true },
  comments: false,
});
await bundle.close();

// Licences ask that what is copied is named; npm does not do that for what is inside a file.
const notices = readFileSync(join(root, 'apps/cli/THIRD-PARTY.md'), 'utf8');
const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
const outside = modules.flatMap((id) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1] ?? []);
const unnamed = new Set(outside.filter((name) => !notices.includes(`| \`${name.replace('\\', '/')}\` |`)));
if (unnamed.size > 0) throw new Error(`apps/cli/THIRD-PARTY.md does not name ${[...unnamed].join(', ')}`);

// Nothing but ASCII, which needs half the memory and no decoding; and at its end a name of its contents, see
// apps/cli/bin/compile-cache.js.
const text = readFileSync(file, 'utf8').replace(
  /[^\0-\x7f]/g,
  (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
writeFileSync(file, `${text}//${createHash('sha256').update(text).digest('hex')}`);
rmSync(join(dist, '.compiled'), { recursive: true, force: true });
