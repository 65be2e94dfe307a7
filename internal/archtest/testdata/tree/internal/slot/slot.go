// Package slot is a sample that breaks the rules of purity.
package slot

import (
	"math/rand/v2"
	"net/http" // want "pure"
	"os"       // want "pure"
	clock "time"

	"windshield/internal/roster" // want "order"
)

var total int

var table = map[string]int{}

func init() { table["allowed"] = 1 }

// Bad does everything that a pure step may not.
func Bad(total2 *int) {
	_ = clock.Now()           // want "pure"
	_ = clock.Since           // want "pure"
	_ = rand.IntN(3)          // want "pure"
	_ = rand.New(nil)         // seeded: fine
	go func() {}()            // want "pure"
	total++                   // want "pure"
	table["x"] = 2            // want "pure"
	elsewhere.field = 1       // want "pure"
	_ = os.Getenv("X")        // want "environment"
	_ = http.MethodGet        // the import says it all
	_ = roster.Customer{}     // the import says it all
	_ = clock.Date            // fine
	_ = "not implemented yet" // want "stub"
}

// Good has local names that look like the bad ones.
func Good(table map[string]int) {
	total := 0
	total++
	table["x"] = total
	type watch struct{ Now func() }
	clock := watch{}
	clock.Now()
}
