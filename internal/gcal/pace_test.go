package gcal_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// shop publishes visits of several organisers in virtual time, through one
// limiter, as the job queue would: what is refused or held back comes again when
// it was told to.
type shop struct {
	t       testing.TB
	emu     *emulator.Server
	clock   *turned
	clients map[string]*gcal.Client
	bases   map[string]calsync.Base
	jobs    []errand
	asked   int // attempts, also those that made no call
}

type errand struct {
	who  string
	want calsync.Want
	due  time.Time
}

func newShop(t testing.TB, q emulator.Quota, limits gcal.Limits, organisers, visits int, guests ...string) *shop {
	s := &shop{t: t, clock: &turned{now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}, clients: map[string]*gcal.Client{}, bases: map[string]calsync.Base{}}
	emu, err := emulator.New(emulator.Options{Now: s.clock.Now, Manual: true, Switches: usual(), External: []string{"customer.example"}})
	require.NoError(t, err)
	s.emu = emu
	emu.SetQuota(q)
	srv := httptest.NewServer(emu.Handler())
	t.Cleanup(srv.Close)
	limiter := gcal.NewLimiter(limits, s.clock.Now, s.clock.sleep)
	for i := range visits {
		who := fmt.Sprintf("host%02d@vendor.example", i%organisers)
		if s.clients[who] == nil {
			s.clients[who], err = gcal.New(context.Background(), gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: who, Token: gcal.StaticToken(emu.Token(who)), Limiter: limiter})
			require.NoError(t, err)
		}
		w := calsync.Want{Env: "prod", Visit: fmt.Sprintf("visit-%05d", i), Calendar: who, Generation: 1, Version: 1,
			Content: calsynctest.Content(time.Date(2027, 3, 1+i%28, 0, 0, 0, 0, time.UTC).Format("2006-01-02"), guests...)}
		s.jobs = append(s.jobs, errand{who, w, s.clock.Now()})
	}
	return s
}

// apply brings one visit's event to what is wanted, and gives the error.
func (s *shop) apply(ctx context.Context, e errand) error {
	s.asked++
	base, _, err := calsync.Apply(ctx, s.clients[e.who], func(_ context.Context, b calsync.Base) error {
		s.bases[e.want.Visit] = b
		return nil
	}, e.want, s.bases[e.want.Visit])
	if err == nil {
		s.bases[e.want.Visit] = base
	}
	return err
}

// run works the queue until it is empty or an instant has come; each is called
// after every job that was done.
func (s *shop) run(until time.Time, each func(done int)) (done int) {
	for len(s.jobs) > 0 && s.clock.Now().Before(until) && s.jobs[0].due.Before(until) {
		e := s.jobs[0]
		s.jobs = s.jobs[1:]
		if wait := e.due.Sub(s.clock.Now()); wait > 0 {
			require.NoError(s.t, s.clock.sleep(context.Background(), wait))
		}
		err := s.apply(context.Background(), e)
		var failed *calsync.Error
		switch {
		case err == nil:
			done++
			if each != nil {
				each(done)
			}
			continue
		case calsync.Is(err, calsync.SlowDown), calsync.Is(err, calsync.UsageLimit):
			require.ErrorAs(s.t, err, &failed)
			e.due = s.clock.Now().Add(max(failed.RetryAfter, 30*time.Second))
		default:
			require.NoError(s.t, err)
		}
		i, _ := slices.BinarySearchFunc(s.jobs, e.due, func(x errand, due time.Time) int {
			if x.due.After(due) {
				return 1
			}
			return -1
		})
		s.jobs = slices.Insert(s.jobs, i, e)
	}
	return done
}

func (s *shop) count(status int, reason string) (n int) {
	for _, r := range s.emu.Ledger().Requests {
		if r.Status == status && r.Reason == reason {
			n++
		}
	}
	return n
}

func TestFault11_TheCalendarUseLimitInMidPublication(t *testing.T) {
	const visits, allowed = 400, 150
	s := newShop(t, emulator.Quota{Invitations: allowed, Recovery: 3 * time.Hour}, gcal.GoogleLimits, 1, visits, buyer)
	ctx := context.Background()
	who := s.jobs[0].who
	began := s.clock.Now()
	require.Equal(t, allowed, s.run(began.Add(30*time.Minute), nil))
	require.Equal(t, 1, s.count(403, "quotaExceeded"), "one was refused, and nobody else asked")
	require.Len(t, s.jobs, visits-allowed)

	// Reading, deleting and what invites nobody go on.
	first := s.bases["visit-00000"]
	_, err := s.clients[who].Get(ctx, who, first.EventID)
	require.NoError(t, err)
	text := "Another text"
	e, err := s.clients[who].Patch(ctx, who, first.EventID, "", calsync.Patch{Description: &text}, calsync.MailNone)
	require.NoError(t, err)
	require.NoError(t, s.clients[who].Delete(ctx, who, first.EventID, e.ETag, calsync.MailAll))

	done := s.run(began.Add(48*time.Hour), nil)
	require.Equal(t, visits-allowed, done, "it goes on by itself")
	require.Empty(t, s.jobs)
	require.LessOrEqual(t, s.count(403, "quotaExceeded"), 8, "an attempt every hour or so while it lasts")
	require.Len(t, s.emu.Live(who), visits-1)
	invitations := map[string]int{}
	for _, m := range s.emu.Ledger().Mails {
		if m.Kind == "invite" {
			invitations[m.Event]++
		}
	}
	require.Len(t, invitations, visits)
	for event, n := range invitations {
		require.Equal(t, 1, n, event)
	}
}

