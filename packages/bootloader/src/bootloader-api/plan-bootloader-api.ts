import { type Elf, EM_X86_64, PT_GNU_RELRO, parseElf } from '@longmode/elf';
import { DESCRIPTOR_CODE_64, DESCRIPTOR_DATA, descriptorTable, flatSegment, NULL_SEGMENT } from '../descriptor.ts';
import { type KernelPages, layOutKernel } from '../direct64-kernel.ts';
import { BootError, hex } from '../error.ts';
import { alignDown, alignUp, FreeSpace, framesOf, noRoom } from '../free-space.ts';
import { checkUsable, type MemoryOptions, memoryMapOf, type PhysicalRange, usableRanges } from '../memory-map.ts';
import { PageTables, TableSet } from '../page-tables.ts';
import { type EntryState, type LoadPlan, type MemoryWrite, registersWith, sortWrites } from '../plan.ts';
import { checkExecutable, loadableSegments, tlsOf } from '../segments.ts';
import { checkRuns, fromCanonical, LARGE_PAGE, PAGE, type PageRun, toCanonical } from '../virtual-layout.ts';
import { chooseAddresses } from './addresses.ts';
import { apiRegions, bootInfoSize, buildApiBootInfo, type Framebuffer, framebufferSize } from './boot-info.ts';
import { type KernelConfig, readConfig } from './config.ts';

/** How to boot a kernel for the bootloader crate 0.11. What it wants mapped, its file says. */
export interface BootloaderApiOptions extends MemoryOptions {
  /** A linear frame buffer that the machine shows; the kernel gets none if left out. */
  readonly framebuffer?: Framebuffer | undefined;
  /** A file to hand over. */
  readonly ramdisk?: Uint8Array | undefined;
  /** Physical address of ACPI's root pointer; the kernel gets none if left out. */
  readonly rsdpAddress?: number | undefined;
}

/** Physical address at which the kernel's file lies; the RAM disk follows. */
const KERNEL_FILE = 0x100_0000;
/** At least so much is mapped of physical memory. */
const FOUR_GIB = 2 ** 32;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const GDT = [0n, DESCRIPTOR_CODE_64, DESCRIPTOR_DATA] as const;

/**
 * Plans the boot of a kernel for the bootloader crate 0.11: the state, the mappings and the boot information that it finds
 * when it is started from a disk of that crate's `BiosBoot`, made on the host without the BIOS stages.
 *
 * @param bytes the kernel's file, static or static position-independent, built with `bootloader_api` 0.11
 * @param options the machine's memory, and what else there is to hand over
 * @returns the plan; nothing is touched yet
 * @throws BootError, ElfError
 * @source bootloader 0.11 (`bootloader-x86_64-common`, stage 4), bootloader_api 0.11
 */
