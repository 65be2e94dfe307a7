package flow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// planner is somebody who makes and publishes plans.
func planner(id, name string) access.Actor {
	return access.Actor{PersonID: id, Name: name, Roles: []roster.Role{roster.VP}}
}

func seen(v visit.Visit) flow.SeenVisit {
	return flow.SeenVisit{Visit: v.Label, Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
}

func where(v visit.Visit) planning.Place {
	return planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
}

// byLabel gives the visits of a plan in the order of their labels.
func (d *desk) byLabel(planID string) []visit.Visit {
	var out []visit.Visit
	for _, v := range d.visits(planID) {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b visit.Visit) int {
		return len(a.Label)*1000 - len(b.Label)*1000 + int(a.Label[len(a.Label)-1]) - int(b.Label[len(b.Label)-1])
	})
	return out
}

// What the grid says before a visit is dropped is what happens when it is.
func TestWhatIsSaidBeforeADropHappens(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(3, 4)
	p := d.plan()
	v := d.byLabel(p.ID)[0]
	c, err := d.f.Choices(ctx, everything, p.ID, v.Label)
	require.NoError(t, err)
	require.Equal(t, where(v), *c.At)
	require.Len(t, c.Executives, 3)
	require.Len(t, c.ByLabel, 11)
	tried, refused := 0, 0
	for e, weeks := range c.Cells {
		for w, cell := range weeks {
			if w%9 != 4 {
				continue
			}
			if !cell.Open {
				refused++
				require.NotEmpty(t, cell.Why)
				continue
			}
			to := cell.Place
			require.Equal(t, c.Executives[e], to.Executive)
			q, err := d.f.Quote(ctx, everything, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
			require.NoError(t, err)
			require.Equal(t, cell.Price, q.Price["total"])
			require.Contains(t, q.Words, "cost ")
			require.Contains(t, q.Text, "Customer ")
			tried++
		}
	}
	require.Greater(t, tried, 5)

	// One of them is made: what the plan costs changes by just that.
	to := c.Cells[1][30].Place
	require.True(t, c.Cells[1][30].Open)
	before := p.Cost["total"]
	out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
	require.NoError(t, err)
	require.Equal(t, c.Cells[1][30].Price, out.Price)
	now, err := d.f.Plan(ctx, everything, p.ID, flow.PlanFilter{})
	require.NoError(t, err)
	require.Equal(t, before+out.Price, now.Plan.Cost["total"])
	require.Equal(t, to, where(d.visits(p.ID)[v.CustomerID]))
	require.Len(t, now.Steps, 1)
	require.Equal(t, out.Words, now.Steps[0].Words)
	c, err = d.f.Choices(ctx, everything, p.ID, v.CustomerID)
	require.NoError(t, err)
	require.Equal(t, to, *c.At, "what is laid out follows what was changed")
	x, err := d.f.PlaceOf(ctx, everything, p.ID, v.Label, true)
	require.NoError(t, err)
	require.True(t, x.MayMove)
	require.Len(t, x.Best, 3)
	require.True(t, slices.IsSortedFunc(x.Best, func(a, b flow.Option) int { return int(a.Price - b.Price) }))
	require.NotEmpty(t, x.Trades)
	require.NotEmpty(t, x.Why)

	// Two trade places, and some go on by a week together.
	all := d.byLabel(p.ID)
	trade := x.Trades[0]
	i := slices.IndexFunc(all, func(o visit.Visit) bool { return o.Label == trade.Label })
	v, other := d.visits(p.ID)[v.CustomerID], all[i]
	swap := flow.Move{Visits: []flow.SeenVisit{seen(v)}, Trade: &flow.SeenVisit{Visit: other.Label, Executive: other.ExecutiveID, Date: other.Slot.Date}}
	out, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, swap)
	require.NoError(t, err)
	require.Equal(t, trade.Price, out.Price)
	require.Equal(t, where(other), where(d.visits(p.ID)[v.CustomerID]))
	require.Equal(t, where(v), where(d.visits(p.ID)[other.CustomerID]))
	steps, err := d.f.PlanSteps(ctx, everything, p.ID)
	require.NoError(t, err)
	require.Contains(t, steps[0].Text, "traded places")

	_, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, swap)
	require.True(t, fault.Is(err, fault.Stale), "they no longer stand there: %v", err)

	// What means nothing is refused.
	v = d.visits(p.ID)[v.CustomerID]
	for name, m := range map[string]flow.Move{
		"nothing":         {},
		"nowhere":         {Visits: []flow.SeenVisit{seen(v)}},
		"far":             {Visits: []flow.SeenVisit{seen(v)}, Weeks: 99},
		"two to one":      {Visits: []flow.SeenVisit{seen(v), seen(other)}, To: &to},
		"with itself":     {Visits: []flow.SeenVisit{seen(v)}, Trade: &flow.SeenVisit{Visit: v.Label, Executive: v.ExecutiveID, Date: v.Slot.Date}},
		"where it stands": {Visits: []flow.SeenVisit{seen(v)}, To: &planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}},
	} {
		_, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, m)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
	}
	_, err = d.f.Choices(ctx, everything, p.ID, "v999")
	require.True(t, fault.Is(err, fault.NotFound))
	_, err = d.f.Choices(ctx, access.Actor{PersonID: "x", Roles: []roster.Role{roster.CEO}}, p.ID, v.Label)
	require.True(t, fault.Is(err, fault.Denied))

	// A pin holds, and says so.
	_, err = d.f.PinVisit(ctx, everything, v.ID, v.Version, true)
	require.NoError(t, err)
	_, err = d.f.Choices(ctx, everything, p.ID, v.Label)
	require.True(t, fault.Is(err, fault.Conflict))
	require.ErrorContains(t, err, "pinned")
	x, err = d.f.PlaceOf(ctx, everything, p.ID, v.Label, false)
	require.NoError(t, err)
	require.False(t, x.MayMove)
	require.Contains(t, x.WhyNot, "pinned")
}

