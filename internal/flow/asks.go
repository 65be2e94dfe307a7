package flow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Ask is what an executive asks for instead of a visit as it stands: somebody else
// goes, or it is on another day. Only whoever plans makes it so.
type Ask struct {
	VisitID string
	By      string // person id
	At      time.Time
	Changes []PlanChange // the visit's own first, then those that would have to move with it
	Says    string       // the same in a sentence, which the visit carries as long as nobody has decided
	With    []string     // what else moves with it, in words; filled by Asked
}

// Asks keeps the latest ask of each visit.
type Asks interface {
	// Get gives the zero Ask where there is none.
	Get(visitID string) (Ask, error)
	Save(a Ask) error
}

// Instead is what an executive could do instead of a visit.
type Instead struct {
	Visit  VisitView
	Others []Proposal // who else could go, the best first
	Times  []Proposal // when the same executive could go
	Asked  Ask        // what was asked for, as long as nobody has decided; zero where nothing was
}

// insteadOf is how many of each kind are offered: a choice that fits a phone.
const insteadOf = 3

// Instead says who could go instead of the executive of a visit, or when else it
// could be, before it is declined. For those who may answer it. Where others ask
// questions at the same time, and where nothing can be proposed, the lists are empty.
func (f *Flow) Instead(ctx context.Context, a access.Actor, visitID string) (Instead, error) {
	v, err := f.Visit(ctx, a, visitID)
	if err != nil {
		return Instead{}, err
	}
	if err := access.Require(a, access.AnswerVisit, about(v.Visit)); err != nil {
		return Instead{}, err
	}
	x := Instead{Visit: v}
	if x.Asked, err = read(ctx, f, func(tx Tx) (Ask, error) { return openAsk(tx, v.Visit) }); err != nil {
		return x, err
	}
	if !v.MayAnswer || v.Plan.State != visit.Live {
		return x, nil
	}
	id := v.Visit.CustomerID
	out, err := onBoard(ctx, f, a, v.Plan.ID, func(l *laid) (Instead, error) {
		next, err := l.board.RunnersUp(ctx, id, insteadOf)
		if fault.Is(err, fault.Invalid) {
			return x, nil // pinned: it moves only when somebody says when
		}
		if err != nil {
			return x, l.t.names.fault(err)
		}
		late, err := f.late(ctx, l.t, id)
		x.Others, x.Times = l.t.proposals(next.Executives, late), l.t.proposals(next.Weeks, late)
		return x, err
	})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Temporary) {
		return x, nil // nobody moves visits of that plan, or this one, any more, or busy: a time of one's own can still be suggested
	}
	return out, err
}

// openAsk gives what was asked for about a visit and not decided. It stands beside what
// the calendar says of the visit, and is over once the visit stands elsewhere.
func openAsk(tx Tx, v visit.Visit) (Ask, error) {
	if v.Asked == "" || !v.State.Live() {
		return Ask{}, nil
	}
	return tx.Asks.Get(v.ID)
}

// Asked gives what was asked for about a visit and is not decided; the zero Ask where
// nothing is. For those who see the visit.
func (f *Flow) Asked(ctx context.Context, a access.Actor, visitID string) (Ask, error) {
	return read(ctx, f, func(tx Tx) (Ask, error) {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return Ask{}, err
		}
		x, err := openAsk(tx, v)
		if err != nil || len(x.Changes) < 2 {
			return x, err
		}
		// Whoever does as asked sees all of it: nobody else has looked at the rest.
		people, err := tx.People.All()
		if err != nil {
			return x, err
		}
		var ids []string
		for _, c := range x.Changes {
			ids = append(ids, c.CustomerID)
		}
		customers, err := customersByID(tx, ids)
		for i := range x.Changes[1:] {
			x.With = append(x.With, namesOf(people, customers).told(a.Style, x.Changes[i+1:i+2]))
		}
		return x, err
	})
}

