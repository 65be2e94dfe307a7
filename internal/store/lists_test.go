package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

var everything = access.Scope{All: true}

func names(all []roster.Customer) (out []string) {
	for _, c := range all {
		out = append(out, c.Name)
	}
	return out
}

func page(t *testing.T, tx flow.Tx, q flow.CustomerQuery) ([]string, string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	rows, next, err := tx.Customers.Page(q)
	require.NoError(t, err)
	return names(rows), next
}

func TestCustomersAreOrderedAndFoundForPeople(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		write(t, st, func(tx flow.Tx) {
			for n, name := range []string{"zebra", "Ärzte AG", "Apple", "ZÜRICH Versicherung", "100% Pure", "a_b", "Łódź", "Ζήτα", "apple"} {
				c := aCustomer(n, "")
				c.Name = name
				require.NoError(t, tx.Customers.Save(c))
			}
		})
		read(t, st, func(tx flow.Tx) {
			all, next := page(t, tx, flow.CustomerQuery{Scope: everything})
			require.Equal(t, []string{"100% Pure", "a_b", "Apple", "apple", "Ärzte AG", "zebra", "ZÜRICH Versicherung", "Łódź", "Ζήτα"}, all)
			require.Empty(t, next)
			for search, want := range map[string][]string{
				"zurich": {"ZÜRICH Versicherung"}, "ÜRI": {"ZÜRICH Versicherung"}, "APPLE": {"Apple", "apple"}, "%": {"100% Pure"},
				"_": {"a_b"}, `\`: nil, "ζητα": {"Ζήτα"}, " ": all, "nobody": nil, "' OR 1=1": nil,
			} {
				got, _ := page(t, tx, flow.CustomerQuery{Scope: everything, Search: search})
				require.Equal(t, want, got, "%q", search)
			}
		})
	})
}

func TestCustomersByValues(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		write(t, st, func(tx flow.Tx) {
			for n, values := range []map[string]string{{"region": "EMEA", `a.b "$[0]`: "x"}, {"region": "EMEA", "size": "S"}, {"region": "APAC", "size": "S"}, nil} {
				c := aCustomer(n, "")
				c.Values = values
				require.NoError(t, tx.Customers.Save(c))
			}
		})
		read(t, st, func(tx flow.Tx) {
			for _, c := range []struct {
				values map[string]string
				want   []string
			}{
				{nil, []string{"Customer 0000", "Customer 0001", "Customer 0002", "Customer 0003"}},
				{map[string]string{"region": "EMEA"}, []string{"Customer 0000", "Customer 0001"}},
				{map[string]string{"region": "EMEA", "size": "S"}, []string{"Customer 0001"}},
				{map[string]string{`a.b "$[0]`: "x"}, []string{"Customer 0000"}},
				{map[string]string{"region": "emea"}, nil},
				{map[string]string{"country": ""}, nil},
			} {
				got, _ := page(t, tx, flow.CustomerQuery{Scope: everything, Values: c.values})
				require.Equal(t, c.want, got, "%v", c.values)
			}
		})
	})
}

