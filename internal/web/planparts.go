package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/flow"
)

// A page of two hundred years loads in a blink, one of a thousand does not: where there
// are more than mostYears, they come in groups that are closed until somebody opens one.
// A group with more than that is cut into parts of partYears; where there are more than
// mostParts groups, neighbours come together.
const (
	mostYears = 200
	partYears = 100
	mostParts = 60
)

// noneOpen is what an address says where even the group that is open by itself is closed.
const noneOpen = "none"

// planPart is some rows of the grid under one heading.
type planPart struct {
	Name   string // "" where rows are in no groups
	Key    string // what it is called in the address
	Href   string // opens it where it is closed, and the other way round
	Closed bool
	Rows   []int // positions among the rows of the plan
}

// partsOf puts the rows of a plan in their order and under their headings. many says
// that there are more than a page can show.
func (v planView) partsOf(rows []flow.PlanRow) (parts []planPart, many bool) {
	many = len(rows) > mostYears
	by := v.get("by")
	if many && by == "" && v.get("sort") == "" {
		by = fitting(rows)
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch v.get("sort") {
		case "gap":
			return rows[b].InYear.Days - rows[a].InYear.Days
		case "since":
			return rows[b].Gap.Days - rows[a].Gap.Days
		case "ends":
			return rows[b].AtEnds - rows[a].AtEnds
		case "trips":
			return len(rows[b].Trips) - len(rows[a].Trips)
		}
		return 0
	})
	at := map[string]int{}
	for _, i := range order {
		name := headingOf(by, rows[i])
		if _, known := at[name]; !known {
			at[name] = len(parts)
			parts = append(parts, planPart{Name: name, Key: name})
		}
		p := &parts[at[name]]
		p.Rows = append(p.Rows, i)
	}
	slices.SortStableFunc(parts, func(a, b planPart) int { return cmp.Compare(a.Name, b.Name) })
	if !many {
		for i := range parts {
			p := &parts[i]
			p.Closed, p.Href = p.Name != "" && v.on("fold", p.Key), v.toggle("fold", p.Key)
		}
		return parts, false
	}
	parts = v.cut(together(parts), rows)
	v.close(parts, rows)
	return parts, true
}

// fitting chooses groups for rows that nobody has grouped: the largest ones of which a
// page can show one.
func fitting(rows []flow.PlanRow) string {
	for _, by := range []string{"country", "region", "function"} {
		sizes, most := map[string]int{}, 0
		for _, r := range rows {
			name := headingOf(by, r)
			sizes[name]++
			most = max(most, sizes[name])
		}
		if most <= mostYears && len(sizes) <= mostParts {
			return by
		}
	}
	return ""
}

// headingOf gives the heading under which a row stands; "" where there are none.
func headingOf(by string, r flow.PlanRow) string {
	name := ""
	switch by {
	case "country":
		name = r.Executive.Office.Country
	case "region":
		name = r.Executive.Office.Country + " " + r.Executive.Office.Region
	case "function":
		name = r.Executive.Function
	default:
		return ""
	}
	if name = strings.TrimSpace(name); name == "" {
		return "not known"
	}
	return name
}

// together joins groups of few rows with their neighbours, where there are too many: a
// thousand headings help nobody.
func together(parts []planPart) (out []planPart) {
	if len(parts) <= mostParts {
		return parts
	}
	first := ""
	for _, p := range parts {
		n := len(out) - 1
		if n < 0 || len(out[n].Rows)+len(p.Rows) > partYears {
			first = p.Name
			out = append(out, p)
			continue
		}
		x := &out[n]
		x.Name, x.Rows = first+" to "+p.Name, append(slices.Clip(x.Rows), p.Rows...)
	}
	return out
}

// cut makes parts of those with too many rows.
func (v planView) cut(parts []planPart, rows []flow.PlanRow) (out []planPart) {
	for _, p := range parts {
		if len(p.Rows) <= mostYears && p.Name != "" {
			out = append(out, p)
			continue
		}
		before := p.Name
		if before != "" {
			before += ": "
		}
		from := 0
		for some := range slices.Chunk(p.Rows, partYears) {
			name := fmt.Sprintf("%s%d to %d", before, from+1, from+len(some))
			if v.get("sort") == "" {
				name = before + rows[some[0]].Executive.Name + " to " + rows[some[len(some)-1]].Executive.Name
			}
			out = append(out, planPart{Name: name, Key: fmt.Sprintf("%s~%d", p.Name, from/partYears+1), Rows: some})
			from += len(some)
		}
	}
	return out
}

// close closes all parts but those that the address names, and the one with the visit
// that is looked at. Who asks for the longest gaps sees the first of them.
func (v planView) close(parts []planPart, rows []flow.PlanRow) {
	open := map[string]bool{}
	for _, p := range parts {
		if v.on("open", p.Key) || slices.ContainsFunc(p.Rows, func(i int) bool { return rows[i].Looked }) {
			open[p.Key] = true
		}
	}
	first := v.get("sort") != "" && v.get("by") == ""
	if len(open) == 0 && first && !v.on("open", noneOpen) {
		open[parts[0].Key] = true
	}
	for i := range parts {
		p := &parts[i]
		p.Closed = !open[p.Key]
		var after []string
		for _, x := range parts {
			if open[x.Key] && x.Key != p.Key || x.Key == p.Key && p.Closed {
				after = append(after, x.Key)
			}
		}
		if len(after) == 0 && first {
			after = []string{noneOpen}
		}
		p.Href = v.set("open", after...)
	}
}

// open says which executives' years are shown with their visits.
func (v planView) open(rows []flow.PlanRow) map[string]bool {
	parts, _ := v.partsOf(rows)
	out := map[string]bool{}
	for _, p := range parts {
		for _, i := range p.Rows {
			if !p.Closed {
				out[rows[i].Executive.ID] = true
			}
		}
	}
	return out
}
