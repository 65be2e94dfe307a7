package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Debrief gives one that is filed for a visit that was held, a draft for the others.
func (s *story) Debrief(_ context.Context, _ access.Actor, id string) (flow.DebriefView, error) {
	if err := s.failing("debrief"); err != nil {
		return flow.DebriefView{}, err
	}
	for _, v := range s.visits {
		if v.ID != id {
			continue
		}
		w := flow.DebriefView{VisitView: s.view(v), SavedBy: s.nameOf("Ana"), FiledBy: s.nameOf("Ana"), MayWrite: true, Buying: visit.UsualBuying(), Stage: "research", Claims: []flow.ClaimChoice{{ID: "c1", Text: s.nameOf("One invoice"), Backing: 3}, {ID: "c2", Text: s.nameOf("Prices"), Backing: 14}},
			Expected: []insight.Attendee{{Party: insight.Us, PersonID: v.ExecutiveID, Name: s.nameOf("Ana")}, {Party: insight.Them, Name: s.nameOf("Ms Li")}}}
		on := v.Slot.Date
		w.Kept = flow.KeptDebrief{Version: 3, SavedAt: s.now, FiledAt: s.now, SaveKey: "k1", Filed: v.State == visit.Held, Debrief: insight.Debrief{VisitID: id, CustomerID: v.CustomerID, On: on, Held: true,
			Kind: visit.AtCustomer, WithHost: true, Present: []insight.Attendee{w.Expected[0], {Party: insight.Them, Name: s.nameOf("Mr Wu"), Role: s.nameOf("head of IT")}},
			Ours: insight.Partly, Theirs: insight.Yes, TheirsSaid: insight.No,
			Said: []insight.Statement{{ID: "s1", Source: insight.Said, By: s.nameOf("Ms Li"), On: on, About: insight.Goals, Text: s.nameOf("We want one price list."), ClaimID: "c2", Side: insight.For},
				{ID: "s2", Source: insight.Guessed, On: on, Text: s.nameOf("Their CFO is against it.")}},
			Questions: []string{s.nameOf("Does it run offline?")}, Information: []string{s.nameOf("References")},
			Commitments: []insight.Commitment{{Party: insight.Us, Who: s.nameOf("Ben"), What: s.nameOf("an engineer"), By: on.Add(14)}},
			NextAction:  s.nameOf("invite the users"), NextBy: on.Add(20), Action: "named_problem", More: s.nameOf("the budget"), Notes: s.nameOf("line one\nline two")}}
		l := insight.Loops(w.Kept.Debrief, v.HostID)
		for i := range l {
			l[i].ID = "loop" + string(rune('a'+i))
			k := flow.LoopView{KeptLoop: flow.KeptLoop{Loop: l[i], Version: 1}, Customer: w.Customer, Owner: w.Host, MayDo: true}
			if i == 1 {
				k.Answered = on
				k.Reopened = 1
			}
			k.Next, k.Until = k.NextStep()
			k.Late = k.Overdue(s.today)
			w.Loops = append(w.Loops, k)
		}
		return w, nil
	}
	return flow.DebriefView{}, fault.NotFoundf("There is no such visit.")
}

func (s *story) SaveDebrief(_ context.Context, _ access.Actor, id string, version int, key string, in flow.DebriefInput) (flow.KeptDebrief, error) {
	return flow.KeptDebrief{Version: version + 1}, s.change("save debrief", id, version, key, in)
}

func (s *story) FileDebrief(_ context.Context, _ access.Actor, id string, version int, key string, in flow.DebriefInput) (flow.KeptDebrief, error) {
	return flow.KeptDebrief{Version: version + 1}, s.change("file debrief", id, version, key, in)
}

func (s *story) OpenLoops(_ context.Context, a access.Actor, _ string) (flow.LoopsView, error) {
	v := flow.LoopsView{Sentence: "Nothing is open with customers.", Today: s.today}
	for _, x := range s.visits {
		if x.State == visit.Held {
			d, err := s.Debrief(context.Background(), a, x.ID)
			v.Open, v.Sentence = d.Loops, "3 are open with customers, 1 late."
			shut := d.Loops[0]
			shut.ID, shut.Answered, shut.Confirmed, shut.ConfirmedBy, shut.Next, shut.Late = "shut", s.today, s.today, s.nameOf("Ms Li"), "", 0
			v.Closed = []flow.LoopView{shut}
			return v, err
		}
	}
	return v, nil
}

