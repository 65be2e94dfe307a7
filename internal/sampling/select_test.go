package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

// company invents customers: the same ones for the same seed.
func company(n int, seed uint64) []Unit {
	r := rand.New(rand.NewPCG(seed, 7))
	regions, segments := []string{"EMEA", "Americas", "Asia", ""}, []string{"Retail", "Banking", "Public", "Energy", "Health"}
	stages := []string{"new", "growing", "settled"}
	out := make([]Unit, n)
	for i := range out {
		out[i] = Unit{ID: fmt.Sprintf("C-%06d", i), Revenue: int64(r.ExpFloat64() * 1e6), Must: r.IntN(200) == 0, Values: map[string]string{
			"region": regions[min(r.IntN(5), r.IntN(4))], "segment": segments[min(r.IntN(5), r.IntN(6))], "stage": stages[r.IntN(3)],
			"city": fmt.Sprintf("city %d", r.IntN(300))}}
	}
	return out
}

func frozen(t testing.TB, units []Unit, left ...Exclusion) Frame {
	t.Helper()
	f, err := Freeze(units, left)
	require.NoError(t, err)
	return f
}

func selected(t testing.TB, f Frame, d Design) Selection {
	t.Helper()
	s, err := Select(f, d)
	require.NoError(t, err)
	return s
}

// consistent checks what must hold for every selection.
func consistent(t require.TestingT, f Frame, d Design, s Selection) {
	require.Len(t, s.Rows, len(f.Units)+len(f.Excluded))
	byCode, taken, codes := map[string]Stratum{}, map[string]int{}, map[string]bool{}
	visits, customers := 0, 0
	for _, h := range s.Strata {
		require.False(t, codes[h.Code], "code %s twice", h.Code)
		require.Len(t, h.Code, 2)
		codes[h.Code], byCode[h.Code] = true, h
		visits, customers = visits+h.X, customers+h.N
		require.LessOrEqual(t, h.X, h.N)
		require.GreaterOrEqual(t, h.X, h.Lo)
	}
	require.Equal(t, d.Visits, visits)
	require.Equal(t, len(f.Units), customers)
	for i, r := range s.Rows {
		require.True(t, i == 0 || s.Rows[i-1].ID < r.ID)
		if r.Excluded != "" {
			require.False(t, r.Taken)
			continue
		}
		h := byCode[r.Stratum]
		require.Equal(t, [2]int{h.X, h.N}, [2]int{r.X, r.N})
		require.Equal(t, r.Rank <= r.InCell, r.Taken)
		require.Equal(t, h.Must, r.Must)
		require.Less(t, float64(r.InCell)-r.Due, 1.0)
		require.Less(t, r.Due-float64(r.InCell), 1.0)
		if r.Taken {
			taken[r.Stratum]++
		}
	}
	for code, h := range byCode {
		require.Equal(t, h.X, taken[code], "stratum %s", code)
	}
}

func TestSelect(t *testing.T) {
	units := company(2000, 1)
	f := frozen(t, units, Exclusion{Unit: Unit{ID: "X-1", Must: true}, Reason: ReasonNoSite})
	for name, d := range map[string]Design{
		"one stratum":  {Visits: 100},
		"proportional": {Visits: 240, Dimensions: Named("region", "segment")},
		"many values":  {Visits: 240, Dimensions: Named("city")},
		"ordered":      {Visits: 60, Dimensions: []Dimension{{Name: "region"}, {Name: "stage", Order: []string{"new", "growing", "settled"}}}},
		"mixed":        {Visits: 240, Dimensions: Named("region", "segment"), Rule: Mixed, Alpha: 0.75, MinPerStratum: 2},
		"power":        {Visits: 240, Dimensions: Named("region", "segment"), Rule: Power, Q: 0.5, MinPerStratum: 2},
		"neyman":       {Visits: 240, Dimensions: Named("region"), Rule: Neyman},
		"equal":        {Visits: 240, Dimensions: Named("region", "segment"), Rule: Equal, MaxPerStratum: 20},
		"even":         {Visits: 240, Dimensions: Named("region", "segment"), Within: []string{"city"}, Across: []string{"stage"}},
		"everybody":    {Visits: 2000, Dimensions: Named("region")},
	} {
		t.Run(name, func(t *testing.T) {
			d.Seed = "a public draw"
			s := selected(t, f, d)
			consistent(t, f, d, s)
			require.Equal(t, MustCode, s.Strata[0].Code)
			require.Equal(t, f.Hash, s.FrameHash)
			require.Equal(t, Commitment(d.Seed), s.SeedCommitment)
			require.Equal(t, "no_site", s.Rows[len(s.Rows)-1].Excluded)
			differs, err := Verify(f, d, s.Rows)
			require.NoError(t, err)
			require.Empty(t, differs)
		})
	}
}

