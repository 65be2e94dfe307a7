// Package solver may start goroutines, and nothing else of the kind.
package solver

import "context"

// Run runs.
func Run() {
	go func() {}()
	_ = context.Background() // want "pure"
}
