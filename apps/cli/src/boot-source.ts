/** From options to a planned boot: which image, what else is attached, what is handed over. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootError, type MultibootModule } from '@longmode/bootloader';
import { ElfError } from '@longmode/elf';
import {
  type DriveKind,
  type FirmwareImage,
  ImageDisk,
  type ImagePlan,
  KERNEL_SIZE_MAX_BYTES,
  type LoadOptions,
  OverlayDisk,
  placesInKernel,
  planFirmware,
  planImage,
} from '@longmode/pc';
import { CliError, EXIT_REJECTED, EXIT_USAGE, usageError } from './exit-code.ts';
import { type ImageFile, openImage, readFile } from './image-file.ts';
import type { DriveName, DriveNames, InitrdFile } from './options.ts';

/** Options that say what to boot. */
export interface BootSourceOptions {
  readonly image?: string | undefined;
  readonly kernel?: string | undefined;
  readonly hda?: string | undefined;
  readonly hdb?: string | undefined;
  readonly hdc?: string | undefined;
  readonly hdd?: string | undefined;
  readonly fda?: string | undefined;
  readonly fdb?: string | undefined;
  readonly cdrom?: string | undefined;
  /** What the guest writes to disks and floppies goes to their files. */
  readonly writable?: boolean | undefined;
  /** Drives to which that does not apply. */
  readonly discard?: DriveNames | undefined;
  /** Drives that are write-protected. */
  readonly readOnly?: DriveNames | undefined;
  readonly boot?: DriveKind | undefined;
  /** A firmware ROM in place of ours, and the display adapter's. */
  readonly bios?: string | undefined;
  readonly vgaBios?: string | undefined;
  readonly memory?: number | undefined;
  readonly append?: string | undefined;
  readonly initrd?: readonly InitrdFile[] | undefined;
  readonly bootFeatures?: LoadOptions['direct64'] | undefined;
  readonly symbols?: string | undefined;
}

/** What will be booted. */
export interface BootSource {
  /** Name of the image, for messages. */
  readonly name: string;
  readonly plan: ImagePlan;
  /** Disks whose files stay as they are, whatever the guest writes. */
  readonly overlays: readonly { readonly name: string; readonly disk: OverlayDisk }[];
  /** Closes the files, once the machine does not run any more. */
  close(): void;
}

/** A file, and the option that attaches it. */
interface Drive {
  readonly name: DriveName | 'cdrom';
  readonly path: string;
}

const FIRMWARE_SIZE_MAX_BYTES = 16 * 2 ** 20;
const VGA_ROM_SIZE_MAX_BYTES = 2 ** 18;
const DRIVE_KINDS: readonly DriveKind[] = ['hard-disk', 'floppy', 'cd-rom'];

/**
 * Opens the files and plans the boot.
 *
 * @throws CliError: 66 for a file that cannot be read, 68 for an image that does not boot, 64 for options that do not fit
 */
