package planning_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
)

// example is a golden case: a problem, a solution and what must be said of it.
type example struct {
	Name     string          `json:"name"`
	Problem  json.RawMessage `json:"problem"`
	Solution json.RawMessage `json:"solution"`
	Expected struct {
		Feasible bool          `json:"feasible"`
		Violates []string      `json:"violates"`
		Cost     planning.Cost `json:"cost"`
	} `json:"expected"`
}

func examples(t testing.TB) []example {
	files, err := filepath.Glob("testdata/examples/*.json")
	require.NoError(t, err)
	require.Len(t, files, 18)
	var all []example
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		var e example
		require.NoError(t, json.Unmarshal(data, &e), f)
		all = append(all, e)
	}
	return all
}

func TestCheckJudgesTheExamples(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.Name, func(t *testing.T) {
			p, err := planning.ReadProblem(bytes.NewReader(e.Problem))
			require.NoError(t, err)
			s, err := planning.ReadSolution(bytes.NewReader(e.Solution))
			require.NoError(t, err)
			v := planning.Check(p, s)
			require.Equal(t, e.Expected.Feasible, v.Feasible, v.Violations)
			require.True(t, slices.Equal(e.Expected.Violates, v.Rules()), "%v", v.Violations)
			if e.Expected.Feasible {
				require.Equal(t, e.Expected.Cost, v.Cost)
			}
			require.Empty(t, v.Wrong)

			// What the file claims is compared term by term.
			s.Cost = planning.Cost{planning.TravelKM: v.Cost[planning.TravelKM] + 1, planning.Load: v.Cost[planning.Load]}
			v = planning.Check(p, s)
			require.False(t, v.OK())
			require.Equal(t, []planning.WrongTerm{{Term: planning.TravelKM, Claimed: v.Cost[planning.TravelKM] + 1, Right: v.Cost[planning.TravelKM]}}, v.Wrong)
		})
	}
}
