package sampling

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistances(t *testing.T) {
	var v struct {
		Inputs struct {
			Customers []float64 `json:"N"`
			Visits    []float64 `json:"n"`
		}
		Expected map[string]float64
		Planned  struct {
			Customers  []float64 `json:"N"`
			Visits     []float64 `json:"n"`
			Weights    []float64
			Unweighted float64 `json:"unweighted_total_variation"`
			Weighted   float64 `json:"weighted_total_variation"`
		} `json:"disproportionate"`
	}
	vector(t, "rep_01_distances.json", &v)
	d := Compare(v.Inputs.Customers, v.Inputs.Visits)
	for name, got := range map[string]float64{"chi_square": d.ChiSquare, "G_statistic": d.G, "total_variation": d.TotalVariation,
		"visits_to_move_for_an_exact_match": d.ToMove, "KL_sample_to_population_nats": d.KullbackLeibler, "jensen_shannon_nats": d.JensenShannon,
		"hellinger": d.Hellinger, "max_abs_share_gap": d.LargestGap, "strata_covered": float64(d.Covered), "strata_total": float64(d.Strata),
		"population_share_in_covered_strata": d.CoveredShare, "max_abs_count_error": d.LargestCount, "chi_square_per_visit": d.ChiSquare / sum(v.Inputs.Visits)} {
		require.Contains(t, v.Expected, name)
		require.InDelta(t, v.Expected[name], got, 1e-9, name)
	}
	require.Len(t, v.Expected, 13)
	require.InDelta(t, v.Planned.Unweighted, Compare(v.Planned.Customers, v.Planned.Visits).TotalVariation, 1e-9)
	weighted := make([]float64, len(v.Planned.Visits))
	for h := range weighted {
		weighted[h] = v.Planned.Visits[h] * v.Planned.Weights[h]
	}
	require.InDelta(t, v.Planned.Weighted, Compare(v.Planned.Customers, weighted).TotalVariation, 1e-9)
	require.Zero(t, Compare([]float64{0}, []float64{0}))
}

func TestKish(t *testing.T) {
	var v struct {
		Cases []struct {
			Weights   []float64
			Deff      float64
			Effective float64 `json:"n_eff"`
		}
		Allocations []struct {
			Customers []int   `json:"N"`
			Visits    []int   `json:"n"`
			Deff      float64 `json:"kish_deff"`
		}
		Executive []struct {
			Visits int `json:"visits_per_executive"`
			Rho    float64
			Deff   float64
		} `json:"executive_effect"`
	}
	vector(t, "deff_01_kish.json", &v)
	for _, c := range v.Cases {
		deff, effective := Kish(c.Weights)
		require.InDelta(t, c.Deff, deff, 1e-10)
		require.InDelta(t, c.Effective, effective, 1e-10)
	}
	for _, c := range v.Allocations {
		require.InDelta(t, c.Deff, deffOf(c.Customers, c.Visits), 1e-10)
	}
	for _, c := range v.Executive {
		require.InDelta(t, c.Deff, ExecutiveEffect(c.Visits, c.Rho), 1e-10)
	}
	deff, effective := Kish(nil)
	require.Zero(t, deff+effective)
}

// rows reads a table of numbers with a header; empty cells are left out.
func rows(t *testing.T, name string) []map[string]float64 {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "vectors", name))
	require.NoError(t, err)
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	var out []map[string]float64
	for _, line := range all[1:] {
		row := map[string]float64{}
		for i, cell := range line {
			if cell == "" {
				continue
			}
			n, err := strconv.ParseFloat(cell, 64)
			require.NoError(t, err)
			row[all[0][i]] = n
		}
		out = append(out, row)
	}
	return out
}

func near(t *testing.T, low, high float64, got Interval, tolerance float64, about ...any) {
	t.Helper()
	require.InDelta(t, low, got.Low, tolerance, about...)
	require.InDelta(t, high, got.High, tolerance, about...)
}

