package coverage

import (
	"cmp"
	"slices"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Mix says when in the customers' buying, and when in our quarter, we come.
type Mix struct {
	ExecutiveID string // "" for all
	Visits      int    // counting visits of the period
	Early       int
	Middle      int
	Late        int
	Settled     int
	Unknown     int // the customer's stage was not known on the day
	QuarterEnd  int // in the last days of our fiscal quarter, whatever the stage
}

// EndShare gives the part of all visits at a quarter's end, 0..1; 0 without visits.
func (m Mix) EndShare() float64 { return share(m.QuarterEnd, m.Visits) }

// Mixes counts the counting visits of a period, for everybody and per executive
// (by id). turns holds every customer's way through the stages: the stage is the
// one of the visit's day, so that what was learned at the visit counts.
func Mixes(visits []visit.Visit, turns map[string][]visit.Turn, b visit.Buying, f visit.Fiscal, period slot.Interval) (all Mix, each []Mix) {
	at := map[string]int{}
	for i := range visits {
		v := &visits[i]
		if !period.Contains(v.Slot.Date) || v.Lapse() != visit.NoLapse {
			continue
		}
		n, ok := at[v.ExecutiveID]
		if !ok {
			n = len(each)
			at[v.ExecutiveID] = n
			each = append(each, Mix{ExecutiveID: v.ExecutiveID})
		}
		stage, known := b.Stage(visit.StageOn(turns[v.CustomerID], v.Slot.Date))
		end := slot.AtQuarterEnd(v.Slot.Date, f.Start, f.Days)
		all.add(stage.Phase, known, end)
		each[n].add(stage.Phase, known, end)
	}
	slices.SortFunc(each, func(a, b Mix) int { return cmp.Compare(a.ExecutiveID, b.ExecutiveID) })
	return all, each
}

func (m *Mix) add(p visit.Phase, known, quarterEnd bool) {
	m.Visits++
	switch {
	case !known:
		m.Unknown++
	case p == visit.Early:
		m.Early++
	case p == visit.Middle:
		m.Middle++
	case p == visit.Late:
		m.Late++
	default:
		m.Settled++
	}
	if quarterEnd {
		m.QuarterEnd++
	}
}

// MixOf gives the mix of everybody from the number of counting visits by stage ("" or
// a stage that is no more where none is known), and of those at a quarter's end.
func MixOf(stages map[string]int, quarterEnd int, b visit.Buying) Mix {
	m := Mix{QuarterEnd: quarterEnd}
	for code, n := range stages {
		stage, known := b.Stage(code)
		one := Mix{}
		one.add(stage.Phase, known, false)
		m.Visits += n
		m.Early, m.Middle, m.Late, m.Settled, m.Unknown = m.Early+n*one.Early, m.Middle+n*one.Middle, m.Late+n*one.Late, m.Settled+n*one.Settled, m.Unknown+n*one.Unknown
	}
	return m
}

// QuarterEnds gives the last days of our fiscal quarters that lie in a period.
func QuarterEnds(period slot.Interval, f visit.Fiscal) []slot.Interval {
	var out []slot.Interval
	for d := period.Start; d <= period.End; d++ {
		if !slot.AtQuarterEnd(d, f.Start, f.Days) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].End == d.Add(-1) {
			out[n-1].End = d
		} else {
			out = append(out, slot.Interval{Start: d, End: d})
		}
	}
	return out
}
