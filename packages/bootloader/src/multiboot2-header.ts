import { BootError, hex } from './error.ts';
import { type HeaderRules, missingHeader } from './multiboot-header-search.ts';

/** Value that marks a Multiboot 2 header. */
export const MULTIBOOT2_HEADER_MAGIC = 0xe85250d6;

/** Where an image without program headers goes, as its header says. All are physical addresses. */
export interface Multiboot2AddressTag {
  /** File offset of the tag. */
  readonly offset: number;
  /** Where the header itself goes. */
  readonly headerAddress: number;
  /** 0xffffffff for the start of the file. */
  readonly loadAddress: number;
  /** First address after the loaded bytes, 0 for all of the file. */
  readonly loadEndAddress: number;
  /** First address after the zeroed bytes, 0 for none. */
  readonly bssEndAddress: number;
}

/** Where the kernel starts, if not where its ELF header says. */
export interface Multiboot2EntryTag {
  /** File offset of the tag. */
  readonly offset: number;
  /** Physical. */
  readonly address: number;
}

/** Where else an image may be loaded. */
export interface Multiboot2RelocatableTag {
  /** File offset of the tag. */
  readonly offset: number;
  /** Lowest physical address of the image. */
  readonly minAddress: number;
  /** Highest physical address at which the image may end. */
  readonly maxAddress: number;
  /** A power of two. */
  readonly alignment: number;
  readonly preference: 'none' | 'lowest' | 'highest';
}

/** The header of a Multiboot 2 image. */
export interface Multiboot2Header {
  /** File offset, bytes. */
  readonly offset: number;
  /** Bytes, tags included. */
  readonly length: number;
  readonly address: Multiboot2AddressTag | null;
  readonly entry: Multiboot2EntryTag | null;
  readonly relocatable: Multiboot2RelocatableTag | null;
  /** Whether the kernel can do with the text screen: false only if it says so. */
  readonly takesTextScreen: boolean;
}

/** A header whose magic, checksum and place are right; its tags have not been looked at. */
export interface Multiboot2HeaderPlace {
  readonly offset: number;
  /** 0 for i386, 4 for MIPS. */
  readonly architecture: number;
  readonly length: number;
}

const SEARCH_SIZE = 32768;
const FIXED_SIZE = 16;
const RULES: HeaderRules = {
  what: 'Multiboot 2 header',
  magic: MULTIBOOT2_HEADER_MAGIC,
  alignment: 8,
  searchedBytes: SEARCH_SIZE,
  fixedBytes: FIXED_SIZE,
  fields: 'magic, architecture, header_length and checksum',
  otherwise: (view, at, limit) => ({
    offset: at + 8,
    found: ` whose header_length is ${view.getUint32(at + 8, true)}, with ${limit - at} bytes left`,
    cure: 'count magic to end tag in header_length, 16 bytes at least',
  }),
};
const ARCHITECTURE_I386 = 0;
const FLAG_OPTIONAL = 0x1;

const TAG_END = 0;
const TAG_INFORMATION_REQUEST = 1;
const TAG_ADDRESS = 2;
const TAG_ENTRY_ADDRESS = 3;
const TAG_CONSOLE_FLAGS = 4;
const TAG_FRAMEBUFFER = 5;
const TAG_MODULE_ALIGNMENT = 6;
const TAG_EFI_BOOT_SERVICES = 7;
const TAG_EFI_I386_ENTRY = 8;
const TAG_EFI_AMD64_ENTRY = 9;
const TAG_RELOCATABLE = 10;

/** Names and sizes of the tags; the information request has any number of words. */
const TAGS: Readonly<Record<number, readonly [name: string, size: number]>> = {
  [TAG_END]: ['end', 8],
  [TAG_INFORMATION_REQUEST]: ['information request', 8],
  [TAG_ADDRESS]: ['address', 24],
  [TAG_ENTRY_ADDRESS]: ['entry address', 12],
  [TAG_CONSOLE_FLAGS]: ['console flags', 12],
  [TAG_FRAMEBUFFER]: ['framebuffer', 20],
  [TAG_MODULE_ALIGNMENT]: ['module alignment', 8],
  [TAG_EFI_BOOT_SERVICES]: ['EFI boot services', 8],
  [TAG_EFI_I386_ENTRY]: ['EFI i386 entry address', 12],
  [TAG_EFI_AMD64_ENTRY]: ['EFI amd64 entry address', 12],
  [TAG_RELOCATABLE]: ['relocatable header', 24],
};

const CONSOLE_REQUIRED = 0x1;
const CONSOLE_TEXT_SUPPORTED = 0x2;

