package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func (s *story) Administration(_ context.Context, a access.Actor) (flow.Administration, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return flow.Administration{}, err
	}
	return flow.Administration{Calendars: 3, Troubled: 1, Jobs: 2, Conflicts: 0, People: len(s.people), Astray: []flow.Astray{{Person: s.people[3], Visits: 2}}, Roleless: s.people[2:3],
		Trail: flow.TrailCheck{Entries: 12345, At: s.now}}, s.failing("administration")
}

func (s *story) who(id string) flow.PersonView {
	v := flow.PersonView{Today: s.today}
	for _, p := range s.people {
		if p.ID == id {
			v.Person = p
		}
	}
	v.Manager, v.Reports, v.Assistants, v.Serves = s.people[1], s.people[1:3], s.people[2:3], s.people[2:3]
	return v
}

func (s *story) Person(_ context.Context, _ access.Actor, id string) (flow.PersonView, error) {
	v := s.who(id)
	if v.Person.ID == "" {
		return v, fault.NotFoundf("There is no such person.")
	}
	v.Person.Moves = []roster.ZoneChange{{Zone: "Asia/Tokyo"}, {Day: s.today.Add(-9), Zone: v.Person.Zone}}
	v.Calendar = flow.Connection{Version: 1, State: flow.NeedsReconnecting}
	return v, s.failing("person")
}

func (s *story) Leaving(_ context.Context, _ access.Actor, id string, on slot.Date) (flow.Leaving, error) {
	w := s.who(id)
	return flow.Leaving{On: on, AsExecutive: make([]visit.Visit, 2), AsHost: make([]visit.Visit, 1), Customers: 1000, More: true, Reports: w.Reports, Serves: w.Serves, Assistants: w.Assistants,
		Calendar: flow.Connection{Version: 1, State: flow.AccountConnected}, LastAdmin: true}, s.failing("leaving")
}

func (s *story) CreatePerson(_ context.Context, _ access.Actor, _ flow.Key, in flow.PersonChange) (flow.PersonView, error) {
	return s.who(s.people[3].ID), s.change("create", *in.Name)
}

func (s *story) ChangePerson(_ context.Context, _ access.Actor, id string, version int, in flow.PersonChange) (flow.PersonView, error) {
	return s.who(id), s.change("change person", id, version, in.City != nil, in.Zone != nil, in.ZoneSince != nil, *in.Roles)
}

func (s *story) Contacts(context.Context, access.Actor, string) ([]flow.KnownContact, error) {
	return []flow.KnownContact{{Name: s.nameOf("Eva Lang"), Email: "eva@acme.example"}}, s.failing("contacts")
}

func (s *story) held(w flow.Whose) flow.PersonalData {
	v := flow.PersonalData{Name: w.Name, Email: w.Email, AsOf: s.now, Rows: []flow.HeldRow{{Table: "visits", Fields: map[string]string{"theirs": s.nameOf("Eva said so")}}, {Table: "new_things"}}}
	if w.PersonID != "" {
		v.Name = s.who(w.PersonID).Person.Name
	}
	return v
}

func (s *story) PersonalData(_ context.Context, _ access.Actor, w flow.Whose) (flow.PersonalData, error) {
	return s.held(w), s.failing("data")
}

func (s *story) LookFor(_ context.Context, _ access.Actor, w flow.Whose) (flow.LookView, error) {
	x := s.held(w)
	v := flow.LookView{Look: flow.Look{ID: "look", Name: x.Name, Email: x.Email, State: s.look, Searched: 2, Tables: 90, EndedAt: s.now}}
	if v.State == "" {
		v.State = flow.Done
	}
	for _, r := range x.Rows {
		v.Counts = append(v.Counts, flow.TableRows{Table: r.Table, Rows: 1})
	}
	return v, s.failing("look at data")
}

func (s *story) LookAgain(_ context.Context, _ access.Actor, w flow.Whose) error {
	return s.change("look again", w.PersonID, w.CustomerID, w.Name)
}

func (s *story) StopLook(_ context.Context, _ access.Actor, w flow.Whose) error {
	return s.change("stop look", w.PersonID, w.CustomerID, w.Name)
}

func (s *story) Erase(_ context.Context, _ access.Actor, _ flow.Key, w flow.Whose, confirm string) (flow.Erased, error) {
	return flow.Erased{}, s.change("erase", w.PersonID, w.CustomerID, w.Name, confirm)
}

