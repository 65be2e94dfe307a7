package intake

import (
	"fmt"
	"math"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// where names a place in a file as people see it.
func where(line int, column string) string {
	if column == "" {
		return fmt.Sprintf("row %d", line)
	}
	return fmt.Sprintf("row %d, column %s", line, column)
}

// columnName gives a column's header, or its letter as spreadsheets show it.
func columnName(headers []string, column int) string {
	if column >= 0 && column < len(headers) && headers[column] != "" {
		return headers[column]
	}
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// place reads where somebody or something is. Coordinates win over the city;
// where neither has changed, the stored place stays, whatever it was made from.
func (r *reader) place(old geo.Place, required bool) geo.Place {
	if !r.has("city") && !r.has("state") && !r.has("country") && !r.has("lat") && !r.has("lon") && !r.has("zone") {
		if required && old.IsZero() {
			r.complain("city", &complaint{"no place", "a city, or latitude and longitude", ""})
		}
		return old
	}
	before := len(r.row.Problems)
	p := old
	read(r, "city", &p.City, plain)
	read(r, "country", &p.Country, country)
	if !r.has("state") && (p.City != old.City || p.Country != old.Country) {
		p.Region = "" // that of the old city
	}
	if r.has("state") {
		code, ok := geo.RegionCode(p.Country, r.get("state"))
		if !ok {
			r.complain("state", &complaint{"unknown state", "a state or province of " + geo.CountryName(p.Country) + ", such as " + map[string]string{"US": "TX", "CA": "ON", "AU": "NSW"}[p.Country], ""})
		}
		if code, bad := plain(code); bad == nil {
			p.Region = code
		} else {
			r.complain("state", bad)
		}
	}
	lat, lon := math.NaN(), math.NaN()
	readOr(r, "lat", &lat, lat, r.number(-90, 90))
	readOr(r, "lon", &lon, lon, r.number(-180, 180))
	zone := ""
	read(r, "zone", &zone, func(s string) (string, *complaint) {
		if _, err := slot.LoadZone(s); err != nil {
			return "", &complaint{"unknown time zone", "an IANA time zone such as Europe/Zurich", ""}
		}
		return s, nil
	})
	if len(r.row.Problems) > before {
		return old
	}
	switch {
	case math.IsNaN(lat) != math.IsNaN(lon):
		missing := "lat"
		if math.IsNaN(lon) {
			missing = "lon"
		}
		r.complain(missing, &complaint{"half a pair of coordinates", "latitude and longitude, or neither", ""})
		return old
	case !math.IsNaN(lat):
		r.located(&p, geo.Point{Lat: lat, Lon: lon})
	case p.City == "" && required:
		r.complain("city", &complaint{"no place", "a city, or latitude and longitude", ""})
		return old
	case p.City == "":
		return geo.Place{Region: p.Region, Country: p.Country, Zone: zone}
	case p.Country == "":
		r.complain("country", &complaint{"empty", "the country of the city", ""})
		return old
	case old.City == p.City && old.Country == p.Country && old.Zone != "" && (old.Region == p.Region || p.Region == "" && r.has("state")) &&
		!r.has("lat") && !r.has("lon") && !r.has("zone"):
		p.Region, p.Point, p.Zone = old.Region, old.Point, old.Zone
	default:
		f := r.lookup(p.City, p.Country, p.Region)
		if !f.ok {
			r.complain("city", &complaint{"unknown city", "a city of " + geo.CountryName(p.Country) + " with 15,000 people or more", f.mend})
			return old
		}
		p.Point, p.Zone = f.place.Point, f.place.Zone
		if p.Region == "" {
			p.Region = f.place.Region
		}
	}
	if zone != "" {
		p.Zone = zone
	}
	return p
}

// located puts p at a point. The zone follows from it; a city far away is a sign
// of exchanged or misplaced coordinates.
func (r *reader) located(p *geo.Place, at geo.Point) {
	zone, err := geo.ZoneAt(at)
	if err != nil {
		r.complain("lat", &complaint{"no point on Earth", "a latitude from -90 to 90 and a longitude from -180 to 180", ""})
		return
	}
	p.Point, p.Zone = at, zone
	if p.City == "" || p.Country == "" {
		return
	}
	if f := r.lookup(p.City, p.Country, p.Region); f.ok {
		if km := geo.Km(f.place.Point, at); km > 300 {
			r.warn("lat", fmt.Sprintf("%s, %s", r.get("lat"), r.get("lon")), &complaint{"far from its city", "a point near " + p.City,
				fmt.Sprintf("It lies %d km away: are latitude and longitude exchanged, or a sign lost?", km)})
		}
	}
}

const (
	maxPlacesKept  = 50_000
	maxSuggestions = 300 // looking for similar names takes a millisecond each
)

func (r *reader) lookup(city, country, region string) found {
	key := [3]string{city, country, region}
	if f, ok := r.places[key]; ok {
		return f
	}
	var f found
	if f.place, f.ok = geo.Find(city, country, region); !f.ok {
		f.mend = "Give latitude and longitude for smaller places."
		if r.suggested < maxSuggestions {
			r.suggested++
			if names := geo.Suggest(city, country); len(names) > 0 {
				f.mend = "Did you mean " + strings.Join(names, " or ") + "? " + f.mend
			}
		}
	}
	if len(r.places) < maxPlacesKept {
		r.places[key] = f
	}
	return f
}
