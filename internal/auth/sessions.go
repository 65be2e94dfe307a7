package auth

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

const personKey = "person"

// Sessions keeps who is signed in: on the server, under a random token of which
// the database knows the hash only.
type Sessions struct {
	manager *scs.SessionManager
	flow    *flow.Flow
}

// NewSessions makes the sessions on a store. secure says that pages come over
// https, so that the cookie may be bound to it.
func NewSessions(store scs.Store, f *flow.Flow, secure bool) *Sessions {
	m := scs.New()
	m.Store = store
	// No idle timeout: it would write the session with every page that is read,
	// and make readers wait for whoever is writing.
	m.Lifetime = 14 * 24 * time.Hour
	m.Cookie.Name = "windshield"
	if secure {
		m.Cookie.Name = "__Host-windshield"
	}
	m.Cookie.Path = "/"
	m.Cookie.HttpOnly = true
	m.Cookie.Secure = secure
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.ErrorFunc = storeAway
	return &Sessions{m, f}
}

// storeAway answers where the session cannot be read or kept: it lets nobody in.
func storeAway(w http.ResponseWriter, r *http.Request, _ error) {
	const text = "The database does not answer. Please try again in a moment."
	w.Header().Set("Retry-After", "5")
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, `{"type":"about:blank","title":"Service Unavailable","status":503,"kind":"temporary","detail":%q}`, text)
		return
	}
	http.Error(w, text, http.StatusServiceUnavailable)
}

// Middleware loads the session and names the actor of each request. Somebody
// who has left the company since is signed out.
func (s *Sessions) Middleware() echo.MiddlewareFunc {
	load := echo.WrapMiddleware(s.manager.LoadAndSave)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return load(func(c echo.Context) error {
			ctx := c.Request().Context()
			id := s.manager.GetString(ctx, personKey)
			if id == "" {
				return next(c)
			}
			a, err := s.flow.ActorOf(ctx, id)
			if fault.Is(err, fault.NotFound) {
				if err := s.manager.Destroy(ctx); err != nil {
					return err
				}
				return next(c)
			}
			if err != nil {
				return err
			}
			SetActor(c, a)
			return next(c)
		})
	}
}

// stillTime bounds how long Still waits for the database.
const stillTime = 5 * time.Second

// Still gives who asks as the session and their roles are by now, for an answer that
// goes on and on; nobody where the session has ended or they have left the company.
func (s *Sessions) Still(c echo.Context) (access.Actor, error) {
	cookie, err := c.Cookie(s.manager.Cookie.Name)
	if err != nil {
		return access.Actor{}, nil // there is none: nobody is signed in
	}
	// Not in the request's context, which holds the session as it was.
	ctx, end := context.WithTimeout(context.Background(), stillTime)
	defer end()
	if ctx, err = s.manager.Load(ctx, cookie.Value); err != nil {
		return access.Actor{}, err
	}
	id := s.manager.GetString(ctx, personKey)
	if id == "" {
		return access.Actor{}, nil
	}
	a, err := s.flow.ActorOf(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return access.Actor{}, nil
	}
	return a, err
}

// RequestLink mails a sign-in link.
func (s *Sessions) RequestLink(c echo.Context, email string) error {
	return s.flow.RequestLink(c.Request().Context(), email, c.RealIP())
}

// Use signs in with a link's token. The session's own token changes, so that
// one planted before is of no use.
func (s *Sessions) Use(c echo.Context, token string) error {
	ctx := c.Request().Context()
	p, err := s.flow.SignIn(ctx, token, c.RealIP())
	if err != nil {
		return err
	}
	if err := s.manager.RenewToken(ctx); err != nil {
		return err
	}
	s.manager.Put(ctx, personKey, p.ID)
	return nil
}

// Keep puts a value into the session.
func (s *Sessions) Keep(c echo.Context, name, value string) {
	s.manager.Put(c.Request().Context(), name, value)
}

// Take gives a value of the session and takes it out.
func (s *Sessions) Take(c echo.Context, name string) string {
	return s.manager.PopString(c.Request().Context(), name)
}

// SignOut ends the session on the server: a copied cookie is of no use either.
func (s *Sessions) SignOut(c echo.Context) error {
	return s.manager.Destroy(c.Request().Context())
}
