package intake

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Existing is what is stored already. Empty maps are fine.
type Existing struct {
	// Stored holds the records of the file's kind by key. A row starts from its
	// stored record, so that columns which the file lacks change nothing.
	Stored map[string]Record
	// References: keys and e-mail addresses (in lower case) -> key. Customers have
	// keys only.
	Executives, Hosts, Customers map[string]string
	// Today, where given, is the last day on which a past visit can have been.
	Today slot.Date
}

// Refer adds a person or customer to a map of references by key and e-mail ("" = none).
func Refer(to map[string]string, key, email string) {
	to[strings.ToLower(key)] = key
	if email != "" {
		to[strings.ToLower(email)] = key
	}
}

// Parse decides for every row what an import would do. The error (Invalid) is
// about the mapping alone; troubles in rows are in the report. The report keeps
// table, mapping and existing and must see them unchanged; it must be used by one
// goroutine at a time.
//
// A column that is not mapped leaves the stored value as it is; an empty cell of
// a mapped column empties it.
func Parse(kind Kind, table *Table, mapping Mapping, existing Existing) (*Report, error) {
	if err := mapping.Check(kind, table.Headers); err != nil {
		return nil, err
	}
	if err := geo.Ready(); err != nil {
		return nil, err
	}
	p := &parser{kind: kind, table: table, mapping: mapping, existing: existing,
		places: map[[3]string]found{}, spellings: map[[2]string]string{}, spelt: map[[2]string]string{}, noHolidays: map[string]bool{}}
	for _, name := range sortedKeys(mapping) {
		if dimension, ok := strings.CutPrefix(name, DimensionPrefix); ok {
			p.dimensions = append(p.dimensions, dimension)
		}
	}
	if table.Format == "xlsx" {
		p.serial = since1900
		if table.date1904 {
			p.serial = since1904
		}
	}
	p.findTwins()
	report := &Report{Kind: kind, parser: p, actions: make([]Action, table.Len())}
	used := map[int]bool{}
	for _, column := range mapping {
		used[column] = true
	}
	for i, h := range table.Headers {
		if !used[i] && h != "" && !strings.EqualFold(h, ReasonHeader) {
			report.Ignored = append(report.Ignored, h)
		}
	}
	for _, f := range fieldTables[kind] {
		if _, ok := mapping[f.Name]; !ok {
			report.Absent = append(report.Absent, f.Name)
		}
	}
	var problems, warnings tally
	report.Counts.Rows = table.Len()
	for i := range table.Len() {
		row := p.row(i)
		report.actions[i] = row.Action
		switch row.Action {
		case Create:
			report.Counts.Create++
		case Update:
			report.Counts.Update++
		case Unchanged:
			report.Counts.Unchanged++
		default:
			report.Counts.Problem++
		}
		report.ProblemTotal += len(row.Problems)
		if room := MaxListed - len(report.Problems); room > 0 {
			report.Problems = append(report.Problems, row.Problems[:min(room, len(row.Problems))]...)
		}
		problems.add(row.Problems)
		warnings.add(row.Warnings)
	}
	report.Groups, report.Warnings = problems.result(), warnings.result()
	return report, nil
}

type parser struct {
	kind       Kind
	table      *Table
	mapping    Mapping
	existing   Existing
	dimensions []string
	serial     serials

	twins      [2]map[int]int       // row -> another row with the same key, the same e-mail
	places     map[[3]string]found  // city, country, region -> what the atlas says
	suggested  int                  // how many unknown cities were looked up for similar names
	spellings  map[[2]string]string // dimension and folded value -> the first spelling
	spelt      map[[2]string]string // the same for values as they are written
	noHolidays map[string]bool      // countries whose holidays we do not know
}

type found struct {
	place geo.Place
	ok    bool
	mend  string
}

// findTwins finds rows that name the same record, before any of them is judged:
// which of them is right we cannot know, so none of them is taken.
func (p *parser) findTwins() {
	keyed := [2]func(int) string{p.keyOf, nil}
	if p.kind == Executives || p.kind == Hosts {
		keyed[1] = func(i int) string { return strings.ToLower(p.text(i, "email")) }
	}
	for which, of := range keyed {
		p.twins[which] = map[int]int{}
		if of == nil {
			continue
		}
		first := make(map[string]int32, p.table.Len())
		for i := range p.table.Len() {
			key := of(i)
			if key == "" {
				continue
			}
			j, twice := first[key]
			if !twice {
				first[key] = int32(i)
				continue
			}
			p.twins[which][i] = int(j)
			if _, ok := p.twins[which][int(j)]; !ok {
				p.twins[which][int(j)] = i
			}
		}
	}
}

