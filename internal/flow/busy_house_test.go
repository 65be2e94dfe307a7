package flow_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
	"windshield/internal/geo"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// desk is the use cases on a real database, with Google's client against the
// emulator. The queue is worked off by hand.
type desk struct {
	t   *testing.T
	f   *flow.Flow
	st  *store.Store
	emu *emulator.Server
	url string

	mu   sync.Mutex
	now  time.Time
	jobs []flow.Job
	own  bool // hosts organise, not the office

	execs, hosts []roster.Person
	customers    []roster.Customer
	selection    flow.Selection
}

// migrated gives a database with our schema and nothing in it, made once for all
// desks: that takes longer than most tests here.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "desk")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "windshield.db")
	st, err := store.Open(context.Background(), "sqlite:"+path, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(st.Migrate(context.Background()), st.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

const office = "visits@northlight.example"

var everything = access.System("test")

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)}
	var err error
	d.emu, err = emulator.New(emulator.Options{Now: d.Now})
	require.NoError(t, err)
	side := httptest.NewServer(d.emu.Handler())
	t.Cleanup(side.Close)
	d.url = side.URL
	path := filepath.Join(t.TempDir(), "windshield.db")
	empty, err := migrated()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, empty, 0o600))
	d.st, err = store.Open(context.Background(), "sqlite:"+path, store.Options{Now: d.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.st.Close()) })
	d.st.SetEnqueuer(d)
	d.f = flow.New(flow.Deps{Store: d.st, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"})
	return d
}

func (d *desk) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *desk) Enqueue(_ context.Context, _ store.Handle, jobs ...flow.Job) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs = append(d.jobs, jobs...)
	return nil
}

// work does the jobs of some kinds, of all where none is named, until none is left.
func (d *desk) work(kinds ...flow.JobKind) {
	d.t.Helper()
	for range 1000 {
		d.mu.Lock()
		i := slices.IndexFunc(d.jobs, func(j flow.Job) bool { return len(kinds) == 0 || slices.Contains(kinds, j.Kind) })
		if i < 0 {
			d.mu.Unlock()
			return
		}
		j := d.jobs[i]
		d.jobs = slices.Delete(d.jobs, i, i+1)
		d.mu.Unlock()
		var later *flow.Later
		if err := d.f.Do(context.Background(), j); errors.As(err, &later) {
			d.t.Log(j, err)
		} else {
			require.NoError(d.t, err, j)
		}
	}
	require.Fail(d.t, "the jobs have no end")
}

func (d *desk) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	return gcal.New(ctx, gcal.Config{BaseURL: d.url + "/calendar/v3/", Subject: address, Token: gcal.StaticToken(d.emu.Token(address))})
}

func (d *desk) Organizer(host string) string {
	if d.own {
		return host
	}
	return office
}

func (d *desk) Send(context.Context, notify.Message) error { return nil }

// company makes so many executives, each with a host and customers of their own
// region, and a selection of all customers for 2027.
func (d *desk) company(executives, customersEach int) {
	d.t.Helper()
	home := roster.Office{City: "Zurich", Country: "CH", Point: geo.Point{Lat: 47.37, Lon: 8.54}}
	var people []*roster.Person
	for i := range executives {
		d.execs = append(d.execs, roster.Person{ID: fmt.Sprintf("00000000-0000-4000-8000-0000000001%02d", i), Key: fmt.Sprint("e", i), Name: fmt.Sprint("Executive ", i),
			Email: fmt.Sprintf("exec%d@northlight.example", i), Zone: "Europe/Zurich", Roles: []roster.Role{roster.Executive}, Office: home,
			Terms: roster.Terms{Calendar: "CH", MaxPerWeek: 5, MaxPerMonth: 20, TargetVisits: customersEach}})
		d.hosts = append(d.hosts, roster.Person{ID: fmt.Sprintf("00000000-0000-4000-8000-0000000002%02d", i), Key: fmt.Sprint("h", i), Name: fmt.Sprint("Host ", i),
			Email: fmt.Sprintf("host%d@northlight.example", i), Zone: "Europe/Zurich", Roles: []roster.Role{roster.Host}, Office: home})
	}
	for i := range d.execs {
		people = append(people, &d.execs[i], &d.hosts[i])
	}
	var customers []*roster.Customer
	var rows []flow.SelectionRow
	for i := range executives * customersEach {
		d.customers = append(d.customers, roster.Customer{ID: fmt.Sprintf("00000000-0000-4000-8000-00000003%04d", i), Key: fmt.Sprint("c", i), Name: fmt.Sprint("Customer ", i),
			City: "Bern", Country: "CH", Zone: "Europe/Zurich", Point: geo.Point{Lat: 46.95, Lon: 7.45}, HostID: d.hosts[i%executives].ID, Values: map[string]string{"region": "west"}})
	}
	d.selection = flow.Selection{ID: "00000000-0000-4000-8000-000000000001", Year: 2027, Name: "2027", Draw: 1, Dimensions: []string{"region"}, Visits: len(d.customers),
		Strata: []sampling.Stratum{{Code: "AA", Label: "west", N: len(d.customers), X: len(d.customers)}}, CreatedAt: d.Now(), Version: 1}
	for i := range d.customers {
		customers = append(customers, &d.customers[i])
		rows = append(rows, flow.SelectionRow{CustomerID: d.customers[i].ID, Key: d.customers[i].Key, Stratum: "AA", Taken: true, Pi: 1, Weight: 1, Rank: i + 1})
	}
	d.write(func(tx flow.Tx) {
		require.NoError(d.t, tx.People.Save(people...))
		require.NoError(d.t, tx.Customers.Save(customers...))
		require.NoError(d.t, tx.Selections.Insert(d.selection, rows))
	})
}

