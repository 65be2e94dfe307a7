package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/sampling"
)

func (p *Pages) selections(c echo.Context) error {
	rows, err := p.Flow.Selections(ctx(c), auth.Actor(c), 0)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, selectionsPage(p.frame(c, "Selections"), rows))
}

type selectionModel struct {
	flow.SelectionView
	Strata    []stratumBlock
	N, X      int  // customers of the frame, visits
	Long      bool // one group at a time
	MayPlan   bool
	MayChange bool
	Key       string
}

type stratumBlock struct {
	sampling.Stratum
	Colour int
	More   int           // of 100 further visits
	Drawn  int           // customers in it
	Rows   []flow.Chosen // those that are shown
	First  int           // how many of it stand before those shown
	Open   bool
}

// A long selection shows one group at a time, by pages.
const (
	openRows  = 60  // up to so many customers stand open on the page
	mostRows  = 300 // up to so many are on one page
	groupRows = 100 // customers of a group on a page of a longer selection
)

// part narrows a group of a long selection to what the address asks for.
func (s *stratumBlock) part(group string, first int) {
	if s.Code != group {
		s.Rows = nil
		return
	}
	s.First, s.Open = min(max(first, 0), max(len(s.Rows)-1, 0))/groupRows*groupRows, true
	s.Rows = s.Rows[s.First:min(s.First+groupRows, len(s.Rows))]
}

func (p *Pages) selection(c echo.Context) error {
	a := auth.Actor(c)
	v, err := p.Flow.Selection(ctx(c), a, c.Param("id"))
	if err != nil {
		return err
	}
	m := selectionModel{SelectionView: v, MayPlan: may(access.MakePlan)(a), MayChange: may(access.MakeSelection)(a), Key: p.NewKey()}
	byCode := map[string][]flow.Chosen{}
	for _, r := range v.Rows {
		byCode[r.Stratum] = append(byCode[r.Stratum], r)
	}
	colours := map[string]int{}
	for _, g := range v.Groups {
		colours[g.Code] = g.Colour
	}
	m.Long = len(v.Rows) > mostRows
	group, first := c.QueryParam("group"), 0
	if q := c.QueryParam("first"); q != "" {
		if first, err = strconv.Atoi(q); err != nil || first < 0 {
			return fault.Invalidf("There is no such part of the group.").With(fault.Detail{Where: "first", Value: fault.Short(q), Expected: "how many customers stand before it"})
		}
	}
	if group != "" && !slices.ContainsFunc(v.Selection.Strata, func(s sampling.Stratum) bool { return s.Code == group }) {
		return fault.Invalidf("There is no such group in this selection.").With(fault.Detail{Where: "group", Value: fault.Short(group), Expected: "the two letters of a group"})
	}
	for _, s := range v.Selection.Strata {
		m.N += s.N
		m.X += s.X
		b := stratumBlock{Stratum: s, Colour: colours[s.Code], More: nextIn(v.Next, s.Code), Rows: byCode[s.Code], Drawn: len(byCode[s.Code]), Open: len(v.Rows) <= openRows || s.Code == group}
		if m.Long {
			b.part(group, first)
		}
		m.Strata = append(m.Strata, b)
	}
	f := p.frame(c, v.Name)
	f.AsOf = v.AsOf
	return p.show(c, http.StatusOK, selectionPage(f, m))
}

func (m selectionModel) partLink(s stratumBlock, first int) templ.SafeURL {
	return templ.URL("/selections/" + url.PathEscape(m.ID) + "?group=" + s.Code + "&first=" + itoa(first) + "#g-" + s.Code)
}

func (m selectionModel) groupLink(s stratumBlock) templ.SafeURL {
	if m.Long {
		return templ.URL("/selections/" + url.PathEscape(m.ID) + "?group=" + s.Code + "#g-" + s.Code)
	}
	return templ.SafeURL("#g-" + s.Code)
}

func (m selectionModel) nameOf(id string) string { return nameIn(m.Names, id) }

func nameIn(names map[string]string, id string) string {
	if n := names[id]; n != "" {
		return n
	}
	return id
}