// keyOf gives the key of the record that a row is about, "" where the row does
// not say.
func (p *parser) keyOf(i int) string {
	if p.kind != PastVisits {
		return p.text(i, "key")
	}
	executive, ok1 := p.existing.Executives[strings.ToLower(p.text(i, "executive"))]
	customer, ok2 := p.existing.Customers[strings.ToLower(p.text(i, "customer"))]
	date, bad := parseDate(p.text(i, "date"), p.serial)
	if !ok1 || !ok2 || bad != nil {
		return ""
	}
	return PastVisitRecord{Executive: executive, Customer: customer, Date: date, Half: slot.Half(strings.ToLower(p.text(i, "half")))}.RecordKey()
}

func (p *parser) text(row int, field string) string {
	column, ok := p.mapping[field]
	if !ok {
		return ""
	}
	return clean(p.table.Cell(row, column))
}

func (p *parser) row(i int) Row {
	r := &reader{parser: p, at: i, row: Row{Index: i, Line: p.table.Line(i), Key: p.keyOf(i)}}
	if width := p.table.Width(i); width != len(p.table.Headers) {
		r.ragged(width)
	}
	r.twin(0, map[bool]string{true: "executive", false: "key"}[p.kind == PastVisits], "the same record only once in a file")
	r.twin(1, "email", "each e-mail address only once in a file")
	stored := p.existing.Stored[r.row.Key]
	var record Record
	switch p.kind {
	case Customers:
		old, _ := stored.(CustomerRecord)
		record = r.customer(old)
	case Executives:
		old, ok := stored.(ExecutiveRecord)
		if !ok {
			old = ExecutiveRecord{Role: "executive", MaxPerWeek: 2, MaxPerMonth: 4, TargetVisits: 12}
		}
		record = r.executive(old)
	case Hosts:
		old, _ := stored.(HostRecord)
		record = r.host(old)
	case PastVisits:
		old, ok := stored.(PastVisitRecord)
		if !ok {
			old = PastVisitRecord{Kind: Onsite, Held: true}
		}
		record = r.pastVisit(old)
	}
	switch {
	case len(r.row.Problems) > 0:
		r.row.Action = HasProblems
		return r.row
	case stored == nil:
		r.row.Action = Create
	case stored.Fingerprint() == record.Fingerprint():
		r.row.Action = Unchanged
	default:
		r.row.Action = Update
	}
	r.row.Record = record
	return r.row
}

// reader reads the cells of one row and collects what is wrong with them.
type reader struct {
	*parser
	at  int
	row Row
}

func (r *reader) has(field string) bool {
	_, ok := r.mapping[field]
	return ok
}

func (r *reader) get(field string) string { return r.text(r.at, field) }

func (r *reader) complain(field string, bad *complaint) {
	r.row.Problems = append(r.row.Problems, r.problem(field, r.get(field), bad))
}

func (r *reader) problem(field, value string, bad *complaint) Problem {
	column := ""
	if i, ok := r.mapping[field]; ok {
		column = columnName(r.table.Headers, i)
	}
	return Problem{r.row.Line, field, column, bad.trouble,
		fault.Detail{Where: where(r.row.Line, column), Value: fault.Short(value), Expected: bad.expected, Mend: bad.mend}}
}

func (r *reader) warn(field, value string, bad *complaint) {
	r.row.Warnings = append(r.row.Warnings, r.problem(field, value, bad))
}

func (r *reader) ragged(width int) {
	cells := len(r.table.Headers)
	extra := false
	for c := cells; c < width; c++ {
		extra = extra || clean(r.table.Cell(r.at, c)) != ""
	}
	if width > cells && !extra {
		return // separators at the end of a line say nothing
	}
	mend := "A missing separator shifts all cells to its right."
	if width > cells {
		mend = "Put cells that contain the separator into quotes."
	}
	r.row.Problems = append(r.row.Problems, r.problem("", fmt.Sprintf("%d cells", width),
		&complaint{"wrong number of cells", fmt.Sprintf("%d cells, as in the header", cells), mend}))
}

func (r *reader) twin(which int, field, expected string) {
	if other, ok := r.twins[which][r.at]; ok {
		r.complain(field, &complaint{"given twice", expected,
			fmt.Sprintf("Rows %d and %d say the same: keep one of them.", min(r.row.Line, r.table.Line(other)), max(r.row.Line, r.table.Line(other)))})
	}
}

// read sets to from a mapped cell; an empty cell sets the zero value, or is a
// problem where the field is required.
func read[T any](r *reader, field string, to *T, parse func(string) (T, *complaint)) {
	if !r.has(field) {
		return
	}
	var empty T
	readOr(r, field, to, empty, parse)
}

