package gcal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// later is a time that the plan may move the visit to, theirs one that people do.
var (
	later  = calsynctest.Content("2027-03-11").When
	theirs = calsynctest.Content("2027-03-05").When
)

func instants(t require.TestingT, w calsync.When) (start, end time.Time) {
	start, end, err := w.Instants()
	require.NoError(t, err)
	return start, end
}

// moves publishes the visit and then wants it at another time.
func (d *desk) moves() {
	d.settle()
	d.want.Version++
	d.want.When = later
}

// wire sees every request and may change every answer.
type wire struct {
	sent []*http.Request // with their bodies to read once more
	edit func(r *http.Request, answer map[string]any)
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	copied := r.Clone(context.Background())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	w.sent = append(w.sent, copied)
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || w.edit == nil || a.StatusCode != http.StatusOK {
		return a, err
	}
	defer a.Body.Close()
	var o map[string]any
	if err := json.NewDecoder(a.Body).Decode(&o); err != nil {
		return nil, err
	}
	w.edit(r, o)
	b, err := json.Marshal(o)
	a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	a.Header.Del("Content-Length")
	return a, err
}

// raw makes a request for an event of the office as another program of theirs
// would, and gives the answer as it comes over the wire.
func raw(t testing.TB, emu *emulator.Server, url, method, id, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequest(method, url+"/calendar/v3/calendars/"+office+"/events/"+id, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+emu.Token(office))
	a, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer a.Body.Close()
	require.Equal(t, http.StatusOK, a.StatusCode)
	var o map[string]any
	require.NoError(t, json.NewDecoder(a.Body).Decode(&o))
	return o
}

func TestFault13_TheReplyToAPatchIsLost(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		each(t, sw, "events.patch", outcomes, func(d *desk, play func()) {
			d.moves()
			play()
			d.settle()
			d.holds(1, 1, 0)
			d.quiet()
		})
	})
}

func TestFault14_APersonEditsBetweenReadAndWrite(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		t.Run("a person's description stays, our time goes through", func(t *testing.T) {
			d := newDesk(t, sw)
			d.moves()
			d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
				require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": "Parking behind the house"}))
			}})
			out := d.settle()
			require.Contains(t, out.Kept, calsync.FieldDescription)
			v := d.holds(1, 2, 0) // the person's edit mailed once, ours once
			require.Equal(t, "Parking behind the house", v.Description)
			d.quiet()
		})
		t.Run("both move it: a person decides, then it is done", func(t *testing.T) {
			d := newDesk(t, sw)
			d.moves()
			d.want.Title = "Visit: Acme Inc."
			start, end := instants(t, theirs)
			d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
				require.NoError(t, d.emu.Move(office, d.id(1), start, end))
			}})
			out := d.settle()
			require.Len(t, out.Conflicts, 1)
			require.Equal(t, calsync.FieldTime, out.Conflicts[0].Field)
			require.Equal(t, []calsync.Field{calsync.FieldTitle}, out.Fields, "what is not in conflict is written")
			require.True(t, d.emu.Live(office)[0].Start.Equal(start), "never overwritten silently")
			out = d.settle()
			require.Empty(t, out.Did)
			require.Len(t, out.Conflicts, 1, "the conflict stands until somebody decides")

			d.want.Version++
			d.want.Overrule = map[calsync.Field]string{calsync.FieldTime: out.Conflicts[0].Print}
			out = d.settle()
			require.Empty(t, out.Conflicts)
			d.holds(1, 2, 0) // one for the person's move, one for ours
			d.want.Overrule = nil
			d.quiet()
		})
		t.Run("a guest is added", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.want.Version++
			d.want.Guests = d.want.Guests[:2]
			d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
				require.NoError(t, d.emu.AddGuest(office, d.id(1), "deputy@vendor.example"))
			}})
			d.settle()
			require.NotEmpty(t, d.emu.Live(office)[0].Guest("deputy@vendor.example").Email)
			require.Empty(t, d.emu.Live(office)[0].Guest(buyer).Email)
			d.quiet()
		})
		t.Run("before a cancellation", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.want.Version++
			d.want.Gone = true
			d.emu.Inject(emulator.Fault{Method: "events.delete", Action: emulator.Run, Do: func() {
				require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": "Parking behind the house"}))
			}})
			before := calls(d.emu, "events.delete", "")
			d.settle()
			require.Equal(t, before+2, calls(d.emu, "events.delete", ""), "what has changed is looked at before it is deleted")
			require.Empty(t, d.emu.Live(office))
			d.mails(1, 1, 1)
			d.quiet()
		})
		t.Run("for ever: it is given up for now, and nothing is lost", func(t *testing.T) {
			d := newDesk(t, sw)
			d.moves()
			n := 0
			d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Count: -1, Do: func() {
				n++
				require.NoError(t, d.emu.Edit(office, d.id(1), map[string]any{"description": strings.Repeat("x", n)}))
			}})
			out, err := d.try()
			require.Equal(t, calsync.Stale, calsync.ClassOf(err))
			require.Less(t, out.Calls, 10)
			d.emu.ClearFaults()
			d.settle()
			d.holds(1, n+1, 0)
		})
	})
}

