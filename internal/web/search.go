package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

// searchModel is what was found, as links.
type searchModel struct {
	Query  string
	Groups []searchGroup
	Total  int
	Error  shownError
}

type searchGroup struct {
	Title string
	Links []searchLink
	All   string // where the rest stands; "" where this is all
}

type searchLink struct {
	Href, Name, More string
}

// search is a page; with part=1 only its list, for the box that opens by keys.
func (p *Pages) search(c echo.Context) error {
	a := auth.Actor(c)
	r, err := p.Flow.Search(ctx(c), a, c.QueryParam("q"))
	status, wrong := formError(err)
	if err != nil && !wrong {
		return err
	}
	m := searchModel{Query: strings.TrimSpace(c.QueryParam("q"))}
	if err != nil {
		m.Error = shown(err, "q")
	} else {
		status, m.Groups = http.StatusOK, foundGroups(a, r)
	}
	for _, g := range m.Groups {
		m.Total += len(g.Links)
	}
	if c.QueryParam("part") != "" {
		return p.show(c, status, searchList(m))
	}
	return p.show(c, status, searchPage(p.narrow(c, "Search"), m))
}

// foundGroups puts what was found into the order in which people mostly mean it, and
// pages by their names in front.
func foundGroups(a access.Actor, r flow.SearchResult) (out []searchGroup) {
	var pages searchGroup
	for _, l := range nav(a, "") {
		if len(r.Query) > 1 && strings.Contains(strings.ToLower(l.Text), strings.ToLower(r.Query)) {
			pages.Links = append(pages.Links, searchLink{Href: l.Href, Name: l.Text})
		}
	}
	if pages.Title = "Pages"; len(pages.Links) > 0 {
		out = append(out, pages)
	}
	for _, kind := range []struct {
		kind  flow.FoundKind
		title string
	}{{flow.FoundCustomer, "Customers"}, {flow.FoundPerson, "People"}, {flow.FoundClaim, "Claims"}, {flow.FoundPlan, "Plans"}} {
		g := searchGroup{Title: kind.title}
		for _, x := range r.Found {
			if x.Kind == kind.kind {
				g.Links = append(g.Links, searchLink{foundHref(a, x), x.Name, x.More})
			}
		}
		if kind.kind == flow.FoundCustomer && r.Customers {
			g.All = "/customers?q=" + url.QueryEscape(r.Query)
		}
		if len(g.Links) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func foundHref(a access.Actor, x flow.Found) string {
	id := url.PathEscape(x.ID)
	switch {
	case x.Kind == flow.FoundCustomer:
		return "/customers/" + id
	case x.Kind == flow.FoundPlan:
		return "/plans/" + id
	case x.Kind == flow.FoundClaim:
		return "/claims/" + id
	case may(access.SeeCoverage)(a):
		return "/coverage/people/" + id
	case may(access.ManagePeople)(a):
		return "/admin/people/" + id
	}
	return "/me?person=" + url.QueryEscape(x.ID)
}

func (p *Pages) shortcuts(c echo.Context) error {
	return p.show(c, http.StatusOK, shortcutsPage(p.narrow(c, "Keys")))
}

// keyGroups are the keys that the pages know, for the page that lists them.
var keyGroups = []struct {
	title string
	keys  [][2]string
}{
	{"Everywhere", [][2]string{
		{"Ctrl K or ⌘ K", "Search: jump to a customer, a person or a page"},
		{"/", "The same, where no field has the focus"},
		{"?", "This page"},
		{"Esc", "Close what has opened"},
	}},
	{"In the plan", [][2]string{
		{"← → ↑ ↓", "From visit to visit"},
		{"Home, End", "First and last visit of the executive"},
		{"Page ↑, Page ↓", "Ten executives up or down"},
		{"Enter", "Open the visit, or a group of executives"},
		{"M", "Move it: arrows choose the place, Enter drops it, Esc puts it back"},
		{"S", "Swap it with another"},
		{"P", "Pin it, or let it go"},
		{"X", "Take several: Shift with an arrow takes the next one, too"},
		{"Alt ←, Alt →", "Show what a week back or on would do to those taken; Enter moves them all, Esc none"},
		{"U or Ctrl Z", "Take your last change back, a pin, too"},
	}},
	{"In a presentation", [][2]string{
		{"→ or space, ←", "Next slide, the one before"},
		{"Home, End", "First slide, last slide"},
		{"F", "Full screen"},
	}},
}
