package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func about(v visit.Visit) access.Subject {
	return access.Subject{ExecutiveID: v.ExecutiveID, HostID: v.HostID, Draft: v.State == visit.Proposed}
}

// visible gives a visit that the actor may see. One of others is as unknown as
// one that does not exist: an id must not tell who is visited.
func visible(tx Tx, a access.Actor, id string) (visit.Visit, error) {
	if err := signedIn(a); err != nil {
		return visit.Visit{}, err
	}
	v, err := tx.Visits.Get(id)
	if err == nil && !access.Decide(a, access.SeeVisit, about(v)).Allowed {
		return visit.Visit{}, fault.NotFoundf("There is no such visit.")
	}
	return v, err
}

// Visit gives a visit that the actor may see, with everybody around it.
func (f *Flow) Visit(ctx context.Context, a access.Actor, id string) (VisitView, error) {
	return read(ctx, f, func(tx Tx) (VisitView, error) {
		v, err := visible(tx, a, id)
		if err != nil {
			return VisitView{}, err
		}
		people, err := everybody(tx)
		if err != nil {
			return VisitView{}, err
		}
		customers, err := customersOf(tx, []visit.Visit{v})
		if err != nil {
			return VisitView{}, err
		}
		w := f.view(a, v, people, customers)
		if v.PlanID != "" {
			if w.Plan, err = tx.Plans.Get(v.PlanID); err != nil {
				return w, err
			}
			if w.Group, err = groupOf(tx, w.Plan, v.Stratum); err != nil {
				return w, err
			}
		}
		if err := f.fillBuying(tx, &w, people); err != nil {
			return w, err
		}
		if w.Events, err = tx.Calendars.Events(v.ID); err != nil {
			return w, err
		}
		if w.Calendar, err = f.calendarView(tx, a, w); err != nil {
			return w, err
		}
		if err := f.fillTheirs(tx, &w); err != nil {
			return w, err
		}
		if w.History, err = f.history(tx, v, people); err != nil {
			return w, err
		}
		if w.Calendars, err = f.calendarNotes(tx, v, people); err != nil {
			return w, err
		}
		if err := f.fillSteps(tx, a, &w); err != nil {
			return w, err
		}
		if w.MayAgree || v.State.Happened() && access.Decide(a, access.WriteMemo, about(v)).Allowed {
			if w.Links, err = f.linkViews(tx, v); err != nil {
				return w, err
			}
		}
		try := v
		w.MayUndo = f.undo(tx, a, &try) == nil
		w.Neighbours, _, err = tx.Visits.Find(VisitQuery{Scope: access.Visits(a), ExecutiveID: v.ExecutiveID, From: v.Slot.Date.Add(-30), To: v.Slot.Date.Add(30),
			States: append([]visit.State{visit.Held, visit.Debriefed}, visit.LiveStates()...)})
		return w, err
	})
}

func (f *Flow) view(a access.Actor, v visit.Visit, people map[string]roster.Person, customers map[string]roster.Customer) VisitView {
	w := VisitView{Visit: v, Customer: customers[v.CustomerID], Executive: people[v.ExecutiveID], Host: people[v.HostID]}
	w.Counts, w.WhyNot = v.Counts()
	w.Mover = moverOf(a, v)
	begun := !v.Start.After(f.Now())
	w.MayAnswer = v.State.Live() && !begun && access.Decide(a, access.AnswerVisit, about(v)).Allowed
	w.MayRecord = (v.State.Live() || v.State == visit.Held || v.State == visit.NoShow) && begun && access.Decide(a, access.RecordOutcome, about(v)).Allowed
	w.MayAgree = v.State.Live() && !begun && access.Decide(a, access.AgreeVisit, about(v)).Allowed
	w.MayCancel = (v.State.Live() || v.State == visit.Declined) && !begun && access.Decide(a, access.CancelVisit, about(v)).Allowed
	w.Invites, w.Needless = f.InviteCustomers, f.needless(v)
	w.MayPin = f.pinnable(v) && access.Decide(a, pinAction(v), access.Subject{}).Allowed
	return w
}

