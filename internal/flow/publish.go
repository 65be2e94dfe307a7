package flow

import (
	"context"
	"fmt"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// Published says what a publish did.
type Published struct {
	PlanID    string `json:"plan"`
	Visits    int    `json:"visits"`    // visits that stand now
	New       int    `json:"new"`       // of which were not in the plan before
	Moved     int    `json:"moved"`     // of which stood elsewhere before
	Cancelled int    `json:"cancelled"` // visits of the plan before that do not stand any more
	Unchanged bool   `json:"unchanged"` // the plan had been published already: nothing was done
	LaunchID  string `json:"launch"`    // by which the events go; "" where there is nothing to do
	by        string // who publishes, for the histories of the visits
}

// PublishInput is what the publisher has seen and said.
type PublishInput struct {
	Preview string       // fingerprint of the forecast; "" where nobody has looked
	GiveUp  []string     // visits that may be cancelled although somebody has agreed to them
	Reasons TypedReasons // for visits that have a brake
}

// Publish makes a draft the plan of its year: books everybody, asks for the
// calendar events, all or nothing. Visits that the plan before had with the same
// customers keep their identity, so that their events move instead of being
// cancelled and invited anew. Publishing a published plan changes nothing.
// Errors: Conflict with the double bookings named; Stale.
//
// The events go by a launch, wave by wave. preview is the fingerprint of the
// forecast that somebody has seen; where it is no longer true, nothing happens
// (Stale). It is "" where nobody has looked. A visit that comes late in the customer's
// buying, or at the end of our quarter, needs a typed reason (Invalid).
func (f *Flow) Publish(ctx context.Context, a access.Actor, k Key, planID string, version int, in PublishInput) (Published, error) {
	if err := access.Require(a, access.PublishPlan, access.Subject{}); err != nil {
		return Published{}, err
	}
	return once(ctx, f, k, func(tx Tx) (Published, error) {
		p, visits, err := f.toPublish(tx, planID, version)
		if err != nil {
			return Published{}, err
		}
		if p.State == visit.Live {
			return Published{PlanID: planID, Visits: len(visits), Unchanged: true}, nil
		}
		if err := f.keepsPromises(tx, p, visits, in.GiveUp); err != nil {
			return Published{}, err
		}
		out := Published{PlanID: planID, by: a.PersonID}
		changed, err := f.takeOver(tx, &p, visits, &out)
		if err != nil {
			return out, err
		}
		if out.LaunchID, err = f.launch(tx, a, p, changed, in.Preview); err != nil {
			return out, err
		}
		if err := f.justify(tx, a, in.Reasons, thoseLive(changed)...); err != nil {
			return out, err
		}
		p.State, p.PublishedAt = visit.Live, f.Now().UTC()
		if err := tx.Plans.Save(&p); err != nil {
			return out, err
		}
		if err := f.freezeFirst(tx, a, p); err != nil {
			return out, err
		}
		return out, f.audit(tx, a, "publish plan", "plan/"+planID, out)
	})
}

// toPublish gives a plan with its visits where it is published already, or may be.
// version is the one that somebody has looked at, anyVersion where nobody has.
func (f *Flow) toPublish(tx Tx, planID string, version int) (visit.Plan, []visit.Visit, error) {
	p, err := tx.Plans.Get(planID)
	if err != nil {
		return p, nil, err
	}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: planID})
	if err != nil {
		return p, nil, err
	}
	switch p.State {
	case visit.Live:
		return p, visits, nil
	case visit.Superseded:
		return p, nil, fault.Conflictf("A newer plan has taken this one's place. Make a new draft to change the year.")
	}
	if p.Assumes != "" {
		return p, nil, fault.Conflictf("This draft is a scenario: it assumes %s. Change the data it stands on, plan again and publish that.", p.Assumes)
	}
	if version != anyVersion && p.Version != version {
		return p, nil, fault.Stalef("The plan has been changed meanwhile. Look at it again before you publish it.")
	}
	if len(visits) == 0 {
		return p, nil, fault.Conflictf("The plan has no visits to publish.")
	}
	return p, visits, f.fresh(tx, p, visits)
}