func (s *story) StepLoop(_ context.Context, _ access.Actor, id string, version int, step flow.LoopStep, by string) (flow.LoopView, error) {
	return flow.LoopView{}, s.change("loop", id, version, step, by)
}

// begun gives a visit that has begun and of which nobody has said anything.
func begun(s *story) string {
	for i := range s.visits {
		if v := &s.visits[i]; v.State == visit.Published {
			v.Start = s.now.Add(-time.Hour)
			return v.ID
		}
	}
	return ""
}

func debriefForm() url.Values {
	return url.Values{"version": {"3"}, "key": {"k2"}, "do": {"file"}, "held": {"yes"}, "ours": {"yes"}, "theirs": {"not_known"}, "kind": {"onsite"}, "with_host": {"yes"}, "code": {""}, "words": {""},
		"said_id": {"s1", "", ""}, "said_text": {" One price <list>. ", "", "It is slow"}, "said_by": {"Ms Li", "Ms Li", ""}, "said_source": {"said", "said", "guessed"}, "said_about": {"goals", "", ""},
		"next_action": {" invite us "}, "next_by": {"2027-08-01"}, "action": {"named_problem"}, "present": {"us:p1", "them:Ms Li"}, "present_name": {"Mr Wu", ""}, "present_role": {"IT", ""},
		"questions": {"Why?\r\nWhen?"}, "information": {""}, "more": {"budget"}, "notes": {"a\nb"}, "after": {"k0", "k1"},
		"promise_party": {"us", "them"}, "promise_who": {"Ben", ""}, "promise_by": {"2027-07-01", ""}, "promise_what": {"an engineer", ""}}
}

func TestDebriefPages(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).live()
	site := open(t, s, actors(s)["host"])
	held := ""
	for _, v := range s.visits {
		if v.State == visit.Held {
			held = v.ID
		}
	}
	w := site.get("/visits/" + held + "/debrief")
	require.Equal(t, 200, w.Code)
	for _, want := range []string{"What came of it", "We want one price list.", "We guess", "the customer says that it was not met", "It counts for the 30-day clock", "line two", "an engineer", "Correct it"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	w = site.get("/visits/" + held + "/debrief?edit=1")
	require.Contains(t, w.Body.String(), "Send it again to correct it")
	sound(t, w.Body.Bytes())
	require.Equal(t, 404, site.get("/visits/none/debrief").Code)

	id := begun(s)
	w = site.get("/visits/" + id)
	require.Contains(t, w.Body.String(), "Write the debrief")
	w = site.get("/visits/" + id + "/debrief")
	require.Contains(t, w.Body.String(), "Draft saved by")
	sound(t, w.Body.Bytes())

	// What was entered arrives, without what is empty.
	w = site.post("/visits/"+id+"/debrief", debriefForm())
	require.Equal(t, "/visits/"+id+"/debrief?done=debriefed", w.Header().Get("Location"))
	require.Len(t, s.calls, 1)
	for _, want := range []string{"file debrief " + id + " 3 k2", "One price <list>.", "It is slow", "an engineer", "2027-07-01", "[Why? \r When?]", "[k0 k1]", "Mr Wu", "{us p1 p1 }", "{them  Ms Li }"} {
		require.Contains(t, strings.ReplaceAll(s.calls[0], "\r ", "\r "), strings.ReplaceAll(want, "Why? \r", "Why?\r"))
	}
	draft := debriefForm()
	draft.Set("do", "draft")
	require.Equal(t, "/visits/"+id+"/debrief?done=saved_draft", site.post("/visits/"+id+"/debrief", draft).Header().Get("Location"))

	// What is wrong is named beside its field, and nothing that was typed is lost.
	s.fail["file debrief"] = fault.Invalidf("The debrief cannot be kept.").With(fault.Detail{Where: "said[1].by", Expected: "who"}, fault.Detail{Where: "commitments[0].what", Expected: "what"}, fault.Detail{Where: "questions[0]", Expected: "a sentence"})
	w = site.post("/visits/"+id+"/debrief", debriefForm())
	require.Equal(t, 422, w.Code)
	for _, want := range []string{"#f-statement_2_by", "#f-promise_1_what", "#f-questions", "One price &lt;list&gt;.", "It is slow", "Mr Wu", "Why?"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	bad := debriefForm()
	bad.Set("next_by", "soon")
	bad.Del("held")
	w = site.post("/visits/"+id+"/debrief", bad)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-held")
	sound(t, w.Body.Bytes())

	// Somebody else was faster: both are there.
	s.fail["file debrief"] = fault.Stalef("Somebody else has written this debrief meanwhile.")
	w = site.post("/visits/"+id+"/debrief", debriefForm())
	require.Equal(t, 409, w.Code)
	for _, want := range []string{"Somebody else has written meanwhile", "We want one price list.", "One price &lt;list&gt;.", `name="version" value="3"`} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	s.fail["file debrief"] = fault.Deniedf("no")
	require.Equal(t, 403, site.post("/visits/"+id+"/debrief", debriefForm()).Code)

	// The page's script hears the same in JSON.
	ask := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/visits/"+id+"/debrief", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		site.echo.ServeHTTP(w, r)
		return w
	}
	w = ask(draft)
	require.JSONEq(t, `{"version": 4}`, w.Body.String())
	s.fail["save debrief"] = fault.Stalef("Somebody else has written this debrief meanwhile.")
	require.Equal(t, 412, ask(draft).Code)
	s.fail["save debrief"] = fault.Invalidf("It cannot.").With(fault.Detail{Where: "notes", Value: "x", Expected: "less"})
	w = ask(draft)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "It cannot. Notes")
}

