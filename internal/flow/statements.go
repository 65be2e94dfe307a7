package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// StatementInput is what somebody adds beside the debriefs. What was said needs the
// visit at which it was said; a guess needs the customer.
type StatementInput struct {
	Source     insight.Source
	VisitID    string
	CustomerID string // of a guess without a visit
	By         string // who said it; "" for a guess
	Text       string
	Topic      string
	About      insight.About
	ClaimID    string // "" where it stands for itself
	Side       insight.Side
	Asked      bool
}

// noLonger is why a statement is withdrawn that a debrief or memo no longer holds.
const noLonger = "It is no longer in what was written of the visit."

// keepStatements lets the statements that a debrief or the answers to a memo hold
// follow them, in the transaction that writes those. What people added on the claims'
// page (topic, claim, side) stays where the list does not say otherwise. What came from
// the same origin and is no longer in the list is withdrawn; it stays on record. Errors:
// Invalid where one names a claim that does not exist.
func (f *Flow) keepStatements(tx Tx, a access.Actor, v visit.Visit, origin StatementOrigin, said []insight.Statement) error {
	before, err := tx.Statements.Find(StatementQuery{VisitID: v.ID})
	if err != nil {
		return err
	}
	var save []*KeptStatement
	named := map[string]bool{}
	for _, s := range said {
		s.ID = strings.ReplaceAll(s.ID, "/", "-") // it stands in addresses
		named[s.ID] = true
		s.Side = cmp.Or(s.Side, insight.Neither)
		i := slices.IndexFunc(before, func(b KeptStatement) bool { return b.ID == s.ID })
		if s.ClaimID != "" && (i < 0 || before[i].ClaimID != s.ClaimID) {
			if err := claimFor(tx, "said", s.ClaimID); err != nil {
				return err
			}
		}
		if i < 0 {
			save = append(save, &KeptStatement{Statement: s, Origin: origin})
			continue
		}
		k := before[i]
		b := k.Statement
		s.Topic, s.Checked, s.Over = cmp.Or(s.Topic, b.Topic), max(s.Checked, b.Checked), max(s.Over, b.Over)
		if s.ClaimID == "" {
			s.ClaimID, s.Side, s.Asked = b.ClaimID, b.Side, b.Asked
		}
		if s.Source == insight.Guessed {
			s.Asked = false
		}
		again := !k.Withdrawn.IsZero() && k.Origin == origin && k.Why == noLonger // what somebody withdrew stays so
		if s == b && !again {
			continue
		}
		if again {
			k.Withdrawn, k.WithdrawnBy, k.Why = 0, "", ""
		}
		k.Statement = s
		save = append(save, &k)
	}
	for _, b := range before {
		if b.Origin == origin && !named[b.ID] && b.Withdrawn.IsZero() {
			b.Withdrawn, b.WithdrawnBy, b.Why = max(f.today(v.Zone), b.On), a.PersonID, noLonger
			save = append(save, &b)
		}
	}
	return tx.Statements.Save(save...)
}

// claimFor refuses statements for a claim that does not exist or is closed.
func claimFor(tx Tx, where, id string) error {
	c, err := tx.Claims.Get(id)
	if fault.Is(err, fault.NotFound) || err == nil && !c.Closed.IsZero() {
		return fault.Invalidf("The statement cannot be kept.").With(fault.Detail{Where: where, Value: fault.Short(id), Expected: "a claim that is not closed"})
	}
	return err
}