// Pages neither repeat nor lose what was there all the time, although others
// insert between them.
func TestCursorsAreStable(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		write(t, st, func(tx flow.Tx) {
			for n := 10; n < 40; n++ {
				c := aCustomer(n, "")
				c.Name = fmt.Sprint("Same ", n%3)
				require.NoError(t, tx.Customers.Save(c))
				require.NoError(t, tx.Visits.Save(aVisit(t, n, c.ID, id("person", 1), "", fmt.Sprintf("2027-03-%02d", 10+n%3), []slot.Half{slot.AM, slot.PM}[n%2])))
				require.NoError(t, tx.Ledger.Audit(flow.Entry{Action: fmt.Sprint(n)}))
			}
		})
		var customers, visits, entries []string
		for after, n := "", 100; ; n++ {
			var next string
			write(t, st, func(tx flow.Tx) {
				rows, cursor, err := tx.Customers.Page(flow.CustomerQuery{Scope: everything, After: after, Limit: 7})
				require.NoError(t, err)
				require.LessOrEqual(t, len(rows), 7)
				for _, c := range rows {
					customers = append(customers, c.ID)
				}
				c := aCustomer(n, "")
				c.Name = "A before all"
				require.NoError(t, tx.Customers.Save(c))
				next = cursor
			})
			if after = next; after == "" {
				break
			}
		}
		for after, n := "", 100; ; n++ {
			var next string
			write(t, st, func(tx flow.Tx) {
				rows, cursor, err := tx.Visits.Find(flow.VisitQuery{Scope: everything, After: after, Limit: 4})
				require.NoError(t, err)
				for _, v := range rows {
					visits = append(visits, v.ID)
				}
				require.NoError(t, tx.Visits.Save(aVisit(t, n, id("customer", 1), id("person", 1), "", "2027-01-01", slot.AM)))
				next = cursor
			})
			if after = next; after == "" {
				break
			}
		}
		for after := ""; ; {
			var next string
			write(t, st, func(tx flow.Tx) {
				rows, cursor, err := tx.Ledger.Entries(flow.EntryQuery{After: after, Limit: 7})
				require.NoError(t, err)
				for _, e := range rows {
					entries = append(entries, e.Action)
				}
				require.NoError(t, tx.Ledger.Audit(flow.Entry{Action: "new"}))
				next = cursor
			})
			if after = next; after == "" {
				break
			}
		}
		for n := 10; n < 40; n++ {
			require.Equal(t, 1, count2(customers, id("customer", n)))
			require.Equal(t, 1, count2(visits, id("visit", n)))
			require.Equal(t, fmt.Sprint(49-n), entries[n-10], "newest first")
		}
		read(t, st, func(tx flow.Tx) {
			for _, bad := range []string{"x", "bm90", customersCursor(t, tx), strings.Repeat("A", 5000)} {
				_, _, err := tx.Visits.Find(flow.VisitQuery{Scope: everything, After: bad, Limit: 1})
				require.True(t, fault.Is(err, fault.Invalid), "%q: %v", bad, err)
				_, _, err = tx.Ledger.Entries(flow.EntryQuery{After: bad, Limit: 1})
				require.True(t, fault.Is(err, fault.Invalid), "%q: %v", bad, err)
			}
			_, _, err := tx.Customers.Page(flow.CustomerQuery{Scope: everything, After: "x", Limit: 1})
			require.True(t, fault.Is(err, fault.Invalid))
		})
	})
}

func customersCursor(t *testing.T, tx flow.Tx) string {
	_, next := page(t, tx, flow.CustomerQuery{Scope: everything, Limit: 1})
	return next
}

func count2(all []string, s string) (n int) {
	for _, x := range all {
		if x == s {
			n++
		}
	}
	return n
}

func TestScopes(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		write(t, st, func(tx flow.Tx) {
			for n := 1; n <= 6; n++ { // executives 1 and 2 in turn, hosts as the customers have
				v := aVisit(t, n, id("customer", n), id("person", 1+n%2), id("person", 4-n%2), fmt.Sprintf("2027-03-%02d", n), slot.AM)
				v.State = visit.Published
				draft := aVisit(t, n+6, id("customer", n), id("person", 1+n%2), id("person", 4-n%2), fmt.Sprintf("2027-04-%02d", n), slot.AM)
				require.NoError(t, tx.Visits.Save(v, draft))
			}
		})
		read(t, st, func(tx flow.Tx) {
			for _, c := range []struct {
				scope             access.Scope
				customers, visits int
			}{
				{access.Scope{}, 0, 0},
				{access.Scope{ExecutiveIDs: []string{""}}, 0, 0},
				{access.Scope{ExecutiveIDs: []string{"nobody"}, HostID: "nobody"}, 0, 0},
				{access.Scope{HostID: id("person", 3)}, 3, 3},
				{access.Scope{ExecutiveIDs: []string{id("person", 1)}}, 0, 3},
				{access.Scope{ExecutiveIDs: []string{id("person", 1), id("person", 2)}}, 0, 6},
				{access.Scope{ExecutiveIDs: []string{id("person", 2)}, HostID: id("person", 4)}, 3, 6},
				{everything, 6, 12}, // drafts are for those who may see plans
			} {
				rows, _ := page(t, tx, flow.CustomerQuery{Scope: c.scope})
				require.Len(t, rows, c.customers, "%+v", c.scope)
				visits, _, err := tx.Visits.Find(flow.VisitQuery{Scope: c.scope})
				require.NoError(t, err)
				require.Len(t, visits, c.visits, "%+v", c.scope)
			}
			// A scope narrows whatever else is asked for.
			mine := access.Scope{ExecutiveIDs: []string{id("person", 2)}, HostID: id("person", 3)}
			visits, _, err := tx.Visits.Find(flow.VisitQuery{Scope: mine, CustomerID: id("customer", 2)})
			require.NoError(t, err)
			require.Empty(t, visits)
			rows, _ := page(t, tx, flow.CustomerQuery{Scope: access.Scope{HostID: id("person", 3)}, Search: "customer 0002"})
			require.Empty(t, rows)
		})
	})
}

