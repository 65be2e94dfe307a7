package web

import (
	"net/http"
	"net/url"
	"strings"

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
	N, X      int // customers of the frame, visits
	MayPlan   bool
	MayChange bool
	Key       string
}

type stratumBlock struct {
	sampling.Stratum
	Colour int
	More   int // of 100 further visits
	Rows   []flow.Chosen
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
	for _, s := range v.Selection.Strata {
		m.N += s.N
		m.X += s.X
		m.Strata = append(m.Strata, stratumBlock{s, colours[s.Code], nextIn(v.Next, s.Code), byCode[s.Code]})
	}
	return p.show(c, http.StatusOK, selectionPage(p.frame(c, v.Name), m))
}

func (m selectionModel) nameOf(id string) string { return nameIn(m.Names, id) }

func nameIn(names map[string]string, id string) string {
	if n := names[id]; n != "" {
		return n
	}
	return id
}

// mergeText says which groups became one, and why.
func mergeText(x sampling.Merge) string {
	s := strings.Join(x.A, ", ") + " (" + num(x.SizeA) + ") and " + strings.Join(x.B, ", ") + " (" + num(x.SizeB) + ") by " + x.Dim
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
