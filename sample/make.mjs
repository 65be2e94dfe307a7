// Makes the sample company's files from the public facts in source/ and a few
// rules. Nothing is drawn at random: the same sources give the same files.
//
//   node sample/make.mjs
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXECUTIVES, OFFICES, TERRITORIES } from "./company.mjs";
import { cityName, companyName, customerSlug, streetName } from "./names.mjs";
import { industryOf } from "./industry.mjs";

const here = dirname(fileURLToPath(import.meta.url));

function readCSV(name) {
  const text = readFileSync(join(here, "source", name), "utf8").replace(/^\ufeff/, "");
  const rows = [[]];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") [cell] = ["", rows.at(-1).push(cell)];
    else if (c === "\n") {
      rows.at(-1).push(cell.replace(/\r$/, ""));
      cell = "";
      rows.push([]);
    } else cell += c;
  }
  if (cell || rows.at(-1).length) rows.at(-1).push(cell);
  const [header, ...body] = rows.filter((r) => r.length > 1);
  return body.map((r) => Object.fromEntries(header.map((h, i) => [h, r[i]])));
}

function writeCSV(name, rows) {
  const quote = (v) => (/[",\n\r]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);
  const header = Object.keys(rows[0]);
  const lines = [header, ...rows.map((r) => header.map((h) => String(r[h] ?? "")))];
  writeFileSync(join(here, name), lines.map((l) => l.map(quote).join(",")).join("\n") + "\n");
  console.log(`${name}: ${rows.length} rows`);
}

// A number from 0 to n-1 that depends on its texts alone.
function pick(n, ...texts) {
  return createHash("sha256").update(texts.join("\0")).digest().readUInt32BE(0) % n;
}

const day = 864e5;
const iso = (time) => new Date(time).toISOString().slice(0, 10);
const date = (text) => Date.parse(text + "T00:00:00Z");
const workday = (time) => {
  while ([0, 6].includes(new Date(time).getUTCDay())) time += day;
  return time;
};

const REGIONS = {
  Northeast: "CT ME MA NH RI VT NJ NY PA",
  Midwest: "IL IN MI OH WI IA KS MN MO NE ND SD",
  South: "DE FL GA MD NC SC VA DC WV AL KY MS TN AR LA OK TX",
  West: "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
};
const regionOf = (state) => Object.keys(REGIONS).find((r) => REGIONS[r].split(" ").includes(state));

function sizeBand(millions) {
  if (millions >= 100_000) return "over 100 bn";
  if (millions >= 50_000) return "50-100 bn";
  if (millions >= 25_000) return "25-50 bn";
  if (millions >= 10_000) return "10-25 bn";
  return "under 10 bn";
}

// The buyer's own steps, each with how many of 100 customers stand there: most
// know no need yet, few are about to sign.
const STAGES = { change: 18, discontent: 20, research: 16, comparison: 12, fear: 8, commitment: 7, expectations: 8, satisfaction: 11 };
function stageOf(key) {
  let n = pick(100, "stage", key);
  return Object.keys(STAGES).find((s) => (n -= STAGES[s]) < 0);
}

// Two weeks to six weeks around a month that suits the trade.
function windowsOf(key) {
  if (pick(100, "windows", key) >= 35) return "";
  const spans = [];
  for (let i = 0; i <= pick(2, "second window", key); i++) {
    const start = workday(date("2027-01-11") + (pick(22, "window", key, i) + i * 26) * 7 * day);
    spans.push(`${iso(start)}..${iso(start + (14 + 7 * pick(5, "length", key, i)) * day - 3 * day)}`);
  }
  return spans.join("|");
}

// Some close their books in another month than December, some stop for summer.
function blackoutsOf(key) {
  const kind = pick(100, "blackout", key);
  if (kind < 8) return "2027-06-21..2027-07-02";
  if (kind < 14) return "2027-09-20..2027-10-01";
  if (kind < 22) return "2027-07-12..2027-07-30";
  if (kind < 25) return "2027-01-25..2027-02-05|2027-07-26..2027-08-06";
  return "";
}

const INTERESTS = {
  Financials: ["finance", "security"], "Information Technology": ["product", "cloud"], "Health Care": ["security", "data"],
  Energy: ["operations", "energy"], Utilities: ["operations", "energy"], Industrials: ["operations", "supply chain"],
  Materials: ["supply chain", "operations"], "Consumer Discretionary": ["marketing", "data"], "Consumer Staples": ["supply chain", "marketing"],
  "Communication Services": ["product", "marketing"], "Real Estate": ["finance", "operations"],
};
const REQUIRED = { Financials: "security", "Health Care": "security", Energy: "operations", "Information Technology": "product" };

const CONTACTS = [
  ["Chief Procurement Officer", "procurement"], ["Chief Information Officer", "cio-office"], ["Chief Financial Officer", "cfo-office"],
  ["Head of Operations", "operations"], ["Head of Digital", "digital"],
];

function customers() {
  const sectors = readCSV("sp500_constituents.csv").map((r) => [r.Security, r["GICS Sector"]]);
  const rows = readCSV("fortune_500_hq.csv").map((r) => {
    const key = customerSlug(r.NAME);
    const industry = industryOf(r.NAME, sectors);
    const rank = Number(r.RANK);
    const interests = INTERESTS[industry] ?? [];
    const [contact, mailbox] = CONTACTS[pick(CONTACTS.length, "contact", key)];
    return {
      key,
      name: companyName(r.NAME),
      address: streetName(r.ADDRESS),
      city: cityName(r.CITY),
      state: r.STATE,
      country: "US",
      lat: r.LATITUDE,
      lon: r.LONGITUDE,
      host: "",
      revenue: r.REVENUES,
      employees: r.EMPLOYEES,
      requires: REQUIRED[industry] && pick(100, "requires", key) < 12 ? REQUIRED[industry] : "",
      prefers: interests.filter((t) => pick(100, "prefers", key, t) < 30).map((t) => `${t}=${50 + 50 * pick(4, "points", key, t)}`).join("|"),
      windows: windowsOf(key),
      blackouts: blackoutsOf(key),
      min_spacing_days: rank <= 50 ? 60 : 90,
      must_visit: rank <= 12 ? "yes" : "no",
      contact_name: contact,
      contact_email: `${mailbox}@${key}.example`,
      industry,
      size_band: sizeBand(Number(r.REVENUES)),
      region: regionOf(r.STATE),
      buying_stage: stageOf(key),
      rank,
    };
  });
  rows.sort((a, b) => a.rank - b.rank);
  rows.forEach((r) => delete r.rank);
  return rows;
}

// Each territory is cut into as many parts as it has hosts, along its length.
function hosts(customerRows) {
  const out = [];
  for (const t of TERRITORIES) {
    const mine = customerRows.filter((c) => !c.host && t.states.includes(c.state) && (!t.only || t.only(c)));
    const along = t.along ?? "lat";
    mine.sort((a, b) => Number(b[along]) - Number(a[along]) || (a.key < b.key ? -1 : 1));
    t.hosts.forEach((territory, i) => {
      const slug = territory.toLowerCase().replace(/[^a-z]+/g, "-");
      const part = mine.slice(Math.round((i * mine.length) / t.hosts.length), Math.round(((i + 1) * mine.length) / t.hosts.length));
      const leave = date("2027-06-28") + pick(10, "leave", slug) * 7 * day;
      out.push({
        key: `host-${slug}`,
        name: `Account manager ${territory}`,
        email: `${slug}@northlight.example`,
        phone: "",
        city: t.city,
        state: t.cityState,
        country: "US",
        unavailable: `${iso(leave)}..${iso(leave + 11 * day)}`,
      });
      part.forEach((c) => (c.host = `host-${slug}`));
    });
  }
  const orphans = customerRows.filter((c) => !c.host).map((c) => `${c.name}, ${c.state}`);
  if (orphans.length > 0) throw new Error(`no territory for ${orphans.join("; ")}`);
  return out;
}

function executives(history) {
  return EXECUTIVES.map((e) => {
    const office = OFFICES[e.office];
    const key = `exec-${e.mailbox}`;
    const leave = date("2027-06-28") + pick(9, "leave", key) * 7 * day;
    const spring = date("2027-02-15") + pick(10, "spring", key) * 7 * day;
    const counting = history.filter((v) => v.executive === key && v.kind === "onsite" && v.with_host === "yes" && v.held === "yes");
    return {
      key,
      name: e.name,
      email: `${e.mailbox}@northlight.example`,
      function: e.name,
      role: e.role ?? "executive",
      city: office.city,
      state: office.state,
      country: "US",
      lat: office.lat,
      lon: office.lon,
      tags: e.tags,
      max_per_week: 2,
      max_per_month: 4,
      target_visits: 12 + pick(3, "target", key),
      last_visit: counting.map((v) => v.date).sort().at(-1) ?? "",
      unavailable: [`${iso(leave)}..${iso(leave + 11 * day)}`, ...(pick(2, "away", key) ? [`${iso(spring)}..${iso(spring + 4 * day)}`] : [])].sort().join("|"),
      assistant_name: e.assistant ?? "",
      assistant_email: e.assistant ? `${e.mailbox}-office@northlight.example` : "",
    };
  });
}

// What happened in the autumn of 2026: most went out, some only to trade
// shows, some not at all for too long.
function history(customerRows) {
  const out = [];
  const busy = new Set();
  const free = (...keys) => keys.every((k) => !busy.has(k));
  for (const e of EXECUTIVES) {
    const executive = `exec-${e.mailbox}`;
    const weeks = [-9, -6, -3, -1].slice(pick(3, "visits", executive), pick(4, "until", executive) === 0 ? 2 : 4);
    for (const week of weeks) {
      const n = out.length;
      const customer = customerRows[pick(customerRows.length, "customer", executive, String(week))];
      const when = iso(date("2026-11-16") + (week * 7 + pick(4, "day", executive, String(week))) * day);
      const half = pick(2, "half", executive, String(week)) ? "am" : "pm";
      if (["2026-09-07", "2026-10-12", "2026-11-11"].includes(when)) continue; // public holidays
      if (!free(`${executive}${when}${half}`, `${customer.host}${when}${half}`)) continue;
      busy.add(`${executive}${when}${half}`).add(`${customer.host}${when}${half}`);
      const kind = ["onsite", "onsite", "onsite", "onsite", "onsite", "trade_show", "online", "conference"][pick(8, "kind", executive, String(week))];
      const withHost = kind === "onsite" && pick(10, "with", executive, String(n)) > 0;
      const held = pick(12, "held", executive, String(week)) > 0;
      out.push({
        executive, customer: customer.key, host: withHost ? customer.host : "", date: when, half, kind,
        with_host: withHost ? "yes" : "no", held: held ? "yes" : "no",
        note: held ? (kind === "trade_show" ? "Met at the booth" : "") : "Called off by the customer the day before",
      });
    }
  }
  return out.sort((a, b) => (a.date + a.half + a.executive < b.date + b.half + b.executive ? -1 : 1));
}

// Whom the account teams would have picked, had one asked them: the satisfied and
// those about to sign first, then whoever is near an office of ours, the biggest
// first. It is there to be held against the draw.
function picks(customerRows, n) {
  const friendly = { satisfaction: 0, commitment: 1, expectations: 2 };
  const rank = (c) => (friendly[c.buying_stage] ?? 3) * 2 + (["Northeast", "West"].includes(c.region) ? 0 : 1);
  return customerRows
    .toSorted((a, b) => rank(a) - rank(b) || b.revenue - a.revenue || (a.key < b.key ? -1 : 1))
    .slice(0, n)
    .map((c) => ({ customer: c.name, region: c.region, team: c.host }));
}

const customerRows = customers();
const hostRows = hosts(customerRows);
const visitRows = history(customerRows);
const executiveRows = executives(visitRows);
for (const [what, rows, n] of [["customers", customerRows, 500], ["hosts", hostRows, 40], ["executives", executiveRows, 24]]) {
  if (rows.length !== n || new Set(rows.map((r) => r.key)).size !== n) throw new Error(`expected ${n} different ${what}, made ${rows.length}`);
}
writeCSV("customers.csv", customerRows);
writeCSV("executives.csv", executiveRows);
writeCSV("hosts.csv", hostRows);
writeCSV("visits.csv", visitRows);
writeCSV("picks.csv", picks(customerRows, 310));
