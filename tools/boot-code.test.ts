import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bootCode } from './boot-code.mjs';

function hasAssembler(): boolean {
  try {
    execFileSync('nasm', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.runIf(hasAssembler())(
  'the boot code of disk and CD images is what nasm makes of its sources (else: node tools/boot-code.mjs)',
  () => {
    for (const { path, text } of bootCode()) expect(readFileSync(path, 'utf8')).toBe(text);
  },
);
