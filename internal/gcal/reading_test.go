package gcal_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// kinds gives what was done, in order.
func kinds(cs []calsync.Change) (out []calsync.Kind) {
	for _, c := range cs {
		out = append(out, c.Kind)
	}
	return out
}

// expired is the answer to a sync token that the server has forgotten.
var expired = emulator.Fault{Method: "events.list", Action: emulator.FailBefore, Status: 410, Reason: "fullSyncRequired"}

// unchanged wants that nothing is written or mailed by f.
func (b *book) unchanged(f func()) {
	b.t.Helper()
	before := b.emu.Ledger()
	f()
	after := b.emu.Ledger()
	require.Len(b.t, after.Writes(), len(before.Writes()))
	require.Len(b.t, after.Mails, len(before.Mails))
}

func TestFault29_TheSyncTokenHasExpired(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 4)
		b.changes()
		require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
		require.NoError(t, b.emu.Respond(ann, b.id(3), "accepted", ""))
		b.emu.ExpireSyncTokens()
		cs := b.changes()
		require.Equal(t, []calsync.Kind{calsync.Answered, calsync.Deleted}, kinds(cs), "a deletion in the gap is noticed")
		require.Equal(t, "visit-2", cs[1].Visit)
		require.Empty(t, b.changes())
		b.unchanged(func() { b.publish() })
	})
}

func TestFault30_TheTokenExpiresBetweenPages(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for page := 2; page <= 5; page++ {
			b := newBook(t, sw, 5)
			b.cal = asOffice(t, b.emu, b.url, 5*time.Second, pagesOf(1))
			b.changes()
			for i := 1; i <= 4; i++ {
				require.NoError(t, b.emu.Respond(ann, b.id(i), "accepted", ""))
			}
			require.NoError(t, b.emu.DeleteAs(office, b.id(5)))
			b.emu.Advance(time.Second)
			f := expired
			f.Param, f.Nth = "pageToken", page-1
			b.emu.Inject(f)
			cs := b.changes()
			require.Len(t, cs, 5, "each once, page %d", page)
			require.Equal(t, 1, b.emu.Faults()[0].Played)
			require.Empty(t, b.changes())
		}
	})
}

// pagesOf makes the server give so many events a page.
func pagesOf(n int) http.RoundTripper {
	return before(func(r *http.Request) {
		if q := r.URL.Query(); q.Has("maxResults") {
			q.Set("maxResults", fmt.Sprint(n))
			r.URL.RawQuery = q.Encode()
		}
	})
}

type before func(r *http.Request)

// RoundTrip implements http.RoundTripper.
func (f before) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return http.DefaultTransport.RoundTrip(r)
}

func TestFault31_TheSyncTokenIsMalformed(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		b.cursor.Token = "garbled"
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		require.Len(t, b.changes(), 1)
		before := calls(b.emu, "events.list", "")
		require.Empty(t, b.changes())
		require.Equal(t, before+1, calls(b.emu, "events.list", ""), "once, not for ever")
	})
}

func TestFault32_EveryTokenIsRefused(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		b.changes()
		f := expired
		f.Param, f.Count = "syncToken", -1
		b.emu.Inject(f)
		full := 0
		for range 60 {
			b.now = b.now.Add(5 * time.Minute)
			p, _, err := b.pull()
			if err != nil {
				require.True(t, calsync.Is(err, calsync.TokenInvalid), "an alarm")
				continue
			}
			if p.Full {
				full++
			}
		}
		require.LessOrEqual(t, full, 6, "two at once, then one an hour")
		b.emu.ClearFaults()
		b.now = b.now.Add(time.Hour)
		b.changes()
		require.Zero(t, b.cursor.Refused)
	})
}

func TestFault33_TheProcessDiesBetweenPages(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for page := 1; page <= 5; page++ {
			b := newBook(t, sw, 5)
			b.cal = asOffice(t, b.emu, b.url, 5*time.Second, pagesOf(1))
			b.changes()
			for i := 1; i <= 5; i++ {
				require.NoError(t, b.emu.Respond(ann, b.id(i), "accepted", ""))
			}
			b.emu.Advance(time.Second)
			before := b.cursor
			b.emu.Inject(emulator.Fault{Method: "events.list", Nth: page, Action: emulator.DropBefore, Count: 2}) // the library asks once more
			_, _, err := b.pull()
			require.Error(t, err)
			require.Equal(t, before, b.cursor)
			b.emu.ClearFaults()
			require.Len(t, b.changes(), 5, "read again from the stored token")
			require.Empty(t, b.changes())
		}
	})
}

