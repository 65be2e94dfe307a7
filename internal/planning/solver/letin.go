package solver

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/planning"
)

// Mend names what has to change so that a visit that was left out gets a place.
type Mend string

// The mends, the smallest first.
const (
	NoChange  Mend = "none"     // nothing: there is a place, if only after other visits have moved
	Decline   Mend = "decline"  // an executive takes a decline back
	Capacity  Mend = "capacity" // an executive makes one more visit in a week or month
	Tags      Mend = "tags"     // an executive gets the tags that the customer requires
	Absence   Mend = "absence"  // an executive or a host gives up a day of absence
	Blackout  Mend = "blackout" // the customer gives up a day of blackout
	Reach     Mend = "reach"    // the executives may travel farther between two visits
	Spacing   Mend = "spacing"  // the visits to the customer may be nearer to each other
	Instead   Mend = "instead"  // another visit is left out
	OtherHost Mend = "host"     // another host goes along
)

// LetInOptions say how hard to look.
type LetInOptions struct {
	Ways       int    // how many ways are wanted, 0 means 3
	Iterations int64  // moves of a search that is tried before anything is changed, 0 means none
	Seed       uint64 // of that search
}

// Way is one change that lets a visit in, with its proof.
type Way struct {
	Mend    Mend
	Who     string             // id of the executive, host, customer or visit that changes, "" where none does
	Problem *planning.Problem  // with the change made, for all else a copy
	Plan    *planning.Solution // feasible for Problem, the visit stands in it; its cost is checked
	Changes []Change           // from the plan as it stands to Plan, the visit's own first
	Price   planning.Cost      // cost of Plan less that of the plan as it stands, per term, with the total
	Text    string             // one sentence for people
}

// LetInAnswer says how a visit that was left out gets a place.
type LetInAnswer struct {
	Visit string
	Ways  []Way  // the smallest change first, at most one for each Mend and kind of person; empty where no single change helps
	Text  string // one or two sentences for people, also where nothing helps
}

// LetIn looks for the smallest change to the problem that lets a left-out visit
// in. It plans again with one change after the other, in the order of the mends,
// starting from the plan as it stands, and keeps those for which the judge of
// plans confirms the outcome. Where a place is found without any change it looks
// no further. On 3,000 visits it takes about half a second. Errors: those of
// NewBoard, fault.NotFound for an unknown visit, fault.Invalid for one that
// stands in the plan, that of ctx where it ends before a way was found.
func LetIn(ctx context.Context, p *planning.Problem, s *planning.Solution, visit string, opts LetInOptions) (LetInAnswer, error) {
	b, err := NewBoard(ctx, p, s)
	if err != nil {
		return LetInAnswer{}, err
	}
	v, ok := b.visits[visit]
	switch {
	case !ok:
		return LetInAnswer{}, fault.NotFoundf("There is no visit %s in this plan.", fault.Short(visit))
	case b.s.by[v] != none:
		return LetInAnswer{}, fault.Invalidf("Visit %s is not left out: it stands with %s.", p.Name(visit), p.Where(b.plan[visit]))
	}
	if opts.Ways <= 0 {
		opts.Ways = 3
	}
	l := newLetIn(ctx, b, s, v)
	l.opts = opts
	l.cutOut(withinMost)
	if err := l.look(); err != nil && len(l.ways) == 0 {
		return LetInAnswer{}, err
	}
	return l.answer(), nil
}

// letIn is a search for ways to let one visit in.
type letIn struct {
	ctx            context.Context
	p              *planning.Problem
	s              *planning.Solution
	board          *Board
	opts           LetInOptions
	visit          *planning.Visit
	customer, host int // index in the problem
	before         planning.Cost
	within         map[string]bool    // executives with whom changes are tried
	part           *planning.Solution // their visits
	ways           []Way
}

func newLetIn(ctx context.Context, b *Board, s *planning.Solution, v int32) *letIn {
	l := &letIn{ctx: ctx, p: b.p, s: s, board: b, visit: &b.p.Visits[v], before: planning.Check(b.p, s).Cost}
	l.customer = slices.IndexFunc(b.p.Customers, func(c planning.Customer) bool { return c.ID == l.visit.Customer })
	l.host = slices.IndexFunc(b.p.Hosts, func(h planning.Host) bool { return h.ID == b.p.Customers[l.customer].Host })
	return l
}

// mostProofs bounds how many places of one relaxation are put to the judge.
const mostProofs = 10

