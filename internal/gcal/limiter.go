package gcal

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"windshield/internal/calsync"
)

// Limits say how many requests Google lets through in a minute that slides; 0 is
// no limit of ours. Where all are 0 the pace is left to the queue alone.
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
//
// Bulk work goes evenly, after a burst of a twentieth of a minute's: the window
// then has room for somebody who waits at any time, not only once a minute.
const (
	paceWindow   = 60*time.Second + 500*time.Millisecond
	urgentShare  = 0.99
	bulkShare    = 0.964
	burstShare   = 0.05
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
	even   map[string]time.Time   // by bucket: when bulk work would be due if it always came evenly
	paused map[string]pause       // by person
	barred map[string]bar         // by person
	dice   *rand.Rand
	swept  time.Time
}

type pause struct {
	until time.Time
	times int  // refusals in a row
	usage bool // even readings were refused for the calendar use limit
}

// request is what the limiter must know of one.
type request struct {
	person   string // the bucket that Google counts it in
	calendar string // that it writes to; "" where it writes nothing
	invites  bool   // it may send invitations
}

// NewLimiter makes a limiter by a clock; sleep waits for d or until ctx ends.
func NewLimiter(limits Limits, now func() time.Time, sleep func(ctx context.Context, d time.Duration) error) *Limiter {
	return &Limiter{limits: limits, now: now, sleep: sleep, sent: map[string][]time.Time{}, even: map[string]time.Time{}, paused: map[string]pause{},
		barred: map[string]bar{}, dice: rand.New(rand.NewPCG(uint64(now().UnixNano()), 3))}
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

// tooLong is the error of a wait that would outlast the caller's deadline.
type tooLong struct{ d time.Duration }

func (t tooLong) Error() string { return "it would have to wait for longer than there is time" }

// wait holds a request back until it may go. The error is that of ctx, or tooLong
// at once where the deadline of ctx comes first: a worker that cannot succeed had
// better do something else. Nothing has been counted then.
func (l *Limiter) wait(ctx context.Context, r request) error {
	urgent := calsync.IsUrgent(ctx)
	for {
		d := l.take(r, urgent)
		if d <= 0 {
			return nil
		}
		if end, bound := ctx.Deadline(); bound && time.Until(end) < d {
			return tooLong{d}
		}
		if err := l.sleep(ctx, d); err != nil {
			return err
		}
	}
}

// bucket is one thing that has a limit.
type bucket struct {
	name string
	most int
}

func (l *Limiter) buckets(r request) []bucket {
	all := []bucket{{"project", l.limits.Project}, {"person " + r.person, l.limits.Person}}
	if r.calendar != "" {
		all = append(all, bucket{"calendar " + r.calendar, l.limits.Calendar})
	}
	return slices.DeleteFunc(all, func(b bucket) bool { return b.most <= 0 })
}

// share gives how many requests of a limit we use in a window; at least one.
func share(most int, of float64) int { return max(1, int(float64(most)*of)) }

// take counts a request, or says how long it has to wait before asking again.
func (l *Limiter) take(r request, urgent bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	part := bulkShare
	if urgent {
		part = urgentShare
	}
	buckets := l.buckets(r)
	d := l.paused[r.person].until.Sub(now)
	for _, b := range buckets {
		most := share(b.most, part)
		list := l.within(b.name, now)
		if n := len(list); n >= most {
			d = max(d, list[n-most].Add(paceWindow).Sub(now))
		}
		if !urgent {
			burst := time.Duration(share(b.most, burstShare)-1) * gap(b)
			d = max(d, l.even[b.name].Add(-burst).Sub(now))
		}
	}
	if d > 0 {
		return d
	}
	for _, b := range buckets {
		l.sent[b.name] = append(l.sent[b.name], now)
		if !urgent {
			due := l.even[b.name]
			if due.Before(now) {
				due = now
			}
			l.even[b.name] = due.Add(gap(b))
		}
	}
	return 0
}

// gap is the time between two requests of bulk work that come evenly.
func gap(b bucket) time.Duration { return paceWindow / time.Duration(share(b.most, bulkShare)) }

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
			delete(l.even, name)
		}
	}
	for person, p := range l.paused {
		if now.Sub(p.until) > longestPause {
			delete(l.paused, person)
		}
	}
	for person, b := range l.barred {
		if now.Sub(b.until) > longestBar {
			delete(l.barred, person)
		}
	}
}

// learn notes how a request ended, nil for well: a refusal for the pace holds the
// person's next requests back, longer each time and never by the same; an answer
// of any other kind ends that. No answer says nothing about the pace. A pause for
// the calendar use limit lasts its time, whatever was under way when it began.
func (l *Limiter) learn(r request, failed *calsync.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learnBar(r, failed)
	if p := l.paused[r.person]; p.usage && l.now().Before(p.until) {
		return
	}
	switch {
	case failed == nil, failed.Class != calsync.SlowDown && failed.Status > 0:
		delete(l.paused, r.person)
	case l.limits == Limits{}, failed.Call == "token": // whoever gives out tokens knows nothing of the pace
	case failed.Class == calsync.SlowDown:
		p := l.paused[r.person]
		d := min(firstPause<<min(p.times, 6), longestPause) + time.Duration(l.dice.Int64N(int64(time.Second)))
		l.paused[r.person] = pause{until: l.now().Add(max(d, failed.RetryAfter)), times: p.times + 1}
	}
}
