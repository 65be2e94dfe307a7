package browsertest

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	"windshield/internal/testkit"
	"windshield/internal/visit"
	"windshield/sample"
)

// Who looks at the pages.
const (
	vpMail    = "vp-sales@northlight.example"
	ceoMail   = "ceo@northlight.example"
	execMail  = "cto@northlight.example"
	adminMail = "administrator@northlight.example"
)

// stage is the sample company in the middle of February: a published year with
// visits in every state, somebody who is overdue, somebody who has to decide,
// a file that cannot be imported, and a second plan that is still a draft.
type stage struct {
	*testkit.House
	mail   string // root of the mail catcher's pages
	people map[string]roster.Person

	live, draft   visit.Plan
	fresh         visit.Plan // a draft that nothing has overtaken
	launch        string     // of the published plan
	run           flow.Run
	selection     flow.SelectionView
	scenarios     flow.ScenarioSet
	broken, ready flow.ImportView // with problems; waiting for its confirmation
	unmatched     flow.ImportView // columns that nobody can guess
	done          flow.Import     // written
	open          flow.VisitView  // of the executive, ahead, waiting for an answer
	accepted      flow.VisitView  // ahead
	later         flow.VisitView  // far enough ahead to be moved
	begun         flow.VisitView  // of the host, waiting for its outcome
	held          flow.VisitView  // behind
	declined      flow.VisitView  // taken back by its executive
	conflict      flow.VisitView  // moved in the calendar to where nobody is free
	agreed        flow.VisitView  // with the customer, who has a link
	confirmed     flow.VisitView  // by the customer
	link          string          // path of the customer's page of agreed
	debriefed     flow.VisitView  // with a memo that the customer has
	after         string          // path of the customer's page of debriefed
	host          roster.Person   // of begun
	customer      roster.Customer // of held
}

// today is when the stage is looked at.
var today = time.Date(2027, time.February, 16, 15, 0, 0, 0, time.UTC)

// setStage plays the story. effort is how long the planner may work.
func setStage(t *testing.T, effort flow.PlanInput) *stage {
	t.Helper()
	s := &stage{House: testkit.New(t, testkit.SQLite), people: map[string]roster.Person{}}
	ctx := context.Background()
	catcher := http.NewServeMux()
	catcher.Handle("/mail/", http.StripPrefix("/mail", s.Mail.Page()))
	mails := httptest.NewServer(catcher)
	t.Cleanup(mails.Close)
	s.mail = mails.URL + "/mail/"

	s.Clock.Set(time.Date(2026, time.December, 21, 9, 0, 0, 0, time.UTC))
	s.Sample()
	_, err := s.Flow.Admit(ctx, testkit.System, adminMail, "Administrator")
	require.NoError(t, err)
	everybody, err := s.Flow.People(ctx, testkit.System)
	require.NoError(t, err)
	for _, p := range everybody {
		if p.Email == adminMail {
			v, err := s.Flow.ChangePerson(ctx, testkit.System, p.ID, p.Version, flow.PersonChange{Roles: &[]roster.Role{roster.Administrator}})
			require.NoError(t, err)
			p = v.Person
		}
		s.people[p.Email] = p
	}
	s.selection, err = s.Flow.Select(ctx, testkit.System, flow.Key{}, flow.SelectInput{FreezeInput: flow.FreezeInput{Year: sample.Year, Seed: "northlight 2027", Reason: "The stage is always set in the same way."},
		Design: sampling.Design{Dimensions: sampling.Named("region", "size_band"), Visits: 288}})
	require.NoError(t, err)

	s.live = s.plan(t, effort, "")
	_, err = s.Flow.Publish(ctx, testkit.System, flow.Key{}, s.live.ID, s.live.Version, flow.PublishInput{Reasons: flow.TypedReasons{All: "The customer asked for this day."}})
	require.NoError(t, err)
	s.draft = s.plan(t, flow.PlanInput{Iterations: 300, Seed: 2}, "Plan 2027, another try")
	s.scenarios, err = s.Flow.StartScenarios(ctx, testkit.System, flow.Key{}, flow.ScenariosInput{Base: flow.PlanInput{SelectionID: s.selection.ID, Iterations: 300, Seed: 1},
		Scenarios: []flow.ScenarioInput{{Name: "more capacity", Scenario: flow.Scenario{PerWeek: 1, PerMonth: 2}}, {Scenario: flow.Scenario{MaxGapDays: 20}}}})
	require.NoError(t, err)
	s.changes(t)
	s.answers(t)
	s.Clock.Set(today)
	s.outcomes(t)
	s.prepare(t)
	s.Settle() // what follows from them is another look at the clocks than the one of the schedule
	s.Tick()
	s.ReadBusy()
	s.imports(t)
	s.launches(t)
	s.look(t)
	s.debrief(t)
	s.searched(t)
	return s
}

