package planning_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// small is a problem of one executive and two visits; tests spoil it.
const small = `{
 "format": "windshield.problem/1", "horizon": {"start": "2027-03-01", "end": "2027-03-28"},
 "calendars": [{"id": "x", "weekend": ["sat", "sun"], "holidays": ["2027-03-08"]}],
 "rules": {"max_gap_days": 30, "stay_days": 3, "reach_km": [60, 4500], "crunch": [{"start": "2027-03-22", "end": "2027-03-31"}]},
 "weights": {"load": 7},
 "dimensions": [{"id": "region", "values": [{"id": "r", "permille": 500}]}],
 "executives": [{"id": "e1", "calendar": "x", "lat": 0, "lon": 0, "tags": ["t"], "unavailable": [], "max_per_week": 2, "max_per_month": 4, "target_visits": 2, "last_visit": null}],
 "hosts": [{"id": "h1", "unavailable": [{"start": "2027-03-02", "end": "2027-03-03"}]}],
 "customers": [{"id": "c1", "calendar": "x", "lat": 1, "lon": 1, "host": "h1", "values": {"region": "r"}, "requires": [], "prefers": [{"tag": "t", "points": 5}], "windows": [], "blackouts": [], "min_spacing_days": 2}],
 "visits": [{"id": "v1", "customer": "c1", "excludes": []}, {"id": "v2", "customer": "c1"}]
}`

