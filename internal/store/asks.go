package store

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
)

type askRow struct {
	VisitID string `gorm:"primaryKey"`
	ByID    string
	At      instant
	Changes list[flow.PlanChange]
	Says    string
}

func (askRow) TableName() string { return "visit_asks" }

// asks implements flow.Asks.
type asks struct{ *unit }

func (a asks) Get(visitID string) (flow.Ask, error) {
	var r askRow
	err := a.db.Where("visit_id = ?", visitID).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return flow.Ask{}, nil
	}
	return flow.Ask{VisitID: r.VisitID, By: r.ByID, At: r.At.time(), Changes: r.Changes, Says: r.Says}, a.fail(err)
}

func (a asks) Save(x flow.Ask) error {
	r := askRow{VisitID: x.VisitID, ByID: x.By, At: instant(x.At), Changes: x.Changes, Says: x.Says}
	return a.fail(a.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "visit_id"}}, UpdateAll: true}).Create(&r).Error)
}

type feedRow struct {
	PersonID string `gorm:"primaryKey"`
	Hash     string
	MadeAt   instant
}

func (feedRow) TableName() string { return "feeds" }

// feeds implements flow.Feeds.
type feeds struct{ *unit }

func (f feeds) Of(personID string) (flow.Feed, error) { return f.find("person_id = ?", personID) }

func (f feeds) ByHash(hash string) (flow.Feed, error) { return f.find("hash = ?", hash) }

func (f feeds) find(where, value string) (flow.Feed, error) {
	var r feedRow
	err := f.db.Where(where, value).Take(&r).Error
	return flow.Feed{PersonID: r.PersonID, Hash: r.Hash, MadeAt: r.MadeAt.time()}, f.one(err, "calendar address")
}

func (f feeds) Save(x flow.Feed) error {
	r := feedRow{PersonID: x.PersonID, Hash: x.Hash, MadeAt: instant(x.MadeAt)}
	return f.fail(f.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "person_id"}}, UpdateAll: true}).Create(&r).Error)
}

func (f feeds) Delete(personID string) error {
	return f.fail(f.db.Where("person_id = ?", personID).Delete(&feedRow{}).Error)
}
