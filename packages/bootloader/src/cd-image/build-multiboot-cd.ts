import { BOOTLOADER_API_CURE } from '../disk-image/build-disk-image.ts';
import { BootError } from '../error.ts';
import { fromHex } from '../hex-text.ts';
import { MEMORY_RESERVED, MEMORY_USABLE, type MemoryRegion } from '../memory-map.ts';
import type { MultibootModule } from '../multiboot-handover.ts';
import { planMultiboot1 } from '../multiboot1.ts';
import { planMultiboot2 } from '../multiboot2.ts';
import { type LoadPlan, type MemoryWrite, sizeOf } from '../plan.ts';
import { type ImageKind, recognise } from '../recognise.ts';
import { CD_BOOT_HEX } from './boot-code.ts';
import { CD_SECTOR, type CdFile, type PlacedCdFile, placeFiles, writeBootableCd } from './iso9660.ts';

/** What the kernel on a CD is handed. */
export interface MultibootCdOptions {
  /** Handed to the kernel as it is; by custom it begins with the kernel's name. Empty if left out. */
  readonly commandLine?: string | undefined;
  /** At most 4096. */
  readonly modules?: readonly MultibootModule[] | undefined;
}

const ONE_MIB = 0x100000;
/** Memory that the boot image leaves to kernel and information below 1 MiB. */
const FREE_FROM = 0x10000;
const FREE_TO = 0x70000;
/** As many as the boot image asks the BIOS for. */
const MEMORY_MAP_REGIONS = 64;
const RSDP_SIZE = 36;
const RSDP_REVISION_OFFSET = 15;
const EMPTY_REGION: MemoryRegion = { base: 0, length: 0, type: MEMORY_RESERVED };
const NO_PARTITION = 0x00ffffff;
const SMALLEST_RAM_BYTES = 64 * ONE_MIB;
const LARGEST_RAM_BYTES = 0xe000_0000;
const STEP_SIZE = 16;
const STEPS_MAX = 1024;
const PARAMETERS_OFFSET = 8;

/**
 * Builds a CD from which a PC's BIOS boots a Multiboot kernel, as GRUB does: ISO 9660 with a boot image (El Torito) that
 * opens the A20 gate, reads the kernel and its modules to where they belong, asks the BIOS for the memory map, and enters
 * the kernel with the information that {@link planMultiboot1} and {@link planMultiboot2} describe. Where everything goes is
 * decided here; the boot image makes sure that the machine has memory there, and says on the screen and on COM1 what is
 * wrong if it cannot go on.
 *
 * @param kernel a Multiboot 1 or 2 kernel; one with both headers is booted by version 1
 * @param options what to hand over
 * @returns the image; the same inputs give the same bytes
 * @throws BootError, ElfError for a kernel that would not boot
 */
export function buildMultibootCd(kernel: Uint8Array, options: MultibootCdOptions = {}): Uint8Array<ArrayBuffer> {
  const { modules = [] } = options;
  const plan = planForSmallestMachine(kernel, options);
  const information = plan.writes.find(
    ({ physicalAddress }) => BigInt(physicalAddress) === plan.bootInformationAddress,
  );
  if (plan.writes.length > STEPS_MAX || information === undefined || !('bytes' in information)) {
    throw new BootError({
      code: 'no-room',
      offset: null,
      what: 'the load list of the CD',
      expected: `at most ${STEPS_MAX} segments, sections and modules`,
      found: `${plan.writes.length}`,
      cure: 'strip the kernel (its debug sections), or pack the modules into one',
    });
  }
  const boot = fromHex(CD_BOOT_HEX, CD_SECTOR);
  const list = new Uint8Array(plan.writes.length * STEP_SIZE);
  const files = placeFiles([
    { name: 'BOOT.BIN', bytes: boot },
    { name: 'LOAD.LST', bytes: list },
    { name: 'INFO.BIN', bytes: information.bytes },
    { name: kernel[0] === 0x7f ? 'KERNEL.ELF' : 'KERNEL.BIN', bytes: kernel },
    ...modules.map(({ bytes }, index): CdFile => ({ name: `MOD${String(index).padStart(4, '0')}.BIN`, bytes })),
  ]);
  writeList(list, plan.writes, files);
  writeParameters(boot, plan, files[1]?.sector ?? 0);
  return writeBootableCd('LONGMODE', files);
}

