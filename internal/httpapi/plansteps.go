package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/planning/solver"
	"windshield/internal/visit"
)

func rearranged(x flow.Rearranged) Rearranged {
	return Rearranged{Plan: x.PlanID, Visits: texts(x.Visits), Price: x.Price, Words: x.Words, Step: x.Step}
}

// ListPlanSteps lists the last changes of a plan by hand.
func (a *API) ListPlanSteps(ctx context.Context, r ListPlanStepsRequestObject) (ListPlanStepsResponseObject, error) {
	x, err := a.flow.PlanSteps(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ListPlanSteps200JSONResponse{Items: list(x, planStep)}, nil
}

func planStep(s flow.PlanStepView) PlanStep {
	because := ""
	if len(s.Changes) > 0 {
		because = string(s.Changes[0].Because)
	}
	return PlanStep{Id: s.ID, Number: s.N, At: s.At, By: s.Who, Text: s.Text, Words: s.Words, Price: s.Price["total"], Undoes: some(s.Undoes),
		Undone: s.UndoneBy != "", MayUndo: s.MayRun, MaySay: s.MaySay, Because: some(because)}
}

// SayWhoMoved says afterwards who caused a move.
func (a *API) SayWhoMoved(ctx context.Context, r SayWhoMovedRequestObject) (SayWhoMovedResponseObject, error) {
	x, err := a.flow.SayWhoMoved(ctx, callOf(ctx).actor, r.Id, r.Step, visit.Code(value(r.Body.Because)))
	if err != nil {
		return nil, err
	}
	return SayWhoMoved200JSONResponse(planStep(x)), nil
}

// ForeseeChanges says whether changes of a plan can be made together.
func (a *API) ForeseeChanges(ctx context.Context, r ForeseeChangesRequestObject) (ForeseeChangesResponseObject, error) {
	x, err := a.flow.Foresee(ctx, callOf(ctx).actor, r.Id, planChanges(r.Body.Changes))
	if err != nil {
		return nil, err
	}
	out := ForeseeChanges200JSONResponse{Of: x.Of, Fits: x.Fits, Sentence: x.Sentence(), Against: list(x.Against, func(y flow.Against) ChangeAgainst {
		return ChangeAgainst{Customer: some(y.CustomerID), Name: y.Name, Why: y.Why}
	})}
	if len(x.Agreed) > 0 {
		out.Agreed = &x.Agreed
	}
	if total, ok := x.Price["total"]; ok {
		out.Price = &total
	}
	return out, nil
}

// UndoPlanStep takes a change of a plan back.
func (a *API) UndoPlanStep(ctx context.Context, r UndoPlanStepRequestObject) (UndoPlanStepResponseObject, error) {
	c := callOf(ctx)
	reason := ""
	if r.Body != nil {
		reason = value(r.Body.Reason)
	}
	x, err := a.flow.UndoStep(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, r.Step, reason)
	if err != nil {
		return nil, err
	}
	return UndoPlanStep200JSONResponse(rearranged(x)), nil
}

// ListChoices says what every week of every executive means for a visit.
func (a *API) ListChoices(ctx context.Context, r ListChoicesRequestObject) (ListChoicesResponseObject, error) {
	x, err := a.flow.Choices(ctx, callOf(ctx).actor, r.Id, r.Customer)
	if err != nil {
		return nil, err
	}
	out := ListChoices200JSONResponse{At: somePlace(x.At), Monday: date(x.Monday), Executives: make([]ChoicesOf, len(x.Cells))}
	for i, weeks := range x.Cells {
		out.Executives[i] = ChoicesOf{Executive: x.Executives[i], Weeks: list(weeks, choiceOfWeek)}
	}
	return out, nil
}

func choiceOfWeek(c solver.Cell) ChoiceOfWeek {
	if !c.Open {
		rule := c.Rule.String()
		return ChoiceOfWeek{Rule: &rule, Why: &c.Why}
	}
	on, half := date(c.Place.Date), Half(c.Place.Half)
	return ChoiceOfWeek{Open: true, Date: &on, Half: &half, Price: &c.Price}
}
