package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Visits that come when the customer is about to decide, or when our quarter ends, need a
// typed reason through every door: when the year is published, when a visit is moved by
// hand, and when a calendar is settled. Who moves it in the calendar cannot be asked: the
// visit stays until somebody has given one. The reasons are shown and counted.
func TestLateVisitsNeedAReason(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(12)
		selection := h.Select(vp, PlanYear, 8, "region")
		draft := h.Draft(vp, selection, 1, 20_000)
		late := h.Visits(draft)[2]
		host := ""
		for n := 1; n <= 4; n++ {
			if h.Person(Host(n)).ID == late.HostID {
				host = Host(n)
			}
		}
		act := func(c *client.ClientWithResponses, action string) *client.NoteCustomerActionResponse {
			out, err := c.NoteCustomerActionWithResponse(ctx, late.CustomerID, nil, client.CustomerActionRequest{Action: action})
			require.NoError(t, err)
			return out
		}
		refused[*client.NoteCustomerActionResponse](t, http.StatusUnprocessableEntity, "an action of the customer from the list")(act(h.API(host), "sent_offer"), nil)
		require.Equal(t, http.StatusForbidden, act(h.API(Exec(1)), "named_doubts").StatusCode())
		way := act(h.API(host), "named_doubts")
		require.NoError(t, client.Check(way))
		require.Equal(t, "fear", way.JSON200.Stage.Code)
		page, err := vp.ListCustomersWithResponse(ctx, &client.ListCustomersParams{Stage: pointer("fear")})
		ok(t, page, err)
		require.Len(t, page.JSON200.Items, 1)

		// Published: the forecast lists them, one reason for all will do.
		seen, err := vp.ForecastPlanWithResponse(ctx, draft)
		ok(t, seen, err)
		require.NotEmpty(t, seen.JSON200.Reasons)
		_, form := h.Get(h.As(VP), "/plans/"+draft+"/publish")
		shows(t, form, "a reason", `name="reason.`+seen.JSON200.Reasons[0].Visit+`"`)
		without, err := vp.PublishPlanWithResponse(ctx, draft, &client.PublishPlanParams{IfMatch: client.Match(1)}, client.PublishPlanJSONRequestBody{})
		refused[*client.PublishPlanResponse](t, http.StatusUnprocessableEntity, "reason")(without, err)
		status, body := h.Post(h.As(VP), "/plans/"+draft+"/publish", url.Values{"version": {"1"}, "reason": {"x"}, "preview": {seen.JSON200.Fingerprint}, "key": {"one"}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, body, "needs a reason")
		require.Equal(t, visit.Proposed, h.Visit(late.ID).State)
		own := "They asked us to come before <b>they</b> decide."
		done, err := vp.PublishPlanWithResponse(ctx, draft, &client.PublishPlanParams{IfMatch: client.Match(1)},
			client.PublishPlanJSONRequestBody{Reason: pointer("They have time then."), Reasons: &map[string]string{late.ID: own}})
		ok(t, done, err)
		h.Settle()
		given, err := vp.GetVisitWithResponse(ctx, late.ID)
		ok(t, given, err)
		require.Equal(t, own, given.JSON200.Reason.Reason)
		require.Contains(t, given.JSON200.Reason.Brakes, client.BrakeLateStage)
		_, body = h.Get(h.As(VP), "/visits/"+late.ID)
		shows(t, body, "They asked us to come before &lt;b&gt;they&lt;/b&gt; decide.")
		counted := func() int {
			span := slot.Interval{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")}
			out, err := h.Flow.BrakeCounts(ctx, System, span)
			require.NoError(t, err)
			n := 0
			for _, c := range out.Counts {
				n += c.Visits
			}
			require.Len(t, out.Visits, n)
			return n
		}
		n := len(seen.JSON200.Reasons)
		require.Equal(t, n, counted())

		// Moved by hand to the end of a quarter.
		end := slot.MustDate("2027-09-20")
		v := pick(h.Visits(draft, visit.Published), func(v visit.Visit) bool { return v.CustomerID != late.CustomerID && v.Slot.Date < end.Add(-30) })[0]
		to := free(h, end, v.ExecutiveID, v.HostID)
		there := placeOf(v)
		there.Date.Time, there.Half = to.Date.Time(), client.Half(to.Half)
		hand := func(reason *string) *client.ChangePlanResponse {
			out, err := vp.ChangePlanWithResponse(ctx, draft, nil, client.ChangesRequest{Changes: []client.PlanChange{{Customer: v.CustomerID, From: placeOf(h.Visit(v.ID)), To: there, Reason: reason}}})
			require.NoError(t, err)
			return out
		}
		refused[*client.ChangePlanResponse](t, http.StatusUnprocessableEntity, "reason")(hand(nil), nil)
		require.Equal(t, v.Slot, h.Visit(v.ID).Slot, "all or nothing")
		require.NoError(t, client.Check(hand(pointer("Their board meets that week."))))
		h.Settle()
		require.Equal(t, n+1, counted())

		// In the calendar, to another day of the same quarter's end: the reason holds there.
		to = free(h, to.Date.Add(1), v.ExecutiveID, v.HostID)
		drag(t, h, h.Visit(v.ID), to)
		require.Equal(t, to, h.Visit(v.ID).Slot)
		require.Equal(t, n+1, counted())
		// To the end of another quarter: nobody was asked, so the visit stays.
		to = free(h, slot.MustDate("2027-06-21"), v.ExecutiveID, v.HostID)
		before := h.Visit(v.ID).Slot
		drag(t, h, h.Visit(v.ID), to)
		held := h.Visit(v.ID)
		require.Equal(t, before, held.Slot)
		require.Contains(t, held.Conflict, "it needs a reason there: The visit lies in the last days of our fiscal quarter.")
		_, body = h.Get(h.As(VP), "/conflicts")
		shows(t, body, "it needs a reason there")
		begins, ends := to.Half.Hours()
		settle := func(reason string) int {
			status, _ := h.Post(h.As(host), "/visits/"+v.ID+"/settle", url.Values{"version": {strconv.Itoa(h.Visit(v.ID).Version)}, "verdict": {"time"},
				"date": {to.Date.String()}, "begins": {begins}, "ends": {ends}, "reason": {reason}})
			return status
		}
		for n := 1; n <= 4; n++ {
			if h.Person(Host(n)).ID == v.HostID {
				host = Host(n)
			}
		}
		require.Equal(t, http.StatusUnprocessableEntity, settle(""))
		require.Equal(t, http.StatusOK, settle("They asked for midsummer."))
		require.Equal(t, to, h.Visit(v.ID).Slot)
		require.Equal(t, n+1, counted(), "one visit, where it stands now")
	})
}
