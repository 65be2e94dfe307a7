// Package calsynctest is a conformance suite: it belongs to the tests.
package calsynctest

import (
	"os"
	"testing"

	"windshield/internal/calsync"
	"windshield/internal/store" // want "order"

	"github.com/stretchr/testify/require"
)

// Suite runs on every implementation.
func Suite(t *testing.T, c calsync.Calendar) {
	require.NotNil(t, c, store.Open, os.Getenv("X"))
	t.Skip("no") // want "test"
}
