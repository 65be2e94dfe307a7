package flow

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// What takes a processor waits for nobody: it asks to come back.
func TestQuestionsAboutPlansAreFewAtOnce(t *testing.T) {
	ctx, a := context.Background(), access.System("test")
	f := New(Deps{})
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
