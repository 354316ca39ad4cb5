import { BootError } from './error.ts';
import { subtractRanges } from './memory-map.ts';
import {
  FIRST_PAGE,
  type MultibootMachine,
  type MultibootOptions,
  multibootMachine,
  planHandover,
  STACK_TOP,
} from './multiboot-handover.ts';
import {
  type AddressFields,
  checkInMemory,
  layOutElf,
  layOutFlat,
  type MovedImage,
  moveImage,
  parseKernel,
} from './multiboot-image.ts';
import { type Multiboot2AddressTag, type Multiboot2Header, readMultiboot2Header } from './multiboot2-header.ts';
import { layOutMultiboot2Information, type Multiboot2BootDevice } from './multiboot2-info.ts';
import type { LoadPlan } from './plan.ts';

/** How to boot a Multiboot 2 kernel. */
export interface Multiboot2Options extends MultibootOptions {
  /** The kernel is told of none if left out. */
  readonly bootDevice?: Multiboot2BootDevice | undefined;
  /** A copy of the machine's ACPI root pointer: 20 bytes of revision 0, 36 or more of a later one. None if left out. */
  readonly rsdp?: Uint8Array | undefined;
}

/** What EAX holds when the kernel starts. */
export const MULTIBOOT2_BOOTLOADER_MAGIC = 0x36d76289;

const WHOLE_FILE = 0xffffffff;
const ENTRY_STACK = { start: STACK_TOP - 0x1000, end: STACK_TOP };

/**
 * Plans the boot of a Multiboot 2 kernel: ELF32, ELF64 (loaded by physical addresses), or any file whose header has an
 * address tag. All start in 32-bit code without paging.
 *
 * @param bytes the kernel's file
 * @param options the machine's memory and what to hand over
 * @returns the plan; nothing is touched yet
 * @throws BootError, ElfError
 * @source Multiboot2 Specification 2.0
 */
export function planMultiboot2(bytes: Uint8Array, options: Multiboot2Options): LoadPlan {
  const machine = multibootMachine(options);
  const { bootDevice = null, rsdp = null } = options;
  const header = readMultiboot2Header(bytes);
  const { image, base, distance } = placeImage(bytes, header, machine);
  const loadBase = header.relocatable === null ? null : base;
  return planHandover(options, machine, {
    protocol: 'multiboot2',
    magic: MULTIBOOT2_BOOTLOADER_MAGIC,
    image,
    loadBias: BigInt(distance),
    layOut: (facts) => {
      const hasTextScreen = header.takesTextScreen;
      return layOutMultiboot2Information({ ...facts, bootDevice, hasTextScreen, rsdp, loadBase });
    },
  });
}

/** By the address tag if there is one, as the specification wants it, else by the program headers. */
function placeImage(bytes: Uint8Array, header: Multiboot2Header, machine: MultibootMachine): MovedImage {
  const { offset, address, entry, relocatable } = header;
  const entryField = entry === null ? null : { address: entry.address, offset: entry.offset + 8 };
  const image =
    address === null
      ? layOutElf(parseKernel(bytes, offset, 'an address tag'), machine, entryField)
      : layOutFlat(bytes, addressFields(header, address));
  if (relocatable !== null) {
    return moveImage(image, relocatable, subtractRanges(machine.usable, [FIRST_PAGE, ENTRY_STACK]));
  }
  checkInMemory(image, machine);
  return { image, base: image.ranges[0]?.start ?? 0, distance: 0 };
}

function addressFields(header: Multiboot2Header, tag: Multiboot2AddressTag): AddressFields {
  const { offset, entry } = header;
  if (entry === null) {
    throw new BootError({
      code: 'bad-header',
      offset: tag.offset,
      what: 'Multiboot 2 header with an address tag',
      expected: 'an entry address tag (type 3), too',
      found: 'none',
      cure: 'add one, or remove the address tag from an ELF kernel',
    });
  }
  return {
    ...tag,
    loadAddress: tag.loadAddress === WHOLE_FILE ? tag.headerAddress - offset : tag.loadAddress,
    entryAddress: entry.address,
    headerOffset: offset,
    fieldsOffset: tag.offset + 8,
    entryOffset: entry.offset + 8,
  };
}
