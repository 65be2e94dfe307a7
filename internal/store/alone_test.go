package store_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/store"
)

func TestOneAtATimeUnderAKey(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			ctx := context.Background()
			url := migrated(t, engine)
			replicas := []*store.Store{open(t, url)}
			if engine == "postgres" {
				replicas = append(replicas, open(t, url))
			}
			var inside, most, done atomic.Int32
			errs := race(40, func(i int) error {
				return replicas[i%len(replicas)].Alone(ctx, "event/one", func(context.Context) error {
					most.Store(max(most.Load(), inside.Add(1)))
					defer inside.Add(-1)
					done.Add(1)
					return nil
				})
			})
			for _, err := range errs {
				require.NoError(t, err)
			}
			require.EqualValues(t, 40, done.Load())
			require.EqualValues(t, 1, most.Load())

			for _, other := range replicas {
				impatient, cancel := context.WithCancel(ctx)
				err := replicas[0].Alone(ctx, "event/one", func(ctx context.Context) error {
					require.NoError(t, other.Alone(ctx, "event/two", func(context.Context) error { return nil }), "another key waits for nobody")
					go cancel()
					err := other.Alone(impatient, "event/one", func(context.Context) error { t.Error("not its turn"); return nil })
					require.Error(t, err)
					require.ErrorIs(t, impatient.Err(), context.Canceled)
					return errTurn
				})
				require.ErrorIs(t, err, errTurn, "what went wrong is told")
				require.NoError(t, other.Alone(ctx, "event/one", func(context.Context) error { return nil }), "the turn is given back")
			}
			require.Panics(t, func() {
				_ = replicas[0].Alone(ctx, "event/one", func(context.Context) error { panic("crash") })
			})
			require.NoError(t, replicas[len(replicas)-1].Alone(ctx, "event/one", func(context.Context) error { return nil }), "also after a crash")
		})
	}
}

// Bulk work that waits with its places in hand leaves some to what a person waits for.
func TestBulkWorkLeavesPlaces(t *testing.T) {
	url := migrated(t, "postgres")
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	s := open(t, url+sep+"pool_max_conns=8") // four places, two of them for bulk work
	bulk := func(ctx context.Context, key string, do func(context.Context) error) error {
		return s.Alone(ctx, key, do)
	}
	require.NoError(t, bulk(t.Context(), "one", func(ctx context.Context) error {
		return bulk(ctx, "two", func(ctx context.Context) error {
			impatient, stop := context.WithTimeout(ctx, 50*time.Millisecond)
			defer stop()
			require.ErrorIs(t, bulk(impatient, "three", func(context.Context) error { return nil }), context.DeadlineExceeded)
			return s.Alone(calsync.Urgent(ctx), "four", func(ctx context.Context) error {
				return s.Alone(ctx, "five", func(context.Context) error { return nil })
			})
		})
	}))
}

var errTurn = errors.New("went wrong")
