package store

import (
	"time"

	"gorm.io/gorm"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type visitRow struct {
	ID          string `gorm:"primaryKey"`
	PlanID      optional
	Label       string
	CustomerID  string
	ExecutiveID string
	HostID      optional
	Date        day
	Half        slot.Half
	Zone        string
	Begins      string
	Ends        string
	StartAt     instant
	EndAt       instant
	State       visit.State
	Reason      string
	Answer      visit.Answer
	AnswerNote  string
	Kind        visit.Kind
	WithHost    bool
	Stratum     string
	GroupName   string
	Objective   string
	Why         string
	Pinned      bool
	Conflict    string
	Version     int
}

func (visitRow) TableName() string { return "visits" }
func (r visitRow) ident() string   { return r.ID }
func (r visitRow) next() int       { return r.Version }

func toVisitRow(v *visit.Visit) visitRow {
	return visitRow{
		ID: v.ID, PlanID: optional(v.PlanID), Label: v.Label, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, HostID: optional(v.HostID),
		Date: day(v.Slot.Date), Half: v.Slot.Half, Zone: v.Zone, Begins: v.Begins, Ends: v.Ends, StartAt: instant(v.Start), EndAt: instant(v.End),
		State: v.State, Reason: v.Reason, Answer: v.Answer, AnswerNote: v.AnswerNote, Kind: v.Kind, WithHost: v.WithHost,
		Stratum: v.Stratum, GroupName: v.Group, Objective: v.Objective, Why: v.Why, Pinned: v.Pinned, Conflict: v.Conflict, Version: v.Version + 1,
	}
}

func (r visitRow) visit() visit.Visit {
	return visit.Visit{
		ID: r.ID, PlanID: string(r.PlanID), Label: r.Label, CustomerID: r.CustomerID, ExecutiveID: r.ExecutiveID, HostID: string(r.HostID),
		Slot: slot.Slot{Date: slot.Date(r.Date), Half: r.Half}, Zone: r.Zone, Begins: r.Begins, Ends: r.Ends, Start: r.StartAt.time(), End: r.EndAt.time(),
		State: r.State, Reason: r.Reason, Answer: r.Answer, AnswerNote: r.AnswerNote, Kind: r.Kind, WithHost: r.WithHost,
		Stratum: r.Stratum, Group: r.GroupName, Objective: r.Objective, Why: r.Why, Pinned: r.Pinned, Conflict: r.Conflict, Version: r.Version,
	}
}

// visits implements flow.Visits.
type visits struct{ *unit }

func (v visits) Get(id string) (visit.Visit, error) {
	var r visitRow
	err := v.db.Where("id = ?", id).Take(&r).Error
	return r.visit(), v.one(err, "visit")
}

func (v visits) Find(q flow.VisitQuery) ([]visit.Visit, string, error) {
	db, any := v.scoped(q.Scope)
	if !any {
		return nil, "", nil
	}
	db = db.Order("date, half, id")
	for column, id := range map[string]string{"plan_id": q.PlanID, "executive_id": q.ExecutiveID, "customer_id": q.CustomerID} {
		if id != "" {
			db = db.Where(column+" = ?", id)
		}
	}
	if len(q.States) > 0 {
		db = db.Where("state IN ?", q.States)
	}
	if !q.From.IsZero() {
		db = db.Where("date >= ?", day(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("date <= ?", day(q.To))
	}
	if q.After != "" {
		at, err := readCursor("visits", q.After, 3)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(date, half, id) > (?, ?, ?)", at[0], at[1], at[2])
	}
	if q.Limit > 0 {
		db = db.Limit(q.Limit + 1)
	}
	var rows []visitRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, "", v.fail(err)
	}
	next := ""
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		next = cursor("visits", slot.Date(last.Date).String(), string(last.Half), last.ID)
	}
	return each(rows, visitRow.visit), next, nil
}

// scoped narrows to what the actor may see; any is false where that is nothing.
func (v visits) scoped(s access.Scope) (db *gorm.DB, any bool) {
	if s.All {
		return v.db, true
	}
	executives := known(s.ExecutiveIDs)
	in, arg := v.in("executive_id", executives)
	db = v.db.Where("state <> ?", visit.Proposed)
	switch {
	case len(executives) > 0 && s.HostID != "":
		return db.Where("("+in+" OR host_id = ?)", arg, s.HostID), true
	case len(executives) > 0:
		return db.Where(in, arg), true
	case s.HostID != "":
		return db.Where("host_id = ?", s.HostID), true
	}
	return nil, false
}

func (v visits) Save(all ...*visit.Visit) error {
	if err := saveAll(v.unit, "visit", "id", 26, each(all, toVisitRow)); err != nil {
		return err
	}
	for _, x := range all {
		v.raise(&x.Version)
	}
	return nil
}

// Discard leaves alone what anybody was told of: published, or once wanted in a
// calendar.
func (v visits) Discard(ids ...string) error {
	gone := known(ids)
	if len(gone) == 0 {
		return nil
	}
	in, arg := v.in("id", gone)
	return v.atomic(func() error {
		done := v.db.Where(in, arg).Where("state = ? AND NOT EXISTS (SELECT 1 FROM calendar_events e WHERE e.visit_id = visits.id)", visit.Proposed).
			Delete(&visitRow{})
		if done.Error == nil && done.RowsAffected != int64(len(gone)) {
			return fault.Conflictf("A visit that people know of cannot be discarded; cancel it.")
		}
		return done.Error
	})
}

// stamped gives the time where one is set, now otherwise.
func (u *unit) stamped(t time.Time) time.Time {
	if t.IsZero() {
		t = u.s.now()
	}
	return micro(t)
}
