package web

import (
	"net/url"
	"slices"
	"strings"

	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// planKeys are what an address of the plan's page may say: the state of its view.
var planKeys = []string{"q", "country", "group", "by", "fold", "open", "sort", "zoom", "from", "view", "visit"}

// planBys and planSorts are how rows can be grouped and ordered.
var (
	planBys   = []choice{{"", "no groups"}, {"country", "country"}, {"region", "region"}, {"function", "function"}}
	planSorts = []choice{{"", "by name"}, {"gap", "longest gap first"}, {"since", "longest inherited gap first"}, {"ends", "most visits at quarters’ ends first"}, {"trips", "most trips first"}}
)

// choice is a value of an address and what it says to people.
type choice struct{ Value, Text string }

func chosen(all []choice, value string) bool {
	return slices.ContainsFunc(all, func(c choice) bool { return c.Value == value })
}

// planView is the state of the plan's page, as its address says it.
type planView struct {
	Here string     // address of the plan
	Q    url.Values // known keys only, none of them empty
}

func planViewOf(here string, q url.Values) planView {
	v := planView{here, url.Values{}}
	for _, k := range planKeys {
		for _, x := range q[k] {
			if x = strings.TrimSpace(x); x != "" && !slices.Contains(v.Q[k], x) && len(v.Q[k]) < 100 {
				v.Q.Add(k, x)
			}
		}
	}
	return v
}

func (v planView) get(key string) string { return v.Q.Get(key) }

// with gives the address with some keys changed: pairs of key and value, "" takes
// a key out.
func (v planView) with(pairs ...string) string {
	q := url.Values{}
	for k, x := range v.Q {
		q[k] = x
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return v.Here
	}
	return v.Here + "?" + q.Encode()
}

// toggle gives the address with one value of a key put in or taken out. Who looks
// at other rows looks at no visit.
func (v planView) toggle(key, value string) string {
	w := planView{v.Here, url.Values{}}
	for k, x := range v.Q {
		w.Q[k] = slices.Clone(x)
	}
	if all := w.Q[key]; slices.Contains(all, value) {
		if w.Q[key] = slices.DeleteFunc(all, func(x string) bool { return x == value }); len(w.Q[key]) == 0 {
			w.Q.Del(key)
		}
	} else {
		w.Q.Add(key, value)
	}
	return w.with("visit", "")
}

func (v planView) on(key, value string) bool { return slices.Contains(v.Q[key], value) }

// set gives the address with other values of a key. Who looks at other rows looks at no
// visit.
func (v planView) set(key string, values ...string) string {
	w := planView{v.Here, url.Values{}}
	for k, x := range v.Q {
		w.Q[k] = x
	}
	if w.Q[key] = values; len(values) == 0 {
		w.Q.Del(key)
	}
	return w.with("visit", "")
}

// kept gives the fields that a form of the page must send along to keep the view,
// without those that it sends itself.
func (v planView) kept(own ...string) []choice {
	var out []choice
	for _, k := range planKeys {
		if !slices.Contains(own, k) {
			for _, x := range v.Q[k] {
				out = append(out, choice{k, x})
			}
		}
	}
	return out
}

// filter gives what the address says about rows.
func (v planView) filter() flow.PlanFilter {
	return flow.PlanFilter{Search: v.get("q"), Country: v.get("country"), Groups: v.Q["group"], Visit: v.get("visit"), Open: v.open}
}

func (v planView) filtered() bool {
	return v.get("q") != "" || v.get("country") != "" || len(v.Q["group"]) > 0
}

// check names what the address says and nobody knows, so that a list that is
// empty for that reason does not look as if there were nothing.
func (v planView) check(groups []flow.Group, countries []string, weeks []coverage.WeekLoad) error {
	var bad []fault.Detail
	wrong := func(where, value, expected string) {
		bad = append(bad, fault.Detail{Where: where, Value: fault.Short(value), Expected: expected})
	}
	codes := make([]string, len(groups))
	for i, g := range groups {
		codes[i] = g.Code
	}
	for _, g := range v.Q["group"] {
		if !slices.Contains(codes, g) {
			wrong("group", g, "a group of this plan: "+strings.Join(codes, ", "))
		}
	}
	if c := v.get("country"); c != "" && len(countries) > 0 && !slices.Contains(countries, c) {
		wrong("country", c, "a country with an office: "+strings.Join(countries, ", "))
	}
	if !chosen(planBys, v.get("by")) {
		wrong("by", v.get("by"), "country, region or function")
	}
	if !chosen(planSorts, v.get("sort")) {
		wrong("sort", v.get("sort"), "gap, since, ends or trips")
	}
	if z := v.get("zoom"); z != "" && z != "quarter" {
		wrong("zoom", z, "quarter, or nothing for the year")
	}
	if f := v.get("from"); f != "" && !slices.ContainsFunc(weeks, func(w coverage.WeekLoad) bool { return w.Label == f }) {
		wrong("from", f, "a week of this year, such as "+weekExample(weeks))
	}
	if len(bad) == 0 {
		return nil
	}
	return fault.Invalidf("This address asks for something that this plan does not have. It is shown without it.").With(bad...)
}

func weekExample(weeks []coverage.WeekLoad) string {
	if len(weeks) == 0 {
		return "2027-W14"
	}
	return weeks[len(weeks)/2].Label
}
