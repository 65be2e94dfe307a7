package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/visit"
)

// Plans that were made from one selection have one name and must be told apart.
func TestPlansBesideEachOtherHaveNamesOfTheirOwn(t *testing.T) {
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	live, draft := visit.Plan{Name: "Plan 2027", State: visit.Live, CreatedAt: now}, visit.Plan{Name: "Plan 2027", State: visit.Draft, CreatedAt: now.Add(time.Hour)}
	next, other := draft, draft
	next.CreatedAt, other.Name = now.Add(2*time.Hour), "Plan 2027, more trains"
	for _, c := range []struct {
		a, b  visit.Plan
		names [2]string
	}{
		{live, other, [2]string{"Plan 2027", "Plan 2027, more trains"}},
		{live, draft, [2]string{"Plan 2027 (published)", "Plan 2027 (draft)"}},
		{draft, next, [2]string{"Plan 2027 (older)", "Plan 2027 (newer)"}},
		{next, draft, [2]string{"Plan 2027 (newer)", "Plan 2027 (older)"}},
	} {
		require.Equal(t, c.names, Comparison{A: c.a, B: c.b}.Called())
	}
}
