package web_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/geo"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	"windshield/internal/visit"
	"windshield/internal/web"
)

// story is a Story with a company made up in memory. Reports are computed by the
// real packages, so that pages show what they will show.
type story struct {
	web.Story // what no test of the pages asks for

	trail     flow.EntryQuery // that was asked last
	now       time.Time
	today     slot.Date
	year      int
	people    []roster.Person
	customers []roster.Customer
	visits    []visit.Visit
	plan      visit.Plan
	groups    []flow.Group
	strata    []sampling.Stratum
	table     *intake.Table
	events    map[string]flow.CalendarEvent
	runState  flow.RunState
	account   flow.ConnectionState // of everybody's own Google account
	fail      map[string]error     // by use case
	calls     []string             // changes asked for
	launch    flow.LaunchState
	report    flow.RunState // of the report on the calendars; "" where there is none
	look      flow.RunState // of what is held about somebody; "" is done
	bare      bool          // nobody has prepared any visit
}

// size says how big a company is made.
type size struct {
	executives, customers, visits int
	text                          func(string) string // put around every text that comes from outside
}

var sampleSize = size{executives: 24, customers: 240, visits: 230}

var hostile = func(s string) string { return s + `"><script>alert(1)</script>'&lt;` }

func plain(s string) string { return s }

