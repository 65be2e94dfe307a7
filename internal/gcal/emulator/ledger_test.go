package emulator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALongRunKeepsTheNewestRequests(t *testing.T) {
	s, err := New(Options{Now: time.Now, KeepRequests: 10})
	require.NoError(t, err)
	for range 1000 {
		s.record(Request{Method: "events.list"})
	}
	kept := s.Ledger().Requests
	require.LessOrEqual(t, len(kept), 10)
	require.GreaterOrEqual(t, len(kept), 5)
	require.Equal(t, 1000, kept[len(kept)-1].N, "the count goes on")
	for i := 1; i < len(kept); i++ {
		require.Equal(t, kept[i-1].N+1, kept[i].N)
	}
}
