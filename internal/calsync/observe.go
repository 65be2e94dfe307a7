package calsync

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Kind is what a person did to an event.
type Kind string

const (
	Answered     Kind = "answered"      // Guest, Answer, Comment; NeedsAction where the answer was withdrawn or reset by a move
	Moved        Kind = "moved"         // When is the new time, Was the one before
	Deleted      Kind = "deleted"       // the organiser's event is gone
	Edited       Kind = "edited"        // Fields: title, description or location
	GuestAdded   Kind = "guest added"   // Guest
	GuestRemoved Kind = "guest removed" // Guest
	Restored     Kind = "restored"      // what was cancelled or deleted stands in the calendar again
	Taken        Kind = "taken"         // somebody else organises the event now
)

// Change is one thing that people did to a visit's event.
type Change struct {
	Kind     Kind
	Visit    string
	Calendar string
	EventID  string
	At       time.Time // when the server says the event last changed; zero on a bare tombstone
	Guest    string    // address in lower case
	Answer   Answer
	Comment  string
	Machine  bool // no person declined: a calendar did, for somebody who is away
	When     When
	Was      When
	Fields   []Field
}

// Resized says whether only the end was changed.
func (c Change) Resized() bool {
	s, e, err1 := c.When.Instants()
	ws, we, err2 := c.Was.Instants()
	return c.Kind == Moved && err1 == nil && err2 == nil && c.When.AllDay == c.Was.AllDay && s.Equal(ws) && !e.Equal(we)
}

// Observe tells what people did since it last looked, and gives the base that
// remembers it: store it in the transaction that applies the changes, then the
// same event seen again gives no change. Echoes of our own writes, answers that
// are older than our last write, and events of an earlier generation give none.
func Observe(base Base, seen Event) ([]Change, Base) {
	if seen.ID != base.EventID || base.EventID == "" || !base.Confirmed {
		return nil, base
	}
	change := Change{Visit: base.Visit, Calendar: base.Calendar, EventID: seen.ID, At: seen.Updated}
	if base.Over {
		if !seen.Live() || !revived(seen, base) {
			return nil, base
		}
		base.Over, base.Seen.Deleted, base.Seen.Restored = false, false, true
		base.Seen.ETag, base.Seen.Updated = seen.ETag, later(base.Seen.Updated, seen.Updated)
		change.Kind = Restored
		return []Change{change}, base
	}
	if !seen.Live() {
		if base.Seen.Deleted || base.Intent != nil && base.Intent.Op == OpDelete {
			return nil, base
		}
		base.Seen.Deleted, base.Seen.Restored, base.Unobserved = true, false, false
		base.Seen.Updated = later(base.Seen.Updated, seen.Updated)
		change.Kind = Deleted
		return []Change{change}, base
	}
	if older(seen, base) {
		return nil, base
	}
	intended := Content{}
	if base.Intent != nil {
		intended = base.Intent.Content
	}
	var changes []Change
	tell := func(c Change) { changes = append(changes, c) }
	if base.Seen.Deleted {
		if !revived(seen, base) {
			return nil, base
		}
		c := change
		c.Kind, base.Seen.Restored = Restored, true
		tell(c)
	}
	if !seen.OrganizerSelf && !base.Seen.Taken {
		c := change
		c.Kind = Taken
		tell(c)
	}
	base.Seen.Deleted, base.Unobserved, base.Seen.Taken = false, false, !seen.OrganizerSelf
	base.Seen.ETag, base.Seen.Updated = seen.ETag, later(base.Seen.Updated, seen.Updated)

	if !seen.When.Same(base.Seen.When) {
		if !seen.When.Same(intended.When) {
			c := change
			c.Kind, c.When, c.Was = Moved, seen.When, base.Seen.When
			tell(c)
		}
		base.Seen.When = seen.When
	}
	var fields []Field
	for _, f := range []struct {
		name          Field
		now, intended string
		last          *string
	}{
		{FieldTitle, seen.Title, intended.Title, &base.Seen.Title},
		{FieldDescription, seen.Description, intended.Description, &base.Seen.Description},
		{FieldLocation, seen.Location, intended.Location, &base.Seen.Location},
	} {
		if f.now != *f.last && (base.Intent == nil || f.now != f.intended) {
			fields = append(fields, f.name)
		}
		*f.last = f.now
	}
	if len(fields) > 0 {
		c := change
		c.Kind, c.Fields = Edited, fields
		tell(c)
	}
	if seen.GuestsHidden {
		return changes, base // a cut list says nothing about who is missing
	}
	before := map[string]Guest{}
	for _, g := range base.Seen.Guests {
		before[fold(g.Email)] = g
	}
	mayAdd, mayRemove := addresses(intended.Guests), addresses(base.Agreed.Guests)
	var guests []Guest
	for _, g := range seen.Guests {
		if g.Organizer || g.Resource {
			continue
		}
		if g.Answer == "" {
			g.Answer = NeedsAction
		}
		guests = append(guests, g)
		c := change
		c.Guest, c.Answer, c.Comment = fold(g.Email), g.Answer, g.Comment
		last, known := before[c.Guest]
		delete(before, c.Guest)
		if !known {
			if !mayAdd[c.Guest] {
				added := c
				added.Kind, added.Answer, added.Comment = GuestAdded, "", ""
				tell(added)
			}
			last.Answer = NeedsAction
		}
		// A comment that is gone says nothing: we take them off ourselves (mergeGuests).
		if g.Answer != last.Answer || g.Comment != last.Comment && g.Comment != "" {
			c.Kind, c.Machine = Answered, g.Answer == Declined && last.Answer != Declined && byMachine(base, seen, g.Comment)
			tell(c)
		}
	}
	for _, g := range base.Seen.Guests { // in the stored order, so that the changes come in a fixed order
		a := fold(g.Email)
		if _, gone := before[a]; !gone || base.Intent != nil && mayRemove[a] && !mayAdd[a] {
			continue
		}
		c := change
		c.Kind, c.Guest = GuestRemoved, a
		tell(c)
	}
	base.Seen.Guests = guests
	return changes, base
}

// machineTime is how soon after an invitation nobody has read it yet.
const machineTime = 15 * time.Second

// machineWords are what Google's calendar says for somebody who is away, unless
// the person has chosen other words.
var machineWords = []string{"declined because i am out of office", "declined because i am in focus time"}

// byMachine says whether a refusal comes from a calendar that declines for
// somebody who is away. Such refusals come seconds after the invitation; a
// refusal that stands in the answer to our own write is older than the write.
func byMachine(base Base, seen Event, comment string) bool {
	for _, w := range machineWords {
		if strings.Contains(strings.ToLower(comment), w) {
			return true
		}
	}
	after := seen.Updated.Sub(base.Asked)
	return !base.Asked.IsZero() && seen.ETag != base.ETag && after > 0 && after <= machineTime
}

// revived says whether a live event that we know as deleted was put back, and does
// not come from a server that lags behind: that would show a version from before.
func revived(seen Event, base Base) bool {
	return !older(seen, base) && seen.ETag != base.ETag && seen.ETag != base.Seen.ETag
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func printOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