func (s *story) Failures(context.Context, access.Actor) ([]flow.FailureView, error) {
	if len(s.customers) == 0 {
		return nil, s.failing("failures")
	}
	return []flow.FailureView{
		{JobFailure: flow.JobFailure{ID: 7, Kind: flow.JobApply, Parked: true, Attempts: 3, Reason: s.nameOf("Google says no."), Since: s.now, At: s.now}, What: flow.JobWords(flow.JobApply), Path: "/visits/x", Loss: "The entry stays as it is."},
		{JobFailure: flow.JobFailure{ID: 8, Kind: flow.JobDeliver, Attempts: 1, Since: s.now, At: s.now, Next: s.now.Add(time.Minute)}, What: flow.JobWords(flow.JobDeliver)},
	}, s.failing("failures")
}

func (s *story) RetryJob(_ context.Context, _ access.Actor, id int64) error {
	return s.change("retry job", id)
}

func (s *story) DiscardJob(_ context.Context, _ access.Actor, id int64, reason string) error {
	return s.change("discard job", id, reason)
}

func (s *story) Trail(_ context.Context, _ access.Actor, q flow.EntryQuery) ([]flow.Entry, string, error) {
	s.trail = q
	if len(s.customers) == 0 {
		return nil, "", s.failing("trail")
	}
	return []flow.Entry{
		{Seq: 3, At: s.now, ActorID: uuidOf(3, 0), Action: "change person", Subject: "person/" + s.people[3].ID, Detail: `{"from":{"zone":"Asia/Tokyo","roles":["host"],"manager":""},"to":{"zone":"Europe/Zurich","roles":["host","vp"],"manager":"` + s.people[1].ID + `"}}`},
		{Seq: 2, At: s.now, ActorID: uuidOf(3, 0), Action: s.nameOf("publish plan"), Subject: "plan/" + uuidOf(5, 1), Detail: s.nameOf(`{"visits":230}`)},
		{Seq: 1, At: s.now, ActorID: "system:planner", Action: "draft plan", Subject: s.nameOf("thing/1")},
	}, "next", s.failing("trail")
}

func (s *story) CheckTrail(context.Context, access.Actor) (flow.TrailCheck, error) {
	return flow.TrailCheck{}, s.change("check trail")
}

func (s *story) LastTrailCheck(context.Context, access.Actor) (flow.TrailCheck, error) {
	return flow.TrailCheck{Entries: 12345, At: s.now}, s.failing("last check")
}

func (s *story) DimensionList(context.Context, access.Actor) ([]flow.DimensionView, error) {
	if len(s.customers) == 0 {
		return nil, s.failing("dimension list")
	}
	return []flow.DimensionView{{Name: s.nameOf("region"), Values: []flow.DimensionValue{{Value: s.nameOf("EMEA"), Customers: 70}, {Value: "emea", Customers: 3}}, Customers: 73, Of: 80}}, s.failing("dimension list")
}

func (s *story) RenameValue(_ context.Context, _ access.Actor, _ flow.Key, dimension, from, to, _ string) (int, error) {
	return 3, s.change("rename", dimension, from, to)
}

func (s *story) PlanRules(_ context.Context, a access.Actor) (flow.PlanRules, error) {
	w := planning.DefaultWeights()
	w[planning.Crunch] = 2000
	return flow.PlanRules{Weights: w, Plan: s.plan, MayChange: access.Decide(a, access.SetPlanRules, access.Subject{}).Allowed}, s.failing("rules")
}

func (s *story) SetPlanRules(_ context.Context, _ access.Actor, w map[planning.Term]int64, _ string) (flow.PlanRules, error) {
	return flow.PlanRules{}, s.change("weights", w[planning.Crunch])
}