func groupOf(tx Tx, p visit.Plan, code string) (Group, error) {
	s, err := tx.Selections.Get(p.SelectionID)
	if err != nil {
		return Group{}, err
	}
	for _, g := range groupsOf(s) {
		if g.Code == code {
			return g, nil
		}
	}
	return Group{Code: code}, nil
}

// Visits gives a page of the visits that the actor may see.
func (f *Flow) Visits(ctx context.Context, a access.Actor, q VisitQuery) (rows []VisitView, next string, err error) {
	if err := signedIn(a); err != nil {
		return nil, "", err
	}
	if a.PersonID == "" {
		return nil, "", access.Require(a, access.SeeOwnVisits, access.Subject{})
	}
	q.Scope = access.Visits(a)
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 100
	}
	err = f.Store.Read(ctx, func(tx Tx) error {
		visits, n, err := tx.Visits.Find(q)
		if err != nil {
			return err
		}
		next = n
		rows, err = f.views(tx, a, visits)
		return err
	})
	return rows, next, err
}

func (f *Flow) views(tx Tx, a access.Actor, visits []visit.Visit) ([]VisitView, error) {
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	customers, err := customersOf(tx, visits)
	if err != nil {
		return nil, err
	}
	out := make([]VisitView, len(visits))
	for i, v := range visits {
		out[i] = f.view(a, v, people, customers)
	}
	return out, nil
}

// Answer takes an executive's answer. A refusal needs a reason, frees the
// half-day and takes the event out of the calendars; the customer waits for
// somebody else to be planned.
func (f *Flow) Answer(ctx context.Context, a access.Actor, visitID string, version int, answer visit.Answer, note string) (VisitView, error) {
	return f.answer(ctx, a, visitID, version, answer, visit.OtherReason, note)
}

// Decline is Answer with a refusal whose reason is one of the codes for it.
func (f *Flow) Decline(ctx context.Context, a access.Actor, visitID string, version int, code visit.Code, note string) (VisitView, error) {
	code, err := visit.ParseCode(visit.Declined, string(code))
	if err != nil {
		return VisitView{}, err
	}
	return f.answer(ctx, a, visitID, version, visit.Refused, code, note)
}

