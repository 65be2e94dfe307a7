package gcal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// Addresses of Google's, where the settings name no other server.
const (
	googleAuthURL   = "https://accounts.google.com/o/oauth2/v2/auth"
	googleTokenURL  = "https://oauth2.googleapis.com/token"
	googleRevokeURL = "https://oauth2.googleapis.com/revoke"
)

// OAuth is the client under which people consent: it comes from the Google Cloud
// console. It implements flow.Consenting.
type OAuth struct {
	ClientID, ClientSecret string
	AuthURL, TokenURL      string // "": Google's
	RevokeURL              string // "": Google's
	RedirectURL            string // where the consent page sends people back to
	Timeout                time.Duration
	Base                   http.RoundTripper // nil: the default one
}

var _ flow.Consenting = OAuth{}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (o OAuth) config() oauth2.Config {
	return oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, RedirectURL: o.RedirectURL,
		// Without a fixed style the library asks twice whenever it is refused.
		Endpoint: oauth2.Endpoint{AuthURL: or(o.AuthURL, googleAuthURL), TokenURL: or(o.TokenURL, googleTokenURL), AuthStyle: oauth2.AuthStyleInParams}}
}

func (o OAuth) client() *http.Client {
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 15 * time.Second
	}
	return &http.Client{Transport: o.Base, Timeout: timeout}
}

// whoScopes let us learn who consented: the account's number and address.
var whoScopes = []string{"openid", "email"}

// Page implements flow.Consenting. The page always asks (prompt=consent): a
// refresh token comes only with a consent that was really given.
func (o OAuth) Page(ask flow.ConsentAsk) string {
	conf := o.config()
	conf.Scopes = append(slices.Clone(whoScopes), ask.Scopes...)
	return conf.AuthCodeURL(ask.State, oauth2.AccessTypeOffline, oauth2.ApprovalForce, oauth2.S256ChallengeOption(ask.Verifier),
		oauth2.SetAuthURLParam("include_granted_scopes", "true"), oauth2.SetAuthURLParam("login_hint", ask.Address))
}

// Redeem implements flow.Consenting.
func (o OAuth) Redeem(ctx context.Context, code, verifier string) (flow.ConsentGrant, error) {
	conf := o.config()
	tok, err := conf.Exchange(context.WithValue(ctx, oauth2.HTTPClient, o.client()), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return flow.ConsentGrant{}, tokenFailure(err)
	}
	text, _ := tok.Extra("id_token").(string)
	who, ok := readIdentity(text, o.ClientID)
	if !ok {
		return flow.ConsentGrant{}, &calsync.Error{Call: "token", Class: calsync.Permanent, Reason: "the answer does not say who consented"}
	}
	g := flow.ConsentGrant{Refresh: tok.RefreshToken, Subject: who.Sub, Address: roster.NormalizeEmail(who.Email)}
	scope, _ := tok.Extra("scope").(string)
	g.Scopes = strings.Fields(scope)
	slices.Sort(g.Scopes)
	return g, nil
}

type identity struct {
	Aud      string `json:"aud"`
	Sub      string `json:"sub"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
}

// readIdentity reads who consented. The token came straight from the token
// endpoint over TLS, so its signature need not be checked (OpenID Connect Core,
// 3.1.3.7, rule 6); it must be meant for us, and the address be the account's own.
func readIdentity(token, clientID string) (who identity, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return who, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &who) != nil {
		return who, false
	}
	return who, who.Aud == clientID && who.Sub != "" && who.Email != "" && who.Verified
}

// Revoke implements flow.Consenting. A token that has died already is as good as
// revoked.
func (o OAuth) Revoke(ctx context.Context, token string) error {
	body := strings.NewReader(url.Values{"token": {token}}.Encode())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, or(o.RevokeURL, googleRevokeURL), body)
	if err != nil {
		return &calsync.Error{Call: "revoke", Class: calsync.Permanent, Reason: "the address cannot be used"}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := o.client().Do(r)
	if err != nil {
		return &calsync.Error{Call: "revoke", Class: calsync.SlowDown, Reason: network(err)}
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var problem struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(said, &problem) // no answer in JSON gives no reason
	if answer.StatusCode/100 == 2 || answer.StatusCode == http.StatusBadRequest && problem.Error == "invalid_token" {
		return nil
	}
	return &calsync.Error{Call: "revoke", Class: calsync.SlowDown, Status: answer.StatusCode, Reason: short(problem.Error)}
}

// Survey asks the Calendar API for something without saying who we are. That it
// refuses us in its own words shows that it is there, and by which clock.
func Survey(ctx context.Context, baseURL string, base http.RoundTripper, now func() time.Time) flow.Survey {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, or(baseURL, GoogleURL)+"users/me/calendarList", nil)
	if err != nil {
		return flow.Survey{Reason: "the address cannot be used"}
	}
	answer, err := (&http.Client{Transport: base, Timeout: 15 * time.Second}).Do(r)
	if err != nil {
		return flow.Survey{Reason: network(err)}
	}
	defer answer.Body.Close()
	out := flow.Survey{Reached: true}
	out.Ahead, out.Dated = skewOf(answer.Header, now())
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var api struct {
		Kind  string `json:"kind"`
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	known := json.Unmarshal(said, &api) == nil
	out.Calendar = known && (answer.StatusCode == http.StatusOK && strings.HasPrefix(api.Kind, "calendar#") ||
		(answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden) && api.Error.Code == answer.StatusCode)
	if !out.Calendar {
		out.Reason = "status " + http.StatusText(answer.StatusCode)
	}
	return out
}