func TestFindVisits(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Plans.Save(&visit.Plan{ID: "plan", State: visit.Draft}))
			for n := 1; n <= 6; n++ {
				v := aVisit(t, n, id("customer", n), id("person", 1+n%2), "", fmt.Sprintf("2027-03-%02d", 10-n), slot.AM)
				v.State = []visit.State{visit.Proposed, visit.Held}[n%2]
				if n <= 2 {
					v.PlanID = "plan"
				}
				require.NoError(t, tx.Visits.Save(v))
			}
		})
		read(t, st, func(tx flow.Tx) {
			for _, c := range []struct {
				q    flow.VisitQuery
				want []int
			}{
				{flow.VisitQuery{}, []int{6, 5, 4, 3, 2, 1}},
				{flow.VisitQuery{PlanID: "plan"}, []int{2, 1}},
				{flow.VisitQuery{ExecutiveID: id("person", 1)}, []int{6, 4, 2}},
				{flow.VisitQuery{CustomerID: id("customer", 3)}, []int{3}},
				{flow.VisitQuery{States: []visit.State{visit.Held, visit.NoShow}}, []int{5, 3, 1}},
				{flow.VisitQuery{From: slot.MustDate("2027-03-06"), To: slot.MustDate("2027-03-08")}, []int{4, 3, 2}},
				{flow.VisitQuery{States: []visit.State{visit.Held}, From: slot.MustDate("2027-03-08")}, []int{1}},
			} {
				c.q.Scope = everything
				rows, next, err := tx.Visits.Find(c.q)
				require.NoError(t, err)
				require.Empty(t, next)
				var got []int
				for _, v := range rows {
					got = append(got, int(v.ID[len(v.ID)-1]-'0'))
				}
				require.Equal(t, c.want, got, "%+v", c.q)
			}
		})
	})
}

func TestDiscardVisits(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		write(t, st, func(tx flow.Tx) {
			var all []*visit.Visit
			for n := range 4 {
				all = append(all, aVisit(t, n, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM))
			}
			all[1].State = visit.Published
			require.NoError(t, tx.Visits.Save(all...))
			require.NoError(t, tx.Calendars.Save(&flow.CalendarEvent{VisitID: all[2].ID, Calendar: "c", State: flow.EventWaiting}))
			require.True(t, isConflict(tx.Visits.Discard(all[0].ID, all[1].ID)), "people know of one")
			require.True(t, isConflict(tx.Visits.Discard(all[2].ID)), "a calendar knows of it")
			require.True(t, isConflict(tx.Visits.Discard("nothing")))
			require.NoError(t, tx.Visits.Discard(all[0].ID, all[3].ID, all[0].ID))
			require.NoError(t, tx.Visits.Discard())
			left, _, err := tx.Visits.Find(flow.VisitQuery{Scope: everything})
			require.NoError(t, err)
			require.Len(t, left, 2)
		})
	})
}