func (f *Flow) answer(ctx context.Context, a access.Actor, visitID string, version int, answer visit.Answer, code visit.Code, note string) (VisitView, error) {
	note, err := text("reason", note, 500)
	if err != nil {
		return VisitView{}, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.AnswerVisit, about(v)); err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		if !v.Start.After(f.Now()) {
			return fault.Conflictf("The visit has begun already. Say whether it was held instead.")
		}
		if answer == visit.Refused && note == "" {
			return fault.Invalidf("Please say why, so that the visit can be given to somebody else.").With(fault.Detail{Where: "reason", Expected: "a few words"})
		}
		if err := f.takeAnswerWith(tx, a, v, answer, code, note); err != nil {
			return err
		}
		v.Answer = answer
		return carryLater(tx, v)
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

func staleVisit(v visit.Visit) error {
	return fault.Stalef("Somebody has changed this visit meanwhile: it is now %s on %s. Look at it again.", v.State, v.Slot)
}

// takeAnswer stores an answer, whichever way it came.
func (f *Flow) takeAnswer(tx Tx, a access.Actor, v visit.Visit, answer visit.Answer, note string) error {
	code := visit.OtherReason
	if a.PersonID == calendarActor.PersonID {
		code = visit.FromCalendar
	}
	return f.takeAnswerWith(tx, a, v, answer, code, note)
}

// takeAnswerWith is takeAnswer with the code of a refusal's reason.
func (f *Flow) takeAnswerWith(tx Tx, a access.Actor, v visit.Visit, answer visit.Answer, code visit.Code, note string) error {
	if !v.State.Live() {
		return fault.Conflictf("The visit is %s and waits for no answer.", v.State)
	}
	if v.Asked == "" && v.Answer == answer && v.AnswerNote == note {
		return nil
	}
	v.Asked = "" // whoever answers asks no longer for something else
	before := v.Answer
	if before == visit.Refused {
		v.Conflict = "" // the calendar had declined by itself; now somebody has answered
	}
	v.Answer, v.AnswerNote = answer, note
	if answer == visit.Refused {
		if err := v.Become(visit.Declined, note); err != nil {
			return err
		}
		v.BecauseOf(code)
		v.Sign(a.PersonID, f.Now().UTC())
		if strings.HasPrefix(v.Conflict, busyText) {
			v.Conflict = "" // who does not come may be busy
		}
		if err := tx.Bookings.Release(v.ID); err != nil {
			return err
		}
	}
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	if answer == visit.Refused {
		if err := f.want(tx, &v); err != nil {
			return err
		}
	}
	return f.audit(tx, a, "answer visit", "visit/"+v.ID, map[string]any{"from": before, "to": answer})
}

// Outcome is what came of a visit.
type Outcome struct {
	Held     bool
	Kind     visit.Kind
	WithHost bool
	Code     visit.Code // why it was not held, from the list for it; "" for none of these
	Note     string     // likewise, in words
}

// RecordOutcome says whether a visit took place, and how. The visit must have
// begun. What was said may be corrected later; once a debrief was filed, by that.
// Errors: Stale; Conflict before the visit, or where a filed debrief says otherwise.
func (f *Flow) RecordOutcome(ctx context.Context, a access.Actor, visitID string, version int, o Outcome) (VisitView, error) {
	note, err := text("note", o.Note, 500)
	if err != nil {
		return VisitView{}, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.RecordOutcome, about(v)); err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		o.Note = note
		d, err := debriefOf(tx, v)
		if err != nil {
			return err
		}
		if d.Filed && (o.Held != d.Held || o.Held && (o.Kind != d.Kind || o.WithHost != d.WithHost)) {
			return fault.Conflictf("A debrief says otherwise, and more follows from it. Correct the debrief instead.")
		}
		return f.happened(tx, a, v, o, false)
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// happened writes down what came of a visit. debriefed says that this is all there
// is to say of it.
func (f *Flow) happened(tx Tx, a access.Actor, v visit.Visit, o Outcome, debriefed bool) error {
	if v.Start.After(f.Now()) {
		return fault.Conflictf("The visit has not begun yet.")
	}
	to, code := visit.NoShow, o.Code
	var err error
	if !o.Held {
		code = cmp.Or(code, visit.OtherReason)
		if code, err = visit.ParseCode(to, string(code)); err != nil {
			return err
		}
	} else {
		to, code = visit.Held, ""
		v.WithHost = o.WithHost
		if v.Kind, err = visit.ParseKind(string(o.Kind)); err != nil {
			return err
		}
	}
	if v.State == to || to == visit.Held && v.State == visit.Debriefed {
		v.Reason, v.Code = o.Note, code
	} else if err := v.Become(to, o.Note); err != nil {
		return err
	} else if code != "" {
		v.BecauseOf(code)
	}
	if debriefed && v.State == visit.Held {
		if err := v.Become(visit.Debriefed, ""); err != nil {
			return err
		}
	}
	v.Sign(a.PersonID, f.Now().UTC())
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	if err := tx.Queue.Enqueue(Job{Kind: JobAlerts, Key: "visit/" + v.ID}); err != nil { // the clock may have stopped, or not
		return err
	}
	return f.audit(tx, a, "record outcome", "visit/"+v.ID, map[string]any{"held": o.Held, "kind": v.Kind, "host": v.WithHost})
}

// My gives an executive's page. executiveID "" means the actor, or the first
// person whom an assistant serves. A host gets the visits to own customers.
func (f *Flow) My(ctx context.Context, a access.Actor, executiveID string) (MyView, error) {
	if a.PersonID == "" {
		return MyView{}, access.Require(a, access.SeeOwnVisits, access.Subject{})
	}
	if err := signedIn(a); err != nil {
		return MyView{}, err
	}
	return read(ctx, f, func(tx Tx) (MyView, error) {
		people, err := everybody(tx)
		if err != nil {
			return MyView{}, err
		}
		m := MyView{}
		if p := people[a.PersonID]; p.Has(roster.Executive) {
			m.Served = append(m.Served, p)
		}
		for _, id := range a.Serves {
			if p, ok := people[id]; ok && id != a.PersonID && a.Has(roster.Assistant) {
				m.Served = append(m.Served, p)
			}
		}
		if executiveID == "" && len(m.Served) > 0 {
			executiveID = m.Served[0].ID
		}
		q := VisitQuery{Scope: access.Visits(a), States: append(visit.Told(), visit.Declined)}
		if executiveID == "" {
			if !a.Has(roster.Host) {
				return MyView{}, fault.NotFoundf("You have no visits of your own: you are neither an executive, nor an assistant of one, nor a host.")
			}
			m.Hosting, m.Executive = true, people[a.PersonID]
			q.Scope = access.Scope{HostID: a.PersonID} // also where a VP is a host
		} else {
			if err := access.Require(a, access.SeeOwnVisits, access.Subject{ExecutiveID: executiveID}); err != nil {
				return MyView{}, err
			}
			p, ok := people[executiveID]
			if !ok || !p.Has(roster.Executive) {
				return MyView{}, fault.NotFoundf("There is no such executive.")
			}
			m.Executive = p
			q.ExecutiveID = executiveID
			if m.Clock, err = f.clockOf(tx, p); err != nil {
				return m, err
			}
			if err = f.fillClock(tx, a, &m); err != nil {
				return m, err
			}
		}
		m.Today = f.todayOf(m.Executive)
		q.From, q.To = slot.MakeDate(m.Today.Year(), time.January, 1).Add(-90), m.Today.Add(366)
		visits, _, err := tx.Visits.Find(q)
		if err != nil {
			return m, err
		}
		if m.Visits, err = f.views(tx, a, visits); err != nil {
			return m, err
		}
		for i := range m.Visits {
			v := m.Visits[i].Visit
			if v.State.Live() && v.End.After(f.Now()) {
				m.Next = &m.Visits[i]
				break
			}
		}
		if len(m.Served) > 1 {
			if m.Waiting, err = f.waiting(tx, a, m.Served, m.Today); err != nil {
				return m, err
			}
		}
		if !m.Hosting {
			if m.Years, err = f.myYears(tx, m.Executive.ID, people); err != nil {
				return m, err
			}
			m.Shares, m.SharesAt, err = f.shares(tx, m.Executive, visits)
		}
		return m, err
	})
}

// mostWaiting is how many unanswered visits an assistant sees at once.
const mostWaiting = 20

// waiting gives the next visits ahead that somebody of these has not answered.
func (f *Flow) waiting(tx Tx, a access.Actor, served []roster.Person, today slot.Date) ([]VisitView, error) {
	q := VisitQuery{States: visit.LiveStates(), From: today, Limit: 100}
	for _, p := range served {
		q.Scope.ExecutiveIDs = append(q.Scope.ExecutiveIDs, p.ID)
	}
	visits, _, err := tx.Visits.Find(q)
	if err != nil {
		return nil, err
	}
	visits = slices.DeleteFunc(visits, func(v visit.Visit) bool {
		return v.Answer != visit.NoAnswer && v.Answer != "" || !v.Start.After(f.Now())
	})
	return f.views(tx, a, visits[:min(len(visits), mostWaiting)])
}
