package intake

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"windshield/internal/geo"
)

// DimensionPrefix begins the name of a field that is a dimension: the mapping
// "dimension:industry" puts a column into the dimension "industry".
const DimensionPrefix = "dimension:"

// Field is one thing that a file of a kind may say.
type Field struct {
	Name     string   `json:"name"`     // canonical header, and key of a Mapping
	Required bool     `json:"required"` // a column for it must be there, and every cell filled
	Doc      string   `json:"doc"`
	Example  string   `json:"example"`
	synonyms []string // other headers, folded
}

var placeFields = []Field{
	{"city", false, "City with 15,000 people or more; its coordinates and time zone follow.", "Zürich", []string{"town", "office city", "hq city", "headquarters city", "stadt", "ort", "ville", "location"}},
	{"state", false, "State or province; tells cities of one name apart.", "ZH", []string{"province", "state province", "office state", "hq state", "kanton", "canton", "bundesland", "county"}},
	{"country", false, "Country code or name; gives weekends and public holidays.", "CH", []string{"office country", "hq country", "country code", "land", "pays", "nation"}},
	{"lat", false, "Latitude in degrees, north positive; needed for places below 15,000 people, together with lon.", "47.3769", []string{"latitude", "office lat", "office latitude", "breitengrad", "breite"}},
	{"lon", false, "Longitude in degrees, east positive.", "8.5417", []string{"lng", "long", "longitude", "office lon", "office longitude", "langengrad", "lange"}},
	{"zone", false, "IANA time zone; only where it is not that of the nearest city.", "Europe/Zurich", []string{"time zone", "timezone", "tz", "zeitzone", "fuseau horaire"}},
}

func place(countryRequired bool, rest ...Field) []Field {
	fields := slices.Clone(placeFields)
	fields[2].Required = countryRequired
	return append(fields, rest...)
}

var fieldTables = map[Kind][]Field{
	Customers: slices.Concat([]Field{
		{"key", true, "Identifies the customer; stays the same from file to file.", "cust-0042", []string{"id", "customer id", "customer key", "account id", "account number", "account key", "customer number", "kundennummer", "code client", "crm id"}},
		{"name", true, "Name of the company.", "Alpine Instruments", []string{"company", "company name", "customer", "customer name", "account", "account name", "firma", "kunde", "nom", "client", "organization", "organisation"}},
		{"address", false, "Street address of the place to visit.", "Bahnhofstrasse 1", []string{"street", "street address", "adresse", "strasse", "rue", "address 1"}},
	}, place(true), []Field{
		{"host", false, "Key or e-mail of the salesperson who owns the account.", "host-01", []string{"account manager", "owner", "account owner", "salesperson", "sales rep", "rep", "host email", "host key", "kundenbetreuer", "responsable"}},
		{"revenue", false, "Yearly revenue in million US dollars.", "1250", []string{"revenues", "annual revenue", "sales", "turnover", "umsatz", "chiffre d affaires", "revenue musd"}},
		{"employees", false, "Number of employees.", "5400", []string{"headcount", "number of employees", "employee count", "staff", "mitarbeiter", "effectif"}},
		{"requires", false, "Tags that the visiting executive must have, separated by | or ;.", "security", []string{"required tags", "must have", "requires tags"}},
		{"prefers", false, "Tags that the customer would like, with points from 1 to 1000: tag=points, separated by |.", "product=200|cloud=50", []string{"preferred tags", "nice to have", "preferences"}},
		{"windows", false, "When to visit: START..END, separated by |.", "2027-03-01..2027-03-31|2027-09-06..2027-09-24", []string{"window", "visit windows", "key windows", "preferred dates", "zeitfenster"}},
		{"blackouts", false, "When not to visit: START..END or single dates, separated by |.", "2027-07-12..2027-07-30", []string{"blackout", "blackout dates", "do not visit", "closed", "sperrzeiten"}},
		{"min_spacing_days", false, "Least number of days between two visits, 0 to 366.", "90", []string{"min spacing", "spacing", "minimum spacing", "days between visits"}},
		{"must_visit", false, "yes: taken with certainty.", "no", []string{"must", "mandatory", "certainty", "strategic"}},
		{"contact_name", false, "Whom to ask for.", "Chief Procurement Officer", []string{"contact", "contact person", "primary contact", "ansprechpartner", "kontakt"}},
		{"contact_email", false, "The contact's e-mail address.", "procurement@customer.example", []string{"contact e mail", "contact mail"}},
		{"contact_phone", false, "The contact's telephone number.", "+41 44 000 00 00", []string{"contact telephone", "contact tel"}},
	}),
	Executives: slices.Concat([]Field{
		{"key", true, "Identifies the executive; stays the same from file to file.", "exec-ceo", []string{"id", "executive id", "executive key", "employee id", "personalnummer"}},
		{"name", true, "Name of the executive.", "Chief Executive", []string{"executive", "full name", "person", "nom", "executive name"}},
		{"email", true, "E-mail address; also that of the Google calendar.", "ceo@northlight.example", []string{"e mail", "mail", "email address", "calendar id", "courriel"}},
		{"function", false, "What the executive does.", "Chief Executive Officer", []string{"title", "job title", "position", "funktion", "fonction"}},
		{"role", false, "ceo, vp or executive; says which pages the person sees.", "ceo", []string{"windshield role", "rolle"}},
	}, place(true), []Field{
		{"calendar", false, "Country whose weekends and holidays hold, where it is not the office's.", "CH", []string{"holidays", "holiday calendar", "calendar country", "holiday country"}},
		{"tags", false, "What the executive can talk about, separated by | or ;.", "security|cloud", []string{"skills", "topics", "expertise", "themen"}},
		{"max_per_week", false, "Most visits in a week, 1 to 14; 2 where not given.", "2", []string{"weekly cap", "visits per week", "max week", "weekly limit"}},
		{"max_per_month", false, "Most visits in a month, 1 to 62; 4 where not given.", "4", []string{"monthly cap", "visits per month", "max month", "monthly limit"}},
		{"target_visits", false, "Visits wanted in the year, 0 to 366; 12 where not given.", "12", []string{"target", "visits target", "target per year", "visits per year", "ziel"}},
		{"last_visit", false, "Date of the last visit before the plan begins.", "2026-12-14", []string{"last visit date", "last customer visit", "letzter besuch"}},
		{"joined", false, "First day with the company; no visit before it counts.", "2024-03-01", []string{"joining date", "start date", "first day", "eintritt"}},
		{"left", false, "Last day with the company; the 30-day clock stops after it.", "", []string{"leaving date", "last day", "end date", "austritt"}},
		{"unavailable", false, "Leave and other absences: START..END or single dates, separated by |.", "2027-07-19..2027-08-06", []string{"leave", "absences", "vacation", "holiday", "away", "abwesenheit", "conges", "pto"}},
		{"assistant_name", false, "Who acts for the executive.", "Assistant to the Chief Executive", []string{"assistant", "ea", "executive assistant", "assistent", "assistenz"}},
		{"assistant_email", false, "The assistant's e-mail address.", "ceo-office@northlight.example", []string{"assistant e mail", "assistant mail", "ea email"}},
	}),
	Hosts: slices.Concat([]Field{
		{"key", true, "Identifies the host; stays the same from file to file.", "host-01", []string{"id", "host id", "host key", "employee id", "personalnummer"}},
		{"name", true, "Name of the salesperson.", "Account manager Zürich", []string{"host", "full name", "person", "salesperson", "account manager", "host name", "nom"}},
		{"email", true, "E-mail address.", "zurich@northlight.example", []string{"e mail", "mail", "email address", "courriel"}},
		{"phone", false, "Telephone number.", "+41 44 000 00 00", []string{"telephone", "tel", "mobile", "phone number", "telefon"}},
	}, place(false), []Field{
		{"unavailable", false, "Leave and other absences: START..END or single dates, separated by |.", "2027-07-19..2027-08-06", []string{"leave", "absences", "vacation", "holiday", "away", "abwesenheit", "conges", "pto"}},
	}),
	PastVisits: {
		{"executive", true, "Key or e-mail of the executive.", "exec-ceo", []string{"visitor", "executive key", "executive email", "executive id", "who"}},
		{"customer", true, "Key of the customer.", "cust-0042", []string{"customer key", "customer id", "account", "account id", "kunde", "client"}},
		{"host", false, "Key or e-mail of the salesperson who went along.", "host-01", []string{"host key", "host email", "account manager", "salesperson"}},
		{"date", true, "Day of the visit.", "2026-11-17", []string{"visit date", "day", "when", "datum", "date de visite"}},
		{"half", false, "am or pm.", "am", []string{"half day", "am pm", "time of day"}},
		{"kind", false, "onsite, online, trade_show or conference; onsite where not given.", "onsite", []string{"type", "visit type", "visit kind", "art"}},
		{"with_host", false, "yes where the salesperson was there; yes where not given and a host is named.", "yes", []string{"host present", "host attended", "accompanied"}},
		{"held", false, "yes where the visit took place; yes where not given.", "yes", []string{"took place", "happened", "done", "completed", "status"}},
		{"note", false, "Anything worth keeping, up to 2,000 characters.", "First meeting with the new board", []string{"notes", "comment", "comments", "remark", "bemerkung"}},
	},
}

