package flow

import (
	"context"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// Look is a search for everything that is held about somebody: what an erasure would
// reach. It reads every table that can hold a name, so it is made in the background.
type Look struct {
	ID                   string
	PersonID, CustomerID string   // as of Whose
	Name, Email          string   // of a contact; of one of us they are kept with the person alone
	State                RunState // Queued, Running, Done, or Cancelled where somebody stopped it
	Counts               []TableRows
	Tables, Searched     int // to be searched, and how many of them are; 0 as long as it waits
	AskedAt              time.Time
	AskedBy              string
	EndedAt              time.Time // zero as long as it goes on
	Version              int
}

// TableRows is how many rows of a table are about somebody.
type TableRows struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
}

// Rows gives how many rows were found.
func (l Look) Rows() (n int) {
	for _, t := range l.Counts {
		n += t.Rows
	}
	return n
}

// Looks keeps looks for a while. They name whom they are for, and Personal leaves them
// out: an erasure forgets them all instead.
type Looks interface {
	Get(id string) (Look, error)
	// Newest gives the newest look for whom another is for; NotFound where there is none.
	Newest(of Look) (Look, error)
	// Save inserts (Version 0) or changes a look.
	Save(l *Look) error
	// Forget deletes those that were asked for before an instant; all where it is zero.
	Forget(before time.Time) error
}

const (
	// lookKept is how long what a look has found is shown, and kept.
	lookKept = time.Hour
	// lookStep is after how many tables a look says how far it is, and hears that it is
	// to stop.
	lookStep = 5
)

// LookView is the newest look for somebody.
type LookView struct {
	Look             // Name and Email are theirs, also of one of us
	Hindrance string // why they cannot be erased now; "" where they can
}

// LookFor gives the newest look for one of us or a contact, and begins one where there
// is none of the last hour; for the administrator. Nothing leaves and nothing changes.
func (f *Flow) LookFor(ctx context.Context, a access.Actor, w Whose) (LookView, error) {
	v, err := f.lookView(ctx, a, w)
	if err != nil || v.ID != "" {
		return v, err
	}
	if err := f.beginLook(ctx, a, w, false); err != nil {
		return v, err
	}
	return f.lookView(ctx, a, w)
}

// LookAgain begins a new look where none is going on; for the administrator.
func (f *Flow) LookAgain(ctx context.Context, a access.Actor, w Whose) error {
	return f.beginLook(ctx, a, w, true)
}

// StopLook stops the look that is going on, if one is; for the administrator.
func (f *Flow) StopLook(ctx context.Context, a access.Actor, w Whose) error {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return err
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		l, _, err := f.lookOf(tx, &w)
		if err != nil || l.ID == "" || l.State.Ended() {
			return err
		}
		l.State, l.EndedAt = Cancelled, f.Now().UTC()
		return tx.Looks.Save(&l)
	})
}

func (f *Flow) lookView(ctx context.Context, a access.Actor, w Whose) (LookView, error) {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return LookView{}, err
	}
	return read(ctx, f, func(tx Tx) (LookView, error) {
		l, fresh, err := f.lookOf(tx, &w)
		if err != nil || !fresh {
			return LookView{}, err
		}
		v := LookView{Look: l, Hindrance: f.hindrance(tx, w)}
		v.Name, v.Email = w.Name, w.Email
		return v, nil
	})
}

// lookOf completes whose data are meant, and gives the newest look for them, ID is ""
// where there is none, and whether what it says still holds.
func (f *Flow) lookOf(tx Tx, w *Whose) (l Look, fresh bool, err error) {
	if _, err := f.dataOf(tx, w); err != nil {
		return l, false, err
	}
	l = w.look()
	found, err := tx.Looks.Newest(l)
	if fault.Is(err, fault.NotFound) {
		return l, false, nil
	}
	return found, f.Now().Sub(found.AskedAt) < lookKept, err
}

// look gives a new look without an id for those who are meant.
func (w Whose) look() Look {
	if w.PersonID != "" {
		return Look{PersonID: w.PersonID}
	}
	return Look{CustomerID: w.CustomerID, Name: w.Name, Email: w.Email}
}

func (f *Flow) beginLook(ctx context.Context, a access.Actor, w Whose, again bool) error {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return err
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		w := w
		l, fresh, err := f.lookOf(tx, &w)
		if err != nil || fresh && (!again || !l.State.Ended()) {
			return err
		}
		l = w.look()
		l.ID, l.State, l.AskedAt, l.AskedBy = f.NewID(), Queued, f.Now().UTC(), a.PersonID
		if err := tx.Looks.Save(&l); err != nil {
			return err
		}
		return tx.Queue.Enqueue(Job{Kind: JobLook, Key: l.ID})
	})
}

// runLook searches the tables, a few at a time: each few in a transaction of its own,
// since nobody else is to wait for the end of a long one.
func (f *Flow) runLook(ctx context.Context, id string) error {
	newest := id
	l, err := read(ctx, f, func(tx Tx) (Look, error) {
		l, err := tx.Looks.Get(id)
		if err != nil {
			return l, err
		}
		last, err := tx.Looks.Newest(l)
		newest = last.ID
		return l, err
	})
	if fault.Is(err, fault.NotFound) || err == nil && (l.State.Ended() || newest != id) { // two who asked at once began two, of which one is shown
		return nil
	}
	if err != nil {
		return err
	}
	tables, err := read(ctx, f, func(tx Tx) ([]string, error) { return tx.Personal.Tables() })
	if err != nil {
		return err
	}
	l.State, l.Counts, l.Tables, l.Searched = Running, nil, len(tables), 0
	for some := range slices.Chunk(tables, lookStep) {
		if over, err := f.keepLook(ctx, &l); over || err != nil {
			return err
		}
		rows, err := read(ctx, f, func(tx Tx) ([]HeldRow, error) {
			w := Whose{PersonID: l.PersonID, CustomerID: l.CustomerID, Name: l.Name, Email: l.Email}
			d, err := f.dataOf(tx, &w)
			if err != nil {
				return nil, err
			}
			return tx.Personal.Held(d, some...)
		})
		if err != nil {
			return err
		}
		l.count(rows)
		l.Searched += len(some)
	}
	l.State, l.EndedAt = Done, f.Now().UTC()
	_, err = f.keepLook(ctx, &l)
	return err
}

// count adds rows to those of their tables.
func (l *Look) count(rows []HeldRow) {
	for _, r := range rows {
		i := slices.IndexFunc(l.Counts, func(t TableRows) bool { return t.Table == r.Table })
		if i < 0 {
			i, l.Counts = len(l.Counts), append(l.Counts, TableRows{Table: r.Table})
		}
		l.Counts[i].Rows++
	}
}

// keepLook writes how far a look is. It is over where somebody has stopped it, or an
// erasure has forgotten it.
func (f *Flow) keepLook(ctx context.Context, l *Look) (over bool, err error) {
	err = f.Store.Write(ctx, func(tx Tx) error { return tx.Looks.Save(l) })
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Stale) {
		return true, nil
	}
	return false, err
}
