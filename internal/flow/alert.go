package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// visitors gives everybody who is asked to visit, with what the clocks need.
func visitors(tx Tx) ([]coverage.Person, error) {
	all, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	absences, err := absencesByPerson(tx)
	if err != nil {
		return nil, err
	}
	var out []coverage.Person
	for _, p := range all {
		if p.Has(roster.Executive) {
			out = append(out, coverage.Person{Person: p, Absences: absences[p.ID], Since: p.Since})
		}
	}
	return out, nil
}

// clockVisits gives the visits that clocks look at: what stands or has happened.
func clockVisits(tx Tx) ([]visit.Visit, error) {
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true},
		States: visit.Told()})
	return visits, err
}

// verdict is what the clocks of everybody ask for.
type verdict struct {
	raise  []alert.Raise
	settle []alert.Settle
	people map[string]roster.Person
	status map[string]alert.Status
}

// judgeClocks looks at everybody's clock.
func (f *Flow) judgeClocks(tx Tx) (verdict, error) {
	v := verdict{people: map[string]roster.Person{}, status: map[string]alert.Status{}}
	people, err := visitors(tx)
	if err != nil {
		return v, err
	}
	visits, err := clockVisits(tx)
	if err != nil {
		return v, err
	}
	watches := make([]alert.Watch, len(people))
	var horizon slot.Date
	for i, p := range people {
		today := f.today(p.Zone)
		horizon = max(horizon, today)
		watches[i] = alert.Watch{PersonID: p.ID, LastVisit: p.Terms.LastVisit, Since: p.Since, Absences: p.Absences, Today: today}
		v.people[p.ID] = p.Person
	}
	open, err := tx.Alerts.List(true)
	if err != nil {
		return v, err
	}
	opened := make([]alert.Open, len(open))
	for i, o := range open {
		opened[i] = alert.Open{PersonID: o.PersonID, Breach: o.Breach}
	}
	statuses := alert.Clocks(watches, visits, horizon)
	for _, s := range statuses {
		v.status[s.PersonID] = s
	}
	v.raise, v.settle = alert.Judge(statuses, opened)
	return v, nil
}

// lookAtClocks raises and settles alerts, and tells each person once per breach.
// Most times there is nothing to do, so it looks first without holding up who
// writes, and decides again in the transaction that does.
func (f *Flow) lookAtClocks(ctx context.Context) error {
	v, err := read(ctx, f, f.judgeClocks)
	if err != nil || len(v.raise)+len(v.settle) == 0 {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		v, err := f.judgeClocks(tx)
		if err != nil {
			return err
		}
		for _, s := range v.settle {
			err := tx.Alerts.Settle(s.PersonID, s.Breach, s.Reason, f.Now().UTC())
			if fault.Is(err, fault.NotFound) {
				continue // another look has settled it meanwhile
			}
			if err != nil {
				return err
			}
			if err := f.audit(tx, access.System("clock"), "settle alert", alertSubject(s.PersonID, s.Breach), s.Outcome); err != nil {
				return err
			}
		}
		for _, r := range v.raise {
			if err := f.raise(tx, r, v.people[r.PersonID], v.status[r.PersonID]); err != nil {
				return err
			}
		}
		return nil
	})
}

func alertSubject(personID string, breach slot.Date) string {
	return "alert/" + personID + "/" + breach.String()
}

// raise stores an alert and, where it is new, the mail about it.
func (f *Flow) raise(tx Tx, r alert.Raise, p roster.Person, s alert.Status) error {
	fresh, err := tx.Alerts.Raise(Alert{PersonID: r.PersonID, Breach: r.Breach, LastVisit: r.LastVisit, Open: true, Reason: r.Reason, RaisedAt: f.Now().UTC()})
	if err != nil {
		return err
	}
	if fresh {
		if err := f.deliver(tx, alertSubject(r.PersonID, r.Breach), "breach", p, notify.Breach(p, s, f.BaseURL)); err != nil {
			return err
		}
	}
	return f.audit(tx, access.System("clock"), "raise alert", alertSubject(r.PersonID, r.Breach), map[string]bool{"new": fresh})
}

// Alerts gives alerts, newest breach first, with who was told.
func (f *Flow) Alerts(ctx context.Context, a access.Actor, openOnly bool) ([]AlertView, error) {
	if err := access.Require(a, access.SeeAlerts, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]AlertView, error) { return alertViews(tx, openOnly) })
}

func alertViews(tx Tx, openOnly bool) ([]AlertView, error) {
	alerts, err := tx.Alerts.List(openOnly)
	if err != nil {
		return nil, err
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	subjects := make([]string, len(alerts))
	for i, x := range alerts {
		subjects[i] = alertSubject(x.PersonID, x.Breach)
	}
	deliveries, err := tx.Alerts.Deliveries(subjects...)
	if err != nil {
		return nil, err
	}
	told := map[string][]Delivery{}
	for _, d := range deliveries {
		told[d.About] = append(told[d.About], d)
	}
	out := make([]AlertView, len(alerts))
	for i, x := range alerts {
		out[i] = AlertView{Alert: x, Person: people[x.PersonID], Deliveries: told[subjects[i]]}
	}
	return out, nil
}
