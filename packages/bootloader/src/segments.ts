import { type Elf, ET_DYN, ET_EXEC, machineName, PT_LOAD, PT_TLS, segmentBytes } from '@longmode/elf';
import type { TlsTemplate } from './boot-info.ts';
import { BootError, hex, memorySize } from './error.ts';

/** A segment of an image that has been checked against itself, not yet against memory. */
export interface LoadableSegment {
  readonly index: number;
  /** `PF_R`, `PF_W`, `PF_X`. */
  readonly flags: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  /** File offset of the bytes. */
  readonly offset: number;
  /** What the file has of it. */
  readonly bytes: Uint8Array;
  /** Bytes in memory, at least as many as in the file. */
  readonly memorySizeBytes: number;
  /** File offset of the program header, for messages. */
  readonly headerOffset: number;
}

/**
 * Checks that an image is an x86 executable.
 *
 * @param elf the image
 * @param machines the values of `e_machine` that fit
 * @param wanted how to call them
 * @throws BootError `wrong-machine`, `not-executable`
 */
export function checkExecutable(elf: Elf, machines: readonly number[], wanted: string): void {
  const { machine, type } = elf.header;
  if (!machines.includes(machine) || !elf.identification.isLittleEndian) {
    const order = elf.identification.isLittleEndian ? '' : ', big-endian';
    throw new BootError({
      code: 'wrong-machine',
      offset: 18,
      what: 'the kernel',
      expected: wanted,
      found: `an ELF${elf.identification.width} image for ${machineName(machine)}${order}`,
      cure: `build it for ${wanted}`,
    });
  }
  if (type === ET_EXEC || type === ET_DYN) return;
  const kinds = ['no type', 'an object file that is not linked', '', '', 'a core dump'];
  throw new BootError({
    code: 'not-executable',
    offset: 16,
    what: 'the kernel',
    expected: 'an executable ELF image',
    found: kinds[type] || `ELF type ${type}`,
    cure: 'link it into an executable',
  });
}

/**
 * Finds what an image wants in memory.
 *
 * @param elf the image
 * @param ramSizeBytes no segment may be larger
 * @returns the segments of type `PT_LOAD` that take memory, in the table's order
 * @throws BootError `no-segments`, `bad-segment`, `outside-memory`
 * @throws ElfError `truncated` if the file lacks a segment's bytes
 */
export function loadableSegments(elf: Elf, ramSizeBytes: number): LoadableSegment[] {
  const segments: LoadableSegment[] = [];
  let bytesLeft = 2n * BigInt(elf.bytes.length);
  const space = 1n << BigInt(elf.identification.width);
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD) continue;
    const what = `segment ${segment.index}`;
    const headerOffset = Number(elf.header.programHeaderOffset) + segment.index * elf.header.programHeaderSize;
    const { fileSize, memorySize: size, virtualAddress, physicalAddress } = segment;
    if (fileSize > size) {
      throw new BootError({
        code: 'bad-segment',
        offset: headerOffset,
        what,
        expected: `at most ${hex(size)} bytes in the file, its size in memory`,
        found: `${hex(fileSize)} bytes`,
        cure: 'link the kernel again; its program headers are damaged',
      });
    }
    if (size === 0n) continue;
    if (size > BigInt(ramSizeBytes)) {
      throw new BootError({
        code: 'outside-memory',
        offset: headerOffset,
        what,
        expected: `a size of at most ${memorySize(ramSizeBytes)}, the machine's memory`,
        found: `${hex(size)} bytes`,
        cure: 'give the machine more memory, or make the kernel smaller (its .bss, for example)',
      });
    }
    for (const [kind, start] of [
      ['virtual', virtualAddress],
      ['physical', physicalAddress],
    ] as const) {
      if (start + size <= space) continue;
      throw new BootError({
        code: 'bad-segment',
        offset: headerOffset,
        what,
        expected: `${kind} addresses up to ${hex(space - 1n)}`,
        found: `${hex(size)} bytes from ${hex(start)} on`,
        cure: "correct the segment's address in the linker script",
      });
    }
    bytesLeft -= fileSize;
    if (bytesLeft < 0n) {
      throw new BootError({
        code: 'bad-segment',
        offset: headerOffset,
        what,
        expected: 'segments that together take at most twice the bytes of the file',
        found: 'more',
        cure: 'link the kernel again; its program headers are damaged',
      });
    }
    segments.push({
      index: segment.index,
      flags: segment.flags,
      virtualAddress,
      physicalAddress,
      offset: Number(segment.offset),
      bytes: segmentBytes(elf, segment),
      memorySizeBytes: Number(size),
      headerOffset,
    });
  }
  if (segments.length === 0) {
    throw new BootError({
      code: 'no-segments',
      offset: null,
      what: 'the kernel',
      expected: 'at least one segment of type PT_LOAD',
      found: 'none',
      cure: 'check the linker script: it discards everything or places nothing',
    });
  }
  return segments;
}

/**
 * Checks that no two parts of an image want the same bytes.
 *
 * @param parts with their places, in any order
 * @param cure for the message
 * @returns the parts in ascending order
 * @throws BootError `overlap`
 */
export function checkDisjoint<P extends { start: bigint; end: bigint; what: string; headerOffset: number }>(
  parts: readonly P[],
  cure: string,
): P[] {
  const sorted = parts.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  for (let index = 1; index < sorted.length; index++) {
    const before = sorted[index - 1] as P;
    const part = sorted[index] as P;
    if (part.start >= before.end) continue;
    throw new BootError({
      code: 'overlap',
      offset: part.headerOffset,
      what: part.what,
      expected: `a start at or after ${hex(before.end)}, the end of ${before.what}`,
      found: hex(part.start),
      cure,
    });
  }
  return sorted;
}

/** Where a loaded image has its template of thread-local storage, or null if it has none. */
export function tlsOf(elf: Elf, loadBias: bigint): TlsTemplate | null {
  const segment = elf.segments.find(({ type }) => type === PT_TLS);
  if (segment === undefined) return null;
  const startAddress = BigInt.asUintN(64, segment.virtualAddress + loadBias);
  return { startAddress, fileSize: segment.fileSize, memorySize: segment.memorySize };
}