func TestIntervals(t *testing.T) {
	table := rows(t, "ci_01_wilson_clopper_pearson.csv")
	require.Len(t, table, 54)
	for _, r := range table {
		near(t, r["wilson_lo"], r["wilson_hi"], Wilson(r["x"]/r["n"], r["n"], r["level"]), 1e-10, r)
		near(t, r["cp_lo"], r["cp_hi"], ClopperPearson(r["x"], r["n"], r["level"]), 1e-10, r)
	}
	var v struct {
		Published map[string]struct {
			Wilson [2]float64
			CP     [2]float64 `json:"clopper_pearson"`
		} `json:"published_4_decimals"`
		Cases []struct {
			P      float64
			N      float64 `json:"n_eff"`
			Wilson [2]float64
			Beta   [2]float64 `json:"beta_clopper_pearson"`
		} `json:"effective_n_cases_95"`
	}
	vector(t, "ci_01_meta.json", &v)
	for _, c := range v.Cases {
		near(t, c.Wilson[0], c.Wilson[1], Wilson(c.P, c.N, 0.95), 1e-9)
		near(t, c.Beta[0], c.Beta[1], ClopperPearson(c.P*c.N, c.N, 0.95), 1e-9)
	}
	for name, x := range map[string][2]float64{"81/263": {81, 263}, "15/148": {15, 148}, "0/20": {0, 20}, "1/29": {1, 29}} {
		near(t, v.Published[name].Wilson[0], v.Published[name].Wilson[1], Wilson(x[0]/x[1], x[1], 0.95), 5e-5)
		near(t, v.Published[name].CP[0], v.Published[name].CP[1], ClopperPearson(x[0], x[1], 0.95), 5e-5)
	}
	require.Equal(t, Interval{0, 1}, Wilson(0, 0, 0.95))
	require.Equal(t, Interval{0, 1}, ClopperPearson(0, 0, 0.95))
}

func TestNobodySaidIt(t *testing.T) {
	for _, r := range rows(t, "ci_02_rule_of_three.csv") {
		n := r["n"]
		require.InDelta(t, r["one_sided95_exact_upper"], NobodyBound(n), 1e-10)
		require.InDelta(t, r["cp_two_sided95_upper"], ClopperPearson(0, n, 0.95).High, 1e-10)
		require.InDelta(t, r["wilson_two_sided95_upper"], Wilson(0, n, 0.95).High, 1e-10)
		require.Equal(t, int(r["finite_N10000_max_K"]), NobodyBoundOf(10_000, int(n)), "n = %v", n)
		if bound, known := r["finite_N60_max_K"]; known {
			require.Equal(t, int(bound), NobodyBoundOf(60, int(n)), "n = %v", n)
		}
	}
	var v struct {
		Needed map[string]int `json:"visits_needed_for_95pct_chance_to_hear_share_p_at_least_once"`
	}
	vector(t, "ci_02_meta.json", &v)
	require.Len(t, v.Needed, 7)
	for p, n := range v.Needed {
		share, err := strconv.ParseFloat(p, 64)
		require.NoError(t, err)
		require.Equal(t, n, VisitsToHear(share), p)
	}
}

func TestLargeClaim(t *testing.T) {
	var v struct {
		Inputs struct {
			Stratum   []string
			Customers []int `json:"N"`
			Asked     []int `json:"n_asked"`
			Backing   []int `json:"x_backing"`
		}
		Expected map[string]json.RawMessage
	}
	vector(t, "claim_01_stratified.json", &v)
	customers := map[string]int{}
	var answers []Asked
	for h, name := range v.Inputs.Stratum {
		customers[name] = v.Inputs.Customers[h]
		for k := range v.Inputs.Asked[h] {
			answers = append(answers, Asked{Stratum: name, Weight: float64(v.Inputs.Customers[h]) / float64(v.Inputs.Asked[h]), Backs: k < v.Inputs.Backing[h]})
		}
	}
	s := Measure(customers, answers)
	for name, got := range map[string]float64{"weighted_share": s.Weighted, "variance": s.Variance, "n_eff_df_adjusted_korn_graubard": s.Adjusted,
		"kish_n_eff": s.Kish, "recommended_n": s.Effective, "strata_backing": float64(s.StrataBacking)} {
		var want float64
		require.NoError(t, json.Unmarshal(v.Expected[name], &want))
		require.InEpsilon(t, want, got, 1e-9, name)
	}
	var want [2]float64
	require.NoError(t, json.Unmarshal(v.Expected["recommended_wilson_95"], &want))
	near(t, want[0], want[1], s.Interval, 1e-9)
	require.NoError(t, json.Unmarshal(v.Expected["korn_graubard_beta"], &want))
	near(t, want[0], want[1], ClopperPearson(s.Weighted*s.Adjusted, s.Adjusted, 0.95), 1e-9)
	require.Equal(t, Broad, s.Grade)
	require.Equal(t, "98 of 245 customers asked back this, in 12 of the 12 strata. Weighted share 42%, 95% interval 36% to 50% (effective sample 186.5).", s.Sentence())
}

