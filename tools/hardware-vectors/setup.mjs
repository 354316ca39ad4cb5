// What the recorder sets up once: memory and segments, as @longmode/x86-vectors describes them, in the recorder's own form.
import {
  CODE_PAGES,
  CODE_SIZE_BYTES,
  DATA_ALIAS,
  DATA_PAGES,
  DATA_SIZE_BYTES,
  DATA_WRITABLE_SIZE_BYTES,
  dataPattern,
  LOCAL_DESCRIPTORS,
} from '@longmode/x86-vectors';

const LDT_MAX = 64;
const DATA_MAX = 0x4000;
const USER_DESC_SIZE = 16;

/** Bits of `struct user_desc` after base and limit, from a descriptor's. */
function userDescFlags(attributes, limit) {
  const isCode = (attributes & 8) !== 0;
  const contents = (attributes >> 2) & 3; // code, and conforming or expand-down
  const lacksRight = (attributes & 2) === 0; // not writable, or not readable
  const isAbsent = (attributes & 0x80) === 0;
  const isLarge = (attributes & 0x4000) !== 0;
  return {
    flags:
      (isLarge ? 1 : 0) |
      ((isCode ? 2 | (contents & 1) : contents & 1) << 1) |
      (lacksRight ? 8 : 0) |
      (limit > 0xf_ffff ? 16 : 0) |
      (isAbsent ? 32 : 0),
    limit: limit > 0xf_ffff ? Math.floor(limit / 0x1000) : limit,
  };
}

/** `struct setup` of recorder.c. */
export function setupBytes(dataSeed) {
  const bytes = Buffer.alloc(7 * 8 + DATA_MAX + LDT_MAX * USER_DESC_SIZE);
  const numbers = [
    CODE_PAGES,
    CODE_SIZE_BYTES,
    DATA_PAGES,
    DATA_ALIAS,
    DATA_SIZE_BYTES,
    DATA_WRITABLE_SIZE_BYTES,
    LOCAL_DESCRIPTORS.length,
  ];
  numbers.forEach((value, i) => {
    bytes.writeBigUInt64LE(BigInt(value), 8 * i);
  });
  Buffer.from(dataPattern(dataSeed, DATA_SIZE_BYTES)).copy(bytes, 56);
  LOCAL_DESCRIPTORS.forEach(({ base, limit, attributes }, i) => {
    const at = 56 + DATA_MAX + i * USER_DESC_SIZE;
    const { flags, limit: units } = userDescFlags(attributes, limit);
    bytes.writeUInt32LE(i + 1, at);
    bytes.writeUInt32LE(base, at + 4);
    bytes.writeUInt32LE(units, at + 8);
    bytes.writeUInt32LE(flags, at + 12);
  });
  return bytes;
}