func TestFault34_ChangesComeAgain(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		b.changes()
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
		start, end := instants(t, theirs)
		require.NoError(t, b.emu.Move(office, b.id(3), start, end))
		cursor := b.cursor
		require.Len(t, b.changes(), 3)
		for range 3 {
			b.cursor = cursor // applied, but the cursor was not stored
			require.Empty(t, b.changes())
		}
	})
}

func TestFault35_AnEventIsOnTwoPages(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		t.Run("the same", func(t *testing.T) {
			b := newBook(t, sw, 6)
			b.cal = asOffice(t, b.emu, b.url, 5*time.Second, pagesOf(2))
			b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Twice, Count: 3})
			require.Empty(t, b.changes())
			for i := 1; i <= 6; i++ {
				require.NoError(t, b.emu.Respond(ann, b.id(i), "accepted", ""))
			}
			b.emu.ClearFaults()
			b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Twice, Count: 3})
			require.Len(t, b.changes(), 6)
			require.Empty(t, b.changes())
		})
		t.Run("changed while the pages are read", func(t *testing.T) {
			b := newBook(t, sw, 6)
			b.cal = asOffice(t, b.emu, b.url, 5*time.Second, pagesOf(2))
			b.emu.Inject(emulator.Fault{Method: "events.list", Param: "pageToken", Action: emulator.Run, Do: func() {
				require.NoError(t, b.emu.Respond(ann, b.id(1), "declined", ""))
				require.NoError(t, b.emu.Respond(ann, b.id(6), "accepted", ""))
			}})
			cs := append(b.changes(), b.changes()...)
			require.Len(t, cs, 2, "each once, in this reading or in the next")
			require.Empty(t, b.changes())
		})
		for _, first := range []bool{false, true} {
			t.Run(fmt.Sprint("an older version beside it, first: ", first), func(t *testing.T) {
				b := newBook(t, sw, 2)
				b.changes()
				old := raw(t, b.emu, b.url, http.MethodGet, b.id(1), "")
				require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
				b.cal = asOffice(t, b.emu, b.url, 5*time.Second, &wire{edit: func(_ *http.Request, o map[string]any) {
					if items, isList := o["items"].([]any); isList && first {
						o["items"] = append([]any{old}, items...)
					} else if isList {
						o["items"] = append(items, old)
					}
				}})
				require.Len(t, b.changes(), 1, "the newest counts")
			})
		}
	})
}

func TestFault36_APageIsEmpty(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.EmptyPage, Count: 3})
		require.Empty(t, b.changes())
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
		b.emu.ClearFaults()
		b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.EmptyPage, Count: 3})
		before := calls(b.emu, "events.get", "")
		require.Len(t, b.changes(), 2)
		require.NotEmpty(t, b.cursor.Token, "read to the end")
		require.Equal(t, before, calls(b.emu, "events.get", ""))
	})
}

func TestFault37_TheListIsWronglyEmpty(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, visits := range []int{1, 10} {
			b := newBook(t, sw, visits)
			b.changes()
			b.emu.ExpireSyncTokens()
			b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.EmptyList, Count: 2}) // the first is refused for its token
			b.unchanged(func() {
				p, cs, err := b.pull()
				require.NoError(t, err)
				require.Empty(t, cs)
				if visits == 10 {
					require.Equal(t, calsync.FalseList, p.Doubt)
					require.Len(t, p.Missed, visits)
				}
				require.Empty(t, b.cursor.Token, "the next reading starts anew")
				require.Empty(t, b.changes())
				b.publish()
			})
			require.Len(t, b.emu.Live(office), visits)
		}
	})
}

func TestFault38_ATombstoneHasNothingButItsId(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		sw.BareTombstones = true
		b := newBook(t, sw, 3)
		b.changes()
		require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
		cs := b.changes()
		require.Equal(t, []calsync.Kind{calsync.Deleted}, kinds(cs))
		require.Equal(t, "visit-2", cs[0].Visit)
		b.wants[1].Version++
		b.wants[1].Gone = true
		b.unchanged(func() { b.publish() })
		require.True(t, b.bases["visit-2"].Over)
	})
}