func (d *desk) write(do func(flow.Tx)) {
	d.t.Helper()
	require.NoError(d.t, d.st.Write(context.Background(), func(tx flow.Tx) error { do(tx); return nil }))
}

// settings changes how calendars are read.
func (d *desk) settings(change func(*flow.BusySettings)) {
	d.t.Helper()
	s := flow.StandardBusySettings()
	if change != nil {
		change(&s)
	}
	require.NoError(d.t, d.f.SetBusy(context.Background(), everything, s, ""))
	d.work(flow.JobBusy)
}

// plan makes a draft of the year.
func (d *desk) plan() visit.Plan {
	d.t.Helper()
	ctx := context.Background()
	r, err := d.f.StartPlan(ctx, everything, flow.Key{}, flow.PlanInput{SelectionID: d.selection.ID, Seed: 1, Iterations: 3000})
	require.NoError(d.t, err)
	d.work(flow.JobPlan)
	r, err = d.f.Run(ctx, everything, r.ID)
	require.NoError(d.t, err)
	require.Equal(d.t, flow.Done, r.State, r.Error)
	v, err := d.f.Plan(ctx, everything, r.PlanID, flow.PlanFilter{})
	require.NoError(d.t, err)
	return v.Plan
}

// publish makes a draft the plan of its year and lets all its invitations go at
// once, whatever waves they would go in.
func (d *desk) publish(p visit.Plan) {
	d.t.Helper()
	_, err := d.f.Publish(context.Background(), everything, flow.Key{}, p.ID, p.Version, flow.PublishInput{})
	require.NoError(d.t, err)
	d.jobs = nil
	for _, v := range d.visits(p.ID) {
		require.NoError(d.t, d.Enqueue(context.Background(), store.Handle{}, flow.Job{Kind: flow.JobApply, Key: v.ID}))
	}
}

// visits gives the visits of a plan by customer.
func (d *desk) visits(planID string) map[string]visit.Visit {
	d.t.Helper()
	out := map[string]visit.Visit{}
	d.write(func(tx flow.Tx) {
		all, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, PlanID: planID})
		require.NoError(d.t, err)
		for _, v := range all {
			out[v.CustomerID] = v
		}
	})
	return out
}

// visitOf gives the only visit of a plan.
func (d *desk) visitOf(tx flow.Tx, planID string) visit.Visit {
	d.t.Helper()
	all, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, PlanID: planID})
	require.NoError(d.t, err)
	require.Len(d.t, all, 1)
	return all[0]
}

// readings gives what is known of calendars, by person.
func (d *desk) readings() map[string]roster.Reading {
	d.t.Helper()
	out := map[string]roster.Reading{}
	d.write(func(tx flow.Tx) {
		all, err := tx.Busy.Readings()
		require.NoError(d.t, err)
		for _, r := range all {
			out[r.PersonID] = r
		}
	})
	return out
}

// event gives what is wanted in the calendar for a visit, and how it stands.
func (d *desk) event(visitID string) flow.CalendarEvent {
	d.t.Helper()
	var e flow.CalendarEvent
	d.write(func(tx flow.Tx) {
		all, err := tx.Calendars.Events(visitID)
		require.NoError(d.t, err)
		require.Len(d.t, all, 1)
		e = all[0]
	})
	return e
}

// meeting puts something else into somebody's own calendar.
func (d *desk) meeting(who string, day slot.Date, from, to string) {
	d.t.Helper()
	start, err := slot.At(day, from, "Europe/Zurich")
	require.NoError(d.t, err)
	end, err := slot.At(day, to, "Europe/Zurich")
	require.NoError(d.t, err)
	_, err = d.emu.Block(who, "focusTime", start, end, "", "")
	require.NoError(d.t, err)
}

// asked counts the queries for free/busy so far.
func (d *desk) asked() int {
	n := 0
	for _, r := range d.emu.Ledger().Requests {
		if r.Method == "freebusy.query" {
			n++
		}
	}
	return n
}
