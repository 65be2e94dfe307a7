package flow

import (
	"context"
	"strings"
	"unicode/utf8"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// FoundKind says what somebody looked for and found.
type FoundKind string

const (
	FoundCustomer FoundKind = "customer"
	FoundPerson   FoundKind = "person"
	FoundPlan     FoundKind = "plan"
	FoundClaim    FoundKind = "claim"
)

// Found is something whose name holds what somebody looked for.
type Found struct {
	Kind FoundKind
	ID   string
	Name string
	More string // where it is, what it is
}

// SearchResult is what was found, best first inside each kind.
type SearchResult struct {
	Query     string
	Found     []Found
	Customers bool // there are more customers than are listed
}

// Limits of a search.
const (
	leastSearched = 2   // characters, so that a letter does not bring everything
	mostSearched  = 100 // characters
	mostFound     = 8   // of a kind
)

// Search looks for customers, people, plans and claims by name, among those that the
// actor may open. Too short a query finds nothing. Error: Invalid for one that is
// longer than any name.
func (f *Flow) Search(ctx context.Context, a access.Actor, query string) (SearchResult, error) {
	if err := signedIn(a); err != nil {
		return SearchResult{}, err
	}
	r := SearchResult{Query: strings.TrimSpace(query)}
	switch n := utf8.RuneCountInString(r.Query); {
	case n > mostSearched || !utf8.ValidString(r.Query):
		return r, fault.Invalidf("This cannot be looked for.").With(fault.Detail{Where: "q", Value: fault.Short(strings.ToValidUTF8(r.Query, "?")), Expected: "a part of a name, at most 100 characters"})
	case n < leastSearched:
		return r, nil
	}
	return read(ctx, f, func(tx Tx) (SearchResult, error) {
		out := r // whole again where the transaction runs again
		for _, look := range []func(Tx, access.Actor, *SearchResult) error{searchCustomers, searchPeople, searchPlans, searchClaims} {
			if err := look(tx, a, &out); err != nil {
				return out, err
			}
		}
		return out, nil
	})
}

func searchCustomers(tx Tx, a access.Actor, r *SearchResult) error {
	if !access.Decide(a, access.SeeCustomers, access.Subject{}).Allowed {
		return nil
	}
	rows, next, err := tx.Customers.Page(CustomerQuery{Scope: access.Customers(a), Search: r.Query, Limit: mostFound})
	for _, c := range rows {
		r.Found = append(r.Found, Found{FoundCustomer, c.ID, c.Name, listed(c.City, c.Country)})
	}
	r.Customers = next != ""
	return err
}

// searchPeople looks among all for who may see everybody's clock, and among those they
// serve for assistants.
func searchPeople(tx Tx, a access.Actor, r *SearchResult) error {
	all := access.Decide(a, access.SeeCoverage, access.Subject{}).Allowed || access.Decide(a, access.ManagePeople, access.Subject{}).Allowed
	if !all && !a.Has(roster.Assistant) {
		return nil
	}
	people, err := tx.People.All()
	n := 0
	for _, p := range people {
		if n < mostFound && matches(p.Name+" "+p.Function, r.Query) && (all || access.Decide(a, access.SeeOwnVisits, access.Subject{ExecutiveID: p.ID}).Allowed) {
			r.Found = append(r.Found, Found{FoundPerson, p.ID, p.Name, p.Function})
			n++
		}
	}
	return err
}

func searchPlans(tx Tx, a access.Actor, r *SearchResult) error {
	if !access.Decide(a, access.SeePlan, access.Subject{}).Allowed {
		return nil
	}
	plans, err := tx.Plans.ByYear(0)
	n := 0
	for _, p := range plans {
		if n < mostFound && matches(p.Name, r.Query) {
			r.Found = append(r.Found, Found{FoundPlan, p.ID, p.Name, string(p.State)})
			n++
		}
	}
	return err
}

func searchClaims(tx Tx, a access.Actor, r *SearchResult) error {
	if !access.Decide(a, access.SeeClaims, access.Subject{}).Allowed {
		return nil
	}
	claims, err := tx.Claims.All()
	n := 0
	for _, c := range claims {
		if n < mostFound && c.Closed.IsZero() && matches(c.Text+" "+c.Topic, r.Query) {
			r.Found = append(r.Found, Found{FoundClaim, c.ID, c.Text, c.Topic})
			n++
		}
	}
	return err
}

// matches says whether every word of a query stands in a text, in any case and order.
func matches(text, query string) bool {
	text = strings.ToLower(text)
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func listed(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
