package calsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/fault"
	"windshield/internal/slot"
)

const (
	office = "office@vendor.example"
	ann    = "ann@vendor.example"
	hal    = "hal@vendor.example"
)

func wish() calsync.Want {
	return calsync.Want{Env: "prod", Visit: "v1", Calendar: office, Generation: 1, Version: 1, Content: calsynctest.Content("2027-03-04", ann, hal)}
}

// published gives the base and the event after a first publication.
func published(t require.TestingT, w calsync.Want) (calsync.Base, calsync.Event) {
	m := calsynctest.NewMemory(office)
	b, _, err := calsync.Apply(context.Background(), m, func(context.Context, calsync.Base) error { return nil }, w, calsync.Base{})
	require.NoError(t, err)
	return b, m.Live()[0]
}

func TestReconcile(t *testing.T) {
	base, event := published(t, wish())
	intent := calsync.Base{Visit: "v1", Calendar: office, Generation: 1, EventID: event.ID, Intent: &calsync.Intent{Op: calsync.OpInsert, Version: 1, Content: wish().Content}}
	there := func(edit func(e *calsync.Event)) calsync.Look {
		e := event
		if edit != nil {
			edit(&e)
		}
		return calsync.Look{Done: true, Event: &e}
	}
	absent, unread := calsync.Look{Done: true}, calsync.Look{}
	bareStub := calsync.Look{Done: true, Event: &calsync.Event{ID: event.ID, Status: calsync.Cancelled}}
	with := func(edit func(w *calsync.Want)) calsync.Want {
		w := wish()
		w.Version = 2
		edit(&w)
		return w
	}
	retitled := with(func(w *calsync.Want) { w.Title = "Visit: Acme Inc." })
	moved := with(func(w *calsync.Want) { w.When = calsynctest.Content("2027-03-11").When })
	gone := with(func(w *calsync.Want) { w.Gone = true })
	over := base
	over.Over = true
	late := base
	late.Sequence = 5

	for name, c := range map[string]struct {
		want   calsync.Want
		look   calsync.Look
		base   calsync.Base
		action calsync.Action
		mail   calsync.Mail
	}{
		"never published":                       {wish(), unread, calsync.Base{}, calsync.Insert, calsync.MailAll},
		"never published, quietly":              {with(func(w *calsync.Want) { w.Quiet = true }), unread, calsync.Base{}, calsync.Insert, calsync.MailNone},
		"agreed before":                         {wish(), unread, base, calsync.Nothing, ""},
		"agreed before, and looked":             {wish(), there(nil), base, calsync.Nothing, calsync.MailNone},
		"an older wish":                         {with(func(w *calsync.Want) { w.Version = 0; w.Title = "old" }), unread, base, calsync.Nothing, ""},
		"changed: look first":                   {moved, unread, base, calsync.Read, ""},
		"moved":                                 {moved, there(nil), base, calsync.Amend, calsync.MailAll},
		"a better title mails nobody":           {retitled, there(nil), base, calsync.Amend, calsync.MailNone},
		"interrupted: look first":               {wish(), unread, intent, calsync.Read, ""},
		"interrupted, nothing there":            {wish(), absent, intent, calsync.Insert, calsync.MailAll},
		"interrupted, there":                    {wish(), there(nil), intent, calsync.Adopt, ""},
		"interrupted, taken by another":         {wish(), there(func(e *calsync.Event) { e.Marks = nil }), intent, calsync.Renew, calsync.MailAll},
		"interrupted, cancelled":                {wish(), bareStub, intent, calsync.Renew, calsync.MailAll},
		"deleted by a person":                   {moved, bareStub, base, calsync.Ask, ""},
		"vanished":                              {moved, absent, base, calsync.Ask, ""},
		"invited again by a person":             {with(func(w *calsync.Want) { w.Generation = 2 }), bareStub, base, calsync.Renew, calsync.MailAll},
		"invited again although it is there":    {with(func(w *calsync.Want) { w.Generation = 2 }), there(nil), base, calsync.Nothing, calsync.MailNone},
		"wanted again after our cancellation":   {moved, unread, over, calsync.Renew, calsync.MailAll},
		"the mark got lost":                     {moved, there(func(e *calsync.Event) { e.Marks = nil }), base, calsync.Amend, calsync.MailAll},
		"another's mark":                        {moved, there(func(e *calsync.Event) { e.Marks = map[string]string{calsync.MarkKey: "staging/v1/1"} }), base, calsync.Ask, ""},
		"no longer ours to write":               {moved, there(func(e *calsync.Event) { e.OrganizerSelf = false }), base, calsync.Ask, ""},
		"older than our own write":              {moved, there(nil), late, calsync.Read, ""},
		"people edited, we did not":             {wish(), there(func(e *calsync.Event) { e.Description = "Theirs" }), base, calsync.Nothing, calsync.MailNone},
		"both edited alike":                     {retitled, there(func(e *calsync.Event) { e.Title = retitled.Title }), base, calsync.Nothing, calsync.MailNone},
		"both edited":                           {retitled, there(func(e *calsync.Event) { e.Title = "Theirs" }), base, calsync.Ask, calsync.MailNone},
		"a cut guest list is not written":       {with(func(w *calsync.Want) { w.Guests = nil }), there(func(e *calsync.Event) { e.GuestsHidden = true }), base, calsync.Ask, calsync.MailNone},
		"unwanted, never published":             {gone, unread, calsync.Base{}, calsync.Nothing, ""},
		"unwanted: look first":                  {gone, unread, base, calsync.Read, ""},
		"unwanted":                              {gone, there(nil), base, calsync.Cancel, calsync.MailAll},
		"unwanted, edited by people":            {gone, there(func(e *calsync.Event) { e.Title = "Theirs" }), base, calsync.Cancel, calsync.MailAll},
		"unwanted, gone":                        {gone, bareStub, base, calsync.Nothing, ""},
		"unwanted, vanished":                    {gone, absent, base, calsync.Nothing, ""},
		"unwanted, cancelled by us before":      {gone, unread, over, calsync.Nothing, ""},
		"unwanted, interrupted, taken by other": {gone, there(func(e *calsync.Event) { e.Marks = nil }), intent, calsync.Nothing, ""},
		"unwanted, another organises":           {gone, there(func(e *calsync.Event) { e.OrganizerSelf = false }), base, calsync.Ask, ""},
	} {
		d := calsync.Reconcile(c.want, c.look, c.base)
		require.Equal(t, c.action, d.Action, name)
		require.Equal(t, c.mail, d.Mail, name)
		require.NotEmpty(t, d.Reason, name)
		require.NotContains(t, d.Reason, "@", name)
		require.NotContains(t, d.Reason, "Acme", name)
	}

	d := calsync.Reconcile(moved, there(nil), base)
	require.Nil(t, d.Patch.Guests, "a new time carries no guests")
	require.Nil(t, d.Patch.Title)
	require.Equal(t, []calsync.Field{calsync.FieldTime}, d.Fields)
}

func TestEventIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		env, visit := rapid.String().Draw(t, "env"), rapid.String().Draw(t, "visit")
		g := rapid.IntRange(1, 1000).Draw(t, "generation")
		id := calsync.EventID(env, visit, g)
		require.Len(t, id, 32)
		require.Empty(t, strings.Trim(id, "0123456789abcdefghijklmnopqrstuv"))
		require.Equal(t, id, calsync.EventID(env, visit, g))
		require.NotEqual(t, id, calsync.EventID(env, visit, g+1))
		require.NotEqual(t, id, calsync.EventID(env+"x", visit, g))
	})
	require.Equal(t, "fbru26pvr3pr1nbkh6mnp3lud9bu32ag", calsync.EventID("prod", "v1", 1), "ids must never change between versions of the program")
}

func TestHashKnowsWhatMatters(t *testing.T) {
	a := wish().Content
	b := a
	b.Guests = []calsync.Guest{{Email: "HAL@vendor.example", Answer: calsync.Accepted}, {Email: ann}}
	start, end, err := a.When.Instants()
	require.NoError(t, err)
	zurich, err := slot.LoadZone("Europe/Zurich")
	require.NoError(t, err)
	b.When = calsync.When{Start: calsync.WallOf(start, zurich), End: calsync.WallOf(end, zurich), Zone: "Europe/Zurich"}
	require.Equal(t, a.Hash(), b.Hash())
	for _, edit := range []func(c *calsync.Content){
		func(c *calsync.Content) { c.Title += "!" }, func(c *calsync.Content) { c.Description += "!" }, func(c *calsync.Content) { c.Location += "!" },
		func(c *calsync.Content) { c.When = calsynctest.Content("2027-03-05").When }, func(c *calsync.Content) { c.Status = calsync.Tentative },
		func(c *calsync.Content) { c.Guests = c.Guests[:1] }, func(c *calsync.Content) { c.Reminders = []calsync.Reminder{} }, func(c *calsync.Content) { c.GuestsMayMove = true },
	} {
		c := a
		edit(&c)
		require.NotEqual(t, a.Hash(), c.Hash())
	}
}

