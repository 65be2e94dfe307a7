package gcal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// book is many visits with what is stored about them: the database in small.
type book struct {
	t       testing.TB
	emu     *emulator.Server
	cal     calsync.Calendar
	url     string
	wants   []calsync.Want
	bases   map[string]calsync.Base // by visit
	cursor  calsync.Cursor
	now     time.Time
	account string
}

func newBook(t testing.TB, sw emulator.Switches, visits int) *book {
	emu, cal, url := google(t, sw)
	b := &book{t: t, emu: emu, cal: cal, url: url, bases: map[string]calsync.Base{}, now: time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC), account: office}
	for i := range visits {
		w := wish()
		w.Visit = fmt.Sprintf("visit-%d", i+1)
		w.Content = calsynctest.Content(time.Date(2027, 3, 1+i%28, 0, 0, 0, 0, time.UTC).Format("2006-01-02"), ann, buyer)
		b.wants = append(b.wants, w)
	}
	b.publish()
	return b
}

// publish applies all wishes and gives the changes that came to light.
func (b *book) publish() []calsync.Change {
	b.t.Helper()
	var changes []calsync.Change
	for _, w := range b.wants {
		var base calsync.Base
		var out calsync.Outcome
		err := error(nil)
		for range 4 { // as the queue would
			if base, out, err = calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, b.bases[w.Visit]); err == nil {
				break
			}
		}
		require.NoError(b.t, err)
		if out.Event != nil {
			cs, next := calsync.Observe(base, *out.Event)
			changes = append(changes, cs...)
			b.bases[w.Visit] = next
		}
	}
	return changes
}

func (b *book) save(visit string) calsync.Save {
	return func(_ context.Context, base calsync.Base) error {
		b.bases[visit] = base
		return nil
	}
}

// Bases implements calsync.Known.
func (b *book) Bases(_ context.Context, calendar string, ids []string) ([]calsync.Base, error) {
	var out []calsync.Base
	for _, base := range b.bases {
		wanted := ids == nil && base.Confirmed && !base.Over
		for _, id := range ids {
			wanted = wanted || id == base.EventID
		}
		if wanted && base.Calendar == calendar {
			out = append(out, base)
		}
	}
	return out, nil
}

func (b *book) pull() (calsync.Pulled, []calsync.Change, error) {
	p, err := calsync.Pull(context.Background(), b.cal, calsync.Reading{Env: "prod", Account: b.account, Calendar: office, Now: b.now}, b.cursor, b)
	if err != nil {
		return p, nil, err
	}
	var changes []calsync.Change
	for _, seen := range p.Seen {
		for visit, base := range b.bases {
			if base.EventID == seen.ID {
				cs, next := calsync.Observe(base, seen)
				changes = append(changes, cs...)
				raw, err := json.Marshal(next)
				require.NoError(b.t, err)
				var back calsync.Base
				require.NoError(b.t, json.Unmarshal(raw, &back))
				b.bases[visit] = back
			}
		}
	}
	b.cursor = p.Next
	return p, changes, nil
}

// changes pulls and gives what people did, once it has arrived.
func (b *book) changes() []calsync.Change {
	b.t.Helper()
	b.emu.Advance(time.Second)
	p, cs, err := b.pull()
	require.NoError(b.t, err)
	require.Empty(b.t, p.Doubt)
	return cs
}

func (b *book) id(i int) string { return calsync.EventID("prod", fmt.Sprintf("visit-%d", i), 1) }

