package flow

import (
	"maps"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/sampling"
)

// groupDimension is the dimension under which the planner knows the strata.
const groupDimension = "group"

// hearAll tells the planner what a cross-section is: it gives the customers the
// values they had when the list was frozen, with their stratum; the shares of the
// visits in each value; and everybody's number of visits as the selection deals
// them, so that each executive hears every part in proportion.
func hearAll(tx Tx, s Selection, d *planning.Draft) error {
	x, err := stateOf(tx, s, true)
	if err != nil {
		return err
	}
	content, err := contentOf(tx, s.FrameID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	frozen := map[string]map[string]string{}
	for _, u := range content.Units {
		frozen[u.ID] = u.Values
	}
	rows := map[string]SelectionRow{} // by customer id
	for _, r := range x.byID {
		rows[r.CustomerID] = r
	}
	strata := groupDimension
	if slices.Contains(s.Dimensions, strata) {
		strata = "stratum"
	}
	counts := map[string]map[string]int{}
	for i := range d.Customers {
		c := &d.Customers[i]
		row := rows[c.ID]
		values := maps.Clone(c.Values)
		if v := frozen[row.id()]; v != nil {
			values = maps.Clone(v)
		}
		if values == nil {
			values = map[string]string{}
		}
		values[strata] = row.Stratum
		c.Values = values
		for dim, v := range values {
			if counts[dim] == nil {
				counts[dim] = map[string]int{}
			}
			counts[dim][v]++
		}
	}
	dims := s.Dimensions
	if len(dims) > 1 { // with one dimension the strata are its values
		dims = append(slices.Clone(dims), strata)
	}
	d.Shares = planning.Shares(dims, counts)
	if content.Hash == "" {
		return nil
	}
	hands, err := dealt(x, content, d)
	if err != nil {
		return err
	}
	for i := range d.Executives {
		// Whoever is dealt nothing must not keep the number of a full year.
		d.Executives[i].Terms.TargetVisits = max(hands[d.Executives[i].ID], leastTarget)
	}
	return nil
}

// leastTarget is the least number of visits that the planner is told of an
// executive who travels, here as where the year's are done already.
const leastTarget = 1

// mostCapacity is the most visits of an executive in a year that are dealt.
const mostCapacity = 1000

// dealt gives how many of the draft's visits each executive is dealt.
func dealt(x *selectionState, content sampling.Frame, d *planning.Draft) (map[string]int, error) {
	ours := map[string]string{} // customer id -> what the draw calls it
	for id, r := range x.byID {
		ours[r.CustomerID] = id
	}
	going := map[string]bool{}
	in := sampling.Dealing{Requires: map[string][]string{}, Seed: x.selection.Seed, Year: x.selection.Year}
	for _, c := range d.Customers {
		going[ours[c.ID]] = true
		in.Requires[ours[c.ID]] = c.Requires
	}
	for _, e := range d.Executives {
		in.Executives = append(in.Executives, sampling.Executive{ID: e.ID, Capacity: min(e.Terms.TargetVisits, mostCapacity), Tags: e.Terms.Tags})
	}
	s := x.adjusted
	s.Rows = slices.Clone(s.Rows)
	for i := range s.Rows {
		s.Rows[i].Taken = going[s.Rows[i].ID]
	}
	out, err := sampling.Deal(content, s, in)
	if err != nil {
		return nil, err
	}
	hands := map[string]int{}
	for _, h := range out.Executives {
		hands[h.Executive] = h.Visits
	}
	return hands, nil
}
