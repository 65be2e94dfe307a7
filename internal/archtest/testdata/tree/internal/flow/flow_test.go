package flow_test

import (
	"testing"

	"windshield/internal/store"
	"windshield/internal/store/pgtest"

	"github.com/chromedp/chromedp"
	"gorm.io/gorm" // want "owner"
)

func TestOnRealEngines(t *testing.T) {
	pgtest.Start(t, store.Open, chromedp.Run, gorm.Open)
}
