package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
)

// "The best possible" is said only of what is proved to be that.
func TestTheGapPromisesNothingThatIsNotProved(t *testing.T) {
	for last, text := range map[int64]string{100_000: "the best possible", 100_001: "within 0.05 % of the best possible", 100_049: "within 0.05 % of the best possible",
		100_100: "at most 0.1 % above the best possible", 120_000: "at most 20 % above the best possible", 300_000: ""} {
		m := runModel{RunView: flow.RunView{Run: flow.Run{Bound: flow.Bound{Total: 100_000, Method: "by hand"}}}, Last: last}
		require.Equal(t, text, m.gap(t.Context()), "%d", last)
	}
}
