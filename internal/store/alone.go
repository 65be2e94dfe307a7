package store

import (
	"context"
	"hash/fnv"
	"sync"

	"github.com/jackc/pgx/v5"

	"windshield/internal/calsync"
)

// turns lets one at a time do what bears a key.
type turns struct {
	mu     sync.Mutex
	taken  map[string]chan struct{} // closed when the turn is over
	places chan struct{}            // of Postgres: bounds the connections that turns hold
	bulk   chan struct{}            // of Postgres: bounds those of work that nobody waits for
}

// keptPlaces is how many places bulk work leaves to those for whom a person waits:
// it holds its places while it waits for the calendar's pace.
const keptPlaces = 2

// Alone runs do while nobody else does under the same key, in no process on this
// database; see flow.Store.
//
// On SQLite there is one process. On Postgres a lock is held besides, which the
// server gives back when this process dies: by a transaction that does nothing
// else, so that it holds behind a pooler too. Half of the connections are kept
// for what is done meanwhile; a pool of one leaves none for the lock.
func (s *Store) Alone(ctx context.Context, key string, do func(ctx context.Context) error) error {
	over, err := s.turns.take(ctx, key)
	if err != nil {
		return err
	}
	defer over()
	if cap(s.turns.places) == 0 {
		return do(ctx)
	}
	places := []chan struct{}{s.turns.places}
	if !calsync.IsUrgent(ctx) {
		places = []chan struct{}{s.turns.bulk, s.turns.places}
	}
	for _, p := range places {
		select {
		case p <- struct{}{}:
			defer func() { <-p }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadOnly})
	if err != nil {
		return translate(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // gives the lock back; a broken connection has given it back
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(key)) // never fails
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(sum.Sum64())); err != nil {
		return translate(err)
	}
	return do(ctx)
}

// take waits for a turn in this process.
func (t *turns) take(ctx context.Context, key string) (over func(), err error) {
	for {
		t.mu.Lock()
		before, taken := t.taken[key]
		if !taken {
			mine := make(chan struct{})
			if t.taken == nil {
				t.taken = map[string]chan struct{}{}
			}
			t.taken[key] = mine
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.taken, key)
				t.mu.Unlock()
				close(mine)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
