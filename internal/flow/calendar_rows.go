package flow

import (
	"time"

	"windshield/internal/calsync"
)

// EventState is where a calendar event stands against what is wanted.
type EventState string

const (
	EventWaiting  EventState = "waiting"  // not yet as wanted; a job is on it
	EventApplied  EventState = "applied"  // as wanted
	EventParked   EventState = "parked"   // will never be accepted as it is; Problem says why
	EventConflict EventState = "conflict" // a person has to decide; Problem says what
)

// CalendarEvent is the desired state of one visit in one calendar, with what was
// last agreed there. The newest wish wins; workers bring the calendar to it.
type CalendarEvent struct {
	VisitID  string
	Calendar string // address of the organiser's calendar
	EventID  string // Base.EventID, for looking up what a list brings; "" before the first attempt
	Desired  int64  // Want.Version
	Applied  int64  // Base.Applied; only ever rises
	Want     calsync.Want
	Base     calsync.Base
	State    EventState
	Problem  string // in words, for people
	Tries    int
	WantedAt time.Time // when Want was last changed
	Updated  time.Time
	Version  int // rises with every change; 0 before the first save
}

// CalendarCursor is how far a calendar was read back, and how that went.
type CalendarCursor struct {
	Calendar    string
	Cursor      calsync.Cursor
	LastSuccess time.Time
	LastTry     time.Time
	Error       string // of the last try, in words; "" where it worked
	NeedsAction bool   // a person must reconnect or permit something
	Version     int
}

// Calendars keeps what calendars should hold and what was agreed with them.
type Calendars interface {
	// Events gives the desired states of the visits named, by visit id; those of
	// which none was ever wanted are left out.
	Events(visitIDs ...string) ([]CalendarEvent, error)
	// OnCalendar gives the events of a calendar with these event ids; with nil
	// ids all whose base is confirmed and not over.
	OnCalendar(calendar string, eventIDs []string) ([]CalendarEvent, error)
	// Save inserts (Version 0) or changes desired events, whole or none. The
	// database keeps Applied from falling.
	Save(events ...*CalendarEvent) error
	// Problems gives the events that are parked, in conflict, or still waiting after
	// at least one try.
	Problems() ([]CalendarEvent, error)
	// Tally counts the desired events per calendar and state, without the calendars of
	// who was erased.
	Tally() (map[string]map[EventState]int, error)
	// Cursor gives how far a calendar was read; the zero cursor where it never was.
	Cursor(calendar string) (CalendarCursor, error)
	// SaveCursor stores it with compare-and-swap on Version.
	SaveCursor(c *CalendarCursor) error
}
