package insight

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"windshield/internal/locale"
	"windshield/internal/slot"
)

// Need is a stratum in which a claim should be asked next.
type Need struct {
	Stratum   string
	Customers int // in the stratum
	Asked     int // of them, until now
	Ask       int // how many more, of those proposed
	Why       string
}

// NextStrata says where the next answers to a claim tell most: each goes to the
// stratum in which it takes most off the variance of the share, N²/(m(m+1)), so
// strata where nobody was asked come first, large ones before small ones (the
// same rule by which visits are allocated). It proposes answers in all, fewer
// where the strata hold no more customers. Strata are in the order of their
// first answer.
func NextStrata(e Evidence, f Frame, answers int) []Need {
	asked := map[string]int{}
	for _, v := range e.Voices {
		if p, ok := f.Places[v.CustomerID]; ok && v.Asked {
			asked[p.Stratum]++
		}
	}
	names := slices.Sorted(maps.Keys(f.Customers))
	more := map[string]int{}
	var order []string
	for range answers {
		best := ""
		for _, h := range names {
			if asked[h]+more[h] < f.Customers[h] && (best == "" || tells(f, asked, more, h, best)) {
				best = h
			}
		}
		if best == "" {
			break
		}
		if more[best] == 0 {
			order = append(order, best)
		}
		more[best]++
	}
	out := make([]Need, len(order))
	for i, h := range order {
		out[i] = Need{Stratum: h, Customers: f.Customers[h], Asked: asked[h], Ask: more[h]}
		switch asked[h] {
		case 0:
			out[i].Why = fmt.Sprintf("Nobody was asked among its %s.", count(f.Customers[h], "customer"))
		default:
			out[i].Why = fmt.Sprintf("Only %d of its %s %s asked.", asked[h], count(f.Customers[h], "customer"), verb(asked[h], "was", "were"))
		}
	}
	return out
}

// tells says whether one more answer in a takes more off the variance than in b.
func tells(f Frame, asked, more map[string]int, a, b string) bool {
	na, nb := float64(f.Customers[a]), float64(f.Customers[b])
	ma, mb := float64(asked[a]+more[a]), float64(asked[b]+more[b])
	// Cross-multiplied, so that nobody asked (m = 0) wins without a division; of
	// two such the larger stratum.
	left, right := float64(na*na*mb*(mb+1)), float64(nb*nb*ma*(ma+1))
	if left == right {
		return ma == 0 && mb == 0 && na > nb
	}
	return left > right
}

// Question is something to ask a customer at a coming visit.
type Question struct {
	ClaimID     string // "" where it is about a statement of this customer
	StatementID string // "" where it is about a claim
	Text        string
	Why         string
}

// QuestionsPerBrief is how many questions a brief has room for.
const QuestionsPerBrief = 3

// Recheck gives what a customer has to be asked again at a visit on a day: what
// will be stale by then, the guesses first (nobody has ever said them), then the
// oldest. What the customer has said to hold no more is not asked.
func Recheck(w locale.Style, customerID string, statements []Statement, visit slot.Date, staleDays int) []Question {
	var old []Statement
	for _, s := range statements {
		if s.CustomerID == customerID && s.Over.IsZero() && s.Text != "" && s.On <= visit && s.Stale(visit, staleDays) {
			old = append(old, s)
		}
	}
	slices.SortFunc(old, func(a, b Statement) int {
		return cmp.Or(flag(a.Source != Guessed)-flag(b.Source != Guessed), cmp.Compare(a.Valid(), b.Valid()), cmp.Compare(a.ID, b.ID))
	})
	out := make([]Question, len(old))
	for i, s := range old {
		out[i] = Question{StatementID: s.ID, Text: s.Says(w, visit) + " Does this still hold?",
			Why: fmt.Sprintf("It is %s old.", count(visit.Sub(s.Valid()), "day"))}
		if s.Source == Guessed {
			out[i].Text, out[i].Why = s.Text+" Is that so?", "We only guess it."
		}
	}
	return out
}

// Ask gives the claims that a customer should be asked about at a coming visit,
// the weakest first, at most as many as wanted: claims that this customer was
// not asked about yet, and to which it can still tell something. In a stratum
// where nobody was asked a question is worth more. evidence and claims belong
// together by id.
func Ask(customerID string, claims []Claim, evidence []Evidence, f Frame, most int) []Question {
	place, in := f.Places[customerID]
	byID := map[string]Claim{}
	for _, c := range claims {
		byID[c.ID] = c
	}
	type wish struct {
		e     Evidence
		c     Claim
		there int // asked in the customer's stratum
	}
	var wishes []wish
	for _, e := range evidence {
		c, known := byID[e.ClaimID]
		if !known || !in || slices.ContainsFunc(e.Voices, func(v Voice) bool { return v.CustomerID == customerID && v.Asked }) {
			continue
		}
		w := wish{e: e, c: c}
		for _, v := range e.Voices {
			if v.Asked && f.Places[v.CustomerID].Stratum == place.Stratum {
				w.there++
			}
		}
		wishes = append(wishes, w)
	}
	slices.SortFunc(wishes, func(a, b wish) int {
		return cmp.Or(flag(a.e.Exportable())-flag(b.e.Exportable()), flag(a.there > 0)-flag(b.there > 0),
			cmp.Compare(a.e.Share.Effective, b.e.Share.Effective), cmp.Compare(a.there, b.there), cmp.Compare(a.c.ID, b.c.ID))
	})
	var out []Question
	for _, w := range wishes[:min(max(most, 0), len(wishes))] {
		q := Question{ClaimID: w.c.ID, Text: "How do you see this? " + sentenceEnd(w.c.Text)} // does not lead
		switch {
		case w.there == 0:
			q.Why = fmt.Sprintf("Nobody in this group was asked yet; %s elsewhere.", were(w.e.Asked))
		default:
			q.Why = fmt.Sprintf("Only %s so far.", were(w.e.Asked))
		}
		out = append(out, q)
	}
	return out
}

func were(n int) string {
	return fmt.Sprintf("%s %s asked", count(n, "customer"), verb(n, "was", "were"))
}

// sentenceEnd gives a text its full stop.
func sentenceEnd(s string) string {
	switch {
	case s == "":
		return s
	case s[len(s)-1] == '.' || s[len(s)-1] == '?' || s[len(s)-1] == '!':
		return s
	}
	return s + "."
}
