package httpapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed" // for the page's template and style sheet
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"windshield/api"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS []byte

// Docs adds the documentation: a page made of the contract, which needs neither
// scripts nor anything from elsewhere, and the contract itself.
func (a *API) Docs(g *echo.Group) {
	g.GET("/docs", packed(echo.MIMETextHTMLCharsetUTF8, a.docsPage))
	g.GET("/docs/docs.css", packed("text/css; charset=utf-8", func() []byte { return docsCSS }))
	g.GET("/docs/openapi.yaml", packed("application/yaml", api.OpenAPI))
}

// packed serves what never changes, made and compressed once, by the first who asks:
// the page is a quarter of a megabyte of much the same words.
func packed(mime string, make func() []byte) echo.HandlerFunc {
	both := sync.OnceValues(func() (plain, small []byte) {
		plain = make()
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that exists cannot fail
		_, _ = w.Write(plain)                                 // a buffer takes everything
		_ = w.Close()
		return plain, b.Bytes()
	})
	return func(c echo.Context) error {
		plain, small := both()
		h := c.Response().Header()
		h.Add("Vary", "Accept-Encoding")
		if !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
			return c.Blob(http.StatusOK, mime, plain)
		}
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, mime, small)
	}
}

// docsPage is rendered once, for whoever asks first.
func (a *API) docsPage() []byte {
	var b bytes.Buffer
	if err := template.Must(template.New("docs").Parse(docsHTML)).Execute(&b, a.docsModel()); err != nil {
		panic(fmt.Errorf("the documentation cannot be rendered: %w", err)) // the template is ours, and so is its input
	}
	return b.Bytes()
}

type docsModel struct {
	Title, Version, Description string
	Groups                      []docsGroup
	Kinds                       []docsKind
}

type docsGroup struct {
	ID, Name, Description string
	Operations            []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Open                                   bool
	Params                                 []docsParam
	Media                                  string // of the request's body
	Fields                                 []docsField
	Request                                string // example
	Answers                                []docsAnswer
}

type docsParam struct {
	Name, In, Expected, Description, Example string
	Required                                 bool
}

type docsField struct {
	Name, Expected, Description string
	Required                    bool
}

type docsAnswer struct {
	Status, Description, Media, Example string
	Headers                             []docsParam
	Problem                             bool
}

type docsKind struct {
	Name, Title, Advice string
	Status              int
}

// methods gives the order of operations on one path.
var methods = map[string]int{http.MethodGet: 1, http.MethodPost: 2, http.MethodPatch: 3, http.MethodDelete: 4}

func (a *API) docsModel() docsModel {
	m := docsModel{Title: a.doc.Info.Title, Version: a.doc.Info.Version, Description: a.doc.Info.Description}
	base := strings.TrimRight(a.doc.Servers[0].URL, "/")
	for _, tag := range a.doc.Tags {
		g := docsGroup{ID: "tag-" + strings.ToLower(tag.Name), Name: tag.Name, Description: tag.Description}
		for _, o := range a.operations {
			if slices.Contains(o.route.Operation.Tags, tag.Name) {
				g.Operations = append(g.Operations, o.document(base))
			}
		}
		slices.SortFunc(g.Operations, func(x, y docsOperation) int {
			return cmp.Or(strings.Compare(x.Path, y.Path), cmp.Compare(methods[x.Method], methods[y.Method]))
		})
		m.Groups = append(m.Groups, g)
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		m.Kinds = append(m.Kinds, docsKind{Name: k.String(), Title: kinds[k].title, Advice: kinds[k].advice, Status: kinds[k].status})
	}
	slices.SortStableFunc(m.Kinds, func(x, y docsKind) int { return cmp.Compare(x.Status, y.Status) })
	return m
}

func (op *operation) document(base string) docsOperation {
	o := op.route.Operation
	d := docsOperation{ID: o.OperationID, Method: op.route.Method, Path: base + op.route.Path, Summary: o.Summary, Description: o.Description, Open: op.open}
	for _, p := range o.Parameters {
		d.Params = append(d.Params, docsParam{Name: p.Value.Name, In: p.Value.In, Expected: expected(p.Value.Schema.Value), Description: p.Value.Description,
			Required: p.Value.Required, Example: exampleText(p.Value.Schema.Value)})
	}
	if o.RequestBody != nil {
		for media, content := range o.RequestBody.Value.Content {
			d.Media, d.Fields = media, fields(content.Schema.Value)
			if media == mediaJSON {
				d.Request = exampleText(content.Schema.Value)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) {
		d.Answers = append(d.Answers, answer(status, o.Responses.Value(status).Value))
	}
	return d
}

func fields(s *openapi3.Schema) []docsField {
	var out []docsField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name].Value
		out = append(out, docsField{Name: name, Expected: expected(p), Description: p.Description, Required: slices.Contains(s.Required, name)})
	}
	slices.SortStableFunc(out, func(a, b docsField) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return out
}

func answer(status string, r *openapi3.Response) docsAnswer {
	a := docsAnswer{Status: status, Description: value(r.Description)}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		h := r.Headers[name].Value
		a.Headers = append(a.Headers, docsParam{Name: name, Description: h.Description, Example: exampleText(h.Schema.Value)})
	}
	for media, content := range r.Content {
		a.Media = media
		a.Problem = media == "application/problem+json"
		if content.Example != nil {
			a.Example = indented(content.Example)
		} else {
			a.Example = exampleText(content.Schema.Value)
		}
	}
	return a
}

// exampleText writes the example of a schema as it would be sent.
func exampleText(s *openapi3.Schema) string {
	e := Example(s)
	if text, ok := e.(string); ok {
		return text
	}
	return indented(e)
}

func indented(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

// Example makes an example of a schema from the examples of its parts, nil where
// a part has none.
func Example(s *openapi3.Schema) any {
	switch {
	case s.Example != nil:
		return s.Example
	case s.Type.Is("array"):
		if item := Example(s.Items.Value); item != nil {
			return []any{item}
		}
	case s.Type.Is("object"):
		out := map[string]any{}
		for name, p := range s.Properties {
			if out[name] = Example(p.Value); out[name] == nil {
				return nil
			}
		}
		return out
	}
	return nil
}
