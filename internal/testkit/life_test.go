package testkit_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// eva and maxi are the customer's people.
const (
	eva  = "eva.lang@customer.example"
	maxi = "max.huber@partner.example"
)

// secret stands in every text that is ours alone.
const secret = "xyzzy"

// outsiders gives every byte of a visit's event that the calendar server holds, and
// of the copies of people outside, as they come over the wire.
func outsiders(t *testing.T, h *House, visitID string, people ...string) string {
	t.Helper()
	e := h.Event(visitID)
	var all strings.Builder
	for _, who := range append([]string{e.Calendar}, people...) {
		r, err := http.NewRequest(http.MethodGet, h.Side+"/calendar/v3/calendars/"+url.PathEscape(who)+"/events/"+e.EventID, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+h.Calendar.Token(who))
		got, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		b, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		all.Write(b)
	}
	for _, m := range h.Mails() {
		if m.IsTo(eva) || m.IsTo(maxi) {
			all.Write(m.Raw)
		}
	}
	return all.String()
}

// agree notes through the API what a visit's host has agreed with the customer.
func agree(t *testing.T, h *House, v visit.Visit, contacts ...string) *client.VisitDetail {
	t.Helper()
	body := client.AgreementRequest{With: "Eva Lang", What: pointer("Two hours " + secret)}
	var guests []client.Guest
	for _, c := range contacts {
		guests = append(guests, client.Guest{Email: c})
	}
	body.Contacts = &guests
	r, err := h.API(h.Person(v.HostID).Email).AgreeVisitWithResponse(context.Background(), v.ID, &client.AgreeVisitParams{IfMatch: client.Match(h.Visit(v.ID).Version)}, body)
	done := ok(t, r, err).JSON200
	h.Settle()
	return done
}

func TestTheLifeOfAVisit(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plan := h.Draft(vp, selection, 1, 2_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		v := h.Visits(plan)[6]
		host, exec := h.Person(v.HostID).Email, h.Person(v.ExecutiveID).Email
		post := func(as, what string, version int, form url.Values) (int, string) {
			form.Set("version", strconv.Itoa(version))
			return h.Post(h.As(as), "/visits/"+v.ID+"/"+what, form)
		}

		// A hold. The executive accepts, with a word that is not for the customer.
		require.Equal(t, "tentative", h.InCalendar(v.ID).Status)
		require.True(t, h.InCalendar(v.ID).MayMove)
		require.NoError(t, h.Calendar.Respond(exec, h.Event(v.ID).EventID, "accepted", "Not them again "+secret))
		h.Tick()
		require.Equal(t, visit.Accepted, h.Visit(v.ID).Answer)
		require.Contains(t, outsiders(t, h, v.ID), secret)

		// Only the host, or the VP, can note that the customer has agreed; and only what makes sense.
		form := url.Values{"with": {"Eva Lang"}, "contact_name": {"Eva"}, "contact_email": {eva}}
		status, _ := post(exec, "agreement", h.Visit(v.ID).Version, form)
		require.Equal(t, http.StatusForbidden, status)
		status, _ = post(host, "agreement", h.Visit(v.ID).Version-1, form)
		require.Equal(t, http.StatusConflict, status)
		for _, bad := range []url.Values{{"with": {" "}}, {"with": {"Eva"}, "contact_email": {exec}}, {"with": {"Eva"}, "contact_email": {"eva"}},
			{"with": {"Eva"}, "join_url": {"https://meet.example/x"}, "kind": {"onsite"}}, {"with": {"Eva"}, "join_url": {"javascript:alert(1)"}, "kind": {"online"}},
			{"with": {"Eva"}, "on": {"2031-01-01"}}, {"with": {"Eva"}, "kind": {"conference"}}, {"with": {strings.Repeat("x", 201)}}} {
			status, page := post(host, "agreement", h.Visit(v.ID).Version, bad)
			require.Equal(t, http.StatusUnprocessableEntity, status, bad)
			shows(t, page, "There is a problem")
		}
		quiet(t, h)
		mails := len(h.Calendar.Ledger().Mails)
		done := agree(t, h, v, eva, maxi)
		require.Equal(t, client.VisitStateAgreed, done.Visit.State)
		event := h.InCalendar(v.ID)
		require.Equal(t, "confirmed", event.Status)
		require.False(t, event.MayMove)
		require.Equal(t, "accepted", event.Guest(exec).Answer)
		require.Equal(t, "needsAction", event.Guest(eva).Answer)
		require.Equal(t, 3, len(h.Calendar.Ledger().Mails)-mails, "one mail for each guest")
		seen := outsiders(t, h, v.ID, eva, maxi)
		require.NotContains(t, seen, secret)
		require.NotContains(t, seen, "/visits/")
		require.Contains(t, seen, `"guestsCanSeeOtherGuests":false`, "two companies need not learn of each other")
		quiet(t, h)
		require.Equal(t, visit.Agreed, h.Visit(v.ID).State)
		require.Equal(t, "Not them again "+secret, h.Visit(v.ID).AnswerNote, "we still know it")
		_, page := h.Get(h.As(host), "/visits/"+v.ID)
		shows(t, page, "agreed with the customer", "Eva Lang", "What happened", "Two hours "+secret)

		// What has left the house is not taken back, and planning again keeps the promise.
		require.False(t, done.MayUndo)
		status, page = post(host, "undo", h.Visit(v.ID).Version, url.Values{})
		require.Equal(t, http.StatusConflict, status)
		shows(t, page, "has been written already")
		second := h.Draft(vp, selection, 7, 2_000)
		kept := pick(h.Visits(second), func(w visit.Visit) bool { return w.CustomerID == v.CustomerID })[0]
		require.Equal(t, v.Spot(), kept.Spot())

		// The host moves it in the calendar: it is a hold again, and to be agreed anew. Whoever
		// is invited stays so.
		to := free(h, v.Slot.Date.Add(1), v.ExecutiveID, v.HostID)
		drag(t, h, v, to)
		moved := h.Visit(v.ID)
		require.Equal(t, []any{visit.Published, to}, []any{moved.State, moved.Slot})
		h.Settle()
		require.Equal(t, "tentative", h.InCalendar(v.ID).Status)
		require.Equal(t, "needsAction", h.InCalendar(v.ID).Guest(eva).Answer)
		require.NotContains(t, outsiders(t, h, v.ID, eva, maxi), secret)
		require.Equal(t, 1, h.Calendar.Ledger().Count("invite", eva, event.ID))
		agree(t, h, v, eva)
		require.Equal(t, 1, h.Calendar.Ledger().Count("invite", eva, event.ID), "she is not invited twice")
		require.Empty(t, h.InCalendar(v.ID).Guest(maxi).Email, "who no longer comes is told so")

		// The customer leaves the selection: the promise is broken only knowingly.
		alter(t, vp, selection, 1, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRemoved, Customer: v.CustomerID, Reason: pointer("Merged with another customer")})
		third := h.Draft(vp, selection, 1, 2_000)
		_, page = h.Get(h.As(VP), "/plans/"+third)
		shows(t, page, "that somebody has agreed to", "agreed with the customer")
		foreseen, err := h.Flow.Forecast(ctx, System, third)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(foreseen.Warnings, func(w flow.ForecastWarning) bool { return w.VisitID == v.ID && w.Customer != "" }), "who looks first is told")
		refused[*client.PublishPlanResponse](t, http.StatusConflict, v.ID)(h.Publish(vp, third, ""), nil)
		require.Equal(t, visit.Agreed, h.Visit(v.ID).State)
		out, err := vp.PublishPlanWithResponse(ctx, third, &client.PublishPlanParams{IfMatch: client.Match(1), GiveUp: &[]string{v.ID}}, Reasoned)
		ok(t, out, err)
		h.Settle()
		gone := h.Visit(v.ID)
		require.Equal(t, []any{visit.Cancelled, visit.PlanChanged}, []any{gone.State, gone.Code})
		require.Equal(t, 1, h.Calendar.Ledger().Count("cancel", eva, event.ID))

		// The whole story is on its page.
		_, page = h.Get(h.As(host), "/visits/"+v.ID)
		shows(t, page, "published it", "agreed it with the customer", "moved it from", "somebody in the calendar", "cancelled it")
		undoInTheHouse(t, h, third)
		quiet(t, h)
	})
}

