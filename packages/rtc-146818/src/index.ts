export type { RtcTime } from './calendar.ts';
export {
  CMOS_ACTUAL_EXTENDED_MEMORY,
  CMOS_BASE_MEMORY,
  CMOS_CHECKSUM,
  CMOS_DIAGNOSTIC_STATUS,
  CMOS_DISK_TYPES,
  CMOS_EQUIPMENT,
  CMOS_EXTENDED_MEMORY,
  CMOS_FLOPPY_TYPES,
  CMOS_MEMORY_ABOVE_4_GIB,
  CMOS_MEMORY_ABOVE_16_MIB,
  CMOS_SHUTDOWN_STATUS,
  CMOS_SIZE,
  type CmosOptions,
  cmosForMemory,
  updateCmosChecksum,
} from './cmos.ts';
export { DEFAULT_INITIAL_TIME, RTC_DATA, RTC_INDEX, Rtc146818, type Rtc146818Dependencies } from './rtc-146818.ts';
export { RtcError, type RtcErrorCode } from './rtc-error.ts';
export type { RtcState } from './rtc-state.ts';
