package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type turnRow struct {
	ID         string `gorm:"primaryKey"`
	CustomerID string
	Stage      string
	Action     string
	Says       string
	OnDay      day
	VisitID    optional
	ByID       string
	NotedAt    instant
	Latest     bool // where the customer stands
}

func (turnRow) TableName() string { return "customer_turns" }

func (r turnRow) turn() flow.KeptTurn {
	return flow.KeptTurn{ID: r.ID, Says: r.Says, By: r.ByID, At: r.NotedAt.time(),
		Turn: visit.Turn{CustomerID: r.CustomerID, Stage: r.Stage, Action: r.Action, On: slot.Date(r.OnDay), VisitID: string(r.VisitID)}}
}

// buyingTurns implements flow.Turns.
type buyingTurns struct{ *unit }

func (b buyingTurns) Of(customerIDs ...string) (map[string][]flow.KeptTurn, error) {
	out := map[string][]flow.KeptTurn{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	var rows []turnRow
	in, arg := b.in("customer_id", known(customerIDs))
	if err := b.db.Where(in, arg).Order("noted_at, id").Find(&rows).Error; err != nil {
		return nil, b.fail(err)
	}
	for _, r := range rows {
		out[r.CustomerID] = append(out[r.CustomerID], r.turn())
	}
	return out, nil
}

func (b buyingTurns) Add(t flow.KeptTurn) error {
	return b.atomic(func() error { return b.add(t) })
}

func (b buyingTurns) add(t flow.KeptTurn) error {
	row := turnRow{ID: t.ID, CustomerID: t.CustomerID, Stage: t.Stage, Action: t.Action, Says: t.Says, OnDay: day(t.On), VisitID: optional(t.VisitID), ByID: t.By, NotedAt: instant(t.At)}
	if err := b.hold(t.CustomerID); err != nil {
		return err
	}
	if err := b.db.Create(&row).Error; err != nil {
		return err
	}
	return b.mark(t.CustomerID)
}

// hold lets one at a time write turns of a customer: of two who do not see each other's,
// each would call its own the latest.
func (b buyingTurns) hold(customerID string) error {
	var ids []string
	return b.db.Table("customers").Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("id = ?", customerID).Pluck("id", &ids).Error
}

// mark says which turn of a customer is the latest: the one that StageOn would take.
func (b buyingTurns) mark(customerID string) error {
	return b.db.Exec(`UPDATE customer_turns SET latest = (id = (SELECT id FROM customer_turns WHERE customer_id = ?
		ORDER BY on_day DESC, noted_at DESC, id DESC LIMIT 1)) WHERE customer_id = ?`, customerID, customerID).Error
}

func (b buyingTurns) Tell(visitID string, t *flow.KeptTurn) error {
	return b.atomic(func() error {
		var before []turnRow
		if err := b.db.Where("visit_id = ?", visitID).Find(&before).Error; err != nil {
			return err
		}
		for _, r := range before {
			if err := b.hold(r.CustomerID); err != nil {
				return err
			}
			if err := b.db.Where("id = ?", r.ID).Delete(&turnRow{}).Error; err != nil {
				return err
			}
			if err := b.mark(r.CustomerID); err != nil {
				return err
			}
		}
		if t == nil {
			return nil
		}
		told := *t
		told.ID = visitID // the key by which two who tell at once cannot both be kept
		return b.add(told)
	})
}

func (b buyingTurns) Standing() (map[string]int, error) {
	var rows []struct {
		Stage string
		N     int
	}
	if err := b.db.Model(&turnRow{}).Select("stage, count(*) AS n").Where("latest = ?", true).Group("stage").Find(&rows).Error; err != nil {
		return nil, b.fail(err)
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Stage] = r.N
	}
	return out, nil
}

func (b buyingTurns) At(stage string, limit int) (ids []string, err error) {
	err = b.db.Table("customer_turns t").Select("t.customer_id").Joins("JOIN customers c ON c.id = t.customer_id").
		Where("t.stage = ? AND t.latest = ?", stage, true).Order("c.folded, c.id").Limit(limit).Pluck("t.customer_id", &ids).Error
	return ids, b.fail(err)
}

func (b buyingTurns) Rename(from, to string) error {
	return b.atomic(func() error {
		return b.db.Model(&turnRow{}).Where("stage = ?", from).Update("stage", to).Error
	})
}

type reasonRow struct {
	VisitID string `gorm:"primaryKey"`
	OnDay   day    `gorm:"primaryKey"`
	Brakes  list[visit.Brake]
	Reason  string
	ByID    string
	GivenAt instant
}

func (reasonRow) TableName() string { return "visit_reasons" }

func (r reasonRow) reason() flow.KeptReason {
	return flow.KeptReason{VisitID: r.VisitID, On: slot.Date(r.OnDay), Brakes: r.Brakes, Reason: r.Reason, By: r.ByID, At: r.GivenAt.time()}
}

// reasons implements flow.Reasons.
type reasons struct{ *unit }

func (x reasons) Of(visitIDs ...string) ([]flow.KeptReason, error) {
	if len(visitIDs) == 0 {
		return nil, nil
	}
	var rows []reasonRow
	in, arg := x.in("visit_id", known(visitIDs))
	if err := x.db.Where(in, arg).Order("given_at, visit_id, on_day").Find(&rows).Error; err != nil {
		return nil, x.fail(err)
	}
	return each(rows, reasonRow.reason), nil
}

func (x reasons) Save(all ...flow.KeptReason) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([]reasonRow, len(all))
	for i, r := range all {
		rows[i] = reasonRow{VisitID: r.VisitID, OnDay: day(r.On), Brakes: r.Brakes, Reason: r.Reason, ByID: r.By, GivenAt: instant(r.At)}
	}
	return x.atomic(func() error {
		return x.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "visit_id"}, {Name: "on_day"}}, UpdateAll: true}).CreateInBatches(&rows, 500).Error
	})
}

func (x reasons) Standing(span slot.Interval) ([]visit.Visit, []flow.KeptReason, error) {
	var rows []reasonRow
	where := "r.on_day BETWEEN ? AND ? AND v.date = r.on_day AND v.state IN ?"
	args := []any{day(span.Start), day(span.End), []visit.State{visit.Published, visit.Held}} // the finer states are these, too
	err := x.db.Table("visit_reasons r").Select("r.*").Joins("JOIN visits v ON v.id = r.visit_id").Where(where, args...).
		Order("r.on_day, v.half, v.id").Find(&rows).Error
	if err != nil {
		return nil, nil, x.fail(err)
	}
	var stand []visitRow
	err = x.db.Table("visits v").Select("v.*").Joins("JOIN visit_reasons r ON v.id = r.visit_id").Where(where, args...).
		Order("r.on_day, v.half, v.id").Find(&stand).Error
	if err != nil {
		return nil, nil, x.fail(err)
	}
	return each(stand, visitRow.visit), each(rows, reasonRow.reason), nil
}
