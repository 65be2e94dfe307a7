package gcal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/fault"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// every runs a test under each setting of what is not known about Google.
func every(t *testing.T, f func(t *testing.T, sw emulator.Switches)) {
	for name, sw := range map[string]emulator.Switches{
		"likeliest":      {},
		"no revival":     {NoRevival: true},
		"keeps answers":  {KeepAnswers: true},
		"bare stubs":     {BareTombstones: true},
		"identical mute": {SilentIdentical: true, LooseParams: true},
		"other zone":     {RenderZone: "Pacific/Auckland"},
		"late copies":    {CopyOnAnswer: true, SilentRemoval: true},
		"slow travel":    {Propagation: 10 * time.Millisecond, RefusedParams: true}, // the clock turns a little with each look at it
	} {
		t.Run(name, func(t *testing.T) { f(t, sw) })
	}
}

// desk is one visit's event with what is stored about it.
type desk struct {
	t      *testing.T
	emu    *emulator.Server
	cal    *gcal.Client
	want   calsync.Want
	stored calsync.Base // as the database holds it
	saves  int
	dieAt  int  // the process dies at the n-th save; 0 never
	after  bool // after the save was durable rather than before
}

var errDied = errors.New("the process died")

func newDesk(t *testing.T, sw emulator.Switches) *desk {
	emu, cal, _ := google(t, sw)
	return &desk{t: t, emu: emu, cal: cal, want: wish()}
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

// settle applies until it succeeds, as the job queue would.
func (d *desk) settle() calsync.Outcome {
	d.t.Helper()
	var err error
	for range 6 {
		var out calsync.Outcome
		if out, err = d.try(); err == nil {
			return out
		}
	}
	require.NoError(d.t, err)
	return calsync.Outcome{}
}

func (d *desk) id(generation int) string { return calsync.EventID("prod", "visit-1", generation) }

// holds asserts one live event with the wish's content, and the mails so far.
func (d *desk) holds(invites, updates, cancels int) emulator.View {
	d.t.Helper()
	live := d.emu.Live(office)
	require.Len(d.t, live, 1)
	start, end, err := d.want.When.Instants()
	require.NoError(d.t, err)
	require.True(d.t, start.Equal(live[0].Start) && end.Equal(live[0].End))
	require.Equal(d.t, d.want.Title, live[0].Title)
	d.mails(invites, updates, cancels)
	return live[0]
}

func (d *desk) mails(invites, updates, cancels int) {
	d.t.Helper()
	l := d.emu.Ledger()
	for _, g := range []string{ann, host, buyer} {
		got := [3]int{l.Count("invite", g, ""), l.Count("update", g, ""), l.Count("cancel", g, "")}
		require.Equal(d.t, [3]int{invites, updates, cancels}, got, "invitations, updates, cancellations to %s", g)
	}
}

func (d *desk) quiet() {
	d.t.Helper()
	writes, mails := len(d.emu.Ledger().Writes()), len(d.emu.Ledger().Mails)
	out := d.settle()
	require.Empty(d.t, out.Did)
	require.Equal(d.t, writes, len(d.emu.Ledger().Writes()))
	require.Equal(d.t, mails, len(d.emu.Ledger().Mails))
}

// outcomes are the ways in which a reply can be lost, before and after the
// server has stored the write.
var outcomes = []emulator.Fault{
	{Action: emulator.DropBefore},
	{Action: emulator.FailBefore, Status: 503},
	{Action: emulator.DropAfter},
	{Action: emulator.FailAfter, Status: 500},
	{Action: emulator.FailAfter, Status: 504},
	{Action: emulator.HTML, Status: 502},
	{Action: emulator.Truncate, Bytes: 30},
	{Action: emulator.Truncate, Bytes: 0},
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

func TestLostReplyToInsert(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, f := range outcomes {
			t.Run(fmt.Sprint(f.Action, f.Status, f.Bytes), func(t *testing.T) {
				d := newDesk(t, sw)
				f.Method = "events.insert"
				d.emu.Inject(f)
				d.settle()
				d.holds(1, 0, 0)
				d.quiet()
			})
		}
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

func TestDuplicateIsLookedAt(t *testing.T) {
	t.Run("ours and live is adopted", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.stored = calsync.Base{} // a database restored from an old backup
		out := d.settle()
		require.Equal(t, []calsync.Action{calsync.Adopt}, out.Did)
		d.holds(1, 0, 0)
		d.quiet()
	})
	t.Run("ours, live and older is brought up to the wish", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.stored = calsync.Base{}
		d.want.Version++
		d.want.When = calsynctest.Content("2027-03-11").When
		out := d.settle()
		require.Equal(t, []calsync.Action{calsync.Adopt, calsync.Amend}, out.Did)
		d.holds(1, 1, 0)
	})
	t.Run("ours, live and edited by people is not overwritten", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.stored = calsync.Base{}
		require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": "Parking behind the house"}))
		d.emu.Ledger()
		writes := len(d.emu.Ledger().Writes())
		out := d.settle()
		require.Contains(t, out.Kept, calsync.FieldDescription)
		require.Equal(t, writes, len(d.emu.Ledger().Writes()))
		require.Equal(t, "Parking behind the house", d.emu.Live(office)[0].Description)
	})
	every(t, func(t *testing.T, sw emulator.Switches) {
		t.Run("cancelled: next generation", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			require.NoError(t, d.emu.DeleteAs(office, d.id(1)))
			d.stored = calsync.Base{}
			before := len(d.emu.Ledger().Requests)
			out := d.settle()
			require.Equal(t, []calsync.Action{calsync.Renew}, out.Did)
			inserts := 0
			for _, r := range d.emu.Ledger().Requests[before:] {
				if r.Method == "events.insert" {
					inserts++
				}
			}
			require.LessOrEqual(t, inserts, 2)
			require.Equal(t, d.id(2), d.holds(2, 0, 1).ID)
			d.quiet()
		})
		t.Run("foreign: next generation, and left alone", func(t *testing.T) {
			d := newDesk(t, sw)
			_, err := d.cal.Insert(context.Background(), office, calsync.New{ID: d.id(1), Content: calsynctest.Content("2027-05-05", "guest@vendor.example")}, calsync.MailNone)
			require.NoError(t, err)
			foreign, _ := d.emu.Event(office, d.id(1))
			out := d.settle()
			require.True(t, out.Incident)
			after, _ := d.emu.Event(office, d.id(1))
			require.Equal(t, foreign, after)
			require.Equal(t, 2, len(d.emu.Live(office)))
			d.mails(1, 0, 0)
			d.want.Version++
			d.want.Gone = true
			d.settle()
			after, _ = d.emu.Event(office, d.id(1))
			require.Equal(t, foreign, after)
		})
	})
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

