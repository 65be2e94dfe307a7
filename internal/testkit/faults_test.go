package testkit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/mail"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// onceEach wants one live event and one invitation for each visit of a plan, and
// nothing left to do.
func onceEach(t *testing.T, h *House, plan string) {
	t.Helper()
	visits := h.Visits(plan, visit.Published)
	require.NotEmpty(t, visits)
	for _, v := range visits {
		require.Equal(t, flow.EventApplied, h.Event(v.ID).State, h.Event(v.ID).Problem)
		e := h.InCalendar(v.ID)
		require.Equal(t, "tentative", e.Status)
		require.Equal(t, 1, h.Calendar.Ledger().Count("invite", h.Person(v.ExecutiveID).Email, e.ID))
	}
	quiet(t, h)
}

// Whatever the calendar does while a year is published, in the end there is one
// event and one invitation for each visit.
func TestPublishingThroughFaults(t *testing.T) {
	cases := []struct {
		name   string
		away   bool // for ever, until it is mended, and from the first token on
		faults [][]emulator.Fault
	}{
		{"replies lost", false, [][]emulator.Fault{
			every("events.insert", emulator.Fault{Action: emulator.DropAfter}, 1, 4, 7, 10),
			every("events.insert", emulator.Fault{Action: emulator.Truncate, Bytes: 40}, 3, 9),
			every("events.insert", emulator.Fault{Action: emulator.HTML, Status: 502}, 5, 6),
			every("events.*", emulator.Fault{Action: emulator.FailAfter, Status: 503}, 8, 15)}},
		{"refused for a while", false, [][]emulator.Fault{
			every("events.insert", emulator.Fault{Action: emulator.DropBefore}, 1, 3, 5),
			{{Method: "events.*", Action: emulator.FailBefore, Status: 503, Count: 6}},
			{{Method: "events.insert", Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded", Count: 6}},
			{{Method: "events.insert", Action: emulator.FailBefore, Status: 429, Reason: "rateLimitExceeded", RetryAfter: 20, Count: 4}}}},
		{"no tokens", true, [][]emulator.Fault{{{Method: "oauth.token", Action: emulator.FailBefore, Status: 503, Count: -1}}}},
		{"the credential has ended", true, [][]emulator.Fault{{{Method: "oauth.token", Action: emulator.FailBefore, Status: 400, Reason: "invalid_grant", Count: -1}}}},
		{"nobody there", true, [][]emulator.Fault{{{Action: emulator.DropBefore, Count: -1}}}},
	}
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 8, "region")
		for i, c := range cases {
			t.Log(c.name)
			plan := h.Draft(vp, selection, int64(i+1), 2_000)
			for _, faults := range c.faults {
				for _, f := range faults {
					h.Calendar.Inject(f)
				}
			}
			if c.away {
				h.Restart() // forgets the tokens that it had
			}
			require.NoError(t, client.Check(h.Publish(vp, plan, "")))
			if c.away {
				h.Retry(2)
				_, page := h.Get(h.As(Admin), "/plans/"+plan)
				shows(t, page, "Plan 2027")
				_, page = h.Get(h.As(Admin), "/admin/calendar")
				shows(t, page, "8 events on the way")
				h.Calendar.ClearFaults()
				// Who mended it says so; else it would be tried again by itself, minutes later.
				status, _ := h.Post(h.As(Admin), "/admin/calendar/sync", nil)
				require.Equal(t, http.StatusOK, status)
			}
			h.Drain()
			if !c.away {
				played := 0
				for _, f := range h.Calendar.Faults() {
					played += f.Played
				}
				require.Greater(t, played, 3)
				h.Calendar.ClearFaults()
			}
			onceEach(t, h, plan)
			// The year is called off in the calendar, so that the next case begins anew.
			for _, v := range h.Visits(plan, visit.Published) {
				require.NoError(t, h.Calendar.DeleteAs(h.Organizer(v.ID), h.Event(v.ID).EventID))
			}
			h.Tick()
			require.Empty(t, h.Visits(plan, visit.Published))
		}
	})
}

func every(method string, f emulator.Fault, nth ...int) []emulator.Fault {
	var out []emulator.Fault
	for _, n := range nth {
		f.Method, f.Nth = method, n
		out = append(out, f)
	}
	return out
}

// The process ends in the middle of the backlog, several times.
func TestRestartsWhilePublishing(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(32)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 24, "region"), 1, 20_000)
		for _, f := range every("events.insert", emulator.Fault{Action: emulator.DropAfter}, 2, 6) {
			h.Calendar.Inject(f)
		}
		reached := make(chan int, 3)
		for _, nth := range []int{3, 11, 19} {
			h.Calendar.Inject(emulator.Fault{Method: "events.insert", Nth: nth, Action: emulator.Run, Do: func() { reached <- nth }})
		}
		require.NoError(t, client.Check(h.Publish(vp, plan, "the-year")))
		for range 3 {
			<-reached
			h.Restart()
		}
		h.Drain()
		again := h.Publish(vp, plan, "the-year")
		require.NoError(t, client.Check(again))
		require.Equal(t, again.JSON200.New, len(h.Visits(plan, visit.Published)), "the answer of before")
		onceEach(t, h, plan)
	})
}

// An answer that came while we did not know that the event was there is not lost.
func TestAnswersBeforeTheReply(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 4, "region"), 1, 2_000)
		h.Calendar.Inject(emulator.Fault{Method: "events.insert", Action: emulator.DropAfter, Count: -1})
		h.Calendar.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Status: 503, Count: -1})
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Retry(1)
		visits := h.Visits(plan, visit.Published)
		for i, v := range visits {
			status := []string{"accepted", "declined"}[i%2]
			id := calsync.EventID(h.Flow.Env, v.ID, 1)
			require.NoError(t, h.Calendar.Respond(h.Person(v.ExecutiveID).Email, id, status, "Yes or no"))
		}
		h.Tick()
		h.Calendar.ClearFaults()
		h.Drain()
		h.Tick()
		h.Drain()
		for i, v := range visits {
			now := h.Visit(v.ID)
			require.Equal(t, []visit.Answer{visit.Accepted, visit.Refused}[i%2], now.Answer)
			require.Equal(t, []visit.State{visit.Published, visit.Declined}[i%2], now.State)
		}
	})
}

// The mail server refuses for a while, or is away: each mail comes once.
func TestMailsThroughFaults(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Small(8)
		who := Exec(1)
		h.Mail.Answer(mail.Reply{Stage: mail.AtData, Code: 451}, mail.Reply{Stage: mail.AtRecipient, Code: 450})
		h.Until(time.Date(2027, time.January, 15, 12, 0, 0, 0, time.UTC)) // the 31st day
		h.Drain()
		for n := 1; n <= 4; n++ {
			require.Len(t, h.Breaches(Exec(n)), 1)
		}
		require.Len(t, h.Alerts(h.Person(who).ID), 1)

		// The server goes away; people get their links once it is back.
		h.MailDown()
		status, page := h.Post(&http.Client{}, "/signin", map[string][]string{"email": {who}})
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "Check your mail")
		h.Retry(3)
		before := len(h.Inbox(who))
		h.MailUp()
		h.Drain()
		require.Len(t, h.Inbox(who), before+1)
		status, _ = h.Get(h.As(CEO), "/coverage")
		require.Equal(t, http.StatusOK, status)
	})
}
