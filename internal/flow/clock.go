package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ladderSetting is the name under which the ladder is stored.
const ladderSetting = "escalation"

func ladderOf(tx Tx) (alert.Ladder, error) {
	l := alert.UsualLadder()
	s, err := tx.Ledger.Setting(ladderSetting)
	if err != nil || s == "" {
		return l, err
	}
	return l, json.Unmarshal([]byte(s), &l)
}

// Ladder says after how many days an open alert reaches the VP and the CEO.
func (f *Flow) Ladder(ctx context.Context, a access.Actor) (alert.Ladder, error) {
	if err := access.Require(a, access.SeeAlerts, access.Subject{}); err != nil {
		return alert.Ladder{}, err
	}
	return read(ctx, f, ladderOf)
}

// SetLadder changes it; for the VP. What was told stays told. seen is PrintOf what was
// looked at, "" where nobody has looked. Errors: Stale.
func (f *Flow) SetLadder(ctx context.Context, a access.Actor, l alert.Ladder, seen string) error {
	if err := access.Require(a, access.SetLadder, access.Subject{}); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := ladderOf(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, l); err != nil {
			return err
		}
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(ladderSetting, string(b)); err != nil {
			return err
		}
		if err := tx.Queue.Enqueue(Job{Kind: JobAlerts, Key: "ladder"}); err != nil {
			return err
		}
		return f.audit(tx, a, "change when alerts climb", "settings/"+ladderSetting, l)
	})
}

// stepsOf says which rungs the open alerts reach now.
func (f *Flow) stepsOf(tx Tx, v verdict, open []Alert) ([]alert.Step, error) {
	if len(open) == 0 {
		return nil, nil
	}
	l, err := ladderOf(tx)
	if err != nil {
		return nil, err
	}
	rungs, err := tx.Clocks.Told()
	if err != nil {
		return nil, err
	}
	told := map[alert.Open][]alert.Rung{}
	for _, r := range rungs {
		o := alert.Open{PersonID: r.PersonID, Breach: r.Breach}
		told[o] = append(told[o], r.Rung)
	}
	standing := make([]alert.Standing, len(open))
	for i, x := range open {
		o := alert.Open{PersonID: x.PersonID, Breach: x.Breach}
		p := v.people[x.PersonID]
		standing[i] = alert.Standing{Open: o, Raised: raisedOn(x, p.Person), Told: told[o], Absences: p.Absences, Until: x.SilentUntil, Seen: x.SeenOn, Note: x.Note}
	}
	return alert.Climb(v.all, standing, l), nil
}

// raisedOn gives the day on which an alert was raised, where the person lived then.
func raisedOn(x Alert, p roster.Person) slot.Date {
	d, err := alert.Today(x.RaisedAt, alert.ZoneOf(p, x.RaisedAt))
	if err != nil {
		d, _ = alert.Today(x.RaisedAt, "UTC")
	}
	return d
}

// climb tells the rungs that open alerts have reached, those just raised with them.
func (f *Flow) climb(tx Tx, v verdict) error {
	open, err := tx.Alerts.List(true)
	if err != nil {
		return err
	}
	steps, err := f.stepsOf(tx, v, open)
	if err != nil || len(steps) == 0 {
		return err
	}
	all, err := tx.People.All()
	if err != nil {
		return err
	}
	for _, s := range steps {
		fresh, err := tx.Clocks.Climb(ToldRung{PersonID: s.PersonID, Breach: s.Breach, Rung: s.Rung, At: f.Now().UTC()})
		if err != nil {
			return err
		}
		if !fresh {
			continue // another look has told it meanwhile
		}
		if err := f.tellRung(tx, s, v, all); err != nil {
			return err
		}
		if err := f.audit(tx, access.System("clock"), "tell of alert", alertSubject(s.PersonID, s.Breach), map[string]any{"rung": s.Rung, "days": s.Days}); err != nil {
			return err
		}
	}
	return nil
}

