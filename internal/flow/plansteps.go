package flow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// PlanStep is what one person changed in a plan at once: a move, a swap, visits
// taken out or put in. It is kept so that it can be taken back.
type PlanStep struct {
	ID       string
	PlanID   string
	N        int // counts the steps of the plan from 1
	At       time.Time
	By       string // person id
	Changes  []PlanChange
	Was      []WasVisit       // what the visits were besides their places, in any order
	Price    map[string]int64 // difference per term and in total; of a pin: none
	Words    string           // the price in words, as people were told
	Undoes   string           // id of the step that this one takes back; "" for others
	UndoneBy string           // id of the step that took this one back; "" where it holds
}

// WasVisit is what a visit was before a change besides its place, so that taking the
// change back gives that back too. It holds no words of anybody.
type WasVisit struct {
	CustomerID string       `json:"customer"`
	VisitID    string       `json:"visit"`
	Version    int          `json:"version,omitempty"`
	Label      string       `json:"label,omitempty"`
	Begins     string       `json:"begins"` // wall time at the place
	Ends       string       `json:"ends"`
	Answer     visit.Answer `json:"answer,omitempty"`
}

// wasOf gives what a visit is besides its place.
func wasOf(v visit.Visit) WasVisit {
	return WasVisit{CustomerID: v.CustomerID, VisitID: v.ID, Version: v.Version, Label: v.Label, Begins: v.Begins, Ends: v.Ends, Answer: v.Answer}
}

// was gives what a customer's visit was before a step besides its place; unknown for
// nil, and for steps that did not keep it.
func (s *PlanStep) was(customerID string) (WasVisit, bool) {
	if s != nil {
		for _, w := range s.Was {
			if w.CustomerID == customerID {
				return w, true
			}
		}
	}
	return WasVisit{}, false
}

// Pin gives the change of a step that pinned a visit or took its pin away; nil for
// other steps.
func (s PlanStep) Pin() *PlanChange {
	if len(s.Changes) == 1 && s.Changes[0].Pinned != nil {
		return &s.Changes[0]
	}
	return nil
}

// PlanStepView is a step as people read it.
type PlanStepView struct {
	PlanStep
	Who    string // name of who did it
	Text   string // what was done: "Acme from Ana, Thu 4 Mar morning, to Ben, Tue 9 Mar morning"
	Mine   bool   // the reader did it
	MayRun bool   // the reader may take it back
	MaySay bool   // the reader may say who caused it; Because of its first change is what was said
}

// stepsShown is how many steps can be looked at, and taken back.
const stepsShown = 20

// PlanSteps gives the last changes of a plan, newest first.
func (f *Flow) PlanSteps(ctx context.Context, a access.Actor, planID string) ([]PlanStepView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]PlanStepView, error) {
		p, err := tx.Plans.Get(planID)
		if err != nil {
			return nil, err
		}
		return stepsOf(tx, a, p)
	})
}

// stepsOf reads the last steps of a plan with the names they need.
func stepsOf(tx Tx, a access.Actor, p visit.Plan) ([]PlanStepView, error) {
	steps, err := tx.PlanSteps.Recent(p.ID, stepsShown)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	people, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range steps {
		for _, c := range s.Changes {
			ids = append(ids, c.CustomerID)
		}
	}
	customers, err := customersByID(tx, ids)
	if err != nil {
		return nil, err
	}
	n := namesOf(people, customers)
	may := mayChange(a, p) == nil
	out := make([]PlanStepView, 0, len(steps))
	for _, s := range steps {
		s.Words = a.Style.Again(s.Words)
		out = append(out, PlanStepView{PlanStep: s, Who: n.orSystem(s.By), Text: n.told(a.Style, s.Changes), Mine: s.By == a.PersonID, MayRun: may && s.UndoneBy == "", MaySay: may && s.explains(p)})
	}
	return out, nil
}

// mayChange says whether somebody may change a plan by hand.
func mayChange(a access.Actor, p visit.Plan) error {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return err
	}
	switch p.State {
	case visit.Live:
		return access.Require(a, access.PublishPlan, access.Subject{})
	case visit.Superseded:
		return fault.Conflictf("A newer plan has taken this one's place. Look at that one.")
	}
	return nil
}

// orSystem names a person, and what is no person as the system.
func (n names) orSystem(id string) string {
	if name := n[id]; name != "" {
		return name
	}
	return "Windshield"
}

// toldChanges is how many changes of one step are named.
const toldChanges = 3

