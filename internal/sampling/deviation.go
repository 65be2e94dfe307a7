package sampling

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// Drawn names one draw that was made, for the log of draws.
type Drawn struct {
	Year           int    `json:"year"`
	FrameHash      string `json:"frame_hash"`
	DesignHash     string `json:"design_hash"`
	SeedCommitment string `json:"seed_commitment"`
}

// DrawnOf names the draw of a design from a frame.
func DrawnOf(f Frame, d Design) Drawn {
	return Drawn{Year: d.Year, FrameHash: f.Hash, DesignHash: d.Hash(), SeedCommitment: Commitment(d.Seed)}
}

// Kind of deviation from "one draw per freeze".
type Kind string

const (
	SecondDraw  Kind = "second_draw"  // the same frame and seed, but another design
	ChangedSeed Kind = "changed_seed" // another seed after a draw was seen
	Refrozen    Kind = "refrozen"     // the customer list was frozen again in the same year
	Added       Kind = "added"        // a customer put in by hand
	Removed     Kind = "removed"      // a customer taken out by hand
)

// Deviation is a departure from the drawn selection. It is allowed only with a
// reason, and is shown on the proof page for ever.
type Deviation struct {
	Kind     Kind   `json:"kind"`
	Customer string `json:"customer"` // Added and Removed only
	Reason   string `json:"reason"`   // in words, never empty
}

// leastReason is the least number of characters of a reason in words: a single
// key or "ok" is none.
const leastReason = 10

func (v Deviation) check() error {
	if len([]rune(strings.TrimSpace(v.Reason))) >= leastReason {
		return nil
	}
	return fault.Invalidf("This departs from the one draw that was announced, so it needs a reason.").With(fault.Detail{
		Where: "reason", Value: fault.Short(v.Reason), Expected: fmt.Sprintf("a sentence of %d characters or more", leastReason),
		Mend: "Say why; it is shown on the proof page."})
}

// Admit says whether a draw may be made after those made before. The first draw
// of a year may, and so may the very same draw again (it gives the same answer):
// ok is false then. Any other needs a reason and becomes a deviation, to be
// logged with the draw. Error: fault.Conflict where a reason is missing, with
// what is to be explained.
func Admit(before []Drawn, next Drawn, reason string) (v Deviation, ok bool, err error) {
	var kind Kind
	for _, b := range before {
		switch {
		case b.Year != next.Year:
		case b == next:
			return Deviation{}, false, nil
		case b.FrameHash != next.FrameHash:
			kind = Refrozen
		case b.SeedCommitment != next.SeedCommitment:
			kind = ChangedSeed
		case kind == "":
			kind = SecondDraw
		}
	}
	if kind == "" {
		return Deviation{}, false, nil
	}
	v = Deviation{Kind: kind, Reason: strings.TrimSpace(reason)}
	if v.check() != nil {
		return Deviation{}, false, fault.Conflictf("A selection was drawn for %d already. Drawing once more is possible only with a reason, which the proof page shows.", next.Year).With(
			fault.Detail{Where: "reason", Value: fault.Short(reason), Expected: "a sentence that says why (" + kind.words() + ")", Mend: "Give the reason, or keep the first selection."})
	}
	return v, true, nil
}

func (k Kind) words() string {
	switch k {
	case SecondDraw:
		return "second draw from the same list"
	case ChangedSeed:
		return "another seed"
	case Refrozen:
		return "the customer list was frozen again"
	case Added:
		return "put in by hand"
	}
	return "taken out by hand"
}

// String gives the line for people.
func (v Deviation) String() string {
	if v.Customer == "" {
		return v.Kind.words() + ": " + v.Reason
	}
	return fmt.Sprintf("%s %s: %s", v.Customer, v.Kind.words(), v.Reason)
}

// Choice bounds what a customer's chance may have become where somebody could
// choose among several draws: from pi^draws to 1 − (1 − pi)^draws, and so the
// weight. With one draw both are exact.
func Choice(pi float64, draws int) (lowWeight, highWeight float64) {
	if pi <= 0 || draws < 1 {
		return 0, 0
	}
	k := float64(draws)
	return 1 / (1 - math.Pow(1-pi, k)), 1 / math.Pow(pi, k)
}

