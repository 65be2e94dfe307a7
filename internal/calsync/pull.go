package calsync

import (
	"context"
	"time"
)

// Cursor is how far a calendar was read back. Store it in the transaction that
// applies what Pull found. The zero value reads everything.
type Cursor struct {
	Account string    // whose credential the token belongs to
	Params  string    // version of the query that the token belongs to
	Token   string    `json:",omitempty"`
	FullAt  time.Time // when everything was last read
	Refused int       `json:",omitempty"` // full readings forced by a refused token, one after the other
	Believe bool      `json:",omitempty"` // a person confirmed that many events are really gone; used once
	PutBack bool      `json:",omitempty"` // with Believe: and wants everybody invited again
}

// Known gives what we believe the calendar to hold.
type Known interface {
	// Bases gives the bases of a calendar's events with these ids; with nil ids
	// all that are confirmed and not over. Unknown ids are left out.
	Bases(ctx context.Context, calendar string, ids []string) ([]Base, error)
}

// Pulled is what was read back. For each of Seen call Observe with the base as
// it stands in the transaction.
type Pulled struct {
	Seen   []Event  // newest version of each changed event of ours; tombstones included
	Stray  []Event  // live events with this installation's mark that no base knows
	Next   Cursor   // store it together with what was applied
	Full   bool     // everything was read, not just what changed
	Doubt  Doubt    // why what vanished was not believed
	Missed []string // with Doubt: ids of the events that seem to be gone
}

// Doubt says why a reading was not believed.
type Doubt string

const (
	NoDoubt   Doubt = ""
	FalseList Doubt = "the list left out events that are there" // nothing to do; read again later
	MassLoss  Doubt = "many events are gone at once"            // a person must confirm (Cursor.Believe)
)

// Reading says what to read back.
type Reading struct {
	Env      string // this installation
	Account  string // whose credential is used
	Calendar string
	Now      time.Time
}

const (
	// paramsVersion changes with the query that List sends; a token belongs to it.
	paramsVersion = "1"
	fullEvery     = time.Hour // between full readings that refused tokens force, after the second
	sampleSize    = 5
	maxPages      = 10000
)

// patience is how long to wait with the next full reading after refused ones. Two
// tokens may expire one after the other; from the third on, something is wrong
// on the server, and reading everything again and again would not mend it.
func patience(refused int) time.Duration {
	switch refused {
	case 0:
		return 0
	case 1:
		return time.Minute
	}
	return fullEvery
}

