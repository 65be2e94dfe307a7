package planning_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Whatever a file holds, it is refused with a reason or judged, and the verdict
// holds together: it does not depend on the order of the list, nor on writing
// the plan down and reading it again.
func FuzzReadSolution(f *testing.F) {
	for _, e := range examples(f) {
		f.Add([]byte(e.Problem), []byte(e.Solution))
	}
	f.Add([]byte(small), []byte(`{"format": "windshield.solution/1", "assignments": [
		{"visit": "v1", "executive": "e1", "date": "2027-03-04", "half": "am"},
		{"visit": "v1", "executive": "e1", "date": "2027-03-05", "half": "noon"},
		{"visit": "v2", "executive": "", "date": null, "half": "pm"}], "cost": {"total": -1, "travel_km": 9223372036854775807}}`))
	f.Fuzz(func(t *testing.T, problem, solution []byte) {
		s, err := planning.ReadSolution(bytes.NewReader(solution))
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err))
			return
		}
		p, err := planning.ReadProblem(bytes.NewReader(problem))
		if err != nil {
			return
		}
		v := planning.Check(p, s)
		require.Equal(t, len(v.Violations) == 0, v.Feasible)
		total := int64(0)
		for _, term := range planning.Terms() {
			require.GreaterOrEqual(t, v.Cost[term], int64(0), term)
			total += v.Cost[term] * p.Weight(term)
		}
		require.Equal(t, total, v.Cost.Total())
		require.NotEmpty(t, v.Report(p))

		var written bytes.Buffer
		require.NoError(t, s.Write(&written))
		again, err := planning.ReadSolution(&written)
		require.NoError(t, err)
		w := planning.Check(p, again)
		require.Equal(t, v.Feasible, w.Feasible)
		require.Equal(t, v.Cost, w.Cost)

		visits := map[string]bool{}
		for _, a := range s.Assignments {
			if visits[a.Visit] {
				return // the first of two counts, so the order matters
			}
			visits[a.Visit] = true
		}
		slices.Reverse(again.Assignments)
		w = planning.Check(p, again)
		require.Equal(t, v.Feasible, w.Feasible)
		require.Equal(t, v.Rules(), w.Rules())
		if v.Feasible {
			require.Equal(t, v.Cost, w.Cost)
			for id, r := range planning.Reasons(p, s) {
				require.NotEmpty(t, r.Text, id)
			}
			claimed := planning.NewSolution(p, s.Places(), v.Cost)
			require.True(t, planning.Check(p, claimed).OK())
		}
		_, err = json.Marshal(v)
		require.NoError(t, err)
	})
}