func readOr[T any](r *reader, field string, to *T, empty T, parse func(string) (T, *complaint)) {
	if !r.has(field) {
		return
	}
	s := r.get(field)
	if s == "" {
		if f, ok := fieldOf(r.kind, field); ok && f.Required {
			r.complain(field, &complaint{"empty", "a value: " + strings.ToLower(f.Doc[:1]) + strings.TrimSuffix(f.Doc[1:], "."), ""})
		}
		*to = empty
		return
	}
	v, bad := parse(s)
	if bad != nil {
		r.complain(field, bad)
		return
	}
	*to = v
}

func plain(s string) (string, *complaint) { return parseText(s, maxText) }

func (r *reader) intervals(s string) ([]slot.Interval, *complaint) {
	return parseIntervals(s, r.serial)
}

func (r *reader) date(s string) (slot.Date, *complaint) { return parseDate(s, r.serial) }

func (r *reader) number(least, most float64) func(string) (float64, *complaint) {
	return func(s string) (float64, *complaint) { return parseNumber(s, least, most, r.table.Separator == ';') }
}

func integer(least, most int) func(string) (int, *complaint) {
	return func(s string) (int, *complaint) { return parseInteger(s, least, most) }
}

func (r *reader) reference(known map[string]string, what string) func(string) (string, *complaint) {
	return func(s string) (string, *complaint) {
		if key, ok := known[strings.ToLower(s)]; ok {
			return key, nil
		}
		return "", &complaint{"unknown " + what, "the key or e-mail address of a known " + what, "Import the " + what + "s first, or correct it."}
	}
}

func (r *reader) customer(c CustomerRecord) CustomerRecord {
	read(r, "key", &c.Key, parseKey)
	read(r, "name", &c.Name, plain)
	read(r, "address", &c.Address, plain)
	c.Place = r.place(c.Place, true)
	read(r, "host", &c.Host, r.reference(r.existing.Hosts, "host"))
	read(r, "revenue", &c.Revenue, r.number(0, 1e9))
	read(r, "employees", &c.Employees, integer(0, 100_000_000))
	read(r, "requires", &c.Requires, parseTags)
	read(r, "prefers", &c.Prefers, parsePreferences)
	read(r, "windows", &c.Windows, r.intervals)
	read(r, "blackouts", &c.Blackouts, r.intervals)
	read(r, "min_spacing_days", &c.MinSpacingDays, integer(0, 366))
	read(r, "must_visit", &c.MustVisit, parseYes)
	read(r, "contact_name", &c.Contact.Name, plain)
	read(r, "contact_email", &c.Contact.Email, parseEmail)
	read(r, "contact_phone", &c.Contact.Phone, plain)
	r.values(&c)
	if r.has("host") && c.Host == "" && r.get("host") == "" {
		r.warn("host", "", &complaint{"no host", "the salesperson who owns the account", "Only visits with the host count for the 30-day clock."})
	}
	r.warnHolidays("country", c.Place.Country)
	return c
}

func (r *reader) values(c *CustomerRecord) {
	if len(r.dimensions) == 0 {
		return
	}
	values := make(map[string]string, len(c.Values)+len(r.dimensions))
	for d, v := range c.Values {
		values[d] = v
	}
	for _, d := range r.dimensions {
		field := DimensionPrefix + d
		v := r.get(field)
		if v == "" {
			delete(values, d)
			continue
		}
		if _, bad := parseText(v, 100); bad != nil {
			r.complain(field, bad)
			continue
		}
		v = strings.Join(strings.Fields(v), " ")
		values[d] = v
		// "Energy" and "energy" would be two strata.
		if first := r.firstSpelling(d, v); first != v {
			r.warn(field, v, &complaint{"spelt in two ways", "one spelling of each value", fmt.Sprintf("Another row says %q.", fault.Short(first))})
		}
	}
	if c.Values = values; len(values) == 0 {
		c.Values = nil
	}
}

// firstSpelling gives how the value was first written in the file.
func (r *reader) firstSpelling(dimension, value string) string {
	raw := [2]string{dimension, value}
	if first, ok := r.spelt[raw]; ok {
		return first
	}
	folded := [2]string{dimension, geo.Fold(value)}
	first, ok := r.spellings[folded]
	if !ok {
		first = value
	}
	if len(r.spelt) < 10_000 { // a column with more values is no dimension
		r.spellings[folded], r.spelt[raw] = first, first
	}
	return first
}

