/** Status codes of INT 13h. @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 13h" */

export const DISK_OK = 0x00;
export const DISK_BAD_PARAMETER = 0x01;
export const DISK_WRITE_PROTECTED = 0x03;
export const DISK_SECTOR_NOT_FOUND = 0x04;
export const DISK_CHANGE_LINE = 0x06;
export const DISK_DMA_BOUNDARY = 0x09;
export const DISK_UNSUPPORTED_MEDIA = 0x0c;
export const DISK_READ_ERROR = 0x10;
export const DISK_NOT_READY = 0x80;
export const DISK_NOT_REMOVABLE = 0xb2;
export const DISK_WRITE_FAULT = 0xcc;
