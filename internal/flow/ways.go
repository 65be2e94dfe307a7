package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/geo"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Way is something that would keep somebody below 30 days, or end a breach.
type Way struct {
	Text       string // for people
	Path       string // where the reader can do it, from the root; "" where only the VP can
	CustomerID string
}

const (
	mostUnsaid = 3 // visits of which nobody said whether they were held
	mostNear   = 3 // customers without a place
)

func warningSubject(w alert.Warned, times int) string {
	return "warning/" + w.PersonID + "/" + w.Breach.String() + "/" + strconv.Itoa(w.Ahead) + "/" + strconv.Itoa(times)
}

// livePlan gives the published plan of a year.
func livePlan(tx Tx, year int) (visit.Plan, bool, error) {
	plans, err := tx.Plans.ByYear(year)
	for _, p := range plans {
		if p.State == visit.Live {
			return p, true, nil
		}
	}
	return visit.Plan{}, false, err
}

// waysOut gives what can be done about a breach that is there or ahead, the cheapest
// first: to say of a visit behind us that it was held, to bring the first visit that
// comes too late forward, to take a customer nearby who is wanted and has no place yet.
// Where the reader plans, each leads to the page that offers the free half-days.
func (f *Flow) waysOut(tx Tx, a access.Actor, p roster.Person, s alert.Status) ([]Way, error) {
	planner := access.Decide(a, access.MakePlan, access.Subject{}).Allowed
	plan, live, err := livePlan(tx, s.Today.Year())
	if err != nil {
		return nil, err
	}
	var unsaid []alert.Entry
	for _, e := range s.Ledger {
		if e.Lapse == visit.Unconfirmed && e.Date > s.Last && len(unsaid) < mostUnsaid {
			unsaid = append(unsaid, e)
		}
	}
	var ids []string
	for _, e := range unsaid {
		ids = append(ids, e.CustomerID)
	}
	var late visit.Visit
	if s.EndsID != "" {
		if late, err = tx.Visits.Get(s.EndsID); err != nil {
			return nil, err
		}
		ids = append(ids, late.CustomerID)
	}
	for _, u := range plan.Unassigned {
		ids = append(ids, u.CustomerID)
	}
	customers, err := customersByID(tx, ids)
	if err != nil {
		return nil, err
	}
	var out []Way
	for _, e := range unsaid {
		out = append(out, Way{CustomerID: e.CustomerID, Path: "/visits/" + e.VisitID,
			Text: fmt.Sprintf("Say whether the visit to %s on %s was held.", customers[e.CustomerID].Name, a.Style.Near(e.Date, s.Today))})
	}
	if late.ID != "" && late.Slot.Date > s.Today {
		w := Way{CustomerID: late.CustomerID, Path: "/visits/" + late.ID,
			Text: fmt.Sprintf("Bring the visit to %s forward from %s.", customers[late.CustomerID].Name, a.Style.Near(late.Slot.Date, s.Today))}
		if planner && late.PlanID != "" {
			w.Path = "/plans/" + late.PlanID + "/customers/" + late.CustomerID
		}
		out = append(out, w)
	}
	if live {
		ahead := slot.Interval{Start: s.Today, End: max(s.Forecast, s.Today.Add(alert.WarnAhead()[0]))}
		for _, c := range nearestWanted(plan, customers, p.Office.Point, ahead) {
			w := Way{CustomerID: c.ID, Text: fmt.Sprintf("Visit %s in %s, %d km away: wanted this year, and without a place.", c.Name, c.City, geo.Km(p.Office.Point, c.Point))}
			if planner {
				w.Path = "/plans/" + plan.ID + "/customers/" + c.ID
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// nearestWanted gives the customers nearest to an office that are wanted and have no place,
// and do not refuse all of the days ahead.
func nearestWanted(plan visit.Plan, customers map[string]roster.Customer, office geo.Point, ahead slot.Interval) []roster.Customer {
	var near []roster.Customer
	for _, u := range plan.Unassigned {
		c, ok := customers[u.CustomerID]
		if !ok || len(c.Windows) > 0 && !slices.ContainsFunc(c.Windows, func(w slot.Interval) bool { return w.Start <= ahead.End && w.End >= ahead.Start }) {
			continue
		}
		near = append(near, c)
	}
	slices.SortFunc(near, func(x, y roster.Customer) int {
		return cmp.Or(cmp.Compare(geo.Km(office, x.Point), geo.Km(office, y.Point)), cmp.Compare(x.ID, y.ID))
	})
	return near[:min(mostNear, len(near))]
}
