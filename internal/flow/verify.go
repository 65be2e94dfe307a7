package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// readersAtOnce is how many calendars are read at the same time. The limiter
// keeps them within the pace that is allowed.
const readersAtOnce = 8

// Verify compares what is wanted with what the calendars hold, now, and gives the
// report without keeping it. It never writes to a calendar.
func (f *Flow) Verify(ctx context.Context, a access.Actor) (Verification, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return Verification{}, err
	}
	v := Verification{ID: f.NewID(), State: Running, AskedAt: f.Now().UTC(), AskedBy: a.PersonID}
	err := f.examine(ctx, &v, func(Verification) error { return nil })
	v.State, v.EndedAt = Done, f.Now().UTC()
	return v, err
}

// StartVerification asks for a report, which is made in the background.
func (f *Flow) StartVerification(ctx context.Context, a access.Actor) (Verification, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return Verification{}, err
	}
	v := Verification{ID: f.NewID(), State: Queued, AskedAt: f.Now().UTC(), AskedBy: a.PersonID}
	return v, f.untilFresh(ctx, func(tx Tx) error {
		v.Version = 0
		if err := tx.Verifications.Save(&v); err != nil {
			return err
		}
		return tx.Queue.Enqueue(Job{Kind: JobVerify, Key: v.ID})
	})
}

// runVerification makes the report that was asked for, unless a newer one has
// been asked for since.
func (f *Flow) runVerification(ctx context.Context, id string) error {
	v, err := read(ctx, f, func(tx Tx) (Verification, error) { return tx.Verifications.Newest() })
	if fault.Is(err, fault.NotFound) || v.ID != id || v.State == Done {
		return nil
	}
	if err != nil {
		return err
	}
	keep := func(v *Verification) error {
		err := f.Store.Write(ctx, func(tx Tx) error { return tx.Verifications.Save(v) })
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Stale) {
			return nil // a newer report has taken its place
		}
		return err
	}
	v.State, v.Findings, v.Unread = Running, nil, nil
	if err := keep(&v); err != nil {
		return err
	}
	done := 0
	err = f.examine(ctx, &v, func(Verification) error {
		if done++; done%10 != 0 { // often enough to look at
			return nil
		}
		found := v.Findings
		v.Findings = nil // written once, at the end
		err := keep(&v)
		v.Findings = found
		return err
	})
	if err != nil {
		return err
	}
	v.State, v.EndedAt = Done, f.Now().UTC()
	return keep(&v)
}

// examine fills a report. step is told after each calendar.
func (f *Flow) examine(ctx context.Context, v *Verification, step func(Verification) error) error {
	wanted, err := f.allEvents(ctx)
	if err != nil {
		return err
	}
	calendars := slices.Sorted(func(yield func(string) bool) {
		for c := range wanted {
			if !yield(c) {
				return
			}
		}
	})
	v.Calendars, v.Read = len(calendars), 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	places := make(chan struct{}, readersAtOnce)
	for _, c := range calendars {
		wg.Add(1)
		places <- struct{}{}
		go func() {
			defer wg.Done()
			defer func() { <-places }()
			found, err := f.examineOne(ctx, c, wanted[c])
			mu.Lock()
			defer mu.Unlock()
			v.Read++
			if err != nil {
				v.Unread = append(v.Unread, Unread{Calendar: c, Events: len(wanted[c]), Why: f.connectionText(err)})
			}
			v.Findings = append(v.Findings, found...)
			failed = cmp.Or(failed, step(*v))
		}()
	}
	wg.Wait()
	if err := cmp.Or(failed, ctx.Err()); err != nil {
		return err
	}
	slices.SortFunc(v.Findings, func(a, b calsync.Finding) int {
		return cmp.Or(strings.Compare(a.Calendar, b.Calendar), strings.Compare(a.Visit, b.Visit), strings.Compare(a.EventID, b.EventID))
	})
	slices.SortFunc(v.Unread, func(a, b Unread) int { return strings.Compare(a.Calendar, b.Calendar) })
	return f.settleFindings(ctx, v, wanted)
}

// allEvents gives every event that is or was wanted, by calendar.
func (f *Flow) allEvents(ctx context.Context) (map[string][]CalendarEvent, error) {
	return read(ctx, f, func(tx Tx) (map[string][]CalendarEvent, error) {
		all, err := tx.Verifications.Wanted()
		by := map[string][]CalendarEvent{}
		for _, e := range all {
			by[e.Calendar] = append(by[e.Calendar], e)
		}
		return by, err
	})
}

func (f *Flow) examineOne(ctx context.Context, calendar string, events []CalendarEvent) ([]calsync.Finding, error) {
	cal, err := f.open(ctx, calendar, false)
	if err != nil {
		return nil, err
	}
	records := make([]calsync.Record, len(events))
	for i, e := range events {
		records[i] = calsync.Record{Want: e.Want, Base: e.Base, Open: openStandings[e.State]}
	}
	return calsync.Examine(ctx, cal, f.Env, calendar, records)
}

var openStandings = map[EventState]calsync.Standing{EventWaiting: calsync.Waiting, EventParked: calsync.Parked, EventConflict: calsync.Disputed}

