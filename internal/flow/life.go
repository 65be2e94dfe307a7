package flow

import (
	"context"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Agreed is what the host has agreed with the customer.
type Agreed struct {
	With     string    // who at the customer said so
	On       slot.Date // when; zero: today
	What     string    // what was agreed, in words
	Contacts []roster.Contact
	Kind     visit.Kind // at the customer's place, or online
	JoinURL  string     // where an online visit is held
}

const (
	mostContacts = 10
	mostWords    = 1000
	mostURL      = 500
)

// Agree notes that the host has agreed the visit with the customer, or what has
// changed about that. From then on the calendar entry is firm, and the customer's
// people are invited where this installation permits it. It never makes a visit
// ready: the customer does. Errors: Stale; Conflict where the visit no longer waits
// for it.
func (f *Flow) Agree(ctx context.Context, a access.Actor, visitID string, version int, in Agreed) (VisitView, error) {
	err := f.change1(ctx, a, access.AgreeVisit, visitID, version, func(tx Tx, v *visit.Visit) error {
		if !v.State.Live() || !v.Start.After(f.Now()) {
			return fault.Conflictf("The visit is %s; only one that stands and lies ahead can be agreed with the customer.", v.State)
		}
		clean, err := f.checkAgreed(tx, *v, in)
		if err != nil {
			return err
		}
		asked := v.State == visit.Confirmed
		if v.Kind != clean.Kind || v.JoinURL != clean.JoinURL {
			v.Reopen("We changed how to meet.")
		}
		if v.State != visit.Confirmed {
			if err := f.unconfirmed(tx, a, *v, asked); err != nil {
				return err
			}
		}
		v.Agreement = visit.Agreement{With: clean.With, On: clean.On, What: clean.What}
		v.Contacts, v.Kind, v.JoinURL = clean.Contacts, clean.Kind, clean.JoinURL
		if v.State == visit.Published {
			words := "With " + clean.With + ", on " + locale.Style{}.Near(clean.On, f.today(v.Zone)) + "."
			if clean.What != "" {
				words += " " + clean.What
			}
			if err := v.Become(visit.Agreed, words); err != nil {
				return err
			}
			v.Reason = ""
		}
		if err := f.endLinks(tx, *v); err != nil {
			return err
		}
		if err := f.saveVisit(tx, a, v); err != nil {
			return err
		}
		return f.audit(tx, a, "agree visit", "visit/"+v.ID, map[string]any{"contacts": len(v.Contacts), "kind": v.Kind})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// endLinks withdraws the open links of those who no longer come from the customer.
func (f *Flow) endLinks(tx Tx, v visit.Visit) error {
	links, err := tx.Briefs.Links(v.ID)
	if err != nil {
		return err
	}
	now := f.Now().UTC()
	for _, l := range links {
		if l.State(now) == visit.LinkOpen && !slices.ContainsFunc(v.Contacts, func(c roster.Contact) bool { return c.Email == l.Email }) {
			if err := tx.Briefs.WithdrawLinks(v.ID, l.ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAgreed brings what the host has entered to the form in which it is kept, or
// names everything that is wrong with it.
func (f *Flow) checkAgreed(tx Tx, v visit.Visit, in Agreed) (Agreed, error) {
	var bad []fault.Detail
	line := func(where, s string, most int) string {
		out, err := text(where, s, most)
		if err != nil {
			_, details := fault.Shown(err)
			bad = append(bad, details...)
		}
		return out
	}
	in.With, in.What = line("with", in.With, 200), line("what", in.What, mostWords)
	if in.With == "" && len(bad) == 0 {
		bad = append(bad, fault.Detail{Where: "with", Expected: "who at the customer agreed, by name"})
	}
	today := f.today(v.Zone)
	if in.On.IsZero() {
		in.On = today
	}
	// A day more than the customer's today: the host may live east of it.
	if in.On > today.Add(1) || in.On < today.Add(-730) {
		bad = append(bad, fault.Detail{Where: "on", Value: in.On.String(), Expected: "the day on which it was agreed, not in the future"})
	}
	switch {
	case in.Kind == "":
		in.Kind = v.Kind
	case in.Kind != visit.AtCustomer && in.Kind != visit.Online:
		bad = append(bad, fault.Detail{Where: "kind", Value: fault.Short(string(in.Kind)), Expected: "onsite or online"})
	}
	in.JoinURL = strings.TrimSpace(in.JoinURL)
	if u, err := url.Parse(in.JoinURL); in.JoinURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(in.JoinURL) > mostURL || strings.ContainsAny(in.JoinURL, " \"<>\x00")) {
		bad = append(bad, fault.Detail{Where: "join_url", Value: fault.Short(in.JoinURL), Expected: "an address that begins with https://"})
	} else if in.JoinURL != "" && in.Kind != visit.Online {
		bad = append(bad, fault.Detail{Where: "join_url", Value: fault.Short(in.JoinURL), Expected: "nothing, since you meet at the customer's place", Mend: "Choose online, or take the link out."})
	}
	people, err := tx.People.All()
	if err != nil {
		return in, err
	}
	var clean []roster.Contact
	for _, c := range in.Contacts {
		c = roster.Contact{Name: line("contacts", c.Name, 100), Email: roster.NormalizeEmail(c.Email)}
		parsed, err := mail.ParseAddress(c.Email)
		switch {
		case c.Email == "" && c.Name == "":
			continue
		case err != nil || parsed.Address != c.Email || len(c.Email) > 254:
			bad = append(bad, fault.Detail{Where: "contacts", Value: fault.Short(c.Email), Expected: "a mail address such as name@example.com"})
		case slices.ContainsFunc(people, func(p roster.Person) bool { return p.Email == c.Email }):
			bad = append(bad, fault.Detail{Where: "contacts", Value: fault.Short(c.Email), Expected: "somebody of the customer; this is one of us"})
		case slices.ContainsFunc(clean, func(x roster.Contact) bool { return x.Email == c.Email }):
			continue
		default:
			clean = append(clean, c)
		}
	}
	if in.Contacts = clean; len(clean) > mostContacts {
		bad = append(bad, fault.Detail{Where: "contacts", Expected: "at most 10 people"})
	}
	if len(bad) > 0 {
		return in, fault.Invalidf("This cannot be noted as it is.").With(bad...)
	}
	return in, nil
}

// Cancel calls a visit off. code says why, from the list for it; words add to it.
// The half-days are free again, and everybody who was invited is told by the
// calendar. Errors: Invalid without a code; Conflict where the visit has begun.
func (f *Flow) Cancel(ctx context.Context, a access.Actor, visitID string, version int, code visit.Code, words string) (VisitView, error) {
	words, err := text("words", words, 500)
	if err != nil {
		return VisitView{}, err
	}
	if code, err = visit.ParseCode(visit.Cancelled, string(code)); err != nil {
		return VisitView{}, err
	}
	err = f.change1(ctx, a, access.CancelVisit, visitID, version, func(tx Tx, v *visit.Visit) error {
		switch {
		case v.State == visit.Proposed:
			return fault.Conflictf("The visit is only proposed. Take it out of the draft instead.")
		case !v.Start.After(f.Now()):
			return fault.Conflictf("The visit has begun already. Say that it did not take place instead.")
		}
		if err := v.Become(visit.Cancelled, words); err != nil {
			return err
		}
		v.BecauseOf(code)
		v.Conflict = ""
		if err := tx.Bookings.Release(v.ID); err != nil {
			return err
		}
		if err := f.saveVisit(tx, a, v); err != nil {
			return err
		}
		return f.audit(tx, a, "cancel visit", "visit/"+v.ID, map[string]any{"code": code})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// UndoVisit takes back the last step of a visit, as long as nothing of it has left
// the house: no calendar was written and no mail was sent because of it. Errors:
// Stale; Conflict with what speaks against it.
func (f *Flow) UndoVisit(ctx context.Context, a access.Actor, visitID string, version int) (VisitView, error) {
	err := f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		before := v
		if err := f.undo(tx, a, &v); err != nil {
			return err
		}
		if before.State.Live() {
			if err := tx.Bookings.Release(v.ID); err != nil {
				return err
			}
		}
		if v.State.Live() {
			if err := tx.Bookings.Book(bookingsOf(v)...); err != nil {
				return err
			}
		}
		if err := f.saveVisit(tx, a, &v); err != nil {
			return err
		}
		return f.audit(tx, a, "undo", "visit/"+v.ID, map[string]any{"from": before.State, "to": v.State})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// undo takes back the last step of a visit in memory, or says why not.
func (f *Flow) undo(tx Tx, a access.Actor, v *visit.Visit) error {
	steps, err := tx.Visits.History(v.ID)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		return fault.Conflictf("Nothing has happened to this visit that could be taken back.")
	}
	last := steps[len(steps)-1]
	if err := access.Require(a, undoes(last), about(*v)); err != nil {
		return err
	}
	if last.Moved() && !last.From.Live() || v.PlanID == "" {
		return fault.Conflictf("This step cannot be taken back.")
	}
	p, err := tx.Plans.Get(v.PlanID)
	if err != nil {
		return err
	}
	if err := v.Undo(last); err != nil {
		return err
	}
	if v.State.Live() && (p.State != visit.Live || !v.Start.After(f.Now()) && !last.To.Happened() && last.To != visit.NoShow) {
		return fault.Conflictf("The days or a newer plan have overtaken this visit: its last step stays.")
	}
	told, err := tx.Alerts.Deliveries("visit/" + v.ID)
	if err != nil {
		return err
	}
	for _, d := range told {
		if !d.CreatedAt.Before(last.At) {
			return fault.Conflictf("A mail has gone out about it already. Change the visit instead.")
		}
	}
	events, err := tx.Calendars.Events(v.ID)
	if err != nil || len(events) == 0 {
		return err
	}
	people, err := everybody(tx)
	if err != nil {
		return err
	}
	customers, err := customersOf(tx, []visit.Visit{*v})
	if err != nil {
		return err
	}
	// What the calendar holds is what was agreed with it last. Where that is what
	// the visit would want without the step, nobody outside has seen the step.
	e := events[0]
	w := f.wanted(*v, e, people, customers[v.CustomerID])
	holds := e.Base.EventID == "" || e.Base.Over == w.Gone && (w.Gone || e.Base.Hash == w.Content.Hash())
	if e.Base.Intent != nil || !holds {
		return fault.Conflictf("The calendar has been written already, and people were told. Change the visit instead.")
	}
	return nil
}

// undoes gives what somebody must be allowed to do who takes back a step.
func undoes(s visit.Step) access.Action {
	switch {
	case s.Moved():
		return access.PublishPlan
	case s.To == visit.Cancelled:
		return access.CancelVisit
	case s.To == visit.Declined:
		return access.AnswerVisit
	case s.To.Happened() || s.To == visit.NoShow:
		return access.RecordOutcome
	}
	return access.AgreeVisit
}

// change1 lets do change one visit that the actor may see and do this to.
func (f *Flow) change1(ctx context.Context, a access.Actor, may access.Action, visitID string, version int, do func(Tx, *visit.Visit) error) error {
	return f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, may, about(v)); err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		return do(tx, &v)
	})
}

// saveVisit writes a visit that somebody has changed, and asks the calendars and
// the clocks to follow.
func (f *Flow) saveVisit(tx Tx, a access.Actor, v *visit.Visit) error {
	v.Sign(a.PersonID, f.Now().UTC())
	if err := tx.Visits.Save(v); err != nil {
		return err
	}
	if err := f.want(tx, v); err != nil {
		return err
	}
	return tx.Queue.Enqueue(Job{Kind: JobAlerts, Key: "visit/" + v.ID})
}

// StepView is a step of a visit's history with the names of those in it.
type StepView struct {
	visit.Step
	Who          string // who did it
	WasWho, Whom string // the executives before and after, for a move
}

// customerActor stands for whoever holds a customer's link.
var customerActor = access.System("customer")

// history gives what happened to a visit, newest first.
func (f *Flow) history(tx Tx, v visit.Visit, people map[string]roster.Person) ([]StepView, error) {
	steps, err := tx.Visits.History(v.ID)
	if err != nil {
		return nil, err
	}
	slices.Reverse(steps)
	out := make([]StepView, len(steps))
	for i, s := range steps {
		who := people[s.By].Name
		switch {
		case who != "":
		case s.By == calendarActor.PersonID:
			who = "somebody in the calendar"
		case s.By == customerActor.PersonID:
			who = "the customer"
		case s.By == "" || strings.HasPrefix(s.By, "system:"):
			who = "Windshield"
		}
		if who == "" {
			who = "somebody who is no longer here"
		}
		out[i] = StepView{Step: s, Who: who, WasWho: people[s.Was.ExecutiveID].Name, Whom: people[s.Is.ExecutiveID].Name}
	}
	return out, nil
}
