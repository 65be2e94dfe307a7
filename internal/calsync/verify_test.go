package calsync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
)

func TestVerify(t *testing.T) {
	base, event := published(t, wish())
	with := func(edit func(e *calsync.Event)) []calsync.Event {
		e := event
		edit(&e)
		return []calsync.Event{e}
	}
	later := func(e *calsync.Event) { e.Updated, e.Sequence = e.Updated.Add(1), e.Sequence+1 }
	gone := wish()
	gone.Gone, gone.Version = true, 2
	over := base
	over.Over, over.Applied = true, 2
	retitled := wish()
	retitled.Title = "Visit: Acme Inc."
	second := event
	second.ID, second.Marks = calsync.EventID("prod", "v1", 2), calsync.Marks("prod", "v1", 2, wish().Content)
	strange := event
	strange.ID, strange.Marks = "someothervisit", calsync.Marks("prod", "v9", 1, wish().Content)
	staging := event
	staging.ID, staging.Marks = "someothereven", calsync.Marks("staging", "v9", 1, wish().Content)
	holiday := calsync.Event{ID: "holiday", Status: calsync.Confirmed, Title: "Holiday"}
	is := func(s calsync.Standing, fields ...calsync.Field) []calsync.Finding {
		return []calsync.Finding{{Standing: s, Visit: "v1", Calendar: office, EventID: event.ID, Fields: fields}}
	}
	for name, c := range map[string]struct {
		want   calsync.Want
		base   calsync.Base
		open   calsync.Standing
		events []calsync.Event
		out    []calsync.Finding
	}{
		"as wanted":               {wish(), base, "", []calsync.Event{holiday, event, staging}, is(calsync.AsWanted)},
		"its mark was lost":       {wish(), base, "", with(func(e *calsync.Event) { e.Marks = nil }), is(calsync.AsWanted)},
		"an answer is no change":  {wish(), base, "", with(func(e *calsync.Event) { e.Guests = slices.Clone(e.Guests); e.Guests[0].Answer = calsync.Accepted }), is(calsync.AsWanted)},
		"missing":                 {wish(), base, "", []calsync.Event{holiday}, is(calsync.Lost)},
		"missing: a tombstone":    {wish(), base, "", []calsync.Event{{ID: event.ID, Status: calsync.Cancelled}}, is(calsync.Lost)},
		"text edited":             {wish(), base, "", with(func(e *calsync.Event) { later(e); e.Description = "Bring cake" }), is(calsync.Touched, calsync.FieldDescription)},
		"moved, not read back":    {wish(), base, "", with(func(e *calsync.Event) { later(e); e.When = calsynctest.Content("2027-03-11").When }), is(calsync.Differs, calsync.FieldTime)},
		"a guest taken off":       {wish(), base, "", with(func(e *calsync.Event) { later(e); e.Guests = e.Guests[1:] }), is(calsync.Differs, calsync.FieldGuests)},
		"our wish never arrived":  {retitled, base, "", []calsync.Event{event}, is(calsync.Differs, calsync.FieldTitle)},
		"older than acknowledged": {wish(), base, "", with(func(e *calsync.Event) { e.Updated = e.Updated.Add(-1); e.Location = "Nowhere" }), is(calsync.Differs, calsync.FieldLocation)},
		"both changed the title":  {retitled, base, "", with(func(e *calsync.Event) { later(e); e.Title = "Theirs" }), is(calsync.Disputed, calsync.FieldTitle)},
		"organised by another":    {wish(), base, "", with(func(e *calsync.Event) { e.OrganizerSelf = false }), is(calsync.Disputed, calsync.FieldEvent)},
		"twice": {wish(), base, "", []calsync.Event{event, second},
			[]calsync.Finding{{Standing: calsync.Doubled, Visit: "v1", Calendar: office, EventID: event.ID, Others: []string{second.ID}}}},
		"another generation alone": {wish(), base, "", []calsync.Event{second},
			[]calsync.Finding{{Standing: calsync.Doubled, Visit: "v1", Calendar: office, EventID: event.ID, Others: []string{second.ID}}}},
		"nobody's": {wish(), base, "", []calsync.Event{event, strange, strange},
			append(is(calsync.AsWanted), calsync.Finding{Standing: calsync.Orphan, Visit: "v9", Calendar: office, EventID: strange.ID})},
		"cancelled":            {gone, over, "", []calsync.Event{holiday}, nil},
		"cancelled, yet there": {gone, over, "", []calsync.Event{event}, is(calsync.Leftover)},
		"cancelled, and a later one that a restored database does not know": {gone, over, "", []calsync.Event{second}, []calsync.Finding{{Standing: calsync.Orphan, Visit: "v1", Calendar: office, EventID: second.ID}}},
		"on its way":            {retitled, base, calsync.Waiting, []calsync.Event{event}, is(calsync.Waiting)},
		"parked":                {wish(), calsync.Base{}, calsync.Parked, nil, []calsync.Finding{{Standing: calsync.Parked, Visit: "v1", Calendar: office}}},
		"a conflict is open":    {wish(), base, calsync.Disputed, nil, is(calsync.Disputed)},
		"doubled while waiting": {wish(), base, calsync.Waiting, []calsync.Event{event, second}, []calsync.Finding{{Standing: calsync.Doubled, Visit: "v1", Calendar: office, EventID: event.ID, Others: []string{second.ID}}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.out, calsync.Verify("prod", office, []calsync.Record{{Want: c.want, Base: c.base, Open: c.open}}, c.events))
		})
	}
	require.True(t, calsync.Touched.Well() && !calsync.Lost.Well() && calsync.Lost.Mendable() && !calsync.Doubled.Mendable())
}

