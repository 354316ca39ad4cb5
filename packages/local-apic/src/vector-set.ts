/** Sets of vectors, as the 256 bits of ISR, TMR and IRR: eight words of 32, the lowest vectors first. */
export type VectorSet = number[];

export const emptySet = (): VectorSet => [0, 0, 0, 0, 0, 0, 0, 0];

export function hasVector(set: readonly number[], vector: number): boolean {
  return (((set[vector >> 5] as number) >>> (vector & 31)) & 1) !== 0;
}

export function addVector(set: VectorSet, vector: number): void {
  set[vector >> 5] = ((set[vector >> 5] as number) | (1 << (vector & 31))) >>> 0;
}

export function removeVector(set: VectorSet, vector: number): void {
  set[vector >> 5] = ((set[vector >> 5] as number) & ~(1 << (vector & 31))) >>> 0;
}

/** @returns the vector of highest priority, or -1 */
export function highestVector(set: readonly number[]): number {
  for (let word = 7; word >= 0; word--) {
    const bits = set[word] as number;
    if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
  }
  return -1;
}
