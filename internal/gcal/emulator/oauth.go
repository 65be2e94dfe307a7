package emulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Keys are public keys of service accounts by their addresses.
type Keys map[string]*rsa.PublicKey

// token is what a credential means. It is written into the token's own text, so
// that tokens outlive a restart; this is an emulator and they guard nothing.
type token struct {
	Kind       string // access, refresh
	User       string
	Grant      string
	Scope      string `json:",omitempty"`
	Service    bool   `json:",omitempty"`
	Client     string `json:",omitempty"` // the client's id, or the service account's address
	Generation int64  `json:",omitempty"` // of a refresh token
	Expires    int64  `json:",omitempty"` // Unix; 0 never
}

type grantCode struct {
	user, scope, client, redirect, challenge, nonce string
	offline, again                                  bool // a refresh token is wanted, even if there was consent before
	expires                                         time.Time
}

const tokenPrefix = "emulated-"

func (t token) String() string { return tokenPrefix + seal(t) }

func readToken(text string) (t token, ok bool) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	return t, ok && unseal(rest, &t)
}

func splitScope(scope string) []string { return strings.Fields(scope) }

// Token gives an access token for a person that never expires and may do
// everything; for wirings without OAuth.
func (s *Server) Token(user string) string {
	return token{Kind: "access", User: fold(user), Grant: "static:" + fold(user)}.String()
}

// Revoke ends all grants of a person, as if withdrawn in the account's settings.
func (s *Server) Revoke(user string) {
	s.mu.Lock()
	defer s.unlock()
	u := fold(user)
	s.revoked["static:"+u], s.revoked["service:"+u] = true, true
	s.dirty = append(s.dirty, line{Revoked: "static:" + u}, line{Revoked: "service:" + u})
	for _, id := range sortedKeys(s.grants) {
		if g := s.grants[id]; g.User == u && !g.Revoked {
			s.endGrant(g)
		}
	}
}

// Regrant lets the service account act for a person again after Revoke.
func (s *Server) Regrant(user string) {
	s.mu.Lock()
	defer s.unlock()
	for _, g := range []string{"static:" + fold(user), "service:" + fold(user)} {
		delete(s.revoked, g)
		s.dirty = append(s.dirty, line{Granted: g})
	}
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Cache-Control", "no-store")
	writeReply(w, &reply{status: status, reason: code, body: object{"error": code, "error_description": text}})
}

