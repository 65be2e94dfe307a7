package store

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm/clause"

	"windshield/internal/geo"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

type personRow struct {
	ID            string `gorm:"primaryKey"`
	Key           string
	Name          string
	Folded        string
	Email         string
	Phone         string
	Function      string
	Zone          string
	Roles         list[roster.Role]
	Serves        list[string]
	Since         day
	OfficeCity    string
	OfficeRegion  string
	OfficeCountry string
	OfficeLat     float64
	OfficeLon     float64
	Calendar      string
	Tags          list[string]
	MaxPerWeek    int
	MaxPerMonth   int
	TargetVisits  int
	LastVisit     day
	ManagerID     string
	Joined        day
	LeftOn        day
	Locale        string `gorm:"<-:create"` // see ChooseLocale
	Version       int
}

func (personRow) TableName() string { return "people" }
func (r personRow) ident() string   { return r.ID }
func (r personRow) next() int       { return r.Version }

func toPersonRow(p roster.Person) personRow {
	return personRow{
		ID: p.ID, Key: p.Key, Name: p.Name, Folded: fold(p.Name), Email: p.Email, Phone: p.Phone, Function: p.Function,
		Zone: p.Zone, Roles: p.Roles, Serves: p.Serves, ManagerID: p.ManagerID, Since: day(p.Since), Joined: day(p.Joined), LeftOn: day(p.Left),
		OfficeCity: p.Office.City, OfficeRegion: p.Office.Region, OfficeCountry: p.Office.Country, OfficeLat: p.Office.Point.Lat, OfficeLon: p.Office.Point.Lon,
		Calendar: p.Terms.Calendar, Tags: p.Terms.Tags, MaxPerWeek: p.Terms.MaxPerWeek, MaxPerMonth: p.Terms.MaxPerMonth,
		TargetVisits: p.Terms.TargetVisits, LastVisit: day(p.Terms.LastVisit), Locale: p.Locale, Version: p.Version + 1,
	}
}

func (r personRow) person() roster.Person {
	return roster.Person{
		ID: r.ID, Key: r.Key, Name: r.Name, Email: r.Email, Phone: r.Phone, Function: r.Function,
		Zone: r.Zone, Roles: r.Roles, Serves: r.Serves, ManagerID: r.ManagerID, Since: slot.Date(r.Since), Joined: slot.Date(r.Joined), Left: slot.Date(r.LeftOn),
		Office: roster.Office{City: r.OfficeCity, Region: r.OfficeRegion, Country: r.OfficeCountry, Point: geo.Point{Lat: r.OfficeLat, Lon: r.OfficeLon}},
		Terms: roster.Terms{Calendar: r.Calendar, Tags: r.Tags, MaxPerWeek: r.MaxPerWeek, MaxPerMonth: r.MaxPerMonth,
			TargetVisits: r.TargetVisits, LastVisit: slot.Date(r.LastVisit)},
		Locale: r.Locale, Version: r.Version,
	}
}

type absenceRow struct {
	PersonID string `gorm:"primaryKey"`
	N        int    `gorm:"primaryKey;autoIncrement:false"`
	FirstDay day
	LastDay  day
	Reason   string
}

func (absenceRow) TableName() string { return "absences" }

func (r absenceRow) absence() roster.Absence {
	return roster.Absence{PersonID: r.PersonID, Reason: r.Reason,
		Interval: slot.Interval{Start: slot.Date(r.FirstDay), End: slot.Date(r.LastDay)}}
}

type zoneRow struct {
	PersonID string `gorm:"primaryKey"`
	Day      day    `gorm:"primaryKey"`
	Zone     string
}

func (zoneRow) TableName() string { return "zone_changes" }

// people implements flow.People.
type people struct{ *unit }

// peopleMemory keeps everybody between two looks, until people are written. It is safe for
// concurrent use; nobody changes what its people point to.
type peopleMemory struct {
	mu    sync.Mutex
	stamp int64
	all   []roster.Person // nil where nothing is known
}

func (m *peopleMemory) get(stamp int64) []roster.Person {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stamp != stamp {
		return nil
	}
	return slices.Clone(m.all)
}

func (m *peopleMemory) put(stamp int64, all []roster.Person) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stamp, m.all = stamp, slices.Clone(all)
}

// All looks once in a unit that only reads, and so sees one state of the database, and
// reads only where people were written since the last look: what a page is made of asks
// for everybody again and again.
func (p people) All() ([]roster.Person, error) {
	if p.write {
		return p.read()
	}
	if p.people == nil {
		stamp, err := stamps(p).sum("name IN ?", []string{rosterStamp, localeStamp})
		if err != nil {
			return nil, err
		}
		if p.people = p.s.everyone.get(stamp); p.people == nil {
			if p.people, err = p.read(); err != nil {
				return nil, err
			}
			p.s.everyone.put(stamp, p.people)
		}
	}
	return slices.Clone(p.people), nil
}

