package calsynctest_test

import (
	"testing"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	calsynctest.Suite(t, func(t *testing.T) calsynctest.Account {
		m := calsynctest.NewMemory("office@vendor.example")
		return calsynctest.Account{Cal: m, Calendar: m.Self, Hidden: "someone@elsewhere.example", ExpireTokens: m.ExpireTokens,
			Answer: func(id, guest, a, c string) { m.Answer(id, guest, calsync.Answer(a), c) }}
	})
}
