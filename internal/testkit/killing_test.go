package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

var errKilled = errors.New("the process was killed")

// mortalHouse is a Windshield without its doors: use cases and store, whose queue
// is kept here. It dies at one of its steps: before a call to Google (odd), after
// a call and before its reply (even), before a commit, and after one. What was
// committed stays.
type mortalHouse struct {
	t     *testing.T
	url   string // of the database
	side  string
	emu   *emulator.Server
	clock *Clock

	st      *store.Store
	flow    *flow.Flow
	queue   []flow.Job // committed
	pending []flow.Job // by the transaction that runs

	steps  int
	killAt int
	dead   bool
}

// mailbox is the account whose calendar holds all events.
const mailbox = "office@northlight.example"

func (h *mortalHouse) step() error {
	if h.dead {
		return errKilled
	}
	if h.steps++; h.steps == h.killAt {
		h.dead = true
		return errKilled
	}
	return nil
}

func newMortalHouse(t *testing.T, engine Engine) *mortalHouse {
	t.Helper()
	h := &mortalHouse{t: t, clock: &Clock{}}
	h.clock.Set(Start)
	var err error
	h.emu, err = emulator.New(emulator.Options{Now: h.clock.Now, Strict: true})
	require.NoError(t, err)
	side := httptest.NewServer(h.emu.Handler())
	t.Cleanup(side.Close)
	h.side = side.URL
	h.url = "sqlite:" + filepath.Join(t.TempDir(), "windshield.db")
	if engine == Postgres {
		h.url = pgtest.URL(t)
	}
	h.start()
	t.Cleanup(func() { require.NoError(t, h.st.Close()) })
	require.NoError(t, h.st.Migrate(context.Background()))
	return h
}

func (h *mortalHouse) publish(plan string) (flow.Published, error) {
	return h.flow.Publish(context.Background(), System, flow.Key{ActorID: "vp", Key: plan, Hash: "the same"}, plan, 1, flow.PublishInput{Reasons: flow.TypedReasons{All: "The customer asked for this day."}})
}

// start opens the database anew, as a new process does.
func (h *mortalHouse) start() {
	h.t.Helper()
	if h.st != nil {
		require.NoError(h.t, h.st.Close())
	}
	h.dead = false
	var err error
	h.st, err = store.Open(context.Background(), h.url, store.Options{Now: h.clock.Now})
	require.NoError(h.t, err)
	h.st.SetEnqueuer(h)
	h.flow = flow.New(flow.Deps{Store: mortalStore{h.st, h}, Calendars: h, Notifier: deaf{}, Now: h.clock.Now, BaseURL: "https://windshield.example", Env: "prod", Workers: 1})
}

// Enqueue implements store.Enqueuer.
func (h *mortalHouse) Enqueue(_ context.Context, _ store.Handle, jobs ...flow.Job) error {
	h.pending = append(h.pending, jobs...)
	return nil
}

// Open implements flow.Opener.
func (h *mortalHouse) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	client, err := gcal.New(ctx, gcal.Config{BaseURL: h.side + "/calendar/v3/", Subject: address, Token: gcal.StaticToken(h.emu.Token(address)), Timeout: 5 * time.Second})
	return calsynctest.Mortal{Calendar: client, Step: h.step}, err
}

// TestFault06_TwoWorkersInsertAtOnce lets a second worker, of another process
// where the database allows one, begin while the first one's insert is on its way
// and nothing can be seen of it yet. The server would take the id twice.
func TestFault06_TwoWorkersInsertAtOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			h := newMortalHouse(t, engine)
			h.emu.SetSwitches(emulator.Switches{RaceDuplicates: true})
			other := h
			if engine == Postgres {
				replica := *h
				other = &replica
				other.st = nil
				other.start()
				defer func() { require.NoError(t, other.st.Close()) }()
			}
			h.draft(0)
			_, err := h.publish("plan-0-0")
			require.NoError(t, err)
			jobs := h.queue
			require.Equal(t, flow.JobApply, jobs[0].Kind)
			h.emu.Inject(emulator.Fault{Method: "events.insert", Action: emulator.Run, Do: func() {
				impatient, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				require.Error(t, other.flow.Do(impatient, jobs[0]), "it waits for its turn")
			}})
			require.NoError(t, h.flow.Do(context.Background(), jobs[0]))
			require.NoError(t, other.flow.Do(context.Background(), jobs[0]))
			inserts := 0
			for _, r := range h.emu.Ledger().Requests {
				if r.Method == "events.insert" {
					inserts++
				}
			}
			require.Equal(t, 1, inserts)
			require.Len(t, h.emu.Live(mailbox), 1)
			require.Equal(t, 1, h.emu.Ledger().Count("invite", "host-0-0@northlight.example", ""))
		})
	}
}

