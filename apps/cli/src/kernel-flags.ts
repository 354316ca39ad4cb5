/** Options that say how a kernel is loaded: of `run`, and of `build` too. */
import type { FlagParametersForType } from '@stricli/core';
import type { BuildFlags } from './build.ts';
import type { LongmodeContext } from './command-context.ts';
import { parseBootFeatures, parseInitrd } from './options.ts';

/** What stands on the command line, as it is. */
export const text = (input: string): string => input;

export const kernelFlags: FlagParametersForType<
  Pick<BuildFlags, 'append' | 'initrd' | 'bootFeatures'>,
  LongmodeContext
> = {
  append: {
    kind: 'parsed',
    parse: text,
    optional: true,
    placeholder: 'TEXT',
    brief: 'Command line for a Multiboot kernel',
  },
  initrd: {
    kind: 'parsed',
    parse: parseInitrd,
    optional: true,
    placeholder: 'FILES',
    brief: 'Modules for a Multiboot kernel: FILE[ ARGUMENTS][,FILE…]',
  },
  bootFeatures: {
    kind: 'parsed',
    parse: parseBootFeatures,
    optional: true,
    placeholder: 'NAMES',
    brief: 'Features of the bootloader crate that an ELF64 kernel was built with [found out]',
  },
};
