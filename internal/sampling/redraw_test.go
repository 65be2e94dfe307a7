package sampling

import "testing"

func BenchmarkRedraws(b *testing.B) {
	for name, c := range map[string]struct {
		customers int
		d         Design
	}{
		"strata":         {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment")}},
		"trees":          {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment"), Across: []string{"stage"}}},
		"many cells":     {10_000, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment"), Across: []string{"city", "stage"}}},
		"many customers": {100_000, Design{Seed: "s", Visits: 24_000, Dimensions: Named("region", "segment"), Across: []string{"stage"}}},
	} {
		f := frozen(b, company(c.customers, 1))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Redraws(f, c.d, RedrawTimes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
