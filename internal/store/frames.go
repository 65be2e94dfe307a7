package store

import "windshield/internal/flow"

type frameRow struct {
	ID             string `gorm:"primaryKey"`
	Year           int
	Nth            int
	Hash           string
	Seed           string
	SeedCommitment string
	SeededAt       instant
	Customers      int
	Must           int
	LeftOut        dict[int]
	Reason         string
	Content        []byte
	FrozenAt       instant
	FrozenBy       string
}

func (frameRow) TableName() string { return "frames" }

func (r frameRow) frame() flow.Frame {
	return flow.Frame{ID: r.ID, Year: r.Year, N: r.Nth, Hash: r.Hash, Seed: r.Seed, SeedCommitment: r.SeedCommitment, SeededAt: r.SeededAt.time(),
		Customers: r.Customers, Must: r.Must, LeftOut: r.LeftOut, Reason: r.Reason, FrozenAt: r.FrozenAt.time(), FrozenBy: r.FrozenBy}
}

// frames implements flow.Frames.
type frames struct{ *unit }

func (f frames) Insert(x flow.Frame, content []byte) error {
	return f.atomic(func() error {
		return f.db.Create(&frameRow{ID: x.ID, Year: x.Year, Nth: x.N, Hash: x.Hash, Seed: x.Seed, SeedCommitment: x.SeedCommitment,
			SeededAt: instant(x.SeededAt), Customers: x.Customers, Must: x.Must, LeftOut: x.LeftOut, Reason: x.Reason, Content: content,
			FrozenAt: instant(x.FrozenAt), FrozenBy: x.FrozenBy}).Error
	})
}

func (f frames) Get(id string) (flow.Frame, error) {
	var r frameRow
	err := f.db.Omit("content").Where("id = ?", id).Take(&r).Error
	return r.frame(), f.one(err, "frozen customer list")
}

func (f frames) ByYear(year int) ([]flow.Frame, error) {
	var rows []frameRow
	if err := f.db.Omit("content").Where("year = ?", year).Order("nth DESC").Find(&rows).Error; err != nil {
		return nil, f.fail(err)
	}
	return each(rows, frameRow.frame), nil
}

func (f frames) Content(id string) ([]byte, error) {
	var r frameRow
	err := f.db.Select("content").Where("id = ?", id).Take(&r).Error
	return r.Content, f.one(err, "frozen customer list")
}