func TestReadProblemNamesWhatIsWrong(t *testing.T) {
	pin := func(v1, v2 string) string {
		return `"visits": [{"id": "v1", "customer": "c1", "pinned": ` + v1 + `}, {"id": "v2", "customer": "c1", "pinned": ` + v2 + `}]`
	}
	visits := small[strings.Index(small, `"visits"`) : len(small)-2]
	for name, c := range map[string]struct {
		old, new               string
		where, value, expected string
	}{
		"unknown format":         {`problem/1`, `problem/2`, "/format", "windshield.problem/2", "windshield.problem/1"},
		"no horizon":             {`"horizon"`, `"horizont"`, "/horizon", "", "a value"},
		"empty horizon":          {`"end": "2027-03-28"`, `"end": "2027-02-28"`, "/horizon", "2027-03-01 to 2027-02-28", "the start not after the end"},
		"horizon is a number":    {`{"start": "2027-03-01", "end": "2027-03-28"}`, `7`, "/horizon", "7", "two dates"},
		"no such date":           {`"2027-03-08"`, `"2027-02-30"`, "/calendars/0/holidays/0", "2027-02-30", "a date such as"},
		"no date":                {`"2027-03-08"`, `null`, "/calendars/0/holidays/0", "null", "a date such as"},
		"no such weekday":        {`"sat"`, `"saturday"`, "/calendars/0/weekend/0", "saturday", "mon, tue"},
		"no gap":                 {`"max_gap_days": 30, `, ``, "/rules/max_gap_days", "", "a value"},
		"gap is a text":          {`"max_gap_days": 30`, `"max_gap_days": "30"`, "/rules/max_gap_days", `"30"`, "a whole number"},
		"negative reach":         {`4500]`, `-1]`, "/rules/reach_km/1", "-1", "0 to"},
		"reversed crunch":        {`"end": "2027-03-31"`, `"end": "2027-03-21"`, "/rules/crunch/0", "2027-03-22 to 2027-03-21", "not before the start"},
		"unknown weight":         {`"load": 7`, `"loud": 7`, "/weights", "loud", "one of unassigned"},
		"fractional weight":      {`"load": 7`, `"load": 0.5`, "/weights/load", "0.5", "a whole number"},
		"negative weight":        {`"load": 7`, `"load": -7`, "/weights/load", "-7", "from 0"},
		"weight that overflows":  {`"load": 7`, `"travel_km": 99000000000000`, "/weights/travel_km", "99000000000000", "from 0 to"},
		"permille over 1000":     {`"permille": 500`, `"permille": 1001`, "/dimensions/0/values/0/permille", "1001", "0 to 1000"},
		"unknown calendar":       {`"e1", "calendar": "x"`, `"e1", "calendar": "y"`, "/executives/0/calendar", "y", "the id of a calendar"},
		"no position":            {`"lat": 0, `, ``, "/executives/0/lat", "", "a value"},
		"off the Earth":          {`"lat": 1`, `"lat": 91`, "/customers/0/lat", "91", "-90 to 90"},
		"number out of range":    {`"lat": 1`, `"lat": 1e999`, "/customers/0/lat", "1e999", "a number"},
		"negative capacity":      {`"max_per_week": 2`, `"max_per_week": -2`, "/executives/0/max_per_week", "-2", "from 0"},
		"last visit too late":    {`"last_visit": null`, `"last_visit": "2027-03-01"`, "/executives/0/last_visit", "2027-03-01", "before the horizon"},
		"tags are a text":        {`"tags": ["t"]`, `"tags": "t"`, "/executives/0/tags", `"t"`, "a list"},
		"reversed absence":       {`"2027-03-02", "end": "2027-03-03"`, `"2027-03-02", "end": "2027-03-01"`, "/hosts/0/unavailable/0", "2027-03-02 to 2027-03-01", "not before"},
		"unknown host":           {`"host": "h1"`, `"host": "h2"`, "/customers/0/host", "h2", "the id of a host"},
		"negative points":        {`"points": 5`, `"points": -5`, "/customers/0/prefers/0/points", "-5", "from 0"},
		"negative spacing":       {`"min_spacing_days": 2`, `"min_spacing_days": -2`, "/customers/0/min_spacing_days", "-2", "from 0"},
		"unknown customer":       {`"v2", "customer": "c1"`, `"v2", "customer": "c2"`, "/visits/1/customer", "c2", "the id of a customer"},
		"doubled id":             {`"v2"`, `"v1"`, "/visits/1/id", "v1", "not used twice"},
		"empty id":               {`"v2"`, `""`, "/visits/1/id", "", "an id of 1"},
		"unknown excluded":       {`"excludes": []`, `"excludes": ["e7"]`, "/visits/0/excludes/0", "e7", "the id of an executive"},
		"pinned nowhere":         {visits, pin(`{"executive": "e9", "date": "2027-03-04", "half": "am"}`, `null`), "/visits/0/pinned/executive", "e9", "the id of an executive"},
		"pinned at noon":         {visits, pin(`{"executive": "e1", "date": "2027-03-04", "half": "noon"}`, `null`), "/visits/0/pinned/half", "noon", "am or pm"},
		"pinned on a holiday":    {visits, pin(`{"executive": "e1", "date": "2027-03-08", "half": "am"}`, `null`), "/visits/0/pinned", "Visit v1 on 2027-03-08", "rule working day"},
		"pins too near in time":  {visits, pin(`{"executive": "e1", "date": "2027-03-04", "half": "am"}`, `{"executive": "e1", "date": "2027-03-05", "half": "am"}`), "/visits/0/pinned and /visits/1/pinned", "1 days apart, 2 are", "rule spacing"},
		"pins in one half-day":   {visits, pin(`{"executive": "e1", "date": "2027-03-04", "half": "am"}`, `{"executive": "e1", "date": "2027-03-04", "half": "am"}`), "/visits/0/pinned and /visits/1/pinned", "Executive e1 has visits", "rule once"},
		"cut off":                {small[len(small)-10:], "", "line 10", "", "JSON"},
		"a value too many":       {small[len(small)-1:], "} {}", "line 11", "", "JSON"},
		"executives are objects": {`"executives": [{`, `"executives": [7, {`, "/executives/0", "7", "an object"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, small, c.old)
			spoilt := strings.Replace(small, c.old, c.new, 1)
			if c.old == "}" {
				spoilt = small + " {}"
			}
			_, err := planning.ReadProblem(strings.NewReader(spoilt))
			require.Error(t, err)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			_, details := fault.Shown(err)
			require.NotEmpty(t, details)
			d := details[0]
			require.True(t, strings.HasPrefix(d.Where, c.where), d.Where)
			require.Contains(t, d.Value, c.value)
			require.Contains(t, d.Expected, c.expected)
		})
	}
}

func TestReadProblemTakesGzipAndRemarks(t *testing.T) {
	remarks := strings.Replace(small, `"weights"`, `"remark": "made by hand", "weights"`, 1)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(remarks))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	p, err := planning.ReadProblem(bytes.NewReader(packed.Bytes()))
	require.NoError(t, err)
	require.Equal(t, int64(7), p.Weight(planning.Load))
	require.Equal(t, int64(1_000_000), p.Weight(planning.Unassigned))

	for name, damaged := range map[string][]byte{
		"cut off": packed.Bytes()[:packed.Len()/2],
		"changed": append(append([]byte{}, packed.Bytes()[:packed.Len()-8]...), 1, 2, 3, 4, 5, 6, 7, 8),
		"garbage": {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff},
		"header":  {0x1f, 0x8b, 7},
	} {
		_, err := planning.ReadProblem(bytes.NewReader(damaged))
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
	}
	_, err = planning.ReadProblem(strings.NewReader("\ufeff" + remarks))
	require.NoError(t, err, "some editors put a mark before the text")
	for name, text := range map[string]string{
		"nothing": "", "null": "null", "deep": strings.Repeat("[", 1_000_000), "deep inside": strings.Replace(small, `"rules"`, `"remark": `+strings.Repeat(`{"a":`, 100_000)+`1, "rules"`, 1),
		"a number out of range": strings.Replace(small, `"max_gap_days": 30`, `"max_gap_days": 99999999999999999999`, 1),
	} {
		_, err := planning.ReadProblem(strings.NewReader(text))
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
	}
	_, err = planning.ReadProblem(iotest.ErrReader(errors.New("disk on fire")))
	require.True(t, fault.Is(err, fault.Temporary))
}