func TestOpenLoopsPage(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).live()
	site := open(t, s, access.Actor{PersonID: uuidOf(1, 0), Name: "Host", Roles: []roster.Role{roster.Host}})
	w := site.get("/loops")
	require.Equal(t, 200, w.Code)
	for _, want := range []string{"3 are open with customers", "We promised", "They asked", "reopened 1 time", "Confirmed by the customer lately", "Who of the customer says"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	w = site.post("/loops/loopa", url.Values{"version": {"1"}, "step": {"confirm"}, "by": {" Ms Li "}, "from": {"/visits/x/debrief"}})
	require.Equal(t, "/visits/x/debrief?done=loop_confirm", w.Header().Get("Location"))
	w = site.post("/loops/loopa", url.Values{"version": {"1"}, "step": {"answer"}, "from": {"//evil.example"}})
	require.Equal(t, "/loops?done=loop_answer", w.Header().Get("Location"))
	require.Equal(t, []string{"loop loopa 1 confirm Ms Li", "loop loopa 1 answer"}, s.calls)
	for want, err := range map[int]error{422: fault.Invalidf("Only the customer closes this."), 409: fault.Stalef("Somebody has changed this meanwhile."), 404: fault.NotFoundf("none")} {
		s.fail["loop"] = err
		w = site.post("/loops/loopa", url.Values{"version": {"1"}, "step": {"confirm"}})
		require.Equal(t, want, w.Code)
		sound(t, w.Body.Bytes())
	}
	require.Equal(t, 422, site.post("/loops/loopa", url.Values{"version": {"x"}}).Code)
	empty := open(t, makeStory(size{}), actors(s)["vp"])
	require.Contains(t, empty.get("/loops").Body.String(), "Nothing is open")
}

func (s *story) Memo(_ context.Context, a access.Actor, id string) (flow.MemoView, error) {
	d, err := s.Debrief(context.Background(), a, id)
	if err == nil && s.fail["memo"] != nil {
		err = s.fail["memo"]
	}
	m := flow.MemoView{VisitView: d.VisitView, To: []roster.Contact{{Name: s.nameOf("Eva"), Email: "eva@a.example"}}, Copy: roster.Person{ID: "m", Name: s.nameOf("Boss")}, MayEdit: d.Visit.State != visit.Held}
	m.Memo = flow.KeptMemo{Memo: insight.DraftMemo(d.Kept.Debrief), ToName: s.nameOf("Eva"), Version: 2}
	if !m.MayEdit {
		m.Memo.Sent = d.Visit.Slot.Date
		m.Memo.Lines[0].Reply = insight.Confirms
		m.Memo.Lines[1].Reply, m.Memo.Lines[1].Correction = insight.Corrected, s.nameOf("Two lists.")
	}
	return m, err
}

func (s *story) SaveMemo(_ context.Context, _ access.Actor, id string, version int, lines []insight.Line) (flow.MemoView, error) {
	return flow.MemoView{}, s.change("save memo", id, version, lines)
}

func (s *story) SendMemo(_ context.Context, _ access.Actor, id string, version int, lines []insight.Line, email string) (flow.MemoView, error) {
	return flow.MemoView{}, s.change("send memo", id, version, lines, email)
}

func (s *story) AskObjective(_ context.Context, _ access.Actor, id, email string) error {
	return s.change("ask", id, 0, email)
}

