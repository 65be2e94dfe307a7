package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// DrawInput is what the VP chooses for a draw from a frozen list.
type DrawInput struct {
	FrameID string
	Name    string // "" becomes "Selection YEAR"
	// Design is what to draw. Its year, seed and turns are not the VP's: they come
	// from the frame and from the year before.
	Design sampling.Design
	Seed   string // "": the one that was committed; another one needs a reason
	Reason string // needed for every draw of a year after its first, and for another seed
	// EvenStages treats early stages of the customers' buying as all others: without it,
	// strata of early stages get more visits.
	EvenStages bool
}

// SelectInput is what the VP chooses to freeze and draw at once.
type SelectInput struct {
	FreezeInput
	Name       string
	Design     sampling.Design
	EvenStages bool // as in DrawInput
}

// Frame gives a frozen list. Its seed is left out as long as nothing was drawn
// with it: whoever knows it can foresee the draw.
func (f *Flow) Frame(ctx context.Context, a access.Actor, id string) (Frame, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Frame{}, err
	}
	return read(ctx, f, func(tx Tx) (Frame, error) {
		x, err := tx.Frames.Get(id)
		if err != nil {
			return x, err
		}
		return x, hideSeed(tx, &x)
	})
}

func hideSeed(tx Tx, x *Frame) error {
	all, err := tx.Selections.ByYear(0)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(s Selection) bool { return s.Seed == x.Seed }) {
		x.Seed = ""
	}
	return nil
}

// design completes what the VP chose by what is not the VP's to choose.
func (f *Flow) design(tx Tx, x Frame, in DrawInput) (sampling.Frame, sampling.Design, error) {
	content, err := contentOf(tx, x.ID)
	if err != nil {
		return content, sampling.Design{}, err
	}
	d := in.Design
	d.Year, d.Seed, d.Turns = x.Year, x.Seed, nil
	if in.Seed != "" {
		d.Seed = in.Seed
	}
	if len(d.Seed) > 200 {
		return content, d, fault.Invalidf("The seed is too long.").With(fault.Detail{Where: "seed", Expected: "at most 200 characters"})
	}
	if len(d.Dimensions) == 0 {
		return content, d, fault.Invalidf("Choose at least one dimension whose values make the groups.").With(fault.Detail{Where: "dimensions", Expected: "one or more, such as region"})
	}
	b, err := buyingList(tx)
	if err != nil {
		return content, d, err
	}
	_, known := valuesOf(content, b)
	d.Dimensions = slices.Clone(d.Dimensions)
	for i, dim := range d.Dimensions {
		if len(dim.Order) == 0 {
			d.Dimensions[i].Order = known[dim.Name]
		}
	}
	before, err := lastBefore(tx, x.Year)
	if err != nil {
		return content, d, err
	}
	for _, s := range before.Strata {
		if d.Turns == nil {
			d.Turns = map[string]sampling.Turn{}
		}
		d.Turns[s.Key] = s.Next
	}
	if !in.EvenStages {
		if d, err = preferEarly(content, d, b); err != nil {
			return content, d, onFields(err)
		}
	}
	return content, d, nil
}

// Draw draws a selection from a frozen list. Each year has one draw; another
// one, or another seed than the committed one, needs a reason, which is logged.
func (f *Flow) Draw(ctx context.Context, a access.Actor, k Key, in DrawInput) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	done, err := f.think()
	if err != nil {
		return SelectionView{}, err
	}
	defer done()
	// The work of a draw is done before the transaction that keeps it, so that a
	// long list does not hold up whoever else has something to write.
	d, err := read(ctx, f, func(tx Tx) (drawing, error) {
		x, err := tx.Frames.Get(in.FrameID)
		if err != nil {
			return drawing{}, err
		}
		return f.drawing(tx, x, in)
	})
	if err != nil {
		return SelectionView{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) { return f.keepDraw(tx, a, d) })
	if err != nil {
		return SelectionView{}, err
	}
	return f.Selection(ctx, a, id)
}

// Select freezes the customer list and draws from it at once.
func (f *Flow) Select(ctx context.Context, a access.Actor, k Key, in SelectInput) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		x, err := f.freeze(tx, a, in.FreezeInput)
		if err != nil {
			return "", err
		}
		d, err := f.drawing(tx, x, DrawInput{FrameID: x.ID, Name: in.Name, Design: in.Design, Reason: in.Reason, EvenStages: in.EvenStages})
		if err != nil {
			return "", err
		}
		return f.keepDraw(tx, a, d)
	})
	if err != nil {
		return SelectionView{}, err
	}
	return f.Selection(ctx, a, id)
}

