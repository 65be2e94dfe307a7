package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// planFiles are the files of a plan as the menu names them.
var planFiles = []struct {
	kind       flow.PlanFileKind
	name, what string
}{
	{flow.PlanPDF, "PDF", "the year on A3"},
	{flow.PlanPPTX, "PowerPoint", "the slides, to edit"},
	{flow.PlanXLSX, "Excel", "coverage, year and visits"},
	{flow.PlanCSV, "CSV", "the list of visits"},
	{flow.PlanICS, "iCalendar", "the visits that stand"},
}

// planFile sends a plan as a file. Lists leave row by row.
func (p *Pages) planFile(kind flow.PlanFileKind) echo.HandlerFunc {
	return func(c echo.Context) error {
		file, err := p.Flow.PlanFile(ctx(c), auth.Actor(c), c.Param("id"), kind)
		if err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", file.Name))
		h.Set(echo.HeaderContentType, file.Type)
		h.Set("Cache-Control", "no-store")
		c.Response().WriteHeader(http.StatusOK)
		return file.Write(c.Response())
	}
}

// printModel is the year as it goes on paper: pages of as many executives as fit.
type printModel struct {
	flow.PaperYear
	Pages  []printPage
	Months []printMonth
	Here   string
	Of     int // pages of all parts
}

type printPage struct {
	N    int
	Rows []export.YearRow
}

// allParts asks for a plan on paper with everybody, which takes its time.
const allParts = "all"

// printMonth is a heading over the weeks that begin in it.
type printMonth struct {
	Label string
	Weeks int
}

// printPlan shows the year for printing, in all letters that the browser knows.
func (p *Pages) printPlan(c echo.Context) error {
	id, part := c.Param("id"), 1
	if q := c.QueryParam("part"); q == allParts {
		part = 0
	} else if q != "" {
		n, err := strconv.Atoi(q)
		if err != nil || n < 1 {
			return fault.NotFoundf("This plan has no such part.")
		}
		part = n
	}
	y, err := p.Flow.YearSheet(ctx(c), auth.Actor(c), id, part)
	if err != nil {
		return err
	}
	m := printModel{PaperYear: y, Here: "/plans/" + url.PathEscape(id), Of: max(1, (y.Executives+export.RowsPerPage-1)/export.RowsPerPage)}
	for _, w := range y.Weeks {
		label := w.Monday.Time().Format("Jan")
		if n := len(m.Months); n > 0 && m.Months[n-1].Label == label {
			m.Months[n-1].Weeks++
			continue
		}
		m.Months = append(m.Months, printMonth{label, 1})
	}
	for rows := range slices.Chunk(y.Rows, export.RowsPerPage) {
		m.Pages = append(m.Pages, printPage{y.Before/export.RowsPerPage + len(m.Pages) + 1, rows})
	}
	if len(m.Pages) == 0 {
		m.Pages = []printPage{{N: 1}}
	}
	f := p.frame(c, y.Title+" on paper")
	f.CSS = p.assets.url("web/css/paper.css")
	return p.show(c, http.StatusOK, printPlanPage(f, m))
}

// names says who stands on a page, where there are several.
func (m printModel) names(ctx context.Context, page printPage) string {
	if m.Of == 1 || len(page.Rows) == 0 {
		return ""
	}
	return fmt.Sprintf("%s to %s, of %s", page.Rows[0].Name, page.Rows[len(page.Rows)-1].Name, count(ctx, m.Executives, "executive", "executives"))
}

// inWeek gives the chips that a week has room for, and how many there are in all
// where it has not.
func inWeek(chips []export.YearChip) (shown []export.YearChip, all int) {
	if len(chips) > 2 {
		return nil, len(chips)
	}
	return chips, 0
}

// paperChip gives the classes of a visit on paper.
func paperChip(c export.YearChip) string {
	s := "sw " + colourClass(c.Colour)
	if c.Dashed {
		s += " dash"
	}
	return s
}

// behind says in words what the signs behind a row's visits mean.
func behind(ctx context.Context, r export.YearRow) string {
	windows, trips, away := 0, 0, 0
	for i, w := range r.Weeks {
		if w.Window {
			windows++
		}
		if w.Trip && (i == 0 || !r.Weeks[i-1].Trip) {
			trips++
		}
		if w.Away {
			away++
		}
	}
	s := ""
	for _, x := range []struct {
		n    int
		text string
	}{{windows, count(ctx, windows, "week", "weeks") + " in customers’ windows"}, {trips, count(ctx, trips, "trip", "trips")}, {away, count(ctx, away, "week", "weeks") + " away"}} {
		if x.n > 0 {
			s += ", " + x.text
		}
	}
	return s
}

func weekShort(label string) string { return label[max(0, len(label)-2):] }
