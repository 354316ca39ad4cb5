import type { AttachedDisks } from '@longmode/bios';
import {
  BootError,
  type BootErrorFacts,
  type BootloaderApiOptions,
  type Direct64Options,
  type Framebuffer,
  type LoadPlan,
  type MultibootModule,
  planBootloaderApi,
  planDirect64,
  planMultiboot1,
  planMultiboot2,
  recognise,
} from '@longmode/bootloader';
import { EM_386, EM_X86_64, ET_DYN, ET_EXEC, parseElf } from '@longmode/elf';
import { type CodePlaces, placesInKernel, placesOnDisk } from './code-places.ts';
import { type PcConfig, RAM_SIZE_DEFAULT_BYTES } from './config.ts';
import { ImageDisk, type ImageSource, OverlayDisk, sourceOfBytes, type WritableImage } from './disk.ts';
import { type FirmwareImage, FirmwareRom } from './firmware-rom.ts';
import { Pc } from './pc.ts';
import { rootPointer, rootPointerAddress, systemMemoryMap } from './system-tables.ts';

/** Kinds of drives that an image can be put into. */
export type DriveKind = 'hard-disk' | 'floppy' | 'cd-rom';

/** How to boot an image. Everything has a default. */
export interface LoadOptions {
  /** As in `PcConfig`. */
  readonly ramSizeBytes?: number;
  /** What the image is to be taken for; by its contents unless told. */
  readonly as?: 'kernel' | DriveKind;
  /** For Multiboot kernels: handed over as it is; by custom it begins with the kernel's name. */
  readonly commandLine?: string;
  /** For Multiboot kernels: further files to hand over; for kernels of the bootloader crate 0.11: one, the RAM disk. */
  readonly modules?: readonly MultibootModule[];
  /** For bare ELF64 kernels: the features that they were built with; found out unless told. */
  readonly direct64?: Omit<Direct64Options, 'ramSizeBytes' | 'memoryMap'>;
  /** The image's own drive is write-protected. */
  readonly isReadOnly?: boolean;
  /** A firmware ROM that boots the image's drive, in place of this machine's own firmware. */
  readonly firmware?: FirmwareImage;
  /** Drives besides the image's own, which comes first among its kind. */
  readonly disks?: AttachedDisks;
}

/** How an image gets to run: by the firmware from a drive, or placed in memory as a boot protocol wants it. */
export type BootMethod = 'firmware' | LoadPlan['protocol'];

/** An image that was found good, and how to boot it. Nothing has been touched yet. */
export interface ImagePlan {
  readonly method: BootMethod;
  /** What the image is, as a phrase: "a disk image with a boot sector". */
  readonly description: string;
  /** The drive that the firmware boots from; null for kernels. */
  readonly bootDrive: DriveKind | null;
  /** What the boot protocol wants; null for the firmware. */
  readonly loadPlan: LoadPlan | null;
  /** The part of the configuration that the image decides. */
  readonly config: Pick<PcConfig, 'ramSizeBytes' | 'disks' | 'bootOrder' | 'firmware'>;
  /** The functions and lines of the kernel, if its file tells. */
  readonly places: CodePlaces;
}

/** Largest file that is read as a kernel; disks may be of any size. */
export const KERNEL_SIZE_MAX_BYTES: number = 512 * 2 ** 20;
/** Limits of a machine's memory. */
export const RAM_SIZE_MIN_BYTES: number = 2 ** 20;
export const RAM_SIZE_MAX_BYTES: number = 0xe000_0000;

/** The mode that the bootloader crate 0.11 chooses on a BIOS; the firmware puts the frame buffer there. */
const FRAMEBUFFER: Framebuffer = {
  physicalAddress: 0xe000_0000,
  width: 1280,
  height: 720,
  stride: 1280,
  bytesPerPixel: 3,
  pixelFormat: 'bgr',
};

