package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// What plans are laid out from counts whoever writes it, and nothing else does.
func TestWhatPlansAreLaidOutFromIsCounted(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := oneVisit(t, st, "v", visit.Published)
		at := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
		read1 := roster.Reading{PersonID: id("person", 1), Calendar: "p1@example.com", From: at, To: at.Add(48 * time.Hour), ReadAt: at, TriedAt: at, Spans: []roster.Span{{Start: at, End: at.Add(time.Hour)}}}
		again, other := read1, read1
		again.TriedAt, again.ReadAt = at.Add(time.Minute), at.Add(time.Minute)
		other.TriedAt, other.Spans = at.Add(time.Hour), []roster.Span{{Start: at, End: at.Add(2 * time.Hour)}}
		for _, c := range []struct {
			name          string
			write         func(tx flow.Tx) error
			plans, roster int64
		}{
			{"nothing", func(flow.Tx) error { return nil }, 0, 0},
			{"a person", func(tx flow.Tx) error {
				p, err := tx.People.Get(id("person", 1))
				require.NoError(t, err)
				p.Name = "New"
				return tx.People.Save(&p)
			}, 1, 1},
			{"a customer", func(tx flow.Tx) error { return tx.Customers.Save(aCustomer(9, id("person", 3))) }, 1, 1},
			{"absences", func(tx flow.Tx) error {
				return tx.People.SetAbsences(id("person", 2), []roster.Absence{{PersonID: id("person", 2), Interval: slot.Interval{Start: slot.MustDate("2027-05-03"), End: slot.MustDate("2027-05-03")}}})
			}, 1, 0},
			{"no absences", func(tx flow.Tx) error { return tx.People.SetAbsences(id("person", 2), nil) }, 1, 0},
			{"a visit", func(tx flow.Tx) error { v.Answer = visit.Accepted; return tx.Visits.Save(&v) }, 1, 0},
			{"a half-day that is booked", func(tx flow.Tx) error { return tx.Bookings.Book(booking(&v)) }, 1, 0},
			{"and free again", func(tx flow.Tx) error { return tx.Bookings.Release(v.ID) }, 1, 0},
			{"a plan", func(tx flow.Tx) error {
				return tx.Plans.Save(&visit.Plan{ID: "p", Year: 2027, Name: "Plan", State: visit.Draft, Horizon: slot.Interval{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")}})
			}, 1, 0},
			{"a selection", func(tx flow.Tx) error {
				return tx.Selections.Insert(flow.Selection{ID: "s", Year: 2027, Name: "S", Draw: 1, CreatedAt: at}, []flow.SelectionRow{{CustomerID: id("customer", 1), Key: "C000001", Taken: true}})
			}, 1, 1},
			{"a setting", func(tx flow.Tx) error { return tx.Ledger.SetSetting("a", "b") }, 1, 0},
			{"a calendar that is read", func(tx flow.Tx) error { return tx.Busy.Keep(read1) }, 1, 0},
			{"and says the same again", func(tx flow.Tx) error { return tx.Busy.Keep(again) }, 0, 0},
			{"and then something else", func(tx flow.Tx) error { return tx.Busy.Keep(other) }, 1, 0},
			{"and is forgotten", func(tx flow.Tx) error { return tx.Busy.Forget() }, 1, 0},
			{"where there was none", func(tx flow.Tx) error { return tx.Busy.Forget() }, 0, 0},
			{"what a plan does not hang on", func(tx flow.Tx) error {
				require.NoError(t, tx.Ledger.Audit(flow.Entry{At: at, ActorID: "x", Action: "look", Subject: "plan"}))
				return tx.Claims.Save(&flow.KeptClaim{Claim: insight.Claim{ID: "c", Text: "x"}})
			}, 0, 0},
			{"what is erased", func(tx flow.Tx) error {
				changed, _, err := tx.Personal.Blank(flow.DataOf{CustomerID: id("customer", 9), Words: []flow.Word{{From: "Customer 0009", To: "erased", Anywhere: true}}})
				require.NotEmpty(t, changed)
				return err
			}, 1, 1},
			{"what is undone", func(tx flow.Tx) error { return fault.Conflictf("no") }, 0, 0},
		} {
			look := func() (plans, roster, busy int64) {
				read(t, st, func(tx flow.Tx) {
					var err error
					plans, err = tx.Stamps.One("plans")
					require.NoError(t, err)
					roster, err = tx.Stamps.One("roster")
					require.NoError(t, err)
					busy, err = tx.Stamps.One("busy")
					require.NoError(t, err)
				})
				return plans, roster, busy
			}
			calendars := map[string]int64{"a calendar that is read": 1, "and then something else": 1, "and is forgotten": 1, "what is erased": 1}
			plans, people, busy := look()
			err := st.Write(t.Context(), c.write)
			require.Equal(t, c.name == "what is undone", err != nil, "%s: %v", c.name, err)
			now, who, taken := look()
			require.Equal(t, []int64{c.plans, c.roster, calendars[c.name]}, []int64{now - plans, who - people, taken - busy}, c.name)
		}
	})
}
