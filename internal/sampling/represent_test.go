package sampling

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

// small is a company of two regions, of which the smaller is oversampled.
func small(t testing.TB) (Frame, Selection, Design) {
	var units []Unit
	for i := range 100 {
		u := Unit{ID: fmt.Sprintf("C%03d", i), Revenue: 10, Values: map[string]string{"region": "North", "stage": []string{"new", "old"}[i%2]}}
		if i < 20 {
			u.Values["region"], u.Revenue = "South", 110
		}
		if i == 99 {
			u.Must = true
		}
		units = append(units, u)
	}
	f := frozen(t, units, Exclusion{Unit: Unit{ID: "X"}, Reason: ReasonNoHost})
	d := Defaults()
	d.Seed, d.Year, d.Visits, d.Dimensions, d.Rule = "s", 2027, 21, Named("region"), Equal
	return f, selected(t, f, d), d
}

func TestRepresentation(t *testing.T) {
	f, s, _ := small(t)
	r, err := Represent(f, s, nil)
	require.NoError(t, err)
	require.Equal(t, 21, r.Visits)
	require.InDelta(t, 1, r.Represented, 1e-12)
	require.Equal(t, []string{"", "region", "stage"}, []string{r.Views[0].Dimension, r.Views[1].Dimension, r.Views[2].Dimension})
	region := r.Views[1]
	require.Equal(t, "South", region.Lines[1].Label)
	require.InDelta(t, 10.0/21, region.Lines[1].VisitShare, 1e-12)
	require.InDelta(t, 0.2, region.Lines[1].WeightedShare, 1e-12)
	require.InDelta(t, 10.0/21-0.2, region.Visited.TotalVariation, 1e-12, "the oversample shows")
	require.InDelta(t, 0, region.StoodFor.TotalVariation, 1e-12, "and vanishes with weights")
	require.InDelta(t, 1, r.RevenueFor, 1e-12)
	require.InDelta(t, (10*110+11*10)/3000.0, r.Revenue, 1e-12)
	deff, effective := Kish(append(append(slices.Repeat([]float64{2}, 10), slices.Repeat([]float64{7.9}, 10)...), 1))
	require.InDelta(t, deff, r.Deff, 1e-12)
	require.InDelta(t, effective, r.Effective, 1e-12)

	var held []string // the South falls out, half of the North remains
	for _, row := range s.Rows {
		if row.Taken && (row.Must || f.Units[slices.IndexFunc(f.Units, func(u Unit) bool { return u.ID == row.ID })].Values["region"] == "North") {
			held = append(held, row.ID)
		}
	}
	r, err = Represent(f, s, held[:6])
	require.NoError(t, err)
	require.InDelta(t, 0.8, r.Represented+0.01*float64(btoi(!slices.Contains(held[:6], "C099"))), 1e-12)
	require.Equal(t, []int{1, 2}, []int{r.Views[1].Visited.Covered, r.Views[1].Visited.Strata})

	r, err = Represent(f, s, []string{})
	require.NoError(t, err)
	require.Zero(t, r.Visits+int(r.Represented))
	_, err = json.Marshal(r)
	require.NoError(t, err, "no number that JSON does not know")

	_, err = Represent(f, s, []string{"C001", "stranger"})
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = Represent(frozen(t, f.Units[1:]), s, nil)
	require.True(t, fault.Is(err, fault.Conflict))
	broken := s
	broken.Rows = s.Rows[1:]
	_, err = Represent(f, broken, nil)
	require.True(t, fault.Is(err, fault.Conflict))
	shuffled := s
	shuffled.Rows = slices.Clone(s.Rows)
	slices.Reverse(shuffled.Rows)
	a, err := Represent(f, shuffled, nil)
	require.NoError(t, err)
	b, err := Represent(f, s, nil)
	require.NoError(t, err)
	require.Equal(t, b, a, "the order of the record does not matter")
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestPickedByHand(t *testing.T) {
	f, s, _ := small(t)
	list := []string{"stranger", "X", "C099"}
	for i := range 20 {
		list = append(list, fmt.Sprintf("C%03d", i), fmt.Sprintf("C%03d", i)) // the whole South, twice
	}
	p, err := ComparePicked(f, s, list)
	require.NoError(t, err)
	require.Equal(t, 23, p.Listed)
	require.Len(t, p.Known, 21)
	require.Equal(t, []string{"stranger"}, p.Unknown)
	require.Equal(t, []string{"X"}, p.LeftOut)
	require.Equal(t, 11, p.AlsoDrawn)
	require.InDelta(t, 11, p.ByChance, 1e-9)
	require.InDelta(t, 20.0/21-0.2, p.Representation.Views[1].Visited.TotalVariation, 1e-12)
	p, err = ComparePicked(f, s, nil)
	require.NoError(t, err)
	require.Zero(t, p.Representation.Visits, "an empty list is not the whole selection")
}

func TestRedraws(t *testing.T) {
	f := frozen(t, company(600, 3))
	d := Defaults()
	d.Seed, d.Year, d.Visits, d.Dimensions = "s", 2027, 90, Named("region", "segment")
	ref, err := Redraws(context.Background(), f, d, RedrawTimes)
	require.NoError(t, err)
	again, err := Redraws(context.Background(), f, d, RedrawTimes)
	require.NoError(t, err)
	require.Equal(t, ref, again, "it can be repeated")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Redraws(ended, f, d, RedrawTimes)
	require.ErrorIs(t, err, context.Canceled)
	s := selected(t, f, d)
	r, err := Represent(f, s, nil)
	require.NoError(t, err)
	byName := map[string]int{}
	for i, v := range r.Views {
		require.Equal(t, v.Dimension, ref.Spreads[i].Dimension)
		require.Len(t, ref.Spreads[i].Visited, RedrawTimes)
		require.True(t, slices.IsSorted(ref.Spreads[i].Visited))
		require.True(t, slices.IsSorted(ref.Spreads[i].StoodFor))
		rank := Closer(ref.Spreads[i].StoodFor, v.StoodFor.TotalVariation)
		require.True(t, 0 <= rank && rank <= RedrawTimes)
		byName[v.Dimension] = i
	}
	q := Quantiles(ref.Spreads[0].Visited)
	require.InDelta(t, q[0], q[4], 1e-12, "the design fixes the strata")
	require.InDelta(t, r.Views[0].Visited.TotalVariation, q[2], 1e-12)
	free := Quantiles(ref.Spreads[byName["stage"]].StoodFor)
	d.Across = []string{"stage"}
	ref, err = Redraws(context.Background(), f, d, RedrawTimes)
	require.NoError(t, err)
	even := Quantiles(ref.Spreads[byName["stage"]].StoodFor)
	require.Less(t, even[3], free[2], "keeping a dimension even brings it nearer")
	for _, times := range []int{0, 10_001} {
		_, err = Redraws(context.Background(), f, d, times)
		require.True(t, fault.Is(err, fault.Invalid))
	}
	_, err = Redraws(context.Background(), f, Design{}, 5)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Equal(t, [5]float64{}, Quantiles(nil))
}

// TestRedrawsAreDraws compares the quick re-draws with real ones: the mean
// distance must be the same.
func TestRedrawsAreDraws(t *testing.T) {
	f := frozen(t, company(200, 5))
	d := Design{Seed: "s", Visits: 40, Dimensions: Named("region"), Across: []string{"stage"}, Rule: Equal}
	ref, err := Redraws(context.Background(), f, d, 2000)
	require.NoError(t, err)
	p, err := prepare(f, d)
	require.NoError(t, err)
	c, err := newComparison(f, p.draw("s"))
	require.NoError(t, err)
	mean := make([]float64, len(ref.Spreads))
	for i := range 2000 {
		for v, view := range c.represent(weightsOf(p.draw(fmt.Sprint(i)), nil)).Views {
			mean[v] += view.Visited.TotalVariation / 2000
		}
	}
	for v, spread := range ref.Spreads {
		require.InEpsilon(t, mean[v], sum(spread.Visited)/2000, 0.02, spread.Dimension)
	}
}

func TestRecordReplays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := company(rapid.IntRange(30, 80).Draw(t, "customers"), rapid.Uint64().Draw(t, "company"))
		f, err := Freeze(rapid.Permutation(units).Draw(t, "order"), []Exclusion{{Unit{ID: "X<&>", Values: map[string]string{"region": "Ü"}}, ReasonRefused, "asked on 3 May"}})
		require.NoError(t, err)
		d := Defaults()
		d.Seed, d.Year, d.Visits, d.Dimensions = rapid.StringN(1, 9, -1).Draw(t, "seed"), 2027, rapid.IntRange(15, 30).Draw(t, "visits"), Named("region")
		d.Across, d.Turns = []string{"stage"}, map[string]Turn{`"region"="EMEA"`: Number("a", "b")}
		r, err := MakeRecord(f, d)
		require.NoError(t, err)
		raw := r.Encode()
		require.Contains(t, string(raw), `"id":"X<&>","revenue":0,"values":{"region":"Ü"}`, "text as it is")
		same, where, err := Replay(raw)
		require.NoError(t, err)
		require.True(t, same, where)

		for want, spoil := range map[string]func(*Record){
			"the customer list has another hash":      func(r *Record) { r.Units[0].Revenue++ },
			place(r.Draw.Rows[2].ID):                  func(r *Record) { r.Draw.Rows[2].Taken = !r.Draw.Rows[2].Taken },
			"the number of customers on record":       func(r *Record) { r.Draw.Rows = r.Draw.Rows[1:] },
			"the strata, the merge log or the design": func(r *Record) { r.Draw.Strata[0].Label = "Friends" },
		} {
			c, err := Decode(raw)
			require.NoError(t, err)
			spoil(&c)
			same, where, err := Replay(c.Encode())
			require.NoError(t, err)
			require.False(t, same)
			require.Equal(t, want, where)
		}
		same, _, err = Replay(append([]byte(" "), raw...))
		require.NoError(t, err)
		require.False(t, same, "a record has one form only")
	})
	for _, bad := range []string{"", "{}", `{"format":"windshield.draw/2"}`, `{"format":"windshield.draw/1","more":1}`, "[]"} {
		_, _, err := Replay([]byte(bad))
		require.True(t, fault.Is(err, fault.Invalid), bad)
	}
}