func TestFault39_AnInstanceIsCancelledWithoutAStart(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		b.changes()
		b.cal = asOffice(t, b.emu, b.url, 5*time.Second, &wire{edit: func(_ *http.Request, o map[string]any) {
			if items, isList := o["items"].([]any); isList {
				for _, id := range []string{b.id(1), "someoneelsesseries"} {
					items = append(items, map[string]any{"kind": "calendar#event", "id": id + "_20270304T150000Z", "status": "cancelled", "recurringEventId": id,
						"originalStartTime": map[string]any{"dateTime": "2027-03-04T15:00:00Z"}})
				}
				o["items"] = items
			}
		}})
		require.NoError(t, b.emu.DeleteAs(office, b.id(2)))
		cs := b.changes()
		require.Len(t, cs, 1)
		require.Equal(t, "visit-2", cs[0].Visit, "the right visit, and no other")
		require.Empty(t, b.changes())
	})
}

func TestFault40_TheQueryDiffersFromTheTokens(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 6)
		w := &wire{}
		b.cal = asOffice(t, b.emu, b.url, 5*time.Second, w)
		b.changes()
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		require.Len(t, b.changes(), 1)
		first := w.sent[0].URL.Query()
		for _, r := range w.sent[1:] {
			q := r.URL.Query()
			q.Del("syncToken")
			q.Del("pageToken")
			require.Equal(t, first, q, "the parameters never change")
		}
		require.Zero(t, b.cursor.Refused)

		b.cursor.Params = "another version" // the program was changed
		b.emu.ExpireSyncTokens()
		p, _, err := b.pull()
		require.NoError(t, err)
		require.True(t, p.Full)
		require.Zero(t, b.cursor.Refused, "the old token was not even tried")
	})
}

func TestFault41_APersonMovesTheVisit(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		start, end := instants(t, theirs)
		require.NoError(t, b.emu.Move(office, b.id(1), start, end))
		cs := b.changes()
		require.Equal(t, []calsync.Kind{calsync.Moved}, kinds(cs))
		require.True(t, theirs.Same(cs[0].When))
		b.unchanged(func() {
			b.publish() // not pushed back
			require.Empty(t, b.changes())
			b.wants[0].Version++ // the plan accepts it
			b.wants[0].When = theirs
			b.publish()
			require.Empty(t, b.changes())
		})
		require.True(t, b.emu.Live(office)[0].Start.Equal(start))
	})
}

func TestFault42_APersonDeletesTheVisit(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		require.NoError(t, b.emu.DeleteAs(office, b.id(1)))
		require.Equal(t, []calsync.Kind{calsync.Deleted}, kinds(b.changes()))
		b.unchanged(func() {
			b.publish()
			b.wants[0].Version++
			b.wants[0].Title = "Visit: Acme Inc."
			b.publish()
			b.emu.Advance(48 * time.Hour) // where tombstones are buried, the id is free again
			b.publish()
			require.Empty(t, b.changes())
		})
		require.Empty(t, b.emu.Live(office), "nobody is invited again without being asked")
		b.wants[0].Version++
		b.wants[0].Generation++ // a person invites again
		b.publish()
		require.Equal(t, calsync.EventID("prod", "visit-1", 2), b.emu.Live(office)[0].ID)
		require.Equal(t, 2, b.emu.Ledger().Count("invite", ann, ""))
	})
}

func TestFault43_APersonMovesItToAnotherCalendar(t *testing.T) {
	const other = "other@vendor.example"
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		b.changes()
		b.emu.Share(other, office, "owner")
		require.NoError(t, b.emu.MoveTo(office, b.id(1), other))
		cs := b.changes()
		require.Equal(t, []calsync.Kind{calsync.Deleted}, kinds(cs))
		require.Equal(t, "visit-1", cs[0].Visit)
		there := b.emu.Live(other)
		b.unchanged(func() {
			b.publish()
			require.Empty(t, b.changes())
			b.wants[0].Version++
			b.wants[0].When = later
			b.publish()
		})
		require.Equal(t, there, b.emu.Live(other))
		require.Len(t, b.emu.Live(office), 1, "not made anew")
	})
}

