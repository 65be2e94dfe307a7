package calsync

import "strings"

// Effect is what a decision does to an event, or to one person's calendar.
type Effect string

const (
	EffectNone    Effect = ""          // nothing changes
	EffectNew     Effect = "new"       // an event comes, with an invitation
	EffectMoved   Effect = "moved"     // its time changes
	EffectChanged Effect = "changed"   // something else of it changes
	EffectGone    Effect = "cancelled" // it goes
	EffectAsk     Effect = "ask"       // a person has to decide first
)

// Told is what one person gets to know of a decision.
type Told struct {
	Email  string // in lower case
	Name   string
	Effect Effect
	Mailed bool // the calendar server writes to them
}

// Foresight is what will happen to one event if nobody steps in, told before
// anything is called.
type Foresight struct {
	Decision Decision
	Effect   Effect
	Told     []Told
}

// Mails counts who is written to.
func (f Foresight) Mails() (n int) {
	for _, t := range f.Told {
		if t.Mailed {
			n++
		}
	}
	return n
}

// Foresee tells what Apply will do about an event that the calendar still holds
// as it was last agreed. It asks the same Reconcile as Apply does, so that what
// is announced and what is done cannot disagree.
func Foresee(want Want, base Base) Foresight {
	seen := base.expected()
	d := Reconcile(want, Look{Done: true, Event: seen}, base)
	f := Foresight{Decision: d}
	tell := func(guests []Guest, e Effect) {
		for _, g := range guests {
			if !g.Resource && !g.Organizer {
				f.Told = append(f.Told, Told{Email: fold(g.Email), Name: g.Name, Effect: e, Mailed: mailed(d.Mail, want.Calendar, g.Email)})
			}
		}
	}
	switch d.Action {
	case Insert, Renew:
		f.Effect = EffectNew
		tell(want.Guests, EffectNew)
	case Cancel:
		f.Effect = EffectGone
		if seen != nil {
			tell(seen.Guests, EffectGone)
		}
	case Amend:
		f.Effect = EffectChanged
		for _, field := range d.Fields {
			if field == FieldTime {
				f.Effect = EffectMoved
			}
		}
		before, after := seen.Guests, seen.Guests
		if d.Patch.Guests != nil {
			after = *d.Patch.Guests
		}
		tell(without(after, without(after, before)), f.Effect)
		tell(without(after, before), EffectNew)
		tell(without(before, after), EffectGone)
	case Ask:
		f.Effect = EffectAsk
	}
	return f
}

// expected gives the event as the calendar should hold it by what was last
// agreed and what people were last known to have made of it; nil where it should
// hold none.
func (b Base) expected() *Event {
	switch {
	case b.EventID == "" || b.Over || !b.Confirmed:
		return nil
	case b.Seen.Deleted:
		return &Event{ID: b.EventID, Status: Cancelled}
	}
	return &Event{ID: b.EventID, ETag: b.ETag, Updated: b.Updated, Sequence: b.Sequence, Status: b.Stored.Status, OrganizerSelf: true,
		Title: b.Seen.Title, Description: b.Seen.Description, Location: b.Seen.Location, When: b.Seen.When, Guests: b.Seen.Guests,
		Reminders: b.Stored.Reminders, GuestsMayMove: b.Stored.GuestsMayMove, HideGuests: b.Stored.HideGuests}
}

// without gives the guests who are not among the others.
func without(guests, others []Guest) (out []Guest) {
	there := addresses(others)
	for _, g := range guests {
		if !there[fold(g.Email)] {
			out = append(out, g)
		}
	}
	return out
}

// mailed says whether a write of this kind mails a guest. Nobody is written to
// about an event in their own calendar.
func mailed(m Mail, calendar, guest string) bool {
	calendar, guest = fold(calendar), fold(guest)
	switch {
	case guest == calendar:
		return false
	case m == MailOutside: // a guess by the domain, which is all that can be known before
		return domain(guest) != domain(calendar)
	}
	return m == MailAll
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
