package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// BusySettings say how people's own calendars are used: only when they are busy is
// read, never with what.
type BusySettings struct {
	On          bool             `json:"on"`
	Hosts       bool             `json:"hosts"` // hosts too, not executives alone
	Rules       roster.BusyRules `json:"rules"`
	Every       time.Duration    `json:"every"`        // between two readings of everybody; spread by a quarter
	Fresh       time.Duration    `json:"fresh"`        // a reading that is older is made again before a plan, an invitation or a move
	WriteAnyway bool             `json:"write_anyway"` // invite also into half-days that have been taken since the plan was made
}

// busySetting is the name under which they are stored.
const busySetting = "busy"

// StandardBusySettings hold where an administrator has not chosen others.
func StandardBusySettings() BusySettings {
	return BusySettings{On: true, Hosts: true, Rules: roster.StandardBusyRules(), Every: time.Hour, Fresh: 10 * time.Minute}
}

func (s BusySettings) check() error {
	if err := s.Rules.Check(); err != nil {
		return err
	}
	for _, x := range []struct {
		name        string
		d, from, to time.Duration
		expected    string
	}{{"every", s.Every, 15 * time.Minute, 24 * time.Hour, "15 to 1440 minutes"}, {"fresh", s.Fresh, time.Minute, 24 * time.Hour, "1 to 1440 minutes"}} {
		if x.d < x.from || x.d > x.to || x.d%time.Minute != 0 {
			return fault.Invalidf("Calendars cannot be read like this.").With(fault.Detail{Where: x.name, Value: x.d.String(), Expected: x.expected})
		}
	}
	return nil
}

func busySettings(tx Tx) (BusySettings, error) {
	s := StandardBusySettings()
	text, err := tx.Ledger.Setting(busySetting)
	if err != nil || text == "" {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// reads says whether a person's calendar is read.
func (s BusySettings) reads(p roster.Person) bool {
	return s.On && p.Email != "" && (p.Has(roster.Executive) && p.Terms.TargetVisits > 0 || s.Hosts && p.Has(roster.Host))
}

// BusyView is how people's calendars are used, and what is known of each.
type BusyView struct {
	Settings BusySettings
	People   []BusyPerson // whose calendar is read, those first that are unknown, then by name
}

// BusyPerson is somebody whose calendar is read.
type BusyPerson struct {
	Person  roster.Person
	Reading roster.Reading // zero where it was never tried
}

// Busy gives how calendars are read, and from whom.
func (f *Flow) Busy(ctx context.Context, a access.Actor) (BusyView, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return BusyView{}, err
	}
	return read(ctx, f, func(tx Tx) (BusyView, error) {
		b, err := f.busyBook(tx)
		if err != nil {
			return BusyView{}, err
		}
		people, err := tx.People.All()
		if err != nil {
			return BusyView{}, err
		}
		v := BusyView{Settings: b.settings}
		for _, p := range people {
			if b.settings.reads(p) {
				v.People = append(v.People, BusyPerson{p, b.readings[p.ID]})
			}
		}
		known := func(p BusyPerson) int {
			if p.Reading.Known() {
				return 1
			}
			return 0
		}
		slices.SortStableFunc(v.People, func(x, y BusyPerson) int { return cmp.Compare(known(x), known(y)) })
		return v, nil
	})
}

// SetBusy changes how people's calendars are read; for the administrator. What was
// read from people whose calendar is no longer read is deleted. seen is PrintOf what was
// looked at, "" where nobody has looked. Errors: Stale.
func (f *Flow) SetBusy(ctx context.Context, a access.Actor, s BusySettings, seen string) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := busySettings(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, s); err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(busySetting, string(text)); err != nil {
			return err
		}
		people, err := tx.People.All()
		if err != nil {
			return err
		}
		var stay []string
		for _, p := range people {
			if s.reads(p) {
				stay = append(stay, p.ID)
			}
		}
		if err := tx.Busy.Forget(stay...); err != nil {
			return err
		}
		if s.On {
			if err := tx.Queue.Enqueue(Job{Kind: JobBusy, Key: busyNow}); err != nil {
				return err
			}
		}
		return f.audit(tx, a, "change free/busy", "calendars", s)
	})
}

// ReadBusyNow asks for everybody's calendar to be read at once.
func (f *Flow) ReadBusyNow(ctx context.Context, a access.Actor) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		if err := tx.Queue.Enqueue(Job{Kind: JobBusy, Key: busyNow}); err != nil {
			return err
		}
		return f.audit(tx, a, "read free/busy now", "calendars", nil)
	})
}

// busyNow is the key of a job that reads whatever its age.
const busyNow = "now"

// lookAtBusy is the job that reads when people are busy, where that is due.
func (f *Flow) lookAtBusy(ctx context.Context, key string) error {
	if key == busyNow {
		return f.refreshBusy(ctx, 0)
	}
	b, err := read(ctx, f, f.busyBook)
	if err != nil || !b.settings.On {
		return err
	}
	// Everybody is read together, fifty in a query: the spread is between
	// installations and hours, not between people.
	h := fnv.New32a()
	fmt.Fprint(h, f.Env, b.latest().Unix())
	every := b.settings.Every*3/4 + b.settings.Every/2*time.Duration(h.Sum32()%1000)/1000
	return f.refreshBusy(ctx, every)
}

// How far calendars are read: the month behind us for the share of time, and a
// year ahead, in five queries for each fifty people.
const (
	busyBehind = 35 * 24 * time.Hour
	busyAhead  = 365 * 24 * time.Hour
)

