package flow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

// What all proposals cost alike is said once, and what is left of each still says who.
func TestProposalsSayOnceWhatTheyHaveInCommon(t *testing.T) {
	const id = "0b6f5f3c-7a53-4f4c-9df2-6f5f1a9f2f10"
	tab := &table{draft: &draft{problem: &planning.Problem{}, names: names{id: "Ann Lee"}}}
	of := func(c planning.Cost, after string) solver.Proposal {
		return solver.Proposal{Price: c, Text: id + " on Wed 3 Mar, morning: " + c.InWords(tab.problem.Style) + after + "."}
	}
	moved := planning.Cost{planning.Moved: 1}
	far := planning.Cost{planning.Moved: 1, planning.TravelKM: 1200}
	alike, short := tab.alike([]solver.Proposal{of(moved, ""), of(far, "; Acme moves")})
	require.Equal(t, "1 more visit moved from its known place", alike)
	require.Equal(t, []string{"Ann Lee on Wed 3 Mar, morning: nothing else.", "Ann Lee on Wed 3 Mar, morning: 1,200 more km of travel; Acme moves."}, short)
	alike, short = tab.alike([]solver.Proposal{of(moved, "")})
	require.Empty(t, alike)
	require.Equal(t, []string{"Ann Lee on Wed 3 Mar, morning: 1 more visit moved from its known place."}, short)
	alike, short = tab.alike([]solver.Proposal{of(moved, ""), of(planning.Cost{planning.TravelKM: 3}, "")})
	require.Empty(t, alike)
	require.Contains(t, short[1], "3 more km of travel")
	alike, short = tab.alike(nil)
	require.Empty(t, alike)
	require.Empty(t, short)
}
