package alert

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// reckon walks over a person's days with fingers only: which days have a visit
// that counts, and for how many days there was none. each is told of every day
// from the clock's start to today, and whether it was overdue.
func reckon(w Watch, visits []*visit.Visit, each func(d slot.Date, over bool)) (overdue bool, breach slot.Date) {
	first, last := w.Joined, w.Left // with us
	if last == 0 {
		last = 1 << 30
	}
	var seen []slot.Date
	start := max(w.Since, w.Joined)
	for _, v := range visits {
		d := v.Slot.Date
		if (v.State == visit.Held || v.State == visit.Debriefed) && v.Kind == visit.AtCustomer && v.WithHost && d >= first && d <= last && d <= w.Today+1 {
			if seen = append(seen, d); start == 0 || d < start {
				start = d
			}
		}
	}
	if w.LastVisit != 0 && w.LastVisit >= first && w.LastVisit <= last {
		start = w.LastVisit
	}
	if start == 0 || start > w.Today {
		return false, 0
	}
	visited := make([]bool, w.Today-start+2) // tomorrow too
	for _, d := range seen {
		if d >= start {
			visited[d-start] = true
		}
	}
	days, began := 0, slot.Date(0)
	for i, yes := range visited[:len(visited)-1] {
		d := start + slot.Date(i)
		if days++; i == 0 || yes {
			days = 0
		}
		if days == 31 {
			began = d
		}
		overdue = days > 30 && d <= last
		if d == w.Today && visited[i+1] {
			overdue = false // held where it is tomorrow already
		}
		each(d, overdue)
	}
	if overdue {
		breach = began
	}
	return overdue, breach
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// same compares the clock and its history with the reckoning, day by day, and
// gives today's state and the number of days compared.
func same(t failer, w Watch, visits []*visit.Visit) (s Status, overdue bool, breach slot.Date, compared int) {
	t.Helper()
	s = Clock(w, visits, w.Today.Add(60))
	spells := Spells(w, visits)
	last := slot.Date(0)
	for _, p := range spells {
		if p.Last < p.First || p.First <= last || p.Last > w.Today || p.Lasts != (s.Overdue && p.Last == w.Today) || p.Lasts && p.First != s.Breach {
			t.Fatalf("a spell that cannot be: %+v after %s, %+v", p, last, s)
		}
		last = p.Last
	}
	inside := 0
	overdue, breach = reckon(w, visits, func(d slot.Date, over bool) {
		for len(spells) > 0 && spells[0].Last < d {
			spells = spells[1:]
		}
		said := len(spells) > 0 && spells[0].First <= d
		if said {
			inside++
		}
		if said != over {
			t.Fatalf("on %s, looked at on %s: the spells say overdue %v, the days %v\n%+v", d, w.Today, said, over, w)
		}
		compared++
	})
	for _, p := range Spells(w, visits) {
		inside -= p.Days()
	}
	if inside != 0 {
		t.Fatalf("spells before the clock's start, looked at on %s\n%+v", w.Today, w)
	}
	gone := w.Left != 0 && w.Today > w.Left
	if s.Overdue != overdue || s.Overdue && s.Breach != breach || s.Gone != gone {
		t.Fatalf("on %s the clock says overdue %v from %s, gone %v; the days say %v from %s, %v\n%+v", w.Today, s.Overdue, s.Breach, s.Gone, overdue, breach, gone, w)
	}
	return s, overdue, breach, compared
}

// life is one person's ten years.
type life struct {
	rng    *rand.Rand
	watch  Watch
	home   string
	moves  []Move
	visits []*visit.Visit
	open   map[Open]bool
	latest slot.Date // the latest date on which we looked
	days   int
}

var places = []string{"UTC", "Europe/Zurich", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu",
	"Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"}

func newLife(seed uint64, begin slot.Date) *life {
	rng := rand.New(rand.NewPCG(seed, 6))
	l := &life{rng: rng, home: places[rng.IntN(len(places))], open: map[Open]bool{}, watch: Watch{PersonID: fmt.Sprint("p", seed)}}
	switch rng.IntN(4) {
	case 0:
		l.watch.LastVisit = begin.Add(-rng.IntN(60))
	case 1:
		l.watch.Since = begin.Add(-rng.IntN(60))
	case 2:
		l.watch.Joined = begin.Add(rng.IntN(1500))
	default:
		l.watch.Since, l.watch.Joined = begin, begin.Add(rng.IntN(40)-20)
	}
	if rng.IntN(5) == 0 {
		l.watch.Left = begin.Add(1800 + rng.IntN(1800))
	}
	return l
}

// happen changes something that is known: a booking, a debrief, a correction of
// any day of the past, a leave, a move, the day of joining or leaving.
func (l *life) happen(now time.Time) {
	today, rng := l.watch.Today, l.rng
	switch k := rng.IntN(20); {
	case k < 7: // booked some days ahead
		v := booked(fmt.Sprint("v", len(l.visits)), today.Add(rng.IntN(50)).String())
		v.Kind = []visit.Kind{visit.AtCustomer, visit.AtCustomer, visit.AtCustomer, visit.TradeShow, visit.Conference, visit.Online, ""}[rng.IntN(7)]
		v.State = visit.LiveStates()[rng.IntN(3)]
		l.visits = append(l.visits, v)
	case k < 14: // what was booked and is over is debriefed
		for _, v := range l.visits {
			if v.State.Live() && v.Slot.Date <= today && rng.IntN(4) > 0 {
				v.State, v.WithHost = []visit.State{visit.Held, visit.Held, visit.Debriefed, visit.NoShow}[rng.IntN(4)], rng.IntN(8) > 0
			}
		}
	case k < 16 && len(l.visits) > 0: // a correction of the past
		v := l.visits[rng.IntN(len(l.visits))]
		switch {
		case v.State.Live():
			v.State = visit.Cancelled
		case v.State == visit.Held && rng.IntN(2) == 0:
			v.State = visit.NoShow
		case v.Slot.Date <= today:
			v.State, v.Kind, v.WithHost = visit.Held, visit.AtCustomer, true
			v.Slot.Date = v.Slot.Date.Add(-rng.IntN(40))
		}
	case k == 16: // a visit of long ago is remembered
		l.visits = append(l.visits, held(fmt.Sprint("v", len(l.visits)), today.Add(-rng.IntN(400)).String()))
	case k == 17:
		start := today.Add(rng.IntN(60) - 20)
		l.watch.Absences = append(l.watch.Absences, slot.Interval{Start: start, End: start.Add(rng.IntN(50))})
	case k == 18:
		l.moves = append(l.moves, Move{At: now, Zone: places[rng.IntN(len(places))]})
	case rng.IntN(8) == 0:
		switch rng.IntN(3) {
		case 0:
			l.watch.Joined = today.Add(-rng.IntN(300))
		case 1:
			l.watch.Left = 0
		default:
			l.watch.LastVisit = today.Add(-rng.IntN(100))
		}
	}
}

// look compares the clock with the days and keeps the alerts as flow does.
func (l *life) look(t *testing.T, now time.Time) {
	zone := ZoneAt(l.home, l.moves, now)
	today, err := Today(now, zone)
	require.NoError(t, err)
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	if now.In(loc).Format("2006-01-02") != today.String() {
		t.Fatalf("%s in %s is not %s", now, zone, today)
	}
	l.watch.Today = today
	s, overdue, breach, days := same(t, l.watch, l.visits)
	l.days += days
	var open []Open
	for o := range l.open {
		open = append(open, o)
	}
	raise, settle := Judge([]Status{s}, open)
	for _, x := range settle {
		delete(l.open, Open{x.PersonID, x.Breach})
	}
	for _, x := range raise {
		l.open[Open{x.PersonID, x.Breach}] = true
	}
	onLeave := slot.In(today, l.watch.Absences)
	for o := range l.open {
		if (!overdue || o.Breach != breach) && (o.Breach != s.Breach || today >= o.Breach || today >= l.latest) {
			t.Fatalf("false alert %+v on %s: %+v", o, today, s)
		}
	}
	if want := overdue && !onLeave; want && len(l.open) != 1 || len(l.open) > 1 {
		t.Fatalf("on %s %d alerts, overdue %v, on leave %v", today, len(l.open), overdue, onLeave)
	}
	if onLeave && len(raise) > 0 {
		t.Fatalf("raised on leave: %+v", raise)
	}
	l.latest = max(l.latest, today)
}

// 200 people live ten years with leap days, clock changes and moves between
// zones, and what is known of their past changes again and again. The clock and
// its history are compared with a count of the days at every change, and at odd
// hours around midnight: no day may be wrong, no alert false, none missing.
func TestTenYearsOfTwoHundredPeople(t *testing.T) {
	begin := day("2027-01-01")
	days, overdue := 0, 0
	for person := range uint64(200) {
		l := newLife(person, begin)
		for d := begin.Add(-1); d <= day("2037-01-02"); {
			now := d.Time().Add(time.Duration(l.rng.IntN(86400)) * time.Second)
			if l.rng.IntN(4) == 0 { // the edge of a day somewhere
				now = d.Time().Add(time.Duration(l.rng.IntN(27)-13)*time.Hour + time.Duration(l.rng.IntN(3)-1)*time.Second)
			}
			l.look(t, now)
			l.happen(now)
			if l.rng.IntN(4) == 0 {
				l.look(t, now)
			}
			if len(l.open) > 0 {
				overdue++
			}
			d = d.Add(1 + l.rng.IntN(80))
		}
		days += l.days
	}
	require.Greater(t, days, 20_000_000, "days were compared")
	require.Greater(t, overdue, 4000, "there was something to find")
}

// A single person is looked at on every day of ten years.
func TestEveryDayOfTenYears(t *testing.T) {
	begin, end := day("2027-01-01"), day("2037-01-01")
	l := newLife(7, begin)
	l.watch = Watch{PersonID: "ana", Since: begin}
	for d := begin; d <= end; d++ {
		now := d.Time().Add(time.Duration(l.rng.IntN(86400)) * time.Second)
		l.watch.Today = d
		if l.rng.IntN(6) == 0 {
			l.happen(now)
		}
		l.look(t, now)
	}
}

// FuzzClock reads a person's life from bytes: whatever it is, the clock says what
// the days say.
func FuzzClock(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{1, 0, 31, 2, 0, 62, 0, 10, 40, 3, 5, 5}, uint16(100))
	f.Add([]byte("0\n0"), uint16(147)) // held where it is tomorrow already
	f.Add([]byte{4, 1, 0, 5, 2, 0, 6, 0, 200, 0, 1, 1, 0, 1, 60}, uint16(700))
	f.Fuzz(func(t *testing.T, data []byte, today uint16) {
		base := day("2027-12-25")
		w := Watch{PersonID: "ana", Since: base, Today: base.Add(int(today) % 3700)}
		var visits []*visit.Visit
		for i := 0; i+2 < len(data) && i < 600; i += 3 {
			d := base.Add(int(data[i+1])<<4 + int(data[i+2]) - 60)
			switch kind := data[i] % 16; kind {
			case 0, 1, 2, 3, 4, 5, 6, 7:
				v := held(fmt.Sprint(i), d.String())
				v.State = []visit.State{visit.Held, visit.Held, visit.Held, visit.NoShow, visit.Published, visit.Cancelled, visit.Held, visit.Held}[kind]
				if kind == 6 {
					v.WithHost = false
				}
				if kind == 7 {
					v.Kind = visit.Online
				}
				visits = append(visits, v)
			case 8:
				w.LastVisit = d
			case 9:
				w.Joined = d
			case 10:
				w.Left = d
			case 11:
				w.Since = 0
			case 12:
				w.Absences = append(w.Absences, slot.Interval{Start: d, End: d.Add(int(data[i+2]))})
			}
		}
		s, _, _, _ := same(t, w, visits)
		if s.Running && !s.Overdue && !s.Forecast.IsZero() && s.Forecast <= w.Today {
			t.Fatalf("forecast %s is not ahead of %s", s.Forecast, w.Today)
		}
		raise, _ := Judge([]Status{s}, nil)
		if want := s.Overdue && !slot.In(w.Today, w.Absences); want != (len(raise) == 1) {
			t.Fatalf("raised %v", raise)
		}
	})
}
