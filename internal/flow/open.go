package flow

import (
	"context"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// OpenPlace is one way to give an open customer to somebody.
type OpenPlace struct {
	Proposal
	Executive string // name
	Slot      slot.Slot
}

// OpenCustomer is an open customer with the best places there are.
type OpenCustomer struct {
	Places  []OpenPlace // the cheapest first
	Problem string      // why there is none, for people; "" where there are some
}

// openTime is how long a slide waits for its places.
const openTime = 3 * time.Second

// OpenPlaces gives up to n places each for customers of a plan whom nobody visits,
// by customer: what is offered in the meeting in which they are given out. A
// customer who has got a visit meanwhile is left out.
func (f *Flow) OpenPlaces(ctx context.Context, a access.Actor, planID string, customerIDs []string, n int) (map[string]OpenCustomer, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return nil, err
	}
	if len(customerIDs) > OpenPerSlide || n < 1 || n > mostPlaces {
		return nil, fault.Invalidf("So many places are not looked for at once.").With(fault.Detail{Where: "customers", Expected: "at most 5 customers"})
	}
	return onBoard(ctx, f, a, planID, func(l *laid) (map[string]OpenCustomer, error) {
		late, err := f.late(ctx, l.t, customerIDs...)
		if err != nil {
			return nil, err
		}
		l.hold(customerIDs...)
		out := map[string]OpenCustomer{}
		work, stop := context.WithTimeout(ctx, openTime)
		defer stop()
		for _, id := range customerIDs {
			if _, stands := l.t.places[id]; stands {
				continue
			}
			if err := l.t.wants(id); err != nil {
				text, _ := fault.Shown(err)
				out[id] = OpenCustomer{Problem: text}
				continue
			}
			found, err := l.board.Propose(work, id, n)
			if err != nil && ctx.Err() == nil && work.Err() != nil {
				out[id] = OpenCustomer{Problem: "The best places could not be found in time."}
				continue
			}
			if err != nil {
				return nil, l.t.names.fault(err)
			}
			out[id] = l.t.open(id, l.t.proposals(found, late))
		}
		return out, nil
	})
}

// open gives the places that are offered to a customer.
func (t *table) open(id string, found []Proposal) OpenCustomer {
	x := OpenCustomer{}
	for _, p := range found {
		i := slices.IndexFunc(p.Changes, func(c PlanChange) bool { return c.CustomerID == id && c.To != nil })
		if i >= 0 {
			x.Places = append(x.Places, OpenPlace{p, t.names[p.Changes[i].To.Executive], p.Changes[i].To.Slot()})
		}
	}
	if len(x.Places) == 0 {
		x.Problem = "No place keeps every rule."
	}
	return x
}

// MyYear is an executive's own year in a published plan, to be accepted in one step.
type MyYear struct {
	YearState
	PlanID   string
	Year     int
	Version  int // of the plan
	Accepted int // executives of the plan who have accepted
	Of       int // executives who have a year in it
}

// myYears gives an executive's years in the published plans from this one on. A
// draft is for those who plan.
func (f *Flow) myYears(tx Tx, executiveID string, people map[string]roster.Person) ([]MyYear, error) {
	var out []MyYear
	this := f.todayOf(people[executiveID]).Year()
	for year := this; year <= this+1; year++ {
		plans, err := tx.Plans.ByYear(year)
		if err != nil {
			return nil, err
		}
		for _, p := range plans {
			if p.State != visit.Live {
				continue
			}
			whole, err := f.planYear(tx, p)
			if err != nil {
				return nil, err
			}
			years, err := whole.years(tx, p, people)
			if err != nil {
				return nil, err
			}
			for _, y := range years {
				if y.ExecutiveID == executiveID {
					out = append(out, MyYear{y, p.ID, p.Year, p.Version, countYears(years), len(years)})
				}
			}
		}
	}
	return out, nil
}
