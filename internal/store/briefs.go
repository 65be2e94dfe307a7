package store

import (
	"errors"
	"time"

	"gorm.io/gorm"

	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type briefRow struct {
	VisitID   string `gorm:"primaryKey"`
	People    list[visit.Attendee]
	Questions list[string]
	Elephants list[string]
	Asks      list[visit.Ask]
	Travel    string
	AgendaBy  string
	AgendaOn  day
	Confirmed day
	Version   int
}

func (briefRow) TableName() string { return "briefs" }
func (r briefRow) ident() string   { return r.VisitID }
func (r briefRow) next() int       { return r.Version }

type visitLinkRow struct {
	ID          string `gorm:"primaryKey"`
	Hash        string
	VisitID     string
	Email       string
	Name        string
	MadeAt      instant
	MadeBy      string
	Expires     instant
	UsedAt      instant
	WithdrawnAt instant
}

func (visitLinkRow) TableName() string { return "visit_links" }

func (r visitLinkRow) link() visit.Link {
	return visit.Link{ID: r.ID, Hash: r.Hash, VisitID: r.VisitID, Email: r.Email, Name: r.Name, MadeAt: r.MadeAt.time(), MadeBy: r.MadeBy,
		Expires: r.Expires.time(), UsedAt: r.UsedAt.time(), WithdrawnAt: r.WithdrawnAt.time()}
}

// briefs implements flow.Briefs.
type briefs struct{ *unit }

func (b briefs) Get(visitID string) (visit.Brief, error) {
	var r briefRow
	err := b.db.Where("visit_id = ?", visitID).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return visit.Brief{VisitID: visitID}, nil
	}
	return visit.Brief{VisitID: r.VisitID, People: r.People, Questions: r.Questions, Elephants: r.Elephants, Asks: r.Asks, Travel: r.Travel,
		AgendaBy: r.AgendaBy, AgendaOn: slot.Date(r.AgendaOn), Confirmed: slot.Date(r.Confirmed), Version: r.Version}, b.fail(err)
}

func (b briefs) Save(x *visit.Brief) error {
	r := briefRow{VisitID: x.VisitID, People: x.People, Questions: x.Questions, Elephants: x.Elephants, Asks: x.Asks, Travel: x.Travel,
		AgendaBy: x.AgendaBy, AgendaOn: day(x.AgendaOn), Confirmed: day(x.Confirmed), Version: x.Version + 1}
	if err := saveAll(b.unit, "brief", "visit_id", 10, []briefRow{r}); err != nil {
		return err
	}
	b.raise(&x.Version)
	return nil
}

func (b briefs) AddLink(l visit.Link) error {
	r := visitLinkRow{ID: l.ID, Hash: l.Hash, VisitID: l.VisitID, Email: l.Email, Name: l.Name, MadeAt: instant(l.MadeAt), MadeBy: l.MadeBy,
		Expires: instant(l.Expires), UsedAt: instant(l.UsedAt), WithdrawnAt: instant(l.WithdrawnAt)}
	return b.atomic(func() error { return b.db.Create(&r).Error })
}

func (b briefs) Links(visitID string) ([]visit.Link, error) {
	var rows []visitLinkRow
	if err := b.db.Where("visit_id = ?", visitID).Order("made_at DESC, id").Find(&rows).Error; err != nil {
		return nil, b.fail(err)
	}
	return each(rows, visitLinkRow.link), nil
}

func (b briefs) ByHash(hash string) (visit.Link, error) {
	var r visitLinkRow
	err := b.db.Where("hash = ?", hash).Take(&r).Error
	return r.link(), b.one(err, "link")
}

// openLink is the condition that a link still works at an instant.
const openLink = "used_at = ? AND withdrawn_at = ? AND expires > ?"

func (b briefs) UseLink(id string, now time.Time) error {
	return b.atomic(func() error {
		done := b.db.Model(&visitLinkRow{}).Where("id = ? AND "+openLink, id, instant{}, instant{}, instant(now)).Update("used_at", instant(now))
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.NotFoundf("This link no longer works.")
		}
		return done.Error
	})
}

func (b briefs) WithdrawLinks(visitID, linkID string, now time.Time) error {
	return b.atomic(func() error {
		db := b.db.Model(&visitLinkRow{}).Where("visit_id = ? AND withdrawn_at = ? AND expires > ?", visitID, instant{}, instant(now))
		if linkID != "" {
			db = db.Where("id = ?", linkID)
		} else {
			db = db.Where("used_at = ?", instant{})
		}
		return db.Update("withdrawn_at", instant(now)).Error
	})
}
