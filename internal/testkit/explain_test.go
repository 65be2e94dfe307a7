package testkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	openapi_types "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/planning"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

func explain(t *testing.T, c *client.ClientWithResponses, visitID string) client.Explanation {
	t.Helper()
	r, err := c.ExplainVisitWithResponse(context.Background(), visitID)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return *r.JSON200
}

func propose(t *testing.T, c *client.ClientWithResponses, plan, customer string) []client.Proposal {
	t.Helper()
	r, err := c.ProposePlacesWithResponse(context.Background(), plan, customer, nil)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return r.JSON200.Items
}

func change(t *testing.T, c *client.ClientWithResponses, plan, key string, changes ...client.PlanChange) *client.ChangePlanResponse {
	t.Helper()
	params := &client.ChangePlanParams{}
	if key != "" {
		params.IdempotencyKey = &key
	}
	for i := range changes {
		changes[i].Reason = Reasoned.Reason
	}
	r, err := c.ChangePlanWithResponse(context.Background(), plan, params, client.ChangePlanJSONRequestBody{Changes: changes})
	require.NoError(t, err)
	return r
}

// standsAt wants a visit where a change has put it.
func standsAt(t *testing.T, v visit.Visit, at *client.Place) {
	t.Helper()
	require.NotNil(t, at)
	require.Equal(t, at.Executive, v.ExecutiveID)
	require.Equal(t, at.Date.Format("2006-01-02")+" "+string(at.Half), v.Slot.String())
}

func noIDs(t *testing.T, text string) {
	t.Helper()
	require.NotRegexp(t, `[0-9a-f]{8}-[0-9a-f]{4}-`, text, "people are told names")
}

func TestWhyAVisitStandsThere(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		vp := h.Small(16)
		draft := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)
		for _, v := range h.Visits(draft) {
			noIDs(t, v.Why)
		}
		v := h.Visits(draft)[3]
		why := explain(t, vp, v.ID)
		require.True(t, why.Stands)
		require.Equal(t, draft, why.Plan)
		require.NotEmpty(t, why.Text)
		noIDs(t, why.Text)
		require.NotNil(t, why.Facts)
		require.NotEmpty(t, why.Executives, "three others could go")
		require.NotEmpty(t, why.Weeks)
		for _, p := range slices.Concat(why.Executives, why.Weeks) {
			noIDs(t, p.Text)
			require.Contains(t, p.Price, "total")
			require.NotEmpty(t, p.Calendars)
			require.NotEqual(t, p.Changes[0].From, p.Changes[0].To)
		}

		// Taken in a draft, nobody hears of it, and the plan's cost is right again.
		before := h.Effects()
		next := why.Executives[0]
		taken := change(t, vp, draft, "take", next.Changes...)
		require.NoError(t, client.Check(taken))
		require.Equal(t, []string{v.ID}, taken.JSON200.Visits)
		require.Equal(t, next.Price["total"], taken.JSON200.Price)
		standsAt(t, h.Visit(v.ID), next.Changes[0].To)
		require.Equal(t, visit.Proposed, h.Visit(v.ID).State)
		require.Equal(t, before, h.Effects())
		require.NoError(t, client.Check(change(t, vp, draft, "take", next.Changes...)), "the same request again changes nothing")
		require.Equal(t, http.StatusPreconditionFailed, change(t, vp, draft, "", next.Changes...).StatusCode(), "it no longer stands there")

		// Back again costs what it had saved.
		back := change(t, vp, draft, "", client.PlanChange{Customer: v.CustomerID, From: next.Changes[0].To, To: next.Changes[0].From})
		require.NoError(t, client.Check(back))
		require.Equal(t, -next.Price["total"], back.JSON200.Price)

		// Two visits of one executive in one half-day.
		other := pick(h.Visits(draft), func(w visit.Visit) bool { return w.ID != v.ID && w.ExecutiveID == v.ExecutiveID })[0]
		clash := change(t, vp, draft, "", client.PlanChange{Customer: other.CustomerID, From: placeOf(other), To: placeOf(h.Visit(v.ID))})
		require.Equal(t, http.StatusConflict, clash.StatusCode(), "%s", clash.Body)
		noIDs(t, clash.ApplicationproblemJSON409.Detail)

		// What means nothing is refused with a reason, and nothing moves.
		at := placeOf(h.Visit(v.ID))
		for name, to := range map[string]client.Place{
			"nobody":        {Executive: "nobody", Date: at.Date, Half: "am"},
			"another year":  {Executive: at.Executive, Date: openapi_types.Date{Time: at.Date.AddDate(3, 0, 0)}, Half: "am"},
			"a Sunday":      {Executive: at.Executive, Date: openapi_types.Date{Time: at.Date.AddDate(0, 0, 7-int(at.Date.Weekday()))}, Half: "am"},
			"no half":       {Executive: at.Executive, Date: at.Date, Half: "noon"},
			"a host":        {Executive: v.HostID, Date: at.Date, Half: "am"},
			"the year zero": {Executive: at.Executive, Half: "am"},
		} {
			r := change(t, vp, draft, "", client.PlanChange{Customer: v.CustomerID, From: at, To: &to})
			require.Contains(t, []int{http.StatusConflict, http.StatusUnprocessableEntity}, r.StatusCode(), "%s: %s", name, r.Body)
		}
		require.Equal(t, http.StatusNotFound, change(t, vp, draft, "", client.PlanChange{Customer: "nobody", To: at}).StatusCode())
		twice := client.PlanChange{Customer: v.CustomerID, From: at, To: next.Changes[0].To}
		require.Equal(t, http.StatusUnprocessableEntity, change(t, vp, draft, "", twice, twice).StatusCode())
		standsAt(t, h.Visit(v.ID), at)

		// Taken out, it has no place and no visit; put in again, a new one.
		require.NoError(t, client.Check(change(t, vp, draft, "", client.PlanChange{Customer: v.CustomerID, From: at})))
		got, err := vp.GetPlanWithResponse(context.Background(), draft, nil)
		require.NoError(t, err)
		require.Equal(t, v.CustomerID, got.JSON200.Plan.Unassigned[0].Customer.Id)
		require.EqualValues(t, 1, got.JSON200.Plan.Cost["unassigned"])
		require.Len(t, h.Visits(draft), 11)
		require.NoError(t, client.Check(change(t, vp, draft, "", client.PlanChange{Customer: v.CustomerID, To: at})))
		v = pick(h.Visits(draft), func(w visit.Visit) bool { return w.CustomerID == v.CustomerID })[0]
		standsAt(t, v, at)
		require.NotEmpty(t, v.Stratum)

		// Executives do not see drafts, and nobody but the VP changes plans.
		r, err := h.API(Exec(1)).ExplainVisitWithResponse(context.Background(), v.ID)
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, r.StatusCode())
		require.Equal(t, http.StatusForbidden, change(t, h.API(CEO), draft, "", next.Changes...).StatusCode())
	})
}

