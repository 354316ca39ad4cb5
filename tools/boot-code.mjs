// @ts-check
// Assembles the stages of @longmode/bootloader's disk and CD images, and keeps what comes out in source files, so that
// nobody needs an assembler to build or use the package.
// Usage: node tools/boot-code.mjs (after a change of the assembly; nasm)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../packages/bootloader/src/', import.meta.url));
const LINE_LENGTH = 112;

/** What each source file has. @type {Record<string, { constant: string, source: string, brief: string }[]>} */
const STAGES = {
  'disk-image': [
    { constant: 'BOOT_SECTOR_HEX', source: 'boot-sector', brief: 'The first sector, with no partition yet.' },
    { constant: 'SECOND_STAGE_HEX', source: 'second-stage', brief: 'The sectors behind it, with no parameters yet.' },
  ],
  'cd-image': [{ constant: 'CD_BOOT_HEX', source: 'cd-boot', brief: 'The boot image, with no parameters yet.' }],
};

/** The bytes of one stage. @param {string} folder @param {string} name */
function assemble(folder, name) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-boot-code-'));
  try {
    const output = join(work, 'out.bin');
    const cwd = join(sources, folder, 'assembly');
    const includes = ['-I', join(sources, 'real-mode/')];
    execFileSync('nasm', ['-f', 'bin', '-Werror', ...includes, '-o', output, `${name}.asm`], { cwd, stdio: 'pipe' });
    return readFileSync(output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} name @param {Uint8Array} bytes */
function constant(name, bytes) {
  const hex = Buffer.from(bytes)
    .toString('hex')
    .replace(/(00)+$/, '');
  const lines = hex.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `export const ${name} = \`\n${lines.join('\n')}\n\`;\n`;
}

/** The source files with the bytes, as they should be: path and text of each. */
export function bootCode() {
  return Object.entries(STAGES).map(([folder, stages]) => {
    const constants = stages.map(
      ({ constant: name, source, brief }) => `/** ${brief} */\n${constant(name, assemble(folder, source))}`,
    );
    const title =
      '// Made by tools/boot-code.mjs from the files in assembly/. Hexadecimal, without the zeros at the end.\n';
    return { path: join(sources, folder, 'boot-code.ts'), text: [title, ...constants].join('\n') };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of bootCode()) writeFileSync(path, text);
}
