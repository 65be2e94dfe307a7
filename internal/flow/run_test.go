package flow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
)

// oneRun is a store with one run and nothing else; what is written to the trail is lost.
type oneRun struct {
	Runs
	run Run
}

type noTrail struct{ Ledger }

func (noTrail) Audit(Entry) error { return nil }

func (s *oneRun) Read(_ context.Context, do func(Tx) error) error { return do(Tx{Runs: s}) }
func (s *oneRun) Write(_ context.Context, do func(Tx) error) error {
	return do(Tx{Runs: s, Ledger: noTrail{}})
}
func (s *oneRun) Alone(ctx context.Context, _ string, do func(context.Context) error) error {
	return do(ctx)
}
func (s *oneRun) Get(string) (Run, error) { return s.run, nil }
func (s *oneRun) Save(r *Run) error       { s.run = *r; return nil }

// A plan that is there stays, whatever breaks down after it.
func TestARunThatIsDoneDoesNotFail(t *testing.T) {
	var log bytes.Buffer
	store := &oneRun{run: Run{ID: "r", State: Done, PlanID: "p"}}
	f := &Flow{Deps: Deps{Store: store, Log: slog.New(slog.NewTextHandler(&log, nil))}}
	require.NoError(t, f.failRun(context.Background(), "r", errors.New("the planner broke down")))
	require.Equal(t, Run{ID: "r", State: Done, PlanID: "p"}, store.run)

	require.NotPanics(t, func() { f.boundRun(context.Background(), &draft{run: store.run}, leastBound) })
	require.Contains(t, log.String(), "the search for a bound broke down")
	require.Equal(t, Done, store.run.State)
}

// Nothing is kept of a run that somebody threw away, however far the job has come.
func TestACancelledRunKeepsNothing(t *testing.T) {
	vp := access.Actor{PersonID: "vp", Roles: []roster.Role{roster.VP}}
	store := &oneRun{run: Run{ID: "r", State: Running, Trail: []Mark{{Total: 5}}}}
	f := &Flow{Deps: Deps{Store: store, Now: func() time.Time { return time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC) }, Log: slog.New(slog.DiscardHandler)}}
	_, err := f.CancelRun(context.Background(), access.Actor{PersonID: "ceo", Roles: []roster.Role{roster.CEO}}, "r")
	require.True(t, fault.Is(err, fault.Denied))

	r, err := f.CancelRun(context.Background(), vp, "r")
	require.NoError(t, err)
	require.Equal(t, Cancelled, r.State)
	require.False(t, r.EndedAt.IsZero())
	kept := store.run

	d := &draft{run: Run{ID: "r", State: Running}, problem: &planning.Problem{}}
	stopped := false
	f.watch(context.Background(), d, func() time.Duration { return time.Second }, func() { stopped = true })(solver.Progress{Best: 3})
	require.True(t, stopped, "the search ends")
	saved, err := f.keepDraft(context.Background(), d, planning.NewSolution(d.problem, nil, nil))
	require.NoError(t, err)
	require.False(t, saved)
	require.NoError(t, f.failRun(context.Background(), "r", errors.New("too late")))
	found, err := f.prepare(context.Background(), "r")
	require.NoError(t, err)
	require.Nil(t, found)
	for _, again := range []func(context.Context, access.Actor, string) (Run, error){f.CancelRun, f.StopRun} {
		r, err = again(context.Background(), vp, "r")
		require.NoError(t, err)
		require.Equal(t, Cancelled, r.State)
	}
	require.Equal(t, kept, store.run)

	store.run = Run{ID: "r", State: Done, PlanID: "p"}
	r, err = f.CancelRun(context.Background(), vp, "r")
	require.NoError(t, err)
	require.Equal(t, Run{ID: "r", State: Done, PlanID: "p"}, r, "a plan that is there stays")
}

func TestARunSaysHowManyVisitsOfEachGroupHaveAPlace(t *testing.T) {
	d := &draft{problem: &planning.Problem{Visits: []planning.Visit{{ID: "1", Customer: "a"}, {ID: "2", Customer: "b"}, {ID: "3", Customer: "c"}, {ID: "4", Customer: "gone"}}},
		rows: map[string]SelectionRow{"a": {Stratum: "EN"}, "b": {Stratum: "EN"}, "c": {Stratum: "SB"}}}
	require.Equal(t, map[string]Tally{"EN": {1, 2}, "SB": {0, 1}}, d.tally([]string{"2", "3", "4"}))

	// Progress is stored with the groups where they have changed, and only there.
	store := &oneRun{run: Run{ID: "r", State: Running}}
	f := &Flow{Deps: Deps{Store: store, Log: slog.New(slog.DiscardHandler)}}
	now := time.Duration(0)
	d.run = Run{ID: "r"}
	watch := f.watch(context.Background(), d, func() time.Duration { now += time.Second; return now }, func() {})
	for _, out := range [][]string{{"1", "2", "3"}, {"2", "1", "3"}, nil} {
		watch(solver.Progress{Best: int64(len(out)), Cost: planning.Cost{planning.Unassigned: int64(len(out))}, Out: out})
	}
	watch(solver.Progress{Best: 0})
	var groups []map[string]Tally
	for _, m := range store.run.Trail {
		groups = append(groups, m.Groups)
	}
	require.Equal(t, []map[string]Tally{{"EN": {0, 2}, "SB": {0, 1}}, nil, {"EN": {2, 2}, "SB": {1, 1}}, nil}, groups)
	require.Equal(t, groups[2], lastGroups(store.run.Trail))
	require.Nil(t, lastGroups(nil))
}
