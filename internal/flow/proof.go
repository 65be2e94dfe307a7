package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/visit"
)

// Proof shows that a selection is a cross-section, and where it is not: the
// whole of the proof page.
type Proof struct {
	SelectionView
	Frames     []Frame                  // every freeze of the year, newest first
	Content    FrameSummary             // what the frozen list held
	SeedSince  int                      // the year of the first draw with the same seed in another year, from when on it has been known; 0 where none was
	Committed  bool                     // the draw was made with the seed that was committed with the freeze
	seeds      []string                 // how people had a hand in the seed, in words
	Drawn      sampling.Representation  // of the customers as they stand now: drawn, took over, put in by hand
	Planned    *sampling.Representation // of those who have a visit in the plan; nil without a plan
	Held       *sampling.Representation // of those whose visit was held and counts; nil where none was
	Elsewhere  int                      // customers of the frame who were visited in the year without being selected
	Reference  sampling.Reference       // zero as long as the re-draws are being computed
	Picked     *sampling.Picked         // the account teams' list; nil where none was brought
	Weights    [2]float64               // what a weight may really be where there were several draws, as factors of the largest; 0 where there was one
	Heard      []Heard                  // what each executive would hear, by name
	Undealt    []string                 // visits that no executive can make, in words
	Shortfalls []string                 // what is missing, in words
}

// Heard is how good a cross-section one executive hears.
type Heard struct {
	ID, Name string
	Due      float64        // fair number of visits, given who may go where
	Dealt    int            // visits that the selection deals
	Planned  int            // visits in the plan
	Dozen    sampling.Dozen // of the planned visits; of the dealt ones where there is no plan
}

// FrameSummary says what a frozen list held.
type FrameSummary struct {
	Revenue  int64 // of all who may be drawn, in US dollars
	Excluded []sampling.CodeCount
	Must     int
	Musts    []string // names of the must-visits, in alphabetical order
}

// Proof gives the proof page of a selection. Selections from before frames were
// kept have none: NotFound.
func (f *Flow) Proof(ctx context.Context, a access.Actor, id string) (Proof, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Proof{}, err
	}
	done, err := f.think()
	if err != nil {
		return Proof{}, err
	}
	defer done()
	return read(ctx, f, func(tx Tx) (Proof, error) {
		s, err := tx.Selections.Get(id)
		if err != nil {
			return Proof{}, err
		}
		stamp, err := stampOf(tx, s)
		if err != nil {
			return Proof{}, err
		}
		return f.proofs.get(id, stamp, f.Now(), func() (Proof, error) { return f.prove(tx, s) })
	})
}

func (f *Flow) prove(tx Tx, s Selection) (p Proof, err error) {
	content, err := contentOf(tx, s.FrameID)
	if err != nil {
		return p, err
	}
	x, err := stateOf(tx, s, true)
	if err != nil {
		return p, err
	}
	if p.SelectionView, err = f.selectionView(tx, x); err != nil {
		return p, err
	}
	if p.Frames, err = tx.Frames.ByYear(s.Year); err != nil {
		return p, err
	}
	for i := range p.Frames {
		if err := hideSeed(tx, &p.Frames[i]); err != nil {
			return p, err
		}
	}
	p.Committed = p.Frame.SeedCommitment == s.SeedCommitment
	if err := p.askSeed(tx); err != nil {
		return p, err
	}
	p.Content = summaryOf(content)
	for _, u := range content.Units {
		if u.Must {
			p.Content.Musts = append(p.Content.Musts, orKey(p.Names, x.byID[u.ID].CustomerID))
		}
	}
	slices.Sort(p.Content.Musts)
	if p.Drawn, err = sampling.Represent(content, x.adjusted, x.standing()); err != nil {
		return p, err
	}
	if err := p.measure(tx, x, content); err != nil {
		return p, err
	}
	if err := p.compare(tx, x, content); err != nil {
		return p, err
	}
	if err := p.hear(tx, x, content); err != nil {
		return p, err
	}
	p.Shortfalls = p.shortfalls()
	return p, nil
}

