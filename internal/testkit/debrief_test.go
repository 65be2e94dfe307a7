package testkit_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/mail"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

const script = `<script>alert("x")</script>`

// debriefed is the form of a debrief with something in every field. What is ours alone
// carries the secret.
func debriefed(version int, key, do string) url.Values {
	return url.Values{"version": {strconv.Itoa(version)}, "key": {key}, "do": {do}, "held": {"yes"}, "ours": {"partly"}, "theirs": {"yes"}, "kind": {"onsite"}, "with_host": {"yes"},
		"said_id": {"", ""}, "said_text": {"We want one price list. " + script, "Their CFO is against it " + secret}, "said_by": {"Eva Lang", ""}, "said_source": {"said", "guessed"}, "said_about": {"goals", "obstacles"},
		"next_action": {"You invite the users"}, "action": {"named_problem"}, "present": {"them:Eva Lang"}, "present_name": {"Mr Wu " + script}, "present_role": {"IT"},
		"questions": {"Does it run offline?"}, "information": {"The list of references"}, "more": {"The budget " + secret}, "notes": {"The buyer leaves soon " + secret},
		"promise_party": {"us", "them"}, "promise_who": {"Ben", ""}, "promise_by": {"", ""}, "promise_what": {"A visit of our engineer", "The numbers of last year"}}
}

// What came of a visit: written on a bad network by two people, filed, kept open until
// the customer says that it is answered, and confirmed line by line by the customer.
func TestWhatCameOfAVisit(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 500)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		v := h.Visits(plan)[2]
		host, exec := h.Person(v.HostID).Email, h.Person(v.ExecutiveID).Email
		other := pick(h.Visits(plan), func(x visit.Visit) bool { return x.HostID != v.HostID })[0]
		page := "/visits/" + v.ID + "/debrief"
		agree(t, h, v, eva)

		// Before the visit there is nothing to say.
		status, body := h.Get(h.As(host), page)
		require.Equal(t, http.StatusOK, status)
		shows(t, body, "a debrief comes after a visit has begun")
		status, _ = h.Post(h.As(host), page, debriefed(0, "k1", "file"))
		require.Equal(t, http.StatusConflict, status)

		h.Until(v.End.Add(time.Hour))
		// Nobody else learns that there is such a visit, whatever they send.
		stranger := h.As(h.Person(other.HostID).Email)
		for _, who := range []string{page, "/api/v1" + page} {
			status, _ = h.Get(stranger, who)
			require.Equal(t, http.StatusNotFound, status)
		}
		status, _ = h.Post(stranger, page, debriefed(0, "k1", "file"))
		require.Equal(t, http.StatusNotFound, status)

		// The host's script saves a draft. The answer is lost, so it sends the same again, then more.
		save := func(who *http.Client, form url.Values) (int, int) {
			r, err := http.NewRequest(http.MethodPost, h.URL+page, strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "application/json")
			answer, err := who.Do(r)
			require.NoError(t, err)
			defer answer.Body.Close()
			var out struct{ Version int }
			require.NoError(t, json.NewDecoder(answer.Body).Decode(&out))
			return answer.StatusCode, out.Version
		}
		draft := url.Values{"version": {"0"}, "key": {"k1"}, "do": {"draft"}, "held": {"yes"}, "notes": {"half a sent"}}
		for range 2 {
			status, n := save(h.As(host), draft)
			require.Equal(t, []int{http.StatusOK, 1}, []int{status, n})
		}
		draft["key"], draft["after"], draft["notes"] = []string{"k2"}, []string{"k1"}, []string{"half a sentence"}
		status, n := save(h.As(host), draft)
		require.Equal(t, []int{http.StatusOK, 2}, []int{status, n})
		require.Equal(t, visit.Agreed, h.Visit(v.ID).State, "nothing follows from a draft")
		draft["key"], draft["after"], draft["version"], draft["held"], draft["words"] = []string{"k3"}, nil, []string{"2"}, []string{"no"}, []string{"Their plant stood still"}
		status, _ = save(h.As(host), draft)
		require.Equal(t, http.StatusOK, status)
		_, body = h.Get(h.As(host), page)
		shows(t, body, "Their plant stood still")
		draft["key"], draft["version"], draft["held"] = []string{"k4"}, []string{"3"}, []string{"yes"}
		status, _ = save(h.As(host), draft)
		require.Equal(t, http.StatusOK, status)

		// The executive wrote at the same time: both versions are there, none is lost.
		late := debriefed(1, "e1", "draft")
		status, body = h.Post(h.As(exec), page, late)
		require.Equal(t, http.StatusConflict, status)
		shows(t, body, "Somebody else has written meanwhile", "half a sentence", "We want one price list.")
		require.NotContains(t, body, script)
		status, _ = save(h.As(exec), late)
		require.Equal(t, http.StatusPreconditionFailed, status)

		// Too much is refused, and what was kept stays.
		huge := debriefed(4, "e2", "draft")
		huge.Set("notes", strings.Repeat("n", 10<<20))
		status, _ = h.Post(h.As(exec), page, huge)
		require.Equal(t, http.StatusRequestEntityTooLarge, status)
		huge.Set("notes", strings.Repeat("n", 20_000))
		status, body = h.Post(h.As(exec), page, huge)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, body, "at most 10000 characters", "A visit of our engineer")
		incomplete := debriefed(4, "e3", "file")
		incomplete.Del("ours")
		status, body = h.Post(h.As(exec), page, incomplete)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		for _, day := range []string{"1900-01-01", "2199-01-01", "soon"} {
			wrong := debriefed(4, "e4", "file")
			wrong.Set("next_by", day)
			status, body = h.Post(h.As(exec), page, wrong)
			require.Equal(t, http.StatusUnprocessableEntity, status, day)
			shows(t, body, "There is a problem", "A visit of our engineer")
		}

		// The executive files it.
		good := debriefed(4, "e5", "file")
		good.Set("next_by", v.Slot.Date.Add(20).String())
		good["promise_by"] = []string{v.Slot.Date.Add(10).String(), ""}
		for range 2 { // the second is the first one's repeat
			status, body = h.Post(h.As(exec), page, good)
			require.Equal(t, http.StatusOK, status)
		}
		shows(t, body, "What came of it", "It counts for the 30-day clock.", "Discontent", "We guess", "Mr Wu", "What is open from it")
		require.NotContains(t, body, script)
		require.Contains(t, body, "&lt;script&gt;")
		require.Equal(t, visit.Debriefed, h.Visit(v.ID).State)
		api := h.API(host)
		got := ok2(t)(api.GetDebriefWithResponse(ctx, v.ID)).JSON200
		require.True(t, got.Filed && got.Counts)
		require.Len(t, got.Loops, 3)
		require.Equal(t, "discontent", got.Stage)
		require.Len(t, got.Present, 2)

		// A correction keeps what is open, but for what is no longer promised.
		right := debriefed(got.Version, "e6", "file")
		right.Set("next_by", v.Slot.Date.Add(20).String())
		right.Set("information", "")
		status, _ = h.Post(h.As(host), page, right)
		require.Equal(t, http.StatusOK, status)
		after := ok2(t)(api.GetDebriefWithResponse(ctx, v.ID)).JSON200
		require.Len(t, after.Loops, 2)
		ids := map[string]string{}
		for _, l := range got.Loops {
			ids[l.Text] = l.Id
		}
		for _, l := range after.Loops {
			require.Equal(t, ids[l.Text], l.Id)
		}

		_, err := h.Flow.RecordOutcome(ctx, System, v.ID, h.Visit(v.ID).Version, flow.Outcome{Note: "It fell out"})
		require.ErrorContains(t, err, "Correct the debrief instead")
		memo(t, h, v, host)
		openLoops(t, h, v, host, exec)
	})
}

