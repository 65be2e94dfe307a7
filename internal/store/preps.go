package store

import (
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// prepRow is how far a visit is prepared, told from four tables in one look.
type prepRow struct {
	ID          string
	PlanID      optional
	CustomerID  string
	ExecutiveID string
	HostID      optional
	Date        day
	Half        slot.Half
	State       visit.State
	EndAt       instant
	Ours        bool
	Theirs      bool
	Agenda      bool
	AgendaBy    string
	Sure        bool
	Asks        bool
	People      bool
	Asked       bool
	MemoSent    bool
}

// preps implements flow.Preps.
type preps struct{ *unit }

// readiness reads no text: a host's list has hundreds of visits, a VP's thousands. The
// lists of JSON are compared as text, which both engines write alike when empty.
const readiness = `v.id, v.plan_id, v.customer_id, v.executive_id, v.host_id, v.date, v.half, ` + fineState + ` AS state, v.end_at,
	v.objective <> '' AS ours, v.theirs <> '' AS theirs, CAST(v.agenda AS text) <> '[]' AS agenda, COALESCE(b.agenda_by, '') AS agenda_by, COALESCE(b.confirmed, '') <> '' AS sure,
	COALESCE(CAST(b.asks AS text), '[]') <> '[]' AS asks, CAST(v.contacts AS text) <> '[]' OR COALESCE(CAST(b.people AS text), '[]') LIKE '%"theirs":%true%' AS people,
	EXISTS (SELECT 1 FROM visit_links l WHERE l.visit_id = v.id AND ` + openLink + ` AND l.made_at < v.start_at) AS asked, COALESCE(m.sent, '') <> '' AS memo_sent`

func (p preps) Find(q flow.PrepQuery) ([]visit.Ready, error) {
	db := p.db.Table("visits v").Select(readiness, instant{}, instant{}, instant(q.Now)).
		Joins("LEFT JOIN briefs b ON b.visit_id = v.id").Joins("LEFT JOIN memos m ON m.visit_id = v.id").
		Where("v.date >= ? AND v.date <= ?", day(q.From), day(q.To)).
		Where("v.state = ? OR v.state = ? AND (v.plan_id IS NOT NULL OR v.stage = ?)", visit.Published, visit.Held, visit.Debriefed).
		Order("v.date, v.half, v.id")
	if q.HostID != "" {
		db = db.Where("v.host_id = ?", q.HostID)
	}
	var rows []prepRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	out := make([]visit.Ready, len(rows))
	for i, r := range rows {
		out[i] = visit.Ready{VisitID: r.ID, PlanID: string(r.PlanID), CustomerID: r.CustomerID, ExecutiveID: r.ExecutiveID, HostID: string(r.HostID), Slot: slot.Slot{Date: slot.Date(r.Date), Half: r.Half},
			State: r.State, Over: !r.EndAt.time().After(q.Now), Ours: r.Ours, Theirs: r.Theirs, Agenda: r.Agenda, AgendaBy: r.AgendaBy, Sure: r.Sure, Asks: r.Asks, People: r.People,
			Asked: r.Asked, MemoSent: r.MemoSent}
	}
	return out, nil
}
