package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// CoverageQuery says what the CEO's page shows.
type CoverageQuery struct {
	Period slot.Interval // zero: the last 12 months
	Region string        // of the executives' offices; "" is all
	Months int           // of how many people, worst first, the months are wanted; 0 is everybody
	Whole  bool          // with what did not count, all that was told, and what falls behind: for who wants rows, not a page
}

// CoverageView is the CEO's page.
type CoverageView struct {
	Report    coverage.Report // months are filled for as many people as were asked for
	Groups    []Group
	Open      map[string]OpenAlert // person id -> the open alert
	Alerts    []AlertView          // open ones; where the whole was asked for
	Behind    []alert.Lag          // groups that fall behind the published plan of this year, the worst first; likewise
	Ladder    alert.Ladder
	Period    slot.Interval
	Region    string
	Regions   []string        // of all executives' offices
	Claims    []CoverageClaim // the first of the ranked, at most claimsShown
	AllClaims int             // open ones
	Mix       coverage.Mix
	Kept      coverage.Kept // of the promise of this year
	Promised  FrozenPromise // ID is "" where nothing was promised
	PerWeek   float64       // visits a week that the selection wants; 0 where there is none
	Selection string        // name of the selection whose groups these are; "" where there is none
}

// claimsShown is for how many claims the CEO's page has room.
const claimsShown = 5

// CoverageClaim is a claim with its evidence, as the CEO's page shows it.
type CoverageClaim struct {
	ClaimRow
	Backing int // different customers who back it, asked or not
	Groups  int // of which these are
}

// OpenAlert is an open alert as the CEO's page shows it.
type OpenAlert struct {
	Alert
	Rungs []ToldRung
}

// scene is whom and what coverage looks at, before anything is added up.
type scene struct {
	in        coverage.Input
	ids       []string // of the people; nil for everybody, visits of people who no longer are asked to visit too
	groups    []Group
	selection Selection
	regions   []string
}

// officeRegion is where an executive counts in the region filter.
func officeRegion(p roster.Person) string { return cmp.Or(p.Office.Region, p.Office.Country) }

// scene reads people and groups; today is the reader's. Errors: Invalid for an unknown region, or a period that
// cannot be shown.
func (f *Flow) scene(tx Tx, a access.Actor, q CoverageQuery) (scene, error) {
	today := f.todayFor(a)
	if q.Period.Start.IsZero() {
		q.Period = slot.Interval{Start: today.Add(-364), End: today}
	}
	if q.Period.End < q.Period.Start || q.Period.Days() > 5*366 {
		return scene{}, fault.Invalidf("This period cannot be shown.").With(fault.Detail{Where: "period", Value: q.Period.String(), Expected: "a start before the end, at most five years apart"})
	}
	x := scene{in: coverage.Input{AsOf: f.Now().UTC(), Today: today, Period: q.Period, Horizon: today.Add(coverage.HorizonDays), Style: a.Style}}
	people, err := visitors(tx)
	if err != nil {
		return x, err
	}
	people = slices.DeleteFunc(people, func(p coverage.Person) bool { return f.hasLeft(p.Person) })
	for _, p := range people {
		if r := officeRegion(p.Person); r != "" && !slices.Contains(x.regions, r) {
			x.regions = append(x.regions, r)
		}
	}
	slices.Sort(x.regions)
	if x.in.People = people; q.Region != "" {
		if !slices.Contains(x.regions, q.Region) {
			return x, fault.Invalidf("No executive has an office in this region.").With(fault.Detail{Where: "region", Value: fault.Short(q.Region), Expected: "one of the regions in the list"})
		}
		x.in.People, x.ids = nil, []string{}
		for _, p := range people {
			if officeRegion(p.Person) == q.Region {
				x.in.People, x.ids = append(x.in.People, p), append(x.ids, p.ID)
			}
		}
	}
	s, ok, err := latestSelection(tx, today.Year())
	if err != nil || !ok {
		return x, err
	}
	x.selection, x.groups = s, groupsOf(s)
	for _, g := range x.groups {
		x.in.Groups = append(x.in.Groups, coverage.Group{Code: g.Code, Label: g.Label, Customers: g.Customers, Target: g.Target})
	}
	return x, nil
}

