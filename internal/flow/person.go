package flow

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// PersonChange is what is said of one of us; what is nil stays as it is. People are
// named by their id or their address.
type PersonChange struct {
	Name, Email, Phone, Function *string
	City, Region, Country        *string    // of the office: a city that we know, or all of them ""
	Zone                         *string    // nil: that of the city, where the city changes
	ZoneSince                    *slot.Date // first day in the zone; nil: today. With the zone of today it corrects since when
	Joined, Left                 *slot.Date // first and last day with us; zero: not known
	Manager                      *string    // "" is nobody
	Serves                       *[]string  // executives for whom the person acts
	Assistants                   *[]string  // who act for the person
	Roles                        *[]roster.Role
	MaxPerWeek, MaxPerMonth      *int // visits of an executive
	TargetVisits                 *int // in the planned year
}

// PersonView is one of us with everybody around.
type PersonView struct {
	Person     roster.Person
	Today      slot.Date // where the person lives
	Manager    roster.Person
	Reports    []roster.Person // to the person
	Serves     []roster.Person
	Assistants []roster.Person
	Absences   []roster.Absence
	Calendar   Connection // Version 0 where there is none
}

// Leaving is what it means that somebody leaves on a day.
type Leaving struct {
	On          slot.Date     // the last day with us
	AsExecutive []visit.Visit // that stand after it; they stay until somebody moves or cancels them
	AsHost      []visit.Visit
	Customers   int  // whose host the person is
	More        bool // there are more customers than were counted
	Reports     []roster.Person
	Serves      []roster.Person
	Assistants  []roster.Person
	Calendar    Connection
	LastAdmin   bool // nobody else is administrator: it will be refused
}

// Person gives one of us; for the administrator.
func (f *Flow) Person(ctx context.Context, a access.Actor, id string) (PersonView, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return PersonView{}, err
	}
	return read(ctx, f, func(tx Tx) (PersonView, error) { return f.personView(tx, id) })
}

func (f *Flow) personView(tx Tx, id string) (PersonView, error) {
	all, err := tx.People.All()
	if err != nil {
		return PersonView{}, err
	}
	i := slices.IndexFunc(all, func(p roster.Person) bool { return p.ID == id })
	if i < 0 {
		return PersonView{}, fault.NotFoundf("There is no such person.")
	}
	v := PersonView{Person: all[i], Today: f.todayOf(all[i])}
	for _, q := range all {
		if q.ID == v.Person.ManagerID {
			v.Manager = q
		}
		if q.ManagerID == id {
			v.Reports = append(v.Reports, q)
		}
		if slices.Contains(v.Person.Serves, q.ID) {
			v.Serves = append(v.Serves, q)
		}
		if slices.Contains(q.Serves, id) {
			v.Assistants = append(v.Assistants, q)
		}
	}
	if v.Absences, err = tx.People.Absences(id); err != nil {
		return v, err
	}
	if v.Person.Email != "" {
		v.Calendar, err = tx.Connections.Get(v.Person.Email)
	}
	return v, err
}

// Leaving says what it would mean that somebody's last day is on a day; nothing is
// changed. For the administrator.
func (f *Flow) Leaving(ctx context.Context, a access.Actor, id string, on slot.Date) (Leaving, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return Leaving{}, err
	}
	return read(ctx, f, func(tx Tx) (Leaving, error) {
		w, err := f.personView(tx, id)
		if err != nil {
			return Leaving{}, err
		}
		v := Leaving{On: on, Reports: w.Reports, Serves: w.Serves, Assistants: w.Assistants, Calendar: w.Calendar}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{ExecutiveIDs: []string{id}, HostID: id}, States: visit.LiveStates(), From: max(on, w.Today).Add(1)})
		if err != nil {
			return v, err
		}
		for _, x := range visits {
			if x.ExecutiveID == id {
				v.AsExecutive = append(v.AsExecutive, x)
			} else {
				v.AsHost = append(v.AsHost, x)
			}
		}
		hosted, next, err := tx.Customers.Page(CustomerQuery{Scope: access.Scope{HostID: id}, Limit: 1000})
		if err != nil {
			return v, err
		}
		v.Customers, v.More = len(hosted), next != ""
		admins, err := tx.People.All()
		if err != nil {
			return v, err
		}
		admins = slices.DeleteFunc(admins, func(p roster.Person) bool { return p.ID == id || !staysAdministrator(p) })
		v.LastAdmin = staysAdministrator(w.Person) && len(admins) == 0
		return v, nil
	})
}

