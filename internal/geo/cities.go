package geo

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"windshield/internal/fault"
)

// The folder holds a placeholder until `make build` has made the table, so that
// the package compiles on a fresh clone.
//
//go:embed all:data
var cityData embed.FS

// atlas is immutable once parsed, and the same in every process. Cities are
// sorted by population, the biggest first.
type atlas struct {
	cities []city
	zones  []string
	first  map[string]int32 // "CH" + folded name -> the biggest city of that name
	next   []int32          // city -> the next smaller one of the same name, -1 at the end
	north  northward
}

type city struct {
	name, country, division string
	lat, lon                float64
	population              int32
	zone                    int32 // index into zones
}

var loadAtlas = sync.OnceValues(func() (*atlas, error) {
	packed, err := cityData.ReadFile("data/cities.tsv.gz")
	if err != nil {
		return nil, errors.New("the table of cities is missing from this build: run make build")
	}
	a, err := parseAtlas(packed)
	if err != nil {
		return nil, fmt.Errorf("the table of cities is damaged: run make build: %w", err)
	}
	return a, nil
})

func parseAtlas(packed []byte) (*atlas, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	text := string(raw) // names are substrings of it
	n := strings.Count(text, "\n")
	a := &atlas{cities: make([]city, 0, n), next: make([]int32, n), first: make(map[string]int32, n+n/4)}
	zones := map[string]int32{}
	last := make(map[string]int32, n) // key -> the smallest city of that name so far
	enter := func(key string, i int32) {
		if _, ok := a.first[key]; !ok {
			a.first[key] = i
		} else if j := last[key]; j != i {
			a.next[j] = i
		}
		last[key] = i
	}
	for line := range strings.Lines(text) {
		var f [7]string
		rest := strings.TrimSuffix(line, "\n")
		for k := range f {
			var ok bool
			if f[k], rest, ok = strings.Cut(rest, "\t"); !ok && k < 6 {
				return nil, fmt.Errorf("line %d has too few columns", len(a.cities)+1)
			}
		}
		population, err1 := strconv.Atoi(f[3])
		lat, err2 := strconv.ParseFloat(f[4], 64)
		lon, err3 := strconv.ParseFloat(f[5], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(a.cities)+1, err)
		}
		zone, ok := zones[f[6]]
		if !ok {
			zone = int32(len(a.zones))
			zones[f[6]] = zone
			a.zones = append(a.zones, f[6])
		}
		i := int32(len(a.cities))
		a.cities = append(a.cities, city{f[0], f[1], f[2], lat, lon, int32(population), zone})
		a.next[i] = -1
		enter(f[1]+Fold(f[0]), i)
	}
	if len(a.cities) == 0 {
		return nil, errors.New("it is empty")
	}
	// Other spellings must not hide the real names: they enter last.
	for i, c := range a.cities {
		if strings.ContainsAny(c.name, "äöüÄÖÜ") {
			key := c.country + Fold(umlauts.Replace(c.name))
			if _, taken := a.first[key]; !taken {
				a.first[key] = int32(i)
			}
		}
	}
	for alias, name := range otherNames {
		if i, ok := a.first[name]; ok {
			j, taken := a.first[alias]
			switch {
			case !taken:
				a.first[alias] = i
			case i < j && a.next[i] < 0: // bigger than every namesake, such as Washington, D.C.
				a.first[alias], a.next[i] = i, j
			}
		}
	}
	a.north = sortNorthward(a.cities)
	return a, nil
}

