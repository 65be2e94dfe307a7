package planning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Rule numbers the rules that a plan must keep.
type Rule int

const (
	// Readable: ids are known, halves are am or pm. It stands before the seven
	// rules proper: without it a plan means nothing.
	Readable   Rule = iota
	Once            // a visit, an executive and a host are in one place at a time
	WorkingDay      // everybody works that day
	Tags            // the executive may see this customer
	Capacity        // visits a week and a month
	Reach           // the executive can get from one visit to the other
	Spacing         // visits to one customer are far enough apart
	Pinned          // pinned visits stand at their place
)

var ruleNames = [...]string{"readable", "once", "working day", "tags", "capacity", "reach", "spacing", "pinned"}

// String gives the rule's name, such as "working day".
func (r Rule) String() string {
	if r < 0 || int(r) >= len(ruleNames) {
		return fmt.Sprintf("rule %d", int(r))
	}
	return ruleNames[r]
}

// Violation is one way in which a plan breaks a rule.
type Violation struct {
	Rule   Rule
	Visits []string // the visits that break it together, in order of time
	Reason string   // one sentence
	Limit  string   // of Capacity: max_per_week or max_per_month
}

// maxOfARule bounds the violations that are told of each rule: a plan that breaks
// one more often is no better known by more of them.
const maxOfARule = 1000

// Name gives the rule's name.
func (v Violation) Name() string { return v.Rule.String() }

// String gives "rule 5, reach: …".
func (v Violation) String() string {
	return fmt.Sprintf("rule %d, %s: %s", int(v.Rule), v.Rule, v.Reason)
}

// WrongTerm is a term whose claimed count is not the true one.
type WrongTerm struct {
	Term           Term
	Claimed, Right int64
}

// Verdict is what Check says of a plan.
type Verdict struct {
	Feasible   bool
	Violations []Violation // by rule, then in order of time
	Cost       Cost        // all terms and the total, also of an infeasible plan
	Wrong      []WrongTerm // claimed terms that are wrong
}

// OK says whether the plan is feasible and all claimed terms are right.
func (v Verdict) OK() bool { return v.Feasible && len(v.Wrong) == 0 }

// Rules lists the names of the broken rules, each once, in their order.
func (v Verdict) Rules() []string {
	var names []string
	for _, x := range v.Violations {
		if !slices.Contains(names, x.Name()) {
			names = append(names, x.Name())
		}
	}
	return names
}

// Check judges a plan by the letter of the problem's rules and counts its cost.
// The problem must be valid. It shares no code with the search for plans, works
// day by day where the search takes short cuts, and serves as its judge.
func Check(p *Problem, s *Solution) Verdict {
	return newJudge(p, s).verdict(s)
}

func (j *judge) verdict(s *Solution) Verdict {
	j.rules()
	j.pinned()
	slices.SortStableFunc(j.found, func(a, b Violation) int { return cmp.Compare(a.Rule, b.Rule) })
	v := Verdict{Feasible: len(j.found) == 0, Violations: j.found, Cost: j.cost()}
	for _, t := range append(Terms(), Total) {
		if claimed, given := s.Cost[t]; given && claimed != v.Cost[t] {
			v.Wrong = append(v.Wrong, WrongTerm{t, claimed, v.Cost[t]})
		}
	}
	return v
}

// judge holds a plan sorted by who takes part.
type judge struct {
	p         *Problem
	calendars map[string]slot.WorkCalendar
	execs     map[string]*Executive
	hosts     map[string]*Host
	busy      map[string]map[slot.Slot]bool // by executive
	hostBusy  map[string]map[slot.Slot]bool
	places    map[string]Place // of the assigned visits that could be read
	all       []placed         // in order of time
	byExec    map[string][]placed
	byHost    map[string][]placed
	byCust    map[string][]placed
	often     []string // customers with several visits that stand, sorted
	found     []Violation
	told      [len(ruleNames)]int // violations in found, by rule
	steps     int                 // compared so far to find out why visits have no place
}

