/**
 * Reads boot code as its source files have it.
 *
 * @param text hexadecimal digits in lines
 * @param size bytes; those that the text does not have are 0
 */
export function fromHex(text: string, size: number): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll('\n', '');
  return Uint8Array.from({ length: size }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2) || '0', 16),
  );
}
