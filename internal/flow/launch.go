package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Forecast says what publishing a draft would do to calendars and who would be
// written to, before anybody is.
type Forecast struct {
	Plan        visit.Plan
	Fingerprint string // of all this; Publish refuses where it is no longer true
	Totals      Totals
	People      []PersonForecast // who gets most mails first
	Warnings    []ForecastWarning
	Budget      Budget
	Days        int // at least so many days pass until all mails are out
}

// PersonForecast is what happens in one person's calendar.
type PersonForecast struct {
	Name, Email                         string
	Creates, Moves, Changes, Cancels    int // events
	Invitations, Updates, Cancellations int // mails
}

// Mails counts the person's mails.
func (p PersonForecast) Mails() int { return p.Invitations + p.Updates + p.Cancellations }

// ForecastWarning is something about one visit that will not go by itself.
type ForecastWarning struct {
	VisitID  string
	Customer string
	Day      slot.Date
	Text     string
}

// anyVersion is of a plan that nobody has looked at before.
const anyVersion = -1

// Forecast says what publishing a draft would do. It decides by what Publish
// decides by, on the same rows, and writes nothing. Errors: those of Publish,
// but for double bookings, which only the booking itself can find.
func (f *Flow) Forecast(ctx context.Context, a access.Actor, planID string) (Forecast, error) {
	if err := access.Require(a, access.PublishPlan, access.Subject{}); err != nil {
		return Forecast{}, err
	}
	return read(ctx, f, func(tx Tx) (Forecast, error) {
		p, visits, err := f.toPublish(tx, planID, anyVersion)
		if err != nil {
			return Forecast{}, err
		}
		out := Forecast{Plan: p, Budget: f.Budget.orDefault()}
		if p.State == visit.Live {
			return out, nil
		}
		broken, err := f.foreseeBroken(tx, p, visits)
		if err != nil {
			return out, err
		}
		tx = dry(tx)
		changed, err := f.takeOver(tx, &p, visits, &Published{})
		if err != nil {
			return out, err
		}
		events, err := f.wishes(tx, changed...)
		if err != nil {
			return out, err
		}
		out.see(out.Plan, foreseen(events))
		names, err := f.forecastNames(tx, changed, out.Warnings)
		if err != nil {
			return out, err
		}
		out.name(names)
		out.Warnings = append(broken, out.Warnings...)
		return out, nil
	})
}

// foreseeBroken warns of the promises that Publish asks about first: who looks at
// a forecast without them would be refused by surprise.
func (f *Flow) foreseeBroken(tx Tx, p visit.Plan, drafted []visit.Visit) ([]ForecastWarning, error) {
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	all, err := f.broken(tx, p, drafted, people)
	if err != nil {
		return nil, err
	}
	var out []ForecastWarning
	for _, b := range all {
		out = append(out, ForecastWarning{VisitID: b.VisitID, Customer: b.Customer, Day: b.Slot.Date,
			Text: "This visit would be cancelled although it is " + b.Why + ". Publishing asks you to confirm that."})
	}
	return out, nil
}

// dry gives the ports with those that a publication writes to cut off. What it
// decides about events is remembered, since the rest of a publication stands on it.
func dry(tx Tx) Tx {
	tx.Plans, tx.Visits, tx.Bookings, tx.Notes = dryPlans{tx.Plans}, dryVisits{tx.Visits}, dryBookings{tx.Bookings}, dryNotes{tx.Notes}
	tx.Calendars = dryCalendars{tx.Calendars, map[string]CalendarEvent{}}
	return tx
}

type dryNotes struct{ Notes }

// Add keeps nothing.
func (dryNotes) Add(...CalendarNote) error { return nil }

type dryCalendars struct {
	Calendars
	saved map[string]CalendarEvent // by visit
}

// Save remembers changed events until the transaction ends.
func (d dryCalendars) Save(events ...*CalendarEvent) error {
	for _, e := range events {
		d.saved[e.VisitID] = *e
	}
	return nil
}

// Events gives events as they were remembered last.
func (d dryCalendars) Events(visitIDs ...string) ([]CalendarEvent, error) {
	out, err := d.Calendars.Events(visitIDs...)
	for i, e := range out {
		if changed, ok := d.saved[e.VisitID]; ok {
			out[i] = changed
		}
	}
	return out, err
}

type dryPlans struct{ Plans }

// Save keeps nothing.
func (dryPlans) Save(*visit.Plan) error { return nil }

type dryVisits struct{ Visits }

// Save keeps nothing.
func (dryVisits) Save(...*visit.Visit) error { return nil }

// Discard discards nothing.
func (dryVisits) Discard(...string) error { return nil }

type dryBookings struct{ Bookings }

// Book books nothing.
func (dryBookings) Book(...visit.Booking) error { return nil }

// Release frees nothing.
func (dryBookings) Release(...string) error { return nil }

// foresight is an event with what will happen to it.
type foresight struct {
	event *CalendarEvent
	calsync.Foresight
	refused error // why no calendar will take it as it is
}

// foreseen says what will happen to events, by visit id.
func foreseen(events []*CalendarEvent) []foresight {
	out := make([]foresight, len(events))
	for i, e := range events {
		out[i] = foresight{event: e, Foresight: calsync.Foresee(e.Want, e.Base), refused: e.Want.Check()}
	}
	slices.SortFunc(out, func(a, b foresight) int { return strings.Compare(a.event.VisitID, b.event.VisitID) })
	return out
}