func newJudge(p *Problem, s *Solution) *judge {
	j := &judge{
		p:         p,
		calendars: make(map[string]slot.WorkCalendar, len(p.Calendars)),
		execs:     make(map[string]*Executive, len(p.Executives)),
		hosts:     make(map[string]*Host, len(p.Hosts)),
		busy:      map[string]map[slot.Slot]bool{},
		hostBusy:  map[string]map[slot.Slot]bool{},
		places:    make(map[string]Place, len(s.Assignments)),
		byExec:    make(map[string][]placed, len(p.Executives)),
		byHost:    make(map[string][]placed, len(p.Hosts)),
		byCust:    make(map[string][]placed, len(s.Assignments)),
	}
	for _, c := range p.Calendars {
		j.calendars[c.ID] = c.working()
	}
	for i := range p.Executives {
		j.execs[p.Executives[i].ID] = &p.Executives[i]
		if taken := p.Executives[i].Busy; len(taken) > 0 {
			j.busy[p.Executives[i].ID] = setOf(taken)
		}
	}
	for i := range p.Hosts {
		j.hosts[p.Hosts[i].ID] = &p.Hosts[i]
		if taken := p.Hosts[i].Busy; len(taken) > 0 {
			j.hostBusy[p.Hosts[i].ID] = setOf(taken)
		}
	}
	visits := make(map[string]*Visit, len(p.Visits))
	wanted := make(map[string]*Customer, len(p.Visits))
	for i := range p.Visits {
		visits[p.Visits[i].ID] = &p.Visits[i]
		wanted[p.Visits[i].Customer] = nil
	}
	for i := range p.Customers {
		if _, ok := wanted[p.Customers[i].ID]; ok {
			wanted[p.Customers[i].ID] = &p.Customers[i]
		}
	}
	j.all = make([]placed, 0, len(s.Assignments))
	for _, a := range s.Assignments {
		if x := j.read(a, visits); x != nil {
			j.all = append(j.all, placed{a, wanted[x.Customer], x})
		}
	}
	sortByTime(j.all)
	for i, x := range j.all {
		j.byExec[x.Executive] = append(j.byExec[x.Executive], x)
		j.byHost[x.customer.Host] = append(j.byHost[x.customer.Host], x)
		if others, ok := j.byCust[x.customer.ID]; ok {
			j.byCust[x.customer.ID] = append(others, x)
			j.often = append(j.often, x.customer.ID)
		} else {
			j.byCust[x.customer.ID] = j.all[i : i+1 : i+1] // most have one visit
		}
	}
	slices.Sort(j.often)
	j.often = slices.Compact(j.often)
	return j
}

func setOf(slots []slot.Slot) map[slot.Slot]bool {
	set := make(map[slot.Slot]bool, len(slots))
	for _, s := range slots {
		set[s] = true
	}
	return set
}

// working turns the calendar into the form that can be asked.
func (c Calendar) working() slot.WorkCalendar {
	w := slot.WorkCalendar{ID: c.ID, Holidays: slices.Sorted(slices.Values(c.Holidays))}
	for _, d := range c.Weekend {
		w.Weekend = append(w.Weekend, d.time())
	}
	return w
}

// read notes what makes an assignment meaningless, and gives its visit or nil.
func (j *judge) read(a Assignment, visits map[string]*Visit) *Visit {
	x := visits[a.Visit]
	switch _, twice := j.places[a.Visit]; {
	case x == nil:
		j.breach(Readable, "There is no visit %q.", a.Visit)
	case twice:
		j.breach(Once, "Visit %s is listed twice.", j.p.Name(a.Visit)).Visits = []string{a.Visit}
		return nil
	case j.execs[a.Executive] == nil:
		j.breach(Readable, "Visit %s: there is no executive %q.", j.p.Name(a.Visit), a.Executive).Visits = []string{a.Visit}
	case a.Half != slot.AM && a.Half != slot.PM:
		j.breach(Readable, "Visit %s: the half is neither am nor pm but %q.", j.p.Name(a.Visit), string(a.Half)).Visits = []string{a.Visit}
	default:
		j.places[a.Visit] = a.Place()
		return x
	}
	return nil
}