const HEAD_SIZE_BYTES = 2 ** 16;
const FIRST_DRIVE: Readonly<Record<DriveKind, number>> = { 'hard-disk': 0x80, floppy: 0, 'cd-rom': 0xe0 };

/**
 * Recognises an image and plans its boot: an ELF64 kernel as the bootloader crate 0.9 or 0.11 hands over, a Multiboot kernel by the
 * version of its header (by 1 if it has both), a disk or CD image by the firmware.
 *
 * @param image the file; as bytes, it must not change while a machine uses it. A {@link WritableImage} that becomes a hard
 * disk or a floppy takes what the guest writes; otherwise the guest's writes stay in memory
 * @returns the plan, everything checked; nothing is touched yet
 * @throws BootError, ElfError for an image that does not boot, or options that do not fit it
 */
export function planImage(image: Uint8Array | ImageSource, options: LoadOptions = {}): ImagePlan {
  const source = image instanceof Uint8Array ? sourceOfBytes(image) : image;
  const ramSizeBytes = checkRamSize(options.ramSizeBytes ?? RAM_SIZE_DEFAULT_BYTES);
  checkFirmware(options.firmware);
  if (options.as !== undefined && options.as !== 'kernel') return planDrive(source, options.as, ramSizeBytes, options);

  const head = source.read(0, Math.min(source.sizeBytes, HEAD_SIZE_BYTES));
  const isElf = head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
  let { kind, description, obstacle } = recognise(head);
  if (options.as === undefined && !isElf && (kind === 'disk' || kind === 'cdrom')) {
    const drive = kind === 'cdrom' ? 'cd-rom' : isFloppy(head, source.sizeBytes) ? 'floppy' : 'hard-disk';
    return { ...planDrive(source, drive, ramSizeBytes, options), description };
  }

  if (options.firmware !== undefined) {
    throw new BootError({
      code: 'bad-option',
      offset: null,
      what: 'the firmware ROM',
      expected: 'a disk, a floppy or a CD to boot from',
      found: description,
      cure: 'leave the ROM out: a kernel is loaded without firmware',
    });
  }
  const bytes = readKernel(source, head, isElf || kind !== 'unknown');
  ({ kind, description, obstacle } = recognise(bytes));
  const memory = { ramSizeBytes, memoryMap: systemMemoryMap(ramSizeBytes) };
  let loadPlan: LoadPlan;
  if (kind === 'multiboot1' || kind === 'multiboot2') {
    const handover = { ...memory, commandLine: options.commandLine, modules: options.modules };
    loadPlan =
      kind === 'multiboot1'
        ? planMultiboot1(bytes, handover)
        : planMultiboot2(bytes, { ...handover, rsdp: rootPointer(ramSizeBytes) });
  } else if (kind === 'direct64') {
    refuseHandOver(options, 'a bare ELF64 kernel');
    loadPlan = planDirect64(bytes, { ...options.direct64, ...memory });
  } else if (kind === 'bootloader-api') {
    const rsdpAddress = rootPointerAddress(ramSizeBytes);
    loadPlan = planBootloaderApi(bytes, { ...memory, framebuffer: FRAMEBUFFER, rsdpAddress, ...ramdiskOf(options) });
  } else throw refusal(bytes, isElf, description, obstacle ?? 'give a kernel, or attach it as a drive');
  return {
    method: loadPlan.protocol,
    description,
    bootDrive: null,
    loadPlan,
    config: { ramSizeBytes, ...(options.disks === undefined ? {} : { disks: options.disks }) },
    places: placesInKernel(bytes, loadPlan.loadBias),
  };
}

/**
 * Makes a machine for a plan and boots the image on it, so that `run` executes its first instruction.
 *
 * @param config the rest of the configuration; what the plan decides wins
 */
export function startImage(plan: ImagePlan, config: PcConfig = {}): Pc {
  const pc = new Pc({ ...config, ...plan.config });
  if (plan.loadPlan !== null) pc.boot(plan.loadPlan);
  return pc;
}

