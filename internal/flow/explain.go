package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// PlanChange takes one customer's visit from one place to another. From is where
// the asker has seen it: who was slower is told so. nil is nowhere.
type PlanChange struct {
	CustomerID string          `json:"customer"`
	From       *planning.Place `json:"from"`
	To         *planning.Place `json:"to"`
	// Because says who caused a move of a published plan, one of visit.MoveCodes: it
	// decides whether the promise was moved by the customer or by us. "" is by us.
	Because visit.Code `json:"because,omitempty"`
	// Reason is why the visit is put there in spite of its brakes; asked for in a
	// published plan only, where there are any.
	Reason string `json:"reason,omitempty"`
	// Pinned says that the visit stays where it is (From and To) and was pinned, or its
	// pin taken away; only in steps that are kept, never in what somebody asks for.
	Pinned *bool `json:"pinned,omitempty"`
}

// Proposal is one way to place a visit, in words and with its price.
type Proposal struct {
	Changes   []PlanChange     // the visit's own first, then those that must move with it
	Text      string           // who, when, what it costs
	Short     string           // Text without Alike
	Alike     string           // what all proposals of the list cost alike, in words; "" where nothing
	Price     map[string]int64 // difference per term and in total against the plan as it stands
	Calendars []string         // names of the people whose calendars change
	Brakes    []visit.Brake    // taking it needs a reason, since the plan is published
}

// Explanation says why a visit stands where it does, or why it stands nowhere.
type Explanation struct {
	Plan       visit.Plan
	Customer   roster.Customer
	Visit      visit.Visit // the one that stands, or the latest that does not; zero where there was none
	Stands     bool        // the visit has a place in the plan
	Settled    bool        // nobody moves it any more: the rest is what was said when it was planned
	Pinned     bool        // a pin or the executive's yes holds it
	Reason     planning.Reason
	Text       string // one or two sentences
	Stuck      string // why it cannot stay where it stands; "" where it can
	Executives []Proposal
	Weeks      []Proposal // with the same executive
	Mover      visit.Code // who is most likely behind a move that the reader makes; "" is us
	Places     []Proposal // where else it could stand, the cheapest first; for those who plan, where asked for
}

// runnersUp is how many other executives and weeks an explanation names, and
// mostPlaces how many places can be ranked at once.
const (
	runnersUp  = 5
	mostPlaces = 50
)

// Explain says why a customer's visit stands where it does in a plan, and what
// comes next: the best place with other executives and in other weeks, and to
// those who plan as many other places as they ask for.
func (f *Flow) Explain(ctx context.Context, a access.Actor, planID, customerID string, places int) (Explanation, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Explanation{}, err
	}
	return onPlan(ctx, f, a, planID, func(l *laid) (Explanation, error) { // whoever is settled needs no board
		return f.explain(ctx, a, l, customerID, places)
	})
}

func (f *Flow) explain(ctx context.Context, a access.Actor, l *laid, customerID string, places int) (Explanation, error) {
	t := l.t
	x := Explanation{Plan: t.plan, Customer: t.customers[customerID]}
	if id := t.visits[customerID].ID; id != "" { // the plan knows where it stands, and no more
		var err error
		if x.Visit, err = read(ctx, f, func(tx Tx) (visit.Visit, error) { return tx.Visits.Get(id) }); err != nil {
			return x, err
		}
	}
	x.Mover = moverOf(a, x.Visit)
	x.Pinned = promise(x.Visit) || x.Visit.State == visit.Proposed && x.Visit.Pinned
	if err := t.wants(customerID); err != nil {
		if fault.Is(err, fault.NotFound) {
			return x, err
		}
		if t.left[customerID] {
			if x.Stands, x.Text = x.Visit.State.Open(), x.Visit.Why; x.Stands {
				x.Stuck = leftSelection
			} else {
				x.Text = leftSelection
			}
			return x, nil
		}
		x.Settled, x.Stands, x.Text = true, true, x.Visit.Why
		return x, nil
	}
	_, x.Stands = t.places[customerID]
	x.Stuck = t.stuck[customerID]
	x.Reason = t.reason(customerID)
	if x.Text = t.names.in(x.Reason.Text); !x.Stands {
		x.Text = t.whyOut(customerID) // what people said says more than what the rules would allow
	}
	late, err := f.late(ctx, t, customerID)
	if err != nil {
		return x, err
	}
	done, err := f.draw(ctx, l)
	if err != nil {
		return x, err
	}
	defer done()
	next, err := l.board.RunnersUp(ctx, customerID, runnersUp)
	if fault.Is(err, fault.Invalid) {
		return x, nil // pinned
	}
	if err != nil {
		return x, t.names.fault(err)
	}
	x.Executives, x.Weeks = t.proposals(next.Executives, late), t.proposals(next.Weeks, late)
	if places <= 0 || !access.Decide(a, access.MakePlan, access.Subject{}).Allowed {
		return x, nil
	}
	l.hold(customerID)
	found, err := l.board.Propose(ctx, customerID, min(places, mostPlaces))
	x.Places = t.proposals(found, late)
	return x, t.names.fault(err)
}

