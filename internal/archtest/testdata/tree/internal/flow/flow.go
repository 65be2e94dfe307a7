// Package flow imports downwards.
package flow

import (
	"windshield/internal/calsync/calsynctest" // want "order"
	"windshield/internal/does/not/live"       // reported where it lies
	"windshield/internal/slot"
	"windshield/internal/store"        // want "order"
	"windshield/internal/store/pgtest" // want "order"
	"windshield/internal/testkit"      // want "order"

	"github.com/stretchr/testify/require" // want "owner"
)

var _ = calsynctest.Suite
var _ = slot.Good
var _ = store.Open
var _ = pgtest.Start
var _ = testkit.New
var _ = live.Wire
var _ = require.New