func TestProportionalIsWithinOneOfItsShare(t *testing.T) {
	f := frozen(t, company(2000, 3))
	s := selected(t, f, Design{Visits: 240, Seed: "s", Dimensions: Named("region", "segment")})
	n, x := 0, 0
	for _, h := range s.Strata[1:] {
		n, x = n+h.N, x+h.X
	}
	for _, h := range s.Strata[1:] {
		due := float64(x*h.N) / float64(n)
		require.InDelta(t, due, h.X, 1)
		require.GreaterOrEqual(t, due, 2.0, "a stratum of a merged dimension expects two visits")
	}
}

func TestChangedFrameIsRefused(t *testing.T) {
	f := frozen(t, company(50, 1))
	f.Units[3].Revenue++
	_, err := Select(f, Design{Visits: 5, Seed: "s"})
	require.True(t, fault.Is(err, fault.Conflict))
	_, err = Select(Frame{}, Design{Visits: 5, Seed: "s"})
	require.True(t, fault.Is(err, fault.Conflict))
}

func TestBadDesigns(t *testing.T) {
	f := frozen(t, append(company(50, 1), Unit{ID: "must", Must: true}, Unit{ID: "must too", Must: true}))
	for name, c := range map[string]struct {
		d     Design
		where string
	}{
		"no seed":               {Design{Visits: 5}, "seed"},
		"no visits":             {Design{Seed: "s"}, "visits"},
		"more than customers":   {Design{Seed: "s", Visits: 53}, "visits"},
		"fewer than must":       {Design{Seed: "s", Visits: 1}, "visits"},
		"rule":                  {Design{Seed: "s", Visits: 5, Rule: "guess"}, "rule"},
		"alpha":                 {Design{Seed: "s", Visits: 5, Alpha: 1.5}, "alpha"},
		"alpha is no number":    {Design{Seed: "s", Visits: 5, Alpha: math.NaN()}, "alpha"},
		"q":                     {Design{Seed: "s", Visits: 5, Q: -1}, "q"},
		"minimum":               {Design{Seed: "s", Visits: 5, MinPerStratum: -1}, "minimum per stratum"},
		"maximum":               {Design{Seed: "s", Visits: 5, MinPerStratum: 3, MaxPerStratum: 2}, "maximum per stratum"},
		"merge":                 {Design{Seed: "s", Visits: 5, MergeBelow: -2}, "merge below"},
		"unknown dimension":     {Design{Seed: "s", Visits: 5, Dimensions: Named("colour")}, "dimension 1"},
		"dimension twice":       {Design{Seed: "s", Visits: 5, Dimensions: Named("region", "region")}, "dimension 2"},
		"unknown across":        {Design{Seed: "s", Visits: 5, Across: []string{"colour"}}, "dimension 1 across strata"},
		"order twice":           {Design{Seed: "s", Visits: 5, Dimensions: []Dimension{{"region", []string{"a", "a"}}}}, "order of region"},
		"minimums over visits":  {Design{Seed: "s", Visits: 20, Dimensions: Named("region", "segment"), MinPerStratum: 9}, "minimum visits of all strata together"},
		"maximums under visits": {Design{Seed: "s", Visits: 40, Dimensions: Named("region"), MaxPerStratum: 3}, "maximum visits of all strata together"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Select(f, c.d)
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			_, details := fault.Shown(err)
			require.Equal(t, c.where, details[0].Where)
			require.NotEmpty(t, details[0].Expected)
			require.NotEmpty(t, details[0].Mend)
		})
	}
}

