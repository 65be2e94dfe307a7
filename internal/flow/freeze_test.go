package flow

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// A word that is the key of one customer and the name of another means the key:
// to give the key is the way out of a doubt, so it must never be one.
func TestKeysCountBeforeNames(t *testing.T) {
	all := []roster.Customer{{Key: "c1", Name: "Atlas"}, {Key: "atlas", Name: "Borealis"}, {Key: "c3", Name: "Twin"}, {Key: "c4", Name: "twin "}, {Key: "c5", Name: "Cobalt"}}
	for name, x := range map[string]struct {
		asked []string
		found map[string]int
		mends []string
	}{
		"a key":                      {[]string{"ATLAS"}, map[string]int{"atlas": 0}, nil},
		"a name":                     {[]string{"Cobalt"}, map[string]int{"c5": 0}, nil},
		"a name of two":              {[]string{"Twin"}, map[string]int{"c3": 0, "c4": 0}, []string{"2 customers are called so: give the key."}},
		"nobody":                     {[]string{"Nobody"}, map[string]int{}, []string{"Look it up on the page of customers."}},
		"a repetition":               {[]string{"c5", " C5"}, map[string]int{"c5": 1}, []string{"Remove the repetition."}},
		"a customer by key and name": {[]string{"c5", "cobalt"}, map[string]int{"c5": 1}, []string{"Remove the repetition."}},
		"key and name of two":        {[]string{"c1", "atlas"}, map[string]int{"c1": 0, "atlas": 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNamed(x.asked, "must")
			for _, c := range all {
				n.see(c)
			}
			var mends []string
			for _, d := range n.problems() {
				mends = append(mends, d.Mend)
			}
			require.Equal(t, x.mends, mends)
			if x.mends == nil || len(x.found) != 1 {
				require.Equal(t, x.found, n.found())
			}
		})
	}
}

// Whom the planner could not place is not behind: to plan again changes nothing.
func TestBehindIsWhatPlanningWouldMend(t *testing.T) {
	v := SelectionView{Plan: visit.Plan{ID: "p", Unassigned: []visit.Unassigned{{CustomerID: "tried"}}}, Rows: []Chosen{
		{SelectionRow: SelectionRow{CustomerID: "tried"}, State: ChosenTookOver, Stands: true},
		{SelectionRow: SelectionRow{CustomerID: "new"}, State: ChosenTookOver, Stands: true},
		{SelectionRow: SelectionRow{CustomerID: "gone"}, State: ChosenRefused},
		{SelectionRow: SelectionRow{CustomerID: "seen"}, State: ChosenRefused},
	}}
	require.Equal(t, 2, v.place([]visit.Visit{{CustomerID: "gone", State: visit.Published}, {CustomerID: "seen", State: visit.Held}}))
}

// What takes a processor for long waits its turn, before it reads anything.
func TestLongQuestionsTakeAPlace(t *testing.T) {
	f := New(Deps{})
	for range thinkers {
		_, err := f.think()
		require.NoError(t, err)
	}
	ctx, a := context.Background(), access.System("test")
	for name, ask := range map[string]func() error{
		"proof":     func() error { _, err := f.Proof(ctx, a, "x"); return err },
		"preview":   func() error { _, err := f.Preview(ctx, a, DrawInput{}); return err },
		"draw":      func() error { _, err := f.Draw(ctx, a, Key{}, DrawInput{}); return err },
		"record":    func() error { _, _, err := f.DrawRecord(ctx, a, "x"); return err },
		"team list": func() error { _, err := f.BringTeamList(ctx, a, Key{}, "x", "x.csv", []byte("a\nb\n")); return err },
	} {
		require.True(t, fault.Is(ask(), fault.Temporary), name)
	}
}
