package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

func TestSolutionsAreWrittenWholeOrNotAtAll(t *testing.T) {
	p, err := readFile(tinyProblem, planning.ReadProblem)
	require.NoError(t, err)
	s := planning.NewSolution(p, nil, nil)
	s.Cost = planning.Check(p, s).Cost
	path := filepath.Join(t.TempDir(), "solution.json")
	require.NoError(t, writeSolution(path, s))
	require.NoError(t, writeSolution(path, s), "an existing file is replaced")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing but the solution stays")
	again, err := readFile(path, planning.ReadSolution)
	require.NoError(t, err)
	require.Equal(t, s, again)
	require.Error(t, writeSolution(filepath.Join(path, "below a file"), s))
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	dir := t.TempDir()
	_, err := readFile(filepath.Join(dir, "missing"), planning.ReadSolution)
	require.True(t, fault.Is(err, fault.NotFound))
	_, err = readFile(dir, planning.ReadProblem)
	require.True(t, fault.Is(err, fault.Invalid))
	path := filepath.Join(dir, "odd.json")
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	_, err = readFile(path, planning.ReadProblem)
	require.ErrorContains(t, err, path)
}
