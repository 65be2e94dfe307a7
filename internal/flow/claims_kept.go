package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/slot"
)

// Stamps that are no claim's.
const (
	heardStamp  = "held"   // counts the visits whose outcome was written
	planStamp   = "plans"  // counts what was written of all that plans are laid out from
	rosterStamp = "roster" // counts what was written of people, customers and selections
)

// Stamps count how often something was written, so that what was reckoned from it can be
// kept until it is no longer so. They change in the transaction that writes.
type Stamps interface {
	// All gives the stamps: that of a claim, under its id, counts the writes of its
	// statements; that under "held" the writes of outcomes of visits.
	All() (map[string]int64, error)
	// One gives a stamp by its name, 0 where it was never counted. CustomersStamp counts
	// the writes of customers. That under "plans" counts the transactions that wrote to what
	// plans are laid out from: visits and bookings, people and when they are away or busy,
	// customers, selections, plans and settings; that under "roster" those of them that
	// wrote people, customers or selections.
	One(name string) (int64, error)
	// Sum is the sum of all stamps: another one as soon as anything was written that any of
	// them counts, or of promises, years accepted, claims, buying turns and what visits went through.
	Sum() (int64, error)
	// OfPlan gives by executive a text that stands for their visits of a plan: it is
	// another one as soon as one of them comes, goes or is saved.
	OfPlan(planID string) (map[string]string, error)
}

// CustomersStamp is the name of the stamp that counts the writes of customers.
const CustomersStamp = "customers"

// Sayings is what customers said to claims, without their words.
type Sayings interface {
	// Of gives the statements that stand of the claims named, of all where none is.
	Of(claimIDs ...string) ([]insight.Statement, error)
	// Last gives the dates of the latest visits that were held, one a customer, in order.
	Last() ([]slot.Date, error)
}

// weighed is a claim with its evidence as of a stamp.
type weighed struct {
	stamp    int64
	evidence insight.Evidence
	first    slot.Date // of its statements; zero where there are none
}

// claimMemory keeps what claims rest on between two looks: to weigh five hundred claims
// takes half a second, to see that nothing was said since two milliseconds. Whatever
// the evidence hangs on is in its key. Only what a reading transaction has seen goes in,
// since a writing one may yet be undone.
type claimMemory struct {
	mu      sync.Mutex
	base    string // of the frame
	frame   insight.Frame
	groups  map[string]string
	day     slot.Date
	stale   int
	claims  map[string]weighed
	held    int64
	known   bool // last is as of held
	last    []slot.Date
	selName string
}

// StatementSettings say how long what a customer said holds.
type StatementSettings struct {
	StaleDays int `json:"stale_days"` // after so many days it has to be said again
}

// Limits of StaleDays.
const (
	LeastStaleDays = 14
	MostStaleDays  = 730
)

const statementSetting = "statements"

func statementSettings(tx Tx) (StatementSettings, error) {
	s := StatementSettings{StaleDays: insight.StaleDays}
	kept, err := tx.Ledger.Setting(statementSetting)
	if err != nil || kept == "" {
		return s, err
	}
	return s, json.Unmarshal([]byte(kept), &s)
}

// StatementSettings gives the settings that hold; for those who see claims.
func (f *Flow) StatementSettings(ctx context.Context, a access.Actor) (StatementSettings, error) {
	if err := access.Require(a, access.SeeClaims, access.Subject{}); err != nil {
		return StatementSettings{}, err
	}
	return read(ctx, f, statementSettings)
}

// SetStatementSettings changes them; for the VP. Nothing that was said is lost: it only
// asks sooner or later to be said again. seen is PrintOf what was looked at, "" where
// nobody has looked. Errors: Stale.
func (f *Flow) SetStatementSettings(ctx context.Context, a access.Actor, s StatementSettings, seen string) error {
	if err := access.Require(a, access.MakeClaim, access.Subject{}); err != nil {
		return err
	}
	if s.StaleDays < LeastStaleDays || s.StaleDays > MostStaleDays {
		return fault.Invalidf("So many days make no sense.").With(fault.Detail{Where: "stale_days", Value: fmt.Sprint(s.StaleDays), Expected: fmt.Sprintf("%d to %d days", LeastStaleDays, MostStaleDays)})
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := statementSettings(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, s); err != nil {
			return err
		}
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(statementSetting, string(b)); err != nil {
			return err
		}
		return f.audit(tx, a, "change when statements are old", "settings/"+statementSetting, s)
	})
}

// claimed is all claims with their evidence, as of now.
type claimed struct {
	rows   []ClaimRow
	frame  insight.Frame // not for changing
	base   string
	groups map[string]string // code -> label
	stale  int               // days
}

