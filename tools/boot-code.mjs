// @ts-check
// Assembles the stages of @longmode/bootloader's disk images, and keeps what comes out in a source file, so that nobody
// needs an assembler to build or use the package. Usage: node tools/boot-code.mjs (after a change of the assembly; nasm)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../packages/bootloader/src/disk-image/', import.meta.url));
/** The source file that has the bytes. */
export const bootCodeFile = join(folder, 'boot-code.ts');
const LINE_LENGTH = 112;

/** The bytes of one stage. @param {string} name */
function assemble(name) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-boot-code-'));
  try {
    const output = join(work, 'out.bin');
    const assembly = join(folder, 'assembly');
    execFileSync('nasm', ['-f', 'bin', '-Werror', '-o', output, `${name}.asm`], { cwd: assembly, stdio: 'pipe' });
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

/** The source file as it should be. */
export function bootCode() {
  return [
    '// Made by tools/boot-code.mjs from the files in assembly/. Hexadecimal, without the zeros at the end.\n',
    `/** The first sector, with no partition yet. */\n${constant('BOOT_SECTOR_HEX', assemble('boot-sector'))}`,
    `/** The sectors behind it, with no parameters yet. */\n${constant('SECOND_STAGE_HEX', assemble('second-stage'))}`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(bootCodeFile, bootCode());