// staysAdministrator says whether somebody is administrator without an end.
func staysAdministrator(p roster.Person) bool { return p.Has(roster.Administrator) && p.Left.IsZero() }

// keepAdministrator runs do, and refuses what it did where nobody would stay
// administrator. Of two who do so at once, on either engine, the second waits.
func keepAdministrator(tx Tx, do func() error) error {
	before, err := tx.People.Administrators()
	if err != nil {
		return err
	}
	if err := do(); err != nil || !slices.ContainsFunc(before, staysAdministrator) {
		return err
	}
	after, err := tx.People.Administrators()
	if err == nil && !slices.ContainsFunc(after, staysAdministrator) {
		return fault.Conflictf("Somebody has to stay administrator. Give the role to another person first.")
	}
	return err
}

// CreatePerson makes somebody known who has not come in by an import; for the
// administrator. Errors: Invalid without a name, an address or a zone; Conflict where
// somebody has the address.
func (f *Flow) CreatePerson(ctx context.Context, a access.Actor, k Key, in PersonChange) (PersonView, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return PersonView{}, err
	}
	var bad []fault.Detail
	if in.Name == nil {
		bad = append(bad, fault.Detail{Where: "name", Expected: "a name"})
	}
	if in.Email == nil {
		bad = append(bad, fault.Detail{Where: "email", Expected: "an address such as eva@example.com"})
	}
	if (in.City == nil || *in.City == "") && (in.Zone == nil || *in.Zone == "") {
		bad = append(bad, fault.Detail{Where: "zone", Expected: "an IANA time zone such as Europe/Zurich, or the city of the office"})
	}
	if len(bad) > 0 {
		return PersonView{}, fault.Invalidf("Something is missing.").With(bad...)
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		p := roster.Person{ID: f.NewID(), Key: admittedPrefix + roster.NormalizeEmail(*in.Email)}
		return p.ID, f.writeChange(tx, a, p, in, "create person")
	})
	if err != nil {
		return PersonView{}, err
	}
	return f.Person(ctx, a, id)
}

// ChangePerson changes one of us; for the administrator, of whom one always stays.
// Errors: Stale; Invalid, naming the field; Conflict where nobody would stay
// administrator, or somebody has the address.
func (f *Flow) ChangePerson(ctx context.Context, a access.Actor, id string, version int, in PersonChange) (PersonView, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return PersonView{}, err
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		return keepAdministrator(tx, func() error {
			p, err := tx.People.Get(id)
			if err != nil {
				return err
			}
			if p.Version != version {
				return fault.Stalef("Somebody has changed this person meanwhile. Look at them again.")
			}
			return f.writeChange(tx, a, p, in, "change person")
		})
	})
	if err != nil {
		return PersonView{}, err
	}
	return f.Person(ctx, a, id)
}

