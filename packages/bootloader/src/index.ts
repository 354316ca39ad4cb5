// The contract of @longmode/bootloader.
export { BOOT_INFO_REGION } from './boot-info.ts';
export type { Framebuffer } from './bootloader-api/boot-info.ts';
export { type BootloaderApiOptions, planBootloaderApi } from './bootloader-api/plan-bootloader-api.ts';
export { buildMultibootCd, type MultibootCdOptions } from './cd-image/build-multiboot-cd.ts';
export { type Direct64Options, planDirect64 } from './direct64.ts';
export { buildDiskImage, type DiskImageOptions } from './disk-image/build-disk-image.ts';
export { BootError, type BootErrorCode, type BootErrorFacts } from './error.ts';
export {
  defaultMemoryMap,
  MEMORY_ACPI_NVS,
  MEMORY_ACPI_RECLAIMABLE,
  MEMORY_BAD,
  MEMORY_RESERVED,
  MEMORY_USABLE,
  type MemoryOptions,
  type MemoryRegion,
} from './memory-map.ts';
export type { MultibootModule, MultibootOptions } from './multiboot-handover.ts';
export { MULTIBOOT1_BOOTLOADER_MAGIC, type Multiboot1Options, planMultiboot1 } from './multiboot1.ts';
export {
  findMultiboot1Header,
  MULTIBOOT1_ADDRESS_FIELDS,
  MULTIBOOT1_HEADER_MAGIC,
  MULTIBOOT1_MEMORY_INFO,
  MULTIBOOT1_PAGE_ALIGN,
  MULTIBOOT1_VIDEO_MODE,
  type Multiboot1AddressFields,
  type Multiboot1Header,
} from './multiboot1-header.ts';
export { MULTIBOOT2_BOOTLOADER_MAGIC, type Multiboot2Options, planMultiboot2 } from './multiboot2.ts';
export {
  findMultiboot2Header,
  MULTIBOOT2_HEADER_MAGIC,
  type Multiboot2HeaderPlace,
} from './multiboot2-header.ts';
export type { Multiboot2BootDevice } from './multiboot2-info.ts';
export {
  applyPlan,
  type BytesWrite,
  type EntryState,
  type LoadPlan,
  type MemoryWrite,
  type PlanMemory,
  type RegisterName,
  type SegmentState,
  type TableState,
  type VideoMode,
  type ZeroWrite,
} from './plan.ts';
export { type ImageKind, type Recognition, recognise } from './recognise.ts';
