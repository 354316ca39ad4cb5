import { BootError, memorySize } from './error.ts';
import { joinRanges, type PhysicalRange, subtractRanges } from './memory-map.ts';
import { PAGE } from './virtual-layout.ts';

/** Hands out physical memory that neither the firmware nor the image claims. */
export class FreeSpace {
  #ranges: PhysicalRange[];

  /**
   * @param usable what the memory map allows
   * @param claimed what is taken already
   */
  constructor(usable: readonly PhysicalRange[], claimed: readonly PhysicalRange[]) {
    this.#ranges = subtractRanges(usable, claimed);
  }

  /**
   * Takes the lowest range that fits.
   *
   * @param sizeBytes how much
   * @param alignment a power of two
   * @param from lowest address
   * @param to first address that must not be in it
   * @returns the start, or null if nothing fits
   */
  take(sizeBytes: number, alignment: number, from = 0, to: number = Number.MAX_SAFE_INTEGER): number | null {
    for (const [index, range] of this.#ranges.entries()) {
      const start = alignUp(Math.max(range.start, from), alignment);
      if (start + sizeBytes <= Math.min(range.end, to)) return this.#takeAt(index, start, sizeBytes);
    }
    return null;
  }

  /**
   * Takes the highest range that fits.
   *
   * @param sizeBytes how much
   * @param alignment a power of two
   * @param from lowest address
   * @param to first address that must not be in it
   * @returns the start, or null if nothing fits
   */
  takeHighest(sizeBytes: number, alignment: number, from: number, to: number): number | null {
    for (let index = this.#ranges.length - 1; index >= 0; index--) {
      const range = this.#ranges[index] as PhysicalRange;
      const start = alignDown(Math.min(range.end, to) - sizeBytes, alignment);
      if (start >= Math.max(range.start, from)) return this.#takeAt(index, start, sizeBytes);
    }
    return null;
  }

  #takeAt(index: number, start: number, sizeBytes: number): number {
    const range = this.#ranges[index] as PhysicalRange;
    const end = start + sizeBytes;
    const rest = joinRanges([
      { start: range.start, end: start },
      { start: end, end: range.end },
    ]);
    this.#ranges.splice(index, 1, ...rest);
    return start;
  }

  /**
   * Takes page frames, the lowest first, from as many ranges as it needs.
   *
   * @param count how many frames of 4 KiB
   * @returns runs of frames, ascending, or null if there are not enough
   */
  takeFrames(count: number): PhysicalRange[] | null {
    const runs: PhysicalRange[] = [];
    const rest: PhysicalRange[] = [];
    let missing = count;
    for (const range of this.#ranges) {
      const start = alignUp(range.start, 0x1000);
      const available = Math.max(0, Math.floor((range.end - start) / 0x1000));
      const taken = Math.min(available, missing);
      missing -= taken;
      if (taken > 0) runs.push({ start, end: start + taken * 0x1000 });
      rest.push({ start: range.start, end: start }, { start: start + taken * 0x1000, end: range.end });
    }
    if (missing > 0) return null;
    this.#ranges = joinRanges(rest);
    return runs;
  }
}

/**
 * Rounds up.
 *
 * @param value an address or a size
 * @param alignment a power of two
 * @returns the next multiple
 */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/**
 * Rounds down.
 *
 * @param value an address or a size
 * @param alignment a power of two
 * @returns the multiple at or before it
 */
export function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment;
}

/** Physical addresses of the frames of 4 KiB in a range. */
export function framesOf({ start, end }: PhysicalRange): number[] {
  return Array.from({ length: (end - start) / PAGE }, (_, index) => start + index * PAGE);
}

/** There are not enough frames. @param where what is asked of them beside being free, for people */
export function noRoom(what: string, count: number, ramSizeBytes: number, where = ''): BootError {
  return new BootError({
    code: 'no-room',
    offset: null,
    what,
    expected: `${count} free frames of 4 KiB${where}`,
    found: `fewer in ${memorySize(ramSizeBytes)}`,
    cure: 'give the machine more memory',
  });
}
