package intake

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/slot"
)

func parse(t testing.TB, kind Kind, text string, existing Existing) (*Table, *Report) {
	t.Helper()
	table := mustRead(t, []byte(text))
	report, err := Parse(kind, table, MappingOf(Match(kind, table.Headers)), existing)
	require.NoError(t, err)
	c := report.Counts
	require.Equal(t, c.Rows, c.Create+c.Update+c.Unchanged+c.Problem, "the report adds up")
	require.Equal(t, table.Len(), c.Rows)
	return table, report
}

func existing() Existing {
	e := Existing{Hosts: map[string]string{}, Executives: map[string]string{}, Customers: map[string]string{}}
	Refer(e.Hosts, "Host-1", "one@northlight.example")
	Refer(e.Hosts, "host-01", "")
	Refer(e.Executives, "exec-ceo", "ceo@northlight.example")
	Refer(e.Customers, "cust-0042", "")
	return e
}

// stored applies a report as an import would.
func stored(e Existing, r *Report) Existing {
	all := map[string]Record{}
	for k, v := range e.Stored {
		all[k] = v
	}
	for row := range r.Changes() {
		all[row.Key] = row.Record
	}
	e.Stored = all
	return e
}

func TestCustomer(t *testing.T) {
	_, r := parse(t, Customers, `key,name,city,state,country,host,revenue,employees,dimension: Deal Size,industry,requires,prefers,windows,blackouts,min_spacing_days,must_visit,contact_email
c1,"Acme, Inc.",saint louis,mo,USA,ONE@northlight.example,12.5,10,Large,Energy,Security | cloud;cloud,product=200|cloud=50,2027-09-06 to 2027-09-24|2027-03-01..2027-03-31,2027-07-12,30,x,Buy@Acme.example
`, existing())
	require.True(t, r.OK())
	row := r.Row(0)
	require.Equal(t, Create, row.Action)
	require.Equal(t, CustomerRecord{
		Key: "c1", Name: "Acme, Inc.", Host: "Host-1", Revenue: 12.5, Employees: 10,
		Place:    geo.Place{City: "saint louis", Region: "MO", Country: "US", Point: geo.Point{Lat: 38.62727, Lon: -90.19789}, Zone: "America/Chicago"},
		Values:   map[string]string{"deal_size": "Large", "industry": "Energy"},
		Requires: []string{"cloud", "security"}, Prefers: []Preference{{"cloud", 50}, {"product", 200}},
		Windows:        []slot.Interval{{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-31")}, {Start: slot.MustDate("2027-09-06"), End: slot.MustDate("2027-09-24")}},
		Blackouts:      []slot.Interval{{Start: slot.MustDate("2027-07-12"), End: slot.MustDate("2027-07-12")}},
		MinSpacingDays: 30, MustVisit: true, Contact: Contact{Email: "buy@acme.example"},
	}, row.Record)
	require.Nil(t, r.Err())
}

func TestProblemsNamePlaceValueExpectationAndMending(t *testing.T) {
	const header = "key,name,city,state,country,lat,lon,zone,host,revenue,windows,prefers,must_visit,requires,contact_email,min_spacing_days\n"
	good := map[string]string{"key": "c1", "name": "Acme", "city": "Boston", "state": "MA", "country": "US"}
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no key":                {map[string]string{"key": ""}, "key: expected a value: identifies the customer"},
		"no name":               {map[string]string{"name": " "}, "expected a value: name of the company"},
		"bar in key":            {map[string]string{"key": "a|b"}, "without |"},
		"city":                  {map[string]string{"city": "Bostn"}, `row 2, column city: expected a city of United States with 15,000 people or more, found "Bostn". Did you mean Boston (MA)? Give latitude`},
		"city elsewhere":        {map[string]string{"state": "TX"}, "Did you mean Boston (MA)"},
		"state":                 {map[string]string{"state": "Bavaria"}, `row 2, column state: expected a state or province of United States, such as TX, found "Bavaria"`},
		"country":               {map[string]string{"country": "Atlantis"}, `row 2, column country: expected a country code or name`},
		"no country":            {map[string]string{"country": ""}, "row 2, column country"},
		"no place":              {map[string]string{"city": ""}, "expected a city, or latitude and longitude"},
		"lat only":              {map[string]string{"lat": "42"}, "row 2, column lon: expected latitude and longitude, or neither"},
		"lat too big":           {map[string]string{"lat": "142", "lon": "1"}, `expected a number from -90 to 90, found "142"`},
		"lat no number":         {map[string]string{"lat": "NaN", "lon": "1"}, `found "NaN"`},
		"zone":                  {map[string]string{"zone": "Mars"}, "expected an IANA time zone such as Europe/Zurich"},
		"host":                  {map[string]string{"host": "nobody"}, `expected the key or e-mail address of a known host, found "nobody". Import the hosts first`},
		"revenue":               {map[string]string{"revenue": "1,234"}, "without thousands separators"},
		"infinite revenue":      {map[string]string{"revenue": "1e999"}, "from 0 to 1000000000"},
		"american date":         {map[string]string{"windows": "03/04/27"}, `expected spans such as 2027-03-01..2027-03-31, separated by |, found "03/04/27"`},
		"backward span":         {map[string]string{"windows": "2027-03-31..2027-03-01"}, "Exchange the dates"},
		"day that is not":       {map[string]string{"windows": "2027-02-29"}, "spans"},
		"preference":            {map[string]string{"prefers": "cloud"}, "tag=points"},
		"preference twice":      {map[string]string{"prefers": "cloud=1|Cloud=2"}, "Give cloud once"},
		"yes":                   {map[string]string{"must_visit": "perhaps"}, `expected yes or no, found "perhaps"`},
		"tag":                   {map[string]string{"requires": "a\x7fb"}, "tags such as"},
		"e-mail":                {map[string]string{"contact_email": "Acme <a@b.example>"}, "expected an e-mail address such as ceo@example.com"},
		"spacing":               {map[string]string{"min_spacing_days": "1.5"}, "a whole number from 0 to 366"},
		"letters that are none": {map[string]string{"name": "Ac\ufffdme"}, "another encoding"},
		"long name":             {map[string]string{"name": strings.Repeat("x", 201)}, "at most 200 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			b.WriteString(header)
			var cells []string
			for _, h := range strings.Split(strings.TrimSpace(header), ",") {
				v := good[h]
				if changed, ok := c.change[h]; ok {
					v = changed
				}
				cells = append(cells, v)
			}
			w := csv.NewWriter(&b)
			require.NoError(t, w.Write(cells))
			w.Flush()
			_, r := parse(t, Customers, b.String(), existing())
			require.Equal(t, 1, r.Counts.Problem, "%+v", r.Row(0))
			require.Len(t, r.Problems, 1)
			p := r.Problems[0]
			require.Contains(t, p.Detail.String()+" | "+p.Sentence(), c.want)
			require.NotEmpty(t, p.Trouble)
			require.NotEmpty(t, p.Where)
			require.NotEmpty(t, p.Expected)
			require.Equal(t, 2, p.Line)
			require.True(t, fault.Is(r.Err(), fault.Invalid))
		})
	}
}

