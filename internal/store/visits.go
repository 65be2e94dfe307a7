package store

import (
	"slices"
	"time"

	"gorm.io/gorm"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type visitRow struct {
	ID          string `gorm:"primaryKey"`
	PlanID      optional
	Label       string
	CustomerID  string
	ExecutiveID string
	HostID      optional
	Date        day
	Half        slot.Half
	Zone        string
	Begins      string
	Ends        string
	StartAt     instant
	EndAt       instant
	State       visit.State
	Reason      string
	Answer      visit.Answer
	AnswerNote  string
	Kind        visit.Kind
	WithHost    bool
	Stratum     string
	GroupName   string
	Objective   string
	Why         string
	Pinned      bool
	Conflict    string
	Asked       string
	Stage       visit.State // refines State, see stage
	Code        visit.Code
	AgreedWith  string
	AgreedOn    day
	AgreedWhat  string
	Contacts    list[roster.Contact]
	JoinURL     string `gorm:"column:join_url"`
	Theirs      string
	TheirsBy    string
	TheirsOn    day
	Agenda      list[visit.AgendaItem]
	Version     int
}

func (visitRow) TableName() string { return "visits" }
func (r visitRow) ident() string   { return r.ID }
func (r visitRow) next() int       { return r.Version }

func toVisitRow(v *visit.Visit) visitRow {
	return visitRow{
		ID: v.ID, PlanID: optional(v.PlanID), Label: v.Label, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, HostID: optional(v.HostID),
		Date: day(v.Slot.Date), Half: v.Slot.Half, Zone: v.Zone, Begins: v.Begins, Ends: v.Ends, StartAt: instant(v.Start), EndAt: instant(v.End),
		State: coarse(v.State), Reason: v.Reason, Answer: v.Answer, AnswerNote: v.AnswerNote, Kind: v.Kind, WithHost: v.WithHost,
		Stage: stage(v.State), Code: v.Code, AgreedWith: v.Agreement.With, AgreedOn: day(v.Agreement.On), AgreedWhat: v.Agreement.What, Contacts: v.Contacts, JoinURL: v.JoinURL,
		Theirs: v.Theirs.Words, TheirsBy: v.Theirs.By, TheirsOn: day(v.Theirs.On), Agenda: v.Agenda,
		Stratum: v.Stratum, GroupName: v.Group, Objective: v.Objective, Why: v.Why, Pinned: v.Pinned, Conflict: v.Conflict, Asked: v.Asked, Version: v.Version + 1,
	}
}

func (r visitRow) visit() visit.Visit {
	return visit.Visit{
		ID: r.ID, PlanID: string(r.PlanID), Label: r.Label, CustomerID: r.CustomerID, ExecutiveID: r.ExecutiveID, HostID: string(r.HostID),
		Slot: slot.Slot{Date: slot.Date(r.Date), Half: r.Half}, Zone: r.Zone, Begins: r.Begins, Ends: r.Ends, Start: r.StartAt.time(), End: r.EndAt.time(),
		State: r.state(), Reason: r.Reason, Answer: r.Answer, AnswerNote: r.AnswerNote, Kind: r.Kind, WithHost: r.WithHost,
		Code: r.Code, Agreement: visit.Agreement{With: r.AgreedWith, On: slot.Date(r.AgreedOn), What: r.AgreedWhat}, Contacts: r.Contacts, JoinURL: r.JoinURL,
		Theirs: visit.Said{Words: r.Theirs, By: r.TheirsBy, On: slot.Date(r.TheirsOn)}, Agenda: r.Agenda,
		Stratum: r.Stratum, Group: r.GroupName, Objective: r.Objective, Why: r.Why, Pinned: r.Pinned, Conflict: r.Conflict, Asked: r.Asked, Version: r.Version,
	}
}

// coarse gives the state as a program from before the finer ones knows it.
func coarse(s visit.State) visit.State {
	switch {
	case s.Promised():
		return visit.Published
	case s == visit.Debriefed:
		return visit.Held
	}
	return s
}

// stage gives the finer state, "" where coarse says it all.
func stage(s visit.State) visit.State {
	if coarse(s) == s {
		return ""
	}
	return s
}

// state puts the two together. A stage that does not fit was left behind by a
// program that does not know it, and says nothing.
func (r visitRow) state() visit.State {
	if r.Stage != "" && coarse(r.Stage) == r.State {
		return r.Stage
	}
	return r.State
}

// fineState is visitRow.state in SQL.
const fineState = "CASE WHEN stage IN ('agreed', 'confirmed') AND state = 'published' OR stage = 'debriefed' AND state = 'held' THEN stage ELSE state END"

// visits implements flow.Visits.
type visits struct{ *unit }

func (v visits) Get(id string) (visit.Visit, error) {
	var r visitRow
	err := v.db.Where("id = ?", id).Take(&r).Error
	return r.visit(), v.one(err, "visit")
}

func (v visits) Find(q flow.VisitQuery) ([]visit.Visit, string, error) {
	db, any := v.scoped(q.Scope)
	if !any {
		return nil, "", nil
	}
	order := "date, half, id"
	if q.Newest {
		order = "date DESC, half DESC, id DESC"
	}
	db = db.Order(order)
	for column, id := range map[string]string{"plan_id": q.PlanID, "executive_id": q.ExecutiveID, "customer_id": q.CustomerID} {
		if id != "" {
			db = db.Where(column+" = ?", id)
		}
	}
	if len(q.States) > 0 {
		db = db.Where(fineState+" IN ?", q.States)
	}
	if !q.From.IsZero() {
		db = db.Where("date >= ?", day(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("date <= ?", day(q.To))
	}
	if q.ToDecide {
		db = db.Where("(conflict <> '' OR asked <> '')")
	}
	if q.IDs != nil {
		in, arg := v.in("id", q.IDs)
		db = db.Where(in, arg)
	}
	if q.ExecutiveIDs != nil {
		in, arg := v.in("executive_id", q.ExecutiveIDs)
		db = db.Where(in, arg)
	}
	if q.After != "" {
		at, err := readCursor("visits", q.After, 3)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(date, half, id) > (?, ?, ?)", at[0], at[1], at[2])
	}
	if q.Limit > 0 {
		db = db.Limit(q.Limit + 1)
	}
	var rows []visitRow
	var err error
	if q.Bare {
		rows, err = v.bare(db)
	} else {
		err = v.fail(db.Find(&rows).Error)
	}
	if err != nil {
		return nil, "", err
	}
	next := ""
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		next = cursor("visits", slot.Date(last.Date).String(), string(last.Half), last.ID)
	}
	return each(rows, visitRow.visit), next, nil
}

// bare reads what a flow.VisitQuery that is bare asks for. It is for whole years, where
// to set fields one by one through reflection would take longer than to ask.
func (v visits) bare(db *gorm.DB) (out []visitRow, err error) {
	db = db.Table("visits").Select("id, coalesce(plan_id, ''), label, customer_id, executive_id, coalesce(host_id, ''), date, half, zone, state, stage, code, reason, kind, with_host, answer, agreed_with, stratum, group_name, pinned, conflict, asked, start_at, version")
	days := map[string]day{} // few
	err = v.rows(db, func(into func(...any) error) error {
		var r visitRow
		var planID, hostID, on, half, state, stage, code, kind, answer string
		err := into(&r.ID, &planID, &r.Label, &r.CustomerID, &r.ExecutiveID, &hostID, &on, &half, &r.Zone, &state, &stage, &code, &r.Reason, &kind, &r.WithHost, &answer, &r.AgreedWith, &r.Stratum, &r.GroupName, &r.Pinned, &r.Conflict, &r.Asked, &r.StartAt, &r.Version)
		if err != nil {
			return err
		}
		d, known := days[on]
		if !known {
			if err := d.Scan(on); err != nil {
				return err
			}
			days[on] = d
		}
		r.PlanID, r.HostID, r.Date, r.Half, r.State, r.Stage = optional(planID), optional(hostID), d, slot.Half(half), visit.State(state), visit.State(stage)
		r.Code, r.Kind, r.Answer = visit.Code(code), visit.Kind(kind), visit.Answer(answer)
		out = append(out, r)
		return nil
	})
	return out, err
}

// scoped narrows to what the actor may see; any is false where that is nothing.
func (v visits) scoped(s access.Scope) (db *gorm.DB, any bool) {
	if s.All {
		return v.db, true
	}
	executives := known(s.ExecutiveIDs)
	in, arg := v.in("executive_id", executives)
	db = v.db.Where("state <> ?", visit.Proposed)
	switch {
	case len(executives) > 0 && s.HostID != "":
		return db.Where("("+in+" OR host_id = ?)", arg, s.HostID), true
	case len(executives) > 0:
		return db.Where(in, arg), true
	case s.HostID != "":
		return db.Where("host_id = ?", s.HostID), true
	}
	return nil, false
}

func (v visits) Save(all ...*visit.Visit) error {
	for _, x := range all {
		held := func(s visit.State) bool { return s.Happened() || s == visit.NoShow }
		if held(x.State) || slices.ContainsFunc(x.Unsaved, func(s visit.Step) bool { return held(s.From) }) {
			v.stamp(heldStamp)
		}
	}
	if err := saveAll(v.unit, "visit", "id", 37, each(all, toVisitRow)); err != nil {
		return err
	}
	if err := v.addSteps(all); err != nil {
		return err
	}
	for _, x := range all {
		v.raise(&x.Version)
	}
	return nil
}

type stepRow struct {
	VisitID   string `gorm:"primaryKey"`
	N         int    `gorm:"primaryKey;autoIncrement:false"`
	At        instant
	ByID      string
	FromState visit.State
	ToState   visit.State
	Code      visit.Code
	Words     string
	Was       doc[visit.Spot]
	NowIs     doc[visit.Spot]
	Undone    bool
}

func (stepRow) TableName() string { return "visit_steps" }

// addSteps appends what happened to visits to their histories. The visits are
// locked by their own change, so nobody else counts at the same time.
func (v visits) addSteps(all []*visit.Visit) error {
	var ids []string
	for _, x := range all {
		if len(x.Unsaved) > 0 {
			ids = append(ids, x.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var last []struct {
		VisitID string
		N       int
	}
	in, arg := v.in("visit_id", ids)
	if err := v.db.Model(&stepRow{}).Select("visit_id, max(n) AS n").Where(in, arg).Group("visit_id").Find(&last).Error; err != nil {
		return v.fail(err)
	}
	n := make(map[string]int, len(last))
	for _, l := range last {
		n[l.VisitID] = l.N
	}
	var rows []stepRow
	for _, x := range all {
		for _, s := range x.Unsaved {
			n[x.ID]++
			rows = append(rows, stepRow{VisitID: x.ID, N: n[x.ID], At: instant(v.stamped(s.At)), ByID: s.By, FromState: s.From, ToState: s.To, Code: s.Code, Words: s.Words,
				Was: doc[visit.Spot]{s.Was}, NowIs: doc[visit.Spot]{s.Is}, Undone: s.Undone})
		}
		before := x.Unsaved
		x.Unsaved = nil
		v.undo = append(v.undo, func() { x.Unsaved = before })
	}
	return v.atomic(func() error {
		for batch := range slices.Chunk(rows, 500) {
			if err := v.db.Create(&batch).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// History gives what happened to a visit, oldest first.
func (v visits) History(id string) ([]visit.Step, error) {
	var rows []stepRow
	if err := v.db.Where("visit_id = ?", id).Order("n").Find(&rows).Error; err != nil {
		return nil, v.fail(err)
	}
	return each(rows, stepRow.step), nil
}

func (r stepRow) step() visit.Step {
	return visit.Step{At: r.At.time(), By: r.ByID, From: r.FromState, To: r.ToState, Code: r.Code, Words: r.Words, Was: r.Was.V, Is: r.NowIs.V, Undone: r.Undone}
}

// Moves gives the moves of many visits by visit, oldest first.
func (v visits) Moves(ids ...string) (map[string][]visit.Step, error) {
	out := map[string][]visit.Step{}
	wanted := known(ids)
	if len(wanted) == 0 {
		return out, nil
	}
	in, arg := v.in("visit_id", wanted)
	var rows []stepRow
	if err := v.db.Where(in, arg).Where("was <> now_is").Order("visit_id, n").Find(&rows).Error; err != nil {
		return nil, v.fail(err)
	}
	for _, r := range rows {
		out[r.VisitID] = append(out[r.VisitID], r.step())
	}
	return out, nil
}

// SayWhy changes the code of the newest move alone: what happened, and when, stays.
func (v visits) SayWhy(id string, at time.Time, code visit.Code) error {
	return v.atomic(func() error {
		done := v.db.Model(&stepRow{}).Where("visit_id = ? AND n = (SELECT max(n) FROM visit_steps s WHERE s.visit_id = ? AND s.was <> s.now_is) AND at = ?", id, id, instant(at)).Update("code", code)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.Stalef("The visit has been moved since. Say it of the last move.")
		}
		return done.Error
	})
}

// Discard leaves alone what anybody was told of: published, or once wanted in a
// calendar.
func (v visits) Discard(ids ...string) error {
	gone := known(ids)
	if len(gone) == 0 {
		return nil
	}
	in, arg := v.in("id", gone)
	return v.atomic(func() error {
		done := v.db.Where(in, arg).Where("state = ? AND NOT EXISTS (SELECT 1 FROM calendar_events e WHERE e.visit_id = visits.id)", visit.Proposed).
			Delete(&visitRow{})
		if done.Error == nil && done.RowsAffected != int64(len(gone)) {
			return fault.Conflictf("A visit that people know of cannot be discarded; cancel it.")
		}
		return done.Error
	})
}

// stamped gives the time where one is set, now otherwise.
func (u *unit) stamped(t time.Time) time.Time {
	if t.IsZero() {
		t = u.s.now()
	}
	return micro(t)
}
