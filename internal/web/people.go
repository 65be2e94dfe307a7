package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// peoplePerPage keeps the list of a large company small enough for a phone.
const peoplePerPage = 100

type peopleModel struct {
	Rows             []roster.Person
	Search           string
	Role             roster.Role
	Left             bool // those who have left, instead of those who are with us
	Total            int  // that fit
	Page             int  // from 1
	Earlier, Further string
}

// people lists everybody who fits the filter.
func (p *Pages) people(c echo.Context) error {
	a := auth.Actor(c)
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return err
	}
	m := peopleModel{Search: strings.TrimSpace(c.QueryParam("q")), Role: roster.Role(c.QueryParam("role")), Left: c.QueryParam("left") == "yes", Page: 1}
	if m.Role != "" && !slices.Contains(roster.Roles, m.Role) {
		return fault.Invalidf("This role is not known.").With(fault.Detail{Where: "role", Value: fault.Short(string(m.Role)), Expected: "administrator, vp, ceo, executive, assistant or host"})
	}
	if s := c.QueryParam("page"); s != "" {
		n, bad := wholeOf(s, "page", "the page", 1, 10_000)
		if len(bad) > 0 {
			return fault.Invalidf("This page is not known.").With(bad...)
		}
		m.Page = n
	}
	rows, err := p.Flow.People(ctx(c), a)
	if err != nil {
		return err
	}
	words := strings.ToLower(m.Search)
	rows = slices.DeleteFunc(slices.Clone(rows), func(x roster.Person) bool {
		gone := !x.Left.IsZero() && x.Left < slot.DateOf(p.Now(), p.Now().UTC().Location())
		return gone != m.Left || m.Role != "" && !x.Has(m.Role) ||
			words != "" && !strings.Contains(strings.ToLower(x.Name+" "+x.Email+" "+x.Function), words)
	})
	m.Total = len(rows)
	from := min((m.Page-1)*peoplePerPage, len(rows))
	m.Rows = rows[from:min(from+peoplePerPage, len(rows))]
	at := func(n int) string {
		q := c.QueryParams()
		q.Set("page", itoa(n))
		return "/admin/people?" + q.Encode()
	}
	if m.Page > 1 {
		m.Earlier = at(m.Page - 1)
	}
	if from+peoplePerPage < m.Total {
		m.Further = at(m.Page + 1)
	}
	return p.show(c, http.StatusOK, peoplePage(p.frame(c, "People"), m))
}

// personFields are the fields of the form, which the error summary links to.
var personFields = []string{"name", "email", "phone", "function", "city", "region", "country", "zone", "zone_since", "joined", "left", "manager", "serves", "assistants", "roles", "max_per_week", "max_per_month", "target_visits", "version"}

type personModel struct {
	flow.PersonView
	New     bool
	Form    url.Values // what stands in the fields
	Error   shownError
	Key     string
	Leaving *flow.Leaving // where a last day is about to be set
	Now     roster.Person // as stored, where the form was overtaken
	Stale   bool
}

// at gives what stands in a field.
func (m personModel) at(field string) string { return m.Form.Get(field) }

// ticked says whether a role is chosen.
func (m personModel) ticked(r roster.Role) bool { return slices.Contains(m.Form["role"], string(r)) }

// formOf fills the fields with a person.
func formOf(v flow.PersonView) url.Values {
	x := v.Person
	f := url.Values{"name": {x.Name}, "email": {x.Email}, "phone": {x.Phone}, "function": {x.Function}, "city": {x.Office.City}, "region": {x.Office.Region}, "country": {x.Office.Country},
		"zone": {x.Zone}, "joined": {x.Joined.String()}, "left": {x.Left.String()}, "manager": {v.Manager.Email}, "serves": {addresses(v.Serves)}, "assistants": {addresses(v.Assistants)},
		"version": {itoa(x.Version)}, "max_per_week": {itoa(x.Terms.MaxPerWeek)}, "max_per_month": {itoa(x.Terms.MaxPerMonth)}, "target_visits": {itoa(x.Terms.TargetVisits)}}
	if d := x.LivesSince(); !d.IsZero() {
		f.Set("zone_since", d.String())
	}
	for _, r := range x.Roles {
		f.Add("role", string(r))
	}
	return f
}

func addresses(people []roster.Person) string {
	var out []string
	for _, x := range people {
		out = append(out, x.Email)
	}
	return strings.Join(out, "\n")
}