// Undo takes back what one person did, as long as nobody else has moved it since;
// taking that back makes it again.
func TestUndoIsCompareAndSwap(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 4)
	ana, ben := planner("00000000-0000-4000-8000-00000000a001", "Ana"), planner("00000000-0000-4000-8000-00000000a002", "Ben")
	d.write(func(tx flow.Tx) {
		for _, a := range []access.Actor{ana, ben} {
			require.NoError(t, tx.People.Save(&roster.Person{ID: a.PersonID, Key: a.Name, Name: a.Name, Email: a.Name + "@northlight.example", Zone: "UTC", Roles: a.Roles}))
		}
	})
	p := d.plan()
	v := d.byLabel(p.ID)[0]
	first := where(v)
	move := func(who access.Actor, week int) flow.Rearranged {
		t.Helper()
		c, err := d.f.Choices(ctx, who, p.ID, v.Label)
		require.NoError(t, err)
		now := d.visits(p.ID)[v.CustomerID]
		for ; !c.Cells[0][week].Open; week++ {
		}
		to := c.Cells[0][week].Place
		out, err := d.f.Move(ctx, who, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(now)}, To: &to})
		require.NoError(t, err)
		d.pass(time.Minute)
		return out
	}
	at := func() planning.Place { return where(d.visits(p.ID)[v.CustomerID]) }

	a := move(ana, 20)
	second := at()
	b := move(ben, 40)
	third := at()
	_, err := d.f.UndoStep(ctx, ana, flow.Key{}, p.ID, a.Step, "")
	require.True(t, fault.Is(err, fault.Stale), "%v", err)
	require.ErrorContains(t, err, "Ben has moved the same visit since")
	require.Equal(t, third, at(), "nothing was changed")

	back, err := d.f.UndoStep(ctx, ben, flow.Key{ActorID: ben.PersonID, Key: "k", Hash: "h"}, p.ID, b.Step, "")
	require.NoError(t, err)
	require.Equal(t, -b.Price, back.Price)
	require.Equal(t, second, at())
	again, err := d.f.UndoStep(ctx, ben, flow.Key{ActorID: ben.PersonID, Key: "k", Hash: "h"}, p.ID, b.Step, "")
	require.NoError(t, err)
	require.Equal(t, back, again, "sent twice is done once")
	_, err = d.f.UndoStep(ctx, ana, flow.Key{}, p.ID, b.Step, "")
	require.True(t, fault.Is(err, fault.Stale), "taken back already: %v", err)

	// Redo is to take the taking back back.
	_, err = d.f.UndoStep(ctx, ben, flow.Key{}, p.ID, back.Step, "")
	require.NoError(t, err)
	require.Equal(t, third, at())
	steps, err := d.f.PlanSteps(ctx, ana, p.ID)
	require.NoError(t, err)
	require.Equal(t, []int{4, 3, 2, 1}, []int{steps[0].N, steps[1].N, steps[2].N, steps[3].N})
	require.Equal(t, []string{"Ben", "Ben", "Ben", "Ana"}, []string{steps[0].Who, steps[1].Who, steps[2].Who, steps[3].Who})
	require.Equal(t, []bool{false, false, false, true}, []bool{steps[0].Mine, steps[1].Mine, steps[2].Mine, steps[3].Mine})
	require.False(t, steps[2].MayRun, "it was taken back")

	_, err = d.f.UndoStep(ctx, ana, flow.Key{}, p.ID, steps[0].ID, "")
	require.NoError(t, err)
	_, err = d.f.UndoStep(ctx, ana, flow.Key{}, p.ID, a.Step, "")
	require.NoError(t, err)
	require.Equal(t, first, at(), "all the way back")
	require.Equal(t, p.Cost, d.planOf(p.ID).Cost, "and it costs what it did")

	_, err = d.f.UndoStep(ctx, planner("x", "x"), flow.Key{}, p.ID, "nothing", "")
	require.True(t, fault.Is(err, fault.NotFound))
	_, err = d.f.UndoStep(ctx, access.Actor{PersonID: "x", Roles: []roster.Role{roster.CEO}}, flow.Key{}, p.ID, a.Step, "")
	require.True(t, fault.Is(err, fault.Denied))
}

