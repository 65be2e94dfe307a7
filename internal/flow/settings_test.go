package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// Of two who change one setting the slower one is told; who sends the same again, or has
// not looked, is not.
func TestSettingsAreComparedAndSwapped(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(1, 2)
	must := func(v any, err error) any {
		t.Helper()
		require.NoError(t, err)
		return v
	}
	buying := func() flow.BuyingView { return must(d.f.Buying(ctx, everything)).(flow.BuyingView) }
	another := func(b visit.Buying, name string) visit.Buying {
		b.Stages = append([]visit.Stage{}, b.Stages...)
		b.Stages[0].Name = name
		return b
	}
	notices := func() flow.NoticeSettings {
		return must(d.f.NoticeChannels(ctx, everything)).(flow.ChannelsView).Settings
	}
	for name, x := range map[string]struct {
		print func() string
		set   func(n int, seen string) error
	}{
		"buying": {func() string { return flow.PrintOf(buying().Buying) }, func(n int, seen string) error {
			return d.f.SetBuying(ctx, everything, another(visit.UsualBuying(), []string{"a", "b", "c"}[n]), nil, seen)
		}},
		"fiscal": {func() string { return flow.PrintOf(buying().Fiscal) }, func(n int, seen string) error {
			return d.f.SetFiscal(ctx, everything, visit.Fiscal{Start: time.April, Days: n + 3}, seen)
		}},
		"notices": {func() string { return flow.PrintOf(notices()) }, func(n int, seen string) error {
			s := notices()
			s.Zone = []string{"Europe/Zurich", "Asia/Tokyo", "Europe/Oslo"}[n]
			return d.f.SetNoticeSettings(ctx, everything, s, seen)
		}},
		"statements": {func() string { return flow.PrintOf(must(d.f.StatementSettings(ctx, everything))) }, func(n int, seen string) error {
			return d.f.SetStatementSettings(ctx, everything, flow.StatementSettings{StaleDays: 20 + n}, seen)
		}},
		"policy": {func() string { return flow.PrintOf(must(d.f.Policy(ctx, everything))) }, func(n int, seen string) error {
			p := flow.DefaultPolicy
			p.Move = []flow.Rule{flow.RuleAsk, flow.RulePushBack, flow.RuleAccept}[n]
			return d.f.SetPolicy(ctx, everything, p, seen)
		}},
		"busy": {func() string { return flow.PrintOf(must(d.f.Busy(ctx, everything)).(flow.BusyView).Settings) }, func(n int, seen string) error {
			s := flow.StandardBusySettings()
			s.Every = time.Duration(n+20) * time.Minute
			return d.f.SetBusy(ctx, everything, s, seen)
		}},
		"ladder": {func() string { return flow.PrintOf(must(d.f.Ladder(ctx, everything))) }, func(n int, seen string) error {
			return d.f.SetLadder(ctx, everything, alert.Ladder{VPDays: n + 1, CEODays: 20}, seen)
		}},
		"weights": {func() string { return flow.PrintOf(must(d.f.PlanRules(ctx, everything)).(flow.PlanRules).Weights) }, func(n int, seen string) error {
			_, err := d.f.SetPlanRules(ctx, everything, map[planning.Term]int64{planning.TravelKM: int64(n + 2)}, seen)
			return err
		}},
	} {
		seen := x.print()
		require.NoError(t, x.set(0, seen), name)
		require.NoError(t, x.set(0, seen), "%s: sent twice", name)
		err := x.set(1, seen)
		require.True(t, fault.Is(err, fault.Stale), "%s: %v", name, err)
		now := x.print()
		require.NotEqual(t, seen, now, name)
		require.NoError(t, x.set(1, now), "%s: seen anew", name)
		require.NoError(t, x.set(2, ""), "%s: nobody has looked", name)
	}

	// A value is renamed into the one that was seen, or not at all.
	rows := must(d.f.DimensionList(ctx, everything)).([]flow.DimensionView)
	require.Equal(t, "region", rows[0].Name)
	seen := rows[0].Seen
	_, err := d.f.RenameValue(ctx, everything, flow.Key{}, "region", "west", "east", seen)
	require.NoError(t, err)
	_, err = d.f.RenameValue(ctx, everything, flow.Key{}, "region", "west", "north", seen)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = d.f.RenameValue(ctx, everything, flow.Key{}, "region", "east", "north", seen)
	require.True(t, fault.Is(err, fault.Stale), "%v", err)
}
