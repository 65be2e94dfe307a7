package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
)

// The newest look for somebody is theirs alone; who stopped it wins over who makes it;
// and what names people is forgotten, by age or all at once.
func TestLooks(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		mine := filled[flow.Look](t, 1)
		mine.PersonID, mine.State, mine.Version = "", flow.Running, 0
		older, other := mine, mine
		older.ID, older.AskedAt = id("look", 2), mine.AskedAt.Add(-time.Minute)
		other.ID, other.Name, other.AskedAt = id("look", 3), "Somebody else", mine.AskedAt.Add(time.Minute)
		write(t, st, func(tx flow.Tx) {
			for _, l := range []*flow.Look{&mine, &older, &other} {
				require.NoError(t, tx.Looks.Save(l))
			}
		})
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Looks.Newest(flow.Look{CustomerID: mine.CustomerID, Name: mine.Name, Email: mine.Email})
			require.NoError(t, err)
			require.Equal(t, mine, got)
			got, err = tx.Looks.Get(other.ID)
			require.NoError(t, err)
			require.Equal(t, other, got)
			_, err = tx.Looks.Newest(flow.Look{PersonID: mine.CustomerID})
			require.True(t, fault.Is(err, fault.NotFound), "%v", err)
		})
		stopped := mine
		stopped.State = flow.Cancelled
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Looks.Save(&stopped)) })
		slower := func(l flow.Look) error {
			return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Looks.Save(&l) })
		}
		require.True(t, fault.Is(slower(mine), fault.Stale))
		left := func() (n int) {
			read(t, st, func(tx flow.Tx) {
				for _, l := range []flow.Look{mine, older, other} {
					if _, err := tx.Looks.Get(l.ID); err == nil {
						n++
					}
				}
			})
			return n
		}
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Looks.Forget(mine.AskedAt)) })
		require.Equal(t, 2, left(), "the older one is gone")
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Looks.Forget(time.Time{})) })
		require.Zero(t, left())
		err := slower(stopped)
		require.True(t, fault.Is(err, fault.NotFound) || fault.Is(err, fault.Stale), "%v", err)
	})
}

// What is held is the same, table by table; looks are no part of it.
func TestHeldByTable(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		d := flow.DataOf{CustomerID: id("customer", 1), Words: []flow.Word{{From: "eva@acme.example", To: "gone", Anywhere: true}}}
		write(t, st, func(tx flow.Tx) {
			c, err := tx.Customers.Get(d.CustomerID)
			require.NoError(t, err)
			c.Contact.Email = "eva@acme.example"
			require.NoError(t, tx.Customers.Save(&c))
			require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: "do", Subject: "connection/eva@acme.example", Detail: "{}"}))
			require.NoError(t, tx.Looks.Save(&flow.Look{ID: "look", CustomerID: d.CustomerID, Email: "eva@acme.example", State: flow.Done}))
		})
		read(t, st, func(tx flow.Tx) {
			whole, err := tx.Personal.Held(d)
			require.NoError(t, err)
			require.Len(t, whole, 2)
			tables, err := tx.Personal.Tables()
			require.NoError(t, err)
			require.NotContains(t, tables, "looks")
			var parts []flow.HeldRow
			for some := range slices.Chunk(tables, 7) {
				held, err := tx.Personal.Held(d, some...)
				require.NoError(t, err)
				parts = append(parts, held...)
			}
			require.Equal(t, whole, parts)
		})
	})
}
