package planning_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
)

func readProblem(t testing.TB, path string) *planning.Problem {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	p, err := planning.ReadProblem(f)
	require.NoError(t, err)
	return p
}

func TestReadProblemReadsTheInstances(t *testing.T) {
	for name, want := range map[string][4]int{
		"tiny-1": {3, 36, 40, 8}, "small-1": {10, 150, 500, 86},
		"medium-1": {50, 750, 5000, 903}, "large-1": {200, 3000, 20000, 3621},
	} {
		p := readProblem(t, "testdata/"+name+".json.gz")
		require.Equal(t, want, [4]int{len(p.Executives), len(p.Visits), len(p.Customers), len(p.Hosts)}, name)
	}
}

func BenchmarkReadProblemLarge(b *testing.B) {
	for b.Loop() {
		readProblem(b, "testdata/large-1.json.gz")
	}
}
