package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// A promise comes back as it was frozen, the newest first, and of two who freeze at
// once one is told; an acceptance takes the place of the one before.
func TestPromisesAndAcceptances(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		plan, other := filled[visit.Plan](t, 1), filled[visit.Plan](t, 2)
		for _, p := range []*visit.Plan{&plan, &other} {
			p.SelectionID, p.State, p.Year, p.Version = "", visit.Draft, 2027, 0
		}
		first, second := filled[flow.FrozenPromise](t, 1), filled[flow.FrozenPromise](t, 2)
		first.Year, first.Nth, first.PlanID = 2027, 1, plan.ID
		second.Year, second.Nth, second.PlanID = 2027, 2, plan.ID
		rows := []flow.PromisedVisit{
			{VisitID: "v2", CustomerID: "c2", ExecutiveID: "e", Slot: slot.Slot{Date: slot.MustDate("2027-03-02"), Half: slot.PM}, Stratum: "EN", Group: "Enterprise"},
			{VisitID: "v1", CustomerID: "c1", ExecutiveID: "e", Slot: slot.Slot{Date: slot.MustDate("2027-03-02"), Half: slot.AM}},
			{VisitID: "v0", CustomerID: "c0", ExecutiveID: "f", Slot: slot.Slot{Date: slot.MustDate("2027-04-02"), Half: slot.AM}},
		}
		a, b := filled[flow.YearAcceptance](t, 1), filled[flow.YearAcceptance](t, 2)
		a.PlanID, a.Year, b.PlanID, b.Year, b.ExecutiveID = plan.ID, 2027, other.ID, 2027, a.ExecutiveID
		again := a
		again.Mark, again.At = "newer", b.At.AddDate(1, 0, 0)
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Plans.Save(&plan))
			require.NoError(t, tx.Plans.Save(&other))
			require.NoError(t, tx.Promises.Freeze(first, rows))
			require.NoError(t, tx.Promises.Freeze(second, rows[:1]))
			for _, x := range []flow.YearAcceptance{a, b, again} {
				require.NoError(t, tx.Promises.Accept(x))
			}
		})
		read(t, st, func(tx flow.Tx) {
			all, err := tx.Promises.ByYear(2027)
			require.NoError(t, err)
			require.Equal(t, []flow.FrozenPromise{second, first}, all, "the newest first")
			none, err := tx.Promises.ByYear(2028)
			require.NoError(t, err)
			require.Empty(t, none)
			got, err := tx.Promises.Visits(first.ID)
			require.NoError(t, err)
			require.Equal(t, []flow.PromisedVisit{rows[1], rows[0], rows[2]}, got, "by date and half")
			accepted, err := tx.Promises.Accepted(2027)
			require.NoError(t, err)
			require.Equal(t, []flow.YearAcceptance{b, again}, accepted, "the oldest first")
		})
		errs := race(4, func(i int) error {
			mine := second
			mine.ID, mine.Nth = id("promise", i), 3
			return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Promises.Freeze(mine, rows) })
		})
		require.Equal(t, 1, count(errs, isNil), "%v", errs)
		require.Equal(t, 3, count(errs, func(err error) bool { return fault.Is(err, fault.Conflict) }), "%v", errs)
	})
}

// The moves of many visits are read at once, without what else happened to them; a
// visit that is read bare has what a year is made of.
func TestMovesAndBareVisits(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v, still := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-02-10", slot.AM), aVisit(t, 2, id("customer", 2), id("person", 1), id("person", 3), "2027-02-11", slot.AM)
		v.Objective, v.Stratum, v.Group, v.Code, v.Answer = "To listen", "EN", "Enterprise", visit.ByCustomer, visit.Accepted
		for _, x := range []*visit.Visit{v, still} {
			require.NoError(t, x.Become(visit.Published, ""))
		}
		require.NoError(t, v.Place(id("person", 2), slot.Slot{Date: slot.MustDate("2027-02-12"), Half: slot.PM}, "America/New_York"))
		v.MovedBecause(visit.ByCustomer)
		require.NoError(t, v.Become(visit.Agreed, ""))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(v, still)) })
		read(t, st, func(tx flow.Tx) {
			moves, err := tx.Visits.Moves(v.ID, still.ID, "none")
			require.NoError(t, err)
			require.Len(t, moves, 1)
			require.Len(t, moves[v.ID], 1)
			require.Equal(t, visit.ByCustomer, moves[v.ID][0].Code)
			require.True(t, moves[v.ID][0].Moved())
			none, err := tx.Visits.Moves()
			require.NoError(t, err)
			require.Empty(t, none)
			full, err := tx.Visits.Get(v.ID)
			require.NoError(t, err)
			bare, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, CustomerID: v.CustomerID, Bare: true})
			require.NoError(t, err)
			require.Len(t, bare, 1)
			require.Equal(t, []any{full.ID, full.PlanID, full.Label, full.CustomerID, full.ExecutiveID, full.HostID, full.Slot, full.State, full.Code, full.Kind, full.Answer, full.Stratum, full.Group, full.Pinned, full.Version},
				[]any{bare[0].ID, bare[0].PlanID, bare[0].Label, bare[0].CustomerID, bare[0].ExecutiveID, bare[0].HostID, bare[0].Slot, bare[0].State, bare[0].Code, bare[0].Kind, bare[0].Answer, bare[0].Stratum, bare[0].Group, bare[0].Pinned, bare[0].Version})
			require.Empty(t, bare[0].Objective)
		})
		// Who caused the newest move can be said afterwards; what else happened stays.
		counted := sum(t, st)
		write(t, st, func(tx flow.Tx) {
			moves, err := tx.Visits.Moves(v.ID)
			require.NoError(t, err)
			at := moves[v.ID][0].At
			require.NoError(t, tx.Visits.SayWhy(v.ID, at, visit.NoHost))
			require.True(t, fault.Is(tx.Visits.SayWhy(v.ID, at.Add(-time.Second), visit.NoTravel), fault.Stale), "another one was seen")
			require.True(t, fault.Is(tx.Visits.SayWhy(still.ID, at, visit.NoHost), fault.Stale), "it never moved")
		})
		require.Greater(t, sum(t, st), counted, "slides say who moved a visit")
		read(t, st, func(tx flow.Tx) {
			steps, err := tx.Visits.History(v.ID)
			require.NoError(t, err)
			require.Equal(t, []visit.Code{"", visit.NoHost, ""}, []visit.Code{steps[0].Code, steps[1].Code, steps[2].Code})
		})
		// What is asked for stands beside what differs, and either is to be decided.
		v.Conflict, still.Asked = "Moved in the calendar.", "Ben to go instead."
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(v, still)) })
		read(t, st, func(tx flow.Tx) {
			open, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, ToDecide: true})
			require.NoError(t, err)
			require.Len(t, open, 2)
			require.Equal(t, []string{still.Asked, v.Conflict}, []string{open[0].ToDecide(), open[1].ToDecide()})
		})
	})
}
