import { CODE_BASE, JUMP_TAG } from '../../state/layout.ts';
import { CPU_BASE, UNIT_LINK_COUNT, UNIT_LINK_SIZE_BYTES, UNIT_LINKS } from '../memory-plan.ts';

/** What a unit of several pages asks at its entry: whether they lie as they did when it was compiled. */
export interface UnitLink {
  /** Where the RIP and the jump tag are under which they do: the RIP at offset 0, the tag at 8. */
  readonly address: number;
  /** RIP of the region's offset 0. */
  readonly ripBase: bigint;
  /** Physical page of each of the region's pages. */
  readonly pages: ReadonlyMap<number, number>;
}

/** The links that there are, and where the pages of now lie. */
export class UnitLinks {
  readonly #view: DataView;
  readonly #knownPageAt: (low: number, high: number) => number;
  readonly #free = Array.from({ length: UNIT_LINK_COUNT }, (_, i) => UNIT_LINKS + i * UNIT_LINK_SIZE_BYTES);
  /** By physical page. */
  readonly #reaching = new Map<number, Set<UnitLink>>();

  /** @param knownPageAt the page in which code was last fetched from a linear address, or -1 if that is not known */
  constructor(view: DataView, knownPageAt: (low: number, high: number) => number) {
    this.#view = view;
    this.#knownPageAt = knownPageAt;
  }

  get areLeft(): boolean {
    return this.#free.length > 0;
  }

  /** @returns the physical page of a region's page, or -1 */
  pageAt(ripBase: bigint, page: number): number {
    const linear = ripBase + BigInt(page * 0x1000) + this.#view.getBigUint64(CPU_BASE + CODE_BASE, true);
    return this.#knownPageAt(Number(BigInt.asIntN(32, linear)), Number(BigInt.asIntN(32, linear >> 32n)));
  }

  /** A link under which the pages are those of now. There must be one left. */
  open(ripBase: bigint, pages: ReadonlyMap<number, number>): UnitLink {
    const link = { address: this.#free.pop() as number, ripBase, pages };
    this.#view.setBigUint64(link.address, ripBase, true);
    this.#view.setInt32(link.address + 8, this.#tag, true);
    for (const physical of pages.values()) {
      const known = this.#reaching.get(physical);
      if (known) known.add(link);
      else this.#reaching.set(physical, new Set([link]));
    }
    return link;
  }

  close(link: UnitLink): void {
    this.#free.push(link.address);
    for (const physical of link.pages.values()) {
      const known = this.#reaching.get(physical);
      known?.delete(link);
      if (known?.size === 0) this.#reaching.delete(physical);
    }
  }

  /** Execution has been looked up in a page: units that reach there may find out that their pages lie as they did. */
  passBy(page: number): void {
    const links = this.#reaching.get(page);
    if (links === undefined) return;
    const tag = this.#tag;
    for (const link of links) {
      if (this.#view.getInt32(link.address + 8, true) !== tag && this.#isInPlace(link))
        this.#view.setInt32(link.address + 8, tag, true);
    }
  }
  #isInPlace({ pages, ripBase }: UnitLink): boolean {
    for (const [page, physical] of pages) if (this.pageAt(ripBase, page) !== physical) return false;
    return true;
  }
  get #tag(): number {
    return this.#view.getInt32(CPU_BASE + JUMP_TAG, true);
  }
}