// tellRung mails whoever stands on a rung: the person and the assistants, the VP, the
// CEO. Nobody hears of their own breach a second time from above.
func (f *Flow) tellRung(tx Tx, s alert.Step, v verdict, all []roster.Person) error {
	p, about := v.people[s.PersonID].Person, alertSubject(s.PersonID, s.Breach)
	if s.Rung == alert.ToPerson {
		if err := f.deliver(tx, about, "breach", p, notify.Breach(p, v.status[p.ID], f.BaseURL)); err != nil {
			return err
		}
	}
	if s.Rung != alert.ToPerson {
		if err := f.post(tx, about, "breach "+string(s.Rung), p, notify.ClimbedOpenly(p, s, f.BaseURL)); err != nil {
			return err
		}
	}
	for _, to := range all {
		if to.ID == p.ID || f.hasLeft(to) || !standsOn(to, s.Rung, p.ID) {
			continue
		}
		if err := f.deliver(tx, about, "breach "+string(s.Rung), to, notify.Climbed(to, p, s, f.BaseURL)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) hasLeft(p roster.Person) bool { return !p.Left.IsZero() && f.todayOf(p) > p.Left }

// standsOn says whether somebody else hears of a person's breach on a rung.
func standsOn(to roster.Person, r alert.Rung, personID string) bool {
	switch r {
	case alert.ToPerson:
		return to.Has(roster.Assistant) && slices.Contains(to.Serves, personID)
	case alert.ToVP:
		return to.Has(roster.VP)
	case alert.ToCEO:
		return to.Has(roster.CEO)
	}
	return false
}

// AlertAnswer is what somebody says to an open alert.
type AlertAnswer struct {
	Until  slot.Date // silent until this day; zero to acknowledge only
	Reason string    // 3 to 500 characters
}

// AnswerAlert silences an open alert for some days, or notes that it is known, with a
// typed reason. For the person, the assistants and the VP. The clock runs on, and only
// a visit ends the breach. Errors: NotFound where no such alert is open; Invalid for a
// day too far ahead.
func (f *Flow) AnswerAlert(ctx context.Context, a access.Actor, personID string, breach slot.Date, in AlertAnswer) error {
	if err := access.Require(a, access.NoteAlert, access.Subject{ExecutiveID: personID}); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		open, err := tx.Alerts.List(true)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(open, func(x Alert) bool { return x.PersonID == personID && x.Breach == breach })
		if i < 0 {
			return fault.NotFoundf("There is no such open alert.")
		}
		p, err := tx.People.Get(personID)
		if err != nil {
			return err
		}
		today := f.todayOf(p)
		n := AlertNote{PersonID: personID, Breach: breach, Until: in.Until, Note: strings.TrimSpace(in.Reason), By: a.PersonID}
		what := "snooze alert"
		if in.Until.IsZero() {
			what, n.Seen, n.Until = "acknowledge alert", today, open[i].SilentUntil
			err = alert.CheckReason(in.Reason)
		} else {
			err = alert.CheckSnooze(raisedOn(open[i], p), today, in.Until, in.Reason)
		}
		if err != nil {
			return err
		}
		if err := tx.Clocks.Note(n); err != nil {
			return err
		}
		return f.audit(tx, a, what, alertSubject(personID, breach), map[string]any{"until": n.Until.String()})
	})
}

// fillClock brings the alert of somebody's page, and the ways out.
func (f *Flow) fillClock(tx Tx, a access.Actor, m *MyView) error {
	open, err := alertViews(tx, true)
	if err != nil {
		return err
	}
	for _, x := range open {
		if x.PersonID == m.Executive.ID {
			m.Alert = &x
			m.MayNote = access.Decide(a, access.NoteAlert, access.Subject{ExecutiveID: x.PersonID}).Allowed
		}
	}
	s := m.Clock
	if !s.Running || !s.Overdue && (s.Forecast.IsZero() || s.Forecast.Sub(s.Today) > alert.WarnAhead()[0]) {
		return nil
	}
	m.Ways, err = f.waysOut(tx, a, m.Executive, s)
	return err
}

// pacing is what groups have to keep up with in a year: the strata of the published plan's
// selection, and the regions of the customers. It is the same on every day of the year.
type pacing struct {
	strata, regions []alert.Group
	promise, now    []visit.Visit // read bare
	stratum, region map[string]string
}

