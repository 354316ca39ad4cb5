import type { FirmwareDisk } from '@longmode/bios';

/** Bytes that are read piece by piece: a file, or an array (see {@link sourceOfBytes}). */
export interface ImageSource {
  readonly sizeBytes: number;
  /**
   * Reads bytes. Never called with a range outside the image.
   *
   * @returns `sizeBytes` bytes, which the caller does not change; fewer mean a read error
   */
  read(offset: number, sizeBytes: number): Uint8Array;
}

/** An image that can be changed. */
export interface WritableImage extends ImageSource {
  /**
   * Writes whole sectors: offset and size are multiples of a sector's size. A last sector that is not whole grows the image.
   *
   * @returns false when not all of the bytes were taken; the guest is told so
   */
  write(offset: number, bytes: Uint8Array): boolean;
  /** Makes what was written last. @returns false when that failed */
  flush?(): boolean;
}

/** An image that is in memory. */
export function sourceOfBytes(bytes: Uint8Array): ImageSource {
  return { sizeBytes: bytes.length, read: (offset, sizeBytes) => bytes.subarray(offset, offset + sizeBytes) };
}

/** How to make a disk of an image. */
export interface OverlayDiskOptions {
  /** 512 unless told; CD-ROMs have 2048. */
  readonly sectorSizeBytes?: number;
  /** Whether the guest may write; true unless told. */
  readonly isWritable?: boolean;
  /** Bytes that the guest may have written at most before further writes fail; 1 GiB unless told. */
  readonly overlayLimitBytes?: number;
}

/** What the guest has written to a disk: plain data. */
export interface OverlayDiskState {
  /** Clusters of {@link DISK_CLUSTER_SIZE_BYTES} that differ from the image, ascending. */
  readonly clusters: readonly { readonly index: number; readonly bytes: Uint8Array }[];
}

/** The unit in which a disk remembers what was written. */
export const DISK_CLUSTER_SIZE_BYTES = 4096;
const OVERLAY_LIMIT_BYTES = 2 ** 30;

/** Copies a part of an image; what lies beyond its end stays zero. @returns false on a read error */
function readPadded(source: ImageSource, sizeBytes: number, start: number, out: Uint8Array): boolean {
  const size = Math.min(out.length, sizeBytes - start);
  if (size <= 0) return true;
  const bytes = source.read(start, size);
  if (bytes.length < size) return false;
  out.set(bytes);
  return true;
}

/**
 * A disk whose contents are an image, to which the guest's writes go at once. What it holds is not in a machine's snapshot:
 * whoever restores one sees to it that the image is as it was.
 */
export class ImageDisk implements FirmwareDisk {
  readonly sectorSizeBytes: number;
  readonly sectorCount: number;
  readonly #image: WritableImage;
  #sizeBytes: number;

  constructor(image: WritableImage, options: Pick<OverlayDiskOptions, 'sectorSizeBytes'> = {}) {
    this.#image = image;
    this.#sizeBytes = image.sizeBytes;
    this.sectorSizeBytes = options.sectorSizeBytes ?? 512;
    this.sectorCount = Math.ceil(image.sizeBytes / this.sectorSizeBytes);
  }

