package planning

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"windshield/internal/fault"
)

// maxBytes bounds a problem or solution file after unpacking. The largest size
// we plan for (1,000 executives, 100,000 customers) needs about 45 MB.
const maxBytes = 256 << 20

// ReadProblem reads a problem, plain or gzipped, and validates it. Errors are of
// kind Invalid or TooLarge and name the place in the file as a JSON pointer, or
// of kind Temporary where r fails. Fields that the format does not know are
// ignored, so that a file may carry remarks.
func ReadProblem(r io.Reader) (*Problem, error) {
	data, err := readAll(r, "problem")
	if err != nil {
		return nil, err
	}
	var wire wireProblem
	if err := decode(data, &wire, "problem"); err != nil {
		return nil, err
	}
	if wire.Format != ProblemFormat {
		return nil, fault.Invalidf("This is not a planning problem.").With(fault.Detail{
			Where: "/format", Value: fault.Short(wire.Format), Expected: ProblemFormat})
	}
	p, err := wire.problem()
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// ReadSolution reads a solution, plain or gzipped. It does not judge it: that is
// what Check is for. Errors are as for ReadProblem.
func ReadSolution(r io.Reader) (*Solution, error) {
	data, err := readAll(r, "solution")
	if err != nil {
		return nil, err
	}
	var s Solution
	if err := decode(data, &s, "solution"); err != nil {
		return nil, err
	}
	if s.Format != SolutionFormat {
		return nil, fault.Invalidf("This is not a planning solution.").With(fault.Detail{
			Where: "/format", Value: fault.Short(s.Format), Expected: SolutionFormat})
	}
	return &s, nil
}

// readAll reads everything, unpacking gzip where the first bytes say so.
func readAll(r io.Reader, what string) ([]byte, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	r = buffered
	if head, _ := buffered.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fault.Invalidf("The %s begins like a gzip file but cannot be unpacked.", what).Because(err)
		}
		r = unpacked
	}
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		return nil, fault.Invalidf("The gzipped %s is damaged or cut off.", what).Because(err)
	case err != nil:
		return nil, fault.Temporaryf("The %s could not be read.", what).Because(err)
	case len(data) > maxBytes:
		return nil, fault.New(fault.TooLarge, "The %s is larger than %d MB when unpacked.", what, maxBytes>>20)
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil // some editors put a mark before the text
}

// isCorrupt says whether err comes from unpacking; flate has a type of its own.
func isCorrupt(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "flate: corrupt")
}

// decode unmarshals data. Where that fails it looks for the place: the decoder
// itself does not say in which element of a list a value was wrong.
func decode(data []byte, into any, what string) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line, column := position(data, syntax.Offset)
		return fault.Invalidf("The %s is not valid JSON.", what).With(fault.Detail{
			Where: fmt.Sprintf("line %d, column %d", line, column), Expected: "JSON (" + syntax.Error() + ")"})
	}
	where, value, cause := locate(data, reflect.TypeOf(into).Elem(), "")
	if cause == nil {
		cause = err
	}
	detail := fault.Detail{Where: where}
	var wrong *json.UnmarshalTypeError
	if errors.As(cause, &wrong) {
		detail.Value, detail.Expected = fault.Short(value), kindName(wrong.Type)
	} else if text, ok := strings.CutPrefix(cause.Error(), "expected "); ok { // our own types say what they expected
		detail.Expected, _, _ = strings.Cut(text, ", found ")
		detail.Value = fault.Short(strings.Trim(value, `"`))
	} else {
		detail.Value = fault.Short(value)
	}
	if where == "" {
		detail.Where = "/"
	}
	return fault.Invalidf("The %s holds a value of the wrong kind.", what).With(detail)
}

