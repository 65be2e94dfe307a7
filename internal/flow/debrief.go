package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// DebriefInput is what somebody enters about a visit. Which visit, its day, and what
// the customer answered are not theirs to enter.
type DebriefInput struct {
	insight.Debrief
	// After are the keys of earlier saves of this writer whose answers were lost: what
	// they wrote, if they did, is no change by somebody else.
	After []string
}

// DebriefView is a debrief with what is around it.
type DebriefView struct {
	VisitView
	Kept     KeptDebrief // Version 0 where nobody has written any
	SavedBy  string      // name of who wrote to it last
	FiledBy  string
	MayWrite bool
	Expected []insight.Attendee // who should have been there
	Buying   visit.Buying
	Stage    string        // code of the customer's buying stage; "" where none is known
	Claims   []ClaimChoice // that what was said may back: those it backs already, then those this customer can tell most about
	Loops    []LoopView
	Memo     KeptMemo // Version 0 where there is none
	MayMemo  bool
}

// Debrief gives what came of a visit, or an empty one where nobody has said. For
// those of the visit, the VP and the CEO.
func (f *Flow) Debrief(ctx context.Context, a access.Actor, visitID string) (DebriefView, error) {
	return read(ctx, f, func(tx Tx) (DebriefView, error) {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return DebriefView{}, err
		}
		if err := access.Require(a, access.ReadDebrief, about(v)); err != nil {
			return DebriefView{}, err
		}
		w, err := f.debriefView(tx, a, v)
		if err == nil && w.MayWrite {
			w.Claims, err = f.claimChoices(tx, v, w.Kept.Said)
		}
		return w, err
	})
}

// ClaimChoice is a claim that a statement may be put to, and how many customers back it.
type ClaimChoice struct {
	ID      string
	Text    string
	Backing int  // distinct customers
	Asked   bool // this customer was to be asked about it: it stands in the brief
}

// claimsOffered is how many claims a debrief offers: who writes on a phone reads no list.
const claimsOffered = 5

// claimChoices gives the claims that a debrief offers.
func (f *Flow) claimChoices(tx Tx, v visit.Visit, said []insight.Statement) ([]ClaimChoice, error) {
	x, err := f.claimed(tx, f.today(v.Zone))
	if err != nil || len(x.rows) == 0 {
		return nil, err
	}
	brief, err := tx.Briefs.Get(v.ID)
	if err != nil {
		return nil, err
	}
	kept, err := tx.Statements.Find(StatementQuery{VisitID: v.ID, Standing: true})
	if err != nil {
		return nil, err
	}
	asked := func(r ClaimRow) bool {
		return slices.ContainsFunc(brief.Asks, func(q visit.Ask) bool { return strings.Contains(q.Text, strings.TrimRight(r.Text, ".")) })
	}
	// What is backed at this visit already comes first, then what the brief asks, then
	// what this customer can tell most about, then what is backed most.
	backed := func(r ClaimRow) bool {
		return slices.ContainsFunc(said, func(s insight.Statement) bool { return s.ClaimID == r.ID }) ||
			slices.ContainsFunc(kept, func(s KeptStatement) bool { return s.ClaimID == r.ID })
	}
	open, _ := x.ranked()
	var claims []insight.Claim
	var evidence []insight.Evidence
	for _, r := range open {
		claims, evidence = append(claims, r.Claim), append(evidence, r.Evidence)
	}
	var order []string
	for _, first := range []func(ClaimRow) bool{backed, asked} {
		for _, r := range open {
			if first(r) {
				order = append(order, r.ID)
			}
		}
	}
	for _, q := range insight.Ask(v.CustomerID, claims, evidence, x.frame, claimsOffered) {
		order = append(order, q.ClaimID)
	}
	for _, r := range open {
		order = append(order, r.ID)
	}
	var out []ClaimChoice
	for _, id := range order {
		i := slices.IndexFunc(open, func(r ClaimRow) bool { return r.ID == id })
		if slices.ContainsFunc(out, func(c ClaimChoice) bool { return c.ID == id }) || len(out) >= claimsOffered && !backed(open[i]) {
			continue
		}
		out = append(out, ClaimChoice{ID: id, Text: open[i].Text, Backing: open[i].Evidence.Backing + open[i].Evidence.Raised, Asked: asked(open[i])})
	}
	return out, nil
}

