package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// TypedReasons are what people type for visits with a brake: one for all, or one for a visit.
type TypedReasons struct {
	All  string
	Each map[string]string // by visit id; before All
}

func (r TypedReasons) of(visitID string) string {
	return strings.TrimSpace(cmp.Or(r.Each[visitID], r.All))
}

// NeedsReason is a visit that needs a typed reason to stand where it does.
type NeedsReason struct {
	VisitID   string
	Customer  string
	Executive string
	Slot      slot.Slot
	Brakes    []visit.Brake
}

// braked is a visit with what speaks against it.
type braked struct {
	visit  *visit.Visit
	brakes []visit.Brake
	given  string // the reason that was given for this visit before and holds here too; "" where none does
}

// brakes gives the visits that have a brake where they stand, in the order given. The
// customer's stage is the one known today: what is decided now is decided on that.
func (f *Flow) brakes(tx Tx, visits ...*visit.Visit) ([]braked, error) {
	if len(visits) == 0 {
		return nil, nil
	}
	b, err := buyingList(tx)
	if err != nil {
		return nil, err
	}
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return nil, err
	}
	plain := make([]visit.Visit, len(visits))
	for i, v := range visits {
		plain[i] = *v
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return nil, err
	}
	ways, err := waysOf(tx, b, customers)
	if err != nil {
		return nil, err
	}
	before, err := f.metBefore(tx, b, ways, customers)
	if err != nil {
		return nil, err
	}
	var out []braked
	var ids []string
	for _, v := range visits {
		way := ways[v.CustomerID]
		earlier := b.Earlier(before[v.CustomerID], noted(way), v.Slot.Date)
		if found := b.Brakes(v.Slot.Date, visit.StageOn(way, f.today(v.Zone)), earlier, fiscal); len(found) > 0 {
			out = append(out, braked{visit: v, brakes: found})
			ids = append(ids, v.ID)
		}
	}
	given, err := tx.Reasons.Of(ids...)
	if err != nil {
		return nil, err
	}
	of := map[string][]KeptReason{}
	for _, r := range given {
		of[r.VisitID] = append(of[r.VisitID], r)
	}
	for i, x := range out {
		out[i].given = givenBefore(of[x.visit.ID], x.brakes, x.visit.Slot.Date, fiscal)
	}
	return out, nil
}

// noted leaves out the stage that an import says: nobody knows since when it holds.
func noted(way []visit.Turn) []visit.Turn {
	return slices.DeleteFunc(slices.Clone(way), func(t visit.Turn) bool { return t.On.IsZero() })
}

// fewCustomers is up to how many customers are asked for one by one.
const fewCustomers = 30

// metBefore gives the visits that took place at those of the customers who stand at a
// late stage: of the others nobody asks.
func (f *Flow) metBefore(tx Tx, b visit.Buying, ways map[string][]visit.Turn, customers map[string]roster.Customer) (map[string][]visit.Visit, error) {
	late := map[string]bool{}
	for id, c := range customers {
		if s, _ := b.Stage(visit.StageOn(ways[id], f.today(c.Zone))); s.Phase == visit.Late {
			late[id] = true
		}
	}
	out := map[string][]visit.Visit{}
	held := VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held, visit.Debriefed}}
	if len(late) > fewCustomers {
		all, _, err := tx.Visits.Find(held)
		for _, v := range all {
			if late[v.CustomerID] {
				out[v.CustomerID] = append(out[v.CustomerID], v)
			}
		}
		return out, err
	}
	for id := range late {
		held.CustomerID = id
		var err error
		if out[id], _, err = tx.Visits.Find(held); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// givenBefore gives the newest reason of a visit that holds for all brakes on a day:
// one for the customer's stage holds wherever the visit stands, one for the end of a
// quarter in that quarter.
func givenBefore(kept []KeptReason, brakes []visit.Brake, on slot.Date, f visit.Fiscal) string {
	for _, r := range slices.Backward(kept) {
		if !slices.ContainsFunc(brakes, func(b visit.Brake) bool {
			return !slices.Contains(r.Brakes, b) || b == visit.AtQuarterEnd && slot.FiscalQuarter(r.On, f.Start) != slot.FiscalQuarter(on, f.Start)
		}) {
			return r.Reason
		}
	}
	return ""
}

// justify wants a reason for every visit that has a brake where it has just been put,
// and keeps it. Every door by which a visit is published or moved leads here. Errors:
// Invalid, with the visits named.
func (f *Flow) justify(tx Tx, a access.Actor, typed TypedReasons, visits ...*visit.Visit) error {
	all, err := f.brakes(tx, visits...)
	if err != nil || len(all) == 0 {
		return err
	}
	var keep []KeptReason
	var lacking []braked
	for _, x := range all {
		reason := typed.of(x.visit.ID)
		if reason == "" {
			reason = x.given
		}
		if visit.CheckBrakes(x.brakes, reason) != nil {
			lacking = append(lacking, x)
			continue
		}
		keep = append(keep, KeptReason{VisitID: x.visit.ID, On: x.visit.Slot.Date, Brakes: x.brakes, Reason: reason, By: a.PersonID, At: f.Now().UTC()})
	}
	if len(lacking) > 0 {
		return f.lacks(tx, lacking, typed)
	}
	if err := tx.Reasons.Save(keep...); err != nil {
		return err
	}
	counts := map[visit.Brake]int{}
	for _, r := range keep {
		for _, b := range r.Brakes {
			counts[b]++
		}
	}
	return f.audit(tx, a, "give reason for visits", "visit/"+keep[0].VisitID, map[string]any{"visits": len(keep), "late": counts[visit.TooLate], "quarter_end": counts[visit.AtQuarterEnd]})
}

// lacks says which visits need a reason.
func (f *Flow) lacks(tx Tx, all []braked, typed TypedReasons) error {
	named, err := f.needing(tx, all)
	if err != nil {
		return err
	}
	if len(all) == 1 {
		return visit.CheckBrakes(all[0].brakes, typed.of(all[0].visit.ID))
	}
	out := fault.Invalidf("%d of these visits need a reason. One for all will do.", len(all))
	for _, n := range named[:min(len(named), mostViolations)] {
		out = out.With(fault.Detail{Where: "reason", Value: n.Customer + ", " + f.words(n.Slot), Expected: "a reason of 3 to 500 characters", Mend: says(n.Brakes)})
	}
	return out
}

func says(brakes []visit.Brake) string {
	texts := make([]string, len(brakes))
	for i, b := range brakes {
		texts[i] = b.Says()
	}
	return strings.Join(texts, " ")
}

// needing names the visits that still need a reason.
func (f *Flow) needing(tx Tx, all []braked) ([]NeedsReason, error) {
	plain := make([]visit.Visit, 0, len(all))
	for _, x := range all {
		plain = append(plain, *x.visit)
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return nil, err
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	out := make([]NeedsReason, 0, len(all))
	for _, x := range all {
		v := x.visit
		out = append(out, NeedsReason{VisitID: v.ID, Customer: customers[v.CustomerID].Name, Executive: people[v.ExecutiveID].Name, Slot: v.Slot, Brakes: x.brakes})
	}
	return out, nil
}

// foreseeReasons gives the visits for which a publication asks a reason, by day.
func (f *Flow) foreseeReasons(tx Tx, changed []*visit.Visit) ([]NeedsReason, error) {
	all, err := f.brakes(tx, thoseLive(changed)...)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x braked) bool { return x.given != "" })
	slices.SortStableFunc(all, func(x, y braked) int { return x.visit.Slot.Date.Sub(y.visit.Slot.Date) })
	return f.needing(tx, all)
}