/** The information that exists in the specification: a request for what this machine does not have is in order. */
const LAST_KNOWN_INFORMATION = 21;

/**
 * Looks for a Multiboot 2 header.
 *
 * @param bytes the file
 * @returns the first header for i386 whose checksum is right and that lies whole in the first 32 KiB; if there is none,
 * the first for another architecture; else null
 * @source Multiboot2 Specification 2.0, "The layout of Multiboot2 header"
 */
export function findMultiboot2Header(bytes: Uint8Array): Multiboot2HeaderPlace | null {
  const searched = bytes.subarray(0, SEARCH_SIZE);
  const view = new DataView(searched.buffer, searched.byteOffset, searched.byteLength);
  let foreign: Multiboot2HeaderPlace | null = null;
  for (let offset = 0; offset + FIXED_SIZE <= view.byteLength; offset += 8) {
    if (view.getUint32(offset, true) !== MULTIBOOT2_HEADER_MAGIC) continue;
    const architecture = view.getUint32(offset + 4, true);
    const length = view.getUint32(offset + 8, true);
    const sum = MULTIBOOT2_HEADER_MAGIC + architecture + length + view.getUint32(offset + 12, true);
    if (sum % 2 ** 32 !== 0) continue;
    if (length < FIXED_SIZE || offset + length > view.byteLength) continue;
    if (architecture === ARCHITECTURE_I386) return { offset, architecture, length };
    foreign ??= { offset, architecture, length };
  }
  return foreign;
}

/**
 * Finds and reads the header of an image that should have one.
 *
 * @param bytes the file
 * @returns the header, whose required features all exist here
 * @throws BootError `bad-header` if there is none or it contradicts itself, `unsupported` for required features that do
 * not exist
 * @source Multiboot2 Specification 2.0, "OS image format"
 */
