package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/sampling"
)

// Select draws whom to visit.
func (a *API) Select(ctx context.Context, r SelectRequestObject) (SelectResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.Select(ctx, c.actor, c.key(r.Params.IdempotencyKey), flow.SelectInput{Year: r.Body.Year, Name: value(r.Body.Name),
		Dimensions: r.Body.Dimensions, Visits: r.Body.Visits, Seed: value(r.Body.Seed)})
	if err != nil {
		return nil, err
	}
	return Select201JSONResponse{Body: selectionDetail(v), Headers: Select201ResponseHeaders{Location: some("/api/v1/selections/" + v.ID)}}, nil
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
	return GetSelection200JSONResponse(selectionDetail(v)), nil
}

func selection(s flow.Selection) Selection {
	return Selection{Id: s.ID, Year: s.Year, Name: s.Name, Dimensions: texts(s.Dimensions), Visits: s.Visits, Seed: s.Seed, FrameHash: s.FrameHash,
		SeedCommitment: s.SeedCommitment, Strata: list(s.Strata, stratum), Merges: list(s.MergeLog, merge), Warnings: texts(s.Warnings),
		CreatedAt: s.CreatedAt.UTC(), CreatedBy: s.CreatedBy}
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
	d := v.Distance
	return SelectionDetail{Selection: selection(v.Selection), Groups: groups(v.Groups),
		Customers: list(v.Rows, func(r flow.SelectionRow) Drawn {
			return Drawn{Customer: named(r.CustomerID, v.Names[r.CustomerID]), Stratum: r.Stratum, Must: r.Must, Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank}
		}),
		Distance: Distance{TotalVariation: d.TotalVariation, ToMove: d.ToMove, LargestGap: d.LargestGap, Covered: d.Covered, Strata: d.Strata, CoveredShare: d.CoveredShare}}
}

func groups(in []flow.Group) []Group {
	return list(in, func(g flow.Group) Group {
		return Group{Code: g.Code, Label: g.Label, Colour: g.Colour, Customers: g.Customers, Target: g.Target, Planned: g.Planned}
	})
}