func TestTheCalendarUseLimitOfOneOrganiserIsNobodyElses(t *testing.T) {
	s := newShop(t, emulator.Quota{Invitations: 10}, gcal.GoogleLimits, 2, 30, buyer)
	require.Equal(t, 20, s.run(s.clock.Now().Add(time.Minute), nil))
	require.Equal(t, 2, s.count(403, "quotaExceeded"))
}

func TestFault63_TheQuotaIsUsedUp(t *testing.T) {
	for name, q := range map[string]emulator.Quota{"403": {User: 60, Status: 403}, "429": {User: 60, Status: 429}, "429 with a time": {User: 60, Status: 429, RetryAfter: 20}} {
		t.Run(name, func(t *testing.T) {
			// The project's real limit is a tenth of what we were told.
			s := newShop(t, q, gcal.GoogleLimits, 1, 200)
			began := s.clock.Now()
			require.Equal(t, 200, s.run(began.Add(time.Hour), nil), "it ends")
			require.Len(t, s.emu.Live("host00@vendor.example"), 200)
			requests := s.emu.Ledger().Requests
			refused := 0
			for i, r := range requests {
				if r.Reason != "rateLimitExceeded" {
					continue
				}
				refused++
				if i+1 < len(requests) {
					require.GreaterOrEqual(t, requests[i+1].At.Sub(r.At), time.Second, "nobody asks at once after a refusal")
				}
			}
			require.Positive(t, refused)
			require.LessOrEqual(t, refused, 40, "refusals come ever further apart")
			require.Empty(t, s.emu.Audit())
		})
	}
	t.Run("with the right numbers there is no refusal", func(t *testing.T) {
		s := newShop(t, emulator.Quota{User: 60, Project: 100}, gcal.Limits{Person: 60, Project: 100}, 3, 200)
		require.Equal(t, 200, s.run(s.clock.Now().Add(time.Hour), nil))
		require.Zero(t, s.count(403, "rateLimitExceeded"))
	})
}

func TestWhoWaitsForAnAnswerWaitsNotLong(t *testing.T) {
	s := newShop(t, emulator.Quota{User: 600, Project: 10_000}, gcal.GoogleLimits, 1, 1000)
	who := s.jobs[0].who
	var waits []time.Duration
	s.run(s.clock.Now().Add(time.Hour), func(done int) {
		if done != 577 && done != 950 { // the first minute's have just been used up, or all is even
			return
		}
		began := s.clock.Now()
		waits = nil
		for range 60 {
			_, err := s.clients[who].Get(calsync.Urgent(context.Background()), who, s.bases["visit-00000"].EventID)
			require.NoError(t, err)
			waits = append(waits, s.clock.Now().Sub(began))
		}
		require.Zero(t, waits[14], "room is kept for some")
		require.LessOrEqual(t, waits[59], 6*time.Second, "and it becomes free all the time, not once a minute")
	})
	require.Len(t, s.bases, 1000)
	require.Zero(t, s.count(403, "rateLimitExceeded"))
	require.Len(t, waits, 60)
}

func TestFault85_EverybodyAsksAtOnce(t *testing.T) {
	const accounts, rounds = 200, 5
	every := time.Minute
	midnight := time.Date(2027, 1, 5, 0, 0, 0, 0, time.UTC)
	clock := &turned{now: midnight}
	emu, err := emulator.New(emulator.Options{Now: clock.Now, Manual: true, Switches: usual()})
	require.NoError(t, err)
	emu.SetQuota(emulator.Quota{Project: 250, User: 5})
	srv := httptest.NewServer(emu.Handler())
	t.Cleanup(srv.Close)

	type poll struct {
		at  time.Time
		who int
	}
	var polls []poll
	clients := make([]*gcal.Client, accounts)
	names := make([]string, accounts)
	for i := range accounts {
		names[i] = fmt.Sprintf("host%03d@vendor.example", i)
		clients[i], err = gcal.New(context.Background(), gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: names[i], Token: gcal.StaticToken(emu.Token(names[i]))})
		require.NoError(t, err)
		for r := range rounds {
			round := midnight.Add(time.Duration(r) * every)
			offset := calsync.PollOffset("prod", names[i], round, every)
			require.True(t, offset >= 0 && offset < every)
			polls = append(polls, poll{round.Add(offset), i})
		}
	}
	slices.SortFunc(polls, func(a, b poll) int { return a.at.Compare(b.at) })
	last := map[int]time.Time{}
	for _, p := range polls {
		require.NoError(t, clock.sleep(context.Background(), p.at.Sub(clock.Now())))
		_, err := clients[p.who].List(context.Background(), names[p.who], calsync.Query{Limit: 1})
		require.NoError(t, err)
		if before, again := last[p.who]; again {
			gap := p.at.Sub(before)
			require.True(t, gap >= every*3/4 && gap <= every*5/4, "%v", gap)
		}
		last[p.who] = p.at
	}
	bySecond := map[int64]int{}
	for _, r := range emu.Ledger().Requests {
		require.Equal(t, 200, r.Status)
		bySecond[r.At.Unix()]++
	}
	most := 0
	for _, n := range bySecond {
		most = max(most, n)
	}
	require.LessOrEqual(t, most, 15, "3.3 a second on average")
	require.GreaterOrEqual(t, len(bySecond), rounds*48, "hardly a second without one")
	other := calsync.PollOffset("test", names[0], midnight, every)
	require.NotEqual(t, calsync.PollOffset("prod", names[0], midnight, every), other, "another installation asks at other times")
}