// pacingOf reads the pacing of a published plan.
func pacingOf(tx Tx, p visit.Plan) (x pacing, err error) {
	s, err := tx.Selections.Get(p.SelectionID)
	if err != nil {
		return x, err
	}
	rows, err := tx.Selections.Rows(s.ID, true)
	if err != nil {
		return x, err
	}
	if x.promise, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, Bare: true}); err != nil {
		return x, err
	}
	year := yearOf(p.Year)
	if x.now, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, From: year.Start, To: year.End, Bare: true}); err != nil {
		return x, err
	}
	ids := make([]string, len(rows))
	x.stratum, x.region = make(map[string]string, len(rows)), make(map[string]string, len(rows))
	for i, r := range rows {
		ids[i], x.stratum[r.CustomerID] = r.CustomerID, r.Stratum
	}
	customers, err := customersByID(tx, ids)
	if err != nil {
		return x, err
	}
	for _, g := range groupsOf(s) {
		x.strata = append(x.strata, alert.Group{Code: g.Code, Label: g.Label, Target: g.Target})
	}
	target := map[string]int{}
	for _, id := range ids {
		if r := regionOf(customers[id]); r != "" {
			x.region[id] = r
			target[r]++
		}
	}
	for r, n := range target {
		x.regions = append(x.regions, alert.Group{Dimension: "region", Code: r, Label: r, Target: n})
	}
	slices.SortFunc(x.regions, func(x, y alert.Group) int { return strings.Compare(x.Code, y.Code) })
	return x, nil
}

// lags gives the groups that fall behind on a day. A visit that was moved is due on its new
// day.
func (x pacing) lags(today slot.Date) []alert.Lag {
	tallies := alert.Count(x.strata, x.promise, x.now, func(id string) string { return x.stratum[id] }, today)
	return alert.Behind(append(tallies, alert.Count(x.regions, x.promise, x.now, func(id string) string { return x.region[id] }, today)...))
}

// lagging gives the groups that fall behind the published plan of this year.
func lagging(tx Tx, today slot.Date) ([]alert.Lag, error) {
	p, ok, err := livePlan(tx, today.Year())
	if err != nil || !ok {
		return nil, err
	}
	x, err := pacingOf(tx, p)
	return x.lags(today), err
}

// regionOf gives the region that the company's own list says, else the country.
func regionOf(c roster.Customer) string {
	if r := c.Values["region"]; r != "" {
		return r
	}
	return c.Country
}

// warn gives the warnings of breaches to come, with the ways out, to the person and
// the assistants.
func (f *Flow) warn(tx Tx, v verdict) error {
	if err := tx.Clocks.Void(v.void...); err != nil {
		return err
	}
	if len(v.warn) == 0 {
		return nil
	}
	all, err := tx.People.All()
	if err != nil {
		return err
	}
	for _, w := range v.warn {
		times, err := tx.Clocks.Warn(KeptWarning{Warned: w.Warned, Reason: w.Reason, At: f.Now().UTC()})
		if err != nil {
			return err
		}
		if times == 0 {
			continue
		}
		p := v.people[w.PersonID]
		if err := f.tellWarning(tx, p, w, times, v.status[w.PersonID], all); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) tellWarning(tx Tx, p coverage.Person, w alert.Warning, times int, s alert.Status, all []roster.Person) error {
	about := warningSubject(w.Warned, times)
	for _, to := range all {
		if to.ID != p.ID && (f.hasLeft(to) || !standsOn(to, alert.ToPerson, p.ID)) {
			continue
		}
		ways, err := f.waysOut(tx, readBy(to), p.Person, s)
		if err != nil {
			return err
		}
		lines := make([]string, len(ways))
		for i, x := range ways {
			lines[i] = x.Text
		}
		if err := f.deliver(tx, about, "warning", to, notify.Ahead(to, p.Person, w, lines, f.BaseURL)); err != nil {
			return err
		}
	}
	return f.audit(tx, access.System("clock"), "warn", about, map[string]any{"days": w.Days})
}