func TestNoRevenueAtAll(t *testing.T) {
	var units []Unit
	for i := range 20 {
		units = append(units, Unit{ID: fmt.Sprint(i), Values: map[string]string{"a": fmt.Sprint(i % 2)}})
	}
	f := frozen(t, units)
	d := Design{Seed: "s", Visits: 6, Dimensions: Named("a"), Rule: Mixed}
	_, err := Select(f, d)
	require.True(t, fault.Is(err, fault.Invalid))
	d.Rule = Neyman
	_, err = Select(f, d)
	require.True(t, fault.Is(err, fault.Invalid))
	d.Rule, d.Alpha = Mixed, 0.5
	s := selected(t, f, d)
	require.Equal(t, [2]int{3, 3}, [2]int{s.Strata[0].X, s.Strata[1].X}, "without revenue only customers count")
}

func TestOneGiant(t *testing.T) {
	units := company(100, 5)
	units[0].Revenue = 1_000_000_000_000_000
	f := frozen(t, units)
	d := Design{Seed: "s", Visits: 30, Dimensions: Named("region"), Rule: Mixed, Alpha: 0.75, MinPerStratum: 2}
	consistent(t, f, d, selected(t, f, d))
}

func TestOnlyMustVisits(t *testing.T) {
	f := frozen(t, []Unit{{ID: "a", Must: true}, {ID: "b", Must: true}})
	d := Design{Seed: "s", Visits: 2}
	s := selected(t, f, d)
	consistent(t, f, d, s)
	require.Len(t, s.Strata, 1)
}

func TestOrderOfCustomersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := company(rapid.IntRange(30, 200).Draw(t, "customers"), rapid.Uint64().Draw(t, "company"))
		d := Design{Seed: "s", Year: 2027, Dimensions: Named("region", "segment"), Across: []string{"stage"}, Visits: rapid.IntRange(10, len(units)).Draw(t, "visits"),
			Rule: rapid.SampledFrom([]Rule{Proportional, Mixed, Equal, Neyman, Power}).Draw(t, "rule"), Alpha: 0.75, Q: 0.5}
		f, err := Freeze(units, nil)
		require.NoError(t, err)
		s, err := Select(f, d)
		require.NoError(t, err)
		consistent(t, f, d, s)
		g, err := Freeze(rapid.Permutation(units).Draw(t, "order"), nil)
		require.NoError(t, err)
		require.Equal(t, f.Hash, g.Hash)
		again, err := Select(g, d)
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func TestMoreVisitsKeepEveryStratum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := company(rapid.IntRange(30, 200).Draw(t, "customers"), rapid.Uint64().Draw(t, "company"))
		f, err := Freeze(units, nil)
		require.NoError(t, err)
		d := Design{Seed: "s", Dimensions: Named("region", "segment"), MergeBelow: -1, Visits: rapid.IntRange(10, len(units)-1).Draw(t, "visits"),
			Rule: rapid.SampledFrom([]Rule{Proportional, Mixed, Equal}).Draw(t, "rule"), Alpha: 0.75}
		s, err := Select(f, d)
		require.NoError(t, err)
		d.Visits++
		more, err := Select(f, d)
		require.NoError(t, err)
		grown := ""
		for h := range s.Strata {
			require.GreaterOrEqual(t, more.Strata[h].X, s.Strata[h].X)
			if more.Strata[h].X > s.Strata[h].X {
				grown = more.Strata[h].Code
			}
		}
		require.Equal(t, s.NextVisits[0], grown)
		kept := map[string]bool{}
		for _, r := range more.Rows {
			kept[r.ID] = r.Taken
		}
		for _, r := range s.Rows {
			require.True(t, !r.Taken || kept[r.ID], "one draw: the longer list holds the shorter one")
		}
	})
}

