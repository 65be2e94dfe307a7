package flow

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// BriefInput is what the host prepares for a visit.
type BriefInput struct {
	Objective string // ours
	Theirs    string // the customer's objective, in the customer's words
	TheirsBy  string // who at the customer said so
	TheirsOn  slot.Date
	Agenda    []visit.AgendaItem
	People    []visit.Attendee
	Questions []string // open ones to the customer
	Elephants []string // difficult topics that must be raised
	Asks      []string // questions to ask on the day
	Travel    string
}

const (
	mostObjective = 500
	mostAgenda    = 20
	mostAttendees = 20
	mostQuestions = 10
	mostElephants = 5
	mostAsks      = 3  // of the host: who has ten questions asks none
	mostAdded     = 10 // by the executive and assistants
	mostLine      = 200
	needlessDays  = 7 // before its day a visit without an objective stands out
	needlessVP    = 3 // and then the VP is told
)

// BriefView is a brief with all around it.
type BriefView struct {
	VisitView
	Brief    visit.Brief
	Promised []string           // what was promised last time
	Proposed []insight.Question // of what this customer said long ago, and of claims that need more answers; while it can be prepared
	Askers   map[string]string  // names of those who added questions
	MayEdit  bool
	MayAsk   bool
	Missing  []string // what the brief has yet to say
}

// Brief gives the brief of a visit to those whose visit it is: it says what was promised
// and what is difficult, which those who run the program need not know. Errors: NotFound;
// Denied.
func (f *Flow) Brief(ctx context.Context, a access.Actor, visitID string) (BriefView, error) {
	v, err := f.Visit(ctx, a, visitID)
	if err != nil {
		return BriefView{}, err
	}
	if err := access.Require(a, access.ReadDebrief, about(v.Visit)); err != nil {
		return BriefView{}, err
	}
	return read(ctx, f, func(tx Tx) (BriefView, error) {
		w := BriefView{VisitView: v, Askers: map[string]string{}}
		var err error
		if w.Brief, err = tx.Briefs.Get(visitID); err != nil {
			return w, err
		}
		people, err := everybody(tx)
		if err != nil {
			return w, err
		}
		for _, q := range w.Brief.Asks {
			if q.By != "" {
				w.Askers[q.By] = people[q.By].Name
			}
		}
		if w.Promised, err = promisedBefore(tx, v.Visit); err != nil {
			return w, err
		}
		w.MayEdit = f.preparable(v.Visit) && access.Decide(a, access.PrepareVisit, about(v.Visit)).Allowed
		if f.preparable(v.Visit) {
			if w.Proposed, err = f.proposedQuestions(tx, a, v.Visit); err != nil {
				return w, err
			}
			w.Proposed = slices.DeleteFunc(w.Proposed, func(q insight.Question) bool { return asked(w.Brief.Asks, q) })
		}
		ready, err := f.ready(tx, v.Visit)
		if err != nil {
			return w, err
		}
		w.Missing = ready.Missing()
		w.MayAsk = f.preparable(v.Visit) && access.Decide(a, access.AskInVisit, about(v.Visit)).Allowed
		return w, nil
	})
}

// asked says whether a proposed question stands in the brief already, maybe as another
// reader was shown it, who writes dates otherwise.
func asked(in []visit.Ask, q insight.Question) bool {
	return slices.ContainsFunc(in, func(x visit.Ask) bool { return undated(x.Text) == undated(q.Text) })
}

// undated gives a question about what somebody has said without the days on which it was.
func undated(question string) string {
	who, rest, dated := strings.Cut(question, " said on ")
	if _, what, quoted := strings.Cut(rest, ": “"); dated && quoted {
		return who + ": “" + what
	}
	return question
}

// preparable says whether there is still something to prepare.
func (f *Flow) preparable(v visit.Visit) bool { return v.State.Live() && v.End.After(f.Now()) }

// SaveBrief keeps what the host has prepared. version is that of the brief that was
// looked at. What executives have added stays. Where the customer had confirmed the
// visit and its objective or agenda changes, the customer is to be asked again.
func (f *Flow) SaveBrief(ctx context.Context, a access.Actor, visitID string, version int, in BriefInput) (BriefView, error) {
	in, err := f.checkBrief(in)
	if err != nil {
		return BriefView{}, err
	}
	err = f.prepareVisit(ctx, a, access.PrepareVisit, visitID, func(tx Tx, v *visit.Visit, b *visit.Brief) error {
		if b.Version != version {
			return errBriefChanged()
		}
		if err := f.putAgenda(tx, a, v, b, in); err != nil {
			return err
		}
		b.People, b.Questions, b.Elephants, b.Travel = in.People, in.Questions, in.Elephants, in.Travel
		b.Asks = slices.DeleteFunc(b.Asks, func(q visit.Ask) bool { return q.By == "" })
		var ours []visit.Ask
		for _, q := range in.Asks {
			ours = append(ours, visit.Ask{Text: q})
		}
		b.Asks = append(ours, b.Asks...)
		return f.audit(tx, a, "prepare visit", "visit/"+v.ID, map[string]any{"objective": v.Objective != "", "theirs": v.Theirs.Words != "", "agenda": len(v.Agenda)})
	})
	if err != nil {
		return BriefView{}, err
	}
	return f.Brief(ctx, a, visitID)
}

