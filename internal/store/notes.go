package store

import (
	"slices"

	"windshield/internal/calsync"
	"windshield/internal/flow"
)

type noteRow struct {
	VisitID string `gorm:"primaryKey"`
	N       int    `gorm:"primaryKey"`
	At      instant
	Kind    flow.NoteKind
	Guest   string
	Field   calsync.Field
	Words   string
}

func (noteRow) TableName() string { return "calendar_notes" }

// notes implements flow.Notes.
type notes struct{ *unit }

// Add leaves the decision to the primary key: of two that add at once, one fails.
func (n notes) Add(add ...flow.CalendarNote) error {
	return n.atomic(func() error {
		for _, x := range add {
			var last int
			if err := n.db.Model(&noteRow{}).Select("coalesce(max(n), 0)").Where("visit_id = ?", x.VisitID).Scan(&last).Error; err != nil {
				return err
			}
			r := noteRow{VisitID: x.VisitID, N: last + 1, At: instant(x.At), Kind: x.Kind, Guest: x.Guest, Field: x.Field, Words: x.Words}
			if err := n.db.Create(&r).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (n notes) Of(visitID string) ([]flow.CalendarNote, error) {
	var rows []noteRow
	if err := n.db.Where("visit_id = ?", visitID).Order("n desc").Limit(flow.MostNotes).Find(&rows).Error; err != nil {
		return nil, n.fail(err)
	}
	slices.Reverse(rows)
	return each(rows, func(r noteRow) flow.CalendarNote {
		return flow.CalendarNote{VisitID: r.VisitID, At: r.At.time(), Kind: r.Kind, Guest: r.Guest, Field: r.Field, Words: r.Words}
	}), nil
}
