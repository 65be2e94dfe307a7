package calsync

import (
	"testing"
	"time"

	"windshield/internal/calsync/calsynctest"
	"windshield/internal/store" // want "order"

	"github.com/stretchr/testify/require"
)

func TestWaits(t *testing.T) {
	time.Sleep(time.Second) // want "test"
	if testing.Short() {    // want "test"
		t.Skip("no engine") // want "test"
	}
	require.NotNil(t, store.Open, calsynctest.Suite)
	var reader interface{ Skip() }
	reader.Skip()
}

func helper(check testing.TB) {
	check.SkipNow() // want "test"
}