// ExplainVisit is Explain for a visit of a plan.
func (f *Flow) ExplainVisit(ctx context.Context, a access.Actor, visitID string) (Explanation, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Explanation{}, err
	}
	v, err := read(ctx, f, func(tx Tx) (visit.Visit, error) { return visible(tx, a, visitID) })
	if err != nil {
		return Explanation{}, err
	}
	if v.PlanID == "" {
		return Explanation{}, fault.Conflictf("This visit is from before Windshield: no plan says why.")
	}
	return f.Explain(ctx, a, v.PlanID, v.CustomerID, 0)
}

// Proposals gives up to n places for a customer's visit, ranked by price: after a
// refusal, an illness or a moved window, or for one that was left out.
func (f *Flow) Proposals(ctx context.Context, a access.Actor, planID, customerID string, n int) ([]Proposal, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return nil, err
	}
	if n <= 0 || n > mostPlaces {
		n = 10
	}
	return onBoard(ctx, f, a, planID, func(l *laid) ([]Proposal, error) {
		if err := l.t.wants(customerID); err != nil {
			return nil, err
		}
		late, err := f.late(ctx, l.t, customerID)
		if err != nil {
			return nil, err
		}
		l.hold(customerID)
		found, err := l.board.Propose(ctx, customerID, n)
		return l.t.proposals(found, late), l.t.names.fault(err)
	})
}

// proposals puts the solver's proposals into the words of the story. A visit that
// cannot stay is nowhere for the solver; for people it still stands.
func (t *table) proposals(in []solver.Proposal, late map[string]bool) []Proposal {
	out := make([]Proposal, 0, len(in))
	common, short := t.alike(in)
	for i, x := range in {
		p := Proposal{Text: t.names.in(x.Text), Short: short[i], Alike: common, Price: costOf(x.Price)}
		told := map[string]bool{}
		p.Changes = t.changes(x.Changes)
		for _, c := range p.Changes {
			for _, at := range []*planning.Place{c.From, c.To} {
				if at != nil {
					told[at.Executive] = true
				}
			}
			if c.From == nil || c.To == nil || c.From.Slot() != c.To.Slot() {
				told[t.customers[c.CustomerID].HostID] = true
			}
		}
		delete(told, "")
		for id := range told {
			p.Calendars = append(p.Calendars, t.names[id])
		}
		slices.Sort(p.Calendars)
		p.Brakes = t.brakesOf(p.Changes, late)
		out = append(out, p)
	}
	return out
}

// changes puts the solver's changes into ours.
func (t *table) changes(in []solver.Change) []PlanChange {
	out := make([]PlanChange, len(in))
	for i, c := range in {
		out[i] = PlanChange{CustomerID: c.Visit, From: c.From, To: c.To}
		if at, ok := t.places[c.Visit]; ok {
			out[i].From = &at
		}
	}
	return out
}

// WayIn is one change that would give a left-out customer a place, proved by
// planning again with it.
type WayIn struct {
	Text    string
	Price   map[string]int64 // difference per term against the plan as it stands
	Changes []PlanChange     // what would move, the visit's own first
	Ready   bool             // the changes can be made as they are: nothing else has to change first
	Brakes  []visit.Brake    // making them needs a reason, since the plan is published
}

// LeftOut says why a customer has no place in a plan, and what would help.
type LeftOut struct {
	Plan     visit.Plan
	Customer roster.Customer
	Visit    visit.Visit // the one that was declined or cancelled; zero where there was none
	Reason   string
	Text     string // what would help, in a sentence or two
	Ways     []WayIn
}

// apart gives a copy whose words stay those of whoever asks now.
func (t *table) apart() *table {
	x, d, p := *t, *t.draft, *t.problem
	x.draft, d.problem = &d, &p
	return &x
}

// letInTime is how long somebody waits for the smallest change.
const letInTime = 2 * time.Second

