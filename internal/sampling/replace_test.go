package sampling

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

// TestOnlyTheNextOfTheCell lets customers refuse at random: whoever takes a
// place is the next in the same cell, nobody comes twice, and only an empty cell
// or a must-visit leaves a gap.
func TestOnlyTheNextOfTheCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, err := Freeze(company(rapid.IntRange(30, 150).Draw(t, "customers"), rapid.Uint64().Draw(t, "company")), nil)
		require.NoError(t, err)
		d := Design{Seed: "s", Visits: rapid.IntRange(10, len(f.Units)).Draw(t, "visits"), Dimensions: Named("region")}
		if rapid.Bool().Draw(t, "cells") {
			d.Across = []string{"stage"}
		}
		s, err := Select(f, d)
		require.NoError(t, err)
		rows := map[string]Row{}
		for _, r := range s.Rows {
			rows[r.ID] = r
		}
		var done []Replacement
		for range rapid.IntRange(1, 40).Draw(t, "refusals") {
			standing := Standing(s, done)
			if len(standing) == 0 {
				break
			}
			id := rapid.SampledFrom(standing).Draw(t, "refuses")
			r, err := Replace(s.Rows, done, id, RefusedDeclined)
			require.NoError(t, err)
			var free []Row
			for _, other := range s.Rows {
				met := slices.ContainsFunc(done, func(d Replacement) bool { return d.By == other.ID })
				if other.Stratum == rows[id].Stratum && other.Cell == rows[id].Cell && !other.Taken && !met {
					free = append(free, other)
				}
			}
			switch {
			case rows[id].Must || len(free) == 0:
				require.Empty(t, r.By)
			default:
				require.Equal(t, slices.MinFunc(free, func(a, b Row) int { return a.Rank - b.Rank }).ID, r.By)
			}
			done = append(done, r)
			_, err = Replace(s.Rows, done, id, RefusedDeclined)
			require.True(t, fault.Is(err, fault.Conflict))
		}
		got := Respond(s, done)
		require.Equal(t, d.Visits, got.Taken)
		require.Equal(t, len(done), got.Refused)
		require.Equal(t, got.Refused, got.Replaced+got.Missing)
		require.Len(t, Standing(s, done), got.Taken-got.Missing)
		require.Equal(t, float64(got.Replaced)/float64(got.Taken), got.Rate)
	})
}

func TestReplaceRefuses(t *testing.T) {
	f := frozen(t, company(40, 1), Exclusion{Unit: Unit{ID: "X"}, Reason: ReasonNoSite})
	s := selected(t, f, Design{Seed: "s", Visits: 5})
	in, out := "", ""
	for _, r := range s.Rows {
		if r.Taken && !r.Must {
			in = r.ID
		} else if r.Excluded == "" {
			out = r.ID
		}
	}
	for name, c := range map[string]struct {
		id, code string
		kind     fault.Kind
	}{
		"no code":   {in, "", fault.Invalid},
		"sentence":  {in, "Not now", fault.Invalid},
		"unknown":   {"nobody", RefusedNoReply, fault.NotFound},
		"not taken": {out, RefusedNoReply, fault.Conflict},
		"left out":  {"X", RefusedNoReply, fault.Conflict},
	} {
		_, err := Replace(s.Rows, nil, c.id, c.code)
		require.True(t, fault.Is(err, c.kind), name)
	}
}

// TestRIndicator checks the formula with numbers worked out by hand: 100
// customers whose rate is 0.9 and 300 whose rate is 0.5.
func TestRIndicator(t *testing.T) {
	groups := []Response{{Customers: 100, Asked: 10, Rate: 0.9}, {Customers: 300, Asked: 30, Rate: 0.5}, {Customers: 50}}
	got := RIndicator(groups)
	require.InDelta(t, 0.6, got.MeanRate, 1e-12)
	spread := 0.173421993904 // √((100·0.3² + 300·0.1²)/399)
	require.InDelta(t, 1-2*spread, got.R, 1e-9)
	require.InDelta(t, spread/2/0.6, got.Bias, 1e-9)
	require.InDeltaSlice(t, []float64{0.15, -0.0866025403784, 0}, got.Parts, 1e-9)
	even := RIndicator([]Response{{Customers: 10, Asked: 2, Rate: 0.5}, {Customers: 20, Asked: 4, Rate: 0.5}})
	require.Equal(t, 1.0, even.R)
	require.Equal(t, 1.0, RIndicator(nil).R)
	require.Equal(t, 1.0, RIndicator([]Response{{Customers: 5, Asked: 5}}).Bias, "nobody responds: nothing is known")
}

func TestResponses(t *testing.T) {
	s := Selection{Strata: []Stratum{{Code: "AA", N: 4}, {Code: "BB", N: 2}},
		Rows: []Row{{ID: "a", Stratum: "AA", Taken: true, Rank: 1}, {ID: "b", Stratum: "AA", Taken: true, Rank: 2}, {ID: "c", Stratum: "AA", Rank: 3}, {ID: "d", Stratum: "AA", Rank: 4},
			{ID: "e", Stratum: "BB", Taken: true, Rank: 1}, {ID: "f", Stratum: "BB", Taken: true, Rank: 2}}}
	var done []Replacement
	for _, c := range [][2]string{{"a", RefusedDeclined}, {"c", RefusedNoReply}, {"e", RefusedDeclined}} {
		r, err := Replace(s.Rows, done, c[0], c[1])
		require.NoError(t, err)
		done = append(done, r)
	}
	require.Equal(t, []Replacement{{"a", RefusedDeclined, "c"}, {"c", RefusedNoReply, "d"}, {"e", RefusedDeclined, ""}}, done)
	require.Equal(t, "a (declined): c takes the place", done[0].String())
	require.Equal(t, "e (declined): nobody takes the place", done[2].String())
	require.Equal(t, []string{"b", "d", "f"}, Standing(s, done))
	got := Respond(s, append(done, Replacement{Refused: "stranger", Code: RefusedAway}))
	require.Equal(t, []CodeCount{{RefusedDeclined, 2}, {RefusedNoReply, 1}}, got.Codes)
	require.Equal(t, []Response{{Code: "AA", Customers: 4, Asked: 4, Refused: 2, Replaced: 2, Rate: 0.5}, {Code: "BB", Customers: 2, Asked: 2, Refused: 1, Missing: 1, Rate: 0.5}}, got.Groups)
	require.Equal(t, 1.0, got.R)
}
