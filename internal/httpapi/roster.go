package httpapi

import (
	"context"
	"maps"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ListCustomers gives a page of customers.
func (a *API) ListCustomers(ctx context.Context, r ListCustomersRequestObject) (ListCustomersResponseObject, error) {
	q := flow.CustomerQuery{Search: value(r.Params.Search), After: value(r.Params.After), Limit: limit(r.Params.Limit)}
	var err error
	if q.Values, err = dimensionValues(value(r.Params.Value)); err != nil {
		return nil, err
	}
	if s := value(r.Params.Stage); s != "" {
		q.Stage = []string{s}
	}
	v, err := a.flow.Customers(ctx, callOf(ctx).actor, q)
	if err != nil {
		return nil, err
	}
	return ListCustomers200JSONResponse{Next: some(v.Next), Total: v.Total,
		Items: list(v.Customers, func(c roster.Customer) Customer {
			out := customer(c, v.Hosts[c.HostID])
			out.Stage = some(v.Stages[c.ID].Code)
			return out
		})}, nil
}

// dimensionValues reads "region:EMEA".
func dimensionValues(in []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range in {
		dimension, v, _ := strings.Cut(s, ":")
		if _, twice := out[dimension]; twice {
			return nil, invalid([]fault.Detail{{Where: "query value", Value: fault.Short(s), Expected: "each dimension once", Mend: "Ask once for each value."}})
		}
		out[dimension] = v
	}
	return out, nil
}

// GetCustomer gives a customer with its visits.
func (a *API) GetCustomer(ctx context.Context, r GetCustomerRequestObject) (GetCustomerResponseObject, error) {
	v, err := a.flow.Customer(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetCustomer200JSONResponse{Headers: GetCustomer200ResponseHeaders{ETag: some(etag(v.Customer.Version))},
		Body: CustomerDetail{Customer: customer(v.Customer, v.Host.Name), Visits: list(v.Visits, func(x visit.Visit) CustomerVisit {
			return CustomerVisit{Id: x.ID, Date: date(x.Slot.Date), Half: Half(x.Slot.Half), State: VisitState(x.State), Kind: VisitKind(x.Kind),
				Executive: named(x.ExecutiveID, v.People[x.ExecutiveID])}
		}), Way: customerWay(v.Way)}}, nil
}

// ListPeople gives everybody of our company.
func (a *API) ListPeople(ctx context.Context, _ ListPeopleRequestObject) (ListPeopleResponseObject, error) {
	people, err := a.flow.People(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListPeople200JSONResponse{Items: list(people, person)}, nil
}

// ListDimensions gives the dimensions in which customers have values.
func (a *API) ListDimensions(ctx context.Context, _ ListDimensionsRequestObject) (ListDimensionsResponseObject, error) {
	dimensions, err := a.flow.Dimensions(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListDimensions200JSONResponse{Items: list(slices.Sorted(maps.Keys(dimensions)), func(name string) Dimension {
		return Dimension{Name: name, Values: dimensions[name], Version: some(flow.PrintOf(slices.Sorted(maps.Keys(dimensions[name]))))}
	})}, nil
}

func customer(c roster.Customer, host string) Customer {
	out := Customer{Id: c.ID, Key: c.Key, Name: c.Name, Address: c.Address, City: c.City, Region: c.Region, Country: c.Country,
		Latitude: c.Point.Lat, Longitude: c.Point.Lon, Zone: c.Zone, Revenue: c.Revenue, Employees: c.Employees, Values: c.Values,
		Requires: texts(c.Requires), Windows: periods(c.Windows), Blackouts: periods(c.Blackouts), MinSpacingDays: c.MinSpacingDays,
		Must: c.Must, Contact: Contact{Name: some(c.Contact.Name), Email: some(c.Contact.Email), Phone: some(c.Contact.Phone)}, Version: c.Version,
		Prefers: list(c.Prefers, func(p roster.Preference) Preference { return Preference{Tag: p.Tag, Points: p.Points} })}
	if out.Values == nil {
		out.Values = map[string]string{}
	}
	if c.HostID != "" {
		out.Host = some(named(c.HostID, host))
	}
	return out
}

func periods(in []slot.Interval) []Period { return list(in, period) }

func person(p roster.Person) Person {
	return Person{Id: p.ID, Key: p.Key, Name: p.Name, Email: p.Email, Phone: p.Phone, Function: p.Function, Zone: p.Zone, Roles: roles(p.Roles),
		Serves: texts(p.Serves), Office: Office{City: p.Office.City, Country: p.Office.Country, Latitude: p.Office.Point.Lat, Longitude: p.Office.Point.Lon},
		Terms: Terms{Tags: texts(p.Terms.Tags), MaxPerWeek: p.Terms.MaxPerWeek, MaxPerMonth: p.Terms.MaxPerMonth, TargetVisits: p.Terms.TargetVisits,
			LastVisit: someDate(p.Terms.LastVisit)}, Version: p.Version}
}
