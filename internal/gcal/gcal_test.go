package gcal_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/fault"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

const (
	office = "office@vendor.example"
	ann    = "ann@vendor.example"
	host   = "hal@vendor.example"
	buyer  = "buyer@customer.example"
)

// clock is the one that a test turns; it moves a millisecond at each look, so
// that no two changes have the same time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// google starts an emulator and gives it with a client of the office's account.
func google(t testing.TB, sw emulator.Switches) (*emulator.Server, *gcal.Client, string) {
	t.Helper()
	c := &clock{now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}
	emu, err := emulator.New(emulator.Options{Now: c.Now, External: []string{"customer.example"}, Zone: "Europe/Zurich", Switches: sw, Strict: true})
	require.NoError(t, err)
	srv := httptest.NewServer(emu.Handler())
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	return emu, asOffice(t, emu, srv.URL, 5*time.Second, nil), srv.URL
}

// asOffice makes a client of the office's account, its requests going through by
// where that is not nil.
func asOffice(t testing.TB, emu *emulator.Server, url string, timeout time.Duration, by http.RoundTripper) *gcal.Client {
	t.Helper()
	client, err := gcal.New(context.Background(), gcal.Config{BaseURL: url + "/calendar/v3/", Subject: office, Token: gcal.StaticToken(emu.Token(office)), Timeout: timeout, Base: by})
	require.NoError(t, err)
	return client
}

func TestClientKeepsTheContract(t *testing.T) {
	for name, sw := range map[string]emulator.Switches{
		"likeliest": {},
		"otherwise": {KeepAnswers: true, NoRevival: true, SilentIdentical: true, BareTombstones: true, RenderZone: "Asia/Tokyo"},
	} {
		t.Run(name, func(t *testing.T) {
			calsynctest.Suite(t, func(t *testing.T) calsynctest.Account {
				emu, client, _ := google(t, sw)
				return calsynctest.Account{Cal: client, Calendar: office, Hidden: buyer, ExpireTokens: emu.ExpireSyncTokens,
					Answer: func(id, guest, a, c string) { require.NoError(t, emu.Respond(guest, id, a, c)) }}
			})
		})
	}
}

func TestErrorsAreClassifiedByReasonAndSayNothingPersonal(t *testing.T) {
	emu, client, _ := google(t, emulator.Switches{})
	ctx := context.Background()
	for _, c := range []struct {
		fault emulator.Fault
		want  calsync.Class
	}{
		{emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded", RetryAfter: 7}, calsync.SlowDown},
		{emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "userRateLimitExceeded"}, calsync.SlowDown},
		{emulator.Fault{Action: emulator.FailBefore, Status: 429, Reason: "rateLimitExceeded"}, calsync.SlowDown},
		{emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "quotaExceeded"}, calsync.UsageLimit},
		{emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "forbidden"}, calsync.Denied},
		{emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "insufficientPermissions"}, calsync.Denied},
		{emulator.Fault{Action: emulator.FailBefore, Status: 400, Reason: "invalid"}, calsync.Permanent},
		{emulator.Fault{Action: emulator.FailBefore, Status: 401, Reason: "authError", Count: 2}, calsync.AuthLost},
		{emulator.Fault{Action: emulator.FailBefore, Status: 500, Reason: "backendError"}, calsync.Unknown},
		{emulator.Fault{Action: emulator.HTML, Status: 502}, calsync.Unknown},
		{emulator.Fault{Action: emulator.DropBefore}, calsync.Unknown},
		{emulator.Fault{Action: emulator.Truncate, Bytes: 40}, calsync.Unknown},
	} {
		emu.ClearFaults()
		c.fault.Method = "events.insert"
		c.fault.Message = "about " + ann
		emu.Inject(c.fault)
		id := calsync.EventID("env", string(c.fault.Action)+c.fault.Reason, c.fault.Status)
		_, err := client.Insert(ctx, office, calsync.New{ID: id, Content: calsynctest.Content("2027-03-04", ann)}, calsync.MailNone)
		var e *calsync.Error
		require.ErrorAs(t, err, &e, "%+v", c.fault)
		require.Equal(t, c.want.String(), e.Class.String(), "%+v", c.fault)
		require.Equal(t, time.Duration(c.fault.RetryAfter)*time.Second, e.RetryAfter)
		for _, secret := range []string{ann, office, id, "Acme", "http"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestACallEndsAtItsDeadline(t *testing.T) {
	emu, _, url := google(t, emulator.Switches{})
	client, err := gcal.New(context.Background(), gcal.Config{BaseURL: url + "/calendar/v3/", Subject: office, Token: gcal.StaticToken(emu.Token(office)), Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.Hang})
	_, err = client.Get(context.Background(), office, "visit00001")
	require.Equal(t, calsync.Unknown, calsync.ClassOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestEveryCallNamesItsBucketOfQuota(t *testing.T) {
	emu, client, _ := google(t, emulator.Switches{})
	calsyncCalls(t, client)
	for _, r := range emu.Ledger().Requests {
		require.NotEmpty(t, r.QuotaUser, r.Method)
		require.LessOrEqual(t, len(r.QuotaUser), 40)
		require.NotContains(t, r.QuotaUser, "@")
	}
}

func calsyncCalls(t *testing.T, client *gcal.Client) {
	t.Helper()
	ctx := context.Background()
	e, err := client.Insert(ctx, office, calsync.New{ID: "visit00001", Content: calsynctest.Content("2027-03-04", ann)}, calsync.MailAll)
	require.NoError(t, err)
	_, err = client.FreeBusy(ctx, []string{ann}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.NoError(t, client.Check(ctx, office))
	require.NoError(t, client.Delete(ctx, office, e.ID, e.ETag, calsync.MailAll))
}

// keyFile makes a service account as the console would, with the emulator's
// token endpoint in it.
func keyFile(t *testing.T, url string) ([]byte, *rsa.PublicKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	b, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "sync@project.iam.gserviceaccount.com", "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": url + "/oauth/token"})
	require.NoError(t, err)
	return b, &key.PublicKey
}

func TestServiceAccountActsForTheOrganiser(t *testing.T) {
	ctx := context.Background()
	keys := emulator.Keys{}
	emu, err := emulator.New(emulator.Options{Now: time.Now, Keys: keys})
	require.NoError(t, err)
	srv := httptest.NewServer(emu.API())
	defer srv.Close()
	key, public := keyFile(t, srv.URL)
	keys["sync@project.iam.gserviceaccount.com"] = public
	client, err := gcal.New(ctx, gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: office, Key: key, Timeout: 5 * time.Second})
	require.NoError(t, err)

	calsyncCalls(t, client)
	for _, r := range emu.Ledger().Requests {
		require.Equal(t, office, r.User, r.Method)
	}

	t.Run("one refused token is replaced", func(t *testing.T) {
		emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.FailBefore, Status: 401, Reason: "authError"})
		require.NoError(t, client.Check(ctx, office))
	})
	t.Run("a sick token endpoint is no lost grant", func(t *testing.T) {
		c, err := gcal.New(ctx, gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: office, Key: key, Timeout: 5 * time.Second})
		require.NoError(t, err)
		emu.Inject(emulator.Fault{Method: "oauth.token", Action: emulator.FailBefore, Status: 503, Count: -1})
		require.Equal(t, calsync.SlowDown, calsync.ClassOf(c.Check(ctx, office)))
		emu.ClearFaults()
		require.NoError(t, c.Check(ctx, office))
	})
	t.Run("a hanging token endpoint ends at the deadline", func(t *testing.T) {
		c, err := gcal.New(ctx, gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: office, Key: key, Timeout: 50 * time.Millisecond})
		require.NoError(t, err)
		emu.Inject(emulator.Fault{Method: "oauth.token", Action: emulator.Hang})
		require.Equal(t, calsync.SlowDown, calsync.ClassOf(c.Check(ctx, office)))
	})
	t.Run("an unknown subject needs a person", func(t *testing.T) {
		emu.Inject(emulator.Fault{Method: "oauth.token", Action: emulator.FailBefore, Status: 400, Reason: "invalid_grant"})
		c, err := gcal.New(ctx, gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: office, Key: key})
		require.NoError(t, err)
		require.Equal(t, calsync.AuthLost, calsync.ClassOf(c.Check(ctx, office)))
	})
	t.Run("a withdrawn delegation needs a person", func(t *testing.T) {
		emu.Revoke(office)
		defer emu.Regrant(office)
		before := len(emu.Ledger().Requests)
		require.Equal(t, calsync.Denied, calsync.ClassOf(client.Check(ctx, office)))
		tokens := 0
		for _, r := range emu.Ledger().Requests[before:] {
			if r.Method == "oauth.token" {
				tokens++
			}
		}
		require.LessOrEqual(t, tokens, 2)
	})
	t.Run("another's key is refused", func(t *testing.T) {
		other, _ := keyFile(t, srv.URL)
		c, err := gcal.New(ctx, gcal.Config{BaseURL: srv.URL + "/calendar/v3/", Subject: office, Key: other})
		require.NoError(t, err)
		require.Equal(t, calsync.AuthLost, calsync.ClassOf(c.Check(ctx, office)))
	})
}

