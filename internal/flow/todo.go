package flow

import (
	"cmp"
	"context"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// PrepQuery says of which visits the steps are wanted. Zero values do not narrow.
type PrepQuery struct {
	HostID   string
	From, To slot.Date // both inclusive
	Now      time.Time // what is over, and which links still work
}

// Preps gives how far visits are prepared, without their texts.
type Preps interface {
	// Find gives those that stand or were held, by date, half and id. Of visits from
	// before Windshield it gives those that somebody has debriefed.
	Find(q PrepQuery) ([]visit.Ready, error)
}

// TodoRow is a visit on a host's list.
type TodoRow struct {
	visit.Ready
	Customer  roster.Customer
	Executive roster.Person
	Steps     []visit.PrepStep
	Late      int // days, of the step that is latest
	Next      TodoAction
}

// TodoAction is what a host does next about a visit.
type TodoAction string

const (
	TodoObjective TodoAction = "objective" // agree what the visit is for
	TodoAgenda    TodoAction = "agenda"    // agree the agenda
	TodoAgree     TodoAction = "agree"     // note that the customer wants the visit
	TodoConfirm   TodoAction = "confirm"   // ask the customer to confirm
	TodoBrief     TodoAction = "brief"     // complete the brief
	TodoWait      TodoAction = "wait"      // the customer has the link; remind them
	TodoRead      TodoAction = "read"      // all is done
	TodoDebrief   TodoAction = "debrief"   // say what came of it
	TodoMemo      TodoAction = "memo"      // send the memo
)

// LateHost is a host with steps that are overdue for the VP's eye.
type LateHost struct {
	Host   roster.Person // zero where a visit has none, or they have left
	Visits int
	Steps  int
	Late   int // days, of the step that is latest
}

// TodoView is what a host has to do, by date of the visit. What is overdue stands in
// Overdue alone.
type TodoView struct {
	Host     roster.Person
	Own      bool
	Overdue  []TodoRow
	ThisWeek []TodoRow // to Sunday, and what was held and waits for its memo
	NextTwo  []TodoRow // the two weeks after
	Later    []TodoRow
	Ahead    int        // visits that stand
	Ready    int        // of those, the ones of which every step is done
	Loops    []LoopView // open ones, the latest first
	Hosts    []LateHost // for the VP, the latest first
	VP       bool
	Today    slot.Date
}

const (
	todoAhead  = 366 // days that the list looks ahead
	vpLateDays = 3   // the host hears of an overdue step first, the VP so many days later
)

// Todo gives what a host has to do. hostID "" is the actor; the VP may ask for anybody,
// and sees which hosts are late. Errors: Denied for others; NotFound.
func (f *Flow) Todo(ctx context.Context, a access.Actor, hostID string) (TodoView, error) {
	if err := signedIn(a); err != nil {
		return TodoView{}, err
	}
	vp := access.Decide(a, access.SeeTodo, access.Subject{}).Allowed
	hostID = cmp.Or(hostID, a.PersonID)
	if err := access.Require(a, access.SeeTodo, access.Subject{HostID: hostID}); err != nil {
		return TodoView{}, err
	}
	return read(ctx, f, func(tx Tx) (TodoView, error) {
		w := TodoView{VP: vp, Own: hostID == a.PersonID}
		people, err := everybody(tx)
		if err != nil {
			return w, err
		}
		host, known := people[hostID]
		if !known && !w.Own {
			return w, fault.NotFoundf("There is no such host.")
		}
		w.Host, w.Today = host, f.today(host.Zone)
		if vp && w.Own {
			if w.Hosts, err = f.lateHosts(tx, people, w.Today); err != nil {
				return w, err
			}
		}
		if err := f.todoRows(tx, people, hostID, &w); err != nil {
			return w, err
		}
		kept, err := tx.Loops.Find(LoopQuery{OwnerID: hostID, Open: true})
		if err != nil {
			return w, err
		}
		w.Loops, _, _, err = f.sortLoops(tx, a, kept, w.Today)
		return w, err
	})
}

// todoRows brings the visits of a host into their groups.
func (f *Flow) todoRows(tx Tx, people map[string]roster.Person, hostID string, w *TodoView) error {
	all, err := tx.Preps.Find(PrepQuery{HostID: hostID, From: w.Today.Add(-visit.PrepBehind), To: w.Today.Add(todoAhead), Now: f.Now()})
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(all))
	for _, r := range all {
		ids = append(ids, r.CustomerID)
	}
	slices.Sort(ids)
	customers, err := customersByID(tx, slices.Compact(ids))
	if err != nil {
		return err
	}
	sunday := w.Today.Add((7 - int(w.Today.Time().Weekday())) % 7)
	for _, r := range all {
		row := TodoRow{Ready: r, Customer: customers[r.CustomerID], Executive: people[r.ExecutiveID], Steps: r.Steps(w.Today), Next: nextAction(r)}
		row.Late = visit.MostLate(row.Steps)
		ahead := r.State.Live() && !r.Over
		switch {
		case !ahead && r.MemoSent:
			continue // nothing is left to do
		case row.Late > 0:
			w.Overdue = append(w.Overdue, row)
		case r.Slot.Date <= sunday:
			w.ThisWeek = append(w.ThisWeek, row)
		case r.Slot.Date <= sunday.Add(14):
			w.NextTwo = append(w.NextTwo, row)
		default:
			w.Later = append(w.Later, row)
		}
		if ahead {
			w.Ahead++
		}
		if ahead && row.Next == TodoRead {
			w.Ready++
		}
	}
	return nil
}