func TestFault15_TheEtagDrifts(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, gone := range []bool{false, true} {
			d := newDesk(t, sw)
			d.moves()
			d.want.Gone = gone
			d.emu.Inject(emulator.Fault{Method: "events.*", Event: d.id(1), Action: emulator.BumpEtag, Count: 4})
			d.settle()
			if gone {
				require.Empty(t, d.emu.Live(office))
				d.mails(1, 0, 1)
			} else {
				d.holds(1, 1, 0)
			}
			d.emu.ClearFaults()
			d.quiet()
		}
	})
}

func TestFault16_TheGuestListIsReplacedWhole(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.want.Guests = d.want.Guests[:2]
		d.settle()
		require.NoError(t, d.emu.Respond(ann, d.id(1), "accepted", "see you there"))
		d.emu.Advance(time.Second)
		d.want.Version++
		d.want.Guests = []calsync.Guest{{Email: "ANN@vendor.example"}, {Email: host}, {Email: buyer}}
		d.settle()
		v := d.emu.Live(office)[0]
		require.Len(t, v.Guests, 3, "an address is the same in whatever case")
		require.Equal(t, emulator.GuestView{Email: ann, Answer: "accepted", Comment: "see you there"}, v.Guest(ann))
		require.Equal(t, 1, d.emu.Ledger().Count("invite", ann, ""))
		require.Equal(t, 1, d.emu.Ledger().Count("invite", buyer, ""))

		d.want.Version++
		d.want.Guests = []calsync.Guest{{Email: ann}, {Email: buyer}}
		d.settle()
		require.Equal(t, "accepted", d.emu.Live(office)[0].Guest(ann).Answer)
		require.Empty(t, d.emu.Live(office)[0].Guest(host).Email)
		require.Equal(t, 1, d.emu.Ledger().Count("cancel", host, ""))

		require.NoError(t, d.emu.RemoveGuest(office, d.id(1), buyer))
		d.want.Version++
		d.want.Location = "2 Side Street"
		out := d.settle()
		require.Contains(t, out.Kept, calsync.FieldGuests)
		require.Empty(t, d.emu.Live(office)[0].Guest(buyer).Email, "whom a person took off is not put back")
	})
}

func TestFault17_AGuestIsAddedByHand(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.settle()
		require.NoError(t, d.emu.AddGuest(office, d.id(1), "deputy@vendor.example"))
		require.NoError(t, d.emu.AddGuest(office, d.id(1), "friend@elsewhere.example"))
		for i := range 3 {
			d.want.Version++
			switch i {
			case 0:
				d.want.Guests = d.want.Guests[:2]
			case 1:
				d.want.When = later
			case 2:
				d.want.Guests, d.want.Location = wish().Guests, "2 Side Street"
			}
			d.settle()
			v := d.emu.Live(office)[0]
			require.NotEmpty(t, v.Guest("deputy@vendor.example").Email, "whom we did not invite stays")
			require.NotEmpty(t, v.Guest("friend@elsewhere.example").Email)
			require.Len(t, v.Guests, 2+len(d.want.Guests))
		}
		d.quiet()
	})
}

func TestFault18_AMoveResetsTheAnswers(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		b := newBook(t, sw, 1)
		b.changes()
		require.NoError(t, b.emu.Respond(ann, b.id(1), "accepted", ""))
		require.Len(t, b.changes(), 1)
		b.wants[0].Version++
		b.wants[0].When = later
		before := len(b.emu.Ledger().Writes())
		cs := append(b.publish(), b.changes()...)
		want := calsync.NeedsAction
		if sw.KeepAnswers {
			want = calsync.Accepted
			require.Empty(t, cs)
		} else { // one change that says "no answer yet", and nothing that looks like a refusal
			require.Len(t, cs, 1)
			require.Equal(t, calsync.Answered, cs[0].Kind)
			require.Equal(t, calsync.NeedsAction, cs[0].Answer)
		}
		require.Equal(t, string(want), b.emu.Live(office)[0].Guest(ann).Answer, "an old answer is not written back")
		require.Equal(t, want, b.bases["visit-1"].Seen.Guests[0].Answer)
		b.publish()
		require.Len(t, b.emu.Ledger().Writes(), before+1)
		require.Empty(t, b.changes())
	})
}