// The dimensions of our own format: headers that need no mapping by hand.
var ownDimensions = []struct {
	name, example string
	synonyms      []string
}{
	{"industry", "Industrials", []string{"sector", "gics sector", "branche", "vertical", "secteur"}},
	{"segment", "Enterprise", []string{"customer segment", "tier", "market segment"}},
	{"size_band", "1-5 bn", []string{"size", "company size", "size class"}},
	{"region", "EMEA", []string{"sales region", "territory", "area", "gebiet", "geo"}},
	{"buying_stage", "research", []string{"stage", "sales stage", "buying phase", "kaufphase"}},
}

// BuyingStages are the steps of a customer's own buying, in their order: the
// values that the dimension buying_stage usually has.
func BuyingStages() []string {
	return []string{"change", "discontent", "research", "comparison", "fear", "commitment", "expectations", "satisfaction"}
}

// Fields gives the fields of a kind in the order of its template, dimensions apart.
func Fields(kind Kind) []Field { return slices.Clone(fieldTables[kind]) }

func fieldOf(kind Kind, name string) (Field, bool) {
	for _, f := range fieldTables[kind] {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Template writes a CSV file with the column names of a kind and one example row.
func Template(w io.Writer, kind Kind) error {
	if _, ok := fieldTables[kind]; !ok {
		return unknownKind(kind)
	}
	var header, example []string
	for _, f := range fieldTables[kind] {
		header, example = append(header, f.Name), append(example, Neutral(f.Example))
	}
	if kind == Customers {
		for _, d := range ownDimensions {
			header, example = append(header, d.name), append(example, d.example)
		}
	}
	c := csv.NewWriter(w)
	c.Write(header)
	c.Write(example)
	c.Flush()
	return c.Error()
}

// DimensionName gives the form in which dimensions are named: lower case, words
// joined by "_".
func DimensionName(s string) string { return strings.ReplaceAll(geo.Fold(s), " ", "_") }

// FieldLabel gives the name of a field for people: "Min spacing days".
func FieldLabel(name string) string {
	name = strings.ReplaceAll(strings.TrimPrefix(name, DimensionPrefix), "_", " ")
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