export function readMultiboot2Header(bytes: Uint8Array): Multiboot2Header {
  const place = findMultiboot2Header(bytes);
  if (place === null) throw missingHeader(bytes, RULES);
  const { offset, architecture, length } = place;
  if (architecture !== ARCHITECTURE_I386) {
    throw new BootError({
      code: 'unsupported',
      offset: offset + 4,
      what: 'Multiboot 2 architecture',
      expected: '0, protected mode of i386',
      found: architecture === 4 ? '4, MIPS' : hex(architecture),
      cure: 'build the kernel for x86; 64-bit kernels are entered in 32-bit code, too',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, offset + length);
  let address: Multiboot2AddressTag | null = null;
  let entry: Multiboot2EntryTag | null = null;
  let relocatable: Multiboot2RelocatableTag | null = null;
  let takesTextScreen = true;
  for (const tag of tagsOf(view, place)) {
    const at = tag.offset;
    const word = (field: number): number => view.getUint32(at + field, true);
    switch (tag.type) {
      case TAG_INFORMATION_REQUEST:
        if (!tag.isOptional) checkRequests(view, tag);
        break;
      case TAG_ADDRESS:
        address = {
          offset: at,
          headerAddress: word(8),
          loadAddress: word(12),
          loadEndAddress: word(16),
          bssEndAddress: word(20),
        };
        break;
      case TAG_ENTRY_ADDRESS:
        entry = { offset: at, address: word(8) };
        break;
      case TAG_CONSOLE_FLAGS:
        takesTextScreen = (word(8) & CONSOLE_TEXT_SUPPORTED) !== 0;
        if (!takesTextScreen && (word(8) & CONSOLE_REQUIRED) !== 0 && !tag.isOptional) {
          throw noGraphics(at + 8, 'the console flags', `${hex(word(8))}: a console, but no text screen`);
        }
        break;
      case TAG_FRAMEBUFFER:
        // Width and height are wishes. A depth of 0 is a text screen's.
        if (!tag.isOptional && word(16) !== 0) {
          throw noGraphics(at + 16, 'the framebuffer', `${word(8)} by ${word(12)} with ${word(16)} bits per pixel`);
        }
        break;
      case TAG_RELOCATABLE:
        relocatable = readRelocatable(at, [word(8), word(12), word(16), word(20)]);
        break;
      // All modules are aligned to pages.
      case TAG_MODULE_ALIGNMENT:
        break;
      default:
        if (!tag.isOptional) throw unsupportedTag(tag);
    }
  }
  return { offset, length, address, entry, relocatable, takesTextScreen };
}

interface HeaderTag {
  readonly offset: number;
  readonly type: number;
  readonly isOptional: boolean;
  readonly size: number;
}

/** The tags up to the end tag, which must be there; sizes are checked. */
function* tagsOf(view: DataView, header: Multiboot2HeaderPlace): Generator<HeaderTag> {
  const end = header.offset + header.length;
  let at = header.offset + FIXED_SIZE;
  while (at + 8 <= end) {
    const type = view.getUint16(at, true);
    const size = view.getUint32(at + 4, true);
    const [name, knownSize] = TAGS[type] ?? [`${type}`, 8];
    const available = end - at;
    const isWrong =
      type === TAG_INFORMATION_REQUEST
        ? size % 4 !== 0
        : type !== TAG_END && TAGS[type] !== undefined && size !== knownSize;
    if (size < knownSize || size > available || isWrong) {
      const isFixed = TAGS[type] !== undefined && type !== TAG_INFORMATION_REQUEST;
      const multiple = type === TAG_INFORMATION_REQUEST ? ', a multiple of 4' : '';
      throw new BootError({
        code: 'bad-header',
        offset: at + 4,
        what: `size of the Multiboot 2 header tag ${name}`,
        expected: isFixed ? `${knownSize} bytes within the header` : `8 to ${available} bytes${multiple}`,
        found: `${size}${size > available ? `, with ${available} left in the header` : ''}`,
        cure: 'correct the size, without the padding to 8 bytes, and header_length with it',
      });
    }
    if (type === TAG_END) return;
    yield { offset: at, type, isOptional: (view.getUint16(at + 2, true) & FLAG_OPTIONAL) !== 0, size };
    at += Math.ceil(size / 8) * 8;
  }
  throw new BootError({
    code: 'bad-header',
    offset: Math.min(at, end),
    what: 'Multiboot 2 header tags',
    expected: 'an end tag (type 0, flags 0, size 8) within the header',
    found: `none up to ${hex(end)}, where the header ends`,
    cure: 'end the tags with it, and count it in header_length; each tag begins at a multiple of 8',
  });
}

function checkRequests(view: DataView, tag: HeaderTag): void {
  for (let at = tag.offset + 8; at < tag.offset + tag.size; at += 4) {
    const type = view.getUint32(at, true);
    if (type <= LAST_KNOWN_INFORMATION) continue;
    throw new BootError({
      code: 'unsupported',
      offset: at,
      what: 'Multiboot 2 information request',
      expected: `types up to ${LAST_KNOWN_INFORMATION}, of which 1 to 6, 8, 9, 14, 15 and 21 can be there`,
      found: `type ${type}`,
      cure: 'do not ask for it, or set the optional flag of the request',
    });
  }
}

function readRelocatable(offset: number, words: readonly [number, number, number, number]): Multiboot2RelocatableTag {
  const [minAddress, maxAddress, alignment, preferenceCode] = words;
  const bad = (field: number, what: string, expected: string, found: string): BootError => {
    const cure = 'correct the relocatable header tag';
    return new BootError({ code: 'bad-header', offset: offset + field, what, expected, found, cure });
  };
  if (minAddress > maxAddress) {
    throw bad(8, 'min_addr', `at most ${hex(maxAddress)}, max_addr`, hex(minAddress));
  }
  if ((alignment & (alignment - 1)) !== 0) throw bad(16, 'align', 'a power of two', hex(alignment));
  const preference = (['none', 'lowest', 'highest'] as const)[preferenceCode];
  if (preference === undefined) {
    throw bad(20, 'preference', '0 (none), 1 (lowest) or 2 (highest)', `${preferenceCode}`);
  }
  return { offset, minAddress, maxAddress, alignment: alignment === 0 ? 1 : alignment, preference };
}

function noGraphics(offset: number, what: string, found: string): BootError {
  return new BootError({
    code: 'unsupported',
    offset,
    what,
    expected: 'the text screen, 80 by 25 (depth 0), to do',
    found,
    cure: 'set the optional flag of the tag, or boot from a CD with GRUB; graphics are not set up by this loader',
  });
}

function unsupportedTag(tag: HeaderTag): BootError {
  const isEfi = tag.type >= TAG_EFI_BOOT_SERVICES && tag.type <= TAG_EFI_AMD64_ENTRY;
  const name = TAGS[tag.type]?.[0];
  return new BootError({
    code: 'unsupported',
    offset: tag.offset,
    what: 'Multiboot 2 header',
    expected: `required tags of types 1 to 6 and 10${isEfi ? ', for there is no UEFI here' : ''}`,
    found: `type ${tag.type}${name === undefined ? '' : `, ${name}`}`,
    cure: 'set the optional flag of the tag, or remove it',
  });
}
