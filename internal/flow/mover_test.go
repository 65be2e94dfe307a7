package flow_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// anotherPlace gives a place where a visit could go, after so many others.
func (d *desk) anotherPlace(planID string, v visit.Visit, after int) *planning.Place {
	d.t.Helper()
	c, err := d.f.Choices(context.Background(), everything, planID, v.CustomerID)
	require.NoError(d.t, err)
	for _, weeks := range c.Cells {
		for _, cell := range weeks {
			if cell.Open && cell.Place != where(v) {
				if after--; after < 0 {
					return &cell.Place
				}
			}
		}
	}
	require.Fail(d.t, "there is no other place")
	return nil
}

func (d *desk) outcomes(planID string) map[string]coverage.Outcome {
	d.t.Helper()
	x, err := d.f.Promise(context.Background(), everything, planID, "")
	require.NoError(d.t, err)
	out := map[string]coverage.Outcome{}
	for _, r := range x.Rows {
		out[r.Was.VisitID] = r.Outcome
	}
	return out
}

// Who caused a move is asked with it, or said afterwards; the promise follows. What is
// taken back was moved by nobody.
func TestWhoCausedAMove(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	v := d.byLabel(p.ID)[0]
	require.Equal(t, coverage.KeptAhead, d.outcomes(p.ID)[v.ID])

	move := func(because visit.Code) flow.Rearranged {
		t.Helper()
		now := d.visits(p.ID)[v.CustomerID]
		d.pass(time.Minute)
		out, err := d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(now)}, To: d.anotherPlace(p.ID, now, 3), Because: because, Reason: "They asked for it."})
		require.NoError(t, err)
		return out
	}
	first := move(visit.ByCustomer)
	require.Equal(t, coverage.MovedByCustomer, d.outcomes(p.ID)[v.ID])
	second := move("")
	require.Equal(t, coverage.MovedByUs, d.outcomes(p.ID)[v.ID])
	d.pass(time.Minute)
	back, err := d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, second.Step, "They asked for it.")
	require.NoError(t, err)
	require.Equal(t, coverage.MovedByCustomer, d.outcomes(p.ID)[v.ID], "ours was taken back: the customer's holds")

	// A drag asks nothing; it can be said afterwards, and again.
	third := move("")
	say := func(step string, code visit.Code) error {
		_, err := d.f.SayWhoMoved(ctx, everything, p.ID, step, code)
		return err
	}
	require.NoError(t, say(third.Step, visit.ByCustomer))
	require.Equal(t, coverage.MovedByCustomer, d.outcomes(p.ID)[v.ID])
	require.NoError(t, say(third.Step, ""))
	require.Equal(t, coverage.MovedByUs, d.outcomes(p.ID)[v.ID])
	steps, err := d.f.PlanSteps(ctx, everything, p.ID)
	require.NoError(t, err)
	require.True(t, steps[0].MaySay)
	require.False(t, steps[1].MaySay, "it takes something back")

	require.True(t, fault.Is(say(first.Step, visit.NoHost), fault.Stale), "it has been moved since")
	require.True(t, fault.Is(say(back.Step, visit.NoHost), fault.Conflict))
	require.True(t, fault.Is(say(third.Step, visit.NoObjective), fault.Invalid))
	require.True(t, fault.Is(say("none", ""), fault.NotFound))
	_, err = d.f.SayWhoMoved(ctx, access.Actor{PersonID: "x", Roles: []roster.Role{roster.CEO}}, p.ID, third.Step, visit.ByCustomer)
	require.True(t, fault.Is(err, fault.Denied))

	// Of two that trade places it is said of the one that was meant.
	now := d.visits(p.ID)[v.CustomerID]
	x, err := d.f.PlaceOf(ctx, everything, p.ID, now.CustomerID, true)
	require.NoError(t, err)
	require.NotEmpty(t, x.Trades)
	d.pass(time.Minute)
	_, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(now)}, Because: visit.ByCustomer, Reason: "They asked for it.",
		Trade: &flow.SeenVisit{Visit: x.Trades[0].Label, Executive: x.Trades[0].To.Executive, Date: x.Trades[0].To.Date}})
	require.NoError(t, err)
	other := d.byLabel(p.ID)[slices.IndexFunc(d.byLabel(p.ID), func(o visit.Visit) bool { return o.Label == x.Trades[0].Label })]
	require.Equal(t, coverage.MovedByCustomer, d.outcomes(p.ID)[v.ID])
	require.Equal(t, coverage.MovedByUs, d.outcomes(p.ID)[other.ID])

	// What the form begins with goes by who acts.
	now = d.visits(p.ID)[v.CustomerID]
	for _, c := range []struct {
		who  access.Actor
		want visit.Code
	}{
		{everything, ""},
		{access.Actor{PersonID: now.ExecutiveID, Roles: []roster.Role{roster.Executive}}, visit.NoExecutive},
		{access.Actor{PersonID: "x", Roles: []roster.Role{roster.Assistant}, Serves: []string{now.ExecutiveID}}, visit.NoExecutive},
		{access.Actor{PersonID: now.HostID, Roles: []roster.Role{roster.Host}}, visit.NoHost},
	} {
		w, err := d.f.Visit(ctx, c.who, now.ID)
		require.NoError(t, err)
		require.Equal(t, c.want, w.Mover)
	}
}