// A calendar that lies is found out, nothing is written while looking, and what
// is mended is mended by the normal rules.
func TestExamineFindsWhatWasAcknowledgedButIsNotSo(t *testing.T) {
	ctx := context.Background()
	m := calsynctest.NewMemory(office)
	bases := make([]calsync.Base, 70)
	keep := func(i int) calsync.Save {
		return func(_ context.Context, b calsync.Base) error { bases[i] = b; return nil }
	}
	want := func(i int) calsync.Want {
		w := wish()
		w.Visit = fmt.Sprintf("v%02d", i)
		return w
	}
	var records []calsync.Record
	for i := range bases {
		_, _, err := calsync.Apply(ctx, m, keep(i), want(i), calsync.Base{})
		require.NoError(t, err)
		records = append(records, calsync.Record{Want: want(i), Base: bases[i]})
	}
	// One deletion that the server acknowledges and does not carry out.
	gone := want(3)
	gone.Gone, gone.Version = true, 2
	_, _, err := calsync.Apply(ctx, lying{m}, keep(3), gone, bases[3])
	require.NoError(t, err)
	require.True(t, bases[3].Over)
	records[3] = calsync.Record{Want: gone, Base: bases[3]}
	m.Remove(bases[5].EventID)
	writes := len(m.Writes)
	found, err := calsync.Examine(ctx, m, "prod", office, records)
	require.NoError(t, err)
	require.Len(t, m.Writes, writes, "looking writes nothing")
	tally := map[calsync.Standing]int{}
	for _, f := range found {
		tally[f.Standing]++
	}
	require.Equal(t, map[calsync.Standing]int{calsync.AsWanted: 68, calsync.Leftover: 1, calsync.Lost: 1}, tally)

	// The leftover goes when it is looked at again; who was taken out by hand is asked about.
	bases[3] = calsync.Reopen(bases[3], calsync.Leftover)
	gone.Version++
	_, out, err := calsync.Apply(ctx, m, keep(3), gone, bases[3])
	require.NoError(t, err)
	require.Equal(t, []calsync.Action{calsync.Cancel}, out.Did)
	again := want(5)
	again.Version++
	_, out, err = calsync.Apply(ctx, m, keep(5), again, calsync.Reopen(bases[5], calsync.Lost))
	require.NoError(t, err)
	require.Empty(t, out.Did)
	require.Equal(t, calsync.FieldEvent, out.Conflicts[0].Field)

	// A list that is wrongly empty is not believed, one that lacks a few is completed.
	records[3], records[5] = records[6], records[7]
	_, err = calsync.Examine(ctx, forgetful{m, 0}, "prod", office, records)
	require.True(t, calsync.Is(err, calsync.Stale), "%v", err)
	found, err = calsync.Examine(ctx, forgetful{m, 60}, "prod", office, records)
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(found, func(f calsync.Finding) bool { return !f.Standing.Well() }), "%v", found)
}

