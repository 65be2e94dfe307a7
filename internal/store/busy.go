package store

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"windshield/internal/flow"
	"windshield/internal/roster"
)

type busyRow struct {
	PersonID string `gorm:"primaryKey"`
	Calendar string
	Since    instant
	Until    instant
	Spans    list[int64]
	Own      list[int64]
	ReadAt   instant
	TriedAt  instant
	Unknown  string
}

func (busyRow) TableName() string { return "busy_readings" }

// seconds writes spans as pairs: a year of meetings would be long in words.
func seconds(spans []roster.Span) list[int64] {
	out := make(list[int64], 0, 2*len(spans))
	for _, s := range spans {
		out = append(out, s.Start.Unix(), s.End.Unix())
	}
	return out
}

func spans(seconds list[int64]) []roster.Span {
	var out []roster.Span
	for i := 0; i+1 < len(seconds); i += 2 {
		out = append(out, roster.Span{Start: time.Unix(seconds[i], 0).UTC(), End: time.Unix(seconds[i+1], 0).UTC()})
	}
	return out
}

// busyTimes implements flow.BusyTimes.
type busyTimes struct{ *unit }

var _ flow.BusyTimes = busyTimes{}

func (b busyTimes) Readings(personIDs ...string) ([]roster.Reading, error) {
	db := b.db
	if len(personIDs) > 0 {
		in, arg := b.in("person_id", known(personIDs))
		db = db.Where(in, arg)
	}
	var rows []busyRow
	if err := db.Order("person_id").Find(&rows).Error; err != nil {
		return nil, b.fail(err)
	}
	return each(rows, func(r busyRow) roster.Reading {
		return roster.Reading{PersonID: r.PersonID, Calendar: r.Calendar, From: r.Since.time(), To: r.Until.time(), Spans: spans(r.Spans), Own: spans(r.Own),
			ReadAt: r.ReadAt.time(), TriedAt: r.TriedAt.time(), Unknown: r.Unknown}
	}), nil
}

func (b busyTimes) Keep(readings ...roster.Reading) error {
	if err := b.count(readings); err != nil {
		return err
	}
	return b.atomic(func() error {
		for _, r := range readings {
			row := busyRow{PersonID: r.PersonID, Calendar: r.Calendar, Since: instant(r.From), Until: instant(r.To), Spans: seconds(r.Spans), Own: seconds(r.Own),
				ReadAt: instant(r.ReadAt), TriedAt: instant(r.TriedAt), Unknown: r.Unknown}
			err := b.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "person_id"}},
				Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "busy_readings.tried_at <= excluded.tried_at"}}}}).Create(&row).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// count counts readings that say something else than the one before: most do not, and
// calendars are read all day.
func (b busyTimes) count(readings []roster.Reading) error {
	ids := make([]string, 0, len(readings))
	for _, r := range readings {
		ids = append(ids, r.PersonID)
	}
	if len(ids) == 0 {
		return nil
	}
	before, err := b.Readings(ids...)
	if err != nil {
		return err
	}
	known := map[string]roster.Reading{}
	for _, r := range before {
		known[r.PersonID] = r
	}
	for _, r := range readings {
		was := known[r.PersonID]
		if was.ReadAt.IsZero() != r.ReadAt.IsZero() || !slices.Equal(seconds(was.Spans), seconds(r.Spans)) || !slices.Equal(seconds(was.Own), seconds(r.Own)) {
			b.stamp(planStamp, busyStamp)
		}
	}
	return nil
}

func (b busyTimes) Forget(butPersonIDs ...string) error {
	return b.atomic(func() error {
		db := b.db.Where("1 = 1") // gorm refuses to delete all without saying so
		if len(butPersonIDs) > 0 {
			in, arg := b.in("person_id", known(butPersonIDs))
			db = b.db.Not(in, arg)
		}
		gone := db.Delete(&busyRow{})
		if gone.RowsAffected > 0 {
			b.stamp(planStamp, busyStamp)
		}
		return gone.Error
	})
}
