package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// Rearranged says what a change of a plan did.
type Rearranged struct {
	PlanID string   `json:"plan"`
	Visits []string `json:"visits"` // ids of the visits that changed
	Price  int64    `json:"price"`  // difference of the plan's cost
	Words  string   `json:"words"`  // the price in words
	Step   string   `json:"step"`   // id of the PlanStep that takes it back
}

// mostChanges bounds what one request may move.
const mostChanges = 100

// Rearrange moves visits of a plan, all or none: a proposal that somebody takes,
// a swap, a move by hand. Every rule of planning is kept. In a draft nobody hears
// of it; in the published plan half-days are booked and the calendars follow.
// Errors: Stale where a visit no longer stands where the asker saw it, Conflict
// with the broken rules, or with who is booked already.
func (f *Flow) Rearrange(ctx context.Context, a access.Actor, k Key, planID string, changes []PlanChange) (Rearranged, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Rearranged{}, err
	}
	if err := countChanges(changes); err != nil {
		return Rearranged{}, err
	}
	done, err := f.think()
	if err != nil {
		return Rearranged{}, err
	}
	defer done()
	return once(ctx, f, k, func(tx Tx) (Rearranged, error) { return f.rearrange(tx, a, planID, already(changes), nil) })
}

func countChanges(changes []PlanChange) error {
	if len(changes) == 0 || len(changes) > mostChanges {
		return fault.Invalidf("There is nothing that can be changed like this.").With(fault.Detail{Where: "changes", Value: strconv.Itoa(len(changes)), Expected: "1 to 100 changes"})
	}
	return nil
}

// already gives changes that need no look at the plan.
func already(changes []PlanChange) func(*table) ([]PlanChange, error) {
	return func(*table) ([]PlanChange, error) { return changes, nil }
}

// rearrange is Rearrange in a transaction, with changes that are chosen when the
// plan lies open. undone is the step that they take back, nil for others.
func (f *Flow) rearrange(tx Tx, a access.Actor, planID string, choose func(*table) ([]PlanChange, error), undone *PlanStep) (Rearranged, error) {
	t, err := f.layOut(tx, known{planID: planID})
	if err != nil {
		return Rearranged{}, err
	}
	t.problem.Style = a.Style
	if err := mayChange(a, t.plan); err != nil {
		return Rearranged{}, err
	}
	changes, err := choose(t)
	if err != nil {
		return Rearranged{}, err
	}
	after, err := t.judge(changes)
	if err != nil {
		return Rearranged{}, err
	}
	price := after.Cost.Minus(t.solution.Cost)
	out := Rearranged{PlanID: planID, Price: price.Total(), Words: t.priceInWords(changes, price)}
	step := PlanStep{ID: f.NewID(), PlanID: planID, By: a.PersonID, Changes: changes, Price: costOf(price), Words: t.forAll(func() string { return t.priceInWords(changes, price) })}
	if undone != nil {
		step.Undoes = undone.ID
	}
	if out.Visits, step.Was, err = f.move(tx, a, t, changes, after, undone); err != nil {
		return out, err
	}
	step.At = f.Now().UTC()
	if err := tx.PlanSteps.Add(&step); err != nil {
		return out, err
	}
	out.Step = step.ID
	return out, f.audit(tx, a, "change plan", "plan/"+planID, auditedChange{out.PlanID, out.Visits, out.Price, step.N, step.Undoes})
}

// forAll gives a sentence that is kept for everybody: in the zero style, which is written
// again for whoever reads it.
func (t *table) forAll(say func() string) string {
	of := t.problem.Style
	t.problem.Style = locale.Style{}
	defer func() { t.problem.Style = of }()
	return say()
}

// auditedChange is what the audit trail keeps of a change of a plan: no names.
type auditedChange struct {
	Plan   string   `json:"plan"`
	Visits []string `json:"visits"`
	Price  int64    `json:"price"`
	Step   int      `json:"step"`
	Undoes string   `json:"undoes,omitempty"`
}

// judge gives the plan after the changes with its cost, or says what speaks
// against them.
func (t *table) judge(changes []PlanChange) (*planning.Solution, error) {
	after := t.solution.Places()
	seen := map[string]bool{}
	for _, c := range changes {
		if seen[c.CustomerID] {
			return nil, fault.Invalidf("%s is in these changes twice.", t.names[c.CustomerID])
		}
		seen[c.CustomerID] = true
		if err := t.checked(c); err != nil {
			return nil, err
		}
		delete(after, c.CustomerID)
		if c.To != nil {
			after[c.CustomerID] = *c.To
		}
	}
	s := planning.NewSolution(t.problem, after, nil)
	verdict := planning.Check(t.problem, s)
	if !verdict.Feasible {
		err := fault.Conflictf("This cannot be done: it would break a rule.")
		for _, x := range verdict.Violations[:min(len(verdict.Violations), 20)] {
			err = err.With(fault.Detail{Where: x.Name(), Expected: "a plan that keeps this rule", Mend: t.names.in(x.Reason)})
		}
		return nil, err
	}
	s.Cost = verdict.Cost
	return s, nil
}

