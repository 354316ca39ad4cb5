/**
 * An encoder for the small part of ACPI Machine Language that a description of fixed devices needs: terms are byte lists,
 * and put together like the expressions of ASL.
 *
 * @source ACPI Specification 6.5, "ACPI Machine Language (AML) Specification"
 */

/** An encoded term. */
export type Aml = readonly number[];

const ZERO_OP = 0x00;
const ONE_OP = 0x01;
const NAME_OP = 0x08;
const BYTE_PREFIX = 0x0a;
const WORD_PREFIX = 0x0b;
const DWORD_PREFIX = 0x0c;
const SCOPE_OP = 0x10;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const EXTENDED_PREFIX = 0x5b;
const DEVICE_OP = 0x82;
const ROOT_CHARACTER = 0x5c;

/** An integer below 2^32, in its shortest form. */
export function integer(value: number): Aml {
  if (value === 0) return [ZERO_OP];
  if (value === 1) return [ONE_OP];
  if (value <= 0xff) return [BYTE_PREFIX, value];
  if (value <= 0xffff) return [WORD_PREFIX, value & 0xff, value >> 8];
  return [DWORD_PREFIX, ...bytesOf(value, 4)];
}

/** `Name (NAME, value)`. */
export function name(path: string, value: Aml): Aml {
  return [NAME_OP, ...namePath(path), ...value];
}

/** `Scope (PATH) {…}`. */
export function scope(path: string, ...terms: readonly Aml[]): Aml {
  return [SCOPE_OP, ...withLength([...namePath(path), ...terms.flat()])];
}

/** `Device (NAME) {…}`. */
export function device(path: string, ...terms: readonly Aml[]): Aml {
  return [EXTENDED_PREFIX, DEVICE_OP, ...withLength([...namePath(path), ...terms.flat()])];
}

/** `Package () {…}`. */
export function packageOf(...elements: readonly Aml[]): Aml {
  return [PACKAGE_OP, ...withLength([elements.length, ...elements.flat()])];
}

/** `Buffer () {…}`. */
export function buffer(bytes: readonly number[]): Aml {
  return [BUFFER_OP, ...withLength([...integer(bytes.length), ...bytes])];
}

/** `EisaId ("PNP0501")`: three letters of 5 bits and four hexadecimal digits, most significant byte first. */
export function eisaId(id: string): Aml {
  const letters = [0, 1, 2].reduce((value, at) => value * 32 + id.charCodeAt(at) - 0x40, 0);
  const value = letters * 0x10000 + Number.parseInt(id.slice(3), 16);
  return [DWORD_PREFIX, ...bytesOf(value, 4).reverse()];
}

/** Four-character segments, with underscores for missing ones: `\\_SB.PCI0` has a root and two of them. */
function namePath(path: string): number[] {
  const isAbsolute = path.startsWith('\\');
  const segments = (isAbsolute ? path.slice(1) : path).split('.').filter((segment) => segment !== '');
  const characters = segments.flatMap((segment) => [...segment.padEnd(4, '_')].map((letter) => letter.charCodeAt(0)));
  const prefix = segments.length === 2 ? [0x2e] : segments.length > 2 ? [0x2f, segments.length] : [];
  return [...(isAbsolute ? [ROOT_CHARACTER] : []), ...prefix, ...(segments.length === 0 ? [0] : characters)];
}

/** PkgLength, which counts itself: one byte up to 63, more above. */
function withLength(body: readonly number[]): number[] {
  if (body.length + 1 <= 0x3f) return [body.length + 1, ...body];
  for (let extra = 1; extra <= 3; extra++) {
    const length = body.length + 1 + extra;
    if (length < 2 ** (4 + 8 * extra)) return [(extra << 6) | (length & 0x0f), ...bytesOf(length >> 4, extra), ...body];
  }
  return []; // no table of ours comes near 256 MiB
}

function bytesOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(value / 2 ** (8 * at)) & 0xff);
}

/** `ResourceTemplate () {…}` of descriptors. */
export function resources(...descriptors: readonly (readonly number[])[]): Aml {
  // The end tag has a checksum, of which 0 means that it is not used.
  return buffer([...descriptors.flat(), 0x79, 0x00]);
}

/** `IO (Decode16, first, first, 1, count)`. @source ACPI Specification, "I/O Port Descriptor" */
export function ioPorts(first: number, count: number): number[] {
  return [0x47, 0x01, ...bytesOf(first, 2), ...bytesOf(first, 2), 0x01, count];
}

/** `IRQNoFlags () {line}`: edge-triggered, active high. @source ACPI Specification, "IRQ Descriptor" */
export function irq(line: number): number[] {
  return [0x22, ...bytesOf(1 << line, 2)];
}

/** `DMA (Compatibility, NotBusMaster, Transfer8) {channel}`. @source ACPI Specification, "DMA Descriptor" */
export function dmaChannel(channel: number): number[] {
  return [0x2a, 1 << channel, 0x00];
}

/** Kinds of {@link addressSpace}. */
export const SPACE_MEMORY = 0;
export const SPACE_IO = 1;
export const SPACE_BUS = 2;

/**
 * `DWordMemory`, `WordIO`, `WordBusNumber` as a bridge produces them: a range that it passes on, fixed at both ends.
 *
 * @param width 16 or 32 bits
 * @source ACPI Specification, "Address Space Resource Descriptors"
 */
export function addressSpace(kind: number, width: 16 | 32, first: number, last: number): number[] {
  const size = width / 8;
  const flagsOfKind = kind === SPACE_MEMORY ? 0x01 : kind === SPACE_IO ? 0x03 : 0x00; // writable; the entire range
  const numbers = [0, first, last, 0, last - first + 1].flatMap((value) => bytesOf(value, size));
  const body = [kind, 0x0c, flagsOfKind, ...numbers]; // fixed minimum and maximum, positive decode, producer
  return [width === 16 ? 0x88 : 0x87, ...bytesOf(body.length, 2), ...body];
}
