import { EM_X86_64, parseElf } from '@longmode/elf';
import { BOOT_INFO_REGION, bootInfoRegions, buildBootInfo, type UsedRange } from './boot-info.ts';
import { DESCRIPTOR_CODE_64, DESCRIPTOR_DATA, descriptorTable, flatSegment, NULL_SEGMENT } from './descriptor.ts';
import { type Direct64Addresses, planAddresses } from './direct64-addresses.ts';
import { featuresOf } from './direct64-features.ts';
import { type KernelPages, layOutKernel } from './direct64-kernel.ts';
import { FreeSpace, framesOf, noRoom } from './free-space.ts';
import {
  badOption,
  checkUsable,
  type MemoryOptions,
  memoryMapOf,
  type PhysicalRange,
  usableRanges,
} from './memory-map.ts';
import { PageTables, TableSet } from './page-tables.ts';
import { type EntryState, type LoadPlan, type MemoryWrite, registersWith, sortWrites } from './plan.ts';
import { checkExecutable, loadableSegments, tlsOf } from './segments.ts';
import { checkRuns, PAGE, type PageRun } from './virtual-layout.ts';

/** How to boot an ELF64 kernel directly. The names are those of the bootloader crate 0.9 in this project's spelling. */
export interface Direct64Options extends MemoryOptions {
  /**
   * Feature `map_physical_memory`: maps all physical memory, and the boot information has `physical_memory_offset`.
   * If left out, the kernel's debug information decides, and without it: true.
   */
  readonly mapPhysicalMemory?: boolean | undefined;
  /**
   * Feature `recursive_page_table`: the level-4 table maps itself, and the boot information has
   * `recursive_page_table_addr`. If left out, the kernel's debug information decides, and without it: false.
   */
  readonly recursivePageTable?: boolean | undefined;
  /** Feature `sse`: enables SSE instructions. False if left out. */
  readonly sse?: boolean | undefined;
  /** Feature `vga_320x200`: the kernel starts in video mode 13h instead of the text mode. False if left out. */
  readonly vga320x200?: boolean | undefined;
  /** Key `kernel-stack-address`: of the guard page, above which the stack lies. */
  readonly kernelStackAddress?: bigint | undefined;
  /** Key `kernel-stack-size`: in pages of 4 KiB, 512 if left out. */
  readonly kernelStackSizePages?: number | undefined;
  /** Key `physical-memory-offset`: where physical address 0 is mapped. */
  readonly physicalMemoryOffset?: bigint | undefined;
  /** Key `boot-info-address`. */
  readonly bootInfoAddress?: bigint | undefined;
}

/** Physical address of the level-4 table; the tables of the lowest 2 MiB follow it. */
const LEVEL4_TABLE = 0x1000;
const LOADER_AREA = 0x5000;
const LOADER_END = 0x6000;
/** Physical address at which the kernel's file lies. */
const KERNEL_FILE = 0x400000;
const KERNEL_STACK_PAGES = 512;
/** 256 colours, a byte each at A0000h. */
const MODE_320X200 = 0x13;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const GDT = [0n, DESCRIPTOR_CODE_64, DESCRIPTOR_DATA] as const;

/**
 * Plans the boot of a bare ELF64 kernel: the state, the mappings and the boot information that a kernel of the
 * bootloader crate 0.9 finds when it is started from a bootimage disk, made on the host without the BIOS stages.
 *
 * @param bytes the kernel's file, static or static position-independent
 * @param options the machine's memory, and what the kernel's manifest says
 * @returns the plan; nothing is touched yet
 * @throws BootError, ElfError
 * @source bootloader 0.9 (stage 4); blog_os "A Minimal Rust Kernel", "Paging Implementation"
 */
