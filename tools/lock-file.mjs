// @ts-check
// Whether what npm installed is what the lock file names.

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, optional?: boolean,
 *   devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} LockFile
 */

/**
 * Compares a lock file with npm's own record of an install, which names only what suits this platform.
 *
 * @param {LockFile} lock `package-lock.json`
 * @param {LockFile} installed `node_modules/.package-lock.json`
 * @returns {string[]} the paths of packages that are not installed, or not in the locked version
 */
export function missingFromInstall(lock, installed) {
  return Object.entries(lock.packages ?? {})
    .filter(([path, wanted]) => {
      if (!path.includes('node_modules/')) return false;
      const present = installed.packages?.[path];
      if (present === undefined) return !wanted.optional && !wanted.devOptional && !wanted.peer;
      return (
        present.version !== wanted.version ||
        present.integrity !== wanted.integrity ||
        (wanted.link === true && present.resolved !== wanted.resolved)
      );
    })
    .map(([path]) => path);
}
