package calsynctest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/slot"
)

// Account is a fresh, empty calendar as its owner sees it.
type Account struct {
	Cal          calsync.Calendar
	Calendar     string                       // id of the account's own calendar
	Hidden       string                       // id of a calendar that the account cannot see
	ExpireTokens func()                       // makes every sync token invalid
	Answer       func(id, guest, a, c string) // plays a guest's answer
}

// Content gives a full content for tests, in the morning of a date.
func Content(date string, guests ...string) calsync.Content {
	when, err := calsync.AtSlot(slot.Slot{Date: slot.MustDate(date), Half: slot.AM}, "America/Chicago")
	if err != nil {
		panic(err)
	}
	c := calsync.Content{Title: "Visit: Acme", Description: "Objective &amp; agenda", Location: "1 Main Street, Chicago", When: when, Status: calsync.Confirmed}
	for _, g := range guests {
		c.Guests = append(c.Guests, calsync.Guest{Email: g})
	}
	return c
}

// Suite checks the contract of calsync.Calendar. open must give a fresh account
// for each call.
func Suite(t *testing.T, open func(t *testing.T) Account) {
	ctx := context.Background()
	const ann, bob = "ann@vendor.example", "bob@vendor.example"
	fresh := func(t *testing.T) (Account, calsync.Event) {
		a := open(t)
		c := Content("2027-03-04", ann)
		e, err := a.Cal.Insert(ctx, a.Calendar, calsync.New{ID: "visit00001", Content: c, Marks: calsync.Marks("env", "v1", 1, c)}, calsync.MailAll)
		require.NoError(t, err)
		return a, e
	}
	class := func(t *testing.T, want calsync.Class, err error) {
		t.Helper()
		require.Error(t, err)
		var e *calsync.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, want.String(), e.Class.String(), err.Error())
	}

	t.Run("insert gives back what is stored", func(t *testing.T) {
		a, e := fresh(t)
		c := Content("2027-03-04", ann)
		require.Equal(t, "visit00001", e.ID)
		require.NotEmpty(t, e.ETag)
		require.True(t, e.Live())
		require.True(t, e.OrganizerSelf)
		require.Equal(t, c.Title, e.Title)
		require.Equal(t, c.Description, e.Description)
		require.Equal(t, c.Location, e.Location)
		require.True(t, c.When.Same(e.When))
		require.Equal(t, c.When, e.When, "wall time and zone survive")
		require.Len(t, e.Guests, 1)
		require.Equal(t, calsync.NeedsAction, e.Guests[0].Answer)
		require.Equal(t, "env", e.Marks[calsync.MarkEnv])
		got, err := a.Cal.Get(ctx, a.Calendar, e.ID)
		require.NoError(t, err)
		require.Equal(t, e, got)
	})
	t.Run("an id is good once, also after a deletion", func(t *testing.T) {
		a, e := fresh(t)
		again := calsync.New{ID: e.ID, Content: Content("2027-03-05")}
		_, err := a.Cal.Insert(ctx, a.Calendar, again, calsync.MailNone)
		class(t, calsync.Duplicate, err)
		require.NoError(t, a.Cal.Delete(ctx, a.Calendar, e.ID, "", calsync.MailNone))
		_, err = a.Cal.Insert(ctx, a.Calendar, again, calsync.MailNone)
		class(t, calsync.Duplicate, err)
	})
	t.Run("missing and invisible", func(t *testing.T) {
		a := open(t)
		_, err := a.Cal.Get(ctx, a.Calendar, "neverthere")
		class(t, calsync.Missing, err)
		_, err = a.Cal.Get(ctx, a.Hidden, "neverthere")
		class(t, calsync.Missing, err)
		_, err = a.Cal.Patch(ctx, a.Calendar, "neverthere", "", calsync.Patch{}, calsync.MailNone)
		class(t, calsync.Missing, err)
		class(t, calsync.Missing, a.Cal.Delete(ctx, a.Calendar, "neverthere", "", calsync.MailNone))
	})
	t.Run("patch changes only what it names", func(t *testing.T) {
		a, e := fresh(t)
		title := "Visit: Acme Corporation"
		got, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{Title: &title}, calsync.MailNone)
		require.NoError(t, err)
		require.NotEqual(t, e.ETag, got.ETag)
		e.Title, e.ETag, e.Updated = title, got.ETag, got.Updated
		require.Equal(t, e, got)
	})
	t.Run("patch clears", func(t *testing.T) {
		a, e := fresh(t)
		none, no := "", []calsync.Guest{}
		yes := true
		got, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{Description: &none, Location: &none, Guests: &no, GuestsMayMove: &yes}, calsync.MailNone)
		require.NoError(t, err)
		require.Empty(t, got.Description+got.Location)
		require.Empty(t, got.Guests)
		require.True(t, got.GuestsMayMove)
		yes = false
		got, err = a.Cal.Patch(ctx, a.Calendar, e.ID, got.ETag, calsync.Patch{GuestsMayMove: &yes}, calsync.MailNone)
		require.NoError(t, err)
		require.False(t, got.GuestsMayMove)
	})
	t.Run("guests who do not see each other", func(t *testing.T) {
		a, e := fresh(t)
		require.False(t, e.HideGuests)
		for _, hide := range []bool{true, false} {
			got, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{HideGuests: &hide}, calsync.MailNone)
			require.NoError(t, err)
			require.Equal(t, hide, got.HideGuests)
			require.Equal(t, e.Guests, got.Guests, "the organiser still sees everybody")
			e = got
		}
	})
	t.Run("reminders come, change and go back to the default", func(t *testing.T) {
		a, e := fresh(t)
		require.Nil(t, e.Reminders)
		rs := []calsync.Reminder{{Method: "popup", Minutes: 0}, {Method: "email", Minutes: 1440}}
		got, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{Reminders: &rs}, calsync.MailNone)
		require.NoError(t, err)
		require.Equal(t, rs, got.Reminders)
		rs = nil
		got, err = a.Cal.Patch(ctx, a.Calendar, e.ID, got.ETag, calsync.Patch{Reminders: &rs}, calsync.MailNone)
		require.NoError(t, err)
		require.Nil(t, got.Reminders)
	})
	t.Run("patch of a changed event is refused", func(t *testing.T) {
		a, e := fresh(t)
		title, other := "one", "two"
		_, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{Title: &title}, calsync.MailNone)
		require.NoError(t, err)
		_, err = a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{Title: &other}, calsync.MailNone)
		class(t, calsync.Stale, err)
		class(t, calsync.Stale, a.Cal.Delete(ctx, a.Calendar, e.ID, e.ETag, calsync.MailNone))
		got, err := a.Cal.Get(ctx, a.Calendar, e.ID)
		require.NoError(t, err)
		require.Equal(t, "one", got.Title)
	})
	t.Run("answers survive a write of the guest list", func(t *testing.T) {
		a, e := fresh(t)
		a.Answer(e.ID, ann, "accepted", "with pleasure")
		got, err := a.Cal.Get(ctx, a.Calendar, e.ID)
		require.NoError(t, err)
		require.Equal(t, calsync.Accepted, got.Guests[0].Answer)
		list := append(got.Guests, calsync.Guest{Email: bob})
		got, err = a.Cal.Patch(ctx, a.Calendar, e.ID, got.ETag, calsync.Patch{Guests: &list}, calsync.MailAll)
		require.NoError(t, err)
		require.Len(t, got.Guests, 2)
		require.Equal(t, calsync.Accepted, got.Guests[0].Answer)
		require.Equal(t, "with pleasure", got.Guests[0].Comment)
		require.Equal(t, calsync.NeedsAction, got.Guests[1].Answer)
	})
	t.Run("a new time raises the sequence", func(t *testing.T) {
		a, e := fresh(t)
		when := Content("2027-03-09").When
		got, err := a.Cal.Patch(ctx, a.Calendar, e.ID, e.ETag, calsync.Patch{When: &when}, calsync.MailAll)
		require.NoError(t, err)
		require.Equal(t, when, got.When)
		require.Greater(t, got.Sequence, e.Sequence)
		day := calsync.When{Start: "2027-03-10", End: "2027-03-11", AllDay: true}
		got, err = a.Cal.Patch(ctx, a.Calendar, e.ID, got.ETag, calsync.Patch{When: &day}, calsync.MailNone)
		require.NoError(t, err)
		require.Equal(t, day, got.When)
		got, err = a.Cal.Patch(ctx, a.Calendar, e.ID, got.ETag, calsync.Patch{When: &when}, calsync.MailNone)
		require.NoError(t, err)
		require.Equal(t, when, got.When)
	})
	t.Run("delete leaves a cancelled event, and the second says gone", func(t *testing.T) {
		a, e := fresh(t)
		require.NoError(t, a.Cal.Delete(ctx, a.Calendar, e.ID, e.ETag, calsync.MailAll))
		got, err := a.Cal.Get(ctx, a.Calendar, e.ID)
		require.NoError(t, err)
		require.Equal(t, e.ID, got.ID)
		require.False(t, got.Live())
		class(t, calsync.Gone, a.Cal.Delete(ctx, a.Calendar, e.ID, "", calsync.MailAll))
	})
	t.Run("list in pages, then what changed", func(t *testing.T) {
		a := open(t)
		for _, id := range []string{"visit00001", "visit00002", "visit00003"} {
			_, err := a.Cal.Insert(ctx, a.Calendar, calsync.New{ID: id, Content: Content("2027-03-04", ann)}, calsync.MailNone)
			require.NoError(t, err)
		}
		ids := map[string]bool{}
		q := calsync.Query{Limit: 2}
		var token string
		for pages := 1; ; pages++ {
			p, err := a.Cal.List(ctx, a.Calendar, q)
			require.NoError(t, err)
			for _, e := range p.Events {
				require.False(t, ids[e.ID])
				ids[e.ID] = true
			}
			require.True(t, (p.Next == "") != (p.Token == ""), "the token comes with the last page only")
			if p.Next == "" {
				require.Equal(t, 2, pages)
				token = p.Token
				break
			}
			q.Page = p.Next
		}
		require.Len(t, ids, 3)

		q = calsync.Query{Token: token, Limit: 2}
		p, err := a.Cal.List(ctx, a.Calendar, q)
		require.NoError(t, err)
		require.Empty(t, p.Events)
		require.NoError(t, a.Cal.Delete(ctx, a.Calendar, "visit00002", "", calsync.MailNone))
		a.Answer("visit00003", ann, "declined", "")
		q.Token = p.Token
		p, err = a.Cal.List(ctx, a.Calendar, q)
		require.NoError(t, err)
		require.Len(t, p.Events, 2)
		for _, e := range p.Events {
			require.Equal(t, e.ID == "visit00002", !e.Live())
		}
		full, err := a.Cal.List(ctx, a.Calendar, calsync.Query{})
		require.NoError(t, err)
		require.Len(t, full.Events, 2, "a full list has no tombstones")

		a.ExpireTokens()
		q.Token = p.Token
		_, err = a.Cal.List(ctx, a.Calendar, q)
		class(t, calsync.TokenInvalid, err)
		_, err = a.Cal.List(ctx, a.Calendar, calsync.Query{Token: "nonsense"})
		class(t, calsync.TokenInvalid, err)
	})
	t.Run("free and busy", func(t *testing.T) {
		a, e := fresh(t)
		from := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		got, err := a.Cal.FreeBusy(ctx, []string{a.Calendar, a.Hidden}, from, from.AddDate(1, 0, 0))
		require.NoError(t, err)
		start, end, err := e.When.Instants()
		require.NoError(t, err)
		require.Equal(t, []calsync.Span{{Start: start, End: end}}, got[a.Calendar].Spans)
		require.Empty(t, got[a.Calendar].Unknown)
		require.NotEmpty(t, got[a.Hidden].Unknown, "unreadable is not free")
		require.Empty(t, got[a.Hidden].Spans)
	})
	t.Run("a cancelled context is an unknown outcome", func(t *testing.T) {
		a := open(t)
		if _, memory := a.Cal.(*Memory); memory {
			return // it has no wire to cut
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := a.Cal.Insert(cancelled, a.Calendar, calsync.New{ID: "visit00009", Content: Content("2027-03-04")}, calsync.MailNone)
		class(t, calsync.Unknown, err)
		require.ErrorIs(t, err, context.Canceled)
	})
}
