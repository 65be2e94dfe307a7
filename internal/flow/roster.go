package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
)

// Customers gives a page of the customers that the actor may see.
func (f *Flow) Customers(ctx context.Context, a access.Actor, q CustomerQuery) (CustomersView, error) {
	if err := access.Require(a, access.SeeCustomers, access.Subject{}); err != nil {
		return CustomersView{}, err
	}
	q.Scope = access.Customers(a)
	stage := q.Stage
	if q.Limit == 0 {
		q.Limit = 50
	}
	return read(ctx, f, func(tx Tx) (CustomersView, error) {
		v := CustomersView{Hosts: map[string]string{}}
		var err error
		if v.Buying, err = buyingList(tx); err != nil {
			return v, err
		}
		q.Stage = nil
		for _, code := range stage {
			s, err := v.Buying.ParseStage(code)
			if err != nil {
				return v, err
			}
			q.Stage = append(q.Stage, s.Code, s.Name) // imports say either
		}
		if v.Customers, v.Next, err = tx.Customers.Page(q); err != nil {
			return v, err
		}
		people, err := everybody(tx)
		if err != nil {
			return v, err
		}
		for _, c := range v.Customers {
			v.Hosts[c.HostID] = people[c.HostID].Name
		}
		byID := make(map[string]roster.Customer, len(v.Customers))
		for _, c := range v.Customers {
			byID[c.ID] = c
		}
		if v.Stages, err = f.stagesOf(tx, v.Buying, byID); err != nil {
			return v, err
		}
		v.Total, err = tx.Customers.Count()
		return v, err
	})
}

// Customer gives one customer that the actor may see, with its visits.
func (f *Flow) Customer(ctx context.Context, a access.Actor, id string) (CustomerView, error) {
	return read(ctx, f, func(tx Tx) (CustomerView, error) {
		c, err := ownCustomer(tx, a, id)
		if err != nil {
			return CustomerView{}, err
		}
		people, err := everybody(tx)
		if err != nil {
			return CustomerView{}, err
		}
		v := CustomerView{Customer: c, Host: people[c.HostID], People: map[string]string{}}
		if v.Visits, _, err = tx.Visits.Find(VisitQuery{Scope: access.Visits(a), CustomerID: id}); err != nil {
			return v, err
		}
		for _, x := range v.Visits {
			v.People[x.ExecutiveID] = people[x.ExecutiveID].Name
		}
		v.Way, err = f.wayOf(tx, a, c, people)
		return v, err
	})
}

// People gives everybody of our company; for the VP and the administrator.
func (f *Flow) People(ctx context.Context, a access.Actor) ([]roster.Person, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]roster.Person, error) { return tx.People.All() })
}

// Admit gives the person with an address. Where name is not empty, somebody
// unknown becomes known, and the person becomes administrator and VP: how the
// first one gets in. For the command line only.
func (f *Flow) Admit(ctx context.Context, a access.Actor, email, name string) (roster.Person, error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return roster.Person{}, err
	}
	if !notify.ValidAddress(email) {
		return roster.Person{}, fault.Invalidf("This is no mail address.").With(fault.Detail{Where: "email", Value: fault.Short(email), Expected: "an address such as vp@example.com"})
	}
	var p roster.Person
	err := f.Store.Write(ctx, func(tx Tx) error {
		var err error
		p, err = tx.People.ByEmail(email)
		if name == "" || err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil {
			p = roster.Person{ID: f.NewID(), Key: admittedPrefix + email, Name: name, Email: email, Zone: "UTC"}
		}
		if p.Has(roster.Administrator) && p.Has(roster.VP) {
			return nil
		}
		grant(&p, roster.Administrator)
		grant(&p, roster.VP)
		if err := tx.People.Save(&p); err != nil {
			return err
		}
		return f.audit(tx, a, "admit administrator", "person/"+p.ID, nil)
	})
	return p, err
}
