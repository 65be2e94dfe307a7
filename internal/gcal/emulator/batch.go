package emulator

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// maxBatch is the most calls in one batch that Google documents.
const maxBatch = 1000

// batch answers many calls in one request: each part is a request of its own,
// and each is counted and answered by itself.
func (s *Server) batch(api http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/mixed" || params["boundary"] == "" {
			writeReply(w, fail(400, "global", "badRequest", "A batch must be multipart/mixed."))
			return
		}
		in := multipart.NewReader(http.MaxBytesReader(w, r.Body, 8*maxBody), params["boundary"])
		var out bytes.Buffer
		parts := multipart.NewWriter(&out)
		for n := 0; ; n++ {
			part, err := in.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || n >= maxBatch {
				writeReply(w, fail(400, "global", "badRequest", "The batch cannot be read, or has more than "+strconv.Itoa(maxBatch)+" parts."))
				return
			}
			inner, err := http.ReadRequest(bufio.NewReader(part))
			if err != nil || !strings.HasPrefix(inner.URL.Path, "/calendar/v3/") {
				writeReply(w, fail(400, "global", "badRequest", "Part "+strconv.Itoa(n+1)+" is no request to the calendar."))
				return
			}
			if inner.Header.Get("Authorization") == "" {
				inner.Header.Set("Authorization", r.Header.Get("Authorization"))
			}
			answer := &buffered{header: http.Header{}, status: http.StatusOK}
			api.ServeHTTP(answer, inner.WithContext(r.Context()))
			head := textproto.MIMEHeader{"Content-Type": {"application/http"}}
			if id := part.Header.Get("Content-Id"); id != "" {
				head.Set("Content-Id", "<response-"+strings.TrimPrefix(id, "<"))
				if !strings.HasPrefix(id, "<") {
					head.Set("Content-Id", "response-"+id)
				}
			}
			body, _ := parts.CreatePart(head) // writes to memory only
			resp := http.Response{StatusCode: answer.status, ProtoMajor: 1, ProtoMinor: 1, Header: answer.header,
				Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len())}
			_ = resp.Write(body)
		}
		parts.Close()
		w.Header().Set("Content-Type", "multipart/mixed; boundary="+parts.Boundary())
		w.Write(out.Bytes())
	}
}

// buffered keeps the answer of one part.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (b *buffered) Header() http.Header { return b.header }

// WriteHeader implements http.ResponseWriter.
func (b *buffered) WriteHeader(status int) { b.status = status }

// Write implements http.ResponseWriter.
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }
