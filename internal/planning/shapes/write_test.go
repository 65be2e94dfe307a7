//go:build problems

package shapes

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWriteProblems is what "make problems" runs: it writes problems as files
// named after their size, shape and seed.
func TestWriteProblems(t *testing.T) {
	list := func(name, otherwise string) []string {
		s := os.Getenv(name)
		if s == "" {
			s = otherwise
		}
		return strings.Fields(strings.ReplaceAll(s, ",", " "))
	}
	dir := os.Getenv("WINDSHIELD_PROBLEMS")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, name := range list("SIZES", "small medium large") {
		size, ok := SizeNamed(name)
		require.True(t, ok, "there is no size %s", name)
		for _, shape := range list("SHAPES", names()) {
			require.Contains(t, All(), Shape(shape))
			for _, s := range list("SEEDS", "1") {
				seed, err := strconv.ParseUint(s, 10, 64)
				require.NoError(t, err)
				path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d.json.gz", name, shape, seed))
				write(t, path, Shape(shape), size, seed)
				fmt.Println(path)
			}
		}
	}
}

func names() string {
	var all []string
	for _, s := range All() {
		all = append(all, string(s))
	}
	return strings.Join(slices.Sorted(slices.Values(all)), " ")
}

func write(t *testing.T, path string, shape Shape, size Size, seed uint64) {
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	z := gzip.NewWriter(f)
	require.NoError(t, json.NewEncoder(z).Encode(Make(shape, size, seed)))
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}