// drawing is a draw that is not kept yet.
type drawing struct {
	frame  Frame
	drawn  sampling.Drawn
	before string // id of the selection from which customers take turns; "" for none
	reason string
	s      Selection
	rows   []SelectionRow
}

// drawing draws from a frame.
func (f *Flow) drawing(tx Tx, x Frame, in DrawInput) (drawing, error) {
	name, err := text("name", in.Name, 100)
	if err != nil {
		return drawing{}, err
	}
	if name == "" {
		name = fmt.Sprintf("Selection %d", x.Year)
	}
	if err := checkDrawnYear(x.Year, f.Now().UTC()); err != nil {
		return drawing{}, err
	}
	content, design, err := f.design(tx, x, in)
	if err != nil {
		return drawing{}, err
	}
	before, err := lastBefore(tx, x.Year)
	if err != nil {
		return drawing{}, err
	}
	record, err := sampling.MakeRecord(content, design)
	if err != nil {
		return drawing{}, onFields(err)
	}
	ids := map[string]string{}
	if err := tx.Customers.Each(func(c roster.Customer) error { ids[c.Key] = c.ID; return nil }); err != nil {
		return drawing{}, err
	}
	d := drawing{frame: x, drawn: sampling.DrawnOf(content, design), before: before.ID, reason: in.Reason, rows: make([]SelectionRow, 0, len(record.Draw.Rows))}
	d.s = Selection{ID: f.NewID(), Year: x.Year, Name: name, FrameID: x.ID, Visits: design.Visits, Seed: design.Seed, FrameHash: record.Draw.FrameHash,
		SeedCommitment: record.Draw.SeedCommitment, RecordHash: sampling.Digest(record.Encode()), Design: record.Design, Strata: record.Draw.Strata,
		MergeLog: record.Draw.MergeLog, NextVisits: record.Draw.NextVisits, Warnings: record.Draw.Warnings}
	d.s.Design.Seed = ""
	for _, dim := range design.Dimensions {
		d.s.Dimensions = append(d.s.Dimensions, dim.Name)
	}
	for _, r := range record.Draw.Rows {
		if ids[r.ID] == "" {
			return drawing{}, fault.Conflictf("A customer of the frozen list has another key by now. Freeze the list again.").With(fault.Detail{Where: "customer", Value: fault.Short(r.ID)})
		}
		d.rows = append(d.rows, rowOf(r, ids[r.ID]))
	}
	return d, nil
}

// keepDraw numbers a draw among those of its year, asks for a reason where it
// needs one, and keeps it.
func (f *Flow) keepDraw(tx Tx, a access.Actor, d drawing) (string, error) {
	earlier, err := tx.Selections.ByYear(d.frame.Year)
	if err != nil {
		return "", err
	}
	before, err := lastBefore(tx, d.frame.Year)
	if err != nil {
		return "", err
	}
	if before.ID != d.before {
		return "", fault.Stalef("The year before was drawn meanwhile, from which customers take turns. Preview again, then draw.")
	}
	number, deviation, same, err := admit(earlier, d)
	if err != nil || same != "" {
		return same, err
	}
	s := d.s
	s.Draw, s.Deviation, s.Reason, s.CreatedAt, s.CreatedBy = number, deviation.Kind, deviation.Reason, f.Now().UTC(), a.PersonID
	if err := tx.Selections.Insert(s, d.rows); err != nil {
		return "", err
	}
	if err := tx.Queue.Enqueue(Job{Kind: JobRedraw, Key: s.ID}); err != nil {
		return "", err
	}
	return s.ID, f.audit(tx, a, "select customers", "selection/"+s.ID, map[string]any{"year": s.Year, "draw": s.Draw, "visits": s.Visits,
		"frame": s.FrameHash, "seed": s.SeedCommitment, "committed": d.frame.SeedCommitment, "record": s.RecordHash, "deviation": s.Deviation, "reason": s.Reason})
}

