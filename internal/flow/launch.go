package flow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// launch stores what the calendars should hold for many visits at once, and lets
// the first wave go. A launch of the year that is still open ends: what it holds
// back and what is wanted otherwise now go with this one. The id is "" where
// nothing is to be done. preview is the fingerprint of the forecast that somebody
// has agreed to, "" where nobody has looked at one.
func (f *Flow) launch(tx Tx, a access.Actor, p visit.Plan, changed []*visit.Visit, preview string) (id string, err error) {
	events, err := f.wishes(tx, changed...)
	if err != nil {
		return "", err
	}
	return f.launchEvents(tx, a, p, events, changed, preview, true)
}

// push is want for any number of visits: more than a pilot wave go by a launch.
func (f *Flow) push(tx Tx, a access.Actor, changed ...*visit.Visit) error {
	if len(changed) <= f.Budget.orDefault().Pilot {
		return f.want(tx, changed...)
	}
	events, err := f.wishes(tx, changed...)
	if err != nil {
		return err
	}
	return f.pushEvents(tx, a, events)
}

// pushEvents is ask for any number of events: of one plan, more than a pilot wave
// go by a launch.
func (f *Flow) pushEvents(tx Tx, a access.Actor, events []*CalendarEvent) error {
	if len(events) <= f.Budget.orDefault().Pilot {
		return f.ask(tx, events)
	}
	visits, byPlan := map[string][]*visit.Visit{}, map[string][]*CalendarEvent{}
	for _, e := range events {
		v, err := tx.Visits.Get(e.VisitID)
		if err != nil {
			return err
		}
		visits[v.PlanID], byPlan[v.PlanID] = append(visits[v.PlanID], &v), append(byPlan[v.PlanID], e)
	}
	for _, id := range slices.Sorted(maps.Keys(byPlan)) {
		of := byPlan[id]
		if len(of) <= f.Budget.orDefault().Pilot {
			if err := f.ask(tx, of); err != nil {
				return err
			}
			continue
		}
		p, err := tx.Plans.Get(id)
		if err != nil {
			return err
		}
		if _, err := f.launchEvents(tx, a, p, of, visits[id], "", false); err != nil {
			return err
		}
	}
	return nil
}

// launchEvents is launch for events as they should be. begun says that somebody
// wants it to go now, also where an earlier launch was held up.
func (f *Flow) launchEvents(tx Tx, a access.Actor, p visit.Plan, events []*CalendarEvent, changed []*visit.Visit, preview string, begun bool) (id string, err error) {
	all := foreseen(events)
	if preview != "" && preview != fingerprint(p, all) {
		return "", fault.Stalef("What publishing would do has changed since you looked at it. Look at it again.").
			With(fault.Detail{Where: "preview", Value: fault.Short(preview), Expected: "the fingerprint of a preview that is still true"})
	}
	if err := tx.Calendars.Save(events...); err != nil {
		return "", err
	}
	days := make(map[string]slot.Date, len(changed))
	for _, v := range changed {
		days[v.ID] = v.Slot.Date
	}
	l := Launch{ID: f.NewID(), PlanID: p.ID, State: LaunchRunning, Budget: f.Budget.orDefault(), Totals: total(all), CreatedAt: f.Now().UTC(), CreatedBy: a.PersonID}
	var enlist []LaunchVisit
	for _, s := range all {
		enlist = append(enlist, LaunchVisit{LaunchID: l.ID, VisitID: s.event.VisitID, Calendar: s.event.Calendar, Effect: s.Effect, Mails: s.Mails(),
			Day: nearest(days[s.event.VisitID], s.event.Base)})
	}
	left, open, err := f.takeOverLaunches(tx, p, l.ID, enlist)
	if err != nil {
		return "", err
	}
	enlist = append(enlist, left...)
	if open != "" && !begun { // what somebody has held up stays so
		l.State = open
	}
	if len(enlist) == 0 {
		return "", nil
	}
	if err := tx.Launches.Save(&l); err != nil {
		return "", err
	}
	if err := tx.Launches.Enlist(enlist...); err != nil {
		return "", err
	}
	return l.ID, f.drive(tx, &l)
}

