package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/visit"
)

// LaunchView is how far a launch is.
type LaunchView struct {
	Launch
	Plan       visit.Plan
	Visits     int    // in all
	Applied    int    // as wanted in the calendars
	OnWay      int    // let go, not there yet
	Held       int    // held back by this launch
	Parked     int    // no calendar takes them as they are
	Conflicts  int    // a person has to decide
	Waits      string // why nothing goes at present, in words; "" where something does
	Organisers []LaunchOrganiser
	Open       []LaunchOpen // what is not as wanted yet, troubles first; at most mostOpen
	MayDrive   bool
}

// Going says that the numbers change by themselves.
func (v LaunchView) Going() bool { return v.State == LaunchRunning || v.OnWay > 0 }

// LaunchOrganiser is how far the visits of one organiser are.
type LaunchOrganiser struct {
	Address, Name string
	Visits        int
	Applied       int
	OnWay         int
	Held          int
	Mails         int       // of this launch within 24 hours
	Until         time.Time // when there is room for more mails, or the calendar takes invitations again; zero: now
	Trouble       string    // why nothing more goes to it at present
}

// LaunchOpen is a visit of a launch that is not as wanted yet.
type LaunchOpen struct {
	LaunchVisit
	Customer  string
	Executive string
}

// mostOpen is how many visits a launch's page lists; the rest is counted.
const mostOpen = 200

// LaunchView gives a launch with its numbers as they are now.
func (f *Flow) LaunchView(ctx context.Context, a access.Actor, id string) (LaunchView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return LaunchView{}, err
	}
	return read(ctx, f, func(tx Tx) (LaunchView, error) {
		l, err := tx.Launches.Get(id)
		if err != nil {
			return LaunchView{}, err
		}
		return f.launchView(tx, a, l)
	})
}

