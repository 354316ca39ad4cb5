import { BootError, hex } from './error.ts';
import { type HeaderRules, missingHeader } from './multiboot-header-search.ts';

/** Value that marks a Multiboot header. */
export const MULTIBOOT1_HEADER_MAGIC = 0x1badb002;
/** Header flag: modules begin at page boundaries. */
export const MULTIBOOT1_PAGE_ALIGN = 0x1;
/** Header flag: wants memory sizes. */
export const MULTIBOOT1_MEMORY_INFO = 0x2;
/** Header flag: wants a video mode. */
export const MULTIBOOT1_VIDEO_MODE = 0x4;
/** Header flag: the header has address fields. */
export const MULTIBOOT1_ADDRESS_FIELDS = 0x10000;

/** Where an image without program headers goes, as its header says. All are physical addresses. */
export interface Multiboot1AddressFields {
  /** Where the header itself goes. */
  readonly headerAddress: number;
  readonly loadAddress: number;
  /** First address after the loaded bytes, 0 for all of the file. */
  readonly loadEndAddress: number;
  /** First address after the zeroed bytes, 0 for none. */
  readonly bssEndAddress: number;
  readonly entryAddress: number;
}

/** The header of a Multiboot 1 image. */
export interface Multiboot1Header {
  /** File offset, bytes. */
  readonly offset: number;
  readonly flags: number;
  /** Null without flag 16. */
  readonly addresses: Multiboot1AddressFields | null;
}

/** Video mode type: text. */
const MODE_TYPE_TEXT = 1;
const SEARCH_SIZE = 8192;
const RULES: HeaderRules = {
  what: 'Multiboot header',
  magic: MULTIBOOT1_HEADER_MAGIC,
  alignment: 4,
  searchedBytes: SEARCH_SIZE,
  fixedBytes: 12,
  fields: 'magic, flags and checksum',
  otherwise: (_view, at) => ({
    offset: at,
    found: ' that is cut off',
    cure: 'keep the address fields with the header',
  }),
};
const KNOWN_REQUIRED = MULTIBOOT1_PAGE_ALIGN | MULTIBOOT1_MEMORY_INFO | MULTIBOOT1_VIDEO_MODE;

/**
 * Looks for a Multiboot 1 header.
 *
 * @param bytes the file
 * @returns the first header whose checksum is right and that lies whole in the first 8 KiB, or null
 * @source Multiboot Specification 0.6.96, "The layout of Multiboot header"
 */
export function findMultiboot1Header(bytes: Uint8Array): Multiboot1Header | null {
  const searched = bytes.subarray(0, SEARCH_SIZE);
  const view = new DataView(searched.buffer, searched.byteOffset, searched.byteLength);
  for (let offset = 0; offset + 12 <= view.byteLength; offset += 4) {
    if (view.getUint32(offset, true) !== MULTIBOOT1_HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    const sum = MULTIBOOT1_HEADER_MAGIC + flags + view.getUint32(offset + 8, true);
    if (sum % 2 ** 32 !== 0) continue;
    const hasAddresses = (flags & MULTIBOOT1_ADDRESS_FIELDS) !== 0;
    if (!hasAddresses) return { offset, flags, addresses: null };
    if (offset + 32 > view.byteLength) continue;
    return {
      offset,
      flags,
      addresses: {
        headerAddress: view.getUint32(offset + 12, true),
        loadAddress: view.getUint32(offset + 16, true),
        loadEndAddress: view.getUint32(offset + 20, true),
        bssEndAddress: view.getUint32(offset + 24, true),
        entryAddress: view.getUint32(offset + 28, true),
      },
    };
  }
  return null;
}

/**
 * Finds the header of an image that should have one.
 *
 * @param bytes the file
 * @returns the header, whose required features all exist here
 * @throws BootError `bad-header` if there is none, `unsupported` for required features that do not exist
 */
export function readMultiboot1Header(bytes: Uint8Array): Multiboot1Header {
  const header = findMultiboot1Header(bytes);
  if (header === null) throw missingHeader(bytes, RULES);
  // Bits 0 to 15 are required: a loader that does not know one must not load the image.
  const unknown = header.flags & 0xffff & ~KNOWN_REQUIRED;
  if (unknown === 0) return header;
  const bits = Array.from({ length: 16 }, (_, bit) => bit).filter((bit) => (unknown >> bit) & 1);
  throw new BootError({
    code: 'unsupported',
    offset: header.offset + 4,
    what: 'Multiboot header flags',
    expected: 'no required features but those of bits 0 to 2',
    found: `${hex(header.flags)} with bit ${bits.join(', bit ')}`,
    cure: 'clear the flag; the Multiboot specification does not define it',
  });
}

/**
 * Whether a header asks for a text mode, which is there; no loader without a screen of its own can give another one.
 *
 * @source Multiboot Specification 0.6.96, "The graphics fields of Multiboot header"
 */
export function wantsTextMode(bytes: Uint8Array, { offset, flags }: Multiboot1Header): boolean {
  if ((flags & MULTIBOOT1_VIDEO_MODE) === 0 || offset + 36 > bytes.length) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset + 32, true) === MODE_TYPE_TEXT;
}
