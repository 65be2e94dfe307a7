package flow

import (
	"fmt"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Scenario is what a run of the planner assumes otherwise than our data say. The
// zero Scenario assumes nothing.
type Scenario struct {
	PerWeek    int `json:"per_week"`       // more visits a week for every executive; fewer where negative: -10..10
	PerMonth   int `json:"per_month"`      // more visits a month: -10..10
	MaxGapDays int `json:"max_gap_days"`   // days that nobody may go without a counting visit; 0: as our rule says, otherwise 2..365
	Target     int `json:"target_percent"` // of everybody's target number of visits; 0 or 100: as it is, otherwise 10..300
}

// check refuses what nobody can plan with.
func (s Scenario) check() error {
	var bad []fault.Detail
	number := func(where string, n, lo, hi int, none bool) {
		if (n < lo || n > hi) && !(none && n == 0) {
			bad = append(bad, fault.Detail{Where: where, Value: fmt.Sprint(n), Expected: fmt.Sprintf("a whole number from %d to %d", lo, hi)})
		}
	}
	number("per_week", s.PerWeek, -10, 10, true)
	number("per_month", s.PerMonth, -10, 10, true)
	number("max_gap_days", s.MaxGapDays, 2, 365, true)
	number("target_percent", s.Target, 10, 300, true)
	if len(bad) > 0 {
		return fault.Invalidf("This scenario cannot be planned.").With(bad...)
	}
	return nil
}

// String says for people what is assumed; "" where nothing is.
func (s Scenario) String() string {
	var parts []string
	more := func(n int, per string) {
		word := "more"
		if n < 0 {
			n, word = -n, "fewer"
		}
		switch n {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("1 visit %s a %s per executive", word, per))
		default:
			parts = append(parts, fmt.Sprintf("%d visits %s a %s per executive", n, word, per))
		}
	}
	more(s.PerWeek, "week")
	more(s.PerMonth, "month")
	if s.MaxGapDays != 0 {
		parts = append(parts, fmt.Sprintf("at most %d days between visits", s.MaxGapDays))
	}
	if s.Target != 0 && s.Target != 100 {
		parts = append(parts, fmt.Sprintf("%d %% of everybody's target", s.Target))
	}
	return strings.Join(parts, ", ")
}

// apply changes a draft to what the scenario assumes. A limit never falls below
// nothing, a target never below one visit.
func (s Scenario) apply(d *planning.Draft) {
	if s.MaxGapDays != 0 {
		d.Rules.MaxGapDays = s.MaxGapDays - 1 // see compile
	}
	for i := range d.Executives {
		t := &d.Executives[i].Terms
		t.MaxPerWeek = max(0, t.MaxPerWeek+s.PerWeek)
		t.MaxPerMonth = max(0, t.MaxPerMonth+s.PerMonth)
		if s.Target != 0 {
			t.TargetVisits = max(1, (t.TargetVisits*s.Target+50)/100)
		}
	}
}
