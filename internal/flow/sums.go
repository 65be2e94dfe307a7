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
	Weeks      map[slot.Date]coverage.Heard
	Stages     map[string]int // counting visits by the customer's buying stage of the day; "" where none was known
	Lapses     int
	Booked     int
	QuarterEnd int // counting visits in HeardQuery.Ends
}
