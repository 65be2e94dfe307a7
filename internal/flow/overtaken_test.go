package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/visit"
)

// overtaken is a desk at which somebody decides something about a calendar while it is read.
type overtaken struct {
	*desk
	meanwhile func()
}

type slow struct {
	calsync.Calendar
	meanwhile func()
}

func (o overtaken) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	c, err := o.desk.Open(ctx, address)
	return slow{c, o.meanwhile}, err
}

func (s slow) List(ctx context.Context, calendar string, q calsync.Query) (calsync.Page, error) {
	p, err := s.Calendar.List(ctx, calendar, q)
	s.meanwhile()
	return p, err
}

// While a calendar is read no other reading of it is put into the queue: the one
// under way comes back, where somebody has decided something meanwhile.
func TestAReadingThatIsOvertakenComesBack(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	d.publish(d.plan())
	d.work(flow.JobApply)
	decide := func() {
		d.write(func(tx flow.Tx) {
			c, err := tx.Calendars.Cursor(office)
			require.NoError(t, err)
			c.Calendar, c.Cursor.Believe = office, true
			require.NoError(t, tx.Calendars.SaveCursor(&c))
		})
	}
	f := flow.New(flow.Deps{Store: d.st, Calendars: overtaken{d, decide}, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"})
	var later *flow.Later
	require.ErrorAs(t, f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: office}), &later)
	require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: office}))
}

// That an account needs help stays true while its readings fail for other reasons.
func TestALostAccountStaysInNeedOfHelp(t *testing.T) {
	d := newDesk(t)
	d.write(func(tx flow.Tx) {
		require.NoError(t, tx.Connections.Save(&flow.Connection{Address: office, Kind: flow.Delegation, State: flow.NeedsReconnecting, Error: "Google does not know this address.",
			Since: d.Now(), Tried: d.Now().Add(-time.Hour)}))
	})
	d.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.FailBefore, Status: 503, Count: -1})
	require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: office}))
	d.write(func(tx flow.Tx) {
		c, err := tx.Calendars.Cursor(office)
		require.NoError(t, err)
		require.True(t, c.NeedsAction)
		require.Equal(t, "Google does not know this address.", c.Error)
	})
}

// An executive who permits no more than to see when they are busy is asked for no
// more: a refusal would stop that too.
func TestAnAnswerIsCarriedOnlyWherePermitted(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	d.permitted(d.execs[0].Email)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	asks := func() (n int) {
		for _, r := range d.emu.Ledger().Requests {
			if r.User == d.execs[0].Email && r.Method == "events.get" {
				n++
			}
		}
		return n
	}
	carry := func(scopes ...string) {
		var v visit.Visit
		d.write(func(tx flow.Tx) {
			v = d.visitOf(tx, p.ID)
			v.Answer = visit.Accepted
			require.NoError(t, tx.Visits.Save(&v))
			c, err := tx.Connections.Get(d.execs[0].Email)
			require.NoError(t, err)
			c.Scopes = scopes
			require.NoError(t, tx.Connections.Save(&c))
		})
		require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobCarry, Key: v.ID}))
	}
	carry(flow.ScopeFreeBusy)
	require.Zero(t, asks())
	carry(flow.ScopeEvents, flow.ScopeFreeBusy)
	require.Positive(t, asks())
}

// An event that is gone may have been moved to a calendar that cannot be read just
// now: then nobody's visit is cancelled for it.
func TestWhatMayHaveBeenMovedIsNotTakenForDeleted(t *testing.T) {
	d := newDesk(t)
	d.own = true
	d.company(2, 3)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	for _, h := range d.hosts {
		require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: h.Email}))
	}
	var gone []visit.Visit
	for _, v := range d.visits(p.ID) {
		if v.HostID == d.hosts[0].ID {
			gone = append(gone, v)
		}
	}
	remove := func(v visit.Visit) visit.Visit {
		require.NoError(t, d.emu.DeleteAs(d.hosts[0].Email, d.event(v.ID).EventID))
		require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: d.hosts[0].Email}))
		return d.visits(p.ID)[v.CustomerID]
	}
	d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Status: 503, Count: -1})
	now := remove(gone[0])
	require.True(t, now.State.Live())
	require.Contains(t, now.Conflict, "perhaps moved")
	d.emu.ClearFaults()
	require.Equal(t, visit.Cancelled, remove(gone[1]).State)
}

// The report asks no account of which we know that it refuses us.
func TestTheReportCallsNoLostAccount(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	d.publish(d.plan())
	d.work(flow.JobApply)
	d.write(func(tx flow.Tx) {
		require.NoError(t, tx.Connections.Save(&flow.Connection{Address: office, Kind: flow.Consent, State: flow.NeedsReconnecting, Error: "The permission has ended.", Since: d.Now()}))
	})
	before := len(d.emu.Ledger().Requests)
	v, err := d.f.Verify(t.Context(), everything)
	require.NoError(t, err)
	require.Len(t, v.Unread, 1)
	require.Contains(t, v.Unread[0].Why, "The permission has ended.")
	require.Len(t, d.emu.Ledger().Requests, before)
}
