package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

type customersModel struct {
	flow.CustomersView
	Search   string
	Values   []pair // the filter on dimensions
	NextHref string
	Filtered bool
	Stage    string // code; "" for all
}

// pair is a dimension and its value.
type pair struct{ Name, Value string }

func pairs(m map[string]string) []pair {
	var out []pair
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair{k, m[k]})
	}
	return out
}

// besideStage leaves out the stage that the import has said, where the page shows the
// stage by itself. A word that is none of our stages stays.
func besideStage(in []pair, b visit.Buying, stands visit.Stage) []pair {
	if stands.Code == "" {
		return in
	}
	return slices.DeleteFunc(in, func(x pair) bool {
		return x.Name == flow.StageDimension && slices.ContainsFunc(b.Stages, func(s visit.Stage) bool {
			return strings.EqualFold(s.Code, x.Value) || strings.EqualFold(s.Name, x.Value)
		})
	})
}

func (p *Pages) customers(c echo.Context) error {
	q := flow.CustomerQuery{Search: strings.TrimSpace(c.QueryParam("q")), After: c.QueryParam("after"), Limit: 50}
	stage := c.QueryParam("stage")
	if stage != "" {
		q.Stage = []string{stage}
	}
	for k, v := range c.QueryParams() {
		if d, ok := strings.CutPrefix(k, "d."); ok && len(v) > 0 && v[0] != "" {
			if q.Values == nil {
				q.Values = map[string]string{}
			}
			q.Values[d] = v[0]
		}
	}
	v, err := p.Flow.Customers(ctx(c), auth.Actor(c), q)
	if err != nil {
		return err
	}
	m := customersModel{CustomersView: v, Search: q.Search, Values: pairs(q.Values), Stage: stage, Filtered: q.Search != "" || stage != "" || len(q.Values) > 0 || q.After != ""}
	if v.Next != "" {
		u := c.QueryParams()
		u.Set("after", v.Next)
		m.NextHref = "/customers?" + u.Encode()
	}
	return p.show(c, http.StatusOK, customersPage(p.frame(c, "Customers"), m))
}

// byValue gives the address of the customers with a value in a dimension.
func byValue(x pair) string { return "/customers?" + url.Values{"d." + x.Name: {x.Value}}.Encode() }

type customerModel struct {
	flow.CustomerView
	Values       []pair
	Past, Coming []visit.Visit
	MayErase     bool // give out or erase what is held about its people
	Key          string
	Error        shownError
	Typed, On    string // what was typed before
}

func (p *Pages) customer(c echo.Context) error { return p.showCustomer(c, http.StatusOK, nil) }

func (p *Pages) showCustomer(c echo.Context, status int, refused error) error {
	v, err := p.Flow.Customer(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := customerModel{CustomerView: v, Values: besideStage(pairs(v.Customer.Values), v.Way.Buying, v.Way.Stage), Key: p.NewKey(), Error: shown(refused, "action", "on"), Typed: c.FormValue("action"), On: c.FormValue("on"),
		MayErase: may(access.ErasePerson)(auth.Actor(c))}
	for _, x := range v.Visits {
		ahead := x.End.After(p.Now())
		switch {
		case x.State == visit.Proposed && !ahead: // a draft's day that has passed is no visit
		case x.State == visit.Proposed, x.State.Live() && ahead:
			m.Coming = append(m.Coming, x)
		default:
			m.Past = append(m.Past, x)
		}
	}
	slices.Reverse(m.Past)
	f := p.frame(c, v.Customer.Name)
	f.Narrow = true
	return p.show(c, status, customerPage(f, m))
}
