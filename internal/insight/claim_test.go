package insight

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/sampling"
	"windshield/internal/slot"
)

var today = slot.MustDate("2027-06-30")

var prices = Claim{ID: "prices", Text: "Prices are hard to compare"}

func vector(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// says is an answer to our question about prices, given a week ago.
func says(customer, by string, side Side) Statement {
	return Statement{ID: customer + "/" + by, CustomerID: customer, VisitID: "v-" + customer, Source: Said, By: by, HeardBy: "ana", On: today.Add(-7),
		Text: "We cannot compare them.", ClaimID: "prices", Side: side, Asked: true}
}

func but(s Statement, change func(*Statement)) Statement {
	change(&s)
	return s
}

// answers gives a frame and the answers of m customers per stratum, of whom x back.
func answers(strata []string, customers, m, x []int, weight func(h int) float64) (Frame, []Statement) {
	f := Frame{Customers: map[string]int{}, Places: map[string]Place{}}
	var out []Statement
	for h, name := range strata {
		f.Customers[name] = customers[h]
		for k := range m[h] {
			id := fmt.Sprintf("%s-%d", name, k)
			f.Places[id] = Place{name, weight(h)}
			side := Neither
			if k < x[h] {
				side = For
			}
			out = append(out, says(id, "the buyer", side))
			f.Visited++
		}
	}
	return f, out
}

func TestClaimOfTheVectors(t *testing.T) {
	var v struct {
		Inputs struct {
			Stratum   []string
			Customers []int `json:"N"`
			Asked     []int `json:"n_asked"`
			Backing   []int `json:"x_backing"`
		}
		Expected struct {
			Weighted  float64    `json:"weighted_share"`
			Effective float64    `json:"recommended_n"`
			Interval  [2]float64 `json:"recommended_wilson_95"`
		}
	}
	vector(t, "claim_01_stratified.json", &v)
	f, said := answers(v.Inputs.Stratum, v.Inputs.Customers, v.Inputs.Asked, v.Inputs.Backing,
		func(h int) float64 { return float64(v.Inputs.Customers[h]) / float64(v.Inputs.Asked[h]) })
	e := Weigh(prices, said, f, today, StaleDays)
	require.InDelta(t, v.Expected.Weighted, e.Share.Weighted, 1e-9)
	require.InDelta(t, v.Expected.Effective, e.Share.Effective, 1e-7)
	require.InDelta(t, v.Expected.Interval[0], e.Share.Interval.Low, 1e-9)
	require.InDelta(t, v.Expected.Interval[1], e.Share.Interval.High, 1e-9)
	require.Equal(t, sampling.Broad, e.Grade)
	require.Equal(t, "A", Letter(e.Grade))
	require.True(t, e.Exportable())
	require.Empty(t, e.Label())
	require.NoError(t, e.CheckExport())
	require.Equal(t, []int{245, 98, 12, 12}, []int{e.Asked, e.Backing, e.Share.StrataAsked, e.Share.StrataBacking})
	require.Equal(t, "98 of 245 customers asked back this, in 12 of the 12 strata. Weighted share 42%, 95% interval 36% to 50% (effective sample 186.5). One of us heard all of it.", e.Sentence)
	require.Equal(t, today.Add(-7), e.Newest)
}

func TestSmallClaimOfTheVectors(t *testing.T) {
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
			Interval [2]float64 `json:"wilson_95_n_eff"`
			Sentence string
		}
	}
	vector(t, "claim_02_small.json", &v)
	f := Frame{Customers: v.Inputs.Population, Places: map[string]Place{}}
	var said []Statement
	for i, c := range v.Inputs.Customers {
		id := fmt.Sprint("c", i)
		f.Places[id] = Place{c.Stratum, c.Weight}
		said = append(said, but(says(id, "Ms Li", For), func(s *Statement) {
			s.HeardBy = fmt.Sprint("p", i)
			if c.Backs == 0 {
				s.Side = Against
			}
		}))
	}
	e := Weigh(prices, said, f, today, StaleDays)
	require.InDelta(t, v.Expected.Interval[0], e.Share.Interval.Low, 1e-9)
	require.InDelta(t, v.Expected.Interval[1], e.Share.Interval.High, 1e-9)
	require.Equal(t, v.Expected.Sentence+" 3 customers deny it. This is one data point, not a finding.", e.Sentence)
	require.Equal(t, "one data point, not a finding", e.Label())
	require.True(t, fault.Is(e.CheckExport(), fault.Conflict))
	require.Equal(t, "D", Letter(e.Grade))
}