// askSeed finds out since when the seed has been known, and how people had a hand
// in it. Nothing of that is hidden.
func (p *Proof) askSeed(tx Tx) error {
	all, err := tx.Selections.ByYear(0)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { p.seeds = append(p.seeds, fmt.Sprintf(format, args...)) }
	var first, turns Selection // the first with the same seed, in another year; the one from which customers take turns
	for _, s := range all {    // newest first
		if s.Year == p.Year || s.CreatedAt.After(p.CreatedAt) {
			continue
		}
		if s.Seed == p.Seed && (first.ID == "" || s.CreatedAt.Before(first.CreatedAt)) {
			first = s
		}
		if s.Year < p.Year && s.Year > turns.Year {
			turns = s
		}
	}
	p.SeedSince = first.Year
	reason, err := whyChosen(tx, first)
	if err != nil {
		return err
	}
	if reason != "" {
		say("Somebody chose the seed for draw %d of %d: %s", first.Draw, first.Year, reason)
	}
	if turns.Draw > 1 {
		say("Customers take turns from draw %d of %d. Who may choose among several draws of one year may choose the outcome of the next.", turns.Draw, turns.Year)
	}
	seeds := map[string]bool{}
	for _, x := range slices.Backward(p.Frames) {
		seeds[x.SeedCommitment] = true
		if x.Reason == "" {
			continue
		}
		say("Somebody chose the seed of freeze %d of the year on %s: %s", x.N, x.FrozenAt.Format("2 January 2006"), x.Reason)
		if p.SeedSince > 0 && x.SeedCommitment == p.SeedCommitment {
			say("The chosen seed had been used for %d, so whoever chose it could foresee the draw.", p.SeedSince)
		}
	}
	if len(seeds) > 1 {
		say("The freezes of the year have %d different seeds. Who may choose among several seeds may choose the outcome.", len(seeds))
	}
	return nil
}

// whyChosen gives the reason that somebody gave for choosing the seed of a draw, at
// the draw or at a freeze of its year; "" where nobody chose it.
func whyChosen(tx Tx, s Selection) (string, error) {
	if s.FrameID == "" {
		return "", nil
	}
	frames, err := tx.Frames.ByYear(s.Year)
	for _, x := range frames {
		switch {
		case x.ID == s.FrameID && x.SeedCommitment != s.SeedCommitment:
			return s.Reason, nil
		case x.SeedCommitment == s.SeedCommitment && x.Reason != "":
			return x.Reason, nil
		}
	}
	return "", err
}

func summaryOf(content sampling.Frame) (out FrameSummary) {
	n := map[string]int{}
	for _, u := range content.Units {
		out.Revenue += u.Revenue
		if u.Must {
			out.Must++
		}
	}
	for _, e := range content.Excluded {
		n[e.Reason]++
	}
	for code, k := range n {
		out.Excluded = append(out.Excluded, sampling.CodeCount{Code: code, N: k})
	}
	slices.SortFunc(out.Excluded, func(a, b sampling.CodeCount) int {
		if a.N != b.N {
			return b.N - a.N
		}
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
	return out
}

// measure says whom the plan reaches, and who has been visited. A visit to
// somebody who was not selected is no part of the draw, so it is only counted.
func (p *Proof) measure(tx Tx, x *selectionState, content sampling.Frame) error {
	chosen := map[string]bool{} // ever: who refuses after the visit was selected all the same
	for _, c := range p.Rows {
		chosen[c.CustomerID] = true
	}
	ids := map[string]string{} // customer id -> what the draw calls it
	for _, r := range x.byID {
		if r.Excluded == "" {
			ids[r.CustomerID] = r.id()
		}
	}
	if p.Plan.ID != "" {
		planned := []string{}
		for _, c := range p.Rows {
			if c.Stands && c.Visit.ID != "" {
				planned = append(planned, c.id())
			}
		}
		r, err := sampling.Represent(content, x.adjusted, planned)
		if err != nil {
			return err
		}
		p.Planned = &r
	}
	year := yearOf(p.Year)
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held, visit.Debriefed}, From: year.Start, To: year.End})
	if err != nil {
		return err
	}
	held, elsewhere := map[string]bool{}, map[string]bool{}
	for _, v := range visits {
		if counts, _ := v.Counts(); !counts || ids[v.CustomerID] == "" {
			continue
		}
		if chosen[v.CustomerID] {
			held[ids[v.CustomerID]] = true
		} else {
			elsewhere[v.CustomerID] = true
		}
	}
	p.Elsewhere = len(elsewhere)
	if len(held) == 0 {
		return nil
	}
	list := make([]string, 0, len(held))
	for id := range held {
		list = append(list, id)
	}
	r, err := sampling.Represent(content, x.adjusted, list)
	p.Held = &r
	return err
}