// detach takes statements away from the claims to which an earlier version of a debrief
// had put them, and this one does not.
func detach(tx Tx, v visit.Visit, before, now []insight.Statement) error {
	kept, err := tx.Statements.Find(StatementQuery{VisitID: v.ID})
	if err != nil {
		return err
	}
	var save []*KeptStatement
	for _, b := range before {
		i := slices.IndexFunc(now, func(s insight.Statement) bool { return s.ID == b.ID && s.ClaimID == "" })
		k := slices.IndexFunc(kept, func(k KeptStatement) bool { return k.ID == b.ID && k.ClaimID == b.ClaimID })
		if b.ClaimID != "" && i >= 0 && k >= 0 {
			kept[k].ClaimID, kept[k].Side, kept[k].Asked = "", insight.Neither, false
			save = append(save, &kept[k])
		}
	}
	return tx.Statements.Save(save...)
}

func (f *Flow) debriefView(tx Tx, a access.Actor, v visit.Visit) (DebriefView, error) {
	views, err := f.views(tx, a, []visit.Visit{v})
	if err != nil {
		return DebriefView{}, err
	}
	w := DebriefView{VisitView: views[0], Expected: expected(views[0])}
	if w.Kept, err = debriefOf(tx, v); err != nil {
		return w, err
	}
	people, err := everybody(tx)
	if err != nil {
		return w, err
	}
	w.SavedBy, w.FiledBy = people[w.Kept.SavedBy].Name, people[w.Kept.FiledBy].Name
	w.MayWrite = f.debriefable(v) == nil && access.Decide(a, access.DebriefVisit, about(v)).Allowed
	w.MayMemo = w.Kept.Filed && w.Kept.Held && v.State.Happened() && access.Decide(a, access.WriteMemo, about(v)).Allowed
	if w.Buying, w.Stage, err = buyingOf(tx, v.CustomerID, f.today(v.Zone)); err != nil {
		return w, err
	}
	kept, err := tx.Loops.Find(LoopQuery{VisitID: v.ID})
	if err != nil {
		return w, err
	}
	if w.Loops, err = f.loopViews(tx, a, kept); err != nil {
		return w, err
	}
	w.Memo, err = tx.Memos.Get(v.ID)
	if fault.Is(err, fault.NotFound) {
		w.Memo, err = KeptMemo{}, nil
	}
	return w, err
}

// debriefOf gives the debrief of a visit; an empty one of version 0 where nobody has
// written any.
func debriefOf(tx Tx, v visit.Visit) (KeptDebrief, error) {
	d, err := tx.Debriefs.Get(v.ID)
	if fault.Is(err, fault.NotFound) {
		d, err = KeptDebrief{Debrief: insight.Debrief{VisitID: v.ID, CustomerID: v.CustomerID, On: v.Slot.Date, Held: v.State != visit.NoShow, Kind: v.Kind,
			WithHost: v.WithHost || !v.State.Happened()}}, nil
	}
	if err != nil {
		return d, err
	}
	answer, err := tx.Debriefs.Answer(v.ID)
	d.TheirsSaid, d.SaidBy, d.SaidOn = answer.Met, answer.By, answer.On
	return d, err
}

// expected lists who should have been at a visit: ours, then the customer's.
func expected(v VisitView) []insight.Attendee {
	var out []insight.Attendee
	for i, p := range []roster.Person{v.Executive, v.Host} {
		if p.ID != "" && (i == 0 || p.ID != v.Executive.ID) {
			out = append(out, insight.Attendee{Party: insight.Us, PersonID: p.ID, Name: p.Name, Role: p.Function})
		}
	}
	contacts := v.Visit.Contacts
	if len(contacts) == 0 {
		contacts = []roster.Contact{v.Customer.Contact}
	}
	for _, c := range contacts {
		if name := cmp.Or(c.Name, c.Email); name != "" {
			out = append(out, insight.Attendee{Party: insight.Them, Name: name})
		}
	}
	return out
}

