package testkit

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/geo"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Size says how much a large company holds.
type Size struct {
	Customers  int
	Executives int
	Years      int // of visits, the one that is planned by the planner among them
	Visits     int // a year and executive
	Claims     int
}

// Full is the company for which the budgets of the pages are set.
var Full = Size{Customers: 100_000, Executives: 1_000, Years: 5, Visits: 12, Claims: 500}

// Large names what stands in a large company, for tests that open single pages.
type Large struct {
	Plan, Selection string
	Visit, Customer string // a visit that was held, and its customer
	Executive, Host string // addresses of who was there
	Who             string // id of the executive
	Ahead           string // a visit that stands, its label, and the address of who goes there
	AheadLabel      string
	AheadExecutive  string
	Group           string // of customers
	Claim           string
}

type town struct {
	name, state string
	region      string
	at          geo.Point
	zone        string
}

var towns = []town{
	{"Boston", "MA", "Northeast", geo.Point{Lat: 42.36, Lon: -71.06}, "America/New_York"}, {"Albany", "NY", "Northeast", geo.Point{Lat: 42.65, Lon: -73.76}, "America/New_York"},
	{"Atlanta", "GA", "South", geo.Point{Lat: 33.75, Lon: -84.39}, "America/New_York"}, {"Dallas", "TX", "South", geo.Point{Lat: 32.78, Lon: -96.80}, "America/Chicago"},
	{"Chicago", "IL", "Midwest", geo.Point{Lat: 41.88, Lon: -87.63}, "America/Chicago"}, {"Detroit", "MI", "Midwest", geo.Point{Lat: 42.33, Lon: -83.05}, "America/Detroit"},
	{"Denver", "CO", "West", geo.Point{Lat: 39.74, Lon: -104.99}, "America/Denver"}, {"Seattle", "WA", "West", geo.Point{Lat: 47.61, Lon: -122.33}, "America/Los_Angeles"},
}

// Large fills the house with a company of a size in the middle of PlanYear: a year
// that the planner has planned and that is published, the years before it held and
// debriefed, statements, claims, alerts. It writes rows where going through the
// front door would take hours; what it writes is what the use cases leave behind.
func (h *House) Large(s Size) Large {
	h.t.Helper()
	ctx := context.Background()
	h.Found()
	hosts := max(4, s.Executives*2/5)
	write := func(do func(tx flow.Tx) error) {
		h.t.Helper()
		require.NoError(h.t, h.App.Store.Write(ctx, do))
	}
	var people []*roster.Person
	for i := range s.Executives + hosts {
		w := towns[i%len(towns)]
		p := &roster.Person{ID: fmt.Sprintf("e%05d", i), Key: fmt.Sprintf("e%05d", i), Name: fmt.Sprintf("Executive %d", i), Email: Exec(i + 1), Function: "Product", Zone: w.zone,
			Roles: []roster.Role{roster.Executive}, Office: roster.Office{City: w.name, Region: w.state, Country: "US", Point: w.at},
			Terms: roster.Terms{Calendar: "US", MaxPerWeek: 2, MaxPerMonth: 6, TargetVisits: s.Visits}}
		if i >= s.Executives {
			n := i - s.Executives
			p.ID, p.Key, p.Name, p.Email = hostID(n), hostID(n), fmt.Sprintf("Account Manager %d", n), Host(n+1)
			p.Function, p.Roles, p.Terms = "Sales", []roster.Role{roster.Host}, roster.Terms{Calendar: "US", MaxPerWeek: 14, MaxPerMonth: 62}
		}
		people = append(people, p)
	}
	people = append(people, &roster.Person{ID: "vp", Key: "vp", Name: "The Vice President", Email: VP, Roles: []roster.Role{roster.VP}, Zone: "America/New_York"},
		&roster.Person{ID: "ceo", Key: "ceo", Name: "The Chief Executive", Email: CEO, Roles: []roster.Role{roster.CEO}, Zone: "America/New_York"})
	write(func(tx flow.Tx) error { return tx.People.Save(people...) })
	sizes, trades := []string{"small", "medium", "large"}, []string{"Energy", "Retail", "Banks", "Health", "Transport"}
	for from := 0; from < s.Customers; from += 10_000 {
		var batch []*roster.Customer
		for i := from; i < min(from+10_000, s.Customers); i++ {
			w := towns[i%len(towns)]
			batch = append(batch, &roster.Customer{ID: fmt.Sprintf("c%06d", i), Key: fmt.Sprintf("c%06d", i), Name: fmt.Sprintf("Customer %d", i), Address: "1 Main Street", City: w.name, Region: w.state, Country: "US", Point: w.at, Zone: w.zone,
				HostID: hostID((i%len(towns) + i/len(towns)*len(towns)) % hosts), Revenue: float64(1 + i%9000), Employees: 10 + i%9000,
				Values: map[string]string{"region": w.region, "size": sizes[i*7%10/4], "industry": trades[i/8%len(trades)]}, Contact: roster.Contact{Name: fmt.Sprintf("Contact %d", i), Email: fmt.Sprintf("contact%d@customer.example", i)}})
		}
		write(func(tx flow.Tx) error { return tx.Customers.Save(batch...) })
	}
	var l Large
	frame, err := h.Flow.Freeze(ctx, System, flow.Key{}, flow.FreezeInput{Year: PlanYear, Seed: "a large story", Reason: "It goes on."})
	require.NoError(h.t, err)
	drawn, err := h.Flow.Draw(ctx, System, flow.Key{}, flow.DrawInput{FrameID: frame.ID, Reason: "It goes on.", Design: sampling.Design{
		Dimensions: []sampling.Dimension{{Name: "region"}, {Name: "size"}}, Visits: s.Executives * s.Visits}})
	require.NoError(h.t, err)
	l.Selection = drawn.ID
	run, err := h.Flow.StartPlan(ctx, System, flow.Key{}, flow.PlanInput{SelectionID: l.Selection, Seed: 1, Iterations: 1000})
	require.NoError(h.t, err)
	h.settled(10 * time.Minute)
	run, err = h.Flow.Run(ctx, System, run.ID)
	require.NoError(h.t, err)
	require.NotEmpty(h.t, run.PlanID, run.Error)
	l.Plan = run.PlanID
	h.live(l.Plan, s)
	promised, err := h.Flow.LivePlan(ctx, System, PlanYear)
	require.NoError(h.t, err)
	_, err = h.Flow.FreezePromise(ctx, System, flow.Key{}, l.Plan, promised.Version, "")
	require.NoError(h.t, err)
	for y := 1; y < s.Years; y++ {
		h.pastYear(PlanYear-y, s, hosts)
	}
	h.Clock.Set(time.Date(PlanYear, time.June, 16, 15, 0, 0, 0, time.UTC))
	h.says(&l, s)
	h.settled(5 * time.Minute)
	return l
}

