// Dates as the server writes them, 2027-03-04, reckoned in UTC: a plan has no hours.

const day = 86_400_000; // ms

const at = (iso: string): number => Date.parse(`${iso}T00:00:00Z`);

/** The date so many weeks and days after a Monday. */
export function dayOf(monday: string, week: number, weekday: number): string {
  return new Date(at(monday) + (7 * week + weekday) * day).toISOString().slice(0, 10);
}

/** How many whole weeks a date lies after a Monday; negative before it. */
export function weeksBetween(monday: string, date: string): number {
  return Math.floor((at(date) - at(monday)) / (7 * day));
}
