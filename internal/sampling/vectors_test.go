package sampling

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// vector reads one of the published or independently checked answers.
func vector(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func ints(n, value int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = value
	}
	return out
}

func wholes(in []int) []weight {
	out := make([]weight, len(in))
	for i, n := range in {
		out[i] = wholeWeight(uint64(n))
	}
	return out
}

func squares(in []int) []weight {
	out := make([]weight, len(in))
	for i, n := range in {
		out[i] = wholeWeight(uint64(n * n))
	}
	return out
}