// TestPinnedRecord fixes the bytes of a published record.
func TestPinnedRecord(t *testing.T) {
	f, _, d := small(t)
	r, err := MakeRecord(f, d)
	require.NoError(t, err)
	require.Equal(t, "387e5340cd795e145f3eb9f0503a28e6dfa5f76190c942d82327fe5e7e95b926", Digest(r.Encode()))
}

func TestWhereMoreVisitsGo(t *testing.T) {
	f := frozen(t, company(2000, 3))
	d := Defaults()
	d.Seed, d.Visits, d.Dimensions = "s", 200, Named("region", "segment")
	growth, before, after, err := More(f, d, NextAsked)
	require.NoError(t, err)
	s := selected(t, f, d)
	count, all := map[string]int{}, 0
	for _, code := range s.NextVisits {
		count[code]++
	}
	for i, g := range growth {
		require.Equal(t, count[g.Code], g.More)
		require.True(t, i == 0 || growth[i-1].More >= g.More)
		all += g.More
	}
	require.Equal(t, NextAsked, all)
	require.Less(t, after.Error, before.Error)
	require.InDelta(t, 1, before.Covered, 1e-12)
	d.Visits += NextAsked
	d.MergeBelow = -1 // the strata would be merged by another number of visits
	require.InDelta(t, before.Deff, PrecisionOf(s.Strata).Deff, 1e-12)
	r, err := Represent(f, s, nil)
	require.NoError(t, err)
	require.InDelta(t, r.Deff, before.Deff, 1e-9)
	require.InDelta(t, r.Effective, before.Effective, 1e-6)

	d.Visits, d.MergeBelow = 1990, 0
	growth, _, after, err = More(f, d, NextAsked)
	require.NoError(t, err)
	all = 0
	for _, g := range growth {
		all += g.More
		require.Equal(t, g.N, g.Visits+g.More)
	}
	require.Equal(t, 10, all, "there are no more customers")
	require.InDelta(t, 0, after.Error, 1e-12)
	for _, n := range []int{0, -1} {
		_, _, _, err = More(f, d, n)
		require.True(t, fault.Is(err, fault.Invalid))
	}
	require.Zero(t, PrecisionOf(nil).Covered)
}

