package gcal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

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
