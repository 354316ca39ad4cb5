import type { LineTable, SymbolTable } from '@longmode/elf';
import {
  createLineTable,
  createSymbolTable,
  demangle,
  type Elf,
  ElfError,
  EM_386,
  EM_X86_64,
  parseElf,
} from '@longmode/elf';
import type { ImageSource } from './disk.ts';

/** What an address of code belongs to, as far as the kernel's file tells. */
export interface CodePlace {
  /** The function, demangled; null if no symbol holds the address. */
  readonly symbol: string | null;
  /** Bytes from the function's start; 0 without a symbol. */
  readonly offset: number;
  /** The source file as the compiler wrote it, and the line from 1; null without debug information. */
  readonly file: string | null;
  readonly line: number | null;
}

/** Answers what an address of code belongs to. */
export interface CodePlaces {
  /** @param address a linear address in the running kernel @returns its place, or null if nothing is known of it */
  lookup(address: bigint): CodePlace | null;
}

interface Tables {
  readonly symbols: SymbolTable | null;
  readonly lines: LineTable | null;
}

/** The part of a disk that is searched for a kernel's file. */
const SEARCHED_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;
const ELF_ALIGNMENT = 16;
const ELF_MAGIC = 0x464c457f;

/**
 * The functions and lines of a kernel's file. They are read when first asked for; damaged tables count as absent.
 *
 * @param bytes an ELF file; anything else knows no address
 * @param loadBias difference between the running kernel's addresses and those in the file
 */
export function placesInKernel(bytes: Uint8Array, loadBias = 0n): CodePlaces {
  let tables: Tables | undefined;
  return {
    lookup(address) {
      tables ??= readTables(unlessDamaged(() => parseElf(bytes)));
      const linked = BigInt.asUintN(64, address - loadBias);
      const match = tables.symbols?.lookup(linked) ?? null;
      const location = tables.lines?.lookup(linked) ?? null;
      if (match === null && location === null) return null;
      return {
        symbol: match === null ? null : demangle(match.name),
        offset: Number(match?.offset ?? 0n),
        file: location?.file ?? null,
        line: location === null || location.line === 0 ? null : location.line,
      };
    },
  };
}

/**
 * The functions and lines of the kernel whose file lies on a disk as it is, as boot loaders of kernel crates put it there:
 * the first x86 ELF file with symbols in the first 64 MiB. The disk is searched when an address is first asked for.
 */
export function placesOnDisk(source: ImageSource): CodePlaces {
  let places: CodePlaces | undefined;
  return {
    lookup(address) {
      places ??= placesInKernel(findKernelFile(source) ?? new Uint8Array());
      return places.lookup(address);
    },
  };
}

/** The place in words: `kernel::panic+0x12 (src/main.rs:40)`. */
export function describePlace(place: CodePlace): string {
  const source = place.file === null ? '' : `${place.file}${place.line === null ? '' : `:${place.line}`}`;
  if (place.symbol === null) return source;
  const offset = place.offset === 0 ? '' : `+0x${place.offset.toString(16)}`;
  return `${place.symbol}${offset}${source === '' ? '' : ` (${source})`}`;
}

function readTables(elf: Elf | null): Tables {
  if (elf === null) return { symbols: null, lines: null };
  return { symbols: unlessDamaged(() => createSymbolTable(elf)), lines: unlessDamaged(() => createLineTable(elf)) };
}

function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) return null;
    throw error;
  }
}

function findKernelFile(source: ImageSource): Uint8Array | null {
  const size = Math.min(source.sizeBytes, SEARCHED_BYTES);
  for (let chunk = 0; chunk < size; chunk += CHUNK_BYTES) {
    const bytes = source.read(chunk, Math.min(CHUNK_BYTES, size - chunk));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 4 <= bytes.length; at += ELF_ALIGNMENT) {
      if (view.getUint32(at, true) !== ELF_MAGIC) continue;
      const file = source.read(chunk + at, size - chunk - at);
      const elf = unlessDamaged(() => parseElf(file));
      if (elf === null || (elf.header.machine !== EM_X86_64 && elf.header.machine !== EM_386)) continue;
      if ((readTables(elf).symbols?.count ?? 0) > 0) return file;
    }
  }
  return null;
}