func (r *reader) executive(e ExecutiveRecord) ExecutiveRecord {
	read(r, "key", &e.Key, parseKey)
	read(r, "name", &e.Name, plain)
	read(r, "email", &e.Email, parseEmail)
	r.owned("email", e.Email, e.Key, r.existing.Executives)
	read(r, "function", &e.Function, plain)
	readOr(r, "role", &e.Role, "executive", choice("executive", "ceo", "vp"))
	e.Office = r.place(e.Office, true)
	before := e.Calendar
	read(r, "calendar", &e.Calendar, country)
	if e.Calendar == "" || !r.has("calendar") && before == "" {
		e.Calendar = e.Office.Country
	}
	read(r, "tags", &e.Tags, parseTags)
	readOr(r, "max_per_week", &e.MaxPerWeek, 2, integer(1, 14))
	readOr(r, "max_per_month", &e.MaxPerMonth, 4, integer(1, 62))
	readOr(r, "target_visits", &e.TargetVisits, 12, integer(0, 366))
	read(r, "last_visit", &e.LastVisit, r.date)
	read(r, "joined", &e.Joined, r.date)
	read(r, "left", &e.Left, r.date)
	read(r, "unavailable", &e.Unavailable, r.intervals)
	read(r, "assistant_name", &e.AssistantName, plain)
	read(r, "assistant_email", &e.AssistantEmail, parseEmail)
	if e.AssistantName != "" && e.AssistantEmail == "" {
		r.warn("assistant_email", "", &complaint{"assistant without e-mail address", "an e-mail address, to which invitations to sign in go", ""})
	}
	r.warnHolidays("calendar", e.Calendar)
	return e
}

func (r *reader) host(h HostRecord) HostRecord {
	read(r, "key", &h.Key, parseKey)
	read(r, "name", &h.Name, plain)
	read(r, "email", &h.Email, parseEmail)
	r.owned("email", h.Email, h.Key, r.existing.Hosts)
	read(r, "phone", &h.Phone, plain)
	h.Place = r.place(h.Place, false)
	read(r, "unavailable", &h.Unavailable, r.intervals)
	return h
}

// owned refuses an e-mail address that belongs to somebody else already: two
// people cannot share a calendar.
func (r *reader) owned(field, email, key string, known map[string]string) {
	if owner, ok := known[email]; ok && email != "" && key != "" && owner != key && !strings.EqualFold(owner, email) {
		r.complain(field, &complaint{"belongs to somebody else", "an e-mail address of its own for everybody", fmt.Sprintf("It belongs to %s.", fault.Short(owner))})
	}
}

func (r *reader) pastVisit(v PastVisitRecord) PastVisitRecord {
	read(r, "executive", &v.Executive, r.reference(r.existing.Executives, "executive"))
	read(r, "customer", &v.Customer, r.reference(r.existing.Customers, "customer"))
	hadHost := v.Host != ""
	read(r, "host", &v.Host, r.reference(r.existing.Hosts, "host"))
	read(r, "date", &v.Date, func(s string) (slot.Date, *complaint) {
		d, bad := r.date(s)
		if bad == nil && !r.existing.Today.IsZero() && d > r.existing.Today {
			return 0, &complaint{"in the future", "a date up to " + r.existing.Today.String(), "Visits to come belong into a plan."}
		}
		return d, bad
	})
	read(r, "half", &v.Half, func(s string) (slot.Half, *complaint) {
		h, err := slot.ParseHalf(strings.ToLower(s))
		if err != nil {
			return "", &complaint{"bad half-day", "am or pm", ""}
		}
		return h, nil
	})
	readOr(r, "kind", &v.Kind, Onsite, choice(Onsite, Online, TradeShow, Conference))
	if !r.has("with_host") && !hadHost && v.Host != "" {
		v.WithHost = true
	}
	readOr(r, "with_host", &v.WithHost, v.Host != "", parseYes)
	readOr(r, "held", &v.Held, true, parseYes)
	read(r, "note", &v.Note, func(s string) (string, *complaint) { return parseText(s, 2000) })
	return v
}

func choice(values ...string) func(string) (string, *complaint) {
	return func(s string) (string, *complaint) {
		s = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s), " ", "_"), "-", "_")
		if s == "on_site" {
			s = Onsite
		}
		if slices.Contains(values, s) {
			return s, nil
		}
		return "", &complaint{"none of the choices", "one of " + strings.Join(values, ", "), ""}
	}
}

func country(s string) (string, *complaint) {
	code, ok := geo.CountryCode(s)
	if !ok {
		return "", &complaint{"unknown country", "a country code or name such as CH or Switzerland", ""}
	}
	return code, nil
}

func (r *reader) warnHolidays(field, code string) {
	if code == "" || len(r.row.Problems) > 0 {
		return
	}
	unknown, asked := r.noHolidays[code]
	if !asked {
		unknown = !slot.HolidaysKnown(code)
		r.noHolidays[code] = unknown
	}
	if unknown {
		r.warn(field, code, &complaint{"holidays not known", "a country whose public holidays we know", "Weekends are kept; enter the holidays as blackouts."})
	}
}