var firstNames = []string{"Amara", "Bjorn", "Chen", "Dana", "Eitan", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kofi", "Lena", "Mira", "Noor"}

var lastNames = []string{"Abara", "Berg", "Castro", "Dubois", "Engel", "Fischer", "Gupta", "Haddad", "Ito", "Jansen"}

var functions = []string{"Chief Technology Officer", "CFO", "VP Marketing East", "COO", "VP Product", "Board member", "VP Enablement"}

var cities = []struct {
	name, region, country, zone string
	point                       geo.Point
}{
	{"Minneapolis", "MN", "US", "America/Chicago", geo.Point{}}, {"Zürich", "ZH", "CH", "Europe/Zurich", geo.Point{}},
	{"San Francisco", "CA", "US", "America/Los_Angeles", geo.Point{}}, {"Singapore", "", "SG", "Asia/Singapore", geo.Point{}},
	{"Atlanta", "GA", "US", "America/New_York", geo.Point{}},
}

var groupNames = []struct {
	code, label string
	n           int
}{
	{"ST", "Strategic", 40}, {"EN", "Enterprise", 900}, {"MM", "Mid-market", 9000}, {"SB", "Small business", 84000},
	{"PS", "Public sector", 2100}, {"LA", "Lapsed / at risk", 3960}, {"OT", "Other", 120},
}

func uuidOf(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

// makeStory makes a company in the middle of its year.
func makeStory(z size) *story {
	if z.text == nil {
		z.text = plain
	}
	now := time.Date(2027, 6, 14, 6, 0, 0, 0, time.UTC)
	s := &story{now: now, today: slot.MakeDate(2027, 6, 14), year: 2027, events: map[string]flow.CalendarEvent{}, runState: flow.Running, fail: map[string]error{}}
	for i := range z.executives {
		c := cities[i%len(cities)]
		p := roster.Person{ID: uuidOf(1, i), Key: fmt.Sprintf("E%03d", i), Name: z.text(firstNames[i%14] + " " + lastNames[i/14%10]), Email: fmt.Sprintf("e%03d@example.com", i),
			Function: z.text(functions[i%7]), Zone: c.zone, Roles: []roster.Role{roster.Executive}, Office: roster.Office{City: z.text(c.name), Country: c.country}, Version: 1}
		p.Terms = roster.Terms{MaxPerWeek: 2, MaxPerMonth: 4, TargetVisits: 12, LastVisit: slot.MakeDate(2026, 12, 1+i%28)}
		s.people = append(s.people, p)
	}
	for i := range 8 {
		s.people = append(s.people, roster.Person{ID: uuidOf(2, i), Name: z.text("Host " + lastNames[i]), Email: fmt.Sprintf("h%d@example.com", i), Phone: "+1 612 555 010" + fmt.Sprint(i), Roles: []roster.Role{roster.Host}, Zone: "America/Chicago", Version: 1})
	}
	for i, r := range []roster.Role{roster.VP, roster.CEO, roster.Administrator, roster.Assistant} {
		p := roster.Person{ID: uuidOf(3, i), Name: z.text([]string{"Vera Pohl", "Carla Otero", "Adam Minh", "Asa Tanaka"}[i]), Email: fmt.Sprintf("p%d@example.com", i), Roles: []roster.Role{r}, Zone: "Europe/Zurich", Version: 1}
		if r == roster.Assistant {
			p.Serves = []string{uuidOf(1, 0), uuidOf(1, 1)}
		}
		s.people = append(s.people, p)
	}
	for i, g := range groupNames {
		s.groups = append(s.groups, flow.Group{Code: g.code, Label: z.text(g.label), Colour: (i + 1) % 7, Customers: g.n, Target: 20 + z.visits/7})
		s.strata = append(s.strata, sampling.Stratum{Code: g.code, Label: z.text(g.label), N: g.n, X: z.visits / 7, Pi: float64(z.visits) / 7 / float64(g.n), Weight: float64(g.n) * 7 / float64(max(1, z.visits)), Must: i == 0})
	}
	for i := range z.customers {
		c := cities[i%len(cities)]
		x := roster.Customer{ID: uuidOf(4, i), Key: fmt.Sprintf("C%05d", i), Name: z.text(fmt.Sprintf("%s %s %d", lastNames[i*7%10], []string{"Industries", "Foods", "Health", "Energy", "Logistics"}[i%5], 1000+i)),
			Address: z.text("1 Main Street"), City: z.text(c.name), Region: c.region, Country: c.country, Zone: c.zone, HostID: uuidOf(2, i%8), Revenue: 12345.6, Employees: 31000,
			Values:  map[string]string{"region": z.text([]string{"AMER", "EMEA", "APAC"}[i%3]), "industry": z.text([]string{"Energy", "Retail"}[i%2])},
			Windows: []slot.Interval{{Start: slot.MakeDate(2027, time.Month(1+i%12), 1), End: slot.MakeDate(2027, time.Month(1+i%12), 20)}}, Contact: roster.Contact{Name: z.text("Head of purchasing"), Phone: "+1 415 555 0199", Email: "head@example.com"}, Must: i%40 == 0, Version: 1}
		s.customers = append(s.customers, x)
	}
	s.plan = visit.Plan{ID: uuidOf(5, 1), Year: 2027, Name: z.text("Plan 2027"), State: visit.Draft, SelectionID: uuidOf(6, 1), Horizon: slot.Interval{Start: slot.MakeDate(2027, 1, 1), End: slot.MakeDate(2027, 12, 31)},
		Seed: 1, Cost: map[string]int64{"travel": 120340, "gaps": 4200, "total": 124540}, CreatedAt: now.Add(-72 * time.Hour), Version: 3}
	for i := range z.visits {
		s.visits = append(s.visits, s.makeVisit(i, z))
	}
	slices.SortStableFunc(s.visits, func(a, b visit.Visit) int { return int(a.Slot.Date - b.Slot.Date) })
	if z.customers > 3 {
		s.plan.Unassigned = []visit.Unassigned{{CustomerID: uuidOf(4, 1), Reason: z.text("no executive speaks Finnish")}, {CustomerID: uuidOf(4, 2), Reason: z.text("no free half-day in its window")}}
	}
	file := "Name;Town;Country;Industry;Turnover;First contct;Notes\n"
	for i := range 12 {
		city := "Zürich"
		if i%4 == 1 {
			city = "Zürch"
		}
		file += fmt.Sprintf("%s;%s;CH;%s;%d;2027-03-0%d;\n", strings.ReplaceAll(z.text(fmt.Sprintf("Muster %d AG", i)), `"`, "”"), city, z.text("Energy")[:6], i*10, i%9+1)
	}
	t, err := intake.Read(strings.NewReader(file), intake.Options{})
	if err != nil {
		panic(err)
	}
	s.table = t
	return s
}

// makeVisit spreads the visits of the year over everybody.
func (s *story) makeVisit(i int, z size) visit.Visit {
	e, c := i%z.executives, s.customers[i%len(s.customers)]
	day := slot.MakeDate(2027, 1, 4).Add((i/z.executives*29+e*5)%330 + e%3)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day++
	}
	g := s.groups[i%len(s.groups)]
	v := visit.Visit{ID: uuidOf(7, i), PlanID: s.plan.ID, Label: fmt.Sprintf("v%d", i), CustomerID: c.ID, HostID: c.HostID, Kind: visit.AtCustomer, WithHost: true,
		Stratum: g.Code, Group: g.Label, Objective: z.text("Hear how the pilot went"), Why: z.text("In the customer’s window, and 4 km from the visit of the day before."), Answer: visit.NoAnswer, Version: 2}
	half := slot.AM
	if i%2 == 1 {
		half = slot.PM
	}
	if err := v.Place(uuidOf(1, e), slot.Slot{Date: day, Half: half}, c.Zone); err != nil {
		panic(err)
	}
	switch {
	case day < s.today && i%11 == 3:
		v.State, v.Reason = visit.NoShow, z.text("The customer called it off.")
	case day < s.today:
		v.State = visit.Held
		v.WithHost = i%9 != 2
	case i%23 == 5:
		v.State, v.Reason = visit.Declined, z.text("Board week")
	default:
		v.State = visit.Published
		v.Answer = []visit.Answer{visit.NoAnswer, visit.Accepted, visit.Tentative}[i%3]
	}
	v.Pinned = i%17 == 4
	if i%61 == 7 && v.State == visit.Published {
		v.Conflict = z.text("The executive moved the event to Tue 3 Aug 10:00; the plan says Mon 2 Aug 09:00.")
		v.AnswerNote = z.text("Could we do Tuesday?")
	}
	return v
}

// draft turns everything ahead into a proposal.
func (s *story) draft() *story {
	for i := range s.visits {
		if v := &s.visits[i]; v.State == visit.Published || v.State == visit.Declined {
			v.State = visit.Proposed
		}
	}
	s.plan.State = visit.Draft
	return s
}

func (s *story) live() *story {
	s.plan.State, s.plan.PublishedAt = visit.Live, s.now.Add(-48*time.Hour)
	return s
}

func (s *story) person(id string) roster.Person {
	for _, p := range s.people {
		if p.ID == id {
			return p
		}
	}
	return roster.Person{}
}

func (s *story) cust(id string) roster.Customer {
	for _, c := range s.customers {
		if c.ID == id {
			return c
		}
	}
	return roster.Customer{}
}

func (s *story) failing(name string) error { return s.fail[name] }

func (s *story) change(name string, args ...any) error {
	if err := s.fail[name]; err != nil {
		return err
	}
	s.calls = append(s.calls, strings.TrimSpace(name+" "+fmt.Sprintln(args...)))
	return nil
}

// ---- importing

func (s *story) importView(id string) flow.ImportView {
	v := flow.ImportView{Import: flow.Import{ID: id, Kind: intake.Customers, FileName: s.nameOf("customers 2027.csv"), State: flow.Uploaded, CreatedAt: s.now, CreatedBy: uuidOf(3, 0), Version: 1}}
	v.Headers, v.Guesses = s.table.Headers, intake.Match(intake.Customers, s.table.Headers)
	v.Mapping = intake.MappingOf(v.Guesses)
	if id == "matched" || id == "good" {
		v.Mapping["key"] = 0
		delete(v.Mapping, "name")
		v.Mapping["name"] = 1
		delete(v.Mapping, "city")
	}
	for row := range s.table.Rows(5) {
		v.Sample = append(v.Sample, slices.Clone(row))
	}
	r, err := intake.Parse(intake.Customers, s.table, v.Mapping, intake.Existing{Today: s.today})
	if err != nil {
		v.MappingProblem = err
		return v
	}
	v.Report, v.Counts = r, r.Counts
	if id == "good" {
		v.Report = &intake.Report{Kind: intake.Customers, Counts: intake.Counts{Rows: 12, Create: 9, Update: 2, Unchanged: 1}}
		v.Counts = v.Report.Counts
	}
	return v
}

func (s *story) nameOf(x string) string {
	if strings.Contains(s.plan.Name, "script") {
		return hostile(x)
	}
	return x
}

func (s *story) Upload(_ context.Context, _ access.Actor, k flow.Key, kind intake.Kind, name string, data []byte) (flow.ImportView, error) {
	return s.importView("new"), s.change("upload", kind, name, len(data), k.Key)
}

func (s *story) Import(_ context.Context, _ access.Actor, id string) (flow.ImportView, error) {
	v := s.importView(id)
	if id == "written" {
		v.State, v.Report, v.DoneAt = flow.Confirmed, nil, s.now
		v.Counts = intake.Counts{Rows: 12, Create: 9, Update: 2, Unchanged: 1}
	}
	return v, s.failing("import")
}

func (s *story) Imports(context.Context, access.Actor) ([]flow.Import, error) {
	if len(s.customers) == 0 {
		return nil, nil
	}
	a, b := s.importView("new").Import, s.importView("matched").Import
	b.State = flow.Confirmed
	return []flow.Import{a, b}, s.failing("imports")
}

func (s *story) MapImport(_ context.Context, _ access.Actor, id string, version int, m intake.Mapping) (flow.ImportView, error) {
	return s.importView(id), s.change("map import", id, version, len(m))
}

func (s *story) ConfirmImport(_ context.Context, _ access.Actor, k flow.Key, id string, version int) (flow.ImportView, error) {
	return s.importView(id), s.change("confirm import", id, version, k.Key)
}

func (s *story) RejectedRows(_ context.Context, _ access.Actor, id string, w io.Writer) error {
	v := s.importView(id)
	if v.Report == nil {
		return fault.Conflictf("The columns are not matched yet.")
	}
	return intake.RejectedCSV(w, s.table, v.Report)
}

// ---- selecting

func (s *story) selectionOf() flow.Selection {
	return flow.Selection{ID: uuidOf(6, 1), Year: 2027, Name: s.nameOf("Selection 2027"), Dimensions: []string{"region", s.nameOf("industry")}, Visits: len(s.visits), Seed: s.nameOf("5eed"), FrameHash: strings.Repeat("ab12", 16),
		FrameID: uuidOf(9, 1), Draw: 2, Deviation: sampling.SecondDraw, Reason: s.nameOf("One more executive joined."), RecordHash: strings.Repeat("ef56", 16), Version: 3,
		Design: sampling.Design{Rule: sampling.Mixed, Alpha: 0.75, MinPerStratum: 2, MergeBelow: 2}, SeedCommitment: strings.Repeat("cd34", 16), Strata: s.strata, CreatedAt: s.now, MergeLog: []sampling.Merge{{Under: s.nameOf("EMEA"), Dim: "industry", A: []string{s.nameOf("Retail")}, B: []string{"Energy"}, SizeA: 3, SizeB: 9, Expected: "3/2"}}}
}

func (s *story) frameOf() flow.Frame {
	return flow.Frame{ID: uuidOf(9, 1), Year: 2027, Hash: strings.Repeat("ab12", 16), SeedCommitment: strings.Repeat("cd34", 16), SeededAt: s.now, Customers: len(s.customers), Must: 2,
		LeftOut: map[string]int{"no_host": 1}, FrozenAt: s.now}
}

func (s *story) Freeze(_ context.Context, _ access.Actor, k flow.Key, in flow.FreezeInput) (flow.Frame, error) {
	return s.frameOf(), s.change("freeze", in.Year, in.Bands, in.Cuts, in.Must, in.LeaveOut, k.Key)
}

func (s *story) FrameView(ctx context.Context, a access.Actor, _ string) (flow.FrameView, error) {
	dims, _ := s.Dimensions(ctx, a)
	v := flow.FrameView{Frame: s.frameOf(), Dimensions: dims, Revenue: 12_345_000_000, Orders: map[string][]string{"industry": {s.nameOf("Energy"), "Retail"}},
		Excluded: []flow.Excluded{{Name: s.nameOf("Acme"), Code: "no_host", Note: s.nameOf("No salesperson owns the account.")}}, Must: []string{s.nameOf("Muster AG")}}
	if s.year == 2027 && len(s.customers) > 0 {
		v.Earlier = []flow.Selection{s.selectionOf()}
	}
	return v, s.failing("frame")
}

func (s *story) Preview(_ context.Context, _ access.Actor, in flow.DrawInput) (flow.Preview, error) {
	p := flow.Preview{Frame: s.frameOf(), Strata: s.strata, MergeLog: s.selectionOf().MergeLog, Next: []flow.NextVisits{{Code: "EN", Label: "Enterprise", N: 100}}, Warnings: []string{s.nameOf("Too few for an interval.")}, Reason: true}
	p.Lines, p.Distance, p.Weighted = sampling.Lines(s.strata, nil)
	p.Precision = sampling.PrecisionOf(s.strata)
	return p, s.change("preview", in.Design.Visits, s.namesOf(in.Design.Dimensions))
}

func (s *story) Draw(ctx context.Context, a access.Actor, k flow.Key, in flow.DrawInput) (flow.SelectionView, error) {
	v, _ := s.Selection(ctx, a, "")
	return v, s.change("draw", in.Design.Visits, s.namesOf(in.Design.Dimensions), in.Design.Rule, in.Reason, k.Key)
}

func (s *story) Change(ctx context.Context, a access.Actor, k flow.Key, id string, version int, in flow.ChangeInput) (flow.SelectionView, error) {
	v, _ := s.Selection(ctx, a, "")
	return v, s.change("change selection", version, in.Kind, in.Customer, in.Code, in.Reason, k.Key)
}

func (s *story) BringTeamList(ctx context.Context, a access.Actor, k flow.Key, id, name string, data []byte) (flow.SelectionView, error) {
	v, _ := s.Selection(ctx, a, "")
	return v, s.change("team list", name, len(data), k.Key)
}

func (s *story) DrawRecord(context.Context, access.Actor, string) (flow.Selection, []byte, error) {
	return s.selectionOf(), []byte("{\"format\":\"windshield.draw/1\"}\n"), s.failing("record")
}

// Proof draws a small list for real, so that the page shows what it will show.
func (s *story) Proof(ctx context.Context, a access.Actor, _ string) (flow.Proof, error) {
	v, _ := s.Selection(ctx, a, "")
	if len(s.customers) == 0 {
		return flow.Proof{SelectionView: v}, s.failing("proof")
	}
	var units []sampling.Unit
	for i, c := range s.customers {
		units = append(units, sampling.Unit{ID: c.ID, Revenue: int64(i * 1e6), Values: c.Values, Must: c.Must})
	}
	f, err := sampling.Freeze(units, nil)
	if err != nil {
		panic(err)
	}
	d := sampling.Design{Dimensions: sampling.Named("region"), Visits: max(len(units)/4, 1), Seed: "seed", Year: 2027}
	drawn, err := sampling.Select(f, d)
	if err != nil {
		panic(err)
	}
	p := flow.Proof{SelectionView: v, Frames: []flow.Frame{s.frameOf(), s.frameOf()}, Content: flow.FrameSummary{Revenue: 12_000_000_000, Must: 60, Musts: []string{s.nameOf("Alpine Instruments"), s.nameOf("Borealis Energy")}, Excluded: []sampling.CodeCount{{Code: "no_host", N: 2}, {Code: s.nameOf("odd"), N: 1}}}}
	p.Frames[1].Reason = s.nameOf("Drawn by lot before the works council.")
	p.Frame, p.Strata, p.Selection.Strata, p.Responses = s.frameOf(), drawn.Strata, drawn.Strata, sampling.Respond(drawn, []sampling.Replacement{{Refused: units[0].ID, Code: "declined"}})
	p.Responses.Refused, p.Responses.Replaced = 3, 2
	if p.Drawn, err = sampling.Represent(f, drawn, nil); err != nil {
		panic(err)
	}
	p.Planned, p.Held = &p.Drawn, &p.Drawn
	if p.Reference, err = sampling.Redraws(context.Background(), f, d, 100); err != nil {
		panic(err)
	}
	picked, err := sampling.ComparePicked(f, drawn, []string{units[0].ID, units[3].ID, "nobody"})
	if err != nil {
		panic(err)
	}
	p.Picked, p.TeamList = &picked, flow.TeamList{Name: s.nameOf("wishes.csv"), Unknown: []string{s.nameOf("line 4: Acme")}, Unread: 240, BroughtAt: s.now}
	p.Weights, p.Draws = [2]float64{0.6, 3.2}, []flow.Selection{p.Selection, p.Selection}
	p.Shortfalls = []string{s.nameOf("3 of the 60 customers have no place in the plan.")}
	return p, s.failing("proof")
}

func (s *story) namesOf(dims []sampling.Dimension) (out []string) {
	for _, d := range dims {
		out = append(out, d.Name)
	}
	return out
}

func (s *story) Selection(context.Context, access.Actor, string) (flow.SelectionView, error) {
	v := flow.SelectionView{Selection: s.selectionOf(), Names: map[string]string{}, Groups: s.groups, Behind: 2, Stands: len(s.visits)}
	for i, x := range s.visits {
		c := flow.Chosen{State: flow.ChosenDrawn, Stands: true, Visit: x, SelectionRow: flow.SelectionRow{CustomerID: x.CustomerID, Stratum: x.Stratum, Cell: s.nameOf("Retail"), Taken: true, Must: i%40 == 0, Pi: .1, Weight: 10.04, U: .123456789, Rank: i/7 + 1}}
		switch i % 31 {
		case 3:
			c.State, c.Stands, c.Code, c.Reason = flow.ChosenRefused, false, "declined", s.nameOf("No time")
			if i > 5 {
				c.Other = s.visits[0].CustomerID
			}
		case 5:
			c.State, c.Other = flow.ChosenTookOver, s.visits[1].CustomerID
		case 7:
			c.State, c.Reason = flow.ChosenByHand, s.nameOf("The board wants to go there.")
		}
		v.Rows = append(v.Rows, c)
		v.Names[x.CustomerID] = s.cust(x.CustomerID).Name
	}
	if len(s.visits) > 2 {
		v.Changes = []flow.SelectionChange{{N: 1, Kind: flow.ChangeRefused, CustomerID: s.visits[0].CustomerID, ReplacementID: s.visits[1].CustomerID, Code: "declined", Reason: s.nameOf("No time"), At: s.now},
			{N: 2, Kind: flow.ChangeAdded, CustomerID: s.visits[2].CustomerID, Reason: s.nameOf("The board wants to go there."), At: s.now}}
		v.Effects = []sampling.Effect{{Code: "EN", Label: s.nameOf("Enterprise"), Added: 1, Before: 2, After: 1.9}}
	}
	v.Distance.TotalVariation = 0.0123
	return v, s.failing("selection")
}

func (s *story) Selections(context.Context, access.Actor, int) ([]flow.Selection, error) {
	if len(s.customers) == 0 {
		return nil, s.failing("selections")
	}
	return []flow.Selection{s.selectionOf()}, s.failing("selections")
}

func (s *story) Dimensions(context.Context, access.Actor) (map[string]map[string]int, error) {
	d := map[string]map[string]int{}
	for _, c := range s.customers {
		for k, v := range c.Values {
			if d[k] == nil {
				d[k] = map[string]int{}
			}
			d[k][v]++
		}
	}
	return d, s.failing("dimensions")
}

// ---- planning

func (s *story) runOf() flow.Run {
	r := flow.Run{ID: uuidOf(8, 1), PlanName: s.nameOf("Plan 2027"), SelectionID: uuidOf(6, 1), Seed: 1, Seconds: 30, State: s.runState, CreatedAt: s.now.Add(-20 * time.Second), StartedAt: s.now.Add(-18 * time.Second),
		Cost: map[string]int64{"unassigned": 1, "overdue_days": 3, "travel_km": 93500, "total": 124333}, SetID: uuidOf(9, 1),
		Bound: flow.Bound{Total: 101000, Method: "cheapest year of each executive under prices for visits"}, Scenario: flow.Scenario{PerWeek: 1}}
	for i := range 12 {
		r.Trail = append(r.Trail, flow.Mark{Millis: int64(i * 900), Total: int64(400000/(i+1)) + 91000,
			Cost:   map[string]int64{"unassigned": int64(12 - i), "overdue_days": int64(40 / (i + 1)), "travel_km": int64(91000 + 30000/(i+1))},
			Groups: map[string]flow.Tally{"G1": {Placed: 8 + i, Wanted: 20}, "G2": {Placed: 3, Wanted: 21}}})
	}
	switch s.runState {
	case flow.Queued:
		r.Trail, r.Cost, r.StartedAt = nil, nil, time.Time{}
	case flow.Done:
		r.EndedAt, r.PlanID = s.now, s.plan.ID
	case flow.Failed:
		r.EndedAt, r.Error = s.now, s.nameOf("No executive is free in 2027.")
	case flow.Cancelled:
		r.EndedAt = s.now
	}
	return r
}

func (s *story) StartPlan(_ context.Context, _ access.Actor, k flow.Key, in flow.PlanInput) (flow.Run, error) {
	return s.runOf(), s.change("start plan", in.SelectionID, in.Seconds, in.Seed, k.Key)
}

func (s *story) RunView(context.Context, access.Actor, string) (flow.RunView, error) {
	v := flow.RunView{Run: s.runOf()}
	for i, label := range []string{"Enterprise", "Mid-market", "Small business", "Public sector", "Start-ups", "Latin America", "Labs", "Clubs"} {
		if v.Trail != nil {
			g := flow.Group{Code: fmt.Sprintf("G%d", i+1), Label: s.nameOf(label), Target: 20 + i, Planned: 20 - 2*i}
			if i < 6 {
				g.Colour = i + 1
			}
			v.Groups = append(v.Groups, g)
		}
	}
	return v, s.failing("run")
}

func (s *story) Runs(context.Context, access.Actor) ([]flow.Run, error) {
	if len(s.customers) == 0 {
		return nil, nil
	}
	return []flow.Run{s.runOf()}, s.failing("runs")
}

func (s *story) StopRun(_ context.Context, _ access.Actor, id string) (flow.Run, error) {
	return s.runOf(), s.change("stop run", id)
}

func (s *story) CancelRun(_ context.Context, _ access.Actor, id string) (flow.Run, error) {
	if s.runState == flow.Running {
		s.runState = flow.Cancelled
	}
	return s.runOf(), s.change("cancel run", id)
}

func (s *story) Plans(context.Context, access.Actor, int) ([]visit.Plan, error) {
	if len(s.visits) == 0 {
		return nil, s.failing("plans")
	}
	old := s.plan
	old.ID, old.State, old.Name = uuidOf(5, 2), visit.Superseded, s.nameOf("First try")
	other := s.plan
	other.ID, other.State, other.Name = uuidOf(5, 3), visit.Draft, s.nameOf("Another try")
	return []visit.Plan{s.plan, other, old}, s.failing("plans")
}

func (s *story) watched() []coverage.Person {
	var out []coverage.Person
	for i, p := range s.people {
		if !p.Has(roster.Executive) {
			continue
		}
		w := coverage.Person{Person: p, Since: slot.MakeDate(2027, 1, 1)}
		if i%5 == 2 {
			w.Absences = []slot.Interval{{Start: slot.MakeDate(2027, 6, 10), End: slot.MakeDate(2027, 7, 2)}}
		}
		out = append(out, w)
	}
	return out
}

func (s *story) coverGroups() []coverage.Group {
	var out []coverage.Group
	for _, g := range s.groups {
		out = append(out, coverage.Group{Code: g.Code, Label: g.Label, Customers: g.Customers, Target: g.Target})
	}
	return out
}

func (s *story) Plan(c context.Context, a access.Actor, id string, f flow.PlanFilter) (flow.PlanView, error) {
	if err := s.failing("plan"); err != nil {
		return flow.PlanView{}, err
	}
	if id != s.plan.ID {
		return flow.PlanView{}, fault.NotFoundf("There is no such plan.")
	}
	people := s.watched()
	v := flow.PlanView{Plan: s.plan, Today: s.today, Groups: s.groups, Customers: map[string]string{}}
	byID := map[string]roster.Customer{}
	for _, c := range s.customers {
		byID[c.ID] = c
		v.Customers[c.ID] = c.Name
	}
	v.Year = coverage.Year(coverage.YearInput{Horizon: s.plan.Horizon, Visits: s.visits, People: people, Strata: s.coverGroups(), TravelKM: 812340})
	theirs := map[string][]flow.PlanVisit{}
	windows := map[string][]slot.Interval{}
	for i, x := range s.visits {
		c := byID[x.CustomerID]
		theirs[x.ExecutiveID] = append(theirs[x.ExecutiveID], flow.PlanVisit{Visit: x, Customer: c.Name, InWindow: slot.In(x.Slot.Date, c.Windows)})
		if i%9 == 0 {
			windows[x.ExecutiveID] = append(windows[x.ExecutiveID], c.Windows...)
		}
	}
	for _, p := range people {
		if f.Search != "" && !strings.Contains(p.Name, f.Search) || f.Country != "" && p.Office.Country != f.Country {
			continue
		}
		r := flow.PlanRow{Executive: p.Person, Visits: theirs[p.ID], Absences: p.Absences, Windows: windows[p.ID]}
		for _, t := range v.Year.Trips {
			if t.PersonID == p.ID {
				r.Trips = append(r.Trips, t.Interval)
			}
		}
		r.Count, r.Weeks = len(r.Visits), make([]int, len(v.Year.Weeks))
		for _, x := range r.Visits {
			r.Looked = r.Looked || x.Label == f.Visit
			if w := x.Slot.Date.Sub(v.Year.Weeks[0].Monday) / 7; x.State.Stands() && w >= 0 && w < len(r.Weeks) {
				r.Weeks[w]++
			}
			if x.ToDecide() != "" {
				v.Conflicts = append(v.Conflicts, flow.PlanConflict{PlanVisit: x, Executive: p.Name})
			}
			if x.State == visit.Proposed {
				v.Told.Visits++
				v.Told.Executives, v.Told.Hosts = v.Told.Executives+1, v.Told.Hosts+1
			}
		}
		v.Countries = append(v.Countries, p.Office.Country)
		v.Rows = append(v.Rows, r)
	}
	if f.Open != nil {
		open := f.Open(v.Rows)
		for i := range v.Rows {
			if r := &v.Rows[i]; !open[r.Executive.ID] {
				r.Closed, r.Visits, r.Absences, r.Windows = true, nil, nil, nil
			}
		}
	}
	slices.Sort(v.Countries)
	v.Countries = slices.Compact(v.Countries)
	v.Shown = len(v.Rows)
	for _, p := range people {
		v.People = append(v.People, flow.PersonName{ID: p.ID, Name: p.Name})
	}
	v.Steps, _ = s.PlanSteps(c, a, id)
	return v, nil
}

func (s *story) Publish(_ context.Context, _ access.Actor, k flow.Key, id string, version int, in flow.PublishInput) (flow.Published, error) {
	return flow.Published{PlanID: id, Visits: len(s.visits), Unchanged: s.plan.State == visit.Live}, s.change("publish", id, version, k.Key)
}

// ---- visiting

func (s *story) view(v visit.Visit) flow.VisitView {
	w := flow.VisitView{Visit: v, Customer: s.cust(v.CustomerID), Executive: s.person(v.ExecutiveID), Host: s.person(v.HostID), Plan: s.plan}
	for _, g := range s.groups {
		if g.Code == v.Stratum {
			w.Group = g
		}
	}
	w.Counts, w.WhyNot = v.Counts()
	w.MayAnswer = v.State == visit.Published && v.Start.After(s.now)
	w.MayRecord = (v.State == visit.Held || v.State == visit.NoShow || v.State == visit.Published) && !v.Start.After(s.now)
	w.MayPin = v.State == visit.Proposed || w.MayAnswer
	return w
}

func (s *story) Visit(_ context.Context, _ access.Actor, id string) (flow.VisitView, error) {
	if err := s.failing("visit"); err != nil {
		return flow.VisitView{}, err
	}
	for _, v := range s.visits {
		if v.ID != id {
			continue
		}
		w := s.view(v)
		e := flow.CalendarEvent{VisitID: v.ID, Calendar: "visits@example.com", State: flow.EventApplied}
		if v.Conflict != "" {
			e.State, e.Problem = flow.EventConflict, s.nameOf("The event was moved by a person.")
		}
		if v.State != visit.Proposed {
			w.Events = []flow.CalendarEvent{e}
			if v.Conflict != "" {
				w.Calendar = calendarOf()
			}
			w.History = s.history(v)
		}
		w.MayAgree = v.State.Live() && v.Start.After(s.now)
		w.MayCancel, w.MayUndo, w.Needless, w.Invites = w.MayAgree, w.MayAgree, w.MayAgree, true
		if w.MayAgree {
			for _, good := range []visit.LinkState{visit.LinkOpen, visit.LinkUsed, visit.LinkWithdrawn, visit.LinkExpired} {
				w.Links = append(w.Links, flow.LinkView{Link: visit.Link{ID: "l" + string(good), Email: s.nameOf("eva@a.example"), MadeAt: s.now, Expires: s.now}, Good: good, MayEnd: good == visit.LinkOpen})
			}
		}
		for _, n := range s.visits {
			if d := n.Slot.Date.Sub(v.Slot.Date); n.ExecutiveID == v.ExecutiveID && n.ID != v.ID && d >= -30 && d <= 30 {
				w.Neighbours = append(w.Neighbours, n)
			}
		}
		return w, nil
	}
	return flow.VisitView{}, fault.NotFoundf("There is no such visit.")
}

func (s *story) Visits(_ context.Context, _ access.Actor, q flow.VisitQuery) (rows []flow.VisitView, next string, err error) {
	for _, v := range s.visits {
		if (q.From.IsZero() || v.Slot.Date >= q.From) && (q.To.IsZero() || v.Slot.Date <= q.To) && len(rows) < q.Limit {
			rows = append(rows, s.view(v))
		}
	}
	if len(s.visits) > len(rows) && q.After == "" {
		next = "cursor&x=1"
	}
	return rows, next, s.failing("visits")
}

func (s *story) Answer(_ context.Context, _ access.Actor, id string, version int, answer visit.Answer, note string) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("answer", id, version, answer, note)
}

