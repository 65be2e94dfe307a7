package store

import (
	"time"

	"gorm.io/gorm/clause"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
	"windshield/internal/slot"
)

type alertRow struct {
	PersonID  string `gorm:"primaryKey"`
	Breach    day    `gorm:"primaryKey"`
	LastVisit day
	Open      bool
	Reason    string
	RaisedAt  instant
	SettledAt instant

	Outcome     alert.Outcome
	SilentUntil day
	SeenOn      day
	Note        string
	NotedBy     string
}

func (alertRow) TableName() string { return "alerts" }

func toAlertRow(a flow.Alert) alertRow {
	return alertRow{PersonID: a.PersonID, Breach: day(a.Breach), LastVisit: day(a.LastVisit), Open: a.Open, Reason: a.Reason,
		RaisedAt: instant(a.RaisedAt), SettledAt: instant(a.SettledAt),
		Outcome: a.Outcome, SilentUntil: day(a.SilentUntil), SeenOn: day(a.SeenOn), Note: a.Note, NotedBy: a.NotedBy}
}

func (r alertRow) alert() flow.Alert {
	return flow.Alert{PersonID: r.PersonID, Breach: slot.Date(r.Breach), LastVisit: slot.Date(r.LastVisit), Open: r.Open, Reason: r.Reason,
		RaisedAt: r.RaisedAt.time(), SettledAt: r.SettledAt.time(),
		Outcome: r.Outcome, SilentUntil: slot.Date(r.SilentUntil), SeenOn: slot.Date(r.SeenOn), Note: r.Note, NotedBy: r.NotedBy}
}

type deliveryRow struct {
	ID         string `gorm:"primaryKey"`
	About      string
	Kind       string
	Channel    notify.Channel
	PersonID   string
	ToAddress  string
	ToName     string
	MessageID  string
	Subject    string
	Body       string
	State      flow.DeliveryState
	Error      string
	Why        string
	NotBefore  instant
	Digest     day
	Path       string
	Unread     bool
	Ticket     string
	TicketHash string
	Calendar   string
	CreatedAt  instant `gorm:"autoCreateTime:false"`
	SentAt     instant
	Version    int
}

func (deliveryRow) TableName() string { return "deliveries" }
func (r deliveryRow) ident() string   { return r.ID }
func (r deliveryRow) next() int       { return r.Version }

func toDeliveryRow(d flow.Delivery) deliveryRow {
	return deliveryRow{ID: d.ID, About: d.About, Kind: d.Kind, Channel: d.Channel, PersonID: d.PersonID, ToAddress: d.ToAddress, ToName: d.ToName, MessageID: d.MessageID,
		Subject: d.Subject, Body: d.Body, State: d.State, Error: d.Error, Why: d.Why, NotBefore: instant(d.NotBefore), Digest: day(d.Digest), Path: d.Path, Unread: d.Unread,
		Ticket: d.Ticket, TicketHash: d.TicketHash, Calendar: d.Calendar, CreatedAt: instant(d.CreatedAt), SentAt: instant(d.SentAt), Version: d.Version + 1}
}

func (r deliveryRow) delivery() flow.Delivery {
	return flow.Delivery{ID: r.ID, About: r.About, Kind: r.Kind, Channel: r.Channel, PersonID: r.PersonID, ToAddress: r.ToAddress, ToName: r.ToName, MessageID: r.MessageID,
		Subject: r.Subject, Body: r.Body, State: r.State, Error: r.Error, Why: r.Why, NotBefore: r.NotBefore.time(), Digest: slot.Date(r.Digest), Path: r.Path, Unread: r.Unread,
		Ticket: r.Ticket, TicketHash: r.TicketHash, Calendar: r.Calendar, CreatedAt: r.CreatedAt.time(), SentAt: r.SentAt.time(), Version: r.Version}
}

// alerts implements flow.Alerts.
type alerts struct{ *unit }

// Raise leaves the decision to the primary key: of two that raise the same
// breach at once, one is told that it was new.
func (a alerts) Raise(x flow.Alert) (raised bool, err error) {
	r := toAlertRow(x)
	err = a.atomic(func() error {
		done := a.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		raised = done.RowsAffected == 1
		if done.Error != nil || raised {
			return done.Error
		}
		return a.db.Model(&alertRow{}).Where("person_id = ? AND breach = ? AND open = ?", r.PersonID, r.Breach, false).
			Updates(map[string]any{"open": true, "reason": "", "outcome": "", "settled_at": instant{}}).Error
	})
	return raised && err == nil, err
}

// Settle is NotFound where no such alert is open.
func (a alerts) Settle(personID string, breach slot.Date, outcome alert.Outcome, reason string, at time.Time) error {
	return a.atomic(func() error {
		done := a.db.Model(&alertRow{}).Where("person_id = ? AND breach = ? AND open = ?", personID, day(breach), true).
			Updates(map[string]any{"open": false, "outcome": outcome, "reason": reason, "settled_at": instant(at)})
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.NotFoundf("There is no such open alert.")
		}
		return done.Error
	})
}

func (a alerts) List(openOnly bool) ([]flow.Alert, error) {
	db := a.db.Order("breach DESC, person_id")
	if openOnly {
		db = db.Where("open = ?", true)
	}
	var rows []alertRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, a.fail(err)
	}
	return each(rows, alertRow.alert), nil
}

func (a alerts) Deliver(ds ...flow.Delivery) (newIDs []string, err error) {
	err = a.atomic(func() error {
		newIDs = nil
		for _, d := range ds {
			d.Version = 0
			r := toDeliveryRow(d)
			done := a.db.Clauses(clause.OnConflict{DoNothing: true, Columns: []clause.Column{
				{Name: "about"}, {Name: "person_id"}, {Name: "channel"}, {Name: "kind"}}}).Create(&r)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 1 {
				newIDs = append(newIDs, d.ID)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newIDs, nil
}

func (a alerts) Delivery(id string) (flow.Delivery, error) {
	var r deliveryRow
	err := a.db.Where("id = ?", id).Take(&r).Error
	return r.delivery(), a.one(err, "message")
}

func (a alerts) Deliveries(about ...string) ([]flow.Delivery, error) {
	if len(about) == 0 {
		return nil, nil
	}
	var rows []deliveryRow
	in, arg := a.in("about", known(about))
	if err := a.db.Where(in, arg).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, a.fail(err)
	}
	return each(rows, deliveryRow.delivery), nil
}

func (a alerts) SaveDelivery(d *flow.Delivery) error {
	if err := saveAll(a.unit, "message", "id", 23, []deliveryRow{toDeliveryRow(*d)}); err != nil {
		return err
	}
	a.raise(&d.Version)
	return nil
}