func TestPeoplePages(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	w := site.get("/admin/people?role=host")
	require.Equal(t, 200, w.Code)
	require.NotContains(t, w.Body.String(), "Nobody fits")
	require.Equal(t, 422, site.get("/admin/people?role=king").Code)
	require.Equal(t, 422, site.get("/admin/people?page=0").Code)
	require.Contains(t, site.get("/admin/people?page=99").Body.String(), "Earlier names")
	require.Contains(t, site.get("/admin/people?left=yes").Body.String(), "Nobody fits")

	x := s.people[3]
	to := "/admin/people/" + x.ID
	form := url.Values{"version": {itoaOf(x.Version)}, "name": {x.Name}, "email": {x.Email}, "city": {x.Office.City}, "region": {x.Office.Region}, "country": {x.Office.Country}, "zone": {x.Zone}, "zone_since": {s.today.Add(-9).String()}, "left": {""}, "role": {"host", "vp"}}
	require.Equal(t, to+"?done=person_changed", site.post(to, form).Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], "false false false [host vp]", "what is as it was is not said again")
	form.Set("zone", "Asia/Tokyo")
	require.Equal(t, 303, site.post(to, form).Code)
	require.Contains(t, s.calls[len(s.calls)-1], "false true false", "a new zone without a new day holds from today")
	form.Set("left", s.today.Add(20).String())
	calls := len(s.calls)
	w = site.post(to, form)
	require.Equal(t, 200, w.Code)
	require.Len(t, s.calls, calls, "nothing is done before it was seen")
	for _, words := range []string{"2 visits of theirs after that day stay", "1 visit stays on which they are the host", "more than 1,000 customers", "this will be refused", `name="leaving" value="` + form.Get("left")} {
		require.Contains(t, w.Body.String(), words)
	}
	sound(t, w.Body.Bytes())
	form.Set("leaving", form.Get("left"))
	require.Equal(t, 303, site.post(to, form).Code)
	form.Set("joined", "soon")
	w = site.post(to, form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), `id="e-joined"`)
	form.Set("joined", "")
	s.fail["change person"] = fault.Stalef("Faster.")
	w = site.post(to, form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "As it is now")
	require.Contains(t, w.Body.String(), `value="Asia/Tokyo"`, "what was typed stays")
	sound(t, w.Body.Bytes())

	require.Equal(t, 200, site.get("/admin/people/new").Code)
	require.Equal(t, to+"?done=person_made", site.post("/admin/people", url.Values{"name": {"Zoe"}, "email": {"z@x.example"}}).Header().Get("Location"))
	s.fail["create"] = fault.Invalidf("Something is missing.").With(fault.Detail{Where: "zone", Expected: "a time zone"})
	w = site.post("/admin/people", url.Values{"name": {"Zoe <b>"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "Zoe &lt;b&gt;")
	sound(t, w.Body.Bytes())
}

func itoaOf(n int) string { return string(rune('0' + n)) }

func TestPersonalDataPages(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	customer, x := s.customers[0].ID, s.people[3]
	require.Contains(t, site.get("/customers/"+customer).Body.String(), "/contacts\"")
	require.NotContains(t, open(t, s, actors(s)["vp"]).get("/customers/"+customer).Body.String(), "/contacts\"")
	require.Contains(t, site.get("/customers/"+customer+"/contacts").Body.String(), "email=eva%40acme.example")
	w := site.get("/customers/" + customer + "/contacts/erase?name=Eva+Lang&email=eva%40acme.example")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "Type Eva Lang")
	require.Contains(t, w.Body.String(), "new things")
	sound(t, w.Body.Bytes())
	form := url.Values{"name": {"Eva Lang"}, "email": {"eva@acme.example"}, "confirm": {"Eva Lang"}}
	w = site.post("/customers/"+customer+"/contacts/data", form)
	require.Equal(t, `attachment; filename="personal-data.json"`, w.Header().Get("Content-Disposition"))
	require.Contains(t, w.Body.String(), "Eva said so")
	require.Equal(t, "/customers/"+customer+"/contacts?done=erased", site.post("/customers/"+customer+"/contacts/erase", form).Header().Get("Location"))
	require.Equal(t, "/admin/people/"+x.ID+"?done=erased", site.post("/admin/people/"+x.ID+"/erase", url.Values{"confirm": {"yes"}}).Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], x.ID, "by the path, whatever the form says")
	s.fail["erase"] = fault.Invalidf("Nothing was erased.").With(fault.Detail{Where: "confirm", Value: "no", Expected: "the name"})
	w = site.post("/admin/people/"+x.ID+"/erase", url.Values{"confirm": {"no"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), `id="e-confirm"`)
	w = site.post("/customers/"+customer+"/contacts/look", form)
	require.Equal(t, "/customers/"+customer+"/contacts/erase?email=eva%40acme.example&name=Eva+Lang", w.Header().Get("Location"))
	require.Equal(t, "/admin/people/"+x.ID+"/erase", site.post("/admin/people/"+x.ID+"/look/stop", nil).Header().Get("Location"))
	require.Contains(t, s.calls, strings.TrimSpace("stop look "+x.ID))
	s.look = flow.Running
	w = site.get("/admin/people/" + x.ID + "/erase")
	for _, words := range []string{`data-live="on"`, "2 of 90 tables searched", "/look/stop", `http-equiv="refresh"`} {
		require.Contains(t, w.Body.String(), words)
	}
	require.NotContains(t, w.Body.String(), "Erase for good", "what would be erased is not known yet")
	sound(t, w.Body.Bytes())
	s.look = flow.Cancelled
	w = site.get("/admin/people/" + x.ID + "/erase")
	require.Contains(t, w.Body.String(), "Stopped after 2 of 90 tables")
	require.Contains(t, w.Body.String(), "Erase for good", "an erasure reaches everything, looked at or not")
	sound(t, w.Body.Bytes())
	s.look = ""
	s.fail["look again"] = fault.Invalidf("Say whose data.").With(fault.Detail{Where: "name", Expected: "a name"})
	require.Equal(t, 422, site.post("/customers/"+customer+"/contacts/look", form).Code)
	s.fail["look at data"] = fault.Invalidf("Say whose data.").With(fault.Detail{Where: "name", Expected: "a name"})
	require.Equal(t, 422, site.get("/customers/"+customer+"/contacts/erase?name=x").Code)
}

