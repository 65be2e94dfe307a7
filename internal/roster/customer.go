package roster

import (
	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Customer is a buying organisation, with the site at which it is visited.
type Customer struct {
	ID             string // UUID
	Key            string // the company's own key from the import; unique
	Name           string
	Address        string
	City           string
	Region         string // state or province, as in addresses
	Country        string // ISO 3166 code; names the working calendar
	Point          geo.Point
	Zone           string  // IANA zone of the site: a visit's wall time is local here
	HostID         string  // the person who owns the account
	Revenue        float64 // a year, in million US dollars; 0 where not known; what size bands are made from
	Employees      int
	Values         map[string]string // dimension -> value
	Requires       []string          // tags that an executive must have
	Prefers        []Preference
	Windows        []slot.Interval // when the customer should be visited
	Blackouts      []slot.Interval // when it must not be
	MinSpacingDays int             // least days between two visits
	Must           bool            // taken with certainty
	Contact        Contact
	Version        int // rises with every change; 0 before the first save
}

// Preference is a tag whose absence costs points.
type Preference struct {
	Tag    string `json:"tag"`
	Points int    `json:"points"`
}

// Contact is whom to ask for at the customer. It is personal data: exported and
// erased with the customer, never logged.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}
