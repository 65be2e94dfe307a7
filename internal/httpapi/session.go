package httpapi

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/roster"
)

// RequestLink mails a sign-in link.
func (a *API) RequestLink(ctx context.Context, r RequestLinkRequestObject) (RequestLinkResponseObject, error) {
	if err := a.sessions.RequestLink(callOf(ctx).echo, r.Body.Email); err != nil {
		return nil, err
	}
	return RequestLink202Response{}, nil
}

// SignIn uses up a link's token.
func (a *API) SignIn(ctx context.Context, r SignInRequestObject) (SignInResponseObject, error) {
	if err := a.sessions.Use(callOf(ctx).echo, r.Body.Token); err != nil {
		return nil, err
	}
	return SignIn204Response{}, nil
}

// WhoAmI gives the signed-in person.
func (a *API) WhoAmI(ctx context.Context, _ WhoAmIRequestObject) (WhoAmIResponseObject, error) {
	return WhoAmI200JSONResponse(session(callOf(ctx).actor)), nil
}

// SetLocale chooses how pages write dates and numbers for the signed-in person.
func (a *API) SetLocale(ctx context.Context, r SetLocaleRequestObject) (SetLocaleResponseObject, error) {
	who := callOf(ctx).actor
	if err := a.flow.SetLocale(ctx, who, r.Body.Locale); err != nil {
		return nil, err
	}
	who.Locale = r.Body.Locale
	return SetLocale200JSONResponse(session(who)), nil
}

func session(who access.Actor) Session {
	return Session{Person: named(who.PersonID, who.Name), Roles: roles(who.Roles), Serves: texts(who.Serves), Zone: some(who.Zone), Locale: some(who.Locale)}
}

// SignOut ends the session.
func (a *API) SignOut(ctx context.Context, _ SignOutRequestObject) (SignOutResponseObject, error) {
	if err := a.sessions.SignOut(callOf(ctx).echo); err != nil {
		return nil, err
	}
	return SignOut204Response{}, nil
}

func roles(in []roster.Role) []Role {
	return list(in, func(r roster.Role) Role { return Role(r) })
}