// busyWindow gives what is read of each calendar: also the whole of the last year
// for which customers have been selected.
func (f *Flow) busyWindow(tx Tx) (from, to time.Time, err error) {
	today := f.today("UTC").Time()
	from, to = today.Add(-busyBehind), today.Add(busyAhead)
	selections, err := tx.Selections.ByYear(0)
	for _, s := range selections {
		// A day more, for the zones in which the year ends later.
		if end := yearOf(s.Year).End.Add(2).Time(); end.After(to) && end.Before(today.Add(3*busyAhead)) {
			to = end
		}
	}
	return from, to, err
}

// refreshBusy reads the calendars of everybody whose last try is so old, and flags
// the visits that stand where somebody is taken now. What cannot be read is noted
// as unknown with the person; an error is our own database's.
func (f *Flow) refreshBusy(ctx context.Context, age time.Duration) error {
	select { // one at a time: who waited finds everything fresh
	case f.reading <- struct{}{}:
		defer func() { <-f.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var people []roster.Person
	var from, to time.Time
	err := f.Store.Read(ctx, func(tx Tx) error {
		people = nil
		b, err := f.busyBook(tx)
		if err != nil || !b.settings.On {
			return err
		}
		all, err := tx.People.All()
		if err != nil {
			return err
		}
		for _, p := range all {
			if r := b.readings[p.ID]; b.settings.reads(p) && (r.Calendar != p.Email || f.Now().Sub(r.TriedAt) >= age) {
				people = append(people, p)
			}
		}
		from, to, err = f.busyWindow(tx)
		return err
	})
	if err != nil || len(people) == 0 {
		return err
	}
	got, err := f.askBusy(ctx, people, from, to)
	if err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		ids := make([]string, len(people))
		for i, p := range people {
			ids[i] = p.ID
		}
		before, err := tx.Busy.Readings(ids...)
		if err != nil {
			return err
		}
		old := map[string]roster.Reading{}
		for _, r := range before {
			old[r.PersonID] = r
		}
		own, err := ownSpans(tx, from, to)
		if err != nil {
			return err
		}
		readings := make([]roster.Reading, 0, len(people))
		for _, p := range people {
			answer := got[p.ID]
			r := old[p.ID]
			if r.Calendar != p.Email { // another calendar, of which nothing is known
				r = roster.Reading{PersonID: p.ID, Calendar: p.Email}
			}
			r.TriedAt, r.Unknown = answer.at, answer.Unknown
			if answer.Unknown == "" {
				r.From, r.To, r.Spans, r.Own, r.ReadAt = from, to, spansOf(answer.Spans), append(answer.own, own[p.Email]...), answer.at
			}
			readings = append(readings, r)
		}
		if err := tx.Busy.Keep(readings...); err != nil {
			return err
		}
		return f.flagBusy(tx)
	})
}

// ownSpans gives by address when our own visits stand in calendars: where people
// last made them stand, and where a write is under way. A guest who has declined is
// left out: whether the calendar server counts that as busy nobody says, and to
// hide something else would be worse than to be careful.
func ownSpans(tx Tx, from, to time.Time) (map[string][]roster.Span, error) {
	states := slices.DeleteFunc(visit.States(), func(s visit.State) bool { return s == visit.Proposed })
	span := slot.Interval{Start: slot.DateOf(from, time.UTC).Add(-1), End: slot.DateOf(to, time.UTC).Add(1)}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: states, From: span.Start, To: span.End})
	if err != nil || len(visits) == 0 {
		return nil, err
	}
	ids := make([]string, len(visits))
	for i, v := range visits {
		ids[i] = v.ID
	}
	events, err := tx.Calendars.Events(ids...)
	if err != nil {
		return nil, err
	}
	out := map[string][]roster.Span{}
	for _, e := range events {
		b := e.Base
		if b.Over || !b.Confirmed && b.Intent == nil {
			continue
		}
		declined := map[string]bool{}
		for _, g := range b.Seen.Guests {
			declined[roster.NormalizeEmail(g.Email)] = g.Answer == calsync.Declined
		}
		add := func(w calsync.When, guests []calsync.Guest) {
			start, end, err := w.Instants()
			if w.Start == "" || err != nil {
				return
			}
			told := map[string]bool{roster.NormalizeEmail(e.Calendar): true}
			for _, g := range guests {
				told[roster.NormalizeEmail(g.Email)] = true
			}
			for address := range told {
				if !declined[address] {
					out[address] = append(out[address], roster.Span{Start: start.UTC(), End: end.UTC()})
				}
			}
		}
		if b.Confirmed {
			when := b.Seen.When
			if when.Start == "" {
				when = b.Agreed.When
			}
			add(when, b.Agreed.Guests)
		}
		if b.Intent != nil {
			add(b.Intent.Content.When, b.Intent.Content.Guests)
		}
	}
	return out, nil
}

// busyPatience is how long a plan waits for calendars to be read; what has not
// been read by then is as old as it is.
const busyPatience = time.Minute

// readBeforePlan reads the calendars whose reading is no longer fresh. No calendar
// that cannot be read stops a plan.
func (f *Flow) readBeforePlan(ctx context.Context) error {
	s, err := read(ctx, f, busySettings)
	if err != nil || !s.On {
		return err
	}
	work, stop := context.WithTimeout(ctx, busyPatience)
	defer stop()
	if err := f.refreshBusy(work, s.Fresh); err != nil && ctx.Err() == nil {
		f.Log.Warn("calendars were not read before planning", "error", err)
	}
	return ctx.Err()
}