func TestAnImpossibleWishIsParkedWithoutACall(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	d.want.Guests = append(d.want.Guests, calsync.Guest{Email: "not an address"})
	_, err := d.try()
	require.True(t, fault.Is(err, fault.Invalid))
	require.Empty(t, d.emu.Ledger().Requests)
}

func TestLostReplyToPatch(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, f := range outcomes {
			t.Run(fmt.Sprint(f.Action, f.Status, f.Bytes), func(t *testing.T) {
				d := newDesk(t, sw)
				d.settle()
				d.want.Version++
				d.want.When = calsynctest.Content("2027-03-11").When
				f.Method = "events.patch"
				d.emu.Inject(f)
				d.settle()
				d.holds(1, 1, 0)
				d.quiet()
			})
		}
	})
}

func TestAnswerBetweenALostPatchAndItsRetryIsKept(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	d.settle()
	d.want.Version++
	d.want.When = calsynctest.Content("2027-03-11").When
	d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.DropAfter})
	d.emu.Inject(emulator.Fault{Method: "events.get", Nth: 2, Action: emulator.FailBefore, Status: 503})
	_, err := d.try()
	require.Error(t, err)
	require.NoError(t, d.emu.Respond(ann, d.id(1), "accepted", ""))
	d.settle()
	require.Equal(t, "accepted", d.holds(1, 1, 0).Guest(ann).Answer)
}

func TestCancel(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, f := range append([]emulator.Fault{{Action: emulator.Delay}}, outcomes...) {
			if f.Action == emulator.Truncate {
				continue // a 204 has no body
			}
			t.Run(fmt.Sprint(f.Action, f.Status), func(t *testing.T) {
				d := newDesk(t, sw)
				d.settle()
				d.want.Version++
				d.want.Gone = true
				f.Method = "events.delete"
				d.emu.Inject(f)
				d.settle()
				require.Empty(t, d.emu.Live(office))
				d.mails(1, 0, 1)
				require.True(t, d.stored.Over)
				d.quiet()

				d.want.Version++
				d.want.Gone = false
				out := d.settle()
				require.Equal(t, []calsync.Action{calsync.Renew}, out.Did)
				d.holds(2, 0, 1)
			})
		}
	})
	t.Run("not found for a while, then found", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.Gone = true
		d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Status: 404, Reason: "notFound", Count: 2})
		d.settle()
		require.Empty(t, d.emu.Live(office))
		d.mails(1, 0, 1)
	})
	t.Run("the calendar is out of sight: nothing is concluded", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.Gone = true
		d.emu.Inject(emulator.Fault{Method: "events.*", Action: emulator.FailBefore, Status: 404, Reason: "notFound", Count: -1})
		for range 5 {
			_, err := d.try()
			require.Error(t, err)
		}
		_, err := d.try()
		require.Equal(t, calsync.Denied, calsync.ClassOf(err))
		d.emu.ClearFaults()
		d.settle()
		require.Empty(t, d.emu.Live(office))
	})
	t.Run("never published", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.want.Gone = true
		require.Zero(t, d.settle().Calls)
	})
}
