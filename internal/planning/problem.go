// Package planning decides who visits whom, when. It holds the planning problem
// and its solutions in the formats windshield.problem/1 and
// windshield.solution/1, reads and checks problems, judges solutions without
// regard to how they came about, and says in words why a visit stands where it
// does. The search for good plans lives in planning/solver.
package planning

import (
	"encoding/json"
	"fmt"
	"time"

	"windshield/internal/geo"
	"windshield/internal/locale"
	"windshield/internal/slot"
)

// ProblemFormat names the format of problem files.
const ProblemFormat = "windshield.problem/1"

// Problem is everything the planner knows: whom to visit, who can go, and what
// a plan costs. All ids are unique within their list. An empty Format is taken
// as ProblemFormat, so that a Problem made in Go needs none.
type Problem struct {
	Format     string         `json:"format"`
	Horizon    slot.Interval  `json:"horizon"` // both ends belong to it
	Calendars  []Calendar     `json:"calendars"`
	Rules      Rules          `json:"rules"`
	Weights    map[Term]int64 `json:"weights"` // where they differ from DefaultWeights
	Dimensions []Dimension    `json:"dimensions"`
	Executives []Executive    `json:"executives"`
	Hosts      []Host         `json:"hosts"`
	Customers  []Customer     `json:"customers"`
	Visits     []Visit        `json:"visits"`

	// Names says what people call an executive, a customer, a host or a visit, by
	// id. Sentences use it; it is no part of the format and never changes a plan.
	Names map[string]string `json:"-"`

	// Style is how sentences write dates and numbers; like Names it never changes a plan.
	Style locale.Style `json:"-"`
}

// Calendar holds the days of a country on which nobody visits anybody.
type Calendar struct {
	ID       string      `json:"id"`
	Weekend  []Weekday   `json:"weekend,omitempty"`
	Holidays []slot.Date `json:"holidays,omitempty"` // in any order
}

// CalendarOf turns a working calendar into the form of the problem.
func CalendarOf(c slot.WorkCalendar) Calendar {
	out := Calendar{ID: c.ID, Holidays: c.Holidays}
	for _, d := range c.Weekend {
		out.Weekend = append(out.Weekend, Weekday(d))
	}
	return out
}

// Weekday is a time.Weekday that reads and writes itself as "mon" to "sun".
type Weekday time.Weekday

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// String gives "mon" to "sun".
func (w Weekday) String() string {
	if w < 0 || int(w) >= len(weekdays) {
		return fmt.Sprintf("weekday %d", int(w))
	}
	return weekdays[w]
}

// MarshalJSON writes "mon" to "sun".
func (w Weekday) MarshalJSON() ([]byte, error) { return json.Marshal(w.String()) }

// UnmarshalJSON reads "mon" to "sun".
func (w *Weekday) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("expected one of mon, tue, wed, thu, fri, sat and sun, found %s", b)
	}
	for i, name := range weekdays {
		if s == name {
			*w = Weekday(i)
			return nil
		}
	}
	return fmt.Errorf("expected one of mon, tue, wed, thu, fri, sat and sun, found %q", s)
}

// Rules are the limits that hold for all executives.
type Rules struct {
	MaxGapDays int             `json:"max_gap_days"`       // usually 30
	StayDays   int             `json:"stay_days"`          // usually 3
	ReachKM    []int           `json:"reach_km,omitempty"` // usually 60, 4500: by days between two visits
	Crunch     []slot.Interval `json:"crunch,omitempty"`
}

// StandardRules gives the rules that hold where a company has not chosen others.
func StandardRules() Rules {
	return Rules{MaxGapDays: 30, StayDays: 3, ReachKM: []int{60, 4500}}
}

// Dimension is an attribute that makes the cross-section of customers.
type Dimension struct {
	ID     string  `json:"id"`
	Values []Value `json:"values,omitempty"`
}

// Value is a value of a dimension with its share of the customers in thousandths.
type Value struct {
	ID       string `json:"id"`
	Permille int    `json:"permille"`
}

// Executive is somebody who visits. Lat and Lon are the home office's, in degrees.
type Executive struct {
	ID           string          `json:"id"`
	Calendar     string          `json:"calendar"`
	Lat          float64         `json:"lat"`
	Lon          float64         `json:"lon"`
	Tags         []string        `json:"tags,omitempty"`
	Unavailable  []slot.Interval `json:"unavailable,omitempty"`
	Busy         []slot.Slot     `json:"busy,omitempty"` // half-days that are taken by something else; unlike days away they stop no clock
	MaxPerWeek   int             `json:"max_per_week"`
	MaxPerMonth  int             `json:"max_per_month"`
	TargetVisits int             `json:"target_visits"`
	LastVisit    slot.Date       `json:"last_visit"` // zero where there is none; lies before the horizon
}

// Home gives the place of the home office.
func (e *Executive) Home() geo.Point { return geo.Point{Lat: e.Lat, Lon: e.Lon} }

// Host is a salesperson who goes along.
type Host struct {
	ID          string          `json:"id"`
	Unavailable []slot.Interval `json:"unavailable,omitempty"`
	Busy        []slot.Slot     `json:"busy,omitempty"` // half-days that are taken by something else
}

// Customer is somebody who is visited, once or several times.
type Customer struct {
	ID             string            `json:"id"`
	Calendar       string            `json:"calendar"`
	Lat            float64           `json:"lat"`
	Lon            float64           `json:"lon"`
	Host           string            `json:"host"`
	Values         map[string]string `json:"values,omitempty"` // by dimension
	Requires       []string          `json:"requires,omitempty"`
	Prefers        []Preference      `json:"prefers,omitempty"`
	Windows        []slot.Interval   `json:"windows,omitempty"`
	Blackouts      []slot.Interval   `json:"blackouts,omitempty"`
	MinSpacingDays int               `json:"min_spacing_days"`
}

// Place gives where the customer is.
func (c *Customer) Place() geo.Point { return geo.Point{Lat: c.Lat, Lon: c.Lon} }

// Preference is a tag the executive should have, and what its lack costs.
type Preference struct {
	Tag    string `json:"tag"`
	Points int64  `json:"points"`
}

// Visit is one visit to plan.
type Visit struct {
	ID       string   `json:"id"`
	Customer string   `json:"customer"`
	Excludes []string `json:"excludes,omitempty"` // executives who have declined this visit
	Pinned   *Place   `json:"pinned,omitempty"`   // must be kept
	Current  *Place   `json:"current,omitempty"`  // in the plan that is being changed
}

// Place is where a visit stands in a plan.
type Place struct {
	Executive string    `json:"executive"`
	Date      slot.Date `json:"date"`
	Half      slot.Half `json:"half"`
}

// Slot gives the half-day of the place.
func (p Place) Slot() slot.Slot { return slot.Slot{Date: p.Date, Half: p.Half} }

// String gives "e1 on 2027-03-04 am".
func (p Place) String() string { return p.Executive + " on " + p.Slot().String() }

// Quota gives the number of visits to customers with a value up to which an
// executive's cross-section is not exceeded: ⌈target × permille / 1000⌉.
func (v Value) Quota(target int) int { return (target*v.Permille + 999) / 1000 }

func (w Weekday) time() time.Weekday { return time.Weekday(w) }
