package coverage

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/locale"
)

func TestSentence(t *testing.T) {
	under := []GroupRow{
		{Label: "Enterprise", Customers: 160, CustomerShare: 0.16, Visits: 94, VisitShare: 0.94},
		{Label: "Small business", Customers: 840, CustomerShare: 0.84, Visits: 6, VisitShare: 0.06, Under: true},
	}
	even := []GroupRow{{Label: "Enterprise", Customers: 1000, CustomerShare: 1, Visits: 100, VisitShare: 1}}
	tests := []struct {
		totals Totals
		groups []GroupRow
		want   string
	}{
		{Totals{Executives: 24, Overdue: 3, Customers: 1000, Visits: 100}, under,
			"3 of 24 executives have not seen a customer for more than 30 days. Small business is 84 % of customers and 6 % of visits."},
		{Totals{Executives: 24, Overdue: 1, Customers: 1000, Visits: 100}, even,
			"1 of 24 executives has not seen a customer for more than 30 days. No group of customers is heard clearly less than its size asks for."},
		{Totals{Executives: 24, Customers: 1000, Visits: 100}, nil, "All 24 executives have seen a customer in the last 30 days."},
		{Totals{Executives: 24, Never: 2, Customers: 1000, Visits: 100}, nil, "Nobody is over 30 days; 2 of 24 executives have no counting visit on record yet."},
		{Totals{Executives: 24, Never: 1, Visits: 100}, nil, "Nobody is over 30 days; 1 of 24 executives has no counting visit on record yet."},
		{Totals{Executives: 24, Overdue: 24, Never: 24}, even,
			"None of the 24 executives has seen a customer in the last 30 days. No counting visit has been recorded in this period."},
		{Totals{Executives: 24, Never: 24}, nil,
			"No counting visit of any of the 24 executives is known yet. No counting visit has been recorded in this period."},
		{Totals{Executives: 1, Visits: 1}, even, "The only executive has seen a customer in the last 30 days. 1 counting visit is too few to say which customers are left out."},
		{Totals{Executives: 1, Overdue: 1, Visits: 9}, even,
			"The only executive has not seen a customer for more than 30 days. 9 counting visits are too few to say which customers are left out."},
		{Totals{Executives: 1, Never: 1, Visits: 9}, nil, "No counting visit of the only executive is known yet."},
		{Totals{}, even, "There are no executives yet."},
		{Totals{Executives: 1200, Overdue: 1100, Visits: 5}, nil, "1,100 of 1,200 executives have not seen a customer for more than 30 days."},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, sentence(Report{Totals: tt.totals, Groups: tt.groups}, locale.Style{}))
	}
}

func TestPortion(t *testing.T) {
	tests := []struct {
		part, whole int
		want        string
	}{
		{3, 10, "3 of 10 visits"}, {0, 19, "0 of 19 visits"}, {0, 20, "none of the visits"}, {20, 20, "all of the visits"},
		{1, 1000, "less than 1 % of visits"}, {999, 1000, "more than 99 % of visits"}, {5, 20, "25 % of visits"}, {990, 1000, "99 % of visits"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, portion(locale.Style{}, tt.part, tt.whole, "visits"))
	}
}

func TestUnder(t *testing.T) {
	tests := []struct {
		k, n  int
		share float64
		want  bool
	}{
		{6, 100, 0.84, true},
		{84, 100, 0.84, false},
		{79, 100, 0.84, false}, // a sixteenth is missing: no matter
		{0, 9, 0.84, false},    // nine visits are no trend
		{0, 10, 0.25, false},   // comes up by chance in 5.6 % of the years
		{0, 11, 0.25, true},    // in 4.2 %
		{0, 100, 0.009, false}, // not one whole visit is missing
		{99, 100, 1, false},
		{0, 100, 1, true},
		{5, 0, 0.5, false},
		{3000, 24_000, 0.2, true}, // far in the tail: no overflow, no NaN
		{24_000, 24_000, 0.2, false},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, Under(tt.k, tt.n, tt.share), "%d of %d at %v", tt.k, tt.n, tt.share)
	}
}

// Against the binomial distribution summed term by term with exact coefficients.
func TestLowerTail(t *testing.T) {
	for _, n := range []int{1, 5, 12, 40} {
		for _, p := range []float64{0.01, 0.2, 0.5, 0.84, 0.99} {
			sum, choose := 0.0, 1.0
			for k := 0; k <= n; k++ {
				sum += choose * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
				choose = choose * float64(n-k) / float64(k+1)
				if float64(k) <= p*float64(n) {
					require.InDelta(t, sum, lowerTail(k, n, p), 1e-9, fmt.Sprint(k, n, p))
				}
			}
		}
	}
}
