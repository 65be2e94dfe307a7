package intake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/geo"
)

// Mapping says which column (counted from 0) gives which field. Its keys are the
// names of Fields, and DimensionPrefix + name for dimensions.
type Mapping map[string]int

// Confidence says how a guess was come by.
type Confidence string

const (
	Exact   Confidence = "exact"   // the header is the field's own name
	Synonym Confidence = "synonym" // a known other name
	Fuzzy   Confidence = "fuzzy"   // it only looks like one: people should check
	None    Confidence = "none"    // the column will be ignored
)

// Guess says what a column seems to be.
type Guess struct {
	Column     int        `json:"column"` // from 0
	Header     string     `json:"header"`
	Field      string     `json:"field,omitempty"`
	Confidence Confidence `json:"confidence"`
}

// Match guesses for every header which field it is. No field is given twice; the
// surer guess wins, then the column further left.
func Match(kind Kind, headers []string) []Guess {
	type candidate struct {
		column, rank, distance int
		field                  string
	}
	names := namesOf(kind)
	var all []candidate
	for i, h := range headers {
		folded := geo.Fold(h)
		if folded == "" || folded == geo.Fold(ReasonHeader) {
			continue // the reason column of a file of rejected rows
		}
		if rest, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(h)), "dimension"); ok && kind == Customers {
			if name := DimensionName(strings.TrimLeft(rest, ": ")); strings.HasPrefix(strings.TrimSpace(rest), ":") && name != "" {
				all = append(all, candidate{i, 0, 0, DimensionPrefix + name})
				continue
			}
		}
		for _, n := range names {
			switch {
			case folded == n.folded && n.own:
				all = append(all, candidate{i, 0, 0, n.field})
			case folded == n.folded:
				all = append(all, candidate{i, 1, 0, n.field})
			default:
				if d, ok := looksLike(folded, n.folded); ok {
					all = append(all, candidate{i, 2, d, n.field})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.distance, b.distance), cmp.Compare(a.column, b.column))
	})
	guesses := make([]Guess, len(headers))
	for i, h := range headers {
		guesses[i] = Guess{Column: i, Header: h, Confidence: None}
	}
	taken := map[string]bool{}
	for _, c := range all {
		if g := &guesses[c.column]; g.Field == "" && !taken[c.field] {
			g.Field, g.Confidence = c.field, []Confidence{Exact, Synonym, Fuzzy}[c.rank]
			taken[c.field] = true
		}
	}
	return guesses
}

type fieldName struct {
	folded, field string
	own           bool // the canonical name
}

func namesOf(kind Kind) []fieldName {
	var out []fieldName
	for _, f := range fieldTables[kind] {
		out = append(out, fieldName{geo.Fold(f.Name), f.Name, true})
		for _, s := range f.synonyms {
			out = append(out, fieldName{geo.Fold(s), f.Name, false})
		}
	}
	if kind == Customers {
		for _, d := range ownDimensions {
			out = append(out, fieldName{geo.Fold(d.name), DimensionPrefix + d.name, true})
			for _, s := range d.synonyms {
				out = append(out, fieldName{geo.Fold(s), DimensionPrefix + d.name, false})
			}
		}
	}
	return out
}

// looksLike says whether a header is a misspelt or decorated name ("Citty",
// "Employees (2026)"), and how far from it.
func looksLike(header, name string) (distance int, ok bool) {
	if len(name) < 4 || len(header) < 4 {
		return 0, false
	}
	if d := geo.Distance(header, name, len(name)/5+1); d <= len(name)/5+1 && d*3 < len(name) {
		return d, true
	}
	if strings.Contains(" "+header+" ", " "+name+" ") {
		return 10 + len(header) - len(name), true
	}
	return 0, false
}

// MappingOf takes every guess for granted.
func MappingOf(guesses []Guess) Mapping {
	m := Mapping{}
	for _, g := range guesses {
		if g.Field != "" {
			m[g.Field] = g.Column
		}
	}
	return m
}

// Check says whether the mapping can be used for a file of this kind with these
// headers; the error (Invalid) has one detail per thing that is wrong.
func (m Mapping) Check(kind Kind, headers []string) error {
	if _, ok := fieldTables[kind]; !ok {
		return unknownKind(kind)
	}
	var details []fault.Detail
	users := map[int]string{}
	for _, name := range sortedKeys(m) {
		column := m[name]
		dimension, isDimension := strings.CutPrefix(name, DimensionPrefix)
		_, known := fieldOf(kind, name)
		switch {
		case isDimension && kind != Customers, !isDimension && !known:
			details = append(details, fault.Detail{Where: fault.Short(name), Expected: "a field of a " + string(kind) + " file"})
		case isDimension && (dimension == "" || dimension != DimensionName(dimension) || len(dimension) > 60):
			details = append(details, fault.Detail{Where: fault.Short(name), Expected: "a name of a dimension such as industry: lower case, words joined by _, at most 60 letters"})
		case column < 0 || column >= len(headers):
			details = append(details, fault.Detail{Where: name, Value: fmt.Sprint(column), Expected: fmt.Sprintf("a column from 0 to %d", len(headers)-1)})
		case users[column] != "":
			details = append(details, fault.Detail{Where: columnName(headers, column), Expected: "one field for each column",
				Mend: fmt.Sprintf("Choose either %s or %s.", users[column], name)})
		default:
			users[column] = name
		}
	}
	for _, f := range fieldTables[kind] {
		if _, ok := m[f.Name]; f.Required && !ok {
			details = append(details, fault.Detail{Where: f.Name, Expected: "a column for it: " + f.Doc,
				Mend: "Choose the column, or add one named " + f.Name + "."})
		}
	}
	if len(details) > 0 {
		return fault.Invalidf("The columns do not fit yet.").With(details...)
	}
	return nil
}

func unknownKind(kind Kind) error {
	return fault.Invalidf("There is no such kind of file.").With(fault.Detail{
		Where: "kind", Value: fault.Short(string(kind)), Expected: "customers, executives, hosts or visits"})
}

func sortedKeys(m Mapping) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
