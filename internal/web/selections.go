package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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

type newSelectionModel struct {
	Dimensions               []dimension
	Year, Name, Visits, Seed string
	Chosen                   []string
	Key                      string
	Error                    shownError
}

type dimension struct {
	Name    string
	Values  int
	Example string // its most frequent values
}

func (p *Pages) newSelection(c echo.Context) error {
	m, err := p.newSelectionModelOf(c)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, newSelectionPage(p.selectionFrame(c), m))
}

func (p *Pages) selectionFrame(c echo.Context) frame {
	f := p.frame(c, "Select customers")
	f.Narrow = true
	return f
}

func (p *Pages) newSelectionModelOf(c echo.Context) (newSelectionModel, error) {
	now := p.Now()
	year := now.Year()
	if now.Month() >= time.July {
		year++ // in the second half it is next year that is planned
	}
	m := newSelectionModel{Year: itoa(year), Visits: "200", Key: p.NewKey()}
	dims, err := p.Flow.Dimensions(ctx(c), auth.Actor(c))
	if err != nil {
		return m, err
	}
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		values := slices.Collect(maps.Keys(dims[name]))
		slices.SortFunc(values, func(a, b string) int {
			if d := dims[name][b] - dims[name][a]; d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		d := dimension{Name: name, Values: len(values)}
		for i, v := range values {
			if i == 3 {
				d.Example += ", …"
				break
			}
			if i > 0 {
				d.Example += ", "
			}
			d.Example += v + " (" + num(dims[name][v]) + ")"
		}
		m.Dimensions = append(m.Dimensions, d)
	}
	return m, nil
}

func (p *Pages) makeSelection(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	in := flow.SelectInput{Name: strings.TrimSpace(c.FormValue("name")), Design: sampling.Design{Dimensions: sampling.Named(form["dimensions"]...)}}
	in.Seed = strings.TrimSpace(c.FormValue("seed"))
	var bad, more []fault.Detail
	in.Year, bad = whole(c, "year", "the year", 2020, 2100)
	in.Design.Visits, more = whole(c, "visits", "the number of visits", 1, 1_000_000)
	bad = append(bad, more...)
	if len(form["dimensions"]) == 0 {
		bad = append(bad, fault.Detail{Where: "dimensions", Expected: "at least one attribute", Mend: "Tick the attributes whose values make the groups."})
	}
	var v flow.SelectionView
	if len(bad) > 0 {
		err = fault.Invalidf("The customers were not drawn.").With(bad...)
	} else {
		v, err = p.Flow.Select(ctx(c), auth.Actor(c), key(c, itoa(in.Year), in.Name, strings.Join(form["dimensions"], "\x00"), itoa(in.Design.Visits), in.Seed), in)
	}
	if status, yes := formError(err); err != nil && yes {
		m, e := p.newSelectionModelOf(c)
		if e != nil {
			return err
		}
		m.Year, m.Name, m.Visits, m.Seed, m.Chosen = c.FormValue("year"), in.Name, c.FormValue("visits"), in.Seed, form["dimensions"]
		m.Error = shown(err, "year", "visits", "dimensions", "seed", "name")
		return p.show(c, status, newSelectionPage(p.selectionFrame(c), m))
	}
	if err != nil {
		return err
	}
	return back(c, "/selections/"+url.PathEscape(v.ID), "selected")
}

type selectionModel struct {
	flow.SelectionView
	Strata  []stratumBlock
	N, X    int // customers of the frame, visits
	MayPlan bool
	Key     string
}

type stratumBlock struct {
	sampling.Stratum
	Colour int
	Rows   []flow.Chosen
}

func (p *Pages) selection(c echo.Context) error {
	a := auth.Actor(c)
	v, err := p.Flow.Selection(ctx(c), a, c.Param("id"))
	if err != nil {
		return err
	}
	m := selectionModel{SelectionView: v, MayPlan: may(access.MakePlan)(a), Key: p.NewKey()}
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
		m.Strata = append(m.Strata, stratumBlock{s, colours[s.Code], byCode[s.Code]})
	}
	return p.show(c, http.StatusOK, selectionPage(p.frame(c, v.Name), m))
}

// mergeText says which groups became one, and why.
func mergeText(x sampling.Merge) string {
	s := strings.Join(x.A, ", ") + " (" + num(x.SizeA) + ") and " + strings.Join(x.B, ", ") + " (" + num(x.SizeB) + ") by " + x.Dim
	if x.Under != "" {
		s = x.Under + ": " + s
	}
	return s + "; together they could expect " + x.Expected + " visits"
}
