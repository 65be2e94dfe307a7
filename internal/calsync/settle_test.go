package calsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
)

// later gives an event as a person left it some time after it was published.
func later(e calsync.Event, after time.Duration, edit func(e *calsync.Event)) calsync.Event {
	e.Guests = append([]calsync.Guest(nil), e.Guests...)
	e.ETag, e.Updated = e.ETag+"x", e.Updated.Add(after)
	edit(&e)
	return e
}

func decline(comment string) func(e *calsync.Event) {
	return func(e *calsync.Event) { e.Guests[0].Answer, e.Guests[0].Comment = calsync.Declined, comment }
}

func TestWhoDeclined(t *testing.T) {
	base, event := published(t, wish())
	for name, c := range map[string]struct {
		seen    calsync.Event
		machine bool
	}{
		"seconds after the invitation":    {later(event, 3*time.Second, decline("")), true},
		"seconds after, with own words":   {later(event, 3*time.Second, decline("Gone fishing")), true},
		"an hour later":                   {later(event, time.Hour, decline("I cannot")), false},
		"weeks later, by a new absence":   {later(event, 500*time.Hour, decline("Declined because I am out of office")), true},
		"accepted seconds after":          {later(event, 3*time.Second, func(e *calsync.Event) { e.Guests[0].Answer = calsync.Accepted }), false},
		"in the answer to our own writes": {func() calsync.Event { e := later(event, 0, decline("")); e.ETag = event.ETag; return e }(), false},
	} {
		cs, next := calsync.Observe(base, c.seen)
		require.Len(t, cs, 1, name)
		require.Equal(t, c.machine, cs[0].Machine, name)
		cs, _ = calsync.Observe(next, c.seen)
		require.Empty(t, cs, name)
	}
}

// A server that lags behind shows what people did in the wrong order, or what was
// there before.
func TestLookingBackInTimeIsNoNews(t *testing.T) {
	base, event := published(t, wish())
	first := later(event, time.Hour, decline("I cannot"))
	second := later(event, 2*time.Hour, func(e *calsync.Event) { e.Guests[0].Answer = calsync.Accepted })
	_, base = calsync.Observe(base, second)
	cs, after := calsync.Observe(base, first)
	require.Empty(t, cs)
	require.Equal(t, base, after)
	require.Equal(t, calsync.Read, calsync.Reconcile(func() calsync.Want { w := wish(); w.Version, w.Title = 2, "New"; return w }(), calsync.Look{Done: true, Event: &first}, base).Action)
}

func TestPutBackAfterADeletion(t *testing.T) {
	for name, c := range map[string]struct {
		over bool          // the visit was cancelled and so is the event
		stub calsync.Event // how the deletion was told
	}{
		"known to be deleted":               {false, calsync.Event{Status: calsync.Cancelled}},
		"cancelled with the visit":          {true, calsync.Event{Status: calsync.Cancelled}},
		"deleted, with all that it had had": {false, later(calsync.Event{}, time.Minute, func(e *calsync.Event) { e.Status = calsync.Cancelled })},
	} {
		base, event := published(t, wish())
		c.stub.ID = event.ID
		cs, base := calsync.Observe(base, c.stub)
		require.Equal(t, calsync.Deleted, cs[0].Kind, name)
		gone := wish()
		gone.Version, gone.Gone = 2, true
		base.Over = c.over

		cs, _ = calsync.Observe(base, event)
		require.Empty(t, cs, "%s: a server that lags behind shows it still", name)
		require.NotEqual(t, calsync.Cancel, calsync.Reconcile(gone, calsync.Look{Done: true, Event: &event}, base).Action, name)

		back := later(event, time.Hour, func(*calsync.Event) {})
		cs, base = calsync.Observe(base, back)
		require.Len(t, cs, 1, name)
		require.Equal(t, calsync.Restored, cs[0].Kind, name)
		cs, _ = calsync.Observe(base, back)
		require.Empty(t, cs, name)

		look := calsync.Look{Done: true, Event: &back}
		d := calsync.Reconcile(gone, look, base)
		require.Equal(t, calsync.Ask, d.Action, "%s: what a person put back is not cancelled unasked", name)
		require.Equal(t, d.Conflicts, calsync.Differences(gone, base), name)
		gone.Overrule = map[calsync.Field]string{calsync.FieldEvent: d.Conflicts[0].Print}
		require.Equal(t, calsync.Cancel, calsync.Reconcile(gone, look, base).Action, name)
		again := wish()
		again.Version = 3
		require.Equal(t, calsync.Nothing, calsync.Reconcile(again, look, base).Action, "%s: wanted again, it is there", name)
	}
}

func TestAnotherOrganiser(t *testing.T) {
	base, event := published(t, wish())
	theirs := later(event, time.Hour, func(e *calsync.Event) { e.OrganizerSelf = false })
	cs, base := calsync.Observe(base, theirs)
	require.Len(t, cs, 1)
	require.Equal(t, calsync.Taken, cs[0].Kind)
	cs, _ = calsync.Observe(base, theirs)
	require.Empty(t, cs)
	w := wish()
	w.Version = 2
	require.Equal(t, calsync.FieldEvent, calsync.Differences(w, base)[0].Field)
	w.Generation = 2
	d := calsync.Reconcile(w, calsync.Look{Done: true, Event: &theirs}, base)
	require.Equal(t, calsync.Renew, d.Action)
	require.Equal(t, 2, d.Generation)
}

