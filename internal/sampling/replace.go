package sampling

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"windshield/internal/fault"
)

// Codes why a customer who was taken cannot be visited. Others may be added: any
// code of lower-case letters, digits and underscores will do.
const (
	RefusedDeclined = "declined"    // the customer does not want the visit
	RefusedNoReply  = "no_reply"    // nobody answered in time
	RefusedDispute  = "dispute"     // a dispute or negotiation forbids a visit
	RefusedClosed   = "closed"      // the customer has ceased to exist or to buy
	RefusedAway     = "unreachable" // travel there has become impossible
)

// Replacement is one line of the list of refusals, in the order in which they
// happened.
type Replacement struct {
	Refused string `json:"refused"` // customer
	Code    string `json:"code"`    // coded reason
	By      string `json:"by"`      // customer that takes the place; "" where the cell has nobody left or a must-visit has refused
}

// Replace says who takes the place of a customer who refused: the next one in
// the same cell by permanent random number, and nobody else, so that no name can
// be chosen. rows is the selection's record, done what has been replaced before.
// A must-visit stands for itself alone and has no replacement. A replacement has
// the weight of the one it replaces.
//
// Errors: fault.NotFound where the customer is not in the record; fault.Conflict
// where it is not to be visited, or has refused already; fault.Invalid without a
// coded reason.
func Replace(rows []Row, done []Replacement, refused, code string) (Replacement, error) {
	code = strings.TrimSpace(code)
	if !reasonCode.MatchString(code) {
		return Replacement{}, fault.Invalidf("A refusal needs a coded reason.").With(fault.Detail{Where: "code", Value: fault.Short(code),
			Expected: "a code in lower case such as " + RefusedDeclined, Mend: "Choose the code that fits best."})
	}
	at := slices.IndexFunc(rows, func(r Row) bool { return r.ID == refused })
	if at < 0 {
		return Replacement{}, fault.NotFoundf("There is no customer %q in this selection.", fault.Short(refused))
	}
	row, used, gone := rows[at], map[string]bool{}, map[string]bool{}
	for _, d := range done {
		gone[d.Refused] = true
		if d.By != "" {
			used[d.By] = true
		}
	}
	switch {
	case gone[refused]:
		return Replacement{}, fault.Conflictf("Customer %q has refused already.", fault.Short(refused))
	case !row.Taken && !used[refused]:
		return Replacement{}, fault.Conflictf("Customer %q is not to be visited, so it needs no replacement.", fault.Short(refused))
	}
	out := Replacement{Refused: refused, Code: code}
	if row.Must || row.ByHand != "" {
		return out, nil
	}
	best := 0
	for i, r := range rows {
		if r.Stratum == row.Stratum && r.Cell == row.Cell && r.Excluded == "" && r.ByHand == "" && !r.Taken && !used[r.ID] && (out.By == "" || r.Rank < rows[best].Rank) {
			out.By, best = r.ID, i
		}
	}
	return out, nil
}

// Response is how one group answered: of those asked, how many are (still) to be
// visited.
type Response struct {
	Code      string  `json:"code"` // stratum
	Label     string  `json:"label"`
	Customers int     `json:"customers"`
	Asked     int     `json:"asked"`   // taken at first, and replacements
	Refused   int     `json:"refused"` // of those asked
	Replaced  int     `json:"replaced"`
	Missing   int     `json:"missing"` // visits lost because nobody was left in the cell
	Rate      float64 `json:"rate"`    // share of those asked that did not refuse; 1 where nobody was asked
}

// Responses tells how the selection stood up to refusals.
type Responses struct {
	Taken    int         `json:"taken"` // visits at first
	Refused  int         `json:"refused"`
	Replaced int         `json:"replaced"`
	Missing  int         `json:"missing"`
	Rate     float64     `json:"rate"` // replacement rate: replacements per visit planned, 0..1 or more
	Codes    []CodeCount `json:"codes"`
	Groups   []Response  `json:"groups"` // one per stratum, in the selection's order
	Indicator
}

// CodeCount says how often a coded reason was given.
type CodeCount struct {
	Code string `json:"code"`
	N    int    `json:"n"`
}