// admit says which draw of its year this is, and how it departs from the one
// draw that a year has. same is the selection that was drawn in the very same
// way before: to draw it again gives nothing new.
func admit(earlier []Selection, d drawing) (number int, v sampling.Deviation, same string, err error) {
	reason, err := text("reason", d.reason, mostReason)
	if err != nil {
		return 0, v, "", err
	}
	number = 1
	var before []sampling.Drawn
	for _, s := range earlier {
		number = max(number, s.Draw+1)
		was := s.drawn()
		if was == d.drawn {
			same = s.ID
		}
		before = append(before, was)
	}
	if v, _, err = sampling.Admit(before, d.drawn, reason); err != nil || same != "" || v.Kind != "" || d.s.Seed == d.frame.Seed {
		return number, v, same, err
	}
	if len([]rune(reason)) < leastReason {
		return 0, v, "", needsReason("This is not the seed that was committed before the freeze. To draw with it, say why.")
	}
	return number, sampling.Deviation{Kind: sampling.ChangedSeed, Reason: reason}, "", nil
}

// drawn names the draw of a selection for the log of draws.
func (s Selection) drawn() sampling.Drawn {
	return sampling.Drawn{Year: s.Year, FrameHash: s.FrameHash, DesignHash: s.Design.Hash(), SeedCommitment: s.SeedCommitment}
}

func rowOf(r sampling.Row, customerID string) SelectionRow {
	return SelectionRow{CustomerID: customerID, Key: r.ID, Stratum: r.Stratum, Cell: r.Cell, Taken: r.Taken, Must: r.Must, Excluded: r.Excluded,
		Due: r.Due, InCell: r.InCell, Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
}

// Selections gives the selections of a year, newest first; of all where year is 0.
func (f *Flow) Selections(ctx context.Context, a access.Actor, year int) ([]Selection, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Selection, error) { return tx.Selections.ByYear(year) })
}

// Frames gives the frozen lists of a year, newest first.
func (f *Flow) Frames(ctx context.Context, a access.Actor, year int) ([]Frame, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Frame, error) {
		all, err := tx.Frames.ByYear(year)
		for i := range all {
			if err := hideSeed(tx, &all[i]); err != nil {
				return nil, err
			}
		}
		return all, err
	})
}

// Dimensions gives the dimensions in which customers have values, with how many
// customers have each value.
func (f *Flow) Dimensions(ctx context.Context, a access.Actor) (map[string]map[string]int, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, f.dimensions)
}

// dimensions counts anew only where customers were written since.
func (f *Flow) dimensions(tx Tx) (map[string]map[string]int, error) {
	n, err := tx.Stamps.One(CustomersStamp)
	if err != nil {
		return nil, err
	}
	return f.values.get("", strconv.FormatInt(n, 10), f.Now(), tx.Customers.Values)
}

// groupsOf gives the strata of a selection as pages show them: the six with most
// visits have a colour, in the order of the selection.
func groupsOf(s Selection) []Group {
	bySize := slices.Clone(s.Strata)
	slices.SortStableFunc(bySize, func(a, b sampling.Stratum) int { return b.X - a.X })
	large := map[string]bool{}
	for _, st := range bySize[:min(6, len(bySize))] {
		large[st.Code] = true
	}
	out := make([]Group, 0, len(s.Strata))
	colour := 0
	for _, st := range s.Strata {
		g := Group{Code: st.Code, Label: st.Label, Customers: st.N, Target: st.X}
		if large[st.Code] {
			colour++
			g.Colour = colour
		}
		out = append(out, g)
	}
	return out
}

// fields names the choice behind each place that the draw complains of.
var fields = map[string]string{"minimum per stratum": "min", "maximum per stratum": "max", "merge below": "merge_below",
	"minimum visits of all strata together": "min", "maximum visits of all strata together": "max", "borders of size bands": "cuts", "size bands": "bands"}

// onFields says of an error of the draw on which choice it bears.
func onFields(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Details = slices.Clone(e.Details)
	for i, d := range out.Details {
		w := d.Where
		switch {
		case fields[w] != "":
			out.Details[i].Where = fields[w]
		case strings.HasSuffix(w, "within strata"):
			out.Details[i].Where = "within"
		case strings.HasSuffix(w, "across strata"):
			out.Details[i].Where = "across"
		case strings.HasPrefix(w, "order of "):
			out.Details[i].Where = "order"
		case strings.HasPrefix(w, "dimension "):
			out.Details[i].Where = "dimensions"
		}
	}
	return &out
}
