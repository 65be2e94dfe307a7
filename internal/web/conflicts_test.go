package web_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/visit"
)

func TestBothSidesAreShownAndOneIsChosen(t *testing.T) {
	s := makeStory(sampleSize).live()
	i := slices.IndexFunc(s.visits, func(v visit.Visit) bool { return v.Conflict != "" })
	require.GreaterOrEqual(t, i, 0)
	v := s.visits[i]
	site := open(t, s, actors(s)["vp"])
	page := site.get("/visits/" + v.ID).Body.String()
	for _, text := range []string{"Somebody has to decide", "Keep ours", "Take theirs", "Bring the demo", "taken off the list", "added in the calendar", "declined by itself", "is asked again"} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script>alert")

	form := url.Values{"version": {"3"}, "verdict": {"ours"}, "field": {"time"}, "print": {"p1"}}
	w := site.post("/visits/"+v.ID+"/settle", form)
	require.Equal(t, 303, w.Code)
	require.Contains(t, w.Header().Get("Location"), "done=settled")

	s.fail["settle"] = fault.Stalef("x")
	w = site.post("/visits/"+v.ID+"/settle", form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "a decision about the calendar entry")
	sound(t, w.Body.Bytes())
	delete(s.fail, "settle")

	w = site.post("/visits/"+v.ID+"/settle", url.Values{"version": {"3"}, "verdict": {"time"}, "date": {"soon"}, "begins": {"09:00"}, "ends": {"10:00"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "a date such as")
	sound(t, w.Body.Bytes())
	require.Equal(t, 422, site.post("/visits/"+v.ID+"/settle", url.Values{"verdict": {"ours"}}).Code, "a form without its version")
}

func TestThePolicyHasAForm(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	w := site.post("/admin/calendar/policy", url.Values{"move": {"ask"}, "resize": {"accept"}, "text": {"keep"}, "delete": {"ask"}, "answer": {"keep"}})
	require.Equal(t, 303, w.Code)
	w = site.post("/admin/calendar/policy", url.Values{"move": {"everything"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "There is a problem")
	sound(t, w.Body.Bytes())
	require.NotContains(t, open(t, s, actors(s)["vp"]).get("/admin/calendar/policy").Body.String(), ">Save<", "who may not change it sees it")
}