func TestCheckNamesWhatCannotBeWritten(t *testing.T) {
	require.NoError(t, wish().Check())
	for where, edit := range map[string]func(w *calsync.Want){
		"visit":       func(w *calsync.Want) { w.Env = "" },
		"title":       func(w *calsync.Want) { w.Title = " " },
		"description": func(w *calsync.Want) { w.Description = strings.Repeat("ä", 8001) },
		"time":        func(w *calsync.Want) { w.When.Zone = "Europe/Atlantis" },
		"status":      func(w *calsync.Want) { w.Status = calsync.Cancelled },
		"guests":      func(w *calsync.Want) { w.Guests = make([]calsync.Guest, 201) },
		"reminders":   func(w *calsync.Want) { w.Reminders = []calsync.Reminder{{Method: "popup", Minutes: 40321}} },
	} {
		w := wish()
		edit(&w)
		err := w.Check()
		require.True(t, fault.Is(err, fault.Invalid), where)
		_, details := fault.Shown(err)
		require.Equal(t, where, details[0].Where)
	}
	w := wish()
	w.When.End = w.When.Start
	require.Error(t, w.Check())
	w.Gone = true
	require.NoError(t, w.Check(), "what is to go need not be well formed")
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		known, missing int
		want           calsync.Verdict
	}{{0, 0, calsync.Believe}, {3, 3, calsync.Believe}, {10, 3, calsync.Believe}, {10, 4, calsync.Recheck}, {100, 20, calsync.Believe}, {100, 21, calsync.Recheck}, {2400, 2400, calsync.Recheck}} {
		require.Equal(t, c.want, calsync.Judge(c.known, c.missing), "%+v", c)
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		status int
		reason string
		token  bool
		want   calsync.Class
	}{
		{403, "rateLimitExceeded", false, calsync.SlowDown}, {403, "quotaExceeded", false, calsync.UsageLimit}, {403, "", false, calsync.Denied},
		{403, "forbidden", false, calsync.Denied}, {429, "", false, calsync.SlowDown}, {400, "invalid", false, calsync.Permanent},
		{400, "invalid", true, calsync.TokenInvalid}, {410, "", true, calsync.TokenInvalid}, {410, "", false, calsync.Gone}, {410, "deleted", false, calsync.Gone},
		{404, "notFound", false, calsync.Missing}, {404, "notFound", true, calsync.Missing}, {409, "duplicate", false, calsync.Duplicate}, {412, "", false, calsync.Stale},
		{401, "", false, calsync.AuthLost}, {500, "", false, calsync.Unknown}, {503, "backendError", false, calsync.Unknown}, {503, "invalid", false, calsync.Unknown},
		{0, "", false, calsync.Unknown}, {408, "", false, calsync.Unknown}, {413, "", false, calsync.Permanent}, {400, "invalid_grant", false, calsync.AuthLost},
	} {
		require.Equal(t, c.want.String(), calsync.Classify(c.status, c.reason, c.token).String(), "%+v", c)
	}
}