// thoseLive gives those of the visits that stand.
func thoseLive(visits []*visit.Visit) []*visit.Visit {
	return slices.DeleteFunc(slices.Clone(visits), func(v *visit.Visit) bool { return !v.State.Live() })
}

// unjustified says why a visit may not be put on a day by somebody who cannot be asked;
// "" where nothing speaks against it, or a reason that was given before holds there too.
func (f *Flow) unjustified(tx Tx, v visit.Visit, on slot.Slot) (string, error) {
	v.Slot = on
	all, err := f.brakes(tx, &v)
	if err != nil || len(all) == 0 || all[0].given != "" {
		return "", err
	}
	return "it needs a reason there: " + says(all[0].brakes), nil
}

// fillBuying says where the visit's customer stands, and why the visit stands where it
// does in spite of its brakes.
func (f *Flow) fillBuying(tx Tx, w *VisitView, people map[string]roster.Person) error {
	b, err := buyingList(tx)
	if err != nil {
		return err
	}
	stages, err := f.stagesOf(tx, b, map[string]roster.Customer{w.Customer.ID: w.Customer})
	if err != nil {
		return err
	}
	w.Stage = stages[w.Customer.ID]
	all, err := tx.Reasons.Of(w.Visit.ID)
	for _, r := range all {
		if r.On == w.Visit.Slot.Date {
			w.Brakes, w.Because, w.GivenBy = r.Brakes, r.Reason, whoGave(people, r.By)
		}
	}
	return err
}

// late finds out at which of these customers a published plan asks for a reason wherever
// the visit stands, so that proposals say so before somebody takes one.
func (f *Flow) late(ctx context.Context, t *table, customers ...string) (map[string]bool, error) {
	if t.plan.State != visit.Live {
		return nil, nil
	}
	return read(ctx, f, func(tx Tx) (map[string]bool, error) {
		var asked []*visit.Visit
		for _, id := range customers {
			if c, ok := t.customers[id]; ok {
				asked = append(asked, &visit.Visit{CustomerID: id, Zone: c.Zone, Slot: slot.Slot{Date: f.today(c.Zone)}})
			}
		}
		all, err := f.brakes(tx, asked...)
		late := map[string]bool{}
		for _, x := range all {
			late[x.visit.CustomerID] = slices.Contains(x.brakes, visit.TooLate)
		}
		return late, err
	})
}

// brakesOf gives what speaks against changes of a published plan.
func (t *table) brakesOf(changes []PlanChange, isLate map[string]bool) []visit.Brake {
	late, end := false, false
	for _, c := range changes {
		if c.To != nil {
			late = late || isLate[c.CustomerID]
			end = end || t.plan.State == visit.Live && slot.AtQuarterEnd(c.To.Date, t.fiscal.Start, t.fiscal.Days)
		}
	}
	var out []visit.Brake
	if late {
		out = append(out, visit.TooLate)
	}
	if end {
		out = append(out, visit.AtQuarterEnd)
	}
	return out
}

// fillTheirs says whether the time that the calendar holds needs a reason.
func (f *Flow) fillTheirs(tx Tx, w *VisitView) error {
	if len(w.Events) == 0 || !w.Visit.State.Live() {
		return nil
	}
	why, to, _, _ := f.movable(w.Visit, w.Events[0].Base.Seen.When)
	if why != "" || to == w.Visit.Slot {
		return nil
	}
	v := w.Visit
	v.Slot = to
	all, err := f.brakes(tx, &v)
	if err == nil && len(all) > 0 && all[0].given == "" {
		w.Calendar.Brakes = all[0].brakes
	}
	return err
}
