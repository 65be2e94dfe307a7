package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// The work of a host: from a list of what is late to a visit that is ready, asked again
// after we changed something, debriefed with one tap for a claim, and thanked for.
func TestTheWorkOfAHost(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	ctx := context.Background()
	vp := h.Small(16)
	plan := h.Draft(vp, h.Select(vp, PlanYear, 8, "region"), 1, 500)
	require.NoError(t, client.Check(h.Publish(vp, plan, "")))
	h.Settle()
	v := pick(h.Visits(plan), func(x visit.Visit) bool { return x.Slot.Half == slot.AM })[1]
	host, exec := h.Person(v.HostID).Email, h.Person(v.ExecutiveID).Email
	other := pick(h.Visits(plan), func(x visit.Visit) bool { return x.HostID != v.HostID })[0]
	elsewhere := h.Person(other.HostID).Email
	at := "/visits/" + v.ID
	h.SetDay(v.Slot.Date.Add(-10), "09:00", v.Zone)

	// The list is the host's home. Others do not see it; the VP sees who is behind.
	todo := func(as string, host ...string) *client.Todo {
		p := &client.GetTodoParams{}
		if len(host) > 0 {
			p.Host = &host[0]
		}
		r, err := h.API(as).GetTodoWithResponse(ctx, p)
		return ok(t, r, err).JSON200
	}
	find := func(l *client.Todo) client.TodoVisit {
		for _, x := range append(append(append(l.Overdue, l.ThisWeek...), l.NextTwoWeeks...), l.Later...) {
			if x.Visit == v.ID {
				return x
			}
		}
		require.FailNow(t, "the visit is not on the list")
		return client.TodoVisit{}
	}
	mine := find(todo(host))
	require.Equal(t, []any{client.TodoVisitNext("objective"), 4}, []any{mine.Next, mine.Late})
	require.Len(t, mine.Steps, 5)
	status, page := h.Get(h.As(host), "/")
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "To do", "Overdue", "▲ objective, 4 days late", "Agree the objective")
	_, page = h.Get(h.As(host), at)
	shows(t, page, "1 step is 4 days overdue", "▲ objective, 4 days late", "Agree the objective")
	_, page = h.Get(h.As(exec), at)
	shows(t, page, "1 step is 4 days overdue", "prepares this visit.")
	_, page = h.Get(h.As(exec), at+"/brief")
	shows(t, page, "This brief is not prepared yet. "+h.Person(v.HostID).Name+" prepares it until")
	require.NotContains(t, page, "Nobody has said what this visit is for.")
	_, page = h.Get(h.As(host), at+"/brief")
	shows(t, page, "Nobody has said what this visit is for.")
	require.NotContains(t, page, "not prepared yet")
	detail, err := h.API(host).GetVisitWithResponse(ctx, v.ID)
	require.Len(t, *ok(t, detail, err).JSON200.Steps, 5)
	status, _ = h.Get(h.As(elsewhere), "/todo?host="+v.HostID)
	require.Equal(t, http.StatusForbidden, status)
	status, _ = h.Get(h.As(exec), "/todo")
	require.Equal(t, http.StatusForbidden, status)
	late := todo(VP).LateHosts
	require.NotEmpty(t, late)
	require.Equal(t, 4, late[0].Late)
	status, page = h.Get(h.As(VP), "/todo?host="+v.HostID)
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "To do of")
	r, err := h.API(VP).GetTodoWithResponse(ctx, &client.GetTodoParams{Host: pointer("nobody")})
	refused[*client.GetTodoResponse](t, http.StatusNotFound, "no such host")(r, err)

	// The agenda: both sides apart, times within the half-day, agreed by whom and when.
	form := url.Values{"version": {"0"}, "objective": {"A pilot " + secret}, "theirs": {"Less paper " + script}, "theirs_by": {"Eva Lang"}, "agenda": {v.Begins + " Plant tour " + script + "\r\nPrices"}, "agreed_by": {"Eva Lang"}}
	wrong := url.Values{"version": {"0"}, "theirs": {"Less paper"}, "theirs_by": {"Eva"}, "agenda": {"23:30 Late"}}
	status, page = h.Post(h.As(host), at+"/agenda", wrong)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	shows(t, page, "a time within the visit, from "+v.Begins)
	for _, who := range []string{elsewhere, exec} {
		status, _ = h.Post(h.As(who), at+"/agenda", form)
		require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, status)
	}
	status, page = h.Post(h.As(host), at+"/agenda", form)
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, page, script)
	status, page = h.Post(h.As(host), at+"/agenda", form)
	require.Equal(t, http.StatusConflict, status)
	shows(t, page, "changed this meanwhile", "Less paper")
	require.Equal(t, visit.Published, h.Visit(v.ID).State)

	// A mail asks them; nothing that is ours alone is in any draft.
	for _, kind := range []flow.MailKind{flow.ObjectiveMail, flow.AgendaMail} {
		m, err := h.API(host).GetCustomerMailWithResponse(ctx, v.ID, client.GetCustomerMailParamsKind(kind))
		require.NotContains(t, ok(t, m, err).JSON200.Text+m.JSON200.Subject, secret)
	}
	form.Set("version", "1")
	form.Set("do", "agree")
	form.Set("agreed_on", h.Clock.Now().Format(time.DateOnly))
	status, page = h.Post(h.As(host), at+"/agenda", form)
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "It is noted who agreed to the agenda.")
	require.Equal(t, visit.Agreed, h.Visit(v.ID).State, "who agrees to the agenda agrees to the visit")
	agree(t, h, h.Visit(v.ID), eva)
	require.Equal(t, client.TodoVisitNext("confirm"), find(todo(host)).Next)

	// The confirmation goes from here only: nobody of ours may know the customer's link.
	link := regexp.MustCompile(`/c/[0-9a-f]{64}`)
	confirm := func() string {
		m, err := h.API(host).GetCustomerMailWithResponse(ctx, v.ID, "confirmation")
		draft := ok(t, m, err).JSON200
		require.NotContains(t, draft.Text, secret)
		require.Equal(t, eva, draft.To[0].Email)
		params := &client.SendCustomerMailParams{IfMatch: client.Match(h.Visit(v.ID).Version)}
		sent, err := h.API(host).SendCustomerMailWithResponse(ctx, v.ID, "confirmation", params, client.CustomerMailRequest{To: eva, Subject: draft.Subject, Text: draft.Text, Own: pointer(true)})
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, sent.StatusCode(), "%s", sent.Body)
		sent, err = h.API(host).SendCustomerMailWithResponse(ctx, v.ID, "confirmation", params, client.CustomerMailRequest{To: eva, Subject: draft.Subject, Text: draft.Text})
		ok(t, sent, err)
		h.Settle()
		mails := h.Inbox(eva)
		require.NotEmpty(t, mails)
		h.Clock.Set(h.Clock.Now().Add(2 * time.Minute)) // a second one of the same minute would be a second click
		return link.FindString(mails[len(mails)-1].Text)
	}
	answer := func(path, theirs string) {
		_, page := h.Get(stranger(t), path)
		require.NotContains(t, page, secret)
		status, _ := h.Post(stranger(t), path, url.Values{"print": {printField.FindStringSubmatch(page)[1]}, "theirs": {theirs}, "agenda": {v.Begins + " Plant tour\r\nPrices"}})
		require.Equal(t, http.StatusOK, status)
		h.Settle()
	}
	first := confirm()
	require.Equal(t, client.TodoVisitNext("brief"), find(todo(host)).Next, "while the customer has the link, the brief is completed")
	answer(first, "Less paper")
	require.Equal(t, visit.Confirmed, h.Visit(v.ID).State)

	// The VP changes the agenda: the visit is not ready, the host is told, and the next
	// mail is prepared.
	inbox := len(h.Inbox(host))
	got, err := h.API(host).GetBriefWithResponse(ctx, v.ID)
	b := ok(t, got, err).JSON200
	require.Equal(t, eva, b.Agreed.By)
	changed, err := h.API(VP).SaveAgendaWithResponse(ctx, v.ID, &client.SaveAgendaParams{IfMatch: client.Match(b.Version)}, client.AgendaRequest{Objective: &b.Objective, Theirs: &b.Theirs.Words, TheirsBy: &b.Theirs.By, TheirsOn: &b.Theirs.On,
		Agenda: &[]client.AgendaItem{{At: &v.Begins, What: "Prices only"}}})
	require.Nil(t, ok(t, changed, err).JSON200.Agreed, "nobody has agreed to this agenda")
	h.Settle()
	require.Equal(t, visit.Agreed, h.Visit(v.ID).State)
	told := h.Inbox(host)
	require.Greater(t, len(told), inbox)
	require.Contains(t, told[len(told)-1].Text, at+"/mail?kind=confirmation")
	status, page = h.Get(h.As(host), at+"/mail?kind=confirmation")
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "We have changed something since")
	b = changed.JSON200
	full, err := h.API(host).SaveBriefWithResponse(ctx, v.ID, &client.SaveBriefParams{IfMatch: client.Match(b.Version)}, client.BriefRequest{Objective: &b.Objective, Theirs: &b.Theirs.Words, TheirsBy: &b.Theirs.By, TheirsOn: &b.Theirs.On, Agenda: &b.Agenda,
		Asks: &[]string{"What would make it fail? " + secret}, Elephants: &[]string{"The delay " + secret}, Travel: pointer("Platform 9 " + secret)})
	require.Empty(t, ok(t, full, err).JSON200.Missing)
	answer(confirm(), "Less paper still")
	require.Equal(t, visit.Confirmed, h.Visit(v.ID).State)
	ready := find(todo(host))
	require.Equal(t, []any{client.TodoVisitNext("read"), 0}, []any{ready.Next, ready.Late})

	// The debrief offers claims; one tap puts what was said to one, the next takes it back.
	made, err := h.API(VP).MakeClaimWithResponse(ctx, nil, client.ClaimRequest{Text: "Prices are hard to compare " + script})
	claim := ok(t, made, err).JSON201.Claim.Id
	h.Until(v.End.Add(time.Hour))
	_, page = h.Get(h.As(exec), at+"/debrief")
	shows(t, page, "Does it back a claim?", "(0)")
	require.NotContains(t, page, script)
	form = url.Values{"version": {"0"}, "key": {"k"}, "do": {"file"}, "held": {"yes"}, "ours": {"yes"}, "theirs": {"partly"}, "kind": {"onsite"}, "with_host": {"yes"}, "said_text": {"We cannot compare them."}, "said_by": {"Eva Lang"}, "said_source": {"said"},
		"said_about": {"obstacles"}, "said_claim_1": {claim}, "said_side": {"for"}, "said_asked_1": {"yes"}, "notes": {"The buyer leaves " + secret}, "more": {"The budget " + secret}, "next_action": {"You invite the users"}, "next_by": {v.Slot.Date.Add(20).String()}}
	status, _ = h.Post(h.As(exec), at+"/debrief", form)
	require.Equal(t, http.StatusOK, status)
	backing := func() int {
		c, err := h.API(VP).GetClaimWithResponse(ctx, claim)
		return ok(t, c, err).JSON200.Claim.Backing
	}
	require.Equal(t, 1, backing())
	d := ok2(t)(h.API(host).GetDebriefWithResponse(ctx, v.ID)).JSON200
	require.Equal(t, []any{claim, true}, []any{*d.Said[0].Claim, *d.Said[0].Asked})
	require.Equal(t, 1, d.Claims[0].Backing)
	form.Set("version", strconv.Itoa(d.Version))
	form.Set("key", "k2")
	form.Set("said_id", d.Said[0].Id)
	form.Set("said_claim_1", "")
	status, _ = h.Post(h.As(exec), at+"/debrief", form)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 0, backing(), "the tap was taken back")
	form.Set("version", strconv.Itoa(d.Version+1))
	form.Set("key", "k3")
	form.Set("said_claim_1", "none such")
	status, _ = h.Post(h.As(exec), at+"/debrief", form)
	require.Equal(t, http.StatusUnprocessableEntity, status)

	// Statements grow old as the VP says.
	set, err := h.API(VP).SetStatementSettingsWithResponse(ctx, client.StatementSettings{StaleDays: 14})
	ok(t, set, err)
	set, err = h.API(host).SetStatementSettingsWithResponse(ctx, client.StatementSettings{StaleDays: 14})
	refused[*client.SetStatementSettingsResponse](t, http.StatusForbidden, "may not")(set, err)

	// Thanks, in the host's words; the customer thinks again, and both answers are there.
	require.Equal(t, client.TodoVisitNext("memo"), find(todo(host)).Next)
	m, err := h.API(host).GetCustomerMailWithResponse(ctx, v.ID, "thanks")
	require.NotContains(t, ok(t, m, err).JSON200.Text, secret)
	sent, err := h.API(host).SendCustomerMailWithResponse(ctx, v.ID, "thanks", &client.SendCustomerMailParams{IfMatch: client.Match(0)}, client.CustomerMailRequest{To: eva, Subject: "Thanks", Text: "It was good. [memo]"})
	require.NotRegexp(t, link, ok(t, sent, err).JSON200.Text, "the customer's link is nobody else's")
	h.Settle()
	mails := h.Inbox(eva)
	last := mails[len(mails)-1]
	require.Contains(t, last.Text, "It was good.")
	require.Contains(t, last.Text, "We cannot compare them.")
	require.NotContains(t, string(last.Raw), secret)
	after := link.FindString(last.Text) + "/after"
	for _, reply := range []url.Values{{"met": {"partly"}, "reply_0": {"confirmed"}}, {"reply_0": {"corrected"}, "correction_0": {"Not at all " + script}}} {
		status, _ = h.Post(stranger(t), after, reply)
		require.Equal(t, http.StatusOK, status)
	}
	memo, err := h.API(host).GetMemoWithResponse(ctx, v.ID)
	line := ok(t, memo, err).JSON200.Lines[0]
	require.Equal(t, client.MemoLineReply("corrected"), line.Reply)
	require.Len(t, line.Earlier, 1)
	_, page = h.Get(h.As(host), at+"/memo")
	shows(t, page, "Before, on", "Not at all")
	require.NotContains(t, page, script)
	for _, x := range append(todo(host).Overdue, todo(host).ThisWeek...) {
		require.NotEqual(t, v.ID, x.Visit, "nothing is left to do")
	}

	// Nobody is asked in the name of who has left, and nobody mails them.
	w := pick(h.Visits(plan), func(x visit.Visit) bool { return x.State == visit.Published && x.Start.After(h.Clock.Now()) })[0]
	gone := h.Person(w.HostID)
	require.NoError(t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
		gone.Left = slot.DateOf(h.Clock.Now(), time.UTC).Add(-3)
		return tx.People.Save(&gone)
	}))
	mm, err := h.API(VP).GetCustomerMailWithResponse(ctx, w.ID, "objective")
	refused[*client.GetCustomerMailResponse](t, http.StatusConflict, "has left")(mm, err)
	_, err = h.Flow.Todo(ctx, access.ActorFor(h.Person(VP)), w.HostID)
	require.NoError(t, err)
	h.Check()
}
