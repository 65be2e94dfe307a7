package gcal_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

var kills = flag.Int("kills", 20, "random lives in which the process dies several times")

// mortal is a process that dies at some of its steps: before a call to the
// calendar, after a call was carried out and before its reply, before something
// is stored, and after. Whatever it tries when it is dead fails.
type mortal struct {
	steps int
	dies  func() bool  // at this step
	dead  bool         // until it is started again
	lost  map[int]bool // steps at which a reply is lost while the process lives on
}

func (m *mortal) step() error {
	if m.dead {
		return errDied
	}
	m.steps++
	if m.dies() {
		m.dead = true
		return errDied
	}
	if m.lost[m.steps] {
		return &calsync.Error{Class: calsync.Unknown, Reason: "lost"}
	}
	return nil
}

// life is the whole of two visits' life, with what is durable in a book.
type life struct {
	*book
	m      *mortal
	mortal calsync.Calendar
	told   []calsync.Change // what people did, as far as it was stored
	deaths int
}

// commit stores something whole or not at all.
func (l *life) commit(do func()) error {
	_, err := calsynctest.Around(l.m.step, func() (any, error) { do(); return nil, nil })
	return err
}

func stored(b calsync.Base) (back calsync.Base) {
	raw, err := json.Marshal(b)
	if err == nil {
		err = json.Unmarshal(raw, &back)
	}
	if err != nil {
		panic(err) // plain structs only
	}
	return back
}

// work does what the queue would: every visit's job and a reading, which may come
// first. It ends where the process dies.
func (l *life) work(readFirst bool) error {
	if readFirst {
		return errors.Join(l.read(), l.write())
	}
	return errors.Join(l.write(), l.read())
}