// breach notes a violation, unless there are plenty of its kind; the caller may
// add to it at once.
func (j *judge) breach(r Rule, format string, args ...any) *Violation {
	if j.told[r]++; j.told[r] > maxOfARule {
		return &Violation{}
	}
	j.found = append(j.found, Violation{Rule: r, Reason: fmt.Sprintf(format, args...)})
	return &j.found[len(j.found)-1]
}

// rules checks rules 1 to 6.
func (j *judge) rules() {
	for _, x := range j.all {
		j.workingDay(x)
		j.tags(x)
	}
	for _, id := range slices.Sorted(maps.Keys(j.byExec)) {
		visits := j.byExec[id]
		j.once("Executive "+j.p.Name(id), visits)
		j.capacity(j.execs[id], visits)
		j.reach(id, visits)
	}
	for _, id := range slices.Sorted(maps.Keys(j.byHost)) {
		j.once("Host "+j.p.Name(id), j.byHost[id])
	}
	for _, id := range j.often {
		j.spacing(j.byCust[id])
	}
}

func (j *judge) once(who string, visits []placed) {
	for i := 1; i < len(visits); i++ {
		if a, b := visits[i-1], visits[i]; a.Place().Slot() == b.Place().Slot() {
			j.breach(Once, "%s has visits %s and %s on %s.", who, j.p.Name(a.Visit), j.p.Name(b.Visit), a.Place().Slot()).Visits = ids(a, b)
		}
	}
}

func (j *judge) workingDay(x placed) {
	for _, why := range j.closed(x.Place(), x.customer) {
		j.breach(WorkingDay, "Visit %s on %s: %s.", j.p.Name(x.Visit), x.Date, why).Visits = ids(x)
	}
}

// closed says why nobody can meet on that date; empty where they can.
func (j *judge) closed(at Place, c *Customer) []string {
	var why []string
	e, h := j.execs[at.Executive], j.hosts[c.Host]
	if !j.p.Horizon.Contains(at.Date) {
		why = append(why, "the date lies outside the horizon "+j.p.Horizon.String())
	}
	if !j.calendars[e.Calendar].Works(at.Date) {
		why = append(why, "it is no working day for executive "+j.p.Name(e.ID)+" (calendar "+e.Calendar+")")
	}
	if c.Calendar != e.Calendar && !j.calendars[c.Calendar].Works(at.Date) {
		why = append(why, "it is no working day for customer "+j.p.Name(c.ID)+" (calendar "+c.Calendar+")")
	}
	if slot.In(at.Date, e.Unavailable) {
		why = append(why, "executive "+j.p.Name(e.ID)+" is unavailable")
	}
	if slot.In(at.Date, h.Unavailable) {
		why = append(why, "host "+j.p.Name(h.ID)+" is unavailable")
	}
	if half := (slot.Slot{Date: at.Date, Half: at.Half}); j.busy[e.ID][half] {
		why = append(why, "executive "+j.p.Name(e.ID)+" is busy in the calendar in that half-day ("+string(at.Half)+")")
	} else if j.hostBusy[h.ID][half] {
		why = append(why, "host "+j.p.Name(h.ID)+" is busy in the calendar in that half-day ("+string(at.Half)+")")
	}
	if slot.In(at.Date, c.Blackouts) {
		why = append(why, "customer "+j.p.Name(c.ID)+" has a blackout")
	}
	return why
}

func (j *judge) tags(x placed) {
	if lacking := lacking(j.execs[x.Executive], x.customer); len(lacking) > 0 {
		j.breach(Tags, "Visit %s: executive %s lacks %s, which customer %s requires.",
			j.p.Name(x.Visit), j.p.Name(x.Executive), strings.Join(lacking, ", "), j.p.Name(x.customer.ID)).Visits = ids(x)
	}
	if slices.Contains(x.visit.Excludes, x.Executive) {
		j.breach(Tags, "Visit %s: executive %s has declined it.", j.p.Name(x.Visit), j.p.Name(x.Executive)).Visits = ids(x)
	}
}