func placeOf(v visit.Visit) *client.Place {
	return &client.Place{Executive: v.ExecutiveID, Date: openapi_types.Date{Time: v.Slot.Date.Time()}, Half: client.Half(v.Slot.Half)}
}

func TestAProposalTakenInThePublishedPlan(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		v := h.Visits(plan, visit.Published)[4]
		answer(t, h, v, "accepted")
		proposals := propose(t, vp, plan, v.CustomerID)
		require.NotEmpty(t, proposals)
		require.True(t, slices.IsSortedFunc(proposals, func(a, b client.Proposal) int { return int(a.Price["total"] - b.Price["total"]) }), "the cheapest first")
		moved := proposals[0]
		for _, p := range proposals { // to somebody else
			if p.Changes[0].To.Executive != v.ExecutiveID {
				moved = p
				break
			}
		}
		require.Contains(t, moved.Calendars, h.Person(v.ExecutiveID).Name)
		require.Contains(t, moved.Calendars, h.Person(moved.Changes[0].To.Executive).Name)
		require.NoError(t, client.Check(change(t, vp, plan, "", moved.Changes...)))
		h.Settle()
		now := h.Visit(v.ID)
		standsAt(t, now, moved.Changes[0].To)
		require.Equal(t, visit.NoAnswer, now.Answer, "who is asked anew has not answered")
		require.False(t, h.Booked(v.ExecutiveID, v.Slot))
		require.True(t, h.Booked(now.ExecutiveID, now.Slot))
		e := h.InCalendar(v.ID)
		require.True(t, e.Start.Equal(now.Start))
		require.NotEmpty(t, e.Guest(h.Person(now.ExecutiveID).Email).Email)
		quiet(t, h)
	})
}

func TestADeclineGetsRankedProposals(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		v := h.Visits(plan, visit.Published)[5]
		answer(t, h, v, "declined")
		h.Tick()
		require.Equal(t, visit.Declined, h.Visit(v.ID).State)

		list, err := vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.NoError(t, client.Check(list))
		require.Len(t, list.JSON200.LeftOut, 1)
		require.Equal(t, v.CustomerID, list.JSON200.LeftOut[0].Customer.Id)
		require.Contains(t, list.JSON200.LeftOut[0].Reason, "Declined")

		why := explain(t, vp, v.ID)
		require.False(t, why.Stands)
		require.Equal(t, "Declined: “On a journey”", why.Text)

		proposals := propose(t, vp, plan, v.CustomerID)
		require.NotEmpty(t, proposals)
		for _, p := range proposals {
			require.NotEqual(t, v.ExecutiveID, p.Changes[0].To.Executive, "who has declined is not asked again")
			require.Negative(t, p.Price["unassigned"])
		}
		require.NoError(t, client.Check(change(t, vp, plan, "", proposals[0].Changes...)))
		h.Settle()
		require.Equal(t, visit.Declined, h.Visit(v.ID).State, "what happened stays")
		fresh := pick(h.Visits(plan, visit.Published), func(w visit.Visit) bool { return w.CustomerID == v.CustomerID })
		require.Len(t, fresh, 1)
		standsAt(t, fresh[0], proposals[0].Changes[0].To)
		require.True(t, h.InCalendar(fresh[0].ID).Start.Equal(fresh[0].Start))
		list, err = vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.Empty(t, list.JSON200.LeftOut)
		quiet(t, h)
	})
}