func TestBoundsOfSingleStrata(t *testing.T) {
	f := frozen(t, company(500, 3))
	d := Defaults()
	d.Seed, d.Visits, d.Dimensions = "s", 80, Named("region")
	s := selected(t, f, d)
	open := s.Strata[1:]
	d.Bounds = map[string]Bound{open[0].Key: {Least: 40}, open[1].Key: {Most: 3}}
	s = selected(t, f, d)
	require.Equal(t, [2]int{40, 3}, [2]int{s.Strata[1].X, s.Strata[2].X})
	consistent(t, f, d, s)
	for where, b := range map[string]map[string]Bound{
		"bounds of " + open[0].Label + ", least": {open[0].Key: {Least: open[0].N + 1}},
		"bounds of " + open[1].Label + ", least": {open[1].Key: {Least: -1}},
		"bounds of " + open[1].Label + ", most":  {open[1].Key: {Least: 5, Most: 4}},
		"bounds":                                 {"Atlantis": {}},
		"minimum visits of all strata together":  {open[0].Key: {Least: open[0].N}},
	} {
		d.Bounds = b
		_, err := Select(f, d)
		require.True(t, fault.Is(err, fault.Invalid), where)
		_, details := fault.Shown(err)
		require.Equal(t, where, details[0].Where)
		require.NotEmpty(t, details[0].Mend)
	}
	one := Design{Seed: "s", Visits: 5, Bounds: map[string]Bound{"all": {Least: 5, Most: 5}}}
	require.Equal(t, 5, selected(t, frozen(t, company(20, 2)), one).Strata[0].Lo)
}
func BenchmarkRedraws(b *testing.B) {
	for name, c := range map[string]struct {
		customers int
		d         Design
	}{
		"strata":         {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment")}},
		"trees":          {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment"), Across: []string{"stage"}}},
		"many cells":     {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment"), Across: []string{"city", "stage"}}},
		"many customers": {100_000, Design{Seed: "s", Visits: 24_000, Dimensions: Named("region", "segment"), Across: []string{"stage"}}},
	} {
		f := frozen(b, company(c.customers, 1))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Redraws(context.Background(), f, c.d, RedrawTimes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
