package flow

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// What is computed of a long list takes seconds, and hardly changes from one reader to
// the next. It is computed again as soon as the selection, its plan or what it is
// compared with changes, and else once a minute, for the visits that were held
// meanwhile; pages say as of when. What is computed of a short list is always new.
const (
	longList = 20_000      // customers
	keptFor  = time.Minute // at most
	mostKept = 8           // views; the oldest makes room
)

// kept holds views that were computed, by id. It is safe for concurrent use; whoever
// is given a view does not change what it points to.
type kept[V any] struct {
	mu  sync.Mutex
	all map[string]keptView[V]
}

type keptView[V any] struct {
	stamp string
	at    time.Time
	view  V
}

// get gives a view that was computed of what the stamp stands for.
func (k *kept[V]) get(id, stamp string, now time.Time) (v V, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	x, ok := k.all[id]
	if !ok || x.stamp != stamp || now.Before(x.at) || now.Sub(x.at) > keptFor {
		return v, false
	}
	return x.view, true
}

func (k *kept[V]) put(id, stamp string, now time.Time, v V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[string]keptView[V]{}
	}
	k.all[id] = keptView[V]{stamp, now, v}
	for len(k.all) > mostKept {
		oldest := ""
		for id, x := range k.all {
			if oldest == "" || x.at.Before(k.all[oldest].at) {
				oldest = id
			}
		}
		delete(k.all, oldest)
	}
}

// stampOf stands for all that a view of a selection is computed of, but for its visits
// and the people. long says whether the view is worth keeping.
func stampOf(tx Tx, s Selection) (stamp string, long bool, err error) {
	if s.FrameID == "" {
		return "", false, nil
	}
	frame, err := tx.Frames.Get(s.FrameID)
	if err != nil || frame.Customers < longList {
		return "", false, err
	}
	var b strings.Builder
	fmt.Fprint(&b, s.Version)
	frames, err := tx.Frames.ByYear(s.Year)
	if err != nil {
		return "", false, err
	}
	for _, x := range frames {
		fmt.Fprint(&b, " ", x.ID)
	}
	draws, err := tx.Selections.ByYear(0)
	if err != nil {
		return "", false, err
	}
	for _, x := range draws {
		fmt.Fprint(&b, " ", x.ID)
	}
	plans, err := tx.Plans.ByYear(s.Year)
	if err != nil {
		return "", false, err
	}
	for _, p := range plans {
		fmt.Fprint(&b, " ", p.ID, p.Version, p.State)
	}
	list, err := teamListOf(tx, s.ID)
	if err != nil {
		return "", false, err
	}
	redraws, err := redrawsOf(tx, s.ID)
	fmt.Fprint(&b, " ", list.BroughtAt, len(redraws))
	return b.String(), true, err
}
