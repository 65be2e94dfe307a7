package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ---- the grid of the year, moved by hand

func (s *story) labelled(label string) (visit.Visit, error) {
	for _, v := range s.visits {
		if v.Label == label {
			return v, nil
		}
	}
	return visit.Visit{}, fault.NotFoundf("This plan has no visit %q.", label)
}

func (s *story) PlaceOf(ctx context.Context, a access.Actor, _, label string, trades bool) (flow.PlaceView, error) {
	v, err := s.labelled(label)
	if err != nil {
		return flow.PlaceView{}, err
	}
	x := flow.PlaceView{Why: s.nameOf("A trip of its own, 40 km from home."), Reason: planning.Reason{Assigned: true, HomeKM: 40, GapBefore: 12, GapAfter: 9}}
	if x.VisitView, err = s.Visit(ctx, a, v.ID); err != nil {
		return x, err
	}
	if !a.Has(roster.VP) || !v.State.Open() || v.Slot.Date <= s.today {
		x.WhyNot = "This visit has taken place, or is so near that nobody moves it any more."
		return x, nil
	}
	x.MayMove, x.MayPin = true, true
	at, _ := s.places()
	x.Best = []flow.Option{{To: *at, Price: -1200, Text: s.nameOf("Bjorn Abara on Tue 6 Jul, morning: 1,200 fewer km of travel.")}}
	for _, p := range s.people {
		if p.Has(roster.Executive) {
			x.People = append(x.People, flow.PersonName{ID: p.ID, Name: p.Name})
		}
	}
	if trades {
		x.Trades = []flow.Option{{To: *at, Label: "v1", Name: s.nameOf("Castro Foods 1001"), Price: 40}}
	}
	return x, s.failing("place")
}

func (s *story) Choices(_ context.Context, _ access.Actor, _, label string) (flow.Choices, error) {
	v, err := s.labelled(label)
	if err != nil {
		return flow.Choices{}, err
	}
	at := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	monday := slot.MakeDate(2026, 12, 28)
	x := flow.Choices{Label: label, CustomerID: v.CustomerID, At: &at, Survey: solver.Survey{From: &at, Monday: monday, Weeks: 53}, ByLabel: map[string]solver.Trade{}}
	for i, p := range s.people {
		if !p.Has(roster.Executive) {
			continue
		}
		weeks := make([]solver.Cell, 53)
		for w := range weeks {
			if (w+i)%3 == 0 {
				weeks[w] = solver.Cell{Rule: planning.WorkingDay, Why: "is away or busy"}
			} else {
				weeks[w] = solver.Cell{Open: true, Place: planning.Place{Executive: p.ID, Date: monday.Add(7*w + 3), Half: slot.PM}, Price: int64(1000*(w%5) - 2000)}
			}
		}
		x.Executives, x.Cells = append(x.Executives, p.ID), append(x.Cells, weeks)
	}
	for i, o := range s.visits {
		if o.State.Open() && o.Label != label {
			x.ByLabel[o.Label] = solver.Trade{Visit: o.CustomerID, Open: i%4 > 0, Price: int64(i), Why: "has another visit there"}
		}
	}
	return x, s.failing("choices")
}

func (s *story) Quote(_ context.Context, _ access.Actor, _ string, m flow.Move) (flow.Quote, error) {
	return flow.Quote{Words: "travel +120 km, longest gap 34 → 41 d, cost +1,234", Text: s.nameOf("Castro Foods"), Price: map[string]int64{"total": 1234}}, s.asked(m)
}

func (s *story) Together(_ context.Context, _ access.Actor, _ string, m flow.Move) (flow.Together, error) {
	x := flow.Together{Of: len(m.Visits), Fits: len(m.Visits) - 1, Against: []flow.Against{{Name: s.nameOf("Castro Foods"), Why: "Bjorn is away"}}}
	if m.Weeks > 1 {
		x = flow.Together{Of: len(m.Visits), Fits: len(m.Visits), Words: "cost +12"}
	}
	return x, s.failing("together")
}

// asked refuses as a plan would whose customers have agreed.
func (s *story) asked(m flow.Move) error {
	if err := s.fail["quote"]; err != nil && !(m.Agreed && fault.Is(err, fault.Conflict)) {
		return err
	}
	return nil
}

