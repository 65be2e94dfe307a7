// Package store owns its library.
package store

import (
	"os"

	"windshield/internal/flow"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Open opens.
func Open(flow.Ports) *gorm.DB {
	postgres.Open(os.TempDir())
	return nil
}