// debriefable says why nothing can be said of a visit yet, or any more.
func (f *Flow) debriefable(v visit.Visit) error {
	switch {
	case v.Start.After(f.Now()):
		return fault.Conflictf("The visit has not begun yet.")
	case !v.State.Live() && !v.State.Happened() && v.State != visit.NoShow:
		return fault.Conflictf("The visit is %s, so there is nothing to say of it.", v.State)
	}
	return nil
}

// SaveDebrief keeps a draft: answers may be missing. version is that of the debrief
// which the writer saw, 0 for none; key is made by the writer's side, anew for every
// change, so that a repeat after a lost answer changes nothing. Errors: Stale where
// somebody else has written meanwhile; Conflict where it was filed already.
func (f *Flow) SaveDebrief(ctx context.Context, a access.Actor, visitID string, version int, key string, in DebriefInput) (KeptDebrief, error) {
	return f.writeDebrief(ctx, a, visitID, version, key, in, false)
}

// FileDebrief keeps a debrief that is complete. The visit becomes held and debriefed,
// or a no-show; what was promised and asked becomes open loops, what was said becomes
// statements, and what the customer did moves its buying stage. It may be filed again
// to correct it. Errors as for SaveDebrief.
func (f *Flow) FileDebrief(ctx context.Context, a access.Actor, visitID string, version int, key string, in DebriefInput) (KeptDebrief, error) {
	return f.writeDebrief(ctx, a, visitID, version, key, in, true)
}

func (f *Flow) writeDebrief(ctx context.Context, a access.Actor, visitID string, version int, key string, in DebriefInput, file bool) (KeptDebrief, error) {
	key, err := text("key", key, 100)
	if err != nil {
		return KeptDebrief{}, err
	}
	if in.Words, err = text("words", in.Words, 500); err != nil {
		return KeptDebrief{}, err
	}
	var kept KeptDebrief
	err = f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.DebriefVisit, about(v)); err != nil {
			return err
		}
		if err := f.debriefable(v); err != nil {
			return err
		}
		if kept, err = debriefOf(tx, v); err != nil {
			return err
		}
		if key != "" && kept.SaveKey == key && kept.SavedBy == a.PersonID && kept.Filed == file {
			return nil // the answer to the same request was lost on its way
		}
		own := kept.SavedBy == a.PersonID && kept.SaveKey != "" && slices.Contains(in.After, kept.SaveKey)
		if kept.Version != version && !own {
			return fault.Stalef("Somebody else has written this debrief meanwhile.")
		}
		if kept.Filed && !file {
			return fault.Conflictf("This debrief was filed already. Send it again to correct it.")
		}
		clean, err := f.cleanDebrief(tx, a, v, kept.Debrief, in.Debrief)
		if err != nil {
			return err
		}
		buying, _, err := buyingOf(tx, v.CustomerID, f.today(v.Zone))
		if err != nil {
			return err
		}
		check := clean.CheckDraft
		if file {
			check = clean.Check
		}
		if err := check(f.today(v.Zone), buying); err != nil {
			return err
		}
		before := kept.Debrief
		kept.Debrief, kept.SaveKey, kept.SavedBy, kept.SavedAt = clean, key, a.PersonID, f.Now().UTC()
		if file {
			kept.Filed, kept.FiledBy, kept.FiledAt = true, a.PersonID, kept.SavedAt
		}
		if err := tx.Debriefs.Save(&kept); err != nil || !file {
			return err
		}
		if err := detach(tx, v, before.Said, clean.Said); err != nil {
			return err
		}
		return f.follow(tx, a, v, clean, in)
	})
	return kept, err
}

