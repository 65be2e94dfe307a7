package shapes

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryShapeIsAValidProblem(t *testing.T) {
	for _, shape := range All() {
		for _, size := range Sizes()[:3] {
			for seed := range uint64(3) {
				p := Make(shape, size, seed)
				require.NoError(t, p.Validate(), "%s %s %d", shape, size.Name, seed)
				require.Len(t, p.Executives, size.Executives)
				require.Len(t, p.Customers, size.Customers)
				if shape != SixMonths {
					require.Len(t, p.Visits, size.Visits)
				}
			}
		}
	}
}

func TestEqualArgumentsGiveEqualProblems(t *testing.T) {
	write := func(shape Shape, seed uint64) string {
		size, _ := SizeNamed("small")
		b, err := json.Marshal(Make(shape, size, seed))
		require.NoError(t, err)
		return string(b)
	}
	for _, shape := range All() {
		require.Equal(t, write(shape, 7), write(shape, 7))
		require.NotEqual(t, write(shape, 7), write(shape, 8))
	}
}
