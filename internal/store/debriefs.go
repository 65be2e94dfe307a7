package store

import (
	"gorm.io/gorm/clause"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/slot"
)

type debriefRow struct {
	VisitID    string `gorm:"primaryKey"`
	CustomerID string
	Content    doc[insight.Debrief]
	Filed      bool
	FiledBy    string
	FiledAt    instant
	SavedBy    string
	SavedAt    instant
	SaveKey    string
	Version    int
}

func (debriefRow) TableName() string { return "debriefs" }
func (r debriefRow) ident() string   { return r.VisitID }
func (r debriefRow) next() int       { return r.Version }

func (r debriefRow) debrief() flow.KeptDebrief {
	return flow.KeptDebrief{Debrief: r.Content.V, Filed: r.Filed, FiledBy: r.FiledBy, FiledAt: r.FiledAt.time(), SavedBy: r.SavedBy, SavedAt: r.SavedAt.time(),
		SaveKey: r.SaveKey, Version: r.Version}
}

// debriefs implements flow.Debriefs.
type debriefs struct{ *unit }

func (d debriefs) Get(visitID string) (flow.KeptDebrief, error) {
	var r debriefRow
	err := d.db.Where("visit_id = ?", visitID).Take(&r).Error
	return r.debrief(), d.one(err, "debrief")
}

func (d debriefs) OfCustomer(customerID string) ([]flow.KeptDebrief, error) {
	var rows []debriefRow
	err := d.db.Table("debriefs d").Select("d.*").Joins("JOIN visits v ON v.id = d.visit_id").
		Where("d.customer_id = ? AND d.filed = ?", customerID, true).Order("v.date DESC, d.visit_id").Find(&rows).Error
	if err != nil {
		return nil, d.fail(err)
	}
	return each(rows, debriefRow.debrief), nil
}

func (d debriefs) Save(x *flow.KeptDebrief) error {
	row := debriefRow{VisitID: x.VisitID, CustomerID: x.CustomerID, Content: doc[insight.Debrief]{x.Debrief}, Filed: x.Filed, FiledBy: x.FiledBy, FiledAt: instant(x.FiledAt),
		SavedBy: x.SavedBy, SavedAt: instant(x.SavedAt), SaveKey: x.SaveKey, Version: x.Version + 1}
	if err := saveAll(d.unit, "debrief", "visit_id", 10, []debriefRow{row}); err != nil {
		return err
	}
	d.raise(&x.Version)
	return nil
}

type objectiveRow struct {
	VisitID string `gorm:"primaryKey"`
	Met     insight.Met
	ByName  string
	OnDay   day
}

func (objectiveRow) TableName() string { return "objective_answers" }

func (d debriefs) SetAnswer(visitID string, x flow.CustomerMet) error {
	return d.atomic(func() error {
		done := d.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&objectiveRow{VisitID: visitID, Met: x.Met, ByName: x.By, OnDay: day(x.On)})
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.Conflictf("This question has been answered already.")
		}
		return done.Error
	})
}

func (d debriefs) Answer(visitID string) (flow.CustomerMet, error) {
	var rows []objectiveRow
	if err := d.db.Where("visit_id = ?", visitID).Find(&rows).Error; err != nil || len(rows) == 0 {
		return flow.CustomerMet{}, d.fail(err)
	}
	return flow.CustomerMet{Met: rows[0].Met, By: rows[0].ByName, On: slot.Date(rows[0].OnDay)}, nil
}

type loopRow struct {
	ID           string `gorm:"primaryKey"`
	CustomerID   string
	VisitID      optional
	Kind         insight.LoopKind
	Text         string
	OwnerID      string
	Opened       day
	Due          day
	Acknowledged day
	Answered     day
	Confirmed    day
	ConfirmedBy  string
	Reopened     int
	Version      int
}

func (loopRow) TableName() string { return "loops" }
func (r loopRow) ident() string   { return r.ID }
func (r loopRow) next() int       { return r.Version }

