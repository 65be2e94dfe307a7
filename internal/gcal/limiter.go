package gcal

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"windshield/internal/calsync"
)

// Limits say how many requests Google lets through in a minute that slides; 0 is
// no limit of ours.
type Limits struct {
	Project  int // of all people together
	Person   int // on behalf of one person
	Calendar int // writes to one calendar
}

// GoogleLimits are Google's for a project made since May 2026. Google gives no
// number for writes to one calendar; the person's own is the only bound then.
var GoogleLimits = Limits{Project: 10_000, Person: 600}

// How much of a limit is used, and over which time. Requests reach Google some
// time after they were let go, one later than another: the window is longer than
// Google's by what that may shift, and not all of it is used. What is kept from
// bulk work is for people who wait: 578 in 60.5 s is 95.5 % of 600 a minute.
const (
	paceWindow   = 60*time.Second + 500*time.Millisecond
	urgentShare  = 0.99
	bulkShare    = 0.964
	firstPause   = time.Second
	longestPause = 64 * time.Second
)

// Limiter holds requests back so that Google need not refuse them. One is shared
// by all clients of a process; it may be used by many goroutines at the same
// time.
type Limiter struct {
	limits Limits
	now    func() time.Time
	sleep  func(ctx context.Context, d time.Duration) error

	mu     sync.Mutex
	sent   map[string][]time.Time // by bucket: when requests were let go, within the window
	paused map[string]pause       // by person
	dice   *rand.Rand
	swept  time.Time
}

type pause struct {
	until time.Time
	times int // refusals in a row
}

// NewLimiter makes a limiter by a clock; sleep waits for d or until ctx ends.
func NewLimiter(limits Limits, now func() time.Time, sleep func(ctx context.Context, d time.Duration) error) *Limiter {
	return &Limiter{limits: limits, now: now, sleep: sleep, sent: map[string][]time.Time{}, paused: map[string]pause{},
		dice: rand.New(rand.NewPCG(uint64(now().UnixNano()), 3))}
}

// Sleep is the sleep of a real clock.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

type urgentKey struct{}

// Urgent marks the calls under ctx as work that a person waits for: they go
// before bulk work and may use what is kept from it.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// wait holds a request back until it may go. person and calendar name the
// buckets; calendar is "" for a request that writes nothing. The error is that of
// ctx; nothing has been counted then.
func (l *Limiter) wait(ctx context.Context, person, calendar string) error {
	urgent := ctx.Value(urgentKey{}) != nil
	for {
		d := l.take(person, calendar, urgent)
		if d <= 0 {
			return nil
		}
		if err := l.sleep(ctx, d); err != nil {
			return err
		}
	}
}

// take counts a request, or says how long it has to wait before asking again.
func (l *Limiter) take(person, calendar string, urgent bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	share := bulkShare
	if urgent {
		share = urgentShare
	}
	buckets := []struct {
		name string
		most int
	}{{"project", l.limits.Project}, {"person " + person, l.limits.Person}, {"calendar " + calendar, l.limits.Calendar}}
	if calendar == "" {
		buckets = buckets[:2]
	}
	d := l.paused[person].until.Sub(now)
	for _, b := range buckets {
		if b.most <= 0 {
			continue
		}
		most := max(1, int(float64(b.most)*share))
		list := l.within(b.name, now)
		if n := len(list); n >= most {
			d = max(d, list[n-most].Add(paceWindow).Sub(now))
		}
	}
	if d > 0 {
		return d
	}
	for _, b := range buckets {
		if b.most > 0 {
			l.sent[b.name] = append(l.sent[b.name], now)
		}
	}
	return 0
}

func (l *Limiter) within(bucket string, now time.Time) []time.Time {
	list := l.sent[bucket]
	old := 0
	for old < len(list) && !list[old].Add(paceWindow).After(now) {
		old++
	}
	list = list[old:]
	l.sent[bucket] = list
	return list
}

// sweep forgets people and calendars that nobody asked for in a while.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < paceWindow {
		return
	}
	l.swept = now
	for name := range l.sent {
		if len(l.within(name, now)) == 0 {
			delete(l.sent, name)
		}
	}
	for person, p := range l.paused {
		if now.Sub(p.until) > longestPause {
			delete(l.paused, person)
		}
	}
}

// learn notes how a request ended, nil for well: a refusal for the pace holds the
// person's next requests back, longer each time and never by the same; an answer
// of any other kind ends that. No answer says nothing about the pace.
func (l *Limiter) learn(person string, failed *calsync.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case failed == nil, failed.Class != calsync.SlowDown && failed.Status > 0:
		delete(l.paused, person)
	case failed.Class == calsync.SlowDown:
		p := l.paused[person]
		d := min(firstPause<<min(p.times, 6), longestPause) + time.Duration(l.dice.Int64N(int64(time.Second)))
		l.paused[person] = pause{l.now().Add(max(d, failed.RetryAfter)), p.times + 1}
	}
}
