package flow

import (
	"cmp"
	"context"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Choices are what every week of every executive means for one visit of a plan, so
// that people see what is possible before they let go of it.
type Choices struct {
	Label      string // of the visit
	CustomerID string
	At         *planning.Place // where it stands; nil where it has no place
	solver.Survey
	Executives []string                // ids, in the order of Cells
	ByLabel    map[string]solver.Trade // trades by the other visit's label
}

// movable says whether a customer's visit can be moved in a plan, and why not.
func (t *table) movable(customerID string) error {
	if err := t.wants(customerID); err != nil {
		return err
	}
	for i := range t.problem.Visits {
		if w := &t.problem.Visits[i]; w.ID == customerID && w.Pinned != nil {
			return fault.Conflictf("The visit to %s is pinned. Take the pin away first.", t.names[customerID])
		}
	}
	return nil
}

// labelled finds a visit of the plan by its label, or by its customer's id.
func (t *table) labelled(visit string) (customerID string, err error) {
	if _, known := t.visits[visit]; known {
		return visit, nil
	}
	for id, v := range t.visits {
		if v.Label == visit && visit != "" {
			return id, nil
		}
	}
	return "", fault.NotFoundf("This plan has no visit %q.", fault.Short(visit))
}

// Choices says what every week of every executive means for a visit of a plan, and
// every exchange with another visit. visit is its label, or its customer's id.
// Conflict where nobody may move it, with the reason.
func (f *Flow) Choices(ctx context.Context, a access.Actor, planID, visit string) (Choices, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Choices{}, err
	}
	return onBoard(ctx, f, a, planID, func(l *laid) (Choices, error) {
		id, err := l.t.labelled(visit)
		if err != nil {
			return Choices{}, err
		}
		if err := l.t.movable(id); err != nil {
			return Choices{}, err
		}
		x, err := l.board.Survey(ctx, id)
		if err != nil {
			return Choices{}, l.t.names.fault(err)
		}
		out := Choices{Label: l.t.visits[id].Label, CustomerID: id, Survey: x, ByLabel: make(map[string]solver.Trade, len(x.Trades))}
		if at, stands := l.t.places[id]; stands {
			out.At = &at
		}
		for _, e := range l.t.problem.Executives {
			out.Executives = append(out.Executives, e.ID)
		}
		for _, y := range x.Trades {
			if label := l.t.visits[y.Visit].Label; label != "" {
				out.ByLabel[label] = y
			}
		}
		return out, nil
	})
}

// SeenVisit is a visit as somebody has seen it in a plan: who was slower is told so.
type SeenVisit struct {
	Visit     string // its label, or its customer's id
	Executive string
	Date      slot.Date
	Half      slot.Half // "": only the week of Date was seen
}

// Move is one change that a person makes by hand: one visit to a place, two that
// trade places, some that go on by whole weeks together, or one that is taken out.
type Move struct {
	Visits  []SeenVisit     // one for To, Trade and Out
	To      *planning.Place // where the visit goes
	Trade   *SeenVisit      // whom it trades places with
	Weeks   int             // by how many weeks all go on, back where negative: -53..53
	Out     bool            // it is taken out of the plan
	Agreed  bool            // who asks knows that customers have agreed to some of these
	Reason  string          // why visits are put where they have a brake; "" where none does
	Because visit.Code      // who caused it, one of visit.MoveCodes; "" is by us
}

// AskAgreed is the place that an error names where a customer has agreed to a
// visit, and whoever moves it must say that this is known.
const AskAgreed = "agreed"

