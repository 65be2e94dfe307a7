package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/locale"
)

// ListClaims gives what customers back.
func (a *API) ListClaims(ctx context.Context, _ ListClaimsRequestObject) (ListClaimsResponseObject, error) {
	v, err := a.flow.Claims(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListClaims200JSONResponse{Open: list(v.Claims, claimOf), Closed: list(v.Closed, claimOf), Base: v.Base}, nil
}

// MakeClaim makes a claim.
func (a *API) MakeClaim(ctx context.Context, r MakeClaimRequestObject) (MakeClaimResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.MakeClaim(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Body.Text, value(r.Body.Topic))
	if err != nil {
		return nil, pointed(err)
	}
	return MakeClaim201JSONResponse{Body: claimDetail(v), Headers: MakeClaim201ResponseHeaders{ETag: some(etag(v.Version)), Location: some("/api/v1/claims/" + v.ID)}}, nil
}

// GetClaim gives one claim with everything behind its numbers.
func (a *API) GetClaim(ctx context.Context, r GetClaimRequestObject) (GetClaimResponseObject, error) {
	v, err := a.flow.Claim(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetClaim200JSONResponse{Body: claimDetail(v), Headers: GetClaim200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// EditClaim changes the words of a claim.
func (a *API) EditClaim(ctx context.Context, r EditClaimRequestObject) (EditClaimResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.EditClaim(ctx, callOf(ctx).actor, r.Id, n, r.Body.Text, value(r.Body.Topic))
	if err != nil {
		return nil, pointed(err)
	}
	return EditClaim200JSONResponse{Body: claimDetail(v), Headers: EditClaim200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// CloseClaim closes a claim, or opens it again.
func (a *API) CloseClaim(ctx context.Context, r CloseClaimRequestObject) (CloseClaimResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.CloseClaim(ctx, callOf(ctx).actor, r.Id, n, r.Body.Closed, value(r.Body.Why))
	if err != nil {
		return nil, pointed(err)
	}
	return CloseClaim200JSONResponse{Body: claimDetail(v), Headers: CloseClaim200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// ListFindings gives what may leave the house as a finding.
func (a *API) ListFindings(ctx context.Context, r ListFindingsRequestObject) (ListFindingsResponseObject, error) {
	rows, err := a.flow.Findings(ctx, callOf(ctx).actor, value(r.Params.Claim))
	if err != nil {
		return nil, err
	}
	return ListFindings200JSONResponse{Findings: list(rows, claimOf)}, nil
}

// AddStatement adds what a customer said, or what we guess.
func (a *API) AddStatement(ctx context.Context, r AddStatementRequestObject) (AddStatementResponseObject, error) {
	b := r.Body
	s, err := a.flow.AddStatement(ctx, callOf(ctx).actor, flow.StatementInput{Source: insight.Source(b.Source), VisitID: value(b.Visit), CustomerID: value(b.Customer), By: value(b.By), Text: value(b.Text),
		Topic: value(b.Topic), ClaimID: value(b.Claim), Side: insight.Side(value(b.Side)), Asked: value(b.Asked)})
	if err != nil {
		return nil, pointed(err)
	}
	return AddStatement201JSONResponse{Body: statementOf(s), Headers: AddStatement201ResponseHeaders{ETag: some(etag(s.Version))}}, nil
}

// AttachStatement says what a statement means for a claim.
func (a *API) AttachStatement(ctx context.Context, r AttachStatementRequestObject) (AttachStatementResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	s, err := a.flow.AttachStatement(ctx, callOf(ctx).actor, r.Id, n, value(r.Body.Claim), insight.Side(value(r.Body.Side)), value(r.Body.Asked))
	if err != nil {
		return nil, pointed(err)
	}
	return AttachStatement200JSONResponse{Body: statementOf(s), Headers: AttachStatement200ResponseHeaders{ETag: some(etag(s.Version))}}, nil
}

// StepStatement says what became of a statement.
func (a *API) StepStatement(ctx context.Context, r StepStatementRequestObject) (StepStatementResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	s, err := a.flow.StepStatement(ctx, callOf(ctx).actor, r.Id, n, flow.StatementStep(r.Body.Step), value(r.Body.Why))
	if err != nil {
		return nil, pointed(err)
	}
	return StepStatement200JSONResponse{Body: statementOf(s), Headers: StepStatement200ResponseHeaders{ETag: some(etag(s.Version))}}, nil
}

func claimOf(r flow.ClaimRow) Claim {
	e := r.Evidence
	return Claim{Id: r.ID, Version: r.Version, Text: r.Text, Topic: r.Topic, MadeAt: r.MadeAt.UTC(), Closed: someDate(r.Closed), Why: r.Why, Asked: e.Asked, Backing: e.Backing, Denying: e.Denying, Raised: e.Raised,
		StrataAsked: e.Share.StrataAsked, StrataBacking: e.Share.StrataBacking, Strata: e.Share.StrataAll, Share: float32(e.Share.Weighted), Low: float32(e.Share.Interval.Low), High: float32(e.Share.Interval.High),
		Newest: someDate(e.Newest), Grade: ClaimGrade(insight.Letter(e.Grade)), Label: e.Label(), Finding: e.Exportable() && r.Closed.IsZero(), Sentence: e.Sentence}
}

func claimDetail(v flow.ClaimView) ClaimDetail {
	return ClaimDetail{Claim: claimOf(v.ClaimRow), Statements: list(v.Statements, statementOf),
		Voices: list(v.Voices, func(x flow.VoiceView) ClaimVoice {
			return ClaimVoice{Customer: x.CustomerID, Name: x.Customer, Group: x.Group, Position: ClaimVoicePosition(x.Position), Asked: x.Asked, People: x.People, Newest: date(x.Newest), Stale: x.Stale}
		}),
		Contradictions: list(v.Contradictions, func(x insight.Contradiction) Contradiction {
			return Contradiction{Name: v.Customers[x.CustomerID], For: x.For.Says(locale.Style{}, v.Today), Against: x.Against.Says(locale.Style{}, v.Today), Changed: x.Changed, Guess: x.Guess}
		}),
		Next: list(v.Next, func(x flow.NeedView) ClaimNeed {
			return ClaimNeed{Group: x.Label, Customers: x.Customers, Asked: x.Asked, Ask: x.Ask, Why: x.Why}
		})}
}

func statementOf(s flow.StatementView) Statement {
	return Statement{Id: s.ID, Version: s.Version, Source: StatementSource(s.Source), Customer: s.CustomerID, Name: s.Customer, Visit: some(s.VisitID), By: s.By, On: date(s.On), Text: s.Text, Topic: s.Topic,
		Claim: some(s.ClaimID), Side: StatementSide(s.Side), Asked: s.Asked, Stale: s.Stale, Checked: someDate(s.Checked), Over: someDate(s.Over), Withdrawn: someDate(s.Withdrawn), Why: s.Why, Says: s.Says(locale.Style{}, s.Today)}
}