// look tries the mends in their order.
func (l *letIn) look() error {
	if err := l.unchanged(); err != nil || len(l.ways) > 0 {
		return err
	}
	for _, r := range l.relaxations() {
		if len(l.ways) >= l.opts.Ways {
			return nil
		}
		if !r.useful {
			continue
		}
		if err := l.try(r); err != nil {
			return err
		}
	}
	if len(l.ways) < l.opts.Ways {
		if err := l.instead(); err != nil {
			return err
		}
	}
	if len(l.ways) < l.opts.Ways {
		return l.otherHost()
	}
	return nil
}

// unchanged looks for a place without any change: a free one, one after another
// visit has moved, or one that a longer search finds.
func (l *letIn) unchanged() error {
	offers, err := l.board.offers(l.ctx, l.board.visits[l.visit.ID])
	if err != nil {
		return err
	}
	for _, o := range offers[:min(mostProofs, len(offers))] {
		changes := l.board.changes(o.moves)
		if l.prove(Way{Mend: NoChange, Problem: l.p, Changes: changes, Text: "No change is needed"}) {
			return nil
		}
	}
	if l.opts.Iterations <= 0 {
		return nil
	}
	return l.searchOn()
}

// searchOn plans everything again from the plan as it stands, where leaving a
// place has its price, so that little moves.
func (l *letIn) searchOn() error {
	q := *l.p
	q.Visits = slices.Clone(l.p.Visits)
	for i := range q.Visits {
		q.Visits[i].Current = nil
		if at, ok := l.board.plan[q.Visits[i].ID]; ok {
			q.Visits[i].Current = &at
		}
	}
	found, err := Solve(l.ctx, &q, Options{Seed: l.opts.Seed, Iterations: l.opts.Iterations})
	if err != nil {
		return err
	}
	places := found.Places()
	at, ok := places[l.visit.ID]
	if !ok || len(places) <= len(l.board.plan) {
		return l.ctx.Err()
	}
	changes := []Change{{Visit: l.visit.ID, To: &at}}
	for i := range l.p.Visits {
		id := l.p.Visits[i].ID
		from, stood := l.board.plan[id]
		to, stands := places[id]
		if id == l.visit.ID || stood == stands && from == to {
			continue
		}
		c := Change{Visit: id}
		if stood {
			c.From = &from
		}
		if stands {
			c.To = &to
		}
		changes = append(changes, c)
	}
	l.prove(Way{Mend: NoChange, Problem: l.p, Changes: changes,
		Text: "No change is needed, a longer search finds a place"})
	return l.ctx.Err()
}

// try plans with a loosened rule and proves the least change that is enough.
func (l *letIn) try(r relaxation) error {
	q := l.copied()
	r.loosen(q)
	b, err := NewBoard(l.ctx, l.cut(q), l.part)
	if err != nil {
		return l.ctx.Err() // else the plan as it stands does not bear the change
	}
	offers, err := l.least(b, r)
	if err != nil {
		return err
	}
	type candidate struct {
		changes []Change
		*narrow
	}
	var all []candidate
	for _, o := range offers {
		changes := b.changes(o.moves)
		if n := r.narrow(changes); n != nil {
			all = append(all, candidate{changes, n})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.size, b.size) })
	for _, c := range all[:min(mostProofs, len(all))] {
		q := l.copied()
		c.change(q)
		if l.prove(Way{Mend: r.mend, Who: c.who, Problem: q, Changes: c.changes, Text: c.text}) {
			return nil
		}
	}
	return l.ctx.Err()
}

// least gives the offers of a loosened problem; a rule with a number is loosened
// no farther than needed.
func (l *letIn) least(b *Board, r relaxation) ([]offer, error) {
	v := b.visits[l.visit.ID]
	all, err := b.offers(l.ctx, v)
	for lo, hi := 1, r.most; err == nil && len(all) > 0 && lo < hi; {
		step := (lo + hi) / 2
		r.set(b, step)
		var some []offer
		if some, err = b.offers(l.ctx, v); len(some) > 0 {
			all, hi = some, step
		} else {
			lo = step + 1
		}
	}
	return all, err
}

// copied gives a copy of the problem whose lists may be changed.
func (l *letIn) copied() *planning.Problem {
	q := *l.p
	q.Rules.ReachKM = slices.Clone(q.Rules.ReachKM)
	q.Executives = slices.Clone(q.Executives)
	q.Hosts = slices.Clone(q.Hosts)
	q.Customers = slices.Clone(q.Customers)
	q.Visits = slices.Clone(q.Visits)
	return &q
}

