package store

import (
	"time"

	"windshield/internal/flow"
)

type lookRow struct {
	ID         string `gorm:"primaryKey"`
	PersonID   string
	CustomerID string
	Name       string
	Email      string
	State      flow.RunState
	Counts     list[flow.TableRows]
	Tables     int
	Searched   int
	AskedAt    instant
	AskedBy    string
	EndedAt    instant
	Version    int
}

func (lookRow) TableName() string { return "looks" }
func (r lookRow) ident() string   { return r.ID }
func (r lookRow) next() int       { return r.Version }

// looks implements flow.Looks.
type looks struct{ *unit }

func (l looks) one(where string, args ...any) (flow.Look, error) {
	var r lookRow
	err := l.db.Where(where, args...).Order("asked_at DESC, id DESC").Take(&r).Error
	return flow.Look{ID: r.ID, PersonID: r.PersonID, CustomerID: r.CustomerID, Name: r.Name, Email: r.Email, State: r.State, Counts: r.Counts, Tables: r.Tables, Searched: r.Searched,
		AskedAt: r.AskedAt.time(), AskedBy: r.AskedBy, EndedAt: r.EndedAt.time(), Version: r.Version}, l.unit.one(err, "look at what is held")
}

func (l looks) Get(id string) (flow.Look, error) { return l.one("id = ?", id) }

func (l looks) Newest(of flow.Look) (flow.Look, error) {
	return l.one("person_id = ? AND customer_id = ? AND name = ? AND email = ?", of.PersonID, of.CustomerID, of.Name, of.Email)
}

func (l looks) Save(x *flow.Look) error {
	row := lookRow{ID: x.ID, PersonID: x.PersonID, CustomerID: x.CustomerID, Name: x.Name, Email: x.Email, State: x.State, Counts: x.Counts, Tables: x.Tables, Searched: x.Searched,
		AskedAt: instant(x.AskedAt), AskedBy: x.AskedBy, EndedAt: instant(x.EndedAt), Version: x.Version + 1}
	if err := saveAll(l.unit, "look at what is held", "id", 13, []lookRow{row}); err != nil {
		return err
	}
	l.raise(&x.Version)
	return nil
}

func (l looks) Forget(before time.Time) error {
	return l.atomic(func() error {
		q := l.db.Where("1 = 1")
		if !before.IsZero() {
			q = l.db.Where("asked_at < ?", instant(before))
		}
		return q.Delete(&lookRow{}).Error
	})
}