// AskInstead asks that somebody else goes, or that the visit is on another day. It
// stands as it is until whoever plans, or the host, has decided; they see it among
// what they have to decide, with one button. For those who may answer the visit.
// Whoever asks again asks for the new thing only. Errors: Stale where the visit
// changed; Conflict where it waits for no answer; Invalid for changes that do not begin with this visit, days that are
// past or outside of the plan, and without a reason.
func (f *Flow) AskInstead(ctx context.Context, a access.Actor, visitID string, version int, changes []PlanChange, reason string) (VisitView, error) {
	reason, err := text("reason", reason, 300)
	if err != nil {
		return VisitView{}, err
	}
	if reason == "" {
		return VisitView{}, fault.Invalidf("Please say why, so that whoever decides understands.").With(fault.Detail{Where: "reason", Expected: "a few words"})
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
		if !v.State.Live() || !v.Start.After(f.Now()) {
			return fault.Conflictf("The visit is %s and waits for no answer.", v.State)
		}
		says, err := f.saysInstead(tx, v, changes, reason)
		if err != nil {
			return err
		}
		for i := range changes { // who caused it, and why it is good to be there then, is not for who asks to say
			changes[i].Because, changes[i].Reason = "", ""
		}
		changes[0].Reason = reason // whoever decides may need one to put the visit there
		v.Asked = says
		if err := tx.Visits.Save(&v); err != nil {
			return err
		}
		if err := tx.Asks.Save(Ask{VisitID: v.ID, By: a.PersonID, At: f.Now().UTC(), Changes: changes, Says: says}); err != nil {
			return err
		}
		return f.audit(tx, a, "ask for something else", "visit/"+v.ID, map[string]any{"to": changes[0].To})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// mostAsked is how many visits may move with one that somebody asks to move.
const mostAsked = 10

// saysInstead puts an ask into a sentence, or says why it cannot be asked for.
func (f *Flow) saysInstead(tx Tx, v visit.Visit, changes []PlanChange, reason string) (string, error) {
	bad := func(value, expected string) error {
		return fault.Invalidf("This cannot be asked for.").With(fault.Detail{Where: "date", Value: value, Expected: expected})
	}
	if len(changes) == 0 || len(changes) > mostAsked {
		return "", bad(fmt.Sprint(len(changes), " changes"), "1 to 10 changes")
	}
	own := changes[0]
	stands := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	if own.CustomerID != v.CustomerID || own.To == nil || own.From == nil || *own.From != stands {
		return "", bad(v.Slot.String(), "a change of this visit from where it stands")
	}
	for _, c := range changes[1:] {
		if c.From == nil || c.To == nil || len(c.CustomerID) > 100 || len(c.From.Executive)+len(c.To.Executive) > 200 {
			return "", bad("another visit", "a change that moves it: nobody else's visit is put in or taken out")
		}
	}
	plan, err := tx.Plans.Get(v.PlanID)
	if err != nil {
		return "", err
	}
	if plan.State != visit.Live || !plan.Horizon.Contains(own.To.Date) || own.To.Date <= f.today(v.Zone) {
		return "", bad(own.To.Date.String(), "a day ahead in "+plan.Horizon.String())
	}
	if own.To.Half != slot.AM && own.To.Half != slot.PM {
		return "", bad(fault.Short(string(own.To.Half)), "am or pm")
	}
	people, err := everybody(tx)
	if err != nil {
		return "", err
	}
	to := people[own.To.Executive]
	who := people[v.ExecutiveID].Name
	words := []string{}
	if own.To.Executive != v.ExecutiveID {
		if to.Terms.TargetVisits == 0 || f.hasLeft(to) {
			return "", bad(fault.Short(own.To.Executive), "somebody who visits customers")
		}
		words = append(words, to.Name+" to go instead")
	}
	if own.To.Slot() != v.Slot {
		words = append(words, "another day, "+f.words(own.To.Slot()))
	}
	if len(words) == 0 {
		return "", bad(v.Slot.String(), "another day, or somebody else")
	}
	return fmt.Sprintf("%s cannot come and asks for %s: “%s”", who, strings.Join(words, " on "), reason), nil
}
