package gcal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
	"windshield/internal/slot"
)

func TestFault66_TheServerFailsNowAndThen(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 0)
		for i := range 6 {
			w := wish()
			w.Visit = fmt.Sprintf("visit-%d", i+1)
			b.wants = append(b.wants, w)
		}
		for i, f := range []emulator.Fault{
			{Action: emulator.FailBefore, Answers: []int{500, 502, 503, 504}}, {Action: emulator.FailAfter, Answers: []int{503, 504, 500}},
			{Action: emulator.HTML, Status: 502}, {Action: emulator.HTML, Status: 200}, {Action: emulator.FailBefore, Status: 503, Shape: emulator.Empty},
		} {
			f.Method, f.Count, f.Probability, f.Seed = "events.*", -1, 0.05, uint64(i+1)
			b.emu.Inject(f)
		}
		left := len(b.wants) + 1
		for step := range 3 {
			for i := range b.wants {
				b.wants[i].Version++
				b.wants[i].When = []calsync.When{wish().When, later, later}[step]
				b.wants[i].Gone = step == 2 && i%2 == 0
			}
			for range 40 {
				left = 0
				for _, w := range b.wants {
					if _, _, err := calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, b.bases[w.Visit]); err != nil {
						require.True(t, calsync.ClassOf(err).Retry(), err.Error())
						left++
					}
				}
				if left == 0 {
					break
				}
			}
			require.Zero(t, left, "it converges")
		}
		b.emu.ClearFaults()
		require.Len(t, b.emu.Live(office), 3)
		require.Empty(t, b.emu.Audit())
		for i := range b.wants {
			require.Equal(t, 1, b.emu.Ledger().Count("invite", ann, b.id(i+1)))
			require.Equal(t, 1, b.emu.Ledger().Count("update", ann, b.id(i+1)))
			require.Equal(t, 1-i%2, b.emu.Ledger().Count("cancel", ann, b.id(i+1)))
		}
		require.Empty(t, b.changes())
		b.unchanged(func() { b.publish() })
	})
}

func TestFault67_ACallHangs(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, action := range []emulator.Action{emulator.Hang, emulator.HangAfter} {
			d := newDesk(t, sw)
			patient := d.cal
			d.cal = asOffice(t, d.emu, d.url, 15*time.Millisecond, nil)
			d.emu.Inject(emulator.Fault{Method: "events.insert", Action: action})
			hung := make(chan error, 1)
			go func() {
				_, err := d.cal.Insert(context.Background(), office, calsync.New{ID: d.id(1), Content: d.want.Content, Marks: calsync.Marks("prod", "visit-1", 1, d.want.Content)}, calsync.MailAll)
				hung <- err
			}()
			_, err := patient.FreeBusy(context.Background(), []string{ann}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
			require.NoError(t, err, "others go on")
			err = <-hung
			require.Equal(t, calsync.Unknown, calsync.ClassOf(err))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			d.cal = patient
			d.stored = calsync.Base{Visit: "visit-1", Calendar: office, Generation: 1, EventID: d.id(1),
				Intent: &calsync.Intent{Op: calsync.OpInsert, Version: 1, Content: d.want.Content}}
			d.settle()
			d.holds(1, 0, 0)
			d.quiet()
		}
	})
}

func TestFault68_TheConnectionIsCut(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, action := range []emulator.Action{emulator.DropBefore, emulator.DropAfter} {
			for nth := 1; nth <= 3; nth++ {
				d := newDesk(t, sw)
				d.says = fmt.Sprint(action, nth)
				cut := func() { d.emu.Inject(emulator.Fault{Method: "events.*", Action: action, Nth: nth, Count: 2}) }
				cut()
				d.settle()
				d.want.Version++
				d.want.When = later
				cut()
				d.settle()
				d.holds(1, 1, 0)
				d.want.Version++
				d.want.Gone = true
				cut()
				d.settle()
				d.emu.ClearFaults()
				require.Empty(t, d.emu.Live(office), d.says)
				d.mails(1, 1, 1)
				d.quiet()
			}
		}
	})
}

