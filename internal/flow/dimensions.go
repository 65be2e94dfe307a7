package flow

import (
	"context"
	"maps"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// DimensionValue is a value that customers have in a dimension.
type DimensionValue struct {
	Value     string
	Customers int
}

// DimensionView is a dimension with the values that exist, most customers first.
type DimensionView struct {
	Seen      string // PrintOf the names of its values, sorted
	Name      string
	Values    []DimensionValue
	Customers int // with a value
	Of        int // customers in all
}

// DimensionList gives the dimensions by name.
func (f *Flow) DimensionList(ctx context.Context, a access.Actor) ([]DimensionView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]DimensionView, error) {
		counts, err := f.dimensions(tx)
		if err != nil {
			return nil, err
		}
		of, err := tx.Customers.Count()
		if err != nil {
			return nil, err
		}
		var out []DimensionView
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			v := DimensionView{Name: name, Of: of}
			for _, value := range slices.Sorted(maps.Keys(counts[name])) {
				v.Values = append(v.Values, DimensionValue{value, counts[name][value]})
				v.Customers += counts[name][value]
			}
			v.Seen = PrintOf(slices.Sorted(maps.Keys(counts[name])))
			slices.SortStableFunc(v.Values, func(a, b DimensionValue) int { return b.Customers - a.Customers })
			out = append(out, v)
		}
		return out, nil
	})
}

// RenameValue gives every customer with a value in a dimension another value; where that
// exists already, the two become one. Frozen lists and selections stay as they were, and
// the next import may bring the old value back. It gives how many customers changed.
// Errors: NotFound where no customer has the value; Stale where the values are others
// than those that were looked at: what would have become one might stay two. seen is
// PrintOf their names, sorted, "" where nobody has looked.
func (f *Flow) RenameValue(ctx context.Context, a access.Actor, k Key, dimension, from, to, seen string) (int, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return 0, err
	}
	to, err := text("to", to, 100)
	if err == nil && to == "" {
		err = fault.Invalidf("A value needs a name.").With(fault.Detail{Where: "to", Expected: "1 to 100 characters"})
	}
	if err == nil && to == from {
		err = fault.Invalidf("The value has this name already.").With(fault.Detail{Where: "to", Value: fault.Short(to), Expected: "another name"})
	}
	if err != nil {
		return 0, err
	}
	return once(ctx, f, k, func(tx Tx) (int, error) {
		var touched []*roster.Customer
		names := map[string]bool{}
		err := tx.Customers.Each(func(c roster.Customer) error {
			v, ok := c.Values[dimension]
			if ok {
				names[v] = true
			}
			if ok && v == from {
				c.Values = maps.Clone(c.Values)
				c.Values[dimension] = to
				touched = append(touched, &c)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		if len(touched) == 0 {
			return 0, fault.NotFoundf("No customer has the value %s in %s.", fault.Short(from), fault.Short(dimension))
		}
		if err := asSeen(seen, slices.Sorted(maps.Keys(names)), nil); err != nil {
			return 0, err
		}
		for some := range slices.Chunk(touched, batch) {
			if err := tx.Customers.Save(some...); err != nil {
				return 0, err
			}
		}
		return len(touched), f.audit(tx, a, "rename value", "dimension/"+dimension, map[string]any{"from": from, "to": to, "customers": len(touched)})
	})
}
