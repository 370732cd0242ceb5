const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The number of days of a month, January being 0. */
export function daysIn(year: number, month: number): number {
  if (month !== 1) return DAYS[month] ?? 0;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** Days from 1970-01-01 to the day before the month begins. */
export function daysBefore(year: number, month: number): number {
  // Years counted from March, so that the leap day ends them.
  const years = month < 2 ? year - 1 : year;
  const months = month < 2 ? month + 10 : month - 2;
  const leaps = ((years / 4) | 0) - ((years / 100) | 0) + ((years / 400) | 0);
  return 365 * years + leaps + (((153 * months + 2) / 5) | 0) - 719_469;
}
