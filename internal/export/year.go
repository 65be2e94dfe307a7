package export

import (
	"strings"
	"unicode"

	"windshield/internal/intake"
	"windshield/internal/slot"
)

// Year is a plan as its files show it: executives by weeks, and every visit. It
// holds the names of our people and of customers, and nothing of contacts, notes
// or what was said: files are handed on.
type Year struct {
	Title  string // the plan's name
	Footer string // plan and version, seed, date: on every page
	Groups []YearGroup
	Weeks  []YearWeek
	Rows   []YearRow   // executives by name
	Visits []YearVisit // none where only the grid is wanted
	Open   int         // customers without a place
}

// YearGroup is a group with what is planned for it.
type YearGroup struct {
	Code, Label string
	Colour      int // 1..6, or 0 beyond the six largest groups
	Customers   int
	Planned     int
	Target      int
}

// YearWeek is a column.
type YearWeek struct {
	Label  string // "2027-W14"
	Monday slot.Date
	Crunch bool // at the end of a quarter
}

// YearRow is one executive's year.
type YearRow struct {
	Name   string
	About  string // the function
	Visits int
	Weeks  []YearCell // one for each of Year.Weeks
}

// YearCell is one executive's week.
type YearCell struct {
	Chips  []YearChip
	Window bool // one of the customers they visit has a window that touches it
	Trip   bool // on a trip in it
	Away   bool // on leave for the whole week
}

// YearChip is one visit in a week.
type YearChip struct {
	Code   string
	Colour int
	Title  string // customer and day, where a format shows it to who looks closer
	Dashed bool   // only proposed
	Done   bool   // was held
}

// YearVisit is one visit as a row.
type YearVisit struct {
	Label     string // short name in the plan, "v17"
	Date      slot.Date
	Half      slot.Half
	Begins    string // wall time at the place
	Ends      string
	Zone      string // IANA name
	Executive string
	Customer  string
	City      string
	Country   string // ISO 3166 code
	Code      string // of the group
	Group     string
	Host      string
	State     string        // in words
	Stands    bool          // counts as planned: not declined, cancelled or missed
	Objective bool          // somebody has said what it is for
	Window    slot.Interval // of the customer: that in which the visit lies, else the nearest; zero where there is none
}

// inWindow says in a word whether the visit lies in a window; "" where the customer
// has none.
func (v YearVisit) inWindow() string {
	if v.Window.Start.IsZero() {
		return ""
	}
	return yes(v.Window.Contains(v.Date))
}

// palette are the colours of the groups, light, with that of the text on them;
// the first is for groups beyond the six.
var palette = [7]struct{ fill, ink string }{
	{"DDE2E9", "14171C"}, {"0B3C8C", "FFFFFF"}, {"6FC0EE", "0F1216"}, {"12805C", "FFFFFF"}, {"F0B429", "0F1216"}, {"8E3FA8", "FFFFFF"}, {"8A94A3", "0F1216"},
}

// Colours of what lies behind the visits, as in the grid of the pages.
const (
	bandFill   = "FFF3D1" // window of a customer
	tripInk    = "4A5261"
	leaveInk   = "8A93A1" // of the hatch
	crunchFill = "EEF0F3"
)

func shade(colour int) (fill, ink string) {
	if colour < 1 || colour >= len(palette) {
		colour = 0
	}
	return palette[colour].fill, palette[colour].ink
}

// mostCell bounds the text of a cell: spreadsheets hold 32,767 characters, and
// nobody reads more than this.
const mostCell = 1000

// line brings text to one line that every format can hold: no control characters,
// none that XML does not know, none that turn the reading direction of what follows,
// not too long.
func line(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsControl(r), r == 0x2028, r == 0x2029, r == unicode.ReplacementChar, r&0xFFFE == 0xFFFE:
			r = ' '
		case turns(r):
			continue
		}
		if n++; n > most {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// turns says whether a character changes the reading direction of what follows it:
// letters know their own, and a name must not turn the text around it.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// cell gives text for a spreadsheet, which shows it and never runs it: neither when
// it opens the file nor when somebody edits the cell or saves it as another format.
func cell(s string) string {
	s = line(s, mostCell)
	for _, wide := range []string{"＝", "＋", "－", "＠"} { // as Excel reads them under some locales
		if strings.HasPrefix(s, wide) {
			return "'" + s
		}
	}
	return intake.Neutral(s)
}