func (p *Pages) person(c echo.Context) error {
	v, err := p.Flow.Person(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return p.showPerson(c, http.StatusOK, personModel{PersonView: v, Form: formOf(v)})
}

func (p *Pages) showPerson(c echo.Context, status int, m personModel) error {
	title := m.Person.Name
	if m.New {
		title = "Somebody new"
	}
	f := p.frame(c, title)
	f.Narrow = true
	m.Key = p.NewKey()
	return p.show(c, status, personPage(f, m))
}

func (p *Pages) newPerson(c echo.Context) error {
	if err := access.Require(auth.Actor(c), access.ManagePeople, access.Subject{}); err != nil {
		return err
	}
	return p.showPerson(c, http.StatusOK, personModel{New: true, Form: url.Values{}})
}

// personChange reads the form. What is as it was is left out, so that two people who
// change different things of one person do not undo each other's office or zone.
func personChange(form url.Values) (in flow.PersonChange, err error) {
	var bad []fault.Detail
	str := func(field string) *string {
		if _, there := form[field]; !there {
			return nil
		}
		s := strings.TrimSpace(form.Get(field))
		return &s
	}
	number := func(field, label string, lo, hi int) *int {
		if strings.TrimSpace(form.Get(field)) == "" {
			return nil
		}
		n, wrong := wholeOf(form.Get(field), field, label, lo, hi)
		bad = append(bad, wrong...)
		return &n
	}
	date := func(field string) *slot.Date {
		s := str(field)
		if s == nil {
			return nil
		}
		var d slot.Date
		if *s != "" {
			var err error
			if d, err = slot.ParseDate(*s); err != nil {
				bad = append(bad, fault.Detail{Where: field, Value: fault.Short(*s), Expected: "a date such as 2027-03-04"})
			}
		}
		return &d
	}
	several := func(field string) *[]string {
		if _, there := form[field]; !there {
			return nil
		}
		list := strings.FieldsFunc(form.Get(field), func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' || r == ' ' })
		return &list
	}
	in = flow.PersonChange{Name: str("name"), Email: str("email"), Phone: str("phone"), Function: str("function"), City: str("city"), Region: str("region"), Country: str("country"),
		Zone: str("zone"), Joined: date("joined"), Left: date("left"), Manager: str("manager"), Serves: several("serves"), Assistants: several("assistants"),
		MaxPerWeek: number("max_per_week", "visits a week", 1, 14), MaxPerMonth: number("max_per_month", "visits a month", 1, 62), TargetVisits: number("target_visits", "visits in the year", 0, 500)}
	if d := date("zone_since"); d != nil && !d.IsZero() {
		in.ZoneSince = d
	}
	if in.Zone != nil && *in.Zone == "" {
		in.Zone = nil
	}
	roles := []roster.Role{}
	for _, r := range form["role"] {
		roles = append(roles, roster.Role(r))
	}
	in.Roles = &roles
	if len(bad) > 0 {
		return in, fault.Invalidf("This cannot be read.").With(bad...)
	}
	return in, nil
}

// createPerson makes somebody known.
func (p *Pages) createPerson(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	in, err := personChange(form)
	var v flow.PersonView
	if err == nil {
		v, err = p.Flow.CreatePerson(ctx(c), auth.Actor(c), key(c, form.Encode()), in)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showPerson(c, status, personModel{New: true, Form: form, Error: shown(err, personFields...)})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/people/"+v.Person.ID, "person_made")
}

// changePerson changes somebody. Where a last day is set, it is first shown what that
// means.
func (p *Pages) changePerson(c echo.Context) error {
	a, id := auth.Actor(c), c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	before, err := p.Flow.Person(ctx(c), a, id)
	if err != nil {
		return err
	}
	in, err := personChange(form)
	stored := formOf(before)
	same := func(fields ...string) bool {
		return !slices.ContainsFunc(fields, func(f string) bool {
			_, there := form[f]
			return there && strings.TrimSpace(form.Get(f)) != stored.Get(f)
		})
	}
	if same("city", "region", "country") {
		in.City, in.Region, in.Country = nil, nil, nil
	} else if same("zone") {
		in.Zone = nil // the zone follows the city, unless another one is typed
	}
	if same("zone", "zone_since") {
		in.Zone, in.ZoneSince = nil, nil
	} else if same("zone_since") {
		in.ZoneSince = nil // of the zone before
	}
	if err == nil && in.Left != nil && !in.Left.IsZero() && *in.Left != before.Person.Left && form.Get("leaving") != in.Left.String() {
		l, err := p.Flow.Leaving(ctx(c), a, id, *in.Left)
		if err != nil {
			return err
		}
		return p.showPerson(c, http.StatusOK, personModel{PersonView: before, Form: form, Leaving: &l})
	}
	if err == nil {
		_, err = p.Flow.ChangePerson(ctx(c), a, id, ver, in)
	}
	if fault.Is(err, fault.Stale) {
		form.Set("version", itoa(before.Person.Version))
		return p.showPerson(c, http.StatusConflict, personModel{PersonView: before, Form: form, Stale: true, Now: before.Person,
			Error: shown(fault.Stalef("Somebody changed this person meanwhile. Nothing of yours was written: your entries stand below, and beside them how it is now. Save again to keep yours."))})
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showPerson(c, status, personModel{PersonView: before, Form: form, Error: shown(err, personFields...)})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/people/"+id, "person_changed")
}

type contactsModel struct {
	CustomerID  string
	Known       []flow.KnownContact
	Name, Email string
	Error       shownError
}

// contacts lists the people of a customer whom our data name.
func (p *Pages) contacts(c echo.Context) error { return p.showContacts(c, http.StatusOK, nil) }

func (p *Pages) showContacts(c echo.Context, status int, refused error) error {
	id := c.Param("id")
	known, err := p.Flow.Contacts(ctx(c), auth.Actor(c), id)
	if err != nil {
		return err
	}
	f := p.frame(c, "Contacts")
	f.Narrow = true
	return p.show(c, status, contactsPage(f, contactsModel{id, known, c.FormValue("name"), c.FormValue("email"), shown(refused, "name", "email")}))
}