// told says changes in words. Two visits that trade places are a swap.
func (n names) told(s locale.Style, changes []PlanChange) string {
	if len(changes) == 2 && changes[0].From != nil && changes[1].From != nil && changes[0].To != nil && changes[1].To != nil &&
		*changes[0].From == *changes[1].To && *changes[1].From == *changes[0].To {
		return n[changes[0].CustomerID] + " and " + n[changes[1].CustomerID] + " traded places: " + n.where(s, *changes[0].From) + ", and " + n.where(s, *changes[0].To)
	}
	var parts []string
	for _, c := range changes[:min(len(changes), toldChanges)] {
		who := n[c.CustomerID]
		switch {
		case c.Pinned != nil && c.From != nil && *c.Pinned:
			who += " pinned where it is, with " + n.where(s, *c.From)
		case c.Pinned != nil && c.From != nil:
			who += " no longer pinned, with " + n.where(s, *c.From)
		case c.From == nil && c.To != nil:
			who += " in with " + n.where(s, *c.To)
		case c.To == nil && c.From != nil:
			who += " out, was with " + n.where(s, *c.From)
		case c.From != nil && c.To != nil:
			who += " from " + n.where(s, *c.From) + " to " + n.where(s, *c.To)
		}
		parts = append(parts, who)
	}
	text := strings.Join(parts, "; ")
	if more := len(changes) - toldChanges; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

func (n names) where(s locale.Style, at planning.Place) string {
	half := "morning"
	if at.Half == slot.PM {
		half = "afternoon"
	}
	return n[at.Executive] + ", " + s.Day(at.Date, "Mon 2 Jan") + " " + half
}

// UndoStep takes a change of a plan back, as one more change that can be taken back
// itself. Every visit goes from where the change has put it to where it was, with the
// hours that people had chosen and the executive's yes; one that was taken out comes
// back as the one it was. Where anybody has moved one since, nothing is changed and the
// answer says who; nor where a customer has agreed since (Conflict). In the published
// plan the calendars follow, as for every move. reason is why visits are put back where
// they have a brake, "" where none does. Errors are those of Rearrange.
func (f *Flow) UndoStep(ctx context.Context, a access.Actor, k Key, planID, stepID, reason string) (Rearranged, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Rearranged{}, err
	}
	done, err := f.think()
	if err != nil {
		return Rearranged{}, err
	}
	defer done()
	return once(ctx, f, k, func(tx Tx) (Rearranged, error) {
		p, s, err := stepOf(tx, planID, stepID)
		if err != nil {
			return Rearranged{}, err
		}
		if s.UndoneBy != "" {
			return Rearranged{}, fault.Stalef("This change has been taken back already.")
		}
		back, err := backwards(tx, s, reason)
		if err != nil {
			return Rearranged{}, err
		}
		var out Rearranged
		if s.Pin() != nil {
			out, err = f.undoPin(tx, a, p, s)
		} else {
			out, err = f.rearrange(tx, a, planID, func(t *table) ([]PlanChange, error) { return back, t.agreedSince(back) }, &s)
		}
		if fault.Is(err, fault.Stale) {
			return out, f.sayWhoMoved(tx, a, s, err)
		}
		if err != nil {
			return out, err
		}
		return out, tx.PlanSteps.Undone(s.ID, out.Step)
	})
}

// backwards gives the changes that take a step back. What is made again was caused by
// whoever caused it the first time.
func backwards(tx Tx, s PlanStep, reason string) ([]PlanChange, error) {
	caused := map[string]visit.Code{}
	if s.Undoes != "" {
		first, err := tx.PlanSteps.Get(s.Undoes)
		if err != nil {
			return nil, err
		}
		for _, c := range first.Changes {
			caused[c.CustomerID] = c.Because
		}
	}
	back := make([]PlanChange, len(s.Changes))
	for i, c := range s.Changes {
		back[i] = PlanChange{CustomerID: c.CustomerID, From: c.To, To: c.From, Reason: reason, Because: caused[c.CustomerID]}
	}
	return back, nil
}

// makes says whether a step made changes, as the first of a chain of steps that take each
// other back does, and every second after it. To take it back is then no move of
// anybody's; to take one of the others back is to make the changes again.
func makes(tx Tx, s PlanStep) (bool, error) {
	first := true
	for s.Undoes != "" {
		var err error
		if s, err = tx.PlanSteps.Get(s.Undoes); err != nil {
			return false, err
		}
		first = !first
	}
	return first, nil
}

// agreedSince refuses to take back what a customer has agreed to where it stands: a
// move takes an agreement away, so it was given since. Moving it by hand asks first.
func (t *table) agreedSince(back []PlanChange) error {
	for _, c := range back {
		v := t.visits[c.CustomerID]
		if at, stands := t.places[c.CustomerID]; stands && c.From != nil && at == *c.From && v.State.Promised() {
			return fault.Conflictf("%s has agreed to this visit%s where it stands since. Move it by hand if it has to be.", t.names[c.CustomerID], with(v.Agreement.With))
		}
	}
	return nil
}

// sayWhoMoved adds to a refusal who has moved since what a step had moved.
func (f *Flow) sayWhoMoved(tx Tx, a access.Actor, s PlanStep, why error) error {
	later, err := tx.PlanSteps.Recent(s.PlanID, stepsShown)
	if err != nil {
		return err
	}
	touched := map[string]bool{}
	for _, c := range s.Changes {
		touched[c.CustomerID] = true
	}
	for _, x := range later {
		if x.N <= s.N {
			break
		}
		for _, c := range x.Changes {
			if !touched[c.CustomerID] {
				continue
			}
			who, err := tx.People.Get(x.By)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			name := who.Name
			if name == "" {
				name = "Windshield"
			}
			what := "moved"
			if c.Pinned != nil {
				what = "pinned or unpinned"
			}
			return fault.Stalef("This cannot be taken back as it is: %s has %s the same visit since (%s). Take that back first.", name, what, penFor(a).at(x.At))
		}
	}
	return why
}
