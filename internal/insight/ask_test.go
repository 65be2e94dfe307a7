package insight

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/locale"
)

func TestNextStrata(t *testing.T) {
	f := Frame{Customers: map[string]int{"A": 100, "B": 60, "C": 30, "D": 1}, Places: map[string]Place{}}
	var said []Statement
	ask := func(stratum string, n int) {
		for range n {
			id := fmt.Sprint("c", len(said))
			f.Places[id] = Place{stratum, 10}
			said = append(said, says(id, "Li", For))
		}
	}
	needs := func(n int) []Need { return NextStrata(Weigh(prices, said, f, today, StaleDays), f, n) }
	require.Equal(t, []Need{{"A", 100, 0, 3, "Nobody was asked among its 100 customers."}, {"B", 60, 0, 2, "Nobody was asked among its 60 customers."},
		{"C", 30, 0, 1, "Nobody was asked among its 30 customers."}, {"D", 1, 0, 1, "Nobody was asked among its 1 customer."}}, needs(7))
	ask("A", 2)
	require.Equal(t, []Need{{"B", 60, 0, 2, "Nobody was asked among its 60 customers."}, {"C", 30, 0, 1, "Nobody was asked among its 30 customers."},
		{"D", 1, 0, 1, "Nobody was asked among its 1 customer."}}, needs(4))
	ask("B", 1)
	ask("C", 1)
	ask("D", 1)
	require.Equal(t, []Need{{"B", 60, 1, 1, "Only 1 of its 60 customers was asked."}, {"A", 100, 2, 1, "Only 2 of its 100 customers were asked."}}, needs(2))
	require.Empty(t, needs(0))
	f.Customers = map[string]int{"D": 1}
	require.Empty(t, needs(5), "all were asked")
}

// No stratum is asked beyond its customers, and as long as there is one where
// nobody was asked, it comes before one where somebody was.
func TestNextStrataProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, said := anyEvidence(t)
		e := Weigh(prices, said, f, today, StaleDays)
		n := rapid.IntRange(0, 60).Draw(t, "answers")
		total, room, fresh := 0, 0, true
		for h, all := range f.Customers {
			asked := 0
			for _, v := range e.Voices {
				if p, ok := f.Places[v.CustomerID]; ok && v.Asked && p.Stratum == h {
					asked++
				}
			}
			room += max(0, all-asked)
		}
		for _, x := range NextStrata(e, f, n) {
			total += x.Ask
			if x.Ask < 1 || x.Asked+x.Ask > x.Customers || x.Asked == 0 && !fresh {
				t.Fatalf("%+v", x)
			}
			fresh = x.Asked == 0
		}
		if total != min(n, room) {
			t.Fatalf("%d answers proposed of %d, room for %d", total, n, room)
		}
	})
}

func TestRecheck(t *testing.T) {
	old := but(says("x", "Li", For), func(s *Statement) { s.ID, s.On = "old", today.Add(-200) })
	older := but(says("x", "Li", For), func(s *Statement) { s.ID, s.On = "older", today.Add(-300) })
	again := but(older, func(s *Statement) { s.ID, s.Checked = "again", today.Add(-10) })
	guess := but(says("x", "", Neither), func(s *Statement) { s.ID, s.Source, s.Text = "guess", Guessed, "They wait for the new owner." })
	list := []Statement{old, says("x", "Diaz", For), older, again, guess, but(old, func(s *Statement) { s.ID, s.Over = "over", today }),
		but(old, func(s *Statement) { s.ID, s.CustomerID = "other", "y" }), but(old, func(s *Statement) { s.ID, s.Text = "mute", "" })}
	require.Equal(t, []Question{
		{StatementID: "guess", Text: "They wait for the new owner. Is that so?", Why: "We only guess it."},
		{StatementID: "older", Text: "Li said on 3 Sep 2026: “We cannot compare them.” Does this still hold?", Why: "It is 300 days old."},
		{StatementID: "old", Text: "Li said on 12 Dec 2026: “We cannot compare them.” Does this still hold?", Why: "It is 200 days old."},
	}, Recheck(locale.Style{}, "x", list, today, StaleDays))
	require.Len(t, Recheck(locale.Style{}, "x", list, today.Add(84), StaleDays), 5, "it will be stale on the day of the visit")
}

