package httpapi

import (
	"context"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/visit"
)

// GetDebrief gives what came of a visit.
func (a *API) GetDebrief(ctx context.Context, r GetDebriefRequestObject) (GetDebriefResponseObject, error) {
	v, err := a.flow.Debrief(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetDebrief200JSONResponse{Body: debriefOf(v), Headers: GetDebrief200ResponseHeaders{ETag: some(etag(v.Kept.Version))}}, nil
}

// SaveDebrief keeps a draft, or files it.
func (a *API) SaveDebrief(ctx context.Context, r SaveDebriefRequestObject) (SaveDebriefResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	write, b := a.flow.SaveDebrief, r.Body
	if b.File {
		write = a.flow.FileDebrief
	}
	if _, err := write(ctx, callOf(ctx).actor, r.Id, n, value(b.Key), debriefInput(*b)); err != nil {
		return nil, pointed(err)
	}
	v, err := a.flow.Debrief(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return SaveDebrief200JSONResponse{Body: debriefOf(v), Headers: SaveDebrief200ResponseHeaders{ETag: some(etag(v.Kept.Version))}}, nil
}

// pointed writes the places of faults as pointers into the body, as for all others.
func pointed(err error) error {
	text, details := fault.Shown(err)
	if !fault.Is(err, fault.Invalid) || len(details) == 0 {
		return err
	}
	for i, d := range details {
		details[i].Where = "/" + strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(d.Where)
	}
	return fault.Invalidf("%s", text).With(details...)
}

func debriefInput(b DebriefRequest) flow.DebriefInput {
	return flow.DebriefInput{Debrief: insight.Debrief{Held: b.Held, Code: visit.Code(value(b.Code)), Words: value(b.Words), Kind: visit.Kind(value(b.Kind)), WithHost: value(b.WithHost),
		Present: list(value(b.Present), func(x PersonPresent) insight.Attendee {
			return insight.Attendee{Party: insight.Party(x.Party), PersonID: value(x.Person), Name: x.Name, Role: value(x.Role)}
		}),
		Ours: insight.Met(value(b.Ours)), Theirs: insight.Met(value(b.Theirs)),
		Said: list(value(b.Said), func(s SaidRequest) insight.Statement {
			return insight.Statement{ID: value(s.Id), Source: insight.Source(value(s.Source)), By: value(s.By), About: insight.About(value(s.About)), Text: s.Text,
				ClaimID: value(s.Claim), Side: insight.Side(value(s.Side)), Asked: value(s.Asked)}
		}),
		Questions: value(b.Questions), Information: value(b.Information),
		Commitments: list(value(b.Commitments), func(x Commitment) insight.Commitment {
			return insight.Commitment{Party: insight.Party(x.Party), Who: value(x.Who), What: x.What, By: slotDate(x.By)}
		}),
		NextAction: value(b.NextAction), NextBy: slotDate(b.NextBy), Action: value(b.Action), More: value(b.More), Notes: value(b.Notes)}}
}

func debriefOf(v flow.DebriefView) Debrief {
	d := v.Kept.Debrief
	lapse := d.Lapse()
	return Debrief{Visit: v.Visit.ID, Version: v.Kept.Version, Filed: v.Kept.Filed, FiledBy: some(v.FiledBy), SavedBy: some(v.SavedBy), Held: d.Held, Kind: some(VisitKind(d.Kind)), WithHost: d.WithHost,
		Present: list(d.Present, func(x insight.Attendee) PersonPresent {
			return PersonPresent{Party: Party(x.Party), Person: some(x.PersonID), Name: x.Name, Role: some(x.Role)}
		}),
		Ours: some(Met(d.Ours)), Theirs: some(Met(d.Theirs)), TheirsSaid: some(Met(d.TheirsSaid)), Gap: d.GapSentence(),
		Said: list(d.Said, func(s insight.Statement) SaidStatement {
			return SaidStatement{Id: s.ID, Source: SaidStatementSource(s.Source), By: s.By, About: some(SaidStatementAbout(s.About)), Text: s.Text,
				Claim: some(s.ClaimID), Side: some(SaidStatementSide(s.Side)), Asked: &s.Asked}
		}),
		Questions: texts(d.Questions), Information: texts(d.Information),
		Commitments: list(d.Commitments, func(x insight.Commitment) Commitment {
			return Commitment{Party: Party(x.Party), Who: some(x.Who), What: x.What, By: someDate(x.By)}
		}),
		NextAction: d.NextAction, NextBy: someDate(d.NextBy), Action: some(d.Action), Stage: v.Stage, More: d.More, Notes: d.Notes,
		Counts: lapse == visit.NoLapse, WhyNot: lapse.Says(), Loops: list(v.Loops, loopOf),
		Claims: list(v.Claims, func(c flow.ClaimChoice) ClaimChoice { return ClaimChoice{Id: c.ID, Text: c.Text, Backing: c.Backing} }), MayWrite: v.MayWrite}
}

// ListLoops gives what is open.
func (a *API) ListLoops(ctx context.Context, r ListLoopsRequestObject) (ListLoopsResponseObject, error) {
	v, err := a.flow.OpenLoops(ctx, callOf(ctx).actor, value(r.Params.Owner))
	if err != nil {
		return nil, err
	}
	return ListLoops200JSONResponse{Open: list(v.Open, loopOf), Closed: list(v.Closed, loopOf), Sentence: v.Sentence}, nil
}

// StepLoop takes a step with something open.
func (a *API) StepLoop(ctx context.Context, r StepLoopRequestObject) (StepLoopResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	l, err := a.flow.StepLoop(ctx, callOf(ctx).actor, r.Id, n, flow.LoopStep(r.Body.Step), value(r.Body.By))
	if err != nil {
		return nil, pointed(err)
	}
	return StepLoop200JSONResponse{Body: loopOf(l), Headers: StepLoop200ResponseHeaders{ETag: some(etag(l.Version))}}, nil
}

func loopOf(l flow.LoopView) Loop {
	return Loop{Id: l.ID, Version: l.Version, Kind: LoopKind(l.Kind), Text: l.Text, State: LoopState(l.State()), Visit: some(l.VisitID), Customer: l.Customer.Name, Owner: personRef(l.Owner),
		Opened: date(l.Opened), Next: l.Next, Until: someDate(l.Until), Late: l.Late, ConfirmedBy: some(l.ConfirmedBy), Reopened: l.Reopened, MayDo: l.MayDo}
}
