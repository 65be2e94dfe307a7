package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/intake"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
	"windshield/sample"
)

func TestMain(m *testing.M) { Main(m) }

const salesVP = "vp-sales@northlight.example"

// record says on the visit's page what came of it.
func record(t *testing.T, h *House, as, visitID string, kind visit.Kind, withHost bool) {
	t.Helper()
	form := url.Values{"version": {strconv.Itoa(h.Visit(visitID).Version)}, "held": {"yes"}, "kind": {string(kind)}}
	if withHost {
		form.Set("with_host", "yes")
	}
	status, body := h.Post(h.As(as), "/visits/"+visitID+"/outcome", form)
	require.Equal(t, http.StatusOK, status, body)
	h.Settle()
}

// act is what somebody does on the calendar's own page.
func act(t *testing.T, h *House, who string, visitID string, form url.Values) {
	t.Helper()
	r, err := http.PostForm(h.Side+"/people/"+url.PathEscape(who)+"/events/"+h.Event(visitID).EventID, form)
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
}

// The year of the sample company, from its files to a breach of the 30-day clock.
func TestTheYearOfTheSampleCompany(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Found()
		for _, kind := range intake.Kinds() {
			file, err := sample.Files.ReadFile(string(kind) + ".csv")
			require.NoError(t, err)
			done := h.Bring(Admin, client.ImportKind(kind), string(file))
			require.Equal(t, done.Counts.Rows, done.Counts.Create)
		}
		vp := h.API(salesVP)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 72, "region", "size_band"), 1, 20_000)
		require.Empty(t, h.Calendar.People(), "a draft tells nobody")

		published := h.Publish(vp, plan, "the-year")
		require.NoError(t, client.Check(published))
		visits := h.Visits(plan)
		require.Equal(t, len(visits), published.JSON200.New)
		require.Greater(t, len(visits), 60)
		h.Settle()
		oneInvitationEach(t, h, visits)
		h.Check()

		// Publishing again, under the same key and under another, does nothing.
		before := h.Effects()
		again := h.Publish(vp, plan, "the-year")
		require.NoError(t, client.Check(again))
		require.Equal(t, published.JSON200, again.JSON200)
		again = h.Publish(vp, plan, "the-year-again")
		require.NoError(t, client.Check(again))
		require.True(t, again.JSON200.Unchanged)
		h.Tick()
		h.Tick()
		require.Equal(t, before, h.Effects(), "publishing again or reading back writes nothing")

		x, theirs := somebody(t, h, visits)
		boss := h.As(salesVP)

		// One accepts in the calendar.
		act(t, h, h.Person(x).Email, theirs[0].ID, url.Values{"action": {"accepted"}})
		h.Tick()
		require.Equal(t, visit.Accepted, h.Visit(theirs[0].ID).Answer)
		_, page := h.Get(boss, "/visits/"+theirs[0].ID)
		shows(t, page, "accepted")

		// Another declines with a comment.
		declined := another(visits, x)
		who := h.Person(declined.ExecutiveID)
		require.True(t, h.Booked(declined.ExecutiveID, declined.Slot))
		event := h.InCalendar(declined.ID)
		act(t, h, who.Email, declined.ID, url.Values{"action": {"declined"}, "comment": {"A board meeting came in between"}})
		h.Tick()
		now := h.Visit(declined.ID)
		require.Equal(t, visit.Declined, now.State)
		require.Equal(t, "A board meeting came in between", now.AnswerNote)
		require.False(t, h.Booked(declined.ExecutiveID, declined.Slot), "the half-day is free again")
		require.False(t, h.Booked(declined.HostID, declined.Slot))
		require.Equal(t, "cancelled", h.InCalendar(declined.ID).Status)
		require.Equal(t, len(event.Guests), h.Calendar.Ledger().Count("cancel", "", event.ID), "one cancellation for each guest")
		_, page = h.Get(boss, "/visits/"+declined.ID)
		shows(t, page, "A board meeting came in between")
		before = h.Effects()
		h.Tick()
		require.Equal(t, before, h.Effects())

		theClock(t, h, x, theirs)
	})
}

