package calsync

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Wall is what the clock on the wall shows: "2027-03-04T09:00:00", or a date
// alone for all-day events. It has no offset: the zone beside it says where the
// wall stands, so that new zone data never moves a visit.
type Wall string

const (
	wallTime = "2006-01-02T15:04:05"
	wallDate = "2006-01-02"
)

// WallOf gives what the clock shows at an instant in a zone.
func WallOf(t time.Time, zone *time.Location) Wall { return Wall(t.In(zone).Format(wallTime)) }

// When is the time of an event in its own zone. The end does not belong to it.
type When struct {
	Start, End Wall
	Zone       string // IANA name
	AllDay     bool   `json:",omitempty"`
}

// AtSlot gives the time of a visit in a half-day at a place. It fails only for
// an unknown zone or half.
func AtSlot(s slot.Slot, zone string) (When, error) {
	start, end, err := s.Bounds(zone)
	if err != nil {
		return When{}, err
	}
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return When{}, err
	}
	return When{Start: WallOf(start, loc), End: WallOf(end, loc), Zone: zone}, nil
}

// Instants gives start and end as instants. For an all-day event these are the
// midnights in its zone (UTC where it has none). It fails for a zone or a wall
// time that cannot be read.
func (w When) Instants() (start, end time.Time, err error) {
	zone, layout := w.Zone, wallTime
	if w.AllDay {
		layout = wallDate
		if zone == "" {
			zone = "UTC"
		}
	}
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	if start, err = time.ParseInLocation(layout, string(w.Start), loc); err != nil {
		return time.Time{}, time.Time{}, err
	}
	if end, err = time.ParseInLocation(layout, string(w.End), loc); err != nil {
		return time.Time{}, time.Time{}, err
	}
	return start.UTC(), end.UTC(), nil
}

// Same says whether two times are the same stretch. Instants are compared, not
// texts: the server may render a time in any zone.
func (w When) Same(v When) bool {
	if w == v {
		return true
	}
	if w.AllDay != v.AllDay {
		return false
	}
	if w.AllDay {
		return w.Start == v.Start && w.End == v.End
	}
	ws, we, err1 := w.Instants()
	vs, ve, err2 := v.Instants()
	return err1 == nil && err2 == nil && ws.Equal(vs) && we.Equal(ve)
}

// Content is what Windshield owns of an event; all else belongs to people.
type Content struct {
	Title         string
	Description   string // HTML: build it with Escape
	Location      string
	When          When
	Status        Status
	Guests        []Guest
	Reminders     []Reminder // nil: not ours to say; empty: none
	GuestsMayMove bool       `json:",omitempty"`
	HideGuests    bool       `json:",omitempty"` // guests do not see each other
}

// Want is what a calendar should hold for one visit. The newest version wins.
type Want struct {
	Env        string // id of this installation; a copy of it must not touch its events
	Visit      string // id of the visit
	Calendar   string // id of the organiser's calendar
	Generation int    // from 1; raised by a person who invites again after a deletion
	Version    int64  // rises with each change of the wish
	Gone       bool   // nothing should be there
	Quiet      bool   // no mail for this version, whatever changes
	Content

	// Overrule holds, per field on which a person decided for ours, the print of
	// the value that was overruled (Conflict.Print). A different edit that comes
	// later is a new conflict.
	Overrule map[Field]string `json:",omitempty"`
}

// Base is what was last agreed about one (visit, calendar). It is stored by the
// caller and nobody else writes it. The zero value means: never tried. It
// survives a round trip through encoding/json.
type Base struct {
	Visit      string
	Calendar   string
	Generation int
	EventID    string // of this generation; stored before the first call
	Confirmed  bool   // a live event of this generation was seen or acknowledged
	Over       bool   // cancelled and done with
	Applied    int64  // newest version of Want that the calendar holds
	Hash       string // of the content of that version

	ETag     string
	ICalUID  string    // stays where a person moves the event to another calendar
	Updated  time.Time // of our last accepted write
	Asked    time.Time // of our last write upon which guests were asked to answer
	Sequence int64

	Agreed Content // what we last wrote
	Stored Content // how the server gave it back; its guests are not used
	Seen   Seen    // what people were last known to have made of it

	Intent     *Intent `json:",omitempty"` // a write whose outcome is not known yet
	Misses     int     `json:",omitempty"` // consecutive "not found" answers for a confirmed event
	Unobserved bool    `json:",omitempty"` // adopted; what people did before that has not been told (Observe)
}

// Seen is the state of the event that was last told on as Changes.
type Seen struct {
	Title       string
	Description string
	Location    string
	When        When
	Guests      []Guest
	Deleted     bool      `json:",omitempty"`
	Restored    bool      `json:",omitempty"` // it was cancelled, and a person has put it back
	Taken       bool      `json:",omitempty"` // somebody else organises it
	ETag        string    // of the newest version looked at
	Updated     time.Time // likewise: an older one comes from a server that lags behind
}

