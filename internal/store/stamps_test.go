package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// What stands for an executive's visits of a plan is another one as soon as one of them
// comes, goes, or is changed, and never for what others do; the same for customers.
func TestStampsOfAPlan(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		plan, other := filled[visit.Plan](t, 1), filled[visit.Plan](t, 2)
		for _, p := range []*visit.Plan{&plan, &other} {
			p.SelectionID, p.State, p.Version = "", visit.Draft, 0
		}
		ana, ben := id("person", 1), id("person", 2)
		var all []*visit.Visit
		for n, who := range []string{ana, ana, ben, ana} {
			v := aVisit(t, n+1, id("customer", n+1), who, id("person", 3), "2027-03-0"+string(rune('1'+n)), slot.AM)
			v.PlanID, v.Conflict, v.Asked = plan.ID, "It was moved.", "Another day."
			all = append(all, v)
		}
		all[3].PlanID = other.ID
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Plans.Save(&plan))
			require.NoError(t, tx.Plans.Save(&other))
			require.NoError(t, tx.Visits.Save(all...))
		})
		look := func() (of map[string]string, customers int64) {
			read(t, st, func(tx flow.Tx) {
				var err error
				of, err = tx.Stamps.OfPlan(plan.ID)
				require.NoError(t, err)
				customers, err = tx.Stamps.One(flow.CustomersStamp)
				require.NoError(t, err)
			})
			return of, customers
		}
		before, customers := look()
		require.Len(t, before, 2)
		require.Positive(t, customers)
		again, _ := look()
		require.Equal(t, before, again)
		changes := map[string]func(tx flow.Tx) error{
			"changed": func(tx flow.Tx) error { all[1].Pinned = true; return tx.Visits.Save(all[1]) },
			"gone":    func(tx flow.Tx) error { return tx.Visits.Discard(all[1].ID) },
			"instead": func(tx flow.Tx) error { // as many as before, of the same version
				v := aVisit(t, 9, id("customer", 5), ana, "", "2027-03-02", slot.AM)
				v.PlanID = plan.ID
				if err := tx.Visits.Discard(all[0].ID); err != nil {
					return err
				}
				return tx.Visits.Save(v)
			},
		}
		for _, name := range []string{"changed", "gone", "instead"} {
			write(t, st, func(tx flow.Tx) { require.NoError(t, changes[name](tx)) })
			now, same := look()
			require.NotEqual(t, before[ana], now[ana], name)
			require.Equal(t, before[ben], now[ben], name)
			require.Equal(t, customers, same, name)
			before = now
		}
		write(t, st, func(tx flow.Tx) {
			all[3].Pinned = true
			require.NoError(t, tx.Visits.Save(all[3]))
			require.NoError(t, tx.Customers.Save())
			none, err := tx.Stamps.One("never counted")
			require.NoError(t, err)
			require.Zero(t, none)
		})
		now, same := look()
		require.Equal(t, before, now, "the visits of another plan")
		require.Equal(t, customers, same)
		write(t, st, func(tx flow.Tx) {
			c, err := tx.Customers.Get(id("customer", 1))
			require.NoError(t, err)
			c.Name = "Another name"
			require.NoError(t, tx.Customers.Save(&c))
		})
		_, renamed := look()
		require.Greater(t, renamed, customers)

		read(t, st, func(tx flow.Tx) {
			q := flow.VisitQuery{Scope: access.Scope{All: true}, PlanID: plan.ID, ExecutiveIDs: []string{ben}, Bare: true}
			got, _, err := tx.Visits.Find(q)
			require.NoError(t, err)
			require.Len(t, got, 1, "of one executive")
			require.Equal(t, []string{"It was moved. Another day.", "v3"}, []string{got[0].ToDecide(), got[0].Label})
			require.Equal(t, all[2].Start, got[0].Start)
			require.Empty(t, got[0].Begins, "bare")
			q.ExecutiveIDs = []string{}
			got, _, err = tx.Visits.Find(q)
			require.NoError(t, err)
			require.Empty(t, got, "of nobody")
			q.ExecutiveIDs = nil
			got, _, err = tx.Visits.Find(q)
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(got, func(v visit.Visit) bool { return v.ExecutiveID == ana }), "of everybody")
		})
	})
}