func TestFault74_TheCalendarIsOutOfSight(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, f := range []emulator.Fault{{Status: 404, Reason: "notFound"}, {Status: 403, Reason: "requiredAccessLevel"}, {Status: 410, Reason: "fullSyncRequired", Param: "syncToken"}} {
			b := newBook(t, sw, 5)
			b.changes()
			f.Method, f.Action, f.Count = "events.*", emulator.FailBefore, -1
			b.emu.Inject(f)
			if f.Status == 410 { // the token's error hides the lost access
				b.emu.Inject(emulator.Fault{Method: "events.*", Action: emulator.FailBefore, Status: 404, Reason: "notFound", Count: -1})
			}
			b.unchanged(func() {
				for range 4 {
					b.now = b.now.Add(time.Hour)
					p, cs, err := b.pull()
					require.Error(t, err)
					require.Empty(t, p.Seen)
					require.Empty(t, cs, "nothing was deleted")
				}
			})
			b.emu.ClearFaults()
			b.now = b.now.Add(time.Hour)
			require.Empty(t, b.changes())
			require.Len(t, b.emu.Live(office), 5)
		}
	})
}

// zones with the days around the two changes of their clocks in 2027.
var zones = map[string][]string{
	"America/New_York": {"2027-03-12", "2027-03-15", "2027-11-05", "2027-11-08"},
	"Europe/Zurich":    {"2027-03-26", "2027-03-29", "2027-10-29", "2027-11-01"},
	"Australia/Sydney": {"2027-04-02", "2027-04-05", "2027-10-01", "2027-10-04"},
	"Asia/Kolkata":     {"2027-03-29"}, // without a change
}

func TestFault79_TheClocksChange(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 0)
		for _, zone := range slices.Sorted(maps.Keys(zones)) {
			for _, date := range zones[zone] {
				when, err := calsync.AtSlot(slot.Slot{Date: slot.MustDate(date), Half: slot.AM}, zone)
				require.NoError(t, err)
				require.Equal(t, calsync.Wall(date+"T09:00:00"), when.Start)
				w := wish()
				w.Visit, w.When = fmt.Sprintf("visit-%d", len(b.wants)+1), when
				b.wants = append(b.wants, w)
			}
		}
		b.publish()
		require.Empty(t, b.changes())
		for i := range b.wants {
			b.wants[i].Version++
			b.wants[i].Title += "!"
		}
		b.publish()
		require.Empty(t, b.changes())
		for i, w := range b.wants {
			v, _ := b.emu.Event(office, b.id(i+1))
			loc, err := slot.LoadZone(w.When.Zone)
			require.NoError(t, err)
			require.Equal(t, string(w.When.Start), v.Start.In(loc).Format("2006-01-02T15:04:05"), w.When.Zone)
			require.Equal(t, w.When, b.bases[w.Visit].Stored.When)
		}
	})
}

func TestFault80_TimesComeInAnotherZone(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		b.changes()
		for _, zone := range []string{"Asia/Tokyo", "UTC", "America/St_Johns", "Europe/Zurich"} {
			sw.RenderZone = zone
			b.emu.SetSwitches(sw)
			b.emu.SetZone(office, zone)
			b.unchanged(func() {
				b.emu.ExpireSyncTokens()
				b.now = b.now.Add(2 * time.Hour)
				require.Empty(t, b.changes(), "another text, the same instant")
				for i := range b.wants {
					b.wants[i].Version++
					base := b.bases[b.wants[i].Visit]
					base.Hash = "" // look at it, whatever was agreed
					b.bases[b.wants[i].Visit] = base
				}
				b.publish()
			})
		}
	})
}

func TestFault81_APersonMakesItAllDay(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		require.NoError(t, b.emu.Edit(office, b.id(1), map[string]any{
			"start": map[string]any{"date": "2027-03-01", "dateTime": nil, "timeZone": nil}, "end": map[string]any{"date": "2027-03-02", "dateTime": nil, "timeZone": nil}}))
		require.True(t, b.emu.Live(office)[0].AllDay)
		cs := b.changes()
		require.Equal(t, calsync.Moved, cs[0].Kind)
		require.Equal(t, calsync.When{Start: "2027-03-01", End: "2027-03-02", AllDay: true}, cs[0].When)
		b.unchanged(func() {
			b.publish()
			require.Empty(t, b.changes())
		})
		b.wants[0].Version++
		b.wants[0].Title = "Visit: Acme Inc."
		b.publish()
		require.True(t, b.emu.Live(office)[0].AllDay, "left as people want it")
		b.wants[0].Version++
		b.wants[0].Overrule = map[calsync.Field]string{}
		w := b.wants[0]
		w.When = later
		_, out, err := calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, b.bases[w.Visit])
		require.NoError(t, err)
		require.Len(t, out.Conflicts, 1, "a person decides")
		w.Version++
		w.Overrule = map[calsync.Field]string{calsync.FieldTime: out.Conflicts[0].Print}
		_, _, err = calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, b.bases[w.Visit])
		require.NoError(t, err)
		start, _ := instants(t, later)
		require.True(t, b.emu.Live(office)[0].Start.Equal(start))
		require.False(t, b.emu.Live(office)[0].AllDay)
	})
}

