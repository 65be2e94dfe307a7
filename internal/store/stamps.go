package store

import (
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"windshield/internal/flow"
)

// heldStamp counts the writes of outcomes of visits.
const heldStamp = "held"

// planStamp counts the writes of what plans are laid out from, rosterStamp those of them
// that are about whom they are made for.
const (
	planStamp   = "plans"
	rosterStamp = "roster"
)

// busyStamp counts the readings of calendars that say something else than the one before.
const busyStamp = "busy"

// localeStamp counts how often somebody chose how they read dates and numbers, of which
// nothing is made that is kept, but for people themselves.
const localeStamp = "locales"

// toldStamp counts the writes of what slides, promises and coverage are made of beside plans.
const toldStamp = "told"

// counted are the tables whose writes count, each with its stamps: those that flow reads to
// lay out a plan, or to tell what became of it, but for two. Of busy_readings only the times count, which busyTimes sees,
// and run_files are there before the plan is.
var counted = map[string][]string{
	"absences": {planStamp}, "bookings": {planStamp}, "plans": {planStamp}, "settings": {planStamp}, "visits": {planStamp},
	"customers": {planStamp, rosterStamp, flow.CustomersStamp}, "people": {planStamp, rosterStamp}, "selection_changes": {planStamp, rosterStamp},
	"selection_rows": {planStamp, rosterStamp}, "selections": {planStamp, rosterStamp},
	"claims": {toldStamp}, "customer_turns": {toldStamp}, "promised_visits": {toldStamp}, "promises": {toldStamp}, "visit_steps": {toldStamp}, "year_acceptances": {toldStamp},
}

// stampsOfTables gives all stamps that writes to tables count, each once.
func stampsOfTables() []string {
	all := slices.Concat(slices.Collect(maps.Values(counted))...)
	slices.Sort(all)
	return slices.Compact(all)
}

// unitKey is where a statement's context has its unit.
type unitKey struct{}

// watch sees to it that whatever is written to the tables of plans counts, whoever
// writes it: a list of ports would forget one.
func watch(db *gorm.DB) error {
	count := func(db *gorm.DB) {
		if u, ok := db.Statement.Context.Value(unitKey{}).(*unit); ok {
			u.stamp(counted[db.Statement.Table]...)
		}
	}
	do := db.Callback()
	for _, err := range []error{do.Create().Before("gorm:create").Register("count", count), do.Update().Before("gorm:update").Register("count", count), do.Delete().Before("gorm:delete").Register("count", count)} {
		if err != nil {
			return err
		}
	}
	return nil
}

// stampRow counts how often something was written.
type stampRow struct {
	Name string `gorm:"primaryKey"`
	N    int64
}

func (stampRow) TableName() string { return "stamps" }

// stamp notes what is to be counted up. That waits for the end of the transaction: who
// holds the row of a stamp while doing other things makes all others wait.
func (u *unit) stamp(names ...string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		if u.stamps == nil {
			u.stamps = map[string]bool{}
		}
		u.stamps[name] = true
	}
}

// countStamps counts up in one order, so that two cannot wait for each other.
func (u *unit) countStamps() error {
	names := slices.Sorted(maps.Keys(u.stamps))
	u.stamps = nil
	for some := range slices.Chunk(names, 500) {
		rows := each(some, func(name string) stampRow { return stampRow{name, 1} })
		up := clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.Assignments(map[string]any{"n": gorm.Expr("stamps.n + 1")})}
		if err := u.atomic(func() error { return u.db.Clauses(up).Create(&rows).Error }); err != nil {
			return err
		}
	}
	return nil
}

// stamps implements flow.Stamps.
type stamps struct{ *unit }

func (s stamps) One(name string) (int64, error) {
	var rows []stampRow
	if err := s.db.Where("name = ?", name).Find(&rows).Error; err != nil || len(rows) == 0 {
		return 0, s.fail(err)
	}
	return rows[0].N, nil
}

// OfPlan needs nothing but the index visits_of_executive, which holds all that it
// reads: to look whether a year is still as it was costs far less than to read it.
func (s stamps) OfPlan(planID string) (map[string]string, error) {
	text := "group_concat(id || '.' || version)"
	if s.s.postgres {
		text = "string_agg(id || '.' || version, ',' ORDER BY id)"
	}
	var rows []struct{ ExecutiveID, Stamp string }
	err := s.db.Model(&visitRow{}).Select("executive_id, "+text+" AS stamp").Where("plan_id = ?", planID).Group("executive_id").Find(&rows).Error
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ExecutiveID] = r.Stamp
	}
	return out, s.fail(err)
}

func (s stamps) Sum() (int64, error) { return s.sum("name <> ?", localeStamp) }

func (s stamps) sum(where string, arg any) (n int64, err error) {
	err = s.db.Model(&stampRow{}).Select("CAST(COALESCE(SUM(n), 0) AS BIGINT)").Where(where, arg).Scan(&n).Error
	return n, s.fail(err)
}

func (s stamps) All() (map[string]int64, error) {
	var rows []stampRow
	if err := s.db.Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.Name] = r.N
	}
	return out, nil
}
