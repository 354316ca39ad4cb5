/**
 * The kind and privilege of an access, as a bit set. Zero is an explicit supervisor-mode data read.
 */

/** A write; a read-modify-write counts as one. */
export const ACCESS_WRITE: number = 1 << 0;
/** Made while CPL = 3: a user-mode access, unless implicit. */
export const ACCESS_USER: number = 1 << 1;
/** An instruction fetch. Not together with a write. */
export const ACCESS_FETCH: number = 1 << 2;
/**
 * Implicit: of a system data structure (GDT, LDT, IDT, TSS). A supervisor-mode access whatever CPL is, and one that
 * EFLAGS.AC does not exempt from SMAP.
 */
export const ACCESS_IMPLICIT: number = 1 << 3;
/** EFLAGS.AC = 1: explicit supervisor-mode data accesses are exempt from SMAP. */
export const ACCESS_AC: number = 1 << 4;
/** A look that leaves no trace: accessed and dirty flags stay as they are. */
export const ACCESS_PROBE: number = 1 << 5;

/**
 * Whether an access is a user-mode access.
 *
 * @source SDM Vol. 3A "Determination of Access Rights"
 */
export function isUserAccess(access: number): boolean {
  return (access & (ACCESS_USER | ACCESS_IMPLICIT)) === ACCESS_USER;
}

/** An access in words, such as `user-mode write`. */
export function describeAccess(access: number): string {
  const kind = (access & ACCESS_FETCH) !== 0 ? 'instruction fetch' : (access & ACCESS_WRITE) !== 0 ? 'write' : 'read';
  if (isUserAccess(access)) return `user-mode ${kind}`;
  return `${(access & ACCESS_IMPLICIT) !== 0 ? 'implicit ' : ''}supervisor-mode ${kind}`;
}