// Intent is a write that is about to be made. It is saved before the call; who
// finds one reads the calendar before writing.
type Intent struct {
	Op      Op
	Version int64
	Content Content // what the event will hold after the write
}

// Op is the kind of a write.
type Op string

const (
	OpInsert Op = "insert"
	OpPatch  Op = "patch"
	OpDelete Op = "delete"
)

// EventID gives the id of the event for a visit's generation: 160 bits of
// SHA-256 in base32hex, 32 characters of 0–9 and a–v, which every Google
// calendar accepts. It depends on nothing that may change, and the environment
// is part of it so that a staging copy cannot meet the original's events.
func EventID(env, visit string, generation int) string {
	sum := sha256.Sum256([]byte("windshield\x00" + env + "\x00" + visit + "\x00" + strconv.Itoa(generation)))
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// Names of the private properties by which our own events are known. MarkEnv
// alone can be searched for; MarkKey is one composite value because servers
// disagree on whether several conditions are "and" or "or".
const (
	MarkEnv  = "windshieldEnv"
	MarkKey  = "windshieldKey"
	MarkHash = "windshieldHash"
)

// Marks gives the private properties of the event for a visit's generation.
func Marks(env, visit string, generation int, c Content) map[string]string {
	return map[string]string{MarkEnv: env, MarkKey: key(env, visit, generation), MarkHash: c.Hash()}
}

func key(env, visit string, generation int) string {
	return env + "/" + visit + "/" + strconv.Itoa(generation)
}

// Hash gives a print of the content: equal hashes, nothing to write. The order
// of guests and how a time is rendered do not matter.
func (c Content) Hash() string {
	n := c
	n.Guests = nil
	for _, g := range c.Guests {
		n.Guests = append(n.Guests, Guest{Email: fold(g.Email)})
	}
	slices.SortFunc(n.Guests, func(a, b Guest) int { return strings.Compare(a.Email, b.Email) })
	n.Reminders = sortedReminders(c.Reminders)
	if s, e, err := c.When.Instants(); err == nil && !c.When.AllDay {
		n.When = When{Start: WallOf(s, time.UTC), End: WallOf(e, time.UTC), Zone: "UTC"}
	}
	b, err := json.Marshal(n)
	if err != nil { // no field of Content can fail
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// Escape makes plain text safe for a description, which calendars show as HTML.
func Escape(text string) string { return html.EscapeString(text) }

const (
	maxGuests      = 200  // Google's limit of individuals
	maxDescription = 8000 // characters; more is cut or refused
	maxTitle       = 1024
)

// Check says whether the wish can be written at all. The error is fault.Invalid
// and names the first field that cannot; a wish for nothing is always fine.
func (w Want) Check() error {
	bad := func(where, value, expected, mend string) error {
		return fault.Invalidf("The visit cannot be put into the calendar.").With(
			fault.Detail{Where: where, Value: fault.Short(value), Expected: expected, Mend: mend})
	}
	if w.Env == "" || w.Visit == "" || w.Calendar == "" {
		return bad("visit", w.Visit, "a visit with an environment and a calendar", "Choose the organiser's calendar in the settings.")
	}
	if w.Gone {
		return nil
	}
	if strings.TrimSpace(w.Title) == "" || len([]rune(w.Title)) > maxTitle {
		return bad("title", w.Title, "1 to 1024 characters", "Give the visit a shorter title.")
	}
	if n := len([]rune(w.Description)); n > maxDescription {
		return bad("description", strconv.Itoa(n)+" characters", "at most 8000 characters", "Shorten the objective or the agenda.")
	}
	start, end, err := w.When.Instants()
	if err != nil {
		return bad("time", string(w.When.Start)+" "+w.When.Zone, "a local time and an IANA time zone", "Correct the time zone of the customer's site.")
	}
	if !end.After(start) {
		return bad("time", string(w.When.Start)+" to "+string(w.When.End), "an end after the start", "Correct the time of the visit.")
	}
	if w.Status != Confirmed && w.Status != Tentative {
		return bad("status", string(w.Status), "confirmed or tentative", "")
	}
	if len(w.Guests) > maxGuests {
		return bad("guests", strconv.Itoa(len(w.Guests)), "at most 200 guests", "Invite fewer people.")
	}
	for _, g := range w.Guests {
		if a, err := mail.ParseAddress(g.Email); err != nil || a.Address != g.Email {
			return bad("guests", g.Email, "an e-mail address such as name@example.com", "Correct the person's address.")
		}
	}
	for _, r := range w.Reminders {
		if r.Minutes < 0 || r.Minutes > 40320 || r.Method != "popup" && r.Method != "email" {
			return bad("reminders", strconv.FormatInt(r.Minutes, 10), "0 to 40320 minutes, popup or email", "")
		}
	}
	return nil
}

func fold(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func sortedReminders(rs []Reminder) []Reminder {
	out := slices.Clone(rs)
	slices.SortFunc(out, func(a, b Reminder) int {
		if a.Minutes != b.Minutes {
			return int(a.Minutes - b.Minutes)
		}
		return strings.Compare(a.Method, b.Method)
	})
	return out
}
