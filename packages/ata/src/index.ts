/** ATA disks and ATAPI CD-ROM drives on a channel, with bus master DMA. */
export { AtaChannel, type AtaChannelDependencies, type AtaChannelState } from './ata-channel.ts';
export { AtaError, type AtaErrorCode } from './ata-error.ts';
export {
  BUS_MASTER_COMMAND,
  BUS_MASTER_STATUS,
  BUS_MASTER_TABLE,
  type BusMasterState,
} from './bus-master.ts';
export type { DrivePhase, DriveState, TaskFileBytes } from './drive-state.ts';
export type { AtaDriveOptions, AtaMedium, DmaMemory } from './medium.ts';
export {
  ATA_BUS_MASTER,
  ATA_CONTROL,
  ATA_DATA,
  ATA_DEVICE,
  ATA_ERROR_FEATURES,
  ATA_LBA_HIGH,
  ATA_LBA_LOW,
  ATA_LBA_MID,
  ATA_SECTOR_COUNT,
  ATA_STATUS_COMMAND,
} from './registers.ts';
