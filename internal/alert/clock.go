// Package alert turns the visits of a person and a date into the state of the
// 30-day clock: when the last counting visit was, whether the person is overdue,
// when they will be, and which alerts follow from it. It has no clock of its own
// and remembers nothing: whoever asks brings today's date and the open alerts.
package alert

import (
	"cmp"
	"slices"
	"time"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// MaxGapDays is how many days may pass after a counting visit. On day 31 the
// person is overdue.
const MaxGapDays = 30

// Watch is a person whose clock runs.
type Watch struct {
	PersonID  string
	LastVisit slot.Date       // latest counting visit before Windshield knew; zero where unknown
	Since     slot.Date       // from when we watch; the clock's start where no visit is known
	Joined    slot.Date       // first day with us: nothing before it counts, the clock starts no earlier; zero where not known
	Left      slot.Date       // last day with us: the clock stops after it; zero where none is known
	Absences  []slot.Interval // in any order; they may overlap
	Today     slot.Date       // in the person's own zone, see Today
}

// Status is how one person's clock stands on a day.
type Status struct {
	PersonID string
	Today    slot.Date
	Running  bool      // false where neither a visit nor Since is known, and for who has left: then nothing below is set but Next and Ledger
	Gone     bool      // has left: today is after the last day with us
	Start    slot.Date // where the clock first started: LastVisit, Since, Joined, or an earlier visit
	NoVisit  bool      // Start is no visit, only when we began to watch
	Last     slot.Date // latest counting visit; the clock's start where none is known
	LastID   string    // the visit behind Last; "" where it is from before Windshield or none is known
	Never    bool      // no counting visit is known: Last is only when we began to watch
	Days     int       // from Last to Today, never negative
	Overdue  bool      // Days > MaxGapDays
	DueBy    slot.Date // the last day without breach: Last + 30
	Breach   slot.Date // the first day of the breach: Last + 31
	Paused   bool      // on leave today: alerts wait, the clock runs on
	Back     slot.Date // first day after the leave; zero where not Paused
	Next     slot.Date // next booked visit that would count, today included; zero where none
	NextID   string
	// Forecast is the day on which they pass 30 days if no more than the booked
	// visits happen; Breach where Overdue; zero where not within the horizon. A
	// visit booked for that very day comes too late: the day begins overdue.
	Forecast slot.Date
	Ends     slot.Date // the first booked visit on or after Forecast; zero where nothing is booked
	EndsID   string
	Ledger   []Entry // visits up to today, newest first
}

// Entry is a line of the ledger: a visit that counted, or why it did not.
type Entry struct {
	VisitID    string
	CustomerID string
	Date       slot.Date
	Counts     bool
	Lapse      visit.Lapse // why it does not; NoLapse where it counts
	WhyNot     string      // the same for people, without capital and full stop; "" where it counts
}

// Today gives the civil date of an instant in an IANA zone: a person's day ends
// where the person lives. An unknown or empty zone is Invalid.
func Today(now time.Time, zone string) (slot.Date, error) {
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return 0, fault.Invalidf("The time zone is not known.").Because(err).With(fault.Detail{
			Where: "zone", Value: fault.Short(zone), Expected: "an IANA time zone such as Europe/Zurich",
			Mend: "Correct the person's time zone.",
		})
	}
	return slot.DateOf(now, loc), nil
}

// Move is when a person began to live in another zone.
type Move struct {
	At   time.Time
	Zone string // IANA zone
}

// ZoneAt gives the zone in which a person lived at an instant: that of the last
// move until then, first where there was none. The moves may stand in any order;
// of two at one instant the later in the list holds.
func ZoneAt(first string, moves []Move, at time.Time) string {
	zone, since := first, time.Time{}
	for _, m := range moves {
		if !m.At.After(at) && !m.At.Before(since) {
			zone, since = m.Zone, m.At
		}
	}
	return zone
}

// ZoneOf gives the zone in which one of us lived at an instant. A move takes effect when
// its day begins in the new zone, so that nobody's date ever goes back by one.
func ZoneOf(p roster.Person, at time.Time) string {
	first, moves := p.Zone, make([]Move, 0, len(p.Moves))
	for _, m := range p.Moves {
		if m.Day.IsZero() {
			first = m.Zone
			continue
		}
		begins := m.Day.Time()
		if loc, err := slot.LoadZone(m.Zone); err == nil {
			begins = time.Date(begins.Year(), begins.Month(), begins.Day(), 0, 0, 0, 0, loc)
		}
		moves = append(moves, Move{At: begins, Zone: m.Zone})
	}
	return ZoneAt(first, moves, at)
}

// Clocks gives the clock of each person, in the order of people. Visits of
// others are ignored; their order does not matter. Horizon is the last day for
// which a forecast is wanted.
func Clocks(people []Watch, visits []visit.Visit, horizon slot.Date) []Status {
	theirs := make(map[string][]*visit.Visit, len(people))
	for _, p := range people {
		theirs[p.PersonID] = nil
	}
	for i := range visits {
		if list, ok := theirs[visits[i].ExecutiveID]; ok {
			theirs[visits[i].ExecutiveID] = append(list, &visits[i])
		}
	}
	out := make([]Status, len(people))
	for i, p := range people {
		out[i] = Clock(p, theirs[p.PersonID], horizon)
	}
	return out
}

