package jobs

import (
	"context"

	"windshield/internal/flow"
)

// Count is how many jobs of a kind are in a state of the queue's: "available",
// "running", "retryable", "scheduled", "completed", "cancelled" or "discarded".
type Count struct {
	Kind  flow.JobKind
	State string
	N     int
}

// Counts gives how many jobs there are by kind and state. Completed ones stay for
// an hour, failed ones for a month.
func (q *Queue) Counts(ctx context.Context) (all []Count, err error) {
	const query = "SELECT kind, CAST(state AS text), count(*) FROM river_job GROUP BY kind, state ORDER BY kind, state"
	var rows interface {
		Next() bool
		Scan(dest ...any) error
		Err() error
	}
	if e := q.store.Engine(); e.Postgres != nil {
		found, err := e.Postgres.Query(ctx, query)
		if err != nil {
			return nil, err
		}
		defer found.Close()
		rows = found
	} else {
		found, err := e.SQLite.QueryContext(ctx, query)
		if err != nil {
			return nil, err
		}
		defer found.Close()
		rows = found
	}
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Kind, &c.State, &c.N); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}
