package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

// twoPlans writes two plans of the tiny problem, the second without its first visit.
func twoPlans(t *testing.T) (full, fewer string) {
	t.Helper()
	full, fewer = filepath.Join(t.TempDir(), "full.json"), filepath.Join(t.TempDir(), "fewer.json")
	_, _, err := runPlan(t, PlanCmd{Problem: tinyProblem, Output: full, Iterations: 20_000, Seed: 1})
	require.NoError(t, err)
	s, err := readFile(full, planning.ReadSolution)
	require.NoError(t, err)
	s.Assignments, s.Cost = s.Assignments[1:], nil
	require.NoError(t, writeSolution(fewer, s))
	return full, fewer
}

func TestAskingAboutAPlan(t *testing.T) {
	full, fewer := twoPlans(t)
	ctx := context.Background()
	s, err := readFile(full, planning.ReadSolution)
	require.NoError(t, err)
	id := s.Assignments[0].Visit
	var out bytes.Buffer
	say := func(run func(*bytes.Buffer) error) string {
		t.Helper()
		out.Reset()
		require.NoError(t, run(&out))
		return out.String()
	}
	files := planFiles{Problem: tinyProblem, Solution: full}
	all := say(func(b *bytes.Buffer) error { return (&explainCmd{planFiles: files}).run(ctx, b) })
	require.Equal(t, 36, strings.Count(all, "\n"), "a line for each visit")
	one := say(func(b *bytes.Buffer) error { return (&explainCmd{planFiles: files, Visit: id, Count: 2}).run(ctx, b) })
	require.Contains(t, one, "Why not somebody else:")
	require.Contains(t, one, "Why not another week:")

	ranked := say(func(b *bytes.Buffer) error { return (&proposeCmd{planFiles: files, Visit: id, Count: 4}).run(ctx, b) })
	require.Contains(t, ranked, "  4. ")
	lines := say(func(b *bytes.Buffer) error {
		return (&proposeCmd{planFiles: files, Visit: id, Count: 4, JSON: true}).run(ctx, b)
	})
	require.Equal(t, 4, strings.Count(lines, "\n"))
	var first struct {
		Price   planning.Cost
		Changes []struct{ Visit string }
	}
	require.NoError(t, json.Unmarshal([]byte(lines[:strings.Index(lines, "\n")]), &first))
	require.Equal(t, id, first.Changes[0].Visit)
	require.Contains(t, first.Price, planning.Total)

	require.Equal(t, "Every visit has a place.\n", say(func(b *bytes.Buffer) error { return (&letInCmd{planFiles: files}).run(ctx, b) }))
	out1 := say(func(b *bytes.Buffer) error {
		return (&letInCmd{planFiles: planFiles{Problem: tinyProblem, Solution: fewer}}).run(ctx, b)
	})
	require.Contains(t, out1, id+": ")
	require.Contains(t, out1, "  1. -")

	table := say(func(b *bytes.Buffer) error { return (&compareCmd{Problem: tinyProblem, A: full, B: fewer}).run(b) })
	require.Contains(t, table, "1 visits stand differently.")
	require.Contains(t, table, "-> no place")
	require.Regexp(t, `unassigned +0 +1 +\+1000000`, table)

	text := say(func(b *bytes.Buffer) error {
		return (&boundCmd{Problem: tinyProblem, Limit: 20 * time.Second}).run(ctx, b)
	})
	require.Contains(t, text, "No plan costs less than ")

	// What is no plan of the problem is refused before anything is asked of it.
	broken := filepath.Join(t.TempDir(), "broken.json")
	b, err := os.ReadFile(full)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(broken, bytes.Replace(b, []byte(`"executive":"e1"`), []byte(`"executive":"e0"`), 1), 0o600))
	for _, err := range []error{
		(&explainCmd{planFiles: planFiles{Problem: tinyProblem, Solution: broken}}).run(ctx, &out),
		(&compareCmd{Problem: tinyProblem, A: full, B: broken}).run(&out),
		(&proposeCmd{planFiles: files, Visit: "nobody", Count: 1}).run(ctx, &out),
		(&explainCmd{planFiles: files, Visit: "nobody"}).run(ctx, &out),
		(&letInCmd{planFiles: files, Visit: id}).run(ctx, &out),
		(&boundCmd{Problem: "nowhere.json", Limit: time.Second}).run(ctx, &out),
		(&boundCmd{Problem: tinyProblem}).run(ctx, &out),
	} {
		require.Error(t, err)
		require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
	}
}

func TestPlanTellsHowFarItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	_, stderr, err := runPlan(t, PlanCmd{Problem: tinyProblem, Output: path, Iterations: 20_000, Seed: 1, Progress: progressJSON})
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	require.Greater(t, len(lines), 2)
	told := 0
	for _, l := range lines {
		var look struct {
			Best  *int64
			Share *float64
			Cost  planning.Cost
		}
		require.NoError(t, json.Unmarshal([]byte(l), &look), l)
		require.NotNil(t, look.Best)
		require.NotNil(t, look.Share)
		if look.Cost != nil {
			told++
			require.Equal(t, *look.Best, look.Cost.Total(), "by term it is the same")
		}
	}
	require.Positive(t, told)
	stdout, stderr, err := runPlan(t, PlanCmd{Problem: tinyProblem, Output: path, Iterations: 20_000, Seed: 1, Progress: progressText, Bound: true})
	require.NoError(t, err)
	require.Contains(t, stderr, " points, ")
	require.True(t, strings.HasSuffix(stderr, "\r\x1b[K"), "the line is gone in the end")
	require.Regexp(t, `No plan costs less than \d+|No bound`, stdout)
	_, stderr, err = runPlan(t, PlanCmd{Problem: tinyProblem, Output: path, Iterations: 20_000, Seed: 1, Progress: progressAuto})
	require.NoError(t, err)
	require.Empty(t, stderr, "nobody watches")
	require.Equal(t, "7 points, 2 left out, 3 s left", liveLine(solver.Progress{Best: 7, Unassigned: 2}, 3*time.Second))
	require.Equal(t, "7 points, 0 left out, 3 s left: overdue_days 2, travel_km 9",
		liveLine(solver.Progress{Best: 7, Cost: planning.Cost{planning.TravelKM: 9, planning.OverdueDays: 2, planning.Total: 7}}, 3*time.Second))
	require.Equal(t, "7 points, 0 left out, 40 %", liveLine(solver.Progress{Best: 7, Share: 0.4}, 0))
}
