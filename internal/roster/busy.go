package roster

import (
	"slices"
	"sort"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Span is a stretch of time; the end does not belong to it.
type Span struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Reading is what a person's calendar said about when they are busy. The spans
// are nameless: a calendar shares that somebody is busy, never with what. A
// calendar that could not be read is unknown, which is never the same as free.
type Reading struct {
	PersonID string
	Calendar string    // the address that was asked for
	From, To time.Time // what was asked about; outside of it nothing is known
	Spans    []Span    // busy, merged and in order
	Own      []Span    // of our own visits that the calendar held, or may have held, when it was read
	ReadAt   time.Time // when From to Own were learnt; zero where the calendar was never read
	TriedAt  time.Time // of the last try
	Unknown  string    // why the last try failed, in a word or two; "" where it worked
}

// Known says whether the calendar was read, and the last try was no failure.
func (r Reading) Known() bool { return !r.ReadAt.IsZero() && r.Unknown == "" }

// Foreign gives when the person is busy with something other than our visits.
// What lies in the middle of a visit of ours cannot be seen: the calendar merges
// what overlaps and names nothing. What begins before or ends after it can.
func (r Reading) Foreign() []Span { return Subtract(r.Spans, r.Own) }

// Renewed gives the reading with a part of it read again: what is busy from one
// instant to another, and which of it are our own visits. The rest stays as old
// as it was. The part must lie in what the reading knows.
func (r Reading) Renewed(from, to time.Time, busy, own []Span) Reading {
	part := []Span{{from, to}}
	r.Spans = merge(append(Subtract(r.Spans, part), clip(busy, from, to)...))
	r.Own = merge(append(Subtract(r.Own, part), clip(own, from, to)...))
	return r
}

// Knows says whether the reading reaches over a stretch of time.
func (r Reading) Knows(from, to time.Time) bool {
	return !r.ReadAt.IsZero() && !from.Before(r.From) && !to.After(r.To)
}

// clip gives what lies between two instants.
func clip(spans []Span, from, to time.Time) (in []Span) {
	for _, s := range spans {
		if s.Start.Before(from) {
			s.Start = from
		}
		if s.End.After(to) {
			s.End = to
		}
		if s.Start.Before(s.End) {
			in = append(in, s)
		}
	}
	return in
}

// BusyRules say from when on something in a calendar takes a half-day.
type BusyRules struct {
	Begins  string        `json:"begins"`  // wall time at which the working day begins, "08:00"
	Noon    string        `json:"noon"`    // when its two halves meet
	Ends    string        `json:"ends"`    // when it ends
	Meeting time.Duration `json:"meeting"` // what takes less of a half-day than this does not block it
	Away    time.Duration `json:"away"`    // whoever is taken for so much of a working day at a stretch is away: every half-day that it touches is blocked
	Full    time.Duration `json:"full"`    // so much of a half-day in small pieces blocks it
}

// StandardBusyRules hold where the company has not chosen others. The halves meet
// where those of visits do (slot.FromInstant).
func StandardBusyRules() BusyRules {
	return BusyRules{Begins: "08:00", Noon: "12:30", Ends: "18:00", Meeting: 30 * time.Minute, Away: 4 * time.Hour, Full: 2 * time.Hour}
}

// Check refuses rules that make no working day.
func (r BusyRules) Check() error {
	var bad []fault.Detail
	for _, x := range []struct{ name, wall string }{{"begins", r.Begins}, {"noon", r.Noon}, {"ends", r.Ends}} {
		if _, err := time.Parse("15:04", x.wall); err != nil || len(x.wall) != 5 {
			bad = append(bad, fault.Detail{Where: x.name, Value: fault.Short(x.wall), Expected: "a time such as 08:00"})
		}
	}
	if len(bad) == 0 && !(r.Begins < r.Noon && r.Noon < r.Ends) {
		bad = append(bad, fault.Detail{Where: "begins, noon, ends", Value: r.Begins + ", " + r.Noon + ", " + r.Ends, Expected: "three times, one after the other"})
	}
	for _, x := range []struct {
		name string
		d    time.Duration
	}{{"meeting", r.Meeting}, {"away", r.Away}, {"full", r.Full}} {
		if x.d < 0 || x.d > 12*time.Hour || x.d%time.Minute != 0 {
			bad = append(bad, fault.Detail{Where: x.name, Value: x.d.String(), Expected: "whole minutes, at most 720"})
		}
	}
	if len(bad) > 0 {
		return fault.Invalidf("The working day cannot be like this.").With(bad...)
	}
	return nil
}

// ZoneOn says in which IANA zone a person is on a date: the own zone at home, that
// of the customer on a day with a visit.
type ZoneOn func(slot.Date) string

// BusyHalfDays gives the half-days of an interval that the spans take, in order.
// The half-days are those of the place where the person is that day, so that
// neither a clock change nor the zone of the server moves them. It fails for a zone
// that is none, and for rules that Check refuses.
func BusyHalfDays(spans []Span, days slot.Interval, zone ZoneOn, rules BusyRules) ([]slot.Slot, error) {
	if err := rules.Check(); err != nil {
		return nil, err
	}
	spans = merge(spans)
	var out []slot.Slot
	for d := days.Start; d <= days.End; d++ {
		day, err := workDay(d, zone(d), rules)
		if err != nil {
			return nil, err
		}
		first := sort.Search(len(spans), func(i int) bool { return spans[i].End.After(day[0]) })
		var long, taken, touched [2]time.Duration // of the longest piece, of all pieces, and of absences
		for _, s := range spans[first:] {
			if !s.Start.Before(day[2]) {
				break
			}
			away := overlap(s, Span{day[0], day[2]}) >= rules.Away
			for h := range 2 {
				n := overlap(s, Span{day[h], day[h+1]})
				long[h], taken[h] = max(long[h], n), taken[h]+n
				if away {
					touched[h] += n
				}
			}
		}
		for h, half := range []slot.Half{slot.AM, slot.PM} {
			if taken[h] > 0 && (long[h] >= rules.Meeting || taken[h] >= rules.Full || touched[h] > 0) {
				out = append(out, slot.Slot{Date: d, Half: half})
			}
		}
	}
	return out, nil
}

// workDay gives the instants at which a working day begins, has noon and ends.
// The rules have been checked. It is called for each day of each person's year, so
// it reads no text.
func workDay(d slot.Date, zone string, rules BusyRules) (at [3]time.Time, err error) {
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return at, err
	}
	year, month, day := d.Time().Date()
	for i, wall := range []string{rules.Begins, rules.Noon, rules.Ends} {
		hour, minute := 10*int(wall[0]-'0')+int(wall[1]-'0'), 10*int(wall[3]-'0')+int(wall[4]-'0')
		at[i] = time.Date(year, month, day, hour, minute, 0, 0, loc)
	}
	return at, nil
}

