package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"windshield/internal/flow"
	"windshield/internal/sampling"
)

// recordFile is the record of a draw, byte for byte as it was made: its hash is
// published, so no encoder may touch it.
type recordFile struct {
	name string
	data []byte
}

// VisitGetDrawRecordResponse writes the record.
func (r recordFile) VisitGetDrawRecordResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", r.name))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(r.data)
	return err
}

// GetDrawRecord gives the record with which a draw is repeated elsewhere.
func (a *API) GetDrawRecord(ctx context.Context, r GetDrawRecordRequestObject) (GetDrawRecordResponseObject, error) {
	s, data, err := a.flow.DrawRecord(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return recordFile{flow.RecordName(s), data}, nil
}

// GetProof gives the numbers of the proof page.
func (a *API) GetProof(ctx context.Context, r GetProofRequestObject) (GetProofResponseObject, error) {
	p, err := a.flow.Proof(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	frame := frozen(p.Frame)
	out := GetProof200JSONResponse{Selection: selection(p.Selection), Frame: &frame, Draws: len(p.Draws), Freezes: len(p.Frames), Committed: p.Committed,
		LeftOut: frame.LeftOut, Revenue: p.Content.Revenue, MustVisits: texts(p.Content.Musts), Standing: representation(p.Drawn), Responses: responses(p.Responses), Changes: changes(p.SelectionView),
		Effects: list(p.Effects, effect), Redraws: redraws(p), Shortfalls: texts(p.Shortfalls),
		Heard: list(p.Heard, func(h flow.Heard) Heard {
			return Heard{Executive: named(h.ID, h.Name), Due: h.Due, Dealt: h.Dealt, Planned: h.Planned, Groups: h.Dozen.Strata, GroupsByChance: h.Dozen.StrataByChance,
				Off: h.Dozen.Variation, ByChance: h.Dozen.ByChance, Best: h.Dozen.Least}
		})}
	if p.Weights[1] > 0 {
		out.WeightRange = pointerTo(p.Weights[:])
	}
	if p.Planned != nil {
		out.Planned = pointerTo(representation(*p.Planned))
	}
	if p.Held != nil {
		out.Held = pointerTo(representation(*p.Held))
	}
	if x := p.Picked; x != nil {
		out.TeamList = &TeamListComparison{Name: p.TeamList.Name, Listed: x.Listed, Known: len(x.Known), Unknown: texts(p.TeamList.Unknown), UnknownLines: p.TeamList.Unread, LeftOut: len(x.LeftOut),
			AlsoDrawn: x.AlsoDrawn, ByChance: x.ByChance, Representation: representation(x.Representation)}
	}
	return out, nil
}

// pointerTo gives a pointer to a value that cannot be compared.
func pointerTo[T any](v T) *T { return &v }

func representation(r sampling.Representation) Representation {
	return Representation{Visits: r.Visits, Deff: r.Deff, Effective: r.Effective, Represented: r.Represented, Revenue: r.Revenue, RevenueFor: r.RevenueFor,
		Views: list(r.Views, func(v sampling.View) RepresentationView {
			return RepresentationView{Dimension: v.Dimension, Visited: distance(v.Visited), StoodFor: distance(v.StoodFor),
				Lines: list(v.Lines, func(l sampling.Line) RepresentationLine {
					return RepresentationLine{Code: l.Code, Label: l.Label, Must: l.Must, Customers: l.Customers, Visits: l.Made, CustomerShare: l.CustomerShare,
						VisitShare: l.VisitShare, WeightedShare: l.WeightedShare}
				})}
		})}
}

func redraws(p flow.Proof) []RedrawSpread {
	out := make([]RedrawSpread, 0, len(p.Reference.Spreads))
	for i, s := range p.Reference.Spreads {
		visited, stood := sampling.Quantiles(s.Visited), sampling.Quantiles(s.StoodFor)
		x := RedrawSpread{Dimension: s.Dimension, Visited: visited[:], StoodFor: stood[:]}
		if i < len(p.Drawn.Views) {
			x.Closer = sampling.Closer(s.StoodFor, p.Drawn.Views[i].StoodFor.TotalVariation)
		}
		if p.Picked != nil && i < len(p.Picked.Representation.Views) {
			n := sampling.Closer(s.Visited, p.Picked.Representation.Views[i].Visited.TotalVariation)
			x.CloserThanList = &n
		}
		out = append(out, x)
	}
	return out
}
