import { type Region, successorsOf } from './region.ts';
import { headersOf, structureOf } from './structure.ts';

/** The blocks by which a unit is entered, by their numbers. */
export interface UnitEntries {
  /** Where loops that they are part of begin: the first root, and all that indirect branches of the region lead to. */
  readonly roots: readonly number[];
  /**
   * Further roots, and perhaps the headers of loops: there a unit leaves when its time is over, and wants to go on.
   * A loop that is entered at its top alone makes the best code. These are told apart where the loops around begin.
   */
  readonly passed: readonly number[];
}

/** @param roots offsets of the region */
export function entriesOf(region: Region, roots: readonly number[], options: { withLoops: boolean }): UnitEntries {
  const { blocks, blockAt, own, targets } = region;
  const [first, ...others] = roots.flatMap((offset) => blockAt.get(offset) ?? []);
  const sites = blocks.filter(({ isReturnSite }) => isReturnSite).map(({ id }) => id);
  const primary = new Set([...(first === undefined ? [] : [first]), ...sites, ...targets]);
  const headers = options.withLoops ? loopHeadersOf(region, [...primary]) : [];
  const ownHeaders = headers.filter((id) => own.has((blocks[id] as Region['blocks'][number]).offset));
  const passed = new Set([...others, ...ownHeaders].filter((id) => !primary.has(id)));
  return { roots: [...primary], passed: [...passed] };
}

function loopHeadersOf(region: Region, roots: readonly number[]): number[] {
  const successors = region.blocks.map((block) => successorsOf(block, region));
  return headersOf(structureOf(successors, roots));
}
