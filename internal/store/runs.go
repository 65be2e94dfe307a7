package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
)

type runRow struct {
	ID          string `gorm:"primaryKey"`
	PlanName    string
	SelectionID optional
	Seed        int64
	Seconds     int
	Iterations  int
	State       flow.RunState
	Stop        bool
	Cancelled   bool // with the state failed, which is all that programs from before can tell of it
	Cost        dict[int64]
	Trail       list[flow.Mark]
	Bound       doc[flow.Bound]
	Scenario    doc[flow.Scenario]
	Weights     dict[int64]
	SetID       string
	Nth         int
	Brought     bool
	PlanID      optional
	Error       string
	CreatedAt   instant `gorm:"autoCreateTime:false"`
	CreatedBy   string
	StartedAt   instant
	EndedAt     instant
	Version     int
}

func (runRow) TableName() string { return "runs" }
func (r runRow) ident() string   { return r.ID }
func (r runRow) next() int       { return r.Version }

func toRunRow(r *flow.Run) runRow {
	state, cancelled := r.State, r.State == flow.Cancelled
	if cancelled {
		state = flow.Failed
	}
	return runRow{Cancelled: cancelled, ID: r.ID, PlanName: r.PlanName, SelectionID: optional(r.SelectionID), Seed: int64(r.Seed), Seconds: r.Seconds,
		Iterations: r.Iterations, State: state, Stop: r.Stop, Cost: r.Cost, Trail: r.Trail, PlanID: optional(r.PlanID), Error: r.Error,
		Bound: doc[flow.Bound]{r.Bound}, Scenario: doc[flow.Scenario]{r.Scenario}, Weights: r.Weights, SetID: r.SetID, Nth: r.Nth, Brought: r.Brought,
		CreatedAt: instant(r.CreatedAt), CreatedBy: r.CreatedBy, StartedAt: instant(r.StartedAt), EndedAt: instant(r.EndedAt), Version: r.Version + 1}
}

func (r runRow) run() flow.Run {
	if r.Cancelled {
		r.State = flow.Cancelled
	}
	return flow.Run{ID: r.ID, PlanName: r.PlanName, SelectionID: string(r.SelectionID), Seed: uint64(r.Seed), Seconds: r.Seconds,
		Iterations: r.Iterations, State: r.State, Stop: r.Stop, Cost: r.Cost, Trail: r.Trail, PlanID: string(r.PlanID), Error: r.Error,
		Bound: r.Bound.V, Scenario: r.Scenario.V, Weights: r.Weights, SetID: r.SetID, Nth: r.Nth, Brought: r.Brought,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy, StartedAt: r.StartedAt.time(), EndedAt: r.EndedAt.time(), Version: r.Version}
}

type runFileRow struct {
	RunID string       `gorm:"primaryKey"`
	Kind  flow.RunFile `gorm:"primaryKey"`
	Data  []byte
}

func (runFileRow) TableName() string { return "run_files" }

// runs implements flow.Runs.
type runs struct{ *unit }

func (r runs) Get(id string) (flow.Run, error) {
	var row runRow
	err := r.db.Where("id = ?", id).Take(&row).Error
	return row.run(), r.one(err, "run")
}

func (r runs) OfPlan(planID string) (flow.Run, error) {
	var row runRow
	err := r.db.Where("plan_id = ?", planID).Order("created_at, id").Take(&row).Error
	return row.run(), r.one(err, "run of this plan")
}

func (r runs) OfSet(setID string) ([]flow.Run, error) {
	var rows []runRow
	if err := r.db.Where("set_id = ? AND set_id <> ''", setID).Order("nth, id").Find(&rows).Error; err != nil {
		return nil, r.fail(err)
	}
	return each(rows, runRow.run), nil
}

// Newest leaves out the trails: each may be longer than all else of a run.
func (r runs) Newest(limit int) ([]flow.Run, error) {
	var rows []runRow
	if err := r.db.Omit("trail").Order("created_at DESC, id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, r.fail(err)
	}
	return each(rows, runRow.run), nil
}

func (r runs) Save(x *flow.Run) error {
	if err := saveAll(r.unit, "run", "id", 23, []runRow{toRunRow(x)}); err != nil {
		return err
	}
	r.raise(&x.Version)
	return nil
}

func (r runs) File(runID string, kind flow.RunFile) ([]byte, error) {
	var row runFileRow
	err := r.db.Where("run_id = ? AND kind = ?", runID, kind).Take(&row).Error
	return row.Data, r.one(err, string(kind)+" of a run")
}

func (r runs) SetFile(runID string, kind flow.RunFile, data []byte) error {
	return r.atomic(func() error {
		return r.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "run_id"}, {Name: "kind"}}}).
			Create(&runFileRow{RunID: runID, Kind: kind, Data: data}).Error
	})
}