func oneInvitationEach(t *testing.T, h *House, visits []visit.Visit) {
	t.Helper()
	ledger := h.Calendar.Ledger()
	require.Len(t, ledger.Writes(), len(visits), "one write per visit")
	for _, v := range visits {
		e := h.InCalendar(v.ID)
		require.Equal(t, 1, ledger.Count("invite", h.Person(v.ExecutiveID).Email, e.ID))
		require.Equal(t, 1, ledger.Count("", "", e.ID), "the invitation is the only mail")
		require.True(t, e.Start.Equal(v.Start))
	}
}

// somebody gives an executive with at least three visits who is not on leave
// when the 30 days after the first one end, and these visits.
func somebody(t *testing.T, h *House, visits []visit.Visit) (id string, theirs []visit.Visit) {
	t.Helper()
	by := map[string][]visit.Visit{}
	var order []string
	for _, v := range visits {
		if by[v.ExecutiveID] == nil {
			order = append(order, v.ExecutiveID)
		}
		by[v.ExecutiveID] = append(by[v.ExecutiveID], v)
	}
	for _, id := range order {
		if len(by[id]) < 3 {
			continue
		}
		leave := false
		require.NoError(t, h.App.Store.Read(context.Background(), func(tx flow.Tx) error {
			away, err := tx.People.Absences(id)
			for _, a := range away {
				leave = leave || a.Interval.Overlaps(slot.Interval{Start: by[id][0].Slot.Date, End: by[id][0].Slot.Date.Add(40)})
			}
			return err
		}))
		if !leave {
			return id, by[id]
		}
	}
	require.FailNow(t, "nobody has three visits")
	return "", nil
}

func another(visits []visit.Visit, notOf string) visit.Visit {
	for _, v := range visits {
		if v.ExecutiveID != notOf {
			return v
		}
	}
	return visit.Visit{}
}

// theClock follows one executive's 30-day clock from a held visit to the alert
// and to its end.
func theClock(t *testing.T, h *House, x string, theirs []visit.Visit) {
	t.Helper()
	person, host := h.Person(x), h.Person(theirs[0].HostID)
	first, fair, last := theirs[0], theirs[1], theirs[len(theirs)-1]
	h.Until(first.End.Add(time.Hour))
	record(t, h, host.Email, first.ID, visit.AtCustomer, true)
	require.Equal(t, visit.Held, h.Visit(first.ID).State)
	require.NotNil(t, h.Alerts(x))
	for _, a := range h.Alerts(x) {
		require.False(t, a.Open, "the visit has ended what was open")
	}
	alerts, mails := len(h.Alerts(x)), len(h.Breaches(person.Email))

	day := first.Slot.Date.Add(30)
	h.SetDay(day, "23:59", person.Zone)
	h.Tick()
	require.Len(t, h.Alerts(x), alerts, "on day 30 all is well")
	h.SetDay(day.Add(1), "00:01", person.Zone)
	h.Tick()
	breach := func() {
		t.Helper()
		all := h.Alerts(x)
		require.Len(t, all, alerts+1)
		require.True(t, all[0].Open)
		require.Equal(t, day.Add(1), all[0].Breach)
		require.Len(t, h.Breaches(person.Email), mails+1, "one mail")
	}
	breach()
	for range 3 {
		h.Tick()
	}
	h.FastForward(26 * time.Hour)
	breach()
	_, page := h.Get(h.As(salesVP), "/coverage/people?show=over")
	shows(t, page, `/coverage/people/`+x+`">`+person.Name+`</a>`)
	_, page = h.Get(h.As(salesVP), "/coverage/people/"+x)
	shows(t, page, "Open alert")
	_, page = h.Get(h.As(person.Email), "/me")
	shows(t, page, "More than 30 days since")

	// A trade show does not settle it; a visit to a customer does.
	if fair.End.After(h.Clock.Now()) {
		h.Until(fair.End.Add(time.Hour))
	}
	record(t, h, h.Person(fair.HostID).Email, fair.ID, visit.TradeShow, true)
	breach()
	_, page = h.Get(h.As(person.Email), "/me")
	shows(t, page, "a trade show is not the customer&#39;s place")
	h.Until(last.End.Add(time.Hour))
	record(t, h, h.Person(last.HostID).Email, last.ID, visit.AtCustomer, true)
	all := h.Alerts(x)
	require.Len(t, all, alerts+1)
	require.False(t, all[0].Open)
	require.Contains(t, all[0].Reason, "ended it")
	require.Len(t, h.Breaches(person.Email), mails+1)
}
