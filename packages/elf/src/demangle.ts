import { demangleLegacy } from './demangle-legacy.ts';
import { demangleV0 } from './demangle-v0.ts';

/**
 * Demangles a symbol's name if it is one of Rust's, of either scheme.
 *
 * @param name as in the symbol table
 * @returns the path as a reader knows it, or the name unchanged; time and length are bounded
 * @source rustc book, "Symbol Mangling"
 */
export function demangle(name: string): string {
  return demangleV0(name) ?? demangleLegacy(name) ?? name;
}
