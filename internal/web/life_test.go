package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/visit"
)

func TestWhatWasAgreedAndWhatHappened(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	id := ""
	for i, v := range s.visits {
		if v.State == visit.Published && v.Start.After(s.now) {
			id = v.ID
			s.visits[i].State, s.visits[i].Agreement = visit.Agreed, visit.Agreement{With: "Eva <Lang>", On: s.visits[i].Slot.Date.Add(-30), What: "two hours"}
		}
	}
	w := site.get("/visits/" + id)
	for _, want := range []string{"Eva &lt;Lang&gt;", "two hours", "took back the last step", "moved it from", "agreed with the customer again", "The customer asked for it. ill", "Take back the last step", "Cancel this visit"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())

	form := url.Values{"version": {"2"}, "with": {" Eva Lang "}, "on": {"2027-02-01"}, "what": {"plant tour"}, "kind": {"online"}, "join_url": {"https://meet.example/x"},
		"contact_name": {"Eva", "", "Only a name"}, "contact_email": {"eva@a.example", "", ""}}
	w = site.post("/visits/"+id+"/agreement", form)
	require.Equal(t, "/visits/"+id+"?done=agreed", w.Header().Get("Location"))
	form.Set("on", "soon")
	w = site.post("/visits/"+id+"/agreement", form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-on")
	require.Contains(t, w.Body.String(), "plant tour", "what was typed is not lost")
	sound(t, w.Body.Bytes())
	form.Set("on", "")
	s.fail["agree"] = fault.Invalidf("This cannot be noted as it is.").With(fault.Detail{Where: "contacts", Value: "x", Expected: "a mail address"})
	w = site.post("/visits/"+id+"/agreement", form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "Only a name")
	sound(t, w.Body.Bytes())

	w = site.post("/visits/"+id+"/cancel", url.Values{"version": {"2"}, "code": {"customer"}, "words": {" ill "}})
	require.Equal(t, "/visits/"+id+"?done=cancelled", w.Header().Get("Location"))
	s.fail["cancel"] = fault.Stalef("Somebody has changed this visit meanwhile.")
	w = site.post("/visits/"+id+"/cancel", url.Values{"version": {"1"}, "code": {"travel"}, "words": {"<ill>"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "&lt;ill&gt;")
	sound(t, w.Body.Bytes())
	w = site.post("/visits/"+id+"/undo", url.Values{"version": {"2"}})
	require.Equal(t, "/visits/"+id+"?done=undone", w.Header().Get("Location"))
	s.fail["undo"] = fault.Conflictf("The calendar has been written already.")
	w = site.post("/visits/"+id+"/undo", url.Values{"version": {"2"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "has been written already")
	require.Equal(t, 303, site.post("/visits/"+id+"/answer", url.Values{"version": {"2"}, "answer": {"declined"}, "reason": {"Board"}, "code": {"travel"}}).Code)
	require.Equal(t, []string{"agree " + id + " 2 {Eva Lang 2027-02-01 plant tour [{Eva eva@a.example } {Only a name  }] online https://meet.example/x}",
		"cancel " + id + " 2 customer ill", "undo " + id + " 2", "decline " + id + " 2 travel Board"}, s.calls)
	for _, path := range []string{"agreement", "cancel", "undo"} {
		require.Equal(t, 422, site.post("/visits/"+id+"/"+path, url.Values{"version": {"x"}}).Code)
	}
}
