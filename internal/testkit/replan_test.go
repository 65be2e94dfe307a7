package testkit_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

func TestPublishingAtTheSameTime(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plans := []string{h.Draft(vp, selection, 1, 20_000), h.Draft(vp, selection, 2, 20_000)}
		// Two drafts of the year, each twice, all at once.
		var all sync.WaitGroup
		answers := make([]*client.PublishPlanResponse, 4)
		for i := range answers {
			all.Go(func() {
				r, err := vp.PublishPlanWithResponse(context.Background(), plans[i/2], &client.PublishPlanParams{IfMatch: client.Match(1)}, Reasoned)
				if err == nil {
					answers[i] = r
				}
			})
		}
		all.Wait()
		did := 0
		for _, r := range answers {
			require.NotNil(t, r)
			require.Contains(t, []int{http.StatusOK, http.StatusConflict, http.StatusPreconditionFailed}, r.StatusCode(), "%s", r.Body)
			if r.StatusCode() == http.StatusOK && !r.JSON200.Unchanged {
				did++
			}
		}
		require.GreaterOrEqual(t, did, 1)
		h.Drain() // two jobs for one event step out of each other's way
		live, err := vp.GetPublishedPlanWithResponse(context.Background(), PlanYear, nil)
		require.NoError(t, err)
		require.NoError(t, client.Check(live))
		for _, p := range plans {
			if p != live.JSON200.Plan.Id {
				require.Empty(t, h.Visits(p, visit.Published))
			}
		}
		require.Len(t, h.Visits(live.JSON200.Plan.Id, visit.Published), live.JSON200.Quality.Visits)
		quiet(t, h)
	})
}

func TestADoubleBookingPublishesNothing(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		h.Clock.Set(time.Date(PlanYear, time.January, 4, 9, 0, 0, 0, time.UTC)) // before, it may not be drawn
		vp = h.API(VP)
		next := h.Draft(vp, h.Select(vp, PlanYear+1, 12, "region"), 1, 20_000)
		draft := h.Visits(next)[0]
		// People move a visit of this year to where the draft of the next one wants
		// its executive.
		v := pick(h.Visits(plan), func(v visit.Visit) bool { return v.ExecutiveID == draft.ExecutiveID })[0]
		drag(t, h, v, draft.Slot)
		// The plan ends before, so that somebody has to say that it is meant.
		held := h.Visit(v.ID)
		begins, ends := draft.Slot.Half.Hours()
		_, err := h.Flow.Settle(context.Background(), System, v.ID, held.Version,
			flow.Settlement{Verdict: flow.AtTime, Date: draft.Slot.Date, Begins: begins, Ends: ends})
		require.NoError(t, err)
		require.Equal(t, draft.Slot, h.Visit(v.ID).Slot)
		before, bookings, drafted := h.Effects(), h.Bookings(), h.Visits(next)

		refused := h.Publish(vp, next, "next-year")
		require.Equal(t, http.StatusConflict, refused.StatusCode(), "%s", refused.Body)
		require.Contains(t, string(refused.Body), h.Person(draft.ExecutiveID).Name)
		require.Contains(t, string(refused.Body), draft.Slot.String())
		h.Tick()
		require.Equal(t, before, h.Effects())
		require.Equal(t, bookings, h.Bookings())
		require.Equal(t, drafted, h.Visits(next), "the draft stays as it was")
		state, err := vp.GetPlanWithResponse(context.Background(), next, nil)
		require.NoError(t, err)
		require.Equal(t, client.PlanStateDraft, state.JSON200.Plan.State)
		_, page := h.Get(h.As(VP), "/plans/"+next)
		shows(t, page, "draft")

		// Moved away again, the same request goes through.
		drag(t, h, h.Visit(v.ID), free(h, v.Slot.Date, v.ExecutiveID, v.HostID))
		require.NoError(t, client.Check(h.Publish(vp, next, "next-year")))
		h.Settle()
		require.Len(t, h.Visits(next, visit.Published), len(drafted))
	})
}

func TestASecondPlanOfTheYear(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		visits := h.Visits(plan, visit.Published)
		h.Tick()

		// One is held, one did not happen, one is declined, one accepted.
		h.Until(visits[1].End.Add(time.Hour))
		if visits[0].End.After(visits[1].End) {
			visits[0], visits[1] = visits[1], visits[0]
		}
		held, missed := visits[0], visits[1]
		record(t, h, h.Person(held.HostID).Email, held.ID, visit.AtCustomer, true)
		_, err := h.Flow.RecordOutcome(context.Background(), System, missed.ID, h.Visit(missed.ID).Version, flow.Outcome{Note: "The customer was ill"})
		require.NoError(t, err)
		declined := visits[len(visits)-1]
		require.NoError(t, h.Calendar.Respond(h.Person(declined.ExecutiveID).Email, h.Event(declined.ID).EventID, "declined", "On a journey"))
		h.Tick()
		require.Equal(t, visit.Declined, h.Visit(declined.ID).State)
		before := map[string]visit.Visit{}
		for _, v := range h.Visits(plan, visit.Published) {
			before[v.CustomerID] = v
		}

		vp = h.API(VP) // weeks have passed: the session of before has ended
		second := h.Draft(vp, h.Select(vp, PlanYear, 9, "region"), 7, 20_000)
		out := h.Publish(vp, second, "")
		require.NoError(t, client.Check(out))
		h.Settle()
		ledger := h.Calendar.Ledger()
		kept, moved := 0, 0
		for _, v := range h.Visits(second, visit.Published) {
			old, ok := before[v.CustomerID]
			if !ok {
				require.NotEqual(t, declined.ID, v.ID)
				if v.CustomerID == declined.CustomerID {
					require.NotEqual(t, declined.ExecutiveID, v.ExecutiveID, "who has declined a customer is not asked again")
				}
				continue
			}
			delete(before, v.CustomerID)
			require.Equal(t, old.ID, v.ID, "visits of the same customer keep their identity")
			e := h.InCalendar(v.ID)
			kept++
			if old.Slot != v.Slot {
				moved++
				require.NotZero(t, ledger.Count("update", "", e.ID)+ledger.Count("invite", h.Person(v.ExecutiveID).Email, e.ID))
			}
			require.Equal(t, 1, ledger.Count("invite", h.Person(v.ExecutiveID).Email, e.ID))
		}
		require.NotZero(t, kept)
		require.Equal(t, moved, out.JSON200.Moved)
		require.Len(t, before, out.JSON200.Cancelled)
		require.NotEmpty(t, before)
		for _, v := range before {
			require.Equal(t, visit.Cancelled, h.Visit(v.ID).State)
			e := h.InCalendar(v.ID)
			require.Equal(t, "cancelled", e.Status)
			require.Equal(t, len(e.Guests), ledger.Count("cancel", "", e.ID), "dropped visits are cancelled once")
		}
		require.Equal(t, visit.Held, h.Visit(held.ID).State)
		require.Equal(t, held.Slot, h.Visit(held.ID).Slot, "what has happened stays where it was")
		require.Equal(t, visit.NoShow, h.Visit(missed.ID).State)
		require.Equal(t, missed.Slot, h.Visit(missed.ID).Slot)
		require.Equal(t, second, h.Visit(held.ID).PlanID)
		quiet(t, h)
	})
}