// Respond adds up the refusals of a selection. Refusals of customers that are
// not in its record are passed over.
func Respond(s Selection, done []Replacement) Responses {
	var out Responses
	at, stratum := map[string]int{}, map[string]string{}
	for _, h := range s.Strata {
		at[h.Code] = len(out.Groups)
		out.Groups = append(out.Groups, Response{Code: h.Code, Label: h.Label, Customers: h.N})
	}
	for _, r := range s.Rows {
		i, known := at[r.Stratum]
		if !known {
			continue
		}
		stratum[r.ID] = r.Stratum
		if r.Taken {
			out.Groups[i].Asked++
			out.Taken++
		}
	}
	codes := map[string]int{}
	for _, d := range done {
		i, known := at[stratum[d.Refused]]
		if !known {
			continue
		}
		g := &out.Groups[i]
		g.Refused++
		codes[d.Code]++
		if d.By == "" {
			g.Missing++
		} else {
			g.Replaced++
			g.Asked++
		}
	}
	for i := range out.Groups {
		g := &out.Groups[i]
		g.Rate = 1
		if g.Asked > 0 {
			g.Rate = float64(g.Asked-g.Refused) / float64(g.Asked)
		}
		out.Refused, out.Replaced, out.Missing = out.Refused+g.Refused, out.Replaced+g.Replaced, out.Missing+g.Missing
	}
	out.Rate = portion(float64(out.Replaced), float64(out.Taken))
	for code, n := range codes {
		out.Codes = append(out.Codes, CodeCount{code, n})
	}
	sort.Slice(out.Codes, func(i, j int) bool {
		return out.Codes[i].N > out.Codes[j].N || out.Codes[i].N == out.Codes[j].N && out.Codes[i].Code < out.Codes[j].Code
	})
	out.Indicator = RIndicator(out.Groups)
	return out
}

// Indicator says how evenly the groups responded (Schouten, Cobben, Bethlehem
// 2009). It cannot see what the customer list does not hold: friends who respond
// more often than critics leave it at 1.
type Indicator struct {
	R        float64   `json:"r"`         // 1 − 2·standard deviation of the rates: 1 is even, 0 the worst
	MeanRate float64   `json:"mean_rate"` // over all customers
	Bias     float64   `json:"bias"`      // the most by which a share can be off for this reason, 0..1
	Parts    []float64 `json:"parts"`     // √(N_k/N)·(rate − mean) of each group: positive where too many responded
}

// RIndicator computes the indicator over groups of customers, each customer
// counted with its group's rate: S² = Σ (rate − mean)²/(N−1), R = 1 − 2S, bias ≤
// S·½/mean. Groups of which nobody was asked are left out.
func RIndicator(groups []Response) Indicator {
	out := Indicator{R: 1, MeanRate: 1, Parts: make([]float64, len(groups))}
	n, sum := 0.0, 0.0
	for _, g := range groups {
		if g.Asked > 0 {
			n, sum = n+float64(g.Customers), sum+float64(g.Customers)*g.Rate
		}
	}
	if n < 2 {
		return out
	}
	out.MeanRate = sum / n
	squares := 0.0
	for k, g := range groups {
		if g.Asked > 0 {
			gap := g.Rate - out.MeanRate
			squares += float64(g.Customers) * gap * gap
			out.Parts[k] = math.Sqrt(float64(g.Customers)/n) * gap
		}
	}
	spread := math.Sqrt(squares / (n - 1))
	out.R = 1 - 2*spread
	if out.MeanRate > 0 {
		out.Bias = math.Min(1, spread/2/out.MeanRate)
	} else {
		out.Bias = 1
	}
	return out
}

// Standing gives the customers that are to be visited after the replacements,
// by ID.
func Standing(s Selection, done []Replacement) []string {
	stands := map[string]bool{}
	for _, r := range s.Rows {
		if r.Taken {
			stands[r.ID] = true
		}
	}
	for _, d := range done {
		delete(stands, d.Refused)
		if d.By != "" {
			stands[d.By] = true
		}
	}
	out := make([]string, 0, len(stands))
	for id := range stands {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// String gives the line of the list for people.
func (r Replacement) String() string {
	if r.By == "" {
		return fmt.Sprintf("%s (%s): nobody takes the place", r.Refused, r.Code)
	}
	return fmt.Sprintf("%s (%s): %s takes the place", r.Refused, r.Code, r.By)
}
