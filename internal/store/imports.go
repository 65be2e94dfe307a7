package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
	"windshield/internal/intake"
)

type importRow struct {
	ID        string `gorm:"primaryKey"`
	Kind      intake.Kind
	FileName  string
	State     flow.ImportState
	Mapping   doc[intake.Mapping]
	Counts    doc[intake.Counts]
	CreatedAt instant `gorm:"autoCreateTime:false"`
	CreatedBy string
	DoneAt    instant
	Version   int
}

func (importRow) TableName() string { return "imports" }
func (r importRow) ident() string   { return r.ID }
func (r importRow) next() int       { return r.Version }

func toImportRow(im *flow.Import) importRow {
	return importRow{ID: im.ID, Kind: im.Kind, FileName: im.FileName, State: im.State, Mapping: doc[intake.Mapping]{im.Mapping},
		Counts: doc[intake.Counts]{im.Counts}, CreatedAt: instant(im.CreatedAt), CreatedBy: im.CreatedBy, DoneAt: instant(im.DoneAt),
		Version: im.Version + 1}
}

func (r importRow) toImport() flow.Import {
	return flow.Import{ID: r.ID, Kind: r.Kind, FileName: r.FileName, State: r.State, Mapping: r.Mapping.V, Counts: r.Counts.V,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy, DoneAt: r.DoneAt.time(), Version: r.Version}
}

type importFileRow struct {
	ImportID string `gorm:"primaryKey"`
	Data     []byte
}

func (importFileRow) TableName() string { return "import_files" }

// imports implements flow.Imports.
type imports struct{ *unit }

func (i imports) Get(id string) (flow.Import, error) {
	var r importRow
	err := i.db.Where("id = ?", id).Take(&r).Error
	return r.toImport(), i.one(err, "import")
}

func (i imports) Recent(limit int) ([]flow.Import, error) {
	var rows []importRow
	if err := i.db.Order("created_at DESC, id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, i.fail(err)
	}
	return each(rows, importRow.toImport), nil
}

func (i imports) Save(im *flow.Import) error {
	if err := saveAll(i.unit, "import", "id", 10, []importRow{toImportRow(im)}); err != nil {
		return err
	}
	i.raise(&im.Version)
	return nil
}

func (i imports) File(id string) ([]byte, error) {
	var r importFileRow
	err := i.db.Where("import_id = ?", id).Take(&r).Error
	return r.Data, i.one(err, "file of an import")
}

func (i imports) SetFile(id string, data []byte) error {
	if data == nil {
		data = []byte{} // an empty file is not a missing one
	}
	return i.atomic(func() error {
		return i.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "import_id"}}}).
			Create(&importFileRow{ImportID: id, Data: data}).Error
	})
}
