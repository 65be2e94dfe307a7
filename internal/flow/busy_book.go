package flow

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// busyBook is what is known of when people are busy with something other than our
// visits.
type busyBook struct {
	settings BusySettings
	*taken
}

// taken is what calendars say, and what a busyBook has given of it for a plan, with what
// that hangs on.
type taken struct {
	busy     int64                     // stamp of the readings
	readings map[string]roster.Reading // by person
	days     slot.Interval
	rules    roster.BusyRules
	of       map[string]takenOf // by person
}

// takenOf are the half-days that something else takes of somebody.
type takenOf struct {
	zone   string               // where they live
	away   map[slot.Date]string // in which zone they are on the days of visits
	halves []slot.Slot
}

// busyBook gives what is known now.
func (f *Flow) busyBook(tx Tx) (*busyBook, error) { return f.busyBookOf(tx, nil) }

// busyBookOf gives the busyBook for a plan that may be asked about again and again: what
// was read of calendars is kept until they are read to say otherwise, for it is long.
func (f *Flow) busyBookOf(tx Tx, asked *known) (*busyBook, error) {
	settings, err := busySettings(tx)
	b := &busyBook{settings, &taken{}}
	if err != nil || !settings.On {
		return b, err
	}
	if asked != nil && asked.taken != nil {
		b.taken = asked.taken
	}
	return b, b.renew(tx)
}

// renew reads what calendars say where any was read to say otherwise, and keeps what was
// made of those that still say the same: of a thousand, one changes every few seconds.
func (t *taken) renew(tx Tx) error {
	busy, err := tx.Stamps.One(busyStamp)
	if err != nil || t.readings != nil && t.busy == busy {
		return err
	}
	all, err := tx.Busy.Readings()
	if err != nil {
		return err
	}
	readings, of := make(map[string]roster.Reading, len(all)), make(map[string]takenOf, len(all))
	for _, r := range all {
		readings[r.PersonID] = r
		was, known := t.readings[r.PersonID]
		if x, ok := t.of[r.PersonID]; ok && known && slices.Equal(was.Spans, r.Spans) && slices.Equal(was.Own, r.Own) {
			of[r.PersonID] = x
		}
	}
	t.busy, t.readings, t.of = busy, readings, of
	return nil
}

// latest gives when a calendar was last tried.
func (b *busyBook) latest() (at time.Time) {
	for _, r := range b.readings {
		if r.TriedAt.After(at) {
			at = r.TriedAt
		}
	}
	return at
}

// connected says whether any calendar was ever read: before that, nobody is told
// whose was not.
func (b *busyBook) connected() bool {
	for _, r := range b.readings {
		if !r.ReadAt.IsZero() {
			return true
		}
	}
	return false
}

// halfDays gives by person which half-days of an interval something else takes.
// Who has a visit of ours on a day is at that customer's place, so the half-days
// of that day are those of the place.
func (b *busyBook) halfDays(people []roster.Person, days slot.Interval, live []*visit.Visit) (map[string][]slot.Slot, error) {
	if len(b.readings) == 0 {
		return nil, nil
	}
	away := map[string]map[slot.Date]string{}
	for _, v := range live {
		for _, id := range []string{v.ExecutiveID, v.HostID} {
			if away[id] == nil {
				away[id] = map[slot.Date]string{}
			}
			away[id][v.Slot.Date] = v.Zone
		}
	}
	out, before, now := map[string][]slot.Slot{}, map[string]takenOf(nil), map[string]takenOf{}
	if b.days == days && b.rules == b.settings.Rules {
		before = b.of
	}
	for _, p := range people {
		r, ok := b.readings[p.ID]
		if !ok || r.ReadAt.IsZero() {
			continue
		}
		x, ok := before[p.ID]
		if !ok || x.zone != p.Zone || !maps.Equal(x.away, away[p.ID]) {
			halves, err := roster.BusyHalfDays(r.Foreign(), days, zoneOf(p, away[p.ID]), b.settings.Rules)
			if err != nil {
				return nil, fault.Invalidf("The calendar of %s cannot be used: %v.", p.Name, err)
			}
			x = takenOf{zone: p.Zone, away: away[p.ID], halves: halves}
		}
		if now[p.ID] = x; len(x.halves) > 0 {
			out[p.ID] = x.halves
		}
	}
	b.days, b.rules, b.of = days, b.settings.Rules, now
	return out, nil
}

// zoneOf gives where a person is on a date: at home, or with a customer.
func zoneOf(p roster.Person, away map[slot.Date]string) roster.ZoneOn {
	return func(d slot.Date) string {
		if z := away[d]; z != "" {
			return z
		}
		if p.Zone == "" {
			return "UTC"
		}
		return p.Zone
	}
}

