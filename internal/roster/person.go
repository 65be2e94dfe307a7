// Package roster holds who and whom: the people of our company (executives,
// assistants, hosts, and those who watch) and the customers they visit.
package roster

import (
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Role is what a person is in Windshield; a person may have several.
type Role string

const (
	Administrator Role = "administrator"
	VP            Role = "vp"        // VP of Sales: imports, selects, plans, publishes
	CEO           Role = "ceo"       // sees who listens to whom
	Executive     Role = "executive" // is asked to visit customers
	Assistant     Role = "assistant" // acts for one or more executives
	Host          Role = "host"      // the salesperson who owns the account and goes along
)

// Roles lists every role in the order in which pages show them.
var Roles = []Role{Administrator, VP, CEO, Executive, Assistant, Host}

// Person is somebody of our company. The office and the visiting terms matter
// for executives only.
type Person struct {
	ID        string // UUID
	Key       string // the company's own key from the import; unique among people
	Name      string
	Email     string // lower case; unique; where invitations and sign-in links go
	Phone     string
	Function  string       // "Chief Executive", "VP Marketing East"
	Zone      string       // IANA zone in which the person lives; change it with MoveTo
	Moves     []ZoneChange // where the person lived when, oldest first, the first without a day; empty for who never moved
	Roles     []Role
	Serves    []string  // ids of the executives an assistant acts for
	ManagerID string    // id of whom the person reports to; "" where nobody is known
	Since     slot.Date // the day on which the person became an executive here: the clock's start where no visit is known
	Joined    slot.Date // first day with us: no visit before it counts; zero where not known
	Left      slot.Date // last day with us: the clock stops after it; zero where none is known
	Office    Office
	Terms     Terms
	Locale    string // how the person reads dates and numbers, such as en-US; "" as their browser says
	Version   int    // rises with every change; 0 before the first save
}

// Office is where an executive's trips start and end.
type Office struct {
	City    string
	Region  string // state or province
	Country string // ISO 3166 code
	Point   geo.Point
}

// Terms say how much an executive visits.
type Terms struct {
	Calendar     string    // ISO 3166 code of the country whose weekends and holidays hold
	Tags         []string  // what customers may require or prefer, such as "language:de"
	MaxPerWeek   int       // 1..14
	MaxPerMonth  int       // 1..62
	TargetVisits int       // visits in the planned year
	LastVisit    slot.Date // latest counting visit before Windshield knew; zero where unknown
}

// Has says whether the person has a role.
func (p Person) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// BecomeExecutive gives the role to somebody who does not have it; their 30-day
// clock starts today.
func (p *Person) BecomeExecutive(today slot.Date) {
	if !p.Has(Executive) {
		p.Roles, p.Since = append(slices.Clone(p.Roles), Executive), today
	}
}

// CheckManager refuses a manager who does not exist or who, through however many
// others, reports to the person, with fault.Invalid. "" is nobody and always fits.
func CheckManager(people map[string]Person, personID, managerID string) error {
	if managerID == "" {
		return nil
	}
	if _, ok := people[managerID]; !ok {
		return fault.Invalidf("There is nobody with this id.").With(fault.Detail{Where: "manager", Value: fault.Short(managerID), Expected: "one of us"})
	}
	seen := map[string]bool{}
	for id := managerID; id != "" && !seen[id]; id = people[id].ManagerID {
		if id == personID {
			return fault.Invalidf("People would manage each other in a circle.").With(fault.Detail{Where: "manager", Value: people[managerID].Name, Expected: "somebody who does not report to " + people[personID].Name, Mend: "Change first to whom the other reports."})
		}
		seen[id] = true
	}
	return nil
}

// NormalizeEmail gives the form in which addresses are stored and compared.
func NormalizeEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Absence is a span of days on which a person cannot visit: leave, a board
// week, parental leave.
type Absence struct {
	PersonID string
	slot.Interval
	Reason string
}
