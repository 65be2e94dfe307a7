package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
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

func sum(t *testing.T, st *store.Store) (n int64) {
	t.Helper()
	read(t, st, func(tx flow.Tx) {
		var err error
		n, err = tx.Stamps.Sum()
		require.NoError(t, err)
	})
	return n
}

// Slides and promises are kept until the sum of the stamps is another one: whatever is
// on them counts.
func TestWhatIsToldCounts(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		require.Zero(t, sum(t, st), "of nothing")
		company(t, st)
		plan := filled[visit.Plan](t, 1)
		plan.SelectionID, plan.State, plan.Year, plan.Version = "", visit.Draft, 2027, 0
		promise, year := filled[flow.FrozenPromise](t, 1), filled[flow.YearAcceptance](t, 1)
		promise.PlanID, year.PlanID, year.Year = plan.ID, plan.ID, 2027
		claim, said, turn := filled[flow.KeptClaim](t, 1), filled[flow.KeptStatement](t, 1), filled[flow.KeptTurn](t, 1)
		turn.CustomerID, turn.VisitID = id("customer", 1), ""
		claim.Version, claim.Closed = 0, 0
		said.ClaimID, said.VisitID, said.CustomerID, said.Version = claim.ID, "", id("customer", 1), 0
		said.Source, said.Side, said.Origin, said.Withdrawn = insight.Said, insight.For, flow.ByHand, 0
		before := sum(t, st)
		for _, x := range []struct {
			name   string
			change func(tx flow.Tx) error
		}{
			{"a plan", func(tx flow.Tx) error { return tx.Plans.Save(&plan) }},
			{"a setting", func(tx flow.Tx) error { return tx.Ledger.SetSetting("fiscal", "{}") }},
			{"a promise", func(tx flow.Tx) error { return tx.Promises.Freeze(promise, nil) }},
			{"a year that is accepted", func(tx flow.Tx) error { return tx.Promises.Accept(year) }},
			{"a claim", func(tx flow.Tx) error { return tx.Claims.Save(&claim) }},
			{"where a customer is in buying", func(tx flow.Tx) error { return tx.Turns.Add(turn) }},
			{"what backs it", func(tx flow.Tx) error { return tx.Statements.Save(&said) }},
		} {
			write(t, st, func(tx flow.Tx) { require.NoError(t, x.change(tx), x.name) })
			now := sum(t, st)
			require.Greater(t, now, before, x.name)
			before = now
		}
		require.Equal(t, before, sum(t, st), "nothing was written")
	})
}

// How somebody reads dates is no change of the person: no plan is laid out anew for it and
// no form gets old, and whoever saves the person from such a form leaves it alone.
func TestALocaleIsNoChangeOfThePerson(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		ana := id("person", 1)
		everybody := func() (p roster.Person) {
			t.Helper()
			read(t, st, func(tx flow.Tx) {
				all, err := tx.People.All()
				require.NoError(t, err)
				p = all[slices.IndexFunc(all, func(p roster.Person) bool { return p.ID == ana })]
			})
			return p
		}
		form, before := everybody(), sum(t, st)
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Accounts.ChooseLocale(ana, "de-CH")) })
		now := everybody()
		require.Equal(t, []any{"de-CH", form.Version, before}, []any{now.Locale, now.Version, sum(t, st)})
		form.Phone = "+41 1"
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.People.Save(&form)) })
		require.Equal(t, []any{"de-CH", "+41 1"}, []any{everybody().Locale, everybody().Phone})
		require.Greater(t, sum(t, st), before)
		fresh := aPerson(9)
		fresh.Locale = "en-US"
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(fresh))
			got, err := tx.People.Get(fresh.ID)
			require.NoError(t, err)
			require.Equal(t, "en-US", got.Locale)
		})
		require.True(t, fault.Is(st.Write(t.Context(), func(tx flow.Tx) error { return tx.Accounts.ChooseLocale("nobody", "") }), fault.NotFound))
	})
}
