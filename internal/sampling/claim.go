package sampling

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Asked is one customer who was asked about a claim.
type Asked struct {
	Customer string // answers of one customer are one answer; "" is a customer of its own each time
	Stratum  string
	Weight   float64 // from the selection: how many customers this one stands for; above 0
	Backs    bool
}

// Grade says in a word how far a claim reaches. It is a convention of the
// product, not of statistics.
type Grade string

const (
	Broad    Grade = "broad"    // at least 20 % at the low end, and spread over the strata
	Present  Grade = "present"  // at least 5 % at the low end
	Thin     Grade = "thin"     // backed, but the low end is under 5 %
	Anecdote Grade = "anecdote" // fewer than 3 customers, or an effective number under 10
)

// Share is what may be said about a claim.
type Share struct {
	Asked, Backing int
	StrataAsked    int
	StrataBacking  int
	StrataAll      int
	AskedShare     float64  // share of all customers who are in a stratum where it was asked
	Weighted       float64  // share of customers who back it, estimated
	Variance       float64  // of Weighted; 0 where some stratum has one answer only
	Effective      float64  // answers' worth: the least of variance-based, Kish and plain count
	Kish           float64  // effective number by the weights alone
	Adjusted       float64  // by the variance, adjusted for degrees of freedom; 0 where there is none
	Interval       Interval // Wilson, 95 %, with Effective
	Beta           Interval // Clopper–Pearson, 95 %, with Effective
	Upper          float64  // one-sided 95 % bound where nobody backs it, else 0
	StrataExpected float64  // strata that would back it if the same backers were dealt at random
	StrataChance   float64  // chance of that many strata or fewer, then
	Grade          Grade
}

// Measure says what the answers allow to say. customers gives the number of
// customers of every stratum, asked or not. Customers are counted, not mentions:
// whoever is asked several times is one answer, which backs the claim if any of
// them does.
//
// The effective number is the least of p(1−p)/v with Korn and Graubard's
// adjustment, Kish's, and the plain count: with few answers per stratum the
// first alone promises too much.
func Measure(customers map[string]int, answers []Asked) Share {
	answers = onePerCustomer(answers)
	byStratum := map[string][]Asked{}
	all, total := 0, 0.0
	var weights []float64
	for _, n := range customers {
		all += n
	}
	s := Share{Asked: len(answers), StrataAll: len(customers)}
	for _, a := range answers {
		byStratum[a.Stratum] = append(byStratum[a.Stratum], a)
		weights = append(weights, a.Weight)
		total += a.Weight
		if a.Backs {
			s.Backing++
			s.Weighted += a.Weight
		}
	}
	if len(answers) == 0 || total <= 0 {
		s.Interval, s.Beta, s.Upper, s.Grade = Interval{0, 1}, Interval{0, 1}, 1, Anecdote
		return s
	}
	s.Weighted /= total
	_, s.Kish = Kish(weights)
	s.StrataAsked = len(byStratum)
	names := make([]string, 0, len(byStratum))
	for name := range byStratum {
		names = append(names, name)
	}
	sort.Strings(names) // sums in one order, so that they come out alike
	var sizes []int
	known := true
	for _, name := range names {
		group := byStratum[name]
		n, m, backing, weight := customers[name], len(group), 0, 0.0
		sizes = append(sizes, m)
		s.AskedShare += float64(n)
		for _, a := range group {
			weight += a.Weight
			if a.Backs {
				backing++
			}
		}
		if backing > 0 {
			s.StrataBacking++
		}
		if m >= n {
			continue // everybody was asked: nothing left to chance
		}
		if m < 2 {
			known = false
			continue
		}
		p, w := float64(backing)/float64(m), weight/total
		s.Variance += w * w * (1 - float64(m)/float64(n)) * p * (1 - p) / float64(m-1)
	}
	if all > 0 {
		s.AskedShare /= float64(all)
	}
	s.settle(known)
	s.StrataExpected, s.StrataChance = breadth(sizes, s.Backing, s.StrataBacking)
	s.Grade = s.grade()
	return s
}

// onePerCustomer keeps the first answer of each customer, backing if any backs.
func onePerCustomer(answers []Asked) []Asked {
	at := map[string]int{}
	out := make([]Asked, 0, len(answers))
	for _, a := range answers {
		i, again := at[a.Customer]
		if again && a.Customer != "" {
			out[i].Backs = out[i].Backs || a.Backs
			continue
		}
		at[a.Customer] = len(out)
		out = append(out, a)
	}
	return out
}

// settle chooses the effective number and the intervals.
func (s *Share) settle(known bool) {
	p := s.Weighted
	s.Effective = math.Min(s.Kish, float64(s.Asked))
	if !known {
		s.Variance = 0
	}
	if df := float64(s.Asked - s.StrataAsked); s.Variance > 0 && df > 0 {
		t := studentQuantile(0.95, float64(s.Asked-1)) / studentQuantile(0.95, df)
		s.Adjusted = p * (1 - p) / s.Variance * t * t
		s.Effective = math.Min(s.Effective, s.Adjusted)
	}
	s.Interval = Wilson(p, s.Effective, 0.95)
	s.Beta = ClopperPearson(p*s.Effective, s.Effective, 0.95)
	if s.Backing == 0 {
		s.Upper = NobodyBound(s.Effective)
	}
}