// searched has an administrator look for what is held about one of us and a contact.
func (s *stage) searched(t *testing.T) {
	t.Helper()
	for _, w := range []flow.Whose{{PersonID: s.people[execMail].ID}, {CustomerID: s.confirmed.Visit.CustomerID, Name: "Eva Lang"}} {
		_, err := s.Flow.LookFor(context.Background(), testkit.System, w)
		require.NoError(t, err)
	}
	s.Settle()
}

// customerLink is the path of a customer's page in a mail.
var customerLink = regexp.MustCompile(`/c/[0-9a-f]{64}`)

// prepare lets hosts agree two visits of the autumn with their customers, who are asked
// to confirm them; one does.
func (s *stage) prepare(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	rows := s.between(t, time.Date(2027, time.September, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, time.October, 31, 0, 0, 0, 0, time.UTC))
	require.Greater(t, len(rows), 2)
	for i, v := range rows[:2] {
		first, second := "09:30", "10:30"
		if v.Visit.Slot.Half == slot.PM {
			first, second = "14:00", "15:00"
		}
		const eva = "eva.lang@customer.example"
		_, err := s.Flow.SaveBrief(ctx, testkit.System, v.Visit.ID, 0, flow.BriefInput{Objective: "Agree on a pilot in one plant", Theirs: "See how others run their night shift", TheirsBy: "Eva Lang",
			Agenda:    []visit.AgendaItem{{At: first, What: "Plant tour"}, {At: second, What: "What a pilot would take"}, {What: "Lunch"}},
			People:    []visit.Attendee{{Name: "Eva Lang", Role: "Head of production", Theirs: true}, {Name: "Kim Sand", Role: "Product"}},
			Questions: []string{"Who decides about the budget?"}, Elephants: []string{"The late delivery in May"}, Asks: []string{"What would make this a failure for you?"}, Travel: "Train at 7:32, then ten minutes on foot."})
		require.NoError(t, err)
		now, err := s.Flow.Agree(ctx, testkit.System, v.Visit.ID, s.version(t, v), flow.Agreed{With: "Eva Lang", What: "Two hours, plant tour first.", Contacts: []roster.Contact{{Name: "Eva Lang", Email: eva}}})
		require.NoError(t, err)
		now, err = s.Flow.SendLink(ctx, testkit.System, v.Visit.ID, now.Visit.Version, eva)
		require.NoError(t, err)
		s.Settle()
		mails := s.Inbox(eva)
		s.agreed, s.link = now, customerLink.FindString(mails[len(mails)-1].Text)
		require.NotEmpty(t, s.link)
		if i > 0 {
			continue
		}
		token := strings.TrimPrefix(s.link, "/c/")
		page, err := s.Flow.CustomerVisit(ctx, token, "")
		require.NoError(t, err)
		_, err = s.Flow.ConfirmAsCustomer(ctx, token, "", page.Print, flow.CustomerAnswer{Theirs: page.Visit.Theirs.Words, Agenda: page.Visit.Agenda})
		require.NoError(t, err)
		s.confirmed = now
	}
}

