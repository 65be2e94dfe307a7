package flow

import (
	"time"

	"windshield/internal/calsync"
	"windshield/internal/slot"
)

// LaunchState is where a launch stands.
type LaunchState string

const (
	LaunchRunning LaunchState = "running" // waves go
	LaunchPaused  LaunchState = "paused"  // nothing more goes until somebody says so
	LaunchStopped LaunchState = "stopped" // ended before everything went; may be continued
	LaunchDone    LaunchState = "done"    // everything has gone
)

// Budget bounds how fast a launch goes. A field that is 0 takes DefaultBudget's.
type Budget struct {
	Pilot   int `json:"pilot"`   // visits of the first wave
	Wave    int `json:"wave"`    // visits of each wave after it
	PerDay  int `json:"perDay"`  // mails of one organiser within 24 hours
	PerHour int `json:"perHour"` // mails of one organiser within an hour
}

// DefaultBudget stays below what Google lets an account send: about 2,000 mails a
// day, and much less for young accounts.
var DefaultBudget = Budget{Pilot: 20, Wave: 200, PerDay: 1500, PerHour: 500}

// orDefault fills what is not set.
func (p Budget) orDefault() Budget {
	for _, f := range []struct {
		to   *int
		from int
	}{{&p.Pilot, DefaultBudget.Pilot}, {&p.Wave, DefaultBudget.Wave}, {&p.PerDay, DefaultBudget.PerDay}, {&p.PerHour, DefaultBudget.PerHour}} {
		if *f.to == 0 {
			*f.to = f.from
		}
	}
	return p
}

// Totals counts what a bulk of changes does to calendars.
type Totals struct {
	Creates       int `json:"creates"` // events that come
	Moves         int `json:"moves"`
	Changes       int `json:"changes"` // other changes of events
	Cancels       int `json:"cancels"`
	Unchanged     int `json:"unchanged"` // events that are wanted otherwise, but need no write
	Asks          int `json:"asks"`      // events about which a person has to decide first
	Parked        int `json:"parked"`    // events that no calendar will take as they are
	Invitations   int `json:"invitations"`
	Updates       int `json:"updates"`
	Cancellations int `json:"cancellations"`
}

// Visits counts the events.
func (t Totals) Visits() int {
	return t.Creates + t.Moves + t.Changes + t.Cancels + t.Unchanged + t.Asks + t.Parked
}

// Mails counts the mails.
func (t Totals) Mails() int { return t.Invitations + t.Updates + t.Cancellations }

// Launch is a bulk of changes on its way to the calendars.
type Launch struct {
	ID        string
	PlanID    string
	State     LaunchState
	Reason    string // why it stands still, in words; "" where nobody needs to know
	Budget    Budget
	Totals    Totals // as foreseen when it began
	Wave      int    // the newest wave; 0 before the first
	Judged    int    // the newest wave whose failures somebody has accepted
	CreatedAt time.Time
	CreatedBy string
	EndedAt   time.Time
	Version   int
}

// byHand is the wave of a visit that went at once because somebody changed it.
const byHand = -1

// LaunchVisit is one visit of a launch, with how its event stands.
type LaunchVisit struct {
	LaunchID string
	VisitID  string
	Calendar string
	Day      slot.Date // by which it is put in order: the nearest of its old and new date
	Effect   calsync.Effect
	Mails    int       // as foreseen
	Wave     int       // 0: held back; -1: went outside of the waves
	Released time.Time // when its wave went

	State   EventState // of its event now; read only, as what follows
	Wanted  time.Time  // when what is wanted of it was last changed
	Tries   int
	Problem string
}

// held says whether the launch still keeps the visit from the calendar.
func (v LaunchVisit) held() bool { return v.Wave == 0 && v.State == EventWaiting }

// LaunchQuery narrows the visits of launches. Zero values do not narrow.
type LaunchQuery struct {
	LaunchID string
	VisitIDs []string
	Wave     int  // only this one
	Held     bool // only those whose wave is 0
}

// Launches keeps how bulks of changes go to the calendars.
type Launches interface {
	// Get gives a launch; NotFound where there is none.
	Get(id string) (Launch, error)
	// Find gives the launches of a plan, of all plans where planID is "", in these
	// states, in any where none is named; newest first.
	Find(planID string, states ...LaunchState) ([]Launch, error)
	// Save inserts (Version 0) or changes a launch.
	Save(l *Launch) error
	// Enlist puts visits into their launches. One that another launch holds back
	// leaves that.
	Enlist(visits ...LaunchVisit) error
	// Visits gives visits of launches by day and id, with how their events stand.
	Visits(q LaunchQuery) ([]LaunchVisit, error)
	// SetWave says in which wave visits of a launch go, and since when; wave 0 holds
	// them back again.
	SetWave(launchID string, wave int, at time.Time, visitIDs ...string) error
	// Spent counts the mails per calendar of what was let go since.
	Spent(since time.Time) (map[string]int, error)
}

// Verification is a report on what the calendars hold against what is wanted.
type Verification struct {
	ID        string
	State     RunState
	Error     string // why it failed, in words
	Findings  []calsync.Finding
	Unread    []Unread // calendars that could not be read
	Calendars int      // to be read
	Read      int      // of which read so far
	AskedAt   time.Time
	AskedBy   string
	EndedAt   time.Time
	Version   int
}

// Unread is a calendar that could not be read, and why.
type Unread struct {
	Calendar string `json:"calendar"`
	Events   int    `json:"events"` // that are wanted there
	Why      string `json:"why"`
}

// Verifications keeps the newest report.
type Verifications interface {
	// Wanted gives every event that is or was wanted in any calendar.
	Wanted() ([]CalendarEvent, error)
	// Newest gives the newest report; NotFound where there was never one.
	Newest() (Verification, error)
	// Save inserts (Version 0) a report, which takes the place of the one before, or
	// changes it.
	Save(v *Verification) error
}
