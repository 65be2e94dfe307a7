package solver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// requireTrue demands that a proposal is what it says: feasible, at that price,
// with its visit first and no pinned visit moved.
func requireTrue(t require.TestingT, p *planning.Problem, s *planning.Solution, visit string, x Proposal) {
	after := planning.Check(p, changed(p, s, x.Changes))
	require.Empty(t, after.Violations)
	require.Equal(t, after.Cost.Minus(planning.Check(p, s).Cost), x.Price)
	require.Equal(t, visit, x.Changes[0].Visit)
	require.NotNil(t, x.Changes[0].To)
	require.NotEmpty(t, x.Text)
	places := s.Places()
	for _, c := range x.Changes {
		for _, v := range p.Visits {
			require.False(t, v.ID == c.Visit && v.Pinned != nil, "a pinned visit moves")
		}
		from, stands := places[c.Visit]
		require.Equal(t, stands, c.From != nil)
		if stands {
			require.Equal(t, from, *c.From)
			require.NotEqual(t, from, *c.To)
		}
	}
}

func TestProposalsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		n := rapid.IntRange(0, 12).Draw(t, "n")
		for _, v := range p.Visits {
			all, err := b.Propose(context.Background(), v.ID, n)
			runners, err2 := b.RunnersUp(context.Background(), v.ID, n)
			if v.Pinned != nil {
				require.True(t, fault.Is(err, fault.Invalid))
				require.True(t, fault.Is(err2, fault.Invalid))
				continue
			}
			require.NoError(t, err)
			require.NoError(t, err2)
			require.LessOrEqual(t, len(all), n)
			requireRanked(t, p, s, v.ID, all)
			requireRanked(t, p, s, v.ID, runners.Executives)
			requireRanked(t, p, s, v.ID, runners.Weeks)
			if at, ok := s.Places()[v.ID]; ok {
				for _, x := range runners.Weeks {
					require.Equal(t, at.Executive, x.Changes[0].To.Executive)
					require.NotEqual(t, at.Date.Monday(), x.Changes[0].To.Date.Monday())
				}
			} else {
				require.Empty(t, runners.Weeks)
			}
		}
		requireConsistent(t, b.s)
	})
}

func requireRanked(t require.TestingT, p *planning.Problem, s *planning.Solution, visit string, all []Proposal) {
	for i, x := range all {
		requireTrue(t, p, s, visit, x)
		if i > 0 {
			require.LessOrEqual(t, all[i-1].Price.Total(), x.Price.Total())
		}
	}
}

func largeBoard(t testing.TB, iterations int64) (*planning.Problem, *planning.Solution, *Board) {
	p := readInstance(t, "large-1")
	s := solve(t, p, Options{Seed: 1, Iterations: iterations})
	b, err := NewBoard(context.Background(), p, s)
	require.NoError(t, err)
	return p, s, b
}

func BenchmarkProposeOnLarge(b *testing.B) {
	p, _, board := largeBoard(b, 1_000_000)
	i := 0
	for b.Loop() {
		if i++; p.Visits[i].Pinned != nil {
			continue
		}
		_, err := board.Propose(context.Background(), p.Visits[i].ID, 10)
		require.NoError(b, err)
	}
}

func BenchmarkNewBoardOnLarge(b *testing.B) {
	p, s, _ := largeBoard(b, 1_000_000)
	for b.Loop() {
		_, err := NewBoard(context.Background(), p, s)
		require.NoError(b, err)
	}
}
