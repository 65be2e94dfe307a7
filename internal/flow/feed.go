package flow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Feed is the secret address under which calendar programs read a person's visits.
// Only its hash is kept: who has lost it makes a new one.
type Feed struct {
	PersonID string
	Hash     string
	MadeAt   time.Time
}

// Feeds keeps at most one feed a person.
type Feeds interface {
	Of(personID string) (Feed, error)
	ByHash(hash string) (Feed, error)
	// Save puts it in place of the one before, whose address then is unknown.
	Save(f Feed) error
	Delete(personID string) error
}

// How much of the past and of what comes a feed holds, and how often programs should
// look again.
const (
	feedBefore  = 90  // days
	feedAhead   = 400 // days
	feedRefresh = 30 * time.Minute
)

// MyFeed says since when the actor has a feed; the zero time where there is none.
func (f *Flow) MyFeed(ctx context.Context, a access.Actor) (time.Time, error) {
	if err := personal(a); err != nil {
		return time.Time{}, err
	}
	return read(ctx, f, func(tx Tx) (time.Time, error) {
		x, err := tx.Feeds.Of(a.PersonID)
		if fault.Is(err, fault.NotFound) {
			return time.Time{}, nil
		}
		return x.MadeAt, err
	})
}

// RenewFeed makes a new secret address for the actor's visits. The one before ends at
// once. The address is shown this once: it opens without signing in.
func (f *Flow) RenewFeed(ctx context.Context, a access.Actor) (address string, err error) {
	if err := personal(a); err != nil {
		return "", err
	}
	secret := f.Token()
	err = f.Store.Write(ctx, func(tx Tx) error {
		if err := tx.Feeds.Save(Feed{PersonID: a.PersonID, Hash: hash(secret), MadeAt: f.Now().UTC()}); err != nil {
			return err
		}
		return f.audit(tx, a, "renew calendar address", "person/"+a.PersonID, nil)
	})
	return f.BaseURL + "/feed/" + secret + ".ics", err
}

// EndFeed ends the actor's address.
func (f *Flow) EndFeed(ctx context.Context, a access.Actor) error {
	if err := personal(a); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		if err := tx.Feeds.Delete(a.PersonID); err != nil {
			return err
		}
		return f.audit(tx, a, "end calendar address", "person/"+a.PersonID, nil)
	})
}

func personal(a access.Actor) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if !a.Has(roster.Executive, roster.Assistant, roster.Host) {
		return fault.NotFoundf("You have no visits of your own: you are neither an executive, nor an assistant of one, nor a host.")
	}
	return nil
}

// ReadFeed gives the calendar behind a secret address, for whoever holds it. It holds
// the visits of the person and of those they serve, and those they host; nothing that
// was prepared for them. NotFound for an unknown address, and for one of somebody who
// has left.
func (f *Flow) ReadFeed(ctx context.Context, secret string) (export.Calendar, error) {
	return read(ctx, f, func(tx Tx) (export.Calendar, error) {
		unknown := fault.NotFoundf("There is no calendar at this address.")
		feed, err := tx.Feeds.ByHash(hash(secret))
		if fault.Is(err, fault.NotFound) {
			return export.Calendar{}, unknown
		}
		if err != nil {
			return export.Calendar{}, err
		}
		people, err := everybody(tx)
		if err != nil {
			return export.Calendar{}, err
		}
		p := people[feed.PersonID]
		if p.ID == "" || f.hasLeft(p) {
			return export.Calendar{}, unknown
		}
		// As one's own visits, whatever else the person may see.
		scope := access.Scope{}
		if p.Has(roster.Executive) {
			scope.ExecutiveIDs = append(scope.ExecutiveIDs, p.ID)
		}
		if p.Has(roster.Assistant) {
			scope.ExecutiveIDs = append(scope.ExecutiveIDs, p.Serves...)
		}
		if p.Has(roster.Host) {
			scope.HostID = p.ID
		}
		today := f.todayOf(p)
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: scope, From: today.Add(-feedBefore), To: today.Add(feedAhead),
			States: append(visit.LiveStates(), visit.Held, visit.Debriefed, visit.Cancelled, visit.Declined)})
		if err != nil {
			return export.Calendar{}, err
		}
		customers, err := customersOf(tx, visits)
		if err != nil {
			return export.Calendar{}, err
		}
		out := export.Calendar{Name: "Customer visits of " + p.Name, Zone: p.Zone, Stamp: f.Now().UTC(), Refresh: feedRefresh}
		for _, v := range visits {
			out.Events = append(out.Events, f.feedEvent(v, customers[v.CustomerID], people, p.ID))
		}
		return out, nil
	})
}

func (f *Flow) feedEvent(v visit.Visit, c roster.Customer, people map[string]roster.Person, reader string) export.Event {
	e := f.calendarEvent(v, c, people[v.ExecutiveID], people[v.HostID])
	e.Summary = "Visit: " + c.Name
	switch {
	case !v.State.Stands():
		e.Status = export.EventCancelled
	case v.Answer == visit.Accepted:
		e.Status = export.EventConfirmed
	}
	if v.ExecutiveID != reader {
		e.Summary = people[v.ExecutiveID].Name + " at " + c.Name
	}
	var lines []string
	if h := people[v.HostID]; h.ID != "" && h.ID != reader {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("With %s %s", h.Name, h.Phone)))
	}
	lines = append(lines, "Brief: "+f.BaseURL+"/visits/"+v.ID+"/brief")
	e.Description = strings.Join(lines, "\n")
	return e
}