func (s *story) PinVisit(_ context.Context, _ access.Actor, id string, version int, pinned bool) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("pin", id, version, pinned)
}

func (s *story) Brief(ctx context.Context, a access.Actor, id string) (flow.BriefView, error) {
	v, err := s.Visit(ctx, a, id)
	b := flow.BriefView{VisitView: v, Askers: map[string]string{"x": s.nameOf("Ada")}, MayEdit: v.Visit.Start.After(s.now), MayAsk: v.MayAgree}
	if err != nil || s.bare {
		return b, err
	}
	b.Visit.Theirs = visit.Said{Words: s.nameOf("See how others run it"), By: s.nameOf("Eva"), On: v.Visit.Slot.Date.Add(-30)}
	b.Visit.Agenda = []visit.AgendaItem{{At: "09:30", What: s.nameOf("Plant tour")}, {What: s.nameOf("Lunch")}}
	b.Promised = []string{s.nameOf("The price list")}
	b.Brief = visit.Brief{VisitID: id, People: []visit.Attendee{{Name: s.nameOf("Eva"), Role: s.nameOf("Production"), Theirs: true}, {Name: s.nameOf("Kim")}}, Travel: s.nameOf("Train 7:32"),
		Questions: []string{s.nameOf("Who decides?")}, Elephants: []string{s.nameOf("The delay")}, Asks: []visit.Ask{{Text: s.nameOf("What would make it fail?")}, {Text: s.nameOf("Who else?"), By: "x"}}, Version: 3}
	return b, err
}

