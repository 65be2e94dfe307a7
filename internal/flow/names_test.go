package flow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

func TestNamesStandWhereIDsStood(t *testing.T) {
	n := namesOf([]roster.Person{{ID: "3f0c8f0e-93a5", Name: "Ann Lee"}, {ID: "x"}}, map[string]roster.Customer{"c-1": {Name: "Acme"}})
	require.Equal(t, "Ann Lee on Thu 4 Mar cannot see Acme; x can.", n.in("3f0c8f0e-93a5 on Thu 4 Mar cannot see c-1; x can."))
	require.Equal(t, "c-12 and xc-1", n.in("c-12 and xc-1"), "parts of words stay")
	err := n.fault(fault.Invalidf("c-1 clashes.").With(fault.Detail{Where: "visit c-1", Value: "3f0c8f0e-93a5", Expected: "another than c-1", Mend: "Ask 3f0c8f0e-93a5."}))
	text, details := fault.Shown(err)
	require.Equal(t, "Acme clashes.", text)
	require.Equal(t, []fault.Detail{{Where: "visit Acme", Value: "Ann Lee", Expected: "another than Acme", Mend: "Ask Ann Lee."}}, details)
	require.NoError(t, n.fault(nil))
}

func TestAScenarioInWords(t *testing.T) {
	for s, want := range map[Scenario]string{
		{}:                         "",
		{Target: 100}:              "",
		{PerWeek: 1, PerMonth: -2}: "1 visit more a week per executive, 2 visits fewer a month per executive",
		{MaxGapDays: 20}:           "at most 20 days between visits",
		{Target: 110}:              "110 % of everybody's target",
	} {
		require.Equal(t, want, s.String())
		require.NoError(t, s.check())
	}
	for _, s := range []Scenario{{PerWeek: 11}, {PerMonth: -11}, {MaxGapDays: 1}, {Target: 9}, {Target: 301}} {
		require.Error(t, s.check(), s)
	}
	d := planning.Draft{Rules: planning.StandardRules(), Executives: []planning.Traveller{{Person: roster.Person{Terms: roster.Terms{MaxPerWeek: 2, MaxPerMonth: 4, TargetVisits: 11}}}}}
	Scenario{PerWeek: -5, PerMonth: 1, MaxGapDays: 20, Target: 50}.apply(&d)
	terms := d.Executives[0].Terms
	require.Equal(t, 0, terms.MaxPerWeek, "a limit never falls below nothing")
	require.Equal(t, 5, terms.MaxPerMonth)
	require.Equal(t, 6, terms.TargetVisits)
	require.Equal(t, 19, d.Rules.MaxGapDays)
}

func TestTheGapOfABound(t *testing.T) {
	gap, known := Bound{Total: 100, Method: "by hand"}.Gap(112)
	require.True(t, known)
	require.InDelta(t, 12, gap, 1e-9)
	for _, b := range []Bound{{}, {Method: "by hand"}, {Total: 5}} {
		_, known := b.Gap(7)
		require.False(t, known)
	}
}

// Two accepted visits of one executive meet in one half-day, after one of them
// was moved say: one of them is free again, a pin on purpose is not.
func TestLoosenFreesOnlyWhatWasAccepted(t *testing.T) {
	at := planning.Place{Executive: "e", Date: slot.MakeDate(2027, 3, 4), Half: slot.AM}
	problem := func() *planning.Problem {
		p := &planning.Problem{Horizon: yearOf(2027), Rules: planning.StandardRules(), Calendars: []planning.Calendar{{ID: "CH"}}, Hosts: []planning.Host{{ID: "h"}, {ID: "i"}},
			Executives: []planning.Executive{{ID: "e", Calendar: "CH", MaxPerWeek: 9, MaxPerMonth: 9, TargetVisits: 2}}}
		for i, id := range []string{"a", "b"} {
			p.Customers = append(p.Customers, planning.Customer{ID: id, Calendar: "CH", Host: p.Hosts[i].ID})
			p.Visits = append(p.Visits, planning.Visit{ID: id, Customer: id, Pinned: &at})
		}
		return p
	}
	p := problem()
	require.Error(t, p.Validate())
	loosen(p, map[string]bool{"a": true})
	require.Nil(t, p.Visits[0].Pinned)
	require.Equal(t, &at, p.Visits[0].Current)
	require.NotNil(t, p.Visits[1].Pinned)
	require.NoError(t, p.Validate())
	p = problem()
	loosen(p, nil)
	require.Error(t, p.Validate(), "two pins on purpose are for people to mend")
}
