/**
 * The outcome of a translation, as values for embedders and debuggers.
 */
import type { PageWalker } from './walk.ts';

/** A linear address that has a physical one, and an access that is permitted. */
export interface Translation {
  readonly kind: 'translation';
  readonly linear: bigint;
  /** Physical address of the same byte, below 2^52. */
  readonly physical: number;
  /** 0x1000, 0x200000, 0x400000 or 0x40000000; 0x1000 without paging. */
  readonly pageSizeBytes: number;
  /** What is permitted under the current registers, to whom: a set of `RIGHT_` bits. */
  readonly rights: number;
  /** Whether it is a user-mode address. */
  readonly user: boolean;
  /** Whether data may be written with the privilege of the access. */
  readonly writable: boolean;
  /** Whether instructions may be fetched with the privilege of the access. */
  readonly executable: boolean;
  readonly global: boolean;
  readonly dirty: boolean;
}

/** A translation that ends in #PF, exception 14. */
export interface PageFault {
  readonly kind: 'page-fault';
  readonly linear: bigint;
  /** A set of `PF_` bits. */
  readonly errorCode: number;
}

/** A linear address that is not canonical: the access causes #GP or #SS before any walk. */
export interface NonCanonical {
  readonly kind: 'non-canonical';
  readonly linear: bigint;
}

/** The results that a successful walk has left in the walker. */
export function translationOf(linear: bigint, walker: PageWalker): Translation {
  return {
    kind: 'translation',
    linear,
    physical: walker.physical,
    pageSizeBytes: 2 ** walker.pageShift,
    rights: walker.rights,
    user: walker.user,
    writable: walker.writable,
    executable: walker.executable,
    global: walker.global,
    dirty: walker.dirty,
  };
}