type lying struct{ *calsynctest.Memory }

func (lying) Delete(context.Context, string, string, string, calsync.Mail) error { return nil }

// forgetful lists only so many events.
type forgetful struct {
	*calsynctest.Memory
	most int
}

func (f forgetful) List(ctx context.Context, calendar string, q calsync.Query) (calsync.Page, error) {
	p, err := f.Memory.List(ctx, calendar, q)
	p.Events = p.Events[:min(f.most, len(p.Events))]
	return p, err
}

// What is foreseen is what happens: the same mails to the same people, and no
// write where none was foreseen.
func TestForeseenIsWhatIsDone(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		m := calsynctest.NewMemory(office)
		var base calsync.Base
		save := func(_ context.Context, b calsync.Base) error { base = b; return nil }
		w := wish()
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			w.Version++
			w.Gone = rapid.IntRange(0, 4).Draw(t, "gone") == 0
			w.Quiet = rapid.IntRange(0, 4).Draw(t, "quiet") == 0
			w.When = calsynctest.Content(rapid.SampledFrom([]string{"2027-03-04", "2027-03-11"}).Draw(t, "date")).When
			w.Title = rapid.SampledFrom([]string{"Visit", "Customer visit"}).Draw(t, "title")
			w.Guests = nil
			for _, g := range []string{ann, hal, "Bea@Vendor.example"} {
				if rapid.Bool().Draw(t, g) {
					w.Guests = append(w.Guests, calsync.Guest{Email: g})
				}
			}
			f := calsync.Foresee(w, base)
			mails, writes := len(m.Mails), len(m.Writes)
			_, _, err := calsync.Apply(ctx, m, save, w, base)
			require.NoError(t, err)
			var said, sent []string
			for _, x := range f.Told {
				if x.Mailed {
					said = append(said, map[calsync.Effect]string{calsync.EffectNew: "invite", calsync.EffectGone: "cancel"}[x.Effect]+" "+x.Email)
				}
			}
			for _, x := range m.Mails[mails:] {
				sent = append(sent, strings.TrimPrefix(x.Kind, "update")+" "+x.To)
			}
			require.ElementsMatch(t, said, sent, "%+v", f.Decision)
			require.Equal(t, f.Mails(), len(sent))
			require.Equal(t, f.Effect == calsync.EffectNone, len(m.Writes) == writes, "%+v", f.Decision)
			if rapid.Bool().Draw(t, "answer") && len(m.Live()) == 1 && len(w.Guests) > 0 {
				m.Answer(m.Live()[0].ID, w.Guests[0].Email, calsync.Accepted, "")
			}
			// The second time nothing is foreseen.
			require.Equal(t, calsync.EffectNone, calsync.Foresee(w, base).Effect)
		}
	})
}

func BenchmarkForesee(b *testing.B) {
	base, _ := published(b, wish())
	moved := wish()
	moved.Version, moved.When = 2, calsynctest.Content("2027-03-11").When
	for b.Loop() {
		for range 3000 {
			calsync.Foresee(moved, base)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	var records []calsync.Record
	var events []calsync.Event
	for i := range 3000 {
		w := wish()
		w.Visit = fmt.Sprintf("v%04d", i)
		base, event := published(b, w)
		records, events = append(records, calsync.Record{Want: w, Base: base}), append(events, event)
	}
	b.ResetTimer()
	for b.Loop() {
		calsync.Verify("prod", office, records, events)
	}
}
