package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

func TestRollbackLeavesNothing(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		broken := errors.New("no")
		p := aPerson(9)
		try := func(end func() error) error {
			return st.Write(t.Context(), func(tx flow.Tx) error {
				require.NoError(t, tx.People.Save(p))
				require.NoError(t, tx.Ledger.Audit(flow.Entry{Action: "never"}))
				require.NoError(t, tx.Ledger.SetSetting("a", "b"))
				_, _, err := tx.Ledger.Begin(flow.Key{ActorID: "x", Key: "k"})
				require.NoError(t, err)
				return end()
			})
		}
		require.ErrorIs(t, try(func() error { return broken }), broken)
		require.Zero(t, p.Version, "the version in the value is put back")
		require.Panics(t, func() { _ = try(func() error { panic("no") }) })
		require.Zero(t, p.Version)
		ctx, cancel := context.WithCancel(t.Context())
		err := st.Write(ctx, func(tx flow.Tx) error { cancel(); return tx.People.Save(p) })
		require.ErrorIs(t, err, context.Canceled)
		read(t, st, func(tx flow.Tx) {
			_, err := tx.People.Get(p.ID)
			require.True(t, fault.Is(err, fault.NotFound))
			value, err := tx.Ledger.Setting("a")
			require.NoError(t, err)
			require.Empty(t, value)
			entries, _, err := tx.Ledger.Entries(flow.EntryQuery{Limit: 10})
			require.NoError(t, err)
			require.Empty(t, entries)
		})
		write(t, st, func(tx flow.Tx) { // the writer is free again, and the key too
			_, done, err := tx.Ledger.Begin(flow.Key{ActorID: "x", Key: "k"})
			require.NoError(t, err)
			require.False(t, done)
			require.NoError(t, tx.Ledger.Finish(flow.Key{ActorID: "x", Key: "k"}, nil))
		})
	})
}

// A setting is written over what was read: of many who count it up at once nobody is lost.
func TestSettingsAreSwapped(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		const racers, rounds = 4, 5
		errs := race(racers, func(int) error {
			for n := 0; n < rounds; {
				err := st.Write(context.Background(), func(tx flow.Tx) error {
					was, err := tx.Ledger.Setting("count")
					if err != nil {
						return err
					}
					return tx.Ledger.SetSetting("count", was+"x")
				})
				switch {
				case err == nil:
					n++
				case !fault.Is(err, fault.Stale):
					return err
				}
			}
			return nil
		})
		require.Equal(t, racers, count(errs, isNil), "%v", errs)
		read(t, st, func(tx flow.Tx) {
			all, err := tx.Ledger.Setting("count")
			require.NoError(t, err)
			require.Len(t, all, racers*rounds)
		})
	})
}

func TestReadOnlyTransactionsChangeNothing(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		for name, change := range map[string]func(tx flow.Tx) error{
			"save":    func(tx flow.Tx) error { return tx.People.Save(aPerson(1)) },
			"audit":   func(tx flow.Tx) error { return tx.Ledger.Audit(flow.Entry{}) },
			"setting": func(tx flow.Tx) error { return tx.Ledger.SetSetting("a", "b") },
			"book":    func(tx flow.Tx) error { return tx.Bookings.Book() },
			"begin":   func(tx flow.Tx) error { _, _, err := tx.Ledger.Begin(flow.Key{Key: "k"}); return err },
		} {
			require.Error(t, st.Read(t.Context(), change), name)
		}
	})
}

// A read sees one state, whatever is committed meanwhile; it does not wait for
// writers, nor they for it.
func TestReadsAreStable(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		read(t, st, func(tx flow.Tx) {
			n, err := tx.Customers.Count()
			require.NoError(t, err)
			write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Customers.Save(aCustomer(100, ""))) })
			again, err := tx.Customers.Count()
			require.NoError(t, err)
			require.Equal(t, n, again)
		})
	})
}

// Of several changes based on one version, one is stored; the others are told.
func TestStaleChanges(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		errs := race(8, func(i int) error {
			c := aCustomer(1, id("person", 3))
			c.Version, c.Name = 1, fmt.Sprint("racer ", i)
			return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Customers.Save(c) })
		})
		require.Equal(t, 1, count(errs, isNil))
		require.Equal(t, 7, count(errs, func(err error) bool { return fault.Is(err, fault.Stale) }))
		write(t, st, func(tx flow.Tx) {
			missing := aCustomer(77, "")
			missing.Version = 3
			require.True(t, fault.Is(tx.Customers.Save(missing), fault.NotFound))
			require.Equal(t, 3, missing.Version)
			// One stale row keeps the others out.
			fresh, stale := aCustomer(78, ""), aCustomer(1, "")
			stale.Version = 1
			require.True(t, fault.Is(tx.Customers.Save(fresh, stale), fault.Stale))
			_, err := tx.Customers.Get(fresh.ID)
			require.True(t, fault.Is(err, fault.NotFound))
			require.Error(t, tx.Customers.Save(fresh, fresh), "the same thing twice")
			require.NoError(t, tx.Customers.Save())
		})
	})
}

