import { decode } from '../../decode/decode.ts';
import { MODE_CODE_64 } from '../../state/mode.ts';
import { fusedKey } from './fusion.ts';
import type { InlineHandler } from './inline-handlers.ts';
import { type Shape, shapeOf } from './shape.ts';

/**
 * Samples of the instructions that get a case in the interpreter's dispatch: what compilers emit most for 64-bit kernels.
 * A sample stands for its shape: all registers, displacements and immediates. `f` marks those that also get a variant that
 * sets no flags. Few hundred at most: a larger dispatch function is compiled to slower code.
 */
const SAMPLES: readonly string[] = [
  // mov
  '4889c8',
  '89c8',
  '488b03',
  '8b03',
  '488b0488',
  '8b0488',
  '488903',
  '8903',
  '48890488',
  '890488',
  '8a03',
  '8803',
  '8a0408',
  '880408',
  'c60300',
  'c7030000',
  '48c7c001000000',
  'b801000000',
  '48c70300000000',
  'c70300000000',
  'c6040800',
  '0fb603',
  '0fb6c8',
  '0fb60408',
  '0fb703',
  '480fb6c8',
  '480fb603',
  '4863c8',
  '486303',
  '668903',
  '668b03',
  '488d4308',
  '488d0488',
  '8d4308',
  '8d0488',
  // arithmetic and logic, register-register and register-immediate
  '4801c8f',
  '4829c8f',
  '4821c8f',
  '4809c8f',
  '4831c8f',
  '4839c8',
  '4885c0',
  '01c8f',
  '29c8f',
  '21c8f',
  '09c8f',
  '31c8f',
  '39c8',
  '85c0',
  '38c8',
  '84c0',
  '4883c001f',
  '4883e801f',
  '4883e001f',
  '4883c801f',
  '4883f801',
  '83c001f',
  '83e801f',
  '83e001f',
  '83f801',
  '3c01',
  'a801',
  '48ffc0f',
  '48ffc8f',
  'ffc0f',
  'ffc8f',
  '48f7d8',
  'f7d8',
  '48f7d0',
  'f7d0',
  '48c1e003f',
  '48c1e803f',
  '48c1f803f',
  'c1e003f',
  'c1e803f',
  'c1f803f',
  '480fafc1f',
  '0fafc1f',
  '486bc003f',
  // with memory
  '480303',
  '482b03',
  '483303',
  '482303',
  '480b03',
  '483b03',
  '0303',
  '2b03',
  '3303',
  '2303',
  '3b03',
  '480103',
  '482903',
  '483103',
  '0103',
  '2903',
  '3103',
  '483903',
  '3903',
  '4883030f',
  '48830301',
  '830301',
  '48833b01',
  '833b01',
  '803b01',
  '48330408',
  '48310408',
  '48030408',
  '4831c0',
  // stack and branches
  '50',
  '58',
  'e800000000',
  'c3',
  'eb00',
  'ffe0',
  'ffd0',
  '90',
  '7000',
  '7100',
  '7200',
  '7300',
  '7400',
  '7500',
  '7600',
  '7700',
  '7800',
  '7900',
  '7c00',
  '7d00',
  '7e00',
  '7f00',
];

/** First halves of fused compare-and-branch handlers. */
const FUSED_SAMPLES: readonly string[] = [
  '4839c8',
  '39c8',
  '38c8',
  '4883f801',
  '83f801',
  '3c01',
  '4885c0',
  '85c0',
  '84c0',
  '4883e801',
  '83e801',
  '803b01',
];
const BRANCH_SAMPLE = '7400';

function shapeOfSample(sample: string, flagsDead: boolean): Shape {
  const padded = new Uint8Array(16);
  for (let i = 0; i < sample.length; i += 2) padded[i / 2] = Number.parseInt(sample.slice(i, i + 2), 16);
  const instruction = decode(padded, 0, padded.length, 64);
  if (instruction.kind !== 'instruction') throw new Error(`sample ${sample} is no instruction`);
  return shapeOf(instruction, MODE_CODE_64, flagsDead);
}

/** The inline handlers, without repetition. */
export function inlineHandlers(): readonly InlineHandler[] {
  const handlers = new Map<string, InlineHandler>();
  for (const sample of SAMPLES) {
    const hasVariant = sample.length % 2 === 1;
    for (const flagsDead of hasVariant ? [false, true] : [false]) {
      const shape = shapeOfSample(hasVariant ? sample.slice(0, -1) : sample, flagsDead);
      handlers.set(shape.key, { key: shape.key, shape });
    }
  }
  const branch = shapeOfSample(BRANCH_SAMPLE, false);
  for (const sample of FUSED_SAMPLES) {
    const shape = shapeOfSample(sample, false);
    for (const form of ['equality', 'order'] as const) {
      const key = fusedKey(shape, form);
      handlers.set(key, { key, shape, branch: { shape: branch, form } });
    }
  }
  return [...handlers.values()];
}
