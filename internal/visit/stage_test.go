package visit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func TestUsualBuying(t *testing.T) {
	b := UsualBuying()
	require.NoError(t, b.Check())
	var names []string
	for _, s := range b.Stages {
		names = append(names, s.Code)
		require.NotEmpty(t, b.Leading(s.Code))
	}
	require.Equal(t, "change discontent research comparison fear commitment expectations satisfaction", strings.Join(names, " "))
	_, err := b.ParseStage("proposal sent")
	require.ErrorContains(t, err, "one of change, discontent, research")
	s, err := b.ParseStage("fear")
	require.NoError(t, err)
	require.Equal(t, Late, s.Phase)
}

func TestCheckBuying(t *testing.T) {
	for name, change := range map[string]func(*Buying){
		"stages":            func(b *Buying) { b.Stages = b.Stages[:1] },
		"stages ":           func(b *Buying) { b.Stages = make([]Stage, 21) },
		"stages[1].code":    func(b *Buying) { b.Stages[1].Code = "change" },
		"stages[1].code ":   func(b *Buying) { b.Stages[1].Code = "Wer da?" },
		"stages[2].name":    func(b *Buying) { b.Stages[2].Name = "CHANGE" },
		"stages[2].name ":   func(b *Buying) { b.Stages[2].Name = strings.Repeat("x", 61) },
		"stages[0].phase":   func(b *Buying) { b.Stages[0].Phase = "soon" },
		"stages  ":          func(b *Buying) { b.Stages[0].Phase, b.Stages[1].Phase, b.Stages[2].Phase = Late, Late, Late },
		"stages[0]":         func(b *Buying) { b.Actions = b.Actions[1:16] },
		"actions":           func(b *Buying) { b.Actions = make([]Action, 101) },
		"actions[3].code":   func(b *Buying) { b.Actions[3].Code = b.Actions[1].Code },
		"actions[3].says":   func(b *Buying) { b.Actions[3].Says = " " },
		"actions[3].stage":  func(b *Buying) { b.Actions[3].Stage = "demo" },
		"actions[3].stage ": func(b *Buying) { b.Stages = b.Stages[:2] },
	} {
		b := UsualBuying()
		change(&b)
		err := b.Check()
		require.True(t, fault.Is(err, fault.Invalid), name)
		_, details := fault.Shown(err)
		require.Equal(t, strings.TrimSpace(name), details[0].Where)
	}
}

func TestOnlyTheCustomerMovesItsStage(t *testing.T) {
	b := UsualBuying()
	turn, err := b.Turn("c", "named_deciders", slot.MustDate("2027-03-01"), "v")
	require.NoError(t, err)
	require.Equal(t, Turn{"c", "research", "named_deciders", slot.MustDate("2027-03-01"), "v"}, turn)
	for _, ours := range []string{"", "demo_given", "offer_sent", "research"} {
		_, err := b.Turn("c", ours, slot.MustDate("2027-03-01"), "v")
		require.True(t, fault.Is(err, fault.Invalid), ours)
	}
}

func TestStageOn(t *testing.T) {
	d := slot.MustDate
	turns := []Turn{{Stage: "fear", On: d("2027-05-01")}, {Stage: "research", On: d("2027-02-01")}, {Stage: "comparison", On: d("2027-05-01")}}
	for day, want := range map[string]string{"2027-01-31": "", "2027-02-01": "research", "2027-04-30": "research", "2027-05-01": "comparison", "2028-01-01": "comparison"} {
		require.Equal(t, want, StageOn(turns, d(day)), day)
	}
}

