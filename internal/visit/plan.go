package visit

import (
	"time"

	"windshield/internal/slot"
)

// PlanState is where a plan stands.
type PlanState string

const (
	Draft      PlanState = "draft"
	Live       PlanState = "published"
	Superseded PlanState = "superseded"
)

// Plan is a version of a year's visits.
type Plan struct {
	ID          string // UUID
	Year        int
	Name        string
	State       PlanState
	SelectionID string
	Horizon     slot.Interval
	Seed        uint64
	Cost        map[string]int64 // terms of the planning problem, and "total"
	Unassigned  []Unassigned     // visits for which no place was found, with the reason
	Assumes     string           // what it assumes otherwise than our data say, for people; "" for a plan that can be published
	CreatedAt   time.Time
	CreatedBy   string // person id
	PublishedAt time.Time
	Version     int // rises with every change; 0 before the first save
}

// Unassigned is a wanted visit that has no place in the plan.
type Unassigned struct {
	CustomerID string `json:"customer"`
	Reason     string `json:"reason"`
}

// BookingKind is what takes a person's half-day.
type BookingKind string

const (
	BookedVisit  BookingKind = "visit"
	BookedLeave  BookingKind = "leave"
	BookedTravel BookingKind = "travel"
)

// Booking takes one half-day of one person. At most one stands per person, date
// and half; the database refuses a second one (invariant I4).
type Booking struct {
	PersonID string
	Slot     slot.Slot
	Kind     BookingKind
	VisitID  string // "" for leave and travel
}
