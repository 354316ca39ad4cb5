/** `longmode build`: makes a disk or a CD that a PC's BIOS boots, out of a kernel. */
import { closeSync, realpathSync, writeFileSync } from 'node:fs';
import { buildDiskImage, buildMultibootCd, type DiskImageOptions } from '@longmode/bootloader';
import { KERNEL_SIZE_MAX_BYTES } from '@longmode/pc';
import { commandLine, readModules, withImageErrors } from './boot-source.ts';
import { findCargoSettings } from './cargo.ts';
import { usageError } from './exit-code.ts';
import { readFile } from './image-file.ts';
import { BOOT_FEATURES, type InitrdFile } from './options.ts';
import { openForWriting } from './serial-port.ts';

/** The options of `longmode build`, parsed. */
export interface BuildFlags {
  readonly output: string;
  readonly format?: 'disk' | 'multiboot-iso';
  readonly bootFeatures?: DiskImageOptions;
  readonly append?: string;
  readonly initrd?: readonly InitrdFile[];
  readonly quiet?: boolean;
}

/** What was made: its bytes, and what to say of the kernel and of the image. */
interface Built {
  readonly image: Uint8Array;
  readonly kernelText: string;
  readonly imageText: string;
}

/**
 * Builds a disk or CD image.
 *
 * @param kernel path of the kernel, or `-` for standard input
 * @throws CliError for files that cannot be read or written, and kernels that would not boot; nothing is written then
 */
export function buildImage(kernel: string, flags: BuildFlags): void {
  const say = (text: string): void => {
    if (flags.quiet !== true) process.stderr.write(`longmode: ${text}\n`);
  };
  const isSame = kernel !== '-' && resolved(kernel) !== undefined && resolved(kernel) === resolved(flags.output);
  if (isSame) throw usageError(`--output=${flags.output}: that is the kernel itself; name another file`);
  const bytes = readFile(kernel, KERNEL_SIZE_MAX_BYTES);
  const { image, kernelText, imageText } = (flags.format === 'multiboot-iso' ? buildCd : buildDisk)(
    kernel,
    bytes,
    flags,
  );
  say(`${kernel}: ${kernelText}`);
  const file = openForWriting(flags.output);
  writeFileSync(file, image);
  closeSync(file);
  say(`${flags.output}: ${imageText} of ${image.length / 1024} KiB; try it: longmode run ${flags.output}`);
}

function buildDisk(kernel: string, bytes: Uint8Array, flags: BuildFlags): Built {
  const unfit = flags.append === undefined ? (flags.initrd === undefined ? undefined : 'initrd') : 'append';
  if (unfit !== undefined) throw usageError(`--${unfit}: only with --format multiboot-iso, for a Multiboot kernel`);
  const options = flags.bootFeatures ?? findCargoSettings(kernel, process.env)?.direct64 ?? {};
  const image = withImageErrors(kernel, () => buildDiskImage(bytes, options));
  const named = Object.entries(BOOT_FEATURES).flatMap(([name, key]) => (options[key] === true ? [name] : []));
  const known = named.length > 0 ? `, built with ${named.join(', ')}` : '';
  return { image, kernelText: `an ELF64 kernel of ${bytes.length} bytes${known}`, imageText: 'a disk' };
}

function buildCd(kernel: string, bytes: Uint8Array, flags: BuildFlags): Built {
  if (flags.bootFeatures !== undefined) throw usageError('--boot-features: not with --format multiboot-iso');
  const options = {
    ...(flags.append === undefined ? {} : { commandLine: commandLine(kernel, flags.append) }),
    modules: readModules(flags.initrd),
  };
  const image = withImageErrors(kernel, () => buildMultibootCd(bytes, options));
  return { image, kernelText: `a Multiboot kernel of ${bytes.length} bytes`, imageText: 'a CD' };
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
