package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
)

type teamListRow struct {
	SelectionID string `gorm:"primaryKey"`
	Name        string
	Customers   list[string]
	Unknown     list[string]
	Unread      int
	BroughtAt   instant
	BroughtBy   string
}

func (teamListRow) TableName() string { return "selection_lists" }

type redrawsRow struct {
	SelectionID string `gorm:"primaryKey"`
	Content     []byte
}

func (redrawsRow) TableName() string { return "selection_redraws" }

// yardsticks implements flow.Yardsticks.
type yardsticks struct{ *unit }

func (y yardsticks) TeamList(selectionID string) (flow.TeamList, error) {
	var r teamListRow
	err := y.db.Where("selection_id = ?", selectionID).Take(&r).Error
	return flow.TeamList{SelectionID: r.SelectionID, Name: r.Name, Customers: r.Customers, Unknown: r.Unknown, Unread: r.Unread,
		BroughtAt: r.BroughtAt.time(), BroughtBy: r.BroughtBy}, y.one(err, "list of the account teams")
}

func (y yardsticks) SetTeamList(l flow.TeamList) error {
	return y.atomic(func() error {
		return y.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "selection_id"}}}).
			Create(&teamListRow{SelectionID: l.SelectionID, Name: l.Name, Customers: l.Customers, Unknown: l.Unknown, Unread: l.Unread,
				BroughtAt: instant(l.BroughtAt), BroughtBy: l.BroughtBy}).Error
	})
}

func (y yardsticks) Redraws(selectionID string) ([]byte, error) {
	var r redrawsRow
	err := y.db.Where("selection_id = ?", selectionID).Take(&r).Error
	return r.Content, y.one(err, "set of re-draws")
}

func (y yardsticks) SetRedraws(selectionID string, content []byte) error {
	return y.atomic(func() error {
		return y.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "selection_id"}}}).
			Create(&redrawsRow{SelectionID: selectionID, Content: content}).Error
	})
}