// clocks adds up what the clocks of the people need, without months.
func (x *scene) clocks(tx Tx, whole bool) (coverage.Sums, error) {
	s := coverage.Sums{Before: coverage.Before(x.in)}
	var err error
	if s.Latest, err = tx.Sums.Latest(s.Before, x.ids); err != nil {
		return s, err
	}
	if s.Near, err = tx.Sums.Near(s.Before, x.in.Horizon, x.ids); err != nil || !whole {
		return s, err
	}
	s.Lapsed, err = tx.Sums.Lapsed(coverage.FirstMonth(x.in.Today), s.Before, x.ids)
	return s, err
}

// months fills the months of the first people of a report, of all where n is 0.
func (x *scene) months(tx Tx, r *coverage.Report, s coverage.Sums, from, n int) error {
	ids := x.ids
	if n > 0 {
		ids = []string{}
		for _, p := range r.People[min(from, len(r.People)):min(from+n, len(r.People))] {
			ids = append(ids, p.ID)
		}
	}
	sums, err := tx.Sums.Months(coverage.FirstMonth(x.in.Today), s.Before, ids)
	if err != nil {
		return err
	}
	r.AddMonths(sums)
	return nil
}

// heard is what the visits of the period add up to. It is remembered for all who ask: nobody changes it.
func (x *scene) heard(f *Flow, tx Tx, s *coverage.Sums) (HeardSums, coverage.Mix, error) {
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return HeardSums{}, coverage.Mix{}, err
	}
	buying, err := buyingList(tx)
	if err != nil {
		return HeardSums{}, coverage.Mix{}, err
	}
	stamp, err := f.stampOfAll(tx)
	if err != nil {
		return HeardSums{}, coverage.Mix{}, err
	}
	q := x.query(fiscal)
	h, err := f.heardSums.get(fmt.Sprint(q), stamp, f.Now(), func() (HeardSums, error) { return tx.Sums.Heard(q) })
	if err != nil {
		return HeardSums{}, coverage.Mix{}, err
	}
	s.Groups, s.Weeks, s.Lapses, s.Booked = h.Groups, h.Weeks, h.Lapses, h.Booked
	return h, coverage.MixOf(h.Stages, h.QuarterEnd, buying), nil
}

func (x *scene) query(f visit.Fiscal) HeardQuery {
	return HeardQuery{Period: x.in.Period, Today: x.in.Today, SelectionID: x.selection.ID, ExecutiveIDs: x.ids, Ends: coverage.QuarterEnds(x.in.Period, f)}
}

// Coverage gives the CEO's page. Claims and the promise are those of all, whatever the
// region. Errors: Invalid for an unknown region or a period that cannot be shown.
func (f *Flow) Coverage(ctx context.Context, a access.Actor, q CoverageQuery) (CoverageView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return CoverageView{}, err
	}
	return read(ctx, f, func(tx Tx) (CoverageView, error) {
		x, err := f.scene(tx, a, q)
		if err != nil {
			return CoverageView{}, err
		}
		v := CoverageView{Period: x.in.Period, Region: q.Region, Regions: x.regions, Groups: x.groups, Selection: x.selection.Name}
		for _, g := range x.groups {
			v.PerWeek += float64(g.Target) / 52
		}
		s, err := x.clocks(tx, q.Whole)
		if err != nil {
			return v, err
		}
		if _, v.Mix, err = x.heard(f, tx, &s); err != nil {
			return v, err
		}
		v.Report = coverage.Assemble(x.in, s)
		if err := x.months(tx, &v.Report, s, 0, q.Months); err != nil {
			return v, err
		}
		if v.Ladder, err = ladderOf(tx); err != nil {
			return v, err
		}
		if v.Open, err = openAlerts(tx); err != nil {
			return v, err
		}
		claims, err := f.claimed(tx, x.in.Today)
		if err != nil {
			return v, err
		}
		open, _ := claims.ranked()
		v.AllClaims = len(open)
		for _, c := range open[:min(claimsShown, len(open))] {
			v.Claims = append(v.Claims, claims.shown(c))
		}
		promise, _, err := f.promiseOf(tx, x.in.Today.Year())
		if err != nil {
			return v, err
		}
		v.Kept, v.Promised = promise.Kept, promise.FrozenPromise
		if !q.Whole {
			return v, nil
		}
		if v.Behind, err = f.fallBehind(tx, x); err != nil {
			return v, err
		}
		v.Alerts, err = alertViews(tx, true)
		return v, err
	})
}

