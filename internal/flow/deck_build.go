package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// deckInput is what a deck is made from. Everything is read bare; nothing of it is
// changed.
type deckInput struct {
	Plan      visit.Plan
	Visits    []visit.Visit // of the plan, those of each executive by date
	Groups    []Group
	People    map[string]roster.Person
	Customers map[string]roster.Customer // of the visits and of those without a place
	Strata    map[string]string          // group code by customer
	Accepted  map[string]YearAcceptance
	Promise   *promised // nil where the year has none
	Claims    []DeckClaim
	Needs     []DeckNeed
	MoreClaim int        // claims that are not in Claims
	Findings  int        // of all open claims, those that rest on enough customers
	Backed    basis      // who backs any of them
	Fiscal    time.Month // first month of the fiscal year
	AsOf      time.Time
	Today     slot.Date // the reader's
	pen       pen       // of the reader
}

// Deck gives the plan of a year as slides. Claims are on it for those who may see
// them.
func (f *Flow) Deck(ctx context.Context, a access.Actor, planID string) (Deck, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Deck{}, err
	}
	claims := access.Decide(a, access.SeeClaims, access.Subject{}).Allowed
	return read(ctx, f, func(tx Tx) (Deck, error) {
		stamp, err := f.stampOfAll(tx)
		if err != nil {
			return Deck{}, err
		}
		d, err := f.decks.get(fmt.Sprint(planID, claims, a.Zone, a.Style), stamp, f.Now(), func() (Deck, error) {
			in, err := f.deckInput(tx, a, claims, planID)
			if err != nil {
				return Deck{}, err
			}
			return buildDeck(in), nil
		})
		d.AsOf = f.Now().UTC()
		return d, err
	})
}

func (f *Flow) deckInput(tx Tx, a access.Actor, claims bool, planID string) (in deckInput, err error) {
	in.AsOf, in.Today, in.pen = f.Now().UTC(), f.todayFor(a), penFor(a)
	if in.Plan, err = tx.Plans.Get(planID); err != nil {
		return in, err
	}
	y, err := f.planYear(tx, in.Plan)
	if err != nil {
		return in, err
	}
	in.Visits, in.Customers = y.all, map[string]roster.Customer{}
	if in.Plan.SelectionID != "" {
		s, err := tx.Selections.Get(in.Plan.SelectionID)
		if err != nil {
			return in, err
		}
		in.Groups = groupsOf(s)
	}
	if in.People, err = everybody(tx); err != nil {
		return in, err
	}
	in.Strata = map[string]string{}
	if len(in.Plan.Unassigned) > 0 && in.Plan.SelectionID != "" { // the others carry their group
		rows, err := tx.Selections.Rows(in.Plan.SelectionID, true)
		if err != nil {
			return in, err
		}
		for _, r := range rows {
			in.Strata[r.CustomerID] = r.Stratum
		}
	}
	met := func(customerID string) {
		if c := y.customers[customerID]; c.ID != "" {
			in.Customers[customerID] = c
		}
	}
	for _, v := range in.Visits {
		in.Strata[v.CustomerID] = v.Stratum
		met(v.CustomerID)
	}
	for _, u := range in.Plan.Unassigned {
		met(u.CustomerID)
	}
	if in.Accepted, err = acceptedIn(tx, in.Plan); err != nil {
		return in, err
	}
	p, ok, err := f.promiseOf(tx, in.Plan.Year)
	if err != nil {
		return in, err
	}
	if ok {
		in.Promise = &p
	}
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return in, err
	}
	in.Fiscal = fiscal.Start
	if claims {
		err = f.deckClaims(tx, &in)
	}
	return in, err
}

// deckClaims adds the open claims with what they rest on, and what is still to hear.
func (f *Flow) deckClaims(tx Tx, in *deckInput) error {
	x, err := f.claimed(tx, in.Today)
	if err != nil {
		return err
	}
	colours := colourOf(in.Groups)
	open, _ := x.ranked()
	for i, r := range open {
		if r.Evidence.Exportable() {
			in.Findings++
		}
		in.Backed.backedBy(r, x.frame)
		if i >= ClaimsPerSlide {
			in.MoreClaim++
			continue
		}
		in.Claims = append(in.Claims, deckClaim(in.pen, r, x.frame))
		for j, n := range insight.NextStrata(r.Evidence, x.frame, nextShown) {
			if j < 2 && len(in.Needs) < NeedsPerSlide {
				in.Needs = append(in.Needs, DeckNeed{ClaimID: r.ID, Claim: r.Text, Code: n.Stratum, Colour: colours[n.Stratum], Group: x.groups[n.Stratum], Ask: n.Ask, Why: n.Why})
			}
		}
	}
	return nil
}

