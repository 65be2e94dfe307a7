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
	"windshield/internal/slot"
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

func TestConcurrentEdits(t *testing.T) {
	t.Run("a person's description stays, our time goes through", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.When = calsynctest.Content("2027-03-11").When
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
			require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": "Parking behind the house"}))
		}})
		out := d.settle()
		require.Contains(t, out.Kept, calsync.FieldDescription)
		v := d.holds(1, 2, 0) // the person's edit mailed once, ours once
		require.Equal(t, "Parking behind the house", v.Description)
		d.quiet()
	})
	t.Run("a person moves it between our read and our write", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		theirs, end, err := calsynctest.Content("2027-03-05").When.Instants()
		require.NoError(t, err)
		d.want.Version++
		d.want.When = calsynctest.Content("2027-03-11").When
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
			require.NoError(t, d.emu.Move(office, d.id(1), theirs, end))
		}})
		out := d.settle()
		require.Len(t, out.Conflicts, 1)
		require.True(t, d.emu.Live(office)[0].Start.Equal(theirs), "never overwritten silently")
	})
	t.Run("a guest is added between our read and our write", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.Guests = d.want.Guests[:2]
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
			require.NoError(t, d.emu.AddGuest(ann, d.id(1), "deputy@vendor.example"))
		}})
		d.settle()
		require.NotEmpty(t, d.emu.Live(office)[0].Guest("deputy@vendor.example").Email)
		require.Empty(t, d.emu.Live(office)[0].Guest(buyer).Email)
	})
	t.Run("it is edited between our read and our cancellation", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.Gone = true
		d.emu.Inject(emulator.Fault{Method: "events.delete", Action: emulator.BumpEtag})
		d.settle()
		require.Empty(t, d.emu.Live(office))
		d.mails(1, 0, 1)
	})
	t.Run("an etag that drifts by itself costs no mail", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		d.want.Version++
		d.want.When = calsynctest.Content("2027-03-11").When
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.BumpEtag, Count: 2})
		d.settle()
		d.holds(1, 1, 0)
	})
	t.Run("both move it: a person decides, then it is done", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		theirs, _, err := calsynctest.Content("2027-03-05").When.Instants()
		require.NoError(t, err)
		require.NoError(t, d.emu.Move(office, d.id(1), theirs, theirs.Add(3*time.Hour)))
		d.want.Version++
		d.want.When, d.want.Title = calsynctest.Content("2027-03-11").When, "Visit: Acme Inc."
		out := d.settle()
		require.Len(t, out.Conflicts, 1)
		require.Equal(t, calsync.FieldTime, out.Conflicts[0].Field)
		require.Equal(t, []calsync.Field{calsync.FieldTitle}, out.Fields, "what is not in conflict is written")
		require.True(t, d.emu.Live(office)[0].Start.Equal(theirs))
		out = d.settle()
		require.Empty(t, out.Did)
		require.Len(t, out.Conflicts, 1, "the conflict stands until somebody decides")

		d.want.Version++
		d.want.Overrule = map[calsync.Field]string{calsync.FieldTime: out.Conflicts[0].Print}
		out = d.settle()
		require.Empty(t, out.Conflicts)
		d.holds(1, 2, 0) // one for the person's move, one for ours
		d.want.Overrule = nil
		d.quiet()
	})
	t.Run("a move that the plan accepts needs no write", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.settle()
		theirs := calsynctest.Content("2027-03-05").When
		s, e, err := theirs.Instants()
		require.NoError(t, err)
		require.NoError(t, d.emu.Move(office, d.id(1), s, e))
		d.want.Version++
		d.want.When = theirs
		out := d.settle()
		require.Empty(t, out.Did)
		d.holds(1, 1, 0)
	})
}

func TestGuests(t *testing.T) {
	d := newDesk(t, emulator.Switches{KeepAnswers: true})
	d.want.Guests = d.want.Guests[:2]
	d.settle()
	require.NoError(t, d.emu.Respond(ann, d.id(1), "accepted", "see you there"))
	require.NoError(t, d.emu.AddGuest(ann, d.id(1), "deputy@vendor.example"))
	for i := range 3 {
		d.want.Version++
		switch i {
		case 0:
			d.want.Guests = append(d.want.Guests, calsync.Guest{Email: buyer})
		case 1:
			d.want.When = calsynctest.Content("2027-03-11").When
		case 2:
			d.want.Guests = []calsync.Guest{{Email: "ANN@vendor.example"}, {Email: buyer}}
		}
		d.settle()
		v := d.emu.Live(office)[0]
		require.Equal(t, emulator.GuestView{Email: ann, Answer: "accepted", Comment: "see you there"}, v.Guest(ann))
		require.NotEmpty(t, v.Guest("deputy@vendor.example").Email, "a guest whom we did not invite stays")
	}
	v := d.emu.Live(office)[0]
	require.Empty(t, v.Guest(host).Email)
	require.Equal(t, 1, d.emu.Ledger().Count("cancel", host, ""))

	require.NoError(t, d.emu.RemoveGuest(office, d.id(1), buyer))
	d.want.Version++
	d.want.Location = "2 Side Street"
	out := d.settle()
	require.Contains(t, out.Kept, calsync.FieldGuests)
	require.Empty(t, d.emu.Live(office)[0].Guest(buyer).Email, "whom a person took off is not put back")
}