// takes says whether something else takes a half-day of a person at a place.
func (b *busyBook) takes(personID string, s slot.Slot, zone string) bool {
	r, ok := b.readings[personID]
	if !ok || r.ReadAt.IsZero() {
		return false
	}
	taken, err := roster.BusyHalfDays(r.Foreign(), slot.Interval{Start: s.Date, End: s.Date}, func(slot.Date) string { return zone }, b.settings.Rules)
	return err == nil && slices.Contains(taken, s)
}

// busyText begins what is said of visits that stand where somebody is taken.
const busyText = "Busy in the calendar: "

// collision says who of a visit's people is taken by something else then; ""
// where nobody is known to be. What lies in the middle of the visit itself nobody
// can see, see roster.Reading.Foreign.
func (b *busyBook) collision(v visit.Visit, name func(id string) string) string {
	var who []string
	for _, id := range []string{v.ExecutiveID, v.HostID} {
		if id != "" && b.takes(id, v.Slot, v.Zone) && !slices.Contains(who, name(id)) {
			who = append(who, name(id))
		}
	}
	switch len(who) {
	case 0:
		return ""
	case 1:
		return busyText + who[0] + " has something else in this half-day."
	}
	return busyText + strings.Join(who, " and ") + " have something else in this half-day."
}

// notRead is what is said of a visit whose executive's calendar could not be read.
const notRead = "The calendar of %s was not read: the visit is planned from leave and bookings only."

// unread says whether the executive's calendar should be known for a day and is not.
func (b *busyBook) unread(p roster.Person, on slot.Slot) bool {
	r := b.readings[p.ID]
	return b.settings.reads(p) && b.connected() && (!r.Known() || !r.Knows(on.Date.Time(), on.Date.Time().Add(24*time.Hour)))
}

// keepPlaces lets the year's visits stay where they stand although somebody is
// taken by something else there by now: such a visit is shown to people as a
// conflict, and no plan moves it behind their backs. It says for which customers.
func keepPlaces(d *planning.Draft, st standings) {
	for _, v := range st.live {
		at := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
		pinned, current := d.Pinned[v.CustomerID], d.Current[v.CustomerID]
		if pinned != at && current != at {
			continue
		}
		taken := false
		for _, id := range []string{v.ExecutiveID, v.HostID} {
			if i := slices.Index(d.Busy[id], v.Slot); i >= 0 {
				d.Busy[id] = slices.Delete(slices.Clone(d.Busy[id]), i, i+1)
				taken = true
			}
		}
		if taken && current == at {
			delete(d.Current, v.CustomerID)
			d.Pinned[v.CustomerID] = at
			st.accepted[v.CustomerID] = true // no pin of anybody's: an illness still frees it
		}
	}
}

// flagBusy shows as a conflict which coming visits stand where somebody is taken,
// and takes the flags of those away that no longer do.
func (f *Flow) flagBusy(tx Tx) error {
	b, err := f.busyBook(tx)
	if err != nil {
		return err
	}
	people, err := everybody(tx)
	if err != nil {
		return err
	}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: visit.LiveStates(), From: f.today("UTC").Add(-1)})
	if err != nil {
		return err
	}
	problems, err := tx.Calendars.Problems()
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for _, e := range problems {
		held[e.VisitID] = e.State == EventConflict
	}
	for _, v := range visits {
		if !v.Start.After(f.Now()) {
			continue
		}
		why := b.collision(v, func(id string) string { return people[id].Name })
		if why == "" && held[v.ID] {
			// Also where the visit says something else by now, or nothing any more.
			if err := f.release(tx, v.ID); err != nil {
				return err
			}
		}
		if err := f.flag(tx, v, why); err != nil {
			return err
		}
	}
	return nil
}

// flag sets or clears what a visit says of a busy calendar. Other conflicts stay
// as they are: they ask people for something else first.
func (f *Flow) flag(tx Tx, v visit.Visit, why string) error {
	ours := strings.HasPrefix(v.Conflict, busyText)
	if why == v.Conflict || v.Conflict != "" && !ours {
		return nil
	}
	v.Conflict = why
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	if why != "" {
		return f.audit(tx, calendarActor, "found busy", "visit/"+v.ID, map[string]string{"slot": v.Slot.String()})
	}
	if err := f.release(tx, v.ID); err != nil {
		return err
	}
	return f.audit(tx, calendarActor, "found free again", "visit/"+v.ID, map[string]string{"slot": v.Slot.String()})
}