// Clock gives the clock of one person from the visits of that person (all of
// them must be the person's; any state, plan and order). See Clocks for horizon.
func Clock(w Watch, visits []*visit.Visit, horizon slot.Date) Status {
	w = w.withUs()
	s := Status{PersonID: w.PersonID, Today: w.Today, Start: w.LastVisit, Never: w.LastVisit.IsZero()}
	if s.Never {
		s.Start, s.NoVisit = w.Since, !w.Since.IsZero()
	}
	s.Last, s.Running = s.Start, !s.Start.IsZero()

	var booked []*visit.Visit
	s.Ledger = make([]Entry, 0, len(visits))
	for _, v := range visits {
		if e, ok := w.entry(v); ok {
			s.Ledger = append(s.Ledger, e)
			// A visit known by itself is as good as LastVisit from the import, and
			// better than the day we began to watch, even where it lies before it.
			if e.Counts && (s.Never || e.Date > s.Last || e.Date == s.Last && (s.LastID == "" || e.VisitID < s.LastID)) {
				s.Last, s.LastID, s.Never, s.Running = e.Date, e.VisitID, false, true
			}
		} else if WouldCount(v) && v.Slot.Date >= w.Today && !w.leftBy(v.Slot.Date) {
			booked = append(booked, v)
		}
	}
	slices.SortFunc(s.Ledger, func(a, b Entry) int {
		if a.Date != b.Date {
			return int(b.Date - a.Date)
		}
		return cmp.Compare(a.VisitID, b.VisitID)
	})
	if n := len(s.Ledger); w.LastVisit.IsZero() {
		// A visit from before we began to watch is where the clock really began.
		for i := n - 1; i >= 0 && (s.Ledger[i].Date < s.Start || s.Start.IsZero()); i-- {
			if s.Ledger[i].Counts {
				s.Start, s.NoVisit = s.Ledger[i].Date, false
				break
			}
		}
	}
	slices.SortFunc(booked, func(a, b *visit.Visit) int {
		switch {
		case a.Slot.Before(b.Slot):
			return -1
		case b.Slot.Before(a.Slot):
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	if len(booked) > 0 {
		s.Next, s.NextID = booked[0].Slot.Date, booked[0].ID
	}
	s.Back = back(w.Today, w.Absences)
	s.Paused = !s.Back.IsZero()
	if s.Gone = w.leftBy(w.Today); s.Gone || !s.Running {
		return Status{PersonID: s.PersonID, Today: s.Today, Gone: s.Gone, Never: s.Never, Paused: s.Paused, Back: s.Back,
			Next: s.Next, NextID: s.NextID, Ledger: s.Ledger}
	}
	if !w.Left.IsZero() {
		horizon = min(horizon, w.Left) // who has left passes no limit any more
	}
	s.Days = max(0, w.Today.Sub(s.Last))
	s.Overdue = s.Days > MaxGapDays
	s.DueBy, s.Breach = s.Last.Add(MaxGapDays), s.Last.Add(MaxGapDays+1)
	s.Forecast, s.Ends, s.EndsID = forecast(s, booked, horizon)
	return s
}

// withUs forgets what was known from before the person joined or after they left.
func (w Watch) withUs() Watch {
	if !w.Joined.IsZero() {
		w.Since = max(w.Since, w.Joined)
		if w.LastVisit < w.Joined {
			w.LastVisit = 0
		}
	}
	if w.leftBy(w.LastVisit) {
		w.LastVisit = 0
	}
	return w
}

// leftBy says whether the person is no longer with us on a day.
func (w Watch) leftBy(d slot.Date) bool { return !w.Left.IsZero() && d > w.Left }

// entry gives the ledger's line for a visit, ok false where it has none: it lies
// ahead, or was called off before it could happen.
func (w Watch) entry(v *visit.Visit) (e Entry, ok bool) {
	e = Entry{VisitID: v.ID, CustomerID: v.CustomerID, Date: v.Slot.Date, Lapse: v.Lapse()}
	switch {
	case e.Lapse == visit.Unconfirmed && !v.State.Live(), v.State.Live() && v.Slot.Date >= w.Today:
		return e, false
	case e.Lapse != visit.NoLapse:
	case v.Slot.Date > w.Today.Add(1):
		// A customer east of the date line may be a day ahead of the person's own
		// calendar; anything later cannot have been held.
		e.Lapse = visit.InFuture
	case !w.Joined.IsZero() && v.Slot.Date < w.Joined:
		e.Lapse = visit.BeforeJoined
	case w.leftBy(v.Slot.Date):
		e.Lapse = visit.AfterLeft
	}
	e.Counts, e.WhyNot = e.Lapse == visit.NoLapse, e.Lapse.Says()
	return e, true
}

// WouldCount says whether a booked visit will stop the clock if it happens as
// booked: it still stands, the executive has not refused, and it is at the
// customer's place with a host.
func WouldCount(v *visit.Visit) bool {
	return v.State.Live() && v.Answer != visit.Refused && v.Kind == visit.AtCustomer && (v.WithHost || v.HostID != "")
}

// forecast walks from the last visit over the booked ones to the first gap of
// more than 30 days. booked is sorted and starts today or later.
func forecast(s Status, booked []*visit.Visit, horizon slot.Date) (gap, ends slot.Date, endsID string) {
	from := s.Last
	for _, v := range booked {
		if gap = from.Add(MaxGapDays + 1); v.Slot.Date >= gap {
			break // too late: the gap is there before this visit
		}
		from = max(from, v.Slot.Date)
	}
	gap = from.Add(MaxGapDays + 1)
	if gap > horizon && !s.Overdue {
		return 0, 0, ""
	}
	for _, v := range booked {
		if v.Slot.Date >= gap {
			return gap, v.Slot.Date, v.ID
		}
	}
	return gap, 0, ""
}

// back gives the first day from d on that lies in no absence; zero where d
// itself lies in none.
func back(d slot.Date, absences []slot.Interval) slot.Date {
	day := d
	for again := true; again; {
		again = false
		for _, a := range absences {
			if a.Contains(day) {
				day, again = a.End.Add(1), true
			}
		}
	}
	if day == d {
		return 0
	}
	return day
}