func TestUniqueRules(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
		w := aVisit(t, 2, id("customer", 1), id("person", 1), "", "2027-03-10", slot.PM)
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(v, w)) })
		person := func(change func(p *roster.Person)) func(tx flow.Tx) error {
			return func(tx flow.Tx) error { p := aPerson(50); change(p); return tx.People.Save(p) }
		}
		for text, change := range map[string]func(tx flow.Tx) error{
			"Another person has this key.":     person(func(p *roster.Person) { p.Key = "P1" }),
			"Another person has this address.": person(func(p *roster.Person) { p.Email = "p1@example.com" }),
			"This person exists already.":      person(func(p *roster.Person) { p.ID = id("person", 1) }),
			"Another customer has this key.": func(tx flow.Tx) error {
				c := aCustomer(50, "")
				c.Key = "C000001"
				return tx.Customers.Save(c)
			},
			"Another plan of this year is published.": func(tx flow.Tx) error {
				for n := range 2 {
					if err := tx.Plans.Save(&visit.Plan{ID: id("plan", n), Year: 2027, State: visit.Live}); err != nil {
						return err
					}
				}
				return nil
			},
			"Another visit has this calendar event.": func(tx flow.Tx) error {
				return tx.Calendars.Save(&flow.CalendarEvent{VisitID: v.ID, Calendar: "c", EventID: "e", State: flow.EventWaiting},
					&flow.CalendarEvent{VisitID: w.ID, Calendar: "c", EventID: "e", State: flow.EventWaiting})
			},
			"This selection exists already.": func(tx flow.Tx) error {
				_ = tx.Selections.Insert(flow.Selection{ID: "s"}, nil)
				return tx.Selections.Insert(flow.Selection{ID: "s", Draw: 2}, nil)
			},
			"This year has been drawn meanwhile; look at that draw first.": func(tx flow.Tx) error {
				_ = tx.Selections.Insert(flow.Selection{ID: "s"}, nil)
				return tx.Selections.Insert(flow.Selection{ID: "another"}, nil)
			},
			"A customer is twice in the selection.": func(tx flow.Tx) error {
				return tx.Selections.Insert(flow.Selection{ID: "s"}, []flow.SelectionRow{{CustomerID: id("customer", 1)}, {CustomerID: id("customer", 1)}})
			},
		} {
			err := st.Write(t.Context(), change)
			require.True(t, isConflict(err), "%s: %v", text, err)
			shown, _ := fault.Shown(err)
			require.Equal(t, text, shown)
		}
		// References that lead nowhere, and values that must never be.
		for name, change := range map[string]func(tx flow.Tx) error{
			"no host": func(tx flow.Tx) error { return tx.Customers.Save(aCustomer(60, "nobody")) },
			"no person": func(tx flow.Tx) error {
				_, err := tx.Alerts.Raise(flow.Alert{PersonID: "nobody", Breach: 20000})
				return err
			},
			"latitude": func(tx flow.Tx) error { c := aCustomer(61, ""); c.Point.Lat = 91; return tx.Customers.Save(c) },
			"state":    func(tx flow.Tx) error { return tx.Plans.Save(&visit.Plan{ID: "x", State: "lost"}) },
			"no key":   func(tx flow.Tx) error { c := aCustomer(62, ""); c.Key = ""; return tx.Customers.Save(c) },
			"no date":  func(tx flow.Tx) error { u := *v; u.ID, u.Version, u.Slot.Date = "u", 0, 0; return tx.Visits.Save(&u) },
		} {
			err := st.Write(t.Context(), change)
			require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		}
		write(t, st, func(tx flow.Tx) { // several people may lack a key and an address
			require.NoError(t, tx.People.Save(&roster.Person{ID: "a"}, &roster.Person{ID: "b"}))
			_, err := tx.People.ByEmail("")
			require.True(t, fault.Is(err, fault.NotFound))
		})
	})
}

