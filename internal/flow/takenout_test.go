package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// takeOut takes a visit out of its plan and gives the step that takes it back.
func (d *desk) takeOut(planID string, v visit.Visit) string {
	d.t.Helper()
	d.pass(time.Minute)
	out, err := d.f.Move(context.Background(), everything, flow.Key{}, planID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, Out: true})
	require.NoError(d.t, err)
	return out.Step
}

func (d *desk) takeBack(planID, step string) {
	d.t.Helper()
	d.pass(time.Minute)
	_, err := d.f.UndoStep(context.Background(), everything, flow.Key{}, planID, step, "They asked for it.")
	require.NoError(d.t, err)
}

// A visit that comes back goes with whoever looks after the customer by now, and its
// invitation comes from there: the host of before may have left.
func TestWhatComesBackHasTheHostOfToday(t *testing.T) {
	d := newDesk(t)
	d.own = true
	d.company(2, 2)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	v := d.byLabel(p.ID)[0]
	before := d.event(v.ID)
	step := d.takeOut(p.ID, v)
	d.work(flow.JobApply, flow.JobApplyNow)

	to := d.hosts[0]
	if v.HostID == to.ID {
		to = d.hosts[1]
	}
	d.write(func(tx flow.Tx) {
		c, err := tx.Customers.Get(v.CustomerID)
		require.NoError(t, err)
		c.HostID = to.ID
		require.NoError(t, tx.Customers.Save(&c))
		gone, err := tx.People.Get(v.HostID)
		require.NoError(t, err)
		gone.Left = slot.DateOf(d.Now(), time.UTC).Add(-1)
		require.NoError(t, tx.People.Save(&gone))
	})
	d.takeBack(p.ID, step)
	d.work(flow.JobApply, flow.JobApplyNow)

	now := d.visits(p.ID)[v.CustomerID]
	require.Equal(t, []any{v.ID, to.ID, v.Spot(), visit.Published}, []any{now.ID, now.HostID, now.Spot(), now.State})
	e := d.event(v.ID)
	require.Equal(t, []any{to.Email, flow.EventApplied}, []any{e.Calendar, e.State}, e.Problem)
	there, found := d.emu.Event(to.Email, e.EventID)
	require.True(t, found)
	require.Equal(t, "tentative", there.Status)
	old, _ := d.emu.Event(before.Calendar, before.EventID)
	require.Equal(t, "cancelled", old.Status)
	d.work(flow.JobPull)
	d.write(func(tx flow.Tx) {
		booked, err := tx.Bookings.Between(slot.Interval{Start: v.Slot.Date, End: v.Slot.Date}, v.HostID, to.ID)
		require.NoError(t, err)
		for _, b := range booked {
			require.False(t, b.VisitID == v.ID && b.PersonID == v.HostID, "the host of before is free")
		}
	})
}

// Whoever takes a take-out back wants people to come, whatever they did to their calendar
// entry before: where it is known to be gone, they are invited anew.
func TestWhatComesBackIsInvitedToThoughItWasDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		asks         bool // the policy asks when somebody deletes
		deleteBefore bool // before it is taken out
		heard        bool // and the calendar was read before it comes back
		written      bool // and the calendar was written
		cancelled    bool // what then becomes of it is not ours: it is news that people deleted it
	}{
		"asked, and taken out":             {asks: true, deleteBefore: true, heard: true, written: true},
		"asked, and back at once":          {asks: true, deleteBefore: true, heard: true},
		"out, deleted, heard, back":        {heard: true},
		"out, deleted, heard and written":  {heard: true, written: true},
		"out, deleted, and written":        {written: true},
		"deleted unheard, out and written": {deleteBefore: true, written: true},
		"out, deleted, back, heard":        {cancelled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.company(1, 2)
			if c.asks {
				rules := flow.DefaultPolicy
				rules.Delete = flow.RuleAsk
				require.NoError(t, d.f.SetPolicy(context.Background(), everything, rules, ""))
			}
			p := d.plan()
			d.publish(p)
			d.work(flow.JobApply)
			v := d.byLabel(p.ID)[0]
			pull := func() {
				d.pass(time.Minute)
				require.NoError(t, d.f.Do(context.Background(), flow.Job{Kind: flow.JobPull, Key: office}))
			}
			pull()
			first := d.event(v.ID).EventID
			removed := func() {
				d.pass(time.Minute)
				require.NoError(t, d.emu.DeleteAs(office, first))
				if c.heard {
					pull()
				}
			}
			if c.deleteBefore {
				removed()
				v = d.visits(p.ID)[v.CustomerID]
			}
			step := d.takeOut(p.ID, v)
			if !c.deleteBefore {
				removed()
			}
			if c.written {
				d.work(flow.JobApply, flow.JobApplyNow)
			}
			d.takeBack(p.ID, step)
			d.work(flow.JobApply, flow.JobApplyNow)
			pull()
			d.work(flow.JobApply, flow.JobApplyNow)

			now, e := d.visits(p.ID)[v.CustomerID], d.event(v.ID)
			live := d.emu.Live(office)
			if c.cancelled {
				require.Equal(t, []any{visit.Cancelled, visit.FromCalendar}, []any{now.State, now.Code})
				require.Contains(t, now.Conflict, "Deleted in the calendar")
				require.Len(t, live, 1)
				return
			}
			require.Equal(t, []any{v.ID, visit.Published, ""}, []any{now.ID, now.State, now.Conflict})
			require.Equal(t, flow.EventApplied, e.State, e.Problem)
			require.NotEqual(t, first, e.EventID, "a calendar gives no id twice")
			require.Len(t, live, 2)
			there, found := d.emu.Event(office, e.EventID)
			require.True(t, found)
			require.Equal(t, "tentative", there.Status)
		})
	}
}
