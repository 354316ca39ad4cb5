import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bootCode, bootCodeFile } from './boot-code.mjs';

function hasAssembler(): boolean {
  try {
    execFileSync('nasm', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.runIf(hasAssembler())(
  'the boot code of disk images is what nasm makes of its sources (else: node tools/boot-code.mjs)',
  () => {
    expect(readFileSync(bootCodeFile, 'utf8')).toBe(bootCode());
  },
);
