package geo

import (
	"bytes"
	"compress/gzip"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func TestLookup(t *testing.T) {
	for _, c := range []struct{ city, country, region, wantCity, wantRegion, zone string }{
		{"Zürich", "CH", "", "Zürich", "ZH", "Europe/Zurich"},
		{"zurich", "CH", "", "Zürich", "ZH", "Europe/Zurich"},
		{"Zuerich", "CH", "", "Zürich", "ZH", "Europe/Zurich"},
		{"Geneva", "CH", "", "Genève", "GE", "Europe/Zurich"},
		{"St. Louis", "US", "", "St. Louis", "MO", "America/Chicago"},
		{"SAINT LOUIS", "US", "Missouri", "St. Louis", "MO", "America/Chicago"},
		{"São Paulo", "BR", "", "São Paulo", "", "America/Sao_Paulo"},
		{"Sao Paulo", "BR", "SP", "São Paulo", "", "America/Sao_Paulo"},
		{"New York", "US", "NY", "New York City", "NY", "America/New_York"},
		{"Washington", "US", "DC", "Washington, D.C.", "DC", "America/New_York"},
		{"Portland", "US", "", "Portland", "OR", "America/Los_Angeles"},
		{"Portland", "US", "me", "Portland", "ME", "America/New_York"},
		{"Springfield", "US", "IL", "Springfield", "IL", "America/Chicago"},
		{"London", "GB", "", "London", "ENG", "Europe/London"},
		{"London", "CA", "Ontario", "London", "ON", "America/Toronto"},
		{"Newcastle", "AU", "NSW", "Newcastle", "NSW", "Australia/Sydney"},
		{"Kathmandu", "NP", "", "Kathmandu", "", "Asia/Kathmandu"},
		{"Köln", "DE", "", "Köln", "", "Europe/Berlin"},
		{"Cologne", "DE", "", "Köln", "", "Europe/Berlin"},
		{"Frankfurt", "DE", "", "Frankfurt am Main", "", "Europe/Berlin"},
		{"Łódź", "PL", "", "Łódź", "", "Europe/Warsaw"},
		{"lodz", "PL", "", "Łódź", "", "Europe/Warsaw"},
		{"København", "DK", "", "Copenhagen", "", "Europe/Copenhagen"},
		{"  Coeur d’Alene ", "US", "ID", "Coeur d'Alene", "ID", "America/Los_Angeles"},
	} {
		p, err := Lookup(c.city, c.country, c.region)
		require.NoError(t, err, "%s", c.city)
		require.Equal(t, c.wantCity, p.City)
		require.Equal(t, c.wantRegion, p.Region, c.city)
		require.Equal(t, c.zone, p.Zone)
		require.Equal(t, c.country, p.Country)
		require.True(t, p.Point.Valid())
	}
}

func TestLookupExplains(t *testing.T) {
	mend := func(city, country, region string) string {
		_, err := Lookup(city, country, region)
		require.True(t, fault.Is(err, fault.Invalid), "%s", city)
		_, details := fault.Shown(err)
		return details[0].Mend
	}
	require.Contains(t, mend("Bostn", "US", "MA"), "Boston (MA)")
	require.Contains(t, mend("Chigaco", "US", ""), "Chicago (IL)")
	require.Contains(t, mend("Boston", "US", "TX"), "Boston (MA)")
	require.Contains(t, mend("Zürch", "CH", ""), "Zürich (ZH)")
	require.Equal(t, "Give latitude and longitude for smaller places.", mend("Xyzzyqwv", "CH", ""))
	require.Equal(t, "Give latitude and longitude for smaller places.", mend(strings.Repeat("x", 10_000), "CH", ""))
	_, err := Lookup("Zürich", "ZZ", "")
	require.ErrorContains(t, err, "expected a country code")
	_, err = Lookup("", "CH", "")
	require.Error(t, err)
}

func TestZoneAt(t *testing.T) {
	for _, c := range []struct {
		lat, lon float64
		zone     string
	}{
		{27.70, 85.32, "Asia/Kathmandu"},
		{1.98, -157.48, "Pacific/Kiritimati"}, // no city for thousands of kilometres
		{43.60, -116.18, "America/Boise"},
		{33.45, -112.07, "America/Phoenix"},
		{-17.8, 177.4, "Pacific/Fiji"}, // beside the date line
		{48.20, 16.37, "Europe/Vienna"},
		{47.14, 9.52, "Europe/Vaduz"},
		{25.59, 85.13, "Asia/Kolkata"}, // Bihar, near Nepal
		{90, 0, "Arctic/Longyearbyen"},
	} {
		zone, err := ZoneAt(Point{c.lat, c.lon})
		require.NoError(t, err)
		require.Equal(t, c.zone, zone, "%v, %v", c.lat, c.lon)
	}
	for _, p := range []Point{{91, 0}, {0, -180.5}, {math.NaN(), 0}, {0, math.Inf(1)}} {
		_, err := ZoneAt(p)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}

func TestNearAgreesWithSearchingThemAll(t *testing.T) {
	a, err := loadAtlas()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		p := Point{rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")}
		got := a.cities[a.north.nearest(p)]
		least := math.MaxInt
		for _, c := range a.cities {
			least = min(least, Km(p, Point{c.lat, c.lon}))
		}
		if km := Km(p, Point{got.lat, got.lon}); km != least {
			t.Fatalf("%v: found %s at %d km, nearest is at %d km", p, got.name, km, least)
		}
	})
}

func TestEveryCityIsFoundAndHasAZone(t *testing.T) {
	a, err := loadAtlas()
	require.NoError(t, err)
	require.Greater(t, len(a.cities), 24_000)
	for _, z := range a.zones {
		_, err := slot.LoadZone(z)
		require.NoError(t, err)
	}
	for i := range a.cities {
		c := &a.cities[i]
		require.NotEmpty(t, CountryName(c.country), c.country)
		p, ok := Find(c.name, c.country, c.division)
		require.True(t, ok, c.name)
		require.Equal(t, c.country, p.Country)
	}
}

func TestOtherNamesLeadSomewhere(t *testing.T) {
	a, err := loadAtlas()
	require.NoError(t, err)
	for alias := range otherNames {
		require.Contains(t, a.first, alias)
	}
}

func TestCountryCode(t *testing.T) {
	for in, want := range map[string]string{
		"us": "US", "USA": "US", "U.S.A.": "US", "United States": "US", "Schweiz": "CH", "suisse": "CH", "Switzerland": "CH", " de ": "DE",
		"Österreich": "AT", "Côte d’Ivoire": "CI", "The Netherlands": "NL", "Türkiye": "TR", "Turkey": "TR", "UK": "GB", "South Korea": "KR",
	} {
		got, ok := CountryCode(in)
		require.True(t, ok, in)
		require.Equal(t, want, got, in)
	}
	for _, bad := range []string{"", "ZZ", "Atlantis", "U"} {
		_, ok := CountryCode(bad)
		require.False(t, ok, bad)
	}
	for code := range countryNames {
		cal, err := slot.CountryCalendar(code)
		require.NoError(t, err, "every country has a calendar")
		require.NotEmpty(t, cal.Weekend)
	}
	for alias, code := range countryAliases {
		require.Equal(t, alias, Fold(alias))
		require.NotEmpty(t, CountryName(code), alias)
	}
}

func TestRegionCode(t *testing.T) {
	for _, c := range []struct {
		country, region, want string
		ok                    bool
	}{
		{"US", "texas", "TX", true}, {"US", "tx", "TX", true}, {"US", "Texaz", "", false}, {"US", "", "", true},
		{"CA", "Québec", "QC", true}, {"CA", "Texas", "", false}, {"AU", "vic", "VIC", true}, {"DE", "Bayern", "Bayern", true},
	} {
		got, ok := RegionCode(c.country, c.region)
		require.Equal(t, c.want, got)
		require.Equal(t, c.ok, ok)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"St. Louis": "saint louis", "Saint-Louis": "saint louis", "ZÜRICH": "zurich", "São  Paulo": "sao paulo", "Ft Worth": "fort worth",
		"Coeur d'Alene": "coeur dalene", "Gießen": "giessen", "Tromsø": "tromso", "İstanbul": "istanbul", "": "", " . ": "", "Mt": "mount", "東京": "東京",
	} {
		require.Equal(t, want, Fold(in), in)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := Fold(s)
		if strings.ToUpper(once) != once && Fold(strings.ToUpper(once)) != Fold(once) && isASCII(once) {
			t.Fatalf("case matters in %q", s)
		}
		if strings.Contains(once, "  ") || strings.HasPrefix(once, " ") || strings.HasSuffix(once, " ") {
			t.Fatalf("%q folds to %q", s, once)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"boston", "boston", 0}, {"bostn", "boston", 1}, {"chigaco", "chicago", 2}, {"chciago", "chicago", 1}, {"abc", "xyz", 3}, {"", "ab", 2}, {"abcdefgh", "zyxwvuts", 4}} {
		require.Equal(t, c.want, editDistance([]rune(c.a), []rune(c.b), 3), "%s %s", c.a, c.b)
	}
}

func TestKm(t *testing.T) {
	require.Equal(t, 0, Km(Point{47, 8}, Point{47, 8}))
	require.Equal(t, 20015, Km(Point{90, 0}, Point{-90, 0}))
	require.Equal(t, 111, Km(Point{0, 179.5}, Point{0, -179.5}), "across the date line")
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) Point {
			return Point{rapid.Float64Range(-90, 90).Draw(t, n+"lat"), rapid.Float64Range(-180, 180).Draw(t, n+"lon")}
		}
		a, b := draw("a"), draw("b")
		if d := Km(a, b); d != Km(b, a) || d < 0 || d > 20016 {
			t.Fatalf("%v %v: %d km", a, b, d)
		}
	})
}