// release lets an invitation go that was held back because somebody was taken.
func (f *Flow) release(tx Tx, visitID string) error {
	events, err := tx.Calendars.Events(visitID)
	if err != nil || len(events) == 0 {
		return err
	}
	e := events[0]
	if e.State != EventConflict || !strings.HasPrefix(e.Problem, busyText) {
		return nil
	}
	e.State, e.Problem, e.Updated = EventWaiting, "", f.Now().UTC()
	if err := tx.Calendars.Save(&e); err != nil {
		return err
	}
	return tx.Queue.Enqueue(Job{Kind: JobApply, Key: visitID})
}

// bulkWrites is from how many waiting events of an organiser on everybody's
// calendar is read again at once, instead of one day of two people's before each
// write: a plan of thousands then costs a few dozen queries more.
const bulkWrites = 10

// heldBack looks again, just before an invitation or a move is written, whether
// the visit's people are still free. Where somebody is taken by now, the visit is
// flagged and nothing is written, unless the visit is pinned or the settings say
// to write anyway. A calendar that cannot be read holds nothing back.
func (f *Flow) heldBack(ctx context.Context, e CalendarEvent) (bool, error) {
	if e.Want.Gone || e.Base.Intent != nil || e.Base.Confirmed && e.Base.Agreed.When.Same(e.Want.Content.When) {
		return false, nil
	}
	var b *busyBook
	var v visit.Visit
	var people []roster.Person
	var waiting int
	look := func(tx Tx) (err error) {
		people = nil
		if b, err = f.busyBook(tx); err != nil || !b.settings.On || b.settings.WriteAnyway {
			return err
		}
		if v, err = tx.Visits.Get(e.VisitID); err != nil {
			return err
		}
		all, err := everybody(tx)
		if err != nil {
			return err
		}
		for _, id := range []string{v.ExecutiveID, v.HostID} {
			if p, ok := all[id]; ok && b.settings.reads(p) {
				people = append(people, p)
			}
		}
		ids, err := tx.Connections.Waiting(e.Calendar)
		waiting = len(ids)
		return err
	}
	if err := f.Store.Read(ctx, look); err != nil {
		return false, err
	}
	if len(people) == 0 || v.Pinned || !v.State.Live() {
		return false, nil
	}
	stale := slices.ContainsFunc(people, func(p roster.Person) bool { return f.Now().Sub(b.readings[p.ID].TriedAt) >= b.settings.Fresh })
	if stale && waiting >= bulkWrites {
		if err := f.refreshBusy(ctx, b.settings.Fresh); err != nil {
			return false, err
		}
		if err := f.Store.Read(ctx, look); err != nil {
			return false, err
		}
	} else if stale {
		if err := f.renewDay(ctx, b, v, people); err != nil {
			return false, err
		}
	}
	name := func(id string) string {
		for _, p := range people {
			if p.ID == id {
				return p.Name
			}
		}
		return "Somebody"
	}
	why := b.collision(v, name)
	if why == "" && !strings.HasPrefix(v.Conflict, busyText) {
		return false, nil
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		now, err := tx.Visits.Get(v.ID)
		if err != nil || !now.State.Live() || now.Slot != v.Slot {
			return err
		}
		if err := f.flag(tx, now, why); err != nil || why == "" {
			return err
		}
		return changeEvent(tx, v.ID, f.Now(), func(x *CalendarEvent) error {
			if x.Want.Version == e.Want.Version {
				x.State, x.Problem = EventConflict, why+" The invitation waits: move the visit, or pin it to invite anyway."
			}
			return nil
		})
	})
	return why != "", err
}

// renewDay reads the day of one visit again in its people's calendars, in one
// query, and keeps it where the rest is known already.
func (f *Flow) renewDay(ctx context.Context, b *busyBook, v visit.Visit, people []roster.Person) error {
	// The working day of the place, with its whole date on both sides.
	from, to := v.Start.Add(-12*time.Hour).Truncate(time.Minute), v.End.Add(12*time.Hour).Truncate(time.Minute)
	got, err := f.askBusy(ctx, people, from, to)
	if err != nil {
		return err
	}
	var keep []roster.Reading
	for _, p := range people {
		answer, r := got[p.ID], b.readings[p.ID]
		switch {
		case answer.Unknown != "":
			continue // no less is known than before
		case r.Knows(from, to) && r.Calendar == p.Email:
			r = r.Renewed(from, to, spansOf(answer.Spans), answer.own)
			keep = append(keep, r)
		default:
			r = roster.Reading{PersonID: p.ID, Calendar: p.Email, From: from, To: to, Spans: spansOf(answer.Spans), Own: answer.own, ReadAt: answer.at}
		}
		b.readings[p.ID] = r
	}
	if len(keep) == 0 {
		return nil
	}
	return f.Store.Write(ctx, func(tx Tx) error { return tx.Busy.Keep(keep...) })
}
