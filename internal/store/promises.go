package store

import (
	"slices"

	"gorm.io/gorm/clause"

	"windshield/internal/flow"
	"windshield/internal/slot"
)

type promiseRow struct {
	ID       string `gorm:"primaryKey"`
	Year     int
	Nth      int
	PlanID   string
	PlanName string
	FrozenAt instant
	FrozenBy string
	Reason   string
}

func (promiseRow) TableName() string { return "promises" }

func (r promiseRow) promise() flow.FrozenPromise {
	return flow.FrozenPromise{ID: r.ID, Year: r.Year, Nth: r.Nth, PlanID: r.PlanID, PlanName: r.PlanName, FrozenAt: r.FrozenAt.time(), FrozenBy: r.FrozenBy, Reason: r.Reason}
}

type promisedRow struct {
	PromiseID   string `gorm:"primaryKey"`
	VisitID     string `gorm:"primaryKey"`
	CustomerID  string
	ExecutiveID string
	Date        day
	Half        slot.Half
	Stratum     string
	GroupName   string
}

func (promisedRow) TableName() string { return "promised_visits" }

func (r promisedRow) visit() flow.PromisedVisit {
	return flow.PromisedVisit{VisitID: r.VisitID, CustomerID: r.CustomerID, ExecutiveID: r.ExecutiveID, Slot: slot.Slot{Date: slot.Date(r.Date), Half: r.Half}, Stratum: r.Stratum, Group: r.GroupName}
}

type yearRow struct {
	PlanID      string `gorm:"primaryKey"`
	ExecutiveID string `gorm:"primaryKey"`
	Year        int
	AcceptedAt  instant
	AcceptedBy  string
	Visits      int
	Mark        string
}

func (yearRow) TableName() string { return "year_acceptances" }

func (r yearRow) acceptance() flow.YearAcceptance {
	return flow.YearAcceptance{PlanID: r.PlanID, ExecutiveID: r.ExecutiveID, Year: r.Year, At: r.AcceptedAt.time(), By: r.AcceptedBy, Visits: r.Visits, Mark: r.Mark}
}

// promises implements flow.Promises. Nothing here changes or deletes a promise.
type promises struct{ *unit }

func (p promises) Freeze(x flow.FrozenPromise, visits []flow.PromisedVisit) error {
	return p.atomic(func() error {
		if err := p.db.Create(&promiseRow{ID: x.ID, Year: x.Year, Nth: x.Nth, PlanID: x.PlanID, PlanName: x.PlanName, FrozenAt: instant(x.FrozenAt), FrozenBy: x.FrozenBy, Reason: x.Reason}).Error; err != nil {
			return err
		}
		rows := make([]promisedRow, len(visits))
		for i, v := range visits {
			rows[i] = promisedRow{PromiseID: x.ID, VisitID: v.VisitID, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, Date: day(v.Slot.Date), Half: v.Slot.Half, Stratum: v.Stratum, GroupName: v.Group}
		}
		for batch := range slices.Chunk(rows, 500) {
			if err := p.db.Create(&batch).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (p promises) ByYear(year int) ([]flow.FrozenPromise, error) {
	var rows []promiseRow
	if err := p.db.Where("year = ?", year).Order("nth DESC").Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, promiseRow.promise), nil
}

func (p promises) Visits(id string) ([]flow.PromisedVisit, error) {
	var rows []promisedRow
	if err := p.db.Where("promise_id = ?", id).Order("date, half, visit_id").Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, promisedRow.visit), nil
}

func (p promises) Accept(a flow.YearAcceptance) error {
	return p.atomic(func() error {
		return p.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&yearRow{PlanID: a.PlanID, ExecutiveID: a.ExecutiveID, Year: a.Year, AcceptedAt: instant(a.At), AcceptedBy: a.By, Visits: a.Visits, Mark: a.Mark}).Error
	})
}

func (p promises) Accepted(year int) ([]flow.YearAcceptance, error) {
	var rows []yearRow
	if err := p.db.Where("year = ?", year).Order("accepted_at, plan_id, executive_id").Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, yearRow.acceptance), nil
}
