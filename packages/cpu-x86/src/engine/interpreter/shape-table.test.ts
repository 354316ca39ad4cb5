import { describe, expect, it } from 'vitest';
import { decode } from '../../decode/decode.ts';
import type { CodeSize } from '../../decode/instruction.ts';
import { EMITTED_SEMANTICS } from '../../semantics/index.ts';
import { MODE_CODE_64, MODE_CODE_MASK, MODE_FLAT, MODE_STACK_32 } from '../../state/mode.ts';
import { shapeOf } from './shape.ts';
import { ShapeTable } from './shape-table.ts';

const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];
const PREFIXES = [0x66, 0x67, 0x2e, 0x36, 0x64, 0x65, 0xf2, 0xf3, 0x48, 0x41, 0x4f];

describe('a table of shapes', () => {
  it('has for every instruction the shape that it would be given, whatever was asked before', () => {
    let state = 1;
    const below = (n: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const table = new ShapeTable();
    const keys = new Set<string>();
    const wrong: string[] = [];
    const bytes = new Uint8Array(16);
    for (let round = 0; round < 300_000; round++) {
      for (let i = 0; i < bytes.length; i++) bytes[i] = below(256);
      let at = 0;
      for (let prefixes = below(3); prefixes > 0; prefixes--) bytes[at++] = PREFIXES[below(PREFIXES.length)] as number;
      if (below(3) === 0) bytes[at++] = 0x0f;
      const code = below(3);
      const mode = code === MODE_CODE_64 ? code : code | (below(2) * MODE_STACK_32) | (below(2) * MODE_FLAT);
      const instruction = decode(bytes, 0, bytes.length, CODE_SIZES[mode & MODE_CODE_MASK] as CodeSize);
      if (instruction.kind !== 'instruction' || !(instruction.encoding.semantics in EMITTED_SEMANTICS)) continue;
      const flagsDead = below(2) === 0;
      const { key } = shapeOf(instruction, mode, flagsDead);
      const found = table.shapeOf(instruction, mode, flagsDead);
      keys.add(key);
      if (found.key !== key) wrong.push(`${instruction.mnemonic}: ${found.key} for ${key}`);
    }
    expect(wrong).toEqual([]);
    expect(keys.size).toBeGreaterThan(3000);
  });
});
