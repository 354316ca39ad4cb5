import { type MultibootOptions, multibootMachine, planHandover } from './multiboot-handover.ts';
import {
  checkInMemory,
  layOutElf,
  layOutFlat,
  type MultibootImage,
  type MultibootMemory,
  parseKernel,
} from './multiboot-image.ts';
import { type Multiboot1Header, readMultiboot1Header, wantsTextMode } from './multiboot1-header.ts';
import { layOutMultiboot1Information } from './multiboot1-info.ts';
import type { LoadPlan } from './plan.ts';

/** How to boot a Multiboot 1 kernel. */
export interface Multiboot1Options extends MultibootOptions {
  /** The `boot_device` field; the kernel is told of none if left out. */
  readonly bootDevice?: number | undefined;
}

/** What EAX holds when the kernel starts. */
export const MULTIBOOT1_BOOTLOADER_MAGIC = 0x2badb002;

/**
 * Plans the boot of a Multiboot 1 kernel: ELF32, ELF64 (loaded by physical addresses), or any file whose header has
 * address fields.
 *
 * @param bytes the kernel's file
 * @param options the machine's memory and what to hand over
 * @returns the plan; nothing is touched yet
 * @throws BootError, ElfError
 * @source Multiboot Specification 0.6.96
 */
export function planMultiboot1(bytes: Uint8Array, options: Multiboot1Options): LoadPlan {
  const machine = multibootMachine(options);
  const { bootDevice = null } = options;
  const header = readMultiboot1Header(bytes);
  const image = placeImage(bytes, header, machine);
  const hasTextScreen = wantsTextMode(bytes, header);
  return planHandover(options, machine, {
    protocol: 'multiboot1',
    magic: MULTIBOOT1_BOOTLOADER_MAGIC,
    image,
    loadBias: 0n,
    layOut: (facts) => layOutMultiboot1Information({ ...facts, bootDevice, hasTextScreen }),
  });
}

/** By the header's address fields if it has them, as the specification wants it, else by the program headers. */
function placeImage(bytes: Uint8Array, header: Multiboot1Header, memory: MultibootMemory): MultibootImage {
  const { offset, addresses } = header;
  const image =
    addresses === null
      ? layOutElf(parseKernel(bytes, offset + 4, 'flag 16'), memory)
      : layOutFlat(bytes, {
          ...addresses,
          headerOffset: offset,
          fieldsOffset: offset + 12,
          entryOffset: offset + 28,
        });
  checkInMemory(image, memory);
  return image;
}
