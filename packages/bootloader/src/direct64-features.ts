import { type Elf, findSection, sectionBytes } from '@longmode/elf';

type OptionalFeatures = { readonly [Name in keyof Direct64Features]: boolean | undefined };

/** Features that decide which fields the boot information has. */
export interface Direct64Features {
  readonly mapPhysicalMemory: boolean;
  readonly recursivePageTable: boolean;
}

/**
 * Which of the fields that depend on features a kernel for the bootloader crate 0.9 was compiled with.
 *
 * @param elf the kernel
 * @param options what is known already
 * @returns both; found out by the kernel's debug information where they are not given
 */
export function featuresOf(elf: Elf, options: Partial<OptionalFeatures>): Direct64Features {
  const recursivePageTable = options.recursivePageTable ?? isNamed(elf, 'recursive_page_table_addr');
  // Most kernels of that crate want the map; one that was built without the feature never reads the field.
  const isOther = recursivePageTable && !isNamed(elf, 'physical_memory_offset');
  return { recursivePageTable, mapPhysicalMemory: options.mapPhysicalMemory ?? !isOther };
}

/** Whether the kernel's debug information has a name: the field of a structure that it was compiled with. */
function isNamed(elf: Elf, name: string): boolean {
  const section = findSection(elf, '.debug_str');
  if (section === null || section.offset + section.size > BigInt(elf.bytes.length)) return false;
  // As Latin-1, in which every byte is a character; a copy, because a decoder refuses shared memory.
  return new TextDecoder('latin1').decode(sectionBytes(elf, section).slice()).includes(`\0${name}\0`);
}
