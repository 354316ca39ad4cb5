import { TLB_ADDEND_OFFSET, TLB_ENTRY_COUNT, TLB_ENTRY_SIZE_BYTES, TLB_TABLE_SIZE_BYTES } from '@longmode/mmu';
import type { Emitter, Value, Width } from '../semantics/language.ts';

/** Bits 8..: what a slow path must know beside the address; bits 0..7 hold the size in bytes. */
export const ACCESS_INFO_WRITE = 0x100;
/** The access goes through SS: a non-canonical address is #SS(0), not #GP(0). */
export const ACCESS_INFO_STACK = 0x200;

const ENTRY_SHIFT = Math.log2(TLB_ENTRY_SIZE_BYTES);
const INDEX_MASK = (TLB_ENTRY_COUNT - 1) << ENTRY_SHIFT;

/** A probe that has been emitted. */
export interface TlbProbe {
  /** The TLB holds the translation and the access stays in its page (i32). */
  readonly hit: Value;
  /** The host address (i32), where it hit. */
  readonly host: Value;
}

/**
 * Emits the inline TLB probe of a linear address. The tag compare covers all 64 bits of the address, and the last byte of
 * the access, so that one that crosses into the next page misses.
 *
 * @param table address of the read table for the current privilege (i32); the write table lies behind it
 * @param linear linear address (i64), fixed
 */
export function emitTlbProbe(e: Emitter, table: Value, linear: Value, width: Width, write: boolean): TlbProbe {
  const offset = write ? TLB_TABLE_SIZE_BYTES : 0;
  const low = e.let(e.wrap(linear));
  const entry = e.let(e.add(e.and(e.shrU(low, e.i32(12 - ENTRY_SHIFT)), e.i32(INDEX_MASK)), table));
  const last = width === 8 ? linear : e.add(linear, e.i64(width / 8 - 1));
  const tag = e.loadFrom(entry, offset, 64, 3);
  const addend = e.loadFrom(entry, offset + TLB_ADDEND_OFFSET, 32, 2);
  return { hit: e.eq(tag, e.and(last, e.i64(-4096))), host: e.add(addend, low) };
}