// Taking a change back gives back what it took: the hours that people chose, the
// executive's yes, and a visit that was taken out as the one it was, in the calendar too.
func TestUndoGivesBackWhatAVisitWas(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()

	// A draft's visit comes back with its id and its label.
	v := d.byLabel(p.ID)[0]
	at := where(v)
	out, err := d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, []flow.PlanChange{{CustomerID: v.CustomerID, From: &at}})
	require.NoError(t, err)
	require.NotContains(t, d.visits(p.ID), v.CustomerID)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "")
	require.NoError(t, err)
	now := d.visits(p.ID)[v.CustomerID]
	require.Equal(t, []any{v.ID, v.Label, at}, []any{now.ID, now.Label, where(now)})

	d.publish(d.planOf(p.ID))
	d.work(flow.JobApply, flow.JobApplyNow)
	v = d.visits(p.ID)[v.CustomerID]
	w, err := d.f.Settle(ctx, everything, v.ID, v.Version, flow.Settlement{Verdict: flow.AtTime, Date: v.Slot.Date, Begins: "10:15", Ends: "11:30"})
	if v.Slot.Half == "pm" {
		w, err = d.f.Settle(ctx, everything, v.ID, v.Version, flow.Settlement{Verdict: flow.AtTime, Date: v.Slot.Date, Begins: "15:15", Ends: "16:30"})
	}
	require.NoError(t, err)
	w, err = d.f.Answer(ctx, everything, v.ID, w.Visit.Version, visit.Accepted, "")
	require.NoError(t, err)
	d.work(flow.JobApply, flow.JobApplyNow)
	v = w.Visit
	same := func(what string) {
		t.Helper()
		now := d.visits(p.ID)[v.CustomerID]
		require.Equal(t, []any{v.ID, v.Spot(), visit.Published, visit.Accepted}, []any{now.ID, now.Spot(), now.State, now.Answer}, what)
		d.work(flow.JobApply, flow.JobApplyNow)
		e := d.event(v.ID)
		require.False(t, e.Want.Gone)
		require.Equal(t, flow.EventApplied, e.State, e.Problem)
		require.Equal(t, v.Start.UTC(), startOf(t, e), what)
		require.Equal(t, coverage.KeptAhead, d.outcomes(p.ID)[v.ID])
	}
	same("before")

	d.pass(time.Minute)
	out, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: d.anotherPlace(p.ID, v, 3), Reason: "They asked for it."})
	require.NoError(t, err)
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Equal(t, visit.NoAnswer, d.visits(p.ID)[v.CustomerID].Answer, "asked anew")
	d.pass(time.Minute)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "They asked for it.")
	require.NoError(t, err)
	same("moved and taken back")

	at = where(v)
	d.pass(time.Minute)
	out, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, Out: true, Because: visit.ByCustomer})
	require.NoError(t, err)
	gone := d.visits(p.ID)[v.CustomerID]
	require.Equal(t, []any{visit.Cancelled, visit.ByCustomer}, []any{gone.State, gone.Code})
	d.work(flow.JobApply, flow.JobApplyNow)
	require.True(t, d.event(v.ID).Want.Gone)
	d.pass(time.Minute)
	back, err := d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, out.Step, "They asked for it.")
	require.NoError(t, err)
	same("taken out and put in again")
	require.Equal(t, 2, d.event(v.ID).Base.Generation, "a calendar gives no id twice")

	// What somebody called off since does not come back with a key.
	d.pass(time.Minute)
	redo, err := d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, back.Step, "")
	require.NoError(t, err)
	require.Equal(t, visit.ByCustomer, d.visits(p.ID)[v.CustomerID].Code, "made again, for the same cause")
	d.pass(time.Minute)
	d.write(func(tx flow.Tx) {
		x, err := tx.Visits.Get(v.ID)
		require.NoError(t, err)
		require.NoError(t, x.Restore("by somebody"))
		require.NoError(t, x.Become(visit.Cancelled, "by somebody else"))
		x.Sign("x", d.Now())
		require.NoError(t, tx.Visits.Save(&x))
	})
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, redo.Step, "")
	require.True(t, fault.Is(err, fault.Stale), "%v", err)
}

func startOf(t *testing.T, e flow.CalendarEvent) time.Time {
	t.Helper()
	start, _, err := e.Base.Agreed.When.Instants()
	require.NoError(t, err)
	return start.UTC()
}

