// Which industry a company of the Fortune list belongs to: that of the same name
// in the list of index constituents; else that of the name it has taken since;
// else what its own name says; else "Other".

const SUFFIXES = /\b(inc|corp|corporation|company|companies|cos|co|group|holding|holdings|plc|ltd|limited|the|class [abc]|com|brands|international|worldwide|technologies|systems|stores|bank corp)\b/g;

function plain(name) {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("&", " and ").replace(/[^a-z0-9 ]+/g, (c) => (/[.'’]/.test(c[0]) ? "" : " "))
    .replace(SUFFIXES, " ").replace(/\s+/g, " ").trim();
}

// Taken over, merged or renamed: the industry they are in under the later name,
// or, where no constituent carries it on, the industry by the same standard.
const SINCE = {
  "ADP": "Industrials", "AETNA": "Health Care", "AIG": "Financials", "AIRGAS": "Materials", "ALCOA": "Materials", "AMERISOURCEBERGEN": "Health Care",
  "ANADARKO PETROLEUM": "Energy", "ANDEAVOR": "Energy", "ANTHEM": "Health Care", "APACHE": "Energy", "ARCONIC": "Industrials",
  "BANK OF NEW YORK MELLON CORP.": "Financials", "BB&T CORP.": "Financials", "BED BATH & BEYOND": "Consumer Discretionary", "CALPINE": "Utilities",
  "CAMPBELL SOUP": "Consumer Staples", "CELGENE": "Health Care", "CENTURYLINK": "Communication Services", "CONAGRA FOODS": "Consumer Staples",
  "CBS": "Communication Services", "VIACOM": "Communication Services", "DISCOVER FINANCIAL SERVICES": "Financials", "DISNEY": "Communication Services",
  "DISCOVERY COMMUNICATIONS": "Communication Services", "DISH NETWORK": "Communication Services", "DOMINION RESOURCES": "Utilities", "DOW CHEMICAL": "Materials",
  "DR PEPPER SNAPPLE GROUP": "Consumer Staples", "EASTMAN CHEMICAL": "Materials", "ELI LILLY": "Health Care", "EXXON MOBIL": "Energy",
  "EXPRESS SCRIPTS HOLDING": "Health Care", "FACEBOOK": "Communication Services", "GENERAL ELECTRIC": "Industrials", "GOODYEAR TIRE & RUBBER": "Consumer Discretionary",
  "HARLEY-DAVIDSON": "Consumer Discretionary", "HARRIS": "Industrials", "HONEYWELL INTERNATIONAL": "Industrials", "J.P. MORGAN CHASE": "Financials",
  "L-3 COMMUNICATIONS": "Industrials", "LABORATORY CORP. OF AMERICA": "Health Care", "MONSANTO": "Materials", "NATIONAL OILWELL VARCO": "Energy",
  "PRAXAIR": "Materials", "PRICELINE GROUP": "Consumer Discretionary", "QUINTILES TRANSNATIONAL HOLDINGS": "Health Care", "RAYTHEON": "Industrials",
  "REYNOLDS AMERICAN": "Consumer Staples", "ROCKWELL COLLINS": "Industrials", "ST. JUDE MEDICAL": "Health Care", "SUNTRUST BANKS": "Financials",
  "SYMANTEC": "Information Technology", "TIME WARNER": "Communication Services", "TWENTY-FIRST CENTURY FOX": "Communication Services",
  "UNITED CONTINENTAL HOLDINGS": "Industrials", "UNITED TECHNOLOGIES": "Industrials", "UPS": "Industrials", "WALGREENS BOOTS ALLIANCE": "Consumer Staples",
  "WHOLE FOODS MARKET": "Consumer Staples", "YAHOO": "Communication Services", "COMPUTER SCIENCES CORPORATION": "Information Technology",
  "KELLOGG": "Consumer Staples", "MATTEL": "Consumer Discretionary", "MACY'S": "Consumer Discretionary", "KOHL'S": "Consumer Discretionary",
  "NORDSTROM": "Consumer Discretionary", "GAP": "Consumer Discretionary", "STAPLES": "Consumer Discretionary", "RITE AID": "Consumer Staples",
  "HERTZ GLOBAL HOLDINGS": "Industrials", "XEROX": "Information Technology", "WESTERN UNION": "Financials", "WHIRLPOOL": "Consumer Discretionary",
  "AMERICAN AIRLINES GROUP": "Industrials", "ALASKA AIR GROUP": "Industrials", "JETBLUE AIRWAYS": "Industrials", "FANNIE MAE": "Financials", "FREDDIE MAC": "Financials",
  "PUBLIX SUPER MARKETS": "Consumer Staples", "ALBERTSONS COS.": "Consumer Staples", "TOYS \"R\" US": "Consumer Discretionary", "SEARS HOLDINGS": "Consumer Discretionary",
  "YUM CHINA HOLDINGS": "Consumer Discretionary", "US FOODS HOLDING": "Consumer Staples", "ALLY FINANCIAL": "Financials", "ORACLE": "Information Technology",
  "STRYKER": "Health Care", "CIGNA": "Health Care", "USAA": "Financials", "TIAA": "Financials", "NATIONWIDE": "Financials", "PACIFIC LIFE": "Financials",
  "LINCOLN NATIONAL": "Financials", "WEYERHAEUSER": "Real Estate", "LOEWS": "Financials", "FIRST DATA": "Financials", "LAND O'LAKES": "Consumer Staples",
  "DEAN FOODS": "Consumer Staples", "OWENS CORNING": "Industrials", "AVON PRODUCTS": "Consumer Staples", "ALLEGHANY": "Financials", "MARKEL": "Financials",
  "CHS": "Consumer Staples", "JABIL CIRCUIT": "Information Technology", "ARROW ELECTRONICS": "Information Technology", "AVNET": "Information Technology",
  "TECH DATA": "Information Technology", "SYNNEX": "Information Technology", "SANMINA": "Information Technology", "INSIGHT ENTERPRISES": "Information Technology",
  "TENNECO": "Consumer Discretionary", "LEAR": "Consumer Discretionary", "AUTOLIV": "Consumer Discretionary", "DANA HOLDING": "Consumer Discretionary",
  "BORGWARNER": "Consumer Discretionary", "CARMAX": "Consumer Discretionary", "HCA HOLDINGS": "Health Care", "PATTERSON": "Health Care", "OWENS & MINOR": "Health Care",
  "AMAZON.COM": "Consumer Discretionary", "MERCK": "Health Care", "DEERE": "Industrials", "INTL FCSTONE": "Financials", "MARSH & MCLENNAN": "Financials",
  "D.R. HORTON": "Consumer Discretionary", "JACOBS ENGINEERING GROUP": "Industrials", "W.W. GRAINGER": "Industrials", "SALESFORCE.COM": "Information Technology",
  "W.R. BERKLEY": "Financials", "A-MARK PRECIOUS METALS": "Materials", "EXPEDITORS INTERNATIONAL OF WASHINGTON": "Industrials",
  "DAVITA HEALTHCARE PARTNERS": "Health Care", "SEMPRA ENERGY": "Utilities", "VISTRA ENERGY": "Utilities",
  "KINDRED HEALTHCARE": "Health Care", "PHILIP MORRIS INTERNATIONAL": "Consumer Staples", "LIBERTY MEDIA": "Communication Services",
};

// In this order: the first that fits decides.
const BY_NAME = [
  [/INSURANCE|MUTUAL|\bLIFE\b|FINANCIAL|BANCORP|\bBANK|MORGAN|GENWORTH|UNUM|ASSURANT|REINSURANCE|THRIVENT|OLD REPUBLIC|LEUCADIA|ALLIANCE DATA|VOYA/, "Financials"],
  [/ENERGY(?! GROUP$)|PETROLEUM|REFINING|PARTNERS|PLAINS|WORLD FUEL|DELEK|MURPHY USA|CST BRANDS|HOLLYFRONTIER|WILLIAMS/, "Energy"],
  [/HEALTH|MEDICAL|PHARM/, "Health Care"],
  [/FOOD|GROCER|INGREDION|SEABOARD|SPARTANNASH|SUPERVALU|CORE-MARK|UNITED NATURAL|LAUDER|ESSENDANT/, "Consumer Staples"],
  [/AUTOMOTIVE|MOTORS|RETAIL|STORES?\b|DEPOT|CLOTH|SPORTING|HOME|BROTHERS|LAUREN|HANES|PVH|\bVF\b|L BRANDS|MICHAELS|MOHAWK|NEWELL|DILLARD|GAMESTOP|FOOT LOCKER|BIG LOTS|PENNEY|AUTO PARTS|LKQ|ARAMARK|WYNDHAM|HARMAN|INTERACTIVE|AUTONATION|CALATLANTIC|TRAVELCENTERS/, "Consumer Discretionary"],
  [/STEEL|CHEM|ALUMINUM|MINING|PAPER|PACKAGING|GLOBAL GROUP|CELANESE|HUNTSMAN|OLIN|UNIVAR|CROWN|SEALED AIR|OWENS-ILLINOIS|MOSAIC|WESTROCK|VERITIV|GRACE/, "Materials"],
  [/MEDIA|COMMUNICATION|NETWORK|WINDSTREAM|INTERPUBLIC|ACTIVISION|DONNELLEY/, "Communication Services"],
  [/HOLDINGS? (?:AEROSYSTEMS)|AIR|MANPOWER|KELLY|ROBERT HALF|LOGISTICS|RYDER|NAVISTAR|OSHKOSH|TEREX|AGCO|FLUOR|KIEWIT|AECOM|CH2M|ABM|ANIXTER|WESCO|GRAYBAR|SUPPLY|BOOZ|AEROSYSTEMS|PETER|ICAHN|HRG|AVIS|SPIRIT/, "Industrials"],
  [/REALTY|REALOGY|JONES LANG|PROPERTY/, "Real Estate"],
  [/TECH|NCR|SOFTWARE|COMPUT/, "Information Technology"],
  [/POWER|UTIL|ELECTRIC|UGI|GAS\b/, "Utilities"],
];

export function industryOf(name, sectors) {
  if (SINCE[name]) return SINCE[name];
  const wanted = plain(name);
  const same = sectors.find(([n]) => plain(n) === wanted);
  if (same) return same[1];
  // "AIR PRODUCTS & CHEMICALS" and "Air Products": one begins with the other's two words or more.
  const near = sectors.find(([n]) => {
    const [a, b] = [plain(n), wanted].sort((x, y) => x.length - y.length);
    return a.split(" ").length >= 2 && (b + " ").startsWith(a + " ");
  });
  if (near) return near[1];
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? "Other";
}