// compare puts the yardsticks beside the draw.
func (p *Proof) compare(tx Tx, x *selectionState, content sampling.Frame) error {
	kept, err := redrawsOf(tx, p.ID)
	if err == nil && kept != nil {
		p.Reference, err = unpack[sampling.Reference](kept)
	}
	if err != nil {
		return err
	}
	if len(p.Draws) > 1 {
		low, high := 0.0, 0.0
		for _, s := range p.Strata {
			if s.Must || s.X == 0 {
				continue
			}
			l, h := sampling.Choice(s.Pi, len(p.Draws))
			if l/s.Weight < low || low == 0 {
				low = l / s.Weight
			}
			high = max(high, h/s.Weight)
		}
		p.Weights = [2]float64{low, high}
	}
	if len(p.TeamList.Customers) == 0 {
		return nil
	}
	byCustomer := map[string]string{}
	for _, r := range x.byID {
		byCustomer[r.CustomerID] = r.id()
	}
	list := make([]string, len(p.TeamList.Customers))
	for i, id := range p.TeamList.Customers {
		if list[i] = byCustomer[id]; list[i] == "" {
			list[i] = id // came to us after the freeze
		}
	}
	picked, err := sampling.ComparePicked(content, x.drawn, list)
	p.Picked = &picked
	return err
}

// redrawsOf gives how the design comes out when it is drawn again and again; nil as
// long as that is being computed.
func redrawsOf(tx Tx, selectionID string) ([]byte, error) {
	kept, err := tx.Yardsticks.Redraws(selectionID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return kept, err
}

// hear deals the customers to the executives and says how good a cross-section
// each one hears by the plan.
func (p *Proof) hear(tx Tx, x *selectionState, content sampling.Frame) error {
	people, err := tx.People.All()
	if err != nil {
		return err
	}
	in := sampling.Dealing{Requires: map[string][]string{}, Seed: p.Seed, Year: p.Year}
	called := map[string]string{}
	for _, e := range people {
		if e.Has(roster.Executive) && e.Terms.TargetVisits > 0 {
			in.Executives = append(in.Executives, sampling.Executive{ID: e.ID, Capacity: min(e.Terms.TargetVisits, mostCapacity), Tags: e.Terms.Tags})
			called[e.ID] = e.Name
		}
	}
	if len(in.Executives) == 0 {
		return nil
	}
	s, ids := x.standingOnly()
	customers, err := customersByID(tx, ids)
	if err != nil {
		return err
	}
	for id, r := range x.byID {
		if c, ok := customers[r.CustomerID]; ok {
			in.Requires[id] = c.Requires
		}
	}
	dealt, err := sampling.Deal(content, s, in)
	if err != nil {
		return err
	}
	p.Undealt = dealt.Shortfalls
	at := map[string]int{}
	customersOf := make([]int, len(s.Strata))
	for i, h := range s.Strata {
		at[h.Code], customersOf[i] = i, h.N
	}
	planned := map[string][]int{}
	for _, c := range p.Rows {
		if id := c.Visit.ExecutiveID; id != "" && c.Stands {
			if planned[id] == nil {
				planned[id] = make([]int, len(s.Strata))
			}
			planned[id][at[c.Stratum]]++
		}
	}
	for _, h := range dealt.Executives {
		e := Heard{ID: h.Executive, Name: called[h.Executive], Due: h.Due, Dealt: h.Visits, Dozen: h.Dozen}
		if p.Plan.ID != "" {
			visits := planned[h.Executive]
			if visits == nil {
				visits = make([]int, len(s.Strata))
			}
			e.Dozen = sampling.Hear(visits, customersOf)
			e.Planned = e.Dozen.Visits
		}
		p.Heard = append(p.Heard, e)
	}
	return nil
}

// shortfalls says what is missing. They are never hidden.
func (p *Proof) shortfalls() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	out = append(out, p.seeds...)
	for _, s := range p.Strata {
		if s.X == 0 && s.N > 0 {
			say("%s %s: no visit for its %d customers. Nobody stands for them.", s.Code, s.Label, s.N)
		}
	}
	if n := p.Responses.Missing; n > 0 {
		say("%d of the visits are lost: after the refusals nobody was left in the cell who could take over.", n)
	}
	for _, e := range p.Effects {
		switch {
		case e.Removed > 0 && e.After == 0:
			say("%s %s: all drawn customers were taken out by hand. Nobody stands for the others.", e.Code, e.Label)
		case e.Removed > 0:
			say("%s %s: %d taken out by hand. The others now stand for %.1f customers each instead of %.1f, as if those taken out had been like them, which nobody knows.", e.Code, e.Label, e.Removed, e.After, e.Before)
		}
		if e.Added == 0 && e.Removed == 0 {
			say("%s %s: changed by hand, and back again.", e.Code, e.Label)
		}
		if e.Added > 0 {
			say("%s %s: %d put in by hand, not by chance. Whoever was put in stands for itself alone.", e.Code, e.Label, e.Added)
		}
	}
	if p.Planned != nil && p.Planned.Visits < p.Stands {
		say("%d of the %d customers have no place in the plan.", p.Stands-p.Planned.Visits, p.Stands)
	}
	if p.Behind > 0 {
		say("The plan is behind the selection by %d customers: plan the year again.", p.Behind)
	}
	if !p.Committed {
		say("The draw was made with another seed than the one committed with the freeze.")
	}
	if len(p.Draws) > 1 {
		say("This is draw %d of the year, which has %d. Who may choose among several draws may choose the outcome.", p.Draw, len(p.Draws))
	}
	out = append(out, p.Undealt...)
	var worse []string
	for _, h := range p.Heard {
		if h.Dozen.Visits > 0 && h.Dozen.Variation > h.Dozen.ByChance {
			worse = append(worse, h.Name)
		}
	}
	if len(worse) > 0 {
		say("%d of %d executives hear less of a cross-section than as many random customers would give: %s.", len(worse), len(p.Heard), strings.Join(worse, ", "))
	}
	if p.Elsewhere > 0 {
		say("%d customers were visited in %d without having been selected. They are in none of the numbers below.", p.Elsewhere, p.Year)
	}
	return out
}

