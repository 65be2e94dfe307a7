package store

import (
	"slices"

	"windshield/internal/flow"
	"windshield/internal/sampling"
)

type selectionRow struct {
	ID             string `gorm:"primaryKey"`
	Year           int
	Name           string
	Dimensions     list[string]
	Visits         int
	Seed           string
	FrameHash      string
	SeedCommitment string
	Strata         list[sampling.Stratum]
	MergeLog       list[sampling.Merge]
	Warnings       list[string]
	CreatedAt      instant `gorm:"autoCreateTime:false"`
	CreatedBy      string
}

func (selectionRow) TableName() string { return "selections" }

func toSelectionRow(s flow.Selection) selectionRow {
	return selectionRow{ID: s.ID, Year: s.Year, Name: s.Name, Dimensions: s.Dimensions, Visits: s.Visits, Seed: s.Seed,
		FrameHash: s.FrameHash, SeedCommitment: s.SeedCommitment, Strata: s.Strata, MergeLog: s.MergeLog, Warnings: s.Warnings,
		CreatedAt: instant(s.CreatedAt), CreatedBy: s.CreatedBy}
}

func (r selectionRow) selection() flow.Selection {
	return flow.Selection{ID: r.ID, Year: r.Year, Name: r.Name, Dimensions: r.Dimensions, Visits: r.Visits, Seed: r.Seed,
		FrameHash: r.FrameHash, SeedCommitment: r.SeedCommitment, Strata: r.Strata, MergeLog: r.MergeLog, Warnings: r.Warnings,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy}
}

// drawnRow is one customer of the frame in a selection.
type drawnRow struct {
	SelectionID string `gorm:"primaryKey"`
	CustomerID  string `gorm:"primaryKey"`
	Stratum     string
	Taken       bool
	Must        bool
	Excluded    string
	Pi          float64
	Weight      float64
	U           float64
	Rank        int
}

func (drawnRow) TableName() string { return "selection_rows" }

func toDrawnRow(id string, r flow.SelectionRow) drawnRow {
	return drawnRow{SelectionID: id, CustomerID: r.CustomerID, Stratum: r.Stratum, Taken: r.Taken, Must: r.Must, Excluded: r.Excluded,
		Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
}

func (r drawnRow) drawn() flow.SelectionRow {
	return flow.SelectionRow{CustomerID: r.CustomerID, Stratum: r.Stratum, Taken: r.Taken, Must: r.Must, Excluded: r.Excluded,
		Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
}

// selections implements flow.Selections.
type selections struct{ *unit }

func (s selections) Insert(sel flow.Selection, rows []flow.SelectionRow) error {
	return s.atomic(func() error {
		r := toSelectionRow(sel)
		if err := s.db.Create(&r).Error; err != nil {
			return err
		}
		for batch := range slices.Chunk(rows, 500) {
			drawn := each(batch, func(r flow.SelectionRow) drawnRow { return toDrawnRow(sel.ID, r) })
			if err := s.db.Create(&drawn).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (s selections) Get(id string) (flow.Selection, error) {
	var r selectionRow
	err := s.db.Where("id = ?", id).Take(&r).Error
	return r.selection(), s.one(err, "selection")
}

// ByYear gives the newest first; those of all years where year is 0.
func (s selections) ByYear(year int) ([]flow.Selection, error) {
	db := s.db.Order("created_at DESC, id DESC")
	if year != 0 {
		db = db.Where("year = ?", year)
	}
	var rows []selectionRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	return each(rows, selectionRow.selection), nil
}

func (s selections) Rows(id string, onlyTaken bool) ([]flow.SelectionRow, error) {
	db := s.db.Where("selection_id = ?", id).Order("stratum, rank, customer_id")
	if onlyTaken {
		db = db.Where("taken = ?", true)
	}
	var rows []drawnRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	return each(rows, drawnRow.drawn), nil
}
