package flow

import (
	"cmp"
	"context"
	"slices"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// CalendarView is what a visit's page says of its calendar entry.
type CalendarView struct {
	Differences []calsync.Conflict // both versions of what differs
	Guests      []GuestView        // as the calendar was last seen to hold them
	Notes       []CalendarNote     // what people did there, oldest first
	MaySettle   bool
	MayInvite   bool // everybody can be invited again
	// Uncarried says that the answer given here is not in the calendar; the calendar
	// holds InCalendar instead.
	Uncarried  bool
	InCalendar visit.Answer
	Brakes     []visit.Brake // taking the calendar's time needs a reason
}

// GuestView is one guest of a visit's calendar entry.
type GuestView struct {
	Name   string // of a person we know, else as the calendar has it
	Email  string
	Answer visit.Answer
	Words  string // the guest's comment
	Ours   bool   // invited by us, and not added by somebody in the calendar
}

// calendarView gives what is known of a visit's calendar entry.
func (f *Flow) calendarView(tx Tx, a access.Actor, w VisitView) (CalendarView, error) {
	out := CalendarView{}
	v := w.Visit
	if len(w.Events) == 0 {
		return out, nil
	}
	e := w.Events[0]
	out.MaySettle = access.Decide(a, access.SettleVisit, about(v)).Allowed
	lost := e.Base.Seen.Deleted || e.Base.Seen.Taken
	out.MayInvite = out.MaySettle && lost && v.Start.After(f.Now()) && (v.State.Live() || v.State == visit.Cancelled && v.Code == visit.FromCalendar)
	out.Differences = calsync.Differences(e.Want, e.Base)
	invited := map[string]bool{}
	for _, g := range e.Want.Guests {
		invited[roster.NormalizeEmail(g.Email)] = true
	}
	people, err := tx.People.All()
	if err != nil {
		return out, err
	}
	for _, g := range e.Base.Seen.Guests {
		x := GuestView{Name: g.Name, Email: roster.NormalizeEmail(g.Email), Answer: answers[g.Answer], Words: g.Comment, Ours: invited[roster.NormalizeEmail(g.Email)]}
		for _, p := range people {
			if p.Email == x.Email {
				x.Name = p.Name
			}
		}
		out.Guests = append(out.Guests, x)
		if x.Email == roster.NormalizeEmail(w.Executive.Email) && v.State.Live() && x.Answer != v.Answer && e.State == EventApplied {
			out.Uncarried, out.InCalendar = true, x.Answer
		}
	}
	out.Notes, err = tx.Notes.Of(v.ID)
	return out, err
}

// ConflictView is a visit about which the calendar and the plan disagree.
type ConflictView struct {
	VisitView
	Differences []calsync.Conflict
	Proposals   []Proposal // where else it could stand, the cheapest first; for those who plan
}

// How many conflicts a list works proposals out for, and how many for each: that
// takes time, and who has settled the first ones looks again.
const (
	proposedFor  = 10
	mostProposed = 3
)

// Conflicts gives the visits ahead that the actor sees and about which a person has
// to decide, by date.
func (f *Flow) Conflicts(ctx context.Context, a access.Actor) ([]ConflictView, error) {
	if err := signedIn(a); err != nil {
		return nil, err
	}
	rows, err := read(ctx, f, func(tx Tx) ([]ConflictView, error) {
		all, err := f.undecided(tx, access.Visits(a))
		if err != nil {
			return nil, err
		}
		views, err := f.views(tx, a, all)
		if err != nil {
			return nil, err
		}
		ids := make([]string, len(all))
		for i, v := range all {
			ids[i] = v.ID
		}
		events, err := tx.Calendars.Events(ids...)
		if err != nil {
			return nil, err
		}
		out := make([]ConflictView, len(views))
		for i, w := range views {
			out[i].VisitView = w
			for _, e := range events {
				if e.VisitID == w.Visit.ID {
					out[i].Events, out[i].Differences = []CalendarEvent{e}, calsync.Differences(e.Want, e.Base)
				}
			}
		}
		return out, nil
	})
	if err != nil || !access.Decide(a, access.MakePlan, access.Subject{}).Allowed {
		return rows, err
	}
	return rows, f.propose(ctx, a, rows)
}

// undecided gives the visits ahead about which somebody has to decide, by date.
func (f *Flow) undecided(tx Tx, scope access.Scope) ([]visit.Visit, error) {
	problems, err := tx.Calendars.Problems()
	if err != nil {
		return nil, err
	}
	stuck := []string{}
	for _, e := range problems {
		if e.State == EventConflict {
			stuck = append(stuck, e.VisitID)
		}
	}
	q := VisitQuery{Scope: scope, From: f.today("UTC").Add(-1)}
	said, differ := q, q
	said.ToDecide, said.States = true, append(visit.LiveStates(), visit.Cancelled, visit.Declined)
	differ.IDs, differ.States = stuck, visit.LiveStates()
	all, _, err := tx.Visits.Find(said)
	if err != nil {
		return nil, err
	}
	more, _, err := tx.Visits.Find(differ)
	if err != nil {
		return nil, err
	}
	for _, v := range more {
		if v.ToDecide() == "" {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(x, y visit.Visit) int {
		return cmp.Or(cmp.Compare(x.Slot.Date, y.Slot.Date), cmp.Compare(x.Slot.Half, y.Slot.Half), cmp.Compare(x.ID, y.ID))
	})
	all = slices.DeleteFunc(all, func(v visit.Visit) bool { return !v.Start.After(f.Now()) })
	return unsettled(tx, q, all)
}

// unsettled leaves out what another visit of the same plan to the customer has settled
// that the reader sees.
func unsettled(tx Tx, q VisitQuery, all []visit.Visit) ([]visit.Visit, error) {
	out := all[:0]
	for _, v := range all {
		if !v.State.Live() {
			q.PlanID, q.CustomerID, q.States, q.Limit = v.PlanID, v.CustomerID, visit.LiveStates(), 1
			standing, _, err := tx.Visits.Find(q)
			if err != nil {
				return nil, err
			}
			if len(standing) > 0 {
				continue
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// propose works out proposals for the first conflicts, each plan laid out once.
// Where others ask questions at the same time the list comes without.
func (f *Flow) propose(ctx context.Context, a access.Actor, rows []ConflictView) error {
	byPlan := map[string][]int{}
	n := 0
	for i, r := range rows {
		if r.Visit.PlanID != "" && r.Visit.State.Live() && n < proposedFor {
			byPlan[r.Visit.PlanID] = append(byPlan[r.Visit.PlanID], i)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	for planID, at := range byPlan {
		ids := make([]string, len(at))
		for i, j := range at {
			ids[i] = rows[j].Visit.CustomerID
		}
		found, err := onBoard(ctx, f, a, planID, func(l *laid) (map[int][]Proposal, error) {
			late, err := f.late(ctx, l.t, ids...)
			if err != nil {
				return nil, err
			}
			l.hold(ids...)
			out := map[int][]Proposal{}
			for _, j := range at {
				if l.t.wants(rows[j].Visit.CustomerID) != nil {
					continue // so near that nobody moves it
				}
				if found, err := l.board.Propose(ctx, rows[j].Visit.CustomerID, mostProposed); err == nil { // else pinned, or nowhere to go
					out[j] = l.t.proposals(found, late)
				}
			}
			return out, nil
		})
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Temporary) {
			continue // nobody moves visits of that plan any more, or busy: the proposals are on the visit's own page
		}
		if err != nil {
			return err
		}
		for j, p := range found {
			rows[j].Proposals = p
		}
	}
	return nil
}