// checked says what speaks against one change, whatever else is changed with it.
func (t *table) checked(c PlanChange) error {
	if _, err := visit.ParseMoveCode(string(c.Because)); err != nil {
		return err
	}
	if _, err := text("reason", c.Reason, mostReason); err != nil { // it is kept with the step, also where nothing asks for one
		return err
	}
	if c.Pinned != nil || c.From == nil && c.To == nil || c.From != nil && c.To != nil && *c.From == *c.To {
		return fault.Invalidf("One of these changes moves nothing.").With(fault.Detail{Where: "changes", Value: t.names[c.CustomerID], Expected: "another place than the one it has"})
	}
	if err := t.wants(c.CustomerID); err != nil {
		return err
	}
	at, stands := t.places[c.CustomerID]
	if stands != (c.From != nil) || stands && at != *c.From {
		return fault.Stalef("The visit to %s no longer stands where you saw it. Look at it again.", t.names[c.CustomerID])
	}
	return nil
}

// move writes changes that were judged, and gives what their visits were before.
// undone is the step that they take back, nil for others.
func (f *Flow) move(tx Tx, a access.Actor, t *table, changes []PlanChange, after *planning.Solution, undone *PlanStep) (ids []string, before []WasVisit, err error) {
	var save []*visit.Visit
	var discard, release []string
	var bookings []visit.Booking
	live, takesBack := t.plan.State == visit.Live, false
	if undone != nil {
		if takesBack, err = makes(tx, *undone); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range changes {
		v, why := t.visits[c.CustomerID], ""
		if c.To != nil {
			why = t.forAll(func() string { return t.names.in(planning.ReasonOf(t.problem, after, c.CustomerID).Text) })
		}
		if c.From != nil {
			before = append(before, wasOf(v))
		}
		switch {
		case c.From == nil:
			if v, err = f.visitIn(tx, t, c.CustomerID, undone); err != nil {
				return nil, nil, err
			}
		case live:
			release = append(release, v.ID)
		case c.To == nil:
			discard = append(discard, v.ID)
			ids = append(ids, v.ID)
			continue
		}
		was := v
		again, known := undone.was(c.CustomerID)
		known = known && again.VisitID == v.ID
		if c.To == nil {
			err = v.Become(visit.Cancelled, "The plan was changed: this visit was taken out.")
			v.BecauseOf(cmp.Or(c.Because, visit.PlanChanged))
			v.Conflict = "" // nobody decides about a visit that is taken out
		} else {
			if !known {
				again = WasVisit{}
			}
			err = replace(&v, *c.To, t.customers[c.CustomerID].Zone, again)
			v.MovedBecause(cmp.Or(c.Because, visit.PlanChanged))
			if known && takesBack {
				v.MovedBack()
			}
			v.Why = why
			if err == nil && live {
				err = f.placedAnew(tx, &v, was)
			}
			if err == nil && known && again.Answer == visit.Accepted && v.State.Live() && v.Begins == again.Begins && v.Ends == again.Ends {
				err = f.yesAgain(tx, &v)
			}
		}
		if err != nil {
			return nil, nil, err
		}
		v.Sign(a.PersonID, f.Now().UTC())
		if live && c.To != nil {
			bookings = append(bookings, bookingsOf(v)...)
		}
		ids = append(ids, v.ID)
		save = append(save, &v)
	}
	if len(release) > 0 {
		if err := tx.Bookings.Release(release...); err != nil {
			return nil, nil, err
		}
	}
	if len(discard) > 0 {
		if err := tx.Visits.Discard(discard...); err != nil {
			return nil, nil, err
		}
	}
	if err := saveAfter(tx, undone, save); err != nil {
		return nil, nil, err
	}
	if live {
		if err := tx.Bookings.Book(bookings...); err != nil {
			return nil, nil, err
		}
		if err := f.want(tx, save...); err != nil {
			return nil, nil, err
		}
		if err := f.justify(tx, a, reasonsOf(changes, save), thoseLive(save)...); err != nil {
			return nil, nil, err
		}
	}
	t.reckon(changes, after)
	return ids, before, tx.Plans.Save(&t.plan) // two who change one plan at once cannot both have seen it right
}

// saveAfter saves visits. A draft's visit that comes back is new to the store, and begins
// anew with the versions that others have seen of it: it is saved until it has one that
// nobody has seen, so that nobody takes it for the one it was.
func saveAfter(tx Tx, undone *PlanStep, save []*visit.Visit) error {
	if err := tx.Visits.Save(save...); err != nil {
		return err
	}
	for _, v := range save {
		for w, known := undone.was(v.CustomerID); known && w.VisitID == v.ID && v.Version <= w.Version; {
			if err := tx.Visits.Save(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// reasonsOf gives the reasons that were typed with changes, by visit.
func reasonsOf(changes []PlanChange, visits []*visit.Visit) TypedReasons {
	out := TypedReasons{Each: map[string]string{}}
	for _, v := range visits {
		for _, c := range changes {
			if c.CustomerID == v.CustomerID {
				out.Each[v.ID] = c.Reason
			}
		}
	}
	return out
}

// replace puts a visit elsewhere. Where only the executive changes, the hours that
// people chose stay; where it goes back, those of before return.
func replace(v *visit.Visit, to planning.Place, zone string, again WasVisit) error {
	if again.Begins != "" {
		return v.PlaceAt(to.Executive, to.Slot(), again.Begins, again.Ends, zone)
	}
	if v.Slot == to.Slot() && v.Begins != "" {
		return v.PlaceAt(to.Executive, v.Slot, v.Begins, v.Ends, v.Zone)
	}
	return v.Place(to.Executive, to.Slot(), zone)
}

// visitIn gives the visit that is put into a plan: the one that was taken out where
// that is taken back, a new one otherwise. Errors: Stale where something has happened
// to it since.
func (f *Flow) visitIn(tx Tx, t *table, customerID string, undone *PlanStep) (visit.Visit, error) {
	live := t.plan.State == visit.Live
	w, known := undone.was(customerID)
	old, err := visit.Visit{}, error(nil)
	if known && live {
		// A draft's visit that was taken out is gone, also where the draft was published since.
		if old, err = tx.Visits.Get(w.VisitID); err != nil && !fault.Is(err, fault.NotFound) {
			return old, err
		}
	}
	if old.ID == "" {
		v, err := f.newVisit(t, customerID, live)
		if known {
			v.Label = w.Label
			if !live { // nobody was told of it, so nothing else knows it by its id
				v.ID = w.VisitID // see saveAfter
			}
		}
		return v, err
	}
	steps, err := tx.Visits.History(old.ID)
	if err != nil {
		return old, err
	}
	if old.PlanID != t.plan.ID || old.State != visit.Cancelled || len(steps) == 0 || steps[len(steps)-1].At.After(undone.At) {
		return old, fault.Stalef("Something has happened to the visit to %s since it was taken out. Look at it, and put it in by hand.", t.names[customerID])
	}
	if err := old.Restore("The plan was changed back: this visit was put in again."); err != nil {
		return old, err
	}
	old.HostID = cmp.Or(t.customers[customerID].HostID, old.HostID) // who looks after the customer by now
	return old, f.succeed(tx, old.ID)
}

// succeed lets a visit that comes back have a new event, where the last one is known to
// be gone by another hand than ours, or to be somebody else's: what is wanted is what was
// agreed before, so nobody would look.
func (f *Flow) succeed(tx Tx, visitID string) error {
	events, err := tx.Calendars.Events(visitID)
	if err != nil || len(events) == 0 {
		return err
	}
	e := events[0]
	if seen := e.Base.Seen; e.Base.Over || !seen.Deleted && !seen.Taken {
		return nil
	}
	e.Want.Generation, e.Updated = e.Base.Generation+1, f.Now().UTC()
	return tx.Calendars.Save(&e)
}

// yesAgain gives an executive's yes back where the visit stands again as it was said.
func (f *Flow) yesAgain(tx Tx, v *visit.Visit) error {
	v.Answer = visit.Accepted
	p, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return err
	}
	if err := f.note(tx, v.ID, CalendarNote{Kind: NoteHolds, Guest: p.Email, Words: string(visit.Accepted) + " holds again for " + f.words(v.Slot) + ", " + v.Begins}); err != nil {
		return err
	}
	return carryLater(tx, *v)
}

// newVisit makes the visit of a customer who had none, or whose visit was declined
// or cancelled: that one stays as what happened.
func (f *Flow) newVisit(t *table, customerID string, live bool) (visit.Visit, error) {
	c, row := t.customers[customerID], t.rows[customerID]
	v := visit.Visit{ID: f.NewID(), PlanID: t.plan.ID, CustomerID: c.ID, HostID: c.HostID, State: visit.Proposed, Answer: visit.NoAnswer,
		Kind: visit.AtCustomer, Stratum: row.Stratum, Objective: t.visits[customerID].Objective}
	for _, g := range t.selection.Strata {
		if g.Code == row.Stratum {
			v.Group = g.Label
		}
	}
	if live {
		return v, v.Become(visit.Published, "")
	}
	return v, nil
}

// reckon keeps what the plan says of itself true: who has no place, and in a
// draft, where all is still ahead, what it costs.
func (t *table) reckon(changes []PlanChange, after *planning.Solution) {
	for _, c := range changes {
		t.plan.Unassigned = slices.DeleteFunc(slices.Clone(t.plan.Unassigned), func(u visit.Unassigned) bool { return u.CustomerID == c.CustomerID })
		if c.To == nil {
			t.plan.Unassigned = append(t.plan.Unassigned, visit.Unassigned{CustomerID: c.CustomerID, Reason: "Taken out of the plan by hand."})
		}
	}
	if t.plan.State == visit.Draft && len(t.stuck) == 0 {
		cost := maps.Clone(t.plan.Cost)
		maps.Copy(cost, costOf(after.Cost))
		t.plan.Cost = cost
	}
}
