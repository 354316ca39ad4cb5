import {
  EM_386,
  EM_AARCH64,
  EM_ARM,
  EM_RISCV,
  EM_X86_64,
  machineName,
  R_386_RELATIVE,
  R_AARCH64_RELATIVE,
  R_ARM_RELATIVE,
  R_NONE,
  R_RISCV_RELATIVE,
  R_X86_64_RELATIVE,
} from './constants.ts';
import type { Elf } from './elf.ts';
import { ElfError } from './error.ts';
import { readDynamicRelocations } from './relocation.ts';

/** A word of the image that moves with it. */
export interface RelativeRelocation {
  /** Virtual address of the word, as linked. */
  readonly address: bigint;
  /** What to add to the load bias; null if it is the word's own contents. */
  readonly addend: bigint | null;
}

/** Memory that holds a loaded image. */
export interface RelocationTarget {
  /** Reads the word of the image's class at a virtual address, load bias included. */
  readWord(address: bigint): bigint;
  /** Writes the word of the image's class at a virtual address, load bias included. */
  writeWord(address: bigint, value: bigint): void;
}

const RELATIVE_TYPES: Readonly<Record<number, number>> = {
  [EM_386]: R_386_RELATIVE,
  [EM_X86_64]: R_X86_64_RELATIVE,
  [EM_ARM]: R_ARM_RELATIVE,
  [EM_AARCH64]: R_AARCH64_RELATIVE,
  [EM_RISCV]: R_RISCV_RELATIVE,
};

/**
 * The relative relocations of a static position-independent executable.
 *
 * @param elf the image
 * @returns them one after another, compressed ones expanded
 * @throws ElfError while it is read: `bad-relocation` for a relocation that needs a symbol or a function call, and
 * those of the tables
 */
export function* relativeRelocations(elf: Elf): Generator<RelativeRelocation> {
  const { entries, relr } = readDynamicRelocations(elf);
  const relative = RELATIVE_TYPES[elf.header.machine];
  for (const { type, offset, addend, at } of entries) {
    if (type === R_NONE) continue;
    if (type !== relative) {
      throw new ElfError({
        code: 'bad-relocation',
        offset: at,
        what: `relocation of the word at 0x${offset.toString(16)}`,
        expected:
          relative === undefined
            ? `a machine whose relative relocations are known`
            : `only relative ones (type ${relative}), which need no dynamic linker`,
        found: relative === undefined ? machineName(elf.header.machine) : `type ${type}`,
      });
    }
    yield { address: offset, addend };
  }
  for (const address of relr) yield { address, addend: null };
}

/**
 * Relocates a loaded static position-independent executable.
 *
 * @param elf the image
 * @param loadBias difference between the addresses in memory and those in the file
 * @param target the memory that holds it
 * @returns how many words were written
 * @throws ElfError as {@link relativeRelocations}, and whatever the target throws
 */
export function applyRelativeRelocations(elf: Elf, loadBias: bigint, target: RelocationTarget): number {
  const width = elf.identification.width;
  let count = 0;
  for (const { address, addend } of relativeRelocations(elf)) {
    const place = BigInt.asUintN(width, address + loadBias);
    target.writeWord(place, BigInt.asUintN(width, loadBias + (addend ?? target.readWord(place))));
    count++;
  }
  return count;
}
