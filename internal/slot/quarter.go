package slot

import "time"

// FiscalQuarter gives the quarter of the fiscal year in which a date lies. start
// is the first month of the fiscal year; 0 means January.
func FiscalQuarter(d Date, start time.Month) Interval {
	if start == 0 {
		start = time.January
	}
	month := (int(d.Month()) - int(start) + 12) % 3 // 0..2 in the quarter
	first := MakeDate(d.Year(), d.Month()-time.Month(month), 1)
	return Interval{Start: first, End: MakeDate(d.Year(), d.Month()+time.Month(3-month), 1).Add(-1)}
}

// AtQuarterEnd says whether a date lies in the last days of its fiscal quarter;
// none does where days is 0.
func AtQuarterEnd(d Date, start time.Month, days int) bool {
	return FiscalQuarter(d, start).End.Sub(d) < days
}