func TestRotationAvoidsLastYear(t *testing.T) {
	f := frozen(t, company(2000, 9))
	d := Design{Seed: "s", Year: 2027, Visits: 240, Dimensions: Named("region", "segment")}
	first := selected(t, f, d)
	d.Year, d.Turns = 2028, map[string]Turn{}
	for _, h := range first.Strata {
		d.Turns[h.Key] = h.Next
	}
	second := selected(t, f, d)
	again, taken := 0, 0
	for i, r := range second.Rows {
		if r.Taken && !r.Must {
			taken++
			if first.Rows[i].Taken {
				again++
			}
		}
	}
	require.LessOrEqual(t, again, taken/50)
}

// TestPinnedSelection fixes a draw, so that no change of code or machine can
// alter whom a published seed selects.
func TestPinnedSelection(t *testing.T) {
	var units []Unit
	for i := range 12 {
		units = append(units, Unit{ID: fmt.Sprintf("C-%05d", i+1), Revenue: int64(100 * i), Values: map[string]string{"region": []string{"North", "South"}[i%2]}})
	}
	f := frozen(t, units)
	s := selected(t, f, Design{Seed: "ExecVisits-2026/public-seed-1", Visits: 4, Dimensions: Named("region")})
	var taken []string
	for _, r := range s.Rows {
		if r.Taken {
			taken = append(taken, r.Stratum+" "+r.ID)
		}
	}
	require.Equal(t, []string{"NO C-00001", "NO C-00005", "SO C-00006", "SO C-00008"}, taken)
	require.Equal(t, "e5bd3c103bbab3ce536e5f7b275f99c4ba2fe8da80782be70ceb8136e9f7f4c0", f.Hash)
}