func TestTwoCustomersNeverLookLikeATrend(t *testing.T) {
	f := Frame{Customers: map[string]int{"A": 2}, Places: map[string]Place{"x": {"A", 1}, "y": {"A", 1}}, Visited: 2}
	said := []Statement{says("x", "Ms Li", For), says("y", "Mr Diaz", For)}
	e := Weigh(prices, said, f, today, StaleDays)
	require.Equal(t, [2]int{2, 2}, [2]int{e.Asked, e.Backing}, "even where they are all the customers there are")
	require.False(t, e.Exportable())
	require.Equal(t, BelowMinimum, e.Label())
	require.Contains(t, e.Sentence, "This is one data point, not a finding.")
	for i := range 50 { // two customers stay two, whatever they say and how often
		said = append(said, but(says("x", fmt.Sprint("person ", i), For), func(s *Statement) { s.ID = fmt.Sprint(i) }))
	}
	again := Weigh(prices, said, f, today, StaleDays)
	require.Equal(t, e.Share, again.Share)
	require.Equal(t, 51, again.Voices[0].People)
	require.False(t, again.Exportable())
}

func TestVoices(t *testing.T) {
	late := func(s *Statement) { s.On = today.Add(-1); s.ID += "later" }
	tests := []struct {
		name string
		said []Statement
		want Voice
	}{
		{"one person backs", []Statement{says("x", "Li", For)}, Voice{"x", Backs, true, 1, today.Add(-7), false}},
		{"several people are one customer", []Statement{says("x", "Li", For), says("x", "Diaz", For)}, Voice{"x", Backs, true, 2, today.Add(-7), false}},
		{"one denies", []Statement{says("x", "Li", Against)}, Voice{"x", Denies, true, 1, today.Add(-7), false}},
		{"its people contradict each other", []Statement{says("x", "Li", For), says("x", "Diaz", Against)}, Voice{"x", Divided, true, 2, today.Add(-7), false}},
		{"a change of mind", []Statement{says("x", "Li", For), but(says("x", " LI ", Against), late)}, Voice{"x", Denies, true, 1, today.Add(-1), false}},
		{"the last clear word counts", []Statement{says("x", "Li", For), but(says("x", "Li", Neither), late)}, Voice{"x", Backs, true, 1, today.Add(-1), false}},
		{"asked, nothing to say", []Statement{says("x", "Li", Neither)}, Voice{"x", Open, true, 1, today.Add(-7), false}},
		{"raised unasked", []Statement{but(says("x", "Li", For), func(s *Statement) { s.Asked = false })}, Voice{"x", Backs, false, 1, today.Add(-7), false}},
		{"old", []Statement{but(says("x", "Li", For), func(s *Statement) { s.On = today.Add(-91) })}, Voice{"x", Backs, true, 1, today.Add(-91), true}},
		{"on the ninetieth day not yet", []Statement{but(says("x", "Li", For), func(s *Statement) { s.On = today.Add(-90) })}, Voice{"x", Backs, true, 1, today.Add(-90), false}},
		{"old, and said again by somebody else", []Statement{but(says("x", "Li", For), func(s *Statement) { s.On = today.Add(-91) }), says("x", "Diaz", For)},
			Voice{"x", Backs, true, 2, today.Add(-7), false}},
		{"said again to hold", []Statement{but(says("x", "Li", For), func(s *Statement) { s.On, s.Checked = today.Add(-300), today.Add(-3) })}, Voice{"x", Backs, true, 1, today.Add(-3), false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Weigh(prices, tt.said, Frame{}, today, StaleDays)
			require.Equal(t, []Voice{tt.want}, e.Voices)
		})
	}
	none := Weigh(prices, []Statement{
		but(says("a", "Li", For), func(s *Statement) { s.Over = today.Add(-1) }),
		but(says("b", "", For), func(s *Statement) { s.Source, s.By, s.Asked = Guessed, "", false }),
		but(says("c", "Li", For), func(s *Statement) { s.ClaimID = "other" }),
		but(says("d", "Li", For), func(s *Statement) { s.On = today.Add(2) }),
	}, Frame{}, today, StaleDays)
	require.Zero(t, none.AtMost)
	require.Empty(t, none.Voices, "taken back, guessed, about something else, not said yet")
	require.Equal(t, "Nobody was asked about this. 1 guess of ours is not counted. This is one data point, not a finding.", none.Sentence)
}

