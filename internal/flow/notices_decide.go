package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"windshield/internal/access"
	"windshield/internal/locale"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// decideSubject is what the message about a visit is about on which calendar and plan
// disagree. Another disagreement, or another day, is told anew.
func decideSubject(v visit.Visit) string {
	return "decide/" + v.ID + "/" + v.Slot.Date.String() + "/" + hash(v.ToDecide())[:12]
}

// undecidedUntold gives the visits about which somebody has to decide and was not told
// so: the host of the visit, and the VP of Sales.
func (f *Flow) undecidedUntold(tx Tx) (map[string][]visit.Visit, map[string]roster.Person, error) {
	open, err := f.undecided(tx, access.Scope{All: true})
	if err != nil || len(open) == 0 {
		return nil, nil, err
	}
	subjects := make([]string, len(open))
	for i, v := range open {
		subjects[i] = decideSubject(v)
	}
	made, err := tx.Outbox.Made(subjects...)
	if err != nil {
		return nil, nil, err
	}
	told := map[Told]bool{}
	for _, m := range made {
		told[m] = true
	}
	people, err := f.whoIsHere(tx, true)
	if err != nil {
		return nil, nil, err
	}
	due := map[string][]visit.Visit{}
	for _, p := range people {
		for i, v := range open {
			if (p.ID == v.HostID || p.Has(roster.VP)) && !told[Told{subjects[i], p.ID, "decide"}] {
				due[p.ID] = append(due[p.ID], v)
			}
		}
	}
	return due, people, nil
}

// lookAtDecisions tells those who decide what has come up since, each in one message.
func (f *Flow) lookAtDecisions(ctx context.Context) error {
	n, err := read(ctx, f, func(tx Tx) (int, error) {
		due, _, err := f.undecidedUntold(tx)
		return len(due), err
	})
	if err != nil || n == 0 {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		due, people, err := f.undecidedUntold(tx)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(due)) {
			if err := f.tellUndecided(tx, people[id], due[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// tellUndecided writes one message about several visits, and a notice on the own page for
// each of them: that says for each what it was told of, and opens it.
func (f *Flow) tellUndecided(tx Tx, to roster.Person, visits []visit.Visit) error {
	customers, err := customersOf(tx, visits)
	if err != nil {
		return err
	}
	s, lines, all := locale.Of(to.Locale), make([]notify.Line, len(visits)), ""
	for i, v := range visits {
		why := s.Again(v.ToDecide())
		if why == "" {
			why = "its entry in the calendar was changed"
		}
		lines[i] = notify.Line{Text: fmt.Sprintf("%s, %s: %s", s.Near(v.Slot.Date, f.today(v.Zone)), customers[v.CustomerID].Name, why), Path: "/visits/" + v.ID}
		all += decideSubject(v)
	}
	if len(visits) == 1 {
		return f.deliver(tx, decideSubject(visits[0]), "decide", to, notify.NeedDecision(to, lines, f.BaseURL))
	}
	for i, v := range visits {
		d := f.delivery(decideSubject(v), "decide", notify.Page, to.ID, notify.NeedDecision(to, lines[i:i+1], f.BaseURL))
		d.State, d.SentAt = Sent, f.Now().UTC()
		if err := f.store(tx, d); err != nil {
			return err
		}
	}
	return f.deliver(tx, "decide/"+hash(all), "decide", to, notify.NeedDecision(to, lines, f.BaseURL))
}
