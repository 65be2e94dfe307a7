package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/visit"
)

// FrameView is a frozen list with what the VP needs to design a draw from it.
type FrameView struct {
	Frame
	Earlier    []Selection               // draws of the year, newest first
	Dimensions map[string]map[string]int // of the frozen list: customers by dimension and value
	Orders     map[string][]string       // the order of a dimension's values, low to high, where it has one
	Excluded   []Excluded
	Must       []string // names of the must-visits
	Revenue    int64    // of all who may be drawn
}

// Excluded is a customer who left the frame.
type Excluded struct {
	Name, Code, Note string
}

// FrameView gives a frozen list with what stands in it.
func (f *Flow) FrameView(ctx context.Context, a access.Actor, id string) (FrameView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return FrameView{}, err
	}
	return read(ctx, f, func(tx Tx) (FrameView, error) {
		var v FrameView
		var err error
		if v.Frame, err = tx.Frames.Get(id); err != nil {
			return v, err
		}
		if err := hideSeed(tx, &v.Frame); err != nil {
			return v, err
		}
		if v.Earlier, err = tx.Selections.ByYear(v.Year); err != nil {
			return v, err
		}
		content, err := contentOf(tx, id)
		if err != nil {
			return v, err
		}
		called := map[string]string{}
		if err := tx.Customers.Each(func(c roster.Customer) error { called[c.Key] = c.Name; return nil }); err != nil {
			return v, err
		}
		b, err := buyingList(tx)
		if err != nil {
			return v, err
		}
		v.Dimensions, v.Orders = valuesOf(content, b)
		for _, e := range content.Excluded {
			v.Excluded = append(v.Excluded, Excluded{Name: orKey(called, e.Unit.ID), Code: e.Reason, Note: e.Note})
		}
		for _, u := range content.Units {
			v.Revenue += u.Revenue
			if u.Must {
				v.Must = append(v.Must, orKey(called, u.ID))
			}
		}
		return v, nil
	})
}

func orKey(names map[string]string, key string) string {
	if n := names[key]; n != "" {
		return n
	}
	return key
}

// valuesOf counts the customers who may be drawn by dimension and value, and
// gives the orders that we know of.
func valuesOf(content sampling.Frame, b visit.Buying) (counts map[string]map[string]int, order map[string][]string) {
	counts, order = map[string]map[string]int{}, map[string][]string{}
	for _, u := range content.Units {
		for d, v := range u.Values {
			if counts[d] == nil {
				counts[d] = map[string]int{}
			}
			counts[d][v]++
		}
	}
	for d := range counts {
		if d == StageDimension {
			for _, s := range b.Stages {
				order[d] = append(order[d], s.Code)
			}
		}
	}
	if o := bandOrder(content); o != nil {
		order[sampling.SizeBand] = o
	}
	return counts, order
}

// bandOrder gives the size bands from small to large, by the smallest revenue in
// each. Bands that were imported are ordered too, as long as revenues tell them
// apart.
func bandOrder(content sampling.Frame) []string {
	type band struct {
		name        string
		least, most int64
	}
	bands := map[string]*band{}
	for _, u := range content.Units {
		v := u.Values[sampling.SizeBand]
		if v == "" {
			continue
		}
		if b := bands[v]; b != nil {
			b.least, b.most = min(b.least, u.Revenue), max(b.most, u.Revenue)
		} else {
			bands[v] = &band{v, u.Revenue, u.Revenue}
		}
	}
	sorted := make([]*band, 0, len(bands))
	for _, b := range bands {
		sorted = append(sorted, b)
	}
	slices.SortFunc(sorted, func(a, b *band) int {
		if a.least != b.least {
			return int(min(max(a.least-b.least, -1), 1))
		}
		return strings.Compare(a.name, b.name)
	})
	out := make([]string, 0, len(sorted))
	for i, b := range sorted {
		if i > 0 && sorted[i-1].most > b.least {
			return nil // they overlap, so revenue does not order them
		}
		out = append(out, b.name)
	}
	return out
}
