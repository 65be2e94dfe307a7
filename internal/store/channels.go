package store

import (
	"time"

	"windshield/internal/calsync"
	"windshield/internal/flow"
)

type channelRow struct {
	ID       string `gorm:"primaryKey"`
	Calendar string
	Address  string
	Secret   string // hash of the token
	Resource string
	State    calsync.ChannelState
	Problem  string
	Opened   instant
	Expires  instant
	NextAt   instant
	Noticed  instant
	Version  int
}

func (channelRow) TableName() string { return "calendar_channels" }
func (r channelRow) ident() string   { return r.ID }
func (r channelRow) next() int       { return r.Version }

func toChannelRow(c flow.CalendarChannel) channelRow {
	return channelRow{ID: c.ID, Calendar: c.Calendar, Address: c.Address, Secret: c.Secret, Resource: c.Resource, State: c.State, Problem: c.Problem,
		Opened: instant(c.Opened), Expires: instant(c.Expires), NextAt: instant(c.Next), Noticed: instant(c.Noticed), Version: c.Version + 1}
}

func (r channelRow) channel() flow.CalendarChannel {
	return flow.CalendarChannel{Noticed: r.Noticed.time(), Version: r.Version, Channel: calsync.Channel{ID: r.ID, Calendar: r.Calendar, Address: r.Address,
		Secret: r.Secret, Resource: r.Resource, State: r.State, Problem: r.Problem, Opened: r.Opened.time(), Expires: r.Expires.time(), Next: r.NextAt.time()}}
}

// channels implements flow.Channels.
type channels struct{ *unit }

func (c channels) Get(id string) (flow.CalendarChannel, error) {
	var r channelRow
	err := c.db.Where("id = ?", id).Take(&r).Error
	return r.channel(), c.one(err, "calendar channel")
}

func (c channels) Of(calendar string) ([]flow.CalendarChannel, error) {
	db := c.db.Order("opened, id")
	if calendar != "" {
		db = db.Where("calendar = ?", calendar)
	}
	var rows []channelRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	return each(rows, channelRow.channel), nil
}

func (c channels) Save(x *flow.CalendarChannel) error {
	if err := saveAll(c.unit, "calendar channel", "id", 12, []channelRow{toChannelRow(*x)}); err != nil {
		return err
	}
	c.raise(&x.Version)
	return nil
}

func (c channels) Sweep(before time.Time) error {
	return c.fail(c.db.Where("expires < ?", instant(before)).Delete(&channelRow{}).Error)
}

// Oldest asks for the wishes that are oldest, calendar by calendar.
func (c channels) Oldest() (map[string]time.Time, error) {
	var rows []struct {
		Calendar string
		Oldest   instant
	}
	err := c.db.Model(&calendarEventRow{}).Select("calendar, min(wanted_at) AS oldest").Where("state = ?", flow.EventWaiting).Group("calendar").Find(&rows).Error
	if err != nil {
		return nil, c.fail(err)
	}
	oldest := map[string]time.Time{}
	for _, r := range rows {
		oldest[r.Calendar] = r.Oldest.time()
	}
	return oldest, nil
}