// cleanDebrief brings what somebody entered to the form in which it is kept. What is
// empty throughout is left out; what is not for people to enter is set.
func (f *Flow) cleanDebrief(tx Tx, a access.Actor, v visit.Visit, before, in insight.Debrief) (insight.Debrief, error) {
	in.VisitID, in.CustomerID, in.On = v.ID, v.CustomerID, v.Slot.Date
	in.TheirsSaid, in.SaidBy, in.SaidOn = before.TheirsSaid, before.SaidBy, before.SaidOn
	in.NextAction, in.More, in.Notes = strings.TrimSpace(in.NextAction), strings.TrimSpace(in.More), strings.TrimSpace(in.Notes)
	in.Questions, in.Information = filledLines(in.Questions), filledLines(in.Information)
	if _, err := visit.ParseCode(visit.NoShow, string(in.Code)); err != nil && in.Code != "" {
		if !in.Held {
			return in, err
		}
		in.Code = ""
	}
	var said []insight.Statement
	for _, s := range in.Said {
		s.By, s.Text, s.Topic = strings.TrimSpace(s.By), strings.TrimSpace(s.Text), strings.TrimSpace(s.Topic)
		if s.Text == "" && s.ClaimID == "" {
			continue
		}
		s.Source = cmp.Or(s.Source, insight.Said)
		if s.Source == insight.Guessed {
			s.By = "" // a guess is ours
		}
		s.CustomerID, s.VisitID, s.HeardBy, s.On, s.Side = v.CustomerID, v.ID, a.PersonID, v.Slot.Date, cmp.Or(s.Side, insight.Neither)
		s.Checked, s.Over = 0, 0
		i := slices.IndexFunc(before.Said, func(b insight.Statement) bool { return s.ID != "" && b.ID == s.ID })
		switch {
		case i < 0 || slices.ContainsFunc(said, func(x insight.Statement) bool { return x.ID == s.ID }):
			s.ID = f.NewID()
		default: // who heard it first stays
			s.HeardBy = before.Said[i].HeardBy
		}
		said = append(said, s)
	}
	in.Said = said
	var promises []insight.Commitment
	for _, c := range in.Commitments {
		if c.Who, c.What = strings.TrimSpace(c.Who), strings.TrimSpace(c.What); c.Who != "" || c.What != "" || !c.By.IsZero() {
			promises = append(promises, c)
		}
	}
	in.Commitments = promises
	people, err := everybody(tx)
	if err != nil {
		return in, err
	}
	var present []insight.Attendee
	for _, x := range in.Present {
		x.Name, x.Role = strings.TrimSpace(x.Name), strings.TrimSpace(x.Role)
		if x.PersonID != "" {
			p, known := people[x.PersonID]
			if !known {
				return in, fault.Invalidf("The debrief cannot be kept.").With(fault.Detail{Where: "present", Value: fault.Short(x.PersonID), Expected: "one of us"})
			}
			x.Party, x.Name, x.Role = insight.Us, p.Name, p.Function
		}
		if x.Name != "" && !slices.Contains(present, x) {
			present = append(present, x)
		}
	}
	in.Present = present
	return in, nil
}

func filledLines(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// follow does what follows from a debrief that was filed.
func (f *Flow) follow(tx Tx, a access.Actor, v visit.Visit, d insight.Debrief, in DebriefInput) error {
	if !d.Held {
		// What was entered stays in the debrief; nothing of it has happened.
		d.Said, d.Commitments, d.Questions, d.Information, d.Action = nil, nil, nil, nil, ""
	}
	if err := f.happened(tx, a, v, Outcome{Held: d.Held, Kind: d.Kind, WithHost: d.WithHost, Code: in.Code, Note: in.Words}, true); err != nil {
		return err
	}
	if err := f.openLoops(tx, v, d); err != nil {
		return err
	}
	if err := f.keepStatements(tx, a, v, FromDebrief, d.Said); err != nil {
		return err
	}
	if err := f.tellTurn(tx, a, v, d.Action); err != nil {
		return err
	}
	return f.audit(tx, a, "file debrief", "visit/"+v.ID, map[string]any{"held": d.Held, "ours": d.Ours, "theirs": d.Theirs, "statements": len(d.Said)})
}