func (s *story) SaveBrief(_ context.Context, _ access.Actor, id string, version int, in flow.BriefInput) (flow.BriefView, error) {
	return flow.BriefView{}, s.change("brief", id, version, in)
}

func (s *story) AddQuestion(_ context.Context, _ access.Actor, id, question string) (flow.BriefView, error) {
	return flow.BriefView{}, s.change("question", id, question)
}

func (s *story) SendLink(_ context.Context, _ access.Actor, id string, version int, email string) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("link", id, version, email)
}

func (s *story) WithdrawLink(_ context.Context, _ access.Actor, id, link string) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("withdraw", id, link)
}

func (s *story) CustomerVisit(ctx context.Context, token, _ string) (flow.CustomerPage, error) {
	if err := s.fail["customer"]; err != nil || token != "good" || len(s.visits) == 0 {
		return flow.CustomerPage{}, cmp.Or(err, error(fault.NotFoundf("This link no longer works.")))
	}
	b, err := s.Brief(ctx, access.Actor{}, s.visits[len(s.visits)-1].ID)
	return flow.CustomerPage{Name: s.nameOf("Eva Lang"), Customer: b.Customer, Executive: b.Executive, Host: b.Host, Visit: b.Visit, Expires: s.now, Print: "p1"}, err
}