func TestFault83_TheDatabaseIsRestoredFromABackup(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		b.changes()
		backup, cursor := maps.Clone(b.bases), b.cursor
		// After the backup: two more visits, one of the old ones moved by people, answers.
		for i := 4; i <= 5; i++ {
			w := wish()
			w.Visit, w.Content = fmt.Sprintf("visit-%d", i), calsynctest.Content("2027-04-06", ann, buyer)
			b.wants = append(b.wants, w)
		}
		b.publish()
		start, end := instants(t, theirs)
		require.NoError(t, b.emu.Move(office, b.id(1), start, end))
		require.NoError(t, b.emu.Respond(ann, b.id(5), "accepted", ""))
		b.changes()
		b.emu.Advance(24 * time.Hour)
		b.bases, b.cursor = backup, cursor
		b.unchanged(func() {
			cs := b.changes()
			require.Contains(t, kinds(cs), calsync.Moved)
			cs = append(cs, b.publish()...)
			require.Equal(t, calsync.Accepted, cs[len(cs)-1].Answer, "nor is an answer lost")
			require.Empty(t, b.changes())
			b.publish()
		})
		require.Len(t, b.emu.Live(office), 5)
		require.Len(t, b.bases, 5)
	})
}

func TestFault84_TheCalendarIsWiped(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, way := range []string{"tombstones", "full list", "empty calendar"} {
			b := newBook(t, sw, 6)
			b.changes()
			require.NoError(t, b.emu.Wipe(office))
			switch way {
			case "full list":
				b.emu.ExpireSyncTokens()
			case "empty calendar": // no trace of any event
				sw := sw
				sw.TombstoneLife = time.Minute
				b.emu.SetSwitches(sw)
				b.emu.ExpireSyncTokens()
				b.emu.Advance(time.Hour)
			}
			b.unchanged(func() {
				for range 2 {
					p, cs, err := b.pull()
					require.NoError(t, err)
					require.Equal(t, calsync.MassLoss, p.Doubt, way)
					require.Len(t, p.Missed, 6)
					require.Empty(t, cs)
					b.publish()
				}
			})
			b.cursor.Believe = true // a person says so
			require.Len(t, b.changes(), 6)
			require.False(t, b.cursor.Believe)
			b.unchanged(func() { b.publish() })
			require.Empty(t, b.emu.Live(office), "nobody is invited again without being asked")
		}
	})
}

func TestFault86_TwoInstallationsShareACalendar(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		b.changes()
		copied := &book{t: t, emu: b.emu, cal: b.cal, url: b.url, bases: map[string]calsync.Base{}, now: b.now, account: b.account}
		for _, w := range b.wants {
			w.Env = "staging"
			copied.wants = append(copied.wants, w)
		}
		ours := func() (out []map[string]any) {
			for i := range b.wants {
				out = append(out, raw(t, b.emu, b.url, http.MethodGet, b.id(i+1), ""))
			}
			return out
		}
		before := ours()
		copied.publish()
		require.Len(t, b.emu.Live(office), 4)
		for _, w := range copied.wants {
			require.Equal(t, 1, copied.bases[w.Visit].Generation, "their ids do not even meet")
		}
		for i := range copied.wants {
			copied.wants[i].Version++
			copied.wants[i].When = later
		}
		copied.publish()
		for i := range copied.wants {
			copied.wants[i].Version++
			copied.wants[i].Gone = true
		}
		copied.publish()
		require.Equal(t, before, ours())
		require.Empty(t, b.changes())

		// A copy of the whole database, which believes our events to be its own.
		copied.bases = map[string]calsync.Base{}
		for visit, base := range b.bases {
			text, err := json.Marshal(base)
			require.NoError(t, err)
			var back calsync.Base
			require.NoError(t, json.Unmarshal(text, &back))
			copied.bases[visit] = back
		}
		for i := range copied.wants {
			w := copied.wants[i]
			w.Version, w.Gone, w.When = 9, i == 0, theirs
			_, out, err := calsync.Apply(context.Background(), b.cal, copied.save(w.Visit), w, copied.bases[w.Visit])
			require.NoError(t, err)
			require.True(t, out.Incident, "an administrator is told")
			require.Empty(t, out.Did)
		}
		require.Equal(t, before, ours())
	})
}