// AddQuestion adds a question to ask on the day: for executives and assistants, who
// do not prepare the brief.
func (f *Flow) AddQuestion(ctx context.Context, a access.Actor, visitID, question string) (BriefView, error) {
	question, err := text("question", question, mostLine)
	if err != nil {
		return BriefView{}, err
	}
	if question == "" {
		return BriefView{}, fault.Invalidf("There is no question.").With(fault.Detail{Where: "question", Expected: "a question, in a few words"})
	}
	err = f.prepareVisit(ctx, a, access.AskInVisit, visitID, func(tx Tx, v *visit.Visit, b *visit.Brief) error {
		q := visit.Ask{Text: question, By: a.PersonID}
		if slices.Contains(b.Asks, q) {
			return nil // sent twice
		}
		n := 0
		for _, x := range b.Asks {
			if x.By != "" {
				n++
			}
		}
		if n >= mostAdded {
			return fault.Conflictf("There are %d questions already. Agree with the host which of them matter.", n)
		}
		b.Asks = append(b.Asks, q)
		return f.audit(tx, a, "add question", "visit/"+v.ID, nil)
	})
	if err != nil {
		return BriefView{}, err
	}
	return f.Brief(ctx, a, visitID)
}

// prepareVisit lets do change a visit and its brief, and writes what has changed.
func (f *Flow) prepareVisit(ctx context.Context, a access.Actor, may access.Action, visitID string, do func(Tx, *visit.Visit, *visit.Brief) error) error {
	return f.untilFresh(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, may, about(v)); err != nil {
			return err
		}
		if !f.preparable(v) {
			return fault.Conflictf("The visit is %s; there is nothing left to prepare.", v.State)
		}
		b, err := tx.Briefs.Get(visitID)
		if err != nil {
			return err
		}
		before := v
		if err := do(tx, &v, &b); err != nil {
			return err
		}
		if err := tx.Briefs.Save(&b); err != nil {
			return err
		}
		if before.Objective == v.Objective && before.Theirs == v.Theirs && before.State == v.State && slices.Equal(before.Agenda, v.Agenda) {
			return nil
		}
		return f.saveVisit(tx, a, &v)
	})
}

var clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// checkBrief brings a brief to the form in which it is kept, or names everything
// that is wrong with it.
func (f *Flow) checkBrief(in BriefInput) (BriefInput, error) {
	var bad []fault.Detail
	line := func(where, s string, most int) string {
		out, err := text(where, s, most)
		if err != nil {
			_, details := fault.Shown(err)
			bad = append(bad, details...)
		}
		return out
	}
	lines := func(where string, all []string, most int) []string {
		var out []string
		for _, s := range all {
			if s = line(where, s, mostLine); s != "" {
				out = append(out, s)
			}
		}
		if len(out) > most {
			bad = append(bad, fault.Detail{Where: where, Value: fmt.Sprint(len(out)), Expected: fmt.Sprintf("at most %d", most)})
		}
		return out
	}
	in.Objective, in.Theirs, in.TheirsBy = line("objective", in.Objective, mostObjective), line("theirs", in.Theirs, mostObjective), line("theirs_by", in.TheirsBy, mostLine)
	in.Travel = line("travel", in.Travel, mostWords)
	in.Questions, in.Elephants, in.Asks = lines("questions", in.Questions, mostQuestions), lines("elephants", in.Elephants, mostElephants), lines("asks", in.Asks, mostAsks)
	if in.Theirs != "" && in.TheirsBy == "" {
		bad = append(bad, fault.Detail{Where: "theirs_by", Expected: "who at the customer said so: until then it is our guess"})
	}
	if today := f.today("UTC"); !in.TheirsOn.IsZero() && (in.TheirsOn > today.Add(1) || in.TheirsOn < today.Add(-730)) {
		bad = append(bad, fault.Detail{Where: "theirs_on", Value: in.TheirsOn.String(), Expected: "the day on which it was said, not in the future"})
	}
	agenda, err := checkAgenda(in.Agenda)
	if err != nil {
		_, details := fault.Shown(err)
		bad = append(bad, details...)
	}
	in.Agenda = agenda
	var people []visit.Attendee
	for _, p := range in.People {
		p.Name, p.Role = line("people", p.Name, 100), line("people", p.Role, 100)
		if p.Name != "" {
			people = append(people, p)
		}
	}
	if in.People = people; len(people) > mostAttendees {
		bad = append(bad, fault.Detail{Where: "people", Value: fmt.Sprint(len(people)), Expected: fmt.Sprintf("at most %d", mostAttendees)})
	}
	if len(bad) > 0 {
		return in, fault.Invalidf("The brief cannot be kept as it is.").With(bad...)
	}
	return in, nil
}

