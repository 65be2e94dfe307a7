// Package intake turns the files that people bring (CSV, XLSX) into proposed
// roster changes and one problem per bad cell. It decides and explains; it
// stores nothing.
package intake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Kind says what the rows of a file are.
type Kind string

const (
	Customers  Kind = "customers"
	Executives Kind = "executives"
	Hosts      Kind = "hosts"
	PastVisits Kind = "visits"
)

// Kinds lists every kind in the order in which files should be imported:
// customers refer to hosts, past visits to everybody.
func Kinds() []Kind { return []Kind{Hosts, Executives, Customers, PastVisits} }

// Record is what a good row says: a CustomerRecord, ExecutiveRecord, HostRecord
// or PastVisitRecord (values, never pointers).
type Record interface {
	// RecordKey identifies the record among those of its kind.
	RecordKey() string
	// Fingerprint is equal for two records exactly when they say the same. It is
	// stable between versions as long as the record's fields are.
	Fingerprint() string
}

// CustomerRecord is one row of a customers file.
type CustomerRecord struct {
	Key            string            `json:"key"`
	Name           string            `json:"name"`
	Address        string            `json:"address,omitempty"`
	Place          geo.Place         `json:"place"`               // its Country gives the working calendar
	Host           string            `json:"host,omitempty"`      // key of a host, "" where nobody owns the account yet
	Revenue        float64           `json:"revenue,omitempty"`   // a year, in million US dollars; 0 = not known
	Employees      int               `json:"employees,omitempty"` // 0 = not known
	Values         map[string]string `json:"values,omitempty"`    // dimension -> value, such as "industry" -> "Energy"
	Requires       []string          `json:"requires,omitempty"`  // tags an executive must have; sorted
	Prefers        []Preference      `json:"prefers,omitempty"`   // sorted by tag
	Windows        []slot.Interval   `json:"windows,omitempty"`   // sorted by start
	Blackouts      []slot.Interval   `json:"blackouts,omitempty"` // sorted by start
	MinSpacingDays int               `json:"min_spacing_days,omitempty"`
	MustVisit      bool              `json:"must_visit,omitempty"`
	Contact        Contact           `json:"contact"`
}

// Preference is a tag that the customer would like the visitor to have, and how
// much, in points of the plan's cost.
type Preference struct {
	Tag    string `json:"tag"`
	Points int    `json:"points"` // 1 to 1,000
}

// Contact is the person (or function) to ask for at the customer.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"` // lower case
	Phone string `json:"phone,omitempty"`
}

// ExecutiveRecord is one row of an executives file.
type ExecutiveRecord struct {
	Key            string          `json:"key"`
	Name           string          `json:"name"`
	Email          string          `json:"email"` // lower case; also the id of the calendar
	Function       string          `json:"function,omitempty"`
	Role           string          `json:"role,omitempty"` // "ceo", "vp" or "executive"
	Office         geo.Place       `json:"office"`
	Calendar       string          `json:"calendar"` // country whose weekends and holidays hold; the office's where not given
	Tags           []string        `json:"tags,omitempty"`
	MaxPerWeek     int             `json:"max_per_week"`
	MaxPerMonth    int             `json:"max_per_month"`
	TargetVisits   int             `json:"target_visits"`
	LastVisit      slot.Date       `json:"last_visit"`
	Joined         slot.Date       `json:"joined,omitzero"`
	Left           slot.Date       `json:"left,omitzero"`
	Unavailable    []slot.Interval `json:"unavailable,omitempty"`
	AssistantName  string          `json:"assistant_name,omitempty"`
	AssistantEmail string          `json:"assistant_email,omitempty"` // lower case
}

// HostRecord is one row of a hosts file.
type HostRecord struct {
	Key         string          `json:"key"`
	Name        string          `json:"name"`
	Email       string          `json:"email"` // lower case
	Phone       string          `json:"phone,omitempty"`
	Place       geo.Place       `json:"place"` // zero where no city was given
	Unavailable []slot.Interval `json:"unavailable,omitempty"`
}

// The kinds of contact with a customer that a past visit may have been. Only
// Onsite, held, with the host, stops the 30-day clock.
const (
	Onsite     = "onsite"
	Online     = "online"
	TradeShow  = "trade_show"
	Conference = "conference"
)

// PastVisitRecord is one row of a past visits file.
type PastVisitRecord struct {
	Executive string    `json:"executive"` // key
	Customer  string    `json:"customer"`  // key
	Host      string    `json:"host,omitempty"`
	Date      slot.Date `json:"date"`
	Half      slot.Half `json:"half,omitempty"` // "" = not known
	Kind      string    `json:"kind"`           // Onsite, Online, TradeShow or Conference
	WithHost  bool      `json:"with_host"`
	Held      bool      `json:"held"`
	Note      string    `json:"note,omitempty"`
}

// RecordKey gives the customer's key.
func (r CustomerRecord) RecordKey() string { return r.Key }

// RecordKey gives the executive's key.
func (r ExecutiveRecord) RecordKey() string { return r.Key }

// RecordKey gives the host's key.
func (r HostRecord) RecordKey() string { return r.Key }

// RecordKey gives "executive|customer|date|half": one executive can be at one
// customer once in a half-day, so this says which visit is meant.
func (r PastVisitRecord) RecordKey() string {
	return strings.Join([]string{r.Executive, r.Customer, r.Date.String(), string(r.Half)}, "|")
}

// Fingerprint does not depend on the order of lists.
func (r CustomerRecord) Fingerprint() string {
	r.Requires, r.Prefers = sortedTags(r.Requires), sortedPreferences(r.Prefers)
	r.Windows, r.Blackouts = sortedIntervals(r.Windows), sortedIntervals(r.Blackouts)
	return fingerprint(r)
}

// Fingerprint does not depend on the order of lists.
func (r ExecutiveRecord) Fingerprint() string {
	r.Tags, r.Unavailable = sortedTags(r.Tags), sortedIntervals(r.Unavailable)
	return fingerprint(r)
}

// Fingerprint does not depend on the order of lists.
func (r HostRecord) Fingerprint() string {
	r.Unavailable = sortedIntervals(r.Unavailable)
	return fingerprint(r)
}

// Fingerprint identifies what the record says.
func (r PastVisitRecord) Fingerprint() string { return fingerprint(r) }

// JSON leaves out empty lists and sorts maps, so that nil and empty are the same.
func fingerprint(record any) string {
	b, err := json.Marshal(record)
	if err != nil {
		panic(err) // only NaN or infinite coordinates could do this, and cells cannot hold them
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}