func TestFault44_GuestsAnswerInEveryWay(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		b.unchangedByUs(func() {
			for _, c := range []struct {
				who, answer, comment string
				want                 calsync.Answer
			}{
				{ann, "accepted", "", calsync.Accepted}, {ann, "tentative", "Perhaps later that day?", calsync.Maybe}, {ann, "tentative", "Or never", calsync.Maybe},
				{buyer, "declined", "On holiday", calsync.Declined}, {ann, "needsAction", "", calsync.NeedsAction}, {ann, "declined", "", calsync.Declined},
			} {
				require.NoError(t, b.emu.Respond(c.who, b.id(1), c.answer, c.comment))
				cs := b.changes()
				require.Equal(t, []calsync.Kind{calsync.Answered}, kinds(cs), c.answer)
				require.Equal(t, []any{c.who, c.want, c.comment}, []any{cs[0].Guest, cs[0].Answer, cs[0].Comment})
				b.publish()
			}
		})
	})
	t.Run("a copy taken off the calendar is no answer by itself", func(t *testing.T) {
		every(t, func(t *testing.T, sw emulator.Switches) {
			sw.CopyOnAnswer = false
			b := newBook(t, sw, 1)
			b.changes()
			require.NoError(t, b.emu.DeleteAs(ann, b.id(1)))
			cs := b.changes()
			if sw.SilentRemoval {
				require.Empty(t, cs)
			} else { // the organiser's copy says so
				require.Equal(t, calsync.Declined, cs[0].Answer)
			}
			require.Len(t, b.emu.Live(office), 1)
		})
	})
}

// unchangedByUs wants that f makes the engine write nothing, whatever people do.
func (b *book) unchangedByUs(f func()) {
	b.t.Helper()
	before := len(b.emu.Ledger().Writes())
	f()
	require.Len(b.t, b.emu.Ledger().Writes(), before)
}

func TestFault45_AGuestsCopyNeverAppears(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 0)
		b.emu.SetInvitations(ann, emulator.Respond)
		b.wants = append(b.wants, wish())
		b.publish()
		b.unchangedByUs(func() {
			for range 3 {
				b.emu.Advance(24 * time.Hour)
				require.Empty(t, b.changes(), "no answer is no refusal")
				b.publish()
			}
			require.Equal(t, calsync.NeedsAction, b.bases["visit-1"].Seen.Guests[0].Answer)
			require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", "")) // by the mail
			cs := b.changes()
			require.Len(t, cs, 1)
			require.Equal(t, calsync.Accepted, cs[0].Answer)
		})
		require.Equal(t, 1, b.emu.Ledger().Count("invite", ann, ""))
	})
}

func TestFault46_AnAbsenceDeclinesByItself(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		sw.CopyOnAnswer = false // a calendar without the event declines nothing
		b := newBook(t, sw, 0)
		start, end := instants(t, wish().When)
		_, err := b.emu.Block(ann, "outOfOffice", start.Add(-time.Hour), end.Add(time.Hour), "declineAllConflictingInvitations", "Sailing")
		require.NoError(t, err)
		b.wants = append(b.wants, wish())
		cs := b.publish()
		cs = append(cs, b.changes()...)
		cs = append(cs, b.changes()...)
		require.Equal(t, []calsync.Kind{calsync.Answered}, kinds(cs))
		require.Equal(t, []any{ann, calsync.Declined, "Sailing"}, []any{cs[0].Guest, cs[0].Answer, cs[0].Comment})
		b.unchanged(func() { // not asked again and again
			for range 3 {
				b.publish()
				require.Empty(t, b.changes())
			}
		})
		require.Equal(t, 1, b.emu.Ledger().Count("invite", ann, ""))
	})
}

func TestFault47_AnswersComeInAStorm(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		last := ""
		for i := range 20 {
			last = []string{"accepted", "declined", "tentative"}[(i*7)%3]
			require.NoError(t, b.emu.Respond(ann, b.id(1), last, ""))
			switch i % 5 {
			case 0:
				b.changes()
			case 2:
				b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Twice})
				b.changes()
			case 3:
				b.emu.ExpireSyncTokens()
				b.now = b.now.Add(2 * time.Hour)
			}
		}
		b.changes()
		require.Equal(t, last, string(b.bases["visit-1"].Seen.Guests[0].Answer))
		require.Equal(t, last, b.emu.Live(office)[0].Guest(ann).Answer)
		require.Empty(t, b.changes())
	})
}