export function openBootSource(options: BootSourceOptions): BootSource {
  if (options.kernel !== undefined && options.image !== undefined) {
    throw usageError(`${options.image}: --kernel names an image already; attach a disk with --hda`);
  }
  const given = (...names: readonly Drive['name'][]): Drive[] =>
    names.flatMap((name) => (options[name] === undefined ? [] : [{ name, path: options[name] }]));
  const drives: Record<DriveKind, Drive[]> = {
    'hard-disk': given('hda', 'hdb', 'hdc', 'hdd'),
    floppy: given('fda', 'fdb'),
    'cd-rom': given('cdrom'),
  };
  checkDriveNames(options);
  const path = options.kernel ?? options.image;
  let as: LoadOptions['as'] = options.kernel === undefined ? options.boot : 'kernel';
  let boot: Drive | undefined = path === undefined ? undefined : { name: 'image', path };
  if (boot === undefined) {
    const kind = options.boot ?? DRIVE_KINDS.find((candidate) => drives[candidate].length > 0);
    boot = kind === undefined ? undefined : drives[kind].shift();
    if (boot === undefined && kind === undefined && options.bios !== undefined) {
      return firmwareAlone(options, options.bios);
    }
    if (boot === undefined) {
      throw usageError(
        kind === undefined ? 'give an image: longmode run IMAGE' : `--boot=${kind}: there is no such drive`,
      );
    }
    as = kind;
  }

  const isReadOnly = (drive: Drive): boolean => isAmong(drive, options.readOnly);
  const isWritten = (drive: Drive): boolean =>
    options.writable === true && !isReadOnly(drive) && !isAmong(drive, options.discard);
  const files: ImageFile[] = [];
  const open = (name: string, isWritable = false): ImageFile => {
    const file = openImage(name, isWritable);
    const twins = files.filter((other) => file.identity !== null && other.identity === file.identity);
    files.push(file);
    if (twins.length > 0 && [file, ...twins].some(({ source }) => 'write' in source))
      throw usageError(`--writable: ${name} is attached twice; what one writes the other would not see`);
    return file;
  };
  const overlays: { name: string; disk: OverlayDisk }[] = [];
  const remember = (name: string, drive: Drive, disk: OverlayDisk): void => {
    if (!isAmong(drive, options.discard)) overlays.push({ name, disk });
  };
  const attach = (drive: Drive): OverlayDisk | ImageDisk => {
    const { source } = open(drive.path, isWritten(drive));
    if ('write' in source) return new ImageDisk(source);
    const disk = new OverlayDisk(source, { isWritable: !isReadOnly(drive) });
    remember(drive.path, drive, disk);
    return disk;
  };
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    let image = open(boot.path);
    const loadOptions: LoadOptions = {
      ...(as === undefined ? {} : { as }),
      ...(options.memory === undefined ? {} : { ramSizeBytes: options.memory }),
      ...(options.bios === undefined ? {} : { firmware: readFirmware(options.bios, options.vgaBios) }),
      ...(options.append === undefined ? {} : { commandLine: commandLine(boot.path, options.append) }),
      ...(options.bootFeatures === undefined ? {} : { direct64: options.bootFeatures }),
      modules: readModules(options.initrd),
      isReadOnly: isReadOnly(boot),
      disks: {
        hardDisks: drives['hard-disk'].map(attach),
        floppies: drives.floppy.map(attach),
        cdRoms: drives['cd-rom'].map((drive) => {
          return new OverlayDisk(open(drive.path).source, { sectorSizeBytes: 2048, isWritable: false });
        }),
      },
    };
    let plan = planOf(image, loadOptions);
    if (isWritten(boot) && plan.bootDrive !== null && plan.bootDrive !== 'cd-rom') {
      // Now that it is known to be a disk.
      files.splice(files.indexOf(image), 1);
      image.close();
      image = open(boot.path, true);
      plan = planOf(image, loadOptions);
    }
    const { hardDisks = [], floppies = [] } = plan.config.disks ?? {};
    const own = plan.bootDrive === 'hard-disk' ? hardDisks[0] : plan.bootDrive === 'floppy' ? floppies[0] : undefined;
    if (own instanceof OverlayDisk) remember(image.name, boot, own);
    if (options.symbols === undefined) return { name: image.name, plan, overlays, close };
    const places = placesInKernel(readFile(options.symbols, KERNEL_SIZE_MAX_BYTES), plan.loadPlan?.loadBias ?? 0n);
    return { name: image.name, plan: { ...plan, places }, overlays, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** @throws CliError for names of drives that are not attached */
function checkDriveNames(options: BootSourceOptions): void {
  for (const option of ['discard', 'readOnly'] as const) {
    const names = options[option] ?? [];
    const missing = names === 'all' ? undefined : names.find((name) => options[name] === undefined);
    if (missing === undefined) continue;
    const spelled = option === 'readOnly' ? 'read-only' : option;
    throw usageError(`--${spelled}=${missing}: there is no such drive; a disk without an option is called image`);
  }
}

const isAmong = ({ name }: Drive, names: DriveNames = []): boolean =>
  names === 'all' || names.some((other) => other === name);

/** A machine with a firmware ROM and nothing to boot from. */
function firmwareAlone(options: BootSourceOptions, bios: string): BootSource {
  const firmware = readFirmware(bios, options.vgaBios);
  const memory = options.memory === undefined ? {} : { ramSizeBytes: options.memory };
  const plan = withImageErrors(bios, () => planFirmware({ firmware, ...memory }));
  return { name: bios, plan, overlays: [], close: () => {} };
}

/** The ROM, and that of the display adapter: the one given, or the standard VGA's beside it, as SeaBIOS's are installed. */
function readFirmware(bios: string, vgaBios: string | undefined): FirmwareImage {
  const beside = join(dirname(bios), 'vgabios-stdvga.bin');
  const vga = vgaBios ?? (existsSync(beside) ? beside : undefined);
  const rom = readFile(bios, FIRMWARE_SIZE_MAX_BYTES);
  return vga === undefined ? { rom } : { rom, vgaRom: readFile(vga, VGA_ROM_SIZE_MAX_BYTES) };
}

/** By custom a Multiboot command line begins with the kernel's name. */
export function commandLine(path: string, text: string): string {
  return `${path} ${text}`;
}

/**
 * Reads the files that a kernel is handed.
 *
 * @throws CliError: 66 for a file that cannot be read
 */
export function readModules(files: readonly InitrdFile[] = []): MultibootModule[] {
  return files.map(({ path, text }) => ({ bytes: readFile(path, KERNEL_SIZE_MAX_BYTES), text }));
}

function planOf(image: ImageFile, options: LoadOptions): ImagePlan {
  return withImageErrors(image.name, () => planImage(image.source, options));
}

/**
 * Does something with an image, and turns what is wrong with it into a message.
 *
 * @param name of the image
 * @throws CliError: 68 for an image that does not boot, 64 for options that do not fit it
 */
export function withImageErrors<Result>(name: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof BootError && error.code === 'bad-option') throw new CliError(EXIT_USAGE, error.message);
    if (error instanceof BootError) {
      const place = error.offset === null ? '' : ` (at file offset 0x${error.offset.toString(16)})`;
      throw new CliError(EXIT_REJECTED, `${name}: ${error.message}${place}`);
    }
    if (error instanceof ElfError) {
      throw new CliError(EXIT_REJECTED, `${name}: ${error.message}; the file is damaged: build or copy it again`);
    }
    throw error;
  }
}
