package httpapi

import (
	"context"
	"maps"
	"slices"

	"windshield/internal/flow"
	"windshield/internal/sampling"
)

// Select freezes the customer list and draws whom to visit.
func (a *API) Select(ctx context.Context, r SelectRequestObject) (SelectResponseObject, error) {
	c, b := callOf(ctx), r.Body
	in := flow.SelectInput{Name: value(b.Name), EvenStages: value(b.EvenStages), FreezeInput: flow.FreezeInput{Year: b.Year, Seed: value(b.Seed), Reason: value(b.Reason), Bands: value(b.Bands),
		Cuts: value(b.Cuts), Must: value(b.Must), LeaveOut: leaveOut(b.LeaveOut)},
		Design: design(b.Dimensions, b.Orders, b.Visits, string(value(b.Rule)), b.Alpha, b.Q, b.Min, b.Max, b.MergeBelow, b.Within, b.Across, b.Bounds)}
	v, err := a.flow.Select(ctx, c.actor, c.key(r.Params.IdempotencyKey), in)
	if err != nil {
		return nil, err
	}
	return Select201JSONResponse{Body: selectionDetail(v), Headers: Select201ResponseHeaders{Location: some("/api/v1/selections/" + v.ID)}}, nil
}

// Freeze freezes the customer list.
func (a *API) Freeze(ctx context.Context, r FreezeRequestObject) (FreezeResponseObject, error) {
	c, b := callOf(ctx), r.Body
	x, err := a.flow.Freeze(ctx, c.actor, c.key(r.Params.IdempotencyKey), flow.FreezeInput{Year: b.Year, Seed: value(b.Seed), Reason: value(b.Reason),
		Bands: value(b.Bands), Cuts: value(b.Cuts), Must: value(b.Must), LeaveOut: leaveOut(b.LeaveOut)})
	if err != nil {
		return nil, err
	}
	return Freeze201JSONResponse{Body: frozen(x), Headers: Freeze201ResponseHeaders{Location: some("/api/v1/frames/" + x.ID)}}, nil
}

// ListFrames gives the frozen lists of a year.
func (a *API) ListFrames(ctx context.Context, r ListFramesRequestObject) (ListFramesResponseObject, error) {
	all, err := a.flow.Frames(ctx, callOf(ctx).actor, r.Params.Year)
	if err != nil {
		return nil, err
	}
	return ListFrames200JSONResponse{Items: list(all, frozen)}, nil
}