func TestMissingThings(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		read(t, st, func(tx flow.Tx) {
			for name, get := range map[string]func() error{
				"person":    func() error { _, err := tx.People.Get("x"); return err },
				"address":   func() error { _, err := tx.People.ByEmail("x"); return err },
				"customer":  func() error { _, err := tx.Customers.Get("x"); return err },
				"import":    func() error { _, err := tx.Imports.Get("x"); return err },
				"file":      func() error { _, err := tx.Imports.File("x"); return err },
				"selection": func() error { _, err := tx.Selections.Get("x"); return err },
				"plan":      func() error { _, err := tx.Plans.Get("x"); return err },
				"run":       func() error { _, err := tx.Runs.Get("x"); return err },
				"visit":     func() error { _, err := tx.Visits.Get("x"); return err },
				"message":   func() error { _, err := tx.Alerts.Delivery("x"); return err },
			} {
				require.True(t, fault.Is(get(), fault.NotFound), name)
			}
		})
	})
}

// Decisions that depend on what was read are safe when they lock what they
// change: the sum is right although everybody reads before writing.
func TestCompareAndSwapCounts(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		const racers, rounds = 8, 20
		errs := race(racers, func(int) error {
			for n := 0; n < rounds; {
				err := st.Write(context.Background(), func(tx flow.Tx) error {
					c, err := tx.Customers.Get(id("customer", 1))
					if err != nil {
						return err
					}
					c.Employees++
					return tx.Customers.Save(&c)
				})
				if fault.Is(err, fault.Stale) {
					continue // as a person would: look again
				}
				if err != nil {
					return err
				}
				n++
			}
			return nil
		})
		require.Equal(t, racers, count(errs, isNil), "%v", errs)
		read(t, st, func(tx flow.Tx) {
			c, err := tx.Customers.Get(id("customer", 1))
			require.NoError(t, err)
			require.Equal(t, racers*rounds, c.Employees)
		})
	})
}

// Two that lock the same rows in opposite order wait for each other; one of them
// loses and its whole unit of work runs again.
func TestDeadlocksRunAgain(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		runs := make([]int, 2)
		var both sync.WaitGroup
		both.Add(2)
		errs := race(2, func(i int) error {
			return st.Write(context.Background(), func(tx flow.Tx) error {
				runs[i]++
				for step := range 2 {
					c, err := tx.Customers.Get(id("customer", 1+(i+step)%2))
					if err != nil {
						return err
					}
					c.Employees += 10
					if err := tx.Customers.Save(&c); err != nil {
						return err
					}
					if step == 0 && runs[i] == 1 && st.Engine().Postgres != nil {
						both.Done() // both have their first row before either asks for the second
						both.Wait()
					}
				}
				return nil
			})
		})
		for _, err := range errs {
			if err != nil { // the loser may find the winner's version when it looks again
				require.True(t, fault.Is(err, fault.Stale), "%v", err)
			}
		}
		if st.Engine().Postgres != nil {
			require.Greater(t, runs[0]+runs[1], 2, "somebody ran again")
		}
	})
}

// A unit of work that the engine refused is not committed, even if its use case
// lost the error on the way.
func TestASwallowedFailureIsNotCommitted(t *testing.T) {
	st := open(t, migrated(t, "postgres"))
	company(t, st)
	runs := 0
	err := st.Write(t.Context(), func(tx flow.Tx) error {
		runs++
		if runs == 1 {
			require.NoError(t, tx.Ledger.SetSetting("half", "done"))
			terminate(t, st)
			_, err := tx.Customers.Count()
			require.Error(t, err)
			return nil
		}
		value, err := tx.Ledger.Setting("half")
		require.NoError(t, err)
		require.Empty(t, value, "nothing of the first run is there")
		return tx.Ledger.SetSetting("whole", "done")
	})
	require.NoError(t, err)
	require.Equal(t, 2, runs)
}

// terminate ends all other connections to the database, as a restart does.
func terminate(t *testing.T, st *store.Store) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), st.Engine().Postgres.Config().ConnString())
	require.NoError(t, err)
	defer c.Close(context.Background())
	_, err = c.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	require.NoError(t, err)
}

// Broken connections are replaced without anybody noticing.
func TestConnectionsAreReplaced(t *testing.T) {
	st := open(t, migrated(t, "postgres"))
	company(t, st)
	for range 3 {
		terminate(t, st)
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Ledger.SetSetting("a", "b")) })
		terminate(t, st)
		read(t, st, func(tx flow.Tx) {
			n, err := tx.Customers.Count()
			require.NoError(t, err)
			require.Equal(t, 6, n)
		})
		require.NoError(t, st.Ready(t.Context()))
	}
}
