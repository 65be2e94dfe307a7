package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// once runs do in a transaction that may change rows. Where the request has an
// idempotency key, a repeat gives the stored answer and do does not run again.
// T must survive a round trip through JSON; keep it small.
func once[T any](ctx context.Context, f *Flow, k Key, do func(Tx) (T, error)) (T, error) {
	var out T
	err := f.Store.Write(ctx, func(tx Tx) error {
		out = *new(T) // the transaction may run again
		if k.Key == "" {
			var err error
			out, err = do(tx)
			return err
		}
		answer, done, err := tx.Ledger.Begin(k)
		if err != nil {
			return err
		}
		if done {
			return json.Unmarshal(answer, &out)
		}
		if out, err = do(tx); err != nil {
			return err
		}
		b, err := json.Marshal(out)
		if err != nil {
			return err
		}
		return tx.Ledger.Finish(k, b)
	})
	return out, err
}

// read runs do in a read-only transaction and gives what it made.
func read[T any](ctx context.Context, f *Flow, do func(Tx) (T, error)) (T, error) {
	var out T
	err := f.Store.Read(ctx, func(tx Tx) error {
		var err error
		out, err = do(tx)
		return err
	})
	return out, err
}

// audit appends one entry for one change. detail is marshalled as it is and must
// hold no personal data.
func (f *Flow) audit(tx Tx, a access.Actor, action, subject string, detail any) error {
	b, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	return tx.Ledger.Audit(Entry{At: f.Now().UTC(), ActorID: a.PersonID, Action: action, Subject: subject, Detail: string(b)})
}

// today gives the date in a person's zone, in UTC where the zone is unknown.
func (f *Flow) today(zone string) slot.Date {
	loc, err := slot.LoadZone(zone)
	if err != nil {
		loc, _ = slot.LoadZone("UTC")
	}
	return slot.DateOf(f.Now(), loc)
}

// todayFor gives the date where an actor reads, in UTC for whom nobody reads. Pages show
// their reader's; what becomes of people and visits goes by the zones where these are.
func (f *Flow) todayFor(a access.Actor) slot.Date { return f.today(a.Zone) }

// todayOf gives one of us the date where that person lives now.
func (f *Flow) todayOf(p roster.Person) slot.Date { return f.today(alert.ZoneOf(p, f.Now())) }

// signedIn refuses whom we do not know, where what others may see is a matter of
// scope and not of one decision.
func signedIn(a access.Actor) error {
	if a.PersonID == "" {
		return fault.New(fault.Unauthenticated, "Please sign in first.")
	}
	return nil
}

// everybody gives all people by id.
func everybody(tx Tx) (map[string]roster.Person, error) {
	all, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	byID := make(map[string]roster.Person, len(all))
	for _, p := range all {
		byID[p.ID] = p
	}
	return byID, nil
}

// customersOf gives the customers of visits by id.
func customersOf(tx Tx, visits []visit.Visit) (map[string]roster.Customer, error) {
	seen := map[string]bool{}
	var ids []string
	for _, v := range visits {
		if !seen[v.CustomerID] {
			seen[v.CustomerID] = true
			ids = append(ids, v.CustomerID)
		}
	}
	return customersByID(tx, ids)
}

func customersByID(tx Tx, ids []string) (map[string]roster.Customer, error) {
	byID := make(map[string]roster.Customer, len(ids))
	if len(ids) == 0 {
		return byID, nil
	}
	rows, err := tx.Customers.ByIDs(ids...)
	if err != nil {
		return nil, err
	}
	for _, c := range rows {
		byID[c.ID] = c
	}
	return byID, nil
}

// absencesByPerson groups the absences of the people named, of all where none is named.
func absencesByPerson(tx Tx, personIDs ...string) (map[string][]slot.Interval, error) {
	all, err := tx.People.Absences(personIDs...)
	if err != nil {
		return nil, err
	}
	by := map[string][]slot.Interval{}
	for _, a := range all {
		by[a.PersonID] = append(by[a.PersonID], a.Interval)
	}
	return by, nil
}

// CheckYear refuses years that nobody plans.
func CheckYear(year int) error {
	if year < 2020 || year > 2100 {
		return fault.Invalidf("This year cannot be planned.").With(fault.Detail{Where: "year", Value: fmt.Sprint(year), Expected: "a year from 2020 to 2100"})
	}
	return nil
}

// text brings what somebody typed to one line and refuses what is too long.
func text(where, s string, most int) (string, error) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", fault.Invalidf("This text cannot be read.").With(fault.Detail{Where: where, Value: fault.Short(s), Expected: "letters, digits and signs"})
	}
	s = strings.Join(strings.Fields(s), " ")
	if len([]rune(s)) > most {
		return "", fault.Invalidf("This text is too long.").With(fault.Detail{Where: where, Value: fault.Short(s), Expected: fmt.Sprintf("at most %d characters", most)})
	}
	return s, nil
}
