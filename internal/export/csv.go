package export

import (
	"encoding/csv"
	"io"

	"windshield/internal/slot"
)

// visitColumns are the columns of the list of visits, in CSV and in XLSX.
var visitColumns = []string{"Visit", "Date", "Half", "Begins", "Ends", "Zone", "Executive", "Customer", "City", "Country", "Code", "Group", "Host", "State", "Planned", "Objective", "Window from", "Window to", "In window"}

// VisitsCSV writes visits as CSV (RFC 4180), row by row. It begins with the mark of
// UTF-8: without it Excel reads the file in the computer's own character set and
// spoils names; whatever else reads CSV knows the mark. What a spreadsheet would
// run gets an apostrophe in front.
func VisitsCSV(w io.Writer, visits []YearVisit) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(visitColumns); err != nil {
		return err
	}
	for _, v := range visits {
		if err := c.Write(v.cells()); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// cells gives a visit under visitColumns.
func (v YearVisit) cells() []string {
	return []string{cell(v.Label), v.Date.String(), string(v.Half), v.Begins, v.Ends, cell(v.Zone), cell(v.Executive), cell(v.Customer), cell(v.City), cell(v.Country),
		cell(v.Code), cell(v.Group), cell(v.Host), v.State, yes(v.Stands), yes(v.Objective),
		dateOf(v.Window.Start), dateOf(v.Window.End), v.inWindow()}
}

func dateOf(d slot.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
