import { ByteWriter, type ModuleBuilder } from '@longmode/wasm-encoder';

/**
 * Imports the one memory, with its exact size: where a memory cannot grow, optimizing compilers keep its base in a register
 * across calls, which makes the interpreter half as fast again. The limits are padded, so that a module made ahead of time
 * can be fitted to another size.
 */
export function importGuestMemory(module: ModuleBuilder, pages: number): void {
  module.importMemory('host', 'memory', { min: pages, max: pages, padded: true });
}

/** What stands before the limits in the module: the import's name, its kind, and the flag of a maximum. */
const BEFORE_LIMITS = new ByteWriter().name('memory').byte(0x02).byte(0x01).toBytes();

/** Writes another memory size into a module that imports the memory so. @throws Error if it does not */
export function fitMemoryImport(bytes: Uint8Array, pages: number): void {
  for (let at = 0; at + BEFORE_LIMITS.length + 10 <= bytes.length; at++) {
    if (!BEFORE_LIMITS.every((byte, i) => bytes[at + i] === byte)) continue;
    const limits = new ByteWriter().u32Padded(pages).u32Padded(pages).toBytes();
    bytes.set(limits, at + BEFORE_LIMITS.length);
    return;
  }
  throw new Error('the module imports no memory');
}
