package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/slot"
)

// operation is one operation of the contract, ready to hold requests against.
type operation struct {
	route   *routers.Route
	open    bool // nobody needs to be signed in
	query   map[string]*openapi3.Parameter
	headers []string
	changes bool   // needs If-Match
	media   string // of the body; "" where it has none
	bare    bool   // the body may be left out
	most    int64  // bytes of a JSON body
}

func newOperation(doc *openapi3.T, path string, item *openapi3.PathItem, method string, op *openapi3.Operation) *operation {
	// Who may ask is settled before. The validator would read the whole body only to
	// ask nobody about it: fifty megabytes per request, before any place is taken.
	checked := *op
	checked.Security = openapi3.NewSecurityRequirements()
	o := &operation{route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: &checked}, query: map[string]*openapi3.Parameter{}}
	o.most = mostJSON
	if n, ok := op.Extensions["x-most-bytes"].(float64); ok {
		o.most = int64(n)
	}
	o.open = op.Security != nil && len(*op.Security) == 0
	for _, p := range op.Parameters {
		switch p.Value.In {
		case openapi3.ParameterInQuery:
			o.query[p.Value.Name] = p.Value
		case openapi3.ParameterInHeader:
			o.headers = append(o.headers, p.Value.Name)
			o.changes = o.changes || p.Value.Name == "If-Match"
		}
	}
	if op.RequestBody != nil {
		o.bare = !op.RequestBody.Value.Required
		for media := range op.RequestBody.Value.Content {
			o.media = media
		}
	}
	return o
}

const (
	mediaJSON = "application/json"
	mediaForm = "multipart/form-data"
)

// guard holds a request against the contract, names everything that is wrong
// with it in one answer, and lets only good requests through to the handler.
func (a *API) guard(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !op.open && auth.Actor(c).PersonID == "" {
				return fault.New(fault.Unauthenticated, "Please sign in first.")
			}
			r := c.Request()
			if op.changes && len(r.Header.Values("If-Match")) == 0 {
				return withStatus{fault.Invalidf("Say which version you have seen.").With(fault.Detail{Where: "header If-Match",
					Expected: `the ETag of what you looked at, such as "3"`, Mend: "Read it first and send its ETag back."}), http.StatusPreconditionRequired}
			}
			if err := op.checkMedia(r); err != nil {
				return err
			}
			var body []byte
			if op.media != mediaForm { // files are read by their handler
				var err error
				if body, err = io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, op.most)); err != nil {
					if c.Request().Context().Err() == nil && !errors.As(err, new(*http.MaxBytesError)) {
						return fault.Invalidf("The body did not arrive whole.").Because(err)
					}
					return err
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				r.ContentLength = int64(len(body))
			}
			if problems := op.check(c, body); len(problems) > 0 {
				return invalid(problems)
			}
			if v, ok := r.Body.(interface{ ValidatedValue() any }); ok {
				wholeNumbers(v.ValidatedValue())
			}
			withCall(c, contentHash(r, body))
			return next(c)
		}
	}
}

func invalid(problems []fault.Detail) error {
	text := "The request has a problem."
	if n := len(problems); n > 1 {
		text = fmt.Sprintf("The request has %d problems.", n)
	}
	return fault.Invalidf("%s", text).With(problems...)
}

func contentHash(r *http.Request, parts ...[]byte) string {
	h := sha256.New()
	for _, p := range append([][]byte{[]byte(r.Method), []byte(r.URL.Path)}, parts...) {
		fmt.Fprintf(h, "%d:", len(p)) // no two requests look alike
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkMedia wants the body's type named, so that no form of another site can
// send one that looks like ours.
func (op *operation) checkMedia(r *http.Request) error {
	if op.media == "" || op.bare && r.ContentLength == 0 {
		return nil
	}
	header, expected := r.Header.Get("Content-Type"), op.media
	if op.media == mediaForm {
		expected += " with a boundary"
	}
	media, params, err := mime.ParseMediaType(header)
	charset := strings.ToLower(params["charset"])
	if err == nil && media == op.media && (charset == "" || charset == "utf-8") && (media != mediaForm || params["boundary"] != "") && len(r.Header.Values("Content-Type")) == 1 {
		return nil
	}
	return withStatus{fault.Invalidf("The body has the wrong type.").With(fault.Detail{Where: "header Content-Type", Value: fault.Short(readable(header)), Expected: expected}),
		http.StatusUnsupportedMediaType}
}

// check gives all that is wrong with parameters and body.
func (op *operation) check(c echo.Context, body []byte) []fault.Detail {
	r := c.Request()
	query, problems := op.checkQuery(r.URL.RawQuery)
	problems = append(problems, op.checkHeaders(r.Header)...)
	params := map[string]string{}
	for i, name := range c.ParamNames() {
		if i >= len(c.ParamValues()) {
			break
		}
		value, err := url.PathUnescape(c.ParamValues()[i])
		if err != nil || !plain(value) {
			problems = append(problems, fault.Detail{Where: "path " + name, Value: fault.Short(readable(c.ParamValues()[i])), Expected: "text in UTF-8 without null characters"})
			continue
		}
		params[name] = value
	}
	if len(problems) > 0 {
		return problems // what follows would only complain of the same again
	}
	bodyProblems := op.checkBody(body)
	options := &openapi3filter.Options{MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
		KeepValidatedValue: true, ExcludeRequestBody: op.media != mediaJSON || len(bodyProblems) > 0,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidator("date", dateFormat{})}}
	err := openapi3filter.ValidateRequest(context.WithoutCancel(r.Context()), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, QueryParams: query, Route: op.route, Options: options})
	return append(explain(err), bodyProblems...)
}

