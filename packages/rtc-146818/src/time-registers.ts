/**
 * The ten time registers and the century byte: their encodings, and moving them on by whole seconds.
 *
 * @source MC146818 data sheet, "Time, Calendar, and Alarm Locations"
 */
import { DAY_SECONDS, dateOfDay, dayNumber, dayOfWeek, type RtcTime } from './calendar.ts';

const SECONDS = 0x00;
const SECONDS_ALARM = 0x01;
const MINUTES = 0x02;
const MINUTES_ALARM = 0x03;
const HOURS = 0x04;
const HOURS_ALARM = 0x05;
const DAY_OF_WEEK = 0x06;
const DATE_OF_MONTH = 0x07;
const MONTH = 0x08;
const YEAR = 0x09;
/** In the RAM of the original part; PC chip sets keep the century here. */
const CENTURY = 0x32;

/** Fields of register B that say how the bytes are encoded. */
export const B_24_HOUR = 0x02;
const B_BINARY = 0x04;

const PM = 0x80;
/** An alarm byte from here up matches anything. */
const ALARM_ANY = 0xc0;

/** A number below 100 as a byte. */
function encode(mode: number, value: number): number {
  return (mode & B_BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | (value % 10);
}

/** The number that a byte stands for, brought below `limit` whatever the byte. */
function decode(mode: number, byte: number, limit: number): number {
  const value = (mode & B_BINARY) !== 0 ? byte : 10 * (byte >> 4) + (byte & 0x0f);
  return value % limit;
}

/** @param hour 0 to 23 */
function encodeHour(mode: number, hour: number): number {
  if ((mode & B_24_HOUR) !== 0) return encode(mode, hour);
  return encode(mode, hour % 12 || 12) | (hour >= 12 ? PM : 0);
}

function decodeHour(mode: number, byte: number): number {
  if ((mode & B_24_HOUR) !== 0) return decode(mode, byte, 24);
  return decode(mode, byte & ~PM, 12) + ((byte & PM) !== 0 ? 12 : 0);
}

/** The time that the registers show; bytes that stand for none are brought into range. */
export function readTime(memory: Uint8Array, mode: number): RtcTime {
  const at = (index: number): number => memory[index] as number;
  return {
    year: 100 * decode(mode, at(CENTURY), 100) + decode(mode, at(YEAR), 100),
    month: ((decode(mode, at(MONTH), 100) + 11) % 12) + 1,
    day: ((decode(mode, at(DATE_OF_MONTH), 100) + 30) % 31) + 1,
    hour: decodeHour(mode, at(HOURS)),
    minute: decode(mode, at(MINUTES), 60),
    second: decode(mode, at(SECONDS), 60),
  };
}

/** Stores a time, with the day of the week that `weekday` says. */
function writeTime(memory: Uint8Array, mode: number, time: RtcTime, weekday: number): void {
  memory[SECONDS] = encode(mode, time.second);
  memory[MINUTES] = encode(mode, time.minute);
  memory[HOURS] = encodeHour(mode, time.hour);
  memory[DAY_OF_WEEK] = weekday;
  memory[DATE_OF_MONTH] = encode(mode, time.day);
  memory[MONTH] = encode(mode, time.month);
  memory[YEAR] = encode(mode, time.year % 100);
  memory[CENTURY] = encode(mode, Math.floor(time.year / 100) % 100);
}

/** Sets the registers to a time, with its true day of the week. */
export function setTime(memory: Uint8Array, mode: number, time: RtcTime): void {
  writeTime(memory, mode, time, dayOfWeek(dayNumber(time.year, time.month, time.day)));
}

/** Whether the alarm bytes match one time of day. */
function isAlarmAt(memory: Uint8Array, mode: number, secondOfDay: number): boolean {
  const matches = (index: number, byte: number): boolean => {
    const alarm = memory[index] as number;
    return alarm >= ALARM_ANY || alarm === byte;
  };
  return (
    matches(SECONDS_ALARM, encode(mode, secondOfDay % 60)) &&
    matches(MINUTES_ALARM, encode(mode, Math.floor(secondOfDay / 60) % 60)) &&
    matches(HOURS_ALARM, encodeHour(mode, Math.floor(secondOfDay / 3600)))
  );
}

/**
 * Moves the registers on. The day of the week counts by itself, as its register has no tie to the date.
 *
 * @param seconds how many, at least 1
 * @returns whether the alarm matched at any of them
 */
export function advanceTime(memory: Uint8Array, mode: number, seconds: number): boolean {
  const time = readTime(memory, mode);
  const start = 3600 * time.hour + 60 * time.minute + time.second;
  const days = Math.floor((start + seconds) / DAY_SECONDS);
  const end = (start + seconds) % DAY_SECONDS;
  const weekday = ((memory[DAY_OF_WEEK] as number) + 6 + (days % 7)) % 7;
  const date =
    days === 0
      ? { year: time.year, month: time.month, day: time.day }
      : dateOfDay(dayNumber(time.year, time.month, time.day) + days);
  let isAlarm = false;
  for (let i = 1; i <= Math.min(seconds, DAY_SECONDS) && !isAlarm; i++) {
    isAlarm = isAlarmAt(memory, mode, (start + i) % DAY_SECONDS);
  }
  const [hour, minute, second] = [Math.floor(end / 3600), Math.floor(end / 60) % 60, end % 60];
  writeTime(memory, mode, { ...date, hour, minute, second }, weekday + 1);
  return isAlarm;
}
