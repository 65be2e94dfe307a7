package flow

import (
	"fmt"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Broken is a visit that somebody has agreed to, and that publishing a draft would
// cancel, because the draft has no place for its customer.
type Broken struct {
	VisitID   string
	Customer  string // names
	Executive string
	Slot      slot.Slot
	Why       string // "agreed with the customer", "accepted", "pinned"
}

// broken gives the promises that publishing a draft would break, by date.
func (f *Flow) broken(tx Tx, p visit.Plan, drafted []visit.Visit, people map[string]roster.Person) ([]Broken, error) {
	kept := map[string]bool{}
	for _, v := range drafted {
		kept[v.CustomerID] = true
	}
	plans, err := tx.Plans.ByYear(p.Year)
	if err != nil {
		return nil, err
	}
	var lost []visit.Visit
	for _, other := range plans {
		if other.State != visit.Live {
			continue
		}
		standing, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: other.ID, States: visit.LiveStates()})
		if err != nil {
			return nil, err
		}
		for _, v := range standing {
			if promise(v) && !kept[v.CustomerID] && !f.settled(v) {
				lost = append(lost, v)
			}
		}
	}
	customers, err := customersOf(tx, lost)
	if err != nil {
		return nil, err
	}
	out := make([]Broken, len(lost))
	for i, v := range lost {
		out[i] = Broken{VisitID: v.ID, Customer: customers[v.CustomerID].Name, Executive: people[v.ExecutiveID].Name, Slot: v.Slot, Why: "pinned"}
		switch {
		case v.State.Promised():
			out[i].Why = "agreed with the customer"
		case v.Answer == visit.Accepted:
			out[i].Why = "accepted by the executive"
		}
	}
	return out, nil
}

// keepsPromises refuses a draft that would cancel what somebody has agreed to, but
// for the visits that the publisher names: who breaks a promise must know it.
func (f *Flow) keepsPromises(tx Tx, p visit.Plan, drafted []visit.Visit, giveUp []string) error {
	people, err := everybody(tx)
	if err != nil {
		return err
	}
	all, err := f.broken(tx, p, drafted, people)
	if err != nil {
		return err
	}
	var bad []fault.Detail
	for _, b := range all {
		if !slices.Contains(giveUp, b.VisitID) {
			bad = append(bad, fault.Detail{Where: b.Customer, Value: fmt.Sprintf("%s with %s, %s", f.words(b.Slot), b.Executive, b.Why),
				Expected: "a plan that keeps it", Mend: "Confirm that this visit (" + b.VisitID + ") may be cancelled, or put the customer back into the selection and plan again."})
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fault.Conflictf("Publishing would cancel %d visits that somebody has agreed to, such as the one to %s. Confirm that you want that.", len(bad), bad[0].Where).With(bad[:min(len(bad), mostViolations)]...)
}
