package alert

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

func clock(last, today string, visits ...*visit.Visit) Status {
	return Clock(Watch{PersonID: "ana", LastVisit: day(last), Today: day(today)}, visits, day(today))
}

func TestJudge(t *testing.T) {
	april := []Open{{"ana", day("2027-04-01")}} // last visit on 1 March
	tests := []struct {
		name   string
		status []Status
		open   []Open
		raise  []Raise
		settle []Settle
	}{
		{"not yet", []Status{clock("2027-03-01", "2027-03-31")}, nil, nil, nil},
		{"the first day of the breach", []Status{clock("2027-03-01", "2027-04-01")}, nil,
			[]Raise{{"ana", day("2027-04-01"), day("2027-03-01"), "The last counting visit was on Mon 1 Mar, more than 30 days ago."}}, nil},
		{"raised already", []Status{clock("2027-03-01", "2027-05-01")}, april, nil, nil},
		{"the same alert given twice", []Status{clock("2027-03-01", "2027-05-01")}, append(april, april...), nil, nil},
		{"the same person given twice", []Status{clock("2027-03-01", "2027-04-01"), clock("2027-03-01", "2027-04-01")}, nil,
			[]Raise{{"ana", day("2027-04-01"), day("2027-03-01"), "The last counting visit was on Mon 1 Mar, more than 30 days ago."}}, nil},
		{"ended by a visit", []Status{clock("2027-03-01", "2027-04-10", held("v", "2027-04-08"))}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Ended, "The visit on Thu 8 Apr ended it."}}},
		{"ended by the first of two visits", []Status{clock("2027-03-01", "2027-04-12", held("w", "2027-04-11"), held("v", "2027-04-08"))}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Ended, "The visit on Thu 8 Apr ended it."}}},
		{"ended on the first day of the breach", []Status{clock("2027-03-01", "2027-04-02", held("v", "2027-04-01"))}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Ended, "The visit on Thu 1 Apr ended it."}}},
		{"a visit that does not count ends nothing", []Status{clock("2027-03-01", "2027-04-10", with(held("v", "2027-04-08"), func(v *visit.Visit) { v.Kind = visit.TradeShow }))}, april, nil, nil},
		{"a late debrief shows that there was no breach", []Status{clock("2027-03-01", "2027-04-03", held("v", "2027-03-30"))}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Superseded, "The past was corrected: a visit on Tue 30 Mar counts, so there was no breach on Thu 1 Apr."}}},
		{"a late debrief, and a later breach that lasts", []Status{clock("2027-03-01", "2027-04-20", held("v", "2027-03-05"))}, april,
			[]Raise{{"ana", day("2027-04-05"), day("2027-03-05"), "The last counting visit was on Fri 5 Mar, more than 30 days ago."}},
			[]Settle{{"ana", day("2027-04-01"), Superseded, "The past was corrected: a visit on Fri 5 Mar counts, so there was no breach on Thu 1 Apr."}}},
		{"a visit that counted does not after all", []Status{clock("2027-02-01", "2027-04-03", with(held("v", "2027-03-01"), func(v *visit.Visit) { v.State = visit.NoShow }))}, april,
			[]Raise{{"ana", day("2027-03-04"), day("2027-02-01"), "The last counting visit was on Mon 1 Feb, more than 30 days ago."}},
			[]Settle{{"ana", day("2027-04-01"), Superseded, "The past was corrected: the clock runs from Mon 1 Feb."}}},
		{"the imported last visit moves past the breach", []Status{clock("2027-04-05", "2027-04-06")}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Ended, "The visit on Mon 5 Apr ended it."}}},
		{"the date goes back: the alert stays", []Status{clock("2027-03-01", "2027-03-31")}, april, nil, nil},
		{"gone from the company", nil, april, nil, []Settle{{"ana", day("2027-04-01"), Released, "The person's visits are no longer watched."}}},
		{"has left", []Status{Clock(Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Left: day("2027-04-10"), Today: day("2027-04-11")}, nil, 0)}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Released, "The person has left."}}},
		{"the first day with us was later than we thought", []Status{Clock(Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Joined: day("2027-04-02"), Today: day("2027-04-11")}, nil, 0)}, april, nil,
			[]Settle{{"ana", day("2027-04-01"), Superseded, "The past was corrected: the clock runs from Fri 2 Apr."}}},
		{"nothing known since", []Status{Clock(Watch{PersonID: "ana", Since: day("2027-01-01"), Today: day("2027-02-01")}, nil, 0)}, nil,
			[]Raise{{"ana", day("2027-02-01"), 0, "No counting visit since we began to watch on Fri 1 Jan."}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raise, settle := Judge(tt.status, tt.open)
			require.Equal(t, tt.raise, raise)
			require.Equal(t, tt.settle, settle)
		})
	}
}

