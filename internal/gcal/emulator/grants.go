package emulator

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// grant is a person's consent to a client, with its one refresh token.
type grant struct {
	ID         string
	Number     int64 // rises
	User       string
	Client     string
	Scope      string
	Issued     time.Time
	Used       time.Time
	Generation int64 // of the refresh token; older ones are dead
	Revoked    bool  `json:",omitempty"`
}

// OAuth says how tokens live and die. The zero value is Google's usual way.
type OAuth struct {
	AccessLife   time.Duration `json:"accessLife,omitempty"`   // of access tokens; 0 is an hour; nanoseconds in JSON, as all
	RefreshLife  time.Duration `json:"refreshLife,omitempty"`  // of grants, such as 7 days of an app in testing; 0 for ever
	Rotate       bool          `json:"rotate,omitempty"`       // each use gives a new refresh token and ends the old
	OmitRefresh  bool          `json:"omitRefresh,omitempty"`  // no refresh token is given out
	Withhold     []string      `json:"withhold,omitempty"`     // scopes that people untick
	MostTokens   int           `json:"mostTokens,omitempty"`   // grants per person and client; the oldest dies; 0 is 100
	CheckClock   bool          `json:"checkClock,omitempty"`   // claims of service accounts must be of now
	Skew         time.Duration `json:"skew,omitempty"`         // by which the token server's clock is ahead
	Undelegated  []string      `json:"undelegated,omitempty"`  // scopes that the domain has not given service accounts
	AccountNamed string        `json:"accountNamed,omitempty"` // whoever consents turns out to be this one
}

// unusedLife is how long an unused refresh token lives at Google: six months.
const unusedLife = 182 * 24 * time.Hour

// SetOAuth chooses the behaviour of tokens from now on.
func (s *Server) SetOAuth(o OAuth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth = o
}

// dead says whether a token is of no use any more.
func (s *Server) dead(t token) bool {
	if s.revoked[t.Grant] || t.Expires != 0 && s.now().Unix() >= t.Expires {
		return true
	}
	if !strings.HasPrefix(t.Grant, "consent:") {
		return false
	}
	g := s.grants[t.Grant]
	if g == nil || g.Revoked {
		return true
	}
	if t.Kind != "refresh" {
		return false
	}
	return t.Generation != g.Generation || s.now().Sub(g.Used) >= unusedLife || s.oauth.RefreshLife > 0 && s.now().Sub(g.Issued) >= s.oauth.RefreshLife
}

// consent notes a new grant; beyond the most that a client may have of a person
// the oldest dies without a word.
func (s *Server) consent(user, client, scope string) *grant {
	s.order++
	g := &grant{ID: "consent:" + user + ":" + strconv.FormatInt(s.order, 10), Number: s.order, User: user, Client: client, Scope: scope, Issued: s.now(), Used: s.now()}
	s.grants[g.ID] = g
	most := s.oauth.MostTokens
	if most == 0 {
		most = 100
	}
	var live []*grant
	for _, o := range s.grants {
		if o.User == user && o.Client == client && !o.Revoked {
			live = append(live, o)
		}
	}
	slices.SortFunc(live, func(a, b *grant) int { return cmp.Compare(a.Number, b.Number) })
	for _, o := range live[:max(0, len(live)-most)] {
		s.endGrant(o)
	}
	s.dirty = append(s.dirty, line{Grant: g})
	return g
}

func (s *Server) endGrant(g *grant) {
	g.Revoked = true
	s.dirty = append(s.dirty, line{Grant: g})
}

// granted says whether a person has consented to a client before.
func (s *Server) granted(user, client string) bool {
	for _, g := range s.grants {
		if g.User == user && g.Client == client && !g.Revoked {
			return true
		}
	}
	return false
}

// allowed takes the scopes away that are withheld.
func allowed(scope string, without []string) string {
	return strings.Join(slices.DeleteFunc(splitScope(scope), func(one string) bool { return slices.Contains(without, one) }), " ")
}

// signingKey signs identity tokens; made when first needed.
func (s *Server) signingKey() *rsa.PrivateKey {
	s.keyOnce.Do(func() {
		var err error
		if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err) // there is no randomness on this machine
		}
	})
	return s.key
}

const keyID = "emulator-1"

func (s *Server) oidcDiscovery(w http.ResponseWriter, r *http.Request) {
	base := s.issuer(r)
	writeReply(w, ok(object{"issuer": base, "authorization_endpoint": base + "/oauth/authorize", "token_endpoint": base + "/oauth/token",
		"userinfo_endpoint": base + "/oauth/userinfo", "revocation_endpoint": base + "/oauth/revoke", "jwks_uri": base + "/oauth/certs",
		"response_types_supported": []any{"code"}, "subject_types_supported": []any{"public"}, "id_token_signing_alg_values_supported": []any{"RS256"},
		"scopes_supported": []any{"openid", "email", "profile"}, "code_challenge_methods_supported": []any{"S256"},
		"token_endpoint_auth_methods_supported": []any{"client_secret_post", "client_secret_basic"},
		"claims_supported":                      []any{"aud", "email", "email_verified", "exp", "iat", "iss", "nonce", "sub"}}))
}

// issuer is the server's own address, as the caller knows it.
func (s *Server) issuer(r *http.Request) string {
	if s.opts.BaseURL != "" {
		return s.opts.BaseURL
	}
	return "http://" + r.Host
}

func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	k := s.signingKey().PublicKey
	writeReply(w, ok(object{"keys": []any{object{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": base64.RawURLEncoding.EncodeToString(k.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes())}}}))
}
