package alert

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/visit"
)

func ahead(last, today string, visits ...*visit.Visit) Status {
	return Clock(Watch{PersonID: "ana", LastVisit: day(last), Today: day(today)}, visits, day(today).Add(60))
}

func TestWarn(t *testing.T) {
	april := func(a int) Warned { return Warned{"ana", day("2027-04-01"), a} } // last visit on 1 March
	onLeave := ahead("2027-03-01", "2027-03-25")
	onLeave.Paused = true
	tests := []struct {
		name   string
		status []Status
		given  []Warned
		fresh  []Warning
		void   []Warned
	}{
		{"fifteen days ahead is too soon", []Status{ahead("2027-03-01", "2027-03-17")}, nil, nil, nil},
		{"fourteen days ahead", []Status{ahead("2027-03-01", "2027-03-18")}, nil,
			[]Warning{{april(14), 14, 0, "", "30 days without a counting visit are passed on Thu 1 Apr: nothing is booked."}}, nil},
		{"eight days ahead, warned", []Status{ahead("2027-03-01", "2027-03-24")}, []Warned{april(14)}, nil, nil},
		{"seven days ahead", []Status{ahead("2027-03-01", "2027-03-25")}, []Warned{april(14)},
			[]Warning{{april(7), 7, 0, "", "30 days without a counting visit are passed on Thu 1 Apr: nothing is booked."}}, nil},
		{"looked at too late for the first", []Status{ahead("2027-03-01", "2027-03-27")}, nil,
			[]Warning{{april(7), 5, 0, "", "30 days without a counting visit are passed on Thu 1 Apr: nothing is booked."}}, nil},
		{"both given", []Status{ahead("2027-03-01", "2027-03-27")}, []Warned{april(7), april(14)}, nil, nil},
		{"a visit is booked: the warnings are void", []Status{ahead("2027-03-01", "2027-03-27", booked("b", "2027-03-30"))}, []Warned{april(7), april(14)},
			nil, []Warned{april(14), april(7)}},
		{"booked a day too late", []Status{ahead("2027-03-01", "2027-03-27", booked("b", "2027-04-01"))}, nil,
			[]Warning{{april(7), 5, day("2027-04-01"), "b", "30 days without a counting visit are passed on Thu 1 Apr: the next visit is booked for Thu 1 Apr, which is too late."}}, nil},
		{"a gap between two that are booked", []Status{ahead("2027-02-20", "2027-03-10", booked("a", "2027-02-21"), with(booked("x", "2027-03-11"), func(v *visit.Visit) { v.Answer = visit.Refused }), booked("b", "2027-05-20"))}, nil,
			[]Warning{{Warned{"ana", day("2027-03-23"), 14}, 13, day("2027-05-20"), "b", "30 days without a counting visit are passed on Tue 23 Mar: the next visit is booked for Thu 20 May, which is too late."}}, nil},
		{"the last that is booked, then nothing", []Status{ahead("2027-03-01", "2027-03-01", booked("a", "2027-03-01"))}, nil, nil, nil},
		{"overdue is no warning, and the warning is history", []Status{ahead("2027-03-01", "2027-04-02")}, []Warned{april(7)}, nil, nil},
		{"on leave", []Status{onLeave}, nil, nil, nil},
		{"gone", nil, []Warned{april(14)}, nil, []Warned{april(14)}},
		{"the same person twice", []Status{ahead("2027-03-01", "2027-03-18"), ahead("2027-03-01", "2027-03-18")}, nil,
			[]Warning{{april(14), 14, 0, "", "30 days without a counting visit are passed on Thu 1 Apr: nothing is booked."}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fresh, void := Warn(tt.status, tt.given, WarnAhead())
			require.Equal(t, tt.fresh, fresh)
			require.Equal(t, tt.void, void)
		})
	}
	both := ahead("2027-03-01", "2027-03-25", booked("a", "2027-03-26"))
	fresh, _ := Warn([]Status{both}, nil, []int{40})
	require.Equal(t, "30 days without a counting visit are passed on Mon 26 Apr: nothing is booked after Fri 26 Mar.", fresh[0].Reason)
	both = ahead("2027-03-01", "2027-03-25", booked("a", "2027-03-26"), booked("b", "2027-05-03"))
	fresh, _ = Warn([]Status{both}, nil, []int{40})
	require.Equal(t, "30 days without a counting visit are passed on Mon 26 Apr: after Fri 26 Mar the next visit is booked for Mon 3 May, which is too late.", fresh[0].Reason)
}

// Whoever looks every day warns once fourteen and once seven days ahead of each
// breach that comes, and warns of nothing that then does not come without taking
// it back.
func TestEveryBreachIsWarnedOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Watch{PersonID: "ana", Since: day("2027-11-01"), Today: day("2027-11-01")}
		var visits []*visit.Visit
		given := map[Warned]bool{}
		for range rapid.IntRange(30, 150).Draw(t, "days") {
			w.Today++
			if rapid.IntRange(0, 25).Draw(t, "what") == 0 {
				v := booked(w.Today.String(), w.Today.Add(rapid.IntRange(0, 45).Draw(t, "in")).String())
				visits = append(visits, v)
			}
			for _, v := range visits {
				if v.State == visit.Published && v.Slot.Date < w.Today {
					v.State, v.WithHost = visit.Held, rapid.IntRange(0, 5).Draw(t, "host") > 0
				}
			}
			s := Clock(w, visits, w.Today.Add(60))
			var list []Warned
			for g := range given {
				list = append(list, g)
			}
			fresh, void := Warn([]Status{s}, list, WarnAhead())
			for _, v := range void {
				delete(given, v)
			}
			for _, f := range fresh {
				given[f.Warned] = true
			}
			if again, none := Warn([]Status{s}, list2(given), WarnAhead()); len(again)+len(none) > 0 {
				t.Fatalf("a second look is not silent: %v %v", again, none)
			}
			ahead := s.Forecast.Sub(w.Today)
			if !s.Forecast.IsZero() && !s.Overdue && ahead <= 14 && len(given) == 0 {
				t.Fatalf("nobody is warned of %s on %s", s.Forecast, w.Today)
			}
			for g := range given {
				if g.Breach != s.Forecast {
					t.Fatalf("a warning of %s stands on %s, forecast %s", g.Breach, w.Today, s.Forecast)
				}
			}
		}
	})
}

func list2(given map[Warned]bool) (out []Warned) {
	for g := range given {
		out = append(out, g)
	}
	return out
}

func TestSpells(t *testing.T) {
	visits := []*visit.Visit{held("c", "2027-05-01"), held("a", "2027-03-01"), with(held("x", "2027-04-10"), func(v *visit.Visit) { v.Kind = visit.TradeShow }), held("b", "2027-03-31")}
	w := Watch{PersonID: "ana", LastVisit: day("2027-01-25"), Today: day("2027-06-05")}
	require.Equal(t, []Spell{
		{First: day("2027-02-25"), Last: day("2027-02-28"), EndedBy: "a"},
		{First: day("2027-06-01"), Last: day("2027-06-05"), Lasts: true}}, Spells(w, visits))
	require.Equal(t, 4, Spells(w, visits)[0].Days())
	w.Left = day("2027-06-03")
	require.Equal(t, Spell{First: day("2027-06-01"), Last: day("2027-06-03")}, Spells(w, visits)[1])
	require.Empty(t, Spells(Watch{Today: day("2027-06-05")}, nil), "no clock, no spell")
	require.Empty(t, Spells(Watch{Since: day("2027-06-05"), Today: day("2027-06-05")}, nil))
}
