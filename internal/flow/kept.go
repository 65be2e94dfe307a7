package flow

import (
	"cmp"
	"fmt"
	"slices"
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
	mostKept = 8           // views
)

// kept holds what was computed, by id. It is safe for concurrent use; whoever is given a
// view does not change what it points to. Who may see a view is asked before it is looked
// for: what hangs on the reader is in its id.
type kept[V any] struct {
	mu    sync.Mutex
	most  int            // how many stay; 0 is mostKept
	exact bool           // the stamps stand for all that the views are computed of: they hold as long as these do
	views []*keptView[V] // the latest used last
}

// keptView is one place of the memory. Its lock is held while the view is computed, so
// that readers who come at the same time wait for one of them; and, by those whose
// questions a view cannot answer two at a time, for as long as they ask.
type keptView[V any] struct {
	mu    sync.Mutex
	id    string
	stamp string // of all that the view was computed of; "" where there is none
	at    time.Time
	view  V
}

// place gives the place of an id; where all are taken, that which was longest not asked
// for makes room.
func (k *kept[V]) place(id string) *keptView[V] {
	k.mu.Lock()
	defer k.mu.Unlock()
	x := &keptView[V]{id: id}
	if i := slices.IndexFunc(k.views, func(x *keptView[V]) bool { return x.id == id }); i >= 0 {
		x = k.views[i]
		k.views = slices.Delete(k.views, i, i+1)
	}
	if k.views = append(k.views, x); len(k.views) > cmp.Or(k.most, mostKept) {
		k.views = slices.Delete(k.views, 0, 1)
	}
	return x
}

// all gives the places that are taken.
func (k *kept[V]) all() []*keptView[V] {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.views)
}

// get gives the view of an id: the kept one where it was computed of what the stamp
// stands for, not longer ago than it is kept, and else a new one. Nothing is kept where
// the stamp is "".
func (k *kept[V]) get(id, stamp string, now time.Time, compute func() (V, error)) (V, error) {
	if stamp == "" {
		return compute()
	}
	x := k.place(id)
	x.mu.Lock()
	defer x.mu.Unlock()
	if age := now.Sub(x.at); x.stamp == stamp && (k.exact || age >= 0 && age <= keptFor) {
		return x.view, nil
	}
	v, err := compute()
	if err == nil {
		x.stamp, x.at, x.view = stamp, now, v
	}
	return v, err
}

// drop forgets every view. Who is computing one computes it for themselves alone.
func (k *kept[V]) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.views = nil
}

// forget drops all that is remembered of what was looked at: it names people who are to be
// known no more, and stays until the next look at just that, which may never come.
func (f *Flow) forget() {
	for _, x := range []interface{ drop() }{&f.boards, &f.plans, &f.frozen, &f.claims, &f.selections, &f.proofs, &f.compared, &f.heardSums, &f.decks, &f.paces, &f.values} {
		x.drop()
	}
}

// stampOfAll stands for all that slides, promises and coverage are made of, and for the day
// everywhere. It is for reading transactions: what a writing one has done is not counted
// yet.
func (f *Flow) stampOfAll(tx Tx) (string, error) {
	n, err := tx.Stamps.Sum()
	return fmt.Sprint(n, " ", f.Now().Truncate(zoneStep).Unix()), err
}

// stampOf stands for all that a view of a selection is computed of, but for its visits
// and the people; "" where the list is so short that the view is not worth keeping.
func stampOf(tx Tx, s Selection) (stamp string, err error) {
	if s.FrameID == "" {
		return "", nil
	}
	frame, err := tx.Frames.Get(s.FrameID)
	if err != nil || frame.Customers < longList {
		return "", err
	}
	var b strings.Builder
	fmt.Fprint(&b, s.Version)
	frames, err := tx.Frames.ByYear(s.Year)
	if err != nil {
		return "", err
	}
	for _, x := range frames {
		fmt.Fprint(&b, " ", x.ID)
	}
	draws, err := tx.Selections.ByYear(0)
	if err != nil {
		return "", err
	}
	for _, x := range draws {
		fmt.Fprint(&b, " ", x.ID)
	}
	plans, err := tx.Plans.ByYear(s.Year)
	if err != nil {
		return "", err
	}
	for _, p := range plans {
		fmt.Fprint(&b, " ", p.ID, p.Version, p.State)
	}
	list, err := teamListOf(tx, s.ID)
	if err != nil {
		return "", err
	}
	redraws, err := redrawsOf(tx, s.ID)
	fmt.Fprint(&b, " ", list.BroughtAt, len(redraws))
	return b.String(), err
}
