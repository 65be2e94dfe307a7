package gcal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// BenchmarkPublish publishes visits through the real client against the emulator
// with Google's quota, in virtual time, while people move visits that have been
// published. Its lines are the table in README.md.
func BenchmarkPublish(b *testing.B) {
	quota := emulator.Quota{User: 600, Project: 10_000}
	for _, c := range []struct {
		events, organisers int
		allowed            int // requests a minute
	}{{3000, 1, 600}, {3000, 30, 10_000}, {30_000, 30, 10_000}} {
		b.Run(fmt.Sprintf("%d events of %d", c.events, c.organisers), func(b *testing.B) {
			for range b.N {
				s := newShop(b, quota, gcal.GoogleLimits, c.organisers, c.events)
				published := append([]errand(nil), s.jobs...)
				began := s.clock.Now()
				var longest, waited time.Duration
				moves := 0
				done := s.run(began.Add(time.Hour), func(done int) {
					if done%100 != 0 {
						return
					}
					e := published[done/2]
					e.want.Version++
					e.want.Location = "Another place"
					before := s.clock.Now()
					require.NoError(b, s.apply(calsync.Urgent(context.Background()), e))
					wait := s.clock.Now().Sub(before)
					moves, longest, waited = moves+1, max(longest, wait), waited+wait
				})
				require.Equal(b, c.events, done)
				took := s.clock.Now().Sub(began)
				requests := s.emu.Ledger().Requests
				busiest, from := 0, 0
				for i := range requests {
					for requests[i].At.Sub(requests[from].At) >= time.Minute {
						from++
					}
					busiest = max(busiest, i-from+1)
				}
				rate := float64(len(requests)) / took.Minutes()
				refused := s.count(403, "rateLimitExceeded")
				require.Zero(b, refused)
				require.GreaterOrEqual(b, rate, 0.95*float64(c.allowed))
				require.LessOrEqual(b, longest, 5*time.Second)
				b.ReportMetric(rate, "requests/min")
				b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-wait")
				b.Logf("| %d | %d | %d | %v | %.0f | %.1f %% | %d | %d | %d | %v |", c.events, c.organisers, c.allowed, took.Round(100*time.Millisecond),
					rate, 100*rate/float64(c.allowed), busiest, refused, moves, longest.Round(time.Millisecond))
			}
		})
	}
}
