package planning_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// company is a problem that tests shape: e1 at the equator, customers north of him.
func company(t *testing.T, shape func(*planning.Problem)) *planning.Problem {
	p := &planning.Problem{
		Horizon:   slot.Interval{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-04-30")},
		Calendars: []planning.Calendar{{ID: "x", Weekend: []planning.Weekday{0, 6}}},
		Rules:     planning.StandardRules(),
		Executives: []planning.Executive{{ID: "e1", Calendar: "x", Tags: []string{"function:ceo"}, MaxPerWeek: 5, MaxPerMonth: 20,
			TargetVisits: 3, LastVisit: slot.MustDate("2027-02-20")}},
		Hosts: []planning.Host{{ID: "h1"}},
	}
	for i, id := range []string{"1", "2", "3"} {
		p.Customers = append(p.Customers, planning.Customer{ID: "c" + id, Calendar: "x", Host: "h1", Lat: float64(i + 1)})
		p.Visits = append(p.Visits, planning.Visit{ID: "v" + id, Customer: "c" + id})
	}
	shape(p)
	require.NoError(t, p.Validate())
	return p
}

func at(day string) planning.Place {
	return planning.Place{Executive: "e1", Date: slot.MustDate(day), Half: slot.AM}
}

func TestReasonsTellWhyHereAndNow(t *testing.T) {
	p := company(t, func(p *planning.Problem) {
		p.Customers[0].Windows = []slot.Interval{{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-05")}}
		p.Customers[1].Windows = []slot.Interval{{Start: slot.MustDate("2027-04-01"), End: slot.MustDate("2027-04-02")}}
		p.Customers[0].Prefers = []planning.Preference{{Tag: "function:ceo", Points: 5}, {Tag: "language:ja", Points: 6}}
		p.Rules.Crunch = []slot.Interval{{Start: slot.MustDate("2027-04-07"), End: slot.MustDate("2027-04-07")}}
		pinned := at("2027-04-07")
		p.Visits[2].Pinned = &pinned
	})
	s := planning.NewSolution(p, map[string]planning.Place{"v1": at("2027-03-04"), "v2": at("2027-03-05"), "v3": at("2027-04-07")}, nil)
	require.True(t, planning.Check(p, s).Feasible)
	reasons := planning.Reasons(p, s)
	require.Len(t, reasons, 3)

	require.Equal(t, planning.Reason{
		Assigned: true, Place: at("2027-03-04"), HomeKM: 111, HomeRank: 1, MayGo: 1, LegKM: 111, After: "v2", Window: planning.InWindow,
		Matched: []string{"function:ceo"}, Lacking: []string{"language:ja"}, GapBefore: 12, GapAfter: 1,
		Text: "On one trip with v2, 111 km from home. Nobody else may go. Inside the customer's window. Wanted and there: function:ceo. Wanted but lacking: language:ja.",
	}, reasons["v1"])
	require.Equal(t, planning.Reason{
		Assigned: true, Place: at("2027-03-05"), HomeKM: 222, HomeRank: 1, MayGo: 1, LegKM: 111, Before: "v1", Window: planning.Missed, GapBefore: 1, GapAfter: 33,
		Text: "On one trip with v1, 111 km on. Nobody else may go. Outside the customer's windows. Begins a gap of 33 days, 2 too many (leave included).",
	}, reasons["v2"])
	require.Equal(t, planning.Reason{
		Assigned: true, Place: at("2027-04-07"), HomeKM: 334, HomeRank: 1, MayGo: 1, LegKM: 334, Window: planning.AnyTime, InCrunch: true, GapBefore: 33, Last: true, Pinned: true,
		Text: "Pinned here. Nobody else may go. In a crunch period. Ends a gap of 33 days, 2 too many (leave included).",
	}, reasons["v3"])
}

func TestReasonsTellWhyThisExecutiveAndThisWeek(t *testing.T) {
	p := company(t, func(p *planning.Problem) {
		p.Names = map[string]string{"v1": "Hilti"}
		for i, lat := range []float64{4, 2, -9} {
			e := p.Executives[0]
			e.ID, e.Lat = []string{"e2", "e3", "e4"}[i], lat
			p.Executives = append(p.Executives, e)
		}
		p.Executives[3].Tags = []string{"language:zh"}
		p.Customers[0].Requires = []string{"function:ceo"}
		p.Customers[2].Requires = []string{"function:ceo", "language:zh"}
		p.Executives[0].Tags = []string{"function:ceo", "language:zh"}
		p.Visits[1].Excludes = []string{"e3"}
	})
	s := planning.NewSolution(p, map[string]planning.Place{"v1": at("2027-03-10"), "v2": at("2027-03-22"), "v3": at("2027-04-15")}, nil)
	require.True(t, planning.Check(p, s).Feasible)
	reasons := planning.Reasons(p, s)
	for id, want := range map[string][2]int{"v1": {1, 3}, "v2": {1, 3}, "v3": {1, 1}} {
		require.Equal(t, want, [2]int{reasons[id].HomeRank, reasons[id].MayGo}, id)
	}
	v2 := reasons["v2"]
	require.Equal(t, "A trip of its own, 222 km from home. Of the 3 executives who may go, no home is nearer. "+
		"Keeps visits at most 31 days apart, as any day from Mon 15 Mar to Sat 10 Apr would: without it 36 days would pass between visits.", v2.Text)
	for id, r := range reasons {
		require.Equal(t, r, planning.ReasonOf(p, s, id))
	}
	require.Zero(t, planning.ReasonOf(p, s, "nothing"))

	late := func(day slot.Date) int64 {
		moved := s.Places()
		moved["v2"] = planning.Place{Executive: "e1", Date: day, Half: slot.AM}
		return planning.Check(p, planning.NewSolution(p, moved, nil)).Cost[planning.OverdueDays]
	}
	now := late(v2.Place.Date)
	for day := p.Horizon.Start.Add(10); day < slot.MustDate("2027-04-15"); day++ {
		require.Equal(t, v2.Earliest <= day && day <= v2.Latest, late(day) == now, day)
	}
	p.Executives[0].Lat = 9
	v1 := planning.ReasonOf(p, s, "v1")
	require.Equal(t, 3, v1.HomeRank)
	require.Contains(t, v1.Text, "Of the 3 executives who may go, 2 have a nearer home.")
	v3 := planning.Reasons(p, planning.NewSolution(p, map[string]planning.Place{"v1": at("2027-04-14"), "v3": at("2027-04-15")}, nil))["v3"]
	require.Contains(t, v3.Text, "On one trip with Hilti, 222 km on.")
}

func TestReasonsTellWhyNot(t *testing.T) {
	whole := []slot.Interval{{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")}}
	half := []slot.Interval{{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-03-31")}}
	rest := []slot.Interval{{Start: slot.MustDate("2027-04-01"), End: slot.MustDate("2027-12-31")}}
	for name, c := range map[string]struct {
		shape func(*planning.Problem)
		rule  planning.Rule
		text  string
	}{
		"nobody has the tag": {func(p *planning.Problem) { p.Customers[2].Requires = []string{"language:zh"} },
			planning.Tags, "No executive has tag language:zh, which c3 requires."},
		"nobody has both tags": {func(p *planning.Problem) {
			p.Customers[2].Requires = []string{"function:ceo", "language:zh"}
			p.Executives = append(p.Executives, planning.Executive{ID: "e2", Calendar: "x", Tags: []string{"language:zh"}})
		}, planning.Tags, "No executive has all the tags that c3 requires: function:ceo, language:zh."},
		"declined": {func(p *planning.Problem) { p.Visits[2].Excludes = []string{"e1"} },
			planning.Tags, "Every executive who may see c3 has declined this visit."},
		"host away": {func(p *planning.Problem) {
			p.Hosts = append(p.Hosts, planning.Host{ID: "h2", Unavailable: whole})
			p.Customers[2].Host = "h2"
		}, planning.WorkingDay, "Host h2 is away on all working days."},
		"blackout": {func(p *planning.Problem) { p.Customers[2].Blackouts = whole },
			planning.WorkingDay, "Customer c3 has blackouts on all working days."},
		"host away, else blackout": {func(p *planning.Problem) {
			p.Hosts = append(p.Hosts, planning.Host{ID: "h2", Unavailable: half})
			p.Customers[2].Host, p.Customers[2].Blackouts = "h2", rest
		}, planning.WorkingDay, "Host h2 is away on all working days that the blackouts of c3 leave."},
		"no working day": {func(p *planning.Problem) {
			p.Calendars = append(p.Calendars, planning.Calendar{ID: "never", Weekend: []planning.Weekday{0, 1, 2, 3, 4, 5, 6}})
			p.Customers[2].Calendar = "never"
		}, planning.WorkingDay, "Calendar never of c3 has no working day in the horizon."},
		"never together": {func(p *planning.Problem) {
			p.Executives[0].Unavailable, p.Customers[2].Blackouts = rest, half
		}, planning.WorkingDay, "No executive who may see c3 works on any of the 22 days that suit the customer and host h1."},
		"full": {func(p *planning.Problem) { p.Executives[0].MaxPerMonth = 1 },
			planning.Capacity, "Every place that tags and calendars allow is closed by other visits: the executive or the host has another visit (2 half-days), the week or the month is full (88 half-days)."},
		"too near in time": {func(p *planning.Problem) {
			p.Visits[2].Customer = "c1"
			p.Customers[0].MinSpacingDays = 100
		}, planning.Spacing, "Every place that tags and calendars allow is closed by other visits: the executive or the host has another visit (2 half-days), too near in time to another visit to this customer (88 half-days)."},
		"free": {func(*planning.Problem) {},
			planning.Readable, "No rule forbids it: e1 on Mon 1 Mar, morning is free. Taking that place costs more than leaving the visit out, or the search ended before it was tried."},
		"nobody at all": {func(p *planning.Problem) { p.Executives = nil }, planning.Tags, "There are no executives."},
	} {
		t.Run(name, func(t *testing.T) {
			p := company(t, c.shape)
			places := map[string]planning.Place{"v1": at("2027-03-04"), "v2": at("2027-04-06")}
			if len(p.Executives) == 0 {
				places = nil
			}
			r := planning.Reasons(p, planning.NewSolution(p, places, nil))["v3"]
			require.Equal(t, c.rule, r.Rule)
			require.Equal(t, c.text, r.Text)
			require.False(t, r.Assigned)
		})
	}
}

func TestReportAndTableAreReadable(t *testing.T) {
	p := company(t, func(p *planning.Problem) {})
	s := planning.NewSolution(p, map[string]planning.Place{"v1": at("2027-03-06")}, planning.Cost{planning.TravelKM: 7})
	s.Assignments = append(s.Assignments, planning.Assignment{Visit: "v9"}, planning.Assignment{Visit: "v1"},
		planning.Assignment{Visit: "v2", Executive: "e1", Half: "noon"}, planning.Assignment{Visit: "v3", Executive: "e5", Half: "am"})
	report := planning.Check(p, s).Report(p)
	for _, line := range []string{
		"infeasible, 5 violations\n",
		"rule 0, readable: There is no visit \"v9\".\n",
		"rule 0, readable: Visit v2: the half is neither am nor pm but \"noon\".\n",
		"rule 0, readable: Visit v3: there is no executive \"e5\".\n",
		"rule 1, once: Visit v1 is listed twice.\n",
		"rule 2, working day: Visit v1 on 2027-03-06: it is no working day for executive e1 (calendar x).\n",
		"wrong cost: travel_km is 222, the solution says 7\n",
		"unassigned      2  1,000,000  2,000,000",
	} {
		require.Contains(t, report, line)
	}
	for _, line := range strings.Split(p.Table(planning.Check(p, s).Cost), "\n") {
		require.NotContains(t, line, "\t")
	}
}
