import type { TlsTemplate } from '../boot-info.ts';
import { MEMORY_USABLE, type MemoryRegion, type PhysicalRange } from '../memory-map.ts';
import type { KernelConfig } from './config.ts';

/** A linear frame buffer, as the boot information describes it. */
export interface Framebuffer {
  readonly physicalAddress: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels from one line to the next. */
  readonly stride: number;
  readonly bytesPerPixel: number;
  readonly pixelFormat: 'rgb' | 'bgr';
}

/** What the boot information of the bootloader crate 0.11 tells. */
export interface ApiBootInfo {
  readonly version: KernelConfig['version'];
  readonly regions: readonly ApiRegion[];
  readonly framebuffer: (Framebuffer & { readonly linearAddress: bigint }) | null;
  readonly physicalMemoryOffset: bigint | null;
  readonly recursiveIndex: number | null;
  readonly rsdpAddress: bigint | null;
  readonly tls: TlsTemplate | null;
  readonly ramdisk: { readonly linearAddress: bigint; readonly sizeBytes: number } | null;
  readonly kernelAddress: number;
  readonly kernelSizeBytes: number;
  readonly kernelImageOffset: bigint;
  readonly kernelStackBottom: bigint;
  readonly kernelStackSize: bigint;
}

/** A region of the boot information's memory map. */
export interface ApiRegion extends PhysicalRange {
  readonly kind: 'usable' | 'bootloader' | 'bios';
  /** Of the firmware's map; for kind `bios`. */
  readonly type: number;
}

const REGION_SIZE = 24;
const REGION_KIND = { usable: 0, bootloader: 1, bios: 3 } as const;
const SOME = 0;
const NONE = 1;
const PIXEL_FORMAT = { rgb: 0, bgr: 1 } as const;
/** Splitting may add so many regions to those of the firmware; the loader reserves room for them. */
const REGIONS_EXTRA = 6;
const PAGE = 0x1000;

/** The first version whose boot information has a part. */
const PATCH_WITH_RAMDISK = 1;
const PATCH_WITH_KERNEL_PLACE = 5;
const PATCH_WITH_KERNEL_STACK = 14;

/** Bytes of the structure itself, which the regions follow. */
function structureSize({ patch }: KernelConfig['version']): number {
  if (patch < PATCH_WITH_RAMDISK) return 160;
  // The last field is one that the crate's own tests use.
  return 160 + 24 + (patch >= PATCH_WITH_KERNEL_PLACE ? 24 : 0) + (patch >= PATCH_WITH_KERNEL_STACK ? 16 : 0) + 8;
}

/**
 * How much room boot information takes.
 *
 * @param version of the kernel's `bootloader_api`
 * @param firmwareRegions how many regions the firmware reports
 * @returns bytes
 */
export function bootInfoSize(version: KernelConfig['version'], firmwareRegions: number): number {
  return structureSize(version) + (firmwareRegions + REGIONS_EXTRA) * REGION_SIZE;
}

/**
 * Builds the boot information of the bootloader crate 0.11.
 *
 * @param info what to tell
 * @param linearAddress at which the kernel finds it, a multiple of 8
 * @param sizeBytes of {@link bootInfoSize}
 * @returns the structure, and behind it the memory regions that it points to
 * @source bootloader_api 0.11.0 to 0.11.17, `BootInfo` (repr C)
 */
export function buildApiBootInfo(info: ApiBootInfo, linearAddress: bigint, sizeBytes: number): Uint8Array {
  const { version, regions, framebuffer, tls } = info;
  const view = new DataView(new ArrayBuffer(sizeBytes));
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const u64 = (at: number, value: bigint | number): void => view.setBigUint64(at, BigInt(value), true);
  const optional = (at: number, value: bigint | number | null): void => {
    u32(at, value === null ? NONE : SOME);
    if (value !== null) u64(at + 8, value);
  };
  view.setUint16(0, version.major, true);
  view.setUint16(2, version.minor, true);
  view.setUint16(4, version.patch, true);
  view.setUint8(6, version.isPreRelease ? 1 : 0);
  const regionsOffset = structureSize(version);
  u64(8, linearAddress + BigInt(regionsOffset));
  u64(16, regions.length);
  u32(24, framebuffer === null ? NONE : SOME);
  if (framebuffer !== null) {
    const { linearAddress: start, width, height, stride, bytesPerPixel, pixelFormat } = framebuffer;
    u64(32, start);
    u64(40, framebufferSize(framebuffer));
    u64(48, width);
    u64(56, height);
    u32(64, PIXEL_FORMAT[pixelFormat]);
    u64(72, bytesPerPixel);
    u64(80, stride);
  }
  optional(88, info.physicalMemoryOffset);
  u32(104, info.recursiveIndex === null ? NONE : SOME);
  view.setUint16(108, info.recursiveIndex ?? 0, true);
  optional(112, info.rsdpAddress);
  optional(128, tls?.startAddress ?? null);
  u64(144, tls?.fileSize ?? 0n);
  u64(152, tls?.memorySize ?? 0n);
  if (version.patch >= PATCH_WITH_RAMDISK) {
    optional(160, info.ramdisk?.linearAddress ?? null);
    u64(176, info.ramdisk?.sizeBytes ?? 0);
  }
  if (version.patch >= PATCH_WITH_KERNEL_PLACE) {
    u64(184, info.kernelAddress);
    u64(192, info.kernelSizeBytes);
    u64(200, info.kernelImageOffset);
  }
  if (version.patch >= PATCH_WITH_KERNEL_STACK) {
    u64(208, info.kernelStackBottom);
    u64(216, info.kernelStackSize);
  }
  for (const [index, { start, end, kind, type }] of regions.entries()) {
    const at = regionsOffset + index * REGION_SIZE;
    u64(at, start);
    u64(at + 8, end);
    u32(at + 16, REGION_KIND[kind]);
    u32(at + 20, kind === 'bios' ? type : 0);
  }
  return new Uint8Array(view.buffer);
}

/** Bytes of a frame buffer. */
export function framebufferSize({ stride, height, bytesPerPixel }: Framebuffer): number {
  return stride * height * bytesPerPixel;
}

/**
 * Turns the firmware's memory map into the kernel's: usable regions are split where the loader has put something.
 *
 * @param map the firmware's
 * @param used what the loader has filled
 * @returns regions ascending by start
 */
export function apiRegions(map: readonly MemoryRegion[], used: readonly PhysicalRange[]): ApiRegion[] {
  const taken = used.map(({ start, end }) => ({
    start: Math.floor(start / PAGE) * PAGE,
    end: Math.ceil(end / PAGE) * PAGE,
  }));
  const regions: ApiRegion[] = [];
  const add = (region: ApiRegion): void => {
    if (region.start < region.end) regions.push(region);
  };
  for (const { base, length, type } of map.toSorted((a, b) => a.base - b.base)) {
    const end = base + length;
    if (type !== MEMORY_USABLE) {
      add({ start: base, end, kind: 'bios', type });
      continue;
    }
    let start = base;
    while (start < end) {
      const overlaps = taken
        .map((range) => ({ start: Math.max(start, range.start), end: Math.min(end, range.end) }))
        .filter((range) => range.start < range.end)
        .sort((a, b) => a.start - b.start);
      const first = overlaps[0] ?? { start: end, end };
      add({ start, end: first.start, kind: 'usable', type });
      add({ ...first, kind: 'bootloader', type });
      start = first.end;
    }
  }
  return regions;
}
