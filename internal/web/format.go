package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// day writes a date in full, "Thu 19 Nov 2027"; no date is a dash.
func day(d slot.Date) string {
	if d.IsZero() {
		return "–"
	}
	return d.Time().Format("Mon 2 Jan 2006")
}

// dayShort leaves the year out where it is clear.
func dayShort(d slot.Date) string {
	if d.IsZero() {
		return "–"
	}
	return d.Time().Format("Mon 2 Jan")
}

// moment writes an instant with its zone; no instant is "never".
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("Mon 2 Jan 2006, 15:04 UTC")
}

// hours writes the local time of a visit with the zone of its place. The zone
// is named: an abbreviation such as CST means three different things.
func hours(v visit.Visit) string {
	loc, err := slot.LoadZone(v.Zone)
	if err != nil || v.Start.IsZero() {
		return halfDay(v.Slot.Half)
	}
	return v.Start.In(loc).Format("15:04") + "–" + v.End.In(loc).Format("15:04") + ", " + zone(v.Zone)
}

// function gives a person's function where it says more than the name does:
// executives are often known by their function alone.
func function(name, function string) string {
	if function == name {
		return ""
	}
	return function
}

// zone names a zone by its city. The city is what people plan by; the continent
// before it is for computers.
func zone(name string) string {
	name = name[strings.LastIndex(name, "/")+1:]
	if name == "UTC" {
		return name
	}
	return strings.ReplaceAll(name, "_", " ") + " time"
}

func halfDay(h slot.Half) string {
	switch h {
	case slot.AM:
		return "morning"
	case slot.PM:
		return "afternoon"
	}
	return "time not known"
}

// num groups the digits of a number: 84,000.
func num[T ~int | ~int64 | ~uint64](n T) string {
	s := fmt.Sprintf("%d", n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// percent writes a share without needless digits: 84 %, 2.1 %, 0.04 %.
func percent(x float64) string {
	p := x * 100
	switch {
	case p == 0 || p >= 9.95:
		return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + " %"
	case p >= 0.95:
		return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + " %"
	case p >= 0.01:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	}
	return "under 0.01 %"
}

// few says "3 of 10" where a percentage would feign precision.
func few(part, whole int) string { return num(part) + " of " + num(whole) }

// count writes a number with its noun: 1 visit, 12 visits.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(n) + " " + many
}

func fixed(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

// hoursHere is hours with those of the reader beside them.
func hoursHere(v visit.Visit) string { return hours(v) }

// plainFixed is fixed for programs and form fields.
func plainFixed(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

// stamp writes a time by a layout such as "Mon 2 Jan, 15:04".
func stamp(t time.Time, layout string) string { return t.Format(layout) }

// wall writes a time of day that is given as 15:04.
func wall(hhmm string) string { return hhmm }

func itoa(n int) string { return strconv.Itoa(n) }

// since writes how long something took or has lasted.
func since(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %02d s", s/60, s%60)
}

var roleNames = map[roster.Role]string{
	roster.Administrator: "Administrator", roster.VP: "VP of Sales", roster.CEO: "CEO", roster.Executive: "Executive",
	roster.Assistant: "Assistant", roster.Host: "Host",
}

// status says in words where a visit stands, with the class of its tag.
func status(v visit.Visit) (text, class string) {
	switch v.State {
	case visit.Proposed:
		return "proposed", "tag dash"
	case visit.Published:
		switch v.Answer {
		case visit.Accepted:
			return "accepted", "tag ok"
		case visit.Tentative:
			return "perhaps", "tag dash"
		}
		return "no answer yet", "tag"
	case visit.Agreed:
		return "agreed with the customer", "tag ok"
	case visit.Confirmed:
		return "✓ confirmed by the customer", "tag ok"
	case visit.Held:
		return "✓ held", "tag ok"
	case visit.Debriefed:
		return "✓ held and debriefed", "tag ok"
	case visit.NoShow:
		return "did not take place", "tag off"
	case visit.Declined:
		return "declined", "tag off"
	case visit.Cancelled:
		return "cancelled", "tag off"
	}
	return string(v.State), "tag"
}

func statusText(v visit.Visit) string { t, _ := status(v); return t }

func statusClass(v visit.Visit) string { _, c := status(v); return c }

var kindNames = map[visit.Kind]string{
	visit.AtCustomer: "At the customer’s place", visit.Online: "Online", visit.TradeShow: "Trade show", visit.Conference: "User conference",
}

// orDash keeps table cells from being empty.
func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// place joins what is known of a customer's address.
func place(c roster.Customer) string {
	var parts []string
	for _, s := range []string{c.Address, strings.TrimSpace(c.City + " " + c.Region), c.Country} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}
