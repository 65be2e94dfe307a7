package flow

import (
	"time"

	"windshield/internal/coverage"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Deck is the plan of a year as it is presented: built once, shown by the pages
// and written by the exports from the same numbers.
type Deck struct {
	Plan       visit.Plan
	Slides     []Slide // in the order in which they are shown
	Groups     []Group
	Months     []DeckMonth // the columns of the slides with the plan
	Footer     string      // plan and version, seed, date: on every slide
	AsOf       time.Time
	Accepted   int // executives who have accepted their year as it stands
	Executives int // who have a year in the plan
}

// SlideKind says what a slide shows, and which of its fields are filled.
type SlideKind string

const (
	SlideHeadline SlideKind = "headline" // Bars: planned visits by group against the target
	SlideWindows  SlideKind = "windows"  // Quarters
	SlidePlan     SlideKind = "plan"     // Lines, at most LinesPerSlide
	SlideOpen     SlideKind = "open"     // Open, at most OpenPerSlide
	SlideYears    SlideKind = "years"    // Years, at most YearsPerSlide
	SlidePromise  SlideKind = "promise"  // Bars: what was kept of the promise; only where there is one
	SlideClaims   SlideKind = "claims"   // Claims and Needs; only for who may see claims
)

// How much one slide holds, so that it can be read from four metres.
const (
	BarsPerSlide    = 10
	WindowsPerSlide = 7 // a quarter
	LinesPerSlide   = 25
	OpenPerSlide    = 5
	YearsPerSlide   = 12
	ClaimsPerSlide  = 5
	NeedsPerSlide   = 5
)

// Slide is one slide. Every text is plain: whoever writes it out escapes it.
type Slide struct {
	Kind     SlideKind
	Title    string // the message, in one sentence
	Note     string // what stands under it; may be ""
	Bars     []DeckBar
	Quarters []DeckQuarter
	Lines    []DeckLine
	Open     []DeckOpen
	Years    []YearState
	Claims   []DeckClaim
	Needs    []DeckNeed
	More     int // rows of this kind that no slide shows
}

// DeckBar is a bar with its numbers.
type DeckBar struct {
	Code    string           // of the group; "" for a promise
	Outcome coverage.Outcome // of a promise; "" for a group
	Label   string
	Colour  int     // of the group, see Group
	Value   int     // visits
	Of      int     // visits: the target, or all promised
	Share   float64 // Value / Of, 0 where Of is; may exceed 1
	Text    string  // "61 of 80 (76 %)", or "7 of 9" where there are few
	Under   bool    // below the target
}

// DeckMonth is a month of the plan.
type DeckMonth struct {
	Label string // "Jan"
	Year  int
	Month time.Month
}

// DeckQuarter is a quarter with the customers whose windows begin in it.
type DeckQuarter struct {
	Label     string // "Q1"
	Span      slot.Interval
	Customers int          // with a window that begins in it and is still needed
	Inside    int          // of those: visited in a window
	Windows   []DeckWindow // the most important ones, by date; at most WindowsPerSlide
	More      int          // that are not shown
}

// DeckWindow is a time in which a customer should be visited.
type DeckWindow struct {
	CustomerID string
	Customer   string
	Code       string // of the group
	Colour     int
	Span       slot.Interval
	Executive  string    // who visits the customer; "" while nobody does
	Date       slot.Date // when; zero while nobody does
	Inside     bool      // Date lies in a window of the customer
}

// DeckLine is one executive's year.
type DeckLine struct {
	ExecutiveID string
	Name        string
	About       string // the function
	Visits      int
	Chips       []DeckChip // by date
}

// DeckChip is one visit.
type DeckChip struct {
	VisitID  string
	Label    string // short name in the plan, see visit.Visit
	Customer string
	Code     string // of the group
	Colour   int
	Date     slot.Date
	Month    int // index of Deck.Months
	State    visit.State
}

// DeckOpen is a customer whom nobody visits yet.
type DeckOpen struct {
	CustomerID string
	Customer   string
	Code       string // of the group
	Colour     int
	Reason     string
}

// DeckClaim is what customers back, with its evidence.
type DeckClaim struct {
	ID        string
	Text      string
	Finding   bool      // else it may only be called what Label says
	Label     string    // insight.BelowMinimum for what is no finding; else ""
	Customers int       // that back it
	Groups    int       // in which they are, as far as they were drawn
	Newest    slot.Date // latest statement; zero where there is none
	Evidence  string    // "7 customers, 3 groups, newest 3 May 2027"
}

// DeckNeed is where a claim should be asked next.
type DeckNeed struct {
	ClaimID string
	Claim   string
	Code    string // of the group
	Colour  int
	Group   string // its name
	Ask     int    // customers
	Why     string
}

// YearStanding says whether an executive has accepted their year.
type YearStanding string

const (
	YearOpen     YearStanding = "open"
	YearAccepted YearStanding = "accepted"
	YearChanged  YearStanding = "changed" // their visits have changed since they accepted
)

// YearState is one executive's year in a plan, and whether they have accepted it.
type YearState struct {
	ExecutiveID string
	Name        string
	Standing    YearStanding
	Visits      int
	Quarters    [4]int    // visits a quarter of the plan's horizon
	Mark        string    // of the visits as they stand, to accept just these
	At          time.Time // when it was accepted; zero where it never was
	By          string    // who did it for them, by name; "" where they did it themselves
}
