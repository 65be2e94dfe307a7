package store

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

type launchRow struct {
	ID        string `gorm:"primaryKey"`
	PlanID    string
	State     flow.LaunchState
	Reason    string
	Budget    doc[flow.Budget]
	Totals    doc[flow.Totals]
	Wave      int
	Judged    int
	CreatedAt instant `gorm:"autoCreateTime:false"`
	CreatedBy string
	EndedAt   instant
	Version   int
}

func (launchRow) TableName() string { return "launches" }
func (r launchRow) ident() string   { return r.ID }
func (r launchRow) next() int       { return r.Version }

func toLaunchRow(l *flow.Launch) launchRow {
	return launchRow{ID: l.ID, PlanID: l.PlanID, State: l.State, Reason: l.Reason, Budget: doc[flow.Budget]{l.Budget}, Totals: doc[flow.Totals]{l.Totals}, Wave: l.Wave,
		Judged: l.Judged, CreatedAt: instant(l.CreatedAt), CreatedBy: l.CreatedBy, EndedAt: instant(l.EndedAt), Version: l.Version + 1}
}

func (r launchRow) launch() flow.Launch {
	return flow.Launch{ID: r.ID, PlanID: r.PlanID, State: r.State, Reason: r.Reason, Budget: r.Budget.V, Totals: r.Totals.V, Wave: r.Wave, Judged: r.Judged,
		CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy, EndedAt: r.EndedAt.time(), Version: r.Version}
}

type launchVisitRow struct {
	LaunchID   string `gorm:"primaryKey"`
	VisitID    string `gorm:"primaryKey"`
	Calendar   string
	Day        day
	Effect     calsync.Effect
	Mails      int
	Wave       int
	ReleasedAt instant
}

func (launchVisitRow) TableName() string { return "launch_visits" }

// launchedRow is a visit of a launch beside its event.
type launchedRow struct {
	LaunchID   string
	VisitID    string
	Calendar   string
	Day        day
	Effect     calsync.Effect
	Mails      int
	Wave       int
	ReleasedAt instant
	State      flow.EventState
	Tries      int
	Problem    string
	WantedAt   instant
}

func (r launchedRow) visit() flow.LaunchVisit {
	return flow.LaunchVisit{LaunchID: r.LaunchID, VisitID: r.VisitID, Calendar: r.Calendar, Day: slot.Date(r.Day), Effect: r.Effect, Mails: r.Mails, Wave: r.Wave,
		Released: r.ReleasedAt.time(), State: r.State, Tries: r.Tries, Problem: r.Problem, Wanted: r.WantedAt.time()}
}

// launches implements flow.Launches.
type launches struct{ *unit }

func (l launches) Get(id string) (flow.Launch, error) {
	var r launchRow
	err := l.db.Where("id = ?", id).Take(&r).Error
	return r.launch(), l.one(err, "launch")
}

func (l launches) Find(planID string, states ...flow.LaunchState) ([]flow.Launch, error) {
	db := l.db.Order("created_at DESC, id DESC")
	if planID != "" {
		db = db.Where("plan_id = ?", planID)
	}
	if len(states) > 0 {
		db = db.Where("state IN ?", states)
	}
	var rows []launchRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, l.fail(err)
	}
	return each(rows, launchRow.launch), nil
}

func (l launches) Save(x *flow.Launch) error {
	if err := saveAll(l.unit, "launch", "id", 12, []launchRow{toLaunchRow(x)}); err != nil {
		return err
	}
	l.raise(&x.Version)
	return nil
}

