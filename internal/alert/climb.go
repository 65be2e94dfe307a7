package alert

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/slot"
)

// Rung is whom an open alert has reached.
type Rung string

const (
	ToPerson Rung = "person" // the person and the assistants, on the day it is raised
	ToVP     Rung = "vp"     // the VP of Sales
	ToCEO    Rung = "ceo"    // the CEO's digest
)

// Ladder says after how many days an open alert climbs. Days of leave do not count.
type Ladder struct {
	VPDays, CEODays int // 1 ≤ VPDays ≤ CEODays ≤ 60
}

// UsualLadder is the ladder where nobody has chosen another one.
func UsualLadder() Ladder { return Ladder{VPDays: 3, CEODays: 7} }

// Check refuses a ladder that skips or never ends, with fault.Invalid.
func (l Ladder) Check() error {
	bad := func(where string, value int, expected string) error {
		return fault.Invalidf("This is no way to escalate.").With(fault.Detail{Where: where, Value: fmt.Sprint(value), Expected: expected})
	}
	switch {
	case l.VPDays < 1 || l.VPDays > 60:
		return bad("vp_days", l.VPDays, "1 to 60 days")
	case l.CEODays < l.VPDays || l.CEODays > 60:
		return bad("ceo_days", l.CEODays, fmt.Sprintf("%d (the days for the VP) to 60 days", l.VPDays))
	}
	return nil
}

// Standing is an open alert with what people were told and what they did about it.
type Standing struct {
	Open
	Raised   slot.Date       // the person's own date on which it was raised
	Told     []Rung          // in any order
	Absences []slot.Interval // of the person
	Until    slot.Date       // snoozed: the first day on which it speaks again; zero where not
	Seen     slot.Date       // acknowledged on; zero where not
	Note     string          // the typed reason of the snooze or the acknowledgement
}

// Step is somebody who must be told now.
type Step struct {
	Open
	Rung   Rung
	Days   int    // that the alert has been open, days of leave left out
	Reason string // for people, with the note
}

// Climb says which rungs each open alert reaches now, lowest first. A rung is
// told once. Nothing is told while the person is on leave, while the alert is
// snoozed, or once the breach is over; a snooze holds alerts, never the clock, and
// what was due meanwhile is due on its last day. An acknowledgement is shown to
// whoever is told next and stops nobody: only a visit ends a breach.
func Climb(statuses []Status, standing []Standing, l Ladder) []Step {
	byPerson := make(map[string]*Status, len(statuses))
	for i := range statuses {
		byPerson[statuses[i].PersonID] = &statuses[i]
	}
	var out []Step
	for _, a := range standing {
		s := byPerson[a.PersonID]
		if s == nil || !s.Overdue || s.Paused || s.Breach != a.Breach || s.Today < a.Until {
			continue
		}
		days := awake(a, s.Today)
		for _, rung := range []struct {
			to    Rung
			after int
		}{{ToPerson, 0}, {ToVP, l.VPDays}, {ToCEO, l.CEODays}} {
			if days >= rung.after && !slices.Contains(a.Told, rung.to) {
				out = append(out, Step{Open: a.Open, Rung: rung.to, Days: days, Reason: a.reason(*s, days)})
			}
		}
	}
	return out
}

// awake counts the days since an alert was raised on which the person was not on leave.
func awake(a Standing, today slot.Date) int {
	days := 0
	for d := a.Raised.Add(1); d <= today; d++ {
		if !slot.In(d, a.Absences) {
			days++
		}
	}
	return days
}

func (a Standing) reason(s Status, days int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d days without a counting visit, over since %s.", s.Days, locale.Style{}.Near(s.Breach, s.Today))
	if days > 0 {
		fmt.Fprintf(&b, " The alert has been open for %s.", daysOf(days))
	}
	switch {
	case s.Next.IsZero():
		b.WriteString(" Nothing is booked.")
	default:
		fmt.Fprintf(&b, " The next visit is booked for %s.", locale.Style{}.Near(s.Next, s.Today))
	}
	switch {
	case a.Note == "":
	case !a.Seen.IsZero():
		fmt.Fprintf(&b, " Acknowledged on %s: “%s”", locale.Style{}.Near(a.Seen, s.Today), a.Note) // in quotes it stays as it was typed; see locale.Style.Again
	default:
		fmt.Fprintf(&b, " It was snoozed: “%s”", a.Note)
	}
	return b.String()
}

func daysOf(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

const (
	// MaxSnoozeDays is how long an alert may be silenced at once.
	MaxSnoozeDays = 14
	// MaxSilentDays is how long after it was raised an alert may be silent at all.
	MaxSilentDays = 30
	minReason     = 3   // characters
	maxReason     = 500 // characters
)

// CheckSnooze says whether an alert that was raised on a day may be silenced from
// today until a day (on which it speaks again), and whether the reason will do:
// 3 to 500 characters. Errors: fault.Invalid.
func CheckSnooze(raised, today, until slot.Date, reason string) error {
	last := min(today.Add(MaxSnoozeDays), raised.Add(MaxSilentDays))
	switch {
	case last <= today:
		return fault.Invalidf("This alert has been open for too long to be silenced.").With(fault.Detail{Where: "until", Value: until.String(),
			Expected: fmt.Sprintf("nothing: an alert is silent for at most %d days after it is raised", MaxSilentDays), Mend: "Book a visit."})
	case until <= today || until > last:
		return fault.Invalidf("An alert cannot be silenced until that day.").With(fault.Detail{Where: "until", Value: until.String(),
			Expected: fmt.Sprintf("a day from %s to %s", today.Add(1), last), Mend: "Choose an earlier day; the clock runs on meanwhile."})
	}
	return CheckReason(reason)
}

// CheckReason says whether a typed reason will do: 3 to 500 characters of text.
// Error: fault.Invalid.
func CheckReason(reason string) error {
	trimmed := strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(trimmed); !utf8.ValidString(reason) || n < minReason || n > maxReason {
		return fault.Invalidf("A reason is needed.").With(fault.Detail{Where: "reason", Value: fault.Short(strings.ToValidUTF8(trimmed, "?")),
			Expected: fmt.Sprintf("%d to %d characters", minReason, maxReason)})
	}
	return nil
}