func (s *story) Move(_ context.Context, _ access.Actor, k flow.Key, planID string, m flow.Move) (flow.Rearranged, error) {
	if err := s.asked(m); err != nil {
		return flow.Rearranged{}, err
	}
	to := "nowhere"
	switch {
	case m.To != nil:
		to = m.To.String()
	case m.Trade != nil:
		to = "for " + m.Trade.Visit
	case m.Out:
		to = "out"
	}
	if m.Because != "" {
		to += " because " + string(m.Because)
	}
	return flow.Rearranged{PlanID: planID}, s.change("move", len(m.Visits), m.Visits[0].Visit, to, m.Weeks, k.Key)
}

func (s *story) PlanSteps(_ context.Context, a access.Actor, _ string) ([]flow.PlanStepView, error) {
	from, to := s.places()
	return []flow.PlanStepView{
		{PlanStep: flow.PlanStep{ID: uuidOf(12, 2), At: s.now, Words: "cost −40", Undoes: uuidOf(12, 1), Changes: []flow.PlanChange{{CustomerID: uuidOf(4, 3), From: to, To: from, Because: visit.NoTravel}}}, Who: s.nameOf("Vera Plan"), Text: s.nameOf("Castro Foods back"), Mine: true, MayRun: a.Has(roster.VP), MaySay: a.Has(roster.VP)},
		{PlanStep: flow.PlanStep{ID: uuidOf(12, 1), At: s.now, Words: "cost +40", UndoneBy: uuidOf(12, 2), Changes: []flow.PlanChange{{CustomerID: uuidOf(4, 3), From: from, To: to}}}, Who: s.nameOf("Vera Plan"), Text: s.nameOf("Castro Foods on"), Mine: true},
		{PlanStep: flow.PlanStep{ID: uuidOf(12, 0), At: s.now, Words: "cost +41", Changes: []flow.PlanChange{{CustomerID: uuidOf(4, 3), From: from, To: to}}}, Who: s.nameOf("Vera Plan"), Text: s.nameOf("Castro Foods to Bjorn"), Mine: true, MayRun: a.Has(roster.VP)},
	}, s.failing("steps")
}

func (s *story) UndoStep(_ context.Context, _ access.Actor, k flow.Key, planID, stepID, reason string) (flow.Rearranged, error) {
	if reason != "" {
		stepID += " (" + reason + ")"
	}
	return flow.Rearranged{PlanID: planID}, s.change("undo", stepID, k.Key)
}

func (s *story) SayWhoMoved(_ context.Context, _ access.Actor, _, stepID string, because visit.Code) (flow.PlanStepView, error) {
	return flow.PlanStepView{}, s.change("say", stepID, because)
}

// ahead gives a visit of the story that may still move.
func (s *story) ahead() visit.Visit {
	i := slices.IndexFunc(s.visits, func(v visit.Visit) bool {
		return v.State.Open() && v.Slot.Date > s.today.Add(20) && !v.Pinned && v.Conflict == ""
	})
	return s.visits[i]
}

func tokenOf(v visit.Visit) string {
	return v.Label + "@" + v.ExecutiveID + "@" + v.Slot.Date.String() + "@" + string(v.Slot.Half)
}

func TestTheDrawerIsAnAddress(t *testing.T) {
	for _, text := range []func(string) string{plain, hostile} {
		s := makeStory(size{executives: 9, customers: 60, visits: 300, text: text}).live()
		v := s.ahead()
		site := open(t, s, actors(s)["vp"])
		path := "/plans/" + s.plan.ID
		for _, q := range []string{"", "&do=move", "&do=swap", "&do=out", "&do=move&executive=" + uuidOf(1, 1) + "&date=2027-07-06&half=am", "&do=move&executive=x&date=soon&half=noon"} {
			w := site.get(path + "?zoom=quarter&group=EN&visit=" + v.Label + q)
			require.Equal(t, 200, w.Code)
			sound(t, w.Body.Bytes())
			require.Contains(t, w.Body.String(), `id="drawer"`)
			require.Contains(t, w.Body.String(), "group=EN", "links keep the view")
		}
		body := site.get(path + "?visit=" + v.Label + "&do=move&executive=" + uuidOf(1, 1) + "&date=2027-07-06&half=am").Body.String()
		require.Contains(t, body, "It can go there.")
		require.Contains(t, body, "longest gap 34 → 41 d")
		require.Contains(t, body, `name="because"`)
		require.Contains(t, site.get(path+"?visit="+v.Label+"&do=move&executive=x&date=soon&half=noon").Body.String(), "2027-03-04")
		require.Equal(t, 404, site.get(path+"?visit=v99999").Code)

		r := httptest.NewRequest(http.MethodGet, path+"/drawer?visit="+v.Label, nil)
		r.Header.Set("X-Part", "drawer")
		w := httptest.NewRecorder()
		site.echo.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code)
		require.NotContains(t, w.Body.String(), "<html")
		require.Equal(t, path+"?visit="+v.Label, site.get(path+"/drawer?visit="+v.Label).Header().Get("Location"), "without the script it is the page")

		// Who only reads sees why, and nothing to press.
		ceo := open(t, s, actors(s)["ceo"]).get(path + "?visit=" + v.Label).Body.String()
		require.Contains(t, ceo, "Why here")
		require.NotContains(t, ceo, "Take it")
		require.NotContains(t, ceo, "data-moves")
	}
}