func BenchmarkSelect(b *testing.B) {
	f := frozen(b, company(100_000, 1))
	for name, d := range map[string]Design{
		"strata": {Seed: "s", Visits: 24_000, Dimensions: Named("region", "segment")},
		"trees":  {Seed: "s", Visits: 24_000, Dimensions: Named("region", "segment"), Within: []string{"city"}, Across: []string{"stage"}},
		"cities": {Seed: "s", Visits: 24_000, Dimensions: Named("region", "city"), Across: []string{"segment", "stage"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Select(f, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestOddInputHasARule goes through input that is no error: each has its stated
// rule, and the selection says so.
func TestOddInputHasARule(t *testing.T) {
	base := func() []Unit {
		var units []Unit
		for i := range 60 {
			units = append(units, Unit{ID: fmt.Sprintf("C%02d", i), Revenue: 100, Values: map[string]string{"stage": []string{"low", "high"}[i%2]}})
		}
		return units
	}
	stage := []Dimension{{"stage", []string{"low", "high"}}}
	for name, c := range map[string]struct {
		change func([]Unit)
		d      func(*Design)
		want   []string
	}{
		"nothing odd":    {func([]Unit) {}, func(*Design) {}, nil},
		"a giant":        {func(u []Unit) { u[3].Revenue = 3000 }, func(*Design) {}, []string{"C03 brings 34% of all revenue and is drawn like any other of its group: make it a must-visit if it should be visited for certain."}},
		"a known giant":  {func(u []Unit) { u[3].Revenue, u[3].Must = 3000, true }, func(*Design) {}, nil},
		"no revenue":     {func(u []Unit) { u[0].Revenue, u[1].Revenue = 0, 0 }, func(*Design) {}, []string{"2 customers have no revenue on record: they draw visits to their group by number, not by revenue."}},
		"one without":    {func(u []Unit) { u[0].Revenue = 0 }, func(*Design) {}, []string{"1 customer has no revenue on record: it draws visits to its group by number, not by revenue."}},
		"and no matter":  {func(u []Unit) { u[0].Revenue = 0 }, func(d *Design) { d.Rule = Proportional }, nil},
		"must, no value": {func(u []Unit) { u[0].Must = true; delete(u[0].Values, "stage") }, func(*Design) {}, nil},
		"no value":       {func(u []Unit) { delete(u[0].Values, "stage") }, func(*Design) {}, []string{"1 customer without stage: they count as a value of their own."}},
		"unknown values": {func(u []Unit) { u[0].Values["stage"], u[1].Values["stage"] = "?", "mid" }, func(*Design) {}, []string{"2 customers with a stage that is not in its stated order (?, mid): they come after the others."}},
		"four unknown": {func(u []Unit) {
			for i := range 4 {
				u[i].Values["stage"] = fmt.Sprint(i)
			}
		}, func(*Design) {}, []string{"4 customers with a stage that is not in its stated order (0, 1, 2 and 1 more): they come after the others."}},
	} {
		t.Run(name, func(t *testing.T) {
			units := base()
			c.change(units)
			d := Defaults()
			d.Seed, d.Visits, d.Dimensions = "s", 12, stage
			c.d(&d)
			f := frozen(t, units)
			s := selected(t, f, d)
			consistent(t, f, d, s)
			require.Equal(t, c.want, s.Warnings)
		})
	}
}

func TestTooManyValuesOnTop(t *testing.T) {
	var units []Unit
	for i := range 20_000 {
		units = append(units, Unit{ID: fmt.Sprint(i), Revenue: 1, Values: map[string]string{"city": fmt.Sprint(i % 10_000), "stage": fmt.Sprint(i % 3)}})
	}
	f := frozen(t, units)
	d := Defaults()
	d.Seed, d.Visits, d.Dimensions = "s", 200, Named("city", "stage")
	_, err := Select(f, d)
	require.True(t, fault.Is(err, fault.Invalid))
	_, details := fault.Shown(err)
	require.Equal(t, "minimum visits of all strata together", details[0].Where)
	require.Contains(t, details[0].Mend, "let small values of the top dimension merge")
	d.MergeTop = true
	consistent(t, f, d, selected(t, f, d))
}

func TestDefaultsAreTheStatedOnes(t *testing.T) {
	d := Defaults()
	require.Equal(t, Design{Rule: Mixed, Alpha: 0.75, Q: 0.5, MinPerStratum: 2, MergeBelow: 2}, d)
	d.Seed, d.Visits, d.Dimensions = "s", 60, Named("region", "segment")
	f := frozen(t, company(800, 1))
	for _, h := range selected(t, f, d).Strata {
		require.True(t, h.Must || h.X >= 2 && h.Weight >= 1, "%s has %d visits", h.Label, h.X)
	}
}

// TestAlphaMovesVisits follows the mixed aim: the less customers count, the more
// visits go to where the revenue is.
func TestAlphaMovesVisits(t *testing.T) {
	var units []Unit
	for i := range 400 {
		u := Unit{ID: fmt.Sprint(i), Revenue: 1, Values: map[string]string{"size": "small"}}
		if i < 40 {
			u.Revenue, u.Values["size"] = 100, "large"
		}
		units = append(units, u)
	}
	f := frozen(t, units)
	last := 0
	for _, alpha := range []float64{1, 0.9, 0.75, 0.5, 0.25, 0} {
		d := Defaults()
		d.Seed, d.Visits, d.Dimensions, d.Alpha = "s", 60, Named("size"), alpha
		large := selected(t, f, d).Strata[0]
		require.Equal(t, "large", large.Label)
		require.GreaterOrEqual(t, large.X, last)
		last = large.X
	}
	require.Equal(t, 40, last, "all of the large ones where only revenue counts")
}