// What is agreed after a draft was made is not undone by publishing it.
func TestADraftDoesNotOverrideWhatWasAgreedSince(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plan := h.Draft(vp, selection, 1, 20_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		moved, dropped := h.Visits(plan, visit.Published)[4], h.Visits(plan, visit.Published)[7]

		// On Monday a draft that moves one visit and drops another; on Tuesday both are
		// accepted; on Wednesday somebody publishes.
		second := h.Draft(vp, selection, 2, 20_000)
		was := func(v visit.Visit) visit.Visit {
			return pick(h.Visits(second), func(w visit.Visit) bool { return w.CustomerID == v.CustomerID })[0]
		}
		require.NoError(t, client.Check(change(t, vp, second, "", elsewhere(t, vp, second, was(moved), moved))))
		require.NoError(t, client.Check(change(t, vp, second, "", client.PlanChange{Customer: dropped.CustomerID, From: placeOf(was(dropped))})))
		answer(t, h, moved, "accepted")
		answer(t, h, dropped, "accepted")
		before, effects := h.Visits(""), h.Effects()
		publish := func(plan string) *client.PublishPlanResponse {
			p, err := vp.GetPlanWithResponse(ctx, plan, nil)
			require.NoError(t, err)
			out, err := vp.PublishPlanWithResponse(ctx, plan, &client.PublishPlanParams{IfMatch: client.Match(p.JSON200.Plan.Version)}, Reasoned)
			require.NoError(t, err)
			return out
		}
		refused := publish(second)
		require.Equal(t, http.StatusConflict, refused.StatusCode(), "%s", refused.Body)
		problem := client.Check(refused).Error()
		for _, text := range []string{"would move or drop 2 visits", "Plan again", customerName(t, vp, moved), customerName(t, vp, dropped), moved.Slot.String()} {
			require.Contains(t, problem, text)
		}
		noIDs(t, problem)
		h.Settle()
		require.Equal(t, before, h.Visits(""))
		require.Equal(t, effects, h.Effects())

		// Planning again keeps both where they are; who moves one of them by hand then
		// knows what they do.
		third := h.Draft(vp, selection, 3, 20_000)
		second = third
		require.Equal(t, []any{moved.ExecutiveID, moved.Slot}, []any{was(moved).ExecutiveID, was(moved).Slot})
		require.Equal(t, []any{dropped.ExecutiveID, dropped.Slot}, []any{was(dropped).ExecutiveID, was(dropped).Slot})
		to := elsewhere(t, vp, third, was(moved), moved)
		require.NoError(t, client.Check(change(t, vp, third, "", to)))
		require.NoError(t, client.Check(publish(third)))
		h.Settle()
		standsAt(t, h.Visit(moved.ID), to.To)
		require.Equal(t, visit.NoAnswer, h.Visit(moved.ID).Answer)
		require.Equal(t, dropped.Slot, h.Visit(dropped.ID).Slot)
		require.Equal(t, visit.Accepted, h.Visit(dropped.ID).Answer)

		// An executive who has accepted and falls ill is no reason to refuse.
		away(t, h, dropped.ExecutiveID, dropped.Slot.Date.Add(-1).String()+".."+dropped.Slot.Date.Add(1).String())
		require.NoError(t, client.Check(publish(h.Draft(vp, selection, 4, 20_000))))
		h.Settle()
		require.NotEqual(t, dropped.Slot, h.Visit(dropped.ID).Slot)
		quiet(t, h)
	})
}

// elsewhere gives a change of a draft that takes a visit to where the published
// plan does not have it.
func elsewhere(t *testing.T, c *client.ClientWithResponses, plan string, v, published visit.Visit) client.PlanChange {
	t.Helper()
	for _, p := range propose(t, c, plan, v.CustomerID) {
		if len(p.Changes) == 1 && *p.Changes[0].To != *placeOf(published) {
			return p.Changes[0]
		}
	}
	require.FailNow(t, "the visit can go nowhere else")
	return client.PlanChange{}
}

func customerName(t *testing.T, c *client.ClientWithResponses, v visit.Visit) string {
	t.Helper()
	r, err := c.GetCustomerWithResponse(context.Background(), v.CustomerID)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return r.JSON200.Customer.Name
}