// takeOverLaunches ends the open launches of the plans that p takes the place of,
// and gives what they still hold back, but for what is enlisted already, and how the
// newest of them stood, "" where there is none.
func (f *Flow) takeOverLaunches(tx Tx, p visit.Plan, into string, enlisted []LaunchVisit) (left []LaunchVisit, was LaunchState, err error) {
	open, err := tx.Launches.Find("", LaunchRunning, LaunchPaused, LaunchStopped)
	if err != nil {
		return nil, "", err
	}
	known := map[string]bool{}
	for _, v := range enlisted {
		known[v.VisitID] = true
	}
	for i := range open {
		l := &open[i]
		of, err := tx.Plans.Get(l.PlanID)
		if err != nil {
			return nil, "", err
		}
		if of.Year != p.Year {
			continue
		}
		all, err := tx.Launches.Visits(LaunchQuery{LaunchID: l.ID, Held: true})
		if err != nil {
			return nil, "", err
		}
		for _, v := range all {
			if v.held() && !known[v.VisitID] {
				v.LaunchID = into
				left = append(left, v)
			}
		}
		if was == "" { // the newest
			was = l.State
		}
		l.State, l.EndedAt, l.Reason = LaunchDone, f.Now().UTC(), "A newer launch of the year has taken over what was left."
		if err := tx.Launches.Save(l); err != nil {
			return nil, "", err
		}
	}
	return left, was, nil
}

// nearest gives the day by which a visit is put in order: an event that leaves
// next week is as urgent as one that comes next week.
func nearest(to slot.Date, b calsync.Base) slot.Date {
	if !b.Confirmed || len(b.Agreed.When.Start) < 10 {
		return to
	}
	from, err := slot.ParseDate(string(b.Agreed.When.Start[:10]))
	if err != nil {
		return to
	}
	return min(from, to)
}

// drive lets the next wave of a launch go, where it is time.
func (f *Flow) drive(tx Tx, l *Launch) error {
	if l.State != LaunchRunning {
		return nil
	}
	in, err := f.waveInput(tx, *l)
	if err != nil {
		return err
	}
	w := nextWave(in)
	switch {
	case w.done:
		l.State, l.EndedAt = LaunchDone, f.Now().UTC()
		if err := f.tellLaunch(tx, *l); err != nil {
			return err
		}
	case w.pause != "":
		l.State, l.Reason = LaunchPaused, w.pause
		if err := f.tellLaunch(tx, *l); err != nil {
			return err
		}
	case len(w.visits) == 0:
		return nil
	default:
		l.Wave++
		if err := untried(tx, in, w.visits); err != nil {
			return err
		}
		jobs := make([]Job, len(w.visits))
		for i, id := range w.visits {
			jobs[i] = Job{Kind: JobApply, Key: id}
		}
		if err := tx.Launches.SetWave(l.ID, l.Wave, f.Now().UTC(), w.visits...); err != nil {
			return err
		}
		if err := tx.Queue.Enqueue(jobs...); err != nil {
			return err
		}
	}
	return tx.Launches.Save(l)
}

// untried forgets what was tried before a wave: one that was held back again in
// the middle of a try is not stuck, its turn has only come now.
func untried(tx Tx, in waveInput, going []string) error {
	var ids []string
	for _, v := range in.visits {
		if v.Tries > 0 && v.held() && slices.Contains(going, v.VisitID) {
			ids = append(ids, v.VisitID)
		}
	}
	rows, err := tx.Calendars.Events(ids...)
	if err != nil || len(rows) == 0 {
		return err
	}
	save := make([]*CalendarEvent, len(rows))
	for i := range rows {
		rows[i].Tries = 0
		save[i] = &rows[i]
	}
	return tx.Calendars.Save(save...)
}