// Effect says what the changes by hand did to one stratum.
type Effect struct {
	Code    string  `json:"code"`
	Label   string  `json:"label"`
	Added   int     `json:"added"`
	Removed int     `json:"removed"`
	Before  float64 `json:"before"` // weight of a drawn customer as designed
	After   float64 `json:"after"`  // weight of the drawn customers that are left; 0 where none is
}

// Adjust gives the selection with customers put in and taken out by hand, in the
// order given, and the effect on the weights of every stratum touched. Whoever
// is put in by hand stands for itself alone (weight 1), whoever is taken out is
// represented by nobody, and the drawn customers stand for the others of their
// stratum. Apply it to the selection as drawn, with all changes so far.
//
// Errors: fault.Invalid without a reason, or for a kind other than Added and
// Removed; fault.NotFound for a customer who is not in the frame; fault.Conflict
// for one who is in (or out) already.
func Adjust(s Selection, changes []Deviation) (Selection, []Effect, error) {
	out := s
	out.Rows = slices.Clone(s.Rows)
	at := make(map[string]int, len(out.Rows))
	for i, r := range out.Rows {
		at[r.ID] = i
	}
	touched := map[string]bool{}
	for _, v := range changes {
		i, known := at[v.Customer]
		if !known || out.Rows[i].Excluded != "" {
			return Selection{}, nil, fault.NotFoundf("Customer %q is not in the frozen list, so it can be neither put in nor taken out by hand.", fault.Short(v.Customer))
		}
		if err := v.check(); err != nil {
			return Selection{}, nil, err
		}
		r := &out.Rows[i]
		switch {
		case v.Kind == Added && r.Taken, v.Kind == Removed && !r.Taken:
			return Selection{}, nil, fault.Conflictf("Customer %q is %s already.", fault.Short(v.Customer), map[Kind]string{Added: "in", Removed: "out"}[v.Kind])
		case v.Kind != Added && v.Kind != Removed:
			return Selection{}, nil, fault.Invalidf("A change by hand puts a customer in or takes one out.").With(fault.Detail{
				Where: "kind", Value: string(v.Kind), Expected: string(Added) + " or " + string(Removed)})
		case r.ByHand != "": // back to where the draw had put it
			r.ByHand, r.Taken = "", !r.Taken
		default:
			r.ByHand, r.Taken = v.Kind, !r.Taken
		}
		touched[r.Stratum] = true
	}
	weights := weightsOf(out, nil)
	var effects []Effect
	for _, h := range out.Strata {
		if !touched[h.Code] {
			continue
		}
		e := Effect{Code: h.Code, Label: h.Label, Before: h.Weight}
		for i := range out.Rows {
			r := &out.Rows[i]
			switch {
			case r.Stratum != h.Code:
			case r.ByHand == Removed:
				e.Removed++
				r.Weight = 0
			case r.ByHand == Added:
				e.Added++
				r.Weight = 1
			case r.Taken:
				r.Weight = weights[r.ID]
				e.After = r.Weight
			}
		}
		effects = append(effects, e)
	}
	return out, effects, nil
}

// weightsOf says how many customers each visited one stands for: the stratum's
// customers, without those handled by hand, shared by its visits. Must-visits and
// customers put in by hand stand for themselves alone. made has the visits by
// customer; nil means as selected.
func weightsOf(s Selection, made map[string]bool) map[string]float64 {
	type count struct {
		open, visits int
		must         bool
	}
	counts := map[string]*count{}
	for _, h := range s.Strata {
		counts[h.Code] = &count{open: h.N, must: h.Must}
	}
	visited := func(r Row) bool { return made == nil && r.Taken || made[r.ID] }
	for _, r := range s.Rows {
		c := counts[r.Stratum]
		switch {
		case c == nil:
		case r.ByHand != "":
			c.open--
		case visited(r):
			c.visits++
		}
	}
	out := map[string]float64{}
	for _, r := range s.Rows {
		c := counts[r.Stratum]
		switch {
		case c == nil || !visited(r) || r.ByHand == Removed:
		case c.must || r.ByHand == Added:
			out[r.ID] = 1
		default:
			out[r.ID] = float64(c.open) / float64(c.visits)
		}
	}
	return out
}