func TestSentences(t *testing.T) {
	f := Frame{Customers: map[string]int{"A": 100}, Visited: 180, Places: map[string]Place{}}
	var said []Statement
	for i := range 6 {
		said = append(said, but(says(fmt.Sprint("r", i), "Li", For), func(s *Statement) { s.Asked, s.HeardBy = false, fmt.Sprint(i) }))
	}
	e := Weigh(prices, said, f, today, StaleDays)
	require.Equal(t, "Raised by 6 of 180 customers visited, who were not asked about it: a lower bound, not a share. This is one data point, not a finding.", e.Sentence)

	said = nil
	for i := range 30 {
		id := fmt.Sprint("c", i)
		f.Places[id] = Place{"A", 100.0 / 30}
		said = append(said, but(says(id, "Li", Against), func(s *Statement) { s.On = today.Add(-100) }))
	}
	e = Weigh(prices, said, f, today, StaleDays)
	require.Equal(t, sampling.NobodyBoundOf(100, 30), e.AtMost)
	require.Equal(t, "0 of 30 customers asked back this, in 0 of the 1 strata. Up to 10% could still hold it (95%, effective sample 30.0). That is at most 8 customers. 30 customers deny it. This is one data point, not a finding.", e.Sentence)

	for i := range said {
		said[i].Side = For
		if i%3 == 0 {
			said[i].On = today
		}
	}
	said = append(said, says("elsewhere", "Li", For), but(says("c0", "Diaz", Against), func(s *Statement) { s.HeardBy = "ben" }))
	e = Weigh(prices, said, f, today, StaleDays)
	require.Equal(t, "29 of 30 customers asked back this, in 1 of the 1 strata. Weighted share 97%, 95% interval 83% to 99% (effective sample 30.0). "+
		"1 other customer asked is not in the selection and left out. At 1 customer people contradict each other. 20 of the 30 who back it said so more than 90 days ago. One of us heard all of it.", e.Sentence)
	require.Equal(t, sampling.Broad, e.Grade)
	require.Equal(t, "1 of 1 customer asked back this; none of them is in the selection, so there is no share. This is one data point, not a finding.",
		Weigh(prices, []Statement{says("elsewhere", "Li", For)}, f, today, StaleDays).Sentence)
}

func TestSays(t *testing.T) {
	s := says("x", "Ms Li", For)
	require.Equal(t, "Ms Li said on 23 Jun: “We cannot compare them.”", s.Says(locale.Style{}, today))
	require.Equal(t, "Ms Li said on 23 Jun, and on 29 Jun that it still holds: “We cannot compare them.”", but(s, func(s *Statement) { s.Checked = today.Add(-1) }).Says(locale.Style{}, today))
	require.Equal(t, "Ms Li said on 23 Jun, and on 29 Jun that it holds no more: “We cannot compare them.”", but(s, func(s *Statement) { s.Over = today.Add(-1) }).Says(locale.Style{}, today))
	require.Equal(t, "We guess, since 23 Jun 2027: We cannot compare them.", but(s, func(s *Statement) { s.Source = Guessed }).Says(locale.Style{}, today.Add(365)))
	require.Equal(t, "Ms Li was asked on 23 Jun and had nothing to say to it.", but(s, func(s *Statement) { s.Text = " " }).Says(locale.Style{}, today))
}

func TestContradictions(t *testing.T) {
	yes, no := says("x", "Li", For), says("x", "Diaz", Against)
	mind := but(says("x", "Li", Against), func(s *Statement) { s.On, s.ID = today, "mind" })
	guess := but(says("x", "", Against), func(s *Statement) { s.Source, s.ID = Guessed, "guess" })
	older := but(yes, func(s *Statement) { s.On, s.ID = today.Add(-50), "older" })
	got := Contradictions("prices", []Statement{guess, older, says("y", "Kim", Against), yes, mind, no, says("z", "Li", Neither)})
	require.Equal(t, []Contradiction{
		{CustomerID: "x", For: yes, Against: no},
		{CustomerID: "x", For: yes, Against: mind, Changed: true},
		{CustomerID: "x", For: yes, Against: guess, Guess: true},
	}, got, "the newest word of each, disputes first; customers who differ do not contradict each other")
	require.Empty(t, Contradictions("other", []Statement{yes, no}))
	require.Empty(t, Contradictions("prices", []Statement{yes, but(no, func(s *Statement) { s.Over = today })}))
}

// anyEvidence draws statements about prices by some customers of a frame.
func anyEvidence(t *rapid.T) (Frame, []Statement) {
	f := Frame{Customers: map[string]int{}, Places: map[string]Place{}, Visited: 60}
	var said []Statement
	for h := range rapid.IntRange(1, 5).Draw(t, "strata") {
		name := fmt.Sprint("S", h)
		m := rapid.IntRange(0, 12).Draw(t, "asked")
		f.Customers[name] = m + rapid.IntRange(0, 300).Draw(t, "others")
		for k := range m {
			id := fmt.Sprintf("%s-%d", name, k)
			if rapid.IntRange(0, 9).Draw(t, "in") > 0 {
				f.Places[id] = Place{name, float64(f.Customers[name]) / float64(m)}
			}
			for p := range rapid.IntRange(1, 2).Draw(t, "people") {
				said = append(said, anyStatement(t, id, fmt.Sprint("person ", p)))
			}
		}
	}
	return f, said
}

