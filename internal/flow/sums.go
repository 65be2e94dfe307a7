package flow

import (
	"windshield/internal/coverage"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Sums adds up in the database what clocks and the CEO's page show of the past, so
// that no page loads it. Where executives are named, only their visits count; nil is
// everybody. Package coverage says what each sum is, and holds the slow reference.
type Sums interface {
	// Latest gives each executive's latest counting visit before a day, while with
	// us; of it only what a clock looks at.
	Latest(before slot.Date, executiveIDs []string) ([]visit.Visit, error)
	// Months counts the counting visits by executive and month from a day (the first
	// of a month) until before another, while with us.
	Months(from, before slot.Date, executiveIDs []string) ([]coverage.MonthSum, error)
	// Lapsed gives the visits of these days that do not count for their executives'
	// clocks; of them only what a clock looks at.
	Lapsed(from, before slot.Date, executiveIDs []string) ([]visit.Visit, error)
	// Near gives the visits that people know of from a day until another, and each
	// executive's first after it that would count; of them only what a clock looks at.
	Near(from, until slot.Date, executiveIDs []string) ([]visit.Visit, error)
	// Heard adds up the visits of a period.
	Heard(q HeardQuery) (HeardSums, error)
	// Counted gives visits behind these sums, the latest first, at most q.Limit after
	// q.Skip, and how many there are in all; of them only what a clock looks at.
	Counted(q CountedQuery) (rows []visit.Visit, all int, err error)
	// Customers gives the first customers of a group who were heard, and the first who
	// were drawn and were not, in the order of the draw.
	Customers(q GroupQuery) (heard, unheard []CustomerSum, err error)
}

// HeardQuery says which visits are added up.
type HeardQuery struct {
	Period       slot.Interval
	Today        slot.Date
	SelectionID  string // whose groups the customers are in; "" where there is none
	ExecutiveIDs []string
	Ends         []slot.Interval // the last days of our quarters, which do not overlap
}

// HeardSums is what the visits of a period add up to.
type HeardSums struct {
	Groups     map[string]coverage.Heard
	Customers  map[string][]CustomerSum // by group: who was heard, the latest first; Next is not filled
	Weeks      map[slot.Date]coverage.Heard
	Stages     map[string]int // counting visits by the customer's buying stage of the day; "" where none was known
	Lapses     int
	Booked     int
	QuarterEnd int // counting visits in HeardQuery.Ends
}

// CountedQuery narrows the visits of a period that happened. Zero values do not narrow.
type CountedQuery struct {
	HeardQuery
	Lapsed bool // those that did not count, in place of those that did
	Group  string
	Staged bool     // only those at one of Stages
	Stages []string // "" where no stage was known; not with Lapsed
	AtEnd  bool     // only those in Ends
	Limit  int
	Skip   int
}

// GroupQuery asks for customers of a group of a selection.
type GroupQuery struct {
	SelectionID string
	Stratum     string
	Heard       []CustomerSum // all of the group, as HeardSums has them
	Today       slot.Date
	Limit       int // of those who were heard, and of those who were not
}

// CustomerSum is what a customer's visits of a period add up to.
type CustomerSum struct {
	CustomerID string
	Visits     int       // counting
	Last       slot.Date // zero where there were none
	Next       slot.Date // the first that stands from today on; zero where none does
}