// fresh refuses a draft that the days have overtaken: with visits that lie behind
// us, that ask somebody again who has declined since, or that break what has been
// agreed since.
func (f *Flow) fresh(tx Tx, p visit.Plan, drafted []visit.Visit) error {
	plans, err := tx.Plans.ByYear(p.Year)
	if err != nil {
		return err
	}
	declined, settled, promised := map[[2]string]bool{}, map[string]bool{}, map[string]visit.Visit{}
	for _, other := range plans {
		if other.State == visit.Draft {
			continue
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: other.ID})
		if err != nil {
			return err
		}
		for _, v := range visits {
			if v.State == visit.Declined {
				declined[[2]string{v.CustomerID, v.ExecutiveID}] = true
			}
			if f.settled(v) {
				settled[v.CustomerID] = true
			} else if promise(v) {
				promised[v.CustomerID] = v
			}
		}
	}
	behind, refused := 0, 0
	for _, v := range drafted {
		switch {
		case settled[v.CustomerID]:
		case !v.Start.After(f.Now()):
			behind++
		case declined[[2]string{v.CustomerID, v.ExecutiveID}]:
			refused++
		}
	}
	if behind+refused > 0 {
		return fault.Conflictf("The draft has been overtaken: %d of its visits lie behind us, and %d ask somebody who has declined since. Plan again and publish the new draft.", behind, refused)
	}
	return f.keepsWord(tx, p, drafted, promised)
}

// promise says whether a visit stands where somebody has agreed to it: the
// executive has accepted it, the customer was promised it, or it is pinned.
func promise(v visit.Visit) bool {
	return v.State.Live() && (v.Pinned || v.Answer == visit.Accepted || v.State.Promised())
}

// keepsWord refuses a draft that moves or drops what has been accepted or pinned
// since it was made. What its own problem held in place already, somebody has moved
// by hand, and knew. What planning again would not hold either, because the
// executive has fallen ill or the customer has left the selection, binds nobody.
func (f *Flow) keepsWord(tx Tx, p visit.Plan, drafted []visit.Visit, promised map[string]visit.Visit) error {
	for _, v := range drafted {
		if old, ok := promised[v.CustomerID]; ok && old.ExecutiveID == v.ExecutiveID && old.Slot == v.Slot {
			delete(promised, v.CustomerID)
		}
	}
	if len(promised) == 0 {
		return nil
	}
	r, err := tx.Runs.OfPlan(p.ID)
	if fault.Is(err, fault.NotFound) {
		r, err = Run{SelectionID: p.SelectionID}, nil
	}
	if err != nil {
		return err
	}
	base, err := problemOf(tx, r.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	again, err := f.draftOf(tx, r, base, nil)
	if err != nil {
		return err
	}
	known, now := pinsOf(base), pinsOf(again.problem)
	var broken []fault.Detail
	for _, id := range again.ids {
		v, ok := promised[id]
		if !ok || now[id] == (planning.Place{}) || known[id] == now[id] {
			continue
		}
		why := "is pinned"
		switch {
		case v.State.Promised():
			why = "has been agreed with the customer"
		case v.Answer == visit.Accepted:
			why = "has been accepted"
		}
		broken = append(broken, fault.Detail{Where: again.names[id], Value: fmt.Sprintf("%s with %s", v.Slot, again.names[v.ExecutiveID]),
			Expected: "a plan that keeps it: it " + why, Mend: "Plan again: the new draft will keep it."})
	}
	if len(broken) == 0 {
		return nil
	}
	return fault.Conflictf("The draft has been overtaken: it would move or drop %d visits that have been accepted or pinned since it was made, such as the one to %s on %s. Plan again and publish the new draft.",
		len(broken), broken[0].Where, broken[0].Value).With(broken[:min(len(broken), mostViolations)]...)
}

// pinsOf gives where a problem holds visits in place, by visit; nil has none.
func pinsOf(p *planning.Problem) map[string]planning.Place {
	out := map[string]planning.Place{}
	if p == nil {
		return out
	}
	for i := range p.Visits {
		if at := p.Visits[i].Pinned; at != nil {
			out[p.Visits[i].ID] = *at
		}
	}
	return out
}

// takeOver books the draft's visits, after freeing those of the plan before it,
// and gives the visits whose events must change.
func (f *Flow) takeOver(tx Tx, p *visit.Plan, drafted []visit.Visit, out *Published) ([]*visit.Visit, error) {
	before, past, err := f.supersede(tx, p.Year)
	if err != nil {
		return nil, err
	}
	var changed, save []*visit.Visit
	var bookings []visit.Booking
	var discard, release []string
	held := map[string]*visit.Visit{} // by customer
	for _, v := range past {
		// What has happened belongs to the year's plan, whichever that is. Its label
		// was the old plan's.
		v.PlanID, v.Label = p.ID, ""
		if f.settled(*v) {
			held[v.CustomerID] = v
		}
		save = append(save, v)
	}
	for i := range drafted {
		v := &drafted[i]
		if v.State != visit.Proposed {
			continue
		}
		out.Visits++
		if done, ok := held[v.CustomerID]; ok { // the draft only says where it was
			done.Label, done.Stratum, done.Group = v.Label, v.Stratum, v.Group
			discard = append(discard, v.ID)
			continue
		}
		if old, ok := before[v.CustomerID]; ok {
			delete(before, v.CustomerID)
			discard = append(discard, v.ID)
			old.Pinned = old.Pinned || v.Pinned
			moved := old.ExecutiveID != v.ExecutiveID || old.Slot != v.Slot || old.HostID != v.HostID
			old.PlanID, old.Label, old.Stratum, old.Group, old.Why, old.HostID = p.ID, v.Label, v.Stratum, v.Group, v.Why, v.HostID
			if moved {
				out.Moved++
				release = append(release, old.ID)
				was := *old
				if err := old.Place(v.ExecutiveID, v.Slot, v.Zone); err != nil {
					return nil, err
				}
				old.MovedBecause(visit.PlanChanged)
				if err := f.placedAnew(tx, old, was); err != nil {
					return nil, err
				}
				bookings = append(bookings, bookingsOf(*old)...)
				changed = append(changed, old)
			}
			save = append(save, old)
			continue
		}
		out.New++
		if err := v.Become(visit.Published, ""); err != nil {
			return nil, err
		}
		bookings = append(bookings, bookingsOf(*v)...)
		changed, save = append(changed, v), append(save, v)
	}
	for _, old := range before {
		out.Cancelled++
		old.Conflict = ""
		if err := old.Become(visit.Cancelled, "The new plan of the year does not have this visit."); err != nil {
			return nil, err
		}
		old.BecauseOf(visit.PlanChanged)
		release = append(release, old.ID)
		changed, save = append(changed, old), append(save, old)
	}
	if len(release) > 0 {
		if err := tx.Bookings.Release(release...); err != nil {
			return nil, err
		}
	}
	if len(discard) > 0 {
		if err := tx.Visits.Discard(discard...); err != nil {
			return nil, err
		}
	}
	for _, v := range save {
		v.Sign(out.by, f.Now().UTC())
	}
	if err := tx.Visits.Save(save...); err != nil {
		return nil, err
	}
	return changed, tx.Bookings.Book(bookings...)
}

// supersede retires the year's published plan and gives its visits: those that
// stand, by customer, and those that have happened, or should have.
func (f *Flow) supersede(tx Tx, year int) (standing map[string]*visit.Visit, past []*visit.Visit, err error) {
	plans, err := tx.Plans.ByYear(year)
	if err != nil {
		return nil, nil, err
	}
	standing = map[string]*visit.Visit{}
	for i := range plans {
		if plans[i].State != visit.Live {
			continue
		}
		plans[i].State = visit.Superseded
		if err := tx.Plans.Save(&plans[i]); err != nil {
			return nil, nil, err
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: plans[i].ID,
			States: visit.Told()})
		if err != nil {
			return nil, nil, err
		}
		for j := range visits {
			if visits[j].State.Live() && !f.settled(visits[j]) {
				standing[visits[j].CustomerID] = &visits[j]
			} else {
				past = append(past, &visits[j])
			}
		}
	}
	return standing, past, nil
}