func anyStatement(t *rapid.T, customer, by string) Statement {
	s := says(customer, by, rapid.SampledFrom([]Side{For, For, For, Against, Neither}).Draw(t, "side"))
	s.ID = fmt.Sprint(rapid.Uint32().Draw(t, "id"))
	s.On = today.Add(-rapid.IntRange(0, 200).Draw(t, "age"))
	s.Asked = rapid.IntRange(0, 5).Draw(t, "unasked") > 0
	s.HeardBy = rapid.SampledFrom([]string{"ana", "ben"}).Draw(t, "ears")
	if rapid.IntRange(0, 9).Draw(t, "guess") == 0 {
		s.Source, s.Asked, s.By = Guessed, false, ""
	}
	return s
}

func rank(g sampling.Grade) int {
	return slices.Index([]sampling.Grade{sampling.Anecdote, sampling.Thin, sampling.Present, sampling.Broad}, g)
}

// The order in which statements come does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, said := anyEvidence(t)
		want, beside := Weigh(prices, said, f, today, StaleDays), Contradictions("prices", said)
		turned := slices.Clone(said)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 1)).Shuffle(len(turned), func(i, j int) { turned[i], turned[j] = turned[j], turned[i] })
		require.Equal(t, want, Weigh(prices, turned, f, today, StaleDays))
		require.Equal(t, beside, Contradictions("prices", turned))
	})
}

// Whoever is counted as backing adds nothing by saying it again, by whatever
// mouth; guesses add nothing ever; and a dissenting colleague never helps.
func TestCountedCustomersRaiseNoGrade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, said := anyEvidence(t)
		before := Weigh(prices, said, f, today, StaleDays)
		if len(before.Voices) == 0 {
			return
		}
		v := before.Voices[rapid.IntRange(0, len(before.Voices)-1).Draw(t, "voice")]
		more := anyStatement(t, v.CustomerID, "somebody new")
		more.Source, more.By, more.Asked = Said, "somebody new", v.Asked && more.Asked
		if more.Side == For && v.Position == Open {
			more.Side = Neither // its first clear word is news
		}
		after := Weigh(prices, append(slices.Clone(said), more), f, today, StaleDays)
		switch {
		case after.Backing > before.Backing || after.Raised > before.Raised || after.Asked != before.Asked:
			t.Fatalf("%+v made more of %+v", more, v)
		case more.Side != Against && v.Position == Backs && !equal(before, after):
			t.Fatalf("a second voice of a customer changed the share: %+v, %+v", before.Share, after.Share)
		case more.Side != Against && rank(after.Grade) > rank(before.Grade):
			t.Fatalf("%s became %s by %+v", before.Grade, after.Grade, more)
		}
		guess := but(more, func(s *Statement) { s.Source, s.Side = Guessed, For })
		if g := Weigh(prices, append(slices.Clone(said), guess), f, today, StaleDays); !equal(g, before) || g.Guesses != before.Guesses+1 {
			t.Fatalf("a guess counted: %+v", g)
		}
	})
}

func equal(a, b Evidence) bool {
	return a.Share == b.Share && a.Grade == b.Grade && a.Backing == b.Backing
}

// Nothing below three customers that back it is ever a finding, and what is none
// says so.
func TestFindingsHaveThreeCustomers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, said := anyEvidence(t)
		e := Weigh(prices, said, f, today, StaleDays)
		if e.Exportable() && (e.Backing < 3 || e.Share.Effective < 10) {
			t.Fatalf("a finding on %d customers, effective sample %g", e.Backing, e.Share.Effective)
		}
		if label := strings.Contains(e.Sentence, BelowMinimum); label == e.Exportable() || (e.Label() == BelowMinimum) != label || (e.CheckExport() == nil) != e.Exportable() {
			t.Fatalf("exportable %v, but it says %q", e.Exportable(), e.Sentence)
		}
		if e.Backing+e.Denying+e.Split+e.Raised > len(e.Voices) || e.Backing > e.Asked || e.Share.Asked+e.Outside != e.Asked {
			t.Fatalf("the customers do not add up: %+v", e)
		}
	})
}

func TestRank(t *testing.T) {
	e := func(id string, low float64, g sampling.Grade, backing int) Evidence {
		return Evidence{ClaimID: id, Grade: g, Backing: backing, Share: sampling.Share{Interval: sampling.Interval{Low: low}}}
	}
	list := []Evidence{e("lucky", 0.7, sampling.Anecdote, 2), e("thin", 0.02, sampling.Thin, 9), e("b", 0.3, sampling.Broad, 40), e("a", 0.3, sampling.Broad, 40), e("c", 0.3, sampling.Broad, 50)}
	Rank(list)
	var got []string
	for _, x := range list {
		got = append(got, x.ClaimID)
	}
	require.Equal(t, []string{"c", "a", "b", "thin", "lucky"}, got)
}
