package alert

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/visit"
)

func visitsOf(list ...*visit.Visit) []*visit.Visit { return list }

func TestCountAndBehind(t *testing.T) {
	groups := []Group{{"", "AA", "Large", 6}, {"", "BB", "Small", 8}}
	group := func(customer string) string {
		return map[string]string{"c-a": "AA", "c-b": "BB"}[customer]
	}
	var promise, now []visit.Visit
	add := func(list *[]visit.Visit, customer, date string, n int, change func(*visit.Visit)) {
		for range n {
			v := held(customer, date)
			if change != nil {
				change(v)
			}
			*list = append(*list, *v)
		}
	}
	add(&promise, "a", "2027-03-01", 4, nil)
	add(&promise, "b", "2027-03-02", 5, nil)
	add(&promise, "b", "2027-06-01", 3, nil) // still ahead
	add(&promise, "z", "2027-03-02", 9, nil) // in no group
	add(&now, "a", "2027-03-01", 4, nil)
	add(&now, "b", "2027-03-02", 2, nil)
	add(&now, "b", "2027-03-02", 1, func(v *visit.Visit) { v.Kind = visit.TradeShow })
	add(&now, "b", "2027-03-02", 1, func(v *visit.Visit) { v.State = visit.NoShow })
	add(&now, "b", "2027-06-01", 3, func(v *visit.Visit) { v.State = visit.Published })
	add(&now, "b", "2027-06-02", 1, func(v *visit.Visit) { v.State, v.Answer = visit.Published, visit.Refused })
	add(&now, "b", "2027-04-09", 1, func(v *visit.Visit) { v.State = visit.Published }) // nobody says it was held
	add(&now, "z", "2027-03-02", 9, nil)
	tallies := Count(groups, promise, now, group, day("2027-04-10"))
	require.Equal(t, []Tally{{groups[0], 4, 4, 0}, {groups[1], 5, 2, 3}}, tallies)
	require.Equal(t, []Lag{{Tally: tallies[1], Missing: 3, Short: 3, Share: 2.0 / 6, Wanted: 5.0 / 9,
		Reason: "Small: 2 of 5 visits due were held and count. Of 8 wanted this year 3 are neither held nor booked."}}, Behind(tallies))
	// On the very day nothing is due yet.
	require.Zero(t, Count(groups, promise, nil, group, day("2027-03-01"))[0].Due)
}

func TestBehindEdges(t *testing.T) {
	g := func(dim, code string, due, held int) Tally { return Tally{Group{dim, code, code, 0}, due, held, 0} }
	for _, c := range []struct {
		t      Tally
		behind bool
	}{
		{g("", "AA", 0, 0), false}, {g("", "AA", 1, 0), false}, {g("", "AA", 2, 0), true}, {g("", "AA", 10, 8), false},
		{g("", "AA", 11, 8), true}, {g("", "AA", 100, 79), true}, {g("", "AA", 100, 80), false}, {g("", "AA", 5, 9), false},
	} {
		require.Equal(t, c.behind, len(Behind([]Tally{c.t})) == 1, c.t)
	}
	got := Behind([]Tally{g("", "AA", 10, 5), g("", "BB", 10, 2), g("region", "West", 10, 0), g("region", "East", 4, 0), g("", "CC", 20, 4)})
	var order []string
	for _, l := range got {
		order = append(order, l.Code)
	}
	require.Equal(t, []string{"West", "East", "CC", "BB", "AA"}, order)
	require.InDelta(t, 2.0/11, got[3].Share, 1e-12, "shares are those of the own dimension")
}

// One more visit held never puts a group behind, and the order of the groups
// does not matter.
func TestBehindIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tallies []Tally
		for i := range rapid.IntRange(1, 6).Draw(t, "groups") {
			tallies = append(tallies, Tally{Group{"", fmt.Sprint(i), fmt.Sprint(i), 20}, rapid.IntRange(0, 20).Draw(t, "due"), rapid.IntRange(0, 20).Draw(t, "held"), 0})
		}
		codes := func(lags []Lag) map[string]bool {
			out := map[string]bool{}
			for _, l := range lags {
				out[l.Code] = true
			}
			return out
		}
		before := Behind(tallies)
		turned := append([]Tally(nil), tallies...)
		for i, j := 0, len(turned)-1; i < j; i, j = i+1, j-1 {
			turned[i], turned[j] = turned[j], turned[i]
		}
		require.Equal(t, before, Behind(turned))
		i := rapid.IntRange(0, len(tallies)-1).Draw(t, "which")
		was := codes(before)
		tallies[i].Held++
		for code := range codes(Behind(tallies)) {
			if !was[code] {
				t.Fatalf("%s fell behind by a visit", code)
			}
		}
	})
}