// otherNames holds usual names that GeoNames does not use as the main name,
// country code and folded name each. A city of that very name wins over these unless it is smaller.
var otherNames = map[string]string{
	"USnew york": "USnew york city", "USnyc": "USnew york city", "USwashington": "USwashington d c", "USwashington dc": "USwashington d c",
	"USlexington kentucky": "USlexington", "MXciudad de mexico": "MXmexico city", "CAquebec city": "CAquebec",
	"CHgeneva": "CHgeneve", "CHgenf": "CHgeneve", "CHbasle": "CHbasel", "CHberne": "CHbern", "CHlucerne": "CHluzern",
	"DEcologne": "DEkoln", "DEmunchen": "DEmunich", "DEmuenchen": "DEmunich", "DEnuremberg": "DEnurnberg", "DEhanover": "DEhannover",
	"DEfrankfurt": "DEfrankfurt am main", "ATwien": "ATvienna", "CZpraha": "CZprague", "PLwarszawa": "PLwarsaw",
	"DKkobenhavn": "DKcopenhagen", "BEbruxelles": "BEbrussels", "BEbrussel": "BEbrussels", "BEantwerp": "BEantwerpen",
	"BEghent": "BEgent", "NLden haag": "NLthe hague", "SEgothenburg": "SEgoteborg", "ITroma": "ITrome", "ITmilano": "ITmilan",
	"ITtorino": "ITturin", "ITnapoli": "ITnaples", "ITgenova": "ITgenoa", "ITfirenze": "ITflorence", "ITvenezia": "ITvenice",
	"ESseville": "ESsevilla", "PTlisboa": "PTlisbon", "RUmoskva": "RUmoscow", "UAkiev": "UAkyiv", "INbangalore": "INbengaluru",
	"INbombay": "INmumbai", "INcalcutta": "INkolkata", "INmadras": "INchennai", "CNpeking": "CNbeijing", "INgurgaon": "INgurugram",
}

func (a *atlas) place(i int32) Place {
	c := &a.cities[i]
	return Place{c.name, RegionName(c.country, c.division), c.country, Point{c.lat, c.lon}, a.zones[c.zone]}
}

// find gives the biggest city of this name; where region names a division that
// we know for that country, only cities there are taken.
func (a *atlas) find(name, country, region string) (int32, bool) {
	division, strict := divisionOf(country, region)
	i, ok := a.first[country+Fold(name)]
	if !ok {
		return 0, false
	}
	biggest := i
	for ; i >= 0; i = a.next[i] {
		if division == "" || a.cities[i].division == division {
			return i, true
		}
	}
	if strict {
		return 0, false
	}
	return biggest, true
}

// Find gives the place of a city, and whether it is known: city in any case and
// with or without diacritics, country as ISO 3166 alpha-2, region as a US state,
// Canadian province, Australian state or GeoNames division ("" = the biggest
// city of that name). It does not explain; see Lookup.
func Find(city, country, region string) (Place, bool) {
	a, err := loadAtlas()
	if err != nil {
		return Place{}, false
	}
	i, ok := a.find(city, country, region)
	if !ok {
		return Place{}, false
	}
	return a.place(i), true
}

// Lookup is Find with an error (Invalid) that names what was found instead and
// how to mend it. It is slower than Find for unknown cities (about a
// millisecond), since it looks for similar names.
func Lookup(city, country, region string) (Place, error) {
	if err := Ready(); err != nil {
		return Place{}, err
	}
	if _, ok := countryNames[country]; !ok {
		return Place{}, fault.Invalidf("This country is not known.").With(fault.Detail{
			Where: "country", Value: fault.Short(country), Expected: "a country code such as US or CH"})
	}
	if p, ok := Find(city, country, region); ok {
		return p, nil
	}
	d := fault.Detail{Where: "city", Value: fault.Short(city),
		Expected: "a city of " + countryNames[country] + " with 15,000 people or more",
		Mend:     "Give latitude and longitude for smaller places."}
	if s := Suggest(city, country); len(s) > 0 {
		d.Mend = "Did you mean " + strings.Join(s, " or ") + "? " + d.Mend
	}
	return Place{}, fault.Invalidf("This city is not known.").With(d)
}

// Ready fails when the build lacks the table of cities or it is damaged. It
// loads the table, which takes some tens of milliseconds once.
func Ready() error {
	_, err := loadAtlas()
	return err
}

