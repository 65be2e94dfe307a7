package flow

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeptViewsAreOfWhatStands(t *testing.T) {
	var k kept[int]
	now := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	k.put("a", "first", now, 1)
	for _, c := range []struct {
		name, id, stamp string
		after           time.Duration
		ok              bool
	}{
		{"at once", "a", "first", 0, true},
		{"within a minute", "a", "first", time.Minute, true},
		{"after a minute", "a", "first", time.Minute + 1, false},
		{"after a change", "a", "second", 0, false},
		{"another one", "b", "first", 0, false},
		{"after the clock was turned back", "a", "first", -1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := k.get(c.id, c.stamp, now.Add(c.after))
			require.Equal(t, c.ok, ok)
			require.Equal(t, ok, v == 1)
		})
	}
}

func TestKeptViewsAreFew(t *testing.T) {
	var k kept[int]
	now := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	for i := range 3 * mostKept {
		k.put(fmt.Sprint(i), "", now.Add(time.Duration(i)), i)
	}
	require.Len(t, k.all, mostKept)
	_, ok := k.get(fmt.Sprint(3*mostKept-1), "", now.Add(time.Second))
	require.True(t, ok, "the newest stays")
}
