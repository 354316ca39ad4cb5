/**
 * The paging unit for embedders and debuggers: 64-bit addresses as `bigint`, outcomes as values. It works alone, on any
 * memory image and a set of registers.
 */
import { ACCESS_PROBE } from './access.ts';
import { highWord, isCanonical, lowWord } from './address.ts';
import { type Explanation, explainWalk } from './explain.ts';
import { type ListOptions, listMappings, type Mapping } from './mappings.ts';
import type { PhysicalMemory } from './memory.ts';
import { linearAddressBitsOf, type PagingRegisters, pagingModeOf } from './paging-mode.ts';
import { type NonCanonical, type PageFault, type Translation, translationOf } from './translation.ts';
import { PageWalker, WALK_OK } from './walk.ts';

/** Translates and explains linear addresses under registers that may change between calls. */
export class Mmu {
  readonly #parts: { memory: PhysicalMemory; registers: PagingRegisters };
  readonly #walker: PageWalker;

  constructor(parts: { memory: PhysicalMemory; registers: PagingRegisters }) {
    this.#parts = parts;
    this.#walker = new PageWalker(parts);
  }

  /**
   * Translates one linear address for one access.
   *
   * @param linear 64 bits; the low 32 count where linear addresses have 32
   * @param access a set of `ACCESS_` bits; unless told a supervisor-mode read that leaves no trace. Without
   * `ACCESS_PROBE` it sets accessed and dirty flags as the processor would
   * @returns what the access meets; never throws
   * @source SDM Vol. 3A chapter "Paging"
   */
  translate(linear: bigint, access: number = ACCESS_PROBE): Translation | PageFault | NonCanonical {
    const bits = linearAddressBitsOf(pagingModeOf(this.#parts.registers));
    const address = BigInt.asUintN(bits === 32 ? 32 : 64, linear);
    const low = lowWord(address);
    const high = highWord(address);
    if (bits > 32 && !isCanonical(low, high, bits)) return { kind: 'non-canonical', linear: address };
    if (this.#walker.walk(low, high, access) === WALK_OK) return translationOf(address, this.#walker);
    return { kind: 'page-fault', linear: address, errorCode: this.#walker.errorCode };
  }

  /**
   * The same walk told step by step; it never leaves a trace. `formatExplanation` makes text of it.
   *
   * @param access a set of `ACCESS_` bits; a supervisor-mode read unless told
   */
  explain(linear: bigint, access: number = 0): Explanation {
    return explainWalk(this.#parts, linear, access);
  }

  /** The ranges of linear addresses that are mapped, in ascending order; see `listMappings`. */
  mappings(options: ListOptions = {}): Generator<Mapping, void, void> {
    return listMappings(this.#parts, options);
  }
}