// Subtract gives what is left of some spans when others are taken out, merged and
// in order.
func Subtract(from, out []Span) []Span {
	from, out = merge(from), merge(out)
	var left []Span
	for _, s := range from {
		for _, o := range out {
			if !o.End.After(s.Start) {
				continue
			}
			if !o.Start.Before(s.End) {
				break
			}
			if o.Start.After(s.Start) {
				left = append(left, Span{s.Start, o.Start})
			}
			s.Start = o.End
		}
		if s.Start.Before(s.End) {
			left = append(left, s)
		}
	}
	return left
}

// merge joins what overlaps or touches, and drops what is empty.
func merge(spans []Span) []Span {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return !s.Start.Before(s.End) })
	slices.SortFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && !s.Start.After(out[n-1].End) {
			if s.End.After(out[n-1].End) {
				out[n-1].End = s.End
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// overlap gives for how long two spans share time.
func overlap(a, b Span) time.Duration {
	if b.Start.After(a.Start) {
		a.Start = b.Start
	}
	if b.End.Before(a.End) {
		a.End = b.End
	}
	return max(0, a.End.Sub(a.Start))
}

// TimeShare is how the working hours of a person in one month went by.
type TimeShare struct {
	Month  slot.Date     // its first day
	Work   time.Duration // working hours on working days
	Taken  time.Duration // of them busy, visits included
	Visits time.Duration // of them with customers
}

// Others gives the working hours that went to something else than customers:
// what is busy and no visit. Free/busy does not say with whom, so travel, focus
// time and leave that stands in the calendar are in it.
func (s TimeShare) Others() time.Duration { return s.Taken - s.Visits }

// TimeShares gives how the working hours of an interval went by, by month, as far
// as the reading reaches: where it does not know a whole day, the day is left out.
// visits are those that were held, works says whether a date is a working day.
func TimeShares(r Reading, visits []Span, days slot.Interval, zone ZoneOn, works func(slot.Date) bool, rules BusyRules) ([]TimeShare, error) {
	if err := rules.Check(); err != nil {
		return nil, err
	}
	visits = merge(visits)
	taken := merge(append(Subtract(r.Spans, r.Own), visits...))
	var out []TimeShare
	for d := days.Start; d <= days.End; d++ {
		if !works(d) {
			continue
		}
		at, err := workDay(d, zone(d), rules)
		if err != nil {
			return nil, err
		}
		if at[0].Before(r.From) || at[2].After(r.To) {
			continue
		}
		if month := slot.MakeDate(d.Year(), d.Month(), 1); len(out) == 0 || out[len(out)-1].Month != month {
			out = append(out, TimeShare{Month: month})
		}
		s, day := &out[len(out)-1], Span{at[0], at[2]}
		s.Work += at[2].Sub(at[0])
		s.Taken += within(day, taken)
		s.Visits += within(day, visits)
	}
	return out, nil
}

// within gives how much of a span some merged spans take.
func within(day Span, spans []Span) (sum time.Duration) {
	first := sort.Search(len(spans), func(i int) bool { return spans[i].End.After(day.Start) })
	for _, s := range spans[first:] {
		if !s.Start.Before(day.End) {
			break
		}
		sum += overlap(s, day)
	}
	return sum
}
