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

// watchOf gives the clock of a person on the person's own day.
func (f *Flow) watchOf(p coverage.Person) alert.Watch {
	return alert.Watch{PersonID: p.ID, LastVisit: p.Terms.LastVisit, Since: p.Since, Joined: p.Joined, Left: p.Left, Absences: p.Absences, Today: f.todayOf(p.Person)}
}

// verdict is what the clocks of everybody ask for.
type verdict struct {
	raise  []alert.Raise
	settle []alert.Settle
	steps  []alert.Step // of the alerts that are open
	warn   []alert.Warning
	void   []alert.Warned
	people map[string]coverage.Person
	all    []alert.Status
	status map[string]alert.Status
}

// empty says that there is nothing to do.
func (v verdict) empty() bool {
	return len(v.raise)+len(v.settle)+len(v.steps)+len(v.warn)+len(v.void) == 0
}

// foreseeDays is how far breaches are looked for, some days past the first warning: a
// person who moves west goes back a day.
const foreseeDays = 21

// judgeClocks looks at everybody's clock.
func (f *Flow) judgeClocks(tx Tx) (verdict, error) {
	v := verdict{people: map[string]coverage.Person{}, status: map[string]alert.Status{}}
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
		watches[i] = f.watchOf(p)
		horizon = max(horizon, watches[i].Today.Add(foreseeDays))
		v.people[p.ID] = p
	}
	open, err := tx.Alerts.List(true)
	if err != nil {
		return v, err
	}
	opened := make([]alert.Open, len(open))
	for i, o := range open {
		opened[i] = alert.Open{PersonID: o.PersonID, Breach: o.Breach}
	}
	v.all = alert.Clocks(watches, visits, horizon)
	for _, s := range v.all {
		v.status[s.PersonID] = s
	}
	v.raise, v.settle = alert.Judge(v.all, opened)
	if v.steps, err = f.stepsOf(tx, v, open); err != nil {
		return v, err
	}
	given, err := tx.Clocks.Warnings()
	if err != nil {
		return v, err
	}
	warned := make([]alert.Warned, len(given))
	for i, w := range given {
		warned[i] = w.Warned
	}
	v.warn, v.void = alert.Warn(v.all, warned, alert.WarnAhead())
	return v, nil
}

// lookAtClocks raises and settles alerts, warns of those to come, and tells each
// rung once per breach.
// Most times there is nothing to do, so it looks first without holding up who
// writes, and decides again in the transaction that does.
func (f *Flow) lookAtClocks(ctx context.Context) error {
	v, err := read(ctx, f, f.judgeClocks)
	if err != nil || v.empty() {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		v, err := f.judgeClocks(tx)
		if err != nil {
			return err
		}
		for _, s := range v.settle {
			err := tx.Alerts.Settle(s.PersonID, s.Breach, s.Outcome, s.Reason, f.Now().UTC())
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
			if err := f.raise(tx, r); err != nil {
				return err
			}
		}
		if err := f.climb(tx, v); err != nil {
			return err
		}
		return f.warn(tx, v)
	})
}

func alertSubject(personID string, breach slot.Date) string {
	return "alert/" + personID + "/" + breach.String()
}

// raise stores an alert.
func (f *Flow) raise(tx Tx, r alert.Raise) error {
	fresh, err := tx.Alerts.Raise(Alert{PersonID: r.PersonID, Breach: r.Breach, LastVisit: r.LastVisit, Open: true, Reason: r.Reason, RaisedAt: f.Now().UTC()})
	if err != nil {
		return err
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
	rungs, err := tx.Clocks.Told()
	if err != nil {
		return nil, err
	}
	told := map[string][]Delivery{}
	for _, d := range deliveries {
		if d.Channel != notify.Mail {
			continue
		}
		told[d.About] = append(told[d.About], d)
	}
	out := make([]AlertView, len(alerts))
	for i, x := range alerts {
		out[i] = AlertView{Alert: x, Person: people[x.PersonID], Deliveries: told[subjects[i]], NotedBy: people[x.NotedBy].Name}
		for _, r := range rungs {
			if r.PersonID == x.PersonID && r.Breach == x.Breach {
				out[i].Rungs = append(out[i].Rungs, r)
			}
		}
	}
	return out, nil
}
