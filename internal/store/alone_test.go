package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

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

var errTurn = errors.New("went wrong")