func TestTwinsNameBothRows(t *testing.T) {
	_, r := parse(t, Hosts, "key,name,email\nh1,A,a@x.example\nh2,B,b@x.example\nh1,C,c@x.example\nh3,D,B@x.example\n", Existing{})
	require.Equal(t, 4, r.Counts.Problem)
	require.Contains(t, r.Problems[0].Mend, "Rows 2 and 4 say the same")
	require.Contains(t, r.Row(2).Problems[0].Mend, "Rows 2 and 4 say the same")
	require.Contains(t, r.Row(3).Problems[0].Mend, "Rows 3 and 5 say the same")
	require.Len(t, r.Groups, 2)
	require.Equal(t, []int{2, 4}, r.Groups[0].Lines)
}

func TestRaggedRows(t *testing.T) {
	_, r := parse(t, Hosts, "key,name,email\nh1,A\nh2,B,b@x.example,extra\nh3,C,c@x.example,,\nh4,D,d@x.example\n", Existing{})
	require.Equal(t, 2, r.Counts.Problem)
	require.Contains(t, r.Row(0).Problems[0].Sentence(), `Row: expected 3 cells, as in the header, found "2 cells"`)
	require.Contains(t, r.Row(1).Problems[0].Sentence(), "into quotes")
	require.Equal(t, Create, r.Row(2).Action)
}

func TestGroupsSayWhatToMendOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString("key,name,city,country\n")
	for i := range 112 {
		fmt.Fprintf(&b, "c%d,Acme,%s,CH\n", i, []string{"Zürch", "Brn"}[min(1, i/100)])
	}
	b.WriteString("c,Acme,Bern,XX\n")
	_, r := parse(t, Customers, b.String(), Existing{})
	require.Equal(t, "unknown city", r.Groups[0].Trouble)
	require.Equal(t, 112, r.Groups[0].Rows)
	require.Equal(t, []ValueCount{{"Zürch", 100}, {"Brn", 12}}, r.Groups[0].Values)
	require.Len(t, r.Groups[0].Lines, 10)
	require.Equal(t, "unknown country", r.Groups[1].Trouble)
}

func TestManyProblemsAreCountedNotKept(t *testing.T) {
	var b strings.Builder
	b.WriteString("key,name,email\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "h%d,,x%d\n", i, i)
	}
	_, r := parse(t, Hosts, b.String(), Existing{})
	require.Equal(t, 6000, r.ProblemTotal)
	require.Len(t, r.Problems, MaxListed)
	require.Equal(t, 3000, r.Counts.Problem)
	require.Len(t, r.Row(2999).Problems, 2, "each row can still be asked for")
}

func TestColumnsThatTheFileLacksChangeNothing(t *testing.T) {
	e := existing()
	_, first := parse(t, Customers, "key,name,city,country,lat,lon,zone,host,revenue,industry,requires,windows\nc1,Acme,Deerfield,US,42.1711,-87.8445,America/Chicago,host-1,5,Energy,cloud,2027-03-01..2027-03-31\n", e)
	e = stored(e, first)

	_, r := parse(t, Customers, "key,name,city,country\nc1,Acme,Deerfield,US\n", e)
	require.Equal(t, Unchanged, r.Row(0).Action, "%+v", r.Row(0))
	require.Contains(t, r.Absent, "windows")

	_, r = parse(t, Customers, "key,name,city,country,revenue,region\nc1,Acme 2,Deerfield,US,,Midwest\n", e)
	row := r.Row(0)
	require.Equal(t, Update, row.Action)
	c := row.Record.(CustomerRecord)
	require.Equal(t, "Acme 2", c.Name)
	require.Equal(t, 0.0, c.Revenue, "an empty cell empties")
	require.Equal(t, map[string]string{"industry": "Energy", "region": "Midwest"}, c.Values)
	require.Equal(t, "Host-1", c.Host)
	require.Equal(t, 42.1711, c.Place.Point.Lat, "the city has not changed, so the better coordinates stay")

	_, r = parse(t, Customers, "key,name,city,country\nc1,Acme,Boston,US\n", e)
	require.Equal(t, "America/New_York", r.Row(0).Record.(CustomerRecord).Place.Zone)
}

func TestExecutive(t *testing.T) {
	_, r := parse(t, Executives, "Key;Name;E-Mail;Office City;Office Country;Skills;Vacation;Last visit;Lat;Lon\ne1;Head of Product;P@x.example;Zürich;Schweiz;cloud;2027-07-01..2027-07-09;2026-12-14;47,3769;8,5417\n", Existing{})
	require.True(t, r.OK(), "%+v", r.Problems)
	e := r.Row(0).Record.(ExecutiveRecord)
	require.Equal(t, "CH", e.Calendar)
	require.Equal(t, 47.3769, e.Office.Point.Lat, "a decimal comma where semicolons separate")
	require.Equal(t, []int{2, 4, 12}, []int{e.MaxPerWeek, e.MaxPerMonth, e.TargetVisits})
	require.Equal(t, "executive", e.Role)
	require.Equal(t, slot.MustDate("2026-12-14"), e.LastVisit)

	_, r = parse(t, Executives, "key,name,email,city,country,calendar,role,max_per_week\ne2,X,ceo@northlight.example,Bern,CH,DE,boss,0\n", existing())
	require.Equal(t, 1, r.Counts.Problem)
	var troubles []string
	for _, p := range r.Row(0).Problems {
		troubles = append(troubles, p.Field+": "+p.Trouble)
	}
	require.Equal(t, []string{"email: belongs to somebody else", "role: none of the choices", "max_per_week: number out of range"}, troubles)
}

