package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// Trail gives the audit trail, newest first; for the administrator. Error: Invalid for a
// period that ends before it begins.
func (f *Flow) Trail(ctx context.Context, a access.Actor, q EntryQuery) (rows []Entry, next string, err error) {
	if err := access.Require(a, access.SeeAudit, access.Subject{}); err != nil {
		return nil, "", err
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return nil, "", fault.Invalidf("This period cannot be shown.").With(fault.Detail{Where: "to", Expected: "a day on or after the first one"})
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	err = f.Store.Read(ctx, func(tx Tx) error {
		rows, next, err = tx.Ledger.Entries(q)
		return err
	})
	return rows, next, err
}

// TrailCheck is what a walk along the audit trail has shown.
type TrailCheck struct {
	Entries  int64     `json:"entries"`
	BrokenAt int64     `json:"broken_at"` // number of the first entry that is not as it was written; 0 where all are
	At       time.Time `json:"at"`        // of the walk; zero where there was none yet
}

// trailSetting is the name under which the last walk is stored.
const trailSetting = "audit check"

// CheckTrail walks along the audit trail and says whether it is unbroken; the result is
// kept. For the administrator.
func (f *Flow) CheckTrail(ctx context.Context, a access.Actor) (TrailCheck, error) {
	if err := access.Require(a, access.SeeAudit, access.Subject{}); err != nil {
		return TrailCheck{}, err
	}
	c, err := read(ctx, f, func(tx Tx) (c TrailCheck, err error) {
		c.At = f.Now().UTC()
		c.Entries, c.BrokenAt, err = tx.Ledger.Verify()
		return c, err
	})
	if err != nil {
		return c, err
	}
	return c, f.Store.Write(ctx, func(tx Tx) error {
		b, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(trailSetting, string(b)); err != nil {
			return err
		}
		return f.audit(tx, a, "check audit trail", "audit", map[string]int64{"entries": c.Entries, "broken at": c.BrokenAt})
	})
}

// Sentence says it for people.
func (c TrailCheck) Sentence() string {
	switch {
	case c.At.IsZero():
		return "The chain has not been checked yet."
	case c.BrokenAt > 0:
		return fmt.Sprintf("The chain is broken at entry %d: it is not as it was written.", c.BrokenAt)
	case c.Entries == 1:
		return "The chain of 1 entry is unbroken."
	}
	return fmt.Sprintf("The chain of %s entries is unbroken.", grouped(c.Entries))
}

// grouped writes 12345 as 12,345.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