// GetFrame gives a frozen list.
func (a *API) GetFrame(ctx context.Context, r GetFrameRequestObject) (GetFrameResponseObject, error) {
	v, err := a.flow.FrameView(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	dims := make([]Dimension, 0, len(v.Dimensions))
	for _, name := range slices.Sorted(maps.Keys(v.Dimensions)) {
		dims = append(dims, Dimension{Name: name, Values: v.Dimensions[name]})
	}
	return GetFrame200JSONResponse{Frame: frozen(v.Frame), Dimensions: dims, Revenue: v.Revenue,
		Excluded: list(v.Excluded, func(e flow.Excluded) Excluded { return Excluded{Name: e.Name, Code: e.Code, Note: e.Note} })}, nil
}

// PreviewSelection says what a design would do.
func (a *API) PreviewSelection(ctx context.Context, r PreviewSelectionRequestObject) (PreviewSelectionResponseObject, error) {
	p, err := a.flow.Preview(ctx, callOf(ctx).actor, drawInput(r.Id, r.Body))
	if err != nil {
		return nil, err
	}
	return PreviewSelection200JSONResponse{Frame: frozen(p.Frame), Strata: list(p.Strata, stratum), Merges: list(p.MergeLog, merge), Next: list(p.Next, nextVisits),
		Warnings: texts(p.Warnings), Distance: distance(p.Distance), Weighted: distance(p.Weighted), Precision: precision(p.Precision), ReasonNeeded: p.Reason}, nil
}

// Draw draws from a frozen list.
func (a *API) Draw(ctx context.Context, r DrawRequestObject) (DrawResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.Draw(ctx, c.actor, c.key(r.Params.IdempotencyKey), drawInput(r.Id, r.Body))
	if err != nil {
		return nil, err
	}
	return Draw201JSONResponse{Body: selectionDetail(v), Headers: Draw201ResponseHeaders{Location: some("/api/v1/selections/" + v.ID), ETag: some(etag(v.Version))}}, nil
}

func drawInput(frame string, b *DrawRequest) flow.DrawInput {
	return flow.DrawInput{FrameID: frame, Name: value(b.Name), Seed: value(b.Seed), Reason: value(b.Reason), EvenStages: value(b.EvenStages),
		Design: design(b.Dimensions, b.Orders, b.Visits, string(value(b.Rule)), b.Alpha, b.Q, b.Min, b.Max, b.MergeBelow, b.Within, b.Across, b.Bounds)}
}

// design makes the design of what was chosen; what was left out is the default
// that the contract states.
func design(dimensions []string, orders *map[string][]string, visits int, rule string, alpha, q *float64, least, most, mergeBelow *int,
	within, across *[]string, bounds *[]GroupBound) sampling.Design {
	d := sampling.Design{Visits: visits, Rule: sampling.Rule(rule), MinPerStratum: value(least), MaxPerStratum: value(most), MergeBelow: value(mergeBelow),
		Within: value(within), Across: value(across), Alpha: sampling.Defaults().Alpha, Q: sampling.Defaults().Q}
	if alpha != nil {
		d.Alpha = *alpha
	}
	if q != nil {
		d.Q = *q
	}
	for _, name := range dimensions {
		d.Dimensions = append(d.Dimensions, sampling.Dimension{Name: name, Order: value(orders)[name]})
	}
	for _, b := range value(bounds) {
		if d.Bounds == nil {
			d.Bounds = map[string]sampling.Bound{}
		}
		d.Bounds[b.Key] = sampling.Bound{Least: value(b.Least), Most: value(b.Most)}
	}
	return d
}

func leaveOut(in *[]LeaveOut) []flow.LeaveOut {
	return list(value(in), func(l LeaveOut) flow.LeaveOut {
		return flow.LeaveOut{Customer: l.Customer, Code: l.Code, Note: value(l.Note)}
	})
}

func frozen(x flow.Frame) Frame {
	left := x.LeftOut
	if left == nil {
		left = map[string]int{}
	}
	return Frame{Id: x.ID, Year: x.Year, Hash: x.Hash, Seed: some(x.Seed), SeedCommitment: x.SeedCommitment, SeededAt: x.SeededAt.UTC(), Customers: x.Customers,
		Must: x.Must, LeftOut: left, Reason: x.Reason, FrozenAt: x.FrozenAt.UTC(), FrozenBy: x.FrozenBy}
}

// ListSelections gives selections, newest first.
func (a *API) ListSelections(ctx context.Context, r ListSelectionsRequestObject) (ListSelectionsResponseObject, error) {
	selections, err := a.flow.Selections(ctx, callOf(ctx).actor, value(r.Params.Year))
	if err != nil {
		return nil, err
	}
	return ListSelections200JSONResponse{Items: list(selections, selection)}, nil
}

// GetSelection gives a selection with the customers drawn.
func (a *API) GetSelection(ctx context.Context, r GetSelectionRequestObject) (GetSelectionResponseObject, error) {
	v, err := a.flow.Selection(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetSelection200JSONResponse{Body: selectionDetail(v), Headers: GetSelection200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// ChangeSelection notes a refusal, or changes a selection by hand.
func (a *API) ChangeSelection(ctx context.Context, r ChangeSelectionRequestObject) (ChangeSelectionResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	v, err := a.flow.Change(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, n, flow.ChangeInput{Kind: flow.ChangeKind(r.Body.Kind),
		Customer: r.Body.Customer, Code: value(r.Body.Code), Reason: value(r.Body.Reason)})
	if err != nil {
		return nil, err
	}
	return ChangeSelection200JSONResponse{Body: selectionDetail(v), Headers: ChangeSelection200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// BringTeamList keeps the list of the account teams.
func (a *API) BringTeamList(ctx context.Context, r BringTeamListRequestObject) (BringTeamListResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.CompareWith(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, value(r.Body.Name), r.Body.Customers)
	if err != nil {
		return nil, err
	}
	return BringTeamList200JSONResponse{Body: selectionDetail(v), Headers: BringTeamList200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

func selection(s flow.Selection) Selection {
	return Selection{Id: s.ID, Year: s.Year, Frame: some(s.FrameID), Draw: s.Draw, Deviation: SelectionDeviation(s.Deviation), Reason: s.Reason, Name: s.Name,
		Dimensions: texts(s.Dimensions), Visits: s.Visits, Seed: s.Seed, FrameHash: s.FrameHash, SeedCommitment: s.SeedCommitment, RecordHash: s.RecordHash,
		Strata: list(s.Strata, stratum), Merges: list(s.MergeLog, merge), Next: list(flow.NextOf(s), nextVisits), Warnings: texts(s.Warnings),
		CreatedAt: s.CreatedAt.UTC(), CreatedBy: s.CreatedBy, Version: s.Version}
}

func nextVisits(n flow.NextVisits) NextVisits {
	return NextVisits{Code: n.Code, Label: n.Label, Visits: n.N}
}

func stratum(s sampling.Stratum) Stratum {
	return Stratum{Code: s.Code, Key: s.Key, Label: s.Label, Must: s.Must, Customers: s.N, Visits: s.X, Revenue: s.Revenue, Least: s.Lo, Most: s.Hi,
		Pi: s.Pi, Weight: s.Weight, Alone: s.Alone, Values: list(s.Values, func(v sampling.Value) StratumValue {
			return StratumValue{Dimension: v.Dimension, Values: texts(v.Values)}
		})}
}

func merge(m sampling.Merge) Merge {
	return Merge{Under: m.Under, Dimension: m.Dim, A: texts(m.A), B: texts(m.B), SizeA: m.SizeA, SizeB: m.SizeB, Expected: m.Expected}
}

func selectionDetail(v flow.SelectionView) SelectionDetail {
	someone := func(id string) *Named {
		if id == "" {
			return nil
		}
		n := named(id, v.Names[id])
		return &n
	}
	return SelectionDetail{Selection: selection(v.Selection), Groups: groups(v.Groups), Distance: distance(v.Distance), Weighted: distance(v.Weighted),
		Precision: precision(v.Precision), Changes: changes(v), Effects: list(v.Effects, effect), Responses: responses(v.Responses), Standing: v.Stands, PlanBehind: v.Behind,
		Customers: list(v.Rows, func(r flow.Chosen) Drawn {
			return Drawn{Customer: named(r.CustomerID, v.Names[r.CustomerID]), Stratum: r.Stratum, Cell: r.Cell, Must: r.Must, Pi: r.Pi, Weight: r.Weight, U: r.U,
				Rank: r.Rank, Due: r.Due, InCell: r.InCell, State: DrawnState(r.State), Stands: r.Stands, Code: r.Code, Reason: r.Reason,
				Other: someone(r.Other), Visit: some(r.Visit.ID)}
		})}
}

func changes(v flow.SelectionView) []SelectionChange {
	return list(v.Changes, func(c flow.SelectionChange) SelectionChange {
		out := SelectionChange{N: c.N, Kind: SelectionChangeKind(c.Kind), Customer: named(c.CustomerID, v.Names[c.CustomerID]), Code: c.Code, Reason: c.Reason,
			At: c.At.UTC(), By: c.By}
		if c.ReplacementID != "" {
			n := named(c.ReplacementID, v.Names[c.ReplacementID])
			out.Replacement = &n
		}
		return out
	})
}

func effect(e sampling.Effect) WeightEffect {
	return WeightEffect{Code: e.Code, Label: e.Label, Added: e.Added, Removed: e.Removed, Before: e.Before, After: e.After}
}

func precision(p sampling.Precision) Precision {
	return Precision{Deff: p.Deff, Effective: p.Effective, Error: p.Error, Covered: p.Covered}
}

func responses(r sampling.Responses) Responses {
	return Responses{Taken: r.Taken, Refused: r.Refused, Replaced: r.Replaced, Missing: r.Missing, Rate: r.Rate, R: r.R, MeanRate: r.MeanRate, Bias: r.Bias}
}

func distance(d sampling.Distance) Distance {
	return Distance{TotalVariation: d.TotalVariation, ToMove: d.ToMove, LargestGap: d.LargestGap, Covered: d.Covered, Strata: d.Strata, CoveredShare: d.CoveredShare}
}

func groups(in []flow.Group) []Group {
	return list(in, func(g flow.Group) Group {
		return Group{Code: g.Code, Label: g.Label, Colour: g.Colour, Customers: g.Customers, Target: g.Target, Planned: g.Planned}
	})
}