func TestPastVisits(t *testing.T) {
	e := existing()
	e.Today = slot.MustDate("2027-01-04")
	_, r := parse(t, PastVisits, `executive,customer,host,date,half,kind,held
CEO@northlight.example,CUST-0042,host-1,2026-12-14,AM,On-site,
exec-ceo,cust-0042,,2026-12-14,pm,trade show,no
exec-ceo,cust-0042,,2026-12-14,am,,
exec-ceo,cust-0042,,2027-01-05,,,
exec-x,cust-1,,2026-12-01,,,
`, e)
	require.Equal(t, Counts{Rows: 5, Create: 1, Problem: 4}, r.Counts)
	require.Equal(t, "exec-ceo|cust-0042|2026-12-14|am", r.Row(0).Key)
	require.Contains(t, r.Row(0).Problems[0].Mend, "Rows 2 and 4")
	v := r.Row(1).Record.(PastVisitRecord)
	require.Equal(t, PastVisitRecord{Executive: "exec-ceo", Customer: "cust-0042", Date: slot.MustDate("2026-12-14"), Half: slot.PM, Kind: TradeShow}, v)
	require.Equal(t, "in the future", r.Row(3).Problems[0].Trouble)
	require.Len(t, r.Row(4).Problems, 2)
}

func TestWarnings(t *testing.T) {
	_, r := parse(t, Customers, "key,name,city,country,lat,lon,host,industry,Colour\nc1,A,Zürich,CH,,,host-1,Energy,red\nc2,B,Zürich,CH,8.54,47.38,,energy,red\nc3,C,Kuwait City,KW,29.37,47.98,host-1,,red\n", existing())
	require.True(t, r.OK())
	var got []string
	for _, g := range r.Warnings {
		got = append(got, g.Field+": "+g.Trouble)
	}
	require.ElementsMatch(t, []string{"dimension:industry: spelt in two ways", "host: no host", "lat: far from its city", "country: holidays not known"}, got)
	require.Equal(t, []string{"Colour"}, r.Ignored)
}

func TestXLSXDates(t *testing.T) {
	for _, from1904 := range []bool{false, true} {
		data := workbook(t, func(f *excelize.File) {
			require.NoError(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}))
		}, []any{"key", "name", "email", "unavailable"}, []any{"h1", "A", "a@x.example", map[bool]int{false: 46450, true: 44988}[from1904]}, []any{"h2", "B", "b@x.example", "2027-03-01..2027-03-04"})
		table := mustRead(t, data)
		r, err := Parse(Hosts, table, MappingOf(Match(Hosts, table.Headers)), Existing{})
		require.NoError(t, err)
		require.True(t, r.OK(), "%+v", r.Problems)
		require.Equal(t, "2027-03-04", r.Row(0).Record.(HostRecord).Unavailable[0].Start.String())
	}
}

func TestMatch(t *testing.T) {
	guess := func(kind Kind, headers ...string) map[string]string {
		out := map[string]string{}
		for _, g := range Match(kind, headers) {
			out[g.Header] = string(g.Confidence) + " " + g.Field
		}
		return out
	}
	require.Equal(t, map[string]string{
		"Account ID": "synonym key", "Company Name": "synonym name", "Citty": "fuzzy city", "HQ State": "synonym state", "COUNTRY": "exact country",
		"Annual Revenue": "synonym revenue", "Employees (2026)": "fuzzy employees", "Sector": "synonym dimension:industry",
		"Dimension: Deal Size": "exact dimension:deal_size", "Favourite colour": "none ", "reason": "none ", "": "none ",
	}, guess(Customers, "Account ID", "Company Name", "Citty", "HQ State", "COUNTRY", "Annual Revenue", "Employees (2026)", "Sector", "Dimension: Deal Size", "Favourite colour", "reason", ""))
	require.Equal(t, map[string]string{"Name": "exact name", "Company": "none "}, guess(Customers, "Name", "Company"), "the surer guess wins")
	require.Equal(t, map[string]string{"Kundennummer": "synonym key", "Firma": "synonym name", "Ort": "synonym city", "Land": "synonym country", "Kundenbetreuer": "synonym host"},
		guess(Customers, "Kundennummer", "Firma", "Ort", "Land", "Kundenbetreuer"))
	for _, kind := range Kinds() {
		taken := map[string]string{}
		for _, n := range namesOf(kind) {
			require.Empty(t, taken[n.folded], "%s: %q names two fields", kind, n.folded)
			taken[n.folded] = n.field
		}
	}
}