// checkBody looks at the form of a JSON body. Where none is expected, nothing or
// an empty object may come.
func (op *operation) checkBody(body []byte) []fault.Detail {
	switch trimmed := bytes.TrimSpace(body); {
	case op.bare && len(body) == 0:
	case op.media == mediaJSON:
		return readJSON(body)
	case op.media == "" && len(trimmed) > 0 && string(trimmed) != "{}":
		return []fault.Detail{{Where: "body", Value: fault.Short(readable(string(trimmed[:min(len(trimmed), 400)]))), Expected: "no body", Mend: "Leave it out."}}
	}
	return nil
}

// checkQuery reads the query strictly: a filter that is misspelt or given twice
// must not show more than was meant.
func (op *operation) checkQuery(raw string) (url.Values, []fault.Detail) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, []fault.Detail{{Where: "query", Value: fault.Short(readable(raw)), Expected: "name=value pairs, percent-encoded"}}
	}
	var problems []fault.Detail
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		p := op.query[name]
		where := "query " + fault.Short(readable(name))
		switch {
		case p == nil:
			problems = append(problems, fault.Detail{Where: where, Expected: oneOf("no parameters", slices.Sorted(maps.Keys(op.query))), Mend: "Remove it, or correct its name."})
			continue
		case len(values) > 1 && !p.Schema.Value.Type.Is("array"):
			problems = append(problems, fault.Detail{Where: where, Value: fmt.Sprintf("%d values", len(values)), Expected: "one value"})
		}
		for _, v := range values {
			if v == "" || !plain(v) {
				problems = append(problems, fault.Detail{Where: where, Value: fault.Short(readable(v)), Expected: "a value in UTF-8 without null characters", Mend: "Leave the parameter out where it has no value."})
			}
		}
	}
	return query, problems
}

func (op *operation) checkHeaders(h http.Header) []fault.Detail {
	var problems []fault.Detail
	for _, name := range op.headers {
		values := h.Values(name)
		switch {
		case len(values) > 1:
			problems = append(problems, fault.Detail{Where: "header " + name, Value: fmt.Sprintf("%d headers", len(values)), Expected: "one"})
		case len(values) == 1 && (values[0] == "" || !plain(values[0])):
			problems = append(problems, fault.Detail{Where: "header " + name, Value: fault.Short(readable(values[0])), Expected: "a value"})
		}
	}
	return problems
}

// wholeNumbers rewrites in place what a JSON value writes as 2.0 or 2e3, which
// is a whole number to the contract, but not to Go.
func wholeNumbers(v any) {
	fix := func(v any, set func(any)) {
		n, ok := v.(json.Number)
		if !ok || !strings.ContainsAny(n.String(), ".eE") {
			wholeNumbers(v)
			return
		}
		if f, err := n.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			set(json.Number(strconv.FormatInt(int64(f), 10)))
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			fix(x, func(y any) { v[k] = y })
		}
	case []any:
		for i, x := range v {
			fix(x, func(y any) { v[i] = y })
		}
	}
}

// plain says whether a text can be stored by any database: UTF-8 without nulls.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// readable makes any bytes fit to be shown in an error.
func readable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}

// dateFormat accepts the dates that the domain has.
type dateFormat struct{}

// Validate is for the validator of the contract.
func (dateFormat) Validate(s string) error {
	_, err := slot.ParseDate(s)
	return err
}
