package store

import (
	"slices"
	"time"

	"gorm.io/gorm"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
)

func (o outbox) list(db *gorm.DB) ([]flow.Delivery, error) {
	var rows []deliveryRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, o.fail(err)
	}
	return each(rows, deliveryRow.delivery), nil
}

func errCursor(s string) error {
	return fault.Invalidf("The page cannot be found.").With(fault.Detail{
		Where: "after", Value: fault.Short(s), Expected: "the cursor of the page before", Mend: "Start again at the first page."})
}

// Standing asks one thing at a time, each by an index of its own: a channel holds
// years of messages.
func (o outbox) Standing(since time.Time) ([]flow.ChannelStanding, error) {
	out := make([]flow.ChannelStanding, 0, len(notify.Channels))
	for _, channel := range notify.Channels {
		s := flow.ChannelStanding{Channel: channel}
		var last []deliveryRow
		if err := o.db.Select("sent_at").Where("channel = ? AND state = 'sent'", channel).Order("sent_at DESC").Limit(1).Find(&last).Error; err != nil {
			return nil, o.fail(err)
		}
		for _, r := range last {
			s.LastSent = r.SentAt.time()
		}
		for state, n := range map[flow.DeliveryState]*int{flow.OnHold: &s.Held, flow.Refused: &s.Refused, flow.Sent: &s.Sent} {
			var count int64
			db := o.db.Model(&deliveryRow{}).Where("channel = ? AND state = ?", channel, state)
			switch state {
			case flow.Sent:
				db = db.Where("sent_at >= ?", instant(since))
			case flow.Refused:
				db = db.Where("created_at >= ?", instant(since))
			}
			if err := db.Count(&count).Error; err != nil {
				return nil, o.fail(err)
			}
			*n = int(count)
		}
		var waiting []deliveryRow
		err := o.db.Select("id", "error", "created_at").Where("channel = ? AND state IN ('to_send', 'sending')", channel).Order("created_at, id").Find(&waiting).Error
		if err != nil {
			return nil, o.fail(err)
		}
		s.Waiting = len(waiting)
		for _, r := range slices.Backward(waiting) {
			if r.Error == "" {
				continue
			}
			s.Failing++
			s.Oldest = r.CreatedAt.time()
			if s.Error == "" {
				s.Error = r.Error
			}
		}
		out = append(out, s)
	}
	return out, nil
}
