package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
)

// An erasure holds the end of the audit trail for as long as it reads everything. Whoever
// writes meanwhile waits for it, and never the two for each other: it would begin anew
// with every one of them.
func TestErasingWhileOthersWrite(t *testing.T) {
	ctx := context.Background()
	st := open(t, migrated(t, "postgres"))
	company(t, st)
	write(t, st, func(tx flow.Tx) {
		x, err := tx.Customers.Get(id("customer", 2))
		require.NoError(t, err)
		x.Name = "Nordwind Mills"
		require.NoError(t, tx.Customers.Save(&x))
	})
	c, err := pgx.Connect(ctx, st.Engine().Postgres.Config().ConnString())
	require.NoError(t, err)
	defer c.Close(ctx)
	waiting := func() bool {
		var n int
		require.NoError(t, c.QueryRow(ctx, "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()").Scan(&n))
		return n > 0
	}
	runs, others, other := 0, 0, make(chan error, 1)
	write(t, st, func(tx flow.Tx) {
		runs++
		require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: flow.EraseAction, Subject: "customer", Detail: "{}"}))
		changed, _, err := tx.Personal.Blank(flow.DataOf{CustomerID: id("customer", 2), Words: []flow.Word{{From: "Nordwind Mills", To: "erased", Anywhere: true}}})
		require.NoError(t, err)
		require.Equal(t, 1, changed["customers"])
		if runs > 1 {
			return
		}
		go func() {
			other <- st.Write(ctx, func(tx flow.Tx) error {
				others++
				x, err := tx.Customers.Get(id("customer", 1))
				if err != nil {
					return err
				}
				x.Name = "Renamed"
				if err := tx.Customers.Save(&x); err != nil {
					return err
				}
				return tx.Ledger.Audit(flow.Entry{ActorID: "y", Action: "rename", Subject: "customer", Detail: "{}"})
			})
		}()
		require.Eventually(t, waiting, 10*time.Second, 5*time.Millisecond)
	})
	require.NoError(t, <-other)
	require.Equal(t, []int{1, 1}, []int{runs, others}, "neither made the other begin again")
}