func (l launches) Enlist(visits ...flow.LaunchVisit) error {
	if len(visits) == 0 {
		return nil
	}
	rows, ids := make([]launchVisitRow, len(visits)), make([]string, len(visits))
	for i, v := range visits {
		ids[i] = v.VisitID
		rows[i] = launchVisitRow{LaunchID: v.LaunchID, VisitID: v.VisitID, Calendar: v.Calendar, Day: day(v.Day), Effect: v.Effect, Mails: v.Mails,
			Wave: v.Wave, ReleasedAt: instant(v.Released)}
	}
	return l.atomic(func() error {
		in, arg := l.in("visit_id", ids)
		if err := l.db.Where("wave = 0").Where(in, arg).Delete(&launchVisitRow{}).Error; err != nil {
			return err
		}
		for batch := range slices.Chunk(rows, 500) {
			err := l.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "launch_id"}, {Name: "visit_id"}}}).Create(&batch).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (l launches) Visits(q flow.LaunchQuery) ([]flow.LaunchVisit, error) {
	db := l.db.Table("launch_visits v").Select("v.*, e.state, e.tries, e.problem, e.wanted_at").
		Joins("JOIN calendar_events e ON e.visit_id = v.visit_id").Order("v.day, v.visit_id, v.launch_id")
	if q.LaunchID != "" {
		db = db.Where("v.launch_id = ?", q.LaunchID)
	}
	if q.VisitIDs != nil {
		in, arg := l.in("v.visit_id", q.VisitIDs)
		db = db.Where(in, arg)
	}
	if q.Wave != 0 {
		db = db.Where("v.wave = ?", q.Wave)
	}
	if q.Held {
		db = db.Where("v.wave = 0")
	}
	var rows []launchedRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, l.fail(err)
	}
	return each(rows, launchedRow.visit), nil
}

func (l launches) SetWave(launchID string, wave int, at time.Time, visitIDs ...string) error {
	return l.atomic(func() error {
		in, arg := l.in("visit_id", visitIDs)
		return l.db.Model(&launchVisitRow{}).Where("launch_id = ?", launchID).Where(in, arg).
			Updates(map[string]any{"wave": wave, "released_at": instant(at)}).Error
	})
}

func (l launches) Spent(since time.Time) (map[string]int, error) {
	var rows []struct {
		Calendar string
		N        int
	}
	err := l.db.Model(&launchVisitRow{}).Select("calendar, sum(mails) AS n").Where("released_at > ? AND wave <> 0", instant(since)).Group("calendar").Find(&rows).Error
	if err != nil {
		return nil, l.fail(err)
	}
	spent := make(map[string]int, len(rows))
	for _, r := range rows {
		spent[r.Calendar] = r.N
	}
	return spent, nil
}

type verificationRow struct {
	ID        string `gorm:"primaryKey"`
	State     flow.RunState
	Error     string
	Findings  list[calsync.Finding]
	Unread    list[flow.Unread]
	Calendars int
	Read      int
	AskedAt   instant
	AskedBy   string
	EndedAt   instant
	Version   int
}

func (verificationRow) TableName() string { return "verifications" }
func (r verificationRow) ident() string   { return r.ID }
func (r verificationRow) next() int       { return r.Version }

// verifications implements flow.Verifications.
type verifications struct{ *unit }

func (v verifications) Wanted() ([]flow.CalendarEvent, error) {
	return calendars(v).find(v.db)
}

func (v verifications) Newest() (flow.Verification, error) {
	var r verificationRow
	err := v.db.Order("asked_at DESC, id DESC").Take(&r).Error
	return flow.Verification{ID: r.ID, State: r.State, Error: r.Error, Findings: r.Findings, Unread: r.Unread, Calendars: r.Calendars, Read: r.Read,
		AskedAt: r.AskedAt.time(), AskedBy: r.AskedBy, EndedAt: r.EndedAt.time(), Version: r.Version}, v.one(err, "report on the calendars")
}

func (v verifications) Save(x *flow.Verification) error {
	row := verificationRow{ID: x.ID, State: x.State, Error: x.Error, Findings: x.Findings, Unread: x.Unread, Calendars: x.Calendars, Read: x.Read,
		AskedAt: instant(x.AskedAt), AskedBy: x.AskedBy, EndedAt: instant(x.EndedAt), Version: x.Version + 1}
	if x.Version == 0 {
		if err := v.atomic(func() error { return v.db.Where("id <> ?", x.ID).Delete(&verificationRow{}).Error }); err != nil {
			return err
		}
	}
	if err := saveAll(v.unit, "report on the calendars", "id", 11, []verificationRow{row}); err != nil {
		return err
	}
	v.raise(&x.Version)
	return nil
}