func TestDamagedAtlas(t *testing.T) {
	pack := func(s string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
		return b.Bytes()
	}
	for _, data := range [][]byte{nil, []byte("junk"), pack(""), pack("Bern\tCH\n"), pack("Bern\tCH\tBE\tmany\t1\t2\tEurope/Zurich\n")} {
		_, err := parseAtlas(data)
		require.Error(t, err)
	}
}

// The table loads once, at the first question; nobody should notice.
func TestAtlasLoadsQuickly(t *testing.T) {
	packed, err := cityData.ReadFile("data/cities.tsv.gz")
	require.NoError(t, err)
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, err = parseAtlas(packed)
		require.NoError(t, err)
		best = min(best, time.Since(start))
	}
	require.Less(t, best, time.Second) // about 60 ms; the race detector and a busy machine are slower
	t.Logf("loaded in %v", best)
}

func BenchmarkLoad(b *testing.B) {
	packed, err := cityData.ReadFile("data/cities.tsv.gz")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseAtlas(packed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkZoneAt(b *testing.B) {
	i := 0
	for b.Loop() {
		i++
		if _, err := ZoneAt(Point{float64(i%120) - 50.5, float64(i%360) - 180}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBiggestGivesTheBiggestFirst(t *testing.T) {
	cities, err := Biggest("CH", 3)
	require.NoError(t, err)
	require.Len(t, cities, 3)
	require.Equal(t, "Zürich", cities[0].City)
	all, err := Biggest("SG", 1000)
	require.NoError(t, err)
	require.Less(t, len(all), 1000, "there are no more")
	_, err = Biggest("XX", 3)
	require.ErrorContains(t, err, "XX")
}