/** Boots a plan's image again on the machine that {@link startImage} made: what a reset button does. */
export function restartImage(pc: Pc, plan: ImagePlan): void {
  if (plan.loadPlan === null) pc.reset();
  else pc.boot(plan.loadPlan);
}

/**
 * {@link planImage} and {@link startImage} in one step.
 *
 * @throws BootError, ElfError for an image that does not boot; nothing has been touched then
 */
export function loadImage(
  image: Uint8Array | ImageSource,
  options: LoadOptions = {},
  config: PcConfig = {},
): { readonly pc: Pc; readonly plan: ImagePlan } {
  const plan = planImage(image, options);
  return { pc: startImage(plan, config), plan };
}

function planDrive(source: ImageSource, drive: DriveKind, ramSizeBytes: number, options: LoadOptions): ImagePlan {
  refuseHandOver(options, 'a drive');
  if (source.sizeBytes === 0) throw refusal(new Uint8Array(), false, 'an empty file', 'give the image of a disk');
  const isCd = drive === 'cd-rom';
  if (!isCd) checkBootSector(source);
  const disk = diskOf(source, isCd, options.isReadOnly === true);
  const { hardDisks = [], floppies = [], cdRoms = [] } = options.disks ?? {};
  const disks: AttachedDisks = {
    hardDisks: drive === 'hard-disk' ? [disk, ...hardDisks] : hardDisks,
    floppies: drive === 'floppy' ? [disk, ...floppies] : floppies,
    cdRoms: isCd ? [disk, ...cdRoms] : cdRoms,
  };
  return {
    method: 'firmware',
    description: isCd ? 'a CD image' : drive === 'floppy' ? 'a floppy image' : 'a disk image',
    bootDrive: drive,
    loadPlan: null,
    config: {
      ramSizeBytes,
      disks,
      bootOrder: [FIRST_DRIVE[drive]],
      ...(options.firmware === undefined ? {} : { firmware: options.firmware }),
    },
    places: placesOnDisk(source),
  };
}

function diskOf(source: ImageSource | WritableImage, isCd: boolean, isReadOnly: boolean): OverlayDisk | ImageDisk {
  if (isCd) return new OverlayDisk(source, { sectorSizeBytes: 2048, isWritable: false });
  if (isReadOnly) return new OverlayDisk(source, { isWritable: false });
  return 'write' in source ? new ImageDisk(source) : new OverlayDisk(source);
}

/**
 * Plans a machine with a firmware ROM and no image to boot: the firmware does what it does then.
 *
 * @throws BootError for options that do not fit
 */
export function planFirmware(options: LoadOptions & { readonly firmware: FirmwareImage }): ImagePlan {
  const ramSizeBytes = checkRamSize(options.ramSizeBytes ?? RAM_SIZE_DEFAULT_BYTES);
  checkFirmware(options.firmware);
  refuseHandOver(options, 'no image');
  return {
    method: 'firmware',
    description: 'a firmware ROM',
    bootDrive: null,
    loadPlan: null,
    config: {
      ramSizeBytes,
      firmware: options.firmware,
      ...(options.disks === undefined ? {} : { disks: options.disks }),
    },
    places: placesOnDisk(sourceOfBytes(new Uint8Array())),
  };
}

function checkFirmware(firmware: FirmwareImage | undefined): void {
  if (firmware === undefined || FirmwareRom.accepts(firmware)) return;
  throw new BootError({
    code: 'bad-option',
    offset: null,
    what: 'the firmware ROM',
    expected: 'a multiple of 64 KiB up to 16 MiB',
    found: `${firmware.rom.length} bytes`,
    cure: 'give the image of a PC firmware, such as the bios.bin of SeaBIOS',
  });
}