// see fills the forecast.
func (o *Forecast) see(p visit.Plan, all []foresight) {
	o.Totals, o.Fingerprint = total(all), fingerprint(p, all)
	people := map[string]*PersonForecast{}
	person := func(email, name string) *PersonForecast {
		x := people[email]
		if x == nil {
			x = &PersonForecast{Email: email}
			people[email] = x
		}
		x.Name = cmp.Or(x.Name, name)
		return x
	}
	sent := map[string]int{} // by organiser
	for _, s := range all {
		if s.refused != nil {
			o.Warnings = append(o.Warnings, ForecastWarning{VisitID: s.event.VisitID, Text: fault.Sentence(s.refused)})
			continue
		}
		if s.Effect == calsync.EffectAsk {
			o.Warnings = append(o.Warnings, ForecastWarning{VisitID: s.event.VisitID, Text: "A person has to decide first: " + s.Decision.Reason + "."})
		}
		told := s.Told
		if !slices.ContainsFunc(told, func(t calsync.Told) bool { return t.Email == s.event.Calendar }) {
			told = append(told, calsync.Told{Email: s.event.Calendar, Effect: s.Effect}) // the organiser's own calendar
		}
		for _, t := range told {
			x, mail := person(t.Email, t.Name), 0
			if t.Mailed {
				mail = 1
			}
			switch t.Effect {
			case calsync.EffectNew:
				x.Creates++
				x.Invitations += mail
			case calsync.EffectMoved:
				x.Moves++
				x.Updates += mail
			case calsync.EffectChanged:
				x.Changes++
				x.Updates += mail
			case calsync.EffectGone:
				x.Cancels++
				x.Cancellations += mail
			}
			sent[s.event.Calendar] += mail
		}
	}
	for _, x := range people {
		if x.Creates+x.Moves+x.Changes+x.Cancels > 0 {
			o.People = append(o.People, *x)
		}
	}
	slices.SortFunc(o.People, func(a, b PersonForecast) int {
		return cmp.Or(b.Mails()-a.Mails(), strings.Compare(a.Email, b.Email))
	})
	for _, n := range sent {
		o.Days = max(o.Days, (n+o.Budget.PerDay-1)/o.Budget.PerDay)
	}
}

// total counts.
func total(all []foresight) (t Totals) {
	for _, s := range all {
		if s.refused != nil {
			t.Parked++
			continue
		}
		switch s.Effect {
		case calsync.EffectNew:
			t.Creates++
		case calsync.EffectMoved:
			t.Moves++
		case calsync.EffectChanged:
			t.Changes++
		case calsync.EffectGone:
			t.Cancels++
		case calsync.EffectAsk:
			t.Asks++
		case calsync.EffectNone:
			t.Unchanged++
		}
		for _, x := range s.Told {
			switch {
			case !x.Mailed:
			case x.Effect == calsync.EffectNew:
				t.Invitations++
			case x.Effect == calsync.EffectGone:
				t.Cancellations++
			default:
				t.Updates++
			}
		}
	}
	return t
}

// fingerprint sums up all that a forecast stands on: where anything of it
// changes, it changes too.
func fingerprint(p visit.Plan, all []foresight) string {
	h := sha256.New()
	e := json.NewEncoder(h)
	_ = e.Encode([]any{p.ID, p.Version})
	for _, s := range all {
		_ = e.Encode([]any{s.event.VisitID, s.event.Calendar, s.event.Want.Gone, s.event.Want.Content.Hash(), s.event.Base.ETag, s.Decision.Action, s.Told})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// forecastNames gives what people, and the visits that need a word, are called.
type forecastNames struct {
	people map[string]string // by address
	visits map[string]ForecastWarning
}

func (f *Flow) forecastNames(tx Tx, changed []*visit.Visit, warnings []ForecastWarning) (forecastNames, error) {
	n := forecastNames{people: map[string]string{}, visits: map[string]ForecastWarning{}}
	all, err := tx.People.All()
	if err != nil {
		return n, err
	}
	for _, p := range all {
		n.people[strings.ToLower(p.Email)] = p.Name
	}
	warned := map[string]bool{}
	for _, w := range warnings {
		warned[w.VisitID] = true
	}
	var plain []visit.Visit
	for _, v := range changed {
		if warned[v.ID] {
			plain = append(plain, *v)
		}
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return n, err
	}
	for _, v := range plain {
		n.visits[v.ID] = ForecastWarning{Customer: customers[v.CustomerID].Name, Day: v.Slot.Date}
	}
	return n, nil
}

func (o *Forecast) name(n forecastNames) {
	for i := range o.People {
		o.People[i].Name = cmp.Or(n.people[o.People[i].Email], o.People[i].Name, o.People[i].Email)
	}
	for i := range o.Warnings {
		w := n.visits[o.Warnings[i].VisitID]
		o.Warnings[i].Customer, o.Warnings[i].Day = w.Customer, w.Day
	}
}

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
	case w.pause != "":
		l.State, l.Reason = LaunchPaused, w.pause
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
