import { TLB_SIZE_BYTES, TLB_TABLE_SIZE_BYTES } from '@longmode/mmu';
import { STATE_SIZE_BYTES } from '../state/layout.ts';

/**
 * Where things lie in the one memory. Everything that belongs to a CPU is at a constant distance from its base; the first
 * page stays unused, so that address 0 can mean "none".
 */

/** Base of the CPU's state. */
export const CPU_BASE = 0x1000;
/** Records of a block that is decoded for one use only. */
export const SCRATCH_RECORDS: number = CPU_BASE + STATE_SIZE_BYTES;
const SCRATCH_SIZE_BYTES = 0x2000;
export const TLB_BASE: number = SCRATCH_RECORDS + SCRATCH_SIZE_BYTES;
/** Jump cache: entries of 16 bytes { linear address: u64, tag: i32, record: i32 }. */
export const JUMP_CACHE: number = TLB_BASE + TLB_SIZE_BYTES;
export const JUMP_CACHE_ENTRY_COUNT = 16384;
export const JUMP_CACHE_ENTRY_SIZE_BYTES = 16;
/** Target tables of compiled units: for each offset in a page a u16, 1 + the number of the unit's block there or 0. */
export const TARGET_TABLES: number = JUMP_CACHE + JUMP_CACHE_ENTRY_COUNT * JUMP_CACHE_ENTRY_SIZE_BYTES;
export const TARGET_TABLE_SIZE_BYTES = 0x2000;
export const TARGET_TABLE_COUNT = 128;
/** Counters of compiled units, for profiles. */
export const PROFILE_SLOTS: number = TARGET_TABLES + TARGET_TABLE_COUNT * TARGET_TABLE_SIZE_BYTES;
export const PROFILE_SLOT_SIZE_BYTES = 128;
export const PROFILE_SLOT_COUNT = 1024;
/**
 * Links of compiled units of several pages: 16 bytes { RIP of offset 0: u64, jump tag: i32 } under which their pages are
 * known to lie where they did when the unit was compiled.
 */
export const UNIT_LINKS: number = PROFILE_SLOTS + PROFILE_SLOT_COUNT * PROFILE_SLOT_SIZE_BYTES;
export const UNIT_LINK_SIZE_BYTES = 16;
export const UNIT_LINK_COUNT = 1024;
/** A pair of TLB tables without entries, in use while alignment is checked: then every access takes the slow path. */
export const EMPTY_TLB: number = UNIT_LINKS + UNIT_LINK_COUNT * UNIT_LINK_SIZE_BYTES;
export const EMPTY_TLB_SIZE_BYTES: number = 2 * TLB_TABLE_SIZE_BYTES;
/** Pre-decoded instructions. */
export const RECORDS: number = EMPTY_TLB + EMPTY_TLB_SIZE_BYTES;
/** Guest memory starts here; RECORDS takes what is between. */
export const GUEST_BASE = 0x80_0000;
/** Bytes of a WebAssembly page. */
export const WASM_PAGE_SIZE_BYTES = 0x10000;