func TestDeletedByAPersonIsNotPutBack(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.settle()
		require.NoError(t, d.emu.DeleteAs(office, d.id(1)))
		d.quiet()
		d.want.Version++
		d.want.Title = "Visit: Acme Inc."
		out := d.settle()
		require.Equal(t, calsync.FieldEvent, out.Conflicts[0].Field)
		require.Empty(t, d.emu.Live(office))
		d.want.Generation++ // a person invites again
		d.want.Version++
		d.settle()
		require.Equal(t, d.id(2), d.holds(2, 0, 1).ID)
	})
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

func TestStaleReadDoesNotRollBack(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	d.settle()
	d.want.Version++
	d.want.When = calsynctest.Content("2027-03-11").When
	d.settle()
	d.want.Version++
	d.want.Title = "Visit: Acme Inc."
	d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.StaleRead})
	d.settle()
	d.holds(1, 1, 0) // the new title mails nobody
}

func TestAnotherInstallationsEventsAreLeftAlone(t *testing.T) {
	d := newDesk(t, emulator.Switches{})
	d.settle()
	before := d.emu.Live(office)
	other := &desk{t: t, emu: d.emu, cal: d.cal, want: wish()}
	other.want.Env = "staging"
	other.settle()
	other.want.Version++
	other.want.Gone = true
	other.settle()
	require.Equal(t, before, d.emu.Live(office))
}

func TestWallTimeHoldsAroundClockChanges(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Europe/Zurich", "Australia/Sydney", "Asia/Kolkata"} {
		for _, date := range []string{"2027-03-12", "2027-03-15", "2027-03-26", "2027-03-29", "2027-10-29", "2027-11-08", "2027-04-05"} {
			d := newDesk(t, emulator.Switches{RenderZone: "America/Los_Angeles"})
			when, err := calsync.AtSlot(slot.Slot{Date: slot.MustDate(date), Half: slot.AM}, zone)
			require.NoError(t, err)
			require.Equal(t, calsync.Wall(date+"T09:00:00"), when.Start)
			d.want.When = when
			d.settle()
			loc, err := slot.LoadZone(zone)
			require.NoError(t, err)
			require.Equal(t, "09:00", d.holds(1, 0, 0).Start.In(loc).Format("15:04"))
			d.want.Version++
			d.want.Title += "!"
			d.settle()
			require.Equal(t, when, d.stored.Stored.When)
		}
	}
}

// TestTheProcessMayDieAtAnyPoint walks through publish, move, guests, cancel and
// publish again, and kills the process at each save, before and after it was
// durable, with the reply of each write lost as well.
func TestTheProcessMayDieAtAnyPoint(t *testing.T) {
	steps := []func(w *calsync.Want){
		func(w *calsync.Want) {},
		func(w *calsync.Want) { w.When = calsynctest.Content("2027-03-11").When },
		func(w *calsync.Want) { w.Description = "A new agenda" },
		func(w *calsync.Want) { w.Gone = true },
		func(w *calsync.Want) { w.Gone = false },
	}
	for _, lost := range []string{"", "events.insert", "events.patch", "events.delete"} {
		for _, after := range []bool{false, true} {
			for die := 1; ; die++ {
				d := newDesk(t, emulator.Switches{})
				if lost != "" {
					d.emu.Inject(emulator.Fault{Method: lost, Action: emulator.DropAfter, Count: -1, Nth: 1})
				}
				d.dieAt, d.after = die, after
				name := fmt.Sprintf("%s lost, dies at save %d, durable %v", lost, die, after)
				for i, step := range steps {
					d.want.Version = int64(i + 1)
					step(&d.want)
					d.settle()
				}
				v := d.emu.Live(office)
				require.Len(t, v, 1, name)
				require.Equal(t, "A new agenda", v[0].Description, name)
				d.mails(2, 1, 1)
				d.quiet()
				if d.saves < die {
					break
				}
			}
		}
	}
}