// AddStatement adds what a customer said at a visit that was held, or what we guess.
// For the VP, the account's host, and of a visit the executive too. Errors: NotFound for
// a visit or customer that the actor may not see; Conflict for a visit that was not
// held; Invalid.
func (f *Flow) AddStatement(ctx context.Context, a access.Actor, in StatementInput) (StatementView, error) {
	if err := signedIn(a); err != nil {
		return StatementView{}, err
	}
	s := insight.Statement{ID: f.NewID(), Source: in.Source, By: strings.TrimSpace(in.By), Text: strings.TrimSpace(in.Text), Topic: strings.TrimSpace(in.Topic), About: in.About,
		ClaimID: in.ClaimID, Side: cmp.Or(in.Side, insight.Neither), Asked: in.Asked, VisitID: in.VisitID, CustomerID: in.CustomerID, HeardBy: a.PersonID}
	return f.changeStatement(ctx, a, "add statement", func(tx Tx) (KeptStatement, error) {
		k := KeptStatement{Origin: ByHand}
		today := f.todayFor(a)
		s.On = today
		switch {
		case s.VisitID != "":
			v, err := visible(tx, a, s.VisitID)
			if err != nil {
				return k, err
			}
			if err := access.Require(a, access.DebriefVisit, about(v)); err != nil {
				return k, err
			}
			if !v.State.Happened() {
				return k, fault.Conflictf("The visit is %s. Nobody has said anything at it.", v.State)
			}
			s.CustomerID, s.On, today = v.CustomerID, v.Slot.Date, f.today(v.Zone)
		case s.CustomerID != "":
			c, err := tx.Customers.Get(s.CustomerID)
			if fault.Is(err, fault.NotFound) || err == nil && !access.Decide(a, access.KeepStatement, access.Subject{HostID: c.HostID}).Allowed {
				return k, fault.NotFoundf("There is no such customer.")
			}
			if err != nil {
				return k, err
			}
		}
		if err := s.Check(today); err != nil {
			return k, err
		}
		if s.ClaimID != "" {
			if err := claimFor(tx, "claim", s.ClaimID); err != nil {
				return k, err
			}
		}
		k.Statement = s
		return k, nil
	})
}

// AttachStatement says what a statement means for a claim: that the customer backs or
// denies it, or was asked and does neither. claimID "" takes it away from its claim. For
// the VP. Errors: NotFound; Stale; Invalid.
func (f *Flow) AttachStatement(ctx context.Context, a access.Actor, id string, version int, claimID string, side insight.Side, asked bool) (StatementView, error) {
	if err := access.Require(a, access.MakeClaim, access.Subject{}); err != nil {
		return StatementView{}, err
	}
	return f.changeStatement(ctx, a, "attach statement", func(tx Tx) (KeptStatement, error) {
		s, err := f.changeable(tx, a, id, version)
		if err != nil {
			return s, err
		}
		s.ClaimID, s.Side, s.Asked = claimID, cmp.Or(side, insight.Neither), asked
		if claimID == "" {
			s.Side, s.Asked = insight.Neither, false
		} else if err := claimFor(tx, "claim", claimID); err != nil {
			return s, err
		}
		return s, s.Check(max(f.todayFor(a), s.On, s.Checked, s.Over))
	})
}

// StatementStep is what becomes of a statement.
type StatementStep string

const (
	StatementHolds     StatementStep = "holds"    // the customer says that it still holds
	StatementOver      StatementStep = "over"     // the customer says that it holds no more
	StatementWithdrawn StatementStep = "withdraw" // ours: it was never said, or not so
)

// StepStatement writes down what became of a statement, today. why says why it is
// withdrawn. For the VP and the host of the account. Errors: NotFound; Stale; Conflict
// for a guess that is said to hold, since only a customer's word could.
func (f *Flow) StepStatement(ctx context.Context, a access.Actor, id string, version int, step StatementStep, why string) (StatementView, error) {
	why, err := text("why", why, mostWords)
	if err != nil {
		return StatementView{}, err
	}
	if err := signedIn(a); err != nil {
		return StatementView{}, err
	}
	return f.changeStatement(ctx, a, string(step)+" statement", func(tx Tx) (KeptStatement, error) {
		s, err := f.changeable(tx, a, id, version)
		if err != nil {
			return s, err
		}
		today := max(f.todayFor(a), s.On)
		switch step {
		case StatementHolds:
			if s.Source == insight.Guessed {
				return s, fault.Conflictf("This is our guess. Add what the customer said about it, and who said so.")
			}
			s.Checked, s.Over = today, 0
		case StatementOver:
			s.Over = today
		case StatementWithdrawn:
			if why == "" {
				return s, fault.Invalidf("Say why it is withdrawn.").With(fault.Detail{Where: "why", Expected: "a reason in a few words"})
			}
			s.Withdrawn, s.WithdrawnBy, s.Why = today, a.PersonID, why
		default:
			return s, fault.Invalidf("This is not a step.").With(fault.Detail{Where: "step", Value: fault.Short(string(step)), Expected: "holds, over or withdraw"})
		}
		return s, nil
	})
}

