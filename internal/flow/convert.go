package flow

import (
	"cmp"
	"slices"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// The functions below turn what is stored into the records of an import and
// back. They are inverse to each other, so that the same file twice changes
// nothing.

func customerRecord(c roster.Customer, hostKey string) intake.CustomerRecord {
	r := intake.CustomerRecord{Key: c.Key, Name: c.Name, Address: c.Address,
		Place: geo.Place{City: c.City, Region: c.Region, Country: c.Country, Point: c.Point, Zone: c.Zone},
		Host:  hostKey, Revenue: c.Revenue, Employees: c.Employees, Values: c.Values, Requires: c.Requires,
		Windows: c.Windows, Blackouts: c.Blackouts, MinSpacingDays: c.MinSpacingDays, MustVisit: c.Must, Contact: intake.Contact(c.Contact)}
	for _, p := range c.Prefers {
		r.Prefers = append(r.Prefers, intake.Preference(p))
	}
	return r
}

func applyCustomer(c *roster.Customer, r intake.CustomerRecord, hostID string) {
	c.Key, c.Name, c.Address = r.Key, r.Name, r.Address
	c.City, c.Region, c.Country, c.Point, c.Zone = r.Place.City, r.Place.Region, r.Place.Country, r.Place.Point, r.Place.Zone
	c.HostID, c.Revenue, c.Employees, c.Values, c.Requires = hostID, r.Revenue, r.Employees, r.Values, r.Requires
	c.Windows, c.Blackouts, c.MinSpacingDays, c.Must, c.Contact = r.Windows, r.Blackouts, r.MinSpacingDays, r.MustVisit, roster.Contact(r.Contact)
	c.Prefers = nil
	for _, p := range r.Prefers {
		c.Prefers = append(c.Prefers, roster.Preference(p))
	}
}

// watching gives the role word of an executive's record: what else they are.
var watching = map[string]roster.Role{"ceo": roster.CEO, "vp": roster.VP}

func executiveRecord(p roster.Person, away []slot.Interval, assistant roster.Person) intake.ExecutiveRecord {
	r := intake.ExecutiveRecord{Key: p.Key, Name: p.Name, Email: p.Email, Function: p.Function, Role: "executive", Office: office(p),
		Calendar: p.Terms.Calendar, Tags: p.Terms.Tags, MaxPerWeek: p.Terms.MaxPerWeek, MaxPerMonth: p.Terms.MaxPerMonth,
		TargetVisits: p.Terms.TargetVisits, LastVisit: p.Terms.LastVisit, Joined: p.Joined, Left: p.Left, Unavailable: away,
		AssistantName: assistant.Name, AssistantEmail: assistant.Email}
	for word, role := range watching {
		if p.Has(role) {
			r.Role = word
		}
	}
	return r
}

func applyExecutive(p *roster.Person, r intake.ExecutiveRecord, today slot.Date) {
	p.Key, p.Name, p.Email, p.Function = r.Key, r.Name, r.Email, r.Function
	settle(p, r.Office, today)
	p.Terms = roster.Terms{Calendar: r.Calendar, Tags: r.Tags, MaxPerWeek: r.MaxPerWeek, MaxPerMonth: r.MaxPerMonth,
		TargetVisits: r.TargetVisits, LastVisit: r.LastVisit}
	p.Joined, p.Left = r.Joined, r.Left
	p.BecomeExecutive(today)
	for word, role := range watching {
		if r.Role == word {
			grant(p, role)
		} else {
			revoke(p, role)
		}
	}
}

func hostRecord(p roster.Person, away []slot.Interval) intake.HostRecord {
	return intake.HostRecord{Key: p.Key, Name: p.Name, Email: p.Email, Phone: p.Phone, Place: office(p), Unavailable: away}
}

func applyHost(p *roster.Person, r intake.HostRecord, today slot.Date) {
	p.Key, p.Name, p.Email, p.Phone = r.Key, r.Name, r.Email, r.Phone
	settle(p, r.Place, today)
	grant(p, roster.Host)
}

func office(p roster.Person) geo.Place {
	return geo.Place{City: p.Office.City, Region: p.Office.Region, Country: p.Office.Country, Point: p.Office.Point, Zone: p.Zone}
}

// settle gives the person an office; who now lives in another zone does so since today.
// A list that is imported again says nothing new of who has moved before.
func settle(p *roster.Person, at geo.Place, today slot.Date) {
	p.Office = roster.Office{City: at.City, Region: at.Region, Country: at.Country, Point: at.Point}
	if at.Zone != p.Zone {
		p.MoveTo(at.Zone, today)
	}
}

func grant(p *roster.Person, r roster.Role) {
	if !p.Has(r) {
		p.Roles = append(slices.Clone(p.Roles), r)
	}
}

func revoke(p *roster.Person, r roster.Role) {
	p.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(x roster.Role) bool { return x == r })
}

// pastRecord gives the record of a visit from before Windshield, or of one that
// has happened since.
func pastRecord(v visit.Visit, executive, host roster.Person, c roster.Customer) intake.PastVisitRecord {
	return intake.PastVisitRecord{Executive: executive.Key, Customer: c.Key, Host: host.Key, Date: v.Slot.Date, Half: v.Slot.Half,
		Kind: string(v.Kind), WithHost: v.WithHost, Held: v.State.Happened(), Note: v.Reason}
}

func applyPast(v *visit.Visit, r intake.PastVisitRecord, executive, host roster.Person, c roster.Customer) error {
	// A half-day that the file does not know stays as it is; for a new visit it is
	// of no matter, since it lies behind us.
	half := cmp.Or(r.Half, v.Slot.Half, slot.AM)
	at := slot.Slot{Date: r.Date, Half: half}
	v.CustomerID, v.HostID = c.ID, host.ID
	v.Kind, v.WithHost, v.Reason = visit.Kind(r.Kind), r.WithHost, r.Note
	to := visit.NoShow
	if r.Held {
		to = visit.Held
	}
	switch {
	case v.Version == 0:
		v.State = to
	case v.State != to && !(r.Held && v.State.Happened()):
		if err := v.Become(to, r.Note); err != nil {
			return err
		}
	}
	if v.Answer == "" {
		v.Answer = visit.NoAnswer
	}
	if v.Slot == at && v.ExecutiveID == executive.ID && v.Zone == c.Zone {
		return nil // at the hours that people chose
	}
	return v.Place(executive.ID, at, c.Zone)
}

// People who came in without a file have a key of our own making, until a file
// brings their real one.
const (
	assistantPrefix = "assistant:" // somebody's assistant
	admittedPrefix  = "admitted:"  // let in at the command line
)

func provisional(key string) bool {
	return strings.HasPrefix(key, assistantPrefix) || strings.HasPrefix(key, admittedPrefix)
}