var errDied = errors.New("the process died")

// TestWalks plays random histories of plan changes, people's actions, lost
// replies and deaths of the process, and asserts after each step that settles
// what must always hold.
func TestWalks(t *testing.T) {
	for range 8 { // a hundred walks each
		rapid.Check(t, walk)
	}
}

func walk(t *rapid.T) {
	m := calsynctest.NewMemory(office)
	want := wish()
	var stored calsync.Base
	faults, dieAt, saves := 0, 0, 0
	m.Fault = func(call string, after bool) error {
		if faults > 0 && rapid.IntRange(0, 3).Draw(t, "fault") == 0 {
			faults--
			return &calsync.Error{Class: calsync.Unknown, Call: call, Reason: "lost"}
		}
		return nil
	}
	save := func(_ context.Context, b calsync.Base) error {
		saves++
		if saves == dieAt && dieAt%2 == 0 {
			return errDied
		}
		raw, err := json.Marshal(b)
		require.NoError(t, err)
		stored = calsync.Base{}
		require.NoError(t, json.Unmarshal(raw, &stored))
		if saves == dieAt {
			return errDied
		}
		return nil
	}
	settle := func() calsync.Outcome {
		for range 40 {
			_, out, err := calsync.Apply(context.Background(), m, save, want, stored)
			if err == nil {
				return out
			}
			faults = max(0, faults-1)
		}
		t.Fatal("did not settle")
		return calsync.Outcome{}
	}
	answers, deletions, generation, deputy := map[string]calsync.Answer{}, 0, 1, false
	people := map[calsync.Field]bool{} // fields that people have touched
	cancelled := 0
	dates := []string{"2027-03-04", "2027-03-05", "2027-03-11", "2027-04-06"}
	pull := func() {
		for _, e := range m.Live() {
			_, stored = calsync.Observe(stored, e)
		}
		if e, err := m.Get(context.Background(), office, stored.EventID); err == nil && !e.Live() {
			_, stored = calsync.Observe(stored, e)
		}
	}

	for range rapid.IntRange(1, 14).Draw(t, "steps") {
		live := m.Live()
		switch rapid.SampledFrom([]string{"time", "title", "guests", "gone", "answer", "move", "edit", "delete", "forward", "again", "pull"}).Draw(t, "step") {
		case "time":
			want.Version++
			want.When = calsynctest.Content(rapid.SampledFrom(dates).Draw(t, "date")).When
		case "title":
			want.Version++
			want.Title = rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "title")
		case "guests":
			want.Version++
			want.Guests = [][]calsync.Guest{{{Email: ann}}, {{Email: ann}, {Email: hal}}}[rapid.IntRange(0, 1).Draw(t, "guests")]
		case "gone":
			want.Version++
			want.Gone = !want.Gone
			if want.Gone {
				cancelled++
			}
		case "again":
			if stored.Seen.Deleted || stored.Confirmed && len(live) == 0 {
				want.Version++
				want.Generation = stored.Generation + 1
			}
		case "answer":
			if len(live) == 1 {
				a := rapid.SampledFrom([]calsync.Answer{calsync.Accepted, calsync.Declined}).Draw(t, "answer")
				m.Answer(live[0].ID, ann, a, "")
				answers[live[0].ID] = a
			}
		case "move":
			if len(live) == 1 {
				when := calsynctest.Content(rapid.SampledFrom(dates).Draw(t, "date")).When
				m.Person(live[0].ID, calsync.Patch{When: &when})
				people[calsync.FieldTime] = true
			}
		case "edit":
			if len(live) == 1 {
				text := rapid.SampledFrom([]string{"Theirs", "Also theirs"}).Draw(t, "text")
				m.Person(live[0].ID, calsync.Patch{Description: &text})
				people[calsync.FieldDescription] = true
			}
		case "delete":
			if len(live) == 1 {
				m.Remove(live[0].ID)
				deletions++
			}
		case "forward":
			if len(live) == 1 {
				list := append(live[0].Guests, calsync.Guest{Email: "deputy@vendor.example"})
				if !deputy {
					m.Person(live[0].ID, calsync.Patch{Guests: &list})
					deputy = true
				}
			}
		case "pull":
			pull()
		}
		if rapid.Bool().Draw(t, "apply") {
			faults = rapid.IntRange(0, 3).Draw(t, "faults")
			dieAt, saves = rapid.IntRange(0, 5).Draw(t, "dies"), 0
			before := map[string]string{}
			for _, e := range m.Live() {
				before[e.ID] = e.Description
			}
			out := settle()
			after := m.Live()
			require.LessOrEqual(t, len(after), 1, "never two")
			switch {
			case want.Gone:
				require.Empty(t, after)
			case len(out.Conflicts) == 0 || out.Conflicts[0].Field != calsync.FieldEvent:
				if deletions == 0 {
					require.Len(t, after, 1)
				}
			}
			if len(after) == 1 {
				e := after[0]
				if text, same := before[e.ID]; same && people[calsync.FieldDescription] {
					require.Equal(t, text, e.Description, "people's text is never overwritten")
				} else if !same {
					deputy = false
					delete(people, calsync.FieldDescription)
					delete(people, calsync.FieldTime)
				}
				if !people[calsync.FieldTime] {
					require.True(t, want.When.Same(e.When))
				}
				require.Equal(t, want.Title, e.Title)
				if deputy {
					require.Len(t, e.Guests, len(want.Guests)+1)
				}
			}
			generation = max(generation, stored.Generation)
			require.LessOrEqual(t, m.Count("invite", ann), generation, "one invitation per generation")
			require.LessOrEqual(t, m.Count("cancel", ann), cancelled)

			writes, mails := len(m.Writes), len(m.Mails)
			settle()
			require.Equal(t, writes, len(m.Writes), "a second run writes nothing")
			require.Equal(t, mails, len(m.Mails))
		}
	}
	faults, dieAt = 0, 0
	settle()
	pull()
	for _, e := range m.Live() { // whatever order things came in: what is known is what is there
		for _, g := range e.Guests {
			found := false
			for _, s := range stored.Seen.Guests {
				if s.Email == g.Email {
					found = true
					require.Equal(t, g.Answer, s.Answer)
				}
			}
			require.True(t, found)
		}
		require.True(t, e.When.Same(stored.Seen.When))
		cs, _ := calsync.Observe(stored, e)
		require.Empty(t, cs)
	}
}

