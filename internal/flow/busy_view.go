package flow

import (
	"time"

	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// calendarNotes says when the calendars of a visit's people were read, while that
// matters: for a visit that is ahead, where calendars are connected.
func (f *Flow) calendarNotes(tx Tx, v visit.Visit, people map[string]roster.Person) ([]BusyNote, error) {
	if !v.State.Open() || !v.Start.After(f.Now()) {
		return nil, nil
	}
	b, err := f.busyBook(tx)
	if err != nil || !b.connected() {
		return nil, err
	}
	var out []BusyNote
	for _, id := range []string{v.ExecutiveID, v.HostID} {
		if p, ok := people[id]; ok && b.settings.reads(p) {
			out = append(out, BusyNote{Name: p.Name, ReadAt: b.readings[id].ReadAt, Known: !b.unread(p, v.Slot)})
		}
	}
	return out, nil
}

// busyOf says which executives with visits ahead have calendars that were not read,
// and how old the oldest reading of the others is.
func (f *Flow) busyOf(tx Tx, people []roster.Person, visits []visit.Visit) (unread []string, oldest time.Time, err error) {
	b, err := f.busyBook(tx)
	if err != nil || !b.connected() {
		return nil, oldest, err
	}
	last := map[string]slot.Slot{} // by executive: the half-day of the last visit ahead
	for _, v := range visits {
		if v.State.Open() && v.Start.After(f.Now()) && (last[v.ExecutiveID].Date.IsZero() || last[v.ExecutiveID].Before(v.Slot)) {
			last[v.ExecutiveID] = v.Slot
		}
	}
	for _, p := range people {
		at, goes := last[p.ID]
		if !goes || !b.settings.reads(p) {
			continue
		}
		if b.unread(p, at) {
			unread = append(unread, p.Name)
		} else if r := b.readings[p.ID]; oldest.IsZero() || r.ReadAt.Before(oldest) {
			oldest = r.ReadAt
		}
	}
	return unread, oldest, nil
}

// shares gives how an executive's working hours of the last month and this one,
// until today, went by, as far as the calendar is known; nothing where it is not.
func (f *Flow) shares(tx Tx, p roster.Person, visits []visit.Visit) ([]roster.TimeShare, time.Time, error) {
	b, err := f.busyBook(tx)
	r := b.readings[p.ID]
	if err != nil || r.ReadAt.IsZero() {
		return nil, time.Time{}, err
	}
	today := f.todayOf(p)
	days := slot.Interval{Start: slot.MakeDate(today.Year(), today.Month()-1, 1), End: today.Add(-1)}
	away := map[slot.Date]string{}
	var held []roster.Span
	for _, v := range visits {
		if v.State.Happened() && days.Contains(v.Slot.Date) {
			held = append(held, roster.Span{Start: v.Start, End: v.End})
			away[v.Slot.Date] = v.Zone
		}
	}
	calendars := map[int]slot.WorkCalendar{}
	works := func(d slot.Date) bool {
		c, ok := calendars[d.Year()]
		if !ok { // a country without known holidays has at least its Saturdays and Sundays
			if c, err = slot.CountryCalendar(p.Terms.Calendar, d.Year()); err != nil {
				c = slot.WorkCalendar{Weekend: []time.Weekday{time.Saturday, time.Sunday}}
			}
			calendars[d.Year()] = c
		}
		return c.Works(d)
	}
	out, err := roster.TimeShares(r, held, days, zoneOf(p, away), works, b.settings.Rules)
	return out, r.ReadAt, err
}
