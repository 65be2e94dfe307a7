package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	busyStamp   = "busy"   // counts what calendars were read to say otherwise
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
	stale  int
	frames []*claimFrame // the latest used last
	held   int64
	known  bool // last is as of held
	last   []slot.Date
}

// claimFrame is a draw with the evidence that was weighed against it. Readers in different
// zones have different days, which differ in what is stale: each has its own evidence.
type claimFrame struct {
	base    string
	frame   insight.Frame
	groups  map[string]string
	selName string
	days    map[slot.Date]map[string]weighed
}

// Two days or three are somewhere on earth at the same time, in two years at most.
const (
	daysWeighed = 3
	framesKept  = 2
)

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
// all. today is that of who looks. Only what was said or drawn since the last look is
// reckoned anew. It must not be called in a transaction that writes.
func (f *Flow) claimed(tx Tx, today slot.Date) (claimed, error) {
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
	place := f.claims.place("")
	place.mu.Lock()
	defer place.mu.Unlock()
	m := &place.view
	if m.stale != set.StaleDays {
		m.stale, m.frames = set.StaleDays, nil
	}
	at, err := m.at(tx, today)
	if err != nil {
		return claimed{}, err
	}
	now := at.day(today)
	if err := m.refresh(tx, at, today, claims, stamps); err != nil {
		return claimed{}, err
	}
	x := claimed{frame: at.frame, base: at.selName, groups: at.groups, stale: m.stale, rows: make([]ClaimRow, len(claims))}
	for i, c := range claims {
		w := now[c.ID]
		since := slot.DateOf(c.MadeAt, time.UTC)
		if !w.first.IsZero() {
			since = min(since, w.first)
		}
		n, _ := slices.BinarySearch(m.last, since)
		x.rows[i] = ClaimRow{c, w.evidence.Retell(len(m.last)-n, m.stale)}
	}
	return x, nil
}

// at gives the draw that claims are weighed against on a day.
func (m *claimMemory) at(tx Tx, today slot.Date) (*claimFrame, error) {
	draws, err := tx.Selections.ByYear(today.Year())
	if err != nil {
		return nil, err
	}
	if len(draws) == 0 {
		if draws, err = tx.Selections.ByYear(0); err != nil {
			return nil, err
		}
	}
	base := ""
	if len(draws) > 0 {
		base = fmt.Sprintf("%s/%d", draws[0].ID, draws[0].Version)
	}
	if i := slices.IndexFunc(m.frames, func(x *claimFrame) bool { return x.base == base }); i >= 0 {
		x := m.frames[i]
		m.frames = append(slices.Delete(m.frames, i, i+1), x)
		return x, nil
	}
	x := &claimFrame{base: base, groups: map[string]string{}, days: map[slot.Date]map[string]weighed{},
		frame: insight.Frame{Customers: map[string]int{}, Places: map[string]insight.Place{}}}
	if len(draws) > 0 {
		if err := x.fill(tx, draws[0]); err != nil {
			return nil, err
		}
	}
	if m.frames = append(m.frames, x); len(m.frames) > framesKept {
		m.frames = slices.Delete(m.frames, 0, 1)
	}
	return x, nil
}

// day gives the evidence of a day. The first of too many days makes room.
func (x *claimFrame) day(d slot.Date) map[string]weighed {
	if x.days[d] == nil {
		if len(x.days) == daysWeighed {
			delete(x.days, slices.Min(slices.Collect(maps.Keys(x.days))))
		}
		x.days[d] = map[string]weighed{}
	}
	return x.days[d]
}

// fill brings the customers for whom claims are to hold: those of the frozen list,
// where each who was drawn stands for others of its group.
func (x *claimFrame) fill(tx Tx, s Selection) error {
	state, err := stateOf(tx, s, false)
	if err != nil {
		return err
	}
	x.selName = s.Name
	for _, st := range s.Strata {
		x.frame.Customers[st.Code], x.groups[st.Code] = st.N, st.Label
	}
	for _, c := range state.chosen() {
		if c.Stands && c.Weight > 0 {
			x.frame.Places[c.CustomerID] = insight.Place{Stratum: c.Stratum, Weight: c.Weight}
		}
	}
	return nil
}

// refresh weighs the claims to which something was said since, and those not known yet.
func (m *claimMemory) refresh(tx Tx, at *claimFrame, today slot.Date, claims []KeptClaim, stamps map[string]int64) error {
	if !m.known || m.held != stamps[heardStamp] {
		last, err := tx.Sayings.Last()
		if err != nil {
			return err
		}
		m.last, m.held, m.known = last, stamps[heardStamp], true
	}
	var old []string
	known := at.day(today)
	for _, c := range claims {
		if w, ok := known[c.ID]; !ok || w.stamp != stamps[c.ID] {
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
		w := weighed{stamp: stamps[id], evidence: insight.Weigh(insight.Claim{ID: id}, by[id], at.frame, today, m.stale)}
		for i, s := range by[id] {
			if i == 0 || s.On < w.first {
				w.first = s.On
			}
		}
		known[id] = w
	}
	return nil
}