func TestProblemsMadeInGoAreReadBackEqual(t *testing.T) {
	p, err := planning.ReadProblem(strings.NewReader(small))
	require.NoError(t, err)
	p.Visits[1].Pinned = &planning.Place{Executive: "e1", Date: slot.MustDate("2027-03-04"), Half: slot.PM}
	first, err := json.Marshal(p)
	require.NoError(t, err)
	again, err := planning.ReadProblem(bytes.NewReader(first))
	require.NoError(t, err)
	second, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
	require.NoError(t, again.Validate())

	again.Format = "" // need not be said in Go
	require.NoError(t, again.Validate())
}

func TestSizesAreBounded(t *testing.T) {
	p, err := planning.ReadProblem(strings.NewReader(small))
	require.NoError(t, err)
	p.Horizon.End = p.Horizon.Start.Add(2000)
	require.True(t, fault.Is(p.Validate(), fault.TooLarge))
	p.Horizon.End = p.Horizon.Start.Add(20)
	for i := range 1000 {
		p.Visits = append(p.Visits, planning.Visit{ID: fmt.Sprint("more", i), Customer: "c1"})
	}
	require.NoError(t, p.Validate())
	p.Weights = map[planning.Term]int64{planning.TravelKM: 1_000_000_000_000}
	require.ErrorContains(t, p.Validate(), "too large")
	p.Visits = make([]planning.Visit, 60_001)
	require.True(t, fault.Is(p.Validate(), fault.TooLarge))
}

func TestSolutionsAreWrittenAndReadBack(t *testing.T) {
	p, err := planning.ReadProblem(strings.NewReader(small))
	require.NoError(t, err)
	s := planning.NewSolution(p, map[string]planning.Place{
		"v2": {Executive: "e1", Date: slot.MustDate("2027-03-16"), Half: slot.PM},
		"v1": {Executive: "e1", Date: slot.MustDate("2027-03-04"), Half: slot.AM},
	}, nil)
	s.Cost = planning.Check(p, s).Cost
	var data bytes.Buffer
	require.NoError(t, s.Write(&data))
	require.Less(t, bytes.Index(data.Bytes(), []byte("unassigned")), bytes.Index(data.Bytes(), []byte("travel_km")))
	again, err := planning.ReadSolution(&data)
	require.NoError(t, err)
	require.Equal(t, s, again)
	require.True(t, planning.Check(p, again).OK())
	require.Equal(t, "v1", again.Assignments[0].Visit)
}

func TestReadSolutionNamesWhatIsWrong(t *testing.T) {
	for text, where := range map[string]string{
		`{"format": "windshield.solution/2"}`:                                                "/format",
		`{"format": "windshield.solution/1", "assignments": [{"date": "tomorrow"}]}`:         "/assignments/0/date",
		`{"format": "windshield.solution/1", "assignments": [], "cost": {"beauty": 1}}`:      "/cost",
		`{"format": "windshield.solution/1", "assignments": [], "cost": {"travel_km": 1.5}}`: "/cost",
		`[]`: "/",
	} {
		_, err := planning.ReadSolution(strings.NewReader(text))
		_, details := fault.Shown(err)
		require.NotEmpty(t, details, text)
		require.Equal(t, where, details[0].Where)
	}
}

func FuzzReadProblem(f *testing.F) {
	f.Add([]byte(small))
	for _, e := range examples(f) {
		f.Add([]byte(e.Problem))
	}
	packed, err := os.ReadFile("testdata/tiny-1.json.gz")
	require.NoError(f, err)
	f.Add(packed)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planning.ReadProblem(bytes.NewReader(data))
		if err != nil {
			var known *fault.Error
			require.ErrorAs(t, err, &known)
			require.NotEqual(t, fault.Internal, known.Kind)
			return
		}
		again, err := json.Marshal(p)
		require.NoError(t, err)
		_, err = planning.ReadProblem(bytes.NewReader(again))
		require.NoError(t, err, "what was read can be written and read")
		empty := planning.NewSolution(p, nil, nil)
		planning.Check(p, empty)
		planning.Reasons(p, empty)
	})
}