func TestAdministratorsPages(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	w := site.get("/admin")
	for _, words := range []string{"5 things need you", "2 of 3 work by themselves", "2 failed", "2 visits lie ahead", "chain of 12,345 entries is unbroken", "/admin/rules", "/admin/notices"} {
		require.Contains(t, w.Body.String(), words)
	}
	w = site.get("/admin/jobs")
	require.Contains(t, w.Body.String(), "Bring a calendar entry to what is planned")
	require.Equal(t, "/admin/jobs?done=job_retried", site.post("/admin/jobs/7", url.Values{"do": {"retry"}}).Header().Get("Location"))
	require.Equal(t, "/admin/jobs?done=job_discarded", site.post("/admin/jobs/7", url.Values{"do": {"discard"}, "reason": {"by hand"}}).Header().Get("Location"))
	s.fail["discard job"] = fault.Invalidf("A reason is needed.")
	w = site.post("/admin/jobs/7", url.Values{"do": {"discard"}, "reason": {"<i>"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), `value="&lt;i&gt;"`)
	require.Equal(t, 404, site.post("/admin/jobs/x", nil).Code)

	w = site.get("/admin/audit")
	for _, words := range []string{"changed", "zone: Asia/Tokyo → Europe/Zurich", "roles: host → host, vp", "manager: nothing → " + s.people[1].Name, "Windshield (planner)"} {
		require.Contains(t, strings.ReplaceAll(w.Body.String(), "&#39;", "'"), words)
	}
	require.Equal(t, 422, site.get("/admin/audit?about=nothing").Code)
	require.Equal(t, 422, site.get("/admin/audit?from=soon").Code)
	require.Equal(t, 200, site.get("/admin/audit?about=visit&from=2027-01-01&to=2027-02-01&actor="+s.people[3].ID).Code)
	// The days are those in which the entries are shown.
	far := actors(s)["administrator"]
	far.Zone = "Asia/Tokyo"
	require.Equal(t, 200, open(t, s, far).get("/admin/audit?from=2027-01-01&to=2027-01-01").Code)
	require.Equal(t, flow.EntryQuery{From: time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 15, 0, 0, 0, time.UTC), Limit: 50}, s.trail)
	require.Equal(t, "/admin/audit?done=checked", site.post("/admin/audit/check", nil).Header().Get("Location"))

	require.Contains(t, site.get("/admin/dimensions").Body.String(), "7 of 80 customers have none")
	require.Equal(t, 303, site.post("/admin/dimensions", url.Values{"dimension": {"region"}, "from": {"emea"}, "to": {"EMEA"}}).Code)
	s.fail["rename"] = fault.NotFoundf("No customer has it.")
	require.Equal(t, 409, site.post("/admin/dimensions", url.Values{"dimension": {"region"}, "from": {"emea"}, "to": {"EMEA"}}).Code)

	require.Contains(t, site.get("/admin/rules").Body.String(), "usually 1,000")
	calls := len(s.calls)
	w = site.post("/admin/rules", url.Values{"crunch": {"50"}, "do": {"look"}})
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "2,000 → 50")
	require.Contains(t, w.Body.String(), "Save these weights")
	require.Len(t, s.calls, calls)
	require.Equal(t, 422, site.post("/admin/rules", url.Values{"crunch": {"-1"}, "do": {"save"}}).Code)
	require.Equal(t, "/admin/rules?done=weights", site.post("/admin/rules", url.Values{"crunch": {"50"}, "do": {"save"}}).Header().Get("Location"))
	require.Equal(t, 403, open(t, s, actors(s)["ceo"]).post("/admin/rules", url.Values{"crunch": {"50"}}).Code)
	require.NotContains(t, open(t, s, actors(s)["ceo"]).get("/admin/rules").Body.String(), "Save these")
}