func TestAnInterruptedChangeIsNotTakenForAgreed(t *testing.T) {
	m := calsynctest.NewMemory(office)
	var stored calsync.Base
	die := false
	apply := func(w calsync.Want) calsync.Outcome {
		saves := 0
		_, out, err := calsync.Apply(context.Background(), m, func(_ context.Context, b calsync.Base) error {
			if saves++; die && saves == 2 {
				return errDied
			}
			stored = b
			return nil
		}, w, stored)
		require.Equal(t, die, err != nil)
		return out
	}
	first := wish()
	apply(first)
	theirs := calsynctest.Content("2027-03-05").When
	m.Person(m.Live()[0].ID, calsync.Patch{When: &theirs})
	second := wish()
	second.Version, second.Title, second.When = 2, "B", calsynctest.Content("2027-03-11").When
	die = true
	apply(second)
	die = false
	require.Len(t, apply(second).Conflicts, 1)
	first.Version = 3
	apply(first)
	require.Equal(t, first.Title, m.Live()[0].Title)
}

func ExampleReconcile() {
	w := calsync.Want{Env: "prod", Visit: "v1", Calendar: office, Version: 1, Content: calsynctest.Content("2027-03-04", ann)}
	d := calsync.Reconcile(w, calsync.Look{}, calsync.Base{})
	fmt.Println(d.Action, "because", d.Reason)
	// Output: insert because never published
}
