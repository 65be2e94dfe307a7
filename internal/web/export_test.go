package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// YearSheet gives the story's plan for paper.
func (s *story) YearSheet(_ context.Context, a access.Actor, id string, part int) (flow.PaperYear, error) {
	if err := s.failing("sheet"); err != nil {
		return flow.PaperYear{}, err
	}
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return flow.PaperYear{}, err
	}
	if id != s.plan.ID {
		return flow.PaperYear{}, fault.NotFoundf("There is no such plan.")
	}
	y := export.Year{Title: s.plan.Name, Footer: s.plan.Name + ", version 1"}
	for _, g := range s.groups {
		y.Groups = append(y.Groups, export.YearGroup{Code: g.Code, Label: g.Label, Colour: g.Colour, Planned: 1, Target: g.Target})
	}
	for _, w := range coverage.Year(coverage.YearInput{Horizon: s.plan.Horizon, Visits: s.visits}).Weeks {
		y.Weeks = append(y.Weeks, export.YearWeek{Label: w.Label, Monday: w.Monday, Crunch: w.QuarterEnd})
	}
	for _, p := range s.people {
		r := export.YearRow{Name: p.Name, Weeks: make([]export.YearCell, len(y.Weeks))}
		for _, v := range s.visits {
			week := v.Slot.Date.Sub(s.plan.Horizon.Start.Monday()) / 7
			if v.ExecutiveID != p.ID || week < 0 || week >= len(r.Weeks) {
				continue
			}
			x := &r.Weeks[week]
			x.Chips, x.Window, x.Trip = append(x.Chips, export.YearChip{Code: v.Stratum, Colour: 1, Title: v.Group}), true, week%2 == 0
			r.Visits++
		}
		if r.Visits > 0 {
			y.Rows = append(y.Rows, r)
		}
	}
	out := flow.PaperYear{Year: y, Executives: len(y.Rows)}
	const most = 5 * export.RowsPerPage
	if len(y.Rows) > most {
		for some := range slices.Chunk(y.Rows, most) {
			out.Parts = append(out.Parts, flow.PaperPart{First: some[0].Name, Last: some[len(some)-1].Name})
		}
		if out.Part = part; part > 0 {
			out.Before = (part - 1) * most
			out.Rows = y.Rows[out.Before:min(out.Before+most, len(y.Rows))]
		}
	}
	return out, nil
}

// PlanFile gives a file of the story's plan.
func (s *story) PlanFile(_ context.Context, a access.Actor, id string, kind flow.PlanFileKind) (flow.PlanFile, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return flow.PlanFile{}, err
	}
	if id != s.plan.ID {
		return flow.PlanFile{}, fault.NotFoundf("There is no such plan.")
	}
	return flow.PlanFile{Name: "plan-2027-v1." + string(kind), Type: "application/x-test", Write: func(w io.Writer) error {
		_, err := io.WriteString(w, "a file")
		return err
	}}, nil
}

func TestThePlanOnPaper(t *testing.T) {
	for name, s := range map[string]*story{"published": makeStory(sampleSize).live(), "large": makeStory(size{executives: 200, customers: 2400, visits: 2400}).live(),
		"nothing": makeStory(size{}), "hostile": makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).live()} {
		t.Run(name, func(t *testing.T) {
			w := open(t, s, actors(s)["vp"]).get("/plans/" + s.plan.ID + "/print")
			require.Equal(t, http.StatusOK, w.Code, w.Body.String())
			sound(t, w.Body.Bytes())
			rows := 0
			for _, p := range s.people {
				for _, v := range s.visits {
					if v.ExecutiveID == p.ID && v.Slot.Date >= s.plan.Horizon.Start && v.Slot.Date <= s.plan.Horizon.End {
						rows++
						break
					}
				}
			}
			pages := max(1, (rows+export.RowsPerPage-1)/export.RowsPerPage)
			require.Equal(t, pages, strings.Count(w.Body.String(), `<section class="sheet">`), "each page has its own headings")
			require.NotContains(t, w.Body.String(), "style=")
			require.Equal(t, pages, strings.Count(w.Body.String(), "Customer’s window"), "and its legend")
			if rows > 0 {
				require.Contains(t, w.Body.String(), " in customers’ windows", "what is shown is said as well")
			}
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, err := z.Write(w.Body.Bytes())
			require.NoError(t, err)
			require.NoError(t, z.Close())
			require.Less(t, packed.Len(), 80*1024)
		})
	}
}

func TestFilesOfAPlanAreOffered(t *testing.T) {
	s := makeStory(sampleSize).live()
	who := actors(s)
	page := open(t, s, who["vp"]).get("/plans/" + s.plan.ID).Body.String()
	for _, kind := range flow.PlanFileKinds() {
		at := "/plans/" + s.plan.ID + "/plan." + string(kind)
		require.Contains(t, page, `href="`+at+`"`)
		w := open(t, s, who["ceo"]).get(at)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "a file", w.Body.String())
		require.Equal(t, `attachment; filename="plan-2027-v1.`+string(kind)+`"`, w.Header().Get("Content-Disposition"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, http.StatusForbidden, open(t, s, who["host"]).get(at).Code)
	}
	require.Equal(t, http.StatusNotFound, open(t, s, who["vp"]).get("/plans/"+s.plan.ID+"/plan.docx").Code)
}
