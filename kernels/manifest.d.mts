/** The folder that every path in the manifest is relative to. */
export const kernelsFolder: string;
/** The folder of the committed images. */
export const imagesFolder: string;
/** The SHA-256 of some bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string;
/** One hash over the names and the contents of sources, whatever their order. */
export function hashSources(sources: readonly string[]): string;
/** The manifest as committed: image name -> its entry. */
export function readManifest(): unknown;
/** The image files that are there. */
export function listImages(): string[];
/** The BIOS disk image that `build.sh disks` made around a 64-bit guest; null if it was not asked to. */
export function diskOf(image: string): string | null;