// A person who decides sees both versions, and decides about these and no others.
func TestDifferencesAreSettledOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := calsynctest.NewMemory(office)
		want, base := wish(), calsync.Base{}
		save := func(_ context.Context, b calsync.Base) error { base = b; return nil }
		apply := func() calsync.Outcome {
			_, out, err := calsync.Apply(context.Background(), m, save, want, base)
			require.NoError(t, err)
			if out.Event != nil {
				_, base = calsync.Observe(base, *out.Event)
			}
			return out
		}
		apply()
		require.Empty(t, calsync.Differences(want, base))
		id := m.Live()[0].ID
		ours, theirs := rapid.Bool().Draw(t, "we change"), rapid.SampledFrom([]calsync.Field{calsync.FieldTitle, calsync.FieldDescription, calsync.FieldLocation, calsync.FieldTime, calsync.FieldGuests}).Draw(t, "people change")
		text, when := "Theirs", calsynctest.Content("2027-03-05").When
		switch theirs {
		case calsync.FieldTitle:
			m.Person(id, calsync.Patch{Title: &text})
		case calsync.FieldDescription:
			m.Person(id, calsync.Patch{Description: &text})
		case calsync.FieldLocation:
			m.Person(id, calsync.Patch{Location: &text})
		case calsync.FieldTime:
			m.Person(id, calsync.Patch{When: &when})
		case calsync.FieldGuests:
			left := []calsync.Guest{{Email: hal}}
			m.Person(id, calsync.Patch{Guests: &left})
		}
		_, base = calsync.Observe(base, m.Live()[0])
		if ours {
			want.Version++
			want.Title, want.Description, want.Location, want.When = "Ours", "Ours", "Ours", calsynctest.Content("2027-03-11").When
			apply()
		}
		ds := calsync.Differences(want, base)
		require.Len(t, ds, 1)
		require.Equal(t, theirs, ds[0].Field)

		_, ok := calsync.Concede(want, base, theirs, "another print")
		require.False(t, ok, "decided about what was seen, not about what came since")
		if rapid.Bool().Draw(t, "theirs stay") && theirs != calsync.FieldTime && theirs != calsync.FieldGuests {
			base, ok = calsync.Concede(want, base, theirs, ds[0].Print)
			require.True(t, ok)
			writes := len(m.Writes)
			want.Version++
			require.Empty(t, apply().Conflicts)
			require.Len(t, m.Writes, writes)
			require.Len(t, calsync.Differences(want, base), 1, "it still differs, which is no conflict")
			want.Version++
			want.Title, want.Description, want.Location = "Newer", "Newer", "Newer"
			require.Len(t, apply().Conflicts, 1, "our next change of the field is a new question")
			return
		}
		want.Version++
		want.Overrule = map[calsync.Field]string{theirs: ds[0].Print}
		require.Empty(t, apply().Conflicts)
		require.Empty(t, calsync.Differences(want, base))
		require.True(t, m.Live()[0].When.Same(want.When))
		require.Len(t, m.Live()[0].Guests, 2)
		want.Overrule = nil
		writes := len(m.Writes)
		want.Version++
		apply()
		require.Len(t, m.Writes, writes)
	})
}

// pages is a calendar whose list says two things about one event.
type pages struct {
	*calsynctest.Memory
	list []calsync.Page
	gets int
}

func (p *pages) List(context.Context, string, calsync.Query) (calsync.Page, error) {
	page := p.list[0]
	p.list = p.list[1:]
	return page, nil
}

func (p *pages) Get(ctx context.Context, calendar, id string) (calsync.Event, error) {
	p.gets++
	return p.Memory.Get(ctx, calendar, id)
}

type bases []calsync.Base

func (b bases) Bases(context.Context, string, []string) ([]calsync.Base, error) { return b, nil }

func TestPagesThatContradictEachOther(t *testing.T) {
	m := calsynctest.NewMemory(office)
	var base calsync.Base
	_, _, err := calsync.Apply(context.Background(), m, func(_ context.Context, b calsync.Base) error { base = b; return nil }, wish(), calsync.Base{})
	require.NoError(t, err)
	event := m.Live()[0]
	newer := later(event, time.Hour, func(e *calsync.Event) { e.Title = "Newer" })
	stub := calsync.Event{ID: event.ID, Status: calsync.Cancelled}
	for name, c := range map[string]struct {
		first, second calsync.Event
		gets          int
		title         string
	}{
		"the newest first":        {newer, event, 0, "Newer"},
		"the newest last":         {event, newer, 0, "Newer"},
		"deleted, and still live": {stub, newer, 1, event.Title},
		"live, then deleted":      {newer, stub, 1, event.Title},
	} {
		p := &pages{Memory: m, list: []calsync.Page{{Events: []calsync.Event{c.first}, Next: "2"}, {Events: []calsync.Event{c.second}, Token: "t"}}}
		got, err := calsync.Pull(context.Background(), p, calsync.Reading{Env: "prod", Account: office, Calendar: office}, calsync.Cursor{}, bases{base})
		require.NoError(t, err, name)
		require.Len(t, got.Seen, 1, name)
		require.Equal(t, c.title, got.Seen[0].Title, "%s: where the list leaves it open, the event itself is asked", name)
		require.Equal(t, c.gets, p.gets, name)
	}
}

func TestLostAccessNeedsAPerson(t *testing.T) {
	m := calsynctest.NewMemory("other@vendor.example") // the office's calendar is not visible
	_, err := calsync.Pull(context.Background(), m, calsync.Reading{Env: "prod", Account: office, Calendar: office}, calsync.Cursor{}, bases{})
	require.Equal(t, calsync.Denied, calsync.ClassOf(err))
	base, out, err := calsync.Apply(context.Background(), m, func(context.Context, calsync.Base) error { return nil }, wish(), calsync.Base{})
	require.Equal(t, calsync.Denied, calsync.ClassOf(err))
	require.Empty(t, out.Did)
	require.False(t, base.Confirmed)
}