// lacking lists the required tags that the executive does not have.
func lacking(e *Executive, c *Customer) []string {
	var tags []string
	for _, t := range c.Requires {
		if !slices.Contains(e.Tags, t) {
			tags = append(tags, t)
		}
	}
	return tags
}

func (j *judge) capacity(e *Executive, visits []placed) {
	j.spans(e, "week", e.MaxPerWeek, visits, slot.Date.Monday)
	j.spans(e, "month", e.MaxPerMonth, visits, firstOfMonth)
}

func firstOfMonth(d slot.Date) slot.Date { return slot.MakeDate(d.Year(), d.Month(), 1) }

// spans counts the visits that start their week or month on the same day.
func (j *judge) spans(e *Executive, name string, most int, visits []placed, start func(slot.Date) slot.Date) {
	for i := 0; i < len(visits); {
		first, n := start(visits[i].Date), 1
		for i+n < len(visits) && start(visits[i+n].Date) == first {
			n++
		}
		if n > most {
			v := j.breach(Capacity, "Executive %s has %d visits in the %s from %s, %d are allowed.", j.p.Name(e.ID), n, name, first, most)
			v.Visits, v.Limit = ids(visits[i:i+n]...), "max_per_"+name
		}
		i += n
	}
}

func (j *judge) reach(exec string, visits []placed) {
	reach := j.p.Rules.ReachKM
	most := 2 * (len(reach) + 1) // with more visits in these days one half-day has two, and the plan is refused anyway
	for i, a := range visits {
		for _, b := range visits[i+1 : min(len(visits), i+1+most)] {
			days := b.Date.Sub(a.Date)
			if days >= len(reach) {
				break
			}
			if km := geo.Km(a.customer.Place(), b.customer.Place()); km > reach[days] {
				j.breach(Reach, "Executive %s: visits %s on %s and %s on %s are %d km apart, %d are allowed at %d days.",
					j.p.Name(exec), j.p.Name(a.Visit), a.Date, j.p.Name(b.Visit), b.Date, km, reach[days], days).Visits = ids(a, b)
			}
		}
	}
}

func (j *judge) spacing(visits []placed) {
	for i := 1; i < len(visits); i++ { // sorted: neighbours are closest
		a, b := visits[i-1], visits[i]
		if days := b.Date.Sub(a.Date); days < a.customer.MinSpacingDays {
			j.breach(Spacing, "Customer %s: visits %s on %s and %s on %s are %d days apart, %d are wanted.",
				j.p.Name(a.customer.ID), j.p.Name(a.Visit), a.Date, j.p.Name(b.Visit), b.Date, days, a.customer.MinSpacingDays).Visits = ids(a, b)
		}
	}
}

// pinned checks rule 7.
func (j *judge) pinned() {
	for i := range j.p.Visits {
		x := &j.p.Visits[i]
		if x.Pinned == nil {
			continue
		}
		if at, ok := j.places[x.ID]; !ok {
			j.breach(Pinned, "Visit %s is pinned to %s but unassigned.", j.p.Name(x.ID), j.place(*x.Pinned)).Visits = []string{x.ID}
		} else if at != *x.Pinned {
			j.breach(Pinned, "Visit %s is pinned to %s but stands at %s.", j.p.Name(x.ID), j.place(*x.Pinned), j.place(at)).Visits = []string{x.ID}
		}
	}
}

// place names a place; unlike Where it keeps the date as files write it.
func (j *judge) place(at Place) string { return j.p.Name(at.Executive) + " on " + at.Slot().String() }

func ids(visits ...placed) []string {
	out := make([]string, len(visits))
	for i, x := range visits {
		out[i] = x.Visit
	}
	return out
}
