package visit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Brake is why a visit may only be made with a typed reason.
type Brake string

const (
	TooLate      Brake = "late_stage"  // the customer is about to decide, and no executive was there before
	AtQuarterEnd Brake = "quarter_end" // in the last days of our fiscal quarter
)

// Fiscal says when our quarters end and which days before count as the end.
type Fiscal struct {
	Start time.Month // first month of the fiscal year; 0: January
	Days  int        // 0..45; 0 puts no brake on any day
}

// UsualFiscal is the fiscal year where nobody has chosen another one: the
// calendar's, with the last 14 days of each quarter.
func UsualFiscal() Fiscal { return Fiscal{Start: time.January, Days: 14} }

// Check refuses a fiscal year that cannot be, with fault.Invalid.
func (f Fiscal) Check() error {
	switch {
	case f.Start < 0 || f.Start > time.December:
		return fault.Invalidf("This is no fiscal year.").With(fault.Detail{Where: "fiscal_start", Value: fmt.Sprint(int(f.Start)), Expected: "a month from 1 to 12"})
	case f.Days < 0 || f.Days > 45:
		return fault.Invalidf("This is no end of a quarter.").With(fault.Detail{Where: "quarter_end_days", Value: fmt.Sprint(f.Days), Expected: "0 to 45 days"})
	}
	return nil
}

// Brakes gives what speaks against a visit to a customer on a day. stage is the
// customer's on the day on which it is decided ("" where none is known); earlier
// says whether an executive was with the customer before, at an earlier stage
// (see Earlier).
func (b Buying) Brakes(on slot.Date, stage string, earlier bool, f Fiscal) []Brake {
	var out []Brake
	if s, ok := b.Stage(stage); ok && s.Phase == Late && !earlier {
		out = append(out, TooLate)
	}
	if slot.AtQuarterEnd(on, f.Start, f.Days) {
		out = append(out, AtQuarterEnd)
	}
	return out
}

// Earlier says whether a visit to the customer before a day found it at an early
// or a middle stage, or at none that was known then. visits are those of one
// customer, of any state; turns are that customer's. Only visits that count are
// looked at: a handshake at a trade show does not make a late visit early.
func (b Buying) Earlier(visits []Visit, turns []Turn, before slot.Date) bool {
	return slices.ContainsFunc(visits, func(v Visit) bool {
		if v.Slot.Date >= before || v.Lapse() != NoLapse {
			return false
		}
		s, ok := b.Stage(StageOn(turns, v.Slot.Date))
		return !ok || s.Phase == Early || s.Phase == Middle
	})
}

// Says gives the sentence that asks for the reason.
func (b Brake) Says() string {
	switch b {
	case TooLate:
		return "The customer is about to decide, and no executive has been there before. Who comes only now costs margin and credibility."
	case AtQuarterEnd:
		return "The visit lies in the last days of our fiscal quarter. It looks as if it were about our quarter, not about the customer."
	}
	return ""
}

// CheckBrakes wants a typed reason of 3 to 500 readable characters where there is a brake.
// Every door by which a visit is made, moved or published asks it. Error:
// fault.Invalid, with one detail per brake.
func CheckBrakes(brakes []Brake, reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); len(brakes) == 0 || n >= 3 && n <= 500 && utf8.ValidString(reason) && !strings.ContainsFunc(reason, unreadable) {
		return nil
	}
	err := fault.Invalidf("This visit needs a reason.")
	for _, b := range brakes {
		err = err.With(fault.Detail{Where: "reason", Value: fault.Short(strings.ToValidUTF8(reason, "?")), Expected: "3 to 500 characters", Mend: b.Says()})
	}
	return err
}

// unreadable says of a letter that nobody typed it: breaks of lines and tabs are.
func unreadable(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }

// Braked is a visit that was made in spite of a brake.
type Braked struct {
	VisitID     string
	ExecutiveID string
	Brakes      []Brake
	Reason      string
}

// BrakeCount says how often an executive visits late and at the quarter's end.
type BrakeCount struct {
	ExecutiveID string
	Late        int
	QuarterEnd  int
	Visits      int // with one brake or both
}

// CountBrakes counts per executive, most visits first. A visit that is given
// twice counts once.
func CountBrakes(list []Braked) []BrakeCount {
	at, seen := map[string]int{}, map[string]bool{}
	var out []BrakeCount
	for _, v := range list {
		if seen[v.VisitID] || len(v.Brakes) == 0 {
			continue
		}
		seen[v.VisitID] = true
		i, ok := at[v.ExecutiveID]
		if !ok {
			i = len(out)
			at[v.ExecutiveID] = i
			out = append(out, BrakeCount{ExecutiveID: v.ExecutiveID})
		}
		out[i].Visits++
		if slices.Contains(v.Brakes, TooLate) {
			out[i].Late++
		}
		if slices.Contains(v.Brakes, AtQuarterEnd) {
			out[i].QuarterEnd++
		}
	}
	slices.SortFunc(out, func(a, b BrakeCount) int {
		return cmp.Or(b.Visits-a.Visits, b.Late-a.Late, cmp.Compare(a.ExecutiveID, b.ExecutiveID))
	})
	return out
}
