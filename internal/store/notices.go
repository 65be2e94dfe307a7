package store

import (
	"time"

	"gorm.io/gorm"

	"windshield/internal/flow"
	"windshield/internal/notify"
)

type preferenceRow struct {
	PersonID string `gorm:"primaryKey"`
	Choices  doc[notify.Preference]
	Slack    string
	Version  int
}

func (preferenceRow) TableName() string { return "notice_preferences" }
func (r preferenceRow) ident() string   { return r.PersonID }
func (r preferenceRow) next() int       { return r.Version }

func (r preferenceRow) preference() flow.KeptPreference {
	return flow.KeptPreference{PersonID: r.PersonID, Preference: r.Choices.V, Sealed: r.Slack, Version: r.Version}
}

// notices implements flow.Notices.
type notices struct{ *unit }

func (n notices) Preferences(personIDs ...string) ([]flow.KeptPreference, error) {
	db := n.db
	if len(personIDs) > 0 {
		in, arg := n.in("person_id", known(personIDs))
		db = db.Where(in, arg)
	}
	var rows []preferenceRow
	if err := db.Order("person_id").Find(&rows).Error; err != nil {
		return nil, n.fail(err)
	}
	return each(rows, preferenceRow.preference), nil
}

func (n notices) SavePreference(p *flow.KeptPreference) error {
	row := preferenceRow{PersonID: p.PersonID, Choices: doc[notify.Preference]{p.Preference}, Slack: p.Sealed, Version: p.Version + 1}
	if err := saveAll(n.unit, "choice of notices", "person_id", 4, []preferenceRow{row}); err != nil {
		return err
	}
	n.raise(&p.Version)
	return nil
}

func (n notices) Page(personID, after string, limit int) (rows []flow.Delivery, next string, err error) {
	db := n.db.Where("person_id = ? AND channel = 'page'", personID)
	if after != "" {
		at, err := readCursor("notices", after, 2)
		if err != nil {
			return nil, "", err
		}
		t, err := time.Parse(instantText, at[0])
		if err != nil {
			return nil, "", errCursor(after)
		}
		db = db.Where("(created_at < ? OR created_at = ? AND id < ?)", instant(t), instant(t), at[1])
	}
	var found []deliveryRow
	if err := db.Order("created_at DESC, id DESC").Limit(limit + 1).Find(&found).Error; err != nil {
		return nil, "", n.fail(err)
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		next = cursor("notices", last.CreatedAt.time().Format(instantText), last.ID)
	}
	return each(found, deliveryRow.delivery), next, nil
}

func (n notices) Notice(personID, id string) (flow.Delivery, error) {
	var r deliveryRow
	err := n.db.Where("id = ? AND person_id = ? AND channel = 'page'", id, personID).Take(&r).Error
	return r.delivery(), n.one(err, "notice")
}

func (n notices) Unread(personID string) (int, error) {
	var count int64
	err := n.db.Model(&deliveryRow{}).Where("person_id = ? AND unread = ?", personID, true).Count(&count).Error
	return int(count), n.fail(err)
}

func (n notices) Read(personID string, ids ...string) error {
	db := n.db.Model(&deliveryRow{}).Where("person_id = ? AND unread = ?", personID, true)
	if len(ids) > 0 {
		in, arg := n.in("id", known(ids))
		db = db.Where(in, arg)
	}
	return n.atomic(func() error { return db.Update("unread", false).Error })
}

func (n notices) ByTicket(hash string) (flow.Delivery, error) {
	var r deliveryRow
	err := n.db.Where("ticket_hash = ? AND ticket_hash <> ''", hash).Take(&r).Error
	return r.delivery(), n.one(err, "message")
}

// outbox implements flow.Outbox.
type outbox struct{ *unit }

func (o outbox) Due(now time.Time, personID string, most int) ([]flow.Delivery, error) {
	q := o.db.Where("state = 'held' AND digest = '' AND not_before <= ?", instant(now))
	if personID != "" {
		q = q.Where("person_id = ?", personID)
	}
	return o.list(q.Order("not_before, id").Limit(most))
}

func (o outbox) Gathering() ([]flow.Delivery, error) {
	return o.list(o.db.Where("state = 'held' AND digest <> ''").Order("person_id, created_at, id"))
}

func (o outbox) Refused(most int) ([]flow.Delivery, error) {
	return o.list(o.db.Where("state = 'refused'").Order("created_at DESC, id").Limit(most))
}

func (o outbox) Made(about ...string) ([]flow.Told, error) {
	if len(about) == 0 {
		return nil, nil
	}
	var rows []flow.Told
	in, arg := o.in("about", known(about))
	err := o.db.Model(&deliveryRow{}).Distinct("about", "person_id", "kind").Where(in, arg).Find(&rows).Error
	return rows, o.fail(err)
}

func (o outbox) Waiting(channel notify.Channel, most int) ([]string, error) {
	var ids []string
	err := o.db.Model(&deliveryRow{}).Where("channel = ? AND state IN ('to_send', 'sending')", channel).Order("created_at, id").Limit(most).Pluck("id", &ids).Error
	return ids, o.fail(err)
}

func (o outbox) Move(to flow.DeliveryState, why string, ids ...string) (moved []string, err error) {
	err = o.atomic(func() error {
		moved = nil
		for _, id := range ids {
			set := map[string]any{"state": to, "why": why, "version": gorm.Expr("version + 1")}
			if to != flow.ToSend {
				set["ticket"] = "" // a secret that nobody needs any more
			}
			done := o.db.Model(&deliveryRow{}).Where("id = ? AND state = 'held'", id).Updates(set)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 1 {
				moved = append(moved, id)
			}
		}
		return nil
	})
	return moved, err
}