func TestFault48_AReadIsOlderThanOurWrite(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		t.Run("of one event", func(t *testing.T) {
			d := newDesk(t, sw)
			d.moves()
			d.settle()
			d.want.Version++
			d.want.Title = "Visit: Acme Inc."
			d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.StaleRead})
			d.settle()
			d.holds(1, 1, 0) // the new title mails nobody
			d.quiet()
		})
		t.Run("for longer than we wait", func(t *testing.T) {
			d := newDesk(t, sw)
			d.moves()
			d.settle()
			d.want.Version++
			d.want.Location = "2 Side Street"
			d.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.StaleRead, Count: -1})
			_, err := d.try()
			require.Equal(t, calsync.Stale, calsync.ClassOf(err))
			require.Equal(t, 1, calls(d.emu, "events.patch", ""))
			d.emu.ClearFaults()
			d.settle()
			d.holds(1, 2, 0)
		})
		t.Run("of a list", func(t *testing.T) {
			b := newBook(t, sw, 2)
			b.changes()
			b.wants[0].Version++
			b.wants[0].When = later
			b.publish()
			b.emu.ExpireSyncTokens()
			b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Lag, Seconds: 5, Count: 2})
			b.unchanged(func() {
				_, cs, err := b.pull()
				require.NoError(t, err)
				require.Empty(t, cs, "our own move is not taken back")
				b.publish()
				b.emu.Advance(time.Minute)
				require.Empty(t, b.changes())
			})
		})
	})
}

func TestFault49_OurOwnWritesEcho(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 3)
		for _, edit := range []func(w *calsync.Want){
			func(w *calsync.Want) {},
			func(w *calsync.Want) { w.When = later },
			func(w *calsync.Want) { w.Title, w.Description = "Visit: Acme Inc.", "" },
			func(w *calsync.Want) { w.Guests = append(w.Guests, calsync.Guest{Email: host}) },
			func(w *calsync.Want) { w.Guests = w.Guests[:1] },
			func(w *calsync.Want) { w.Status = calsync.Tentative },
			func(w *calsync.Want) { w.Gone = true },
		} {
			for i := range b.wants {
				b.wants[i].Version++
				edit(&b.wants[i])
			}
			require.Empty(t, b.publish())
			b.unchanged(func() {
				require.Empty(t, b.changes())
				b.publish()
				b.emu.ExpireSyncTokens()
				b.now = b.now.Add(2 * time.Hour)
				require.Empty(t, b.changes())
				b.publish()
			})
		}
	})
}

func TestFault50_ForeignEventsAreOnTheCalendar(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		ctx := context.Background()
		c := calsynctest.Content("2027-03-01", ann)
		_, err := b.cal.Insert(ctx, office, calsync.New{ID: "someoneelse1", Content: c}, calsync.MailNone)
		require.NoError(t, err)
		strange := calsync.EventID("prod", "forgotten", 1)
		_, err = b.cal.Insert(ctx, office, calsync.New{ID: strange, Content: c, Marks: calsync.Marks("prod", "forgotten", 1, c)}, calsync.MailNone)
		require.NoError(t, err)
		foreign := raw(t, b.emu, b.url, http.MethodGet, "someoneelse1", "")
		p, cs, err := b.pull()
		require.NoError(t, err)
		require.Empty(t, cs)
		require.Len(t, p.Stray, 1, "one with our mark that nobody knows is named")
		require.Equal(t, strange, p.Stray[0].ID)
		require.Len(t, p.Seen, 2)
		for i := range b.wants {
			b.wants[i].Version++
			b.wants[i].When = later
		}
		b.wants[1].Gone = true
		b.publish()
		b.changes()
		require.Equal(t, foreign, raw(t, b.emu, b.url, http.MethodGet, "someoneelse1", ""), "byte for byte")
	})
}

func TestFault51_TheMarksAreLost(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 2)
		b.changes()
		require.NoError(t, b.emu.Edit(office, b.id(1), map[string]any{"extendedProperties": nil}))
		require.Empty(t, b.emu.Live(office)[0].Marks)
		b.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Unfiltered, Count: -1})
		require.Empty(t, b.changes())
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		cs := b.changes()
		require.Len(t, cs, 1, "known by its id")
		require.Equal(t, "visit-1", cs[0].Visit)
		b.wants[0].Version++
		b.wants[0].When = later
		b.publish()
		require.Len(t, b.emu.Live(office), 2)
		require.NotEmpty(t, b.emu.Live(office)[0].Marks, "marked again with the next write")
		require.Equal(t, 1, b.emu.Ledger().Count("invite", ann, b.id(1)))
	})
}