// ok2 is ok for the results of a call.
func ok2(t *testing.T) func(r *client.GetDebriefResponse, err error) *client.GetDebriefResponse {
	return func(r *client.GetDebriefResponse, err error) *client.GetDebriefResponse {
		t.Helper()
		return ok(t, r, err)
	}
}

// openLoops takes something open from the debrief to the customer's word.
func openLoops(t *testing.T, h *House, v visit.Visit, host, exec string) {
	ctx := context.Background()
	list := func(as string) *client.LoopList {
		r, err := h.API(as).ListLoopsWithResponse(ctx, nil)
		return ok(t, r, err).JSON200
	}
	all := list(host)
	require.Len(t, all.Open, 2)
	require.Equal(t, "2 are open with customers, none late.", all.Sentence)
	require.Len(t, list(VP).Open, 2, "the VP sees all")
	status, _ := h.Get(h.As(exec), "/loops")
	require.Equal(t, http.StatusForbidden, status)

	h.Until(v.End.AddDate(0, 0, 16))
	all = list(host)
	require.Equal(t, "2 are open with customers, 2 late.", all.Sentence)
	_, body := h.Get(h.As(host), "/loops")
	shows(t, body, "2 are open with customers, 2 late.", "days late", "A visit of our engineer", "Does it run offline?")
	loop := all.Open[0]
	step := func(as string, version int, what client.LoopStepRequestStep, by string) (*client.StepLoopResponse, error) {
		return h.API(as).StepLoopWithResponse(ctx, loop.Id, &client.StepLoopParams{IfMatch: client.Match(version)}, client.LoopStepRequest{Step: what, By: &by})
	}
	refused[*client.StepLoopResponse](t, http.StatusNotFound, "no such")(step(exec, 1, "answer", ""))
	refused[*client.StepLoopResponse](t, http.StatusConflict, "Nothing was answered yet")(step(host, loop.Version, "confirm", "Eva Lang"))
	r, err := step(host, loop.Version, "answer", "")
	loop = *ok(t, r, err).JSON200
	refused[*client.StepLoopResponse](t, http.StatusPreconditionFailed, "meanwhile")(step(host, loop.Version-1, "answer", ""))
	refused[*client.StepLoopResponse](t, http.StatusUnprocessableEntity, "our own word closes nothing")(step(host, loop.Version, "confirm", " "))
	r, err = step(VP, loop.Version, "reopen", "")
	loop = *ok(t, r, err).JSON200
	require.Equal(t, []any{client.LoopStateAcknowledged, 1, 0}, []any{loop.State, loop.Reopened, loop.Late})
	r, err = step(host, loop.Version, "answer", "")
	loop = *ok(t, r, err).JSON200
	form := url.Values{"version": {strconv.Itoa(loop.Version)}, "step": {"confirm"}, "by": {"Eva Lang"}}
	status, body = h.Post(h.As(host), "/loops/"+loop.Id, form)
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "it is closed", "Eva Lang confirmed it")
	require.Len(t, list(host).Open, 1)
	require.Len(t, list(host).Closed, 1)
}

