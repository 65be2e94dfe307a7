package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

func planVersion(t *testing.T, c *client.ClientWithResponses, plan string) int {
	t.Helper()
	r, err := c.GetPlanWithResponse(context.Background(), plan, nil)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return r.JSON200.Plan.Version
}

func acceptYear(t *testing.T, c *client.ClientWithResponses, plan string, version int, executive, mark string) *client.AcceptYearResponse {
	t.Helper()
	body := client.AcceptRequest{}
	if executive != "" {
		body.Executive = &executive
	}
	if mark != "" {
		body.Mark = &mark
	}
	r, err := c.AcceptYearWithResponse(context.Background(), plan, &client.AcceptYearParams{IfMatch: client.Match(version)}, body)
	require.NoError(t, err)
	return r
}

func yearOf(t *testing.T, c *client.ClientWithResponses, plan, executive string) client.YearState {
	t.Helper()
	r, err := c.ListAcceptancesWithResponse(context.Background(), plan)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	i := slices.IndexFunc(r.JSON200.Items, func(y client.YearState) bool { return y.Executive.Id == executive })
	require.GreaterOrEqual(t, i, 0)
	return r.JSON200.Items[i]
}

func freezePromise(t *testing.T, c *client.ClientWithResponses, plan string, version int, reason string) *client.FreezePromiseResponse {
	t.Helper()
	r, err := c.FreezePromiseWithResponse(context.Background(), plan, &client.FreezePromiseParams{IfMatch: client.Match(version)}, client.FreezePromiseRequest{Reason: &reason})
	require.NoError(t, err)
	return r
}

func promiseOf(t *testing.T, c *client.ClientWithResponses, plan string, only client.Outcome) client.YearPromise {
	t.Helper()
	params := &client.GetPromiseParams{}
	if only != "" {
		params.Outcome = &only
	}
	r, err := c.GetPromiseWithResponse(context.Background(), plan, params)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return *r.JSON200
}

