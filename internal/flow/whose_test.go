package flow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// Whatever is sent as the name or the address of a contact is refused with a reason, or
// looked for: engines look only for so many letters.
func TestWhoseDataIsSaidInFewLetters(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(1, 1)
	admin := access.Actor{PersonID: d.hosts[0].ID, Roles: []roster.Role{roster.Administrator}}
	id := d.customers[0].ID
	for _, email := range []string{strings.Repeat("a", 60_000) + "@x.example", "a\x00b@x.example"} {
		w := flow.Whose{CustomerID: id, Email: email}
		for name, err := range map[string]error{
			"look":  second(d.f.LookFor(ctx, admin, w)),
			"again": d.f.LookAgain(ctx, admin, w),
			"stop":  d.f.StopLook(ctx, admin, w),
			"data":  second(d.f.PersonalData(ctx, admin, w)),
			"erase": second(d.f.Erase(ctx, admin, flow.Key{}, w, email)),
		} {
			require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		}
	}
	w := flow.Whose{CustomerID: id, Name: strings.Repeat("Ä", 200), Email: strings.Repeat("a", 240) + "@x.example"}
	require.NoError(t, second(d.f.PersonalData(ctx, admin, w)))
}

func second[T any](_ T, err error) error { return err }