func TestAnIllnessMovesWhatMustMove(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		v := h.Visits(plan, visit.Published)[6]
		answer(t, h, v, "accepted")
		away(t, h, v.ExecutiveID, v.Slot.Date.Add(-1).String()+".."+v.Slot.Date.Add(1).String())

		list, err := vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.NoError(t, client.Check(list))
		require.Len(t, list.JSON200.Stuck, 1, "%s", list.Body)
		require.Equal(t, v.CustomerID, list.JSON200.Stuck[0].Customer.Id)
		require.Contains(t, list.JSON200.Stuck[0].Reason, h.Person(v.ExecutiveID).Name)
		require.NotEmpty(t, explain(t, vp, v.ID).Stuck)

		best := propose(t, vp, plan, v.CustomerID)[0]
		require.NotNil(t, best.Changes[0].From, "for people it still stands there")
		require.NoError(t, client.Check(change(t, vp, plan, "", best.Changes...)))
		h.Settle()
		standsAt(t, h.Visit(v.ID), best.Changes[0].To)
		list, err = vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.Empty(t, list.JSON200.Stuck)
		quiet(t, h)
	})
}

func TestAMovedWindowIsSeen(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		v := h.Visits(plan, visit.Published)[3]
		r, err := vp.GetCustomerWithResponse(context.Background(), v.CustomerID)
		require.NoError(t, err)
		require.NoError(t, client.Check(r))
		c := r.JSON200.Customer
		from := v.Slot.Date.Add(20)
		h.Bring(Admin, client.ImportKindCustomers, "key,name,city,country,host,region,industry,windows\n"+c.Key+","+c.Name+","+c.City+","+c.Country+","+
			h.Person(v.HostID).Key+","+c.Values["region"]+","+c.Values["industry"]+","+from.String()+".."+from.Add(30).String()+"\n")

		list, err := vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.NoError(t, client.Check(list))
		require.Len(t, list.JSON200.Outside, 1, "%s", list.Body)
		require.Equal(t, v.CustomerID, list.JSON200.Outside[0].Customer.Id)
		require.Empty(t, list.JSON200.Stuck, "it may stay")
		inside := propose(t, vp, plan, v.CustomerID)
		at := slices.IndexFunc(inside, func(p client.Proposal) bool { return p.Price["out_of_window"] == -1 })
		require.GreaterOrEqual(t, at, 0, "a place inside is among the best")
		require.NoError(t, client.Check(change(t, vp, plan, "", inside[at].Changes...)))
		h.Settle()
		list, err = vp.GetAttentionWithResponse(context.Background(), plan)
		require.NoError(t, err)
		require.Empty(t, list.JSON200.Outside)
		quiet(t, h)
	})
}

func TestWhatWouldLetACustomerIn(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		v := h.Visits(plan, visit.Published)[5]
		r, err := vp.LetInWithResponse(context.Background(), plan, v.CustomerID)
		require.NoError(t, err)
		require.Equal(t, http.StatusConflict, r.StatusCode(), "it has a place")
		// Nobody of ours is left who could go: one after the other declines.
		for range 4 {
			now := pick(h.Visits(plan, visit.Published), func(w visit.Visit) bool { return w.CustomerID == v.CustomerID })[0]
			answer(t, h, now, "declined")
			h.Tick()
			if p := propose(t, vp, plan, v.CustomerID); len(p) > 0 {
				require.NoError(t, client.Check(change(t, vp, plan, "", p[0].Changes...)))
				h.Settle()
			}
		}
		r, err = vp.LetInWithResponse(context.Background(), plan, v.CustomerID)
		require.NoError(t, err)
		require.NoError(t, client.Check(r))
		require.NotEmpty(t, r.JSON200.Ways, "%s", r.Body)
		noIDs(t, r.JSON200.Text)
		for _, w := range r.JSON200.Ways {
			noIDs(t, w.Text)
			require.False(t, w.Ready, "somebody has to take a decline back first")
			require.Equal(t, v.CustomerID, w.Changes[0].Customer)
		}
	})
}