func TestMovesByForms(t *testing.T) {
	s := makeStory(sampleSize).live()
	v := s.ahead()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	to := uuidOf(1, 1) + "@2027-07-06@am"
	form := func(pairs ...string) url.Values {
		f := url.Values{"visit": {tokenOf(v)}, "key": {"k"}, "state": {"zoom=quarter&visit=" + v.Label + "&evil=//x"}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	w := site.post(path+"/moves", form("to", to))
	require.Equal(t, 303, w.Code)
	require.Equal(t, path+"?visit="+v.Label+"&zoom=quarter", w.Header().Get("Location"), "back in the same view, and nothing else")
	require.Equal(t, 303, site.post(path+"/moves", form("trade", tokenOf(s.visits[1]))).Code)
	require.Equal(t, 303, site.post(path+"/moves", form("weeks", "-2")).Code)
	require.Equal(t, 303, site.post(path+"/moves", form("out", "yes", "because", "customer")).Code)
	require.Equal(t, 303, site.post(path+"/steps/"+uuidOf(12, 2)+"/because", url.Values{"because": {"host"}}).Code)
	require.Equal(t, 303, site.post(path+"/pins", url.Values{"visit": {tokenOf(v)}, "pinned": {"yes"}}).Code)
	require.Equal(t, 303, site.post(path+"/steps/"+uuidOf(12, 0)+"/undo", url.Values{"key": {"u"}}).Code)
	require.Equal(t, []string{
		"move 1 " + v.Label + " " + uuidOf(1, 1) + " on 2027-07-06 am 0 k", "move 1 " + v.Label + " for " + s.visits[1].Label + " 0 k", "move 1 " + v.Label + " nowhere -2 k",
		"move 1 " + v.Label + " out because customer 0 k", "say " + uuidOf(12, 2) + " host",
		"pin " + v.ID + " " + strconv.Itoa(v.Version) + " true", "undo " + uuidOf(12, 0) + " u"}, s.calls)

	for name, f := range map[string]url.Values{
		"nothing": {}, "no token": form("visit", "v1"), "no date": form("visit", "v1@x@soon@am"), "no half": form("visit", "v1@x@2027-07-06@noon"),
		"no place": form("to", "x"), "odd place": form("to", "x@y@z"), "no number": form("weeks", "many"), "odd other": form("trade", "x"),
	} {
		if name == "nothing" {
			s.fail["quote"] = fault.Invalidf("This moves nothing.")
		}
		w := site.post(path+"/moves", f)
		require.Equal(t, 422, w.Code, name)
		sound(t, w.Body.Bytes())
		delete(s.fail, "quote")
	}

	// A rule speaks against it.
	s.fail["quote"] = fault.Conflictf("This cannot be done: it would break a rule.").With(fault.Detail{Where: "reach", Mend: "Amara Abara would be 900 km away."})
	w = site.post(path+"/moves", form("to", to))
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "900 km away")

	// Somebody was faster: both versions, and a way to take either.
	s.fail["quote"] = fault.Stalef("The visit no longer stands where you saw it.")
	w = site.post(path+"/moves", form("to", to))
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
	for _, want := range []string{"Somebody was faster", "You wanted", "What stands now", "Take mine", "Keep what stands now", to} {
		require.Contains(t, w.Body.String(), want)
	}
	require.Equal(t, 409, site.post(path+"/moves", form("trade", tokenOf(s.visits[1]))).Code)
	require.Equal(t, 409, site.post(path+"/moves", url.Values{"visit": {tokenOf(v), tokenOf(s.visits[1])}, "weeks": {"1"}}).Code)

	calls := len(s.calls)
	w = site.post(path+"/pins", url.Values{"visit": {v.Label + "@" + uuidOf(1, 7) + "@2027-01-04@am"}, "pinned": {"yes"}})
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
	for _, want := range []string{"Somebody was faster", "pinned where you saw it", "What stands now", "Pin it where it stands", tokenOf(v)} {
		require.Contains(t, w.Body.String(), want)
	}
	require.Len(t, s.calls, calls, "nothing was pinned")
	require.Equal(t, 422, site.post(path+"/pins", url.Values{"visit": {"v1"}}).Code)

	// A customer has agreed: it asks first.
	s.fail["quote"] = fault.Conflictf("Castro has agreed to this visit.").With(fault.Detail{Where: flow.AskAgreed, Expected: "that you say you know"})
	w = site.post(path+"/moves", form("to", to))
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "Move it all the same")
	require.Equal(t, 303, site.post(path+"/moves", form("to", to, "agreed", "yes")).Code)
	require.Contains(t, site.get(path+"?visit="+v.Label+"&do=move&executive="+uuidOf(1, 1)+"&date=2027-07-06&half=am").Body.String(), "agreed anew")

	// A brake wants a reason, which is typed there.
	s.fail["quote"] = fault.Invalidf("This visit needs a reason.").With(fault.Detail{Where: "reason", Expected: "a reason of 3 to 500 characters"})
	w = site.post(path+"/moves", form("to", to, "agreed", "yes"))
	require.Equal(t, 422, w.Code)
	sound(t, w.Body.Bytes())
	for _, want := range []string{"This needs a reason", `name="reason"`, `name="agreed"`} {
		require.Contains(t, w.Body.String(), want)
	}

	s.fail["undo"] = fault.Stalef("Ben has moved the same visit since.")
	w = site.post(path+"/steps/"+uuidOf(12, 0)+"/undo", nil)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Ben has moved the same visit since.")

	// Back to a place with a brake: it asks why, and sends it along.
	s.fail["undo"] = fault.Invalidf("This visit needs a reason.").With(fault.Detail{Where: "reason", Expected: "a reason of 3 to 500 characters"})
	w = site.post(path+"/steps/"+uuidOf(12, 0)+"/undo", nil)
	require.Equal(t, 422, w.Code)
	sound(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "Take it back for this reason")
	require.Contains(t, w.Body.String(), `action="`+path+"/steps/"+uuidOf(12, 0)+`/undo"`)
	delete(s.fail, "undo")
	require.Equal(t, 303, site.post(path+"/steps/"+uuidOf(12, 0)+"/undo", url.Values{"key": {"u"}, "reason": {"They asked."}}).Code)
	require.Equal(t, "undo "+uuidOf(12, 0)+" (They asked.) u", s.calls[len(s.calls)-1])

	// The line under the grid offers who caused the last move; what was said is pressed.
	body := site.get(path).Body.String()
	for _, want := range []string{"We moved it", "The customer asked", "The executive asked", `aria-pressed="true">The way there is not possible`} {
		require.Contains(t, body, want)
	}
}

