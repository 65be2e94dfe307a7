package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ClaimRow is a claim with what it rests on.
type ClaimRow struct {
	KeptClaim
	Evidence insight.Evidence
}

// ClaimsView is what we believe to have heard.
type ClaimsView struct {
	Claims  []ClaimRow      // open ones, ranked
	Closed  []ClaimRow      // the newest first
	Loose   []StatementView // of no claim yet, newest first, at most looseShown
	Base    string          // which draw the shares refer to; "" where nobody was drawn
	MayMake bool
	Stale   int // days after which what was said has to be said again
	Today   slot.Date
}

// ClaimView is one claim with everything behind its numbers.
type ClaimView struct {
	ClaimRow
	Statements     []StatementView // newest first, withdrawn ones last
	Voices         []VoiceView
	Contradictions []insight.Contradiction
	Next           []NeedView
	Again          []StatementView // the customer has to be asked again
	Customers      map[string]string
	MadeName       string
	Recent         []HeldVisit // at which something may have been said, newest first; for who may make claims
	Base           string
	MayMake        bool
	Today          slot.Date
}

// VoiceView is one customer's part in a claim, with its name and group.
type VoiceView struct {
	insight.Voice
	Customer string
	Group    string // "" where it has no place in the selection
}

// HeldVisit names a visit that was held.
type HeldVisit struct {
	ID       string
	Customer string
	On       slot.Date
}

// NeedView is a group in which a claim should be asked next.
type NeedView struct {
	insight.Need
	Label string
}

const (
	looseShown  = 50
	recentShown = 100
	nextShown   = 10 // answers that a claim proposes to ask for
	mostClaims  = 500
)

// Claims lists the claims: by the lower end of what may hold, those that are no finding
// last.
func (f *Flow) Claims(ctx context.Context, a access.Actor) (ClaimsView, error) {
	if err := access.Require(a, access.SeeClaims, access.Subject{}); err != nil {
		return ClaimsView{}, err
	}
	return read(ctx, f, func(tx Tx) (ClaimsView, error) {
		w := ClaimsView{Today: f.todayFor(a), MayMake: access.Decide(a, access.MakeClaim, access.Subject{}).Allowed}
		set, err := statementSettings(tx)
		if err != nil {
			return w, err
		}
		x, err := f.claimed(tx, f.todayFor(a))
		if err != nil {
			return w, err
		}
		w.Base, w.Stale = x.base, set.StaleDays
		w.Claims, w.Closed = x.ranked()
		loose, err := tx.Statements.Find(StatementQuery{Loose: true, Standing: true, Limit: looseShown})
		if err != nil {
			return w, err
		}
		w.Loose, err = f.statementViews(tx, a, loose)
		return w, err
	})
}

// ranked gives the open claims in their order, and the closed ones.
func (x claimed) ranked() (open, closed []ClaimRow) {
	byID := map[string]ClaimRow{}
	var list []insight.Evidence
	for _, r := range x.rows {
		if !r.Closed.IsZero() {
			closed = append(closed, r)
			continue
		}
		byID[r.ID] = r
		list = append(list, r.Evidence)
	}
	insight.Rank(list)
	for _, e := range list {
		open = append(open, byID[e.ClaimID])
	}
	return open, closed
}

// Claim gives one claim with the rows behind its numbers.
func (f *Flow) Claim(ctx context.Context, a access.Actor, id string) (ClaimView, error) {
	if err := access.Require(a, access.SeeClaims, access.Subject{}); err != nil {
		return ClaimView{}, err
	}
	return read(ctx, f, func(tx Tx) (ClaimView, error) { return f.claimView(tx, a, id) })
}

func (f *Flow) claimView(tx Tx, a access.Actor, id string) (ClaimView, error) {
	w := ClaimView{Today: f.todayFor(a), Customers: map[string]string{}, MayMake: access.Decide(a, access.MakeClaim, access.Subject{}).Allowed}
	if _, err := tx.Claims.Get(id); err != nil {
		return w, err
	}
	x, err := f.claimed(tx, f.todayFor(a))
	if err != nil {
		return w, err
	}
	w.Base = x.base
	w.ClaimRow = x.rows[slices.IndexFunc(x.rows, func(r ClaimRow) bool { return r.ID == id })]
	all, err := tx.Statements.Find(StatementQuery{ClaimID: id})
	if err != nil {
		return w, err
	}
	if w.Statements, err = f.statementViews(tx, a, all); err != nil {
		return w, err
	}
	group := func(customerID string) string { return x.groups[x.frame.Places[customerID].Stratum] }
	for i, s := range w.Statements {
		w.Statements[i].Group = group(s.CustomerID)
		w.Customers[s.CustomerID] = s.Customer
		if s.Stale {
			w.Again = append(w.Again, w.Statements[i])
		}
	}
	slices.SortStableFunc(w.Statements, func(x, y StatementView) int { return min(int(x.Withdrawn), 1) - min(int(y.Withdrawn), 1) })
	for _, v := range w.Evidence.Voices {
		w.Voices = append(w.Voices, VoiceView{v, w.Customers[v.CustomerID], group(v.CustomerID)})
	}
	standing := slices.DeleteFunc(slices.Clone(all), func(k KeptStatement) bool { return !k.Withdrawn.IsZero() })
	w.Contradictions = insight.Contradictions(id, plainStatements(standing))
	if w.Closed.IsZero() {
		for _, n := range insight.NextStrata(w.Evidence, x.frame, nextShown) {
			w.Next = append(w.Next, NeedView{n, x.groups[n.Stratum]})
		}
	}
	people, err := everybody(tx)
	if err != nil {
		return w, err
	}
	w.MadeName = people[w.MadeBy].Name
	if w.MayMake {
		w.Recent, err = recent(tx, w.Today)
	}
	return w, err
}