// debrief says what came of a visit that was held, and sends the customer the memo.
func (s *stage) debrief(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	rows := s.between(t, time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC), today)
	for _, v := range rows {
		if (v.Visit.State.Live() || v.Visit.State.Happened()) && v.Visit.Start.Before(today) && v.Visit.ID != s.held.Visit.ID && v.Visit.ID != s.begun.Visit.ID && v.Customer.Contact.Email != "" {
			s.debriefed = v
		}
	}
	v := s.debriefed.Visit
	require.NotEmpty(t, v.ID)
	_, err := s.Flow.FileDebrief(ctx, testkit.System, v.ID, 0, "", flow.DebriefInput{Debrief: insight.Debrief{Held: true, Kind: visit.AtCustomer, WithHost: true, Ours: insight.Partly, Theirs: insight.Yes,
		Said:        []insight.Statement{{Text: "We compare three suppliers, and none of them lists its prices.", By: "Head of Operations", About: insight.Situation}, {Text: "Their CFO is against it.", Source: insight.Guessed}},
		Questions:   []string{"Does it run without the network?"},
		Commitments: []insight.Commitment{{Party: insight.Us, Who: "Ben", What: "A visit of our engineer", By: v.Slot.Date.Add(10)}, {Party: insight.Them, What: "The numbers of last year"}},
		NextAction:  "You invite the users", NextBy: v.Slot.Date.Add(20), Action: "named_problem", More: "We did not ask for the budget.", Notes: "The buyer leaves in May."}})
	require.NoError(t, err)
	m, err := s.Flow.Memo(ctx, testkit.System, v.ID)
	require.NoError(t, err)
	to := s.debriefed.Customer.Contact.Email
	_, err = s.Flow.SendMemo(ctx, testkit.System, v.ID, 0, m.Memo.Lines, to)
	require.NoError(t, err)
	s.Settle()
	mails := s.Inbox(to)
	s.after = customerLink.FindString(mails[len(mails)-1].Text) + "/after"
}

// version gives a visit's version as it is now.
func (s *stage) version(t *testing.T, v flow.VisitView) int {
	t.Helper()
	now, err := s.Flow.Visit(context.Background(), testkit.System, v.Visit.ID)
	require.NoError(t, err)
	return now.Visit.Version
}

// launches makes a draft that may be published today, and a report on the calendars.
func (s *stage) launches(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	s.fresh = s.plan(t, flow.PlanInput{Iterations: 300, Seed: 3}, "Plan 2027, from spring")
	all, err := s.Flow.Launches(ctx, testkit.System, s.live.ID)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	s.launch = all[0].ID
	_, err = s.Flow.StartVerification(ctx, testkit.System)
	require.NoError(t, err)
	s.Settle()
}

// changes lets a customer refuse, puts one in and takes one out by hand, and
// brings a list to compare with, after the plan was made.
func (s *stage) changes(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	in := map[string]bool{}
	for _, c := range s.selection.Rows {
		in[c.CustomerID] = true
	}
	v, version := s.selection, s.selection.Version
	others, err := s.Flow.Customers(ctx, testkit.System, flow.CustomerQuery{Limit: 500})
	require.NoError(t, err)
	var other string
	for _, c := range others.Customers {
		if !in[c.ID] {
			other = c.ID
		}
	}
	last := v.Rows[len(v.Rows)-1].CustomerID
	for _, change := range []flow.ChangeInput{
		{Kind: flow.ChangeRefused, Customer: last, Code: sampling.RefusedNoReply, Reason: "Three calls, no answer."},
		{Kind: flow.ChangeAdded, Customer: other, Reason: "The board asked for this customer."},
		{Kind: flow.ChangeRemoved, Customer: v.Rows[len(v.Rows)/2].CustomerID, Reason: "A court case forbids a visit."},
	} {
		v, err = s.Flow.Change(ctx, testkit.System, flow.Key{}, v.ID, version, change)
		require.NoError(t, err)
		version = v.Version
	}
	picks, err := sample.Files.ReadFile("picks.csv")
	require.NoError(t, err)
	_, err = s.Flow.BringTeamList(ctx, testkit.System, flow.Key{}, v.ID, "picks.csv", append(picks, "Nobody & Sons,South,\n"...))
	require.NoError(t, err)
	s.selection = v
}