func (s *story) AfterVisit(_ context.Context, token, _ string) (flow.AfterPage, error) {
	if token != "good" {
		return flow.AfterPage{}, fault.NotFoundf("This link no longer works.")
	}
	return flow.AfterPage{Name: s.nameOf("Eva"), Customer: s.nameOf("Acme"), Executive: s.nameOf("Ana"), Host: roster.Person{Name: s.nameOf("Ben"), Phone: "+1 555", Email: "ben@x.example"}, On: s.today, Expires: s.now,
		Objective: s.nameOf("One price list"), Lines: []insight.Line{{About: insight.Goals, Text: s.nameOf("You want one price list.")}, {About: insight.NextSteps, Text: s.nameOf("We send it."), Reply: insight.Confirms}}}, nil
}

func (s *story) AnswerAfter(_ context.Context, token, _ string, met insight.Met, replies []flow.AfterReply) (flow.AfterPage, error) {
	p, err := s.AfterVisit(context.Background(), token, "")
	if err == nil {
		err = s.change("after", token, 0, met, replies)
	}
	p.Met = met
	return p, err
}

func TestMemoPages(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).live()
	site := open(t, s, actors(s)["host"])
	held, id := "", begun(s)
	for _, v := range s.visits {
		if v.State == visit.Held {
			held = v.ID
		}
	}
	w := site.get("/visits/" + held + "/memo")
	require.Equal(t, 200, w.Code)
	for _, want := range []string{"What the customer says", "✓ confirmed", "Two lists.", "still our guess", "Send the question"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	w = site.get("/visits/" + id + "/memo")
	require.Contains(t, w.Body.String(), "Send to the customer")
	require.NotContains(t, w.Body.String(), "the budget", "what is ours alone")
	sound(t, w.Body.Bytes())

	form := url.Values{"version": {"2"}, "do": {"send"}, "email": {"eva@a.example"}, "about": {"goals", "situation", "situation"}, "text": {" One <list>. ", " ", "Grown"}}
	require.Equal(t, "/visits/"+id+"/memo?done=memo_sent", site.post("/visits/"+id+"/memo", form).Header().Get("Location"))
	form.Set("do", "save")
	require.Equal(t, "/visits/"+id+"/memo?done=memo_saved", site.post("/visits/"+id+"/memo", form).Header().Get("Location"))
	require.Contains(t, s.calls[0], "send memo "+id+" 2")
	require.Contains(t, s.calls[0], "One <list>.")
	require.Equal(t, "/visits/"+id+"/memo?done=asked_customer", site.post("/visits/"+id+"/ask", url.Values{"email": {"eva@a.example"}}).Header().Get("Location"))
	s.fail["save memo"] = fault.Invalidf("The memo cannot be kept.").With(fault.Detail{Where: "lines[1].text", Expected: "a sentence"})
	w = site.post("/visits/"+id+"/memo", form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-line_2")
	require.Contains(t, w.Body.String(), "One &lt;list&gt;.")
	sound(t, w.Body.Bytes())
	s.fail["save memo"] = fault.Stalef("Somebody has changed the memo meanwhile.")
	w = site.post("/visits/"+id+"/memo", form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "We want one price list.")
	sound(t, w.Body.Bytes())
	s.fail["memo"] = fault.Conflictf("Nobody has filed a debrief.")
	require.Equal(t, 409, site.get("/visits/"+id+"/memo").Code)

	// The customer's side needs no account.
	out := open(t, s, access.Actor{})
	w = out.get("/c/good/after")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))
	require.Contains(t, w.Body.String(), "You want one price list.")
	sound(t, w.Body.Bytes())
	require.Equal(t, 404, out.get("/c/bad/after").Code)
	answer := url.Values{"met": {"partly"}, "reply_0": {"corrected"}, "correction_0": {" Two <lists>. "}, "reply_1": {"confirmed"}, "correction_1": {"left over"}}
	w = out.post("/c/good/after", answer)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "Thank you")
	sound(t, w.Body.Bytes())
	require.Contains(t, s.calls[len(s.calls)-1], "partly [{0 corrected Two <lists>.} {1 confirmed }]")
	s.fail["after"] = fault.Invalidf("The reply cannot be kept.")
	w = out.post("/c/good/after", answer)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "Two &lt;lists&gt;.")
	sound(t, w.Body.Bytes())
	require.Equal(t, 404, out.post("/c/bad/after", answer).Code)
}