func (s *story) ConfirmAsCustomer(ctx context.Context, token, remote, print string, in flow.CustomerAnswer) (flow.CustomerPage, error) {
	if err := s.change("confirm", token, print, in); err != nil {
		return flow.CustomerPage{}, err
	}
	return s.CustomerVisit(ctx, token, remote)
}

// history gives one step of each sort.
func (s *story) history(v visit.Visit) []flow.StepView {
	was, is := v.Spot(), v.Spot()
	was.Slot.Date--
	step := func(x visit.Step) flow.StepView {
		x.At = s.now
		return flow.StepView{Step: x, Who: s.nameOf("Hugo Host"), WasWho: s.nameOf("Ada"), Whom: s.nameOf("Ben")}
	}
	return []flow.StepView{step(visit.Step{From: visit.Cancelled, To: visit.Published, Undone: true}),
		step(visit.Step{From: visit.Published, To: visit.Cancelled, Code: visit.ByCustomer, Words: s.nameOf("ill")}),
		step(visit.Step{From: visit.Agreed, To: visit.Published, Was: was, Is: is}), step(visit.Step{From: visit.Confirmed, To: visit.Agreed, Words: "a new agenda"}),
		step(visit.Step{From: visit.Published, To: visit.Agreed, Words: s.nameOf("With Eva.")}), step(visit.Step{From: visit.Proposed, To: visit.Published})}
}

