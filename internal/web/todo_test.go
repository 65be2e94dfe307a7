package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// todoRow is a visit on a host's list with all that a state of it shows.
func (s *story) todoRow(v visit.Visit, next flow.TodoAction, late int) flow.TodoRow {
	r := flow.TodoRow{Ready: visit.Ready{VisitID: v.ID, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, HostID: v.HostID, Slot: v.Slot, State: v.State}, Customer: s.cust(v.CustomerID), Executive: s.person(v.ExecutiveID), Next: next, Late: late}
	for i, p := range visit.Preps() {
		r.Steps = append(r.Steps, visit.PrepStep{Prep: p, Done: i == 0, Due: v.Slot.Date, Late: max(0, late-i)})
	}
	return r
}

func (s *story) Todo(ctx context.Context, a access.Actor, hostID string) (flow.TodoView, error) {
	w := flow.TodoView{Host: roster.Person{ID: "h", Name: s.nameOf("Hugo Host")}, Own: hostID == "", VP: a.Has(roster.VP), Today: s.today}
	if err := s.failing("todo"); err != nil || len(s.visits) == 0 {
		return w, err
	}
	if w.VP && w.Own {
		w.Hosts = []flow.LateHost{{Host: w.Host, Visits: 2, Steps: 3, Late: 9}, {Visits: 1, Steps: 1, Late: 3}}
		return w, nil
	}
	all := []flow.TodoAction{flow.TodoObjective, flow.TodoAgenda, flow.TodoAgree, flow.TodoConfirm, flow.TodoBrief, flow.TodoWait, flow.TodoRead, flow.TodoDebrief, flow.TodoMemo}
	for i, next := range all {
		r := s.todoRow(s.visits[i%len(s.visits)], next, max(0, 3-i))
		switch {
		case r.Late > 0:
			w.Overdue = append(w.Overdue, r)
		case i < 5:
			w.ThisWeek = append(w.ThisWeek, r)
		case i < 7:
			w.NextTwo = append(w.NextTwo, r)
		default:
			w.Later = append(w.Later, r)
		}
	}
	w.Ready = 1
	d, err := s.Debrief(ctx, a, s.visits[0].ID)
	w.Loops = d.Loops
	return w, err
}

func (s *story) SaveAgenda(ctx context.Context, a access.Actor, id string, version int, in flow.AgendaInput) (flow.BriefView, error) {
	if err := s.change("agenda", id, version, in); err != nil {
		return flow.BriefView{}, err
	}
	return s.Brief(ctx, a, id)
}

func (s *story) CustomerMail(ctx context.Context, a access.Actor, id string, kind flow.MailKind) (flow.MailView, error) {
	v, err := s.Visit(ctx, a, id)
	if err == nil && s.fail["mail"] != nil {
		err = s.fail["mail"]
	}
	m := flow.MailView{VisitView: v, Kind: kind, To: []roster.Contact{{Name: s.nameOf("Eva"), Email: "eva@a.example"}}, Subject: s.nameOf("Our visit"), Text: s.nameOf("Hello [link]"), Own: kind == flow.ObjectiveMail || kind == flow.AgendaMail,
		Sent: []flow.SentMail{{Delivery: flow.Delivery{ToName: s.nameOf("Eva"), ToAddress: "eva@a.example", CreatedAt: s.now}}}}
	if kind == flow.ThanksMail {
		m.Memo = flow.KeptMemo{Version: 2, Memo: insight.Memo{Lines: []insight.Line{{About: insight.Goals, Text: s.nameOf("One price list")}}}}
	}
	return m, err
}

func (s *story) SendCustomerMail(_ context.Context, _ access.Actor, id string, version int, kind flow.MailKind, in flow.MailInput) (flow.MailOut, error) {
	return flow.MailOut{To: in.To, Subject: in.Subject, Text: strings.ReplaceAll(in.Text, "[link]", "https://w.example/c/secret"), Own: in.Own}, s.change("send mail", id, version, kind, in.To, in.Subject, in.Own)
}

func (s *story) StatementSettings(context.Context, access.Actor) (flow.StatementSettings, error) {
	return flow.StatementSettings{StaleDays: 77}, nil
}

func (s *story) SetStatementSettings(_ context.Context, _ access.Actor, x flow.StatementSettings, _ string) error {
	return s.change("statements", x.StaleDays)
}

