package store

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type bookingRow struct {
	PersonID string    `gorm:"primaryKey"`
	Date     day       `gorm:"primaryKey"`
	Half     slot.Half `gorm:"primaryKey"`
	Kind     visit.BookingKind
	VisitID  optional
}

func (bookingRow) TableName() string { return "bookings" }

func toBookingRow(x visit.Booking) bookingRow {
	return bookingRow{PersonID: x.PersonID, Date: day(x.Slot.Date), Half: x.Slot.Half, Kind: x.Kind, VisitID: optional(x.VisitID)}
}

func (r bookingRow) booking() visit.Booking {
	return visit.Booking{PersonID: r.PersonID, Slot: slot.Slot{Date: slot.Date(r.Date), Half: r.Half}, Kind: r.Kind, VisitID: string(r.VisitID)}
}

// bookings implements flow.Bookings.
type bookings struct{ *unit }

// Book inserts one row per half-day and lets the primary key refuse: no look
// beforehand could keep two transactions from taking the same one. Leave and a
// repeat of the same booking change nothing where the half-day is taken.
func (b bookings) Book(all ...visit.Booking) error {
	sorted := slices.Clone(all) // one order for everybody, so that two cannot wait for each other
	slices.SortStableFunc(sorted, func(x, y visit.Booking) int {
		return cmp.Or(strings.Compare(x.PersonID, y.PersonID), cmp.Compare(x.Slot.Date, y.Slot.Date),
			strings.Compare(string(x.Slot.Half), string(y.Slot.Half)), strings.Compare(string(x.Kind), string(y.Kind)))
	})
	return b.atomic(func() error {
		for batch := range slices.Chunk(sorted, 500) {
			rows := each(batch, toBookingRow)
			done := b.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected < int64(len(rows)) {
				if err := b.refuse(batch); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// refuse names the half-days that are taken by something else than wanted.
func (b bookings) refuse(wanted []visit.Booking) error {
	var f *fault.Error
	for _, x := range wanted {
		if x.Kind == visit.BookedLeave {
			continue
		}
		var holder bookingRow
		err := b.db.Where("person_id = ? AND date = ? AND half = ?", x.PersonID, day(x.Slot.Date), x.Slot.Half).Take(&holder).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			b.lost = err // it was released since: worth another run
		}
		if err != nil {
			return err
		}
		if holder.booking() == x {
			continue
		}
		var p personRow
		if err := b.db.Select("name").Where("id = ?", x.PersonID).Take(&p).Error; err != nil {
			return err
		}
		if f == nil {
			f = fault.Conflictf("%s is taken on %s already.", p.Name, x.Slot)
		}
		f = f.With(fault.Detail{Where: p.Name + ", " + x.Slot.String(), Value: string(holder.Kind),
			Expected: "a free half-day", Mend: "Choose another half-day or another person."})
	}
	if f == nil {
		return nil
	}
	return f
}

func (b bookings) Release(visitIDs ...string) error {
	ids := known(visitIDs)
	if len(ids) == 0 {
		return nil
	}
	in, arg := b.in("visit_id", ids)
	return b.atomic(func() error { return b.db.Where(in, arg).Delete(&bookingRow{}).Error })
}

func (b bookings) Between(span slot.Interval, personIDs ...string) ([]visit.Booking, error) {
	db := b.db.Where("date BETWEEN ? AND ?", day(span.Start), day(span.End)).Order("date, half, person_id")
	if len(personIDs) > 0 {
		in, arg := b.in("person_id", personIDs)
		db = db.Where(in, arg)
	}
	var rows []bookingRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, b.fail(err)
	}
	return each(rows, bookingRow.booking), nil
}

// OfOtherYears goes by the visits, of which few stand in a year that is not their plan's:
// a visit is booked for the half-day at which it stands.
func (b bookings) OfOtherYears(year int, span slot.Interval) ([]visit.Booking, error) {
	var out []visit.Booking
	for _, of := range []*gorm.DB{
		b.db.Where("v.plan_id IN (?)", b.db.Table("plans").Select("id").Where("year <> ?", year)),
		b.db.Where("v.plan_id IS NULL"),
	} {
		var rows []bookingRow
		err := of.Table("visits v").Joins("JOIN bookings b ON b.visit_id = v.id").Select("b.person_id, b.date, b.half, b.kind, b.visit_id").
			Where("v.date BETWEEN ? AND ? AND b.date BETWEEN ? AND ?", day(span.Start), day(span.End), day(span.Start), day(span.End)).Order("b.date, b.half, b.person_id").Find(&rows).Error
		if err != nil {
			return nil, b.fail(err)
		}
		out = append(out, each(rows, bookingRow.booking)...)
	}
	return out, nil
}
