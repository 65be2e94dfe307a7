package emulator

import (
	_ "embed"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// discoveryText is Google's own description of the Calendar API, copied byte for
// byte from calendar/v3/calendar-api.json of the module google.golang.org/api
// (see NOTICE). Paths, parameters, scopes and fields are taken from it; a test
// compares it with the client in use.
//
//go:embed discovery.json
var discoveryText []byte

// document is what is used of it.
type document struct {
	Revision   string                `json:"revision"`
	Parameters map[string]*parameter `json:"parameters"` // that every method takes
	Schemas    map[string]*schema    `json:"schemas"`
	Resources  map[string]struct {
		Methods map[string]*method `json:"methods"`
	} `json:"resources"`
}

type method struct {
	ID         string                `json:"id"`
	HTTP       string                `json:"httpMethod"`
	Path       string                `json:"path"`
	Parameters map[string]*parameter `json:"parameters"`
	Scopes     []string              `json:"scopes"`
	Request    schema                `json:"request"`
	Response   schema                `json:"response"`
}

type parameter struct {
	Type     string   `json:"type"`
	Format   string   `json:"format"`
	Location string   `json:"location"`
	Required bool     `json:"required"`
	Repeated bool     `json:"repeated"`
	Enum     []string `json:"enum"`
	Minimum  string   `json:"minimum"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Values     *schema            `json:"additionalProperties"`
}

var discovery = sync.OnceValue(func() *document {
	d := &document{}
	if err := json.Unmarshal(discoveryText, d); err != nil {
		panic(err) // part of the program
	}
	return d
})

// method gives a method by its name without "calendar.", such as
// "events.insert"; nil where there is none.
func (d *document) method(name string) *method {
	resource, verb, _ := strings.Cut(name, ".")
	return d.Resources[resource].Methods[verb]
}

// badParameter is Google's answer to a query parameter that it cannot read.
func badParameter(reason, name, message string) *reply {
	a := fail(400, "global", reason, message)
	one := a.body.(object)["error"].(object)["errors"].([]any)[0].(object)
	one["locationType"], one["location"] = "parameter", name
	return a
}

// checkQuery holds the query against the document. Unknown parameters are noted
// and otherwise without effect.
func (c *call) checkQuery(d *document, m *method) *reply {
	for name, p := range m.Parameters {
		if p.Location == "query" && p.Required && c.query.Get(name) == "" {
			return badParameter("required", name, "Required parameter: "+name)
		}
	}
	for name, values := range c.query {
		p := m.Parameters[name]
		if p == nil || p.Location != "query" {
			if p = d.Parameters[name]; p == nil {
				c.unknown = append(c.unknown, "?"+name)
				continue
			}
		}
		for _, v := range values {
			if !p.takes(v) {
				return badParameter("invalidParameter", name, "Invalid value '"+v+"' for the parameter "+name+".")
			}
		}
	}
	return nil
}

func (p *parameter) takes(v string) bool {
	switch {
	case v == "":
		return true
	case len(p.Enum) > 0:
		return slices.Contains(p.Enum, v)
	case p.Type == "boolean":
		return v == "true" || v == "false"
	case p.Type == "integer":
		n, err := strconv.ParseInt(v, 10, 64)
		least, bounded := strconv.ParseInt(p.Minimum, 10, 64)
		return err == nil && (bounded != nil || n >= least)
	case p.Format == "date-time":
		_, err := time.Parse(time.RFC3339, v)
		return err == nil
	}
	return true
}

// check walks a JSON value beside its schema: found is told of every field that
// the schema does not have, and of every value of another kind.
func (d *document) check(at string, s *schema, v any, found func(at, what string)) {
	if s.Ref != "" {
		s = d.Schemas[s.Ref]
	}
	if v == nil {
		return
	}
	good := true
	switch s.Type {
	case "object":
		o, isObject := v.(object)
		good = isObject
		for name, value := range o {
			switch {
			case s.Properties[name] != nil:
				d.check(at+"."+name, s.Properties[name], value, found)
			case s.Values != nil:
				d.check(at+"."+name, s.Values, value, found)
			default:
				found(at+"."+name, unknownField)
			}
		}
	case "array":
		list, isList := v.([]any)
		good = isList
		for i, value := range list {
			d.check(at+"["+strconv.Itoa(i)+"]", s.Items, value, found)
		}
	case "boolean":
		_, good = v.(bool)
	case "integer":
		f, isNumber := v.(float64)
		good = isNumber && f == math.Trunc(f)
	case "string":
		if _, good = v.(string); !good && s.Format == "int64" {
			_, good = v.(float64)
		}
	}
	if !good {
		found(at, wrongKind)
	}
}

const (
	unknownField = "unknown field"
	wrongKind    = "value of another kind"
)

// checkBody holds the body against the document: what is of another kind cannot
// be read, unknown fields are noted.
func (c *call) checkBody(d *document, m *method) *reply {
	if m.Request.Ref == "" {
		return nil
	}
	var bad *reply
	d.check("", &m.Request, c.body, func(at, what string) {
		if what == unknownField {
			c.unknown = append(c.unknown, at)
			return
		}
		bad = fail(400, "global", "parseError", "Parse Error")
	})
	return bad
}

// checkCall holds a whole call against the document.
func (s *Server) checkCall(c *call) *reply {
	d := discovery()
	m := d.method(c.method)
	if bad := c.checkQuery(d, m); bad != nil {
		return bad
	}
	if bad := c.checkBody(d, m); bad != nil {
		return bad
	}
	slices.Sort(c.unknown)
	if s.opts.Strict && len(c.unknown) > 0 {
		return fail(http.StatusBadRequest, "global", "invalid", "Unknown name: "+strings.Join(c.unknown, ", "))
	}
	return nil
}

// scopeAllows says whether a token's scopes cover a method. No scope at all, as
// of a token made by Token, covers everything.
func scopeAllows(scope, name string) bool {
	if scope == "" {
		return true
	}
	for _, have := range splitScope(scope) {
		if slices.Contains(discovery().method(name).Scopes, have) {
			return true
		}
	}
	return false
}
