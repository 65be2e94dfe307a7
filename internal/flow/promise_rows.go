package flow

import (
	"time"

	"windshield/internal/slot"
)

// FrozenPromise is a plan of a year as it was accepted. It is never changed: a
// later one of the year takes its place.
type FrozenPromise struct {
	ID       string // UUID
	Year     int
	Nth      int // of the year, from 1; the last is in force
	PlanID   string
	PlanName string
	FrozenAt time.Time
	FrozenBy string // person id
	Reason   string // why it takes the place of the one before; "" for the first
}

// PromisedVisit is a visit as it stood when it was promised.
type PromisedVisit struct {
	VisitID     string
	CustomerID  string
	ExecutiveID string
	Slot        slot.Slot
	Stratum     string // code of the group
	Group       string // its name
}

// YearAcceptance says that an executive has accepted their year as it stood in a plan.
type YearAcceptance struct {
	PlanID      string
	ExecutiveID string
	Year        int
	At          time.Time
	By          string // person id: the executive, their assistant, or the VP in the meeting
	Visits      int    // how many the year held
	Mark        string // fingerprint of the visits, see markOf
}

// Promises keeps what was promised for the years, and who has accepted theirs.
type Promises interface {
	// Freeze keeps a promise with its visits; Conflict where the year has one of this number.
	Freeze(p FrozenPromise, visits []PromisedVisit) error
	// ByYear gives the newest first: the first is in force.
	ByYear(year int) ([]FrozenPromise, error)
	// Visits gives the visits of a promise by date, half and visit.
	Visits(id string) ([]PromisedVisit, error)
	// Accept keeps an acceptance in place of the one of the same plan and executive.
	Accept(a YearAcceptance) error
	// Accepted gives the acceptances of a year, oldest first.
	Accepted(year int) ([]YearAcceptance, error)
}
