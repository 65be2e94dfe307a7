package sampling

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
)

func TestFreezeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		units []Unit
		left  []Exclusion
		where string
	}{
		"no id":            {units: []Unit{{}}, where: "customer without ID"},
		"twice":            {units: []Unit{{ID: "a"}, {ID: "b"}, {ID: "a"}}, where: `customer "a"`},
		"twice after NFC":  {units: []Unit{{ID: "Müller"}, {ID: "Mu\u0308ller"}}, where: `customer "Müller"`},
		"in and out":       {units: []Unit{{ID: "a"}}, left: []Exclusion{{Unit: Unit{ID: "a"}, Reason: ReasonRefused}}, where: `customer "a"`},
		"negative revenue": {units: []Unit{{ID: "a", Revenue: -1}}, where: `customer "a", revenue`},
		"too much revenue": {units: []Unit{{ID: "a", Revenue: maxRevenue}, {ID: "b", Revenue: maxRevenue}}, where: "revenue of all customers together"},
		"no reason":        {left: []Exclusion{{Unit: Unit{ID: "a"}}}, where: `customer "a", reason for leaving the frame`},
		"a sentence":       {left: []Exclusion{{Unit: Unit{ID: "a"}, Reason: "Moved away"}}, where: `customer "a", reason for leaving the frame`},
		"dimension twice":  {units: []Unit{{ID: "a", Values: map[string]string{"é": "1", "e\u0301": "2"}}}, where: `customer "a", dimension é`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Freeze(c.units, c.left)
			require.True(t, fault.Is(err, fault.Invalid))
			_, details := fault.Shown(err)
			require.Len(t, details, 1)
			require.Equal(t, c.where, details[0].Where)
			require.NotEmpty(t, details[0].Mend)
		})
	}
}

func TestHashFollowsTheContent(t *testing.T) {
	base := func() []Unit {
		return []Unit{{ID: "a", Revenue: 5, Values: map[string]string{"x": "1"}}, {ID: "b", Must: true}}
	}
	first := frozen(t, base())
	require.Equal(t, first.Hash, frozen(t, []Unit{base()[1], base()[0]}).Hash)
	seen := map[string]bool{first.Hash: true}
	for i, change := range []func([]Unit){
		func(u []Unit) { u[0].ID = "c" }, func(u []Unit) { u[0].Revenue = 6 }, func(u []Unit) { u[0].Values["x"] = "2" },
		func(u []Unit) { u[0].Values["y"] = "1" }, func(u []Unit) { u[0].Must = true }, func(u []Unit) { u[1].Must = false },
		func(u []Unit) { delete(u[0].Values, "x"); u[1].Values = map[string]string{"x": "1"} },
	} {
		u := base()
		change(u)
		h := frozen(t, u).Hash
		require.False(t, seen[h], "change %d", i)
		seen[h] = true
	}
	out := frozen(t, base()[:1], Exclusion{Unit: base()[1], Reason: ReasonNoHost})
	other := frozen(t, base()[:1], Exclusion{Unit: base()[1], Reason: ReasonNoSite})
	require.NotEqual(t, out.Hash, other.Hash)
	u := base()
	u[0].Values["empty"] = ""
	require.Equal(t, first.Hash, frozen(t, u).Hash, "an empty value is no value")
}
