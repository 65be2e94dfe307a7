package flow

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/export"
	"windshield/internal/fault"
)

// PlanFileKind is the ending of a file that a plan can be taken out as.
type PlanFileKind string

const (
	PlanPPTX PlanFileKind = "pptx" // the slides
	PlanXLSX PlanFileKind = "xlsx" // coverage, the year and the visits
	PlanPDF  PlanFileKind = "pdf"  // the year on paper
	PlanCSV  PlanFileKind = "csv"  // the visits
	PlanICS  PlanFileKind = "ics"  // the visits that stand, for calendars
)

// PlanFileKinds lists them in the order in which pages offer them.
func PlanFileKinds() []PlanFileKind {
	return []PlanFileKind{PlanPPTX, PlanXLSX, PlanPDF, PlanCSV, PlanICS}
}

var planFileTypes = map[PlanFileKind]string{
	PlanPPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	PlanXLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	PlanPDF:  "application/pdf", PlanCSV: "text/csv; charset=utf-8", PlanICS: export.CalendarType,
}

// PlanFile is a plan as a file that is ready to be written.
type PlanFile struct {
	Name string // such as plan-2027-v3.xlsx
	Type string // media type
	// Write makes the file. Everything it needs is read already, so that what can
	// fail has failed before the first byte leaves; lists leave row by row.
	Write func(w io.Writer) error
}

// PlanFile gives a plan as a file. Lists of visits (CSV, ICS) executives, assistants
// and hosts may have as well, of their own visits and not of drafts; Denied for who
// has none, and for what shows the whole year.
func (f *Flow) PlanFile(ctx context.Context, a access.Actor, planID string, kind PlanFileKind) (PlanFile, error) {
	if !slices.Contains(PlanFileKinds(), kind) {
		return PlanFile{}, fault.Invalidf("A plan cannot be had as such a file.").With(fault.Detail{Where: "format", Value: fault.Short(string(kind)), Expected: "pptx, xlsx, pdf, csv or ics"})
	}
	scope, err := ownScope(a)
	if kind != PlanCSV && kind != PlanICS {
		scope, err = access.Scope{All: true}, access.Require(a, access.SeePlan, access.Subject{})
	}
	if err != nil {
		return PlanFile{}, err
	}
	out := PlanFile{Type: planFileTypes[kind]}
	if kind == PlanPPTX {
		d, err := f.Deck(ctx, a, planID)
		if err != nil {
			return PlanFile{}, err
		}
		out.Name, out.Write = fileName(d.Plan.Year, d.Plan.Version, kind), presentation(penFor(a), d).Write
		return out, nil
	}
	in, err := f.sheetInput(ctx, a, planID, scope, kind == PlanPDF)
	if err != nil {
		return PlanFile{}, err
	}
	out.Name = fileName(in.Plan.Year, in.Plan.Version, kind)
	switch kind {
	case PlanXLSX:
		out.Write = func(w io.Writer) error { return export.YearXLSX(w, in.year()) }
	case PlanPDF:
		out.Write = func(w io.Writer) error { return export.YearPDF(w, in.year()) }
	case PlanCSV:
		out.Write = func(w io.Writer) error { return export.VisitsCSV(w, in.list()) }
	default:
		name, zone := in.Plan.Name, ""
		if !in.Whole {
			name, zone = in.Plan.Name+", "+a.Name, in.People[a.PersonID].Zone
		}
		out.Write = in.calendar(f, name, zone).Write
	}
	return out, nil
}

func fileName(year, version int, kind PlanFileKind) string {
	return fmt.Sprintf("plan-%d-v%d.%s", year, version, kind)
}

// presentation puts the deck into the blocks of a presentation: the same numbers that the
// pages show.
func presentation(w pen, d Deck) export.Slides {
	out := export.Slides{Title: d.Plan.Name, Footer: d.Footer, Made: d.AsOf}
	for _, s := range d.Slides {
		x := export.Slide{Title: s.Title, Note: s.Note}
		switch s.Kind {
		case SlideHeadline, SlidePromise:
			for _, b := range s.Bars {
				x.Bars = append(x.Bars, export.SlideBar{Code: b.Code, Colour: b.Colour, Label: b.Label, Share: b.Share, Text: b.Text, Bad: b.Under})
			}
			x.More = more(w, s.More, "more group, nearer to its target", "more groups, nearer to their targets")
		case SlideWindows:
			for _, q := range s.Quarters {
				x.Lists = append(x.Lists, quarterList(w, q))
			}
		case SlidePlan:
			x.Grid = deckGrid(w, s.Lines, d.Months)
		case SlideOpen:
			l := export.SlideList{}
			for _, o := range s.Open {
				l.Items = append(l.Items, export.SlideItem{Code: codeOr(o.Code), Colour: o.Colour, Lines: []export.SlideLine{{Text: o.Customer}, {Text: o.Reason}}})
			}
			if len(s.Open) == 0 {
				l.More = "Nobody is left to be given out."
			}
			x.Lists, x.More = []export.SlideList{l}, more(w, s.More, "more customer", "more customers")
		case SlideYears:
			x.Table = yearsTable(w, s.Years)
		case SlideClaims:
			x.Lists = claimLists(w, s)
		}
		out.Slides = append(out.Slides, x)
	}
	return out
}