// plan runs the planner and gives the draft.
func (s *stage) plan(t *testing.T, in flow.PlanInput, name string) visit.Plan {
	t.Helper()
	ctx := context.Background()
	in.SelectionID, in.Name = s.selection.ID, name
	r, err := s.Flow.StartPlan(ctx, testkit.System, flow.Key{}, in)
	require.NoError(t, err)
	s.Settle()
	s.run, err = s.Flow.Run(ctx, testkit.System, r.ID)
	require.NoError(t, err)
	require.Equal(t, flow.Done, s.run.State, s.run.Error)
	p, err := s.Flow.Plan(ctx, testkit.System, s.run.PlanID, flow.PlanFilter{})
	require.NoError(t, err)
	return p.Plan
}

// between gives the visits of the published year between two instants.
func (s *stage) between(t *testing.T, from, to time.Time) []flow.VisitView {
	t.Helper()
	rows, _, err := s.Flow.Visits(context.Background(), testkit.System, flow.VisitQuery{
		From: slot.DateOf(from, time.UTC), To: slot.DateOf(to, time.UTC), States: []visit.State{visit.Published}, Limit: 200})
	require.NoError(t, err)
	return rows
}

// answers lets people answer in their calendars, in December.
func (s *stage) answers(t *testing.T) {
	t.Helper()
	rows := s.between(t, s.Clock.Now(), s.Clock.Now().AddDate(0, 4, 0))
	require.Greater(t, len(rows), 40)
	ahead := 0
	for i, v := range rows {
		if v.Visit.Start.After(today) {
			ahead++
		}
		event := s.event(t, v)
		switch {
		case ahead >= 2 && s.declined.Visit.ID == "" && v.Executive.Email != execMail:
			require.NoError(t, s.Calendar.Respond(v.Executive.Email, event, "declined", "I am with the board in Austin that day."))
			s.declined = v
		case ahead > 2 && s.conflict.Visit.ID == "" && v.Executive.Email != execMail:
			// To where the executive is with somebody else already.
			if other, found := s.another(rows, v); found {
				require.NoError(t, s.Calendar.Move(v.Host.Email, event, other.Visit.Start, other.Visit.End))
				s.conflict = v
			}
		case i%3 != 0 && v.Executive.Email != execMail:
			require.NoError(t, s.Calendar.Respond(v.Executive.Email, event, "accepted", ""))
		case i%9 == 0:
			require.NoError(t, s.Calendar.Respond(v.Executive.Email, event, "tentative", ""))
		}
	}
	require.NotEmpty(t, s.declined.Visit.ID)
	require.NotEmpty(t, s.conflict.Visit.ID)
	s.Tick()
}

// another gives a visit of the same executive on another day.
func (s *stage) another(rows []flow.VisitView, v flow.VisitView) (flow.VisitView, bool) {
	for _, o := range rows {
		if o.Executive.ID == v.Executive.ID && o.Visit.Slot.Date != v.Visit.Slot.Date && o.Visit.Start.After(today) && o.Visit.ID != s.declined.Visit.ID {
			return o, true
		}
	}
	return flow.VisitView{}, false
}

// event gives the id of a visit's event in the calendar.
func (s *stage) event(t *testing.T, v flow.VisitView) string {
	t.Helper()
	full, err := s.Flow.Visit(context.Background(), testkit.System, v.Visit.ID)
	require.NoError(t, err)
	require.NotEmpty(t, full.Events, "the visit is in no calendar")
	return full.Events[0].EventID
}

// outcomes says of the visits until today what came of them. One executive did
// not go at all, one visit was a video call, and the latest still wait.
func (s *stage) outcomes(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	rows := s.between(t, today.AddDate(0, -2, 0), today.AddDate(0, 0, -1))
	n := 0
	for _, v := range rows[:max(0, len(rows)-3)] {
		n++
		o := flow.Outcome{Held: true, Kind: visit.AtCustomer, WithHost: true}
		switch {
		case v.Executive.Email == ceoMail:
			o = flow.Outcome{Note: "The customer called it off on the day before."}
		case n%11 == 5:
			o.Kind = visit.Online
		case n%13 == 7:
			o.WithHost = false
		}
		_, err := s.Flow.RecordOutcome(ctx, testkit.System, v.Visit.ID, v.Visit.Version, o)
		require.NoError(t, err)
	}
	require.Greater(t, n, 10)
}