func TestReadingBackWhatPeopleDo(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		require.Empty(t, b.changes(), "our own writes are no news")
		require.Empty(t, b.changes())

		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		cs := b.changes()
		require.Len(t, cs, 1)
		require.Equal(t, calsync.Answered, cs[0].Kind)
		require.Equal(t, "visit-1", cs[0].Visit)
		require.Equal(t, ann, cs[0].Guest)
		require.Equal(t, calsync.Accepted, cs[0].Answer)

		require.NoError(t, b.emu.Respond(ann, b.id(2), "declined", "On holiday"))
		require.NoError(t, b.emu.Respond(buyer, b.id(2), "tentative", ""))
		cs = b.changes()
		require.Len(t, cs, 2)
		require.Equal(t, "On holiday", cs[0].Comment)
		require.Equal(t, calsync.Declined, cs[0].Answer)
		require.Equal(t, buyer, cs[1].Guest)
		require.Equal(t, calsync.Maybe, cs[1].Answer)
		require.Empty(t, b.changes())

		theirs := calsynctest.Content("2027-03-25").When
		s, e, err := theirs.Instants()
		require.NoError(t, err)
		require.NoError(t, b.emu.Move(office, b.id(1), s, e))
		cs = b.changes()
		require.Equal(t, calsync.Moved, cs[0].Kind)
		require.True(t, theirs.Same(cs[0].When))
		if !sw.KeepAnswers { // a new time asks everybody anew
			require.Len(t, cs, 2)
			require.Equal(t, calsync.NeedsAction, cs[1].Answer)
		}

		require.NoError(t, b.emu.Edit(office, b.id(1), map[string]any{"description": "Use the back door"}))
		require.NoError(t, b.emu.AddGuest(office, b.id(1), "deputy@vendor.example"))
		require.NoError(t, b.emu.RemoveGuest(office, b.id(1), buyer))
		cs = b.changes()
		require.Len(t, cs, 3)
		require.Equal(t, []calsync.Field{calsync.FieldDescription}, cs[0].Fields)
		require.Equal(t, calsync.GuestAdded, cs[1].Kind)
		require.Equal(t, calsync.GuestRemoved, cs[2].Kind)
		require.Equal(t, buyer, cs[2].Guest)

		require.NoError(t, b.emu.DeleteAs(office, b.id(3)))
		cs = b.changes()
		require.Len(t, cs, 1)
		require.Equal(t, calsync.Deleted, cs[0].Kind)
		require.Equal(t, "visit-3", cs[0].Visit)
		require.Empty(t, b.changes())
		b.publish()
		require.Len(t, b.emu.Live(office), 2, "nobody is invited again without being asked")
	})
}

func TestAnExecutiveMovesTheVisit(t *testing.T) {
	b := newBook(t, emulator.Switches{}, 1)
	b.changes()
	theirs := calsynctest.Content("2027-03-25").When
	s, e, err := theirs.Instants()
	require.NoError(t, err)
	require.NoError(t, b.emu.Move(ann, b.id(1), s, e))
	require.Empty(t, b.changes(), "a guest who may not move it moves only his own copy")

	b.wants[0].GuestsMayMove = true
	b.wants[0].Version++
	b.publish()
	require.NoError(t, b.emu.Move(ann, b.id(1), s.AddDate(0, 0, 1), e.AddDate(0, 0, 1)))
	cs := b.changes()
	require.Equal(t, calsync.Moved, cs[0].Kind)
}

func TestOurOwnChangesAreNoNews(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		b.changes()
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		for i := range b.wants {
			b.wants[i].Version++
			b.wants[i].When = calsynctest.Content("2027-04-06").When
			b.wants[i].Guests = append(b.wants[i].Guests, calsync.Guest{Email: host})
		}
		b.wants[1].Gone = true
		cs := append(b.publish(), b.changes()...)
		for _, c := range cs {
			require.Equal(t, calsync.Answered, c.Kind, "%+v", c)
		}
		if sw.KeepAnswers {
			require.Len(t, cs, 1, "an answer given just before our write is not lost")
			require.Equal(t, calsync.Accepted, cs[0].Answer)
		}
		require.Empty(t, b.changes())
	})
}