func TestBrakes(t *testing.T) {
	b, f, d := UsualBuying(), UsualFiscal(), slot.MustDate
	for _, c := range []struct {
		on, stage string
		earlier   bool
		f         Fiscal
		want      []Brake
	}{
		{"2027-03-17", "fear", false, f, []Brake{TooLate}},
		{"2027-03-18", "fear", false, f, []Brake{TooLate, AtQuarterEnd}},
		{"2027-03-31", "fear", true, f, []Brake{AtQuarterEnd}},
		{"2027-04-01", "commitment", true, f, nil},
		{"2027-04-01", "research", false, f, nil},
		{"2027-04-01", "comparison", false, f, nil},
		{"2027-04-01", "satisfaction", false, f, nil},
		{"2027-04-01", "", false, f, nil},
		{"2027-04-01", "gone from the list", false, f, nil},
		{"2028-02-29", "", false, Fiscal{Start: time.March, Days: 1}, []Brake{AtQuarterEnd}},
		{"2028-02-28", "", false, Fiscal{Start: time.March, Days: 1}, nil},
		{"2027-03-31", "", false, Fiscal{}, nil},
	} {
		require.Equal(t, c.want, b.Brakes(d(c.on), c.stage, c.earlier, c.f), "%+v", c)
	}
	require.NoError(t, f.Check())
	require.Error(t, Fiscal{Start: 13, Days: 14}.Check())
	require.Error(t, Fiscal{Start: -1}.Check())
	require.Error(t, Fiscal{Days: 46}.Check())
	require.Error(t, Fiscal{Days: -1}.Check())
}

func TestEarlier(t *testing.T) {
	b, d := UsualBuying(), slot.MustDate
	turns := []Turn{{Stage: "research", On: d("2027-02-01")}, {Stage: "fear", On: d("2027-04-01")}}
	held := func(date string) Visit {
		return Visit{State: Held, Kind: AtCustomer, WithHost: true, Slot: slot.Slot{Date: d(date), Half: slot.AM}}
	}
	fair, planned := held("2027-03-01"), held("2027-03-01")
	fair.Kind, planned.State = TradeShow, Published
	now := d("2027-05-01")
	require.True(t, b.Earlier([]Visit{held("2027-03-01")}, turns, now))
	require.True(t, b.Earlier([]Visit{held("2027-01-01")}, turns, now), "nobody knew a stage then")
	require.False(t, b.Earlier([]Visit{held("2027-04-15")}, turns, now), "late itself")
	require.False(t, b.Earlier([]Visit{held("2027-05-01"), held("2027-06-01")}, nil, now), "not before")
	require.False(t, b.Earlier([]Visit{fair, planned}, turns, now))
	require.False(t, b.Earlier(nil, turns, now))
}

func TestCheckBrakes(t *testing.T) {
	both := []Brake{TooLate, AtQuarterEnd}
	require.NoError(t, CheckBrakes(nil, ""))
	require.NoError(t, CheckBrakes(both, "The customer has asked for the CEO."))
	require.NoError(t, CheckBrakes(both, "They asked:\r\n\tthe CEO."))
	for _, reason := range []string{"", "  x ", strings.Repeat("x", 501), "ok \xff", "they asked\x00", "they \x1b[31masked"} {
		err := CheckBrakes(both, reason)
		require.True(t, fault.Is(err, fault.Invalid))
		_, details := fault.Shown(err)
		require.Len(t, details, 2)
	}
	for _, b := range both {
		require.NotEmpty(t, b.Says())
	}
	require.Empty(t, Brake("snow").Says())
}

func TestCountBrakes(t *testing.T) {
	list := []Braked{{"1", "ana", []Brake{TooLate}, ""}, {"2", "ben", []Brake{TooLate, AtQuarterEnd}, ""}, {"3", "ben", []Brake{AtQuarterEnd}, ""},
		{"2", "ben", []Brake{AtQuarterEnd}, ""}, {"4", "cleo", nil, ""}, {"5", "al", []Brake{AtQuarterEnd}, ""}}
	require.Equal(t, []BrakeCount{{"ben", 1, 2, 2}, {"ana", 1, 0, 1}, {"al", 0, 1, 1}}, CountBrakes(list))
}

// Turns lead to the last one's stage, whatever the order in which they are known.
func TestStageFollowsTheLastAction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := UsualBuying()
		var turns []Turn
		last := -1
		for i, on := range rapid.SliceOfNDistinct(rapid.IntRange(0, 400), 1, 12, rapid.ID).Draw(t, "days") {
			a := rapid.SampledFrom(b.Actions).Draw(t, "action")
			turn, err := b.Turn("c", a.Code, slot.MustDate("2027-01-01").Add(on), fmt.Sprint(i))
			require.NoError(t, err)
			turns = append(turns, turn)
			if last < 0 || turn.On > turns[last].On {
				last = i
			}
		}
		if got := StageOn(turns, slot.MustDate("2029-01-01")); got != turns[last].Stage {
			t.Fatalf("%s, but the last action shows %s", got, turns[last].Stage)
		}
	})
}