func TestAsk(t *testing.T) {
	f := Frame{Customers: map[string]int{"A": 100, "B": 60}, Places: map[string]Place{"a": {"A", 10}, "b": {"B", 6}, "c": {"A", 10}}}
	slow, new := Claim{ID: "slow", Text: "We answer too slowly."}, Claim{ID: "new", Text: "Nobody knows our new product"}
	said := []Statement{says("a", "Li", For), but(says("c", "Li", For), func(s *Statement) { s.ClaimID = "slow" })}
	claims := []Claim{prices, slow, new}
	var evidence []Evidence
	for _, c := range claims {
		evidence = append(evidence, Weigh(c, said, f, today, StaleDays))
	}
	require.Equal(t, []Question{
		{ClaimID: "new", Text: "How do you see this? Nobody knows our new product.", Why: "Nobody in this group was asked yet; 0 customers were asked elsewhere."},
		{ClaimID: "prices", Text: "How do you see this? Prices are hard to compare.", Why: "Nobody in this group was asked yet; 1 customer was asked elsewhere."},
		{ClaimID: "slow", Text: "How do you see this? We answer too slowly.", Why: "Nobody in this group was asked yet; 1 customer was asked elsewhere."},
	}, Ask("b", claims, evidence, f, QuestionsPerBrief))
	got := Ask("a", claims, evidence, f, 5)
	require.Len(t, got, 2, "prices were asked there")
	require.Equal(t, Question{ClaimID: "slow", Text: "How do you see this? We answer too slowly.", Why: "Only 1 customer was asked so far."}, got[1])
	require.Len(t, Ask("b", claims, evidence, f, 1), 1)
	require.Empty(t, Ask("stranger", claims, evidence, f, 5), "it would count in no share")
	require.Empty(t, Ask("b", claims, evidence, f, -1))
}

func TestCheckStatement(t *testing.T) {
	require.NoError(t, says("x", "Li", For).Check(today))
	require.NoError(t, but(says("x", "Li", Neither), func(s *Statement) { s.Text = "" }).Check(today), "asked, nothing to say")
	require.NoError(t, but(says("x", "", ""), func(s *Statement) { s.Source, s.Asked, s.VisitID, s.ClaimID = Guessed, false, "", "" }).Check(today))
	for name, change := range map[string]func(*Statement){
		"customer": func(s *Statement) { s.CustomerID = "" },
		"visit":    func(s *Statement) { s.VisitID = "" },
		"by":       func(s *Statement) { s.By = " " },
		"source":   func(s *Statement) { s.Source = "heard" },
		"about":    func(s *Statement) { s.About = "weather" },
		"side":     func(s *Statement) { s.Side = "maybe" },
		"side ":    func(s *Statement) { s.ClaimID = "" },
		"text":     func(s *Statement) { s.Text = "\n " },
		"text ":    func(s *Statement) { s.Text = strings.Repeat("ä", MaxText+1) },
		"text  ":   func(s *Statement) { s.Text = "bell \a" },
		"text   ":  func(s *Statement) { s.Text = "\xff" },
		"topic":    func(s *Statement) { s.Topic = strings.Repeat("x", MaxTopic+1) },
		"on":       func(s *Statement) { s.On = 0 },
		"on ":      func(s *Statement) { s.On = today.Add(2) },
		"on  ":     func(s *Statement) { s.On = today.Add(-2000) },
		"checked":  func(s *Statement) { s.Checked = s.On.Add(-1) },
		"over":     func(s *Statement) { s.Over = today.Add(100) },
		"by ":      func(s *Statement) { s.Source, s.Asked = Guessed, false },
		"asked":    func(s *Statement) { s.Source, s.By = Guessed, "" },
	} {
		err := but(says("x", "Li", For), change).Check(today)
		require.True(t, fault.Is(err, fault.Invalid), name)
		_, details := fault.Shown(err)
		require.Len(t, details, 1, name)
		require.Equal(t, strings.TrimSpace(name), details[0].Where)
	}
	_, details := fault.Shown(Statement{}.Check(today))
	require.Greater(t, len(details), 3, "every fault is told at once")
	require.NoError(t, prices.Check())
	require.Error(t, Claim{}.Check())
	require.Error(t, Claim{Text: strings.Repeat("x", 301)}.Check())
}
