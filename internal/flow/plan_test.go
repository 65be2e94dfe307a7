package flow_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// What a page shows of a plan that it has looked at before is what is there now,
// whatever was done in between; rows that are closed have their numbers all the same.
func TestAPlanIsShownAsItIsNow(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(3, 4)
	p := d.plan()
	all := func(rows []flow.PlanRow) map[string]bool {
		out := map[string]bool{}
		for _, r := range rows {
			out[r.Executive.ID] = true
		}
		return out
	}
	told := func(v flow.PlanView) (out []string) {
		for _, r := range v.Rows {
			out = append(out, fmt.Sprint(r.Executive.Name, r.Count, r.Weeks, r.Gap, r.AtEnds, r.Trips, r.Windows, r.Absences))
			for _, x := range r.Visits {
				out = append(out, fmt.Sprint(x.ID, x.Label, x.Slot, x.State, x.Answer, x.Pinned, x.ToDecide(), x.Start, x.Customer, x.Host, x.InWindow, x.Version))
			}
		}
		return append(out, fmt.Sprint(v.Told, v.Accepted, v.Asked, v.Customers, v.Year))
	}
	same := func(when string) flow.PlanView {
		t.Helper()
		anew, err := d.f.Plan(ctx, everything, p.ID, flow.PlanFilter{})
		require.NoError(t, err)
		page, err := d.f.Plan(ctx, everything, p.ID, flow.PlanFilter{Open: all})
		require.NoError(t, err)
		require.Equal(t, told(anew), told(page), when)
		require.Len(t, d.visits(p.ID), anew.Year.Visits, when)
		return page
	}
	same("at first")
	order := d.byLabel(p.ID)
	v, next, last := order[0], order[1], order[len(order)-1]
	at := where(v)
	there := func(v visit.Visit, n int) planning.Place {
		x, err := d.f.PlaceOf(ctx, everything, p.ID, v.Label, false)
		require.NoError(t, err)
		return x.Best[n].To
	}
	to := there(v, 0)
	_, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
	require.NoError(t, err)
	same("moved")
	_, err = d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, []flow.PlanChange{{CustomerID: v.CustomerID, From: &to}})
	require.NoError(t, err)
	page := same("taken out")
	require.Contains(t, page.Customers, v.CustomerID, "who has no place has a name")
	_, err = d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, []flow.PlanChange{{CustomerID: v.CustomerID, To: &at}})
	require.NoError(t, err)
	same("put in again")
	next = d.visits(p.ID)[next.CustomerID]
	_, err = d.f.PinVisit(ctx, everything, next.ID, next.Version, true)
	require.NoError(t, err)
	page = same("pinned")
	_, err = d.f.AcceptYear(ctx, everything, flow.Key{}, p.ID, next.ExecutiveID, page.Plan.Version, "")
	require.NoError(t, err)
	require.Equal(t, 1, same("accepted").Accepted)
	d.write(func(tx flow.Tx) {
		c, err := tx.Customers.Get(next.CustomerID)
		require.NoError(t, err)
		c.Name, c.Windows = "Renamed meanwhile", nil
		require.NoError(t, tx.Customers.Save(&c))
	})
	same("renamed")
	d.write(func(tx flow.Tx) {
		who, err := tx.People.Get(next.ExecutiveID)
		require.NoError(t, err)
		who.Name, who.Roles = "Gone", []roster.Role{roster.Host}
		require.NoError(t, tx.People.Save(&who))
	})
	same("no longer an executive")

	// The row of the visit that is looked at is marked, and comes alone where it is chosen.
	var marked string
	page, err = d.f.Plan(ctx, everything, p.ID, flow.PlanFilter{Visit: last.Label, Open: func(rows []flow.PlanRow) map[string]bool {
		for _, r := range rows {
			require.Empty(t, r.Visits)
			if r.Looked {
				marked = r.Executive.ID
			}
		}
		return map[string]bool{marked: true}
	}})
	require.NoError(t, err)
	require.Equal(t, last.ExecutiveID, marked)
	for _, r := range page.Rows {
		require.Equal(t, r.Executive.ID != marked, r.Closed)
		require.Equal(t, r.Closed, len(r.Visits) == 0)
		require.Positive(t, r.Count)
		sum := 0
		for _, n := range r.Weeks {
			sum += n
		}
		require.Equal(t, r.Count, sum, "the weeks add up")
	}
	found, err := d.f.Plan(ctx, everything, p.ID, flow.PlanFilter{Search: "renamed MEAN", Open: all})
	require.NoError(t, err)
	for _, r := range found.Rows {
		require.Equal(t, 1, r.Count)
		require.Equal(t, "Renamed meanwhile", r.Visits[0].Customer)
	}
}