// authorize is the consent page. Whoever is named by login_hint is taken at
// once; otherwise the page asks for an address.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	back, err := url.Parse(r.Form.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" && back.Scheme != "https" || r.Form.Get("client_id") == "" || r.Form.Get("response_type") != "code" {
		http.Error(w, "client_id, redirect_uri and response_type=code are required.", http.StatusBadRequest)
		return
	}
	if m := r.Form.Get("code_challenge_method"); r.Form.Get("code_challenge") != "" && m != "S256" {
		http.Error(w, "Only the challenge method S256 is supported.", http.StatusBadRequest)
		return
	}
	answer := func(values url.Values) {
		q := back.Query()
		for k := range values {
			q.Set(k, values.Get(k))
		}
		if st := r.Form.Get("state"); st != "" {
			q.Set("state", st)
		}
		u := *back
		u.RawQuery = q.Encode()
		http.Redirect(w, r, u.String(), http.StatusFound)
	}
	if r.Form.Get("deny") != "" {
		answer(url.Values{"error": {"access_denied"}})
		return
	}
	user := fold(r.Form.Get("user"))
	if user == "" && r.Form.Get("prompt") != "select_account" {
		user = fold(r.Form.Get("login_hint"))
	}
	if user == "" {
		renderConsent(w, r.Form)
		return
	}
	if s.external(user) {
		http.Error(w, "There is no such account here.", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	if s.oauth.AccountNamed != "" {
		user = fold(s.oauth.AccountNamed)
	}
	s.order++
	code := "code-" + base32hex(s.order)
	scope, client := allowed(r.Form.Get("scope"), s.oauth.Withhold), r.Form.Get("client_id")
	if r.Form.Get("include_granted_scopes") == "true" {
		scope = s.withGranted(user, client, scope)
	}
	s.codes[code] = grantCode{user: user, scope: scope, client: client, redirect: r.Form.Get("redirect_uri"), challenge: r.Form.Get("code_challenge"),
		nonce: r.Form.Get("nonce"), offline: r.Form.Get("access_type") == "offline", again: strings.Contains(r.Form.Get("prompt"), "consent"), expires: s.now().Add(10 * time.Minute)}
	s.mu.Unlock()
	answer(url.Values{"code": {code}, "scope": {scope}})
}

// token is the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		oauthError(w, 400, "invalid_request", "The form cannot be read.")
		return
	}
	c := &call{method: "oauth.token", query: url.Values{}, header: r.Header}
	s.mu.Lock()
	w.Header().Set("Date", s.now().Add(s.oauth.Skew).UTC().Format(http.TimeFormat))
	f := s.hit(c)
	s.mu.Unlock()
	if f != nil && f.Action == FailBefore && f.Status/100 == 4 {
		s.note(c, f.Status, f.Reason, string(f.Action))
		oauthError(w, f.Status, f.Reason, f.Message)
		return
	}
	s.play(w, r, c, f, func() *reply {
		s.mu.Lock()
		defer s.unlock()
		switch r.PostForm.Get("grant_type") {
		case "authorization_code":
			return s.redeem(c, r)
		case "refresh_token":
			t, valid := readToken(r.PostForm.Get("refresh_token"))
			if !valid || t.Kind != "refresh" || s.dead(t) {
				return grantError("Token has been expired or revoked.")
			}
			c.user = t.User
			g := s.grants[t.Grant]
			if id := clientOf(r); id != "" && id != g.Client {
				return grantError("The token belongs to another client.")
			}
			g.Used = s.now()
			refresh := ""
			if s.oauth.Rotate {
				g.Generation++
				refresh = g.refresh()
			}
			s.dirty = append(s.dirty, line{Grant: g})
			return s.issue(token{User: g.User, Grant: g.ID, Scope: g.Scope, Client: g.Client}, refresh)
		case "urn:ietf:params:oauth:grant-type:jwt-bearer":
			return s.assertion(c, r.PostForm.Get("assertion"))
		}
		return &reply{status: 400, reason: "unsupported_grant_type", body: object{"error": "unsupported_grant_type"}}
	}, "")
}

func (s *Server) note(c *call, status int, reason, fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(Request{At: s.now(), Method: c.method, User: c.user, Status: status, Reason: reason, Fault: fault})
}

func grantError(text string) *reply {
	return &reply{status: 400, reason: "invalid_grant", body: object{"error": "invalid_grant", "error_description": text}}
}

func (s *Server) redeem(c *call, r *http.Request) *reply {
	code := r.PostForm.Get("code")
	g, known := s.codes[code]
	delete(s.codes, code) // a code is good for one attempt
	if !known || s.now().After(g.expires) || g.redirect != r.PostForm.Get("redirect_uri") {
		return grantError("Malformed auth code.")
	}
	if id := clientOf(r); id != "" && id != g.client {
		return grantError("The code belongs to another client.")
	}
	if g.challenge != "" {
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(g.challenge)) != 1 {
			return grantError("Invalid code verifier.")
		}
	}
	c.user = g.user
	withRefresh := g.offline && !s.oauth.OmitRefresh && (g.again || !s.granted(g.user, g.client))
	n := s.consent(g.user, g.client, g.scope)
	refresh := ""
	if withRefresh {
		refresh = n.refresh()
	}
	a := s.issue(token{User: g.user, Grant: n.ID, Scope: g.scope, Client: g.client}, refresh)
	if slices.Contains(splitScope(g.scope), "openid") {
		a.body.(object)["id_token"] = s.identityToken(s.issuer(r), g)
	}
	return a
}

func (g *grant) refresh() string {
	return token{Kind: "refresh", User: g.User, Grant: g.ID, Scope: g.Scope, Client: g.Client, Generation: g.Generation}.String()
}

// clientOf gives the client's id from the form or the header.
func clientOf(r *http.Request) string {
	if id, _, has := r.BasicAuth(); has {
		return id
	}
	return r.PostForm.Get("client_id")
}