export function planDirect64(bytes: Uint8Array, options: Direct64Options): LoadPlan {
  const memoryMap = memoryMapOf(options);
  const { ramSizeBytes } = options;
  const usable = usableRanges(memoryMap, ramSizeBytes);
  const elf = parseElf(bytes);
  const wanted = 'x86-64 (ELF64)';
  checkExecutable(elf, elf.identification.width === 64 ? [EM_X86_64] : [], wanted);
  const kernel = layOutKernel(elf, loadableSegments(elf, ramSizeBytes), ramSizeBytes);

  // 1. Physical memory with fixed places: frame 0, the lowest tables, the loader's area, and the kernel's file.
  const fixed: UsedRange[] = [
    { start: 0, end: LEVEL4_TABLE, type: BOOT_INFO_REGION.frameZero },
    { start: LEVEL4_TABLE, end: LOADER_AREA, type: BOOT_INFO_REGION.pageTable },
    { start: LOADER_AREA, end: LOADER_END, type: BOOT_INFO_REGION.bootloader },
  ];
  checkUsable("the loader's area", { start: 0, end: LOADER_END }, usable, ramSizeBytes, 0);
  const fileEnd = kernel.fileRanges.at(-1)?.end ?? 0;
  if (fileEnd > 0) {
    const range = { start: KERNEL_FILE, end: KERNEL_FILE + fileEnd };
    checkUsable("the kernel's file in memory", range, usable, ramSizeBytes, 0);
    fixed.push({ ...range, type: BOOT_INFO_REGION.kernel });
  }

  // 2. Virtual addresses of everything, checked against each other before any frame is taken.
  const features = featuresOf(elf, options);
  const physicalEnd = memoryMap.reduce((end, { base, length }) => Math.max(end, base + length), ramSizeBytes);
  const stackPages = options.kernelStackSizePages ?? KERNEL_STACK_PAGES;
  if (!Number.isSafeInteger(stackPages) || stackPages < 1 || stackPages * PAGE > ramSizeBytes) {
    throw badOption('kernelStackSizePages', `1 to ${Math.floor(ramSizeBytes / PAGE)}`, String(stackPages));
  }
  const addresses = planAddresses(kernel, options, { ...features, physicalEnd, stackPages });
  const fixedRuns: PageRun[] = [
    { ...identity(LEVEL4_TABLE, LOADER_END), use: 'loader', what: "the loader's area" },
    { ...identity(0xa0000, 0xc0000), use: 'video', what: 'video memory' },
    ...addresses.physicalMap,
  ];
  const fresh = [...addresses.fresh, ...freshKernelRuns(kernel)];
  const fileRuns = kernel.fileRuns.map(
    (run): PageRun => ({ ...run, frame: KERNEL_FILE + run.fileOffset, pageSize: PAGE, use: 'kernel' }),
  );
  checkRuns([...fixedRuns, ...fresh, ...fileRuns, ...addresses.guard]);

  // 3. Frames for what has no fixed place, the lowest first: tables, kernel, stack, boot information.
  const space = new FreeSpace(usable, fixed);
  const set = new TableSet();
  for (const run of [...fixedRuns, ...fresh, ...fileRuns]) set.add(run);
  const used: UsedRange[] = [...fixed];
  const take = (count: number, type: number, what: string): PhysicalRange[] => {
    const ranges = space.takeFrames(count);
    if (ranges === null) throw noRoom(what, count, ramSizeBytes);
    for (const range of ranges) used.push({ ...range, type });
    return ranges;
  };
  const lowest = set.sorted().filter(({ start }) => start === 0).length;
  const tableFrames = take(set.count - lowest, BOOT_INFO_REGION.pageTable, 'page tables').flatMap(framesOf);
  const tables = new PageTables(LEVEL4_TABLE, set, withLowest(set, tableFrames));
  const writes: MemoryWrite[] = [];
  for (const run of [...fixedRuns, ...fileRuns]) tables.map(run);
  for (const { start, end } of kernel.fileRanges) {
    const last = Math.min(end, kernel.image.length);
    writes.push({ physicalAddress: KERNEL_FILE + start, bytes: kernel.image.subarray(start, last) });
    writes.push({ physicalAddress: KERNEL_FILE + last, zeroSizeBytes: end - last });
  }
  const contents = new Map(kernel.composed.map((page) => [page.start, page.bytes]));
  let bootInfoFrame = 0;
  for (const run of fresh.toSorted((a, b) => ORDER.indexOf(a.use) - ORDER.indexOf(b.use) || a.start - b.start)) {
    const count = (run.end - run.start) / PAGE;
    let { start } = run;
    for (const range of take(count, REGION_OF_USE[run.use] ?? BOOT_INFO_REGION.inUse, run.what)) {
      const size = range.end - range.start;
      tables.map({ ...run, start, end: start + size, frame: range.start });
      const page = contents.get(start);
      if (run.use === 'boot-info') bootInfoFrame = range.start;
      else if (page !== undefined) writes.push({ physicalAddress: range.start, bytes: page });
      else writes.push({ physicalAddress: range.start, zeroSizeBytes: size });
      start += size;
    }
  }
  if (features.recursivePageTable) tables.mapRecursively(addresses.recursiveSlot);

  // 4. The boot information, which tells of all that was taken.
  const information = buildBootInfo({
    memoryMap: bootInfoRegions(memoryMap, usable, used),
    recursivePageTableAddress: features.recursivePageTable ? addresses.recursiveAddress : null,
    physicalMemoryOffset: features.mapPhysicalMemory ? addresses.physicalMemoryOffset : null,
    tls: tlsOf(elf, kernel.loadBias),
  });
  writes.push({ physicalAddress: bootInfoFrame, bytes: information });
  writes.push({ physicalAddress: LOADER_AREA, bytes: descriptorTable(GDT) }, ...tables.writes());
  return {
    protocol: 'direct64',
    entry: entryState(kernel.entry, addresses, options.sse === true),
    writes: sortWrites(writes),
    loadBias: kernel.loadBias,
    bootInformationAddress: addresses.bootInfoAddress,
    ...(options.vga320x200 === true ? { videoMode: { biosMode: MODE_320X200 } } : {}),
  };
}