func (d *desk) planOf(id string) visit.Plan {
	d.t.Helper()
	v, err := d.f.Plan(context.Background(), everything, id, flow.PlanFilter{})
	require.NoError(d.t, err)
	return v.Plan
}

// In the published plan a move and its undo go the same way: half-days are booked
// and calendars follow. A customer's yes asks before it is lost.
func TestUndoInThePublishedPlan(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 2)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	v := d.byLabel(p.ID)[0]
	before := d.event(v.ID)
	c, err := d.f.Choices(ctx, everything, p.ID, v.Label)
	require.NoError(t, err)
	week := slices.IndexFunc(c.Cells[1], func(x solver.Cell) bool { return x.Open })
	to := c.Cells[1][week].Place
	out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
	require.NoError(t, err)
	require.Contains(t, out.Words, "cost")
	require.NotEqual(t, before.Want, d.event(v.ID).Want, "the calendar is to follow")
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "")
	require.NoError(t, err)
	require.Equal(t, where(v), where(d.visits(p.ID)[v.CustomerID]))
	require.Equal(t, before.Want.When, d.event(v.ID).Want.When, "and back")

	// Agreed with the customer: it asks.
	now := d.visits(p.ID)[v.CustomerID]
	_, err = d.f.Agree(ctx, everything, now.ID, now.Version, flow.Agreed{With: "Eva Lang", What: "Two hours."})
	require.NoError(t, err)
	m := flow.Move{Visits: []flow.SeenVisit{seen(now)}, To: &to}
	_, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, m)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.ErrorContains(t, err, "Eva Lang")
	_, details := fault.Shown(err)
	require.Equal(t, flow.AskAgreed, details[0].Where)
	m.Agreed = true
	out, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, m)
	require.NoError(t, err)
	now = d.visits(p.ID)[v.CustomerID]
	require.Equal(t, visit.Published, now.State, "it is to be agreed anew")

	// What the customer has agreed to since is not taken back with a key.
	_, err = d.f.Agree(ctx, everything, now.ID, now.Version, flow.Agreed{With: "Eva Lang", What: "Two hours."})
	require.NoError(t, err)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "")
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.ErrorContains(t, err, "Eva Lang")
	require.Equal(t, to, where(d.visits(p.ID)[v.CustomerID]))

	// What was to be decided about a visit goes with it.
	now = d.visits(p.ID)[v.CustomerID]
	now.Conflict = "Ana cannot come and asks for another day"
	d.write(func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&now)) })
	at := where(now)
	_, err = d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, []flow.PlanChange{{CustomerID: v.CustomerID, From: &at}})
	require.NoError(t, err)
	left, err := d.f.Conflicts(ctx, everything)
	require.NoError(t, err)
	require.Empty(t, left)
}