// Organizer implements flow.Opener.
func (h *mortalHouse) Organizer(string) string { return mailbox }

type deaf struct{}

// Send implements notify.Notifier.
func (deaf) Send(context.Context, notify.Message) error { return nil }

// mortalStore dies before or after a commit.
type mortalStore struct {
	*store.Store
	h *mortalHouse
}

// Write implements flow.Store.
func (s mortalStore) Write(ctx context.Context, do func(flow.Tx) error) error {
	_, err := calsynctest.Around(s.h.step, func() (any, error) {
		err := s.Store.Write(ctx, func(tx flow.Tx) error {
			s.h.pending = nil // of an attempt that was rolled back
			return do(tx)
		})
		if err == nil {
			s.h.queue = append(s.h.queue, s.h.pending...)
		}
		s.h.pending = nil
		return nil, err
	})
	return err
}

// again does something until it has been done, with a new process where the one
// before was killed.
func (h *mortalHouse) again(what string, do func() error) {
	h.t.Helper()
	var err error
	for range 20 {
		if err = do(); err == nil {
			return
		}
		var later *flow.Later
		switch {
		case h.dead:
			h.start()
		case errors.As(err, &later):
			h.clock.Set(h.clock.Now().Add(later.After))
		}
	}
	require.NoError(h.t, err, "%s, killed at step %d", what, h.killAt)
}

// drain does the jobs in their order; one whose process was killed is done again.
func (h *mortalHouse) drain() {
	h.t.Helper()
	for n := 0; len(h.queue) > 0; n++ {
		require.Less(h.t, n, 100, "the backlog does not drain")
		j := h.queue[0]
		h.again(string(j.Kind), func() error { return h.flow.Do(context.Background(), j) })
		h.queue = h.queue[1:]
	}
}

// draft stores a plan of two visits of a company of its own, and gives its id.
func (h *mortalHouse) draft(n int) string {
	h.t.Helper()
	name := func(kind string, i int) string { return fmt.Sprintf("%s-%d-%d", kind, n, i) }
	plan := visit.Plan{ID: name("plan", 0), Year: 2027 + n, Name: "Plan", State: visit.Draft,
		Horizon: slot.Interval{Start: slot.MakeDate(2027+n, 1, 1), End: slot.MakeDate(2027+n, 12, 31)}, CreatedAt: h.clock.Now()}
	require.NoError(h.t, h.st.Write(context.Background(), func(tx flow.Tx) error {
		host := &roster.Person{ID: name("host", 0), Key: name("h", 0), Name: "A Host", Email: name("host", 0) + "@northlight.example", Zone: "Europe/Zurich", Roles: []roster.Role{roster.Host}}
		if err := tx.People.Save(host); err != nil {
			return err
		}
		if err := tx.Plans.Save(&plan); err != nil {
			return err
		}
		for i := range 2 {
			e := &roster.Person{ID: name("exec", i), Key: name("e", i), Name: "An Executive", Email: name("exec", i) + "@northlight.example", Zone: "Europe/Zurich", Roles: []roster.Role{roster.Executive}}
			c := &roster.Customer{ID: name("customer", i), Key: name("c", i), Name: name("Customer", i), Zone: "Europe/Zurich", Country: "CH", HostID: host.ID}
			v := &visit.Visit{ID: name("visit", i), PlanID: plan.ID, Label: name("v", i), CustomerID: c.ID, HostID: host.ID, State: visit.Proposed, Answer: visit.NoAnswer, Kind: visit.AtCustomer}
			if err := v.Place(e.ID, slot.Slot{Date: slot.MakeDate(2027+n, 3, 9+i), Half: slot.AM}, "Europe/Zurich"); err != nil {
				return err
			}
			if err := errors.Join(tx.People.Save(e), tx.Customers.Save(c), tx.Visits.Save(v)); err != nil {
				return err
			}
		}
		return nil
	}))
	return plan.ID
}

