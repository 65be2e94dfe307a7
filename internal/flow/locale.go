package flow

import (
	"cmp"
	"context"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// SetLocale keeps how the actor reads dates and numbers: one of locale.Locales, or "" for as
// the browser says. Setting it twice is harmless, so no version is asked for.
func (f *Flow) SetLocale(ctx context.Context, a access.Actor, tag string) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if tag != "" && !locale.Known(tag) {
		var tags []string
		for _, l := range locale.Locales() {
			tags = append(tags, l.Tag)
		}
		return fault.Invalidf("Dates cannot be written like this.").With(fault.Detail{Where: "locale", Value: fault.Short(tag), Expected: "one of " + strings.Join(tags, ", ") + ", or nothing"})
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		p, err := f.stillHere(tx, a.PersonID)
		if err != nil || p.Locale == tag {
			return err
		}
		if err := tx.Accounts.ChooseLocale(p.ID, tag); err != nil {
			return err
		}
		return f.audit(tx, a, "choose locale", "person/"+p.ID, map[string]any{"locale": tag})
	})
}

// pen writes what flow says to somebody: dates and numbers in their style, instants where
// they are. The zero pen is for nobody in particular.
type pen struct {
	locale.Style
	zone *time.Location // nil: UTC
}

// penFor gives the pen of what an actor reads.
func penFor(a access.Actor) pen { return penIn(a.Style, a.Zone) }

func penIn(s locale.Style, zone string) pen {
	loc, err := slot.LoadZone(zone)
	if zone == "" || err != nil {
		loc = time.UTC
	}
	return pen{s, loc}
}

// on gives the day on which an instant falls.
func (w pen) on(at time.Time) slot.Date { return slot.DateOf(at, cmp.Or(w.zone, time.UTC)) }

// at writes an instant.
func (w pen) at(t time.Time) string { return w.Moment(t, w.zone, "Mon 2 Jan, 15:04") }

func (w pen) number(n int) string { return w.Number(int64(n)) }

// readBy gives the actor of a person to whom something is sent, in their style.
func readBy(p roster.Person) access.Actor {
	a := access.ActorFor(p)
	a.Style = locale.Of(p.Locale)
	return a
}

// readsIn gives the zone in which a person reads: where they live today, or that of the
// company where nobody knows.
func (f *Flow) readsIn(tx Tx, p roster.Person) (string, error) {
	if zone := alert.ZoneOf(p, f.Now()); zone != "" {
		return zone, nil
	}
	s, err := noticeSettings(tx)
	return s.Zone, err
}
