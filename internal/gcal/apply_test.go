package gcal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// desk is one visit's event with what is stored about it.
type desk struct {
	t      *testing.T
	emu    *emulator.Server
	cal    calsync.Calendar
	url    string
	want   calsync.Want
	stored calsync.Base // as the database holds it
	saves  int
	dieAt  int  // the process dies at the n-th save; 0 never
	after  bool // after the save was durable rather than before
	says   string
}

var errDied = errors.New("the process died")

func newDesk(t *testing.T, sw emulator.Switches) *desk {
	emu, cal, url := google(t, sw)
	return &desk{t: t, emu: emu, cal: cal, url: url, want: wish()}
}

func wish() calsync.Want {
	return calsync.Want{Env: "prod", Visit: "visit-1", Calendar: office, Generation: 1, Version: 1, Content: calsynctest.Content("2027-03-04", ann, host, buyer)}
}

func (d *desk) save(_ context.Context, b calsync.Base) error {
	d.saves++
	if d.saves == d.dieAt && !d.after {
		return errDied
	}
	raw, err := json.Marshal(b) // through the database and back
	require.NoError(d.t, err)
	var back calsync.Base
	require.NoError(d.t, json.Unmarshal(raw, &back))
	d.stored = back
	if d.saves == d.dieAt {
		return errDied
	}
	return nil
}

func (d *desk) try() (calsync.Outcome, error) {
	_, out, err := calsync.Apply(context.Background(), d.cal, d.save, d.want, d.stored)
	return out, err
}

// settle applies until it succeeds, as the job queue would, with its pauses.
func (d *desk) settle() calsync.Outcome {
	d.t.Helper()
	var err error
	for range 6 {
		var out calsync.Outcome
		if out, err = d.try(); err == nil {
			return out
		}
		d.emu.Advance(2 * time.Second)
	}
	require.NoError(d.t, err, d.says)
	return calsync.Outcome{}
}

func (d *desk) id(generation int) string { return calsync.EventID("prod", "visit-1", generation) }

// holds asserts one live event with the wish's content, and the mails so far.
func (d *desk) holds(invites, updates, cancels int) emulator.View {
	d.t.Helper()
	live := d.emu.Live(office)
	require.Len(d.t, live, 1, d.says)
	start, end, err := d.want.When.Instants()
	require.NoError(d.t, err)
	require.True(d.t, start.Equal(live[0].Start) && end.Equal(live[0].End), d.says)
	require.Equal(d.t, d.want.Title, live[0].Title)
	d.mails(invites, updates, cancels)
	return live[0]
}

func (d *desk) mails(invites, updates, cancels int) {
	d.t.Helper()
	l := d.emu.Ledger()
	for _, g := range []string{ann, host, buyer} {
		got := [3]int{l.Count("invite", g, ""), l.Count("update", g, ""), l.Count("cancel", g, "")}
		require.Equal(d.t, [3]int{invites, updates, cancels}, got, "invitations, updates, cancellations to %s; %s", g, d.says)
	}
}

// restored makes the database forget the event, a minute later.
func (d *desk) restored() {
	d.stored = calsync.Base{}
	d.emu.Advance(time.Minute)
}

func (d *desk) quiet() {
	d.t.Helper()
	writes, mails := len(d.emu.Ledger().Writes()), len(d.emu.Ledger().Mails)
	out := d.settle()
	require.Empty(d.t, out.Did, d.says)
	require.Equal(d.t, writes, len(d.emu.Ledger().Writes()))
	require.Equal(d.t, mails, len(d.emu.Ledger().Mails))
}

// lost are the ways in which a reply is lost after the server has stored the
// write, refused those in which it stored nothing. The engine sees no difference.
var (
	lost = []emulator.Fault{
		{Action: emulator.DropAfter},
		{Action: emulator.FailAfter, Status: 500},
		{Action: emulator.FailAfter, Status: 504},
		{Action: emulator.HTML, Status: 502},
	}
	refused = []emulator.Fault{
		{Action: emulator.DropBefore},
		{Action: emulator.FailBefore, Status: 500},
		{Action: emulator.FailBefore, Status: 503},
		{Action: emulator.FailBefore, Status: 503, Shape: emulator.Empty},
	}
	garbled = []emulator.Fault{
		{Action: emulator.Truncate, Bytes: 30},
		{Action: emulator.Truncate, Bytes: 0},
		{Action: emulator.HTML, Status: 200},
	}
	outcomes = slices.Concat(lost, refused, garbled)
)