func (p people) read() ([]roster.Person, error) {
	var rows []personRow
	if err := p.db.Order("folded, id").Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return p.withMoves(each(rows, personRow.person))
}

func (p people) Get(id string) (roster.Person, error) {
	var r personRow
	if err := p.db.Where("id = ?", id).Take(&r).Error; err != nil {
		return roster.Person{}, p.one(err, "person")
	}
	return p.moved(r)
}

func (p people) ByEmail(email string) (roster.Person, error) {
	var r personRow
	if err := p.db.Where("email = ? AND email <> ''", email).Take(&r).Error; err != nil {
		return roster.Person{}, p.one(err, "person")
	}
	return p.moved(r)
}

func (p people) moved(r personRow) (roster.Person, error) {
	one, err := p.withMoves([]roster.Person{r.person()}, r.ID)
	if err != nil {
		return roster.Person{}, err
	}
	return one[0], nil
}

// withMoves adds where people lived when; ids narrow what is read.
func (p people) withMoves(all []roster.Person, ids ...string) ([]roster.Person, error) {
	q := p.db.Order("person_id, day")
	if len(ids) > 0 {
		in, arg := p.in("person_id", ids)
		q = q.Where(in, arg)
	}
	var rows []zoneRow
	if err := q.Find(&rows).Error; err != nil || len(rows) == 0 {
		return all, p.fail(err)
	}
	moves := map[string][]roster.ZoneChange{}
	for _, r := range rows {
		moves[r.PersonID] = append(moves[r.PersonID], roster.ZoneChange{Day: slot.Date(r.Day), Zone: r.Zone})
	}
	for i := range all {
		all[i].Moves = moves[all[i].ID]
	}
	return all, nil
}

// setMoves keeps where people lived when, in place of what was known.
func (p people) setMoves(all []*roster.Person) error {
	var ids []string
	var rows []zoneRow
	for _, x := range all {
		ids = append(ids, x.ID)
		for _, m := range x.Moves {
			rows = append(rows, zoneRow{x.ID, day(m.Day), m.Zone})
		}
	}
	in, arg := p.in("person_id", ids)
	if err := p.db.Where(in, arg).Delete(&zoneRow{}).Error; err != nil || len(rows) == 0 {
		return err
	}
	return p.db.CreateInBatches(&rows, 500).Error
}

// Administrators locks before it looks, so that of two who take the role from each
// other the second sees what the first has done.
func (p people) Administrators() ([]roster.Person, error) {
	var rows []personRow
	role, _ := json.Marshal(roster.Administrator) // a string cannot fail
	err := p.db.Clauses(clause.Locking{Strength: "UPDATE"}).Where("CAST(roles AS text) LIKE ?", "%"+string(role)+"%").Order("id").Find(&rows).Error
	return each(rows, personRow.person), p.fail(err)
}

func (p people) Save(all ...*roster.Person) error {
	if len(all) == 0 {
		return nil
	}
	err := p.atomic(func() error {
		err := saveAll(p.unit, "person", "id", 27, each(all, func(x *roster.Person) personRow { return toPersonRow(*x) }))
		if err != nil {
			return err
		}
		return p.setMoves(all)
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		p.raise(&x.Version)
	}
	return nil
}

func (p people) Absences(personIDs ...string) ([]roster.Absence, error) {
	q := p.db.Order("first_day, last_day, person_id, n")
	if len(personIDs) > 0 {
		in, arg := p.in("person_id", personIDs)
		q = q.Where(in, arg)
	}
	var rows []absenceRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, p.fail(err)
	}
	return each(rows, absenceRow.absence), nil
}

// SetAbsences also frees the half-days that were booked for leave which is no
// longer there; booking the new leave is up to the caller, who knows what to do
// about visits in its way.
func (p people) SetAbsences(personID string, absences []roster.Absence) error {
	rows := make([]absenceRow, len(absences))
	for i, a := range absences {
		rows[i] = absenceRow{PersonID: personID, N: i, FirstDay: day(a.Start), LastDay: day(a.End), Reason: a.Reason}
	}
	return p.atomic(func() error {
		if err := p.db.Where("person_id = ?", personID).Delete(&absenceRow{}).Error; err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := p.db.CreateInBatches(&rows, 500).Error; err != nil {
				return err
			}
		}
		return p.db.Where("person_id = ? AND kind = ?", personID, visit.BookedLeave).
			Where("NOT EXISTS (SELECT 1 FROM absences a WHERE a.person_id = bookings.person_id AND bookings.date BETWEEN a.first_day AND a.last_day)").
			Delete(&bookingRow{}).Error
	})
}

// each converts a slice; an empty one becomes nil.
func each[A, B any](all []A, convert func(A) B) []B {
	var out []B
	for _, a := range all {
		out = append(out, convert(a))
	}
	return slices.Clip(out)
}

// known leaves out doubles and "" from ids.
func known(ids []string) []string {
	out := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.TrimSpace(id) == "" })
	slices.Sort(out)
	return slices.Compact(out)
}