func (f *Flow) waveInput(tx Tx, l Launch) (waveInput, error) {
	in := waveInput{launch: l, troubled: map[string]bool{}}
	var err error
	if in.visits, err = tx.Launches.Visits(LaunchQuery{LaunchID: l.ID}); err != nil {
		return in, err
	}
	now := f.Now().UTC()
	if in.day, err = tx.Launches.Spent(now.Add(-24 * time.Hour)); err != nil {
		return in, err
	}
	if in.hour, err = tx.Launches.Spent(now.Add(-time.Hour)); err != nil {
		return in, err
	}
	looked := map[string]bool{}
	for _, v := range in.visits {
		if looked[v.Calendar] {
			continue
		}
		looked[v.Calendar] = true
		c, err := tx.Calendars.Cursor(v.Calendar)
		if err != nil {
			return in, err
		}
		in.troubled[v.Calendar] = c.NeedsAction
	}
	return in, nil
}

// driveLaunches looks at every launch that is running: what no event of a launch
// tells, such as a mail budget that has room again, is found here.
func (f *Flow) driveLaunches(ctx context.Context) error {
	running, err := read(ctx, f, func(tx Tx) ([]Launch, error) { return tx.Launches.Find("", LaunchRunning) })
	if err != nil {
		return err
	}
	var failed []error // one launch that cannot go on must not stop the others
	for _, l := range running {
		if err := f.driveLaunch(ctx, l.ID); err != nil {
			failed = append(failed, fmt.Errorf("launch %s: %w", l.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (f *Flow) driveLaunch(ctx context.Context, id string) error {
	return f.untilFresh(ctx, func(tx Tx) error {
		l, err := tx.Launches.Get(id)
		if err != nil {
			return err
		}
		return f.drive(tx, &l)
	})
}

// applyInTurn is applyEvent for whose turn it is: what a launch holds back stays
// as it is, whoever asked for the work, and a wave that has been tried calls the
// next.
func (f *Flow) applyInTurn(ctx context.Context, visitID string) error {
	launched := func() ([]LaunchVisit, error) {
		return read(ctx, f, func(tx Tx) ([]LaunchVisit, error) {
			return tx.Launches.Visits(LaunchQuery{VisitIDs: []string{visitID}})
		})
	}
	before, err := launched()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(before, LaunchVisit.held) {
		return nil
	}
	did := f.applyEvent(ctx, visitID)
	for _, v := range before {
		if err := f.afterTry(ctx, v); err != nil {
			f.Log.Warn("the next wave of a launch was not looked for; the schedule will", "error", err)
		}
	}
	return did
}

// afterTry calls the next wave once that of a visit has been tried as a whole.
func (f *Flow) afterTry(ctx context.Context, of LaunchVisit) error {
	over, err := read(ctx, f, func(tx Tx) (bool, error) {
		l, err := tx.Launches.Get(of.LaunchID)
		if err != nil || l.State != LaunchRunning {
			return false, err
		}
		beside, err := tx.Launches.Visits(LaunchQuery{LaunchID: of.LaunchID, Wave: l.Wave})
		if err != nil {
			return false, err
		}
		for _, v := range beside {
			if v.State != EventWaiting || v.Tries > 0 {
				continue
			}
			if c, err := tx.Calendars.Cursor(v.Calendar); err != nil || !c.NeedsAction {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil || !over {
		return err
	}
	return f.driveLaunch(ctx, of.LaunchID)
}

// letGo takes visits that somebody changes out of the launches that hold them
// back: who changes a visit waits for it.
func (f *Flow) letGo(tx Tx, events []*CalendarEvent) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.VisitID
	}
	held, err := tx.Launches.Visits(LaunchQuery{VisitIDs: ids, Held: true})
	if err != nil {
		return err
	}
	for _, v := range held {
		if err := tx.Launches.SetWave(v.LaunchID, byHand, f.Now().UTC(), v.VisitID); err != nil {
			return err
		}
	}
	return nil
}
