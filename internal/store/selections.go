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
	FrameID        optional
	Draw           int
	Deviation      sampling.Kind
	Reason         string
	Dimensions     list[string]
	Visits         int
	Seed           string
	FrameHash      string
	SeedCommitment string
	RecordHash     string
	Design         doc[sampling.Design]
	Strata         list[sampling.Stratum]
	MergeLog       list[sampling.Merge]
	NextVisits     list[string]
	Warnings       list[string]
	CreatedAt      instant `gorm:"autoCreateTime:false"`
	CreatedBy      string
	Version        int
}

func (selectionRow) TableName() string { return "selections" }
func (r selectionRow) ident() string   { return r.ID }
func (r selectionRow) next() int       { return r.Version }

func toSelectionRow(s flow.Selection) selectionRow {
	return selectionRow{ID: s.ID, Year: s.Year, Name: s.Name, FrameID: optional(s.FrameID), Draw: s.Draw, Deviation: s.Deviation, Reason: s.Reason,
		Dimensions: s.Dimensions, Visits: s.Visits, Seed: s.Seed, FrameHash: s.FrameHash, SeedCommitment: s.SeedCommitment, RecordHash: s.RecordHash,
		Design: doc[sampling.Design]{s.Design}, Strata: s.Strata, MergeLog: s.MergeLog, NextVisits: s.NextVisits, Warnings: s.Warnings,
		CreatedAt: instant(s.CreatedAt), CreatedBy: s.CreatedBy, Version: s.Version + 1}
}

func (r selectionRow) selection() flow.Selection {
	return flow.Selection{ID: r.ID, Year: r.Year, Name: r.Name, FrameID: string(r.FrameID), Draw: r.Draw, Deviation: r.Deviation, Reason: r.Reason,
		Dimensions: r.Dimensions, Visits: r.Visits, Seed: r.Seed, FrameHash: r.FrameHash, SeedCommitment: r.SeedCommitment, RecordHash: r.RecordHash,
		Design: r.Design.V, Strata: r.Strata, MergeLog: r.MergeLog, NextVisits: r.NextVisits, Warnings: r.Warnings,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy, Version: r.Version}
}

// drawnRow is one customer of the frame in a selection.
type drawnRow struct {
	SelectionID string `gorm:"primaryKey"`
	CustomerID  string `gorm:"primaryKey"`
	Key         string
	Stratum     string
	Cell        string
	Taken       bool
	Must        bool
	Excluded    string
	Due         float64
	InCell      int
	Pi          float64
	Weight      float64
	U           float64
	Rank        int
}

func (drawnRow) TableName() string { return "selection_rows" }

func toDrawnRow(id string, r flow.SelectionRow) drawnRow {
	return drawnRow{SelectionID: id, CustomerID: r.CustomerID, Key: r.Key, Stratum: r.Stratum, Cell: r.Cell, Taken: r.Taken, Must: r.Must,
		Excluded: r.Excluded, Due: r.Due, InCell: r.InCell, Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
}

func (r drawnRow) drawn() flow.SelectionRow {
	return flow.SelectionRow{CustomerID: r.CustomerID, Key: r.Key, Stratum: r.Stratum, Cell: r.Cell, Taken: r.Taken, Must: r.Must,
		Excluded: r.Excluded, Due: r.Due, InCell: r.InCell, Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
}

type changeRow struct {
	SelectionID   string `gorm:"primaryKey"`
	N             int    `gorm:"primaryKey;autoIncrement:false"`
	Kind          flow.ChangeKind
	CustomerID    string
	ReplacementID optional
	Code          string
	Reason        string
	At            instant
	ByID          string
}

func (changeRow) TableName() string { return "selection_changes" }

func (r changeRow) change() flow.SelectionChange {
	return flow.SelectionChange{SelectionID: r.SelectionID, N: r.N, Kind: r.Kind, CustomerID: r.CustomerID,
		ReplacementID: string(r.ReplacementID), Code: r.Code, Reason: r.Reason, At: r.At.time(), By: r.ByID}
}

// selections implements flow.Selections.
type selections struct{ *unit }

func (s selections) Insert(sel flow.Selection, rows []flow.SelectionRow) error {
	return s.atomic(func() error {
		sel.Version = 0
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
	db := s.db.Order("created_at DESC, draw DESC, id DESC")
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
	db := s.db.Where("selection_id = ?", id).Order("stratum, cell, rank, customer_id")
	if onlyTaken {
		db = db.Where("taken = ?", true)
	}
	var rows []drawnRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	return each(rows, drawnRow.drawn), nil
}

// Change takes the selection's row by its version, so that two changes of the
// same version cannot both be.
func (s selections) Change(sel *flow.Selection, c flow.SelectionChange) error {
	if err := saveAll(s.unit, "selection", "id", 21, []selectionRow{toSelectionRow(*sel)}); err != nil {
		return err
	}
	err := s.atomic(func() error {
		return s.db.Create(&changeRow{SelectionID: sel.ID, N: c.N, Kind: c.Kind, CustomerID: c.CustomerID,
			ReplacementID: optional(c.ReplacementID), Code: c.Code, Reason: c.Reason, At: instant(c.At), ByID: c.By}).Error
	})
	if err != nil {
		return err
	}
	s.raise(&sel.Version)
	return nil
}

func (s selections) Changes(id string) ([]flow.SelectionChange, error) {
	var rows []changeRow
	if err := s.db.Where("selection_id = ?", id).Order("n").Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	return each(rows, changeRow.change), nil
}
