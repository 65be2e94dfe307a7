package insight

import (
	"cmp"
	"maps"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/sampling"
	"windshield/internal/slot"
)

// Claim is a generalisation that rests on statements.
type Claim struct {
	ID    string
	Topic string
	Text  string // "Prices are hard to compare": what customers back or deny
}

// Check refuses a claim that cannot be kept, with fault.Invalid.
func (c Claim) Check() error {
	var bad checker
	bad.text("text", c.Text, 1, 300, "what customers back or deny, in one sentence")
	bad.text("topic", c.Topic, 0, MaxTopic, "a topic")
	return bad.err("The claim cannot be kept.")
}

// Frame is the customers for whom a claim is to hold.
type Frame struct {
	Customers map[string]int   // stratum -> customers in it, asked or not
	Places    map[string]Place // customer id -> place; customers of no place count in no share
	Visited   int              // distinct customers who were visited while the claim could come up
}

// Place is where a customer stands in the selection.
type Place struct {
	Stratum string
	Weight  float64 // how many customers it stands for; above 0
}

// Position is what a customer, with all its people, says to a claim.
type Position string

const (
	Backs   Position = "backs"   // somebody backs it and nobody denies it
	Denies  Position = "denies"  // somebody denies it and nobody backs it
	Divided Position = "divided" // its people contradict each other: no backing
	Open    Position = "open"    // asked, without a clear answer
)

// Voice is one customer's part in a claim. Several people of a customer, and
// several visits to it, are one voice.
type Voice struct {
	CustomerID string
	Position   Position
	Asked      bool      // somebody there was asked; else it only raised the matter
	People     int       // different speakers
	Newest     slot.Date // the latest day on which anybody there said something to it
	Stale      bool      // everything it said has to be asked again
}

// Evidence is what a claim rests on and how far it reaches.
type Evidence struct {
	ClaimID  string
	Share    sampling.Share // of the customers asked; those without a place in the frame are left out
	Voices   []Voice        // by customer id
	Asked    int            // customers asked, in the frame or not
	Backing  int            // of those asked
	Denying  int            // customers, asked or not
	Split    int            // customers whose people contradict each other
	Raised   int            // customers who backed it without being asked
	Outside  int            // customers asked who have no place in the frame
	Guesses  int            // statements that are guesses; they back nothing
	HeardBy  int            // different people of ours who heard the backing
	Stale    int            // customers that back it and have to be asked again
	Newest   slot.Date      // the latest statement that counts; zero where none does
	AtMost   int            // where nobody backs it and all weights are alike: customers who could still (95 %), else 0
	Grade    sampling.Grade
	Sentence string // what may be said, for people
}

// Label gives BelowMinimum for a claim that is no finding, else "".
func (e Evidence) Label() string {
	if !e.Exportable() {
		return BelowMinimum
	}
	return ""
}

// Exportable says whether the claim may leave as a finding: three customers or
// more back it, and those asked are worth ten answers or more.
func (e Evidence) Exportable() bool { return e.Grade != sampling.Anecdote }

// CheckExport gives fault.Conflict for a claim that is below the minimum.
func (e Evidence) CheckExport() error {
	if e.Exportable() {
		return nil
	}
	return fault.Conflictf("This claim cannot be exported as a finding: %s.", BelowMinimum).With(fault.Detail{
		Where: "claim", Value: e.Sentence, Expected: "3 customers or more that back it, and an effective sample of 10 or more",
		Mend: "Ask more customers, in groups where nobody was asked yet."})
}

// Letter gives the grade as a letter, A for broad to D for an anecdote.
func Letter(g sampling.Grade) string {
	switch g {
	case sampling.Broad:
		return "A"
	case sampling.Present:
		return "B"
	case sampling.Thin:
		return "C"
	}
	return "D"
}

// Weigh gathers the statements about one claim; those of other claims are left
// out, and their order does not matter. A guess, and what a customer has taken
// back, counts for nothing. Of each speaker the newest clear word counts; a
// customer whose people contradict each other backs nothing. An old statement
// counts on, and is counted as stale. Statements made after today are left out.
func Weigh(claim Claim, statements []Statement, f Frame, today slot.Date, staleDays int) Evidence {
	e := Evidence{ClaimID: claim.ID}
	byCustomer := map[string][]Statement{}
	for _, s := range statements {
		switch {
		case s.ClaimID != claim.ID || s.On > today.Add(1): // tomorrow east of here
		case s.Source == Guessed:
			e.Guesses++
		case s.Over.IsZero():
			byCustomer[s.CustomerID] = append(byCustomer[s.CustomerID], s)
		}
	}
	ears := map[string]bool{}
	var answers []sampling.Asked
	for _, id := range slices.Sorted(maps.Keys(byCustomer)) {
		v := voice(id, byCustomer[id], today, staleDays)
		e.Voices = append(e.Voices, v)
		e.Newest = max(e.Newest, v.Newest)
		switch v.Position {
		case Backs:
			if v.Stale {
				e.Stale++
			}
			for _, s := range byCustomer[id] {
				if s.Side == For {
					ears[s.HeardBy] = true
				}
			}
			if v.Asked {
				e.Backing++
			} else {
				e.Raised++
			}
		case Denies:
			e.Denying++
		case Divided:
			e.Split++
		}
		if !v.Asked {
			continue
		}
		e.Asked++
		if p, ok := f.Places[id]; ok && p.Weight > 0 {
			answers = append(answers, sampling.Asked{Customer: id, Stratum: p.Stratum, Weight: p.Weight, Backs: v.Position == Backs})
		} else {
			e.Outside++
		}
	}
	e.HeardBy = len(ears)
	e.Share = sampling.Measure(f.Customers, answers)
	e.Grade = e.Share.Grade
	if len(answers) > 0 && e.Share.Backing == 0 && alike(answers) {
		all := 0
		for _, n := range f.Customers {
			all += n
		}
		e.AtMost = sampling.NobodyBoundOf(all, len(answers))
	}
	e.Sentence = e.sentence(f.Visited, staleDays)
	return e
}

