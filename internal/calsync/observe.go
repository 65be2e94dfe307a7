package calsync

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Kind is what a person did to an event.
type Kind string

const (
	Answered     Kind = "answered"      // Guest, Answer, Comment; NeedsAction where the answer was withdrawn or reset by a move
	Moved        Kind = "moved"         // When is the new time
	Deleted      Kind = "deleted"       // the organiser's event is gone
	Edited       Kind = "edited"        // Fields: title, description or location
	GuestAdded   Kind = "guest added"   // Guest
	GuestRemoved Kind = "guest removed" // Guest
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
	When     When
	Fields   []Field
}

// Observe tells what people did since it last looked, and gives the base that
// remembers it: store it in the transaction that applies the changes, then the
// same event seen again gives no change. Echoes of our own writes, answers that
// are older than our last write, and events of an earlier generation give none.
func Observe(base Base, seen Event) ([]Change, Base) {
	if seen.ID != base.EventID || base.EventID == "" || !base.Confirmed || base.Over {
		return nil, base
	}
	change := Change{Visit: base.Visit, Calendar: base.Calendar, EventID: seen.ID, At: seen.Updated}
	if !seen.Live() {
		if base.Seen.Deleted || base.Intent != nil && base.Intent.Op == OpDelete {
			return nil, base
		}
		base.Seen.Deleted, base.Unobserved = true, false
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
	base.Seen.Deleted, base.Unobserved = false, false

	if !seen.When.Same(base.Seen.When) {
		if !seen.When.Same(intended.When) {
			c := change
			c.Kind, c.When = Moved, seen.When
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
		if g.Answer != last.Answer || g.Comment != last.Comment {
			c.Kind = Answered
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

func printOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
