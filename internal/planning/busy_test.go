package planning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// busyProblem has one executive who is busy on a Thursday morning, and her host on
// the Friday afternoon.
func busyProblem(t *testing.T) *planning.Problem {
	t.Helper()
	days := slot.Interval{Start: slot.MustDate("2027-03-04"), End: slot.MustDate("2027-03-05")}
	p, err := planning.Compile(planning.Draft{
		Horizon: days, Rules: planning.StandardRules(),
		Executives: []planning.Traveller{{Person: roster.Person{ID: "e", Name: "Ada", Office: roster.Office{Point: geo.Point{Lat: 47, Lon: 8}},
			Terms: roster.Terms{Calendar: "CH", MaxPerWeek: 5, MaxPerMonth: 9, TargetVisits: 4}}}},
		Hosts:     map[string][]slot.Interval{"h": nil},
		Customers: []roster.Customer{{ID: "c", Name: "Acme", Country: "CH", HostID: "h", Point: geo.Point{Lat: 47, Lon: 8.1}}},
		Busy: map[string][]slot.Slot{
			"e": {{Date: days.Start, Half: slot.AM}, {Date: days.End.Add(90), Half: slot.AM}},
			"h": {{Date: days.End, Half: slot.PM}},
		},
		Calendar: func(country string) (slot.WorkCalendar, error) { return slot.WorkCalendar{ID: country}, nil },
	})
	require.NoError(t, err)
	p.Names["h"] = "Hal"
	return p
}

func TestABusyHalfDayIsNoPlaceForAVisit(t *testing.T) {
	p := busyProblem(t)
	require.NoError(t, p.Validate())
	require.Len(t, p.Executives[0].Busy, 1, "what lies outside the horizon is left out")
	for _, x := range []struct {
		date string
		half slot.Half
		why  string
	}{
		{"2027-03-04", slot.AM, "Visit Acme on 2027-03-04: executive Ada is busy in the calendar in that half-day (am)."},
		{"2027-03-04", slot.PM, ""},
		{"2027-03-05", slot.AM, ""},
		{"2027-03-05", slot.PM, "Visit Acme on 2027-03-05: host Hal is busy in the calendar in that half-day (pm)."},
	} {
		at := planning.Place{Executive: "e", Date: slot.MustDate(x.date), Half: x.half}
		v := planning.Check(p, planning.NewSolution(p, map[string]planning.Place{"c": at}, nil))
		require.Equal(t, x.why == "", v.Feasible, at)
		if x.why != "" {
			require.Equal(t, x.why, v.Violations[0].Reason)
			require.Equal(t, []string{"c"}, v.Violations[0].Visits)
		}
	}
}

// Meetings excuse nobody from the customers: unlike days away, busy half-days do
// not keep the days of the clock from being counted.
func TestBusyHalfDaysExcuseNobodyFromTheClock(t *testing.T) {
	p := busyProblem(t)
	p.Rules.MaxGapDays = 0
	require.EqualValues(t, 2, planning.Check(p, planning.NewSolution(p, nil, nil)).Cost[planning.OverdueDays])
	p.Executives[0].Unavailable = []slot.Interval{p.Horizon}
	require.EqualValues(t, 0, planning.Check(p, planning.NewSolution(p, nil, nil)).Cost[planning.OverdueDays])
}

func TestAVisitThatOnlyBusyHalfDaysKeepOutSaysSo(t *testing.T) {
	p := busyProblem(t)
	p.Hosts[0].Busy = []slot.Slot{{Date: p.Horizon.Start, Half: slot.PM}, {Date: p.Horizon.End, Half: slot.AM}, {Date: p.Horizon.End, Half: slot.PM}}
	r := planning.ReasonOf(p, planning.NewSolution(p, nil, nil), "c")
	require.Equal(t, "Every place that tags and calendars allow is closed: the executive or the host is busy in the calendar (4 half-days).", r.Text)
}

func TestABusyHalfDayMustBeOne(t *testing.T) {
	p := busyProblem(t)
	p.Executives[0].Busy = []slot.Slot{{Date: p.Horizon.Start, Half: "noon"}}
	p.Hosts[0].Busy = []slot.Slot{{Half: slot.AM}}
	var f *fault.Error
	require.ErrorAs(t, p.Validate(), &f)
	require.Equal(t, "/executives/0/busy/0", f.Details[0].Where)
	require.Equal(t, "/hosts/0/busy/0", f.Details[1].Where)
}
