package coverage

import (
	"fmt"

	"windshield/internal/locale"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Promise is a visit of the plan as it was shown, beside what has become of it.
type Promise struct {
	Was   visit.Visit
	Is    *visit.Visit // nil where no such visit exists any more
	Steps []visit.Step // its history, oldest first
	Today slot.Date    // at the visit's place
}

// Kept compares a plan with what has become of it. Each promised visit is in one
// of the first six numbers.
type Kept struct {
	Promised int // visits of the plan
	Held     int // held, with whom and when it was promised
	Ahead    int // still stands so, today or later
	Silent   int // stood so, and nobody has said whether it was held

	MovedByUs       int // held or standing, at another time or with another executive
	MovedByCustomer int // likewise, because the customer asked for it
	Dropped         int // declined, cancelled, not held, or gone

	DroppedByCustomer int // of those Dropped
}

// Share gives the part of the promise that is kept so far, 0..1: of all visits
// but those still ahead, those held as promised. 1 where nothing was due.
func (k Kept) Share() float64 {
	due := k.Promised - k.Ahead
	if due == 0 {
		return 1
	}
	return share(k.Held, due)
}

// Sentence says it for people in a style: "Of 40 promised visits 30 were held as promised, 4
// are still ahead, 3 were moved by us, 2 by customers, 1 was dropped."
func (k Kept) Sentence(s locale.Style) string {
	if k.Promised == 0 {
		return "No visits were promised."
	}
	if k.Ahead == k.Promised && k.Promised > 1 {
		return "All " + s.Number(int64(k.Promised)) + " promised visits are still ahead."
	}
	out := fmt.Sprintf("Of %s %s held as promised", s.Many(k.Promised, "promised visit"), was(s, k.Held))
	for _, part := range []struct {
		n    int
		text string
	}{
		{k.Ahead, s.Number(int64(k.Ahead)) + " still ahead"}, {k.MovedByUs, s.Number(int64(k.MovedByUs)) + " moved by us"}, {k.MovedByCustomer, s.Number(int64(k.MovedByCustomer)) + " moved by customers"},
		{k.Dropped, s.Number(int64(k.Dropped)) + " dropped"}, {k.Silent, s.Number(int64(k.Silent)) + " of which nobody has said whether it was held"},
	} {
		if part.n > 0 {
			out += ", " + part.text
		}
	}
	return out + "."
}

func was(s locale.Style, n int) string {
	if n == 1 {
		return "1 was"
	}
	return s.Number(int64(n)) + " were"
}

// Outcome is what has become of one promised visit.
type Outcome string

// The outcomes, in the order of Kept's numbers. A visit that was moved is neither
// held as promised, nor ahead, nor silent, whatever became of it at its new place.
const (
	KeptHeld        Outcome = "held"
	KeptAhead       Outcome = "ahead"
	KeptSilent      Outcome = "silent"
	MovedByUs       Outcome = "moved_by_us"
	MovedByCustomer Outcome = "moved_by_customer"
	Dropped         Outcome = "dropped"
)

// Outcomes lists every outcome in the order in which pages show them.
func Outcomes() []Outcome {
	return []Outcome{KeptHeld, MovedByUs, MovedByCustomer, Dropped, KeptAhead, KeptSilent}
}

// Outcome says what has become of the promised visit. A visit that was moved and
// moved back is kept. Whoever caused the last move that was not taken back has
// moved it.
func (p *Promise) Outcome() Outcome {
	switch {
	case p.Is == nil, !p.Is.State.Stands():
		return Dropped
	case p.Is.ExecutiveID != p.Was.ExecutiveID || p.Is.Slot != p.Was.Slot:
		if p.movedBy() == visit.ByCustomer {
			return MovedByCustomer
		}
		return MovedByUs
	case p.Is.State.Happened():
		return KeptHeld
	case p.Is.Slot.Date >= p.Today:
		return KeptAhead
	}
	return KeptSilent
}

// KeepCount compares a plan as it was shown with what has become of each of its
// visits.
func KeepCount(promises []Promise) Kept {
	k := Kept{Promised: len(promises)}
	for i := range promises {
		p := &promises[i]
		*k.of(p.Outcome())++
		if p.Is != nil && !p.Is.State.Stands() && p.Is.Code == visit.ByCustomer {
			k.DroppedByCustomer++
		}
	}
	return k
}

// Of gives the number of one outcome.
func (k Kept) Of(o Outcome) int { return *k.of(o) }

func (k *Kept) of(o Outcome) *int {
	switch o {
	case KeptHeld:
		return &k.Held
	case KeptAhead:
		return &k.Ahead
	case KeptSilent:
		return &k.Silent
	case MovedByUs:
		return &k.MovedByUs
	case MovedByCustomer:
		return &k.MovedByCustomer
	}
	return &k.Dropped
}

// movedBy gives the code of the last move that was not taken back. Who takes a move back
// leads the visit from where that move had brought it to where it was before, so whatever
// happened between the two went there and back, as people do in calendars, and counts no
// more either. A move of before the promise that is taken back afterwards is a move.
func (p *Promise) movedBy() visit.Code {
	var standing []visit.Step
	for _, s := range p.Steps {
		if sameSpot(s.Was, s.Is) { // other hours of the same half-day are no move
			continue
		}
		before := len(standing) - 1
		for s.Undone && before >= 0 && !(sameSpot(standing[before].Was, s.Is) && sameSpot(standing[before].Is, s.Was)) {
			before--
		}
		if s.Undone && before >= 0 {
			standing = standing[:before]
		} else {
			standing = append(standing, s)
		}
	}
	if len(standing) == 0 {
		return ""
	}
	return standing[len(standing)-1].Code
}

func sameSpot(a, b visit.Spot) bool { return a.ExecutiveID == b.ExecutiveID && a.Slot == b.Slot }
