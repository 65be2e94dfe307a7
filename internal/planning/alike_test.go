package planning

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/locale"
)

func TestAlike(t *testing.T) {
	a, b := Cost{Moved: 1, TravelKM: 20, OverdueDays: -2}, Cost{Moved: 1, TravelKM: 30, OverdueDays: -2}
	require.Equal(t, Cost{Moved: 1, OverdueDays: -2}, Alike(a, b))
	require.Empty(t, Alike(a), "one has nothing in common with others")
	require.Empty(t, Alike())
	require.Empty(t, Alike(Cost{Moved: 1}, Cost{Moved: 2}))
	require.Empty(t, Alike(Cost{}, Cost{}), "nothing is not worth a word")
	require.Equal(t, "20 more km of travel", a.Minus(Alike(a, b)).InWords(locale.Style{}))
}

// What is alike and what is left make up each of them.
func TestAlikeLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Cost {
			c := Cost{}
			for _, x := range Terms() {
				c[x] = rapid.Int64Range(-1, 1).Draw(t, string(x))
			}
			return c
		}), 2, 4).Draw(t, "costs")
		same := Alike(all...)
		for _, c := range all {
			left := c.Minus(same)
			for _, x := range Terms() {
				require.Equal(t, c[x], left[x]+same[x])
				require.False(t, left[x] != 0 && same[x] != 0, "said twice")
			}
		}
	})
}