func (l *life) write() error {
	ctx := context.Background()
	for _, w := range l.wants {
		save := func(_ context.Context, base calsync.Base) error {
			return l.commit(func() { l.bases[w.Visit] = stored(base) })
		}
		base, out, err := calsync.Apply(ctx, l.mortal, save, w, l.bases[w.Visit])
		if err != nil {
			return err
		}
		if out.Event != nil {
			cs, next := calsync.Observe(base, *out.Event)
			if err := l.commit(func() { l.bases[w.Visit], l.told = stored(next), append(l.told, cs...) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *life) read() error {
	l.now = l.now.Add(time.Hour)
	p, err := calsync.Pull(context.Background(), l.mortal, calsync.Reading{Env: "prod", Account: l.account, Calendar: office, Now: l.now}, l.cursor, l)
	if err != nil {
		return err
	}
	return l.commit(func() {
		for _, seen := range p.Seen {
			for visit, base := range l.bases {
				if base.EventID == seen.ID {
					cs, next := calsync.Observe(base, seen)
					l.bases[visit], l.told = stored(next), append(l.told, cs...)
				}
			}
		}
		l.cursor = p.Next
	})
}

// until works, and starts the process again whenever it has died.
func (l *life) until() {
	l.t.Helper()
	var err error
	for n := range 30 {
		if err = l.work(n%2 == 1); err == nil {
			return
		}
		if l.m.dead {
			l.deaths++
		}
		l.m.dead = false
		require.True(l.t, errors.Is(err, errDied) || calsync.ClassOf(err).Retry(), "%v", err)
	}
	require.NoError(l.t, err)
}

// live plays the life of two visits under a setting and wants that in the end
// nothing is lost, doubled or orphaned, and that nobody was told twice.
func live(t *testing.T, sw emulator.Switches, dies func(step int) bool, lost map[int]bool) (steps, deaths int) {
	b := newBook(t, sw, 0)
	l := &life{book: b, m: &mortal{lost: lost}}
	l.mortal = calsynctest.Mortal{Calendar: b.cal, Step: l.m.step}
	l.m.dies = func() bool { return dies(l.m.steps) }
	for i := range 2 {
		w := wish()
		w.Visit, w.Content = fmt.Sprintf("visit-%d", i+1), calsynctest.Content("2027-03-04", ann, buyer)
		l.wants = append(l.wants, w)
	}
	change := func(i int, do func(w *calsync.Want)) {
		l.wants[i].Version++
		do(&l.wants[i])
	}
	l.until()
	require.NoError(t, l.emu.Respond(ann, l.id(1), "accepted", ""))
	l.emu.Advance(time.Second)
	change(0, func(w *calsync.Want) {
		w.Location, w.Guests = "2 Side Street", append(w.Guests, calsync.Guest{Email: host})
	})
	change(1, func(w *calsync.Want) { w.When, w.Title = later, "Visit: Acme Inc." })
	l.until()
	require.NoError(t, l.emu.Edit(office, l.id(1), map[string]any{"description": "Parking behind the house"}))
	change(0, func(w *calsync.Want) { w.When = later })
	change(1, func(w *calsync.Want) { w.Gone = true })
	l.until()
	change(1, func(w *calsync.Want) { w.Gone = false })
	l.until()

	says := fmt.Sprintf("died %d times", l.deaths)
	events := l.emu.Live(office)
	require.Len(t, events, 2, says)
	again := calsync.EventID("prod", "visit-2", 2)
	start, _ := instants(t, later)
	for i, v := range events {
		require.Equal(t, []string{l.id(1), again}[i], v.ID, says)
		require.True(t, v.Start.Equal(start), says)
		require.Equal(t, []string{"Parking behind the house", wish().Description}[i], v.Description, says)
		require.Equal(t, []string{"2 Side Street", wish().Location}[i], v.Location, says)
		base := l.bases[l.wants[i].Visit]
		require.Equal(t, l.wants[i].Version, base.Applied, says)
		for _, g := range base.Seen.Guests {
			require.Equal(t, v.Guest(g.Email).Answer, string(g.Answer), says)
		}
	}
	edits := 0
	for _, c := range l.told {
		switch c.Kind {
		case calsync.Answered:
			require.Equal(t, ann, c.Guest, says)
		case calsync.Edited:
			require.Equal(t, []calsync.Field{calsync.FieldDescription}, c.Fields, says)
			edits++
		default:
			require.Fail(t, "our own doing is told as a person's", "%s; %s", c.Kind, says)
		}
	}
	require.Equal(t, 1, edits, says)
	mails := l.emu.Ledger()
	for _, c := range []struct {
		kind, to, event string
		want            int
	}{
		{"invite", ann, l.id(1), 1}, {"invite", buyer, l.id(1), 1}, {"invite", host, l.id(1), 1},
		{"update", ann, l.id(1), 3}, {"update", host, l.id(1), 2}, // of which one is the person's
		{"invite", ann, l.id(2), 1}, {"update", ann, l.id(2), 1}, {"cancel", ann, l.id(2), 1}, {"cancel", buyer, l.id(2), 1},
		{"invite", ann, again, 1}, {"invite", buyer, again, 1}, {"update", "", again, 0}, {"cancel", "", again, 0}, {"cancel", "", l.id(1), 0},
	} {
		require.Equal(t, c.want, mails.Count(c.kind, c.to, c.event), "%s to %s about %s; %s", c.kind, c.to, c.event, says)
	}
	require.Empty(t, l.emu.Audit(), says)
	l.m.dies, l.m.lost = func() bool { return false }, nil
	l.unchanged(func() { require.NoError(t, l.work(false)) })
	return l.m.steps, l.deaths
}

// TestTheProcessMayDieAtEachStep kills the process once at each step of a
// publication, of changes, of a cancellation and of what people do meanwhile, one
// life for each step; then several times in a life, with replies lost on top.
func TestTheProcessMayDieAtEachStep(t *testing.T) {
	never := func(int) bool { return false }
	steps, deaths := live(t, emulator.Switches{}, never, nil)
	require.Zero(t, deaths)
	require.Greater(t, steps, 50)
	for at := 1; at <= steps; at++ {
		at, row := at, at%8
		sw := emulator.Switches{}
		if row < 7 {
			sw = setting(inRow(row))
		}
		ok := t.Run(fmt.Sprintf("at %d of %d", at, steps), func(t *testing.T) {
			_, deaths := live(t, sw, func(step int) bool { return step == at }, nil)
			require.LessOrEqual(t, deaths, 1)
		})
		if !ok {
			return
		}
	}
	dice := rand.New(rand.NewPCG(*seed, 11))
	for n := range *kills {
		at, lost := map[int]bool{}, map[int]bool{}
		for range 2 + dice.IntN(4) {
			at[1+dice.IntN(steps)] = true
			lost[1+dice.IntN(steps)] = true
		}
		ok := t.Run(fmt.Sprintf("life %d: dies at %v, loses %v", n+1, at, lost), func(t *testing.T) {
			live(t, setting(func(int) bool { return dice.IntN(2) == 0 }), func(step int) bool { return at[step] }, lost)
		})
		if !ok {
			return
		}
	}
}