func (s *story) Agree(_ context.Context, _ access.Actor, id string, version int, in flow.Agreed) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("agree", id, version, in)
}

func (s *story) Cancel(_ context.Context, _ access.Actor, id string, version int, code visit.Code, words string) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("cancel", id, version, code, words)
}

func (s *story) Decline(_ context.Context, _ access.Actor, id string, version int, code visit.Code, note string) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("decline", id, version, code, note)
}

func (s *story) UndoVisit(_ context.Context, _ access.Actor, id string, version int) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("undo", id, version)
}

func (s *story) RecordOutcome(_ context.Context, _ access.Actor, id string, version int, o flow.Outcome) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("outcome", id, version, o.Held, o.Kind, o.WithHost, o.Note)
}

func (s *story) My(_ context.Context, a access.Actor, id string) (flow.MyView, error) {
	if err := s.failing("my"); err != nil {
		return flow.MyView{}, err
	}
	v := flow.MyView{Today: s.today}
	if id == "" {
		id = a.PersonID
		if len(a.Serves) > 0 {
			id = a.Serves[0]
		}
	}
	for _, x := range a.Serves {
		v.Served = append(v.Served, s.person(x))
	}
	v.Executive = s.person(id)
	var theirs []*visit.Visit
	for i := range s.visits {
		x := &s.visits[i]
		if x.ExecutiveID != id {
			continue
		}
		theirs = append(theirs, x)
		w := s.view(*x)
		v.Visits = append(v.Visits, w)
		if v.Next == nil && x.State == visit.Published && x.Start.After(s.now) {
			v.Next = &w
		}
	}
	v.Clock = alert.Clock(alert.Watch{PersonID: id, LastVisit: v.Executive.Terms.LastVisit, Today: s.today}, theirs, s.today.Add(90))
	if v.Clock.Overdue {
		v.Alert, v.MayNote = &flow.AlertView{Alert: flow.Alert{PersonID: id, Breach: v.Clock.Breach, Open: true, RaisedAt: s.now, SilentUntil: s.today.Add(2), SeenOn: s.today, Note: s.nameOf("A visit is agreed.")},
			NotedBy: s.nameOf("Assistant"), Rungs: []flow.ToldRung{{PersonID: id, Breach: v.Clock.Breach, Rung: alert.ToPerson, At: s.now}, {PersonID: id, Breach: v.Clock.Breach, Rung: alert.ToVP, At: s.now}}}, true
		v.Ways = []flow.Way{{Text: s.nameOf("Bring the visit forward."), Path: "/visits/x"}, {Text: s.nameOf("Visit the customer nearby.")}}
	}
	return v, nil
}