func TestFault19_AGuestAnswersBetweenALostMoveAndItsRetry(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		w := &wire{}
		d.cal = asOffice(t, d.emu, d.url, 5*time.Second, w)
		d.moves()
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.DropAfter})
		d.emu.Inject(emulator.Fault{Method: "events.get", Nth: 2, Action: emulator.FailBefore, Status: 503})
		_, err := d.try()
		require.Error(t, err)
		require.NoError(t, d.emu.Respond(ann, d.id(1), "accepted", ""))
		d.emu.Advance(time.Second)
		d.settle()
		require.Equal(t, "accepted", d.holds(1, 1, 0).Guest(ann).Answer)
		for _, r := range w.sent {
			if body, _ := io.ReadAll(r.Body); r.Method == http.MethodPatch {
				require.NotContains(t, string(body), "attendees", "a new time carries no guests")
			}
		}
		d.quiet()
	})
}

func TestFault20_ItWasDeletedBefore(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, between := range []bool{false, true} { // our read and our deletion
			d := newDesk(t, sw)
			d.settle()
			d.want.Version++
			d.want.Gone = true
			deletes := func() { require.NoError(t, d.emu.DeleteAs(office, d.id(1))) }
			if between {
				d.emu.Inject(emulator.Fault{Method: "events.delete", Action: emulator.Run, Do: deletes})
			} else {
				deletes()
			}
			d.settle()
			require.True(t, d.stored.Over)
			require.Empty(t, d.emu.Live(office))
			d.mails(1, 0, 1)
			d.quiet()
		}
	})
}

func TestFault21_ADeletionIsAnswered404(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		missing := emulator.Fault{Action: emulator.FailBefore, Status: 404, Reason: "notFound"}
		t.Run("for a while", func(t *testing.T) {
			for _, method := range []string{"events.get", "events.delete"} {
				d := newDesk(t, sw)
				d.settle()
				d.want.Version++
				d.want.Gone = true
				missing.Method, missing.Count = method, 2
				d.emu.Inject(missing)
				d.settle()
				require.Empty(t, d.emu.Live(office))
				d.mails(1, 0, 1)
				require.True(t, d.stored.Over)
			}
		})
		t.Run("for ever, while the calendar can be read", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.want.Version++
			d.want.Gone = true
			missing.Method, missing.Count = "events.[gd]*", -1
			d.emu.Inject(missing)
			for range 2 {
				_, err := d.try()
				require.Equal(t, calsync.Missing, calsync.ClassOf(err))
			}
			_, err := d.try()
			require.NoError(t, err)
			require.True(t, d.stored.Over)
		})
		t.Run("because the calendar is out of sight: nothing is concluded", func(t *testing.T) {
			d := newDesk(t, sw)
			d.settle()
			d.want.Version++
			d.want.Gone = true
			missing.Method, missing.Count = "events.*", -1
			d.emu.Inject(missing)
			for range 5 {
				_, err := d.try()
				require.Error(t, err)
			}
			_, err := d.try()
			require.Equal(t, calsync.Denied, calsync.ClassOf(err))
			require.False(t, d.stored.Over)
			d.emu.ClearFaults()
			d.settle()
			require.Empty(t, d.emu.Live(office))
			d.mails(1, 0, 1)
		})
	})
}

func TestFault22_TheReplyToADeletionIsLost(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		each(t, sw, "events.delete", append(refused, lost...), func(d *desk, play func()) {
			d.settle()
			d.want.Version++
			d.want.Gone = true
			play()
			d.settle()
			require.Empty(t, d.emu.Live(office))
			d.mails(1, 0, 1)
			require.True(t, d.stored.Over)
			d.quiet()

			d.want.Version++ // wanted again: never under the spent id
			d.want.Gone = false
			out := d.settle()
			require.Equal(t, []calsync.Action{calsync.Renew}, out.Did)
			d.holds(2, 0, 1)
		})
	})
	t.Run("never published: no call", func(t *testing.T) {
		d := newDesk(t, emulator.Switches{})
		d.want.Gone = true
		require.Zero(t, d.settle().Calls)
	})
}

func TestFault23_APatchMeetsACancelledEvent(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.moves()
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.Run, Do: func() {
			require.NoError(t, d.emu.DeleteAs(office, d.id(1)))
		}})
		out := d.settle()
		require.Len(t, out.Conflicts, 1)
		require.Equal(t, calsync.FieldEvent, out.Conflicts[0].Field)
		require.Empty(t, d.emu.Live(office), "not brought back to life")
		d.mails(1, 0, 1)
		require.Empty(t, d.settle().Did)

		d.want.Version++
		d.want.Generation = 2 // a person invites again
		d.settle()
		require.Equal(t, d.id(2), d.holds(2, 0, 1).ID)
		d.quiet()
	})
}

