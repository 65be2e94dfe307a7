package geo

import "strings"

// CountryCode gives the ISO 3166 alpha-2 code for a code or an English name (and
// a few in other languages), in any case.
func CountryCode(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 2 {
		code := strings.ToUpper(s)
		if _, ok := countryNames[code]; ok {
			return code, true
		}
	}
	folded := Fold(s)
	if code, ok := countryAliases[folded]; ok {
		return code, true
	}
	code, ok := countriesByName[folded]
	return code, ok
}

// CountryName gives the usual English name of a country code, "" for an unknown one.
func CountryName(code string) string { return countryNames[code] }

// derived from the tables beside, never changed
var (
	countriesByName = byFoldedName(countryNames)
	statesByName    = byFoldedName(usStates)
)

func byFoldedName(names map[string]string) map[string]string {
	m := make(map[string]string, len(names))
	for code, name := range names {
		m[Fold(name)] = code
	}
	return m
}

var usStates = map[string]string{
	"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado", "CT": "Connecticut",
	"DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
	"IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
	"MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana",
	"NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
	"NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
	"RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah",
	"VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}

// GeoNames numbers the divisions of these countries; people use letters.
var numbered = map[string]map[string]string{
	"CA": {"AB": "01", "BC": "02", "MB": "03", "NB": "04", "NL": "05", "NS": "07", "ON": "08", "PE": "09", "QC": "10", "YT": "12", "NT": "13", "NU": "14"},
	"AU": {"ACT": "01", "NSW": "02", "NT": "03", "QLD": "04", "SA": "05", "TAS": "06", "VIC": "07", "WA": "08"},
}

var spelled = map[string]map[string]string{
	"CA": {
		"alberta": "AB", "british columbia": "BC", "manitoba": "MB", "new brunswick": "NB", "newfoundland and labrador": "NL",
		"nova scotia": "NS", "ontario": "ON", "prince edward island": "PE", "quebec": "QC", "yukon": "YT",
		"northwest territories": "NT", "nunavut": "NU",
	},
	"AU": {
		"australian capital territory": "ACT", "new south wales": "NSW", "northern territory": "NT", "queensland": "QLD",
		"south australia": "SA", "tasmania": "TAS", "victoria": "VIC", "western australia": "WA",
	},
}

// RegionCode gives the usual short form of a region where we know the country's
// regions ("Texas" -> "TX" in US, CA and AU); ok is false where we know them and
// this is none. Elsewhere the region comes back as it was given, trimmed.
func RegionCode(country, region string) (code string, ok bool) {
	region = strings.TrimSpace(region)
	if region == "" {
		return "", true
	}
	upper := strings.ToUpper(region)
	if country == "US" {
		if _, ok := usStates[upper]; ok {
			return upper, true
		}
		code, ok := statesByName[Fold(region)]
		return code, ok
	}
	numbers, known := numbered[country]
	if !known {
		return region, true
	}
	if _, ok := numbers[upper]; ok {
		return upper, true
	}
	code, ok = spelled[country][Fold(region)]
	return code, ok
}

// RegionName gives the short form in which a GeoNames division is shown: letters
// where people use letters, "" where the division is a bare number.
func RegionName(country, division string) string {
	for code, number := range numbered[country] {
		if number == division {
			return code
		}
	}
	if division == "" || division[0] >= '0' && division[0] <= '9' {
		return ""
	}
	return division
}

// divisionOf gives the GeoNames division of a region, "" where there is none;
// strict says that a city outside it must not be taken instead.
func divisionOf(country, region string) (division string, strict bool) {
	code, ok := RegionCode(country, region)
	if code == "" || !ok {
		return "", false
	}
	if number, ok := numbered[country][code]; ok {
		return number, true
	}
	return strings.ToUpper(code), country == "US"
}
