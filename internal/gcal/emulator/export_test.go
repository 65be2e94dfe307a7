package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Conforming reports every answer of the API under h that the discovery document
// does not allow: a field it does not have, a value of another kind, an error of
// another shape. Answers that a fault spoilt are left alone.
func Conforming(h http.Handler, report func(string)) http.Handler {
	d := discovery()
	routes := http.NewServeMux()
	for resource, r := range d.Resources {
		for verb, m := range r.Methods {
			name := resource + "." + verb
			routes.HandleFunc(m.HTTP+" /calendar/v3/"+m.Path, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Name", name) })
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/calendar/v3/") {
			h.ServeHTTP(w, r)
			return
		}
		found := &buffered{header: http.Header{}}
		routes.ServeHTTP(found, &http.Request{Method: r.Method, URL: r.URL, Host: r.Host})
		t := &tee{ResponseWriter: w, status: 200}
		h.ServeHTTP(t, r)
		if strings.HasPrefix(t.Header().Get("Content-Type"), "application/json") {
			for _, wrong := range violations(d, found.header.Get("Name"), t) {
				report(fmt.Sprintf("%s %s (%d): %s", r.Method, r.URL.Path, t.status, wrong))
			}
		}
	})
}

// tee keeps a copy of an answer.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) { t.status = status; t.ResponseWriter.WriteHeader(status) }

func (t *tee) Write(b []byte) (int, error) { t.body.Write(b); return t.ResponseWriter.Write(b) }

func (t *tee) Flush() { t.ResponseWriter.(http.Flusher).Flush() }

func violations(d *document, name string, t *tee) (out []string) {
	var o object
	if err := json.Unmarshal(t.body.Bytes(), &o); err != nil {
		return []string{"no JSON object: " + err.Error()}
	}
	if t.Header().Get("Date") == "" {
		out = append(out, "no date")
	}
	if t.status >= 400 {
		e, _ := o["error"].(object)
		if _, isNumber := e["code"].(float64); !isNumber || text(e["message"]) == "" {
			out = append(out, "no error with code and message")
		}
		for _, v := range asList(e["errors"]) {
			if one := v.(object); text(one["domain"]) == "" || text(one["reason"]) == "" || text(one["message"]) == "" {
				out = append(out, "an error without domain, reason or message")
			}
		}
		return out
	}
	m := d.method(name)
	if m == nil || m.Response.Ref == "" {
		return append(out, "a body where the document has none")
	}
	d.check("", &m.Response, o, func(at, what string) { out = append(out, at+": "+what) })
	if tag := t.Header().Get("ETag"); tag != "" && tag != o["etag"] {
		out = append(out, "two etags: "+tag+" and "+text(o["etag"]))
	}
	return out
}

// Methods gives the names of the methods that are answered, and of those of the
// document that are not.
func (s *Server) Methods() (answered, left []string) {
	have := s.methods()
	for resource, r := range discovery().Resources {
		for verb := range r.Methods {
			if name := resource + "." + verb; have[name] != nil {
				answered = append(answered, name)
			} else {
				left = append(left, name)
			}
		}
	}
	slices.Sort(answered)
	return answered, left
}

// Parameters gives for each method of the document its HTTP method, its path with
// the places filled in, and its query parameters with a value each that the
// document forbids ("" where every text will do); required is those it demands.
func Parameters(fill func(name string) string) []Described {
	var out []Described
	for resource, r := range discovery().Resources {
		for verb, m := range r.Methods {
			one := Described{Name: resource + "." + verb, HTTP: m.HTTP, Path: "/calendar/v3/" + m.Path, Query: map[string]string{}, Body: m.Request.Ref != ""}
			for name, p := range m.Parameters {
				switch {
				case p.Location == "path":
					one.Path = strings.ReplaceAll(one.Path, "{"+name+"}", fill(name))
				case p.Required:
					one.Required = append(one.Required, name)
					one.Query[name] = ""
				case len(p.Enum) > 0 || p.Type == "boolean" || p.Type == "integer" || p.Format == "date-time":
					one.Query[name] = "what"
				default:
					one.Query[name] = ""
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// Described is a method of the document.
type Described struct {
	Name, HTTP, Path string
	Query            map[string]string
	Required         []string
	Body             bool
}

// Fields gives the fields of each schema of the document.
func Fields() map[string][]string {
	out := map[string][]string{}
	for name, s := range discovery().Schemas {
		out[name] = sortedKeys(s.Properties)
	}
	return out
}
