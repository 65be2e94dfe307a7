package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

const tinyProblem = "../../internal/planning/testdata/tiny-1.json.gz"

func runPlan(t *testing.T, c PlanCmd) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	if c.Output == "" {
		c.Output = "-"
	}
	err = c.run(context.Background(), &out, &errs)
	return out.String(), errs.String(), err
}

func TestPlanWritesASolutionThatCheckAccepts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	stdout, stderr, err := runPlan(t, PlanCmd{Problem: tinyProblem, Output: path, Iterations: 20_000, Seed: 1})
	require.NoError(t, err)
	require.Regexp(t, `36 of 36 visits have a place\. [1-9]\d* moves tried\.`, stdout)
	require.Contains(t, stdout, "travel_km")
	require.Empty(t, stderr)

	stdout, _, err = runPlan(t, PlanCmd{Problem: tinyProblem, Solution: path, Check: true})
	require.NoError(t, err)
	require.Contains(t, stdout, "feasible\n")

	// Without -o the solution goes to the standard output and the table aside.
	stdout, stderr, err = runPlan(t, PlanCmd{Problem: tinyProblem, Iterations: 20_000, Seed: 1})
	require.NoError(t, err)
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(written), stdout, "the same seed and iterations give the same bytes")
	require.Contains(t, stderr, "total")

	spoilt := bytes.Replace(written, []byte(`"executive":"e1"`), []byte(`"executive":"e0"`), 1)
	require.NoError(t, os.WriteFile(path, spoilt, 0o600))
	stdout, _, err = runPlan(t, PlanCmd{Problem: tinyProblem, Solution: path, Check: true})
	require.ErrorContains(t, err, "infeasible")
	require.Contains(t, stdout, `there is no executive "e0"`)
}

func TestPlanKeepsTheLimitAndTheInterrupt(t *testing.T) {
	start := time.Now()
	stdout, _, err := runPlan(t, PlanCmd{Problem: tinyProblem, Limit: 200 * time.Millisecond, Seed: 1})
	require.NoError(t, err)
	require.Less(t, time.Since(start), 5*time.Second) // generous: the machine may be busy
	require.Contains(t, stdout, planning.SolutionFormat)

	interrupted, interrupt := context.WithCancel(context.Background())
	interrupt()
	var out, errs bytes.Buffer
	c := PlanCmd{Problem: tinyProblem, Output: "-", Limit: time.Hour, Seed: 1}
	require.NoError(t, c.run(interrupted, &out, &errs))
	require.Contains(t, errs.String(), "Stopped early")
	s, err := planning.ReadSolution(&out)
	require.NoError(t, err)
	p, err := readFile(tinyProblem, planning.ReadProblem)
	require.NoError(t, err)
	require.True(t, planning.Check(p, s).OK())
}

func TestPlanRefusesWhatItCannotDo(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.json")
	require.NoError(t, os.WriteFile(text, []byte("hello"), 0o600))
	for name, c := range map[string]PlanCmd{
		"no such file":           {Problem: "nowhere.json"},
		"no JSON":                {Problem: text},
		"check without solution": {Problem: tinyProblem, Check: true},
		"solution without check": {Problem: tinyProblem, Solution: text},
		"solution is no JSON":    {Problem: tinyProblem, Solution: text, Check: true},
		"negative limit":         {Problem: tinyProblem, Limit: -time.Second},
		"no such folder":         {Problem: tinyProblem, Output: filepath.Join(folder, "no", "s.json")},
	} {
		_, _, err := runPlan(t, c)
		require.Error(t, err, name)
		require.NotEqual(t, fault.Internal, fault.KindOf(err), name)
	}
}
