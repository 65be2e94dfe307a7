package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
)

// BenchmarkSaveCustomers writes 100,000 new customers in one transaction, then
// changes them all in another.
func BenchmarkSaveCustomers(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		st := open(b, migrated(b, engine))
		next := 0
		b.Run(engine+"/insert", func(b *testing.B) {
			for b.Loop() {
				saveMany(b, st, &next, 100_000)
			}
		})
		b.Run(engine+"/change", func(b *testing.B) {
			var all []*roster.Customer
			read(b, st, func(tx flow.Tx) {
				require.NoError(b, tx.Customers.Each(func(c roster.Customer) error {
					if len(all) < 100_000 {
						all = append(all, &c)
					}
					return nil
				}))
			})
			for b.Loop() {
				write(b, st, func(tx flow.Tx) { require.NoError(b, tx.Customers.Save(all...)) })
			}
		})
		b.Run(engine+"/page", func(b *testing.B) {
			for b.Loop() {
				read(b, st, func(tx flow.Tx) {
					rows, _, err := tx.Customers.Page(flow.CustomerQuery{Scope: everything, Limit: 100, Search: "ustomer 99", Values: map[string]string{"size": "1"}})
					require.NoError(b, err)
					require.NotEmpty(b, rows)
				})
			}
		})
	}
}

func saveMany(t testing.TB, st *store.Store, next *int, n int) {
	all := make([]*roster.Customer, n)
	for i := range all {
		*next++
		all[i] = aCustomer(*next, "")
		all[i].Windows = []slot.Interval{{Start: 20000, End: 20030}}
		all[i].Requires = []string{"language:de"}
	}
	write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Customers.Save(all...)) })
}

// A bulk of many batches is one change: the last row can still undo the first.
func TestABulkIsWholeOrNothing(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		var all []*roster.Customer
		for n := range 1700 {
			all = append(all, aCustomer(n, ""))
		}
		all[1699].Key = all[0].Key
		write(t, st, func(tx flow.Tx) {
			require.True(t, isConflict(tx.Customers.Save(all...)))
			require.Zero(t, all[0].Version)
			n, err := tx.Customers.Count()
			require.NoError(t, err)
			require.Zero(t, n)
			all[1699].Key = "another"
			require.NoError(t, tx.Customers.Save(all...))
			require.Equal(t, 1, all[1699].Version)
			require.NoError(t, tx.Customers.Save(all...))
			require.Equal(t, 2, all[0].Version)
		})
	})
}