// recent gives the visits that were held in the last year, newest first, at most
// recentShown.
func recent(tx Tx, today slot.Date) ([]HeldVisit, error) {
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held, visit.Debriefed}, From: today.Add(-365), To: today.Add(1), Limit: recentShown, Newest: true, Bare: true})
	if err != nil {
		return nil, err
	}
	customers, err := customersOf(tx, visits)
	if err != nil {
		return nil, err
	}
	out := make([]HeldVisit, 0, len(visits))
	for _, v := range visits {
		out = append(out, HeldVisit{v.ID, customers[v.CustomerID].Name, v.Slot.Date})
	}
	return out, nil
}

// MakeClaim makes a claim that statements can be put to. For the VP.
func (f *Flow) MakeClaim(ctx context.Context, a access.Actor, k Key, words, topic string) (ClaimView, error) {
	if err := access.Require(a, access.MakeClaim, access.Subject{}); err != nil {
		return ClaimView{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		c := KeptClaim{Claim: insight.Claim{ID: f.NewID()}, MadeBy: a.PersonID, MadeAt: f.Now().UTC()}
		all, err := tx.Claims.All()
		if err != nil {
			return "", err
		}
		if len(all) >= mostClaims {
			return "", fault.Conflictf("There are %d claims already. Nobody can hold on to more.", len(all))
		}
		return c.ID, f.saveClaim(tx, a, &c, "make claim", words, topic)
	})
	if err != nil {
		return ClaimView{}, err
	}
	return f.Claim(ctx, a, id)
}

// EditClaim changes the words of a claim. Errors: NotFound; Stale; Conflict where it is
// closed, or where statements stand to the words as they are.
func (f *Flow) EditClaim(ctx context.Context, a access.Actor, id string, version int, words, topic string) (ClaimView, error) {
	return f.changeClaim(ctx, a, id, version, func(tx Tx, c *KeptClaim) error {
		if !c.Closed.IsZero() {
			return fault.Conflictf("This claim was closed on %s.", c.Closed)
		}
		if clean(words) != c.Text {
			backed, err := tx.Statements.Find(StatementQuery{ClaimID: c.ID, Standing: true, Limit: 1})
			if err != nil {
				return err
			}
			if len(backed) > 0 {
				return fault.Conflictf("Customers were heard on this claim as it stands. Make a new one instead of putting other words into their mouths.")
			}
		}
		return f.saveClaim(tx, a, c, "edit claim", words, topic)
	})
}

// CloseClaim closes a claim, with a reason, or opens it again.
func (f *Flow) CloseClaim(ctx context.Context, a access.Actor, id string, version int, closed bool, why string) (ClaimView, error) {
	why, err := text("why", why, mostWords)
	if err != nil {
		return ClaimView{}, err
	}
	return f.changeClaim(ctx, a, id, version, func(tx Tx, c *KeptClaim) error {
		action := "open claim"
		if c.Closed, c.ClosedBy, c.Why = 0, "", ""; closed {
			if why == "" {
				return fault.Invalidf("Say why the claim is closed.").With(fault.Detail{Where: "why", Expected: "a reason in a few words"})
			}
			action, c.Closed, c.ClosedBy, c.Why = "close claim", f.todayFor(a), a.PersonID, why
		}
		return f.saveClaim(tx, a, c, action, c.Text, c.Topic)
	})
}

func (f *Flow) changeClaim(ctx context.Context, a access.Actor, id string, version int, do func(Tx, *KeptClaim) error) (ClaimView, error) {
	if err := access.Require(a, access.MakeClaim, access.Subject{}); err != nil {
		return ClaimView{}, err
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		c, err := tx.Claims.Get(id)
		if err != nil {
			return err
		}
		if c.Version != version {
			return fault.Stalef("Somebody has changed this claim meanwhile. Look at it again.")
		}
		return do(tx, &c)
	})
	if err != nil {
		return ClaimView{}, err
	}
	return f.Claim(ctx, a, id)
}

func clean(s string) string { return strings.Join(strings.Fields(s), " ") }

func (f *Flow) saveClaim(tx Tx, a access.Actor, c *KeptClaim, action, words, topic string) error {
	c.Text, c.Topic = clean(words), clean(topic)
	if err := c.Check(); err != nil {
		return err
	}
	if err := tx.Claims.Save(c); err != nil {
		return err
	}
	return f.audit(tx, a, action, "claim/"+c.ID, nil)
}

// Findings gives what may leave the house as a finding: the one claim that is named, or
// all that reach so far. Errors: NotFound; Conflict where the one that is named is below
// the minimum or closed.
func (f *Flow) Findings(ctx context.Context, a access.Actor, id string) ([]ClaimRow, error) {
	if err := access.Require(a, access.SeeClaims, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]ClaimRow, error) {
		x, err := f.claimed(tx, f.todayFor(a))
		if err != nil {
			return nil, err
		}
		var out []ClaimRow
		open, closed := x.ranked()
		for _, r := range open {
			bad := r.Evidence.CheckExport()
			if r.ID == id && bad != nil {
				return nil, bad
			}
			if bad == nil && (id == "" || r.ID == id) {
				out = append(out, r)
			}
		}
		for _, r := range closed {
			if r.ID == id {
				return nil, fault.Conflictf("This claim was closed on %s: %s", r.Closed, r.Why)
			}
		}
		if id != "" && len(out) == 0 {
			return nil, fault.NotFoundf("There is no such claim.")
		}
		return out, nil
	})
}
