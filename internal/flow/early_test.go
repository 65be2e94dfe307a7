package flow

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/sampling"
	"windshield/internal/visit"
)

// Strata of early stages get up to a quarter more visits than the design gives them, out
// of what the others can spare: as many in all, and nobody falls below the least.
func TestEarlyStagesArePreferred(t *testing.T) {
	stages := []string{"change", "discontent", "comparison", "fear", ""} // "": nobody knows where they stand
	b := visit.UsualBuying()
	var units []sampling.Unit
	for i := range 1000 {
		units = append(units, sampling.Unit{ID: fmt.Sprintf("c%04d", i), Revenue: int64(i), Must: i%100 == 7, Values: map[string]string{StageDimension: stages[i%len(stages)], "region": []string{"east", "west"}[i%2]}})
	}
	frame, err := sampling.Freeze(units, nil)
	require.NoError(t, err)
	design := sampling.Design{Dimensions: sampling.Named(StageDimension, "region"), Visits: 200, Seed: "x", Year: 2027, MinPerStratum: 4}
	drawn := func(d sampling.Design) (early, others, all int) {
		t.Helper()
		r, err := sampling.Select(frame, d)
		require.NoError(t, err)
		for _, s := range r.Strata {
			all += s.X
			require.GreaterOrEqual(t, s.X, min(4, s.N), s.Label)
			switch {
			case s.Must:
			case isEarly(s, b):
				early += s.X
			default:
				others += s.X
			}
		}
		return early, others, all
	}
	before, othersBefore, _ := drawn(design)
	require.Positive(t, before)
	preferred, err := preferEarly(frame, design, b)
	require.NoError(t, err)
	require.True(t, EarlyPreferred(preferred))
	require.False(t, EarlyPreferred(design))
	after, othersAfter, all := drawn(preferred)
	require.Equal(t, 200, all)
	require.Greater(t, after, before)
	require.LessOrEqual(t, after, before+before*earlyMore/100+len(preferred.Bounds), "a quarter more, and what rounding gives")
	require.GreaterOrEqual(t, after, before+before*earlyMore/100-len(preferred.Bounds))
	require.Less(t, othersAfter, othersBefore)

	// Where the others can spare little, the early ones get half of that.
	tight := design
	tight.MinPerStratum = 16
	preferred, err = preferEarly(frame, tight, b)
	require.NoError(t, err)
	drawnTight, _, all := drawn(preferred)
	require.Equal(t, 200, all)
	require.Less(t, drawnTight, after)
	require.Greater(t, drawnTight, before)
	tight.MinPerStratum = 19
	none, err := preferEarly(frame, tight, b)
	require.NoError(t, err)
	require.Equal(t, tight, none, "there is nothing to spare")

	// What somebody has bounded, and what is not made of stages, stays as it is.
	bounded := design
	bounded.Bounds = map[string]sampling.Bound{}
	for key, x := range preferred.Bounds {
		bounded.Bounds[key] = sampling.Bound{Least: x.Least / 2}
	}
	same, err := preferEarly(frame, bounded, b)
	require.NoError(t, err)
	require.Equal(t, bounded, same)
	plain := design
	plain.Dimensions = sampling.Named("region")
	same, err = preferEarly(frame, plain, b)
	require.NoError(t, err)
	require.Equal(t, plain, same)
}