func TestOurOwnWriteIsNoNewsEvenBeforeItIsNoted(t *testing.T) {
	b := newBook(t, emulator.Switches{KeepAnswers: true}, 1)
	b.changes()
	// The process dies after the patch was stored by the server, before it was
	// noted here; then the next reading comes first.
	w := b.wants[0]
	w.Version++
	w.When, w.Title = calsynctest.Content("2027-04-06").When, "Visit: Acme Inc."
	w.Guests = append(w.Guests, calsync.Guest{Email: host})
	saves := 0
	_, _, err := calsync.Apply(context.Background(), b.cal, func(_ context.Context, base calsync.Base) error {
		if saves++; saves > 1 {
			return errDied
		}
		b.bases[w.Visit] = base
		return nil
	}, w, b.bases[w.Visit])
	require.ErrorIs(t, err, errDied)
	require.Empty(t, b.changes())
	b.wants[0] = w
	b.publish()
	require.Empty(t, b.changes())
	require.Equal(t, 1, b.emu.Ledger().Count("update", ann, ""))
}

func TestAnAnswerBeforeTheAdoptionIsNotLost(t *testing.T) {
	b := newBook(t, emulator.Switches{}, 0)
	b.changes()
	w := wish()
	b.emu.Inject(emulator.Fault{Method: "events.insert", Action: emulator.DropAfter})
	b.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Status: 503})
	_, _, err := calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, calsync.Base{})
	require.Error(t, err)
	require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
	require.Empty(t, b.changes(), "not ours to tell before it is adopted; and the list will not bring it again")

	// The process dies after the adoption was saved, before the answer was told.
	_, _, err = calsync.Apply(context.Background(), b.cal, b.save(w.Visit), w, b.bases[w.Visit])
	require.NoError(t, err)
	b.wants = []calsync.Want{w}
	cs := b.publish()
	require.Len(t, cs, 1)
	require.Equal(t, calsync.Accepted, cs[0].Answer)
	require.Empty(t, b.publish())
	require.Empty(t, b.changes())
	before := len(b.emu.Ledger().Requests)
	b.publish()
	require.Equal(t, before, len(b.emu.Ledger().Requests), "once told, nothing is read any more")
}

func TestATokenOfAnotherAccountIsNotUsed(t *testing.T) {
	b := newBook(t, emulator.Switches{}, 1)
	b.changes()
	b.account = "other@vendor.example" // the credential was changed
	before := len(b.emu.Ledger().Requests)
	p, _, err := b.pull()
	require.NoError(t, err)
	require.True(t, p.Full)
	require.Len(t, b.emu.Ledger().Requests[before:], 1)
}

func TestForeignEventsAreIgnoredAndStraysAreNamed(t *testing.T) {
	b := newBook(t, emulator.Switches{}, 1)
	ctx := context.Background()
	c := calsynctest.Content("2027-06-01", ann)
	_, err := b.cal.Insert(ctx, office, calsync.New{ID: "someoneelse1", Content: c}, calsync.MailNone)
	require.NoError(t, err)
	stray := calsync.EventID("prod", "forgotten", 1)
	_, err = b.cal.Insert(ctx, office, calsync.New{ID: stray, Content: c, Marks: calsync.Marks("prod", "forgotten", 1, c)}, calsync.MailNone)
	require.NoError(t, err)
	p, cs, err := b.pull()
	require.NoError(t, err)
	require.Empty(t, cs)
	require.Len(t, p.Stray, 1)
	require.Equal(t, stray, p.Stray[0].ID)
	require.Len(t, p.Seen, 1)
}

func TestAListAndALookUpThatContradictEachOther(t *testing.T) {
	b := newBook(t, emulator.Switches{}, 2)
	b.changes()
	require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
	b.emu.ExpireSyncTokens()
	b.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.StaleRead})
	require.Empty(t, b.changes(), "a lagging replica still shows it")
	cs := b.changes()
	require.Len(t, cs, 1)
	require.Equal(t, calsync.Deleted, cs[0].Kind)
}
