// Package coverage holds the numbers of the dashboards: who has gone too long
// without a customer, which groups of customers are heard, and what the plan of
// a year promises. Everything is computed from what is given; dates, clocks and
// rows come in as arguments.
package coverage

import (
	"time"

	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Input is what Compute needs. Visits may hold any state and plan; those that
// count, are booked, or did not count are told apart here.
type Input struct {
	AsOf    time.Time     // the moment of the data, shown on the page; each person's own today follows from it
	Today   slot.Date     // the reader's today: ends weeks and months, and stands in for people without a zone
	Period  slot.Interval // what groups, weeks and totals cover
	Horizon slot.Date     // how far gaps are looked for; zero: 90 days from Today
	People  []Person      // everybody who is asked to visit; nobody else
	Visits  []visit.Visit
	Groups  []Group
	Style   locale.Style // of the sentence
}

// Person is somebody who is asked to visit customers, with what the clock needs.
type Person struct {
	roster.Person
	Absences []slot.Interval
	Since    slot.Date // from when we watch the clock, used where no visit is known
}

// Group is a stratum of the selection.
type Group struct {
	Code      string // two letters
	Label     string // "Small business"
	Customers int    // in the population
	Target    int    // visits wanted in the year; 0 where none are
}

// Report is the coverage dashboard.
type Report struct {
	AsOf     time.Time
	Today    slot.Date
	Period   slot.Interval
	Sentence string      // the headline
	Months   []Month     // the twelve columns of PersonRow.Months, oldest first, Today's month last
	People   []PersonRow // worst first
	Groups   []GroupRow  // in the order of Input.Groups
	Weeks    []WeekRow   // of Period up to Today, oldest first
	Gaps     []Gap       // who will pass 30 days, soonest first
	Totals   Totals
}

// Month is a calendar month.
type Month struct {
	Year  int
	Month time.Month
	Label string // "Nov"; January carries its year: "Jan 2027"
}

// PersonRow is one person's clock and year.
type PersonRow struct {
	ID, Name, Function string
	Running            bool      // a clock runs; false where we do not know since when to count
	Last               slot.Date // latest counting visit; zero where Never
	LastID             string    // its visit id; "" where unknown
	Days               int       // since Last, or since we began to watch
	Overdue            bool
	Never              bool // no counting visit is known
	Paused             bool // on leave today
	Back               slot.Date
	Months             [12]int // counting visits per month, see Report.Months
	Next               slot.Date
	NextID             string
	Forecast           slot.Date // see alert.Status
	NotCounted         []NotCounted
}

// NotCounted is a visit of the last twelve months that did not stop the clock.
type NotCounted struct {
	VisitID, CustomerID string
	Date                slot.Date
	Why                 string
}

// GroupRow compares a group's share of the customers with its share of the
// counting visits in the period.
type GroupRow struct {
	Code, Label   string
	Customers     int
	CustomerShare float64 // 0..1; 0 where there are no customers
	Visits        int
	VisitShare    float64 // 0..1; 0 where there are no visits
	Distinct      int     // customers visited at least once
	Target        int
	Under         bool // heard less than its size asks for, by more than chance
}

// WeekRow is an ISO week.
type WeekRow struct {
	Year, Week int
	Label      string // "2027-W14"
	Monday     slot.Date
	Visits     int // counting visits
	Distinct   int // customers heard
}

// Gap is somebody who will pass 30 days if nothing more is booked.
type Gap struct {
	PersonID, Name string
	On             slot.Date // the first day over 30
	Ends           slot.Date // the first booked visit after it; zero where nothing is booked
	EndsID         string
	Text           string // "Castro passes 30 days on Fri 4 Dec, nothing booked."
}

// Totals are the sums behind the report; visits are those of the period.
type Totals struct {
	Executives int // all people of the report
	Overdue    int
	Never      int
	OnLeave    int
	Customers  int // of all groups
	Visits     int // counting
	NotCounted int
	Distinct   int // customers visited at least once
	Ungrouped  int // counting visits to customers of no known group
	Booked     int // visits that still stand, from Today on, whatever the period
}