// A year is accepted person by person, frozen as the promise, and later held against
// what became of it.
func TestAYearIsAcceptedPromisedAndHeldAgainst(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp, ctx := h.Small(16), context.Background()
		draft := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)
		first := h.Visits(draft)[0]
		ana := h.Person(first.ExecutiveID)
		other := pick(h.Visits(draft), func(v visit.Visit) bool { return v.ExecutiveID != ana.ID })[0].ExecutiveID
		version := planVersion(t, vp, draft)
		require.Empty(t, promiseOf(t, vp, draft, "").Id)

		// In the meeting: the executive, and the VP for somebody else.
		y := yearOf(t, vp, draft, ana.ID)
		require.Equal(t, client.YearStandingOpen, y.Standing)
		got := acceptYear(t, h.API(ana.Email), draft, version, "", y.Mark)
		require.NoError(t, client.Check(got))
		require.Equal(t, y.Visits, got.JSON200.Visits)
		require.Equal(t, 1, got.JSON200.Accepted)
		require.Equal(t, http.StatusForbidden, acceptYear(t, h.API(ana.Email), draft, version, other, "").StatusCode(), "not for somebody else")
		require.Equal(t, http.StatusForbidden, acceptYear(t, h.API(CEO), draft, version, other, "").StatusCode())
		require.Equal(t, http.StatusPreconditionFailed, acceptYear(t, vp, draft, version+1, other, "").StatusCode())
		require.Equal(t, http.StatusPreconditionFailed, acceptYear(t, vp, draft, version, other, "0000").StatusCode(), "other visits than were looked at")
		require.NoError(t, client.Check(acceptYear(t, vp, draft, version, other, "")))
		again := acceptYear(t, vp, draft, version, other, "")
		require.True(t, again.JSON200.Unchanged)
		require.Equal(t, 2, again.JSON200.Accepted)
		require.Equal(t, h.Person(VP).Name, *yearOf(t, vp, draft, other).By, "who noted it is on record")
		require.Nil(t, yearOf(t, vp, draft, ana.ID).By)
		require.Equal(t, http.StatusNotFound, acceptYear(t, vp, draft, version, h.Person(Host(1)).ID, "").StatusCode())
		require.Equal(t, version, planVersion(t, vp, draft), "accepting changes no plan")

		// Frozen, by the VP alone; the same again is the same.
		require.Equal(t, http.StatusForbidden, freezePromise(t, h.API(CEO), draft, version, "").StatusCode())
		require.Equal(t, http.StatusPreconditionFailed, freezePromise(t, vp, draft, version+1, "").StatusCode())
		require.NoError(t, client.Check(freezePromise(t, vp, draft, version, "")))
		require.True(t, freezePromise(t, vp, draft, version, "").JSON200.Unchanged)
		require.Equal(t, 12, promiseOf(t, vp, draft, "").Kept.Ahead)

		// Somebody's visit moves: their year is another one, and the promise needs a reason.
		moved := propose(t, vp, draft, first.CustomerID)[0]
		require.NoError(t, client.Check(change(t, vp, draft, "", moved.Changes...)))
		require.Equal(t, client.YearStandingChanged, yearOf(t, vp, draft, ana.ID).Standing)
		require.Equal(t, 1, promiseOf(t, vp, draft, client.OutcomeMovedByUs).Kept.MovedByUs, "also in a draft that was promised")
		version = planVersion(t, vp, draft)
		silent := freezePromise(t, vp, draft, version, " ")
		require.Equal(t, http.StatusUnprocessableEntity, silent.StatusCode())
		require.Equal(t, "/reason", *silent.ApplicationproblemJSON422.Problems[0].Where)
		require.NoError(t, client.Check(freezePromise(t, vp, draft, version, "Ana was double booked.")))
		p := promiseOf(t, vp, draft, "")
		require.Len(t, p.Before, 1)
		require.Equal(t, "Ana was double booked.", *p.Reason)
		require.Equal(t, client.KeptCount{Promised: 12, Ahead: 12}, p.Kept)

		// Published, it is the same promise.
		out, err := vp.PublishPlanWithResponse(ctx, draft, &client.PublishPlanParams{IfMatch: client.Match(version)}, Reasoned)
		require.NoError(t, err)
		require.NoError(t, client.Check(out))
		h.Settle()
		require.Equal(t, *p.Id, *promiseOf(t, vp, draft, "").Id)
		require.Equal(t, client.YearStandingAccepted, yearOf(t, vp, draft, other).Standing)

		// Then life: one is moved because the customer asked, one by us, one dropped, one held.
		list := h.Visits(draft, visit.Published)
		free := func(i int) client.PlanChange {
			c := propose(t, vp, draft, list[i].CustomerID)
			j := slices.IndexFunc(c, func(p client.Proposal) bool { return len(p.Changes) == 1 })
			require.GreaterOrEqual(t, j, 0)
			return c[j].Changes[0]
		}
		asked := free(4)
		asked.Because = pointer("customer")
		require.NoError(t, client.Check(change(t, vp, draft, "", asked)))
		ours := free(5)
		ourMove := change(t, vp, draft, "", ours)
		require.NoError(t, client.Check(ourMove))
		said := func(who *string) client.KeptCount { // afterwards, as after a drag
			out, err := vp.SayWhoMovedWithResponse(ctx, draft, ourMove.JSON200.Step, client.BecauseRequest{Because: who})
			require.NoError(t, err)
			require.NoError(t, client.Check(out))
			return promiseOf(t, vp, draft, "").Kept
		}
		require.Equal(t, 2, said(pointer("customer")).MovedByCustomer)
		require.Equal(t, 1, said(nil).MovedByUs)
		wrong := free(6)
		wrong.Because = pointer("weather")
		require.Equal(t, http.StatusUnprocessableEntity, change(t, vp, draft, "", wrong).StatusCode())
		cancelled, err := vp.CancelVisitWithResponse(ctx, list[7].ID, &client.CancelVisitParams{IfMatch: client.Match(h.Visit(list[7].ID).Version)}, client.CancelRequest{Code: client.ReasonCodeCustomer, Words: pointer("They have moved house.")})
		require.NoError(t, err)
		require.NoError(t, client.Check(cancelled))
		held := list[0]
		h.Clock.Set(held.End.Add(time.Hour))
		vp = h.API(VP)
		recorded, err := vp.RecordOutcomeWithResponse(ctx, held.ID, &client.RecordOutcomeParams{IfMatch: client.Match(h.Visit(held.ID).Version)}, client.OutcomeRequest{Held: true, Kind: pointer(client.VisitKind("onsite")), WithHost: pointer(true)})
		require.NoError(t, err)
		require.NoError(t, client.Check(recorded))
		p = promiseOf(t, vp, draft, "")
		require.Equal(t, client.KeptCount{Promised: 12, Held: 1, Ahead: 8, MovedByUs: 1, MovedByCustomer: 1, Dropped: 1, DroppedByCustomer: 1}, p.Kept)
		require.Len(t, p.Items, 12)
		rows := promiseOf(t, vp, draft, client.OutcomeMovedByCustomer).Items
		require.Len(t, rows, 1)
		require.Equal(t, list[4].CustomerID, rows[0].Customer.Id)
		require.Equal(t, list[4].Slot.Date.String(), rows[0].Date.Format("2006-01-02"), "as it was promised")
		require.NotEqual(t, rows[0].Date, rows[0].Now.Date)

		// What the customer called off and got again is a move of theirs.
		require.NoError(t, client.Check(change(t, vp, draft, "", client.PlanChange{Customer: list[7].CustomerID, To: propose(t, vp, draft, list[7].CustomerID)[0].Changes[0].To})))
		p = promiseOf(t, vp, draft, "")
		require.Equal(t, 0, p.Kept.Dropped, "%+v", p.Kept)
		deck, err := h.API(CEO).GetDeckWithResponse(ctx, draft)
		require.NoError(t, err)
		require.NoError(t, client.Check(deck))
		require.True(t, slices.ContainsFunc(deck.JSON200.Slides, func(s client.Slide) bool {
			return s.Kind == client.SlideKindPromise && strings.HasPrefix(s.Title, "1 of 12 promised visits was held as promised, ")
		}))
		h.Settle()
		h.Check()
	})
}