func TestMappingCheck(t *testing.T) {
	headers := []string{"a", "b", "c"}
	err := Mapping{"key": 0, "name": 0, "email": 7, "colour": 1, "dimension:x": 2}.Check(Hosts, headers)
	_, details := fault.Shown(err)
	require.Len(t, details, 4)
	require.ErrorContains(t, Mapping{"key": 0}.Check(Hosts, headers), "Choose the column, or add one named email")
	require.NoError(t, Mapping{"key": 0, "name": 1, "email": 2}.Check(Hosts, headers))
	require.ErrorContains(t, Mapping{"key": 0, "name": 1, "country": 2, "dimension:Bad Name": 0}.Check(Customers, headers), "lower case")
	require.ErrorContains(t, Mapping{}.Check("pets", headers), "customers, executives, hosts or visits")
	require.Error(t, Template(&bytes.Buffer{}, "pets"))
}

func TestTemplatesCanBeImported(t *testing.T) {
	for _, kind := range Kinds() {
		var b bytes.Buffer
		require.NoError(t, Template(&b, kind))
		table := mustRead(t, b.Bytes())
		for _, g := range Match(kind, table.Headers) {
			require.Equal(t, Exact, g.Confidence, g.Header)
		}
		e := existing()
		e.Executives = map[string]string{"exec-ceo": "exec-ceo"}
		_, r := parse(t, kind, b.String(), e)
		require.True(t, r.OK(), "%s: %+v", kind, r.Problems)
		require.Empty(t, r.Absent)
		require.Empty(t, r.Warnings)
	}
}

func TestRejectedRowsComeBackHarmlessAndWhole(t *testing.T) {
	hostile := []string{"=HYPERLINK(\"http://evil.example\")", "+41 44 000", "-2+3", "@SUM(A1)", "x\t=1", "-116.18", "plain", "'quoted"}
	for _, cell := range hostile {
		var b strings.Builder
		w := csv.NewWriter(&b)
		require.NoError(t, w.WriteAll([][]string{{"key", "name", "email", "phone", "=colour"}, {"h1", "A", "none", cell, cell}, {"h2", "B", "b@x.example", cell, cell}}))
		table, r := parse(t, Hosts, b.String(), Existing{})
		require.Equal(t, 1, r.Counts.Problem)
		var out bytes.Buffer
		require.NoError(t, RejectedCSV(&out, table, r))
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2, "only the rejected row")
		require.Equal(t, []string{"key", "name", "email", "phone", "'=colour", "reason"}, rows[0])
		require.Contains(t, rows[1][5], "email: expected an e-mail address")
		for _, line := range rows {
			for _, c := range line {
				if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
					require.Equal(t, "-116.18", c, "only a plain number may begin like a formula")
				}
			}
		}
		// Mended and brought again, the row says what it said.
		mended := strings.Replace(out.String(), "none", "a@x.example", 1)
		_, again := parse(t, Hosts, mended, Existing{})
		require.True(t, again.OK())
		require.Equal(t, strings.TrimSpace(cell), again.Row(0).Record.(HostRecord).Phone)
	}
}

// Whatever a record says, written as a file it comes back, and the same file
// again changes nothing.
func TestSameFileAgainChangesNothing(t *testing.T) {
	cities := []string{"Zürich,,CH", "Boston,MA,US", "New York,NY,us", "São Paulo,,Brazil", "Kathmandu,,NP", "London,ON,CA", "Saint Louis,,USA"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("key,name,city,state,country,lat,lon,revenue,windows,requires,prefers,industry,must_visit\n")
		n := rapid.IntRange(1, 6).Draw(t, "rows")
		for i := range n {
			coordinates := ","
			if rapid.Bool().Draw(t, "located") {
				coordinates = fmt.Sprintf("%v,%v", rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"))
			}
			start := slot.MustDate("2027-01-01").Add(rapid.IntRange(0, 300).Draw(t, "start"))
			fmt.Fprintf(&b, "c%d,%s,%s,%s,%v,%s..%s|2027-01-01,%s,b=%d|a=5,%s,%s\n", i, rapid.SampledFrom([]string{"Acme", "Müller & Söhne", "=Co"}).Draw(t, "name"),
				rapid.SampledFrom(cities).Draw(t, "city"), coordinates, rapid.Float64Range(0, 1e6).Draw(t, "revenue"), start, start.Add(rapid.IntRange(0, 30).Draw(t, "days")),
				rapid.SampledFrom([]string{"", "z|a|z", "cloud"}).Draw(t, "tags"), 1+i, rapid.SampledFrom([]string{"", "Energy", "IT"}).Draw(t, "industry"), rapid.SampledFrom([]string{"", "yes", "no"}).Draw(t, "must"))
		}
		table, err := Read(strings.NewReader(b.String()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		mapping := MappingOf(Match(Customers, table.Headers))
		first, err := Parse(Customers, table, mapping, Existing{})
		if err != nil || first.Counts.Create != n {
			t.Fatalf("%v, %+v", err, first.Problems)
		}
		e := stored(Existing{}, first)
		second, err := Parse(Customers, table, mapping, e)
		if err != nil || second.Counts.Unchanged != n {
			t.Fatalf("%v, %+v", err, second.Counts)
		}
	})
}

func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "sample", name))
	require.NoError(t, err)
	return string(b)
}

