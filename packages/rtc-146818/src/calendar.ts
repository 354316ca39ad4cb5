/** The Gregorian calendar as day numbers, and the clock's bytes as calendar time. */
import { RtcError } from './rtc-error.ts';

/** A moment of civil time; no time zone. */
export interface RtcTime {
  /** 0 to 9999. */
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** Seconds in a day. */
export const DAY_SECONDS = 86_400;

const DAYS_IN_400_YEARS = 146_097;

/**
 * Days since 1 March of year 0: counting from March puts the leap day at the end of a year. Months and days out of
 * range carry over.
 */
export function dayNumber(year: number, month: number, day: number): number {
  const fromMarch = month >= 3 ? month - 3 : month + 9;
  const y = month >= 3 ? year : year - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leapDays + Math.floor((153 * fromMarch + 2) / 5) + day - 1;
}

/** The inverse of {@link dayNumber}. */
export function dateOfDay(number: number): Pick<RtcTime, 'year' | 'month' | 'day'> {
  const era = Math.floor(number / DAYS_IN_400_YEARS);
  const inEra = number - era * DAYS_IN_400_YEARS;
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: inYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** @returns the day of the week of a day number: 1 Sunday to 7 Saturday */
export function dayOfWeek(number: number): number {
  return ((((number + 3) % 7) + 7) % 7) + 1; // 1 March of year 0 was a Wednesday
}

/** @throws {RtcError} `bad-time` unless the time exists in the calendar */
export function checkTime(time: RtcTime): void {
  const { year, month, day, hour, minute, second } = time;
  const isInRange =
    [year, month, day, hour, minute, second].every((value) => Number.isInteger(value) && value >= 0) &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  const date = isInRange ? dateOfDay(dayNumber(year, month, day)) : undefined;
  if (date === undefined || date.month !== month || date.day !== day) {
    throw new RtcError('bad-time', `no such time: ${year}-${month}-${day} ${hour}:${minute}:${second}`);
  }
}