// What is published and was never promised is the promise; a slide works without
// scripts and comes back to itself, and text of others stays text.
func TestSlidesInAMeeting(t *testing.T) {
	h := New(t, SQLite)
	vp := h.Small(16)
	draft := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)
	open := h.Visits(draft)[2]
	require.NoError(t, client.Check(change(t, vp, draft, "", client.PlanChange{Customer: open.CustomerID, From: placeOf(open)})))
	b, here := h.As(VP), "/plans/"+draft
	n := 0
	for i := 1; ; i++ {
		status, body := h.Get(b, here+"/present?slide="+strconv.Itoa(i))
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, body, "<nav class=\"main\"")
		require.Contains(t, body, " · seed ")
		if strings.Contains(body, "Who takes this one?") {
			n = i
		}
		if strings.Contains(body, "I accept my year") {
			break
		}
		require.Less(t, i, 10)
	}
	require.Positive(t, n)
	slide := here + "/present?slide=" + strconv.Itoa(n)
	_, body := h.Get(b, slide+"&kiosk=1")
	require.Contains(t, body, `name="kiosk" value="1"`)
	require.NotContains(t, body, `href="`+here+"/customers/", "numbers open nothing in front of an audience")
	form := url.Values{}
	for _, name := range []string{"key", "slide", "kiosk", "changes"} {
		form.Set(name, fieldOf(t, body, name))
	}
	status, body := h.Post(b, here+"/present/take", form)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "customers in this plan have somebody who comes")
	require.Contains(t, body, "Taken.")
	require.Contains(t, body, `class="kiosk"`)
	stands := pick(h.Visits(draft), func(v visit.Visit) bool { return v.CustomerID == open.CustomerID })
	require.Len(t, stands, 1)
	form.Set("key", "another")
	status, body = h.Post(b, here+"/present/take", form)
	require.Equal(t, http.StatusConflict, status, "somebody else was faster")
	require.Contains(t, body, "There is a problem")
	for _, wrong := range []url.Values{{}, {"changes": {"{"}}, {"changes": {"[]"}, "slide": {"1"}}} {
		status, _ = h.Post(b, here+"/present/take", wrong)
		require.Equal(t, http.StatusUnprocessableEntity, status)
	}
	for _, slide := range []string{"0", "-1", "x", "1e3"} {
		status, _ = h.Get(b, here+"/present?slide="+slide)
		require.Equal(t, http.StatusUnprocessableEntity, status, slide)
	}
	status, _ = h.Get(b, here+"/present?slide=999")
	require.Equal(t, http.StatusOK, status)
	status, body = h.Get(b, here+"/present?slide=all")
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, body, "<form")
	status, _ = h.Get(h.As(Exec(1)), here+"/present")
	require.Equal(t, http.StatusForbidden, status)
	status, body = h.Get(h.As(CEO), slide)
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, body, "<form", "the CEO looks on")

	// Accepted from a slide, on the page of the promise, and on one's own page.
	_, body = h.Get(b, here+"/present?slide="+strconv.Itoa(n+1))
	year := url.Values{"slide": {strconv.Itoa(n + 1)}}
	for _, name := range []string{"key", "version", "executive", "mark"} {
		year.Set(name, fieldOf(t, body, name))
	}
	status, body = h.Post(b, here+"/accept", year)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "1 of ")
	require.Contains(t, body, "noted by ")
	status, body = h.Get(b, here+"/promise")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Nothing is promised for 2027 yet")

	out, err := vp.PublishPlanWithResponse(context.Background(), draft, &client.PublishPlanParams{IfMatch: client.Match(planVersion(t, vp, draft))}, Reasoned)
	require.NoError(t, err)
	require.NoError(t, client.Check(out))
	h.Settle()
	require.Equal(t, 12, promiseOf(t, vp, draft, "").Kept.Promised, "what is published is promised")
	h.SetDay(slot.MustDate("2027-01-04"), "09:00", "UTC")
	vp, b = h.API(VP), h.As(VP)
	who := pick(h.Visits(draft), func(v visit.Visit) bool { return v.ExecutiveID != year.Get("executive") })[0].ExecutiveID
	own := h.As(h.Person(who).Email)
	_, body = h.Get(own, "/me")
	mine := url.Values{"from": {"me"}}
	for _, name := range []string{"key", "version", "executive", "mark"} {
		mine.Set(name, fieldOf(t, body[strings.Index(body, "My year 2027"):], name))
	}
	require.Equal(t, who, mine.Get("executive"))
	mine.Set("version", "1")
	status, body = h.Post(own, here+"/accept", mine)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "There is a problem")
	mine.Set("version", strconv.Itoa(planVersion(t, vp, draft)))
	mine.Set("key", "once more")
	status, body = h.Post(own, here+"/accept", mine)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "2 of ")
	require.Contains(t, body, "The year is accepted.")
	status, _ = h.Post(b, here+"/promise", url.Values{"version": {mine.Get("version")}, "reason": {"<script>alert(1)</script>"}, "key": {"k"}})
	require.Equal(t, http.StatusOK, status, "the same visits are promised already")
	status, body = h.Get(b, here+"/promise?outcome=ahead")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "All")
	status, _ = h.Get(b, here+"/promise?outcome=nonsense")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	h.Check()
}

// fieldOf gives the value of the first hidden field of a name.
func fieldOf(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(body, `name="`+name+`" value="`)
	require.True(t, found, "no field %s", name)
	value, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(value, "&#34;", `"`)
}
