package testkit

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/intake"
	"windshield/internal/mail"
	"windshield/sample"
)

// signIn asks for a link on the page, takes it from the mail and uses it.
func (h *House) signIn(email string) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(h.t, err)
	c := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	before := len(h.Inbox(email))
	status, _ := h.Post(c, "/signin", url.Values{"email": {email}})
	require.Equal(h.t, http.StatusOK, status)
	h.Settle()
	mails := h.Inbox(email)
	require.Greater(h.t, len(mails), before, "no sign-in mail for %s", email)
	link := "" // other mails may come with it
	for _, m := range mails[before:] {
		link = cmp.Or(SignInLink(m), link)
	}
	require.NotEmpty(h.t, link)
	status, _ = h.Post(c, strings.TrimPrefix(link, h.URL), nil)
	require.Equal(h.t, http.StatusOK, status)
	return c
}

// SignInLink gives the sign-in link of a mail, "" where it has none.
func SignInLink(m mail.Caught) string {
	for _, l := range m.Links() {
		if strings.Contains(l, "/signin/") {
			return l
		}
	}
	return ""
}

// Get reads a page and gives its status and body.
func (h *House) Get(c *http.Client, path string) (status int, body string) {
	h.t.Helper()
	r, err := c.Get(h.URL + path)
	require.NoError(h.t, err)
	return read(h, r)
}

// GetPart is Get as the script of a page asks for a part of it.
func (h *House) GetPart(c *http.Client, path string) (status int, body string) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.URL+path, nil)
	require.NoError(h.t, err)
	r.Header.Set("X-Part", "yes")
	w, err := c.Do(r)
	require.NoError(h.t, err)
	return read(h, w)
}

// Post sends a form, follows the redirect and gives what is shown then.
func (h *House) Post(c *http.Client, path string, form url.Values) (status int, body string) {
	h.t.Helper()
	r, err := c.PostForm(h.URL+path, form)
	require.NoError(h.t, err)
	return read(h, r)
}

func read(h *House, r *http.Response) (int, string) {
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(h.t, err)
	return r.StatusCode, string(b)
}

// Import brings a file in as the use case does for every door.
func (h *House) Import(kind intake.Kind, name string, data []byte) flow.ImportView {
	h.t.Helper()
	ctx := context.Background()
	v, err := h.Flow.Upload(ctx, System, flow.Key{}, kind, name, data)
	require.NoError(h.t, err)
	require.NoError(h.t, v.MappingProblem)
	v, err = h.Flow.ConfirmImport(ctx, System, flow.Key{}, v.ID, v.Version)
	require.NoError(h.t, err)
	return v
}

// Sample brings the sample company in.
func (h *House) Sample() {
	h.t.Helper()
	for _, kind := range intake.Kinds() {
		data, err := sample.Files.ReadFile(string(kind) + ".csv")
		require.NoError(h.t, err)
		h.Import(kind, string(kind)+".csv", data)
	}
	_, err := h.Flow.Admit(context.Background(), System, "vp-sales@northlight.example", "VP of Sales")
	require.NoError(h.t, err)
}
