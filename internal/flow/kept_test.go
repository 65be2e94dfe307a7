package flow

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeptViewsAreOfWhatStands(t *testing.T) {
	var k kept[int]
	now := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, id, stamp string
		after           time.Duration
		kept            bool
	}{
		{"at once", "a", "first", 0, true},
		{"within a minute", "a", "first", time.Minute, true},
		{"after a minute", "a", "first", time.Minute + 1, false},
		{"after a change", "a", "second", 0, false},
		{"another one", "b", "first", 0, false},
		{"after the clock was turned back", "a", "first", -1, false},
		{"not worth keeping", "a", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := k.get("a", "first", now, func() (int, error) { return 1, nil })
			require.NoError(t, err)
			v, err := k.get(c.id, c.stamp, now.Add(c.after), func() (int, error) { return 2, nil })
			require.NoError(t, err)
			require.Equal(t, c.kept, v == 1)
			k = kept[int]{}
		})
	}
	_, err := k.get("a", "first", now, func() (int, error) { return 0, fmt.Errorf("lost") })
	require.ErrorContains(t, err, "lost")
	v, err := k.get("a", "first", now, func() (int, error) { return 3, nil })
	require.NoError(t, err)
	require.Equal(t, 3, v, "a failure is not kept")
}

func TestKeptViewsAreFew(t *testing.T) {
	var k kept[int]
	now := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	get := func(i int) (v int) {
		v, err := k.get(fmt.Sprint(i%(3*mostKept)), "x", now, func() (int, error) { return i, nil })
		require.NoError(t, err)
		return v
	}
	for i := range 3 * mostKept {
		get(i)
		require.Equal(t, 0, get(3*mostKept), "who is asked for again and again stays")
	}
	require.Len(t, k.views, mostKept)
	require.Equal(t, 5+3*mostKept, get(5+3*mostKept), "the one that was longest not asked for made room")
}

// Readers who come at the same time wait for one of them.
func TestKeptViewsAreComputedOnce(t *testing.T) {
	var k kept[int]
	var computed atomic.Int32
	now := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			v, err := k.get("a", "x", now, func() (int, error) { return int(computed.Add(1)), nil })
			if v != 1 || err != nil {
				t.Errorf("%d %v", v, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, computed.Load())
}

// After an erasure nothing is remembered of what was looked at, whatever it was.
func TestEverythingIsForgotten(t *testing.T) {
	f := New(Deps{})
	var places int
	all := func() (views int) {
		v := reflect.ValueOf(f).Elem()
		places = 0
		for i := range v.NumField() {
			if x := v.Field(i); strings.HasPrefix(x.Type().Name(), "kept[") {
				places++
				views += x.FieldByName("views").Len()
			}
		}
		return views
	}
	f.boards.place("1")
	f.plans.place("1")
	f.frozen.place("1")
	f.claims.place("1")
	f.selections.place("1")
	f.proofs.place("1")
	f.compared.place("1")
	f.heardSums.place("1")
	f.decks.place("1")
	f.paces.place("1")
	f.values.place("1")
	views := all()
	require.Equal(t, places, views, "each of them holds one")
	f.forget()
	require.Zero(t, all())
}
