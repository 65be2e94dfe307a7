package coverage

import (
	"fmt"
	"math"
	"strings"

	"windshield/internal/alert"
	"windshield/internal/locale"
)

// FewCases is the number under which a share is said as "3 of 10" instead of in
// per cent.
const FewCases = 20

// chance is how improbable a shortfall must be before it is called one.
const chance = 0.05

// MinVisits is the number of visits under which no group is called
// under-represented: a few visits are no trend.
const MinVisits = 10

// Under says whether a group that holds a share of all customers is heard too
// little with k of n counting visits: at least one whole visit and a fifth of
// the expected ones are missing, and so few would come up by chance in less than
// 5 % of the years in which every customer is as likely to be visited (lower
// tail of the binomial distribution). Under MinVisits the answer is no.
func Under(k, n int, share float64) bool {
	expected := share * float64(n)
	if n < MinVisits || share <= 0 || expected-float64(k) < 1 || float64(k) > 0.8*expected {
		return false
	}
	return lowerTail(k, n, share) <= chance
}

// lowerTail gives P(X ≤ k) for X binomial with n draws of probability p. It sums
// downwards from k, where the terms are largest as long as k lies below n·p.
func lowerTail(k, n int, p float64) float64 {
	if p >= 1 {
		if k < n {
			return 0
		}
		return 1
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	term := math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	sum := 0.0
	for i := k; i >= 0 && term > sum*1e-12; i-- {
		sum += term
		term *= float64(i) * (1 - p) / (float64(n-i+1) * p)
	}
	return min(1, sum)
}

// sentence is the headline: the people first, then the group whose share of the
// visits lies farthest below its share of the customers.
func sentence(r Report, s locale.Style) string {
	return strings.TrimSpace(peopleSentence(r.Totals, s) + " " + groupSentence(r, s))
}

// Sentences gives in a style the two halves of the headline: of the people, and of the customers;
// the second may be "".
func (r Report) Sentences(s locale.Style) (people, customers string) {
	return peopleSentence(r.Totals, s), groupSentence(r, s)
}

func peopleSentence(t Totals, s locale.Style) string {
	who := fmt.Sprintf("%s of %s executives", s.Number(int64(t.Overdue)), s.Number(int64(t.Executives)))
	switch {
	case t.Executives == 0:
		return "There are no executives yet."
	case t.Executives == 1 && t.Overdue == 1:
		return fmt.Sprintf("The only executive has not seen a customer for more than %d days.", alert.MaxGapDays)
	case t.Overdue == t.Executives:
		return fmt.Sprintf("None of the %s executives has seen a customer in the last %d days.", s.Number(int64(t.Executives)), alert.MaxGapDays)
	case t.Overdue == 1:
		return fmt.Sprintf("%s has not seen a customer for more than %d days.", who, alert.MaxGapDays)
	case t.Overdue > 1:
		return fmt.Sprintf("%s have not seen a customer for more than %d days.", who, alert.MaxGapDays)
	case t.Never == t.Executives && t.Executives == 1:
		return "No counting visit of the only executive is known yet."
	case t.Never == t.Executives:
		return fmt.Sprintf("No counting visit of any of the %s executives is known yet.", s.Number(int64(t.Executives)))
	case t.Never > 0:
		verb := "have"
		if t.Never == 1 {
			verb = "has"
		}
		return fmt.Sprintf("Nobody is over %d days; %s of %s executives %s no counting visit on record yet.",
			alert.MaxGapDays, s.Number(int64(t.Never)), s.Number(int64(t.Executives)), verb)
	case t.Executives == 1:
		return fmt.Sprintf("The only executive has seen a customer in the last %d days.", alert.MaxGapDays)
	}
	return fmt.Sprintf("All %s executives have seen a customer in the last %d days.", s.Number(int64(t.Executives)), alert.MaxGapDays)
}

func groupSentence(r Report, s locale.Style) string {
	grouped := r.Totals.Visits - r.Totals.Ungrouped
	switch {
	case r.Totals.Visits == 0 && r.Totals.Executives > 0:
		return "No counting visit has been recorded in this period."
	case len(r.Groups) == 0 || grouped == 0:
		return ""
	}
	var worst *GroupRow
	for i := range r.Groups {
		g := &r.Groups[i]
		if g.Under && (worst == nil || g.CustomerShare-g.VisitShare > worst.CustomerShare-worst.VisitShare) {
			worst = g
		}
	}
	switch {
	case grouped == 1:
		return "1 counting visit is too few to say which customers are left out."
	case grouped < MinVisits:
		return fmt.Sprintf("%d counting visits are too few to say which customers are left out.", grouped)
	case worst == nil:
		return "No group of customers is heard clearly less than its size asks for."
	}
	return fmt.Sprintf("%s is %s and %s.", worst.Label,
		portion(s, worst.Customers, r.Totals.Customers, "customers"), portion(s, worst.Visits, grouped, "visits"))
}

// portion says "84 % of customers", or "8 of 10 customers" under 20 cases. It
// never rounds something to nothing or nearly all to all.
func portion(s locale.Style, part, whole int, of string) string {
	percent := 100 * share(part, whole)
	switch {
	case whole < FewCases:
		return fmt.Sprintf("%s of %s %s", s.Number(int64(part)), s.Number(int64(whole)), of)
	case part == 0:
		return "none of the " + of
	case part == whole:
		return "all of the " + of
	case percent < 1:
		return "less than 1 % of " + of
	case percent > 99:
		return "more than 99 % of " + of
	}
	return fmt.Sprintf("%.0f %% of %s", percent, of)
}
