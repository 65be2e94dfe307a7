package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

type rungRow struct {
	PersonID string     `gorm:"primaryKey"`
	Breach   day        `gorm:"primaryKey"`
	Rung     alert.Rung `gorm:"primaryKey"`
	ToldAt   instant
}

func (rungRow) TableName() string { return "alert_rungs" }

func (r rungRow) told() flow.ToldRung {
	return flow.ToldRung{PersonID: r.PersonID, Breach: slot.Date(r.Breach), Rung: r.Rung, At: r.ToldAt.time()}
}

type warningRow struct {
	PersonID string `gorm:"primaryKey"`
	Breach   day    `gorm:"primaryKey"`
	Ahead    int    `gorm:"primaryKey;autoIncrement:false"`
	Times    int
	Void     bool
	Reason   string
	GivenAt  instant
}

func (warningRow) TableName() string { return "warnings" }

func (r warningRow) warning() flow.KeptWarning {
	return flow.KeptWarning{Warned: alert.Warned{PersonID: r.PersonID, Breach: slot.Date(r.Breach), Ahead: r.Ahead}, Times: r.Times, Reason: r.Reason, At: r.GivenAt.time()}
}

// clocks implements flow.Clocks.
type clocks struct{ *unit }

// Climb leaves the decision to the primary key, as Raise does.
func (c clocks) Climb(r flow.ToldRung) (fresh bool, err error) {
	row := rungRow{PersonID: r.PersonID, Breach: day(r.Breach), Rung: r.Rung, ToldAt: instant(r.At)}
	err = c.atomic(func() error {
		done := c.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		fresh = done.RowsAffected == 1
		return done.Error
	})
	return fresh && err == nil, err
}

func (c clocks) Told() ([]flow.ToldRung, error) {
	var rows []rungRow
	err := c.db.Table("alert_rungs r").Select("r.*").Joins("JOIN alerts a ON a.person_id = r.person_id AND a.breach = r.breach").
		Where("a.open = ?", true).Order("r.breach, r.person_id, r.told_at, r.rung").Find(&rows).Error
	if err != nil {
		return nil, c.fail(err)
	}
	return each(rows, rungRow.told), nil
}

// Note is NotFound where no such alert is open.
func (c clocks) Note(n flow.AlertNote) error {
	return c.atomic(func() error {
		done := c.db.Model(&alertRow{}).Where("person_id = ? AND breach = ? AND open = ?", n.PersonID, day(n.Breach), true).
			Updates(map[string]any{"silent_until": day(n.Until), "seen_on": day(n.Seen), "note": n.Note, "noted_by": n.By})
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.NotFoundf("There is no such open alert.")
		}
		return done.Error
	})
}

func (c clocks) Warnings() ([]flow.KeptWarning, error) {
	var rows []warningRow
	if err := c.db.Where("void = ?", false).Order("breach, person_id, ahead").Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	return each(rows, warningRow.warning), nil
}

func (c clocks) Warn(w flow.KeptWarning) (times int, err error) {
	row := warningRow{PersonID: w.PersonID, Breach: day(w.Breach), Ahead: w.Ahead, Times: 1, Reason: w.Reason, GivenAt: instant(w.At)}
	err = c.atomic(func() error {
		done := c.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if times = 1; done.Error != nil || done.RowsAffected == 1 {
			return done.Error
		}
		var was warningRow
		one := c.db.Model(&warningRow{}).Where("person_id = ? AND breach = ? AND ahead = ?", row.PersonID, row.Breach, row.Ahead)
		if err := one.Take(&was).Error; err != nil {
			return err
		}
		done = c.db.Model(&warningRow{}).Where("person_id = ? AND breach = ? AND ahead = ? AND void = ? AND times = ?", row.PersonID, row.Breach, row.Ahead, true, was.Times).
			Updates(map[string]any{"times": was.Times + 1, "void": false, "reason": row.Reason, "given_at": row.GivenAt})
		if times = was.Times + 1; done.RowsAffected == 0 {
			times = 0
		}
		return done.Error
	})
	if err != nil {
		return 0, err
	}
	return times, nil
}

func (c clocks) Void(all ...alert.Warned) error {
	return c.atomic(func() error {
		for _, w := range all {
			err := c.db.Model(&warningRow{}).Where("person_id = ? AND breach = ? AND ahead = ?", w.PersonID, day(w.Breach), w.Ahead).Update("void", true).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}
