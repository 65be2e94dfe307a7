package testkit

import (
	"fmt"
	"strings"

	"windshield/api/client"
)

// People of the small company whom stories name.
const (
	VP    = "vp@northlight.example"
	CEO   = "ceo@northlight.example"
	Admin = "it@northlight.example"
)

// Exec gives the address of an executive of the small company, from 1 to 4.
func Exec(n int) string { return fmt.Sprintf("exec%d@northlight.example", n) }

// Host gives the address of a host of the small company, from 1 to 4.
func Host(n int) string { return fmt.Sprintf("host%d@northlight.example", n) }

// smallHosts, smallExecutives and smallCustomers give the files of a company
// that is planned in no time: four hosts and four executives in Zürich, and
// customers around them.
func smallHosts() string {
	var b strings.Builder
	b.WriteString("key,name,email,phone,city,country\n")
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&b, "h%d,Account Manager %d,%s,+41 44 000 00 0%d,Zürich,CH\n", i, i, Host(i), i)
	}
	return b.String()
}

func smallExecutives() string {
	var b strings.Builder
	b.WriteString("key,name,email,function,role,city,country,max_per_week,max_per_month,target_visits,last_visit\n")
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&b, "e%d,Executive %d,%s,Product,executive,Zürich,CH,2,6,4,2026-12-15\n", i, i, Exec(i))
	}
	fmt.Fprintf(&b, "vp,The Vice President,%s,Sales,vp,Zürich,CH,2,6,0,2026-12-15\n", VP)
	fmt.Fprintf(&b, "ceo,The Chief Executive,%s,Strategy,ceo,Zürich,CH,2,6,0,2026-12-15\n", CEO)
	return b.String()
}

func smallCustomers(n int) string {
	var b strings.Builder
	b.WriteString("key,name,city,country,host,region,industry\n")
	cities := []string{"Zürich,CH", "Basel,CH", "Winterthur,CH", "Luzern,CH"}
	for i := range n {
		fmt.Fprintf(&b, "c%02d,Customer %02d,%s,h%d,%s,%s\n", i, i, cities[i%4], i%4+1, []string{"North", "South"}[i%2], []string{"Energy", "Retail", "Banks"}[i%3])
	}
	return b.String()
}

// Small brings the small company in, with so many customers, and gives the API
// as its VP of Sales sees it. The administrator, who is VP as well, is the first
// to sign in, as in a real installation.
func (h *House) Small(customers int) *client.ClientWithResponses {
	h.t.Helper()
	h.Found()
	h.Bring(Admin, client.ImportKindHosts, smallHosts())
	h.Bring(Admin, client.ImportKindExecutives, smallExecutives())
	h.Bring(Admin, client.ImportKindCustomers, smallCustomers(customers))
	return h.API(VP)
}