// changes turns a move into changes of the plan as it stands.
func (m Move) changes(t *table) ([]PlanChange, error) {
	if len(m.Visits) == 0 || len(m.Visits) > mostChanges {
		return nil, countChanges(make([]PlanChange, len(m.Visits)))
	}
	ways := 0
	for _, said := range []bool{m.To != nil, m.Trade != nil, m.Weeks != 0, m.Out} {
		if said {
			ways++
		}
	}
	// Two ways at once would leave visits without a place.
	if m.Weeks < -53 || m.Weeks > 53 || ways != 1 || m.Weeks == 0 && len(m.Visits) > 1 {
		return nil, fault.Invalidf("This moves nothing, or says twice where to.").With(fault.Detail{Where: "to", Expected: "one of: a place, another visit, out, or a number of weeks from -53 to 53"})
	}
	var out []PlanChange
	add := func(s SeenVisit) (planning.Place, error) {
		id, err := t.labelled(s.Visit)
		if err != nil {
			return planning.Place{}, err
		}
		if err := t.movable(id); err != nil {
			return planning.Place{}, err
		}
		v, at := t.visits[id], t.places[id]
		if _, stands := t.places[id]; !stands {
			return at, fault.Stalef("The visit to %s no longer stands in this plan.", t.names[id])
		}
		if at.Executive != s.Executive || s.Half == "" && at.Date.Monday() != s.Date.Monday() || s.Half != "" && (at.Date != s.Date || at.Half != s.Half) {
			return at, fault.Stalef("The visit to %s no longer stands where you saw it: it is with %s now.", t.names[id], t.names.where(t.problem.Style, at))
		}
		if v.State.Promised() && !m.Agreed {
			return at, fault.Conflictf("%s has agreed to this visit%s. If it moves, it has to be agreed anew.", t.names[id], with(v.Agreement.With)).
				With(fault.Detail{Where: AskAgreed, Value: string(v.State), Expected: "that you say you know"})
		}
		out = append(out, PlanChange{CustomerID: id, From: &at})
		return at, nil
	}
	for _, s := range m.Visits {
		at, err := add(s)
		if err != nil {
			return nil, err
		}
		switch {
		case m.Trade != nil:
			there, err := add(*m.Trade)
			if err != nil {
				return nil, err
			}
			out[0].To, out[1].To = &there, &at
		case m.To != nil:
			to := *m.To
			out[0].To = &to
		case m.Out: // to nowhere
		default:
			at.Date = at.Date.Add(7 * m.Weeks)
			out[len(out)-1].To = &at
		}
	}
	for i := range out {
		out[i].Reason = m.Reason
	}
	blame(out, m.Because)
	return out, nil
}

func with(who string) string {
	if who == "" {
		return ""
	}
	return " (" + who + ")"
}

// Move changes a plan as a person means it on the plan's page; see Rearrange.
// A visit that a customer has agreed to asks first: Conflict with AskAgreed.
func (f *Flow) Move(ctx context.Context, a access.Actor, k Key, planID string, m Move) (Rearranged, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Rearranged{}, err
	}
	done, err := f.think()
	if err != nil {
		return Rearranged{}, err
	}
	defer done()
	return once(ctx, f, k, func(tx Tx) (Rearranged, error) { return f.rearrange(tx, a, planID, m.changes, nil) })
}

// Quote is what a move would do, before it is made.
type Quote struct {
	Changes []PlanChange
	Text    string // what would be done
	Words   string // the price in words
	Price   map[string]int64
}

// Quote says what a move would do and cost. Errors are those of Move.
func (f *Flow) Quote(ctx context.Context, a access.Actor, planID string, m Move) (Quote, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Quote{}, err
	}
	return onBoard(ctx, f, a, planID, func(l *laid) (Quote, error) {
		changes, err := m.changes(l.t)
		if err != nil {
			return Quote{}, err
		}
		after, err := l.t.judge(changes)
		if err != nil {
			return Quote{}, err
		}
		price := after.Cost.Minus(l.t.solution.Cost)
		return Quote{Changes: changes, Text: l.t.names.told(a.Style, changes), Words: l.t.priceInWords(changes, price), Price: costOf(price)}, nil
	})
}

// PlaceView is a visit of a plan with why it stands there and where else it could.
type PlaceView struct {
	VisitView
	Why     string // one or two sentences; what was said when it was planned where nobody moves it any more
	Reason  planning.Reason
	Stuck   string // why it cannot stay; "" where it can
	MayMove bool
	WhyNot  string       // why it cannot be moved, where the reader could otherwise
	Best    []Option     // the cheapest other weeks and people
	Alike   string       // what all of Best cost alike, in words; "" where nothing
	Trades  []Option     // the cheapest visits to trade places with
	People  []PersonName // whom the plan's problem knows, by name; for those who may move the visit
}