// nextAction gives the first thing that is not done, in the order of the steps. A visit
// can wait for the customer and be prepared meanwhile.
func nextAction(r visit.Ready) TodoAction {
	switch {
	case r.State == visit.Debriefed:
		return TodoMemo
	case r.Over || r.State.Happened():
		return TodoDebrief
	case !r.Ours || !r.Theirs:
		return TodoObjective
	case !r.Agenda || r.AgendaBy == "" && r.State != visit.Confirmed:
		return TodoAgenda
	case r.State == visit.Published:
		return TodoAgree
	case r.State == visit.Agreed && !r.Asked:
		return TodoConfirm
	case len(r.Missing()) > 0:
		return TodoBrief
	case r.State == visit.Agreed:
		return TodoWait
	}
	return TodoRead
}

// lateHosts gives the hosts whose steps are so late that the VP should know, the latest
// first. What nobody hosts any more stands under nobody.
func (f *Flow) lateHosts(tx Tx, people map[string]roster.Person, today slot.Date) ([]LateHost, error) {
	near, err := tx.Preps.Find(PrepQuery{From: today.Add(-visit.PrepBehind), To: today.Add(visit.PrepAhead), Now: f.Now()})
	if err != nil {
		return nil, err
	}
	by := map[string]*LateHost{}
	for _, r := range near {
		h := people[r.HostID]
		if f.hasLeft(h) {
			h = roster.Person{}
		}
		steps, late := 0, 0
		for _, s := range r.Steps(today) {
			if s.Late >= vpLateDays {
				steps, late = steps+1, max(late, s.Late)
			}
		}
		if steps == 0 {
			continue
		}
		if by[h.ID] == nil {
			by[h.ID] = &LateHost{Host: h}
		}
		x := by[h.ID]
		x.Visits, x.Steps, x.Late = x.Visits+1, x.Steps+steps, max(x.Late, late)
	}
	out := make([]LateHost, 0, len(by))
	for _, x := range by {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(x, y LateHost) int {
		return cmp.Or(cmp.Compare(y.Late, x.Late), cmp.Compare(y.Steps, x.Steps), cmp.Compare(x.Host.Name, y.Host.Name), cmp.Compare(x.Host.ID, y.Host.ID))
	})
	return out, nil
}

// fillSteps says how far a visit is prepared, for those who read its brief. What is over
// for long is not prepared any more.
func (f *Flow) fillSteps(tx Tx, a access.Actor, w *VisitView) error {
	v, today := w.Visit, f.today(w.Visit.Zone)
	if !v.State.Live() && !v.State.Happened() || v.Slot.Date < today.Add(-visit.PrepBehind) || !access.Decide(a, access.ReadDebrief, about(v)).Allowed {
		return nil
	}
	r, err := f.ready(tx, v)
	w.Steps, w.Next = r.Steps(today), nextAction(r)
	return err
}

// ready reads how far one visit is prepared.
func (f *Flow) ready(tx Tx, v visit.Visit) (visit.Ready, error) {
	b, err := tx.Briefs.Get(v.ID)
	if err != nil {
		return visit.Ready{}, err
	}
	links, err := tx.Briefs.Links(v.ID)
	if err != nil {
		return visit.Ready{}, err
	}
	memo, err := tx.Memos.Get(v.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return visit.Ready{}, err
	}
	return f.readyOf(v, b, links, memo), nil
}

// readyOf gives how far one visit is prepared.
func (f *Flow) readyOf(v visit.Visit, b visit.Brief, links []visit.Link, m KeptMemo) visit.Ready {
	theirs := func(p visit.Attendee) bool { return p.Theirs }
	return visit.Ready{VisitID: v.ID, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, HostID: v.HostID, PlanID: v.PlanID, Slot: v.Slot, State: v.State, Over: !v.End.After(f.Now()),
		Ours: v.Objective != "", Theirs: v.Theirs.Words != "", Agenda: len(v.Agenda) > 0, AgendaBy: b.AgendaBy, Sure: !b.Confirmed.IsZero(), Asks: len(b.Asks) > 0,
		People: len(v.Contacts) > 0 || slices.ContainsFunc(b.People, theirs), MemoSent: !m.Sent.IsZero(),
		Asked: slices.ContainsFunc(links, func(l visit.Link) bool { return l.State(f.Now()) == visit.LinkOpen && l.MadeAt.Before(v.Start) })}
}
