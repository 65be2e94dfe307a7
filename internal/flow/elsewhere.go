package flow

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"windshield/internal/access"
	"windshield/internal/calsync"
)

// found is an event that a person has moved to another of our calendars.
type found struct {
	calendar string
	event    calsync.Event
}

// mostLookUps bounds how many questions one reading asks about events that are gone
// from their calendar. What it leaves out is taken for deleted, and a person is
// asked before anybody is invited again.
const mostLookUps = 50

// lookElsewhere looks for events that are gone from a calendar on the others that
// we read: people move events between calendars, and that looks like a deletion.
// What cannot be read is not looked at.
func (f *Flow) lookElsewhere(ctx context.Context, calendar string, seen []calsync.Event) map[string]found {
	var gone []CalendarEvent
	var hints []string // whom a tombstone names as the organiser
	asked, err := read(ctx, f, func(tx Tx) ([]string, error) {
		var ids []string
		for _, e := range seen {
			if !e.Live() {
				ids = append(ids, e.ID)
				hints = append(hints, e.Organizer)
			}
		}
		if len(ids) == 0 {
			return nil, nil
		}
		rows, err := tx.Calendars.OnCalendar(calendar, ids)
		if err != nil {
			return nil, err
		}
		gone = slices.DeleteFunc(rows, func(e CalendarEvent) bool {
			return !e.Base.Confirmed || e.Base.Over || e.Base.Seen.Deleted || e.Want.Gone
		})
		if len(gone) == 0 {
			return nil, nil
		}
		tally, err := tx.Calendars.Tally()
		delete(tally, calendar)
		others := slices.Sorted(maps.Keys(tally))
		slices.SortStableFunc(others, func(x, y string) int { return count(hints, y) - count(hints, x) })
		return others, err
	})
	if err != nil {
		return nil
	}
	out, calls := map[string]found{}, 0
	for _, address := range asked {
		if calls >= mostLookUps || len(out) == len(gone) {
			break
		}
		cal, err := f.open(ctx, address, false)
		if err != nil {
			continue
		}
		for _, e := range gone {
			if _, done := out[e.EventID]; done || calls >= mostLookUps {
				continue
			}
			calls++
			there, err := cal.Get(ctx, address, e.EventID)
			if err == nil && there.Live() && there.OrganizerSelf && f.same(e, there) {
				out[e.EventID] = found{address, there}
			}
		}
	}
	return out
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if strings.EqualFold(s, one) {
			n++
		}
	}
	return n
}

// same says whether an event on another calendar is the one we know.
func (f *Flow) same(e CalendarEvent, there calsync.Event) bool {
	mark := calsync.Marks(f.Env, e.VisitID, e.Base.Generation, calsync.Content{})[calsync.MarkKey]
	return there.Marks[calsync.MarkKey] == mark || there.ICalUID != "" && there.ICalUID == e.Base.ICalUID
}

// followEvent lets a visit's event stand on the calendar to which a person has moved it.
func (f *Flow) followEvent(tx Tx, from string, to found) error {
	rows, err := tx.Calendars.OnCalendar(from, []string{to.event.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	e := rows[0]
	e.Calendar, e.Base.Calendar, e.Want.Calendar, e.Updated = to.calendar, to.calendar, to.calendar, f.Now().UTC()
	if err := tx.Calendars.Save(&e); err != nil {
		return err
	}
	if err := f.note(tx, e.VisitID, CalendarNote{Kind: NoteElsewhere, Guest: to.calendar}); err != nil {
		return err
	}
	if err := f.audit(tx, access.System("calendar"), "entry moved to other calendar", "visit/"+e.VisitID, nil); err != nil {
		return err
	}
	return f.observe(tx, to.calendar, to.event, nobodyAsked)
}

// stray looks at an event with our mark that its calendar was not known to hold.
// It may have been moved there before it was missed; or our database was restored
// from a backup that does not know of a later invitation, which is then adopted
// and not sent again.
func (f *Flow) stray(tx Tx, calendar string, seen calsync.Event) error {
	parts := strings.Split(seen.Marks[calsync.MarkKey], "/")
	if len(parts) == 3 && parts[0] == f.Env {
		rows, err := tx.Calendars.Events(parts[1])
		if err != nil {
			return err
		}
		generation, err := strconv.Atoi(parts[2])
		if len(rows) == 1 && err == nil && seen.ID == calsync.EventID(f.Env, parts[1], generation) {
			switch e := rows[0]; {
			case e.EventID == seen.ID && e.Calendar != calendar && (e.Base.Seen.Deleted || e.Base.Over):
				return f.followEvent(tx, e.Calendar, found{calendar, seen})
			case e.EventID == seen.ID && e.Calendar != calendar:
				return tx.Queue.Enqueue(Job{Kind: JobPull, Key: e.Calendar})
			case e.Calendar == calendar && generation > e.Base.Generation && e.Base.Intent == nil && !e.Want.Gone:
				return f.rewrite(tx, e, func(w *calsync.Want) { w.Generation = generation })
			}
		}
	}
	f.Log.Warn("an event bears our mark, but no visit of ours knows it")
	return nil
}
