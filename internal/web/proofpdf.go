package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/export"
	"windshield/internal/flow"
)

// proofPDF sends the proof on one page.
func (p *Pages) proofPDF(c echo.Context) error {
	a := auth.Actor(c)
	v, err := p.Flow.Proof(ctx(c), a, c.Param("id"))
	if err != nil {
		return err
	}
	nobody := context.Background() // the sheet is handed on: no reader’s zone or way to write counts
	data, err := proofSheet(nobody, proofOf(nobody, v, may(access.MakeSelection)(a)), momentText(nobody, p.Now())).Bytes()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", fmt.Sprintf("proof-%d-%d.pdf", v.Year, v.Draw)))
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/pdf", data)
}

// sheet is the page with the place where the next line goes.
type sheet struct {
	*export.Page
	y    float64
	full bool // something did not fit any more
}

// room says whether there is place for so many lines of running text.
func (s *sheet) room(lines int) bool {
	if s.y+float64(lines-1)*sheetText*1.3 > sheetBottom {
		s.full = true
	}
	return !s.full
}

// Margins, and how many lines each part may take so that all fits on one page.
const (
	sheetLeft    = 42.0
	sheetRight   = export.PageWidth - 42
	sheetWidth   = sheetRight - sheetLeft
	mostGroups   = 24
	mostYards    = 8
	mostShort    = 7
	mostHand     = 4
	mostMusts    = 30
	sheetBottom  = export.PageHeight - 30
	sheetText    = 7.5
	sheetHeading = 9.0
)

func proofSheet(ctx context.Context, m proofModel, asOf string) *export.Page {
	s := &sheet{Page: export.NewPage(m.Name + ": whom the visits stand for"), y: 50}
	s.Text(sheetLeft, s.y, 15, true, export.Cut(m.Name+": whom the visits stand for", sheetWidth, 15, true))
	s.y += 18
	s.say(9, true, m.Lead)
	if m.Against != "" {
		s.say(9, false, m.Against)
	}
	s.heading("What falls short")
	if len(m.Shortfalls) == 0 {
		s.say(sheetText, false, "Nothing: every group has its visits, nothing was changed by hand, and the draw is the one that was announced.")
	}
	s.bullets(m.Shortfalls, mostShort)
	s.coverage(ctx, m)
	s.yardsticks(ctx, m)
	s.groups(ctx, m)
	s.heading("Where the draw comes from")
	s.say(sheetText, false, originText(ctx, m))
	s.say(6.5, false, "Seed: "+m.Seed+". Hash of the list "+m.FrameHash+", promise of the seed "+m.Frame.SeedCommitment+", hash of the record "+m.RecordHash+".")
	s.heading("What this cannot show")
	s.bullets(m.Limits, len(m.Limits))
	end := "Every number can be opened on the proof page; the record lets anybody repeat the draw."
	if s.full {
		end = "More did not fit on one page: the rest stands on the proof page."
	}
	if s.Lost() {
		end = "Some names have letters that this file cannot show: the proof page has them all. " + end
	}
	s.Text(sheetLeft, sheetBottom+12, 6.5, s.full || s.Lost(), "Windshield, as of "+asOf+". "+end)
	return s.Page
}

func (s *sheet) heading(text string) {
	if !s.room(4) {
		return
	}
	s.y += 5
	s.Rule(sheetLeft, s.y-2, sheetRight, s.y-2, 0.4)
	s.y += 9
	s.Text(sheetLeft, s.y, sheetHeading, true, text)
	s.y += 11
}

func (s *sheet) say(size float64, bold bool, text string) {
	if !s.room(len(export.Wrap(text, sheetWidth, size, bold))) {
		return
	}
	s.y = s.Paragraph(sheetLeft, s.y, sheetWidth, size, bold, text)
}

// bullets writes a list, and says how many lines do not fit.
func (s *sheet) bullets(lines []string, most int) {
	for i, l := range lines {
		if i == most {
			s.say(sheetText, false, fmt.Sprintf("… and %d more on the proof page.", len(lines)-most))
			return
		}
		if !s.room(len(export.Wrap(l, sheetWidth-8, sheetText, false))) {
			return
		}
		s.Text(sheetLeft, s.y, sheetText, false, "•")
		s.y = s.Paragraph(sheetLeft+8, s.y, sheetWidth-8, sheetText, false, l)
	}
}

// row writes a line of a table: the first cell from the left, the others ending
// at their places.
func (s *sheet) row(bold bool, places []float64, cells ...string) {
	if !s.room(1) {
		return
	}
	s.Text(sheetLeft, s.y, sheetText, bold, export.Cut(cells[0], places[0]-sheetLeft-40, sheetText, bold))
	for i, x := range places {
		if i+1 < len(cells) {
			s.Right(x, s.y, sheetText, bold, cells[i+1])
		}
	}
	s.y += 9.5
}

func (s *sheet) coverage(ctx context.Context, m proofModel) {
	s.heading("Planned and held, against all customers")
	places := []float64{200, 265, 335, 400, 455, 500, sheetRight}
	s.row(true, places, "Visits", "Number", "Groups", "Customers in them", "To move", "Unweighted", "Weighted", "Worth")
	for _, x := range m.Coverages {
		s.row(false, places, x.Name, num(ctx, x.R.Visits), few(ctx, x.Visited.Covered, x.Visited.Strata), percent(ctx, x.Visited.CoveredShare), fixed(ctx, x.Visited.ToMove, 1),
			off(ctx, x.Visited.TotalVariation), off(ctx, x.Stood.TotalVariation), fixed(ctx, x.R.Effective, 0))
	}
	if m.Held == nil {
		s.say(sheetText, false, "No visit of this selection has been held yet.")
	}
}