// deckClaim counts what stands behind a claim: customers that back it, their groups,
// and how new it is.
func deckClaim(w pen, r ClaimRow, frame insight.Frame) DeckClaim {
	c := DeckClaim{ID: r.ID, Text: r.Text, Finding: r.Evidence.Exportable(), Label: r.Evidence.Label(), Newest: r.Evidence.Newest}
	var by basis
	by.backedBy(r, frame)
	c.Customers, c.Groups = len(by.customers), len(by.groups)
	by.newest = c.Newest
	c.Evidence = by.text(w, "newest")
	return c
}

// backedBy adds the customers that back a claim.
func (b *basis) backedBy(r ClaimRow, frame insight.Frame) {
	for _, v := range r.Evidence.Voices {
		if v.Position == insight.Backs {
			b.add(v.CustomerID, frame.Places[v.CustomerID].Stratum, r.Evidence.Newest)
		}
	}
}

// buildDeck makes the slides.
func buildDeck(in deckInput) Deck {
	d := Deck{Plan: in.Plan, Groups: in.Groups, AsOf: in.AsOf, Months: deckMonths(in.Plan.Horizon)}
	d.Footer = planFooter(in.pen, in.Plan, in.Today)
	years := yearStates(in.Plan, in.Visits, in.People, in.Accepted)
	d.Accepted, d.Executives = countYears(years), len(years)
	lines := in.lines(d.Months)
	d.Slides = append(d.Slides, in.headline(len(lines)))
	if s, ok := in.windows(); ok {
		d.Slides = append(d.Slides, s)
	}
	d.Slides = append(d.Slides, in.planSlides(lines, d.Months)...)
	d.Slides = append(d.Slides, in.openSlides()...)
	d.Slides = append(d.Slides, in.yearSlides(years)...)
	if in.Promise != nil {
		d.Slides = append(d.Slides, in.promiseSlide(*in.Promise))
	}
	if len(in.Claims) > 0 {
		d.Slides = append(d.Slides, in.claimsSlide())
	}
	return d
}

var planWord = map[visit.PlanState]string{visit.Draft: "draft", visit.Live: "published", visit.Superseded: "superseded"}

func deckMonths(horizon slot.Interval) []DeckMonth {
	var out []DeckMonth
	for d := slot.MakeDate(horizon.Start.Year(), horizon.Start.Month(), 1); d <= horizon.End && horizon.Days() > 0; d = slot.MakeDate(d.Year(), d.Month()+1, 1) {
		out = append(out, DeckMonth{d.Time().Format("Jan"), d.Year(), d.Month()})
	}
	return out
}

func colourOf(groups []Group) map[string]int {
	out := map[string]int{}
	for _, g := range groups {
		out[g.Code] = g.Colour
	}
	return out
}

// headline opens with what is planned of what is wanted.
func (in deckInput) headline(executives int) Slide {
	s := Slide{Kind: SlideHeadline}
	planned, total, beyond, reached := map[string]int{}, 0, 0, 0
	var rests basis
	for _, v := range in.Visits {
		if v.State.Stands() {
			planned[v.Stratum]++
			total++
			rests.add(v.CustomerID, v.Stratum, v.Slot.Date)
		}
	}
	for _, g := range in.Groups {
		b := DeckBar{Code: g.Code, Label: inWords(g.Label), Colour: g.Colour, Value: planned[g.Code], Of: g.Target, Under: planned[g.Code] < g.Target}
		b.fill(in.pen)
		beyond += max(0, b.Value-b.Of)
		if !b.Under {
			reached++
		}
		s.Bars = append(s.Bars, b)
	}
	s.Title = in.pen.headlineTitle(s.Bars, total, executives)
	if len(s.Bars) > BarsPerSlide { // those that fall short most, in the order of the groups
		order := slices.Clone(s.Bars)
		slices.SortStableFunc(order, func(a, b DeckBar) int {
			return cmp.Or(cmp.Compare(b.Of-b.Value, a.Of-a.Value), cmp.Compare(b.Of, a.Of))
		})
		kept := map[string]bool{}
		for _, b := range order[:BarsPerSlide] {
			kept[b.Code] = true
		}
		s.More = len(s.Bars) - BarsPerSlide
		s.Bars = slices.DeleteFunc(s.Bars, func(b DeckBar) bool { return !kept[b.Code] })
	}
	if total == 0 {
		return s
	}
	made, more := "", ""
	if len(in.Groups) > 0 {
		made = fmt.Sprintf("%s for %s; %s of %s %s", in.pen.Many(total, "visit"), in.pen.Many(executives, "executive"), in.pen.number(reached), in.pen.Many(len(in.Groups), "group"), verbOf(reached, "reaches its target", "reach their target"))
	}
	if beyond > 0 {
		more = fmt.Sprintf("%s beyond a target", in.pen.Many(beyond, "visit")+verbOf(beyond, " goes", " go"))
	}
	s.Note = sentences(made, more, rests.text(in.pen, "last visit"))
	return s
}

