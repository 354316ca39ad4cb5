import { BootError, hex } from './error.ts';

/** Where a Multiboot header may be, and what it looks like. */
export interface HeaderRules {
  /** `Multiboot header` */
  readonly what: string;
  readonly magic: number;
  /** In bytes. */
  readonly alignment: number;
  /** How far into the file it may lie. */
  readonly searchedBytes: number;
  /** The size of the fields that add up to 0; the checksum is the last of them. */
  readonly fixedBytes: number;
  /** Their names. */
  readonly fields: string;
  /** What is wrong with a header whose place and sum are right. */
  readonly otherwise: (view: DataView, at: number, limit: number) => HeaderFault;
}

/** What is wrong with a header, behind `one at offset 0x1000`, and at which offset of the file. */
export interface HeaderFault {
  readonly found: string;
  readonly cure: string;
  readonly offset: number;
}

/** How far the magic is looked for, to say what is wrong with it. */
const SEARCHED_FOR_EXCUSE_BYTES = 1 << 20;
const PLACE_CURE = 'put the header into a section that the linker script places first';

/** Says why there is no header: the usual reasons are a wrong checksum and a place too far into the file. */
export function missingHeader(bytes: Uint8Array, rules: HeaderRules): BootError {
  const { what, magic, searchedBytes } = rules;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = Math.min(bytes.length, SEARCHED_FOR_EXCUSE_BYTES) - 4;
  const expected = `one within the first ${searchedBytes} bytes of the file`;
  for (let at = 0; at <= last; at++) {
    if (view.getUint32(at, true) !== magic) continue;
    const { found, ...rest } = faultOf(view, at, rules);
    return new BootError({ code: 'bad-header', what, expected, found: `one at offset ${hex(at)}${found}`, ...rest });
  }
  return new BootError({ code: 'bad-header', offset: null, what, expected, found: 'none', cure: PLACE_CURE });
}

function faultOf(view: DataView, at: number, rules: HeaderRules): HeaderFault {
  const { alignment, searchedBytes, fixedBytes, fields, otherwise } = rules;
  if (at % alignment !== 0) {
    const cure = `align the header to ${alignment} bytes`;
    return { offset: at, found: `, which is not a multiple of ${alignment}`, cure };
  }
  const limit = Math.min(view.byteLength, searchedBytes);
  if (at + fixedBytes > limit) return { offset: at, found: ', outside them or cut off', cure: PLACE_CURE };
  let sum = 0;
  for (let field = 0; field < fixedBytes; field += 4) sum += view.getUint32(at + field, true);
  if (sum % 2 ** 32 === 0) return otherwise(view, at, limit);
  const offset = at + fixedBytes - 4;
  return { offset, found: ' whose checksum is wrong', cure: `make ${fields} add up to 0 modulo 2^32` };
}