// imports leaves a file in every step of the wizard.
func (s *stage) imports(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	customers, err := sample.Files.ReadFile("customers.csv")
	require.NoError(t, err)
	lines := strings.SplitAfter(string(customers), "\n")

	bad := strings.Join(lines[:40], "")
	bad = strings.Replace(bad, "Bentonville,AR,US,36.36477,-94.21763", "Bentonvile,AR,US,,", 1)
	bad = strings.ReplaceAll(bad, "2027-07-12..2027-07-30", "12.07.27 to 30.07.27")
	s.broken, err = s.Flow.Upload(ctx, testkit.System, flow.Key{}, intake.Customers, "customers spring.csv", []byte(bad))
	require.NoError(t, err)
	require.Positive(t, s.broken.Report.Counts.Problem)

	good := bytes.ReplaceAll([]byte(strings.Join(lines[:30], "")), []byte("Head of Operations"), []byte("Chief Operating Officer"))
	s.ready, err = s.Flow.Upload(ctx, testkit.System, flow.Key{}, intake.Customers, "customers corrected.csv", good)
	require.NoError(t, err)
	require.NoError(t, s.ready.Report.Err())

	s.unmatched, err = s.Flow.Upload(ctx, testkit.System, flow.Key{}, intake.Customers, "accounts export.csv",
		[]byte("Account;Town;Owner;Segment;\nAcme Tool;Chicago;Account manager Chicago North;Machines;x\nBolt & Nut;Austin;;Machines;\n"))
	require.NoError(t, err)

	all, err := s.Flow.Imports(ctx, testkit.System)
	require.NoError(t, err)
	for _, x := range all {
		if x.State == flow.Confirmed && x.Kind == intake.Customers {
			s.done = x
		}
	}
	require.NotEmpty(t, s.done.ID)
}

// look finds the visits that the pages are about.
func (s *stage) look(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	rows, _, err := s.Flow.Visits(ctx, testkit.System, flow.VisitQuery{PlanID: s.live.ID, From: slot.MakeDate(2027, time.January, 1), To: slot.MakeDate(2027, time.June, 30), Limit: 200})
	require.NoError(t, err)
	first := func(into *flow.VisitView, v flow.VisitView, fits bool) {
		if fits && into.Visit.ID == "" && v.Visit.PlanID == s.live.ID {
			*into = v
		}
	}
	for _, v := range rows {
		published, ahead := v.Visit.State == visit.Published, v.Visit.Start.After(today)
		first(&s.open, v, published && ahead && v.Visit.Answer == visit.NoAnswer && v.Executive.Email == execMail)
		first(&s.accepted, v, published && ahead && v.Visit.Answer == visit.Accepted)
		first(&s.later, v, published && v.Visit.Start.After(today.AddDate(0, 0, 14)) && v.Visit.Answer == visit.NoAnswer)
		first(&s.begun, v, published && !ahead)
		first(&s.held, v, v.Visit.State == visit.Held)
	}
	for i, v := range []*flow.VisitView{&s.open, &s.accepted, &s.later, &s.begun, &s.held, &s.declined, &s.conflict} {
		require.NotEmpty(t, v.Visit.ID, "no visit in the state %d", i)
		*v, err = s.Flow.Visit(ctx, testkit.System, v.Visit.ID)
		require.NoError(t, err)
	}
	require.Equal(t, visit.Declined, s.declined.Visit.State)
	require.NotEmpty(t, s.conflict.Visit.Conflict)
	alerts, err := s.Flow.Alerts(ctx, testkit.System, true)
	require.NoError(t, err)
	require.NotEmpty(t, alerts, "somebody is overdue")
	s.host, s.customer = s.begun.Host, s.held.Customer
}

// enter signs a person in by a link, in a tab of his own.
func (s *stage) enter(t *testing.T, b *tab, email string) {
	t.Helper()
	p, found := s.people[email]
	require.True(t, found, email)
	url, err := s.Flow.MintLink(context.Background(), testkit.System, p.ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.open(t, url))
	require.Equal(t, http.StatusOK, b.send(t, "main form button"))
	b.do(t, chromedp.WaitReady(".who", chromedp.ByQuery))
}
