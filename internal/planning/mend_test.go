package planning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// couple is a problem of two executives, two customers with a host each, and
// three visits, the third to the first customer once more.
func couple(t testing.TB) *planning.Problem {
	p, err := planning.ReadProblem(strings.NewReader(small))
	require.NoError(t, err)
	p.Executives = append(p.Executives, p.Executives[0])
	p.Executives[1].ID, p.Executives[1].Tags = "e2", []string{"language:de"}
	p.Hosts = append(p.Hosts, planning.Host{ID: "h2"})
	p.Customers = append(p.Customers, p.Customers[0])
	p.Customers[1].ID, p.Customers[1].Host = "c2", "h2"
	p.Visits = []planning.Visit{{ID: "v1", Customer: "c1"}, {ID: "v2", Customer: "c2"}, {ID: "v3", Customer: "c1"}}
	require.NoError(t, p.Validate())
	return p
}

func TestClashingPinsSayHowToMendThem(t *testing.T) {
	place := func(exec, date string, half slot.Half) *planning.Place {
		return &planning.Place{Executive: exec, Date: slot.MustDate(date), Half: half}
	}
	pin := func(p *planning.Problem, places ...*planning.Place) {
		for i, at := range places {
			p.Visits[i].Pinned = at
		}
	}
	for name, c := range map[string]struct {
		spoil func(p *planning.Problem)
		mend  string
	}{
		"executive in two places": {func(p *planning.Problem) {
			pin(p, place("e1", "2027-03-04", slot.AM), place("e1", "2027-03-04", slot.AM))
		}, "Pin one of them to another half-day, or unpin v1 or v2."},
		"host in two places": {func(p *planning.Problem) {
			p.Customers[1].Host = "h1"
			pin(p, place("e1", "2027-03-04", slot.AM), place("e2", "2027-03-04", slot.AM))
		}, "Pin one of them to another half-day, give c1 or c2 another host, or unpin v1 or v2."},
		"holiday": {func(p *planning.Problem) { pin(p, place("e1", "2027-03-08", slot.AM)) },
			"Pin v1 to 2027-03-09, the nearest day on which everybody works, or unpin it."},
		"weekend": {func(p *planning.Problem) { pin(p, place("e1", "2027-03-13", slot.AM)) },
			"Pin v1 to 2027-03-12, the nearest day on which everybody works, or unpin it."},
		"host away": {func(p *planning.Problem) { pin(p, place("e1", "2027-03-02", slot.AM)) },
			"Pin v1 to 2027-03-01, the nearest day on which everybody works, or unpin it."},
		"outside the horizon": {func(p *planning.Problem) { pin(p, place("e1", "2027-04-01", slot.AM)) },
			"Pin v1 to 2027-03-26, the nearest day on which everybody works, or unpin it."},
		"just outside the horizon": {func(p *planning.Problem) {
			p.Horizon.End = slot.MustDate("2027-03-25")
			pin(p, place("e1", "2027-04-01", slot.AM))
		}, "Let the horizon reach to 2027-04-01, pin v1 to a day in it, or unpin it."},
		"never together": {func(p *planning.Problem) {
			p.Hosts[0].Unavailable = []slot.Interval{p.Horizon}
			pin(p, place("e1", "2027-03-04", slot.AM))
		}, "e1, c1 and h1 never work on the same day: pin v1 to another executive, or unpin it."},
		"tag that another has": {func(p *planning.Problem) {
			p.Customers[0].Requires = []string{"language:de"}
			pin(p, place("e1", "2027-03-04", slot.AM))
		}, "Give e1 language:de, pin it to e2, or unpin v1."},
		"tag that nobody has": {func(p *planning.Problem) {
			p.Customers[0].Requires = []string{"language:de", "language:he"}
			pin(p, place("e2", "2027-03-04", slot.AM))
		}, "Give e2 language:he, or unpin v1."},
		"declined": {func(p *planning.Problem) {
			p.Visits[0].Excludes = []string{"e1"}
			pin(p, place("e1", "2027-03-04", slot.AM))
		}, "Take e1 out of the excludes of v1, pin it to e2, or unpin v1."},
		"week": {func(p *planning.Problem) {
			p.Executives[0].MaxPerWeek = 1
			p.Customers[0].MinSpacingDays = 0
			pin(p, place("e1", "2027-03-09", slot.AM), place("e1", "2027-03-10", slot.AM), place("e1", "2027-03-11", slot.AM))
		}, "Raise max_per_week of e1 to 3, or unpin 2 of v1, v2 and v3."},
		"month": {func(p *planning.Problem) {
			p.Executives[0].MaxPerMonth = 1
			pin(p, place("e1", "2027-03-04", slot.AM), place("e1", "2027-03-15", slot.AM))
		}, "Raise max_per_month of e1 to 2, or unpin v1 or v2."},
		"no capacity at all": {func(p *planning.Problem) {
			p.Executives[0].MaxPerMonth = 0
			pin(p, place("e1", "2027-03-04", slot.AM), place("e1", "2027-03-15", slot.AM))
		}, "Raise max_per_month of e1 to 2, or unpin v1 and v2."},
		"reach": {func(p *planning.Problem) {
			p.Customers[1].Lat = 3
			pin(p, place("e1", "2027-03-04", slot.AM), place("e1", "2027-03-04", slot.PM))
		}, "Raise reach_km[0] from 60 to 222, or unpin v1 or v2."},
		"spacing": {func(p *planning.Problem) {
			pin(p, place("e1", "2027-03-04", slot.AM), nil, place("e2", "2027-03-05", slot.PM))
		}, "Lower min_spacing_days of c1 to 1, or unpin v1 or v3."},
	} {
		t.Run(name, func(t *testing.T) {
			p := couple(t)
			c.spoil(p)
			err := p.Validate()
			require.Error(t, err)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			text, details := fault.Shown(err)
			require.Equal(t, "The pinned visits do not fit together.", text)
			require.Len(t, details, 1)
			require.Equal(t, c.mend, details[0].Mend)
		})
	}
}