func hostID(n int) string { return fmt.Sprintf("h%04d", n) }

func date(year int, m time.Month, day int) slot.Date {
	return slot.DateOf(time.Date(year, m, day, 12, 0, 0, 0, time.UTC), time.UTC)
}

// middle is the day on which a large company is looked at.
var middle = date(PlanYear, time.June, 16)

// live publishes a draft in the rows: what lies before the middle of the year was
// held, what lies behind it stands, some of it agreed.
func (h *House) live(plan string, s Size) {
	h.t.Helper()
	ctx := context.Background()
	visits := h.Visits(plan)
	for from := 0; from < len(visits); from += 5_000 {
		batch := visits[from:min(from+5_000, len(visits))]
		require.NoError(h.t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
			var bookings []visit.Booking
			all := make([]*visit.Visit, len(batch))
			for i := range batch {
				v := batch[i]
				all[i] = &v
				if err := v.Become(visit.Published, ""); err != nil {
					return err
				}
				v.WithHost = true
				for _, p := range []string{v.ExecutiveID, v.HostID} {
					bookings = append(bookings, visit.Booking{PersonID: p, Slot: v.Slot, Kind: visit.BookedVisit, VisitID: v.ID})
				}
				switch {
				case v.Slot.Date < middle:
					if err := v.Become(visit.Held, ""); err != nil {
						return err
					}
				case i%3 == 0:
					v.Answer = visit.Accepted
					if err := v.Become(visit.Agreed, ""); err != nil {
						return err
					}
				}
			}
			if err := tx.Bookings.Book(bookings...); err != nil {
				return err
			}
			return tx.Visits.Save(all...)
		}))
	}
	require.NoError(h.t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
		p, err := tx.Plans.Get(plan)
		if err != nil {
			return err
		}
		p.State, p.PublishedAt = visit.Live, h.Clock.Now()
		return tx.Plans.Save(&p)
	}))
}

