/** `longmode build`: makes a disk that a PC's BIOS boots, out of a kernel. */
import { closeSync, realpathSync, writeFileSync } from 'node:fs';
import { buildDiskImage, type DiskImageOptions } from '@longmode/bootloader';
import { KERNEL_SIZE_MAX_BYTES } from '@longmode/pc';
import { withImageErrors } from './boot-source.ts';
import { findCargoSettings } from './cargo.ts';
import { usageError } from './exit-code.ts';
import { readFile } from './image-file.ts';
import { BOOT_FEATURES } from './options.ts';
import { openForWriting } from './serial-port.ts';

/** The options of `longmode build`, parsed. */
export interface BuildFlags {
  readonly output: string;
  readonly bootFeatures?: DiskImageOptions;
  readonly quiet?: boolean;
}

/**
 * Builds a disk image.
 *
 * @param kernel path of the ELF file, or `-` for standard input
 * @throws CliError for files that cannot be read or written, and kernels that would not boot; nothing is written then
 */
export function buildImage(kernel: string, flags: BuildFlags): void {
  const say = (text: string): void => {
    if (flags.quiet !== true) process.stderr.write(`longmode: ${text}\n`);
  };
  const isSame = kernel !== '-' && resolved(kernel) !== undefined && resolved(kernel) === resolved(flags.output);
  if (isSame) throw usageError(`--output=${flags.output}: that is the kernel itself; name another file`);
  const bytes = readFile(kernel, KERNEL_SIZE_MAX_BYTES);
  const options = flags.bootFeatures ?? findCargoSettings(kernel, process.env)?.direct64 ?? {};
  const image = withImageErrors(kernel, () => buildDiskImage(bytes, options));
  const named = Object.entries(BOOT_FEATURES).flatMap(([name, key]) => (options[key] === true ? [name] : []));
  const known = named.length > 0 ? `, built with ${named.join(', ')}` : '';
  say(`${kernel}: an ELF64 kernel of ${bytes.length} bytes${known}`);
  const file = openForWriting(flags.output);
  writeFileSync(file, image);
  closeSync(file);
  say(`${flags.output}: a disk of ${image.length / 1024} KiB; try it: longmode run ${flags.output}`);
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