func TestSettingsAreRefusedInWords(t *testing.T) {
	ctx := context.Background()
	for name, cfg := range map[string]gcal.Config{
		"no slash":      {BaseURL: "http://127.0.0.1:1/calendar/v3", NoAuth: true},
		"no credential": {},
		"not a key":     {Key: []byte("{}"), Subject: office},
	} {
		_, err := gcal.New(ctx, cfg)
		require.True(t, fault.Is(err, fault.Invalid), name)
		_, details := fault.Shown(err)
		require.Len(t, details, 1)
		require.True(t, strings.HasPrefix(details[0].Where, "WINDSHIELD_GOOGLE_"))
	}
	key, _ := keyFile(t, "http://127.0.0.1:1")
	_, err := gcal.New(ctx, gcal.Config{Key: key})
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestFreeBusyIsAskedInPieces(t *testing.T) {
	emu, client, _ := google(t, emulator.Switches{})
	ctx := context.Background()
	_, err := client.Insert(ctx, office, calsync.New{ID: "visit00001", Content: calsynctest.Content("2027-03-04", ann)}, calsync.MailNone)
	require.NoError(t, err)
	people := []string{ann, "nobody@customer.example"}
	for i := range 120 {
		people = append(people, "p"+string(rune('a'+i/26))+string(rune('a'+i%26))+"@vendor.example")
	}
	before := len(emu.Ledger().Requests)
	from := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	busy, err := client.FreeBusy(ctx, people, from, from.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Len(t, busy, 122)
	require.Len(t, busy[ann].Spans, 1)
	require.Equal(t, "notFound", busy["nobody@customer.example"].Unknown)
	require.Equal(t, 3*5, len(emu.Ledger().Requests)-before)
}

func TestNoAuthIsForAnEmulator(t *testing.T) {
	emu, err := emulator.New(emulator.Options{Now: time.Now, Anonymous: office})
	require.NoError(t, err)
	srv := httptest.NewServer(emu.API())
	defer srv.Close()
	client, err := gcal.New(context.Background(), gcal.Config{BaseURL: srv.URL + "/calendar/v3/", NoAuth: true, Base: http.DefaultTransport})
	require.NoError(t, err)
	require.NoError(t, client.Check(context.Background(), office))
}
