/**
 * Access rights: what a finished translation permits, to whom.
 *
 * @source SDM Vol. 3A "Determination of Access Rights" and "Protection Keys"
 */
import { ACCESS_AC, ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_USER, ACCESS_WRITE, isUserAccess } from './access.ts';
import { PTE_KEY_HIGH_BIT, PTE_RW, PTE_US } from './entry.ts';
import { CR0_WP, CR4_PKE, CR4_PKS, CR4_SMAP, CR4_SMEP, type PagingRegisters } from './paging-mode.ts';

/** Explicit supervisor-mode data reads are permitted. The first four are `1 << table` of the TLB's tables. */
export const RIGHT_SUPERVISOR_READ: number = 1 << 0;
/** Explicit supervisor-mode data writes are permitted, CR0.WP considered. */
export const RIGHT_SUPERVISOR_WRITE: number = 1 << 1;
/** User-mode data reads are permitted. */
export const RIGHT_USER_READ: number = 1 << 2;
/** User-mode data writes are permitted. */
export const RIGHT_USER_WRITE: number = 1 << 3;
/** Supervisor-mode instruction fetches are permitted. */
export const RIGHT_SUPERVISOR_FETCH: number = 1 << 4;
/** User-mode instruction fetches are permitted. */
export const RIGHT_USER_FETCH: number = 1 << 5;

const ALL_SUPERVISOR_DATA = RIGHT_SUPERVISOR_READ | RIGHT_SUPERVISOR_WRITE;
const ALL_DATA = ALL_SUPERVISOR_DATA | RIGHT_USER_READ | RIGHT_USER_WRITE;

/** Every right. */
export const ALL_RIGHTS: number = ALL_DATA | RIGHT_SUPERVISOR_FETCH | RIGHT_USER_FETCH;

/**
 * The rights of a translation, protection keys apart.
 *
 * @param low the conjunction of the low words of all entries used: R/W and U/S count
 * @param high the disjunction of their high words: XD counts, and is 0 where execute-disable is off
 * @param cr0 WP counts
 * @param cr4 SMEP and SMAP count
 * @param access whether SMAP is lifted: only for an explicit supervisor-mode access with EFLAGS.AC = 1
 * @returns a set of `RIGHT_` bits
 */
export function rightsOf(low: number, high: number, cr0: number, cr4: number, access: number): number {
  const canSupervisorWrite = (low & PTE_RW) !== 0 || (cr0 & CR0_WP) === 0;
  const isExecutable = high >= 0;
  if ((low & PTE_US) === 0) {
    return (
      RIGHT_SUPERVISOR_READ |
      (canSupervisorWrite ? RIGHT_SUPERVISOR_WRITE : 0) |
      (isExecutable ? RIGHT_SUPERVISOR_FETCH : 0)
    );
  }
  let rights = (low & PTE_RW) !== 0 ? RIGHT_USER_READ | RIGHT_USER_WRITE : RIGHT_USER_READ;
  if ((cr4 & CR4_SMAP) === 0 || (access & (ACCESS_AC | ACCESS_USER | ACCESS_IMPLICIT)) === ACCESS_AC) {
    rights |= canSupervisorWrite ? ALL_SUPERVISOR_DATA : RIGHT_SUPERVISOR_READ;
  }
  if (isExecutable) {
    rights |= (cr4 & CR4_SMEP) === 0 ? RIGHT_USER_FETCH | RIGHT_SUPERVISOR_FETCH : RIGHT_USER_FETCH;
  }
  return rights;
}

/**
 * The rights that the protection key of a translation takes away (4-level and 5-level paging only).
 *
 * @param low the conjunction of the low words of all entries used: U/S counts
 * @param leafHigh the high word of the entry that maps the page: bits 62:59 of the entry are the key
 * @returns a set of `RIGHT_` bits, none for instruction fetches
 */
export function rightsDeniedByKey(low: number, leafHigh: number, registers: PagingRegisters): number {
  const key = (leafHigh >>> PTE_KEY_HIGH_BIT) & 15;
  const respectsWriteDisable = (registers.cr0 & CR0_WP) !== 0;
  if ((low & PTE_US) !== 0) {
    if ((registers.cr4 & CR4_PKE) === 0) return 0;
    const denial = (registers.pkru >>> (2 * key)) & 3;
    if ((denial & 1) !== 0) return ALL_DATA;
    if (denial === 0) return 0;
    return respectsWriteDisable ? RIGHT_USER_WRITE | RIGHT_SUPERVISOR_WRITE : RIGHT_USER_WRITE;
  }
  if ((registers.cr4 & CR4_PKS) === 0) return 0;
  const denial = (registers.pkrs >>> (2 * key)) & 3;
  if ((denial & 1) !== 0) return ALL_SUPERVISOR_DATA;
  return denial !== 0 && respectsWriteDisable ? RIGHT_SUPERVISOR_WRITE : 0;
}

/** The one right that an access needs: a `RIGHT_` bit. */
export function rightNeeded(access: number): number {
  if (isUserAccess(access)) {
    if ((access & ACCESS_FETCH) !== 0) return RIGHT_USER_FETCH;
    return (access & ACCESS_WRITE) !== 0 ? RIGHT_USER_WRITE : RIGHT_USER_READ;
  }
  if ((access & ACCESS_FETCH) !== 0) return RIGHT_SUPERVISOR_FETCH;
  return (access & ACCESS_WRITE) !== 0 ? RIGHT_SUPERVISOR_WRITE : RIGHT_SUPERVISOR_READ;
}

/**
 * Whether a protection key forbids the access, which the PK flag of the #PF reports whatever else forbids it too. A
 * user-mode access to a supervisor-mode address is measured by that address's key.
 *
 * @param denied what `rightsDeniedByKey` returned
 * @param low the conjunction of the low words of all entries used: U/S counts
 * @source SDM Vol. 3A "Page-Fault Exceptions", PK flag
 */
export function isDeniedByKey(denied: number, low: number, access: number): boolean {
  if ((access & ACCESS_FETCH) !== 0) return false;
  const asSupervisor = (low & PTE_US) === 0 || !isUserAccess(access);
  const isWrite = (access & ACCESS_WRITE) !== 0;
  if (asSupervisor) return (denied & (isWrite ? RIGHT_SUPERVISOR_WRITE : RIGHT_SUPERVISOR_READ)) !== 0;
  return (denied & (isWrite ? RIGHT_USER_WRITE : RIGHT_USER_READ)) !== 0;
}