func (s *sheet) yardsticks(ctx context.Context, m proofModel) {
	if m.Reference.Times == 0 {
		return
	}
	s.heading(fmt.Sprintf("Beside %s re-draws of the same design", num(ctx, m.Reference.Times)))
	places := []float64{190, 270, 320, 400, 440, sheetRight}
	head := []string{"By", "Whom we visit", "re-draws 5-95 %", "list", "for whom they stand", "", "re-draws 5-95 %"}
	s.row(true, places, head...)
	for i, y := range m.Yardstick {
		if i == mostYards {
			s.say(sheetText, false, fmt.Sprintf("… and %d more on the proof page.", len(m.Yardstick)-mostYards))
			break
		}
		list := "–"
		if y.ListTV >= 0 {
			list = off(ctx, y.ListTV)
		}
		if s.room(1) {
			s.picture(y.Stood, y.Fixed, 405, s.y)
		}
		s.row(false, places, y.Name, off(ctx, y.VisitedTV), y.between(ctx, y.VisitedQ, m.Reference.Times), list, off(ctx, y.StoodTV), "", y.between(ctx, y.StoodQ, m.Reference.Times))
	}
	s.say(6.5, false, "Total variation: the share of visits that would have to be elsewhere. Without a range the design leaves nothing to chance. The list of the account teams has no weights, so it is held against whom we visit.")
}

// picture draws a histogram of re-draws, 40 points wide, with the draw marked.
func (s *sheet) picture(h histogram, fixed bool, x, y float64) {
	if fixed {
		return
	}
	for _, b := range h.Bars {
		s.Box(x+float64(b.X)/10, y-float64(b.H)/7, float64(b.W)/10, float64(b.H)/7, 0.6)
	}
	if h.Mark >= 0 {
		s.Box(x+float64(h.Mark)/10-0.4, y-7, 0.8, 7.5, 0)
	}
}

func (s *sheet) groups(ctx context.Context, m proofModel) {
	s.heading("Groups and visits")
	s.say(6.5, false, sharedOut(ctx, m.Design))
	places := []float64{230, 275, 315, 355, 400, 440, 475, sheetRight}
	s.row(true, places, "Group", "Customers", "Share", "Chance", "Weight", "Selected", "Planned", "Held", "Stand for")
	for i, g := range m.GroupRows {
		if i == mostGroups {
			s.say(sheetText, false, fmt.Sprintf("… and %d more groups on the proof page.", len(m.GroupRows)-mostGroups))
			break
		}
		s.row(false, places, g.Stratum.Code+" "+g.Stratum.Label, num(ctx, g.N), percent(ctx, g.CustomerShare), percent(ctx, g.Pi), fixed(ctx, g.Weight, 1), num(ctx, g.Made), g.Planned, g.Held, percent(ctx, g.WeightedShare))
	}
}

// originText says in one paragraph how the selection came about and what became
// of it.
func originText(ctx context.Context, m proofModel) string {
	parts := []string{fmt.Sprintf("The list of %s customers was frozen on %s. The seed was promised on %s, %s.", num(ctx, m.Frame.Customers), momentText(ctx, m.Frame.FrozenAt), momentText(ctx, m.Frame.SeededAt), promiseText(m))}
	if m.Committed {
		parts = append(parts, "The draw was made with the promised seed.")
	} else {
		parts = append(parts, "The draw was made with another seed than the promised one.")
	}
	if len(m.Content.Excluded) == 0 {
		parts = append(parts, "Nobody was left out.")
	}
	for _, e := range m.Content.Excluded {
		parts = append(parts, fmt.Sprintf("Left out: %s, %s.", num(ctx, e.N), codeText(e.Code)))
	}
	parts = append(parts, fmt.Sprintf("Must-visits: %s. Draws of the year: %d, from %s.", mustText(ctx, m, mostMusts), len(m.Draws), count(ctx, len(m.Frames), "freeze", "freezes")))
	if m.Deviation != "" {
		parts = append(parts, deviationText(m.Selection))
	}
	r := m.Responses
	if r.Refused == 0 {
		parts = append(parts, "Nobody has refused so far.")
	} else {
		parts = append(parts, fmt.Sprintf("%s refused, %s replaced by the next in the same cell (%s of the visits), %s lost; R-indicator %s.", num(ctx, r.Refused), num(ctx, r.Replaced), percent(ctx, r.Rate), num(ctx, r.Missing), fixed(ctx, r.R, 3)))
	}
	hand := 0
	for _, c := range m.Changes {
		if c.Kind == flow.ChangeRefused {
			continue
		}
		if hand++; hand <= mostHand {
			parts = append(parts, fmt.Sprintf("%s, %s: %s", nameIn(m.Names, c.CustomerID), kindText(c.Kind), c.Reason))
		}
	}
	if hand > mostHand {
		parts = append(parts, fmt.Sprintf("And %d more changes by hand.", hand-mostHand))
	}
	return strings.Join(parts, " ")
}