// bookingsOf gives the half-days that a visit takes: the executive's and the host's.
func bookingsOf(v visit.Visit) []visit.Booking {
	out := []visit.Booking{{PersonID: v.ExecutiveID, Slot: v.Slot, Kind: visit.BookedVisit, VisitID: v.ID}}
	if v.HostID != "" && v.HostID != v.ExecutiveID {
		out = append(out, visit.Booking{PersonID: v.HostID, Slot: v.Slot, Kind: visit.BookedVisit, VisitID: v.ID})
	}
	return out
}

// want stores what the calendars should hold for visits and enqueues the work,
// in the transaction that changed the visits. It is for a change that somebody
// waits for: a bulk of changes is launched instead.
func (f *Flow) want(tx Tx, visits ...*visit.Visit) error {
	events, err := f.wishes(tx, visits...)
	if err != nil {
		return err
	}
	return f.ask(tx, events)
}

// ask stores what is wanted and asks for it to be done at once.
func (f *Flow) ask(tx Tx, events []*CalendarEvent) error {
	if len(events) == 0 {
		return nil
	}
	if err := tx.Calendars.Save(events...); err != nil {
		return err
	}
	if err := f.letGo(tx, events); err != nil {
		return err
	}
	kind := JobApplyNow
	if len(events) > handful {
		kind = JobApply
	}
	jobs := make([]Job, len(events))
	for i, e := range events {
		jobs[i] = Job{Kind: kind, Key: e.VisitID}
	}
	return tx.Queue.Enqueue(jobs...)
}

// wishes gives the events of visits as they should be from now on, and leaves
// out those that are wanted like this already. Nothing is stored.
func (f *Flow) wishes(tx Tx, visits ...*visit.Visit) ([]*CalendarEvent, error) {
	if len(visits) == 0 {
		return nil, nil
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	plain := make([]visit.Visit, len(visits))
	ids := make([]string, len(visits))
	for i, v := range visits {
		plain[i], ids[i] = *v, v.ID
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return nil, err
	}
	existing, err := tx.Calendars.Events(ids...)
	if err != nil {
		return nil, err
	}
	organisers, err := f.organizersOf(tx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]CalendarEvent, len(existing))
	for _, e := range existing {
		known[e.VisitID] = e
	}
	events := make([]*CalendarEvent, 0, len(visits))
	for _, v := range plain {
		e, ok := known[v.ID]
		if !ok {
			if !v.State.Live() {
				continue // nobody was ever told
			}
			e = CalendarEvent{VisitID: v.ID, Calendar: organisers.of(people[v.HostID].Email)}
		} else if e.Base.Over && v.State.Live() {
			// The calendar stays the one that the first invitation came from: one stable
			// address per organiser. Once that event is off, another one is made, by whoever
			// organises now.
			e.Calendar = organisers.of(people[v.HostID].Email)
		}
		w := f.wanted(v, e, people, customers[v.CustomerID])
		if ok && w.Gone == e.Want.Gone && w.Content.Hash() == e.Want.Content.Hash() {
			continue
		}
		e.Desired++
		w.Version = e.Desired
		e.Want, e.State, e.Problem, e.Tries, e.Updated = w, EventWaiting, "", 0, f.Now().UTC()
		e.WantedAt = e.Updated
		events = append(events, &e)
	}
	return events, nil
}