// memo goes to the customer, who confirms, corrects and is silent, and says whether the
// objective was met. Nothing that is ours alone leaves the house.
func memo(t *testing.T, h *House, v visit.Visit, host string) {
	page := "/visits/" + v.ID + "/memo"
	status, body := h.Get(h.As(host), page)
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "Eva Lang: “We want one price list.", "We answer your question: Does it run offline?", "Nobody gets a copy")
	require.NotContains(t, body, secret)
	require.NotContains(t, body, script)
	form := url.Values{"version": {"0"}, "do": {"send"}, "email": {eva}, "about": {"goals", "situation", "next_steps", "goals"},
		"text": {"Eva Lang: “We want one price list. " + script + "”", "You have grown by half.", "We (Ben): A visit of our engineer.", "Eva Lang: “We want one price list. " + script + "”"}}
	status, _ = h.Post(h.As(h.Person(v.ExecutiveID).Email), page, form)
	require.Equal(t, http.StatusForbidden, status, "the host writes the memo")
	form.Set("email", "somebody@else.example")
	status, _ = h.Post(h.As(host), page, form)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	form.Set("email", eva)

	// Who manages whom: nobody manages their own manager.
	boss, vp := h.Person(VP), VP
	_, err := h.Flow.ChangePerson(context.Background(), System, v.HostID, h.Person(v.HostID).Version, flow.PersonChange{Manager: &vp})
	require.NoError(t, err)
	_, err = h.Flow.ChangePerson(context.Background(), System, boss.ID, boss.Version, flow.PersonChange{Manager: &host})
	require.ErrorContains(t, err, "reports to")

	status, body = h.Post(h.As(host), page, form)
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "What the customer says", "still our guess")
	r, err := h.API(host).GetMemoWithResponse(context.Background(), v.ID)
	kept := ok(t, r, err).JSON200
	require.Equal(t, []any{eva, h.Person(VP).Name, 4}, []any{*kept.To, *kept.CopyTo, len(kept.Lines)})
	again, err := h.API(host).SaveMemoWithResponse(context.Background(), v.ID, &client.SaveMemoParams{IfMatch: client.Match(kept.Version)}, client.MemoRequest{Lines: []client.MemoLineRequest{{About: "goals", Text: "x"}}})
	refused[*client.SaveMemoResponse](t, http.StatusConflict, "stays as it is")(again, err)
	h.Settle()
	status, _ = h.Post(h.As(host), page, form)
	require.Equal(t, http.StatusConflict, status, "what the customer got stays as it is")
	mails := h.Inbox(eva)
	last := mails[len(mails)-1]
	require.NotEmpty(t, last.Links())
	link := strings.TrimPrefix(last.Links()[0], h.URL)
	copies := pickMails(h.Inbox(VP), "understood at")
	require.Len(t, copies, 1)
	require.NotContains(t, string(copies[0].Raw), "/c/")

	// The customer, without an account.
	outside := &http.Client{}
	status, body = h.Get(outside, link)
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "Did you get what you wanted from it?", "You have grown by half.")
	require.NotContains(t, body, script)
	seen := body
	for _, wrong := range []string{"/c/" + strings.Repeat("0", 64) + "/after", strings.TrimSuffix(link, "/after"), "/c/x/after"} {
		status, body = h.Get(outside, wrong)
		require.Equal(t, http.StatusNotFound, status, wrong)
		seen += body
	}
	answered := func() int { h.Settle(); return len(pickMails(h.Inbox(host), "answered your memo")) }
	status, _ = h.Post(outside, link, url.Values{"reply_0": {"silent"}, "reply_3": {"silent"}})
	require.Equal(t, http.StatusOK, status)
	require.Zero(t, answered(), "silence is no news")
	answer := url.Values{"met": {"no"}, "reply_0": {"confirmed"}, "reply_3": {"confirmed"}, "reply_1": {"corrected"}, "correction_1": {" "}}
	status, _ = h.Post(outside, link, answer)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	answer.Set("correction_1", "By a third. "+script)
	status, body = h.Post(outside, link, answer)
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "Thank you", "You have answered: No.")
	seen += body
	status, body = h.Post(outside, link, answer)
	require.Equal(t, http.StatusConflict, status, "the question is answered once")
	answer.Del("met")
	status, _ = h.Post(outside, link, answer)
	require.Equal(t, http.StatusOK, status, "lines may be thought over")
	require.Equal(t, 1, answered(), "nothing new in the second answer")
	h.Settle()
	for _, m := range h.Inbox(eva) {
		seen += string(m.Raw)
	}
	seen += body
	require.NotContains(t, seen, secret)
	require.NotContains(t, seen, "Their CFO")
	for _, m := range pickMails(h.Inbox(host), "answered your memo") {
		require.NotContains(t, string(m.Raw), link)
	}

	// Our answer and theirs stand side by side, and what was confirmed is their word.
	_, body = h.Get(h.As(host), "/visits/"+v.ID+"/debrief")
	shows(t, body, "the customer says that it was not met")
	_, body = h.Get(h.As(host), page)
	shows(t, body, "✓ confirmed", "In their words", "no answer: still our guess")
	said := func() map[string]insight.Statement {
		out := map[string]insight.Statement{}
		require.NoError(t, h.App.Store.Read(context.Background(), func(tx flow.Tx) error {
			all, err := tx.Statements.Find(flow.StatementQuery{VisitID: v.ID, Standing: true})
			for _, s := range all {
				out[s.Text] = s.Statement
			}
			return err
		}))
		return out
	}
	price := "We want one price list. " + script
	got := said()
	require.Len(t, got, 4, "what was said twice was learned beside it")
	require.False(t, got[price].Checked.IsZero(), "what it was drafted from is confirmed")
	require.Equal(t, insight.Guessed, got["Their CFO is against it "+secret].Source)
	require.Equal(t, insight.Said, got["By a third. "+script].Source)
	for i, reply := range []string{"corrected", "silent"} {
		answer.Set("reply_0", reply)
		answer.Set("correction_0", "Two lists.")
		status, _ = h.Post(outside, link, answer)
		require.Equal(t, http.StatusOK, status)
		got = said()
		require.Len(t, got, 5-i, reply)
		require.True(t, got[price].Checked.IsZero(), reply)
		require.Equal(t, reply == "corrected", !got[price].Over.IsZero(), reply)
	}
	require.Equal(t, 3, answered(), "each change is told, also on the same day")

	// The link was used and still shows the memo, until it is withdrawn.
	w, err := h.Flow.Visit(context.Background(), System, v.ID)
	require.NoError(t, err)
	used := slices.IndexFunc(w.Links, func(l flow.LinkView) bool { return l.Good == visit.LinkUsed && l.MayEnd })
	require.GreaterOrEqual(t, used, 0)
	status, body = h.Post(h.As(host), "/visits/"+v.ID+"/links/"+w.Links[used].ID+"/withdraw", url.Values{})
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "Links to the customer", "withdrawn")
	status, _ = h.Get(outside, link)
	require.Equal(t, http.StatusNotFound, status)

	// What somebody withdrew by hand stays so when the debrief is filed again.
	var k flow.KeptStatement
	require.NoError(t, h.App.Store.Read(context.Background(), func(tx flow.Tx) error {
		all, err := tx.Statements.Find(flow.StatementQuery{VisitID: v.ID, Standing: true})
		k = all[slices.IndexFunc(all, func(k flow.KeptStatement) bool { return k.Text == price && k.Origin == flow.FromDebrief })]
		return err
	}))
	_, err = h.Flow.StepStatement(context.Background(), System, k.ID, k.Version, flow.StatementWithdrawn, "It was somebody else")
	require.NoError(t, err)
	d, err := h.Flow.Debrief(context.Background(), System, v.ID)
	require.NoError(t, err)
	_, err = h.Flow.FileDebrief(context.Background(), System, v.ID, d.Kept.Version, "again", flow.DebriefInput{Debrief: d.Kept.Debrief})
	require.NoError(t, err)
	require.Empty(t, said()[price].ID)
}

func pickMails(all []mail.Caught, subject string) (out []mail.Caught) {
	for _, m := range all {
		if strings.Contains(m.Subject, subject) {
			out = append(out, m)
		}
	}
	return out
}