// claimed weighs every claim against the newest draw of this year, else the newest of
// all. Only what was said or drawn since the last look is reckoned anew. It must not be
// called in a transaction that writes.
func (f *Flow) claimed(tx Tx) (claimed, error) {
	claims, err := tx.Claims.All()
	if err != nil || len(claims) == 0 {
		return claimed{frame: insight.Frame{Customers: map[string]int{}, Places: map[string]insight.Place{}}, groups: map[string]string{}, stale: insight.StaleDays}, err
	}
	stamps, err := tx.Stamps.All()
	if err != nil {
		return claimed{}, err
	}
	set, err := statementSettings(tx)
	if err != nil {
		return claimed{}, err
	}
	m := &f.claims
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := f.refreshFrame(tx, m, f.today("UTC"), set.StaleDays); err != nil {
		return claimed{}, err
	}
	if err := m.refresh(tx, claims, stamps); err != nil {
		return claimed{}, err
	}
	x := claimed{frame: m.frame, base: m.selName, groups: m.groups, stale: m.stale, rows: make([]ClaimRow, len(claims))}
	for i, c := range claims {
		w := m.claims[c.ID]
		since := slot.DateOf(c.MadeAt, time.UTC)
		if !w.first.IsZero() {
			since = min(since, w.first)
		}
		n, _ := slices.BinarySearch(m.last, since)
		x.rows[i] = ClaimRow{c, w.evidence.Retell(len(m.last)-n, m.stale)}
	}
	return x, nil
}

// refreshFrame forgets all evidence where the draw, the day or the settings are others.
func (f *Flow) refreshFrame(tx Tx, m *claimMemory, today slot.Date, stale int) error {
	draws, err := tx.Selections.ByYear(today.Year())
	if err != nil {
		return err
	}
	if len(draws) == 0 {
		if draws, err = tx.Selections.ByYear(0); err != nil {
			return err
		}
	}
	base := ""
	if len(draws) > 0 {
		base = fmt.Sprintf("%s/%d", draws[0].ID, draws[0].Version)
	}
	if m.claims != nil && m.base == base && m.day == today && m.stale == stale {
		return nil
	}
	m.claims, m.groups = map[string]weighed{}, map[string]string{}
	m.frame = insight.Frame{Customers: map[string]int{}, Places: map[string]insight.Place{}}
	m.base, m.day, m.stale, m.selName = "", today, stale, ""
	if len(draws) > 0 {
		if err := m.fillFrame(tx, draws[0]); err != nil {
			m.claims = nil
			return err
		}
	}
	m.base = base
	return nil
}

// fillFrame brings the customers for whom claims are to hold: those of the frozen list,
// where each who was drawn stands for others of its group.
func (m *claimMemory) fillFrame(tx Tx, s Selection) error {
	state, err := stateOf(tx, s, false)
	if err != nil {
		return err
	}
	m.selName = s.Name
	for _, st := range s.Strata {
		m.frame.Customers[st.Code], m.groups[st.Code] = st.N, st.Label
	}
	for _, c := range state.chosen() {
		if c.Stands && c.Weight > 0 {
			m.frame.Places[c.CustomerID] = insight.Place{Stratum: c.Stratum, Weight: c.Weight}
		}
	}
	return nil
}

// refresh weighs the claims to which something was said since, and those not known yet.
func (m *claimMemory) refresh(tx Tx, claims []KeptClaim, stamps map[string]int64) error {
	if !m.known || m.held != stamps[heardStamp] {
		last, err := tx.Sayings.Last()
		if err != nil {
			return err
		}
		m.last, m.held, m.known = last, stamps[heardStamp], true
	}
	var old []string
	for _, c := range claims {
		if w, ok := m.claims[c.ID]; !ok || w.stamp != stamps[c.ID] {
			old = append(old, c.ID)
		}
	}
	if len(old) == 0 {
		return nil
	}
	ask := old
	if len(old) == len(claims) {
		ask = nil
	}
	said, err := tx.Sayings.Of(ask...)
	if err != nil {
		return err
	}
	by := make(map[string][]insight.Statement, len(old))
	for _, s := range said {
		by[s.ClaimID] = append(by[s.ClaimID], s)
	}
	for _, id := range old {
		w := weighed{stamp: stamps[id], evidence: insight.Weigh(insight.Claim{ID: id}, by[id], m.frame, m.day, m.stale)}
		for i, s := range by[id] {
			if i == 0 || s.On < w.first {
				w.first = s.On
			}
		}
		m.claims[id] = w
	}
	return nil
}