// Several visits go on together, all or none.
func TestSeveralVisitsGoOnTogether(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	all := d.byLabel(p.ID)
	both := []flow.SeenVisit{seen(all[0]), seen(all[1])}
	to := planning.Place{Executive: all[0].ExecutiveID, Date: all[0].Slot.Date.Add(7), Half: all[0].Slot.Half}
	for _, m := range []flow.Move{{Visits: both, To: &to, Weeks: 1}, {Visits: both[:1], To: &to, Trade: &both[1]}, {Visits: both[:1], To: &to, Reason: strings.Repeat("x", 501)}} {
		_, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, m)
		require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	}
	require.Len(t, d.byLabel(p.ID), len(all), "nobody loses the place")
	for _, by := range []int{1, -1, 2, -2, 3} {
		m := flow.Move{Visits: []flow.SeenVisit{seen(all[0]), seen(all[1])}, Weeks: by}
		x, err := d.f.Together(ctx, everything, p.ID, m)
		require.NoError(t, err)
		require.Equal(t, 2, x.Of)
		if _, err := d.f.Quote(ctx, everything, p.ID, m); err != nil {
			require.Less(t, x.Fits, 2, x.Sentence())
			require.NotEmpty(t, x.Against)
			continue
		}
		require.Equal(t, 2, x.Fits, x.Sentence())
		require.Contains(t, x.Sentence(), "All 2 fit: ")
		out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, m)
		require.NoError(t, err)
		require.Equal(t, out.Price, x.Price["total"], "what was said is what happens")
		for i := range 2 {
			now := d.visits(p.ID)[all[i].CustomerID]
			require.Equal(t, all[i].Slot.Date.Add(7*by), now.Slot.Date, fmt.Sprint(by))
			require.Equal(t, all[i].ExecutiveID, now.ExecutiveID)
		}
		d.oneOfThemDoesNotFit(p.ID)
		return
	}
	require.Fail(t, "no week fits both")
}

// oneOfThemDoesNotFit names those of several visits that cannot go on, and why; nothing
// is moved where one does not fit.
func (d *desk) oneOfThemDoesNotFit(planID string) {
	t, ctx := d.t, context.Background()
	all := d.byLabel(planID)
	three := []flow.SeenVisit{seen(all[0]), seen(all[1]), seen(all[2])}
	away := d.visits(planID)[all[1].CustomerID]
	d.write(func(tx flow.Tx) {
		require.NoError(t, tx.People.SetAbsences(away.ExecutiveID, []roster.Absence{{PersonID: away.ExecutiveID, Reason: "holiday",
			Interval: slot.Interval{Start: away.Slot.Date.Monday().Add(7), End: away.Slot.Date.Monday().Add(13)}}}))
	})
	d.pass(2 * time.Minute)
	x, err := d.f.Together(ctx, everything, planID, flow.Move{Visits: three, Weeks: 1})
	require.NoError(t, err)
	require.Less(t, x.Fits, 3)
	i := slices.IndexFunc(x.Against, func(a flow.Against) bool { return a.CustomerID == all[1].CustomerID })
	require.GreaterOrEqual(t, i, 0, x.Sentence())
	require.Contains(t, x.Sentence(), fmt.Sprintf("%d of 3 fit. Customer ", x.Fits))
	require.Nil(t, x.Price)
	_, err = d.f.Move(ctx, everything, flow.Key{}, planID, flow.Move{Visits: three, Weeks: 1})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.Equal(t, all, d.byLabel(planID), "all or none")

	// Who has been moved or pinned meanwhile is one that does not fit.
	_, err = d.f.PinVisit(ctx, everything, all[0].ID, all[0].Version, true)
	require.NoError(t, err)
	three[2].Date = three[2].Date.Add(70)
	x, err = d.f.Together(ctx, everything, planID, flow.Move{Visits: three, Weeks: 2})
	require.NoError(t, err)
	require.Contains(t, x.Sentence(), "pinned")
	require.Contains(t, x.Sentence(), "no longer stands where you saw it")
	for _, m := range []flow.Move{{Visits: three}, {Weeks: 1}, {Visits: three, Weeks: 99}} {
		_, err = d.f.Together(ctx, everything, planID, m)
		require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	}
	at := where(all[1])
	changes := []flow.PlanChange{{CustomerID: all[1].CustomerID, From: &at}}
	x, err = d.f.Foresee(ctx, everything, planID, changes)
	require.NoError(t, err)
	require.Equal(t, 1, x.Fits)
	_, err = d.f.Foresee(ctx, everything, planID, append(changes, changes...))
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = d.f.Foresee(ctx, access.Actor{PersonID: "x", Roles: []roster.Role{roster.CEO}}, planID, changes)
	require.True(t, fault.Is(err, fault.Denied))
}
