package gcal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// TestWalksOverTheWire plays random histories of several visits against the
// emulator: plan changes, people, faults of every kind, deaths of the process,
// under a random setting of what is not known about Google. After each the
// faults end, the backlog drains, and what must always hold is asserted.
func TestWalksOverTheWire(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { walkOverTheWire(t, r) })
}

func walkOverTheWire(t *testing.T, r *rapid.T) {
	coin := func(name string) bool { return rapid.Bool().Draw(r, name) }
	sw := emulator.Switches{KeepAnswers: coin("keeps answers"), NoRevival: coin("no revival"), SilentIdentical: coin("identical mute"),
		SilentRemoval: coin("silent removal"), BareTombstones: coin("bare stubs"), CopyOnAnswer: coin("late copies")}
	if coin("slow travel") {
		sw.Propagation = 20 * time.Millisecond // the clock turns a little with each look at it
	}
	b := newBook(t, sw, 4)
	b.changes()
	deleted := map[string]bool{} // visits that a person deleted
	mailing := map[string]int{}  // changes of the plan that mail the guests
	ctx := context.Background()

	apply := func(i int, dieAt int) {
		w := b.wants[i]
		saves := 0
		base, out, err := calsync.Apply(ctx, b.cal, func(_ context.Context, base calsync.Base) error {
			if saves++; saves == dieAt && dieAt%2 == 0 {
				return errDied
			}
			b.bases[w.Visit] = base
			if saves == dieAt {
				return errDied
			}
			return nil
		}, w, b.bases[w.Visit])
		if err == nil && out.Event != nil {
			_, b.bases[w.Visit] = calsync.Observe(base, *out.Event)
		}
	}
	methods := []string{"events.insert", "events.patch", "events.delete", "events.get", "events.list"}
	for range rapid.IntRange(5, 30).Draw(r, "steps") {
		i := rapid.IntRange(0, len(b.wants)-1).Draw(r, "visit")
		w := &b.wants[i]
		id := b.bases[w.Visit].EventID
		switch rapid.SampledFrom([]string{"fault", "fault", "time", "text", "gone", "answer", "edit", "forward", "delete", "expire", "apply", "apply", "apply", "pull"}).Draw(r, "step") {
		case "fault":
			f := rapid.SampledFrom(append(outcomes, emulator.Fault{Action: emulator.BumpEtag}, emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded"},
				emulator.Fault{Action: emulator.EmptyList}, emulator.Fault{Action: emulator.EmptyPage}, emulator.Fault{Action: emulator.StaleRead},
				emulator.Fault{Action: emulator.Lag, Seconds: 60}, emulator.Fault{Action: emulator.NotYet, Seconds: 60}, emulator.Fault{Action: emulator.Twice},
				emulator.Fault{Action: emulator.FailBefore, Status: 503, Shape: emulator.Empty},
				emulator.Fault{Action: emulator.FailBefore, Status: 410, Shape: emulator.NoReason})).Draw(r, "fault")
			f.Method = rapid.SampledFrom(methods).Draw(r, "method")
			if f.Status == 410 { // to a deletion that would be a lie
				f.Method, f.Param = "events.list", "syncToken"
			}
			b.emu.Inject(f)
		case "time":
			w.Version++
			w.When = calsynctest.Content(rapid.SampledFrom([]string{"2027-05-03", "2027-05-04", "2027-05-05"}).Draw(r, "date")).When
			mailing[w.Visit]++
		case "text":
			w.Version++
			w.Title = rapid.SampledFrom([]string{"A", "B"}).Draw(r, "title")
		case "gone":
			w.Version++
			w.Gone = !w.Gone
		case "answer":
			if v, ok := b.emu.Event(office, id); ok && v.Status != "cancelled" {
				require.NoError(r, b.emu.Respond(rapid.SampledFrom([]string{ann, buyer}).Draw(r, "who"), id, rapid.SampledFrom([]string{"accepted", "declined"}).Draw(r, "answer"), ""))
			}
		case "edit":
			if v, ok := b.emu.Event(office, id); ok && v.Status != "cancelled" {
				require.NoError(r, b.emu.Edit(office, id, map[string]any{"description": rapid.SampledFrom([]string{"Theirs", "Also theirs"}).Draw(r, "text")}))
			}
		case "forward":
			if v, ok := b.emu.Event(office, id); ok && v.Status != "cancelled" {
				require.NoError(r, b.emu.AddGuest(office, id, "deputy@vendor.example"))
			}
		case "delete":
			if v, ok := b.emu.Event(office, id); ok && v.Status != "cancelled" && len(deleted) == 0 {
				require.NoError(r, b.emu.DeleteAs(office, id))
				deleted[w.Visit] = true
			}
		case "expire":
			b.emu.ExpireSyncTokens()
		case "apply":
			apply(i, rapid.IntRange(0, 4).Draw(r, "dies"))
		case "pull":
			b.now = b.now.Add(time.Minute)
			_, _, _ = b.pull() // a failed reading is read again
		}
	}

	b.emu.ClearFaults()
	b.now = b.now.Add(2 * time.Hour)
	b.emu.Advance(2 * time.Hour)
	for range 4 {
		for i := range b.wants {
			apply(i, 0)
		}
		p, _, err := b.pull()
		require.NoError(r, err)
		require.Empty(r, p.Stray)
		b.emu.Advance(time.Minute)
	}
	require.Empty(r, b.emu.Audit())
	byVisit := map[string][]emulator.View{}
	for _, v := range b.emu.Live(office) {
		for _, w := range b.wants {
			for g := 1; g < 12; g++ {
				if v.ID == calsync.EventID("prod", w.Visit, g) {
					byVisit[w.Visit] = append(byVisit[w.Visit], v)
				}
			}
		}
	}
	l := b.emu.Ledger()
	for _, w := range b.wants {
		live, base := byVisit[w.Visit], b.bases[w.Visit]
		switch {
		case w.Gone:
			require.Empty(r, live)
			continue
		case deleted[w.Visit]:
			require.LessOrEqual(r, len(live), 1)
		default:
			require.Len(r, live, 1, "exactly one live event")
		}
		if len(live) == 0 {
			require.True(r, base.Seen.Deleted, "the deletion was noticed")
			continue
		}
		v := live[0]
		start, _, err := w.When.Instants()
		require.NoError(r, err)
		require.True(r, start.Equal(v.Start))
		require.Equal(r, w.Title, v.Title)
		require.Equal(r, "prod", v.Marks[calsync.MarkEnv])
		for _, g := range v.Guests {
			known := calsync.Answer("")
			for _, s := range base.Seen.Guests {
				if s.Email == g.Email {
					known = s.Answer
				}
			}
			require.Equal(r, g.Answer, string(known), "the answer we know is the answer that stands")
		}
	}
	mails := map[string]int{}
	for _, m := range l.Mails {
		if m.Cause != "people" && m.To != "deputy@vendor.example" {
			mails[m.Kind+" "+m.To+" "+m.Event]++
		}
	}
	for k, n := range mails {
		var kind, to, event string
		_, err := fmt.Sscan(k, &kind, &to, &event)
		require.NoError(r, err)
		limit := 1
		if kind == "update" {
			for _, w := range b.wants {
				for g := 1; g < 12; g++ {
					if event == calsync.EventID("prod", w.Visit, g) {
						limit = mailing[w.Visit]
					}
				}
			}
		}
		require.LessOrEqual(r, n, limit, k)
	}

	writes, sent := len(l.Writes()), len(l.Mails)
	for i := range b.wants {
		apply(i, 0)
	}
	l = b.emu.Ledger()
	require.Equal(r, writes, len(l.Writes()), "a second run writes nothing")
	require.Equal(r, sent, len(l.Mails), "and mails nobody")
}
