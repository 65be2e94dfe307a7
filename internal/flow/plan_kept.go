package flow

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"windshield/internal/access"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// ownVisits are one executive's visits in a plan.
type ownVisits struct {
	stamp string
	list  []visit.Visit // by date, half and id
	year  ownYear
}

// planYear is the visits of a plan by executive with their customers, as one transaction
// has seen them, read bare. Several readers share it: nobody changes what is in it.
type planYear struct {
	customersAt int64 // stamp
	all         []visit.Visit
	own         map[string]ownVisits       // lists are parts of all
	dated       func() []*visit.Visit      // see byDate; sorts when somebody first asks
	customers   map[string]roster.Customer // only name, point, windows and how much they matter; also of some who have left the plan
}

// plansKept is of how many plans the visits are kept between two looks: to read twelve
// thousand of them takes a third of a second and some 15 MB, to see which executive's have
// changed a few milliseconds.
const plansKept = 6

// planYear gives the visits of a plan as they are now, and also the customers without a
// place. Only the executives are read of whom a visit has come, gone or changed since the
// last look. It must not be called in a transaction that writes, which may yet be undone.
func (f *Flow) planYear(tx Tx, p visit.Plan) (planYear, error) {
	at, err := tx.Stamps.One(CustomersStamp)
	if err != nil {
		return planYear{}, err
	}
	stamps, err := tx.Stamps.OfPlan(p.ID)
	if err != nil {
		return planYear{}, err
	}
	x := f.plans.place(p.ID)
	x.mu.Lock()
	defer x.mu.Unlock()
	before := x.view
	if before.own == nil || before.customersAt != at { // of anybody's: customers are seldom written, and then in bulk
		before = planYear{customersAt: at, own: map[string]ownVisits{}, customers: map[string]roster.Customer{}}
	}
	q := VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, Bare: true}
	for id, stamp := range stamps {
		if before.own[id].stamp != stamp {
			q.ExecutiveIDs = append(q.ExecutiveIDs, id)
		}
	}
	y := before
	var anew []visit.Visit
	if len(q.ExecutiveIDs) > 0 || len(before.own) != len(stamps) {
		if y, anew, err = before.renewed(tx, p, q, stamps); err != nil {
			return planYear{}, err
		}
	}
	if y, err = y.with(tx, anew, p.Unassigned); err != nil {
		return planYear{}, err
	}
	x.view = y
	return y, nil
}

// renewed reads the executives of a query anew and takes the others over. It gives apart
// what it has read.
func (y planYear) renewed(tx Tx, p visit.Plan, q VisitQuery, stamps map[string]string) (_ planYear, read []visit.Visit, err error) {
	anew := map[string][]visit.Visit{}
	for _, id := range q.ExecutiveIDs {
		anew[id] = nil
	}
	if len(anew) == len(stamps) {
		q.ExecutiveIDs = nil
	}
	if len(anew) > 0 {
		if read, _, err = tx.Visits.Find(q); err != nil {
			return y, nil, err
		}
		for _, v := range read {
			anew[v.ExecutiveID] = append(anew[v.ExecutiveID], v)
		}
	}
	out := planYear{customersAt: y.customersAt, customers: y.customers, own: make(map[string]ownVisits, len(stamps))}
	n := 0
	for id := range stamps {
		if list, ok := anew[id]; ok {
			n += len(list)
		} else {
			n += len(y.own[id].list)
		}
	}
	out.all = make([]visit.Visit, 0, n)
	for _, id := range slices.Sorted(maps.Keys(stamps)) {
		x := y.own[id]
		if list, ok := anew[id]; ok {
			x = ownVisits{stamp: stamps[id], list: list, year: ownYearOf(p, list)}
		}
		from := len(out.all)
		out.all = append(out.all, x.list...)
		x.list = out.all[from:len(out.all):len(out.all)]
		out.own[id] = x
	}
	all := out.all
	out.dated = sync.OnceValue(func() []*visit.Visit {
		dated := make([]*visit.Visit, len(all))
		for i := range all {
			dated[i] = &all[i]
		}
		slices.SortFunc(dated, func(a, b *visit.Visit) int {
			return cmp.Or(cmp.Compare(a.Slot.Date, b.Slot.Date), cmp.Compare(a.Slot.Half, b.Slot.Half), cmp.Compare(a.ID, b.ID))
		})
		return dated
	})
	return out, read, nil
}

// byDate gives all visits by date, half and id.
func (y planYear) byDate() []*visit.Visit {
	if y.dated == nil { // there are none
		return nil
	}
	return y.dated()
}

// with reads the customers of visits, and those without a place, that are not known yet.
func (y planYear) with(tx Tx, visits []visit.Visit, open []visit.Unassigned) (planYear, error) {
	missing := map[string]bool{}
	want := func(id string) {
		if _, known := y.customers[id]; !known {
			missing[id] = true
		}
	}
	for i := range visits {
		want(visits[i].CustomerID)
	}
	for _, u := range open {
		want(u.CustomerID)
	}
	if len(missing) == 0 {
		return y, nil
	}
	rows, err := tx.Customers.ByIDs(slices.Sorted(maps.Keys(missing))...)
	if err != nil {
		return y, err
	}
	known := make(map[string]roster.Customer, len(y.customers)+len(missing))
	maps.Copy(known, y.customers)
	for id := range missing {
		known[id] = roster.Customer{}
	}
	for _, c := range rows {
		known[c.ID] = roster.Customer{ID: c.ID, Name: c.Name, Point: c.Point, Windows: c.Windows, Must: c.Must, Revenue: c.Revenue}
	}
	y.customers = known
	return y, nil
}

// wholeYear reads the visits of a plan with all that is known of them, and keeps nothing.
func wholeYear(tx Tx, p visit.Plan) (planYear, error) {
	y := planYear{own: map[string]ownVisits{}}
	var err error
	if y.all, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID}); err != nil {
		return y, err
	}
	for _, v := range y.all {
		x := y.own[v.ExecutiveID]
		x.list = append(x.list, v)
		y.own[v.ExecutiveID] = x
	}
	for id, x := range y.own {
		x.year = ownYearOf(p, x.list)
		y.own[id] = x
	}
	return y.with(tx, y.all, p.Unassigned)
}

// promisedVisits gives the visits of a promise by date, which never change. It must not be
// called in a transaction that writes, which may yet be undone.
func (f *Flow) promisedVisits(tx Tx, promiseID string) ([]PromisedVisit, error) {
	return f.frozen.get(promiseID, "for good", f.Now(), func() ([]PromisedVisit, error) { return tx.Promises.Visits(promiseID) })
}
