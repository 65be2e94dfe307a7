package store

import (
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/slot"
)

type claimRow struct {
	ID       string `gorm:"primaryKey"`
	Topic    string
	Text     string
	MadeBy   string
	MadeAt   instant
	Closed   day
	ClosedBy string
	Why      string
	Version  int
}

func (claimRow) TableName() string { return "claims" }
func (r claimRow) ident() string   { return r.ID }
func (r claimRow) next() int       { return r.Version }

func (r claimRow) claim() flow.KeptClaim {
	return flow.KeptClaim{Claim: insight.Claim{ID: r.ID, Topic: r.Topic, Text: r.Text}, MadeBy: r.MadeBy, MadeAt: r.MadeAt.time(), Closed: slot.Date(r.Closed),
		ClosedBy: r.ClosedBy, Why: r.Why, Version: r.Version}
}

// claims implements flow.Claims.
type claims struct{ *unit }

func (c claims) Get(id string) (flow.KeptClaim, error) {
	var r claimRow
	err := c.db.Where("id = ?", id).Take(&r).Error
	return r.claim(), c.one(err, "claim")
}

func (c claims) All() ([]flow.KeptClaim, error) {
	var rows []claimRow
	if err := c.db.Order("made_at DESC, id").Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	return each(rows, claimRow.claim), nil
}

func (c claims) Save(x *flow.KeptClaim) error {
	row := claimRow{ID: x.ID, Topic: x.Topic, Text: x.Text, MadeBy: x.MadeBy, MadeAt: instant(x.MadeAt), Closed: day(x.Closed), ClosedBy: x.ClosedBy, Why: x.Why, Version: x.Version + 1}
	if err := saveAll(c.unit, "claim", "id", 9, []claimRow{row}); err != nil {
		return err
	}
	c.raise(&x.Version)
	return nil
}

type statementRow struct {
	ID          string `gorm:"primaryKey"`
	CustomerID  string
	VisitID     optional
	ClaimID     optional
	Source      insight.Source
	Origin      flow.StatementOrigin
	SaidBy      string
	HeardBy     string
	SaidOn      day
	About       insight.About
	Topic       string
	Text        string
	Side        insight.Side
	Asked       bool
	CheckedOn   day
	OverOn      day
	Withdrawn   day
	WithdrawnBy string
	Why         string
	Version     int
}

func (statementRow) TableName() string { return "statements" }
func (r statementRow) ident() string   { return r.ID }
func (r statementRow) next() int       { return r.Version }

func toStatementRow(s *flow.KeptStatement) statementRow {
	return statementRow{ID: s.ID, CustomerID: s.CustomerID, VisitID: optional(s.VisitID), ClaimID: optional(s.ClaimID), Source: s.Source, Origin: s.Origin, SaidBy: s.By, HeardBy: s.HeardBy,
		SaidOn: day(s.On), About: s.About, Topic: s.Topic, Text: s.Text, Side: s.Side, Asked: s.Asked, CheckedOn: day(s.Checked), OverOn: day(s.Over),
		Withdrawn: day(s.Withdrawn), WithdrawnBy: s.WithdrawnBy, Why: s.Why, Version: s.Version + 1}
}

func (r statementRow) statement() flow.KeptStatement {
	return flow.KeptStatement{Origin: r.Origin, Withdrawn: slot.Date(r.Withdrawn), WithdrawnBy: r.WithdrawnBy, Why: r.Why, Version: r.Version,
		Statement: insight.Statement{ID: r.ID, CustomerID: r.CustomerID, VisitID: string(r.VisitID), ClaimID: string(r.ClaimID), Source: r.Source, By: r.SaidBy, HeardBy: r.HeardBy,
			On: slot.Date(r.SaidOn), About: r.About, Topic: r.Topic, Text: r.Text, Side: r.Side, Asked: r.Asked, Checked: slot.Date(r.CheckedOn), Over: slot.Date(r.OverOn)}}
}

// statements implements flow.Statements.
type statements struct{ *unit }

func (s statements) Get(id string) (flow.KeptStatement, error) {
	var r statementRow
	err := s.db.Where("id = ?", id).Take(&r).Error
	return r.statement(), s.one(err, "statement")
}

func (s statements) Find(q flow.StatementQuery) ([]flow.KeptStatement, error) {
	db := s.db.Order("said_on DESC, id")
	for column, id := range map[string]string{"claim_id": q.ClaimID, "customer_id": q.CustomerID, "visit_id": q.VisitID} {
		if id != "" {
			db = db.Where(column+" = ?", id)
		}
	}
	if q.Claimed {
		db = db.Where("claim_id IS NOT NULL")
	}
	if q.Loose {
		db = db.Where("claim_id IS NULL")
	}
	if q.Standing {
		db = db.Where("withdrawn = ''")
	}
	if q.Limit > 0 {
		db = db.Limit(q.Limit)
	}
	var rows []statementRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, s.fail(err)
	}
	return each(rows, statementRow.statement), nil
}

func (s statements) Save(all ...*flow.KeptStatement) error {
	if err := s.stampClaims(all); err != nil {
		return err
	}
	if err := saveAll(s.unit, "statement", "id", 20, each(all, toStatementRow)); err != nil {
		return err
	}
	for _, x := range all {
		s.raise(&x.Version)
	}
	return nil
}

// stampClaims counts the write of statements for their claims, those of before too.
func (s statements) stampClaims(all []*flow.KeptStatement) error {
	var kept []string
	for _, x := range all {
		s.stamp(x.ClaimID)
		if x.Version > 0 {
			kept = append(kept, x.ID)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	var before []string
	in, arg := s.in("id", kept)
	err := s.db.Model(&statementRow{}).Where(in, arg).Where("claim_id IS NOT NULL").Distinct().Pluck("claim_id", &before).Error
	s.stamp(before...)
	return s.fail(err)
}

// sayings implements flow.Sayings.
type sayings struct{ *unit }

func (s sayings) Of(claimIDs ...string) ([]insight.Statement, error) {
	db := s.db.Model(&statementRow{}).Select("id, customer_id, claim_id, source, said_by, heard_by, said_on, side, asked, checked_on, over_on").
		Where("claim_id IS NOT NULL AND withdrawn = ''")
	if len(claimIDs) > 0 {
		in, arg := s.in("claim_id", claimIDs)
		db = db.Where(in, arg)
	}
	rows, err := db.Rows()
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	var out []insight.Statement
	for rows.Next() {
		var x insight.Statement
		var on, checked, over day
		if err := rows.Scan(&x.ID, &x.CustomerID, &x.ClaimID, &x.Source, &x.By, &x.HeardBy, &on, &x.Side, &x.Asked, &checked, &over); err != nil {
			return nil, s.fail(err)
		}
		x.On, x.Checked, x.Over = slot.Date(on), slot.Date(checked), slot.Date(over)
		out = append(out, x)
	}
	return out, s.fail(rows.Err())
}

func (s sayings) Last() ([]slot.Date, error) {
	rows, err := s.db.Raw("SELECT MAX(date) AS latest FROM visits WHERE state = 'held' GROUP BY customer_id ORDER BY 1").Rows()
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	var out []slot.Date
	for rows.Next() {
		var d day
		if err := rows.Scan(&d); err != nil {
			return nil, s.fail(err)
		}
		out = append(out, slot.Date(d))
	}
	return out, s.fail(rows.Err())
}