// writeChange applies a change and saves whom it touches. The audit entry names what
// changed; of names, addresses and numbers only that they did.
func (f *Flow) writeChange(tx Tx, a access.Actor, p roster.Person, in PersonChange, action string) error {
	people, err := everybody(tx)
	if err != nil {
		return err
	}
	was := p
	c := changing{f: f, people: people, p: &p}
	c.apply(in)
	if len(c.bad) > 0 {
		return fault.Invalidf("This cannot be kept as it is.").With(c.bad...)
	}
	if q, err := tx.People.ByEmail(p.Email); err == nil && q.ID != p.ID {
		return fault.Conflictf("%s has this address.", q.Name).With(fault.Detail{Where: "email", Value: fault.Short(p.Email), Expected: "an address that nobody else has"})
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := tx.People.Save(&p); err != nil {
		return err
	}
	others := c.assistants(in.Assistants)
	if len(c.bad) > 0 {
		return fault.Invalidf("This cannot be kept as it is.").With(c.bad...)
	}
	if err := tx.People.Save(others...); err != nil {
		return err
	}
	if was.Version > 0 && (was.Name != p.Name || was.Email != p.Email || was.Phone != p.Phone) {
		if err := f.refresh(tx, map[string]bool{p.ID: true}, nil); err != nil {
			return err
		}
	}
	if err := tx.Queue.Enqueue(Job{Kind: JobAlerts, Key: "person"}); err != nil {
		return err
	}
	from, to := differences(was, p)
	if len(others) > 0 {
		to["assistants"] = len(*in.Assistants)
	}
	if len(to) == 0 {
		return nil
	}
	return f.audit(tx, a, action, "person/"+p.ID, map[string]any{"from": from, "to": to})
}

// differences says what changed, without personal data.
func differences(was, now roster.Person) (from, to map[string]any) {
	from, to = map[string]any{}, map[string]any{}
	put := func(name string, different bool, a, b any) {
		if different {
			from[name], to[name] = a, b
		}
	}
	put("name", was.Name != now.Name, was.Name != "", "another")
	put("address", was.Email != now.Email, was.Email != "", "another")
	put("phone", was.Phone != now.Phone, was.Phone != "", now.Phone != "")
	put("function", was.Function != now.Function, was.Function, now.Function)
	put("office", was.Office.City != now.Office.City || was.Office.Country != now.Office.Country, strings.Trim(was.Office.City+", "+was.Office.Country, ", "), strings.Trim(now.Office.City+", "+now.Office.Country, ", "))
	put("zone", was.Zone != now.Zone, was.Zone, now.Zone)
	put("zone since", was.LivesSince() != now.LivesSince(), was.LivesSince().String(), now.LivesSince().String())
	put("joined", was.Joined != now.Joined, was.Joined.String(), now.Joined.String())
	put("left", was.Left != now.Left, was.Left.String(), now.Left.String())
	put("manager", was.ManagerID != now.ManagerID, was.ManagerID, now.ManagerID)
	put("serves", !slices.Equal(was.Serves, now.Serves), was.Serves, now.Serves)
	put("roles", !slices.Equal(was.Roles, now.Roles), was.Roles, now.Roles)
	put("terms", was.Terms.MaxPerWeek != now.Terms.MaxPerWeek || was.Terms.MaxPerMonth != now.Terms.MaxPerMonth || was.Terms.TargetVisits != now.Terms.TargetVisits,
		[]int{was.Terms.MaxPerWeek, was.Terms.MaxPerMonth, was.Terms.TargetVisits}, []int{now.Terms.MaxPerWeek, now.Terms.MaxPerMonth, now.Terms.TargetVisits})
	return from, to
}

// changing applies a change to a person and collects what is wrong with it.
type changing struct {
	f      *Flow
	people map[string]roster.Person
	p      *roster.Person
	bad    []fault.Detail
}

func (c *changing) refuse(d fault.Detail) { c.bad = append(c.bad, d) }

// line sets a text of one line.
func (c *changing) line(where string, to *string, in *string, least, most int) {
	if in == nil {
		return
	}
	s, err := text(where, *in, most)
	if _, details := fault.Shown(err); err != nil {
		c.bad = append(c.bad, details...)
		return
	}
	if len(s) < least {
		c.refuse(fault.Detail{Where: where, Expected: "some text"})
		return
	}
	*to = s
}

func (c *changing) number(where string, to *int, in *int, lo, hi int) {
	if in == nil {
		return
	}
	if *in < lo || *in > hi {
		c.refuse(fault.Detail{Where: where, Value: fmt.Sprint(*in), Expected: fmt.Sprintf("a whole number from %d to %d", lo, hi)})
		return
	}
	*to = *in
}

func (c *changing) apply(in PersonChange) {
	p := c.p
	c.line("name", &p.Name, in.Name, 1, 200)
	c.line("phone", &p.Phone, in.Phone, 0, 50)
	c.line("function", &p.Function, in.Function, 0, 200)
	if in.Email != nil {
		if email := roster.NormalizeEmail(*in.Email); notify.ValidAddress(email) && len(email) <= 254 {
			p.Email = email
		} else {
			c.refuse(fault.Detail{Where: "email", Value: fault.Short(*in.Email), Expected: "an address such as eva@example.com"})
		}
	}
	c.number("max_per_week", &p.Terms.MaxPerWeek, in.MaxPerWeek, 1, 14)
	c.number("max_per_month", &p.Terms.MaxPerMonth, in.MaxPerMonth, 1, 62)
	c.number("target_visits", &p.Terms.TargetVisits, in.TargetVisits, 0, 500)
	c.place(in)
	c.days(in)
	if in.Roles != nil {
		c.roles(*in.Roles)
	}
	if in.Serves != nil {
		p.Serves = c.all("serves", *in.Serves, func(q roster.Person) (string, bool) {
			return "an executive other than the person", q.Has(roster.Executive) && q.ID != p.ID
		})
		if len(p.Serves) > 0 {
			grant(p, roster.Assistant)
		}
	}
	if in.Manager != nil {
		c.manager(*in.Manager)
	}
}

// place sets the office and the zone.
func (c *changing) place(in PersonChange) {
	p, zone := c.p, c.p.Zone
	city, region, country := p.Office.City, p.Office.Region, p.Office.Country
	for _, x := range []struct {
		to *string
		in *string
	}{{&city, in.City}, {&region, in.Region}, {&country, in.Country}} {
		if x.in != nil {
			*x.to = strings.Join(strings.Fields(*x.in), " ")
		}
	}
	if city != p.Office.City || region != p.Office.Region || country != p.Office.Country {
		code, known := geo.CountryCode(country)
		switch at, err := geo.Lookup(city, code, region); {
		case city == "" && country == "":
			p.Office = roster.Office{}
		case !known:
			c.refuse(fault.Detail{Where: "country", Value: fault.Short(country), Expected: "a country, such as CH or Switzerland"})
		case err != nil:
			d := fault.Detail{Where: "city", Value: fault.Short(city), Expected: "a city of " + geo.CountryName(code) + " with 15,000 people or more"}
			if like := geo.Suggest(city, code); len(like) > 0 {
				d.Mend = "Did you mean " + strings.Join(like, ", ") + "?"
			}
			c.refuse(d)
		default:
			p.Office = roster.Office{City: at.City, Region: at.Region, Country: at.Country, Point: at.Point}
			if p.Terms.Calendar = at.Country; in.Zone == nil {
				zone = at.Zone
			}
		}
	}
	if in.Zone != nil {
		zone = strings.TrimSpace(*in.Zone)
	}
	if _, err := slot.LoadZone(zone); err != nil || zone == "" {
		if len(c.bad) == 0 {
			c.refuse(fault.Detail{Where: "zone", Value: fault.Short(zone), Expected: "an IANA time zone such as Europe/Zurich"})
		}
		return
	}
	today := c.f.today(zone)
	if in.ZoneSince == nil {
		if zone != p.Zone {
			p.MoveTo(zone, today)
		}
		return
	}
	if since := *in.ZoneSince; since > today || since < today.Add(-3653) {
		c.refuse(fault.Detail{Where: "zone_since", Value: since.String(), Expected: "a day until today, at most ten years back", Mend: "Say it on the day of the move."})
		return
	}
	p.MoveTo(zone, *in.ZoneSince)
}

func (c *changing) days(in PersonChange) {
	p := c.p
	joined, left := p.Joined, p.Left
	for _, x := range []struct {
		where string
		to    *slot.Date
		in    *slot.Date
	}{{"joined", &joined, in.Joined}, {"left", &left, in.Left}} {
		if x.in == nil {
			continue
		}
		if d := *x.in; !d.IsZero() && (d.Year() < 1950 || d.Year() > 2100) {
			c.refuse(fault.Detail{Where: x.where, Value: d.String(), Expected: "a day from 1950 to 2100"})
			return
		}
		*x.to = *x.in
	}
	if !joined.IsZero() && !left.IsZero() && left < joined {
		c.refuse(fault.Detail{Where: "left", Value: left.String(), Expected: "a day on or after the first one, " + joined.String()})
		return
	}
	p.Joined, p.Left = joined, left
}

func (c *changing) roles(roles []roster.Role) {
	var kept []roster.Role
	for _, r := range roles {
		if !slices.Contains(roster.Roles, r) {
			c.refuse(fault.Detail{Where: "roles", Value: fault.Short(string(r)), Expected: fmt.Sprint(roster.Roles)})
		} else if !slices.Contains(kept, r) {
			kept = append(kept, r)
		}
	}
	if slices.Contains(kept, roster.Executive) {
		c.p.BecomeExecutive(c.f.todayOf(*c.p))
		if t := &c.p.Terms; t.MaxPerWeek == 0 { // as an import that says nothing of it
			t.MaxPerWeek, t.MaxPerMonth, t.Calendar = 2, 4, cmp.Or(t.Calendar, c.p.Office.Country)
		}
	}
	c.p.Roles = kept
}

// find gives the person with an id or an address.
func (c *changing) find(where, ref string) (roster.Person, bool) {
	if q, ok := c.people[ref]; ok {
		return q, true
	}
	email := roster.NormalizeEmail(ref)
	for _, q := range c.people {
		if q.Email == email && email != "" {
			return q, true
		}
	}
	c.refuse(fault.Detail{Where: where, Value: fault.Short(ref), Expected: "the address of one of us"})
	return roster.Person{}, false
}

// all gives the ids of people who fit, sorted.
func (c *changing) all(where string, refs []string, fits func(roster.Person) (expected string, ok bool)) []string {
	ids := map[string]bool{}
	for _, ref := range refs {
		q, ok := c.find(where, ref)
		if !ok {
			continue
		}
		if expected, ok := fits(q); !ok {
			c.refuse(fault.Detail{Where: where, Value: q.Name, Expected: expected})
			continue
		}
		ids[q.ID] = true
	}
	if len(ids) > 200 {
		c.refuse(fault.Detail{Where: where, Value: fmt.Sprint(len(ids)), Expected: "at most 200 people"})
	}
	return slices.Sorted(maps.Keys(ids))
}

func (c *changing) manager(ref string) {
	if ref = strings.TrimSpace(ref); ref == "" {
		c.p.ManagerID = ""
		return
	}
	m, ok := c.find("manager", ref)
	if !ok {
		return
	}
	people := c.people
	if _, known := people[c.p.ID]; !known {
		people = maps.Clone(people)
		people[c.p.ID] = *c.p
	}
	if err := roster.CheckManager(people, c.p.ID, m.ID); err != nil {
		_, details := fault.Shown(err)
		for i := range details {
			details[i].Expected += c.loop(m.ID)
		}
		c.bad = append(c.bad, details...)
		return
	}
	c.p.ManagerID = m.ID
}

// loop names the circle that a manager would close: "Ana reports to Ben, Ben to Cem".
func (c *changing) loop(managerID string) string {
	names, seen := []string{}, map[string]bool{}
	for id := managerID; id != "" && !seen[id]; id = c.people[id].ManagerID {
		seen[id] = true
		if names = append(names, c.people[id].Name); id == c.p.ID {
			return " (now: " + strings.Join(names, " reports to ") + ")"
		}
	}
	return ""
}

// assistants gives those who begin or cease to act for the person.
func (c *changing) assistants(refs *[]string) []*roster.Person {
	if refs == nil {
		return nil
	}
	want := c.all("assistants", *refs, func(q roster.Person) (string, bool) { return "somebody other than the person", q.ID != c.p.ID })
	if len(want) > 0 && !c.p.Has(roster.Executive) {
		c.refuse(fault.Detail{Where: "assistants", Value: c.p.Name, Expected: "an executive: only for them somebody acts"})
		return nil
	}
	var out []*roster.Person
	for _, id := range slices.Sorted(maps.Keys(c.people)) {
		q := c.people[id]
		serves, should := slices.Contains(q.Serves, c.p.ID), slices.Contains(want, id)
		switch {
		case serves == should:
			continue
		case should:
			q.Serves = append(slices.Clone(q.Serves), c.p.ID)
			slices.Sort(q.Serves)
			grant(&q, roster.Assistant)
		default:
			q.Serves = slices.DeleteFunc(slices.Clone(q.Serves), func(s string) bool { return s == c.p.ID })
		}
		out = append(out, &q)
	}
	return out
}
