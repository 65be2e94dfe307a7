package slot

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFiscalQuarter(t *testing.T) {
	for _, c := range []struct {
		date  string
		start time.Month
		want  string
	}{
		{"2027-02-10", 0, "2027-01-01 to 2027-03-31"},
		{"2027-12-31", time.January, "2027-10-01 to 2027-12-31"},
		{"2028-02-29", time.February, "2028-02-01 to 2028-04-30"},
		{"2028-02-29", time.March, "2027-12-01 to 2028-02-29"},
		{"2028-02-29", time.December, "2027-12-01 to 2028-02-29"},
		{"2027-01-01", time.December, "2026-12-01 to 2027-02-28"},
		{"2027-12-01", time.November, "2027-11-01 to 2028-01-31"},
	} {
		require.Equal(t, c.want, FiscalQuarter(MustDate(c.date), c.start).String(), "%s %s", c.date, c.start)
	}
}

func TestQuartersTileTheYears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, start := anyDate(t, "date"), time.Month(rapid.IntRange(0, 12).Draw(t, "start"))
		q := FiscalQuarter(d, start)
		if !q.Contains(d) || q.Days() < 90-1 || q.Days() > 92 || FiscalQuarter(q.End.Add(1), start).Start != q.End.Add(1) || FiscalQuarter(q.Start, start) != q {
			t.Fatalf("%s lies in %s", d, q)
		}
		if start > 0 && (int(q.Start.Month())-int(start)+12)%3 != 0 {
			t.Fatalf("a year from %s has no quarter from %s", start, q.Start)
		}
		days := rapid.IntRange(0, 92).Draw(t, "days")
		if AtQuarterEnd(d, start, days) != (d > q.End.Add(-days)) {
			t.Fatalf("%s, last %d days of %s", d, days, q)
		}
	})
}