// checkAgenda cleans an agenda, ours or the customer's.
func checkAgenda(items []visit.AgendaItem) ([]visit.AgendaItem, error) {
	var out []visit.AgendaItem
	var bad []fault.Detail
	for _, it := range items {
		what, err := text("agenda", it.What, mostLine)
		if err != nil {
			_, details := fault.Shown(err)
			bad = append(bad, details...)
		}
		if it.At != "" && !clockTime.MatchString(it.At) {
			bad = append(bad, fault.Detail{Where: "agenda", Value: fault.Short(it.At), Expected: "a time such as 09:30, or none"})
		}
		if what != "" {
			out = append(out, visit.AgendaItem{At: it.At, What: what})
		}
	}
	if len(out) > mostAgenda {
		bad = append(bad, fault.Detail{Where: "agenda", Value: fmt.Sprint(len(out)), Expected: fmt.Sprintf("at most %d points", mostAgenda)})
	}
	if len(bad) > 0 {
		return nil, fault.Invalidf("The agenda cannot be kept as it is.").With(bad...)
	}
	return out, nil
}

// needless says whether a visit stands out: it is near, and nobody has said what
// it is for.
func (f *Flow) needless(v visit.Visit) bool {
	return v.State.Live() && v.Objective == "" && v.Start.After(f.Now()) && v.Slot.Date <= f.today(v.Zone).Add(needlessDays)
}

// needlessSubject is what the messages about a visit without an objective are about.
// A move gives both sides another week.
func needlessSubject(v visit.Visit) string {
	return "objective/" + v.ID + "/" + v.Slot.Date.String()
}

// lookAtBriefs tells the host of each visit that is a week away and has no objective,
// and three days before it the VP of Sales. Most times there is nothing to say, so it
// looks first without holding up who writes.
func (f *Flow) lookAtBriefs(ctx context.Context) error {
	due, err := read(ctx, f, f.needlessUntold)
	if err != nil || len(due) == 0 {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		due, err := f.needlessUntold(tx)
		if err != nil {
			return err
		}
		people, err := everybody(tx)
		if err != nil {
			return err
		}
		visits := make([]visit.Visit, len(due))
		for i, d := range due {
			visits[i] = d.visit
		}
		customers, err := customersOf(tx, visits)
		if err != nil {
			return err
		}
		for _, d := range due {
			v, to := d.visit, people[d.to]
			m := notify.NoObjective(to, people[v.HostID], people[v.ExecutiveID], customers[v.CustomerID].Name, v.ID, v.Slot.Date, f.today(v.Zone), f.BaseURL)
			if err := f.deliver(tx, needlessSubject(v), d.kind, to, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// untold is a message about a visit without an objective that is due.
type untold struct {
	visit visit.Visit
	to    string // person
	kind  string // "host" or "vp"
}

// needlessUntold gives who is to be told of which visits, and was not yet.
func (f *Flow) needlessUntold(tx Tx) ([]untold, error) {
	today := f.today("UTC")
	near, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: visit.LiveStates(), From: today.Add(-1), To: today.Add(needlessDays + 1)})
	if err != nil {
		return nil, err
	}
	near = slices.DeleteFunc(near, func(v visit.Visit) bool { return !f.needless(v) })
	if len(near) == 0 {
		return nil, nil
	}
	people, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	people = slices.DeleteFunc(people, f.hasLeft)
	hostIsHere := func(v visit.Visit) bool {
		return v.HostID != "" && slices.ContainsFunc(people, func(p roster.Person) bool { return p.ID == v.HostID })
	}
	subjects := make([]string, len(near))
	for i, v := range near {
		subjects[i] = needlessSubject(v)
	}
	sent, err := tx.Alerts.Deliveries(subjects...)
	if err != nil {
		return nil, err
	}
	type once struct{ about, to, kind string }
	told := map[once]bool{}
	for _, d := range sent {
		told[once{d.About, d.PersonID, d.Kind}] = true
	}
	var out []untold
	tell := func(v visit.Visit, to, kind string) {
		if !told[once{needlessSubject(v), to, kind}] {
			out = append(out, untold{v, to, kind})
		}
	}
	for _, v := range near {
		if hostIsHere(v) {
			tell(v, v.HostID, "host")
		}
		if hostIsHere(v) && v.Slot.Date > f.today(v.Zone).Add(needlessVP) {
			continue
		}
		for _, p := range people {
			if p.Has(roster.VP) {
				tell(v, p.ID, "vp")
			}
		}
	}
	return out, nil
}
