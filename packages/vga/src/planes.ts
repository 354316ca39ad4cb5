/** The four planes in memory, a 32-bit word per offset with plane 0 in bits 7–0, and as bytes in a snapshot. */

const IS_LITTLE_ENDIAN_HOST = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Turns each word's bytes around on a host that stores its highest byte first; otherwise leaves them alone. */
function toLittleEndian(bytes: Uint8Array): Uint8Array {
  if (!IS_LITTLE_ENDIAN_HOST) for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}

/** @returns a copy of the planes as bytes: the byte at offset `o` of plane `p` is at `4 * o + p` */
export function packPlanes(planes: Uint32Array): Uint8Array {
  return toLittleEndian(new Uint8Array(planes.slice().buffer));
}

/** Takes what {@link packPlanes} returned, which must have four bytes for each word of `planes`. */
export function unpackPlanes(planes: Uint32Array, bytes: Uint8Array): void {
  planes.set(new Uint32Array(toLittleEndian(bytes.slice()).buffer));
}