const ORDER: readonly PageRun['use'][] = ['kernel', 'stack', 'boot-info'];
const REGION_OF_USE: Partial<Record<PageRun['use'], number>> = {
  kernel: BOOT_INFO_REGION.kernel,
  stack: BOOT_INFO_REGION.kernelStack,
  'boot-info': BOOT_INFO_REGION.bootInfo,
};

function identity(start: number, end: number): Omit<PageRun, 'use' | 'what'> {
  return { start, end, frame: start, isWritable: true, isExecutable: true, pageSize: PAGE };
}

function freshKernelRuns(kernel: KernelPages): PageRun[] {
  const pages = kernel.composed.map(({ start, isWritable, isExecutable, what }) => {
    return { start, end: start + PAGE, isWritable, isExecutable, what };
  });
  return [...pages, ...kernel.zeroRuns].map((run) => ({ ...run, frame: 0, pageSize: PAGE, use: 'kernel' as const }));
}

/** The tables of address 0 have the frames after the level-4 table, all others those that were taken. */
function withLowest(set: TableSet, taken: readonly number[]): number[] {
  let next = 0;
  return set
    .sorted()
    .map(({ depth, start }) => (start === 0 ? LEVEL4_TABLE + depth * PAGE : (taken[next++] as number)));
}

/** As bootloader 0.9 leaves the processor; the return address of its last call is 0 here. */
function entryState(entry: bigint, addresses: Direct64Addresses, hasSse: boolean): EntryState {
  const data = flatSegment(DATA_SELECTOR, DESCRIPTOR_DATA);
  return {
    mode: 'long64',
    registers: registersWith({ rdi: addresses.bootInfoAddress, rsp: addresses.stackTop - 8n }),
    rip: entry,
    rflags: 2n,
    cr0: hasSse ? 0x80010013n : 0x80010011n, // PG, WP, ET, PE; MP
    cr3: BigInt(LEVEL4_TABLE),
    cr4: hasSse ? 0x620n : 0x20n, // PAE; OSFXSR, OSXMMEXCPT
    efer: 0xd00n, // NXE, LMA, LME
    segments: {
      cs: flatSegment(CODE_SELECTOR, DESCRIPTOR_CODE_64),
      ds: data,
      es: data,
      fs: NULL_SEGMENT,
      gs: NULL_SEGMENT,
      ss: NULL_SEGMENT,
    },
    gdtr: { base: BigInt(LOADER_AREA), limit: GDT.length * 8 - 1 },
    idtr: { base: 0n, limit: 0 },
  };
}