// withGranted adds the scopes that a person has given a client before.
func (s *Server) withGranted(user, client, scope string) string {
	all := splitScope(scope)
	for _, id := range sortedKeys(s.grants) {
		g := s.grants[id]
		if g.User != user || g.Client != client || g.Revoked {
			continue
		}
		for _, one := range splitScope(g.Scope) {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return strings.Join(all, " ")
}

// identityToken says who signed in, for OpenID Connect.
func (s *Server) identityToken(issuer string, g grantCode) string {
	now := s.now().Add(s.oauth.Skew).Unix()
	claims := object{"iss": issuer, "aud": g.client, "sub": subjectOf(g.user), "email": g.user, "email_verified": true, "iat": now, "exp": now + 3600}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	text := seal(object{"alg": "RS256", "typ": "JWT", "kid": keyID}) + "." + seal(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, s.signingKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // the key is our own
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// subjectOf gives the number by which a person is known for good.
func subjectOf(user string) string {
	sum := sha256.Sum256([]byte("sub:" + user))
	return strconv.FormatUint(uint64(sum[0])<<40|uint64(sum[1])<<32|uint64(sum[2])<<24|uint64(sum[3])<<16|uint64(sum[4])<<8|uint64(sum[5]), 10)
}

// issue gives out an access token like t, with a refresh token unless it is "".
func (s *Server) issue(t token, refresh string) *reply {
	life := s.oauth.AccessLife
	if life == 0 {
		life = time.Hour
	}
	t.Kind, t.Expires = "access", s.now().Add(life).Unix()
	o := object{"access_token": t.String(), "expires_in": int64(life / time.Second), "token_type": "Bearer", "scope": t.Scope}
	if refresh != "" {
		o["refresh_token"] = refresh
	}
	return ok(o)
}

// assertion exchanges the signed claim of a service account, on behalf of sub.
func (s *Server) assertion(c *call, jwt string) *reply {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return grantError("Invalid JWT.")
	}
	var claims struct {
		Iss, Sub, Scope string
		Iat, Exp        int64
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &claims) != nil || claims.Iss == "" {
		return grantError("Invalid JWT.")
	}
	if key := s.opts.Keys[claims.Iss]; key != nil {
		sig, err := base64.RawURLEncoding.DecodeString(parts[2])
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) != nil {
			return grantError("Invalid JWT Signature.")
		}
	}
	if now := s.now().Add(s.oauth.Skew); s.oauth.CheckClock && (time.Unix(claims.Iat, 0).After(now.Add(5*time.Minute)) || !time.Unix(claims.Exp, 0).After(now) ||
		claims.Exp-claims.Iat > 3600) {
		return grantError("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
	}
	user, service := fold(claims.Sub), false
	if user == "" || user == fold(claims.Iss) { // in its own name, for nobody
		user, service = fold(claims.Iss), true
	} else if s.external(user) {
		return grantError("Invalid email or User ID.")
	}
	c.user = user
	if s.revoked["service:"+user] || !service && allowed(claims.Scope, s.oauth.Undelegated) != strings.Join(splitScope(claims.Scope), " ") {
		return &reply{status: 401, reason: "unauthorized_client", body: object{"error": "unauthorized_client", "error_description": "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}}
	}
	return s.issue(token{User: user, Grant: "service:" + user, Scope: claims.Scope, Service: service, Client: claims.Iss}, "")
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	t, valid := readToken(r.FormValue("token"))
	if !valid {
		oauthError(w, 400, "invalid_token", "Token expired or revoked")
		return
	}
	s.mu.Lock()
	if g := s.grants[t.Grant]; g != nil {
		s.endGrant(g)
	} else {
		s.revoked[t.Grant] = true
		s.dirty = append(s.dirty, line{Revoked: t.Grant})
	}
	s.unlock()
	s.note(&call{method: "oauth.revoke", user: t.User}, 200, "", "")
	writeReply(w, ok(object{}))
}

func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) {
	t, valid := readToken(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.mu.Lock()
	dead := !valid || t.Kind != "access" || s.dead(t)
	s.mu.Unlock()
	if dead {
		oauthError(w, 401, "invalid_token", "Invalid Credentials")
		return
	}
	writeReply(w, ok(object{"sub": subjectOf(t.User), "email": t.User, "email_verified": true}))
}