func TestChoicesForTheScript(t *testing.T) {
	s := makeStory(bigSize).live()
	v := s.ahead()
	site := open(t, s, actors(s)["vp"])
	w := site.get("/plans/" + s.plan.ID + "/choices?visit=" + v.Label)
	require.Equal(t, 200, w.Code)
	var x struct {
		No, Monday, At string
		Rows, Trades   map[string]string
		Why            map[string]string
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &x))
	require.Empty(t, x.No)
	require.Equal(t, tokenOf(v), x.At)
	require.Len(t, x.Rows, 200)
	row := strings.Split(x.Rows[uuidOf(1, 1)], " ")
	require.Len(t, row, 53)
	require.Equal(t, "7-2000", row[0], "Thursday afternoon, cheaper")
	require.Equal(t, "is away or busy", x.Why[row[2]])
	t.Logf("choices of 200 × 53: %d KB", w.Body.Len()>>10)
	require.Less(t, w.Body.Len(), 160<<10)
	for _, err := range []error{fault.Conflictf("Pinned."), fault.NotFoundf("None."), fault.Temporaryf("Later.")} {
		s.fail["choices"] = err
		w = site.get("/plans/" + s.plan.ID + "/choices?visit=" + v.Label)
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), `{"no":`)
	}
	s.fail["choices"] = fault.Deniedf("No.")
	require.Equal(t, 403, site.get("/plans/"+s.plan.ID+"/choices?visit="+v.Label).Code)
}

