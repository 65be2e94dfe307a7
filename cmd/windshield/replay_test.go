package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/sampling"
)

// aRecord gives the record of a small draw.
func aRecord(t *testing.T) []byte {
	t.Helper()
	var units []sampling.Unit
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		units = append(units, sampling.Unit{ID: id, Values: map[string]string{"region": "North"}})
	}
	f, err := sampling.Freeze(units, nil)
	require.NoError(t, err)
	r, err := sampling.MakeRecord(f, sampling.Design{Dimensions: sampling.Named("region"), Visits: 3, Seed: "s", Year: 2027})
	require.NoError(t, err)
	return r.Encode()
}

func TestReplay(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	encoded := aRecord(t)
	var out bytes.Buffer
	require.NoError(t, (&ReplayCmd{Record: write("good.json", encoded)}).run(&out))
	require.Contains(t, out.String(), "byte for byte: 3 of 6 customers in 1 groups")
	require.Contains(t, out.String(), sampling.Digest(encoded))

	another := bytes.Replace(encoded, []byte(`"taken":true`), []byte(`"taken":false`), 1)
	for path, want := range map[string]string{
		write("another.json", another):   "differs",
		write("none.json", []byte("{}")): "no record of a draw",
		filepath.Join(folder, "missing"): "There is no file",
		folder:                           "cannot be read",
		write("other list.json", bytes.Replace(encoded, []byte(`"North"`), []byte(`"South"`), 1)): "hash",
	} {
		err := (&ReplayCmd{Record: path}).run(&out)
		require.Error(t, err, path)
		require.True(t, strings.Contains(err.Error(), want), "%s: %v", path, err)
	}
}
