package httpapi

import (
	"context"

	"windshield/internal/flow"
)

// Search finds something by its name.
func (a *API) Search(ctx context.Context, r SearchRequestObject) (SearchResponseObject, error) {
	found, err := a.flow.Search(ctx, callOf(ctx).actor, r.Params.Q)
	if err != nil {
		return nil, err
	}
	return Search200JSONResponse{MoreCustomers: found.Customers, Items: list(found.Found, func(x flow.Found) Found {
		return Found{Kind: FoundKind(x.Kind), Id: x.ID, Name: x.Name, More: x.More}
	})}, nil
}