// codeOr gives two letters for a group that has none.
func codeOr(code string) string {
	if code == "" {
		return "··"
	}
	return code
}

func more(w pen, n int, one, many string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "and 1 " + one
	}
	return "and " + w.number(n) + " " + many
}

func quarterList(w pen, q DeckQuarter) export.SlideList {
	l := export.SlideList{Heading: q.Label + ": " + fewOf(w, q.Inside, q.Customers) + " inside", More: more(w, q.More, "more", "more")}
	for _, x := range q.Windows {
		second := export.SlideLine{Text: w.Span(x.Span)}
		third := export.SlideLine{Text: w.Day(x.Date, "2 Jan") + " · " + x.Executive}
		switch {
		case x.Executive == "":
			third = export.SlideLine{Text: "▲ nobody yet", Bad: true}
		case !x.Inside:
			third = export.SlideLine{Text: "▲ " + w.Day(x.Date, "2 Jan") + ", outside · " + x.Executive, Bad: true}
		}
		l.Items = append(l.Items, export.SlideItem{Code: codeOr(x.Code), Colour: x.Colour, Lines: []export.SlideLine{{Text: x.Customer}, second, third}})
	}
	if len(l.Items) == 0 {
		l.More = "No window begins here."
	}
	return l
}

// fewOf writes "3 of 10", and a share where there are many.
func fewOf(w pen, part, whole int) string {
	s := w.number(part) + " of " + w.number(whole)
	if whole >= coverage.FewCases {
		s += fmt.Sprintf(" (%d %%)", percentOf(part, whole))
	}
	return s
}

func deckGrid(w pen, lines []DeckLine, months []DeckMonth) *export.SlideGrid {
	g := &export.SlideGrid{}
	for _, m := range months {
		g.Columns = append(g.Columns, m.Label)
	}
	for _, l := range lines {
		r := export.SlideRow{Name: l.Name, Cells: make([][]export.YearChip, len(months))}
		for _, c := range l.Chips {
			r.Cells[c.Month] = append(r.Cells[c.Month], export.YearChip{Code: c.Code, Colour: c.Colour, Dashed: !c.State.Live() && !c.State.Happened(), Done: c.State.Happened(),
				Title: c.Customer + ", " + w.Day(c.Date, "Mon 2 Jan 2006")})
		}
		g.Rows = append(g.Rows, r)
	}
	return g
}

func yearsTable(w pen, years []YearState) *export.SlideTable {
	t := &export.SlideTable{Columns: []string{"Executive", "Visits", "By quarter", "The year"}}
	for _, y := range years {
		quarters := make([]string, len(y.Quarters))
		for i, n := range y.Quarters {
			quarters[i] = w.number(n)
		}
		state := "Not accepted yet"
		switch y.Standing {
		case YearAccepted:
			state = "Accepted on " + w.Day(w.on(y.At), "2 Jan")
		case YearChanged:
			state = "▲ Changed since accepted on " + w.Day(w.on(y.At), "2 Jan")
		}
		t.Rows = append(t.Rows, []string{y.Name, w.number(y.Visits), strings.Join(quarters, " · "), state})
	}
	return t
}

// claimLists puts what customers back beside what is still to hear.
func claimLists(w pen, s Slide) []export.SlideList {
	backed := export.SlideList{Heading: "What customers back", More: more(w, s.More, "more claim", "more claims")}
	for _, c := range s.Claims {
		i := export.SlideItem{Lines: []export.SlideLine{{Text: c.Text}, {Text: c.Evidence}}}
		if c.Label != "" {
			i.Lines = append(i.Lines, export.SlideLine{Text: c.Label, Bad: true})
		}
		backed.Items = append(backed.Items, i)
	}
	hear := export.SlideList{Heading: "What we still need to hear"}
	for _, n := range s.Needs {
		hear.Items = append(hear.Items, export.SlideItem{Code: codeOr(n.Code), Colour: n.Colour, Lines: []export.SlideLine{{Text: fmt.Sprintf("Ask %s in %s", w.number(n.Ask), n.Group)}, {Text: n.Claim}, {Text: n.Why}}})
	}
	if len(hear.Items) == 0 {
		hear.More = "Every group was asked."
	}
	return []export.SlideList{backed, hear}
}
