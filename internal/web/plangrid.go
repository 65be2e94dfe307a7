package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// maxColumns is how many weeks the style sheet has places for: a calendar year
// touches at most 54. quarterWeeks are shown at once in a look at a quarter.
const (
	maxColumns   = 54
	quarterWeeks = 14
)

// span is a run of weeks: its first column, from 1, and how many.
type span struct{ Col, N int }

func (s span) class(kind string) string {
	c := kind + " w" + strconv.Itoa(s.Col)
	if s.N > 1 {
		c += " n" + strconv.Itoa(s.N)
	}
	return c
}

// planSection is some rows of the grid under one heading that can be folded.
type planSection struct {
	planPart
	Index  int   // aria-rowindex of its heading
	Count  int   // executives
	Visits int   // in the weeks shown
	Sums   []int // by week shown
	Lines  []planLine
}

// planLine is one executive's row of the grid.
type planLine struct {
	ID, Name, About string
	Note            string // the bands and trips in words
	Class           string
	Index           int // aria-rowindex
	Bands, Leave    []span
	Trips           []span
	Chips           []chip
	Next            []flow.PlanVisit // the next three, for the phone's list
}

// chip is one visit in the grid.
type chip struct {
	Place string // class of the cell
	Col   int    // aria-colindex
	Class string
	Code  string
	Name  string // of the customer, in a look at a quarter; "" otherwise
	Href  string
	Label string
}

// text is what can be read on the chip: the start of its label.
func (c chip) text() string { return strings.TrimSpace(c.Code + " " + c.Name) }

// firstMonday is the day on which the weeks shown begin; "" where there are none.
func (m planModel) firstMonday() string {
	if len(m.Weeks) == 0 {
		return ""
	}
	return m.Weeks[0].Monday.String()
}

// hasBar says whether a group has a bar of its own, and otherOn whether one without
// is filtered for.
func (m planModel) hasBar(code string) bool {
	return slices.ContainsFunc(m.Bars, func(b planBar) bool { return b.Code == code })
}

func (m planModel) otherOn() bool {
	return slices.ContainsFunc(m.Q["group"], func(g string) bool { return !m.hasBar(g) })
}

// choose cuts the weeks to those that are looked at.
func (m *planModel) choose() {
	all := m.Year.Weeks
	m.Weeks = all[:min(len(all), maxColumns)]
	var starts []int // weeks in which a quarter begins
	for i, w := range all {
		for d := w.Monday; d < w.Monday.Add(7); d++ {
			if d.Time().Day() == 1 && (d.Month()-1)%3 == 0 && m.Plan.Horizon.Contains(d) || i == 0 && d == w.Monday {
				starts = append(starts, i)
				break
			}
		}
	}
	starts = slices.Compact(starts)
	if len(starts) == 0 {
		return
	}
	from := starts[0]
	for _, s := range starts {
		if all[s].Monday <= m.Today && m.Today <= m.Plan.Horizon.End {
			from = s
		}
	}
	if f := m.get("from"); f != "" {
		if i := slices.IndexFunc(all, func(w coverage.WeekLoad) bool { return w.Label == f }); i >= 0 {
			from = i
		}
	}
	m.Zoom.Starts = all[from].Label
	if m.get("zoom") != "quarter" {
		return
	}
	m.Zoom.Quarter = true
	m.Weeks = all[from:min(len(all), from+quarterWeeks)]
	for _, s := range starts {
		if s < from {
			m.Zoom.Earlier = all[s].Label
		}
		if s > from && m.Zoom.Later == "" {
			m.Zoom.Later = all[s].Label
		}
	}
}

// month names the month that begins in a week's column, for the first column
// the one that most of it lies in; "" elsewhere.
func (m *planModel) month(i int) string {
	monday := m.Weeks[i].Monday
	if i == 0 {
		return monday.Add(6).Time().Format("Jan")
	}
	if sunday := monday.Add(6); sunday.Month() != monday.Add(-1).Month() {
		return sunday.Time().Format("Jan")
	}
	return ""
}

