package alert

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func TestClimb(t *testing.T) {
	first := day("2027-04-01") // last visit on 1 March
	standing := Standing{Open: Open{"ana", first}, Raised: first}
	var all []Rung
	climb := func(today string, change func(*Standing, *Watch)) []Step {
		a, w := standing, Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Today: day(today)}
		if change != nil {
			change(&a, &w)
		}
		w.Absences = a.Absences
		return Climb([]Status{Clock(w, nil, w.Today)}, []Standing{a}, UsualLadder())
	}
	rungs := func(steps []Step) (out []Rung) {
		for _, s := range steps {
			out = append(out, s.Rung)
		}
		return out
	}
	told := func(r ...Rung) func(*Standing, *Watch) { return func(a *Standing, _ *Watch) { a.Told = r } }
	require.Equal(t, []Rung{ToPerson}, rungs(climb("2027-04-01", nil)), "on the day it is raised")
	require.Empty(t, climb("2027-04-03", told(ToPerson)))
	require.Equal(t, []Rung{ToVP}, rungs(climb("2027-04-04", told(ToPerson))))
	require.Empty(t, climb("2027-04-07", told(ToPerson, ToVP)))
	require.Equal(t, []Rung{ToCEO}, rungs(climb("2027-04-08", told(ToVP, ToPerson))))
	require.Empty(t, climb("2027-12-08", told(ToVP, ToCEO, ToPerson)), "each once")
	require.Equal(t, append(all, ToPerson, ToVP, ToCEO), rungs(climb("2027-05-08", nil)), "after days without anybody looking")

	require.Empty(t, climb("2027-04-06", func(a *Standing, _ *Watch) {
		a.Absences = []slot.Interval{{Start: day("2027-04-02"), End: day("2027-04-06")}}
	}), "nobody hears on a leave")
	require.Empty(t, climb("2027-04-08", func(a *Standing, _ *Watch) {
		a.Told, a.Absences = []Rung{ToPerson}, []slot.Interval{{Start: day("2027-04-02"), End: day("2027-04-06")}}
	}), "days of leave do not count")
	require.Equal(t, []Rung{ToVP}, rungs(climb("2027-04-09", func(a *Standing, _ *Watch) {
		a.Told, a.Absences = []Rung{ToPerson}, []slot.Interval{{Start: day("2027-04-02"), End: day("2027-04-06")}}
	})))
	snooze := func(a *Standing, _ *Watch) {
		a.Told, a.Until, a.Note = []Rung{ToPerson}, day("2027-04-06"), "Back from the fair on Monday."
	}
	require.Empty(t, climb("2027-04-05", snooze))
	steps := climb("2027-04-06", snooze)
	require.Equal(t, []Step{{Open{"ana", first}, ToVP, 5, "36 days without a counting visit, over since Thu 1 Apr. The alert has been open for 5 days. Nothing is booked. It was snoozed: “Back from the fair on Monday.”"}}, steps)
	steps = climb("2027-04-04", func(a *Standing, _ *Watch) { a.Told, a.Seen, a.Note = []Rung{ToPerson}, day("2027-04-02"), "I know." })
	require.Equal(t, "34 days without a counting visit, over since Thu 1 Apr. The alert has been open for 3 days. Nothing is booked. Acknowledged on Fri 2 Apr: “I know.”", steps[0].Reason)

	require.Empty(t, climb("2027-04-08", func(_ *Standing, w *Watch) { w.LastVisit = day("2027-04-02") }), "over")
	require.Empty(t, climb("2027-04-08", func(_ *Standing, w *Watch) { w.LastVisit = day("2027-02-01") }), "another breach by now")
	require.Empty(t, climb("2027-04-08", func(_ *Standing, w *Watch) { w.PersonID = "ben" }), "not watched")
	s := Clock(Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Today: day("2027-04-02")}, visitsOf(booked("b", "2027-04-20")), day("2027-04-02"))
	require.Contains(t, Climb([]Status{s}, []Standing{standing}, UsualLadder())[0].Reason, "open for 1 day. The next visit is booked for Tue 20 Apr.")
}

func TestLadder(t *testing.T) {
	require.NoError(t, UsualLadder().Check())
	require.NoError(t, Ladder{1, 1}.Check())
	for _, l := range []Ladder{{0, 3}, {3, 2}, {61, 61}, {3, 61}, {-1, -1}} {
		require.True(t, fault.Is(l.Check(), fault.Invalid), l)
	}
}

func TestCheckSnooze(t *testing.T) {
	raised := day("2027-04-01")
	for _, c := range []struct {
		today, until, reason string
		ok                   bool
	}{
		{"2027-04-01", "2027-04-02", "At the fair.", true},
		{"2027-04-01", "2027-04-15", "At the fair.", true},
		{"2027-04-01", "2027-04-16", "At the fair.", false},
		{"2027-04-01", "2027-04-01", "At the fair.", false},
		{"2027-04-01", "2026-04-01", "At the fair.", false},
		{"2027-04-01", "2199-12-31", "At the fair.", false},
		{"2027-04-20", "2027-05-01", "At the fair.", true},
		{"2027-04-20", "2027-05-02", "At the fair.", false}, // more than 30 days silent
		{"2027-05-01", "2027-05-02", "At the fair.", false},
		{"2027-04-01", "2027-04-02", "  x ", false},
		{"2027-04-01", "2027-04-02", "", false},
		{"2027-04-01", "2027-04-02", strings.Repeat("ä", 500), true},
		{"2027-04-01", "2027-04-02", strings.Repeat("ä", 501), false},
		{"2027-04-01", "2027-04-02", "bad \xff bytes", false},
	} {
		err := CheckSnooze(raised, day(c.today), day(c.until), c.reason)
		require.Equal(t, c.ok, err == nil, "%+v: %v", c, err)
		require.True(t, c.ok || fault.Is(err, fault.Invalid))
	}
}
