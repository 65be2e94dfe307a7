package flow

import (
	"context"
	"slices"
	"strings"
	"time"

	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// An answer that is given on our pages belongs into the calendar too. What an
// organiser writes about a guest is no answer of the guest's there; what the guest's
// own copy says is. So the answer is written into the executive's own copy, where
// the executive's calendar is connected; the calendar carries it to everybody else.
// Where it cannot be written, the visit's page says what the calendar still holds.

// carryLater asks for an answer to be carried, where the policy wants it.
func carryLater(tx Tx, v visit.Visit) error {
	if v.Answer != visit.Accepted && v.Answer != visit.Tentative {
		return nil // a refusal takes the event out of the calendars, and no answer is none
	}
	rules, err := policy(tx)
	if err != nil || rules.Answer != RuleCarry {
		return err
	}
	return tx.Queue.Enqueue(Job{Kind: JobCarry, Key: v.ID})
}

var carried = map[visit.Answer]calsync.Answer{visit.Accepted: calsync.Accepted, visit.Tentative: calsync.Maybe}

// carrying is an answer on its way into the executive's calendar.
type carrying struct {
	visit     visit.Visit
	event     CalendarEvent
	executive roster.Person
	last      calsync.Answer // as the calendar was last seen to hold it
}

// carryAnswer writes the executive's answer into the executive's own copy of a
// visit's event. It may be repeated: it looks before it writes, and mails nobody.
func (f *Flow) carryAnswer(ctx context.Context, visitID string) error {
	c, err := read(ctx, f, func(tx Tx) (*carrying, error) { return f.toCarry(tx, visitID) })
	if err != nil || c == nil {
		return err
	}
	may, err := read(ctx, f, func(tx Tx) (bool, error) { return f.mayCarry(tx, c.executive.Email) })
	if err != nil || !may {
		return err
	}
	cal, err := f.open(ctx, c.executive.Email, false)
	if err != nil { // not connected: the page shows the difference
		f.Log.Info("an answer stays here", "visit", visitID, "why", err)
		return nil
	}
	copied, err := cal.Get(ctx, c.executive.Email, c.event.EventID)
	if err != nil {
		return notCarried(err)
	}
	i := slices.IndexFunc(copied.Guests, func(g calsync.Guest) bool { return strings.EqualFold(g.Email, c.executive.Email) })
	if i < 0 || !copied.Live() || copied.OrganizerSelf {
		return nil
	}
	own := copied.Guests[i]
	if own.Answer == "" {
		own.Answer = calsync.NeedsAction
	}
	if own.Answer == carried[c.visit.Answer] || own.Answer != c.last {
		return nil // there already; or answered there since, which the next reading brings
	}
	own.Answer, own.Comment = carried[c.visit.Answer], c.visit.AnswerNote
	if _, err := cal.Patch(ctx, c.executive.Email, copied.ID, copied.ETag, calsync.Patch{Own: &own}, calsync.MailNone); err != nil {
		return notCarried(err)
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		return f.note(tx, visitID, CalendarNote{Kind: NoteCarried, Guest: c.executive.Email, Words: string(c.visit.Answer)})
	})
}

// mayCarry says whether we may write to an executive's calendar at all. Executives
// permit us mostly no more than to see when they are busy: to ask for more would be
// refused, and a refusal would stop what they have permitted too.
func (f *Flow) mayCarry(tx Tx, address string) (bool, error) {
	if f.Google.Delegated {
		return true, nil
	}
	c, err := tx.Connections.Get(address)
	return c.Covers(ScopeEvents), err
}

func (f *Flow) toCarry(tx Tx, visitID string) (*carrying, error) {
	v, err := tx.Visits.Get(visitID)
	if err != nil {
		return nil, err
	}
	events, err := tx.Calendars.Events(visitID)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	e := events[0]
	if !v.State.Live() || !v.Start.After(f.Now()) || carried[v.Answer] == "" || !e.Base.Confirmed || e.Base.Over || e.Base.Seen.Deleted || e.Base.Seen.Taken {
		return nil, nil
	}
	p, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return nil, err
	}
	for _, g := range e.Base.Seen.Guests {
		if strings.EqualFold(g.Email, p.Email) {
			return &carrying{v, e, p, g.Answer}, nil
		}
	}
	return nil, nil
}

// notCarried says whether carrying an answer is tried again. What a person would
// have to mend is not waited for: the answer counts here all the same.
func notCarried(err error) error {
	switch class := calsync.ClassOf(err); class {
	case calsync.SlowDown, calsync.UsageLimit:
		return &Later{After: 10 * time.Minute, Why: class.String()}
	case calsync.Unknown, calsync.Stale:
		return fault.Temporaryf("The executive's calendar could not be reached.").Because(err)
	}
	return nil
}