// shown counts who backs a claim.
func (x claimed) shown(c ClaimRow) CoverageClaim {
	out := CoverageClaim{ClaimRow: c}
	groups := map[string]bool{}
	for _, v := range c.Evidence.Voices {
		if v.Position != insight.Backs {
			continue
		}
		out.Backing++
		if p, ok := x.frame.Places[v.CustomerID]; ok {
			groups[p.Stratum] = true
		}
	}
	out.Groups = len(groups)
	return out
}

// longPlan is from how many drawn visits on what falls behind is reckoned once a minute
// and not for every reader: it looks at every visit of the year. Pages say as of when.
const longPlan = 2_000

// fallBehind gives what falls behind the published plan of this year.
func (f *Flow) fallBehind(tx Tx, x scene) ([]alert.Lag, error) {
	p, ok, err := livePlan(tx, x.in.Today.Year())
	if err != nil || !ok {
		return nil, err
	}
	stamp := ""
	if x.selection.Visits > longPlan {
		stamp = fmt.Sprint(p.Version)
	}
	y, err := f.paces.get(p.ID, stamp, f.Now(), func() (pacing, error) { return pacingOf(tx, p) })
	return y.lags(x.in.Today), err
}

// PromiseNow gives the promise in force of this year; ID is "" where nothing is promised.
func (f *Flow) PromiseNow(ctx context.Context, a access.Actor) (FrozenPromise, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return FrozenPromise{}, err
	}
	return read(ctx, f, func(tx Tx) (FrozenPromise, error) {
		all, err := tx.Promises.ByYear(f.todayFor(a).Year())
		if err != nil || len(all) == 0 {
			return FrozenPromise{}, err
		}
		return all[0], nil
	})
}

// openAlerts gives the open alerts by person, with the rungs that were told.
func openAlerts(tx Tx) (map[string]OpenAlert, error) {
	alerts, err := tx.Alerts.List(true)
	if err != nil {
		return nil, err
	}
	rungs, err := tx.Clocks.Told()
	if err != nil {
		return nil, err
	}
	out := make(map[string]OpenAlert, len(alerts))
	for _, x := range alerts {
		out[x.PersonID] = OpenAlert{Alert: x}
	}
	for _, r := range rungs {
		if o := out[r.PersonID]; o.Breach == r.Breach {
			o.Rungs = append(o.Rungs, r)
			out[r.PersonID] = o
		}
	}
	return out, nil
}

// latestSelection gives the selection behind the published plan of a year, else
// of the year after, else the newest one.
func latestSelection(tx Tx, year int) (Selection, bool, error) {
	for _, y := range []int{year, year + 1} {
		plans, err := tx.Plans.ByYear(y)
		if err != nil {
			return Selection{}, false, err
		}
		for _, p := range plans {
			if p.State == visit.Live && p.SelectionID != "" {
				s, err := tx.Selections.Get(p.SelectionID)
				return s, err == nil, err
			}
		}
	}
	all, err := tx.Selections.ByYear(0)
	if err != nil || len(all) == 0 {
		return Selection{}, false, err
	}
	return all[0], true, nil
}