func TestLeaveDelaysTheAlertUntilTheReturn(t *testing.T) {
	w := Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Absences: []slot.Interval{{Start: day("2027-03-25"), End: day("2027-04-09")}}}
	for d := day("2027-03-20"); d <= day("2027-04-12"); d++ {
		w.Today = d
		raise, _ := Judge([]Status{Clock(w, nil, d)}, nil)
		if d < day("2027-04-10") {
			require.Empty(t, raise, d)
			continue
		}
		require.Equal(t, day("2027-04-01"), raise[0].Breach, "the clock ran on during the leave")
	}
	// A visit during the leave (it happens) ends the wait as well.
	w.Today = day("2027-04-10")
	raise, _ := Judge([]Status{Clock(w, []*visit.Visit{held("v", "2027-04-02")}, w.Today)}, nil)
	require.Empty(t, raise)
}

// world is a small company that lives through a random year, beside a slow and
// literal reading of the rule.
type world struct {
	people   []Watch
	visits   map[string][]*visit.Visit
	open     map[Open]bool
	everOpen map[Open]int // how often each alert was raised
}

// slow gives the state of a person's clock by walking over the days one by one.
func slow(w Watch, visits []*visit.Visit) (overdue bool, breach slot.Date) {
	counting := map[slot.Date]bool{}
	first := slot.Date(0)
	for _, v := range visits {
		if yes, _ := v.Counts(); yes && v.Slot.Date <= w.Today {
			counting[v.Slot.Date] = true
			if first.IsZero() || v.Slot.Date < first {
				first = v.Slot.Date
			}
		}
	}
	start := w.LastVisit
	if start.IsZero() {
		start = w.Since
		if !first.IsZero() {
			start = first
		}
	}
	days := 0
	for d := start.Add(1); d <= w.Today; d++ {
		days++
		if counting[d] {
			days = 0
		}
		if days == 31 {
			breach = d
		}
	}
	return days > 30, breach
}

func (c *world) judge(t *rapid.T) {
	statuses := make([]Status, len(c.people))
	for i, w := range c.people {
		statuses[i] = Clock(w, c.visits[w.PersonID], w.Today.Add(60))
	}
	var open []Open
	for o := range c.open {
		open = append(open, o)
	}
	raise, settle := Judge(statuses, open)
	for _, s := range settle {
		o := Open{s.PersonID, s.Breach}
		if !c.open[o] || s.Reason == "" || s.Outcome == "" {
			t.Fatalf("settled what was not open, or without a reason: %+v", s)
		}
		delete(c.open, o)
	}
	for _, r := range raise {
		o := Open{r.PersonID, r.Breach}
		if c.open[o] {
			t.Fatalf("a second alert for one breach: %+v", r)
		}
		c.open[o] = true
		c.everOpen[o]++
	}
	for i, w := range c.people {
		overdue, breach := slow(w, c.visits[w.PersonID])
		if statuses[i].Overdue != overdue || overdue && statuses[i].Breach != breach {
			t.Fatalf("%s on %s: clock says %v from %s, the days say %v from %s", w.PersonID, w.Today, statuses[i].Overdue, statuses[i].Breach, overdue, breach)
		}
		onLeave := slot.In(w.Today, w.Absences)
		mine := 0
		for o := range c.open {
			if o.PersonID != w.PersonID {
				continue
			}
			mine++
			if !overdue || o.Breach != breach {
				t.Fatalf("false alert %+v on %s: overdue %v from %s", o, w.Today, overdue, breach)
			}
		}
		if overdue && !onLeave && mine != 1 {
			t.Fatalf("%s overdue on %s from %s, %d alerts", w.PersonID, w.Today, breach, mine)
		}
	}
	var again []Open
	for o := range c.open {
		again = append(again, o)
	}
	if r, s := Judge(statuses, again); len(r)+len(s) > 0 {
		t.Fatalf("judging twice is not the same as once: %v %v", r, s)
	}
}

