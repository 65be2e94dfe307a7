package flow

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// blank is a store in which nothing was ever written.
type blank struct{ Store }

func (b blank) Read(_ context.Context, do func(Tx) error) error { return do(Tx{Stamps: b}) }
func (blank) All() (map[string]int64, error)                    { return nil, nil }
func (blank) One(string) (int64, error)                         { return 0, nil }
func (blank) Sum() (int64, error)                               { return 0, nil }
func (blank) OfPlan(string) (map[string]string, error)          { return nil, nil }

// What takes a processor waits for nobody: it asks to come back.
func TestQuestionsAboutPlansAreFewAtOnce(t *testing.T) {
	ctx, a := context.Background(), access.System("test")
	f := New(Deps{Store: blank{}, Now: func() time.Time { return time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC) }})
	for range thinkers {
		_, err := f.think()
		require.NoError(t, err)
	}
	for name, ask := range map[string]func() error{
		"explain":   func() error { _, err := f.Explain(ctx, a, "p", "c", 0); return err },
		"proposals": func() error { _, err := f.Proposals(ctx, a, "p", "c", 1); return err },
		"let in":    func() error { _, err := f.LetIn(ctx, a, "p", "c"); return err },
		"attention": func() error { _, err := f.Attention(ctx, a, "p"); return err },
		"rearrange": func() error {
			_, err := f.Rearrange(ctx, a, Key{}, "p", []PlanChange{{CustomerID: "c"}})
			return err
		},
		"bring": func() error { _, err := f.BringSolution(ctx, a, Key{}, "r", "", nil); return err },
	} {
		require.True(t, fault.Is(ask(), fault.Temporary), name)
	}
}