// mergeText says which groups became one, and why.
func mergeText(ctx context.Context, x sampling.Merge) string {
	s := strings.Join(x.A, ", ") + " (" + num(ctx, x.SizeA) + ") and " + strings.Join(x.B, ", ") + " (" + num(ctx, x.SizeB) + ") by " + x.Dim
	if x.Under != "" {
		s = x.Under + ": " + s
	}
	return s + "; together they could expect " + x.Expected + " visits"
}

// changeModel is the form with which a selection is changed after its draw.
type changeModel struct {
	flow.SelectionView
	Kind                   flow.ChangeKind
	Customer, Code, Reason string
	Chosen                 *flow.Chosen // where a customer of the selection is meant
	Next                   string       // code of the group from which the next takes over
	Key                    string
	Error                  shownError
}

// changeTexts are the words of the form, by what is to be done.
var changeTexts = map[flow.ChangeKind]struct{ title, lead, button string }{
	flow.ChangeRefused: {"Note a refusal", "The next customer in the same cell takes over, in the order of the random numbers. Nobody can choose who that is.", "Note the refusal"},
	flow.ChangeAdded:   {"Put a customer in by hand", "Whoever is put in by hand was not drawn and stands for nobody else. It is logged, and the proof page shows it with its effect on the weights.", "Put in by hand"},
	flow.ChangeRemoved: {"Take a customer out by hand", "Nobody takes over, and the other drawn customers of the group have to stand for more. It is logged, and the proof page shows it with its effect on the weights.", "Take out by hand"},
}

// refusalCodes are those that the form offers.
var refusalCodes = []string{sampling.RefusedDeclined, sampling.RefusedNoReply, sampling.RefusedDispute, sampling.RefusedClosed, sampling.RefusedAway}

func (p *Pages) changeForm(c echo.Context) error {
	m, err := p.changeModelOf(c, flow.ChangeKind(c.QueryParam("kind")), c.QueryParam("customer"))
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, changePage(p.narrow(c, changeTexts[m.Kind].title), m))
}

func (p *Pages) changeModelOf(c echo.Context, kind flow.ChangeKind, customer string) (changeModel, error) {
	if _, known := changeTexts[kind]; !known {
		return changeModel{}, fault.NotFoundf("There is nothing at this address.")
	}
	if err := access.Require(auth.Actor(c), access.MakeSelection, access.Subject{}); err != nil {
		return changeModel{}, err
	}
	v, err := p.Flow.Selection(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return changeModel{}, err
	}
	m := changeModel{SelectionView: v, Kind: kind, Customer: customer, Key: p.NewKey()}
	for i, r := range v.Rows {
		if r.CustomerID == customer {
			m.Chosen = &v.Rows[i]
		}
	}
	return m, nil
}

func (p *Pages) change(c echo.Context) error {
	n, err := version(c)
	if err != nil {
		return err
	}
	in := flow.ChangeInput{Kind: flow.ChangeKind(c.FormValue("kind")), Customer: strings.TrimSpace(c.FormValue("customer")), Code: c.FormValue("code"), Reason: c.FormValue("reason")}
	_, err = p.Flow.Change(ctx(c), auth.Actor(c), key(c, itoa(n), string(in.Kind), in.Customer, in.Code, in.Reason), c.Param("id"), n, in)
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if err != nil && yes {
		m, e := p.changeModelOf(c, in.Kind, in.Customer)
		if e != nil {
			return err
		}
		m.Code, m.Reason = in.Code, in.Reason
		m.Error = shown(err, "customer", "code", "reason")
		return p.show(c, status, changePage(p.narrow(c, changeTexts[m.Kind].title), m))
	}
	if err != nil {
		return err
	}
	return back(c, "/selections/"+url.PathEscape(c.Param("id")), string(in.Kind))
}

// stateWords say how a customer stands in a selection, with the class of the tag.
var stateWords = map[flow.ChosenState]struct{ text, class string }{
	flow.ChosenTookOver: {"took over", "tag ok"}, flow.ChosenByHand: {"by hand", "tag warn"}, flow.ChosenRefused: {"refused", "tag off"}, flow.ChosenRemoved: {"taken out", "tag off"},
}

// deviations say how a draw departs from the one that a year has.
var deviations = map[sampling.Kind]string{
	sampling.SecondDraw: "from the same list by another design", sampling.ChangedSeed: "by another seed", sampling.Refrozen: "after the list was frozen again",
}
