/**
 * Registers of a channel and their bits, by the names of the standard.
 *
 * @source ATA/ATAPI-6 (INCITS 361), clause 7 "Interface register definitions and descriptions"
 */

/** Offsets in the command block. */
export const ATA_DATA = 0;
/** Read: Error; written: Features. */
export const ATA_ERROR_FEATURES = 1;
/** For packet devices also: Interrupt Reason. */
export const ATA_SECTOR_COUNT = 2;
export const ATA_LBA_LOW = 3;
/** For packet devices also: Byte Count low. */
export const ATA_LBA_MID = 4;
export const ATA_LBA_HIGH = 5;
export const ATA_DEVICE = 6;
/** Read: Status; written: Command. */
export const ATA_STATUS_COMMAND = 7;
/** The control block. Read: Alternate Status; written: Device Control. */
export const ATA_CONTROL = 8;
/** First offset of the bus master registers. */
export const ATA_BUS_MASTER = 16;

export const STATUS_BSY = 0x80;
export const STATUS_DRDY = 0x40;
/** Device fault. */
export const STATUS_DF = 0x20;
/** Seek complete, by which drives of old say that they are at rest. */
export const STATUS_DSC = 0x10;
export const STATUS_DRQ = 0x08;
/** For packet devices: CHK. */
export const STATUS_ERR = 0x01;
/** A drive that waits for a command. */
export const STATUS_READY = 0x50;

/** The medium is write-protected (of reads: the data cannot be corrected). */
export const ERROR_WP = 0x40;
export const ERROR_UNC = 0x40;
/** The address does not exist. */
export const ERROR_IDNF = 0x10;
export const ERROR_ABRT = 0x04;
/** Diagnostic code: no error. */
export const DIAGNOSTIC_PASSED = 0x01;

export const DEVICE_LBA = 0x40;
export const DEVICE_DEV = 0x10;
export const DEVICE_HEAD = 0x0f;

/** Device Control: the high order bytes are read. */
export const CONTROL_HOB = 0x80;
export const CONTROL_SRST = 0x04;
/** Interrupts are off. */
export const CONTROL_NIEN = 0x02;

/** Interrupt Reason: a command packet (or the end) and not data. */
export const REASON_CD = 0x01;
/** Interrupt Reason: to the host. */
export const REASON_IO = 0x02;

export const COMMAND_NOP = 0x00;
export const COMMAND_DEVICE_RESET = 0x08;
export const COMMAND_EXECUTE_DEVICE_DIAGNOSTIC = 0x90;
export const COMMAND_PACKET = 0xa0;
export const COMMAND_IDENTIFY_PACKET_DEVICE = 0xa1;
export const COMMAND_IDENTIFY_DEVICE = 0xec;
export const COMMAND_SET_FEATURES = 0xef;
