package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// otherPlaces gives open places of a visit with the executive who goes there already.
func (d *desk) otherPlaces(planID string, v visit.Visit, n int) (out []planning.Place) {
	d.t.Helper()
	c, err := d.f.Choices(context.Background(), everything, planID, v.CustomerID)
	require.NoError(d.t, err)
	for _, weeks := range c.Cells {
		for _, cell := range weeks {
			if cell.Open && cell.Place != where(v) && cell.Place.Executive == v.ExecutiveID && len(out) < n {
				out = append(out, cell.Place)
			}
		}
	}
	require.Len(d.t, out, n)
	return out
}

// A draft's visit that is taken out and comes back with its id is another one than it
// was: who looked before, in another program or another window, has not seen it.
func TestAVisitThatComesBackIsNoOldOne(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	v := d.byLabel(p.ID)[0]
	to := d.otherPlaces(p.ID, v, 1)[0]
	kept := d.f
	shown := func(f *flow.Flow) planning.Place {
		t.Helper()
		x, err := f.Plan(ctx, everything, p.ID, flow.PlanFilter{Open: func(rows []flow.PlanRow) map[string]bool {
			out := map[string]bool{}
			for _, r := range rows {
				out[r.Executive.ID] = true
			}
			return out
		}})
		require.NoError(t, err)
		for _, r := range x.Rows {
			for _, o := range r.Visits {
				if o.ID == v.ID {
					return planning.Place{Executive: r.Executive.ID, Date: o.Slot.Date, Half: o.Slot.Half}
				}
			}
		}
		return planning.Place{}
	}
	require.Equal(t, where(v), shown(kept))
	d.f = flow.New(flow.Deps{Store: d.st, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"}) // another program
	_, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
	require.NoError(t, err)
	moved := d.visits(p.ID)[v.CustomerID]
	out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(moved)}, Out: true})
	require.NoError(t, err)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "")
	require.NoError(t, err)
	require.Equal(t, to, where(d.visits(p.ID)[v.CustomerID]))
	require.Equal(t, to, shown(kept))
	_, err = kept.PinVisit(ctx, everything, v.ID, v.Version, true)
	require.True(t, fault.Is(err, fault.Stale), "%v", err)
}

// What is taken back, made again and taken back again was moved by nobody.
func TestToAndFroIsNoMove(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	v := d.byLabel(p.ID)[0]
	there := d.otherPlaces(p.ID, v, 2)
	move := func(to planning.Place, because visit.Code) string {
		t.Helper()
		d.pass(time.Minute)
		out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(d.visits(p.ID)[v.CustomerID])}, To: &to, Because: because, Reason: "They asked for it."})
		require.NoError(t, err)
		return out.Step
	}
	move(there[0], visit.ByCustomer)
	step := move(there[1], "")
	for i, want := range []coverage.Outcome{coverage.MovedByCustomer, coverage.MovedByUs, coverage.MovedByCustomer, coverage.MovedByUs} {
		d.pass(time.Minute)
		back, err := d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, step, "They asked for it.")
		require.NoError(t, err)
		require.Equal(t, want, d.outcomes(p.ID)[v.ID], i)
		step = back.Step
	}
}

// Who caused a move is said of just that move: not of one that the calendar made
// afterwards to the same place, and not of a draft's, of which nobody was told.
func TestItIsSaidOfTheMoveThatIsMeant(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	v := d.byLabel(p.ID)[0]
	there := d.otherPlaces(p.ID, v, 3)
	move := func(to planning.Place) string {
		t.Helper()
		d.pass(time.Minute)
		out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(d.visits(p.ID)[v.CustomerID])}, To: &to, Reason: "They asked for it."})
		require.NoError(t, err)
		return out.Step
	}
	drafted := move(there[0])
	d.pass(time.Minute)
	d.publish(d.planOf(p.ID))
	d.work(flow.JobApply)
	// settled moves it as people do in the calendar: no step of the plan.
	settled := func(to planning.Place) {
		t.Helper()
		d.pass(time.Minute)
		now := d.visits(p.ID)[v.CustomerID]
		begins, ends := to.Half.Hours()
		_, err := d.f.Settle(ctx, everything, now.ID, now.Version, flow.Settlement{Verdict: flow.AtTime, Date: to.Date, Begins: begins, Ends: ends, Reason: "They asked for it.", Because: visit.ByCustomer})
		require.NoError(t, err)
	}
	say := func(step string) error {
		_, err := d.f.SayWhoMoved(ctx, everything, p.ID, step, visit.NoHost)
		return err
	}
	last := func() visit.Step {
		var all []visit.Step
		id := d.visits(p.ID)[v.CustomerID].ID
		d.write(func(tx flow.Tx) {
			moves, err := tx.Visits.Moves(id)
			require.NoError(t, err)
			all = moves[id]
		})
		return all[len(all)-1]
	}
	settled(there[1])
	settled(there[0])
	require.True(t, fault.Is(say(drafted), fault.Conflict), "%v", say(drafted))
	require.Equal(t, visit.ByCustomer, last().Code)
	steps, err := d.f.PlanSteps(ctx, everything, p.ID)
	require.NoError(t, err)
	require.False(t, steps[0].MaySay)

	step := move(there[2])
	settled(there[1])
	settled(there[2])
	require.True(t, fault.Is(say(step), fault.Stale), "%v", say(step))
	require.Equal(t, visit.ByCustomer, last().Code)
}
