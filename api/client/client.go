// Package client is the Go client of Windshield's HTTP API. What stands in
// client.gen.go is generated from api/openapi.yaml; this file adds what makes it
// handy: the cookie jar, versions, the upload form, and problems as errors.
package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// New makes a client of the Windshield at base, such as "https://visits.example".
// The session lives in h's cookie jar; without a jar, or with a nil h, the client
// gets one of its own. h itself is not changed.
func New(base string, h *http.Client) (*ClientWithResponses, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("expected an address such as https://visits.example, found %q", base)
	}
	own := http.Client{Timeout: time.Minute}
	if h != nil {
		own = *h
	}
	if own.Jar == nil {
		if own.Jar, err = cookiejar.New(nil); err != nil {
			return nil, err
		}
	}
	return NewClientWithResponses(strings.TrimRight(base, "/")+"/api/v1", WithHTTPClient(&own))
}

// Match gives the If-Match header for a change of the version that was looked at.
func Match(version int) IfMatch { return `"` + strconv.Itoa(version) + `"` }

// Form makes the body of an upload, and its content type. It reads the whole file.
func Form(kind ImportKind, fileName string, file io.Reader) (contentType string, body io.Reader, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("kind", string(kind)); err != nil {
		return "", nil, err
	}
	part, err := w.CreateFormFile("file", fileName)
	if err != nil {
		return "", nil, err
	}
	if _, err := io.Copy(part, file); err != nil {
		return "", nil, err
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return w.FormDataContentType(), &b, nil
}

// Error says on one line what went wrong, and all problems.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s: %s", p.Status, p.Kind, p.Detail)
	for _, d := range p.Problems {
		b.WriteString("; ")
		for i, part := range []*string{d.Where, d.Value, d.Expected, d.Mend} {
			if part != nil && *part != "" {
				b.WriteString([]string{"", ": found ", ", expected ", ". "}[i] + *part)
			}
		}
	}
	return b.String()
}

// Check gives the problem of an answer as a *Problem, nil where the request went
// through. Every answer of this package can be given to it.
func Check(answer interface {
	StatusCode() int
	GetBody() []byte
}) error {
	status := answer.StatusCode()
	if status < 400 {
		return nil
	}
	p := Problem{Status: status, Kind: ProblemKindInternal}
	if err := json.Unmarshal(answer.GetBody(), &p); err != nil || p.Detail == "" {
		p.Detail = http.StatusText(status) // something between us and Windshield has answered
	}
	return &p
}
