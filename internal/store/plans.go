package store

import (
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type planRow struct {
	ID          string `gorm:"primaryKey"`
	Year        int
	Name        string
	State       visit.PlanState
	SelectionID optional
	FirstDay    day
	LastDay     day
	Seed        int64 // the bits of a uint64: neither engine has one
	Cost        dict[int64]
	Unassigned  list[visit.Unassigned]
	Assumes     string
	CreatedAt   instant `gorm:"autoCreateTime:false"`
	CreatedBy   string
	PublishedAt instant
	Version     int
}

func (planRow) TableName() string { return "plans" }
func (r planRow) ident() string   { return r.ID }
func (r planRow) next() int       { return r.Version }

func toPlanRow(p *visit.Plan) planRow {
	return planRow{ID: p.ID, Year: p.Year, Name: p.Name, State: p.State, SelectionID: optional(p.SelectionID),
		FirstDay: day(p.Horizon.Start), LastDay: day(p.Horizon.End), Seed: int64(p.Seed), Cost: p.Cost, Unassigned: p.Unassigned, Assumes: p.Assumes,
		CreatedAt: instant(p.CreatedAt), CreatedBy: p.CreatedBy, PublishedAt: instant(p.PublishedAt), Version: p.Version + 1}
}

func (r planRow) plan() visit.Plan {
	return visit.Plan{ID: r.ID, Year: r.Year, Name: r.Name, State: r.State, SelectionID: string(r.SelectionID),
		Horizon: slot.Interval{Start: slot.Date(r.FirstDay), End: slot.Date(r.LastDay)}, Seed: uint64(r.Seed), Cost: r.Cost, Unassigned: r.Unassigned, Assumes: r.Assumes,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy, PublishedAt: r.PublishedAt.time(), Version: r.Version}
}

// plans implements flow.Plans. At most one plan of a year is published: save the
// one that is superseded before the one that takes its place.
type plans struct{ *unit }

func (p plans) Get(id string) (visit.Plan, error) {
	var r planRow
	err := p.db.Where("id = ?", id).Take(&r).Error
	return r.plan(), p.one(err, "plan")
}

func (p plans) ByYear(year int) ([]visit.Plan, error) {
	db := p.db.Order("created_at DESC, id DESC")
	if year != 0 {
		db = db.Where("year = ?", year)
	}
	var rows []planRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, planRow.plan), nil
}

func (p plans) Save(x *visit.Plan) error {
	if err := saveAll(p.unit, "plan", "id", 15, []planRow{toPlanRow(x)}); err != nil {
		return err
	}
	p.raise(&x.Version)
	return nil
}
