package store

import (
	"encoding/json"
	"maps"
	"slices"

	"gorm.io/gorm"

	"windshield/internal/flow"
	"windshield/internal/geo"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

type customerRow struct {
	ID              string `gorm:"primaryKey"`
	Key             string
	Name            string
	Folded          string
	Address         string
	City            string
	Region          string
	Country         string
	Lat             float64
	Lon             float64
	Zone            string
	HostID          optional
	Revenue         float64
	Employees       int
	DimensionValues dict[string]
	Requires        list[string]
	Prefers         list[roster.Preference]
	Windows         list[slot.Interval]
	Blackouts       list[slot.Interval]
	MinSpacingDays  int
	Must            bool
	ContactName     string
	ContactEmail    string
	ContactPhone    string
	Version         int
}

func (customerRow) TableName() string { return "customers" }
func (r customerRow) ident() string   { return r.ID }
func (r customerRow) next() int       { return r.Version }

func toCustomerRow(c *roster.Customer) customerRow {
	return customerRow{
		ID: c.ID, Key: c.Key, Name: c.Name, Folded: fold(c.Name), Address: c.Address, City: c.City, Region: c.Region, Country: c.Country,
		Lat: c.Point.Lat, Lon: c.Point.Lon, Zone: c.Zone, HostID: optional(c.HostID), Revenue: c.Revenue, Employees: c.Employees,
		DimensionValues: c.Values, Requires: c.Requires, Prefers: c.Prefers, Windows: c.Windows, Blackouts: c.Blackouts,
		MinSpacingDays: c.MinSpacingDays, Must: c.Must,
		ContactName: c.Contact.Name, ContactEmail: c.Contact.Email, ContactPhone: c.Contact.Phone, Version: c.Version + 1,
	}
}

func (r customerRow) customer() roster.Customer {
	return roster.Customer{
		ID: r.ID, Key: r.Key, Name: r.Name, Address: r.Address, City: r.City, Region: r.Region, Country: r.Country,
		Point: geo.Point{Lat: r.Lat, Lon: r.Lon}, Zone: r.Zone, HostID: string(r.HostID), Revenue: r.Revenue, Employees: r.Employees,
		Values: r.DimensionValues, Requires: r.Requires, Prefers: r.Prefers, Windows: r.Windows, Blackouts: r.Blackouts,
		MinSpacingDays: r.MinSpacingDays, Must: r.Must,
		Contact: roster.Contact{Name: r.ContactName, Email: r.ContactEmail, Phone: r.ContactPhone}, Version: r.Version,
	}
}

// customers implements flow.Customers.
type customers struct{ *unit }

func (c customers) Get(id string) (roster.Customer, error) {
	var r customerRow
	err := c.db.Where("id = ?", id).Take(&r).Error
	return r.customer(), c.one(err, "customer")
}

func (c customers) ByIDs(ids ...string) ([]roster.Customer, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []customerRow
	in, arg := c.in("id", known(ids))
	if err := c.db.Where(in, arg).Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	return each(rows, customerRow.customer), nil
}

// maxPage is the largest page of customers; the default is a tenth of it.
const maxPage = 1000

// Page orders names without case and accents.
func (c customers) Page(q flow.CustomerQuery) ([]roster.Customer, string, error) {
	limit := min(q.Limit, maxPage)
	if limit < 1 {
		limit = maxPage / 10
	}
	// Hosts see their own customers; executives see visits, not customers.
	db := c.db.Order("folded, id").Limit(limit + 1)
	if !q.Scope.All {
		if q.Scope.HostID == "" {
			return nil, "", nil
		}
		db = db.Where("host_id = ?", q.Scope.HostID)
	}
	if fold(q.Search) != "" {
		db = db.Where(`folded LIKE ? ESCAPE '\'`, like(q.Search))
	}
	db = c.atStage(c.withValues(db, q.Values), q.Stage)
	if q.After != "" {
		at, err := readCursor("customers", q.After, 2)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(folded, id) > (?, ?)", at[0], at[1])
	}
	var rows []customerRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, "", c.fail(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = cursor("customers", last.Folded, last.ID)
	}
	return each(rows, customerRow.customer), next, nil
}

// withValues asks for customers that have all of the values.
func (c customers) withValues(db *gorm.DB, values map[string]string) *gorm.DB {
	if len(values) > 0 && c.s.postgres {
		b, _ := json.Marshal(values)
		return db.Where("dimension_values @> CAST(? AS jsonb)", string(b))
	}
	for _, dimension := range slices.Sorted(maps.Keys(values)) {
		db = db.Where("EXISTS (SELECT 1 FROM json_each(dimension_values) v WHERE v.key = ? AND v.value = ?)", dimension, values[dimension])
	}
	return db
}

// atStage asks for customers whose latest turn leaves them at a stage, and for those
// without any turn whose import says so.
func (c customers) atStage(db *gorm.DB, stage []string) *gorm.DB {
	if len(stage) == 0 {
		return db
	}
	said := "json_extract(dimension_values, '$." + flow.StageDimension + "')"
	if c.s.postgres {
		said = "dimension_values ->> '" + flow.StageDimension + "'"
	}
	return db.Where(`(id IN (SELECT customer_id FROM customer_turns WHERE stage IN ? AND latest = ?)
		OR `+said+` IN ? AND NOT EXISTS (SELECT 1 FROM customer_turns t WHERE t.customer_id = customers.id))`, stage, true, stage)
}

// Each reads in steps, so that do may use other ports in between.
func (c customers) Each(do func(roster.Customer) error) error {
	for after := ""; ; {
		var rows []customerRow
		if err := c.db.Where("key > ?", after).Order("key").Limit(maxPage).Find(&rows).Error; err != nil {
			return c.fail(err)
		}
		for _, r := range rows {
			if err := do(r.customer()); err != nil {
				return err
			}
		}
		if len(rows) < maxPage {
			return nil
		}
		after = rows[len(rows)-1].Key
	}
}

func (c customers) Count() (int, error) {
	var n int64
	err := c.db.Model(&customerRow{}).Count(&n).Error
	return int(n), c.fail(err)
}

func (c customers) Values() (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	// Many customers have the same values in all dimensions, and are read once.
	err := c.rows(c.db.Model(&customerRow{}).Select("CAST(dimension_values AS text), count(*)").Group("dimension_values"), func(into func(...any) error) error {
		var values dict[string]
		var n int
		if err := into(&values, &n); err != nil {
			return err
		}
		for d, v := range values {
			if out[d] == nil {
				out[d] = map[string]int{}
			}
			out[d][v] += n
		}
		return nil
	})
	return out, err
}

func (c customers) Save(all ...*roster.Customer) error {
	if err := saveAll(c.unit, "customer", "id", 25, each(all, toCustomerRow)); err != nil {
		return err
	}
	for _, x := range all {
		c.raise(&x.Version)
	}
	return nil
}