func TestSmallClaim(t *testing.T) {
	var v struct {
		Inputs struct {
			Customers []struct {
				Stratum string
				Weight  float64
				Backs   int
			}
			Population map[string]int `json:"stratum_population"`
		}
		Expected struct {
			Share    float64    `json:"weighted_share"`
			AskedIn  float64    `json:"population_share_of_strata_asked"`
			Kish     float64    `json:"n_eff_kish"`
			Wilson   [2]float64 `json:"wilson_95_n_eff"`
			Beta     [2]float64 `json:"beta_cp_95_n_eff"`
			Sentence string
			Breadth  struct {
				Expected float64 `json:"expected_if_the_6_backers_fell_at_random_among_the_9_asked"`
				Chance   float64 `json:"probability_of_4_or_fewer"`
			}
		}
	}
	vector(t, "claim_02_small.json", &v)
	var answers []Asked
	for _, c := range v.Inputs.Customers {
		answers = append(answers, Asked{Stratum: c.Stratum, Weight: c.Weight, Backs: c.Backs == 1})
	}
	s := Measure(v.Inputs.Population, answers)
	require.InDelta(t, v.Expected.Share, s.Weighted, 1e-9)
	require.InDelta(t, v.Expected.AskedIn, s.AskedShare, 1e-9)
	require.InDelta(t, v.Expected.Kish, s.Effective, 1e-9)
	near(t, v.Expected.Wilson[0], v.Expected.Wilson[1], s.Interval, 1e-9)
	near(t, v.Expected.Beta[0], v.Expected.Beta[1], s.Beta, 1e-9)
	require.InDelta(t, v.Expected.Breadth.Expected, s.StrataExpected, 1e-9)
	require.InDelta(t, v.Expected.Breadth.Chance, s.StrataChance, 1e-9)
	require.Equal(t, v.Expected.Sentence, s.Sentence())
	require.Equal(t, Anecdote, s.Grade)
}

func TestClaimNobodyBacks(t *testing.T) {
	answers := make([]Asked, 30)
	for i := range answers {
		answers[i] = Asked{Stratum: "A", Weight: 2}
	}
	s := Measure(map[string]int{"A": 60}, answers)
	require.InDelta(t, NobodyBound(30), s.Upper, 1e-12)
	require.Equal(t, "0 of 30 customers asked back this, in 0 of the 1 strata. Up to 10% could still hold it (95%, effective sample 30.0).", s.Sentence())
	require.Equal(t, "Nobody was asked about this.", Measure(map[string]int{"A": 60}, nil).Sentence())
}

func TestCustomersCountNotMentions(t *testing.T) {
	s := Measure(map[string]int{"A": 60}, []Asked{{"a", "A", 5, false}, {"a", "A", 5, true}, {"a", "A", 5, false}, {"b", "A", 5, false}, {"", "A", 5, true}, {"", "A", 5, true}})
	require.Equal(t, [2]int{4, 3}, [2]int{s.Asked, s.Backing})
	require.InDelta(t, 0.75, s.Weighted, 1e-12)
}

func TestWordsAgainstHastyConclusions(t *testing.T) {
	require.Equal(t, "Raised by 6 of 180 customers visited, who were not asked about it: a lower bound, not a share.", RaisedSentence(6, 180))
	require.Equal(t, "If 6 of your 12 customers say a thing, 25% to 75% of all customers may; if none does, up to 22% still may.", OwnVisits(12))
	require.Equal(t, "If 0 of your 1 customer say a thing, 0% to 79% of all customers may; if none does, up to 95% still may.", OwnVisits(1))
}

func TestLines(t *testing.T) {
	strata := []Stratum{{Code: "AA", N: 60, X: 6}, {Code: "BB", N: 30, X: 6}, {Code: "CC", N: 10}}
	lines, visited, stoodFor := Lines(strata, nil)
	require.Equal(t, Line{Code: "BB", Customers: 30, Made: 6, CustomerShare: 0.3, VisitShare: 0.5, WeightedShare: 30.0 / 90}, lines[1])
	require.InDelta(t, 0.2, visited.TotalVariation, 1e-12)
	require.InDelta(t, 2.4, visited.ToMove, 1e-12)
	require.InDelta(t, 0.1, stoodFor.TotalVariation, 1e-12)
	require.Equal(t, 2, visited.Covered)
	lines, visited, _ = Lines(strata, map[string]int{"CC": 4})
	require.Equal(t, 1.0, lines[2].VisitShare)
	require.InDelta(t, 0.9, visited.TotalVariation, 1e-12)
	strata = append(strata, Stratum{Code: MustCode, Must: true, N: 20, X: 20})
	lines, _, stoodFor = Lines(strata, map[string]int{"AA": 6, "BB": 3, "CC": 1, MustCode: 10})
	require.InDelta(t, 10.0/110, lines[3].WeightedShare, 1e-12, "a must-visit stands for itself alone")
	require.InDelta(t, 20.0/120-10.0/110, stoodFor.TotalVariation, 1e-12)
	_, visited, _ = Lines(strata, map[string]int{})
	require.Zero(t, visited.ToMove)
}