func TestSampleCompanyHasNoProblems(t *testing.T) {
	e := Existing{Hosts: map[string]string{}, Executives: map[string]string{}, Customers: map[string]string{}}
	for _, c := range []struct {
		kind Kind
		file string
		rows int
	}{{Hosts, "hosts.csv", 40}, {Executives, "executives.csv", 24}, {Customers, "customers.csv", 500}, {PastVisits, "visits.csv", 54}} {
		text := sample(t, c.file)
		e.Stored = nil
		_, r := parse(t, c.kind, text, e)
		require.True(t, r.OK(), "%s: %+v", c.file, r.Problems)
		require.Empty(t, r.Warnings, "%s: %+v", c.file, r.Warnings)
		require.Empty(t, r.Ignored)
		require.Equal(t, c.rows, r.Counts.Create)
		for row := range r.Changes() {
			switch v := row.Record.(type) {
			case HostRecord:
				Refer(e.Hosts, v.Key, v.Email)
			case ExecutiveRecord:
				Refer(e.Executives, v.Key, v.Email)
			case CustomerRecord:
				Refer(e.Customers, v.Key, "")
				require.NotEmpty(t, v.Host)
				require.Len(t, v.Values, 4)
				require.Contains(t, BuyingStages(), v.Values["buying_stage"])
				require.True(t, strings.HasPrefix(v.Place.Zone, "America/"), v.Place.Zone)
			}
		}
		e2 := stored(e, r)
		_, again := parse(t, c.kind, text, e2)
		require.Equal(t, c.rows, again.Counts.Unchanged, c.file)
	}
}

// big makes a customers file of n rows: a third located by coordinates, some
// with spans, tags and dimensions, as big companies' exports are.
func big(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	cities := []string{"Boston,MA,US", "Chicago,IL,US", "Austin,TX,US", "Zürich,,CH", "München,,DE", "São Paulo,,BR", "Bengaluru,,IN", "Lyon,,FR"}
	var b bytes.Buffer
	b.WriteString("key,name,address,city,state,country,lat,lon,host,revenue,employees,requires,windows,min_spacing_days,must_visit,contact_name,contact_email,industry,size_band,region,buying_stage\n")
	for i := range n {
		coordinates := ","
		if i%3 == 0 {
			coordinates = fmt.Sprintf("%.5f,%.5f", 25+r.Float64()*23, -120+r.Float64()*45)
		}
		fmt.Fprintf(&b, "cust-%06d,\"Customer No. %d, Inc.\",%d Main Street,%s,%s,host-%d,%d,%d,%s,%s,90,no,Head of Operations,operations@c%d.example,Industry %d,%s,%s,%s\n",
			i, i, r.IntN(9999), cities[r.IntN(len(cities))], coordinates, r.IntN(40), r.IntN(100000), r.IntN(200000),
			[]string{"", "cloud|security"}[r.IntN(2)], []string{"", "2027-03-01..2027-03-31|2027-09-06..2027-09-24"}[r.IntN(2)],
			i, r.IntN(11), []string{"small", "large"}[r.IntN(2)], []string{"North", "South"}[r.IntN(2)], BuyingStages()[r.IntN(8)])
	}
	return b.Bytes()
}

func BenchmarkImport200k(b *testing.B) {
	data := big(200_000)
	e := Existing{Hosts: map[string]string{}}
	for i := range 40 {
		Refer(e.Hosts, fmt.Sprintf("host-%d", i), "")
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		table, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			b.Fatal(err)
		}
		report, err := Parse(Customers, table, MappingOf(Match(Customers, table.Headers)), e)
		if err != nil || report.Counts.Create != 200_000 {
			b.Fatal(err, report.Counts, report.Problems[0])
		}
		n := 0
		for range report.Changes() {
			n++
		}
		if n != 200_000 {
			b.Fatal(n)
		}
	}
}
