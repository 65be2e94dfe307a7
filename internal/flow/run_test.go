package flow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneRun is a store with one run and nothing else.
type oneRun struct {
	Runs
	run Run
}

func (s *oneRun) Read(_ context.Context, do func(Tx) error) error  { return do(Tx{Runs: s}) }
func (s *oneRun) Write(_ context.Context, do func(Tx) error) error { return do(Tx{Runs: s}) }
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
