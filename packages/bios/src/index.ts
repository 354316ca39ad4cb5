export { Bios, type BiosOptions, type BiosState } from './bios.ts';
export { BiosError, type BiosErrorCode } from './bios-error.ts';
export type { AttachedDisks } from './disk/drives.ts';
export { floppyDriveType } from './disk/geometry.ts';
export type { EmulatedDrive } from './firmware.ts';
export type {
  BiosEvent,
  DiskGeometry,
  FirmwareCpu,
  FirmwareDisk,
  FirmwareMemory,
  FirmwarePorts,
  FirmwareSegment,
  KeyBufferEvent,
  VideoFirmware,
  VideoFonts,
} from './host.ts';
export {
  EBDA_BASE,
  EBDA_SIZE_BYTES,
  type FirmwareReservation,
  LOW_RAM_END,
  MEMORY_ACPI_NVS,
  MEMORY_ACPI_RECLAIMABLE,
  MEMORY_RESERVED,
  MEMORY_USABLE,
  type MemoryRange,
  memoryMapE820,
} from './memory-map.ts';
export { BIOS_TRAP_PORT } from './ports.ts';
export { type FirmwareTable, ROM_BASE, ROM_SIZE_BYTES } from './rom/image.ts';