  read(lba: number, count: number): Uint8Array {
    const out = new Uint8Array(count * this.sectorSizeBytes);
    return readPadded(this.#image, this.#sizeBytes, lba * this.sectorSizeBytes, out) ? out : new Uint8Array();
  }

  write(lba: number, bytes: Uint8Array): boolean {
    const start = lba * this.sectorSizeBytes;
    if (!this.#image.write(start, bytes)) return false;
    this.#sizeBytes = Math.max(this.#sizeBytes, start + bytes.length);
    return true;
  }

  flush(): boolean {
    return this.#image.flush?.() ?? true;
  }
}

/**
 * A disk whose contents are an image and whose writes stay in memory: the image itself never changes. The last sector is
 * padded with zeros.
 */
export class OverlayDisk implements FirmwareDisk {
  readonly sectorSizeBytes: number;
  readonly sectorCount: number;
  /** Absent when the disk is write-protected. */
  readonly write?: (lba: number, bytes: Uint8Array) => boolean;
  readonly #source: ImageSource;
  readonly #clusters = new Map<number, Uint8Array>();
  readonly #clusterLimit: number;

  /** @param image the contents; as bytes, they must not change while the disk is in use */
  constructor(image: Uint8Array | ImageSource, options: OverlayDiskOptions = {}) {
    this.#source = image instanceof Uint8Array ? sourceOfBytes(image) : image;
    this.sectorSizeBytes = options.sectorSizeBytes ?? 512;
    this.sectorCount = Math.ceil(this.#source.sizeBytes / this.sectorSizeBytes);
    this.#clusterLimit = Math.floor((options.overlayLimitBytes ?? OVERLAY_LIMIT_BYTES) / DISK_CLUSTER_SIZE_BYTES);
    if (options.isWritable !== false) this.write = (lba, bytes) => this.#write(lba * this.sectorSizeBytes, bytes);
  }

  /** How many bytes of memory the guest's writes take. */
  get overlaySizeBytes(): number {
    return this.#clusters.size * DISK_CLUSTER_SIZE_BYTES;
  }

  read(lba: number, count: number): Uint8Array {
    const start = lba * this.sectorSizeBytes;
    const out = new Uint8Array(count * this.sectorSizeBytes);
    if (!this.#readImage(start, out)) return new Uint8Array();
    this.#eachCluster(start, out.length, (index, from, to, at) => {
      const cluster = this.#clusters.get(index);
      if (cluster !== undefined) out.set(cluster.subarray(from, to), at);
    });
    return out;
  }

  /** What the guest has written. */
  snapshot(): OverlayDiskState {
    const sorted = [...this.#clusters].sort(([a], [b]) => a - b);
    return { clusters: sorted.map(([index, bytes]) => ({ index, bytes: bytes.slice() })) };
  }

  /** @throws RangeError for clusters of another size or outside of the disk; nothing has changed then */
  restore(state: OverlayDiskState): void {
    const end = this.sectorCount * this.sectorSizeBytes;
    for (const { index, bytes } of state.clusters) {
      const isInside = Number.isSafeInteger(index) && index >= 0 && index * DISK_CLUSTER_SIZE_BYTES < end;
      if (isInside && bytes.length === DISK_CLUSTER_SIZE_BYTES) continue;
      throw new RangeError(`cluster ${index} of ${bytes.length} bytes does not fit a disk of ${end} bytes`);
    }
    this.#clusters.clear();
    for (const { index, bytes } of state.clusters) this.#clusters.set(index, bytes.slice());
  }

  #readImage(start: number, out: Uint8Array): boolean {
    return readPadded(this.#source, this.#source.sizeBytes, start, out);
  }

  #write(start: number, bytes: Uint8Array): boolean {
    const fresh = new Map<number, Uint8Array>();
    let isGood = true;
    this.#eachCluster(start, bytes.length, (index) => {
      if (!isGood || this.#clusters.has(index)) return;
      const cluster = new Uint8Array(DISK_CLUSTER_SIZE_BYTES);
      fresh.set(index, cluster);
      isGood =
        this.#clusters.size + fresh.size <= this.#clusterLimit &&
        this.#readImage(index * DISK_CLUSTER_SIZE_BYTES, cluster);
    });
    if (!isGood) return false;
    for (const [index, cluster] of fresh) this.#clusters.set(index, cluster);
    this.#eachCluster(start, bytes.length, (index, from, to, at) => {
      this.#clusters.get(index)?.set(bytes.subarray(at, at + to - from), from);
    });
    return true;
  }

  /** Calls back for each cluster in a range: its part `from` to `to`, which is at offset `at` of the range. */
  #eachCluster(
    start: number,
    size: number,
    visit: (index: number, from: number, to: number, at: number) => void,
  ): void {
    for (let at = 0; at < size; ) {
      const index = Math.floor((start + at) / DISK_CLUSTER_SIZE_BYTES);
      const from = start + at - index * DISK_CLUSTER_SIZE_BYTES;
      const to = Math.min(DISK_CLUSTER_SIZE_BYTES, from + size - at);
      visit(index, from, to, at);
      at += to - from;
    }
  }
}