// undoInTheHouse takes back what nobody outside has seen.
func undoInTheHouse(t *testing.T, h *House, plan string) {
	ctx := context.Background()
	v := h.Visits(plan, visit.Published)[3]
	host := h.API(h.Person(v.HostID).Email)
	undo := func() *client.UndoVisitResponse {
		r, err := host.UndoVisitWithResponse(ctx, v.ID, &client.UndoVisitParams{IfMatch: client.Match(h.Visit(v.ID).Version)})
		require.NoError(t, err)
		return r
	}
	refused[*client.UndoVisitResponse](t, http.StatusConflict, "Cancel the visit instead")(undo(), nil)

	// Nobody reaches the calendar while the host cancels by mistake.
	h.Calendar.Inject(emulator.Fault{Action: emulator.DropBefore, Count: -1})
	wrong, err := host.CancelVisitWithResponse(ctx, v.ID, &client.CancelVisitParams{IfMatch: client.Match(h.Visit(v.ID).Version)}, client.CancelRequest{Code: client.ReasonCodePlanChanged})
	refused[*client.CancelVisitResponse](t, http.StatusUnprocessableEntity, "code")(wrong, err)
	r, err := host.CancelVisitWithResponse(ctx, v.ID, &client.CancelVisitParams{IfMatch: client.Match(h.Visit(v.ID).Version)}, client.CancelRequest{Code: client.ReasonCodeCustomer, Words: pointer("Wrong row")})
	require.True(t, ok(t, r, err).JSON200.MayUndo)
	require.False(t, h.Booked(v.ExecutiveID, v.Slot))
	before := h.Effects()
	require.NoError(t, client.Check(undo()))
	h.Calendar.ClearFaults()
	h.Drain()
	back := h.Visit(v.ID)
	require.Equal(t, []any{visit.Published, visit.Code("")}, []any{back.State, back.Code})
	require.True(t, h.Booked(v.ExecutiveID, v.Slot))
	require.Equal(t, before, h.Effects(), "nobody outside has heard of it")
	refused[*client.UndoVisitResponse](t, http.StatusConflict, "taken back already")(undo(), nil)

	// What was said of a past visit can be taken back at any time.
	h.Until(v.End.Add(time.Hour))
	host = h.API(h.Person(v.HostID).Email)
	_, err = h.Flow.RecordOutcome(ctx, System, v.ID, h.Visit(v.ID).Version, flow.Outcome{Code: visit.ByCustomer, Note: "ill"})
	require.NoError(t, err)
	require.Equal(t, []any{visit.NoShow, visit.ByCustomer}, []any{h.Visit(v.ID).State, h.Visit(v.ID).Code})
	require.NoError(t, client.Check(undo()))
	require.Equal(t, visit.Published, h.Visit(v.ID).State)
}