func TestPeopleAndOtherLists(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		write(t, st, func(tx flow.Tx) {
			for n, name := range []string{"Émile", "zoë", "Anna", "anna"} {
				p := aPerson(n)
				p.Name = name
				require.NoError(t, tx.People.Save(p))
			}
			for n := range 3 {
				at := noon.AddDate(0, 0, n)
				require.NoError(t, tx.Imports.Save(&flow.Import{ID: id("import", n), State: flow.Uploaded, CreatedAt: at}))
				require.NoError(t, tx.Selections.Insert(flow.Selection{ID: id("selection", n), Year: 2027 + n%2, Draw: n, CreatedAt: at}, nil))
				require.NoError(t, tx.Plans.Save(&visit.Plan{ID: id("plan", n), Year: 2027 + n%2, State: visit.Draft, CreatedAt: at}))
				require.NoError(t, tx.Runs.Save(&flow.Run{ID: id("run", n), State: flow.Queued, CreatedAt: at, SetID: "set", Nth: 2 - n, Trail: []flow.Mark{{Total: 1}}}))
			}
			cancelled := flow.Run{ID: id("run", 7), State: flow.Cancelled, CreatedAt: noon.AddDate(0, 0, -1)}
			require.NoError(t, tx.Runs.Save(&cancelled))
			again, err := tx.Runs.Get(cancelled.ID)
			require.NoError(t, err)
			require.Equal(t, flow.Cancelled, again.State)
			require.NoError(t, tx.Imports.SetFile(id("import", 0), []byte("one")))
			require.NoError(t, tx.Imports.SetFile(id("import", 0), nil))
		})
		read(t, st, func(tx flow.Tx) {
			all, err := tx.People.All()
			require.NoError(t, err)
			var got []string
			for _, p := range all {
				got = append(got, p.Name)
			}
			require.Equal(t, []string{"Anna", "anna", "Émile", "zoë"}, got)
			imports, err := tx.Imports.Recent(2)
			require.NoError(t, err)
			require.Equal(t, id("import", 2), imports[0].ID)
			require.Len(t, imports, 2)
			file, err := tx.Imports.File(id("import", 0))
			require.NoError(t, err)
			require.Empty(t, file)
			for year, want := range map[int][]string{0: {"2", "1", "0"}, 2027: {"2", "0"}, 2028: {"1"}, 1999: nil} {
				selections, err := tx.Selections.ByYear(year)
				require.NoError(t, err)
				plans, err := tx.Plans.ByYear(year)
				require.NoError(t, err)
				var s, p []string
				for i := range selections {
					s, p = append(s, selections[i].ID[len("selection-000"):]), append(p, plans[i].ID[len("plan-000"):])
				}
				require.Equal(t, want, s)
				require.Equal(t, want, p)
			}
			runs, err := tx.Runs.Newest(1)
			require.NoError(t, err)
			require.Equal(t, id("run", 2), runs[0].ID)
			require.Empty(t, runs[0].Trail, "lists leave the long trails out")
			set, err := tx.Runs.OfSet("set")
			require.NoError(t, err)
			require.Len(t, set, 3)
			require.Equal(t, id("run", 2), set[0].ID, "in the order that they were given")
			none, err := tx.Runs.OfSet("")
			require.NoError(t, err)
			require.Empty(t, none, "runs alone are no set")
			some, err := tx.Customers.ByIDs()
			require.NoError(t, err)
			require.Empty(t, some)
		})
	})
}

func TestSelectionRowsAreByStratumAndRank(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		rows := []flow.SelectionRow{
			{CustomerID: id("customer", 1), Stratum: "BA", Rank: 2, Taken: true, Pi: 0.5, Weight: 2},
			{CustomerID: id("customer", 2), Stratum: "BA", Rank: 10, Taken: false},
			{CustomerID: id("customer", 3), Stratum: "AA", Rank: 1, Taken: true, Must: true, Pi: 1, Weight: 1},
			{CustomerID: id("customer", 4), Excluded: "no_host"},
		}
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Selections.Insert(flow.Selection{ID: "s"}, rows)) })
		read(t, st, func(tx flow.Tx) {
			all, err := tx.Selections.Rows("s", false)
			require.NoError(t, err)
			require.Equal(t, []flow.SelectionRow{rows[3], rows[2], rows[0], rows[1]}, all)
			taken, err := tx.Selections.Rows("s", true)
			require.NoError(t, err)
			require.Equal(t, []flow.SelectionRow{rows[2], rows[0]}, taken)
		})
	})
}

// Each gives everybody once, by key, and lets other ports be used in between.
func TestEachCustomer(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		var all []*roster.Customer
		for n := range 2500 {
			all = append(all, aCustomer(n, ""))
		}
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Customers.Save(all...)) })
		read(t, st, func(tx flow.Tx) {
			var keys []string
			require.NoError(t, tx.Customers.Each(func(c roster.Customer) error {
				if len(keys)%1000 == 0 {
					_, err := tx.Customers.Get(c.ID)
					require.NoError(t, err)
				}
				keys = append(keys, c.Key)
				return nil
			}))
			require.Len(t, keys, 2500)
			require.True(t, slices.IsSorted(keys))
			stop := fmt.Errorf("stop")
			require.ErrorIs(t, tx.Customers.Each(func(roster.Customer) error { return stop }), stop)
			n, err := tx.Customers.Count()
			require.NoError(t, err)
			require.Equal(t, 2500, n)
			ids := []string{"nothing", "", all[0].ID}
			for _, c := range all {
				ids = append(ids, c.ID)
			}
			some, err := tx.Customers.ByIDs(ids...)
			require.NoError(t, err)
			require.Len(t, some, 2500)
		})
	})
}

// Values are counted by dimension, and customers without any count nowhere.
func TestValuesOfCustomers(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		bare := aCustomer(7, "")
		bare.Values = nil
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Customers.Save(bare)) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Customers.Values()
			require.NoError(t, err)
			require.Equal(t, map[string]map[string]int{"region": {"EMEA": 6}, "size": {"0": 2, "1": 2, "2": 2}}, got)
		})
	})
}