export function planBootloaderApi(bytes: Uint8Array, options: BootloaderApiOptions): LoadPlan {
  const memoryMap = memoryMapOf(options);
  const { ramSizeBytes, framebuffer, ramdisk } = options;
  const usable = usableRanges(memoryMap, ramSizeBytes);
  const elf = parseElf(bytes);
  checkExecutable(elf, elf.identification.width === 64 ? [EM_X86_64] : [], 'x86-64 (ELF64)');
  const config = readConfig(elf);
  const segments = loadableSegments(elf, ramSizeBytes);
  const stackSize = stackSizeOf(config, ramSizeBytes);

  // 1. Physical memory with fixed places: the files, then everything else.
  const kernelFile = { start: KERNEL_FILE, end: KERNEL_FILE + bytes.length };
  checkUsable("the kernel's file in memory", kernelFile, usable, ramSizeBytes, 0);
  const files: PhysicalRange[] = [kernelFile];
  if (ramdisk !== undefined && ramdisk.length > 0) {
    const start = alignUp(kernelFile.end, PAGE);
    files.push({ start, end: start + ramdisk.length });
    checkUsable('the RAM disk', { start, end: start + ramdisk.length }, usable, ramSizeBytes, 0);
  }
  const [, ramdiskFile] = files;
  const firstFrame = alignUp(files.at(-1)?.end ?? 0, PAGE);
  const space = new FreeSpace(usable, [{ start: 0, end: firstFrame }]);
  let lastFrame = firstFrame;
  const take = (count: number, what: string): PhysicalRange[] => {
    const ranges = space.takeFrames(count);
    if (ranges === null) throw noRoom(what, count, ramSizeBytes, ` above ${hex(KERNEL_FILE)}`);
    for (const { end } of ranges) lastFrame = Math.max(lastFrame, end);
    return ranges;
  };

  // 2. Linear addresses of everything, checked against each other.
  const physicalEnd = memoryMap.reduce((end, { base, length }) => Math.max(end, base + length), FOUR_GIB);
  const bootInfoBytes = bootInfoSize(config.version, memoryMap.length);
  const addresses = chooseAddresses(elf, config, {
    physicalEnd,
    framebufferSize: framebuffer === undefined ? null : framebufferSize(framebuffer),
    ramdiskSize: ramdiskFile === undefined ? null : ramdiskFile.end - ramdiskFile.start,
    bootInfoSize: bootInfoBytes,
  });
  const kernel = layOutKernel(elf, segments, ramSizeBytes, addresses.loadBias);
  const { guardPage, bootInfo } = addresses;
  const stackBottom = guardPage + PAGE;
  const stackEnd = alignUp(stackBottom + stackSize, PAGE);
  const bootInfoPage = bootInfo - (bootInfo % PAGE);
  const data = { isWritable: true, isExecutable: false, pageSize: PAGE } as const;
  const [gdtFrame] = take(1, 'the descriptor table') as [PhysicalRange];
  const fixed: PageRun[] = [
    {
      ...{ start: gdtFrame.start, end: gdtFrame.end, frame: gdtFrame.start, pageSize: PAGE },
      ...{ isWritable: false, isExecutable: true, use: 'loader', what: 'the descriptor table' },
    },
  ];
  if (framebuffer !== undefined) {
    const { physicalAddress: frame } = framebuffer;
    const start = addresses.framebuffer;
    const end = start + alignUp(framebufferSize(framebuffer), PAGE);
    fixed.push({ ...data, start, end, frame, use: 'video', what: 'the framebuffer' });
  }
  if (ramdiskFile !== undefined) {
    const { start: frame, end } = ramdiskFile;
    const start = addresses.ramdisk;
    fixed.push({
      ...data,
      start,
      end: start + alignUp(end - frame, PAGE),
      frame,
      use: 'ramdisk',
      what: 'the RAM disk',
    });
  }
  if (addresses.physicalMemory !== null) {
    const start = addresses.physicalMemory;
    const what = 'the map of physical memory';
    const end = start + alignUp(physicalEnd, LARGE_PAGE);
    fixed.push({ ...data, start, end, frame: 0, pageSize: LARGE_PAGE, use: 'physical-map', what });
  }
  const runs = kernelRuns(kernel, elf);
  const fresh: PageRun[] = [
    ...runs.fresh,
    { ...data, start: stackBottom, end: stackEnd, frame: 0, use: 'stack', what: "the kernel's stack" },
    {
      ...{ ...data, start: bootInfoPage, end: alignUp(bootInfo + bootInfoBytes, PAGE), frame: 0 },
      ...{ use: 'boot-info', what: 'the boot information' },
    },
  ];
  const guard: PageRun = {
    ...data,
    start: guardPage,
    end: stackBottom,
    frame: 0,
    use: 'stack',
    what: 'the guard page',
  };
  checkRuns([...fixed, ...runs.file, ...fresh, guard]);

  // 3. Frames, the lowest first: tables, then what has none yet.
  const set = new TableSet();
  for (const run of [...fixed, ...runs.file, ...fresh]) set.add(run);
  const tableFrames = take(set.count + 1, 'page tables').flatMap(framesOf);
  const [root, ...below] = tableFrames as [number, ...number[]];
  const tables = new PageTables(root, set, below);
  for (const run of [...fixed, ...runs.file]) tables.map(run);
  const writes: MemoryWrite[] = [
    { physicalAddress: KERNEL_FILE, bytes: kernel.image },
    { physicalAddress: kernelFile.end, zeroSizeBytes: alignUp(kernelFile.end, PAGE) - kernelFile.end },
    { physicalAddress: gdtFrame.start, bytes: descriptorTable(GDT) },
  ];
  if (ramdiskFile !== undefined) {
    const { start: physicalAddress, end } = ramdiskFile;
    writes.push({ physicalAddress, bytes: ramdisk as Uint8Array });
    writes.push({ physicalAddress: end, zeroSizeBytes: alignUp(end, PAGE) - end });
  }
  const contents = new Map(kernel.composed.map((page) => [page.start, page.bytes]));
  const infoFrames: PhysicalRange[] = [];
  for (const run of fresh) {
    let { start } = run;
    for (const range of take((run.end - run.start) / PAGE, run.what)) {
      const size = range.end - range.start;
      tables.map({ ...run, start, end: start + size, frame: range.start });
      const page = contents.get(start);
      if (run.use === 'boot-info') infoFrames.push(range);
      else if (page === undefined) writes.push({ physicalAddress: range.start, zeroSizeBytes: size });
      else writes.push({ physicalAddress: range.start, bytes: page });
      start += size;
    }
  }
  if (addresses.recursiveIndex !== null) tables.mapRecursively(addresses.recursiveIndex);

  // 4. The boot information, which tells of all that was taken.
  const linear = toCanonical(bootInfo);
  const optionalAddress = (address: number | null): bigint | null => (address === null ? null : toCanonical(address));
  const information = buildApiBootInfo(
    {
      version: config.version,
      regions: apiRegions(memoryMap, [{ start: firstFrame, end: lastFrame }, ...files]),
      framebuffer:
        framebuffer === undefined ? null : { ...framebuffer, linearAddress: toCanonical(addresses.framebuffer) },
      physicalMemoryOffset: optionalAddress(addresses.physicalMemory),
      recursiveIndex: addresses.recursiveIndex,
      rsdpAddress: options.rsdpAddress === undefined ? null : BigInt(options.rsdpAddress),
      tls: tlsOf(elf, kernel.loadBias),
      ramdisk:
        ramdiskFile === undefined
          ? null
          : { linearAddress: toCanonical(addresses.ramdisk), sizeBytes: ramdiskFile.end - ramdiskFile.start },
      kernelAddress: KERNEL_FILE,
      kernelSizeBytes: bytes.length,
      kernelImageOffset: BigInt.asUintN(64, kernel.loadBias),
      kernelStackBottom: toCanonical(stackBottom),
      kernelStackSize: config.kernelStackSize,
    },
    linear,
    bootInfoBytes,
  );
  writes.push(...scatter(information, bootInfo - bootInfoPage, infoFrames), ...tables.writes());
  const stackTop = alignDown(stackBottom + stackSize, 16);
  return {
    protocol: 'bootloader-api',
    entry: entryState(kernel.entry, {
      root,
      gdt: gdtFrame.start,
      bootInfo: linear,
      stack: toCanonical(stackTop - 8),
    }),
    writes: sortWrites(writes),
    loadBias: kernel.loadBias,
    bootInformationAddress: linear,
    ...(framebuffer === undefined ? {} : { videoMode: videoModeOf(framebuffer) }),
  };
}

const videoModeOf = ({ width, height, bytesPerPixel }: Framebuffer): LoadPlan['videoMode'] => ({
  width,
  height,
  bitsPerPixel: bytesPerPixel * 8,
});

function stackSizeOf(config: KernelConfig, ramSizeBytes: number): number {
  const size = config.kernelStackSize;
  if (size > 0n && size <= BigInt(ramSizeBytes)) return Number(size);
  throw new BootError({
    code: 'bad-header',
    offset: null,
    what: 'kernel_stack_size, as the kernel configures it',
    expected: `1 to ${ramSizeBytes}, the machine's memory`,
    found: String(size),
    cure: "correct the kernel's BootloaderConfig, or give the machine more memory",
  });
}

/** The kernel's pages: those of the file, and those that need frames. What is to be read-only after relocation is so. */
function kernelRuns(kernel: KernelPages, elf: Elf): { file: PageRun[]; fresh: PageRun[] } {
  const relro = elf.segments
    .filter(({ type, memorySize }) => type === PT_GNU_RELRO && memorySize > 0n)
    .flatMap(({ virtualAddress, memorySize }) => {
      const start = fromCanonical(BigInt.asUintN(64, virtualAddress + kernel.loadBias));
      if (start === null) return [];
      return [{ start: Math.floor(start / PAGE) * PAGE, end: alignUp(start + Number(memorySize), PAGE) }];
    });
  const split = <Run extends { start: number; end: number; isWritable: boolean }>(run: Run): Run[] => {
    if (!run.isWritable) return [run];
    const borders = relro.flatMap(({ start, end }) => [start, end]).filter((at) => at > run.start && at < run.end);
    const starts = [run.start, ...[...new Set(borders)].sort((a, b) => a - b)];
    return starts.map((start, index) => {
      const end = starts[index + 1] ?? run.end;
      const isConstant = relro.some((range) => start >= range.start && end <= range.end);
      return { ...run, start, end, isWritable: !isConstant };
    });
  };
  const common = { pageSize: PAGE, use: 'kernel' } as const;
  const pages = kernel.composed.map(({ start, isWritable, isExecutable, what }) => ({
    ...{ start, end: start + PAGE, isWritable, isExecutable, what },
  }));
  return {
    file: kernel.fileRuns.flatMap((run) =>
      split(run).map((part) => ({
        ...{ start: part.start, end: part.end, isWritable: part.isWritable, isExecutable: part.isExecutable },
        ...{ ...common, frame: KERNEL_FILE + run.fileOffset + (part.start - run.start), what: part.what },
      })),
    ),
    fresh: [...pages, ...kernel.zeroRuns].flatMap(split).map((run) => ({ ...run, ...common, frame: 0 })),
  };
}

