import { applyRelativeRelocations, type Elf, ET_DYN, PF_W, PF_X, PT_INTERP } from '@longmode/elf';
import { BootError, hex } from './error.ts';
import { alignDown, alignUp } from './free-space.ts';
import { joinRanges, type PhysicalRange } from './memory-map.ts';
import { checkDisjoint, type LoadableSegment } from './segments.ts';
import { fromCanonical, PAGE, toCanonical } from './virtual-layout.ts';

/** A segment at its place in the 48-bit address space. */
interface PlacedSegment {
  readonly segment: LoadableSegment;
  readonly start: number;
  readonly fileEnd: number;
  readonly end: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
  readonly what: string;
}

/** Virtual pages of the kernel, all permitted the same. */
export interface KernelRun {
  /** 48-bit virtual address. */
  readonly start: number;
  readonly end: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
  readonly what: string;
}

/** Pages that are mapped to the kernel's file as it lies in memory. */
interface FileRun extends KernelRun {
  /** File offset of the first page. */
  readonly fileOffset: number;
}

/** One page whose contents had to be put together. */
interface ComposedPage {
  readonly start: number;
  readonly bytes: Uint8Array;
  isWritable: boolean;
  isExecutable: boolean;
  readonly what: string;
}

/** The pages of a kernel, before they have frames. */
export interface KernelPages {
  /** The file, relocated where that is needed. */
  readonly image: Uint8Array;
  readonly fileRuns: readonly FileRun[];
  /** The page-aligned parts of the file that the file runs map, ascending. */
  readonly fileRanges: readonly PhysicalRange[];
  /** Pages that hold both bytes of the file and zeros, or parts of several segments; ascending. */
  readonly composed: readonly ComposedPage[];
  /** Pages of zeros. */
  readonly zeroRuns: readonly KernelRun[];
  readonly entry: bigint;
  readonly loadBias: bigint;
}

/** Where kernels of the bootloader crate are linked by custom, and so a good place for one that may lie anywhere. */
const DEFAULT_BASE = 0x200000n;

/**
 * Works out the pages of a kernel as stage 4 of bootloader 0.9 maps them: to the frames of the file where a page holds
 * bytes of the file only, and to frames of its own where zeros begin. Other than that loader it also accepts segments
 * that share a page, or whose offset and address differ within the page, and static position-independent executables.
 *
 * @param elf the kernel
 * @param segments its loadable segments
 * @param ramSizeBytes the pages together may be no more
 * @param bias what to add to the addresses of a position-independent kernel; where the customary place needs it if left
 *   out
 * @returns the pages
 * @throws BootError, ElfError
 */
export function layOutKernel(
  elf: Elf,
  segments: readonly LoadableSegment[],
  ramSizeBytes: number,
  bias?: bigint,
): KernelPages {
  checkStatic(elf);
  const loadBias = elf.header.type === ET_DYN ? (bias ?? customaryBias(segments)) : 0n;
  const placed = placeSegments(segments, loadBias);
  const total = placed.reduce((sum, { start, end }) => sum + alignUp(end, PAGE) - alignDown(start, PAGE), 0);
  if (total > ramSizeBytes) {
    throw new BootError({
      code: 'outside-memory',
      offset: null,
      what: 'the kernel',
      expected: `at most ${hex(ramSizeBytes)} bytes, the machine's memory`,
      found: `${hex(total)} bytes`,
      cure: 'give the machine more memory, or make the kernel smaller (its .bss, for example)',
    });
  }
  const composed = new Map<number, ComposedPage>();
  const fileRuns: FileRun[] = [];
  const zeroRuns: KernelRun[] = [];
  placed.forEach((part, index) => {
    const before = placed[index - 1];
    const after = placed[index + 1];
    // Whole pages that no other segment has a part of.
    let first = alignDown(part.start, PAGE);
    let last = alignUp(part.end, PAGE);
    if (before !== undefined && alignUp(before.end, PAGE) > first) first += PAGE;
    if (after !== undefined && alignDown(after.start, PAGE) < last) last -= PAGE;
    const { segment, isWritable, isExecutable, what } = part;
    const isCongruent = segment.offset % PAGE === part.start % PAGE;
    const hasZeros = part.end > part.fileEnd;
    const fileLast = hasZeros ? alignDown(part.fileEnd, PAGE) : alignUp(part.end, PAGE);
    const fileEnd = isCongruent ? Math.min(last, Math.max(first, fileLast)) : first;
    const zeroStart = Math.max(first, Math.min(last, alignUp(part.fileEnd, PAGE)));
    const common = { isWritable, isExecutable, what };
    if (fileEnd > first) {
      const fileOffset = segment.offset + (first - part.start);
      fileRuns.push({ ...common, start: first, end: fileEnd, fileOffset });
    }
    if (last > zeroStart) zeroRuns.push({ ...common, start: zeroStart, end: last });
    const rest = [
      { start: alignDown(part.start, PAGE), end: Math.min(first, alignUp(part.end, PAGE)) },
      { start: fileEnd, end: zeroStart },
      { start: Math.max(last, alignDown(part.start, PAGE)), end: alignUp(part.end, PAGE) },
    ];
    for (const { start, end } of joinRanges(rest)) compose(composed, part, start, end);
  });
  const fileRanges = joinRanges(
    fileRuns.map(({ start, end, fileOffset }) => ({ start: fileOffset, end: fileOffset + (end - start) })),
  );
  const image = relocate(elf, placed, composed, loadBias);
  const pages = [...composed.values()].sort((a, b) => a.start - b.start);
  return { image, fileRuns, fileRanges, composed: pages, zeroRuns, entry: entryOf(elf, placed, loadBias), loadBias };
}