// Option is one other place with its price.
type Option struct {
	To    planning.Place
	Label string // the visit that stands there, for a trade
	Name  string // its customer
	Price int64
	Text  string
}

// bestPlaces and bestTrades are how many other places and exchanges are offered.
const (
	bestPlaces = 3
	bestTrades = 30
)

// PlaceOf gives one visit of a plan with why it stands there, and to those who plan
// the best other places. visit is its label, or its customer's id; with trades the
// visits with which it could trade places are looked for.
func (f *Flow) PlaceOf(ctx context.Context, a access.Actor, planID, label string, trades bool) (PlaceView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return PlaceView{}, err
	}
	visits, err := read(ctx, f, func(tx Tx) ([]visit.Visit, error) {
		p, err := tx.Plans.Get(planID)
		if err != nil {
			return nil, err
		}
		y, err := f.planYear(tx, p)
		return y.all, err
	})
	if err != nil {
		return PlaceView{}, err
	}
	i := slices.IndexFunc(visits, func(v visit.Visit) bool {
		return label != "" && (v.Label == label || v.CustomerID == label && v.State.Open())
	})
	if i < 0 {
		return PlaceView{}, fault.NotFoundf("This plan has no visit %q.", fault.Short(label))
	}
	out := PlaceView{}
	if out.VisitView, err = f.Visit(ctx, a, visits[i].ID); err != nil {
		return out, err
	}
	out.Why = out.VisitView.Visit.Why
	asked, err := onBoard(ctx, f, a, planID, func(l *laid) (PlaceView, error) {
		x := out
		return x, l.tell(ctx, &x, mayChange(a, l.t.plan) == nil, trades)
	})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Temporary) { // another year's, or overtaken: what was said when it was planned holds
		out.WhyNot, _ = fault.Shown(err)
		return out, nil
	}
	return asked, err
}

// tell adds what the plan as it stands says of a visit.
func (l *laid) tell(ctx context.Context, x *PlaceView, may, trades bool) error {
	t, id := l.t, x.Customer.ID
	if t.visits[id].ID != x.VisitView.Visit.ID { // another one stands in its place
		return nil
	}
	if x.Stuck = t.stuck[id]; t.wants(id) == nil {
		x.Reason = t.reason(id)
		if x.Reason.Assigned {
			x.Why = t.names.in(x.Reason.Text)
		}
	}
	if err := t.movable(id); err != nil {
		x.WhyNot, _ = fault.Shown(err)
		return nil
	}
	if _, stands := t.places[id]; !stands || !may {
		return nil
	}
	x.MayMove = true
	for _, e := range t.problem.Executives {
		x.People = append(x.People, PersonName{e.ID, t.names[e.ID]})
	}
	next, err := l.board.RunnersUp(ctx, id, bestPlaces)
	if err != nil {
		return t.names.fault(err)
	}
	best := slices.Concat(next.Weeks, next.Executives)
	slices.SortStableFunc(best, func(a, b solver.Proposal) int { return cmp.Compare(a.Price.Total(), b.Price.Total()) })
	best = best[:min(bestPlaces, len(best))]
	common, short := t.alike(best)
	for i, p := range best {
		x.Best = append(x.Best, Option{To: *p.Changes[0].To, Price: p.Price.Total(), Text: short[i]})
	}
	x.Alike = common
	if !trades {
		return nil
	}
	s, err := l.board.Survey(ctx, id)
	if err != nil {
		return t.names.fault(err)
	}
	for _, y := range s.Trades {
		if y.Open {
			x.Trades = append(x.Trades, Option{To: t.places[y.Visit], Label: t.visits[y.Visit].Label, Name: t.names[y.Visit], Price: y.Price})
		}
	}
	slices.SortStableFunc(x.Trades, func(a, b Option) int { return cmp.Compare(a.Price, b.Price) })
	x.Trades = x.Trades[:min(bestTrades, len(x.Trades))]
	return nil
}
