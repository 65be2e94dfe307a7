package store

import (
	"errors"
	"slices"

	"gorm.io/gorm"

	"windshield/internal/calsync"
	"windshield/internal/flow"
)

type calendarEventRow struct {
	VisitID   string `gorm:"primaryKey"`
	Calendar  string
	EventID   string
	Desired   int64
	Applied   int64
	Confirmed bool // copies of what Base says, to be asked for
	Over      bool
	Want      doc[calsync.Want]
	Base      doc[calsync.Base]
	State     flow.EventState
	Problem   string
	Tries     int
	WantedAt  instant
	Updated   instant
	Version   int
}

func (calendarEventRow) TableName() string { return "calendar_events" }
func (r calendarEventRow) ident() string   { return r.VisitID }
func (r calendarEventRow) next() int       { return r.Version }

func toCalendarEventRow(e *flow.CalendarEvent) calendarEventRow {
	return calendarEventRow{VisitID: e.VisitID, Calendar: e.Calendar, EventID: e.EventID, Desired: e.Desired, Applied: e.Applied,
		Confirmed: e.Base.Confirmed, Over: e.Base.Over, Want: doc[calsync.Want]{e.Want}, Base: doc[calsync.Base]{e.Base},
		State: e.State, Problem: e.Problem, Tries: e.Tries, WantedAt: instant(e.WantedAt), Updated: instant(e.Updated), Version: e.Version + 1}
}

func (r calendarEventRow) event() flow.CalendarEvent {
	return flow.CalendarEvent{VisitID: r.VisitID, Calendar: r.Calendar, EventID: r.EventID, Desired: r.Desired, Applied: r.Applied,
		Want: r.Want.V, Base: r.Base.V, State: r.State, Problem: r.Problem, Tries: r.Tries, WantedAt: r.WantedAt.time(), Updated: r.Updated.time(), Version: r.Version}
}

type calendarCursorRow struct {
	Calendar    string `gorm:"primaryKey"`
	Cursor      doc[calsync.Cursor]
	LastSuccess instant
	LastTry     instant
	Error       string
	NeedsAction bool
	Version     int
}

func (calendarCursorRow) TableName() string { return "calendar_cursors" }
func (r calendarCursorRow) ident() string   { return r.Calendar }
func (r calendarCursorRow) next() int       { return r.Version }

// calendars implements flow.Calendars.
type calendars struct{ *unit }

func (c calendars) Events(visitIDs ...string) ([]flow.CalendarEvent, error) {
	if len(visitIDs) == 0 {
		return nil, nil
	}
	in, arg := c.in("visit_id", known(visitIDs))
	return c.find(c.db.Where(in, arg))
}

func (c calendars) OnCalendar(calendar string, eventIDs []string) ([]flow.CalendarEvent, error) {
	db := c.db.Where("calendar = ?", calendar)
	if eventIDs == nil {
		return c.find(db.Where("confirmed = ? AND over = ?", true, false))
	}
	in, arg := c.in("event_id", known(eventIDs))
	return c.find(db.Where(in, arg))
}

func (c calendars) Problems() ([]flow.CalendarEvent, error) {
	return c.find(c.db.Where("state IN ? OR (state = ? AND tries > 0)", []flow.EventState{flow.EventParked, flow.EventConflict}, flow.EventWaiting))
}

func (c calendars) find(db *gorm.DB) ([]flow.CalendarEvent, error) {
	var rows []calendarEventRow
	if err := db.Order("visit_id").Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	if c.write {
		for _, r := range rows {
			c.saw(r.VisitID, r.Version)
		}
	}
	return each(rows, calendarEventRow.event), nil
}

func (u *unit) saw(visitID string, version int) {
	if u.events == nil {
		u.events = map[string]int{}
	}
	u.events[visitID] = version
}

// Save gives Stale also where Applied would fall. The version of an event never
// leaves the house: whoever answers, moves or takes back a visit has seen the visit's,
// and must not be told that a job of ours wrote the event between two statements. A
// unit that has read the events itself runs again instead.
func (c calendars) Save(events ...*flow.CalendarEvent) error {
	if err := saveAll(c.unit, "calendar event", "visit_id", 15, each(events, toCalendarEventRow)); err != nil {
		if c.lost == nil && errors.Is(err, errOvertaken) && !slices.ContainsFunc(events, func(e *flow.CalendarEvent) bool { return c.events[e.VisitID] != e.Version }) {
			c.lost = err
		}
		return err
	}
	for _, e := range events {
		c.raise(&e.Version)
		c.saw(e.VisitID, e.Version)
	}
	return nil
}

func (c calendars) Tally() (map[string]map[flow.EventState]int, error) {
	var rows []struct {
		Calendar string
		State    flow.EventState
		N        int
	}
	err := c.db.Model(&calendarEventRow{}).Select("calendar, state, count(*) AS n").Where("calendar NOT LIKE ?", "%"+flow.ErasedDomain).Group("calendar, state").Find(&rows).Error
	if err != nil {
		return nil, c.fail(err)
	}
	tally := map[string]map[flow.EventState]int{}
	for _, r := range rows {
		if tally[r.Calendar] == nil {
			tally[r.Calendar] = map[flow.EventState]int{}
		}
		tally[r.Calendar][r.State] = r.N
	}
	return tally, nil
}

// Cursor gives a value that can be saved, also where the calendar was never read.
func (c calendars) Cursor(calendar string) (flow.CalendarCursor, error) {
	var r calendarCursorRow
	err := c.db.Where("calendar = ?", calendar).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return flow.CalendarCursor{Calendar: calendar}, nil
	}
	if err != nil {
		return flow.CalendarCursor{}, c.fail(err)
	}
	return flow.CalendarCursor{Calendar: r.Calendar, Cursor: r.Cursor.V, LastSuccess: r.LastSuccess.time(), LastTry: r.LastTry.time(),
		Error: r.Error, NeedsAction: r.NeedsAction, Version: r.Version}, nil
}

func (c calendars) SaveCursor(x *flow.CalendarCursor) error {
	r := calendarCursorRow{Calendar: x.Calendar, Cursor: doc[calsync.Cursor]{x.Cursor}, LastSuccess: instant(x.LastSuccess),
		LastTry: instant(x.LastTry), Error: x.Error, NeedsAction: x.NeedsAction, Version: x.Version + 1}
	if err := saveAll(c.unit, "calendar", "calendar", 7, []calendarCursorRow{r}); err != nil {
		return err
	}
	c.raise(&x.Version)
	return nil
}