// position turns a byte offset into a line and a column, both from 1.
func position(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// locate finds the innermost value of data that does not fit into type t.
func locate(data []byte, t reflect.Type, at string) (where, value string, err error) {
	err = json.Unmarshal(data, reflect.New(t).Interface())
	if err == nil {
		return "", "", nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	custom := reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
	switch {
	case custom:
	case t.Kind() == reflect.Struct:
		var fields map[string]json.RawMessage
		if json.Unmarshal(data, &fields) != nil {
			break
		}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			raw, present := fields[name]
			if f.Anonymous || !present {
				continue
			}
			if w, v, e := locate(raw, f.Type, at+"/"+name); e != nil {
				return w, v, e
			}
		}
	case t.Kind() == reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(data, &items) != nil {
			break
		}
		for i, raw := range items {
			if w, v, e := locate(raw, t.Elem(), at+"/"+strconv.Itoa(i)); e != nil {
				return w, v, e
			}
		}
	case t.Kind() == reflect.Map:
		var items map[string]json.RawMessage
		if json.Unmarshal(data, &items) != nil {
			break
		}
		for key, raw := range items {
			if w, v, e := locate(raw, t.Elem(), at+"/"+pointerEscape.Replace(key)); e != nil {
				return w, v, e
			}
		}
	}
	return at, string(bytes.TrimSpace(data)), err
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

// The wire types tell what is absent from what is 0. The outer field hides the
// embedded one of the same JSON name.
type wireProblem struct {
	Problem
	Horizon    *json.RawMessage `json:"horizon"`
	Rules      *wireRules       `json:"rules"`
	Executives []wireExecutive  `json:"executives"`
	Customers  []wireCustomer   `json:"customers"`
}

type wireRules struct {
	Rules
	MaxGapDays *int `json:"max_gap_days"`
	StayDays   *int `json:"stay_days"`
}

type wireExecutive struct {
	Executive
	Lat          *float64 `json:"lat"`
	Lon          *float64 `json:"lon"`
	MaxPerWeek   *int     `json:"max_per_week"`
	MaxPerMonth  *int     `json:"max_per_month"`
	TargetVisits *int     `json:"target_visits"`
}

type wireCustomer struct {
	Customer
	Lat *float64 `json:"lat"`
	Lon *float64 `json:"lon"`
}

// problem moves the values over, or says what is missing.
func (w *wireProblem) problem() (*Problem, error) {
	var missing []fault.Detail
	need := func(where string, present bool) bool {
		if !present && len(missing) < maxDetails {
			missing = append(missing, fault.Detail{Where: where, Expected: "a value", Mend: "Add the field; it has no default."})
		}
		return present
	}
	p := &w.Problem
	if need("/horizon", w.Horizon != nil) {
		if err := json.Unmarshal(*w.Horizon, &p.Horizon); err != nil {
			_, value, cause := locate(*w.Horizon, reflect.TypeOf(p.Horizon), "/horizon")
			return nil, fault.Invalidf("The problem holds a value of the wrong kind.").With(fault.Detail{
				Where: "/horizon", Value: fault.Short(value), Expected: "two dates such as 2027-01-01, start and end"}).Because(cause)
		}
	}
	if need("/rules", w.Rules != nil) {
		p.Rules = w.Rules.Rules
		if need("/rules/max_gap_days", w.Rules.MaxGapDays != nil) {
			p.Rules.MaxGapDays = *w.Rules.MaxGapDays
		}
		if need("/rules/stay_days", w.Rules.StayDays != nil) {
			p.Rules.StayDays = *w.Rules.StayDays
		}
	}
	p.Executives = make([]Executive, len(w.Executives))
	for i, e := range w.Executives {
		at := "/executives/" + strconv.Itoa(i)
		ok := need(at+"/lat", e.Lat != nil)
		ok = need(at+"/lon", e.Lon != nil) && ok
		ok = need(at+"/max_per_week", e.MaxPerWeek != nil) && ok
		ok = need(at+"/max_per_month", e.MaxPerMonth != nil) && ok
		ok = need(at+"/target_visits", e.TargetVisits != nil) && ok
		if !ok {
			continue
		}
		p.Executives[i] = e.Executive
		to := &p.Executives[i]
		to.Lat, to.Lon, to.MaxPerWeek, to.MaxPerMonth, to.TargetVisits = *e.Lat, *e.Lon, *e.MaxPerWeek, *e.MaxPerMonth, *e.TargetVisits
	}
	p.Customers = make([]Customer, len(w.Customers))
	for i, c := range w.Customers {
		at := "/customers/" + strconv.Itoa(i)
		ok := need(at+"/lat", c.Lat != nil)
		if ok = need(at+"/lon", c.Lon != nil) && ok; !ok {
			continue
		}
		p.Customers[i] = c.Customer
		p.Customers[i].Lat, p.Customers[i].Lon = *c.Lat, *c.Lon
	}
	if len(missing) > 0 {
		return nil, fault.Invalidf("The problem lacks values.").With(missing...)
	}
	return p, nil
}
