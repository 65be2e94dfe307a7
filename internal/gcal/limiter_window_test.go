package gcal

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Requests reach the server some time after they were let go. However that
// shifts them, no minute of the server's holds more than it allows.
func TestNoMinuteHoldsTooMuchWhereverItBegins(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)
		l := NewLimiter(Limits{Person: 600}, func() time.Time { return now }, nil)
		var arrived []time.Time
		for len(arrived) < 3000 {
			if d := l.take(request{person: "ann"}, r.IntN(20) == 0); d > 0 {
				now = now.Add(min(d, time.Duration(1+r.IntN(5000))*time.Millisecond))
				continue
			}
			arrived = append(arrived, now.Add(time.Duration(r.IntN(500))*time.Millisecond))
			if r.IntN(3) == 0 {
				now = now.Add(time.Duration(r.IntN(200)) * time.Millisecond)
			}
		}
		slices.SortFunc(arrived, time.Time.Compare)
		for i := 600; i < len(arrived); i++ {
			require.GreaterOrEqual(t, arrived[i].Sub(arrived[i-600]), time.Minute, "seed %d", seed)
		}
	}
}

func TestPeopleNobodyAsksForAreForgotten(t *testing.T) {
	now := time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)
	l := NewLimiter(GoogleLimits, func() time.Time { return now }, nil)
	for i := range 1000 {
		require.LessOrEqual(t, l.take(request{person: string(rune('a'+i%26)) + string(rune('a'+i/26))}, false), time.Duration(0))
		now = now.Add(time.Second)
	}
	require.Less(t, len(l.sent), 130)
}
