package flow

import (
	"cmp"
	"context"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// AgendaInput is what both sides want from a visit, and what they go through.
type AgendaInput struct {
	Objective string // ours
	Theirs    string // the customer's, in the customer's words
	TheirsBy  string // who at the customer said so
	TheirsOn  slot.Date
	Agenda    []visit.AgendaItem
	Agree     bool      // the customer has agreed to this agenda
	AgreedBy  string    // who at the customer said so
	AgreedOn  slot.Date // when; zero: today
}

// SaveAgenda keeps objectives and agenda without the rest of the brief, and notes that
// the customer has agreed to the agenda where Agree says so; a visit that only stood as a
// hold is thereby agreed. An agenda that changes is agreed by nobody. version is that of
// the brief that was looked at. Errors: Stale; Conflict where nothing is left to prepare; Invalid.
func (f *Flow) SaveAgenda(ctx context.Context, a access.Actor, visitID string, version int, in AgendaInput) (BriefView, error) {
	by, err := text("agreed_by", in.AgreedBy, mostLine)
	if err != nil {
		return BriefView{}, err
	}
	err = f.prepareVisit(ctx, a, access.PrepareVisit, visitID, func(tx Tx, v *visit.Visit, b *visit.Brief) error {
		if b.Version != version {
			return errBriefChanged()
		}
		all := BriefInput{Objective: in.Objective, Theirs: in.Theirs, TheirsBy: in.TheirsBy, TheirsOn: in.TheirsOn, Agenda: in.Agenda}
		clean, err := f.checkBrief(all)
		if err != nil {
			return err
		}
		if err := f.putAgenda(tx, a, v, b, clean); err != nil {
			return err
		}
		if !in.Agree {
			return f.audit(tx, a, "prepare visit", "visit/"+v.ID, map[string]any{"objective": v.Objective != "", "theirs": v.Theirs.Words != "", "agenda": len(v.Agenda)})
		}
		return f.agreeAgenda(tx, a, v, b, by, in.AgreedOn)
	})
	if err != nil {
		return BriefView{}, err
	}
	return f.Brief(ctx, a, visitID)
}

func errBriefChanged() error {
	return fault.Stalef("Somebody has changed the brief meanwhile. Look at it again.")
}

// putAgenda brings objectives and agenda into a visit. What the customer had confirmed or
// agreed to and is no longer so has to be asked again.
func (f *Flow) putAgenda(tx Tx, a access.Actor, v *visit.Visit, b *visit.Brief, in BriefInput) error {
	theirs := visit.Said{Words: in.Theirs, By: in.TheirsBy, On: in.TheirsOn}
	if theirs.Words == "" {
		theirs = visit.Said{}
	} else if theirs.On.IsZero() {
		theirs.On = f.today(v.Zone)
		if theirs.Words == v.Theirs.Words && theirs.By == v.Theirs.By {
			theirs.On = v.Theirs.On
		}
	}
	agenda := !slices.Equal(in.Agenda, v.Agenda)
	if at, expected := visit.AgendaFault(in.Agenda, v.Begins, v.Ends); agenda && expected != "" {
		return fault.Invalidf("The times of the agenda do not add up.").With(fault.Detail{Where: "agenda", Value: in.Agenda[at].At + " " + fault.Short(in.Agenda[at].What), Expected: expected})
	}
	if agenda {
		b.AgendaBy, b.AgendaOn = "", 0
	}
	asked := v.State == visit.Confirmed
	if theirs.Words != v.Theirs.Words || agenda {
		b.Confirmed = 0
		v.Reopen("We changed the objective or the agenda.")
	}
	v.Objective, v.Theirs, v.Agenda = in.Objective, theirs, in.Agenda
	if asked && v.State != visit.Confirmed {
		return f.tellAskAgain(tx, a, *v)
	}
	return nil
}

// tellAskAgain tells the host of a visit that the customer, who had confirmed it, has to
// be asked again because we changed something: who changed it knows already.
func (f *Flow) tellAskAgain(tx Tx, a access.Actor, v visit.Visit) error {
	host, err := tx.People.Get(v.HostID)
	if fault.Is(err, fault.NotFound) || err == nil && host.ID == a.PersonID {
		return nil
	}
	if err != nil {
		return err
	}
	customers, err := customersOf(tx, []visit.Visit{v})
	if err != nil {
		return err
	}
	to, err := f.inTheirPlace(tx, host)
	if err != nil {
		return err
	}
	for _, p := range to {
		m := notify.AskAgain(p, host, cmp.Or(a.Name, "Somebody of us"), customers[v.CustomerID].Name, v.ID, v.Slot.Date, f.today(p.Zone), f.BaseURL)
		if err := f.deliver(tx, "ask again/"+v.ID+"/"+f.NewID(), "ask again", p, m); err != nil {
			return err
		}
	}
	return nil
}

// unconfirmed notes that the customer's confirmation of before holds no more, and tells
// the host where it did until now.
func (f *Flow) unconfirmed(tx Tx, a access.Actor, v visit.Visit, until bool) error {
	b, err := tx.Briefs.Get(v.ID)
	if err != nil {
		return err
	}
	if !b.Confirmed.IsZero() {
		b.Confirmed = 0
		if err := tx.Briefs.Save(&b); err != nil {
			return err
		}
	}
	if !until {
		return nil
	}
	return f.tellAskAgain(tx, a, v)
}

// agreeAgenda notes that somebody at the customer has agreed to the agenda as it stands.
func (f *Flow) agreeAgenda(tx Tx, a access.Actor, v *visit.Visit, b *visit.Brief, by string, on slot.Date) error {
	today := f.today(v.Zone)
	if on.IsZero() {
		on = today
	}
	var bad []fault.Detail
	if by == "" {
		bad = append(bad, fault.Detail{Where: "agreed_by", Expected: "who at the customer agreed, by name"})
	}
	if on > today.Add(1) || on < today.Add(-730) {
		bad = append(bad, fault.Detail{Where: "agreed_on", Value: on.String(), Expected: "the day on which it was agreed, not in the future"})
	}
	if len(v.Agenda) == 0 {
		bad = append(bad, fault.Detail{Where: "agenda", Expected: "an agenda to which the customer could agree"})
	}
	if len(bad) > 0 {
		return fault.Invalidf("It cannot be noted that this is agreed.").With(bad...)
	}
	b.AgendaBy, b.AgendaOn = by, on
	if v.State == visit.Published && v.Start.After(f.Now()) {
		v.Agreement = visit.Agreement{With: by, On: on}
		if err := v.Become(visit.Agreed, by+" agreed to the agenda."); err != nil {
			return err
		}
		v.Reason = ""
	}
	return f.audit(tx, a, "agree agenda", "visit/"+v.ID, map[string]any{"points": len(v.Agenda)})
}

// inTheirPlace gives who is told what somebody should know: that person, or the VPs where
// they have left. Nobody is mailed who is no longer here.
func (f *Flow) inTheirPlace(tx Tx, p roster.Person) ([]roster.Person, error) {
	if p.ID != "" && !f.hasLeft(p) {
		return []roster.Person{p}, nil
	}
	all, err := tx.People.All()
	return slices.DeleteFunc(all, func(x roster.Person) bool { return !x.Has(roster.VP) || f.hasLeft(x) }), err
}
