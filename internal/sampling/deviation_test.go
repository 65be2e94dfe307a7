package sampling

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
)

func TestOneDrawPerFreeze(t *testing.T) {
	f := frozen(t, company(40, 1))
	d := Defaults()
	d.Seed, d.Year, d.Visits, d.Dimensions = "first", 2027, 10, Named("region")
	first := DrawnOf(f, d)
	other, later, seed := d, d, d
	other.Visits = 11
	later.Year = 2028
	seed.Seed = "second"
	g := frozen(t, company(41, 1))
	reason := "The list held a customer twice."
	for name, c := range map[string]struct {
		before []Drawn
		next   Drawn
		kind   Kind
	}{
		"the first":                {nil, first, ""},
		"the same again":           {[]Drawn{first}, first, ""},
		"next year":                {[]Drawn{first}, DrawnOf(f, later), ""},
		"another design":           {[]Drawn{first}, DrawnOf(f, other), SecondDraw},
		"another seed":             {[]Drawn{first}, DrawnOf(f, seed), ChangedSeed},
		"another list":             {[]Drawn{first}, DrawnOf(g, d), Refrozen},
		"back to an earlier one":   {[]Drawn{first, DrawnOf(f, other)}, first, ""},
		"a third, with both seeds": {[]Drawn{DrawnOf(f, seed), first}, DrawnOf(f, other), ChangedSeed},
	} {
		t.Run(name, func(t *testing.T) {
			v, ok, err := Admit(c.before, c.next, reason)
			require.NoError(t, err)
			require.Equal(t, c.kind != "", ok)
			require.Equal(t, c.kind, v.Kind)
			_, _, err = Admit(c.before, c.next, " because ")
			require.Equal(t, c.kind != "", fault.Is(err, fault.Conflict), "a word is no reason")
		})
	}
	open := d
	open.Rule, open.MergeBelow = Mixed, 0
	require.Equal(t, d.Hash(), open.Hash(), "a default is a default, spelled out or not")
	require.NotEqual(t, d.Hash(), other.Hash())
	require.Equal(t, d.Hash(), seed.Hash(), "the seed has its own commitment")
}

func TestChoice(t *testing.T) {
	low, high := Choice(0.25, 1)
	require.InDelta(t, 4, low, 1e-12)
	require.InDelta(t, 4, high, 1e-12)
	low, high = Choice(0.25, 2)
	require.InDelta(t, 1/0.4375, low, 1e-12)
	require.InDelta(t, 16, high, 1e-12)
	low, high = Choice(0, 2)
	require.Zero(t, low+high)
}

// TestChangesByHand follows the weights: a customer put in stands for itself, one
// taken out is represented by nobody, the drawn ones carry the rest.
func TestChangesByHand(t *testing.T) {
	var units []Unit
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		units = append(units, Unit{ID: id, Values: map[string]string{"region": "North"}})
	}
	f := frozen(t, append(units, Unit{ID: "s1", Values: map[string]string{"region": "South"}}, Unit{ID: "s2", Values: map[string]string{"region": "South"}}), Exclusion{Unit: Unit{ID: "x"}, Reason: ReasonNoHost})
	s := selected(t, f, Design{Seed: "s", Visits: 6, Dimensions: Named("region"), MergeBelow: -1})
	var in, out []string
	for _, r := range s.Rows {
		if r.Stratum == "NO" && r.Taken {
			in = append(in, r.ID)
		} else if r.Stratum == "NO" {
			out = append(out, r.ID)
		}
	}
	require.Len(t, in, 5)
	why := "The CEO met them at the fair."
	changed, effects, err := Adjust(s, []Deviation{{Added, out[0], why}, {Removed, in[0], why}, {Removed, in[1], why}})
	require.NoError(t, err)
	require.Equal(t, []Effect{{Code: "NO", Label: "North", Added: 1, Removed: 2, Before: 2, After: 7.0 / 3}}, effects)
	rows := map[string]Row{}
	for _, r := range changed.Rows {
		rows[r.ID] = r
	}
	require.Equal(t, [2]float64{1, 0}, [2]float64{rows[out[0]].Weight, rows[in[0]].Weight})
	require.True(t, rows[out[0]].Taken)
	require.False(t, rows[in[0]].Taken)
	require.InDelta(t, 7.0/3, rows[in[2]].Weight, 1e-12)
	r, err := Represent(f, changed, nil)
	require.NoError(t, err)
	require.InDelta(t, 10.0/12, r.Represented, 1e-12, "two of twelve are represented by nobody")
	require.Equal(t, 5, r.Visits)
	require.False(t, s.Rows[0].ByHand != "" || s.Rows[1].ByHand != "", "the selection as drawn stays")

	back, effects, err := Adjust(s, []Deviation{{Removed, in[0], why}, {Added, in[0], why}})
	require.NoError(t, err)
	require.Equal(t, s.Rows, back.Rows)
	require.Equal(t, []Effect{{Code: "NO", Label: "North", Before: 2, After: 2}}, effects)

	replaced, err := Replace(changed.Rows, nil, out[0], RefusedDeclined)
	require.NoError(t, err)
	require.Empty(t, replaced.By, "whoever was put in by hand has no replacement")
	replaced, err = Replace(changed.Rows, nil, in[2], RefusedDeclined)
	require.NoError(t, err)
	require.NotContains(t, []string{in[0], in[1], out[0]}, replaced.By)

	for name, c := range map[string]struct {
		v    Deviation
		kind fault.Kind
	}{
		"no reason":   {Deviation{Added, out[0], "ok"}, fault.Invalid},
		"other kind":  {Deviation{SecondDraw, out[0], why}, fault.Invalid},
		"in already":  {Deviation{Added, in[0], why}, fault.Conflict},
		"out already": {Deviation{Removed, out[0], why}, fault.Conflict},
		"left out":    {Deviation{Added, "x", why}, fault.NotFound},
		"unknown":     {Deviation{Added, "nobody", why}, fault.NotFound},
	} {
		_, _, err := Adjust(s, []Deviation{c.v})
		require.True(t, fault.Is(err, c.kind), name)
	}
	require.Equal(t, "c put in by hand: x", Deviation{Added, "c", "x"}.String())
	require.Equal(t, "another seed: x", Deviation{ChangedSeed, "", "x"}.String())
}

func TestAWholeStratumTakenOut(t *testing.T) {
	f := frozen(t, []Unit{{ID: "a"}, {ID: "b"}, {ID: "c"}})
	s := selected(t, f, Design{Seed: "s", Visits: 1})
	var taken string
	for _, r := range s.Rows {
		if r.Taken {
			taken = r.ID
		}
	}
	changed, effects, err := Adjust(s, []Deviation{{Removed, taken, "They asked us to stay away."}})
	require.NoError(t, err)
	require.Equal(t, 0.0, effects[0].After)
	r, err := Represent(f, changed, nil)
	require.NoError(t, err)
	require.Zero(t, r.Represented)
}