// A file in which everything is pinned into one half-day is refused at once, and
// in few words.
func TestThousandsOfClashesAreToldInFewWords(t *testing.T) {
	p := couple(t)
	for i := range 20_000 {
		p.Visits = append(p.Visits, planning.Visit{ID: fmt.Sprint("x", i), Customer: "c1",
			Pinned: &planning.Place{Executive: "e1", Date: slot.MustDate("2027-03-04"), Half: slot.AM}})
	}
	err := p.Validate()
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	text, details := fault.Shown(err)
	require.Contains(t, text, "clashes")
	require.NotEmpty(t, details)
	require.Less(t, len(err.Error()), 20_000)
	v := planning.Check(p, planning.NewSolution(p, nil, nil))
	require.False(t, v.Feasible)
	require.Len(t, v.Violations, 1000, "the rest is left untold")
}

func TestTooMuchIsRefusedWithItsPlace(t *testing.T) {
	for where, spoil := range map[string]func(p *planning.Problem){
		"/horizon": func(p *planning.Problem) { p.Horizon.End = slot.MustDate("2126-03-01") },
		"/hosts/0/unavailable": func(p *planning.Problem) {
			p.Hosts[0].Unavailable = make([]slot.Interval, 1_000_000)
			for i := range p.Hosts[0].Unavailable {
				p.Hosts[0].Unavailable[i] = p.Horizon
			}
		},
		"/visits": func(p *planning.Problem) { p.Visits = make([]planning.Visit, 1_000_000) },
		"/": func(p *planning.Problem) {
			many := make([]slot.Interval, 20_000)
			for i := range 201 {
				p.Hosts = append(p.Hosts, planning.Host{ID: fmt.Sprint("more", i), Unavailable: many})
			}
		},
	} {
		p := couple(t)
		spoil(p)
		err := p.Validate()
		require.Error(t, err, where)
		require.Contains(t, []fault.Kind{fault.TooLarge, fault.Invalid}, fault.KindOf(err))
		_, details := fault.Shown(err)
		require.Len(t, details, 1)
		require.Equal(t, where, details[0].Where)
		require.Contains(t, details[0].Expected, "at most")
	}
}

func TestUnknownIDsSayWhatToDo(t *testing.T) {
	p := couple(t)
	p.Executives[0].Calendar = "X "
	p.Customers[1].Host = "h9"
	err := p.Validate()
	_, details := fault.Shown(err)
	require.Len(t, details, 2)
	require.Equal(t, "Write x.", details[0].Mend)
	require.Equal(t, "Add it to the list of hosts.", details[1].Mend)
}