// A pin is a step like any other: it is told, taken back, and made again.
func TestPinsAreSteps(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 2)
	p := d.plan()
	v := d.byLabel(p.ID)[0]
	pinned := func() bool { return d.visits(p.ID)[v.CustomerID].Pinned }
	steps := func() []flow.PlanStepView {
		t.Helper()
		all, err := d.f.PlanSteps(ctx, everything, p.ID)
		require.NoError(t, err)
		return all
	}
	_, err := d.f.PinVisit(ctx, everything, v.ID, v.Version, true)
	require.NoError(t, err)
	require.Len(t, steps(), 1)
	require.Contains(t, steps()[0].Text, "pinned where it is, with Executive")
	require.False(t, steps()[0].MaySay)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, steps()[0].ID, "")
	require.NoError(t, err)
	require.False(t, pinned())
	require.Contains(t, steps()[0].Text, "no longer pinned")
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, steps()[1].ID, "")
	require.True(t, fault.Is(err, fault.Stale), "once: %v", err)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, steps()[0].ID, "")
	require.NoError(t, err)
	require.True(t, pinned(), "redo")

	// Moved meanwhile: who was faster is named.
	now := d.visits(p.ID)[v.CustomerID]
	_, err = d.f.PinVisit(ctx, everything, v.ID, now.Version, false)
	require.NoError(t, err)
	unpin := steps()[0].ID
	now = d.visits(p.ID)[v.CustomerID]
	_, err = d.f.Move(ctx, everything, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(now)}, To: d.anotherPlace(p.ID, now, 3)})
	require.NoError(t, err)
	_, err = d.f.UndoStep(ctx, everything, flow.Key{}, p.ID, unpin, "")
	require.True(t, fault.Is(err, fault.Stale), "%v", err)
	require.ErrorContains(t, err, "has moved the same visit since")

	// Nobody sends a pin as a change.
	at, yes := where(now), true
	_, err = d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, []flow.PlanChange{{CustomerID: v.CustomerID, From: &at, To: &at, Pinned: &yes}})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}

// What an executive asks for stands beside what the calendar says, whichever comes
// first, and is over once the visit stands elsewhere.
func TestAsksStandBesideTheCalendar(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 2)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	v := d.byLabel(p.ID)[0]
	own := access.Actor{PersonID: v.ExecutiveID, Roles: []roster.Role{roster.Executive}}
	busy := "Busy in the calendar: somebody is taken."
	flagged := func(words string) visit.Visit {
		d.write(func(tx flow.Tx) {
			x, err := tx.Visits.Get(v.ID)
			require.NoError(t, err)
			x.Conflict = words
			require.NoError(t, tx.Visits.Save(&x))
		})
		return d.visits(p.ID)[v.CustomerID]
	}
	now := flagged(busy)
	from := where(now)
	to := d.anotherPlace(p.ID, now, 3)
	to.Executive = now.ExecutiveID
	w, err := d.f.AskInstead(ctx, own, v.ID, now.Version, []flow.PlanChange{{CustomerID: v.CustomerID, From: &from, To: to}}, "I am in Oslo.")
	require.NoError(t, err, "also while something differs")
	require.Equal(t, busy, w.Visit.Conflict)
	require.Contains(t, w.Visit.Asked, "I am in Oslo.")
	require.Equal(t, busy+" "+w.Visit.Asked, w.Visit.ToDecide())
	require.Equal(t, visit.NoExecutive, w.Mover, "whoever does as asked says so")
	flagged("Moved in the calendar, but it was put back once already.")
	flagged("")
	x, err := d.f.Asked(ctx, everything, v.ID)
	require.NoError(t, err)
	require.Equal(t, w.Visit.Asked, x.Says, "what the calendar says comes and goes beside it")
	rows, err := d.f.Conflicts(ctx, everything)
	require.NoError(t, err)
	require.Len(t, rows, 1)

	// Done as asked, by whoever plans: it is over.
	_, err = d.f.Rearrange(ctx, everything, flow.Key{}, p.ID, x.Changes)
	require.NoError(t, err)
	now = d.visits(p.ID)[v.CustomerID]
	require.Equal(t, []any{*to, "", ""}, []any{where(now), now.Conflict, now.Asked})
	x, err = d.f.Asked(ctx, everything, v.ID)
	require.NoError(t, err)
	require.Zero(t, x)

	// So it is by an answer, of whichever kind.
	from = where(now)
	other := d.anotherPlace(p.ID, now, 5)
	other.Executive = now.ExecutiveID
	w, err = d.f.AskInstead(ctx, own, v.ID, now.Version, []flow.PlanChange{{CustomerID: v.CustomerID, From: &from, To: other}}, "Still in Oslo.")
	require.NoError(t, err)
	w, err = d.f.Answer(ctx, own, v.ID, w.Visit.Version, visit.Accepted, "")
	require.NoError(t, err)
	require.Empty(t, w.Visit.ToDecide())
}