// Never two alerts for one breach, none missing, none false, through random
// years of visits, leaves and corrections of the past.
func TestAlertsAreExactlyTheBreaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := day("2027-11-01").Add(rapid.IntRange(0, 800).Draw(t, "begin"))
		c := world{visits: map[string][]*visit.Visit{}, open: map[Open]bool{}, everOpen: map[Open]int{}}
		for i := range rapid.IntRange(1, 3).Draw(t, "people") {
			w := Watch{PersonID: fmt.Sprint("p", i), Since: begin.Add(-rapid.IntRange(0, 40).Draw(t, "since")), Today: begin}
			if rapid.Bool().Draw(t, "known") {
				w.LastVisit = begin.Add(-rapid.IntRange(0, 60).Draw(t, "last"))
			}
			c.people = append(c.people, w)
		}
		corrected := false
		for step := range rapid.IntRange(5, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, len(c.people)-1).Draw(t, "who")
			w := &c.people[i]
			theirs := c.visits[w.PersonID]
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1: // somebody records a visit, of today or of the past
				back := rapid.SampledFrom([]int{0, 0, 1, 7, 25, 40}).Draw(t, "back")
				corrected = corrected || back > 0
				v := held(fmt.Sprint("v", step), w.Today.Add(-back).String())
				v.Kind = rapid.SampledFrom([]visit.Kind{visit.AtCustomer, visit.AtCustomer, visit.TradeShow, visit.Online}).Draw(t, "kind")
				v.WithHost = rapid.IntRange(0, 4).Draw(t, "host") > 0
				c.visits[w.PersonID] = append(theirs, v)
			case 2: // a correction
				if len(theirs) > 0 {
					v := theirs[rapid.IntRange(0, len(theirs)-1).Draw(t, "which")]
					if v.State == visit.Held {
						v.State = visit.NoShow
					} else {
						v.State = visit.Held
					}
					corrected = true
				}
			case 3:
				start := w.Today.Add(rapid.IntRange(-3, 20).Draw(t, "leave"))
				w.Absences = append(w.Absences, slot.Interval{Start: start, End: start.Add(rapid.IntRange(0, 40).Draw(t, "length"))})
			default: // time passes, a day or a month without anybody looking
				n := rapid.SampledFrom([]int{1, 1, 5, 14, 31, 45}).Draw(t, "days")
				for j := range c.people {
					c.people[j].Today = c.people[j].Today.Add(n)
				}
			}
			c.judge(t)
		}
		for o, n := range c.everOpen {
			if n > 1 && !corrected {
				t.Fatalf("%v was raised %d times though nobody corrected the past", o, n)
			}
		}
	})
}

// The forecast is what happens if no more than the booked visits do. A visit on
// the 31st day comes too late: the alert is raised when that day begins.
func TestForecastComesTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := day("2027-06-01").Add(rapid.IntRange(0, 500).Draw(t, "today"))
		w := Watch{PersonID: "ana", LastVisit: today.Add(-rapid.IntRange(0, MaxGapDays).Draw(t, "ago")), Today: today}
		horizon := today.Add(rapid.IntRange(0, 200).Draw(t, "horizon"))
		var visits []*visit.Visit
		for i := range rapid.IntRange(0, 8).Draw(t, "visits") {
			visits = append(visits, booked(fmt.Sprint(i), today.Add(rapid.IntRange(0, 200).Draw(t, "in")).String()))
		}
		got := Clock(w, visits, horizon)
		for d := today; d <= horizon; d++ {
			then := w
			then.Today = d
			var happened []*visit.Visit
			for _, v := range visits {
				if v.Slot.Date < d {
					h := *v
					h.State, h.WithHost = visit.Held, true
					happened = append(happened, &h)
				}
			}
			if overdue, _ := slow(then, happened); overdue {
				if got.Forecast != d {
					t.Fatalf("forecast %s, but the clock passes 30 days on %s", got.Forecast, d)
				}
				return
			}
		}
		if !got.Forecast.IsZero() {
			t.Fatalf("forecast %s, but nothing happens by %s", got.Forecast, horizon)
		}
	})
}
