package gcal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
	"windshield/internal/slot"
)

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
