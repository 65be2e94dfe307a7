package roster

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNobodyManagesTheirOwnManager(t *testing.T) {
	people := map[string]Person{"a": {ID: "a", ManagerID: "b"}, "b": {ID: "b", ManagerID: "c"}, "c": {ID: "c"}, "x": {ID: "x", ManagerID: "y"}, "y": {ID: "y", ManagerID: "x"}}
	for _, c := range []struct {
		who, manager string
		good         bool
	}{{"a", "", true}, {"a", "c", true}, {"c", "a", false}, {"c", "b", false}, {"a", "a", false}, {"c", "nobody", false}, {"a", "x", true}, {"b", "gone", false}} {
		err := CheckManager(people, c.who, c.manager)
		require.Equal(t, c.good, err == nil, "%s reports to %s: %v", c.who, c.manager, err)
	}
}