// LetIn finds the smallest change that would give a left-out customer a place.
// It answers within about two seconds.
func (f *Flow) LetIn(ctx context.Context, a access.Actor, planID, customerID string) (LeftOut, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return LeftOut{}, err
	}
	t, err := onPlan(ctx, f, a, planID, func(l *laid) (*table, error) { return l.t.apart(), nil }) // the answer takes long: nobody waits for it
	if err != nil {
		return LeftOut{}, err
	}
	done, err := f.think()
	if err != nil {
		return LeftOut{}, err
	}
	defer done()
	x := LeftOut{Plan: t.plan, Customer: t.customers[customerID], Visit: t.visits[customerID]}
	if err := t.wants(customerID); err != nil {
		return x, err
	}
	t = t.holding(customerID)
	if _, stands := t.solution.Places()[customerID]; stands {
		return x, fault.Conflictf("The visit to %s has a place in this plan.", x.Customer.Name)
	}
	x.Reason = t.whyOut(customerID)
	work, stop := context.WithTimeout(ctx, letInTime)
	defer stop()
	answer, err := solver.LetIn(work, t.problem, t.solution, customerID, solver.LetInOptions{})
	if err != nil && ctx.Err() == nil && work.Err() != nil {
		x.Text = "No change was found in the time there is. Plan again, or look at who is full and whose window is narrow."
		return x, nil
	}
	if err != nil {
		return x, t.names.fault(err)
	}
	late, err := f.late(ctx, t, customerID)
	if err != nil {
		return x, err
	}
	x.Text = t.names.in(answer.Text)
	for _, w := range answer.Ways {
		changes := t.changes(w.Changes)
		x.Ways = append(x.Ways, WayIn{Text: t.names.in(w.Text), Price: costOf(w.Price), Changes: changes, Brakes: t.brakesOf(changes, late),
			Ready: w.Mend == solver.NoChange || w.Mend == solver.Instead})
	}
	return x, nil
}

// whyOut says why a visit has no place: what people said, or what the rules say.
func (t *table) whyOut(customerID string) string {
	if why := t.stuck[customerID]; why != "" {
		return why
	}
	switch v := t.visits[customerID]; v.State {
	case visit.Declined, visit.Cancelled, visit.NoShow:
		if v.Reason != "" {
			return fmt.Sprintf("%s: “%s”", ended[v.State], v.Reason) // in quotes it stays as it was typed; see locale.Style.Again
		}
		return ended[v.State] + "."
	}
	return t.names.in(t.reason(customerID).Text)
}

var ended = map[visit.State]string{visit.Declined: "Declined", visit.Cancelled: "Cancelled", visit.NoShow: "It did not take place"}

// Attention is what somebody has to look after in a plan.
type Attention struct {
	Plan    visit.Plan
	LeftOut []Needy // customers without a place
	Stuck   []Needy // visits that stand where they cannot stay: an illness, a holiday
	Outside []Needy // visits that stand outside of windows that have moved since the plan was made
}

// Needy is one customer that needs a place, or another one.
type Needy struct {
	CustomerID string
	Customer   string
	Visit      visit.Visit // zero where there is none
	Reason     string
}

// Attention lists whose visits have no place in a plan, or cannot stay where
// they stand.
func (f *Flow) Attention(ctx context.Context, a access.Actor, planID string) (Attention, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Attention{}, err
	}
	return onPlan(ctx, f, a, planID, func(l *laid) (Attention, error) {
		x := l.needs[a.Style]
		if x == nil {
			found := l.t.holding().needs()
			x = &found
			l.needs[a.Style] = x
		}
		return *x, nil
	})
}

// needs finds whose visits have no place, or cannot stay where they stand.
func (t *table) needs() Attention {
	said := map[string]string{}
	for _, u := range t.plan.Unassigned {
		said[u.CustomerID] = u.Reason
	}
	out, missed := Attention{Plan: t.plan}, t.missed()
	for _, w := range t.problem.Visits {
		n := Needy{CustomerID: w.ID, Customer: t.names[w.ID], Visit: t.visits[w.ID]}
		if n.Reason = t.stuck[w.ID]; n.Reason != "" {
			out.Stuck = append(out.Stuck, n)
			continue
		}
		if _, stands := t.places[w.ID]; stands {
			if missed[w.ID] {
				n.Reason = "The customer's windows have moved since the plan was made."
				out.Outside = append(out.Outside, n)
			}
			continue
		}
		if n.Reason = said[w.ID]; n.Reason == "" || n.Visit.ID != "" {
			n.Reason = t.whyOut(w.ID)
		}
		out.LeftOut = append(out.LeftOut, n)
	}
	for _, id := range slices.Sorted(maps.Keys(t.left)) {
		if v := t.visits[id]; t.left[id] && v.State.Open() {
			out.Stuck = append(out.Stuck, Needy{CustomerID: id, Customer: t.names[id], Visit: v, Reason: leftSelection})
		}
	}
	return out
}
