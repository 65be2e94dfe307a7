package shapes

import (
	"math"

	"windshield/internal/geo"
)

// country is where customers and offices can be.
type country struct {
	code, region, language string
	weight                 int // share of the customers that are not at home
}

// countries are about as important as their economies. Where the language is
// English everybody speaks it, and nobody asks for it.
var countries = []country{
	{"US", "north-america", "en", 180}, {"CA", "north-america", "en", 16}, {"MX", "latin-america", "es", 12},
	{"BR", "latin-america", "pt", 15}, {"AR", "latin-america", "es", 5}, {"CO", "latin-america", "es", 3},
	{"GB", "uk-nordics", "en", 37}, {"IE", "uk-nordics", "en", 5}, {"SE", "uk-nordics", "sv", 8}, {"NO", "uk-nordics", "no", 6},
	{"DK", "uk-nordics", "da", 6}, {"FI", "uk-nordics", "fi", 5}, {"DE", "central-europe", "de", 42}, {"CH", "central-europe", "de", 10},
	{"AT", "central-europe", "de", 6}, {"NL", "central-europe", "nl", 14}, {"BE", "central-europe", "nl", 8}, {"PL", "central-europe", "pl", 10},
	{"FR", "south-europe", "fr", 32}, {"IT", "south-europe", "it", 20}, {"ES", "south-europe", "es", 15}, {"CN", "apac", "zh", 36},
	{"JP", "apac", "ja", 35}, {"IN", "apac", "en", 22}, {"AU", "apac", "en", 17}, {"KR", "apac", "ko", 14}, {"ID", "apac", "id", 5},
	{"MY", "apac", "ms", 4}, {"TH", "apac", "th", 4}, {"NZ", "apac", "en", 4}, {"TR", "middle-east-africa", "tr", 8},
	{"SA", "middle-east-africa", "ar", 8}, {"AE", "middle-east-africa", "ar", 8}, {"ZA", "middle-east-africa", "en", 6}, {"IL", "middle-east-africa", "he", 5},
}

// headquarters are the countries that companies come from.
func headquarters() []country {
	return []country{named("US"), named("DE"), named("JP"), named("GB"), named("FR"), named("CH"), named("CN"), named("US")}
}

func named(code string) country {
	for _, c := range countries {
		if c.code == code {
			return c
		}
	}
	panic("there is no country " + code)
}

// spot is a city with the weight by which customers are drawn there.
type spot struct {
	point  geo.Point
	weight int
}

// cities gives the biggest cities of a country. The customers of the n-th are
// one n-th of those of the first, as Zipf has it.
func (m *maker) cities(code string) []spot {
	if known, ok := m.city[code]; ok {
		return known
	}
	most := 40
	if code == m.hq.code {
		most = 120
	}
	places, err := geo.Biggest(code, most)
	if err != nil {
		panic(err)
	}
	all := make([]spot, len(places))
	for i, p := range places {
		all[i] = spot{p.Point, 10_000 / (i + 1)}
	}
	m.city[code] = all
	return all
}

// in draws a place in or near a city of the country.
func (m *maker) in(code string) geo.Point {
	cities := m.cities(code)
	weights := make([]int, len(cities))
	for i, c := range cities {
		weights[i] = c.weight
	}
	return m.near(cities[m.weighted(weights)].point, 1500)
}

// near draws a point at most so many ten-thousandths of a degree away each way.
func (m *maker) near(p geo.Point, most int) geo.Point {
	move := func(x, limit float64) float64 {
		x = math.Round(x*1e4) + float64(m.between(-most, most))
		return max(-limit, min(limit, x/1e4))
	}
	return geo.Point{Lat: move(p.Lat, 90), Lon: move(p.Lon, 180)}
}

// home draws the country of a customer.
func (m *maker) home() country {
	if m.shape == ThreeContinents {
		return named(pick(m, []string{"US", "DE", "JP", "US", "DE", "JP", "US", "DE", "JP", "CA", "FR", "KR"}))
	}
	if m.permille(480) {
		return m.hq
	}
	weights := make([]int, len(countries))
	for i, c := range countries {
		weights[i] = c.weight
	}
	return countries[m.weighted(weights)]
}
