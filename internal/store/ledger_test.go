package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
)

// The chain is a line although many write at once: no number twice, none left
// out, every entry of a transaction that committed and no other.
func TestAuditChainUnderRacers(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		no := errors.New("no")
		errs := race(8, func(i int) error {
			for n := range 10 {
				err := st.Write(context.Background(), func(tx flow.Tx) error {
					for range 2 {
						if err := tx.Ledger.Audit(flow.Entry{ActorID: fmt.Sprint(i), Action: fmt.Sprint(n), Detail: `{"a": "<ü>"}`}); err != nil {
							return err
						}
					}
					if n%5 == 4 {
						return no
					}
					return nil
				})
				if err != nil && !errors.Is(err, no) {
					return err
				}
			}
			return nil
		})
		require.Equal(t, 8, count(errs, isNil), "%v", errs)
		read(t, st, func(tx flow.Tx) {
			_, broken, err := tx.Ledger.Verify()
			require.NoError(t, err)
			require.Zero(t, broken)
			entries, next, err := tx.Ledger.Entries(flow.EntryQuery{Limit: 1000})
			require.NoError(t, err)
			require.Empty(t, next)
			require.Len(t, entries, 8*8*2)
			for i, e := range entries {
				require.EqualValues(t, len(entries)-i, e.Seq)
				require.Equal(t, noon, e.At, "the store's clock where none is given")
				require.Len(t, e.Hash, 64)
				if i+1 < len(entries) {
					require.Equal(t, entries[i+1].Hash, e.Prev)
				}
			}
		})
	})
}

func TestTamperingShows(t *testing.T) {
	cases := map[string]struct {
		sql    string
		broken int64
	}{
		"nothing":       {"UPDATE settings SET value = ''", 0},
		"actor":         {"UPDATE audit SET actor_id = 'somebody else' WHERE seq = 3", 3},
		"detail":        {"UPDATE audit SET detail = '' WHERE seq = 1", 1},
		"instant":       {"UPDATE audit SET at = '2027-03-04T12:00:00.123457Z' WHERE seq = 5", 5},
		"hash":          {"UPDATE audit SET hash = prev WHERE seq = 2", 2},
		"taken out":     {"DELETE FROM audit WHERE seq = 4", 4},
		"taken off":     {"DELETE FROM audit WHERE seq > 3", 4},
		"all taken":     {"DELETE FROM audit", 1},
		"first taken":   {"DELETE FROM audit WHERE seq = 1", 1},
		"moved":         {"UPDATE audit SET seq = 60 WHERE seq = 5", 5},
		"put on":        {"INSERT INTO audit (seq, at, actor_id, action, subject, detail, prev, hash) SELECT 6, at, actor_id, action, subject, detail, hash, hash FROM audit WHERE seq = 5", 6},
		"head":          {"UPDATE audit_head SET hash = 'x'", 5},
		"head set back": {"UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)", 3},
	}
	engines(t, func(t *testing.T, st *store.Store) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				execute(t, st, "DELETE FROM audit")
				execute(t, st, "UPDATE audit_head SET seq = 0, hash = ''")
				write(t, st, func(tx flow.Tx) {
					for n := range 5 {
						require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "vp", Action: fmt.Sprint(n), Detail: "{}"}))
					}
				})
				execute(t, st, c.sql)
				read(t, st, func(tx flow.Tx) {
					_, broken, err := tx.Ledger.Verify()
					require.NoError(t, err)
					require.Equal(t, c.broken, broken)
				})
			})
		}
	})
}

// execute goes behind the store's back.
func execute(t *testing.T, st *store.Store, sql string) {
	t.Helper()
	var err error
	if e := st.Engine(); e.Postgres != nil {
		_, err = e.Postgres.Exec(t.Context(), sql)
	} else {
		_, err = e.SQLite.ExecContext(t.Context(), sql)
	}
	require.NoError(t, err)
}

func TestIdempotencyKeys(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		k := flow.Key{ActorID: "vp", Key: "k", Hash: "h"}
		write(t, st, func(tx flow.Tx) {
			answer, done, err := tx.Ledger.Begin(k)
			require.NoError(t, err)
			require.False(t, done)
			require.Nil(t, answer)
			_, _, err = tx.Ledger.Begin(k)
			require.True(t, isConflict(err), "it is being worked on, here")
			require.NoError(t, tx.Ledger.Finish(k, []byte("answer")))
			require.Error(t, tx.Ledger.Finish(k, []byte("another")))
		})
		write(t, st, func(tx flow.Tx) {
			answer, done, err := tx.Ledger.Begin(k)
			require.NoError(t, err)
			require.True(t, done)
			require.Equal(t, "answer", string(answer))
			other := k
			other.Hash = "other"
			_, _, err = tx.Ledger.Begin(other)
			require.True(t, fault.Is(err, fault.Invalid))
			other = k
			other.ActorID = "ceo"
			_, done, err = tx.Ledger.Begin(other)
			require.NoError(t, err)
			require.False(t, done, "keys are each actor's own")
			require.NoError(t, tx.Ledger.Finish(other, nil))
			_, _, err = tx.Ledger.Begin(flow.Key{Key: strings.Repeat("x", 201)})
			require.True(t, fault.Is(err, fault.Invalid))
			_, done, err = tx.Ledger.Begin(flow.Key{})
			require.NoError(t, err)
			require.False(t, done)
			require.NoError(t, tx.Ledger.Finish(flow.Key{}, nil))
		})
		err := st.Write(t.Context(), func(tx flow.Tx) error { _, _, err := tx.Ledger.Begin(flow.Key{Key: "open"}); return err })
		require.ErrorContains(t, err, "no answer stored", "an effect without its answer is not committed")
	})
}

// However many ask at once, the effect happens once and everybody gets its
// answer or is asked to wait.
func TestIdempotencyUnderRacers(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		k := flow.Key{ActorID: "vp", Key: "k", Hash: "h"}
		errs := race(8, func(int) error {
			for {
				err := st.Write(context.Background(), func(tx flow.Tx) error {
					answer, done, err := tx.Ledger.Begin(k)
					if err != nil {
						return err
					}
					if done {
						if string(answer) != "1" {
							return fmt.Errorf("the answer is %q", answer)
						}
						return nil
					}
					c, err := tx.Customers.Get(id("customer", 1))
					if err != nil {
						return err
					}
					c.Employees++
					if err := tx.Customers.Save(&c); err != nil {
						return err
					}
					return tx.Ledger.Finish(k, fmt.Append(nil, c.Employees))
				})
				if !isConflict(err) {
					return err
				}
			}
		})
		require.Equal(t, 8, count(errs, isNil), "%v", errs)
		read(t, st, func(tx flow.Tx) {
			c, err := tx.Customers.Get(id("customer", 1))
			require.NoError(t, err)
			require.Equal(t, 1, c.Employees)
		})
	})
}

// On Postgres a second request does not wait for the first: it is told.
func TestARunningRequestIsAConflict(t *testing.T) {
	st := open(t, migrated(t, "postgres"))
	k := flow.Key{ActorID: "vp", Key: "k", Hash: "h"}
	write(t, st, func(tx flow.Tx) {
		_, _, err := tx.Ledger.Begin(k)
		require.NoError(t, err)
		err = st.Write(t.Context(), func(tx flow.Tx) error { _, _, err := tx.Ledger.Begin(k); return err })
		require.True(t, isConflict(err))
		require.NoError(t, tx.Ledger.Finish(k, nil))
	})
}