func (s *story) AnswerAlert(_ context.Context, _ access.Actor, personID string, breach slot.Date, in flow.AlertAnswer) error {
	return s.change("alert", personID, breach.String(), in.Until.String(), in.Reason)
}

func (s *story) Ladder(context.Context, access.Actor) (alert.Ladder, error) {
	return alert.Ladder{VPDays: 4, CEODays: 9}, nil
}

func (s *story) SetLadder(_ context.Context, _ access.Actor, l alert.Ladder, _ string) error {
	return s.change("ladder", l.VPDays, l.CEODays)
}

func (s *story) Customers(_ context.Context, _ access.Actor, q flow.CustomerQuery) (flow.CustomersView, error) {
	v := flow.CustomersView{Hosts: map[string]string{}, Total: len(s.customers)}
	for _, c := range s.customers {
		if len(v.Customers) < q.Limit && strings.Contains(c.Name, q.Search) {
			v.Customers = append(v.Customers, c)
			v.Hosts[c.HostID] = s.person(c.HostID).Name
		}
	}
	if len(s.customers) > len(v.Customers) {
		v.Next = "x"
	}
	return v, s.failing("customers")
}

func (s *story) Customer(_ context.Context, _ access.Actor, id string) (flow.CustomerView, error) {
	v := flow.CustomerView{Customer: s.cust(id), People: map[string]string{}}
	if v.Customer.ID == "" {
		return v, fault.NotFoundf("There is no such customer.")
	}
	v.Host = s.person(v.Customer.HostID)
	for _, x := range s.visits {
		if x.CustomerID == id {
			v.Visits = append(v.Visits, x)
			v.People[x.ExecutiveID] = s.person(x.ExecutiveID).Name
		}
	}
	return v, nil
}

// ---- watching

