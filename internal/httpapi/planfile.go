package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"windshield/internal/flow"
)

// GetPlanFile gives a plan as a file.
func (a *API) GetPlanFile(ctx context.Context, r GetPlanFileRequestObject) (GetPlanFileResponseObject, error) {
	file, err := a.flow.PlanFile(ctx, callOf(ctx).actor, r.Id, flow.PlanFileKind(r.Format))
	if err != nil {
		return nil, err
	}
	return planFile{file}, nil
}

// planFile is the answer: it is written as it is made, so that a long list takes no
// memory.
type planFile struct{ flow.PlanFile }

// VisitGetPlanFileResponse writes the file.
func (f planFile) VisitGetPlanFileResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", f.Type)
	attach(w.Header(), f.Name)
	w.WriteHeader(http.StatusOK)
	if err := f.Write(w); err != nil {
		return fmt.Errorf("httpapi: sending %s: %w", f.Name, err)
	}
	return nil
}
