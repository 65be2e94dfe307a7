package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// A customer stands where the turn of the latest day left it, whoever noted it when; what
// a debrief tells takes the place of what it told before, and can be taken back.
func TestTurns(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-02-10", slot.AM)
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(v)) })
		turn := func(n int, customer int, stage, on string, noted int) flow.KeptTurn {
			return flow.KeptTurn{ID: id("turn", n), Says: "O'Neil said so", By: id("person", 2), At: noon.Add(time.Duration(noted) * time.Second),
				Turn: visit.Turn{CustomerID: id("customer", customer), Stage: stage, Action: "did_" + stage, On: slot.MustDate(on)}}
		}
		late, early, other := turn(1, 1, "fear", "2027-03-01", 1), turn(2, 1, "change", "2027-01-05", 2), turn(3, 2, "fear", "2027-01-01", 3)
		told := turn(4, 1, "research", "2027-03-10", 4)
		told.VisitID = v.ID
		stands := func(tx flow.Tx, want map[string]int) {
			t.Helper()
			got, err := tx.Turns.Standing()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		write(t, st, func(tx flow.Tx) {
			for _, x := range []flow.KeptTurn{late, early, other} {
				require.NoError(t, tx.Turns.Add(x))
			}
			stands(tx, map[string]int{"fear": 2})
			require.NoError(t, tx.Turns.Tell(v.ID, &told))
			told.ID = v.ID // whatever it was called: a visit tells one turn
			stands(tx, map[string]int{"fear": 1, "research": 1})
			got, err := tx.Turns.Of(id("customer", 1), id("customer", 2), "none")
			require.NoError(t, err)
			require.Equal(t, map[string][]flow.KeptTurn{id("customer", 1): {late, early, told}, id("customer", 2): {other}}, got)
			page, _, err := tx.Customers.Page(flow.CustomerQuery{Scope: everything, Stage: []string{"research"}})
			require.NoError(t, err)
			require.Equal(t, id("customer", 1), page[0].ID)
			require.Len(t, page, 1)
			again := told
			again.ID, again.Stage = id("turn", 5), "comparison"
			require.NoError(t, tx.Turns.Tell(v.ID, &again))
			stands(tx, map[string]int{"fear": 1, "comparison": 1})
			require.Error(t, tx.Turns.Add(told), "another one of the same visit")
			require.NoError(t, tx.Turns.Tell(v.ID, nil))
			stands(tx, map[string]int{"fear": 2})
			at, err := tx.Turns.At("fear", 1)
			require.NoError(t, err)
			require.Equal(t, []string{id("customer", 1)}, at)
			require.NoError(t, tx.Turns.Rename("fear", "doubt"))
			stands(tx, map[string]int{"doubt": 2})
		})
		// Where no turn is known, the company's own list says the stage.
		write(t, st, func(tx flow.Tx) {
			for n, said := range map[int]string{2: "research", 3: "research"} {
				c, err := tx.Customers.Get(id("customer", n))
				require.NoError(t, err)
				c.Values["buying_stage"] = said
				require.NoError(t, tx.Customers.Save(&c))
			}
			for _, c := range []struct {
				q    flow.CustomerQuery
				want []string
			}{
				{flow.CustomerQuery{Stage: []string{"research", "Research"}}, []string{id("customer", 3)}},
				{flow.CustomerQuery{Stage: []string{"doubt"}}, []string{id("customer", 1), id("customer", 2)}},
				{flow.CustomerQuery{Stage: []string{"none"}}, nil},
			} {
				c.q.Scope = everything
				page, _, err := tx.Customers.Page(c.q)
				require.NoError(t, err)
				var ids []string
				for _, x := range page {
					ids = append(ids, x.ID)
				}
				require.Equal(t, c.want, ids)
			}
		})
	})
}

// A reason is for a visit on a day: another one takes its place, and a visit that stands
// elsewhere by now does not count.
func TestReasons(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		stands := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-30", slot.AM)
		moved := aVisit(t, 2, id("customer", 2), id("person", 1), "", "2027-03-31", slot.AM)
		off := aVisit(t, 3, id("customer", 3), id("person", 1), "", "2027-03-30", slot.PM)
		held := aVisit(t, 4, id("customer", 4), id("person", 2), "", "2027-03-29", slot.PM)
		stands.State, moved.State, off.State, held.State = visit.Agreed, visit.Published, visit.Cancelled, visit.Debriefed
		reason := func(v *visit.Visit, words string) flow.KeptReason {
			return flow.KeptReason{VisitID: v.ID, On: v.Slot.Date, Brakes: []visit.Brake{visit.AtQuarterEnd, visit.TooLate}, Reason: words, By: id("person", 3), At: noon}
		}
		one, two, three, four := reason(stands, "first"), reason(moved, "Zürich"), reason(off, "x y z"), reason(held, "held")
		two.On = two.On.Add(-1)
		again := one
		again.Reason, again.At = "again", noon.Add(time.Second)
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(stands, moved, off, held))
			require.NoError(t, tx.Reasons.Save())
			require.NoError(t, tx.Reasons.Save(one, two, three, four))
			require.NoError(t, tx.Reasons.Save(again))
			got, err := tx.Reasons.Of(stands.ID, moved.ID, "none")
			require.NoError(t, err)
			require.Equal(t, []flow.KeptReason{two, again}, got)
			visits, why, err := tx.Reasons.Standing(slot.Interval{Start: held.Slot.Date, End: moved.Slot.Date})
			require.NoError(t, err)
			require.Equal(t, []flow.KeptReason{four, again}, why)
			require.Equal(t, []visit.Visit{*held, *stands}, visits)
			visits, _, err = tx.Reasons.Standing(slot.Interval{Start: stands.Slot.Date.Add(1), End: moved.Slot.Date})
			require.NoError(t, err)
			require.Empty(t, visits)
		})
	})
}
