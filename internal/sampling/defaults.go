package sampling

// Defaults gives the design that is proposed to whoever has chosen nothing yet;
// Visits, Seed, Year and Dimensions are left to the caller. Three quarters of
// the aim go to the share of customers and one to the share of revenue: both
// shares then have an error of about a point at 2,400 visits, for a design
// effect of 1.2 (customers alone leave revenue at 2.8 points, revenue alone has
// a design effect of 3). Two visits per stratum are the least from which a
// variance can be computed (Cochran 1977, §5.2), and a stratum that would
// expect fewer is merged.
func Defaults() Design {
	return Design{Rule: Mixed, Alpha: 0.75, Q: 0.5, MinPerStratum: 2, MergeBelow: 2}
}

const (
	// DefaultBands is how many size bands are made of revenues where nobody says.
	DefaultBands = 3
	// RedrawTimes is how often a design is drawn again for the proof page.
	RedrawTimes = 1000
	// NextAsked is how many further visits an allocation is asked about.
	NextAsked = 100
)
