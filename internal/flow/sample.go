package flow

import (
	"context"
	"fmt"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// orders says which dimensions have values in an order, low to high, so that
// small groups merge with a neighbour only.
var orders = map[string][]string{"buying_stage": intake.BuyingStages()}

// SelectInput is what the VP chooses for a selection.
type SelectInput struct {
	Year       int      // 2020..2100
	Name       string   // "" becomes "Selection YEAR"
	Dimensions []string // whose values make the groups; at least one
	Visits     int      // how many customers; at least 1
	Seed       string   // "" becomes a random one
}

// Select freezes the customer list and draws whom to visit in a year. Customers
// without a host or a place leave the frame with a coded reason.
func (f *Flow) Select(ctx context.Context, a access.Actor, k Key, in SelectInput) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	if err := CheckYear(in.Year); err != nil {
		return SelectionView{}, err
	}
	name, err := text("name", in.Name, 100)
	if err != nil {
		return SelectionView{}, err
	}
	if name == "" {
		name = fmt.Sprintf("Selection %d", in.Year)
	}
	if len(in.Dimensions) == 0 {
		return SelectionView{}, fault.Invalidf("Choose at least one dimension whose values make the groups.").With(fault.Detail{Where: "dimensions", Expected: "one or more, such as region"})
	}
	if len(in.Seed) > 200 {
		return SelectionView{}, fault.Invalidf("The seed is too long.").With(fault.Detail{Where: "seed", Expected: "at most 200 characters"})
	}
	if in.Seed == "" {
		in.Seed = f.Token()
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		frame, ids, err := freeze(tx)
		if err != nil {
			return "", err
		}
		design := sampling.Design{Visits: in.Visits, Seed: in.Seed, Year: in.Year, Rule: sampling.Proportional}
		for _, d := range in.Dimensions {
			design.Dimensions = append(design.Dimensions, sampling.Dimension{Name: d, Order: orders[d]})
		}
		drawn, err := sampling.Select(frame, design)
		if err != nil {
			return "", err
		}
		s := Selection{ID: f.NewID(), Year: in.Year, Name: name, Dimensions: in.Dimensions, Visits: in.Visits, Seed: in.Seed,
			FrameHash: drawn.FrameHash, SeedCommitment: drawn.SeedCommitment, Strata: drawn.Strata, MergeLog: drawn.MergeLog,
			Warnings: drawn.Warnings, CreatedAt: f.Now().UTC(), CreatedBy: a.PersonID}
		rows := make([]SelectionRow, 0, len(drawn.Rows))
		for _, r := range drawn.Rows {
			rows = append(rows, SelectionRow{CustomerID: ids[r.ID], Stratum: r.Stratum, Taken: r.Taken, Must: r.Must,
				Excluded: r.Excluded, Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank})
		}
		if err := tx.Selections.Insert(s, rows); err != nil {
			return "", err
		}
		return s.ID, f.audit(tx, a, "select customers", "selection/"+s.ID, map[string]any{"year": s.Year, "visits": s.Visits, "frame": s.FrameHash, "seed": s.SeedCommitment})
	})
	if err != nil {
		return SelectionView{}, err
	}
	return f.Selection(ctx, a, id)
}

// freeze makes the frame of all customers. The draw hangs on the company's own
// keys, which last over the years; ids turns them back into ours.
func freeze(tx Tx) (frame sampling.Frame, ids map[string]string, err error) {
	ids = map[string]string{}
	var units []sampling.Unit
	var left []sampling.Exclusion
	err = tx.Customers.Each(func(c roster.Customer) error {
		ids[c.Key] = c.ID
		u := sampling.Unit{ID: c.Key, Revenue: int64(c.Revenue * 1e6), Values: c.Values, Must: c.Must}
		switch {
		case c.HostID == "":
			left = append(left, sampling.Exclusion{Unit: u, Reason: sampling.ReasonNoHost})
		case c.Zone == "":
			left = append(left, sampling.Exclusion{Unit: u, Reason: sampling.ReasonNoSite})
		default:
			units = append(units, u)
		}
		return nil
	})
	if err != nil {
		return sampling.Frame{}, nil, err
	}
	frame, err = sampling.Freeze(units, left)
	return frame, ids, err
}

// Selection gives a selection with the customers drawn.
func (f *Flow) Selection(ctx context.Context, a access.Actor, id string) (SelectionView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	return read(ctx, f, func(tx Tx) (SelectionView, error) {
		s, err := tx.Selections.Get(id)
		if err != nil {
			return SelectionView{}, err
		}
		v := SelectionView{Selection: s, Names: map[string]string{}, Groups: groupsOf(s)}
		if v.Rows, err = tx.Selections.Rows(id, true); err != nil {
			return v, err
		}
		ids := make([]string, len(v.Rows))
		for i, r := range v.Rows {
			ids[i] = r.CustomerID
		}
		customers, err := customersByID(tx, ids)
		if err != nil {
			return v, err
		}
		for id, c := range customers {
			v.Names[id] = c.Name
		}
		population, drawn := make([]float64, len(s.Strata)), make([]float64, len(s.Strata))
		for i, st := range s.Strata {
			population[i], drawn[i] = float64(st.N), float64(st.X)
		}
		v.Distance = sampling.Compare(population, drawn)
		return v, nil
	})
}

// Selections gives the selections of a year, newest first; of all where year is 0.
func (f *Flow) Selections(ctx context.Context, a access.Actor, year int) ([]Selection, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Selection, error) { return tx.Selections.ByYear(year) })
}

// Dimensions gives the dimensions in which customers have values, with how many
// customers have each value.
func (f *Flow) Dimensions(ctx context.Context, a access.Actor) (map[string]map[string]int, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, dimensions)
}

func dimensions(tx Tx) (map[string]map[string]int, error) {
	counts := map[string]map[string]int{}
	err := tx.Customers.Each(func(c roster.Customer) error {
		for d, v := range c.Values {
			if counts[d] == nil {
				counts[d] = map[string]int{}
			}
			counts[d][v]++
		}
		return nil
	})
	return counts, err
}

// groupsOf gives the strata of a selection as pages show them: the six with most
// visits have a colour, in the order of the selection.
func groupsOf(s Selection) []Group {
	bySize := slices.Clone(s.Strata)
	slices.SortStableFunc(bySize, func(a, b sampling.Stratum) int { return b.X - a.X })
	large := map[string]bool{}
	for _, st := range bySize[:min(6, len(bySize))] {
		large[st.Code] = true
	}
	out := make([]Group, 0, len(s.Strata))
	colour := 0
	for _, st := range s.Strata {
		g := Group{Code: st.Code, Label: st.Label, Customers: st.N, Target: st.X}
		if large[st.Code] {
			colour++
			g.Colour = colour
		}
		out = append(out, g)
	}
	return out
}
