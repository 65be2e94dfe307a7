package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// A pin holds a visit where it is, in a draft, through publishing and when the year
// is planned again, until somebody takes it away.
func TestAPinHoldsAVisit(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		draft := h.Draft(vp, selection, 1, 20_000)
		pin := func(as, id string, version int, pinned string) int {
			status, _ := h.Post(h.As(as), "/visits/"+id+"/pin", url.Values{"version": {strconv.Itoa(version)}, "pinned": {pinned}})
			return status
		}
		for _, v := range h.Visits(draft) {
			require.False(t, v.Pinned)
		}
		v := h.Visits(draft)[5]
		_, page := h.Get(h.As(VP), "/visits/"+v.ID)
		shows(t, page, "Pin it here")
		away := propose(t, vp, draft, v.CustomerID)[0]
		require.Equal(t, http.StatusOK, pin(VP, v.ID, v.Version, "yes"))
		v = h.Visit(v.ID)
		require.True(t, v.Pinned)
		_, page = h.Get(h.As(VP), "/visits/"+v.ID)
		shows(t, page, "Take the pin away", "pinned", "once published")
		require.Equal(t, http.StatusConflict, pin(VP, v.ID, v.Version-1, "no"), "somebody was faster")
		require.Equal(t, http.StatusForbidden, pin(CEO, v.ID, v.Version, "no"))
		require.Equal(t, http.StatusNotFound, pin(Exec(1), v.ID, v.Version, "no"))
		require.Equal(t, v, h.Visit(v.ID))
		refused[*client.ChangePlanResponse](t, http.StatusConflict, "pinned")(change(t, vp, draft, "", away.Changes...), nil)
		why := explain(t, vp, v.ID)
		require.True(t, why.Pinned)
		require.Empty(t, why.Executives)

		require.NoError(t, client.Check(h.Publish(vp, draft, "")))
		h.Settle()
		require.True(t, h.Visit(v.ID).Pinned)
		require.Equal(t, visit.Published, h.Visit(v.ID).State)
		// Another visit is pinned after a second draft was made that moves it.
		other := h.Visits(draft, visit.Published)[8]
		second := h.Draft(vp, selection, 7, 20_000)
		at := func(customer string) visit.Visit {
			return pick(h.Visits(second), func(w visit.Visit) bool { return w.CustomerID == customer })[0]
		}
		require.Equal(t, []any{v.ExecutiveID, v.Slot, true}, []any{at(v.CustomerID).ExecutiveID, at(v.CustomerID).Slot, at(v.CustomerID).Pinned})
		require.False(t, at(other.CustomerID).Pinned)
		require.NoError(t, client.Check(change(t, vp, second, "", elsewhere(t, vp, second, at(other.CustomerID), other))))
		require.Equal(t, http.StatusOK, pin(VP, other.ID, h.Visit(other.ID).Version, "yes"))
		late, err := vp.PublishPlanWithResponse(context.Background(), second, &client.PublishPlanParams{IfMatch: client.Match(2)}, Reasoned)
		refused[*client.PublishPlanResponse](t, http.StatusConflict, "it is pinned")(late, err)

		// Without the pin it may move; the first stays.
		require.Equal(t, http.StatusOK, pin(VP, other.ID, h.Visit(other.ID).Version, "no"))
		require.Equal(t, http.StatusOK, pin(VP, other.ID, h.Visit(other.ID).Version, "no"), "twice is once")
		late, err = vp.PublishPlanWithResponse(context.Background(), second, &client.PublishPlanParams{IfMatch: client.Match(2)}, Reasoned)
		ok(t, late, err)
		h.Settle()
		require.NotEqual(t, []any{other.ExecutiveID, other.Slot}, []any{h.Visit(other.ID).ExecutiveID, h.Visit(other.ID).Slot})
		require.Equal(t, v.Slot, h.Visit(v.ID).Slot)
		require.True(t, h.Visit(v.ID).Pinned)

		// Programs do the same through the API.
		put := func(version int, pinned bool) *client.PinVisitResponse {
			r, err := vp.PinVisitWithResponse(context.Background(), v.ID, &client.PinVisitParams{IfMatch: client.Match(version)}, client.PinRequest{Pinned: pinned})
			require.NoError(t, err)
			return r
		}
		require.Equal(t, http.StatusPreconditionFailed, put(1, false).StatusCode())
		loose := put(h.Visit(v.ID).Version, false)
		require.NoError(t, client.Check(loose))
		require.False(t, loose.JSON200.Visit.Pinned)
		require.NoError(t, client.Check(put(loose.JSON200.Visit.Version, true)))
		require.True(t, h.Visit(v.ID).Pinned)

		// The day before, nobody moves it anyway.
		h.SetDay(v.Slot.Date.Add(-1), "08:00", v.Zone)
		require.Equal(t, http.StatusConflict, pin(VP, v.ID, h.Visit(v.ID).Version, "no"))
		quiet(t, h)
	})
}