func (s Share) grade() Grade {
	switch {
	case s.Backing < 3 || s.Effective < 10:
		return Anecdote
	case s.Interval.Low >= 0.2 && float64(s.StrataBacking) >= 0.8*s.StrataExpected:
		return Broad
	case s.Interval.Low >= 0.05:
		return Present
	}
	return Thin
}

// breadth says how many strata would hold a backer if the backers were dealt at
// random over those asked (sizes per stratum), and the chance of seen or fewer.
func breadth(sizes []int, backers, seen int) (expected, chance float64) {
	asked := 0
	for _, m := range sizes {
		asked += m
	}
	// state[s][b]: the chance that the strata so far hold b backers, in s of them.
	state := [][]float64{make([]float64, backers+1)}
	state[0][0] = 1
	left := asked
	for _, m := range sizes {
		expected += 1 - math.Exp(chooseLog(asked-m, backers)-chooseLog(asked, backers))
		after := make([][]float64, len(state)+1)
		for i := range after {
			after[i] = make([]float64, backers+1)
		}
		for b := range backers + 1 {
			if !slices.ContainsFunc(state, func(row []float64) bool { return row[b] > negligible }) {
				continue
			}
			from, odds := dealtTo(m, left, backers-b)
			for s, row := range state {
				if row[b] <= negligible {
					continue
				}
				for i, p := range odds {
					after[s+min(from+i, 1)][b+from+i] += row[b] * p
				}
			}
		}
		state, left = after, left-m
	}
	for s := 0; s <= min(seen, len(state)-1); s++ {
		chance += state[s][backers]
	}
	return expected, math.Min(chance, 1)
}

// negligible chances change no digit that is shown.
const negligible = 1e-18

// dealtTo gives the chances that a stratum with m of the left customers gets
// from, from+1 … of the backers (hypergeometric), without the negligible ends.
// It begins at the likeliest number and goes on by ratios of neighbours.
func dealtTo(m, left, backers int) (from int, odds []float64) {
	low, high := max(0, backers-(left-m)), min(m, backers)
	top := min(max((backers+1)*(m+1)/(left+2), low), high)
	p := math.Exp(chooseLog(m, top) + chooseLog(left-m, backers-top) - chooseLog(left, backers))
	for k, q := top, p; k >= low && q > negligible; k-- {
		odds = append(odds, q)
		from = k
		q *= float64(k) * float64(left-m-backers+k) / (float64(m-k+1) * float64(backers-k+1))
	}
	slices.Reverse(odds)
	for k, q := top, p; k < high; k++ {
		if q *= float64(m-k) * float64(backers-k) / (float64(k+1) * float64(left-m-backers+k+1)); q <= negligible {
			break
		}
		odds = append(odds, q)
	}
	return from, odds
}

// Sentence puts the share into words that do not promise more than it holds.
func (s Share) Sentence() string {
	if s.Asked == 0 {
		return "Nobody was asked about this."
	}
	var b strings.Builder
	if s.StrataAsked < s.StrataAll {
		fmt.Fprintf(&b, "%d of %d customers asked back this, in %d of the %d strata where it was asked (%d strata in all; those %d hold %.0f%% of customers).",
			s.Backing, s.Asked, s.StrataBacking, s.StrataAsked, s.StrataAll, s.StrataAsked, 100*s.AskedShare)
	} else {
		fmt.Fprintf(&b, "%d of %d customers asked back this, in %d of the %d strata.", s.Backing, s.Asked, s.StrataBacking, s.StrataAll)
	}
	if s.Backing == 0 {
		fmt.Fprintf(&b, " Up to %.0f%% could still hold it (95%%, effective sample %.1f).", math.Ceil(100*s.Upper), s.Effective)
	} else {
		fmt.Fprintf(&b, " Weighted share %.0f%%, 95%% interval %.0f%% to %.0f%% (effective sample %.1f).", 100*s.Weighted, 100*s.Interval.Low, 100*s.Interval.High, s.Effective)
	}
	if s.Asked < 5*s.StrataAsked || s.Effective < 10 {
		b.WriteString(" Too few to rank strata.")
	}
	return b.String()
}

// RaisedSentence is all that may be said of a thing that customers brought up
// unasked: there is no base for a share, only a lower bound.
func RaisedSentence(raised, visited int) string {
	return fmt.Sprintf("Raised by %d of %s visited, who were not asked about it: a lower bound, not a share.", raised, many(visited, "customer"))
}

// OwnVisits says what one executive may not conclude from the own visits (1 or
// more): how wide the 95 % interval is when half of them say a thing, and what
// may still be true when none does.
func OwnVisits(visits int) string {
	half := visits / 2
	i := Wilson(float64(half)/float64(visits), float64(visits), 0.95)
	return fmt.Sprintf("If %d of your %s say a thing, %.0f%% to %.0f%% of all customers may; if none does, up to %.0f%% still may.",
		half, many(visits, "customer"), 100*i.Low, 100*i.High, 100*NobodyBound(float64(visits)))
}