// Suggest gives up to three names of cities in the country that look most like
// name, with their region where that tells them apart; the biggest first among
// equals.
func Suggest(name, country string) []string {
	a, err := loadAtlas()
	if err != nil {
		return nil
	}
	want := []rune(Fold(name))
	if len(want) > 60 {
		return nil
	}
	limit := 1 + len(want)/4 // farther than that is no misspelling
	type hit struct {
		distance int
		at       int32
	}
	var hits []hit
	// The same name in another region is the likeliest slip.
	for i, ok := a.first[country+string(want)]; ok && i >= 0; i = a.next[i] {
		hits = append(hits, hit{0, i})
	}
	if len(hits) == 0 {
		for i := range a.cities {
			if a.cities[i].country != country {
				continue
			}
			have := []rune(Fold(a.cities[i].name))
			if d := editDistance(want, have, limit); d <= limit {
				hits = append(hits, hit{d, int32(i)})
			} else if len(want) >= 4 && strings.HasPrefix(string(have), string(want)) {
				hits = append(hits, hit{limit, int32(i)})
			}
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(x.distance, y.distance) })
	var out []string
	for _, h := range hits {
		c := &a.cities[h.at]
		s := c.name
		if r := RegionName(c.country, c.division); r != "" {
			s += " (" + r + ")"
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
		if len(out) == 3 {
			break
		}
	}
	return out
}

// editDistance counts the letters to insert, delete, replace or swap with their
// neighbour; it gives up with limit+1 when the answer would be more than limit.
func editDistance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
			least = min(least, cur[j])
		}
		if least > limit {
			return limit + 1
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

// northward holds unit vectors of the cities in the order of their latitude: the
// nearest is found by walking away from the point's own latitude until nothing
// nearer can come, without trouble at the poles and the date line.
type northward struct {
	phi     []float64 // latitude in radians
	x, y, z []float64
	at      []int32
}

func sortNorthward(cities []city) northward {
	n := len(cities)
	at := make([]int32, n)
	for i := range at {
		at[i] = int32(i)
	}
	slices.SortFunc(at, func(i, j int32) int {
		return cmp.Or(cmp.Compare(cities[i].lat, cities[j].lat), cmp.Compare(i, j))
	})
	s := northward{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), at}
	for k, i := range at {
		s.phi[k], s.x[k], s.y[k], s.z[k] = vector(Point{cities[i].lat, cities[i].lon})
	}
	return s
}

func vector(p Point) (phi, x, y, z float64) {
	phi = p.Lat * math.Pi / 180
	lambda := p.Lon * math.Pi / 180
	return phi, math.Cos(phi) * math.Cos(lambda), math.Cos(phi) * math.Sin(lambda), math.Sin(phi)
}

func (s *northward) nearest(p Point) int32 {
	phi, x, y, z := vector(p)
	low, _ := slices.BinarySearch(s.phi, phi)
	best, dot, reach := int32(-1), -2.0, math.Inf(1)
	for _, step := range [2]int{1, -1} {
		i := low
		if step < 0 {
			i = low - 1
		}
		for ; i >= 0 && i < len(s.phi) && math.Abs(s.phi[i]-phi) <= reach; i += step {
			if d := s.x[i]*x + s.y[i]*y + s.z[i]*z; d > dot {
				best, dot, reach = s.at[i], d, math.Acos(min(1, d))
			}
		}
	}
	return best
}

// Valid says whether the point lies on Earth: latitude from -90 to 90, longitude
// from -180 to 180, both finite.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// ZoneAt gives the IANA zone of a point: that of the nearest city. It fails for
// a point that is not Valid, and for a build without the table of cities.
func ZoneAt(p Point) (string, error) {
	near, err := Near(p)
	return near.Zone, err
}

// Near gives the city nearest to a point, with the city's own point. It fails as
// ZoneAt does.
func Near(p Point) (Place, error) {
	if !p.Valid() {
		return Place{}, fault.Invalidf("This point does not lie on Earth.").With(fault.Detail{
			Where: "lat, lon", Value: fmt.Sprint(p.Lat, ", ", p.Lon), Expected: "a latitude from -90 to 90 and a longitude from -180 to 180"})
	}
	a, err := loadAtlas()
	if err != nil {
		return Place{}, err
	}
	return a.place(a.north.nearest(p)), nil
}

// Distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a; limit+1 where that would be more than limit.
func Distance(a, b string, limit int) int { return editDistance([]rune(a), []rune(b), limit) }

// Biggest gives up to n cities of a country, the biggest first. It fails for a
// country without a known city, and for a build without the table of cities.
func Biggest(country string, n int) ([]Place, error) {
	a, err := loadAtlas()
	if err != nil {
		return nil, err
	}
	var out []Place
	for i := range a.cities {
		if len(out) == n {
			break
		}
		if a.cities[i].country == country {
			out = append(out, a.place(int32(i)))
		}
	}
	if len(out) == 0 {
		return nil, fault.Invalidf("No city of country %s is known.", fault.Short(country))
	}
	return out, nil
}