// Of several visits there is one verdict, before anything moves.
func TestOneVerdictForSeveral(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID + "/together?visit=" + url.QueryEscape(tokenOf(s.visits[0])) + "&visit=" + url.QueryEscape(tokenOf(s.visits[1]))
	w := site.get(path + "&weeks=1")
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"ok":false,"text":"1 of 2 fit. Castro Foods: Bjorn is away."}`, w.Body.String())
	require.JSONEq(t, `{"ok":true,"text":"All 2 fit: cost +12."}`, site.get(path+"&weeks=2").Body.String())
	require.Contains(t, site.get("/plans/"+s.plan.ID+"/together?visit=x&weeks=2").Body.String(), `"ok":false`)
	s.fail["together"] = fault.Temporaryf("Later.")
	require.JSONEq(t, `{"ok":false,"text":"Later."}`, site.get(path+"&weeks=2").Body.String())
	s.fail["together"] = fault.Deniedf("No.")
	require.Equal(t, 403, site.get(path+"&weeks=2").Code)
}

func TestThePlansViewIsItsAddress(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	for _, q := range []string{"?zoom=quarter", "?zoom=quarter&from=2027-W14", "?by=country", "?by=region&sort=gap", "?by=function&fold=not+known", "?by=country&fold=US&sort=ends", "?group=EN&group=SB&sort=trips"} {
		w := site.get(path + q)
		require.Equal(t, 200, w.Code, q)
		sound(t, w.Body.Bytes())
	}
	folded := site.get(path + "?by=country&fold=US").Body.String()
	require.Contains(t, folded, `aria-expanded="false"`)
	require.Less(t, strings.Count(folded, `class="v `), strings.Count(site.get(path+"?by=country").Body.String(), `class="v `))
	require.Contains(t, folded, "by=country", "unfolding keeps the groups")

	quarter := site.get(path + "?zoom=quarter&from=2027-W14").Body.String()
	require.Contains(t, quarter, `data-weeks="14"`)
	require.Contains(t, quarter, `data-monday="2027-04-05"`)

	// What nobody knows is named, and the page is shown without it.
	w := site.get(path + "?zoom=month&group=XX&by=mood&from=2031-W99&sort=luck&country=ZZ")
	require.Equal(t, 422, w.Code)
	sound(t, w.Body.Bytes())
	for _, want := range []string{"month", "XX", "mood", "2031-W99", "luck"} {
		require.Contains(t, w.Body.String(), want)
	}
}

func TestDifferencesAreTaken(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID + "/compare"
	w := site.get(path + "?with=" + uuidOf(5, 3))
	require.Equal(t, 200, w.Code)
	sound(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "Take this")
	require.Contains(t, w.Body.String(), "Who caused it")
	require.NotContains(t, open(t, s, actors(s)["ceo"]).get(path+"?with="+uuidOf(5, 3)).Body.String(), "Take this")
	form := url.Values{"with": {uuidOf(5, 3)}, "into": {s.plan.ID}, "key": {"k"}, "changes": {`[{"customer":"` + uuidOf(4, 3) + `","from":null,"to":{"executive":"` + uuidOf(1, 1) + `","date":"2027-07-06","half":"am"}}]`}}
	w = site.post(path, form)
	require.Equal(t, 303, w.Code)
	require.Equal(t, path+"?with="+uuidOf(5, 3)+"&done=taken", w.Header().Get("Location"))
	require.Len(t, s.calls, 1)
	require.Regexp(t, "^rearrange "+s.plan.ID+" 1 "+uuidOf(4, 3)+" k-[0-9a-f]{16}$", s.calls[0])
	require.Equal(t, 303, site.post(path, form).Code)
	require.Equal(t, s.calls[0], s.calls[1], "sent twice")
	form.Set("because", string(visit.ByCustomer))
	require.Equal(t, 303, site.post(path, form).Code)
	require.Regexp(t, string(visit.ByCustomer)+"$", s.calls[2])
	require.NotContains(t, s.calls[2], strings.Fields(s.calls[0])[4], "another press of one form is no repetition")
	s.plan.State = visit.Draft
	require.NotContains(t, site.get(path+"?with="+uuidOf(5, 3)).Body.String(), "Who caused it", "nobody knows of a draft")
	s.plan.State = visit.Live
	s.fail["rearrange"] = fault.Stalef("It no longer stands where you saw it.")
	w = site.post(path, form)
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "no longer stands where you saw it")
	form.Set("changes", "nonsense")
	require.Equal(t, 422, site.post(path, form).Code)
}
