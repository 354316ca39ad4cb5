import { describe, expect, it } from 'vitest';
import { checkTime, dateOfDay, dayNumber, dayOfWeek } from './calendar.ts';

describe('the calendar', () => {
  it('agrees with the host on every day from 1583 to 2999', () => {
    const start = dayNumber(1970, 1, 1);
    const day = new Date(0);
    for (let n = Date.UTC(1583, 0, 1) / 86_400_000; n < Date.UTC(3000, 0, 1) / 86_400_000; n++) {
      day.setTime(n * 86_400_000);
      const [year, month, date] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()];
      const number = dayNumber(year, month, date);
      if (number !== start + n || dayOfWeek(number) !== day.getUTCDay() + 1) {
        expect({ year, month, date, number }).toEqual({ year, month, date, number: start + n });
      }
      const back = dateOfDay(number);
      if (back.year !== year || back.month !== month || back.day !== date) expect(back).toEqual({ year, month, date });
    }
    expect(dateOfDay(start)).toEqual({ year: 1970, month: 1, day: 1 });
  });

  it.each([
    [2023, 2, 29, 0, 0, 0],
    [1900, 2, 29, 0, 0, 0],
    [2024, 13, 1, 0, 0, 0],
    [2024, 0, 1, 0, 0, 0],
    [2024, 4, 31, 0, 0, 0],
    [2024, 1, 0, 0, 0, 0],
    [2024, 1, 1, 24, 0, 0],
    [2024, 1, 1, 0, 60, 0],
    [2024, 1, 1, 0, 0, 60],
    [10_000, 1, 1, 0, 0, 0],
    [2024, 1, 1.5, 0, 0, 0],
    [2024, 1, 1, 0, 0, Number.NaN],
  ])('has no %i-%i-%i %i:%i:%i', (year, month, day, hour, minute, second) => {
    expect(() => checkTime({ year, month, day, hour, minute, second })).toThrow('no such time');
  });

  it('has leap days in 2000 and 2024', () => {
    for (const year of [2000, 2024]) {
      expect(() => checkTime({ year, month: 2, day: 29, hour: 23, minute: 59, second: 59 })).not.toThrow();
    }
  });
});
