package web_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
)

func TestAProposalIsTaken(t *testing.T) {
	s := makeStory(sampleSize).live()
	vp := open(t, s, actors(s)["vp"])
	here := "/plans/" + s.plan.ID + "/customers/" + uuidOf(4, 3)
	page := vp.get(here).Body.String()
	for _, text := range []string{"The visit cannot stay there", "Where else it could stand", "Why not somebody else", "Why not another week", "+3,210", "+1", "Amara Abara, Bjorn Abara"} {
		require.Contains(t, page, text)
	}
	changes := regexp.MustCompile(`name="changes" value="([^"]*)"`).FindStringSubmatch(page)
	require.NotNil(t, changes)
	form := url.Values{"key": {"k"}, "changes": {html.UnescapeString(changes[1])}}
	w := vp.post("/plans/"+s.plan.ID+"/changes", form)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, here+"?done=rearranged", w.Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], "rearrange")

	// Somebody else was faster; the page shows how it is now.
	s.fail["rearrange"] = fault.Stalef("The visit no longer stands where you saw it.")
	w = vp.post("/plans/"+s.plan.ID+"/changes", form)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "no longer stands where you saw it")
	sound(t, w.Body.Bytes())
	for _, junk := range []string{"", "[]", "{", `[{"customer":7}]`} {
		require.Equal(t, http.StatusUnprocessableEntity, vp.post("/plans/"+s.plan.ID+"/changes", url.Values{"changes": {junk}}).Code, junk)
	}
	// Who does not plan sees why, but no places to take.
	page = open(t, s, actors(s)["ceo"]).get(here).Body.String()
	require.Contains(t, page, "Why not somebody else")
	require.NotContains(t, page, "Take this place")
	// A customer without a place.
	page = vp.get("/plans/" + s.plan.ID + "/customers/" + uuidOf(4, 1)).Body.String()
	require.Contains(t, page, "What would give it a place")
	require.Contains(t, page, "Make the change first")
}

func TestScenariosAreStarted(t *testing.T) {
	s := makeStory(sampleSize)
	vp := open(t, s, actors(s)["vp"])
	form := url.Values{"selection": {uuidOf(6, 1)}, "seconds": {"10"}, "key": {"k"}, "per_week-1": {"1"}, "max_gap-2": {"20"}, "name-2": {"three weeks"}}
	w := vp.post("/plans/scenarios", form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	require.Equal(t, "/plans/scenarios/"+uuidOf(9, 1), w.Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], "three weeks")
	form.Set("max_gap-2", "1000")
	w = vp.post("/plans/scenarios", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `value="three weeks"`, "what was typed stays")
	require.Contains(t, w.Body.String(), `href="#f-max_gap-2"`)
	sound(t, w.Body.Bytes())
}

func TestASolutionIsBrought(t *testing.T) {
	s := makeStory(sampleSize)
	s.runState = "done"
	vp := open(t, s, actors(s)["vp"])
	send := func(file string) *httptest.ResponseRecorder {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		if file != "" {
			part, err := m.CreateFormFile("file", "ours.json")
			require.NoError(t, err)
			_, err = part.Write([]byte(file))
			require.NoError(t, err)
		}
		require.NoError(t, m.Close())
		r := httptest.NewRequest(http.MethodPost, "/plans/runs/x/solution", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		w := httptest.NewRecorder()
		vp.echo.ServeHTTP(w, r)
		return w
	}
	w := send(`{"format":"windshield.solution/1"}`)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Contains(t, s.calls[len(s.calls)-1], "ours")
	w = send("")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "windshield.solution/1")
	sound(t, w.Body.Bytes())
	s.fail["bring"] = fault.Invalidf("This solution cannot be a plan: 1 problems.").With(fault.Detail{Where: "rule once", Expected: "a plan that keeps it"})
	w = send("{}")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "Rule once")
	w = vp.get("/plans/runs/x/problem.json")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, `attachment; filename="windshield-problem.json"`, w.Header().Get("Content-Disposition"))
}