func TestFault24_TheSequenceIsOutOfDate(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		w := &wire{}
		d.cal = asOffice(t, d.emu, d.url, 5*time.Second, w)
		d.settle()
		start, end := instants(t, theirs)
		for n := range 3 { // the sequence rises
			require.NoError(t, d.emu.Move(office, d.id(1), start.AddDate(0, 0, n), end.AddDate(0, 0, n)))
		}
		start, end = instants(t, d.want.When)
		require.NoError(t, d.emu.Move(office, d.id(1), start, end))
		d.want.Version++
		d.want.When = later
		d.settle()
		d.holds(1, 5, 0)
		for _, r := range w.sent {
			require.NotEqual(t, http.MethodPut, r.Method)
			body, _ := io.ReadAll(r.Body)
			require.NotContains(t, string(body), `"sequence"`, "the server counts")
		}
	})
}

func TestFault25_EmptyValuesAreDropped(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		d := newDesk(t, sw)
		d.want.GuestsMayMove, d.want.Reminders = true, []calsync.Reminder{{Method: "popup", Minutes: 0}, {Method: "email", Minutes: 60}}
		d.settle()
		e, err := d.cal.Get(context.Background(), office, d.id(1))
		require.NoError(t, err)
		require.Equal(t, d.want.Reminders, e.Reminders)
		require.True(t, e.GuestsMayMove)

		d.want.Version++
		d.want.Description, d.want.Location, d.want.Guests, d.want.Reminders, d.want.GuestsMayMove = "", "", nil, []calsync.Reminder{}, false
		d.settle()
		e, err = d.cal.Get(context.Background(), office, d.id(1))
		require.NoError(t, err)
		require.Empty(t, e.Description)
		require.Empty(t, e.Location)
		require.Empty(t, e.Guests)
		require.Equal(t, []calsync.Reminder{}, e.Reminders, "none, not the calendar's own")
		require.False(t, e.GuestsMayMove)
		d.mails(1, 0, 1)
		d.quiet()
	})
}

func TestFault26_SomebodyElseOrganisesIt(t *testing.T) {
	const other = "other@vendor.example"
	every(t, func(t *testing.T, sw emulator.Switches) {
		for _, gone := range []bool{false, true} {
			d := newDesk(t, sw)
			d.settle()
			d.emu.Share(other, office, "owner")
			require.NoError(t, d.emu.AddGuest(office, d.id(1), office)) // a copy stays behind
			require.NoError(t, d.emu.MoveTo(office, d.id(1), other))
			d.emu.Advance(time.Second)
			writes := len(d.emu.Ledger().Writes())
			d.want.Version++
			d.want.When, d.want.Gone = later, gone
			out := d.settle()
			require.Empty(t, out.Did)
			if e, err := d.cal.Get(context.Background(), office, d.id(1)); err == nil && e.Live() || !gone {
				require.Len(t, out.Conflicts, 1, "a person is told")
				require.Equal(t, calsync.FieldEvent, out.Conflicts[0].Field)
			}
			require.Len(t, d.emu.Ledger().Writes(), writes, "nobody's event is written")
			require.Len(t, d.emu.Live(other), 1)
		}
		d := newDesk(t, sw)
		d.moves()
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.FailBefore, Status: 403, Reason: "forbiddenForNonOrganizer", Count: -1})
		_, err := d.try()
		require.False(t, calsync.ClassOf(err).Retry())
		require.Equal(t, 1, calls(d.emu, "events.patch", ""))
		require.Nil(t, d.stored.Intent, "known not to have happened")
	})
}

func TestFault28_AConferenceIsMadeLater(t *testing.T) {
	every(t, func(t *testing.T, sw emulator.Switches) {
		sw.Conference = 30 * time.Second
		d := newDesk(t, sw)
		d.settle()
		raw(t, d.emu, d.url, http.MethodPatch, d.id(1)+"?conferenceDataVersion=1&sendUpdates=all",
			`{"conferenceData": {"createRequest": {"requestId": "one", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}}`)
		d.mails(1, 1, 0)
		writes := len(d.emu.Ledger().Writes())
		d.quiet() // while it is pending
		d.emu.Advance(time.Minute)
		d.quiet()
		require.Len(t, d.emu.Ledger().Writes(), writes)
		d.want.Version++
		d.want.When = later
		d.emu.Inject(emulator.Fault{Method: "events.patch", Action: emulator.DropAfter})
		d.settle()
		d.holds(1, 2, 0)
		d.quiet()
		conference, _ := raw(t, d.emu, d.url, http.MethodGet, d.id(1), "")["conferenceData"].(map[string]any)
		require.NotEmpty(t, conference["conferenceId"])
		require.Equal(t, "one", conference["createRequest"].(map[string]any)["requestId"])
	})
}
