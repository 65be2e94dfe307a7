// Package calsync decides what happens between Windshield and a calendar: what
// the calendar should hold (Want) × what it holds (Event) × what was last
// agreed (Base) gives a Decision. It is pure: it knows the Calendar port, no
// library, no clock, no database. Apply drives one event of one visit through
// the port so that a lost reply or a crash at any point can neither make a
// second event nor send a second mail; Pull reads back what people did.
package calsync

import (
	"context"
	"time"
)

// Calendar is a calendar server as one account sees it. Every method takes the
// calendar's id (an address, never "primary"). Errors are *Error with a Class;
// a call whose outcome is not known (a lost reply, a 5xx, a deadline) has class
// Unknown, and the caller must read before it writes again. No method retries
// by itself, and none changes anything beyond what it was asked for.
type Calendar interface {
	// Insert creates the event under n.ID, an id chosen by the caller (EventID).
	// Class Duplicate means that the id was ever used on that calendar, be it by a
	// cancelled event: Get tells which. The answer is the event as stored.
	Insert(ctx context.Context, calendar string, n New, mail Mail) (Event, error)

	// Get reads one event, also a cancelled one (Status Cancelled, perhaps with
	// nothing but the id). Class Missing: never there, purged, or not visible.
	Get(ctx context.Context, calendar, id string) (Event, error)

	// Patch changes only the fields that p names, and only while the event still
	// has this etag; otherwise class Stale and nothing has changed. p.Guests
	// replaces the whole guest list. Clearing a field works (a pointer to "").
	Patch(ctx context.Context, calendar, id, etag string, p Patch, mail Mail) (Event, error)

	// Delete cancels the event while it still has this etag (class Stale
	// otherwise; an empty etag deletes whatever is there). Class Gone: it was
	// cancelled before. Class Missing as for Get.
	Delete(ctx context.Context, calendar, id, etag string, mail Mail) error

	// List reads one page of events. Without q.Token it lists the live events;
	// with it, everything that changed since, tombstones included. Page.Next is
	// set on every page but the last, Page.Token only on the last. A page may be
	// empty and still have a Next. Class TokenInvalid: start again without Token.
	List(ctx context.Context, calendar string, q Query) (Page, error)

	// FreeBusy reads when people are busy, for any number of calendars and any
	// length of time. A calendar that could not be read has Busy.Unknown set; it
	// must never be taken for free. Every calendar asked for is in the answer.
	FreeBusy(ctx context.Context, calendars []string, from, to time.Time) (map[string]Busy, error)
}

// Mail says who gets a mail from the calendar server about a write.
type Mail string

const (
	// MailNone writes silently.
	MailNone Mail = "none"
	// MailOutside mails guests who are not on the same calendar system.
	MailOutside Mail = "externalOnly"
	// MailAll mails every guest.
	MailAll Mail = "all"
)

// Status is the state of an event (not of a guest's answer).
type Status string

const (
	Confirmed Status = "confirmed"
	Tentative Status = "tentative" // a hold
	Cancelled Status = "cancelled" // deleted; only ever seen, never written
)

// Answer is what a guest said.
type Answer string

const (
	NeedsAction Answer = "needsAction" // no answer yet
	Accepted    Answer = "accepted"
	Declined    Answer = "declined"
	Maybe       Answer = "tentative"
)

// Guest is one line of an event's guest list. Email identifies the guest,
// whatever its case. Everything but Email is carried unchanged through a write.
type Guest struct {
	Email     string
	Name      string `json:",omitempty"`
	Answer    Answer `json:",omitempty"` // "" is NeedsAction
	Comment   string `json:",omitempty"`
	Optional  bool   `json:",omitempty"`
	Organizer bool   `json:",omitempty"` // read only
	Resource  bool   `json:",omitempty"` // a room
	Plus      int64  `json:",omitempty"` // additional people the guest brings
	Outside   bool   `json:",omitempty"` // not one of us; only ever wanted, never read
}

// Reminder is a reminder before the start, 0 to 40320 minutes.
type Reminder struct {
	Method  string // "popup" or "email"
	Minutes int64
}

// Event is an event as the calendar holds it. A tombstone may have nothing but
// ID and Status.
type Event struct {
	ID       string
	ICalUID  string
	ETag     string
	Status   Status
	Updated  time.Time
	Sequence int64

	Title       string
	Description string
	Location    string
	When        When // zero on a bare tombstone
	Guests      []Guest
	Reminders   []Reminder // nil: the calendar's default ones

	GuestsMayMove bool   // guests may change time and place for everybody
	HideGuests    bool   // guests do not see each other
	GuestsHidden  bool   // the guest list is cut; never write it back
	Organizer     string // address or calendar id
	OrganizerSelf bool   // the calendar that was read organises the event

	Marks map[string]string // private properties on this copy
	Link  string            // page of the event for people
}

// Live says whether the event stands in the calendar.
func (e Event) Live() bool { return e.ID != "" && e.Status != Cancelled }

// New is an event to insert.
type New struct {
	ID string
	Content
	Marks map[string]string
}

// Patch names the fields to change; nil leaves a field as it is.
type Patch struct {
	Title         *string
	Description   *string
	Location      *string
	When          *When
	Status        *Status
	Guests        *[]Guest
	Reminders     *[]Reminder // pointer to nil: back to the calendar's default
	GuestsMayMove *bool
	HideGuests    *bool
	Marks         map[string]string // added to those there

	// Own is the line of the person whose copy this is, with an answer. Nobody
	// else's line is touched; Guests must be nil.
	Own *Guest
}

// Query says what to list.
type Query struct {
	Token string // from an earlier Page.Token; "" lists everything
	Page  string // from the Page.Next before; all else must be as in the first call
	Limit int    // events a page, 0 for the server's most
}

// Page is a page of events.
type Page struct {
	Events []Event
	Next   string
	Token  string
}

// Busy is when a calendar is busy. Spans are merged and sorted.
type Busy struct {
	Spans   []Span
	Unknown string // why it could not be read; "" where it could
}

// Span is a stretch of time; the end does not belong to it.
type Span struct{ Start, End time.Time }
