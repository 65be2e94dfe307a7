package gcal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/fault"
	"windshield/internal/gcal/emulator"
)

// calls counts the requests of a method, about one event where id is not "".
func calls(emu *emulator.Server, method, id string) (n int) {
	for _, r := range emu.Ledger().Requests {
		if r.Method == method && (id == "" || r.Event == id) {
			n++
		}
	}
	return n
}

func TestFault01_TheReplyToAnInsertIsLost(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		each(t, sw, "events.insert", lost, func(d *desk, play func()) {
			play()
			d.settle()
			d.holds(1, 0, 0)
			require.Equal(t, 1, calls(d.emu, "events.insert", ""), "looked at, not inserted again")
			d.quiet()
		})
	})
}

// The reply is lost, and the replica that is asked does not know of the event yet.
// Not even a server that takes an id twice within a second has it twice.
func TestFault01_AndTheReplicaThatIsAskedLags(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.emu.Inject(emulator.Fault{Method: "events.insert", Action: emulator.DropAfter})
		d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.NotYet, Seconds: 60})
		d.settle()
		require.Equal(t, d.id(1), d.holds(1, 0, 0).ID)
		d.quiet()
	})
}

func TestFault02_AnInsertFailsBeforeItIsStored(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		each(t, sw, "events.insert", refused, func(d *desk, play func()) {
			play()
			d.settle()
			require.Equal(t, d.id(1), d.holds(1, 0, 0).ID)
			d.quiet()
		})
	})
}

func TestFault03_TheIdIsTakenByOurOwnEvent(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		t.Run("adopted as it is", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.restored() // a database from an old backup
			out := d.settle()
			require.Equal(t, []calsync.Action{calsync.Adopt}, out.Did)
			require.Equal(t, d.emu.Live(office)[0].ETag, d.stored.ETag)
			d.holds(1, 0, 0)
			d.quiet()
		})
		t.Run("brought up to a newer wish", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.restored()
			d.want.Version++
			d.want.When = calsynctest.Content("2027-03-11").When
			out := d.settle()
			require.Equal(t, []calsync.Action{calsync.Adopt, calsync.Amend}, out.Did)
			d.holds(1, 1, 0)
		})
		t.Run("what people edited is not overwritten", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.restored()
			require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": "Parking behind the house"}))
			writes := len(d.emu.Ledger().Writes())
			out := d.settle()
			require.Contains(t, out.Kept, calsync.FieldDescription)
			require.Equal(t, writes, len(d.emu.Ledger().Writes()))
			require.Equal(t, "Parking behind the house", d.emu.Live(office)[0].Description)
		})
	})
}

func TestFault04_TheIdIsTakenByACancelledEvent(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.settle()
		require.NoError(t, d.emu.DeleteAs(office, d.id(1)))
		d.restored()
		before := calls(d.emu, "events.insert", "")
		out := d.settle()
		require.Equal(t, []calsync.Action{calsync.Renew}, out.Did)
		require.LessOrEqual(t, calls(d.emu, "events.insert", "")-before, 2)
		require.Equal(t, d.id(2), d.holds(2, 0, 1).ID)
		d.quiet()
	})
}

func TestFault05_TheIdIsTakenByAForeignEvent(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		_, err := d.cal.Insert(context.Background(), office, calsync.New{ID: d.id(1), Content: calsynctest.Content("2027-05-05", "guest@vendor.example")}, calsync.MailNone)
		require.NoError(t, err)
		d.emu.Advance(time.Minute)
		foreign, _ := d.emu.Event(office, d.id(1))
		out := d.settle()
		require.True(t, out.Incident)
		after, _ := d.emu.Event(office, d.id(1))
		require.Equal(t, foreign, after)
		require.Len(t, d.emu.Live(office), 2)
		d.mails(1, 0, 0)
		d.quiet()
		d.want.Version++
		d.want.Gone = true
		d.settle()
		after, _ = d.emu.Event(office, d.id(1))
		require.Equal(t, foreign, after)
		require.Len(t, d.emu.Live(office), 1)
	})
}

func TestFault07_TheProcessDiesBeforeItNotesTheReply(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, after := range []bool{false, true} {
			for die := 1; die <= 2; die++ { // the intent, the agreement
				d := newDesk(t, sw)
				d.dieAt, d.after = die, after
				_, err := d.try()
				require.ErrorIs(t, err, errDied)
				d.settle()
				require.Equal(t, d.id(1), d.holds(1, 0, 0).ID)
				require.Equal(t, 1, len(d.emu.Ledger().Writes()))
				d.quiet()
			}
		}
	})
}

func TestFault08_TheAnswerIsCutOffOrAPage(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		each(t, sw, "events.insert", garbled, func(d *desk, play func()) {
			play()
			d.settle()
			d.holds(1, 0, 0)
			require.Equal(t, 1, calls(d.emu, "events.insert", ""))
			d.quiet()
		})
	})
}

func TestFault09_OneEventIsRefusedForGood(t *testing.T) {
	const visits, bad = 6, 3
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 0)
		refusedID := ""
		for i := range visits {
			w := wish()
			w.Visit = fmt.Sprintf("visit-%d", i)
			if i == bad {
				refusedID = calsync.EventID("prod", w.Visit, 1)
				b.emu.Inject(emulator.Fault{Method: "events.insert", Event: refusedID, Action: emulator.FailBefore, Status: 400, Reason: "invalid", Count: -1})
			}
			base, out, err := calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, calsync.Base{})
			if i == bad {
				require.Equal(t, calsync.Permanent, calsync.ClassOf(err))
				require.False(t, calsync.ClassOf(err).Retry(), "nobody tries it again")
				require.Nil(t, base.Intent)
				require.Equal(t, 1, out.Calls)
				continue
			}
			require.NoError(t, err)
		}
		require.Len(t, b.emu.Live(office), visits-1)
		require.Equal(t, 1, calls(b.emu, "events.insert", refusedID))
	})
	t.Run("what can be seen here makes no call", func(t *testing.T) {
		for name, spoil := range map[string]func(w *calsync.Want){
			"address": func(w *calsync.Want) { w.Guests[0].Email = "not an address" },
			"zone":    func(w *calsync.Want) { w.When.Zone = "Mars/Olympus" },
			"length":  func(w *calsync.Want) { w.When.End = w.When.Start },
			"text":    func(w *calsync.Want) { w.Description = strings.Repeat("x", 8001) },
		} {
			d := newDesk(t, emulator.Switches{})
			spoil(&d.want)
			_, err := d.try()
			require.True(t, fault.Is(err, fault.Invalid), name)
			_, details := fault.Shown(err)
			require.Len(t, details, 1, name)
			require.Empty(t, d.emu.Ledger().Requests, name)
		}
	})
}

func TestFault10_TooManyGuests(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		for i := len(d.want.Guests); i < 201; i++ {
			d.want.Guests = append(d.want.Guests, calsync.Guest{Email: fmt.Sprintf("guest%d@customer.example", i)})
		}
		_, err := d.try()
		require.True(t, fault.Is(err, fault.Invalid))
		require.Empty(t, d.emu.Ledger().Requests)
		d.want.Guests = d.want.Guests[:200]
		d.settle()
		require.Len(t, d.holds(1, 0, 0).Guests, 200)
	})
}
