// The sources write in capitals; people do not.

// Words that are spelt in a way of their own.
const WORDS = Object.fromEntries(
  ("3M AECOM AES AGCO AIG AK AT&T BB&T CBRE CBS CDW CHS CH2M CMS CSX CST CVS DTE EMCOR EOG GP HCA HD HP HRG IBM INTL LKQ LPL MGM NCR NGL NRG NVR " +
    "ONEOK PACCAR PBF PG&E PNC PPG PPL PVH TIAA TJX UGI UPS US USA USAA VF WEC XPO M&T S&P SW NW NE SE AMC ADP ABM A-Mark AbbVie AutoNation AutoZone " +
    "BlackRock BorgWarner CalAtlantic CarMax CenterPoint CenturyLink ConocoPhillips DaVita DuPont eBay FedEx FirstEnergy FirstSource GameStop " +
    "HanesBrands HollyFrontier iHeartMedia JetBlue KeyCorp LifePoint ManpowerGroup MasterCard McDonald's McKesson McLennan McMoRan MetLife NetApp " +
    "NextEra OfficeMax O'Reilly O'Lakes PayPal PepsiCo PulteGroup SpartanNash SunTrust TravelCenters TreeHouse UnitedHealth WellCare WestRock " +
    "AmerisourceBergen AmTrust FCStone Freeport-McMoRan Amazon.com Salesforce.com P.O. McLean MacArthur M-63 LaSalle AeroSystems")
    .split(" ").map((w) => [w.toUpperCase(), w]),
);
const SMALL = new Set(["OF", "FOR", "AND", "THE", "ON"]);

function word(w, first) {
  if (WORDS[w]) return WORDS[w];
  if (SMALL.has(w) && !first) return w.toLowerCase();
  if (/^([A-Z]\.)+$/.test(w) || /^[0-9]+(ST|ND|RD|TH)$/.test(w)) return /^[A-Z]/.test(w) ? w : w.toLowerCase();
  // Parts around hyphens, and letters after an opening quote, begin anew.
  return w.toLowerCase().replace(/(^|[-"(/])([a-z])/g, (_, before, letter) => before + letter.toUpperCase());
}

const title = (text) => text.trim().split(/\s+/).map((w, i) => word(w, i === 0)).join(" ");

export function companyName(text) {
  return title(text)
    .replace(/\bIns\. Co\./, "Insurance Company")
    .replace(/\bCos\.$/, "Companies")
    .replace("Estee", "Estée");
}

export const cityName = (text) =>
  title(text).replace(/^Saint (Louis|Paul)$/, "St. $1").replace("Inver Grove Height", "Inver Grove Heights").replace(/Heightss$/, "Heights");

export const streetName = (text) => (text === "NOT AVAILABLE" ? "" : title(text));

export const customerSlug = (text) =>
  text.toLowerCase().replaceAll("&", " and ").replace(".com", "-com").replace(/['’".]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