/** A kernel that may be moved, sections and modules go where machines of little memory have some, too. */
function planForSmallestMachine(kernel: Uint8Array, options: MultibootCdOptions): LoadPlan {
  const { kind, description, obstacle } = recognise(kernel);
  if (kind !== 'multiboot1' && kind !== 'multiboot2') {
    const cures: Partial<Record<ImageKind, string>> = {
      direct64: 'make a disk of it (longmode build without --format), or boot it directly',
      'bootloader-api': BOOTLOADER_API_CURE,
    };
    throw new BootError({
      code: kind in cures ? 'unsupported' : 'unknown-image',
      offset: null,
      what: 'the kernel',
      expected: 'one with a Multiboot header',
      found: description,
      cure: cures[kind] ?? obstacle ?? 'boot it as it is',
    });
  }
  for (let ramSizeBytes = SMALLEST_RAM_BYTES; ; ramSizeBytes = Math.min(2 * ramSizeBytes, LARGEST_RAM_BYTES)) {
    const machine = { ...options, ramSizeBytes, memoryMap: memoryMapFor(ramSizeBytes) };
    try {
      // Room for what the boot image finds: it completes the boot device, and drops a root pointer that is not there.
      if (kind === 'multiboot1') return planMultiboot1(kernel, { ...machine, bootDevice: NO_PARTITION });
      return planMultiboot2(kernel, { ...machine, bootDevice: { drive: 0 }, rsdp: blankRootPointer() });
    } catch (error) {
      const isTooLittle = error instanceof BootError && (error.code === 'no-room' || error.code === 'outside-memory');
      if (!isTooLittle || ramSizeBytes === LARGEST_RAM_BYTES) throw error;
    }
  }
}

/** What a kernel may use, and empty regions for as many as the boot image may find. */
function memoryMapFor(ramSizeBytes: number): MemoryRegion[] {
  const regions: MemoryRegion[] = [
    { base: FREE_FROM, length: FREE_TO - FREE_FROM, type: MEMORY_USABLE },
    { base: ONE_MIB, length: ramSizeBytes - ONE_MIB, type: MEMORY_USABLE },
  ];
  const empty = Array.from({ length: MEMORY_MAP_REGIONS - regions.length }, () => EMPTY_REGION);
  return [...regions, ...empty];
}

function blankRootPointer(): Uint8Array {
  const pointer = new Uint8Array(RSDP_SIZE);
  pointer[RSDP_REVISION_OFFSET] = 2;
  return pointer;
}

/** For each step where it goes, its bytes, the first sector that has them (0: they are zeros), and from where in it. */
function writeList(list: Uint8Array, writes: readonly MemoryWrite[], files: readonly PlacedCdFile[]): void {
  const view = new DataView(list.buffer);
  for (const [index, write] of writes.entries()) {
    const at = index * STEP_SIZE;
    view.setUint32(at, write.physicalAddress, true);
    view.setUint32(at + 4, sizeOf(write), true);
    if (!('bytes' in write)) continue;
    const { sector, offset } = placeOf(write.bytes, files);
    view.setUint32(at + 8, sector, true);
    view.setUint32(at + 12, offset, true);
  }
}

/** Plans have no copies: what they place is part of a file, except the information, which is one. */
function placeOf(bytes: Uint8Array, files: readonly PlacedCdFile[]): { sector: number; offset: number } {
  for (const file of files) {
    const offset = bytes.byteOffset - file.bytes.byteOffset;
    const isPart = bytes.buffer === file.bytes.buffer && offset >= 0 && offset + bytes.length <= file.bytes.length;
    if (isPart) return { sector: file.sector + Math.floor(offset / CD_SECTOR), offset: offset % CD_SECTOR };
  }
  throw new Error('a plan places bytes that are in none of its files');
}

function writeParameters(boot: Uint8Array, plan: LoadPlan, listSector: number): void {
  const view = new DataView(boot.buffer, PARAMETERS_OFFSET);
  const { registers, gdtr, rip } = plan.entry;
  const listSectors = Math.ceil((plan.writes.length * STEP_SIZE) / CD_SECTOR);
  const words = [listSector, listSectors, plan.writes.length, registers.rax, registers.rbx, gdtr.base, rip];
  for (const [index, word] of words.entries()) view.setUint32(4 * index, Number(word), true);
}
