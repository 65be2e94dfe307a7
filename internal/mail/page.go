package mail

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed page
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"pieces": pieces,
	"join":   func(s []string) string { return strings.Join(s, ", ") },
}).ParseFS(files, "page/*.html"))

// Page shows the messages: a list, newest first, and each message. All its links
// are relative, so it may be mounted under any path that ends in a slash, with
// http.StripPrefix. It answers only requests that name this machine as the host,
// since a page elsewhere must not read sign-in links through a forged name.
func (c *Catcher) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.list)
	mux.HandleFunc("GET /messages/{seq}", c.message)
	mux.HandleFunc("GET /messages/{seq}/raw", c.raw)
	mux.HandleFunc("GET /messages/{seq}/html", c.html)
	mux.HandleFunc("GET /messages/{seq}/files/{n}", c.file)
	mux.HandleFunc("GET /catcher.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "page/catcher.css")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !local(r.Host) {
			http.Error(w, "The mail catcher answers on this machine only, under 127.0.0.1 or localhost.", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Catcher) list(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	messages := c.Messages()
	if to != "" {
		messages = c.To(to)
	}
	slices.Reverse(messages)
	show(w, http.StatusOK, "list.html", map[string]any{"Messages": messages, "To": to})
}

func (c *Catcher) message(w http.ResponseWriter, r *http.Request) {
	if m, found := c.asked(r); found {
		show(w, http.StatusOK, "message.html", m)
		return
	}
	show(w, http.StatusNotFound, "missing.html", nil)
}

func (c *Catcher) raw(w http.ResponseWriter, r *http.Request) {
	m, found := c.asked(r)
	if !found {
		show(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw)
}

// html shows the HTML part as a mail program does: it may have colours, but runs
// nothing, loads nothing and sends nothing, and has no part in what we show else.
func (c *Catcher) html(w http.ResponseWriter, r *http.Request) {
	m, found := c.asked(r)
	if !found || m.HTML == "" {
		show(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, m.HTML)
}

// file lets one save a file, and never shows it as a page of ours.
func (c *Catcher) file(w http.ResponseWriter, r *http.Request) {
	m, found := c.asked(r)
	n, err := strconv.Atoi(r.PathValue("n"))
	if !found || err != nil || n < 0 || n >= len(m.Files) {
		show(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(m.Files[n].Name, "file")}))
	_, _ = w.Write(m.Files[n].Data)
}

func (c *Catcher) asked(r *http.Request) (Caught, bool) {
	seq, err := strconv.Atoi(r.PathValue("seq"))
	if err != nil {
		return Caught{}, false
	}
	return c.Get(seq)
}

// show renders to memory first, so that a failure is not half a page.
func show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
