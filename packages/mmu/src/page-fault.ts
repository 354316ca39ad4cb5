/**
 * The error code of #PF, exception 14.
 *
 * @source SDM Vol. 3A "Page-Fault Exceptions" and "Interrupt 14 - Page-Fault Exception (#PF)"
 */
import { ACCESS_FETCH, ACCESS_WRITE, isUserAccess } from './access.ts';
import { formatHex } from './address.ts';
import { CR4_PAE, CR4_SMEP, EFER_NXE, type PagingRegisters } from './paging-mode.ts';

/** P, bit 0: the fault is not that an entry was not present. */
export const PF_P: number = 1 << 0;
/** W/R, bit 1: the access was a write. */
export const PF_WR: number = 1 << 1;
/** U/S, bit 2: the access was a user-mode access. */
export const PF_US: number = 1 << 2;
/** RSVD, bit 3: a reserved bit was 1 in an entry. */
export const PF_RSVD: number = 1 << 3;
/** I/D, bit 4: the access was an instruction fetch (reported only where SMEP or execute-disable is on). */
export const PF_ID: number = 1 << 4;
/** PK, bit 5: a protection key forbids the access. */
export const PF_PK: number = 1 << 5;
/** SS, bit 6: shadow-stack access. Never set by this walker; named for descriptions. */
export const PF_SS: number = 1 << 6;
/** HLAT, bit 7: fault during HLAT paging. Never set by this walker; named for descriptions. */
export const PF_HLAT: number = 1 << 7;
/** SGX, bit 15: violation of SGX access control. Never set by this walker; named for descriptions. */
export const PF_SGX: number = 1 << 15;

/**
 * The flags of the error code that describe the access rather than the fault: W/R, U/S and I/D.
 *
 * @param access a set of `ACCESS_` bits
 */
export function accessErrorBits(access: number, registers: PagingRegisters): number {
  const user = isUserAccess(access) ? PF_US : 0;
  if ((access & ACCESS_FETCH) === 0) return (access & ACCESS_WRITE) !== 0 ? user | PF_WR : user;
  const hasExecuteDisable = (registers.cr4 & CR4_PAE) !== 0 && (registers.efer & EFER_NXE) !== 0;
  return hasExecuteDisable || (registers.cr4 & CR4_SMEP) !== 0 ? user | PF_ID : user;
}

/**
 * A page fault in words, from what the guest's handler sees: the error code and CR2.
 *
 * @param errorCode as pushed
 * @param linear the address in CR2
 * @returns one sentence without a full stop
 */
export function describePageFault(errorCode: number, linear: bigint | number): string {
  const mode = (errorCode & PF_US) !== 0 ? 'user-mode' : 'supervisor-mode';
  const kind = (errorCode & PF_ID) !== 0 ? 'instruction fetch' : (errorCode & PF_WR) !== 0 ? 'write' : 'read';
  const digits = BigInt(linear) > 0xffff_ffffn ? 16 : 8;
  const stack = (errorCode & PF_SS) !== 0 ? ' (shadow stack)' : '';
  return `${mode} ${kind}${stack} at ${formatHex(linear, digits)}: ${reasonOf(errorCode)}`;
}

function reasonOf(errorCode: number): string {
  const table = (errorCode & PF_HLAT) !== 0 ? ' (HLAT paging)' : '';
  if ((errorCode & PF_P) === 0) return `the page is not present${table}`;
  if ((errorCode & PF_RSVD) !== 0) return `a reserved bit is set in a paging-structure entry${table}`;
  if ((errorCode & PF_SGX) !== 0) return 'SGX forbids the access';
  if ((errorCode & PF_PK) !== 0) return `the protection key forbids the access${table}`;
  return `the page is present and its access rights forbid the access${table}`;
}