// fill sets what follows from the two numbers.
func (b *DeckBar) fill(w pen) {
	b.Text = w.number(b.Value) + " of " + w.number(b.Of)
	if b.Of > 0 {
		b.Share = float64(b.Value) / float64(b.Of)
	}
	if b.Of >= coverage.FewCases && b.Value > 0 {
		b.Text += fmt.Sprintf(" (%d %%)", percentOf(b.Value, b.Of))
	}
}

// percentOf rounds down, so that only what is whole is called 100 %.
func percentOf(part, whole int) int { return 100 * part / whole }

// windows puts the customers whose windows begin in a quarter side by side. Of a
// customer who is visited in one of several windows only that one is shown: the
// others are not needed any more. ok is false where no customer has a window.
func (in deckInput) windows() (s Slide, ok bool) {
	s.Kind = SlideWindows
	colours := colourOf(in.Groups)
	at := map[string]visit.Visit{}
	for _, v := range in.Visits {
		if v.State.Stands() {
			at[v.CustomerID] = v
		}
	}
	customers := make([]roster.Customer, 0, len(in.Customers))
	for _, c := range in.Customers {
		customers = append(customers, c)
	}
	slices.SortFunc(customers, func(a, b roster.Customer) int {
		return cmp.Or(-compareBool(a.Must, b.Must), cmp.Compare(b.Revenue, a.Revenue), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for q := slot.FiscalQuarter(in.Plan.Horizon.Start, in.Fiscal); q.Start <= in.Plan.Horizon.End; q = slot.FiscalQuarter(q.End.Add(1), in.Fiscal) {
		first := max(time.January, in.Fiscal)
		s.Quarters = append(s.Quarters, DeckQuarter{Label: fmt.Sprintf("Q%d", (int(q.Start.Month())-int(first)+12)%12/3+1), Span: q})
	}
	// A quarter of which the plan has the end of one and the beginning of the next.
	if last := len(s.Quarters) - 1; last > 0 && s.Quarters[0].Label == s.Quarters[last].Label {
		s.Quarters[0].Label += " to " + s.Quarters[0].Span.End.Time().Format("Jan")
		s.Quarters[last].Label += " from " + s.Quarters[last].Span.Start.Time().Format("Jan")
	}
	with, inside := 0, 0
	var rests basis
	for _, c := range customers {
		v, visited := at[c.ID]
		met := visited && slot.In(v.Slot.Date, c.Windows)
		has := false
		for _, w := range c.Windows {
			if !w.Overlaps(in.Plan.Horizon) {
				continue
			}
			has = true
			if met && !w.Contains(v.Slot.Date) {
				continue
			}
			begins := max(w.Start, in.Plan.Horizon.Start)
			for i := range s.Quarters {
				q := &s.Quarters[i]
				if !q.Span.Contains(begins) {
					continue
				}
				q.Customers++
				if met {
					q.Inside++
				}
				if len(q.Windows) == WindowsPerSlide {
					q.More++
					break
				}
				x := DeckWindow{CustomerID: c.ID, Customer: c.Name, Code: in.Strata[c.ID], Colour: colours[in.Strata[c.ID]], Span: w, Inside: met}
				if visited {
					x.Executive, x.Date = in.People[v.ExecutiveID].Name, v.Slot.Date
				}
				q.Windows = append(q.Windows, x)
			}
		}
		if has {
			rests.add(c.ID, in.Strata[c.ID], v.Slot.Date)
			with++
			if met {
				inside++
			}
		}
	}
	for i := range s.Quarters {
		slices.SortStableFunc(s.Quarters[i].Windows, func(a, b DeckWindow) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	}
	s.Title, s.Note = in.pen.windowsTitle(inside, with), sentences(rests.text(in.pen, "last visit"))
	return s, with > 0
}

// lines gives every executive's year by name.
func (in deckInput) lines(months []DeckMonth) []DeckLine {
	colours := colourOf(in.Groups)
	byID := map[string]*DeckLine{}
	var out []*DeckLine
	for _, v := range in.Visits {
		if !v.State.Stands() || len(months) == 0 {
			continue
		}
		l := byID[v.ExecutiveID]
		if l == nil {
			p := in.People[v.ExecutiveID]
			l = &DeckLine{ExecutiveID: v.ExecutiveID, Name: cmp.Or(p.Name, v.ExecutiveID), About: p.Function}
			byID[v.ExecutiveID], out = l, append(out, l)
		}
		l.Visits++
		month := 12*(v.Slot.Date.Year()-months[0].Year) + int(v.Slot.Date.Month()-months[0].Month)
		l.Chips = append(l.Chips, DeckChip{VisitID: v.ID, Label: v.Label, Customer: in.Customers[v.CustomerID].Name, Code: v.Stratum, Colour: colours[v.Stratum],
			Date: v.Slot.Date, Month: min(max(month, 0), len(months)-1), State: v.State})
	}
	slices.SortFunc(out, func(a, b *DeckLine) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ExecutiveID, b.ExecutiveID))
	})
	lines := make([]DeckLine, len(out))
	for i, l := range out {
		lines[i] = *l
	}
	return lines
}