// prove lets the judge of plans confirm a way, completes it and keeps it.
func (l *letIn) prove(w Way) bool {
	places := maps.Clone(l.board.plan)
	if places == nil {
		places = map[string]planning.Place{}
	}
	for _, c := range w.Changes {
		if c.To == nil {
			delete(places, c.Visit)
		} else {
			places[c.Visit] = *c.To
		}
	}
	if _, in := places[l.visit.ID]; !in || w.Problem.Validate() != nil {
		return false
	}
	w.Plan = planning.NewSolution(w.Problem, places, nil)
	verdict := planning.Check(w.Problem, w.Plan)
	if !verdict.Feasible {
		return false
	}
	w.Plan.Cost = verdict.Cost
	w.Price = verdict.Cost.Minus(l.before)
	w.Text += ": then " + l.p.Where(*w.Changes[0].To) + ", " + l.cost(w)
	if w.Mend != Instead { // which has said it
		w.Text += l.board.alsoMoves(w.Changes[1:])
	}
	w.Text += "."
	l.ways = append(l.ways, w)
	return true
}

// cost says what a way costs besides letting the visit in.
func (l *letIn) cost(w Way) string {
	rest := maps.Clone(w.Price)
	delete(rest, planning.Unassigned)
	text := rest.InWords(l.p.Style)
	if w.Mend != Instead && w.Price.Total() > 0 {
		text += ", in all dearer than leaving it out"
	}
	return text
}

// answer puts the ways into words.
func (l *letIn) answer() LetInAnswer {
	a := LetInAnswer{Visit: l.visit.ID, Ways: l.ways}
	if len(l.ways) > 0 {
		a.Text = l.ways[0].Text
		return a
	}
	a.Text = "No single change lets " + l.p.Name(l.visit.ID) + " in. " + planning.ReasonOf(l.p, l.s, l.visit.ID).Text
	return a
}

// instead leaves another visit out, that which makes the plan cheapest.
func (l *letIn) instead() error {
	b := l.board
	var all []offer
	err := b.without(b.visits[l.visit.ID], func(from move, gain int64) error {
		w, err := b.sweep(l.ctx, from, gain)
		if err != nil {
			return err
		}
		for _, k := range b.blockers(w) {
			all = append(all, offer{[]move{{w.visit, k.to.exec, k.to.slot}, {k.out, none, none}}, k.cost + b.m.leftOut(k.out)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, byCost)
	for _, o := range all[:min(mostProofs, len(all))] {
		changes := b.changes(o.moves)
		other := changes[1].Visit
		if l.prove(Way{Mend: Instead, Who: other, Problem: l.p, Changes: changes, Text: "If " + l.p.Name(other) + ", now with " + l.p.Where(*changes[1].From) + ", is left out instead"}) {
			return nil
		}
	}
	return nil
}

// mostHosts is how many other hosts are tried, those with the nearest customers first.
const mostHosts = 3

// otherHost gives the customer another host. Whether any host can help is seen
// with one who is never away and has no other visits.
func (l *letIn) otherHost() error {
	free := "another host"
	for slices.ContainsFunc(l.p.Hosts, func(h planning.Host) bool { return h.ID == free }) {
		free += "+"
	}
	found := false
	err := l.try(relaxation{
		mend: OtherHost, useful: true,
		loosen: func(q *planning.Problem) {
			q.Hosts = append(q.Hosts, planning.Host{ID: free})
			q.Customers[l.customer].Host = free
		},
		narrow: func([]Change) *narrow { found = true; return nil },
	})
	if err != nil || !found {
		return err
	}
	ways := len(l.ways)
	for _, h := range l.nearHosts() {
		change := func(q *planning.Problem) { q.Customers[l.customer].Host = h }
		err := l.try(relaxation{
			mend: OtherHost, useful: true, loosen: change,
			narrow: func([]Change) *narrow {
				return &narrow{who: h, text: "If " + l.p.Name(h) + " goes along as host", change: change}
			},
		})
		if err != nil || len(l.ways) > ways {
			return err
		}
	}
	return nil
}

// nearHosts lists the other hosts whose customers are nearest.
func (l *letIn) nearHosts() []string {
	here, own := l.p.Customers[l.customer].Place(), l.p.Customers[l.customer].Host
	nearest := map[string]int{}
	for i := range l.p.Customers {
		c := &l.p.Customers[i]
		km := geo.Km(here, c.Place())
		if was, ok := nearest[c.Host]; c.Host != own && (!ok || km < was) {
			nearest[c.Host] = km
		}
	}
	hosts := slices.SortedFunc(maps.Keys(nearest), func(a, b string) int {
		return cmp.Or(cmp.Compare(nearest[a], nearest[b]), cmp.Compare(a, b))
	})
	return hosts[:min(mostHosts, len(hosts))]
}