// marks finds the columns of the quarters, their ends, and today.
func (m *planModel) marks() {
	for i, w := range m.Weeks {
		for d := w.Monday; d < w.Monday.Add(7); d++ {
			if d.Time().Day() == 1 && (d.Month()-1)%3 == 0 && (i > 0 || d == w.Monday) {
				m.Quarters = append(m.Quarters, i+1)
			}
			if d == m.Today {
				m.TodayCol = i + 1
			}
		}
		if !w.QuarterEnd {
			continue
		}
		if n := len(m.Crunch); n > 0 && m.Crunch[n-1].Col+m.Crunch[n-1].N == i+1 {
			m.Crunch[n-1].N++
		} else {
			m.Crunch = append(m.Crunch, span{i + 1, 1})
		}
	}
}

// column gives the column of a date, from 1; 0 where it lies outside.
func (m *planModel) column(d slot.Date) int {
	if len(m.Weeks) == 0 || d < m.Weeks[0].Monday {
		return 0
	}
	if i := d.Sub(m.Weeks[0].Monday) / 7; i < len(m.Weeks) {
		return i + 1
	}
	return 0
}

// spans turns dates into runs of weeks, cut to those shown, joined where they touch.
func (m *planModel) spans(in []slot.Interval) []span {
	if len(m.Weeks) == 0 || len(in) == 0 {
		return nil
	}
	first, last := m.Weeks[0].Monday, m.Weeks[len(m.Weeks)-1].Monday.Add(6)
	var out []span
	for _, i := range in {
		if i.End < first || i.Start > last || i.End < i.Start {
			continue
		}
		a, b := m.column(max(i.Start, first)), m.column(min(i.End, last))
		out = append(out, span{a, b - a + 1})
	}
	slices.SortFunc(out, func(a, b span) int { return a.Col - b.Col })
	joined := out[:0]
	for _, s := range out {
		if n := len(joined); n > 0 && s.Col <= joined[n-1].Col+joined[n-1].N {
			joined[n-1].N = max(joined[n-1].N, s.Col+s.N-joined[n-1].Col)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// arrange puts the rows into their sections and makes the lines of the open ones.
func (m *planModel) arrange(ctx context.Context, colours map[string]int) {
	var parts []planPart
	parts, m.Many = m.partsOf(m.Rows)
	before := 0 // weeks of the year that are not shown
	if len(m.Weeks) > 0 {
		before = m.Weeks[0].Monday.Sub(m.Year.Weeks[0].Monday) / 7
	}
	index := 3 // after the head and the sums
	for _, p := range parts {
		s := planSection{planPart: p, Sums: make([]int, len(m.Weeks)), Count: len(p.Rows)}
		if s.Name != "" {
			s.Index = index
			index++
		}
		for _, i := range p.Rows {
			r := m.Rows[i]
			for w, n := range r.Weeks[min(before, len(r.Weeks)):] {
				if w < len(s.Sums) {
					s.Sums[w] += n
					s.Visits += n
				}
			}
			if !p.Closed {
				s.Lines = append(s.Lines, m.line(ctx, r, index, colours))
			}
			index++
		}
		m.Sections = append(m.Sections, s)
	}
}

// lines gives how many rows there are, shown or folded, without head and sums.
func (m planModel) lines() int {
	n := 0
	for _, s := range m.Sections {
		n += s.Count
		if s.Name != "" {
			n++
		}
	}
	return n
}

func (m *planModel) line(ctx context.Context, r flow.PlanRow, index int, colours map[string]int) planLine {
	l := planLine{
		ID: r.Executive.ID, Name: r.Executive.Name, Index: index, Class: "tl-row",
		Bands: m.spans(r.Windows), Leave: m.spans(r.Absences), Trips: m.spans(r.Trips),
		Chips: make([]chip, 0, len(r.Visits)),
	}
	switch m.get("sort") {
	case "gap":
		l.About = gapText(ctx, r.InYear)
	case "since":
		l.About = gapText(ctx, r.Gap)
		if beganBefore(r.Gap, m.Plan.Horizon) { // short, that the day stays in sight under a name
			l.About = late(r.Gap) + num(ctx, r.Gap.Days) + " d since " + stamp(ctx, r.Gap.From.Time(), "2 Jan 2006")
		}
	case "ends":
		l.About = num(ctx, r.AtEnds) + " at quarters’ ends"
	case "trips":
		l.About = count(ctx, len(r.Trips), "trip", "trips")
	default:
		l.About = function(r.Executive.Name, r.Executive.Function)
		if cc := r.Executive.Office.Country; cc != "" {
			l.About = strings.TrimPrefix(l.About+" · "+cc, " · ")
		}
	}
	l.Note = count(ctx, len(r.Visits), "visit", "visits")
	if n := len(r.Trips); n > 0 {
		l.Note += ", " + count(ctx, n, "trip", "trips")
	}
	if n := len(l.Leave); n > 0 {
		l.Note += ", away " + count(ctx, n, "time", "times")
	}
	tall, inWeek, before := 1, 0, 0
	for _, x := range r.Visits {
		if x.Slot.Date >= m.Today && len(l.Next) < 3 && x.State.Open() {
			l.Next = append(l.Next, x)
		}
		col := m.column(x.Slot.Date)
		if col == 0 {
			continue
		}
		if inWeek++; col != before {
			inWeek, before = 1, col
		}
		y := min(inWeek, 14) // no executive visits more often: a week has 14 half-days
		tall = max(tall, y)
		l.Chips = append(l.Chips, m.chip(ctx, x, col, y, colours[x.Stratum]))
	}
	if tall > 1 {
		l.Class += " k" + strconv.Itoa(tall)
	}
	return l
}

// gapText says how long somebody goes without a visit.
func gapText(ctx context.Context, g coverage.LongestGap) string {
	return late(g) + "longest gap " + count(ctx, g.Days, "day", "days")
}

// late marks a gap that is too long.
func late(g coverage.LongestGap) string {
	if g.Over {
		return "▲ "
	}
	return ""
}

// beganBefore says whether a gap began before the year, so that the plan can only shorten it.
func beganBefore(g coverage.LongestGap, year slot.Interval) bool { return g.From < year.Start.Add(-1) }

// inherited says whether a gap that began before the year is longer than any within it.
func (m planModel) inherited() bool {
	return m.Year.LongestGap.Days > m.Year.InYear.Days && beganBefore(m.Year.LongestGap, m.Plan.Horizon)
}

func (m *planModel) chip(ctx context.Context, x flow.PlanVisit, col, y, colour int) chip {
	c := chip{Place: "c w" + strconv.Itoa(col), Col: col + 1, Code: x.Stratum, Class: "v " + colourClass(colour)}
	if y > 1 {
		c.Place += " y" + strconv.Itoa(y)
	}
	if c.Code == "" {
		c.Code = "··"
	}
	switch x.State {
	case visit.Proposed:
		c.Class += " pr"
	case visit.Held, visit.Debriefed:
		c.Class += " he"
	case visit.Declined, visit.Cancelled, visit.NoShow:
		c.Class += " de"
	}
	if m.Zoom.Quarter {
		c.Name = x.Customer
	}
	if x.Label != "" && x.Label == m.get("visit") {
		c.Class += " on"
	}
	c.Label = c.Code + ", " + x.Customer + ", " + dayShort(ctx, x.Slot.Date) + " " + halfDay(x.Slot.Half) + ", " + statusText(x.Visit)
	if c.Name != "" {
		c.Label = c.Code + " " + c.Name + strings.TrimPrefix(c.Label, c.Code+", "+x.Customer)
	}
	if x.InWindow {
		c.Label += ", in its window"
	}
	if x.Pinned {
		c.Class += " pi"
		c.Label += ", pinned"
	}
	if x.ToDecide() != "" {
		c.Class += " co"
		c.Label += ", needs a decision"
	}
	c.Href = m.visitHref(x.Visit)
	return c
}

func (m planModel) busiest() int {
	top := 0
	for _, w := range m.Weeks {
		top = max(top, w.Visits)
	}
	return top
}
