package flow

import (
	"context"
	"fmt"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Together is what several changes of a plan would do at once, before they are made:
// all are made, or none.
type Together struct {
	Of, Fits int
	Against  []Against        // those that do not fit, in the order in which they were asked for
	Agreed   []string         // names of customers who have agreed to a visit that would move
	Words    string           // the price in words, where all fit
	Price    map[string]int64 // likewise
}

// Against is one of several changes that cannot be made, with why.
type Against struct {
	CustomerID string
	Name       string
	Why        string // a sentence
}

// toldAgainst is how many changes that do not fit are named.
const toldAgainst = 3

// Sentence says it for people: "3 of 4 fit. Acme: Ana is away in that week."
func (x Together) Sentence() string {
	text := fmt.Sprintf("%d of %d fit.", x.Fits, x.Of)
	if x.Fits == x.Of {
		text = fmt.Sprintf("All %d fit: %s.", x.Of, x.Words)
		if x.Of == 1 {
			text = "It fits: " + x.Words + "."
		}
	}
	for _, a := range x.Against[:min(len(x.Against), toldAgainst)] {
		why, of := strings.CutPrefix(strings.TrimSuffix(a.Why, "."), "Visit "+a.Name+" ")
		if !of {
			why = ": " + why
		} else {
			why = " " + why
		}
		text += " " + a.Name + why + "."
	}
	if more := len(x.Against) - toldAgainst; more > 0 {
		text += fmt.Sprintf(" And %d more.", more)
	}
	if len(x.Agreed) > 0 {
		text += fmt.Sprintf(" Agreed already with %s: you are asked before it is lost.", strings.Join(x.Agreed[:min(len(x.Agreed), toldAgainst)], ", "))
	}
	return text
}

// Together says of visits that would go on by whole weeks together whether all fit, and
// which do not. Errors: Invalid for another kind of move.
func (f *Flow) Together(ctx context.Context, a access.Actor, planID string, m Move) (Together, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Together{}, err
	}
	if m.Weeks == 0 || len(m.Visits) == 0 || len(m.Visits) > mostChanges {
		return Together{}, fault.Invalidf("Several visits go on by whole weeks.").With(fault.Detail{Where: "weeks", Value: fmt.Sprint(m.Weeks), Expected: "1 to 100 visits, and weeks from -53 to 53 but 0"})
	}
	return onBoard(ctx, f, a, planID, func(l *laid) (Together, error) {
		var changes []PlanChange
		x := Together{Of: len(m.Visits)}
		for _, s := range m.Visits {
			one := m
			one.Visits, one.Agreed = []SeenVisit{s}, true
			c, err := one.changes(l.t)
			if fault.Is(err, fault.Invalid) {
				return x, err
			}
			if err != nil {
				x.refuse(l.t, s.Visit, err)
				continue
			}
			changes = append(changes, c...)
		}
		return x, l.t.weigh(&x, changes)
	})
}

// Foresee says of changes of a plan whether all can be made at once, and which cannot.
// Errors: those of a request that nobody can mean.
func (f *Flow) Foresee(ctx context.Context, a access.Actor, planID string, changes []PlanChange) (Together, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Together{}, err
	}
	if err := countChanges(changes); err != nil {
		return Together{}, err
	}
	return onBoard(ctx, f, a, planID, func(l *laid) (Together, error) {
		x := Together{Of: len(changes)}
		return x, l.t.weigh(&x, changes)
	})
}

// refuse notes a change that cannot be made. visit is a label, or a customer's id.
func (x *Together) refuse(t *table, visit string, err error) {
	id, _ := t.labelled(visit)
	why, _ := fault.Shown(err)
	name := t.names[id]
	if name == "" {
		name = "A visit"
	}
	x.Against = append(x.Against, Against{CustomerID: id, Name: name, Why: why})
}

// weigh looks at changes one by one, and then at all that are left together.
func (t *table) weigh(x *Together, changes []PlanChange) error {
	var left []PlanChange
	seen := map[string]bool{}
	for _, c := range changes {
		if seen[c.CustomerID] {
			return fault.Invalidf("%s is in these changes twice.", t.names[c.CustomerID])
		}
		seen[c.CustomerID] = true
		switch err := t.checked(c); {
		case fault.Is(err, fault.Invalid):
			return err
		case err != nil:
			x.refuse(t, c.CustomerID, err)
			continue
		}
		left = append(left, c)
		if v := t.visits[c.CustomerID]; v.State.Promised() {
			x.Agreed = append(x.Agreed, t.names[c.CustomerID])
		}
	}
	after := t.solution.Places()
	for _, c := range left {
		delete(after, c.CustomerID)
		if c.To != nil {
			after[c.CustomerID] = *c.To
		}
	}
	verdict := planning.Check(t.problem, planning.NewSolution(t.problem, after, nil))
	why := map[string]string{}
	for _, v := range verdict.Violations {
		for _, id := range v.Visits {
			if why[id] == "" {
				why[id] = t.names.in(v.Reason)
			}
		}
	}
	for _, c := range left {
		if why[c.CustomerID] != "" {
			x.Against = append(x.Against, Against{CustomerID: c.CustomerID, Name: t.names[c.CustomerID], Why: why[c.CustomerID]})
		} else {
			x.Fits++
		}
	}
	if x.Fits == x.Of && verdict.Feasible {
		price := verdict.Cost.Minus(t.solution.Cost)
		x.Words, x.Price = t.priceInWords(left, price), costOf(price)
		return nil
	}
	if len(x.Against) == 0 && len(verdict.Violations) > 0 { // a rule that names no visit
		x.Fits = 0
		x.Against = []Against{{Name: "Together", Why: t.names.in(verdict.Violations[0].Reason)}}
	}
	return nil
}
