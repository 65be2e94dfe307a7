package gcal

import (
	"time"

	"windshield/internal/calsync"
)

// bar keeps a person from inviting anybody after Google's calendar use limit
// (403 quotaExceeded), which takes hours to recover. All workers share it, so that
// of thousands of waiting changes one an hour or so asks whether it is over, and
// the others do not. Readings, deletions and silent changes go on.
type bar struct {
	until  time.Time
	times  int       // refusals in a row
	asking time.Time // when the one that asks was let go; zero while nobody does
}

const (
	firstBar   = time.Hour
	longestBar = 4 * time.Hour
	askingFor  = 2 * time.Minute // after which an asker that never came back is given up
)

// bars says for how long a request may not go, 0 where it may. ask says that it
// is about to be sent: one that ends the wait then asks for all.
func (l *Limiter) bars(r request, ask bool) time.Duration {
	if !r.invites {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, barred := l.barred[r.person]
	now := l.now()
	switch {
	case !barred:
		return 0
	case now.Before(b.until):
		// Those who wait come back spread over a tenth of the wait.
		d := b.until.Sub(now)
		return d + time.Duration(l.dice.Int64N(int64(d/10)+1))
	case !b.asking.IsZero() && now.Sub(b.asking) < askingFor:
		return time.Minute
	case ask:
		b.asking = now
		l.barred[r.person] = b
	}
	return 0
}

// learnBar notes what an answer says about the calendar use limit; l.mu is held.
func (l *Limiter) learnBar(r request, failed *calsync.Error) {
	b, barred := l.barred[r.person]
	switch {
	case failed != nil && failed.Class == calsync.UsageLimit:
		d := max(min(firstBar<<min(b.times, 2), longestBar), failed.RetryAfter)
		if r.invites {
			if now := l.now(); !now.Before(b.until) { // those under way at the first refusal are not more of them
				l.barred[r.person] = bar{until: now.Add(d), times: b.times + 1}
			}
		} else { // even readings are refused, as by a daily limit: nothing goes
			l.paused[r.person] = pause{until: l.now().Add(d), usage: true}
		}
	case barred && r.invites && failed == nil:
		if !l.now().Before(b.until) {
			delete(l.barred, r.person)
		}
	case barred && r.invites:
		b.asking = time.Time{}
		l.barred[r.person] = b
	}
}

// Use is how much of a limit was used within the last minute, and what holds a
// person's requests back.
type Use struct {
	Used, Limit int       // requests; Limit 0: none is set
	PausedUntil time.Time // after refusals for the pace; zero or past where nothing is held back
	BarredUntil time.Time // of invitations, after the calendar use limit
}

// ProjectUse gives the use of the limit that all people share.
func (l *Limiter) ProjectUse() Use {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Use{Used: len(l.within("project", l.now())), Limit: l.limits.Project}
}

// PersonUse gives the use of one person's limit, by this process.
func (l *Limiter) PersonUse(address string) Use {
	person := quotaUser(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	return Use{Used: len(l.within("person "+person, l.now())), Limit: l.limits.Person, PausedUntil: l.paused[person].until, BarredUntil: l.barred[person].until}
}