func (s *story) Connections(context.Context, access.Actor) ([]flow.ConnectionView, error) {
	if len(s.customers) == 0 {
		return nil, s.failing("connections")
	}
	return []flow.ConnectionView{
		{Address: "ok@example.com", Name: s.nameOf("Host Berg"), State: "connected", LastSuccess: s.now, Wanted: 120, Applied: 120},
		{Address: "wait@example.com", Name: s.nameOf("Host Ito"), State: "retrying", LastSuccess: s.now.Add(-time.Hour), LastError: s.nameOf("The calendar asks us to slow down."), Wanted: 20, Applied: 12, Waiting: 8},
		{Address: "lost@example.com", State: "needs action", LastError: s.nameOf("The connection lost its permission: reconnect it."), Wanted: 9, Applied: 2, Waiting: 6,
			Problems: []flow.CalendarEvent{{VisitID: uuidOf(7, 1), Calendar: "lost@example.com", State: flow.EventParked, Problem: s.nameOf("The address of the host is not accepted."), Tries: 4}}},
	}, s.failing("connections")
}

func (s *story) Health(ctx context.Context, a access.Actor) (flow.Health, error) {
	h := flow.Health{At: s.now, Quota: flow.Quota{Used: 812, Limit: 10_000}}
	connections, err := s.Connections(ctx, a)
	for i, c := range connections {
		one := flow.CalendarHealth{ConnectionView: c, Push: flow.PushOpen, PushExpires: s.now.Add(5 * 24 * time.Hour), Quota: flow.Quota{Used: 12, Limit: 600}}
		switch i {
		case 1:
			one.OldestWait, one.Quota = s.now.Add(-90*time.Minute), flow.Quota{Used: 578, Limit: 600, BarredUntil: time.Now().Add(time.Hour)}
		case 2:
			one.OldestWait, one.Parked, one.Push, one.PushExpires, one.PushProblem = s.now.Add(-75*time.Hour), 1, flow.PushRefused, time.Time{}, s.nameOf("pushNotSupportedForRequestedResource")
		}
		h.Calendars = append(h.Calendars, one)
	}
	return h, err
}

func (s *story) RetryCalendar(_ context.Context, _ access.Actor, calendar string) error {
	return s.change("retry", calendar)
}

func (s *story) SyncNow(context.Context, access.Actor) error { return s.change("sync") }

func (s *story) Settle(_ context.Context, _ access.Actor, id string, version int, in flow.Settlement) (flow.VisitView, error) {
	return flow.VisitView{}, s.change("settle", id, version, in)
}

// Conflicts gives two visits: one moved to where it cannot stand, one deleted.
func (s *story) Conflicts(ctx context.Context, a access.Actor) ([]flow.ConflictView, error) {
	var out []flow.ConflictView
	for i, v := range s.visits[:min(2, len(s.visits))] {
		w, err := s.Visit(ctx, a, v.ID)
		if err != nil {
			return nil, err
		}
		w.Visit.Conflict = []string{"Moved in the calendar, but Ann Lee is booked then (Fri 5 Mar, morning).", "Deleted in the calendar. Nobody has been invited again; say so if somebody should be."}[i]
		c := flow.ConflictView{VisitView: w}
		if i == 0 {
			c.Differences = calendarOf().Differences
		}
		out = append(out, c)
	}
	return out, s.failing("conflicts")
}

// calendarOf is an entry with which people did much.
func calendarOf() flow.CalendarView {
	at := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	return flow.CalendarView{MaySettle: true, Uncarried: true, InCalendar: visit.NoAnswer,
		Differences: []calsync.Conflict{
			{Field: calsync.FieldTime, Ours: "2027-03-04T08:00:00Z to 2027-03-04T11:00:00Z", Theirs: "2027-03-05T08:00:00Z to 2027-03-05T11:00:00Z", Print: "p1"},
			{Field: calsync.FieldDescription, Ours: "<b>Ours</b>", Theirs: "<script>alert(1)</script>Bring the demo", Print: "p2"},
			{Field: calsync.FieldGuests, Ours: "ann@vendor.example", Print: "p3"},
		},
		Guests: []flow.GuestView{{Name: "Ann Lee", Email: "ann@vendor.example", Answer: visit.NoAnswer, Ours: true}, {Email: "guest@customer.example", Answer: visit.Refused, Words: "<i>No</i>"}},
		Notes: []flow.CalendarNote{{At: at, Kind: flow.NoteMoved, Words: "2027-03-05 09:00 to 12:00 Europe/Zurich"}, {At: at, Kind: flow.NoteAutoDeclined, Guest: "ann@vendor.example", Words: "declined Away"},
			{At: at, Kind: flow.NoteReset, Guest: "ann@vendor.example", Words: "accepted was said for Thu 4 Mar, morning, 09:00"}, {At: at, Kind: flow.NoteSettled, Field: calsync.FieldTime, Words: "ours"}}}
}

func (s *story) Proposals(context.Context, access.Actor, string, string, int) ([]flow.Proposal, error) {
	return nil, s.failing("proposals")
}

func (s *story) Policy(context.Context, access.Actor) (flow.CalendarPolicy, error) {
	return flow.DefaultPolicy, s.failing("policy")
}

func (s *story) SetPolicy(_ context.Context, _ access.Actor, p flow.CalendarPolicy, _ string) error {
	if err := p.Check(); err != nil {
		return err
	}
	return s.change("set policy", p)
}

func (s *story) PutBack(context.Context, access.Actor, string) error { return s.change("put back") }

func (s *story) Believe(context.Context, access.Actor, string) error { return s.change("believe") }

func (s *story) People(context.Context, access.Actor) ([]roster.Person, error) {
	return s.people, s.failing("people")
}

// signIn is a SignIn that knows one token.
type signIn struct {
	calls []string
	kept  map[string]string
	still atomic.Pointer[access.Actor] // nil: who they were
}

func (s *signIn) Still(c echo.Context) (access.Actor, error) {
	if a := s.still.Load(); a != nil {
		return *a, nil
	}
	return auth.Actor(c), nil
}

func (s *signIn) RequestLink(_ echo.Context, email string) error {
	s.calls = append(s.calls, "request "+email)
	return nil
}

func (s *signIn) Use(_ echo.Context, token string) error {
	s.calls = append(s.calls, "use "+token)
	if token != "good" {
		return fault.NotFoundf("This link is not known.")
	}
	return nil
}

func (s *signIn) SignOut(echo.Context) error { s.calls = append(s.calls, "out"); return nil }

func (s *story) Asked(context.Context, access.Actor, string) (flow.Ask, error) {
	return flow.Ask{}, nil
}
