package flow

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/planning/solver"
)

// A plan is laid out once for all who ask about it, until something changes of what it
// was laid out from: that takes much longer than to answer. When a visit moves, somebody
// answers, or a calendar changes, most of what lay there before is taken over: see
// planYear for the visits, met for who was met, holding for those who have said yes, and
// solver.Redraw for the board. The problem itself is always compiled anew; whom it is made
// for is read again only where people, customers or the selection were written.
const (
	boardsKept = 3                // plans
	boardIdle  = 10 * time.Minute // how long a plan that nobody asks about is kept up
	// zoneStep is how far zones are apart: between two steps nobody's date changes.
	zoneStep = 15 * time.Minute
)

// laid is a plan laid out for many questions, with everybody's visits free to move.
// It is not for changing, and what it says is checked again when a change is made.
type laid struct {
	t      *table
	board  *solver.Board               // answers one question at a time; nil until one needs it
	before *solver.Board               // of the plan as it stood before, to draw board from; nil where there is none, or board is drawn
	needs  map[locale.Style]*Attention // those that somebody has asked for
	met    met                         // before the plan begins
	taken  taken                       // what calendars say
	used   atomic.Int64                // when somebody last asked, Unix seconds
	roster int64                       // stamp of the people, customers and the selection
}

// layAnew lays the plan out anew where something has changed. The place is locked.
func (f *Flow) layAnew(ctx context.Context, x *keptView[*laid]) error {
	return f.Store.Read(ctx, func(tx Tx) error {
		n, err := tx.Stamps.One(planStamp)
		stamp := fmt.Sprint(n, " ", f.Now().Truncate(zoneStep).Unix())
		if err != nil || x.stamp == stamp {
			return err
		}
		roster, err := tx.Stamps.One(rosterStamp)
		if err != nil {
			return err
		}
		held, err := tx.Stamps.One(heardStamp)
		if err != nil {
			return err
		}
		done, err := f.think()
		if err != nil {
			return err
		}
		defer done()
		l, before := &laid{roster: roster, needs: map[locale.Style]*Attention{}}, x.view
		x.stamp, x.view = "", nil // a plan that is gone answers nothing any more
		in := known{planID: x.id, bare: true, met: &met{held: held, roster: roster}, taken: &taken{}}
		if before != nil {
			l.used.Store(before.used.Load())
			in.base = before.t.base
			if before.roster == roster {
				in.around = before.t.draft
			}
			if before.met.held == held && before.met.roster == roster {
				*in.met = before.met
			}
			*in.taken = before.taken
			if l.before = before.board; l.before == nil {
				l.before = before.before
			}
		}
		if l.t, err = f.layOut(tx, in); err != nil {
			return err
		}
		l.met, l.taken, x.stamp, x.view = *in.met, *in.taken, stamp, l
		return nil
	})
}

// onPlan asks a question of a plan that is laid out, without a board. The answer is in
// the words of whoever asks.
func onPlan[T any](ctx context.Context, f *Flow, a access.Actor, planID string, ask func(l *laid) (T, error)) (none T, err error) {
	x := f.boards.place(planID)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := f.layAnew(ctx, x); err != nil {
		return none, err
	}
	x.view.used.Store(f.Now().Unix())
	x.view.t.problem.Style = a.Style // for as long as the place is locked
	return ask(x.view)
}

// onBoard asks a question of a plan's board. Any visit but a pinned one may move in the
// answers; see hold.
func onBoard[T any](ctx context.Context, f *Flow, a access.Actor, planID string, ask func(l *laid) (T, error)) (none T, err error) {
	return onPlan(ctx, f, a, planID, func(l *laid) (T, error) {
		done, err := f.draw(ctx, l)
		if err != nil {
			return none, err
		}
		defer done()
		return ask(l)
	})
}

// draw makes the board ready for a question, in which any visit but a pinned one may move;
// see hold. done ends the question.
func (f *Flow) draw(ctx context.Context, l *laid) (done func(), err error) {
	if done, err = f.think(); err != nil {
		return nil, err
	}
	if err = l.set(ctx); err != nil {
		done()
		return nil, err
	}
	l.board.Hold(nil)
	return done, nil
}

// hold lets no answer move a visit that its executive has accepted, or its customer
// agreed to, but for those of the customers in free, until the question is over.
func (l *laid) hold(free ...string) { l.board.Hold(l.t.yes(free...)) }

// set makes the board where there is none yet.
func (l *laid) set(ctx context.Context) (err error) {
	if l.board != nil {
		return nil
	}
	if l.t.solution.Cost == nil { // it could not be settled
		l.board, err = solver.NewBoard(ctx, l.t.problem, l.t.solution)
	} else {
		l.board, err = solver.Redraw(ctx, l.t.problem, l.t.solution, l.before)
	}
	if err == nil {
		l.before = nil
	}
	return l.t.names.fault(err)
}

// KeepUp lays the plans that people have asked about in the last minutes out anew where
// something has changed since, so that nobody waits for it. It is for whoever runs the
// program to call now and then.
func (f *Flow) KeepUp(ctx context.Context) error {
	for _, x := range f.boards.all() {
		if err := f.keepUp(ctx, x); err != nil && !fault.Is(err, fault.Temporary) && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
			return err
		}
	}
	return nil
}

func (f *Flow) keepUp(ctx context.Context, x *keptView[*laid]) (err error) {
	defer func() {
		if r := recover(); r != nil { // nobody has asked: nobody's program is to end
			err = fmt.Errorf("a plan could not be laid out: %v", r)
		}
	}()
	if !x.mu.TryLock() {
		return nil // somebody asks right now
	}
	defer x.mu.Unlock()
	if x.view == nil || f.Now().Sub(time.Unix(x.view.used.Load(), 0)) > boardIdle {
		return nil
	}
	if err := f.layAnew(ctx, x); err != nil {
		return err
	}
	return x.view.set(ctx)
}
