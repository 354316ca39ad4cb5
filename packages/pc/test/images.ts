import { readFileSync } from 'node:fs';

const kernels = new URL('../../../kernels/', import.meta.url);

/** One of the guests that come with the sources. */
export function readImage(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`images/${name}`, kernels)));
}

/** The names of all of them. */
export function imageNames(): string[] {
  return Object.keys(JSON.parse(readExpected('images/manifest.json')));
}

/** A text beside them: what they say and do elsewhere. */
export function readExpected(path: string): string {
  return readFileSync(new URL(path, kernels), 'latin1');
}

/** The tests that take long run when this is set. */
export const isFullRun: boolean = process.env.LONGMODE_FULL === '1';