// A customer who has left the selection is neither visited already nor unknown:
// the next plan leaves the visit out.
func TestACustomerHasLeftTheSelection(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plan := h.Draft(vp, selection, 1, 20_000)
		runs, err := vp.ListPlanRunsWithResponse(ctx)
		runID := ok(t, runs, err).JSON200.Items[0].Id
		file, err := vp.GetRunSolutionWithResponse(ctx, runID)
		solution := ok(t, file, err).Body
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		v := h.Visits(plan, visit.Published)[3]
		name := customerName(t, vp, v)
		reason := "The account was sold."
		alter(t, vp, selection, 1, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRemoved, Customer: v.CustomerID, Reason: &reason})

		attention, err := vp.GetAttentionWithResponse(ctx, plan)
		stuck := ok(t, attention, err).JSON200.Stuck
		require.Len(t, stuck, 1)
		require.Equal(t, name, stuck[0].Customer.Name)
		require.Contains(t, stuck[0].Reason, "no longer in the selection")
		why := explain(t, vp, v.ID)
		require.False(t, why.Settled, "it has not taken place")
		require.True(t, why.Stands)
		require.Equal(t, name, why.Customer.Name)
		require.Contains(t, why.Stuck, "no longer in the selection")
		r, err := vp.ProposePlacesWithResponse(ctx, plan, v.CustomerID, nil)
		refused[*client.ProposePlacesResponse](t, http.StatusConflict, "no longer in the selection")(r, err)
		_, page := h.Get(h.As(VP), "/plans/"+plan+"/customers/"+v.CustomerID)
		shows(t, page, name, "no longer in the selection")
		require.NotContains(t, page, "Nobody moves it any more")
		_, page = h.Get(h.As(VP), "/plans/"+plan+"/attention")
		shows(t, page, name, "no longer in the selection")

		// A solution of the time before visits the customer; without that visit it will do.
		bring := func(s *planning.Solution) *client.BringSolutionResponse {
			b, err := json.Marshal(s)
			require.NoError(t, err)
			r, err := vp.BringSolutionWithBodyWithResponse(ctx, runID, nil, "application/json", bytes.NewReader(b))
			require.NoError(t, err)
			return r
		}
		s, err := planning.ReadSolution(bytes.NewReader(solution))
		require.NoError(t, err)
		refused[*client.BringSolutionResponse](t, http.StatusConflict, name)(bring(s), nil)
		s.Assignments = slices.DeleteFunc(s.Assignments, func(a planning.Assignment) bool { return a.Visit == v.CustomerID })
		s.Cost = nil
		brought := bring(s)
		require.NoError(t, client.Check(brought))
		got, err := vp.GetPlanWithResponse(ctx, *brought.JSON201.Plan, nil)
		require.Empty(t, ok(t, got, err).JSON200.Plan.Unassigned, "nobody wants that visit any more")

		// Changes that move nothing are refused, and leave the answer of who has answered.
		other := h.Visits(plan, visit.Published)[5]
		answer(t, h, other, "accepted")
		for _, c := range []client.PlanChange{{Customer: other.CustomerID, From: placeOf(other), To: placeOf(other)}, {Customer: other.CustomerID}} {
			require.Equal(t, http.StatusUnprocessableEntity, change(t, vp, plan, "", c).StatusCode())
		}
		require.Equal(t, visit.Accepted, h.Visit(other.ID).Answer)

		// Planned again, the visit is gone.
		require.NoError(t, client.Check(h.Publish(vp, h.Draft(vp, selection, 2, 20_000), "")))
		h.Settle()
		require.Equal(t, visit.Cancelled, h.Visit(v.ID).State)
		quiet(t, h)
	})
}

// answer answers an invitation through the API as its executive.
func answer(t *testing.T, h *House, v visit.Visit, how client.Answer) {
	t.Helper()
	note := "On a journey"
	now := h.Visit(v.ID)
	r, err := h.API(h.Person(now.ExecutiveID).Email).AnswerVisitWithResponse(context.Background(), v.ID,
		&client.AnswerVisitParams{IfMatch: client.Match(now.Version)}, client.AnswerVisitJSONRequestBody{Answer: how, Note: &note})
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	h.Settle()
}

// away brings in that an executive of the small company is away then.
func away(t *testing.T, h *House, executiveID, dates string) {
	t.Helper()
	p := h.Person(executiveID)
	h.Bring(Admin, client.ImportKindExecutives, "key,name,email,function,role,city,country,max_per_week,max_per_month,target_visits,last_visit,unavailable\n"+
		p.Key+","+p.Name+","+p.Email+",Product,executive,Zürich,CH,2,6,4,2026-12-15,"+dates+"\n")
}
