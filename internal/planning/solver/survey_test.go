package solver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// What the survey says of a week is what the judge says of each of its half-days.
func TestSurveyAgreesWithJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		if len(p.Visits) == 0 {
			return
		}
		v := rapid.SampledFrom(p.Visits).Draw(t, "visit")
		x, err := b.Survey(context.Background(), v.ID)
		requireConsistent(t, b.s)
		if v.Pinned != nil {
			require.True(t, fault.Is(err, fault.Invalid))
			return
		}
		require.NoError(t, err)
		places := s.Places()
		require.Len(t, x.Cells, len(p.Executives))
		for e, weeks := range x.Cells {
			require.Len(t, weeks, x.Weeks)
			for w, c := range weeks {
				var least *int64
				var at planning.Place
				for day := x.Monday.Add(7 * w); day < x.Monday.Add(7*w+7); day++ {
					for _, half := range []slot.Half{slot.AM, slot.PM} {
						to := planning.Place{Executive: p.Executives[e].ID, Date: day, Half: half}
						if now, stands := places[v.ID]; stands && now == to {
							continue
						}
						price, err := b.Judge([]Change{{Visit: v.ID, To: &to}})
						if err == nil && (least == nil || price.Total() < *least) {
							n := price.Total()
							least, at = &n, to
						}
					}
				}
				require.Equal(t, least != nil, c.Open, "%s in week %d: %s", p.Executives[e].ID, w, c.Why)
				if c.Open {
					require.Equal(t, *least, c.Price)
					require.Equal(t, at, c.Place)
				} else {
					require.NotEmpty(t, c.Why)
				}
			}
		}
		if x.From == nil {
			require.Empty(t, x.Trades)
			return
		}
		require.Len(t, x.Trades, len(places)-1)
		for _, o := range x.Trades {
			from, to := places[v.ID], places[o.Visit]
			price, err := b.Judge([]Change{{Visit: v.ID, To: &to}, {Visit: o.Visit, To: &from}})
			require.Equal(t, err == nil, o.Open, "%s: %v", o.Why, err)
			if o.Open {
				require.Equal(t, price.Total(), o.Price)
			} else {
				require.NotEmpty(t, o.Why)
				require.NotEqual(t, planning.Readable, o.Rule)
			}
		}
	})
}

func TestSurveyOfNothing(t *testing.T) {
	_, b := smallBoard(t)
	_, err := b.Survey(context.Background(), "nothing")
	require.True(t, fault.Is(err, fault.NotFound))
	ended, end := context.WithCancel(context.Background())
	end()
	_, err = b.Survey(ended, b.p.Visits[0].ID)
	require.ErrorIs(t, err, context.Canceled)
}

// BenchmarkSurvey is one question to a plan of 200 executives and 2,400 visits,
// the budget of which is 300 ms with all that is around it.
func BenchmarkSurvey(b *testing.B) {
	p := readInstance(b, "large-1")
	p.Visits = p.Visits[:min(len(p.Visits), 2400)]
	s, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 200_000})
	require.NoError(b, err)
	b.Run("board", func(b *testing.B) {
		for b.Loop() {
			_, err := NewBoard(context.Background(), p, s)
			require.NoError(b, err)
		}
	})
	board, err := NewBoard(context.Background(), p, s)
	require.NoError(b, err)
	b.Run("survey", func(b *testing.B) {
		var worst time.Duration
		for i := 0; b.Loop(); i++ {
			began := time.Now()
			_, err := board.Survey(context.Background(), p.Visits[(i*7)%len(p.Visits)].ID)
			if worst = max(worst, time.Since(began)); err != nil {
				require.True(b, fault.Is(err, fault.Invalid))
			}
		}
		b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
	})
}