/** Bytes from an offset in the first frame on, over frames that need not follow each other; the rest is zero. */
function scatter(bytes: Uint8Array, offset: number, frames: readonly PhysicalRange[]): MemoryWrite[] {
  const total = frames.reduce((sum, { start, end }) => sum + end - start, 0);
  const all = new Uint8Array(total);
  all.set(bytes, offset);
  let at = 0;
  return frames.map(({ start, end }) => {
    const part = all.subarray(at, at + end - start);
    at += end - start;
    return { physicalAddress: start, bytes: part };
  });
}

/** As bootloader 0.11 leaves the processor; the interrupt table is that of real mode, which nothing maps. */
function entryState(
  entry: bigint,
  { root, gdt, bootInfo, stack }: { root: number; gdt: number; bootInfo: bigint; stack: bigint },
): EntryState {
  const data = flatSegment(DATA_SELECTOR, DESCRIPTOR_DATA);
  return {
    mode: 'long64',
    registers: registersWith({ rdi: bootInfo, rsp: stack }),
    rip: entry,
    rflags: 2n,
    cr0: 0x80010011n, // PG, WP, ET, PE
    cr3: BigInt(root),
    cr4: 0x20n, // PAE
    efer: 0xd00n, // NXE, LMA, LME
    segments: {
      cs: flatSegment(CODE_SELECTOR, DESCRIPTOR_CODE_64),
      ds: data,
      es: data,
      fs: NULL_SEGMENT,
      gs: NULL_SEGMENT,
      ss: data,
    },
    gdtr: { base: BigInt(gdt), limit: GDT.length * 8 - 1 },
    idtr: { base: 0n, limit: 0x3ff },
  };
}
