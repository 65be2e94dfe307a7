package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

type planStepRow struct {
	ID       string `gorm:"primaryKey"`
	PlanID   string
	N        int
	At       instant
	ByID     string
	Changes  list[flow.PlanChange]
	Was      list[flow.WasVisit]
	Price    dict[int64]
	Words    string
	Undoes   string
	UndoneBy string
}

func (planStepRow) TableName() string { return "plan_steps" }

func (r planStepRow) step() flow.PlanStep {
	return flow.PlanStep{ID: r.ID, PlanID: r.PlanID, N: r.N, At: r.At.time(), By: r.ByID, Changes: r.Changes, Was: r.Was, Price: r.Price, Words: r.Words,
		Undoes: r.Undoes, UndoneBy: r.UndoneBy}
}

// planSteps implements flow.PlanSteps.
type planSteps struct{ *unit }

// Add counts on. It holds the plan's row until the end, so nobody else counts at the
// same time. The unique number is the guard should that ever change.
func (p planSteps) Add(s *flow.PlanStep) error {
	var held []string
	if err := p.db.Table("plans").Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("id = ?", s.PlanID).Pluck("id", &held).Error; err != nil {
		return p.fail(err)
	}
	var last int
	if err := p.db.Model(&planStepRow{}).Select("coalesce(max(n), 0)").Where("plan_id = ?", s.PlanID).Scan(&last).Error; err != nil {
		return p.fail(err)
	}
	s.N = last + 1
	return p.atomic(func() error {
		return p.db.Create(&planStepRow{ID: s.ID, PlanID: s.PlanID, N: s.N, At: instant(s.At), ByID: s.By, Changes: s.Changes, Was: s.Was, Price: s.Price, Words: s.Words,
			Undoes: s.Undoes, UndoneBy: s.UndoneBy}).Error
	})
}

func (p planSteps) Get(id string) (flow.PlanStep, error) {
	var r planStepRow
	err := p.db.Where("id = ?", id).Take(&r).Error
	return r.step(), p.one(err, "change of a plan")
}

func (p planSteps) Recent(planID string, limit int) ([]flow.PlanStep, error) {
	var rows []planStepRow
	if err := p.db.Where("plan_id = ?", planID).Order("n DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, planStepRow.step), nil
}

func (p planSteps) Rewrite(s flow.PlanStep) error {
	return p.atomic(func() error {
		return p.db.Model(&planStepRow{}).Where("id = ?", s.ID).Update("changes", list[flow.PlanChange](s.Changes)).Error
	})
}

func (p planSteps) Undone(id, by string) error {
	return p.atomic(func() error {
		done := p.db.Model(&planStepRow{}).Where("id = ? AND undone_by = ''", id).Update("undone_by", by)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.Stalef("This change has been taken back already.")
		}
		return done.Error
	})
}