func alike(answers []sampling.Asked) bool {
	return !slices.ContainsFunc(answers, func(a sampling.Asked) bool { return a.Weight != answers[0].Weight })
}

// voice puts the words of a customer's people together.
func voice(id string, said []Statement, today slot.Date, staleDays int) Voice {
	v := Voice{CustomerID: id, Stale: true, Position: Open}
	slices.SortFunc(said, newest)
	people, decided := map[string]bool{}, map[string]bool{}
	backs, denies := false, false
	for _, s := range said { // newest first
		who := s.speaker()
		people[who] = true
		v.Asked = v.Asked || s.Asked
		v.Newest = max(v.Newest, s.Valid())
		v.Stale = v.Stale && s.Stale(today, staleDays)
		if decided[who] || s.Side != For && s.Side != Against {
			continue
		}
		decided[who] = true
		backs, denies = backs || s.Side == For, denies || s.Side == Against
	}
	v.People = len(people)
	switch {
	case backs && denies:
		v.Position = Divided
	case backs:
		v.Position = Backs
	case denies:
		v.Position = Denies
	}
	return v
}

// Contradiction is two statements that cannot both hold.
type Contradiction struct {
	CustomerID string // "" where they are of two customers
	For        Statement
	Against    Statement
	Changed    bool // the same speaker, later: a change of mind rather than a dispute
	Guess      bool // one of them is our guess
}

// Contradictions gives what stands beside a claim: within each customer every
// speaker's newest word for it against every one's newest word against it, our
// guesses, and changes of mind. A customer's word stands before its guess, the
// newest first.
func Contradictions(claimID string, statements []Statement) []Contradiction {
	byCustomer := map[string][]Statement{}
	for _, s := range statements {
		if s.ClaimID == claimID && s.Over.IsZero() && (s.Side == For || s.Side == Against) {
			byCustomer[s.CustomerID] = append(byCustomer[s.CustomerID], s)
		}
	}
	var out []Contradiction
	for _, id := range slices.Sorted(maps.Keys(byCustomer)) {
		list := lastWords(byCustomer[id])
		var pairs []Contradiction
		for i, a := range list {
			for _, b := range list[i+1:] {
				if a.Side == b.Side || a.Source == Guessed && b.Source == Guessed {
					continue
				}
				c := Contradiction{CustomerID: id, For: a, Against: b, Guess: a.Source != b.Source}
				if a.Side == Against {
					c.For, c.Against = b, a
				}
				c.Changed = !c.Guess && a.speaker() == b.speaker()
				pairs = append(pairs, c)
			}
		}
		slices.SortStableFunc(pairs, func(a, b Contradiction) int {
			return cmp.Or(flag(a.Guess)-flag(b.Guess), flag(a.Changed)-flag(b.Changed))
		})
		out = append(out, pairs...)
	}
	return out
}

// lastWords keeps the newest statement of each speaker for each side, the newest
// first; our guesses are one speaker.
func lastWords(list []Statement) []Statement {
	type word struct {
		source Source
		who    string
		side   Side
	}
	slices.SortFunc(list, newest)
	seen := map[word]bool{}
	return slices.DeleteFunc(list, func(s Statement) bool {
		w := word{s.Source, s.speaker(), s.Side}
		again := seen[w]
		seen[w] = true
		return again
	})
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Rank sorts claims for a page: by the lower end of what may hold, not by the
// share that was seen, since the highest of many shares are too high by luck.
// Claims below the minimum stand last.
func Rank(list []Evidence) {
	slices.SortStableFunc(list, func(a, b Evidence) int {
		return cmp.Or(flag(!a.Exportable())-flag(!b.Exportable()), cmp.Compare(b.Share.Interval.Low, a.Share.Interval.Low),
			b.Backing+b.Raised-a.Backing-a.Raised, cmp.Compare(a.ClaimID, b.ClaimID))
	})
}
