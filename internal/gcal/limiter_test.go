package gcal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// turned is a clock that sleeping turns forward.
type turned struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *turned) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *turned) sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), append(c.slept, d)
	return nil
}

// paced gives an emulator that refuses what is too much, and clients of people
// who share a limiter.
func paced(t *testing.T, q emulator.Quota, limits gcal.Limits) (*emulator.Server, *turned, func(who string) *gcal.Client) {
	c := &turned{now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}
	emu, err := emulator.New(emulator.Options{Now: c.Now, Manual: true, Switches: usual()})
	require.NoError(t, err)
	emu.SetQuota(q)
	srv := httptest.NewServer(emu.Handler())
	t.Cleanup(srv.Close)
	limiter := gcal.NewLimiter(limits, c.Now, c.sleep)
	return emu, c, func(who string) *gcal.Client {
		client, err := gcal.New(context.Background(), gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: who, Token: gcal.StaticToken(emu.Token(who)), Limiter: limiter})
		require.NoError(t, err)
		return client
	}
}

// refusals counts what the server refused for the pace.
func refusals(emu *emulator.Server) (n int) {
	for _, r := range emu.Ledger().Requests {
		if r.Reason == "rateLimitExceeded" {
			n++
		}
	}
	return n
}

func TestThreeThousandEventsAtTheRateAllowed(t *testing.T) {
	const events = 3000
	emu, clock, client := paced(t, emulator.Quota{User: 600, Project: 10_000}, gcal.GoogleLimits)
	ann, began := client(office), clock.Now()
	ctx := context.Background()
	waited := time.Duration(0)
	for i := range events {
		n := calsync.New{ID: fmt.Sprintf("event%05d", i), Content: calsynctest.Content("2027-03-04")}
		_, err := ann.Insert(ctx, office, n, calsync.MailNone)
		require.NoError(t, err)
		if i%100 == 99 { // in between, somebody waits for an answer
			before := clock.Now()
			_, err := ann.Get(calsync.Urgent(ctx), office, n.ID)
			require.NoError(t, err)
			waited = max(waited, clock.Now().Sub(before))
		}
	}
	took := clock.Now().Sub(began)
	require.Zero(t, refusals(emu))
	require.Zero(t, waited, "who waits does not wait for the bulk")
	allowed := time.Duration(events) * time.Minute * 100 / (95 * 600)
	t.Logf("%d events and %d urgent calls in %v; at 95 %% of the allowed rate the events alone may take %v", events, events/100, took, allowed)
	require.LessOrEqual(t, took, allowed)
	require.Len(t, emu.Live(office), events)
}

func TestTheProjectAndACalendarHaveLimitsToo(t *testing.T) {
	ctx := context.Background()
	t.Run("project", func(t *testing.T) {
		emu, clock, client := paced(t, emulator.Quota{User: 100, Project: 200}, gcal.Limits{Project: 200, Person: 100})
		began := clock.Now()
		for p := range 5 {
			c := client(fmt.Sprintf("p%d@vendor.example", p))
			for range 80 {
				_, err := c.List(ctx, "primary", calsync.Query{})
				require.NoError(t, err)
			}
		}
		require.Zero(t, refusals(emu))
		require.Greater(t, clock.Now().Sub(began), 2*time.Minute)
	})
	t.Run("calendar", func(t *testing.T) {
		emu, clock, client := paced(t, emulator.Quota{Writes: 10}, gcal.Limits{Calendar: 10})
		c, began := client(office), clock.Now()
		for i := range 25 {
			n := calsync.New{ID: fmt.Sprintf("event%05d", i), Content: calsynctest.Content("2027-03-04")}
			_, err := c.Insert(ctx, office, n, calsync.MailNone)
			require.NoError(t, err)
			_, err = c.Get(ctx, office, n.ID)
			require.NoError(t, err, "reading is not held back")
		}
		require.Zero(t, refusals(emu))
		require.Equal(t, 2, int(clock.Now().Sub(began)/time.Minute))
	})
}

func TestARefusalHoldsBackLongerEachTime(t *testing.T) {
	ctx := context.Background()
	emu, clock, client := paced(t, emulator.Quota{}, gcal.GoogleLimits)
	c := client(office)
	emu.Inject(emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded", Count: 5})
	refusedOnce := func() {
		var e *calsync.Error
		_, err := c.List(ctx, office, calsync.Query{})
		require.ErrorAs(t, err, &e)
		require.Equal(t, calsync.SlowDown, e.Class)
	}
	for range 5 {
		refusedOnce()
	}
	_, err := client(ann).List(ctx, ann, calsync.Query{})
	require.NoError(t, err, "another person is not held back")
	require.Len(t, clock.slept, 4)
	_, err = c.List(ctx, office, calsync.Query{})
	require.NoError(t, err)
	for i, d := range clock.slept { // 1, 2, 4, 8, 16 s and up to a second more
		least := time.Second << i
		require.True(t, d >= least && d <= least+time.Second, "%d: %v", i, d)
	}
	emu.Inject(emulator.Fault{Action: emulator.FailBefore, Status: 429, Reason: "rateLimitExceeded", RetryAfter: 40})
	refusedOnce()
	_, err = c.List(ctx, office, calsync.Query{})
	require.NoError(t, err)
	require.Equal(t, 40*time.Second, clock.slept[5].Round(time.Second), "as the server asked; the count began anew")

	// Whoever gives up while held back has sent nothing.
	emu.Inject(emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded"})
	refusedOnce()
	gone, stop := context.WithCancel(ctx)
	stop()
	before := len(emu.Ledger().Requests)
	_, err = c.Insert(gone, office, calsync.New{ID: "event1", Content: calsynctest.Content("2027-03-04")}, calsync.MailAll)
	var e *calsync.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, calsync.SlowDown, e.Class, "its outcome is known")
	require.True(t, errors.Is(err, context.Canceled))
	require.Len(t, emu.Ledger().Requests, before)
}

// Where even readings are refused for the calendar use limit, nothing of that person
// goes for an hour, also where something that was under way ends well meanwhile.
func TestARefusalOfReadingsForTheUseLimitHoldsEverythingBack(t *testing.T) {
	emu, clock, client := paced(t, emulator.Quota{}, gcal.GoogleLimits)
	ann, ctx := client(office), context.Background()
	emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.FailBefore, Status: 403, Reason: "quotaExceeded", Count: 1})
	_, err := ann.List(ctx, office, calsync.Query{})
	require.Equal(t, calsync.UsageLimit, calsync.ClassOf(err))
	began := clock.Now()
	_, err = ann.List(ctx, office, calsync.Query{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, clock.Now().Sub(began), time.Hour)
}