// live publishes a plan, lets one executive move the visit and the other decline,
// and wants that in the end nothing is lost, doubled or orphaned, and that nobody
// was told twice.
func (h *mortalHouse) live(n, killAt int) (steps int) {
	h.t.Helper()
	ctx := context.Background()
	plan := h.draft(n)
	h.steps, h.killAt = 0, killAt
	says := fmt.Sprintf("killed at step %d", killAt)
	var out flow.Published
	h.again("publish", func() (err error) {
		out, err = h.publish(plan)
		return err
	})
	require.Equal(h.t, [2]int{2, 2}, [2]int{out.Visits, out.New}, "%s: the answer is that of the first time", says)
	h.queue = append(h.queue, flow.Job{Kind: flow.JobLaunch}) // as the schedule does
	h.drain()
	visits := h.visits(plan)
	moved, declined := visits[0], visits[1]
	at := func(v visit.Visit) string { return calsync.EventID("prod", v.ID, 1) }
	mover, decliner := moved.ExecutiveID+"@northlight.example", declined.ExecutiveID+"@northlight.example"
	h.clock.Set(h.clock.Now().Add(time.Hour)) // a refusal at once would be that of a machine
	require.NoError(h.t, h.emu.Respond(decliner, at(declined), "declined", "On holiday"), says)
	require.NoError(h.t, h.emu.Move(mover, at(moved), moved.Start.AddDate(0, 0, 2), moved.End.AddDate(0, 0, 2)), says)
	h.clock.Set(h.clock.Now().Add(time.Minute))
	h.again("read", func() error { return h.flow.Do(ctx, flow.Job{Kind: flow.JobPull, Key: mailbox}) })
	h.drain()
	steps = h.steps

	h.killAt = 0
	if h.dead { // at the very last step
		h.start()
	}
	visits = h.visits(plan)
	require.Equal(h.t, []visit.State{visit.Published, visit.Declined}, []visit.State{visits[0].State, visits[1].State}, says)
	require.Equal(h.t, moved.Slot.Date.Add(2), visits[0].Slot.Date, says)
	e, there := h.emu.Event(mailbox, at(moved))
	require.True(h.t, there && e.Status != "cancelled", "%s: lost", says)
	require.True(h.t, e.Start.Equal(visits[0].Start), says)
	mine := slices.DeleteFunc(h.emu.Live(mailbox), func(v emulator.View) bool { return v.Start.Year() != 2027+n })
	require.Len(h.t, mine, 1, "%s: doubled or orphaned", says)
	l := h.emu.Ledger()
	host := moved.HostID + "@northlight.example"
	for _, c := range []struct {
		kind, to, event string
		want            int
	}{
		{"invite", mover, at(moved), 1}, {"invite", host, at(moved), 1}, {"invite", decliner, at(declined), 1}, {"invite", host, at(declined), 1},
		{"cancel", decliner, at(declined), 1}, {"cancel", host, at(declined), 1}, {"cancel", "", at(moved), 0}, {"update", host, at(declined), 0},
	} {
		require.Equal(h.t, c.want, l.Count(c.kind, c.to, c.event), "%s: %s to %s", says, c.kind, c.to)
	}
	require.NoError(h.t, h.st.Read(ctx, func(tx flow.Tx) error {
		bookings, err := tx.Bookings.Between(slot.Interval{Start: slot.MakeDate(2027+n, 1, 1), End: slot.MakeDate(2027+n, 12, 31)})
		require.Len(h.t, bookings, 2, "%s: the executive and the host of the visit that stands", says)
		events, err2 := tx.Calendars.Events(moved.ID, declined.ID)
		for _, e := range events {
			require.Equal(h.t, flow.EventApplied, e.State, "%s: %s", says, e.Problem)
			require.Equal(h.t, e.Desired, e.Applied, says)
			require.Nil(h.t, e.Base.Intent, says)
		}
		_, broken, err3 := tx.Ledger.Verify()
		require.Zero(h.t, broken, says)
		return errors.Join(err, err2, err3)
	}))
	writes, mails := len(l.Writes()), len(l.Mails)
	h.queue = []flow.Job{{Kind: flow.JobApply, Key: moved.ID}, {Kind: flow.JobApply, Key: declined.ID}, {Kind: flow.JobPull, Key: mailbox}}
	h.drain()
	l = h.emu.Ledger()
	require.Equal(h.t, [2]int{writes, mails}, [2]int{len(l.Writes()), len(l.Mails)}, "%s: a second run writes nothing and mails nobody", says)
	return steps
}

func (h *mortalHouse) visits(plan string) (out []visit.Visit) {
	h.t.Helper()
	require.NoError(h.t, h.st.Read(context.Background(), func(tx flow.Tx) (err error) {
		out, _, err = tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, PlanID: plan})
		return err
	}))
	require.Len(h.t, out, 2)
	slices.SortFunc(out, func(a, b visit.Visit) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// TestKilledAtEachCallAndCommit kills the process once at each call to Google and
// at each commit of a publication and of what follows from it: one life for each.
func TestKilledAtEachCallAndCommit(t *testing.T) {
	t.Parallel()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			h := newMortalHouse(t, engine)
			steps := h.live(0, 0)
			require.Greater(t, steps, 30)
			// Nothing becomes durable between the end of one step and the beginning of
			// the next: to die there is one and the same death.
			for at := 2; at <= steps; at += 2 {
				h.live(at, at)
			}
			t.Logf("%d calls and commits, killed after each", steps/2)
		})
	}
}