// Pull reads what changed on a calendar since the cursor, everything where the
// cursor holds no usable token. The new cursor counts only once what was found
// has been applied: a crash before that reads the same again. Errors are *Error;
// with class TokenInvalid the server refuses every token, and the next full
// reading is due after RetryAfter.
//
// A list is evidence, not truth. Where a full list lacks events that we know,
// each is looked up; where it lacks many, a sample is looked up first, and if
// they are really gone a person must confirm before anything is concluded.
func Pull(ctx context.Context, cal Calendar, r Reading, c Cursor, known Known) (Pulled, error) {
	if c.Account != r.Account || c.Params != paramsVersion {
		c = Cursor{Account: r.Account, Params: paramsVersion, Believe: c.Believe, PutBack: c.PutBack}
	}
	p := Pulled{Next: c, Full: c.Token == ""}
	events, unsure, token, err := readAll(ctx, cal, r.Calendar, c.Token)
	if Is(err, TokenInvalid) && c.Token != "" {
		if wait := c.FullAt.Add(patience(c.Refused)).Sub(r.Now); wait > 0 {
			return Pulled{Next: c}, &Error{Class: TokenInvalid, Call: "list", Reason: "every sync token is refused", RetryAfter: wait}
		}
		p.Full, p.Next.Refused = true, c.Refused+1
		events, unsure, token, err = readAll(ctx, cal, r.Calendar, "")
	}
	if Is(err, Missing) {
		err = lostAccess("list")
	}
	if err != nil {
		return Pulled{Next: c}, err
	}
	if p.Full {
		p.Next.FullAt = r.Now
	} else {
		p.Next.Refused = 0
	}
	p.Next.Token, p.Next.Believe, p.Next.PutBack = token, false, false

	ids := make([]string, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	bases := map[string]Base{}
	if len(ids) > 0 {
		found, err := known.Bases(ctx, r.Calendar, ids)
		if err != nil {
			return Pulled{Next: c}, err
		}
		for _, b := range found {
			bases[b.EventID] = b
		}
	}
	var gone []Event
	for _, e := range events {
		b, ours := bases[e.ID]
		if ours && (unsure[e.ID] || b.Over && e.Live()) { // the list contradicts itself, or what we know: it may lag behind
			if e, err = lookUp(ctx, cal, r.Calendar, e.ID); err != nil {
				return Pulled{Next: c}, err
			}
		}
		switch {
		case !ours && e.Live() && e.Marks[MarkEnv] == r.Env:
			p.Stray = append(p.Stray, e)
		case !ours:
		case !e.Live() && b.standing():
			gone = append(gone, e)
		default:
			p.Seen = append(p.Seen, e)
		}
	}
	if p.Full {
		return p.missing(ctx, cal, r, c, known, events, gone)
	}
	if len(gone) > fewEnough {
		all, err := known.Bases(ctx, r.Calendar, nil)
		if err != nil {
			return Pulled{Next: c}, err
		}
		if Judge(len(all), len(gone)) == Recheck && !c.Believe {
			p.Doubt, p.Next = MassLoss, c // the token stays, so that the tombstones come again
			for _, e := range gone {
				p.Missed = append(p.Missed, e.ID)
			}
			return p, nil
		}
	}
	p.Seen = append(p.Seen, gone...)
	return p, nil
}

// missing looks after the known events that a full list lacks.
func (p Pulled) missing(ctx context.Context, cal Calendar, r Reading, c Cursor, known Known, events, gone []Event) (Pulled, error) {
	all, err := known.Bases(ctx, r.Calendar, nil)
	if err != nil {
		return Pulled{Next: c}, err
	}
	listed := map[string]bool{}
	for _, e := range events {
		listed[e.ID] = true
	}
	var lost []string
	for _, b := range all {
		if b.standing() && (!listed[b.EventID]) {
			lost = append(lost, b.EventID)
		}
	}
	for _, e := range gone {
		lost = append(lost, e.ID)
	}
	if Judge(len(all), len(lost)) == Recheck {
		for i := range min(sampleSize, len(lost)) {
			e, err := lookUp(ctx, cal, r.Calendar, lost[i*len(lost)/min(sampleSize, len(lost))])
			if err != nil {
				return Pulled{Next: c}, err
			}
			if e.Live() {
				p.Doubt = FalseList
				break
			}
		}
		if p.Doubt == NoDoubt && !c.Believe {
			p.Doubt = MassLoss
		}
		if p.Doubt != NoDoubt {
			p.Missed, p.Next.Token, p.Next.Believe, p.Next.PutBack = lost, "", c.Believe, c.PutBack
			return p, nil
		}
	}
	for _, id := range lost {
		e, err := lookUp(ctx, cal, r.Calendar, id)
		if err != nil {
			return Pulled{Next: c}, err
		}
		if e.Live() { // list and look-up contradict each other: neither is believed, everything is read again
			p.Next.Token = ""
		}
		p.Seen = append(p.Seen, e)
	}
	return p, nil
}

// standing says whether we believe a live event to be there.
func (b Base) standing() bool {
	return b.Confirmed && !b.Over && !b.Seen.Deleted && (b.Intent == nil || b.Intent.Op != OpDelete)
}

func lookUp(ctx context.Context, cal Calendar, calendar, id string) (Event, error) {
	e, err := cal.Get(ctx, calendar, id)
	if Is(err, Missing) || Is(err, Gone) {
		return Event{ID: id, Status: Cancelled}, nil
	}
	return e, err
}

// readAll reads all pages and keeps the newest version of each event, in the
// order of their first appearance. A page may be empty and not the last. Of the
// events in unsure it was not said which version is the newest.
func readAll(ctx context.Context, cal Calendar, calendar, token string) (events []Event, unsure map[string]bool, next string, err error) {
	at := map[string]int{}
	unsure = map[string]bool{}
	q := Query{Token: token}
	for range maxPages {
		page, err := cal.List(ctx, calendar, q)
		if err != nil {
			return nil, nil, "", err
		}
		for _, e := range page.Events {
			i, again := at[e.ID]
			if again && e.Live() != events[i].Live() && (e.Updated.IsZero() || events[i].Updated.IsZero()) {
				unsure[e.ID] = true
			}
			switch {
			case !again:
				at[e.ID] = len(events)
				events = append(events, e)
			case e.Updated.IsZero() || !e.Updated.Before(events[i].Updated):
				events[i] = e
			}
		}
		if page.Next == "" {
			return events, unsure, page.Token, nil
		}
		q.Page = page.Next
	}
	return nil, nil, "", &Error{Class: Unknown, Call: "list", Reason: "endless pages"}
}

// Verdict is whether a loss of events is believed.
type Verdict int

const (
	// Believe that they are gone.
	Believe Verdict = iota
	// Recheck a sample, and ask a person.
	Recheck
)

// fewEnough is how many events a busy person may delete between two readings
// without anybody being asked.
const fewEnough = 3

// Judge is the circuit breaker: of known events, missing are gone. A few, or up
// to a fifth, happen; more at once has in practice meant a wrong answer, a lost
// permission or a wiped calendar.
func Judge(known, missing int) Verdict {
	if missing <= fewEnough || missing*5 <= known {
		return Believe
	}
	return Recheck
}