// settleFindings takes back what was found about events that changed on our side
// while the calendars were read: they are on their way.
func (f *Flow) settleFindings(ctx context.Context, v *Verification, before map[string][]CalendarEvent) error {
	versions := map[string]int{}
	for _, events := range before {
		for _, e := range events {
			versions[e.VisitID] = e.Version
		}
	}
	var ids []string
	for _, x := range v.Findings {
		if !x.Standing.Well() && x.Visit != "" {
			ids = append(ids, x.Visit)
		}
	}
	now, err := read(ctx, f, func(tx Tx) ([]CalendarEvent, error) { return tx.Calendars.Events(ids...) })
	if err != nil {
		return err
	}
	changed := map[string]bool{}
	for _, e := range now {
		changed[e.VisitID] = e.Version != versions[e.VisitID]
	}
	for i, x := range v.Findings {
		if changed[x.Visit] && x.Standing != calsync.Doubled {
			v.Findings[i].Standing, v.Findings[i].Fields, v.Findings[i].Others = calsync.Waiting, nil, nil
		}
	}
	return nil
}

// Tally counts the findings by standing.
func (v Verification) Tally() map[calsync.Standing]int {
	n := map[calsync.Standing]int{}
	for _, x := range v.Findings {
		n[x.Standing]++
	}
	return n
}

// AllWell says that everything was read and all is as wanted.
func (v Verification) AllWell() bool {
	return v.State == Done && len(v.Unread) == 0 && !slices.ContainsFunc(v.Findings, func(x calsync.Finding) bool { return !x.Standing.Well() })
}

// VerificationView is a report with the rows behind one of its numbers.
type VerificationView struct {
	Verification
	By      string // who asked
	Rows    []FindingView
	More    int // rows that are not shown
	MayMend bool
}

// FindingView is a finding with its visit.
type FindingView struct {
	calsync.Finding
	Customer, Executive string
	Day                 slot.Date // zero where the visit is not known
	Problem             string    // of the event, for what is waiting, parked or in conflict
}

// mostRows is how many findings a page shows.
const mostRows = 500

// Verification gives the newest report, with the findings of one standing; of all
// that is not well where it is "". NotFound where there was never one.
func (f *Flow) Verification(ctx context.Context, a access.Actor, standing calsync.Standing) (VerificationView, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return VerificationView{}, err
	}
	return read(ctx, f, func(tx Tx) (VerificationView, error) {
		v, err := tx.Verifications.Newest()
		if err != nil {
			return VerificationView{}, err
		}
		out := VerificationView{Verification: v, By: v.AskedBy, MayMend: access.Decide(a, access.ManageConnection, access.Subject{}).Allowed}
		var rows []calsync.Finding
		for _, x := range v.Findings {
			if x.Standing == standing || standing == "" && !x.Standing.Well() {
				rows = append(rows, x)
			}
		}
		out.More = max(0, len(rows)-mostRows)
		out.Rows, err = findingViews(tx, rows[:len(rows)-out.More], &out.By)
		return out, err
	})
}

func findingViews(tx Tx, rows []calsync.Finding, by *string) ([]FindingView, error) {
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	if p, ok := people[*by]; ok {
		*by = p.Name
	}
	visits, ids, problems := map[string]visit.Visit{}, []string{}, map[string]string{}
	var plain []visit.Visit
	for _, x := range rows {
		if x.Visit == "" {
			continue
		}
		v, err := tx.Visits.Get(x.Visit)
		if fault.Is(err, fault.NotFound) {
			continue // an orphan of a visit that was never ours
		}
		if err != nil {
			return nil, err
		}
		visits[x.Visit], plain, ids = v, append(plain, v), append(ids, v.ID)
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return nil, err
	}
	events, err := tx.Calendars.Events(ids...)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		problems[e.VisitID] = e.Problem
	}
	out := make([]FindingView, len(rows))
	for i, x := range rows {
		v := visits[x.Visit]
		out[i] = FindingView{Finding: x, Customer: customers[v.CustomerID].Name, Executive: people[v.ExecutiveID].Name, Day: v.Slot.Date, Problem: problems[x.Visit]}
	}
	return out, nil
}

// Mend asks for everything in the newest report that is missing, differs or was
// left over to be looked at again, under the normal rules: what people deleted is
// asked about and not invited again, what they edited is kept. It gives how many
// events that are.
func (f *Flow) Mend(ctx context.Context, a access.Actor) (n int, err error) {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return 0, err
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		n = 0
		v, err := tx.Verifications.Newest()
		if err != nil {
			return err
		}
		if v.State != Done {
			return fault.Conflictf("The report is still being made.")
		}
		standing, ids := map[string]calsync.Standing{}, []string{}
		for _, x := range v.Findings {
			if x.Standing.Mendable() {
				standing[x.Visit], ids = x.Standing, append(ids, x.Visit)
			}
		}
		events, err := tx.Calendars.Events(ids...)
		if err != nil {
			return err
		}
		var save []*CalendarEvent
		for i := range events {
			e := &events[i]
			if e.State != EventApplied || e.Updated.After(v.EndedAt) {
				continue // something has happened to it since
			}
			e.Base = calsync.Reopen(e.Base, standing[e.VisitID])
			e.Desired++
			e.Want.Version = e.Desired
			e.State, e.Problem, e.Tries, e.Updated = EventWaiting, "", 0, f.Now().UTC()
			save = append(save, e)
		}
		n = len(save)
		if n == 0 {
			return nil
		}
		if err := f.pushEvents(tx, a, save); err != nil {
			return err
		}
		return f.audit(tx, a, "mend calendars", "calendars", map[string]int{"events": n})
	})
	return n, err
}
