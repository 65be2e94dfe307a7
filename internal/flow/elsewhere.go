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
// from their calendar: what fits into the time of a reading. Of what it leaves out
// nobody can say whether it was deleted or moved, so a person decides.
const mostLookUps = 300

// lookElsewhere looks for events that are gone from a calendar on the others that
// we read: people move events between calendars, and that looks like a deletion.
// unsure are those that were not found while one of the others could not be read.
func (f *Flow) lookElsewhere(ctx context.Context, calendar string, seen []calsync.Event) (out map[string]found, unsure map[string]bool, err error) {
	var gone []CalendarEvent
	var hints []string          // whom a tombstone names as the organiser
	unread := map[string]bool{} // calendars that were never read: nothing of ours is known to have been there
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
		if err != nil {
			return nil, err
		}
		delete(tally, calendar)
		others := slices.Sorted(maps.Keys(tally))
		for _, address := range others {
			c, err := tx.Calendars.Cursor(address)
			if err != nil {
				return nil, err
			}
			unread[address] = c.LastSuccess.IsZero()
		}
		slices.SortStableFunc(others, func(x, y string) int { return count(hints, y) - count(hints, x) })
		return others, nil
	})
	if err != nil {
		return nil, nil, err
	}
	calls := 0
	out, unsure = map[string]found{}, map[string]bool{}
	for _, address := range asked {
		cal, opening := f.open(ctx, address, false)
		for _, e := range gone {
			if _, done := out[e.EventID]; done {
				continue
			}
			if opening != nil || calls >= mostLookUps {
				unsure[e.EventID] = unsure[e.EventID] || !unread[address]
				continue
			}
			calls++
			there, err := cal.Get(ctx, address, e.EventID)
			switch {
			case err == nil && there.Live() && there.OrganizerSelf && f.same(e, there):
				out[e.EventID] = found{address, there}
			case err != nil && calsync.ClassOf(err) != calsync.Missing:
				unsure[e.EventID] = unsure[e.EventID] || !unread[address]
			}
		}
	}
	return out, unsure, nil
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
