package client_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
)

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, base := range []string{"", "visits.example", "ftp://visits.example", "http://", "::"} {
		_, err := client.New(base, nil)
		require.ErrorContains(t, err, "expected an address", base)
	}
}

func TestSessionStaysInTheJar(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.SetCookie(w, &http.Cookie{Name: "windshield", Value: "secret", Path: "/", HttpOnly: true})
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if c, err := r.Cookie("windshield"); err != nil || c.Value != "secret" || r.URL.Path != "/api/v1/session" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"person":{"id":"p1","name":"VP of Sales"},"roles":["vp"],"serves":[]}`)
	}))
	defer server.Close()
	mine := &http.Client{}
	c, err := client.New(server.URL+"/", mine)
	require.NoError(t, err)
	_, err = c.SignInWithResponse(context.Background(), client.SignInJSONRequestBody{Token: "t"})
	require.NoError(t, err)
	who, err := c.WhoAmIWithResponse(context.Background())
	require.NoError(t, err)
	require.NoError(t, client.Check(who))
	require.Equal(t, "VP of Sales", who.JSON200.Person.Name)
	require.Nil(t, mine.Jar, "the caller's client is left as it was")
}

func TestCheckGivesTheProblem(t *testing.T) {
	answers := map[string]struct{ body, want string }{
		"problem": {`{"type":"/docs#invalid","title":"x","status":422,"detail":"The request has a problem.","kind":"invalid","problems":[{"where":"/visits","value":"0","expected":"1 or more","mend":"Say how many."}]}`,
			"422 invalid: The request has a problem.; /visits: found 0, expected 1 or more. Say how many."},
		"no problem+json": {"<html>", "422 internal: Unprocessable Entity"},
	}
	for name, a := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, a.body)
		}))
		c, err := client.New(server.URL, nil)
		require.NoError(t, err)
		who, err := c.WhoAmIWithResponse(context.Background())
		require.NoError(t, err)
		err = client.Check(who)
		require.EqualError(t, err, a.want, name)
		var p *client.Problem
		require.True(t, errors.As(err, &p))
		server.Close()
	}
}

func TestFormHoldsKindAndFile(t *testing.T) {
	contentType, body, err := client.Form(client.ImportKindHosts, "hosts.csv", strings.NewReader("key,name\n"))
	require.NoError(t, err)
	_, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	form, err := multipart.NewReader(body, params["boundary"]).ReadForm(1000)
	require.NoError(t, err)
	require.Equal(t, []string{"hosts"}, form.Value["kind"])
	require.Equal(t, "hosts.csv", form.File["file"][0].Filename)
	require.Equal(t, `"7"`, client.Match(7))
}