function checkStatic(elf: Elf): void {
  if (elf.segments.some((segment) => segment.type === PT_INTERP)) {
    throw new BootError({
      code: 'unsupported',
      offset: null,
      what: 'the kernel',
      expected: 'a static executable',
      found: 'one that wants a program interpreter (PT_INTERP)',
      cure: 'link it with -static, or -static-pie',
    });
  }
}

function customaryBias(segments: readonly LoadableSegment[]): bigint {
  const lowest = segments.reduce(
    (low, { virtualAddress }) => (virtualAddress < low ? virtualAddress : low),
    DEFAULT_BASE,
  );
  return lowest < DEFAULT_BASE ? DEFAULT_BASE : 0n;
}

function placeSegments(segments: readonly LoadableSegment[], loadBias: bigint): PlacedSegment[] {
  const parts = segments.map((segment) => {
    const what = `segment ${segment.index}`;
    const address = BigInt.asUintN(64, segment.virtualAddress + loadBias);
    const start = fromCanonical(address);
    const last = fromCanonical(address + BigInt(segment.memorySizeBytes) - 1n);
    if (start === null || last === null || last < start || (start < 2 ** 47 && last >= 2 ** 47)) {
      throw new BootError({
        code: 'bad-segment',
        offset: segment.headerOffset,
        what,
        expected: 'canonical virtual addresses, whose bits 47 to 63 are equal',
        found: `${hex(segment.memorySizeBytes)} bytes from ${hex(address)} on`,
        cure: "correct the segment's address in the linker script",
      });
    }
    const end = last + 1;
    return { segment, what, headerOffset: segment.headerOffset, start: BigInt(start), end: BigInt(end) };
  });
  const cure = 'give the segments virtual addresses of their own in the linker script';
  return checkDisjoint(parts, cure).map(({ segment, what, start, end }) => ({
    segment,
    what,
    start: Number(start),
    fileEnd: Number(start) + segment.bytes.length,
    end: Number(end),
    isWritable: (segment.flags & PF_W) !== 0,
    isExecutable: (segment.flags & PF_X) !== 0,
  }));
}

/** Copies a segment's bytes into pages of its own; a page that segments share permits what any of them needs. */
function compose(composed: Map<number, ComposedPage>, part: PlacedSegment, from: number, to: number): void {
  for (let start = from; start < to; start += PAGE) {
    const { isWritable, isExecutable, what } = part;
    const page = composed.get(start) ?? { start, bytes: new Uint8Array(PAGE), isWritable, isExecutable, what };
    page.isWritable ||= isWritable;
    page.isExecutable ||= isExecutable;
    composed.set(start, page);
    const first = Math.max(start, part.start);
    const end = Math.min(start + PAGE, part.fileEnd);
    if (end > first) page.bytes.set(part.segment.bytes.subarray(first - part.start, end - part.start), first - start);
  }
}

/** Relocates a position-independent kernel, both in the file and in the pages that were copied from it. */
function relocate(
  elf: Elf,
  placed: readonly PlacedSegment[],
  composed: ReadonlyMap<number, ComposedPage>,
  loadBias: bigint,
): Uint8Array {
  if (elf.header.type !== ET_DYN) return elf.bytes;
  const image = elf.bytes.slice();
  const part = (address: bigint): { part: PlacedSegment; at: number } => {
    const at = fromCanonical(address) ?? -1;
    const holder = placed[lastAtOrBefore(placed, at)];
    if (holder !== undefined && at + 8 <= holder.fileEnd) return { part: holder, at };
    throw new BootError({
      code: 'bad-segment',
      offset: null,
      what: 'a relocation',
      expected: 'the address of eight bytes that the file has of a segment',
      found: hex(address),
      cure: 'link the kernel again; its relocations are damaged',
    });
  };
  const target = (holder: PlacedSegment, at: number): { bytes: Uint8Array; offset: number } => {
    const page = composed.get(alignDown(at, PAGE));
    if (page !== undefined) return { bytes: page.bytes, offset: at - page.start };
    return { bytes: image, offset: holder.segment.offset + (at - holder.start) };
  };
  applyRelativeRelocations(elf, loadBias, {
    readWord(address) {
      const { part: holder, at } = part(address);
      let value = 0n;
      for (let index = 7; index >= 0; index--) {
        const { bytes, offset } = target(holder, at + index);
        value = (value << 8n) | BigInt(bytes[offset] ?? 0);
      }
      return value;
    },
    writeWord(address, value) {
      const { part: holder, at } = part(address);
      for (let index = 0; index < 8; index++) {
        const { bytes, offset } = target(holder, at + index);
        bytes[offset] = Number((value >> BigInt(8 * index)) & 0xffn);
      }
    },
  });
  return image;
}

function lastAtOrBefore(placed: readonly PlacedSegment[], at: number): number {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((placed[middle] as PlacedSegment).start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function entryOf(elf: Elf, placed: readonly PlacedSegment[], loadBias: bigint): bigint {
  const entry = BigInt.asUintN(64, elf.header.entry + loadBias);
  const at = fromCanonical(entry) ?? -1;
  const holder = placed.find(({ start, end }) => at >= start && at < end);
  if (holder?.isExecutable) return toCanonical(at);
  throw new BootError({
    code: 'bad-entry',
    offset: 24,
    what: 'the entry point',
    expected: 'an address in an executable segment',
    found: holder === undefined ? hex(entry) : `${hex(entry)} in ${holder.what}, which is not executable`,
    cure: 'name the entry symbol with ENTRY() in the linker script (for Rust: #[no_mangle] _start)',
  });
}