// changeable gives a statement that the actor may change and that was not withdrawn.
func (f *Flow) changeable(tx Tx, a access.Actor, id string, version int) (KeptStatement, error) {
	s, err := tx.Statements.Get(id)
	if err != nil {
		return s, err
	}
	c, err := tx.Customers.Get(s.CustomerID)
	if err != nil {
		return s, err
	}
	switch {
	case !access.Decide(a, access.KeepStatement, access.Subject{HostID: c.HostID}).Allowed:
		return s, fault.NotFoundf("There is no such statement.")
	case s.Version != version:
		return s, fault.Stalef("Somebody has changed this statement meanwhile. Look at it again.")
	case !s.Withdrawn.IsZero():
		return s, fault.Conflictf("This statement was withdrawn on %s.", s.Withdrawn)
	}
	return s, nil
}

func (f *Flow) changeStatement(ctx context.Context, a access.Actor, action string, do func(Tx) (KeptStatement, error)) (StatementView, error) {
	var out StatementView
	err := f.Store.Write(ctx, func(tx Tx) error {
		s, err := do(tx)
		if err != nil {
			return err
		}
		if err := tx.Statements.Save(&s); err != nil {
			return err
		}
		views, err := f.statementViews(tx, a, []KeptStatement{s})
		if err != nil {
			return err
		}
		out = views[0]
		return f.audit(tx, a, action, "statement/"+s.ID, map[string]any{"source": s.Source, "claim": s.ClaimID, "side": s.Side, "asked": s.Asked})
	})
	return out, err
}

// proposedQuestions gives what to ask at a coming visit: what this customer said so long
// ago that it has to be said again, and the weakest claims that it was not asked about.
func (f *Flow) proposedQuestions(tx Tx, a access.Actor, v visit.Visit) ([]insight.Question, error) {
	kept, err := tx.Statements.Find(StatementQuery{CustomerID: v.CustomerID, Standing: true})
	if err != nil {
		return nil, err
	}
	on := max(v.Slot.Date, f.today(v.Zone))
	set, err := statementSettings(tx)
	if err != nil {
		return nil, err
	}
	again := insight.Recheck(a.Style, v.CustomerID, plainStatements(kept), on, set.StaleDays)
	again = again[:min(len(again), insight.QuestionsPerBrief)]
	x, err := f.claimed(tx, f.today(v.Zone))
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(slices.Clone(x.rows), func(r ClaimRow) bool { return !r.Closed.IsZero() })
	claims, evidence := make([]insight.Claim, len(open)), make([]insight.Evidence, len(open))
	for i, r := range open {
		claims[i], evidence[i] = r.Claim, r.Evidence
	}
	return append(again, insight.Ask(v.CustomerID, claims, evidence, x.frame, insight.QuestionsPerBrief)...), nil
}

func plainStatements(kept []KeptStatement) []insight.Statement {
	out := make([]insight.Statement, len(kept))
	for i, k := range kept {
		out[i] = k.Statement
	}
	return out
}

// StatementView is a statement with whom it is of, and what the actor may do about it.
type StatementView struct {
	KeptStatement
	Customer  string
	HeardName string
	Group     string // label of the customer's group in the selection; "" where it has none
	Stale     bool   // the customer has to be asked again
	MayChange bool
	Today     slot.Date
}

func (f *Flow) statementViews(tx Tx, a access.Actor, kept []KeptStatement) ([]StatementView, error) {
	if len(kept) == 0 {
		return nil, nil
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	set, err := statementSettings(tx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range kept {
		ids = append(ids, s.CustomerID)
	}
	slices.Sort(ids)
	customers, err := customersByID(tx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	out := make([]StatementView, len(kept))
	for i, s := range kept {
		c := customers[s.CustomerID]
		w := StatementView{KeptStatement: s, Customer: c.Name, HeardName: people[s.HeardBy].Name, Today: f.todayFor(a)}
		w.Stale = s.Withdrawn.IsZero() && s.Over.IsZero() && s.Statement.Stale(w.Today, set.StaleDays)
		w.MayChange = s.Withdrawn.IsZero() && access.Decide(a, access.KeepStatement, access.Subject{HostID: c.HostID}).Allowed
		out[i] = w
	}
	return out, nil
}
