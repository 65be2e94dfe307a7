package testkit_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// The same through pages, as the VP does it: no scripts, forms and links only.
func TestTheVPArguesOnThePages(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plan := h.Draft(vp, selection, 1, 20_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		b := h.As(VP)

		// A refusal, the page of what needs a place, a proposal, and it is taken.
		v := h.Visits(plan, visit.Published)[4]
		answer(t, h, v, "declined")
		h.Tick()
		_, page := h.Get(b, "/plans/"+plan)
		shows(t, page, "Needs a place", "Compare")
		_, page = h.Get(b, "/plans/"+plan+"/attention")
		shows(t, page, "Declined: “On a journey”")
		here := "/plans/" + plan + "/customers/" + v.CustomerID
		require.Contains(t, page, `href="`+here+`"`)
		_, page = h.Get(b, here)
		shows(t, page, "Has no place in this plan", "Where it could stand", "Take this place")
		form := url.Values{"changes": {html.UnescapeString(regexp.MustCompile(`name="changes" value="([^"]*)"`).FindStringSubmatch(page)[1])}}
		status, page := h.Post(b, "/plans/"+plan+"/changes", form)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "The plan is changed", "Why here")
		h.Settle()
		status, page = h.Post(b, "/plans/"+plan+"/changes", form)
		require.Equal(t, http.StatusConflict, status, "twice is once")
		shows(t, page, "no longer stands where you saw it")
		require.Len(t, h.Visits(plan, visit.Published), 12)

		// Side by side, and what publishing would move.
		status, page = h.Post(b, "/plans/scenarios", url.Values{"selection": {selection}, "seconds": {"1"}, "key": {"k"}, "per_week-1": {"1"}, "max_gap-2": {"20"}})
		require.Equal(t, http.StatusOK, status, page)
		h.Settle()
		set := regexp.MustCompile(`/plans/scenarios/[0-9a-f-]{36}`).FindString(pageOf(t, h, b, "/plans"))
		_, page = h.Get(b, set)
		shows(t, page, "1 visit more a week per executive", "at most 20 days between visits", "✓ done")
		draft := regexp.MustCompile(`href="/plans/([0-9a-f-]{36})"`).FindAllStringSubmatch(page, -1)
		require.Len(t, draft, 3)
		_, page = h.Get(b, "/plans/"+draft[1][1])
		shows(t, page, "This is a scenario", "It cannot be published")
		require.NotContains(t, page, "Publish and invite")
		_, page = h.Get(b, "/plans/"+draft[0][1]+"/compare?with="+plan)
		shows(t, page, "stand differently", "By executive", "By group of customers")

		// A solution goes out and comes in again.
		run := regexp.MustCompile(`/plans/runs/[0-9a-f-]{36}`).FindString(pageOf(t, h, b, set))
		_, page = h.Get(b, run)
		shows(t, page, "Argue about it outside", "What the cost is made of")
		status, solution := h.Get(b, run+"/solution.json")
		require.Equal(t, http.StatusOK, status)
		status, page = bringFile(t, h, b, run, solution)
		require.Equal(t, http.StatusOK, status, page)
		shows(t, page, "The solution keeps every rule", "From outside")
		status, page = bringFile(t, h, b, run, strings.Replace(solution, `"half":"am"`, `"half":"noon"`, 1))
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, page, "There is a problem")
		quiet(t, h)

		// Who only looks on sees why, and takes nothing.
		_, page = h.Get(h.As(CEO), here)
		shows(t, page, "Why not somebody else")
		status, _ = h.Post(h.As(CEO), "/plans/"+plan+"/changes", form)
		require.Equal(t, http.StatusForbidden, status)
		status, _ = h.Get(h.As(Exec(1)), here)
		require.Equal(t, http.StatusForbidden, status)
	})
}

func pageOf(t *testing.T, h *House, b *http.Client, path string) string {
	t.Helper()
	status, page := h.Get(b, path)
	require.Equal(t, http.StatusOK, status)
	return page
}

// bringFile sends a solution with the form of a run's page.
func bringFile(t *testing.T, h *House, b *http.Client, run, file string) (status int, page string) {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("file", "ours.json")
	require.NoError(t, err)
	_, err = part.Write([]byte(file))
	require.NoError(t, err)
	require.NoError(t, m.Close())
	r, err := b.Post(h.URL+run+"/solution", m.FormDataContentType(), &body)
	require.NoError(t, err)
	return r.StatusCode, readAll(t, r)
}
