package web_test

import (
	"net/url"
	"strings"
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

func TestTheBrief(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	id := s.visits[len(s.visits)-1].ID
	s.visits[len(s.visits)-1].Objective = ""
	body := site.get("/visits/" + id + "/brief").Body.String()
	for _, want := range []string{"See how others run it", "09:30", "Plant tour", "The price list", "The delay", "What would make it fail?", "Who decides?", "Train 7:32", "no objective", "Nobody has said what this visit is for"} {
		require.Contains(t, body, want)
	}
	form := url.Values{"version": {"3"}, "objective": {"A pilot"}, "theirs": {"Less paper"}, "theirs_by": {"Eva"}, "agenda": {"9.30 Tour\r\n\r\nLunch\r\n10:00"}, "guests": {"Eva Lang, Production\nMax"}, "ours": {"Kim"}, "elephants": {"The delay"}, "asks": {"Why?\nWho?"}}
	w := site.post("/visits/"+id+"/brief", form)
	require.Equal(t, "/visits/"+id+"/brief?done=prepared", w.Header().Get("Location"))
	require.Equal(t, "/visits/"+id+"/brief?done=asked", site.post("/visits/"+id+"/brief/questions", url.Values{"question": {" Why now? "}}).Header().Get("Location"))
	require.Equal(t, 303, site.post("/visits/"+id+"/links", url.Values{"version": {"2"}, "email": {"eva@a.example"}}).Code)
	require.Equal(t, 303, site.post("/visits/"+id+"/links/l1/withdraw", nil).Code)
	require.Equal(t, []string{"brief " + id + " 3 {A pilot Less paper Eva  [{09:30 Tour} { Lunch} {10:00 }] [{Kim  false} {Eva Lang Production true} {Max  true}] [] [The delay] [Why? Who?] }",
		"question " + id + " Why now?", "link " + id + " 2 eva@a.example", "withdraw " + id + " l1"}, s.calls)

	s.fail["brief"] = fault.Invalidf("The brief cannot be kept as it is.").With(fault.Detail{Where: "theirs_by", Expected: "who said so"})
	w = site.post("/visits/"+id+"/brief", form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-theirs_by")
	require.Contains(t, w.Body.String(), "Less paper", "what was typed is not lost")
	sound(t, w.Body.Bytes())
	s.fail["brief"] = fault.Stalef("Somebody has changed the brief meanwhile.")
	w = site.post("/visits/"+id+"/brief", form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Less paper")
	sound(t, w.Body.Bytes())
	form.Set("theirs_on", "soon")
	require.Equal(t, 422, site.post("/visits/"+id+"/brief", form).Code)
	s.fail["question"] = fault.Conflictf("There are 10 questions already.")
	w = site.post("/visits/"+id+"/brief/questions", url.Values{"question": {"<why>"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "&lt;why&gt;")
	sound(t, w.Body.Bytes())
	held := s.visits[0].ID
	require.Equal(t, 403, site.get("/visits/"+held+"/brief/edit").Code, "what is over is not prepared")
	s.bare = true
	sound(t, site.get("/visits/"+id+"/brief").Body.Bytes())
	sound(t, site.get("/visits/"+id+"/brief/edit").Body.Bytes())
}

// A customer's page shows one visit and no way to anything else, and all links that do
// not work look the same.
func TestTheCustomersPage(t *testing.T) {
	s := makeStory(sampleSize).live()
	for i := range s.visits {
		s.visits[i].Objective, s.visits[i].Why, s.visits[i].Group, s.visits[i].AnswerNote = "xyzzy", "xyzzy", "xyzzy", "xyzzy"
		s.visits[i].Agreement = visit.Agreement{With: "xyzzy", What: "xyzzy"}
	}
	site := open(t, s, actors(s)["vp"]) // whoever reads
	w := site.get("/c/good")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))
	body := w.Body.String()
	for _, never := range []string{"xyzzy", "href=\"/", "/visits", "Sign out", "The delay", "Train 7:32", "Windshield"} {
		require.NotContains(t, strings.ReplaceAll(strings.ReplaceAll(body, `href="/assets/`, ""), "windshield.example", ""), never)
	}
	gone := site.get("/c/guessed")
	require.Equal(t, 404, gone.Code)
	require.Equal(t, gone.Body.String(), site.post("/c/guessed", url.Values{"theirs": {"x"}}).Body.String())

	form := url.Values{"print": {"p1"}, "theirs": {" Less paper "}, "agenda": {"09:30 Tour"}}
	w = site.post("/c/good", form)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "Thank you")
	sound(t, w.Body.Bytes())
	require.Equal(t, "confirm good p1 {Less paper [{09:30 Tour}]}", s.calls[len(s.calls)-1])
	for status, err := range map[int]error{409: fault.Stalef("We have changed something since you opened this page."), 422: fault.Invalidf("Please say what you want.").With(fault.Detail{Where: "theirs", Expected: "a few words"}),
		404: fault.NotFoundf("This link no longer works."), 429: fault.New(fault.TooMany, "Too many attempts.")} {
		s.fail["confirm"] = err
		w = site.post("/c/good", form)
		require.Equal(t, status, w.Code)
		require.Equal(t, status == 409 || status == 422, strings.Contains(w.Body.String(), "Less paper"), "what was typed is not lost")
		sound(t, w.Body.Bytes())
	}
}