// redraw is the job that draws a design again and again, so that the draw can be
// held against what chance gives.
func (f *Flow) redraw(ctx context.Context, id string) error {
	var s Selection
	content, err := read(ctx, f, func(tx Tx) (content sampling.Frame, err error) {
		if s, err = tx.Selections.Get(id); err != nil {
			return content, err
		}
		return contentOf(tx, s.FrameID)
	})
	if err != nil {
		return err
	}
	design := s.Design
	design.Seed = s.Seed
	r, err := sampling.Redraws(ctx, content, design, sampling.RedrawTimes)
	if err != nil {
		return err
	}
	kept, err := packed(asJSON(r))
	if err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error { return tx.Yardsticks.SetRedraws(id, kept) })
}

// DrawRecord gives the record with which anybody can repeat a draw elsewhere,
// byte for byte, after holding it against what is stored.
func (f *Flow) DrawRecord(ctx context.Context, a access.Actor, id string) (Selection, []byte, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Selection{}, nil, err
	}
	done, err := f.think()
	if err != nil {
		return Selection{}, nil, err
	}
	defer done()
	var s Selection
	record, err := read(ctx, f, func(tx Tx) ([]byte, error) {
		var err error
		if s, err = tx.Selections.Get(id); err != nil {
			return nil, err
		}
		content, err := contentOf(tx, s.FrameID)
		if err != nil {
			return nil, err
		}
		x, err := stateOf(tx, s, true)
		if err != nil {
			return nil, err
		}
		design := s.Design
		design.Seed = s.Seed
		record, err := sampling.MakeRecord(content, design)
		if err != nil {
			return nil, err
		}
		encoded := record.Encode()
		if !slices.Equal(record.Draw.Rows, x.drawn.Rows) || sampling.Digest(encoded) != s.RecordHash {
			return nil, fault.New(fault.Internal, "the stored draw of selection %s is not what its record gives", s.ID)
		}
		return encoded, nil
	})
	return s, record, err
}

// RecordName gives the name of the file of a selection's record.
func RecordName(s Selection) string { return fmt.Sprintf("draw-%d-%d.json", s.Year, s.Draw) }