func toLoopRow(l *flow.KeptLoop) loopRow {
	return loopRow{ID: l.ID, CustomerID: l.CustomerID, VisitID: optional(l.VisitID), Kind: l.Kind, Text: l.Text, OwnerID: l.OwnerID, Opened: day(l.Opened), Due: day(l.Due),
		Acknowledged: day(l.Acknowledged), Answered: day(l.Answered), Confirmed: day(l.Confirmed), ConfirmedBy: l.ConfirmedBy, Reopened: l.Reopened, Version: l.Version + 1}
}

func (r loopRow) loop() flow.KeptLoop {
	return flow.KeptLoop{Version: r.Version, Loop: insight.Loop{ID: r.ID, CustomerID: r.CustomerID, VisitID: string(r.VisitID), Kind: r.Kind, Text: r.Text, OwnerID: r.OwnerID,
		Opened: slot.Date(r.Opened), Due: slot.Date(r.Due), Acknowledged: slot.Date(r.Acknowledged), Answered: slot.Date(r.Answered), Confirmed: slot.Date(r.Confirmed),
		ConfirmedBy: r.ConfirmedBy, Reopened: r.Reopened}}
}

// loops implements flow.Loops.
type loops struct{ *unit }

func (l loops) Get(id string) (flow.KeptLoop, error) {
	var r loopRow
	err := l.db.Where("id = ?", id).Take(&r).Error
	return r.loop(), l.one(err, "open question or promise")
}

func (l loops) Find(q flow.LoopQuery) ([]flow.KeptLoop, error) {
	db := l.db.Order("opened, id")
	for column, id := range map[string]string{"owner_id": q.OwnerID, "customer_id": q.CustomerID, "visit_id": q.VisitID} {
		if id != "" {
			db = db.Where(column+" = ?", id)
		}
	}
	if q.Open {
		db = db.Where("confirmed = ''")
	}
	if !q.From.IsZero() {
		db = db.Where("(confirmed = '' OR confirmed >= ?)", day(q.From))
	}
	var rows []loopRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, l.fail(err)
	}
	return each(rows, loopRow.loop), nil
}

func (l loops) Save(all ...*flow.KeptLoop) error {
	if err := saveAll(l.unit, "open question or promise", "id", 14, each(all, toLoopRow)); err != nil {
		return err
	}
	for _, x := range all {
		l.raise(&x.Version)
	}
	return nil
}

func (l loops) Delete(ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return l.atomic(func() error {
		in, arg := l.in("id", ids)
		return l.db.Where(in, arg).Delete(&loopRow{}).Error
	})
}

type memoRow struct {
	VisitID    string `gorm:"primaryKey"`
	CustomerID string
	Lines      list[insight.Line]
	Sent       day
	SentBy     string
	ToName     string
	ToEmail    string
	RepliedAt  instant
	SavedBy    string
	SavedAt    instant
	Version    int
}

func (memoRow) TableName() string { return "memos" }
func (r memoRow) ident() string   { return r.VisitID }
func (r memoRow) next() int       { return r.Version }

// memos implements flow.Memos.
type memos struct{ *unit }

func (m memos) Get(visitID string) (flow.KeptMemo, error) {
	var r memoRow
	err := m.db.Where("visit_id = ?", visitID).Take(&r).Error
	return flow.KeptMemo{Memo: insight.Memo{VisitID: r.VisitID, CustomerID: r.CustomerID, Lines: r.Lines, Sent: slot.Date(r.Sent)}, SentBy: r.SentBy, ToName: r.ToName,
		ToEmail: r.ToEmail, RepliedAt: r.RepliedAt.time(), SavedBy: r.SavedBy, SavedAt: r.SavedAt.time(), Version: r.Version}, m.one(err, "memo")
}

func (m memos) Save(x *flow.KeptMemo) error {
	row := memoRow{VisitID: x.VisitID, CustomerID: x.CustomerID, Lines: x.Lines, Sent: day(x.Sent), SentBy: x.SentBy, ToName: x.ToName, ToEmail: x.ToEmail,
		RepliedAt: instant(x.RepliedAt), SavedBy: x.SavedBy, SavedAt: instant(x.SavedAt), Version: x.Version + 1}
	if err := saveAll(m.unit, "memo", "visit_id", 11, []memoRow{row}); err != nil {
		return err
	}
	m.raise(&x.Version)
	return nil
}