// pastYear writes a year that was held: every executive about once a month, with one
// visit in twelve that did not take place.
func (h *House) pastYear(year int, s Size, hosts int) {
	h.t.Helper()
	p := visit.Plan{ID: fmt.Sprintf("plan-%d", year), Year: year, Name: fmt.Sprintf("Plan %d", year), State: visit.Live,
		Horizon: slot.Interval{Start: date(year, time.January, 1), End: date(year, time.December, 31)}, CreatedAt: h.Clock.Now(), PublishedAt: h.Clock.Now()}
	require.NoError(h.t, h.App.Store.Write(context.Background(), func(tx flow.Tx) error { return tx.Plans.Save(&p) }))
	for from := 0; from < s.Executives; from += 500 {
		require.NoError(h.t, h.App.Store.Write(context.Background(), func(tx flow.Tx) error {
			var visits []*visit.Visit
			for e := from; e < min(from+500, s.Executives); e++ {
				for n := range s.Visits {
					c := (e*s.Visits + n + (year%7)*13) * 7 % s.Customers
					v := &visit.Visit{ID: fmt.Sprintf("v%d-%05d-%02d", year, e, n), PlanID: p.ID, Label: fmt.Sprintf("v%d", e*s.Visits+n), CustomerID: fmt.Sprintf("c%06d", c), HostID: hostID(c % hosts),
						State: visit.Held, Answer: visit.Accepted, Kind: visit.AtCustomer, WithHost: true, Stratum: "", Group: ""}
					if n == e%12 {
						v.State, v.Reason = visit.NoShow, "The customer was ill."
					}
					day := date(year, time.January, 4).Add(n*360/s.Visits + e%28)
					if err := v.Place(fmt.Sprintf("e%05d", e), slot.Slot{Date: day, Half: []slot.Half{slot.AM, slot.PM}[e%2]}, "America/New_York"); err != nil {
						return err
					}
					visits = append(visits, v)
				}
			}
			return tx.Visits.Save(visits...)
		}))
	}
}

// says writes debriefs of the year so far, and what customers said to claims.
func (h *House) says(l *Large, s Size) {
	h.t.Helper()
	ctx := context.Background()
	for i := range s.Claims {
		c := flow.KeptClaim{Claim: insight.Claim{ID: fmt.Sprintf("claim%03d", i), Topic: "pricing", Text: fmt.Sprintf("Prices are hard to compare, case %d", i)}, MadeBy: "vp", MadeAt: h.Clock.Now().Add(time.Duration(i-s.Claims) * time.Hour)}
		require.NoError(h.t, h.App.Store.Write(ctx, func(tx flow.Tx) error { return tx.Claims.Save(&c) }))
	}
	visits := h.Visits("", visit.Held)
	for from := 0; from < len(visits); from += 5_000 {
		batch := visits[from:min(from+5_000, len(visits))]
		require.NoError(h.t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
			var all []*flow.KeptStatement
			for i, v := range batch {
				side := insight.For
				if i%5 == 0 {
					side = insight.Against
				}
				all = append(all, &flow.KeptStatement{Origin: flow.FromDebrief, Statement: insight.Statement{ID: fmt.Sprintf("s%06d", from+i), CustomerID: v.CustomerID, VisitID: v.ID, Source: insight.Said, By: "The buyer", HeardBy: v.ExecutiveID,
					On: v.Slot.Date, About: insight.Situation, Topic: "pricing", Text: "We cannot see what it costs.", ClaimID: fmt.Sprintf("claim%03d", (from+i)%max(1, s.Claims)), Side: side, Asked: i%2 == 0}})
				d := &flow.KeptDebrief{Debrief: insight.Debrief{VisitID: v.ID, CustomerID: v.CustomerID, On: v.Slot.Date, Held: true, Kind: visit.AtCustomer, WithHost: true, Ours: insight.Yes, Theirs: insight.Partly},
					Filed: true, FiledBy: v.ExecutiveID, FiledAt: v.End, SavedBy: v.ExecutiveID, SavedAt: v.End, SaveKey: v.ID}
				if err := tx.Debriefs.Save(d); err != nil {
					return err
				}
			}
			return tx.Statements.Save(all...)
		}))
	}
	for _, v := range h.Visits(l.Plan) { // by date: the first was held
		if l.Visit != "" && l.Ahead != "" {
			break
		}
		if v.State.Happened() && l.Visit == "" {
			l.Customer, l.Visit, l.Executive, l.Host, l.Who = v.CustomerID, v.ID, h.Person(v.ExecutiveID).Email, h.Person(v.HostID).Email, v.ExecutiveID
		} else if v.State.Live() {
			l.Ahead, l.AheadLabel, l.AheadExecutive, l.Group = v.ID, v.Label, h.Person(v.ExecutiveID).Email, v.Stratum
		}
	}
	l.Claim = "claim000"
}