// A host's list has one button a visit, says in words what is late, and keeps every
// name inert.
func TestTodoPages(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 20, text: hostile}).live()
	host := open(t, s, actors(s)["host"])
	w := host.get("/todo")
	require.Equal(t, 200, w.Code)
	page := w.Body.String()
	for _, want := range []string{"Overdue", "This week", "Next two weeks", "Later", "▲ agenda, 2 days late", "✓ objective", "Agree the objective", "Remind them to confirm", "Send the memo", "/memo", "/mail?kind=confirmation", "#agree", "Open with customers"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "<script>alert")
	sound(t, w.Body.Bytes())
	vp := open(t, s, actors(s)["vp"])
	w = vp.get("/todo")
	require.Contains(t, w.Body.String(), "Hosts who are behind")
	require.Contains(t, w.Body.String(), "/todo?host=h")
	sound(t, w.Body.Bytes())
	sound(t, vp.get("/todo?host=h").Body.Bytes())
	none := makeStory(size{})
	w = open(t, none, actors(none)["host"]).get("/todo")
	require.Contains(t, w.Body.String(), "No visit of yours is planned")
	sound(t, w.Body.Bytes())
	require.Equal(t, "/todo", host.get("/").Header().Get("Location"))
}

func TestAgendaPage(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 20, text: hostile}).live()
	id := ""
	for i, v := range s.visits {
		if v.State == visit.Published && v.Start.After(s.now) {
			s.visits[i].State, id = visit.Agreed, v.ID
		}
	}
	site, at := open(t, s, actors(s)["host"]), "/visits/"+id+"/agenda"
	w := site.get(at)
	for _, want := range []string{"What we want", "What they want", "Who of them agreed?", "09:30", "Ask them to confirm", "kind=objective", "kind=agenda"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	form := url.Values{"version": {"3"}, "objective": {"Ours"}, "theirs": {"<b>Theirs"}, "theirs_by": {"Eva"}, "theirs_on": {"2027-02-01"}, "agenda": {"9:30 Tour\r\n\r\nLunch"}, "agreed_by": {"Eva"}, "agreed_on": {""}, "do": {"agree"}}
	require.Equal(t, at+"?done=agenda_agreed", site.post(at, form).Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], "{09:30 Tour}")
	form.Set("agreed_on", "soon")
	w = site.post(at, form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-agreed_on")
	require.Contains(t, w.Body.String(), "&lt;b&gt;Theirs", "what was typed is not lost")
	sound(t, w.Body.Bytes())
	form.Set("agreed_on", "")
	s.fail["agenda"] = fault.Stalef("Somebody has changed the brief meanwhile.")
	w = site.post(at, form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "changed this meanwhile")
	require.Contains(t, w.Body.String(), "&lt;b&gt;Theirs")
	sound(t, w.Body.Bytes())
	s.fail["agenda"] = fault.Invalidf("The times of the agenda do not add up.").With(fault.Detail{Where: "agenda", Value: "23:00", Expected: "a time within the visit"})
	w = site.post(at, form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-agenda")
	sound(t, w.Body.Bytes())
}

func TestMailPages(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 20, text: hostile}).live()
	site, at := open(t, s, actors(s)["host"]), "/visits/"+s.visits[0].ID+"/mail"
	for _, kind := range flow.MailKinds() {
		w := site.get(at + "?kind=" + string(kind))
		require.Equal(t, 200, w.Code, kind)
		own := kind == flow.ObjectiveMail || kind == flow.AgendaMail // the others hold the customer's link
		require.Equal(t, own, strings.Contains(w.Body.String(), "Use my own mail program"))
		sound(t, w.Body.Bytes())
		form := url.Values{"version": {"2"}, "kind": {string(kind)}, "to": {"eva@a.example"}, "subject": {"Our visit & more"}, "text": {"Hello\r\n[link]"}, "do": {"send"}}
		require.Contains(t, site.post(at, form).Header().Get("Location"), "?done=mailed")
		if !own {
			continue
		}
		form.Set("do", "own")
		w = site.post(at, form)
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), "mailto:eva@a.example?subject=Our%20visit%20%26%20more&amp;body=Hello%0D%0Ahttps%3A%2F%2Fw.example%2Fc%2Fsecret")
		require.Contains(t, w.Body.String(), "data-copy")
		sound(t, w.Body.Bytes())
	}
	form := url.Values{"version": {"2"}, "kind": {"agenda"}, "to": {"x@x.example"}, "subject": {"<b>"}, "text": {"</textarea><script>"}, "do": {"send"}}
	s.fail["send mail"] = fault.Invalidf("This is nobody who comes from the customer.").With(fault.Detail{Where: "email", Value: "x", Expected: "one of them"})
	w := site.post(at, form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "&lt;/textarea&gt;&lt;script&gt;", "what was typed is not lost")
	sound(t, w.Body.Bytes())
	s.fail["send mail"] = fault.Stalef("x")
	w = site.post(at, form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "nothing was sent")
	sound(t, w.Body.Bytes())
	s.fail["mail"] = fault.Conflictf("The visit is held.")
	require.Equal(t, 409, site.get(at+"?kind=agenda").Code)

	vp := open(t, s, actors(s)["vp"])
	require.Equal(t, "/claims?done=statements", vp.post("/claims/settings", url.Values{"stale_days": {"60"}}).Header().Get("Location"))
	w = vp.post("/claims/settings", url.Values{"stale_days": {"<3"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-stale_days")
	sound(t, w.Body.Bytes())
}
