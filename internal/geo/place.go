package geo

// Place is a city, or a point near one, with its time zone.
type Place struct {
	City    string `json:"city,omitempty"`    // as people wrote it; from Find and Near as GeoNames spells it
	Region  string `json:"region,omitempty"`  // US state or other first-level division, as given or as GeoNames codes it
	Country string `json:"country,omitempty"` // ISO 3166 alpha-2, such as "CH"
	Point   Point  `json:"point"`
	Zone    string `json:"zone,omitempty"` // IANA name, such as "Europe/Zurich"
}

// IsZero says whether the place is not known at all.
func (p Place) IsZero() bool { return p == Place{} }
