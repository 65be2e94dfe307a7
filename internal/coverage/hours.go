package coverage

import (
	"fmt"
	"slices"
	"time"

	"windshield/internal/visit"
)

// Busy is a span of time that a person's calendar shows as taken; End is not in it.
type Busy struct {
	Start, End time.Time
}

// MaxMeeting is the longest span that is taken for a meeting: what lasts longer
// (a leave, a trip, a day marked as a whole) is neither time with customers nor
// with ourselves.
const MaxMeeting = 10 * time.Hour

// Hours compares a person's time in customer visits with the time in meetings of
// our own.
type Hours struct {
	Customers time.Duration // in counting visits
	Ourselves time.Duration // taken by anything else
}

// Share gives the part of the time in meetings that went to customers, 0..1; 0
// where there were no meetings.
func (h Hours) Share() float64 {
	if h.Customers+h.Ourselves <= 0 {
		return 0
	}
	return float64(h.Customers) / float64(h.Customers+h.Ourselves)
}

// Sentence says it for people; "" where there were no meetings.
func (h Hours) Sentence() string {
	if h.Customers+h.Ourselves <= 0 {
		return ""
	}
	hours := func(d time.Duration) string {
		n := int(d.Round(time.Hour) / time.Hour)
		if n == 1 {
			return "1 hour"
		}
		return number(n) + " hours"
	}
	return fmt.Sprintf("%s with customers, %s in other meetings.", hours(h.Customers), hours(h.Ourselves))
}

// MeetingHours sums up a person's time from start to end (not in it). visits are
// the person's, of any state; busy is what the calendar shows, overlapping or
// not, our own events among it. A span counts once, however many meetings lie in
// it; time that is both a counting visit and something else is the customer's. A
// visit that did not count is a meeting like any other.
func MeetingHours(visits []visit.Visit, busy []Busy, start, end time.Time) Hours {
	var with, taken []Busy
	for i := range visits {
		v := &visits[i]
		if v.Lapse() == visit.NoLapse {
			with = append(with, Busy{v.Start, v.End})
		}
	}
	for _, b := range busy {
		if b.End.Sub(b.Start) <= MaxMeeting {
			taken = append(taken, b)
		}
	}
	customers := length(with, start, end)
	return Hours{Customers: customers, Ourselves: length(append(taken, with...), start, end) - customers}
}

// length gives how much of the time from start to end the spans cover.
func length(spans []Busy, start, end time.Time) time.Duration {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Busy) int { return a.Start.Compare(b.Start) })
	var sum time.Duration
	for _, s := range spans {
		if s.Start.Before(start) {
			s.Start = start
		}
		if s.End.After(end) {
			s.End = end
		}
		if s.End.After(s.Start) {
			sum += s.End.Sub(s.Start)
			start = s.End
		}
	}
	return sum
}