// Launches gives the launches of a plan, newest first, with their numbers.
func (f *Flow) Launches(ctx context.Context, a access.Actor, planID string) ([]LaunchView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]LaunchView, error) {
		if _, err := tx.Plans.Get(planID); err != nil {
			return nil, err
		}
		all, err := tx.Launches.Find(planID)
		if err != nil {
			return nil, err
		}
		out := make([]LaunchView, len(all))
		for i, l := range all {
			if out[i], err = f.launchView(tx, a, l); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

func (f *Flow) launchView(tx Tx, a access.Actor, l Launch) (LaunchView, error) {
	v := LaunchView{Launch: l, MayDrive: access.Decide(a, access.PublishPlan, access.Subject{}).Allowed}
	var err error
	if v.Plan, err = tx.Plans.Get(l.PlanID); err != nil {
		return v, err
	}
	in, err := f.waveInput(tx, l)
	if err != nil {
		return v, err
	}
	organisers := map[string]*LaunchOrganiser{}
	var open []LaunchVisit
	now := f.Now().UTC()
	for _, x := range in.visits {
		o := organisers[x.Calendar]
		if o == nil {
			o = &LaunchOrganiser{Address: x.Calendar, Until: freeAt(in.visits, x.Calendar, l.Budget, now)}
			organisers[x.Calendar] = o
		}
		o.Visits++
		if x.Wave != 0 && x.Released.After(now.Add(-24*time.Hour)) {
			o.Mails += x.Mails
		}
		switch {
		case x.State == EventApplied:
			o.Applied++
			continue
		case x.State == EventParked:
			v.Parked++
		case x.State == EventConflict:
			v.Conflicts++
		case x.held():
			o.Held++
		default:
			o.OnWay++
			if x.Tries > 0 {
				o.Trouble = x.Problem
			}
		}
		open = append(open, x)
	}
	if l.State == LaunchRunning {
		v.Waits = nextWave(in).wait
	}
	people, err := tx.People.All()
	if err != nil {
		return v, err
	}
	names := map[string]string{}
	for _, p := range people {
		names[p.Email], names[p.ID] = p.Name, p.Name
	}
	for _, o := range organisers {
		o.Name = names[o.Address]
		if in.troubled[o.Address] {
			c, err := tx.Calendars.Cursor(o.Address)
			if err != nil {
				return v, err
			}
			o.Trouble = c.Error
		}
		if o.Held+o.OnWay == 0 {
			o.Until = time.Time{}
		}
		v.Visits += o.Visits
		v.Applied += o.Applied
		v.OnWay += o.OnWay
		v.Held += o.Held
		v.Organisers = append(v.Organisers, *o)
	}
	slices.SortFunc(v.Organisers, func(a, b LaunchOrganiser) int {
		return cmp.Or(b.Held+b.OnWay-a.Held-a.OnWay, strings.Compare(a.Address, b.Address))
	})
	slices.SortStableFunc(open, func(a, b LaunchVisit) int { return urgency[b.State] - urgency[a.State] })
	v.Open, err = openVisits(tx, open[:min(len(open), mostOpen)], names)
	return v, err
}

var urgency = map[EventState]int{EventConflict: 2, EventParked: 1}

func openVisits(tx Tx, open []LaunchVisit, names map[string]string) ([]LaunchOpen, error) {
	var plain []visit.Visit
	for _, x := range open {
		v, err := tx.Visits.Get(x.VisitID)
		if err != nil {
			return nil, err
		}
		plain = append(plain, v)
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return nil, err
	}
	out := make([]LaunchOpen, len(open))
	for i, x := range open {
		out[i] = LaunchOpen{LaunchVisit: x, Customer: customers[plain[i].CustomerID].Name, Executive: names[plain[i].ExecutiveID]}
	}
	return out, nil
}

// PauseLaunch lets nothing more go until somebody says so. What has not been
// tried yet is held back again.
func (f *Flow) PauseLaunch(ctx context.Context, a access.Actor, id string) (LaunchView, error) {
	return f.steer(ctx, a, id, "pause launch", func(tx Tx, l *Launch) error {
		if l.State != LaunchRunning {
			return fault.Conflictf("This launch is %s: only one that is running can be paused.", l.State)
		}
		l.State, l.Reason = LaunchPaused, ""
		return f.recall(tx, l)
	})
}

// StopLaunch ends a launch. What is done stays, what has not been tried yet is
// not done, until somebody continues.
func (f *Flow) StopLaunch(ctx context.Context, a access.Actor, id string) (LaunchView, error) {
	return f.steer(ctx, a, id, "stop launch", func(tx Tx, l *Launch) error {
		if l.State != LaunchRunning && l.State != LaunchPaused {
			return fault.Conflictf("This launch is %s: there is nothing to stop.", l.State)
		}
		l.State, l.Reason, l.EndedAt = LaunchStopped, "", f.Now().UTC()
		return f.recall(tx, l)
	})
}

// ResumeLaunch lets a launch go on that is paused or stopped. Whoever resumes one
// that paused by itself has seen why.
func (f *Flow) ResumeLaunch(ctx context.Context, a access.Actor, id string) (LaunchView, error) {
	return f.steer(ctx, a, id, "resume launch", func(tx Tx, l *Launch) error {
		if l.State != LaunchPaused && l.State != LaunchStopped {
			return fault.Conflictf("This launch is %s: there is nothing to resume.", l.State)
		}
		l.State, l.Reason, l.EndedAt, l.Judged = LaunchRunning, "", time.Time{}, l.Wave
		if err := tx.Launches.Save(l); err != nil {
			return err
		}
		if err := onceMore(tx, l.ID); err != nil {
			return err
		}
		return f.drive(tx, l)
	})
}

// onceMore asks for the work on everything that a launch has let go and that is not
// there yet: whose job was given up would hold the launch up for good.
func onceMore(tx Tx, id string) error {
	all, err := tx.Launches.Visits(LaunchQuery{LaunchID: id})
	if err != nil {
		return err
	}
	var ids []string
	for _, v := range all {
		if v.State == EventWaiting && !v.held() {
			ids = append(ids, v.VisitID)
		}
	}
	return enqueueApplies(tx, ids)
}

// steer changes a launch for somebody.
func (f *Flow) steer(ctx context.Context, a access.Actor, id, action string, do func(Tx, *Launch) error) (LaunchView, error) {
	if err := access.Require(a, access.PublishPlan, access.Subject{}); err != nil {
		return LaunchView{}, err
	}
	err := f.untilFresh(ctx, func(tx Tx) error {
		l, err := tx.Launches.Get(id)
		if err != nil {
			return err
		}
		if err := do(tx, &l); err != nil {
			return err
		}
		return f.audit(tx, a, action, "launch/"+id, map[string]any{"wave": l.Wave, "state": l.State})
	})
	if err != nil {
		return LaunchView{}, err
	}
	return f.LaunchView(ctx, a, id)
}

// recall holds back again what was let go but has not been tried, and saves. What
// somebody has changed since it was let go does not wait: it went by hand.
func (f *Flow) recall(tx Tx, l *Launch) error {
	all, err := tx.Launches.Visits(LaunchQuery{LaunchID: l.ID})
	if err != nil {
		return err
	}
	var ids []string
	for _, v := range all {
		if v.Wave > 0 && v.State == EventWaiting && v.Tries == 0 && !v.Wanted.After(v.Released) {
			ids = append(ids, v.VisitID)
		}
	}
	if len(ids) > 0 {
		if err := tx.Launches.SetWave(l.ID, 0, time.Time{}, ids...); err != nil {
			return err
		}
	}
	return tx.Launches.Save(l)
}