// each plays one fault after the other on the calls of a method.
func each(t *testing.T, sw emulator.Switches, method string, faults []emulator.Fault, f func(d *desk, play func())) {
	for _, one := range faults {
		one.Method = method
		d := newDesk(t, sw)
		d.says = fmt.Sprint(one.Action, " ", one.Status, " ", one.Bytes)
		f(d, func() { d.emu.Inject(one) })
	}
}

func TestInsertOnce(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		out := d.settle()
		require.Equal(t, []calsync.Action{calsync.Insert}, out.Did)
		require.Equal(t, 1, out.Calls, "a first publication is one call")
		v := d.holds(1, 0, 0)
		require.Equal(t, d.id(1), v.ID)
		require.Equal(t, calsync.Marks("prod", "visit-1", 1, d.want.Content), v.Marks)
		d.quiet()
	})
}

func TestLostReplyToInsertAndTheReadFailsToo(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	d.emu.Inject(emulator.Fault{Method: "events.insert", Action: emulator.DropAfter})
	d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Status: 503, Count: 2})
	_, err := d.try()
	require.Equal(t, calsync.Unknown, calsync.ClassOf(err))
	require.NotNil(t, d.stored.Intent, "the intent outlives the failure")
	out := d.settle()
	require.Contains(t, out.Did, calsync.Adopt)
	d.holds(1, 0, 0)
	d.quiet()
}

func TestHangingInsertEndsAtItsDeadline(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	_, _, _ = d.emu, d.cal, d.want
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	d.emu.Inject(emulator.Fault{Method: "events.insert", Action: emulator.HangAfter})
	_, _, err := calsync.Apply(ctx, d.cal, d.save, d.want, d.stored)
	require.Error(t, err)
	d.settle()
	d.holds(1, 0, 0)
}

func TestDefiniteRefusalsAreNotRetriedHere(t *testing.T) {
	for _, c := range []struct {
		fault emulator.Fault
		want  calsync.Class
	}{
		{emulator.Fault{Status: 403, Reason: "rateLimitExceeded"}, calsync.SlowDown},
		{emulator.Fault{Status: 403, Reason: "quotaExceeded"}, calsync.UsageLimit},
		{emulator.Fault{Status: 403, Reason: "forbiddenForServiceAccounts"}, calsync.Denied},
		{emulator.Fault{Status: 400, Reason: "invalid"}, calsync.Permanent},
	} {
		d := newDesk(t, emulator.Switches{})
		c.fault.Method, c.fault.Action = "events.insert", emulator.FailBefore
		d.emu.Inject(c.fault)
		out, err := d.try()
		require.Equal(t, c.want.String(), calsync.ClassOf(err).String())
		require.Equal(t, 1, out.Calls)
		require.Nil(t, d.stored.Intent)
		out = d.settle()
		require.Equal(t, 1, out.Calls)
		d.holds(1, 0, 0)
	}
}

// A reply is lost, and the plan changes again before the retry: what the event
// then holds is our own write, not a person's.
func TestThePlanChangesWhileAnOutcomeIsUnknown(t *testing.T) {
	for _, back := range []bool{false, true} {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		first := d.want.When
		d.want.Version++
		d.want.When, d.want.Title = calsynctest.Content("2027-03-11").When, "Visit: Acme Inc."
		d.want.Guests = d.want.Guests[1:]
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.DropAfter})
		d.emu.Inject(emulator.Fault{Method: "events.get", Nth: 2, Action: emulator.FailBefore, Status: 503})
		_, err := d.try()
		require.Error(t, err)
		d.want.Version++
		d.want.When = calsynctest.Content("2027-03-18").When
		if back {
			d.want.When = first
		}
		d.want.Guests = wish().Guests
		out := d.settle()
		require.Empty(t, out.Conflicts)
		require.Empty(t, out.Kept)
		v := d.emu.Live(office)[0]
		start, _, err := d.want.When.Instants()
		require.NoError(t, err)
		require.True(t, start.Equal(v.Start))
		require.Len(t, v.Guests, 3)
		d.quiet()
	}
}
