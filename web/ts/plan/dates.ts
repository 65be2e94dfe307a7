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

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A date as the reader writes it: "Thu 4 Mar", or "Thu, Mar 4". The words are English, as on the page. */
export function spokenDay(iso: string, monthFirst: boolean): string {
  const d = new Date(at(iso));
  const [day, month, date] = [days[d.getUTCDay()], months[d.getUTCMonth()], d.getUTCDate()];
  return monthFirst ? `${day}, ${month} ${date}` : `${day} ${date} ${month}`;
}

/** A whole number from 0 in groups, as the server has written 1234567 for this reader. */
export function grouped(n: number, sample: string): string {
  const lakhs = /^12\D/.test(sample); // 12,34,567
  return String(n).replace(lakhs ? /\B(?=(\d\d)+\d$)/g : /\B(?=(\d{3})+$)/g, sample.replace(/\d/g, "").charAt(0));
}