function checkBootSector(source: ImageSource): void {
  const sector = source.read(0, Math.min(512, source.sizeBytes));
  if (sector.length >= 512 && sector[510] === 0x55 && sector[511] === 0xaa) return;
  const found = [sector[510], sector[511]].map((byte) => byte?.toString(16).padStart(2, '0') ?? 'nothing').join(' ');
  throw imageError({
    code: 'unknown-image',
    offset: 510,
    expected: 'a boot sector of 512 bytes that ends with 55 aa',
    found,
    cure: 'write a boot loader to the first sector, or give the kernel itself',
  });
}

/** Whether an image is a floppy's: of a floppy's size, and its file system says so too. */
function isFloppy(head: Uint8Array, sizeBytes: number): boolean {
  const sectors = sizeBytes / 512;
  if (![320, 360, 640, 720, 1440, 2400, 2880, 5760].includes(sectors)) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const media = view.getUint8(0x15);
  return view.getUint16(0x13, true) === sectors && (media === 0xf0 || media >= 0xf9);
}

function readKernel(source: ImageSource, head: Uint8Array, isKernel: boolean): Uint8Array {
  if (source.sizeBytes <= head.length) return head;
  if (source.sizeBytes > KERNEL_SIZE_MAX_BYTES) {
    if (!isKernel) return head;
    throw imageError({
      code: 'outside-memory',
      offset: null,
      expected: `a kernel of at most ${KERNEL_SIZE_MAX_BYTES} bytes`,
      found: `${source.sizeBytes} bytes`,
      cure: 'strip it, or check the path',
    });
  }
  return source.read(0, source.sizeBytes);
}

/** The error for an image that nothing boots. A damaged ELF file throws its own, which knows the place. */
function refusal(bytes: Uint8Array, isElf: boolean, found: string, cure: string): BootError {
  let offset: number | null = bytes.length === 0 ? null : 0;
  if (isElf) {
    const { type, machine } = parseElf(bytes).header;
    if (machine !== EM_X86_64 && machine !== EM_386)
      offset = 18; // e_machine
    else if (type !== ET_EXEC && type !== ET_DYN) offset = 16; // e_type
  }
  const expected = 'a kernel or a disk image that boots on an x86-64 PC';
  return imageError({ code: 'unknown-image', offset, expected, found, cure });
}

function imageError(facts: Omit<BootErrorFacts, 'what'>): BootError {
  return new BootError({ what: 'the image', ...facts });
}

function ramdiskOf({ commandLine, modules = [] }: LoadOptions): Pick<BootloaderApiOptions, 'ramdisk'> {
  if (commandLine !== undefined || modules.length > 1) {
    refuseHandOver(
      commandLine === undefined ? { modules } : { commandLine },
      'a kernel for the bootloader crate 0.11, which takes one file, the RAM disk',
    );
  }
  return { ramdisk: modules[0]?.bytes };
}

function refuseHandOver(options: LoadOptions, what: string): void {
  const isText = options.commandLine !== undefined;
  if (!isText && (options.modules ?? []).length === 0) return;
  throw new BootError({
    code: 'bad-option',
    offset: null,
    what: isText ? 'the command line' : 'the modules',
    expected: `a Multiboot kernel that takes ${isText ? 'it' : 'them'}`,
    found: what,
    cure: 'leave the option out, or give the kernel a Multiboot header',
  });
}

function checkRamSize(ramSizeBytes: number): number {
  const isWhole = Number.isSafeInteger(ramSizeBytes) && ramSizeBytes % 4096 === 0;
  if (isWhole && ramSizeBytes >= RAM_SIZE_MIN_BYTES && ramSizeBytes <= RAM_SIZE_MAX_BYTES) return ramSizeBytes;
  throw new BootError({
    code: 'bad-option',
    offset: null,
    what: 'the memory size',
    expected: `a multiple of 4096 from ${RAM_SIZE_MIN_BYTES} to ${RAM_SIZE_MAX_BYTES} bytes`,
    found: `${ramSizeBytes}`,
    cure: 'choose another size',
  });
}
